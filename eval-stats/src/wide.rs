//! Loops compiled for the wide vectors that the processor has.
//!
//! No multiplication is fused with an addition, and sums are kept in the same eight lanes everywhere, so results have the same bits on every
//! processor.

use std::ops::{Add, Mul, Sub};

use pulp::{Simd, WithSimd};

/// Runs `task` compiled for vectors of 512 or 256 bits where the processor has them.
///
/// Only what is inlined into it is compiled so: the closure and its helpers want `#[inline(always)]`. Good for loops that fill in one list from
/// others; sums are for [`in_lanes`].
///
/// ```
/// let x = [1.0, 2.0, 3.0];
/// assert_eq!(eval_stats::wide::wide(|| x.iter().map(|x| x * x).sum::<f64>()), 14.0);
/// ```
#[inline(always)]
pub fn wide<R>(task: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(task);
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(task);
        }
    }
    task()
}

/// Runs `task` on eight numbers at a time: on one vector of 512 bits, two of 256, or plain numbers.
#[inline(always)]
pub fn in_lanes<T: WithSimd>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(
                #[inline(always)]
                || task.with_simd(simd),
            );
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(
                #[inline(always)]
                || task.with_simd(pulp::x86::V3_512b(simd)),
            );
        }
    }
    task.with_simd(pulp::Scalar512b)
}

/// Eight numbers side by side, in a task of [`in_lanes`].
#[derive(Debug, Clone, Copy)]
pub struct Lanes<S: Simd> {
    simd: S,
    values: S::f64s,
}

impl<S: Simd> Lanes<S> {
    /// The same number in all lanes.
    #[inline(always)]
    pub fn all(simd: S, value: f64) -> Self {
        Self {
            simd,
            values: simd.splat_f64s(value),
        }
    }

    /// Absolute values.
    #[inline(always)]
    pub fn abs(self) -> Self {
        self.with(self.simd.abs_f64s(self.values))
    }

    /// `value` in the lanes in which `other` is at most `limit`.
    #[inline(always)]
    pub fn with_where_up_to(self, other: Self, limit: f64, value: f64) -> Self {
        let simd = self.simd;
        let small = simd.less_than_or_equal_f64s(other.values, simd.splat_f64s(limit));
        self.with(simd.select_f64s(small, simd.splat_f64s(value), self.values))
    }

    /// `value` in the lanes in which `other` is above `limit`.
    #[inline(always)]
    pub fn with_where_above(self, other: Self, limit: f64, value: f64) -> Self {
        let simd = self.simd;
        let small = simd.less_than_or_equal_f64s(other.values, simd.splat_f64s(limit));
        self.with(simd.select_f64s(small, self.values, simd.splat_f64s(value)))
    }

    /// Sum of the lanes.
    #[inline(always)]
    pub fn sum(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = pulp::cast::<S::f64s, [f64; 8]>(self.values);
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }

    #[inline(always)]
    fn with(self, values: S::f64s) -> Self {
        Self {
            simd: self.simd,
            values,
        }
    }
}

/// Lists of equal length, eight entries of each at a time.
#[derive(Debug, Clone, Copy)]
pub struct Eights<'a, S: Simd, const K: usize> {
    simd: S,
    lists: [&'a [f64]; K],
    fill: [f64; K],
}

impl<'a, S: Simd, const K: usize> Eights<'a, S, K> {
    /// `lists` of the same length; where that is no multiple of eight, each is continued by its number of `fill`.
    #[inline(always)]
    pub fn new(simd: S, lists: [&'a [f64]; K], fill: [f64; K]) -> Self {
        Self { simd, lists, fill }
    }

    /// How many whole eights there are.
    #[inline(always)]
    pub fn whole(&self) -> usize {
        self.lists[0].len() / 8
    }

    /// Whether entries are left over.
    #[inline(always)]
    pub fn has_rest(&self) -> bool {
        !self.lists[0].len().is_multiple_of(8)
    }

    /// One of the whole eights.
    #[inline(always)]
    pub fn at(&self, i: usize) -> [Lanes<S>; K] {
        let mut out = [Lanes::all(self.simd, 0.0); K];
        for (out, list) in out.iter_mut().zip(self.lists) {
            out.values = S::as_simd_f64s(list).0[i];
        }
        out
    }

    /// What is left over, filled up.
    #[inline(always)]
    pub fn rest(&self) -> [Lanes<S>; K] {
        let mut out = [Lanes::all(self.simd, 0.0); K];
        for ((out, list), fill) in out.iter_mut().zip(self.lists).zip(self.fill) {
            let left = &list[list.len() / 8 * 8..];
            let mut values = [fill; 8];
            values[..left.len()].copy_from_slice(left);
            out.values = pulp::cast(values);
        }
        out
    }
}

impl<S: Simd> Add for Lanes<S> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(self.simd.add_f64s(self.values, other.values))
    }
}

impl<S: Simd> Sub for Lanes<S> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(self.simd.sub_f64s(self.values, other.values))
    }
}

impl<S: Simd> Mul for Lanes<S> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.with(self.simd.mul_f64s(self.values, other.values))
    }
}

impl<S: Simd> Sub<f64> for Lanes<S> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: f64) -> Self {
        self.sub(Self::all(self.simd, other))
    }
}

impl<S: Simd> Mul<f64> for Lanes<S> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        self.mul(Self::all(self.simd, other))
    }
}
