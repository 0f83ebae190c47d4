//! From network inputs to a table of embeddings: taps, pooled over space.
//!
//! | pooling | value per channel |
//! |---|---|
//! | average | `Σ a / (h w)` over the tap's cells |
//! | maximum | largest activation |
//! | masked average | `Σ m a / Σ m`, with `m` the share of the cell that lies in the mask |
//!
//! Sums are in f64, in row-major order. Columns are named `dl_<network>_<tap>_<pooling>_<channel>`, such as
//! `dl_vgg19_relu5_4_avg_000`, taps in the order asked, and within a tap the poolings in the order asked.

use std::fmt;
use std::str::FromStr;

use ndarray::{Array2, ArrayView2, ArrayView3, s};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fine_tuned::FineTuned;
use crate::head::BottleneckHead;
use crate::kernels::FeatureMap;
use crate::layer::Tap;
use crate::preprocess::NetworkInput;
use crate::vgg::{Vgg, in_order_asked};
use crate::weights::WeightsInfo;

/// How a tap's activations become one value per channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Pooling {
    /// Mean over space: `avg`.
    #[serde(rename = "avg")]
    Average,
    /// Maximum over space: `max`.
    #[serde(rename = "max")]
    Maximum,
    /// Mean over space weighted by the mask: `masked-avg`.
    #[serde(rename = "masked-avg")]
    MaskedAverage,
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Average => "avg",
            Self::Maximum => "max",
            Self::MaskedAverage => "masked-avg",
        })
    }
}

impl FromStr for Pooling {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "avg" => Ok(Self::Average),
            "max" => Ok(Self::Maximum),
            "masked-avg" => Ok(Self::MaskedAverage),
            _ => Err(Error::Setting {
                setting: "pooling",
                expected: "avg, max or masked-avg",
                found: text.to_string(),
            }),
        }
    }
}

/// A table of embeddings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Embeddings {
    /// Names of the columns.
    pub names: Vec<String>,
    /// One row per image, one column per name.
    pub values: Array2<f64>,
    /// The weights they come from.
    pub weights: WeightsInfo,
}

/// A trunk with the taps and poolings to read.
///
/// # Examples
/// ```
/// use deep_features::{Device, FeatureExtractor, Pooling, Vgg, VggConfig, VggVariant, WeightsSource, Width};
/// use deep_features::preprocess::Preprocess;
/// use ndarray::Array2;
///
/// let narrow = VggConfig { width: Width::one_over(16)?, ..VggConfig::new(VggVariant::Vgg19) };
/// let vgg = Vgg::load(&narrow, &WeightsSource::Seeded { seed: 1 }, &Device::Cpu)?;
/// let preprocess = Preprocess::new(vgg.normalization()).size([64, 64]);
/// let extractor = FeatureExtractor::new(vgg, &["pool5".parse()?], &[Pooling::Average])?;
/// let input = preprocess.apply(Array2::from_elem((70, 90), 100.0).view(), None)?;
/// let table = extractor.extract(&[input], 8, |_done, _total| {})?;
/// assert_eq!(table.values.dim(), (1, 32));
/// assert_eq!(table.names[0], "dl_vgg19w16_pool5_avg_000");
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug)]
pub struct FeatureExtractor {
    vgg: Vgg,
    /// Positions of the taps in the layer table.
    at: Vec<usize>,
    poolings: Vec<Pooling>,
    /// What makes few features of the pooled channels.
    head: Option<BottleneckHead>,
}

impl FeatureExtractor {
    /// Checks the taps against the network.
    ///
    /// # Errors
    /// [`Error::UnknownTap`]; [`Error::Duplicate`]; [`Error::Setting`] if there is no tap or no pooling.
    pub fn new(vgg: Vgg, taps: &[Tap], poolings: &[Pooling]) -> Result<Self> {
        let none = |setting, expected| Error::Setting {
            setting,
            expected,
            found: "none".to_string(),
        };
        if taps.is_empty() {
            return Err(none("taps", "at least one tap"));
        }
        if poolings.is_empty() {
            return Err(none("poolings", "at least one pooling"));
        }
        let at = vgg.positions(taps)?;
        if let Some(i) = (1..at.len()).find(|&i| at[..i].contains(&at[i])) {
            return Err(Error::Duplicate {
                what: "tap",
                name: vgg.layer(at[i]).tap().to_string(),
            });
        }
        if let Some(i) = (1..poolings.len()).find(|&i| poolings[..i].contains(&poolings[i])) {
            return Err(Error::Duplicate {
                what: "pooling",
                name: poolings[i].to_string(),
            });
        }
        Ok(Self {
            vgg,
            at,
            poolings: poolings.to_vec(),
            head: None,
        })
    }

    /// The extractor of a fine-tuned network's features. `base` has the weights that it was trained on.
    ///
    /// # Errors
    /// As [`FineTuned::trunk`].
    pub fn fine_tuned(model: &FineTuned, base: &Vgg) -> Result<Self> {
        let vgg = model.trunk(base)?;
        let pool5 = vgg.layer(vgg.n_layers() - 1).tap();
        let head = model.head().clone();
        Ok(Self {
            head: Some(head.clone()),
            ..Self::new(vgg, &[pool5], &[head.config.pooling])?
        })
    }

    /// The trunk.
    pub fn vgg(&self) -> &Vgg {
        &self.vgg
    }

    /// Names of the columns.
    pub fn names(&self) -> Vec<String> {
        if let Some(head) = &self.head {
            return head.names(self.vgg.config());
        }
        let mut names = Vec::new();
        for &position in &self.at {
            let tap = self.vgg.layer(position).tap();
            for pooling in &self.poolings {
                let column = |c| format!("dl_{}_{tap}_{pooling}_{c:03}", self.vgg.config());
                names.extend((0..self.vgg.channels(position)).map(column));
            }
        }
        names
    }

    /// Embeds inputs, `batch_size` at a time, and reports `(done, total)` after each batch.
    ///
    /// # Errors
    /// [`Error::NormalizationMismatch`], [`Error::Channels`], [`Error::ImageTooSmall`], [`Error::EmptyCoverage`],
    /// [`Error::NonFiniteOutput`], each with the index of the input; [`Error::Setting`] for a batch size of 0;
    /// [`Error::Tensor`].
    pub fn extract(
        &self,
        inputs: &[NetworkInput],
        batch_size: usize,
        on_progress: impl FnMut(usize, usize),
    ) -> Result<Embeddings> {
        self.extract_with(
            inputs.len(),
            batch_size,
            |i| Ok(inputs[i].clone()),
            on_progress,
        )
    }

    /// As [`extract`](Self::extract), but asks `source` for input `i` only when its batch is due, so that no more than
    /// one batch of inputs is in memory.
    ///
    /// # Errors
    /// As [`extract`](Self::extract), and whatever `source` returns.
    pub fn extract_with<E: From<Error>>(
        &self,
        n: usize,
        batch_size: usize,
        mut source: impl FnMut(usize) -> std::result::Result<NetworkInput, E>,
        mut on_progress: impl FnMut(usize, usize),
    ) -> std::result::Result<Embeddings, E> {
        if batch_size == 0 {
            let found = batch_size.to_string();
            return Err(Error::Setting {
                setting: "batch size",
                expected: "at least 1",
                found,
            }
            .into());
        }
        let names = self.names();
        let mut values = Array2::zeros((n, names.len()));
        for start in (0..n).step_by(batch_size) {
            let end = (start + batch_size).min(n);
            let batch = (start..end)
                .map(&mut source)
                .collect::<std::result::Result<Vec<_>, E>>()?;
            let rows = self.embed(start, &batch)?;
            values.slice_mut(s![start..end, ..]).assign(&rows);
            on_progress(end, n);
        }
        Ok(Embeddings {
            names,
            values,
            weights: self.vgg.weights().clone(),
        })
    }

    fn embed(&self, first: usize, batch: &[NetworkInput]) -> Result<Array2<f64>> {
        let weights = self.vgg.normalization();
        for (i, input) in batch.iter().enumerate() {
            if input.normalization != weights {
                return Err(Error::NormalizationMismatch {
                    weights: Box::new(weights),
                    input: Box::new(input.normalization),
                    image: first + i,
                });
            }
            self.vgg
                .check_image(first + i, input.pixels.dim(), &self.at)?;
        }
        let pixels: Vec<ArrayView3<'_, f32>> =
            batch.iter().map(|input| input.pixels.view()).collect();
        let pooled = self
            .vgg
            .visit_batch(&pixels, &self.at, &|i, position, map| {
                self.pool(first + i, position, map, batch[i].coverage.view())
                    .map(|values| (position, values))
            })?;
        let rows = pooled
            .into_iter()
            .map(|taps| {
                let taps = taps.into_iter().collect::<Result<Vec<_>>>()?;
                Ok(in_order_asked(&taps, &self.at).concat())
            })
            .collect::<Result<Vec<Vec<f64>>>>()?;
        let columns = rows.first().map_or(0, Vec::len);
        let table = Array2::from_shape_vec((rows.len(), columns), rows.concat())
            .expect("as many columns in every row");
        match &self.head {
            Some(head) => head.features(table.view()),
            None => Ok(table),
        }
    }

    fn pool(
        &self,
        image: usize,
        position: usize,
        map: &FeatureMap,
        coverage: ArrayView2<'_, f32>,
    ) -> Result<Vec<f64>> {
        let layer = self.vgg.layer(position);
        let tap = || layer.tap().to_string();
        let mut values = Vec::new();
        for pooling in &self.poolings {
            let pooled = match pooling {
                Pooling::Average => weighted_mean(map, |_, _| 1.0),
                Pooling::Maximum => Some(maximum(map)),
                Pooling::MaskedAverage => {
                    let stride = layer.stride();
                    let share = block_sums(coverage, [map.height, map.width], stride);
                    weighted_mean(map, |y, x| share[(y, x)])
                }
            };
            values.extend(pooled.ok_or_else(|| Error::EmptyCoverage { image, tap: tap() })?);
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(Error::NonFiniteOutput {
                image,
                tap: tap(),
                channel: i % map.channels,
                value: values[i],
            }),
            None => Ok(values),
        }
    }
}

/// `Σ m a / Σ m` per channel; `None` if all weights are zero.
pub(crate) fn weighted_mean(
    map: &FeatureMap,
    weight: impl Fn(usize, usize) -> f64,
) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; map.channels];
    let mut total = 0.0;
    for y in 0..map.height {
        for x in 0..map.width {
            let w = weight(y, x);
            total += w;
            sums.iter_mut()
                .zip(map.pixel(y, x))
                .for_each(|(sum, &a)| *sum += w * f64::from(a));
        }
    }
    (total > 0.0).then(|| sums.iter().map(|sum| sum / total).collect())
}

fn maximum(map: &FeatureMap) -> Vec<f64> {
    let mut best = vec![f64::NEG_INFINITY; map.channels];
    for y in 0..map.height {
        for x in 0..map.width {
            for (best, &a) in best.iter_mut().zip(map.pixel(y, x)) {
                let a = f64::from(a);
                *best = if a > *best || a.is_nan() { a } else { *best };
            }
        }
    }
    best
}

/// Sums over the `stride x stride` pixels under each cell of a tap.
pub(crate) fn block_sums(
    coverage: ArrayView2<'_, f32>,
    cells: [usize; 2],
    stride: usize,
) -> Array2<f64> {
    let mut sums = Array2::zeros((cells[0], cells[1]));
    for ((y, x), &m) in coverage.indexed_iter() {
        if let Some(sum) = sums.get_mut((y / stride, x / stride)) {
            *sum += f64::from(m);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn map() -> FeatureMap {
        FeatureMap::from_chw(array![[[1.0, 2.0], [3.0, 4.0]], [[0.0, 8.0], [0.0, 0.0]]].view())
    }

    #[test]
    fn poolings_by_hand() {
        assert_eq!(weighted_mean(&map(), |_, _| 1.0), Some(vec![2.5, 2.0]));
        assert_eq!(maximum(&map()), [4.0, 8.0]);
        let share = block_sums(
            array![[1.0, 1.0, 0.0, 0.5, 9.0], [1.0, 1.0, 0.5, 0.0, 9.0]].view(),
            [1, 2],
            2,
        );
        assert_eq!(share, array![[4.0, 1.0]]);
        assert_eq!(
            weighted_mean(&map(), |y, x| [[3.0, 1.0], [0.0, 0.0]][y][x]),
            Some(vec![1.25, 2.0])
        );
        assert_eq!(weighted_mean(&map(), |_, _| 0.0), None);
    }

    #[test]
    fn not_a_number_reaches_the_check() {
        let bad = FeatureMap::from_chw(array![[[1.0, f32::NAN], [3.0, 4.0]]].view());
        assert!(maximum(&bad)[0].is_nan());
    }
}
