//! The share of events that rates imply, without any count.

use std::fmt;

use super::counts::ReportedRates;
use super::finding::{Finding, FindingKind, Severity};
use super::reported::Span;

/// Shares of events that each rate asks for, given sensitivity `s` and specificity `c`.
///
/// ```text
/// accuracy A = s π + c (1-π)                    π = (A - c)/(s - c)
/// PPV      V = s π / (s π + (1-c)(1-π))         odds π/(1-π) = V (1-c) / ((1-V) s)
/// NPV      W = c (1-π) / (c (1-π) + (1-s) π)    odds π/(1-π) = (1-W) c / (W (1-s))
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PrevalenceAudit {
    /// The rates.
    pub rates: ReportedRates,
    /// From the accuracy; `None` if not printed.
    pub from_accuracy: Option<Prevalence>,
    /// From the positive predictive value; `None` if not printed.
    pub from_ppv: Option<Prevalence>,
    /// From the negative predictive value; `None` if not printed.
    pub from_npv: Option<Prevalence>,
}

/// What one rate asks of the share of events.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Prevalence {
    /// It lies in this range.
    In(Span),
    /// No share of events gives the rate: the accuracy is not between sensitivity and specificity.
    Never,
}

impl PrevalenceAudit {
    /// The share of events that all printed rates allow; `None` if they contradict each other.
    pub fn common(&self) -> Option<Span> {
        [self.from_accuracy, self.from_ppv, self.from_npv]
            .into_iter()
            .flatten()
            .try_fold(Span::new(0.0, 1.0), |common, p| match p {
                Prevalence::In(span) => common.intersect(&span),
                Prevalence::Never => None,
            })
    }

    /// The result as a finding: impossible if the rates contradict each other at any prevalence.
    pub fn finding(&self, place: &str) -> Finding {
        let finding = |severity, text: String| {
            Finding::new(
                FindingKind::Prevalence,
                severity,
                place,
                self.rates.to_string(),
                text,
            )
        };
        if let Some(common) = self.common() {
            return finding(
                Severity::Possible,
                "one share of events gives all of these rates".to_owned(),
            )
            .recomputed(format!("prevalence {common:.3}"));
        }
        let asks: Vec<String> = [
            ("accuracy", self.from_accuracy),
            ("PPV", self.from_ppv),
            ("NPV", self.from_npv),
        ]
        .into_iter()
        .filter_map(|(name, p)| {
            p.map(|p| match p {
                Prevalence::In(span) => format!("{name} asks for {span:.3}"),
                Prevalence::Never => format!("{name} for none at all"),
            })
        })
        .collect();
        finding(
            Severity::Impossible,
            format!(
                "with these sensitivity and specificity no share of events gives the other rates: {}",
                asks.join(", ")
            ),
        )
    }
}

impl fmt::Display for PrevalenceAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.common() {
            Some(common) => write!(f, "prevalence {common:.3}"),
            None => f.write_str("no prevalence gives these rates"),
        }
    }
}

/// The share of events that accuracy and predictive values imply, by sensitivity and specificity
/// alone, so that rows without counts can be checked. Rounding of all rates is allowed for.
///
/// `None` if sensitivity or specificity is not printed.
///
/// ```
/// use eval_stats::audit::{prevalence_from_rates, Reported, ReportedRates};
/// let mut rates = ReportedRates {
///     accuracy: Some(Reported::new(75.0, 1)),
///     sensitivity: Some(Reported::new(80.0, 1)),
///     specificity: Some(Reported::new(70.0, 1)),
///     ..ReportedRates::default()
/// };
/// let half = prevalence_from_rates(&rates).and_then(|p| p.common()).expect("printed");
/// assert!(half.contains(0.5) && !half.contains(0.52));
/// // An accuracy is a mean of the two.
/// rates.accuracy = Some(Reported::new(80.4, 1));
/// assert_eq!(prevalence_from_rates(&rates).and_then(|p| p.common()), None);
/// ```
pub fn prevalence_from_rates(rates: &ReportedRates) -> Option<PrevalenceAudit> {
    let share = |span: Span| {
        Span::new(
            (span.low / 100.0).clamp(0.0, 1.0),
            (span.high / 100.0).clamp(0.0, 1.0),
        )
    };
    let s = share(rates.sensitivity?.span());
    let c = share(rates.specificity?.span());
    Some(PrevalenceAudit {
        rates: *rates,
        from_accuracy: rates.accuracy.map(|a| by_accuracy(share(a.span()), s, c)),
        from_ppv: rates
            .ppv
            .map(|v| by_odds(share(v.span()), s, Span::new(1.0 - c.high, 1.0 - c.low))),
        from_npv: rates.npv.map(|w| {
            let events = by_odds(share(w.span()), c, Span::new(1.0 - s.high, 1.0 - s.low));
            match events {
                Prevalence::In(p) => Prevalence::In(Span::new(1.0 - p.high, 1.0 - p.low)),
                Prevalence::Never => Prevalence::Never,
            }
        }),
    })
}

/// Allowance for floating point at the ends of ranges.
const SLACK: f64 = 1e-9;

/// `π` with `A = s π + c (1-π)` for some `A`, `s`, `c` of their ranges: at each `π` the right side
/// covers a range whose two ends are straight lines in `π`.
fn by_accuracy(a: Span, s: Span, c: Span) -> Prevalence {
    // c.low + (s.low - c.low) π <= a.high, and c.high + (s.high - c.high) π >= a.low.
    let below = half_line(s.low - c.low, a.high - c.low + SLACK);
    let above = half_line(c.high - s.high, c.high - a.low + SLACK);
    match below.zip(above).and_then(|(b, a)| b.intersect(&a)) {
        Some(span) => Prevalence::In(span),
        None => Prevalence::Never,
    }
}

/// The `π` of `[0, 1]` with `slope π <= bound`.
fn half_line(slope: f64, bound: f64) -> Option<Span> {
    let unit = Span::new(0.0, 1.0);
    if slope == 0.0 {
        return (bound >= 0.0).then_some(unit);
    }
    let at = bound / slope;
    unit.intersect(&if slope > 0.0 {
        Span::new(f64::NEG_INFINITY, at)
    } else {
        Span::new(at, f64::INFINITY)
    })
}

/// `π` with `v = hit π / (hit π + alarm (1-π))`: odds `v alarm / ((1-v) hit)`.
fn by_odds(v: Span, hit: Span, alarm: Span) -> Prevalence {
    let low = odds_share(v.low * alarm.low, (1.0 - v.low) * hit.high);
    let high = odds_share(v.high * alarm.high, (1.0 - v.high) * hit.low);
    // 0 to 0 is undefined: such a rate says nothing.
    match (low, high) {
        (Some(low), Some(high)) => Prevalence::In(Span::new(low - SLACK, high + SLACK)),
        (low, high) => Prevalence::In(Span::new(
            low.unwrap_or(0.0) - SLACK,
            high.unwrap_or(1.0) + SLACK,
        )),
    }
}

fn odds_share(for_events: f64, against: f64) -> Option<f64> {
    let sum = for_events + against;
    (sum > 0.0).then(|| for_events / sum)
}
