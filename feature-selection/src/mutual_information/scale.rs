//! Division by the standard deviation, to the last bit as in scikit-learn.
//!
//! Distances that tie there must tie here, and whether they do hangs on the last bit of the divisor, hence on the
//! order of two sums.

/// Order in which numbers are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// One after the other: columns of a table stored by rows, `np.std(X, axis=0)`.
    Sequential,
    /// In halves of halves, eight running sums in each part of at most 128: numpy's way along contiguous memory, so
    /// for a single variable, and for the columns that `mutual_info_classif` has picked from its table.
    Pairwise,
}

impl Order {
    fn sum(self, values: &[f64]) -> f64 {
        match self {
            Self::Sequential => values.iter().sum(),
            Self::Pairwise => pairwise(values),
        }
    }

    /// Mean of the absolute values.
    pub(super) fn mean_magnitude(self, values: &[f64], scratch: &mut Vec<f64>) -> f64 {
        scratch.clear();
        scratch.extend(values.iter().map(|v| v.abs()));
        self.sum(scratch) / values.len() as f64
    }
}

fn pairwise(values: &[f64]) -> f64 {
    const LANES: usize = 8;
    const PART: usize = 128;
    let n = values.len();
    if n < LANES {
        return values.iter().sum();
    }
    if n > PART {
        let half = n / 2 - (n / 2) % LANES;
        return pairwise(&values[..half]) + pairwise(&values[half..]);
    }
    let mut r = [0.0; LANES];
    r.copy_from_slice(&values[..LANES]);
    let rest = values[LANES..].chunks_exact(LANES);
    let tail = rest.remainder();
    for chunk in rest {
        for (r, v) in r.iter_mut().zip(chunk) {
            *r += v;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    tail.iter().fold(sum, |sum, v| sum + v)
}

/// Smallest standard deviation a feature is divided by; below it the feature stays as it is (scikit-learn's `scale`).
pub(super) const LEAST_DEVIATION: f64 = 10.0 * f64::EPSILON;

/// Appends the values divided by their population standard deviation, not centered, to `out`; a deviation below
/// `least` leaves them as they are.
pub(super) fn scaled_into(values: &[f64], order: Order, least: f64, out: &mut Vec<f64>) {
    let n = values.len() as f64;
    let mean = order.sum(values) / n;
    let start = out.len();
    out.extend(values.iter().map(|v| (v - mean) * (v - mean)));
    let deviation = (order.sum(&out[start..]) / n).sqrt();
    out.truncate(start);
    // The spread of numbers beyond 1e154 has no square; their order is all that is left of them.
    let divisor = if deviation < least || !deviation.is_finite() {
        1.0
    } else {
        deviation
    };
    out.extend(values.iter().map(|v| v / divisor));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_divided_not_centered_and_flat_ones_left_alone() {
        let mut out = Vec::new();
        scaled_into(&[1.0, 5.0], Order::Sequential, LEAST_DEVIATION, &mut out);
        assert_eq!(out, [0.5, 2.5]);
        scaled_into(&[3.0, 3.0], Order::Pairwise, LEAST_DEVIATION, &mut out);
        assert_eq!(out[2..], [3.0, 3.0]);
    }

    #[test]
    fn both_orders_add_everything_once() {
        // Whole numbers add without rounding in any order.
        for n in [0usize, 1, 7, 8, 9, 127, 128, 129, 137, 1000] {
            let values: Vec<f64> = (1..=n).map(|v| v as f64).collect();
            let expected = (n * (n + 1) / 2) as f64;
            assert_eq!(Order::Pairwise.sum(&values), expected, "n {n}");
            assert_eq!(Order::Sequential.sum(&values), expected, "n {n}");
        }
    }
}
