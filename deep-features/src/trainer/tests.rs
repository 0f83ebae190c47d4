use std::path::Path;

use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3};
use serde_json::Value;

use super::model::{HIDDEN_BIAS, HIDDEN_WEIGHT, OUTPUT_BIAS, OUTPUT_WEIGHT};
use super::*;
use crate::golden::{close, count, floats, json, list, number, numbers, unit};
use crate::head::{Activation, HeadConfig};
use crate::optimizer::OptimizerKind;
use crate::prefix::PrefixSettings;
use crate::preprocess::{Crop, NetworkInput, Preprocess};
use crate::weights::to_kernel_out_in;
use crate::{VggConfig, VggVariant, WeightsSource, Width};

fn narrow(variant: VggVariant, divisor: usize) -> VggConfig {
    VggConfig {
        width: Width::one_over(divisor).expect("a width"),
        ..VggConfig::new(variant)
    }
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> Tensor {
    Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor")
}

fn values(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.flatten_all().expect("a vector");
    flat.to_vec1().expect("values")
}

/// Rows of pooled channels that no network has made, all of which train.
struct Rows {
    vgg: Vgg,
    prefix: FrozenPrefix,
    samples: Samples,
    split: Split,
}

fn rows(golden: &Value) -> Rows {
    let (rows, columns) = (count(&golden["rows"]), count(&golden["columns"]));
    let source = WeightsSource::Seeded { seed: 1 };
    let vgg = Vgg::load(&narrow(VggVariant::Vgg11, 64), &source, &Device::Cpu).expect("a network");
    let x = floats(&golden["x"]);
    let labels = list(&golden["labels"]).iter();
    let events = labels.map(|label| label.as_bool().expect("a label"));
    let patients = (0..rows).map(|row| row.to_string()).collect();
    let samples = Samples::new(patients, events.collect()).expect("as many of both");
    Rows {
        prefix: FrozenPrefix::of_pooled(&vgg, x.chunks(columns).map(<[f32]>::to_vec).collect()),
        split: Split::new(&samples, (0..rows).collect(), vec![]).expect("a split"),
        samples,
        vgg,
    }
}

fn head_config(golden: &Value, case: &Value) -> TrainingConfig {
    TrainingConfig {
        epochs: 30,
        batch: count(&golden["rows"]),
        head: HeadConfig {
            units: 4,
            dropout: 0.0,
            activation: match case["relu"].as_bool().expect("a choice") {
                true => Activation::Relu,
                false => Activation::Identity,
            },
            ..HeadConfig::default()
        },
        head_rate: 1e-2,
        warmup: 0.1,
        optimizer: OptimizerKind::AdamW {
            beta1: number(&golden["beta1"]),
            beta2: number(&golden["beta2"]),
            epsilon: number(&golden["epsilon"]),
            weight_decay: number(&golden["weight_decay"]),
        },
        clip_norm: Some(number(&golden["max_norm"])),
        ..TrainingConfig::default()
    }
}

/// A state before the first epoch.
fn beginning(golden: &Value, config: &TrainingConfig, rows: &Rows) -> TrainingState {
    let standardization = Standardization::of(&rows.prefix, rows.split.train());
    for (found, key) in [
        (&standardization.mean, "mean"),
        (&standardization.deviation, "deviation"),
    ] {
        close(key, found, &numbers(&golden[key]), 1e-6);
    }
    let initial = |key: &str, shape: &[usize]| tensor(floats(&golden["initial"][key]), shape);
    let parameters = [
        (HIDDEN_WEIGHT, initial("hidden_weight", &[4, 6])),
        (HIDDEN_BIAS, tensor(vec![0.0; 4], &[4])),
        (OUTPUT_WEIGHT, initial("output_weight", &[1, 4])),
        (OUTPUT_BIAS, tensor(vec![0.0], &[1])),
    ];
    TrainingState {
        config: config.clone(),
        fingerprint: String::new(),
        history: Vec::new(),
        standardization,
        parameters: parameters
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect(),
        moments: Default::default(),
        best: None,
    }
}

/// Thirty steps on all rows at once, against torch.
#[test]
fn head_is_trained_as_by_torch() {
    let golden = json("head_training.json");
    let rows = rows(&golden);
    for case in list(&golden["cases"]) {
        let config = head_config(&golden, case);
        let event_weight = event_weight(EventWeight::Balanced, &rows.samples, rows.split.train());
        assert!((event_weight - number(&case["pos_weight"])).abs() < 1e-15);
        let mut state = beginning(&golden, &config, &rows);
        let (standardization, parameters) = (&state.standardization, &state.parameters);
        let model = Model::new(
            &rows.vgg,
            &rows.prefix,
            &config,
            standardization,
            parameters,
        )
        .expect("a model");
        let run = Run {
            config: &config,
            prefix: &rows.prefix,
            samples: &rows.samples,
            split: &rows.split,
            event_weight,
            rates: LearningRate::new(config.warmup, 30),
        };
        for expected in numbers(&case["losses"]) {
            let record = run.epoch(&model, &mut state).expect("an epoch");
            let found = record.train_loss;
            assert!((found - expected).abs() < 2e-6, "{found} {expected}");
            state.note(record);
        }
        let rate = numbers(&case["learning_rates"])[29];
        assert!((state.history[29].head_rate - rate).abs() < 1e-15);
        check_trained(&model, case, rows.samples.len());
    }
}

fn check_trained(model: &Model<'_>, case: &Value, rows: usize) {
    // Adam divides by the root of squared gradients, which are small for some parameters: digits are lost.
    for (name, key) in [
        (HIDDEN_WEIGHT, "hidden_weight"),
        (HIDDEN_BIAS, "hidden_bias"),
        (OUTPUT_WEIGHT, "output_weight"),
        (OUTPUT_BIAS, "output_bias"),
    ] {
        let expected = match &case[key] {
            Value::Array(_) => numbers(&case[key]),
            single => vec![number(single)],
        };
        let found = values(model.variables[name].as_tensor());
        close(name, &found, &expected, 1e-5);
    }
    let places: Vec<Place> = (0..rows).map(|row| Place { row, view: 0 }).collect();
    let logits = model.logits(&places, None, None).expect("logits");
    close("logits", &values(&logits), &numbers(&case["logits"]), 1e-5);
}

/// Through every kind of layer: the loss moves along any direction of any parameter by its gradient.
#[test]
fn gradients_of_a_whole_network_are_differences() {
    let config = TrainingConfig {
        unfreeze: vec![Unfreeze {
            epoch: 0,
            from_block: 1,
        }],
        head: HeadConfig {
            units: 3,
            activation: Activation::Relu,
            ..HeadConfig::default()
        },
        ..TrainingConfig::default()
    };
    let source = WeightsSource::Seeded { seed: 2 };
    let vgg = Vgg::load(&narrow(VggVariant::Vgg11, 16), &source, &Device::Cpu).expect("a network");
    let preprocess = Preprocess::new(vgg.normalization()).size([64, 64]);
    let settings = PrefixSettings {
        part: config.largest_part(),
        ..PrefixSettings::new(preprocess.clone())
    };
    let input = |row: usize, _| {
        let gray = |(y, x)| ((x * (7 + row) + y * 13 + x * y) % 256) as f64;
        preprocess.apply(Array2::from_shape_fn((64, 64), gray).view(), None)
    };
    let prefix = FrozenPrefix::compute(&vgg, settings, 3, input, |_, _| {}).expect("a prefix");
    let standardization = Standardization::of(&prefix, &[0, 1, 2]);
    let parameters = model::first_parameters(&vgg, &config).expect("parameters");
    let model = Model::new(&vgg, &prefix, &config, &standardization, &parameters).expect("a model");
    let part = config.part_at(0);
    let places = [0, 1, 2].map(|row| Place { row, view: 0 });
    let logits = || {
        let convolutions = model.convolutions(part).expect("weights");
        model
            .logits(&places, Some(&convolutions), None)
            .expect("logits")
    };
    let loss = || cross_entropy(&values(&logits()), &[true, false, true], 1.5);
    let slopes = tensor(loss().1, &[3]);
    let store = (logits() * slopes)
        .and_then(|l| l.sum_all()?.backward())
        .expect("gradients");
    for (stream, (name, variable)) in (0u32..).zip(&model.variables) {
        let start = values(variable.as_tensor());
        let direction = unit(900 + stream, start.len());
        let gradient = values(store.get(variable).expect("a gradient"));
        let slope: f64 = gradient
            .iter()
            .zip(&direction)
            .map(|(&g, d)| f64::from(g) * d)
            .sum();
        let moved_loss = |by: f64| {
            let moved = start.iter().zip(&direction);
            let moved = moved
                .map(|(&p, d)| (f64::from(p) + by * d) as f32)
                .collect();
            let dims = variable.dims().to_vec();
            variable.set(&tensor(moved, &dims)).expect("a value");
            loss().0
        };
        // A small step meets few kinks; the loss has seven digits.
        let step = 1e-3 * norm(&start).max(1.0) / norm_of(&direction);
        let difference = (moved_loss(step) - moved_loss(-step)) / (2.0 * step);
        moved_loss(0.0);
        let scale = norm(&gradient) * norm_of(&direction);
        assert!(
            (difference - slope).abs() < 0.02 * slope.abs() + 0.005 * scale,
            "{name}: {difference} {slope} of {scale}"
        );
    }
}

fn norm(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|&v| f64::from(v).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn norm_of(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn block_5() -> TrainingConfig {
    TrainingConfig {
        unfreeze: vec![Unfreeze {
            epoch: 0,
            from_block: 5,
        }],
        head: HeadConfig {
            units: 4,
            ..HeadConfig::default()
        },
        ..TrainingConfig::default()
    }
}

/// The mini VGG19 of the fixtures, and what comes out before its block 5 for an image and its mirror image.
fn mini(config: &TrainingConfig) -> (Vgg, FrozenPrefix) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mini_vgg19.safetensors");
    let network = narrow(VggVariant::Vgg19, 32);
    let vgg = Vgg::load(&network, &WeightsSource::File(path), &Device::Cpu).expect("a network");
    let preprocess = Preprocess::new(vgg.normalization())
        .crop(Crop::Whole)
        .size([64, 64]);
    let input = |row: usize, _| {
        let gray = Array2::from_elem((64, 64), 0.0);
        let mut input: NetworkInput = preprocess.apply(gray.view(), None)?;
        input.pixels = Array3::from_shape_fn((3, 64, 64), |(c, y, x)| {
            let x = if row == 0 { x } else { 63 - x };
            let v = (7 * x + 13 * y + 29 * c + 5 * ((x * y) % 31)) % 256;
            (v as f64 / 127.5 - 1.0) as f32
        });
        Ok::<_, Error>(input)
    };
    let settings = PrefixSettings {
        part: config.largest_part(),
        ..PrefixSettings::new(preprocess.clone())
    };
    let prefix = FrozenPrefix::compute(&vgg, settings, 2, input, |_, _| {}).expect("a prefix");
    (vgg, prefix)
}

/// Gradients of a head of four units and of the last four convolutions.
#[test]
fn block_5_has_the_gradients_of_torch() {
    let golden = json("block5_gradients.json");
    let config = block_5();
    let (vgg, prefix) = mini(&config);
    let places = [0, 1].map(|row| Place { row, view: 0 });
    let pooled: Vec<f32> = places
        .iter()
        .flat_map(|&p| prefix.pooled(p).to_vec())
        .collect();
    close("pooled", &pooled, &numbers(&golden["pooled"]), 2e-5);
    let mut parameters = model::first_parameters(&vgg, &config).expect("parameters");
    for (name, key, shape) in [
        (HIDDEN_WEIGHT, "hidden.weight", vec![4, 16]),
        (HIDDEN_BIAS, "hidden.bias", vec![4]),
        (OUTPUT_WEIGHT, "output.weight", vec![1, 4]),
        (OUTPUT_BIAS, "output.bias", vec![1]),
    ] {
        let value = tensor(floats(&golden["head"][key]), &shape);
        parameters.insert(name.to_string(), value);
    }
    let standardization = Standardization {
        mean: vec![0.0; 16],
        deviation: vec![1.0; 16],
    };
    let model = Model::new(&vgg, &prefix, &config, &standardization, &parameters).expect("a model");
    let part = config.part_at(0);
    let convolutions = model.convolutions(part).expect("weights");
    let logits = model
        .logits(&places, Some(&convolutions), None)
        .expect("logits");
    let found = values(&logits);
    close("logits", &found, &numbers(&golden["logits"]), 1e-4);
    let (loss, slopes) = cross_entropy(&found, &[true, false], 2.0);
    assert!((loss - number(&golden["loss"])).abs() < 1e-5);
    let store = (logits * tensor(slopes, &[2]))
        .and_then(|l| l.sum_all()?.backward())
        .expect("gradients");
    let trained = model.trained(part).expect("names");
    assert_eq!(trained.len(), 12);
    for name in trained {
        let expected = &golden["gradients"][name.strip_prefix("head.").unwrap_or(&name)];
        let mut found = values(store.get(&model.variables[&name]).expect("a gradient"));
        if name.starts_with("features.") && name.ends_with("weight") {
            found = to_kernel_out_in(&found, 16, 16);
        }
        // The trunk before block 5 is Winograd's, within 2e-5 of the largest activation.
        close(&name, &found, &numbers(&expected["values"]), 1e-4);
    }
}
