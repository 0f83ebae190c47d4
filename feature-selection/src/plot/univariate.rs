//! Univariate tests and relevance of all features.

use eval_stats::plot::canvas::{
    Axis, Canvas, Color, Dash, Entry, Frame, GRAY, Grid, Labels, Legend, Mark, PALETTE, Point,
    SMALL_TEXT, Stroke, Text,
};

use super::Layout;
use super::bars::{Bar, BarChart};
use super::family::{FeatureFamily, family_legend};
use super::names::short_names;
use super::parts::{
    PALE_GRAY, drawable, features, is_double, legend_below, number, refuse, same_length, share,
};
use crate::error::Result;

/// The horizontal axis of a [`volcano`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VolcanoEffect {
    /// Area under the ROC curve; no effect is 0.5.
    Auc,
    /// Difference of means in standard deviations.
    StandardizedDifference,
    /// Base-two logarithm of a ratio of means.
    LogFoldChange,
    /// Natural logarithm of an odds ratio.
    LogOddsRatio,
    /// A test statistic, such as t.
    Statistic,
}

impl VolcanoEffect {
    fn title(self) -> &'static str {
        match self {
            Self::Auc => "AUC",
            Self::StandardizedDifference => "Standardized mean difference",
            Self::LogFoldChange => "log2 fold change",
            Self::LogOddsRatio => "Log odds ratio",
            Self::Statistic => "Test statistic",
        }
    }

    fn null(self) -> f64 {
        if self == Self::Auc { 0.5 } else { 0.0 }
    }
}

/// Effects and adjusted p-values, for [`volcano`].
///
/// ```
/// use feature_selection::plot::{Layout, VolcanoEffect, VolcanoFigure, volcano};
/// let names = ["shape_Sphericity", "glcm_Contrast"].map(String::from);
/// let figure = VolcanoFigure::new(VolcanoEffect::Auc, &names, &[0.71, 0.52], &[0.003, 0.8]);
/// let svg = volcano(&figure, &Layout::new())?;
/// assert!(svg.contains("shape_Sphericity"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct VolcanoFigure<'a> {
    effect: VolcanoEffect,
    names: &'a [String],
    effects: &'a [f64],
    p_values: &'a [f64],
    level: f64,
    most_named: usize,
}

impl<'a> VolcanoFigure<'a> {
    /// One effect and one (adjusted) p-value per feature; level 0.05, the eight smallest significant p-values named.
    pub fn new(
        effect: VolcanoEffect,
        names: &'a [String],
        effects: &'a [f64],
        p_values: &'a [f64],
    ) -> Self {
        Self {
            effect,
            names,
            effects,
            p_values,
            level: 0.05,
            most_named: 8,
        }
    }

    /// Level of the dashed line; features below it are in color.
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Number of features named at most. A name without room is left out.
    pub fn most_named(mut self, n: usize) -> Self {
        self.most_named = n;
        self
    }

    fn check(&self) -> Result<()> {
        let n = self.names.len();
        same_length("effects", n, self.effects.len())?;
        same_length("p-values", n, self.p_values.len())?;
        if n == 0 {
            return refuse("expected at least 1 feature, found none".to_owned());
        }
        if !(self.level > 0.0 && self.level <= 1.0) {
            return refuse(format!(
                "level: expected a number in (0, 1], found {}",
                self.level
            ));
        }
        for ((name, &effect), &p) in self.names.iter().zip(self.effects).zip(self.p_values) {
            drawable("effect", name, effect)?;
            share("p-value", name, p)?;
        }
        Ok(())
    }
}

/// Effect of every feature against the negative decimal logarithm of its p-value. A p-value of 0 stands on the upper edge as a
/// ring, above all others.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without features, for lists of different length, effects that are not finite, p-values
/// outside [0, 1] or a level outside (0, 1].
pub fn volcano(figure: &VolcanoFigure<'_>, layout: &Layout) -> Result<String> {
    figure.check()?;
    let mut canvas = Canvas::new(layout);
    let size = if is_double(&canvas) { 620.0 } else { 520.0 };
    let (x, y) = figure.axes();
    let frame = Frame::fitted((0.0, canvas.top()), canvas.width(), size, x, y);
    frame.draw(&mut canvas, Grid::Horizontal);
    let null = figure.effect.null();
    let line = Stroke::new(GRAY, 3.0);
    frame.vertical(&mut canvas, null, line.dash(Dash::Dotted));
    let level = -figure.level.log10();
    frame.horizontal(&mut canvas, level, line.dash(Dash::Dashed));
    // The least significant first, so that they cover nothing.
    let mut order: Vec<usize> = (0..figure.names.len()).collect();
    let p = |i: usize| figure.p_values[i];
    order.sort_by(|&a, &b| p(b).total_cmp(&p(a)).then(b.cmp(&a)));
    let mut labels = Labels::new(frame.area);
    for &i in &order {
        let at = figure.place(&frame, i);
        match p(i) == 0.0 {
            true => canvas.ring(at, 6.0, figure.color(i)),
            false => canvas.disk(at, 5.0, figure.color(i)),
        }
        labels.avoid_dot(at, 5.0);
    }
    let significant: Vec<usize> = order
        .into_iter()
        .rev()
        .filter(|&i| p(i) < figure.level)
        .collect();
    let named = &significant[..significant.len().min(figure.most_named)];
    let names: Vec<&str> = named.iter().map(|&i| figure.names[i].as_str()).collect();
    let (style, room) = (Text::new(SMALL_TEXT), 0.4 * frame.area.width());
    for (name, &i) in short_names(&names, style, room).iter().zip(named) {
        labels.place(&mut canvas, name, figure.place(&frame, i), style);
    }
    let bottom = legend_below(&mut canvas, &figure.legend(), frame.bottom() + 12.0);
    let text = format!(
        "{} and p-value of {}, {} below {}.",
        figure.effect.title(),
        features(figure.names.len()),
        significant.len(),
        figure.level
    );
    Ok(canvas.finish(bottom, &text))
}

impl VolcanoFigure<'_> {
    fn axes(&self) -> (Axis, Axis) {
        let tallest = self
            .p_values
            .iter()
            .map(|p| -p.log10())
            .filter(|h| h.is_finite())
            .fold(1.0_f64.max(-self.level.log10()), f64::max);
        let null = self.effect.null();
        let reach = self
            .effects
            .iter()
            .map(|e| (e - null).abs())
            .fold(0.0, f64::max);
        let reach = if reach > 0.0 { 1.08 * reach } else { 0.5 };
        let x = Axis::linear(self.effect.title(), null - reach, null + reach);
        (
            x,
            Axis::linear("\u{2212}log10(adjusted p)", 0.0, 1.12 * tallest),
        )
    }

    /// Where a feature stands; one with p = 0 on the upper edge.
    fn place(&self, frame: &Frame, i: usize) -> Point {
        let height = (-self.p_values[i].log10()).clamp(0.0, frame.y.high);
        let at = frame.at(self.effects[i], height);
        (at.0, at.1.max(frame.area.top + 6.0))
    }

    fn color(&self, i: usize) -> Color {
        match self.p_values[i] < self.level {
            false => PALE_GRAY,
            true if self.effects[i] < self.effect.null() => PALETTE[0],
            true => PALETTE[1],
        }
    }

    fn legend(&self) -> Legend {
        let count = |color: Color| {
            (0..self.names.len())
                .filter(|&i| self.color(i) == color)
                .count()
        };
        let (level, effect, null) = (self.level, self.effect.title(), self.effect.null());
        let mut legend = Legend::new();
        for (color, text) in [
            (PALETTE[1], format!("p < {level}, {effect} \u{2265} {null}")),
            (PALETTE[0], format!("p < {level}, {effect} < {null}")),
            (PALE_GRAY, format!("p \u{2265} {level}")),
        ] {
            let text = format!("{text}: {}", count(color));
            legend.push(Entry::new(Mark::Dot(color), text));
        }
        let zeros = self.p_values.iter().filter(|&&p| p == 0.0).count();
        if zeros > 0 {
            let text = format!("p = 0 in double precision: {zeros}");
            legend.push(Entry::new(Mark::Ring(GRAY), text));
        }
        legend
    }
}

/// Relevance of features, for [`relevance_bars`].
///
/// ```
/// use feature_selection::plot::{Layout, RelevanceBars, relevance_bars};
/// let names = ["shape_Sphericity", "glcm_Contrast"].map(String::from);
/// let figure = RelevanceBars::new("Mutual information (nats)", &names, &[0.12, 0.31]);
/// assert!(relevance_bars(&figure, &Layout::new())?.contains("0.310"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RelevanceBars<'a> {
    title: String,
    names: &'a [String],
    values: &'a [f64],
    top: usize,
}

impl<'a> RelevanceBars<'a> {
    /// What is measured, with its unit, and one value per feature. The 20 largest are drawn.
    pub fn new(title: impl Into<String>, names: &'a [String], values: &'a [f64]) -> Self {
        Self {
            title: title.into(),
            names,
            values,
            top: 20,
        }
    }

    /// Number of features drawn.
    pub fn top(mut self, n: usize) -> Self {
        self.top = n;
        self
    }
}

/// Bars of the most relevant features, colored by [`FeatureFamily`]; ties in the order given.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without features, for lists of different length, or a value that is not finite.
pub fn relevance_bars(figure: &RelevanceBars<'_>, layout: &Layout) -> Result<String> {
    let n = figure.names.len();
    same_length("values", n, figure.values.len())?;
    if n == 0 || figure.top == 0 {
        return refuse(format!(
            "expected features to draw, found {n} and room for {}",
            figure.top
        ));
    }
    for (name, &value) in figure.names.iter().zip(figure.values) {
        drawable("relevance", name, value)?;
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| {
        figure.values[b]
            .total_cmp(&figure.values[a])
            .then(a.cmp(&b))
    });
    order.truncate(figure.top);
    let family = |&i: &usize| FeatureFamily::of(&figure.names[i]);
    let chart = BarChart {
        legend: family_legend(order.iter().map(family)),
        remark: (n > order.len()).then(|| format!("The {} largest of {n}.", order.len())),
        bars: order
            .iter()
            .map(|i| Bar {
                name: figure.names[*i].clone(),
                value: figure.values[*i],
                text: number(figure.values[*i]),
                color: family(i).color(),
            })
            .collect(),
        title: figure.title.clone(),
        most: None,
        threshold: None,
        description: format!("{} of {}.", figure.title, features(n)),
    };
    Ok(chart.draw(layout))
}
