//! Gaussian interpolation (`sitkGaussian`) and its vote of labels (`sitkLabelGaussian`).
//!
//! A voxel's weight along an axis is the integral of a Gaussian around the position over the voxel,
//! `erf((k + 0.5 - t) / √2σ) - erf((k - 0.5 - t) / √2σ)`, for voxels that the cut-off distance touches. The value is the weighted
//! mean; or the label that first collects the largest weight.
//!
//! | | σ in voxels | cut-off in voxels |
//! |---|---|---|
//! | Gaussian | 0.8 | 3.2 |
//! | LabelGaussian | 1 | 1 |
//!
//! The error function is ITK's, an incomplete gamma function that stops at a relative 3e-7; a better one would change values
//! in the sixth digit.

use super::interpolate::{Kernel, Voxels, Weighted};

/// Most voxels that a cut-off of 3.2 voxels touches.
const TAPS: usize = 8;

/// Weights of the voxels around a position.
#[derive(Debug, Clone, Copy)]
struct Bell {
    scale: f64,
    cutoff: f64,
}

impl Bell {
    /// `spacing` in mm, `sigma` in voxels, the cut-off in multiples of `sigma`.
    fn new(spacing: f64, sigma: f64, cutoff: f64) -> Self {
        let sigma = sigma * spacing;
        Self {
            scale: 1.0 / (std::f64::consts::SQRT_2 * sigma / spacing),
            cutoff: sigma * cutoff / spacing,
        }
    }

    fn taps(&self, position: f64, size: usize, step: usize) -> Weighted<TAPS> {
        let begin = (position + 0.5 - self.cutoff).floor().max(0.0);
        let end = ((position + 0.5 + self.cutoff).ceil() as usize).min(size);
        let first = begin as usize;
        let mut taps = Weighted {
            n: end.saturating_sub(first).min(TAPS),
            offsets: [0; TAPS],
            weights: [0.0; TAPS],
        };
        let mut t = (-0.5 - position + begin) * self.scale;
        let mut before = erf(t);
        for k in 0..taps.n {
            t += self.scale;
            let after = erf(t);
            taps.offsets[k] = (first + k) * step;
            taps.weights[k] = after - before;
            before = after;
        }
        taps
    }
}

/// `erf(x) = ± P(1/2, x²)`.
fn erf(x: f64) -> f64 {
    if x < 0.0 {
        -incomplete_gamma(x * x)
    } else {
        incomplete_gamma(x * x)
    }
}

/// The regularized incomplete gamma function `P(1/2, x)`: series for x < 1.5, else continued fraction.
fn incomplete_gamma(x: f64) -> f64 {
    /// `ln Γ(1/2)` by the Lanczos approximation that ITK uses; 1.5e-13 from the exact value.
    const LN_GAMMA_HALF: f64 = 0.572364942924847;
    const A: f64 = 0.5;
    if x <= 0.0 {
        return 0.0;
    }
    let factor = (-x + A * x.ln() - LN_GAMMA_HALF).exp();
    if x < A + 1.0 {
        series(A, x) * factor
    } else {
        1.0 - factor * continued_fraction(A, x)
    }
}

const MAX_TERMS: usize = 100;
const PRECISION: f64 = 3.0e-7;

/// `Σ_n xⁿ / (a (a+1) … (a+n))`.
fn series(a: f64, x: f64) -> f64 {
    let (mut denominator, mut term) = (a, 1.0 / a);
    let mut sum = term;
    for _ in 0..MAX_TERMS {
        denominator += 1.0;
        term *= x / denominator;
        sum += term;
        if term.abs() < sum.abs() * PRECISION {
            break;
        }
    }
    sum
}

/// `1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - …)))` by Lentz's method.
fn continued_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1.0e-30;
    let apart_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..=MAX_TERMS {
        let i = i as f64;
        let numerator = i * (a - i);
        b += 2.0;
        d = 1.0 / apart_from_zero(numerator * d + b);
        c = apart_from_zero(b + numerator / c);
        let change = d * c;
        fraction *= change;
        if (change - 1.0).abs() < PRECISION {
            break;
        }
    }
    fraction
}

/// The kernel of both.
pub(super) struct Gaussian<'a> {
    voxels: Voxels<'a>,
    size: [usize; 3],
    dimensions: usize,
    bells: [Bell; 3],
    result: Summary,
}

/// What is made of the weighted voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Summary {
    /// Their mean.
    Mean,
    /// The value with the largest weight.
    Vote,
}

impl<'a> Gaussian<'a> {
    /// `size` and `spacing` in `(x, y, z)` order.
    pub(super) fn new(
        voxels: Voxels<'a>,
        size: [usize; 3],
        spacing: [f64; 3],
        dimensions: usize,
        result: Summary,
    ) -> Self {
        let bell = |spacing| match result {
            Summary::Mean => Bell::new(spacing, 0.8, 4.0),
            Summary::Vote => Bell::new(spacing, 1.0, 1.0),
        };
        Self {
            voxels,
            size,
            dimensions,
            bells: spacing.map(bell),
            result,
        }
    }

    /// Voxels with their weights, x fastest.
    fn weighted(&self, [x, y, z]: [&Weighted<TAPS>; 3], mut each: impl FnMut(f64, f64)) {
        for (oz, wz) in z.iter() {
            for (oy, wy) in y.iter() {
                let row = &self.voxels.values[oy + oz..];
                for (ox, wx) in x.iter() {
                    each(row[ox], wx * wy * wz);
                }
            }
        }
    }
}

impl Kernel for Gaussian<'_> {
    type Taps = Weighted<TAPS>;

    fn taps(&self, axis: usize, position: f64) -> Weighted<TAPS> {
        if axis >= self.dimensions {
            return Weighted::single();
        }
        self.bells[axis].taps(position, self.size[axis], self.voxels.steps[axis])
    }

    fn value(&self, taps: [&Weighted<TAPS>; 3]) -> f64 {
        match self.result {
            Summary::Mean => {
                let (mut sum, mut total) = (0.0, 0.0);
                self.weighted(taps, |value, weight| {
                    sum += value * weight;
                    total += weight;
                });
                sum / total
            }
            Summary::Vote => {
                let mut collected: Vec<(f64, f64)> = Vec::new();
                let (mut winner, mut largest) = (0.0, 0.0);
                self.weighted(taps, |value, weight| {
                    let found = collected.iter_mut().find(|(v, _)| *v == value);
                    let total = match found {
                        Some((_, total)) => {
                            *total += weight;
                            *total
                        }
                        None => {
                            collected.push((value, weight));
                            weight
                        }
                    };
                    if total > largest {
                        (winner, largest) = (value, total);
                    }
                });
                winner
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_is_good_to_six_digits() {
        // Abramowitz and Stegun, table 7.1.
        for (x, exact) in [
            (0.0, 0.0),
            (0.5, 0.5204998778),
            (1.0, 0.8427007929),
            (2.0, 0.9953222650),
        ] {
            assert!((erf(x) - exact).abs() < 1e-6, "{x}");
            assert_eq!(erf(-x), -erf(x));
        }
    }

    #[test]
    fn a_lone_label_is_voted_out() {
        let mut values = vec![0.0; 27];
        values[13] = 7.0;
        let size = [3, 3, 3];
        let kernel = Gaussian::new(Voxels::new(&values, size), size, [1.0; 3], 3, Summary::Vote);
        let [x, y, z] = [0, 1, 2].map(|a| kernel.taps(a, 1.0));
        assert_eq!(kernel.value([&x, &y, &z]), 0.0);
        let constant = vec![5.0; 27];
        let voxels = Voxels::new(&constant, size);
        let kernel = Gaussian::new(voxels, size, [1.0; 3], 3, Summary::Mean);
        let [x, y, z] = [0, 1, 2].map(|a| kernel.taps(a, 0.3));
        assert!((kernel.value([&x, &y, &z]) - 5.0).abs() < 1e-14);
    }
}
