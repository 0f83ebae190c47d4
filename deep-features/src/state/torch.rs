//! What both layouts of `torch.save` share: the state dictionary in the pickle.

use std::collections::BTreeMap;

use super::Source;
use super::pickle::{Program, Tensor, Value};
use super::tensor::{ElementType, Storage, TensorEntry, View};
use crate::error::{FileFault, Result};

/// Element type and count of every storage the pickle refers to, by key.
pub(super) fn announced_storages(
    source: &Source<'_>,
    program: &Program,
) -> Result<BTreeMap<String, (ElementType, usize)>> {
    let mut storages = BTreeMap::new();
    for storage in &program.storages {
        let announced = (storage.element, storage.elements);
        match storages.insert(storage.key.clone(), announced) {
            Some(before) if before != announced => {
                return Err(source.fault(FileFault::StorageConflict {
                    key: storage.key.clone(),
                }));
            }
            _ => {}
        }
    }
    Ok(storages)
}

/// The tensors of the state dictionary, with their places in the file.
pub(super) fn tensors(
    source: &Source<'_>,
    program: &Program,
    storages: &BTreeMap<String, Storage>,
) -> Result<BTreeMap<String, TensorEntry>> {
    let mut entries = BTreeMap::new();
    for (key, tensor) in state_dict(source, program)? {
        let whole = storages.get(&tensor.storage.key).ok_or_else(|| {
            source.fault(FileFault::MissingStorage {
                key: tensor.storage.key.clone(),
            })
        })?;
        let part = Storage {
            element: whole.element,
            start: whole.start + (tensor.storage.offset * whole.element.size()) as u64,
            elements: tensor.storage.elements,
        };
        let view: View = tensor.view.clone();
        let entry = TensorEntry::new(source, key, part, view)?;
        if entries.insert(key.to_string(), entry).is_some() {
            return Err(source.fault(FileFault::DuplicateKey {
                key: key.to_string(),
            }));
        }
    }
    Ok(entries)
}

/// The pickle's dictionary of tensors. A training checkpoint holds it under `state_dict`.
fn state_dict<'p>(source: &Source<'_>, program: &'p Program) -> Result<Vec<(&'p str, &'p Tensor)>> {
    let not_a_state_dict = |found: String| source.fault(FileFault::NotAStateDict { found });
    let top = match program.result() {
        Value::Dict(entries) => entries,
        other => return Err(not_a_state_dict(kind(other).to_string())),
    };
    let entries = match program.lookup(top, "state_dict") {
        Some(Value::Dict(inner)) => inner,
        _ => top,
    };
    entries
        .iter()
        .map(
            |&(key, value)| match (program.value(key), program.value(value)) {
                (Value::Text(key), Value::Tensor(tensor)) => Ok((key.as_str(), tensor)),
                (Value::Text(key), other) => {
                    Err(not_a_state_dict(format!("{} under {key:?}", kind(other))))
                }
                (other, _) => Err(not_a_state_dict(format!("{} as a key", kind(other)))),
            },
        )
        .collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::None => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Int(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::Mark => "a mark",
        Value::Tuple(_) => "a tuple",
        Value::List(_) => "a list",
        Value::Dict(_) => "a dictionary",
        Value::Global(_) => "a class",
        Value::Storage(_) => "a storage",
        Value::Tensor(_) => "a tensor",
    }
}
