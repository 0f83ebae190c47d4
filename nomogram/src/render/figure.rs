//! The nomogram as a figure.

use eval_stats::plot::canvas::{Anchor, Weight};

use super::distribution::{Distributions, STRIP};
use super::labels::{Layout, Placed, Side, all_levels, below, thinned, thinned_as_given, width};
use super::marks::{check_patient, continues};
use super::settings::{NomogramFigure, Show};
use super::sheet::{Geometry, Reach, SMALL, Sheet, TICK};
use crate::axis::Axis;
use crate::error::Result;
use crate::nomogram::Nomogram;
use crate::predictor::Predictor;

/// Draws a nomogram.
///
/// # Errors
/// [`Error::Setting`](crate::Error::Setting) for a width below 85 or above 500 mm or a wrong number of group names;
/// [`Error::Probability`](crate::Error::Probability) for a cut-off outside (0, 1);
/// [`Error::UnknownPredictor`](crate::Error::UnknownPredictor) for the unit of a predictor the model lacks;
/// [`Error::ForeignPatient`](crate::Error::ForeignPatient) for a patient of another nomogram; those of [`Nomogram::frame`] for the table of the
/// distributions.
pub fn nomogram_svg(nomogram: &Nomogram, figure: &NomogramFigure) -> Result<String> {
    Ok(draw(nomogram, figure)?.0)
}

/// The figure, and where its axes lie.
pub(super) fn draw(nomogram: &Nomogram, figure: &NomogramFigure) -> Result<(String, Geometry)> {
    figure.check(nomogram)?;
    if let Some(patient) = &figure.patient {
        check_patient(nomogram, patient)?;
    }
    let spread = match &figure.distributions {
        Some(frame) => Some(Distributions::new(nomogram, frame)?),
        None => None,
    };
    let mut sheet = Sheet::new(nomogram, figure);
    sheet.points_axis();
    for axis in 0..nomogram.axes.len() {
        sheet.predictor(axis, spread.as_ref());
    }
    sheet.total_axis(spread.as_ref());
    sheet.outcome_axes();
    sheet.patient();
    let description = description(nomogram, figure);
    Ok(sheet.finish(&description))
}

/// A tick of a predictor's axis on the page.
struct Mark {
    x: f64,
    points: f64,
    label: String,
    /// Whether the axis runs to the right here.
    rising: bool,
}

impl Sheet<'_> {
    fn points_axis(&mut self) {
        let ticks: Vec<(f64, String)> = (0..=10)
            .map(|i| (self.at.x_points(10.0 * f64::from(i)), (10 * i).to_string()))
            .collect();
        let mut layout = below(thinned(&ticks, SMALL, self.bounds()), SMALL);
        layout.labels.iter_mut().for_each(|l| l.side = Side::Above);
        std::mem::swap(&mut layout.above, &mut layout.below);
        let reach = Reach {
            name_lines: 1,
            ..Reach::default()
        };
        let y = self.next_axis(&layout, reach, false);
        self.at.points_y = y;
        self.line(self.at.left, self.at.right, y);
        let minor = self.figure.minor_ticks == Show::Yes;
        for i in (0..=40).filter(|i| minor || i % 4 == 0) {
            let length = minor_length(i);
            self.tick(self.at.x_points(2.5 * f64::from(i)), y, Side::Above, length);
        }
        self.draw_labels(&layout, y, TICK);
        self.name(&["Points".to_owned()], y, Weight::Bold);
    }

    fn predictor(&mut self, index: usize, spread: Option<&Distributions>) {
        let nomogram = self.nomogram;
        let axis = &nomogram.axes[index];
        let names = self.names[index].clone();
        let marks = self.marks(axis);
        let numeric = axis.range().is_some();
        let layout = if numeric {
            self.numeric_layout(&marks)
        } else {
            let ticks: Vec<(f64, String)> = marks.iter().map(|m| (m.x, m.label.clone())).collect();
            all_levels(&ticks, SMALL, self.bounds())
        };
        let reach = Reach {
            marks: spread.map_or(0.0, |s| s.square_reach(index)).max(TICK),
            strip: spread.filter(|_| numeric).map_or(0.0, |_| STRIP),
            name_lines: names.len(),
        };
        let y = self.next_axis(&layout, reach, continues(nomogram, index));
        self.at.axes_y.push(y);
        if let Some(spread) = spread {
            spread.draw_axis(self, index, y);
        }
        let (low, high) = ends(axis);
        self.line(self.at.x_points(low), self.at.x_points(high), y);
        self.predictor_ticks(axis, &marks, &layout, (y, reach.marks));
        self.draw_labels(&layout, y, reach.marks);
        self.name(&names, y, Weight::Regular);
    }

    /// Ticks at different places; equal neighbors of a numeric axis share one, named from the first to the last.
    fn marks(&self, axis: &Axis) -> Vec<Mark> {
        let numeric = axis.range().is_some();
        let same = |a: f64, b: f64| numeric && (a - b).abs() < 1e-7;
        let mut marks: Vec<Mark> = Vec::new();
        for run in axis.ticks.chunk_by(|a, b| same(a.points, b.points)) {
            let (first, last) = (&run[0], &run[run.len() - 1]);
            let label = match (numeric, run.len()) {
                (false, _) => first.label.clone(),
                (true, 1) => super::minus(&first.label),
                _ => format!(
                    "{} to {}",
                    super::minus(&first.label),
                    super::minus(&last.label)
                ),
            };
            marks.push(Mark {
                x: self.at.x_points(first.points),
                points: first.points,
                label,
                rising: true,
            });
        }
        for k in 0..marks.len() {
            let (a, b) = if k + 1 < marks.len() {
                (k, k + 1)
            } else {
                (k.saturating_sub(1), k)
            };
            marks[k].rising = marks[b].points >= marks[a].points;
        }
        marks
    }

    fn predictor_ticks(
        &mut self,
        axis: &Axis,
        marks: &[Mark],
        layout: &Layout,
        (y, reach): (f64, f64),
    ) {
        let (low, high) = ends(axis);
        let numeric = axis.range().is_some();
        let turned = turns(marks);
        // On an axis too short for two labels only the ends are marked.
        let ends_only = numeric && layout.labels.len() == 1;
        let nearest = |x: f64| {
            let distance = |l: &Placed| (l.tick - x).abs();
            let near = |a: &&Placed, b: &&Placed| distance(a).total_cmp(&distance(b));
            layout.labels.iter().min_by(near).map(|l| l.side)
        };
        for mark in marks {
            if ends_only && mark.points != low && mark.points != high {
                continue;
            }
            let side = match (numeric, turned, mark.rising) {
                (false, ..) => nearest(mark.x).unwrap_or(Side::Below),
                (true, true, false) => Side::Above,
                _ => Side::Below,
            };
            self.tick(mark.x, y, side, if numeric { TICK } else { reach });
        }
        let minor = self.figure.minor_ticks == Show::Yes && !ends_only;
        if minor && is_even(axis, self.nomogram) {
            let step = (marks[1].x - marks[0].x).abs();
            let parts = [4, 2].into_iter().find(|p| step / f64::from(*p) >= 12.0);
            for w in marks.windows(2).filter(|_| parts.is_some()) {
                let parts = parts.unwrap_or(1);
                for i in 1..parts {
                    let x = w[0].x + (w[1].x - w[0].x) * f64::from(i) / f64::from(parts);
                    self.tick(x, y, Side::Below, minor_length(4 * i / parts));
                }
            }
        }
    }

    /// Increasing stretches below the axis, decreasing ones of a curved effect above it.
    fn numeric_layout(&self, marks: &[Mark]) -> Layout {
        let places = |keep: &dyn Fn(&Mark) -> bool| -> Vec<(f64, String)> {
            marks
                .iter()
                .filter(|m| keep(m))
                .map(|m| (m.x, m.label.clone()))
                .collect()
        };
        if turns(marks) {
            let mut labels = thinned_as_given(&places(&|m| m.rising), SMALL, self.bounds());
            let falling = thinned_as_given(&places(&|m| !m.rising), SMALL, self.bounds());
            labels.extend(falling.into_iter().map(|l| Placed {
                side: Side::Above,
                ..l
            }));
            return below(labels, SMALL);
        }
        let (first, last) = (&marks[0], &marks[marks.len() - 1]);
        let needed = 0.5 * (width(&first.label, SMALL) + width(&last.label, SMALL)) + 0.6 * SMALL;
        if (last.x - first.x).abs() < needed {
            return below(vec![self.in_one(first, last)], SMALL);
        }
        below(thinned(&places(&|_| true), SMALL, self.bounds()), SMALL)
    }

    /// One label for an axis too short for two: its range, from left to right.
    fn in_one(&self, first: &Mark, last: &Mark) -> Placed {
        let (a, b) = if first.x <= last.x {
            (first, last)
        } else {
            (last, first)
        };
        let text = if a.label == b.label {
            a.label.clone()
        } else {
            format!("{} to {}", a.label, b.label)
        };
        let half = 0.5 * width(&text, SMALL);
        let middle = 0.5 * (a.x + b.x);
        let (low, high) = self.bounds();
        Placed {
            tick: middle,
            center: middle.min(high - half).max(low + half),
            lines: vec![text],
            side: Side::Below,
            anchor: Anchor::Middle,
            offset: 0.0,
        }
    }

    /// The axis of total points with its ticks.
    pub(super) fn total_line(&mut self, y: f64, places: &[(f64, String)]) {
        self.line(self.at.left, self.at.right, y);
        if self.figure.minor_ticks == Show::Yes {
            for pair in places.windows(2) {
                for quarter in 1..4 {
                    let x = pair[0].0 + (pair[1].0 - pair[0].0) * 0.25 * f64::from(quarter);
                    self.tick(x, y, Side::Below, minor_length(quarter));
                }
            }
        }
        for (x, _) in places {
            self.tick(*x, y, Side::Below, TICK);
        }
    }
}

/// Fewest and most points over the ticks.
pub(super) fn ends(axis: &Axis) -> (f64, f64) {
    let points = axis.ticks.iter().map(|k| k.points);
    points.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| {
        (l.min(p), h.max(p))
    })
}

/// Length of a minor tick at a quarter.
fn minor_length(quarter: i32) -> f64 {
    match quarter % 4 {
        0 => TICK,
        2 => 0.65 * TICK,
        _ => 0.4 * TICK,
    }
}

/// Whether a curved effect turns back on its axis.
fn turns(marks: &[Mark]) -> bool {
    marks.windows(2).any(|w| w[0].rising != w[1].rising)
}

/// Whether values between the ticks lie evenly between them: a straight effect, ticks in equal steps, and not just the values seen.
fn is_even(axis: &Axis, nomogram: &Nomogram) -> bool {
    let predictors = nomogram.model.predictors.iter();
    let seen = predictors
        .filter(|t| t.column == axis.predictor)
        .find_map(Predictor::seen);
    let steps: Vec<(f64, f64)> = axis
        .ticks
        .windows(2)
        .filter_map(|w| Some((w[1].value? - w[0].value?, w[1].points - w[0].points)))
        .collect();
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (a.abs() + b.abs());
    seen.is_some_and(|s| s.distinct.is_empty())
        && !steps.is_empty()
        && steps
            .iter()
            .all(|s| s.1 != 0.0 && near(s.0, steps[0].0) && near(s.1, steps[0].1))
}

/// The figure in words.
fn description(nomogram: &Nomogram, figure: &NomogramFigure) -> String {
    let axes: Vec<String> = nomogram
        .axes
        .iter()
        .map(|axis| {
            let label = figure.label(axis);
            let (low, high) = ends(axis);
            let (first, last) = (&axis.ticks[0], &axis.ticks[axis.ticks.len() - 1]);
            format!(
                "{label}, {} to {}: {} to {} points.",
                first.label,
                last.label,
                super::one_decimal(low),
                super::one_decimal(high)
            )
        })
        .collect();
    format!(
        "Nomogram: points of every predictor add up to total points, which give {}. {}",
        nomogram.risk_label,
        axes.join(" ")
    )
}
