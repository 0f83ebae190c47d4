//! Coefficients of a score.

use super::Layout;
use super::bars::{Bar, BarChart};
use super::family::{FeatureFamily, family_legend};
use super::parts::{drawable, features, number, refuse};
use crate::error::Result;
use crate::score::{Score, ScoreScale};

/// Settings of [`coefficient_bars_with`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoefficientBars {
    scale: ScoreScale,
    most: usize,
}

impl Default for CoefficientBars {
    fn default() -> Self {
        Self::new()
    }
}

impl CoefficientBars {
    /// Coefficients of z-scores, at most 60.
    pub fn new() -> Self {
        Self {
            scale: ScoreScale::Standardized,
            most: 60,
        }
    }

    /// Coefficients of z-scores or of features in their own units; the title of the axis says which.
    pub fn scale(mut self, scale: ScoreScale) -> Self {
        self.scale = scale;
        self
    }

    /// Number of bars at most, those with the largest absolute coefficients; a remark tells how many there are.
    pub fn most(mut self, n: usize) -> Self {
        self.most = n;
        self
    }
}

/// [`coefficient_bars_with`] the default settings: coefficients of z-scores.
///
/// # Errors
/// As [`coefficient_bars_with`].
pub fn coefficient_bars(score: &Score, layout: &Layout) -> Result<String> {
    coefficient_bars_with(score, &CoefficientBars::new(), layout)
}

/// Coefficients of a score, sorted by value (ties by name), colored by [`FeatureFamily`].
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) for a score without features, a coefficient that is not finite, or no bar allowed.
pub fn coefficient_bars_with(
    score: &Score,
    settings: &CoefficientBars,
    layout: &Layout,
) -> Result<String> {
    if score.terms.is_empty() || settings.most == 0 {
        return refuse(format!(
            "expected a score with features, found {} and room for {}",
            score.terms.len(),
            settings.most
        ));
    }
    let mut terms = Vec::with_capacity(score.terms.len());
    for term in &score.terms {
        let value = match settings.scale {
            ScoreScale::Raw => term.coefficient,
            ScoreScale::Standardized => term.standardized_coefficient,
        };
        drawable("coefficient", &term.name, value)?;
        terms.push((term.name.as_str(), value));
    }
    terms.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
    terms.truncate(settings.most);
    terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let family = |name: &str| FeatureFamily::of(name);
    let n = score.terms.len();
    let title = match settings.scale {
        ScoreScale::Raw => "Coefficient (per unit of the feature)",
        ScoreScale::Standardized => "Standardized coefficient",
    };
    let chart = BarChart {
        legend: family_legend(terms.iter().map(|t| family(t.0))),
        remark: (n > terms.len()).then(|| format!("The {} largest of {n}.", terms.len())),
        bars: terms
            .iter()
            .map(|&(name, value)| Bar {
                name: name.to_owned(),
                value,
                text: number(value),
                color: family(name).color(),
            })
            .collect(),
        title: title.to_owned(),
        most: None,
        threshold: None,
        description: format!("{title} of a score of {}.", features(n)),
    };
    Ok(chart.draw(layout))
}
