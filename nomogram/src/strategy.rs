//! A modeling strategy, applied to all rows and again to every resample: which terms are kept, and how coefficients are estimated.

use crate::design::Design;
use crate::error::{Error, Result};
use crate::firth::{FirthElimination, Intervals};
use crate::indices::null_deviance;
use crate::irls::{self, Problem};
use crate::logistic::{FewEvents, LogisticFit, LogisticRegression};
use crate::ranked::{Ranked, Sample};
use crate::refit::Refit;
use crate::stepwise::{BackwardElimination, FastRule, FastTest, fast_backward};

/// How terms are chosen in each resample.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Selection {
    /// All terms of the design.
    #[default]
    None,
    /// [`fast_backward`], then refitting; rms' `bw = TRUE`.
    Fast(FastRule, FastTest),
    /// Backward elimination with refits.
    Backward(BackwardElimination),
    /// Fits with Firth's penalty, and penalized backward elimination. Apparent and training indices are recalibrated as the test indices are,
    /// because a penalized fit is not calibrated on its own rows by definition.
    Firth(FirthElimination),
}

/// What a strategy makes of some rows.
pub(crate) struct Chosen {
    /// Terms of the design that were kept.
    pub kept: Vec<usize>,
    /// Coefficients of the columns of these terms, intercept first.
    pub beta: Vec<f64>,
    /// Likelihood ratio against the intercept alone; `None` for a penalized fit.
    pub likelihood_ratio: Option<f64>,
}

/// A strategy with its result on all rows.
pub(crate) struct Strategy<'a> {
    selection: &'a Selection,
    design: &'a Design,
    outcome: Vec<bool>,
    pub apparent: Chosen,
    /// The quick way to fit all terms again.
    refit: Option<Refit>,
}

impl<'a> Strategy<'a> {
    /// Applies the strategy to all rows of the design; `outcome` has one entry per row of the table.
    pub fn new(
        selection: &'a Selection,
        design: &'a Design,
        outcome: &[bool],
        few_events: FewEvents,
    ) -> Result<Self> {
        let (apparent, fit) = selection.apply(design, outcome, few_events)?;
        let all = *selection == Selection::None;
        Ok(Self {
            selection,
            design,
            outcome: design.pick("outcome", outcome)?,
            apparent,
            refit: fit.filter(|_| all).map(|fit| Refit::new(design, &fit)),
        })
    }

    /// The outcome of the rows in use.
    pub fn outcome(&self) -> &[bool] {
        &self.outcome
    }

    /// Linear predictor of the rows by the model of all terms, none left out.
    pub fn with_all_terms(&self) -> Result<Vec<f64>> {
        if self.apparent.kept.len() == self.design.terms().len() {
            return Ok(self.on_all_rows(&self.apparent));
        }
        let outcome = self.design.spread(&self.outcome, false);
        match self.selection {
            Selection::Firth(elimination) => elimination.with_all_terms(self.design, &outcome),
            _ => {
                let regression = LogisticRegression::new().few_events(FewEvents::Allow);
                Ok(regression.fit(self.design, &outcome)?.linear_predictor)
            }
        }
    }

    /// The strategy on a sample of the rows.
    pub fn resampled(&self, sample: &Sample<'_>) -> Result<Chosen> {
        if let Some(refit) = &self.refit {
            let fit = refit.fit(self.design, &self.outcome, sample)?;
            let n = sample.rows.len();
            let events = sample.rows.iter().filter(|&&row| self.outcome[row]).count();
            return Ok(Chosen {
                kept: (0..self.design.terms().len()).collect(),
                beta: fit.beta,
                likelihood_ratio: Some(null_deviance(events as f64, n as f64) - fit.deviance),
            });
        }
        let design = self.design.resampled(sample.rows);
        let y: Vec<bool> = sample.rows.iter().map(|&row| self.outcome[row]).collect();
        let (chosen, _) = self.selection.apply(&design, &y, FewEvents::Allow)?;
        Ok(chosen)
    }

    /// All rows ranked by a model.
    pub fn ranked(&self, model: &Chosen) -> Ranked {
        Ranked::new(&self.on_all_rows(model), &self.outcome)
    }

    /// Linear predictor of all rows by a model.
    fn on_all_rows(&self, chosen: &Chosen) -> Vec<f64> {
        if chosen.kept.len() == self.design.terms().len() {
            self.linear_predictor(self.design, &chosen.beta)
        } else {
            self.linear_predictor(&self.design.with_terms(&chosen.kept), &chosen.beta)
        }
    }

    fn linear_predictor(&self, design: &Design, beta: &[f64]) -> Vec<f64> {
        let mut lp = vec![0.0; self.outcome.len()];
        let problem = Problem {
            x: design.x(),
            y: &self.outcome,
            weights: None,
            offset: None,
        };
        irls::linear_predictor(&problem, beta, &mut lp);
        lp
    }
}

impl Selection {
    /// The terms kept and their model, with the fit if it is one by maximum likelihood. Aliased columns are errors.
    fn apply(
        &self,
        design: &Design,
        outcome: &[bool],
        few_events: FewEvents,
    ) -> Result<(Chosen, Option<LogisticFit>)> {
        let regression = LogisticRegression::new().few_events(few_events);
        let (kept, fit) = match self {
            Selection::None => {
                let all = (0..design.terms().len()).collect();
                (all, regression.fit(design, outcome)?)
            }
            Selection::Fast(rule, test) => {
                let full = regression.fit(design, outcome)?;
                let kept = fast_backward(&full, *rule, *test)?.kept;
                let fit = regression.fit(&design.with_terms(&kept), outcome)?;
                (kept, fit)
            }
            Selection::Backward(elimination) => {
                let result = elimination.fit(design, outcome)?;
                (result.kept, result.fit)
            }
            Selection::Firth(elimination) => {
                return Ok((penalized(elimination, design, outcome)?, None));
            }
        };
        if let Some(column) = fit.aliased.first() {
            return Err(Error::Aliased {
                column: column.clone(),
            });
        }
        let chosen = Chosen {
            kept,
            beta: fit.beta(),
            likelihood_ratio: Some(fit.likelihood_ratio().chi_squared),
        };
        Ok((chosen, Some(fit)))
    }
}

fn penalized(elimination: &FirthElimination, design: &Design, outcome: &[bool]) -> Result<Chosen> {
    let result = elimination.fit_with(design, outcome, Intervals::Skip)?;
    let coefficients = result.fit.coefficients.iter();
    Ok(Chosen {
        kept: result.kept,
        beta: coefficients.map(|c| c.estimate).collect(),
        likelihood_ratio: None,
    })
}
