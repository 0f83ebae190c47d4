//! Baseline tables: percentages, categories and groups against their totals, means of whole
//! numbers.

use std::fmt;

use super::finding::{Finding, FindingKind, Severity};
use super::reported::{Reported, Span};
use crate::error::{Error, Result};

/// A count with its percentage.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PercentageAudit {
    /// The count.
    pub count: u64,
    /// The total that it should be a part of.
    pub n: u64,
    /// The printed percentage.
    pub printed: Reported,
    /// The percentage of the count.
    pub percent: f64,
    /// Whether it rounds to the printed one.
    pub agrees: bool,
    /// Smallest and largest total of which the count is the printed percentage; `None` if no total
    /// is, or if there is no upper bound (a count of 0, or a percentage that rounds to 0).
    pub totals: Option<(u64, u64)>,
}

impl PercentageAudit {
    /// The result as a finding: a wrong percentage is inconsistent, as subjects may be missing.
    pub fn finding(&self, place: &str) -> Finding {
        let printed = format!("{} ({})", self.count, self.printed);
        let decimals = self.printed.decimals as usize;
        if self.agrees {
            return Finding::new(
                FindingKind::Percentage,
                Severity::Possible,
                place,
                printed,
                format!("the percentage is that of {} among {}", self.count, self.n),
            );
        }
        let (severity, text) = match self.totals {
            Some((low, high)) if low == high => (
                Severity::Inconsistent,
                format!("not of {}, but of {low} subjects", self.n),
            ),
            Some((low, high)) => (
                Severity::Inconsistent,
                format!("not of {}, but of {low} to {high} subjects", self.n),
            ),
            None => (
                Severity::Impossible,
                "no number of subjects gives this percentage".to_owned(),
            ),
        };
        Finding::new(FindingKind::Percentage, severity, place, printed, text)
            .recomputed(format!("{:.decimals$} %", self.percent))
    }
}

impl fmt::Display for PercentageAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.agrees { "is" } else { "is not" };
        write!(
            f,
            "{} of {} ({:.2} %) {word} {} %",
            self.count, self.n, self.percent, self.printed
        )
    }
}

/// Checks the percentage of a count.
///
/// ```
/// use eval_stats::audit::{percentage, Reported};
/// let found = percentage(61, 421, Reported::new(14.5, 1))?;
/// assert!(found.agrees);
/// assert_eq!(found.totals, Some((420, 422)));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without subjects, [`Error::CountExceedsTotal`].
pub fn percentage(count: u64, n: u64, printed: Reported) -> Result<PercentageAudit> {
    if n == 0 {
        return Err(Error::Empty { what: "subjects" });
    }
    if count > n {
        return Err(Error::CountExceedsTotal {
            what: "a category",
            part: count,
            total: n,
        });
    }
    let of = |total: f64| 100.0 * count as f64 / total;
    let percent = of(n as f64);
    Ok(PercentageAudit {
        count,
        n,
        printed,
        percent,
        agrees: printed.admits(percent),
        totals: totals_of(count, printed, of),
    })
}

fn totals_of(count: u64, printed: Reported, of: impl Fn(f64) -> f64) -> Option<(u64, u64)> {
    if count == 0 || printed.low() <= 0.0 {
        return None;
    }
    let least = (100.0 * count as f64 / printed.high())
        .floor()
        .max(count as f64);
    let most = (100.0 * count as f64 / printed.low()).ceil();
    // Written so that a NaN has no totals either.
    if !(least <= most && most <= 9e15) {
        return None;
    }
    let admitted = |total: &u64| *total >= count && printed.admits(of(*total as f64));
    let low = (least as u64..=least as u64 + 2).find(admitted)?;
    let high = (most as u64 - 2.min(most as u64)..=most as u64)
        .rev()
        .find(admitted)?;
    Some((low, high))
}

/// How the categories of a variable add up in one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum CategoryVerdict {
    /// To the size of the group.
    Complete,
    /// To less, though in another group they are complete: subjects are missing, or a misprint.
    Missing,
    /// To less, in every group: not all categories are printed.
    Partial,
    /// To more than the group.
    Exceeds,
}

/// The categories of a variable in one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CategoryTotal {
    /// Index of the group.
    pub group: usize,
    /// Sum of the categories.
    pub sum: u64,
    /// Number of categories printed.
    pub n_categories: usize,
    /// Size of the group.
    pub n: u64,
    /// How they compare.
    pub verdict: CategoryVerdict,
}

impl CategoryTotal {
    /// The result as a finding. Exclusive categories that exceed the group are impossible.
    pub fn finding(&self, place: &str) -> Finding {
        let (sum, n) = (self.sum, self.n);
        let (severity, text) = match self.verdict {
            CategoryVerdict::Complete => (
                Severity::Possible,
                "the categories add up to the group".to_owned(),
            ),
            CategoryVerdict::Missing => (
                Severity::Inconsistent,
                format!(
                    "{} subjects are in no category, though the categories are complete in another group",
                    n - sum
                ),
            ),
            CategoryVerdict::Partial => (
                Severity::Possible,
                "not all categories are printed, or subjects are missing".to_owned(),
            ),
            CategoryVerdict::Exceeds if self.n_categories == 1 => (
                Severity::Impossible,
                "the category is larger than the group".to_owned(),
            ),
            CategoryVerdict::Exceeds => (
                Severity::Impossible,
                format!("the categories add up to {} more than the group", sum - n),
            ),
        };
        Finding::new(
            FindingKind::CategoryTotal,
            severity,
            place,
            format!("n {n}"),
            text,
        )
        .recomputed(format!("sum {sum}"))
    }
}

impl fmt::Display for CategoryTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "group {}: sum {} of {} ({:?})",
            self.group, self.sum, self.n, self.verdict
        )
    }
}

/// Adds up the exclusive categories of one variable in every group. `categories[k][g]` is the count
/// of category `k` in group `g`, `None` where it is not printed; groups without any are left out.
///
/// ```
/// use eval_stats::audit::{category_totals, CategoryVerdict};
/// let grades = [vec![Some(14), Some(10)], vec![Some(92), Some(107)]];
/// let found = category_totals(&grades, &[106, 107])?;
/// assert_eq!(found[0].verdict, CategoryVerdict::Complete);
/// assert_eq!((found[1].sum, found[1].verdict), (117, CategoryVerdict::Exceeds));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`] if a category has not one entry a group.
pub fn category_totals(
    categories: &[Vec<Option<u64>>],
    sizes: &[u64],
) -> Result<Vec<CategoryTotal>> {
    if let Some(odd) = categories.iter().find(|c| c.len() != sizes.len()) {
        return Err(Error::LengthMismatch {
            what: "counts of a category",
            expected: sizes.len(),
            found: odd.len(),
        });
    }
    let mut totals: Vec<CategoryTotal> = (0..sizes.len())
        .filter_map(|group| {
            let counts: Vec<u64> = categories.iter().filter_map(|c| c[group]).collect();
            let sum = counts.iter().fold(0u64, |sum, &c| sum.saturating_add(c));
            let n = sizes[group];
            (!counts.is_empty()).then_some(CategoryTotal {
                group,
                sum,
                n_categories: counts.len(),
                n,
                verdict: match sum.cmp(&n) {
                    std::cmp::Ordering::Less => CategoryVerdict::Partial,
                    std::cmp::Ordering::Equal => CategoryVerdict::Complete,
                    std::cmp::Ordering::Greater => CategoryVerdict::Exceeds,
                },
            })
        })
        .collect();
    let complete = totals
        .iter()
        .any(|t| t.verdict == CategoryVerdict::Complete && t.n_categories > 1);
    for t in &mut totals {
        if complete && t.verdict == CategoryVerdict::Partial {
            t.verdict = CategoryVerdict::Missing;
        }
    }
    Ok(totals)
}

/// Whether mean and standard deviation can be those of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MomentsAudit {
    /// Printed mean.
    pub mean: Reported,
    /// Printed standard deviation (divisor `n - 1`), if any.
    pub sd: Option<Reported>,
    /// Number of subjects.
    pub n: u64,
    /// Whether some whole sum over `n` rounds to the mean (GRIM).
    pub mean_possible: bool,
    /// Whether some such sum and a whole sum of squares give the standard deviation (GRIMMER);
    /// `None` without one.
    pub sd_possible: Option<bool>,
}

impl MomentsAudit {
    /// The result as a finding: impossible for whole numbers.
    pub fn finding(&self, place: &str) -> Finding {
        let printed = match self.sd {
            Some(sd) => format!("{} ± {sd}", self.mean),
            None => self.mean.to_string(),
        };
        let (severity, text) = match (self.mean_possible, self.sd_possible) {
            (false, _) => (
                Severity::Impossible,
                format!("{} whole numbers have no such mean", self.n),
            ),
            (true, Some(false)) => (
                Severity::Impossible,
                format!(
                    "{} whole numbers of this mean have no such standard deviation",
                    self.n
                ),
            ),
            _ => (
                Severity::Possible,
                format!("{} whole numbers can have these moments", self.n),
            ),
        };
        Finding::new(FindingKind::Moments, severity, place, printed, text)
    }
}

impl fmt::Display for MomentsAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |possible| if possible { "possible" } else { "impossible" };
        write!(f, "mean {}", word(self.mean_possible))?;
        if let Some(sd) = self.sd_possible {
            write!(f, ", standard deviation {}", word(sd))?;
        }
        Ok(())
    }
}

/// Most sums and sums of squares that are tried.
const MOST_SUMS: f64 = 1e6;

/// Checks mean and standard deviation of data that are whole numbers (years, counts, scale points).
///
/// GRIM (Brown and Heathers, Soc. Psychol. Personal. Sci. 8, 2017, 363-369,
/// doi:10.1177/1948550616673876): the sum `T` is whole. GRIMMER (Anaya, PeerJ Preprints, 2016,
/// doi:10.7287/peerj.preprints.2400v1): the sum of squares `Q = (n-1) s² + T²/n` is whole, as even
/// or odd as `T`, and at least that of numbers as equal as they can be. What passes need not exist;
/// what fails cannot. Beyond 1e6 candidates, where rounding decides nothing, everything passes.
///
/// ```
/// use eval_stats::audit::{whole_number_moments, Reported};
/// // 28 whole numbers have means in steps of 1/28 = 0.036: 5.18 and 5.21, but not 5.19.
/// let mean = |v| Reported::new(v, 2);
/// assert!(!whole_number_moments(28, mean(5.19), None)?.mean_possible);
/// assert!(whole_number_moments(28, mean(5.18), None)?.mean_possible);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without subjects, [`Error::OutOfRange`] for a negative standard deviation, a
/// mean that is not finite, or a standard deviation of one subject.
pub fn whole_number_moments(n: u64, mean: Reported, sd: Option<Reported>) -> Result<MomentsAudit> {
    if n == 0 {
        return Err(Error::Empty { what: "subjects" });
    }
    if !mean.value.is_finite() {
        return Err(Error::OutOfRange {
            name: "mean",
            value: mean.value,
            expected: "a finite number",
        });
    }
    if let Some(sd) = sd.filter(|sd| n == 1 || !(sd.value >= 0.0 && sd.value.is_finite())) {
        return Err(Error::OutOfRange {
            name: "standard deviation",
            value: sd.value,
            expected: "a number from 0 up, of two or more subjects",
        });
    }
    let subjects = n as f64;
    let sums = Span::new(
        (mean.low() * subjects).floor(),
        (mean.high() * subjects).ceil(),
    );
    let open = sums.high - sums.low > MOST_SUMS || sums.high.abs().max(sums.low.abs()) > 1e15;
    let possible_sums = || {
        let steps = (sums.high - sums.low) as u64;
        (0..=steps)
            .map(move |k| sums.low + k as f64)
            .filter(move |t| mean.admits(t / subjects))
    };
    Ok(MomentsAudit {
        mean,
        sd,
        n,
        mean_possible: open || possible_sums().next().is_some(),
        sd_possible: sd.map(|sd| open || possible_sums().any(|t| sd_exists(t, subjects, sd))),
    })
}

/// Whether whole numbers with sum `t` can have the standard deviation, by their sum of squares.
fn sd_exists(t: f64, n: f64, sd: Reported) -> bool {
    let center = t * t / n;
    let squares = |s: f64| (n - 1.0) * s * s + center;
    let (low, high) = (
        squares(sd.low().max(0.0)).floor(),
        squares(sd.high()).ceil(),
    );
    if high - low > MOST_SUMS || high > 9e15 {
        return true;
    }
    // As equal as they can be: `rest` numbers of `base + 1`, the others `base`.
    let base = (t / n).floor();
    let rest = t - base * n;
    let least = rest * (base + 1.0) * (base + 1.0) + (n - rest) * base * base;
    let low = low.max(least);
    if low > high {
        return false;
    }
    (0..=(high - low) as u64)
        .map(|k| low + k as f64)
        .filter(|&q| (q - t).rem_euclid(2.0) == 0.0)
        .any(|q| sd.admits(((q - center).max(0.0) / (n - 1.0)).sqrt()))
}
