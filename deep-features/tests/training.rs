//! Fine-tuning: the same bits every time, honest splits, and files that say what they are.

mod common;

use common::{narrow, unit};
use deep_features::preprocess::Preprocess;
use deep_features::trainer::{EarlyStopping, TrainingConfig, Unfreeze};
use deep_features::{
    ConvEngine, CrossFit, CrossFitting, Device, Error, FeatureExtractor, FineTuned, FrozenPrefix,
    HeadConfig, NetworkInput, OptimizerKind, Pooling, PrefixSettings, Samples, Split, TrainedPart,
    Trainer, TrainingState, Vgg, VggConfig, VggVariant, WeightsSource,
};
use ndarray::Array2;

const SIZE: usize = 32;

/// Regions of random texture; those of an event have coarser grains if the study is to be learned.
struct Study {
    vgg: Vgg,
    prefix: FrozenPrefix,
    samples: Samples,
}

fn network(divisor: usize) -> Vgg {
    let config: VggConfig = narrow(VggVariant::Vgg11, divisor);
    Vgg::load(&config, &WeightsSource::Seeded { seed: 3 }, &Device::Cpu).expect("seeded weights")
}

fn gray(row: usize, grain: usize) -> Array2<f64> {
    Array2::from_shape_fn((40, 40), |(y, x)| {
        let cell = (y / grain) * 40 + x / grain;
        127.5 + 200.0 * unit(row as u32 + 1, cell)
    })
}

fn preprocess(vgg: &Vgg) -> Preprocess {
    Preprocess::new(vgg.normalization()).size([SIZE, SIZE])
}

fn region(vgg: &Vgg, row: usize, grain: usize, view: usize) -> Result<NetworkInput, Error> {
    let mut image = gray(row, grain);
    if view % 2 == 1 {
        image.invert_axis(ndarray::Axis(1));
    }
    let mask = Array2::from_shape_fn((40, 40), |(y, x)| {
        (4..36).contains(&y) && (4..36).contains(&x)
    });
    preprocess(vgg).apply(image.view(), Some(mask.view()))
}

impl Study {
    /// `n` rows of as many patients, half of them events; learnable or pure chance.
    fn new(n: usize, divisor: usize, part: TrainedPart, views: usize, learnable: bool) -> Self {
        let vgg = network(divisor);
        let events: Vec<bool> = (0..n).map(|row| row % 2 == 0).collect();
        let grain = |row: usize| {
            if learnable && row.is_multiple_of(2) {
                8
            } else {
                2
            }
        };
        let settings = PrefixSettings {
            part,
            views,
            ..PrefixSettings::new(preprocess(&vgg))
        };
        let source = |row, view| region(&vgg, row, grain(row), view);
        let prefix = FrozenPrefix::compute(&vgg, settings, n, source, |_, _| {}).expect("a prefix");
        let patients = (0..n).map(|row| format!("patient {row}")).collect();
        let samples = Samples::new(patients, events).expect("as many of both");
        Self {
            vgg,
            prefix,
            samples,
        }
    }

    fn split(&self) -> Split {
        let rows: Vec<usize> = (0..self.samples.len()).collect();
        Split::stratified(&self.samples, &rows, 0.25, 5).expect("a split")
    }

    fn fit(&self, config: TrainingConfig) -> Result<FineTuned, Error> {
        let trainer = Trainer::new(config)?;
        trainer.fit(
            &self.vgg,
            &self.prefix,
            &self.samples,
            &self.split(),
            |_| {},
        )
    }
}

fn config(epochs: usize, unfreeze: &[(usize, usize)]) -> TrainingConfig {
    TrainingConfig {
        seed: 11,
        epochs,
        batch: 8,
        // There are few steps in an epoch of few rows.
        head_rate: 1e-2,
        head: HeadConfig {
            units: 16,
            ..HeadConfig::default()
        },
        unfreeze: unfreeze
            .iter()
            .map(|&(epoch, from_block)| Unfreeze { epoch, from_block })
            .collect(),
        ..TrainingConfig::default()
    }
}

fn bytes(model: &FineTuned) -> Vec<u8> {
    model.to_safetensors().expect("a file")
}

#[test]
fn textures_are_learned_by_the_head_and_by_blocks() {
    for unfreeze in [&[][..], &[(3, 5)], &[(1, 5), (3, 4)], &[(0, 1)]] {
        let config = TrainingConfig {
            trunk_rate: 1e-3,
            ..config(20, unfreeze)
        };
        let study = Study::new(64, 16, config.largest_part(), 2, true);
        let model = study.fit(config.clone()).expect("a network");
        let history = &model.record().history;
        let best = history
            .iter()
            .filter_map(|epoch| epoch.validation_auc)
            .fold(0.0, f64::max);
        assert!(best > 0.85, "{unfreeze:?}: {best}");
        for epoch in history {
            assert_eq!(epoch.part, config.part_at(epoch.epoch));
        }
    }
}

/// Sixteen images whose labels are chance can be known by heart: gradients reach every trained layer.
#[test]
fn sixteen_images_are_overfitted() {
    for optimizer in [OptimizerKind::ADAMW, OptimizerKind::SGD] {
        let config = TrainingConfig {
            optimizer,
            head_rate: if optimizer == OptimizerKind::SGD {
                0.05
            } else {
                3e-3
            },
            trunk_rate: if optimizer == OptimizerKind::SGD {
                0.05
            } else {
                3e-3
            },
            head: HeadConfig {
                units: 16,
                dropout: 0.0,
                ..HeadConfig::default()
            },
            ..config(60, &[(0, 4)])
        };
        let study = Study::new(16, 16, config.largest_part(), 1, false);
        let split = Split::new(&study.samples, (0..16).collect(), vec![]).expect("a split");
        let model = Trainer::new(config)
            .and_then(|trainer| {
                trainer.fit(&study.vgg, &study.prefix, &study.samples, &split, |_| {})
            })
            .expect("a network");
        let loss = model.record().history.last().expect("epochs").train_loss;
        assert!(loss < 0.05, "{optimizer:?}: {loss}");
        assert_eq!(model.record().epoch, 59);
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| {
            let config = config(3, &[(1, 4)]);
            let study = Study::new(20, 8, config.largest_part(), 2, true);
            bytes(&study.fit(config).expect("a network"))
        })
    };
    let one = run(1);
    assert!(one == run(4) && one == run(1));
}

#[test]
fn an_interrupted_training_goes_on_to_the_same_bits() {
    let config = config(6, &[(2, 5)]);
    let study = Study::new(24, 16, config.largest_part(), 2, true);
    let (split, trainer) = (study.split(), Trainer::new(config).expect("settings"));
    let mut states = Vec::new();
    let whole = trainer
        .fit(&study.vgg, &study.prefix, &study.samples, &split, |state| {
            states.push(state.to_safetensors().expect("a state"));
        })
        .expect("a network");
    assert_eq!(states.len(), whole.record().history.len());
    for (epoch, saved) in states.iter().enumerate() {
        let state = TrainingState::from_safetensors(saved, &Device::Cpu).expect("a state");
        assert_eq!(state.epoch(), epoch + 1);
        assert_eq!(&state.to_safetensors().expect("a state"), saved);
        let resumed = trainer
            .resume(
                &study.vgg,
                &study.prefix,
                &study.samples,
                &split,
                state,
                |_| {},
            )
            .expect("a network");
        assert!(bytes(&resumed) == bytes(&whole), "after epoch {epoch}");
    }
    // Other settings, other rows: not the same training.
    let state = || TrainingState::from_safetensors(&states[0], &Device::Cpu).expect("a state");
    let other = Trainer::new(TrainingConfig {
        seed: 12,
        ..trainer.config().clone()
    })
    .expect("settings");
    let rows: Vec<usize> = (0..24).collect();
    let other_split = Split::stratified(&study.samples, &rows, 0.25, 6).expect("a split");
    for (trainer, split) in [(&other, &split), (&trainer, &other_split)] {
        let error = trainer
            .resume(
                &study.vgg,
                &study.prefix,
                &study.samples,
                split,
                state(),
                |_| {},
            )
            .expect_err("another training");
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
}

#[test]
fn a_file_gives_the_features_of_the_network() {
    for unfreeze in [&[][..], &[(0, 5)]] {
        for pooling in [Pooling::Average, Pooling::MaskedAverage] {
            let mut config = config(4, unfreeze);
            config.head.pooling = pooling;
            let vgg = network(8);
            let settings = PrefixSettings {
                part: config.largest_part(),
                pooling,
                ..PrefixSettings::new(preprocess(&vgg))
            };
            let source = |row, view| region(&vgg, row, 2 + row % 2, view);
            let prefix =
                FrozenPrefix::compute(&vgg, settings, 12, source, |_, _| {}).expect("a prefix");
            let patients = (0..12).map(|row| row.to_string()).collect();
            let events = (0..12).map(|row| row % 2 == 0).collect();
            let samples = Samples::new(patients, events).expect("as many of both");
            let study = Study {
                vgg,
                prefix,
                samples,
            };
            let model = study.fit(config).expect("a network");
            let saved = bytes(&model);
            let read = FineTuned::from_safetensors(&saved).expect("a network");
            assert_eq!(bytes(&read), saved);
            assert_eq!(read.record(), model.record());
            assert_eq!(read.record().preprocess, preprocess(&study.vgg));
            let rows = [0, 3, 7];
            let cached = model
                .features(&study.vgg, &study.prefix, &rows)
                .expect("features");
            let inputs: Vec<_> = rows
                .iter()
                .map(|&row| region(&study.vgg, row, 2 + row % 2, 0).expect("a region"))
                .collect();
            let extractor = FeatureExtractor::fine_tuned(&read, &study.vgg).expect("an extractor");
            let table = extractor.extract(&inputs, 2, |_, _| {}).expect("features");
            assert_eq!(table.names[15], "dl_vgg11w8_fc16_015");
            let largest = cached.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for (a, b) in table.values.iter().zip(&cached) {
                assert!((a - b).abs() < 1e-4 * largest, "{a} {b}");
            }
        }
    }
}

#[test]
fn pooled_channels_train_the_same_head() {
    let study = Study::new(24, 16, TrainedPart::Head, 1, true);
    let pool5 = [common::tap("pool5")];
    let extractor = FeatureExtractor::new(study.vgg.clone(), &pool5, &[Pooling::Average])
        .expect("an extractor");
    let inputs: Vec<_> = (0..24)
        .map(|row| region(&study.vgg, row, if row % 2 == 0 { 8 } else { 2 }, 0).expect("a region"))
        .collect();
    let pooled = extractor
        .extract(&inputs, 8, |_, _| {})
        .expect("channels")
        .values;
    let settings = || PrefixSettings::new(preprocess(&study.vgg));
    let prefix =
        FrozenPrefix::from_pooled(&study.vgg, settings(), pooled.view()).expect("a prefix");
    let trainer = Trainer::new(config(3, &[])).expect("settings");
    let from_pooled = trainer
        .fit(&study.vgg, &prefix, &study.samples, &study.split(), |_| {})
        .expect("a network");
    assert!(bytes(&from_pooled) == bytes(&study.fit(config(3, &[])).expect("a network")));
    let refused = |settings, pooled: &Array2<f64>| {
        FrozenPrefix::from_pooled(&study.vgg, settings, pooled.view()).expect_err("refused")
    };
    let views = PrefixSettings {
        views: 2,
        ..settings()
    };
    assert!(matches!(refused(views, &pooled), Error::Setting { .. }));
    let narrow = Array2::zeros((24, 31));
    assert!(matches!(
        refused(settings(), &narrow),
        Error::ColumnCount {
            expected: 32,
            found: 31
        }
    ));
    let nan = Array2::from_elem((24, 32), f64::NAN);
    assert!(matches!(
        refused(settings(), &nan),
        Error::NonFiniteValue { row: 0, .. }
    ));
}

#[test]
fn another_trunk_is_refused() {
    let study = Study::new(12, 16, TrainedPart::Head, 1, true);
    let model = study.fit(config(2, &[])).expect("a network");
    let config = narrow(VggVariant::Vgg11, 16);
    let source = WeightsSource::Seeded { seed: 4 };
    let other = Vgg::load(&config, &source, &Device::Cpu).expect("weights");
    assert!(matches!(
        model.trunk(&other),
        Err(Error::Mismatch {
            what: "weights of the trunk",
            ..
        })
    ));
    assert!(matches!(
        model.trunk(&network(8)),
        Err(Error::Mismatch {
            what: "network",
            ..
        })
    ));
    let error = model
        .features(&other, &study.prefix, &[0])
        .expect_err("other weights");
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    // A trunk with the trained convolutions is another trunk than the one they were trained from.
    let deep = self::config(2, &[(0, 5)]);
    let study = Study::new(12, 16, deep.largest_part(), 1, true);
    let model = study.fit(deep).expect("a network");
    let trained = model.trunk(&study.vgg).expect("the same weights");
    assert_ne!(trained.weights().sha256, study.vgg.weights().sha256);
    assert!(model.trunk(&trained).is_err());
}

#[test]
fn damaged_files_are_refused_and_nothing_panics() {
    let study = Study::new(12, 64, TrainedPart::FromBlock(5), 1, true);
    let config = config(2, &[(0, 5)]);
    let mut state = Vec::new();
    let trainer = Trainer::new(config).expect("settings");
    let model = trainer
        .fit(
            &study.vgg,
            &study.prefix,
            &study.samples,
            &study.split(),
            |s| {
                state = s.to_safetensors().expect("a state");
            },
        )
        .expect("a network");
    let saved = bytes(&model);
    for length in (0..saved.len()).step_by(37) {
        assert!(
            FineTuned::from_safetensors(&saved[..length]).is_err(),
            "{length}"
        );
    }
    for length in (0..state.len()).step_by(97) {
        assert!(
            TrainingState::from_safetensors(&state[..length], &Device::Cpu).is_err(),
            "{length}"
        );
    }
    // Each takes the other's file for what it is.
    let error = FineTuned::from_safetensors(&state)
        .expect_err("a state")
        .to_string();
    assert!(
        error.contains("expected fine-tuned network") && error.contains("training state"),
        "{error}"
    );
    assert!(TrainingState::from_safetensors(&saved, &Device::Cpu).is_err());
    // Counts that no training has come to.
    let with = |bytes: &[u8], from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes
            .windows(from.len())
            .position(|part| part == from.as_bytes());
        let mut changed = bytes.to_vec();
        let at = at.unwrap_or_else(|| panic!("{from} is in the file"));
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        changed
    };
    let kept = format!("\\\"epoch\\\":{},\\\"history", model.record().epoch);
    let ninth = kept.replace(&format!(":{},", model.record().epoch), ":9,");
    let error = FineTuned::from_safetensors(&with(&saved, &kept, &ninth)).expect_err("no epoch 9");
    assert!(error.to_string().contains("found 9"), "{error}");
    let best = format!("\\\"best\\\":{{\\\"epoch\\\":{}", model.record().epoch);
    let ninth = format!("{}9", &best[..best.len() - 1]);
    assert!(TrainingState::from_safetensors(&with(&state, &best, &ninth), &Device::Cpu).is_err());
    // Any byte of the header or of the numbers may be wrong: an error or another network, never a panic.
    for at in (0..saved.len()).step_by(11) {
        let mut damaged = saved.clone();
        damaged[at] ^= 0x55;
        if let Ok(model) = FineTuned::from_safetensors(&damaged) {
            let _ = model.features(&study.vgg, &study.prefix, &[0]);
        }
        let mut damaged = state.clone();
        let at = at % damaged.len();
        damaged[at] ^= 0x55;
        if let Ok(state) = TrainingState::from_safetensors(&damaged, &Device::Cpu) {
            let _ = trainer.resume(
                &study.vgg,
                &study.prefix,
                &study.samples,
                &study.split(),
                state,
                |_| {},
            );
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let study = Study::new(12, 16, TrainedPart::Head, 1, true);
    let mismatch = |config: TrainingConfig, what: &str| {
        let error = study.fit(config).expect_err("refused").to_string();
        assert!(error.contains(what), "{error}");
    };
    mismatch(config(2, &[(0, 5)]), "part of the network");
    let mut masked = config(2, &[]);
    masked.head.pooling = Pooling::MaskedAverage;
    mismatch(masked, "pooling");
    let settings = |part, memory_limit| PrefixSettings {
        part,
        memory_limit,
        ..PrefixSettings::new(preprocess(&study.vgg))
    };
    let compute = |settings, size: usize| {
        let source = |row: usize, _view| {
            let size = if row == 1 { size } else { SIZE };
            let preprocess = preprocess(&study.vgg).size([size, size]);
            preprocess.apply(gray(row, 2).view(), None)
        };
        FrozenPrefix::compute(&study.vgg, settings, 3, source, |_, _| {})
    };
    let block = TrainedPart::FromBlock(5);
    assert!(matches!(
        compute(settings(block, 1000), SIZE),
        Err(Error::PrefixTooLarge { .. })
    ));
    assert!(matches!(
        compute(settings(block, 1 << 30), 64),
        Err(Error::InputSize { image: 1, .. })
    ));
    // The head alone takes inputs of any size.
    assert!(compute(settings(TrainedPart::Head, 1 << 30), 64).is_ok());
    let none = PrefixSettings {
        views: 0,
        ..settings(block, 1 << 30)
    };
    assert!(matches!(
        compute(none, SIZE),
        Err(Error::Setting {
            setting: "views",
            ..
        })
    ));
    let bad = TrainedPart::FromBlock(6);
    assert!(matches!(
        compute(settings(bad, 1 << 30), SIZE),
        Err(Error::Setting { .. })
    ));
}

#[test]
fn patience_ends_a_training_and_the_best_epoch_is_kept() {
    let study = Study::new(40, 16, TrainedPart::Head, 1, false);
    let stopping = EarlyStopping {
        patience: 3,
        min_delta: 0.0,
    };
    let config = TrainingConfig {
        early_stopping: Some(stopping),
        ..config(500, &[])
    };
    let model = study.fit(config).expect("a network");
    let record = model.record();
    assert!(record.history.len() < 500);
    assert_eq!(record.history.len(), record.epoch + 1 + 3);
    let auc = |epoch: usize| {
        record.history[epoch]
            .validation_auc
            .expect("validation rows")
    };
    let best = (0..record.history.len()).map(auc).fold(0.0, f64::max);
    assert_eq!(auc(record.epoch), best);
}

fn auc(scores: &[f64], events: &[bool]) -> f64 {
    let mut favorable = 0.0;
    let mut pairs = 0.0;
    for (a, _) in scores.iter().zip(events).filter(|(_, event)| **event) {
        for (b, _) in scores.iter().zip(events).filter(|(_, event)| !**event) {
            pairs += 1.0;
            favorable += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
        }
    }
    favorable / pairs
}

/// Outcomes that are pure chance: a network knows those it has seen, and no others.
#[test]
fn out_of_fold_features_know_nothing_of_their_own_labels() {
    let n = 160;
    let study = Study::new(n, 4, TrainedPart::Head, 1, false);
    let rows: Vec<usize> = (0..n).collect();
    let config = TrainingConfig {
        early_stopping: None,
        ..config(40, &[])
    };
    let trainer = Trainer::new(config).expect("settings");
    let mut epochs = 0;
    let fit = CrossFit::train(
        &trainer,
        CrossFitting::default(),
        &study.vgg,
        &study.prefix,
        &study.samples,
        &rows,
        |_, _| epochs += 1,
    )
    .expect("six networks");
    assert_eq!(epochs, 6 * 40);
    let logits = |features: &Array2<f64>, model: &FineTuned| {
        model
            .head()
            .logits(features.view())
            .expect("logits")
            .to_vec()
    };
    let events = study.samples.events();
    let seen = fit
        .whole()
        .logits(&study.vgg, &study.prefix, &rows)
        .expect("logits")
        .to_vec();
    // A fifth of the patients has only validated.
    assert!(auc(&seen, events) > 0.85, "{}", auc(&seen, events));
    let features = fit
        .features(&study.vgg, &study.prefix, &study.samples, &rows)
        .expect("features");
    let mut unseen = vec![0.0; n];
    for (fold, model) in fit.models().iter().enumerate() {
        for (row, logit) in logits(&features, model).into_iter().enumerate() {
            if fit.folds().of(&study.samples.patients()[row]) == Some(fold) {
                unseen[row] = logit;
            }
        }
    }
    // Under chance the AUC of 80 and 80 has a standard error of 0.046.
    assert!(
        (auc(&unseen, events) - 0.5).abs() < 4.0 * 0.046,
        "{}",
        auc(&unseen, events)
    );
    // Each row comes from the network that has not seen it.
    for row in [0, 17, 101] {
        let fold = fit
            .folds()
            .of(&study.samples.patients()[row])
            .expect("a fold");
        let alone = fit.models()[fold]
            .features(&study.vgg, &study.prefix, &[row])
            .expect("features");
        assert_eq!(features.row(row), alone.row(0));
    }
}

#[test]
fn new_patients_get_the_network_of_all() {
    let study = Study::new(40, 16, TrainedPart::Head, 1, true);
    let rows: Vec<usize> = (0..30).collect();
    let trainer = Trainer::new(config(3, &[])).expect("settings");
    let two = CrossFitting {
        folds: 2,
        ..CrossFitting::default()
    };
    let fit = CrossFit::train(
        &trainer,
        two,
        &study.vgg,
        &study.prefix,
        &study.samples,
        &rows,
        |_, _| {},
    )
    .expect("three networks");
    let new = fit
        .features(&study.vgg, &study.prefix, &study.samples, &[35, 2])
        .expect("features");
    let whole = fit
        .whole()
        .features(&study.vgg, &study.prefix, &[35, 2])
        .expect("features");
    assert_eq!(new.row(0), whole.row(0));
    assert_ne!(new.row(1), whole.row(1));
}

#[test]
fn candle_trains_the_same_network() {
    let config = config(2, &[(0, 5)]);
    let fit = |engine| {
        let mut study = Study::new(16, 16, config.largest_part(), 1, true);
        study.vgg = study.vgg.with_engine(engine).expect("an engine");
        study.fit(config.clone()).expect("a network")
    };
    let (a, b) = (fit(ConvEngine::OverlappingRows), fit(ConvEngine::Candle));
    for (a, b) in a.record().history.iter().zip(&b.record().history) {
        assert!((a.train_loss - b.train_loss).abs() < 1e-4, "{a:?} {b:?}");
    }
}
