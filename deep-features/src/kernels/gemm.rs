//! The one unsafe call of the crate: a matrix product on a strided view.
#![allow(
    unsafe_code,
    reason = "the gemm crate takes pointers; this module checks every bound before it calls"
)]

use gemm::Parallelism;

/// A row-major matrix whose rows may overlap: row `i` is `data[i * row_stride ..][.. columns]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
}

/// Whether the product replaces the destination or is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accumulate {
    Replace,
    Add,
}

/// `destination (m x n, dense) = or += left (m x k) * right (k x n, dense)`, on the calling thread.
///
/// # Panics
/// If a slice is shorter than its matrix.
pub(super) fn multiply(
    left: Rows<'_>,
    right: &[f32],
    destination: &mut [f32],
    n: usize,
    accumulate: Accumulate,
) {
    let (m, k) = (left.rows, left.columns);
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    let left_length = (m - 1)
        .checked_mul(left.row_stride)
        .and_then(|start| start.checked_add(k));
    assert!(
        left_length.is_some_and(|length| length <= left.data.len()),
        "left operand is shorter than its matrix"
    );
    assert!(
        k.checked_mul(n).is_some_and(|length| length <= right.len()),
        "right operand is shorter than its matrix"
    );
    assert!(
        m.checked_mul(n)
            .is_some_and(|length| length <= destination.len()),
        "destination is shorter than its matrix"
    );
    let (read_destination, alpha) = match accumulate {
        Accumulate::Replace => (false, 0.0),
        Accumulate::Add => (true, 1.0),
    };
    // SAFETY: gemm reads left[i * row_stride + p] and right[p * n + j] and reads and writes destination[i * n + j] for
    // i < m, j < n, p < k only. The three assertions above bound the largest of each of these indices by the length
    // of its slice (no slice is longer than isize::MAX bytes, so the casts of strides keep their values; a stride that
    // does not fit would have failed the first assertion unless m = 1, when it is multiplied by 0). The destination is
    // borrowed exclusively, so nothing else aliases it; the left rows may overlap each other because they are only
    // read. All elements are initialized f32. Parallelism::None keeps the work on this thread.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            destination.as_mut_ptr(),
            1,
            n as isize,
            read_destination,
            left.data.as_ptr(),
            1,
            left.row_stride as isize,
            right.as_ptr(),
            1,
            n as isize,
            alpha,
            1.0f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(left: Rows<'_>, right: &[f32], n: usize) -> Vec<f64> {
        let mut out = vec![0.0; left.rows * n];
        for i in 0..left.rows {
            for j in 0..n {
                out[i * n + j] = (0..left.columns)
                    .map(|p| {
                        f64::from(left.data[i * left.row_stride + p]) * f64::from(right[p * n + j])
                    })
                    .sum();
            }
        }
        out
    }

    #[test]
    fn overlapping_rows_match_the_definition() {
        for (m, n, k, stride) in [
            (1, 1, 1, 1),
            (7, 5, 9, 3),
            (130, 64, 27, 9),
            (33, 100, 600, 200),
            (4, 3, 2, 5),
        ] {
            let data: Vec<f32> = (0..(m - 1) * stride + k)
                .map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0)
                .collect();
            let right: Vec<f32> = (0..k * n)
                .map(|i| ((i * 53 % 97) as f32 - 48.0) / 48.0)
                .collect();
            let left = Rows {
                data: &data,
                rows: m,
                columns: k,
                row_stride: stride,
            };
            let expected = naive(left, &right, n);
            let mut out = vec![f32::NAN; m * n];
            multiply(left, &right, &mut out, n, Accumulate::Replace);
            for (a, e) in out.iter().zip(&expected) {
                assert!(
                    (f64::from(*a) - e).abs() <= 1e-5 * (1.0 + k as f64),
                    "{a} {e}"
                );
            }
            multiply(left, &right, &mut out, n, Accumulate::Add);
            for (a, e) in out.iter().zip(&expected) {
                assert!(
                    (f64::from(*a) - 2.0 * e).abs() <= 2e-5 * (1.0 + k as f64),
                    "{a} {e}"
                );
            }
        }
    }

    #[test]
    #[should_panic(expected = "left operand is shorter")]
    fn short_left_operand_is_caught() {
        let left = Rows {
            data: &[0.0; 5],
            rows: 2,
            columns: 4,
            row_stride: 2,
        };
        multiply(left, &[0.0; 4], &mut [0.0; 2], 1, Accumulate::Replace);
    }

    #[test]
    #[should_panic(expected = "destination is shorter")]
    fn short_destination_is_caught() {
        let left = Rows {
            data: &[0.0; 6],
            rows: 2,
            columns: 4,
            row_stride: 2,
        };
        multiply(left, &[0.0; 4], &mut [0.0; 1], 1, Accumulate::Replace);
    }
}
