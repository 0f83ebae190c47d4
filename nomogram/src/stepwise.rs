//! Backward elimination: by P of a joint test, by an information criterion, or without refitting as `rms::fastbw`.
//!
//! Models stay hierarchical: a main effect leaves only after the interactions it is part of (but see [`fast_backward`]).
//!
//! Tests and intervals of a model chosen this way are conditional on the choice and therefore too optimistic. Validate with the elimination
//! repeated in every resample ([`Validation`](crate::Validation)).

use eval_stats::special::chi_squared_sf;
use nalgebra::DVector;

use crate::design::Design;
use crate::error::{Error, Result};
use crate::inference::{TermTest, TestResult};
use crate::linalg::cholesky;
use crate::logistic::{LogisticFit, LogisticRegression};

/// Price of one coefficient in an information criterion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Penalty {
    /// 2: Akaike.
    Aic,
    /// ln n: Schwarz.
    Bic,
    /// Any other.
    PerCoefficient(f64),
}

/// What decides which term leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// The term with the largest P leaves while that P is at least `stay`. Ties: the first one.
    P {
        /// The joint test of each term.
        test: TermTest,
        /// Threshold, e.g. 0.05 (SPSS removes at 0.10).
        stay: f64,
    },
    /// The term leaves whose removal gives the smallest `-2 ln L + penalty × coefficients`, while that is below the present value.
    InformationCriterion(Penalty),
}

/// Whether terms that left may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// They may not.
    #[default]
    Backward,
    /// They may, if that lowers the information criterion; without effect on elimination by P.
    Both,
}

/// Backward elimination of whole terms.
///
/// ```
/// use nomogram::{BackwardElimination, Criterion, TermTest};
/// let elimination = BackwardElimination::new(Criterion::P { test: TermTest::Wald, stay: 0.05 });
/// # let _ = elimination;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BackwardElimination {
    criterion: Criterion,
    direction: Direction,
    regression: LogisticRegression,
}

/// What was considered in one step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// The term.
    pub term: String,
    /// Whether the step would add it (only [`Direction::Both`]).
    pub adds: bool,
    /// Its joint test; `None` when the criterion is not a test.
    pub test: Option<TestResult>,
    /// The information criterion after the move; `None` when the criterion is a test.
    pub criterion: Option<f64>,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// This term left.
    Removed(String),
    /// This term returned.
    Added(String),
    /// All stay; the elimination ends.
    Stop,
}

/// One step of the log.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EliminationStep {
    /// Everything considered, in the order of the design.
    pub candidates: Vec<Candidate>,
    /// What was done.
    pub action: Move,
    /// Akaike's criterion of the model before the step.
    pub aic: f64,
    /// Residual deviance of the model before the step.
    pub deviance: f64,
}

/// Result of a backward elimination.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BackwardFit {
    /// The log, ending with the step that stopped.
    pub steps: Vec<EliminationStep>,
    /// Indices of the terms kept, in the order of the starting design.
    pub kept: Vec<usize>,
    /// The final model, refitted; the intercept alone if nothing was kept.
    pub fit: LogisticFit,
}

impl BackwardFit {
    /// Names of the terms kept.
    #[must_use]
    pub fn kept_terms(&self) -> Vec<String> {
        self.fit
            .design()
            .terms()
            .iter()
            .map(|t| t.name.clone())
            .collect()
    }
}

impl BackwardElimination {
    /// Elimination by this criterion with an exact logistic regression.
    #[must_use]
    pub fn new(criterion: Criterion) -> Self {
        Self {
            criterion,
            direction: Direction::Backward,
            regression: LogisticRegression::new(),
        }
    }

    /// Whether terms may return.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// The regression to fit at every step, with its weights and offset.
    #[must_use]
    pub fn regression(mut self, regression: LogisticRegression) -> Self {
        self.regression = regression;
        self
    }

    fn check(&self) -> Result<()> {
        match self.criterion {
            Criterion::P { stay, .. } if !(stay > 0.0 && stay <= 1.0) => Err(Error::Setting {
                setting: "stay",
                value: stay,
                expected: "a probability in (0, 1]",
            }),
            Criterion::InformationCriterion(Penalty::PerCoefficient(k))
                if !(k.is_finite() && k >= 0.0) =>
            {
                Err(Error::Setting {
                    setting: "penalty",
                    value: k,
                    expected: "finite and not negative",
                })
            }
            _ => Ok(()),
        }
    }

    /// Starts from all terms of the design.
    ///
    /// # Errors
    /// [`Error::Setting`] for an impossible threshold, and whatever [`LogisticRegression::fit`] may return.
    pub fn fit(&self, design: &Design, outcome: &[bool]) -> Result<BackwardFit> {
        self.check()?;
        let mut kept: Vec<usize> = (0..design.terms().len()).collect();
        let mut fit = self.regression.fit(design, outcome)?;
        let mut steps = Vec::new();
        loop {
            let (candidates, chosen) = self.consider(design, outcome, &kept, &fit)?;
            let name = |t: usize| design.terms()[t].name.clone();
            let action = match chosen {
                None => Move::Stop,
                Some(t) if kept.contains(&t) => Move::Removed(name(t)),
                Some(t) => Move::Added(name(t)),
            };
            steps.push(EliminationStep {
                candidates,
                action,
                aic: fit.aic(),
                deviance: fit.deviance(),
            });
            let Some(term) = chosen else { break };
            toggle(&mut kept, term);
            fit = self.regression.fit(&design.with_terms(&kept), outcome)?;
        }
        Ok(BackwardFit { steps, kept, fit })
    }

    fn consider(
        &self,
        design: &Design,
        outcome: &[bool],
        kept: &[usize],
        fit: &LogisticFit,
    ) -> Result<(Vec<Candidate>, Option<usize>)> {
        match self.criterion {
            Criterion::P { test, stay } => {
                let mut candidates = Vec::with_capacity(kept.len());
                let mut terms = Vec::with_capacity(kept.len());
                for (position, &t) in kept.iter().enumerate() {
                    if !may_leave(design, kept, t) {
                        continue;
                    }
                    terms.push(t);
                    let test = fit.term_test(position, test)?;
                    let term = design.terms()[t].name.clone();
                    candidates.push(Candidate {
                        term,
                        adds: false,
                        test: Some(test),
                        criterion: None,
                    });
                }
                let worst = first_max(candidates.iter().map(|c| c.test.map_or(0.0, |t| t.p)));
                Ok((
                    candidates,
                    worst.filter(|&(_, p)| p >= stay).map(|(k, _)| terms[k]),
                ))
            }
            Criterion::InformationCriterion(penalty) => {
                self.consider_criterion(penalty, design, outcome, kept, fit)
            }
        }
    }

    fn consider_criterion(
        &self,
        penalty: Penalty,
        design: &Design,
        outcome: &[bool],
        kept: &[usize],
        fit: &LogisticFit,
    ) -> Result<(Vec<Candidate>, Option<usize>)> {
        let price = match penalty {
            Penalty::Aic => 2.0,
            Penalty::Bic => (fit.n as f64).ln(),
            Penalty::PerCoefficient(k) => k,
        };
        let value = |f: &LogisticFit| f.deviance() + price * f.coefficients.len() as f64;
        let mut candidates = Vec::new();
        let mut terms = Vec::new();
        for t in 0..design.terms().len() {
            let adds = !kept.contains(&t);
            let considered = if adds {
                self.direction == Direction::Both && may_return(design, kept, t)
            } else {
                may_leave(design, kept, t)
            };
            if !considered {
                continue;
            }
            let mut changed = kept.to_vec();
            toggle(&mut changed, t);
            let other = self.regression.fit(&design.with_terms(&changed), outcome)?;
            let term = design.terms()[t].name.clone();
            candidates.push(Candidate {
                term,
                adds,
                test: None,
                criterion: Some(value(&other)),
            });
            terms.push(t);
        }
        let best = first_max(
            candidates
                .iter()
                .map(|c| -c.criterion.unwrap_or(f64::INFINITY)),
        );
        // R's step() asks for an improvement of more than rounding.
        let present = value(fit);
        let chosen = best
            .filter(|&(_, v)| -v < present - 1e-7)
            .map(|(k, _)| terms[k]);
        Ok((candidates, chosen))
    }
}

/// A term leaves only after the interactions it is part of.
pub(crate) fn may_leave(design: &Design, kept: &[usize], term: usize) -> bool {
    let above = design.with_higher_order(term);
    !kept.iter().any(|&t| t != term && above.contains(&t))
}

/// An interaction returns only where all terms it is made of are in the model.
fn may_return(design: &Design, kept: &[usize], term: usize) -> bool {
    (0..design.terms().len())
        .filter(|&t| t != term && design.terms()[t].is_part_of(&design.terms()[term]))
        .all(|t| kept.contains(&t))
}

fn toggle(kept: &mut Vec<usize>, term: usize) {
    match kept.binary_search(&term) {
        Ok(position) => {
            kept.remove(position);
        }
        Err(position) => kept.insert(position, term),
    }
}

pub(crate) fn first_max(values: impl Iterator<Item = f64>) -> Option<(usize, f64)> {
    values.enumerate().fold(None, |best, (k, v)| match best {
        Some((_, b)) if v <= b => best,
        _ => Some((k, v)),
    })
}

/// Rule of [`fast_backward`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FastRule {
    /// By P, with its threshold.
    P(f64),
    /// By `χ² - 2 df`.
    Aic,
}

/// What a deletion of [`fast_backward`] is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FastTest {
    /// The pooled test of all terms deleted so far. rms' default: terms with P above the threshold can stay.
    #[default]
    Residual,
    /// The test of the term alone.
    Individual,
}

/// One deletion of [`fast_backward`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FastDeletion {
    /// The term.
    pub term: String,
    /// Its own test in the model at that moment.
    pub individual: TestResult,
    /// Pooled test of all terms deleted so far, this one included.
    pub residual: TestResult,
    /// `residual χ² - 2 df`.
    pub aic: f64,
}

/// Result of [`fast_backward`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FastBackward {
    /// Deletions in order.
    pub deleted: Vec<FastDeletion>,
    /// Indices of the terms kept.
    pub kept: Vec<usize>,
    /// Approximate coefficients of what is kept, intercept first, without refitting.
    pub coefficients: Vec<f64>,
}

/// Lawless and Singhal's backward elimination, which approximates every reduced model from the full one, as `rms::fastbw`.
///
/// Like rms it takes every term by itself: a main effect may leave before an interaction it is part of. With interactions take
/// [`BackwardElimination`].
///
/// # Errors
/// [`Error::Setting`] for a threshold outside (0, 1]; [`Error::Aliased`] if a column has no estimate;
/// [`Error::SingularCovariance`].
pub fn fast_backward(fit: &LogisticFit, rule: FastRule, test: FastTest) -> Result<FastBackward> {
    if let FastRule::P(p) = rule
        && !(p > 0.0 && p <= 1.0)
    {
        return Err(Error::Setting {
            setting: "threshold",
            value: p,
            expected: "a probability in (0, 1]",
        });
    }
    if let Some(column) = fit.aliased.first() {
        return Err(Error::Aliased {
            column: column.clone(),
        });
    }
    let n_terms = fit.design().terms().len();
    let mut kept: Vec<usize> = (0..n_terms).collect();
    let mut gone: Vec<usize> = Vec::new();
    let mut deleted = Vec::new();
    while let Some((term, individual)) = weakest(fit, &kept, &gone, rule)? {
        let mut out = gone.clone();
        out.push(term);
        let residual = pooled_test(fit, &out)?;
        let leaves = match (rule, test) {
            (FastRule::P(p), FastTest::Residual) => residual.p > p,
            (FastRule::P(p), FastTest::Individual) => individual.p > p,
            (FastRule::Aic, FastTest::Residual) => {
                residual.chi_squared - 2.0 * residual.df as f64 <= 0.0
            }
            (FastRule::Aic, FastTest::Individual) => {
                individual.chi_squared - 2.0 * individual.df as f64 <= 0.0
            }
        };
        if !leaves {
            break;
        }
        let aic = residual.chi_squared - 2.0 * residual.df as f64;
        deleted.push(FastDeletion {
            term: fit.design().terms()[term].name.clone(),
            individual,
            residual,
            aic,
        });
        kept.retain(|&t| t != term);
        gone = out;
    }
    let (coefficients, _) = reduced(fit, &kept, &gone)?;
    Ok(FastBackward {
        deleted,
        kept,
        coefficients: coefficients.as_slice().to_vec(),
    })
}

/// The term with the largest P, or the smallest `χ² - 2 df`, in the model reduced so far.
fn weakest(
    fit: &LogisticFit,
    kept: &[usize],
    gone: &[usize],
    rule: FastRule,
) -> Result<Option<(usize, TestResult)>> {
    let (b, v) = reduced(fit, kept, gone)?;
    let badness = |r: &TestResult| match rule {
        FastRule::P(_) => r.p,
        FastRule::Aic => -(r.chi_squared - 2.0 * r.df as f64),
    };
    let mut weakest: Option<(usize, TestResult)> = None;
    for &t in kept {
        let candidate = joint_test(fit, &b, &v, kept, t)?;
        if weakest
            .as_ref()
            .is_none_or(|(_, w)| badness(&candidate) > badness(w))
        {
            weakest = Some((t, candidate));
        }
    }
    Ok(weakest)
}

fn columns_of(fit: &LogisticFit, terms: &[usize]) -> Vec<usize> {
    terms
        .iter()
        .flat_map(|&t| fit.design().columns_of_term(t))
        .collect()
}

/// Coefficients and covariance of the terms kept, given that the others are zero.
fn reduced(
    fit: &LogisticFit,
    kept: &[usize],
    gone: &[usize],
) -> Result<(DVector<f64>, nalgebra::DMatrix<f64>)> {
    let v = fit.covariance_matrix();
    let b = DVector::from_vec(fit.beta());
    let mut inside = vec![0];
    inside.extend(columns_of(fit, kept));
    let outside = columns_of(fit, gone);
    let (b_in, v_in) = (
        b.select_rows(inside.iter()),
        v.select_rows(inside.iter()).select_columns(inside.iter()),
    );
    if outside.is_empty() {
        return Ok((b_in, v_in));
    }
    let cross = v.select_rows(inside.iter()).select_columns(outside.iter());
    let v_out = v.select_rows(outside.iter()).select_columns(outside.iter());
    let factor = cholesky(v_out).ok_or_else(|| Error::SingularCovariance {
        what: "the deleted terms".to_owned(),
    })?;
    let b_out = b.select_rows(outside.iter());
    let new_b = b_in - &cross * factor.solve(&b_out);
    let new_v = v_in - &cross * factor.solve(&cross.transpose());
    Ok((new_b, new_v))
}

fn joint_test(
    fit: &LogisticFit,
    b: &DVector<f64>,
    v: &nalgebra::DMatrix<f64>,
    kept: &[usize],
    term: usize,
) -> Result<TestResult> {
    let width = |t: usize| fit.design().columns_of_term(t).len();
    let before = 1 + kept
        .iter()
        .take_while(|&&t| t != term)
        .map(|&t| width(t))
        .sum::<usize>();
    let index: Vec<usize> = (before..before + width(term)).collect();
    wald(b, v, &index, &fit.design().terms()[term].name)
}

fn pooled_test(fit: &LogisticFit, gone: &[usize]) -> Result<TestResult> {
    let index = columns_of(fit, gone);
    wald(
        &DVector::from_vec(fit.beta()),
        &fit.covariance_matrix(),
        &index,
        "the deleted terms",
    )
}

fn wald(
    b: &DVector<f64>,
    v: &nalgebra::DMatrix<f64>,
    index: &[usize],
    what: &str,
) -> Result<TestResult> {
    let b = b.select_rows(index);
    let v = v.select_rows(index).select_columns(index);
    let factor = cholesky(v).ok_or_else(|| Error::SingularCovariance {
        what: what.to_owned(),
    })?;
    let chi_squared = b.dot(&factor.solve(&b));
    Ok(TestResult {
        chi_squared,
        df: index.len(),
        p: chi_squared_sf(chi_squared, index.len() as f64),
    })
}
