//! Losses of held-out rows, by fold or by row, and their mean and standard error at every lambda.

use eval_stats::folds::Folds;

use super::super::losses::{AucScratch, Measure};
use super::super::samples::Samples;
use super::predict::FoldLinks;
use super::{Grouping, HeldOut, Notice, Predictions, Resolved};

/// Mean loss and standard error along the full path, averaged over repeats. Not finite where nothing could be measured.
pub(in crate::lasso) struct Curve {
    pub(in crate::lasso) mean: Vec<f64>,
    pub(in crate::lasso) standard_error: Vec<f64>,
    pub(in crate::lasso) notices: Vec<Notice>,
}

/// Losses of the units (rows, or one mean) of one fold: one block of `weight.len()` per lambda. NaN where there is none.
struct UnitLosses {
    loss: Vec<f64>,
    weight: Vec<f64>,
}

/// One fold after its rows were predicted and judged.
pub(in crate::lasso) struct Judged {
    losses: UnitLosses,
    /// Predictions and the fold's own losses, if they are wanted.
    kept: Option<(FoldLinks, UnitLosses)>,
}

impl Judged {
    pub(in crate::lasso) fn new(
        samples: &Samples<'_>,
        links: FoldLinks,
        resolved: &Resolved,
        n_lambda: usize,
    ) -> Self {
        let by_fold = || fold_losses(samples, &links, resolved.measure, n_lambda);
        let losses = match resolved.grouping {
            Grouping::Rows => row_losses(samples, &links, resolved.measure, n_lambda),
            Grouping::Folds => by_fold(),
        };
        let own = (resolved.predictions == Predictions::Keep).then(by_fold);
        Self {
            losses,
            kept: own.map(|own| (links, own)),
        }
    }
}

impl Curve {
    /// Summarizes the folds of every repeat.
    pub(in crate::lasso) fn new(
        judged: &[Vec<Judged>],
        resolved: &Resolved,
        n_lambda: usize,
    ) -> Self {
        let mut notices = Vec::new();
        let mut curves = Vec::with_capacity(judged.len());
        for (repeat, folds) in judged.iter().enumerate() {
            if resolved.measure == Measure::Auc {
                notices.extend(
                    (0..folds.len())
                        .filter(|&k| folds[k].losses.loss.iter().all(|l| l.is_nan()))
                        .map(|fold| Notice::FoldWithoutAuc { repeat, fold }),
                );
            }
            let losses: Vec<&UnitLosses> = folds.iter().map(|f| &f.losses).collect();
            curves.push(summarize(&losses, n_lambda));
        }
        let (mean, standard_error) = average(curves);
        let finite = |m: &usize| mean[*m].is_finite() && standard_error[*m].is_finite();
        let dropped = n_lambda - (0..n_lambda).filter(finite).count();
        if dropped > 0 {
            notices.push(Notice::LambdasDropped { dropped, n_lambda });
        }
        Self {
            mean,
            standard_error,
            notices,
        }
    }
}

/// Predictions in row order and the folds' losses, one per repeat; `None` if they were not kept.
pub(in crate::lasso) fn held_out(
    repeats: &[Folds],
    judged: Vec<Vec<Judged>>,
    n_lambda: usize,
) -> Option<Vec<HeldOut>> {
    let one = |(folds, judged): (&Folds, Vec<Judged>)| {
        let mut link = vec![vec![0.0; folds.assignment.len()]; n_lambda];
        let (mut fold_loss, mut fold_weight) = (Vec::new(), Vec::new());
        for fold in judged {
            let (links, own) = fold.kept?;
            for (m, link) in link.iter_mut().enumerate() {
                for (&i, &eta) in links.rows.iter().zip(links.at(m)) {
                    link[i] = eta;
                }
            }
            fold_weight.extend(own.weight);
            fold_loss.push(own.loss);
        }
        Some(HeldOut {
            folds: folds.clone(),
            link,
            fold_loss,
            fold_weight,
        })
    };
    repeats.iter().zip(judged).map(one).collect()
}

/// The loss of every row on its own.
fn row_losses(
    samples: &Samples<'_>,
    fold: &FoldLinks,
    measure: Measure,
    n_lambda: usize,
) -> UnitLosses {
    let weight = fold.rows.iter().map(|&i| samples.weight_at(i)).collect();
    let mut loss = Vec::with_capacity(fold.eta.len());
    for m in 0..n_lambda {
        for (&i, &eta) in fold.rows.iter().zip(fold.at(m)) {
            loss.push(measure.of_row(samples.family(), samples.outcome()[i], eta));
        }
    }
    UnitLosses { loss, weight }
}

/// The weighted mean loss of the fold, or its AUC. Rows whose loss overflows are left out of the mean.
fn fold_losses(
    samples: &Samples<'_>,
    fold: &FoldLinks,
    measure: Measure,
    n_lambda: usize,
) -> UnitLosses {
    let weight: Vec<f64> = fold.rows.iter().map(|&i| samples.weight_at(i)).collect();
    let outcome: Vec<f64> = fold.rows.iter().map(|&i| samples.outcome()[i]).collect();
    let total: f64 = weight.iter().sum();
    let loss = if measure == Measure::Auc {
        let mut scratch = AucScratch::new(&outcome, &weight);
        (0..n_lambda).map(|m| scratch.auc(fold.at(m))).collect()
    } else {
        let mean = |eta: &[f64]| {
            let (mut sum, mut used) = (0.0, 0.0);
            for ((&eta, &y), &w) in eta.iter().zip(&outcome).zip(&weight) {
                let loss = measure.of_row(samples.family(), y, eta);
                if loss.is_finite() {
                    sum += w * loss;
                    used += w;
                }
            }
            // 0 / 0 where the fold has no weight: no loss.
            sum / used
        };
        (0..n_lambda).map(|m| mean(fold.at(m))).collect()
    };
    UnitLosses {
        loss,
        weight: vec![total],
    }
}

/// Weighted mean and its standard error at every lambda. Units without a loss are left out of both sums but still
/// counted in the divisor of the standard error.
fn summarize(folds: &[&UnitLosses], n_lambda: usize) -> (Vec<f64>, Vec<f64>) {
    let n_units: usize = folds.iter().map(|f| f.weight.len()).sum();
    let at = |m: usize| {
        let present = || {
            folds
                .iter()
                .flat_map(|f| {
                    let n = f.weight.len();
                    f.loss[m * n..(m + 1) * n].iter().zip(&f.weight)
                })
                .filter(|(l, _)| !l.is_nan())
        };
        let total: f64 = present().map(|(_, w)| w).sum();
        let mean = present().map(|(l, w)| w * l).sum::<f64>() / total;
        let spread = present()
            .map(|(l, w)| w * (l - mean) * (l - mean))
            .sum::<f64>()
            / total;
        (mean, (spread / (n_units as f64 - 1.0)).sqrt())
    };
    (0..n_lambda).map(at).unzip()
}

/// Mean of the means, root of the mean squared standard errors.
fn average(mut curves: Vec<(Vec<f64>, Vec<f64>)>) -> (Vec<f64>, Vec<f64>) {
    if curves.len() == 1 {
        return curves.remove(0);
    }
    let (n, r) = (curves[0].0.len(), curves.len() as f64);
    (0..n)
        .map(|m| {
            let mean = curves.iter().map(|c| c.0[m]).sum::<f64>() / r;
            let square = curves.iter().map(|c| c.1[m] * c.1[m]).sum::<f64>() / r;
            (mean, square.sqrt())
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(loss: f64, weight: f64) -> UnitLosses {
        UnitLosses {
            loss: vec![loss],
            weight: vec![weight],
        }
    }

    #[test]
    fn mean_and_error_are_weighted_and_a_missing_fold_is_still_counted() {
        // Losses 1 and 3 with weights 1 and 3: mean 2.5, spread (1 * 2.25 + 3 * 0.25) / 4 = 0.75.
        let (mean, error) = summarize(&[&fold(1.0, 1.0), &fold(3.0, 3.0)], 1);
        assert_eq!((mean[0], error[0]), (2.5, 0.75f64.sqrt()));
        let (mean, error) = summarize(&[&fold(1.0, 1.0), &fold(f64::NAN, 9.0), &fold(3.0, 3.0)], 1);
        assert_eq!((mean[0], error[0]), (2.5, (0.75f64 / 2.0).sqrt()));
        let (mean, _) = summarize(&[&fold(f64::NAN, 1.0), &fold(f64::NAN, 1.0)], 1);
        assert!(mean[0].is_nan());
    }

    #[test]
    fn repeats_average_means_and_squared_errors() {
        let curve = |m: f64, s: f64| (vec![m], vec![s]);
        let (mean, error) = average(vec![curve(1.0, 1.0), curve(4.0, 7.0)]);
        assert_eq!((mean[0], error[0]), (2.5, 5.0));
    }
}
