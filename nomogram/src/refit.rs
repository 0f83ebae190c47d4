//! The same model fitted again to resampled rows.

use crate::design::Design;
use crate::error::{Error, Result};
use crate::irls::{Problem, Solution};
use crate::logistic::{LogisticFit, check_counts};
use crate::newton::{Wanted, newton, newton_on};
use crate::ranked::Sample;
use crate::separation;
use crate::standardized::{Standardized, clearly_sound};

/// What all resamples of a design share: its columns on one scale, and the estimate on all rows, from which each of them starts.
pub(crate) struct Refit {
    basis: Standardized,
    gamma: Vec<f64>,
}

impl Refit {
    /// `apparent` is the fit of the design, or of some of its terms, to all rows.
    pub fn new(design: &Design, apparent: &LogisticFit) -> Self {
        let basis = Standardized::new(design.x(), None);
        let mut beta = vec![0.0; design.columns().len()];
        for (j, column) in design.columns().iter().enumerate() {
            beta[j] = apparent
                .coefficient(&column.name)
                .map_or(0.0, |c| c.estimate);
        }
        let gamma = basis.forward(&beta);
        Self { basis, gamma }
    }

    /// Maximum likelihood fit of a sample; `y` has all rows. Separation, aliasing and non-convergence are errors.
    pub fn fit(&self, design: &Design, y: &[bool], sample: &Sample<'_>) -> Result<Solution> {
        let p = design.columns().len();
        let events = sample.rows.iter().filter(|&&row| y[row]).count();
        check_counts(sample.rows.len(), events, p)?;
        let distinct = sample.distinct();
        let basis = self.basis.rows(&distinct);
        if basis.kept.len() == p && clearly_sound(&basis.z) {
            let y: Vec<bool> = distinct.iter().map(|&row| y[row]).collect();
            let counts = distinct.iter().map(|&row| f64::from(sample.counts[row]));
            // Only the number of columns is read from `x`: the rows stand in the basis.
            let problem = Problem {
                x: design.x(),
                y: &y,
                weights: Some(&counts.collect::<Vec<f64>>()),
                offset: None,
            };
            let solution = newton_on(&problem, basis, self.gamma.clone(), Wanted::Estimate, 50);
            if solution.converged {
                return Ok(solution);
            }
        }
        let y: Vec<bool> = sample.rows.iter().map(|&row| y[row]).collect();
        fit_with_care(&design.resampled(sample.rows), &y)
    }
}

/// From scratch, with the reason if it fails.
fn fit_with_care(design: &Design, y: &[bool]) -> Result<Solution> {
    let problem = Problem {
        x: design.x(),
        y,
        weights: None,
        offset: None,
    };
    let solution = newton(&problem, 50);
    let name = |j: usize| design.columns()[j].name.clone();
    if let Some(j) = (0..design.columns().len()).find(|j| !solution.kept.contains(j)) {
        return Err(Error::Aliased { column: name(j) });
    }
    if solution.converged {
        return Ok(solution);
    }
    Err(match separation::find(&problem) {
        Some(found) => found.into_error(name),
        None => Error::NotConverged {
            iterations: solution.iterations,
            last_change: solution.last_change,
        },
    })
}
