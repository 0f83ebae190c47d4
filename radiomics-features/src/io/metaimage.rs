//! MetaImage, the format of ITK: `.mha` with the voxels behind the header, `.mhd` with the voxels in files of their own.
//!
//! The header is lines of `key = value` and ends with `ElementDataFile`. Keys may come in any order and case; `:` does for
//! `=`. As in ITK, row `i` of `TransformMatrix` is the direction of index axis `i`, `CenterOfRotation`, `DistanceUnits` and
//! `AnatomicalOrientation` are ignored, and negative spacing turns its axis around.

use std::collections::HashMap;
use std::path::Path;

use super::packed::Packed;
use super::pieces::{self, Budget, Start};
use super::pose::Pose;
use super::samples::{self, ByteOrder, Component, Voxels};
use super::{Grid, ReadOptions, Role, Source, excerpt};
use crate::error::Result;
use crate::volume::{Dimensionality, PixelType};

/// The keys that matter, in lower case; all others are ignored.
const KEYS: [&str; 19] = [
    "ndims",
    "dimsize",
    "elementtype",
    "elementnumberofchannels",
    "elementspacing",
    "elementsize",
    "origin",
    "offset",
    "position",
    "transformmatrix",
    "rotation",
    "orientation",
    "binarydata",
    "compresseddata",
    "compresseddatasize",
    "binarydatabyteordermsb",
    "elementbyteordermsb",
    "headersize",
    "elementdatafile",
];

/// Most axes MetaIO knows.
const MAX_RANK: usize = 10;

pub(super) fn read(path: &Path, options: &ReadOptions, role: Role) -> Result<Grid> {
    let source = Source::new(path, "MetaImage");
    let bytes = source.bytes(options)?;
    let (fields, data_start) = Fields::parse(&source, &bytes)?;
    let header = Header::new(&fields)?;
    let size = header.size();
    let n = source.checked_voxels(size, options)?;
    let count = header.channels.unwrap_or(1);
    let n_numbers = source.checked_numbers(n, count, header.pixel_type, options)?;
    let component = Component {
        index: source.component(role, header.channels, options)?,
        count: count as usize,
        inner: 1,
    };
    let geometry = header
        .pose(&fields)?
        .geometry()
        .map_err(|e| e.in_file(path))?;
    let voxels = header.gather(&source, bytes, data_start, n_numbers, options)?;
    let (pixel_type, order) = (header.pixel_type, header.order);
    let numbers = voxels.decode(&source, n_numbers, pixel_type, order, component)?;
    Ok(Grid {
        numbers,
        size: size.map(|n| n as usize),
        pixel_type: header.pixel_type,
        geometry,
        dimensionality: header.dimensionality(),
    })
}

/// The header's text: keys in lower case.
struct Fields<'a> {
    source: &'a Source,
    values: HashMap<String, String>,
}

impl<'a> Fields<'a> {
    /// The fields, and where the bytes behind them begin.
    fn parse(source: &'a Source, bytes: &[u8]) -> Result<(Self, usize)> {
        let mut values = HashMap::new();
        let mut start = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        while start < bytes.len() {
            let rest = &bytes[start..];
            let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            let line = &rest[..end];
            start += end + 1;
            let text = line.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            let Some(separator) = text.iter().position(|b| matches!(b, b'=' | b':')) else {
                let found = excerpt(text);
                return Err(
                    source.malformed(format!("expected a line \"key = value\", found {found}"))
                );
            };
            let key = text[..separator].trim_ascii().to_ascii_lowercase();
            let Some(&key) = KEYS.iter().find(|k| k.as_bytes() == key) else {
                continue;
            };
            let value = String::from_utf8_lossy(text[separator + 1..].trim_ascii());
            values.insert(key.to_string(), value.into_owned());
            if key == "elementdatafile" {
                return Ok((Self { source, values }, start.min(bytes.len())));
            }
        }
        Err(source.malformed("the field ElementDataFile, which ends the header, is missing"))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values
            .get(&key.to_ascii_lowercase())
            .map(String::as_str)
    }

    fn required(&self, key: &str) -> Result<&str> {
        self.get(key)
            .ok_or_else(|| self.source.malformed(format!("the field {key} is missing")))
    }

    /// The first `n` numbers of a field, if it is there; more are ignored, as ITK does.
    fn numbers<T: std::str::FromStr>(&self, key: &str, n: usize) -> Result<Option<Vec<T>>> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let words = text.split_whitespace().take(n);
        let parsed: Option<Vec<T>> = words.map(|w| w.parse().ok()).collect();
        parsed.filter(|v| v.len() == n).map(Some).ok_or_else(|| {
            self.source.malformed(format!(
                "expected {n} numbers in {key}, found {}",
                excerpt(text)
            ))
        })
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>> {
        Ok(self.numbers(key, 1)?.and_then(|mut v| v.pop()))
    }

    /// A truth value; the first letter decides.
    fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        match text.bytes().next() {
            Some(b'T' | b't' | b'1') => Ok(Some(true)),
            Some(b'F' | b'f' | b'0') => Ok(Some(false)),
            _ => Err(self.source.malformed(format!(
                "expected True or False in {key}, found {}",
                excerpt(text)
            ))),
        }
    }
}

/// How the voxels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Raw,
    /// Zlib or gzip, of this many bytes, if the header says.
    Deflate {
        size: Option<u64>,
    },
    Ascii,
}

struct Header {
    /// Voxels along x, y, z and further axes, of which the latter have one.
    dims: Vec<u64>,
    pixel_type: PixelType,
    /// `None` for scalar voxels.
    channels: Option<u64>,
    encoding: Encoding,
    order: ByteOrder,
    /// Bytes before the voxels in their file, or -1 if they end with it.
    skip: i64,
    data_file: String,
}

impl Header {
    fn new(fields: &Fields<'_>) -> Result<Self> {
        let source = fields.source;
        fields.required("NDims")?;
        let rank: usize = fields.number("NDims")?.unwrap_or(0);
        if !(1..=MAX_RANK).contains(&rank) {
            return Err(source.malformed(format!("NDims is {rank}, expected 1 to {MAX_RANK}")));
        }
        fields.required("DimSize")?;
        let dims: Vec<u64> = fields.numbers("DimSize", rank)?.unwrap_or_default();
        if rank == 1 {
            return Err(source.unsupported("a one-dimensional image"));
        }
        if dims.iter().skip(3).any(|&n| n > 1) {
            return Err(source.unsupported(format!(
                "an image of {dims:?} voxels, with more than three dimensions,"
            )));
        }
        let channels: u64 = fields.number("ElementNumberOfChannels")?.unwrap_or(1);
        if channels == 0 {
            return Err(source.malformed("ElementNumberOfChannels is 0, expected at least 1"));
        }
        let msb = match fields.flag("BinaryDataByteOrderMSB")? {
            Some(msb) => msb,
            None => fields.flag("ElementByteOrderMSB")?.unwrap_or(false),
        };
        let skip: i64 = fields.number("HeaderSize")?.unwrap_or(0);
        if skip < -1 {
            return Err(source.malformed(format!("HeaderSize is {skip}, expected -1 or more")));
        }
        let encoding = encoding(fields)?;
        if skip == -1 && encoding != Encoding::Raw {
            return Err(source.malformed("HeaderSize is -1, which only raw data allow"));
        }
        Ok(Self {
            dims,
            pixel_type: pixel_type(source, fields.required("ElementType")?)?,
            channels: (channels > 1).then_some(channels),
            encoding,
            order: if msb {
                ByteOrder::Big
            } else {
                ByteOrder::Little
            },
            skip,
            data_file: fields.required("ElementDataFile")?.to_string(),
        })
    }

    /// Voxels along z, y, x.
    fn size(&self) -> [u64; 3] {
        [
            self.dims.get(2).copied().unwrap_or(1),
            self.dims[1],
            self.dims[0],
        ]
    }

    fn dimensionality(&self) -> Dimensionality {
        if self.dims.len() == 2 {
            Dimensionality::Two
        } else {
            Dimensionality::Three
        }
    }

    fn pose(&self, fields: &Fields<'_>) -> Result<Pose> {
        let rank = self.dims.len();
        let first = |keys: &[&str], n: usize| -> Result<Option<Vec<f64>>> {
            let present = keys.iter().find(|key| fields.get(key).is_some());
            present.map_or(Ok(None), |key| fields.numbers(key, n))
        };
        let mut pose = Pose::UNIT;
        let axes = rank.min(3);
        if let Some(spacing) = first(&["ElementSpacing", "ElementSize"], rank)? {
            pose.spacing[..axes].copy_from_slice(&spacing[..axes]);
        }
        if let Some(origin) = first(&["Origin", "Offset", "Position"], rank)? {
            pose.origin[..axes].copy_from_slice(&origin[..axes]);
        }
        let keys = ["TransformMatrix", "Rotation", "Orientation"];
        if let Some(matrix) = first(&keys, rank * rank)? {
            for (axis, row) in pose.axes.iter_mut().zip(matrix.chunks(rank)).take(axes) {
                axis[..axes].copy_from_slice(&row[..axes]);
            }
        }
        Ok(pose)
    }

    /// The bytes of all voxels, or their text.
    fn gather(
        &self,
        source: &Source,
        bytes: Vec<u8>,
        data_start: usize,
        n_numbers: usize,
        options: &ReadOptions,
    ) -> Result<Voxels> {
        let n_bytes = n_numbers * self.pixel_type.bytes();
        if self.data_file.eq_ignore_ascii_case("local") {
            return self.local(source, bytes, data_start, n_bytes);
        }
        let files = self.files(source, &bytes[data_start..])?;
        drop(bytes);
        let piece = n_bytes / files.len();
        let mut budget = Budget::new(options);
        let start = match u64::try_from(self.skip) {
            Ok(skip) => Start::At(skip),
            Err(_) => Start::FromEnd,
        };
        pieces::joined(&files, piece, |file| {
            Ok(match self.encoding {
                Encoding::Raw => Voxels::Plain(budget.part(file, start, piece)?),
                Encoding::Deflate { size } => {
                    let size = size.filter(|_| files.len() == 1);
                    let bytes = budget.whole(file)?;
                    Voxels::Packed(self.packed(file, bytes, self.skip as u64, size)?)
                }
                Encoding::Ascii => {
                    let text = budget.whole(file)?;
                    let text = &text[text.len().min(self.skip as usize)..];
                    let numbers = n_numbers / files.len();
                    let mut text = samples::first_words(file, text, numbers)?.to_vec();
                    // The number that ends one file is not continued in the next.
                    text.push(b' ');
                    Voxels::Text(text)
                }
            })
        })
    }

    /// Voxels in the header's own file. A positive `HeaderSize` counts from the beginning of the file.
    fn local(
        &self,
        source: &Source,
        mut bytes: Vec<u8>,
        data_start: usize,
        n_bytes: usize,
    ) -> Result<Voxels> {
        let start = match self.skip {
            -1 => {
                bytes.drain(..data_start);
                return Ok(Voxels::Plain(samples::last(source, bytes, n_bytes)?));
            }
            0 => data_start as u64,
            skip => skip as u64,
        };
        if let Encoding::Deflate { size } = self.encoding {
            return Ok(Voxels::Packed(self.packed(source, bytes, start, size)?));
        }
        bytes.drain(..bytes.len().min(start as usize));
        Ok(match self.encoding {
            Encoding::Ascii => Voxels::Text(bytes),
            _ => Voxels::Plain(samples::first(source, bytes, n_bytes)?),
        })
    }

    /// The compressed bytes of a file.
    fn packed(
        &self,
        source: &Source,
        bytes: Vec<u8>,
        start: u64,
        size: Option<u64>,
    ) -> Result<Packed> {
        let start = bytes.len().min(start as usize);
        let found = bytes.len() - start;
        let length = size.map_or(Some(found), |size| usize::try_from(size).ok());
        let Some(length) = length.filter(|&length| length <= found) else {
            let size = size.unwrap_or_default();
            let problem = format!("expected {size} compressed bytes, found {found}");
            return Err(source.malformed(problem));
        };
        Ok(Packed::zlib_or_gzip(source, bytes, start..start + length))
    }

    /// The files that the voxels lie in; `rest` is the text behind the header.
    fn files(&self, source: &Source, rest: &[u8]) -> Result<Vec<Source>> {
        let names = if let Some(words) = self.data_file.strip_prefix("LIST") {
            let count = self.count_of_pieces(source, piece_rank(words, self.dims.len()))?;
            let lines = rest.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
            let names: Vec<String> = lines
                .filter(|line| !line.is_empty())
                .take(count)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            if names.len() < count {
                let found = names.len();
                return Err(source.malformed(format!(
                    "expected a list of {count} data files, found {found}"
                )));
            }
            names
        } else if self.data_file.contains('%') {
            self.numbered(source)?
        } else {
            vec![self.data_file.clone()]
        };
        names
            .iter()
            .map(|name| pieces::beside(source, name))
            .collect()
    }

    /// How many files of `rank`-dimensional pieces there are.
    fn count_of_pieces(&self, source: &Source, rank: usize) -> Result<usize> {
        let count = self.dims[rank..].iter().try_fold(1usize, |count, &n| {
            count.checked_mul(usize::try_from(n).ok()?)
        });
        count.filter(|&n| n <= pieces::MAX_FILES).ok_or_else(|| {
            source.unsupported(format!("a list of more than {} files", pieces::MAX_FILES))
        })
    }

    /// Names from `pattern [first [last [step]]]`, a file for every index of the last axis.
    fn numbered(&self, source: &Source) -> Result<Vec<String>> {
        let count = self.count_of_pieces(source, self.dims.len() - 1)?;
        let bad = || {
            source.malformed(format!(
                "expected a pattern and the numbers of {count} files (first, last, step) in ElementDataFile, found {}",
                excerpt(&self.data_file)
            ))
        };
        let mut words = self.data_file.split_whitespace();
        let pattern = words.next().unwrap_or_default();
        let numbers: Option<Vec<i64>> = words.map(|w| w.parse().ok()).collect();
        let numbers = numbers.ok_or_else(bad)?;
        let first = numbers.first().copied().unwrap_or(1);
        let gaps = count as i64 - 1;
        let step = match numbers[..] {
            [] | [_] => 1,
            [_, last] if gaps > 0 => last.checked_sub(first).ok_or_else(bad)? / gaps,
            [_, _] => 1,
            [_, _, step, ..] => step,
        };
        if step == 0 {
            return Err(bad());
        }
        if let Some(&last) = numbers.get(1) {
            let reach = last.checked_sub(first).map(|span| span.checked_div(step));
            if reach.flatten().is_none_or(|steps| steps < gaps) {
                return Err(bad());
            }
        }
        pieces::numbered(source, pattern, first, step, count)
    }
}

/// Axes of one file of a list, from the word behind `LIST`: by default all but the last.
fn piece_rank(words: &str, rank: usize) -> usize {
    let digits: String = words
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    match digits.parse() {
        Ok(given) if (1..=rank).contains(&given) => given,
        _ => rank - 1,
    }
}

fn encoding(fields: &Fields<'_>) -> Result<Encoding> {
    if fields.flag("BinaryData")? == Some(false) {
        return Ok(Encoding::Ascii);
    }
    if fields.flag("CompressedData")? != Some(true) {
        return Ok(Encoding::Raw);
    }
    let size: Option<u64> = fields.number("CompressedDataSize")?;
    // Writers that do not know the size leave 0.
    Ok(Encoding::Deflate {
        size: size.filter(|&n| n > 0),
    })
}

/// Types as ITK reads them: `MET_LONG` has 32 bits on every machine.
fn pixel_type(source: &Source, name: &str) -> Result<PixelType> {
    let upper = name.to_ascii_uppercase();
    Ok(match upper.strip_suffix("_ARRAY").unwrap_or(&upper) {
        "MET_UCHAR" => PixelType::U8,
        "MET_CHAR" | "MET_ASCII_CHAR" => PixelType::I8,
        "MET_USHORT" => PixelType::U16,
        "MET_SHORT" => PixelType::I16,
        "MET_UINT" | "MET_ULONG" => PixelType::U32,
        "MET_INT" | "MET_LONG" => PixelType::I32,
        "MET_ULONG_LONG" => PixelType::U64,
        "MET_LONG_LONG" => PixelType::I64,
        "MET_FLOAT" => PixelType::F32,
        "MET_DOUBLE" => PixelType::F64,
        _ => return Err(source.unsupported(format!("the ElementType {}", excerpt(name)))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_say_how_many_axes_a_file_has() {
        for (words, rank) in [
            ("", 2),
            (" 2", 2),
            (" 1D", 1),
            (" 3", 3),
            (" 0", 2),
            (" 9", 2),
        ] {
            assert_eq!(piece_rank(words, 3), rank, "{words:?}");
        }
    }

    #[test]
    fn keys_come_in_any_order_and_case() {
        let source = Source::new(Path::new("a.mha"), "MetaImage");
        let text = b"elementtype: MET_SHORT\r\n# remark\r\n\r\nDIMSIZE=4 3\r\nFoo = bar\r\nndims = 2\r\nElementDataFile = LOCAL\r\nvoxels";
        let (fields, start) = Fields::parse(&source, text).unwrap();
        assert_eq!(&text[start..], b"voxels");
        let header = Header::new(&fields).unwrap();
        assert_eq!(header.size(), [1, 3, 4]);
        assert_eq!(header.pixel_type, PixelType::I16);
        assert_eq!(header.dimensionality(), Dimensionality::Two);
    }
}
