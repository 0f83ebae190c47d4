//! One new patient: predictor names and values.

use std::fmt;

/// A value of one predictor.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A level, or a number as text (as it comes from a command line or a table).
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(v) => write!(f, "{v}"),
            Value::Text(v) => f.write_str(v),
        }
    }
}

impl From<f64> for Value {
    fn from(v: f64) -> Self {
        Value::Number(v)
    }
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Value::Text(v.to_owned())
    }
}

impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::Text(v)
    }
}

/// Predictor values of one patient.
///
/// ```
/// use nomogram::Patient;
/// let patient = Patient::new().with("size", 2.3).with("margin", "Non");
/// assert_eq!(patient.values().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patient {
    values: Vec<(String, Value)>,
}

impl Patient {
    /// A patient of whom nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a predictor; a later value replaces an earlier one.
    #[must_use]
    pub fn with(mut self, predictor: impl Into<String>, value: impl Into<Value>) -> Self {
        let (predictor, value) = (predictor.into(), value.into());
        match self.values.iter_mut().find(|(name, _)| *name == predictor) {
            Some(slot) => slot.1 = value,
            None => self.values.push((predictor, value)),
        }
        self
    }

    /// Names and values, in the order they were set.
    #[must_use]
    pub fn values(&self) -> &[(String, Value)] {
        &self.values
    }

    /// The value of a predictor.
    #[must_use]
    pub fn value(&self, predictor: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(name, _)| name == predictor)
            .map(|(_, v)| v)
    }
}
