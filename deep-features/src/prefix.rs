//! What the frozen part of the network makes of every region, computed once.
//!
//! Most of a network stays as it was loaded when it is fine-tuned, so most of its work is the same in every epoch and
//! in every fold. A [`FrozenPrefix`] holds its results for every row and every view of a row: the channels pooled
//! after the last block, which the head is trained on, and the activations that enter the first block to be trained.
//!
//! One view of a 224 x 224 input takes 2 kB pooled, and 401 kB more where block 5 of VGG19 is trained.

use candle_core::Tensor;
use ndarray::{ArrayView2, ArrayView3};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::extractor::{Pooling, block_sums, weighted_mean};
use crate::kernels::FeatureMap;
use crate::layer::{Layer, Tap};
use crate::preprocess::{NetworkInput, Preprocess};
use crate::vgg::Vgg;

/// How much of a network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainedPart {
    /// The head alone.
    Head,
    /// The head and all blocks from this one on, 1 to 5; 5 is the last block alone.
    FromBlock(usize),
}

impl TrainedPart {
    /// Position of the first layer that is trained.
    pub(crate) fn first_layer(self, vgg: &Vgg) -> Result<usize> {
        match self {
            Self::Head => Ok(vgg.n_layers()),
            Self::FromBlock(1) => Ok(0),
            Self::FromBlock(block) if (2..=5).contains(&block) => {
                let before = Tap::Pool { block: block - 1 };
                Ok(vgg.positions(&[before])?[0] + 1)
            }
            Self::FromBlock(block) => Err(Error::Setting {
                setting: "first block to be trained",
                expected: "1 to 5",
                found: block.to_string(),
            }),
        }
    }
}

/// What is computed for a [`FrozenPrefix`].
#[derive(Debug, Clone, PartialEq)]
pub struct PrefixSettings {
    /// The largest part that will be trained.
    pub part: TrainedPart,
    /// How the last pool is averaged over space: average or masked average.
    pub pooling: Pooling,
    /// Views of each row: 1 without augmentation. View 0 is the region as it is.
    pub views: usize,
    /// The preprocessing of the inputs, for the record of the fine-tuned network.
    pub preprocess: Preprocess,
    /// Rows and views that go through the network together.
    pub batch: usize,
    /// Largest size in bytes; a larger prefix is refused before anything is computed.
    pub memory_limit: u64,
}

impl PrefixSettings {
    /// The head alone, averaged, one view, batches of 8, at most 4 GiB.
    pub fn new(preprocess: Preprocess) -> Self {
        Self {
            part: TrainedPart::Head,
            pooling: Pooling::Average,
            views: 1,
            preprocess,
            batch: 8,
            memory_limit: 4 << 30,
        }
    }

    fn check(&self) -> Result<()> {
        for (setting, value) in [("views", self.views), ("batch size", self.batch)] {
            if value == 0 {
                return Err(Error::Setting {
                    setting,
                    expected: "at least 1",
                    found: value.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// Results of the frozen part of a network for the views of some rows.
#[derive(Debug, Clone)]
pub struct FrozenPrefix {
    pub(crate) settings: PrefixSettings,
    pub(crate) sha256: String,
    /// Position of the first layer after the prefix.
    pub(crate) end: usize,
    n_rows: usize,
    /// Channels of the last pool.
    channels: usize,
    /// Channels, rows and columns of a map.
    shape: (usize, usize, usize),
    /// One entry for each row and view.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// The last pool, averaged over space.
    pooled: Vec<f32>,
    /// What enters the first layer after the prefix, channels first; empty where the head alone is trained.
    map: Vec<f32>,
    /// Share of each cell of the last pool in the average over space; empty where the head alone is trained.
    cells: Vec<f32>,
}

/// One view of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub row: usize,
    pub view: usize,
}

impl FrozenPrefix {
    /// Runs every view of every row through the frozen part. `source(row, view)` gives the input, and `on_progress`
    /// gets `(done, total)` views.
    ///
    /// # Errors
    /// [`Error::NormalizationMismatch`], [`Error::Channels`], [`Error::ImageTooSmall`], [`Error::InputSize`],
    /// [`Error::EmptyCoverage`], [`Error::NonFiniteOutput`], each with the number of the row;
    /// [`Error::PrefixTooLarge`]; [`Error::Setting`]; [`Error::Tensor`]; whatever `source` returns.
    pub fn compute<E: From<Error>>(
        vgg: &Vgg,
        settings: PrefixSettings,
        n_rows: usize,
        mut source: impl FnMut(usize, usize) -> std::result::Result<NetworkInput, E>,
        mut on_progress: impl FnMut(usize, usize),
    ) -> std::result::Result<Self, E> {
        settings.check()?;
        let end = settings.part.first_layer(vgg)?;
        let last = vgg.n_layers() - 1;
        let total = n_rows * settings.views;
        let mut prefix = Self {
            sha256: vgg.weights().sha256.clone(),
            end,
            n_rows,
            channels: vgg.channels(last),
            shape: (0, 0, 0),
            entries: Vec::with_capacity(total),
            settings,
        };
        let (batch, views) = (prefix.settings.batch, prefix.settings.views);
        for start in (0..total).step_by(batch) {
            let places = start..(start + batch).min(total);
            let inputs = places
                .clone()
                .map(|at| source(at / views, at % views))
                .collect::<std::result::Result<Vec<_>, E>>()?;
            for (at, input) in places.zip(&inputs) {
                prefix.admit(vgg, at / views, input)?;
            }
            let entries = prefix.run(vgg, start, &inputs)?;
            prefix.entries.extend(entries);
            on_progress(prefix.entries.len(), total);
        }
        Ok(prefix)
    }

    /// From pooled channels that a [`FeatureExtractor`](crate::FeatureExtractor) has made at the last pool: one view of
    /// each row, `(rows, channels)`, for training the head alone.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings with more than the head or more than one view; [`Error::ColumnCount`];
    /// [`Error::NonFiniteValue`].
    pub fn from_pooled(
        vgg: &Vgg,
        settings: PrefixSettings,
        pooled: ArrayView2<'_, f64>,
    ) -> Result<Self> {
        settings.check()?;
        if settings.part != TrainedPart::Head || settings.views != 1 {
            return Err(Error::Setting {
                setting: "prefix of pooled channels",
                expected: "the head alone and one view",
                found: format!("{:?} and {} views", settings.part, settings.views),
            });
        }
        let (expected, found) = (vgg.channels(vgg.n_layers() - 1), pooled.ncols());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        let not_finite = pooled.indexed_iter().find(|(_, value)| !value.is_finite());
        if let Some(((row, column), &value)) = not_finite {
            return Err(Error::NonFiniteValue { row, column, value });
        }
        let rows = pooled.outer_iter();
        let rows = rows.map(|row| row.iter().map(|&value| value as f32).collect());
        Ok(Self::of_rows(vgg, settings, rows.collect()))
    }

    fn of_rows(vgg: &Vgg, settings: PrefixSettings, rows: Vec<Vec<f32>>) -> Self {
        Self {
            settings,
            sha256: vgg.weights().sha256.clone(),
            end: vgg.n_layers(),
            n_rows: rows.len(),
            channels: rows.first().map_or(0, Vec::len),
            shape: (0, 0, 0),
            entries: rows
                .into_iter()
                .map(|pooled| Entry {
                    pooled,
                    ..Entry::default()
                })
                .collect(),
        }
    }

    /// Refuses a network that did not compute this prefix.
    pub(crate) fn check_network(&self, vgg: &Vgg) -> Result<()> {
        let found = &vgg.weights().sha256;
        match *found == self.sha256 {
            true => Ok(()),
            false => Err(Error::Mismatch {
                what: "weights of the frozen prefix",
                expected: self.sha256.clone(),
                found: found.clone(),
            }),
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Views of each row.
    pub fn n_views(&self) -> usize {
        self.settings.views
    }

    /// Bytes of memory that the results take.
    pub fn bytes(&self) -> u64 {
        let of = |entry: &Entry| entry.pooled.len() + entry.map.len() + entry.cells.len();
        4 * self.entries.iter().map(of).sum::<usize>() as u64
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// The pooled channels of one view.
    pub(crate) fn pooled(&self, place: Place) -> &[f32] {
        &self.entry(place).pooled
    }

    /// What enters the first layer after the prefix, `(n, channels, rows, columns)`.
    pub(crate) fn maps(&self, places: &[Place], vgg: &Vgg) -> Result<Tensor> {
        let (c, h, w) = self.shape;
        let values = places.iter().flat_map(|&p| &self.entry(p).map).copied();
        let shape = (places.len(), c, h, w);
        Ok(Tensor::from_vec(values.collect(), shape, vgg.device())?)
    }

    /// Shares of the cells of the last pool, `(n, 1, cells)`.
    pub(crate) fn cells(&self, places: &[Place], vgg: &Vgg) -> Result<Tensor> {
        let values: Vec<f32> = places
            .iter()
            .flat_map(|&p| &self.entry(p).cells)
            .copied()
            .collect();
        let cells = values.len() / places.len().max(1);
        Ok(Tensor::from_vec(
            values,
            (places.len(), 1, cells),
            vgg.device(),
        )?)
    }

    /// What enters the first layer after the prefix for the region as it is, and the shares of the cells of the last
    /// pool; `None` where the head alone is trained.
    pub(crate) fn map(&self, row: usize) -> Option<(FeatureMap, &[f32])> {
        let entry = self.entry(Place { row, view: 0 });
        if entry.map.is_empty() {
            return None;
        }
        let map = ArrayView3::from_shape(self.shape, &entry.map).expect("a map of this shape");
        Some((FeatureMap::from_chw(map), &entry.cells))
    }

    fn entry(&self, place: Place) -> &Entry {
        &self.entries[place.row * self.settings.views + place.view]
    }

    /// Checks an input against the network and against the inputs before it.
    fn admit(&mut self, vgg: &Vgg, row: usize, input: &NetworkInput) -> Result<()> {
        let weights = vgg.normalization();
        if input.normalization != weights {
            return Err(Error::NormalizationMismatch {
                weights: Box::new(weights),
                input: Box::new(input.normalization),
                image: row,
            });
        }
        let dim = input.pixels.dim();
        vgg.check_image(row, dim, &[vgg.n_layers() - 1])?;
        if self.settings.part == TrainedPart::Head {
            return Ok(());
        }
        let stride = self.end.checked_sub(1).map_or(1, |p| vgg.layer(p).stride());
        let channels = self.end.checked_sub(1).map_or(3, |p| vgg.channels(p));
        let shape = (channels, dim.1 / stride, dim.2 / stride);
        if self.shape == (0, 0, 0) {
            self.shape = shape;
            let last = vgg.layer(vgg.n_layers() - 1).stride();
            let cells = (dim.1 / last) * (dim.2 / last);
            let values = self.channels + shape.0 * shape.1 * shape.2 + cells;
            let needed = 4 * (values * self.n_rows * self.settings.views) as u64;
            if needed > self.settings.memory_limit {
                return Err(Error::PrefixTooLarge {
                    needed,
                    limit: self.settings.memory_limit,
                });
            }
        } else if self.shape != shape {
            let side = |n: usize| n * stride;
            return Err(Error::InputSize {
                image: row,
                expected: [side(self.shape.1), side(self.shape.2)],
                found: [dim.1, dim.2],
            });
        }
        Ok(())
    }

    fn run(&self, vgg: &Vgg, start: usize, inputs: &[NetworkInput]) -> Result<Vec<Entry>> {
        let last = vgg.n_layers() - 1;
        let head_alone = self.settings.part == TrainedPart::Head;
        let mut at = vec![last];
        at.extend(self.end.checked_sub(1).filter(|_| !head_alone));
        let pixels: Vec<ArrayView3<'_, f32>> = inputs.iter().map(|i| i.pixels.view()).collect();
        let visited = vgg.visit_batch(&pixels, &at, &|i, position, map| {
            let mut part = Entry::default();
            if position != last {
                part.map = map.to_chw().into_raw_vec_and_offset().0;
                return Ok(part);
            }
            let image = (start + i) / self.settings.views;
            let cells = self.shares(image, vgg.layer(last), map, &inputs[i])?;
            part.pooled = self.average(image, vgg.layer(last), map, &cells)?;
            if !head_alone {
                let total: f64 = cells.iter().sum();
                part.cells = cells.iter().map(|share| (share / total) as f32).collect();
            }
            Ok(part)
        })?;
        let merged = |(parts, input): (Vec<Result<Entry>>, &NetworkInput)| {
            let mut entry = Entry::default();
            for part in parts {
                let part = part?;
                entry.map.extend(part.map);
                entry.pooled.extend(part.pooled);
                entry.cells.extend(part.cells);
            }
            if self.end == 0 {
                entry.map = input.pixels.iter().copied().collect();
            }
            Ok(entry)
        };
        visited.into_iter().zip(inputs).map(merged).collect()
    }

    /// Weights of the cells of the last pool.
    fn shares(
        &self,
        image: usize,
        layer: Layer,
        map: &FeatureMap,
        input: &NetworkInput,
    ) -> Result<Vec<f64>> {
        let cells = [map.height, map.width];
        let shares = match self.settings.pooling {
            Pooling::Average => vec![1.0; cells[0] * cells[1]],
            Pooling::MaskedAverage => {
                block_sums(input.coverage.view(), cells, layer.stride())
                    .into_raw_vec_and_offset()
                    .0
            }
            Pooling::Maximum => {
                return Err(Error::Setting {
                    setting: "pooling of the head",
                    expected: "avg or masked-avg",
                    found: self.settings.pooling.to_string(),
                });
            }
        };
        if shares.iter().all(|&share| share == 0.0) {
            let tap = layer.tap().to_string();
            return Err(Error::EmptyCoverage { image, tap });
        }
        Ok(shares)
    }

    fn average(
        &self,
        image: usize,
        layer: Layer,
        map: &FeatureMap,
        cells: &[f64],
    ) -> Result<Vec<f32>> {
        let tap = || layer.tap().to_string();
        let mean = weighted_mean(map, |y, x| cells[y * map.width + x]);
        let mean = mean.ok_or_else(|| Error::EmptyCoverage { image, tap: tap() })?;
        match mean.iter().position(|value| !value.is_finite()) {
            Some(channel) => Err(Error::NonFiniteOutput {
                image,
                tap: tap(),
                channel,
                value: mean[channel],
            }),
            None => Ok(mean.into_iter().map(|value| value as f32).collect()),
        }
    }
}

#[cfg(test)]
impl FrozenPrefix {
    /// Any number of columns, which no network has made.
    pub(crate) fn of_pooled(vgg: &Vgg, rows: Vec<Vec<f32>>) -> Self {
        let settings = PrefixSettings::new(Preprocess::new(vgg.normalization()));
        Self::of_rows(vgg, settings, rows)
    }
}
