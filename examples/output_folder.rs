//! The folder a program writes its results to: it appears whole or not at all, and never mixes two runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::atomic_file::TEMPORARY_PREFIX;
use crate::program::WrongUsage;
use crate::run_record::{RECORD_NAME, program_of};

/// What to do when the output folder holds something already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Stop and say so.
    Refuse,
    /// Replace the results of an earlier run, once the new ones are complete.
    Overwrite,
    /// Take over what an interrupted run of the same program left, and keep the parts that still hold.
    Resume,
}

/// The options `--overwrite` and `--resume`, for every program that writes a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct ExistingOptions {
    /// Replace the results of an earlier run in the output folder.
    #[arg(long, conflicts_with = "resume")]
    pub overwrite: bool,
    /// Go on with an interrupted run in the output folder.
    #[arg(long)]
    pub resume: bool,
}

impl ExistingOptions {
    /// The choice the two options make.
    pub fn existing(self) -> Existing {
        match (self.overwrite, self.resume) {
            (true, _) => Existing::Overwrite,
            (false, true) => Existing::Resume,
            (false, false) => Existing::Refuse,
        }
    }
}

/// An output folder being filled. Files go to [`path`](Self::path), a neighbor with `.partial` at the end of its name;
/// [`finish`](Self::finish) gives it its real name. Dropped before that, it is removed, unless the program can resume.
#[derive(Debug)]
pub struct OutputFolder {
    target: PathBuf,
    staging: PathBuf,
    keep_partial: bool,
    finished: bool,
}

impl OutputFolder {
    /// Begins a run of `program` that will end up at `target`.
    ///
    /// # Errors
    /// When `target` holds files and `existing` is [`Existing::Refuse`]; when it holds anything but results of `program` and the
    /// choice is [`Existing::Overwrite`] or [`Existing::Resume`]; when a folder cannot be created.
    pub fn begin(target: &Path, program: &str, existing: Existing) -> anyhow::Result<Self> {
        let shown = target.display();
        recover(target)?;
        if target.exists() && !target.is_dir() {
            bail!("{shown}: expected a folder for the results, found a file");
        }
        if is_filled(target)? {
            match program_of(target) {
                _ if existing == Existing::Refuse => {
                    let whose =
                        program_of(target).map_or(String::new(), |other| format!(" of {other}"));
                    bail!(
                        "{shown}: expected a new or empty folder, found another run's files{whose}; give --overwrite or another --out"
                    )
                }
                Some(other) if other == program => {}
                Some(other) => bail!(
                    "{shown}: expected results of {program}, found results of {other}; give another --out"
                ),
                None => bail!(
                    "{shown}: expected results of {program} with a {RECORD_NAME}, found other files; give another --out"
                ),
            }
        }
        let staging = neighbor(target, ".partial")
            .with_context(|| format!("{shown}: expected the name of a folder"))?;
        if existing != Existing::Resume && staging.exists() {
            remove_stale(&staging)?;
        }
        fs::create_dir_all(&staging)
            .with_context(|| format!("{}: cannot create the folder", staging.display()))?;
        fs::write(staging.join(MARKER), format!("{program}\n"))
            .with_context(|| format!("{}: cannot write to the folder", staging.display()))?;
        Ok(Self {
            target: target.to_owned(),
            staging,
            keep_partial: existing == Existing::Resume,
            finished: false,
        })
    }

    /// Where to write until the run is finished.
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// From now on an interrupted run leaves its partial folder for `--resume`.
    pub fn keep_partial(&mut self) {
        self.keep_partial = true;
    }

    /// Removes everything from the folder but these parts of an interrupted run, and from them what was being written when it ended.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn keep_only(&self, parts: &[&str]) -> anyhow::Result<()> {
        let failed = || format!("{}: cannot clear the folder", self.staging.display());
        for entry in fs::read_dir(&self.staging).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let name = entry.file_name();
            let is_kept = parts.iter().any(|part| name == *part);
            if is_kept {
                remove_temporary(&entry.path()).with_context(failed)?;
            } else if entry.path().is_dir() {
                fs::remove_dir_all(entry.path()).with_context(failed)?;
            } else if name != MARKER {
                fs::remove_file(entry.path()).with_context(failed)?;
            }
        }
        Ok(())
    }

    /// Gives the folder its real name, replacing an earlier run's.
    ///
    /// # Errors
    /// When a folder cannot be renamed or removed.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let shown = self.target.display().to_string();
        fs::remove_file(self.staging.join(MARKER))
            .with_context(|| format!("{shown}: cannot finish the folder"))?;
        if self.target.exists() {
            let old = neighbor(&self.target, OLD)
                .with_context(|| format!("{shown}: expected the name of a folder"))?;
            fs::rename(&self.target, &old)
                .with_context(|| format!("{shown}: cannot move the earlier results away"))?;
            fs::rename(&self.staging, &self.target)
                .with_context(|| format!("{shown}: cannot rename the results"))?;
            fs::remove_dir_all(&old)
                .with_context(|| format!("{}: cannot remove the earlier results", old.display()))?;
        } else {
            fs::rename(&self.staging, &self.target)
                .with_context(|| format!("{shown}: cannot rename the results"))?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if !self.finished && !self.keep_partial {
            // The error that led here is the one to report.
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}

/// Refuses an output folder that holds one of the files that are read: replacing the folder would remove them.
///
/// # Errors
/// [`WrongUsage`] with the first such file.
pub fn refuse_inputs_inside(target: &Path, inputs: &[&Path]) -> Result<(), WrongUsage> {
    let Ok(folder) = target.canonicalize() else {
        return Ok(());
    };
    let is_inside = |file: &Path| file.canonicalize().is_ok_and(|f| f.starts_with(&folder));
    match inputs.iter().find(|file| is_inside(file)) {
        Some(file) => Err(WrongUsage(format!(
            "--out {}: expected a folder without the files that are read, found {} in it",
            target.display(),
            file.display()
        ))),
        None => Ok(()),
    }
}

/// Says that a `.partial` folder is ours and may be removed.
const MARKER: &str = ".unfinished";

/// Ending of the name of earlier results while they are being replaced.
const OLD: &str = ".partial.old";

/// The folder beside `target` whose name has `ending` added.
fn neighbor(target: &Path, ending: &str) -> Option<PathBuf> {
    let mut name = target.file_name()?.to_owned();
    name.push(ending);
    Some(target.with_file_name(name))
}

/// Ends what a run did not that was killed while it replaced earlier results: they come back, or go if the new ones are in place.
///
/// # Errors
/// When a folder cannot be renamed or removed.
pub fn recover(target: &Path) -> anyhow::Result<()> {
    let Some(old) = neighbor(target, OLD).filter(|old| old.is_dir()) else {
        return Ok(());
    };
    let done = match target.exists() {
        true => fs::remove_dir_all(&old),
        false => fs::rename(&old, target),
    };
    done.with_context(|| format!("{}: cannot recover earlier results", target.display()))
}

/// Removes files that were being written.
fn remove_temporary(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            remove_temporary(&entry?.path())?;
        }
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.starts_with(TEMPORARY_PREFIX) {
        true => fs::remove_file(path),
        false => Ok(()),
    }
}

fn is_filled(folder: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            Err(error).with_context(|| format!("{}: cannot read the folder", folder.display()))
        }
    }
}

/// Removes what a killed run left behind, and nothing else.
fn remove_stale(staging: &Path) -> anyhow::Result<()> {
    let shown = staging.display();
    // A run that was killed between its last two steps has a record and no marker.
    let is_ours = staging.join(MARKER).exists() || program_of(staging).is_some();
    if is_filled(staging)? && !is_ours {
        bail!(
            "{shown}: expected the rest of an interrupted run, found other files; move the folder away"
        );
    }
    fs::remove_dir_all(staging)
        .with_context(|| format!("{shown}: cannot remove the rest of an interrupted run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(target: &Path, program: &str) {
        fs::create_dir_all(target).unwrap();
        fs::write(
            target.join(RECORD_NAME),
            format!("{{\"program\": \"{program}\"}}"),
        )
        .unwrap();
    }

    #[test]
    fn appears_only_when_finished() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        let folder = OutputFolder::begin(&target, "demo", Existing::Refuse).unwrap();
        fs::write(folder.path().join("a.csv"), "a").unwrap();
        assert!(!target.exists());
        folder.finish().unwrap();
        let names: Vec<_> = fs::read_dir(&target)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["a.csv"]);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn dropped_unfinished_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        drop(OutputFolder::begin(&root.path().join("out"), "demo", Existing::Refuse).unwrap());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_run_is_refused_and_overwritten_only_on_request() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        filled(&target, "demo");
        let refused = OutputFolder::begin(&target, "demo", Existing::Refuse)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("--overwrite") && refused.contains("of demo"),
            "{refused}"
        );
        let folder = OutputFolder::begin(&target, "demo", Existing::Overwrite).unwrap();
        fs::write(folder.path().join("new.csv"), "n").unwrap();
        folder.finish().unwrap();
        assert!(target.join("new.csv").exists() && !target.join(RECORD_NAME).exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_kill_while_results_are_replaced_loses_neither() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        let old = root.path().join("out.partial.old");
        filled(&old, "demo");
        recover(&target).unwrap();
        assert!(target.join(RECORD_NAME).exists() && !old.exists());
        filled(&old, "demo");
        recover(&target).unwrap();
        assert!(target.join(RECORD_NAME).exists() && !old.exists());
    }

    #[test]
    fn what_is_kept_of_an_interrupted_run_holds_nothing_half_written() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        let staging = root.path().join("out.partial");
        fs::create_dir_all(staging.join("cache")).unwrap();
        for file in [
            "cache/a",
            "cache/.being-written-x",
            "report.html",
            ".being-written-y",
        ] {
            fs::write(staging.join(file), "").unwrap();
        }
        let folder = OutputFolder::begin(&target, "demo", Existing::Resume).unwrap();
        folder.keep_only(&["cache"]).unwrap();
        let names = |path: &Path| -> Vec<_> {
            let entries = fs::read_dir(path).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        };
        assert_eq!(names(&staging.join("cache")), ["a"]);
        folder.finish().unwrap();
        assert_eq!(names(&target), ["cache"]);
    }

    #[test]
    fn overwrite_spares_folders_that_are_no_results() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("thesis");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("chapter1.tex"), "precious").unwrap();
        assert!(OutputFolder::begin(&target, "demo", Existing::Overwrite).is_err());
        filled(&target, "other_program");
        assert!(OutputFolder::begin(&target, "demo", Existing::Overwrite).is_err());
        assert!(target.join("chapter1.tex").exists());
    }
}
