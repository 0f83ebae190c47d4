//! Feature names in less room than they need, still told apart.

use std::collections::HashMap;

use eval_stats::plot::canvas::Text;

const ELLIPSIS: char = '\u{2026}';
/// Shares of the room that the beginning of a name gets, in the order they are tried. Radiomics names differ in their
/// ends (the feature) and their beginnings (the filter), seldom in the middle.
const HEADS: [f64; 5] = [0.45, 0.3, 0.6, 0.0, 0.8];

/// Letters that words keep where names are abbreviated, in the order they are tried.
const LETTERS: [usize; 5] = [6, 5, 4, 3, 2];

/// Names no wider than `room`, all different where the names are: what does not fit loses its middle, the same way
/// for all; where no way tells them apart, its words are shortened, and where that does not either, equal ones are numbered.
pub(super) fn short_names(names: &[&str], style: Text, room: f64) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|n| one_line(n)).collect();
    let mut fewest: Option<(usize, Vec<String>)> = None;
    for head in HEADS {
        let short: Vec<String> = names.iter().map(|n| cut(n, style, room, head)).collect();
        let repeated = n_repeated(&names, &short);
        if fewest.as_ref().is_none_or(|(least, _)| repeated < *least) {
            fewest = Some((repeated, short));
        }
        if repeated == 0 {
            break;
        }
    }
    let (repeated, short) = fewest.unwrap_or_default();
    if repeated == 0 {
        return short;
    }
    for letters in LETTERS {
        let brief: Vec<String> = names
            .iter()
            .map(|n| abbreviated(n, style, room, letters))
            .collect();
        let fits = brief.iter().all(|n| style.width(n) <= room);
        if fits && n_repeated(&names, &brief) == 0 {
            return brief;
        }
    }
    numbered(&names, &short, style, room)
}

fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name with its middle left out; `head` is the share of the room that its beginning gets.
fn cut(name: &str, style: Text, room: f64, head: f64) -> String {
    if style.width(name) <= room {
        return name.to_owned();
    }
    let free = room - style.width(&ELLIPSIS.to_string());
    let mut left = head * free;
    let fits = |left: &mut f64, c: char| {
        *left -= style.width(c.encode_utf8(&mut [0; 4]));
        *left >= 0.0
    };
    let start: String = name.chars().take_while(|&c| fits(&mut left, c)).collect();
    // What the beginning did not use goes to the end.
    let mut left = free - style.width(&start);
    let end: Vec<char> = name
        .chars()
        .rev()
        .take_while(|&c| fits(&mut left, c))
        .collect();
    let end: String = end.into_iter().rev().collect();
    // A mark that belongs to a letter that was cut would stand on the ellipsis.
    let end = end.trim_start_matches(|c: char| ('\u{300}'..='\u{36f}').contains(&c));
    format!("{}{ELLIPSIS}{}", start.trim_end(), end.trim_start())
}

/// A name that does not fit with every word cut to so many letters: `wavelet-LLH_glszm_SmallAreaEmphasis` becomes `wav-LLH_gls_SmaAreEmp`. A
/// word begins at a capital after a small letter; words of capitals alone, such as the bands of a wavelet, are kept.
fn abbreviated(name: &str, style: Text, room: f64, letters: usize) -> String {
    if style.width(name) <= room {
        return name.to_owned();
    }
    let mut short = String::with_capacity(name.len());
    let (mut length, mut before) = (0, ' ');
    for c in name.chars() {
        let begins = !before.is_alphabetic() || (c.is_uppercase() && before.is_lowercase());
        length = match c.is_alphabetic() {
            true if begins => 1,
            true => length + 1,
            false => 0,
        };
        if length <= letters || (c.is_uppercase() && before.is_uppercase()) {
            short.push(c);
        }
        before = c;
    }
    short
}

/// Number of short names that stand for two different names.
fn n_repeated(names: &[String], short: &[String]) -> usize {
    let mut seen: HashMap<&str, &str> = HashMap::with_capacity(names.len());
    names
        .iter()
        .zip(short)
        .filter(|(name, short)| {
            *seen.entry(short.as_str()).or_insert(name.as_str()) != name.as_str()
        })
        .count()
}

/// Short names with a number where they would be equal.
fn numbered(names: &[String], short: &[String], style: Text, room: f64) -> Vec<String> {
    let mut owner: HashMap<String, String> = HashMap::with_capacity(names.len());
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut out = Vec::with_capacity(names.len());
    for (name, short) in names.iter().zip(short) {
        let mut label = short.clone();
        while owner.get(&label).is_some_and(|other| other != name) {
            let number = next.entry(short.as_str()).or_insert(1);
            *number += 1;
            let mark = format!(" ({number})");
            label = cut(name, style, room - style.width(&mark), HEADS[0]) + &mark;
        }
        owner.insert(label.clone(), name.clone());
        out.push(label);
    }
    out
}

#[cfg(test)]
mod tests {
    use eval_stats::plot::canvas::TICK_TEXT;

    use super::*;

    #[test]
    fn short_names_fit_and_differ() {
        let style = Text::new(TICK_TEXT);
        let mut names: Vec<String> = Vec::new();
        for band in ["LLL", "LLH", "LHL", "HHH"] {
            for class in ["glcm", "glrlm", "gldm"] {
                for feature in ["LargeDependenceLowGrayLevelEmphasis", "Contrast"] {
                    names.push(format!("peritumoral_10mm_wavelet-{band}_{class}_{feature}"));
                }
            }
        }
        // Names that differ only in the middle, whatever is cut.
        let same = "x".repeat(60);
        for middle in ["a", "b", "c"] {
            names.push(format!("{same}{middle}{same}"));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for room in [120.0, 250.0, 400.0] {
            let short = short_names(&names, style, room);
            let mut distinct = short.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), names.len(), "{short:?}");
            for name in &short {
                assert!(style.width(name) <= room, "{name}");
            }
        }
    }

    #[test]
    fn words_are_shortened_before_names_are_numbered() {
        let style = Text::new(TICK_TEXT);
        let short = |name: &str, letters| abbreviated(name, style, 0.0, letters);
        let name = "peritumoral_wavelet-LLH_glszm_SmallAreaLowGrayLevelEmphasis";
        assert_eq!(short(name, 3), "per_wav-LLH_gls_SmaAreLowGraLevEmp");
        assert_eq!(
            short("log-sigma-2-0-mm-3D_firstorder_10Percentile", 4),
            "log-sigm-2-0-mm-3D_firs_10Perc"
        );
        let names: Vec<String> = ["LLL", "LLH", "LHL", "HHH"]
            .iter()
            .flat_map(|band| {
                ["SmallArea", "LargeArea"].map(|area| {
                    format!("peritumoral_wavelet-{band}_glszm_{area}LowGrayLevelEmphasis")
                })
            })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let room = style.width("peri_wave-LLH_glsz_SmalAreaLowGrayLeveEmph");
        for name in short_names(&names, style, 0.7 * room) {
            assert!(!name.contains('('), "{name}");
        }
    }

    #[test]
    fn names_that_fit_are_kept() {
        let style = Text::new(TICK_TEXT);
        let names = ["age", "\u{533b}\u{5b66}", "a\nb"];
        let short = short_names(&names, style, 200.0);
        assert_eq!(short, ["age", "\u{533b}\u{5b66}", "a b"]);
        assert_eq!(short_names(&["age", "age"], style, 200.0), ["age", "age"]);
    }
}
