//! Keeping features by their reliability, and words for it.

use std::fmt;

use super::estimate::{Icc, IccStatus};

/// Which number of an [`Icc`] is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IccBound {
    /// The estimate, as most radiomics studies do.
    #[default]
    Estimate,
    /// The lower confidence limit, as Koo and Li advise.
    LowerLimit,
}

impl IccBound {
    /// The number itself; NaN for constant ratings.
    pub fn of(self, icc: &Icc) -> f64 {
        match self {
            Self::Estimate => icc.value,
            Self::LowerLimit => icc.ci_low,
        }
    }
}

/// Keeps features that are reliable enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IccFilter {
    /// Smallest value kept.
    pub threshold: f64,
    /// What is compared with it.
    pub bound: IccBound,
}

impl Default for IccFilter {
    fn default() -> Self {
        Self {
            threshold: 0.80,
            bound: IccBound::Estimate,
        }
    }
}

impl IccFilter {
    /// Whether a feature is kept: the number compared is at least the threshold. A feature whose
    /// coefficient is undefined, improper or has a lower limit above 1 never is.
    pub fn keeps(&self, icc: &Icc) -> bool {
        let compared = self.compared(icc);
        icc.status == IccStatus::Estimated && compared >= self.threshold && compared <= 1.0
    }

    /// The number compared with the threshold.
    pub fn compared(&self, icc: &Icc) -> f64 {
        self.bound.of(icc)
    }
}

/// Words for ranges of the coefficient; every range includes its lower end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IccScheme {
    /// Poor, good from 0.60, excellent from 0.80: usual in radiomics.
    #[default]
    Radiomics,
    /// Poor, moderate from 0.50, good from 0.75, excellent from 0.90 (Koo and Li).
    KooLi,
    /// Poor, fair from 0.40, good from 0.60, excellent from 0.75 (Cicchetti 1994, doi:10.1037/1040-3590.6.4.284).
    Cicchetti,
}

/// A word for a coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reliability {
    /// The coefficient is not defined, or above 1.
    Undefined,
    /// Below the scheme's first cut.
    Poor,
    /// Cicchetti's second range.
    Fair,
    /// Koo and Li's second range.
    Moderate,
    /// Good.
    Good,
    /// Excellent.
    Excellent,
}

impl fmt::Display for Reliability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Undefined => "undefined",
            Self::Poor => "poor",
            Self::Fair => "fair",
            Self::Moderate => "moderate",
            Self::Good => "good",
            Self::Excellent => "excellent",
        })
    }
}

/// Words for both ends of a confidence interval, which Koo and Li advise to report instead of one for the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReliabilityRange {
    /// Word for the lower limit.
    pub low: Reliability,
    /// Word for the upper limit.
    pub high: Reliability,
}

/// `moderate to excellent`, or one word if both are the same.
impl fmt::Display for ReliabilityRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            return self.low.fmt(f);
        }
        f.pad(&format!("{} to {}", self.low, self.high))
    }
}

/// How many coefficients bear each word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReliabilityCounts {
    /// Not defined, or above 1.
    pub undefined: usize,
    /// Poor.
    pub poor: usize,
    /// Fair.
    pub fair: usize,
    /// Moderate.
    pub moderate: usize,
    /// Good.
    pub good: usize,
    /// Excellent.
    pub excellent: usize,
}

impl ReliabilityCounts {
    /// The count of one word.
    pub fn of(&self, label: Reliability) -> usize {
        match label {
            Reliability::Undefined => self.undefined,
            Reliability::Poor => self.poor,
            Reliability::Fair => self.fair,
            Reliability::Moderate => self.moderate,
            Reliability::Good => self.good,
            Reliability::Excellent => self.excellent,
        }
    }

    /// All coefficients counted.
    pub fn total(&self) -> usize {
        self.undefined + self.poor + self.fair + self.moderate + self.good + self.excellent
    }

    fn add(&mut self, label: Reliability) {
        *match label {
            Reliability::Undefined => &mut self.undefined,
            Reliability::Poor => &mut self.poor,
            Reliability::Fair => &mut self.fair,
            Reliability::Moderate => &mut self.moderate,
            Reliability::Good => &mut self.good,
            Reliability::Excellent => &mut self.excellent,
        } += 1;
    }
}

impl IccScheme {
    /// The scheme's words with the smallest coefficient that bears them, ascending; the first starts at -∞.
    pub fn cuts(self) -> &'static [(Reliability, f64)] {
        use Reliability::{Excellent, Fair, Good, Moderate, Poor};
        const LOWEST: f64 = f64::NEG_INFINITY;
        match self {
            Self::Radiomics => &[(Poor, LOWEST), (Good, 0.60), (Excellent, 0.80)],
            Self::KooLi => &[
                (Poor, LOWEST),
                (Moderate, 0.50),
                (Good, 0.75),
                (Excellent, 0.90),
            ],
            Self::Cicchetti => &[
                (Poor, LOWEST),
                (Fair, 0.40),
                (Good, 0.60),
                (Excellent, 0.75),
            ],
        }
    }

    /// The word for a coefficient, without rounding it first.
    pub fn label(self, value: f64) -> Reliability {
        if value.is_nan() || value > 1.0 {
            return Reliability::Undefined;
        }
        self.cuts()
            .iter()
            .rev()
            .find(|(_, cut)| value >= *cut)
            .map_or(Reliability::Undefined, |&(label, _)| label)
    }

    /// The word for the estimate or for the lower limit.
    pub fn label_by(self, bound: IccBound, icc: &Icc) -> Reliability {
        self.label(bound.of(icc))
    }

    /// The words for both limits of the confidence interval.
    ///
    /// ```
    /// use feature_selection::icc::{icc, IccForm, IccScheme, IccSettings};
    /// use ndarray::array;
    /// let ratings = array![[9., 2., 5., 8.], [6., 1., 3., 2.], [8., 4., 6., 8.], [7., 1., 2., 6.], [10., 5., 6., 9.], [6., 2., 4., 7.]];
    /// let consistency = icc(ratings.view(), IccForm::CONSISTENCY_SINGLE, &IccSettings::default())?;
    /// // 0.71 with limits 0.34 and 0.95
    /// assert_eq!(IccScheme::KooLi.range(&consistency).to_string(), "poor to excellent");
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    pub fn range(self, icc: &Icc) -> ReliabilityRange {
        ReliabilityRange {
            low: self.label(icc.ci_low),
            high: self.label(icc.ci_high),
        }
    }

    /// How many coefficients bear each word.
    pub fn counts<'a>(
        self,
        bound: IccBound,
        coefficients: impl IntoIterator<Item = &'a Icc>,
    ) -> ReliabilityCounts {
        let mut counts = ReliabilityCounts::default();
        for icc in coefficients {
            counts.add(self.label_by(bound, icc));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::icc::{IccForm, IccSettings, icc};
    use ndarray::array;

    #[test]
    fn labels_are_cut_without_rounding() {
        assert_eq!(IccScheme::Radiomics.label(0.80), Reliability::Excellent);
        assert_eq!(IccScheme::Radiomics.label(0.7999), Reliability::Good);
        assert_eq!(IccScheme::Radiomics.label(0.60), Reliability::Good);
        assert_eq!(IccScheme::KooLi.label(0.5), Reliability::Moderate);
        assert_eq!(IccScheme::KooLi.label(0.75), Reliability::Good);
        assert_eq!(IccScheme::KooLi.label(0.9), Reliability::Excellent);
        assert_eq!(IccScheme::Cicchetti.label(0.39), Reliability::Poor);
        assert_eq!(IccScheme::Cicchetti.label(0.4), Reliability::Fair);
        for scheme in [IccScheme::Radiomics, IccScheme::KooLi, IccScheme::Cicchetti] {
            assert_eq!(scheme.label(f64::NEG_INFINITY), Reliability::Poor);
            assert_eq!(scheme.label(1.0), Reliability::Excellent);
            assert_eq!(scheme.label(f64::NAN), Reliability::Undefined);
            assert_eq!(scheme.label(1.5), Reliability::Undefined);
        }
    }

    #[test]
    fn an_improper_average_is_neither_kept_nor_labeled() {
        // B = J = 0 and E = 1: ICC(A,k) = (0 - 1)/(0 + (0 - 1)/2) = 2.
        let crossed = array![[1.0, 2.0], [2.0, 1.0]];
        let one = icc(
            crossed.view(),
            IccForm::AGREEMENT_AVERAGE,
            &IccSettings::default(),
        )
        .unwrap();
        assert_eq!((one.value, one.status), (2.0, IccStatus::Improper));
        for bound in [IccBound::Estimate, IccBound::LowerLimit] {
            assert!(
                !IccFilter {
                    threshold: 0.8,
                    bound
                }
                .keeps(&one)
            );
            assert_eq!(
                IccScheme::Radiomics.label_by(bound, &one),
                Reliability::Undefined
            );
        }
        assert_eq!(
            IccScheme::KooLi
                .counts(IccBound::Estimate, [&one])
                .undefined,
            1
        );
    }
}
