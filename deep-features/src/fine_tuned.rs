//! A fine-tuned network: what training changed, and all that is needed to use it.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::extractor::weighted_mean;
use crate::head::BottleneckHead;
use crate::layer::{ConvLayer, Layer, VggConfig};
use crate::par;
use crate::prefix::{FrozenPrefix, Place, TrainedPart};
use crate::preprocess::Preprocess;
use crate::tensor_file::{self, Format, Tensors, Values};
use crate::trainer::model::{
    HIDDEN_BIAS, HIDDEN_WEIGHT, OUTPUT_BIAS, OUTPUT_WEIGHT, convolutions_of, head_of,
};
use crate::trainer::{EpochRecord, TrainingConfig, TrainingState};
use crate::vgg::Vgg;
use crate::weights::{ConvWeights, to_kernel_in_out, to_kernel_out_in};

const FORMAT: &str = "fine-tuned network";
const VERSION: u32 = 1;

/// A fine-tuned network: a head, the convolutions that were trained, and the record of how.
///
/// The rest of the trunk is not in it: it is applied to the weights it was trained on, which it knows by their SHA-256.
/// As a file it is one safetensors file that says what it is: network, preprocessing, settings, history.
#[derive(Debug, Clone)]
pub struct FineTuned {
    record: Record,
    head: BottleneckHead,
    /// The trained convolutions, in network order.
    convolutions: Vec<ConvWeights>,
}

/// What a fine-tuned network says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    #[serde(flatten)]
    format: Format,
    /// Version of this crate that trained it.
    pub software: String,
    /// Which VGG.
    pub network: VggConfig,
    /// SHA-256 of the weights it was trained on, as [`WeightsInfo`](crate::WeightsInfo) has it.
    pub trunk_sha256: String,
    /// How its inputs are made.
    pub preprocess: Preprocess,
    /// What was trained.
    pub part: TrainedPart,
    /// The settings of the training.
    pub training: TrainingConfig,
    /// The epoch whose network this is, from 0.
    pub epoch: usize,
    /// What each epoch came to.
    pub history: Vec<EpochRecord>,
}

impl FineTuned {
    pub(crate) fn from_state(
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        state: TrainingState,
    ) -> Result<Self> {
        let (parameters, epoch) = state.kept();
        let config = state.config().clone();
        let part = config.largest_part();
        let network = Self {
            head: head_of(parameters, state.standardization(), &config)?,
            convolutions: convolutions_of(parameters, vgg, part)?,
            record: Record {
                format: format(),
                software: env!("CARGO_PKG_VERSION").to_string(),
                network: *vgg.config(),
                trunk_sha256: prefix.sha256.clone(),
                preprocess: prefix.settings.preprocess.clone(),
                part,
                epoch,
                history: state.history().to_vec(),
                training: config,
            },
        };
        network.check_finite()?;
        Ok(network)
    }

    /// What it says of itself.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The head.
    pub fn head(&self) -> &BottleneckHead {
        &self.head
    }

    /// The trunk with the trained convolutions in it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for another network or other weights than it was trained on.
    pub fn trunk(&self, base: &Vgg) -> Result<Vgg> {
        if *base.config() != self.record.network {
            return Err(Error::Mismatch {
                what: "network",
                expected: self.record.network.to_string(),
                found: base.config().to_string(),
            });
        }
        let found = &base.weights().sha256;
        if *found != self.record.trunk_sha256 {
            return Err(Error::Mismatch {
                what: "weights of the trunk",
                expected: self.record.trunk_sha256.clone(),
                found: found.clone(),
            });
        }
        if self.convolutions.is_empty() {
            return Ok(base.clone());
        }
        let first = base.convolutions_before(self.record.part.first_layer(base)?);
        Ok(base.with_convolutions(first, self.convolutions.clone()))
    }

    /// The features `(rows, units)` of rows of a prefix, each as it is (view 0), without running the frozen part again.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a prefix of other weights or of another part; [`Error::NoSuchRow`].
    pub fn features(
        &self,
        base: &Vgg,
        prefix: &FrozenPrefix,
        rows: &[usize],
    ) -> Result<Array2<f64>> {
        prefix.check_network(base)?;
        if prefix.end != self.record.part.first_layer(base)? {
            return Err(Error::Mismatch {
                what: "part of the network that is trained",
                expected: format!("{:?}", self.record.part),
                found: format!("{:?}", prefix.settings.part),
            });
        }
        let n_rows = prefix.n_rows();
        if let Some(&row) = rows.iter().find(|&&row| row >= n_rows) {
            return Err(Error::NoSuchRow { row, n_rows });
        }
        let trunk = self.trunk(base)?;
        let pooled = par::map_indexed(rows.len(), |i| match prefix.map(rows[i]) {
            None => {
                let place = Place {
                    row: rows[i],
                    view: 0,
                };
                prefix.pooled(place).iter().map(|&v| f64::from(v)).collect()
            }
            Some((map, cells)) => {
                let last = trunk.finish(map, prefix.end);
                weighted_mean(&last, |y, x| f64::from(cells[y * last.width + x]))
                    .unwrap_or_default()
            }
        });
        let shape = (rows.len(), self.head.channels());
        let pooled =
            Array2::from_shape_vec(shape, pooled.concat()).map_err(|error| Error::Model {
                reason: format!("pooled channels: {error}"),
            })?;
        self.head.features(pooled.view())
    }

    /// The logits of an event for rows of a prefix.
    ///
    /// # Errors
    /// As [`features`](Self::features).
    pub fn logits(&self, base: &Vgg, prefix: &FrozenPrefix, rows: &[usize]) -> Result<Array1<f64>> {
        self.head.logits(self.features(base, prefix, rows)?.view())
    }

    /// The network as a safetensors file; equal networks give equal bytes. Convolutions are named as torchvision names
    /// them.
    ///
    /// # Errors
    /// [`Error::Model`] if the description cannot be written.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let head = &self.head;
        let (units, channels) = head.hidden.dim();
        let mut tensors = Tensors::new();
        let mut add = |name: &str, shape: &[usize], values: Vec<f32>| {
            let shape = shape.to_vec();
            tensors.insert(name.to_string(), Values { shape, values });
        };
        add("head.mean", &[channels], head.mean.to_vec());
        add("head.deviation", &[channels], head.deviation.to_vec());
        add(
            HIDDEN_WEIGHT,
            &[units, channels],
            head.hidden.iter().copied().collect(),
        );
        add(HIDDEN_BIAS, &[units], head.hidden_bias.to_vec());
        add(OUTPUT_WEIGHT, &[1, units], head.output.to_vec());
        add(OUTPUT_BIAS, &[1], vec![head.output_bias]);
        for (layer, weights) in self.trained_layers().into_iter().zip(&self.convolutions) {
            let (i, o) = (weights.in_channels, weights.out_channels);
            let name = format!("features.{}", layer.feature_index);
            let kernel = to_kernel_out_in(&weights.kernel, i, o);
            add(&format!("{name}.weight"), &[o, i, 3, 3], kernel);
            add(&format!("{name}.bias"), &[o], weights.bias.clone());
        }
        tensor_file::to_bytes(&tensors, &self.record)
    }

    /// Reads what [`to_safetensors`](Self::to_safetensors) wrote.
    ///
    /// # Errors
    /// [`Error::Model`] for bytes that are no fine-tuned network of this version, or a damaged one; [`Error::Setting`]
    /// for settings that cannot be used.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let (mut tensors, record): (Tensors, Record) = tensor_file::from_bytes(bytes, &format())?;
        record.training.check()?;
        record.preprocess.check()?;
        if record.epoch >= record.history.len() {
            return Err(Error::Model {
                reason: format!(
                    "expected an epoch below {}, found {}",
                    record.history.len(),
                    record.epoch
                ),
            });
        }
        if record.part != record.training.largest_part() {
            return Err(Error::Model {
                reason: format!(
                    "expected the part that the settings train, {:?}, found {:?}",
                    record.training.largest_part(),
                    record.part
                ),
            });
        }
        let layers = record.network.layers();
        let channels = layers.iter().rev().find_map(|layer| match layer {
            Layer::Conv(conv) => Some(conv.out_channels),
            Layer::Pool(_) => None,
        });
        let (channels, units) = (channels.unwrap_or_default(), record.training.head.units);
        let mut take = |name: &str, shape: &[usize]| tensor_file::take(&mut tensors, name, shape);
        let hidden = take(HIDDEN_WEIGHT, &[units, channels])?;
        let head = BottleneckHead {
            config: record.training.head,
            mean: take("head.mean", &[channels])?.into(),
            deviation: take("head.deviation", &[channels])?.into(),
            hidden: Array2::from_shape_fn((units, channels), |(u, c)| hidden[u * channels + c]),
            hidden_bias: take(HIDDEN_BIAS, &[units])?.into(),
            output: take(OUTPUT_WEIGHT, &[1, units])?.into(),
            output_bias: take(OUTPUT_BIAS, &[1])?[0],
        };
        if let Some(c) = head.deviation.iter().position(|&d| d <= 0.0) {
            return Err(Error::Model {
                reason: format!(
                    "head.deviation: expected positive values, found {} at {c}",
                    head.deviation[c]
                ),
            });
        }
        let mut network = Self {
            record,
            head,
            convolutions: Vec::new(),
        };
        for layer in network.trained_layers() {
            let (i, o) = (layer.in_channels, layer.out_channels);
            let name = format!("features.{}", layer.feature_index);
            let kernel = take(&format!("{name}.weight"), &[o, i, 3, 3])?;
            network.convolutions.push(ConvWeights {
                in_channels: i,
                out_channels: o,
                kernel: to_kernel_in_out(&kernel, i, o),
                bias: take(&format!("{name}.bias"), &[o])?,
            });
        }
        tensor_file::all_taken(&tensors)?;
        Ok(network)
    }

    /// The convolutions that were trained.
    fn trained_layers(&self) -> Vec<ConvLayer> {
        let from = match self.record.part {
            TrainedPart::Head => return Vec::new(),
            TrainedPart::FromBlock(block) => block,
        };
        let layers = self.record.network.layers().into_iter();
        let convolution = |layer| match layer {
            Layer::Conv(conv) if conv.block >= from => Some(conv),
            _ => None,
        };
        layers.filter_map(convolution).collect()
    }

    fn check_finite(&self) -> Result<()> {
        let head = &self.head;
        let of_head = head
            .hidden
            .iter()
            .chain(&head.hidden_bias)
            .chain(&head.output)
            .chain([&head.output_bias]);
        let of_trunk = self
            .convolutions
            .iter()
            .flat_map(|c| c.kernel.iter().chain(&c.bias));
        match of_head.chain(of_trunk).find(|value| !value.is_finite()) {
            None => Ok(()),
            Some(&value) => Err(Error::Diverged {
                epoch: self.record.epoch,
                what: "parameters".to_string(),
                value: value.into(),
            }),
        }
    }
}

fn format() -> Format {
    Format {
        format: FORMAT.to_string(),
        version: VERSION,
    }
}
