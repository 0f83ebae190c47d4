//! Fixtures, formulas of `golden/README.md`, and the tolerances.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};

use deep_features::{ConvEngine, Tap, VggConfig, VggVariant, Width};
use ndarray::{Array2, Array3};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;

/// Single-precision networks against PyTorch: relative to the largest activation of the tap.
pub const F32_NETWORK: f64 = 2e-6;

/// The same for Winograd's minimal filtering.
pub const WINOGRAD: f64 = 2e-5;

/// What a tap may differ by, as a share of its largest activation.
pub fn tolerance(engine: ConvEngine) -> f64 {
    match engine {
        ConvEngine::Winograd => WINOGRAD,
        _ => F32_NETWORK,
    }
}

/// All engines of the CPU.
pub const ENGINES: [ConvEngine; 3] = [
    ConvEngine::Winograd,
    ConvEngine::OverlappingRows,
    ConvEngine::Candle,
];
/// Decompositions against scikit-learn at full precision.
pub const DIRECT: f64 = 1e-9;

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

pub fn json(name: &str) -> Value {
    let text = std::fs::read_to_string(golden(name)).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

pub fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|v| v.as_f64().expect("a number"))
        .collect()
}

pub fn sizes(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|v| v.as_u64().expect("a size") as usize)
        .collect()
}

pub fn tap(name: &str) -> Tap {
    name.parse().expect("a tap")
}

pub fn narrow(variant: VggVariant, divisor: usize) -> VggConfig {
    VggConfig {
        width: Width::one_over(divisor).expect("a width"),
        ..VggConfig::new(variant)
    }
}

/// Largest of `|a - e|`.
pub fn worst(found: impl IntoIterator<Item = f64>, expected: impl IntoIterator<Item = f64>) -> f64 {
    let (mut found, mut expected) = (found.into_iter(), expected.into_iter());
    let mut worst = 0.0f64;
    loop {
        match (found.next(), expected.next()) {
            (None, None) => return worst,
            (Some(a), Some(e)) => {
                assert!(a.is_finite() && e.is_finite());
                worst = worst.max((a - e).abs());
            }
            _ => panic!("as many values as expected"),
        }
    }
}

fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

pub fn unit(stream: u32, i: usize) -> f64 {
    f64::from(mix(stream
        .wrapping_mul(1_000_003)
        .wrapping_add(i as u32 + 1)))
        / 4_294_967_296.0
        - 0.5
}

/// `image(c, h, w)` of the README, `(3, h, w)`.
pub fn image(h: usize, w: usize) -> Array3<f32> {
    Array3::from_shape_fn((3, h, w), |(c, y, x)| {
        let v = (7 * x + 13 * y + 29 * c + 5 * ((x * y) % 31)) % 256;
        (v as f64 / 127.5 - 1.0) as f32
    })
}

/// `gray(h, w)` of the README.
pub fn gray(h: usize, w: usize) -> Array2<f64> {
    Array2::from_shape_fn((h, w), |(y, x)| {
        ((7 * x + 13 * y + 5 * ((x * y) % 31)) % 256) as f64
    })
}

/// Tensors by name, row-major.
pub type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

/// The VGG19 of the fixtures, channels divided by `divisor`, under torchvision's names.
pub fn fixture_tensors(divisor: usize) -> Tensors {
    let indices = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34];
    let channels = [
        64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512,
    ];
    let mut tensors = Vec::new();
    let mut input = 3;
    for (stream, (index, channels)) in indices.iter().zip(channels).enumerate() {
        let output = channels / divisor;
        let scale = (24.0 / (9 * input) as f64).sqrt();
        let weight = (0..9 * input * output)
            .map(|i| (unit(stream as u32, i) * scale) as f32)
            .collect();
        let bias = (0..output)
            .map(|o| (0.01 * ((o % 7) as f64 - 3.0)) as f32)
            .collect();
        tensors.push((
            format!("features.{index}.weight"),
            vec![output, input, 3, 3],
            weight,
        ));
        tensors.push((format!("features.{index}.bias"), vec![output], bias));
        input = output;
    }
    tensors
}

/// Writes a safetensors file.
pub fn write_safetensors(path: &Path, tensors: &Tensors) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (
            name.clone(),
            TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor"),
        )
    });
    safetensors::serialize_to_file(views, None, path).expect("a file");
}
