//! The unpaired test.

use super::{TieBreak, VenkatramanTest, random_ranks, ranks};
use crate::bootstrap::Bootstrap;
use crate::delong::Pairing;
use crate::error::Result;
use crate::r_rng::RRng;
use crate::scored::Scored;
use crate::sort::ascending_order;

/// How the unpaired statistic is computed and its permutations are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum UnpairedRule {
    /// By the definition: exact integral, permutations on the common scale of both samples.
    #[default]
    Mixture,
    /// As pROC 1.18, see [Differences](super#differences).
    Proc,
}

/// Compares two models on independent subjects at every operating point.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::venkatraman::{TieBreak, UnpairedRule, compare_unpaired};
/// let y = [false, false, true, true];
/// let a = Scored::new(&[1.0, 2.0, 3.0, 4.0], &y)?;
/// let b = Scored::new(&[2.0, 3.0, 1.0, 4.0], &y)?;
/// let (settings, ties) = (Bootstrap::new(), TieBreak::First);
/// let test = compare_unpaired(&a, &b, &settings, ties, UnpairedRule::Mixture)?;
/// // Errors at p = 0, 1/4 … 1: 1/2 1/4 0 1/4 1/2 against 1/2 3/4 1/2 1/4 1/2.
/// assert!((test.statistic - 0.25).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 permutations.
pub fn compare_unpaired(
    a: &Scored,
    b: &Scored,
    permutations: &Bootstrap,
    ties: TieBreak,
    rule: UnpairedRule,
) -> Result<VenkatramanTest> {
    let events = (a.n_events() + b.n_events()) as f64;
    let n = match rule {
        UnpairedRule::Mixture => a.n() + b.n(),
        UnpairedRule::Proc => 2 * a.n(),
    };
    let design = Design {
        outcomes: [a.outcomes(), b.outcomes()],
        kappa: events / n as f64,
        ties,
        rule,
    };
    let prepare = |rng: &mut RRng| {
        let ranks = [ranks(a, ties, rng), ranks(b, ties, rng)];
        (design.statistic(&ranks), design.places(ranks))
    };
    let ((statistic, _), permuted) = permutations.run_after(
        prepare,
        || (),
        |(_, places), rng, ()| design.permuted(places, rng),
    )?;
    // Areas that are equal by the definition can differ by rounding.
    let least = match rule {
        UnpairedRule::Mixture => statistic * (1.0 - 1e-10),
        UnpairedRule::Proc => statistic,
    };
    Ok(VenkatramanTest {
        statistic,
        ..VenkatramanTest::new(Pairing::Unpaired, least, &permuted, ties)
    })
}

struct Design<'a> {
    outcomes: [&'a [bool]; 2],
    kappa: f64,
    ties: TieBreak,
    rule: UnpairedRule,
}

/// Where a subject stands before it is jittered, and how far the jitter reaches.
#[derive(Default)]
struct Place {
    center: f64,
    width: f64,
}

impl Design<'_> {
    /// Places that are exchanged: ranks, or the middle of the subject's step on the scale `p`.
    fn places(&self, ranks: [Vec<f64>; 2]) -> [Vec<Place>; 2] {
        let [first, second] = ranks;
        [
            self.sample_places(&first, self.outcomes[0]),
            self.sample_places(&second, self.outcomes[1]),
        ]
    }

    fn sample_places(&self, ranks: &[f64], outcomes: &[bool]) -> Vec<Place> {
        if self.rule == UnpairedRule::Proc {
            let unit = |&center: &f64| Place { center, width: 1.0 };
            return ranks.iter().map(unit).collect();
        }
        let n1 = outcomes.iter().filter(|&&y| y).count();
        // Weight of one event and of one non-event on the scale p.
        let event = self.kappa / n1 as f64;
        let non_event = (1.0 - self.kappa) / (outcomes.len() - n1) as f64;
        let mut places: Vec<Place> = Vec::new();
        places.resize_with(ranks.len(), Place::default);
        let (mut events_seen, mut others_seen) = (0.0, 0.0);
        for &i in &ascending_order(ranks) {
            let i = i as usize;
            let start = events_seen * event + others_seen * non_event;
            let width = if outcomes[i] {
                events_seen += 1.0;
                event
            } else {
                others_seen += 1.0;
                non_event
            };
            places[i] = Place {
                center: start + 0.5 * width,
                width,
            };
        }
        places
    }

    fn permuted(&self, places: &[Vec<Place>; 2], rng: &mut RRng) -> f64 {
        let mut values: [Vec<f64>; 2] = [&places[0], &places[1]].map(|sample| {
            let jittered = sample.iter();
            jittered
                .map(|p| p.center + rng.uniform() * p.width - 0.5 * p.width)
                .collect()
        });
        for class in [false, true] {
            let members = |k: usize| {
                let outcomes = self.outcomes[k];
                (0..outcomes.len()).filter(move |&i| outcomes[i] == class)
            };
            let pool: Vec<f64> = (0..2)
                .flat_map(|k| members(k).map(move |i| (k, i)))
                .map(|(k, i)| values[k][i])
                .collect();
            let mut dealt = rng.permutation(pool.len()).into_iter().map(|j| pool[j]);
            for (k, sample) in values.iter_mut().enumerate() {
                for (i, value) in members(k).zip(&mut dealt) {
                    sample[i] = value;
                }
            }
        }
        if self.ties == TieBreak::Random {
            values = values.map(|v| random_ranks(&v, rng));
        }
        self.statistic(&values)
    }

    fn statistic(&self, values: &[Vec<f64>; 2]) -> f64 {
        let curves = [0, 1].map(|k| self.errors(&values[k], self.outcomes[k]));
        match self.rule {
            UnpairedRule::Mixture => exact_area(&curves[0], &curves[1]),
            UnpairedRule::Proc => trapezoid_area(&curves[0], &curves[1]),
        }
    }

    /// `(p, e)` after every subject by increasing value, and for the definition also before the
    /// first.
    fn errors(&self, values: &[f64], outcomes: &[bool]) -> Vec<(f64, f64)> {
        let n1 = outcomes.iter().filter(|&&y| y).count() as f64;
        let n0 = outcomes.len() as f64 - n1;
        let (mut events, mut others) = (0.0, 0.0);
        let point = |events: f64, others: f64| {
            let (f, g) = (events / n1, others / n0);
            let (k, rest) = (self.kappa, 1.0 - self.kappa);
            (k * f + rest * g, k * f + rest * (1.0 - g))
        };
        let mut curve = Vec::with_capacity(values.len() + 1);
        if self.rule == UnpairedRule::Mixture {
            curve.push(point(0.0, 0.0));
        }
        for &i in &ascending_order(values) {
            if outcomes[i as usize] {
                events += 1.0;
            } else {
                others += 1.0;
            }
            curve.push(point(events, others));
        }
        if self.rule == UnpairedRule::Proc {
            curve = monotone(curve);
        }
        curve
    }
}

/// Knots by increasing place, equal places averaged: pROC's `κ` can reach 1 and beyond, where the
/// places do not increase.
fn monotone(mut curve: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    let groups = curve.chunk_by(|a, b| a.0 == b.0);
    groups
        .map(|g| {
            let (x, y) = g[0];
            // From the first on, so that equal heights average to themselves.
            (
                x,
                y + g.iter().map(|k| k.1 - y).sum::<f64>() / g.len() as f64,
            )
        })
        .collect()
}

/// Differences of two piecewise linear curves at the knots of both where both are defined, by
/// increasing place.
fn differences(a: &[(f64, f64)], b: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (mut at_a, mut at_b) = (0, 0);
    let mut found = Vec::with_capacity(a.len() + b.len());
    while at_a < a.len() || at_b < b.len() {
        let from_a = at_b == b.len() || (at_a < a.len() && a[at_a].0 <= b[at_b].0);
        let x = if from_a { a[at_a].0 } else { b[at_b].0 };
        if let (Some(ya), Some(yb)) = (height(a, at_a, x), height(b, at_b, x)) {
            found.push((x, ya - yb));
        }
        if from_a {
            at_a += 1;
        } else {
            at_b += 1;
        }
    }
    found
}

/// Height of a curve at `x`, `next` being its first knot that was not passed.
fn height(curve: &[(f64, f64)], next: usize, x: f64) -> Option<f64> {
    let passed = next.checked_sub(1).map(|i| curve[i]);
    if let Some((x0, y0)) = passed
        && x0 == x
    {
        return Some(y0);
    }
    let &(x1, y1) = curve.get(next)?;
    if x1 == x {
        return Some(y1);
    }
    let (x0, y0) = passed?;
    Some(y0 + (y1 - y0) * ((x - x0) / (x1 - x0)))
}

/// The trapezoid rule on `|a - b|`. R adds up in extended precision, which decides whether two
/// equal areas compare as equal: the rounding errors of the sum are carried along.
fn trapezoid_area(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for w in differences(a, b).windows(2) {
        let piece = ((w[1].1.abs() + w[0].1.abs()) * (w[1].0 - w[0].0)) / 2.0;
        let next = sum + piece;
        lost += if sum.abs() >= piece.abs() {
            (sum - next) + piece
        } else {
            (piece - next) + sum
        };
        sum = next;
    }
    sum + lost
}

/// `∫ |a - b|`, split where the curves cross.
fn exact_area(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let knots = differences(a, b);
    let pieces = knots.windows(2);
    pieces
        .map(|w| {
            let ((x0, d0), (x1, d1)) = (w[0], w[1]);
            let width = x1 - x0;
            if d0 * d1 < 0.0 {
                // Two triangles that meet at the crossing.
                0.5 * width * (d0 * d0 + d1 * d1) / (d0 - d1).abs()
            } else {
                0.5 * width * (d0 + d1).abs()
            }
        })
        .sum()
}
