//! The most relevant of every group of similar columns.

use super::{Redundancy, RedundantColumn, check_cutoff, check_relevance, finish};
use crate::correlation::{Correlation, CorrelationColumns};
use crate::error::Result;
use crate::par::map_indexed;
use crate::table::FeatureTable;

/// Keeps columns in order of decreasing relevance, ties by index, as long as `|r| <= cutoff` with every column kept.
///
/// A removed column names the most relevant kept column it exceeds the cutoff with. No pair kept exceeds the cutoff; of a column
/// and its copy one is kept, unless the cutoff is 1. Coefficients are computed as they are asked for: the memory is
/// that of the table.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch) unless there is one relevance per column,
/// [`Error::NonFinite`](crate::Error::NonFinite) for a relevance that is NaN,
/// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a cutoff outside [0, 1].
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::correlation::Correlation;
/// use feature_selection::redundancy::relevance_greedy;
/// use ndarray::array;
///
/// let x = array![[1.0, 2.0, 4.0], [2.0, 4.1, 1.0], [3.0, 5.9, 3.0], [4.0, 8.0, 2.0]];
/// let table = FeatureTable::new(x.view(), &["a", "b", "c"].map(String::from))?;
/// let found = relevance_greedy(&table, &[0.1, 0.3, 0.2], 0.9, Correlation::Spearman)?;
/// assert_eq!(found.kept, [1, 2]);
/// assert_eq!((found.removed[0].column, found.removed[0].repeats), (0, 1));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn relevance_greedy(
    table: &FeatureTable,
    relevance: &[f64],
    cutoff: f64,
    method: Correlation,
) -> Result<Redundancy> {
    check_cutoff(cutoff)?;
    check_relevance(relevance, table.n_columns())?;
    let columns = CorrelationColumns::new(table, method);
    let mut open = columns.varying();
    by_relevance(&mut open, relevance);
    let mut repeats: Vec<Option<RedundantColumn>> = vec![None; table.n_columns()];
    let order = open.clone();
    // Each kept column strikes out what repeats it; a column thus meets the kept ones in their order.
    while let Some((&kept, rest)) = open.split_first() {
        let correlations = against(&columns, kept, rest);
        let mut left = Vec::with_capacity(rest.len());
        for (&column, correlation) in rest.iter().zip(correlations) {
            if correlation.abs() > cutoff {
                repeats[column] = Some(RedundantColumn {
                    column,
                    repeats: kept,
                    correlation,
                });
            } else {
                left.push(column);
            }
        }
        open = left;
    }
    let removed = order.into_iter().filter_map(|j| repeats[j]).collect();
    Ok(finish(removed, &columns))
}

/// Sorts by decreasing relevance, ties by index.
pub(super) fn by_relevance(columns: &mut [usize], relevance: &[f64]) {
    // Adding zero makes the two zeros equal.
    let key = |j: usize| relevance[j] + 0.0;
    columns.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
}

/// Coefficients of `kept` with `others`, in blocks that are worth a thread.
fn against(columns: &CorrelationColumns, kept: usize, others: &[usize]) -> Vec<f64> {
    const BLOCK: usize = 256;
    let blocks: Vec<&[usize]> = others.chunks(BLOCK).collect();
    map_indexed(blocks.len(), |b| {
        let coefficients = blocks[b].iter().map(|&j| columns.coefficient(kept, j));
        coefficients.collect::<Vec<f64>>()
    })
    .concat()
}
