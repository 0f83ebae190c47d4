//! What an earlier run left in an output folder: whether it did what is asked now, and whether its files are still what it wrote.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::atomic_file::write_atomically;
use crate::run_record::{RECORD_NAME, RunRecord, hash_files};

/// The list of files with their SHA-256, as `sha256sum -c` reads it.
pub const CHECKSUMS: &str = "checksums.sha256";

/// Parts of a record that say what was asked for. The rest says what came out.
const REQUEST: [&str; 6] = ["layout", "program", "version", "seed", "options", "inputs"];

/// Writes [`CHECKSUMS`] of all files in `folder`, sorted by name, but for the parts of it that are named.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write_checksums(folder: &Path, but: &[&str]) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for entry in sorted_entries(folder)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if !but.contains(&&*name) && !name.starts_with('.') && name != CHECKSUMS {
            collect(&entry, &mut files)?;
        }
    }
    let mut text = String::new();
    for file in hash_files(&files)? {
        let relative = file.path.strip_prefix(folder).unwrap_or(&file.path);
        let relative = relative.to_string_lossy().replace('\\', "/");
        text += &format!("{}  {relative}\n", file.sha256);
    }
    write_atomically(&folder.join(CHECKSUMS), text.as_bytes())
}

fn sorted_entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("{}: cannot read the folder", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in sorted_entries(path)? {
        collect(&entry, files)?;
    }
    Ok(())
}

/// Whether the results in `folder` are those of `request`, complete and unchanged.
pub fn is_done(folder: &Path, request: &RunRecord) -> bool {
    let record = |text: &str| serde_json::from_str::<Value>(text).ok();
    let Some(earlier) = fs::read_to_string(folder.join(RECORD_NAME))
        .ok()
        .and_then(|text| record(&text))
    else {
        return false;
    };
    let Some(wanted) = record(&request.to_json()) else {
        return false;
    };
    REQUEST.iter().all(|part| earlier[*part] == wanted[*part]) && is_intact(folder)
}

/// Whether every file of [`CHECKSUMS`] is there with its bytes.
fn is_intact(folder: &Path) -> bool {
    let Ok(text) = fs::read_to_string(folder.join(CHECKSUMS)) else {
        return false;
    };
    let listed: Option<Vec<(&str, PathBuf)>> = text
        .lines()
        .map(|line| {
            let (hash, name) = line.split_once("  ")?;
            Some((hash, folder.join(name)))
        })
        .collect();
    let Some(listed) = listed.filter(|listed| !listed.is_empty()) else {
        return false;
    };
    let paths: Vec<PathBuf> = listed.iter().map(|(_, path)| path.clone()).collect();
    hash_files(&paths).is_ok_and(|found| {
        let mut pairs = found.iter().zip(&listed);
        pairs.all(|(found, (hash, _))| found.sha256 == *hash)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_done_until_something_differs() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let record = |seed: u64, count: usize| {
            let mut record = RunRecord::new("demo");
            record.seed(seed).option("a", 1).count("rows", count);
            record
        };
        fs::create_dir_all(root.join("tables")).unwrap();
        fs::create_dir_all(root.join("cache")).unwrap();
        fs::write(root.join("tables/t.csv"), "x").unwrap();
        fs::write(root.join("cache/c"), "x").unwrap();
        assert!(!is_done(root, &record(1, 0)));
        record(1, 5).write(root).unwrap();
        write_checksums(root, &["cache"]).unwrap();
        let text = fs::read_to_string(root.join(CHECKSUMS)).unwrap();
        let names: Vec<&str> = text.lines().map(|line| &line[66..]).collect();
        assert_eq!(names, [RECORD_NAME, "tables/t.csv"]);

        // What came out is no part of the request.
        assert!(is_done(root, &record(1, 0)));
        assert!(!is_done(root, &record(2, 0)));
        fs::write(root.join("cache/c"), "y").unwrap();
        assert!(is_done(root, &record(1, 0)));
        fs::write(root.join("tables/t.csv"), "y").unwrap();
        assert!(!is_done(root, &record(1, 0)));
        fs::remove_file(root.join("tables/t.csv")).unwrap();
        assert!(!is_done(root, &record(1, 0)));
    }
}
