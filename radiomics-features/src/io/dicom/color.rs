//! Colors: tables of them, and luma with color differences.

use super::attributes::{self as tag, Attribute};
use super::data_set::DataSet;
use super::pixels::Layout;
use crate::error::Result;
use crate::io::samples::ByteOrder;

/// Red, green and blue of every stored number.
pub(super) struct Palette {
    channels: [Channel; 3],
}

struct Channel {
    /// The number that the first entry stands for.
    first: i64,
    entries: Vec<u16>,
}

impl Palette {
    pub(super) fn read(data: &DataSet<'_>, layout: &Layout) -> Result<Self> {
        let source = data.source();
        if data.has(tag::SEGMENTED_RED_TABLE) && !data.has(tag::RED_TABLE) {
            return Err(source.unsupported("a segmented color table"));
        }
        if !matches!(layout.allocated, 8 | 16) {
            return Err(source.malformed(format!(
                "a palette image has {} bits a pixel, expected 8 or 16",
                layout.allocated
            )));
        }
        let channel = |descriptor, table| Channel::read(data, layout, descriptor, table);
        Ok(Self {
            channels: [
                channel(tag::RED_DESCRIPTOR, tag::RED_TABLE)?,
                channel(tag::GREEN_DESCRIPTOR, tag::GREEN_TABLE)?,
                channel(tag::BLUE_DESCRIPTOR, tag::BLUE_TABLE)?,
            ],
        })
    }

    /// The color of a stored number; numbers beyond the table have the color of its end.
    pub(super) fn color(&self, value: i64) -> [i64; 3] {
        self.channels.each_ref().map(|channel| {
            let last = channel.entries.len() as i64 - 1;
            i64::from(channel.entries[(value - channel.first).clamp(0, last) as usize])
        })
    }
}

impl Channel {
    fn read(
        data: &DataSet<'_>,
        layout: &Layout,
        descriptor: Attribute,
        table: Attribute,
    ) -> Result<Self> {
        let source = data.source();
        let description = data
            .u16s(descriptor)
            .ok_or_else(|| descriptor.missing(source))?;
        let &[n, first, bits] = &description[..] else {
            let found = description.len();
            return Err(
                source.malformed(format!("expected 3 numbers in {descriptor}, found {found}"))
            );
        };
        // 65536 entries do not fit the 16 bits of their count, which is then 0.
        let n = if n == 0 { 1 << 16 } else { usize::from(n) };
        let first = if layout.signed {
            i64::from(first.cast_signed())
        } else {
            i64::from(first)
        };
        let (bytes, order) = data.bytes(table).ok_or_else(|| table.missing(source))?;
        let word = |b: &[u8; 2]| match order {
            ByteOrder::Little => u16::from_le_bytes(*b),
            ByteOrder::Big => u16::from_be_bytes(*b),
        };
        let (words, _) = bytes.as_chunks::<2>();
        let entries: Vec<u16> = if bits == 16 || bytes.len() >= 2 * n {
            // 8-bit entries may be padded to 16 bits each.
            words.iter().take(n).map(word).collect()
        } else {
            bytes.iter().take(n).map(|&b| u16::from(b)).collect()
        };
        if entries.len() < n {
            let found = entries.len();
            return Err(source.malformed(format!("expected {n} entries in {table}, found {found}")));
        }
        // Tables of 16 bits lose their lower half where the pixels have 8, as in SimpleITK.
        let shift = if bits == 16 && layout.allocated == 8 {
            8
        } else {
            0
        };
        let entries = entries.into_iter().map(|v| v >> shift).collect();
        Ok(Self { first, entries })
    }
}

/// Red, green and blue from luma and color differences of the full range (PS3.3 C.7.6.3.1.2), rounded to the nearest.
pub(super) fn rgb_from_ybr([y, b, r]: [i64; 3]) -> [i64; 3] {
    let (y, b, r) = (y as f64, (b - 128) as f64, (r - 128) as f64);
    let rgb = [
        y + 1.402 * r,
        y - 0.344_136_286 * b - 0.714_136_286 * r,
        y + 1.772 * b,
    ];
    rgb.map(|v| (v + 0.5).floor().clamp(0.0, 255.0) as i64)
}

/// Red, green and blue of pixels that share their color differences in pairs: Y Y B R.
pub(super) fn rgb_from_422(samples: &[i64]) -> Vec<i64> {
    let (pairs, _) = samples.as_chunks::<4>();
    let colors = pairs
        .iter()
        .flat_map(|&[left, right, b, r]| [rgb_from_ybr([left, b, r]), rgb_from_ybr([right, b, r])]);
    colors.flatten().collect()
}
