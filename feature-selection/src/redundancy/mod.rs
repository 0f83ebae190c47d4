//! Removing features that repeat others, or hardly vary.
//!
//! | rule | removes | looks at |
//! |---|---|---|
//! | [`relevance_greedy`] | a column that correlates more than the cutoff with a more relevant one kept | pairs |
//! | [`caret_exact`], [`caret_fast`] | of a pair above the cutoff the better connected column (caret's `findCorrelation`) | pairs and mean correlations |
//! | [`cluster_representatives`] | all of a cluster of similar columns but one | a tree of clusters |
//! | [`RedundancyAnalysis`] | the column best predicted by all others (Hmisc's `redun`) | regressions |
//! | [`vif_filter`] | the column with the largest [variance inflation](variance_inflation) | regressions |
//! | [`near_zero_variance`], [`variance_threshold`] | a column with (almost) one value | single columns |
//!
//! The first is the default: no kept pair exceeds the cutoff, the choice depends on relevance and not on the order of the columns,
//! and it needs no matrix of all pairs. Only the regressions see that a column is the sum of two others; they need more
//! rows than columns, so they come after one of the rules on pairs.
//!
//! Every rule names for each column why it went. Results do not depend on the number of threads.

mod basis;
mod canonical;
mod caret;
mod cluster;
mod dendrogram;
mod extended;
mod greedy;
mod redun;
mod spline;
mod variance;
mod vif;

use crate::correlation::CorrelationColumns;
use crate::error::{Error, Result};

pub use caret::{CaretRule, caret_exact, caret_fast, find_correlation};
pub use cluster::{
    ClusterRepresentatives, FeatureCluster, Representative, cluster_representatives,
};
pub use dendrogram::{Dendrogram, Linkage, Merge};
pub use greedy::relevance_greedy;
pub use redun::{
    RSquared, RedunRemoval, RedunStop, RedundancyAnalysis, RedundancyAnalysisFit, Target, Terms,
};
pub use variance::{
    LowVariance, ValueFrequencies, VarianceThreshold, near_zero_variance, value_frequencies,
    variance_threshold,
};
pub use vif::{
    AliasTerm, AliasedColumn, InflatedColumn, VarianceInflation, VifFilter, variance_inflation,
    vif_filter,
};

/// Outcome of a filter on pairs of columns; all indices are columns of the table given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Redundancy {
    /// Columns kept, ascending. Constant columns are never kept.
    pub kept: Vec<usize>,
    /// Columns removed, ascending, each with the column that made it redundant.
    pub removed: Vec<RedundantColumn>,
    /// The same columns in the order in which the rule lists them: greedy by decreasing relevance, clusters
    /// one after the other, caret as
    /// [`find_correlation`] does.
    pub order: Vec<usize>,
    /// Constant columns, which have no correlation, ascending.
    pub constant: Vec<usize>,
}

/// A column removed for another one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RedundantColumn {
    /// The column removed.
    pub column: usize,
    /// The column it repeats. A column that is kept, except for caret's rules, which may remove it later.
    pub repeats: usize,
    /// Their correlation.
    pub correlation: f64,
}

fn check_cutoff(cutoff: f64) -> Result<()> {
    check_range("correlation cutoff", cutoff)
}

fn check_range(name: &'static str, found: f64) -> Result<()> {
    if (0.0..=1.0).contains(&found) {
        Ok(())
    } else {
        Err(Error::InvalidSetting {
            name,
            expected: "a number from 0 to 1",
            found,
        })
    }
}

fn check_relevance(relevance: &[f64], n_columns: usize) -> Result<()> {
    if relevance.len() != n_columns {
        return Err(Error::LengthMismatch {
            what: "relevance",
            expected: n_columns,
            found: relevance.len(),
        });
    }
    if let Some(row) = relevance.iter().position(|r| r.is_nan()) {
        return Err(Error::NonFinite {
            row,
            column: "relevance".to_owned(),
            value: relevance[row],
        });
    }
    Ok(())
}

/// `removed` in the order of the rule; everything else that varies is kept.
fn finish(mut removed: Vec<RedundantColumn>, columns: &CorrelationColumns) -> Redundancy {
    let order: Vec<usize> = removed.iter().map(|r| r.column).collect();
    let mut gone: Vec<bool> = (0..columns.len()).map(|j| columns.is_constant(j)).collect();
    order.iter().for_each(|&j| gone[j] = true);
    removed.sort_by_key(|r| r.column);
    Redundancy {
        kept: (0..columns.len()).filter(|&j| !gone[j]).collect(),
        removed,
        order,
        constant: (0..columns.len())
            .filter(|&j| columns.is_constant(j))
            .collect(),
    }
}

/// Rounded to 15 significant digits, as R prints numbers when it compares them as text.
fn fifteen_digits(value: f64) -> f64 {
    format!("{value:.14e}").parse().unwrap_or(value)
}
