//! Settings of fine-tuning.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::head::HeadConfig;
use crate::optimizer::OptimizerKind;
use crate::prefix::TrainedPart;

/// Settings of fine-tuning.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `seed` | 0 | every random draw: first weights, order, views, dropout |
/// | `epochs` | 40 | passes over the training rows, at most |
/// | `batch` | 16 | rows of a step |
/// | `head` | 128 units | shape of the head |
/// | `optimizer` | AdamW | how parameters follow gradients; weight decay applies to weights and not to biases |
/// | `head_rate` | 1e-3 | peak learning rate of the head |
/// | `trunk_rate` | 1e-4 | peak learning rate of convolutions |
/// | `warmup` | 0.05 | share of the steps in which the learning rate rises; then half a cosine to 0 |
/// | `unfreeze` | none | when which blocks begin to be trained; the head alone before |
/// | `event_weight` | balanced | weight of events in the loss |
/// | `clip_norm` | 1 | largest norm of the gradient of a step |
/// | `early_stopping` | patience 8, 0.001 | on the AUC of the validation rows |
///
/// # Examples
/// ```
/// use deep_features::trainer::{TrainingConfig, Unfreeze};
///
/// let config = TrainingConfig {
///     seed: 7,
///     epochs: 20,
///     unfreeze: vec![Unfreeze { epoch: 5, from_block: 5 }],
///     ..TrainingConfig::default()
/// };
/// assert!(config.check().is_ok());
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Seed of every random draw.
    pub seed: u64,
    /// Passes over the training rows, 1 to 100,000.
    pub epochs: usize,
    /// Rows of a step, from 1.
    pub batch: usize,
    /// Shape of the head.
    pub head: HeadConfig,
    /// How parameters follow their gradients.
    pub optimizer: OptimizerKind,
    /// Peak learning rate of the head, positive.
    pub head_rate: f64,
    /// Peak learning rate of convolutions, positive.
    pub trunk_rate: f64,
    /// Share of the steps in which the learning rate rises, in \[0, 1).
    pub warmup: f64,
    /// When which blocks begin to be trained, by rising epoch and falling block. Empty: the head alone.
    pub unfreeze: Vec<Unfreeze>,
    /// Weight of events in the loss.
    pub event_weight: EventWeight,
    /// Largest norm of the gradient of a step, positive; `None` for no limit.
    pub clip_norm: Option<f64>,
    /// When to stop; `None` to train all epochs. Without validation rows all epochs are trained as well.
    pub early_stopping: Option<EarlyStopping>,
}

/// From an epoch on, more of the network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfreeze {
    /// The epoch, from 0.
    pub epoch: usize,
    /// The first block that is trained, 1 to 5.
    pub from_block: usize,
}

/// Weight of events in the loss; that of non-events is 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventWeight {
    /// Non-events by events among the training rows: both classes weigh the same.
    Balanced,
    /// A given positive weight.
    Fixed(f64),
}

/// Training stops when the AUC of the validation rows has not risen for a while; the best epoch's network is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without a rise before training stops, from 1.
    pub patience: usize,
    /// A rise is more than this, not negative.
    pub min_delta: f64,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: 40,
            batch: 16,
            head: HeadConfig::default(),
            optimizer: OptimizerKind::ADAMW,
            head_rate: 1e-3,
            trunk_rate: 1e-4,
            warmup: 0.05,
            unfreeze: Vec::new(),
            event_weight: EventWeight::Balanced,
            clip_norm: Some(1.0),
            early_stopping: Some(EarlyStopping {
                patience: 8,
                min_delta: 1e-3,
            }),
        }
    }
}

impl TrainingConfig {
    /// The largest part that is trained in any epoch: what a [`FrozenPrefix`](crate::FrozenPrefix) is computed for.
    pub fn largest_part(&self) -> TrainedPart {
        let block = self.unfreeze.iter().map(|step| step.from_block).min();
        block.map_or(TrainedPart::Head, TrainedPart::FromBlock)
    }

    /// What is trained in an epoch.
    pub fn part_at(&self, epoch: usize) -> TrainedPart {
        let due = self.unfreeze.iter().filter(|step| step.epoch <= epoch);
        let block = due.map(|step| step.from_block).min();
        block.map_or(TrainedPart::Head, TrainedPart::FromBlock)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Setting`], which names it.
    pub fn check(&self) -> Result<()> {
        self.head.check()?;
        self.optimizer.check()?;
        require(
            "epochs",
            (1..=100_000).contains(&self.epochs),
            "1 to 100000",
            &self.epochs,
        )?;
        require("batch", self.batch > 0, "at least 1", &self.batch)?;
        positive("learning rate of the head", self.head_rate)?;
        positive("learning rate of the trunk", self.trunk_rate)?;
        let share = (0.0..1.0).contains(&self.warmup);
        require(
            "warm-up",
            share,
            "a share of the steps in [0, 1)",
            &self.warmup,
        )?;
        if let EventWeight::Fixed(weight) = self.event_weight {
            positive("weight of events", weight)?;
        }
        if let Some(norm) = self.clip_norm {
            positive("norm of the gradient", norm)?;
        }
        self.check_early_stopping()?;
        self.check_unfreeze()
    }

    fn check_early_stopping(&self) -> Result<()> {
        match self.early_stopping {
            Some(EarlyStopping {
                patience,
                min_delta,
            }) if patience == 0 || !(min_delta >= 0.0 && min_delta.is_finite()) => {
                Err(Error::Setting {
                    setting: "early stopping",
                    expected: "a patience from 1 and a rise from 0",
                    found: format!("patience {patience}, rise {min_delta}"),
                })
            }
            _ => Ok(()),
        }
    }

    fn check_unfreeze(&self) -> Result<()> {
        let ordered = self
            .unfreeze
            .windows(2)
            .all(|pair| pair[0].epoch < pair[1].epoch && pair[0].from_block > pair[1].from_block);
        let in_range = self
            .unfreeze
            .iter()
            .all(|step| (1..=5).contains(&step.from_block) && step.epoch < self.epochs);
        match ordered && in_range {
            true => Ok(()),
            false => Err(Error::Setting {
                setting: "blocks to be trained",
                expected: "blocks 1 to 5, falling, from rising epochs below the number of epochs",
                found: format!("{:?}", self.unfreeze),
            }),
        }
    }
}

fn positive(setting: &'static str, found: f64) -> Result<()> {
    let good = found > 0.0 && found.is_finite();
    require(setting, good, "a positive number", &found)
}

fn require(
    setting: &'static str,
    good: bool,
    expected: &'static str,
    found: &impl ToString,
) -> Result<()> {
    match good {
        true => Ok(()),
        false => Err(Error::Setting {
            setting,
            expected,
            found: found.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_of_blocks() {
        let at = |epoch, from_block| Unfreeze { epoch, from_block };
        let config = TrainingConfig {
            unfreeze: vec![at(5, 5), at(10, 4)],
            ..TrainingConfig::default()
        };
        assert_eq!(config.part_at(4), TrainedPart::Head);
        assert_eq!(config.part_at(5), TrainedPart::FromBlock(5));
        assert_eq!(config.part_at(39), TrainedPart::FromBlock(4));
        assert_eq!(config.largest_part(), TrainedPart::FromBlock(4));
        assert_eq!(TrainingConfig::default().largest_part(), TrainedPart::Head);
        for bad in [
            vec![at(5, 4), at(10, 5)],
            vec![at(5, 5), at(5, 4)],
            vec![at(0, 6)],
            vec![at(0, 0)],
            vec![at(40, 5)],
        ] {
            let config = TrainingConfig {
                unfreeze: bad,
                ..TrainingConfig::default()
            };
            assert!(config.check().is_err(), "{config:?}");
        }
    }

    #[test]
    fn unusable_settings_are_named() {
        assert!(TrainingConfig::default().check().is_ok());
        let named = |change: &dyn Fn(&mut TrainingConfig), name: &str| {
            let mut config = TrainingConfig::default();
            change(&mut config);
            let message = config.check().expect_err("refused").to_string();
            assert!(message.contains(name), "{message}");
        };
        named(&|config| config.epochs = 0, "epochs");
        named(&|config| config.batch = 0, "batch");
        named(&|config| config.head_rate = f64::NAN, "head");
        named(&|config| config.trunk_rate = -1.0, "trunk");
        named(&|config| config.warmup = 1.0, "warm-up");
        named(&|config| config.clip_norm = Some(0.0), "norm");
        named(
            &|config| config.event_weight = EventWeight::Fixed(0.0),
            "events",
        );
        let impatient = EarlyStopping {
            patience: 0,
            min_delta: 0.0,
        };
        named(
            &|config| config.early_stopping = Some(impatient),
            "early stopping",
        );
        let heavy = OptimizerKind::Sgd {
            momentum: 1.0,
            weight_decay: 0.0,
        };
        named(&|config| config.optimizer = heavy, "momentum");
    }
}
