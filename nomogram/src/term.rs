//! Terms of a model: what is tested, kept or dropped as a whole.
//!
//! A term is the product of the columns of its [`Predictor`]s: of one for a main effect, of several for an interaction. Products are taken as
//! R's `model.matrix` takes them, with the columns of the first predictor changing fastest:
//!
//! | term | columns |
//! |---|---|
//! | `size`, a spline with 3 knots | `size`, `size'` |
//! | `margin`, 3 levels | `margin=Well`, `margin=Non` |
//! | `size * margin` | `size * margin=Well`, `size' * margin=Well`, `size * margin=Non`, `size' * margin=Non` |
//!
//! Models are hierarchical: an interaction stands beside all the terms it is made of. Without them the coefficients would depend on the
//! origin and on the reference level.

use crate::predictor::{Checked, Predictor};

/// What to make of columns of the table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TermSpec {
    /// The column as it is: linear if numeric, one indicator per level beyond the reference if categorical.
    Column(String),
    /// A restricted cubic spline of a numeric column.
    Spline {
        /// The column.
        column: String,
        /// Where the cubic pieces join.
        knots: Knots,
    },
    /// A polynomial of a numeric column, with raw powers.
    Polynomial {
        /// The column.
        column: String,
        /// Its degree, 2 to [`MAX_DEGREE`](crate::MAX_DEGREE).
        degree: usize,
    },
    /// The interaction of columns that are terms themselves; how each enters is said there.
    Interaction(Vec<String>),
}

/// Knots of a restricted cubic spline.
#[derive(Debug, Clone, PartialEq)]
pub enum Knots {
    /// This many, 3 to 7, where Hmisc puts them: at quantiles of the rows used, outside heaps of equal values; fewer if values are few.
    Count(usize),
    /// At these values.
    At(Vec<f64>),
}

impl TermSpec {
    /// A spline with `n_knots` knots at Harrell's quantiles.
    pub fn spline(column: impl Into<String>, n_knots: usize) -> Self {
        TermSpec::Spline {
            column: column.into(),
            knots: Knots::Count(n_knots),
        }
    }

    /// A polynomial of this degree.
    pub fn polynomial(column: impl Into<String>, degree: usize) -> Self {
        TermSpec::Polynomial {
            column: column.into(),
            degree,
        }
    }

    /// The interaction of these columns.
    pub fn interaction<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        TermSpec::Interaction(columns.into_iter().map(Into::into).collect())
    }

    /// The columns it reads: one, or several for an interaction.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            TermSpec::Column(column)
            | TermSpec::Spline { column, .. }
            | TermSpec::Polynomial { column, .. } => std::slice::from_ref(column),
            TermSpec::Interaction(columns) => columns,
        }
    }

    /// Name of the term: its columns joined by ` * `.
    #[must_use]
    pub fn name(&self) -> String {
        self.columns().join(PRODUCT)
    }
}

impl From<&str> for TermSpec {
    fn from(column: &str) -> Self {
        TermSpec::Column(column.to_owned())
    }
}

impl From<String> for TermSpec {
    fn from(column: String) -> Self {
        TermSpec::Column(column)
    }
}

impl From<&String> for TermSpec {
    fn from(column: &String) -> Self {
        TermSpec::Column(column.clone())
    }
}

/// Between the parts of an interaction's name.
pub(crate) const PRODUCT: &str = " * ";

/// A main effect or an interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Term {
    /// The columns of the table joined by ` * `: `age`, `age * margin`.
    pub name: String,
    /// Indices of its predictors: one for a main effect, several for an interaction.
    pub predictors: Vec<usize>,
}

impl Term {
    pub(crate) fn new(predictors: Vec<usize>, all: &[Predictor]) -> Self {
        let columns: Vec<&str> = predictors.iter().map(|&k| all[k].column.as_str()).collect();
        Self {
            name: columns.join(PRODUCT),
            predictors,
        }
    }

    /// Whether it is an interaction.
    #[must_use]
    pub fn is_interaction(&self) -> bool {
        self.predictors.len() > 1
    }

    /// Whether all its predictors are among those of `other`: such a term is tested together with `other` and cannot leave before it.
    #[must_use]
    pub fn is_part_of(&self, other: &Term) -> bool {
        self.predictors.iter().all(|k| other.predictors.contains(k))
    }

    /// Columns it fills in the design.
    pub(crate) fn n_columns(&self, all: &[Predictor]) -> usize {
        self.predictors
            .iter()
            .map(|&k| all[k].n_columns())
            .product()
    }

    /// For each of its columns the basis column of each predictor, the first one changing fastest.
    pub(crate) fn products(&self, all: &[Predictor]) -> Vec<Vec<(usize, usize)>> {
        let mut products = vec![Vec::new()];
        for &k in &self.predictors {
            products = (0..all[k].n_columns())
                .flat_map(|column| {
                    products.iter().map(move |product: &Vec<(usize, usize)>| {
                        let mut longer = product.clone();
                        longer.push((k, column));
                        longer
                    })
                })
                .collect();
        }
        products
    }
}

/// A column of the design matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesignColumn {
    /// Name as rms writes it: `Intercept`, `age`, `margin=Non`, `size'`, `age * margin=Non`.
    pub name: String,
    /// Index of its term; `None` for the intercept.
    pub term: Option<usize>,
    /// The basis columns whose product it is, each as (predictor, column of the predictor); empty for the intercept.
    pub factors: Vec<(usize, usize)>,
}

/// Columns of terms, intercept first.
pub(crate) fn columns_of(predictors: &[Predictor], terms: &[Term]) -> Vec<DesignColumn> {
    let basis: Vec<Vec<String>> = predictors.iter().map(Predictor::column_names).collect();
    let mut columns = vec![DesignColumn {
        name: "Intercept".to_owned(),
        term: None,
        factors: Vec::new(),
    }];
    for (index, term) in terms.iter().enumerate() {
        for factors in term.products(predictors) {
            let names: Vec<&str> = factors
                .iter()
                .map(|&(k, column)| basis[k][column].as_str())
                .collect();
            columns.push(DesignColumn {
                name: names.join(PRODUCT),
                term: Some(index),
                factors,
            });
        }
    }
    columns
}

/// Columns of one term within the design.
pub(crate) fn columns_of_term(
    predictors: &[Predictor],
    terms: &[Term],
    term: usize,
) -> std::ops::Range<usize> {
    let start = 1 + terms[..term]
        .iter()
        .map(|t| t.n_columns(predictors))
        .sum::<usize>();
    start..start + terms[term].n_columns(predictors)
}

/// One row of the design for checked values, one per predictor.
pub(crate) fn row_of(
    predictors: &[Predictor],
    columns: &[DesignColumn],
    values: &[Checked],
) -> Vec<f64> {
    let basis: Vec<Vec<f64>> = predictors
        .iter()
        .zip(values)
        .map(|(predictor, &value)| {
            let mut out = Vec::with_capacity(predictor.n_columns());
            predictor.encode(value, &mut out);
            out
        })
        .collect();
    columns
        .iter()
        .map(|column| product(column, |k, j| basis[k][j]))
        .collect()
}

/// The product a column stands for, 1 for the intercept.
pub(crate) fn product(column: &DesignColumn, basis: impl Fn(usize, usize) -> f64) -> f64 {
    column.factors.iter().map(|&(k, j)| basis(k, j)).product()
}

/// The first interaction that lacks a term it is made of, with the name of that term.
pub(crate) fn missing_part(terms: &[Term], predictors: &[Predictor]) -> Option<(String, String)> {
    terms.iter().find_map(|term| {
        (0..term.predictors.len())
            .filter(|_| term.is_interaction())
            .map(|left_out| {
                let mut part = term.predictors.clone();
                part.remove(left_out);
                part
            })
            .find(|part| !terms.iter().any(|t| same_set(&t.predictors, part)))
            .map(|part| (term.name.clone(), Term::new(part, predictors).name))
    })
}

/// Whether two lists without repetition hold the same entries.
pub(crate) fn same_set(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().all(|k| b.contains(k))
}

/// Groups of predictors that interact with each other, directly or through others; each group and the list are in increasing order.
pub(crate) fn interacting_groups(n_predictors: usize, terms: &[Term]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..n_predictors).collect();
    for term in terms {
        let merged = term.predictors.iter().map(|&k| group[k]).min();
        let old: Vec<usize> = term.predictors.iter().map(|&k| group[k]).collect();
        for g in &mut group {
            if old.contains(g) {
                *g = merged.unwrap_or(*g);
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for first in 0..n_predictors {
        let members: Vec<usize> = (0..n_predictors).filter(|&k| group[k] == first).collect();
        if !members.is_empty() {
            groups.push(members);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictor::{NumericSummary, PredictorKind};

    fn predictors() -> Vec<Predictor> {
        let seen = NumericSummary::of(&[1.0, 2.0, 4.0]);
        let levels = ["Ill", "Well", "Non"].map(str::to_owned).to_vec();
        let kinds = [
            PredictorKind::Spline {
                knots: vec![1.0, 2.0, 4.0],
                seen: seen.clone(),
            },
            PredictorKind::Categorical {
                counts: vec![1; 3],
                levels,
            },
            PredictorKind::Numeric { seen },
        ];
        ["size", "margin", "age"]
            .into_iter()
            .zip(kinds)
            .map(|(column, kind)| Predictor {
                column: column.to_owned(),
                kind,
            })
            .collect()
    }

    #[test]
    fn products_are_named_and_ordered_as_in_r() {
        let all = predictors();
        let terms = [Term::new(vec![0, 1], &all)];
        let names: Vec<String> = columns_of(&all, &terms)
            .into_iter()
            .map(|c| c.name)
            .collect();
        assert_eq!(
            names,
            [
                "Intercept",
                "size * margin=Well",
                "size' * margin=Well",
                "size * margin=Non",
                "size' * margin=Non"
            ]
        );
        let values = [
            Checked::Number(3.0),
            Checked::Level(2),
            Checked::Number(5.0),
        ];
        let row = row_of(&all, &columns_of(&all, &terms), &values);
        assert_eq!(row[..4], [1.0, 0.0, 0.0, 3.0]);
    }

    #[test]
    fn groups_join_through_common_predictors() {
        let all = predictors();
        let pair = |a, b| Term::new(vec![a, b], &all);
        assert_eq!(interacting_groups(3, &[]), [vec![0], vec![1], vec![2]]);
        assert_eq!(interacting_groups(3, &[pair(2, 0)]), [vec![0, 2], vec![1]]);
        assert_eq!(
            interacting_groups(3, &[pair(1, 2), pair(0, 2)]),
            [vec![0, 1, 2]]
        );
    }

    #[test]
    fn an_interaction_needs_its_parts() {
        let all = predictors();
        let main = |k| Term::new(vec![k], &all);
        let lacking = [main(0), Term::new(vec![0, 1], &all)];
        assert_eq!(
            missing_part(&lacking, &all),
            Some(("size * margin".to_owned(), "margin".to_owned()))
        );
        let full = [main(0), main(1), Term::new(vec![0, 1], &all)];
        assert_eq!(missing_part(&full, &all), None);
    }
}
