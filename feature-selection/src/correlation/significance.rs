//! Test and interval of one coefficient.

use eval_stats::special::{normal_quantile, normal_two_sided, t_two_sided};

use super::{Correlation, CorrelationColumns};
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// Two-sided test of no association between two columns.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CorrelationTest {
    /// Which coefficient.
    pub method: Correlation,
    /// Rows.
    pub n: usize,
    /// The coefficient, in [-1, 1]; NaN if a column is constant.
    pub coefficient: f64,
    /// Student's t with `n - 2` degrees of freedom, for Kendall a normal z; infinite for a coefficient of ±1 under t, NaN with the coefficient.
    pub statistic: f64,
    /// Two-sided p-value in [0, 1]; NaN with the coefficient.
    pub p_value: f64,
}

impl std::fmt::Display for CorrelationTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {:.4}, statistic {:.4}, p {:.4} (n = {})",
            self.method, self.coefficient, self.statistic, self.p_value, self.n
        )
    }
}

/// Limits of a confidence interval of a coefficient.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CoefficientInterval {
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

/// Tests the association of columns `first` and `second`.
///
/// Pearson and Spearman: `t = r √((n - 2) / (1 - r²))`. Kendall: the count of concordant less discordant pairs over its standard
/// deviation under independence, ties in both columns allowed for. As R's `cor.test(exact = FALSE)` without continuity correction.
///
/// # Errors
/// [`Error::ColumnOutOfRange`], [`Error::TooFewRows`] for fewer than 3 rows.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::correlation::{Correlation, correlation_test};
/// use ndarray::array;
///
/// let x = array![[1.0, 1.0], [2.0, 8.0], [3.0, 27.0], [4.0, 20.0]];
/// let table = FeatureTable::new(x.view(), &["a", "b"].map(String::from))?;
/// let test = correlation_test(&table, 0, 1, Correlation::Spearman)?;
/// // t with two degrees of freedom: P = 1 - |r|.
/// assert!((test.p_value - 0.2).abs() < 1e-12);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn correlation_test(
    table: &FeatureTable,
    first: usize,
    second: usize,
    method: Correlation,
) -> Result<CorrelationTest> {
    let n = table.n_rows();
    for index in [first, second] {
        if index >= table.n_columns() {
            return Err(Error::ColumnOutOfRange {
                what: "correlation test",
                index,
                n_columns: table.n_columns(),
            });
        }
    }
    check_rows("correlation test", n, 3)?;
    let pair = table.select_columns(&[first, second]);
    let columns = CorrelationColumns::new(&pair, method);
    let coefficient = columns.coefficient(0, 1);
    let (statistic, p_value) = match method {
        Correlation::Pearson | Correlation::Spearman => {
            let df = n as f64 - 2.0;
            let unexplained = (1.0 - coefficient) * (1.0 + coefficient);
            let t = coefficient * (df / unexplained).sqrt();
            (t, if t.is_nan() { t } else { t_two_sided(t, df) })
        }
        Correlation::Kendall => {
            let z = columns.product(0, 1) / kendall_variance(&pair).sqrt();
            (z, if z.is_nan() { z } else { normal_two_sided(z) })
        }
    };
    Ok(CorrelationTest {
        method,
        n,
        coefficient,
        statistic,
        p_value,
    })
}

/// Fisher's interval of Pearson's coefficient: `tanh(artanh r ± z / √(n - 3))`; [r, r] for a coefficient of ±1.
///
/// # Errors
/// [`Error::TooFewRows`] for fewer than 4 rows, [`Error::InvalidSetting`] for a coefficient outside [-1, 1] or a level outside (0, 1).
///
/// # Examples
/// ```
/// let interval = feature_selection::correlation::fisher_interval(0.0, 103, 0.95)?;
/// assert!((interval.high - 0.195996398_f64.tanh()).abs() < 1e-8);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn fisher_interval(coefficient: f64, n: usize, level: f64) -> Result<CoefficientInterval> {
    check_rows("Fisher's interval", n, 4)?;
    if !(-1.0..=1.0).contains(&coefficient) {
        return Err(Error::InvalidSetting {
            name: "correlation coefficient",
            expected: "a number from -1 to 1",
            found: coefficient,
        });
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::InvalidSetting {
            name: "confidence level",
            expected: "a number between 0 and 1",
            found: level,
        });
    }
    let half = -normal_quantile(0.5 * (1.0 - level)) / (n as f64 - 3.0).sqrt();
    let center = coefficient.atanh();
    Ok(CoefficientInterval {
        low: (center - half).tanh(),
        high: (center + half).tanh(),
        level,
    })
}

fn check_rows(what: &'static str, found: usize, required: usize) -> Result<()> {
    if found < required {
        return Err(Error::TooFewRows {
            what,
            required,
            found,
        });
    }
    Ok(())
}

/// Variance of the count of concordant less discordant pairs under independence, given the ties.
fn kendall_variance(pair: &FeatureTable) -> f64 {
    let n = pair.n_rows() as f64;
    let ties = [0, 1].map(|j| {
        let mut sorted = pair.column(j).to_vec();
        sorted.sort_by(f64::total_cmp);
        let mut sums = [0.0; 3];
        for group in sorted.chunk_by(|a, b| a == b) {
            let t = group.len() as f64;
            let in_order = t * (t - 1.0);
            sums[0] += in_order * (2.0 * t + 5.0);
            sums[1] += in_order;
            sums[2] += in_order * (t - 2.0);
        }
        sums
    });
    let in_order = n * (n - 1.0);
    (in_order * (2.0 * n + 5.0) - ties[0][0] - ties[1][0]) / 18.0
        + ties[0][1] * ties[1][1] / (2.0 * in_order)
        + ties[0][2] * ties[1][2] / (9.0 * in_order * (n - 2.0))
}
