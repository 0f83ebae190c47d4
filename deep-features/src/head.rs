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

/// A trained head.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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

    /// The features of rows of pooled channels: `(n, C)` to `(n, units)`. Sums are in f64.
    ///
    /// # Errors
    /// [`Error::ColumnCount`] for another number of channels.
    pub fn features(&self, pooled: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let (expected, found) = (self.channels(), pooled.ncols());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        let (mean, deviation) = (self.mean.mapv(f64::from), self.deviation.mapv(f64::from));
        let standardized = (&pooled - &mean) / &deviation;
        let mut units = standardized.dot(&self.hidden.mapv(f64::from).t());
        units += &self.hidden_bias.mapv(f64::from);
        if self.config.activation == Activation::Relu {
            units.mapv_inplace(|z| if z < 0.0 { 0.0 } else { z });
        }
        Ok(units)
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
    fn names_and_refusals() {
        let head = head(Activation::Identity);
        let network = VggConfig::new(VggVariant::Vgg19);
        assert_eq!(head.names(&network)[1], "dl_vgg19_fc2_001");
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
