//! Coefficients of whole feature tables.

use std::collections::HashMap;

use super::estimate::{Design, Icc, IccValues, values};
use super::forms::IccForm;
use super::settings::{IccSettings, check_size};
use super::squares::{MeanSquares, Workspace};
use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::table::FeatureTable;

/// Features that share one piece of working memory.
const BLOCK: usize = 32;

/// Reliability of one feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureIcc {
    /// Feature name.
    pub name: String,
    /// Its coefficient.
    pub icc: Icc,
}

/// All six coefficients of one feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureIccs {
    /// Feature name.
    pub name: String,
    /// Its coefficients, in the order of [`IccForm::ALL`].
    pub forms: [Icc; 6],
}

impl FeatureIccs {
    /// The coefficient of one form.
    pub fn of(&self, form: IccForm) -> &Icc {
        &self.forms[form.index()]
    }
}

/// One form for every feature, from two or more repeated readings of the same subjects: the i-th row
/// of every table is the same subject. Features come in the order of the first table; the others may
/// order them differently.
///
/// # Errors
/// As [`icc`](super::icc); [`Error::ColumnMismatch`] and [`Error::LengthMismatch`] if tables differ in columns or rows,
/// [`Error::InvalidSetting`] for fewer than two readings.
///
/// # Examples
/// ```
/// use feature_selection::icc::{feature_icc, IccForm, IccSettings};
/// use feature_selection::FeatureTable;
/// use ndarray::array;
///
/// let names = ["Energy".to_owned(), "Entropy".to_owned()];
/// let first = FeatureTable::new(array![[1., 7.], [4., 9.], [6., 8.]].view(), &names)?;
/// let second = FeatureTable::new(array![[1., 9.], [4., 7.], [6., 8.]].view(), &names)?;
/// let found = feature_icc(&[&first, &second], IccForm::AGREEMENT_SINGLE, &IccSettings::default())?;
/// assert_eq!((found[0].name.as_str(), found[0].icc.value), ("Energy", 1.0));
/// assert_eq!((found[1].name.as_str(), found[1].icc.value), ("Entropy", -3.0));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn feature_icc(
    readings: &[&FeatureTable],
    form: IccForm,
    settings: &IccSettings,
) -> Result<Vec<FeatureIcc>> {
    let readings = Readings::new(readings, settings)?;
    let design = Design::new(readings.n, readings.tables.len(), settings);
    Ok(readings.map(|j, squares| FeatureIcc {
        name: readings.name(j),
        icc: design.estimate(&squares.with_components(settings.components), form),
    }))
}

/// As [`feature_icc`] for all six forms.
///
/// # Errors
/// As [`feature_icc`].
pub fn feature_icc_all(
    readings: &[&FeatureTable],
    settings: &IccSettings,
) -> Result<Vec<FeatureIccs>> {
    let readings = Readings::new(readings, settings)?;
    let design = Design::new(readings.n, readings.tables.len(), settings);
    Ok(readings.map(|j, squares| FeatureIccs {
        name: readings.name(j),
        forms: design.estimate_all(&squares.with_components(settings.components)),
    }))
}

/// The six estimates of every feature without tests and intervals, in the column order of the first
/// table: a tenth of the time of [`feature_icc_all`].
///
/// # Errors
/// As [`feature_icc`].
///
/// # Examples
/// ```
/// use feature_selection::icc::{feature_icc_values, IccSettings};
/// use feature_selection::FeatureTable;
/// use ndarray::array;
///
/// let names = ["Energy".to_owned()];
/// let first = FeatureTable::new(array![[1.], [3.]].view(), &names)?;
/// let second = FeatureTable::new(array![[2.], [4.]].view(), &names)?;
/// let found = &feature_icc_values(&[&first, &second], &IccSettings::default())?[0];
/// // B = 4, J = 1, E = 0: agreement 4/(4 + 2 * 1/2), consistency 1
/// assert_eq!((found.agreement_single, found.consistency_single), (0.8, 1.0));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn feature_icc_values(
    readings: &[&FeatureTable],
    settings: &IccSettings,
) -> Result<Vec<IccValues>> {
    let readings = Readings::new(readings, settings)?;
    Ok(readings.map(|_, squares| values(&squares.with_components(settings.components))))
}

/// Tables of the same subjects and features.
struct Readings<'a> {
    tables: Vec<Reading<'a>>,
    n: usize,
}

/// A table and where it keeps the columns of the first one; `None` if in the same places.
struct Reading<'a> {
    table: &'a FeatureTable,
    places: Option<Vec<usize>>,
}

impl<'a> Readings<'a> {
    fn new(tables: &[&'a FeatureTable], settings: &IccSettings) -> Result<Self> {
        settings.check()?;
        let (Some(first), true) = (tables.first(), tables.len() >= 2) else {
            return Err(Error::InvalidSetting {
                name: "readings",
                expected: "at least 2",
                found: tables.len() as f64,
            });
        };
        let n = first.n_rows();
        let mut readings = Vec::with_capacity(tables.len());
        for table in tables {
            if table.n_rows() != n {
                return Err(Error::LengthMismatch {
                    what: "rows of a repeated reading",
                    expected: n,
                    found: table.n_rows(),
                });
            }
            readings.push(Reading {
                table,
                places: places("repeated reading", first.names(), table.names())?,
            });
        }
        check_size(n, tables.len())?;
        Ok(Self {
            tables: readings,
            n,
        })
    }

    fn name(&self, j: usize) -> String {
        self.tables[0].table.names()[j].clone()
    }

    fn column(&self, reading: usize, j: usize) -> &'a [f64] {
        let Reading { table, places } = &self.tables[reading];
        table.column(places.as_ref().map_or(j, |p| p[j]))
    }

    /// `f(index, mean squares)` of every feature, in order.
    fn map<T: Send>(&self, f: impl Fn(usize, MeanSquares) -> T + Sync) -> Vec<T> {
        let p = self.tables[0].table.n_columns();
        let blocks = map_indexed(p.div_ceil(BLOCK), |block| {
            let mut workspace = Workspace::new(self.n, self.tables.len());
            (block * BLOCK..p.min((block + 1) * BLOCK))
                .map(|j| f(j, workspace.mean_squares(|reading| self.column(reading, j))))
                .collect::<Vec<T>>()
        });
        blocks.into_iter().flatten().collect()
    }
}

/// Where `found` keeps the entries of `wanted`, or `None` if both are equal.
pub(super) fn places(
    what: &'static str,
    wanted: &[String],
    found: &[String],
) -> Result<Option<Vec<usize>>> {
    if wanted == found {
        return Ok(None);
    }
    let index: HashMap<&str, usize> = found
        .iter()
        .enumerate()
        .map(|(j, name)| (name.as_str(), j))
        .collect();
    let places: Vec<Option<usize>> = wanted
        .iter()
        .map(|name| index.get(name.as_str()).copied())
        .collect();
    let known: std::collections::HashSet<&String> = wanted.iter().collect();
    let missing: Vec<String> = wanted
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let unexpected: Vec<String> = found
        .iter()
        .filter(|name| !known.contains(name))
        .cloned()
        .collect();
    if missing.is_empty() && unexpected.is_empty() {
        return Ok(Some(places.into_iter().flatten().collect()));
    }
    Err(Error::ColumnMismatch {
        what,
        missing,
        unexpected,
    })
}
