//! Tests by ranks: Mann-Whitney and Kruskal-Wallis.

use std::fmt;

use super::log10;
use crate::error::{Error, Result, all_finite};
use crate::special::{ln_chi_squared_sf, ln_normal_two_sided};

/// Mid-ranks of all values together, and what ties leave of `n³ - n`: `n³ - n - Σ(t³ - t)`.
struct Ranks {
    ranks: Vec<f64>,
    untied: u128,
}

impl Ranks {
    fn new(values: &[f64]) -> Result<Self> {
        if values.len() > u32::MAX as usize {
            return Err(Error::TooMany {
                found: values.len(),
                limit: u32::MAX as usize,
            });
        }
        let cube = |t: usize| (t as u128).pow(3) - t as u128;
        let order = crate::sort::ascending_order(values);
        let mut ranks = vec![0.0; values.len()];
        let mut untied = cube(values.len());
        let mut at = 0;
        for tied in order.chunk_by(|&i, &j| values[i as usize] == values[j as usize]) {
            let rank = at as f64 + 0.5 * (tied.len() as f64 + 1.0);
            tied.iter().for_each(|&i| ranks[i as usize] = rank);
            untied -= cube(tied.len());
            at += tied.len();
        }
        Ok(Self { ranks, untied })
    }

    fn has_ties(&self) -> bool {
        let n = self.ranks.len() as u128;
        self.untied != n.pow(3) - n
    }
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
    /// Exact distribution of the rank sum given the ties.
    Exact,
    /// What R's `wilcox.test` does unless told otherwise: [`Exact`](Self::Exact) if both groups have
    /// fewer than 50 values and none are tied, else [`NormalCorrected`](Self::NormalCorrected). The
    /// result says which it was.
    AsR,
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
    /// How the p-value was found; never [`MannWhitneyMethod::AsR`].
    pub method: MannWhitneyMethod,
}

impl MannWhitneyTest {
    /// Name and value of every number, in the order of the fields; `z` only where there is one.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            Some(("u", self.u)),
            self.z.map(|z| ("z", z)),
            Some(("p", self.p)),
            Some(("log10_p", self.log10_p)),
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Display for MannWhitneyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self.method {
            MannWhitneyMethod::Exact => "exact ",
            _ => "",
        };
        write!(
            f,
            "{method}Mann-Whitney test: U = {}, p = {:.4e}",
            self.u, self.p
        )
    }
}

/// Compares the location of two groups by ranks.
///
/// With `N = m + n` values and `t` values in each set of ties, the normal approximation is
///
/// ```text
/// z = (U - mn/2 ∓ 1/2) / √( mn (N³ - N - Σ(t³ - t)) / (12 N (N - 1)) )
/// ```
///
/// where the 1/2 brings U nearer to its mean and is left out of [`MannWhitneyMethod::Normal`]. The
/// exact p-value is the probability of a U at least as far from `mn/2`, over all ways to divide the
/// values as they are, ties included. If all values are tied, p is 1 (R: NaN).
///
/// Mann and Whitney, Ann. Math. Stat. 18, 1947, 50-60, doi:10.1214/aoms/1177730491; with ties:
/// Streitberg and Röhmel, Stat. Softw. Newsl. 12, 1986, 10-17.
///
/// ```
/// use eval_stats::location::{mann_whitney, MannWhitneyMethod};
/// // all of a below all of b: 2 of the 10 divisions are as extreme
/// let test = mann_whitney(&[1.0, 2.0], &[3.0, 4.0, 5.0], MannWhitneyMethod::Exact)?;
/// assert_eq!(test.u, 0.0);
/// assert!((test.p - 0.2).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooMany`] beyond 2^32 - 1 values; for the exact
/// method [`Error::TooMany`] beyond 400 values, 150 with ties.
pub fn mann_whitney(a: &[f64], b: &[f64], method: MannWhitneyMethod) -> Result<MannWhitneyTest> {
    all_finite("the first group", a)?;
    all_finite("the second group", b)?;
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let ranks = Ranks::new(&all)?;
    let (m, n) = (a.len() as f64, b.len() as f64);
    let u = ranks.ranks[..a.len()].iter().sum::<f64>() - 0.5 * m * (m + 1.0);
    let method = match method {
        MannWhitneyMethod::AsR if a.len() < 50 && b.len() < 50 && !ranks.has_ties() => {
            MannWhitneyMethod::Exact
        }
        MannWhitneyMethod::AsR => MannWhitneyMethod::NormalCorrected,
        named => named,
    };
    let (z, ln_p) = match method {
        MannWhitneyMethod::Exact if ranks.has_ties() => {
            (None, exact_p_of_ties(&ranks, a.len())?.ln())
        }
        MannWhitneyMethod::Exact => (None, exact_p(a.len(), b.len(), u as usize)?.ln()),
        _ => {
            let total = m + n;
            let spread = m * n / 12.0 * (ranks.untied as f64 / (total * (total - 1.0)));
            let off = u - 0.5 * m * n;
            if ranks.untied == 0 {
                (None, 0.0)
            } else {
                let correction = match method {
                    MannWhitneyMethod::NormalCorrected if off != 0.0 => 0.5 * off.signum(),
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
        log10_p: log10(ln_p),
        method,
    })
}

fn limited(found: usize, limit: usize) -> Result<()> {
    if found > limit {
        return Err(Error::TooMany { found, limit });
    }
    Ok(())
}

/// Exact two-sided p-value without ties, from the number of rank sets with every `U`.
fn exact_p(m: usize, n: usize, u: usize) -> Result<f64> {
    limited(m + n, 400)?;
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

/// Exact two-sided p-value given ties, from the number of sets of `m` values with every rank sum.
fn exact_p_of_ties(ranks: &Ranks, m: usize) -> Result<f64> {
    let n = ranks.ranks.len();
    limited(n, 150)?;
    // Twice the mid-ranks are whole. The smaller group will do: its sum mirrors the other's.
    let doubled: Vec<usize> = ranks.ranks.iter().map(|r| (2.0 * r) as usize).collect();
    let observed: usize = doubled[..m].iter().sum();
    let all: usize = doubled.iter().sum();
    let (size, observed) = if 2 * m <= n {
        (m, observed)
    } else {
        (n - m, all - observed)
    };
    // ways[k][s]: sets of k values with the sum s.
    let mut ways = vec![vec![0.0; all + 1]; size + 1];
    ways[0][0] = 1.0;
    let mut reached = 0;
    for (i, &rank) in doubled.iter().enumerate() {
        reached += rank;
        for k in (1..=size.min(i + 1)).rev() {
            let (fewer, more) = ways.split_at_mut(k);
            for s in rank..=reached {
                more[0][s] += fewer[k - 1][s - rank];
            }
        }
    }
    // Sums are centered on size * all / n; compare n times as much, which is whole.
    let distance = |s: usize| (s * n).abs_diff(size * all);
    let extreme = distance(observed);
    let (mut tail, mut total) = (0.0, 0.0);
    for (s, count) in ways[size].iter().enumerate() {
        total += count;
        if distance(s) >= extreme {
            tail += count;
        }
    }
    Ok(tail / total)
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
    /// Its decimal logarithm.
    pub log10_p: f64,
}

impl KruskalWallisTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("h", self.h),
            ("df", self.df as f64),
            ("p", self.p),
            ("log10_p", self.log10_p),
        ]
        .into_iter()
    }
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

/// Compares the location of several groups by ranks: with mean ranks `r_i` and `n` values,
/// `H = 12/(n (n + 1)) Σ n_i (r_i - (n + 1)/2)² / (1 - Σ(t³ - t)/(n³ - n))`, chi-square with `k - 1`
/// degrees of freedom. If all values are tied H is 0 and p is 1 (R: NaN).
///
/// Kruskal and Wallis, J. Am. Stat. Assoc. 47, 1952, 583-621, doi:10.1080/01621459.1952.10483441.
///
/// ```
/// use eval_stats::location::kruskal_wallis;
/// // mean ranks 1.5 and 3.5 of 4: 12/20 (2 + 2)
/// let test = kruskal_wallis(&[&[1.0, 2.0], &[3.0, 4.0]])?;
/// assert!((test.h - 2.4).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] for fewer than two groups, [`Error::Empty`] for an empty group,
/// [`Error::NotFinite`], [`Error::TooMany`] beyond 2^32 - 1 values.
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
    let ranks = Ranks::new(&groups.concat())?;
    let n = ranks.ranks.len() as f64;
    let mut at = 0;
    let mut between = 0.0;
    for g in groups {
        let size = g.len() as f64;
        // Sums of ranks are multiples of one half, so this difference is exact.
        let sum: f64 = ranks.ranks[at..at + g.len()].iter().sum();
        let off = sum - 0.5 * size * (n + 1.0);
        between += off * off / size;
        at += g.len();
    }
    let h = if ranks.untied > 0 {
        12.0 * between * (n - 1.0) / ranks.untied as f64
    } else {
        0.0
    };
    let df = groups.len() - 1;
    let ln_p = ln_chi_squared_sf(h, df as f64);
    Ok(KruskalWallisTest {
        h,
        df,
        p: ln_p.exp(),
        log10_p: log10(ln_p),
    })
}
