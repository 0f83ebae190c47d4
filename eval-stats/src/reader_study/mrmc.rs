//! Several readers in two conditions on the same cases (Obuchowski and Rockette).

use std::fmt;

use crate::delong;
use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::{percent, z_of_level};
use crate::scored::Scored;
use crate::special::{ln_normal_two_sided, ln_t_two_sided, t_quantile};

/// Test and interval of the difference of the mean AUCs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MrmcTest {
    /// Standard error of the difference.
    pub std_error: f64,
    /// Degrees of freedom of Student's t; infinite stands for the normal distribution.
    pub df: f64,
    /// Difference over standard error; 0 for no difference.
    pub statistic: f64,
    /// Two-sided p-value; 1 for no difference.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Lower limit of the difference.
    pub low: f64,
    /// Upper limit of the difference.
    pub high: f64,
}

impl MrmcTest {
    fn new(difference: f64, variance: f64, df: f64, level: f64) -> Self {
        let std_error = variance.max(0.0).sqrt();
        let statistic = if difference == 0.0 {
            0.0
        } else {
            difference / std_error
        };
        let (ln_p, quantile) = if df.is_infinite() {
            (ln_normal_two_sided(statistic), z_of_level(level))
        } else {
            (
                ln_t_two_sided(statistic, df),
                -t_quantile(0.5 * (1.0 - level), df),
            )
        };
        let half = if std_error == 0.0 {
            0.0
        } else {
            quantile * std_error
        };
        Self {
            std_error,
            df,
            statistic,
            p: ln_p.exp().min(1.0),
            log10_p: ln_p / core::f64::consts::LN_10,
            low: difference - half,
            high: difference + half,
        }
    }
}

/// Analysis of variance of the readers' AUCs with DeLong's covariances.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ObuchowskiRockette {
    /// Mean AUC without assistance.
    pub without: f64,
    /// Mean AUC with assistance.
    pub with: f64,
    /// `with - without`.
    pub difference: f64,
    /// Number of readers.
    pub n_readers: usize,
    /// Mean square of the condition.
    pub ms_condition: f64,
    /// Mean square of the readers; `None` with one reader.
    pub ms_reader: Option<f64>,
    /// Mean square of condition by reader; `None` with one reader.
    pub ms_interaction: Option<f64>,
    /// Mean DeLong variance of a single AUC.
    pub variance: f64,
    /// Mean covariance between the conditions of one reader.
    pub cov1: f64,
    /// Mean covariance between readers in one condition; 0 with one reader.
    pub cov2: f64,
    /// Mean covariance between readers and conditions; 0 with one reader.
    pub cov3: f64,
    /// For readers like these and cases like these (random readers, random cases); `None` with one
    /// reader.
    pub random_readers: Option<MrmcTest>,
    /// For these readers and cases like these (fixed readers, random cases).
    pub fixed_readers: MrmcTest,
    /// Confidence level.
    pub level: f64,
}

impl fmt::Display for ObuchowskiRockette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (test, readers) = match &self.random_readers {
            Some(test) => (test, "random readers"),
            None => (&self.fixed_readers, "fixed readers"),
        };
        write!(
            f,
            "mean AUC {:.3} -> {:.3}, difference {:.3} ({}% CI {:.3} to {:.3}), p = {:.4} ({readers})",
            self.without,
            self.with,
            self.difference,
            percent(self.level),
            test.low,
            test.high,
            test.p
        )
    }
}

/// Means of a covariance matrix whose first `r` rows are one condition, the others the other.
struct Components {
    variance: f64,
    cov1: f64,
    cov2: f64,
    cov3: f64,
}

impl Components {
    fn new(v: &[Vec<f64>], r: usize) -> Self {
        let readers = r as f64;
        let sum = |f: &dyn Fn(usize, usize) -> f64| {
            let pairs = (0..r).flat_map(|i| (0..r).map(move |j| (i, j)));
            pairs
                .filter(|(i, j)| i != j)
                .map(|(i, j)| f(i, j))
                .sum::<f64>()
        };
        let pairs = readers * (readers - 1.0);
        let mean = |total: f64| if r == 1 { 0.0 } else { total / pairs };
        Self {
            variance: (0..2 * r).map(|i| v[i][i]).sum::<f64>() / (2.0 * readers),
            cov1: (0..r).map(|i| v[i][r + i]).sum::<f64>() / readers,
            cov2: mean(sum(&|i, j| 0.5 * (v[i][j] + v[r + i][r + j]))),
            cov3: mean(sum(&|i, j| v[i][r + j])),
        }
    }
}

/// Compares the mean AUCs of the same readers in two conditions on the same cases.
///
/// With `θ_cr` the AUC of reader `r` of `R` in condition `c`, mean squares of the two-way table, and
/// the means of DeLong's covariances (`Cov1` same reader, `Cov2` same condition, `Cov3` neither):
///
/// ```text
/// random readers   SE² = 2/R [MS(C:R) + R max(Cov2 - Cov3, 0)]
///                  df = [MS(C:R) + R max(Cov2 - Cov3, 0)]² (R - 1) / MS(C:R)²
/// fixed readers    SE² = 2/R [Var - Cov1 + (R - 1) max(Cov2 - Cov3, 0)], normal
/// ```
///
/// One slice element per reader, in the same order. With one reader there is no variance between
/// readers and only the fixed-reader test, which is then DeLong's. Two readers leave one degree of
/// freedom between readers: the random-reader interval is honest and wide.
///
/// References: Obuchowski and Rockette, Commun. Stat. Simul. 24 (1995) 285-308,
/// doi:10.1080/03610919508813243; Hillis, Stat. Med. 26 (2007) 596-619 (degrees of freedom),
/// doi:10.1002/sim.2532; Hillis, Stat. Med. 33 (2014) 330-360, doi:10.1002/sim.5926.
///
/// ```
/// use eval_stats::{Scored, delong, reader_study::obuchowski_rockette};
/// // With one reader it is DeLong's test.
/// let y = [true, true, true, false, false, false];
/// let without = Scored::new(&[0.6, 0.2, 0.7, 0.5, 0.3, 0.1], &y)?;
/// let with = Scored::new(&[0.9, 0.8, 0.3, 0.4, 0.2, 0.1], &y)?;
/// let delong = delong::compare_paired(&with, &without, 0.95)?;
/// let test = obuchowski_rockette(&[without], &[with], 0.95)?;
/// assert!((test.difference - 1.0 / 9.0).abs() < 1e-15);
/// assert!((test.fixed_readers.p - delong.p).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without readers, [`Error::LengthMismatch`] or [`Error::DifferentOutcomes`] if
/// the readers or cases differ, [`Error::TooFewPerClass`], [`Error::OutOfRange`] for the level.
pub fn obuchowski_rockette(
    without: &[Scored],
    with: &[Scored],
    level: f64,
) -> Result<ObuchowskiRockette> {
    check_level(level)?;
    if without.is_empty() {
        return Err(Error::Empty { what: "readers" });
    }
    same_length("readers with assistance", without.len(), with.len())?;
    let models: Vec<&Scored> = without.iter().chain(with).collect();
    let joint = delong::covariance(&models)?;
    let r = without.len();
    let readers = r as f64;
    let (a, b) = joint.aucs.split_at(r);
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let gains: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let difference = mean(&gains);
    // Two conditions: the interaction is half the scatter of the gains.
    let scatter = |x: &[f64]| {
        let m = mean(x);
        x.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (readers - 1.0)
    };
    let sums: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
    let several = r > 1;
    let ms_interaction = several.then(|| 0.5 * scatter(&gains));
    let c = Components::new(&joint.covariance, r);
    let shared = (c.cov2 - c.cov3).max(0.0);
    let random_readers = ms_interaction.map(|ms| {
        let total = ms + readers * shared;
        let df = if ms > 0.0 {
            (total / ms) * (total / ms) * (readers - 1.0)
        } else {
            f64::INFINITY
        };
        MrmcTest::new(difference, 2.0 / readers * total, df, level)
    });
    let fixed = 2.0 / readers * (c.variance - c.cov1 + (readers - 1.0) * shared);
    Ok(ObuchowskiRockette {
        without: mean(a),
        with: mean(b),
        difference,
        n_readers: r,
        ms_condition: 0.5 * readers * difference * difference,
        ms_reader: several.then(|| 0.5 * scatter(&sums)),
        ms_interaction,
        variance: c.variance,
        cov1: c.cov1,
        cov2: c.cov2,
        cov3: c.cov3,
        random_readers,
        fixed_readers: MrmcTest::new(difference, fixed, f64::INFINITY, level),
        level,
    })
}
