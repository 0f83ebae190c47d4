//! What a paper's table of single features shows.

use eval_stats::quantile::{QuantileType, of_sorted};
use eval_stats::{Estimate, Scored, delong};

use super::t::check_level;
use super::{Adjustment, Classes, MannWhitneyMethod, UnivariateMethod, UnivariateTest, adjust};
use crate::error::Result;
use crate::moments::{Moments, Unit};
use crate::par::map_indexed;
use crate::table::FeatureTable;

/// How a [`UnivariateTable`] is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnivariateSettings {
    /// The test.
    pub method: UnivariateMethod,
    /// Correction for the number of features.
    pub adjustment: Adjustment,
    /// Level of the AUC's interval.
    pub level: f64,
}

impl Default for UnivariateSettings {
    /// Corrected Mann-Whitney tests, Benjamini-Hochberg, 95 % intervals.
    fn default() -> Self {
        Self {
            method: UnivariateMethod::MannWhitney(MannWhitneyMethod::default()),
            adjustment: Adjustment::BenjaminiHochberg,
            level: 0.95,
        }
    }
}

/// One class of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClassSummary {
    /// Rows.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, divisor `n - 1`; infinite only where it is beyond the range of `f64`.
    pub sd: f64,
    /// Median.
    pub median: f64,
    /// First quartile (R's type 7).
    pub q1: f64,
    /// Third quartile (R's type 7).
    pub q3: f64,
}

impl ClassSummary {
    fn new(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let quantile = |p| of_sorted(&values, p, QuantileType::Type7);
        let (q1, median, q3) = (quantile(0.25), quantile(0.5), quantile(0.75));
        let unit = Unit::divide(&mut values);
        let moments = Moments::measure(&mut values);
        Self {
            n: values.len(),
            mean: unit.restore(moments.mean()),
            sd: unit.restore(moments.variance().sqrt()),
            median,
            q1,
            q3,
        }
    }
}

/// One feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnivariateRow {
    /// Feature name.
    pub name: String,
    /// The events.
    pub events: ClassSummary,
    /// The other rows.
    pub others: ClassSummary,
    /// The test, with its p-value before correction.
    pub test: UnivariateTest,
    /// p-value after correction for all features of the table.
    pub adjusted_p: f64,
    /// AUC of the feature as a score with DeLong's interval; below 1/2 for smaller values among events.
    pub auc: Estimate,
    /// Difference of means over `√((s1² + s0²)/2)`; `None` if neither class varies.
    pub standardized_difference: Option<f64>,
}

impl UnivariateRow {
    /// Name and value of every number, in a fixed order; NaN where there is none.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("mean_events", self.events.mean),
            ("sd_events", self.events.sd),
            ("median_events", self.events.median),
            ("q1_events", self.events.q1),
            ("q3_events", self.events.q3),
            ("mean_others", self.others.mean),
            ("sd_others", self.others.sd),
            ("median_others", self.others.median),
            ("q1_others", self.others.q1),
            ("q3_others", self.others.q3),
            ("statistic", self.test.statistic),
            ("df", self.test.df),
            ("p", self.test.p_value),
            ("adjusted_p", self.adjusted_p),
            ("auc", self.auc.value),
            ("auc_low", self.auc.low),
            ("auc_high", self.auc.high),
            (
                "standardized_difference",
                self.standardized_difference.unwrap_or(f64::NAN),
            ),
        ]
        .into_iter()
    }
}

/// Every feature of a table against the outcome.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::univariate::{UnivariateSettings, UnivariateTable};
/// use ndarray::array;
/// let x = array![[1.0, 5.0], [2.0, 3.0], [3.0, 4.0], [7.0, 5.0], [8.0, 3.0], [9.0, 4.0]];
/// let names = ["signal", "noise"].map(String::from);
/// let table = FeatureTable::new(x.view(), &names)?;
/// let outcome = [false, false, false, true, true, true];
/// let found = UnivariateTable::new(&table, &outcome, &UnivariateSettings::default())?;
/// assert_eq!((found.rows[0].auc.value, found.rows[1].auc.value), (1.0, 0.5));
/// assert_eq!(found.by_p_value(), [0, 1]);
/// // Twice the p-value for the better of two.
/// assert_eq!(found.rows[0].adjusted_p, 2.0 * found.rows[0].test.p_value);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnivariateTable {
    /// One row per feature, in column order.
    pub rows: Vec<UnivariateRow>,
    /// How it was made.
    pub settings: UnivariateSettings,
    /// Events.
    pub n_events: usize,
    /// Other rows.
    pub n_others: usize,
}

impl UnivariateTable {
    /// Tests all columns.
    ///
    /// # Errors
    /// As [`univariate_test`](super::univariate_test); also [`Error::TooFewInClass`](crate::Error::TooFewInClass) for any
    /// method with a class of one, which has neither a standard deviation nor DeLong's interval, and
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a confidence level outside (0, 1).
    pub fn new(
        table: &FeatureTable,
        outcome: &[bool],
        settings: &UnivariateSettings,
    ) -> Result<Self> {
        let classes = Classes::new(outcome, table.n_rows())?;
        classes.check(settings.method)?;
        classes.at_least("table of single features", 2)?;
        check_level(settings.level)?;
        let mut rows = map_indexed(table.n_columns(), |j| {
            let column = table.column(j);
            let of = |rows: &[usize]| rows.iter().map(|&i| column[i]).collect::<Vec<f64>>();
            let (events, others) = (of(&classes.events), of(&classes.others));
            Ok(UnivariateRow {
                name: table.names()[j].clone(),
                test: classes.test(column, settings.method)?,
                adjusted_p: f64::NAN,
                auc: delong::auc(&Scored::new(column, outcome)?, settings.level)?,
                standardized_difference: eval_stats::location::standardized_difference(
                    &events, &others,
                )?,
                events: ClassSummary::new(events),
                others: ClassSummary::new(others),
            })
        })
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
        let p_values: Vec<f64> = rows.iter().map(|row| row.test.p_value).collect();
        for (row, p) in rows.iter_mut().zip(adjust(&p_values, settings.adjustment)) {
            row.adjusted_p = p;
        }
        Ok(Self {
            rows,
            settings: *settings,
            n_events: classes.events.len(),
            n_others: classes.others.len(),
        })
    }

    /// Indices of the rows by increasing p-value (by its logarithm, where p itself underflows), ties in column order.
    pub fn by_p_value(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        let key = |i: usize| self.rows[i].test.log10_p;
        order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
        order
    }

    /// Indices of the rows whose adjusted p-value is below `level`, in column order.
    pub fn significant(&self, level: f64) -> Vec<usize> {
        (0..self.rows.len())
            .filter(|&i| self.rows[i].adjusted_p < level)
            .collect()
    }
}
