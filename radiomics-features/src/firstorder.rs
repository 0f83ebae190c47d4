//! First-order statistics: the distribution of intensities, whatever their place.
//!
//! Symbols: `X` the `N` intensities inside the mask as they are in the image (not binned), `c` the voxel array shift,
//! `µ` the mean, `m_k = (1/N) Σ (X - µ)^k`, `P_q` the q-th percentile (linear interpolation at position `(N - 1) q / 100`
//! of the sorted values), `p(i)` the fraction of voxels at gray level `i`.
//!
//! Sums over voxels have several partial sums, so their rounding error is far below that of adding one after the other.
//!
//! # Differences
//! PyRadiomics adds `2^-52` inside every logarithm; here `0 log 0 = 0` exactly, so the entropy of a flat region is 0
//! and not `-3.2e-16`. Against IBSI: the kurtosis is not excess unless [asked for](Kurtosis), and energy is taken after the shift.

use ndarray::ArrayView3;

use crate::discretize::{Levels, check_spacing, same_shape};
use crate::feature_table::feature_table;
use crate::rows::values_inside;
use crate::{Error, Result};

/// Settings of the first-order features; the default is PyRadiomics'.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FirstOrderParams {
    /// The constant `c` added before squaring in Energy, TotalEnergy and RootMeanSquared (`voxelArrayShift`). Default 0.
    pub voxel_array_shift: f64,
    /// Which kurtosis is reported. Default: not excess.
    pub kurtosis: Kurtosis,
}

/// Conventions of the kurtosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kurtosis {
    /// `m_4 / m_2²`, 3 for a normal distribution: PyRadiomics.
    #[default]
    Raw,
    /// `m_4 / m_2² - 3`, 0 for a normal distribution: IBSI.
    Excess,
}

impl Kurtosis {
    /// From the central moments; 0 without any spread.
    pub(crate) fn of(self, m2: f64, m4: f64) -> f64 {
        if m2 == 0.0 {
            return 0.0;
        }
        match self {
            Self::Raw => m4 / (m2 * m2),
            Self::Excess => m4 / (m2 * m2) - 3.0,
        }
    }
}

feature_table! {
    /// First-order features. Symbols as in the [module documentation](self).
    pub struct FirstOrderFeatures from s: &Sample {
        /// 10th percentile `P_10`; intensity units.
        percentile_10 ("10Percentile", ibsi "QG58" "stat_p10") = s.percentile_10;
        /// 90th percentile `P_90`; intensity units.
        percentile_90 ("90Percentile", ibsi "8DWT" "stat_p90") = s.percentile_90;
        /// Coefficient of variation `√m_2 / µ`. Infinite or NaN if the mean is 0.
        coefficient_of_variation (ibsi "7TET" "stat_cov") = s.m2.sqrt() / s.mean;
        /// Energy `Σ (X + c)²`; squared intensity units. Grows with the size of the region.
        energy ("Energy", ibsi "N8CA" "stat_energy") = s.energy;
        /// Entropy of the gray levels `-Σ p(i) log2 p(i)`; bits. 0 for a flat region.
        entropy ("Entropy", ibsi "TLU2" "ih_entropy") = s.entropy;
        /// Interquartile range `P_75 - P_25`; intensity units.
        interquartile_range ("InterquartileRange", ibsi "SALO" "stat_iqr") = s.percentile_75 - s.percentile_25;
        /// Kurtosis `m_4 / m_2²`, 3 for a normal distribution, or [3 less](Kurtosis); 0 for a flat region.
        kurtosis ("Kurtosis", ibsi "IPH6" "stat_kurt") = s.kurtosis;
        /// Largest intensity.
        maximum ("Maximum", ibsi "84IY" "stat_max") = s.maximum;
        /// Mean absolute deviation `(1/N) Σ |X - µ|`; intensity units.
        mean_absolute_deviation ("MeanAbsoluteDeviation", ibsi "4FUA" "stat_mad") = s.mean_absolute_deviation;
        /// Mean `µ`; intensity units.
        mean ("Mean", ibsi "Q4LE" "stat_mean") = s.mean;
        /// Mean absolute deviation from the median, `(1/N) Σ |X - P_50|`; intensity units. IBSI calls it median absolute deviation.
        median_absolute_deviation (ibsi "N72L" "stat_medad") = s.median_deviation;
        /// Median `P_50`; intensity units.
        median ("Median", ibsi "Y12H" "stat_median") = s.median;
        /// Smallest intensity.
        minimum ("Minimum", ibsi "1GSF" "stat_min") = s.minimum;
        /// Quartile coefficient of dispersion `(P_75 - P_25) / (P_75 + P_25)`. Infinite or NaN if the sum is 0.
        quartile_coefficient_of_dispersion (ibsi "9S40" "stat_qcod") =
            (s.percentile_75 - s.percentile_25) / (s.percentile_75 + s.percentile_25);
        /// `Maximum - Minimum`; intensity units.
        range ("Range", ibsi "2OJQ" "stat_range") = s.maximum - s.minimum;
        /// Mean absolute deviation of the intensities in `[P_10, P_90]` about their own mean; intensity units. NaN if
        /// no intensity lies in that interval, which only a region of two voxels (or few more) can have.
        robust_mean_absolute_deviation ("RobustMeanAbsoluteDeviation", ibsi "1128" "stat_rmad") = s.robust_deviation;
        /// Root mean square `√((1/N) Σ (X + c)²)`; intensity units.
        root_mean_squared ("RootMeanSquared", ibsi "5ZWQ" "stat_rms") = (s.energy / s.n).sqrt();
        /// Skewness `m_3 / m_2^1.5`; 0 for a flat region.
        skewness ("Skewness", ibsi "KE2A" "stat_skew") = if s.m2 == 0.0 { 0.0 } else { s.m3 / s.m2.powf(1.5) };
        /// Energy times the volume of a voxel; squared intensity units times mm³.
        total_energy ("TotalEnergy") = s.energy * s.voxel_volume;
        /// Uniformity of the gray levels `Σ p(i)²`; in (0, 1], 1 for a flat region.
        uniformity ("Uniformity", ibsi "BJ5W" "ih_uniformity") = s.uniformity;
        /// Variance `m_2` (of the population: divided by `N`); squared intensity units.
        variance ("Variance", ibsi "ECT3" "stat_var") = s.m2;
    }
}

impl FirstOrderFeatures {
    /// The 18 features of the values inside the mask.
    ///
    /// `values` and `mask` are `(z, y, x)` and of one shape, `levels` is their discretization, `spacing` in mm per axis.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the shapes differ, [`Error::RegionMismatch`] if the levels were made from a mask
    /// with another number of voxels, [`Error::InvalidSpacing`] if a spacing is not a positive number.
    pub fn new(
        values: ArrayView3<'_, f64>,
        mask: ArrayView3<'_, bool>,
        levels: &Levels,
        spacing: [f64; 3],
        params: &FirstOrderParams,
    ) -> Result<Self> {
        same_shape(values.dim(), mask.dim())?;
        check_spacing(spacing)?;
        let inside = values_inside(values, mask);
        if inside.len() != levels.n_voxels() {
            return Err(Error::RegionMismatch {
                mask: inside.len(),
                levels: levels.n_voxels(),
            });
        }
        let voxel_volume = spacing.iter().rev().product();
        Ok(Self::compute(&Sample::new(
            inside,
            levels,
            voxel_volume,
            params,
        )))
    }

    /// The standard deviation `√Variance`, which PyRadiomics reports only when asked by name (`StandardDeviation`),
    /// because it says the same as the variance.
    pub fn standard_deviation(&self) -> f64 {
        self.variance.sqrt()
    }
}

/// What the features share, counted once.
struct Sample {
    n: f64,
    minimum: f64,
    maximum: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    kurtosis: f64,
    mean_absolute_deviation: f64,
    median_deviation: f64,
    robust_deviation: f64,
    energy: f64,
    percentile_10: f64,
    percentile_25: f64,
    median: f64,
    percentile_75: f64,
    percentile_90: f64,
    entropy: f64,
    uniformity: f64,
    voxel_volume: f64,
}

impl Sample {
    fn new(
        mut values: Vec<f64>,
        levels: &Levels,
        voxel_volume: f64,
        params: &FirstOrderParams,
    ) -> Self {
        let shift = params.voxel_array_shift;
        let n = values.len() as f64;
        let minimum = values.iter().copied().fold(f64::INFINITY, f64::min);
        let maximum = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = Mean::of(&values);
        let [m2, m3, m4] = central_moments(&values, &mean);
        let mean_absolute_deviation = mean.absolute_deviation(&values);
        let energy = sum(&values, |x| (x + shift) * (x + shift));
        let [
            percentile_10,
            percentile_25,
            median,
            percentile_75,
            percentile_90,
        ] = percentiles(&mut values, [10.0, 25.0, 50.0, 75.0, 90.0]);
        let median_deviation = sum(&values, |x| (x - median).abs()) / n;
        values.retain(|&x| percentile_10 <= x && x <= percentile_90);
        let robust_deviation = Mean::of(&values).absolute_deviation(&values);
        let fractions = levels.histogram().iter().map(|bin| bin.count as f64 / n);
        Self {
            n,
            minimum,
            maximum,
            mean: mean.value,
            m2,
            m3,
            kurtosis: params.kurtosis.of(m2, m4),
            mean_absolute_deviation,
            median_deviation,
            robust_deviation,
            energy,
            percentile_10,
            percentile_25,
            median,
            percentile_75,
            percentile_90,
            // Every p is positive; 0 minus the sum, so that a flat region has +0.
            entropy: 0.0 - fractions.clone().map(|p| p * p.log2()).sum::<f64>(),
            uniformity: fractions.map(|p| p * p).sum(),
            voxel_volume,
        }
    }
}

/// Partial sums per pass: enough to hide the latency of an addition and to keep rounding errors small.
const LANES: usize = 8;

/// `Σ f(x)`.
pub(crate) fn sum(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    sums(values, |x| [f(x)])[0]
}

/// A mean with what rounding left out of it.
///
/// Intensities with a large offset lie close together on the scale of the mean's last digit; without the rest, that digit
/// would shift all deviations, and a symmetric distribution would be skewed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    value: f64,
    rest: f64,
}

impl Mean {
    /// That of equal values exactly, not up to the rounding of a division. NaN without values.
    pub(crate) fn of(values: &[f64]) -> Self {
        if let [first, others @ ..] = values
            && others.iter().all(|value| value == first)
        {
            return Self {
                value: *first,
                rest: 0.0,
            };
        }
        let n = values.len() as f64;
        let value = sum(values, |x| x) / n;
        let rest = sum(values, |x| x - value) / n;
        Self { value, rest }
    }

    /// The mean, rounded.
    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    /// Of a value from the mean.
    #[inline]
    pub(crate) fn deviation(&self, x: f64) -> f64 {
        (x - self.value) - self.rest
    }

    /// `(1/N) Σ |X - µ|`; NaN without values.
    fn absolute_deviation(&self, values: &[f64]) -> f64 {
        sum(values, |x| self.deviation(x).abs()) / values.len() as f64
    }
}

/// `[m_2, m_3, m_4]` about the mean, in one pass after the mean's.
fn central_moments(values: &[f64], mean: &Mean) -> [f64; 3] {
    let n = values.len() as f64;
    sums(values, |x| {
        let d = mean.deviation(x);
        let square = d * d;
        [square, square * d, square * square]
    })
    .map(|total| total / n)
}

/// `Σ f(x)` for `K` functions at a time, in a fixed order whatever the machine.
fn sums<const K: usize>(values: &[f64], f: impl Fn(f64) -> [f64; K]) -> [f64; K] {
    let mut lanes = [[0.0; K]; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            for (total, term) in lane.iter_mut().zip(f(value)) {
                *total += term;
            }
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        for (total, term) in lane.iter_mut().zip(f(value)) {
            *total += term;
        }
    }
    std::array::from_fn(|k| lanes.iter().map(|lane| lane[k]).sum())
}

/// Percentiles in ascending order of `percents`, by linear interpolation between the two values around position
/// `(n - 1) q / 100`. Reorders the values: each selection leaves the larger values to the next one.
fn percentiles<const K: usize>(values: &mut [f64], percents: [f64; K]) -> [f64; K] {
    let mut sorted_up_to = 0;
    percents.map(|percent| {
        let position = (values.len() - 1) as f64 * (percent / 100.0);
        let below = position.floor() as usize;
        let above = (below + 1).min(values.len() - 1);
        for rank in [below, above] {
            if rank >= sorted_up_to {
                values[sorted_up_to..].select_nth_unstable_by(rank - sorted_up_to, f64::total_cmp);
                sorted_up_to = rank + 1;
            }
        }
        interpolate(values[below], values[above], position - below as f64)
    })
}

/// From `low` at 0 to `high` at 1, computed from the nearer end so that both ends are exact.
pub(crate) fn interpolate(low: f64, high: f64, fraction: f64) -> f64 {
    let step = high - low;
    if fraction >= 0.5 {
        high - step * (1.0 - fraction)
    } else {
        low + step * fraction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretize::{Binning, PixelKind};
    use ndarray::Array3;

    fn features_of(values: &[f64], width: f64, shift: f64) -> FirstOrderFeatures {
        let params = FirstOrderParams {
            voxel_array_shift: shift,
            ..FirstOrderParams::default()
        };
        let values = Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).expect("a row");
        let mask = Array3::from_elem(values.dim(), true);
        let levels = Levels::new(
            values.view(),
            mask.view(),
            PixelKind::Float64,
            &Binning::Width(width),
        );
        let levels = levels.expect("levels");
        FirstOrderFeatures::new(
            values.view(),
            mask.view(),
            &levels,
            [3.0, 2.0, 1.0],
            &params,
        )
        .expect("features")
    }

    #[test]
    fn names_are_in_ascii_order() {
        // PyRadiomics sorts its methods, named `get` + feature + `FeatureValue`: `MeanA…` comes before `MeanF…`.
        assert!(FirstOrderFeatures::NAMES.is_sorted_by_key(|name| format!("{name}FeatureValue")));
        assert_eq!(FirstOrderFeatures::NAMES.len(), 18);
    }

    #[test]
    fn five_values_by_hand() {
        let f = features_of(&[1.0, 2.0, 3.0, 4.0, 10.0], 5.0, 1.0);
        assert_eq!(
            (f.minimum, f.maximum, f.range, f.mean, f.median),
            (1.0, 10.0, 9.0, 4.0, 3.0)
        );
        approx::assert_relative_eq!(f.percentile_10, 1.4, max_relative = 1e-15);
        approx::assert_relative_eq!(f.percentile_90, 7.6, max_relative = 1e-15);
        assert_eq!(f.interquartile_range, 2.0);
        assert_eq!(f.variance, 10.0);
        assert_eq!(f.standard_deviation(), 10f64.sqrt());
        assert_eq!(f.mean_absolute_deviation, 2.4);
        assert_eq!(f.median_absolute_deviation, 2.2);
        assert_eq!(f.coefficient_of_variation, 10f64.sqrt() / 4.0);
        assert_eq!(f.quartile_coefficient_of_dispersion, 2.0 / 6.0);
        // [P10, P90] keeps 2, 3, 4.
        approx::assert_relative_eq!(
            f.robust_mean_absolute_deviation,
            2.0 / 3.0,
            max_relative = 1e-15
        );
        approx::assert_relative_eq!(f.skewness, 36.0 / 10f64.powf(1.5), max_relative = 1e-15);
        approx::assert_relative_eq!(
            f.kurtosis,
            (81.0 + 16.0 + 1.0 + 1296.0) / 5.0 / 100.0,
            max_relative = 1e-15
        );
        assert_eq!(f.energy, 4.0 + 9.0 + 16.0 + 25.0 + 121.0);
        assert_eq!(f.total_energy, 6.0 * f.energy);
        assert_eq!(f.root_mean_squared, 35f64.sqrt());
        // Levels 1 1 1 1 3.
        approx::assert_relative_eq!(f.uniformity, 0.68, max_relative = 1e-15);
        let entropy = -(0.8 * 0.8f64.log2() + 0.2 * 0.2f64.log2());
        approx::assert_relative_eq!(f.entropy, entropy, max_relative = 1e-15);
    }

    #[test]
    fn a_flat_region_has_no_spread() {
        let f = features_of(&[0.1; 7], 25.0, 0.0);
        for zero in [
            f.variance,
            f.skewness,
            f.kurtosis,
            f.entropy,
            f.range,
            f.mean_absolute_deviation,
        ] {
            assert_eq!(zero.to_bits(), 0.0f64.to_bits());
        }
        assert_eq!(
            (f.mean, f.uniformity, f.robust_mean_absolute_deviation),
            (0.1, 1.0, 0.0)
        );
    }

    #[test]
    fn a_large_offset_does_not_skew_a_symmetric_distribution() {
        // Values 0.1 apart near 1e6, where the mean has no exact representation; deviations of ±0.05, ±0.15, … by pairs.
        let values: Vec<f64> = (0..8)
            .map(|i| 1e6 + 1.0 / 3.0 + 0.125 * f64::from(i))
            .collect();
        let f = features_of(&values, 25.0, 0.0);
        assert!(f.skewness.abs() < 1e-15, "{}", f.skewness);
        approx::assert_relative_eq!(
            f.variance,
            0.125 * 0.125 * 63.0 / 12.0,
            max_relative = 1e-15
        );
        approx::assert_relative_eq!(f.mean_absolute_deviation, 0.25, max_relative = 1e-15);
    }

    #[test]
    fn two_voxels_have_no_value_between_their_percentiles() {
        let f = features_of(&[1.0, 2.0], 25.0, 0.0);
        assert!(f.robust_mean_absolute_deviation.is_nan());
        assert_eq!(f.iter().filter(|(_, value)| value.is_nan()).count(), 1);
    }

    #[test]
    fn percentiles_agree_with_sorting() {
        let values: Vec<f64> = (0..101u32).map(|i| f64::from(i * 7919 % 103)).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let found = percentiles(&mut values.clone(), [10.0, 25.0, 50.0, 75.0, 90.0]);
        assert_eq!(
            found,
            [sorted[10], sorted[25], sorted[50], sorted[75], sorted[90]]
        );
    }
}
