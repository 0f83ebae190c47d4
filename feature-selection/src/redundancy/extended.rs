//! The arithmetic mean as R computes it, to the last bit.
//!
//! R sums in the 80-bit format of the x87 (64 bits of mantissa) and caret compares such means with `>`; columns that are
//! equally connected tie or not by the last bit. [`r_mean`] does the same additions with integers.

/// A number of 64 significant bits: `± mantissa 2^exponent`, the mantissa with its highest bit set, or 0.
#[derive(Debug, Clone, Copy)]
struct Extended {
    negative: bool,
    exponent: i32,
    mantissa: u64,
}

impl Extended {
    const ZERO: Self = Self {
        negative: false,
        exponent: i32::MIN / 4,
        mantissa: 0,
    };

    fn new(value: f64) -> Self {
        if value == 0.0 {
            return Self::ZERO;
        }
        let bits = value.to_bits();
        let stored = ((bits >> 52) & 0x7ff) as i32;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) = match stored {
            0 => (fraction, -1074),
            e => (fraction | 1 << 52, e - 1075),
        };
        let shift = mantissa.leading_zeros();
        Self {
            negative: value < 0.0,
            exponent: exponent - shift as i32,
            mantissa: mantissa << shift,
        }
    }

    fn negated(self) -> Self {
        Self {
            negative: !self.negative,
            ..self
        }
    }

    /// Sum, rounded to nearest, ties to even.
    fn plus(self, other: Self) -> Self {
        let (a, b) = if (self.exponent, self.mantissa) >= (other.exponent, other.mantissa) {
            (self, other)
        } else {
            (other, self)
        };
        if b.mantissa == 0 {
            return a;
        }
        // 62 bits below the mantissa and one above it; what lies lower only matters as "not zero".
        const BELOW: u32 = 62;
        let distance = (a.exponent - b.exponent) as u32;
        let wide_a = u128::from(a.mantissa) << BELOW;
        let wide_b = u128::from(b.mantissa) << BELOW;
        let shifted = if distance < 128 {
            wide_b >> distance
        } else {
            0
        };
        let lost = distance >= 128 || shifted << distance != wide_b;
        let shifted = shifted | u128::from(lost);
        let total = if a.negative == b.negative {
            wide_a + shifted
        } else {
            wide_a - shifted
        };
        Self::rounded(a.negative, total, a.exponent - BELOW as i32)
    }

    /// Quotient by a count, rounded to nearest, ties to even.
    fn over(self, count: usize) -> Self {
        let divisor = count as u128;
        let wide = u128::from(self.mantissa) << 63;
        let quotient = wide / divisor;
        // At least 65 bits remain for counts below 2^62; the remainder only matters as "not zero".
        let sticky = u128::from(wide % divisor != 0);
        Self::rounded(self.negative, quotient << 1 | sticky, self.exponent - 64)
    }

    fn rounded(negative: bool, value: u128, exponent: i32) -> Self {
        if value == 0 {
            return Self::ZERO;
        }
        let bits = 128 - value.leading_zeros();
        if bits <= 64 {
            let shift = 64 - bits;
            return Self {
                negative,
                exponent: exponent - shift as i32,
                mantissa: (value as u64) << shift,
            };
        }
        let shift = bits - 64;
        let (mantissa, carried) =
            ((value >> shift) as u64).overflowing_add(u64::from(rounds_up(value, shift)));
        Self {
            negative,
            exponent: exponent + shift as i32 + i32::from(carried),
            mantissa: if carried { 1 << 63 } else { mantissa },
        }
    }

    /// Rounded to a double, ties to even. Results below the normal range are rounded twice.
    fn value(self) -> f64 {
        const EXCESS: u32 = 11;
        let mut mantissa = self.mantissa >> EXCESS;
        mantissa += u64::from(rounds_up(u128::from(self.mantissa), EXCESS));
        let exponent = self.exponent + EXCESS as i32;
        let (half, rest) = (exponent / 2, exponent - exponent / 2);
        let size = mantissa as f64 * 2.0_f64.powi(half) * 2.0_f64.powi(rest);
        if self.negative { -size } else { size }
    }
}

/// Whether cutting the lowest `shift` bits off rounds away from zero.
fn rounds_up(value: u128, shift: u32) -> bool {
    let half = 1_u128 << (shift - 1);
    let rest = value & ((1 << shift) - 1);
    rest > half || (rest == half && (value >> shift) & 1 == 1)
}

/// R's `mean`: the sum over the count, and the mean of the deviations from that added to it. NaN for no values.
pub(super) fn r_mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (mut total, mut count) = (Extended::ZERO, 0_usize);
    for value in values.clone() {
        total = total.plus(Extended::new(value));
        count += 1;
    }
    if count == 0 {
        return f64::NAN;
    }
    let first = total.over(count);
    let center = first.negated();
    let rest = values.fold(Extended::ZERO, |sum, value| {
        sum.plus(Extended::new(value).plus(center))
    });
    first.plus(rest.over(count)).value()
}

/// R's `colMeans` of one column: the sum over the count, once. NaN for no values.
pub(super) fn r_column_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut count) = (Extended::ZERO, 0_usize);
    for value in values {
        total = total.plus(Extended::new(value));
        count += 1;
    }
    if count == 0 {
        return f64::NAN;
    }
    total.over(count).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_pass_unchanged() {
        for value in [1.0, -1.0, 0.1, 1e-300, 5e-324, 0.999_999_999, 1.7e308] {
            assert_eq!(Extended::new(value).value(), value);
            assert_eq!(Extended::new(value).over(1).value(), value);
        }
    }

    #[test]
    fn sums_keep_eleven_bits_more_than_doubles() {
        let one = Extended::new(1.0);
        let tiny = 2.0_f64.powi(-63);
        let sum = one.plus(Extended::new(tiny));
        assert_eq!(sum.plus(one.negated()).value(), tiny);
        // A tie goes to the even mantissa, more than a tie up.
        let half = Extended::new(0.5 * tiny);
        assert_eq!(one.plus(half).plus(one.negated()).value(), 0.0);
        assert_eq!(sum.plus(half).plus(one.negated()).value(), 2.0 * tiny);
        let above = Extended::new(0.5 * tiny + 2.0_f64.powi(-110));
        assert_eq!(one.plus(above).plus(one.negated()).value(), tiny);
        // Far below, and subtracted: the mantissa borrows.
        let far = Extended::new(-2.0_f64.powi(-200));
        assert_eq!(one.plus(far).value(), 1.0);
        assert_eq!(one.plus(Extended::new(-0.25 * tiny)).value(), 1.0);
        assert_eq!(
            one.plus(Extended::new(-0.5 * tiny))
                .plus(one.negated())
                .value(),
            -0.5 * tiny
        );
    }

    #[test]
    fn means_of_thirds() {
        assert_eq!(r_mean([0.1, 0.2, 0.3].into_iter()), 0.2);
        assert_eq!(r_column_mean([1.0, 0.0, 0.0].into_iter()), 1.0 / 3.0);
        assert!(r_mean(std::iter::empty()).is_nan());
    }
}
