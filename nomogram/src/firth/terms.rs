//! Penalized likelihood ratio tests of whole terms.

use nalgebra::DMatrix;

use super::FirthFit;
use super::penalized::{Free, Penalized, Solved};
use crate::design::Design;
use crate::error::Result;
use crate::inference::{TermResult, TestResult, joint_wald};

/// Joint test of every term: `2 (l* - l*₀)`, l*₀ the maximum with all columns of the term (and of the interactions that contain it) at zero
/// and the determinant still that of the full design.
///
/// The columns of `penalized` are those of the design, centered and scaled, so that a coefficient is zero on both or on neither.
pub(super) fn tests(
    design: &Design,
    penalized: &Penalized<'_>,
    full: &Solved,
) -> Result<Vec<TermResult>> {
    (0..design.terms().len())
        .map(|term| {
            let tested: Vec<usize> = design
                .with_higher_order(term)
                .into_iter()
                .flat_map(|t| design.columns_of_term(t))
                .collect();
            let free: Vec<usize> = (0..full.gamma.len())
                .filter(|j| !tested.contains(j))
                .collect();
            let mut start = full.gamma.clone();
            tested.iter().for_each(|&j| start[j] = 0.0);
            let without = penalized.maximize(start, &Free::Coordinates(&free))?;
            Ok(TermResult {
                term: design.terms()[term].name.clone(),
                test: TestResult::new(
                    2.0 * (full.log_likelihood - without.log_likelihood),
                    tested.len(),
                ),
            })
        })
        .collect()
}

impl FirthFit {
    /// Joint Wald test of a term and of the interactions that contain it.
    pub(crate) fn wald_test(&self, term: usize) -> Result<TestResult> {
        let index: Vec<usize> = self
            .design
            .with_higher_order(term)
            .into_iter()
            .flat_map(|t| self.design.columns_of_term(t))
            .collect();
        let covariance =
            DMatrix::from_fn(self.covariance.nrows(), self.covariance.ncols(), |i, j| {
                self.covariance[[i, j]]
            });
        let estimates: Vec<f64> = self.coefficients.iter().map(|c| c.estimate).collect();
        joint_wald(
            &covariance,
            &estimates,
            &index,
            &self.design.terms()[term].name,
        )
    }
}
