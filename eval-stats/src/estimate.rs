//! A number with its confidence interval.

use std::fmt;

/// How a confidence interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum IntervalMethod {
    /// DeLong's variance of the AUC, normal quantiles, clipped to `[0, 1]`.
    Delong,
    /// DeLong's variance on the logit scale.
    LogitDelong,
    /// Normal quantiles on the logit scale with a binomial variance.
    LogitBinomial,
    /// Hanley and McNeil's (1982) variance, normal quantiles, clipped to `[0, 1]`.
    HanleyMcneil,
    /// Clopper-Pearson with `AUC * n` successes of `n` subjects ("binomial exact").
    BinomialExact,
    /// Percentiles of stratified bootstrap replicates.
    BootstrapPercentile,
    /// Bias-corrected and accelerated bootstrap.
    BootstrapBca,
    /// Estimate plus and minus normal quantile times standard error.
    Wald,
    /// As Wald, on the logarithm.
    LogWald,
    /// Estimate plus and minus t quantile times standard error.
    StudentT,
    /// Exact limits of a Poisson count.
    ExactPoisson,
    /// As Wald, on the logit.
    LogitWald,
    /// Newcombe's hybrid of two Wilson intervals.
    Newcombe,
    /// Tango's score interval of a paired difference.
    TangoScore,
    /// Wald interval with one discordant pair added on either side.
    BonettPrice,
}

impl fmt::Display for IntervalMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delong => "DeLong",
            Self::LogitDelong => "logit DeLong",
            Self::LogitBinomial => "logit",
            Self::HanleyMcneil => "Hanley-McNeil",
            Self::BinomialExact => "binomial exact",
            Self::BootstrapPercentile => "bootstrap percentile",
            Self::BootstrapBca => "bootstrap BCa",
            Self::Wald => "Wald",
            Self::LogWald => "log Wald",
            Self::StudentT => "Student t",
            Self::ExactPoisson => "exact Poisson",
            Self::LogitWald => "logit Wald",
            Self::Newcombe => "Newcombe",
            Self::TangoScore => "Tango score",
            Self::BonettPrice => "Bonett-Price",
        })
    }
}

/// An estimate with its confidence interval.
///
/// Displays as `0.906 (95% CI 0.877 to 0.934, DeLong)`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Estimate {
    /// Point estimate.
    pub value: f64,
    /// Standard error on the scale of `value`; `None` where the method has none (binomial exact).
    pub std_error: Option<f64>,
    /// Lower confidence limit.
    pub low: f64,
    /// Upper confidence limit.
    pub high: f64,
    /// Confidence level, for example 0.95.
    pub level: f64,
    /// How the interval was made.
    pub method: IntervalMethod,
}

impl Estimate {
    /// `value ± z * std_error`.
    pub(crate) fn wald(value: f64, std_error: f64, level: f64) -> Self {
        let half = z_of_level(level) * std_error;
        Self {
            value,
            std_error: Some(std_error),
            low: value - half,
            high: value + half,
            level,
            method: IntervalMethod::Wald,
        }
    }

    /// Name and value of every number, in the order of the fields. `std_error` is NaN where the
    /// method has none.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("value", self.value),
            ("std_error", self.std_error.unwrap_or(f64::NAN)),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} ({}% CI {:.3} to {:.3}, {})",
            self.value,
            percent(self.level),
            self.low,
            self.high,
            self.method
        )
    }
}

/// A confidence level as a percentage without rounding noise.
pub(crate) fn percent(level: f64) -> f64 {
    (level * 1e8).round() / 1e6
}

/// Normal quantile that belongs to a two-sided level.
pub(crate) fn z_of_level(level: f64) -> f64 {
    -crate::special::normal_quantile(0.5 * (1.0 - level))
}

/// The power of two just below the largest magnitude, 1 for zeros: dividing by it is exact.
pub(crate) fn binary_unit(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if largest == 0.0 {
        return 1.0;
    }
    libm::ldexp(1.0, libm::ilogb(largest))
}

/// Arithmetic mean; NaN of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample variance (divisor n - 1), two-pass; NaN for fewer than two values. Taken from the first
/// value on, so that equal values have a variance of exactly 0.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(f64::NAN);
    let shift = values.iter().map(|v| v - first).sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|v| {
        let d = (v - first) - shift;
        d * d
    });
    squares.sum::<f64>() / (values.len() as f64 - 1.0)
}
