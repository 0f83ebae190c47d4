//! The head that makes few features of many: pooled channels, a layer of 128 units, and a logit.
//!
//! ```text
//! p = channels of pool5, averaged over space           (C)
//! z = W₁ (p - μ) / s + b₁                              (units)   the exported features
//! logit of an event = w₂ · a(z) + b₂
//! ```
//!
//! `μ` and `s` are the mean and standard deviation of each pooled channel over the training rows of the network as
//! loaded; a channel that does not vary has `s = 1`. The activation `a` is the identity by default: a ReLU would leave
//! many exported columns constant at zero, which later selection must drop.

use ndarray::{Array1, Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::cam::CamTarget;
use crate::error::{Error, Result};
use crate::extractor::Pooling;
use crate::layer::VggConfig;

/// What follows the layer of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// Nothing: the features and the logit are linear in the pooled channels.
    Identity,
    /// `max(0, z)`; the exported features are those after it.
    Relu,
}

/// Shape of the head.
///
/// | setting | default | range |
/// |---|---|---|
/// | `units` | 128 | 1 to 4096 |
/// | `activation` | identity | |
/// | `dropout` | 0.5 | \[0, 1), share of the units set to 0 in a training step |
/// | `pooling` | average | average or masked average |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadConfig {
    /// Number of exported features.
    pub units: usize,
    /// What follows the units.
    pub activation: Activation,
    /// Share of the units set to 0 in a training step; the others are divided by the share that stays.
    pub dropout: f64,
    /// How pool5 is averaged over space.
    pub pooling: Pooling,
}

impl Default for HeadConfig {
    fn default() -> Self {
        Self {
            units: 128,
            activation: Activation::Identity,
            dropout: 0.5,
            pooling: Pooling::Average,
        }
    }
}

impl HeadConfig {
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |setting, expected, found: String| {
            Err(Error::Setting {
                setting,
                expected,
                found,
            })
        };
        if !(1..=4096).contains(&self.units) {
            return refuse("units of the head", "1 to 4096", self.units.to_string());
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse("dropout", "a share in [0, 1)", self.dropout.to_string());
        }
        if self.pooling == Pooling::Maximum {
            return refuse(
                "pooling of the head",
                "avg or masked-avg",
                self.pooling.to_string(),
            );
        }
        Ok(())
    }
}

/// A trained head; one trained elsewhere can be written down as well.
#[derive(Debug, Clone, PartialEq)]
pub struct BottleneckHead {
    /// Its shape.
    pub config: HeadConfig,
    /// Mean of each pooled channel over the training rows, `(C)`.
    pub mean: Array1<f32>,
    /// Standard deviation of each pooled channel over the training rows, `(C)`, positive.
    pub deviation: Array1<f32>,
    /// Weights of the units, `(units, C)`.
    pub hidden: Array2<f32>,
    /// Biases of the units, `(units)`.
    pub hidden_bias: Array1<f32>,
    /// Weights of the logit, `(units)`.
    pub output: Array1<f32>,
    /// Bias of the logit.
    pub output_bias: f32,
}

impl BottleneckHead {
    /// Number of pooled channels that go in.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Number of features that come out.
    pub fn units(&self) -> usize {
        self.hidden.nrows()
    }

    /// Checks that its arrays fit each other.
    ///
    /// # Errors
    /// [`Error::ColumnCount`] if they do not; [`Error::Setting`] for a shape that cannot be used.
    pub(crate) fn check(&self) -> Result<()> {
        self.config.check()?;
        for (expected, found) in [
            (self.channels(), self.deviation.len()),
            (self.channels(), self.hidden.ncols()),
            (self.config.units, self.hidden.nrows()),
            (self.config.units, self.hidden_bias.len()),
            (self.config.units, self.output.len()),
        ] {
            if expected != found {
                return Err(Error::ColumnCount { expected, found });
            }
        }
        Ok(())
    }

    /// The features of rows of pooled channels: `(n, C)` to `(n, units)`. Channels are taken in single precision, as they
    /// were when the head was trained; sums are in f64 and in order, so that a row's features do not depend on the rows
    /// beside it.
    ///
    /// # Errors
    /// [`Error::ColumnCount`] for another number of channels, or a head whose arrays do not fit each other.
    pub fn features(&self, pooled: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.check()?;
        let (expected, found) = (self.channels(), pooled.ncols());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        let mut features = Array2::zeros((pooled.nrows(), self.units()));
        for (row, mut features) in pooled.outer_iter().zip(features.outer_iter_mut()) {
            let standardized: Vec<f64> = row
                .iter()
                .zip(self.mean.iter().zip(&self.deviation))
                .map(|(&p, (&mean, &deviation))| {
                    (f64::from(p as f32) - f64::from(mean)) / f64::from(deviation)
                })
                .collect();
            for ((feature, weights), &bias) in features
                .iter_mut()
                .zip(self.hidden.outer_iter())
                .zip(&self.hidden_bias)
            {
                let weighted = weights.iter().zip(&standardized);
                let unit = weighted.map(|(&w, s)| f64::from(w) * s).sum::<f64>() + f64::from(bias);
                *feature = match self.config.activation {
                    Activation::Relu if unit < 0.0 => 0.0,
                    _ => unit,
                };
            }
        }
        Ok(features)
    }

    /// What a map explains, for one row of pooled channels: its value, and its derivative by each of them.
    pub(crate) fn explain(&self, pooled: &[f64], target: CamTarget) -> Result<(f64, Vec<f64>)> {
        let row = ArrayView2::from_shape((1, pooled.len()), pooled).expect("one row");
        let features = self.features(row)?;
        let logit = self.logits(features.view())?[0];
        let units = self.units();
        let (value, of_units): (f64, Vec<f64>) = match target {
            CamTarget::Event => (logit, self.output.iter().map(|&w| w.into()).collect()),
            CamTarget::NonEvent => {
                let negative = self.output.iter().map(|&w| -f64::from(w));
                (-logit, negative.collect())
            }
            CamTarget::Feature(unit) if unit < units => {
                let only = |u| f64::from(u8::from(u == unit));
                (features[(0, unit)], (0..units).map(only).collect())
            }
            CamTarget::Feature(unit) => return Err(Error::NoSuchUnit { unit, units }),
        };
        let mut slopes = vec![0.0; pooled.len()];
        for (unit, slope) in of_units.into_iter().enumerate() {
            // A unit that the ReLU has cut passes nothing on.
            if self.config.activation == Activation::Relu && features[(0, unit)] <= 0.0 {
                continue;
            }
            for (total, &w) in slopes.iter_mut().zip(self.hidden.row(unit)) {
                *total += slope * f64::from(w);
            }
        }
        for (slope, &deviation) in slopes.iter_mut().zip(&self.deviation) {
            *slope /= f64::from(deviation);
        }
        Ok((value, slopes))
    }

    /// The logit of an event for rows of features.
    ///
    /// # Errors
    /// [`Error::ColumnCount`] for another number of features.
    pub fn logits(&self, features: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let (expected, found) = (self.units(), features.ncols());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        Ok(features.dot(&self.output.mapv(f64::from)) + f64::from(self.output_bias))
    }

    /// Column names `dl_<network>_fc<units>_<000>`, such as `dl_vgg19_fc128_000`.
    pub fn names(&self, network: &VggConfig) -> Vec<String> {
        (0..self.units())
            .map(|unit| format!("dl_{network}_fc{}_{unit:03}", self.units()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::layer::VggVariant;

    fn head(activation: Activation) -> BottleneckHead {
        BottleneckHead {
            config: HeadConfig {
                units: 2,
                activation,
                ..HeadConfig::default()
            },
            mean: array![1.0, 2.0, 3.0],
            deviation: array![0.5, 1.0, 2.0],
            hidden: array![[1.0, 0.0, 1.0], [0.0, 2.0, -1.0]],
            hidden_bias: array![0.25, -1.0],
            output: array![2.0, -3.0],
            output_bias: 0.5,
        }
    }

    #[test]
    fn features_and_logits_by_hand() {
        let pooled = array![[2.0, 2.0, 3.0], [1.0, 1.0, 5.0]];
        let linear = head(Activation::Identity);
        let features = linear.features(pooled.view()).expect("three channels");
        // Standardized rows (2, 0, 0) and (0, -1, 1).
        assert_eq!(features, array![[2.25, -1.0], [1.25, -4.0]]);
        let logits = linear.logits(features.view()).expect("two features");
        assert_eq!(logits, array![8.0, 15.0]);
        let cut = head(Activation::Relu).features(pooled.view());
        assert_eq!(
            cut.expect("three channels"),
            array![[2.25, 0.0], [1.25, 0.0]]
        );
    }

    #[test]
    fn derivatives_are_differences() {
        let pooled = [2.0, 2.5, 3.5];
        for activation in [Activation::Identity, Activation::Relu] {
            let head = head(activation);
            for target in [CamTarget::Event, CamTarget::NonEvent, CamTarget::Feature(1)] {
                let (value, slopes) = head.explain(&pooled, target).expect("three channels");
                for (channel, slope) in slopes.iter().enumerate() {
                    let mut moved = pooled;
                    // Exact in single precision.
                    moved[channel] += 0.125;
                    let (up, _) = head.explain(&moved, target).expect("three channels");
                    // The head is linear where no unit changes its sign.
                    assert!(
                        ((up - value) / 0.125 - slope).abs() < 1e-9,
                        "{activation:?} {target:?}"
                    );
                }
            }
        }
        let error = head(Activation::Identity).explain(&pooled, CamTarget::Feature(2));
        assert!(matches!(
            error,
            Err(Error::NoSuchUnit { unit: 2, units: 2 })
        ));
    }

    #[test]
    fn names_and_refusals() {
        let head = head(Activation::Identity);
        let network = VggConfig::new(VggVariant::Vgg19);
        assert_eq!(head.names(&network)[1], "dl_vgg19_fc2_001");
        let mut broken = head.clone();
        broken.output = array![1.0];
        assert!(broken.features(array![[1.0, 2.0, 3.0]].view()).is_err());
        let two = array![[1.0, 2.0]];
        assert!(matches!(
            head.features(two.view()),
            Err(Error::ColumnCount {
                expected: 3,
                found: 2
            })
        ));
        let bad = |config: HeadConfig| config.check().expect_err("refused").to_string();
        let good = HeadConfig::default();
        assert!(bad(HeadConfig { units: 0, ..good }).contains("units"));
        assert!(
            bad(HeadConfig {
                dropout: 1.0,
                ..good
            })
            .contains("dropout")
        );
        let pooling = Pooling::Maximum;
        assert!(bad(HeadConfig { pooling, ..good }).contains("masked-avg"));
    }
}
