//! Printed numbers and the ranges that round to them.

use std::cmp::Ordering;
use std::fmt;

/// What happened to the digits that were not printed.
///
/// Spreadsheets round halves up, exact arithmetic in R and Python to even, some programs cut. A
/// count of 65 among 80 is 81.25 %: printed 81.3 half up, 81.2 half to even or cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Rounding {
    /// To the nearest; ties may have gone either way, so both ends of the range belong to it.
    #[default]
    Nearest,
    /// To the nearest, ties away from zero.
    HalfUp,
    /// To the nearest, ties to the even digit.
    HalfEven,
    /// Cut off, toward zero.
    Truncated,
}

impl Rounding {
    /// The three conventions that a table may follow, without the [`Nearest`](Self::Nearest) that
    /// leaves it open.
    pub const CONVENTIONS: [Self; 3] = [Self::HalfUp, Self::HalfEven, Self::Truncated];
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nearest => "nearest",
            Self::HalfUp => "half up",
            Self::HalfEven => "half to even",
            Self::Truncated => "truncated",
        })
    }
}

/// A printed number and the range that rounds to it.
///
/// ```
/// use eval_stats::audit::{Reported, Rounding};
/// let printed = Reported::new(81.3, 1);
/// assert!(printed.admits(81.25) && printed.admits(81.35) && !printed.admits(81.36));
/// assert!(!printed.rounded(Rounding::HalfEven).admits(81.25));
/// assert_eq!(printed.to_string(), "81.3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Reported {
    /// The number as printed.
    pub value: f64,
    /// Half a unit of its last digit.
    pub half_unit: f64,
    /// Digits after the decimal point.
    pub decimals: u32,
    /// How it was rounded.
    pub rounding: Rounding,
}

impl Reported {
    /// A number printed with so many decimals (at most 300), rounded to the nearest. Ties may have
    /// been rounded either way, so both ends of the range belong to it.
    ///
    /// ```
    /// use eval_stats::audit::Reported;
    /// let p = Reported::new(0.6, 1);
    /// assert!(p.admits(0.5501) && p.admits(0.65) && !p.admits(0.651));
    /// ```
    pub fn new(value: f64, decimals: u32) -> Self {
        let decimals = decimals.min(300);
        Self {
            value,
            half_unit: 0.5 * 10f64.powi(-(decimals as i32)),
            decimals,
            rounding: Rounding::Nearest,
        }
    }

    /// The same number under another convention.
    pub fn rounded(self, rounding: Rounding) -> Self {
        Self { rounding, ..self }
    }

    /// A share as a percentage: 0.805 with three decimals becomes 80.5 with one. The range stays what
    /// was printed.
    pub fn to_percent(self) -> Self {
        Self {
            value: 100.0 * self.value,
            half_unit: 100.0 * self.half_unit,
            decimals: self.decimals.saturating_sub(2),
            ..self
        }
    }

    /// A percentage as a share: 80.5 with one decimal becomes 0.805 with three.
    pub fn to_share(self) -> Self {
        Self {
            value: self.value / 100.0,
            half_unit: self.half_unit / 100.0,
            decimals: self.decimals.saturating_add(2),
            ..self
        }
    }

    /// Smallest number that rounds to it.
    pub fn low(&self) -> f64 {
        match self.rounding {
            Rounding::Truncated if self.value > 0.0 => self.value,
            Rounding::Truncated => self.value - 2.0 * self.half_unit,
            _ => self.value - self.half_unit,
        }
    }

    /// Largest number that rounds to it.
    pub fn high(&self) -> f64 {
        match self.rounding {
            Rounding::Truncated if self.value < 0.0 => self.value,
            Rounding::Truncated => self.value + 2.0 * self.half_unit,
            _ => self.value + self.half_unit,
        }
    }

    /// The range as a [`Span`].
    pub fn span(&self) -> Span {
        Span::new(self.low(), self.high())
    }

    /// Whether a number rounds to it, with an allowance for floating point.
    pub fn admits(&self, x: f64) -> bool {
        self.place(x) == Some(Ordering::Equal)
    }

    /// Where a number lies: below the range, in it, above it; `None` for NaN.
    pub(crate) fn place(&self, x: f64) -> Option<Ordering> {
        if x.is_nan() || self.value.is_nan() {
            return None;
        }
        let slack = self.half_unit * 1e-6 + 1e-12 * self.value.abs();
        let (low, high) = (self.low(), self.high());
        Some(
            if x < low - slack || (x <= low + slack && !self.owns_low_end()) {
                Ordering::Less
            } else if x > high + slack || (x >= high - slack && !self.owns_high_end()) {
                Ordering::Greater
            } else {
                Ordering::Equal
            },
        )
    }

    fn owns_low_end(&self) -> bool {
        match self.rounding {
            Rounding::Nearest => true,
            Rounding::HalfUp | Rounding::Truncated => self.value > 0.0,
            Rounding::HalfEven => self.last_digit_is_even(),
        }
    }

    fn owns_high_end(&self) -> bool {
        match self.rounding {
            Rounding::Nearest => true,
            Rounding::HalfUp | Rounding::Truncated => self.value < 0.0,
            Rounding::HalfEven => self.last_digit_is_even(),
        }
    }

    fn last_digit_is_even(&self) -> bool {
        (self.value / (2.0 * self.half_unit)).round() % 2.0 == 0.0
    }
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", self.decimals as usize, self.value)
    }
}

/// The conventions of rounding under which every exact number gives its printed one.
///
/// ```
/// use eval_stats::audit::{Reported, Rounding, conventions};
/// // 65 of 80 printed 81.3, and 27 of 48 printed 56.3: the writer rounds halves up.
/// let pairs = [(81.25, Reported::new(81.3, 1)), (56.25, Reported::new(56.3, 1))];
/// assert_eq!(conventions(&pairs), [Rounding::HalfUp]);
/// ```
pub fn conventions(exact_and_printed: &[(f64, Reported)]) -> Vec<Rounding> {
    Rounding::CONVENTIONS
        .into_iter()
        .filter(|&rounding| {
            exact_and_printed
                .iter()
                .all(|(exact, printed)| printed.rounded(rounding).admits(*exact))
        })
        .collect()
}

/// A printed p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ReportedP {
    /// "P = .04".
    Equal(Reported),
    /// "P < .01".
    Below(f64),
    /// "P > .05".
    Above(f64),
}

impl ReportedP {
    /// The p-values it stands for, within `[0, 1]`.
    pub fn span(&self) -> Span {
        match *self {
            Self::Equal(r) => Span::new(r.low().max(0.0), r.high().min(1.0)),
            Self::Below(limit) => Span::new(0.0, limit),
            Self::Above(limit) => Span::new(limit, 1.0),
        }
    }

    /// Whether some p-value of a range could have been printed so.
    pub fn meets(&self, p: Span) -> bool {
        const SLACK: f64 = 1e-9;
        match *self {
            Self::Equal(r) => p.low <= r.high() + SLACK && p.high >= r.low() - SLACK,
            Self::Below(limit) => p.low < limit,
            Self::Above(limit) => p.high > limit,
        }
    }
}

impl fmt::Display for ReportedP {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(r) => write!(f, "{r}"),
            Self::Below(limit) => write!(f, "<{limit}"),
            Self::Above(limit) => write!(f, ">{limit}"),
        }
    }
}

/// A closed range of numbers. Displays as `1.07 to 1.10`, with the precision asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Span {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Span {
    /// From one end to the other.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// Whether a number lies in it.
    pub fn contains(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// What two ranges share; `None` if nothing.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        (low <= high).then_some(Self { low, high })
    }

    /// The range of values seen; `None` of nothing.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        values.into_iter().fold(None, |span: Option<Self>, v| {
            Some(span.map_or(Self::new(v, v), |s| Self::new(s.low.min(v), s.high.max(v))))
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(4);
        let (low, high) = (
            format!("{:.digits$}", self.low),
            format!("{:.digits$}", self.high),
        );
        if low == high {
            f.write_str(&low)
        } else {
            write!(f, "{low} to {high}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_whom_the_convention_says() {
        // value, decimals, convention, lower end, upper end
        let cases = [
            (0.5, 1, Rounding::Nearest, true, true),
            (0.5, 1, Rounding::HalfUp, true, false),
            (-0.5, 1, Rounding::HalfUp, false, true),
            (0.0, 1, Rounding::HalfUp, false, false),
            (0.4, 1, Rounding::HalfEven, true, true),
            (0.5, 1, Rounding::HalfEven, false, false),
            (0.5, 1, Rounding::Truncated, true, false),
            (-0.5, 1, Rounding::Truncated, false, true),
        ];
        for (value, decimals, rounding, low, high) in cases {
            let r = Reported::new(value, decimals).rounded(rounding);
            assert_eq!(r.admits(r.low()), low, "{r:?}");
            assert_eq!(r.admits(r.high()), high, "{r:?}");
            assert!(r.admits(r.value));
        }
        assert!(!Reported::new(0.5, 1).admits(f64::NAN));
        assert!(!Reported::new(f64::NAN, 1).admits(0.5));
    }
}
