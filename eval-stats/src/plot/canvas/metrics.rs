//! How wide a text is, and how to break it into lines.
//!
//! Widths are the advances of DejaVu Sans, the widest of the common sans-serif faces, so that what
//! is laid out with them does not collide in Arial or Helvetica either.

use super::Weight;

/// Width of one line of text at a size, in the unit of the size.
///
/// ```
/// use eval_stats::plot::canvas::{Weight, text_width};
/// assert_eq!(text_width("AUC", 10.0, Weight::Regular), 6.84 + 7.32 + 6.98);
/// ```
pub fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|c| advance(c, weight)).sum::<f64>() / 1000.0 * size
}

/// Advance in thousandths of the size.
fn advance(c: char, weight: Weight) -> f64 {
    let code = c as usize;
    let table = |table: &[u16], first: usize| f64::from(table[code - first]);
    if let (0x20..=0x7e, Weight::Bold) = (code, weight) {
        return table(&ASCII_BOLD, 0x20);
    }
    let regular = match code {
        0x20..=0x7e => table(&ASCII, 0x20),
        0xa0..=0x17f => table(&LATIN, 0xa0),
        // Marks on the letter before them, joiners, variants.
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0.0,
        0x370..=0x3ff => table(&GREEK, 0x370),
        0x400..=0x45f => table(&CYRILLIC, 0x400),
        0x2010..=0x2027 => table(&PUNCTUATION, 0x2010),
        0x2070..=0x209f => 530.0,
        0x2190..=0x22ff => 900.0,
        // Pictures; then East Asian scripts, which fill a square.
        0x1f000..=0x1faff => 1370.0,
        0x1100..=0x11ff | 0x2e80..=0xd7ff | 0xf900..=0xffef | 0x20000..=0x3ffff => 1000.0,
        0..=0x1f | 0x7f..=0x9f => 0.0,
        _ => 950.0,
    };
    match weight {
        Weight::Regular => regular,
        Weight::Bold => 1.15 * regular,
    }
}

/// Lines no wider than `room`: broken at spaces and line breaks, else after `_`, `-`, `/`, `,`,
/// `=` or `:`, else anywhere. At least one line, which may be empty; at least one character per
/// line.
pub fn wrap(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, size, weight, room, &mut lines);
    }
    lines
}

fn wrap_paragraph(text: &str, size: f64, weight: Weight, room: f64, lines: &mut Vec<String>) {
    let width = |s: &str| text_width(s, size, weight);
    let before = lines.len();
    let mut line = String::new();
    for piece in text.split_inclusive([' ', '_', '-', '/', ',', '=', ':']) {
        if width(line.as_str()) + width(piece.trim_end()) <= room {
            line.push_str(piece);
            continue;
        }
        if !line.trim().is_empty() {
            lines.push(line.trim().to_owned());
        }
        line.clear();
        for c in piece.chars() {
            let fits = width(&line) + advance(c, weight) / 1000.0 * size <= room;
            if !fits && !line.is_empty() && c != ' ' {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.trim().is_empty() || lines.len() == before {
        lines.push(line.trim().to_owned());
    }
}

/// The text, or its beginning with an ellipsis where it is wider than `room`.
pub fn shorten(text: &str, size: f64, weight: Weight, room: f64) -> String {
    let text = text.replace('\n', " ");
    if text_width(&text, size, weight) <= room {
        return text;
    }
    let mut left = room / size * 1000.0 - advance('\u{2026}', weight);
    let kept: String = text
        .chars()
        .take_while(|&c| {
            left -= advance(c, weight);
            left >= 0.0
        })
        .collect();
    format!("{}\u{2026}", kept.trim_end())
}

/// Space to tilde.
const ASCII: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/// Space to tilde, bold.
const ASCII_BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
    683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
    724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
    343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];
/// Western and Central European letters.
const LATIN: [u16; 224] = [
    318, 401, 636, 636, 636, 636, 337, 500, 500, 1000, 471, 612, 838, 361, 1000, 500, 500, 838,
    401, 401, 500, 636, 636, 318, 500, 401, 471, 612, 969, 969, 969, 531, 684, 684, 684, 684, 684,
    684, 974, 698, 632, 632, 632, 632, 295, 295, 295, 295, 775, 748, 787, 787, 787, 787, 787, 838,
    787, 732, 732, 732, 732, 611, 605, 630, 613, 613, 613, 613, 613, 613, 982, 550, 615, 615, 615,
    615, 278, 278, 278, 278, 612, 634, 612, 612, 612, 612, 612, 838, 612, 634, 634, 634, 634, 592,
    635, 592, 684, 613, 684, 613, 684, 613, 698, 550, 698, 550, 698, 550, 698, 550, 770, 635, 775,
    635, 632, 615, 632, 615, 632, 615, 632, 615, 632, 615, 775, 635, 775, 635, 775, 635, 775, 635,
    752, 634, 916, 695, 295, 278, 295, 278, 295, 278, 295, 278, 295, 278, 590, 556, 295, 278, 656,
    579, 579, 557, 278, 557, 278, 557, 375, 557, 342, 562, 284, 748, 634, 748, 634, 748, 634, 813,
    748, 634, 787, 612, 787, 612, 787, 612, 1070, 1023, 695, 411, 695, 411, 695, 411, 635, 521,
    635, 521, 635, 521, 635, 521, 611, 392, 611, 392, 611, 392, 732, 634, 732, 634, 732, 634, 732,
    634, 732, 634, 732, 634, 989, 818, 611, 592, 611, 685, 525, 685, 525, 685, 525, 352,
];
/// Greek.
const GREEK: [u16; 144] = [
    654, 568, 862, 647, 278, 278, 748, 650, 600, 600, 500, 549, 550, 549, 337, 295, 600, 600, 600,
    600, 500, 500, 692, 318, 746, 871, 408, 600, 812, 600, 825, 826, 338, 684, 686, 557, 684, 632,
    685, 752, 787, 295, 656, 684, 863, 748, 632, 787, 752, 603, 600, 632, 611, 611, 787, 685, 787,
    764, 295, 611, 659, 541, 634, 338, 579, 659, 638, 592, 612, 541, 544, 634, 612, 338, 589, 592,
    636, 559, 558, 612, 602, 635, 587, 634, 602, 579, 660, 578, 660, 837, 338, 579, 612, 579, 837,
    656, 614, 619, 699, 842, 699, 660, 837, 664, 787, 612, 648, 587, 575, 458, 660, 660, 865, 627,
    934, 837, 758, 659, 792, 615, 687, 607, 768, 625, 699, 612, 611, 536, 664, 635, 550, 278, 787,
    615, 615, 605, 635, 698, 863, 651, 635, 703, 698, 703,
];
/// Cyrillic.
const CYRILLIC: [u16; 96] = [
    632, 632, 786, 610, 698, 635, 295, 295, 295, 1094, 1045, 786, 710, 748, 609, 752, 684, 686,
    686, 610, 781, 632, 1077, 641, 748, 748, 710, 752, 863, 752, 787, 752, 603, 698, 611, 609, 861,
    685, 776, 686, 1069, 1094, 833, 882, 686, 698, 1080, 695, 613, 617, 589, 525, 691, 615, 901,
    532, 650, 650, 604, 639, 754, 654, 612, 654, 635, 550, 583, 592, 855, 592, 681, 591, 915, 942,
    707, 790, 589, 549, 842, 602, 615, 615, 625, 525, 549, 521, 278, 278, 278, 902, 898, 652, 604,
    650, 592, 654,
];
/// Hyphens, dashes, quotes, daggers, the ellipsis.
const PUNCTUATION: [u16; 24] = [
    361, 361, 636, 500, 1000, 1000, 500, 500, 318, 318, 318, 318, 518, 518, 518, 518, 500, 500,
    590, 590, 334, 667, 1000, 318,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let text = "US-reported axillary_lymph_node metastasis Donaudampfschifffahrtsgesellschaft";
        let lines = wrap(text, 8.0, Weight::Regular, 70.0);
        assert!(lines.len() > 3);
        for line in &lines {
            assert!(text_width(line, 8.0, Weight::Regular) <= 70.0, "{line}");
        }
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert_eq!(wrap("", 8.0, Weight::Regular, 70.0), [""]);
        assert_eq!(wrap("a\nb", 8.0, Weight::Regular, 70.0), ["a", "b"]);
        assert_eq!(wrap("ab", 8.0, Weight::Regular, 0.0), ["a", "b"]);
    }

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        let short = shorten("Clinical-radiomics model", 10.0, Weight::Bold, 60.0);
        assert!(short.ends_with('\u{2026}') && text_width(&short, 10.0, Weight::Bold) <= 60.0);
        assert_eq!(shorten("AUC", 10.0, Weight::Regular, 60.0), "AUC");
    }

    #[test]
    fn scripts_have_widths() {
        assert_eq!(text_width("\u{3b1}", 1000.0, Weight::Regular), 659.0);
        assert_eq!(text_width("\u{533b}", 1000.0, Weight::Regular), 1000.0);
        assert_eq!(text_width("e\u{301}", 1000.0, Weight::Regular), 615.0);
    }
}
