//! Input files that can be read once only: what came out of a pipe is on record like any other input.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::run_record::{InputFile, hash_of};

/// Most bytes taken from what is no file: a device may have no end.
const MAX_BYTES: u64 = 1 << 30;

/// What was read from pipes, for [`remembered`]: a second look would find them empty, or wait for ever.
static READ_ONCE: Mutex<BTreeMap<PathBuf, InputFile>> = Mutex::new(BTreeMap::new());

/// The bytes of a file or of a pipe.
///
/// # Errors
/// When it cannot be read, or when a pipe or device gives more than 1 GiB.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        let problem = format!("expected at most {MAX_BYTES} bytes of what is no file, found more");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    let record = InputFile {
        bytes: bytes.len() as u64,
        case: None,
        path: path.to_owned(),
        sha256: hash_of(&bytes),
    };
    let mut read_once = READ_ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    read_once.insert(path.to_owned(), record);
    Ok(bytes)
}

/// What was [`read`] from a pipe.
pub fn remembered(path: &Path) -> Option<InputFile> {
    let read_once = READ_ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    read_once.get(path).cloned()
}
