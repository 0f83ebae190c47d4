//! Grad-CAM and EigenCAM against PyTorch, on every tap, and on trunks that are frozen.

mod common;

use common::{
    ENGINES, fixture_tensors, floats, image, json, narrow, tap, tolerance, unit, worst,
    write_safetensors,
};
use deep_features::preprocess::{Crop, Preprocess};
use deep_features::{
    BottleneckHead, CamTarget, ConvEngine, Device, EigenCam, Error, GradCam, HeadConfig,
    NetworkInput, Pooling, Vgg, VggVariant, WeightsSource,
};
use ndarray::{Array1, Array2};
use serde_json::Value;

/// The VGG19 of the fixtures, channels / 16.
fn fixture(engine: ConvEngine) -> Vgg {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vgg19.safetensors");
    write_safetensors(&path, &fixture_tensors(16));
    Vgg::load(
        &narrow(VggVariant::Vgg19, 16),
        &WeightsSource::File(path),
        &Device::Cpu,
    )
    .and_then(|vgg| vgg.with_engine(engine))
    .expect("a network")
}

fn input(vgg: &Vgg, size: usize) -> NetworkInput {
    let preprocess = Preprocess::new(vgg.normalization())
        .crop(Crop::Whole)
        .size([size, size]);
    let gray = Array2::from_elem((size, size), 0.0);
    let mut input = preprocess.apply(gray.view(), None).expect("a good image");
    input.pixels = image(size, size);
    input
}

/// The logit of the fixtures: a weighted sum of the pooled channels.
fn fixture_head() -> BottleneckHead {
    let scale = (24.0 / 32.0f64).sqrt();
    BottleneckHead {
        config: HeadConfig {
            units: 1,
            ..HeadConfig::default()
        },
        mean: Array1::zeros(32),
        deviation: Array1::ones(32),
        hidden: Array2::from_shape_fn((1, 32), |(_, c)| (unit(300, c) * scale) as f32),
        hidden_bias: Array1::zeros(1),
        output: Array1::ones(1),
        output_bias: 0.05,
    }
}

fn check(found: impl IntoIterator<Item = f64>, expected: &Value, tolerance: f64, what: &str) {
    let error = worst(found, floats(expected));
    assert!(error <= tolerance, "{what}: {error:.1e} of {tolerance:.1e}");
}

fn largest(values: &Value) -> f64 {
    floats(values).into_iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// Largest of `Σ |α_k| A_k`: the terms of a map cancel, so its rounding is a share of them and not of their sum.
fn size_of_terms(vgg: &Vgg, input: &NetworkInput, alpha: &[f64]) -> f64 {
    let taps = [tap("relu5_4")];
    let activations = vgg
        .activations(input.pixels.view(), &taps)
        .expect("activations");
    let mut sums = Array2::<f64>::zeros((activations[0].dim().1, activations[0].dim().2));
    for (plane, alpha) in activations[0].outer_iter().zip(alpha) {
        sums.zip_mut_with(&plane, |sum, &a| *sum += alpha.abs() * f64::from(a));
    }
    sums.iter().copied().fold(0.0, f64::max)
}

#[test]
fn grad_cam_is_that_of_torch() {
    for size in [96, 224] {
        let golden = json(&format!("gradcam_{size}.json"));
        let golden = &golden["f64"];
        for engine in ENGINES {
            let vgg = fixture(engine);
            let input = input(&vgg, size);
            let cam = GradCam::new(vgg.clone(), fixture_head(), tap("relu5_4")).expect("a tap");
            let within = tolerance(engine);
            for (target, key, sign) in [
                (CamTarget::Event, "positive_class", 1.0),
                (CamTarget::NonEvent, "negative_class", -1.0),
            ] {
                let map = cam.explain(&input, target).expect("a map");
                let what = format!("{size} {engine:?} {key}");
                let terms = within * size_of_terms(&vgg, &input, &map.channel_weights);
                let logit = golden["logit"].as_f64().expect("a number");
                let found = sign * map.score.expect("a logit");
                // The logit is a sum of 32 pooled channels.
                assert!(
                    (found - logit).abs() < 5.0 * within,
                    "{what} {found} {logit}"
                );
                let alpha = map.channel_weights.iter().map(|w| sign * w);
                check(
                    alpha,
                    &golden["alpha"],
                    within * largest(&golden["alpha"]),
                    &what,
                );
                let expected = &golden[key];
                check(map.cells.iter().copied(), &expected["cam"], terms, &what);
                let at = floats(&expected["upsampled_even_idx"]);
                let samples = |map: &Array2<f64>| -> Vec<f64> {
                    let values: Vec<f64> = map.iter().copied().collect();
                    at.iter().map(|&i| values[i as usize]).collect()
                };
                let large = map.upsampled([size, size]).expect("a size");
                check(
                    samples(&large),
                    &expected["upsampled_even128"],
                    terms,
                    &what,
                );
                let scaled = map.scaled([size, size]).expect("a size");
                let range = large.iter().copied().fold(0.0, f64::max)
                    - large.iter().copied().fold(f64::INFINITY, f64::min);
                check(
                    samples(&scaled),
                    &expected["minmax_even128"],
                    3.0 * terms / range,
                    &what,
                );
            }
        }
    }
}

#[test]
fn eigen_cam_is_that_of_torch() {
    let golden = json("eigen_cam_96.json");
    for engine in ENGINES {
        let vgg = fixture(engine);
        let input = input(&vgg, 96);
        let map = EigenCam::new(vgg, tap("relu5_4"))
            .and_then(|cam| cam.explain(&input))
            .expect("a map");
        let within = tolerance(engine);
        let v1 = map.channel_weights.iter().copied();
        check(v1, &golden["v1"], within * largest(&golden["v1"]), "v1");
        let cells = map.cells.iter().copied();
        check(
            cells,
            &golden["cam"],
            within * largest(&golden["cam"]),
            "map",
        );
        let scaled = map.scaled([96, 96]).expect("a size");
        let values: Vec<f64> = scaled.iter().copied().collect();
        let samples = floats(&golden["index"])
            .into_iter()
            .map(|i| values[i as usize]);
        check(samples, &golden["minmax"], 3.0 * within, "scaled");
    }
}

#[test]
fn every_tap_has_both_maps() {
    let vgg = fixture(ConvEngine::Winograd);
    let input = input(&vgg, 64);
    for tap in vgg.config().taps() {
        let cam = GradCam::new(vgg.clone(), fixture_head(), tap).expect("a tap");
        let event = cam.explain(&input, CamTarget::Event).expect("a map");
        let against = cam.explain(&input, CamTarget::NonEvent).expect("a map");
        let eigen = EigenCam::new(vgg.clone(), tap)
            .and_then(|cam| cam.explain(&input))
            .expect("a map");
        for map in [&event, &against, &eigen] {
            assert_eq!(map.cells.dim(), event.cells.dim(), "{tap}");
            assert!(
                map.cells.iter().all(|&v| v >= 0.0 && v.is_finite()),
                "{tap}"
            );
        }
        // A cell speaks for the one or for the other, and not for both.
        let both = event
            .cells
            .iter()
            .zip(&against.cells)
            .filter(|(a, b)| **a > 0.0 && **b > 0.0);
        assert_eq!(both.count(), 0, "{tap}");
        assert!(event.cells.sum() + against.cells.sum() > 0.0, "{tap}");
        assert!(eigen.channel_weights.iter().all(|&v| v >= 0.0), "{tap}");
    }
}

/// Moving all of a channel at the last pool moves the logit by its mean gradient times the number of cells.
#[test]
fn weights_at_the_last_pool_are_those_of_the_head() {
    let vgg = fixture(ConvEngine::Winograd);
    let input = input(&vgg, 96);
    let head = fixture_head();
    let weights = head.hidden.row(0).mapv(|w| f64::from(w) / 9.0);
    let cam = GradCam::new(vgg, head, tap("pool5")).expect("a tap");
    let map = cam.explain(&input, CamTarget::Feature(0)).expect("a map");
    assert_eq!(map.cells.dim(), (3, 3));
    for (found, expected) in map.channel_weights.iter().zip(&weights) {
        assert!((found - expected).abs() < 1e-7, "{found} {expected}");
    }
}

#[test]
fn masked_pooling_looks_only_at_the_region() {
    let vgg = fixture(ConvEngine::Winograd);
    let mut input = input(&vgg, 96);
    // The region is the left third: one column of the three cells of the last pool.
    input.coverage = Array2::from_shape_fn((96, 96), |(_, x)| f32::from(u8::from(x < 32)));
    let mut head = fixture_head();
    head.config.pooling = Pooling::MaskedAverage;
    let cam = GradCam::new(vgg.clone(), head.clone(), tap("pool5")).expect("a tap");
    let map = cam.explain(&input, CamTarget::Feature(0)).expect("a map");
    for (found, w) in map.channel_weights.iter().zip(head.hidden.row(0)) {
        // A third of the cells has three times the slope.
        assert!((found - f64::from(*w) / 9.0).abs() < 1e-7);
    }
    input.coverage.fill(0.0);
    let error = cam
        .explain(&input, CamTarget::Event)
        .expect_err("no region");
    assert!(matches!(error, Error::EmptyCoverage { .. }), "{error}");
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let vgg = fixture(ConvEngine::Winograd);
    let good = input(&vgg, 64);
    let cam = GradCam::new(vgg.clone(), fixture_head(), tap("relu5_4")).expect("a tap");
    assert!(matches!(
        cam.explain(&good, CamTarget::Feature(1)),
        Err(Error::NoSuchUnit { unit: 1, units: 1 })
    ));
    let small = input(&vgg, 16);
    // The tap exists at 16 pixels, the logit does not.
    assert!(matches!(
        cam.explain(&small, CamTarget::Event),
        Err(Error::ImageTooSmall { minimum: 32, .. })
    ));
    assert!(
        EigenCam::new(vgg.clone(), tap("relu5_4"))
            .expect("a tap")
            .explain(&small)
            .is_ok()
    );
    let mut other = good.clone();
    other.normalization = deep_features::Normalization::CaffeBgr255;
    assert!(matches!(
        cam.explain(&other, CamTarget::Event),
        Err(Error::NormalizationMismatch { .. })
    ));
    assert!(GradCam::new(vgg.clone(), fixture_head(), tap("relu6_1")).is_err());
    let mut head = fixture_head();
    head.mean = Array1::zeros(31);
    assert!(GradCam::new(vgg, head, tap("relu5_4")).is_err());
}
