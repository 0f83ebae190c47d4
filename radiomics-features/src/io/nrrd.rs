//! NRRD files: a text header, and the voxels behind it or in files of their own.
//!
//! Axes whose kind is not spatial (`list`, `vector`, `RGB-color` ..) are components of the voxels, wherever they stand; 3D
//! Slicer's `.seg.nrrd` files begin with one. As in ITK, `space units`, `measurement frame` and `thicknesses` are ignored,
//! spacing that is NaN is 1, and negative spacing turns its axis around. Fields that the format does not know and fields
//! given twice are errors.

use std::collections::HashMap;
use std::path::Path;

use super::packed::{self, Packed};
use super::pieces::{self, Budget, Start};
use super::pose::Pose;
use super::samples::{self, ByteOrder, Component, Voxels};
use super::{Grid, ReadOptions, Role, Source, excerpt};
use crate::error::Result;
use crate::volume::{Dimensionality, PixelType};

/// The fields of the format, in lower case and without the spaces that some writers leave out.
const FIELDS: [&str; 31] = [
    "content",
    "number",
    "type",
    "blocksize",
    "dimension",
    "space",
    "spacedimension",
    "sizes",
    "spacings",
    "thicknesses",
    "axismins",
    "axismaxs",
    "centers",
    "centerings",
    "labels",
    "units",
    "kinds",
    "min",
    "max",
    "oldmin",
    "oldmax",
    "datafile",
    "endian",
    "encoding",
    "lineskip",
    "byteskip",
    "sampleunits",
    "spaceunits",
    "spaceorigin",
    "spacedirections",
    "measurementframe",
];

/// Most axes the format allows.
const MAX_RANK: usize = 16;

pub(super) fn read(path: &Path, options: &ReadOptions, role: Role) -> Result<Grid> {
    let source = Source::new(path, "NRRD");
    let bytes = source.bytes(options)?;
    let (fields, data_start) = Fields::parse(&source, &bytes)?;
    let header = Header::new(&fields)?;
    let size = header.size();
    let n = source.checked_voxels(size, options)?;
    let components = header.components();
    let n_numbers =
        source.checked_numbers(n, components.unwrap_or(1), header.pixel_type, options)?;
    let component = header.component(source.component(role, components, options)?);
    let geometry = header
        .pose(&fields)?
        .geometry()
        .map_err(|e| e.in_file(path))?;
    let voxels = header.gather(&fields, bytes, data_start, n_numbers, options)?;
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

/// The header's text.
struct Fields<'a> {
    source: &'a Source,
    values: HashMap<&'static str, String>,
}

impl<'a> Fields<'a> {
    /// The fields, and where the bytes behind them begin.
    fn parse(source: &'a Source, bytes: &[u8]) -> Result<(Self, usize)> {
        check_magic(source, bytes)?;
        let mut values = HashMap::new();
        let mut start = 0;
        while start < bytes.len() {
            let rest = &bytes[start..];
            let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            let line = rest[..end].trim_ascii_end();
            let first = start == 0;
            start = (start + end + 1).min(bytes.len());
            if line.is_empty() {
                break;
            }
            if first || line.starts_with(b"#") {
                continue;
            }
            let Some((key, value)) = field(source, line)? else {
                continue;
            };
            let names = key == "datafile" && value.starts_with("LIST");
            if values.insert(key, value).is_some() {
                return Err(source.malformed(format!("the field {key:?} is given twice")));
            }
            if names {
                // The names of the files follow, to the end.
                break;
            }
        }
        Ok((Self { source, values }, start))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn required(&self, key: &str) -> Result<&str> {
        self.get(key).ok_or_else(|| {
            self.source
                .malformed(format!("the field {key:?} is missing"))
        })
    }

    /// The words of a field with one word per axis, if it is there.
    fn per_axis(&self, key: &str, rank: usize) -> Result<Option<Vec<&str>>> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let words: Vec<&str> = text.split_whitespace().take(MAX_RANK + 1).collect();
        if words.len() != rank {
            let found = words.len();
            return Err(self
                .source
                .malformed(format!("expected {rank} words in {key}, found {found}")));
        }
        Ok(Some(words))
    }

    /// The numbers of a field with one number per axis, NaN where it says nothing.
    fn numbers_per_axis(&self, key: &str, rank: usize) -> Result<Vec<f64>> {
        let Some(words) = self.per_axis(key, rank)? else {
            return Ok(vec![f64::NAN; rank]);
        };
        let parsed: Option<Vec<f64>> = words.iter().map(|w| w.parse().ok()).collect();
        parsed.ok_or_else(|| {
            let found = excerpt(words.join(" "));
            self.source
                .malformed(format!("expected numbers in {key}, found {found}"))
        })
    }

    fn whole_number(&self, key: &str, minimum: i64) -> Result<i64> {
        let Some(text) = self.get(key) else {
            return Ok(0);
        };
        let value = text.parse().ok().filter(|&v| v >= minimum);
        value.ok_or_else(|| {
            let found = excerpt(text);
            self.source.malformed(format!(
                "{key} is {found}, expected a number of at least {minimum}"
            ))
        })
    }
}

fn check_magic(source: &Source, bytes: &[u8]) -> Result<()> {
    let Some(version) = bytes.strip_prefix(b"NRRD") else {
        return Err(source.malformed("expected the file to begin with NRRD000"));
    };
    let line = version.split(|&b| b == b'\n').next().unwrap_or_default();
    match line.trim_ascii_end() {
        b"0001" | b"0002" | b"0003" | b"0004" | b"0005" | b"00.01" => Ok(()),
        other => Err(source.unsupported(format!("version {}", excerpt(other)))),
    }
}

/// Field and value of a line, or `None` for a pair `key:=value` that means nothing to the format.
fn field(source: &Source, line: &[u8]) -> Result<Option<(&'static str, String)>> {
    let bad = || {
        let found = excerpt(line);
        source.malformed(format!("expected a line \"field: value\", found {found}"))
    };
    let colon = line.iter().position(|&b| b == b':').ok_or_else(bad)?;
    let (key, value) = (&line[..colon], &line[colon + 1..]);
    if value.starts_with(b"=") {
        return Ok(None);
    }
    let key: Vec<u8> = key
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .map(u8::to_ascii_lowercase)
        .collect();
    let Some(&key) = FIELDS.iter().find(|f| f.as_bytes() == key) else {
        let found = excerpt(&line[..colon]);
        return Err(source.malformed(format!("the format has no field {found}")));
    };
    let key = if key == "centerings" { "centers" } else { key };
    let value = String::from_utf8_lossy(value.trim_ascii()).into_owned();
    Ok(Some((key, value)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Raw,
    Gzip,
    Ascii,
    Hex,
}

/// What an axis of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AxisKind {
    /// An axis of the image.
    Domain,
    /// Components of a voxel.
    Components,
    /// One entry that says nothing.
    Stub,
}

struct Header {
    /// Size of every axis, the fastest first.
    sizes: Vec<u64>,
    kinds: Vec<AxisKind>,
    pixel_type: PixelType,
    encoding: Encoding,
    order: ByteOrder,
}

impl Header {
    fn new(fields: &Fields<'_>) -> Result<Self> {
        let source = fields.source;
        let rank: usize = fields.required("dimension")?.parse().unwrap_or(0);
        if !(1..=MAX_RANK).contains(&rank) {
            let found = excerpt(fields.required("dimension")?);
            return Err(source.malformed(format!("dimension is {found}, expected 1 to {MAX_RANK}")));
        }
        let text = fields.required("sizes")?;
        let sizes = text.split_whitespace().take(MAX_RANK + 1);
        let sizes: Option<Vec<u64>> = sizes.map(|n| n.parse().ok().filter(|&n| n > 0)).collect();
        let Some(sizes) = sizes.filter(|s| s.len() == rank) else {
            let found = excerpt(text);
            return Err(source.malformed(format!("expected {rank} positive sizes, found {found}")));
        };
        let kinds = kinds(fields, &sizes)?;
        let pixel_type = pixel_type(source, fields.required("type")?)?;
        let encoding = encoding(source, fields.required("encoding")?)?;
        let header = Self {
            order: byte_order(fields, pixel_type, encoding)?,
            sizes,
            kinds,
            pixel_type,
            encoding,
        };
        let domain: Vec<u64> = header.domain().map(|axis| header.sizes[axis]).collect();
        if domain.len() < 2 || domain[2..].iter().skip(1).any(|&n| n > 1) {
            return Err(source.unsupported(format!(
                "an image of {domain:?} voxels, without two or three dimensions,"
            )));
        }
        let vectors = header.kinds.iter().filter(|&&k| k == AxisKind::Components);
        if vectors.count() > 1 {
            return Err(source.unsupported("an image with several axes of components"));
        }
        Ok(header)
    }

    /// Positions of the image's axes among those of the file.
    fn domain(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.kinds.len()).filter(|&axis| self.kinds[axis] == AxisKind::Domain)
    }

    /// Voxels along z, y, x.
    fn size(&self) -> [u64; 3] {
        let mut size = [1; 3];
        for (slot, axis) in size.iter_mut().rev().zip(self.domain()) {
            *slot = self.sizes[axis];
        }
        size
    }

    fn dimensionality(&self) -> Dimensionality {
        if self.domain().count() == 2 {
            Dimensionality::Two
        } else {
            Dimensionality::Three
        }
    }

    fn component_axis(&self) -> Option<usize> {
        self.kinds.iter().position(|&k| k == AxisKind::Components)
    }

    fn components(&self) -> Option<u64> {
        self.component_axis().map(|axis| self.sizes[axis])
    }

    /// Where the numbers of component `index` lie. Sizes are known to fit memory.
    fn component(&self, index: usize) -> Component {
        self.component_axis()
            .map_or(Component::ONLY, |axis| Component {
                index,
                count: self.sizes[axis] as usize,
                inner: self.sizes[..axis].iter().product::<u64>() as usize,
            })
    }

    fn pose(&self, fields: &Fields<'_>) -> Result<Pose> {
        let source = fields.source;
        let rank = self.sizes.len();
        let space = Space::of(fields)?;
        let steps = fields.numbers_per_axis("spacings", rank)?;
        let mins = fields.numbers_per_axis("axismins", rank)?;
        let maxs = fields.numbers_per_axis("axismaxs", rank)?;
        let centers = fields.per_axis("centers", rank)?;
        let directions = match fields.get("spacedirections") {
            None => vec![None; rank],
            Some(text) => vectors(source, "space directions", text, rank, &space)?,
        };
        let mut pose = Pose::UNIT;
        let mut origin = Some([0.0; 3]);
        for (i, axis) in self.domain().take(3).enumerate() {
            if space.dimension.is_some() && (steps[axis].is_finite() || mins[axis].is_finite()) {
                return Err(source.malformed(
                    "spacings and axis mins have no meaning beside a space; expected space directions",
                ));
            }
            if let Some(vector) = directions[axis] {
                let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
                pose.spacing[i] = length;
                // Times the inverse, as ITK's reader of this format does it, where that of NIfTI divides: the last bit decides which
                // voxel is nearest when resampling.
                if length > 0.0 {
                    pose.axes[i] = vector.map(|v| v * (1.0 / length));
                }
            } else if !steps[axis].is_nan() {
                pose.spacing[i] = steps[axis];
            }
            let node = centers.as_ref().is_some_and(|c| c[axis] == "node");
            let first = first_center(mins[axis], maxs[axis], steps[axis], self.sizes[axis], node);
            if let (Some(origin), Some(first)) = (&mut origin, first) {
                origin[i] = first;
            } else {
                origin = None;
            }
        }
        pose.origin = match fields.get("spaceorigin") {
            None => origin.unwrap_or_default(),
            // NaN and "none" are the format's words for unknown.
            Some(text) => vectors(source, "space origin", text, 1, &space)?[0]
                .filter(|v| !v.iter().all(|c| c.is_nan()))
                .unwrap_or_default(),
        };
        let count = self.domain().count().min(3);
        if space.dimension.is_some_and(|dimension| dimension != count) {
            return Err(source.unsupported(format!(
                "an image of {count} axes in a space of {} dimensions",
                space.dimension.unwrap_or_default()
            )));
        }
        Ok(pose)
    }

    /// The bytes of all voxels, or their text.
    fn gather(
        &self,
        fields: &Fields<'_>,
        mut bytes: Vec<u8>,
        data_start: usize,
        n_numbers: usize,
        options: &ReadOptions,
    ) -> Result<Voxels> {
        let source = fields.source;
        let skip = Skip {
            lines: fields.whole_number("lineskip", 0)? as usize,
            bytes: fields.whole_number("byteskip", -1)?,
        };
        let n_bytes = n_numbers * self.pixel_type.bytes();
        let Some(name) = fields.get("datafile") else {
            bytes.drain(..data_start);
            return self.unpack(source, bytes, skip, n_bytes, options);
        };
        let files = self.files(source, name, &bytes[data_start..])?;
        drop(bytes);
        let piece = n_bytes / files.len();
        let mut budget = Budget::new(options);
        let one_piece = |file: &Source| {
            if self.encoding == Encoding::Raw && skip.lines == 0 {
                let part = budget.part(file, skip.start(), piece)?;
                return Ok(Voxels::Plain(part));
            }
            let bytes = budget.whole(file)?;
            self.unpack(file, bytes, skip, piece, options)
        };
        pieces::joined(&files, piece, one_piece)
    }

    /// `n_bytes` bytes of voxels from the data of one file, or all its text.
    fn unpack(
        &self,
        source: &Source,
        mut bytes: Vec<u8>,
        skip: Skip,
        n_bytes: usize,
        options: &ReadOptions,
    ) -> Result<Voxels> {
        let rest = samples::skip_lines(source, &bytes, skip.lines)?;
        let start = bytes.len() - rest.len();
        Ok(match (self.encoding, skip.start()) {
            (Encoding::Raw, Start::FromEnd) => {
                bytes.drain(..start);
                Voxels::Plain(samples::last(source, bytes, n_bytes)?)
            }
            (Encoding::Raw, Start::At(skip)) => {
                bytes.drain(..bytes.len().min(start.saturating_add(skip as usize)));
                Voxels::Plain(samples::first(source, bytes, n_bytes)?)
            }
            // What is skipped is counted after unpacking.
            (Encoding::Gzip, Start::At(skip)) => {
                let end = bytes.len();
                let packed = Packed::gzip(source, bytes, start..end);
                Voxels::Packed(packed.skipping(skip as usize))
            }
            (Encoding::Gzip, Start::FromEnd) => {
                let most = options.max_bytes as usize;
                let unpacked = packed::gunzip_head(source, rest, most)?;
                Voxels::Plain(samples::last(source, unpacked, n_bytes)?)
            }
            (_, Start::FromEnd) => {
                let problem = "byte skip is negative, which text does not allow";
                return Err(source.malformed(problem));
            }
            (Encoding::Hex, Start::At(skip)) => {
                let text = &rest[rest.len().min(skip as usize)..];
                Voxels::Plain(samples::parse_hex(source, text, n_bytes)?)
            }
            (Encoding::Ascii, Start::At(skip)) => {
                let text = &rest[rest.len().min(skip as usize)..];
                let numbers = n_bytes / self.pixel_type.bytes();
                let mut text = samples::first_words(source, text, numbers)?.to_vec();
                // The number that ends one file is not continued in the next.
                text.push(b' ');
                Voxels::Text(text)
            }
        })
    }
    /// The files that the voxels lie in; `rest` is the text behind the header.
    fn files(&self, source: &Source, name: &str, rest: &[u8]) -> Result<Vec<Source>> {
        let names = if let Some(words) = name.strip_prefix("LIST") {
            let lines = rest.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
            let names: Vec<String> = lines
                .filter(|line| !line.is_empty())
                .take(pieces::MAX_FILES + 1)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            self.check_pieces(source, words.trim(), names.len() as u64)?;
            names
        } else if name.contains('%') {
            self.numbered(source, name)?
        } else {
            vec![name.to_string()]
        };
        names
            .iter()
            .map(|name| pieces::beside(source, name))
            .collect()
    }

    /// Names from `pattern first last step [rank]`.
    fn numbered(&self, source: &Source, text: &str) -> Result<Vec<String>> {
        let bad = || {
            source.malformed(format!(
                "expected a pattern, first number, last number and step in data file, found {}",
                excerpt(text)
            ))
        };
        let words: Vec<&str> = text.split_whitespace().take(6).collect();
        let [pattern, first, last, step, ref rank @ ..] = words[..] else {
            return Err(bad());
        };
        let number = |word: &str| word.parse::<i64>().map_err(|_| bad());
        let (first, last, step) = (number(first)?, number(last)?, number(step)?);
        let steps = last
            .checked_sub(first)
            .and_then(|span| span.checked_div(step))
            .and_then(|steps| u64::try_from(steps).ok())
            .ok_or_else(bad)?;
        let count = steps.saturating_add(1);
        self.check_pieces(source, rank.first().unwrap_or(&""), count)?;
        pieces::numbered(source, pattern, first, step, count as usize)
    }

    /// Whether `count` files hold the image in pieces of `rank` axes, by default all but the last.
    fn check_pieces(&self, source: &Source, rank: &str, count: u64) -> Result<()> {
        let all = self.sizes.len();
        let rank = match rank {
            "" => all - 1,
            given => given
                .parse()
                .ok()
                .filter(|rank| (1..=all).contains(rank))
                .ok_or_else(|| {
                    let found = excerpt(given);
                    source.malformed(format!("expected pieces of 1 to {all} axes, found {found}"))
                })?,
        };
        if count > pieces::MAX_FILES as u64 {
            let limit = pieces::MAX_FILES;
            return Err(source.unsupported(format!("a list of more than {limit} files")));
        }
        let expected = self.sizes[rank..]
            .iter()
            .fold(1u64, |product, &n| product.saturating_mul(n));
        // Pieces with all axes are parts of the last one.
        let fits = if rank == all {
            count > 0 && self.sizes[all - 1].is_multiple_of(count)
        } else {
            count == expected
        };
        if !fits {
            return Err(source.malformed(format!(
                "expected {expected} data files of {rank} axes, found {count}"
            )));
        }
        Ok(())
    }
}

/// What to skip before the voxels.
#[derive(Debug, Clone, Copy)]
struct Skip {
    lines: usize,
    /// Negative if the voxels end with the file.
    bytes: i64,
}

impl Skip {
    fn start(self) -> Start {
        u64::try_from(self.bytes).map_or(Start::FromEnd, Start::At)
    }
}

/// Position of the center of the first voxel along an axis that runs from `min` to `max`, or has cells of size `step`.
/// `None` if the file does not say.
fn first_center(min: f64, max: f64, step: f64, size: u64, node: bool) -> Option<f64> {
    let gaps = if node { size - 1 } else { size } as f64;
    let step = if step.is_nan() {
        (max - min) / gaps
    } else {
        step
    };
    if min.is_nan() || step.is_nan() {
        return None;
    }
    Some(if node { min } else { min + step / 2.0 })
}

fn kinds(fields: &Fields<'_>, sizes: &[u64]) -> Result<Vec<AxisKind>> {
    let source = fields.source;
    let Some(words) = fields.per_axis("kinds", sizes.len())? else {
        return Ok(kinds_from_directions(fields, sizes.len()));
    };
    words
        .iter()
        .zip(sizes)
        .map(|(word, &size)| match word.to_ascii_lowercase().as_str() {
            "domain" | "space" | "time" | "none" | "???" => Ok(AxisKind::Domain),
            "stub" | "scalar" if size == 1 => Ok(AxisKind::Stub),
            "complex" => Err(source.unsupported("a complex image")),
            _ => Ok(AxisKind::Components),
        })
        .collect()
}

/// Without kinds, the one axis of four that has no direction in space is no axis of the image.
fn kinds_from_directions(fields: &Fields<'_>, rank: usize) -> Vec<AxisKind> {
    let mut kinds = vec![AxisKind::Domain; rank];
    let text = fields.get("spacedirections").unwrap_or_default();
    // Every axis has a vector in parentheses, which may contain spaces, or the word "none".
    let entries: Vec<&str> = text
        .split([')', ' '])
        .filter(|part| part.starts_with('(') || part.eq_ignore_ascii_case("none"))
        .take(MAX_RANK + 1)
        .collect();
    let mut without = entries
        .iter()
        .enumerate()
        .filter(|(_, e)| !e.starts_with('('));
    if let (4, 4, Some((axis, _)), None) = (rank, entries.len(), without.next(), without.next()) {
        kinds[axis] = AxisKind::Components;
    }
    kinds
}

fn encoding(source: &Source, name: &str) -> Result<Encoding> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "raw" => Encoding::Raw,
        "gzip" | "gz" => Encoding::Gzip,
        "ascii" | "text" | "txt" => Encoding::Ascii,
        "hex" => Encoding::Hex,
        _ => return Err(source.unsupported(format!("the encoding {}", excerpt(name)))),
    })
}

fn byte_order(fields: &Fields<'_>, pixel_type: PixelType, encoding: Encoding) -> Result<ByteOrder> {
    match fields.get("endian").map(str::to_ascii_lowercase).as_deref() {
        Some("little") => Ok(ByteOrder::Little),
        Some("big") => Ok(ByteOrder::Big),
        None if pixel_type.bytes() == 1 || encoding == Encoding::Ascii => Ok(ByteOrder::Little),
        other => {
            let found = other.map_or("nothing".to_string(), excerpt);
            Err(fields.source.malformed(format!(
                "expected the byte order little or big in the field endian, found {found}"
            )))
        }
    }
}

/// The space that directions and origin are given in.
struct Space {
    /// `None` if the file names no space.
    dimension: Option<usize>,
    /// Signs that turn coordinates x, y, z into LPS.
    flips: [f64; 3],
}

impl Space {
    fn of(fields: &Fields<'_>) -> Result<Self> {
        let source = fields.source;
        let three = |flips| Self {
            dimension: Some(3),
            flips,
        };
        let name = fields.get("space").map(str::to_ascii_lowercase);
        Ok(match name.as_deref() {
            Some("right-anterior-superior" | "ras") => three([-1.0, -1.0, 1.0]),
            Some("left-anterior-superior" | "las") => three([1.0, -1.0, 1.0]),
            Some(
                "left-posterior-superior"
                | "lps"
                | "scanner-xyz"
                | "3d-right-handed"
                | "3d-left-handed",
            ) => three([1.0; 3]),
            Some(other) => {
                return Err(source.unsupported(format!("the space {}", excerpt(other))));
            }
            None => {
                let dimension = match fields.get("spacedimension") {
                    None => None,
                    Some(text) => Some(
                        text.parse()
                            .ok()
                            .filter(|d| (2..=3).contains(d))
                            .ok_or_else(|| {
                                source.unsupported(format!("the space dimension {}", excerpt(text)))
                            })?,
                    ),
                };
                Self {
                    dimension,
                    flips: [1.0; 3],
                }
            }
        })
    }
}

/// `count` vectors of the form `(1,0,0) (0,1,0) none`, turned to LPS; those of a plane lie in z = 0.
fn vectors(
    source: &Source,
    what: &str,
    text: &str,
    count: usize,
    space: &Space,
) -> Result<Vec<Option<[f64; 3]>>> {
    let Some(dimension) = space.dimension else {
        return Err(source.malformed(format!(
            "{what} need a space, expected the field space or space dimension"
        )));
    };
    let bad = || {
        let found = excerpt(text);
        source.malformed(format!(
            "expected {count} vectors of {dimension} numbers like (1,0,0) or none in {what}, found {found}"
        ))
    };
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && found.len() <= count {
        if let Some(tail) = rest.get(..4).filter(|w| w.eq_ignore_ascii_case("none")) {
            rest = rest[tail.len()..].trim_start();
            found.push(None);
            continue;
        }
        let inner = rest.strip_prefix('(').ok_or_else(bad)?;
        let (inner, tail) = inner.split_once(')').ok_or_else(bad)?;
        let mut vector = [0.0; 3];
        let mut words = inner.split(',');
        for (slot, flip) in vector.iter_mut().zip(space.flips).take(dimension) {
            let word = words.next().ok_or_else(bad)?.trim();
            *slot = flip * word.parse::<f64>().map_err(|_| bad())?;
        }
        if words.next().is_some() {
            return Err(bad());
        }
        found.push(Some(vector));
        rest = tail.trim_start();
    }
    if found.len() != count {
        return Err(bad());
    }
    Ok(found)
}

fn pixel_type(source: &Source, name: &str) -> Result<PixelType> {
    Ok(match name.to_lowercase().as_str() {
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => PixelType::U8,
        "signed char" | "int8" | "int8_t" => PixelType::I8,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => {
            PixelType::U16
        }
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => {
            PixelType::I16
        }
        "uint" | "unsigned int" | "uint32" | "uint32_t" => PixelType::U32,
        "int" | "signed int" | "int32" | "int32_t" => PixelType::I32,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => {
            PixelType::U64
        }
        "longlong"
        | "long long"
        | "long long int"
        | "signed long long"
        | "signed long long int"
        | "int64"
        | "int64_t" => PixelType::I64,
        "float" => PixelType::F32,
        "double" => PixelType::F64,
        other => return Err(source.unsupported(format!("the type {}", excerpt(other)))),
    })
}
