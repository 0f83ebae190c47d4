//! DeLong's variance of the AUC, and tests between AUCs.
//!
//! With `n1` events and `n0` non-events, the placement of an event is the share of non-events below
//! it (ties one half), that of a non-event the share of events above it:
//!
//! ```text
//! V10(i) = #{non-events below event i}/n0        V01(j) = #{events above non-event j}/n1
//! Var(A) = var(V10)/n1 + var(V01)/n0             (sample variances, divisor n - 1)
//! ```
//!
//! Covariances between markers are the sample covariances of their placements. Computed from ranks
//! in O(n log n), in whole numbers up to the last division.
//!
//! ```text
//! paired     Z = (A - B)/√(V_AA + V_BB - 2 V_AB), normal
//! unpaired   t = (A - B)/√(V_A + V_B), Satterthwaite's degrees of freedom
//! contrasts  (L A)' (L V L')⁻¹ (L A), chi-square with rank(L V L') degrees of freedom
//! ```
//!
//! References: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845,
//! doi:10.2307/2531595; Sun and Xu, IEEE Signal Process. Lett. 21 (2014) 1389-1393,
//! doi:10.1109/LSP.2014.2337313.
//!
//! # Differences
//! pROC gives NaN for unpaired samples whose AUCs do not vary; here p is 1 if they are equal and 0 if
//! they differ.

use std::fmt;

use crate::error::{Error, Result, all_finite, check_level};
use crate::estimate::{Estimate, IntervalMethod, binary_unit, percent, z_of_level};
use crate::scored::Scored;
use crate::special::{
    expit, ln_chi_squared_sf, ln_normal_two_sided, ln_t_two_sided, logit, t_quantile,
};

/// Placements in whole numbers, so that nothing is rounded before the last division: twice the
/// count of non-events below an event (ties one half each), or of events above a non-event.
struct Placements {
    /// One per subject, in the order the subjects were given.
    doubled: Vec<i64>,
    n_events: usize,
    n_non_events: usize,
}

impl Placements {
    fn new(scored: &Scored) -> Self {
        let mut doubled = vec![0; scored.n()];
        let outcomes = scored.outcomes();
        each_placement(scored, |members, of_event, of_non_event| {
            for &i in members {
                let i = i as usize;
                doubled[i] = if outcomes[i] { of_event } else { of_non_event };
            }
        });
        Self {
            doubled,
            n_events: scored.n_events(),
            n_non_events: scored.n_non_events(),
        }
    }

    /// Takes off the placements of another model of the same subjects. The variance of what is left
    /// is that of the difference of the AUCs, without cancelling between similar models.
    fn subtract(&mut self, other: &Scored) {
        let outcomes = other.outcomes();
        each_placement(other, |members, of_event, of_non_event| {
            for &i in members {
                let i = i as usize;
                self.doubled[i] -= if outcomes[i] { of_event } else { of_non_event };
            }
        });
    }

    /// Covariance of the AUCs (or differences of AUCs) that two sets of placements stand for.
    fn covariance(&self, other: &Self, outcomes: &[bool]) -> f64 {
        let (mut all, mut events) = (Sums::default(), Sums::default());
        for ((&a, &b), &event) in self.doubled.iter().zip(&other.doubled).zip(outcomes) {
            // All bits for an event, none otherwise: the loop does not branch on the outcome.
            let mask = -i64::from(event);
            all.add(a, b);
            events.add(a & mask, b & mask);
        }
        let non_events = Sums {
            a: all.a - events.a,
            b: all.b - events.b,
            products: all.products - events.products,
        };
        events.covariance(self.n_events, self.n_non_events)
            + non_events.covariance(self.n_non_events, self.n_events)
    }
}

/// Calls `visit` with the subjects of every distinct score and the doubled placement that an event
/// and a non-event have there.
fn each_placement(scored: &Scored, mut visit: impl FnMut(&[u32], i64, i64)) {
    let (mut below, mut above, mut at) = (0, scored.n_events() as i64, 0);
    for tie in scored.ties() {
        let (e, d) = (i64::from(tie.events), i64::from(tie.non_events));
        let size = (tie.events + tie.non_events) as usize;
        visit(&scored.order()[at..at + size], 2 * below + d, 2 * above - e);
        below += d;
        above -= e;
        at += size;
    }
}

/// Sums over one class. With fewer than 2^32 subjects even the products of sums stay below 2^127.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    a: i128,
    b: i128,
    products: i128,
}

impl Sums {
    fn add(&mut self, a: i64, b: i64) {
        let (a, b) = (i128::from(a), i128::from(b));
        self.a += a;
        self.b += b;
        self.products += a * b;
    }

    fn add_times(&mut self, placement: i64, times: u32) {
        let (x, times) = (i128::from(placement), i128::from(times));
        self.a += times * x;
        self.b = self.a;
        self.products += times * x * x;
    }

    /// Sample covariance of the placements of a class of `n`, over `n`; placements are counts of
    /// the `others` in the other class, doubled.
    fn covariance(self, n: usize, others: usize) -> f64 {
        let centered = n as i128 * self.products - self.a * self.b;
        let (n, scale) = (n as f64, 2.0 * others as f64);
        centered as f64 / (n * (n - 1.0) * n * (scale * scale))
    }
}

fn two_of_each(scored: &Scored) -> Result<()> {
    if scored.n_events() < 2 || scored.n_non_events() < 2 {
        return Err(Error::TooFewPerClass {
            events: scored.n_events(),
            non_events: scored.n_non_events(),
            required: 2,
        });
    }
    Ok(())
}

/// Variance of one AUC.
///
/// 0 for a perfect (or perfectly wrong) score and when all scores are tied.
///
/// ```
/// use eval_stats::{Scored, delong};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// // Placements 1/2 and 1 in both classes: (1/8)/2 from each.
/// assert_eq!(delong::auc_variance(&s)?, 0.125);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFewPerClass`] with fewer than two events or two non-events.
pub fn auc_variance(scored: &Scored) -> Result<f64> {
    two_of_each(scored)?;
    let (mut events, mut non_events) = (Sums::default(), Sums::default());
    let mut ties = scored.ties().iter();
    each_placement(scored, |_, of_event, of_non_event| {
        let Some(tie) = ties.next() else { return };
        events.add_times(of_event, tie.events);
        non_events.add_times(of_non_event, tie.non_events);
    });
    let (n1, n0) = (scored.n_events(), scored.n_non_events());
    Ok(events.covariance(n1, n0) + non_events.covariance(n0, n1))
}

/// AUC with DeLong's interval `A ± z √Var(A)`, clipped to `[0, 1]`.
///
/// An AUC of exactly 1 has variance 0 and the interval 1 to 1, as pROC has; prefer
/// [`binomial_exact`](crate::auc_interval::binomial_exact) there.
///
/// ```
/// use eval_stats::{Scored, delong};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// // 0.75 ± 1.96 √(1/8)
/// let auc = delong::auc(&s, 0.95)?;
/// assert_eq!(auc.to_string(), "0.750 (95% CI 0.057 to 1.000, DeLong)");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFewPerClass`], [`Error::OutOfRange`] for the level.
pub fn auc(scored: &Scored, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let se = auc_variance(scored)?.sqrt();
    let e = Estimate::wald(crate::roc::auc(scored), se, level);
    Ok(Estimate {
        low: e.low.max(0.0),
        high: e.high.min(1.0),
        method: IntervalMethod::Delong,
        ..e
    })
}

/// AUC with DeLong's variance on the logit scale: `expit(logit A ± z SE/(A(1-A)))`.
///
/// Never leaves (0, 1). An AUC of exactly 0 or 1 has no logit; its interval is the value itself.
///
/// ```
/// use eval_stats::{Scored, delong};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// // logit 0.75 = ln 3, with standard error √(1/8)/(0.75 · 0.25)
/// let auc = delong::auc_logit(&s, 0.95)?;
/// assert_eq!(auc.to_string(), "0.750 (95% CI 0.069 to 0.992, logit DeLong)");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFewPerClass`], [`Error::OutOfRange`] for the level.
pub fn auc_logit(scored: &Scored, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let se = auc_variance(scored)?.sqrt();
    let value = crate::roc::auc(scored);
    let (low, high) = if value == 0.0 || value == 1.0 {
        (value, value)
    } else {
        let half = z_of_level(level) * se / (value * (1.0 - value));
        (expit(logit(value) - half), expit(logit(value) + half))
    };
    Ok(Estimate {
        value,
        std_error: Some(se),
        low,
        high,
        level,
        method: IntervalMethod::LogitDelong,
    })
}

/// Placements minus the AUC, the influence of every subject.
pub(crate) struct Influence {
    pub events: Vec<f64>,
    pub non_events: Vec<f64>,
}

/// Influence of every subject on the AUC.
pub(crate) fn influence(scored: &Scored) -> Result<Influence> {
    two_of_each(scored)?;
    let area = crate::roc::auc(scored);
    let (twice_n1, twice_n0) = (
        2.0 * scored.n_events() as f64,
        2.0 * scored.n_non_events() as f64,
    );
    let mut found = Influence {
        events: Vec::with_capacity(scored.n_events()),
        non_events: Vec::with_capacity(scored.n_non_events()),
    };
    for (&v, &event) in Placements::new(scored)
        .doubled
        .iter()
        .zip(scored.outcomes())
    {
        if event {
            found.events.push(v as f64 / twice_n0 - area);
        } else {
            found.non_events.push(v as f64 / twice_n1 - area);
        }
    }
    Ok(found)
}

/// Whether two AUCs come from the same subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Pairing {
    /// Both models scored the same subjects.
    Paired,
    /// The models scored different, independent subjects.
    Unpaired,
}

/// Test of two AUCs against each other.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DelongTest {
    /// Same or different subjects.
    pub pairing: Pairing,
    /// AUC of the first model.
    pub auc_a: f64,
    /// AUC of the second model.
    pub auc_b: f64,
    /// `auc_a - auc_b`.
    pub difference: f64,
    /// Standard error of the difference.
    pub std_error: f64,
    /// `difference / std_error`: Z if paired, t if unpaired. 0 for two models that place all
    /// subjects alike; infinite if the AUCs differ but neither varies.
    pub statistic: f64,
    /// Satterthwaite degrees of freedom; `None` for the paired test, which is normal.
    pub df: Option<f64>,
    /// Two-sided p-value; 1 for equal AUCs, also where neither varies (pROC: NaN for unpaired
    /// samples).
    pub p: f64,
    /// Its decimal logarithm, exact where `p` underflows.
    pub log10_p: f64,
    /// Lower confidence limit of the difference, not clipped.
    pub low: f64,
    /// Upper confidence limit of the difference, not clipped.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl DelongTest {
    fn new(a: f64, b: f64, variance: f64, df: Option<f64>, level: f64) -> Self {
        let difference = a - b;
        let std_error = variance.sqrt();
        let statistic = if difference == 0.0 {
            0.0
        } else {
            difference / std_error
        };
        let (ln_p, quantile) = match df {
            None => (ln_normal_two_sided(statistic), z_of_level(level)),
            Some(df) => (
                ln_t_two_sided(statistic, df),
                -t_quantile(0.5 * (1.0 - level), df),
            ),
        };
        let half = if std_error == 0.0 {
            0.0
        } else {
            quantile * std_error
        };
        Self {
            pairing: if df.is_some() {
                Pairing::Unpaired
            } else {
                Pairing::Paired
            },
            auc_a: a,
            auc_b: b,
            difference,
            std_error,
            statistic,
            df,
            p: ln_p.exp().min(1.0),
            log10_p: ln_p / core::f64::consts::LN_10,
            low: difference - half,
            high: difference + half,
            level,
        }
    }

    /// Name and value of every number, in the order of the fields; NaN for a missing `df`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("auc_a", self.auc_a),
            ("auc_b", self.auc_b),
            ("difference", self.difference),
            ("std_error", self.std_error),
            ("statistic", self.statistic),
            ("df", self.df.unwrap_or(f64::NAN)),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for DelongTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DeLong's test ({}): AUC {:.4} vs {:.4}, ",
            match self.pairing {
                Pairing::Paired => "paired",
                Pairing::Unpaired => "unpaired",
            },
            self.auc_a,
            self.auc_b
        )?;
        match self.df {
            None => write!(f, "Z = {:.4}", self.statistic)?,
            Some(df) => write!(f, "t = {:.4}, df = {df:.2}", self.statistic)?,
        }
        write!(
            f,
            ", p = {:.4e}, difference {:.4} ({}% CI {:.4} to {:.4})",
            self.p,
            self.difference,
            percent(self.level),
            self.low,
            self.high
        )
    }
}

/// Compares two models on the same subjects.
///
/// ```
/// use eval_stats::{Scored, delong};
/// let y = [true, true, true, false, false, false];
/// let a = Scored::new(&[0.9, 0.8, 0.3, 0.4, 0.2, 0.1], &y)?;
/// let b = Scored::new(&[0.6, 0.2, 0.7, 0.5, 0.3, 0.1], &y)?;
/// let test = delong::compare_paired(&a, &b, 0.95)?;
/// assert!((test.difference - 1.0 / 9.0).abs() < 1e-15);
/// assert_eq!(delong::compare_paired(&a, &a, 0.95)?.p, 1.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`] or [`Error::DifferentOutcomes`] if the subjects are not the same,
/// [`Error::TooFewPerClass`], [`Error::OutOfRange`] for the level.
pub fn compare_paired(a: &Scored, b: &Scored, level: f64) -> Result<DelongTest> {
    check_level(level)?;
    a.same_subjects(b)?;
    two_of_each(a)?;
    let mut differences = Placements::new(a);
    differences.subtract(b);
    let variance = differences.covariance(&differences, a.outcomes());
    let (auc_a, auc_b) = (crate::roc::auc(a), crate::roc::auc(b));
    Ok(DelongTest::new(auc_a, auc_b, variance, None, level))
}

/// Compares two models on independent subjects, by Student's t with Satterthwaite's degrees of
/// freedom `(V1 + V2)² / (V1²/(N1-1) + V2²/(N2-1))`, `N` counting all subjects.
///
/// If neither AUC varies the degrees of freedom are infinite (the normal distribution).
///
/// ```
/// use eval_stats::{Scored, delong};
/// let y = [false, false, true, true];
/// let a = Scored::new(&[0.1, 0.4, 0.35, 0.8], &y)?;     // AUC 3/4, variance 1/8
/// let b = Scored::new(&[1.0, 2.0, 3.0, 4.0], &y)?;      // AUC 1, variance 0
/// let test = delong::compare_unpaired(&a, &b, 0.95)?;
/// assert!((test.statistic + 0.5_f64.sqrt()).abs() < 1e-15);
/// assert_eq!(test.df, Some(3.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFewPerClass`], [`Error::OutOfRange`] for the level.
pub fn compare_unpaired(a: &Scored, b: &Scored, level: f64) -> Result<DelongTest> {
    check_level(level)?;
    let (va, vb) = (auc_variance(a)?, auc_variance(b)?);
    let denominator = va * va / (a.n() as f64 - 1.0) + vb * vb / (b.n() as f64 - 1.0);
    let df = if denominator > 0.0 {
        (va + vb) * (va + vb) / denominator
    } else {
        f64::INFINITY
    };
    let (auc_a, auc_b) = (crate::roc::auc(a), crate::roc::auc(b));
    Ok(DelongTest::new(auc_a, auc_b, va + vb, Some(df), level))
}

/// AUCs of several models on the same subjects with their joint covariance.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DelongCovariance {
    /// AUC of each model.
    pub aucs: Vec<f64>,
    /// Covariance matrix, a row per model.
    pub covariance: Vec<Vec<f64>>,
}

/// Joint covariance of the AUCs of several models on the same subjects.
///
/// ```
/// use eval_stats::{Scored, delong};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let joint = delong::covariance(&[&s, &s])?;
/// assert_eq!(joint.covariance, [[0.125, 0.125], [0.125, 0.125]]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without models, otherwise as [`compare_paired`].
pub fn covariance(models: &[&Scored]) -> Result<DelongCovariance> {
    let Some((first, rest)) = models.split_first() else {
        return Err(Error::Empty { what: "models" });
    };
    two_of_each(first)?;
    for other in rest {
        first.same_subjects(other)?;
    }
    let placements: Vec<Placements> = models.iter().map(|m| Placements::new(m)).collect();
    let k = models.len();
    let mut covariance = vec![vec![0.0; k]; k];
    for i in 0..k {
        for j in i..k {
            let c = placements[i].covariance(&placements[j], first.outcomes());
            covariance[i][j] = c;
            covariance[j][i] = c;
        }
    }
    Ok(DelongCovariance {
        aucs: models.iter().map(|m| crate::roc::auc(m)).collect(),
        covariance,
    })
}

impl fmt::Display for DelongCovariance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AUC (standard error):")?;
        for (k, a) in self.aucs.iter().enumerate() {
            write!(f, " {a:.4} ({:.4})", self.covariance[k][k].sqrt())?;
        }
        Ok(())
    }
}

/// Several models on the same subjects: their covariance, the joint test, and every pair.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DelongComparison {
    /// AUCs with their joint covariance.
    pub covariance: DelongCovariance,
    /// Test that all AUCs are equal.
    pub overall: ContrastTest,
    /// Every pair of models, the first with the second, the first with the third, and so on.
    pub pairs: Vec<DelongPair>,
}

/// One of several comparisons.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DelongPair {
    /// Index of the first model.
    pub first: usize,
    /// Index of the second model.
    pub second: usize,
    /// Their paired test, its p-value and interval unadjusted.
    pub test: DelongTest,
    /// p-value adjusted for all pairs by Holm's method, at most 1.
    pub p_holm: f64,
    /// Its decimal logarithm, exact where `p_holm` underflows.
    pub log10_p_holm: f64,
}

impl fmt::Display for DelongComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; {}; smallest adjusted p = {:.4e} of {} pairs",
            self.covariance,
            self.overall,
            self.pairs.iter().fold(1.0, |p, pair| pair.p_holm.min(p)),
            self.pairs.len()
        )
    }
}

/// Compares every pair of several models on the same subjects, with the joint test and p-values
/// adjusted by Holm's method.
///
/// ```
/// use eval_stats::{Scored, delong};
/// let y = [true, true, true, false, false, false];
/// let a = Scored::new(&[0.9, 0.8, 0.3, 0.4, 0.2, 0.1], &y)?;
/// let b = Scored::new(&[0.6, 0.2, 0.7, 0.5, 0.3, 0.1], &y)?;
/// let all = delong::compare_all(&[&a, &b, &a], 0.95)?;
/// assert_eq!(all.pairs.len(), 3);
/// assert_eq!((all.pairs[1].first, all.pairs[1].second, all.pairs[1].p_holm), (0, 2, 1.0));
/// assert_eq!(all.overall.df, 1);      // the third model adds no contrast
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] with fewer than two models, [`Error::OutOfRange`] for the level,
/// [`Error::Undefined`] if two AUCs differ without varying, otherwise as [`compare_paired`].
pub fn compare_all(models: &[&Scored], level: f64) -> Result<DelongComparison> {
    check_level(level)?;
    let covariance = covariance(models)?;
    let overall = covariance.test_equal()?;
    let mut pairs = Vec::new();
    for (first, a) in models.iter().enumerate() {
        for (second, b) in models.iter().enumerate().skip(first + 1) {
            let test = compare_paired(a, b, level)?;
            pairs.push(DelongPair {
                first,
                second,
                test,
                p_holm: test.p,
                log10_p_holm: test.log10_p,
            });
        }
    }
    adjust_by_holm(&mut pairs);
    Ok(DelongComparison {
        covariance,
        overall,
        pairs,
    })
}

/// Holm's step-down on the logarithms, which do not underflow: the k-th smallest of m times
/// `m - k + 1`, never below the one before.
fn adjust_by_holm(pairs: &mut [DelongPair]) {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|&i, &j| pairs[i].test.log10_p.total_cmp(&pairs[j].test.log10_p));
    let (mut p, mut log10_p) = (0.0_f64, f64::NEG_INFINITY);
    for (done, &i) in order.iter().enumerate() {
        let left = (pairs.len() - done) as f64;
        p = p.max(left * pairs[i].test.p).min(1.0);
        log10_p = log10_p.max(left.log10() + pairs[i].test.log10_p).min(0.0);
        (pairs[i].p_holm, pairs[i].log10_p_holm) = (p, log10_p);
    }
}

/// Chi-square test of linear contrasts between AUCs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ContrastTest {
    /// `(L A)' (L V L')⁻¹ (L A)`.
    pub chi_squared: f64,
    /// Number of independent contrasts.
    pub df: usize,
    /// Upper tail.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
}

impl fmt::Display for ContrastTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "chi-square = {:.4}, df = {}, p = {:.4e}",
            self.chi_squared, self.df, self.p
        )
    }
}

impl DelongCovariance {
    /// Tests that all AUCs are equal.
    ///
    /// Models that place all subjects alike make the contrasts dependent; the test then uses the
    /// independent ones and `df` counts them. `df` 0 and p 1 if no contrast varies or differs.
    ///
    /// ```
    /// use eval_stats::{Scored, delong};
    /// let y = [false, false, true, true];
    /// let a = Scored::new(&[0.1, 0.4, 0.35, 0.8], &y)?;     // AUC 3/4, variance 1/8
    /// let b = Scored::new(&[1.0, 2.0, 3.0, 4.0], &y)?;      // AUC 1, variance 0
    /// let test = delong::covariance(&[&a, &b])?.test_equal()?;
    /// assert_eq!((test.chi_squared, test.df), (0.5, 1));    // (1/4)²/(1/8)
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooFew`] with fewer than two models, [`Error::Undefined`] if two AUCs differ
    /// without varying.
    pub fn test_equal(&self) -> Result<ContrastTest> {
        let k = self.aucs.len();
        if k < 2 {
            return Err(Error::TooFew {
                what: "models to compare",
                found: k,
                required: 2,
            });
        }
        let contrasts: Vec<Vec<f64>> = (1..k)
            .map(|j| {
                let mut row = vec![0.0; k];
                (row[0], row[j]) = (1.0, -1.0);
                row
            })
            .collect();
        self.test_contrasts(&contrasts)
    }

    /// Tests that every given contrast (a row of one weight per model) is zero.
    ///
    /// ```
    /// use eval_stats::{Scored, delong};
    /// let y = [false, false, true, true];
    /// let a = Scored::new(&[0.1, 0.4, 0.35, 0.8], &y)?;     // AUC 3/4, variance 1/8
    /// let b = Scored::new(&[1.0, 2.0, 3.0, 4.0], &y)?;      // AUC 1, variance 0
    /// // Is the mean of a and a as large as b?
    /// let joint = delong::covariance(&[&a, &a, &b])?;
    /// let test = joint.test_contrasts(&[vec![0.5, 0.5, -1.0]])?;
    /// assert_eq!((test.chi_squared, test.df), (0.5, 1));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TableShape`], [`Error::NotFinite`] for a weight,
    /// [`Error::Undefined`] if a contrast that cannot vary is not zero.
    pub fn test_contrasts(&self, contrasts: &[Vec<f64>]) -> Result<ContrastTest> {
        if contrasts.is_empty() {
            return Err(Error::Empty { what: "contrasts" });
        }
        let k = self.aucs.len();
        for (row, c) in contrasts.iter().enumerate() {
            if c.len() != k {
                return Err(Error::TableShape {
                    what: "contrasts",
                    row,
                    expected: k,
                    found: c.len(),
                });
            }
            all_finite("contrasts", c)?;
        }
        // The test does not depend on the unit of a contrast; its largest weight is of size 1 here.
        let contrasts: Vec<Vec<f64>> = contrasts
            .iter()
            .map(|c| {
                let unit = binary_unit(c);
                c.iter().map(|w| w / unit).collect()
            })
            .collect();
        let product = |c: &[f64], v: &[f64]| c.iter().zip(v).map(|(x, y)| x * y).sum::<f64>();
        let value: Vec<f64> = contrasts.iter().map(|c| product(c, &self.aucs)).collect();
        let spread: Vec<Vec<f64>> = contrasts
            .iter()
            .map(|a| {
                let va: Vec<f64> = self.covariance.iter().map(|row| product(row, a)).collect();
                contrasts.iter().map(|b| product(b, &va)).collect()
            })
            .collect();
        let (chi_squared, df) = quadratic_form(spread, value)?;
        let ln_p = if df == 0 {
            0.0
        } else {
            ln_chi_squared_sf(chi_squared, df as f64)
        };
        Ok(ContrastTest {
            chi_squared,
            df,
            p: ln_p.exp(),
            log10_p: ln_p / core::f64::consts::LN_10,
        })
    }
}

/// `d' V⁻¹ d` by Cholesky with pivoting, leaving out directions without variance.
fn quadratic_form(mut v: Vec<Vec<f64>>, mut d: Vec<f64>) -> Result<(f64, usize)> {
    let k = d.len();
    let scale = (0..k).map(|i| v[i][i]).fold(0.0, f64::max);
    let (mut sum, mut rank) = (0.0, 0);
    for step in 0..k {
        let pivot = (step..k)
            .max_by(|&i, &j| v[i][i].total_cmp(&v[j][j]))
            .expect("step < k leaves a pivot");
        if v[pivot][pivot] <= 1e-12 * scale {
            if d[step..].iter().any(|x| x.abs() > 1e-9) {
                return Err(Error::Undefined {
                    statistic: "the test of AUC contrasts",
                    reason: "AUCs differ by a contrast that has no variance",
                });
            }
            break;
        }
        v.swap(step, pivot);
        v.iter_mut().for_each(|row| row.swap(step, pivot));
        d.swap(step, pivot);
        let row = v[step].clone();
        sum += d[step] * d[step] / row[step];
        for i in step + 1..k {
            let factor = v[i][step] / row[step];
            for j in step + 1..k {
                v[i][j] -= factor * row[j];
            }
            d[i] -= factor * d[step];
        }
        rank += 1;
    }
    Ok((sum, rank))
}
