//! Gradients in single precision, with a bound of their error: enough to see that most columns stay out of the strong
//! set, at half the memory traffic. Whoever is within the error of a threshold is calculated in full, so that every
//! decision is that of full precision.
//!
//! ```text
//! | fl(Σ x_i r_i) - Σ x_i r_i |  <=  γ Σ |x_i r_i| + tiny  <=  γ ‖x‖ ‖r‖ + tiny
//! ```
//!
//! with `γ` the roundings of the longest chain of operations on one term (Higham, *Accuracy and Stability of Numerical
//! Algorithms*, 2002, chapter 3). For working residuals `r = w (y-q)` the norms are `‖x‖² = Σ w x²` and `‖r‖² = Σ r²/w`.

use pulp::Simd;

use super::design::Design;
use super::kernels::{BATCH, Rows, dots};

/// Numbers in a cache line, to which columns are padded with zeros.
const CACHE_LINE: usize = 16;

/// Largest entry of a column that is screened.
const LARGEST: f64 = 1e7;

/// The columns in single precision and one residual.
pub(super) struct Screen {
    x: Vec<f32>,
    stride: usize,
    /// The residual, which those who ask later may have changed.
    residual: Rows,
    /// The residual divided by `unit`.
    r: Vec<f32>,
    /// Its largest absolute value.
    unit: f64,
    /// Error of the gradient of a column of norm 1.
    error: f64,
    /// Error for any column, from numbers below the range of single precision.
    tiny: f64,
}

impl Screen {
    pub(super) fn new(design: &Design) -> Self {
        let (n, p) = (design.n, design.p);
        let stride = n.next_multiple_of(CACHE_LINE);
        let mut x = vec![0.0; stride * p];
        for &j in &design.included {
            let narrow = &mut x[j * stride..][..n];
            for (narrow, wide) in narrow.iter_mut().zip(design.column(j)) {
                // Where a number is large, the rounding of tiny residuals matters: such a column is no number here.
                *narrow = if wide.abs() < LARGEST {
                    *wide as f32
                } else {
                    f32::NAN
                };
            }
        }
        Self {
            x,
            stride,
            residual: Rows::zeros(n),
            r: vec![0.0; stride],
            unit: 0.0,
            error: f64::INFINITY,
            tiny: 0.0,
        }
    }

    /// Takes the residual; `weighted` if it is one of `w (y-q)`.
    pub(super) fn set<S: Simd>(&mut self, _simd: S, design: &Design, r: &[f64], weighted: bool) {
        let n = design.n;
        self.residual.copy_from_slice(r);
        self.unit = r[..n].iter().fold(0.0, |unit: f64, r| unit.max(r.abs()));
        for (narrow, r) in self.r.iter_mut().zip(&r[..n]) {
            *narrow = (r / self.unit) as f32;
        }
        let square: f64 = (0..n)
            .map(|i| {
                let r = r[i] / self.unit;
                r * r / if weighted { design.weights[i] } else { 1.0 }
            })
            .sum();
        // One chain of additions per lane, the lanes joined, one rounding each of column, residual and product; some to spare.
        let roundings = (n / S::F32_LANES + S::F32_LANES + 16) as f64;
        self.error = roundings * f64::from(f32::EPSILON) * square.sqrt() * self.unit;
        self.tiny = n as f64 * self.unit * 1e-37;
    }

    /// `x_j' r` of the columns of a batch, each to within [`error`](Self::error); not finite beyond the range of single precision.
    #[inline(always)]
    pub(super) fn products<S: Simd>(&self, simd: S, batch: [usize; BATCH]) -> [f64; BATCH] {
        let (r, _) = S::as_simd_f32s(&self.r);
        let mut columns: [&[S::f32s]; BATCH] = [&[]; BATCH];
        for k in 0..BATCH {
            let column = &self.x[batch[k] * self.stride..][..self.stride];
            columns[k] = &S::as_simd_f32s(column).0[..r.len()];
        }
        let mut sums = [simd.splat_f32s(0.0); BATCH];
        for (i, &r) in r.iter().enumerate() {
            for k in 0..BATCH {
                sums[k] = simd.mul_add_e_f32s(columns[k][i], r, sums[k]);
            }
        }
        let mut all = [0.0; BATCH];
        for k in 0..BATCH {
            all[k] = f64::from(simd.reduce_sum_f32s(sums[k])) * self.unit;
        }
        all
    }

    /// `x_j' r` in full.
    #[inline(always)]
    pub(super) fn exact<S: Simd>(&self, simd: S, design: &Design, j: usize) -> [f64; 1] {
        dots(simd, design.n, [design.column(j)], &self.residual)
    }

    /// Bound of the error of a column whose weighted sum of squares is `square`.
    #[inline(always)]
    pub(super) fn error(&self, square: f64) -> f64 {
        self.error * square.sqrt() + self.tiny
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lasso::kernels::{dot, vectorize};
    use crate::lasso::{ElasticNet, Samples, Scaling};
    use crate::table::FeatureTable;
    use pulp::WithSimd;

    struct Products<'a>(&'a mut Screen, &'a Design, &'a [f64]);

    impl WithSimd for Products<'_> {
        type Output = [f64; BATCH];

        fn with_simd<S: Simd>(self, simd: S) -> [f64; BATCH] {
            self.0.set(simd, self.1, self.2, false);
            self.0.products(simd, std::array::from_fn(|k| k))
        }
    }

    #[test]
    fn errors_stay_within_their_bound() {
        let (n, cell) = (203, |i: usize, j: usize| {
            ((7 * i + 3 * j + i * i * j) as f64).sin()
        });
        let scale = |j: usize| [1.0, 1e-30, 1e-44, 1e6, 1e9, 1e30, 1e150, 1e-3][j];
        let values = ndarray::Array2::from_shape_fn((n, BATCH), |(i, j)| scale(j) * cell(i, j));
        let names: Vec<String> = (0..BATCH).map(|j| format!("f{j}")).collect();
        let table = FeatureTable::new(values.view(), &names).unwrap();
        let outcome: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let samples = Samples::continuous(&table, &outcome).unwrap();
        let settings = ElasticNet::new().scaling(Scaling::AsGiven);
        let design = Design::new(&settings, &samples).unwrap();
        for unit in [1.0, 1e-200, 1e100] {
            let mut r = Rows::zeros(n);
            (0..n).for_each(|i| r[i] = unit * cell(i, 9).powi(9));
            let mut screen = Screen::new(&design);
            let products = vectorize(Products(&mut screen, &design, &r));
            for (j, product) in products.into_iter().enumerate() {
                let exact = dot(n, design.column(j), &r);
                let within = (product - exact).abs() <= screen.error(design.moments[j].square);
                // Beyond single precision there is no number, and no decision is made on it.
                assert_eq!(product.is_finite(), scale(j) < 1e7, "column {j}");
                assert!(
                    within || !product.is_finite(),
                    "column {j}: {product:e} {exact:e}"
                );
            }
            assert!(screen.error(1.0) < 1e-4 * unit * (n as f64).sqrt());
        }
    }
}
