//! Univariable screening: one logistic regression per predictor.

use crate::design::{Design, Missing};
use crate::error::{Error, Result};
use crate::firth::Firth;
use crate::frame::Frame;
use crate::inference::{TermTest, TestResult, check_level};
use crate::logistic::LogisticRegression;
use crate::odds_ratio_table::OddsRatioRow;
use crate::par::map_indexed;
use crate::term::TermSpec;

/// One predictor on its own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnivariableFit {
    /// Column of the table.
    pub variable: String,
    /// Rows used.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// Rows left out because the predictor was missing.
    pub n_dropped: usize,
    /// The rows of the table: levels with their reference, or one row per unit.
    pub rows: Vec<OddsRatioRow>,
    /// Joint Wald test of all levels.
    pub wald: TestResult,
    /// Joint likelihood ratio test of all levels.
    pub likelihood_ratio: TestResult,
}

impl UnivariableFit {
    /// P of the joint test asked for.
    #[must_use]
    pub fn p(&self, test: TermTest) -> f64 {
        match test {
            TermTest::Wald => self.wald.p,
            TermTest::LikelihoodRatio => self.likelihood_ratio.p,
        }
    }
}

/// One predictor of the screening: its fit, or why there is none.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Screened {
    /// Column of the table.
    pub variable: String,
    /// The fit, or the reason it failed (constant, separated, …): one bad predictor does not end the screening of the others.
    pub result: Result<UnivariableFit>,
}

/// The univariable table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnivariableTable {
    /// One entry per predictor, in the order given.
    pub variables: Vec<Screened>,
    /// Confidence level of the intervals.
    pub level: f64,
}

/// Fits every predictor alone.
///
/// `settings` may carry weights and an offset. Predictors that cannot be fitted keep their place with the reason.
///
/// # Errors
/// [`Error::UnknownColumn`] and [`Error::RowCount`], which concern the whole table; [`Error::Setting`] for a level outside (0, 1);
/// [`Error::SingleClass`] if the outcome has one class.
pub fn univariable<T: Into<TermSpec>>(
    frame: &Frame,
    terms: impl IntoIterator<Item = T>,
    outcome: &[bool],
    missing: Missing,
    settings: &LogisticRegression,
    level: f64,
) -> Result<UnivariableTable> {
    check_level(level)?;
    let fit_one = |design: &Design| -> Result<Alone> {
        let fit = settings.fit(design, outcome)?;
        Ok(Alone {
            n: fit.n,
            n_events: fit.n_events,
            rows: fit.odds_ratios(level)?,
            wald: fit.term_test(0, TermTest::Wald)?,
            likelihood_ratio: fit.likelihood_ratio(),
        })
    };
    let variables = screen(frame, terms, outcome, missing, &fit_one)?;
    Ok(UnivariableTable { variables, level })
}

/// Fits every predictor alone with Firth's penalty, so that predictors which separate the outcome have their row too.
///
/// The likelihood ratio test is the penalized one; rows hold profile intervals.
///
/// # Errors
/// As [`univariable`].
pub fn univariable_firth<T: Into<TermSpec>>(
    frame: &Frame,
    terms: impl IntoIterator<Item = T>,
    outcome: &[bool],
    missing: Missing,
    settings: &Firth,
) -> Result<UnivariableTable> {
    check_level(settings.confidence_level())?;
    let fit_one = |design: &Design| -> Result<Alone> {
        let fit = settings.fit(design, outcome)?;
        Ok(Alone {
            n: fit.n,
            n_events: fit.n_events,
            rows: fit.odds_ratios(),
            wald: fit.wald_test(0)?,
            likelihood_ratio: fit.term_tests[0].test,
        })
    };
    let variables = screen(frame, terms, outcome, missing, &fit_one)?;
    let level = settings.confidence_level();
    Ok(UnivariableTable { variables, level })
}

/// What a fit of one predictor says.
struct Alone {
    n: usize,
    n_events: usize,
    rows: Vec<OddsRatioRow>,
    wald: TestResult,
    likelihood_ratio: TestResult,
}

/// Fits the predictors one by one; what concerns the whole table is an error, what concerns one predictor is its result.
fn screen<T: Into<TermSpec>>(
    frame: &Frame,
    terms: impl IntoIterator<Item = T>,
    outcome: &[bool],
    missing: Missing,
    fit: &(dyn Fn(&Design) -> Result<Alone> + Sync),
) -> Result<Vec<Screened>> {
    let terms: Vec<TermSpec> = terms.into_iter().map(Into::into).collect();
    if outcome.len() != frame.n_rows() {
        return Err(Error::RowCount {
            what: "outcome",
            expected: frame.n_rows(),
            found: outcome.len(),
        });
    }
    let events = outcome.iter().filter(|&&y| y).count();
    if events == 0 || events == outcome.len() {
        return Err(Error::SingleClass {
            events,
            n: outcome.len(),
        });
    }
    for term in &terms {
        for column in term.columns() {
            frame.column(column)?;
        }
    }
    let one = |term: &TermSpec| -> Result<UnivariableFit> {
        let design = Design::new(frame, [term.clone()], missing)?;
        let alone = fit(&design)?;
        Ok(UnivariableFit {
            variable: term.name(),
            n: alone.n,
            n_events: alone.n_events,
            n_dropped: design.n_dropped(),
            rows: alone.rows,
            wald: alone.wald,
            likelihood_ratio: alone.likelihood_ratio,
        })
    };
    Ok(map_indexed(terms.len(), |k| Screened {
        variable: terms[k].name(),
        result: one(&terms[k]),
    }))
}

impl UnivariableTable {
    /// Predictors that could be fitted.
    pub fn fitted(&self) -> impl Iterator<Item = &UnivariableFit> {
        self.variables.iter().filter_map(|v| v.result.as_ref().ok())
    }

    /// Predictors that could not, with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.variables
            .iter()
            .filter_map(|v| v.result.as_ref().err().map(|e| (v.variable.as_str(), e)))
    }

    /// Names of the predictors whose joint P lies below `threshold`, in the order of the table.
    #[must_use]
    pub fn selected(&self, threshold: f64, test: TermTest) -> Vec<String> {
        self.fitted()
            .filter(|f| f.p(test) < threshold)
            .map(|f| f.variable.clone())
            .collect()
    }

    /// Benjamini and Hochberg's q of every fitted predictor, in the order of [`fitted`](Self::fitted): the smallest false discovery rate
    /// at which it would be selected.
    #[must_use]
    pub fn q_values(&self, test: TermTest) -> Vec<f64> {
        let p: Vec<f64> = self.fitted().map(|f| f.p(test)).collect();
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
        let mut q = vec![0.0; p.len()];
        let mut smallest: f64 = 1.0;
        for (k, &i) in order.iter().enumerate() {
            let rank = p.len() - k;
            smallest = smallest.min(p[i] * p.len() as f64 / rank as f64);
            q[i] = smallest;
        }
        q
    }
}
