//! What a fit says about its coefficients: intervals, tests, information criteria, explained variation, residuals.

use eval_stats::special::{chi_squared_sf, normal_quantile};

use nalgebra::DMatrix;

use crate::design::Design;
use crate::error::{Error, Result};
use crate::irls::{self, Problem};
use crate::linalg::{PivotedQr, cholesky, quadratic_form};
use crate::logistic::{FewEvents, LogisticFit, LogisticRegression};

/// A confidence interval of one coefficient, on the log odds scale.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// Name of the column.
    pub name: String,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level, e.g. 0.95.
    pub level: f64,
}

/// A chi-squared test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TestResult {
    /// The statistic.
    pub chi_squared: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Upper tail probability.
    pub p: f64,
}

impl TestResult {
    /// P is 1 where there is nothing to test (no degrees of freedom).
    pub(crate) fn new(chi_squared: f64, df: usize) -> Self {
        // Rounding may leave a likelihood ratio just below zero.
        let chi_squared = chi_squared.max(0.0);
        let p = if df == 0 {
            1.0
        } else {
            chi_squared_sf(chi_squared, df as f64)
        };
        Self { chi_squared, df, p }
    }
}

/// Which test decides on a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TermTest {
    /// `bᵀ V⁻¹ b` on the term's columns: no refit.
    Wald,
    /// Likelihood ratio against the model without the term, refitted. The default: it stays trustworthy where Wald's test does not
    /// (large effects, small samples).
    #[default]
    LikelihoodRatio,
}

/// Joint test of one term.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TermResult {
    /// Name of the term: `age`, `age * margin`.
    pub term: String,
    /// The test.
    pub test: TestResult,
}

/// Explained variation, all 0 for a model that explains nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RSquared {
    /// `1 - exp(-LR / n)`.
    pub cox_snell: f64,
    /// Cox and Snell's divided by its maximum, `1 - exp(2 l₀ / n)`.
    pub nagelkerke: f64,
    /// `1 - l / l₀`.
    pub mcfadden: f64,
    /// Mean fitted probability of events minus that of others.
    pub tjur: f64,
}

/// Residuals and influence, one entry per row used.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Residuals {
    /// `(y - μ) √w / √(μ (1 - μ))`.
    pub pearson: Vec<f64>,
    /// Signed root of the row's share of the deviance.
    pub deviance: Vec<f64>,
    /// Diagonal of the hat matrix of the weighted least squares problem.
    pub leverage: Vec<f64>,
    /// Cook's distance, `(pearson / (1 - h))² h / k`.
    pub cooks: Vec<f64>,
}

/// `bᵀ V⁻¹ b` on some of the coefficients.
pub(crate) fn joint_wald(
    covariance: &DMatrix<f64>,
    estimates: &[f64],
    index: &[usize],
    what: &str,
) -> Result<TestResult> {
    let v = covariance
        .select_rows(index.iter())
        .select_columns(index.iter());
    let b: Vec<f64> = index.iter().map(|&k| estimates[k]).collect();
    let factor = cholesky(v).ok_or_else(|| Error::SingularCovariance {
        what: what.to_owned(),
    })?;
    Ok(TestResult::new(
        quadratic_form(&factor.inverse(), &b),
        index.len(),
    ))
}

pub(crate) fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(Error::Setting {
            setting: "level",
            value: level,
            expected: "a confidence level strictly between 0 and 1",
        })
    }
}

impl LogisticFit {
    /// Wald intervals `β ± z SE`, as SPSS prints them.
    ///
    /// # Errors
    /// [`Error::Setting`] for a level outside (0, 1).
    pub fn wald_intervals(&self, level: f64) -> Result<Vec<Interval>> {
        check_level(level)?;
        let z = normal_quantile(0.5 + 0.5 * level);
        let interval = |c: &crate::logistic::Coefficient| Interval {
            name: c.name.clone(),
            low: c.estimate - z * c.se,
            high: c.estimate + z * c.se,
            level,
        };
        Ok(self.coefficients.iter().map(interval).collect())
    }

    /// Likelihood ratio test of the whole model against the intercept alone.
    #[must_use]
    pub fn likelihood_ratio(&self) -> TestResult {
        TestResult::new(
            2.0 * (self.log_likelihood - self.null_log_likelihood),
            self.coefficients.len() - 1,
        )
    }

    /// Explained variation.
    #[must_use]
    pub fn r_squared(&self) -> RSquared {
        let n = self.n as f64;
        let cox_snell = -(2.0 * (self.null_log_likelihood - self.log_likelihood) / n).exp_m1();
        let most = -(2.0 * self.null_log_likelihood / n).exp_m1();
        let mean_of = |class: bool| {
            let chosen: Vec<f64> = self
                .outcome
                .iter()
                .zip(&self.fitted)
                .filter(|(y, _)| **y == class)
                .map(|(_, p)| *p)
                .collect();
            chosen.iter().sum::<f64>() / chosen.len() as f64
        };
        RSquared {
            cox_snell,
            nagelkerke: cox_snell / most,
            mcfadden: 1.0 - self.log_likelihood / self.null_log_likelihood,
            tjur: mean_of(true) - mean_of(false),
        }
    }

    /// Joint test of every term, in the order of the design; a term that is part of interactions is tested together with them, because
    /// its own coefficients depend on the origin of the others.
    ///
    /// # Errors
    /// [`Error::SingularCovariance`] for an impossible Wald test; for likelihood ratios whatever the refit may meet.
    pub fn term_tests(&self, test: TermTest) -> Result<Vec<TermResult>> {
        (0..self.design.terms().len())
            .map(|t| {
                Ok(TermResult {
                    term: self.design.terms()[t].name.clone(),
                    test: self.term_test(t, test)?,
                })
            })
            .collect()
    }

    pub(crate) fn term_test(&self, term: usize, test: TermTest) -> Result<TestResult> {
        match test {
            TermTest::Wald => self.wald_test(term),
            TermTest::LikelihoodRatio => {
                let tested = self.design.with_higher_order(term);
                let others: Vec<usize> = (0..self.design.terms().len())
                    .filter(|t| !tested.contains(t))
                    .collect();
                let reduced = self.refit(&self.design.with_terms(&others))?;
                let df = self.coefficients.len() - reduced.coefficients.len();
                Ok(TestResult::new(
                    2.0 * (self.log_likelihood - reduced.log_likelihood),
                    df,
                ))
            }
        }
    }

    fn wald_test(&self, term: usize) -> Result<TestResult> {
        let tested = self.design.with_higher_order(term);
        let index: Vec<usize> = (0..self.coefficients.len())
            .filter(|&k| {
                self.coefficients[k]
                    .term
                    .is_some_and(|t| tested.contains(&t))
            })
            .collect();
        let estimates: Vec<f64> = self.coefficients.iter().map(|c| c.estimate).collect();
        let covariance = self.covariance_matrix();
        joint_wald(
            &covariance,
            &estimates,
            &index,
            &self.design.terms()[term].name,
        )
    }

    /// Fits other columns of the same rows with the same outcome, weights, offset and settings.
    pub(crate) fn refit(&self, design: &Design) -> Result<LogisticFit> {
        let spread = |values: &Option<Vec<f64>>, filler: f64| {
            values
                .as_ref()
                .map(|v| self.design.spread(v, filler))
                .unwrap_or_default()
        };
        let mut settings = LogisticRegression::new()
            .few_events(FewEvents::Allow)
            .convergence(self.convergence);
        if self.weights.is_some() {
            settings = settings.weights(&spread(&self.weights, 0.0));
        }
        if self.offset.is_some() {
            settings = settings.offset(&spread(&self.offset, 0.0));
        }
        settings.fit(design, &self.design.spread(&self.outcome, false))
    }

    /// Residuals and influence.
    #[must_use]
    pub fn residuals(&self) -> Residuals {
        let problem = self.problem();
        let k = self.coefficients.len() as f64;
        let kept: Vec<usize> = self.coefficients.iter().map(|c| c.column).collect();
        let leverage = leverages(&problem, &kept, &self.working_eta);
        let sign = |i: usize| if self.outcome[i] { 1.0 } else { -1.0 };
        let n = self.outcome.len();
        // For y in {0, 1}: (y - μ)² / (μ (1 - μ)) is the odds against what happened.
        let pearson: Vec<f64> = (0..n)
            .map(|i| {
                sign(i) * (problem.weight(i) * (-sign(i) * self.linear_predictor[i]).exp()).sqrt()
            })
            .collect();
        let deviance = (0..n)
            .map(|i| {
                let unit = irls::unit_deviance(self.outcome[i], self.linear_predictor[i]);
                sign(i) * (problem.weight(i) * unit).sqrt()
            })
            .collect();
        let cooks = pearson
            .iter()
            .zip(&leverage)
            .map(|(r, h)| (r / (1.0 - h)).powi(2) * h / k)
            .collect();
        Residuals {
            pearson,
            deviance,
            leverage,
            cooks,
        }
    }
}

fn leverages(problem: &Problem<'_>, kept: &[usize], eta: &[f64]) -> Vec<f64> {
    let mut a = problem.x.select_columns(kept.iter());
    for (i, &e) in eta.iter().enumerate() {
        let half = (-0.5 * e.abs()).exp();
        // √(μ (1 - μ)) = e^(-|η|/2) / (1 + e^-|η|)
        let root = problem.weight(i).sqrt() * half / (1.0 + half * half);
        a.row_mut(i).iter_mut().for_each(|v| *v *= root);
    }
    PivotedQr::new(a, 0.0).leverages()
}
