//! `run.json`: what made the results, so that they can be made again.
//!
//! The record holds no time and no machine, and leaves out options that cannot change a result (`--jobs`, `--out`): equal inputs, options and seed give
//! equal bytes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::atomic_file::write_atomically;

/// Name of the record in every output folder.
pub const RECORD_NAME: &str = "run.json";

/// Version of the record's layout.
const LAYOUT: u32 = 1;

/// What made the results: written once, at the end.
#[derive(Debug, Clone)]
pub struct RunRecord {
    program: String,
    output: Option<String>,
    seed: Option<u64>,
    options: Map<String, Value>,
    inputs: Vec<InputFile>,
    counts: Map<String, Value>,
}

/// One input file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The path as it was given.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

impl RunRecord {
    /// An empty record of one program.
    pub fn new(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            output: None,
            seed: None,
            options: Map::new(),
            inputs: Vec::new(),
            counts: Map::new(),
        }
    }

    /// Notes the name of the one file that was written, for programs that write no folder.
    pub fn output(&mut self, file: &Path) -> &mut Self {
        self.output = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        self
    }

    /// Notes the seed.
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.seed = Some(seed);
        self
    }

    /// Notes one option as it was resolved, defaults included.
    pub fn option(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    /// Notes input files.
    pub fn inputs(&mut self, files: impl IntoIterator<Item = InputFile>) -> &mut Self {
        self.inputs.extend(files);
        self
    }

    /// Notes a count: cases, features, failures.
    pub fn count(&mut self, name: &str, value: usize) -> &mut Self {
        self.counts.insert(name.to_owned(), value.into());
        self
    }

    /// The record as JSON text.
    pub fn to_json(&self) -> String {
        let inputs: Vec<Value> = self
            .inputs
            .iter()
            .map(|file| {
                let path = file.path.to_string_lossy().replace('\\', "/");
                json!({"path": path, "bytes": file.bytes, "sha256": file.sha256})
            })
            .collect();
        let record = json!({
            "layout": LAYOUT,
            "program": self.program,
            "version": env!("CARGO_PKG_VERSION"),
            "output": self.output,
            "seed": self.seed,
            "options": self.options,
            "counts": self.counts,
            "inputs": inputs,
        });
        format!("{record:#}\n")
    }

    /// Writes `run.json` into `folder`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        self.write_as(&folder.join(RECORD_NAME))
    }

    /// Writes the record to `path`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_as(&self, path: &Path) -> anyhow::Result<()> {
        write_atomically(path, self.to_json().as_bytes())
    }
}

/// The program whose results lie in `folder`, if its record can be read.
pub fn program_of(folder: &Path) -> Option<String> {
    entry_of(&folder.join(RECORD_NAME), "program")
}

/// The one output file that a record is about, if there is one and the record can be read.
pub fn output_of(record: &Path) -> Option<String> {
    entry_of(record, "output")
}

fn entry_of(record: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(record).ok()?;
    let record: Value = serde_json::from_str(&text).ok()?;
    Some(record.get(name)?.as_str()?.to_owned())
}

/// Hashes input files, in parallel, in the given order.
///
/// # Errors
/// The first file that cannot be read.
pub fn hash_files(paths: &[PathBuf]) -> anyhow::Result<Vec<InputFile>> {
    paths.par_iter().map(|path| hash_file(path)).collect()
}

fn hash_file(path: &Path) -> anyhow::Result<InputFile> {
    let failed = || format!("{}: cannot read the file", path.display());
    let mut file = fs::File::open(path).with_context(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    let mut bytes = 0u64;
    loop {
        let read = file.read(&mut buffer).with_context(failed)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
    let sha256 = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(InputFile {
        path: path.to_owned(),
        bytes,
        sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_a_known_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        let hashed = hash_files(&[path]).unwrap();
        assert_eq!(hashed[0].bytes, 3);
        assert_eq!(
            hashed[0].sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn program_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        RunRecord::new("demo")
            .seed(7)
            .count("cases", 2)
            .write(folder.path())
            .unwrap();
        assert_eq!(program_of(folder.path()).as_deref(), Some("demo"));
        assert_eq!(program_of(&folder.path().join("nowhere")), None);
    }
}
