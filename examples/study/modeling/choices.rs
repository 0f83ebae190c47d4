//! The options of a model as users spell them.

use std::str::FromStr;

use nomogram::{Criterion, FirthCorrection, Penalty as Price, TermTest};

/// How terms leave the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Backward {
    /// The least significant term leaves while the P of this test is at least this.
    P(TermTest, f64),
    /// By Akaike's criterion.
    Aic,
    /// By Schwarz's criterion.
    Bic,
    /// All stay.
    None,
}

impl Backward {
    /// The rule; `None` when all stay.
    pub fn criterion(self) -> Option<Criterion> {
        match self {
            Self::P(test, stay) => Some(Criterion::P { test, stay }),
            Self::Aic => Some(Criterion::InformationCriterion(Price::Aic)),
            Self::Bic => Some(Criterion::InformationCriterion(Price::Bic)),
            Self::None => None,
        }
    }
}

impl FromStr for Backward {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected p:LEVEL or lrt:LEVEL with LEVEL between 0 and 1, aic, bic or none, found {text}"
            )
        };
        match text.split_once(':') {
            None if text == "aic" => Ok(Self::Aic),
            None if text == "bic" => Ok(Self::Bic),
            None if text == "none" => Ok(Self::None),
            Some((test, level)) => {
                let test = match test {
                    "p" => TermTest::Wald,
                    "lrt" => TermTest::LikelihoodRatio,
                    _ => return Err(expected()),
                };
                match level.parse() {
                    Ok(level) if level > 0.0 && level < 1.0 => Ok(Self::P(test, level)),
                    _ => Err(expected()),
                }
            }
            None => Err(expected()),
        }
    }
}

impl Backward {
    /// The rule in words.
    pub fn words(self) -> String {
        match self {
            Self::P(TermTest::Wald, level) => {
                format!("backward elimination of predictors with P of at least {level} (Wald)")
            }
            Self::P(TermTest::LikelihoodRatio, level) => format!(
                "backward elimination of predictors with P of at least {level} (likelihood ratio)"
            ),
            Self::Aic => "backward elimination by AIC".to_owned(),
            Self::Bic => "backward elimination by BIC".to_owned(),
            Self::None => "no elimination".to_owned(),
        }
    }
}

impl std::fmt::Display for Backward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::P(TermTest::Wald, level) => write!(f, "p:{level}"),
            Self::P(TermTest::LikelihoodRatio, level) => write!(f, "lrt:{level}"),
            Self::Aic => f.write_str("aic"),
            Self::Bic => f.write_str("bic"),
            Self::None => f.write_str("none"),
        }
    }
}

/// How coefficients are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Penalty {
    /// By maximum likelihood.
    #[default]
    None,
    /// With Firth's penalty, the risks corrected so.
    Firth(FirthCorrection),
}

impl FromStr for Penalty {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "flic" => Ok(Self::Firth(FirthCorrection::Flic)),
            "flac" => Ok(Self::Firth(FirthCorrection::Flac)),
            "plain" => Ok(Self::Firth(FirthCorrection::None)),
            _ => Err(format!("expected flic, flac or plain, found {text}")),
        }
    }
}

impl std::fmt::Display for Penalty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Firth(FirthCorrection::Flic) => "flic",
            Self::Firth(FirthCorrection::Flac) => "flac",
            Self::Firth(_) => "plain",
        })
    }
}

/// A probability strictly between 0 and 1.
///
/// # Errors
/// Any other text.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err(format!("expected a number between 0 and 1, found {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_as_written() {
        for text in ["p:0.05", "lrt:0.1", "aic", "bic", "none"] {
            assert_eq!(text.parse::<Backward>().unwrap().to_string(), text);
        }
        assert!("p:2".parse::<Backward>().is_err());
        assert!("P".parse::<Backward>().is_err());
    }
}
