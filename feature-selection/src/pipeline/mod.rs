//! From a table to a score: a list of steps, fitted together on training rows.
//!
//! Every step sees the columns its predecessors left and the training rows only. A [`Fitted`] pipeline is
//! the one way to apply the result to other rows.
//!
//! | file | holds |
//! |---|---|
//! | this one | the list of steps, its checks and its fit |
//! | `steps/` | one file per kind of step |
//! | `drop_log` | counts, and a reason for each feature that left |
//! | `fitted` | the fitted pipeline and its application to rows |
//! | `report` | what a study publishes about the run |
//! | `stored` | a fitted pipeline as JSON, and the checks when it is read |
//!
//! # Adding a step
//! A file in `steps/` with a settings struct that implements `Rule` (name, checks, settings on record, which columns go), and in
//! `steps/mod.rs` its variant of [`Step`], its arm in `Step::rule` and its name in `NAMES`.

mod any_number;
mod drop_log;
mod fitted;
mod report;
mod steps;
mod stored;

use crate::error::{Error, Result};
use crate::lasso::EstimatorFit;
use crate::score::Score;
use crate::stability::StabilityFit;
use crate::standardize::Standardizer;
use crate::table::{FeatureTable, check_outcome};

pub use drop_log::{DropReason, Dropped, FunnelStep, Setting, SettingValue};
pub use fitted::{ColumnPolicy, Fitted};
pub use report::{DroppedRecord, LassoRecord, RunReport, Software, StepRecord};
pub use steps::{ClassWeights, FoldPlan, LassoStep, RedundancyRule, Step};

use steps::{Place, Rule};

/// A list of steps, not yet fitted.
///
/// # Examples
/// ```
/// use feature_selection::pipeline::{LassoStep, SelectionPipeline, Step};
/// use feature_selection::standardize::Divisor;
/// use feature_selection::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 3), |(i, j)| match j {
///     0 => i as f64,
///     1 => ((i * 17) % 23) as f64,
///     _ => 3.25,
/// });
/// let names = ["signal", "noise", "flat"].map(String::from);
/// let outcome: Vec<bool> = (0..60).map(|i| (i + (i * 7) % 31) > 44).collect();
/// let train = FeatureTable::new(x.view(), &names)?;
///
/// let fitted = SelectionPipeline::new()
///     .step(Step::DropConstant)
///     .step(Step::Standardize(Divisor::Sample))
///     .step(Step::Lasso(LassoStep::default()))
///     .fit(&train, &outcome)?;
/// assert!(fitted.selected.contains(&"signal".to_string()));
/// assert_eq!(fitted.dropped[0].reason.to_string(), "constant");
/// // What a study publishes, and what a hospital applies to a new patient.
/// assert_eq!(fitted.report().steps[0].dropped, 1);
/// let stored = feature_selection::pipeline::Fitted::from_json(&fitted.to_json())?;
/// assert_eq!(stored.score(&train)?, fitted.score(&train)?);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SelectionPipeline {
    steps: Vec<Step>,
}

/// What a step may look at while a pipeline is fitted (training rows only), and what it may leave behind.
struct State<'a> {
    /// The columns still in play.
    table: FeatureTable,
    /// `true` is an event.
    outcome: &'a [bool],
    standardizer: Option<Standardizer>,
    stability: Option<StabilityFit>,
    estimate: Option<EstimatorFit>,
    lasso: Option<LassoRecord>,
    score: Option<Score>,
}

impl SelectionPipeline {
    /// A pipeline without steps, which keeps everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a step.
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Checks order and settings without data; [`fit`](Self::fit) does so first.
    ///
    /// # Errors
    /// [`Error::StepOrder`] for a step after the LASSO, a second standardization, or a variance threshold on z-scores;
    /// [`Error::InStep`] around [`Error::InvalidSetting`] or [`Error::InvalidFold`] for a setting outside its range.
    pub fn validate(&self) -> Result<()> {
        let mut standardized = false;
        for (index, step) in self.steps.iter().enumerate() {
            let rule = step.rule();
            let needs = match rule.place() {
                Place::Last if index + 1 < self.steps.len() => Some("to be the last step"),
                Place::BeforeStandardization if standardized => {
                    Some("to stand before the standardization")
                }
                Place::Standardization if standardized => Some("to occur once"),
                _ => None,
            };
            if let Some(needs) = needs {
                return Err(Error::StepOrder {
                    step: index,
                    name: rule.name(),
                    needs,
                });
            }
            standardized |= rule.place() == Place::Standardization;
            rule.check().map_err(|e| in_step(index, &*rule, e))?;
        }
        Ok(())
    }

    /// Fits all steps on training rows.
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate); [`Error::LengthMismatch`] and [`Error::SingleClass`] for the outcome; [`Error::InStep`] around what a
    /// step refuses; [`Error::NoUsableColumn`] naming the step if it leaves no feature. A LASSO that selects nothing is no error: its score is
    /// constant ([`Score::is_constant`]).
    pub fn fit(&self, train: &FeatureTable, outcome: &[bool]) -> Result<Fitted> {
        let n_events = check_outcome(outcome, train.n_rows())?;
        self.validate()?;
        let mut state = State {
            table: train.clone(),
            outcome,
            standardizer: None,
            stability: None,
            estimate: None,
            lasso: None,
            score: None,
        };
        let (mut funnel, mut dropped) = (Vec::new(), Vec::new());
        for (index, step) in self.steps.iter().enumerate() {
            let rule = step.rule();
            let n_columns = state.table.n_columns();
            let gone = rule
                .dropped(&mut state)
                .map_err(|e| in_step(index, &*rule, e))?;
            if gone.len() == n_columns && rule.place() != Place::Last {
                return Err(Error::NoUsableColumn {
                    what: rule.name(),
                    n_columns,
                });
            }
            funnel.push(FunnelStep {
                step_name: rule.name(),
                kept: n_columns - gone.len(),
                dropped: gone.len(),
                settings: rule.settings(),
            });
            dropped.extend(state.remove(index, rule.name(), gone));
        }
        Ok(Fitted {
            columns: train.names().to_vec(),
            selected: state.table.names().to_vec(),
            standardizer: state.standardizer,
            score: state.score,
            estimate: state.estimate,
            stability: state.stability,
            lasso: state.lasso,
            funnel,
            dropped,
            n_rows: train.n_rows(),
            n_events,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }
}

impl State<'_> {
    fn names(&self) -> &[String] {
        self.table.names()
    }

    /// Takes columns out of play; a step lists each once, ascending.
    fn remove(
        &mut self,
        step: usize,
        step_name: &'static str,
        gone: Vec<(usize, DropReason)>,
    ) -> Vec<Dropped> {
        debug_assert!(gone.is_sorted_by(|a, b| a.0 < b.0));
        let mut keep = vec![true; self.table.n_columns()];
        gone.iter().for_each(|(j, _)| keep[*j] = false);
        let log = gone
            .into_iter()
            .map(|(j, reason)| Dropped {
                name: self.table.names()[j].clone(),
                step,
                step_name,
                reason,
            })
            .collect();
        let kept: Vec<usize> = (0..keep.len()).filter(|&j| keep[j]).collect();
        self.table = self.table.select_columns(&kept);
        log
    }
}

fn in_step(step: usize, rule: &dyn Rule, error: Error) -> Error {
    Error::InStep {
        step,
        name: rule.name(),
        error: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standardize::Divisor;

    #[test]
    fn disorder_is_named_by_step() {
        let variance = || Step::VarianceThreshold {
            threshold: 0.1,
            divisor: Divisor::Sample,
        };
        let standardize = || Step::Standardize(Divisor::Sample);
        let lasso = || Step::Lasso(LassoStep::default());
        for (steps, message) in [
            (
                vec![lasso(), Step::DropConstant],
                "step 0 (lasso) needs to be the last step",
            ),
            (
                vec![standardize(), Step::DropDuplicates, variance()],
                "step 2 (variance threshold) needs to stand before the standardization",
            ),
            (
                vec![standardize(), standardize()],
                "step 1 (standardization) needs to occur once",
            ),
        ] {
            let pipeline = SelectionPipeline { steps };
            assert_eq!(pipeline.validate().unwrap_err().to_string(), message);
        }
        let pipeline = SelectionPipeline::new()
            .step(variance())
            .step(standardize());
        assert!(pipeline.step(lasso()).validate().is_ok());
    }
}
