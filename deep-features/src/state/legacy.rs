//! The layout of `torch.save` before torch 1.6: five pickles (magic number, protocol, system, state dictionary, list
//! of storage keys), then for each key the number of elements (i64) and the elements.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::Source;
use super::pickle::{self, Program, Value};
use super::tensor::{Storage, TensorEntry};
use super::torch::{announced_storages, tensors};
use crate::error::{FileFault, Result};

/// The first pickle whole: protocol 2, the ten-byte integer 0x1950a86a20f9469cfc6c, stop.
const MAGIC: [u8; 15] = [
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
];

pub(super) fn is_legacy(first: &[u8]) -> bool {
    first.starts_with(&MAGIC)
}

pub(super) fn entries(
    source: &Source<'_>,
    file: &mut File,
) -> Result<BTreeMap<String, TensorEntry>> {
    let mut position = MAGIC.len() as u64;
    file.seek(SeekFrom::Start(position))
        .map_err(|e| source.io(e))?;
    let mut reader = BufReader::new(&mut *file);
    let mut next = || pickle::run(source, &mut reader, &mut position);
    let protocol = next()?;
    if *protocol.result() != Value::Int(1001) {
        let found = format!("protocol {:?} of torch.save", protocol.result());
        return Err(source.fault(FileFault::NotAStateDict { found }));
    }
    check_byte_order(source, &next()?)?;
    let state = next()?;
    let keys = next()?;
    let storages = locate(source, file, position, &state, &keys)?;
    tensors(source, &state, &storages)
}

fn check_byte_order(source: &Source<'_>, system: &Program) -> Result<()> {
    let little = match system.result() {
        Value::Dict(entries) => system.lookup(entries, "little_endian"),
        _ => None,
    };
    match little {
        Some(Value::Bool(true)) => Ok(()),
        other => Err(source.fault(FileFault::ByteOrder {
            found: format!("little_endian = {other:?}"),
        })),
    }
}

/// Walks over the storages behind the pickles and notes where each begins.
fn locate(
    source: &Source<'_>,
    file: &mut File,
    mut position: u64,
    state: &Program,
    keys: &Program,
) -> Result<BTreeMap<String, Storage>> {
    let announced = announced_storages(source, state)?;
    let Value::List(keys_in_order) = keys.result() else {
        return Err(source.fault(FileFault::NotAStateDict {
            found: "no list of storages".to_string(),
        }));
    };
    let mut storages = BTreeMap::new();
    for &id in keys_in_order {
        let Value::Text(key) = keys.value(id) else {
            return Err(source.fault(FileFault::NotAStateDict {
                found: "a storage without a name".to_string(),
            }));
        };
        let &(element, elements) = announced
            .get(key)
            .ok_or_else(|| source.fault(FileFault::UnknownStorage { key: key.clone() }))?;
        source.check_span(|| format!("storage {key}"), position, 8)?;
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(position))
            .and_then(|_| file.read_exact(&mut count))
            .map_err(|e| source.io(e))?;
        if u64::from_le_bytes(count) != elements as u64 {
            return Err(source.fault(FileFault::StorageConflict { key: key.clone() }));
        }
        position += 8;
        let bytes = (elements as u64).saturating_mul(element.size() as u64);
        source.check_span(|| format!("storage {key}"), position, bytes)?;
        if storages
            .insert(
                key.clone(),
                Storage {
                    element,
                    start: position,
                    elements,
                },
            )
            .is_some()
        {
            return Err(source.fault(FileFault::DuplicateKey { key: key.clone() }));
        }
        position += bytes;
    }
    Ok(storages)
}
