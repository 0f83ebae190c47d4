//! What a study has computed so far, on disk, so that a run that was killed goes on and one with a changed image computes only what depends on it.
//!
//! Everything is known by the hash of what it was computed from: entries of other images, settings or versions are never taken. When a step is complete
//! its entries are written again in the order of the cohort, so that equal runs leave equal bytes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::atomic_file::write_atomically;
use crate::journal::Journal;

/// Name of the folder beside the results.
pub const CACHE_NAME: &str = "cache";

/// The folder of a study's cache.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache of a study in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join(CACHE_NAME);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
        Ok(Self { folder })
    }

    /// The journal of one kind of features.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn journal(&self, name: &str) -> anyhow::Result<Journal> {
        Journal::open(&self.folder.join(name), true)
    }

    /// The memory of steps.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn steps(&self) -> anyhow::Result<StepMemory> {
        StepMemory::open(&self.folder.join("steps.jsonl"))
    }
}

/// Takes over what an earlier, finished study left: cache files and, if `also` names one, a folder of inputs. Files that are there already stay.
///
/// # Errors
/// When a file cannot be copied.
pub fn take_over(earlier: &Path, folder: &Path, also: Option<&str>) -> anyhow::Result<()> {
    for part in [CACHE_NAME].into_iter().chain(also) {
        copy_missing(&earlier.join(part), &folder.join(part))?;
    }
    Ok(())
}

fn copy_missing(from: &Path, to: &Path) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(from) else {
        return Ok(());
    };
    std::fs::create_dir_all(to)
        .with_context(|| format!("{}: cannot create the folder", to.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    // A table comes after the files it names: where it is, they are.
    names.sort_by_key(|name| (from.join(name).is_file(), name.clone()));
    for name in names {
        let (source, target) = (from.join(&name), to.join(&name));
        if source.is_dir() {
            copy_missing(&source, &target)?;
        } else if !target.exists() {
            let bytes = std::fs::read(&source)
                .with_context(|| format!("{}: cannot read the file", source.display()))?;
            write_atomically(&target, &bytes)?;
        }
    }
    Ok(())
}

/// Results of steps, each known by a hash.
#[derive(Debug)]
pub struct StepMemory {
    path: PathBuf,
    known: HashMap<String, Value>,
    file: RefCell<File>,
    /// What this run used, in the order of use.
    used: RefCell<Vec<(String, Value)>>,
}

impl StepMemory {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let failed = || format!("{}: cannot open the file", path.display());
        let mut known = HashMap::new();
        let mut whole = 0;
        if path.exists() {
            let bytes = std::fs::read(path).with_context(failed)?;
            // The last line may be cut short: what does not parse is computed again.
            whole = bytes
                .iter()
                .rposition(|&b| b == b'\n')
                .map_or(0, |at| at + 1);
            for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
                if let Ok(mut line) = serde_json::from_str::<Value>(line)
                    && let Some(key) = line["key"].as_str().map(str::to_owned)
                {
                    known.insert(key, line["value"].take());
                }
            }
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(failed)?;
        file.set_len(whole as u64).with_context(failed)?;
        Ok(Self {
            path: path.to_owned(),
            known,
            file: RefCell::new(file),
            used: RefCell::new(Vec::new()),
        })
    }

    /// The result of a step, remembered or made now.
    ///
    /// # Errors
    /// What `make` says; when the file cannot be written.
    pub fn get_or_make(
        &self,
        key: &str,
        make: impl FnOnce() -> anyhow::Result<Value>,
    ) -> anyhow::Result<Value> {
        let value = match self.known.get(key) {
            Some(value) => value.clone(),
            None => {
                let value = make()?;
                self.file
                    .borrow_mut()
                    .write_all(line(key, &value).as_bytes())
                    .with_context(|| format!("{}: cannot write", self.path.display()))?;
                value
            }
        };
        self.used.borrow_mut().push((key.to_owned(), value.clone()));
        Ok(value)
    }

    /// Keeps what this run used, in the order of use.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        let used = self.used.into_inner();
        let text: String = used.iter().map(|(key, value)| line(key, value)).collect();
        write_atomically(&self.path, text.as_bytes())
    }
}

fn line(key: &str, value: &Value) -> String {
    format!("{}\n", json!({"key": key, "value": value}))
}

/// A hash of text and numbers that a step depends on.
#[derive(Debug, Clone, Default)]
pub struct StepKey(Sha256);

impl StepKey {
    /// The key of a step of this version.
    pub fn new(step: &str) -> Self {
        Self::default().text(step).text(env!("CARGO_PKG_VERSION"))
    }

    /// Adds text.
    pub fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// Adds numbers, by their bits.
    pub fn numbers<'a>(mut self, numbers: impl IntoIterator<Item = &'a f64>) -> Self {
        for number in numbers {
            self.0.update(number.to_bits().to_le_bytes());
        }
        self.text("")
    }

    /// Adds positions.
    pub fn positions(mut self, positions: &[usize]) -> Self {
        for &position in positions {
            self.0.update((position as u64).to_le_bytes());
        }
        self.text("")
    }

    /// Adds outcomes.
    pub fn outcomes(mut self, outcomes: &[bool]) -> Self {
        for &outcome in outcomes {
            self.0.update([u8::from(outcome)]);
        }
        self.text("")
    }

    /// The hash in hexadecimal.
    pub fn finish(self) -> String {
        let hash = self.0.finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_remembered_and_a_cut_line_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let steps = cache.steps().unwrap();
        steps.get_or_make("a", || Ok(json!([0.1, null]))).unwrap();
        steps.get_or_make("b", || Ok(json!(2))).unwrap();
        drop(steps);
        let path = folder.path().join(CACHE_NAME).join("steps.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 3]).unwrap();

        let steps = cache.steps().unwrap();
        let forgotten = || anyhow::bail!("made again");
        assert_eq!(steps.get_or_make("b", || Ok(json!(3))).unwrap(), json!(3));
        assert_eq!(steps.get_or_make("a", forgotten).unwrap()[0], json!(0.1));
        steps.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with("{\"key\":\"b\""), "{text}");
    }

    #[test]
    fn keys_tell_parts_apart() {
        let key = |a: &str, b: &str| StepKey::new("x").text(a).text(b).finish();
        assert_ne!(key("ab", "c"), key("a", "bc"));
        let rows = |a: &[usize], b: &[f64]| StepKey::new("x").positions(a).numbers(b).finish();
        assert_ne!(rows(&[1], &[]), rows(&[], &[f64::from_bits(1)]));
    }

    #[test]
    fn what_is_missing_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir_all(from.join("cohort/images")).unwrap();
        std::fs::create_dir_all(to.join("cohort")).unwrap();
        std::fs::write(from.join("cohort/images/1.png"), "1").unwrap();
        std::fs::write(from.join("cohort/cohort.csv"), "old").unwrap();
        std::fs::write(to.join("cohort/cohort.csv"), "new").unwrap();
        take_over(&from, &to, Some("cohort")).unwrap();
        let read = |file: &str| std::fs::read_to_string(to.join(file)).unwrap();
        assert_eq!(read("cohort/images/1.png"), "1");
        assert_eq!(read("cohort/cohort.csv"), "new");
    }
}
