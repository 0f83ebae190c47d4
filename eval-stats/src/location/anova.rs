//! One-way analysis of variance.

use std::fmt;

use super::{Frame, Moments, Variances, checked, log10};
use crate::error::{Error, Result};
use crate::special::ln_f_sf;

/// One-way analysis of variance.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AnovaTest {
    /// F; 0 for equal means, infinite if means differ without any variance within the groups.
    pub f: f64,
    /// Number of groups minus one.
    pub df_between: f64,
    /// Degrees of freedom of the denominator.
    pub df_within: f64,
    /// Upper tail of the F distribution.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Which variances were assumed.
    pub variances: Variances,
}

impl AnovaTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("f", self.f),
            ("df_between", self.df_between),
            ("df_within", self.df_within),
            ("p", self.p),
            ("log10_p", self.log10_p),
        ]
        .into_iter()
    }
}

impl fmt::Display for AnovaTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: F = {:.4}, df = {} and {:.2}, p = {:.4e}",
            match self.variances {
                Variances::Welch => "Welch's analysis of variance",
                Variances::Pooled => "analysis of variance",
            },
            self.f,
            self.df_between,
            self.df_within,
            self.p
        )
    }
}

/// Compares the means of several groups.
///
/// ```text
/// pooled: F = Σ n_i (m_i - m)²/(k - 1) / ( Σ (n_i - 1) s_i²/(n - k) ),   df = k - 1, n - k
/// Welch:  w_i = n_i/s_i², W = Σ w_i, m = Σ w_i m_i/W,  Λ = Σ (1 - w_i/W)²/(n_i - 1)
///         F = Σ w_i (m_i - m)²/(k - 1) / (1 + 2 (k - 2) Λ/(k² - 1)),      df = k - 1, (k² - 1)/(3 Λ)
/// ```
///
/// Welch, Biometrika 38, 1951, 330-336, doi:10.1093/biomet/38.3-4.330. With two groups both are the
/// square of the t test of the same name.
///
/// If no group varies, F is 0 (p 1) for equal means, else infinite (p 0).
///
/// # Differences
/// R's `oneway.test` gives NaN for Welch's test if a group does not vary. Here F is its limit for a
/// variance that goes to 0: such a group holds all the weight. Of several such groups with the same
/// mean each has its share of the subjects; if their means differ, F is infinite.
///
/// ```
/// use eval_stats::location::{anova, Variances};
/// // means 2, 3 and 7, all variances 1: (3 Σ (m_i - 4)²/2)/1 = 3 (4 + 1 + 9)/2
/// let test = anova(
///     &[&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0], &[6.0, 7.0, 8.0]],
///     Variances::Pooled,
/// )?;
/// assert!((test.f - 21.0).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] for fewer than two groups, for a group of one (Welch), or if every group has
/// one value (pooled); [`Error::Empty`] for an empty group, [`Error::NotFinite`].
pub fn anova(groups: &[&[f64]], variances: Variances) -> Result<AnovaTest> {
    if groups.len() < 2 {
        return Err(Error::TooFew {
            what: "groups",
            found: groups.len(),
            required: 2,
        });
    }
    let least = match variances {
        Variances::Welch => 2,
        Variances::Pooled => 1,
    };
    for g in groups {
        checked("a group", g, least)?;
    }
    let frame = Frame::new(groups.iter().copied().flatten());
    let moments: Vec<Moments> = groups.iter().map(|g| Moments::new(g, frame)).collect();
    let (f, df_within) = match variances {
        Variances::Pooled => pooled(&moments)?,
        Variances::Welch => welch(&moments),
    };
    let df_between = groups.len() as f64 - 1.0;
    let ln_p = ln_f_sf(f, df_between, df_within);
    Ok(AnovaTest {
        f,
        df_between,
        df_within,
        p: ln_p.exp(),
        log10_p: log10(ln_p),
        variances,
    })
}

/// Weighted sum of squares of the means around their weighted mean; `weights` sum to 1.
fn between(groups: &[Moments], weights: &[f64]) -> f64 {
    let pairs = || groups.iter().zip(weights);
    // Around the first mean, so that a large common mean costs no digits.
    let origin = groups[0].mean;
    let center: f64 = pairs().map(|(g, w)| w * (g.mean - origin)).sum();
    pairs()
        .map(|(g, w)| w * (g.mean - origin - center) * (g.mean - origin - center))
        .sum()
}

/// A ratio whose denominator may be 0.
fn ratio(above: f64, below: f64) -> f64 {
    if above == 0.0 { 0.0 } else { above / below }
}

fn equal_means<'a>(groups: impl IntoIterator<Item = &'a Moments>) -> bool {
    let mut means = groups.into_iter().map(|g| g.mean);
    let first = means.next();
    means.all(|m| Some(m) == first)
}

fn pooled(groups: &[Moments]) -> Result<(f64, f64)> {
    let n: f64 = groups.iter().map(|g| g.n).sum();
    let k = groups.len() as f64;
    if n <= k {
        return Err(Error::TooFew {
            what: "values of the largest group",
            found: 1,
            required: 2,
        });
    }
    let weights: Vec<f64> = groups.iter().map(|g| g.n / n).collect();
    let mean_square = if equal_means(groups) {
        0.0
    } else {
        n * between(groups, &weights) / (k - 1.0)
    };
    let within: f64 = groups.iter().map(|g| (g.n - 1.0) * g.variance).sum();
    Ok((ratio(mean_square, within / (n - k)), n - k))
}

fn welch(groups: &[Moments]) -> (f64, f64) {
    let k = groups.len() as f64;
    let still: Vec<&Moments> = groups.iter().filter(|g| g.variance == 0.0).collect();
    let still_n: f64 = still.iter().map(|g| g.n).sum();
    // Weights in units that keep them in range.
    let weights = |unit: f64| groups.iter().map(move |g| g.n / (g.variance / unit));
    let least = groups
        .iter()
        .map(|g| g.variance)
        .fold(f64::INFINITY, f64::min);
    let unit = if weights(1.0).sum::<f64>().is_finite() || least == 0.0 {
        1.0
    } else {
        least
    };
    let total: f64 = weights(unit).sum();
    // Shares of the weight; groups without variance share it alone.
    let shares: Vec<f64> = groups
        .iter()
        .map(|g| match still.is_empty() {
            true => g.n / (g.variance / unit) / total,
            false if g.variance == 0.0 => g.n / still_n,
            false => 0.0,
        })
        .collect();
    let lambda: f64 = groups
        .iter()
        .zip(&shares)
        .map(|(g, share)| (1.0 - share) * (1.0 - share) / (g.n - 1.0))
        .sum();
    let weighted = if equal_means(groups) {
        0.0
    } else if still.is_empty() {
        total * between(groups, &shares) / unit
    } else if !equal_means(still.iter().copied()) {
        f64::INFINITY
    } else {
        let center = still[0].mean;
        groups
            .iter()
            .filter(|g| g.variance > 0.0)
            .map(|g| g.n / g.variance * (g.mean - center) * (g.mean - center))
            .sum()
    };
    let f = weighted / (k - 1.0) / (1.0 + 2.0 * (k - 2.0) * lambda / (k * k - 1.0));
    (f, (k * k - 1.0) / (3.0 * lambda))
}
