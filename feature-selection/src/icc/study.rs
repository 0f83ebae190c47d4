//! Several comparisons of readings side by side: who decides which features stay.

use std::collections::HashMap;
use std::fmt;

use super::estimate::Icc;
use super::features::{FeatureIcc, feature_icc_all, places};
use super::filter::{IccBound, IccFilter, IccScheme, ReliabilityCounts};
use super::forms::IccForm;
use super::settings::IccSettings;
use crate::error::{Error, Result, check_setting};
use crate::table::NamedColumns;

/// Readings to compare with each other.
///
/// The deciding form is the one the filter looks at; other forms are computed and reported beside it.
#[derive(Clone)]
pub struct Comparison<'a> {
    name: String,
    readings: Vec<&'a dyn NamedColumns>,
    decides: IccForm,
    reported: Vec<IccForm>,
}

impl fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison")
            .field("name", &self.name)
            .field("readings", &self.readings.len())
            .field("decides", &self.decides)
            .field("reported", &self.reported)
            .finish()
    }
}

impl<'a> Comparison<'a> {
    /// A named comparison of two or more readings.
    pub fn new<T: NamedColumns>(name: &str, readings: &[&'a T], decides: IccForm) -> Self {
        Self {
            name: name.to_owned(),
            readings: readings.iter().map(|&reading| reading as _).collect(),
            decides,
            reported: Vec::new(),
        }
    }

    /// Readings of different observers, judged by ICC(A,1).
    pub fn inter_observer<T: NamedColumns>(readings: &[&'a T]) -> Self {
        Self::new("inter-observer", readings, IccForm::AGREEMENT_SINGLE)
    }

    /// Readings of the same observer, judged by ICC(A,1) with ICC(C,1) reported beside it.
    pub fn intra_observer<T: NamedColumns>(readings: &[&'a T]) -> Self {
        Self::new("intra-observer", readings, IccForm::AGREEMENT_SINGLE)
            .report(IccForm::CONSISTENCY_SINGLE)
    }

    /// Reports one more form.
    pub fn report(mut self, form: IccForm) -> Self {
        if form != self.decides && !self.reported.contains(&form) {
            self.reported.push(form);
        }
        self
    }
}

/// What a column of a [`ReliabilityStudy`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnRole {
    /// A feature must pass the filter here to be kept.
    Decides,
    /// For information.
    Reported,
}

/// One column of coefficients.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReliabilityColumn {
    /// Name of the comparison.
    pub comparison: String,
    /// Whether the column decides.
    pub role: ColumnRole,
}

/// The coefficients of one feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureReliability {
    /// Feature name.
    pub name: String,
    /// One coefficient a column.
    pub icc: Vec<Icc>,
    /// Whether the coefficient passes the filter, one entry a column.
    pub passes: Vec<bool>,
    /// Whether it passes in every column that decides.
    pub kept: bool,
}

/// Reliability of every feature in several comparisons, and which features pass in all of them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReliabilityStudy {
    /// The filter applied.
    pub filter: IccFilter,
    /// What the coefficients of a feature are, in order.
    pub columns: Vec<ReliabilityColumn>,
    /// One entry a feature, in the column order of the first table.
    pub features: Vec<FeatureReliability>,
}

impl ReliabilityStudy {
    /// Computes every comparison. The tables of a comparison share their subjects, those of different
    /// comparisons need not; all share their features.
    ///
    /// # Errors
    /// As [`feature_icc`](super::feature_icc); [`Error::InvalidSetting`] without comparisons or for a threshold that is no number;
    /// [`Error::ColumnMismatch`] if comparisons differ in features.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::icc::{Comparison, IccFilter, IccSettings, ReliabilityStudy};
    /// use feature_selection::FeatureTable;
    /// use ndarray::array;
    ///
    /// let names = ["Energy".to_owned(), "Entropy".to_owned()];
    /// let table = |values: [[f64; 2]; 4]| FeatureTable::new(ndarray::arr2(&values).view(), &names);
    /// let first = table([[1., 5.], [2., 6.], [3., 5.], [4., 6.]])?;
    /// let again = table([[1., 6.], [2., 6.], [3., 5.], [4., 5.]])?;
    /// let other = table([[1., 5.], [2., 6.], [3., 5.], [5., 6.]])?;
    /// let study = ReliabilityStudy::new(
    ///     &[Comparison::inter_observer(&[&first, &other]), Comparison::intra_observer(&[&first, &again])],
    ///     &IccFilter::default(),
    ///     &IccSettings::default(),
    /// )?;
    /// assert_eq!(study.columns.len(), 3);           // inter A,1; intra A,1 and C,1
    /// assert_eq!(study.kept(), [0]);
    /// assert_eq!(study.features[1].passes, [true, false, false]);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    pub fn new(
        comparisons: &[Comparison<'_>],
        filter: &IccFilter,
        settings: &IccSettings,
    ) -> Result<Self> {
        let mut columns = Vec::new();
        for comparison in comparisons {
            let all = feature_icc_all(&comparison.readings, settings)?;
            let forms = std::iter::once((comparison.decides, ColumnRole::Decides)).chain(
                comparison
                    .reported
                    .iter()
                    .map(|&form| (form, ColumnRole::Reported)),
            );
            for (form, role) in forms {
                let features = all.iter().map(|feature| FeatureIcc {
                    name: feature.name.clone(),
                    icc: *feature.of(form),
                });
                columns.push((comparison.name.clone(), role, features.collect()));
            }
        }
        Self::from_columns(columns, filter)
    }

    /// Puts coefficients that are there already side by side; every comparison decides. Features are
    /// matched by name and come in the order of the first comparison.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] without comparisons or for a threshold that is no number, [`Error::ColumnMismatch`] if they differ in
    /// features, [`Error::DuplicateName`] if one holds a feature twice.
    pub fn join(comparisons: &[(&str, &[FeatureIcc])], filter: &IccFilter) -> Result<Self> {
        let columns = comparisons
            .iter()
            .map(|&(name, features)| (name.to_owned(), ColumnRole::Decides, features.to_vec()))
            .collect();
        Self::from_columns(columns, filter)
    }

    fn from_columns(
        columns: Vec<(String, ColumnRole, Vec<FeatureIcc>)>,
        filter: &IccFilter,
    ) -> Result<Self> {
        let threshold = filter.threshold;
        check_setting("ICC threshold", "a number", threshold, !threshold.is_nan())?;
        let Some((_, _, first)) = columns.first() else {
            return Err(Error::InvalidSetting {
                name: "comparisons",
                expected: "at least 1",
                found: 0.0,
            });
        };
        let names = unique_names(first)?;
        let mut features: Vec<FeatureReliability> = names
            .iter()
            .map(|name| FeatureReliability {
                name: name.clone(),
                icc: Vec::with_capacity(columns.len()),
                passes: Vec::with_capacity(columns.len()),
                kept: true,
            })
            .collect();
        let mut described = Vec::with_capacity(columns.len());
        for (comparison, role, column) in columns {
            let order = places("comparison", &names, &unique_names(&column)?)?;
            for (j, feature) in features.iter_mut().enumerate() {
                let icc = column[order.as_ref().map_or(j, |order| order[j])].icc;
                let passes = filter.keeps(&icc);
                feature.icc.push(icc);
                feature.passes.push(passes);
                feature.kept &= passes || role == ColumnRole::Reported;
            }
            described.push(ReliabilityColumn { comparison, role });
        }
        Ok(Self {
            filter: *filter,
            columns: described,
            features,
        })
    }

    /// Indices of the features that pass in every deciding column, ascending.
    pub fn kept(&self) -> Vec<usize> {
        (0..self.features.len())
            .filter(|&j| self.features[j].kept)
            .collect()
    }

    /// One column as [`feature_icc`](super::feature_icc) gives it.
    ///
    /// # Panics
    /// If `column` is not below the number of columns.
    pub fn column(&self, column: usize) -> Vec<FeatureIcc> {
        self.features
            .iter()
            .map(|feature| FeatureIcc {
                name: feature.name.clone(),
                icc: feature.icc[column],
            })
            .collect()
    }

    /// The deciding columns, as [`Step::Reliability`](crate::pipeline::Step::Reliability) takes them.
    pub fn deciding(&self) -> Vec<Vec<FeatureIcc>> {
        (0..self.columns.len())
            .filter(|&c| self.columns[c].role == ColumnRole::Decides)
            .map(|c| self.column(c))
            .collect()
    }

    /// How many features bear each word in one column.
    ///
    /// # Panics
    /// If `column` is not below the number of columns.
    pub fn counts(&self, column: usize, scheme: IccScheme, bound: IccBound) -> ReliabilityCounts {
        scheme.counts(bound, self.features.iter().map(|f| &f.icc[column]))
    }
}

fn unique_names(features: &[FeatureIcc]) -> Result<Vec<String>> {
    let mut first_seen = HashMap::with_capacity(features.len());
    for (second, feature) in features.iter().enumerate() {
        if let Some(first) = first_seen.insert(feature.name.as_str(), second) {
            return Err(Error::DuplicateName {
                name: feature.name.clone(),
                first,
                second,
            });
        }
    }
    Ok(features.iter().map(|f| f.name.clone()).collect())
}
