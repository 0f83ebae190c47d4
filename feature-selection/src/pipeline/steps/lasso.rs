//! The step that makes a score: a cross-validated LASSO or elastic net.

use eval_stats::folds::Folds;
use ndarray::Array2;

use super::folds::FoldPlan;
use super::{Place, Rule};
use crate::error::{Error, Result, check_setting as setting};
use crate::lasso::{Estimator, EstimatorFit, LambdaRule, Samples, Selection};
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::pipeline::report::LassoRecord;
use crate::score::Score;
use crate::standardize::{Divisor, Standardizer};
use crate::table::FeatureTable;

pub(super) const NAME: &str = "lasso";

/// Settings of the last step.
///
/// | setting | default |
/// |---|---|
/// | `estimator` | LASSO by deviance on glmnet's path |
/// | `folds` | 10, stratified, seed 1 |
/// | `rule` | one standard error |
/// | `class_weights` | equal |
/// | `score_name` | `Rad-score` |
#[derive(Debug, Clone, PartialEq)]
pub struct LassoStep {
    /// How coefficients are estimated: LASSO, ridge or elastic net, relaxed or adaptive.
    pub estimator: Estimator,
    /// Where the folds come from.
    pub folds: FoldPlan,
    /// Which model is taken.
    pub rule: LambdaRule,
    /// Weight of the classes.
    pub class_weights: ClassWeights,
    /// Name of the score in formulas; not empty.
    pub score_name: String,
}

impl Default for LassoStep {
    fn default() -> Self {
        Self {
            estimator: Estimator::default(),
            folds: FoldPlan::default(),
            rule: LambdaRule::OneStandardError,
            class_weights: ClassWeights::default(),
            score_name: "Rad-score".to_owned(),
        }
    }
}

/// Weight of events and non-events in the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClassWeights {
    /// Every row counts the same.
    #[default]
    Equal,
    /// Both classes have the same total weight.
    Balanced,
}

impl ClassWeights {
    /// One weight per row; `None` if all are 1.
    fn of(self, outcome: &[bool]) -> Option<Vec<f64>> {
        let n = outcome.len() as f64;
        let events = outcome.iter().filter(|&&y| y).count() as f64;
        let weight = |event: bool| 0.5 * n / if event { events } else { n - events };
        match self {
            Self::Equal => None,
            Self::Balanced => Some(outcome.iter().map(|&y| weight(y)).collect()),
        }
    }
}

impl LassoStep {
    fn estimate(&self, state: &State<'_>) -> Result<EstimatorFit> {
        let mut samples = Samples::binary(&state.table, state.outcome)?;
        if let Some(weights) = self.class_weights.of(state.outcome) {
            samples = samples.with_weights(&weights)?;
        }
        let folds = self.folds.folds(state.outcome)?;
        self.estimator.fit_repeated(&samples, &folds)
    }

    fn score(&self, state: &State<'_>, selection: &Selection) -> Result<Score> {
        match &state.standardizer {
            Some(standardizer) => {
                let restricted = standardizer.restricted(state.names())?;
                Score::from_standardized(&self.score_name, selection, &restricted)
            }
            None => {
                let standardizer = Standardizer::fit(&state.table, Divisor::default())?;
                Score::from_raw(&self.score_name, selection, &standardizer)
            }
        }
    }
}

impl Rule for LassoStep {
    fn name(&self) -> &'static str {
        NAME
    }

    fn place(&self) -> Place {
        Place::Last
    }

    fn check(&self) -> Result<()> {
        const FEWEST_FOLDS: usize = 3;
        self.folds.check(FEWEST_FOLDS)?;
        match self.rule {
            LambdaRule::Features(k) => setting("features", "at least 1", k as f64, k > 0)?,
            LambdaRule::Value(lambda) => {
                let fits = lambda >= 0.0 && lambda.is_finite();
                setting("lambda", "a finite number >= 0", lambda, fits)?;
            }
            _ => {}
        }
        let letters = self.score_name.trim().len();
        setting(
            "letters of the score's name",
            "at least 1",
            letters as f64,
            letters > 0,
        )?;
        check_path(&self.estimator)
    }

    fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![
            Setting::choice("estimator", &self.estimator),
            Setting::choice("rule", self.rule),
            Setting::choice("class_weights", self.class_weights),
        ];
        settings.extend(self.folds.settings());
        settings
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let estimate = self.estimate(state)?;
        let selection = estimate.select(self.rule)?;
        let fit = estimate.curve();
        let score = self.score(state, &selection)?;
        let lambda = selection.lambda;
        state.lasso = Some(LassoRecord {
            lambda,
            gamma: selection.gamma,
            lambda_minimum: fit.lambda_minimum(),
            lambda_one_standard_error: fit.lambda_one_standard_error(),
            n_selected: selection.selected.len(),
            folds: fit.folds.assignment.clone(),
            n_folds: fit.folds.n_folds,
            n_repeats: fit.n_repeats,
        });
        state.score = Some(score);
        state.estimate = Some(estimate);
        Ok((0..state.table.n_columns())
            .filter(|j| selection.selected.binary_search(j).is_err())
            .map(|j| (j, DropReason::ZeroCoefficient { lambda }))
            .collect())
    }
}

/// Refuses bad settings of the path before other steps have spent their time. A path checks its settings at the head of its fit, so six
/// rows are enough to hear of a bad one; whatever else six rows provoke says nothing about the real ones.
fn check_path(estimator: &Estimator) -> Result<()> {
    let x = Array2::from_shape_fn((6, 1), |(i, _)| [0.0, 1.0, 2.2, 0.7, 1.5, 2.9][i]);
    let table = FeatureTable::new(x.view(), &["x".to_owned()])?;
    let outcome = [false, true, false, true, false, true];
    let folds = Folds::from_assignment(vec![0, 1, 2, 0, 1, 2], 3, outcome.len())?;
    match estimator.fit(&Samples::binary(&table, &outcome)?, &folds) {
        Err(error @ (Error::InvalidSetting { .. } | Error::Incompatible { .. })) => Err(error),
        _ => Ok(()),
    }
}
