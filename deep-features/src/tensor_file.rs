//! Single-precision tensors by name with a description in JSON, as one safetensors file.
//!
//! The description is one string under one key: safetensors keeps its metadata in a map without order, and equal
//! contents shall give equal bytes.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The key of the description in the metadata.
const KEY: &str = "deep-features";

/// One tensor: shape and values, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Tensors by name.
pub(crate) type Tensors = BTreeMap<String, Values>;

/// What is at the head of every description, so that another file is told from a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct Format {
    pub format: String,
    pub version: u32,
}

pub(crate) fn to_bytes<T: Serialize>(tensors: &Tensors, description: &T) -> Result<Vec<u8>> {
    let failed = |reason: String| Error::Model { reason };
    let text = serde_json::to_string(description).map_err(|error| failed(error.to_string()))?;
    let bytes: Vec<Vec<u8>> = tensors
        .values()
        .map(|tensor| tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, tensor), bytes)| {
            Ok((
                name.clone(),
                TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)?,
            ))
        })
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| failed(error.to_string()))?;
    let metadata = HashMap::from([(KEY.to_string(), text)]);
    safetensors::serialize(views, Some(metadata)).map_err(|error| failed(error.to_string()))
}

/// Reads what [`to_bytes`] wrote. `expected` is the format that is read.
pub(crate) fn from_bytes<T: DeserializeOwned>(
    bytes: &[u8],
    expected: &Format,
) -> Result<(Tensors, T)> {
    let refuse = |reason: String| Error::Model { reason };
    let (_, metadata) = SafeTensors::read_metadata(bytes)
        .map_err(|error| refuse(format!("expected a safetensors file, {error}")))?;
    let description = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(KEY))
        .ok_or_else(|| refuse(format!("expected the metadata {KEY:?}, found none")))?;
    let found: Format = serde_json::from_str(description)
        .map_err(|error| refuse(format!("expected a format and a version, {error}")))?;
    if found != *expected {
        return Err(refuse(format!(
            "expected {} of version {}, found {} of version {}",
            expected.format, expected.version, found.format, found.version
        )));
    }
    let description = serde_json::from_str(description)
        .map_err(|error| refuse(format!("unreadable description: {error}")))?;
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| refuse(format!("expected a safetensors file, {error}")))?;
    let mut tensors = Tensors::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(refuse(format!(
                "{name}: expected single precision, found {:?}",
                view.dtype()
            )));
        }
        let values = view.data().as_chunks::<4>().0;
        let values: Vec<f32> = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(refuse(format!(
                "{name}: expected finite values, found {} at flat index {at}",
                values[at]
            )));
        }
        let shape = view.shape().to_vec();
        tensors.insert(name.to_string(), Values { shape, values });
    }
    Ok((tensors, description))
}

/// Takes a tensor of a certain shape out of those of a file.
pub(crate) fn take(tensors: &mut Tensors, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    match tensors.remove(name) {
        Some(found) if found.shape == shape => Ok(found.values),
        Some(found) => Err(Error::Model {
            reason: format!("{name}: expected shape {shape:?}, found {:?}", found.shape),
        }),
        None => Err(Error::Model {
            reason: format!("expected the tensor {name}, found none"),
        }),
    }
}

/// Refuses tensors that nobody has asked for.
pub(crate) fn all_taken(tensors: &Tensors) -> Result<()> {
    match tensors.keys().next() {
        Some(name) => Err(Error::Model {
            reason: format!("expected no other tensor, found {name}"),
        }),
        None => Ok(()),
    }
}
