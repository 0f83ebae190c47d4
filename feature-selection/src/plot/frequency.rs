//! How often features are selected: over subsamples, along lambda, over the folds of a nested cross-validation.

use eval_stats::plot::canvas::{
    Axis, Canvas, Entry, Frame, GRAY, Grid, Legend, Mark, PALETTE, Stroke, TICK_TEXT, Text,
};

use super::bars::{Bar, BarChart, THRESHOLD};
use super::names::short_names;
use super::parts::{PALE_GRAY, features, is_double, legend_below, refuse, same_length, share};
use super::{LambdaAxis, Layout};
use crate::error::Result;

/// Selection frequencies of a stability selection, for [`stability_bars`].
///
/// ```
/// use feature_selection::plot::{Layout, StabilityBars, stability_bars};
/// let names = ["shape_Sphericity", "glcm_Contrast"].map(String::from);
/// let svg = stability_bars(&StabilityBars::new(&names, &[0.93, 0.41], 0.6), &Layout::new())?;
/// assert!(svg.contains("0.93"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StabilityBars<'a> {
    names: &'a [String],
    frequencies: &'a [f64],
    threshold: f64,
    top: usize,
}

impl<'a> StabilityBars<'a> {
    /// Names, the share of subsamples in which each was selected, and the share from which a feature is kept. The 30 most
    /// frequent are drawn.
    pub fn new(names: &'a [String], frequencies: &'a [f64], threshold: f64) -> Self {
        Self {
            names,
            frequencies,
            threshold,
            top: 30,
        }
    }

    /// Number of features drawn.
    pub fn top(mut self, n: usize) -> Self {
        self.top = n;
        self
    }
}

/// Bars of the most frequently selected features, those from the threshold on in color; ties by name.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without features, for lists of different length, or a frequency or threshold outside [0, 1].
pub fn stability_bars(figure: &StabilityBars<'_>, layout: &Layout) -> Result<String> {
    same_length("frequencies", figure.names.len(), figure.frequencies.len())?;
    share("threshold", "stability selection", figure.threshold)?;
    for (name, &f) in figure.names.iter().zip(figure.frequencies) {
        share("frequency", name, f)?;
    }
    let pairs = figure
        .names
        .iter()
        .map(String::as_str)
        .zip(figure.frequencies.iter().copied());
    // A frequency below the threshold is not rounded up to it.
    let text = |f: f64| match format!("{f:.2}") {
        t if f < figure.threshold && t.parse().is_ok_and(|r: f64| r >= figure.threshold) => {
            format!("{f:.3}")
        }
        t => t,
    };
    let mut chart = Frequencies {
        title: "Selection frequency",
        threshold: Some(figure.threshold),
        top: figure.top,
    }
    .chart(pairs.collect(), text)?;
    let kept = figure
        .frequencies
        .iter()
        .filter(|&&f| f >= figure.threshold)
        .count();
    let name = figure.threshold;
    let label = format!("\u{2265} {name}: {}", features(kept));
    chart.legend.push(Entry::new(Mark::Line(THRESHOLD), label));
    chart.description = format!(
        "Selection frequency of {}, {kept} from {name} on.",
        features(figure.names.len())
    );
    Ok(chart.draw(layout))
}

/// How often features were selected in the outer folds of a nested cross-validation, for [`fold_bars`].
///
/// ```
/// use feature_selection::plot::{FoldBars, Layout, fold_bars};
/// let counts = [("shape_Sphericity".to_owned(), 5), ("glcm_Contrast".to_owned(), 2)];
/// let svg = fold_bars(&FoldBars::new(&counts, 5), &Layout::new())?;
/// assert!(svg.contains("5/5"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FoldBars<'a> {
    counts: &'a [(String, usize)],
    n_folds: usize,
    top: usize,
}

impl<'a> FoldBars<'a> {
    /// Counts as [`selection_frequencies`](crate::nested_cv::NestedCrossValidation::selection_frequencies) holds them, and the number of
    /// folds. The 30 most frequent are drawn.
    pub fn new(counts: &'a [(String, usize)], n_folds: usize) -> Self {
        Self {
            counts,
            n_folds,
            top: 30,
        }
    }

    /// Number of features drawn.
    pub fn top(mut self, n: usize) -> Self {
        self.top = n;
        self
    }
}

/// Bars of the share of folds in which features were selected, with the counts; those of every fold in color.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without features or folds, or for more selections than folds.
pub fn fold_bars(figure: &FoldBars<'_>, layout: &Layout) -> Result<String> {
    let n = figure.n_folds;
    for (name, count) in figure.counts {
        if *count > n {
            return refuse(format!(
                "selections of `{name}`: expected at most {n} folds, found {count}"
            ));
        }
    }
    if n == 0 {
        return refuse("expected at least 1 fold, found 0".to_owned());
    }
    let pairs = figure
        .counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count as f64 / n as f64));
    let text = |f: f64| format!("{:.0}/{n}", f * n as f64);
    let mut chart = Frequencies {
        title: "Share of outer folds",
        threshold: None,
        top: figure.top,
    }
    .chart(pairs.collect(), text)?;
    let always = figure.counts.iter().filter(|c| c.1 == n).count();
    chart.legend.push(Entry::new(
        Mark::Box(PALETTE[0]),
        format!("selected in every fold: {}", features(always)),
    ));
    chart.description = format!(
        "{} selected in any of {n} folds, {always} in all.",
        features(figure.counts.len())
    );
    Ok(chart.draw(layout))
}

/// What both kinds of bars share.
struct Frequencies {
    title: &'static str,
    threshold: Option<f64>,
    top: usize,
}

impl Frequencies {
    fn chart(&self, mut pairs: Vec<(&str, f64)>, text: impl Fn(f64) -> String) -> Result<BarChart> {
        let n = pairs.len();
        if n == 0 || self.top == 0 {
            return refuse(format!(
                "expected features to draw, found {n} and room for {}",
                self.top
            ));
        }
        pairs.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        pairs.truncate(self.top);
        let kept = |f: f64| f >= self.threshold.unwrap_or(1.0);
        Ok(BarChart {
            remark: (n > pairs.len()).then(|| format!("The {} most frequent of {n}.", pairs.len())),
            bars: pairs
                .into_iter()
                .map(|(name, value)| Bar {
                    name: name.to_owned(),
                    value,
                    text: text(value),
                    color: if kept(value) { PALETTE[0] } else { PALE_GRAY },
                })
                .collect(),
            title: self.title.to_owned(),
            most: Some(1.0),
            threshold: self.threshold,
            legend: Legend::new(),
            description: String::new(),
        })
    }
}

/// Selection frequencies along lambda, for [`stability_paths`].
///
/// ```
/// use feature_selection::plot::{LambdaAxis, Layout, StabilityPaths, stability_paths};
/// let names = ["shape_Sphericity", "glcm_Contrast"].map(String::from);
/// let frequencies = [vec![0.1, 0.8, 0.95], vec![0.0, 0.1, 0.3]];
/// let figure = StabilityPaths::new(&names, &[0.4, 0.2, 0.1], &frequencies, 0.6);
/// let svg = stability_paths(&figure, LambdaAxis::Log, &Layout::new())?;
/// assert!(svg.contains("shape_Sphericity") && !svg.contains("glcm_Contrast"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StabilityPaths<'a> {
    names: &'a [String],
    lambda: &'a [f64],
    frequencies: &'a [Vec<f64>],
    threshold: f64,
}

impl<'a> StabilityPaths<'a> {
    /// Names, the lambdas, for every feature its frequencies (one per lambda), and the frequency from which a feature is kept.
    pub fn new(
        names: &'a [String],
        lambda: &'a [f64],
        frequencies: &'a [Vec<f64>],
        threshold: f64,
    ) -> Self {
        Self {
            names,
            lambda,
            frequencies,
            threshold,
        }
    }

    fn check(&self) -> Result<()> {
        same_length("frequencies", self.names.len(), self.frequencies.len())?;
        share("threshold", "stability selection", self.threshold)?;
        for &lambda in self.lambda {
            if !(lambda > 0.0 && lambda.is_finite()) {
                return refuse(format!("expected positive lambdas, found {lambda}"));
            }
        }
        if self.lambda.len() < 2 || self.names.is_empty() {
            return refuse(format!(
                "expected features and at least 2 lambdas, found {} and {}",
                self.names.len(),
                self.lambda.len()
            ));
        }
        for (name, path) in self.names.iter().zip(self.frequencies) {
            same_length("frequencies of a feature", self.lambda.len(), path.len())?;
            for &f in path {
                share("frequency", name, f)?;
            }
        }
        Ok(())
    }
}

/// Selection frequency of every feature over lambda (the stability paths of Meinshausen and Bühlmann,
/// doi:10.1111/j.1467-9868.2010.00740.x); those that reach the threshold anywhere are in color and named, twenty at most.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without features, for fewer than two lambdas, lists of different length, a lambda that is not
/// positive, or a frequency or threshold outside [0, 1].
pub fn stability_paths(
    figure: &StabilityPaths<'_>,
    axis: LambdaAxis,
    layout: &Layout,
) -> Result<String> {
    figure.check()?;
    let kept = figure.kept();
    let mut canvas = Canvas::new(layout);
    let x: Vec<f64> = figure.lambda.iter().map(|&l| axis.position(l)).collect();
    let height = if is_double(&canvas) { 600.0 } else { 480.0 };
    let frame = Frame::fitted(
        (0.0, canvas.top()),
        canvas.width(),
        height,
        Axis::covering(axis.label(), x.iter().copied(), 0.0),
        Axis::unit("Selection frequency"),
    );
    frame.draw(&mut canvas, Grid::Horizontal);
    let curve = |canvas: &mut Canvas, j: usize, stroke: Stroke| {
        let path = figure.frequencies[j].iter().copied();
        let points: Vec<(f64, f64)> = x.iter().copied().zip(path).collect();
        frame.curve(canvas, &points, stroke);
    };
    for j in (0..figure.names.len()).filter(|&j| figure.best(j) < figure.threshold) {
        curve(&mut canvas, j, Stroke::new(PALE_GRAY, 2.0));
    }
    for (k, &j) in kept.iter().enumerate().rev() {
        curve(&mut canvas, j, look(k));
    }
    frame.horizontal(&mut canvas, figure.threshold, THRESHOLD);
    let legend = figure.legend(&kept, canvas.width() - 120.0);
    let bottom = legend_below(&mut canvas, &legend, frame.bottom() + 12.0);
    let text = format!(
        "Stability paths of {}, {} reach {}.",
        features(figure.names.len()),
        kept.len(),
        figure.threshold
    );
    Ok(canvas.finish(bottom, &text))
}

/// Features named in a figure of stability paths.
const MOST_NAMED: usize = 20;

/// The look of the features kept.
fn look(place: usize) -> Stroke {
    match place {
        0..MOST_NAMED => Stroke::series(place),
        _ => Stroke::new(GRAY, 2.5),
    }
}

impl StabilityPaths<'_> {
    fn best(&self, j: usize) -> f64 {
        self.frequencies[j].iter().copied().fold(0.0, f64::max)
    }

    /// Features that reach the threshold, the most frequent first.
    fn kept(&self) -> Vec<usize> {
        let mut kept: Vec<usize> = (0..self.names.len())
            .filter(|&j| self.best(j) >= self.threshold)
            .collect();
        kept.sort_by(|&a, &b| self.best(b).total_cmp(&self.best(a)).then(a.cmp(&b)));
        kept
    }

    fn legend(&self, kept: &[usize], room: f64) -> Legend {
        let mut legend = Legend::new();
        let named = &kept[..kept.len().min(MOST_NAMED)];
        let names: Vec<&str> = named.iter().map(|&j| self.names[j].as_str()).collect();
        let names = short_names(&names, Text::new(TICK_TEXT), room);
        for (k, name) in names.into_iter().enumerate() {
            legend.push(Entry::new(Mark::Line(look(k)), name));
        }
        if kept.len() > MOST_NAMED {
            let text = format!("and {} more, in dark gray", kept.len() - MOST_NAMED);
            legend.push(Entry::new(Mark::Line(look(MOST_NAMED)), text));
        }
        let text = format!("threshold {}: {}", self.threshold, features(kept.len()));
        legend.push(Entry::new(Mark::Line(THRESHOLD), text));
        legend
    }
}
