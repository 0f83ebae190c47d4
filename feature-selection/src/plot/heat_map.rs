//! Correlation matrices as heat maps, ordered so that similar features stand together.
//!
//! A matrix of more than 160 features is drawn in cells of several: 979 features in 140 cells of seven. The mean of the
//! signed coefficients of a cell would hide what the figure is for: features that measure the same with opposite sign (an
//! energy and an entropy) stand beside each other in the order, and their coefficients cancel. A cell therefore
//! shows the strongest coefficient, with its sign, by default: where no cell is dark, no pair of features
//! correlates strongly. It overstates how strong pairs are on the whole; [`CellSummary::RootMeanSquare`] shows that.

use std::ops::Range;

use eval_stats::plot::canvas::{
    Area, Canvas, Color, GRAY, INK, LABEL_TEXT, LINE_SPACING, MARGIN, Point, SMALL_TEXT, Stroke,
    TICK_TEXT, Text, WHITE, Weight, wrap,
};
use ndarray::Array2;

use super::Layout;
use super::clustering::turned_leaves;
use super::family::{FeatureFamily, family_legend};
use super::names::short_names;
use super::parts::{features, is_double, refuse};
use crate::correlation::{Correlation, CorrelationColumns};
use crate::error::Result;
use crate::redundancy::{Dendrogram, Linkage};
use crate::table::FeatureTable;

/// Cells per side at most.
const MOST_CELLS: usize = 160;
/// Features of a table at most: two matrices of that size take 0.8 GB.
const MOST_FEATURES: usize = 7_000;

/// What a cell of several features shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CellSummary {
    /// The coefficient of largest absolute value, with its sign.
    #[default]
    Strongest,
    /// The root of the mean squared coefficient, with the sign of the sum of the signed squares.
    RootMeanSquare,
}

/// Settings of [`correlation_heat_map_with`] and [`correlation_heat_maps`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeatMap {
    method: Correlation,
    summary: CellSummary,
    unclustered: bool,
}

impl HeatMap {
    /// Clustered, the strongest coefficient where features share a cell.
    pub fn new(method: Correlation) -> Self {
        Self {
            method,
            ..Self::default()
        }
    }

    /// What a cell of several features shows.
    pub fn summary(mut self, summary: CellSummary) -> Self {
        self.summary = summary;
        self
    }

    /// Keeps the order of the table.
    pub fn in_table_order(mut self) -> Self {
        self.unclustered = true;
        self
    }
}

/// One matrix of [`correlation_heat_maps`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatMapPanel<'a> {
    title: &'a str,
    table: &'a FeatureTable,
}

impl<'a> HeatMapPanel<'a> {
    /// A table and what stands above its matrix; the number of features is added.
    pub fn new(title: &'a str, table: &'a FeatureTable) -> Self {
        Self { title, table }
    }
}

/// [`correlation_heat_map_with`] the default settings.
///
/// # Errors
/// As [`correlation_heat_map_with`].
pub fn correlation_heat_map(
    table: &FeatureTable,
    method: Correlation,
    layout: &Layout,
) -> Result<String> {
    correlation_heat_map_with(table, &HeatMap::new(method), layout)
}

/// Heat map of the correlations of all columns that vary, ordered by average-linkage clustering of `1 - |r|`, on a diverging scale
/// from -1 (blue) over 0 (white) to 1 (orange), with a strip of the [families](FeatureFamily) on the left. Features are named where
/// a row is high enough for their names; up to eight have their coefficients written.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) for fewer than two columns that vary, or more than 7,000.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::correlation::Correlation;
/// use feature_selection::plot::{HeatMap, Layout, correlation_heat_map_with};
/// use ndarray::array;
///
/// let names = ["glcm_Contrast", "glcm_Dissimilarity"].map(String::from);
/// let table = FeatureTable::new(array![[1.0, 2.0], [2.0, 3.0], [3.0, 9.0]].view(), &names)?;
/// let svg = correlation_heat_map_with(&table, &HeatMap::new(Correlation::Spearman), &Layout::new())?;
/// assert!(svg.contains("glcm_Dissimilarity") && svg.contains("1.00"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn correlation_heat_map_with(
    table: &FeatureTable,
    settings: &HeatMap,
    layout: &Layout,
) -> Result<String> {
    draw(&[HeatMapPanel::new("", table)], settings, layout)
}

/// Two matrices on one scale, before and after a selection: side by side on a page of two columns, else one below the other.
///
/// # Errors
/// As [`correlation_heat_map_with`], for either table.
pub fn correlation_heat_maps(
    before: HeatMapPanel<'_>,
    after: HeatMapPanel<'_>,
    settings: &HeatMap,
    layout: &Layout,
) -> Result<String> {
    draw(&[before, after], settings, layout)
}

fn draw(panels: &[HeatMapPanel<'_>], settings: &HeatMap, layout: &Layout) -> Result<String> {
    const GAP: f64 = 30.0;
    /// Share of a page of two columns that a single matrix takes; the legend stands beside it.
    const SINGLE: f64 = 0.75;
    let matrices: Vec<Matrix> = panels
        .iter()
        .map(|p| Matrix::new(p, settings))
        .collect::<Result<_>>()?;
    let mut canvas = Canvas::new(layout);
    let double = is_double(&canvas);
    let inner = canvas.width() - 2.0 * MARGIN;
    let (side_by_side, beside) = (double && matrices.len() > 1, double && matrices.len() == 1);
    let widths: Vec<f64> = match matrices.as_slice() {
        [left, right] if side_by_side => split(left, right, inner - GAP).to_vec(),
        all => vec![if beside { SINGLE * inner } else { inner }; all.len()],
    };
    let (top, mut bottom) = (canvas.top(), canvas.top());
    let mut left = MARGIN;
    for (matrix, &width) in matrices.iter().zip(&widths) {
        let at = match side_by_side {
            true => (left, top),
            false => (MARGIN, bottom),
        };
        bottom = bottom.max(matrix.draw(&mut canvas, at, width, settings) + 16.0);
        left += width + GAP;
    }
    bottom = if beside {
        let room = canvas.width() - MARGIN - left;
        bottom.max(legend(
            &mut canvas,
            &matrices,
            settings,
            (left, top + 4.0),
            room,
        ))
    } else {
        let room = inner - GAP;
        legend(
            &mut canvas,
            &matrices,
            settings,
            (MARGIN + 20.0, bottom + 10.0),
            room,
        )
    };
    let counts: Vec<String> = matrices.iter().map(|m| features(m.names.len())).collect();
    let order = match settings.unclustered {
        true => "in table order",
        false => "similar ones beside each other",
    };
    let text = format!("Correlations of {}, {order}.", counts.join(" and of "));
    Ok(canvas.finish(bottom, &text))
}

/// Widths of two matrices side by side: equal, unless the left one has too many features to name them and the names of the right one need the room.
fn split(left: &Matrix, right: &Matrix, total: f64) -> [f64; 2] {
    const SHARES: [f64; 3] = [0.5, 0.44, 0.38];
    let widths = |share: f64| [share * total, (1.0 - share) * total];
    let uncut = |&share: &f64| {
        let names = right.names_room(widths(share)[1]);
        names.named && names.room >= names.longest
    };
    let equal = SHARES[0];
    if left.names_room(widths(equal)[0]).named || !right.names_room(widths(equal)[1]).named {
        return widths(equal);
    }
    widths(SHARES.into_iter().find(uncut).unwrap_or(SHARES[2]))
}

/// Room for the names beside a matrix.
struct NamesRoom {
    /// Width of the longest name.
    longest: f64,
    /// Width that names get.
    room: f64,
    /// Whether that is enough to write any.
    named: bool,
}

/// Width of the strip of families, and the gap beside it.
const STRIP: f64 = 16.0;
const STRIP_GAP: f64 = 6.0;

/// The scale, the families and what cells of several features show; the lower end.
fn legend(
    canvas: &mut Canvas,
    matrices: &[Matrix],
    settings: &HeatMap,
    at: Point,
    width: f64,
) -> f64 {
    let top = scale(canvas, at, width, settings.method) + 10.0;
    let families = family_legend(matrices.iter().flat_map(|m| m.families()));
    families.draw(canvas, (at.0, top), width);
    let bottom = top + families.height(width);
    let largest = matrices.iter().map(Matrix::cell_size).max().unwrap_or(1);
    if largest == 1 {
        return bottom;
    }
    let text = match settings.summary {
        CellSummary::Strongest => "the strongest coefficient, with its sign",
        CellSummary::RootMeanSquare => "the root mean square, with the prevailing sign",
    };
    let text = format!("Cells of {largest} by {largest} features show {text}.");
    let lines = wrap(&text, SMALL_TEXT, Weight::Regular, width);
    let step = LINE_SPACING * SMALL_TEXT;
    let first = (at.0, bottom + 4.0 + 0.5 * step);
    canvas.lines(&lines, first, Text::new(SMALL_TEXT).color(GRAY));
    bottom + 4.0 + step * lines.len() as f64
}

/// A matrix in the order in which it is drawn.
struct Matrix {
    title: String,
    names: Vec<String>,
    /// Coefficients in the order of the names.
    r: Array2<f64>,
}

impl Matrix {
    fn new(panel: &HeatMapPanel<'_>, settings: &HeatMap) -> Result<Self> {
        let table = panel.table;
        let constant = table.constant_columns();
        let usable: Vec<usize> = (0..table.n_columns())
            .filter(|j| constant.binary_search(j).is_err())
            .collect();
        let p = usable.len();
        if !(2..=MOST_FEATURES).contains(&p) {
            return refuse(format!(
                "expected 2 to {MOST_FEATURES} columns that vary, found {p}"
            ));
        }
        let table = table.select_columns(&usable);
        let correlations = CorrelationColumns::new(&table, settings.method);
        let r = correlations.matrix();
        let order: Vec<usize> = if settings.unclustered {
            (0..p).collect()
        } else {
            let tree = Dendrogram::of(&correlations, Linkage::Average)?;
            turned_leaves(p, &tree.merges, |i, j| 1.0 - r[[i, j]].abs())
        };
        let title = match panel.title {
            "" => String::new(),
            title => format!("{title} ({})", features(p)),
        };
        Ok(Self {
            title,
            names: order.iter().map(|&j| table.names()[j].clone()).collect(),
            r: Array2::from_shape_fn((p, p), |(i, j)| r[[order[i], order[j]]]),
        })
    }

    fn families(&self) -> impl Iterator<Item = FeatureFamily> {
        self.names.iter().map(|n| FeatureFamily::of(n))
    }

    /// Features per cell.
    fn cell_size(&self) -> usize {
        self.names.len().div_ceil(MOST_CELLS)
    }

    /// Names need rows as high as their letters; they give way to the matrix while some twenty characters remain.
    fn names_room(&self, width: f64) -> NamesRoom {
        let style = Text::new(SMALL_TEXT);
        let longest = self
            .names
            .iter()
            .map(|n| style.width(n))
            .fold(0.0, f64::max);
        let spare = width - 8.0 - STRIP - STRIP_GAP - 1.12 * SMALL_TEXT * self.names.len() as f64;
        let room = longest.min(0.46 * width).min(spare);
        NamesRoom {
            longest,
            room,
            named: room >= longest.min(200.0),
        }
    }

    /// Draws the title, the names, the strip and the cells; the lower end.
    fn draw(&self, canvas: &mut Canvas, at: Point, width: f64, settings: &HeatMap) -> f64 {
        const GAP: f64 = STRIP_GAP;
        let p = self.names.len();
        let style = Text::new(SMALL_TEXT);
        let top = at.1 + self.draw_title(canvas, at, width);
        let NamesRoom {
            longest,
            room,
            named,
        } = self.names_room(width);
        let side_of = |names: f64| width - names - STRIP - GAP;
        let names = if named { room + 8.0 } else { 0.0 };
        let left = at.0 + names + STRIP + GAP;
        // A square of few features need not fill the page.
        let side = side_of(names)
            .min(110.0 * p as f64)
            .max(200.0_f64.min(side_of(names)));
        let frame = Area::new(left, top, left + side, top + side);
        self.draw_cells(canvas, &frame, settings.summary);
        self.draw_strip(canvas, left - GAP - STRIP, STRIP, &frame);
        canvas.outline(frame, Stroke::new(INK, 1.5));
        let mut bottom = frame.bottom;
        if named {
            let step = side / p as f64;
            let all: Vec<&str> = self.names.iter().map(String::as_str).collect();
            for (i, name) in short_names(&all, style, room).iter().enumerate() {
                let y = top + step * (i as f64 + 0.5);
                canvas.text(name, (left - GAP - STRIP - 6.0, y), style.end());
            }
            let room = room.min(320.0);
            for (i, name) in short_names(&all, style, room).iter().enumerate() {
                let x = left + step * (i as f64 + 0.5);
                canvas.vertical_text(name, (x, bottom + 8.0), style.end());
            }
            bottom += 8.0 + longest.min(room);
            self.draw_numbers(canvas, &frame);
        }
        bottom
    }

    /// The title in lines; its height.
    fn draw_title(&self, canvas: &mut Canvas, at: Point, width: f64) -> f64 {
        if self.title.is_empty() {
            return 0.0;
        }
        let style = Text::new(TICK_TEXT).bold();
        let lines = wrap(&self.title, TICK_TEXT, Weight::Bold, width);
        let step = LINE_SPACING * TICK_TEXT;
        canvas.lines(&lines, (at.0, at.1 + 0.5 * step), style);
        step * lines.len() as f64 + 6.0
    }

    /// Cells, neighbors of one color in a row as one rectangle.
    fn draw_cells(&self, canvas: &mut Canvas, frame: &Area, summary: CellSummary) {
        let (p, size) = (self.names.len(), self.cell_size());
        let cells = p.div_ceil(size);
        let block = |c: usize| c * size..((c + 1) * size).min(p);
        let place = |feature: usize| frame.width() * feature as f64 / p as f64;
        for a in 0..cells {
            let rows = block(a);
            let colors: Vec<Color> = (0..cells)
                .map(|b| diverging(self.summary(&rows, &block(b), summary)))
                .collect();
            let mut start = 0;
            while start < cells {
                let run = colors[start..]
                    .iter()
                    .take_while(|c| **c == colors[start])
                    .count();
                let end = start + run;
                // A little beyond the right and lower edge, where the next cell covers it: renderers leave hairlines between
                // areas that only touch.
                let seam = |end: usize| if end < cells { 1.0 } else { 0.0 };
                let area = Area::new(
                    frame.left + place(block(start).start),
                    frame.top + place(rows.start),
                    frame.left + place(block(end - 1).end) + seam(end),
                    frame.top + place(rows.end) + seam(a + 1),
                );
                canvas.rectangle(area, colors[start]);
                start = end;
            }
        }
    }

    /// The number that a cell shows; NaN if no pair has a coefficient.
    fn summary(&self, rows: &Range<usize>, columns: &Range<usize>, summary: CellSummary) -> f64 {
        let pairs = || {
            rows.clone()
                .flat_map(|i| columns.clone().map(move |j| self.r[[i, j]]))
                .filter(|r| !r.is_nan())
        };
        match summary {
            CellSummary::Strongest => pairs().fold(f64::NAN, |most: f64, r| {
                if most.is_nan() || r.abs() > most.abs() {
                    r
                } else {
                    most
                }
            }),
            CellSummary::RootMeanSquare => {
                let n = pairs().count() as f64;
                let squares: f64 = pairs().map(|r| r * r).sum();
                let signed: f64 = pairs().map(|r| r * r.abs()).sum();
                (squares / n).sqrt().copysign(signed)
            }
        }
    }

    /// A strip of family colors.
    fn draw_strip(&self, canvas: &mut Canvas, left: f64, width: f64, frame: &Area) {
        let families: Vec<FeatureFamily> = self.families().collect();
        let p = families.len();
        let place = |i: usize| frame.top + frame.height() * i as f64 / p as f64;
        let mut start = 0;
        while start < p {
            let run = families[start..]
                .iter()
                .take_while(|f| **f == families[start])
                .count();
            let end = start + run;
            let seam = if end < p { 1.0 } else { 0.0 };
            let area = Area::new(left, place(start), left + width, place(end) + seam);
            canvas.rectangle(area, families[start].color());
            start = end;
        }
    }

    /// Coefficients in the cells of few features.
    fn draw_numbers(&self, canvas: &mut Canvas, frame: &Area) {
        const MOST: usize = 8;
        let p = self.names.len();
        let step = frame.width() / p as f64;
        let style = Text::new(SMALL_TEXT).middle();
        if p > MOST || step < style.width("\u{2212}0.00") + 6.0 {
            return;
        }
        for ((i, j), r) in self.r.indexed_iter().filter(|e| !e.1.is_nan()) {
            let at = (
                frame.left + step * (j as f64 + 0.5),
                frame.top + step * (i as f64 + 0.5),
            );
            let text = format!("{r:.2}");
            let text = if text == "-0.00" {
                "0.00".to_owned()
            } else {
                text.replace('-', "\u{2212}")
            };
            canvas.text(&text, at, style.color(diverging(*r).readable()));
        }
    }
}

/// The color bar; its lower end.
fn scale(canvas: &mut Canvas, at: Point, width: f64, method: Correlation) -> f64 {
    const STEPS: i32 = 100;
    // The first and the last label reach beyond the bar.
    let (left, top) = (at.0 + 10.0, at.1);
    let length = (width - 20.0).min(420.0);
    let place = |step: i32| left + length * f64::from(step) / f64::from(STEPS);
    for step in 0..STEPS {
        let value = -1.0 + (2.0 * f64::from(step) + 1.0) / f64::from(STEPS);
        let seam = if step + 1 < STEPS { 1.0 } else { 0.0 };
        let area = Area::new(place(step), top, place(step + 1) + seam, top + 22.0);
        canvas.rectangle(area, diverging(value));
    }
    canvas.outline(
        Area::new(left, top, left + length, top + 22.0),
        Stroke::new(INK, 1.5),
    );
    for (position, label) in [
        (0.0, "\u{2212}1"),
        (0.25, "\u{2212}0.5"),
        (0.5, "0"),
        (0.75, "0.5"),
        (1.0, "1"),
    ] {
        let below = (left + position * length, top + 42.0);
        canvas.text(label, below, Text::new(TICK_TEXT).middle());
    }
    let text = format!("{method} correlation");
    canvas.text(&text, (at.0, top + 76.0), Text::new(LABEL_TEXT));
    top + 90.0
}

/// Blue over white to orange, in steps of a fiftieth; white where undefined.
fn diverging(r: f64) -> Color {
    const BLUE: Color = Color(0, 114, 178);
    const ORANGE: Color = Color(213, 94, 0);
    let r = (50.0 * r).round() / 50.0;
    if r.is_nan() {
        WHITE
    } else if r < 0.0 {
        BLUE.tint(-r)
    } else {
        ORANGE.tint(r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(r: Array2<f64>) -> Matrix {
        Matrix {
            title: String::new(),
            names: (0..r.nrows()).map(|i| i.to_string()).collect(),
            r,
        }
    }

    #[test]
    fn a_cell_shows_its_strongest_pair_and_no_cancellation() {
        let m = matrix(ndarray::array![[0.8, -0.9], [-0.8, 0.1]]);
        let all = 0..2;
        assert_eq!(m.summary(&all, &all, CellSummary::Strongest), -0.9);
        let mean_square: f64 = (0.64 + 0.81 + 0.64 + 0.01) / 4.0;
        let rms = m.summary(&all, &all, CellSummary::RootMeanSquare);
        assert!((rms + mean_square.sqrt()).abs() < 1e-15, "{rms}");
        let undefined = matrix(Array2::from_elem((2, 2), f64::NAN));
        assert!(
            undefined
                .summary(&all, &all, CellSummary::Strongest)
                .is_nan()
        );
        assert!(
            undefined
                .summary(&all, &all, CellSummary::RootMeanSquare)
                .is_nan()
        );
    }

    #[test]
    fn colors_are_those_of_the_scale() {
        assert_eq!(diverging(0.0), WHITE);
        assert_eq!(diverging(1.0), Color(213, 94, 0));
        assert_eq!(diverging(-1.0), Color(0, 114, 178));
        assert_eq!(diverging(f64::NAN), WHITE);
    }
}
