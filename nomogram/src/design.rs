//! From a table to the design matrix: terms, columns, rows used and rows dropped.

use std::sync::Arc;

use eval_stats::quantile::{QuantileType, of_sorted};
use nalgebra::DMatrix;
use ndarray::Array2;

use crate::error::{Error, Kind, Result};
use crate::frame::{Column, ColumnValues, Frame};
use crate::term::{
    Checked, Knots, NumericSummary, Term, TermKind, TermSpec, knot_quantiles, knots_are_legal,
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

/// A column of the design matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesignColumn {
    /// Name as rms writes it: `Intercept`, `age`, `margin=Non`, `size'`.
    pub name: String,
    /// Index of its term; `None` for the intercept.
    pub term: Option<usize>,
}

/// A design matrix with an intercept in its first column, and the fitted terms it was made of.
///
/// Cloning is cheap: the matrix is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    terms: Vec<Term>,
    columns: Vec<DesignColumn>,
    x: Arc<DMatrix<f64>>,
    rows: Vec<usize>,
    n_frame_rows: usize,
}

impl Design {
    /// Encodes the named predictors of a table.
    ///
    /// Levels, knots and ranges are taken from the rows used. Without terms the design is the intercept alone.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::DuplicateTerm`]; [`Error::MissingValue`] under [`Missing::Refuse`];
    /// [`Error::ConstantColumn`] for a predictor with one value, [`Error::EmptyLevel`] for a level that no row used has;
    /// [`Error::ColumnKind`] and [`Error::Knots`] for an impossible spline; [`Error::TooFewRows`] if no row is left.
    pub fn new<T: Into<TermSpec>>(
        frame: &Frame,
        terms: impl IntoIterator<Item = T>,
        missing: Missing,
    ) -> Result<Self> {
        let specs: Vec<TermSpec> = terms.into_iter().map(Into::into).collect();
        let mut sources: Vec<&Column> = Vec::with_capacity(specs.len());
        for (i, spec) in specs.iter().enumerate() {
            if specs[..i].iter().any(|s| s.column() == spec.column()) {
                return Err(Error::DuplicateTerm {
                    column: spec.column().to_owned(),
                });
            }
            sources.push(frame.column(spec.column())?);
        }
        let rows = complete_rows(&sources, frame.n_rows(), missing)?;
        if rows.is_empty() {
            return Err(Error::TooFewRows {
                rows: 0,
                columns: 1 + specs.len(),
            });
        }
        let fitted: Vec<Term> = specs
            .iter()
            .zip(&sources)
            .map(|(spec, column)| fit_term(spec, column, &rows))
            .collect::<Result<_>>()?;
        let x = encode(&fitted, &sources, &rows)?;
        Ok(Self::assemble(fitted, Arc::new(x), rows, frame.n_rows()))
    }

    fn assemble(
        terms: Vec<Term>,
        x: Arc<DMatrix<f64>>,
        rows: Vec<usize>,
        n_frame_rows: usize,
    ) -> Self {
        let columns = columns_of(&terms);
        Self {
            terms,
            columns,
            x,
            rows,
            n_frame_rows,
        }
    }

    /// The fitted terms, in the order named.
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
        let start = 1 + self.terms[..term]
            .iter()
            .map(Term::n_columns)
            .sum::<usize>();
        start..start + self.terms[term].n_columns()
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

    /// The same rows with some of the terms, in the order given.
    ///
    /// # Panics
    /// If there is no such term.
    #[must_use]
    pub fn with_terms(&self, terms: &[usize]) -> Self {
        let mut keep = vec![0];
        for &t in terms {
            keep.extend(self.columns_of_term(t));
        }
        let x = self.x.select_columns(&keep);
        let terms = terms.iter().map(|&t| self.terms[t].clone()).collect();
        Self::assemble(terms, Arc::new(x), self.rows.clone(), self.n_frame_rows)
    }

    pub(crate) fn x(&self) -> &DMatrix<f64> {
        &self.x
    }

    /// These rows in use (which may repeat) as a design of its own, with one table row per entry.
    pub(crate) fn resampled(&self, rows: &[usize]) -> Self {
        let x = self.x.select_rows(rows);
        Self::assemble(
            self.terms.clone(),
            Arc::new(x),
            (0..rows.len()).collect(),
            rows.len(),
        )
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

/// Columns of fitted terms, intercept first.
pub(crate) fn columns_of(terms: &[Term]) -> Vec<DesignColumn> {
    let mut columns = vec![DesignColumn {
        name: "Intercept".to_owned(),
        term: None,
    }];
    for (index, term) in terms.iter().enumerate() {
        columns.extend(term.column_names().into_iter().map(|name| DesignColumn {
            name,
            term: Some(index),
        }));
    }
    columns
}

/// Encodes all rows of a table with fitted terms. Missing values and unknown levels are errors here.
pub(crate) fn encode_frame(terms: &[Term], frame: &Frame) -> Result<DMatrix<f64>> {
    let sources: Vec<&Column> = terms
        .iter()
        .map(|t| frame.column(&t.column))
        .collect::<Result<_>>()?;
    let rows = complete_rows(&sources, frame.n_rows(), Missing::Refuse)?;
    encode(terms, &sources, &rows)
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

fn fit_term(spec: &TermSpec, column: &Column, rows: &[usize]) -> Result<Term> {
    let kind = match (&column.values, spec) {
        (ColumnValues::Numeric(values), _) => {
            let used: Vec<f64> = rows.iter().map(|&r| values[r]).collect();
            let seen = NumericSummary::of(&used);
            if seen.min == seen.max {
                return Err(Error::ConstantColumn {
                    column: column.name.clone(),
                    rows: rows.len(),
                });
            }
            match spec {
                TermSpec::Column(_) => TermKind::Numeric { seen },
                TermSpec::Spline { knots, .. } => TermKind::Spline {
                    knots: place_knots(&column.name, knots, &used)?,
                    seen,
                },
            }
        }
        (ColumnValues::Categorical { .. }, TermSpec::Spline { .. }) => {
            return Err(Error::ColumnKind {
                column: column.name.clone(),
                expected: Kind::Numeric,
                found: Kind::Categorical,
            });
        }
        (ColumnValues::Categorical { codes, levels }, TermSpec::Column(_)) => {
            let mut counts = vec![0; levels.len()];
            for &row in rows {
                counts[codes[row].expect("rows in use are complete")] += 1;
            }
            if counts.iter().filter(|&&c| c > 0).count() < 2 {
                return Err(Error::ConstantColumn {
                    column: column.name.clone(),
                    rows: rows.len(),
                });
            }
            if let Some(level) = counts.iter().position(|&c| c == 0) {
                return Err(Error::EmptyLevel {
                    column: column.name.clone(),
                    level: levels[level].clone(),
                    rows: rows.len(),
                });
            }
            TermKind::Categorical {
                levels: levels.clone(),
                counts,
            }
        }
    };
    Ok(Term {
        column: column.name.clone(),
        kind,
    })
}

fn place_knots(column: &str, knots: &Knots, used: &[f64]) -> Result<Vec<f64>> {
    let placed = match knots {
        Knots::At(knots) => knots.clone(),
        Knots::Count(n) => {
            let mut sorted = used.to_vec();
            sorted.sort_by(f64::total_cmp);
            let mut placed: Vec<f64> = knot_quantiles(*n)
                .iter()
                .map(|&p| of_sorted(&sorted, p, QuantileType::Type7))
                .collect();
            // In small tables the outer knots move to the fifth value from either end, as in Hmisc.
            if sorted.len() < 100 && sorted.len() >= 10 && placed.len() >= 2 {
                placed[0] = sorted[4];
                let last = placed.len() - 1;
                placed[last] = sorted[sorted.len() - 5];
            }
            placed
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

fn encode(terms: &[Term], sources: &[&Column], rows: &[usize]) -> Result<DMatrix<f64>> {
    let n_columns = 1 + terms.iter().map(Term::n_columns).sum::<usize>();
    let mut x = DMatrix::zeros(rows.len(), n_columns);
    x.column_mut(0).fill(1.0);
    let mut first = 1;
    let mut buffer = Vec::new();
    for (term, column) in terms.iter().zip(sources) {
        let recode = level_map(term, column)?;
        for (i, &row) in rows.iter().enumerate() {
            let value = match &column.values {
                ColumnValues::Numeric(values) => Checked::Number(values[row]),
                ColumnValues::Categorical { codes, levels } => {
                    let code = codes[row].expect("rows in use are complete");
                    Checked::Level(recode[code].ok_or_else(|| Error::UnknownLevel {
                        column: column.name.clone(),
                        row: Some(row),
                        level: levels[code].clone(),
                        expected: term.levels().unwrap_or(&[]).join(", "),
                    })?)
                }
            };
            buffer.clear();
            term.encode(value, &mut buffer);
            for (j, &v) in buffer.iter().enumerate() {
                x[(i, first + j)] = v;
            }
        }
        first += term.n_columns();
    }
    Ok(x)
}

/// For each level of the column its index among the term's levels.
fn level_map(term: &Term, column: &Column) -> Result<Vec<Option<usize>>> {
    match (&column.values, term.levels()) {
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
