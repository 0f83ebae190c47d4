//! From the bytes of a file to numbers: unpacking within bounds, byte order, pixel types, one component of several.

use super::packed::Packed;
use super::{Source, excerpt};
use crate::error::Result;
use crate::numbers::Numbers;
use crate::volume::PixelType;

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

    /// Whether the number at a position is of this component.
    fn holds(&self, position: usize) -> bool {
        position / self.inner % self.count == self.index
    }
}

/// The bytes of all voxels of a file.
pub(super) enum Voxels {
    /// As they are.
    Plain(Vec<u8>),
    /// To be unpacked.
    Packed(Packed),
    /// Numbers in decimal, separated by white space or commas.
    Text(Vec<u8>),
}

impl Voxels {
    /// The `n_numbers` numbers, or of several components one.
    pub(super) fn decode(
        self,
        source: &Source,
        n_numbers: usize,
        pixel_type: PixelType,
        order: ByteOrder,
        component: Component,
    ) -> Result<Numbers> {
        let voxels = match self {
            // These are numbers already.
            Self::Plain(bytes) if (pixel_type, component.count) == (PixelType::U8, 1) => {
                return Ok(Numbers::U8(first(source, bytes, n_numbers)?));
            }
            Self::Text(text) => {
                let numbers = parse_ascii(source, &text, n_numbers, component)?;
                return Ok(Numbers::F64(numbers));
            }
            voxels => voxels,
        };
        // One loop for each order, so that neither asks for it.
        macro_rules! numbers {
            ($stored:ty as $held:ty) => {
                match order {
                    ByteOrder::Little => voxels.numbers(source, n_numbers, component, |bytes| {
                        <$stored>::from_le_bytes(bytes) as $held
                    })?,
                    ByteOrder::Big => voxels.numbers(source, n_numbers, component, |bytes| {
                        <$stored>::from_be_bytes(bytes) as $held
                    })?,
                }
            };
        }
        Ok(match pixel_type {
            PixelType::U8 => Numbers::U8(numbers!(u8 as u8)),
            PixelType::I8 => Numbers::I8(numbers!(i8 as i8)),
            PixelType::U16 => Numbers::U16(numbers!(u16 as u16)),
            PixelType::I16 => Numbers::I16(numbers!(i16 as i16)),
            PixelType::U32 => Numbers::U32(numbers!(u32 as u32)),
            PixelType::I32 => Numbers::I32(numbers!(i32 as i32)),
            PixelType::U64 => Numbers::F64(numbers!(u64 as f64)),
            PixelType::I64 => Numbers::F64(numbers!(i64 as f64)),
            PixelType::F32 => Numbers::F32(numbers!(f32 as f32)),
            PixelType::F64 => Numbers::F64(numbers!(f64 as f64)),
        })
    }

    /// The numbers of one component, made of `SIZE` bytes each.
    fn numbers<const SIZE: usize, T>(
        self,
        source: &Source,
        n_numbers: usize,
        component: Component,
        number: impl Fn([u8; SIZE]) -> T,
    ) -> Result<Vec<T>> {
        let n_bytes = n_numbers * SIZE;
        let room = match &self {
            Self::Plain(bytes) | Self::Text(bytes) => n_bytes.min(bytes.len()),
            Self::Packed(packed) => packed.room(n_bytes),
        };
        let mut values = Vec::with_capacity(room / SIZE / component.count);
        let mut position = 0;
        let mut take = |bytes: &[u8]| {
            let (stored, _) = bytes.as_chunks::<SIZE>();
            if component.count == 1 {
                values.extend(stored.iter().map(|&bytes| number(bytes)));
            } else {
                let numbered = (position..).zip(stored);
                let chosen = numbered.filter(|&(i, _)| component.holds(i));
                values.extend(chosen.map(|(_, &bytes)| number(bytes)));
            }
            position += stored.len();
        };
        match self {
            Self::Plain(bytes) | Self::Text(bytes) => take(&first(source, bytes, n_bytes)?),
            Self::Packed(packed) => packed.visit(n_bytes, take)?,
        }
        Ok(values)
    }
}

/// Refuses to have found fewer bytes than are needed.
pub(super) fn exact(source: &Source, found: usize, needed: usize) -> Result<()> {
    if found < needed {
        return Err(source.malformed(format!("expected {needed} bytes of voxels, found {found}")));
    }
    Ok(())
}

/// The first `n` bytes, or an error if there are fewer.
pub(super) fn first(source: &Source, mut bytes: Vec<u8>, n: usize) -> Result<Vec<u8>> {
    exact(source, bytes.len(), n)?;
    bytes.truncate(n);
    Ok(bytes)
}

/// The last `n` bytes, or an error if there are fewer.
pub(super) fn last(source: &Source, mut bytes: Vec<u8>, n: usize) -> Result<Vec<u8>> {
    bytes.drain(..bytes.len().saturating_sub(n));
    first(source, bytes, n)
}

/// The first `n` numbers of a text, separated by white space or commas, and of them one component. A text that goes on is
/// no error, as raw data that go on are none.
fn parse_ascii(source: &Source, text: &[u8], n: usize, component: Component) -> Result<Vec<f64>> {
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
        if component.holds(found) {
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
        let decode = |bytes: &[u8], pixel_type: PixelType, order| {
            let n = bytes.len() / pixel_type.bytes();
            Voxels::Plain(bytes.to_vec())
                .decode(&source(), n, pixel_type, order, Component::ONLY)
                .unwrap()
                .into_f64()
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
            let found = Voxels::Plain(bytes.clone())
                .decode(&source(), 12, PixelType::U8, ByteOrder::Little, component)
                .unwrap();
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
