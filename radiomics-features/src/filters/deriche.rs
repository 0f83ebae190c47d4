//! Deriche's recursive Gaussian (INRIA report 1893, fourth order) as ITK has it, along one axis of an image.

use std::ops::Range;

use ndarray::{Array3, ArrayView3};
use pulp::{Simd, WithSimd};

use crate::wide::{wide, wide_with};

/// Filters every line along an axis in several ways, and keeps a range of it. Values are rounded to 32 bits. What is in
/// `workspace` does not matter.
pub(super) fn filter_axis<T: Copy + Into<f64>>(
    data: ArrayView3<'_, T>,
    axis: usize,
    recursions: &[&Recursion],
    kept: Range<usize>,
    workspace: &mut Workspace,
) -> Vec<Array3<f32>> {
    let data = data.as_standard_layout();
    let values = data.as_slice().expect("standard layout");
    let mut shape: [usize; 3] = data.dim().into();
    let n = shape[axis];
    let inner: usize = shape[axis + 1..].iter().product();
    shape[axis] = kept.len();
    let mut filtered = vec![Array3::zeros(shape); recursions.len()];
    // Lines along x lie one after the other; those along another axis lie side by side, in groups.
    let (groups, in_group) = match inner {
        1 => (1, values.len() / n),
        _ => (values.len() / (n * inner), inner),
    };
    let Workspace { x, forward, out } = workspace.of(n, kept.len());
    for group in 0..groups {
        for first in (0..in_group).step_by(LANES) {
            let places = |length: usize| Places {
                count: (in_group - first).min(LANES),
                start: match inner {
                    1 => first * length,
                    _ => group * length * inner + first,
                },
                along: inner,
                across: if inner == 1 { length } else { 1 },
            };
            wide(
                #[inline(always)]
                || places(n).gather(values, x),
            );
            for (recursion, filtered) in recursions.iter().zip(&mut filtered) {
                wide_with(Filtering {
                    recursion,
                    x,
                    kept: kept.clone(),
                    forward,
                    out,
                });
                let target = filtered.as_slice_mut().expect("a new array");
                wide(
                    #[inline(always)]
                    || places(kept.len()).scatter(out, target),
                );
            }
        }
    }
    filtered
}

/// Lines that are filtered side by side: each is a chain of sums that wait for each other.
const LANES: usize = 16;

/// The same position of all lines of a group.
type Lanes = [f64; LANES];

/// Where a group of lines lies in an array.
#[derive(Clone, Copy)]
struct Places {
    /// Lines of the group, at most [`LANES`].
    count: usize,
    /// Where the first line begins.
    start: usize,
    /// From a position of a line to the next.
    along: usize,
    /// From a line to the next.
    across: usize,
}

impl Places {
    /// Whether every position of the lines is a row of [`LANES`] numbers.
    fn is_whole_group_side_by_side(&self) -> bool {
        // Lines of one position along x also have 1 from one to the next.
        self.count == LANES && self.across == 1 && self.along >= LANES
    }

    /// The lines as lanes; lanes without a line keep what they have.
    #[inline(always)]
    fn gather<T: Copy + Into<f64>>(&self, values: &[T], x: &mut [Lanes]) {
        // Few enough positions to stay in the first cache while the lines are laid beside each other.
        const BLOCK: usize = 64;
        if self.is_whole_group_side_by_side() {
            let positions = values[self.start..].chunks(self.along);
            for (x, position) in x.iter_mut().zip(positions) {
                // A copy: what is written to `x` cannot change it, so all lanes are converted at once.
                let position: [T; LANES] = position.as_chunks().0[0];
                for lane in 0..LANES {
                    x[lane] = position[lane].into();
                }
            }
            return;
        }
        for (block, x) in x.chunks_mut(BLOCK).enumerate() {
            let start = self.start + block * BLOCK * self.along;
            for lane in 0..self.count {
                let line = &values[start + lane * self.across..];
                if self.along == 1 {
                    for (x, &value) in x.iter_mut().zip(line) {
                        x[lane] = value.into();
                    }
                } else {
                    for (x, &value) in x.iter_mut().zip(line.iter().step_by(self.along)) {
                        x[lane] = value.into();
                    }
                }
            }
        }
    }

    /// The lanes as lines.
    #[inline(always)]
    fn scatter(&self, out: &[Lanes], target: &mut [f32]) {
        let positions = target[self.start..].chunks_mut(self.along);
        if self.is_whole_group_side_by_side() {
            for (out, position) in out.iter().zip(positions) {
                for (to, &from) in position.iter_mut().zip(out) {
                    *to = from as f32;
                }
            }
            return;
        }
        for (i, out) in out.iter().enumerate() {
            let position = &mut target[self.start + i * self.along..];
            for (lane, &out) in out[..self.count].iter().enumerate() {
                position[lane * self.across] = out as f32;
            }
        }
    }
}

/// A group of lines, and what is made of it. Used again for the next group and the next call: zeros need not be written for each.
#[derive(Default)]
pub(super) struct Workspace {
    x: Vec<Lanes>,
    /// What is kept after the causal filter.
    forward: Vec<Lanes>,
    /// What is kept after both.
    out: Vec<Lanes>,
}

impl Workspace {
    /// For lines of a length, of which so many positions are kept.
    fn of(&mut self, length: usize, kept: usize) -> &mut Self {
        self.x.resize(length, [0.0; LANES]);
        self.forward.resize(kept, [0.0; LANES]);
        self.out.resize(kept, [0.0; LANES]);
        self
    }
}

/// What a recursion approximates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The Gaussian.
    Zero,
    /// Its second derivative.
    Second,
}

/// Deriche's fourth-order recursive approximation: a causal and an anticausal filter that share their recursive part,
///
/// ```text
/// r_j = Σ_k c_k u_{j-k} - Σ_k d_k r_{j-1-k},   k = 0 .. 3
/// ```
///
/// where `u` of the causal filter is the line, and of the anticausal one the line backwards, from the position before. Before the
/// line both see its border for ever.
///
/// Where the image is constant, nothing is left of a second derivative but the rounding of these sums, and its sign decides
/// about a gray level. The order of operations, here and below, is therefore ITK's.
pub(super) struct Recursion {
    causal: Pass,
    anticausal: Pass,
    /// `d`.
    feedback: [f64; 4],
}

/// One of the two filters.
struct Pass {
    /// `c`.
    input: [f64; 4],
    /// Feedback times the response to a constant 1, which continues the border outside.
    border: [f64; 4],
}

/// Sums `(Σ c, Σ k c, Σ k² c)` of coefficients `c_k`.
#[derive(Clone, Copy)]
struct Moments {
    s: f64,
    d: f64,
    e: f64,
}

impl Moments {
    /// Of a numerator: `c_0` to `c_3`.
    fn of([c0, c1, c2, c3]: [f64; 4]) -> Self {
        Self {
            s: c0 + c1 + c2 + c3,
            d: c1 + 2.0 * c2 + 3.0 * c3,
            e: c1 + 4.0 * c2 + 9.0 * c3,
        }
    }

    /// Of a denominator: 1, then `c_1` to `c_4`.
    fn of_feedback([c1, c2, c3, c4]: [f64; 4]) -> Self {
        Self {
            s: 1.0 + c1 + c2 + c3 + c4,
            d: c1 + 2.0 * c2 + 3.0 * c3 + 4.0 * c4,
            e: c1 + 4.0 * c2 + 9.0 * c3 + 16.0 * c4,
        }
    }
}

impl Recursion {
    /// `sigma` in voxels, `scale` the factor whose square multiplies a second derivative.
    pub(super) fn new(sigma: f64, order: Order, scale: f64) -> Self {
        let poles = Poles::new(sigma);
        let feedback = poles.feedback();
        let sums = Moments::of_feedback(feedback);
        let zero = poles.numerator([1.3530, -0.3531], [1.8151, 0.0902]);
        let causal = match order {
            Order::Zero => {
                let alpha = 2.0 * Moments::of(zero).s / sums.s - zero[0];
                zero.map(|n| n * (1.0 / alpha))
            }
            Order::Second => {
                let second = poles.numerator([-1.3563, 0.3446], [5.2318, -2.2355]);
                second_derivative(zero, second, sums, scale)
            }
        };
        let [d1, d2, d3, d4] = feedback;
        let n0 = causal[0];
        let anticausal = [
            causal[1] - d1 * n0,
            causal[2] - d2 * n0,
            causal[3] - d3 * n0,
            -d4 * n0,
        ];
        let pass = |input: [f64; 4]| {
            let [c0, c1, c2, c3] = input;
            Pass {
                border: feedback.map(|d| d * (c0 + c1 + c2 + c3) / sums.s),
                input,
            }
        };
        Self {
            causal: pass(causal),
            anticausal: pass(anticausal),
            feedback,
        }
    }
}

/// Filters a group of lines. The causal filter ends with the range that is kept, and so does the anticausal one.
struct Filtering<'a> {
    recursion: &'a Recursion,
    x: &'a [Lanes],
    kept: Range<usize>,
    forward: &'a mut [Lanes],
    out: &'a mut [Lanes],
}

impl WithSimd for Filtering<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (n, range, recursion) = (self.x.len(), self.kept, self.recursion);
        let (x, _) = S::as_simd_f64s(self.x.as_flattened());
        let (forward, _) = S::as_mut_simd_f64s(self.forward.as_flattened_mut());
        let (out, _) = S::as_mut_simd_f64s(self.out.as_flattened_mut());
        let n_vectors = LANES / S::F64_LANES;
        for first in (0..n_vectors).step_by(2) {
            let at = |i: usize| i * n_vectors + first;
            let input = |i: usize| [x[at(i)], x[at(i) + 1]];
            run(
                simd,
                &recursion.causal,
                &recursion.feedback,
                input(0),
                range.end,
                input,
                #[inline(always)]
                |j, response| {
                    if j >= range.start {
                        let at = at(j - range.start);
                        forward[at..at + 2].copy_from_slice(&response);
                    }
                },
            );
            run(
                simd,
                &recursion.anticausal,
                &recursion.feedback,
                input(n - 1),
                n - range.start,
                #[inline(always)]
                |j| input(n - j),
                #[inline(always)]
                |j, [a, b]| {
                    let i = n - 1 - j;
                    if i < range.end {
                        let at = at(i - range.start);
                        out[at] = simd.add_f64s(forward[at], a);
                        out[at + 1] = simd.add_f64s(forward[at + 1], b);
                    }
                },
            );
        }
    }
}

/// Two vectors of lanes: while the sums of one wait for each other, those of the other go on.
type Pair<S> = [<S as Simd>::f64s; 2];

/// The first `steps` responses of a pass, one after the other. `input(j)` is `u_j` of the positive `j`.
#[inline(always)]
fn run<S: Simd>(
    simd: S,
    pass: &Pass,
    feedback: &[f64; 4],
    border: Pair<S>,
    steps: usize,
    input: impl Fn(usize) -> Pair<S>,
    mut emit: impl FnMut(usize, Pair<S>),
) {
    let splat = |coefficients: &[f64; 4]| coefficients.map(|c| simd.splat_f64s(c));
    let (weights, feedback) = (splat(&pass.input), splat(feedback));
    let mut past = [border; 4];
    for j in 0..steps.min(4) {
        let mut inputs = [border; 4];
        let mut beside = splat(&pass.border);
        for k in 0..j {
            inputs[k] = input(j - k);
            beside[k] = feedback[k];
        }
        let response = difference(
            simd,
            weighed(simd, &weights, inputs),
            weighed(simd, &beside, past),
        );
        past = [response, past[0], past[1], past[2]];
        emit(j, response);
    }
    for j in 4..steps {
        let inputs = [input(j), input(j - 1), input(j - 2), input(j - 3)];
        let response = difference(
            simd,
            weighed(simd, &weights, inputs),
            weighed(simd, &feedback, past),
        );
        past = [response, past[0], past[1], past[2]];
        emit(j, response);
    }
}

/// `Σ_k c_k v_k`, from the first to the last.
#[inline(always)]
fn weighed<S: Simd>(simd: S, coefficients: &[S::f64s; 4], values: [Pair<S>; 4]) -> Pair<S> {
    let product = |k: usize, half: usize| simd.mul_f64s(coefficients[k], values[k][half]);
    let sum = |half: usize| {
        let first_two = simd.add_f64s(product(0, half), product(1, half));
        let first_three = simd.add_f64s(first_two, product(2, half));
        simd.add_f64s(first_three, product(3, half))
    };
    [sum(0), sum(1)]
}

#[inline(always)]
fn difference<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.sub_f64s(a[0], b[0]), simd.sub_f64s(a[1], b[1])]
}

/// The causal numerator of the second derivative, from the fits of the Gaussian and of its second derivative.
fn second_derivative(zero: [f64; 4], second: [f64; 4], sums: Moments, scale: f64) -> [f64; 4] {
    let Moments {
        s: sd,
        d: dd,
        e: ed,
    } = sums;
    let (zeroth, twice) = (Moments::of(zero), Moments::of(second));
    // Removes the response to a constant.
    let beta = -(2.0 * twice.s - sd * second[0]) / (2.0 * zeroth.s - sd * zero[0]);
    let sn = twice.s + beta * zeroth.s;
    let dn = twice.d + beta * zeroth.d;
    let en = twice.e + beta * zeroth.e;
    let alpha =
        (en * sd * sd - ed * sn * sd - 2.0 * dn * dd * sd + 2.0 * dd * dd * sn) / (sd * sd * sd);
    std::array::from_fn(|k| (second[k] + beta * zero[k]) * (scale * scale / alpha))
}

/// Sines, cosines and decays of the two damped oscillations the Gaussian is fitted by.
struct Poles {
    s: [f64; 2],
    c: [f64; 2],
    e: [f64; 2],
}

impl Poles {
    fn new(sigma: f64) -> Self {
        const W: [f64; 2] = [0.6681, 2.0787];
        const L: [f64; 2] = [-1.3932, -1.3732];
        Self {
            s: W.map(|w| (w / sigma).sin()),
            c: W.map(|w| (w / sigma).cos()),
            e: L.map(|l| (l / sigma).exp()),
        }
    }

    fn feedback(&self) -> [f64; 4] {
        let Self {
            c: [c1, c2],
            e: [e1, e2],
            ..
        } = *self;
        [
            -2.0 * (e2 * c2 + e1 * c1),
            4.0 * c2 * c1 * e1 * e2 + (e1 * e1 + e2 * e2),
            -2.0 * c1 * e1 * e2 * e2 + -2.0 * c2 * e2 * e1 * e1,
            e1 * e1 * e2 * e2,
        ]
    }

    fn numerator(&self, [a1, a2]: [f64; 2], [b1, b2]: [f64; 2]) -> [f64; 4] {
        let Self {
            s: [s1, s2],
            c: [c1, c2],
            e: [e1, e2],
        } = *self;
        [
            a1 + a2,
            e2 * (b2 * s2 - (a2 + 2.0 * a1) * c2) + e1 * (b1 * s1 - (a1 + 2.0 * a2) * c1),
            ((a1 + a2) * c2 * c1 - (b1 * c2 * s1 + b2 * c1 * s2)) * (2.0 * e1 * e2)
                + (a2 * e1 * e1 + a1 * e2 * e2),
            e2 * e1 * e1 * (b2 * s2 - a2 * c2) + e1 * e2 * e2 * (b1 * s1 - a1 * c1),
        ]
    }
}
