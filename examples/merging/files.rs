//! Parts that are read piece by piece, results that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Bytes of every part that are in memory.
pub const PIECE: usize = 1 << 18;

/// A file that is open only while a piece of it is read: there may be more parts than a process may have open files.
#[derive(Debug)]
pub struct Pieces {
    path: PathBuf,
    at: u64,
}

impl Pieces {
    pub fn of(path: &Path) -> Self {
        let path = path.to_owned();
        Self { path, at: 0 }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// A file too large to be made in memory: written under another name, which [`finish`](Self::finish) changes to its own.
/// Dropped before that, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    writer: BufWriter<File>,
    path: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl Unfinished {
    pub fn create(target: &Path) -> anyhow::Result<Self> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let path = target.with_file_name(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
        }
        let file = File::create(&path)
            .with_context(|| format!("{}: cannot write the file", path.display()))?;
        Ok(Self {
            writer: BufWriter::with_capacity(PIECE, file),
            path,
            target: target.to_owned(),
            finished: false,
        })
    }

    pub fn finish(mut self) -> anyhow::Result<()> {
        let written = self.writer.flush();
        written
            .and_then(|()| fs::rename(&self.path, &self.target))
            .with_context(|| format!("{}: cannot write the file", self.target.display()))?;
        self.finished = true;
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // The error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}
