//! Comparing groups of measurements: t tests, Mann-Whitney, Kruskal-Wallis, Shapiro-Wilk and the
//! standardized difference.

use std::fmt;

use crate::error::{Error, Result, all_finite, check_level};
use crate::estimate::{mean, percent, variance};
use crate::special::{chi_squared_sf, ln_normal_two_sided, ln_t_two_sided, normal_sf, t_quantile};

/// Which variance a t test assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Variances {
    /// One per group, with Welch's degrees of freedom.
    #[default]
    Welch,
    /// One for both groups (Student).
    Pooled,
}

/// Two-sample t test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TTest {
    /// Mean of the first group.
    pub mean_a: f64,
    /// Mean of the second group.
    pub mean_b: f64,
    /// `mean_a - mean_b`.
    pub difference: f64,
    /// Standard error of the difference.
    pub std_error: f64,
    /// t; 0 for equal means, infinite if means differ without any variance.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Lower confidence limit of the difference.
    pub low: f64,
    /// Upper confidence limit of the difference.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Which variance was assumed.
    pub variances: Variances,
}

impl fmt::Display for TTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} t test: t = {:.4}, df = {:.2}, p = {:.4e}, difference {:.4} ({}% CI {:.4} to {:.4})",
            match self.variances {
                Variances::Welch => "Welch's",
                Variances::Pooled => "Student's",
            },
            self.t,
            self.df,
            self.p,
            self.difference,
            percent(self.level),
            self.low,
            self.high
        )
    }
}

fn checked(what: &'static str, values: &[f64], required: usize) -> Result<()> {
    all_finite(what, values)?;
    if values.len() < required {
        return Err(Error::TooFew {
            what,
            found: values.len(),
            required,
        });
    }
    Ok(())
}

/// Compares the means of two groups.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFew`] for a group of one,
/// [`Error::OutOfRange`] for the level.
pub fn t_test(a: &[f64], b: &[f64], variances: Variances, level: f64) -> Result<TTest> {
    checked("the first group", a, 2)?;
    checked("the second group", b, 2)?;
    check_level(level)?;
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let (va, vb) = (variance(a), variance(b));
    let (ea, eb) = (va / na, vb / nb);
    let (spread, df) = match variances {
        Variances::Welch if ea + eb == 0.0 => (0.0, na + nb - 2.0),
        Variances::Welch => (
            ea + eb,
            (ea + eb) * (ea + eb) / (ea * ea / (na - 1.0) + eb * eb / (nb - 1.0)),
        ),
        Variances::Pooled => {
            let df = na + nb - 2.0;
            let pooled = ((na - 1.0) * va + (nb - 1.0) * vb) / df;
            (pooled * (1.0 / na + 1.0 / nb), df)
        }
    };
    let (mean_a, mean_b) = (mean(a), mean(b));
    let difference = mean_a - mean_b;
    let std_error = spread.sqrt();
    let t = if difference == 0.0 {
        0.0
    } else {
        difference / std_error
    };
    let ln_p = ln_t_two_sided(t, df);
    let half = -t_quantile(0.5 * (1.0 - level), df) * std_error;
    Ok(TTest {
        mean_a,
        mean_b,
        difference,
        std_error,
        t,
        df,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        low: difference - half,
        high: difference + half,
        level,
        variances,
    })
}

/// Mid-ranks of all values together, and `Σ(t³ - t)` over ties.
fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let order = crate::sort::ascending_order(values);
    let mut ranks = vec![0.0; values.len()];
    let mut tie_sum = 0.0;
    let mut at = 0;
    for tied in order.chunk_by(|&i, &j| values[i as usize] == values[j as usize]) {
        let t = tied.len() as f64;
        let rank = at as f64 + 0.5 * (t + 1.0);
        tied.iter().for_each(|&i| ranks[i as usize] = rank);
        tie_sum += t * t * t - t;
        at += tied.len();
    }
    (ranks, tie_sum)
}

/// How the p-value of a Mann-Whitney test is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum MannWhitneyMethod {
    /// Normal approximation with continuity and tie correction (R from 50 values on, or with ties).
    #[default]
    NormalCorrected,
    /// Normal approximation with tie correction only (SPSS).
    Normal,
    /// Exact distribution; needs distinct values (R for fewer than 50).
    Exact,
}

/// Mann-Whitney (Wilcoxon rank sum) test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MannWhitneyTest {
    /// `U` of the first group, R's `W`: pairs in which the first group is larger, ties one half.
    pub u: f64,
    /// Standard normal statistic; `None` for the exact test and if all values are tied.
    pub z: Option<f64>,
    /// Two-sided p-value; 1 if all values are tied.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// How the p-value was found.
    pub method: MannWhitneyMethod,
}

impl fmt::Display for MannWhitneyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mann-Whitney test: U = {}, p = {:.4e}", self.u, self.p)
    }
}

/// Compares the location of two groups by ranks.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`]; for the exact method [`Error::Undefined`] with ties and
/// [`Error::TooMany`] beyond 400 values.
pub fn mann_whitney(a: &[f64], b: &[f64], method: MannWhitneyMethod) -> Result<MannWhitneyTest> {
    all_finite("the first group", a)?;
    all_finite("the second group", b)?;
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let (ranks, tie_sum) = ranks(&all);
    let (m, n) = (a.len() as f64, b.len() as f64);
    let u = ranks[..a.len()].iter().sum::<f64>() - 0.5 * m * (m + 1.0);
    let (z, ln_p) = match method {
        MannWhitneyMethod::Exact => {
            if tie_sum > 0.0 {
                return Err(Error::Undefined {
                    statistic: "the exact Mann-Whitney test",
                    reason: "values are tied",
                });
            }
            (None, exact_p(a.len(), b.len(), u as usize)?.ln())
        }
        _ => {
            let total = m + n;
            let spread = m * n / 12.0 * ((total + 1.0) - tie_sum / (total * (total - 1.0)));
            let off = u - 0.5 * m * n;
            if off == 0.0 || spread <= 0.0 {
                (None, 0.0)
            } else {
                let correction = match method {
                    MannWhitneyMethod::NormalCorrected => 0.5 * off.signum(),
                    _ => 0.0,
                };
                let z = (off - correction) / spread.sqrt();
                (Some(z), ln_normal_two_sided(z).min(0.0))
            }
        }
    };
    Ok(MannWhitneyTest {
        u,
        z,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        method,
    })
}

/// Exact two-sided p-value, from the number of rank sets with every `U`.
fn exact_p(m: usize, n: usize, u: usize) -> Result<f64> {
    const LIMIT: usize = 400;
    if m + n > LIMIT {
        return Err(Error::TooMany {
            found: m + n,
            limit: LIMIT,
        });
    }
    // Number of partitions in an m x n box: product of (1 - q^(n+i))/(1 - q^i).
    let most = m * n;
    let mut counts = vec![0.0; most + 1];
    counts[0] = 1.0;
    for i in 1..=m {
        for s in (n + i..=most).rev() {
            counts[s] -= counts[s - n - i];
        }
        for s in i..=most {
            counts[s] += counts[s - i];
        }
    }
    // Symmetric: read the lower half, where the recurrence has had least to cancel.
    let count = |s: usize| counts[s.min(most - s)];
    let total: f64 = (0..=most).map(count).sum();
    let tail: f64 = (0..=u.min(most - u)).map(count).sum();
    Ok((2.0 * tail / total).min(1.0))
}

/// Kruskal-Wallis test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KruskalWallisTest {
    /// H, corrected for ties; 0 if all values are tied.
    pub h: f64,
    /// Number of groups minus one.
    pub df: usize,
    /// Upper tail of the chi-square distribution.
    pub p: f64,
}

impl fmt::Display for KruskalWallisTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Kruskal-Wallis test: H = {:.4}, df = {}, p = {:.4e}",
            self.h, self.df, self.p
        )
    }
}

/// Compares the location of several groups by ranks.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two groups, [`Error::Empty`] for an empty group,
/// [`Error::NotFinite`].
pub fn kruskal_wallis(groups: &[&[f64]]) -> Result<KruskalWallisTest> {
    if groups.len() < 2 {
        return Err(Error::TooFew {
            what: "groups",
            found: groups.len(),
            required: 2,
        });
    }
    for g in groups {
        all_finite("a group", g)?;
    }
    let all: Vec<f64> = groups.concat();
    let (ranks, tie_sum) = ranks(&all);
    let n = all.len() as f64;
    let middle = 0.5 * (n + 1.0);
    let mut at = 0;
    let mut between = 0.0;
    for g in groups {
        let off = mean(&ranks[at..at + g.len()]) - middle;
        between += g.len() as f64 * off * off;
        at += g.len();
    }
    let correction = 1.0 - tie_sum / (n * n * n - n);
    let h = if correction > 0.0 {
        12.0 * between / (n * (n + 1.0)) / correction
    } else {
        0.0
    };
    let df = groups.len() - 1;
    Ok(KruskalWallisTest {
        h,
        df,
        p: chi_squared_sf(h, df as f64),
    })
}

/// Difference of two means in pooled standard deviations, `(a - b)/√((var a + var b)/2)`; `None` if
/// neither group varies.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFew`] for a group of one.
pub fn standardized_difference(a: &[f64], b: &[f64]) -> Result<Option<f64>> {
    checked("the first group", a, 2)?;
    checked("the second group", b, 2)?;
    let spread = 0.5 * (variance(a) + variance(b));
    Ok((spread > 0.0).then(|| (mean(a) - mean(b)) / spread.sqrt()))
}

/// Shapiro-Wilk test of normality.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ShapiroWilkTest {
    /// W, in (0, 1]; near 1 for normal data.
    pub w: f64,
    /// p-value.
    pub p: f64,
}

impl fmt::Display for ShapiroWilkTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Shapiro-Wilk test: W = {:.5}, p = {:.4e}",
            self.w, self.p
        )
    }
}

/// Tests whether values are normally distributed (Royston, AS R94, Appl. Stat. 44, 1995, 547-551,
/// doi:10.2307/2986146).
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFew`] below 3 values, [`Error::TooMany`]
/// above 5000, [`Error::Undefined`] if all values are equal.
pub fn shapiro_wilk(values: &[f64]) -> Result<ShapiroWilkTest> {
    checked("values of a Shapiro-Wilk test", values, 3)?;
    if values.len() > 5000 {
        return Err(Error::TooMany {
            found: values.len(),
            limit: 5000,
        });
    }
    let mut x = values.to_vec();
    x.sort_by(f64::total_cmp);
    let n = x.len();
    let range = x[n - 1] - x[0];
    if range == 0.0 {
        return Err(Error::Undefined {
            statistic: "the Shapiro-Wilk test",
            reason: "all values are equal",
        });
    }
    x.iter_mut().for_each(|v| *v /= range);
    let half = shapiro_weights(n);
    let weight = |i: usize| {
        if i < half.len() {
            -half[i]
        } else if n - 1 - i < half.len() {
            half[n - 1 - i]
        } else {
            0.0
        }
    };
    let center = mean(&x);
    let (mut cross, mut spread, mut weights) = (0.0, 0.0, 0.0);
    for (i, v) in x.iter().enumerate() {
        cross += weight(i) * (v - center);
        spread += (v - center) * (v - center);
        weights += weight(i) * weight(i);
    }
    // 1 - W without cancellation, as W is close to 1.
    let root = (weights * spread).sqrt();
    let gap = (root - cross) * (root + cross) / (weights * spread);
    Ok(ShapiroWilkTest {
        w: 1.0 - gap,
        p: shapiro_p(n, gap),
    })
}

/// `c[0] + c[1] x + ...`
fn polynomial(c: &[f64], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Weights of the largest values, decreasing; those of the smallest are their negatives.
fn shapiro_weights(n: usize) -> Vec<f64> {
    const C1: [f64; 6] = [0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056];
    const C2: [f64; 6] = [0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633];
    if n == 3 {
        return vec![core::f64::consts::FRAC_1_SQRT_2];
    }
    let half = n / 2;
    let nf = n as f64;
    let m: Vec<f64> = (1..=half)
        .map(|i| -crate::special::normal_quantile((i as f64 - 0.375) / (nf + 0.25)))
        .collect();
    let sum = 2.0 * m.iter().map(|v| v * v).sum::<f64>();
    let root = sum.sqrt();
    let r = 1.0 / nf.sqrt();
    let first = polynomial(&C1, r) + m[0] / root;
    let mut weights = vec![first];
    let (skip, norm) = if n > 5 {
        let second = polynomial(&C2, r) + m[1] / root;
        weights.push(second);
        let top = sum - 2.0 * (m[0] * m[0] + m[1] * m[1]);
        (
            2,
            (top / (1.0 - 2.0 * (first * first + second * second))).sqrt(),
        )
    } else {
        let top = sum - 2.0 * m[0] * m[0];
        (1, (top / (1.0 - 2.0 * first * first)).sqrt())
    };
    weights.extend(m[skip..].iter().map(|v| v / norm));
    weights
}

/// p-value of `1 - W`.
fn shapiro_p(n: usize, gap: f64) -> f64 {
    const C3: [f64; 4] = [0.544, -0.39978, 0.025054, -6.714e-4];
    const C4: [f64; 4] = [1.3822, -0.77857, 0.062767, -0.0020322];
    const C5: [f64; 4] = [-1.5861, -0.31082, -0.083751, 0.0038915];
    const C6: [f64; 3] = [-0.4803, -0.082676, 0.0030302];
    const G: [f64; 2] = [-2.273, 0.459];
    let nf = n as f64;
    if n == 3 {
        let w = 1.0 - gap;
        let p = 6.0 / core::f64::consts::PI * (w.sqrt().asin() - 0.75_f64.sqrt().asin());
        return p.clamp(0.0, 1.0);
    }
    let y = gap.ln();
    let (value, center, spread) = if n <= 11 {
        let gamma = polynomial(&G, nf);
        if y >= gamma {
            return 1e-99; // as small as the approximation reaches
        }
        (
            -(gamma - y).ln(),
            polynomial(&C3, nf),
            polynomial(&C4, nf).exp(),
        )
    } else {
        let l = nf.ln();
        (y, polynomial(&C5, l), polynomial(&C6, l).exp())
    };
    normal_sf((value - center) / spread)
}
