//! Choosing lambda and gamma of a relaxed LASSO by cross-validation.

use eval_stats::folds::Folds;

use super::super::cv::{
    CrossValidation, CrossValidationFit, Curve, Fits, FoldLinks, GammaCurve, Grid, GridPosition,
    Judged, LambdaRule, Models, Part, Resolved, Selection, Size, held_out, predict,
};
use super::super::path::Coefficients;
use super::super::samples::Samples;
use super::{Refits, Relaxation, RelaxedPath, Search, check_gamma};
use crate::error::{Error, Result};

/// Settings of a cross-validated relaxed LASSO.
///
/// | setting | default | range |
/// |---|---|---|
/// | `gammas` | 0, 0.25, 0.5, 0.75, 1 | each in [0, 1], sorted by the fit |
/// | `relaxation` | see [`Relaxation`] | |
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::lasso::{CrossValidation, ElasticNet, LambdaRule, RelaxedLasso, Samples};
/// use feature_selection::table::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 2), |(i, j)| if j == 0 { i as f64 } else { ((i * 17) % 23) as f64 });
/// let table = FeatureTable::new(x.view(), &["signal".to_string(), "noise".to_string()])?;
/// let outcome: Vec<bool> = (0..60).map(|i| (i + (i * 7) % 31) > 44).collect();
/// let folds = Folds::stratified(&outcome, 5, 1)?;
/// let relaxed = RelaxedLasso::new(CrossValidation::new(ElasticNet::new()));
/// let chosen = relaxed.fit(&Samples::binary(&table, &outcome)?, &folds)?.select(LambdaRule::Minimum)?;
/// assert!(chosen.gamma.is_some() && chosen.selected.contains(&0));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RelaxedLasso {
    cross_validation: CrossValidation,
    relaxation: Relaxation,
    gammas: Vec<f64>,
}

impl Default for RelaxedLasso {
    fn default() -> Self {
        Self::new(CrossValidation::default())
    }
}

/// A model on the grid of lambda and gamma.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct GammaChoice {
    /// Position in [`RelaxedFit::curves`].
    pub index_gamma: usize,
    /// Position in that curve's lambdas.
    pub index_lambda: usize,
    /// Share of the LASSO.
    pub gamma: f64,
    /// Penalty.
    pub lambda: f64,
    /// Features of the LASSO at this lambda.
    pub n_nonzero: usize,
}

/// A cross-validated relaxed path.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RelaxedFit {
    /// Path and curve of the LASSO itself (gamma 1).
    pub lasso: CrossValidationFit,
    /// The refits of the sets on the full path.
    pub refits: Refits,
    /// One curve per gamma, ascending.
    pub curves: Vec<GammaCurve>,
    /// The smallest loss over lambda and gamma; ties to the larger lambda, then to the larger gamma.
    pub minimum: GammaChoice,
    /// Of the models within one standard error of it, the largest lambda and at that lambda the largest gamma.
    pub one_standard_error: GammaChoice,
}

/// One fold judged at every gamma.
type JudgedGammas = Vec<Judged>;

impl RelaxedLasso {
    /// A relaxed LASSO with glmnet's grid of gammas.
    pub fn new(cross_validation: CrossValidation) -> Self {
        Self {
            cross_validation,
            relaxation: Relaxation::default(),
            gammas: vec![0.0, 0.25, 0.5, 0.75, 1.0],
        }
    }

    /// Shares of the LASSO to choose from.
    pub fn gammas(mut self, gammas: &[f64]) -> Self {
        self.gammas = gammas.to_vec();
        self
    }

    /// How sets are refitted.
    pub fn relaxation(mut self, relaxation: Relaxation) -> Self {
        self.relaxation = relaxation;
        self
    }

    /// Fits and refits on all rows and without each fold.
    ///
    /// # Errors
    /// Those of [`CrossValidation::fit`]; [`Error::InvalidSetting`] for a gamma outside [0, 1] or none at all.
    pub fn fit(&self, samples: &Samples<'_>, folds: &Folds) -> Result<RelaxedFit> {
        self.fit_repeated(samples, std::slice::from_ref(folds))
    }

    /// As [`fit`](Self::fit), with losses averaged over repeats as in [`CrossValidation::fit_repeated`].
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidSetting`] without any repeat.
    pub fn fit_repeated(&self, samples: &Samples<'_>, repeats: &[Folds]) -> Result<RelaxedFit> {
        let gammas = self.checked_gammas()?;
        let resolved = self.cross_validation.resolve(samples, repeats)?;
        let settings = self.cross_validation.settings();
        let fits = Fits::new(samples, repeats, |rows, part| {
            let search = match part {
                Part::All => Search::Separation,
                Part::Without { .. } => Search::Nothing,
            };
            self.relaxation.fit_with(settings, rows, search)
        })?;
        // The LASSO's own curve comes last and is there even if its gamma was not asked for.
        let mut evaluated = gammas.clone();
        evaluated.push(1.0);
        let lambda = &fits.full.path.lambda;
        let judged = fits.map_folds(|relaxed, repeat, fold| {
            let links = |models: Models<'_>| {
                let rows = repeats[repeat].test_indices(fold);
                let alignment = self.cross_validation.alignment_in_effect();
                predict(samples, rows, &models, lambda, alignment)
            };
            let lasso = links(Models::of_path(&relaxed.path));
            let refit = links(relaxed.refits.models(&relaxed.path));
            judge(samples, relaxed, &lasso, &refit, &evaluated, &resolved)
        });
        assemble(fits.full, judged, &gammas, resolved, repeats)
    }

    /// The gammas, ascending and without repetition.
    fn checked_gammas(&self) -> Result<Vec<f64>> {
        for &gamma in &self.gammas {
            check_gamma(gamma)?;
        }
        if self.gammas.is_empty() {
            return Err(Error::InvalidSetting {
                name: "number of gammas",
                expected: "at least 1",
                found: 0.0,
            });
        }
        let mut gammas = self.gammas.clone();
        gammas.sort_by(f64::total_cmp);
        gammas.dedup();
        Ok(gammas)
    }
}

fn judge(
    samples: &Samples<'_>,
    relaxed: &RelaxedPath,
    lasso: &FoldLinks,
    refit: &FoldLinks,
    gammas: &[f64],
    resolved: &Resolved,
) -> JudgedGammas {
    let n_lambda = lasso.eta.len() / lasso.rows.len();
    gammas
        .iter()
        .map(|&gamma| {
            let links = lasso.blend(refit, relaxed.refits.share(gamma));
            Judged::new(samples, links, resolved, n_lambda)
        })
        .collect()
}

fn assemble(
    full: RelaxedPath,
    judged: Vec<Vec<JudgedGammas>>,
    gammas: &[f64],
    mut resolved: Resolved,
    repeats: &[Folds],
) -> Result<RelaxedFit> {
    let n_lambda = full.path.len();
    let mut by_gamma: Vec<Vec<Vec<Judged>>> = (0..=gammas.len())
        .map(|_| repeats.iter().map(|_| Vec::new()).collect())
        .collect();
    for (repeat, folds) in judged.into_iter().enumerate() {
        for fold in folds {
            for (gamma, judged) in by_gamma.iter_mut().zip(fold) {
                gamma[repeat].push(judged);
            }
        }
    }
    let own = by_gamma.pop().expect("the LASSO's own curve is the last");
    let own_curve = Curve::new(&own, &resolved, n_lambda);
    let curves: Vec<GammaCurve> = gammas
        .iter()
        .zip(by_gamma)
        .map(|(&gamma, judged)| {
            let curve = Curve::new(&judged, &resolved, n_lambda);
            let mut curve = GammaCurve::new(&full.path, &curve, gamma);
            curve.held_out = held_out(repeats, judged, n_lambda);
            curve
        })
        .collect();
    let grid = Grid {
        measure: resolved.measure,
        curves: &curves,
    };
    let minimum = grid.minimum().ok_or(Error::NoFiniteLoss { n_lambda })?;
    let one_standard_error = choice(&curves, grid.one_standard_error(minimum));
    let minimum = choice(&curves, minimum);
    resolved.notices.extend(own_curve.notices.iter().copied());
    let own_held_out = held_out(repeats, own, n_lambda);
    Ok(RelaxedFit {
        lasso: CrossValidationFit::new(full.path, &own_curve, resolved, repeats, own_held_out)?,
        refits: full.refits,
        curves,
        minimum,
        one_standard_error,
    })
}

fn choice(curves: &[GammaCurve], at: GridPosition) -> GammaChoice {
    let curve = &curves[at.curve];
    GammaChoice {
        index_gamma: at.curve,
        index_lambda: at.lambda,
        gamma: curve.gamma,
        lambda: curve.lambda[at.lambda],
        n_nonzero: curve.n_nonzero[at.lambda],
    }
}

impl RelaxedFit {
    /// Coefficients at any lambda and gamma; see [`RelaxedPath::coefficients_at`].
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a lambda that is negative or not finite, or a gamma outside [0, 1].
    pub fn coefficients_at(&self, lambda: f64, gamma: f64) -> Result<Coefficients> {
        self.refits.coefficients_at(&self.lasso.path, lambda, gamma)
    }

    /// The model a rule takes. Numbers of features are those of the LASSO at the same lambda; the rule then
    /// looks for the smallest loss over all its lambdas and gammas.
    ///
    /// # Errors
    /// As [`CrossValidationFit::select`].
    pub fn select(&self, rule: LambdaRule) -> Result<Selection> {
        let grid = Grid {
            measure: self.lasso.measure,
            curves: &self.curves,
        };
        let (lambda, gamma) = match rule {
            LambdaRule::Minimum => (self.minimum.lambda, self.minimum.gamma),
            LambdaRule::OneStandardError => (
                self.one_standard_error.lambda,
                self.one_standard_error.gamma,
            ),
            LambdaRule::Value(lambda) => (lambda, self.one_standard_error.gamma),
            LambdaRule::Features(k) => self.lambda_gamma(grid.of_size(k, Size::Exactly)?),
            LambdaRule::FeaturesAtMost(k) => self.lambda_gamma(grid.of_size(k, Size::AtMost)?),
        };
        let coefficients = self.coefficients_at(lambda, gamma)?;
        let selected = coefficients.nonzero();
        Ok(Selection {
            rule,
            lambda,
            gamma: Some(gamma),
            coefficients,
            selected,
        })
    }

    fn lambda_gamma(&self, at: GridPosition) -> (f64, f64) {
        let chosen = choice(&self.curves, at);
        (chosen.lambda, chosen.gamma)
    }
}
