//! A score as text and as LaTeX.

use std::fmt::Write as _;

use super::{Score, ScoreScale};

impl Score {
    /// One line: `Rad-score = 0.12 + 0.34 * name - 0.56 * other`, numbers in `digits` significant digits (1 to 17). A name that could be
    /// misread as part of the formula (blanks, operators, brackets) stands between backticks.
    pub fn formula(&self, scale: ScoreScale, digits: usize) -> String {
        let mut text = format!(
            "{} = {}",
            self.name.replace(char::is_control, " "),
            significant(self.intercept_on(scale), digits)
        );
        for term in &self.terms {
            let b = term.on(scale);
            let sign = if b < 0.0 { '-' } else { '+' };
            let (open, close) = match scale {
                ScoreScale::Raw => ("", ""),
                ScoreScale::Standardized => ("z(", ")"),
            };
            let _ = write!(
                text,
                " {sign} {} * {open}{}{close}",
                significant(b.abs(), digits),
                formula_name(&term.name)
            );
        }
        text
    }

    /// The formula for LaTeX's math mode, one term per line of an `aligned` environment (amsmath). Every special character of a name is
    /// escaped; letters beyond ASCII are passed on, for engines that read UTF-8.
    pub fn latex(&self, scale: ScoreScale, digits: usize) -> String {
        let mut text = format!(
            "\\begin{{aligned}}\n\\text{{{}}} ={{}}& {}",
            latex_text(&self.name),
            latex_number(self.intercept_on(scale), digits)
        );
        for term in &self.terms {
            let b = term.on(scale);
            let sign = if b < 0.0 { '-' } else { '+' };
            let name = latex_text(&term.name);
            let factor = match scale {
                ScoreScale::Raw => format!("\\text{{{name}}}"),
                ScoreScale::Standardized => format!("z(\\text{{{name}}})"),
            };
            let _ = write!(
                text,
                " \\\\\n&{sign} {} \\times {factor}",
                latex_number(b.abs(), digits)
            );
        }
        text.push_str("\n\\end{aligned}");
        text
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.rounding {
            None => f.write_str(&self.formula(ScoreScale::Raw, 6)),
            Some(rounding) => write!(
                f,
                "{} (rounded to {} significant digits)",
                self.formula(rounding.scale, rounding.digits),
                rounding.digits
            ),
        }
    }
}

/// A number in so many significant digits, without an exponent where that stays readable.
pub(super) fn significant(value: f64, digits: usize) -> String {
    let digits = digits.clamp(1, 17);
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0);
    let shown = digits as i32 - 1 - exponent;
    if (-4..15).contains(&exponent) && shown >= 0 {
        format!("{value:.*}", shown as usize)
    } else {
        scientific
    }
}

/// The name itself if it cannot be misread, else between backticks, with backticks and backslashes escaped.
fn formula_name(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let starts_well = name.chars().next().is_some_and(char::is_alphabetic);
    if starts_well && name.chars().all(plain) {
        return name.to_owned();
    }
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('`');
    for c in name.chars() {
        match c {
            '`' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(c.escape_default()),
            c => quoted.push(c),
        }
    }
    quoted.push('`');
    quoted
}

fn latex_number(value: f64, digits: usize) -> String {
    let text = significant(value, digits);
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa} \\times 10^{{{exponent}}}"),
        None => text,
    }
}

fn latex_text(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut previous = '\0';
    for c in name.chars() {
        match c {
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => text.extend(['\\', c]),
            '\\' => text.push_str("\\textbackslash{}"),
            '^' => text.push_str("\\textasciicircum{}"),
            '~' => text.push_str("\\textasciitilde{}"),
            // These three are other glyphs in TeX's first font encoding.
            '<' => text.push_str("\\textless{}"),
            '>' => text.push_str("\\textgreater{}"),
            '|' => text.push_str("\\textbar{}"),
            // Two of these in a row would become a dash or a quotation mark.
            '-' | '\'' | '`' | ',' if previous == c => text.extend(['{', '}', c]),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
        previous = c;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::score;
    use super::*;

    #[test]
    fn formula_has_signs_and_digits() {
        assert_eq!(
            score().formula(ScoreScale::Raw, 3),
            "Rad-score = 1.00 + 0.500 * glcm_A - 1.25e-6 * b"
        );
        assert_eq!(
            score().formula(ScoreScale::Standardized, 3),
            "Rad-score = 6.00 + 1.00 * z(glcm_A) - 0.100 * z(b)"
        );
        let latex = score().latex(ScoreScale::Raw, 3);
        assert!(latex.contains("1.25 \\times 10^{-6} \\times \\text{b}"));
        assert!(latex.contains("glcm\\_A"));
    }

    #[test]
    fn names_cannot_be_misread() {
        for (name, formula) in [
            ("wavelet-LLH_glcm_Contrast", "wavelet-LLH_glcm_Contrast"),
            ("tumor size", "`tumor size`"),
            ("a*b", "`a*b`"),
            ("`x`", "`\\`x\\``"),
            ("Größe", "Größe"),
            ("2nd", "`2nd`"),
            ("", "``"),
            ("a\nb", "`a\\nb`"),
        ] {
            assert_eq!(formula_name(name), formula);
        }
    }

    #[test]
    fn every_latex_special_is_escaped() {
        assert_eq!(
            latex_text(r"a_b%c&d#e$f{g}h\i^j~k<l>m|n--o"),
            "a\\_b\\%c\\&d\\#e\\$f\\{g\\}h\\textbackslash{}i\\textasciicircum{}j\\textasciitilde{}k\\textless{}l\\textgreater{}m\\textbar{}n-{}-o"
        );
        assert_eq!(latex_text("größe\n中"), "größe 中");
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (value, digits, text) in [
            (0.0, 3, "0"),
            (9.995, 3, "9.99"),
            (99.96, 3, "100"),
            (-1234.5, 2, "-1.2e3"),
            (1.5e-5, 2, "1.5e-5"),
            (0.000123456, 3, "0.000123"),
        ] {
            assert_eq!(significant(value, digits), text, "{value}");
        }
    }
}
