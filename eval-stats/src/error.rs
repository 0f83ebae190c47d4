//! The one error type of the crate.

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a statistic could not be computed.
///
/// Only unusable input is an error. Degenerate but legal input (tied scores, a perfect score, an
/// empty cell) has a value that is documented on the result's field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to compute from. Check the filter that selected the rows.
    #[error("{what} is empty, expected at least one value")]
    Empty {
        /// The argument that is empty.
        what: &'static str,
    },
    /// Two arguments describe a different number of subjects. Check that both come from the same rows.
    #[error("{what} has {found} values, expected {expected}")]
    LengthMismatch {
        /// The argument that disagrees.
        what: &'static str,
        /// Length of the argument it is compared with.
        expected: usize,
        /// Its own length.
        found: usize,
    },
    /// A value is NaN or infinite. Impute or remove the row before calling.
    #[error("{what} has {value} at index {index}, expected a finite number")]
    NotFinite {
        /// The argument.
        what: &'static str,
        /// Zero-based index of the value.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A risk is not a probability. Scores must be passed through the model's link first.
    #[error("{what} has {value} at index {index}, expected a probability in [0, 1]")]
    NotProbability {
        /// The argument.
        what: &'static str,
        /// Zero-based index of the value.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A statistic of predicted risks got a score whose small values speak for the event. Give it the
    /// probability of the event.
    #[error("the scores are declared lower = event, expected probabilities of the event")]
    LowerIsEvent,
    /// Risks of exactly 0 or 1 have no logit. Use statistics that need no logit, or a model that
    /// does not predict certainty.
    #[error(
        "{n} of the predicted risks are exactly 0 or 1 (first at index {index}), their logit is infinite"
    )]
    CertainRisk {
        /// Number of such risks.
        n: usize,
        /// Zero-based index of the first.
        index: usize,
    },
    /// All outcomes are alike, so nothing can be discriminated.
    #[error("all {n} outcomes are alike ({events} events), expected both classes")]
    SingleClass {
        /// Number of events.
        events: usize,
        /// Number of subjects.
        n: usize,
    },
    /// A variance needs at least two subjects of each class.
    #[error(
        "found {events} events and {non_events} non-events, expected at least {required} of each"
    )]
    TooFewPerClass {
        /// Number of events.
        events: usize,
        /// Number of non-events.
        non_events: usize,
        /// Number required in each class.
        required: usize,
    },
    /// Too few subjects, groups or levels for the statistic.
    #[error("{what}: found {found}, expected at least {required}")]
    TooFew {
        /// What is counted.
        what: &'static str,
        /// Number found.
        found: usize,
        /// Number required.
        required: usize,
    },
    /// More subjects than the crate's index type holds.
    #[error("found {found} subjects, expected at most {limit}")]
    TooMany {
        /// Number found.
        found: usize,
        /// Largest number supported.
        limit: usize,
    },
    /// A paired statistic got models that were scored on different subjects.
    #[error("the outcomes of the compared models differ, first at index {index}")]
    DifferentOutcomes {
        /// Zero-based index of the first difference.
        index: usize,
    },
    /// A scalar argument is outside its range.
    #[error("{name} is {value}, expected {expected}")]
    OutOfRange {
        /// The argument.
        name: &'static str,
        /// The value found.
        value: f64,
        /// The range, in words.
        expected: &'static str,
    },
    /// A count exceeds the total it is part of.
    #[error("{what}: found {part} of {total}, expected at most the total")]
    CountExceedsTotal {
        /// What is counted.
        what: &'static str,
        /// The part.
        part: u64,
        /// The total.
        total: u64,
    },
    /// Cut points must increase strictly.
    #[error("cut points must increase strictly, found {previous} before {value} at index {index}")]
    NotIncreasing {
        /// Zero-based index of the offending cut point.
        index: usize,
        /// The cut point before it.
        previous: f64,
        /// The cut point.
        value: f64,
    },
    /// A rating or label names a category that does not exist.
    #[error("{what} has category {found} at index {index}, expected one below {n_categories}")]
    UnknownCategory {
        /// The argument.
        what: &'static str,
        /// Zero-based index of the value.
        index: usize,
        /// The category found.
        found: usize,
        /// Number of categories.
        n_categories: usize,
    },
    /// A table's rows differ in length, or it is not of the shape that the statistic needs.
    #[error("{what} has {found} columns in row {row}, expected {expected}")]
    TableShape {
        /// The argument.
        what: &'static str,
        /// Zero-based row.
        row: usize,
        /// Number of columns expected.
        expected: usize,
        /// Number of columns found.
        found: usize,
    },
    /// A column of a reader study has no partner. Check the spelling of both headings.
    #[error("column {column} has no partner, expected a column {missing} beside it")]
    UnpairedColumn {
        /// The heading found.
        column: String,
        /// The heading expected.
        missing: String,
    },
    /// The statistic divides by a quantity that is zero for these data.
    #[error("{statistic} is undefined: {reason}")]
    Undefined {
        /// The statistic.
        statistic: &'static str,
        /// Why it has no value.
        reason: &'static str,
    },
    /// An iteration did not reach its tolerance; the data are likely separated.
    #[error("{what} did not converge in {iterations} iterations (last change {last_change:e})")]
    NotConverged {
        /// What was iterated.
        what: &'static str,
        /// Iterations done.
        iterations: usize,
        /// Size of the last change.
        last_change: f64,
    },
}

/// Checks that two arguments have as many values.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::LengthMismatch {
            what,
            expected,
            found,
        })
    }
}

/// As [`all_finite`] for values whose squares are summed: magnitudes above 1e150 are refused.
pub(crate) fn all_moderate(what: &'static str, values: &[f64]) -> Result<()> {
    // Without a way out in between, the loop becomes vector instructions.
    let moderate = values.iter().fold(true, |all, v| all & (v.abs() <= 1e150));
    if moderate && !values.is_empty() {
        return Ok(());
    }
    all_finite(what, values)?;
    match values.iter().find(|v| v.abs() > 1e150) {
        None => Ok(()),
        Some(&value) => Err(Error::OutOfRange {
            name: what,
            value,
            expected: "magnitudes of at most 1e150",
        }),
    }
}

/// Checks that all values are finite and that there is at least one.
pub(crate) fn all_finite(what: &'static str, values: &[f64]) -> Result<()> {
    if values.is_empty() {
        return Err(Error::Empty { what });
    }
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite {
            what,
            index,
            value: values[index],
        }),
    }
}

/// Checks that all values are probabilities and that there is at least one.
pub(crate) fn all_probabilities(what: &'static str, values: &[f64]) -> Result<()> {
    all_finite(what, values)?;
    match values.iter().position(|v| !(0.0..=1.0).contains(v)) {
        None => Ok(()),
        Some(index) => Err(Error::NotProbability {
            what,
            index,
            value: values[index],
        }),
    }
}

/// Checks a confidence level.
pub(crate) fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            name: "level",
            value: level,
            expected: "a confidence level strictly between 0 and 1",
        })
    }
}
