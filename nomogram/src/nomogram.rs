//! The nomogram: axes, points and the way from points to risk, as `rms::nomogram` lays them out.
//!
//! ```text
//! effect of predictor t at v      XB_t(v) = β_t · columns of v          (reference level: 0)
//! points                          (XB_t(v) - min_t) · s,  s = 100 / max_t (max_t - min_t)
//! total points                    Σ points = (lp - I') · s,  I' = β₀ + Σ min_t
//! risk                            1 / (1 + exp(-(total / s + I')))
//! ```
//!
//! Predictors that interact form one group, whose effect is the sum of all their terms; a group has one axis for each combination of values of
//! all its predictors but one.
//!
//! The minimum and the maximum of a predictor or a group are taken over the ticks of its axis, which reach beyond the data to round numbers, so the
//! predictor with the widest axis has exactly 100 points. A negative β reverses the values on its axis.

use eval_stats::pretty::pretty;
use eval_stats::special::{expit, logit};

use crate::axis::{Axis, INTERVALS, ScaleTick, labels_of, short};
use crate::axis_group::{AxisGroup, axis_groups, lay_out};
use crate::error::{Error, Kind, Result};
use crate::model::RiskModel;
use crate::numeric::{interpolate, sorted_with_mean_ties};

/// Risks to mark on the risk axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum RiskTicks {
    /// .001, .01, .05, .1, .2, … .9, .95, .99, .999 as far as the axis reaches. The default.
    #[default]
    Journal,
    /// R's `pretty` of the risks at the ends of the linear predictor axis, rms' default.
    Pretty,
    /// These, strictly between 0 and 1.
    At(Vec<f64>),
}

/// How a risk is turned into a place on the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RiskInversion {
    /// The logit. The default.
    #[default]
    Exact,
    /// Linear interpolation on 1000 equally spaced linear predictors, as rms does; some 3e-6 off.
    RGrid,
}

/// What can be chosen about a nomogram.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `label` | the column's name | text before an axis |
/// | `ticks` | `pretty` of the range seen, or the values seen if at most 10 | ticks of a numeric axis |
/// | `given` | the values seen if at most 10, or the quartiles | values of a numeric predictor in an interaction, one axis for each |
/// | `risk_ticks` | [`RiskTicks::Journal`] | risks to mark |
/// | `risk_inversion` | [`RiskInversion::Exact`] | place of the risk ticks |
/// | `risk_label` | `Risk` | text before the risk axis |
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NomogramSettings {
    labels: Vec<(String, String)>,
    ticks: Vec<(String, Vec<f64>)>,
    given: Vec<(String, Vec<f64>)>,
    risk_ticks: RiskTicks,
    risk_inversion: RiskInversion,
    risk_label: Option<String>,
}

impl NomogramSettings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Text before the axis of a predictor.
    #[must_use]
    pub fn label(mut self, predictor: impl Into<String>, label: impl Into<String>) -> Self {
        self.labels.push((predictor.into(), label.into()));
        self
    }

    /// Ticks of a numeric predictor: finite, increasing, at least two. They are the range of the axis.
    #[must_use]
    pub fn ticks(mut self, predictor: impl Into<String>, ticks: &[f64]) -> Self {
        self.ticks.push((predictor.into(), ticks.to_vec()));
        self
    }

    /// Values at which a numeric predictor is held while the axis of a predictor it interacts with is drawn: finite and increasing.
    /// Another predictor of the group then gets the axis.
    #[must_use]
    pub fn given(mut self, predictor: impl Into<String>, values: &[f64]) -> Self {
        self.given.push((predictor.into(), values.to_vec()));
        self
    }

    /// Risks to mark.
    #[must_use]
    pub fn risk_ticks(mut self, risk_ticks: RiskTicks) -> Self {
        self.risk_ticks = risk_ticks;
        self
    }

    /// How the place of a risk is found.
    #[must_use]
    pub fn risk_inversion(mut self, risk_inversion: RiskInversion) -> Self {
        self.risk_inversion = risk_inversion;
        self
    }

    /// Text before the risk axis.
    #[must_use]
    pub fn risk_label(mut self, label: impl Into<String>) -> Self {
        self.risk_label = Some(label.into());
        self
    }

    pub(crate) fn label_of<'a>(&'a self, predictor: &'a str) -> &'a str {
        let last = self.labels.iter().rfind(|(p, _)| p == predictor);
        last.map_or(predictor, |(_, label)| label)
    }

    pub(crate) fn ticks_of(&self, predictor: &str) -> Option<&[f64]> {
        let last = self.ticks.iter().rfind(|(p, _)| p == predictor);
        last.map(|(_, ticks)| ticks.as_slice())
    }

    pub(crate) fn given_of(&self, predictor: &str) -> Option<&[f64]> {
        let last = self.given.iter().rfind(|(p, _)| p == predictor);
        last.map(|(_, values)| values.as_slice())
    }

    fn check(&self, model: &RiskModel) -> Result<()> {
        let numbers = self.ticks.iter().chain(&self.given);
        let named = self.labels.iter().map(|(p, _)| p);
        for name in named.chain(numbers.clone().map(|(p, _)| p)) {
            if !model.predictors.iter().any(|p| p.column == *name) {
                return Err(Error::UnknownPredictor {
                    predictor: name.clone(),
                    available: model.predictor_names().join(", "),
                });
            }
        }
        for (name, _) in numbers {
            let levels = model.predictors.iter().find(|p| p.column == *name);
            if levels.is_some_and(|p| p.levels().is_some()) {
                return Err(Error::ColumnKind {
                    column: name.clone(),
                    expected: Kind::Numeric,
                    found: Kind::Categorical,
                });
            }
        }
        for (name, values) in &self.given {
            let increasing = values.iter().all(|v| v.is_finite())
                && values.windows(2).all(|w| w[0] < w[1])
                && !values.is_empty();
            let interacts = model.terms.iter().any(|t| {
                t.is_interaction()
                    && t.predictors
                        .iter()
                        .any(|&k| model.predictors[k].column == *name)
            });
            if !increasing || !interacts {
                return Err(Error::Given {
                    predictor: name.clone(),
                    values: values.clone(),
                });
            }
        }
        match &self.risk_ticks {
            RiskTicks::At(risks) => risks.iter().try_for_each(|&r| check_risk("a risk tick", r)),
            _ => Ok(()),
        }
    }
}

/// A nomogram.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Nomogram {
    /// One axis per predictor, in the order of the model; with interactions, numeric predictors first and several axes for a group.
    pub axes: Vec<Axis>,
    /// Ticks of the axis of total points, from 0.
    pub total_points: Vec<ScaleTick>,
    /// Ticks of the linear predictor.
    pub linear_predictor: Vec<ScaleTick>,
    /// Ticks of the risk.
    pub risk: Vec<ScaleTick>,
    /// s: points per unit of the linear predictor.
    pub points_per_lp: f64,
    /// I': linear predictor at 0 points.
    pub intercept: f64,
    /// Text before the risk axis.
    pub risk_label: String,
    /// The model behind it.
    pub model: RiskModel,
    pub(crate) groups: Vec<AxisGroup>,
    /// Text for every predictor, in the order of the model.
    pub(crate) labels: Vec<String>,
}

impl Nomogram {
    /// Lays out the axes of a model.
    ///
    /// # Errors
    /// [`Error::NoEffect`] for a model without predictors or with no effect at all; [`Error::UnknownPredictor`] for a setting of another
    /// model; [`Error::Ticks`], [`Error::Given`], [`Error::ColumnKind`]; [`Error::TooManyAxes`]; [`Error::Probability`] for a risk tick outside (0, 1).
    pub fn new(model: &RiskModel, settings: &NomogramSettings) -> Result<Self> {
        settings.check(model)?;
        let mut groups = axis_groups(model, settings);
        let mut axes = lay_out(model, settings, &mut groups)?;
        let widest = axes
            .iter()
            .map(|a| a.max_effect - a.min_effect)
            .fold(0.0, f64::max);
        if widest == 0.0 || !widest.is_finite() {
            return Err(Error::NoEffect);
        }
        let points_per_lp = 100.0 / widest;
        axes.iter_mut().for_each(|a| a.set_points(points_per_lp));
        let intercept = model.coefficients[0] + groups.iter().map(|g| g.min_effect).sum::<f64>();
        let lp_values = pretty(model.lp_min, model.lp_max, INTERVALS);
        let place = |lp: f64| (lp - intercept) * points_per_lp;
        // With one predictor (or one group) the total is its points.
        let farthest = if groups.len() == 1 {
            100.0
        } else {
            lp_values.iter().map(|&lp| place(lp)).fold(100.0, f64::max)
        };
        let total = pretty(0.0, farthest, INTERVALS);
        Ok(Self {
            total_points: scale(&total, |v| v),
            linear_predictor: scale(&lp_values, place),
            risk: risk_axis(settings, &lp_values, place),
            axes,
            points_per_lp,
            intercept,
            risk_label: settings
                .risk_label
                .clone()
                .unwrap_or_else(|| "Risk".to_owned()),
            model: model.clone(),
            groups,
            labels: model
                .predictors
                .iter()
                .map(|p| settings.label_of(&p.column).to_owned())
                .collect(),
        })
    }

    /// Risk at a total of points.
    #[must_use]
    pub fn risk_of_points(&self, total_points: f64) -> f64 {
        expit(self.lp_of_points(total_points))
    }

    /// Linear predictor at a total of points.
    #[must_use]
    pub fn lp_of_points(&self, total_points: f64) -> f64 {
        total_points / self.points_per_lp + self.intercept
    }

    /// Total points at a linear predictor.
    #[must_use]
    pub fn points_of_lp(&self, lp: f64) -> f64 {
        (lp - self.intercept) * self.points_per_lp
    }

    /// Total points at which the risk is `risk`, e.g. to turn a cut-off of the probability into one of the points.
    ///
    /// # Errors
    /// [`Error::Probability`] unless `risk` lies strictly between 0 and 1.
    pub fn points_of_risk(&self, risk: f64) -> Result<f64> {
        check_risk("the risk", risk)?;
        Ok(self.points_of_lp(logit(risk)))
    }
}

pub(crate) fn check_risk(what: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(Error::Probability { what, value })
    }
}

fn scale(values: &[f64], place: impl Fn(f64) -> f64) -> Vec<ScaleTick> {
    let labels = labels_of(values);
    labels
        .into_iter()
        .zip(values)
        .map(|(label, &value)| ScaleTick {
            label,
            value,
            points: place(value),
        })
        .collect()
}

/// Risks of [`RiskTicks::Journal`].
const JOURNAL: [f64; 15] = [
    0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999,
];

fn risk_axis(
    settings: &NomogramSettings,
    lp: &[f64],
    place: impl Fn(f64) -> f64,
) -> Vec<ScaleTick> {
    let (low, high) = (lp[0], lp[lp.len() - 1]);
    let wanted = match &settings.risk_ticks {
        RiskTicks::Journal => JOURNAL.to_vec(),
        RiskTicks::Pretty => pretty(expit(low), expit(high), INTERVALS),
        RiskTicks::At(risks) => risks.clone(),
    };
    let inverse: Box<dyn Fn(f64) -> Option<f64>> = match settings.risk_inversion {
        RiskInversion::Exact => {
            Box::new(move |risk| Some(logit(risk)).filter(|v| (low..=high).contains(v)))
        }
        RiskInversion::RGrid => {
            let by = (high - low) / 999.0;
            let grid = (0..1000).map(|i| {
                let lp = if i == 999 {
                    high
                } else {
                    low + by * f64::from(i)
                };
                (expit(lp), lp)
            });
            let (risks, lps) = sorted_with_mean_ties(grid);
            Box::new(move |risk| interpolate(&risks, &lps, risk))
        }
    };
    wanted
        .into_iter()
        .filter_map(|value| {
            inverse(value).map(|lp| ScaleTick {
                label: short(value),
                value,
                points: place(lp),
            })
        })
        .collect()
}
