//! How wide a text is, and how to break it into lines.
//!
//! The widths are the advances of DejaVu Sans, one of the widest common sans-serif faces, so that labels laid out with them do not collide in
//! narrower ones.

/// Advances of the characters from space to tilde, in thousandths of the font size.
const ADVANCES: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// Width of one line at a font size.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

fn advance(c: char) -> f64 {
    let code = c as u32;
    match code {
        0x20..=0x7e => f64::from(ADVANCES[(code - 0x20) as usize]) / 1000.0,
        // East Asian scripts and symbols fill a square.
        0x1100..=0x11ff | 0x2e80..=0xffef | 0x1f000..=0x3ffff => 1.0,
        _ => 0.66,
    }
}

/// Breaks a text into lines no wider than `max_width`: at spaces, else after `_`, `-`, `/` or `=`, else anywhere.
pub(crate) fn wrap(text: &str, size: f64, max_width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let joined = format!("{line}{piece}");
        if width(joined.trim_end(), size) <= max_width {
            line = joined;
            continue;
        }
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        line = String::new();
        for c in piece.chars() {
            if width(&line, size) + advance(c) * size > max_width && !line.is_empty() && c != ' ' {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Pieces that may stand at the end of a line, each with the space or sign that follows it.
fn pieces(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in text.chars() {
        out.last_mut().expect("never empty").push(c);
        if matches!(c, ' ' | '_' | '-' | '/' | '=') {
            out.push(String::new());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let text = "US-reported axillary_lymph_node metastasis Donaudampfschifffahrtsgesellschaft";
        let lines = wrap(text, 8.0, 70.0);
        assert!(lines.len() > 3);
        assert!(
            lines.iter().all(|l| width(l, 8.0) <= 70.0 + 1e-9),
            "{lines:?}"
        );
        let kept: String = lines.concat().replace(' ', "");
        assert_eq!(kept, text.replace(' ', ""));
    }
}
