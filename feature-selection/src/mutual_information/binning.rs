//! Cutting a continuous variable into classes.

use super::check_finite;
use crate::error::{Error, Result, check_setting};

/// How a continuous variable becomes classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binning {
    /// Bins with equal numbers of values; tied values share a bin. infotheo's default, with its rule for uneven division.
    ///
    /// With `n` sorted values, `f = ⌊n / bins⌋` and `s = n - f bins`, cut `i` (from 1) lies at sorted value `i f`, the
    /// first `s` cuts one value later; a value belongs to the first cut it does not exceed, or to the last bin.
    EqualFrequency {
        /// Number of bins; see [`cube_root_bins`].
        bins: usize,
    },
    /// Bins of equal width, half-open, the maximum in the last (infotheo's `equalwidth`): bin `b` is
    /// `[min + b w, min + (b + 1) w)` with `w = (max - min) / bins`.
    EqualWidth {
        /// Number of bins; see [`cube_root_bins`].
        bins: usize,
    },
    /// praznik's cut of a numeric column: 10 bins of equal width over a range widened by a thousandth on either side
    /// (`⌊n / 3⌋` bins for 30 rows or less, 2 for 5 or less). The range stays as it is if either end is 0 (below 1e-14)
    /// or beyond 1e300.
    Praznik,
}

/// Most bins of equal width.
const MOST_BINS: usize = 1 << 16;

/// `⌊∛n⌋`, a common number of bins; at least 1.
pub fn cube_root_bins(n: usize) -> usize {
    let mut bins = (n as f64).cbrt() as usize;
    while (bins + 1).checked_pow(3).is_some_and(|cube| cube <= n) {
        bins += 1;
    }
    while bins.checked_pow(3).is_none_or(|cube| cube > n) {
        bins -= 1;
    }
    bins.max(1)
}

/// The number of bins infotheo takes for `n` rows: the whole part of `n^(1/3)` as computed with rounding, which for
/// `n` = 64, 125, 216 and all larger cubes is one less than [`cube_root_bins`].
pub fn infotheo_bins(n: usize) -> usize {
    let bins = cube_root_bins(n);
    // One third is rounded down by 2e-17, which takes ∛n below the next smaller number once it is 4 or more.
    if bins >= 4 && bins.pow(3) == n {
        bins - 1
    } else {
        bins
    }
}

impl Binning {
    /// Class of every value, counted from 0. A class may be empty, and a constant variable has one.
    ///
    /// ```
    /// use feature_selection::mutual_information::Binning;
    /// let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    /// // Cuts at the third value (one of the seven is left over) and at the fourth.
    /// assert_eq!(Binning::EqualFrequency { bins: 3 }.classes(&values)?, [0, 0, 0, 1, 2, 2, 2]);
    /// assert_eq!(Binning::EqualWidth { bins: 3 }.classes(&values)?, [0, 0, 1, 1, 2, 2, 2]);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for 0 bins or more than 65,536 of equal width, [`Error::NonFinite`], [`Error::TooFewRows`] for no values or fewer values
    /// than equal-frequency bins.
    pub fn classes(self, values: &[f64]) -> Result<Vec<usize>> {
        check_finite(values, "values")?;
        let (required, bins) = match self {
            Self::EqualFrequency { bins } => (bins.max(1), bins),
            Self::EqualWidth { bins } => (1, bins),
            Self::Praznik => (1, 1),
        };
        // Edges of more bins than this may coincide, and a value would look for its bin among all of them.
        let (expected, most) = match self {
            Self::EqualWidth { .. } => ("1 to 65536", MOST_BINS),
            _ => ("at least 1", usize::MAX),
        };
        let fits = (1..=most).contains(&bins);
        check_setting("bins", expected, bins as f64, fits)?;
        if values.len() < required {
            return Err(Error::TooFewRows {
                what: "binning",
                required,
                found: values.len(),
            });
        }
        Ok(match self {
            Self::EqualFrequency { bins } => equal_frequency(values, bins),
            Self::EqualWidth { bins } => equal_width(values, bins),
            Self::Praznik => praznik(values),
        })
    }
}

fn equal_frequency(values: &[f64], bins: usize) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let per_bin = sorted.len() / bins;
    let mut spare = sorted.len() % bins;
    let mut position = per_bin - 1;
    let mut cuts = Vec::with_capacity(bins);
    for _ in 1..bins {
        // A spare value moves this cut but not the following ones: the reference does not carry it.
        cuts.push(sorted[position + usize::from(spare > 0)]);
        spare = spare.saturating_sub(1);
        position += per_bin;
    }
    // Cuts need not ascend where the spare values end, so the first that holds counts, not a bisection.
    values
        .iter()
        .map(|&v| cuts.iter().position(|&cut| v <= cut).unwrap_or(bins - 1))
        .collect()
}

fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        })
}

fn equal_width(values: &[f64], bins: usize) -> Vec<usize> {
    let (low, high) = range(values);
    let width = (high - low) / bins as f64;
    if width <= 0.0 {
        return vec![0; values.len()];
    }
    if !width.is_finite() {
        // The spread is beyond the largest number; that of a quarter of the values is not.
        let quarters: Vec<f64> = values.iter().map(|v| v / 4.0).collect();
        return equal_width(&quarters, bins);
    }
    let edge = |bin: usize| low + bin as f64 * width;
    values
        .iter()
        .map(|&v| {
            // The quotient can miss by one what the edges say, and the edges decide.
            let mut bin = (((v - low) / width) as usize).min(bins - 1);
            while bin > 0 && v < edge(bin) {
                bin -= 1;
            }
            while bin + 1 < bins && v >= edge(bin + 1) {
                bin += 1;
            }
            bin
        })
        .collect()
}

fn praznik(values: &[f64]) -> Vec<usize> {
    const WIDEN: f64 = 1000.0;
    let bins = match values.len() {
        n if n > 30 => 10,
        n if n >= 6 => n / 3,
        _ => 2,
    };
    let (mut low, mut high) = range(values);
    if low == high {
        return vec![0; values.len()];
    }
    let ordinary = |v: f64| v.abs() > 1e-14 && v.abs() < 1e300;
    if ordinary(low) && ordinary(high) {
        // One after the other: the upper margin is a thousandth of the range that the lower has widened.
        low -= (high - low) / WIDEN;
        high += (high - low) / WIDEN;
    }
    values
        .iter()
        .map(|v| (((v - low) / (high - low) * bins as f64) as usize).min(bins - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_values_are_not_carried() {
        // Eight values in five bins: one each and three spare. Cuts at 2, 3, 4 and, none left, at 4.
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(
            Binning::EqualFrequency { bins: 5 }.classes(&x).unwrap(),
            [0, 0, 1, 2, 4, 4, 4, 4]
        );
    }

    #[test]
    fn edges_decide_where_the_quotient_rounds() {
        // 0.3 / 0.1 is 2.999..., but the fourth bin starts at 3 * 0.1 = 0.30000000000000004.
        let x: Vec<f64> = (0..=10).map(|i| f64::from(i) / 10.0).collect();
        let bins = Binning::EqualWidth { bins: 10 }.classes(&x).unwrap();
        assert_eq!(bins, [0, 1, 2, 2, 4, 5, 5, 6, 8, 9, 9]);
    }

    #[test]
    fn extreme_ranges_stay_in_their_bins() {
        let x = [-1.7e308, 0.0, 1.7e308];
        for bins in 1..6 {
            let found = Binning::EqualWidth { bins }.classes(&x).unwrap();
            assert_eq!((found[0], found[2]), (0, bins - 1));
        }
        assert_eq!(Binning::Praznik.classes(&x).unwrap(), [0, 0, 0]);
        assert_eq!(Binning::Praznik.classes(&[4.0; 9]).unwrap(), [0; 9]);
    }

    #[test]
    fn a_range_from_zero_is_not_widened() {
        // From 0 to 9 in three bins of 3: widened, 3 would fall into the first.
        let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0];
        assert_eq!(
            Binning::Praznik.classes(&x).unwrap(),
            [0, 0, 0, 1, 1, 1, 2, 2, 2]
        );
        let shifted = x.map(|v| v + 1.0);
        assert_eq!(
            Binning::Praznik.classes(&shifted).unwrap(),
            [0, 0, 0, 1, 1, 1, 1, 2, 2]
        );
    }

    #[test]
    fn more_bins_than_can_be_told_apart_are_refused() {
        let x = [0.0, 1.0, 0.5];
        let of = |bins| Binning::EqualWidth { bins }.classes(&x);
        assert_eq!(of(1 << 16).unwrap(), [0, 65535, 32768]);
        for bins in [0, (1 << 16) + 1, usize::MAX] {
            let refusal = of(bins).unwrap_err().to_string();
            assert!(
                refusal.starts_with("bins: expected 1 to 65536, found"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn numbers_of_bins() {
        let of = [0, 7, 8, 26, 27, 421, 569, 512, 1000, 1001].map(cube_root_bins);
        assert_eq!(of, [1, 1, 2, 2, 3, 7, 8, 8, 10, 10]);
        let of = [8, 27, 421, 569, 512, 1000, 1001].map(infotheo_bins);
        assert_eq!(of, [2, 3, 7, 8, 7, 9, 10]);
    }
}
