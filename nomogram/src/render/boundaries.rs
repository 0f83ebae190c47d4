//! Where groups of risk meet: a mark on the risk axis, and the boundary in risk and points below the bands.
//!
//! Texts that do not fit side by side stand in steps, so that no leader line crosses the text of another boundary.

use eval_stats::plot::canvas::{Dash, GRAY, INK, LINE_SPACING, MARGIN, Stroke, THIN, Text};

use super::labels::width;
use super::sheet::{SMALL, Sheet, TICK};
use crate::axis::short;

/// Space between texts, and between a text and a line.
const GAP: f64 = 8.0;

/// A boundary with its text.
struct Mark {
    x: f64,
    text: String,
    half: f64,
    is_cutoff: bool,
}

/// Where a text stands: its center, and its row counting from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spot {
    center: f64,
    row: usize,
}

impl Sheet<'_> {
    /// Marks all boundaries. The bands lie between `top` and `bottom`; `labels` are the places of the risk axis' labels above them.
    pub(super) fn boundary_labels(
        &mut self,
        boundaries: &[f64],
        (top, bottom): (f64, f64),
        labels: &[(f64, f64)],
    ) {
        let marks = self.boundary_marks(boundaries);
        let room = (MARGIN, self.canvas.width() - MARGIN);
        let spots = arrange(&marks, room);
        let step = LINE_SPACING * SMALL;
        let risk_y = self.at.risk_y;
        let mut rows = 0;
        for (mark, spot) in marks.iter().zip(&spots) {
            let x = mark.x;
            let heavy = Stroke::new(INK, if mark.is_cutoff { 4.5 } else { 3.0 });
            self.lines
                .line(&[(x, risk_y - TICK), (x, risk_y + TICK)], heavy);
            // A label in the way says the same as the line.
            if !labels.iter().any(|l| l.0 - 2.0 <= x && x <= l.1 + 2.0) {
                let dotted = Stroke::new(INK, 2.0).dash(Dash::Dotted);
                self.lines.line(&[(x, risk_y + TICK), (x, top)], dotted);
            }
            self.lines
                .line(&[(x, top), (x, bottom)], Stroke::new(INK, THIN));
            let y = bottom + 10.0 + step * (spot.row as f64 + 0.5);
            if (spot.center - x).abs() > 0.5 {
                let side = GAP * 0.5 * (spot.center - x).signum();
                let elbow = [(x, bottom), (x, y), (x + side, y)];
                self.lines.line(&elbow, Stroke::new(GRAY, 1.5));
            }
            self.canvas
                .text(&mark.text, (spot.center, y), Text::new(SMALL).middle());
            rows = rows.max(spot.row + 1);
        }
        self.y = bottom + 10.0 + step * rows as f64;
    }

    /// The boundaries from left to right; a cut-off that is one of them stands for it.
    fn boundary_marks(&self, boundaries: &[f64]) -> Vec<Mark> {
        let mut risks: Vec<(f64, bool)> = boundaries.iter().map(|&r| (r, false)).collect();
        if let Some(cutoff) = self.figure.cutoff {
            risks.retain(|m| m.0 != cutoff);
            risks.push((cutoff, true));
            risks.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        risks
            .into_iter()
            .map(|(risk, is_cutoff)| {
                let text = self.boundary_text(risk, is_cutoff);
                Mark {
                    x: self.x_risk(risk),
                    half: 0.5 * width(&text, SMALL),
                    text,
                    is_cutoff,
                }
            })
            .collect()
    }

    /// A cut-off in risk and points.
    fn boundary_text(&self, risk: f64, is_cutoff: bool) -> String {
        let points = self.nomogram.points_of_risk(risk).unwrap_or(0.0);
        let what = if is_cutoff { "cut-off: risk" } else { "risk" };
        let beyond = if points < 0.0 {
            ", left of the axis"
        } else if points > self.at.total_max {
            ", right of the axis"
        } else {
            ""
        };
        format!(
            "{what} {} = {} points{beyond}",
            risk_text(risk),
            super::one_decimal(points)
        )
    }
}

/// A risk as it was chosen if that is short, else in three decimals: a cut-off found in data has many digits that mean nothing.
fn risk_text(risk: f64) -> String {
    let exact = short(risk);
    let rounded = format!("{risk:.3}");
    if exact.len() <= rounded.len() || !(0.001..=0.999).contains(&risk) {
        exact
    } else {
        rounded
    }
}

/// Side by side if there is room, else in steps to the left of the leader lines, to the right of them, or on either side.
fn arrange(marks: &[Mark], (low, high): (f64, f64)) -> Vec<Spot> {
    let left = |m: &Mark| m.x - 0.5 * GAP - 2.0 - m.half;
    let right = |m: &Mark| m.x + 0.5 * GAP + 2.0 + m.half;
    let last = marks.len().saturating_sub(1);
    let build = |spot: &dyn Fn(usize, &Mark) -> Spot| -> Vec<Spot> {
        marks.iter().enumerate().map(|(k, m)| spot(k, m)).collect()
    };
    let under = build(&|_, m| Spot {
        center: m.x.min(high - m.half).max(low + m.half),
        row: 0,
    });
    let to_the_left = build(&|k, m| Spot {
        center: left(m),
        row: k,
    });
    let to_the_right = build(&|k, m| Spot {
        center: right(m),
        row: last - k,
    });
    let mixed = build(&|k, m| Spot {
        center: if left(m) - m.half >= low {
            left(m)
        } else {
            right(m)
        },
        row: k,
    });
    let centered = under
        .iter()
        .zip(marks)
        .all(|(s, m)| (s.center - m.x).abs() <= 0.5);
    if centered && is_clear(marks, &under, (low, high)) {
        return under;
    }
    [to_the_left, to_the_right]
        .into_iter()
        .find(|spots| is_clear(marks, spots, (low, high)))
        .unwrap_or(mixed)
}

/// Whether all texts are inside, apart from each other, and crossed by no leader line.
fn is_clear(marks: &[Mark], spots: &[Spot], (low, high): (f64, f64)) -> bool {
    (0..marks.len()).all(|i| {
        let (from, to) = (
            spots[i].center - marks[i].half,
            spots[i].center + marks[i].half,
        );
        let inside = from >= low && to <= high;
        inside
            && (0..marks.len()).filter(|&j| j != i).all(|j| {
                let x = marks[j].x;
                let crossed = spots[j].row > spots[i].row && from - 2.0 < x && x < to + 2.0;
                let apart = (spots[i].center - spots[j].center).abs()
                    >= marks[i].half + marks[j].half + GAP;
                !crossed && (spots[i].row != spots[j].row || apart)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(places: &[f64], half: f64) -> Vec<Mark> {
        places
            .iter()
            .map(|&x| Mark {
                x,
                text: String::new(),
                half,
                is_cutoff: false,
            })
            .collect()
    }

    #[test]
    fn risks_have_the_digits_that_mean_something() {
        assert_eq!(risk_text(0.5), "0.5");
        assert_eq!(risk_text(0.701), "0.701");
        assert_eq!(risk_text(0.516507), "0.517");
        assert_eq!(risk_text(0.0004321), "0.0004321");
    }

    #[test]
    fn distant_boundaries_stand_under_their_lines() {
        let marks = marks(&[100.0, 300.0], 40.0);
        let spots = arrange(&marks, (0.0, 400.0));
        assert!(
            spots
                .iter()
                .zip(&marks)
                .all(|(s, m)| s.center == m.x && s.row == 0)
        );
    }

    #[test]
    fn crowded_boundaries_stand_in_steps_that_no_leader_crosses() {
        for places in [
            [200.0, 220.0, 240.0],
            [20.0, 30.0, 40.0],
            [360.0, 380.0, 395.0],
        ] {
            let marks = marks(&places, 60.0);
            let spots = arrange(&marks, (0.0, 400.0));
            assert!(is_clear(&marks, &spots, (0.0, 400.0)), "{spots:?}");
        }
    }
}
