//! Hosmer-Lemeshow goodness of fit.
//!
//! ```text
//! X² = Σ over groups and both outcomes of (observed - expected)² / expected
//! ```
//!
//! The value depends on how subjects are grouped, and packages group differently, so the rule is
//! an argument and stands in the result. Reference: Hosmer and Lemeshow, Commun. Stat. A9 (1980)
//! 1043-1069, doi:10.1080/03610928008827941.

use std::fmt;

use crate::error::{Error, Result, all_finite};
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::{Direction, Scored};
use crate::special::ln_chi_squared_sf;

/// How subjects are grouped by risk. Equal risks always share a group; groups without subjects are
/// left out, so there can be fewer than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Grouping {
    /// Breaks at the distinct type-7 quantiles `k/g`, groups `(a, b]`, the lowest risk included
    /// (R: ResourceSelection, generalhoslem).
    #[default]
    Quantiles,
    /// A group ends with the smallest risk up to which at least `k n/g` subjects lie: breaks at
    /// type-2 quantiles, groups `(a, b]` (Hmisc `cut2(g = )`, Stata's `estat gof, group()`).
    EqualCounts,
    /// SAS PROC LOGISTIC, as its manual states it. The target is `M = ⌊n/g + 1/2⌋`. By increasing
    /// risk, a run of `m` equal risks joins a group of `c` subjects if `c < M` and
    /// `c + ⌊m/2⌋ <= M`, otherwise it opens the next one. If the last group has at most `⌊n/(2g)⌋`
    /// subjects, it joins the one before. Can give more than `g` groups. SAS calls runs subjects of
    /// equal predictors, which differ from runs of equal risk if different predictors have one risk.
    SasTarget,
    /// `g` intervals of equal width from 0 to 1, `[a, b)`, the last closed.
    EqualWidths,
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quantiles => "quantiles of risk",
            Self::EqualCounts => "equal counts",
            Self::SasTarget => "the SAS rule",
            Self::EqualWidths => "equal widths",
        })
    }
}

/// What made the groups of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum GroupedBy {
    /// A rule.
    Rule(Grouping),
    /// Breaks that the caller gave.
    Breaks,
}

impl fmt::Display for GroupedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => rule.fmt(f),
            Self::Breaks => f.write_str("given breaks"),
        }
    }
}

/// Degrees of freedom of the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum DegreesOfFreedom {
    /// Groups minus two: the model was fitted on these subjects (and what R's packages use always).
    #[default]
    GroupsMinusTwo,
    /// Number of groups: the model was fitted elsewhere.
    Groups,
}

/// A group of subjects with similar risk.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RiskGroup {
    /// Smallest risk in the group.
    pub lowest: f64,
    /// Largest risk in the group.
    pub highest: f64,
    /// Number of subjects.
    pub n: u64,
    /// Observed events.
    pub observed: u64,
    /// Expected events, the sum of risks.
    pub expected: f64,
    /// Expected non-events, the sum of their probabilities.
    pub expected_non_events: f64,
}

impl RiskGroup {
    /// Mean risk.
    pub fn mean_risk(&self) -> f64 {
        self.expected / self.n as f64
    }

    /// Share of events.
    pub fn event_rate(&self) -> f64 {
        self.observed as f64 / self.n as f64
    }
}

/// Result of the test.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HosmerLemeshowTest {
    /// X²; infinite if a group with an event has expected risk 0 (or the mirror image).
    pub chi_squared: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Upper tail.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// The groups, by increasing risk. Their number can be below `requested_groups`.
    pub groups: Vec<RiskGroup>,
    /// Number of groups that was asked for.
    pub requested_groups: usize,
    /// How subjects were grouped.
    pub grouping: GroupedBy,
}

impl HosmerLemeshowTest {
    /// Name and value of the test's numbers, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("chi_squared", self.chi_squared),
            ("df", self.df as f64),
            ("p", self.p),
            ("log10_p", self.log10_p),
        ]
        .into_iter()
    }
}

impl fmt::Display for HosmerLemeshowTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Hosmer-Lemeshow test ({} groups by {}): X² = {:.4}, df = {}, p = {:.4}",
            self.groups.len(),
            self.grouping,
            self.chi_squared,
            self.df,
            self.p
        )
    }
}

/// Tests whether predicted risks agree with outcomes in `g` groups.
///
/// `df` is [`DegreesOfFreedom::GroupsMinusTwo`] where the model was fitted on these subjects. The
/// number of groups is that of the groups found, which ties can make smaller than `g`.
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::OutOfRange`] for `g < 2`, [`Error::TooFew`] if ties leave no degree of freedom (all
/// risks equal, for instance).
///
/// # Examples
/// ```
/// use eval_stats::Scored;
/// use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
/// // Two groups of two: 1 event where 0.4 are expected, 1 where 1.6 are.
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[true, false, true, false])?;
/// let t = hosmer_lemeshow::test(&s, 2, Grouping::EqualCounts, DegreesOfFreedom::Groups)?;
/// // 0.36/0.4 + 0.36/1.6, twice.
/// assert!((t.chi_squared - 2.25).abs() < 1e-12);
/// assert_eq!(t.df, 2);
/// # Ok::<(), eval_stats::Error>(())
/// ```
pub fn test(
    scored: &Scored,
    g: usize,
    grouping: Grouping,
    df: DegreesOfFreedom,
) -> Result<HosmerLemeshowTest> {
    of_groups(
        risk_groups(scored, g, grouping)?,
        g,
        GroupedBy::Rule(grouping),
        df,
    )
}

/// The test in the groups `[0, b₁), [b₁, b₂), ...` between given breaks, such as a guideline's risk
/// strata. Groups without subjects are left out.
///
/// ```
/// use eval_stats::{Scored, hosmer_lemeshow::{DegreesOfFreedom, test_at}};
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[true, false, true, false])?;
/// let t = test_at(&s, &[0.5], DegreesOfFreedom::Groups)?;
/// assert!((t.chi_squared - 2.25).abs() < 1e-12);    // 0.36/0.4 + 0.36/1.6, twice
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`risk_groups_at`]; [`Error::TooFew`] if no degree of freedom is left.
pub fn test_at(
    scored: &Scored,
    breaks: &[f64],
    df: DegreesOfFreedom,
) -> Result<HosmerLemeshowTest> {
    let groups = risk_groups_at(scored, breaks)?;
    of_groups(groups, breaks.len() + 1, GroupedBy::Breaks, df)
}

fn of_groups(
    groups: Vec<RiskGroup>,
    requested_groups: usize,
    grouping: GroupedBy,
    df: DegreesOfFreedom,
) -> Result<HosmerLemeshowTest> {
    let lost = match df {
        DegreesOfFreedom::GroupsMinusTwo => 2,
        DegreesOfFreedom::Groups => 0,
    };
    if groups.len() <= lost {
        return Err(Error::TooFew {
            what: "groups of distinct risk",
            found: groups.len(),
            required: lost + 1,
        });
    }
    let df = groups.len() - lost;
    let term = |observed: f64, expected: f64| {
        let d = observed - expected;
        // A group that expects nobody and sees nobody agrees.
        if d == 0.0 { 0.0 } else { d * d / expected }
    };
    let chi_squared: f64 = groups
        .iter()
        .map(|r| {
            let (o, n) = (r.observed as f64, r.n as f64);
            term(o, r.expected) + term(n - o, r.expected_non_events)
        })
        .sum();
    let ln_p = ln_chi_squared_sf(chi_squared, df as f64);
    Ok(HosmerLemeshowTest {
        chi_squared,
        df,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        groups,
        requested_groups,
        grouping,
    })
}

/// Groups subjects by risk, without a test.
///
/// ```
/// use eval_stats::{Scored, hosmer_lemeshow::{Grouping, risk_groups}};
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[true, false, true, false])?;
/// let groups = risk_groups(&s, 2, Grouping::Quantiles)?;
/// assert_eq!((groups[0].n, groups[0].observed, groups[0].expected), (2, 1, 0.4));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::OutOfRange`] for fewer than 2 groups.
pub fn risk_groups(scored: &Scored, g: usize, grouping: Grouping) -> Result<Vec<RiskGroup>> {
    if g < 2 {
        return Err(Error::OutOfRange {
            name: "groups",
            value: g as f64,
            expected: "at least 2",
        });
    }
    check_risks(scored)?;
    let n = scored.n() as u64;
    Ok(match grouping {
        Grouping::Quantiles => {
            let mut sorted = Vec::with_capacity(scored.n());
            for t in scored.ties() {
                let count = (t.events + t.non_events) as usize;
                sorted.extend(std::iter::repeat_n(t.score, count));
            }
            // With a group per subject every distinct risk has its own; more change nothing.
            let mut breaks = quantile_breaks(&sorted, g.min(sorted.len()));
            breaks.dedup();
            // The lowest risk is included, so a break at the minimum opens no group of its own.
            if breaks.len() > 1 && breaks[0] == sorted[0] {
                breaks.remove(0);
            }
            let mut group = 0;
            collect_groups(scored, |risk, _, _| {
                while group < breaks.len() && breaks[group] < risk {
                    group += 1;
                }
                group
            })
        }
        Grouping::EqualCounts => collect_groups(scored, |_, before, _| {
            (u128::from(before) * g as u128 / u128::from(n)) as usize
        }),
        Grouping::SasTarget => sas_groups(scored, g),
        Grouping::EqualWidths => collect_groups(scored, |risk, _, _| interval_of(risk, g)),
    })
}

/// Groups subjects into `[0, b₁), [b₁, b₂), ..., [bₖ, 1]`, without a test.
///
/// ```
/// use eval_stats::{Scored, hosmer_lemeshow::risk_groups_at};
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[true, false, true, false])?;
/// let groups = risk_groups_at(&s, &[0.5, 0.7])?;   // nobody in the middle
/// assert_eq!(groups.len(), 2);
/// assert_eq!((groups[1].mean_risk(), groups[1].event_rate()), (0.8, 0.5));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::Empty`] without breaks, [`Error::NotFinite`], [`Error::NotIncreasing`].
pub fn risk_groups_at(scored: &Scored, breaks: &[f64]) -> Result<Vec<RiskGroup>> {
    check_risks(scored)?;
    all_finite("breaks", breaks)?;
    if let Some(i) = (1..breaks.len()).find(|&i| breaks[i] <= breaks[i - 1]) {
        return Err(Error::NotIncreasing {
            index: i,
            previous: breaks[i - 1],
            value: breaks[i],
        });
    }
    Ok(collect_groups(scored, |risk, _, _| {
        breaks.partition_point(|&b| b <= risk)
    }))
}

/// Checks that scores are risks; the ends of their order tell.
fn check_risks(scored: &Scored) -> Result<()> {
    match (scored.direction(), scored.ties()) {
        (Direction::HigherIsEvent, [first, .., last])
            if first.score >= 0.0 && last.score <= 1.0 =>
        {
            Ok(())
        }
        _ => scored.risks().map(|_| ()),
    }
}

/// Type-7 quantiles `1/g` to 1.
fn quantile_breaks(sorted: &[f64], g: usize) -> Vec<f64> {
    (1..=g)
        .map(|k| of_sorted(sorted, k as f64 / g as f64, QuantileType::Type7))
        .collect()
}

/// The `k` with `k/g <= risk < (k + 1)/g`; the last for 1.
fn interval_of(risk: f64, g: usize) -> usize {
    let at = |k: usize| k as f64 / g as f64;
    let mut k = ((risk * g as f64) as usize).min(g - 1);
    // The product may have been rounded across a break.
    while k > 0 && risk < at(k) {
        k -= 1;
    }
    while k + 1 < g && risk >= at(k + 1) {
        k += 1;
    }
    k
}

fn sas_groups(scored: &Scored, g: usize) -> Vec<RiskGroup> {
    let n = scored.n() as u64;
    // Beyond 2n groups the target is 0.
    let g = (g as u64).min(2 * n + 1);
    // ⌊n/g + 1/2⌋ and ⌊n/(2g)⌋ in whole numbers.
    let (target, half) = ((2 * n + g) / (2 * g), n / (2 * g));
    let (mut group, mut size) = (0, 0);
    let mut groups = collect_groups(scored, |_, before, run| {
        if before > 0 && !(size < target && size + run / 2 <= target) {
            group += 1;
            size = 0;
        }
        size += run;
        group
    });
    if groups.len() > 1 && groups.last().is_some_and(|last| last.n <= half) {
        let last = groups.pop().expect("there are two");
        let into = groups.last_mut().expect("there are two");
        into.highest = last.highest;
        into.n += last.n;
        into.observed += last.observed;
        into.expected += last.expected;
        into.expected_non_events += last.expected_non_events;
    }
    groups
}

/// Merges runs of tied subjects into groups; `group_of` gets the risk, the number of subjects below
/// and the length of the run.
fn collect_groups(
    scored: &Scored,
    mut group_of: impl FnMut(f64, u64, u64) -> usize,
) -> Vec<RiskGroup> {
    let mut groups: Vec<RiskGroup> = Vec::new();
    let mut current = None;
    let mut before = 0;
    for t in scored.ties() {
        let (events, non_events) = (u64::from(t.events), u64::from(t.non_events));
        let n = events + non_events;
        let group = Some(group_of(t.score, before, n));
        before += n;
        if group != current {
            current = group;
            groups.push(RiskGroup {
                lowest: t.score,
                highest: t.score,
                n: 0,
                observed: 0,
                expected: 0.0,
                expected_non_events: 0.0,
            });
        }
        let last = groups.last_mut().expect("a group was pushed");
        last.highest = t.score;
        last.n += n;
        last.observed += events;
        last.expected += t.score * n as f64;
        last.expected_non_events += (1.0 - t.score) * n as f64;
    }
    groups
}
