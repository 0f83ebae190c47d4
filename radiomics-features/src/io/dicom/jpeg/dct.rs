//! Coding with a discrete cosine transform: blocks, the inverse transform, and channels of half size.

use super::bits::{Bits, Huffman};
use super::{Component, Decoder, Frame, Scan};
use crate::error::Result;

/// Side of a block.
const SIDE: usize = 8;

/// Place of the coded coefficients in a block, from low to high frequency.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A channel while its scan is decoded.
struct Coded<'a> {
    component: usize,
    dc: &'a Huffman,
    ac: &'a Huffman,
    quantization: [u16; 64],
    /// Blocks of this channel in a unit of the scan, along x and y.
    blocks: [usize; 2],
    last_dc: i64,
    stride: usize,
    plane: Vec<u16>,
}

pub(super) fn scan(decoder: &mut Decoder<'_>, frame: &mut Frame, scan: &Scan) -> Result<()> {
    let interleaved = scan.channels.len() > 1;
    let units = if interleaved {
        [
            frame.width.div_ceil(SIDE * frame.horizontal),
            frame.height.div_ceil(SIDE * frame.vertical),
        ]
    } else {
        let only = &frame.components[scan.channels[0].component];
        [only.width.div_ceil(SIDE), only.height.div_ceil(SIDE)]
    };
    let mut channels = coded_channels(decoder, frame, scan, units)?;
    let mut bits = Bits::new(decoder.bytes, decoder.at);
    for unit in 0..units[0] * units[1] {
        if decoder.restart_interval > 0 && unit > 0 && unit % decoder.restart_interval == 0 {
            let number = unit / decoder.restart_interval - 1;
            bits.restart(number)
                .ok_or_else(|| decoder.damaged(format!("restart marker {number} is missing")))?;
            for channel in &mut channels {
                channel.last_dc = 0;
            }
        }
        let (x, y) = (unit % units[0], unit / units[0]);
        for channel in &mut channels {
            let [nx, ny] = channel.blocks;
            for block in 0..nx * ny {
                let coefficients = channel.block(&mut bits).ok_or_else(|| {
                    decoder.damaged(format!("no code in block {block} of unit {unit}"))
                })?;
                let (bx, by) = (x * nx + block % nx, y * ny + block / nx);
                let first = by * SIDE * channel.stride + bx * SIDE;
                inverse_transform(
                    &coefficients,
                    frame.precision,
                    &mut channel.plane[first..],
                    channel.stride,
                );
            }
        }
    }
    for channel in channels {
        let component = &mut frame.components[channel.component];
        component.stride = channel.stride;
        component.plane = channel.plane;
    }
    decoder.at = bits.position();
    Ok(())
}

fn coded_channels<'d>(
    decoder: &'d Decoder<'_>,
    frame: &Frame,
    scan: &Scan,
    units: [usize; 2],
) -> Result<Vec<Coded<'d>>> {
    let missing = || decoder.damaged("a scan uses a table that is missing");
    let mut channels = Vec::with_capacity(scan.channels.len());
    for channel in &scan.channels {
        let component = &frame.components[channel.component];
        let blocks = if scan.channels.len() > 1 {
            [component.horizontal, component.vertical]
        } else {
            [1, 1]
        };
        let stride = units[0] * blocks[0] * SIDE;
        channels.push(Coded {
            component: channel.component,
            dc: decoder.dc[channel.dc].as_ref().ok_or_else(missing)?,
            ac: decoder.ac[channel.ac].as_ref().ok_or_else(missing)?,
            quantization: decoder.quantization[component.quantization].ok_or_else(missing)?,
            blocks,
            last_dc: 0,
            stride,
            plane: vec![0; stride * units[1] * blocks[1] * SIDE],
        });
    }
    Ok(channels)
}

impl Coded<'_> {
    /// The coefficients of the next block, scaled, row by row.
    fn block(&mut self, bits: &mut Bits<'_>) -> Option<[i64; 64]> {
        let mut block = [0; 64];
        let length = u32::from(bits.code(self.dc)?);
        if length > 16 {
            return None;
        }
        // 2^16 units of at most 2^17 stay far below 64 bits.
        self.last_dc += i64::from(bits.signed(length)?);
        block[0] = self.last_dc * i64::from(self.quantization[0]);
        let mut k = 1;
        while k < 64 {
            let code = bits.code(self.ac)?;
            let (zeros, length) = (usize::from(code >> 4), u32::from(code & 15));
            if length == 0 {
                if zeros < 15 {
                    break;
                }
                k += 16;
                continue;
            }
            k += zeros;
            let value = bits.signed(length)?;
            let place = *ZIGZAG.get(k)?;
            block[place] = i64::from(value) * i64::from(self.quantization[k]);
            k += 1;
        }
        Some(block)
    }
}

/// Binary digits of the constants below.
const CONSTANT_BITS: u32 = 13;

/// Cosines and their sums in the factorization of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), times 2^13.
mod constant {
    pub(super) const C0_298: i64 = 2446;
    pub(super) const C0_390: i64 = 3196;
    pub(super) const C0_541: i64 = 4433;
    pub(super) const C0_765: i64 = 6270;
    pub(super) const C0_899: i64 = 7373;
    pub(super) const C1_175: i64 = 9633;
    pub(super) const C1_501: i64 = 12299;
    pub(super) const C1_847: i64 = 15137;
    pub(super) const C1_961: i64 = 16069;
    pub(super) const C2_053: i64 = 16819;
    pub(super) const C2_562: i64 = 20995;
    pub(super) const C3_072: i64 = 25172;
}

/// Eight samples from eight coefficients, times 2^13 √8.
fn transform(c: [i64; 8]) -> [i64; 8] {
    use constant::{
        C0_298, C0_390, C0_541, C0_765, C0_899, C1_175, C1_501, C1_847, C1_961, C2_053, C2_562,
        C3_072,
    };
    let sum = (c[0] + c[4]) << CONSTANT_BITS;
    let difference = (c[0] - c[4]) << CONSTANT_BITS;
    let turned = (c[2] + c[6]) * C0_541;
    let (low, high) = (turned - c[6] * C1_847, turned + c[2] * C0_765);
    let even = [sum + high, difference + low, difference - low, sum - high];
    let shared = (c[7] + c[3] + c[5] + c[1]) * C1_175;
    let z3 = shared - (c[7] + c[3]) * C1_961;
    let z4 = shared - (c[5] + c[1]) * C0_390;
    let z1 = (c[7] + c[1]) * C0_899;
    let z2 = (c[5] + c[3]) * C2_562;
    let odd = [
        c[1] * C1_501 - z1 + z4,
        c[3] * C3_072 - z2 + z3,
        c[5] * C2_053 - z2 + z4,
        c[7] * C0_298 - z1 + z3,
    ];
    let mut samples = [0; 8];
    for k in 0..4 {
        samples[k] = even[k] + odd[k];
        samples[7 - k] = even[k] - odd[k];
    }
    samples
}

/// Writes the samples of a block, first along columns, then along rows, rounded after each.
fn inverse_transform(block: &[i64; 64], precision: u32, plane: &mut [u16], stride: usize) {
    // Digits kept between the passes; 32-bit programs have one less to spare where samples are large.
    let kept = if precision == 8 { 2 } else { 1 };
    let round = |v: i64, digits: u32| (v + (1 << (digits - 1))) >> digits;
    let mut columns = [0; 64];
    for x in 0..SIDE {
        let column = transform(std::array::from_fn(|y| block[y * SIDE + x]));
        for (y, value) in column.into_iter().enumerate() {
            columns[y * SIDE + x] = round(value, CONSTANT_BITS - kept);
        }
    }
    let middle = 1 << (precision - 1);
    let largest = (1 << precision) - 1;
    for (y, line) in plane.chunks_mut(stride).take(SIDE).enumerate() {
        let row = transform(std::array::from_fn(|x| columns[y * SIDE + x]));
        for (sample, value) in line.iter_mut().zip(row) {
            let value = round(value, CONSTANT_BITS + kept + 3) + middle;
            *sample = value.clamp(0, largest) as u16;
        }
    }
}

/// A channel in the size of the frame.
pub(super) struct Upsampled<'a> {
    component: &'a Component,
    kind: Upsampling,
}

/// How samples between samples are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upsampling {
    /// Every sample is repeated so often along x and y.
    Repeat([usize; 2]),
    /// Half the width: three parts of the nearer and one of the farther neighbor.
    Wide,
    /// Half the width and height: the same along both.
    WideAndHigh,
}

impl<'a> Upsampled<'a> {
    /// `None` if the channel's size does not divide the frame's.
    pub(super) fn new(component: &'a Component, frame: &Frame) -> Option<Self> {
        if !frame.horizontal.is_multiple_of(component.horizontal)
            || !frame.vertical.is_multiple_of(component.vertical)
        {
            return None;
        }
        let factors = [
            frame.horizontal / component.horizontal,
            frame.vertical / component.vertical,
        ];
        let kind = match factors {
            // Two columns have no neighbors on both sides.
            [2, 1] if component.width > 2 => Upsampling::Wide,
            [2, 2] if component.width > 2 => Upsampling::WideAndHigh,
            factors => Upsampling::Repeat(factors),
        };
        Some(Self { component, kind })
    }

    fn samples(&self, y: usize) -> &[u16] {
        let first = y * self.component.stride;
        &self.component.plane[first..first + self.component.width]
    }

    /// A row of the frame.
    pub(super) fn row(&self, y: usize, line: &mut [u16]) {
        match self.kind {
            Upsampling::Repeat([nx, ny]) => {
                let samples = self.samples(y / ny);
                for (x, value) in line.iter_mut().enumerate() {
                    *value = samples[x / nx];
                }
            }
            Upsampling::Wide => {
                let samples = self.samples(y);
                let sum = |x: usize| u32::from(samples[x]);
                widen(self.component.width, line, sum, [1, 2], 2);
            }
            Upsampling::WideAndHigh => {
                let near = self.samples(y / 2);
                // At the border the sample itself stands for the neighbor that is not there.
                let last = self.component.height - 1;
                let far = if y.is_multiple_of(2) {
                    (y / 2).saturating_sub(1)
                } else {
                    (y / 2 + 1).min(last)
                };
                let far = self.samples(far);
                let sum = |x: usize| 3 * u32::from(near[x]) + u32::from(far[x]);
                widen(self.component.width, line, sum, [8, 7], 4);
            }
        }
    }
}

/// Twice as many samples: three parts of the nearer and one of the farther neighbor, rounded up and down in turn.
fn widen(
    width: usize,
    line: &mut [u16],
    sample: impl Fn(usize) -> u32,
    rounding: [u32; 2],
    digits: u32,
) {
    for (x, value) in line.iter_mut().enumerate() {
        let near = sample(x / 2);
        let far = if x.is_multiple_of(2) {
            sample((x / 2).saturating_sub(1))
        } else {
            sample((x / 2 + 1).min(width - 1))
        };
        *value = ((3 * near + far + rounding[x % 2]) >> digits) as u16;
    }
}
