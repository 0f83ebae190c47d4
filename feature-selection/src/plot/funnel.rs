//! How many features each step left.

use eval_stats::plot::canvas::{
    Area, Canvas, GRAY, PALE, PALETTE, SMALL_TEXT, TICK_TEXT, Text, shorten,
};

use super::Layout;
use super::parts::{features, refuse};
use crate::error::Result;
use crate::pipeline::Fitted;

/// Features left after every step, as bars narrowing downwards, with the number every step dropped.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) for a pipeline without steps.
pub fn selection_funnel(fitted: &Fitted, layout: &Layout) -> Result<String> {
    const STEP: f64 = 76.0;
    if fitted.funnel.is_empty() {
        return refuse("expected a pipeline with steps, found none".to_owned());
    }
    let first = features(fitted.columns.len());
    let mut rows = vec![(format!("all: {first}"), fitted.columns.len())];
    for step in &fitted.funnel {
        let dropped = match step.dropped {
            0 => String::new(),
            n => format!(" (\u{2212}{n})"),
        };
        let text = format!("after {}: {}{dropped}", step.step_name, step.kept);
        rows.push((text, step.kept));
    }
    let mut canvas = Canvas::new(layout);
    let width = canvas.width();
    let middle = 0.5 * width;
    // Widths follow the square root: the last steps hold a hundredth of the first.
    let most = rows.iter().map(|r| r.1).max().unwrap_or(1).max(1) as f64;
    let share = |n: usize| (n as f64 / most).sqrt();
    let style = Text::new(TICK_TEXT).middle();
    let mut y = canvas.top();
    let last = rows.len() - 1;
    for (i, (text, kept)) in rows.iter().enumerate() {
        let text = shorten(text, style.size, style.weight, width - 40.0);
        canvas.text(&text, (middle, y + 18.0), style);
        canvas.rectangle(Area::new(30.0, y + 36.0, width - 30.0, y + 64.0), PALE);
        if *kept > 0 {
            let half = (0.5 * (width - 60.0) * share(*kept)).max(2.0);
            let bar = Area::new(middle - half, y + 36.0, middle + half, y + 64.0);
            let color = if i == last { PALETTE[1] } else { PALETTE[0] };
            canvas.rectangle(bar, color);
        }
        y += STEP;
    }
    let remark = "Widths in proportion to the square root of the count";
    let style = Text::new(SMALL_TEXT).middle().color(GRAY);
    canvas.text(remark, (middle, y + 14.0), style);
    let text = format!("{first}, {} left after {last} steps.", rows[last].1);
    Ok(canvas.finish(y + 28.0, &text))
}
