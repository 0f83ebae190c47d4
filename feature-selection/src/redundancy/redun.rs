//! Redundancy analysis: which features do the others predict?

use super::basis::{Basis, Column};
use super::canonical::{FeatureTerms, largest_explained};
use super::vif::{backward_basis, check_rows, split};
use super::{check_range, spline, variance_inflation};
use crate::correlation::{centered, scale_to_one};
use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::table::FeatureTable;

/// `R²` that agree to this many digits are ties.
const TIE: f64 = 1e-10;

/// Whether `R²` is corrected for the number of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RSquared {
    /// As it is. The default.
    #[default]
    Ordinary,
    /// `max(0, 1 - (1 - R²) (n - 1) / (n - d - 1))` with `d` terms.
    Adjusted,
}

/// How columns enter the regressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Terms {
    /// As they are.
    Linear,
    /// As restricted cubic splines.
    Splines {
        /// Number of knots, from 3 on.
        knots: usize,
        /// What is predicted.
        target: Target,
    },
}

/// What a column is when it is predicted from the splines of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Target {
    /// The column as it is: an ordinary regression. The default.
    #[default]
    Linear,
    /// The spline transformation of it that the others predict best: the first canonical correlation.
    Transformed,
}

/// Redundancy analysis, as Hmisc's `redun`: the column that all others predict best is removed, and so on, as long as its `R²` is at least
/// the threshold and every column removed before is still predicted that well by those that would remain.
///
/// | setting | default | range |
/// |---|---|---|
/// | [`threshold`](Self::threshold) | 0.9 | [0, 1] |
/// | [`r_squared`](Self::r_squared) | [`RSquared::Ordinary`] | |
/// | [`terms`](Self::terms) | three knots, linear target | knots 3 to 20 |
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::redundancy::{RedundancyAnalysis, Terms};
/// use ndarray::Array2;
///
/// // No pair correlates above 0.9, yet the last column is the sum of the others.
/// let x = Array2::from_shape_fn((30, 4), |(i, j)| {
///     let v = |k: usize| ((i * (7 * k + 11) * (i + 3)) % 31) as f64;
///     if j < 3 { v(j) } else { v(0) + v(1) + v(2) }
/// });
/// let table = FeatureTable::new(x.view(), &["a", "b", "c", "sum"].map(String::from))?;
/// let fit = RedundancyAnalysis::new().terms(Terms::Linear).fit(&table)?;
/// // Each of the four is determined by the other three: the first goes.
/// assert_eq!(fit.removed[0].column, 0);
/// assert_eq!(fit.kept, [1, 2, 3]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RedundancyAnalysis {
    threshold: f64,
    kind: RSquared,
    terms: Terms,
}

impl Default for RedundancyAnalysis {
    fn default() -> Self {
        Self {
            threshold: 0.9,
            kind: RSquared::Ordinary,
            terms: Terms::Splines {
                knots: 3,
                target: Target::Linear,
            },
        }
    }
}

/// Outcome of a redundancy analysis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RedundancyAnalysisFit {
    /// Columns kept, ascending.
    pub kept: Vec<usize>,
    /// Columns removed, in order.
    pub removed: Vec<RedunRemoval>,
    /// `R²` of every column of the table on all others at the start, in [0, 1]; NaN for a constant column.
    pub initial: Vec<f64>,
    /// Why no further column was removed.
    pub stop: RedunStop,
    /// Columns that entered as they are although splines were asked for, because fewer than three knots could be told apart; ascending.
    pub linear: Vec<usize>,
    /// Constant columns, ascending.
    pub constant: Vec<usize>,
    /// The threshold.
    pub threshold: f64,
    /// Which `R²`.
    pub kind: RSquared,
    /// How columns entered.
    pub terms: Terms,
}

/// A column removed because others predict it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RedunRemoval {
    /// The column.
    pub column: usize,
    /// Its `R²` on the other columns present when it was removed.
    pub r_squared: f64,
    /// Its `R²` on the columns kept in the end.
    pub final_r_squared: f64,
}

/// Why the removal of columns ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RedunStop {
    /// No remaining column is predicted well enough.
    BelowThreshold {
        /// The one predicted best.
        column: usize,
        /// Its `R²`.
        r_squared: f64,
    },
    /// Removing the next column would lose one removed before.
    WouldLose {
        /// The column that would have been next.
        column: usize,
        /// Its `R²`.
        r_squared: f64,
        /// The removed column that would no longer be predicted.
        lost: usize,
        /// What its `R²` would be.
        lost_r_squared: f64,
    },
    /// Fewer than two columns are left.
    NoneLeft,
}

impl RedundancyAnalysis {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Columns with at least this `R²` are redundant.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Ordinary or adjusted `R²`.
    pub fn r_squared(mut self, kind: RSquared) -> Self {
        self.kind = kind;
        self
    }

    /// Linear terms or splines.
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Analyzes the columns that vary. One orthogonal decomposition is made and columns are rotated out of it: O(n p² + p³ r) for `p` terms and `r` removals
    /// (splines: O(p³) a step).
    ///
    /// `R²` within 1e-10 of the largest are ties, and the first column goes; columns that others determine exactly have `R²` 1.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a threshold outside [0, 1] or a number of knots outside 3 to 20; [`Error::TooFewRows`]
    /// for splines with fewer than 6 rows; [`Error::TooManyColumns`] unless there are more rows than terms (a column has one, a spline one less than
    /// knots): every column is then predicted perfectly, so remove pairwise redundant columns first.
    ///
    /// # Differences
    /// In the reference, of columns that tie the rounding of a decomposition decides which goes. A column with too few values for three knots is an
    /// error there; here it enters as it is and is listed in [`linear`](RedundancyAnalysisFit::linear).
    pub fn fit(&self, table: &FeatureTable) -> Result<RedundancyAnalysisFit> {
        self.check(table.n_rows())?;
        let (varying, constant) = split(table);
        let mut state = State::new(self, table, &varying)?;
        let mut initial = vec![f64::NAN; table.n_columns()];
        for of in state.initial(table) {
            initial[of.column] = of.r_squared;
        }
        let mut removed = state.remove_aliased();
        let stop = state.remove_redundant(self.threshold, &mut removed);
        let removed = removed.into_iter().map(|gone| RedunRemoval {
            column: gone.column,
            r_squared: gone.r_squared,
            final_r_squared: state.of_removed(gone.column),
        });
        Ok(RedundancyAnalysisFit {
            removed: removed.collect(),
            kept: state.present,
            initial,
            stop,
            linear: state.linear,
            constant,
            threshold: self.threshold,
            kind: self.kind,
            terms: self.terms,
        })
    }

    fn check(&self, n_rows: usize) -> Result<()> {
        check_range("R² threshold", self.threshold)?;
        if let Terms::Splines { knots, .. } = self.terms {
            if !(3..=20).contains(&knots) {
                return Err(Error::InvalidSetting {
                    name: "number of knots",
                    expected: "a number from 3 to 20",
                    found: knots as f64,
                });
            }
            if n_rows < 6 {
                return Err(Error::TooFewRows {
                    what: "spline knots",
                    required: 6,
                    found: n_rows,
                });
            }
        }
        Ok(())
    }
}

/// A column and its `R²`.
#[derive(Debug, Clone, Copy)]
struct Explained {
    column: usize,
    r_squared: f64,
}

/// The columns still present, as a basis, and those removed, watched in it.
#[derive(Debug, Clone)]
struct State {
    basis: Basis,
    /// Columns present, ascending.
    present: Vec<usize>,
    linear: Vec<usize>,
    /// The terms of every column of the table.
    terms: Vec<FeatureTerms>,
    n: usize,
    kind: RSquared,
    transformed: bool,
}

impl State {
    fn new(settings: &RedundancyAnalysis, table: &FeatureTable, varying: &[usize]) -> Result<Self> {
        let n = table.n_rows();
        let mut linear = Vec::new();
        let mut terms: Vec<Vec<Vec<f64>>> = Vec::new();
        let mut transformed = false;
        if let Terms::Splines { knots, target } = settings.terms {
            transformed = target == Target::Transformed;
            for &j in varying {
                let column = scaled(table.column(j));
                let places = spline::knots(&column, knots);
                if places.is_none() {
                    linear.push(j);
                }
                let of =
                    places.map_or_else(|| vec![column.clone()], |t| spline::terms(&column, &t));
                terms.push(of.iter().map(|v| centered(v)).collect());
            }
        }
        let n_terms = varying.len().max(terms.iter().map(Vec::len).sum());
        check_rows("redundancy analysis", n_terms, n)?;
        let mut of_columns = vec![FeatureTerms::single(); table.n_columns()];
        let basis = if terms.iter().all(|t| t.len() == 1) {
            backward_basis(table, varying)
        } else {
            let pairs = varying.iter().zip(&terms);
            pairs.for_each(|(&j, t)| of_columns[j] = FeatureTerms::new(t));
            let columns = varying.iter().zip(terms);
            Basis::new(columns.flat_map(|(&j, t)| t.into_iter().map(move |v| (j, v))))
        };
        Ok(Self {
            basis,
            present: varying.to_vec(),
            linear,
            terms: of_columns,
            n,
            kind: settings.kind,
            transformed,
        })
    }

    /// Terms of a column.
    fn size(&self, column: usize) -> usize {
        self.terms[column].n
    }

    fn initial(&self, table: &FeatureTable) -> Vec<Explained> {
        let aliased = !self.basis.dependent.is_empty();
        if aliased && self.present.iter().all(|&j| self.size(j) == 1) {
            // Columns of a dependence are found by their weights in it.
            let factors = variance_inflation(table).factors;
            let of = |&column: &usize| self.explained(column, 1.0 - 1.0 / factors[column]);
            return self.present.iter().map(of).collect();
        }
        self.all_explained()
    }

    /// With one term a column: takes out the columns that the later ones determine.
    fn remove_aliased(&mut self) -> Vec<Explained> {
        if self.present.iter().any(|&j| self.size(j) > 1) {
            return Vec::new();
        }
        let aliased = std::mem::take(&mut self.basis.dependent);
        let gone: Vec<usize> = aliased.iter().map(|column| column.feature).collect();
        self.basis.watched.extend(aliased);
        self.present.retain(|j| !gone.contains(j));
        let of = |column| Explained {
            column,
            r_squared: 1.0,
        };
        gone.into_iter().map(of).collect()
    }

    fn remove_redundant(&mut self, threshold: f64, removed: &mut Vec<Explained>) -> RedunStop {
        while self.present.len() >= 2 {
            let all = self.all_explained();
            let largest = all.iter().fold(0.0, |m: f64, e| m.max(e.r_squared));
            let Some(&best) = all.iter().find(|e| e.r_squared >= largest - TIE) else {
                break;
            };
            if largest < threshold {
                return RedunStop::BelowThreshold {
                    column: best.column,
                    r_squared: best.r_squared,
                };
            }
            let mut next = self.clone();
            next.basis.remove(best.column);
            next.present.retain(|&j| j != best.column);
            let later = removed
                .iter()
                .map(|r| (r.column, next.of_removed(r.column)));
            let least = later.min_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((lost, lost_r_squared)) = least.filter(|l| l.1 < threshold) {
                return RedunStop::WouldLose {
                    column: best.column,
                    r_squared: best.r_squared,
                    lost,
                    lost_r_squared,
                };
            }
            *self = next;
            removed.push(best);
        }
        RedunStop::NoneLeft
    }

    /// `R²` of every column present on all others, ascending by column.
    fn all_explained(&self) -> Vec<Explained> {
        let basis = &self.basis;
        if basis.dependent.is_empty() && self.present.len() == basis.pivots.len() {
            // One term each: no need to take a column out to see what the others leave of it.
            let factors = basis.inflation();
            let of =
                |(pivot, factor): (&Column, f64)| self.explained(pivot.feature, 1.0 - 1.0 / factor);
            let mut all: Vec<Explained> = basis.pivots.iter().zip(factors).map(of).collect();
            all.sort_by_key(|explained| explained.column);
            return all;
        }
        map_indexed(self.present.len(), |at| {
            let column = self.present[at];
            let mut others = self.clone();
            // Nobody asks for those removed before.
            others.basis.watched.clear();
            others.basis.remove(column);
            others.present.remove(at);
            let r_squared = others.of_removed(column);
            Explained { column, r_squared }
        })
    }

    /// `R²` of a column taken out on all columns present.
    fn of_removed(&self, column: usize) -> f64 {
        let mut terms: Vec<&Column> = self.basis.watched.iter().collect();
        terms.retain(|c| c.feature == column);
        terms.sort_by_key(|c| c.term);
        let raw = if self.transformed {
            let coordinates: Vec<&[f64]> = terms.iter().map(|c| &c.coordinates[..]).collect();
            largest_explained(&coordinates, &self.terms[column])
        } else {
            terms[0].explained()
        };
        self.corrected(column, raw)
    }

    fn explained(&self, column: usize, raw: f64) -> Explained {
        Explained {
            column,
            r_squared: self.corrected(column, raw),
        }
    }

    fn corrected(&self, column: usize, raw: f64) -> f64 {
        let r_squared = raw.clamp(0.0, 1.0);
        match self.kind {
            RSquared::Ordinary => r_squared,
            RSquared::Adjusted => {
                let others = self.present.iter().filter(|&&j| j != column);
                let terms: usize = others.map(|&j| self.size(j)).sum();
                let own = if self.transformed {
                    self.size(column)
                } else {
                    1
                };
                let df = (terms + own - 1) as f64;
                let n = self.n as f64;
                (1.0 - (1.0 - r_squared) * (n - 1.0) / (n - df - 1.0)).max(0.0)
            }
        }
    }
}

/// The column times a power of two such that splines neither overflow nor underflow.
fn scaled(column: &[f64]) -> Vec<f64> {
    let mut values = column.to_vec();
    scale_to_one(&mut values);
    values
}
