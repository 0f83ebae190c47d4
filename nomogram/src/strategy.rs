//! A modeling strategy, applied to all rows and again to every resample: which terms are kept, and how coefficients are estimated.

use crate::design::Design;
use crate::error::{Error, Result};
use crate::firth::{FirthElimination, Intervals};
use crate::irls::{self, Problem};
use crate::logistic::{FewEvents, LogisticFit, LogisticRegression};
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
    /// Linear predictor of the rows.
    pub linear_predictor: Vec<f64>,
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
            return Ok(self.apparent.linear_predictor.clone());
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

    /// The strategy on resampled rows, with their outcome.
    pub fn resampled(&self, rows: &[usize]) -> Result<(Chosen, Vec<bool>)> {
        let y: Vec<bool> = rows.iter().map(|&r| self.outcome[r]).collect();
        if let Some(refit) = &self.refit {
            let fit = refit.fit(self.design, &y, rows)?;
            let chosen = Chosen {
                kept: (0..self.design.terms().len()).collect(),
                beta: fit.beta,
                linear_predictor: fit.eta,
                likelihood_ratio: Some(null_deviance(&y) - fit.deviance),
            };
            return Ok((chosen, y));
        }
        let design = self.design.resampled(rows);
        let (chosen, _) = self.selection.apply(&design, &y, FewEvents::Allow)?;
        Ok((chosen, y))
    }

    /// Linear predictor of all rows by the model of a resample.
    pub fn on_all_rows(&self, chosen: &Chosen) -> Vec<f64> {
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
            linear_predictor: fit.linear_predictor.clone(),
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
        linear_predictor: result.fit.linear_predictor,
        likelihood_ratio: None,
    })
}

/// `-2 ln L` of the intercept alone.
pub(crate) fn null_deviance(y: &[bool]) -> f64 {
    let n = y.len() as f64;
    let events = y.iter().filter(|&&v| v).count() as f64;
    -2.0 * (events * (events / n).ln() + (n - events) * ((n - events) / n).ln())
}
