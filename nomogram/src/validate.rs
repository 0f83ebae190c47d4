//! Bootstrap validation of a whole modeling strategy, as `rms::validate`.
//!
//! In every resample the model is fitted again (and terms are selected again if asked); its indices on the resample (`training`) and on the
//! original rows (`test`) give the optimism, `mean(training - test)`, by which the apparent index is corrected.
//!
//! A replicate whose selection keeps no term has slope 1 and, as in rms, the log odds of the event as intercept.

use eval_stats::special::{expit, logit};

use crate::design::Design;
use crate::error::{Error, Result};
use crate::indices::{Counted, Indices, NAMES};
use crate::logistic::FewEvents;
use crate::par::map_indexed;
use crate::ranked::Sample;
use crate::resample::Resamples;
use crate::strategy::{Chosen, Selection, Strategy};

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
        let ranked = strategy.ranked(&strategy.apparent);
        let apparent_indices = training_indices(&strategy.apparent, &Counted::all(&ranked))?;
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
    let sample = Sample::new(rows, strategy.outcome().len());
    let model = strategy.resampled(&sample)?;
    let ranked = strategy.ranked(&model);
    let training = training_indices(&model, &Counted::drawn(&ranked, &sample))?;
    let test = Counted::all(&ranked).recalibrated_indices()?;
    Ok((model.kept, training, test))
}

/// A fit by maximum likelihood is calibrated on its rows; any other is recalibrated as on new rows.
fn training_indices(model: &Chosen, rows: &Counted<'_>) -> Result<Indices> {
    match model.likelihood_ratio {
        Some(lr) => Ok(rows.indices_of_fit(lr)),
        None => rows.recalibrated_indices(),
    }
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

/// Largest distance of the recalibrated from the predicted probability, over probabilities in steps of .0005.
fn largest_error(intercept: f64, slope: f64) -> f64 {
    (1..2000)
        .map(|i| f64::from(i) * 0.0005)
        .map(|p| (p - expit(intercept + slope * logit(p))).abs())
        .fold(0.0, f64::max)
}
