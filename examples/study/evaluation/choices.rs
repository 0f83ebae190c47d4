//! The choices of an evaluation as users spell them.

use std::fmt;
use std::str::FromStr;

use eval_stats::auc_interval::AucInterval;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::cutoff::Criterion;

use crate::table_file::shortest;

/// How cut-offs are fixed on the training split: `youden`, `corner`, `sensitivity:S`, `specificity:S` or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CutoffRule {
    /// The best threshold of the training split by a criterion; of ties the most sensitive.
    Found(Criterion),
    /// One value for all models.
    Fixed(f64),
}

impl Default for CutoffRule {
    /// Youden's.
    fn default() -> Self {
        Self::Found(Criterion::Youden)
    }
}

impl FromStr for CutoffRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let share = |text: &str| text.parse().ok().filter(|s| (0.0..=1.0).contains(s));
        let found = match lower.split_once(':') {
            None if lower == "youden" => Some(Criterion::Youden),
            None if lower == "corner" => Some(Criterion::ClosestToCorner),
            Some(("sensitivity", least)) => share(least).map(Criterion::MinSensitivity),
            Some(("specificity", least)) => share(least).map(Criterion::MinSpecificity),
            _ => None,
        };
        match (found, text.parse::<f64>()) {
            (Some(criterion), _) => Ok(Self::Found(criterion)),
            (None, Ok(value)) if value.is_finite() => Ok(Self::Fixed(value)),
            _ => Err(format!(
                "expected youden, corner, sensitivity:S or specificity:S with S from 0 to 1, or a number, found {text}"
            )),
        }
    }
}

impl CutoffRule {
    /// The rule in words.
    pub fn words(self) -> String {
        match self {
            Self::Found(Criterion::ClosestToCorner) => {
                "the point closest to the corner of the ROC curve".to_owned()
            }
            Self::Found(Criterion::MinSensitivity(least)) => {
                format!("a sensitivity of at least {}", shortest(least))
            }
            Self::Found(Criterion::MinSpecificity(least)) => {
                format!("a specificity of at least {}", shortest(least))
            }
            Self::Found(_) => "Youden's index".to_owned(),
            Self::Fixed(value) => format!("the fixed value {}", shortest(value)),
        }
    }
}

impl fmt::Display for CutoffRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(Criterion::ClosestToCorner) => f.write_str("corner"),
            Self::Found(Criterion::MinSensitivity(least)) => {
                write!(f, "sensitivity:{}", shortest(*least))
            }
            Self::Found(Criterion::MinSpecificity(least)) => {
                write!(f, "specificity:{}", shortest(*least))
            }
            Self::Found(_) => f.write_str("youden"),
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

/// Most replicates of a bootstrap: all of them are in memory.
const MOST_REPLICATES: usize = 1_000_000;

/// Reads a number of replicates, or 0 for none.
///
/// # Errors
/// What is no whole number, or above a million.
pub fn replicates(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number <= MOST_REPLICATES => Ok(number),
        _ => Err(format!(
            "expected a whole number from 0 to {MOST_REPLICATES}, found {text}"
        )),
    }
}

impl FromStr for AucMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        let (name, replicates) = match text.split_once(':') {
            Some((name, n)) => (name, Some(replicates(n).ok().filter(|&n| n >= 2))),
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
                "expected delong, logit, hanley-mcneil, exact, bootstrap:N or bca:N with N from 2 to {MOST_REPLICATES}, found {text}"
            )),
        }
    }
}

impl AucMethod {
    /// The method in words.
    pub fn words(self) -> String {
        match self {
            Self::DeLong => "DeLong's method".to_owned(),
            Self::LogitDeLong => "DeLong's method on the logit scale".to_owned(),
            Self::HanleyMcNeil => "Hanley and McNeil's method".to_owned(),
            Self::BinomialExact => "the exact binomial method".to_owned(),
            Self::Bootstrap(n) => format!("percentiles of {n} bootstrap replicates"),
            Self::Bca(n) => format!("BCa of {n} bootstrap replicates"),
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
