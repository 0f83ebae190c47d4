//! `run.json`: what made the results, so that they can be made again.
//!
//! The record holds no time and no machine, and leaves out options that cannot change a result (`--jobs`, `--out`): equal inputs, options and seed give
//! equal bytes.

use std::fs;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::atomic_file::write_atomically;
use crate::input_file;
use crate::merging::PartDescription;

/// Name of the record in every output folder.
pub const RECORD_NAME: &str = "run.json";

/// Version of the record's layout.
const LAYOUT: u32 = 1;

/// What made the results: written once, at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    // In the order in which they stand in the file.
    counts: Map<String, Value>,
    inputs: Vec<InputFile>,
    layout: u32,
    options: Map<String, Value>,
    output: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<PartDescription>,
    program: String,
    seed: Option<u64>,
    version: String,
}

/// One input file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Size in bytes.
    pub bytes: u64,
    /// In the record of a shard: index of its first case that has the file, counted over the whole batch table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<usize>,
    /// The path as it was given.
    #[serde(serialize_with = "with_slashes")]
    pub path: PathBuf,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

impl RunRecord {
    /// An empty record of one program.
    pub fn new(program: &str) -> Self {
        Self {
            counts: Map::new(),
            inputs: Vec::new(),
            layout: LAYOUT,
            options: Map::new(),
            output: None,
            part: None,
            program: program.to_owned(),
            seed: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// A file that cannot be read or is no record of this layout.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let bytes = fs::read(path).with_context(|| format!("{shown}: cannot read the record"))?;
        let record: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{shown}: expected a run record"))?;
        if record.layout != LAYOUT {
            bail!(
                "{shown}: expected a run record of layout {LAYOUT}, found layout {}",
                record.layout
            );
        }
        Ok(record)
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

    /// Notes what the part of a shard consists of.
    pub fn part(&mut self, part: PartDescription) -> &mut Self {
        self.part = Some(part);
        self
    }

    /// The same record without what is told of a part, to become that of the whole.
    pub fn take_part(&mut self) -> Option<PartDescription> {
        self.part.take()
    }

    /// The program that made the results, and its version.
    pub fn made_by(&self) -> (&str, &str) {
        (&self.program, &self.version)
    }

    /// The options as they were resolved.
    pub fn options(&self) -> &Map<String, Value> {
        &self.options
    }

    /// A count, if it was noted.
    pub fn counted(&self, name: &str) -> Option<usize> {
        usize::try_from(self.counts.get(name)?.as_u64()?).ok()
    }

    /// Takes the input files out, for they can be many.
    pub fn take_inputs(&mut self) -> Vec<InputFile> {
        std::mem::take(&mut self.inputs)
    }

    /// The record as JSON text.
    ///
    /// # Panics
    /// Never: every key is a text.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("a record has texts for keys") + "\n"
    }

    /// Writes the record as [`to_json`](Self::to_json) has it, without making the text in memory: it can have millions of input files.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn write_to(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let failed = "cannot write the record";
        serde_json::to_writer_pretty(&mut *out, self).context(failed)?;
        out.write_all(b"\n").context(failed)
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
    Owner::of(&folder.join(RECORD_NAME))?.program
}

/// The one output file that a record is about, if there is one and the record can be read.
pub fn output_of(record: &Path) -> Option<String> {
    Owner::of(record)?.output
}

/// Where the record of an output file goes: `run.json` in its folder, unless that is the record of another output.
pub fn record_beside(out: &Path) -> PathBuf {
    let plain = out.with_file_name(RECORD_NAME);
    if !plain.exists() || is_record_of(&plain, out) {
        return plain;
    }
    own_record(out)
}

/// Where the record of the part of a shard goes. Shards that run at the same time may share a folder, so none may have `run.json`.
pub fn own_record(out: &Path) -> PathBuf {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!("{name}.{RECORD_NAME}"))
}

/// Where the record of an output file is, if it has one.
pub fn find_record(out: &Path) -> Option<PathBuf> {
    let own = own_record(out);
    if own.exists() {
        return Some(own);
    }
    let plain = out.with_file_name(RECORD_NAME);
    is_record_of(&plain, out).then_some(plain)
}

fn is_record_of(record: &Path, out: &Path) -> bool {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    output_of(record).is_some_and(|output| output == name)
}

/// Paths are told alike on every system.
fn with_slashes<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy().replace('\\', "/"))
}

/// What tells whose record it is. A record can have millions of input files, which are passed over.
#[derive(Deserialize)]
struct Owner {
    program: Option<String>,
    output: Option<String>,
}

impl Owner {
    fn of(record: &Path) -> Option<Self> {
        let file = fs::File::open(record).ok()?;
        serde_json::from_reader(BufReader::new(file)).ok()
    }
}

/// Hashes input files, in parallel, in the given order.
///
/// # Errors
/// The first file that cannot be read.
pub fn hash_files(paths: &[PathBuf]) -> anyhow::Result<Vec<InputFile>> {
    paths.par_iter().map(|path| hash_file(path)).collect()
}

fn hash_file(path: &Path) -> anyhow::Result<InputFile> {
    if let Some(read_once) = input_file::remembered(path) {
        return Ok(read_once);
    }
    let shown = path.display();
    let failed = || format!("{shown}: cannot read the file");
    if !fs::metadata(path).with_context(failed)?.is_file() {
        bail!("{shown}: expected a file, found what cannot be read twice");
    }
    let mut hasher = Sha256::new();
    let bytes = hash_into(path, &mut hasher).with_context(failed)?;
    Ok(InputFile {
        bytes,
        case: None,
        path: path.to_owned(),
        sha256: hex(hasher),
    })
}

/// Adds the content of a file, piece by piece, and says how many bytes it has.
///
/// # Errors
/// When the file cannot be read.
pub fn hash_into(path: &Path, hasher: &mut Sha256) -> io::Result<u64> {
    let mut file = fs::File::open(path)?;
    let mut buffer = vec![0u8; 1 << 16];
    let mut bytes = 0u64;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(bytes);
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
}

/// SHA-256 of bytes in lower-case hex.
pub fn hash_of(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

fn hex(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
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
