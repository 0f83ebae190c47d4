//! Fine-tuning: the head, and if wanted the last blocks, learn the outcomes of the training rows.
//!
//! A [`FrozenPrefix`] holds what the frozen part makes of every row. An epoch shows every training row once, in an
//! order of its own and in one of the row's views, then judges the validation rows. The network of the epoch with the
//! largest validation AUC is kept.
//!
//! Everything is a function of the settings, the seed, the weights and the rows: the same for any number of threads
//! and wherever a training was interrupted and resumed. (On a GPU sums are not in a fixed order, and last digits
//! differ.)

mod config;
pub(crate) mod model;
mod state;
#[cfg(test)]
mod tests;

use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

pub use config::{EarlyStopping, EventWeight, TrainingConfig, Unfreeze};
pub use state::TrainingState;

use candle_core::Tensor;

use crate::error::{Error, Result};
use crate::fine_tuned::FineTuned;
use crate::loss::{auc, cross_entropy};
use crate::optimizer::{self, LearningRate};
use crate::prefix::{FrozenPrefix, Place, TrainedPart};
use crate::rng::{Purpose, generator};
use crate::samples::{Samples, Split};
use crate::vgg::{ConvTensors, Vgg};
use model::{Model, Standardization};

/// What one epoch came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EpochRecord {
    /// The epoch, from 0.
    pub epoch: usize,
    /// What was trained.
    pub part: TrainedPart,
    /// Learning rate of the head at the last step.
    pub head_rate: f64,
    /// Mean loss of the training rows as they were shown: with dropout, and while the network was changing.
    pub train_loss: f64,
    /// Mean loss of the validation rows after the epoch; `None` without such rows.
    pub validation_loss: Option<f64>,
    /// AUC of the validation rows after the epoch; `None` without such rows.
    pub validation_auc: Option<f64>,
}

/// Fine-tunes networks.
///
/// # Examples
/// ```
/// use deep_features::preprocess::Preprocess;
/// use deep_features::trainer::{Trainer, TrainingConfig};
/// use deep_features::{Device, FrozenPrefix, PrefixSettings, Samples, Split, Vgg, VggConfig, VggVariant};
/// use deep_features::{WeightsSource, Width};
/// use ndarray::Array2;
///
/// let narrow = VggConfig { width: Width::one_over(16)?, ..VggConfig::new(VggVariant::Vgg11) };
/// let vgg = Vgg::load(&narrow, &WeightsSource::Seeded { seed: 1 }, &Device::Cpu)?;
/// // Twelve patients; those with an event have a coarser texture.
/// let events: Vec<bool> = (0..12).map(|i| i % 2 == 0).collect();
/// let image = |i: usize| Array2::from_shape_fn((40, 40), |(y, x)| {
///     let grain = if i % 2 == 0 { 8 } else { 3 };
///     ((x / grain + y / grain + i) % 2 * 200) as f64
/// });
/// let preprocess = Preprocess::new(vgg.normalization()).size([32, 32]);
/// let settings = PrefixSettings::new(preprocess.clone());
/// let prefix = FrozenPrefix::compute(&vgg, settings, 12, |row, _view| {
///     preprocess.apply(image(row).view(), None)
/// }, |_done, _total| {})?;
///
/// let patients = (0..12).map(|i| format!("patient {i}")).collect();
/// let samples = Samples::new(patients, events)?;
/// let split = Split::stratified(&samples, &(0..12).collect::<Vec<_>>(), 0.34, 1)?;
/// let trainer = Trainer::new(TrainingConfig { seed: 1, ..TrainingConfig::default() })?;
/// let model = trainer.fit(&vgg, &prefix, &samples, &split, |state| {
///     let epoch = state.history().last().expect("an epoch has passed");
///     assert!(epoch.train_loss.is_finite());
/// })?;
/// assert_eq!(model.features(&vgg, &prefix, &[0, 1, 2])?.dim(), (3, 128));
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trainer {
    config: TrainingConfig,
}

impl Trainer {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`], which names the one that cannot be used.
    pub fn new(config: TrainingConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { config })
    }

    /// The settings.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Trains on the training rows of a split. After every epoch `on_epoch` gets the state, which can be written and
    /// [resumed](Self::resume).
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the prefix was computed by another network, for another pooling or for fewer blocks;
    /// [`Error::RowCount`] if it has other rows than the samples; [`Error::Diverged`]; [`Error::Tensor`].
    pub fn fit(
        &self,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        split: &Split,
        on_epoch: impl FnMut(&TrainingState),
    ) -> Result<FineTuned> {
        self.check(vgg, prefix, samples)?;
        let standardization = Standardization::of(prefix, split.train());
        let state = TrainingState {
            config: self.config.clone(),
            fingerprint: self.fingerprint(prefix, samples, split),
            history: Vec::new(),
            standardization,
            parameters: model::first_parameters(vgg, &self.config)?,
            moments: Default::default(),
            best: None,
        };
        self.go_on(vgg, prefix, samples, split, state, on_epoch)
    }

    /// Goes on from a state that [`fit`](Self::fit) gave to its `on_epoch`: the result is that of an uninterrupted
    /// training, to the bit.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`Error::Mismatch`] for a state of other settings, weights or rows.
    pub fn resume(
        &self,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        split: &Split,
        state: TrainingState,
        on_epoch: impl FnMut(&TrainingState),
    ) -> Result<FineTuned> {
        self.check(vgg, prefix, samples)?;
        let expected = self.fingerprint(prefix, samples, split);
        if state.fingerprint != expected {
            return Err(Error::Mismatch {
                what: "settings, weights and rows of a training",
                expected,
                found: state.fingerprint,
            });
        }
        state.check(
            &model::first_parameters(vgg, &self.config)?,
            prefix.channels(),
        )?;
        self.go_on(vgg, prefix, samples, split, state, on_epoch)
    }

    fn check(&self, vgg: &Vgg, prefix: &FrozenPrefix, samples: &Samples) -> Result<()> {
        prefix.check_network(vgg)?;
        if prefix.settings.pooling != self.config.head.pooling {
            return Err(Error::Mismatch {
                what: "pooling of the head",
                expected: prefix.settings.pooling.to_string(),
                found: self.config.head.pooling.to_string(),
            });
        }
        let part = self.config.largest_part();
        if part.first_layer(vgg)? != prefix.end {
            return Err(Error::Mismatch {
                what: "part of the network to be trained",
                expected: format!("{:?}", prefix.settings.part),
                found: format!("{part:?}"),
            });
        }
        if samples.len() != prefix.n_rows() {
            return Err(Error::RowCount {
                what: "rows of a frozen prefix",
                expected: samples.len(),
                found: prefix.n_rows(),
            });
        }
        Ok(())
    }

    fn go_on(
        &self,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        split: &Split,
        mut state: TrainingState,
        mut on_epoch: impl FnMut(&TrainingState),
    ) -> Result<FineTuned> {
        let config = &self.config;
        let model = Model::new(
            vgg,
            prefix,
            config,
            &state.standardization,
            &state.parameters,
        )?;
        let run = Run {
            config,
            prefix,
            samples,
            split,
            event_weight: event_weight(config.event_weight, samples, split.train()),
            rates: LearningRate::new(
                config.warmup,
                config.epochs * split.train().len().div_ceil(config.batch),
            ),
        };
        while !run.is_over(&state) {
            let record = run.epoch(&model, &mut state)?;
            state.parameters = model.parameters()?;
            state.note(record);
            on_epoch(&state);
        }
        FineTuned::from_state(vgg, prefix, state)
    }
}

fn event_weight(setting: EventWeight, samples: &Samples, rows: &[usize]) -> f64 {
    match setting {
        EventWeight::Fixed(weight) => weight,
        EventWeight::Balanced => {
            let events = rows.iter().filter(|&&row| samples.events()[row]).count();
            (rows.len() - events) as f64 / events as f64
        }
    }
}

/// One training.
struct Run<'a> {
    config: &'a TrainingConfig,
    prefix: &'a FrozenPrefix,
    samples: &'a Samples,
    split: &'a Split,
    event_weight: f64,
    rates: LearningRate,
}

impl Run<'_> {
    fn is_over(&self, state: &TrainingState) -> bool {
        let epoch = state.epoch();
        // A block that has just begun to be trained gets as much patience as the head had.
        let unfrozen = self.config.unfreeze.iter().map(|step| step.epoch).max();
        let waited = match (&self.config.early_stopping, &state.best) {
            (Some(stopping), Some(best)) => {
                epoch > best.epoch.max(unfrozen.unwrap_or(0)) + stopping.patience
            }
            _ => false,
        };
        epoch >= self.config.epochs || waited
    }

    fn epoch(&self, model: &Model<'_>, state: &mut TrainingState) -> Result<EpochRecord> {
        let epoch = state.epoch();
        let part = self.config.part_at(epoch);
        let places = self.places(epoch);
        let trained = model.trained(part)?;
        let convolutions = match part {
            TrainedPart::Head => None,
            TrainedPart::FromBlock(_) => Some(model.convolutions(part)?),
        };
        let steps = places.len().div_ceil(self.config.batch);
        let (mut total, mut share) = (0.0, 0.0);
        for (number, batch) in places.chunks(self.config.batch).enumerate() {
            let at = epoch * steps + number;
            share = self.rates.share(at);
            let convolutions = convolutions.as_deref();
            total += self.step(model, state, &trained, batch, convolutions, at)?;
        }
        let (validation_loss, validation_auc) = self.validate(model, convolutions.as_deref())?;
        let record = EpochRecord {
            epoch,
            part,
            head_rate: share * self.config.head_rate,
            train_loss: total / places.len() as f64,
            validation_loss,
            validation_auc,
        };
        let validation = validation_loss.map(|loss| ("loss of the validation rows", loss));
        for (what, value) in [("loss", record.train_loss)].into_iter().chain(validation) {
            if !value.is_finite() {
                let what = what.to_string();
                return Err(Error::Diverged { epoch, what, value });
            }
        }
        Ok(record)
    }

    /// The training rows in the order of an epoch, each in one of its views.
    fn places(&self, epoch: usize) -> Vec<Place> {
        let mut order = self.split.train().to_vec();
        order.shuffle(&mut generator(
            self.config.seed,
            Purpose::Order,
            epoch as u64,
        ));
        let mut rng = generator(self.config.seed, Purpose::Views, epoch as u64);
        let views = self.prefix.n_views();
        let place = |row| Place {
            row,
            view: rng.random_range(0..views),
        };
        order.into_iter().map(place).collect()
    }

    /// One step; returns the sum of the losses of its rows.
    fn step(
        &self,
        model: &Model<'_>,
        state: &mut TrainingState,
        trained: &[String],
        batch: &[Place],
        convolutions: Option<&[ConvTensors]>,
        at: usize,
    ) -> Result<f64> {
        let kept = self.dropout(model, batch.len(), at)?;
        let logits = model.logits(batch, convolutions, kept.as_ref())?;
        let (loss, slopes) = self.loss(&logits.to_vec1()?, batch);
        // The derivative by the logits is known; only theirs by the parameters is left to find.
        let slopes = Tensor::from_vec(slopes, batch.len(), logits.device())?;
        let mut store = (logits * slopes)?.sum_all()?.backward()?;
        let mut names = Vec::new();
        let mut gradients = Vec::new();
        for name in trained {
            if let Some(gradient) = store.remove(&model.variables[name]) {
                names.push(name);
                gradients.push(gradient);
            }
        }
        if let Some(limit) = self.config.clip_norm {
            optimizer::clip(&mut gradients, limit)?;
        }
        let share = self.rates.share(at);
        for (name, gradient) in names.into_iter().zip(&gradients) {
            let rate = match name.starts_with("head.") {
                true => self.config.head_rate,
                false => self.config.trunk_rate,
            };
            let variable = &model.variables[name];
            let moments = state.moments.entry(name.clone()).or_default();
            let moved = optimizer::step(
                &self.config.optimizer,
                &variable.as_detached_tensor(),
                gradient,
                moments,
                share * rate,
                name.ends_with("weight"),
            )?;
            variable.set(&moved)?;
        }
        Ok(loss * batch.len() as f64)
    }

    fn loss(&self, logits: &[f32], places: &[Place]) -> (f64, Vec<f32>) {
        let events: Vec<bool> = places
            .iter()
            .map(|place| self.samples.events()[place.row])
            .collect();
        cross_entropy(logits, &events, self.event_weight)
    }

    /// 0 for a unit that is dropped and the inverse of the share of kept ones for the others, `(rows, units)`.
    fn dropout(&self, model: &Model<'_>, rows: usize, at: usize) -> Result<Option<Tensor>> {
        let dropped = self.config.head.dropout;
        if dropped == 0.0 {
            return Ok(None);
        }
        let mut rng = generator(self.config.seed, Purpose::Dropout, at as u64);
        let units = self.config.head.units;
        let scale = (1.0 / (1.0 - dropped)) as f32;
        let kept = (0..rows * units)
            .map(|_| if rng.random_bool(dropped) { 0.0 } else { scale })
            .collect::<Vec<f32>>();
        Ok(Some(Tensor::from_vec(kept, (rows, units), model.device())?))
    }

    /// Loss and AUC of the validation rows.
    fn validate(
        &self,
        model: &Model<'_>,
        convolutions: Option<&[ConvTensors]>,
    ) -> Result<(Option<f64>, Option<f64>)> {
        let rows = self.split.validation();
        if rows.is_empty() {
            return Ok((None, None));
        }
        let places: Vec<Place> = rows.iter().map(|&row| Place { row, view: 0 }).collect();
        let mut logits: Vec<f32> = Vec::with_capacity(rows.len());
        for batch in places.chunks(self.config.batch) {
            let of_batch = model.logits(batch, convolutions, None)?;
            logits.extend(of_batch.detach().to_vec1::<f32>()?);
        }
        let (loss, _) = self.loss(&logits, &places);
        let events: Vec<bool> = rows.iter().map(|&row| self.samples.events()[row]).collect();
        Ok((Some(loss), Some(auc(&logits, &events))))
    }
}
