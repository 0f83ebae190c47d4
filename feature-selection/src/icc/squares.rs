//! Mean squares of one feature, accurate for any offset and scale.
//!
//! Everything is computed from differences between a subject's ratings, which are small and mostly
//! exact where readings agree: with `z_ij = (x_ij - x_i0) - (x_0j - x_00)` the residual of `z` is
//! that of `x`, the rating means differ by `x_0j - x_00`, and the subject means are
//! `x_i0 + mean_j z_ij` up to a constant. Common offsets, offsets between raters and subjects far
//! apart thus cost no digits of the residual.

use super::forms::{IccForm, IccModel, IccUnit};
use super::settings::VarianceComponents;
use crate::linalg::{sum, sum_of_squares_in_lanes};

/// A sum of squares below this share of the total is rounding of the ratings themselves: residuals
/// of eight units in the last place of a typical deviation from the mean.
const ROUNDING_SHARE: f64 = (8.0 * f64::EPSILON) * (8.0 * f64::EPSILON);
/// Total sums of squares inside this range leave room for products of four mean squares, also small ones.
const SAFE: std::ops::RangeInclusive<f64> = 1e-40..=1e40;
/// Raters this much further apart than the residual (as squares) need differences with their rounding errors.
const FAR_RATERS: f64 = 1e6;

/// Mean squares and sizes, in the squared unit of the ratings times a power of two.
#[derive(Debug, Clone, Copy)]
pub(super) struct MeanSquares {
    /// Between subjects.
    pub b: f64,
    /// Between ratings.
    pub j: f64,
    /// Residual.
    pub e: f64,
    /// Within subjects.
    pub w: f64,
    /// Subjects.
    pub n: usize,
    /// Ratings per subject.
    pub k: usize,
    /// Whether all ratings are equal.
    pub constant: bool,
}

impl MeanSquares {
    /// From sums of squares.
    fn new(sums: [f64; 3], n: usize, k: usize) -> Self {
        let total = sums[0] + sums[1] + sums[2];
        let [ssb, ssj, sse] = sums.map(|s| if s <= ROUNDING_SHARE * total { 0.0 } else { s });
        let (nf, kf) = (n as f64, k as f64);
        Self {
            b: ssb / (nf - 1.0),
            j: ssj / (kf - 1.0),
            e: sse / ((nf - 1.0) * (kf - 1.0)),
            w: (ssj + sse) / (nf * (kf - 1.0)),
            n,
            k,
            constant: false,
        }
    }

    /// Those of `n` subjects, too few to have any.
    pub fn of_none(n: usize, k: usize) -> Self {
        Self {
            b: 0.0,
            j: 0.0,
            e: 0.0,
            w: 0.0,
            n,
            k,
            constant: false,
        }
    }

    /// The mean square that a form counts as error within a subject.
    pub fn error(&self, model: IccModel) -> f64 {
        match model {
            IccModel::OneWay => self.w,
            IccModel::Agreement | IccModel::Consistency => self.e,
        }
    }

    /// The coefficient of a form if the mean square between subjects were `b`. With the mean square
    /// itself this is the estimate, with its product by a quantile of F a confidence limit.
    pub fn coefficient(&self, form: IccForm, b: f64) -> f64 {
        if b.is_infinite() {
            return 1.0;
        }
        let (n, k) = (self.n as f64, self.k as f64);
        let error = self.error(form.model);
        let others = match (form.model, form.unit) {
            // (J - E)/n and (k-1) E + k (J - E)/n, the latter in terms that are never negative.
            (IccModel::Agreement, IccUnit::Average) => (self.j - self.e) / n,
            (IccModel::Agreement, IccUnit::Single) => (k * self.j + (k * n - k - n) * self.e) / n,
            (_, IccUnit::Average) => 0.0,
            (_, IccUnit::Single) => (k - 1.0) * error,
        };
        (b - error) / (b + others)
    }

    /// As the variance components ask.
    pub fn with_components(self, components: VarianceComponents) -> Self {
        match components {
            VarianceComponents::Anova => self,
            VarianceComponents::Reml => self.pooled(),
        }
    }

    /// Restricted maximum likelihood of a complete table: mean squares smaller than the residual are
    /// pooled with it, the smallest first (isotonic regression with the residual as the lower bound).
    fn pooled(self) -> Self {
        let (n, k) = (self.n as f64, self.k as f64);
        let (df_b, df_j, mut df_e) = (n - 1.0, k - 1.0, (n - 1.0) * (k - 1.0));
        let (mut b, mut j, mut e) = (self.b, self.j, self.e);
        let mut pool = |mean_square: f64, df: f64| {
            if mean_square < e {
                e = (df_e * e + df * mean_square) / (df_e + df);
                df_e += df;
                return true;
            }
            false
        };
        let (pooled_b, pooled_j) = if b <= j {
            (pool(b, df_b), pool(j, df_j))
        } else {
            let pooled_j = pool(j, df_j);
            (pool(b, df_b), pooled_j)
        };
        if !(pooled_b || pooled_j) {
            return self;
        }
        if pooled_b {
            b = e;
        }
        if pooled_j {
            j = e;
        }
        Self {
            b,
            j,
            e,
            w: (j + (n - 1.0) * e) / n,
            ..self
        }
    }
}

/// Memory for one table of ratings, used again for every feature.
pub(super) struct Workspace {
    n: usize,
    k: usize,
    /// Differences, later row-centered, one rating after the other.
    differences: Vec<f64>,
    /// Per subject.
    means: Vec<f64>,
    /// Per rating.
    offsets: Vec<f64>,
}

impl Workspace {
    pub fn new(n: usize, k: usize) -> Self {
        Self {
            n,
            k,
            differences: vec![0.0; n * k],
            means: vec![0.0; n],
            offsets: vec![0.0; k],
        }
    }

    /// Mean squares of the ratings whose `r`-th column, one value a subject, is `column(r)`; all finite.
    pub fn mean_squares<'a>(&mut self, column: impl Fn(usize) -> &'a [f64]) -> MeanSquares {
        let (n, k) = (self.n, self.k);
        self.plain_differences(&column);
        let sums = self.sums(column(0), 1.0);
        let total = sums[0] + sums[1] + sums[2];
        if SAFE.contains(&total) && sums[1] <= FAR_RATERS * sums[2] {
            return MeanSquares::new(sums, n, k);
        }
        let mut largest = 0.0_f64;
        let (mut constant, first) = (true, column(0)[0]);
        for r in 0..k {
            for &x in column(r) {
                largest = largest.max(x.abs());
                constant &= x == first;
            }
        }
        if constant {
            return MeanSquares {
                constant: true,
                ..MeanSquares::new([0.0; 3], n, k)
            };
        }
        let scale = power_of_two_near(largest.recip());
        self.exact_differences(&column, scale);
        MeanSquares::new(self.sums(column(0), scale), n, k)
    }

    /// `z`, and its row sums in `means`.
    fn plain_differences<'a>(&mut self, column: &impl Fn(usize) -> &'a [f64]) {
        let n = self.n;
        let first = &column(0)[..n];
        self.differences[..n].fill(0.0);
        self.means.fill(0.0);
        self.offsets[0] = 0.0;
        for r in 1..self.k {
            let x = &column(r)[..n];
            let z = &mut self.differences[r * n..(r + 1) * n];
            let offset = x[0] - first[0];
            self.offsets[r] = offset;
            for i in 0..n {
                let d = (x[i] - first[i]) - offset;
                z[i] = d;
                self.means[i] += d;
            }
        }
    }

    /// As [`plain_differences`](Self::plain_differences) of the ratings times a power of two, with the rounding errors of `x_ij - x_i0` carried along.
    fn exact_differences<'a>(&mut self, column: &impl Fn(usize) -> &'a [f64], scale: f64) {
        let n = self.n;
        let first = column(0);
        self.means.fill(0.0);
        for r in 0..self.k {
            let x = column(r);
            let (offset, offset_error) = difference(scale * x[0], scale * first[0]);
            self.offsets[r] = offset;
            for i in 0..n {
                let (d, error) = difference(scale * x[i], scale * first[i]);
                let z = (d - offset) + (error - offset_error);
                self.differences[r * n + i] = z;
                self.means[i] += z;
            }
        }
    }

    /// Sums of squares between subjects, between ratings and residual.
    fn sums(&mut self, first: &[f64], scale: f64) -> [f64; 3] {
        let (n, k) = (self.n, self.k);
        let (per_subject, per_rating) = (1.0 / n as f64, 1.0 / k as f64);
        for mean in &mut self.means {
            *mean *= per_rating;
        }
        let offset = sum(&self.offsets) * per_rating;
        let (mut ssj, mut sse) = (0.0, 0.0);
        for r in 0..k {
            let w = &mut self.differences[r * n..(r + 1) * n];
            for (w, mean) in w.iter_mut().zip(&self.means) {
                *w -= mean;
            }
            let center = sum(w) * per_subject;
            sse += sum_of_squares_in_lanes(w, center);
            let effect = (self.offsets[r] - offset) + center;
            ssj += effect * effect;
        }
        let shift = scale * first[0];
        for (mean, &x) in self.means.iter_mut().zip(first) {
            *mean += scale * x - shift;
        }
        let center = sum(&self.means) * per_subject;
        let ssb = k as f64 * sum_of_squares_in_lanes(&self.means, center);
        [ssb, n as f64 * ssj, sse]
    }
}

/// `a - b` and what rounding took from it (Knuth's two-sum).
fn difference(a: f64, b: f64) -> (f64, f64) {
    let d = a - b;
    let back = d - a;
    (d, (a - (d - back)) - (b + back))
}

/// A power of two within a factor of two of `x > 0`, kept to exponents from -1000 to 1000.
fn power_of_two_near(x: f64) -> f64 {
    let exponent = ((x.to_bits() >> 52) as i64 - 1023).clamp(-1000, 1000);
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: &[&[f64]]) -> MeanSquares {
        Workspace::new(columns[0].len(), columns.len()).mean_squares(|r| columns[r])
    }

    #[test]
    fn two_by_two_by_hand() {
        // Ratings 1 3 / 2 8: subject means 2 and 5, rating means 1.5 and 5.5, grand mean 3.5.
        let m = of(&[&[1.0, 2.0], &[3.0, 8.0]]);
        assert_eq!((m.b, m.j, m.e), (9.0, 16.0, 4.0));
        assert_eq!(m.w, 10.0);
    }

    #[test]
    fn scales_that_overflow_or_vanish_give_the_same_ratios() {
        let ratios = |s: f64| {
            let (a, b) = (
                [1.0, -2.0, 5.0].map(|x| x * s),
                [2.0, -1.5, 4.0].map(|x| x * s),
            );
            let m = of(&[&a, &b]);
            (m.b / m.e, m.j / m.e)
        };
        let expected = ratios(1.0);
        for exponent in [-1074, -1000, -600, 600, 1000, 1020] {
            let s = 2.0_f64.powi(exponent / 2) * 2.0_f64.powi(exponent - exponent / 2);
            // Half a subnormal unit is lost in 1.5 and 0.5.
            if exponent > -1074 {
                assert_eq!(ratios(s), expected, "2^{exponent}");
            } else {
                assert!(ratios(s).0.is_finite());
            }
        }
    }

    #[test]
    fn raters_far_apart_keep_the_residual() {
        let a = [1.0 / 3.0, 2.0 / 3.0, 4.0 / 3.0];
        let b = a.map(|x| 1e9 + x);
        // The second reading is a rounding of a + 1e9; its residual is what that rounding left.
        let noise: Vec<f64> = a.iter().zip(&b).map(|(x, y)| (y - 1e9) - x).collect();
        let mean = noise.iter().sum::<f64>() / 3.0;
        let sse = noise.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / 2.0;
        let mut workspace = Workspace::new(3, 2);
        let columns = [&a[..], &b[..]];
        workspace.exact_differences(&|r: usize| columns[r], 1.0);
        let sums = workspace.sums(&a, 1.0);
        assert!((sums[2] / sse - 1.0).abs() < 1e-12, "{} {sse}", sums[2]);
    }

    #[test]
    fn the_smaller_mean_square_is_pooled_first() {
        let squares = |b, j, e| MeanSquares {
            b,
            j,
            e,
            w: 0.0,
            n: 2,
            k: 2,
            constant: false,
        };
        // One degree of freedom each: B joins E (3.5), after which J = 3.6 is large enough.
        let m = squares(2.0, 3.6, 5.0).pooled();
        assert_eq!((m.b, m.j, m.e), (3.5, 3.6, 3.5));
        let m = squares(3.6, 2.0, 5.0).pooled();
        assert_eq!((m.b, m.j, m.e), (3.6, 3.5, 3.5));
        let m = squares(3.0, 1.0, 5.0).pooled();
        assert_eq!((m.b, m.j, m.e), (3.0, 3.0, 3.0));
    }
}
