//! Entropy of discrete variables from counts, and mutual information from entropies.

use super::digamma::digamma;
use crate::error::{Error, Result};

/// Estimator of the entropy of a discrete variable from the counts `c` of the `m` classes seen among `n` rows.
///
/// Classes that nobody has seen do not count, of a pair of variables neither: infotheo's convention. The first four are
/// its methods `emp`, `mm`, `shrink` and `sg`.
///
/// # Differences
/// infotheo 1.2 divides whole numbers where it sets the prior of `sg`, which so is 0 instead of `1/m`; that number is
/// [`Entropy::INFOTHEO_SG`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Entropy {
    /// Observed frequencies, `-Σ (c/n) ln (c/n)`.
    #[default]
    Empirical,
    /// Empirical plus `(m - 1) / (2n)` (Miller 1955).
    MillerMadow,
    /// A [Dirichlet](Self::Dirichlet) prior as heavy as James-Stein shrinkage towards equal frequencies makes it:
    /// pseudocounts `λ/(1-λ) n/m` with `λ = m (n² - Σc²) / ((n-1)(m Σc² - n²))`, and `ln m` for `λ` of 1 and more.
    /// infotheo's `shrink`; Hausser and Strimmer's estimator is [`JamesStein`](Self::JamesStein).
    Shrinkage,
    /// A [Dirichlet](Self::Dirichlet) prior of one count in all, `1/m` for every class
    /// (Schürmann and Grassberger, *Chaos* 6 (1996), doi:10.1063/1.166191).
    SchurmannGrassberger,
    /// Entropy of the frequencies shrunk by the `λ` of [`Shrinkage`](Self::Shrinkage) towards equal ones,
    /// `p = λ/m + (1-λ) c/n` (Hausser and Strimmer, *JMLR* 10 (2009); R package entropy).
    JamesStein,
    /// Posterior mean of the entropy with `a` pseudocounts for every class,
    /// `Σ (c+a)/(n+ma) [ψ(n+ma+1) - ψ(c+a+1)]` (Wolpert and Wolf 1995, doi:10.1103/PhysRevE.52.6841).
    /// 1/2 is Jeffreys' prior, 1 Laplace's.
    Dirichlet {
        /// Pseudocounts of a class; finite, 0 or more.
        pseudocount: f64,
    },
}

impl Entropy {
    /// What infotheo 1.2 computes for method `sg`; see the [differences](Self#differences).
    pub const INFOTHEO_SG: Self = Self::Dirichlet { pseudocount: 0.0 };

    /// Refuses a pseudocount that is negative or not finite.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Dirichlet { pseudocount } if !(pseudocount >= 0.0 && pseudocount.is_finite()) => {
                Err(Error::InvalidSetting {
                    name: "pseudocount",
                    expected: "a finite number of 0 or more",
                    found: pseudocount,
                })
            }
            _ => Ok(()),
        }
    }

    /// Entropy in nats of counts; zeros are passed over. 0 for a single class.
    pub(crate) fn of(self, counts: &[u32]) -> f64 {
        let seen = || counts.iter().filter(|&&c| c > 0).map(|&c| f64::from(c));
        let n: f64 = seen().sum();
        let m = seen().count() as f64;
        if m <= 1.0 {
            return 0.0;
        }
        let plain = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        let dirichlet = |a: f64| {
            let weight = n + m * a;
            let all = digamma(weight + 1.0);
            let sum: f64 = seen().map(|c| (c + a) * (all - digamma(c + a + 1.0))).sum();
            sum / weight
        };
        match self {
            Self::Empirical => seen().map(|c| plain(c / n)).sum(),
            Self::MillerMadow => seen().map(|c| plain(c / n)).sum::<f64>() + (m - 1.0) / (2.0 * n),
            Self::SchurmannGrassberger => dirichlet(1.0 / m),
            Self::Dirichlet { pseudocount } => dirichlet(pseudocount),
            Self::Shrinkage => match shrinkage_intensity(seen().map(|c| c * c).sum(), n, m) {
                l if l >= 1.0 => m.ln(),
                l => dirichlet(l / (1.0 - l) * n / m),
            },
            Self::JamesStein => {
                let l = shrinkage_intensity(seen().map(|c| c * c).sum(), n, m).min(1.0);
                seen().map(|c| plain(l / m + (1.0 - l) * c / n)).sum()
            }
        }
    }
}

/// `λ` from the sum of squared counts; infinite where all counts are equal.
fn shrinkage_intensity(squares: f64, n: f64, m: f64) -> f64 {
    let excess = squares * m - n * n;
    if excess > 0.0 {
        m * (n * n - squares) / ((n - 1.0) * excess)
    } else {
        f64::INFINITY
    }
}

/// Mutual information of two discrete variables in nats, `H(X) + H(Y) - H(X,Y)`, clipped at 0. Labels may be any
/// numbers. 0 if either variable has one class.
///
/// ```
/// use feature_selection::mutual_information::{Entropy, binned};
/// // Two fair coins that always agree share one bit.
/// let coin = [0, 1, 0, 1];
/// let shared = binned(&coin, &coin, Entropy::Empirical)?;
/// assert!((shared - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), feature_selection::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::TooFewRows`] without rows, [`Error::InvalidSetting`] for a bad pseudocount.
pub fn binned(x: &[usize], y: &[usize], entropy: Entropy) -> Result<f64> {
    entropy.check()?;
    if x.len() != y.len() {
        return Err(Error::LengthMismatch {
            what: "second variable",
            expected: x.len(),
            found: y.len(),
        });
    }
    if x.is_empty() {
        return Err(Error::TooFewRows {
            what: "mutual information",
            required: 1,
            found: 0,
        });
    }
    let joint: Vec<(usize, usize)> = x.iter().copied().zip(y.iter().copied()).collect();
    let (cx, cy, cxy) = (counts(x), counts(y), counts(&joint));
    if cx.len() == 1 || cy.len() == 1 {
        return Ok(0.0);
    }
    Ok((entropy.of(&cx) + entropy.of(&cy) - entropy.of(&cxy)).max(0.0))
}

fn counts<T: Ord + Clone>(values: &[T]) -> Vec<u32> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .map(|c| c.len() as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: [u32; 4] = [3, 0, 1, 2];

    #[test]
    fn hand_worked_entropies() {
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-14);
        let plain = 0.5 * 2f64.ln() + 6f64.ln() / 6.0 + 3f64.ln() / 3.0;
        close(Entropy::Empirical.of(&COUNTS), plain);
        close(Entropy::MillerMadow.of(&COUNTS), plain + 2.0 / 12.0);
        // Laplace: counts 4, 2, 3 of 9; ψ differences are sums of reciprocals.
        let harmonic = |from: u32, to: u32| (from..=to).map(|i| 1.0 / f64::from(i)).sum::<f64>();
        let laplace = (4.0 * harmonic(5, 9) + 2.0 * harmonic(3, 9) + 3.0 * harmonic(4, 9)) / 9.0;
        close(Entropy::Dirichlet { pseudocount: 1.0 }.of(&COUNTS), laplace);
        // λ = 3 (36 - 14) / (5 (3 * 14 - 36)) = 2.2, more than 1: equal frequencies.
        close(Entropy::Shrinkage.of(&COUNTS), 3f64.ln());
        close(Entropy::JamesStein.of(&COUNTS), 3f64.ln());
        // Counts 8 and 1: λ = 2 (81 - 65) / (8 (130 - 81)) = 4/49; 4/45 of 4.5 is 2/5 pseudocounts.
        let skewed = Entropy::Dirichlet { pseudocount: 0.4 }.of(&[8, 1]);
        close(Entropy::Shrinkage.of(&[8, 1]), skewed);
        let p: f64 = 2.0 / 49.0 + 45.0 / 49.0 / 9.0;
        let shrunk = -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
        close(Entropy::JamesStein.of(&[8, 1]), shrunk);
    }

    #[test]
    fn one_class_has_no_entropy() {
        for entropy in [
            Entropy::Empirical,
            Entropy::MillerMadow,
            Entropy::Shrinkage,
            Entropy::SchurmannGrassberger,
            Entropy::JamesStein,
            Entropy::INFOTHEO_SG,
        ] {
            assert_eq!(entropy.of(&[5]), 0.0);
            assert_eq!(entropy.of(&[1]), 0.0);
        }
    }
}
