//! The crate's error: one enum, one variant per condition a caller can act on.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can be wrong with the caller's files, settings or regions.
///
/// Every variant names what was expected and what was found. Nothing in this crate turns a failure into NaN.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened or read. Check the path and the permissions.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file's content does not follow its format: truncated, lying header, unknown magic.
    #[error("{}: {format}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The format it was read as, e.g. `NRRD`.
        format: &'static str,
        /// Expected and found.
        problem: String,
    },
    /// The file is sound, but uses a part of its format this crate does not read. Convert it.
    #[error("{}: {format}: {feature} is not supported", path.display())]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
        /// The format it was read as.
        format: &'static str,
        /// The part that is not read.
        feature: String,
    },
    /// The file, unpacked, would need more memory than the limit allows.
    #[error("{}: needs {needed} bytes in memory, more than the limit of {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes the header asks for.
        needed: u128,
        /// Bytes allowed, see `io::Limits`.
        limit: u64,
    },
    /// A voxel is NaN or infinite. Clean the image first.
    #[error("voxel (z {z}, y {y}, x {x}) is {value}, expected a finite number")]
    NotFinite {
        /// Slice.
        z: usize,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// What it holds.
        value: f64,
    },
    /// A mask voxel is negative, fractional or too large for a label.
    #[error("mask voxel (z {z}, y {y}, x {x}) is {value}, expected a whole number from 0 to 4294967295")]
    NotALabel {
        /// Slice.
        z: usize,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// What it holds.
        value: f64,
    },
    /// A setting is outside its range.
    #[error("setting {name}: expected {expected}, got {found}")]
    InvalidSetting {
        /// The setting's name in a parameter file.
        name: &'static str,
        /// The range.
        expected: &'static str,
        /// The value given.
        found: String,
    },
}
