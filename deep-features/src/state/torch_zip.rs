//! The layout of `torch.save` since torch 1.6: an uncompressed zip of `NAME/data.pkl`, `NAME/byteorder` and one
//! `NAME/data/KEY` per storage.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::Source;
use super::pickle;
use super::tensor::{Storage, TensorEntry};
use super::torch::{announced_storages, tensors};
use crate::error::{FileFault, Result};

type Archive<'f> = ZipArchive<BufReader<&'f mut File>>;

pub(super) fn entries(
    source: &Source<'_>,
    file: &mut File,
) -> Result<BTreeMap<String, TensorEntry>> {
    let mut archive =
        ZipArchive::new(BufReader::new(file)).map_err(|e| zip_fault(source, "data.pkl", e))?;
    let root = root(source, &archive)?;
    check_byte_order(source, &mut archive, &root)?;
    let program = {
        let name = format!("{root}data.pkl");
        locate(source, &mut archive, &name)?;
        let member = archive
            .by_name(&name)
            .map_err(|e| zip_fault(source, &name, e))?;
        pickle::run(source, &mut BufReader::new(member), &mut 0)?
    };
    let mut storages = BTreeMap::new();
    for (key, (element, elements)) in announced_storages(source, &program)? {
        let member = format!("{root}data/{key}");
        let (start, found) = locate(source, &mut archive, &member)?;
        let expected = (elements as u64).saturating_mul(element.size() as u64);
        if found != expected {
            return Err(source.fault(FileFault::Size {
                what: format!("storage {key}"),
                expected,
                found,
            }));
        }
        storages.insert(
            key,
            Storage {
                element,
                start,
                elements,
            },
        );
    }
    tensors(source, &program, &storages)
}

/// The folder of `data.pkl`, with its slash: torch names it after the file.
fn root(source: &Source<'_>, archive: &Archive<'_>) -> Result<String> {
    let missing = || {
        source.fault(FileFault::MissingMember {
            member: "data.pkl".to_string(),
        })
    };
    let mut roots = archive.file_names_raw().filter_map(|name| {
        let root = std::str::from_utf8(name).ok()?.strip_suffix("data.pkl")?;
        (root.is_empty() || (root.ends_with('/') && root.matches('/').count() == 1))
            .then(|| root.to_string())
    });
    roots.next().ok_or_else(missing)
}

fn check_byte_order(source: &Source<'_>, archive: &mut Archive<'_>, root: &str) -> Result<()> {
    let name = format!("{root}byteorder");
    // Files of early versions have no such member; they are little-endian.
    if archive.index_for_name(&name).is_none() {
        return Ok(());
    }
    let member = archive
        .by_name(&name)
        .map_err(|e| zip_fault(source, &name, e))?;
    let mut found = String::new();
    member
        .take(16)
        .read_to_string(&mut found)
        .map_err(|e| source.io(e))?;
    if found == "little" {
        Ok(())
    } else {
        Err(source.fault(FileFault::ByteOrder { found }))
    }
}

/// Byte offset and length of a stored member.
fn locate(source: &Source<'_>, archive: &mut Archive<'_>, name: &str) -> Result<(u64, u64)> {
    let member = archive
        .by_name(name)
        .map_err(|e| zip_fault(source, name, e))?;
    if member.compression() != CompressionMethod::Stored
        || member.size() != member.compressed_size()
    {
        return Err(source.fault(FileFault::CompressedMember {
            member: name.to_string(),
        }));
    }
    let start = member.data_start().ok_or_else(|| {
        source.fault(FileFault::Zip {
            reason: format!("member {name} has no data"),
        })
    })?;
    source.check_span(|| format!("zip member {name}"), start, member.size())?;
    Ok((start, member.size()))
}

fn zip_fault(source: &Source<'_>, member: &str, error: ZipError) -> crate::Error {
    match error {
        ZipError::FileNotFound => source.fault(FileFault::MissingMember {
            member: member.to_string(),
        }),
        ZipError::Io(error) => source.io(error),
        other => source.fault(FileFault::Zip {
            reason: other.to_string(),
        }),
    }
}
