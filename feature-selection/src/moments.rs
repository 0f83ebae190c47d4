//! Mean and spread of a column without loss at large offsets, and without overflow at extreme scales.

use crate::linalg::{sum, sum_of_squares};

/// Where values are measured from and in which unit: the smallest of them, and a power of two that is 1 unless squares
/// could leave the range of `f64`.
///
/// A distance to the smallest value is exact where values lie close together, so that a column at 1e12 with a spread
/// of 1 keeps all its digits; a power of two rounds nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    unit: f64,
    origin: f64,
}

impl Frame {
    /// Measures values in place.
    pub(crate) fn measure(values: &mut [f64]) -> Self {
        let (low, high) = range(values);
        let unit = unit(low.abs().max(high.abs()));
        let origin = low / unit;
        if unit == 1.0 {
            values.iter_mut().for_each(|v| *v -= origin);
        } else {
            values.iter_mut().for_each(|v| *v = *v / unit - origin);
        }
        Self { unit, origin }
    }

    /// A distance in the unit of the column; infinite if it is beyond the largest number.
    pub(crate) fn distance(self, measured: f64) -> f64 {
        measured * self.unit
    }

    /// A place in the unit of the column.
    pub(crate) fn place(self, measured: f64) -> f64 {
        (self.origin + measured) * self.unit
    }
}

/// 1, or a power of two near the largest absolute value if that is beyond 1e100 or below 1e-100.
fn unit(largest: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    if largest == 0.0 || (1e-100..1e100).contains(&largest) {
        return 1.0;
    }
    f64::from_bits(largest.to_bits() & EXPONENT).max(f64::MIN_POSITIVE)
}

/// Smallest and largest value; infinities the wrong way around for none.
pub(crate) fn range(values: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for chunk in chunks {
        for l in 0..LANES {
            low[l] = if chunk[l] < low[l] { chunk[l] } else { low[l] };
            high[l] = if chunk[l] > high[l] {
                chunk[l]
            } else {
                high[l]
            };
        }
    }
    let low = low
        .iter()
        .chain(rest)
        .copied()
        .fold(f64::INFINITY, f64::min);
    let high = high.iter().chain(rest).copied();
    (low, high.fold(f64::NEG_INFINITY, f64::max))
}

/// Number, mean and sum of squared deviations of measured values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    /// Exactly 0 if all values are equal.
    pub(crate) squares: f64,
}

impl Moments {
    /// Of at least one value: two passes, the second of which also finds what the first has lost.
    pub(crate) fn new(values: &[f64]) -> Self {
        const LANES: usize = 8;
        let n = values.len() as f64;
        if values.iter().all(|v| *v == values[0]) {
            let mean = values[0];
            return Self {
                n,
                mean,
                squares: 0.0,
            };
        }
        let rough = sum(values) / n;
        let (chunks, rest) = values.as_chunks::<LANES>();
        let (mut lost, mut squares) = ([0.0; LANES], [0.0; LANES]);
        for chunk in chunks {
            for l in 0..LANES {
                let d = chunk[l] - rough;
                lost[l] += d;
                squares[l] += d * d;
            }
        }
        let lost = sum(&lost) + rest.iter().map(|v| v - rough).sum::<f64>();
        let squares = sum(&squares) + sum_of_squares(rest, rough);
        Self {
            n,
            mean: rough + lost / n,
            squares: (squares - lost * (lost / n)).max(0.0),
        }
    }

    /// Divisor n - 1; 0 for a single value.
    pub(crate) fn variance(self) -> f64 {
        if self.n > 1.0 {
            self.squares / (self.n - 1.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_scales_cost_no_digits() {
        for (offset, scale) in [
            (0.0, 1.0),
            (1e12, 1.0),
            (0.0, 2f64.powi(1000)),
            (0.0, 2f64.powi(-1050)),
        ] {
            let mut values = [1.0, 2.0, 4.0, 5.0].map(|v| (offset + v) * scale);
            let frame = Frame::measure(&mut values);
            let moments = Moments::new(&values);
            assert_eq!(frame.place(moments.mean), (offset + 3.0) * scale);
            assert_eq!(
                frame.distance(frame.distance(1.0)) * moments.squares,
                10.0 * scale * scale
            );
        }
    }

    #[test]
    fn equal_values_have_no_spread() {
        let mut values = [0.1; 9];
        let frame = Frame::measure(&mut values);
        let moments = Moments::new(&values);
        assert_eq!((frame.place(moments.mean), moments.squares), (0.1, 0.0));
    }

    #[test]
    fn the_range_covers_lanes_and_tail() {
        let values: Vec<f64> = (0..21).map(|i| f64::from((i * 13) % 21) - 5.0).collect();
        assert_eq!(range(&values), (-5.0, 15.0));
    }
}
