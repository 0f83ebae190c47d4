//! Tables of odds ratios as journals print them: one row per level, the reference level with its own row.

use eval_stats::special::normal_quantile;

use crate::design::Design;
use crate::error::Result;
use crate::firth::FirthFit;
use crate::inference::check_level;
use crate::logistic::LogisticFit;
use crate::predictor::PredictorKind;

/// An odds ratio with its Wald interval and test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct OddsRatio {
    /// β.
    pub beta: f64,
    /// Standard error of β.
    pub se: f64,
    /// e^β.
    pub odds_ratio: f64,
    /// Lower limit of the odds ratio.
    pub low: f64,
    /// Upper limit of the odds ratio.
    pub high: f64,
    /// Two-sided P of the Wald test.
    pub p: f64,
}

/// What a row of the table is about.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RowEffect {
    /// The reference level, odds ratio 1 by definition.
    Reference,
    /// An estimated effect.
    Estimated(OddsRatio),
    /// A column that is a combination of others and has no estimate.
    Aliased,
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowKind {
    /// A linear predictor; the odds ratio is per unit.
    PerUnit,
    /// A level of a categorical predictor.
    Level,
    /// A basis function of a spline or a power of a polynomial; its odds ratio alone has no meaning.
    CurveBasis,
    /// A column of an interaction: by how much the odds ratio of one predictor changes per unit (or level) of the others. Beside it, the
    /// odds ratios of its predictors hold where the others are 0 (or at their reference).
    Interaction,
}

/// One row: a numeric predictor, a level of a categorical one, a column of a curve or of an interaction.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OddsRatioRow {
    /// Name of the term: column of the table, or columns joined by ` * `.
    pub variable: String,
    /// What the row stands for.
    pub kind: RowKind,
    /// Level, or name of the design's column for a curve or an interaction; `None` for a linear predictor (per unit).
    pub level: Option<String>,
    /// Rows used; with this level if categorical.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// The effect.
    pub effect: RowEffect,
}

impl OddsRatioRow {
    /// The odds ratio if estimated.
    #[must_use]
    pub fn odds_ratio(&self) -> Option<OddsRatio> {
        match self.effect {
            RowEffect::Estimated(or) => Some(or),
            _ => None,
        }
    }

    /// `1.62 (1.08, 2.44)`, `Reference` or `not estimable`.
    #[must_use]
    pub fn formatted(&self) -> String {
        match self.effect {
            RowEffect::Reference => "Reference".to_owned(),
            RowEffect::Aliased => "not estimable".to_owned(),
            RowEffect::Estimated(or) => {
                format!(
                    "{} ({}, {})",
                    format_ratio(or.odds_ratio),
                    format_ratio(or.low),
                    format_ratio(or.high)
                )
            }
        }
    }
}

/// Two decimals where they say something: more for small ratios, fewer for large ones.
#[must_use]
pub fn format_ratio(ratio: f64) -> String {
    if ratio.is_infinite() {
        ">1e308".to_owned()
    } else if ratio == 0.0 {
        "<1e-308".to_owned()
    } else if !(0.001..1e5).contains(&ratio) {
        format!("{ratio:.1e}")
    } else if ratio < 0.1 {
        format!("{ratio:.3}")
    } else if ratio < 100.0 {
        format!("{ratio:.2}")
    } else {
        format!("{ratio:.0}")
    }
}

/// P as journals print it: `<.001`, three decimals below .01 and where two would round to .05, else two decimals; no leading zero.
#[must_use]
pub fn format_p(p: f64) -> String {
    eval_stats::baseline::p_cell(p)
}

impl LogisticFit {
    /// Rows of the table of odds ratios, intercept left out, with Wald intervals at `level`.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a level outside (0, 1).
    pub fn odds_ratios(&self, level: f64) -> Result<Vec<OddsRatioRow>> {
        check_level(level)?;
        let z = normal_quantile(0.5 + 0.5 * level);
        let effect = |column: usize| {
            let found = self.coefficients.iter().find(|c| c.column == column);
            found.map(|c| OddsRatio {
                beta: c.estimate,
                se: c.se,
                odds_ratio: c.odds_ratio(),
                low: (c.estimate - z * c.se).exp(),
                high: (c.estimate + z * c.se).exp(),
                p: c.p,
            })
        };
        let table = Rows {
            design: &self.design,
            outcome: &self.outcome,
            weights: self.weights.as_deref(),
            effect: &effect,
        };
        Ok(table.all())
    }
}

impl FirthFit {
    /// Rows of the table of odds ratios, intercept left out, with the fit's profile intervals and penalized likelihood ratio tests.
    #[must_use]
    pub fn odds_ratios(&self) -> Vec<OddsRatioRow> {
        let effect = |column: usize| {
            let c = &self.coefficients[column];
            Some(OddsRatio {
                beta: c.estimate,
                se: c.se,
                odds_ratio: c.estimate.exp(),
                low: c.interval.low.exp(),
                high: c.interval.high.exp(),
                p: c.test.p,
            })
        };
        let table = Rows {
            design: &self.design,
            outcome: &self.outcome,
            weights: self.weights.as_deref(),
            effect: &effect,
        };
        table.all()
    }
}

/// What the rows of a fit are made of.
struct Rows<'a> {
    design: &'a Design,
    outcome: &'a [bool],
    weights: Option<&'a [f64]>,
    /// Effect of a column of the design; `None` if it has none.
    effect: &'a dyn Fn(usize) -> Option<OddsRatio>,
}

impl Rows<'_> {
    fn all(&self) -> Vec<OddsRatioRow> {
        (0..self.design.terms().len())
            .flat_map(|t| self.of_term(t))
            .collect()
    }

    fn of_term(&self, t: usize) -> Vec<OddsRatioRow> {
        let term = &self.design.terms()[t];
        let columns = self.design.columns_of_term(t);
        let row = |kind, level: Option<&String>, (n, n_events), effect| OddsRatioRow {
            variable: term.name.clone(),
            kind,
            level: level.cloned(),
            n,
            n_events,
            effect,
        };
        let everybody = || self.counts(|_| true);
        let by_name = |kind| {
            let name = |column: usize| Some(&self.design.columns()[column].name);
            let rows = columns
                .clone()
                .map(|j| row(kind, name(j), everybody(), self.effect(j)));
            rows.collect()
        };
        let [predictor] = term.predictors[..] else {
            return by_name(RowKind::Interaction);
        };
        match &self.design.predictors()[predictor].kind {
            PredictorKind::Categorical { levels, .. } => {
                let reference =
                    self.counts(|i| columns.clone().all(|j| self.design.x()[(i, j)] == 0.0));
                let first = row(
                    RowKind::Level,
                    Some(&levels[0]),
                    reference,
                    RowEffect::Reference,
                );
                let others = columns.clone().zip(&levels[1..]).map(|(j, level)| {
                    let counts = self.counts(|i| self.design.x()[(i, j)] == 1.0);
                    row(RowKind::Level, Some(level), counts, self.effect(j))
                });
                std::iter::once(first).chain(others).collect()
            }
            PredictorKind::Numeric { .. } => {
                let effect = self.effect(columns.start);
                vec![row(RowKind::PerUnit, None, everybody(), effect)]
            }
            PredictorKind::Polynomial { .. } | PredictorKind::Spline { .. } => {
                by_name(RowKind::CurveBasis)
            }
        }
    }

    fn effect(&self, column: usize) -> RowEffect {
        (self.effect)(column).map_or(RowEffect::Aliased, RowEffect::Estimated)
    }

    /// Rows and events among the rows in use that are chosen.
    fn counts(&self, chosen: impl Fn(usize) -> bool) -> (usize, usize) {
        let rows = || {
            (0..self.outcome.len())
                .filter(|&i| self.weights.is_none_or(|w| w[i] > 0.0))
                .filter(|&i| chosen(i))
        };
        (rows().count(), rows().filter(|&i| self.outcome[i]).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_a_journal() {
        assert_eq!(format_p(0.00004), "<.001");
        assert_eq!(format_p(0.0042), ".004");
        assert_eq!(format_p(0.0499), ".050");
        assert_eq!(format_p(0.276), ".28");
        assert_eq!(format_p(0.999), ">.99");
        assert_eq!(format_ratio(1.6249), "1.62");
        assert_eq!(format_ratio(0.0521), "0.052");
        assert_eq!(format_ratio(321.4), "321");
    }
}
