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
//! in O(n log n). References: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845,
//! doi:10.2307/2531595; Sun and Xu, IEEE Signal Process. Lett. 21 (2014) 1389-1393,
//! doi:10.1109/LSP.2014.2337313.

use std::fmt;

use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, mean, percent, variance, z_of_level};
use crate::scored::Scored;
use crate::special::{
    expit, ln_chi_squared_sf, ln_normal_two_sided, ln_t_two_sided, logit, t_quantile,
};

/// Placements of every subject, events and non-events each in the order they were given.
struct Placements {
    events: Vec<f64>,
    non_events: Vec<f64>,
}

impl Placements {
    fn new(scored: &Scored) -> Self {
        let (n1, n0) = (scored.n_events() as f64, scored.n_non_events() as f64);
        let mut placement = vec![0.0; scored.n()];
        let (mut events_seen, mut non_events_seen, mut at) = (0.0, 0.0, 0);
        for tie in scored.ties() {
            let (e, d) = (f64::from(tie.events), f64::from(tie.non_events));
            let size = (tie.events + tie.non_events) as usize;
            let of_event = (non_events_seen + 0.5 * d) / n0;
            let of_non_event = (n1 - events_seen - 0.5 * e) / n1;
            for &i in &scored.order()[at..at + size] {
                let i = i as usize;
                placement[i] = if scored.outcomes()[i] {
                    of_event
                } else {
                    of_non_event
                };
            }
            events_seen += e;
            non_events_seen += d;
            at += size;
        }
        let mut events = Vec::with_capacity(scored.n_events());
        let mut non_events = Vec::with_capacity(scored.n_non_events());
        for (v, &event) in placement.into_iter().zip(scored.outcomes()) {
            if event {
                events.push(v);
            } else {
                non_events.push(v);
            }
        }
        Self { events, non_events }
    }

    /// Variance of the AUC.
    fn variance(&self) -> f64 {
        variance(&self.events) / self.events.len() as f64
            + variance(&self.non_events) / self.non_events.len() as f64
    }

    /// Covariance of two AUCs on the same subjects.
    fn covariance(&self, other: &Self) -> f64 {
        sample_covariance(&self.events, &other.events) / self.events.len() as f64
            + sample_covariance(&self.non_events, &other.non_events) / self.non_events.len() as f64
    }

    /// Placement differences, whose variance is that of the difference of the AUCs. Taking the
    /// difference first keeps it from cancelling between nearly identical models.
    fn minus(&self, other: &Self) -> Self {
        let subtract = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x - y).collect();
        Self {
            events: subtract(&self.events, &other.events),
            non_events: subtract(&self.non_events, &other.non_events),
        }
    }
}

fn sample_covariance(a: &[f64], b: &[f64]) -> f64 {
    let (ma, mb) = (mean(a), mean(b));
    let sum: f64 = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum();
    sum / (a.len() as f64 - 1.0)
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
/// # Errors
/// [`Error::TooFewPerClass`] with fewer than two events or two non-events.
pub fn auc_variance(scored: &Scored) -> Result<f64> {
    two_of_each(scored)?;
    // Subjects of one tie share their placement: no need to go back to their order.
    let (n1, n0) = (scored.n_events() as f64, scored.n_non_events() as f64);
    let area = crate::roc::auc(scored);
    let (mut below, mut above) = (0.0, n1);
    let (mut s10, mut s01) = (0.0, 0.0);
    for tie in scored.ties() {
        let (e, d) = (f64::from(tie.events), f64::from(tie.non_events));
        let v10 = (below + 0.5 * d) / n0 - area;
        let v01 = (above - 0.5 * e) / n1 - area;
        s10 += e * v10 * v10;
        s01 += d * v01 * v01;
        below += d;
        above -= e;
    }
    Ok(s10 / ((n1 - 1.0) * n1) + s01 / ((n0 - 1.0) * n0))
}

/// AUC with DeLong's interval `A ± z √Var(A)`, clipped to `[0, 1]`.
///
/// An AUC of exactly 1 has variance 0 and the interval 1 to 1, as pROC has; prefer
/// [`binomial_exact`](crate::auc_interval::binomial_exact) there.
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
    let Placements {
        mut events,
        mut non_events,
    } = Placements::new(scored);
    events
        .iter_mut()
        .chain(&mut non_events)
        .for_each(|v| *v -= area);
    Ok(Influence { events, non_events })
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
    /// Two-sided p-value; 1 for identical models, where R gives NaN.
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
    let variance = Placements::new(a).minus(&Placements::new(b)).variance();
    let (auc_a, auc_b) = (crate::roc::auc(a), crate::roc::auc(b));
    Ok(DelongTest::new(auc_a, auc_b, variance, None, level))
}

/// Compares two models on independent subjects, by Student's t with Satterthwaite's degrees of
/// freedom `(V1 + V2)² / (V1²/(N1-1) + V2²/(N2-1))`, `N` counting all subjects.
///
/// If neither AUC varies the degrees of freedom are infinite (the normal distribution).
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
            let c = placements[i].covariance(&placements[j]);
            covariance[i][j] = c;
            covariance[j][i] = c;
        }
    }
    Ok(DelongCovariance {
        aucs: models.iter().map(|m| crate::roc::auc(m)).collect(),
        covariance,
    })
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

impl DelongCovariance {
    /// Tests that all AUCs are equal.
    ///
    /// Models that place all subjects alike make the contrasts dependent; the test then uses the
    /// independent ones and `df` counts them. `df` 0 and p 1 if no contrast varies or differs.
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
    /// # Errors
    /// [`Error::Empty`], [`Error::TableShape`], [`Error::Undefined`] if a contrast that cannot vary
    /// is not zero.
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
        }
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
