//! Tensors by name, from safetensors and from both layouts of `torch.save`.
//!
//! A [`StateFile`] knows every key, type and shape of a file; data are read when a tensor is asked for. Nothing in a
//! file is ever executed: a `.pth` file is a pickle, and its instructions are interpreted as data by a reader that
//! knows tensors, storages and dictionaries and refuses everything else. Sizes are checked against the file before
//! memory is taken.

mod legacy;
mod pickle;
mod safetensors;
mod tensor;
mod torch;
mod torch_zip;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub use tensor::{ElementType, StateTensor, TensorData};

use crate::error::{Error, FileFault, Result};
use tensor::TensorEntry;

/// The files that hold tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// `.safetensors`.
    Safetensors,
    /// `torch.save` since torch 1.6: a zip of a pickle and raw storages.
    TorchZip,
    /// `torch.save` before torch 1.6: pickles and raw storages one after the other. torchvision's VGG files are such.
    TorchLegacy,
}

/// An opened file of tensors by name.
///
/// # Examples
/// ```no_run
/// use deep_features::state::StateFile;
///
/// let mut file = StateFile::open("vgg19.pth")?;
/// for (key, shape) in file.shapes() {
///     let _ = (key, shape);
/// }
/// let first = file.tensor("features.0.weight")?;
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    container: Container,
    file: File,
    entries: BTreeMap<String, TensorEntry>,
}

impl StateFile {
    /// Opens a file, recognizes its container by its first bytes, and reads keys, types and shapes.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::File`] and [`Error::Pickle`], each naming the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let io = |source| Error::Io {
            path: path.clone(),
            source,
        };
        let mut file = File::open(&path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut first = Vec::new();
        (&mut file).take(16).read_to_end(&mut first).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let source = Source {
            path: &path,
            length,
        };
        let (container, entries) = if first.starts_with(b"PK\x03\x04") {
            (Container::TorchZip, torch_zip::entries(&source, &mut file)?)
        } else if legacy::is_legacy(&first) {
            (Container::TorchLegacy, legacy::entries(&source, &mut file)?)
        } else if safetensors::is_safetensors(&first) {
            (
                Container::Safetensors,
                safetensors::entries(&source, &mut file)?,
            )
        } else {
            return Err(source.fault(FileFault::UnknownContainer { first_bytes: first }));
        };
        Ok(Self {
            path,
            container,
            file,
            entries,
        })
    }

    /// The kind of file.
    pub fn container(&self) -> Container {
        self.container
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keys and shapes, sorted by key.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = (&str, &[usize])> {
        self.entries
            .iter()
            .map(|(key, entry)| (key.as_str(), entry.shape.as_slice()))
    }

    /// Whether the file has this key.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Shape of a tensor; `None` if the file has no such key.
    pub fn shape(&self, key: &str) -> Option<&[usize]> {
        self.entries.get(key).map(|entry| entry.shape.as_slice())
    }

    /// Reads one tensor, in row-major order of its shape, in the type of the file.
    ///
    /// # Errors
    /// [`FileFault::NoSuchTensor`]; [`Error::Io`] if the file cannot be read any more.
    pub fn tensor(&mut self, key: &str) -> Result<StateTensor> {
        let source = Source {
            path: &self.path,
            length: 0,
        };
        let entry = self.entries.get(key).ok_or_else(|| {
            source.fault(FileFault::NoSuchTensor {
                key: key.to_string(),
            })
        })?;
        let mut bytes = vec![0; entry.span_bytes()];
        let read = self
            .file
            .seek(SeekFrom::Start(entry.start()))
            .and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|e| source.io(e))?;
        Ok(entry.decode(&bytes))
    }

    /// Reads all tensors.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read any more.
    pub fn read_all(&mut self) -> Result<BTreeMap<String, StateTensor>> {
        let keys: Vec<_> = self.entries.keys().cloned().collect();
        keys.into_iter()
            .map(|key| Ok((key.clone(), self.tensor(&key)?)))
            .collect()
    }
}

/// The file being read, for error messages and size checks.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    path: &'a Path,
    length: u64,
}

impl Source<'_> {
    fn fault(&self, fault: FileFault) -> Error {
        Error::File {
            path: self.path.to_path_buf(),
            fault: Box::new(fault),
        }
    }

    fn io(&self, source: std::io::Error) -> Error {
        Error::Io {
            path: self.path.to_path_buf(),
            source,
        }
    }

    /// Checks that `[start, start + bytes)` lies in the file.
    fn check_span(&self, what: impl Fn() -> String, start: u64, bytes: u64) -> Result<()> {
        let found = self.length.saturating_sub(start);
        if bytes > found {
            return Err(self.fault(FileFault::Size {
                what: what(),
                expected: bytes,
                found,
            }));
        }
        Ok(())
    }
}
