//! A training between two epochs, as a file.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::model::{Parameters, Standardization};
use super::{EpochRecord, Trainer, TrainingConfig};
use crate::error::{Error, Result};
use crate::optimizer::Moments;
use crate::prefix::{FrozenPrefix, Place};
use crate::samples::{Samples, Split};
use crate::tensor_file::{self, Format, Tensors, Values};

const FORMAT: &str = "training state";
const VERSION: u32 = 1;

/// A training after some epochs: all that is needed to go on.
#[derive(Debug, Clone)]
pub struct TrainingState {
    pub(super) config: TrainingConfig,
    pub(super) fingerprint: String,
    pub(super) history: Vec<EpochRecord>,
    pub(super) standardization: Standardization,
    pub(super) parameters: Parameters,
    pub(super) moments: BTreeMap<String, Moments>,
    pub(super) best: Option<Best>,
}

/// The network of the best epoch so far.
#[derive(Debug, Clone)]
pub(super) struct Best {
    pub epoch: usize,
    pub auc: f64,
    pub parameters: Parameters,
}

#[derive(Debug, Serialize, Deserialize)]
struct Description {
    #[serde(flatten)]
    format: Format,
    software: String,
    fingerprint: String,
    config: TrainingConfig,
    /// Steps that each parameter has made.
    steps: BTreeMap<String, u32>,
    best: Option<BestRecord>,
    history: Vec<EpochRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BestRecord {
    epoch: usize,
    auc: f64,
}

impl Description {
    /// Refuses counts that no training can have come to.
    fn check(&self) -> Result<()> {
        let passed = self.history.len();
        let best = self.best.as_ref().is_none_or(|best| best.epoch < passed);
        // Adam raises numbers to the power of the steps.
        let steps = self
            .steps
            .values()
            .all(|&steps| i32::try_from(steps).is_ok());
        match best && steps && passed <= self.config.epochs {
            true => Ok(()),
            false => Err(Error::Model {
                reason: format!("expected the counts of a training of {passed} epochs"),
            }),
        }
    }
}

impl TrainingState {
    /// Epochs that have passed.
    pub fn epoch(&self) -> usize {
        self.history.len()
    }

    /// What each epoch came to.
    pub fn history(&self) -> &[EpochRecord] {
        &self.history
    }

    /// The settings of the training.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    pub(crate) fn standardization(&self) -> &Standardization {
        &self.standardization
    }

    /// Adds an epoch, after which the parameters are the current ones.
    pub(super) fn note(&mut self, record: EpochRecord) {
        if let (Some(stopping), Some(auc)) = (self.config.early_stopping, record.validation_auc) {
            let rises = |best: &Best| auc > best.auc + stopping.min_delta;
            if self.best.as_ref().is_none_or(rises) {
                self.best = Some(Best {
                    epoch: record.epoch,
                    auc,
                    parameters: self.parameters.clone(),
                });
            }
        }
        self.history.push(record);
    }

    /// Whether the tensors are those of a network.
    pub(super) fn check(&self, network: &Parameters, channels: usize) -> Result<()> {
        let shapes = |parameters: &Parameters| -> Vec<(String, Vec<usize>)> {
            let shape = |(name, t): (&String, &Tensor)| (name.clone(), t.dims().to_vec());
            parameters.iter().map(shape).collect()
        };
        let of = &self.standardization;
        let fits = shapes(&self.parameters) == shapes(network)
            && [&of.mean, &of.deviation]
                .iter()
                .all(|values| values.len() == channels)
            && of.deviation.iter().all(|&deviation| deviation > 0.0);
        match fits {
            true => Ok(()),
            false => Err(Error::Model {
                reason: "expected the tensors of the network, found others in the training state"
                    .to_string(),
            }),
        }
    }

    /// The network that is kept, and its epoch.
    pub(crate) fn kept(&self) -> (&Parameters, usize) {
        match &self.best {
            Some(best) => (&best.parameters, best.epoch),
            None => (&self.parameters, self.epoch().saturating_sub(1)),
        }
    }

    /// The state as a safetensors file. Equal states give equal bytes.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the device cannot be read.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let mut tensors = Tensors::new();
        let mut add = |prefix: &str, name: &str, tensor: &Tensor| -> Result<()> {
            let shape = tensor.dims().to_vec();
            let values = tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()?;
            tensors.insert(format!("{prefix}/{name}"), Values { shape, values });
            Ok(())
        };
        for (name, tensor) in &self.parameters {
            add("current", name, tensor)?;
        }
        for (name, tensor) in self.best.iter().flat_map(|best| &best.parameters) {
            add("best", name, tensor)?;
        }
        for (name, moments) in &self.moments {
            for (prefix, tensor) in [("first", &moments.first), ("second", &moments.second)] {
                if let Some(tensor) = tensor {
                    add(prefix, name, tensor)?;
                }
            }
        }
        let of = &self.standardization;
        for (name, values) in [("mean", &of.mean), ("deviation", &of.deviation)] {
            add(
                "pooled",
                name,
                &Tensor::new(values.as_slice(), &Device::Cpu)?,
            )?;
        }
        let steps = self.moments.iter().map(|(name, m)| (name.clone(), m.steps));
        let description = Description {
            format: format(),
            software: env!("CARGO_PKG_VERSION").to_string(),
            fingerprint: self.fingerprint.clone(),
            config: self.config.clone(),
            steps: steps.collect(),
            best: self.best.as_ref().map(|best| BestRecord {
                epoch: best.epoch,
                auc: best.auc,
            }),
            history: self.history.clone(),
        };
        tensor_file::to_bytes(&tensors, &description)
    }

    /// Reads what [`to_safetensors`](Self::to_safetensors) wrote.
    ///
    /// # Errors
    /// [`Error::Model`] for bytes that are no training state of this version, or a damaged one; [`Error::Setting`] for
    /// settings that cannot be used.
    pub fn from_safetensors(bytes: &[u8], device: &Device) -> Result<Self> {
        let (tensors, description): (Tensors, Description) =
            tensor_file::from_bytes(bytes, &format())?;
        description.config.check()?;
        description.check()?;
        let group = |prefix: &str| group(&tensors, prefix, device);
        let (parameters, best) = (group("current")?, group("best")?);
        let (mut first, mut second) = (group("first")?, group("second")?);
        let complete = best.is_empty() != description.best.is_some()
            && (best.is_empty() || best.len() == parameters.len());
        let fits = |others: &&Parameters| same_shapes(others, &parameters);
        if ![&best, &first, &second].iter().all(fits) || !complete {
            return Err(Error::Model {
                reason: "expected the same tensors in every part of a training state".to_string(),
            });
        }
        let mut moments = BTreeMap::new();
        for (name, steps) in description.steps {
            let (first, second) = (first.remove(&name), second.remove(&name));
            let of_parameter = Moments {
                steps,
                first,
                second,
            };
            moments.insert(name, of_parameter);
        }
        let row = |name: &str| match tensors.get(name) {
            Some(tensor) => Ok(tensor.values.clone()),
            None => Err(Error::Model {
                reason: format!("expected the tensor {name}, found none"),
            }),
        };
        Ok(Self {
            fingerprint: description.fingerprint,
            history: description.history,
            standardization: Standardization {
                mean: row("pooled/mean")?,
                deviation: row("pooled/deviation")?,
            },
            moments,
            best: description.best.map(|record| Best {
                epoch: record.epoch,
                auc: record.auc,
                parameters: best,
            }),
            parameters,
            config: description.config,
        })
    }
}

/// The tensors of a part of the file.
fn group(tensors: &Tensors, prefix: &str, device: &Device) -> Result<Parameters> {
    let of_group = tensors.iter().filter_map(|(key, tensor)| {
        let name = key.strip_prefix(prefix)?.strip_prefix('/')?;
        Some((name, tensor))
    });
    of_group
        .map(|(name, tensor)| {
            let values = tensor.values.clone();
            let tensor = Tensor::from_vec(values, tensor.shape.as_slice(), device)?;
            Ok((name.to_string(), tensor))
        })
        .collect()
}

/// Whether tensors are some of the parameters, or as large as they.
fn same_shapes(others: &Parameters, parameters: &Parameters) -> bool {
    others.iter().all(|(name, tensor)| {
        let parameter = parameters.get(name);
        parameter.is_some_and(|parameter| parameter.dims() == tensor.dims())
    })
}

fn format() -> Format {
    Format {
        format: FORMAT.to_string(),
        version: VERSION,
    }
}

impl Trainer {
    /// Identifies all that a training depends on.
    pub(super) fn fingerprint(
        &self,
        prefix: &FrozenPrefix,
        samples: &Samples,
        split: &Split,
    ) -> String {
        let mut hash = Sha256::new();
        hash.update(format!(
            "{:?} {:?} {}",
            self.config, prefix.settings, prefix.sha256
        ));
        for (patient, event) in samples.patients().iter().zip(samples.events()) {
            hash.update(format!("{patient:?} {event} "));
        }
        hash.update(format!("{:?} {:?}", split.train(), split.validation()));
        for row in 0..prefix.n_rows() {
            for view in 0..prefix.n_views() {
                for value in prefix.pooled(Place { row, view }) {
                    hash.update(value.to_le_bytes());
                }
            }
        }
        let digest = hash.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
