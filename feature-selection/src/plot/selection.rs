//! Coefficients of a score, and how many features each step left.

use eval_stats::plot::canvas::{
    Area, Canvas, GRAY, INK, LABEL_TEXT, PALE, PALETTE, SMALL_TEXT, Stroke, TICK_TEXT, Text,
    shorten,
};

use super::Layout;
use super::family::FeatureFamily;
use crate::error::{Error, Result};
use crate::pipeline::Fitted;
use crate::score::Score;

const ROW: f64 = 44.0;

/// Standardized coefficients of a score, sorted by value, colored by [`FeatureFamily`].
///
/// # Errors
/// [`Error::Figure`] for a score without features.
pub fn coefficient_bars(score: &Score, layout: &Layout) -> Result<String> {
    if score.terms.is_empty() {
        return Err(Error::Figure {
            reason: "expected a score with features, found none".to_owned(),
        });
    }
    let mut terms: Vec<(&str, f64, FeatureFamily)> = score
        .terms
        .iter()
        .map(|t| {
            (
                t.name.as_str(),
                t.standardized_coefficient,
                FeatureFamily::of(&t.name),
            )
        })
        .collect();
    terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let mut families: Vec<FeatureFamily> = terms.iter().map(|t| t.2).collect();
    families.sort_unstable();
    families.dedup();
    let mut canvas = Canvas::new(layout);
    let style = Text::new(TICK_TEXT);
    let longest = terms.iter().map(|t| style.width(t.0)).fold(0.0, f64::max);
    let left = (longest + 40.0).min(0.5 * canvas.width());
    let (top, right) = (canvas.top(), canvas.width() - 30.0);
    let bottom = top + ROW * terms.len() as f64;
    // Values are printed beside their bars, so each side keeps room for a number.
    const NUMBER: f64 = 110.0;
    let low = terms.iter().fold(0.0_f64, |m, t| m.min(t.1));
    let high = terms.iter().fold(0.0_f64, |m, t| m.max(t.1));
    let from = left + if low < 0.0 { NUMBER } else { 0.0 };
    let until = right - if high > 0.0 { NUMBER } else { 0.0 };
    // Coefficients of zero have bars of no length.
    let range = if high > low { high - low } else { 1.0 };
    let at = |v: f64| from + (v - low) / range * (until - from);
    for (row, (name, b, family)) in terms.iter().enumerate() {
        let y = top + ROW * (row as f64 + 0.5);
        let name = shorten(name, style.size, style.weight, left - 24.0);
        canvas.text(&name, (left - 14.0, y), style.end());
        let (a, z) = (at(b.min(0.0)), at(b.max(0.0)));
        canvas.rectangle(Area::new(a, y - 14.0, z, y + 14.0), family.color());
        let text = format!("{b:.3}").replace('-', "\u{2212}");
        if *b < 0.0 {
            canvas.text(&text, (a - 8.0, y), style.end());
        } else {
            canvas.text(&text, (z + 8.0, y), style);
        }
    }
    canvas.line(&[(at(0.0), top), (at(0.0), bottom)], Stroke::new(INK, 3.0));
    let (label, middle) = ("Coefficient of the z-score", 0.5 * (left + right));
    canvas.text(
        label,
        (middle, bottom + 36.0),
        Text::new(LABEL_TEXT).middle(),
    );
    let end = legend(&mut canvas, bottom + 63.0, &families);
    let text = format!("Coefficients of a score of {} features.", terms.len());
    Ok(canvas.finish(end, &text))
}

/// Colors of the families; the lower end.
fn legend(canvas: &mut Canvas, top: f64, families: &[FeatureFamily]) -> f64 {
    const STEP: f64 = 34.0;
    for (row, family) in families.iter().enumerate() {
        let y = top + STEP * (row as f64 + 0.5);
        let sample = Area::new(60.0, y - 10.0, 84.0, y + 10.0);
        canvas.rectangle(sample, family.color());
        canvas.text(family.label(), (98.0, y), Text::new(TICK_TEXT));
    }
    top + STEP * families.len() as f64
}

/// Features left after every step, as bars narrowing downwards.
///
/// # Errors
/// [`Error::Figure`] for a pipeline without steps.
pub fn selection_funnel(fitted: &Fitted, layout: &Layout) -> Result<String> {
    const STEP: f64 = 78.0;
    if fitted.funnel.is_empty() {
        return Err(Error::Figure {
            reason: "expected a pipeline with steps, found none".to_owned(),
        });
    }
    let mut rows = vec![("all features".to_owned(), fitted.columns.len(), None)];
    rows.extend(
        fitted
            .funnel
            .iter()
            .map(|s| (format!("after {}", s.step_name), s.kept, Some(s.dropped))),
    );
    let mut canvas = Canvas::new(layout);
    let width = canvas.width();
    let middle = 0.5 * width;
    // Widths follow the square root: the last steps hold a hundredth of the first.
    let share = |n: usize| (n as f64 / fitted.columns.len().max(1) as f64).sqrt();
    let style = Text::new(TICK_TEXT).middle();
    let mut y = canvas.top();
    for (i, (name, kept, dropped)) in rows.iter().enumerate() {
        let text = match dropped {
            Some(d) => format!("{name}: {kept} (\u{2212}{d})"),
            None => format!("{name}: {kept}"),
        };
        let text = shorten(&text, style.size, style.weight, width - 40.0);
        canvas.text(&text, (middle, y + 18.0), style);
        let half = (0.5 * (width - 60.0) * share(*kept)).max(2.0);
        canvas.rectangle(Area::new(30.0, y + 38.0, width - 30.0, y + 66.0), PALE);
        let color = if i + 1 == rows.len() {
            PALETTE[1]
        } else {
            PALETTE[0]
        };
        let bar = Area::new(middle - half, y + 38.0, middle + half, y + 66.0);
        canvas.rectangle(bar, color);
        y += STEP;
    }
    let remark = "Widths in proportion to the square root of the count";
    let style = Text::new(SMALL_TEXT).middle().color(GRAY);
    canvas.text(remark, (middle, y + 30.0), style);
    let text = format!("Features left after each of {} steps.", rows.len() - 1);
    Ok(canvas.finish(y + 44.0, &text))
}
