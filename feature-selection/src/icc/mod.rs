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
//! [`icc`] and [`icc_all`] take one matrix of ratings, [`feature_icc`], [`feature_icc_all`] and [`feature_icc_values`] whole
//! feature tables, [`ReliabilityStudy`] several comparisons (inter- and intra-observer) at once. [`IccFilter`] keeps features
//! by the estimate or the lower limit, [`IccScheme`] puts words to estimates and to intervals.
//!
//! Confidence limits are the estimates with `B` times a quantile of F on the degrees of freedom of the error and `n-1`; for
//! agreement the error `a J + b E` has those of Satterthwaite. Readings are compared before they are squared, so that neither a
//! common offset nor one between raters costs digits, and scaled where squares would leave the range of `f64`. A sum of squares
//! below 2⁻⁹⁸ of the total, eight units in the last place of a typical deviation, is rounding of the ratings and counts as 0.
//!
//! # Differences
//!
//! - psych and irr take the residual as a difference of sums of squares and lose digits of it where it is small.
//! - Null values other than 0 are irr's; psych and pingouin have none.
//! - Where R or Python give NaN for tables without variance between subjects, limits are those of [`Icc`]'s table.
//! - [`VarianceComponents::Reml`] solves the balanced case exactly; lme4 searches and stops about 1e-6 away.
//!
//! References: Shrout and Fleiss, *Psychol. Bull.* 86 (1979), doi:10.1037/0033-2909.86.2.420;
//! McGraw and Wong, *Psychol. Methods* 1 (1996), doi:10.1037/1082-989X.1.1.30; Koo and Li,
//! *J. Chiropr. Med.* 15 (2016), doi:10.1016/j.jcm.2016.02.012.

mod estimate;
mod features;
mod filter;
mod forms;
mod settings;
mod squares;
mod study;

use ndarray::ArrayView2;

pub use estimate::{Icc, IccStatus, IccValues};
pub use features::{FeatureIcc, FeatureIccs, feature_icc, feature_icc_all, feature_icc_values};
pub use filter::{
    IccBound, IccFilter, IccScheme, Reliability, ReliabilityCounts, ReliabilityRange,
};
pub use forms::{IccForm, IccModel, IccUnit};
pub use settings::{IccConvention, IccSettings, MissingRatings, VarianceComponents};
pub use study::{ColumnRole, Comparison, FeatureReliability, ReliabilityColumn, ReliabilityStudy};

use crate::error::{Error, Result};
use estimate::Design;
use settings::check_size;
use squares::{MeanSquares, Workspace};

/// One form for a matrix of ratings, rows subjects and columns ratings.
///
/// # Errors
/// [`Error::TooFewRows`] for fewer than two (complete) subjects, [`Error::InvalidSetting`] for fewer than two ratings, a level
/// outside (0, 1) or a null value outside \[0, 1), [`Error::NonFinite`] for an infinite rating, or a NaN under
/// [`MissingRatings::Error`].
///
/// # Examples
/// ```
/// use feature_selection::icc::{icc, IccForm, IccSettings};
/// use ndarray::array;
///
/// // The table of Shrout and Fleiss (1979): six targets, four judges.
/// let ratings = array![[9., 2., 5., 8.], [6., 1., 3., 2.], [8., 4., 6., 8.], [7., 1., 2., 6.], [10., 5., 6., 9.], [6., 2., 4., 7.]];
/// let agreement = icc(ratings.view(), IccForm::AGREEMENT_SINGLE, &IccSettings::default())?;
/// assert_eq!(
///     agreement.to_string(),
///     "ICC(A,1) = 0.290, 95% CI 0.019 to 0.761; F(5, 15) = 11.03, p = 1.346e-4; n = 6, k = 4"
/// );
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn icc(ratings: ArrayView2<'_, f64>, form: IccForm, settings: &IccSettings) -> Result<Icc> {
    let squares = mean_squares(ratings, settings)?;
    Ok(Design::new(squares.n, squares.k, settings).estimate(&squares, form))
}

/// All six forms, in the order of [`IccForm::ALL`].
///
/// # Errors
/// As [`icc`].
pub fn icc_all(ratings: ArrayView2<'_, f64>, settings: &IccSettings) -> Result<[Icc; 6]> {
    let squares = mean_squares(ratings, settings)?;
    Ok(Design::new(squares.n, squares.k, settings).estimate_all(&squares))
}

/// The six estimates without tests and intervals.
///
/// # Errors
/// As [`icc`].
pub fn icc_values(ratings: ArrayView2<'_, f64>, settings: &IccSettings) -> Result<IccValues> {
    Ok(estimate::values(&mean_squares(ratings, settings)?))
}

fn mean_squares(ratings: ArrayView2<'_, f64>, settings: &IccSettings) -> Result<MeanSquares> {
    settings.check()?;
    let k = ratings.ncols();
    let mut complete = Vec::with_capacity(ratings.nrows());
    for (row, subject) in ratings.rows().into_iter().enumerate() {
        match subject.iter().position(|v| !v.is_finite()) {
            None => complete.push(row),
            // An infinite rating is no missing one, also behind a NaN.
            Some(r) if settings.missing == MissingRatings::Listwise => {
                if let Some(r) = (r..k).find(|&r| subject[r].is_infinite()) {
                    return Err(not_finite(row, r, subject[r]));
                }
            }
            Some(r) => return Err(not_finite(row, r, subject[r])),
        }
    }
    let n = complete.len();
    check_size(n, k)?;
    let mut columns = Vec::with_capacity(n * k);
    for rating in ratings.columns() {
        columns.extend(complete.iter().map(|&row| rating[row]));
    }
    let squares = Workspace::new(n, k).mean_squares(|r| &columns[r * n..(r + 1) * n]);
    Ok(squares.with_components(settings.components))
}

fn not_finite(row: usize, rating: usize, value: f64) -> Error {
    Error::NonFinite {
        row,
        column: format!("rating {rating}"),
        value,
    }
}

#[cfg(test)]
mod tests;
