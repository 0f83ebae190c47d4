//! What the extraction programs work on: one image and mask, or a batch table with a row for each.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::table_file::CsvTable;

/// The cases of one extraction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaseList {
    /// Names of the columns copied through from the batch table.
    pub copied: Vec<String>,
    /// The cases in order.
    pub cases: Vec<Case>,
    /// Files that were read to make the list.
    pub sources: Vec<PathBuf>,
}

/// One image with one mask.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// Row number from 0, counted over the whole table.
    pub index: usize,
    /// The image.
    pub image: PathBuf,
    /// The mask.
    pub mask: PathBuf,
    /// Label to extract; `None` takes the program's.
    pub label: Option<u32>,
    /// Channel of the mask that holds the labels; `None` takes the program's.
    pub label_channel: Option<usize>,
    /// Cells of the copied columns.
    pub copied: Vec<String>,
    /// Where the case comes from, for messages.
    pub place: String,
}

/// Part of a table, for several machines: `I/N` takes the rows whose index leaves the remainder I when divided by N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Remainder.
    pub index: usize,
    /// Number of shards.
    pub count: usize,
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// How many of the first `n` rows of a table the shard has.
    pub fn cases_of(self, n: usize) -> usize {
        n / self.count + usize::from(self.index < n % self.count)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err(format!(
                "expected I/N with I from 0 to N-1, such as 0/4, found {text}"
            )),
        }
    }
}

impl CaseList {
    /// The cases of a command line: `IMAGE MASK`, or one batch table with columns Image, Mask and optional Label and
    /// Label_channel whose paths are relative to it.
    ///
    /// # Errors
    /// A table that cannot be read, lacks a column, or has a label that is no whole number.
    pub fn read(input: &Path, mask: Option<&Path>) -> anyhow::Result<Self> {
        match mask {
            Some(mask) => Ok(Self {
                copied: vec!["Image".to_owned(), "Mask".to_owned()],
                cases: vec![Case {
                    index: 0,
                    image: input.to_owned(),
                    mask: mask.to_owned(),
                    label: None,
                    label_channel: None,
                    copied: vec![input.display().to_string(), mask.display().to_string()],
                    place: String::new(),
                }],
                sources: Vec::new(),
            }),
            None => Self::from_table(&CsvTable::read(input)?),
        }
    }

    fn from_table(table: &CsvTable) -> anyhow::Result<Self> {
        let image = table.column("Image")?;
        let mask = table.column("Mask")?;
        let optional = |name: &str| table.header.iter().position(|column| column == name);
        let (label, label_channel) = (optional("Label"), optional("Label_channel"));
        let folder = table.path.parent().unwrap_or(Path::new(""));
        let mut cases = Vec::with_capacity(table.rows.len());
        for (row, cells) in table.rows.iter().enumerate() {
            cases.push(Case {
                index: row,
                image: folder.join(&cells[image]),
                mask: folder.join(&cells[mask]),
                label: whole_number(table, row, label)?,
                label_channel: whole_number(table, row, label_channel)?,
                copied: cells.clone(),
                place: format!("{}: row {}: ", table.path.display(), table.lines[row]),
            });
        }
        Ok(Self {
            copied: table.header.clone(),
            cases,
            sources: vec![table.path.clone()],
        })
    }

    /// Keeps the cases of one shard.
    pub fn take_shard(&mut self, shard: Shard) {
        self.cases
            .retain(|case| case.index % shard.count == shard.index);
    }

    /// Every image and mask file that exists, each once, after the table itself.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files_of_cases()
            .into_iter()
            .map(|(_, path)| path)
            .collect()
    }

    /// As [`files`](Self::files), each with the index of the first case that has it; the table itself has none.
    pub fn files_of_cases(&self) -> Vec<(Option<usize>, PathBuf)> {
        let mut seen = std::collections::HashSet::new();
        let sources = self.sources.iter().map(|path| (None, path));
        let cases = self.cases.iter().flat_map(|case| {
            let index = Some(case.index);
            [(index, &case.image), (index, &case.mask)]
        });
        sources
            .chain(cases)
            .flat_map(|(case, path)| files_of(path).into_iter().map(move |file| (case, file)))
            .filter(|(_, path)| path.is_file() && seen.insert(path.clone()))
            .collect()
    }
}

/// The files that an image consists of: the file itself, the slices in a folder, and beside a header what shares its name, where its
/// voxels are.
pub fn files_of(path: &Path) -> Vec<PathBuf> {
    const HEADERS: [&str; 4] = ["nhdr", "mhd", "hdr", "img"];
    let suffix = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_header = HEADERS.iter().any(|header| suffix == *header);
    let stem = path.file_stem().unwrap_or_default();
    let folder = match (path.is_dir(), path.parent()) {
        (true, _) => path,
        (false, Some(parent)) if is_header && parent.as_os_str().is_empty() => Path::new("."),
        (false, Some(parent)) if is_header => parent,
        _ => return vec![path.to_owned()],
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|file| file.is_file())
        .filter(|file| path.is_dir() || has_stem(file, stem))
        .collect();
    files.sort_unstable();
    files
}

/// Whether a file name is `stem`, a dot, and anything.
fn has_stem(file: &Path, stem: &OsStr) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let rest = name.strip_prefix(&*stem.to_string_lossy());
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// The whole number in a cell of a column that may be missing or left empty.
fn whole_number<T: std::str::FromStr>(
    table: &CsvTable,
    row: usize,
    column: Option<usize>,
) -> anyhow::Result<Option<T>> {
    let Some(column) = column.filter(|&column| !table.rows[row][column].is_empty()) else {
        return Ok(None);
    };
    let cell = &table.rows[row][column];
    match cell.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => bail!(
            "{}: expected a whole number, found \"{cell}\"",
            table.place(row, column)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_its_header_and_voxels_or_its_slices() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("series")).unwrap();
        for name in [
            "a.mhd",
            "a.raw",
            "ab.raw",
            "b.nrrd",
            "series/2.dcm",
            "series/1.dcm",
        ] {
            std::fs::write(at(name), name).unwrap();
        }
        assert_eq!(files_of(&at("a.mhd")), [at("a.mhd"), at("a.raw")]);
        assert_eq!(files_of(&at("b.nrrd")), [at("b.nrrd")]);
        assert_eq!(
            files_of(&at("series")),
            [at("series/1.dcm"), at("series/2.dcm")]
        );
    }

    #[test]
    fn shards_cover_every_row_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.csv");
        std::fs::write(
            &path,
            "Image,Mask,id\na.png,am.png,1\nb.png,bm.png,2\nc.png,cm.png,3\n",
        )
        .unwrap();
        let all = CaseList::read(&path, None).unwrap();
        assert_eq!(all.cases[1].image, folder.path().join("b.png"));
        let mut rows: Vec<usize> = Vec::new();
        for index in 0..2 {
            let mut part = all.clone();
            part.take_shard(Shard { index, count: 2 });
            rows.extend(part.cases.iter().map(|case| case.index));
        }
        rows.sort_unstable();
        assert_eq!(rows, [0, 1, 2]);
        assert!("2/2".parse::<Shard>().is_err());
    }
}
