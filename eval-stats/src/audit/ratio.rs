//! A ratio (odds, hazard, risk) against its Wald interval and its p-value.

use std::fmt;

use super::finding::{Finding, FindingKind, Severity};
use super::reported::{Reported, ReportedP, Span};
use crate::error::{Error, Result, check_level};
use crate::estimate::{percent, z_of_level};
use crate::special::{normal_quantile, normal_two_sided};

/// Whether a ratio, its Wald interval and its p-value agree.
///
/// ```text
/// limits exp(b ± z s)      b = ln ratio, z the normal quantile of the level, s the standard error
/// so     ratio² = low · high,   s = ln(high/low) / 2z,   P = 2 Φ(-|b|/s)
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OddsRatioAudit {
    /// The printed ratio.
    pub ratio: Reported,
    /// The printed lower limit.
    pub low: Reported,
    /// The printed upper limit.
    pub high: Reported,
    /// The printed p-value.
    pub printed_p: Option<ReportedP>,
    /// Confidence level.
    pub level: f64,
    /// `√(low high)`, which a Wald interval has at the ratio.
    pub geometric_mean: f64,
    /// Standard error of the log ratio that the interval implies.
    pub std_error: f64,
    /// `ln(ratio) / std_error`.
    pub z: f64,
    /// p-value that follows.
    pub p: f64,
    /// Smallest p-value within the rounding of all three numbers, each on its own.
    pub p_low: f64,
    /// Largest p-value within the rounding of all three numbers, each on its own.
    pub p_high: f64,
    /// The p-values of the ratios and limits within rounding that do satisfy `ratio² = low · high`;
    /// `None` if there are none.
    pub p_joint: Option<Span>,
    /// Whether the ratio lies in the middle of its interval on the log scale, within rounding.
    pub interval_agrees: bool,
    /// Whether the ratio lies in its interval at all, within rounding.
    pub interval_contains: bool,
    /// Whether the printed p-value is possible (one of `p_joint`, or of `p_low` to `p_high` if the
    /// interval is not the ratio's); `None` if none was printed.
    pub p_agrees: Option<bool>,
    /// Whether p-value and interval say the same about 1: significant exactly if 1 is outside.
    /// `None` without a p-value, or where rounding leaves it open.
    pub significance_agrees: Option<bool>,
    /// What one number, or both limits, would have to be; empty if everything agrees.
    pub repairs: Vec<RatioRepair>,
}

/// Which printed number a repair replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum RatioPart {
    /// The ratio, from both limits.
    Ratio,
    /// The lower limit, from the ratio and the upper limit.
    LowerLimit,
    /// The upper limit, from the ratio and the lower limit.
    UpperLimit,
    /// Both limits, from the ratio and the p-value.
    BothLimits,
    /// The p-value, from the ratio and its limits.
    PValue,
}

/// What one printed number would have to be for the others to be right.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RatioRepair {
    /// The number replaced; for both limits `value` and `span` are the lower one's.
    pub part: RatioPart,
    /// The value from the other printed numbers as they stand.
    pub value: f64,
    /// Its range within their rounding.
    pub span: Span,
    /// The upper limit and its range, if both limits are replaced.
    pub upper: Option<(f64, Span)>,
    /// Whether everything printed then agrees, the p-value included.
    pub agrees: bool,
}

impl fmt::Display for RatioRepair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, span) = (self.value, self.span);
        match (self.part, self.upper) {
            (RatioPart::BothLimits, Some((upper, range))) => write!(
                f,
                "ratio and P ask for limits {value:.2} and {upper:.2} ({span:.2}; {range:.2})"
            ),
            (RatioPart::PValue, _) => write!(f, "ratio and limits ask for P {}", p_text(span)),
            (RatioPart::Ratio, _) => {
                write!(f, "the limits ask for a ratio of {value:.2} ({span:.2})")
            }
            (RatioPart::UpperLimit, _) => write!(
                f,
                "ratio and lower limit ask for an upper limit of {value:.2} ({span:.2})"
            ),
            (RatioPart::LowerLimit | RatioPart::BothLimits, _) => write!(
                f,
                "ratio and upper limit ask for a lower limit of {value:.2} ({span:.2})"
            ),
        }
    }
}

fn p_text(span: Span) -> String {
    let text = |p: f64| {
        if p == 0.0 {
            "0".to_owned()
        } else if p < 1e-3 {
            format!("{p:.1e}")
        } else {
            format!("{p:.3}")
        }
    };
    let (low, high) = (text(span.low), text(span.high));
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

impl OddsRatioAudit {
    /// The result as findings: the interval, the p-value against it, and both against 1. A ratio
    /// outside its own interval is impossible; an asymmetric interval or another p-value is only
    /// inconsistent, as other methods than Wald's exist.
    pub fn findings(&self, place: &str) -> Vec<Finding> {
        let printed = format!("{} ({}, {})", self.ratio, self.low, self.high);
        let repairs = |wanted: &dyn Fn(&RatioRepair) -> bool| {
            let texts: Vec<String> = self
                .repairs
                .iter()
                .filter(|r| wanted(r))
                .map(|r| {
                    let fits = match (self.printed_p, r.agrees) {
                        (Some(_), false) => ", against the printed P",
                        _ => "",
                    };
                    format!("{r}{fits}")
                })
                .collect();
            texts.join("; ")
        };
        let mut findings = Vec::new();
        let (severity, text) = if self.interval_agrees {
            (
                Severity::Possible,
                format!(
                    "the ratio is in the middle of its {}% interval",
                    percent(self.level)
                ),
            )
        } else if self.interval_contains {
            (
                Severity::Inconsistent,
                format!(
                    "no {}% Wald interval has these limits around this ratio, whose square is the product of its limits",
                    percent(self.level)
                ),
            )
        } else {
            (
                Severity::Impossible,
                "the ratio lies outside its own interval".to_owned(),
            )
        };
        let interval = Finding::new(FindingKind::RatioInterval, severity, place, &printed, text);
        findings.push(if self.interval_agrees {
            interval
        } else {
            interval.recomputed(repairs(&|r| r.part != RatioPart::PValue))
        });
        if let Some(p) = self.printed_p {
            findings.push(self.p_finding(place, &format!("{printed}, P {p}"), p));
        }
        findings
    }

    fn p_finding(&self, place: &str, printed: &str, p: ReportedP) -> Finding {
        let implied = self.p_joint.unwrap_or(Span::new(self.p_low, self.p_high));
        let (severity, text) = match (self.p_agrees, self.significance_agrees) {
            (_, Some(false)) => (
                Severity::Inconsistent,
                format!(
                    "the interval {} 1, but P {p} says the opposite",
                    if self.low.low() < 1.0 && self.high.high() > 1.0 {
                        "includes"
                    } else {
                        "excludes"
                    }
                ),
            ),
            (Some(false), _) => (
                Severity::Inconsistent,
                "the p-value does not follow from the ratio and its limits, whatever was rounded"
                    .to_owned(),
            ),
            _ => (
                Severity::Possible,
                "the p-value can follow from the ratio and its limits".to_owned(),
            ),
        };
        let limits = self
            .repairs
            .iter()
            .find(|r| r.part == RatioPart::BothLimits)
            .filter(|_| severity != Severity::Possible)
            .map_or(String::new(), |r| format!("; {r}"));
        Finding::new(FindingKind::PValue, severity, place, printed, text)
            .recomputed(format!("P {}{limits}", p_text(implied)))
    }
}

impl fmt::Display for OddsRatioAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "interval {}, p between {:.3e} and {:.3e}{}",
            if self.interval_agrees {
                "agrees"
            } else {
                "does not belong to the odds ratio"
            },
            self.p_low,
            self.p_high,
            match self.p_agrees {
                Some(false) => ", the printed p-value is not possible",
                _ => "",
            }
        )
    }
}

/// Allowance for floating point on the log scale and between p-values.
const SLACK: f64 = 1e-9;

/// Checks an odds ratio (or hazard or risk ratio) with a Wald interval on the log scale.
///
/// ```
/// use eval_stats::audit::{odds_ratio, Reported, ReportedP};
/// let two = |v| Reported::new(v, 2);
/// let p = ReportedP::Equal(two(0.04));
/// let found = odds_ratio(two(2.24), two(1.19), two(4.21), Some(p), 0.95)?;
/// assert!(found.interval_agrees);
/// // ln 2.24 = 0.806, ln(4.21/1.19)/3.92 = 0.322: z = 2.50, so P is 0.012.
/// assert_eq!(found.p_agrees, Some(false));
/// assert!((found.p - 0.0123).abs() < 1e-4);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if a number is negative or not finite, if the ratio or the upper limit is
/// zero, if `low >= high`, or for the level.
pub fn odds_ratio(
    or: Reported,
    low: Reported,
    high: Reported,
    p: Option<ReportedP>,
    level: f64,
) -> Result<OddsRatioAudit> {
    check_level(level)?;
    check(or, low, high)?;
    let scale = Scale::new(or, low, high, level);
    let z = scale.z_at(
        or.value.max(f64::MIN_POSITIVE).ln(),
        floor_ln(low.value),
        high.value.ln(),
    );
    let (p_low, p_high) = scale.p_of_corners();
    let p_joint = scale.p_joint();
    let interval_agrees = p_joint.is_some();
    let p_agrees = p.map(|p| p.meets(p_joint.unwrap_or(Span::new(p_low, p_high))));
    let mut audit = OddsRatioAudit {
        ratio: or,
        low,
        high,
        printed_p: p,
        level,
        geometric_mean: (0.5 * (floor_ln(low.value) + high.value.ln())).exp(),
        std_error: (high.value.ln() - floor_ln(low.value)) / scale.width,
        z,
        p: normal_two_sided(z),
        p_low,
        p_high,
        p_joint,
        interval_agrees,
        interval_contains: or.high() >= low.low() - SLACK && or.low() <= high.high() + SLACK,
        p_agrees,
        significance_agrees: p.and_then(|p| significance(p, low, high, level)),
        repairs: Vec::new(),
    };
    if !interval_agrees || p_agrees == Some(false) {
        audit.repairs = scale.repairs(p, interval_agrees);
    }
    Ok(audit)
}

fn check(or: Reported, low: Reported, high: Reported) -> Result<()> {
    for (name, r, least) in [
        ("odds ratio", or, or.half_unit.min(f64::MIN_POSITIVE)),
        ("lower limit", low, 0.0),
        ("upper limit", high, f64::MIN_POSITIVE),
    ] {
        if !(r.value >= least && r.value.is_finite()) {
            return Err(Error::OutOfRange {
                name,
                value: r.value,
                expected: "a positive number",
            });
        }
    }
    if low.value >= high.value {
        return Err(Error::OutOfRange {
            name: "lower limit",
            value: low.value,
            expected: "a number below the upper limit",
        });
    }
    Ok(())
}

/// Whether P and interval agree about 1, where both are clear.
fn significance(p: ReportedP, low: Reported, high: Reported, level: f64) -> Option<bool> {
    let alpha = 1.0 - level;
    let p = p.span();
    let significant = if p.high < alpha - SLACK || (p.high <= alpha && p.low < alpha) {
        true
    } else if p.low > alpha + SLACK {
        false
    } else {
        return None;
    };
    let excluded = if low.low() > 1.0 + SLACK || high.high() < 1.0 - SLACK {
        true
    } else if low.high() < 1.0 - SLACK && high.low() > 1.0 + SLACK {
        false
    } else {
        return None;
    };
    Some(significant == excluded)
}

/// A limit printed as 0.00 may be anything down to 0.
fn floor_ln(v: f64) -> f64 {
    v.max(f64::MIN_POSITIVE).ln()
}

/// The ranges of the three numbers as logarithms.
struct Scale {
    or: (f64, f64),
    low: (f64, f64),
    high: (f64, f64),
    values: (f64, f64, f64),
    /// Twice the normal quantile: the length of the interval in standard errors.
    width: f64,
}

impl Scale {
    fn new(or: Reported, low: Reported, high: Reported, level: f64) -> Self {
        let ends = |r: Reported| (floor_ln(r.low()), floor_ln(r.high()));
        Self {
            or: ends(or),
            low: ends(low),
            high: ends(high),
            values: (
                floor_ln(or.value),
                floor_ln(low.value),
                floor_ln(high.value),
            ),
            width: 2.0 * z_of_level(level),
        }
    }

    /// The statistic; infinite where limits that round to neighbors touch.
    fn z_at(&self, or: f64, low: f64, high: f64) -> f64 {
        if high > low {
            or / ((high - low) / self.width)
        } else if or == 0.0 {
            0.0
        } else {
            f64::INFINITY
        }
    }

    fn corners(&self) -> impl Iterator<Item = (f64, f64)> + use<> {
        let (low, high) = (self.low, self.high);
        [low.0, low.1]
            .into_iter()
            .flat_map(move |u| [(u, high.0), (u, high.1)])
    }

    /// Smallest and largest p-value if the three numbers are free within their rounding.
    fn p_of_corners(&self) -> (f64, f64) {
        let (mut p_low, mut p_high) = (f64::INFINITY, 0.0_f64);
        for (u, v) in self.corners() {
            for m in [self.or.0, self.or.1] {
                let p = if v > u {
                    normal_two_sided(self.z_at(m, u, v))
                } else {
                    0.0
                };
                p_low = p_low.min(p);
                p_high = p_high.max(p);
            }
        }
        if self.or.0 <= 0.0 && self.or.1 >= 0.0 {
            p_high = 1.0;
        }
        (p_low, p_high)
    }

    /// p-values over the polygon of limits `(u, v)` whose middle is within the ratio's rounding.
    /// The statistic is a ratio of linear functions, so its extremes are at the corners.
    fn p_joint(&self) -> Option<Span> {
        let strip = (2.0 * self.or.0, 2.0 * self.or.1);
        let inside = |u: f64, v: f64| u + v >= strip.0 - SLACK && u + v <= strip.1 + SLACK;
        let mut vertices: Vec<(f64, f64)> = self.corners().filter(|&(u, v)| inside(u, v)).collect();
        for sum in [strip.0, strip.1] {
            for u in [self.low.0, self.low.1] {
                vertices.push((u, sum - u));
            }
            for v in [self.high.0, self.high.1] {
                vertices.push((sum - v, v));
            }
        }
        vertices.retain(|&(u, v)| {
            let within = |x: f64, (a, b): (f64, f64)| x >= a - SLACK && x <= b + SLACK;
            within(u, self.low) && within(v, self.high)
        });
        let p = Span::of(
            vertices
                .iter()
                .map(|&(u, v)| normal_two_sided(self.z_at(0.5 * (u + v), u, v))),
        )?;
        let middle = Span::of(vertices.iter().map(|&(u, v)| u + v))?;
        let crosses = middle.low <= SLACK && middle.high >= -SLACK;
        Some(if crosses { Span::new(p.low, 1.0) } else { p })
    }

    /// What each number would have to be if the others are right.
    fn repairs(&self, p: Option<ReportedP>, interval_agrees: bool) -> Vec<RatioRepair> {
        let mut repairs = if interval_agrees {
            Vec::from_iter(self.repaired_p())
        } else {
            self.repaired_numbers(p)
        };
        if let Some(ReportedP::Equal(p)) = p {
            repairs.extend(self.limits_from_p(p));
        }
        repairs
    }

    /// The p-value of a ratio in the middle of its interval.
    fn repaired_p(&self) -> Option<RatioRepair> {
        let (m, u, v) = self.values;
        Some(RatioRepair {
            part: RatioPart::PValue,
            value: normal_two_sided(self.z_at(m, u, v)),
            span: self.p_joint()?,
            upper: None,
            agrees: true,
        })
    }

    /// The ratio or the limit that puts the ratio in the middle.
    fn repaired_numbers(&self, p: Option<ReportedP>) -> Vec<RatioRepair> {
        let (m, u, v) = self.values;
        let (or, low, high) = (self.or, self.low, self.high);
        let middle = (0.5 * (low.0 + high.0), 0.5 * (low.1 + high.1));
        let lower = (2.0 * or.0 - high.1, (2.0 * or.1 - high.0).min(or.1));
        let upper = ((2.0 * or.0 - low.1).max(or.0), 2.0 * or.1 - low.0);
        let at = |or, low, high| Self {
            or,
            low,
            high,
            ..*self
        };
        [
            (
                RatioPart::Ratio,
                0.5 * (u + v),
                middle,
                at(middle, low, high),
            ),
            (
                RatioPart::LowerLimit,
                2.0 * m - v,
                lower,
                at(or, lower, high),
            ),
            (
                RatioPart::UpperLimit,
                2.0 * m - u,
                upper,
                at(or, low, upper),
            ),
        ]
        .into_iter()
        .filter(|&(part, value, ends, _)| {
            // A limit on the wrong side of the ratio is no repair.
            let possible = match part {
                RatioPart::LowerLimit => value < m,
                RatioPart::UpperLimit => value > m,
                _ => true,
            };
            possible && ends.0 <= ends.1
        })
        .map(|(part, value, ends, repaired)| RatioRepair {
            part,
            value: value.exp(),
            span: Span::new(ends.0.exp(), ends.1.exp()),
            upper: None,
            agrees: repaired
                .p_joint()
                .is_some_and(|joint| p.is_none_or(|p| p.meets(joint))),
        })
        .collect()
    }

    /// Limits from the ratio and its p-value: `ln ratio ± (width/2) |ln ratio| / z_p`. None for a
    /// ratio that rounds to 1 or a p-value that rounds to 0 or 1.
    fn limits_from_p(&self, p: Reported) -> Option<RatioRepair> {
        let crosses = self.or.0 <= 0.0 && self.or.1 >= 0.0;
        if crosses || !(p.low() > 0.0 && p.high() < 1.0) {
            return None;
        }
        let half = |m: f64, p: f64| 0.5 * self.width * m.abs() / -normal_quantile(0.5 * p);
        let m = self.values.0;
        let ends = [self.or.0, self.or.1]
            .into_iter()
            .flat_map(|m| [(m, half(m, p.low())), (m, half(m, p.high()))]);
        let lower = Span::of(ends.clone().map(|(m, h)| (m - h).exp()))?;
        let upper = Span::of(ends.map(|(m, h)| (m + h).exp()))?;
        let h = half(m, p.value);
        Some(RatioRepair {
            part: RatioPart::BothLimits,
            value: (m - h).exp(),
            span: lower,
            upper: Some(((m + h).exp(), upper)),
            agrees: true,
        })
    }
}
