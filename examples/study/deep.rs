//! Deep features of a region from the network's pooled channels, in one of three ways.
//!
//! | way | features | fitted on |
//! |---|---|---|
//! | `head:128` | units of a head that was trained on the outcomes | training patients, out of fold |
//! | `pca:128` | principal components | training patients, without outcomes |
//! | `pooled` | the channels themselves | nothing |

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::ValueEnum;
use deep_features::trainer::TrainingConfig;
use deep_features::{
    CrossFit, CrossFitStage, CrossFitting, FeatureExtractor, FineTuned, FrozenPrefix, HeadConfig,
    Pca, PcaFit, PrefixSettings, Preprocess, Samples, Trainer,
};
use ndarray::{Array2, ArrayView2, Axis};

use crate::atomic_file::write_atomically;
use crate::table_file::{Cell, write_csv};

/// How the network's pooled channels become features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeepWay {
    /// So many units of a head trained on the outcomes.
    Head(usize),
    /// At most so many principal components of the training rows.
    Components(usize),
    /// The channels themselves.
    Pooled,
}

impl FromStr for DeepWay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (way, count) = match text.split_once(':') {
            Some((way, count)) => (way, Some(count)),
            None => (text, None),
        };
        let count = |default: usize| match count {
            None => Some(default),
            Some(count) => count.parse().ok().filter(|n| (1..=4096).contains(n)),
        };
        let made = match way {
            "head" => count(128).map(Self::Head),
            "pca" => count(128).map(Self::Components),
            "pooled" if text == way => Some(Self::Pooled),
            _ => None,
        };
        made.ok_or_else(|| {
            format!("expected head, head:UNITS, pca, pca:K (1 to 4096) or pooled, found {text}")
        })
    }
}

impl fmt::Display for DeepWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(units) => write!(f, "head:{units}"),
            Self::Components(k) => write!(f, "pca:{k}"),
            Self::Pooled => f.write_str("pooled"),
        }
    }
}

/// Which network the features of training patients come from, where a head was trained on outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TrainingFeatures {
    /// For every patient from a network that has not seen this patient.
    #[default]
    OutOfFold,
    /// From the network that was trained on all of them: their features know their outcomes. Only to show what that does.
    InSample,
}

/// How deep features are made.
#[derive(Debug, Clone, PartialEq)]
pub struct DeepSettings {
    /// The way.
    pub way: DeepWay,
    /// Seed of a head's training.
    pub seed: u64,
    /// Where a head's features of training patients come from.
    pub training: TrainingFeatures,
}

/// Pooled channels of the outlines of a region, with whose they are.
#[derive(Debug)]
pub struct PooledRows<'a> {
    /// Rows outlines, columns channels.
    pub values: ArrayView2<'a, f64>,
    /// The patient of each row.
    pub patients: Vec<String>,
    /// The outcome of each row's patient.
    pub outcome: Vec<bool>,
    /// The rows that features may be fitted on.
    pub training: Vec<usize>,
}

/// Deep features of a region.
#[derive(Debug, Clone)]
pub struct DeepFeatures {
    /// Names of the columns.
    pub names: Vec<String>,
    /// One row for each row of channels.
    pub values: Array2<f64>,
    /// What makes them for a new patient.
    pub model: DeepModel,
    /// What happened in training, where there was one.
    pub training: Option<TrainingLog>,
}

/// What makes deep features of pooled channels.
#[derive(Debug, Clone)]
pub enum DeepModel {
    /// A trained head.
    Head(Box<FineTuned>),
    /// Principal components.
    Components(Box<PcaFit>),
    /// Nothing: the channels themselves.
    Pooled,
}

/// Losses and AUC of the epochs of all networks of a region.
#[derive(Debug, Clone, Default)]
pub struct TrainingLog {
    rows: Vec<Vec<Cell>>,
}

impl DeepSettings {
    /// Makes the features of all rows, fitted on the training rows.
    ///
    /// # Errors
    /// When the training rows are too few for the way.
    pub fn fit(
        &self,
        network: &FeatureExtractor,
        preprocess: &Preprocess,
        rows: &PooledRows<'_>,
    ) -> anyhow::Result<DeepFeatures> {
        let config = network.vgg().config();
        match self.way {
            DeepWay::Pooled => Ok(DeepFeatures {
                names: network.names(),
                values: rows.values.to_owned(),
                model: DeepModel::Pooled,
                training: None,
            }),
            DeepWay::Components(k) => {
                let training = rows.values.select(Axis(0), &rows.training);
                let fit = Pca::at_most(k).fit(training.view())?;
                Ok(DeepFeatures {
                    names: fit.names(config),
                    values: fit.transform(rows.values)?,
                    model: DeepModel::Components(Box::new(fit)),
                    training: None,
                })
            }
            DeepWay::Head(units) => self
                .train(units, network, preprocess, rows)
                .context("training a head on the outcomes (--deep pca needs none)"),
        }
    }

    fn train(
        &self,
        units: usize,
        network: &FeatureExtractor,
        preprocess: &Preprocess,
        rows: &PooledRows<'_>,
    ) -> anyhow::Result<DeepFeatures> {
        let vgg = network.vgg();
        let settings = PrefixSettings::new(preprocess.clone());
        let prefix = FrozenPrefix::from_pooled(vgg, settings, rows.values)?;
        let samples = Samples::new(rows.patients.clone(), rows.outcome.clone())?;
        let trainer = Trainer::new(TrainingConfig {
            seed: self.seed,
            head: HeadConfig {
                units,
                ..HeadConfig::default()
            },
            ..TrainingConfig::default()
        })?;
        let mut log = TrainingLog::default();
        let fit = CrossFit::train(
            &trainer,
            CrossFitting::default(),
            vgg,
            &prefix,
            &samples,
            &rows.training,
            |stage, state| log.note(stage, state.history().last()),
        )?;
        let all: Vec<usize> = (0..samples.len()).collect();
        let values = match self.training {
            TrainingFeatures::OutOfFold => fit.features(vgg, &prefix, &samples, &all)?,
            TrainingFeatures::InSample => fit.whole().features(vgg, &prefix, &all)?,
        };
        let model = fit.whole().clone();
        Ok(DeepFeatures {
            names: model.head().names(vgg.config()),
            values,
            model: DeepModel::Head(Box::new(model)),
            training: Some(log),
        })
    }
}

impl DeepModel {
    /// Names of the columns.
    pub fn names(&self, network: &FeatureExtractor) -> Vec<String> {
        match self {
            Self::Head(model) => model.head().names(network.vgg().config()),
            Self::Components(fit) => fit.names(network.vgg().config()),
            Self::Pooled => network.names(),
        }
    }

    /// Features of pooled channels.
    ///
    /// # Errors
    /// Channels of another network.
    pub fn apply(&self, pooled: ArrayView2<'_, f64>) -> anyhow::Result<Array2<f64>> {
        Ok(match self {
            Self::Head(model) => model.head().features(pooled)?,
            Self::Components(fit) => fit.transform(pooled)?,
            Self::Pooled => pooled.to_owned(),
        })
    }

    /// One sentence for a report.
    pub fn describe(&self) -> String {
        match self {
            Self::Head(model) => {
                let epoch = &model.record().history[model.record().epoch];
                let auc = epoch
                    .validation_auc
                    .map_or_else(String::new, |auc| format!(", validation AUC {auc:.3}"));
                format!(
                    "{} units of a head trained on the outcomes of training patients (epoch {}{auc})",
                    model.head().units(),
                    epoch.epoch + 1
                )
            }
            Self::Components(fit) => format!(
                "{} principal components of the network's features (fitted on {} training images, {:.1}% of their variance)",
                fit.k(),
                fit.n_samples,
                100.0 * fit.explained_variance_ratio.sum()
            ),
            Self::Pooled => "the network's pooled channels".to_owned(),
        }
    }

    /// Writes the model beside others; returns the name of its file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path, stem: &str) -> anyhow::Result<Option<String>> {
        let (name, bytes) = match self {
            Self::Head(model) => (format!("{stem}_head.safetensors"), model.to_safetensors()?),
            Self::Components(fit) => (format!("{stem}_components.json"), serde_json::to_vec(fit)?),
            Self::Pooled => return Ok(None),
        };
        write_atomically(&folder.join(&name), &bytes)?;
        Ok(Some(name))
    }

    /// Reads what [`write`](Self::write) wrote: `bytes` of the file `path`.
    ///
    /// # Errors
    /// A file that is neither, or damaged.
    pub fn read(path: &Path, bytes: &[u8]) -> anyhow::Result<Self> {
        let shown = || path.display().to_string();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("safetensors") => {
                let model = FineTuned::from_safetensors(bytes).with_context(shown)?;
                if model.record().part != deep_features::TrainedPart::Head {
                    bail!(
                        "{}: expected a head alone, found trained blocks",
                        path.display()
                    );
                }
                Ok(Self::Head(Box::new(model)))
            }
            Some("json") => {
                let fit = serde_json::from_slice(bytes).with_context(shown)?;
                Ok(Self::Components(Box::new(fit)))
            }
            _ => bail!("{}: expected .safetensors or .json", path.display()),
        }
    }
}

impl TrainingLog {
    fn note(&mut self, stage: CrossFitStage, epoch: Option<&deep_features::trainer::EpochRecord>) {
        let Some(epoch) = epoch else { return };
        let network = match stage {
            CrossFitStage::WithoutFold(fold) => format!("without fold {}", fold + 1),
            CrossFitStage::Whole => "all".to_owned(),
        };
        self.rows.push(vec![
            network.into(),
            (epoch.epoch + 1).into(),
            epoch.head_rate.into(),
            epoch.train_loss.into(),
            epoch.validation_loss.into(),
            epoch.validation_auc.into(),
        ]);
    }

    /// Writes one row an epoch.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let header = [
            "network",
            "epoch",
            "learning_rate",
            "train_loss",
            "validation_loss",
            "validation_auc",
        ];
        write_csv(path, &header, self.rows.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_as_they_are_written() {
        for (text, way) in [
            ("head", DeepWay::Head(128)),
            ("head:16", DeepWay::Head(16)),
            ("pca", DeepWay::Components(128)),
            ("pca:3", DeepWay::Components(3)),
            ("pooled", DeepWay::Pooled),
        ] {
            assert_eq!(text.parse(), Ok(way));
            assert_eq!(way.to_string().parse(), Ok(way));
        }
        for bad in [
            "", "head:", "head:0", "pca:x", "pooled:3", "lda", "pca:5000",
        ] {
            assert!(bad.parse::<DeepWay>().is_err(), "{bad}");
        }
    }
}
