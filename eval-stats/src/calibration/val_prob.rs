//! Everything that `rms::val.prob` prints.

use std::fmt;

use super::accuracy::accuracy;
use super::fit::log_likelihood;
use super::recalibration::{logits, recalibration};
use super::smooth::{Smoother, errors};
use crate::error::Result;
use crate::scored::Scored;
use crate::special::{chi_squared_sf, ln_chi_squared_sf};

/// Indexes of validated probabilities, as `rms::val.prob` names them.
///
/// `L(a, b)` is -2 log likelihood of `logit P(y) = a + b logit(p)`, `L0` that of the event rate.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ValProb {
    /// Somers' D, `2 C - 1`.
    pub dxy: f64,
    /// Area under the ROC curve (exact; `val.prob` of old rounds the risks to 1/5000).
    pub c: f64,
    /// Nagelkerke's R² of the predictions as they stand.
    pub r2: f64,
    /// Discrimination index `(L0 - L(0,1) - 1)/n`.
    pub d: f64,
    /// `L0 - L(0,1)`.
    pub d_chi_squared: f64,
    /// Its p-value (1 degree of freedom); 1 if the predictions are worse than the event rate.
    pub d_p: f64,
    /// Its decimal logarithm.
    pub d_log10_p: f64,
    /// Unreliability index `(L(0,1) - L(a,b) - 2)/n`.
    pub u: f64,
    /// `L(0,1) - L(a,b)`.
    pub u_chi_squared: f64,
    /// Its p-value (2 degrees of freedom).
    pub u_p: f64,
    /// Quality index `d - u`.
    pub q: f64,
    /// Brier score.
    pub brier: f64,
    /// Intercept of the joint recalibration; not calibration in the large.
    pub intercept: f64,
    /// Slope of the joint recalibration.
    pub slope: f64,
    /// Largest error of the lowess curve.
    pub emax: f64,
    /// 90th percentile of the errors.
    pub e90: f64,
    /// Mean error.
    pub eavg: f64,
    /// Spiegelhalter's z; `None` if undefined.
    pub s_z: Option<f64>,
    /// Its two-sided p-value.
    pub s_p: Option<f64>,
}

impl ValProb {
    /// R's name and value of every index, in R's order; NaN for `None`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("Dxy", self.dxy),
            ("C (ROC)", self.c),
            ("R2", self.r2),
            ("D", self.d),
            ("D:Chi-sq", self.d_chi_squared),
            ("D:p", self.d_p),
            ("U", self.u),
            ("U:Chi-sq", self.u_chi_squared),
            ("U:p", self.u_p),
            ("Q", self.q),
            ("Brier", self.brier),
            ("Intercept", self.intercept),
            ("Slope", self.slope),
            ("Emax", self.emax),
            ("E90", self.e90),
            ("Eavg", self.eavg),
            ("S:z", self.s_z.unwrap_or(f64::NAN)),
            ("S:p", self.s_p.unwrap_or(f64::NAN)),
        ]
        .into_iter()
    }
}

impl fmt::Display for ValProb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "C {:.4}, R2 {:.4}, Brier {:.4}, intercept {:.4}, slope {:.4}, Eavg {:.4}",
            self.c, self.r2, self.brier, self.intercept, self.slope, self.eavg
        )
    }
}

/// The indexes of `rms::val.prob`.
///
/// # Differences
/// `val.prob` fits its recalibration by `lrm.fit` with the default `eps = 0.025`: it stops as soon
/// as a step changes -2 log likelihood by less than that, one Newton step short of full precision,
/// which leaves up to 1e-7 in intercept and slope. Here the fit is converged, as
/// `lrm.fit(eps = 1e-9)` gives it. `lrm.fit` also reads C off risks rounded to 1/5000; here it is
/// exact.
///
/// ```
/// use eval_stats::{Scored, calibration::val_prob};
/// let p = [0.25, 0.25, 0.25, 0.75, 0.75, 0.75];
/// let v = val_prob(&Scored::new(&p, &[true, false, false, true, true, false])?)?;
/// // 6 of 9 pairs, ties one half; predicted odds 1/3 and 3 where 1/2 and 2 happened.
/// assert!((v.c - 2.0 / 3.0).abs() < 1e-15 && (v.dxy - 1.0 / 3.0).abs() < 1e-15);
/// assert!((v.slope - 2_f64.ln() / 3_f64.ln()).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`recalibration`].
pub fn val_prob(scored: &Scored) -> Result<ValProb> {
    let x = logits(scored)?;
    let recalibrated = recalibration(scored, 0.95)?;
    let accuracy = accuracy(scored)?;
    let errors = errors(scored, Smoother::Lowess)?;
    let n = scored.n() as f64;
    let pi = scored.prevalence();
    let null = -2.0 * n * (pi * pi.ln() + (1.0 - pi) * (1.0 - pi).ln());
    let as_is = -2.0 * log_likelihood(&x, scored.outcomes(), 0.0, 1.0);
    let lr = null - as_is;
    let d = (lr - 1.0) / n;
    let u = (recalibrated.chi_squared - 2.0) / n;
    let c = crate::roc::auc(scored);
    Ok(ValProb {
        dxy: 2.0 * (c - 0.5),
        c,
        r2: (-lr / n).exp_m1() / (-null / n).exp_m1(),
        d,
        d_chi_squared: lr,
        d_p: chi_squared_sf(lr.max(0.0), 1.0),
        d_log10_p: ln_chi_squared_sf(lr.max(0.0), 1.0) / core::f64::consts::LN_10,
        u,
        u_chi_squared: recalibrated.chi_squared,
        u_p: recalibrated.p,
        q: d - u,
        brier: accuracy.brier,
        intercept: recalibrated.intercept.value,
        slope: recalibrated.slope.value,
        emax: errors.emax,
        e90: errors.e90,
        eavg: errors.ici,
        s_z: accuracy.spiegelhalter_z,
        s_p: accuracy.spiegelhalter_p,
    })
}
