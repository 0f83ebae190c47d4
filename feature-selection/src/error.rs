//! The one error type of the crate.

use crate::lasso::ElasticNetPath;

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a calculation was refused. Rows and columns are counted from zero.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two inputs that must have the same length do not. Check how the rows were joined.
    #[error("{what}: expected {expected} entries, found {found}")]
    LengthMismatch {
        /// Which input is of the wrong length.
        what: &'static str,
        /// Length required by the other input.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A value is NaN or infinite. Drop the column or impute it before selecting
    /// (see [`MissingPolicy`](crate::table::MissingPolicy) and [`missing`](crate::missing)).
    #[error("row {row}, column `{column}`: expected a finite number, found {value}")]
    NonFinite {
        /// Row, from zero.
        row: usize,
        /// Column name.
        column: String,
        /// The value found.
        value: f64,
    },
    /// A column's values are so far apart that a number made of them is beyond the range of `f64`. Rescale the column.
    #[error(
        "column `{column}`: expected a {what} within the range of a double, found values from {low:e} to {high:e}"
    )]
    BeyondRange {
        /// The number.
        what: &'static str,
        /// Column name.
        column: String,
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A number of a fitted model is beyond the range of `f64`. Rescale the column, outcome or weights that are out of proportion.
    #[error(
        "lambda number {lambda_index}: expected a {what} within the range of a double, found {value}"
    )]
    ModelBeyondRange {
        /// The number.
        what: &'static str,
        /// The model's place on the path, from zero.
        lambda_index: usize,
        /// What became of it.
        value: f64,
    },
    /// A table does not fit into memory.
    #[error(
        "feature table: expected a size that memory holds, found {n_rows} rows x {n_columns} columns"
    )]
    TableTooLarge {
        /// Rows.
        n_rows: usize,
        /// Columns.
        n_columns: usize,
    },
    /// Two columns carry the same name.
    #[error("column name `{name}` occurs twice, at columns {first} and {second}")]
    DuplicateName {
        /// The repeated name.
        name: String,
        /// First column with it.
        first: usize,
        /// Second column with it.
        second: usize,
    },
    /// All outcomes are equal, so nothing can be learned.
    #[error("expected events and non-events, found {events} events among {n} rows")]
    SingleClass {
        /// Number of events.
        events: usize,
        /// Number of rows.
        n: usize,
    },
    /// The continuous outcome does not vary.
    #[error("expected an outcome that varies, found {value} in all {n} rows")]
    ConstantOutcome {
        /// The value of every row.
        value: f64,
        /// Number of rows.
        n: usize,
    },
    /// One class is too small for the calculation.
    #[error("{what}: expected at least {required} rows in each class, found {found}")]
    TooFewInClass {
        /// The calculation.
        what: &'static str,
        /// Rows required in the smaller class.
        required: usize,
        /// Rows found in the smaller class.
        found: usize,
    },
    /// Too few rows for the calculation.
    #[error("{what}: expected at least {required} rows, found {found}")]
    TooFewRows {
        /// The calculation.
        what: &'static str,
        /// Rows required.
        required: usize,
        /// Rows found.
        found: usize,
    },
    /// More columns than the calculation can take. Remove columns that repeat others pairwise first
    /// ([`relevance_greedy`](crate::redundancy::relevance_greedy)).
    #[error(
        "{what}: expected at most {limit} columns, found {found}; remove pairwise redundant columns first"
    )]
    TooManyColumns {
        /// The calculation.
        what: &'static str,
        /// Most columns it takes, for this number of rows if it depends on that.
        limit: usize,
        /// Columns found.
        found: usize,
    },
    /// No column is left to work on.
    #[error("{what}: no usable column is left of {n_columns}")]
    NoUsableColumn {
        /// The calculation or pipeline step.
        what: &'static str,
        /// Columns given.
        n_columns: usize,
    },
    /// A setting is outside its range.
    #[error("{name}: expected {expected}, found {found}")]
    InvalidSetting {
        /// Name of the setting.
        name: &'static str,
        /// The permitted range.
        expected: &'static str,
        /// The value given.
        found: f64,
    },
    /// An index points past the last column.
    #[error("{what}: column index {index} is out of range, the table has {n_columns} columns")]
    ColumnOutOfRange {
        /// The setting holding the index.
        what: &'static str,
        /// The index.
        index: usize,
        /// Columns in the table.
        n_columns: usize,
    },
    /// The table's columns are not those the fitted object was made from.
    #[error("{what}: {} column(s) missing [{}], {} unexpected [{}]",
        missing.len(), shorten(missing), unexpected.len(), shorten(unexpected))]
    ColumnMismatch {
        /// The fitted object.
        what: &'static str,
        /// Columns it needs that the table lacks.
        missing: Vec<String>,
        /// Columns of the table it does not know.
        unexpected: Vec<String>,
    },
    /// An entry of a matrix is no correlation coefficient, or the matrix is not symmetric.
    #[error(
        "row {row}, column {column}: expected a coefficient from -1 to 1 that equals its mirror image, found {found} and {mirrored}"
    )]
    InvalidCoefficient {
        /// Row, from zero.
        row: usize,
        /// Column, from zero.
        column: usize,
        /// The entry.
        found: f64,
        /// The entry with row and column exchanged.
        mirrored: f64,
    },
    /// A fold assignment cannot be used.
    #[error("fold {fold}: expected {expected}, found {found} rows")]
    InvalidFold {
        /// The fold.
        fold: usize,
        /// What a fold must hold.
        expected: &'static str,
        /// Rows found in the fold.
        found: usize,
    },
    /// A cross-validation could not be fitted without one of its folds.
    #[error("repeat {repeat}, without fold {fold}: {error}")]
    InFold {
        /// Repeat, from zero.
        repeat: usize,
        /// The fold held out, from zero.
        fold: usize,
        /// What is wrong with the other rows.
        error: Box<Error>,
    },
    /// A cross-validation measured nothing: check weights and classes of the folds.
    #[error("none of {n_lambda} lambdas has a finite held-out loss and standard error")]
    NoFiniteLoss {
        /// Lambdas of the path.
        n_lambda: usize,
    },
    /// Coordinate descent used up its passes, or its coefficients left the range of `f64`, where no pass settles them. The solutions before that point are in `partial`.
    #[error("not converged after {max_passes} passes at lambda number {lambda_index}")]
    NotConverged {
        /// Lambda (from zero) at which the passes ran out.
        lambda_index: usize,
        /// The limit.
        max_passes: usize,
        /// The path up to that lambda; it may be empty.
        partial: Box<ElasticNetPath>,
    },
    /// The optimality conditions could not be met to the requested accuracy.
    #[error(
        "optimality conditions are violated by {violation:e} at lambda number {lambda_index}, expected at most {tolerance:e}"
    )]
    NotOptimal {
        /// Lambda (from zero).
        lambda_index: usize,
        /// Largest violation, on the standardized scale and in units of the column's norm, which is 1 for a standardized column
        /// of a model with an intercept.
        violation: f64,
        /// The requested bound.
        tolerance: f64,
    },
    /// No model of the path has the requested number of features.
    #[error("no lambda selects exactly {requested} features; the path offers {available:?}")]
    NoSuchModelSize {
        /// Features requested.
        requested: usize,
        /// Sizes that occur on the path, ascending.
        available: Vec<usize>,
    },
    /// A setting was combined with another one it does not fit.
    #[error("{what} needs {needs}")]
    Incompatible {
        /// The setting.
        what: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// A step of a pipeline stands where it makes no sense. Move it.
    #[error("step {step} ({name}) needs {needs}")]
    StepOrder {
        /// The step, from zero.
        step: usize,
        /// Its name.
        name: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// A step of a pipeline refused its settings or the columns left to it.
    #[error("step {step} ({name}): {error}")]
    InStep {
        /// The step, from zero.
        step: usize,
        /// Its name.
        name: &'static str,
        /// Why.
        error: Box<Error>,
    },
    /// A pipeline could not be fitted or judged in one outer fold.
    #[error("repeat {repeat}, outer fold {fold}: {error}")]
    InOuterFold {
        /// Repeat of the outer cross-validation, from zero.
        repeat: usize,
        /// Outer fold, from zero.
        fold: usize,
        /// Why.
        error: Box<Error>,
    },
    /// A fit of stability selection failed.
    #[error("subsample {subsample}: {error}")]
    InSubsample {
        /// The subsample, from zero.
        subsample: usize,
        /// Why.
        error: Box<Error>,
    },
    /// No setting keeps the expected number of false selections as low as asked for.
    #[error(
        "no {what} keeps the expected false selections at {requested} or below; the lowest bound is {lowest}"
    )]
    BoundUnreachable {
        /// The setting looked for.
        what: &'static str,
        /// Bound asked for.
        requested: f64,
        /// Lowest bound reached.
        lowest: f64,
    },
    /// A stored pipeline cannot be read.
    #[error("stored pipeline: {reason}")]
    InvalidPipeline {
        /// What is wrong with it.
        reason: String,
    },
    /// A stored score cannot be read.
    #[error("stored score: {reason}")]
    InvalidScore {
        /// What is wrong with it.
        reason: String,
    },
    /// A stored standardizer or imputer cannot be read.
    #[error("stored {what}: {reason}")]
    InvalidStored {
        /// What was stored.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A statistic of `eval-stats` refused its input.
    #[error(transparent)]
    Statistics(#[from] eval_stats::Error),
    /// A figure cannot be drawn.
    #[error("figure: {reason}")]
    Figure {
        /// Why.
        reason: String,
    },
}

/// Refuses a setting unless it `fits`.
pub(crate) fn check_setting(
    name: &'static str,
    expected: &'static str,
    found: f64,
    fits: bool,
) -> Result<()> {
    if fits {
        Ok(())
    } else {
        Err(Error::InvalidSetting {
            name,
            expected,
            found,
        })
    }
}

/// At most five names, so that a message about a thousand columns stays one line.
fn shorten(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        text.push_str(", ...");
    }
    text
}
