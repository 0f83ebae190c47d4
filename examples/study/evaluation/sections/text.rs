//! Numbers and reasons as the tables of the report print them.

use eval_stats::Estimate;
use eval_stats::confusion::ClassificationMetrics;
use eval_stats::proportion::Proportion;

use super::super::Known;
use super::super::strata::reason;
use crate::labels::readable;

/// A cell without a value.
pub(super) const NOTHING: &str = "\u{2013}";

pub(super) fn known<T>(value: &Known<T>, show: impl Fn(&T) -> String) -> String {
    value.as_ref().map_or(NOTHING.to_owned(), show)
}

pub(super) fn owned<T>(value: &Known<T>) -> String {
    reason(value).unwrap_or_default().to_owned()
}

/// The reasons of empty cells, each with where it holds, as sentences with a leading blank.
pub(super) fn notes<'a>(rows: impl Iterator<Item = (&'a str, &'a str, String)>) -> String {
    let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
    for (split, model, why) in rows.filter(|(_, _, why)| !why.is_empty()) {
        let place = format!("{}, {}", readable(split), readable(model));
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, places)) if places.contains(&place) => {}
            Some((_, places)) => places.push(place),
            None => by_reason.push((why, vec![place])),
        }
    }
    by_reason
        .into_iter()
        .map(|(why, places)| format!(" {} ({}).", capitalized(&why), places.join("; ")))
        .collect()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Cells of accuracy, sensitivity, specificity, PPV and NPV.
pub(super) fn shares(metrics: Option<&ClassificationMetrics>) -> [String; 5] {
    [
        metrics.and_then(|m| m.accuracy),
        metrics.and_then(|m| m.sensitivity),
        metrics.and_then(|m| m.specificity),
        metrics.and_then(|m| m.ppv),
        metrics.and_then(|m| m.npv),
    ]
    .map(share)
}

/// `90.1 (64/71) [80.7\u{2013}95.9]`, in percent.
fn share(proportion: Option<Proportion>) -> String {
    proportion.map_or(NOTHING.to_owned(), |p| {
        format!(
            "{:.1} ({}/{}) [{:.1}\u{2013}{:.1}]",
            100.0 * p.value,
            p.successes,
            p.n,
            100.0 * p.low,
            100.0 * p.high
        )
    })
}

pub(super) fn with_interval(estimate: &Estimate, digits: usize) -> String {
    interval(estimate.value, estimate.low, estimate.high, digits)
}

/// `0.906 (0.876\u{2013}0.935)`; a dash would be taken for a minus sign before negative limits.
pub(super) fn interval(value: f64, low: f64, high: f64, digits: usize) -> String {
    let shown = |v: f64| minus(format!("{v:.digits$}"));
    let (low, high) = (shown(low), shown(high));
    let between = match [&low, &high]
        .iter()
        .any(|limit| limit.starts_with('\u{2212}'))
    {
        true => " to ",
        false => "\u{2013}",
    };
    format!("{} ({low}{between}{high})", shown(value))
}

pub(super) fn decimals3(value: f64) -> String {
    minus(format!("{value:.3}"))
}

/// A proper minus sign, and none on zero.
fn minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_one_way_only() {
        assert_eq!(
            interval(0.9061, 0.876, 0.9349, 3),
            "0.906 (0.876\u{2013}0.935)"
        );
        assert_eq!(
            interval(0.041, -0.0121, 0.094, 3),
            "0.041 (\u{2212}0.012 to 0.094)"
        );
        assert_eq!(interval(0.0, -0.0001, 0.1, 2), "0.00 (0.00\u{2013}0.10)");
    }
}
