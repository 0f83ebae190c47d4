//! What an extraction has done so far, on disk, so that an interrupted run can go on.
//!
//! One line of JSON per finished case, beside the output file. A case is known by the hash of its files and of all settings, so a
//! changed image or option is computed anew. Values are written in shortest round-trip form and come back bit for bit.

use std::collections::{HashMap, HashSet};
use std::fs::{File, Metadata, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::atomic_file::write_atomically;
use crate::case_list::{Case, files_of};
use crate::feature_rows::{NamedValues, RegionRow, Texts};
use crate::run_record::hash_into;
use crate::table_file::shortest;

/// A journal of finished cases.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    known: HashMap<String, Vec<RegionRow>>,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
struct Writer {
    file: File,
    columns: Vec<Arc<[String]>>,
}

impl Journal {
    /// Opens the journal of `out`; with `resume` the cases in it are known again, otherwise it starts empty.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(out: &Path, resume: bool) -> anyhow::Result<Self> {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".journal");
        let path = out.with_file_name(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
        }
        let failed = || format!("{}: cannot open the journal", path.display());
        let (mut known, mut columns) = (HashMap::new(), Vec::new());
        if resume && path.exists() {
            let bytes = std::fs::read(&path).with_context(failed)?;
            // The last line may be cut short by the interruption: what does not parse is computed again.
            let whole = bytes
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |at| at + 1);
            for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
                read_line(line, &mut columns, &mut known);
            }
            OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_len(whole as u64))
                .with_context(failed)?;
        } else {
            File::create(&path).with_context(failed)?;
        }
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .with_context(failed)?;
        Ok(Self {
            path,
            known,
            writer: Mutex::new(Writer { file, columns }),
        })
    }

    /// The regions of a case that an earlier run finished.
    pub fn known(&self, key: &str) -> Option<&[RegionRow]> {
        self.known.get(key).map(Vec::as_slice)
    }

    /// The features of a case of one region that an earlier run finished.
    pub fn known_features(&self, key: &str) -> Option<&NamedValues> {
        match self.known(key)? {
            [only] => only.features.as_ref().ok(),
            _ => None,
        }
    }

    /// Notes a finished case. A case of which a region failed is not finished: it is tried again.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn note(&self, key: &str, rows: &[RegionRow]) -> anyhow::Result<()> {
        if rows.iter().any(|row| row.features.is_err()) {
            return Ok(());
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines_of(key, rows, &mut writer.columns);
        writer
            .file
            .write_all(lines.as_bytes())
            .with_context(|| format!("{}: cannot write the journal", self.path.display()))
    }

    /// Notes a finished case of one region.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn note_features(&self, key: &str, features: &NamedValues) -> anyhow::Result<()> {
        self.note(key, &[RegionRow::only(Ok(features.clone()))])
    }

    /// Writes the journal anew with these cases only, in this order: equal cases give equal bytes, however they came about.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn rewrite(self, cases: &[(&str, &NamedValues)]) -> anyhow::Result<()> {
        let mut columns: Vec<Arc<[String]>> = Vec::new();
        let mut text = String::new();
        let mut seen = HashSet::new();
        for (key, features) in cases {
            if seen.insert(*key) {
                let rows = [RegionRow::only(Ok((*features).clone()))];
                text += &lines_of(key, &rows, &mut columns);
            }
        }
        write_atomically(&self.path, text.as_bytes())
    }

    /// Removes the journal once the output is written.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(self) -> anyhow::Result<()> {
        std::fs::remove_file(&self.path)
            .with_context(|| format!("{}: cannot remove the journal", self.path.display()))
    }
}

/// The lines of a case of which no region failed, new columns before it.
fn lines_of(key: &str, rows: &[RegionRow], columns: &mut Vec<Arc<[String]>>) -> String {
    let mut lines = String::new();
    let mut regions = Vec::new();
    for (row, features) in rows
        .iter()
        .filter_map(|row| Some((row, row.features.as_ref().ok()?)))
    {
        let known = columns.iter().position(|names| *names == features.names);
        let at = known.unwrap_or_else(|| {
            lines += &json!({"columns": *features.names}).to_string();
            lines.push('\n');
            columns.push(Arc::clone(&features.names));
            columns.len() - 1
        });
        let values: Vec<String> = features.values.iter().map(|&v| shortest(v)).collect();
        regions.push(json!({
            "region": row.region,
            "diagnostics": row.diagnostics,
            "of": at,
            "values": values,
        }));
    }
    lines += &json!({"key": key, "rows": regions}).to_string();
    lines.push('\n');
    lines
}

fn read_line(
    line: &str,
    columns: &mut Vec<Arc<[String]>>,
    known: &mut HashMap<String, Vec<RegionRow>>,
) {
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return;
    };
    if let Some(names) = texts(&line["columns"]) {
        columns.push(names.into());
        return;
    }
    let (Some(key), Some(rows)) = (line["key"].as_str(), line["rows"].as_array()) else {
        return;
    };
    let rows: Option<Vec<RegionRow>> = rows.iter().map(|row| read_row(row, columns)).collect();
    if let Some(rows) = rows {
        known.insert(key.to_owned(), rows);
    }
}

fn read_row(row: &Value, columns: &[Arc<[String]>]) -> Option<RegionRow> {
    let names = columns.get(usize::try_from(row["of"].as_u64()?).ok()?)?;
    let values: Vec<f64> = texts(&row["values"])?
        .iter()
        .map(|text| text.parse().ok())
        .collect::<Option<_>>()?;
    let pairs = |value: &Value| -> Option<Texts> {
        let pair =
            |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
        value.as_array()?.iter().map(pair).collect()
    };
    (names.len() == values.len()).then_some(RegionRow {
        region: pairs(&row["region"])?,
        diagnostics: pairs(&row["diagnostics"])?,
        features: Ok(NamedValues {
            names: Arc::clone(names),
            values,
        }),
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?.iter();
    items.map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Identifies a case: its files' contents, its label and `settings`. `None` when a file cannot be read.
pub fn case_key(case: &Case, settings: &str) -> Option<String> {
    let mut hasher = Sha256::new();
    hasher.update(settings.as_bytes());
    hasher.update(format!("|{:?} {:?}|", case.label, case.label_channel).as_bytes());
    let files = [&case.image, &case.mask];
    for path in files.into_iter().flat_map(|path| files_of(path)) {
        // A pipe can be read once only, a device may have no end.
        let metadata = std::fs::metadata(&path).ok().filter(Metadata::is_file)?;
        hasher.update(metadata.len().to_le_bytes());
        hash_into(&path, &mut hasher).ok()?;
    }
    Some(
        hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_cases_come_back_bit_for_bit_and_a_cut_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("features.csv");
        let names: Arc<[String]> = ["a".to_owned(), "b".to_owned()].into();
        let first = NamedValues {
            names: Arc::clone(&names),
            values: vec![0.1 + 0.2, f64::NAN],
        };
        let journal = Journal::open(&out, true).unwrap();
        let second = RegionRow {
            region: vec![("Label".to_owned(), "2".to_owned())],
            diagnostics: vec![("diagnostics_x".to_owned(), "(1, 2)".to_owned())],
            features: Ok(first.clone()),
        };
        let rows = [RegionRow::only(Ok(first)), second.clone()];
        journal.note("one", &rows).unwrap();
        let failed = RegionRow::only(Err("too small".to_owned()));
        journal.note("three", &[second.clone(), failed]).unwrap();
        journal
            .note_features(
                "two",
                &NamedValues {
                    names,
                    values: vec![1.0, -0.0],
                },
            )
            .unwrap();
        let path = journal.path.clone();
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 4]).unwrap();

        let resumed = Journal::open(&out, true).unwrap();
        let known = resumed.known("one").unwrap();
        for row in known {
            let features = row.features.as_ref().unwrap();
            assert_eq!(features.values[0].to_bits(), (0.1f64 + 0.2).to_bits());
            assert!(features.values[1].is_nan());
        }
        assert_eq!(known.len(), 2);
        assert_eq!(
            (&known[1].region, &known[1].diagnostics),
            (&second.region, &second.diagnostics)
        );
        assert!(resumed.known("three").is_none());
        assert!(resumed.known_features("one").is_none());
        assert!(resumed.known("two").is_none());
        resumed.remove().unwrap();
        assert!(!path.exists());
    }
}
