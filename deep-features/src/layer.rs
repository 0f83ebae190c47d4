//! The one table from which every VGG is built, and the names of the points where it can be tapped.
//!
//! A VGG is five blocks; a block is one to four 3x3 convolutions (zero padding 1), each followed by batch
//! normalization in the `_bn` variants and by ReLU, and ends with a 2x2 max-pool of stride 2. The blocks have
//! 64, 128, 256, 512 and 512 channels.
//!
//! A tap is named by block and position (`relu3_4`, `pool5`) or by torchvision's index (`features.17`). Taps lie
//! after an activation or a pool; the index of a convolution or of a batch normalization is not a tap.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Channels of the five blocks at full width.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

/// How many convolutions each block has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VggVariant {
    /// 1, 1, 2, 2, 2 convolutions.
    Vgg11,
    /// 2, 2, 2, 2, 2 convolutions.
    Vgg13,
    /// 2, 2, 3, 3, 3 convolutions.
    Vgg16,
    /// 2, 2, 4, 4, 4 convolutions.
    Vgg19,
}

impl VggVariant {
    /// All variants, shallow first.
    pub const ALL: [VggVariant; 4] = [Self::Vgg11, Self::Vgg13, Self::Vgg16, Self::Vgg19];

    /// Convolutions per block.
    pub const fn convolutions(self) -> [usize; 5] {
        match self {
            Self::Vgg11 => [1, 1, 2, 2, 2],
            Self::Vgg13 => [2, 2, 2, 2, 2],
            Self::Vgg16 => [2, 2, 3, 3, 3],
            Self::Vgg19 => [2, 2, 4, 4, 4],
        }
    }
}

impl fmt::Display for VggVariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vgg11 => "vgg11",
            Self::Vgg13 => "vgg13",
            Self::Vgg16 => "vgg16",
            Self::Vgg19 => "vgg19",
        })
    }
}

/// The share of the full channel counts: 1, 1/2, 1/4, ... 1/64. Narrow networks are for trying out and for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Width {
    divisor: usize,
}

impl Width {
    /// The published network.
    pub const FULL: Width = Width { divisor: 1 };

    /// All channel counts divided by `divisor`.
    ///
    /// # Errors
    /// [`Error::Setting`] unless `divisor` is 1, 2, 4, 8, 16, 32 or 64.
    pub fn one_over(divisor: usize) -> Result<Self> {
        if divisor.is_power_of_two() && divisor <= CHANNELS[0] {
            Ok(Self { divisor })
        } else {
            Err(Error::Setting {
                setting: "width",
                expected: "1 or 1/2, 1/4, 1/8, 1/16, 1/32, 1/64",
                found: format!("1/{divisor}"),
            })
        }
    }

    /// What the channel counts are divided by.
    pub fn divisor(self) -> usize {
        self.divisor
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.divisor {
            1 => f.write_str("1"),
            d => write!(f, "1/{d}"),
        }
    }
}

impl From<Width> for String {
    fn from(width: Width) -> Self {
        width.to_string()
    }
}

impl TryFrom<String> for Width {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Width {
    type Err = Error;

    /// Reads `1` or `1/16`.
    fn from_str(text: &str) -> Result<Self> {
        let divisor = match text {
            "1" => Some(1),
            _ => text.strip_prefix("1/").and_then(|d| d.parse().ok()),
        };
        divisor
            .and_then(|d| Self::one_over(d).ok())
            .ok_or_else(|| Error::Setting {
                setting: "width",
                expected: "1 or 1/2, 1/4, 1/8, 1/16, 1/32, 1/64",
                found: text.to_string(),
            })
    }
}

/// Which VGG.
///
/// # Examples
/// ```
/// use deep_features::{VggConfig, VggVariant};
///
/// let vgg19 = VggConfig::new(VggVariant::Vgg19);
/// assert_eq!(vgg19.to_string(), "vgg19");
/// assert_eq!(vgg19.resolve("features.17".parse()?)?.to_string(), "relu3_4");
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VggConfig {
    /// Convolutions per block.
    pub variant: VggVariant,
    /// Whether each convolution is followed by batch normalization (torchvision's `vgg19_bn` and its like).
    pub batch_norm: bool,
    /// Share of the full channel counts.
    pub width: Width,
}

impl VggConfig {
    /// The published network without batch normalization.
    pub const fn new(variant: VggVariant) -> Self {
        Self {
            variant,
            batch_norm: false,
            width: Width::FULL,
        }
    }

    /// The layer table, from the input on.
    pub fn layers(&self) -> Vec<Layer> {
        let mut layers = Vec::new();
        let (mut in_channels, mut feature, mut sequential) = (3, 0, 1);
        for (block, &convolutions) in self.variant.convolutions().iter().enumerate() {
            let out_channels = CHANNELS[block] / self.width.divisor;
            for position in 0..convolutions {
                let batch_norm_index = self.batch_norm.then_some(feature + 1);
                let relu_index = feature + 1 + usize::from(self.batch_norm);
                layers.push(Layer::Conv(ConvLayer {
                    block: block + 1,
                    position: position + 1,
                    in_channels,
                    out_channels,
                    feature_index: feature,
                    batch_norm_index,
                    relu_index,
                    // The mean-normalized network pads in a module of its own: pad, convolution, ReLU.
                    sequential_index: sequential + 1,
                }));
                in_channels = out_channels;
                feature = relu_index + 1;
                sequential += 3;
            }
            layers.push(Layer::Pool(PoolLayer {
                block: block + 1,
                feature_index: feature,
            }));
            feature += 1;
            sequential += 1;
        }
        layers
    }

    /// All taps, from the input on, by block and position.
    pub fn taps(&self) -> Vec<Tap> {
        self.layers().iter().map(Layer::tap).collect()
    }

    /// The tap by block and position: `features.17` of VGG19 becomes `relu3_4`.
    ///
    /// # Errors
    /// [`Error::UnknownTap`], which lists all taps, if the network has no such tap.
    pub fn resolve(&self, tap: Tap) -> Result<Tap> {
        self.find(tap).map(|(_, layer)| layer.tap())
    }

    /// Position of the tap in the layer table, and the layer.
    pub(crate) fn find(&self, tap: Tap) -> Result<(usize, Layer)> {
        let layers = self.layers();
        let found = layers
            .iter()
            .position(|layer| layer.tap() == tap || Tap::Feature(layer.tap_index()) == tap);
        match found {
            Some(at) => Ok((at, layers[at])),
            None => Err(Error::UnknownTap {
                network: self.to_string(),
                tap: tap.to_string(),
                valid: layers
                    .iter()
                    .map(|l| format!("{} (features.{})", l.tap(), l.tap_index()))
                    .collect(),
            }),
        }
    }
}

impl fmt::Display for VggConfig {
    /// `vgg19`, `vgg19bn`, and for a narrow network `vgg19w16`: letters and digits only, for column names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.variant)?;
        if self.batch_norm {
            f.write_str("bn")?;
        }
        if self.width != Width::FULL {
            write!(f, "w{}", self.width.divisor)?;
        }
        Ok(())
    }
}

impl FromStr for VggConfig {
    type Err = Error;

    /// Reads `vgg19`, and with batch normalization `vgg19bn` or `vgg19_bn`; full width.
    fn from_str(text: &str) -> Result<Self> {
        let (name, batch_norm) = match text.strip_suffix("bn") {
            Some(name) => (name.strip_suffix('_').unwrap_or(name), true),
            None => (text, false),
        };
        let variant = VggVariant::ALL.into_iter().find(|v| v.to_string() == name);
        let variant = variant.ok_or_else(|| Error::Setting {
            setting: "network",
            expected: "vgg11, vgg13, vgg16 or vgg19, or one of them with bn",
            found: text.to_string(),
        })?;
        Ok(Self {
            batch_norm,
            ..Self::new(variant)
        })
    }
}

/// One row of the layer table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Convolution, batch normalization if any, and ReLU.
    Conv(ConvLayer),
    /// Max-pool 2x2, stride 2, odd last rows and columns dropped.
    Pool(PoolLayer),
}

/// A 3x3 convolution with zero padding 1, and its ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConvLayer {
    /// Block, from 1.
    pub block: usize,
    /// Position in the block, from 1.
    pub position: usize,
    /// Channels in.
    pub in_channels: usize,
    /// Channels out.
    pub out_channels: usize,
    /// torchvision's index of the convolution.
    pub feature_index: usize,
    /// torchvision's index of the batch normalization, where there is one.
    pub batch_norm_index: Option<usize>,
    /// torchvision's index of the ReLU.
    pub relu_index: usize,
    /// Index of the convolution in a mean-normalized network of one flat sequence.
    pub sequential_index: usize,
}

/// The max-pool at the end of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolLayer {
    /// Block, from 1.
    pub block: usize,
    /// torchvision's index.
    pub feature_index: usize,
}

impl Layer {
    /// The tap after this layer, by block and position.
    pub fn tap(&self) -> Tap {
        match *self {
            Layer::Conv(c) => Tap::Relu {
                block: c.block,
                position: c.position,
            },
            Layer::Pool(p) => Tap::Pool { block: p.block },
        }
    }

    /// torchvision's index of the tap after this layer.
    pub fn tap_index(&self) -> usize {
        match *self {
            Layer::Conv(c) => c.relu_index,
            Layer::Pool(p) => p.feature_index,
        }
    }

    /// Input pixels per pixel of this layer's output, along each axis.
    pub fn stride(&self) -> usize {
        match *self {
            Layer::Conv(c) => 1 << (c.block - 1),
            Layer::Pool(p) => 1 << p.block,
        }
    }
}

/// A point of the network where activations are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tap {
    /// `relu<block>_<position>`: after the ReLU of a convolution; both count from 1.
    Relu {
        /// Block, 1 to 5.
        block: usize,
        /// Position in the block, from 1.
        position: usize,
    },
    /// `pool<block>`: after the max-pool that ends a block.
    Pool {
        /// Block, 1 to 5.
        block: usize,
    },
    /// `features.<index>`: torchvision's index of a ReLU or of a max-pool.
    Feature(usize),
}

impl fmt::Display for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tap::Relu { block, position } => write!(f, "relu{block}_{position}"),
            Tap::Pool { block } => write!(f, "pool{block}"),
            Tap::Feature(index) => write!(f, "features.{index}"),
        }
    }
}

impl FromStr for Tap {
    type Err = Error;

    /// Reads the form; whether a network has the tap is known to [`VggConfig::resolve`].
    fn from_str(text: &str) -> Result<Self> {
        let number = |digits: &str| -> Option<usize> {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse().ok() } else { None }
        };
        let tap = if let Some(rest) = text.strip_prefix("relu") {
            rest.split_once('_').and_then(|(block, position)| {
                Some(Tap::Relu {
                    block: number(block)?,
                    position: number(position)?,
                })
            })
        } else if let Some(rest) = text.strip_prefix("pool") {
            number(rest).map(|block| Tap::Pool { block })
        } else {
            text.strip_prefix("features.")
                .and_then(number)
                .map(Tap::Feature)
        };
        tap.ok_or_else(|| Error::TapSyntax {
            found: text.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv_indices(config: VggConfig, index: impl Fn(ConvLayer) -> usize) -> Vec<usize> {
        config
            .layers()
            .into_iter()
            .filter_map(|l| match l {
                Layer::Conv(c) => Some(index(c)),
                Layer::Pool(_) => None,
            })
            .collect()
    }

    #[test]
    fn indices_of_published_files() {
        let vgg19 = VggConfig::new(VggVariant::Vgg19);
        let plain = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34];
        assert_eq!(conv_indices(vgg19, |c| c.feature_index), plain);
        let sequential = [2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51];
        assert_eq!(conv_indices(vgg19, |c| c.sequential_index), sequential);
        let with_norm = VggConfig {
            batch_norm: true,
            ..vgg19
        };
        let bn = [0, 3, 7, 10, 14, 17, 20, 23, 27, 30, 33, 36, 40, 43, 46, 49];
        assert_eq!(conv_indices(with_norm, |c| c.feature_index), bn);
        assert_eq!(with_norm.layers().last().map(Layer::tap_index), Some(52));
    }

    #[test]
    fn weight_layers_per_variant() {
        for (variant, n) in VggVariant::ALL.into_iter().zip([8, 10, 13, 16]) {
            let config = VggConfig::new(variant);
            assert_eq!(conv_indices(config, |c| c.out_channels).len(), n);
            assert_eq!(config.taps().len(), n + 5);
        }
    }

    #[test]
    fn trunk_of_vgg19_has_its_published_number_of_parameters() {
        let n: usize = conv_indices(VggConfig::new(VggVariant::Vgg19), |c| {
            (9 * c.in_channels + 1) * c.out_channels
        })
        .iter()
        .sum();
        assert_eq!(n, 20_024_384);
    }

    #[test]
    fn taps_by_both_names() {
        let vgg19 = VggConfig::new(VggVariant::Vgg19);
        for tap in vgg19.taps() {
            assert_eq!(
                tap.to_string()
                    .parse::<Tap>()
                    .expect("a tap reads its own name"),
                tap
            );
        }
        for (index, name) in [
            (1, "relu1_1"),
            (4, "pool1"),
            (17, "relu3_4"),
            (35, "relu5_4"),
            (36, "pool5"),
        ] {
            assert_eq!(
                vgg19
                    .resolve(Tap::Feature(index))
                    .expect("a tap")
                    .to_string(),
                name
            );
        }
    }

    #[test]
    fn unknown_taps_are_refused_with_the_list() {
        let vgg19 = VggConfig::new(VggVariant::Vgg19);
        for bad in [
            "relu3_5",
            "relu6_1",
            "relu0_1",
            "pool0",
            "pool6",
            "features.34",
            "features.37",
        ] {
            let error = vgg19
                .resolve(bad.parse().expect("well formed"))
                .expect_err("no such tap");
            assert!(
                error.to_string().contains("relu5_4 (features.35)"),
                "{error}"
            );
        }
        for bad in [
            "",
            "relu3",
            "relu_1",
            "relu3_",
            "conv3_1",
            "pool",
            "features",
            "features.",
            "pool+1",
            "relu3_-1",
            "Pool5",
        ] {
            assert!(
                matches!(bad.parse::<Tap>(), Err(Error::TapSyntax { .. })),
                "{bad}"
            );
        }
    }

    #[test]
    fn networks_by_name() {
        for variant in VggVariant::ALL {
            for batch_norm in [false, true] {
                let config = VggConfig {
                    batch_norm,
                    ..VggConfig::new(variant)
                };
                assert_eq!(config.to_string().parse::<VggConfig>().ok(), Some(config));
            }
        }
        assert!("vgg16_bn".parse::<VggConfig>().is_ok_and(|c| c.batch_norm));
        for bad in ["", "vgg", "vgg15", "bn", "vgg19w16", "VGG19", "vgg19__bn"] {
            assert!(bad.parse::<VggConfig>().is_err(), "{bad}");
        }
    }

    #[test]
    fn widths() {
        assert_eq!("1/16".parse::<Width>().expect("a width").divisor(), 16);
        assert_eq!("1".parse::<Width>().expect("a width"), Width::FULL);
        for bad in ["0", "2", "1/0", "1/3", "1/128", "0.5", "1/", "16"] {
            assert!(bad.parse::<Width>().is_err(), "{bad}");
        }
    }
}
