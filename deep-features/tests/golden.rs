//! Against PyTorch, Pillow and scikit-learn. `golden/README.md` says where the numbers come from.

mod common;

use common::{
    DIRECT, ENGINES, F32_NETWORK, fixture_tensors, floats, golden, gray, image, json, narrow,
    sizes, tap, tolerance, worst, write_safetensors,
};
use deep_features::candle_core::{Tensor, Var};
use deep_features::preprocess::{Crop, Normalization, Preprocess};
use deep_features::state::{Container, StateFile, StateTensor, TensorData};
use deep_features::{
    ConvEngine, Device, FeatureExtractor, Pca, Pooling, Tap, Vgg, VggConfig, VggVariant,
    WeightScheme, WeightsSource,
};
use ndarray::{Array2, ArrayView1, Axis};
use serde_json::Value;

fn fixture_vgg(divisor: usize, engine: ConvEngine) -> Vgg {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vgg19.safetensors");
    write_safetensors(&path, &fixture_tensors(divisor));
    let config = narrow(VggVariant::Vgg19, divisor);
    let vgg = Vgg::load(&config, &WeightsSource::File(path), &Device::Cpu)
        .expect("the fixture's weights");
    assert_eq!(vgg.weights().scheme, WeightScheme::Torchvision);
    vgg.with_engine(engine).expect("an engine for the CPU")
}

/// Every tap of the fixture, all engines, against f32 and f64 of torch.
fn check_every_tap(size: usize) {
    for engine in ENGINES {
        check_taps(size, engine);
    }
}

fn check_taps(size: usize, engine: ConvEngine) {
    let expected = json(&format!("vgg19_narrow16_{size}.json"));
    let vgg = fixture_vgg(16, engine);
    let taps = vgg.config().taps();
    let names = expected["f32"]["taps"].as_object().expect("taps");
    assert_eq!(taps.len(), names.len());
    let maps = vgg
        .activations(image(size, size).view(), &taps)
        .expect("activations");
    for (tap, map) in taps.iter().zip(&maps) {
        for precision in ["f32", "f64"] {
            let e = &expected[precision]["taps"][&tap.to_string()];
            assert_eq!(map.shape(), &sizes(&e["shape"])[1..], "{tap}");
            let flat: Vec<f64> = map.iter().map(|&v| f64::from(v)).collect();
            let largest = e["max"].as_f64().expect("a number");
            let at = sizes(&e["even_idx"]);
            let mean = flat.iter().sum::<f64>() / flat.len() as f64;
            let error = worst(at.iter().map(|&i| flat[i]), floats(&e["even128"]))
                .max(worst(flat[..16].iter().copied(), floats(&e["first16"])))
                .max((flat.iter().copied().fold(0.0, f64::max) - largest).abs())
                .max((mean - e["mean"].as_f64().expect("a number")).abs());
            assert!(
                error <= tolerance(engine) * largest,
                "{engine:?} {size} {tap} {precision}: {}",
                error / largest
            );
        }
    }
    let gap = maps[taps.len() - 1]
        .mean_axis(Axis(2))
        .and_then(|m| m.mean_axis(Axis(1)))
        .expect("a mean");
    let largest = expected["f64"]["taps"]["pool5"]["max"]
        .as_f64()
        .expect("a number");
    let error = worst(
        gap.iter().map(|&v| f64::from(v)),
        floats(&expected["f64"]["gap"]),
    );
    assert!(error <= tolerance(engine) * largest, "pooled: {error}");
}

#[test]
fn every_tap_at_64() {
    check_every_tap(64);
}

#[test]
fn every_tap_at_96() {
    check_every_tap(96);
}

#[test]
fn every_tap_at_224() {
    check_every_tap(224);
}

#[test]
fn taps_by_torchvision_index_are_the_same() {
    let vgg = fixture_vgg(16, ConvEngine::OverlappingRows);
    let x = image(64, 64);
    let maps = vgg.activations(
        x.view(),
        &[
            tap("features.36"),
            tap("pool5"),
            tap("features.17"),
            tap("relu3_4"),
        ],
    );
    let maps = maps.expect("activations");
    assert_eq!(maps[0], maps[1]);
    assert_eq!(maps[2], maps[3]);
}

#[test]
fn gradient_with_respect_to_the_input() {
    let expected = json("input_gradient_64.json");
    let vgg = fixture_vgg(16, ConvEngine::OverlappingRows);
    let values: Vec<f32> = image(64, 64).iter().copied().collect();
    let x = Tensor::from_vec(values, (1, 3, 64, 64), &Device::Cpu)
        .and_then(|x| Var::from_tensor(&x))
        .expect("a variable");
    let taps = vgg.forward(&x, &[tap("pool5")]).expect("a forward pass");
    let gradients = taps[0]
        .sum_all()
        .and_then(|sum| sum.backward())
        .expect("a backward pass");
    let found: Vec<f32> = gradients
        .get(&x)
        .and_then(|g| g.flatten_all().ok()?.to_vec1().ok())
        .expect("a gradient");
    let largest = expected["max_abs"].as_f64().expect("a number");
    let at = sizes(&expected["index"]);
    let error = worst(
        at.iter().map(|&i| f64::from(found[i])),
        floats(&expected["gradient"]),
    );
    // Twice as many layers as a forward pass, and no exact zeros: the tier of single-precision networks.
    assert!(error <= 1e-5 * largest, "{}", error / largest);
}

#[test]
fn three_containers_give_the_same_network() {
    let expected = json("mini_vgg19.json");
    let files = [
        ("mini_vgg19.safetensors", Container::Safetensors),
        ("mini_vgg19_zip.pth", Container::TorchZip),
        ("mini_vgg19_legacy.pth", Container::TorchLegacy),
    ];
    for (name, container) in files {
        let mut file = StateFile::open(golden(name)).expect("a fixture");
        assert_eq!(file.container(), container);
        let keys = expected["keys"].as_object().expect("keys");
        assert_eq!(file.shapes().len(), keys.len());
        for (key, e) in keys {
            let tensor = file.tensor(key).expect("a tensor");
            assert_eq!(tensor.shape, sizes(&e["shape"]));
            let values = tensor.to_f32().expect("numbers");
            for (a, e) in values.iter().zip(floats(&e["first4"])) {
                assert_eq!(*a, e as f32, "{name} {key}");
            }
            let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
            assert!(
                (sum - e["sum_f64"].as_f64().expect("a number")).abs() < 1e-12,
                "{name} {key}"
            );
        }
        let config = narrow(VggVariant::Vgg19, 32);
        let vgg = Vgg::load(&config, &WeightsSource::File(golden(name)), &Device::Cpu)
            .expect("a network");
        let maps = vgg
            .activations(image(64, 64).view(), &[tap("pool5")])
            .expect("activations");
        let gap = maps[0]
            .mean_axis(Axis(2))
            .and_then(|m| m.mean_axis(Axis(1)))
            .expect("a mean");
        let largest = floats(&expected["gap_f32"]).into_iter().fold(0.0, f64::max);
        let error = worst(
            gap.iter().map(|&v| f64::from(v)),
            floats(&expected["gap_f32"]),
        );
        assert!(
            error <= F32_NETWORK * largest,
            "{name}: {}",
            error / largest
        );
    }
}

/// Elements as text, exact for every type.
fn printed(tensor: &StateTensor) -> (&'static str, Vec<f64>) {
    match &tensor.data {
        TensorData::F16(v) => ("float16", v.iter().map(|x| x.to_f64()).collect()),
        TensorData::Bf16(v) => ("bfloat16", v.iter().map(|x| x.to_f64()).collect()),
        TensorData::F32(v) => ("float32", v.iter().map(|&x| x.into()).collect()),
        TensorData::F64(v) => ("float64", v.clone()),
        TensorData::U8(v) => ("uint8", v.iter().map(|&x| x.into()).collect()),
        TensorData::I32(v) => ("int32", v.iter().map(|&x| x.into()).collect()),
        TensorData::I64(v) => ("int64", v.iter().map(|&x| x as f64).collect()),
        TensorData::Bool(v) => ("bool", v.iter().map(|&x| f64::from(u8::from(x))).collect()),
        other => panic!("no such type in the fixture: {other:?}"),
    }
}

#[test]
fn awkward_state_dictionary_is_read_exactly() {
    let expected = json("tiny_mixed.json");
    let expected = expected["tensors"].as_object().expect("tensors");
    for name in [
        "tiny_mixed.safetensors",
        "tiny_mixed_zip.pth",
        "tiny_mixed_legacy.pth",
    ] {
        let tensors = StateFile::open(golden(name))
            .and_then(|mut f| f.read_all())
            .expect("a fixture");
        assert!(tensors.keys().eq(expected.keys()), "{name}");
        for (key, tensor) in &tensors {
            let e = &expected[key];
            let (dtype, values) = printed(tensor);
            assert_eq!(dtype, e["dtype"].as_str().expect("a type"), "{name} {key}");
            assert_eq!(tensor.shape, sizes(&e["shape"]), "{name} {key}");
            let truth = |v: &Value| {
                v.as_f64()
                    .unwrap_or_else(|| f64::from(u8::from(v.as_bool() == Some(true))))
            };
            let wanted: Vec<f64> = e["values"]
                .as_array()
                .expect("values")
                .iter()
                .map(truth)
                .collect();
            assert_eq!(values, wanted, "{name} {key}");
        }
    }
}

fn load(config: &VggConfig, name: &str) -> Vgg {
    Vgg::load(config, &WeightsSource::File(golden(name)), &Device::Cpu)
        .expect("the fixture's weights")
}

fn whole(vgg: &Vgg, image: &Array2<f64>) -> deep_features::NetworkInput {
    let preprocess = Preprocess::new(vgg.normalization())
        .crop(Crop::Whole)
        .size([image.nrows(), image.ncols()]);
    preprocess.apply(image.view(), None).expect("a good image")
}

#[test]
fn batch_normalization_is_folded() {
    let expected = json("vgg11_bn_w32.json");
    let config = VggConfig {
        batch_norm: true,
        ..narrow(VggVariant::Vgg11, 32)
    };
    for engine in ENGINES {
        let vgg = load(&config, "vgg11_bn_w32_zip.pth")
            .with_engine(engine)
            .expect("an engine");
        assert_eq!(vgg.normalization(), Normalization::ImageNetRgb);
        let taps = config.taps();
        let input = whole(&vgg, &gray(64, 80));
        let maps = vgg
            .activations(input.pixels.view(), &taps)
            .expect("activations");
        for (tap, map) in taps.iter().zip(&maps) {
            let e = &expected["f64_taps"][&tap.to_string()];
            assert_eq!(
                config
                    .resolve(Tap::Feature(
                        e["feature"].as_u64().expect("an index") as usize
                    ))
                    .expect("a tap"),
                *tap
            );
            assert_eq!(map.shape(), sizes(&e["shape"]));
            let largest = e["max"].as_f64().expect("a number");
            let first = floats(&e["first16"]);
            let mut error = worst(map.iter().take(first.len()).map(|&v| f64::from(v)), first);
            let mean = |channel: ndarray::ArrayView2<'_, f32>| {
                channel.iter().map(|&v| f64::from(v)).sum::<f64>() / channel.len() as f64
            };
            error = error.max(worst(map.outer_iter().map(mean), floats(&e["avg"])));
            assert!(
                error <= tolerance(engine) * largest,
                "{engine:?} {tap}: {}",
                error / largest
            );
        }
    }
}

#[test]
fn mean_normalized_names_and_input() {
    let expected = json("mean_normalized_w32.json");
    let config = narrow(VggVariant::Vgg19, 32);
    for engine in ENGINES {
        let vgg = load(&config, "mean_normalized_w32_legacy.pth")
            .with_engine(engine)
            .expect("an engine");
        assert_eq!(vgg.weights().scheme, WeightScheme::MeanNormalized);
        assert_eq!(vgg.normalization(), Normalization::CaffeBgr255);
        let input = whole(&vgg, &gray(64, 96));
        check_pooled(
            vgg,
            &[input],
            &[&expected["f64_taps"]],
            ["avg", "maximum"],
            1,
        );
    }
}

/// Average and maximum of every `step`-th channel of every tap.
fn check_pooled(
    vgg: Vgg,
    inputs: &[deep_features::NetworkInput],
    expected: &[&Value],
    keys: [&str; 2],
    step: usize,
) {
    let taps = vgg.config().taps();
    let network = vgg.config().to_string();
    let tolerance = tolerance(vgg.engine());
    let extractor = FeatureExtractor::new(vgg, &taps, &[Pooling::Average, Pooling::Maximum])
        .expect("an extractor");
    let table = extractor.extract(inputs, 2, |_, _| {}).expect("embeddings");
    let column = |name: &str| {
        table
            .names
            .iter()
            .position(|n| n == name)
            .expect("a column")
    };
    for (row, expected) in table.values.outer_iter().zip(expected) {
        for tap in &taps {
            let e = &expected[&tap.to_string()];
            let largest = e["max"].as_f64().expect("a number");
            for (pooling, key) in ["avg", "max"].iter().zip(keys) {
                let wanted = floats(&e[key]);
                let found = (0..wanted.len())
                    .map(|c| row[column(&format!("dl_{network}_{tap}_{pooling}_{:03}", step * c))]);
                let error = worst(found, wanted.iter().copied());
                assert!(
                    error <= tolerance * largest,
                    "{tap} {pooling}: {}",
                    error / largest
                );
            }
        }
    }
}

#[test]
#[ignore = "needs DEEP_FEATURES_WEIGHTS, the path of the mean-normalized VGG19"]
fn real_trunk_at_four_sizes() {
    let path = std::env::var_os("DEEP_FEATURES_WEIGHTS").expect("DEEP_FEATURES_WEIGHTS");
    let expected = json("real_trunk.json");
    let cases = expected["cases"].as_array().expect("cases");
    let config = VggConfig::new(VggVariant::Vgg19);
    let load = || {
        Vgg::load(
            &config,
            &WeightsSource::File(path.clone().into()),
            &Device::Cpu,
        )
        .expect("the real weights")
    };
    let vgg = load();
    assert_eq!(
        vgg.weights().sha256,
        "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a"
    );
    let side = |case: &Value, key: &str| case[key].as_u64().expect("a size") as usize;
    let inputs: Vec<_> = cases
        .iter()
        .map(|c| whole(&vgg, &gray(side(c, "height"), side(c, "width"))))
        .collect();
    let taps: Vec<&Value> = cases.iter().map(|c| &c["f64_taps"]).collect();
    for engine in [ConvEngine::Winograd, ConvEngine::OverlappingRows] {
        let vgg = load().with_engine(engine).expect("an engine");
        check_pooled(
            vgg,
            &inputs,
            &taps,
            ["avg_every_8th", "maximum_every_8th"],
            8,
        );
    }
}

#[test]
fn principal_components_match_scikit_learn() {
    let golden = json("pca.json");
    let table = |v: &Value| {
        let rows: Vec<Vec<f64>> = v.as_array().expect("rows").iter().map(floats).collect();
        Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
    };
    for case in golden["cases"].as_array().expect("cases") {
        let (x, new) = (table(&case["x"]), table(&case["new"]));
        let k = case["k"].as_u64().expect("a count") as usize;
        let fit = Pca::new(k).fit(x.view()).expect("components");
        let close = |a: ArrayView1<'_, f64>, e: &Value| {
            let e = floats(e);
            let scale = e.iter().fold(1.0f64, |m, v| m.max(v.abs()));
            let error = worst(a.iter().copied(), e);
            assert!(error <= DIRECT * scale, "{error} of {scale}");
        };
        close(fit.mean.view(), &case["mean"]);
        close(fit.explained_variance.view(), &case["explained_variance"]);
        close(
            fit.explained_variance_ratio.view(),
            &case["explained_variance_ratio"],
        );
        for (a, e) in fit
            .components
            .outer_iter()
            .zip(case["components"].as_array().expect("rows"))
        {
            close(a, e);
        }
        let transformed = fit.transform(new.view()).expect("scores");
        for (a, e) in transformed
            .outer_iter()
            .zip(case["transformed"].as_array().expect("rows"))
        {
            close(a, e);
        }
        let stored = serde_json::to_string(&fit).expect("JSON");
        let read: deep_features::PcaFit = serde_json::from_str(&stored).expect("components");
        assert_eq!(read.transform(new.view()).expect("scores"), transformed);
    }
}
