//! CSV files: numbers in shortest round-trip form, `NaN` spelled so, LF line ends; reading names file, row and column.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::atomic_file::write_atomically;
use crate::input_file;

/// One cell of a table to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, quoted in the file where it needs to be.
    Text(String),
    /// A number in the shortest form that reads back to the same bits.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Self::Integer(value as i64)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(value) => f.write_str(&shortest(*value)),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Empty => Ok(()),
        }
    }
}

/// The shortest decimal that reads back to the same `f64`: `0.1`, `3`, `1e-7`, `NaN`, `inf`.
pub fn shortest(value: f64) -> String {
    let text = format!("{value:?}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// A table as CSV text.
///
/// # Panics
/// When a row has another number of cells than the header.
pub fn csv_text<S: AsRef<str>>(header: &[S], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    let in_memory = "writing to memory cannot fail and every row has the header's length";
    writer
        .write_record(header.iter().map(AsRef::as_ref))
        .expect(in_memory);
    for row in rows {
        writer
            .write_record(row.iter().map(Cell::to_string))
            .expect(in_memory);
    }
    let bytes = writer.into_inner().expect(in_memory);
    String::from_utf8(bytes).expect("made of strings")
}

/// Writes a table; it appears whole or not at all.
///
/// # Errors
/// When the file cannot be written.
///
/// # Panics
/// When a row has another number of cells than the header.
pub fn write_csv<S: AsRef<str>>(
    path: &Path,
    header: &[S],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> anyhow::Result<()> {
    write_atomically(path, csv_text(header, rows).as_bytes())
}

/// A CSV file as text, with what is needed to say where a cell stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CsvTable {
    /// The file.
    pub path: PathBuf,
    /// Column names, unique and not empty, surrounding blanks removed.
    pub header: Vec<String>,
    /// Cells by row, surrounding blanks removed.
    pub rows: Vec<Vec<String>>,
    /// Line of the file in which each row begins; the header is line 1 unless blank lines precede it.
    pub lines: Vec<u64>,
}

impl CsvTable {
    /// Reads a CSV file with a header and at least one row.
    ///
    /// # Errors
    /// A missing file, a row with another number of cells than the header, a repeated or empty column name, no rows.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let bytes =
            input_file::read(path).with_context(|| format!("{shown}: cannot read the table"))?;
        // Spreadsheet programs put a byte-order mark in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_owned).collect(),
            Err(error) => bail!("{shown}: {}", plain(&error, &mut LineCounter::new(bytes))),
        };
        let mut seen = HashMap::new();
        for (k, name) in header.iter().enumerate() {
            if name.is_empty() {
                bail!(
                    "{shown}: column {}: expected a name in the header, found nothing",
                    k + 1
                );
            }
            if let Some(first) = seen.insert(name.as_str(), k) {
                bail!(
                    "{shown}: column \"{name}\" stands twice in the header, at {} and {}",
                    first + 1,
                    k + 1
                );
            }
        }
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        let mut counter = LineCounter::new(bytes);
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => bail!("{shown}: {}", plain(&error, &mut counter)),
            };
            lines.push(counter.line_of(record.position()));
            rows.push(record.iter().map(str::to_owned).collect());
        }
        if rows.is_empty() {
            bail!("{shown}: expected at least one row below the header, found none");
        }
        Ok(Self {
            path: path.to_owned(),
            header,
            rows,
            lines,
        })
    }

    /// Position of a column.
    ///
    /// # Errors
    /// When no column has this name; the message lists those there are.
    pub fn column(&self, name: &str) -> anyhow::Result<usize> {
        self.header
            .iter()
            .position(|column| column == name)
            .with_context(|| {
                format!(
                    "{}: expected a column \"{name}\", found {}",
                    self.path.display(),
                    quoted_list(&self.header)
                )
            })
    }

    /// The column of a condition `COL=VALUE` and the rows that meet it.
    ///
    /// # Errors
    /// A condition of another form, an unknown column, or no such row.
    pub fn rows_where(&self, condition: &str) -> anyhow::Result<(usize, Vec<usize>)> {
        let (name, value) = condition
            .split_once('=')
            .with_context(|| format!("expected COL=VALUE, found {condition}"))?;
        let column = self.column(name)?;
        let rows: Vec<usize> = (0..self.rows.len())
            .filter(|&row| self.rows[row][column] == value)
            .collect();
        if rows.is_empty() {
            bail!(
                "{}: column \"{name}\": expected rows with \"{value}\", found none",
                self.path.display()
            );
        }
        Ok((column, rows))
    }

    /// Where a cell stands: `file: row 12, column "age"`.
    pub fn place(&self, row: usize, column: usize) -> String {
        format!(
            "{}: row {}, column \"{}\"",
            self.path.display(),
            self.lines[row],
            self.header[column]
        )
    }

    /// A column as finite numbers.
    ///
    /// # Errors
    /// The first cell that is empty, not a number or not finite.
    pub fn numbers(&self, column: usize) -> anyhow::Result<Vec<f64>> {
        (0..self.rows.len())
            .map(|row| match self.rows[row][column].parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(value),
                _ => bail!(
                    "{}: expected a number, found {}",
                    self.place(row, column),
                    found(&self.rows[row][column])
                ),
            })
            .collect()
    }

    /// A column as numbers, NaN where a cell is empty, `NA` or `NaN`.
    ///
    /// # Errors
    /// The first other cell that is not a finite number.
    pub fn numbers_with_gaps(&self, column: usize) -> anyhow::Result<Vec<f64>> {
        (0..self.rows.len())
            .map(|row| match self.rows[row][column].as_str() {
                "" | "NA" | "NaN" | "nan" => Ok(f64::NAN),
                cell => match cell.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => bail!(
                        "{}: expected a number or nothing, found {}",
                        self.place(row, column),
                        found(cell)
                    ),
                },
            })
            .collect()
    }

    /// A column as an outcome.
    ///
    /// # Errors
    /// The first cell that [`parse_outcome`] does not understand.
    pub fn outcomes(&self, column: usize) -> anyhow::Result<Vec<bool>> {
        (0..self.rows.len())
            .map(|row| {
                let cell = &self.rows[row][column];
                parse_outcome(cell).with_context(|| {
                    format!(
                        "{}: expected 0 or 1, found {}",
                        self.place(row, column),
                        found(cell)
                    )
                })
            })
            .collect()
    }
}

/// Reads an outcome: 1/0, true/false, yes/no, positive/negative in any case; `None` for anything else.
pub fn parse_outcome(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "positive" => Some(true),
        "0" | "false" | "no" | "negative" => Some(false),
        _ => None,
    }
}

/// A cell for an error message: its text in quotes, cut where it is long, or "an empty cell".
pub fn found(cell: &str) -> String {
    if cell.is_empty() {
        "an empty cell".to_owned()
    } else {
        quoted(cell)
    }
}

/// Most characters of a cell or name in an error message.
const QUOTED: usize = 80;

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("\"{}\u{2026}\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

/// Names for an error message, in quotes; long lists are cut and counted.
pub fn quoted_list<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 12;
    let mut list: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| quoted(name.as_ref()))
        .collect();
    if names.len() > SHOWN {
        list.push(format!("and {} more", names.len() - SHOWN));
    }
    list.join(", ")
}

/// In which line of a file something begins. The reader counts line feeds only and has not passed that of the row before, if a carriage return
/// stands in front of it.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let (at, line) = (0, 1);
        Self { bytes, at, line }
    }

    /// The line of a row; rows are asked for in their order.
    fn line_of(&mut self, position: Option<&csv::Position>) -> u64 {
        let byte = position.map_or(0, |position| position.byte() as usize);
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
        let start = byte + blank.count();
        while self.at < start.min(self.bytes.len()) {
            let follows_return = self.at > 0 && self.bytes[self.at - 1] == b'\r';
            match self.bytes[self.at] {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => self.line += 1,
                _ => {}
            }
            self.at += 1;
        }
        self.line
    }
}

/// A CSV error in the words of this workspace.
fn plain(error: &csv::Error, lines: &mut LineCounter<'_>) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let row = lines.line_of(pos.as_ref());
            format!("row {row}: expected {expected_len} cells as in the header, found {len}")
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            let row = lines.line_of(pos.as_ref());
            format!("row {row}: expected UTF-8 text")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortest_and_nan_is_spelled_so() {
        let shown: Vec<String> = [0.1, 3.0, -0.0, 1e-7, 1e300, f64::NAN, f64::INFINITY]
            .iter()
            .map(|&v| shortest(v))
            .collect();
        assert_eq!(shown, ["0.1", "3", "-0", "1e-7", "1e300", "NaN", "inf"]);
        assert_eq!(shortest(0.1 + 0.2).parse::<f64>().unwrap(), 0.1 + 0.2);
    }

    #[test]
    fn text_with_commas_and_quotes_survives() {
        let text = csv_text(&["a", "b"], [vec![Cell::from("x,\"y\""), Cell::Empty]]);
        assert_eq!(text, "a,b\n\"x,\"\"y\"\"\",\n");
    }

    fn table(text: &str) -> anyhow::Result<CsvTable> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        CsvTable::read(&path)
    }

    #[test]
    fn rows_are_lines_of_the_file_however_they_end() {
        for (end, text) in [
            ("\n", "a\n1\n\n2\n\n\n\"3\n4\"\n5\n"),
            (
                "\r\n",
                "\u{feff}a\r\n1\r\n\r\n2\r\n\r\n\r\n\"3\r\n4\"\r\n5\r\n",
            ),
            ("\r", "a\r1\r\r2\r\r\r\"3\r4\"\r5\r"),
        ] {
            assert_eq!(table(text).unwrap().lines, [2, 4, 7, 9], "{end:?}");
            let unequal = table(&format!("{text}6,7{end}")).unwrap_err().to_string();
            assert!(
                unequal.contains("row 10: expected 1 cells"),
                "{end:?} {unequal}"
            );
        }
    }

    #[test]
    fn faults_name_row_and_column() {
        let unequal = table("a,b\n1,2\n3\n").unwrap_err().to_string();
        assert!(
            unequal.ends_with("row 3: expected 2 cells as in the header, found 1"),
            "{unequal}"
        );
        let long = format!("a\n{}\n", "z".repeat(100_000));
        let long = table(&long).unwrap().numbers(0).unwrap_err().to_string();
        assert!(long.len() < 1000 && long.ends_with("z\u{2026}\""), "{long}");
        let twice = table("a,a\n1,2\n").unwrap_err().to_string();
        assert!(
            twice.ends_with("column \"a\" stands twice in the header, at 1 and 2"),
            "{twice}"
        );
        let read = table("\u{feff}a,b\n1,2\n3,x\n").unwrap();
        let text = read
            .numbers(read.column("b").unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            text.ends_with("row 3, column \"b\": expected a number, found \"x\""),
            "{text}"
        );
    }
}
