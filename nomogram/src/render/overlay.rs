//! One patient in red on the nomogram.

use eval_stats::plot::canvas::{Area, Dash, Stroke};

use super::figure::ends;
use super::marks::marks;
use super::settings::Show;
use super::sheet::{PATIENT, SMALL, Sheet};
use crate::axis::short;
use crate::points::{AxisPosition, PatientPoints, TermPoints};

/// Radius of a dot.
const DOT: f64 = 8.5;
/// Length of the arrow at the end of an axis, where the value lies close to it or off the page.
const ARROW: f64 = 26.0;
const PATH: Stroke = Stroke {
    color: PATIENT,
    width: 2.5,
    dash: Dash::Dashed,
};

impl Sheet<'_> {
    pub(super) fn patient(&mut self) {
        let Some(patient) = self.figure.patient.clone() else {
            return;
        };
        let (points_y, total_y, risk_y) = (self.at.points_y, self.at.total_y, self.at.risk_y);
        match self.columns {
            super::sheet::Columns::Stacked { .. } => self.cell("", "Patient", points_y),
            _ => self.cell("Value", "Points", points_y),
        }
        for (axis, term) in marks(&patient) {
            let y = self.at.axes_y[axis];
            self.term(axis, term, y);
            self.cell(&value_text(term), &super::one_decimal(term.points), y);
        }
        let x = self.at.x_total(patient.total_points);
        self.lines.arrow((x, total_y), (x, risk_y - 2.0), PATH);
        self.total_mark(patient.total_points, x, total_y);
        self.cell("", &super::one_decimal(patient.total_points), total_y);
        if self.figure.interval == Show::Yes {
            self.interval(&patient, risk_y);
        }
        self.canvas.dot((x, risk_y), DOT, PATIENT);
        self.cell("", &super::risk_text(patient.prediction.risk), risk_y);
        self.notes(&patient);
    }

    /// A dot on the axis and a line up to the points; beyond the end of the axis a ring at the end and an arrow outward.
    fn term(&mut self, axis: usize, term: &TermPoints, y: f64) {
        let mut x = self.at.x_points(term.points.clamp(0.0, 100.0));
        if matches!(term.position, AxisPosition::OutsideAxis { .. }) {
            let (low, high) = ends(&self.nomogram.axes[axis]);
            let end = if (low - term.points).abs() < (high - term.points).abs() {
                low
            } else {
                high
            };
            let outward = if term.points < end { -1.0 } else { 1.0 };
            let end = self.at.x_points(end);
            if (x - end).abs() < ARROW {
                x = end + outward * ARROW;
            }
            let solid = Stroke::new(PATIENT, 3.0);
            self.lines.arrow((end, y), (x, y), solid);
            self.canvas.ring((end, y), DOT - 1.0, PATIENT);
        } else {
            self.canvas.dot((x, y), DOT, PATIENT);
        }
        let top = self.at.points_y + 2.0;
        self.lines.arrow((x, y), (x, top), PATH);
    }

    fn total_mark(&mut self, total: f64, x: f64, y: f64) {
        if (0.0..=self.at.total_max).contains(&total) {
            self.canvas.dot((x, y), DOT, PATIENT);
            return;
        }
        let outward = if total < 0.0 { -1.0 } else { 1.0 };
        let tip = (x + outward * ARROW, y);
        self.lines.arrow((x, y), tip, Stroke::new(PATIENT, 3.0));
        self.canvas.ring((x, y), DOT - 1.0, PATIENT);
    }

    /// The confidence interval of the risk as a band on the risk axis with stops at its ends.
    fn interval(&mut self, patient: &PatientPoints, y: f64) {
        let (a, b) = (
            self.x_risk(patient.prediction.low),
            self.x_risk(patient.prediction.high),
        );
        let area = Area::new(a, y - 6.0, b, y + 6.0);
        let corners = [
            (area.left, area.top),
            (area.right, area.top),
            (area.right, area.bottom),
            (area.left, area.bottom),
        ];
        self.canvas.polygon(&corners, PATIENT, 0.3);
        for x in [a, b] {
            let stop = [(x, y - 9.0), (x, y + 9.0)];
            self.canvas.line(&stop, Stroke::new(PATIENT, 3.0));
        }
    }

    /// Says where an interacting number lies between those of the axes.
    fn between_text(&self, axis: usize, term: &TermPoints) -> Option<String> {
        let axis = &self.nomogram.axes[axis];
        let mut pairs = term.given.iter().zip(&axis.given);
        pairs.any(|(g, c)| g.number != c.number).then(|| {
            let values: Vec<String> = term
                .given
                .iter()
                .map(|g| format!("{} {}", g.predictor, super::value_text(&g.value, g.number)))
                .collect();
            format!(
                "{}: the points are those of {}; the axis is the nearest.",
                self.figure.label(axis),
                values.join(", ")
            )
        })
    }

    /// The result and what lies outside, in words.
    fn notes(&mut self, patient: &PatientPoints) {
        let p = &patient.prediction;
        let result = format!(
            "Patient: {} points, risk {} ({}% CI {} to {}).",
            super::one_decimal(patient.total_points),
            super::risk_text(p.risk),
            short(100.0 * p.level),
            super::risk_text(p.low),
            super::risk_text(p.high)
        );
        self.remark(&result, PATIENT);
        let between: Vec<String> = marks(patient)
            .filter_map(|(axis, term)| self.between_text(axis, term))
            .collect();
        if !between.is_empty() {
            self.remark(&between.join(" "), PATIENT);
        }
        let outside: Vec<String> = marks(patient)
            .filter_map(|(axis, term)| {
                let axis = &self.nomogram.axes[axis];
                outside_text(&self.figure.label(axis), term)
            })
            .collect();
        if !outside.is_empty() {
            self.remark(&outside.join(" "), PATIENT);
        }
        self.y += 0.2 * SMALL;
    }
}

/// The value of an entry.
fn value_text(term: &TermPoints) -> String {
    super::value_text(&term.value, term.number)
}

/// What to know about values that training did not see.
fn outside_text(label: &str, term: &TermPoints) -> Option<String> {
    let main = position_text(label, &value_text(term), term.number, term.position);
    let given = term.given.iter().filter_map(|g| {
        let value = super::value_text(&g.value, g.number);
        position_text(&g.predictor, &value, g.number, g.position)
    });
    let all: Vec<String> = main.into_iter().chain(given).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn position_text(
    label: &str,
    value: &str,
    number: Option<f64>,
    position: AxisPosition,
) -> Option<String> {
    let side = |limit: f64| match number {
        Some(v) if v < limit => ("below", "begins"),
        _ => ("above", "ends"),
    };
    match position {
        AxisPosition::WithinTraining => None,
        AxisPosition::BeyondTraining { limit } => {
            let (side, _) = side(limit);
            let limit = super::minus(&super::compact(limit));
            Some(format!(
                "{label}: {value} lies {side} all training values (limit {limit})."
            ))
        }
        AxisPosition::OutsideAxis { limit } => {
            let (side, verb) = side(limit);
            let limit = super::minus(&super::compact(limit));
            Some(format!(
                "{label}: {value} lies {side} the axis, which {verb} at {limit}; the points are extrapolated."
            ))
        }
    }
}
