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

use crate::error::{Error, Result};
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::Scored;
use crate::special::ln_chi_squared_sf;

/// How subjects are grouped by risk. Equal risks always share a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Grouping {
    /// Breaks at the distinct type-7 quantiles `k/g`, groups `(a, b]`, the lowest risk included
    /// (R: ResourceSelection, generalhoslem). Tied risks can leave fewer groups than asked for.
    #[default]
    Quantiles,
    /// Groups filled by increasing risk until they hold their share: a group ends after the risk
    /// with which its cumulative count reaches `k n/g`. Close to SAS and SPSS.
    EqualCounts,
    /// `g` intervals of equal width from 0 to 1, `[a, b)`, the last closed; empty ones left out.
    EqualWidths,
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quantiles => "quantiles of risk",
            Self::EqualCounts => "equal counts",
            Self::EqualWidths => "equal widths",
        })
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
    pub grouping: Grouping,
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
/// # Errors
/// [`Error::NotProbability`] if scores are not risks, [`Error::OutOfRange`] for `g < 2`,
/// [`Error::TooFew`] if ties leave no degree of freedom.
pub fn test(
    scored: &Scored,
    g: usize,
    grouping: Grouping,
    df: DegreesOfFreedom,
) -> Result<HosmerLemeshowTest> {
    let groups = risk_groups(scored, g, grouping)?;
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
            term(o, r.expected) + term(n - o, n - r.expected)
        })
        .sum();
    let ln_p = ln_chi_squared_sf(chi_squared, df as f64);
    Ok(HosmerLemeshowTest {
        chi_squared,
        df,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        groups,
        requested_groups: g,
        grouping,
    })
}

/// Groups subjects by risk, without a test.
///
/// # Errors
/// [`Error::NotProbability`], [`Error::OutOfRange`] for fewer than 2 groups.
pub fn risk_groups(scored: &Scored, g: usize, grouping: Grouping) -> Result<Vec<RiskGroup>> {
    if g < 2 {
        return Err(Error::OutOfRange {
            name: "groups",
            value: g as f64,
            expected: "at least 2",
        });
    }
    let risks = scored.risks()?;
    let sorted: Vec<f64> = scored.order().iter().map(|&i| risks[i as usize]).collect();
    let group_of: Box<dyn FnMut(f64, u64) -> usize> = match grouping {
        Grouping::Quantiles => {
            let mut breaks: Vec<f64> = (1..=g)
                .map(|k| of_sorted(&sorted, k as f64 / g as f64, QuantileType::Type7))
                .collect();
            breaks.dedup();
            // The lowest risk is included, so a break at the minimum opens no group of its own.
            if breaks.len() > 1 && breaks[0] == sorted[0] {
                breaks.remove(0);
            }
            Box::new(move |risk, _| breaks.partition_point(|&b| b < risk))
        }
        Grouping::EqualCounts => {
            let n = scored.n() as u64;
            Box::new(move |_, before| (before * g as u64 / n) as usize)
        }
        Grouping::EqualWidths => {
            Box::new(move |risk, _| ((risk * g as f64).floor() as usize).min(g - 1))
        }
    };
    Ok(collect_groups(scored, group_of))
}

/// Merges tied subjects into groups; `group_of` gets the risk and the number of subjects below.
fn collect_groups(scored: &Scored, mut group_of: impl FnMut(f64, u64) -> usize) -> Vec<RiskGroup> {
    let mut groups: Vec<RiskGroup> = Vec::new();
    let mut current = None;
    let mut before = 0;
    for t in scored.ties() {
        let (events, non_events) = (u64::from(t.events), u64::from(t.non_events));
        let n = events + non_events;
        let group = Some(group_of(t.score, before));
        before += n;
        if group != current {
            current = group;
            groups.push(RiskGroup {
                lowest: t.score,
                highest: t.score,
                n: 0,
                observed: 0,
                expected: 0.0,
            });
        }
        let last = groups.last_mut().expect("a group was pushed");
        last.highest = t.score;
        last.n += n;
        last.observed += events;
        last.expected += t.score * n as f64;
    }
    groups
}
