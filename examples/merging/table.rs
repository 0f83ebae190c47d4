//! Parts in the layouts csv and long.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use csv::{ByteRecord, Terminator};

use super::files::{PIECE, Pieces};
use super::{Part, Whole};

/// Writes the rows of all parts in turn under the header of the whole.
pub fn write(whole: &Whole, out: &mut impl Write) -> anyhow::Result<()> {
    let header = whole.columns.header(whole.format);
    let mut writer = csv::WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(out);
    let failed = "cannot write the merged rows";
    writer.write_record(&header).context(failed)?;
    let mut tables: Vec<Table> = whole
        .parts
        .iter()
        .map(|part| Table::open(part, &header))
        .collect::<anyhow::Result<_>>()?;
    whole.in_turn(|part| {
        let row = tables[part].next()?;
        writer.write_byte_record(row).context(failed)
    })?;
    tables.iter_mut().try_for_each(Table::expect_end)?;
    writer.flush().context(failed)
}

/// What is wrong with the structure of a part, if anything is.
pub fn check(part: &Part) -> anyhow::Result<()> {
    let header = part.columns.header(part.format);
    let mut table = Table::open(part, &header)?;
    for _ in 0..part.description.n_rows() {
        table.next()?;
    }
    table.expect_end()
}

/// One part being read, its cells in the order of the whole.
struct Table<'a> {
    path: &'a Path,
    reader: csv::Reader<Pieces>,
    /// Where the whole has other columns than the part: the cell for each column.
    order: Option<Vec<Option<usize>>>,
    row: ByteRecord,
    ordered: ByteRecord,
    n_rows: usize,
}

impl<'a> Table<'a> {
    fn open(part: &'a Part, whole: &[&str]) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .buffer_capacity(PIECE)
            .from_reader(Pieces::of(&part.path));
        let expected = part.columns.header(part.format);
        check_header(&part.path, &expected, reader.byte_headers())?;
        let order = (expected != whole).then(|| {
            let at: HashMap<&str, usize> = expected.iter().copied().zip(0..).collect();
            whole.iter().map(|name| at.get(name).copied()).collect()
        });
        Ok(Self {
            path: &part.path,
            reader,
            order,
            row: ByteRecord::new(),
            ordered: ByteRecord::new(),
            n_rows: part.description.n_rows(),
        })
    }

    fn next(&mut self) -> anyhow::Result<&ByteRecord> {
        let n_rows = self.n_rows;
        if !self.read()? {
            bail!(
                "{}: row {}: expected {n_rows} rows below the header as its record says, found the end of the file",
                self.path.display(),
                self.reader.position().line()
            );
        }
        let Some(order) = &self.order else {
            return Ok(&self.row);
        };
        self.ordered.clear();
        for cell in order {
            let cell = cell.and_then(|cell| self.row.get(cell));
            self.ordered.push_field(cell.unwrap_or_default());
        }
        Ok(&self.ordered)
    }

    fn expect_end(&mut self) -> anyhow::Result<()> {
        if self.read()? {
            bail!(
                "{}: row {}: expected the end of the file after {} rows as its record says, found another row",
                self.path.display(),
                self.row.position().map_or(0, csv::Position::line),
                self.n_rows
            );
        }
        Ok(())
    }

    fn read(&mut self) -> anyhow::Result<bool> {
        let read = self.reader.read_byte_record(&mut self.row);
        read.map_err(|error| in_part(self.path, &error))
    }
}

fn check_header(
    path: &Path,
    expected: &[&str],
    found: csv::Result<&ByteRecord>,
) -> anyhow::Result<()> {
    let found = found.map_err(|error| in_part(path, &error))?;
    let shown = path.display();
    for (k, (expected, found)) in expected.iter().zip(found).enumerate() {
        if expected.as_bytes() != found {
            bail!(
                "{shown}: row 1, column {}: expected \"{expected}\" as its record says, found \"{}\"",
                k + 1,
                String::from_utf8_lossy(found)
            );
        }
    }
    if expected.len() != found.len() {
        bail!(
            "{shown}: row 1: expected {} columns as its record says, found {}",
            expected.len(),
            found.len()
        );
    }
    Ok(())
}

fn in_part(path: &Path, error: &csv::Error) -> anyhow::Error {
    let shown = path.display();
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let row = pos.as_ref().map_or(0, csv::Position::line);
            anyhow::anyhow!(
                "{shown}: row {row}: expected {expected_len} cells as in the header, found {len}"
            )
        }
        _ => anyhow::anyhow!("{shown}: cannot read the part: {error}"),
    }
}
