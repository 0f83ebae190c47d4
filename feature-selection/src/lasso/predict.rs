//! What a fitted path says about rows: predictions, losses, and its table.

use std::fmt;

use ndarray::Array2;

use super::losses::{AucScratch, Measure};
use super::params::ElasticNet;
use super::path::ElasticNetPath;
use super::samples::{Family, Samples};
use crate::error::{Error, Result};
use crate::standardize::same_columns;
use crate::table::FeatureTable;

/// The scale of a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PredictionScale {
    /// Linear predictor `η`.
    #[default]
    Link,
    /// The mean: the event's probability for a binary outcome, `η` itself for a continuous one.
    Mean,
}

/// One line of a path's table.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PathRow {
    /// Nonzero coefficients.
    pub df: usize,
    /// Percent of the null deviance explained.
    pub percent_deviance: f64,
    /// Penalty.
    pub lambda: f64,
}

impl ElasticNetPath {
    /// Predictions for every row at every given lambda, shape (rows, lambdas); coefficients are interpolated as in
    /// [`coefficients_at`](Self::coefficients_at).
    ///
    /// # Errors
    /// As [`coefficients_at`](Self::coefficients_at); [`Error::ColumnMismatch`] if the columns are not those of the training table;
    /// [`Error::Incompatible`] without an offset for a path fitted with one; [`Error::LengthMismatch`] for an offset
    /// of another length; [`Error::NonFinite`] for an offset that is not finite.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::lasso::{ElasticNet, PredictionScale, Samples};
    /// use feature_selection::table::FeatureTable;
    /// use ndarray::array;
    ///
    /// let x = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
    /// let table = FeatureTable::new(x.view(), &["size".to_string()])?;
    /// let samples = Samples::binary(&table, &[false, false, true, false, true, true])?;
    /// let path = ElasticNet::new().fit(&samples)?;
    /// let p = path.predict(&table, &[path.lambda[0], 0.01], PredictionScale::Mean, None)?;
    /// assert!((p[[0, 0]] - 0.5).abs() < 1e-12); // nothing selected: the share of events
    /// assert!(p[[5, 1]] > 0.8);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    pub fn predict(
        &self,
        table: &FeatureTable,
        lambdas: &[f64],
        scale: PredictionScale,
        offset: Option<&[f64]>,
    ) -> Result<Array2<f64>> {
        let n = table.n_rows();
        self.check_offset(offset, n)?;
        let ordered = same_columns("path", &self.names, table)?;
        let mut predictions = Array2::zeros((n, lambdas.len()));
        for (mut column, &lambda) in predictions.columns_mut().into_iter().zip(lambdas) {
            let eta = self.coefficients_at(lambda)?.link(&ordered);
            for (i, (prediction, eta)) in column.iter_mut().zip(eta).enumerate() {
                let eta = eta + offset.map_or(0.0, |offset| offset[i]);
                *prediction = match scale {
                    PredictionScale::Link => eta,
                    PredictionScale::Mean => self.family.mean(eta),
                };
            }
        }
        Ok(predictions)
    }

    /// Probability of the event for every row at one lambda, for a path without offset.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); [`Error::Incompatible`] for a continuous outcome.
    pub fn predict_probability(&self, table: &FeatureTable, lambda: f64) -> Result<Vec<f64>> {
        if self.family != Family::Binomial {
            return Err(Error::Incompatible {
                what: "a probability",
                needs: "a binary outcome",
            });
        }
        let predictions = self.predict(table, &[lambda], PredictionScale::Mean, None)?;
        Ok(predictions.into_raw_vec_and_offset().0)
    }

    /// Weighted mean loss on given rows, or their AUC, at every lambda of the path. On the training rows this is the apparent
    /// performance, which flatters; NaN for an AUC where weights leave one class.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); [`Error::Incompatible`] for rows of the other kind of outcome or a measure
    /// that the outcome does not have.
    pub fn assess(&self, samples: &Samples<'_>, measure: Measure) -> Result<Vec<f64>> {
        if samples.family() != self.family {
            return Err(Error::Incompatible {
                what: "a path",
                needs: "rows with the kind of outcome it was fitted to",
            });
        }
        if !measure.fits(self.family) {
            return Err(Error::Incompatible {
                what: "AUC or misclassification",
                needs: "a binary outcome",
            });
        }
        let link = PredictionScale::Link;
        let eta = self.predict(samples.table(), &self.lambda, link, samples.offset())?;
        let weights: Vec<f64> = (0..samples.n_rows())
            .map(|i| samples.weight_at(i))
            .collect();
        let total: f64 = weights.iter().sum();
        let mut ranks = AucScratch::new(samples.outcome(), &weights);
        Ok(eta
            .columns()
            .into_iter()
            .map(|eta| match measure {
                Measure::Auc => ranks.auc(&eta.to_vec()),
                _ => {
                    let rows = samples.outcome().iter().zip(eta).zip(&weights);
                    let loss = |((&y, &eta), w): ((&f64, &f64), &f64)| {
                        w * measure.of_row(self.family, y, eta)
                    };
                    rows.map(loss).sum::<f64>() / total
                }
            })
            .collect())
    }

    /// Deviance of every model: `(1 - explained fraction) · null deviance`.
    pub fn deviance(&self) -> Vec<f64> {
        let left = |ratio: &f64| (1.0 - ratio) * self.null_deviance;
        self.dev_ratio.iter().map(left).collect()
    }

    /// One line per model, lambda decreasing; what [`Display`](fmt::Display) prints.
    pub fn table(&self) -> impl ExactSizeIterator<Item = PathRow> + '_ {
        (0..self.len()).map(|m| PathRow {
            df: self.df[m],
            percent_deviance: 100.0 * self.dev_ratio[m],
            lambda: self.lambda[m],
        })
    }

    fn check_offset(&self, offset: Option<&[f64]>, n_rows: usize) -> Result<()> {
        match offset {
            None if self.has_offset => Err(Error::Incompatible {
                what: "a path fitted with an offset",
                needs: "the offset of the rows to predict",
            }),
            None => Ok(()),
            Some(offset) => super::samples::check_column("offset", offset, n_rows),
        }
    }
}

/// A table of model sizes, percent of deviance explained and lambdas.
impl fmt::Display for ElasticNetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>5} {:>7} {:>11}", "df", "% dev", "lambda")?;
        for row in self.table() {
            let PathRow {
                df,
                percent_deviance,
                lambda,
            } = row;
            writeln!(f, "{df:>5} {percent_deviance:>7.2} {lambda:>11.4e}")?;
        }
        Ok(())
    }
}

impl ElasticNet {
    /// The path with further lambdas among its own, all fitted anew, so that their coefficients are solutions and not interpolated.
    /// `self` must hold the settings of `path`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit) with supplied lambdas.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::lasso::{ElasticNet, Samples};
    /// use feature_selection::table::FeatureTable;
    /// use ndarray::array;
    ///
    /// let x = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
    /// let table = FeatureTable::new(x.view(), &["size".to_string()])?;
    /// let samples = Samples::binary(&table, &[false, false, true, false, true, true])?;
    /// let settings = ElasticNet::new();
    /// let path = settings.fit(&samples)?;
    /// let finer = settings.refit_at(&samples, &path, &[0.05])?;
    /// assert_eq!(finer.len(), path.len() + 1);
    /// assert!(finer.lambda.contains(&0.05));
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    pub fn refit_at(
        &self,
        samples: &Samples<'_>,
        path: &ElasticNetPath,
        lambdas: &[f64],
    ) -> Result<ElasticNetPath> {
        let mut all = [path.lambda.as_slice(), lambdas].concat();
        all.sort_by(|a, b| b.total_cmp(a));
        all.dedup();
        self.clone().lambdas(&all).fit(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn table() -> FeatureTable {
        let x = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
        FeatureTable::new(x.view(), &["size".to_owned()]).unwrap()
    }

    const OUTCOME: [bool; 6] = [false, false, true, false, true, true];

    #[test]
    fn a_path_with_offset_needs_one_to_predict() {
        let table = table();
        let offset = [0.1, -0.2, 0.3, 0.0, 0.0, 0.5];
        let samples = Samples::binary(&table, &OUTCOME)
            .unwrap()
            .with_offset(&offset)
            .unwrap();
        let path = ElasticNet::new().fit(&samples).unwrap();
        let predict = |offset| path.predict(&table, &[0.1], PredictionScale::Link, offset);
        assert!(matches!(predict(None), Err(Error::Incompatible { .. })));
        assert!(matches!(
            predict(Some(&offset[..2])),
            Err(Error::LengthMismatch { .. })
        ));
        let (with, without) = (
            predict(Some(&offset)).unwrap(),
            predict(Some(&[0.0; 6])).unwrap(),
        );
        for i in 0..6 {
            assert!((with[[i, 0]] - without[[i, 0]] - offset[i]).abs() < 1e-15);
        }
    }

    #[test]
    fn the_null_model_has_the_null_deviance() {
        let table = table();
        let samples = Samples::binary(&table, &OUTCOME).unwrap();
        let path = ElasticNet::new().fit(&samples).unwrap();
        // Half the rows are events: 2 ln 2 per row.
        assert!((path.deviance()[0] - 12.0 * 2f64.ln()).abs() < 1e-9);
        let deviance = path.assess(&samples, Measure::Deviance).unwrap();
        assert!((6.0 * deviance[0] - path.deviance()[0]).abs() < 1e-9);
        assert_eq!(path.assess(&samples, Measure::Auc).unwrap()[0], 0.5);
        let text = path.to_string();
        assert!(
            text.starts_with("   df   % dev      lambda\n    0    0.00"),
            "{text}"
        );
        assert_eq!(text.lines().count(), path.len() + 1);
    }
}
