//! The encoding of DICOM: elements, sequences and fragments inside the bytes of a file (PS3.5, PS3.10).
//!
//! Values are slices of the file and are decoded when asked for, so a length that lies reserves no memory: it either fits
//! the bytes that are there or is an error. Only the attributes in [`attributes`](super::attributes) are ever interpreted,
//! hence no dictionary of value representations is needed.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::attributes::{self, Attribute};
use crate::error::{Error, Result};
use crate::io::samples::ByteOrder;
use crate::io::{ReadOptions, Source};

/// More elements than any image has in one data set.
const MAX_ELEMENTS: usize = 1 << 16;
/// Deeper nesting than any image has.
const MAX_DEPTH: usize = 32;
const UNDEFINED: u32 = u32::MAX;
const ITEM: u32 = 0xFFFE_E000;
const ITEM_END: u32 = 0xFFFE_E00D;
const SEQUENCE_END: u32 = 0xFFFE_E0DD;

/// Where the mark of a DICOM file stands, and the mark.
pub(super) const MAGIC: (usize, &[u8; 4]) = (128, b"DICM");

/// How the elements of a data set are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    /// Whether elements name their value representation.
    explicit: bool,
    pub(super) order: ByteOrder,
}

impl Encoding {
    const IMPLICIT: Self = Self {
        explicit: false,
        order: ByteOrder::Little,
    };
    const EXPLICIT: Self = Self {
        explicit: true,
        order: ByteOrder::Little,
    };
    const BIG_ENDIAN: Self = Self {
        explicit: true,
        order: ByteOrder::Big,
    };

    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self.order {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        match self.order {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// How pixels are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// As they are.
    Native,
    /// Run lengths of bytes.
    Rle,
    /// Lossless JPEG, processes 14.
    JpegLossless,
    /// JPEG with a discrete cosine transform.
    JpegLossy,
}

/// A DICOM file in memory, deflated data sets unpacked.
pub(super) struct File {
    bytes: Vec<u8>,
    /// Where the data set begins.
    start: usize,
    encoding: Encoding,
    pub(super) packing: Packing,
}

impl File {
    /// Reads the file and its meta information.
    pub(super) fn open(source: &Source, options: &ReadOptions) -> Result<Self> {
        let bytes = source.bytes(options)?;
        let (at, magic) = MAGIC;
        if bytes.get(at..at + magic.len()) != Some(magic) {
            return Err(source.malformed(format!(
                "expected the letters DICM at byte {at} of {}",
                bytes.len()
            )));
        }
        let mut walker = Walker {
            source,
            bytes: &bytes,
            at: at + magic.len(),
            encoding: Encoding::EXPLICIT,
        };
        let mut syntax = None;
        while walker.peek_group() == Some(2) {
            let element = walker.element(0)?;
            if element.tag == attributes::TRANSFER_SYNTAX_UID.tag {
                syntax = Some(text(element.value));
            }
        }
        let start = walker.at;
        let syntax = syntax.ok_or_else(|| attributes::TRANSFER_SYNTAX_UID.missing(source))?;
        let (encoding, packing, deflated) = transfer_syntax(source, &syntax)?;
        if !deflated {
            return Ok(Self {
                bytes,
                start,
                encoding,
                packing,
            });
        }
        Ok(Self {
            bytes: inflate(source, &bytes[start..], options)?,
            start: 0,
            encoding,
            packing,
        })
    }

    /// The file's elements.
    pub(super) fn data_set<'a>(&'a self, source: &'a Source) -> Result<DataSet<'a>> {
        DataSet::parse(source, &self.bytes[self.start..], self.encoding, 0)
    }
}

/// Unpacks a deflated data set, no further than the limit.
fn inflate(source: &Source, packed: &[u8], options: &ReadOptions) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed)
        .take(options.max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| source.malformed(format!("the deflated data are damaged: {e}")))?;
    if bytes.len() as u64 > options.max_bytes {
        return Err(source.too_large(bytes.len() as u128, options));
    }
    Ok(bytes)
}

/// Encoding, packing, and whether the data set is deflated.
fn transfer_syntax(source: &Source, uid: &str) -> Result<(Encoding, Packing, bool)> {
    use Packing::{JpegLossless, JpegLossy, Native, Rle};
    let standard = uid.strip_prefix("1.2.840.10008.1.2");
    let (encoding, packing) = match standard {
        Some("") => (Encoding::IMPLICIT, Native),
        Some(".1") => (Encoding::EXPLICIT, Native),
        Some(".1.99") => return Ok((Encoding::EXPLICIT, Native, true)),
        Some(".2") => (Encoding::BIG_ENDIAN, Native),
        Some(".5") => (Encoding::EXPLICIT, Rle),
        Some(".4.50" | ".4.51") => (Encoding::EXPLICIT, JpegLossy),
        Some(".4.57" | ".4.70") => (Encoding::EXPLICIT, JpegLossless),
        _ => {
            let name = match standard {
                Some(".4.80" | ".4.81") => "JPEG-LS",
                Some(".4.90" | ".4.91" | ".4.92" | ".4.93") => "JPEG 2000",
                Some(".4.201" | ".4.202" | ".4.203") => "high-throughput JPEG 2000",
                Some(".4.110" | ".4.111" | ".4.112") => "JPEG XL",
                Some(s) if s.starts_with(".4.10") => "video",
                _ => "unknown",
            };
            return Err(source.unsupported(format!(
                "transfer syntax {uid} ({name}; convert the file to Explicit VR Little Endian first)"
            )));
        }
    };
    Ok((encoding, packing, false))
}

/// One attribute as it stands in the file.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u32,
    /// The value; of a sequence its items, of packed pixels their fragments.
    value: &'a [u8],
    /// The encoding of the value.
    encoding: Encoding,
    /// Whether the value is fragments or items of undefined length.
    undefined: bool,
    /// Whether the value is declared a string of 16-bit words.
    words: bool,
}

/// The elements of the file or of one item of a sequence.
pub(super) struct DataSet<'a> {
    source: &'a Source,
    elements: Vec<Element<'a>>,
    depth: usize,
}

impl<'a> DataSet<'a> {
    fn parse(
        source: &'a Source,
        bytes: &'a [u8],
        encoding: Encoding,
        depth: usize,
    ) -> Result<Self> {
        let mut walker = Walker {
            source,
            bytes,
            at: 0,
            encoding,
        };
        let mut elements: Vec<Element<'a>> = Vec::new();
        // Some writers pad files with zeros behind the last element.
        while walker.peek_group().is_some_and(|group| group != 0) {
            let element = walker.element(depth)?;
            if element.tag == ITEM_END {
                break;
            }
            // Odd groups are private.
            if element.tag & 0x1_0000 == 0 {
                elements.push(element);
            }
            if elements.len() > MAX_ELEMENTS {
                return Err(source.malformed(format!(
                    "a data set has more than {MAX_ELEMENTS} elements, expected fewer"
                )));
            }
            // What follows the pixels is padding or a signature, and often damaged.
            if depth == 0 && element.tag == attributes::PIXEL_DATA.tag {
                break;
            }
        }
        Ok(Self {
            source,
            elements,
            depth,
        })
    }

    /// What errors are about.
    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    fn find(&self, attribute: Attribute) -> Option<&Element<'a>> {
        self.elements.iter().find(|e| e.tag == attribute.tag)
    }

    /// Whether the attribute is there and not empty.
    pub(super) fn has(&self, attribute: Attribute) -> bool {
        self.find(attribute).is_some_and(|e| !e.value.is_empty())
    }

    /// The value as text without padding, `None` if absent or empty.
    pub(super) fn text(&self, attribute: Attribute) -> Option<String> {
        let value = text(self.find(attribute)?.value);
        (!value.is_empty()).then_some(value)
    }

    /// A 16-bit number.
    pub(super) fn u16(&self, attribute: Attribute) -> Result<Option<u16>> {
        let Some(element) = self.find(attribute).filter(|e| !e.value.is_empty()) else {
            return Ok(None);
        };
        match *element.value {
            [a, b, ..] => Ok(Some(element.encoding.u16([a, b]))),
            _ => Err(self.bad_value(attribute, "a 16-bit number")),
        }
    }

    /// A 16-bit number that must be there.
    pub(super) fn required_u16(&self, attribute: Attribute) -> Result<u16> {
        self.u16(attribute)?
            .ok_or_else(|| attribute.missing(self.source))
    }

    /// All 16-bit numbers of a value.
    pub(super) fn u16s(&self, attribute: Attribute) -> Option<Vec<u16>> {
        let element = self.find(attribute)?;
        let (words, _) = element.value.as_chunks::<2>();
        Some(words.iter().map(|&b| element.encoding.u16(b)).collect())
    }

    /// The bytes of a value and their order.
    pub(super) fn bytes(&self, attribute: Attribute) -> Option<(&'a [u8], ByteOrder)> {
        let element = self.find(attribute)?;
        Some((element.value, element.encoding.order))
    }

    /// Whether the bytes of a value are 16-bit words.
    pub(super) fn is_words(&self, attribute: Attribute) -> bool {
        self.find(attribute).is_some_and(|e| e.words)
    }

    /// A 64-bit float (FD).
    pub(super) fn f64(&self, attribute: Attribute) -> Result<Option<f64>> {
        let Some(element) = self.find(attribute).filter(|e| !e.value.is_empty()) else {
            return Ok(None);
        };
        let Some(&bytes) = element.value.first_chunk::<8>() else {
            return Err(self.bad_value(attribute, "a 64-bit float"));
        };
        Ok(Some(match element.encoding.order {
            ByteOrder::Little => f64::from_le_bytes(bytes),
            ByteOrder::Big => f64::from_be_bytes(bytes),
        }))
    }

    /// Numbers written as text (DS, IS), separated by backslashes; `None` if absent or empty.
    pub(super) fn decimals(&self, attribute: Attribute) -> Result<Option<Vec<f64>>> {
        let Some(value) = self.text(attribute) else {
            return Ok(None);
        };
        let numbers: Option<Vec<f64>> = value
            .split('\\')
            .map(|n| n.trim().parse().ok().filter(|n: &f64| n.is_finite()))
            .collect();
        match numbers {
            Some(numbers) => Ok(Some(numbers)),
            None => Err(self.bad_value(attribute, "decimal numbers")),
        }
    }

    /// Exactly `N` numbers written as text.
    pub(super) fn decimal_array<const N: usize>(
        &self,
        attribute: Attribute,
    ) -> Result<Option<[f64; N]>> {
        let Some(numbers) = self.decimals(attribute)? else {
            return Ok(None);
        };
        match <[f64; N]>::try_from(numbers) {
            Ok(numbers) => Ok(Some(numbers)),
            Err(found) => Err(self.source.malformed(format!(
                "expected {N} numbers in {attribute}, found {}",
                found.len()
            ))),
        }
    }

    /// One number written as text.
    pub(super) fn decimal(&self, attribute: Attribute) -> Result<Option<f64>> {
        Ok(self.decimal_array::<1>(attribute)?.map(|[n]| n))
    }

    /// The items of a sequence; none if it is absent.
    pub(super) fn items(&self, attribute: Attribute) -> Items<'a> {
        let element = self.find(attribute);
        Items {
            walker: Walker {
                source: self.source,
                bytes: element.map_or(&[], |e| e.value),
                at: 0,
                encoding: element.map_or(Encoding::EXPLICIT, |e| e.encoding),
            },
            depth: self.depth + 1,
        }
    }

    /// The first item of a sequence.
    pub(super) fn item(&self, attribute: Attribute) -> Result<Option<DataSet<'a>>> {
        self.items(attribute).next().transpose()
    }

    /// The fragments of packed pixels: first the table of offsets, which may be empty.
    pub(super) fn fragments(&self, attribute: Attribute) -> Result<Vec<&'a [u8]>> {
        let element = self
            .find(attribute)
            .ok_or_else(|| attribute.missing(self.source))?;
        if !element.undefined {
            return Err(self
                .source
                .malformed("the pixels are declared packed, but stand in no fragments"));
        }
        let mut walker = Walker {
            source: self.source,
            bytes: element.value,
            at: 0,
            encoding: element.encoding,
        };
        let mut fragments = Vec::new();
        while !walker.at_end() {
            let (tag, length) = walker.tag_and_length()?;
            if tag != ITEM {
                return Err(walker.unexpected(tag, "a fragment"));
            }
            fragments.push(walker.take(u64::from(length))?);
        }
        Ok(fragments)
    }

    fn bad_value(&self, attribute: Attribute, expected: &str) -> Error {
        let value = self.find(attribute).map_or(&[][..], |e| e.value);
        let shown = String::from_utf8_lossy(&value[..value.len().min(32)]);
        self.source.malformed(format!(
            "expected {expected} in {attribute}, found {shown:?}"
        ))
    }
}

/// The items of a sequence, one after the other.
pub(super) struct Items<'a> {
    walker: Walker<'a>,
    depth: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<DataSet<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let walker = &mut self.walker;
        if walker.at_end() {
            return None;
        }
        let depth = self.depth;
        let mut read = || {
            let (tag, length) = walker.tag_and_length()?;
            if tag == SEQUENCE_END {
                walker.at = walker.bytes.len();
                return Ok(None);
            }
            if tag != ITEM {
                return Err(walker.unexpected(tag, "an item"));
            }
            let body = walker.item_body(length, depth)?;
            DataSet::parse(walker.source, body, walker.encoding, depth).map(Some)
        };
        let item = read();
        if item.is_err() {
            walker.at = walker.bytes.len();
        }
        item.transpose()
    }
}

/// A position in encoded bytes.
struct Walker<'a> {
    source: &'a Source,
    bytes: &'a [u8],
    at: usize,
    encoding: Encoding,
}

impl<'a> Walker<'a> {
    fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn peek_group(&self) -> Option<u16> {
        let &group = self.bytes.get(self.at..)?.first_chunk::<2>()?;
        // A data set ends where no whole element fits.
        (self.bytes.len() - self.at >= 8).then(|| self.encoding.u16(group))
    }

    fn take(&mut self, n: u64) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let Some(value) = usize::try_from(n).ok().and_then(|n| rest.get(..n)) else {
            let left = rest.len();
            return Err(self.source.malformed(format!(
                "an element promises {n} bytes, but only {left} are left"
            )));
        };
        self.at += value.len();
        Ok(value)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    fn tag(&mut self) -> Result<u32> {
        let group = self.array()?;
        let element = self.array()?;
        Ok(u32::from(self.encoding.u16(group)) << 16 | u32::from(self.encoding.u16(element)))
    }

    /// Tag and length of an item, a fragment or a delimiter, which have no value representation.
    fn tag_and_length(&mut self) -> Result<(u32, u32)> {
        let tag = self.tag()?;
        let length = self.array()?;
        Ok((tag, self.encoding.u32(length)))
    }

    fn unexpected(&self, tag: u32, expected: &str) -> Error {
        let (group, element) = (tag >> 16, tag & 0xFFFF);
        self.source.malformed(format!(
            "expected {expected}, found the tag ({group:04X},{element:04X})"
        ))
    }

    /// The next element, its value skipped over.
    fn element(&mut self, depth: usize) -> Result<Element<'a>> {
        if depth > MAX_DEPTH {
            return Err(self.source.malformed(format!(
                "sequences are nested more than {MAX_DEPTH} deep, expected fewer"
            )));
        }
        let tag = self.tag()?;
        if tag >> 16 == 0xFFFE {
            // A delimiter; its length means nothing.
            self.array::<4>()?;
            return Ok(Element {
                tag,
                value: &[],
                encoding: self.encoding,
                undefined: false,
                words: false,
            });
        }
        let mut encoding = self.encoding;
        let mut words = !encoding.explicit;
        let length = if encoding.explicit {
            let vr = self.array::<2>()?;
            let short = self.array::<2>()?;
            words = vr == *b"OW";
            match value_length(vr) {
                Some(LengthField::Short) => u32::from(encoding.u16(short)),
                Some(LengthField::Long) => {
                    let long = self.array()?;
                    let length = encoding.u32(long);
                    if vr == *b"UN" && length == UNDEFINED {
                        // By definition a sequence in implicit encoding.
                        encoding = Encoding::IMPLICIT;
                    }
                    length
                }
                // Some writers fall back to the implicit encoding amid an explicit data set.
                None => encoding.u32([vr[0], vr[1], short[0], short[1]]),
            }
        } else {
            let length = self.array()?;
            encoding.u32(length)
        };
        let undefined = length == UNDEFINED;
        let value = if undefined {
            self.undefined_value(encoding, depth)?
        } else {
            self.take(u64::from(length))?
        };
        Ok(Element {
            tag,
            value,
            encoding,
            undefined,
            words,
        })
    }

    /// Items or fragments up to the delimiter of their sequence.
    fn undefined_value(&mut self, encoding: Encoding, depth: usize) -> Result<&'a [u8]> {
        let start = self.at;
        let mut inner = Walker {
            source: self.source,
            bytes: self.bytes,
            at: start,
            encoding,
        };
        loop {
            let end = inner.at;
            let (tag, length) = inner.tag_and_length()?;
            match tag {
                SEQUENCE_END => {
                    self.at = inner.at;
                    return Ok(&self.bytes[start..end]);
                }
                ITEM => {
                    inner.item_body(length, depth + 1)?;
                }
                other => return Err(inner.unexpected(other, "an item")),
            }
        }
    }

    /// The elements of an item.
    fn item_body(&mut self, length: u32, depth: usize) -> Result<&'a [u8]> {
        if length != UNDEFINED {
            return self.take(u64::from(length));
        }
        let start = self.at;
        loop {
            let end = self.at;
            if self.element(depth)?.tag == ITEM_END {
                return Ok(&self.bytes[start..end]);
            }
        }
    }
}

enum LengthField {
    Short,
    Long,
}

/// How the length of a value is written, `None` if this is no value representation at all.
fn value_length(vr: [u8; 2]) -> Option<LengthField> {
    match &vr {
        b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FD" | b"FL" | b"IS" | b"LO"
        | b"LT" | b"PN" | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL" | b"US" => {
            Some(LengthField::Short)
        }
        // The long form is also that of every value representation still to be invented.
        [b'A'..=b'Z', b'A'..=b'Z'] => Some(LengthField::Long),
        _ => None,
    }
}

/// A value as text, without the padding.
fn text(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace())
        .to_string()
}
