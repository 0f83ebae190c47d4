//! All that is wrong with an input, not only the first thing.

use std::fmt;

use crate::program::with_causes;

/// Most lines that are printed; the rest is counted.
const SHOWN: usize = 20;

/// The faults of an input, one line each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    lines: Vec<String>,
}

impl Faults {
    /// No fault yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one fault: where it is, what was expected and what was found.
    pub fn push(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// A result, or nothing and its faults noted. Errors that are no list of faults count as one.
    pub fn take<T>(&mut self, result: anyhow::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                match error.downcast::<Self>() {
                    Ok(faults) => self.lines.extend(faults.lines),
                    Err(error) => self.lines.push(with_causes(&error)),
                }
                None
            }
        }
    }

    /// The faults so far, in the order they were found.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// `Ok` when nothing was noted.
    ///
    /// # Errors
    /// The faults themselves.
    pub fn into_result(self) -> Result<(), Self> {
        if self.lines.is_empty() {
            Ok(())
        } else {
            Err(self)
        }
    }
}

impl Extend<String> for Faults {
    fn extend<I: IntoIterator<Item = String>>(&mut self, lines: I) {
        self.lines.extend(lines);
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, line) in self.lines.iter().take(SHOWN).enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            f.write_str(line)?;
        }
        if self.lines.len() > SHOWN {
            write!(
                f,
                "\nand {} more faults like these",
                self.lines.len() - SHOWN
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
