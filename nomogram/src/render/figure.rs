//! The nomogram as a figure.

use super::labels::{LINE, Layout, Placed, Side, all_levels, below, by_importance, thinned};
use super::svg::{Anchor, Canvas, PER_MM, Weight, color};
use super::text::{width, wrap};
use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::nomogram::{Nomogram, check_risk};
use crate::points::{AxisPosition, PatientPoints, TermPoints};

/// Whether a part of a figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Drawn.
    Yes,
    /// Left out.
    #[default]
    No,
}

/// What the figure shows besides the axes.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `width_mm` | 174 (double column) | width of the figure, at least 80 |
/// | `linear_predictor` | [`Show::No`] | axis of the linear predictor |
/// | `patient` | none | one patient in red, with arrows and the points at the right |
/// | `cutoff` | none | zones of low and high risk below the risk axis, and the cut-off in risk and points |
/// | `title` | none | a line above |
#[derive(Debug, Clone, PartialEq)]
pub struct NomogramFigure {
    width_mm: f64,
    linear_predictor: Show,
    patient: Option<PatientPoints>,
    cutoff: Option<f64>,
    title: Option<String>,
}

impl Default for NomogramFigure {
    fn default() -> Self {
        Self {
            width_mm: 174.0,
            linear_predictor: Show::No,
            patient: None,
            cutoff: None,
            title: None,
        }
    }
}

impl NomogramFigure {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Width in millimeters, at least 80.
    #[must_use]
    pub fn width_mm(mut self, width_mm: f64) -> Self {
        self.width_mm = width_mm;
        self
    }

    /// Whether the axis of the linear predictor is drawn.
    #[must_use]
    pub fn linear_predictor(mut self, show: Show) -> Self {
        self.linear_predictor = show;
        self
    }

    /// A patient to draw.
    #[must_use]
    pub fn patient(mut self, patient: PatientPoints) -> Self {
        self.patient = Some(patient);
        self
    }

    /// A cut-off of the risk.
    #[must_use]
    pub fn cutoff(mut self, risk: f64) -> Self {
        self.cutoff = Some(risk);
        self
    }

    /// A line above the figure.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

/// Font size of tick labels, in points.
const SMALL: f64 = 7.0;
/// Font size of axis names.
const NAME: f64 = 8.0;
/// Length of a tick.
const TICK: f64 = 3.5;
/// Distance between a tick's end and its label.
const PAD: f64 = 1.5;
/// Space between the room of one axis and that of the next.
const ROW_GAP: f64 = 9.0;

/// Draws a nomogram.
///
/// # Errors
/// [`Error::Setting`] for a width below 80 mm, [`Error::Probability`] for a cut-off outside (0, 1), [`Error::ForeignPatient`] for a patient of
/// another nomogram.
pub fn nomogram_svg(nomogram: &Nomogram, figure: &NomogramFigure) -> Result<String> {
    if !(figure.width_mm >= 80.0 && figure.width_mm <= 2000.0) {
        return Err(Error::Setting {
            setting: "width_mm",
            value: figure.width_mm,
            expected: "80 to 2000",
        });
    }
    if let Some(cutoff) = figure.cutoff {
        check_risk("the cut-off", cutoff)?;
    }
    if let Some(patient) = &figure.patient
        && patient.terms.len() != nomogram.axes.len()
    {
        return Err(Error::ForeignPatient {
            expected: nomogram.axes.len(),
            found: patient.terms.len(),
        });
    }
    let mut drawing = Drawing::new(nomogram, figure);
    drawing.title();
    let points_row = drawing.points_axis();
    let predictor_rows = drawing.predictors();
    let total_row = drawing.total_axis();
    let last_row = drawing.outcome_axes();
    drawing.patient(points_row, &predictor_rows, total_row, last_row);
    Ok(drawing.finish(points_row, &predictor_rows))
}

struct Drawing<'a> {
    nomogram: &'a Nomogram,
    figure: &'a NomogramFigure,
    canvas: Canvas,
    /// Lines that lie behind all text.
    lines: Canvas,
    names: Vec<Vec<String>>,
    width: f64,
    left: f64,
    right: f64,
    total_max: f64,
    y: f64,
}

impl<'a> Drawing<'a> {
    fn new(nomogram: &'a Nomogram, figure: &'a NomogramFigure) -> Self {
        let width_pt = figure.width_mm * PER_MM;
        let room = 0.26 * width_pt;
        let names: Vec<Vec<String>> = nomogram
            .axes
            .iter()
            .map(|a| wrap(&a.label, NAME, room))
            .collect();
        let fixed = [
            "Points",
            "Total points",
            "Linear predictor",
            nomogram.risk_label.as_str(),
        ];
        let risk_lines = wrap(&nomogram.risk_label, NAME, room);
        let widest = names
            .iter()
            .flatten()
            .chain(&risk_lines)
            .map(String::as_str)
            .chain(fixed[..3].iter().copied())
            .map(|l| width(l, NAME) * 1.06)
            .fold(0.0, f64::max);
        let right_margin = if figure.patient.is_some() { 46.0 } else { 14.0 };
        let total_max = nomogram.total_points.last().map_or(100.0, |t| t.value);
        Self {
            nomogram,
            figure,
            canvas: Canvas::new(width_pt),
            lines: Canvas::new(width_pt),
            names,
            width: width_pt,
            left: 8.0 + widest + 12.0,
            right: width_pt - right_margin,
            total_max,
            y: 8.0,
        }
    }

    /// Place of points on the axes above the total.
    fn x_points(&self, points: f64) -> f64 {
        self.left + (self.right - self.left) * points / 100.0
    }

    /// Place of a total on the axes below.
    fn x_total(&self, total: f64) -> f64 {
        self.left + (self.right - self.left) * total / self.total_max
    }

    fn bounds(&self) -> (f64, f64) {
        (self.left - 6.0, self.right + 10.0)
    }

    fn name(&mut self, lines: &[String], y: f64, weight: Weight) {
        let first = y + 0.35 * NAME - 0.5 * (lines.len() as f64 - 1.0) * LINE * NAME;
        for (k, line) in lines.iter().enumerate() {
            let at = (8.0, first + k as f64 * LINE * NAME);
            self.canvas
                .text(at, line, NAME, Anchor::Start, color::INK, weight);
        }
    }

    fn title(&mut self) {
        if let Some(title) = &self.figure.title {
            for line in wrap(title, 10.0, self.width - 16.0) {
                self.y += 11.0;
                self.canvas.text(
                    (8.0, self.y),
                    &line,
                    10.0,
                    Anchor::Start,
                    color::INK,
                    Weight::Bold,
                );
            }
            self.y += 6.0;
        }
    }

    /// Moves down to the line of an axis with this much room above it, leaving room for its name.
    fn next_axis(&mut self, layout: &Layout, name_lines: usize) -> f64 {
        let half_name = 0.5 * name_lines as f64 * LINE * NAME;
        let above = if layout.above > 0.0 {
            TICK + PAD + layout.above
        } else {
            TICK
        };
        self.y += above.max(half_name);
        let line = self.y;
        let below = if layout.below > 0.0 {
            TICK + PAD + layout.below
        } else {
            TICK
        };
        self.y += below.max(half_name) + ROW_GAP;
        line
    }

    fn draw_labels(&mut self, layout: &Layout, y: f64) {
        for label in &layout.labels {
            let block = label.lines.len() as f64 * LINE * SMALL;
            let top = match label.side {
                Side::Below => y + TICK + PAD + label.offset,
                Side::Above => y - TICK - PAD - label.offset - block,
            };
            if label.offset > 0.0 {
                let near = if label.side == Side::Below {
                    top + 0.5
                } else {
                    top + block
                };
                let start = if label.side == Side::Below {
                    y + TICK
                } else {
                    y - TICK
                };
                self.lines
                    .line((label.tick, start), (label.tick, near), color::GRAY, 0.35);
            }
            for (k, line) in label.lines.iter().enumerate() {
                let baseline = top + (k as f64 + 0.92) * LINE * SMALL - 0.12 * SMALL;
                self.canvas.text(
                    (label.center, baseline),
                    line,
                    SMALL,
                    Anchor::Middle,
                    color::INK,
                    Weight::Normal,
                );
            }
        }
    }

    fn tick(&mut self, x: f64, y: f64, side: Side, length: f64) {
        let end = if side == Side::Below {
            y + length
        } else {
            y - length
        };
        self.canvas.line((x, y), (x, end), color::INK, 0.6);
    }

    fn points_axis(&mut self) -> f64 {
        let ticks: Vec<(f64, String)> = (0..=10)
            .map(|i| (self.x_points(10.0 * f64::from(i)), (10 * i).to_string()))
            .collect();
        let mut layout = below(thinned(&ticks, SMALL, self.bounds()), SMALL);
        layout.labels.iter_mut().for_each(|l| l.side = Side::Above);
        std::mem::swap(&mut layout.above, &mut layout.below);
        let y = self.next_axis(&layout, 1);
        self.canvas
            .line((self.left, y), (self.right, y), color::INK, 0.9);
        for i in 0..=40 {
            let length = if i % 4 == 0 {
                TICK
            } else if i % 2 == 0 {
                0.65 * TICK
            } else {
                0.4 * TICK
            };
            self.tick(self.x_points(2.5 * f64::from(i)), y, Side::Above, length);
        }
        self.draw_labels(&layout, y);
        self.name(&["Points".to_owned()], y, Weight::Bold);
        y
    }

    fn predictors(&mut self) -> Vec<f64> {
        (0..self.nomogram.axes.len())
            .map(|t| self.predictor(t))
            .collect()
    }

    fn predictor(&mut self, t: usize) -> f64 {
        let axis = &self.nomogram.axes[t];
        let names = self.names[t].clone();
        let layout = if axis.range().is_some() {
            self.numeric_layout(axis)
        } else {
            self.level_layout(axis)
        };
        let y = self.next_axis(&layout, names.len());
        let ends = axis.ticks.iter().map(|k| k.points);
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| {
            (l.min(p), h.max(p))
        });
        self.canvas.line(
            (self.x_points(low), y),
            (self.x_points(high), y),
            color::INK,
            0.9,
        );
        let sides = tick_sides(axis, &layout, |p| self.x_points(p));
        // On an axis too short for two labels only the ends are marked.
        let ends_only = axis.range().is_some() && layout.labels.len() == 1;
        for (tick, side) in axis.ticks.iter().zip(sides) {
            if ends_only && tick.points != low && tick.points != high {
                continue;
            }
            self.tick(self.x_points(tick.points), y, side, TICK);
        }
        self.draw_labels(&layout, y);
        self.name(&names, y, Weight::Normal);
        y
    }

    fn level_layout(&self, axis: &Axis) -> Layout {
        let ticks: Vec<(f64, String)> = axis
            .ticks
            .iter()
            .map(|k| (self.x_points(k.points), k.label.clone()))
            .collect();
        all_levels(&ticks, SMALL, self.bounds())
    }

    /// Increasing stretches below the axis, decreasing ones of a curved effect above it.
    fn numeric_layout(&self, axis: &Axis) -> Layout {
        let places: Vec<(f64, String)> = axis
            .ticks
            .iter()
            .map(|k| (self.x_points(k.points), k.label.clone()))
            .collect();
        let span = places.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max)
            - places.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
        let turns = axis
            .ticks
            .windows(3)
            .any(|w| (w[1].points - w[0].points) * (w[2].points - w[1].points) < 0.0);
        let first_label = &places[0].1;
        let last_label = &places[places.len() - 1].1;
        if !turns
            && span < 0.5 * (width(first_label, SMALL) + width(last_label, SMALL)) + 0.6 * SMALL
        {
            return below(vec![self.beside(&places)], SMALL);
        }
        if !turns {
            return below(thinned(&places, SMALL, self.bounds()), SMALL);
        }
        let rising = |k: usize| {
            let w = if k + 1 < places.len() {
                (k, k + 1)
            } else {
                (k - 1, k)
            };
            places[w.1].0 >= places[w.0].0
        };
        let part = |want: bool| -> Vec<(f64, String)> {
            (0..places.len())
                .filter(|&k| rising(k) == want)
                .map(|k| places[k].clone())
                .collect()
        };
        let mut labels = thinned(&part(true), SMALL, self.bounds());
        labels.extend(
            thinned(&part(false), SMALL, self.bounds())
                .into_iter()
                .map(|l| Placed {
                    side: Side::Above,
                    ..l
                }),
        );
        below(labels, SMALL)
    }

    /// One label for an axis too short for two: its range, from left to right.
    fn beside(&self, places: &[(f64, String)]) -> Placed {
        let (first, last) = (&places[0], &places[places.len() - 1]);
        let (a, b) = if first.0 <= last.0 {
            (first, last)
        } else {
            (last, first)
        };
        let text = format!("{} to {}", a.1, b.1);
        let half = 0.5 * width(&text, SMALL);
        let middle = 0.5 * (a.0 + b.0);
        let bounds = self.bounds();
        let center = middle.clamp(
            (bounds.0 + half).min(middle),
            (bounds.1 - half).max(bounds.0 + half),
        );
        let center = center.max(bounds.0 + half);
        Placed {
            tick: middle,
            center,
            lines: vec![text],
            side: Side::Below,
            offset: 0.0,
        }
    }

    fn total_axis(&mut self) -> f64 {
        self.y += 2.0;
        let places: Vec<(f64, String)> = self
            .nomogram
            .total_points
            .iter()
            .map(|k| (self.x_total(k.value), k.label.clone()))
            .collect();
        let layout = below(thinned(&places, SMALL, self.bounds()), SMALL);
        let y = self.next_axis(&layout, 1);
        self.canvas
            .line((self.left, y), (self.right, y), color::INK, 0.9);
        for pair in places.windows(2) {
            for quarter in 1..4 {
                let x = pair[0].0 + (pair[1].0 - pair[0].0) * 0.25 * f64::from(quarter);
                self.tick(
                    x,
                    y,
                    Side::Below,
                    if quarter == 2 {
                        0.65 * TICK
                    } else {
                        0.4 * TICK
                    },
                );
            }
        }
        for (x, _) in &places {
            self.tick(*x, y, Side::Below, TICK);
        }
        self.draw_labels(&layout, y);
        self.name(&["Total points".to_owned()], y, Weight::Bold);
        y
    }

    /// Linear predictor, risk and cut-off; returns the line of the risk axis.
    fn outcome_axes(&mut self) -> f64 {
        let last = self.total_max + 1e-9;
        let on_axis = |points: f64| (-1e-9..=last).contains(&points);
        if self.figure.linear_predictor == Show::Yes {
            let places: Vec<(f64, String)> = self
                .nomogram
                .linear_predictor
                .iter()
                .filter(|k| on_axis(k.points))
                .map(|k| (self.x_total(k.points), k.label.clone()))
                .collect();
            let layout = below(thinned(&places, SMALL, self.bounds()), SMALL);
            let y = self.next_axis(&layout, 1);
            self.span(&places, y);
            self.draw_labels(&layout, y);
            self.name(&["Linear predictor".to_owned()], y, Weight::Normal);
        }
        let ticks: Vec<(f64, String, usize)> = self
            .nomogram
            .risk
            .iter()
            .filter(|k| on_axis(k.points))
            .map(|k| (self.x_total(k.points), k.label.clone(), importance(k.value)))
            .collect();
        let layout = by_importance(&ticks, SMALL, self.bounds());
        let risk_name = wrap(&self.nomogram.risk_label, NAME, self.left - 20.0);
        let y = self.next_axis(&layout, risk_name.len());
        let places: Vec<(f64, String)> = ticks.into_iter().map(|(x, text, _)| (x, text)).collect();
        self.risk_line(&places, &layout, y);
        self.draw_labels(&layout, y);
        self.name(&risk_name, y, Weight::Bold);
        if let Some(cutoff) = self.figure.cutoff {
            self.zones(cutoff, y);
        }
        y
    }

    fn span(&mut self, places: &[(f64, String)], y: f64) {
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            self.canvas.line((first.0, y), (last.0, y), color::INK, 0.9);
        }
        for (x, _) in places {
            self.tick(*x, y, Side::Below, TICK);
        }
    }

    fn risk_line(&mut self, places: &[(f64, String)], layout: &Layout, y: f64) {
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            self.canvas.line((first.0, y), (last.0, y), color::INK, 0.9);
        }
        for (x, _) in places {
            let side = layout
                .labels
                .iter()
                .find(|l| l.tick == *x)
                .map_or(Side::Below, |l| l.side);
            self.tick(*x, y, side, TICK);
        }
    }

    /// A strip below the risk axis: low risk, high risk, and where they meet.
    fn zones(&mut self, cutoff: f64, risk_line: f64) {
        let points = self
            .nomogram
            .points_of_risk(cutoff)
            .expect("the cut-off was checked");
        let x = self.x_total(points.clamp(0.0, self.total_max));
        let top = self.y - 2.0;
        let height = 11.0;
        self.canvas
            .rect(self.left, top, x - self.left, height, color::LOW);
        self.canvas
            .rect(x, top, self.right - x, height, color::HIGH);
        // A mark on the axis and one across the strip; between them stand the labels of the risks.
        let mark = (risk_line - TICK, risk_line + TICK);
        self.lines.line((x, mark.0), (x, mark.1), color::INK, 1.4);
        self.lines
            .dashed((x, top), (x, top + height), color::INK, 0.7);
        let baseline = top + 0.5 * height + 0.35 * SMALL;
        let zone = |canvas: &mut Canvas, from: f64, to: f64, text: &str, ink: &str| {
            if to - from >= width(text, SMALL) + 6.0 {
                canvas.plain_text(
                    (0.5 * (from + to), baseline),
                    text,
                    SMALL,
                    Anchor::Middle,
                    ink,
                );
            }
        };
        zone(&mut self.canvas, self.left, x, "Low risk", color::LOW_INK);
        zone(
            &mut self.canvas,
            x,
            self.right,
            "High risk",
            color::HIGH_INK,
        );
        let text = format!("cut-off: risk {cutoff:.3} = {points:.1} points");
        let half = 0.5 * width(&text, SMALL);
        let center = x.clamp(self.left + half, (self.right - half).max(self.left + half));
        let at = (center, top + height + 1.2 * SMALL + 1.0);
        self.canvas
            .text(at, &text, SMALL, Anchor::Middle, color::INK, Weight::Normal);
        self.name(
            &["Risk group".to_owned()],
            top + 0.5 * height,
            Weight::Normal,
        );
        self.y = top + height + 2.2 * SMALL + ROW_GAP;
    }

    fn patient(&mut self, points_row: f64, rows: &[f64], total_row: f64, risk_row: f64) {
        let Some(patient) = self.figure.patient.clone() else {
            return;
        };
        let red = color::PATIENT;
        self.patient_number("Patient", points_row, Weight::Bold);
        for (t, (term, &y)) in patient.terms.iter().zip(rows).enumerate() {
            self.patient_term(t, term, y, points_row);
        }
        let x = self.x_total(patient.total_points.clamp(0.0, self.total_max));
        self.lines
            .arrow((x, total_row), (x, risk_row - 0.5), red, 0.8);
        self.canvas.circle((x, total_row), 2.4, red);
        let total = format!("{:.1}", patient.total_points);
        self.patient_number(&total, total_row, Weight::Bold);
        let p = &patient.prediction;
        self.interval(p.low, p.high, risk_row);
        self.patient_number(&format!("{:.3}", p.risk), risk_row, Weight::Bold);
        self.patient_note(&patient);
    }

    /// A number or heading in the patient's column at the right.
    fn patient_number(&mut self, text: &str, y: f64, weight: Weight) {
        let at = (self.width - 6.0, y + 0.35 * SMALL);
        self.canvas
            .text(at, text, SMALL, Anchor::End, color::PATIENT, weight);
    }

    fn patient_term(&mut self, t: usize, term: &TermPoints, y: f64, points_row: f64) {
        let outside = matches!(term.position, AxisPosition::OutsideAxis { .. });
        let x = self.x_points(term.points.clamp(0.0, 100.0));
        self.lines
            .arrow((x, y), (x, points_row + 0.5), color::PATIENT, 0.6);
        if outside {
            // From the nearest end of the axis to where the value would lie.
            let ticks = self.nomogram.axes[t].ticks.iter().map(|t| t.points);
            let distance = |p: &f64| (p - term.points).abs();
            let end = ticks.min_by(|a, b| distance(a).total_cmp(&distance(b)));
            let end = self.x_points(end.unwrap_or(0.0));
            self.lines.dashed((end, y), (x, y), color::PATIENT, 0.6);
        }
        self.canvas.circle((x, y), 2.4, color::PATIENT);
        let mark = if outside { "*" } else { "" };
        self.patient_number(&format!("{:.1}{mark}", term.points), y, Weight::Normal);
    }

    fn patient_note(&mut self, patient: &PatientPoints) {
        let p = &patient.prediction;
        let mut note = format!(
            "Patient: {:.1} points, risk {:.3} ({:.0} % CI {:.3} to {:.3})",
            patient.total_points,
            p.risk,
            100.0 * p.level,
            p.low,
            p.high
        );
        if patient.outside_axis() {
            note.push_str("; * value outside the axis, points extrapolated");
        }
        self.y += 3.0;
        for line in wrap(&note, SMALL, self.width - 16.0) {
            let at = (8.0, self.y);
            self.canvas.text(
                at,
                &line,
                SMALL,
                Anchor::Start,
                color::PATIENT,
                Weight::Normal,
            );
            self.y += LINE * SMALL;
        }
    }

    /// The confidence interval of the risk as a bar on the risk axis.
    fn interval(&mut self, low: f64, high: f64, y: f64) {
        let place = |risk: f64, otherwise: f64| {
            self.nomogram
                .points_of_risk(risk)
                .map_or(otherwise, |p| self.x_total(p.clamp(0.0, self.total_max)))
        };
        let (a, b) = (place(low, self.left), place(high, self.right));
        self.canvas.line((a, y), (b, y), color::PATIENT, 2.0);
    }

    /// Puts the grid behind everything and closes the document.
    fn finish(self, points_row: f64, rows: &[f64]) -> String {
        let bottom = rows.last().copied().unwrap_or(points_row);
        let mut behind = Canvas::new(self.width);
        for i in 0..=10 {
            let x = self.x_points(10.0 * f64::from(i));
            behind.line((x, points_row), (x, bottom), color::GRID, 0.5);
        }
        let label = self
            .figure
            .title
            .clone()
            .unwrap_or_else(|| "Nomogram".to_owned());
        self.canvas
            .finish_over(behind.followed_by(self.lines), self.y + 2.0, &label)
    }
}

/// On which side each tick of an axis points: that of its label, else that of its nearest labeled neighbor.
fn tick_sides(axis: &Axis, layout: &Layout, place: impl Fn(f64) -> f64) -> Vec<Side> {
    let nearest = |x: f64| {
        layout
            .labels
            .iter()
            .min_by(|a, b| (a.tick - x).abs().total_cmp(&(b.tick - x).abs()))
            .map_or(Side::Below, |l| l.side)
    };
    let count = axis.ticks.len();
    let points = |k: usize| axis.ticks[k].points;
    (0..count)
        .map(|k| {
            if axis.range().is_none() {
                return nearest(place(points(k)));
            }
            let turned = layout.labels.iter().any(|l| l.side == Side::Above);
            let (a, b) = if k + 1 < count {
                (k, k + 1)
            } else {
                (k - 1, k)
            };
            if turned && points(b) < points(a) {
                Side::Above
            } else {
                Side::Below
            }
        })
        .collect()
}

/// Order in which risks get their labels: the middle, the ends in use, then the rest.
fn importance(risk: f64) -> usize {
    const ORDER: [f64; 15] = [
        0.5, 0.1, 0.9, 0.3, 0.7, 0.01, 0.99, 0.05, 0.95, 0.2, 0.8, 0.001, 0.999, 0.4, 0.6,
    ];
    ORDER.iter().position(|&r| r == risk).unwrap_or(ORDER.len())
}
