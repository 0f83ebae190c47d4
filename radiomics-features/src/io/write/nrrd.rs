//! NRRD with its voxels behind the header.

use std::io::{Result, Write};

use super::{Compression, ImageView, packed, write_voxels};
use crate::volume::PixelType;

pub(super) fn write(
    out: &mut impl Write,
    image: &ImageView<'_>,
    compression: Compression,
) -> Result<()> {
    out.write_all(header(image, compression).as_bytes())?;
    match compression {
        Compression::None => write_voxels(out, image),
        Compression::Gzip => {
            let mut packed = packed(out);
            write_voxels(&mut packed, image)?;
            packed.finish().map(drop)
        }
    }
}

fn header(image: &ImageView<'_>, compression: Compression) -> String {
    let sides = image.sides();
    let rank = sides.len();
    // A plane is positioned in its own two coordinates, as SimpleITK has it.
    let space = match rank {
        2 => "space dimension: 2",
        _ => "space: left-posterior-superior",
    };
    let directions = (0..rank).map(|axis| {
        let row = image.geometry.direction[2 - axis];
        vector(&row.map(|d| d * image.geometry.spacing[2 - axis]), rank)
    });
    [
        "NRRD0004".to_string(),
        format!("type: {}", type_name(image.pixel_type)),
        format!("dimension: {rank}"),
        space.to_string(),
        format!("sizes: {}", joined(sides.iter().map(usize::to_string))),
        format!("space directions: {}", joined(directions)),
        format!("kinds: {}", joined((0..rank).map(|_| "domain".to_string()))),
        "endian: little".to_string(),
        match compression {
            Compression::None => "encoding: raw".to_string(),
            Compression::Gzip => "encoding: gzip".to_string(),
        },
        format!("space origin: {}", vector(&image.geometry.origin, rank)),
        "\n".to_string(),
    ]
    .join("\n")
}

/// The first `rank` of the coordinates x, y, z, given as z, y, x. Numbers are the shortest that read back as the same bits.
fn vector(&[z, y, x]: &[f64; 3], rank: usize) -> String {
    let coordinates: Vec<String> = [x, y, z][..rank].iter().map(f64::to_string).collect();
    format!("({})", coordinates.join(","))
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn type_name(pixel_type: PixelType) -> &'static str {
    match pixel_type {
        PixelType::U8 => "unsigned char",
        PixelType::I8 => "signed char",
        PixelType::U16 => "unsigned short",
        PixelType::I16 => "short",
        PixelType::U32 => "unsigned int",
        PixelType::I32 => "int",
        PixelType::U64 => "unsigned long long int",
        PixelType::I64 => "long long int",
        PixelType::F32 => "float",
        PixelType::F64 => "double",
    }
}
