//! Pearson, Spearman and Kendall correlation of every pair of columns.
//!
//! | coefficient | of | formula |
//! |---|---|---|
//! | [`Pearson`](Correlation::Pearson) | centered values | `Σ x y / √(Σ x² Σ y²)` |
//! | [`Spearman`](Correlation::Spearman) | average ranks | Pearson's of the ranks |
//! | [`Kendall`](Correlation::Kendall) | pairs of rows | `τ_b = (C - D) / √((N - T_x)(N - T_y))`, `N = n (n - 1) / 2` |
//!
//! All lie in [-1, 1] and are undefined (NaN) where a column is constant. Columns are prepared once; a coefficient is then one
//! pass over two of them, so that a filter that asks for some pairs never needs the whole matrix. A column and its copy
//! correlate exactly 1, a column and its negative exactly -1.
//!
//! Spearman's sums are sums of integers (ranks doubled and centered) and therefore exact up to 3e5 rows. Pearson's columns are
//! centered twice, which leaves the rounding error of the mean out of the sums: values near 1e6 that differ in the last digits
//! keep all digits that they have.
//!
//! Sources: C. Spearman, "The proof and measurement of association between two things", doi 10.2307/1412159; M. G. Kendall,
//! "The treatment of ties in ranking problems", doi 10.1093/biomet/33.3.239; W. R. Knight, "A computer method for calculating
//! Kendall's tau with ungrouped data", doi 10.1080/01621459.1966.10480879.

mod columns;
mod kendall;
mod significance;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::table::FeatureTable;

pub(crate) use columns::{CorrelationColumns, average_ranks, centered, scale_to_one};
pub use significance::{CoefficientInterval, CorrelationTest, correlation_test, fisher_interval};

/// Most columns for which a filter makes the whole matrix: 8 GiB of coefficients.
pub const MOST_MATRIX_COLUMNS: usize = 1 << 15;

/// Which coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Correlation {
    /// Product-moment correlation.
    Pearson,
    /// Pearson's correlation of average ranks. The default: radiomics features are skewed.
    #[default]
    Spearman,
    /// Kendall's tau-b, which allows for ties; O(n log n) a pair.
    Kendall,
}

impl std::fmt::Display for Correlation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pearson => "Pearson",
            Self::Spearman => "Spearman",
            Self::Kendall => "Kendall",
        })
    }
}

/// Correlation of every pair of columns, shape (n_columns, n_columns), symmetric to the bit, ones on the diagonal; NaN in rows
/// and columns of constant features (diagonal included).
///
/// Takes 8 bytes for every pair: 8 MB for 1,000 columns, 3.2 GB for 20,000. [`relevance_greedy`](crate::redundancy::relevance_greedy)
/// does without.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::correlation::{Correlation, correlation_matrix};
/// use ndarray::array;
///
/// let x = array![[1.0, 1.0], [2.0, 8.0], [3.0, 27.0], [4.0, 20.0]];
/// let table = FeatureTable::new(x.view(), &["a", "b"].map(String::from))?;
/// // Ranks 1 2 3 4 and 1 2 4 3: 1 - 6 * 2 / (4 * 15) = 0.8; five of six pairs agree: (5 - 1) / 6.
/// assert_eq!(correlation_matrix(&table, Correlation::Spearman)[[0, 1]], 0.8);
/// assert_eq!(correlation_matrix(&table, Correlation::Kendall)[[0, 1]], 4.0 / 6.0);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn correlation_matrix(table: &FeatureTable, method: Correlation) -> Array2<f64> {
    CorrelationColumns::new(table, method).matrix()
}

pub(crate) fn check_matrix_size(what: &'static str, found: usize) -> Result<()> {
    if found > MOST_MATRIX_COLUMNS {
        return Err(Error::TooManyColumns {
            what,
            limit: MOST_MATRIX_COLUMNS,
            found,
        });
    }
    Ok(())
}
