//! Intensity-volume histogram: which part of a region has at least an intensity.
//!
//! Symbols: `i` the steps `min(G), min(G) + w, .. max(G)` of a total range `G` of intensities; `ν(i)` the fraction of the voxels
//! whose intensity is at least `i`; `γ(i) = (i - min(G)) / (max(G) - min(G))` the intensity fraction. What the intensities, the
//! range and the step are, depends on the image ([`IvhBinning`]).
//!
//! Reference: IBSI reference manual, section 3.5 (P88C).

use std::num::NonZeroUsize;

use ndarray::{ArrayView3, Zip};

use crate::discretize::{BinOrigin, Binning, Levels, PixelKind, same_shape};
use crate::feature_table::feature_table;
use crate::{Error, Result};

/// How intensities are grouped for the intensity-volume histogram. The range of the re-segmentation matters for all but
/// [`FixedBinNumber`](Self::FixedBinNumber).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum IvhBinning {
    /// Calibrated, discrete intensities such as those of CT, as they are: `w = 1`, `G` the re-segmentation range, or from the
    /// smallest to the largest intensity where it is open. The default.
    #[default]
    None,
    /// Calibrated, continuous intensities such as those of PET: bins of this width from the lower end of the re-segmentation range
    /// (the smallest intensity without one); an intensity is the center of its bin, `w` the width, `G` the range less half a width
    /// on both sides.
    FixedBinSize(f64),
    /// Arbitrary intensities: this many bins (IBSI recommends 1000); an intensity is the number of its bin, `w = 1`, `G` from 1 to
    /// the number of bins.
    FixedBinNumber(NonZeroUsize),
}

/// The range of a re-segmentation; open where it has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct IntensityRange {
    /// Smallest intensity kept.
    pub lower: Option<f64>,
    /// Largest intensity kept.
    pub upper: Option<f64>,
}

feature_table! {
    /// Intensity-volume histogram features. Symbols as in the [module documentation](self).
    pub struct IntensityVolumeHistogramFeatures from h: &Histogram {
        /// Largest volume fraction with an intensity fraction of at least 10 %; in [0, 1].
        volume_at_intensity_fraction_10 (ibsi "BC2M" "ivh_v10") = h.volume_at(0.1);
        /// Largest volume fraction with an intensity fraction of at least 90 %; in [0, 1].
        volume_at_intensity_fraction_90 (ibsi "BC2M" "ivh_v90") = h.volume_at(0.9);
        /// Smallest intensity that at most 10 % of the volume have; one step above the range if more have its end.
        intensity_at_volume_fraction_10 (ibsi "GBPN" "ivh_i10") = h.intensity_at(0.1);
        /// Smallest intensity that at most 90 % of the volume have; one step above the range if more have its end.
        intensity_at_volume_fraction_90 (ibsi "GBPN" "ivh_i90") = h.intensity_at(0.9);
        /// Difference of the volume fractions at 10 % and at 90 % of the intensity.
        volume_fraction_difference (ibsi "DDTU" "ivh_diff_v10_v90") = h.volume_at(0.1) - h.volume_at(0.9);
        /// Difference of the intensities at 10 % and at 90 % of the volume.
        intensity_fraction_difference (ibsi "CNV2" "ivh_diff_i10_i90") = h.intensity_at(0.1) - h.intensity_at(0.9);
        /// Area under `ν` as a function of `γ`, by trapezoids; in [0, 1], 0 for a range of one step.
        area_under_curve (ibsi "9CMM" "ivh_auc") = h.area();
    }
}

impl IntensityVolumeHistogramFeatures {
    /// The features of the values inside the mask. `values` and `mask` are `(z, y, x)` and of one shape.
    ///
    /// # Errors
    /// As [`Levels::new`]; [`Error::TooManyLevels`] if the range has more than 2²⁴ steps.
    pub fn new(
        values: ArrayView3<'_, f64>,
        mask: ArrayView3<'_, bool>,
        binning: IvhBinning,
        range: IntensityRange,
    ) -> Result<Self> {
        same_shape(values.dim(), mask.dim())?;
        Ok(Self::compute(&Histogram::new(
            values, mask, binning, range,
        )?))
    }
}

/// Steps of the total range.
const MAX_STEPS: f64 = 16_777_216.0;

/// The histogram, cumulated.
struct Histogram {
    /// `min(G)`.
    first: f64,
    /// `w`.
    step: f64,
    /// `ν` at every step.
    fractions: Vec<f64>,
}

impl Histogram {
    fn new(
        values: ArrayView3<'_, f64>,
        mask: ArrayView3<'_, bool>,
        binning: IvhBinning,
        range: IntensityRange,
    ) -> Result<Self> {
        let levels = |binning: Binning| {
            // The number type of the image matters for PyRadiomics' rules only.
            Levels::new(values, mask, PixelKind::Float64, &binning)
        };
        match binning {
            IvhBinning::None => {
                let mut intensities = inside(values, mask);
                intensities.sort_unstable_by(f64::total_cmp);
                let [Some(&smallest), Some(&largest)] = [intensities.first(), intensities.last()]
                else {
                    return Err(Error::EmptyMask);
                };
                let first = range.lower.unwrap_or(smallest);
                let last = range.upper.unwrap_or(largest);
                let at_least = |i: f64| intensities.len() - intensities.partition_point(|&v| v < i);
                Self::of_steps(first, 1.0, last, intensities.len(), at_least)
            }
            IvhBinning::FixedBinSize(width) => {
                let origin = range.lower.map_or(BinOrigin::RegionMinimum, BinOrigin::At);
                let levels = levels(Binning::FixedBinSize { width, origin })?;
                let [smallest, largest] = ends(values, mask);
                let low = range.lower.unwrap_or(smallest);
                let high = range.upper.unwrap_or(largest);
                let counts = at_least_each_level(&levels);
                // Step k of the range is the center of bin k + 1.
                let steps = |last: f64| {
                    Self::of_steps(0.0, 1.0, last, levels.n_voxels(), |k| {
                        counts.get(k as usize).copied().unwrap_or(0)
                    })
                };
                let histogram = steps((high - low) / width - 1.0)?;
                Ok(Self {
                    first: low + 0.5 * width,
                    step: width,
                    ..histogram
                })
            }
            IvhBinning::FixedBinNumber(count) => {
                let levels = levels(Binning::FixedBinNumber(count))?;
                let counts = at_least_each_level(&levels);
                Self::of_steps(1.0, 1.0, count.get() as f64, levels.n_voxels(), |i| {
                    counts.get(i as usize - 1).copied().unwrap_or(0)
                })
            }
        }
    }

    /// With the number of voxels of at least the intensity of every step of a range.
    fn of_steps(
        first: f64,
        step: f64,
        last: f64,
        n_voxels: usize,
        at_least: impl Fn(f64) -> usize,
    ) -> Result<Self> {
        // The range's end is a step of it up to rounding.
        let n_steps = ((last - first) / step + 1e-9).floor().max(0.0) + 1.0;
        if !(n_steps <= MAX_STEPS) {
            return Err(Error::TooManyLevels {
                levels: n_steps,
                limit: MAX_STEPS as usize,
            });
        }
        let fractions = (0..n_steps as usize)
            .map(|k| at_least(first + k as f64 * step) as f64 / n_voxels as f64)
            .collect();
        Ok(Self {
            first,
            step,
            fractions,
        })
    }

    /// `γ` at step `k`; 0 in a range of one step.
    fn intensity_fraction(&self, k: usize) -> f64 {
        match self.fractions.len() - 1 {
            0 => 0.0,
            last => k as f64 / last as f64,
        }
    }

    /// The largest `ν` whose `γ` is at least `fraction`: `ν` falls, so it is the first of them.
    fn volume_at(&self, fraction: f64) -> f64 {
        let found = (0..self.fractions.len()).find(|&k| self.intensity_fraction(k) >= fraction);
        found
            .or(self.fractions.len().checked_sub(1))
            .map_or(f64::NAN, |k| self.fractions[k])
    }

    /// The smallest intensity whose `ν` is at most `fraction`.
    fn intensity_at(&self, fraction: f64) -> f64 {
        let k = self.fractions.partition_point(|&volume| volume > fraction);
        self.first + k as f64 * self.step
    }

    fn area(&self) -> f64 {
        let last = self.fractions.len() - 1;
        let trapezoids = self
            .fractions
            .windows(2)
            .map(|pair| (pair[0] + pair[1]) / 2.0);
        match last {
            0 => 0.0,
            last => trapezoids.sum::<f64>() / last as f64,
        }
    }
}

/// The values inside a mask.
fn inside(values: ArrayView3<'_, f64>, mask: ArrayView3<'_, bool>) -> Vec<f64> {
    let mut found = Vec::new();
    Zip::from(values).and(mask).for_each(|&value, &is_inside| {
        if is_inside {
            found.push(value);
        }
    });
    found
}

/// Smallest and largest value inside a mask.
fn ends(values: ArrayView3<'_, f64>, mask: ArrayView3<'_, bool>) -> [f64; 2] {
    let mut ends = [f64::INFINITY, f64::NEG_INFINITY];
    Zip::from(values).and(mask).for_each(|&value, &is_inside| {
        if is_inside {
            ends = [ends[0].min(value), ends[1].max(value)];
        }
    });
    ends
}

/// How many voxels have at least each level, from 1 on.
fn at_least_each_level(levels: &Levels) -> Vec<usize> {
    let mut counts = vec![0; levels.n_g()];
    for bin in levels.histogram() {
        counts[usize::from(bin.level) - 1] = bin.count;
    }
    for level in (1..counts.len()).rev() {
        counts[level - 1] += counts[level];
    }
    counts
}
