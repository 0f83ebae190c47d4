//! Stability selection.

use super::bounds::{Assumption, FalseSelectionBound};
use super::subsamples::{Scheme, Subsampling};
use crate::error::{Error, Result, check_setting as check};
use crate::lasso::{ElasticNet, Family, Samples};
use crate::par::map_indexed;
use crate::relevance::{Relevance, ranking};

/// What selects features in a half of the rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BaseLearner {
    /// A LASSO or elastic net at every penalty of one grid for all halves; a feature's probability is its largest over the grid.
    ElasticNetGrid {
        /// Settings of the path. Its lambda sequence makes the grid under [`LambdaGrid::AllRows`].
        net: Box<ElasticNet>,
        /// The grid.
        lambdas: LambdaGrid,
    },
    /// The first features to enter a LASSO or elastic net path: those of the last model before more than `count` columns have ever been active.
    /// At most `count`, and fewer where several enter at once.
    ElasticNetEntries {
        /// Settings of the path, without lambdas of its own.
        net: Box<ElasticNet>,
        /// Most features selected per half.
        count: usize,
    },
    /// The most relevant features, ties to the lower column.
    MostRelevant {
        /// The measure; it knows no weights.
        relevance: Relevance,
        /// Features selected per half.
        count: usize,
    },
}

/// Penalties at which every half is fitted.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum LambdaGrid {
    /// The lambdas of the path on all rows. Give the path a `lambda_min_ratio` of about 0.1: small penalties select much and make the bounds useless,
    /// and halves of few rows cannot be solved there.
    #[default]
    AllRows,
    /// These.
    Given(Vec<f64>),
}

/// Settings of a stability selection.
///
/// | setting | default |
/// |---|---|
/// | `learner` | the first 10 features of a LASSO path |
/// | `subsampling` | 50 complementary pairs, not stratified |
/// | `threshold` | 0.75; in (0.5, 1], usually 0.6 to 0.9 |
/// | `seed` | 1 |
///
/// # Examples
/// ```
/// use feature_selection::lasso::Samples;
/// use feature_selection::stability::{Assumption, StabilitySelection};
/// use feature_selection::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((90, 20), |(i, j)| (((i + 3) * (7 + 5 * j) * (i + j)) % 101) as f64);
/// let names: Vec<String> = (0..20).map(|j| format!("f{j}")).collect();
/// let outcome: Vec<bool> = x.column(4).iter().map(|&v| v > 50.0).collect();
/// let table = FeatureTable::new(x.view(), &names)?;
/// let fit = StabilitySelection::first(2).fit(&Samples::binary(&table, &outcome)?)?;
/// assert_eq!(fit.selected, [4]);
/// assert_eq!(fit.features()[0].probability, 1.0);
/// assert!(fit.expected_false_selections(Assumption::Unimodal)? < 0.2);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StabilitySelection {
    /// What selects in a half.
    pub learner: BaseLearner,
    /// How halves are drawn.
    pub subsampling: Subsampling,
    /// Smallest share of the halves that makes a feature stable.
    pub threshold: f64,
    /// Seed of the halves.
    pub seed: u64,
}

impl Default for StabilitySelection {
    fn default() -> Self {
        Self::first(10)
    }
}

/// Result of a stability selection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StabilityFit {
    /// Feature names, in column order.
    pub names: Vec<String>,
    /// Columns whose probability reaches the threshold, ascending.
    pub selected: Vec<usize>,
    /// Largest share of the halves (over the grid) that selected each feature, in column order.
    pub probability: Vec<f64>,
    /// Penalties of the grid, decreasing; empty for learners without one.
    pub lambda: Vec<f64>,
    /// How many halves selected each feature: one row per penalty, one entry per column. One row for learners without a grid.
    pub counts: Vec<Vec<usize>>,
    /// Number of halves.
    pub n_subsamples: usize,
    /// Mean number of features selected anywhere on the grid in a half.
    pub mean_size: f64,
    /// Threshold used.
    pub threshold: f64,
    /// Whether halves came in complementary pairs.
    pub scheme: Scheme,
}

/// A feature's share of selection, for a table or a bar chart.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureStability {
    /// Feature name.
    pub name: String,
    /// Its column.
    pub column: usize,
    /// Its largest share of the halves over the grid.
    pub probability: f64,
    /// The largest penalty with that share; `None` for learners without a grid.
    pub lambda: Option<f64>,
    /// Whether it reaches the threshold.
    pub is_stable: bool,
}

impl StabilitySelection {
    /// Selection by the first `count` features of a LASSO path, other settings as by default.
    pub fn first(count: usize) -> Self {
        Self::with(BaseLearner::ElasticNetEntries {
            net: Box::default(),
            count,
        })
    }

    /// Selection by any learner, other settings as by default.
    pub fn with(learner: BaseLearner) -> Self {
        Self {
            learner,
            subsampling: Subsampling::default(),
            threshold: 0.75,
            seed: 1,
        }
    }

    /// Draws the halves and selects in each of them. Weights and offset of the rows go with them.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a setting outside its range; those of [`Subsampling::halves`]; [`Error::Incompatible`] for lambdas where the learner has
    /// none, or a relevance of weighted rows or a continuous outcome; [`Error::InSubsample`] around what the learner refuses in a half, such as one class
    /// only (then stratify) or a penalty too small to be solved.
    pub fn fit(&self, samples: &Samples<'_>) -> Result<StabilityFit> {
        let events: Vec<bool> = samples.outcome().iter().map(|&y| y > 0.5).collect();
        let classes = (samples.family() == Family::Binomial).then_some(events.as_slice());
        let halves = self
            .subsampling
            .halves(samples.n_rows(), classes, self.seed)?;
        self.fit_on(samples, &halves)
    }

    /// As [`fit`](Self::fit) with the rows of every half given. Bounds for complementary pairs hold only if consecutive halves are such pairs.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidSetting`] without halves or for a row past the last.
    pub fn fit_on(&self, samples: &Samples<'_>, halves: &[Vec<usize>]) -> Result<StabilityFit> {
        self.check()?;
        check(
            "halves",
            "at least 1",
            halves.len() as f64,
            !halves.is_empty(),
        )?;
        let n = samples.n_rows();
        if let Some(&row) = halves.iter().flatten().find(|&&i| i >= n) {
            check("row of a half", "a row of the table", row as f64, false)?;
        }
        self.learner.check_samples(samples)?;
        let lambda = self.learner.grid(samples)?;
        let picks = map_indexed(halves.len(), |subsample| {
            self.learner
                .select(samples, &halves[subsample], &lambda)
                .map_err(|error| Error::InSubsample {
                    subsample,
                    error: Box::new(error),
                })
        })
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
        Ok(self.summary(samples.table().names(), lambda, &picks))
    }

    /// Counts the picks of all halves; each has one list of columns per penalty.
    fn summary(
        &self,
        names: &[String],
        lambda: Vec<f64>,
        picks: &[Vec<Vec<usize>>],
    ) -> StabilityFit {
        let (p, n) = (names.len(), picks.len());
        let mut counts = vec![vec![0usize; p]; picks[0].len()];
        let mut total = 0usize;
        let mut last_seen = vec![usize::MAX; p];
        for (half, pick) in picks.iter().enumerate() {
            for (row, columns) in counts.iter_mut().zip(pick) {
                for &j in columns {
                    row[j] += 1;
                    total += usize::from(last_seen[j] != half);
                    last_seen[j] = half;
                }
            }
        }
        let largest = |j: usize| counts.iter().map(|row| row[j]).max().unwrap_or(0);
        let probability: Vec<f64> = (0..p).map(|j| largest(j) as f64 / n as f64).collect();
        let selected = (0..p)
            .filter(|&j| probability[j] >= self.threshold)
            .collect();
        StabilityFit {
            names: names.to_vec(),
            selected,
            probability,
            lambda,
            counts,
            n_subsamples: n,
            mean_size: total as f64 / n as f64,
            threshold: self.threshold,
            scheme: self.subsampling.scheme,
        }
    }

    /// Checks the settings without data.
    pub(crate) fn check(&self) -> Result<()> {
        let fits = self.threshold > 0.5 && self.threshold <= 1.0;
        check(
            "stability threshold",
            "a number in (0.5, 1]",
            self.threshold,
            fits,
        )?;
        self.subsampling.check()?;
        self.learner.check()
    }
}

impl BaseLearner {
    fn check(&self) -> Result<()> {
        match self {
            Self::ElasticNetGrid {
                lambdas: LambdaGrid::Given(lambdas),
                ..
            } => {
                check(
                    "lambdas",
                    "at least 1",
                    lambdas.len() as f64,
                    !lambdas.is_empty(),
                )?;
                let bad = lambdas.iter().find(|l| !(**l >= 0.0 && l.is_finite()));
                bad.map_or(Ok(()), |&l| {
                    check("lambda", "a finite number >= 0", l, false)
                })
            }
            Self::ElasticNetGrid { .. } => Ok(()),
            Self::ElasticNetEntries { net, count } => {
                if net.has_lambdas() {
                    return Err(Error::Incompatible {
                        what: "selection of the first features of a path",
                        needs: "a path without lambdas of its own",
                    });
                }
                check("features per half", "at least 1", *count as f64, *count > 0)
            }
            Self::MostRelevant { count, .. } => {
                check("features per half", "at least 1", *count as f64, *count > 0)
            }
        }
    }

    fn check_samples(&self, samples: &Samples<'_>) -> Result<()> {
        let Self::MostRelevant { .. } = self else {
            return Ok(());
        };
        let needs = if samples.family() != Family::Binomial {
            "a binary outcome"
        } else if (0..samples.n_rows()).any(|i| samples.weight_at(i) != 1.0) {
            "rows without weights"
        } else {
            return Ok(());
        };
        Err(Error::Incompatible {
            what: "selection by relevance",
            needs,
        })
    }

    /// Penalties for all halves, decreasing; empty for learners without a grid.
    fn grid(&self, samples: &Samples<'_>) -> Result<Vec<f64>> {
        match self {
            Self::ElasticNetGrid {
                lambdas: LambdaGrid::Given(lambdas),
                ..
            } => {
                let mut sorted = lambdas.clone();
                sorted.sort_by(|a, b| b.total_cmp(a));
                Ok(sorted)
            }
            Self::ElasticNetGrid { net, .. } => Ok(net.fit(samples)?.lambda),
            _ => Ok(Vec::new()),
        }
    }

    /// Columns selected in a half, one list per penalty of the grid, or one list.
    fn select(
        &self,
        samples: &Samples<'_>,
        rows: &[usize],
        grid: &[f64],
    ) -> Result<Vec<Vec<usize>>> {
        let half = samples.rows(rows)?;
        let half = half.as_samples()?;
        match self {
            Self::ElasticNetGrid { net, .. } => {
                let path = (**net).clone().lambdas(grid).fit(&half)?;
                // A path that ended early (a limit on its size) counts with its last model from there on.
                let last = path.len() - 1;
                let model = |m: usize| path.beta[m.min(last)].index.clone();
                Ok((0..grid.len()).map(model).collect())
            }
            Self::ElasticNetEntries { net, count } => {
                let path = (**net).clone().active_max(*count).fit(&half)?;
                Ok(vec![
                    path.beta.last().map_or(Vec::new(), |b| b.index.clone()),
                ])
            }
            Self::MostRelevant { relevance, count } => {
                let events: Vec<bool> = half.outcome().iter().map(|&y| y > 0.5).collect();
                let mut order = ranking(&relevance.of(half.table(), &events)?);
                order.truncate(*count);
                Ok(vec![order])
            }
        }
    }

    /// The learner in a few words, for records.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::ElasticNetGrid { lambdas, .. } => match lambdas {
                LambdaGrid::AllRows => "elastic net, lambdas of all rows".to_owned(),
                LambdaGrid::Given(lambdas) => format!("elastic net, {} lambdas", lambdas.len()),
            },
            Self::ElasticNetEntries { count, .. } => format!("elastic net, first {count} features"),
            Self::MostRelevant { relevance, count } => {
                format!("{count} most relevant by {relevance:?}")
            }
        }
    }
}

impl StabilityFit {
    /// Columns whose probability reaches another threshold, ascending.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a threshold outside (0.5, 1].
    pub fn selected_at(&self, threshold: f64) -> Result<Vec<usize>> {
        let fits = threshold > 0.5 && threshold <= 1.0;
        check(
            "stability threshold",
            "a number in (0.5, 1]",
            threshold,
            fits,
        )?;
        Ok((0..self.probability.len())
            .filter(|&j| self.probability[j] >= threshold)
            .collect())
    }

    /// Every feature, most often selected first, ties by column.
    pub fn features(&self) -> Vec<FeatureStability> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let p = &self.probability;
        order.sort_by(|&a, &b| p[b].total_cmp(&p[a]).then(a.cmp(&b)));
        order
            .into_iter()
            .map(|column| FeatureStability {
                name: self.names[column].clone(),
                column,
                probability: p[column],
                lambda: self.first_peak(column),
                is_stable: p[column] >= self.threshold,
            })
            .collect()
    }

    fn first_peak(&self, column: usize) -> Option<f64> {
        let count = |m: &usize| self.counts[*m][column];
        let peak = (0..self.lambda.len()).map(|m| count(&m)).max()?;
        let first = (0..self.lambda.len()).find(|m| count(m) == peak)?;
        Some(self.lambda[first])
    }

    /// Bound on the expected number of noise features among the selected ones, with [`mean_size`](Self::mean_size) for `q`.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for an assumption about complementary pairs without them; those of [`FalseSelectionBound::expected`].
    pub fn expected_false_selections(&self, assumption: Assumption) -> Result<f64> {
        if assumption != Assumption::None && self.scheme != Scheme::ComplementaryPairs {
            return Err(Error::Incompatible {
                what: "a bound with an assumption",
                needs: "complementary pairs",
            });
        }
        let bound = FalseSelectionBound::new(self.names.len(), assumption, self.n_subsamples / 2)?;
        bound.expected(self.mean_size, self.threshold)
    }
}
