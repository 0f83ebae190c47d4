//! From the bytes of a file to numbers: unpacking within bounds, byte order, pixel types, one component of several.

use std::io::Read;

use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::{Source, excerpt};
use crate::error::Result;
use crate::numbers::Numbers;
use crate::volume::PixelType;

/// Deflate cannot shrink data by more than about 1032:1.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// First bytes of gzip data.
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// Which of the numbers in a file are the voxels: components come in turns, `inner` numbers of each.
///
/// With `inner` = 1 the components of a voxel lie side by side; with `inner` = number of voxels they are whole images one
/// after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub index: usize,
    pub count: usize,
    pub inner: usize,
}

impl Component {
    /// All numbers are voxels.
    pub(super) const ONLY: Self = Self {
        index: 0,
        count: 1,
        inner: 1,
    };
}

/// Unpacks the first `n` bytes of gzip data.
pub(super) fn gunzip(source: &Source, packed: &[u8], n: usize) -> Result<Vec<u8>> {
    check_ratio(source, packed, n)?;
    exact(source, gunzip_head(source, packed, n)?, n)
}

/// Unpacks `n` bytes of gzip data, or all of them if there are fewer.
///
/// Where the data end as expected their checksum is verified. What follows the last gzip member is ignored, as gzip does.
pub(super) fn gunzip_head(source: &Source, packed: &[u8], n: usize) -> Result<Vec<u8>> {
    let mut bytes = with_room(packed, n);
    let mut rest = packed;
    loop {
        let mut member = GzDecoder::new(rest);
        unpack(source, "gzip", &mut member, n, &mut bytes)?;
        rest = member.into_inner();
        if bytes.len() > n || !rest.starts_with(&GZIP_MAGIC) {
            break;
        }
    }
    bytes.truncate(n);
    Ok(bytes)
}

/// Unpacks the first `n` bytes of zlib data, or of gzip data, which writers of MetaImage use as well.
pub(super) fn inflate(source: &Source, packed: &[u8], n: usize) -> Result<Vec<u8>> {
    if packed.starts_with(&GZIP_MAGIC) {
        return gunzip(source, packed, n);
    }
    check_ratio(source, packed, n)?;
    let mut bytes = with_room(packed, n);
    unpack(source, "zlib", &mut ZlibDecoder::new(packed), n, &mut bytes)?;
    exact(source, bytes, n)
}

/// Room for `n` bytes, if that is no more than images usually shrink by.
fn with_room(packed: &[u8], n: usize) -> Vec<u8> {
    Vec::with_capacity(n.saturating_add(1).min(packed.len().saturating_mul(4)))
}

/// Appends what a decoder gives until there are `n` bytes, and one more where there are more: reading on where the data end
/// as promised makes the decoder verify their checksum.
fn unpack(
    source: &Source,
    method: &str,
    decoder: &mut impl Read,
    n: usize,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    let missing = n.saturating_sub(bytes.len()) as u64;
    decoder
        .take(missing + 1)
        .read_to_end(bytes)
        .map_err(|e| source.malformed(format!("the {method} data are damaged: {e}")))?;
    Ok(())
}

fn check_ratio(source: &Source, packed: &[u8], n: usize) -> Result<()> {
    let found = packed.len();
    if n as u64 > (found as u64).saturating_mul(MAX_DEFLATE_RATIO) {
        return Err(source.malformed(format!(
            "the header promises {n} bytes of voxels, more than {found} compressed bytes can hold"
        )));
    }
    Ok(())
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

/// The last `n` bytes, or an error if there are fewer.
pub(super) fn last(source: &Source, mut bytes: Vec<u8>, n: usize) -> Result<Vec<u8>> {
    bytes.drain(..bytes.len().saturating_sub(n));
    exact(source, bytes, n)
}

/// Numbers of type `$t` in raw bytes, of one component.
macro_rules! convert {
    ($bytes:expr, $order:expr, $component:expr, $t:ty) => {
        convert!($bytes, $order, $component, $t => $t)
    };
    ($bytes:expr, $order:expr, $component:expr, $from:ty => $to:ty) => {{
        const SIZE: usize = size_of::<$from>();
        let order = $order;
        let number = |c: &[u8]| {
            let mut b = [0; SIZE];
            b.copy_from_slice(c);
            let value = match order {
                ByteOrder::Little => <$from>::from_le_bytes(b),
                ByteOrder::Big => <$from>::from_be_bytes(b),
            };
            value as $to
        };
        let component: Component = $component;
        if component.count == 1 {
            $bytes.chunks_exact(SIZE).map(number).collect()
        } else {
            let turns = $bytes.chunks_exact(SIZE * component.inner);
            let mut values = Vec::with_capacity($bytes.len() / SIZE / component.count);
            for turn in turns.skip(component.index).step_by(component.count) {
                values.extend(turn.chunks_exact(SIZE).map(number));
            }
            values
        }
    }};
}

/// Numbers from raw bytes, of one component.
pub(super) fn decode(
    bytes: Vec<u8>,
    pixel_type: PixelType,
    order: ByteOrder,
    component: Component,
) -> Numbers {
    match pixel_type {
        PixelType::U8 if component.count == 1 => Numbers::U8(bytes),
        PixelType::U8 => Numbers::U8(convert!(bytes, order, component, u8)),
        PixelType::I8 => Numbers::I8(convert!(bytes, order, component, i8)),
        PixelType::U16 => Numbers::U16(convert!(bytes, order, component, u16)),
        PixelType::I16 => Numbers::I16(convert!(bytes, order, component, i16)),
        PixelType::U32 => Numbers::U32(convert!(bytes, order, component, u32)),
        PixelType::I32 => Numbers::I32(convert!(bytes, order, component, i32)),
        PixelType::U64 => Numbers::F64(convert!(bytes, order, component, u64 => f64)),
        PixelType::I64 => Numbers::F64(convert!(bytes, order, component, i64 => f64)),
        PixelType::F32 => Numbers::F32(convert!(bytes, order, component, f32)),
        PixelType::F64 => Numbers::F64(convert!(bytes, order, component, f64)),
    }
}

/// The first `n` numbers of a text, separated by white space or commas, and of them one component. A text that goes on is
/// no error, as raw data that go on are none.
pub(super) fn parse_ascii(
    source: &Source,
    text: &[u8],
    n: usize,
    component: Component,
) -> Result<Vec<f64>> {
    // Every number takes at least one character and one separator.
    if n > text.len() / 2 + 1 {
        let found = text.len();
        return Err(source.malformed(format!(
            "expected {n} numbers, but there are only {found} bytes of text"
        )));
    }
    let mut values = Vec::with_capacity(n / component.count);
    let mut found = 0;
    let words = text
        .split(|b| b.is_ascii_whitespace() || *b == b',')
        .filter(|w| !w.is_empty());
    for word in words.take(n) {
        let value = std::str::from_utf8(word)
            .ok()
            .and_then(|w| w.parse::<f64>().ok());
        let Some(value) = value else {
            return Err(source.malformed(format!("expected a number, found {}", excerpt(word))));
        };
        if found / component.inner % component.count == component.index {
            values.push(value);
        }
        found += 1;
    }
    if found < n {
        return Err(source.malformed(format!("expected {n} numbers, found {found}")));
    }
    Ok(values)
}

/// The part of a text that holds its first `n` numbers.
pub(super) fn first_words<'a>(source: &Source, text: &'a [u8], n: usize) -> Result<&'a [u8]> {
    let separates = |b: &u8| b.is_ascii_whitespace() || *b == b',';
    let mut inside = false;
    let mut found = 0;
    for (i, b) in text.iter().enumerate() {
        if inside && separates(b) && found == n {
            return Ok(&text[..i]);
        }
        found += usize::from(!inside && !separates(b));
        inside = !separates(b);
    }
    if found < n {
        return Err(source.malformed(format!("expected {n} numbers, found {found}")));
    }
    Ok(text)
}

/// The first `n` bytes from a text of hexadecimal digits; white space between them is skipped.
pub(super) fn parse_hex(source: &Source, text: &[u8], n: usize) -> Result<Vec<u8>> {
    if n > text.len() / 2 {
        let found = text.len();
        return Err(source.malformed(format!(
            "expected {n} bytes of voxels, found {found} characters of hexadecimal text"
        )));
    }
    let mut digits = text.iter().filter(|b| !b.is_ascii_whitespace());
    let mut digit = || -> Result<u8> {
        let found = digits.next().copied();
        found
            .and_then(|b| char::from(b).to_digit(16))
            .map(|d| d as u8)
            .ok_or_else(|| {
                let found = found.map_or("the end of the text".to_string(), |b| excerpt([b]));
                source.malformed(format!("expected a hexadecimal digit, found {found}"))
            })
    };
    (0..n).map(|_| Ok(digit()? << 4 | digit()?)).collect()
}

/// Skips lines of text at the beginning of data.
pub(super) fn skip_lines<'a>(
    source: &Source,
    mut bytes: &'a [u8],
    lines: usize,
) -> Result<&'a [u8]> {
    for _ in 0..lines {
        let Some(end) = bytes.iter().position(|&b| b == b'\n') else {
            return Err(source.malformed(format!(
                "expected {lines} lines to skip before the voxels, found fewer"
            )));
        };
        bytes = &bytes[end + 1..];
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn source() -> Source {
        Source::new(Path::new("a.raw"), "test")
    }

    #[test]
    fn byte_order_and_sign_are_respected() {
        let decode = |bytes: &[u8], pixel_type, order| {
            super::decode(bytes.to_vec(), pixel_type, order, Component::ONLY).into_f64()
        };
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

    #[test]
    fn a_component_is_found_wherever_its_axis_is() {
        let bytes: Vec<u8> = (0..12).collect();
        for (index, count, inner, expected) in [
            (1, 2, 1, vec![1.0, 3.0, 5.0, 7.0, 9.0, 11.0]),
            (1, 2, 6, vec![6.0, 7.0, 8.0, 9.0, 10.0, 11.0]),
            (0, 2, 3, vec![0.0, 1.0, 2.0, 6.0, 7.0, 8.0]),
            (2, 3, 2, vec![4.0, 5.0, 10.0, 11.0]),
        ] {
            let component = Component {
                index,
                count,
                inner,
            };
            let found = decode(bytes.clone(), PixelType::U8, ByteOrder::Little, component);
            assert_eq!(found.into_f64(), expected, "{component:?}");
            let text: Vec<String> = bytes.iter().map(u8::to_string).collect();
            let found = parse_ascii(&source(), text.join(" ").as_bytes(), 12, component).unwrap();
            assert_eq!(found, expected, "{component:?}");
        }
    }

    #[test]
    fn pieces_of_text_end_after_their_numbers() {
        let words = |text: &'static [u8], n| first_words(&source(), text, n).unwrap();
        assert_eq!(words(b" 1, 22 3", 2), b" 1, 22");
        assert_eq!(words(b"1 22", 2), b"1 22");
        assert!(first_words(&source(), b"1 22 ", 3).is_err());
    }

    #[test]
    fn hexadecimal_text_is_bytes() {
        let found = parse_hex(&source(), b"00 fF\n1a2b", 4).unwrap();
        assert_eq!(found, [0, 255, 26, 43]);
        assert!(parse_hex(&source(), b"00 xx", 2).is_err());
        assert!(parse_hex(&source(), b"00 f ", 2).is_err());
    }
}
