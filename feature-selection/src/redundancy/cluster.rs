//! One feature for every cluster of similar ones.

use super::dendrogram::{Dendrogram, Linkage};
use super::greedy::by_relevance;
use super::{Redundancy, RedundantColumn, check_cutoff, check_relevance, finish};
use crate::correlation::{Correlation, CorrelationColumns, check_matrix_size};
use crate::error::Result;
use crate::table::FeatureTable;

/// Which member stands for its cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Representative<'a> {
    /// The most relevant one, ties by index; one number per column of the table.
    MostRelevant(&'a [f64]),
    /// The one with the largest sum of `|r|` with the other members, ties by index. Looks at no outcome.
    Medoid,
}

/// Clusters of columns, each with the one that stands for it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClusterRepresentatives {
    /// The clusters, ordered by their first columns.
    pub clusters: Vec<FeatureCluster>,
    /// What the clusters mean as a filter: representatives are kept, the other members repeat them.
    pub redundancy: Redundancy,
    /// The tree that was cut.
    pub dendrogram: Dendrogram,
    /// The height of the cut, `1 - cutoff`.
    pub height: f64,
}

/// Columns that are similar.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeatureCluster {
    /// The column that stands for them.
    pub representative: usize,
    /// All columns of the cluster, ascending.
    pub members: Vec<usize>,
}

/// Cuts the tree of `1 - |r|` at `1 - cutoff` and keeps one column of every cluster.
///
/// With [`Linkage::Complete`] all members of a cluster correlate at least `cutoff` with each other; with [`Linkage::Single`] no two
/// columns of different clusters exceed it; with [`Linkage::Average`] both hold on average. Constant columns belong to no cluster.
///
/// # Errors
/// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a cutoff outside [0, 1],
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch) and [`Error::NonFinite`](crate::Error::NonFinite) for relevance that
/// does not fit, [`Error::NoUsableColumn`](crate::Error::NoUsableColumn) if no column varies, and
/// [`Error::TooManyColumns`](crate::Error::TooManyColumns).
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::correlation::Correlation;
/// use feature_selection::redundancy::{Linkage, Representative, cluster_representatives};
/// use ndarray::array;
///
/// let x = array![[1.0, 4.0, 2.0], [2.0, 1.0, 4.1], [3.0, 3.0, 5.9], [4.0, 2.0, 8.0]];
/// let table = FeatureTable::new(x.view(), &["a", "b", "c"].map(String::from))?;
/// let relevance = [0.1, 0.2, 0.3];
/// let by = Representative::MostRelevant(&relevance);
/// let found = cluster_representatives(&table, 0.9, Correlation::Spearman, Linkage::Average, by)?;
/// assert_eq!(found.clusters[0].members, [0, 2]);
/// assert_eq!(found.clusters[0].representative, 2);
/// assert_eq!(found.redundancy.kept, [1, 2]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn cluster_representatives(
    table: &FeatureTable,
    cutoff: f64,
    method: Correlation,
    linkage: Linkage,
    representative: Representative<'_>,
) -> Result<ClusterRepresentatives> {
    check_cutoff(cutoff)?;
    if let Representative::MostRelevant(relevance) = representative {
        check_relevance(relevance, table.n_columns())?;
    }
    check_matrix_size("clustering of columns", table.n_columns())?;
    let columns = CorrelationColumns::new(table, method);
    let dendrogram = Dendrogram::of(&columns, linkage)?;
    let height = 1.0 - cutoff;
    let mut removed = Vec::new();
    let clusters: Vec<FeatureCluster> = dendrogram
        .clusters(height)
        .into_iter()
        .map(|members| {
            let ranked = ranked(&members, representative, &columns);
            removed.extend(ranked[1..].iter().map(|&column| RedundantColumn {
                column,
                repeats: ranked[0],
                correlation: columns.coefficient(column, ranked[0]),
            }));
            FeatureCluster {
                representative: ranked[0],
                members,
            }
        })
        .collect();
    Ok(ClusterRepresentatives {
        clusters,
        redundancy: finish(removed, &columns),
        dendrogram,
        height,
    })
}

/// Members, the one that stands for them first.
fn ranked(members: &[usize], by: Representative<'_>, columns: &CorrelationColumns) -> Vec<usize> {
    let mut ranked = members.to_vec();
    match by {
        Representative::MostRelevant(relevance) => by_relevance(&mut ranked, relevance),
        Representative::Medoid => {
            let closeness: Vec<f64> = members
                .iter()
                .map(|&i| {
                    members
                        .iter()
                        .map(|&j| columns.coefficient(i, j).abs())
                        .sum()
                })
                .collect();
            let at = |j: &usize| closeness[members.partition_point(|m| m < j)];
            ranked.sort_by(|a, b| at(b).total_cmp(&at(a)).then(a.cmp(b)));
        }
    }
    ranked
}
