//! Coefficients of whole feature tables.

use std::collections::HashMap;

use super::estimate::{Design, Icc, IccValues, values};
use super::forms::IccForm;
use super::settings::{IccSettings, MissingRatings, check_size};
use super::squares::{MeanSquares, Workspace};
use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::table::NamedColumns;

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
/// order them differently. Tables with gaps ([`IncompleteTable`](crate::missing::IncompleteTable)) lose, feature by feature, the
/// subjects that [`MissingRatings`] says; a feature with fewer than two subjects left is
/// [`IccStatus::TooFewSubjects`](super::IccStatus::TooFewSubjects).
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
pub fn feature_icc<T: NamedColumns + ?Sized>(
    readings: &[&T],
    form: IccForm,
    settings: &IccSettings,
) -> Result<Vec<FeatureIcc>> {
    let readings = Readings::new(readings, settings)?;
    readings.map(|j, design, squares| FeatureIcc {
        name: readings.name(j),
        icc: design.estimate(squares, form),
    })
}

/// As [`feature_icc`] for all six forms.
///
/// # Errors
/// As [`feature_icc`].
pub fn feature_icc_all<T: NamedColumns + ?Sized>(
    readings: &[&T],
    settings: &IccSettings,
) -> Result<Vec<FeatureIccs>> {
    let readings = Readings::new(readings, settings)?;
    readings.map(|j, design, squares| FeatureIccs {
        name: readings.name(j),
        forms: design.estimate_all(squares),
    })
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
pub fn feature_icc_values<T: NamedColumns + ?Sized>(
    readings: &[&T],
    settings: &IccSettings,
) -> Result<Vec<IccValues>> {
    Readings::new(readings, settings)?.map(|_, _, squares| values(squares))
}

/// Tables of the same subjects and features.
struct Readings<'a, T: ?Sized> {
    tables: Vec<Reading<'a, T>>,
    n: usize,
    settings: IccSettings,
}

/// A table and where it keeps the columns of the first one; `None` if in the same places.
struct Reading<'a, T: ?Sized> {
    table: &'a T,
    places: Option<Vec<usize>>,
}

impl<'a, T: NamedColumns + ?Sized> Readings<'a, T> {
    fn new(tables: &[&'a T], settings: &IccSettings) -> Result<Self> {
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
                table: *table,
                places: places("repeated reading", first.names(), table.names())?,
            });
        }
        check_size(n, tables.len())?;
        Ok(Self {
            tables: readings,
            n,
            settings: *settings,
        })
    }

    fn name(&self, j: usize) -> String {
        self.tables[0].table.names()[j].clone()
    }

    fn column(&self, reading: usize, j: usize) -> &'a [f64] {
        let Reading { table, places } = &self.tables[reading];
        table.column(places.as_ref().map_or(j, |p| p[j]))
    }

    /// `f(index, design, mean squares)` of every feature, in order. The design is that of the subjects whose ratings are complete.
    fn map<U: Send>(&self, f: impl Fn(usize, &Design, &MeanSquares) -> U + Sync) -> Result<Vec<U>> {
        let (p, k) = (self.tables[0].table.names().len(), self.tables.len());
        let components = self.settings.components;
        let design = Design::new(self.n, k, &self.settings);
        let blocks = map_indexed(p.div_ceil(BLOCK), |block| {
            let mut workspace = Workspace::new(self.n, k);
            let feature = |j: usize| match self.complete_subjects(j)? {
                None => {
                    let squares = workspace.mean_squares(|reading| self.column(reading, j));
                    Ok(f(j, &design, &squares.with_components(components)))
                }
                Some(subjects) if subjects.len() < 2 => {
                    Ok(f(j, &design, &MeanSquares::of_none(subjects.len(), k)))
                }
                Some(subjects) => {
                    let n = subjects.len();
                    let ratings = self.ratings(&subjects, j);
                    let squares =
                        Workspace::new(n, k).mean_squares(|r| &ratings[r * n..(r + 1) * n]);
                    let design = Design::new(n, k, &self.settings);
                    Ok(f(j, &design, &squares.with_components(components)))
                }
            };
            (block * BLOCK..p.min((block + 1) * BLOCK))
                .map(feature)
                .collect::<Result<Vec<U>>>()
        });
        let mut all = Vec::with_capacity(p);
        for block in blocks {
            all.extend(block?);
        }
        Ok(all)
    }

    /// The subjects that every reading has a rating of; `None` if all have.
    fn complete_subjects(&self, j: usize) -> Result<Option<Vec<usize>>> {
        let mut complete: Option<Vec<bool>> = None;
        for reading in 0..self.tables.len() {
            if !self.tables[reading].table.may_miss() {
                continue;
            }
            let column = self.column(reading, j);
            for (row, _) in column.iter().enumerate().filter(|(_, x)| x.is_nan()) {
                if self.settings.missing == MissingRatings::Error {
                    return Err(Error::NonFinite {
                        row,
                        column: format!("{}, reading {reading}", self.name(j)),
                        value: f64::NAN,
                    });
                }
                complete.get_or_insert_with(|| vec![true; self.n])[row] = false;
            }
        }
        Ok(complete.map(|complete| (0..self.n).filter(|&row| complete[row]).collect()))
    }

    /// The ratings of some subjects, one reading after the other.
    fn ratings(&self, subjects: &[usize], j: usize) -> Vec<f64> {
        (0..self.tables.len())
            .map(|reading| self.column(reading, j))
            .flat_map(|column| subjects.iter().map(move |&row| column[row]))
            .collect()
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
