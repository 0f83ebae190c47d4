//! Mean and spread of a column without loss at large offsets, and without overflow at extreme scales.

use crate::linalg::{sum, sum_of_squares};

/// What values are divided by before they are squared: a power of two, which rounds nothing, and 1 unless squares could
/// leave the range of `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit(f64);

impl Unit {
    /// Divides values in place by the unit that suits them.
    pub(crate) fn divide(values: &mut [f64]) -> Self {
        let (low, high) = range(values);
        let unit = unit(low.abs().max(high.abs()));
        if unit != 1.0 {
            values.iter_mut().for_each(|v| *v /= unit);
        }
        Self(unit)
    }

    /// A number in the unit of the column; infinite if it is beyond the largest double.
    pub(crate) fn restore(self, value: f64) -> f64 {
        value * self.0
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

/// Number, mean and sum of squared deviations.
///
/// Values are measured from the smallest of them. Such a distance is exact where values lie close together, so that a
/// column at 1e12 with a spread of 1 keeps all its digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    origin: f64,
    /// From the origin.
    mean: f64,
    /// Exactly 0 if all values are equal.
    pub(crate) squares: f64,
}

impl Moments {
    /// Measures at least one value from the smallest, in place, in two passes, the second of which also finds what the first
    /// has lost.
    pub(crate) fn measure(values: &mut [f64]) -> Self {
        let origin = range(values).0;
        values.iter_mut().for_each(|v| *v -= origin);
        Self {
            origin,
            ..Self::of_measured(values)
        }
    }

    /// Of at least one value, from 0.
    pub(crate) fn of_measured(values: &[f64]) -> Self {
        const LANES: usize = 8;
        let n = values.len() as f64;
        if values.iter().all(|v| *v == values[0]) {
            return Self {
                n,
                origin: 0.0,
                mean: values[0],
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
            origin: 0.0,
            mean: rough + lost / n,
            squares: (squares - lost * (lost / n)).max(0.0),
        }
    }

    pub(crate) fn mean(self) -> f64 {
        self.origin + self.mean
    }

    /// Difference of the means; a large origin common to both costs no digits.
    pub(crate) fn difference(self, other: Self) -> f64 {
        (self.origin - other.origin) + (self.mean - other.mean)
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
            let unit = Unit::divide(&mut values);
            let moments = Moments::measure(&mut values);
            assert_eq!(unit.restore(moments.mean()), (offset + 3.0) * scale);
            assert_eq!(unit.restore(moments.squares.sqrt()), 10f64.sqrt() * scale);
        }
    }

    #[test]
    fn equal_values_have_no_spread() {
        let moments = Moments::measure(&mut [0.1; 9]);
        assert_eq!((moments.mean(), moments.squares), (0.1, 0.0));
    }

    #[test]
    fn means_at_a_large_offset_differ_exactly() {
        let (a, b) = ([1e15, 1e15 + 1.0], [1e15 + 0.5, 1e15 + 0.5]);
        let (mut a, mut b) = (a, b.map(|v| v + 0.25));
        let difference = Moments::measure(&mut a).difference(Moments::measure(&mut b));
        assert_eq!(difference, -0.25);
    }

    #[test]
    fn the_range_covers_lanes_and_tail() {
        let values: Vec<f64> = (0..21).map(|i| f64::from((i * 13) % 21) - 5.0).collect();
        assert_eq!(range(&values), (-5.0, 15.0));
    }
}
