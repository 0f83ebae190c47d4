//! Tests between two curves by resampling.

use std::fmt;

use super::{Bootstrap, CurveMeasure, Resampler};
use crate::delong::Pairing;
use crate::error::{Result, check_level};
use crate::estimate::{percent, variance};
use crate::quantile::{QuantileType, of_sorted};
use crate::roc::Path;
use crate::scored::Scored;
use crate::special::ln_normal_two_sided;

/// Bootstrap test of a measure of two curves.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BootstrapTest {
    /// What was compared.
    pub measure: CurveMeasure,
    /// Same or different subjects.
    pub pairing: Pairing,
    /// Measure of the first model.
    pub value_a: f64,
    /// Measure of the second model.
    pub value_b: f64,
    /// `value_a - value_b`.
    pub difference: f64,
    /// Standard deviation of the replicated differences.
    pub std_error: f64,
    /// `difference / std_error`; 0 if the values are equal, infinite if they differ but no
    /// replicate does.
    pub statistic: f64,
    /// Two-sided normal p-value; 1 for equal values.
    pub p: f64,
    /// Its decimal logarithm, exact where `p` underflows.
    pub log10_p: f64,
    /// Lower percentile limit of the difference (type 7).
    pub low: f64,
    /// Upper percentile limit of the difference (type 7).
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Number of replicates.
    pub replicates: usize,
}

impl BootstrapTest {
    fn new(
        (measure, pairing): (CurveMeasure, Pairing),
        (value_a, value_b): (f64, f64),
        mut differences: Vec<f64>,
        level: f64,
    ) -> Self {
        let difference = value_a - value_b;
        let std_error = variance(&differences).sqrt();
        let statistic = if difference == 0.0 {
            0.0
        } else {
            difference / std_error
        };
        differences.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - level);
        let ln_p = ln_normal_two_sided(statistic);
        Self {
            measure,
            pairing,
            value_a,
            value_b,
            difference,
            std_error,
            statistic,
            p: ln_p.exp().min(1.0),
            log10_p: ln_p / core::f64::consts::LN_10,
            low: of_sorted(&differences, tail, QuantileType::Type7),
            high: of_sorted(&differences, 1.0 - tail, QuantileType::Type7),
            level,
            replicates: differences.len(),
        }
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("value_a", self.value_a),
            ("value_b", self.value_b),
            ("difference", self.difference),
            ("std_error", self.std_error),
            ("statistic", self.statistic),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
            ("replicates", self.replicates as f64),
        ]
        .into_iter()
    }
}

impl fmt::Display for BootstrapTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "bootstrap test ({}, {} replicates): {:.4} vs {:.4}, D = {:.4}, p = {:.4e}, \
             difference {:.4} ({}% CI {:.4} to {:.4})",
            match self.pairing {
                Pairing::Paired => "paired",
                Pairing::Unpaired => "unpaired",
            },
            self.replicates,
            self.value_a,
            self.value_b,
            self.statistic,
            self.p,
            self.difference,
            percent(self.level),
            self.low,
            self.high
        )
    }
}

/// Compares two models on the same subjects by stratified resampling, the same subjects for both.
///
/// With the default stream the statistic is that of pROC's `roc.test(method = "bootstrap")`
/// (or `"sensitivity"`, `"specificity"`) after `set.seed`.
///
/// ```
/// use eval_stats::Scored;
/// use eval_stats::bootstrap::{Bootstrap, CurveMeasure, compare_paired};
/// let y = [true, true, true, false, false, false];
/// let a = Scored::new(&[0.9, 0.8, 0.3, 0.4, 0.2, 0.1], &y)?;
/// let same = compare_paired(&a, &a, CurveMeasure::Auc, &Bootstrap::new(), 0.95)?;
/// assert_eq!((same.statistic, same.p), (0.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch) or
/// [`Error::DifferentOutcomes`](crate::Error::DifferentOutcomes) if the subjects are not the same,
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level or the measure,
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates.
pub fn compare_paired(
    a: &Scored,
    b: &Scored,
    measure: CurveMeasure,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<BootstrapTest> {
    check_level(level)?;
    measure.check()?;
    let resampler = Resampler::new(&[a, b])?;
    let (n1, n0) = (a.n_events(), a.n_non_events());
    let differences = bootstrap.run(
        || (resampler.memory(), Path::default()),
        |rng, (counts, path)| {
            resampler.draw(rng, counts);
            let first = measure.of_counts(&counts[0], n1, n0, path);
            first - measure.of_counts(&counts[1], n1, n0, path)
        },
    )?;
    let values = (measure.of(a), measure.of(b));
    let what = (measure, Pairing::Paired);
    Ok(BootstrapTest::new(what, values, differences, level))
}

/// Compares two models on independent subjects by stratified resampling of both.
///
/// ```
/// use eval_stats::Scored;
/// use eval_stats::bootstrap::{Bootstrap, CurveMeasure, compare_unpaired};
/// let a = Scored::new(&[0.9, 0.8, 0.4, 0.2], &[true, false, true, false])?;
/// let b = Scored::new(&[0.7, 0.6, 0.5, 0.3], &[true, true, false, false])?;
/// let bootstrap = Bootstrap::new().replicates(200);
/// let test = compare_unpaired(&a, &b, CurveMeasure::Auc, &bootstrap, 0.95)?;
/// assert_eq!(test.difference, -0.25);               // AUC 3/4 and 1
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level or the measure,
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates.
pub fn compare_unpaired(
    a: &Scored,
    b: &Scored,
    measure: CurveMeasure,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<BootstrapTest> {
    check_level(level)?;
    measure.check()?;
    let (first, second) = (Resampler::new(&[a])?, Resampler::new(&[b])?);
    let differences = bootstrap.run(
        || (first.memory(), second.memory(), Path::default()),
        |rng, (counts_a, counts_b, path)| {
            first.draw(rng, counts_a);
            second.draw(rng, counts_b);
            let value = measure.of_counts(&counts_a[0], a.n_events(), a.n_non_events(), path);
            value - measure.of_counts(&counts_b[0], b.n_events(), b.n_non_events(), path)
        },
    )?;
    let values = (measure.of(a), measure.of(b));
    let what = (measure, Pairing::Unpaired);
    Ok(BootstrapTest::new(what, values, differences, level))
}
