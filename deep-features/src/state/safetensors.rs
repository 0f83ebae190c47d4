//! The safetensors container: eight bytes of header length, a JSON header, raw data.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::Source;
use super::tensor::{ElementType, Storage, TensorEntry, View, row_major};
use crate::error::{FileFault, Result};

/// No header of a VGG comes near this.
const HEADER_LIMIT: u64 = 16 << 20;

/// The header is a JSON object, so its first byte is a brace.
pub(super) fn is_safetensors(first: &[u8]) -> bool {
    first.get(8) == Some(&b'{')
}

pub(super) fn entries(
    source: &Source<'_>,
    file: &mut File,
) -> Result<BTreeMap<String, TensorEntry>> {
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|e| source.io(e))?;
    let header_length = u64::from_le_bytes(length);
    if header_length > HEADER_LIMIT {
        let what = "safetensors header";
        return Err(source.fault(FileFault::TooLarge {
            what,
            limit: HEADER_LIMIT,
            found: header_length,
        }));
    }
    source.check_span(|| "safetensors header".to_string(), 8, header_length)?;
    let mut header = vec![0; header_length as usize];
    file.read_exact(&mut header).map_err(|e| source.io(e))?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|e| {
        source.fault(FileFault::Header {
            reason: e.to_string(),
        })
    })?;
    let data_start = 8 + header_length;
    let (expected, found) = (metadata.data_len() as u64, source.length - data_start);
    if expected != found {
        return Err(source.fault(FileFault::Size {
            what: "safetensors data".to_string(),
            expected,
            found,
        }));
    }
    let mut entries = BTreeMap::new();
    for (key, info) in metadata.tensors() {
        let element = element_type(info.dtype).ok_or_else(|| {
            source.fault(FileFault::ElementType {
                tensor: key.clone(),
                dtype: format!("{:?}", info.dtype),
            })
        })?;
        let (first, last) = info.data_offsets;
        let storage = Storage {
            element,
            start: data_start + first as u64,
            elements: (last - first) / element.size(),
        };
        let view = View {
            offset: 0,
            shape: info.shape.clone(),
            stride: row_major(&info.shape),
        };
        let entry = TensorEntry::new(source, &key, storage, view)?;
        entries.insert(key, entry);
    }
    Ok(entries)
}

fn element_type(dtype: Dtype) -> Option<ElementType> {
    Some(match dtype {
        Dtype::F16 => ElementType::F16,
        Dtype::BF16 => ElementType::Bf16,
        Dtype::F32 => ElementType::F32,
        Dtype::F64 => ElementType::F64,
        Dtype::U8 => ElementType::U8,
        Dtype::I8 => ElementType::I8,
        Dtype::I16 => ElementType::I16,
        Dtype::I32 => ElementType::I32,
        Dtype::I64 => ElementType::I64,
        Dtype::BOOL => ElementType::Bool,
        _ => return None,
    })
}
