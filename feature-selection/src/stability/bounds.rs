//! How many of the features called stable are noise.
//!
//! With `p` features, `q` selected per half on average, `B` complementary pairs, cutoff `π` and `θ = q/p`, the expected number of features
//! in the stable set that the learner picks no more often than chance (`Π_k <= θ`) is at most
//!
//! ```text
//! None        q² / ((2π - 1) p)
//! Unimodal    C q² / p,   C = 1 / (2 (2π - 1 - 1/(2B)))                for π <= 3/4
//!                         C = 4 (1 - π + 1/(2B)) / (1 + 1/B)           for π >  3/4
//! RConcave    p min{ D(θ², 2π - 1, B, -1/2), D(θ, π, 2B, -1/4) }
//! ```
//!
//! where `D(η, t, n, r)` is the largest tail `P(X >= t)` of any `r`-concave distribution on `{0, 1/n, ..., 1}` with mean at most `η`. The first
//! bound needs exchangeable noise with independent halves (Meinshausen and Bühlmann) and nothing with complementary pairs; the others need the
//! distribution of the (simultaneous) selection shares to be unimodal, or `r`-concave, and complementary pairs.

use crate::error::{Error, Result, check_setting as check};

/// What is assumed of the distribution of selection shares of noise features; see the module documentation of [`stability`](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Assumption {
    /// Nothing: `q² / ((2π - 1) p)`.
    None,
    /// Shares of simultaneous selection are unimodal. The default, as in stabs.
    #[default]
    Unimodal,
    /// Shares of simultaneous selection are -1/2-concave and single shares -1/4-concave.
    RConcave,
}

/// Bound on the expected number of false selections.
///
/// # Examples
/// ```
/// use feature_selection::stability::{Assumption, FalseSelectionBound};
///
/// // 1000 features, 10 selected per half, kept at 75 %: 100 / (0.5 * 1000).
/// let plain = FalseSelectionBound::new(1000, Assumption::None, 50)?;
/// assert!((plain.expected(10.0, 0.75)? - 0.2).abs() < 1e-15);
/// // Which cutoff keeps it below one? (100 / 1000 + 1) / 2.
/// assert!((plain.cutoff(10.0, 1.0)?.cutoff - 0.55).abs() < 1e-15);
/// // How many may be selected per half at 90 %? sqrt(0.8 * 1000) = 28.3.
/// assert_eq!(plain.size(0.9, 1.0)?.q, 28.0);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalseSelectionBound {
    n_features: usize,
    assumption: Assumption,
    n_pairs: usize,
}

/// Cutoff and model size that keep false selections rare.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ErrorControl {
    /// Smallest share of the halves that makes a feature stable.
    pub cutoff: f64,
    /// Features selected per half.
    pub q: f64,
    /// Bound on the expected number of false selections (the per-family error rate) at this cutoff and size.
    pub bound: f64,
}

impl FalseSelectionBound {
    /// A bound for selections among `n_features`; `n_pairs` complementary pairs (without assumption they do not matter).
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for no features, and with an assumption for fewer than two pairs, more than a million or
    /// (r-concave, which takes time with the cube of their number) more than a thousand.
    pub fn new(n_features: usize, assumption: Assumption, n_pairs: usize) -> Result<Self> {
        check("features", "at least 1", n_features as f64, n_features > 0)?;
        let (expected, fits) = match assumption {
            Assumption::None => ("any number", true),
            Assumption::Unimodal => ("2 to 1000000", (2..=1_000_000).contains(&n_pairs)),
            // Sums over all shares for every share.
            Assumption::RConcave => ("2 to 1000", (2..=1_000).contains(&n_pairs)),
        };
        check("complementary pairs", expected, n_pairs as f64, fits)?;
        Ok(Self {
            n_features,
            assumption,
            n_pairs,
        })
    }

    /// Bound on the expected number of false selections, >= 0; it may exceed the number of features, and then says nothing.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a `q` outside [0, p], a cutoff outside (0.5, 1] (r-concave [0.5, 1]), or a pair of both for which the theorem does
    /// not hold: unimodal needs a cutoff of at least `1/2 + 1/B`, `q/p <= 1/sqrt(3)` and for `π <= 3/4` also
    /// `π > 1/2 + min(θ², 1/(2B) + 3/4 θ²)`; r-concave needs `ceil(4 B q/p) + 1 < 2B`.
    pub fn expected(&self, q: f64, cutoff: f64) -> Result<f64> {
        self.check_size(q)?;
        self.check_cutoff(cutoff)?;
        let p = self.n_features as f64;
        match self.assumption {
            Assumption::None => Ok(q * q / p / (2.0 * cutoff - 1.0)),
            Assumption::Unimodal => {
                let lowest = self.lowest_unimodal_cutoff(q);
                let fits = cutoff > 0.75 || cutoff > lowest;
                check(
                    "cutoff",
                    "a number above 1/2 + min(θ², 1/(2B) + 3/4 θ²)",
                    cutoff,
                    fits,
                )?;
                Ok(q * q / p * self.unimodal_constant(cutoff))
            }
            Assumption::RConcave => Ok(p * self.concave_tail(q, cutoff)),
        }
    }

    /// The smallest cutoff that keeps the bound at `bound` or below; with an assumption a multiple of `1/(2B)`, as shares are.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a `q` no bound exists for or a bound that is not positive; [`Error::BoundUnreachable`] if even a cutoff of 1 does not do.
    pub fn cutoff(&self, q: f64, bound: f64) -> Result<ErrorControl> {
        self.check_size(q)?;
        check_bound(bound)?;
        let lowest = self.expected(q, 1.0)?;
        if lowest > bound {
            return Err(Error::BoundUnreachable {
                what: "cutoff",
                requested: bound,
                lowest,
            });
        }
        let p = self.n_features as f64;
        if self.assumption == Assumption::None {
            let cutoff = 0.5 * (q * q / (bound * p) + 1.0);
            // A bound larger than any cutoff needs: the least that is a majority.
            let cutoff = cutoff.clamp(0.5 + f64::EPSILON, 1.0);
            return self.control(q, cutoff);
        }
        let grid = |w: usize| w as f64 / (2 * self.n_pairs) as f64;
        // Every bound falls with the cutoff, and cutoffs without a bound lie below those with one.
        let holds = |w: usize| matches!(self.expected(q, grid(w)), Ok(e) if e <= bound);
        let (mut fails, mut found) = (self.n_pairs - 1, 2 * self.n_pairs);
        while found - fails > 1 {
            let middle = fails.midpoint(found);
            if holds(middle) {
                found = middle;
            } else {
                fails = middle;
            }
        }
        self.control(q, grid(found))
    }

    /// The largest number of features per half that keeps the bound at `bound` or below.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a cutoff no bound exists for or a bound that is not positive; [`Error::BoundUnreachable`] if one feature per half is
    /// too many.
    pub fn size(&self, cutoff: f64, bound: f64) -> Result<ErrorControl> {
        self.check_cutoff(cutoff)?;
        check_bound(bound)?;
        let lowest = self.expected(1.0, cutoff)?;
        if lowest > bound {
            return Err(Error::BoundUnreachable {
                what: "model size",
                requested: bound,
                lowest,
            });
        }
        // Every bound grows with the size, and sizes without a bound lie above those with one.
        let holds = |q: usize| matches!(self.expected(q as f64, cutoff), Ok(e) if e <= bound);
        let (mut found, mut fails) = (1, self.n_features.saturating_add(1));
        while fails - found > 1 {
            let middle = found.midpoint(fails);
            if holds(middle) {
                found = middle;
            } else {
                fails = middle;
            }
        }
        self.control(found as f64, cutoff)
    }

    fn control(&self, q: f64, cutoff: f64) -> Result<ErrorControl> {
        Ok(ErrorControl {
            cutoff,
            q,
            bound: self.expected(q, cutoff)?,
        })
    }

    fn check_size(&self, q: f64) -> Result<()> {
        let p = self.n_features as f64;
        check(
            "features per half",
            "a number from 0 to all features",
            q,
            (0.0..=p).contains(&q),
        )?;
        let pairs = self.n_pairs as f64;
        let (expected, fits) = match self.assumption {
            Assumption::None => return Ok(()),
            Assumption::Unimodal => ("at most features / sqrt(3)", 3.0 * q * q <= p * p),
            Assumption::RConcave => (
                "few enough that ceil(4 B q/p) + 1 < 2B",
                (q / p * 4.0 * pairs).ceil() + 1.0 < 2.0 * pairs,
            ),
        };
        check("features per half", expected, q, fits)
    }

    fn check_cutoff(&self, cutoff: f64) -> Result<()> {
        // Shares are multiples of 1/(2B); the allowance is for their rounding.
        const ROUNDING: f64 = 1e-12;
        let (expected, fits) = match self.assumption {
            Assumption::None => ("a number in (0.5, 1]", cutoff > 0.5),
            Assumption::Unimodal => (
                "a number from 1/2 + 1/B to 1",
                cutoff >= 0.5 + 1.0 / self.n_pairs as f64 - ROUNDING,
            ),
            Assumption::RConcave => ("a number from 0.5 to 1", cutoff >= 0.5),
        };
        check("cutoff", expected, cutoff, fits && cutoff <= 1.0)
    }

    fn lowest_unimodal_cutoff(&self, q: f64) -> f64 {
        let square = (q / self.n_features as f64).powi(2);
        0.5 + square.min(0.5 / self.n_pairs as f64 + 0.75 * square)
    }

    /// `C` of the module documentation.
    fn unimodal_constant(&self, cutoff: f64) -> f64 {
        let pairs = self.n_pairs as f64;
        if cutoff <= 0.75 {
            0.5 / (2.0 * cutoff - 1.0 - 0.5 / pairs)
        } else {
            4.0 * (1.0 - cutoff + 0.5 / pairs) / (1.0 + 1.0 / pairs)
        }
    }

    /// The smaller of the two tails of the module documentation.
    fn concave_tail(&self, q: f64, cutoff: f64) -> f64 {
        let (b, p) = (self.n_pairs, self.n_features as f64);
        // The share as a count of halves, rounded up; ten digits remove the noise of a cutoff like 0.7.
        let halves = ten_digits(cutoff * (2 * b) as f64).ceil() as usize;
        let both = largest_tail(q * q / (p * p) * b as f64, halves - b, b, Concavity::Half);
        let single = largest_tail(q / p * (2 * b) as f64, halves, 2 * b, Concavity::Quarter);
        both.min(single).min(1.0)
    }
}

/// How concave a distribution is: `f^r` is convex for this negative `r`, and `1/r` is a whole power.
#[derive(Clone, Copy)]
enum Concavity {
    /// `r = -1/2`.
    Half,
    /// `r = -1/4`.
    Quarter,
}

impl Concavity {
    /// `x^(1/r)`.
    fn weight(self, x: f64) -> f64 {
        let square = x * x;
        match self {
            Self::Half => 1.0 / square,
            Self::Quarter => 1.0 / (square * square),
        }
    }
}

/// Largest `P(X >= t)` of an r-concave `X` on `0..=n` with this mean.
///
/// The extreme distributions have weights `(a + i)^(1/r)` on `0..=k` and whatever the mean leaves over on `k + 1`; the
/// largest tail is looked for over `k` and over the `a` for which that last weight does not break the concavity.
fn largest_tail(mean: f64, t: usize, n: usize, concavity: Concavity) -> f64 {
    let first = (2.0 * mean).ceil() as usize + 1;
    if t < first || mean <= 0.0 {
        return if mean <= 0.0 && t > 0 { 0.0 } else { 1.0 };
    }
    // Below `t - 1` the distribution ends before `t`.
    let start = first.max(t - 1);
    let mut upper = slope_with_mean(mean, start, concavity);
    let mut largest: f64 = 0.0;
    for k in start..n {
        let lower = slope_with_mean(mean, k + 1, concavity);
        let tail = |log_a: f64| tail_at(log_a.exp(), mean, t, k, concavity);
        largest = largest.max(maximum(tail, lower.ln(), upper.ln()));
        upper = lower;
    }
    largest
}

/// `P(X >= t)` of the extreme distribution with slope `a` that ends at `k + 1`.
fn tail_at(a: f64, mean: f64, t: usize, k: usize, concavity: Concavity) -> f64 {
    let (mut beyond, mut left_over, mut distance) = (0.0, 0.0, 0.0);
    for i in 0..=k {
        let weight = concavity.weight(a + i as f64);
        if i >= t {
            beyond += weight;
        }
        left_over += (mean - i as f64) * weight;
        distance += (k + 1 - i) as f64 * weight;
    }
    ((k as f64 + 1.0 - mean) * beyond + left_over.max(0.0)) / distance
}

/// The `a` for which weights `(a + i)^(1/r)` on `0..=k` have this mean, which is below `k / 2`. The mean grows with `a`.
fn slope_with_mean(mean: f64, k: usize, concavity: Concavity) -> f64 {
    let excess = |a: f64| {
        (0..=k)
            .map(|i| (i as f64 - mean) * concavity.weight(a + i as f64))
            .sum::<f64>()
    };
    // The fourth power of both ends is a normal number.
    let (mut low, mut high) = (1e-70_f64.ln(), 1e15_f64.ln());
    while high - low > 1e-14 * high.abs().max(1.0) {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if excess(middle.exp()) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    (0.5 * (low + high)).exp()
}

/// Maximum of a smooth function on an interval, ends included: a coarse search, then golden sections around its best point.
fn maximum(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const POINTS: usize = 12;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let at = |i: usize| low + (high - low) * i as f64 / POINTS as f64;
    let values: Vec<f64> = (0..=POINTS).map(|i| f(at(i))).collect();
    let best = (0..=POINTS)
        .max_by(|&a, &b| values[a].total_cmp(&values[b]))
        .unwrap_or(0);
    let (mut left, mut right) = (at(best.saturating_sub(1)), at((best + 1).min(POINTS)));
    let mut largest = values[best];
    while right - left > 1e-9 * left.abs().max(1.0) {
        let (a, b) = (
            right - GOLDEN * (right - left),
            left + GOLDEN * (right - left),
        );
        let (fa, fb) = (f(a), f(b));
        largest = largest.max(fa).max(fb);
        if fa > fb {
            right = b;
        } else {
            left = a;
        }
    }
    largest
}

fn ten_digits(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

fn check_bound(bound: f64) -> Result<()> {
    let fits = bound > 0.0 && bound.is_finite();
    check(
        "expected false selections",
        "a positive number",
        bound,
        fits,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_tail_lies_between_an_example_and_markov() {
        // Weights (a + i)^-2 on 0..=6 with mean 0.1 are one of the distributions allowed.
        let a = slope_with_mean(0.1, 6, Concavity::Half);
        let w: Vec<f64> = (0..7).map(|i| (a + f64::from(i)).powi(-2)).collect();
        let total: f64 = w.iter().sum();
        let mean: f64 = w.iter().zip(0..7).map(|(w, i)| w * f64::from(i)).sum();
        assert!((mean / total - 0.1).abs() < 1e-13);
        for t in 2..=6 {
            let tail = largest_tail(0.1, t, 6, Concavity::Half);
            let example = w[t..].iter().sum::<f64>() / total;
            assert!(tail >= example - 1e-14, "{t}: {tail} {example}");
            assert!(tail < 0.1 / t as f64, "{t}: {tail}");
        }
        assert_eq!(largest_tail(0.1, 1, 6, Concavity::Half), 1.0);
    }

    #[test]
    fn every_bound_falls_with_the_cutoff_and_grows_with_the_size() {
        for assumption in [Assumption::None, Assumption::Unimodal, Assumption::RConcave] {
            let bound = FalseSelectionBound::new(500, assumption, 50).unwrap();
            let at = |q: f64, w: usize| bound.expected(q, w as f64 / 100.0).unwrap();
            for w in 56..100 {
                assert!(at(12.0, w + 1) <= at(12.0, w), "{assumption:?} {w}");
            }
            for q in 1..40 {
                assert!(at(f64::from(q), 70) < at(f64::from(q) + 1.0, 70));
            }
            assert_eq!(at(0.0, 70), 0.0);
        }
    }

    #[test]
    fn stronger_assumptions_give_smaller_bounds() {
        let at = |assumption| {
            let bound = FalseSelectionBound::new(1000, assumption, 50).unwrap();
            bound.expected(20.0, 0.75).unwrap()
        };
        let plain = at(Assumption::None);
        assert!((plain - 0.8).abs() < 1e-15);
        assert!(at(Assumption::Unimodal) < 0.6 * plain);
        assert!(at(Assumption::RConcave) < at(Assumption::Unimodal));
    }

    #[test]
    fn the_third_number_is_the_best_that_keeps_the_bound() {
        for assumption in [Assumption::None, Assumption::Unimodal, Assumption::RConcave] {
            let bound = FalseSelectionBound::new(300, assumption, 50).unwrap();
            let size = bound.size(0.8, 1.0).unwrap();
            assert!(size.bound <= 1.0 && bound.expected(size.q + 1.0, 0.8).unwrap() > 1.0);
            let cutoff = bound.cutoff(12.0, 1.0).unwrap();
            assert!(cutoff.bound <= 1.0 + 1e-12);
            let lower = bound.expected(12.0, cutoff.cutoff - 0.01);
            assert!(
                !matches!(lower, Ok(e) if e <= 1.0),
                "{assumption:?} {lower:?}"
            );
            assert!(matches!(
                bound.cutoff(100.0, 1e-9),
                Err(Error::BoundUnreachable { .. })
            ));
        }
    }

    #[test]
    fn numbers_without_a_theorem_are_refused() {
        let unimodal = FalseSelectionBound::new(100, Assumption::Unimodal, 50).unwrap();
        assert!(unimodal.expected(58.0, 0.9).is_err());
        assert!(unimodal.expected(10.0, 0.51).is_err());
        assert!(unimodal.expected(40.0, 0.6).is_err());
        let concave = FalseSelectionBound::new(100, Assumption::RConcave, 50).unwrap();
        assert!(concave.expected(49.5, 0.9).is_err());
        let plain = FalseSelectionBound::new(100, Assumption::None, 0).unwrap();
        for (q, cutoff) in [
            (-1.0, 0.7),
            (101.0, 0.7),
            (f64::NAN, 0.7),
            (5.0, 0.5),
            (5.0, f64::NAN),
        ] {
            assert!(plain.expected(q, cutoff).is_err(), "{q} {cutoff}");
        }
        assert!(plain.cutoff(5.0, 0.0).is_err());
    }
}
