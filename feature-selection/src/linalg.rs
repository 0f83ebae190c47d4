//! Dense kernels on contiguous columns: dot products in eight lanes, updates, and a small Cholesky solve.
//!
//! Eight independent partial sums let the compiler vectorize and fix the order of summation, so the
//! result is the same on every machine and for every number of threads.

const LANES: usize = 8;

/// `Σ a_i b_i`.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let (chunks_a, rest_a) = a.as_chunks::<LANES>();
    let (chunks_b, rest_b) = b.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (ca, cb) in chunks_a.iter().zip(chunks_b) {
        for l in 0..LANES {
            lanes[l] += ca[l] * cb[l];
        }
    }
    let tail: f64 = rest_a.iter().zip(rest_b).map(|(x, y)| x * y).sum();
    reduce(&lanes) + tail
}

/// `Σ a_i` in lanes.
pub(crate) fn sum(a: &[f64]) -> f64 {
    let (chunks, rest) = a.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] += chunk[l];
        }
    }
    reduce(&lanes) + rest.iter().sum::<f64>()
}

/// `Σ (a_i - center)²` in lanes.
pub(crate) fn sum_of_squares_in_lanes(a: &[f64], center: f64) -> f64 {
    let (chunks, rest) = a.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for l in 0..LANES {
            let d = chunk[l] - center;
            lanes[l] += d * d;
        }
    }
    reduce(&lanes)
        + rest
            .iter()
            .map(|v| (v - center) * (v - center))
            .sum::<f64>()
}

fn reduce(lanes: &[f64; LANES]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// `y += a x`.
pub(crate) fn axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Arithmetic mean, two-pass: the second pass removes the rounding error of the first.
pub(crate) fn mean(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let first = sum(x) / n;
    first + x.iter().map(|v| v - first).sum::<f64>() / n
}

/// Sum of squared deviations from `center`.
pub(crate) fn sum_of_squares(x: &[f64], center: f64) -> f64 {
    x.iter().map(|v| (v - center) * (v - center)).sum()
}

/// Lower Cholesky factor of a symmetric matrix stored row by row, or `None` where a pivot is not
/// larger than `1e-13` of its diagonal entry (numerically singular).
pub(crate) struct Cholesky {
    n: usize,
    factor: Vec<f64>,
}

impl Cholesky {
    /// Factors `a` (n x n, row-major; only the lower triangle is read).
    pub(crate) fn new(a: &[f64], n: usize) -> Option<Self> {
        const RELATIVE_PIVOT: f64 = 1e-13;
        let mut factor = a.to_vec();
        for i in 0..n {
            let (above, current) = factor.split_at_mut(i * n);
            let row = &mut current[..n];
            let diagonal = row[i];
            for j in 0..i {
                let other = &above[j * n..j * n + j + 1];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let pivot = diagonal - dot(&row[..i], &row[..i]);
            if pivot.is_nan() || pivot <= RELATIVE_PIVOT * diagonal.abs() {
                return None;
            }
            row[i] = pivot.sqrt();
        }
        Some(Self { n, factor })
    }

    /// Solves `A x = b` in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let row = &self.factor[i * n..i * n + i + 1];
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
        for i in (0..n).rev() {
            let row = &self.factor[i * n..i * n + i + 1];
            b[i] /= row[i];
            let x = b[i];
            axpy(-x, &row[..i], &mut b[..i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_covers_lanes_and_tail() {
        let a: Vec<f64> = (1..=11).map(f64::from).collect();
        assert_eq!(dot(&a, &a), 506.0);
        assert_eq!(sum(&a), 66.0);
    }

    #[test]
    fn cholesky_solves_and_refuses_singular() {
        let a = [4.0, 2.0, 2.0, 3.0];
        let factor = Cholesky::new(&a, 2).expect("positive definite");
        let mut b = [10.0, 9.0];
        factor.solve(&mut b);
        assert!((b[0] - 1.5).abs() < 1e-15 && (b[1] - 2.0).abs() < 1e-15);
        assert!(Cholesky::new(&[1.0, 1.0, 1.0, 1.0], 2).is_none());
    }
}
