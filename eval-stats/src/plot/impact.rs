//! Clinical impact curves.

use super::Layout;
use super::canvas::{Axis, Dash, Entry, Legend, Mark, PALETTE, Stroke};
use super::chart::{COST_AXIS, Chart, Place, cost_benefit_axis};
use super::decision::threshold_range;
use crate::clinical_impact::{ClinicalImpact, ImpactPoint};
use crate::error::Result;

type Count = fn(&ImpactPoint) -> f64;
type Limits = fn(&ImpactPoint) -> Option<(f64, f64)>;

/// Number at high risk, and number at high risk with the event, over thresholds; below the axis the
/// cost to benefit that each threshold implies. Bands where the result has limits.
///
/// ```
/// use eval_stats::{Scored, decision_curve::DecisionCurveSettings, plot};
/// let s = Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let plain = DecisionCurveSettings::new();
/// let impact = eval_stats::clinical_impact::clinical_impact(&s, &[0.2, 0.5], &plain, 1000.0)?;
/// assert!(plot::clinical_impact(&impact, &plot::Layout::new())?.contains("high risk"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than two distinct thresholds,
/// [`Error::NotFinite`](crate::Error::NotFinite) for a count that is not a number.
pub fn clinical_impact(impact: &ClinicalImpact, layout: &Layout) -> Result<String> {
    let (low, high) = threshold_range(impact.points.iter().map(|p| p.threshold))?;
    let lines: [(&str, Stroke, Count, Limits); 2] = [
        (
            "at high risk",
            Stroke::line(PALETTE[0]),
            |p| p.high_risk,
            |p| p.high_risk_limits,
        ),
        (
            "at high risk with the event",
            Stroke::line(PALETTE[1]).dash(Dash::Dashed),
            |p| p.high_risk_events,
            |p| p.high_risk_events_limits,
        ),
    ];
    let mut legend = Legend::new();
    for (text, stroke, count, limits) in lines {
        let counts: Vec<f64> = impact.points.iter().map(count).collect();
        crate::error::all_finite("a clinical impact curve", &counts)?;
        let banded = impact.points.iter().any(|p| limits(p).is_some());
        let mark = if banded {
            Mark::Band(stroke)
        } else {
            Mark::Line(stroke)
        };
        legend.push(Entry::new(mark, text));
    }
    let label = format!("Number per {} subjects", impact.population);
    let axes = (
        Axis::linear("Threshold probability", low, high),
        Axis::linear(label, 0.0, impact.population),
    );
    let mut chart = Chart::new(layout, axes, 0.78, COST_AXIS, legend, Place::Below);
    let Chart { canvas, frame, .. } = &mut chart;
    for (_, stroke, _, limits) in lines {
        let band: Vec<(f64, f64, f64)> = impact
            .points
            .iter()
            .map(|p| match limits(p) {
                Some((low, high)) => (p.threshold, low, high),
                // No limits, no band here.
                None => (p.threshold, f64::NAN, f64::NAN),
            })
            .collect();
        frame.band(canvas, &band, stroke);
    }
    for (_, stroke, count, _) in lines {
        let curve: Vec<(f64, f64)> = impact
            .points
            .iter()
            .map(|p| (p.threshold, count(p)))
            .collect();
        frame.curve(canvas, &curve, stroke);
    }
    cost_benefit_axis(&mut chart);
    Ok(chart.finish("Clinical impact curves."))
}
