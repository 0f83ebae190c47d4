//! Bootstrap validation of a whole modeling strategy, as `rms::validate`.
//!
//! In every resample the model is fitted again (and terms are selected again if asked); its indices on the resample (`training`) and on the
//! original rows (`test`) give the optimism, `mean(training - test)`, by which the apparent index is corrected.
//!
//! | index | definition |
//! |---|---|
//! | Dxy | `2 AUC - 1` |
//! | R2 | Nagelkerke's, of the outcome regressed on the linear predictor |
//! | intercept, slope | of that regression; 0 and 1 in training |
//! | D | `(LR - 1) / n` |
//! | U | `(deviance at slope 1 - recalibrated deviance - 2) / n`; `-2/n` in training |
//! | Q | `D - U` |
//! | Brier | `mean (y - p)²`, without recalibration |
//! | g, gp | Gini's mean difference of the recalibrated linear predictor and probability |
//!
//! A replicate whose selection keeps no term has slope 1 and, as in rms, the log odds of the event as intercept.

use eval_stats::roc;
use eval_stats::special::{expit, logit};
use eval_stats::{Scored, wide};
use nalgebra::DMatrix;

use crate::design::Design;
use crate::error::{Error, Result};
use crate::irls::Problem;
use crate::logistic::FewEvents;
use crate::newton::{Start, deviance_and_squares, newton_from};
use crate::numeric::exp_of_negative;
use crate::par::map_indexed;
use crate::resample::Resamples;
use crate::strategy::{Chosen, Selection, Strategy, null_deviance};

/// Bootstrap validation.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | resamples | none | where the resamples come from |
/// | `selection` | [`Selection::None`] | choice of terms repeated in every resample |
/// | `few_events` | [`FewEvents::Refuse`] | more effects than rows of the rarer class in the table; resamples are always fitted |
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    pub(crate) resamples: Resamples,
    pub(crate) selection: Selection,
    pub(crate) few_events: FewEvents,
}

/// One index of performance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ValidatedIndex {
    /// Its name: `Dxy`, `R2`, `Intercept`, `Slope`, `Emax`, `D`, `U`, `Q`, `B`, `g`, `gp`.
    pub name: &'static str,
    /// On the rows it was fitted on.
    pub apparent: f64,
    /// Mean over resamples of the index on the resample.
    pub training: f64,
    /// Mean over resamples of the index on the original rows.
    pub test: f64,
    /// `training - test`.
    pub optimism: f64,
    /// `apparent - optimism`.
    pub corrected: f64,
}

/// Result of a bootstrap validation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ValidationResult {
    /// The indices, in rms' order.
    pub indices: Vec<ValidatedIndex>,
    /// Apparent area under the ROC curve.
    pub auc: f64,
    /// Area under the ROC curve corrected for optimism, `(corrected Dxy + 1) / 2`.
    pub auc_corrected: f64,
    /// Resamples used.
    pub n_replicates: usize,
    /// Resamples left out because their model could not be fitted.
    pub n_failed: usize,
    /// Terms of the design kept in the apparent model.
    pub kept: Vec<usize>,
    /// In how many resamples each term of the design was kept.
    pub kept_counts: Vec<usize>,
}

impl ValidationResult {
    /// The index of this name.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<&ValidatedIndex> {
        self.indices.iter().find(|i| i.name == name)
    }
}

/// Indices of one model on one set of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Indices([f64; 10]);

const NAMES: [&str; 10] = [
    "Dxy",
    "R2",
    "Intercept",
    "Slope",
    "D",
    "U",
    "Q",
    "B",
    "g",
    "gp",
];

impl Validation {
    /// Validation with these resamples and all terms in every one.
    #[must_use]
    pub fn new(resamples: Resamples) -> Self {
        Self {
            resamples,
            selection: Selection::None,
            few_events: FewEvents::default(),
        }
    }

    /// Whether there may be more effects than rows of the rarer class. A [`Selection::Backward`] brings its own rule.
    #[must_use]
    pub fn few_events(mut self, few_events: FewEvents) -> Self {
        self.few_events = few_events;
        self
    }

    /// Choice of terms, repeated in every resample.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Validates the model of `design` for `outcome` (one per row of the table).
    ///
    /// # Errors
    /// As [`LogisticRegression::fit`](crate::LogisticRegression::fit) for the apparent model; [`Error::Resample`]; [`Error::NoReplicate`] if no resample could be fitted.
    pub fn fit(&self, design: &Design, outcome: &[bool]) -> Result<ValidationResult> {
        let strategy = Strategy::new(&self.selection, design, outcome, self.few_events)?;
        let apparent_indices = training_indices(&strategy.apparent, strategy.outcome())?;
        let resamples = self.resamples.draw(strategy.outcome().len())?;
        let results = map_indexed(resamples.len(), |b| replicate(&strategy, &resamples[b]));
        let mut sums = [[0.0; 10]; 2];
        let mut kept_counts = vec![0; design.terms().len()];
        let (mut used, mut first_error) = (0usize, None);
        for result in results {
            match result {
                Ok((terms, training, test)) => {
                    used += 1;
                    terms.iter().for_each(|&t| kept_counts[t] += 1);
                    for (sum, indices) in sums.iter_mut().zip([training, test]) {
                        sum.iter_mut().zip(indices.0).for_each(|(s, v)| *s += v);
                    }
                }
                Err(e) => first_error = first_error.or(Some(e)),
            }
        }
        if let (0, Some(first)) = (used, &first_error) {
            return Err(Error::NoReplicate {
                replicates: resamples.len(),
                first: Box::new(first.clone()),
            });
        }
        let mut indices: Vec<ValidatedIndex> = (0..10)
            .map(|k| {
                let (training, test) = (sums[0][k] / used as f64, sums[1][k] / used as f64);
                index(NAMES[k], apparent_indices.0[k], training, test)
            })
            .collect();
        let emax = largest_error(indices[2].corrected, indices[3].corrected);
        let row = ValidatedIndex {
            optimism: emax,
            corrected: emax,
            ..index("Emax", 0.0, 0.0, emax)
        };
        indices.insert(4, row);
        Ok(ValidationResult {
            auc: 0.5 * (indices[0].apparent + 1.0),
            auc_corrected: 0.5 * (indices[0].corrected + 1.0),
            indices,
            n_replicates: used,
            n_failed: resamples.len() - used,
            kept: strategy.apparent.kept,
            kept_counts,
        })
    }
}

/// Terms kept, indices in training and on all rows.
fn replicate(strategy: &Strategy<'_>, rows: &[usize]) -> Result<(Vec<usize>, Indices, Indices)> {
    let (fit, y) = strategy.resampled(rows)?;
    let training = training_indices(&fit, &y)?;
    let test = recalibrated_indices(&strategy.on_all_rows(&fit), strategy.outcome())?;
    Ok((fit.kept, training, test))
}

fn index(name: &'static str, apparent: f64, training: f64, test: f64) -> ValidatedIndex {
    let optimism = training - test;
    ValidatedIndex {
        name,
        apparent,
        training,
        test,
        optimism,
        corrected: apparent - optimism,
    }
}

fn nagelkerke(lr: f64, y: &[bool]) -> f64 {
    let n = y.len() as f64;
    (-(-lr / n).exp_m1()) / (-(-null_deviance(y) / n).exp_m1())
}

/// A linear predictor in order: one sort for Dxy and both Gini indices.
struct Ranked {
    dxy: f64,
    sorted: Vec<f64>,
}

impl Ranked {
    fn new(lp: &[f64], y: &[bool]) -> Result<Self> {
        let events = y.iter().filter(|&&v| v).count();
        let scored = Scored::new(lp, y).map_err(|_| Error::SingleClass { events, n: y.len() })?;
        Ok(Self {
            dxy: 2.0 * roc::auc(&scored) - 1.0,
            sorted: scored.order().iter().map(|&i| lp[i as usize]).collect(),
        })
    }

    /// g and gp of `intercept + slope lp`. The line and the probability keep the order of the values or turn it round.
    fn gini_indices(&self, intercept: f64, slope: f64) -> (f64, f64) {
        let line: Vec<f64> = self.sorted.iter().map(|l| slope * l).collect();
        let mut risks = line.clone();
        wide(
            #[inline(always)]
            || risks.iter_mut().for_each(|v| *v = risk(intercept + *v)),
        );
        (gini_mean_difference(&line), gini_mean_difference(&risks))
    }
}

/// Gini's mean difference, the mean distance of two different values, of increasing or decreasing values.
fn gini_mean_difference(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let parts = sorted
        .chunks(4)
        .enumerate()
        .fold([0.0; 4], |mut sums, (block, four)| {
            for (k, (sum, v)) in sums.iter_mut().zip(four).enumerate() {
                *sum += (2.0 * (4 * block + k) as f64 - n + 1.0) * v;
            }
            sums
        });
    (2.0 * parts.iter().sum::<f64>() / (n * (n - 1.0))).abs()
}

/// 1 / (1 + e^-η).
#[inline(always)]
fn risk(eta: f64) -> f64 {
    let e = exp_of_negative(-eta.abs());
    (if eta >= 0.0 { 1.0 } else { e }) / (1.0 + e)
}

/// Indices on the rows of the fit. A fit by maximum likelihood is calibrated there; any other is recalibrated as on new rows.
fn training_indices(fit: &Chosen, y: &[bool]) -> Result<Indices> {
    let lp = &fit.linear_predictor;
    let Some(lr) = fit.likelihood_ratio else {
        return recalibrated_indices(lp, y);
    };
    let n = y.len() as f64;
    let d = (lr - 1.0) / n;
    let u = -2.0 / n;
    let ranked = Ranked::new(lp, y)?;
    let (g, gp) = ranked.gini_indices(0.0, 1.0);
    let (_, squares) = deviance_and_squares(y, lp);
    Ok(Indices([
        ranked.dxy,
        nagelkerke(lr, y),
        0.0,
        1.0,
        d,
        u,
        d - u,
        squares / n,
        g,
        gp,
    ]))
}

fn recalibrated_indices(lp: &[f64], y: &[bool]) -> Result<Indices> {
    let n = y.len() as f64;
    let constant = lp.iter().all(|&v| v == lp[0]);
    let (intercept, slope, deviance) = if constant {
        let events = y.iter().filter(|&&v| v).count() as f64;
        ((events / (n - events)).ln(), 1.0, null_deviance(y))
    } else {
        recalibrated(lp, y)?
    };
    let lr = null_deviance(y) - deviance;
    let (plain, squares) = deviance_and_squares(y, lp);
    let d = (lr - 1.0) / n;
    let u = (plain - deviance - 2.0) / n;
    let ranked = Ranked::new(lp, y)?;
    let (g, gp) = ranked.gini_indices(intercept, slope);
    Ok(Indices([
        ranked.dxy,
        nagelkerke(lr, y),
        intercept,
        slope,
        d,
        u,
        d - u,
        squares / n,
        g,
        gp,
    ]))
}

/// Intercept, slope and deviance of the outcome regressed on a linear predictor.
fn recalibrated(lp: &[f64], y: &[bool]) -> Result<(f64, f64, f64)> {
    let x = DMatrix::from_fn(lp.len(), 2, |i, j| if j == 0 { 1.0 } else { lp[i] });
    let problem = Problem {
        x: &x,
        y,
        weights: None,
        offset: None,
    };
    // A model that predicts well elsewhere needs little recalibration.
    let solution = newton_from(&problem, &Start::Beta(&[0.0, 1.0]), 50);
    if !solution.converged {
        return Err(Error::NotConverged {
            iterations: solution.iterations,
            last_change: solution.last_change,
        });
    }
    Ok((solution.beta[0], solution.beta[1], solution.deviance))
}

/// Largest distance of the recalibrated from the predicted probability, over probabilities in steps of .0005.
fn largest_error(intercept: f64, slope: f64) -> f64 {
    (1..2000)
        .map(|i| f64::from(i) * 0.0005)
        .map(|p| (p - expit(intercept + slope * logit(p))).abs())
        .fold(0.0, f64::max)
}
