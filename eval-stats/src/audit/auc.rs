//! Which method a printed AUC interval is compatible with.

use std::fmt;

use super::finding::{Finding, FindingKind, Severity};
use super::reported::{Reported, Span};
use crate::auc_interval::{binomial_exact_limits, hanley_mcneil_limits};
use crate::error::{Error, Result};
use crate::estimate::{percent, z_of_level};
use crate::special::logit;

/// Which methods a printed AUC interval is compatible with, each with the AUCs within the printed
/// one's rounding for which both limits round to the printed ones; `None` if there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AucIntervalAudit {
    /// The printed AUC.
    pub auc: Reported,
    /// The printed lower limit.
    pub low: Reported,
    /// The printed upper limit.
    pub high: Reported,
    /// Number of events.
    pub n_events: usize,
    /// Number of non-events.
    pub n_non_events: usize,
    /// Confidence level.
    pub level: f64,
    /// Clopper-Pearson with `AUC · n` successes of `n` (MedCalc's "binomial exact").
    pub binomial_exact: Option<Span>,
    /// Hanley and McNeil's.
    pub hanley_mcneil: Option<Span>,
    /// Any `AUC ± z s`, clipped to `[0, 1]`, with a standard error that these counts allow (DeLong,
    /// normal bootstrap).
    pub symmetric: Option<Span>,
    /// Any `logit AUC ± z s` (logit DeLong); the standard error on the scale of the AUC must be one
    /// that the counts allow.
    pub logit_symmetric: Option<Span>,
    /// AUCs whose binomial-exact lower limit is the printed one, whatever AUC is printed.
    pub auc_of_low: Option<Span>,
    /// AUCs whose binomial-exact upper limit is the printed one, whatever AUC is printed.
    pub auc_of_high: Option<Span>,
    /// Whether the AUC lies in its interval at all, within rounding.
    pub interval_contains: bool,
}

impl AucIntervalAudit {
    /// Names of the methods that fit.
    pub fn fitting(&self) -> Vec<&'static str> {
        self.methods()
            .into_iter()
            .filter(|m| m.1.is_some())
            .map(|m| m.0)
            .collect()
    }

    fn methods(&self) -> [(&'static str, Option<Span>); 4] {
        [
            ("binomial exact", self.binomial_exact),
            ("Hanley-McNeil", self.hanley_mcneil),
            ("symmetric (as DeLong)", self.symmetric),
            ("symmetric logit", self.logit_symmetric),
        ]
    }

    /// The result as a finding. Outside its own interval is impossible; compatible with no method
    /// is inconsistent, as asymmetric bootstrap intervals exist.
    pub fn finding(&self, place: &str) -> Finding {
        let printed = format!("{} ({}-{})", self.auc, self.low, self.high);
        let fitting = self.fitting();
        let (severity, text) = if !self.interval_contains {
            (
                Severity::Impossible,
                "the AUC lies outside its own interval".to_owned(),
            )
        } else if fitting.is_empty() {
            (
                Severity::Inconsistent,
                format!(
                    "no {}% interval without data fits these limits: not binomial exact, Hanley-McNeil, symmetric or symmetric logit",
                    percent(self.level)
                ),
            )
        } else {
            (Severity::Possible, format!("fits {}", fitting.join(", ")))
        };
        let finding = Finding::new(FindingKind::AucInterval, severity, place, printed, text);
        if self.binomial_exact.is_some() {
            return finding;
        }
        let aucs = |span: Option<Span>| span.map_or("none".to_owned(), |s| format!("{s:.3}"));
        let finding = finding.recomputed(format!(
            "binomial exact: the lower limit belongs to an AUC of {}, the upper to {}",
            aucs(self.auc_of_low),
            aucs(self.auc_of_high)
        ));
        let explanation = if severity == Severity::Possible {
            format!("{}; not binomial exact", finding.explanation)
        } else {
            finding.explanation
        };
        Finding {
            explanation,
            ..finding
        }
    }
}

impl fmt::Display for AucIntervalAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, (name, fit)) in self.methods().into_iter().enumerate() {
            let word = if fit.is_some() {
                "fits"
            } else {
                "does not fit"
            };
            write!(f, "{}{name} {word}", if k == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Checks a printed AUC and interval against the methods that need no data.
///
/// The symmetric methods need a standard error, which is not printed; it is bounded by the counts:
/// DeLong's variance is at most `A(1-A) (1/(n1-1) + 1/(n0-1))`, as no placement leaves `[0, 1]`.
///
/// ```
/// use eval_stats::audit::{auc_interval, Reported};
/// let two = |v| Reported::new(v, 2);
/// let found = auc_interval(two(0.92), two(0.85), two(0.96), 72, 34, 0.95)?;
/// assert_eq!(found.fitting(), ["binomial exact", "symmetric logit"]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a number outside `[0, 1]`, if `low > high`, or for the level,
/// [`Error::TooFewPerClass`] without events or non-events.
pub fn auc_interval(
    auc: Reported,
    low: Reported,
    high: Reported,
    n_events: usize,
    n_non_events: usize,
    level: f64,
) -> Result<AucIntervalAudit> {
    hanley_mcneil_limits(auc.value, n_events, n_non_events, level)?;
    for (name, r, most) in [("lower limit", low, high.value), ("upper limit", high, 1.0)] {
        if !(r.value >= 0.0 && r.value <= most) {
            return Err(Error::OutOfRange {
                name,
                value: r.value,
                expected: "ascending limits in [0, 1]",
            });
        }
    }
    let n = n_events.saturating_add(n_non_events);
    let all = Span::new(0.0, 1.0);
    let printed = auc.span().intersect(&all);
    // The level and the counts were checked above, and only AUCs in [0, 1] are asked for.
    let exact = |a: f64| binomial_exact_limits(a, n, level).unwrap_or((a, a));
    let hanley = |a: f64| hanley_mcneil_limits(a, n_events, n_non_events, level).unwrap_or((a, a));
    let both = |limits: &dyn Fn(f64) -> (f64, f64)| {
        let of_low = preimage(|a| limits(a).0, low)?;
        let of_high = preimage(|a| limits(a).1, high)?;
        printed?.intersect(&of_low)?.intersect(&of_high)
    };
    let widest = |a: f64| {
        let share = |n: usize| 1.0 / (n as f64 - 1.0);
        z_of_level(level) * (a * (1.0 - a) * (share(n_events) + share(n_non_events))).sqrt()
    };
    Ok(AucIntervalAudit {
        auc,
        low,
        high,
        n_events,
        n_non_events,
        level,
        binomial_exact: both(&exact),
        hanley_mcneil: both(&hanley),
        symmetric: printed.and_then(|p| symmetric(p, low, high, &widest)),
        logit_symmetric: printed.and_then(|p| logit_symmetric(p, low, high, &widest)),
        auc_of_low: preimage(|a| exact(a).0, low),
        auc_of_high: preimage(|a| exact(a).1, high),
        interval_contains: auc.high() >= low.low() && auc.low() <= high.high(),
    })
}

/// The AUCs whose limit, which grows with the AUC, rounds to the printed one.
fn preimage(limit: impl Fn(f64) -> f64, printed: Reported) -> Option<Span> {
    use std::cmp::Ordering::{Greater, Less};
    let is = |a: f64, what| printed.place(limit(a)) == Some(what);
    if is(0.0, Greater) || is(1.0, Less) {
        return None;
    }
    let first = bisect(|a| is(a, Less));
    let last = bisect(|a| !is(a, Greater));
    let span = Span::new(first.1, last.0);
    (first.1 <= last.0).then_some(span)
}

/// The last point of `[0, 1]` where a condition still holds and the first where it no longer does;
/// equal where there is no change.
fn bisect(holds: impl Fn(f64) -> bool) -> (f64, f64) {
    let (mut low, mut high) = (0.0, 1.0);
    if !holds(low) {
        return (0.0, 0.0);
    }
    if holds(high) {
        return (1.0, 1.0);
    }
    while high - low > 1e-15 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, high)
}

/// Steps in which the range of an AUC is searched for symmetric intervals.
const STEPS: u32 = 2000;

/// The AUCs of a range for which a condition holds, on a fine grid that includes the ends.
fn grid(range: Span, holds: impl Fn(f64) -> bool) -> Option<Span> {
    Span::of(
        (0..=STEPS)
            .map(|k| {
                let share = f64::from(k) / f64::from(STEPS);
                range.low + share * (range.high - range.low)
            })
            .filter(|&a| holds(a)),
    )
}

/// Allowance for floating point where ranges touch.
const SLACK: f64 = 1e-12;

/// Half widths `w` with `max(a - w, 0)` and `min(a + w, 1)` in the limits' ranges.
fn symmetric(
    printed: Span,
    low: Reported,
    high: Reported,
    widest: &dyn Fn(f64) -> f64,
) -> Option<Span> {
    grid(printed, |a| {
        let from_low = Span::new(
            a - low.high(),
            if low.low() <= 0.0 {
                f64::INFINITY
            } else {
                a - low.low()
            },
        );
        let from_high = Span::new(
            high.low() - a,
            if high.high() >= 1.0 {
                f64::INFINITY
            } else {
                high.high() - a
            },
        );
        let least = from_low.low.max(from_high.low).max(0.0);
        let most = from_low.high.min(from_high.high).min(bound(widest(a)));
        least <= most + SLACK
    })
}

/// Half widths `w` on the logit scale with both limits in their ranges. The standard error of the
/// AUC that belongs to `w` is `a(1-a) w/z`.
fn logit_symmetric(
    printed: Span,
    low: Reported,
    high: Reported,
    widest: &dyn Fn(f64) -> f64,
) -> Option<Span> {
    let at = |x: f64| logit(x.clamp(0.0, 1.0));
    grid(printed, |a| {
        if a <= 0.0 || a >= 1.0 {
            return false;
        }
        let least = (at(a) - at(low.high()))
            .max(at(high.low()) - at(a))
            .max(0.0);
        let most = (at(a) - at(low.low())).min(at(high.high()) - at(a));
        let limit = bound(widest(a)) / (a * (1.0 - a));
        least <= most.min(limit) + SLACK
    })
}

/// One subject of a class gives no bound (and no variance).
fn bound(widest: f64) -> f64 {
    if widest.is_nan() {
        f64::INFINITY
    } else {
        widest
    }
}
