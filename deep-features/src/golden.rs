//! Expected values of `tests/golden`, for the tests of what is not public.

use std::path::Path;

use serde_json::Value;

pub(crate) fn json(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = std::fs::read_to_string(path).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

pub(crate) fn floats(value: &Value) -> Vec<f32> {
    list(value).iter().map(|v| number(v) as f32).collect()
}

pub(crate) fn count(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

/// `unit(stream, 0..n)` of the fixtures' README.
pub(crate) fn unit(stream: u32, n: usize) -> Vec<f64> {
    let value = |i: usize| {
        let mut x = stream.wrapping_mul(1_000_003).wrapping_add(i as u32 + 1);
        x ^= x >> 16;
        x = x.wrapping_mul(0x7feb_352d);
        x ^= x >> 15;
        x = x.wrapping_mul(0x846c_a68b);
        x ^= x >> 16;
        f64::from(x) / 4_294_967_296.0 - 0.5
    };
    (0..n).map(value).collect()
}

/// `weight(stream, (outputs, inputs, ...))`, `fan_in` values an output.
pub(crate) fn weight(stream: u32, outputs: usize, fan_in: usize) -> Vec<f32> {
    let scale = (24.0 / fan_in as f64).sqrt();
    let values = unit(stream, outputs * fan_in).into_iter();
    values.map(|value| (value * scale) as f32).collect()
}

/// Asserts that values agree to a share of the largest expected one.
pub(crate) fn close(what: &str, found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |m, e| m.max(e.abs()));
    for (at, (&a, e)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(a) - e).abs();
        assert!(
            error <= tolerance * largest,
            "{what}[{at}]: {a} for {e}, {:.1e} of the largest",
            error / largest
        );
    }
}
