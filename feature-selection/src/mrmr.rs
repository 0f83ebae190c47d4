//! Greedy selection by mutual information on discretized features: mRMR and its relatives.
//!
//! With `Y` the outcome, `S` the features already selected and `X` a candidate, the next feature maximizes
//!
//! | [`Criterion`] | score |
//! |---|---|
//! | `Mim` | `I(X;Y)` |
//! | `MrmrDifference` | `I(X;Y) - (1/\|S\|) Σ I(X;W)` |
//! | `MrmrQuotient` | `I(X;Y) / ((1/\|S\|) Σ I(X;W))` |
//! | `Jmi` | `Σ I(X,W;Y)` |
//! | `Jmim` | `min I(X,W;Y)` |
//! | `Cmim` | `min(I(X;Y), min I(X;Y\|W))` |
//! | `Disr` | `Σ I(X,W;Y) / H(X,W,Y)` |
//! | `Njmim` | `min I(X,W;Y) / H(X,W,Y)` |
//!
//! over `W` in `S`; ties go to the lower column. The first feature maximizes `I(X;Y)`.
//! Reference: Peng, Long, Ding, *IEEE TPAMI* 27 (2005), doi:10.1109/TPAMI.2005.159; Brown et al., *JMLR* 13 (2012).

use crate::error::{Error, Result};
use crate::mutual_information::Binning;
use crate::par::map_indexed;
use crate::table::{FeatureTable, check_outcome};

/// What the next feature maximizes; see the [module documentation](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Criterion {
    /// Relevance alone.
    Mim,
    /// Relevance minus mean redundancy.
    #[default]
    MrmrDifference,
    /// Relevance over mean redundancy.
    MrmrQuotient,
    /// Joint mutual information.
    Jmi,
    /// Smallest joint mutual information.
    Jmim,
    /// Smallest conditional mutual information.
    Cmim,
    /// Double input symmetrical relevance.
    Disr,
    /// Smallest normalized joint mutual information.
    Njmim,
}

/// When selection ends before the requested number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Stop {
    /// Only where nothing is left to gain: no informative first feature, or a `Cmim` score of 0.
    #[default]
    WhenExhausted,
    /// Also at the first score that is not positive.
    WhenNotPositive,
}

/// Features in order of selection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GreedySelection {
    /// Columns, in order of selection.
    pub selected: Vec<usize>,
    /// Score of each when it was selected.
    pub scores: Vec<f64>,
    /// Criterion used.
    pub criterion: Criterion,
}

/// Selects up to `count` features for a binary outcome.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`], [`Error::InvalidSetting`] for a count of 0, and those of [`Binning::classes`].
pub fn select(
    table: &FeatureTable,
    outcome: &[bool],
    criterion: Criterion,
    count: usize,
    binning: Binning,
    stop: Stop,
) -> Result<GreedySelection> {
    check_outcome(outcome, table.n_rows())?;
    if count == 0 {
        return Err(Error::InvalidSetting {
            name: "features to select",
            expected: "at least 1",
            found: 0.0,
        });
    }
    let features = map_indexed(table.n_columns(), |j| {
        Ok(Discrete::new(binning.classes(table.column(j))?))
    })
    .into_iter()
    .collect::<Result<Vec<_>>>()?;
    let y = Discrete::new(outcome.iter().map(|&y| usize::from(y)).collect());
    let logs = LogTable::up_to(table.n_rows());
    let relevance = map_indexed(features.len(), |j| information(&features[j], &y, &logs));
    let mut result = GreedySelection {
        selected: Vec::new(),
        scores: Vec::new(),
        criterion,
    };
    let mut state: Vec<f64> = relevance.iter().map(|&r| criterion.start(r)).collect();
    let mut open = vec![true; features.len()];
    while result.selected.len() < count {
        let size = result.selected.len();
        let score = |j: usize| {
            if size == 0 {
                relevance[j]
            } else {
                criterion.score(relevance[j], state[j], size)
            }
        };
        let mut best: Option<(usize, f64)> = None;
        for j in (0..features.len()).filter(|&j| open[j]) {
            let s = score(j);
            if best.is_none_or(|(_, b)| s > b) {
                best = Some((j, s));
            }
        }
        let Some((winner, best)) = best else { break };
        let exhausted =
            best <= 0.0 && (size == 0 || matches!(criterion, Criterion::Cmim | Criterion::Mim));
        if exhausted || (stop == Stop::WhenNotPositive && best <= 0.0) {
            break;
        }
        open[winner] = false;
        result.selected.push(winner);
        result.scores.push(best);
        state = map_indexed(features.len(), |j| {
            if open[j] {
                criterion.update(
                    state[j],
                    size == 0,
                    &features[j],
                    &features[winner],
                    &y,
                    &logs,
                )
            } else {
                state[j]
            }
        });
    }
    Ok(result)
}

impl Criterion {
    /// State of a candidate before anything is selected.
    fn start(self, relevance: f64) -> f64 {
        match self {
            Self::Cmim => relevance,
            _ => 0.0,
        }
    }

    /// State of candidate `x` after `w` was selected.
    fn update(
        self,
        state: f64,
        first: bool,
        x: &Discrete,
        w: &Discrete,
        y: &Discrete,
        logs: &LogTable,
    ) -> f64 {
        match self {
            Self::Mim => state,
            Self::MrmrDifference | Self::MrmrQuotient => state + information(x, w, logs),
            Self::Jmi => state + Joint::new(x, w, y, logs).information(),
            Self::Disr => state + Joint::new(x, w, y, logs).normalized(),
            Self::Cmim => {
                state.min(Joint::new(x, w, y, logs).information() - information(w, y, logs))
            }
            Self::Jmim | Self::Njmim => {
                let joint = Joint::new(x, w, y, logs);
                let term = if self == Self::Jmim {
                    joint.information()
                } else {
                    joint.normalized()
                };
                if first { term } else { state.min(term) }
            }
        }
    }

    /// Score from the state, with `size` features selected.
    fn score(self, relevance: f64, state: f64, size: usize) -> f64 {
        match self {
            Self::Mim => relevance,
            Self::MrmrDifference => relevance - state / size as f64,
            // A candidate independent of all selected features has no redundancy: its quotient is the largest.
            Self::MrmrQuotient if state <= 0.0 => {
                if relevance > 0.0 {
                    f64::INFINITY
                } else {
                    0.0
                }
            }
            Self::MrmrQuotient => relevance / (state / size as f64),
            _ => state,
        }
    }
}

/// Classes renumbered without gaps.
struct Discrete {
    classes: Vec<u32>,
    n_classes: usize,
}

impl Discrete {
    fn new(classes: Vec<usize>) -> Self {
        let mut seen = classes.clone();
        seen.sort_unstable();
        seen.dedup();
        let classes = classes
            .iter()
            .map(|c| seen.partition_point(|s| s < c) as u32)
            .collect();
        Self {
            classes,
            n_classes: seen.len(),
        }
    }
}

/// `c ln c` of every possible count.
struct LogTable {
    table: Vec<f64>,
    n: usize,
}

impl LogTable {
    fn up_to(n: usize) -> Self {
        let table = (0..=n)
            .map(|c| {
                if c == 0 {
                    0.0
                } else {
                    c as f64 * (c as f64).ln()
                }
            })
            .collect();
        Self { table, n }
    }

    /// `Σ c ln c`.
    fn sum(&self, counts: &[u32]) -> f64 {
        counts.iter().map(|&c| self.table[c as usize]).sum()
    }
}

/// Empirical `I(a;b)`.
fn information(a: &Discrete, b: &Discrete, logs: &LogTable) -> f64 {
    let mut joint = vec![0u32; a.n_classes * b.n_classes];
    for (&a, &c) in a.classes.iter().zip(&b.classes) {
        joint[a as usize * b.n_classes + c as usize] += 1;
    }
    let rows: Vec<u32> = joint.chunks(b.n_classes).map(|r| r.iter().sum()).collect();
    let columns: Vec<u32> = (0..b.n_classes)
        .map(|c| joint.iter().skip(c).step_by(b.n_classes).sum())
        .collect();
    let n = logs.n as f64;
    (logs.sum(&joint) - logs.sum(&rows) - logs.sum(&columns) + logs.table[logs.n]) / n
}

/// Sums over the joint distribution of `(x, w)` and `y`.
struct Joint {
    all: f64,
    pairs: f64,
    outcome: f64,
    total: f64,
    n: f64,
}

impl Joint {
    fn new(x: &Discrete, w: &Discrete, y: &Discrete, logs: &LogTable) -> Self {
        let mut counts = vec![0u32; x.n_classes * w.n_classes * y.n_classes];
        for ((&x, &c), &o) in x.classes.iter().zip(&w.classes).zip(&y.classes) {
            counts[(x as usize * w.n_classes + c as usize) * y.n_classes + o as usize] += 1;
        }
        let pairs: Vec<u32> = counts.chunks(y.n_classes).map(|r| r.iter().sum()).collect();
        let outcome: Vec<u32> = (0..y.n_classes)
            .map(|o| counts.iter().skip(o).step_by(y.n_classes).sum())
            .collect();
        Self {
            all: logs.sum(&counts),
            pairs: logs.sum(&pairs),
            outcome: logs.sum(&outcome),
            total: logs.table[logs.n],
            n: logs.n as f64,
        }
    }

    /// `I(x,w;y)`.
    fn information(&self) -> f64 {
        (self.all - self.pairs - self.outcome + self.total) / self.n
    }

    /// `I(x,w;y) / H(x,w,y)`, 0 without entropy.
    fn normalized(&self) -> f64 {
        let entropy = (self.total - self.all) / self.n;
        if entropy > 0.0 {
            self.information() / entropy
        } else {
            0.0
        }
    }
}
