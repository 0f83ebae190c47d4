//! Sample quantiles as R numbers them (Hyndman and Fan, Am. Stat. 50, 1996, 361-365,
//! doi:10.1080/00031305.1996.10473566).

use crate::error::{Error, Result, all_finite};

/// The nine definitions of a sample quantile. Type 7 is R's and numpy's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum QuantileType {
    /// Inverse of the empirical distribution function.
    Type1,
    /// As type 1, averaging at discontinuities.
    Type2,
    /// Nearest even order statistic.
    Type3,
    /// Linear interpolation of the empirical distribution function.
    Type4,
    /// Knots midway through the steps (hydrology).
    Type5,
    /// Knots at `k/(n+1)` (Minitab, SPSS).
    Type6,
    /// Knots at `(k-1)/(n-1)` (R, numpy, Excel).
    #[default]
    Type7,
    /// Approximately median-unbiased.
    Type8,
    /// Approximately unbiased for normal data.
    Type9,
}

/// Quantile of unsorted values.
///
/// ```
/// use eval_stats::quantile::{quantile, QuantileType};
/// let x = [4.0, 1.0, 3.0, 2.0];
/// assert_eq!(quantile(&x, 0.5, QuantileType::Type7).unwrap(), 2.5);
/// assert_eq!(quantile(&x, 0.5, QuantileType::Type1).unwrap(), 2.0);
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], or [`Error::OutOfRange`] for `p` outside `[0, 1]`.
pub fn quantile(values: &[f64], p: f64, kind: QuantileType) -> Result<f64> {
    all_finite("values", values)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::OutOfRange {
            name: "p",
            value: p,
            expected: "a probability in [0, 1]",
        });
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(of_sorted(&sorted, p, kind))
}

/// Quantile of values that are sorted already and not empty.
///
/// ```
/// use eval_stats::quantile::{QuantileType, of_sorted};
/// assert_eq!(of_sorted(&[1.0, 2.0, 4.0], 0.75, QuantileType::Type7), 3.0);
/// ```
///
/// # Panics
/// If `sorted` is empty.
pub fn of_sorted(sorted: &[f64], p: f64, kind: QuantileType) -> f64 {
    // R's allowance for the rounding of a position.
    const FUZZ: f64 = 4.0 * f64::EPSILON;
    let n = sorted.len();
    assert!(n > 0, "a quantile of nothing");
    let nf = n as f64;
    let (a, b) = match kind {
        QuantileType::Type1 | QuantileType::Type2 | QuantileType::Type3 => {
            return discontinuous(sorted, p, kind);
        }
        QuantileType::Type4 => (0.0, 1.0),
        QuantileType::Type5 => (0.5, 0.5),
        QuantileType::Type6 => (0.0, 0.0),
        QuantileType::Type7 => (1.0, 1.0),
        QuantileType::Type8 => (1.0 / 3.0, 1.0 / 3.0),
        QuantileType::Type9 => (3.0 / 8.0, 3.0 / 8.0),
    };
    let position = if kind == QuantileType::Type7 {
        1.0 + (nf - 1.0) * p
    } else {
        a + p * (nf + 1.0 - a - b)
    };
    let j = (position + FUZZ).floor();
    let mut h = position - j;
    if h.abs() < FUZZ {
        h = 0.0;
    }
    let (x0, x1) = (order_statistic(sorted, j), order_statistic(sorted, j + 1.0));
    if h == 0.0 || x0 == x1 {
        x0
    } else if h == 1.0 {
        x1
    } else {
        (1.0 - h) * x0 + h * x1
    }
}

/// `j`-th order statistic, counted from 1, the ends repeated.
fn order_statistic(sorted: &[f64], j: f64) -> f64 {
    let last = sorted.len() as f64;
    sorted[(j.clamp(1.0, last) - 1.0) as usize]
}

/// Without an allowance for rounding, as R 4.2 computes these types.
fn discontinuous(sorted: &[f64], p: f64, kind: QuantileType) -> f64 {
    let np = if kind == QuantileType::Type3 {
        sorted.len() as f64 * p - 0.5
    } else {
        sorted.len() as f64 * p
    };
    let j = np.floor();
    let above = np > j;
    let (x0, x1) = (order_statistic(sorted, j), order_statistic(sorted, j + 1.0));
    match kind {
        QuantileType::Type1 if above => x1,
        QuantileType::Type1 => x0,
        QuantileType::Type2 if above => x1,
        QuantileType::Type2 => 0.5 * (x0 + x1),
        _ if above || j.rem_euclid(2.0) == 1.0 => x1,
        _ => x0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R 4.2.2: `quantile(1:40, 0.5 * (1 - 0.95), type = 1)` is 2, for the product is just above 1.
    #[test]
    fn steps_are_taken_as_the_product_rounds() {
        let x: Vec<f64> = (1..=40).map(f64::from).collect();
        let p = 0.5 * (1.0 - 0.95);
        assert!(40.0 * p > 1.0);
        assert_eq!(of_sorted(&x, p, QuantileType::Type1), 2.0);
        assert_eq!(of_sorted(&x, p, QuantileType::Type2), 2.0);
        assert_eq!(of_sorted(&x, 0.025, QuantileType::Type2), 1.5);
    }
}
