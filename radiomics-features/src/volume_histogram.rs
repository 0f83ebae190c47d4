//! Intensity-volume histogram: which part of a region has at least an intensity.
//!
//! Symbols: `i` the steps `min(G), min(G) + w, .. max(G)` of a total range `G` of intensities; `ν(i)` the fraction of the voxels
//! whose intensity is at least `i`; `γ(i) = (i - min(G)) / (max(G) - min(G))` the intensity fraction. What the intensities, the
//! range and the step are, depends on the image ([`IvhBinning`]).
//!
//! Reference: IBSI reference manual, section 3.5 (P88C).

use std::num::NonZeroUsize;

use ndarray::ArrayView3;

use crate::discretize::{BinOrigin, Binning, Levels, PixelKind, finite_range, same_shape};
use crate::feature_table::feature_table;
use crate::rows::contiguous;
use crate::wide::wide;
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
        /// Largest volume fraction with an intensity fraction of at least 10 %; in [0, 1], 1 for a range of one step.
        volume_at_intensity_fraction_10 (ibsi "BC2M" "ivh_v10") = h.volume_at(0.1);
        /// Largest volume fraction with an intensity fraction of at least 90 %; in [0, 1], 1 for a range of one step.
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
        if !mask.iter().any(|&inside| inside) {
            return Err(Error::EmptyMask);
        }
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
                let found = finite_range(values, mask, [0; 3])?;
                let first = range.lower.unwrap_or(found.min);
                let last = range.upper.unwrap_or(found.max);
                let n_steps = n_steps(last - first)?;
                let (at_least, n_voxels) = at_least_each_step(values, mask, first, n_steps);
                Ok(Self::of_counts(first, 1.0, &at_least, n_voxels))
            }
            IvhBinning::FixedBinSize(width) => {
                let origin = range.lower.map_or(BinOrigin::RegionMinimum, BinOrigin::At);
                let levels = levels(Binning::FixedBinSize { width, origin })?;
                let found = finite_range(values, mask, [0; 3])?;
                let low = range.lower.unwrap_or(found.min);
                let high = range.upper.unwrap_or(found.max);
                // Step k of the range is the center of bin k + 1.
                let at_least = at_least_each_level(&levels, n_steps((high - low) / width - 1.0)?);
                let center = low + 0.5 * width;
                Ok(Self::of_counts(center, width, &at_least, levels.n_voxels()))
            }
            IvhBinning::FixedBinNumber(count) => {
                let levels = levels(Binning::FixedBinNumber(count))?;
                let at_least = at_least_each_level(&levels, count.get());
                Ok(Self::of_counts(1.0, 1.0, &at_least, levels.n_voxels()))
            }
        }
    }

    /// From the number of voxels with at least the intensity of each step.
    fn of_counts(first: f64, step: f64, at_least: &[usize], n_voxels: usize) -> Self {
        let n = n_voxels as f64;
        Self {
            first,
            step,
            fractions: at_least.iter().map(|&count| count as f64 / n).collect(),
        }
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

/// Number of steps of a range that is so many steps long; one at least. The end of the range is a step up to rounding.
fn n_steps(length: f64) -> Result<usize> {
    let steps = (length + 1e-9).floor().max(0.0) + 1.0;
    if steps.is_nan() || steps > MAX_STEPS {
        return Err(Error::TooManyLevels {
            levels: steps,
            limit: MAX_STEPS as usize,
        });
    }
    Ok(steps as usize)
}

/// How many voxels have at least each intensity of `first`, `first + 1`, .., and how many voxels there are.
fn at_least_each_step(
    values: ArrayView3<'_, f64>,
    mask: ArrayView3<'_, bool>,
    first: f64,
    n_steps: usize,
) -> (Vec<usize>, usize) {
    let last = n_steps as f64 - 1.0;
    // Behind the last step, voxels below the first.
    let mut counts = vec![0; n_steps + 1];
    let mut steps = Vec::new();
    for (values, mask) in values.rows().into_iter().zip(mask.rows()) {
        let (values, mask) = (contiguous(values), contiguous(mask));
        steps.resize(values.len(), 0u32);
        wide(
            #[inline(always)]
            || {
                for (step, &value) in steps.iter_mut().zip(&*values) {
                    // The last step that is not above the value; the difference is rounded.
                    let near = (value - first).floor();
                    let above = f64::from(u8::from(first + near > value));
                    let below = f64::from(u8::from(first + (near + 1.0) <= value));
                    let found = (near - above + below).min(last);
                    *step = if found >= 0.0 {
                        found as u32
                    } else {
                        n_steps as u32
                    };
                }
            },
        );
        for (&step, _) in steps.iter().zip(&*mask).filter(|&(_, &inside)| inside) {
            counts[step as usize] += 1;
        }
    }
    let n_voxels = counts.iter().sum();
    counts.pop();
    (cumulated(counts), n_voxels)
}

/// How many voxels have at least each level, from 1 on.
fn at_least_each_level(levels: &Levels, n_levels: usize) -> Vec<usize> {
    let mut counts = vec![0; n_levels.max(levels.n_g())];
    for bin in levels.histogram() {
        counts[usize::from(bin.level) - 1] = bin.count;
    }
    let mut at_least = cumulated(counts);
    at_least.truncate(n_levels);
    at_least
}

/// The sum of each count and all after it.
fn cumulated(mut counts: Vec<usize>) -> Vec<usize> {
    for k in (1..counts.len()).rev() {
        counts[k - 1] += counts[k];
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(
        values: &[f64],
        binning: IvhBinning,
        range: IntensityRange,
    ) -> Result<IntensityVolumeHistogramFeatures> {
        let values =
            ndarray::Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).expect("a row");
        let mask = values.mapv(|_| true);
        IntensityVolumeHistogramFeatures::new(values.view(), mask.view(), binning, range)
    }

    const OPEN: IntensityRange = IntensityRange {
        lower: None,
        upper: None,
    };

    #[test]
    fn discrete_intensities_by_hand() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        let f = features(&values, IvhBinning::None, OPEN).expect("features");
        // At least 1: 10 of 11; at least 9: 2 of 11.
        assert_eq!(f.volume_at_intensity_fraction_10, 10.0 / 11.0);
        assert_eq!(f.volume_at_intensity_fraction_90, 2.0 / 11.0);
        // At least 10: 1 of 11, at most a tenth; at least 2: 9 of 11.
        assert_eq!(f.intensity_at_volume_fraction_10, 10.0);
        assert_eq!(f.intensity_at_volume_fraction_90, 2.0);
        let range = IntensityRange {
            lower: Some(-10.0),
            upper: Some(20.0),
        };
        let f = features(&values, IvhBinning::None, range).expect("features");
        // A tenth of the range is at -7, nine tenths at 17.
        assert_eq!(
            (
                f.volume_at_intensity_fraction_10,
                f.volume_at_intensity_fraction_90
            ),
            (1.0, 0.0)
        );
    }

    #[test]
    fn bins_are_taken_at_their_centers_or_by_their_number() {
        let values = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.4];
        let range = IntensityRange {
            lower: Some(0.0),
            upper: Some(4.0),
        };
        let f = features(&values, IvhBinning::FixedBinSize(1.0), range).expect("features");
        // Two voxels in each of the bins with centers 0.5, 1.5, 2.5 and 3.5.
        assert_eq!(f.volume_at_intensity_fraction_90, 0.25);
        assert_eq!(f.intensity_at_volume_fraction_90, 1.5);
        let four = IvhBinning::FixedBinNumber(4.try_into().expect("not 0"));
        let f = features(&values, four, range).expect("features");
        assert_eq!(f.intensity_at_volume_fraction_90, 2.0);
    }

    #[test]
    fn a_flat_region_is_one_step() {
        let f = features(&[5.0, 5.0], IvhBinning::None, OPEN).expect("features");
        assert_eq!(
            (
                f.volume_at_intensity_fraction_10,
                f.volume_at_intensity_fraction_90
            ),
            (1.0, 1.0)
        );
        // More than a tenth have 5.
        assert_eq!(
            (f.intensity_at_volume_fraction_10, f.area_under_curve),
            (6.0, 0.0)
        );
    }

    #[test]
    fn a_range_of_too_many_steps_is_refused() {
        let error = features(&[0.0, 1e12], IvhBinning::None, OPEN);
        assert!(
            matches!(error, Err(Error::TooManyLevels { .. })),
            "{error:?}"
        );
    }

    #[test]
    fn unusable_regions_are_errors() {
        let values = ndarray::arr3(&[[[1.0, f64::NAN, 2.0]]]);
        let [nothing, all] = [false, true].map(|inside| values.mapv(|_| inside));
        let number = IvhBinning::FixedBinNumber(4.try_into().expect("not 0"));
        for binning in [IvhBinning::None, IvhBinning::FixedBinSize(1.0), number] {
            let of = |mask: &ndarray::Array3<bool>| {
                IntensityVolumeHistogramFeatures::new(values.view(), mask.view(), binning, OPEN)
            };
            assert!(matches!(of(&nothing), Err(Error::EmptyMask)), "{binning:?}");
            let error = of(&all);
            assert!(
                matches!(error, Err(Error::NotFinite { x: 1, .. })),
                "{error:?}"
            );
        }
    }
}
