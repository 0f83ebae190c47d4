//! From a table to the design matrix: predictors, terms, columns, rows used and rows dropped.

use std::sync::Arc;

use nalgebra::DMatrix;
use ndarray::Array2;

use crate::error::{Error, Kind, Result};
use crate::frame::{Column, ColumnValues, Frame};
use crate::knots;
use crate::predictor::{
    Checked, NumericSummary, Predictor, PredictorKind, degree_is_legal, knots_are_legal,
};
use crate::term::{
    self, DesignColumn, Knots, Term, TermSpec, columns_of, missing_part, product, same_set,
};

/// What to do with rows in which a predictor is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Refuse the table and name the first such row. The default: nothing is dropped unasked.
    #[default]
    Refuse,
    /// Leave such rows out and count them in [`Design::n_dropped`].
    Drop,
}

/// A design matrix with an intercept in its first column, and the fitted predictors and terms it was made of.
///
/// Cloning is cheap: the matrix is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    predictors: Vec<Predictor>,
    terms: Vec<Term>,
    columns: Vec<DesignColumn>,
    x: Arc<DMatrix<f64>>,
    rows: Vec<usize>,
    n_frame_rows: usize,
}

impl Design {
    /// Encodes the named terms of a table.
    ///
    /// Levels, knots and ranges are taken from the rows used. Main effects come in the order named, then interactions of two, then of three.
    /// Without terms the design is the intercept alone.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::DuplicateTerm`]; [`Error::MissingPart`] for an interaction without the terms it is made of;
    /// [`Error::MissingValue`] under [`Missing::Refuse`]; [`Error::ConstantColumn`] for a predictor with one value, [`Error::EmptyLevel`]
    /// for a level that no row used has; [`Error::ColumnKind`], [`Error::Knots`] and [`Error::Degree`] for an impossible spline or polynomial;
    /// [`Error::TooFewRows`] if no row is left.
    pub fn new<T: Into<TermSpec>>(
        frame: &Frame,
        terms: impl IntoIterator<Item = T>,
        missing: Missing,
    ) -> Result<Self> {
        let specs: Vec<TermSpec> = terms.into_iter().map(Into::into).collect();
        let mains = specs
            .iter()
            .filter(|s| !matches!(s, TermSpec::Interaction(_)));
        let mut sources: Vec<&Column> = Vec::with_capacity(specs.len());
        for spec in mains.clone() {
            let column = frame.column(&spec.columns()[0])?;
            if sources.iter().any(|s| s.name == column.name) {
                return Err(Error::DuplicateTerm {
                    column: spec.name(),
                });
            }
            sources.push(column);
        }
        let rows = complete_rows(&sources, frame.n_rows(), missing)?;
        if rows.is_empty() {
            return Err(Error::TooFewRows {
                rows: 0,
                columns: 1 + specs.len(),
            });
        }
        let predictors: Vec<Predictor> = mains
            .zip(&sources)
            .map(|(spec, column)| fit_predictor(spec, column, &rows))
            .collect::<Result<_>>()?;
        let terms = resolve_terms(&specs, &predictors)?;
        let columns = columns_of(&predictors, &terms);
        let x = encode(&predictors, &columns, &sources, &rows)?;
        Ok(Self {
            predictors,
            terms,
            columns,
            x: Arc::new(x),
            rows,
            n_frame_rows: frame.n_rows(),
        })
    }

    /// The fitted predictors, in the order named.
    #[must_use]
    pub fn predictors(&self) -> &[Predictor] {
        &self.predictors
    }

    /// The terms: main effects in the order named, then interactions.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The columns, intercept first.
    #[must_use]
    pub fn columns(&self) -> &[DesignColumn] {
        &self.columns
    }

    /// Indices of the columns of one term.
    ///
    /// # Panics
    /// If there is no such term.
    #[must_use]
    pub fn columns_of_term(&self, term: usize) -> std::ops::Range<usize> {
        term::columns_of_term(&self.predictors, &self.terms, term)
    }

    /// Rows of the table in use, counting from zero, increasing.
    #[must_use]
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Rows in use.
    #[must_use]
    pub fn n_used(&self) -> usize {
        self.rows.len()
    }

    /// Rows left out because a predictor was missing.
    #[must_use]
    pub fn n_dropped(&self) -> usize {
        self.n_frame_rows - self.rows.len()
    }

    /// Rows of the table the design was made of; outcomes, weights and offsets have one entry for each.
    #[must_use]
    pub fn n_table_rows(&self) -> usize {
        self.n_frame_rows
    }

    /// The matrix, (rows in use, columns), as a copy.
    #[must_use]
    pub fn matrix(&self) -> Array2<f64> {
        Array2::from_shape_fn(self.x.shape(), |ij| self.x[ij])
    }

    /// The same rows with some of the terms, in the order given, and the predictors they need.
    ///
    /// # Panics
    /// If there is no such term.
    #[must_use]
    pub fn with_terms(&self, terms: &[usize]) -> Self {
        let mut keep = vec![0];
        for &t in terms {
            keep.extend(self.columns_of_term(t));
        }
        let mut used: Vec<usize> = Vec::new();
        for &k in terms.iter().flat_map(|&t| &self.terms[t].predictors) {
            if !used.contains(&k) {
                used.push(k);
            }
        }
        let predictors: Vec<Predictor> = used.iter().map(|&k| self.predictors[k].clone()).collect();
        let renumbered = |term: &Term| {
            let places = term
                .predictors
                .iter()
                .map(|k| used.iter().position(|u| u == k).expect("used by the term"));
            Term::new(places.collect(), &predictors)
        };
        let terms: Vec<Term> = terms.iter().map(|&t| renumbered(&self.terms[t])).collect();
        Self {
            columns: columns_of(&predictors, &terms),
            x: Arc::new(self.x.select_columns(&keep)),
            predictors,
            terms,
            rows: self.rows.clone(),
            n_frame_rows: self.n_frame_rows,
        }
    }

    /// The terms that a test or a removal of `term` concerns: itself and every interaction that contains it.
    pub(crate) fn with_higher_order(&self, term: usize) -> Vec<usize> {
        (0..self.terms.len())
            .filter(|&t| self.terms[term].is_part_of(&self.terms[t]))
            .collect()
    }

    pub(crate) fn x(&self) -> &DMatrix<f64> {
        &self.x
    }

    /// These rows in use (which may repeat) as a design of its own, with one table row per entry.
    pub(crate) fn resampled(&self, rows: &[usize]) -> Self {
        Self {
            x: Arc::new(self.x.select_rows(rows)),
            rows: (0..rows.len()).collect(),
            n_frame_rows: rows.len(),
            ..self.clone()
        }
    }

    /// The inverse of [`pick`](Self::pick): one entry per row of the table, `filler` for rows not in use.
    pub(crate) fn spread<T: Copy>(&self, values: &[T], filler: T) -> Vec<T> {
        let mut out = vec![filler; self.n_frame_rows];
        for (&row, &v) in self.rows.iter().zip(values) {
            out[row] = v;
        }
        out
    }

    /// Entries of a list given per row of the table, for the rows in use.
    pub(crate) fn pick<T: Copy>(&self, what: &'static str, values: &[T]) -> Result<Vec<T>> {
        if values.len() != self.n_frame_rows {
            return Err(Error::RowCount {
                what,
                expected: self.n_frame_rows,
                found: values.len(),
            });
        }
        Ok(self.rows.iter().map(|&r| values[r]).collect())
    }
}

/// Encodes all rows of a table with fitted predictors. Missing values and unknown levels are errors here.
pub(crate) fn encode_frame(
    predictors: &[Predictor],
    columns: &[DesignColumn],
    frame: &Frame,
) -> Result<DMatrix<f64>> {
    let sources: Vec<&Column> = predictors
        .iter()
        .map(|p| frame.column(&p.column))
        .collect::<Result<_>>()?;
    let rows = complete_rows(&sources, frame.n_rows(), Missing::Refuse)?;
    encode(predictors, columns, &sources, &rows)
}

/// The terms of specifications whose main effects are these predictors.
fn resolve_terms(specs: &[TermSpec], predictors: &[Predictor]) -> Result<Vec<Term>> {
    let mut terms: Vec<Term> = (0..predictors.len())
        .map(|k| Term::new(vec![k], predictors))
        .collect();
    for spec in specs {
        let TermSpec::Interaction(columns) = spec else {
            continue;
        };
        let mut parts = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(k) = predictors.iter().position(|p| p.column == *column) else {
                return Err(Error::MissingPart {
                    interaction: spec.name(),
                    part: column.clone(),
                });
            };
            if parts.contains(&k) {
                return Err(Error::DuplicateTerm {
                    column: spec.name(),
                });
            }
            parts.push(k);
        }
        if parts.len() < 2 || terms.iter().any(|t| same_set(&t.predictors, &parts)) {
            return Err(Error::DuplicateTerm {
                column: spec.name(),
            });
        }
        terms.push(Term::new(parts, predictors));
    }
    terms.sort_by_key(|t| t.predictors.len());
    match missing_part(&terms, predictors) {
        Some((interaction, part)) => Err(Error::MissingPart { interaction, part }),
        None => Ok(terms),
    }
}

fn complete_rows(sources: &[&Column], n_rows: usize, missing: Missing) -> Result<Vec<usize>> {
    let mut rows = Vec::with_capacity(n_rows);
    for row in 0..n_rows {
        match sources.iter().find(|c| is_missing(c, row)) {
            None => rows.push(row),
            Some(column) if missing == Missing::Refuse => {
                return Err(Error::MissingValue {
                    column: column.name.clone(),
                    row,
                });
            }
            Some(_) => {}
        }
    }
    Ok(rows)
}

fn is_missing(column: &Column, row: usize) -> bool {
    match &column.values {
        ColumnValues::Numeric(values) => values[row].is_nan(),
        ColumnValues::Categorical { codes, .. } => codes[row].is_none(),
    }
}

fn fit_predictor(spec: &TermSpec, column: &Column, rows: &[usize]) -> Result<Predictor> {
    let kind = match &column.values {
        ColumnValues::Numeric(values) => {
            let used: Vec<f64> = rows.iter().map(|&r| values[r]).collect();
            numeric_kind(spec, &column.name, &used)?
        }
        ColumnValues::Categorical { .. } if !matches!(spec, TermSpec::Column(_)) => {
            return Err(Error::ColumnKind {
                column: column.name.clone(),
                expected: Kind::Numeric,
                found: Kind::Categorical,
            });
        }
        ColumnValues::Categorical { codes, levels } => {
            let mut counts = vec![0; levels.len()];
            for &row in rows {
                counts[codes[row].expect("rows in use are complete")] += 1;
            }
            check_levels(&column.name, levels, &counts, rows.len())?;
            PredictorKind::Categorical {
                levels: levels.clone(),
                counts,
            }
        }
    };
    Ok(Predictor {
        column: column.name.clone(),
        kind,
    })
}

fn numeric_kind(spec: &TermSpec, column: &str, used: &[f64]) -> Result<PredictorKind> {
    let seen = NumericSummary::of(used);
    if seen.min == seen.max {
        return Err(Error::ConstantColumn {
            column: column.to_owned(),
            rows: used.len(),
        });
    }
    match spec {
        TermSpec::Spline { knots, .. } => Ok(PredictorKind::Spline {
            knots: place_knots(column, knots, used)?,
            seen,
        }),
        TermSpec::Polynomial { degree, .. } if !degree_is_legal(*degree) => Err(Error::Degree {
            column: column.to_owned(),
            degree: *degree,
        }),
        TermSpec::Polynomial { degree, .. } => Ok(PredictorKind::Polynomial {
            degree: *degree,
            seen,
        }),
        TermSpec::Column(_) | TermSpec::Interaction(_) => Ok(PredictorKind::Numeric { seen }),
    }
}

fn check_levels(column: &str, levels: &[String], counts: &[usize], rows: usize) -> Result<()> {
    if counts.iter().filter(|&&c| c > 0).count() < 2 {
        return Err(Error::ConstantColumn {
            column: column.to_owned(),
            rows,
        });
    }
    match counts.iter().position(|&c| c == 0) {
        Some(level) => Err(Error::EmptyLevel {
            column: column.to_owned(),
            level: levels[level].clone(),
            rows,
        }),
        None => Ok(()),
    }
}

fn place_knots(column: &str, wanted: &Knots, used: &[f64]) -> Result<Vec<f64>> {
    let placed = match wanted {
        Knots::At(knots) => knots.clone(),
        Knots::Count(n) if !(3..=7).contains(n) => Vec::new(),
        Knots::Count(n) => {
            let mut sorted = used.to_vec();
            sorted.sort_by(f64::total_cmp);
            knots::placed(&sorted, *n)
        }
    };
    if knots_are_legal(&placed) {
        Ok(placed)
    } else {
        Err(Error::Knots {
            column: column.to_owned(),
            knots: placed,
        })
    }
}

fn encode(
    predictors: &[Predictor],
    columns: &[DesignColumn],
    sources: &[&Column],
    rows: &[usize],
) -> Result<DMatrix<f64>> {
    let basis: Vec<DMatrix<f64>> = predictors
        .iter()
        .zip(sources)
        .map(|(predictor, column)| basis_of(predictor, column, rows))
        .collect::<Result<_>>()?;
    let mut x = DMatrix::zeros(rows.len(), columns.len());
    for (column, mut values) in columns.iter().zip(x.column_iter_mut()) {
        match column.factors[..] {
            [(k, j)] => values.copy_from(&basis[k].column(j)),
            _ => {
                for (i, value) in values.iter_mut().enumerate() {
                    *value = product(column, |k, j| basis[k][(i, j)]);
                }
            }
        }
    }
    Ok(x)
}

/// The columns of one predictor.
fn basis_of(predictor: &Predictor, column: &Column, rows: &[usize]) -> Result<DMatrix<f64>> {
    let recode = level_map(predictor, column)?;
    let mut basis = DMatrix::zeros(rows.len(), predictor.n_columns());
    let mut buffer = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let value = match &column.values {
            ColumnValues::Numeric(values) => Checked::Number(values[row]),
            ColumnValues::Categorical { codes, levels } => {
                let code = codes[row].expect("rows in use are complete");
                Checked::Level(recode[code].ok_or_else(|| Error::UnknownLevel {
                    column: column.name.clone(),
                    row: Some(row),
                    level: levels[code].clone(),
                    expected: predictor.levels().unwrap_or(&[]).join(", "),
                })?)
            }
        };
        buffer.clear();
        predictor.encode(value, &mut buffer);
        for (j, &v) in buffer.iter().enumerate() {
            basis[(i, j)] = v;
        }
    }
    Ok(basis)
}

/// For each level of the column its index among the predictor's levels.
fn level_map(predictor: &Predictor, column: &Column) -> Result<Vec<Option<usize>>> {
    match (&column.values, predictor.levels()) {
        (ColumnValues::Numeric(_), None) => Ok(Vec::new()),
        (ColumnValues::Categorical { levels, .. }, Some(known)) => Ok(levels
            .iter()
            .map(|l| known.iter().position(|k| k == l))
            .collect()),
        (ColumnValues::Numeric(_), Some(_)) => Err(Error::ColumnKind {
            column: column.name.clone(),
            expected: Kind::Categorical,
            found: Kind::Numeric,
        }),
        (ColumnValues::Categorical { .. }, None) => Err(Error::ColumnKind {
            column: column.name.clone(),
            expected: Kind::Numeric,
            found: Kind::Categorical,
        }),
    }
}
