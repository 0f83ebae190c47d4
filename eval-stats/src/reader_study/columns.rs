//! Which columns of a table belong to which reader.

use crate::error::{Error, Result};

const WITHOUT: &str = "_without";
const WITH: &str = "_with";

/// The two columns of one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderColumns {
    /// Heading less its ending.
    pub reader: String,
    /// Zero-based column of the readings without assistance.
    pub without: usize,
    /// Zero-based column of the readings with assistance.
    pub with: usize,
}

/// Pairs the headings `<reader>_without` and `<reader>_with`, in the order of the former.
///
/// ```
/// let header = ["case", "outcome", "junior_without", "junior_with"];
/// let columns = eval_stats::reader_study::reader_columns(&header)?;
/// assert_eq!((columns[0].reader.as_str(), columns[0].without, columns[0].with), ("junior", 2, 3));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnpairedColumn`] if a heading has no partner, or occurs twice; [`Error::Empty`] if there
/// is no reader.
pub fn reader_columns<S: AsRef<str>>(header: &[S]) -> Result<Vec<ReaderColumns>> {
    let heading = |i: usize| header[i].as_ref();
    let partner = |column: &str, missing: String| {
        let mut found = (0..header.len()).filter(|&i| heading(i) == missing);
        match (found.next(), found.next()) {
            (Some(i), None) => Ok(i),
            _ => Err(Error::UnpairedColumn {
                column: column.to_string(),
                missing,
            }),
        }
    };
    let mut columns = Vec::new();
    for i in 0..header.len() {
        if let Some(reader) = heading(i).strip_suffix(WITHOUT) {
            let with = partner(heading(i), format!("{reader}{WITH}"))?;
            columns.push(ReaderColumns {
                reader: reader.to_string(),
                without: i,
                with,
            });
        } else if let Some(reader) = heading(i).strip_suffix(WITH) {
            partner(heading(i), format!("{reader}{WITHOUT}"))?;
        }
    }
    if columns.is_empty() {
        return Err(Error::Empty {
            what: "the list of reader columns",
        });
    }
    Ok(columns)
}
