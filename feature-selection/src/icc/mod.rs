//! Intraclass correlation: how far a feature depends on who outlined the region.
//!
//! With `n` subjects (rows), `k` ratings (columns), subject means `r_i`, rating means `c_j` and grand mean `g`:
//!
//! ```text
//! B = k Σ (r_i - g)² / (n-1)                     between subjects
//! J = n Σ (c_j - g)² / (k-1)                     between ratings
//! E = Σ (x_ij - r_i - c_j + g)² / ((n-1)(k-1))   residual
//! W = (J + (n-1) E) / n                          within subjects
//! ```
//!
//! | [`IccForm`] | Shrout-Fleiss | McGraw-Wong | psych | estimate |
//! |---|---|---|---|---|
//! | `ONE_WAY_SINGLE` | ICC(1,1) | ICC(1) | ICC1 | `(B-W) / (B+(k-1)W)` |
//! | `AGREEMENT_SINGLE` | ICC(2,1) | ICC(A,1) | ICC2 | `(B-E) / (B+(k-1)E+k(J-E)/n)` |
//! | `CONSISTENCY_SINGLE` | ICC(3,1) | ICC(C,1) | ICC3 | `(B-E) / (B+(k-1)E)` |
//! | `ONE_WAY_AVERAGE` | ICC(1,k) | ICC(k) | ICC1k | `(B-W) / B` |
//! | `AGREEMENT_AVERAGE` | ICC(2,k) | ICC(A,k) | ICC2k | `(B-E) / (B+(J-E)/n)` |
//! | `CONSISTENCY_AVERAGE` | ICC(3,k) | ICC(C,k) | ICC3k | `(B-E) / B` |
//!
//! Random and mixed two-way models give the same estimate; agreement or consistency is the only numeric choice.
//!
//! References: Shrout and Fleiss, *Psychol. Bull.* 86 (1979), doi:10.1037/0033-2909.86.2.420;
//! McGraw and Wong, *Psychol. Methods* 1 (1996), doi:10.1037/1082-989X.1.1.30; Koo and Li,
//! *J. Chiropr. Med.* 15 (2016), doi:10.1016/j.jcm.2016.02.012.

use eval_stats::special::{f_quantile, f_sf};
use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::standardize::same_columns;
use crate::table::FeatureTable;

/// What counts as error between ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IccModel {
    /// Ratings of a subject are interchangeable.
    OneWay,
    /// Two-way; a systematic difference between raters counts as error.
    Agreement,
    /// Two-way; a systematic difference between raters is ignored.
    Consistency,
}

/// Reliability of one rating or of the mean of all `k`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IccUnit {
    /// One rating.
    Single,
    /// The mean of the `k` ratings.
    Average,
}

/// One of the six forms; see the [module documentation](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IccForm {
    /// What counts as error.
    pub model: IccModel,
    /// One rating or their mean.
    pub unit: IccUnit,
}

impl IccForm {
    /// ICC(1,1).
    pub const ONE_WAY_SINGLE: Self = Self {
        model: IccModel::OneWay,
        unit: IccUnit::Single,
    };
    /// ICC(2,1), ICC(A,1).
    pub const AGREEMENT_SINGLE: Self = Self {
        model: IccModel::Agreement,
        unit: IccUnit::Single,
    };
    /// ICC(3,1), ICC(C,1).
    pub const CONSISTENCY_SINGLE: Self = Self {
        model: IccModel::Consistency,
        unit: IccUnit::Single,
    };
    /// ICC(1,k).
    pub const ONE_WAY_AVERAGE: Self = Self {
        model: IccModel::OneWay,
        unit: IccUnit::Average,
    };
    /// ICC(2,k), ICC(A,k).
    pub const AGREEMENT_AVERAGE: Self = Self {
        model: IccModel::Agreement,
        unit: IccUnit::Average,
    };
    /// ICC(3,k), ICC(C,k).
    pub const CONSISTENCY_AVERAGE: Self = Self {
        model: IccModel::Consistency,
        unit: IccUnit::Average,
    };
    /// All six, in the order psych prints them.
    pub const ALL: [Self; 6] = [
        Self::ONE_WAY_SINGLE,
        Self::AGREEMENT_SINGLE,
        Self::CONSISTENCY_SINGLE,
        Self::ONE_WAY_AVERAGE,
        Self::AGREEMENT_AVERAGE,
        Self::CONSISTENCY_AVERAGE,
    ];

    /// Name by Shrout and Fleiss.
    pub fn shrout_fleiss(self) -> &'static str {
        match (self.model, self.unit) {
            (IccModel::OneWay, IccUnit::Single) => "ICC(1,1)",
            (IccModel::Agreement, IccUnit::Single) => "ICC(2,1)",
            (IccModel::Consistency, IccUnit::Single) => "ICC(3,1)",
            (IccModel::OneWay, IccUnit::Average) => "ICC(1,k)",
            (IccModel::Agreement, IccUnit::Average) => "ICC(2,k)",
            (IccModel::Consistency, IccUnit::Average) => "ICC(3,k)",
        }
    }

    /// Name by McGraw and Wong.
    pub fn mcgraw_wong(self) -> &'static str {
        match (self.model, self.unit) {
            (IccModel::OneWay, IccUnit::Single) => "ICC(1)",
            (IccModel::Agreement, IccUnit::Single) => "ICC(A,1)",
            (IccModel::Consistency, IccUnit::Single) => "ICC(C,1)",
            (IccModel::OneWay, IccUnit::Average) => "ICC(k)",
            (IccModel::Agreement, IccUnit::Average) => "ICC(A,k)",
            (IccModel::Consistency, IccUnit::Average) => "ICC(C,k)",
        }
    }
}

/// Whose interval and test is computed where references disagree (agreement forms only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IccConvention {
    /// psych and pingouin: `F = B/E` on `(n-1)(k-1)` degrees of freedom, the interval of the average form is the stepped-up single one.
    #[default]
    Psych,
    /// irr: Satterthwaite degrees of freedom for the test, and its own interval for the average form.
    Irr,
}

/// How variance components are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VarianceComponents {
    /// Mean squares of the analysis of variance; components may be negative.
    #[default]
    Anova,
    /// Restricted maximum likelihood for balanced data: negative components are set to 0 and pooled with the error (psych with `lmer = TRUE`).
    Reml,
}

/// What to do with a NaN rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissingRatings {
    /// Refuse it.
    #[default]
    Error,
    /// Leave the subject out; [`Icc::n_subjects`] says how many remain.
    Listwise,
}

/// Settings of an intraclass correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IccSettings {
    /// Confidence level, 0.95 by default.
    pub level: f64,
    /// Interval and test where references disagree.
    pub convention: IccConvention,
    /// How variance components are estimated.
    pub components: VarianceComponents,
    /// What to do with a NaN rating.
    pub missing: MissingRatings,
}

impl Default for IccSettings {
    fn default() -> Self {
        Self {
            level: 0.95,
            convention: IccConvention::default(),
            components: VarianceComponents::default(),
            missing: MissingRatings::default(),
        }
    }
}

/// Whether an estimate exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IccStatus {
    /// The estimate is a number.
    Estimated,
    /// Every rating has the same value: all variances are 0, every number of the result is NaN.
    Constant,
}

/// One intraclass correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Icc {
    /// Form estimated.
    pub form: IccForm,
    /// The estimate, at most 1. Negative values are reported as they are. 1 if ratings agree exactly; NaN if all are equal.
    pub value: f64,
    /// F statistic of the hypothesis that the coefficient is 0; infinite without error.
    pub f: f64,
    /// Numerator degrees of freedom.
    pub df1: f64,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// Upper tail of F.
    pub p_value: f64,
    /// Lower confidence limit.
    pub ci_low: f64,
    /// Upper confidence limit.
    pub ci_high: f64,
    /// Confidence level of the limits.
    pub level: f64,
    /// Subjects used.
    pub n_subjects: usize,
    /// Ratings per subject.
    pub n_ratings: usize,
    /// Whether the estimate exists.
    pub status: IccStatus,
}

/// One form for a matrix of ratings, rows subjects and columns ratings.
///
/// # Errors
/// [`Error::TooFewRows`] for fewer than two (complete) subjects, [`Error::InvalidSetting`] for fewer than two ratings or a level
/// outside (0, 1), [`Error::NonFinite`] for an infinite rating, or a NaN under [`MissingRatings::Error`].
///
/// # Examples
/// ```
/// use feature_selection::icc::{icc, IccForm, IccSettings};
/// use ndarray::array;
///
/// // The table of Shrout and Fleiss (1979): six targets, four judges.
/// let ratings = array![[9., 2., 5., 8.], [6., 1., 3., 2.], [8., 4., 6., 8.], [7., 1., 2., 6.], [10., 5., 6., 9.], [6., 2., 4., 7.]];
/// let agreement = icc(ratings.view(), IccForm::AGREEMENT_SINGLE, &IccSettings::default())?;
/// assert_eq!(format!("{:.2}", agreement.value), "0.29");
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn icc(ratings: ArrayView2<'_, f64>, form: IccForm, settings: &IccSettings) -> Result<Icc> {
    Ok(estimate(&mean_squares(ratings, settings)?, form, settings))
}

/// All six forms, in the order of [`IccForm::ALL`].
///
/// # Errors
/// As [`icc`].
pub fn icc_all(ratings: ArrayView2<'_, f64>, settings: &IccSettings) -> Result<[Icc; 6]> {
    let squares = mean_squares(ratings, settings)?;
    Ok(IccForm::ALL.map(|form| estimate(&squares, form, settings)))
}

/// Reliability of one feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureIcc {
    /// Feature name.
    pub name: String,
    /// Its coefficient.
    pub icc: Icc,
}

/// One form for every feature, from repeated readings of the same subjects: the i-th row of every
/// table is the same subject. Features come in the order of the first table; the others may order them differently.
///
/// # Errors
/// As [`icc`]; [`Error::ColumnMismatch`] and [`Error::LengthMismatch`] if tables differ in columns or rows.
pub fn feature_icc(
    readings: &[&FeatureTable],
    form: IccForm,
    settings: &IccSettings,
) -> Result<Vec<FeatureIcc>> {
    let (Some(first), true) = (readings.first(), readings.len() >= 2) else {
        return Err(Error::InvalidSetting {
            name: "readings",
            expected: "at least 2",
            found: readings.len() as f64,
        });
    };
    let (n, k) = (first.n_rows(), readings.len());
    let mut tables = Vec::with_capacity(k);
    for table in readings {
        if table.n_rows() != n {
            return Err(Error::LengthMismatch {
                what: "rows of a repeated reading",
                expected: n,
                found: table.n_rows(),
            });
        }
        tables.push(same_columns("repeated reading", first.names(), table)?);
    }
    map_indexed(first.n_columns(), |j| {
        let ratings = Array2::from_shape_fn((n, k), |(i, r)| tables[r].column(j)[i]);
        Ok(FeatureIcc {
            name: first.names()[j].clone(),
            icc: icc(ratings.view(), form, settings)?,
        })
    })
    .into_iter()
    .collect()
}

/// Which number of an [`Icc`] a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IccBound {
    /// The estimate, as most radiomics studies do.
    #[default]
    Estimate,
    /// The lower confidence limit, as Koo and Li advise.
    LowerLimit,
}

/// Keeps features that are reliable enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IccFilter {
    /// Smallest value kept.
    pub threshold: f64,
    /// What is compared with it.
    pub bound: IccBound,
}

impl Default for IccFilter {
    fn default() -> Self {
        Self {
            threshold: 0.80,
            bound: IccBound::Estimate,
        }
    }
}

impl IccFilter {
    /// Whether a feature is kept. A constant feature never is.
    pub fn keeps(&self, icc: &Icc) -> bool {
        self.compared(icc) >= self.threshold
    }

    /// The number compared with the threshold.
    pub fn compared(&self, icc: &Icc) -> f64 {
        match self.bound {
            IccBound::Estimate => icc.value,
            IccBound::LowerLimit => icc.ci_low,
        }
    }
}

/// Words for ranges of the coefficient; every range includes its lower end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IccScheme {
    /// Poor, good from 0.60, excellent from 0.80: usual in radiomics.
    #[default]
    Radiomics,
    /// Poor, moderate from 0.50, good from 0.75, excellent from 0.90 (Koo and Li).
    KooLi,
    /// Poor, fair from 0.40, good from 0.60, excellent from 0.75 (Cicchetti).
    Cicchetti,
}

/// A word for a coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reliability {
    /// The coefficient is not defined.
    Undefined,
    /// Below the scheme's first cut.
    Poor,
    /// Cicchetti's second range.
    Fair,
    /// Koo and Li's second range.
    Moderate,
    /// Good.
    Good,
    /// Excellent.
    Excellent,
}

impl IccScheme {
    /// The word for a coefficient, without rounding it first.
    pub fn label(self, value: f64) -> Reliability {
        use Reliability::{Excellent, Fair, Good, Moderate, Poor, Undefined};
        let cuts: &[(f64, Reliability)] = match self {
            Self::Radiomics => &[(0.80, Excellent), (0.60, Good)],
            Self::KooLi => &[(0.90, Excellent), (0.75, Good), (0.50, Moderate)],
            Self::Cicchetti => &[(0.75, Excellent), (0.60, Good), (0.40, Fair)],
        };
        if value.is_nan() {
            return Undefined;
        }
        cuts.iter()
            .find(|(cut, _)| value >= *cut)
            .map_or(Poor, |&(_, label)| label)
    }
}

/// Mean squares and sizes; `constant` if every rating is equal.
struct MeanSquares {
    b: f64,
    j: f64,
    e: f64,
    w: f64,
    n: usize,
    k: usize,
    constant: bool,
}

fn mean_squares(ratings: ArrayView2<'_, f64>, settings: &IccSettings) -> Result<MeanSquares> {
    let k = ratings.ncols();
    if !(settings.level > 0.0 && settings.level < 1.0) {
        return Err(Error::InvalidSetting {
            name: "confidence level",
            expected: "a number in (0, 1)",
            found: settings.level,
        });
    }
    if k < 2 {
        return Err(Error::InvalidSetting {
            name: "ratings per subject",
            expected: "at least 2",
            found: k as f64,
        });
    }
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(ratings.nrows());
    for (row, subject) in ratings.rows().into_iter().enumerate() {
        match subject.iter().position(|v| !v.is_finite()) {
            None => rows.push(subject.to_vec()),
            Some(r) if subject[r].is_nan() && settings.missing == MissingRatings::Listwise => {}
            Some(r) => {
                return Err(Error::NonFinite {
                    row,
                    column: format!("rating {r}"),
                    value: subject[r],
                });
            }
        }
    }
    let n = rows.len();
    if n < 2 {
        return Err(Error::TooFewRows {
            what: "intraclass correlation",
            required: 2,
            found: n,
        });
    }
    let squares = sums_of_squares(&mut rows, k);
    Ok(match settings.components {
        VarianceComponents::Anova => squares,
        VarianceComponents::Reml => truncate(squares),
    })
}

/// Mean squares by the analysis of variance, on data centered first because features may be large with a tiny spread.
fn sums_of_squares(rows: &mut [Vec<f64>], k: usize) -> MeanSquares {
    let n = rows.len();
    let (nf, kf) = (n as f64, k as f64);
    let first = rows[0][0];
    let constant = rows.iter().flatten().all(|&v| v == first);
    for _ in 0..2 {
        let grand = rows.iter().flatten().sum::<f64>() / (nf * kf);
        rows.iter_mut().flatten().for_each(|v| *v -= grand);
    }
    let subject: Vec<f64> = rows.iter().map(|r| r.iter().sum::<f64>() / kf).collect();
    let rating: Vec<f64> = (0..k)
        .map(|j| rows.iter().map(|r| r[j]).sum::<f64>() / nf)
        .collect();
    let grand = subject.iter().sum::<f64>() / nf;
    let ssb = kf * subject.iter().map(|r| (r - grand).powi(2)).sum::<f64>();
    let mut ssj = nf * rating.iter().map(|c| (c - grand).powi(2)).sum::<f64>();
    let mut sse = rows
        .iter()
        .zip(&subject)
        .flat_map(|(row, r)| {
            row.iter()
                .zip(&rating)
                .map(move |(x, c)| (x - r - c + grand).powi(2))
        })
        .sum::<f64>();
    // Ratings that agree exactly leave residuals of a few units in the last place; these are zero.
    let largest = rows.iter().flatten().fold(0.0_f64, |m, v| m.max(v.abs()));
    let rounding = nf * kf * (8.0 * f64::EPSILON * largest).powi(2);
    if sse <= rounding {
        sse = 0.0;
    }
    if ssj <= rounding {
        ssj = 0.0;
    }
    MeanSquares {
        b: ssb / (nf - 1.0),
        j: ssj / (kf - 1.0),
        e: sse / ((nf - 1.0) * (kf - 1.0)),
        w: (ssj + sse) / (nf * (kf - 1.0)),
        n,
        k,
        constant,
    }
}

/// Sets negative variance components to zero and pools their mean squares with the error.
fn truncate(m: MeanSquares) -> MeanSquares {
    let (n, k) = (m.n as f64, m.k as f64);
    let (df_b, df_j, df_e) = (n - 1.0, k - 1.0, (n - 1.0) * (k - 1.0));
    let (mut b, mut j, mut e) = (m.b, m.j, m.e);
    if j < e {
        e = (df_j * m.j + df_e * m.e) / (df_j + df_e);
        j = e;
    }
    if b < e {
        if j == e {
            e = (df_b * m.b + df_j * m.j + df_e * m.e) / (df_b + df_j + df_e);
            j = e;
        } else {
            e = (df_b * m.b + df_e * m.e) / (df_b + df_e);
        }
        b = e;
    }
    MeanSquares {
        b,
        j,
        e,
        w: (j + (n - 1.0) * e) / n,
        ..m
    }
}

fn estimate(m: &MeanSquares, form: IccForm, settings: &IccSettings) -> Icc {
    let nan = f64::NAN;
    let mut result = Icc {
        form,
        value: nan,
        f: nan,
        df1: nan,
        df2: nan,
        p_value: nan,
        ci_low: nan,
        ci_high: nan,
        level: settings.level,
        n_subjects: m.n,
        n_ratings: m.k,
        status: IccStatus::Constant,
    };
    if m.constant {
        return result;
    }
    result.status = IccStatus::Estimated;
    result.df1 = m.n as f64 - 1.0;
    match form.model {
        IccModel::Agreement => agreement(m, form.unit, settings, &mut result),
        IccModel::OneWay => one_error(m, m.w, m.n as f64 * (m.k as f64 - 1.0), &mut result),
        IccModel::Consistency => {
            one_error(m, m.e, (m.n as f64 - 1.0) * (m.k as f64 - 1.0), &mut result)
        }
    }
    result
}

/// One-way and consistency forms: a single error mean square.
fn one_error(m: &MeanSquares, error: f64, df2: f64, out: &mut Icc) {
    let k = m.k as f64;
    out.df2 = df2;
    out.f = m.b / error;
    let upper_tail = 0.5 * (1.0 + out.level);
    let low = out.f / f_quantile(upper_tail, out.df1, df2);
    let high = out.f * f_quantile(upper_tail, df2, out.df1);
    let from_ratio = |f: f64| match out.form.unit {
        _ if f.is_infinite() => 1.0,
        IccUnit::Single => (f - 1.0) / (f + k - 1.0),
        IccUnit::Average => 1.0 - 1.0 / f,
    };
    out.value = match out.form.unit {
        _ if error == 0.0 => 1.0,
        IccUnit::Single => (m.b - error) / (m.b + (k - 1.0) * error),
        IccUnit::Average => (m.b - error) / m.b,
    };
    (out.ci_low, out.ci_high) = (from_ratio(low), from_ratio(high));
    out.p_value = if error == 0.0 {
        0.0
    } else {
        f_sf(out.f, out.df1, df2)
    };
}

/// Agreement forms: the interval uses Satterthwaite degrees of freedom `v`.
fn agreement(m: &MeanSquares, unit: IccUnit, settings: &IccSettings, out: &mut Icc) {
    let (n, k, b, j, e) = (m.n as f64, m.k as f64, m.b, m.j, m.e);
    let single = (b - e) / (b + (k - 1.0) * e + k * (j - e) / n);
    let average = (b - e) / (b + (j - e) / n);
    out.value = if unit == IccUnit::Single {
        single
    } else {
        average
    };
    out.f = b / e;
    out.df2 = (n - 1.0) * (k - 1.0);
    let irr = settings.convention == IccConvention::Irr;
    let own = if irr {
        satterthwaite(m, out.value)
    } else {
        satterthwaite(m, single)
    };
    if irr {
        out.df2 = own;
    }
    out.p_value = if e == 0.0 {
        0.0
    } else {
        f_sf(out.f, out.df1, out.df2)
    };
    if e == 0.0 && j == 0.0 {
        (out.ci_low, out.ci_high) = (1.0, 1.0);
        return;
    }
    let upper_tail = 0.5 * (1.0 + out.level);
    let (fu, fl) = (
        f_quantile(upper_tail, n - 1.0, own),
        f_quantile(upper_tail, own, n - 1.0),
    );
    if irr && unit == IccUnit::Average {
        out.ci_low = n * (b - fu * e) / (fu * (j - e) + n * b);
        out.ci_high = n * (fl * b - e) / (j - e + n * fl * b);
        return;
    }
    let spread = k * j + (k * n - k - n) * e;
    let low = n * (b - fu * e) / (fu * spread + n * b);
    let high = n * (fl * b - e) / (spread + n * fl * b);
    let step_up = |x: f64| {
        if unit == IccUnit::Average {
            k * x / (1.0 + (k - 1.0) * x)
        } else {
            x
        }
    };
    (out.ci_low, out.ci_high) = (step_up(low), step_up(high));
}

/// Degrees of freedom of the mixture of J and E at coefficient `r`; their limit `k - 1` without residual.
fn satterthwaite(m: &MeanSquares, r: f64) -> f64 {
    let (n, k) = (m.n as f64, m.k as f64);
    if m.e == 0.0 {
        return k - 1.0;
    }
    let fj = m.j / m.e;
    let rest = n * (1.0 + (k - 1.0) * r) - k * r;
    let numerator = (k - 1.0) * (n - 1.0) * (k * r * fj + rest).powi(2);
    numerator / ((n - 1.0) * (k * r * fj).powi(2) + rest * rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn equal_ratings_are_perfect_and_constants_undefined() {
        let equal = array![[0.1, 0.1, 0.1], [0.7, 0.7, 0.7], [0.3, 0.3, 0.3]];
        for one in icc_all(equal.view(), &IccSettings::default()).unwrap() {
            assert_eq!(
                (one.value, one.p_value, one.ci_low, one.ci_high),
                (1.0, 0.0, 1.0, 1.0),
                "{one:?}"
            );
        }
        let flat = icc(
            Array2::from_elem((5, 2), 3.25).view(),
            IccForm::AGREEMENT_SINGLE,
            &IccSettings::default(),
        )
        .unwrap();
        assert_eq!(flat.status, IccStatus::Constant);
        assert!(
            !IccFilter {
                threshold: -1.0,
                bound: IccBound::Estimate
            }
            .keeps(&flat)
        );
        assert_eq!(
            IccScheme::Radiomics.label(flat.value),
            Reliability::Undefined
        );
    }

    #[test]
    fn labels_are_cut_without_rounding() {
        assert_eq!(IccScheme::Radiomics.label(0.80), Reliability::Excellent);
        assert_eq!(IccScheme::Radiomics.label(0.7999), Reliability::Good);
        assert_eq!(IccScheme::KooLi.label(0.5), Reliability::Moderate);
        assert_eq!(IccScheme::Cicchetti.label(0.39), Reliability::Poor);
    }

    #[test]
    fn missing_ratings_are_refused_or_left_out() {
        let ratings = array![[1.0, 2.0], [f64::NAN, 1.0], [3.0, 3.5], [5.0, 4.0]];
        let strict = icc(
            ratings.view(),
            IccForm::ONE_WAY_SINGLE,
            &IccSettings::default(),
        );
        assert!(matches!(strict, Err(Error::NonFinite { row: 1, .. })));
        let settings = IccSettings {
            missing: MissingRatings::Listwise,
            ..IccSettings::default()
        };
        assert_eq!(
            icc(ratings.view(), IccForm::ONE_WAY_SINGLE, &settings)
                .unwrap()
                .n_subjects,
            3
        );
    }
}
