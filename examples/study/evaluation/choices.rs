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

/// Interval of the AUC: `delong`, `exact` or `bootstrap:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AucMethod {
    /// DeLong's variance, as pROC.
    #[default]
    DeLong,
    /// Clopper-Pearson of `AUC * n` of `n`, as MedCalc's "binomial exact".
    BinomialExact,
    /// Percentiles of this many stratified resamples.
    Bootstrap(usize),
}

impl AucMethod {
    /// The interval with its seed.
    pub(super) fn interval(self, seed: u64) -> AucInterval {
        match self {
            Self::DeLong => AucInterval::Delong,
            Self::BinomialExact => AucInterval::BinomialExact,
            Self::Bootstrap(n) => {
                AucInterval::Bootstrap(Bootstrap::new().replicates(n).seed(checked_seed(seed)))
            }
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
        match (
            text.as_str(),
            text.strip_prefix("bootstrap:").map(str::parse),
        ) {
            ("delong", _) => Ok(Self::DeLong),
            ("exact", _) => Ok(Self::BinomialExact),
            (_, Some(Ok(n))) if n >= 2 => Ok(Self::Bootstrap(n)),
            _ => Err(format!(
                "expected delong, exact or bootstrap:N with N from 2, found {text}"
            )),
        }
    }
}

impl fmt::Display for AucMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeLong => f.write_str("delong"),
            Self::BinomialExact => f.write_str("exact"),
            Self::Bootstrap(n) => write!(f, "bootstrap:{n}"),
        }
    }
}
