//! Voxels in files of their own: the names that a header gives, and reading them within bounds.

use std::path::{Component, Path};

use super::samples::{self, Voxels};
use super::{ReadOptions, Source, excerpt};
use crate::error::Result;

/// Widest number that a numbered file name is padded to; more is no file name.
const MAX_WIDTH: usize = 32;

/// Most files that the voxels of one image may lie in: far more than any scan has slices.
pub(super) const MAX_FILES: usize = 65_536;

/// The data file that a header names. Absolute paths are refused: a header should not choose files of the system.
pub(super) fn beside(header: &Source, name: &str) -> Result<Source> {
    let relative = Path::new(name);
    let inside = |c| {
        matches!(
            c,
            Component::Normal(_) | Component::CurDir | Component::ParentDir
        )
    };
    if !relative.components().all(inside) {
        return Err(header.unsupported(format!("the absolute data file {}", excerpt(name))));
    }
    let folder = header.path.parent().unwrap_or(Path::new(""));
    let data = Source::new(&folder.join(relative), header.format);
    let real = |source: &Source| source.path.canonicalize().ok();
    if real(&data).is_some_and(|path| Some(path) == real(header)) {
        return Err(header.malformed("the header names itself as the file of its voxels"));
    }
    Ok(data)
}

/// `count` names from a pattern like `slice%03d.raw` and the numbers of the first file and the step.
///
/// # Errors
/// A pattern without exactly one number, or with any other conversion; numbers that do not fit 64 bits.
pub(super) fn numbered(
    header: &Source,
    pattern: &str,
    first: i64,
    step: i64,
    count: usize,
) -> Result<Vec<String>> {
    let (before, width, padding, after) = number_slot(pattern).ok_or_else(|| {
        header.malformed(format!(
            "expected a file name with one number like %03d, found {}",
            excerpt(pattern)
        ))
    })?;
    (0..count)
        .map(|i| {
            let number = i64::try_from(i)
                .ok()
                .and_then(|i| step.checked_mul(i)?.checked_add(first))
                .ok_or_else(|| {
                    header.malformed(format!(
                        "file number {i} of those from {first} in steps of {step} is too large"
                    ))
                })?;
            Ok(match padding {
                Padding::Zeros => format!("{before}{number:0width$}{after}"),
                Padding::Spaces => format!("{before}{number:width$}{after}"),
            })
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Padding {
    Zeros,
    Spaces,
}

/// Text before the number, width and padding, text after.
fn number_slot(pattern: &str) -> Option<(&str, usize, Padding, &str)> {
    let (before, rest) = pattern.split_once('%')?;
    let (padding, rest) = match rest.strip_prefix('0') {
        Some(rest) => (Padding::Zeros, rest),
        None => (Padding::Spaces, rest),
    };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let width = if digits == 0 {
        0
    } else {
        rest[..digits].parse().ok().filter(|&w| w <= MAX_WIDTH)?
    };
    let after = rest[digits..].strip_prefix(['d', 'i', 'u'])?;
    (!after.contains('%')).then_some((before, width, padding, after))
}

/// Where in a file the voxels begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// This many bytes from the beginning.
    At(u64),
    /// So that they end with the file.
    FromEnd,
}

/// Reads files one after the other, in all no more than the limit: a list may name a large file many times.
pub(super) struct Budget<'a> {
    options: &'a ReadOptions,
    left: u64,
}

impl<'a> Budget<'a> {
    pub(super) fn new(options: &'a ReadOptions) -> Self {
        Self {
            options,
            left: options.max_bytes,
        }
    }

    /// The whole file.
    pub(super) fn whole(&mut self, source: &Source) -> Result<Vec<u8>> {
        let bytes = source.bytes(self.options)?;
        self.spend(source, bytes.len())?;
        Ok(bytes)
    }

    /// `n` bytes of the file.
    pub(super) fn part(&mut self, source: &Source, start: Start, n: usize) -> Result<Vec<u8>> {
        self.spend(source, n)?;
        source.part(start, n)
    }

    fn spend(&mut self, source: &Source, n: usize) -> Result<()> {
        let n = n as u64;
        if n > self.left {
            let spent = self.options.max_bytes - self.left;
            return Err(source.too_large(u128::from(spent) + u128::from(n), self.options));
        }
        self.left -= n;
        Ok(())
    }
}

/// All pieces in one, of `n_bytes` bytes each unless they are text.
pub(super) fn joined(
    files: &[Source],
    n_bytes: usize,
    mut read: impl FnMut(&Source) -> Result<Voxels>,
) -> Result<Voxels> {
    if let [only] = files {
        return read(only);
    }
    let (mut bytes, mut is_text) = (Vec::new(), false);
    for file in files {
        match read(file)? {
            Voxels::Plain(piece) => bytes.extend(samples::first(file, piece, n_bytes)?),
            Voxels::Packed(piece) => bytes.extend(piece.unpacked(n_bytes)?),
            Voxels::Text(piece) => {
                is_text = true;
                bytes.extend(piece);
            }
        }
    }
    Ok(match is_text {
        true => Voxels::Text(bytes),
        false => Voxels::Plain(bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Source {
        Source::new(Path::new("folder/a.mhd"), "test")
    }

    #[test]
    fn numbers_are_padded_as_the_pattern_says() {
        let names = |pattern, first, step, count| numbered(&header(), pattern, first, step, count);
        assert_eq!(
            names("s%03d.raw", 9, 2, 2).unwrap(),
            ["s009.raw", "s011.raw"]
        );
        assert_eq!(names("s%d.raw", 2, -1, 2).unwrap(), ["s2.raw", "s1.raw"]);
        assert_eq!(names("%3i", 7, 1, 1).unwrap(), ["  7"]);
        for bad in ["s%s.raw", "s%d%d.raw", "s%n", "s%099999d", "s%", "s.raw"] {
            assert!(names(bad, 1, 1, 1).is_err(), "{bad}");
        }
        assert!(names("%d", i64::MAX, 1, 2).is_err());
    }

    #[test]
    fn data_files_are_relative_to_the_header() {
        let path = |name| beside(&header(), name).map(|s| s.path);
        assert_eq!(path("b.raw").unwrap(), Path::new("folder/b.raw"));
        assert_eq!(path("../b.raw").unwrap(), Path::new("folder/../b.raw"));
        assert!(path("/etc/hostname").is_err());
    }
}
