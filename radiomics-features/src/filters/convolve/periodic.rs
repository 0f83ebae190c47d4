//! Periodic convolution of one axis with a pair of filters, in a fixed order of additions.
//!
//! ```text
//! out[o] = Σ_j f[j] x[(o + F/2 - j) mod N],   o = 0 .. N - 1,   F taps
//! ```
//!
//! N is the length of the axis made even: an axis of odd length n is first extended by a copy of its first sample. The last bit
//! of a sum depends on the order of its terms, and on an axis of constant values nothing but these last bits is left in the
//! high-pass response. The order is therefore that of PyWavelets: `j` ascending, without fused multiply-add; but where the
//! filter reaches beyond the end, `i = o + F/2 ≥ N`, the terms of the samples wrapped to the front come first, those samples in
//! ascending order.

use std::ops::{Add, AddAssign, Mul, Range};

use ndarray::Array3;

use crate::wide::wide;

/// The two precisions in which filters run.
pub(in crate::filters) trait Real:
    Copy + Default + Add<Output = Self> + Mul<Output = Self> + AddAssign
{
    /// Whether numbers have 32 bits.
    const SINGLE: bool;
    fn from_f64(value: f64) -> Self;
    fn into_f64(self) -> f64;
    /// An array in 64 bits; itself if it has them.
    fn array_into_f64(array: Array3<Self>) -> Array3<f64>;
}

impl Real for f64 {
    const SINGLE: bool = false;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn into_f64(self) -> f64 {
        self
    }
    fn array_into_f64(array: Array3<Self>) -> Array3<f64> {
        array
    }
}

impl Real for f32 {
    const SINGLE: bool = true;
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn into_f64(self) -> f64 {
        f64::from(self)
    }
    fn array_into_f64(array: Array3<Self>) -> Array3<f64> {
        array.mapv(f64::from)
    }
}

/// A low-pass and a high-pass filter of the same length.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::filters) struct FilterPair<T> {
    pub low: Vec<T>,
    pub high: Vec<T>,
}

/// One term of a sum: which tap, and the position of its sample in [`AxisPlan::sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    tap: usize,
    sample: usize,
}

/// What one axis needs for a range of outputs: which samples, and in which order each output adds them.
#[derive(Debug, Clone)]
pub(in crate::filters) struct AxisPlan {
    /// Samples of the unextended axis, ascending.
    pub sources: Vec<usize>,
    outputs: Vec<Vec<Term>>,
}

impl AxisPlan {
    /// For outputs `range` of an axis of `length` samples, convolved with `n_taps` taps.
    pub fn new(length: usize, range: Range<usize>, n_taps: usize) -> Self {
        let period = length + length % 2;
        let mut outputs: Vec<Vec<Term>> = range.map(|o| terms(o, period, n_taps)).collect();
        // The sample that extends an odd axis is a copy of the first.
        for term in outputs.iter_mut().flatten() {
            term.sample %= length;
        }
        let mut sources: Vec<usize> = outputs.iter().flatten().map(|t| t.sample).collect();
        sources.sort_unstable();
        sources.dedup();
        let mut position = vec![0; length];
        for (i, &source) in sources.iter().enumerate() {
            position[source] = i;
        }
        for term in outputs.iter_mut().flatten() {
            term.sample = position[term.sample];
        }
        Self { sources, outputs }
    }

    /// Convolves lines of `stride`-long rows: `input` holds `sources.len()` rows, `low` and `high` one row per output.
    pub fn convolve_rows<T: Real>(
        &self,
        filters: &FilterPair<T>,
        stride: usize,
        input: &[T],
        low: &mut [T],
        high: &mut [T],
    ) {
        let rows = low
            .chunks_exact_mut(stride)
            .zip(high.chunks_exact_mut(stride));
        for (terms, (low, high)) in self.outputs.iter().zip(rows) {
            let inputs = terms.iter().map(|t| {
                (
                    filters.low[t.tap],
                    filters.high[t.tap],
                    &input[t.sample * stride..(t.sample + 1) * stride],
                )
            });
            combine(&inputs.collect::<Vec<_>>(), low, high);
        }
    }

    /// Convolves one contiguous line.
    pub fn convolve_line<T: Real>(
        &self,
        filters: &FilterPair<T>,
        input: &[T],
        low: &mut [T],
        high: &mut [T],
    ) {
        let mut o = 0;
        while o < self.outputs.len() {
            // Outputs whose terms are those of the output before, one sample on, are computed side by side.
            let mut end = o + 1;
            while end < self.outputs.len() && follows(&self.outputs[end - 1], &self.outputs[end]) {
                end += 1;
            }
            let n = end - o;
            let inputs = self.outputs[o].iter().map(|t| {
                (
                    filters.low[t.tap],
                    filters.high[t.tap],
                    &input[t.sample..t.sample + n],
                )
            });
            combine(
                &inputs.collect::<Vec<_>>(),
                &mut low[o..end],
                &mut high[o..end],
            );
            o = end;
        }
    }
}

/// The terms of output `o` in the order of the module documentation; samples are counted on the extended axis.
fn terms(o: usize, period: usize, n_taps: usize) -> Vec<Term> {
    let reach = o + n_taps / 2;
    let mut terms = Vec::with_capacity(n_taps);
    while terms.len() < n_taps && reach >= period + terms.len() {
        let block = reach - period - terms.len() + 1;
        for sample in 0..block.min(period).min(n_taps - terms.len()) {
            terms.push(Term {
                tap: reach - period - terms.len(),
                sample,
            });
        }
    }
    for tap in terms.len()..n_taps {
        let sample = (reach as isize - tap as isize).rem_euclid(period as isize) as usize;
        terms.push(Term { tap, sample });
    }
    terms
}

fn follows(a: &[Term], b: &[Term]) -> bool {
    a.iter()
        .zip(b)
        .all(|(a, b)| a.tap == b.tap && a.sample + 1 == b.sample)
}

/// `low[k] = Σ l row[k]`, `high[k] = Σ h row[k]` over `(l, h, row)`, each sum in the order of the rows.
fn combine<T: Real>(rows: &[(T, T, &[T])], low: &mut [T], high: &mut [T]) {
    /// Sums kept in registers at a time.
    const LANES: usize = 16;
    let whole = low.len() - low.len() % LANES;
    wide(
        #[inline(always)]
        || {
            for start in (0..whole).step_by(LANES) {
                let (mut lows, mut highs) = ([T::default(); LANES], [T::default(); LANES]);
                for &(l, h, row) in rows {
                    let row = &row[start..start + LANES];
                    for k in 0..LANES {
                        lows[k] += l * row[k];
                    }
                    for k in 0..LANES {
                        highs[k] += h * row[k];
                    }
                }
                low[start..start + LANES].copy_from_slice(&lows);
                high[start..start + LANES].copy_from_slice(&highs);
            }
        },
    );
    for k in whole..low.len() {
        let mut sums = [T::default(); 2];
        for &(l, h, row) in rows {
            sums[0] += l * row[k];
            sums[1] += h * row[k];
        }
        [low[k], high[k]] = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(o: usize, period: usize, n_taps: usize) -> Vec<(usize, usize)> {
        terms(o, period, n_taps)
            .into_iter()
            .map(|t| (t.tap, t.sample))
            .collect()
    }

    #[test]
    fn terms_ascend_by_tap_but_for_the_overhang() {
        assert_eq!(
            order(4, 10, 6),
            [(0, 7), (1, 6), (2, 5), (3, 4), (4, 3), (5, 2)]
        );
        assert_eq!(
            order(0, 10, 6),
            [(0, 3), (1, 2), (2, 1), (3, 0), (4, 9), (5, 8)]
        );
        assert_eq!(
            order(9, 10, 6),
            [(2, 0), (1, 1), (0, 2), (3, 9), (4, 8), (5, 7)]
        );
        // An axis of two samples, shorter than the filter: wrapped blocks of two.
        assert_eq!(
            order(1, 2, 6),
            [(2, 0), (1, 1), (0, 0), (3, 1), (4, 0), (5, 1)]
        );
    }

    #[test]
    fn every_term_is_the_periodic_one() {
        for (period, n_taps) in [(2, 2), (2, 6), (4, 6), (6, 20), (12, 4), (2, 62)] {
            for o in 0..period {
                let mut taps = order(o, period, n_taps);
                taps.sort_unstable();
                let expected: Vec<(usize, usize)> = (0..n_taps)
                    .map(|j| (j, (o + n_taps / 2 + n_taps * period - j) % period))
                    .collect();
                assert_eq!(taps, expected, "output {o} of {period}, {n_taps} taps");
            }
        }
    }

    #[test]
    fn a_line_equals_its_rows() {
        let line: Vec<f64> = (0..37).map(|i| f64::from(i * i % 11)).collect();
        let filters = FilterPair {
            low: vec![0.25, 0.5, 0.125, 1.0],
            high: vec![1.0, -1.0, 0.5, 0.25],
        };
        let plan = AxisPlan::new(37, 3..37, 4);
        let input: Vec<f64> = plan.sources.iter().map(|&s| line[s]).collect();
        let mut a = (vec![0.0; 34], vec![0.0; 34]);
        let mut b = a.clone();
        plan.convolve_line(&filters, &input, &mut a.0, &mut a.1);
        plan.convolve_rows(&filters, 1, &input, &mut b.0, &mut b.1);
        assert_eq!(a, b);
        let expected: f64 = (0..4).map(|j| filters.low[j] * line[10 + 2 - j]).sum();
        assert!((a.0[7] - expected).abs() < 1e-12);
    }
}
