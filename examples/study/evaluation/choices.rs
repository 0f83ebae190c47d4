//! The choices of an evaluation as users spell them.

use std::fmt;
use std::str::FromStr;

use eval_stats::auc_interval::AucInterval;
use eval_stats::bootstrap::Bootstrap;

use crate::table_file::shortest;

/// How cut-offs are fixed on the training split: `youden` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum CutoffRule {
    /// The largest sensitivity + specificity of the training split; of ties the lowest.
    #[default]
    Youden,
    /// One value for all models.
    Fixed(f64),
}

impl FromStr for CutoffRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("youden") {
            return Ok(Self::Youden);
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Self::Fixed(value)),
            _ => Err(format!("expected youden or a number, found {text}")),
        }
    }
}

impl fmt::Display for CutoffRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Youden => f.write_str("youden"),
            Self::Fixed(value) => f.write_str(&shortest(*value)),
        }
    }
}

/// Interval of the AUC: `delong`, `logit`, `hanley-mcneil`, `exact`, `bootstrap:N` or `bca:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AucMethod {
    /// DeLong's variance, as pROC.
    #[default]
    DeLong,
    /// DeLong's variance on the logit scale.
    LogitDeLong,
    /// Hanley and McNeil's variance.
    HanleyMcNeil,
    /// Clopper-Pearson of `AUC * n` of `n`, as MedCalc's "binomial exact".
    BinomialExact,
    /// Percentiles of this many stratified resamples.
    Bootstrap(usize),
    /// Bias-corrected and accelerated, of this many stratified resamples.
    Bca(usize),
}

impl AucMethod {
    /// The interval with its seed.
    pub(super) fn interval(self, seed: u64) -> AucInterval {
        let resamples = |n| Bootstrap::new().replicates(n).seed(checked_seed(seed));
        match self {
            Self::DeLong => AucInterval::Delong,
            Self::LogitDeLong => AucInterval::LogitDelong,
            Self::HanleyMcNeil => AucInterval::HanleyMcneil,
            Self::BinomialExact => AucInterval::BinomialExact,
            Self::Bootstrap(n) => AucInterval::Bootstrap(resamples(n)),
            Self::Bca(n) => AucInterval::BootstrapBca(resamples(n)),
        }
    }
}

/// The seed as R's generator takes it.
pub(super) fn checked_seed(seed: u64) -> u32 {
    u32::try_from(seed).expect("the settings were checked")
}

impl FromStr for AucMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        let (name, replicates) = match text.split_once(':') {
            Some((name, n)) => (name, Some(n.parse::<usize>().ok().filter(|&n| n >= 2))),
            None => (text.as_str(), None),
        };
        match (name, replicates) {
            ("delong", None) => Ok(Self::DeLong),
            ("logit", None) => Ok(Self::LogitDeLong),
            ("hanley-mcneil", None) => Ok(Self::HanleyMcNeil),
            ("exact", None) => Ok(Self::BinomialExact),
            ("bootstrap", Some(Some(n))) => Ok(Self::Bootstrap(n)),
            ("bca", Some(Some(n))) => Ok(Self::Bca(n)),
            _ => Err(format!(
                "expected delong, logit, hanley-mcneil, exact, bootstrap:N or bca:N with N from 2, found {text}"
            )),
        }
    }
}

impl fmt::Display for AucMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeLong => f.write_str("delong"),
            Self::LogitDeLong => f.write_str("logit"),
            Self::HanleyMcNeil => f.write_str("hanley-mcneil"),
            Self::BinomialExact => f.write_str("exact"),
            Self::Bootstrap(n) => write!(f, "bootstrap:{n}"),
            Self::Bca(n) => write!(f, "bca:{n}"),
        }
    }
}
