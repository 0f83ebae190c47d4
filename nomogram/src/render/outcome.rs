//! Below the predictors: total points, linear predictor, risk, and groups of risk.

use eval_stats::plot::canvas::{
    Area, Color, INK, LINE_SPACING, MARGIN, PALETTE, Text, Weight, wrap,
};

use super::distribution::{Distributions, STRIP};
use super::labels::{Layout, Side, below, by_importance, thinned, width};
use super::settings::Show;
use super::sheet::{Reach, SMALL, Sheet, TICK};
use crate::axis::short;

/// Height of the bands of the risk groups.
const BAND: f64 = 36.0;

impl Sheet<'_> {
    pub(super) fn total_axis(&mut self, spread: Option<&Distributions>) {
        let places: Vec<(f64, String)> = self
            .nomogram
            .total_points
            .iter()
            .map(|k| (self.at.x_total(k.value), super::minus(&k.label)))
            .collect();
        let layout = below(thinned(&places, SMALL, self.bounds()), SMALL);
        let name = self.heading("Total points");
        let reach = Reach {
            strip: spread.map_or(0.0, |_| STRIP),
            name_lines: name.len(),
            ..Reach::default()
        };
        self.y += 8.0;
        let y = self.next_axis(&layout, reach, false);
        self.at.total_y = y;
        if let Some(spread) = spread {
            spread.draw_total(self, y);
        }
        self.total_line(y, &places);
        self.draw_labels(&layout, y, TICK);
        self.name(&name, y, Weight::Bold);
    }

    /// Linear predictor, risk and groups.
    pub(super) fn outcome_axes(&mut self) {
        let last = self.at.total_max + 1e-9;
        let on_axis = |points: f64| (-1e-9..=last).contains(&points);
        if self.figure.linear_predictor == Show::Yes {
            let ticks = &self.nomogram.linear_predictor;
            let places: Vec<(f64, String)> = ticks
                .iter()
                .filter(|k| on_axis(k.points))
                .map(|k| (self.at.x_total(k.points), super::minus(&k.label)))
                .collect();
            let layout = below(thinned(&places, SMALL, self.bounds()), SMALL);
            let name = self.heading("Linear predictor");
            self.scale_axis(&places, &layout, &name, Weight::Regular);
        }
        let ticks: Vec<(f64, String, usize)> = self
            .nomogram
            .risk
            .iter()
            .filter(|k| on_axis(k.points))
            .map(|k| {
                (
                    self.at.x_total(k.points),
                    k.label.clone(),
                    importance(k.value),
                )
            })
            .collect();
        let layout = by_importance(&ticks, SMALL, self.bounds());
        let name = self.heading(&self.nomogram.risk_label);
        let places: Vec<(f64, String)> = ticks.into_iter().map(|(x, text, _)| (x, text)).collect();
        self.at.risk_y = self.scale_axis(&places, &layout, &name, Weight::Bold);
        let below_axis = layout.labels.iter().filter(|l| l.side == Side::Below);
        let labels: Vec<(f64, f64)> = below_axis.map(|l| l.span(SMALL)).collect();
        self.groups(&labels);
    }

    fn scale_axis(
        &mut self,
        places: &[(f64, String)],
        layout: &Layout,
        name: &[String],
        weight: Weight,
    ) -> f64 {
        let reach = Reach {
            name_lines: name.len(),
            ..Reach::default()
        };
        let y = self.next_axis(layout, reach, false);
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            self.line(first.0, last.0, y);
        }
        for (x, _) in places {
            let label = layout.labels.iter().find(|l| l.tick == *x);
            self.tick(*x, y, label.map_or(Side::Below, |l| l.side), TICK);
        }
        self.draw_labels(layout, y, TICK);
        self.name(name, y, weight);
        y
    }

    /// Place of a risk on the total axis, kept on it.
    pub(super) fn x_risk(&self, risk: f64) -> f64 {
        if risk <= 0.0 {
            return self.at.left;
        }
        let points = self.nomogram.points_of_risk(risk);
        points.map_or(self.at.right, |p| self.at.x_total(p))
    }

    /// Bands of the groups below the risk axis, their names, and where they meet in risk and points. `labels` are the places of the labels in
    /// between.
    fn groups(&mut self, labels: &[(f64, f64)]) {
        let boundaries = self.figure.boundaries();
        let cutoff = self.figure.cutoff;
        if boundaries.is_empty() && cutoff.is_none() {
            return;
        }
        let top = self.y + 14.0;
        let bottom = top + BAND;
        let mut edges = vec![self.at.left];
        edges.extend(boundaries.iter().map(|&r| self.x_risk(r)));
        edges.push(self.at.right);
        let cut = cutoff.map(|r| self.x_risk(r));
        let mut unnamed = false;
        for (group, w) in edges.windows(2).enumerate() {
            let band = Area::new(w[0], top, w[1].max(w[0]), bottom);
            self.fills
                .rectangle(band, band_color(group, boundaries.len()));
            let name = self.figure.group_name(group);
            // Beside the mark of a cut-off that lies inside the band.
            let inside = cut.filter(|x| (band.left..=band.right).contains(x));
            let cut = inside.unwrap_or(band.left);
            let (from, to) = if cut - band.left > band.right - cut {
                (band.left, cut)
            } else {
                (cut, band.right)
            };
            if width(&name, SMALL) + 12.0 <= to - from {
                let at = (0.5 * (from + to), band.center().1);
                self.canvas.text(&name, at, Text::new(SMALL).middle());
            } else {
                unnamed = true;
            }
        }
        let name = if boundaries.len() > 1 {
            "Risk groups"
        } else {
            "Risk group"
        };
        let name = self.heading(name);
        self.name(&name, 0.5 * (top + bottom), Weight::Regular);
        self.y = bottom;
        self.boundary_labels(&boundaries, (top, bottom), labels);
        if unnamed {
            self.group_list(&boundaries);
        }
    }

    /// Names in words, where a band is too narrow for its name.
    fn group_list(&mut self, boundaries: &[f64]) {
        let last = boundaries.len();
        let parts: Vec<String> = (0..=last)
            .map(|g| {
                let range = match g {
                    0 => format!("below {}", short(boundaries[0])),
                    g if g == last => format!("from {}", short(boundaries[g - 1])),
                    g => format!("{} to {}", short(boundaries[g - 1]), short(boundaries[g])),
                };
                format!("{}: {range}", self.figure.group_name(g))
            })
            .collect();
        let text = format!("From left to right: {}.", parts.join("; "));
        self.remark(&text, INK);
    }

    /// A remark over the whole width below what is drawn so far.
    pub(super) fn remark(&mut self, text: &str, color: Color) {
        let room = self.canvas.width() - 2.0 * MARGIN;
        self.y += 12.0;
        for line in wrap(text, SMALL, Weight::Regular, room) {
            let at = (MARGIN, self.y + 0.5 * LINE_SPACING * SMALL);
            self.canvas.text(&line, at, Text::new(SMALL).color(color));
            self.y += LINE_SPACING * SMALL;
        }
    }
}

/// From blue over yellow to orange.
fn band_color(group: usize, last: usize) -> Color {
    let stops = [
        PALETTE[0].tint(0.25),
        PALETTE[4].tint(0.35),
        PALETTE[1].tint(0.42),
    ];
    let share = if last == 0 {
        0.0
    } else {
        group as f64 / last as f64
    };
    let (a, b, t) = if share <= 0.5 {
        (stops[0], stops[1], 2.0 * share)
    } else {
        (stops[1], stops[2], 2.0 * share - 1.0)
    };
    let mix = |a: u8, b: u8| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
    Color(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Order in which risks get their labels: the middle, the ends in use, then the rest.
fn importance(risk: f64) -> usize {
    const ORDER: [f64; 15] = [
        0.5, 0.1, 0.9, 0.3, 0.7, 0.01, 0.99, 0.05, 0.95, 0.2, 0.8, 0.001, 0.999, 0.4, 0.6,
    ];
    ORDER.iter().position(|&r| r == risk).unwrap_or(ORDER.len())
}
