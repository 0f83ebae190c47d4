//! Intensity histogram: the distribution of the gray levels.
//!
//! Symbols: `n(i)` the number of voxels of level `i`, `N` their sum, `p(i) = n(i) / N`, `Ng` the largest level, `µ` the mean
//! level, `m_k = Σ p(i) (i - µ)^k`, `P_q` the q-th percentile (linear interpolation at position `(N - 1) q / 100` of the sorted
//! levels), `H'` the histogram gradient, which counts the levels that do not occur as well:
//!
//! ```text
//! H'(1) = n(2) - n(1)      H'(i) = (n(i+1) - n(i-1)) / 2      H'(Ng) = n(Ng) - n(Ng-1)
//! ```
//!
//! IBSI has two features more in this family, entropy and uniformity; they are PyRadiomics' and so among the
//! [first-order features](crate::firstorder). Reference: IBSI reference manual, section 3.4 (ZVCW).

use crate::discretize::{LevelCount, Levels};
use crate::feature_table::feature_table;
use crate::firstorder::{Kurtosis, interpolate};

feature_table! {
    /// Intensity histogram features. Symbols as in the [module documentation](self).
    pub struct IntensityHistogramFeatures from s: &Summary {
        /// Mean level `µ`.
        mean (ibsi "X6K6" "ih_mean") = s.mean;
        /// Variance `m_2`; squared levels.
        variance (ibsi "CH89" "ih_var") = s.m2;
        /// Skewness `m_3 / m_2^1.5`; 0 for a flat region.
        skewness (ibsi "88K1" "ih_skew") = if s.m2 == 0.0 { 0.0 } else { s.m3 / s.m2.powf(1.5) };
        /// Kurtosis `m_4 / m_2²`, [3 less](Kurtosis) by IBSI's convention; 0 for a flat region.
        kurtosis (ibsi "C3I7" "ih_kurt") = s.kurtosis;
        /// Median level `P_50`.
        median (ibsi "WIFQ" "ih_median") = s.median;
        /// Smallest level; above 1 is possible with bins of a fixed size.
        minimum (ibsi "1PR8" "ih_min") = s.minimum;
        /// 10th percentile `P_10`.
        percentile_10 (ibsi "GPMT" "ih_p10") = s.percentile_10;
        /// 90th percentile `P_90`.
        percentile_90 (ibsi "OZ0C" "ih_p90") = s.percentile_90;
        /// Largest level `Ng`.
        maximum (ibsi "3NCY" "ih_max") = s.maximum;
        /// The level that occurs most often; of several the one nearest to the mean, of two as near the lower.
        mode (ibsi "AMMC" "ih_mode") = s.mode;
        /// Interquartile range `P_75 - P_25`; levels.
        interquartile_range (ibsi "WR0O" "ih_iqr") = s.percentile_75 - s.percentile_25;
        /// `Maximum - Minimum`; levels.
        range (ibsi "5Z3W" "ih_range") = s.maximum - s.minimum;
        /// Mean absolute deviation from the mean `Σ p |i - µ|`; levels.
        mean_absolute_deviation (ibsi "D2ZX" "ih_mad") = s.mean_absolute_deviation;
        /// Mean absolute deviation of the levels in `[P_10, P_90]` about their own mean. NaN if there is none.
        robust_mean_absolute_deviation (ibsi "WRZB" "ih_rmad") = s.robust_deviation;
        /// Mean absolute deviation from the median `Σ p |i - P_50|`; levels.
        median_absolute_deviation (ibsi "4RNL" "ih_medad") = s.median_deviation;
        /// Coefficient of variation `√m_2 / µ`.
        coefficient_of_variation (ibsi "CWYJ" "ih_cov") = s.m2.sqrt() / s.mean;
        /// Quartile coefficient of dispersion `(P_75 - P_25) / (P_75 + P_25)`, in [0, 1).
        quartile_coefficient_of_dispersion (ibsi "SLWD" "ih_qcod") =
            (s.percentile_75 - s.percentile_25) / (s.percentile_75 + s.percentile_25);
        /// Largest histogram gradient `max H'`; voxels. 0 with a single level.
        maximum_gradient (ibsi "12CE" "ih_max_grad") = s.steepest_up.slope;
        /// The level at which the gradient is largest; the lowest of several.
        maximum_gradient_level (ibsi "8E6O" "ih_max_grad_g") = s.steepest_up.level;
        /// Smallest histogram gradient `min H'`; voxels. 0 with a single level.
        minimum_gradient (ibsi "VQB3" "ih_min_grad") = s.steepest_down.slope;
        /// The level at which the gradient is smallest; the lowest of several.
        minimum_gradient_level (ibsi "RHQZ" "ih_min_grad_g") = s.steepest_down.level;
    }
}

impl IntensityHistogramFeatures {
    /// The features of a discretized region.
    #[must_use]
    pub fn new(levels: &Levels, kurtosis: Kurtosis) -> Self {
        Self::compute(&Summary::new(levels, kurtosis))
    }
}

/// What the features are made of.
struct Summary {
    mean: f64,
    m2: f64,
    m3: f64,
    kurtosis: f64,
    minimum: f64,
    maximum: f64,
    mode: f64,
    percentile_10: f64,
    percentile_25: f64,
    median: f64,
    percentile_75: f64,
    percentile_90: f64,
    mean_absolute_deviation: f64,
    robust_deviation: f64,
    median_deviation: f64,
    steepest_up: Gradient,
    steepest_down: Gradient,
}

impl Summary {
    fn new(levels: &Levels, kurtosis: Kurtosis) -> Self {
        let bins = levels.histogram();
        let mean = mean(bins);
        let moment = |power| weighted(bins, |level| (level - mean).powi(power)) / total(bins);
        let [
            percentile_10,
            percentile_25,
            median,
            percentile_75,
            percentile_90,
        ] = [10.0, 25.0, 50.0, 75.0, 90.0].map(|percent| percentile(bins, percent));
        let is_central =
            |bin: &&LevelCount| (percentile_10..=percentile_90).contains(&f64::from(bin.level));
        let central: Vec<LevelCount> = bins.iter().filter(is_central).copied().collect();
        let m2 = moment(2);
        let [steepest_up, steepest_down] = gradients(bins, levels.n_g());
        Self {
            mean,
            m2,
            m3: moment(3),
            kurtosis: kurtosis.of(m2, moment(4)),
            minimum: bins.first().map_or(f64::NAN, |bin| f64::from(bin.level)),
            maximum: levels.n_g() as f64,
            mode: mode(bins, mean),
            percentile_10,
            percentile_25,
            median,
            percentile_75,
            percentile_90,
            mean_absolute_deviation: deviation(bins, mean),
            robust_deviation: deviation(&central, self::mean(&central)),
            median_deviation: deviation(bins, median),
            steepest_up,
            steepest_down,
        }
    }
}

/// `Σ n(i) f(i)`.
fn weighted(bins: &[LevelCount], f: impl Fn(f64) -> f64) -> f64 {
    bins.iter()
        .map(|bin| bin.count as f64 * f(f64::from(bin.level)))
        .sum()
}

/// `N`.
fn total(bins: &[LevelCount]) -> f64 {
    bins.iter().map(|bin| bin.count).sum::<usize>() as f64
}

/// The mean level; NaN without any.
fn mean(bins: &[LevelCount]) -> f64 {
    weighted(bins, |level| level) / total(bins)
}

/// The mean absolute deviation from `center`; NaN without any level.
fn deviation(bins: &[LevelCount], center: f64) -> f64 {
    weighted(bins, |level| (level - center).abs()) / total(bins)
}

/// By linear interpolation between the levels of the sorted voxels.
fn percentile(bins: &[LevelCount], percent: f64) -> f64 {
    let n = bins.iter().map(|bin| bin.count).sum::<usize>();
    let position = n.saturating_sub(1) as f64 * (percent / 100.0);
    let below = position.floor() as usize;
    let at = |rank: usize| {
        let mut counted = 0;
        let found = bins.iter().find(|bin| {
            counted += bin.count;
            rank < counted
        });
        found.map_or(f64::NAN, |bin| f64::from(bin.level))
    };
    let above = (below + 1).min(n.saturating_sub(1));
    interpolate(at(below), at(above), position - below as f64)
}

/// The most frequent level; of several the one nearest to the mean, the lower of two as near.
fn mode(bins: &[LevelCount], mean: f64) -> f64 {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0);
    let candidates = bins.iter().filter(|bin| bin.count == most);
    let levels = candidates.map(|bin| f64::from(bin.level));
    // The first of the smallest distances.
    levels
        .min_by(|a, b| (a - mean).abs().total_cmp(&(b - mean).abs()))
        .unwrap_or(f64::NAN)
}

/// A value of the histogram gradient and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Gradient {
    slope: f64,
    level: f64,
}

/// The largest and the smallest gradient, each at the lowest level that has it.
fn gradients(bins: &[LevelCount], n_g: usize) -> [Gradient; 2] {
    let mut counts = vec![0.0; n_g];
    for bin in bins {
        counts[usize::from(bin.level) - 1] = bin.count as f64;
    }
    let last = n_g - 1;
    let slope = |i: usize| {
        let (before, after) = (i.saturating_sub(1), (i + 1).min(last));
        match after - before {
            0 => 0.0,
            apart => (counts[after] - counts[before]) / apart as f64,
        }
    };
    let first = Gradient {
        slope: slope(0),
        level: 1.0,
    };
    let mut found = [first; 2];
    for i in 1..n_g {
        let here = Gradient {
            slope: slope(i),
            level: (i + 1) as f64,
        };
        if here.slope > found[0].slope {
            found[0] = here;
        }
        if here.slope < found[1].slope {
            found[1] = here;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(levels: &[u16]) -> IntensityHistogramFeatures {
        let row = ndarray::Array3::from_shape_vec((1, 1, levels.len()), levels.to_vec());
        let levels = Levels::from_array(row.expect("a row").view()).expect("levels");
        IntensityHistogramFeatures::new(&levels, Kurtosis::Excess)
    }

    #[test]
    fn seven_levels_by_hand() {
        let f = features(&[2, 2, 2, 4, 5, 5, 5]);
        assert_eq!(
            (f.minimum, f.maximum, f.range, f.median),
            (2.0, 5.0, 3.0, 4.0)
        );
        approx::assert_relative_eq!(f.mean, 25.0 / 7.0, max_relative = 1e-15);
        // 2 and 5 occur three times; 5 is nearer to 25 / 7.
        assert_eq!(f.mode, 5.0);
        // Counts 0 3 0 1 3.
        assert_eq!((f.maximum_gradient, f.maximum_gradient_level), (3.0, 1.0));
        assert_eq!((f.minimum_gradient, f.minimum_gradient_level), (-1.0, 3.0));
        assert_eq!(f.interquartile_range, 5.0 - 2.0);
        approx::assert_relative_eq!(f.median_absolute_deviation, 9.0 / 7.0, max_relative = 1e-15);
    }

    #[test]
    fn two_modes_as_near_to_the_mean_are_the_lower() {
        assert_eq!(features(&[1, 3]).mode, 1.0);
    }

    #[test]
    fn a_flat_region_has_no_spread_and_no_gradient() {
        let f = features(&[1, 1, 1]);
        let zeros = [
            f.variance,
            f.skewness,
            f.kurtosis,
            f.maximum_gradient,
            f.minimum_gradient,
        ];
        assert!(zeros.iter().all(|&zero| zero == 0.0), "{zeros:?}");
        assert_eq!((f.mode, f.robust_mean_absolute_deviation), (1.0, 0.0));
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_levels() {
        let levels: Vec<u16> = (0..101u16).map(|i| 1 + i * 31 % 47).collect();
        let mut sorted = levels.clone();
        sorted.sort_unstable();
        let f = features(&levels);
        assert_eq!(f.percentile_10, f64::from(sorted[10]));
        assert_eq!(f.median, f64::from(sorted[50]));
        assert_eq!(f.percentile_90, f64::from(sorted[90]));
    }
}
