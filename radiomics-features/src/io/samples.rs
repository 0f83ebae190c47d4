//! From the bytes of a file to numbers: unpacking within bounds, byte order, pixel types.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::Source;
use crate::error::Result;
use crate::volume::PixelType;

/// Deflate cannot shrink data by more than about 1032:1.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// Order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// Unpacks the first `n` bytes of gzip data.
pub(super) fn gunzip(source: &Source, packed: &[u8], n: usize) -> Result<Vec<u8>> {
    let possible = (packed.len() as u64).saturating_mul(MAX_DEFLATE_RATIO);
    if n as u64 > possible {
        let found = packed.len();
        return Err(source.malformed(format!(
            "the header promises {n} bytes of voxels, more than {found} compressed bytes can hold"
        )));
    }
    let mut bytes = Vec::new();
    // One byte more than needed: where the data end as promised, reading on checks their checksum.
    MultiGzDecoder::new(packed)
        .take(n as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| source.malformed(format!("the gzip data are damaged: {e}")))?;
    exact(source, bytes, n)
}

/// The first `n` bytes, or an error if there are fewer.
pub(super) fn exact(source: &Source, mut bytes: Vec<u8>, n: usize) -> Result<Vec<u8>> {
    if bytes.len() < n {
        let found = bytes.len();
        return Err(source.malformed(format!("expected {n} bytes of voxels, found {found}")));
    }
    bytes.truncate(n);
    Ok(bytes)
}

/// Numbers from raw bytes.
pub(super) fn decode(bytes: &[u8], pixel_type: PixelType, order: ByteOrder) -> Vec<f64> {
    macro_rules! convert {
        ($t:ty) => {{
            let chunks = bytes.chunks_exact(size_of::<$t>()).map(|c| {
                let mut b = [0; size_of::<$t>()];
                b.copy_from_slice(c);
                match order {
                    ByteOrder::Little => <$t>::from_le_bytes(b),
                    ByteOrder::Big => <$t>::from_be_bytes(b),
                }
            });
            chunks.map(|v| v as f64).collect()
        }};
    }
    match pixel_type {
        PixelType::U8 => convert!(u8),
        PixelType::I8 => convert!(i8),
        PixelType::U16 => convert!(u16),
        PixelType::I16 => convert!(i16),
        PixelType::U32 => convert!(u32),
        PixelType::I32 => convert!(i32),
        PixelType::U64 => convert!(u64),
        PixelType::I64 => convert!(i64),
        PixelType::F32 => convert!(f32),
        PixelType::F64 => convert!(f64),
    }
}

/// Exactly `n` numbers from text, separated by white space or commas.
pub(super) fn parse_ascii(source: &Source, text: &[u8], n: usize) -> Result<Vec<f64>> {
    // Every number takes at least one character and one separator.
    if n > text.len() / 2 + 1 {
        let found = text.len();
        return Err(source.malformed(format!(
            "expected {n} numbers, but there are only {found} bytes of text"
        )));
    }
    let mut values = Vec::with_capacity(n);
    let words = text
        .split(|b| b.is_ascii_whitespace() || *b == b',')
        .filter(|w| !w.is_empty());
    for word in words {
        let value = std::str::from_utf8(word)
            .ok()
            .and_then(|w| w.parse::<f64>().ok());
        let Some(value) = value else {
            let word = String::from_utf8_lossy(word);
            return Err(source.malformed(format!("expected a number, found {word:?}")));
        };
        values.push(value);
        if values.len() > n {
            return Err(source.malformed(format!("expected {n} numbers, found more")));
        }
    }
    if values.len() < n {
        let found = values.len();
        return Err(source.malformed(format!("expected {n} numbers, found {found}")));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_and_sign_are_respected() {
        assert_eq!(
            decode(&[1, 2, 255, 255], PixelType::U16, ByteOrder::Little),
            [513.0, 65535.0]
        );
        assert_eq!(
            decode(&[1, 2, 255, 255], PixelType::I16, ByteOrder::Big),
            [258.0, -1.0]
        );
        assert_eq!(
            decode(&1.5f64.to_be_bytes(), PixelType::F64, ByteOrder::Big),
            [1.5]
        );
    }
}
