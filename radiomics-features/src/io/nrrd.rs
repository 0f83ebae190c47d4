//! NRRD files: a text header, and the voxels behind it or in a file of their own.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::samples::{self, ByteOrder};
use super::{Grid, ReadOptions, Source};
use crate::error::Result;
use crate::volume::{Dimensionality, Geometry, PixelType};

pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<Grid> {
    let source = Source::new(path, "NRRD");
    let mut bytes = source.bytes(options)?;
    let (header, data_start) = Header::parse(&source, &bytes)?;
    let n = source.checked_voxels(header.size, options)?;
    let geometry = header.geometry(&source, path)?;
    let data_source = match header.field("data file") {
        None => {
            bytes.drain(..data_start);
            source
        }
        Some(name) => {
            let data = detached(&source, path, name)?;
            bytes = data.bytes(options)?;
            data
        }
    };
    let values = header.voxels(&data_source, bytes, n)?;
    Ok(Grid {
        values,
        size: header.size.map(|n| n as usize),
        pixel_type: header.pixel_type,
        geometry,
        dimensionality: header.dimensionality,
    })
}

/// The data file beside a detached header. Absolute paths are refused: a header should not choose files of the system.
fn detached(source: &Source, header: &Path, name: &str) -> Result<Source> {
    if name.starts_with("LIST") || name.contains('%') {
        return Err(source.unsupported("a list of several data files"));
    }
    let name = Path::new(name);
    let relative = name.components().all(|c| {
        matches!(
            c,
            Component::Normal(_) | Component::CurDir | Component::ParentDir
        )
    });
    if !relative {
        return Err(source.unsupported(format!("the absolute data file {}", name.display())));
    }
    let folder = header.parent().unwrap_or(Path::new(""));
    Ok(Source::new(&folder.join(name), "NRRD"))
}

struct Header {
    fields: HashMap<String, String>,
    /// Voxels along z, y, x.
    size: [u64; 3],
    dimensionality: Dimensionality,
    pixel_type: PixelType,
}

impl Header {
    /// The header, and where the bytes behind it begin.
    fn parse(source: &Source, bytes: &[u8]) -> Result<(Self, usize)> {
        if !bytes.starts_with(b"NRRD000") {
            return Err(source.malformed("expected the file to begin with NRRD000"));
        }
        let mut fields = HashMap::new();
        let mut start = 0;
        loop {
            let rest = &bytes[start..];
            let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            let line = String::from_utf8_lossy(&rest[..end]);
            let line = line.trim_end_matches('\r');
            let first = start == 0;
            start = (start + end + 1).min(bytes.len());
            if line.is_empty() || rest.is_empty() {
                break;
            }
            if first || line.starts_with('#') || line.contains(":=") {
                continue;
            }
            let Some((key, value)) = line.split_once(": ").or_else(|| line.split_once(':')) else {
                return Err(
                    source.malformed(format!("expected a line \"field: value\", found {line:?}"))
                );
            };
            fields.insert(canonical(key), value.trim().to_string());
        }
        Ok((Self::from_fields(source, fields)?, start))
    }

    fn from_fields(source: &Source, fields: HashMap<String, String>) -> Result<Self> {
        let required = |key: &str| {
            fields
                .get(key)
                .ok_or_else(|| source.malformed(format!("the field {key:?} is missing")))
        };
        let rank = required("dimension")?;
        let sizes = required("sizes")?;
        let parsed: Option<Vec<u64>> = sizes.split_whitespace().map(|n| n.parse().ok()).collect();
        let Some(sizes) = parsed.filter(|s| s.len().to_string() == *rank) else {
            return Err(
                source.malformed(format!("expected {rank} positive sizes, found {sizes:?}"))
            );
        };
        let (size, dimensionality) = match sizes[..] {
            [x, y] => ([1, y, x], Dimensionality::Two),
            [x, y, z] => ([z, y, x], Dimensionality::Three),
            _ => return Err(source.unsupported(format!("an image of {} dimensions", sizes.len()))),
        };
        let vector = |kind: &str| !matches!(kind, "domain" | "space" | "none" | "???");
        if fields
            .get("kinds")
            .is_some_and(|kinds| kinds.split_whitespace().any(vector))
        {
            return Err(source.unsupported("an image of vectors or colors"));
        }
        let pixel_type = pixel_type(source, required("type")?)?;
        required("encoding")?;
        Ok(Self {
            size,
            dimensionality,
            pixel_type,
            fields,
        })
    }

    fn field(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str)
    }

    fn voxels(&self, source: &Source, mut bytes: Vec<u8>, n: usize) -> Result<Vec<f64>> {
        let n_bytes = n * self.pixel_type.bytes();
        self.skip_lines(source, &mut bytes)?;
        let skip = self.skip(source, "byte skip", -1)?;
        match self.field("encoding").map(str::to_lowercase).as_deref() {
            Some("raw") => {
                let skip = if skip < 0 {
                    bytes.len().saturating_sub(n_bytes)
                } else {
                    skip as usize
                };
                bytes.drain(..skip.min(bytes.len()));
                let bytes = samples::exact(source, bytes, n_bytes)?;
                Ok(samples::decode(
                    &bytes,
                    self.pixel_type,
                    self.byte_order(source)?,
                ))
            }
            Some("gzip" | "gz") => {
                let skip = usize::try_from(skip)
                    .map_err(|_| source.malformed("byte skip is -1, which only raw data allow"))?;
                let total = n_bytes.checked_add(skip);
                let total =
                    total.ok_or_else(|| source.malformed(format!("byte skip is {skip}")))?;
                let bytes = samples::gunzip(source, &bytes, total)?;
                Ok(samples::decode(
                    &bytes[skip..],
                    self.pixel_type,
                    self.byte_order(source)?,
                ))
            }
            Some("ascii" | "text" | "txt") => {
                bytes.drain(..usize::try_from(skip).unwrap_or(0).min(bytes.len()));
                samples::parse_ascii(source, &bytes, n)
            }
            other => Err(source.unsupported(format!("the encoding {}", other.unwrap_or_default()))),
        }
    }

    fn skip_lines(&self, source: &Source, bytes: &mut Vec<u8>) -> Result<()> {
        for _ in 0..self.skip(source, "line skip", 0)? {
            let Some(end) = bytes.iter().position(|&b| b == b'\n') else {
                return Err(source.malformed("line skip leads behind the end of the file"));
            };
            bytes.drain(..=end);
        }
        Ok(())
    }

    fn skip(&self, source: &Source, key: &str, minimum: i64) -> Result<i64> {
        let Some(text) = self.field(key) else {
            return Ok(0);
        };
        let value = text.parse().ok().filter(|&v| v >= minimum);
        value.ok_or_else(|| {
            source.malformed(format!(
                "{key} is {text:?}, expected a number of at least {minimum}"
            ))
        })
    }

    fn byte_order(&self, source: &Source) -> Result<ByteOrder> {
        match self.field("endian") {
            Some("little") => Ok(ByteOrder::Little),
            Some("big") => Ok(ByteOrder::Big),
            None if self.pixel_type.bytes() == 1 => Ok(ByteOrder::Little),
            other => {
                let found = other.unwrap_or("nothing");
                Err(source.malformed(format!(
                    "expected the byte order little or big in the field endian, found {found}"
                )))
            }
        }
    }

    fn geometry(&self, source: &Source, path: &Path) -> Result<Geometry> {
        let rank = if self.dimensionality == Dimensionality::Two {
            2
        } else {
            3
        };
        let flips = flips(source, self.field("space"))?;
        let mut spacing = [1.0; 3];
        let mut direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        if let Some(text) = self.field("space directions") {
            let vectors = vectors(source, text)?;
            if vectors.len() != rank {
                let found = vectors.len();
                return Err(
                    source.malformed(format!("expected {rank} space directions, found {found}"))
                );
            }
            for (axis, vector) in vectors.into_iter().enumerate() {
                let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
                spacing[2 - axis] = length;
                // Times the inverse, as ITK's reader does it: the last bit decides which voxel is nearest when resampling.
                direction[2 - axis] = zyx(vector.map(|v| v * (1.0 / length)), flips);
            }
        } else if let Some(text) = self.field("spacings") {
            let values = numbers(source, "spacings", text)?;
            if values.len() != rank {
                let found = values.len();
                return Err(source.malformed(format!("expected {rank} spacings, found {found}")));
            }
            for (axis, value) in values.into_iter().enumerate() {
                // NaN is NRRD's word for unknown.
                spacing[2 - axis] = if value.is_nan() { 1.0 } else { value };
            }
        }
        let origin = match self.field("space origin") {
            None => [0.0; 3],
            Some(text) => match vectors(source, text)?[..] {
                [origin] => zyx(origin, flips),
                ref other => {
                    let found = other.len();
                    return Err(
                        source.malformed(format!("expected one space origin, found {found}"))
                    );
                }
            },
        };
        Geometry::with_pose(spacing, origin, direction).map_err(|e| e.in_file(path))
    }
}

/// Field names in one spelling: lower case, without the spaces that some writers leave out.
fn canonical(key: &str) -> String {
    let key = key.trim().to_lowercase();
    match key.as_str() {
        "datafile" => "data file".into(),
        "byteskip" => "byte skip".into(),
        "lineskip" => "line skip".into(),
        "spacedirections" => "space directions".into(),
        "spaceorigin" => "space origin".into(),
        _ => key,
    }
}

/// Signs that turn the coordinates x, y, z of a named space into LPS.
fn flips(source: &Source, space: Option<&str>) -> Result<[f64; 3]> {
    Ok(match space.map(str::to_lowercase).as_deref() {
        Some("right-anterior-superior" | "ras") => [-1.0, -1.0, 1.0],
        Some("left-anterior-superior" | "las") => [1.0, -1.0, 1.0],
        None
        | Some(
            "left-posterior-superior"
            | "lps"
            | "scanner-xyz"
            | "3d-right-handed"
            | "3d-left-handed",
        ) => [1.0; 3],
        Some(other) => return Err(source.unsupported(format!("the space {other:?}"))),
    })
}

fn zyx([x, y, z]: [f64; 3], flips: [f64; 3]) -> [f64; 3] {
    // Adding zero turns -0 into 0, so that equal grids print alike.
    [z * flips[2] + 0.0, y * flips[1] + 0.0, x * flips[0] + 0.0]
}

/// Vectors of the form `(1,0,0) (0,1,0)`; two components lie in the plane z = 0.
fn vectors(source: &Source, text: &str) -> Result<Vec<[f64; 3]>> {
    let bad = || {
        source.malformed(format!(
            "expected vectors like (1,0,0) (0,1,0), found {text:?}"
        ))
    };
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let inner = rest.strip_prefix('(').ok_or_else(bad)?;
        let (vector, tail) = inner.split_once(')').ok_or_else(bad)?;
        let parsed: Option<Vec<f64>> = vector.split(',').map(|v| v.trim().parse().ok()).collect();
        found.push(match parsed.as_deref() {
            Some(&[x, y]) => [x, y, 0.0],
            Some(&[x, y, z]) => [x, y, z],
            _ => return Err(bad()),
        });
        rest = tail.trim_start();
    }
    Ok(found)
}

fn numbers(source: &Source, key: &str, text: &str) -> Result<Vec<f64>> {
    let parsed: Option<Vec<f64>> = text.split_whitespace().map(|n| n.parse().ok()).collect();
    parsed.ok_or_else(|| source.malformed(format!("expected numbers in {key}, found {text:?}")))
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
        other => return Err(source.unsupported(format!("the type {other:?}"))),
    })
}
