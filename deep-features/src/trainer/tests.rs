use std::path::Path;

use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3};
use serde_json::Value;

use super::model::{HIDDEN_BIAS, HIDDEN_WEIGHT, OUTPUT_BIAS, OUTPUT_WEIGHT, Parameters};
use super::*;
use crate::golden::{close, count, floats, json, list, number, numbers};
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

/// Thirty steps on all rows at once, against torch.
#[test]
fn head_is_trained_as_by_torch() {
    let golden = json("head_training.json");
    let (rows, columns) = (count(&golden["rows"]), count(&golden["columns"]));
    let source = WeightsSource::Seeded { seed: 1 };
    let vgg = Vgg::load(&narrow(VggVariant::Vgg11, 64), &source, &Device::Cpu).expect("a network");
    let x = floats(&golden["x"]);
    let prefix = FrozenPrefix::of_pooled(&vgg, x.chunks(columns).map(<[f32]>::to_vec).collect());
    let events: Vec<bool> = list(&golden["labels"])
        .iter()
        .map(|label| label.as_bool().expect("a label"))
        .collect();
    let patients = (0..rows).map(|row| row.to_string()).collect();
    let samples = Samples::new(patients, events).expect("as many of both");
    let split = Split::new(&samples, (0..rows).collect(), vec![]).expect("a split");
    for case in list(&golden["cases"]) {
        head_case(&golden, case, &vgg, &prefix, &samples, &split);
    }
}

fn head_case(
    golden: &Value,
    case: &Value,
    vgg: &Vgg,
    prefix: &FrozenPrefix,
    samples: &Samples,
    split: &Split,
) {
    let config = TrainingConfig {
        epochs: 30,
        batch: samples.len(),
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
    };
    let event_weight = event_weight(EventWeight::Balanced, samples, split.train());
    assert!((event_weight - number(&case["pos_weight"])).abs() < 1e-15);
    let standardization = Standardization::of(prefix, split.train());
    close(
        "mean",
        &standardization.mean,
        &numbers(&golden["mean"]),
        1e-6,
    );
    close(
        "deviation",
        &standardization.deviation,
        &numbers(&golden["deviation"]),
        1e-6,
    );
    let initial = &golden["initial"];
    let parameters = Parameters::from([
        (
            HIDDEN_WEIGHT.to_string(),
            tensor(floats(&initial["hidden_weight"]), &[4, 6]),
        ),
        (HIDDEN_BIAS.to_string(), tensor(vec![0.0; 4], &[4])),
        (
            OUTPUT_WEIGHT.to_string(),
            tensor(floats(&initial["output_weight"]), &[1, 4]),
        ),
        (OUTPUT_BIAS.to_string(), tensor(vec![0.0], &[1])),
    ]);
    let model = Model::new(vgg, prefix, &config, &standardization, &parameters).expect("a model");
    let mut state = TrainingState {
        config: config.clone(),
        fingerprint: String::new(),
        history: Vec::new(),
        standardization,
        parameters,
        moments: Default::default(),
        best: None,
    };
    let run = Run {
        config: &config,
        prefix,
        samples,
        split,
        event_weight,
        rates: LearningRate::new(config.warmup, 30),
    };
    for expected in numbers(&case["losses"]) {
        let record = run.epoch(&model, &mut state).expect("an epoch");
        assert!(
            (record.train_loss - expected).abs() < 2e-6,
            "{} {expected}",
            record.train_loss
        );
        state.note(record);
    }
    let rates = numbers(&case["learning_rates"]);
    assert!((state.history[29].head_rate - rates[29]).abs() < 1e-15);
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
        close(
            name,
            &values(model.variables[name].as_tensor()),
            &expected,
            1e-5,
        );
    }
    let places: Vec<Place> = (0..samples.len())
        .map(|row| Place { row, view: 0 })
        .collect();
    let logits = model.logits(&places, None, None).expect("logits");
    close("logits", &values(&logits), &numbers(&case["logits"]), 1e-5);
}

/// The mini VGG19 of the fixtures with a head of four units on two images.
#[test]
fn block_5_has_the_gradients_of_torch() {
    let golden = json("block5_gradients.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mini_vgg19.safetensors");
    let source = WeightsSource::File(path);
    let config = TrainingConfig {
        unfreeze: vec![Unfreeze {
            epoch: 0,
            from_block: 5,
        }],
        head: HeadConfig {
            units: 4,
            ..HeadConfig::default()
        },
        ..TrainingConfig::default()
    };
    let network = narrow(VggVariant::Vgg19, 32);
    let vgg = Vgg::load(&network, &source, &Device::Cpu).expect("a network");
    let preprocess = Preprocess::new(vgg.normalization())
        .crop(Crop::Whole)
        .size([64, 64]);
    let input = |row: usize| {
        let gray = Array2::from_elem((64, 64), 0.0);
        let mut input: NetworkInput = preprocess.apply(gray.view(), None)?;
        input.pixels = Array3::from_shape_fn((3, 64, 64), |(c, y, x)| {
            let x = if row == 0 { x } else { 63 - x };
            ((7 * x + 13 * y + 29 * c + 5 * ((x * y) % 31)) % 256) as f32
        })
        .mapv(|v| (f64::from(v) / 127.5 - 1.0) as f32);
        Ok::<_, Error>(input)
    };
    let settings = PrefixSettings {
        part: config.largest_part(),
        ..PrefixSettings::new(preprocess.clone())
    };
    let prefix =
        FrozenPrefix::compute(&vgg, settings, 2, |row, _| input(row), |_, _| {}).expect("a prefix");
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
        parameters.insert(
            name.to_string(),
            tensor(floats(&golden["head"][key]), &shape),
        );
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
    close(
        "logits",
        &values(&logits),
        &numbers(&golden["logits"]),
        1e-4,
    );
    let (loss, slopes) = cross_entropy(&values(&logits), &[true, false], 2.0);
    assert!((loss - number(&golden["loss"])).abs() < 1e-5);
    let store = (logits * tensor(slopes, &[2]))
        .and_then(|l| l.sum_all()?.backward())
        .expect("gradients");
    let trained = model.trained(part).expect("names");
    assert_eq!(trained.len(), 12);
    for name in trained {
        let key = name.strip_prefix("head.").unwrap_or(&name);
        let found = store.get(&model.variables[&name]).expect("a gradient");
        let expected = &golden["gradients"][key];
        // The trunk before block 5 is Winograd's, within 2e-5 of the largest activation.
        let mut found = values(found);
        if name.starts_with("features.") && name.ends_with("weight") {
            found = to_kernel_out_in(&found, 16, 16);
        }
        close(&name, &found, &numbers(&expected["values"]), 1e-4);
    }
}
