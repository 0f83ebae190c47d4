//! Distribution of intraclass correlations, and inter- against intra-observer.

use eval_stats::plot::canvas::{
    Area, Axis, Canvas, Color, Dash, Entry, Frame, GRAY, Grid, INK, Legend, MARGIN, Mark, PALETTE,
    Stroke, WHITE,
};

use super::Layout;
use super::parts::{PALE_GRAY, is_double, legend_below, number, refuse, remark};
use crate::error::Result;
use crate::icc::{FeatureIcc, IccBound, IccFilter, IccScheme, Reliability};

/// Settings of [`icc_histogram_with`] and [`icc_scatter_with`]: the ranges that are told apart, what is kept, and how
/// the two comparisons of a scatter are called.
#[derive(Debug, Clone, PartialEq)]
pub struct IccFigure {
    scheme: IccScheme,
    filter: IccFilter,
    names: [String; 2],
}

impl Default for IccFigure {
    fn default() -> Self {
        Self::new()
    }
}

impl IccFigure {
    /// Ranges from 0.60 and 0.80, features kept from an estimate of 0.80, inter- and intra-observer.
    pub fn new() -> Self {
        Self {
            scheme: IccScheme::default(),
            filter: IccFilter::default(),
            names: ["Inter-observer".to_owned(), "Intra-observer".to_owned()],
        }
    }

    /// The ranges: their cuts are dotted lines, a histogram is colored by them.
    pub fn scheme(mut self, scheme: IccScheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// What is kept: its threshold is the dashed line, and its [`IccBound`] says which number is drawn, the estimate or the
    /// lower confidence limit.
    pub fn filter(mut self, filter: IccFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Names of the two comparisons of a scatter, horizontal first.
    pub fn comparisons(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.names = [x.into(), y.into()];
        self
    }

    fn quantity(&self, features: &[FeatureIcc]) -> String {
        match self.filter.bound {
            IccBound::Estimate => "ICC".to_owned(),
            IccBound::LowerLimit => {
                let level = features.first().map_or(0.95, |f| f.icc.level);
                format!("ICC, lower {} % limit", percent(level))
            }
        }
    }

    fn check(&self) -> Result<()> {
        let threshold = self.filter.threshold;
        if (-1.0..=1.0).contains(&threshold) {
            return Ok(());
        }
        refuse(format!(
            "threshold: expected a number in [-1, 1], found {threshold}"
        ))
    }

    fn kept(&self, value: f64) -> bool {
        value >= self.filter.threshold
    }
}

/// 95 of 0.95, 97.5 of 0.975.
fn percent(level: f64) -> String {
    let text = format!("{:.2}", 100.0 * level);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Where the words of a scheme change, ascending. Read off the words themselves, so that the two cannot differ.
fn cuts(scheme: IccScheme) -> Vec<f64> {
    let at = |hundredths: i32| f64::from(hundredths) / 100.0;
    (-99..=100)
        .filter(|&k| scheme.label(at(k)) != scheme.label(at(k - 1)))
        .map(at)
        .collect()
}

fn word(label: Reliability) -> &'static str {
    match label {
        Reliability::Undefined => "undefined",
        Reliability::Poor => "poor",
        Reliability::Fair => "fair",
        Reliability::Moderate => "moderate",
        Reliability::Good => "good",
        Reliability::Excellent => "excellent",
    }
}

/// Shades from poor to excellent; the last is the darkest.
fn shades(n_ranges: usize) -> Vec<Color> {
    const FROM_TOP: [Color; 3] = [PALETTE[0], PALETTE[5], Color(176, 219, 244)];
    let mut shades: Vec<Color> = FROM_TOP
        .into_iter()
        .cycle()
        .take(n_ranges.saturating_sub(1))
        .collect();
    shades.reverse();
    shades.insert(0, PALE_GRAY);
    shades
}

/// [`icc_histogram_with`] the default settings.
///
/// # Errors
/// As [`icc_histogram_with`].
pub fn icc_histogram(features: &[FeatureIcc], layout: &Layout) -> Result<String> {
    icc_histogram_with(features, &IccFigure::new(), layout)
}

/// Histogram of coefficients in bins of 0.05 that include their lower end, colored by the ranges of the scheme, with the count
/// of every range and of the features kept. Values below the axis (it ends at -1 at the latest) stand in its lowest bin.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without any defined coefficient, for one above 1, or a threshold outside [-1, 1].
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::icc::{IccForm, IccScheme, IccSettings, feature_icc};
/// use feature_selection::plot::{IccFigure, Layout, icc_histogram_with};
/// use ndarray::array;
///
/// let names = ["glcm_Contrast".to_string()];
/// let first = FeatureTable::new(array![[1.0], [2.0], [3.0], [4.0]].view(), &names)?;
/// let second = FeatureTable::new(array![[1.1], [2.0], [2.9], [4.1]].view(), &names)?;
/// let icc = feature_icc(&[&first, &second], IccForm::AGREEMENT_SINGLE, &IccSettings::default())?;
/// let svg = icc_histogram_with(&icc, &IccFigure::new().scheme(IccScheme::KooLi), &Layout::new())?;
/// assert!(svg.contains("excellent, ≥ 0.90: 1"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn icc_histogram_with(
    features: &[FeatureIcc],
    figure: &IccFigure,
    layout: &Layout,
) -> Result<String> {
    figure.check()?;
    let values = defined(features, figure)?;
    let (edges, counts) = bins(&values);
    let cuts = cuts(figure.scheme);
    let shades = shades(cuts.len() + 1);
    let mut canvas = Canvas::new(layout);
    let x = Axis::linear(figure.quantity(features), edges[0], 1.0);
    let height = if is_double(&canvas) { 560.0 } else { 460.0 };
    let at = (0.0, canvas.top());
    let frame = Frame::fitted(at, canvas.width(), height, x, count_axis(&counts));
    frame.draw(&mut canvas, Grid::Horizontal);
    for (bin, &count) in counts.iter().enumerate().filter(|c| *c.1 > 0) {
        let (from, until) = (edges[bin], edges[bin + 1]);
        let (a, b) = (frame.at(from, count as f64), frame.at(until, 0.0));
        let bar = Area::new(a.0 + 1.0, a.1, b.0 - 1.0, b.1);
        let range = cuts.partition_point(|&c| c <= from);
        canvas.rectangle(bar, shades[range]);
    }
    for &cut in cuts.iter().filter(|&&c| c != figure.filter.threshold) {
        frame.vertical(&mut canvas, cut, CUT);
    }
    if frame.x.contains(figure.filter.threshold) {
        frame.vertical(&mut canvas, figure.filter.threshold, THRESHOLD);
    }
    let legend = histogram_legend(features, &values, figure, &cuts, &shades);
    let mut bottom = legend_below(&mut canvas, &legend, frame.bottom() + 12.0);
    let below = values.iter().filter(|&&v| v < edges[0]).count();
    if below > 0 {
        let text = format!("Lowest bin with {below} below {}.", number(edges[0]));
        bottom = remark(&mut canvas, &text, bottom + 4.0);
    }
    let kept = values.iter().filter(|&&v| figure.kept(v)).count();
    let text = format!(
        "Histogram of {} of {} features, {kept} kept.",
        figure.quantity(features),
        values.len()
    );
    Ok(canvas.finish(bottom, &text))
}

/// Edges of bins of 0.05 up to 1 and how many values lie in each; compared with the edges themselves, so that 0.80 opens
/// its bin as it opens its range.
fn bins(values: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let edges: Vec<f64> = (lowest_bin(values)..=20)
        .map(|k| f64::from(k) / 20.0)
        .collect();
    let mut counts = vec![0; edges.len() - 1];
    for &v in values {
        let bin = edges.partition_point(|&e| e <= v).saturating_sub(1);
        counts[bin.min(edges.len() - 2)] += 1;
    }
    (edges, counts)
}

/// An axis of whole numbers.
fn count_axis(counts: &[usize]) -> Axis {
    let tallest = counts.iter().copied().max().unwrap_or(1) as f64;
    let axis = Axis::linear("Features", 0.0, 1.06 * tallest);
    let ticks = axis.ticks.iter().map(|t| t.value);
    let whole: Vec<f64> = ticks.filter(|t| t.fract() == 0.0).collect();
    axis.ticks(&whole)
}

/// The dashed line of what is kept.
const THRESHOLD: Stroke = Stroke {
    color: INK,
    width: 3.0,
    dash: Dash::Dashed,
};

/// The dotted lines of a scheme.
const CUT: Stroke = Stroke {
    color: GRAY,
    width: 2.5,
    dash: Dash::Dotted,
};

/// Values to draw; undefined ones are passed over.
fn defined(features: &[FeatureIcc], figure: &IccFigure) -> Result<Vec<f64>> {
    let mut values = Vec::with_capacity(features.len());
    for feature in features {
        let value = figure.filter.compared(&feature.icc);
        if value.is_nan() {
            continue;
        }
        check_value(&feature.name, value)?;
        values.push(value);
    }
    if values.is_empty() {
        return refuse(format!(
            "expected at least one defined coefficient, found none among {} features",
            features.len()
        ));
    }
    Ok(values)
}

fn check_value(name: &str, value: f64) -> Result<()> {
    // Rounding may leave a perfect coefficient a little above 1.
    if value <= 1.0 + 1e-9 {
        return Ok(());
    }
    refuse(format!(
        "coefficient of `{name}`: expected at most 1, found {value}"
    ))
}

/// Lower end of the axis in twentieths: 0, or below the least value, but not below -1.
fn lowest_bin(values: &[f64]) -> i32 {
    let least = values.iter().fold(0.0_f64, |m, &v| m.min(v)).max(-1.0);
    // Ends at a multiple of 0.2, where an axis has its ticks.
    4 * (least * 5.0).floor() as i32
}

fn histogram_legend(
    features: &[FeatureIcc],
    values: &[f64],
    figure: &IccFigure,
    cuts: &[f64],
    shades: &[Color],
) -> Legend {
    let mut legend = Legend::new();
    for range in (0..shades.len()).rev() {
        let low = range.checked_sub(1).map(|i| cuts[i]);
        let high = cuts.get(range).copied();
        let inside = |v: f64| low.is_none_or(|l| v >= l) && high.is_none_or(|h| v < h);
        let count = values.iter().filter(|&&v| inside(v)).count();
        let (label, limits) = match (low, high) {
            (Some(l), Some(h)) => (l, format!("{l:.2} to < {h:.2}")),
            (Some(l), None) => (l, format!("\u{2265} {l:.2}")),
            (None, Some(h)) => (h - 1.0, format!("< {h:.2}")),
            (None, None) => (0.0, "all".to_owned()),
        };
        let word = word(figure.scheme.label(label));
        let text = format!("{word}, {limits}: {count}");
        legend.push(Entry::new(Mark::Box(shades[range]), text));
    }
    let kept = values.iter().filter(|&&v| figure.kept(v)).count();
    let text = format!(
        "kept, \u{2265} {}: {kept} of {}",
        threshold(figure),
        features.len()
    );
    legend.push(Entry::new(Mark::Line(THRESHOLD), text));
    let undefined = features.len() - values.len();
    if undefined > 0 {
        let text = format!("undefined (constant): {undefined}");
        legend.push(Entry::new(Mark::Box(WHITE), text));
    }
    legend
}

/// At least two decimals.
fn threshold(figure: &IccFigure) -> String {
    let threshold = figure.filter.threshold;
    let two = format!("{threshold:.2}");
    if two.parse() == Ok(threshold) {
        two
    } else {
        threshold.to_string()
    }
    .replace('-', "\u{2212}")
}

/// [`icc_scatter_with`] the default settings.
///
/// # Errors
/// As [`icc_scatter_with`].
pub fn icc_scatter(inter: &[FeatureIcc], intra: &[FeatureIcc], layout: &Layout) -> Result<String> {
    icc_scatter_with(inter, intra, &IccFigure::new(), layout)
}

/// One coefficient of every feature against the other: dashed lines at the threshold, the quadrant of what both keep shaded, dotted
/// lines at the cuts of the scheme, counts of the four quadrants. Features that both lists define are drawn; values
/// below the axis stand on its edge.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) if the lists name different features or share no defined coefficient; and as [`icc_histogram_with`].
pub fn icc_scatter_with(
    inter: &[FeatureIcc],
    intra: &[FeatureIcc],
    figure: &IccFigure,
    layout: &Layout,
) -> Result<String> {
    figure.check()?;
    let pairs = pairs(inter, intra, figure)?;
    let quantity = figure.quantity(inter);
    let mut canvas = Canvas::new(layout);
    let page = canvas.width();
    let width = page * if is_double(&canvas) { 0.56 } else { 1.0 };
    let frame = square(figure, &pairs, &quantity, (canvas.top(), width));
    let counts = scatter(&mut canvas, &frame, figure, &pairs);
    let legend = scatter_legend(figure, &counts, inter.len());
    let bottom = if is_double(&canvas) {
        let left = width + 30.0;
        let room = page - left - MARGIN;
        legend.draw(&mut canvas, (left, frame.area.top), room);
        frame.bottom().max(frame.area.top + legend.height(room))
    } else {
        legend_below(&mut canvas, &legend, frame.bottom() + 12.0)
    };
    let text = format!(
        "{} against {} {quantity}, {} of {} features kept by both.",
        figure.names[0],
        figure.names[1],
        counts[0],
        pairs.len()
    );
    Ok(canvas.finish(bottom, &text))
}

/// A frame as high as wide.
fn square(
    figure: &IccFigure,
    pairs: &[[f64; 2]],
    quantity: &str,
    (top, width): (f64, f64),
) -> Frame {
    let all: Vec<f64> = pairs.iter().flatten().copied().collect();
    let low = f64::from(lowest_bin(&all)) / 20.0;
    let axis = |name: &str| Axis::linear(format!("{name} {quantity}"), low, 1.0);
    let place = |height: f64| {
        let [x, y] = [axis(&figure.names[0]), axis(&figure.names[1])];
        Frame::fitted((0.0, top), width, height, x, y)
    };
    place(place(480.0).area.width())
}

/// The shaded quadrant, lines and points; counts of the quadrants.
fn scatter(
    canvas: &mut Canvas,
    frame: &Frame,
    figure: &IccFigure,
    pairs: &[[f64; 2]],
) -> [usize; 4] {
    let (low, threshold) = (frame.x.low, figure.filter.threshold);
    let edge = threshold.max(low);
    let (a, b) = (frame.at(edge, 1.0), frame.at(1.0, edge));
    canvas.rectangle(Area::new(a.0, a.1, b.0, b.1), PALETTE[0].tint(0.1));
    frame.draw(canvas, Grid::None);
    for cut in cuts(figure.scheme).into_iter().filter(|c| *c != threshold) {
        frame.vertical(canvas, cut, CUT);
        frame.horizontal(canvas, cut, CUT);
    }
    let quadrant = |p: &[f64; 2]| match (figure.kept(p[0]), figure.kept(p[1])) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    };
    let radius = if pairs.len() > 300 { 4.0 } else { 6.0 };
    let mut counts = [0; 4];
    // Kept ones last, so that others do not cover them.
    for quarter in (0..4).rev() {
        for pair in pairs.iter().filter(|p| quadrant(p) == quarter) {
            let at = frame.at(pair[0].max(low), pair[1].max(low));
            canvas.disk(at, radius, QUADRANTS[quarter]);
            counts[quarter] += 1;
        }
    }
    if threshold >= low {
        frame.vertical(canvas, threshold, THRESHOLD);
        frame.horizontal(canvas, threshold, THRESHOLD);
    }
    counts
}

/// Both, horizontal only, vertical only, neither.
const QUADRANTS: [Color; 4] = [PALETTE[0], PALETTE[4], PALETTE[3], PALE_GRAY];

fn scatter_legend(figure: &IccFigure, counts: &[usize; 4], n: usize) -> Legend {
    let [x, y] = &figure.names;
    let at_least = format!("\u{2265} {}", threshold(figure));
    let texts = [
        format!("both {at_least} (kept): {}", counts[0]),
        format!("only {x} {at_least}: {}", counts[1]),
        format!("only {y} {at_least}: {}", counts[2]),
        format!("neither: {}", counts[3]),
    ];
    let mut legend = Legend::new();
    for (text, color) in texts.into_iter().zip(QUADRANTS) {
        legend.push(Entry::new(Mark::Dot(color), text));
    }
    let undefined = n - counts.iter().sum::<usize>();
    if undefined > 0 {
        let text = format!("undefined (constant): {undefined}");
        legend.push(Entry::new(Mark::Box(WHITE), text));
    }
    let text = format!("threshold {}", threshold(figure));
    legend.push(Entry::new(Mark::Line(THRESHOLD), text));
    let cuts: Vec<String> = cuts(figure.scheme)
        .iter()
        .map(|c| format!("{c:.2}"))
        .collect();
    legend.push(Entry::new(
        Mark::Line(CUT),
        format!("ranges from {}", cuts.join(", ")),
    ));
    legend
}

/// Values that both lists define.
fn pairs(inter: &[FeatureIcc], intra: &[FeatureIcc], figure: &IccFigure) -> Result<Vec<[f64; 2]>> {
    super::parts::same_length("second list of coefficients", inter.len(), intra.len())?;
    let mut pairs = Vec::with_capacity(inter.len());
    for (i, (a, b)) in inter.iter().zip(intra).enumerate() {
        if a.name != b.name {
            return refuse(format!(
                "lists name different features: expected `{}` at position {i}, found `{}`",
                a.name, b.name
            ));
        }
        let values = [&a.icc, &b.icc].map(|icc| figure.filter.compared(icc));
        if values.iter().any(|v| v.is_nan()) {
            continue;
        }
        for v in values {
            check_value(&a.name, v)?;
        }
        pairs.push(values);
    }
    if pairs.is_empty() {
        return refuse(format!(
            "expected at least one feature with both coefficients, found none among {}",
            inter.len()
        ));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_those_of_the_words() {
        assert_eq!(cuts(IccScheme::Radiomics), [0.60, 0.80]);
        assert_eq!(cuts(IccScheme::KooLi), [0.50, 0.75, 0.90]);
        assert_eq!(cuts(IccScheme::Cicchetti), [0.40, 0.60, 0.75]);
        assert_eq!(shades(4).len(), 4);
    }

    #[test]
    fn axes_begin_at_a_tick_below_the_data() {
        assert_eq!(lowest_bin(&[0.0, 0.9]), 0);
        assert_eq!(lowest_bin(&[-0.01]), -4);
        assert_eq!(lowest_bin(&[-0.2]), -4);
        assert_eq!(lowest_bin(&[-7.0]), -20);
    }

    #[test]
    fn levels_are_percentages() {
        assert_eq!([percent(0.95), percent(0.975)], ["95", "97.5"]);
    }
}
