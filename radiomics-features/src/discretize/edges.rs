//! Where the bins of gray levels begin.

use super::{Levels, PixelKind, low_bits, too_many};
use crate::wide::wide;
use crate::{Error, Result};

/// Smallest and largest value of a region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueRange {
    pub min: f64,
    pub max: f64,
}

/// Bin edges, given by formula so that no edge array is ever allocated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    low: f64,
    step: f64,
    n: usize,
    /// The index and the value of the one edge for which the formula's rounding would not be the reference's; -1 if there is none.
    replaced: (f64, f64),
    round_to_f32: bool,
}

impl Edges {
    pub(super) fn of_width(range: ValueRange, width: f64) -> Result<Self> {
        Self::aligned(range, width)?.checked(range)
    }

    fn aligned(range: ValueRange, width: f64) -> Result<Self> {
        if !(width.is_finite() && width > 0.0) {
            return Err(Error::InvalidSetting {
                name: "binWidth",
                expected: "a positive, finite number",
                found: width.to_string(),
            });
        }
        let low = range.min - floored_modulo(range.min, width);
        let high = range.max + 2.0 * width;
        let n = ((high - low) / width).ceil();
        // Two edges above the maximum are always spare.
        if n > f64::from(Levels::MAX_LEVEL) + 2.0 {
            return Err(too_many(n - 1.0));
        }
        let second = low + width;
        let step = second - low;
        if n < 1.0 || step <= 0.0 || !step.is_finite() {
            return Err(Error::BinWidthTooSmall {
                width,
                value: range.max,
            });
        }
        let n = n as usize;
        if n == 1 {
            return Ok(Self {
                low: low - 0.5,
                step: 1.0,
                n: 2,
                replaced: (-1.0, 0.0),
                round_to_f32: false,
            });
        }
        Ok(Self {
            low,
            step,
            n,
            replaced: (1.0, second),
            round_to_f32: false,
        })
    }

    pub(super) fn of_count(range: ValueRange, count: usize, kind: PixelKind) -> Result<Self> {
        if count > usize::from(Levels::MAX_LEVEL) {
            return Err(too_many(count as f64));
        }
        let ValueRange { mut min, mut max } = range;
        if min == max {
            min -= 0.5;
            max += 0.5;
        }
        let step = (max - min) / count as f64;
        if !step.is_finite() {
            return Err(Error::ValueRangeTooLarge { min, max });
        }
        let round_to_f32 = kind == PixelKind::Float32;
        let last = if round_to_f32 {
            f64::from(max as f32 + 1.0)
        } else {
            max + 1.0
        };
        let edges = Self {
            low: min,
            step,
            n: count + 1,
            replaced: (count as f64, last),
            round_to_f32,
        };
        edges.checked(range)
    }

    /// Itself, unless there are more levels than can be held.
    fn checked(self, range: ValueRange) -> Result<Self> {
        let levels = self.count_up_to(range.max);
        if levels > usize::from(Levels::MAX_LEVEL) {
            return Err(too_many(levels as f64));
        }
        Ok(self)
    }

    /// Edge `index`, by the reference's operations.
    #[inline(always)]
    fn at(&self, index: f64) -> f64 {
        let edge = self.low + index * self.step;
        let edge = match self.round_to_f32 {
            true => f64::from(edge as f32),
            false => edge,
        };
        if index == self.replaced.0 {
            self.replaced.1
        } else {
            edge
        }
    }

    /// The bin of the value up to the rounding of edges to 32 bits, and whether it is that bin.
    #[inline(always)]
    fn guess(&self, value: f64) -> (f64, bool) {
        let last = self.n as f64 - 1.0;
        let bin = ((value - self.low) / self.step).trunc();
        let bin = bin.max(0.0).min(last);
        // A value on an edge is often divided into the bin beside it.
        let (down, up) = (
            f64::from(value < self.at(bin)),
            f64::from(value >= self.at(bin + 1.0)),
        );
        let bin = (bin - down + up).max(0.0).min(last);
        let is_below = (bin == last) | (value < self.at(bin + 1.0));
        (bin, (self.at(bin) <= value) & is_below)
    }

    /// Number of edges that are not above the value.
    fn count_up_to(&self, value: f64) -> usize {
        let (bin, is_right) = self.guess(value);
        if is_right {
            return bin as usize + 1;
        }
        let (mut below, mut above) = (0, self.n);
        while below < above {
            let middle = below + (above - below) / 2;
            if self.at(middle as f64) <= value {
                below = middle + 1
            } else {
                above = middle
            }
        }
        below
    }

    /// The gray level of a value of the region. The smallest value has level 1; a value that is below the first edge
    /// only by the rounding of 32-bit edges belongs to it as well.
    fn level(&self, value: f64) -> u16 {
        self.count_up_to(value).max(1) as u16
    }

    /// Writes the levels of a row, 0 outside the mask.
    pub(super) fn write_levels(&self, values: &[f64], mask: &[bool], levels: &mut [u16]) {
        let all_right = wide(
            #[inline(always)]
            || {
                let mut all_right = true;
                for ((level, &value), &inside) in levels.iter_mut().zip(values).zip(mask) {
                    let (bin, is_right) = self.guess(value);
                    *level = u16::from(inside) * low_bits(bin + 1.0);
                    all_right &= is_right | !inside;
                }
                all_right
            },
        );
        if !all_right {
            for ((level, &value), &inside) in levels.iter_mut().zip(values).zip(mask) {
                *level = if inside { self.level(value) } else { 0 };
            }
        }
    }
}

/// The remainder with the sign of the divisor, computed as C's `fmod` plus a correction.
fn floored_modulo(value: f64, width: f64) -> f64 {
    let remainder = value % width;
    if remainder == 0.0 {
        0.0
    } else if remainder < 0.0 {
        remainder + width
    } else {
        remainder
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: how many edges are not above the value, and no less than the first level.
    fn counted(edges: &Edges, value: f64) -> u16 {
        let below = (0..edges.n).filter(|&i| edges.at(i as f64) <= value);
        below.count().max(1) as u16
    }

    proptest! {
        #[test]
        fn rows_have_the_levels_of_the_definition(
            raw in prop::collection::vec((-1e3f64..1e3, any::<bool>()), 1..70),
            whole in any::<bool>(),
            count in 1usize..300,
            width in prop::sample::select(vec![0.1, 1.0, 25.0, 0.7]),
            by_count in any::<bool>(),
        ) {
            let values: Vec<f64> = raw
                .iter()
                .map(|&(v, _)| if whole { v.round() } else { f64::from(v as f32) })
                .collect();
            let mask: Vec<bool> = raw.iter().map(|&(_, inside)| inside).collect();
            let inside = || values.iter().zip(&mask).filter(|&(_, &m)| m).map(|(&v, _)| v);
            prop_assume!(inside().next().is_some());
            let range = ValueRange {
                min: inside().fold(f64::INFINITY, f64::min),
                max: inside().fold(f64::NEG_INFINITY, f64::max),
            };
            let kind = if whole { PixelKind::Integer } else { PixelKind::Float32 };
            let edges = match by_count {
                true => Edges::of_count(range, count, kind),
                false => Edges::of_width(range, width),
            };
            let edges = edges.expect("few bins");
            let mut levels = vec![7; values.len()];
            edges.write_levels(&values, &mask, &mut levels);
            for ((&value, &inside), &level) in values.iter().zip(&mask).zip(&levels) {
                let expected = if inside { counted(&edges, value) } else { 0 };
                prop_assert_eq!(level, expected, "{} of {:?}", value, edges);
            }
        }
    }
}
