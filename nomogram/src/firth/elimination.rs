//! Backward elimination of terms by penalized likelihood ratio tests, as `logistf::backward`.

use super::{Firth, FirthFit, Intervals};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::stepwise::{Candidate, EliminationStep, Move, first_max, may_leave};

/// Backward elimination that works where classes are separated: the term with the largest P leaves while that P is at least `stay`.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `stay` | (required) | threshold, e.g. 0.05; 1 or more lets all terms stay |
/// | `firth` | [`Firth::new`] | the fit at every step |
///
/// Models stay hierarchical: a main effect leaves only after the interactions it is part of.
#[derive(Debug, Clone, PartialEq)]
pub struct FirthElimination {
    stay: f64,
    firth: Firth,
}

/// Result of a penalized backward elimination.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FirthBackward {
    /// The log, ending with the step that stopped. `deviance` is minus twice the penalized log-likelihood, `aic` that and 2 per coefficient.
    pub steps: Vec<EliminationStep>,
    /// Indices of the terms kept, in the order of the starting design.
    pub kept: Vec<usize>,
    /// The final model, refitted; the intercept alone if nothing was kept.
    pub fit: FirthFit,
}

impl FirthElimination {
    /// Elimination with this threshold.
    #[must_use]
    pub fn new(stay: f64) -> Self {
        Self {
            stay,
            firth: Firth::new(),
        }
    }

    /// The fit at every step, with its correction and weights.
    #[must_use]
    pub fn firth(mut self, firth: Firth) -> Self {
        self.firth = firth;
        self
    }

    /// Starts from all terms of the design.
    ///
    /// # Errors
    /// [`Error::Setting`] for a threshold that is no positive number, and whatever [`Firth::fit`] may return.
    pub fn fit(&self, design: &Design, outcome: &[bool]) -> Result<FirthBackward> {
        self.fit_with(design, outcome, Intervals::Profile)
    }

    /// Linear predictor of the rows before any term leaves.
    pub(crate) fn with_all_terms(&self, design: &Design, outcome: &[bool]) -> Result<Vec<f64>> {
        let fit = self.firth.fit_with(design, outcome, Intervals::Skip)?;
        Ok(fit.linear_predictor)
    }

    pub(crate) fn fit_with(
        &self,
        design: &Design,
        outcome: &[bool],
        intervals: Intervals,
    ) -> Result<FirthBackward> {
        if self.stay.is_nan() || self.stay <= 0.0 {
            return Err(Error::Setting {
                setting: "stay",
                value: self.stay,
                expected: "a positive number",
            });
        }
        let mut kept: Vec<usize> = (0..design.terms().len()).collect();
        let mut steps = Vec::new();
        loop {
            let here = design.with_terms(&kept);
            let fit = self.firth.fit_with(&here, outcome, Intervals::Skip)?;
            let free: Vec<usize> = (0..kept.len())
                .filter(|&k| may_leave(design, &kept, kept[k]))
                .collect();
            let weakest = first_max(free.iter().map(|&k| fit.term_tests[k].test.p));
            // A likelihood ratio of zero has a P of 1, which is no reason to leave where all are to stay.
            let leaves = weakest.filter(|&(_, p)| p >= self.stay && self.stay < 1.0);
            let name = |k: usize| fit.term_tests[free[k]].term.clone();
            let deviance = -2.0 * fit.log_likelihood;
            steps.push(EliminationStep {
                candidates: (0..free.len())
                    .map(|k| Candidate {
                        term: name(k),
                        adds: false,
                        test: Some(fit.term_tests[free[k]].test),
                        criterion: None,
                    })
                    .collect(),
                action: leaves.map_or(Move::Stop, |(k, _)| Move::Removed(name(k))),
                aic: deviance + 2.0 * fit.coefficients.len() as f64,
                deviance,
            });
            match leaves {
                Some((k, _)) => {
                    kept.remove(free[k]);
                }
                None if intervals == Intervals::Skip => {
                    return Ok(FirthBackward { steps, kept, fit });
                }
                None => {
                    let fit = self.firth.fit_with(&here, outcome, intervals)?;
                    return Ok(FirthBackward { steps, kept, fit });
                }
            }
        }
    }
}
