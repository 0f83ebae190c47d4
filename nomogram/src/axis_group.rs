//! Which predictors share an axis.
//!
//! A predictor without interactions has its own axis. Predictors that interact, directly or through others, share one group: the first
//! numeric one keeps the axis, and there is one such axis for each combination of values of the others. Its points hold all terms of the
//! group, so that each term is counted once. Numeric predictors come before those with levels or few values when there are interactions;
//! all this is rms' layout.

use crate::axis::{Axis, AxisTick, Condition, NamedValues, given_values, tick_values};
use crate::error::{Error, Result};
use crate::model::RiskModel;
use crate::nomogram::NomogramSettings;
use crate::predictor::{Checked, Predictor};
use crate::term::{DesignColumn, interacting_groups, product};

/// Most axes of one nomogram; more are no figure, and their number grows with the product of levels.
const MAX_AXES: usize = 1000;

/// Predictors whose points are read off one axis together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AxisGroup {
    /// The predictor along the axis.
    pub main: usize,
    /// The others, held at the axis' given values.
    pub given: Vec<usize>,
    /// The coefficients whose terms belong to the group, with their columns.
    columns: Vec<(f64, DesignColumn)>,
    /// Effect at 0 points.
    pub min_effect: f64,
}

impl AxisGroup {
    /// Contribution to the linear predictor at one value per predictor of the model; values of other groups are not looked at.
    pub fn effect(&self, predictors: &[Predictor], values: &[Checked]) -> f64 {
        let basis_of = |k: usize| {
            let mut out = Vec::with_capacity(predictors[k].n_columns());
            predictors[k].encode(values[k], &mut out);
            out
        };
        let main = basis_of(self.main);
        let given: Vec<Vec<f64>> = self.given.iter().map(|&k| basis_of(k)).collect();
        let place = |k: usize| self.given.iter().position(|&g| g == k);
        let basis = |k: usize, j: usize| place(k).map_or(&main, |g| &given[g])[j];
        self.columns
            .iter()
            .map(|(beta, column)| product(column, basis) * beta)
            .sum()
    }

    /// Distance of a patient from an axis of this group: `None` if a level differs, else the sum of the distances of the given numbers in
    /// units of their range.
    pub fn distance(
        &self,
        axis: &Axis,
        predictors: &[Predictor],
        values: &[Checked],
    ) -> Option<f64> {
        let mut sum = 0.0;
        for (&k, condition) in self.given.iter().zip(&axis.given) {
            match (values[k], condition.number) {
                (Checked::Number(v), Some(at)) => {
                    let range = predictors[k].seen().map_or(1.0, |s| s.max - s.min);
                    sum += (v - at).abs() / range;
                }
                (Checked::Level(code), None) => {
                    let level = predictors[k].levels().and_then(|l| l.get(code));
                    if level != Some(&condition.value) {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        Some(sum)
    }
}

/// The groups of a model, in the order of their axes.
pub(crate) fn axis_groups(model: &RiskModel, settings: &NomogramSettings) -> Vec<AxisGroup> {
    let members = interacting_groups(model.predictors.len(), &model.terms);
    let interactions = members.iter().any(|m| m.len() > 1);
    let rank = |k: usize| {
        let predictor = &model.predictors[k];
        let discrete = predictor.seen().is_none_or(|s| !s.distinct.is_empty());
        (discrete, settings.given_of(&predictor.column).is_some(), k)
    };
    let columns = model.columns();
    let mut groups: Vec<AxisGroup> = members
        .into_iter()
        .filter_map(|members| {
            let main = members.iter().copied().min_by_key(|&k| rank(k))?;
            let own = |c: &DesignColumn| c.factors.first().is_some_and(|f| members.contains(&f.0));
            let with_beta = columns.iter().zip(&model.coefficients);
            Some(AxisGroup {
                main,
                columns: with_beta
                    .filter(|(c, _)| own(c))
                    .map(|(c, &beta)| (beta, c.clone()))
                    .collect(),
                given: members.into_iter().filter(|&k| k != main).collect(),
                min_effect: 0.0,
            })
        })
        .collect();
    if interactions {
        groups.sort_by_key(|g| rank(g.main));
    }
    groups
}

/// The axes of all groups without their points; sets the smallest effect of each group.
pub(crate) fn lay_out(
    model: &RiskModel,
    settings: &NomogramSettings,
    groups: &mut [AxisGroup],
) -> Result<Vec<Axis>> {
    let mut axes: Vec<Axis> = Vec::new();
    for (index, group) in groups.iter_mut().enumerate() {
        let first = axes.len();
        add_axes(model, settings, (index, group), &mut axes)?;
        let new = &mut axes[first..];
        let effects = || new.iter().flat_map(|a| &a.ticks).map(|t| t.effect);
        group.min_effect = effects().fold(f64::INFINITY, f64::min);
        let max_effect = effects().fold(f64::NEG_INFINITY, f64::max);
        for axis in new {
            (axis.min_effect, axis.max_effect) = (group.min_effect, max_effect);
        }
    }
    Ok(axes)
}

fn add_axes(
    model: &RiskModel,
    settings: &NomogramSettings,
    (index, group): (usize, &AxisGroup),
    axes: &mut Vec<Axis>,
) -> Result<()> {
    let main = &model.predictors[group.main];
    let ticks = tick_values(main, settings.ticks_of(&main.column))?;
    let given: Vec<NamedValues> = group
        .given
        .iter()
        .map(|&k| &model.predictors[k])
        .map(|p| given_values(p, settings.given_of(&p.column)))
        .collect();
    let combinations = given
        .iter()
        .try_fold(1, |n: usize, v| n.checked_mul(v.len()));
    let wanted = combinations.map_or(usize::MAX, |n| n.saturating_add(axes.len()));
    if wanted > MAX_AXES {
        return Err(Error::TooManyAxes {
            axes: wanted,
            limit: MAX_AXES,
        });
    }
    let mut values = vec![Checked::Number(0.0); model.predictors.len()];
    for combination in 0..combinations.unwrap_or(0) {
        // The first given predictor changes fastest.
        let mut rest = combination;
        let mut conditions = Vec::with_capacity(given.len());
        for (&k, choices) in group.given.iter().zip(&given) {
            let (text, value) = &choices[rest % choices.len()];
            rest /= choices.len();
            values[k] = *value;
            conditions.push(Condition {
                predictor: model.predictors[k].column.clone(),
                value: text.clone(),
                number: value.number(),
            });
        }
        let mut tick = |(label, value): &(String, Checked)| {
            values[group.main] = *value;
            AxisTick {
                label: label.clone(),
                value: value.number(),
                effect: group.effect(&model.predictors, &values),
                points: 0.0,
            }
        };
        axes.push(Axis {
            predictor: main.column.clone(),
            label: label_of(&main.column, &conditions, settings),
            ticks: ticks.iter().map(&mut tick).collect(),
            given: conditions,
            group: index,
            min_effect: 0.0,
            max_effect: 0.0,
        });
    }
    Ok(())
}

/// `Age (Margin=Non, Sex=f)`.
fn label_of(main: &str, conditions: &[Condition], settings: &NomogramSettings) -> String {
    let label = settings.label_of(main);
    if conditions.is_empty() {
        return label.to_owned();
    }
    let conditions: Vec<String> = conditions
        .iter()
        .map(|c| format!("{}={}", settings.label_of(&c.predictor), c.value))
        .collect();
    format!("{label} ({})", conditions.join(", "))
}
