//! The 2 x 2 table given its margins: Fisher's noncentral hypergeometric distribution.

use std::fmt;

use super::margins;
use crate::error::{Error, Result, check_level};
use crate::estimate::percent;
use crate::special::{bracketed_newton, ln_hypergeometric};

/// Odds ratio of a 2 x 2 table by conditional maximum likelihood, with its exact interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ConditionalOddsRatio {
    /// Odds ratio for which the first cell's expectation is its count; 0 or infinite if the count
    /// is the least or the greatest that the margins allow.
    pub odds_ratio: f64,
    /// Lower limit: the odds ratio for which a count as large has probability `(1 - level)/2`; 0 for
    /// the least count.
    pub low: f64,
    /// Upper limit: the odds ratio for which a count as small has probability `(1 - level)/2`;
    /// infinite for the greatest count.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl ConditionalOddsRatio {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("odds_ratio", self.odds_ratio),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for ConditionalOddsRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "conditional odds ratio {:.3} ({}% CI {:.3} to {:.3})",
            self.odds_ratio,
            percent(self.level),
            self.low,
            self.high
        )
    }
}

/// Conditional maximum likelihood odds ratio of `[[a, b], [c, d]]` and its exact interval (Cornfield
/// 1956; what R's `fisher.test` prints). It is nearer to 1 than `ad/bc`.
///
/// # Differences
/// The equations are solved to full precision. R stops its root search at 1e-4, so its estimate and
/// limits differ from these by as much.
///
/// ```
/// use eval_stats::contingency::conditional_odds_ratio;
/// // a can be 0, 1 or 2 with weights 1, 4ψ, ψ²: the mean is 1 for ψ = 1
/// let or = conditional_odds_ratio([[1, 1], [1, 1]], 0.95)?;
/// assert!((or.odds_ratio - 1.0).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level, [`Error::Undefined`] if a margin is 0 (only one table is
/// possible, nothing can be estimated; R says 0), [`Error::TooMany`] beyond 2^53 subjects.
pub fn conditional_odds_ratio(table: [[u64; 2]; 2], level: f64) -> Result<ConditionalOddsRatio> {
    check_level(level)?;
    let m = margins(&[table[0].to_vec(), table[1].to_vec()])?;
    let given = Given::new(m.rows[0], m.rows[1], m.columns[0]);
    if given.low == given.high {
        return Err(Error::Undefined {
            statistic: "the conditional odds ratio",
            reason: "a row or column of the table is empty",
        });
    }
    let a = table[0][0];
    let ln_tail = (0.5 * (1.0 - level)).ln();
    let least = a == given.low;
    let greatest = a == given.high;
    let odds_ratio = if least {
        0.0
    } else if greatest {
        f64::INFINITY
    } else {
        given.solve(|theta| {
            let moments = given.moments(theta);
            (moments.mean - a as f64, moments.variance)
        })
    };
    Ok(ConditionalOddsRatio {
        odds_ratio,
        low: if least {
            0.0
        } else {
            given.solve(|theta| given.ln_tail(theta, a, Side::Above, ln_tail))
        },
        high: if greatest {
            f64::INFINITY
        } else {
            given.solve(|theta| given.ln_tail(theta, a, Side::Below, ln_tail))
        },
        level,
    })
}

/// Which tail of the count.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Below,
    Above,
}

/// The distribution of the first cell given the margins.
pub(super) struct Given {
    first_row: u64,
    second_row: u64,
    first_column: u64,
    /// Least count.
    pub(super) low: u64,
    /// Greatest count.
    pub(super) high: u64,
}

/// Mean and variance of the first cell.
struct Moments {
    mean: f64,
    variance: f64,
}

/// `Σ r_i` and `Σ i r_i`, `Σ i² r_i` over probabilities `r_i` relative to the first, walking away.
struct Walk {
    sum: f64,
    first: f64,
    second: f64,
}

impl Given {
    pub(super) fn new(first_row: u64, second_row: u64, first_column: u64) -> Self {
        Self {
            first_row,
            second_row,
            first_column,
            low: first_column.saturating_sub(second_row),
            high: first_column.min(first_row),
        }
    }

    /// `ln P(x)` for an odds ratio of 1.
    fn ln_p(&self, x: u64) -> f64 {
        ln_hypergeometric(x, self.first_row, self.second_row, self.first_column)
    }

    /// `P(x + 1)/P(x)` for an odds ratio of 1; decreases with `x`.
    fn ratio(&self, x: u64) -> f64 {
        (self.first_row - x) as f64 / (x + 1) as f64 * (self.first_column - x) as f64
            / ((self.second_row + x + 1) - self.first_column) as f64
    }

    /// The likeliest count for the odds ratio `exp(theta)`.
    fn mode(&self, theta: f64) -> u64 {
        // The first x from which the next count is not likelier.
        self.first_where(self.low, self.high, |x| {
            x == self.high || self.ratio(x).ln() + theta <= 0.0
        })
    }

    /// First of `low..=high` for which a condition holds that stays true once it is.
    fn first_where(&self, low: u64, high: u64, holds: impl Fn(u64) -> bool) -> u64 {
        let (mut low, mut high) = (low, high);
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// Sums over `x, x + 1, ...` or `x, x - 1, ...` until the rest does not count.
    fn walk(&self, x: u64, side: Side, theta: f64) -> Walk {
        let odds = theta.exp();
        let (mut term, mut at) = (1.0, x);
        let mut walk = Walk {
            sum: 1.0,
            first: 0.0,
            second: 0.0,
        };
        let mut distance = 0.0;
        loop {
            if side == Side::Above && at < self.high {
                term *= self.ratio(at) * odds;
                at += 1;
            } else if side == Side::Below && at > self.low {
                at -= 1;
                term /= self.ratio(at) * odds;
            } else {
                return walk;
            }
            distance += 1.0;
            walk.sum += term;
            walk.first += distance * term;
            walk.second += distance * distance * term;
            if distance * distance * term <= 1e-18 * walk.sum {
                return walk;
            }
        }
    }

    fn moments(&self, theta: f64) -> Moments {
        let mode = self.mode(theta);
        let up = self.walk(mode, Side::Above, theta);
        let down = self.walk(mode, Side::Below, theta);
        let sum = up.sum + down.sum - 1.0;
        let off = (up.first - down.first) / sum;
        Moments {
            mean: mode as f64 + off,
            variance: (up.second + down.second) / sum - off * off,
        }
    }

    /// `ln P(tail from x on) - target` at the odds ratio `exp(theta)`, and its derivative.
    fn ln_tail(&self, theta: f64, x: u64, side: Side, target: f64) -> (f64, f64) {
        let mode = self.mode(theta);
        let up = self.walk(mode, Side::Above, theta);
        let down = self.walk(mode, Side::Below, theta);
        let sum = up.sum + down.sum - 1.0;
        let mean = mode as f64 + (up.first - down.first) / sum;
        let signed = if side == Side::Above { 1.0 } else { -1.0 };
        let tail = self.walk(x, side, theta);
        let steps = x as f64 - mode as f64;
        let ln_p = self.ln_p(x) - self.ln_p(mode) + theta * steps + (tail.sum / sum).ln();
        let mean_of_tail = x as f64 + signed * tail.first / tail.sum;
        (ln_p.min(0.0) - target, mean_of_tail - mean)
    }

    /// Odds ratio at which a monotone function of its logarithm is 0.
    fn solve(&self, f: impl Fn(f64) -> (f64, f64)) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        let at = |theta: f64| f(theta).0 > 0.0;
        while at(low) == at(high) && high < 700.0 {
            low *= 2.0;
            high *= 2.0;
        }
        bracketed_newton(low, high, 0.0, f).exp()
    }

    /// Logarithm of the probability of all counts that are no likelier than `x` (within a factor of
    /// 1 + 1e-7, as in R).
    pub(super) fn ln_two_sided(&self, x: u64) -> f64 {
        let limit = self.ln_p(x) + 1e-7_f64.ln_1p();
        let mode = self.mode(0.0);
        if self.ln_p(mode) <= limit {
            return 0.0;
        }
        // Counts above the mode get less likely, those below it too.
        let above = (self.ln_p(self.high) <= limit)
            .then(|| self.first_where(mode, self.high, |y| self.ln_p(y) <= limit));
        let below = (self.ln_p(self.low) <= limit)
            .then(|| self.first_where(self.low, mode, |y| self.ln_p(y) > limit) - 1);
        let tail = |at: Option<u64>, side| {
            at.map_or(f64::NEG_INFINITY, |y| {
                self.ln_p(y) + self.walk(y, side, 0.0).sum.ln()
            })
        };
        let (up, down) = (tail(above, Side::Above), tail(below, Side::Below));
        let larger = up.max(down);
        (larger + (up.min(down) - larger).exp().ln_1p()).min(0.0)
    }
}
