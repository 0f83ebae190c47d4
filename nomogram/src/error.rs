//! What can go wrong, by name, with the numbers needed to mend it.

use std::fmt;

/// Result of a fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a table, an outcome, a model or a model file was refused.
///
/// Rows are stored counting from zero and printed counting from one, as a spreadsheet without its header does.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two columns of a frame carry one name. Rename one.
    #[error("column {column:?} is given twice")]
    DuplicateColumn {
        /// The name.
        column: String,
    },
    /// A column has another length than the frame. Check how the table was read.
    #[error("column {column:?} has {found} rows, expected {expected}")]
    ColumnLength {
        /// The column.
        column: String,
        /// Rows of the frame.
        expected: usize,
        /// Rows of the column.
        found: usize,
    },
    /// A matrix and its list of names disagree. Give one name per column.
    #[error("{names} names for {columns} columns")]
    NameCount {
        /// Names given.
        names: usize,
        /// Columns of the matrix.
        columns: usize,
    },
    /// No column of this name. Check the spelling against the table's header.
    #[error("no column {column:?}; the columns are {available}")]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The names there are, comma separated.
        available: String,
    },
    /// A predictor was named twice. Remove one.
    #[error("predictor {column:?} is named twice")]
    DuplicateTerm {
        /// The predictor.
        column: String,
    },
    /// A column holds numbers where levels are needed or the other way round.
    #[error("column {column:?} is {found}, expected {expected}")]
    ColumnKind {
        /// The column.
        column: String,
        /// What is needed.
        expected: Kind,
        /// What is there.
        found: Kind,
    },
    /// A value is infinite. Mend or remove the row.
    #[error("column {column:?}, data row {}: {value} is not a finite number", .row + 1)]
    NotFinite {
        /// The column.
        column: String,
        /// Row, counting from zero.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A value is missing and [`Missing::Refuse`](crate::Missing::Refuse) is in force. Mend the row, or drop rows with
    /// [`Missing::Drop`](crate::Missing::Drop), which counts them.
    #[error("column {column:?}, data row {}: missing value", .row + 1)]
    MissingValue {
        /// The column.
        column: String,
        /// Row, counting from zero.
        row: usize,
    },
    /// A value is no level of its column. Add the level, or correct the value.
    #[error("column {column:?}{}: unknown level {level:?}, expected one of {expected}", row_text(.row))]
    UnknownLevel {
        /// The column.
        column: String,
        /// Row, counting from zero; `None` for a single patient.
        row: Option<usize>,
        /// The value.
        level: String,
        /// The levels, comma separated.
        expected: String,
    },
    /// A level is declared twice.
    #[error("column {column:?}: level {level:?} is declared twice")]
    DuplicateLevel {
        /// The column.
        column: String,
        /// The level.
        level: String,
    },
    /// A declared level never occurs in the rows used, so its effect cannot be estimated. Remove the level, or merge it with another.
    #[error(
        "column {column:?}: level {level:?} never occurs in the {rows} rows used; remove it or merge it with another"
    )]
    EmptyLevel {
        /// The column.
        column: String,
        /// The level.
        level: String,
        /// Rows used.
        rows: usize,
    },
    /// A predictor takes one value only, so its effect cannot be estimated. Leave it out.
    #[error("column {column:?} is constant in the {rows} rows used; leave it out")]
    ConstantColumn {
        /// The column.
        column: String,
        /// Rows used.
        rows: usize,
    },
    /// A spline needs more distinct values or other knots.
    #[error(
        "column {column:?}: a restricted cubic spline needs 3 to 7 increasing knots, got {knots:?}"
    )]
    Knots {
        /// The column.
        column: String,
        /// The knots.
        knots: Vec<f64>,
    },
    /// A polynomial of a degree that is not offered. Take a spline for a curve with more bends.
    #[error(
        "column {column:?}: a polynomial of degree {degree}, expected a degree of 2 to {}",
        crate::MAX_DEGREE
    )]
    Degree {
        /// The column.
        column: String,
        /// Its degree.
        degree: usize,
    },
    /// An interaction stands without one of the terms it is made of. Add that term.
    #[error("interaction {interaction:?} needs the term {part:?} beside it; add that term")]
    MissingPart {
        /// The interaction.
        interaction: String,
        /// The term that is missing.
        part: String,
    },
    /// A list that must have one entry per row of the frame has another length.
    #[error("{what} has {found} entries, expected {expected}, one per row of the table")]
    RowCount {
        /// What was given: `outcome`, `weights`, `offset`.
        what: &'static str,
        /// Rows of the table.
        expected: usize,
        /// Entries given.
        found: usize,
    },
    /// All outcomes are alike, so there is nothing to predict. Check the outcome column and the rows chosen.
    #[error(
        "the outcome has one class only: {events} events in {n} rows, expected some of both; check the outcome column and the rows chosen"
    )]
    SingleClass {
        /// Events.
        events: usize,
        /// Rows used.
        n: usize,
    },
    /// Fewer rows than coefficients can be estimated from. Take fewer predictors or more patients.
    #[error(
        "{rows} rows cannot determine {columns} coefficients, expected more rows than coefficients; take fewer predictors"
    )]
    TooFewRows {
        /// Rows used.
        rows: usize,
        /// Coefficients, the intercept included.
        columns: usize,
    },
    /// More effects than rows of the rarer class. Take fewer predictors or more patients, use [`Firth`](crate::Firth), or go on with
    /// [`FewEvents::Allow`](crate::FewEvents::Allow).
    #[error(
        "{events} rows of the rarer class cannot support {coefficients} coefficients besides the intercept, expected at least as many; take fewer predictors, use Firth's penalty, or allow few events"
    )]
    TooFewEvents {
        /// Events, or non-events where these are fewer.
        events: usize,
        /// Coefficients, the intercept not counted.
        coefficients: usize,
    },
    /// A setting lies outside its range.
    #[error("{setting} is {value}, expected {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        expected: &'static str,
    },
    /// A case weight or an offset is unusable.
    #[error("{what} of data row {} is {value}, expected {expected}", .row + 1)]
    RowValue {
        /// `weight` or `offset`.
        what: &'static str,
        /// Row, counting from zero.
        row: usize,
        /// The value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// The predictors separate events from non-events, so the named coefficients have no finite maximum likelihood estimate.
    /// Leave the predictor out, merge levels, or use [`Firth`](crate::Firth).
    #[error("{kind} separation: no finite estimate for {}; leave it out, merge levels, or use Firth's penalty", separated_text(.columns))]
    Separation {
        /// Whether every row or only some rows are separated.
        kind: SeparationKind,
        /// A smallest set of columns that separates, with the direction of each.
        columns: Vec<SeparatedColumn>,
    },
    /// The iteration ended without meeting its criterion.
    #[error(
        "no convergence after {iterations} iterations (last change {last_change:e}); allow more iterations, take fewer predictors or use Firth's penalty"
    )]
    NotConverged {
        /// Iterations done.
        iterations: usize,
        /// Size of the last change.
        last_change: f64,
    },
    /// A coefficient is not estimable because its column is a combination of earlier ones. Leave the column out.
    #[error("column {column:?} is a linear combination of the columns before it; leave it out")]
    Aliased {
        /// The column of the design.
        column: String,
    },
    /// A covariance matrix is not positive definite, so a test or an interval cannot be formed.
    #[error("the covariance of {what} is not positive definite")]
    SingularCovariance {
        /// What was to be tested.
        what: String,
    },
    /// A profile likelihood does not cross its limit within the range searched. The interval is unbounded on that side for practical purposes.
    #[error("the profile likelihood of {column:?} does not reach the {side} limit")]
    ProfileLimit {
        /// The coefficient.
        column: String,
        /// `lower` or `upper`.
        side: &'static str,
    },
    /// A new patient lacks a predictor of the model.
    #[error("the patient has no value for predictor {predictor:?}")]
    MissingPredictor {
        /// The predictor.
        predictor: String,
    },
    /// A new patient carries a value for something the model does not know. Check the spelling.
    #[error("the model has no predictor {predictor:?}; its predictors are {available}")]
    UnknownPredictor {
        /// The name given.
        predictor: String,
        /// The model's predictors, comma separated.
        available: String,
    },
    /// A number is needed and text was found.
    #[error("predictor {predictor:?}: {value:?} is not a finite number")]
    NotANumber {
        /// The predictor.
        predictor: String,
        /// The text.
        value: String,
    },
    /// A value is so large that a power or a product of it overflows, so that there is no risk. Check its unit.
    #[error("predictor {predictor:?}{}: {value:e} is too large for the model; check its unit", row_text(.row))]
    Overflow {
        /// The predictor with the largest value.
        predictor: String,
        /// Row, counting from zero; `None` for a single patient.
        row: Option<usize>,
        /// The value.
        value: f64,
    },
    /// A text stands where only text without this use is possible: a level was expected and a number given.
    #[error("predictor {predictor:?}: {value} is a number, expected one of the levels {expected}")]
    NotALevel {
        /// The predictor.
        predictor: String,
        /// The number.
        value: f64,
        /// The levels, comma separated.
        expected: String,
    },
    /// A model with an offset cannot predict, because a new patient has none. Fit without offset, or add it to the linear predictor yourself.
    #[error("a model fitted with an offset cannot predict new patients")]
    OffsetInModel,
    /// A nomogram needs at least one predictor with an effect.
    #[error("the model has no predictor with an effect, so no axis can be drawn")]
    NoEffect,
    /// What is to be drawn has no picture.
    #[error("the figure cannot be drawn: {source}")]
    Figure {
        /// Why.
        source: Box<eval_stats::Error>,
    },
    /// A calibration curve begins at the fifth smallest and ends at the fifth largest prediction.
    #[error("a calibration curve needs at least 10 rows, got {rows}")]
    TooFewForCurve {
        /// Rows used.
        rows: usize,
    },
    /// Axis ticks given by the user are unusable.
    #[error("axis {axis:?}: ticks must be finite, increasing and at least two, got {ticks:?}")]
    Ticks {
        /// The axis.
        axis: String,
        /// The ticks.
        ticks: Vec<f64>,
    },
    /// Values at which an interacting predictor is to be held are unusable, or the predictor interacts with none.
    #[error(
        "predictor {predictor:?} given at {values:?}: expected finite increasing values of a predictor that is part of an interaction"
    )]
    Given {
        /// The predictor.
        predictor: String,
        /// The values.
        values: Vec<f64>,
    },
    /// Interactions of predictors with many values would need more axes than a figure can hold. Give fewer values, or merge levels.
    #[error(
        "the nomogram needs {axes} axes, expected at most {limit}; give fewer values or merge levels"
    )]
    TooManyAxes {
        /// Axes needed.
        axes: usize,
        /// Most axes.
        limit: usize,
    },
    /// A risk outside (0, 1).
    #[error("{what} is {value}, expected a probability strictly between 0 and 1")]
    Probability {
        /// What was given.
        what: &'static str,
        /// The value.
        value: f64,
    },
    /// Cut-offs between risk groups do not increase strictly.
    #[error("cut-offs must increase strictly, got {cutoffs:?}")]
    Cutoffs {
        /// The cut-offs.
        cutoffs: Vec<f64>,
    },
    /// A resample refers to a row that does not exist or has a wrong length.
    #[error("resample {resample}: {problem}")]
    Resample {
        /// Number of the resample, counting from zero.
        resample: usize,
        /// What is wrong.
        problem: String,
    },
    /// A statistic of external validation has no value on a cohort, for the reason given. Leave the cohort out, or mend its outcomes.
    #[error("cohort {cohort:?}: {source}")]
    Cohort {
        /// The cohort.
        cohort: String,
        /// What was found.
        source: Box<eval_stats::Error>,
    },
    /// No bootstrap resample could be fitted.
    #[error("none of the {replicates} resamples could be fitted; the first failure: {first}")]
    NoReplicate {
        /// Resamples tried.
        replicates: usize,
        /// Why the first one failed.
        first: Box<Error>,
    },
    /// A model file is no JSON, is cut short, or lacks a part.
    #[error("not a model file: {problem}")]
    ModelSyntax {
        /// What the parser found, with line and column.
        problem: String,
    },
    /// A model file of another format or of a later version. Update this program, or write the model anew.
    #[error(
        "model file of format {format:?} version {version}, expected {expected_format:?} version {expected_version}"
    )]
    ModelVersion {
        /// Format found.
        format: String,
        /// Version found.
        version: u64,
        /// Format this crate writes.
        expected_format: &'static str,
        /// Version this crate writes.
        expected_version: u64,
    },
    /// A model file whose parts contradict each other.
    #[error("inconsistent model file: {problem}")]
    ModelContent {
        /// The contradiction.
        problem: String,
    },
    /// A figure was asked for a patient who belongs to another model.
    #[error("the patient has {found} predictors, the nomogram {expected}")]
    ForeignPatient {
        /// Axes of the nomogram.
        expected: usize,
        /// Values of the patient.
        found: usize,
    },
}

/// The two kinds of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Numeric,
    /// Named levels.
    Categorical,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Numeric => "numeric",
            Kind::Categorical => "categorical",
        })
    }
}

/// How far a set of predictors separates the classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeparationKind {
    /// Some combination of predictors tells every event from every non-event.
    Complete,
    /// Some combination tells a part of the rows apart and is zero on all others.
    Quasi,
}

impl fmt::Display for SeparationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SeparationKind::Complete => "complete",
            SeparationKind::Quasi => "quasi-complete",
        })
    }
}

/// Where an estimate runs off to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divergence {
    /// The coefficient grows without bound.
    PlusInfinity,
    /// The coefficient falls without bound.
    MinusInfinity,
}

/// A column of the design without a finite estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeparatedColumn {
    /// Name of the design column, e.g. `margin=Non`.
    pub name: String,
    /// Where its coefficient runs off to.
    pub divergence: Divergence,
}

fn row_text(row: &Option<usize>) -> String {
    row.map_or_else(String::new, |r| format!(", data row {}", r + 1))
}

fn separated_text(columns: &[SeparatedColumn]) -> String {
    let parts: Vec<String> = columns
        .iter()
        .map(|c| {
            let sign = match c.divergence {
                Divergence::PlusInfinity => "+",
                Divergence::MinusInfinity => "-",
            };
            format!("{:?} ({sign}infinity)", c.name)
        })
        .collect();
    parts.join(", ")
}
