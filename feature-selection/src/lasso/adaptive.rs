//! Adaptive LASSO: penalty factors from a first fit, so that features it finds important are shrunk less.
//!
//! ```text
//! v_j = u_j / |b_j|^g        b_j pilot coefficients, u_j penalty factors of the path's own settings (1)
//! ```
//!
//! A pilot coefficient of zero excludes its feature. Reference: Zou, *J. Am. Stat. Assoc.* 101 (2006),
//! doi:10.1198/016214506000000735.

use eval_stats::folds::Folds;

use super::cv::{CrossValidation, CrossValidationFit, Fits, LambdaRule, Part, Selection};
use super::params::ElasticNet;
use super::path::{Coefficients, ElasticNetPath};
use super::samples::Samples;
use crate::error::{Error, Result};

/// The first fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Pilot {
    /// Ridge at its lambda of smallest loss, cross-validated on the same folds by the same measure.
    #[default]
    Ridge,
    /// The LASSO at its lambda of smallest loss; what it drops stays dropped.
    Lasso,
    /// No penalty at all. Needs more rows than features and classes that are not separated to mean anything.
    Unpenalized,
}

/// On which rows the pilot of a fold is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PilotRows {
    /// On all rows, once. Customary, and what published analyses do; but the factors have seen the outcomes of
    /// the rows held out, and the loss curve is too good.
    #[default]
    All,
    /// On the fold's own training rows, so that the loss curve is honest. The final model still uses the
    /// pilot of all rows.
    Training,
}

/// The unit of the pilot's coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PilotScale {
    /// Original units, as published recipes have it: the factors depend on the units of the features. No matter on z-scores.
    #[default]
    Original,
    /// Per standard deviation (divisor n, unweighted) of the feature: the factors do not depend on units.
    Standardized,
}

/// Settings of an adaptive LASSO.
///
/// | setting | default | range |
/// |---|---|---|
/// | `pilot` | [`Pilot::Ridge`] | see [`Pilot`] |
/// | `exponent` | 1 | > 0 |
/// | `rows` | [`PilotRows::All`] | see [`PilotRows`] |
/// | `scale` | [`PilotScale::Original`] | see [`PilotScale`] |
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::lasso::{AdaptiveLasso, CrossValidation, ElasticNet, LambdaRule, Samples};
/// use feature_selection::table::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 2), |(i, j)| if j == 0 { i as f64 } else { ((i * 17) % 23) as f64 });
/// let table = FeatureTable::new(x.view(), &["signal".to_string(), "noise".to_string()])?;
/// let outcome: Vec<bool> = (0..60).map(|i| (i + (i * 7) % 31) > 44).collect();
/// let folds = Folds::stratified(&outcome, 5, 1)?;
/// let fit = AdaptiveLasso::new(CrossValidation::new(ElasticNet::new())).fit(&Samples::binary(&table, &outcome)?, &folds)?;
/// // The pilot gives the noise a smaller coefficient and so a larger factor.
/// assert!(fit.penalty_factors[1] > fit.penalty_factors[0]);
/// assert_eq!(fit.select(LambdaRule::OneStandardError)?.selected, [0]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveLasso {
    cross_validation: CrossValidation,
    pilot: Pilot,
    exponent: f64,
    rows: PilotRows,
    scale: PilotScale,
}

impl Default for AdaptiveLasso {
    fn default() -> Self {
        Self::new(CrossValidation::default())
    }
}

/// A cross-validated adaptive LASSO.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AdaptiveFit {
    /// Path and curve of the second stage.
    pub lasso: CrossValidationFit,
    /// The pilot's path and curve; `None` for [`Pilot::Unpenalized`].
    pub pilot: Option<CrossValidationFit>,
    /// The pilot's coefficients, original units.
    pub pilot_coefficients: Coefficients,
    /// Penalty factors of the second stage before they are rescaled to sum to the number of columns; infinite where a feature is excluded.
    pub penalty_factors: Vec<f64>,
}

/// Pilot coefficients on all rows and, if wanted, without each fold.
struct PilotFit {
    chosen: Coefficients,
    cross_validation: Option<CrossValidationFit>,
    folds: Vec<Vec<Coefficients>>,
}

impl AdaptiveLasso {
    /// An adaptive LASSO from a ridge pilot; `cross_validation` holds the settings of the second stage. The pilot shares them, except
    /// for alpha, supplied lambdas and limits on the number of columns.
    pub fn new(cross_validation: CrossValidation) -> Self {
        Self {
            cross_validation,
            pilot: Pilot::default(),
            exponent: 1.0,
            rows: PilotRows::default(),
            scale: PilotScale::default(),
        }
    }

    /// The first fit.
    pub fn pilot(mut self, pilot: Pilot) -> Self {
        self.pilot = pilot;
        self
    }

    /// Exponent `g` of the penalty factors.
    pub fn exponent(mut self, exponent: f64) -> Self {
        self.exponent = exponent;
        self
    }

    /// On which rows the pilot of a fold is fitted.
    pub fn rows(mut self, rows: PilotRows) -> Self {
        self.rows = rows;
        self
    }

    /// The unit of the pilot's coefficients.
    pub fn scale(mut self, scale: PilotScale) -> Self {
        self.scale = scale;
        self
    }

    /// Fits the pilot, then cross-validates the weighted path.
    ///
    /// # Errors
    /// Those of [`CrossValidation::fit`] for either stage, among them [`Error::NoUsableColumn`] if the pilot leaves no
    /// feature; [`Error::InvalidSetting`] for an exponent that is not positive.
    pub fn fit(&self, samples: &Samples<'_>, folds: &Folds) -> Result<AdaptiveFit> {
        self.fit_repeated(samples, std::slice::from_ref(folds))
    }

    /// As [`fit`](Self::fit), with losses averaged over repeats as in [`CrossValidation::fit_repeated`].
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidSetting`] without any repeat.
    pub fn fit_repeated(&self, samples: &Samples<'_>, repeats: &[Folds]) -> Result<AdaptiveFit> {
        if !(self.exponent > 0.0 && self.exponent.is_finite()) {
            return Err(Error::InvalidSetting {
                name: "exponent of the adaptive LASSO",
                expected: "a positive number",
                found: self.exponent,
            });
        }
        let resolved = self.cross_validation.resolve(samples, repeats)?;
        let pilot = self.pilot_fit(samples, repeats)?;
        let factors = self.factors(samples, &pilot.chosen);
        let settings = self.cross_validation.settings();
        let fits = Fits::new(samples, repeats, |rows, part| {
            let own = match (part, self.rows) {
                (Part::Without { repeat, fold }, PilotRows::Training) => {
                    &self.factors(rows, &pilot.folds[repeat][fold])
                }
                _ => &factors,
            };
            settings.clone().penalty_factors(own).fit(rows)
        })?;
        let weighted = settings.clone().penalty_factors(&factors);
        let lasso = self
            .cross_validation
            .with_settings(weighted)
            .summarize(samples, repeats, fits, resolved)?;
        Ok(AdaptiveFit {
            lasso,
            pilot: pilot.cross_validation,
            pilot_coefficients: pilot.chosen,
            penalty_factors: factors,
        })
    }

    fn pilot_fit(&self, samples: &Samples<'_>, repeats: &[Folds]) -> Result<PilotFit> {
        let settings = self.cross_validation.settings();
        let cross_validated = |settings: ElasticNet| {
            let cv = self.cross_validation.with_settings(settings);
            let resolved = cv.resolve(samples, repeats)?;
            let fits = Fits::new(samples, repeats, |rows, _| cv.settings().fit(rows))?;
            let folds = fits.folds.clone();
            let fit = cv.summarize(samples, repeats, fits, resolved)?;
            let chosen = fit.select(LambdaRule::Minimum)?.coefficients;
            let at = |path: &ElasticNetPath| path.coefficients_at(chosen.lambda);
            Ok(PilotFit {
                folds: map_nested(&folds, at)?,
                chosen,
                cross_validation: Some(fit),
            })
        };
        match self.pilot {
            Pilot::Ridge => cross_validated(on_its_own_path(settings, 0.0)),
            Pilot::Lasso => cross_validated(on_its_own_path(settings, 1.0)),
            Pilot::Unpenalized => {
                let unpenalized = settings.clone().lambdas(&[0.0]);
                let without_folds = match self.rows {
                    PilotRows::All => &[],
                    PilotRows::Training => repeats,
                };
                let fits = Fits::new(samples, without_folds, |rows, _| unpenalized.fit(rows))?;
                let at = |path: &ElasticNetPath| path.coefficients_at(0.0);
                Ok(PilotFit {
                    chosen: at(&fits.full)?,
                    cross_validation: None,
                    folds: map_nested(&fits.folds, at)?,
                })
            }
        }
    }

    /// Penalty factors from pilot coefficients.
    fn factors(&self, samples: &Samples<'_>, pilot: &Coefficients) -> Vec<f64> {
        let own = self.cross_validation.settings().penalty_factors.as_ref();
        let p = pilot.beta.len();
        // Beyond this the factors could not be summed.
        let largest = f64::MAX / p as f64;
        (0..p)
            .map(|j| {
                let unit = match self.scale {
                    PilotScale::Original => 1.0,
                    PilotScale::Standardized => deviation(samples.table().column(j)),
                };
                let own = own.map_or(1.0, |o| o[j]);
                if own == 0.0 {
                    return 0.0;
                }
                let factor = own / (unit * pilot.beta[j]).abs().powf(self.exponent);
                if factor < largest {
                    factor
                } else {
                    f64::INFINITY
                }
            })
            .collect()
    }
}

/// The settings of a pilot: lambdas and sizes of the second stage are not meant for it.
fn on_its_own_path(settings: &ElasticNet, alpha: f64) -> ElasticNet {
    ElasticNet {
        alpha,
        lambdas: None,
        df_max: None,
        active_max: None,
        ..settings.clone()
    }
}

/// Standard deviation, divisor n.
fn deviation(column: &[f64]) -> f64 {
    let center = crate::linalg::mean(column);
    (crate::linalg::sum_of_squares(column, center) / column.len() as f64).sqrt()
}

fn map_nested<A, B>(nested: &[Vec<A>], f: impl Fn(&A) -> Result<B>) -> Result<Vec<Vec<B>>> {
    nested
        .iter()
        .map(|inner| inner.iter().map(&f).collect())
        .collect()
}

impl AdaptiveFit {
    /// The model a rule takes, from the second stage.
    ///
    /// # Errors
    /// As [`CrossValidationFit::select`].
    pub fn select(&self, rule: LambdaRule) -> Result<Selection> {
        self.lasso.select(rule)
    }
}
