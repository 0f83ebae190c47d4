//! Numbers as papers print them.

/// P as journals of the American Medical Association print it: `P < .001`, three decimals below
/// .01 and where two would round to .05, `P > .99`, else two decimals; no leading zero.
///
/// ```
/// use eval_stats::baseline::format_p;
/// assert_eq!(format_p(0.0402), "P = .04");
/// assert_eq!(format_p(0.0496), "P = .050");
/// assert_eq!(format_p(0.0049), "P = .005");
/// assert_eq!(format_p(1e-9), "P < .001");
/// assert_eq!(format_p(1.0), "P > .99");
/// ```
#[must_use]
pub fn format_p(p: f64) -> String {
    let cell = p_cell(p);
    match cell.split_at_checked(1) {
        Some((sign @ ("<" | ">"), digits)) => format!("P {sign} {digits}"),
        _ => format!("P = {cell}"),
    }
}

/// The number of [`format_p`] alone, for a column that is headed "P".
///
/// ```
/// use eval_stats::baseline::p_cell;
/// assert_eq!(p_cell(0.0402), ".04");
/// assert_eq!(p_cell(0.0496), ".050");
/// assert_eq!(p_cell(1e-9), "<.001");
/// assert_eq!(p_cell(1.0), ">.99");
/// ```
#[must_use]
pub fn p_cell(p: f64) -> String {
    let digits = |text: String| text.strip_prefix('0').map(str::to_owned).unwrap_or(text);
    if p < 0.001 {
        "<.001".to_owned()
    } else if p < 0.01 || (0.045..0.055).contains(&p) {
        digits(format!("{p:.3}"))
    } else if p > 0.99 {
        ">.99".to_owned()
    } else {
        digits(format!("{p:.2}"))
    }
}
