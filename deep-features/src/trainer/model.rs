//! The part of a network that is being trained, as variables of candle.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};
use ndarray::{Array1, Array2};

use super::TrainingConfig;
use crate::error::{Error, Result};
use crate::head::{Activation, BottleneckHead};
use crate::kernels::conv_op::InputGradient;
use crate::layer::Layer;
use crate::prefix::{FrozenPrefix, Place, TrainedPart};
use crate::rng::{Purpose, generator, normal};
use crate::vgg::{ConvTensors, Vgg};
use crate::weights::ConvWeights;

/// Names of the head's parameters.
pub(crate) const HIDDEN_WEIGHT: &str = "head.hidden.weight";
pub(crate) const HIDDEN_BIAS: &str = "head.hidden.bias";
pub(crate) const OUTPUT_WEIGHT: &str = "head.output.weight";
pub(crate) const OUTPUT_BIAS: &str = "head.output.bias";

/// Parameters by name, in the order of their names: sums over parameters and files do not depend on anything else.
/// Kernels are `(3, 3, in, out)`.
pub(crate) type Parameters = BTreeMap<String, Tensor>;

/// What the pooled channels are standardized with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standardization {
    pub mean: Vec<f32>,
    pub deviation: Vec<f32>,
}

impl Standardization {
    /// Mean and deviation (divided by n) of each channel over all views of some rows; 1 for a channel that does not
    /// vary.
    pub(crate) fn of(prefix: &FrozenPrefix, rows: &[usize]) -> Self {
        let views = prefix.n_views();
        let n = (rows.len() * views) as f64;
        let places = || {
            rows.iter()
                .flat_map(move |&row| (0..views).map(move |view| Place { row, view }))
        };
        let mut mean = vec![0.0f64; prefix.channels()];
        for place in places() {
            for (sum, &value) in mean.iter_mut().zip(prefix.pooled(place)) {
                *sum += f64::from(value) / n;
            }
        }
        let mut variance = vec![0.0f64; mean.len()];
        for place in places() {
            for ((sum, &value), mean) in variance.iter_mut().zip(prefix.pooled(place)).zip(&mean) {
                *sum += (f64::from(value) - mean).powi(2) / n;
            }
        }
        let deviation = |(variance, mean): (f64, &f64)| {
            let deviation = variance.sqrt();
            // Rounding of the pooled channels alone gives a constant channel this deviation.
            match deviation > 1e-6 * mean.abs() {
                true => deviation as f32,
                false => 1.0,
            }
        };
        Self {
            deviation: variance.into_iter().zip(&mean).map(deviation).collect(),
            mean: mean.into_iter().map(|value| value as f32).collect(),
        }
    }
}

/// The variables, with what they are applied to.
pub(crate) struct Model<'a> {
    vgg: &'a Vgg,
    prefix: &'a FrozenPrefix,
    config: &'a TrainingConfig,
    pub(crate) variables: BTreeMap<String, Var>,
    mean: Tensor,
    deviation: Tensor,
}

impl<'a> Model<'a> {
    pub(crate) fn new(
        vgg: &'a Vgg,
        prefix: &'a FrozenPrefix,
        config: &'a TrainingConfig,
        standardization: &Standardization,
        parameters: &Parameters,
    ) -> Result<Self> {
        let channels = standardization.mean.len();
        let row = |values: &[f32]| Tensor::from_slice(values, (1, channels), vgg.device());
        let variables = parameters
            .iter()
            .map(|(name, value)| Ok((name.clone(), Var::from_tensor(value)?)))
            .collect::<candle_core::Result<_>>()?;
        Ok(Self {
            vgg,
            prefix,
            config,
            variables,
            mean: row(&standardization.mean)?,
            deviation: row(&standardization.deviation)?,
        })
    }

    pub(crate) fn device(&self) -> &Device {
        self.vgg.device()
    }

    /// Copies of the variables' values.
    pub(crate) fn parameters(&self) -> Result<Parameters> {
        let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.as_tensor().copy()?));
        self.variables.iter().map(copy).collect()
    }

    /// Names of the parameters that are trained where `part` is.
    pub(crate) fn trained(&self, part: TrainedPart) -> Result<Vec<String>> {
        let first = part.first_layer(self.vgg)?;
        let before = (self.prefix.end..first.max(self.prefix.end))
            .filter_map(|position| conv_name(self.vgg.layer(position)))
            .collect::<Vec<_>>();
        let frozen = |name: &String| before.iter().any(|conv| name.starts_with(conv.as_str()));
        Ok(self
            .variables
            .keys()
            .filter(|name| !frozen(name))
            .cloned()
            .collect())
    }

    /// The weights of all convolutions, variables where they are trained.
    pub(crate) fn convolutions(&self, part: TrainedPart) -> Result<Vec<ConvTensors>> {
        let first = part.first_layer(self.vgg)?;
        let mut tensors = self.vgg.tensors()?.to_vec();
        for position in self.prefix.end..self.vgg.n_layers() {
            let Some(name) = conv_name(self.vgg.layer(position)) else {
                continue;
            };
            let number = self.vgg.convolutions_before(position);
            let variable = |what: &str| self.variables[&format!("{name}{what}")].as_tensor();
            let (kernel, bias) = (variable("weight"), variable("bias"));
            tensors[number] = match position < first {
                true => ConvTensors {
                    kernel: kernel.detach(),
                    bias: bias.detach(),
                    input_gradient: InputGradient::NotNeeded,
                },
                false => ConvTensors {
                    kernel: kernel.clone(),
                    bias: bias.clone(),
                    input_gradient: match number == self.vgg.convolutions_before(first) {
                        true => InputGradient::NotNeeded,
                        false => InputGradient::Wanted,
                    },
                },
            };
        }
        Ok(tensors)
    }

    /// Logits of some views, `(n)`. `convolutions` are needed where more than the head was ever trained; `kept` scales
    /// each unit of each row, `(n, units)`.
    pub(crate) fn logits(
        &self,
        places: &[Place],
        convolutions: Option<&[ConvTensors]>,
        kept: Option<&Tensor>,
    ) -> Result<Tensor> {
        let pooled = match convolutions {
            Some(convolutions) => self.pooled_by(places, convolutions)?,
            None => self.pooled_before(places)?,
        };
        let variable = |name: &str| self.variables[name].as_tensor();
        let standardized = pooled
            .broadcast_sub(&self.mean)?
            .broadcast_div(&self.deviation)?;
        let mut units = standardized
            .matmul(&variable(HIDDEN_WEIGHT).t()?)?
            .broadcast_add(variable(HIDDEN_BIAS))?;
        if self.config.head.activation == Activation::Relu {
            units = crate::vgg::relu(&units)?;
        }
        if let Some(kept) = kept {
            units = (units * kept)?;
        }
        let logits = units
            .matmul(&variable(OUTPUT_WEIGHT).t()?)?
            .broadcast_add(variable(OUTPUT_BIAS))?;
        Ok(logits.squeeze(1)?)
    }

    fn pooled_before(&self, places: &[Place]) -> Result<Tensor> {
        let values = places.iter().flat_map(|&place| self.prefix.pooled(place));
        let shape = (places.len(), self.prefix.channels());
        Ok(Tensor::from_vec(
            values.copied().collect::<Vec<_>>(),
            shape,
            self.vgg.device(),
        )?)
    }

    fn pooled_by(&self, places: &[Place], convolutions: &[ConvTensors]) -> Result<Tensor> {
        let maps = self.prefix.maps(places, self.vgg)?;
        let layers = self.prefix.end..self.vgg.n_layers();
        let last = self
            .vgg
            .walk_tensors(&maps, layers, convolutions, |_, _| Ok(()))?;
        let cells = self.prefix.cells(places, self.vgg)?;
        pool(&last, &cells)
    }
}

/// Weighted mean over space: `(n, c, h, w)` with shares `(n, 1, h w)` becomes `(n, c)`.
pub(crate) fn pool(map: &Tensor, cells: &Tensor) -> Result<Tensor> {
    Ok(map.flatten_from(2)?.broadcast_mul(cells)?.sum(2)?)
}

/// `features.28.` for the convolution of that index; `None` for a pool.
pub(crate) fn conv_name(layer: Layer) -> Option<String> {
    match layer {
        Layer::Conv(conv) => Some(format!("features.{}.", conv.feature_index)),
        Layer::Pool(_) => None,
    }
}

/// The parameters before the first step: convolutions as loaded, the head's weights from N(0, 1 / inputs), its biases
/// 0. They depend on the seed and on nothing else, so that the units of networks trained on different folds begin as
/// the same.
pub(crate) fn first_parameters(vgg: &Vgg, config: &TrainingConfig) -> Result<Parameters> {
    let device = vgg.device();
    let (units, last) = (config.head.units, vgg.n_layers() - 1);
    let channels = vgg.channels(last);
    let draw = |index, shape: (usize, usize)| {
        let mut rng = generator(config.seed, Purpose::Head, index);
        let deviation = (1.0 / shape.1 as f64).sqrt();
        Tensor::from_vec(
            normal(&mut rng, shape.0 * shape.1, deviation),
            shape,
            device,
        )
    };
    let zeros = |n: usize| Tensor::zeros(n, candle_core::DType::F32, device);
    let mut parameters = Parameters::from([
        (HIDDEN_WEIGHT.to_string(), draw(0, (units, channels))?),
        (HIDDEN_BIAS.to_string(), zeros(units)?),
        (OUTPUT_WEIGHT.to_string(), draw(1, (1, units))?),
        (OUTPUT_BIAS.to_string(), zeros(1)?),
    ]);
    for position in config.largest_part().first_layer(vgg)?..vgg.n_layers() {
        if let Some(name) = conv_name(vgg.layer(position)) {
            let tensors = &vgg.tensors()?[vgg.convolutions_before(position)];
            parameters.insert(format!("{name}weight"), tensors.kernel.clone());
            parameters.insert(format!("{name}bias"), tensors.bias.clone());
        }
    }
    Ok(parameters)
}

/// The head among the parameters.
pub(crate) fn head_of(
    parameters: &Parameters,
    standardization: &Standardization,
    config: &TrainingConfig,
) -> Result<BottleneckHead> {
    let values = |name: &str| -> Result<Vec<f32>> {
        let tensor = parameters.get(name).ok_or_else(|| Error::Model {
            reason: format!("expected the tensor {name}, found none"),
        })?;
        Ok(tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()?)
    };
    let channels = standardization.mean.len();
    let hidden = values(HIDDEN_WEIGHT)?;
    let shape = (config.head.units, channels);
    let hidden = Array2::from_shape_vec(shape, hidden).map_err(|error| Error::Model {
        reason: format!("{HIDDEN_WEIGHT}: expected {shape:?}, {error}"),
    })?;
    Ok(BottleneckHead {
        config: config.head,
        mean: Array1::from(standardization.mean.clone()),
        deviation: Array1::from(standardization.deviation.clone()),
        hidden,
        hidden_bias: Array1::from(values(HIDDEN_BIAS)?),
        output: Array1::from(values(OUTPUT_WEIGHT)?),
        output_bias: values(OUTPUT_BIAS)?.first().copied().unwrap_or_default(),
    })
}

/// The trained convolutions among the parameters, in network order.
pub(crate) fn convolutions_of(
    parameters: &Parameters,
    vgg: &Vgg,
    part: TrainedPart,
) -> Result<Vec<ConvWeights>> {
    let mut made = Vec::new();
    for position in part.first_layer(vgg)?..vgg.n_layers() {
        let Some(name) = conv_name(vgg.layer(position)) else {
            continue;
        };
        let base = vgg.convolution(vgg.convolutions_before(position));
        let (i, o) = (base.in_channels, base.out_channels);
        let values = |what: &str, n: usize| -> Result<Vec<f32>> {
            let key = format!("{name}{what}");
            let tensor = parameters.get(&key).filter(|t| t.elem_count() == n);
            let tensor = tensor.ok_or_else(|| Error::Model {
                reason: format!("expected {n} values of {key}"),
            })?;
            Ok(tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()?)
        };
        made.push(ConvWeights {
            in_channels: i,
            out_channels: o,
            kernel: values("weight", 9 * i * o)?,
            bias: values("bias", o)?,
        });
    }
    Ok(made)
}
