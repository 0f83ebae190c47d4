//! Properties that hold for any data, numeric twins, and every way to be refused.

mod agreement;
mod audit;
mod calibration;
mod decision;
mod general;
mod groups;
mod no_nan;
mod reclassification;
mod roc;

use proptest::prelude::*;

/// Risks in hundredths (many ties) of 4 to 60 subjects, at least two of each class.
fn subjects() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<bool>)> {
    proptest::collection::vec((1u32..100, 1u32..100, any::<bool>()), 4..60)
        .prop_filter("two of each class", |v| {
            let events = v.iter().filter(|s| s.2).count();
            events >= 2 && v.len() - events >= 2
        })
        .prop_map(|v| {
            let risk = |r: u32| f64::from(r) / 100.0;
            (
                v.iter().map(|s| risk(s.0)).collect(),
                v.iter().map(|s| risk(s.1)).collect(),
                v.iter().map(|s| s.2).collect(),
            )
        })
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}
