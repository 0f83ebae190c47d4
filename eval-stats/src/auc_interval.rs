//! Confidence intervals of the AUC besides DeLong's, and one door to all of them.
//!
//! | interval | width at an AUC of 1 | needs |
//! |---|---|---|
//! | DeLong, logit DeLong ([`delong`]) | none | scores, two of each class |
//! | Hanley-McNeil | none | AUC and counts |
//! | binomial exact | `1 - ((1 - level)/2)^(1/n)` | AUC and number of subjects |
//! | bootstrap, percentile and BCa | none | scores |
//!
//! References: Hanley and McNeil, Radiology 143 (1982) 29-36,
//! doi:10.1148/radiology.143.1.7063747; Efron, J. Am. Stat. Assoc. 82 (1987) 171-185,
//! doi:10.2307/2289144.

use crate::bootstrap::{Bootstrap, CurveMeasure, stratified_aucs};
use crate::delong;
use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, variance};
use crate::proportion::clopper_pearson;
use crate::quantile::{QuantileType, of_sorted};
use crate::roc::auc;
use crate::scored::Scored;
use crate::special::{normal_cdf, normal_quantile};

/// Which interval [`estimate`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AucInterval {
    /// [`delong::auc`].
    #[default]
    Delong,
    /// [`delong::auc_logit`].
    LogitDelong,
    /// [`hanley_mcneil`].
    HanleyMcneil,
    /// [`binomial_exact`].
    BinomialExact,
    /// [`bootstrap`], percentile.
    Bootstrap(Bootstrap),
    /// [`bootstrap_bca`].
    BootstrapBca(Bootstrap),
}

/// AUC with the interval of choice.
///
/// ```
/// use eval_stats::{Scored, auc_interval::{self, AucInterval}, delong};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let auc = auc_interval::estimate(&s, AucInterval::LogitDelong, 0.95)?;
/// assert_eq!(auc, delong::auc_logit(&s, 0.95)?);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// Those of the chosen function.
pub fn estimate(scored: &Scored, interval: AucInterval, level: f64) -> Result<Estimate> {
    match interval {
        AucInterval::Delong => delong::auc(scored, level),
        AucInterval::LogitDelong => delong::auc_logit(scored, level),
        AucInterval::HanleyMcneil => hanley_mcneil(scored, level),
        AucInterval::BinomialExact => binomial_exact(scored, level),
        AucInterval::Bootstrap(b) => bootstrap(scored, &b, level),
        AucInterval::BootstrapBca(b) => bootstrap_bca(scored, &b, level),
    }
}

/// Variance of an AUC `a` by Hanley and McNeil, Radiology 143 (1982) 29-36,
/// doi:10.1148/radiology.143.1.7063747:
///
/// ```text
/// (a(1-a) + (n1-1)(Q1 - a²) + (n0-1)(Q2 - a²)) / (n1 n0),  Q1 = a/(2-a),  Q2 = 2a²/(1+a)
/// ```
///
/// 0 for an AUC of 0 or 1, and never below. Nothing is checked: `a` must be in `[0, 1]` and both
/// counts at least 1, as [`hanley_mcneil_limits`] checks.
///
/// ```
/// use eval_stats::auc_interval::hanley_mcneil_variance;
/// // a = 3/4: Q1 = 0.6, Q2 = 9/14, so (0.1875 + 0.0375 + 9/14 - 0.5625)/4
/// let variance = hanley_mcneil_variance(0.75, 2, 2);
/// assert!((variance - (9.0 / 14.0 - 0.3375) / 4.0).abs() < 1e-15);
/// ```
pub fn hanley_mcneil_variance(a: f64, n_events: usize, n_non_events: usize) -> f64 {
    let (n1, n0) = (n_events as f64, n_non_events as f64);
    let q1 = a / (2.0 - a);
    let q2 = 2.0 * a * a / (1.0 + a);
    let sum = a * (1.0 - a) + (n1 - 1.0) * (q1 - a * a) + (n0 - 1.0) * (q2 - a * a);
    sum.max(0.0) / (n1 * n0)
}

/// Limits of Hanley and McNeil's interval from an AUC and the counts alone, clipped to `[0, 1]`.
///
/// ```
/// use eval_stats::auc_interval::hanley_mcneil_limits;
/// // Variance (0.1875 + 0.1 - 0.0625 + 9/14 - 0.5625)/4 = 0.0763
/// let (low, high) = hanley_mcneil_limits(0.75, 2, 2, 0.95)?;
/// assert!((low - 0.2085).abs() < 1e-4 && high == 1.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the AUC or the level, [`Error::TooFewPerClass`] without events or
/// non-events.
pub fn hanley_mcneil_limits(
    auc: f64,
    n_events: usize,
    n_non_events: usize,
    level: f64,
) -> Result<(f64, f64)> {
    check_level(level)?;
    check_auc(auc)?;
    if n_events == 0 || n_non_events == 0 {
        return Err(Error::TooFewPerClass {
            events: n_events,
            non_events: n_non_events,
            required: 1,
        });
    }
    let se = hanley_mcneil_variance(auc, n_events, n_non_events).sqrt();
    let e = Estimate::wald(auc, se, level);
    Ok((e.low.max(0.0), e.high.min(1.0)))
}

/// Limits of the binomial-exact interval from an AUC and the number of subjects alone.
///
/// ```
/// use eval_stats::auc_interval::binomial_exact_limits;
/// // 10 of 10 successes: the lower limit is the tenth root of 0.025.
/// let (low, high) = binomial_exact_limits(1.0, 10, 0.95)?;
/// assert!((low - 0.025_f64.powf(0.1)).abs() < 1e-14 && high == 1.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the AUC or the level, [`Error::Empty`] without subjects.
pub fn binomial_exact_limits(auc: f64, n: usize, level: f64) -> Result<(f64, f64)> {
    check_level(level)?;
    check_auc(auc)?;
    if n == 0 {
        return Err(Error::Empty { what: "subjects" });
    }
    let n = n as f64;
    Ok(clopper_pearson(auc * n, n, level))
}

fn check_auc(value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "auc",
        value,
        expected: "an area in [0, 1]",
    })
}

/// AUC with Hanley and McNeil's interval, clipped to `[0, 1]`. An AUC of 1 has variance 0.
///
/// ```
/// use eval_stats::{Scored, auc_interval::{hanley_mcneil, hanley_mcneil_variance}};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let auc = hanley_mcneil(&s, 0.95)?;
/// assert_eq!(auc.std_error, Some(hanley_mcneil_variance(0.75, 2, 2).sqrt()));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level.
pub fn hanley_mcneil(scored: &Scored, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let value = auc(scored);
    let variance = hanley_mcneil_variance(value, scored.n_events(), scored.n_non_events());
    let e = Estimate::wald(value, variance.sqrt(), level);
    Ok(Estimate {
        low: e.low.max(0.0),
        high: e.high.min(1.0),
        method: IntervalMethod::HanleyMcneil,
        ..e
    })
}

/// AUC with the Clopper-Pearson interval of `AUC * n` successes of `n` subjects, which MedCalc
/// calls "binomial exact".
///
/// It ignores how many of the subjects are events, but has a width where the others have none
/// (AUC of 1).
///
/// ```
/// use eval_stats::{Scored, auc_interval::binomial_exact};
/// let perfect = Scored::new(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true])?;
/// let auc = binomial_exact(&perfect, 0.95)?;
/// assert!((auc.low - 0.025_f64.powf(0.25)).abs() < 1e-14 && auc.high == 1.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level.
pub fn binomial_exact(scored: &Scored, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let value = auc(scored);
    let n = scored.n() as f64;
    let (low, high) = clopper_pearson(value * n, n, level);
    Ok(Estimate {
        value,
        std_error: None,
        low,
        high,
        level,
        method: IntervalMethod::BinomialExact,
    })
}

/// AUC with percentile limits (type 7) of stratified bootstrap replicates:
/// [`interval`](crate::bootstrap::interval) of [`CurveMeasure::Auc`].
///
/// ```
/// use eval_stats::{Scored, auc_interval, bootstrap::Bootstrap};
/// let perfect = Scored::new(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true])?;
/// let auc = auc_interval::bootstrap(&perfect, &Bootstrap::new().replicates(200), 0.95)?;
/// assert_eq!(auc.to_string(), "1.000 (95% CI 1.000 to 1.000, bootstrap percentile)");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level, [`Error::TooFew`] for fewer than 2 replicates.
pub fn bootstrap(scored: &Scored, bootstrap: &Bootstrap, level: f64) -> Result<Estimate> {
    crate::bootstrap::interval(scored, CurveMeasure::Auc, bootstrap, level)
}

/// AUC with bias-corrected and accelerated limits (Efron, J. Am. Stat. Assoc. 82, 1987, 171-185,
/// doi:10.2307/2289144), stratified:
///
/// ```text
/// z0 = Φ⁻¹(share of replicates below the AUC)
/// a  = Σ u³ / (6 (Σ u²)^(3/2)),  u = (placement - AUC)/size of the class
/// limits: quantiles (type 7) at Φ(z0 + w/(1 - a w)),  w = z0 + z(α)
/// ```
///
/// `u` is what leaving the subject out changes, in closed form. If all replicates are equal (AUC of
/// 1, all scores tied) the interval is that value. If no replicate or every replicate is below the
/// AUC, half a replicate is.
///
/// # Differences
/// The levels are those of `boot.ci(type = "bca")`, which then interpolates between replicates on the
/// normal scale; this crate takes the type 7 quantile, and gives an answer where `boot.ci` stops
/// because all replicates are on one side.
///
/// ```
/// use eval_stats::{Scored, auc_interval::bootstrap_bca, bootstrap::Bootstrap};
/// let perfect = Scored::new(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true])?;
/// let auc = bootstrap_bca(&perfect, &Bootstrap::new().replicates(200), 0.95)?;
/// assert_eq!((auc.low, auc.value, auc.high), (1.0, 1.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level, [`Error::TooFew`] for fewer than 2 replicates,
/// [`Error::TooFewPerClass`] with fewer than two of either class.
pub fn bootstrap_bca(scored: &Scored, bootstrap: &Bootstrap, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let value = auc(scored);
    let acceleration = acceleration(scored)?;
    let mut sorted = replicates_of(scored, bootstrap)?;
    let se = variance(&sorted).sqrt();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let below = sorted.partition_point(|&a| a < value) as f64;
    let share = (below / n).clamp(0.5 / n, 1.0 - 0.5 / n);
    let bias = normal_quantile(share);
    let limit = |tail: f64| {
        let w = bias + normal_quantile(tail);
        let p = normal_cdf(bias + w / (1.0 - acceleration * w));
        of_sorted(&sorted, p, QuantileType::Type7)
    };
    Ok(Estimate {
        value,
        std_error: Some(se),
        low: limit(0.5 * (1.0 - level)),
        high: limit(0.5 * (1.0 + level)),
        level,
        method: IntervalMethod::BootstrapBca,
    })
}

/// Efron's acceleration for two samples: third moments of the influence values over their
/// variance to 3/2. Leaving out one event changes the AUC by its placement, in closed form.
fn acceleration(scored: &Scored) -> Result<f64> {
    let influence = delong::influence(scored)?;
    let moment = |k: i32| -> f64 {
        [&influence.events, &influence.non_events]
            .iter()
            .map(|class| {
                let n = class.len() as f64;
                class.iter().map(|u| (u / n).powi(k)).sum::<f64>()
            })
            .sum()
    };
    let spread = moment(2).powf(1.5);
    Ok(if spread == 0.0 {
        0.0
    } else {
        moment(3) / (6.0 * spread)
    })
}

fn replicates_of(scored: &Scored, bootstrap: &Bootstrap) -> Result<Vec<f64>> {
    Ok(stratified_aucs(&[scored], bootstrap)?
        .into_iter()
        .map(|r| r[0])
        .collect())
}
