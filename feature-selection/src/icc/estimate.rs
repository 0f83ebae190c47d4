//! From mean squares to estimate, test and interval.
//!
//! Every limit is the estimate's formula with `B` replaced by `q B`, where `q` is a quantile of F on
//! the degrees of freedom of the error and `n - 1`.

use std::fmt;

use eval_stats::special::{f_quantile, f_sf};

use super::forms::{IccForm, IccModel, IccUnit};
use super::settings::{IccConvention, IccSettings};
use super::squares::MeanSquares;

/// Whether an estimate exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IccStatus {
    /// The estimate is a number.
    Estimated,
    /// Every rating has the same value (for consistency: once every rater's mean is taken off), all
    /// variances are 0, and estimate, test and interval are NaN.
    Constant,
    /// ICC(A,k) only: the estimated variance of a mean rating, `B + (J-E)/n`, is not positive. The
    /// formula then gives more than 1 or infinity, which is no reliability; it is reported as psych reports it.
    Improper,
    /// Fewer than two subjects have all ratings: estimate, test, degrees of freedom and interval are NaN. Only in tables with
    /// gaps, one feature of many; a single table of ratings is refused.
    TooFewSubjects,
}

impl IccStatus {
    /// Whether there is a number at all.
    fn is_undefined(self) -> bool {
        matches!(self, Self::Constant | Self::TooFewSubjects)
    }
}

/// One intraclass correlation.
///
/// Degenerate ratings, with the mean squares of the [module documentation](super):
///
/// | ratings | value | F | p | interval |
/// |---|---|---|---|---|
/// | all equal | NaN | NaN | NaN | NaN |
/// | raters agree exactly, `J = E = 0` | 1 | ∞ | 0 | \[1, 1\] |
/// | raters differ by constants, `E = 0`: consistency | 1 | ∞ | 0 | \[1, 1\] |
/// | the same: agreement | `B / (B + k J/n)` | ∞ | 0 | on `v = k-1` degrees of freedom |
/// | subjects have equal means, `B = 0`: single forms | negative or 0 | 0 | 1 | both limits the value |
/// | the same: one-way and consistency averages | -∞ | 0 | 1 | \[-∞, -∞\] |
/// | the same for `n = k = 2` and `J = 0`: ICC(A,1) | -∞ | 0 | 1 | \[-∞, -∞\] |
/// | `B = E = 0`, raters differ: agreement | 0 | 0 | 1 | \[0, 0\] |
/// | the same: consistency | NaN | NaN | NaN | NaN |
/// | fewer than two complete subjects | NaN | NaN | NaN | NaN |
///
/// Limits are in order, and hold an estimate above 0 at any usual level (one-way and consistency forms any estimate);
/// exceptions are the pole of ICC(A,k) below and agreement far below 0, whose degrees of freedom tend to 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Icc {
    /// Form estimated.
    pub form: IccForm,
    /// The estimate, dimensionless, at most 1 unless [`IccStatus::Improper`]. Negative values are reported as they are.
    pub value: f64,
    /// F statistic of the hypothesis that the coefficient is [`null_value`](Self::null_value).
    pub f: f64,
    /// Numerator degrees of freedom.
    pub df1: f64,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// Upper tail of F.
    pub p_value: f64,
    /// Lower confidence limit. For ICC(A,k) it passes a pole where `q B + (J-E)/n` is not positive, and is then above 1, as psych's is.
    pub ci_low: f64,
    /// Upper confidence limit.
    pub ci_high: f64,
    /// Confidence level of the limits.
    pub level: f64,
    /// Coefficient under the null hypothesis.
    pub null_value: f64,
    /// Whose test and interval it is.
    pub convention: IccConvention,
    /// Subjects used.
    pub n_subjects: usize,
    /// Ratings per subject.
    pub n_ratings: usize,
    /// Whether the estimate exists.
    pub status: IccStatus,
}

/// `ICC(A,1) = 0.290, 95% CI 0.019 to 0.761; F(5, 15) = 11.03, p = 0.000135; n = 6, k = 4`.
impl fmt::Display for Icc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, k) = (self.n_subjects, self.n_ratings);
        if self.status.is_undefined() {
            let reason = match self.status {
                IccStatus::TooFewSubjects => "too few subjects",
                _ => "constant ratings",
            };
            return write!(f, "{} undefined, {reason}; n = {n}, k = {k}", self.form);
        }
        write!(
            f,
            "{} = {:.3}, {}% CI {:.3} to {:.3}; F({}, {}) = {:.2}, p = {:.3e}; n = {n}, k = {k}",
            self.form,
            self.value,
            1e-10 * (1e12 * self.level).round(),
            self.ci_low,
            self.ci_high,
            self.df1,
            1e-2 * (1e2 * self.df2).round(),
            self.f,
            self.p_value,
        )
    }
}

/// The six estimates of one feature, without tests and intervals.
///
/// Values are those of [`Icc::value`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct IccValues {
    /// ICC(1,1).
    pub one_way_single: f64,
    /// ICC(A,1).
    pub agreement_single: f64,
    /// ICC(C,1).
    pub consistency_single: f64,
    /// ICC(1,k).
    pub one_way_average: f64,
    /// ICC(A,k).
    pub agreement_average: f64,
    /// ICC(C,k).
    pub consistency_average: f64,
}

impl IccValues {
    /// The value of one form.
    pub fn of(&self, form: IccForm) -> f64 {
        [
            self.one_way_single,
            self.agreement_single,
            self.consistency_single,
            self.one_way_average,
            self.agreement_average,
            self.consistency_average,
        ][form.index()]
    }

    /// Every form with its value, in the order of [`IccForm::ALL`].
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (IccForm, f64)> + use<> {
        let values = *self;
        IccForm::ALL
            .into_iter()
            .map(move |form| (form, values.of(form)))
    }
}

/// All six values.
pub(super) fn values(m: &MeanSquares) -> IccValues {
    let of = |form| value(m, form).0;
    IccValues {
        one_way_single: of(IccForm::ONE_WAY_SINGLE),
        agreement_single: of(IccForm::AGREEMENT_SINGLE),
        consistency_single: of(IccForm::CONSISTENCY_SINGLE),
        one_way_average: of(IccForm::ONE_WAY_AVERAGE),
        agreement_average: of(IccForm::AGREEMENT_AVERAGE),
        consistency_average: of(IccForm::CONSISTENCY_AVERAGE),
    }
}

/// One value and whether it exists.
fn value(m: &MeanSquares, form: IccForm) -> (f64, IccStatus) {
    if m.n < 2 {
        return (f64::NAN, IccStatus::TooFewSubjects);
    }
    let no_variance = m.b == 0.0 && m.error(form.model) == 0.0;
    if m.constant || (no_variance && form.model != IccModel::Agreement) {
        return (f64::NAN, IccStatus::Constant);
    }
    let value = m.coefficient(form, m.b);
    let improper = form == IccForm::AGREEMENT_AVERAGE && m.b + (m.j - m.e) / m.n as f64 <= 0.0;
    let status = if improper {
        IccStatus::Improper
    } else {
        IccStatus::Estimated
    };
    (value, status)
}

/// Quantiles of F on the degrees of freedom of an error and of subjects.
#[derive(Debug, Clone, Copy)]
struct Quantiles {
    low: f64,
    high: f64,
}

impl Quantiles {
    fn new(tail: f64, error_df: f64, subject_df: f64) -> Self {
        Self {
            low: f_quantile(tail, error_df, subject_df),
            // The upper quantile by its own small tail.
            high: 1.0 / f_quantile(tail, subject_df, error_df),
        }
    }
}

/// F test of one form.
#[derive(Debug, Clone, Copy)]
struct Test {
    f: f64,
    df2: f64,
    p: f64,
}

/// What all features of one table share: sizes, settings and the quantiles that depend on nothing else.
pub(super) struct Design {
    n: f64,
    k: f64,
    settings: IccSettings,
    /// Half of one minus the level.
    tail: f64,
    one_way: Quantiles,
    consistency: Quantiles,
}

impl Design {
    pub fn new(n: usize, k: usize, settings: &IccSettings) -> Self {
        let (n, k) = (n as f64, k as f64);
        let tail = 0.5 * (1.0 - settings.level);
        Self {
            n,
            k,
            settings: *settings,
            tail,
            one_way: Quantiles::new(tail, n * (k - 1.0), n - 1.0),
            consistency: Quantiles::new(tail, (n - 1.0) * (k - 1.0), n - 1.0),
        }
    }

    /// One form.
    pub fn estimate(&self, m: &MeanSquares, form: IccForm) -> Icc {
        self.result(m, form, || self.test(m, form), || self.quantiles(m, form))
    }

    /// All forms; what single and average units have in common is computed once.
    pub fn estimate_all(&self, m: &MeanSquares) -> [Icc; 6] {
        let irr = self.settings.convention == IccConvention::Irr;
        let mut all = [None; 6];
        for single in [
            IccForm::ONE_WAY_SINGLE,
            IccForm::AGREEMENT_SINGLE,
            IccForm::CONSISTENCY_SINGLE,
        ] {
            let average = IccForm {
                unit: IccUnit::Average,
                ..single
            };
            let own = irr && single.model == IccModel::Agreement;
            let (mut test, mut quantiles) = (None, None);
            all[single.index()] = Some(self.result(
                m,
                single,
                || *test.insert(self.test(m, single)),
                || *quantiles.insert(self.quantiles(m, single)),
            ));
            let test = test.filter(|_| !own && self.settings.null_value == 0.0);
            let quantiles = quantiles.filter(|_| !own);
            all[average.index()] = Some(self.result(
                m,
                average,
                || test.unwrap_or_else(|| self.test(m, average)),
                || quantiles.unwrap_or_else(|| self.quantiles(m, average)),
            ));
        }
        all.map(|one| one.expect("three models in two units are six forms"))
    }

    fn result(
        &self,
        m: &MeanSquares,
        form: IccForm,
        test: impl FnOnce() -> Test,
        quantiles: impl FnOnce() -> Quantiles,
    ) -> Icc {
        let (value, status) = value(m, form);
        let mut result = Icc {
            form,
            value,
            f: f64::NAN,
            df1: self.n - 1.0,
            df2: match form.model {
                IccModel::OneWay => self.n * (self.k - 1.0),
                IccModel::Agreement | IccModel::Consistency => (self.n - 1.0) * (self.k - 1.0),
            },
            p_value: f64::NAN,
            ci_low: f64::NAN,
            ci_high: f64::NAN,
            level: self.settings.level,
            null_value: self.settings.null_value,
            convention: self.settings.convention,
            n_subjects: m.n,
            n_ratings: m.k,
            status,
        };
        if status == IccStatus::TooFewSubjects {
            (result.df1, result.df2) = (f64::NAN, f64::NAN);
        }
        if status.is_undefined() {
            return result;
        }
        let test = test();
        (result.f, result.df2, result.p_value) = (test.f, test.df2, test.p);
        let exact = m.error(form.model) == 0.0 && (form.model != IccModel::Agreement || m.j == 0.0);
        (result.ci_low, result.ci_high) = if exact || m.b == 0.0 {
            (value, value)
        } else {
            let q = quantiles();
            (
                m.coefficient(form, q.low * m.b),
                m.coefficient(form, q.high * m.b),
            )
        };
        result
    }

    fn test(&self, m: &MeanSquares, form: IccForm) -> Test {
        let (n, k, r0) = (self.n, self.k, self.settings.null_value);
        let residual_df = (n - 1.0) * (k - 1.0);
        let (denominator, df2) = match form.model {
            IccModel::OneWay => (self.inflated(m.w, form.unit), n * (k - 1.0)),
            IccModel::Consistency => (self.inflated(m.e, form.unit), residual_df),
            IccModel::Agreement => {
                // a J + b E of McGraw and Wong.
                let of_ratings = match form.unit {
                    IccUnit::Single => k * r0,
                    IccUnit::Average => r0,
                } / (n * (1.0 - r0));
                let (a_j, b_e) = (of_ratings * m.j, (1.0 + (n - 1.0) * of_ratings) * m.e);
                let df2 = match self.settings.convention {
                    IccConvention::Irr => self.satterthwaite(m, form.unit),
                    IccConvention::Psych if a_j == 0.0 => residual_df,
                    IccConvention::Psych => mixture_df(n, k, a_j, b_e, a_j + b_e),
                };
                (a_j + b_e, df2)
            }
        };
        let f = if m.b == 0.0 { 0.0 } else { m.b / denominator };
        let p = match f {
            0.0 => 1.0,
            f64::INFINITY => 0.0,
            _ => f_sf(f, n - 1.0, df2),
        };
        Test { f, df2, p }
    }

    /// An error mean square as large as it is expected to be relative to `B` under the null value.
    fn inflated(&self, error: f64, unit: IccUnit) -> f64 {
        let (k, r0) = (self.k, self.settings.null_value);
        match unit {
            IccUnit::Single => error * ((1.0 + (k - 1.0) * r0) / (1.0 - r0)),
            IccUnit::Average => error / (1.0 - r0),
        }
    }

    fn quantiles(&self, m: &MeanSquares, form: IccForm) -> Quantiles {
        match (form.model, self.settings.convention) {
            (IccModel::OneWay, _) => self.one_way,
            (IccModel::Consistency, _) => self.consistency,
            (IccModel::Agreement, IccConvention::Psych) => Quantiles::new(
                self.tail,
                self.satterthwaite(m, IccUnit::Single),
                self.n - 1.0,
            ),
            (IccModel::Agreement, IccConvention::Irr) => {
                Quantiles::new(self.tail, self.satterthwaite(m, form.unit), self.n - 1.0)
            }
        }
    }

    /// Degrees of freedom of `a J + b E` with `a = k r/(n(1-r))` and `b = 1 + (n-1) a` at the estimate
    /// `r` of the unit. Written without `1 - r`, so that there is a limit at `r = 1`: `k - 1` for `E = 0`.
    fn satterthwaite(&self, m: &MeanSquares, unit: IccUnit) -> f64 {
        let (n, k, b, j, e) = (self.n, self.k, m.b, m.j, m.e);
        if e == 0.0 {
            return k - 1.0;
        }
        match unit {
            // At ICC(A,1) the mixture is B itself, which spares the sum where both parts cancel.
            IccUnit::Single => {
                let all = b * (j + (n - 1.0) * e);
                mixture_df(n, k, (b - e) * j, (j + (n - 1.0) * b) * e, all)
            }
            // irr puts the coefficient of the mean where that of one rating belongs.
            IccUnit::Average => {
                let a_j = k * (b - e) * j;
                let b_e = (j + (n - 1.0) * (e + k * (b - e))) * e;
                mixture_df(n, k, a_j, b_e, a_j + b_e)
            }
        }
    }
}

/// Satterthwaite's degrees of freedom of `x + y = all`, `x` on `k - 1` and `y` on `(n-1)(k-1)` of them.
fn mixture_df(n: f64, k: f64, x: f64, y: f64, all: f64) -> f64 {
    (k - 1.0) * (n - 1.0) * (all * all) / ((n - 1.0) * (x * x) + y * y)
}
