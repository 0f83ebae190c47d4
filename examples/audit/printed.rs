//! Numbers as they stand in print: `0.80`, `.80`, `80.5 %`, `0·80`, `<.001`, `54.0±10.6`, `61 (14.5)`, `.74–.82`.

use eval_stats::audit::{Reported, ReportedP};

/// Cells that say that nothing was printed.
pub fn is_missing(cell: &str) -> bool {
    matches!(
        cell.trim().to_ascii_lowercase().as_str(),
        "" | "-" | "–" | "—" | "na" | "n/a" | "nr"
    )
}

/// The text in plain characters: decimal points for middle dots, hyphens for minus signs and dashes, no no-break spaces.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '·' | '∙' | '⋅' => '.',
            '−' | '–' | '—' | '‐' | '‑' => '-',
            '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
            other => other,
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A number; its decimals are those of the text. A percent sign is allowed and does not change the number.
pub fn number(text: &str) -> Option<Reported> {
    let text = plain(text);
    let text = text.strip_suffix('%').unwrap_or(&text).trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let digits = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + decimals.len() == 0 || !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|v: &f64| v.is_finite())?;
    let places = i64::try_from(decimals.len()).ok()? - i64::from(exponent);
    Some(Reported::new(value, u32::try_from(places).unwrap_or(0)))
}

/// Whether a cell is marked as a percentage.
pub fn has_percent_sign(text: &str) -> bool {
    text.contains('%')
}

/// A whole number.
pub fn count(text: &str) -> Option<u64> {
    plain(text).parse().ok()
}

/// Two limits: `.74-.82`, `(0.74, 0.82)`, `[0.74; 0.82]`, `0.74 to 0.82`.
pub fn limits(text: &str) -> Option<(Reported, Reported)> {
    let text = plain(text);
    let inner = text
        .trim_start_matches(['(', '['])
        .trim_end_matches([')', ']'])
        .trim();
    if let Some((low, high)) = inner
        .split_once(" to ")
        .or_else(|| inner.split_once([',', ';']))
    {
        return Some((number(low)?, number(high)?));
    }
    // A hyphen that stands first is a sign.
    let (at, _) = inner.char_indices().skip(1).find(|&(_, c)| c == '-')?;
    Some((number(&inner[..at])?, number(&inner[at + 1..])?))
}

/// A number with what stands in brackets behind it: `0.78 (0.74-0.82)`, `61 (14.5)`.
fn with_brackets(text: &str) -> Option<(String, String)> {
    let text = plain(text);
    let at = text.find(['(', '['])?;
    let inner = text[at + 1..].trim().strip_suffix([')', ']'])?;
    Some((text[..at].trim().to_owned(), inner.trim().to_owned()))
}

/// A number alone or with its limits.
pub fn estimate(text: &str) -> Option<(Reported, Option<(Reported, Reported)>)> {
    match with_brackets(text) {
        Some((value, inner)) => Some((number(&value)?, Some(limits(&inner)?))),
        None => Some((number(text)?, None)),
    }
}

/// A p-value: `.04`, `0.040`, `<.001`, `P < 0.001`, `>.05`, `= .3`.
pub fn p_value(text: &str) -> Option<ReportedP> {
    let text = plain(text);
    let text = text.trim_start_matches(['P', 'p']).trim_start();
    let bound = |rest: &str| number(rest).map(|r| r.value);
    match text.chars().next()? {
        '<' | '≤' | '⩽' => {
            bound(text.trim_start_matches(['<', '≤', '⩽'])).map(ReportedP::Below)
        }
        '>' | '≥' | '⩾' => {
            bound(text.trim_start_matches(['>', '≥', '⩾'])).map(ReportedP::Above)
        }
        '=' => number(&text[1..]).map(ReportedP::Equal),
        _ => number(text).map(ReportedP::Equal),
    }
}

/// What a cell of a baseline table holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BaselineCell {
    /// `61`.
    Count(u64),
    /// `61 (14.5)`.
    CountPercent(u64, Reported),
    /// `14.5 %`.
    Percent(Reported),
    /// `54.0±10.6`, or `54.0 (10.6)`: counts have no decimals.
    MeanSd(Reported, Reported),
    /// `52 (45-60)`.
    MedianQuartiles(Reported, (Reported, Reported)),
    /// `2.9`.
    Number(Reported),
}

/// Reads a cell of a baseline table.
pub fn baseline_cell(text: &str) -> Option<BaselineCell> {
    let text = plain(text);
    if let Some((mean, sd)) = text
        .split_once('±')
        .or_else(|| text.split_once("+/-"))
        .or_else(|| text.split_once("+-"))
    {
        return Some(BaselineCell::MeanSd(number(mean)?, number(sd)?));
    }
    if let Some((value, inner)) = with_brackets(&text) {
        return Some(match (count(&value), number(&inner)) {
            (Some(n), Some(percent)) => BaselineCell::CountPercent(n, percent),
            (None, Some(sd)) => BaselineCell::MeanSd(number(&value)?, sd),
            (_, None) => BaselineCell::MedianQuartiles(number(&value)?, limits(&inner)?),
        });
    }
    if has_percent_sign(&text) {
        return number(&text).map(BaselineCell::Percent);
    }
    match count(&text) {
        Some(n) => Some(BaselineCell::Count(n)),
        None => number(&text).map(BaselineCell::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        number(text).map(|r| r.to_string())
    }

    #[test]
    fn numbers_of_printed_matter() {
        for (text, wanted) in [
            ("0.80", Some("0.80")),
            (".80", Some("0.80")),
            ("80.5 %", Some("80.5")),
            ("0·80", Some("0.80")),
            ("−1.5", Some("-1.5")),
            ("100", Some("100")),
            ("1.0e-3", Some("0.0010")),
            ("5.", Some("5")),
            ("", None),
            (".", None),
            ("1,234", None),
            ("inf", None),
            ("nan", None),
            ("1.2.3", None),
            ("--1", None),
            ("1e999", None),
        ] {
            assert_eq!(shown(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn limits_of_printed_matter() {
        for text in [
            ".74-.82",
            ".74–.82",
            "(0.74, 0.82)",
            "[.74; .82]",
            "0.74 to 0.82",
        ] {
            let (low, high) = limits(text).unwrap();
            assert_eq!((low.value, high.value), (0.74, 0.82), "{text}");
        }
        let (low, high) = limits("-0.1--0.05").unwrap();
        assert_eq!((low.value, high.value), (-0.1, -0.05));
        assert_eq!(limits(".74"), None);
        let (value, inner) = estimate(".78 (.74–.82)").unwrap();
        assert_eq!((value.value, inner.unwrap().1.value), (0.78, 0.82));
    }

    #[test]
    fn p_values_of_printed_matter() {
        for (text, wanted) in [
            ("<.001", "<0.001"),
            ("P < 0.01", "<0.01"),
            ("p = .04", "0.04"),
            (".040", "0.040"),
            (">.05", ">0.05"),
        ] {
            assert_eq!(p_value(text).unwrap().to_string(), wanted, "{text}");
        }
        assert_eq!(p_value("n.s."), None);
        assert_eq!(p_value("<"), None);
    }

    #[test]
    fn cells_of_baseline_tables() {
        use BaselineCell::*;
        let r = |v, d| Reported::new(v, d);
        for (text, wanted) in [
            ("61", Count(61)),
            ("61 (14.5)", CountPercent(61, r(14.5, 1))),
            ("61 (14.5%)", CountPercent(61, r(14.5, 1))),
            ("14.5 %", Percent(r(14.5, 1))),
            ("54.0±10.6", MeanSd(r(54.0, 1), r(10.6, 1))),
            ("54.0 (10.6)", MeanSd(r(54.0, 1), r(10.6, 1))),
            (
                "52 (45–60)",
                MedianQuartiles(r(52.0, 0), (r(45.0, 0), r(60.0, 0))),
            ),
            ("2.9", Number(r(2.9, 1))),
        ] {
            assert_eq!(baseline_cell(text), Some(wanted), "{text}");
        }
        assert_eq!(baseline_cell("many"), None);
    }
}
