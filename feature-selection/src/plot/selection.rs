//! Coefficients of a score, and how many features each step left.

use plotters::style::text_anchor::HPos;

use super::Layout;
use super::canvas::{
    GRAY, INK, LABEL_TEXT, PALE, PALETTE, TICK_TEXT, page_width, render, text_width,
};
use super::family::FeatureFamily;
use crate::error::{Error, Result};
use crate::pipeline::Fitted;
use crate::score::Score;

const ROW: i32 = 44;

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
    let width = page_width(layout);
    let longest = terms
        .iter()
        .map(|t| text_width(t.0, TICK_TEXT))
        .max()
        .unwrap_or(0);
    let left = (longest + 40).min(width / 2);
    let (top, right) = (layout.top() + 10, width - 30);
    let bottom = top + ROW * terms.len() as i32;
    // Values are printed beside their bars, so each side keeps room for a number.
    const NUMBER: i32 = 110;
    let low = terms.iter().fold(0.0_f64, |m, t| m.min(t.1));
    let high = terms.iter().fold(0.0_f64, |m, t| m.max(t.1));
    let from = left + if low < 0.0 { NUMBER } else { 0 };
    let until = right - if high > 0.0 { NUMBER } else { 0 };
    let at = |v: f64| from + ((v - low) / (high - low) * f64::from(until - from)).round() as i32;
    render(layout, bottom + 90 + 34 * families.len() as i32, |canvas| {
        for (row, (name, b, family)) in terms.iter().enumerate() {
            let y = top + ROW * row as i32 + ROW / 2;
            let size = TICK_TEXT.min(
                TICK_TEXT * f64::from(left - 30) / f64::from(text_width(name, TICK_TEXT).max(1)),
            );
            canvas.text(name, (left - 14, y), size, HPos::Right, INK)?;
            let (a, z) = (at(b.min(0.0)), at(b.max(0.0)));
            canvas.rectangle((a, y - 14), (z, y + 14), family.color())?;
            let text = format!("{b:.3}").replace('-', "\u{2212}");
            let (x, anchor) = if *b < 0.0 {
                (a - 8, HPos::Right)
            } else {
                (z + 8, HPos::Left)
            };
            canvas.text(&text, (x, y), TICK_TEXT, anchor, INK)?;
        }
        canvas.line(&[(at(0.0), top), (at(0.0), bottom)], INK, 3)?;
        let label = "Coefficient of the z-score";
        canvas.text(
            label,
            ((left + right) / 2, bottom + 36),
            LABEL_TEXT,
            HPos::Center,
            INK,
        )?;
        for (row, family) in families.iter().enumerate() {
            let y = bottom + 80 + 34 * row as i32;
            canvas.rectangle((60, y - 10), (84, y + 10), family.color())?;
            canvas.text(family.label(), (98, y), TICK_TEXT, HPos::Left, INK)?;
        }
        Ok(())
    })
}

/// Features left after every step, as bars narrowing downwards.
///
/// # Errors
/// [`Error::Figure`] for a pipeline without steps.
pub fn selection_funnel(fitted: &Fitted, layout: &Layout) -> Result<String> {
    const STEP: i32 = 78;
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
    let width = page_width(layout);
    let widest = f64::from(width - 60);
    // Widths follow the square root: the last steps hold a hundredth of the first.
    let share = |n: usize| (n as f64 / fitted.columns.len().max(1) as f64).sqrt();
    let top = layout.top() + 10;
    render(layout, top + STEP * rows.len() as i32 + 70, |canvas| {
        for (i, (name, kept, dropped)) in rows.iter().enumerate() {
            let y = top + STEP * i as i32;
            let text = match dropped {
                Some(d) => format!("{name}: {kept} (\u{2212}{d})"),
                None => format!("{name}: {kept}"),
            };
            canvas.text(&text, (width / 2, y + 18), TICK_TEXT, HPos::Center, INK)?;
            let half = (0.5 * widest * share(*kept)).round().max(2.0) as i32;
            let middle = width / 2;
            canvas.rectangle((30, y + 38), (width - 30, y + 66), PALE)?;
            let color = if i + 1 == rows.len() {
                PALETTE[1]
            } else {
                PALETTE[0]
            };
            canvas.polygon(
                &[
                    (middle - half, y + 38),
                    (middle + half, y + 38),
                    (middle + half, y + 66),
                    (middle - half, y + 66),
                ],
                color,
            )?;
        }
        let y = top + STEP * rows.len() as i32 + 30;
        canvas.text(
            "Widths in proportion to the square root of the count",
            (width / 2, y),
            20.0,
            HPos::Center,
            GRAY,
        )
    })
}
