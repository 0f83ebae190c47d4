//! The fits of a cross-validation: one on all rows, one on the training rows of every fold.

use eval_stats::folds::Folds;

use super::super::samples::Samples;
use crate::error::{Error, Result};
use crate::par::map_tasks;

/// The rows a model is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lasso) enum Part {
    /// All of them.
    All,
    /// All but one fold of one repeat.
    Without { repeat: usize, fold: usize },
}

/// Every model of a cross-validation.
pub(in crate::lasso) struct Fits<P> {
    /// On all rows.
    pub(in crate::lasso) full: P,
    /// Without a fold, by repeat and fold.
    pub(in crate::lasso) folds: Vec<Vec<P>>,
}

impl<P: Send + Sync> Fits<P> {
    /// Fits all parts side by side; the full one, which has most rows, is started first.
    pub(in crate::lasso) fn new(
        samples: &Samples<'_>,
        repeats: &[Folds],
        fit: impl Fn(&Samples<'_>, Part) -> Result<P> + Sync,
    ) -> Result<Self> {
        let parts: Vec<Part> = std::iter::once(Part::All)
            .chain(repeats.iter().enumerate().flat_map(|(repeat, folds)| {
                (0..folds.n_folds).map(move |fold| Part::Without { repeat, fold })
            }))
            .collect();
        let fitted = map_tasks(parts.len(), |t| match parts[t] {
            Part::All => fit(samples, Part::All),
            part @ Part::Without { repeat, fold } => samples
                .rows(&repeats[repeat].train_indices(fold))
                .and_then(|rows| fit(&rows.as_samples()?, part))
                .map_err(|error| Error::InFold {
                    repeat,
                    fold,
                    error: Box::new(error),
                }),
        });
        let mut fitted = fitted.into_iter();
        let full = fitted.next().expect("the full fit is the first task")?;
        let folds = repeats
            .iter()
            .map(|folds| fitted.by_ref().take(folds.n_folds).collect())
            .collect::<Result<Vec<Vec<P>>>>()?;
        Ok(Self { full, folds })
    }

    /// `f` of every fold's model, with repeat and fold, side by side.
    pub(in crate::lasso) fn map_folds<T: Send>(
        &self,
        f: impl Fn(&P, usize, usize) -> T + Sync,
    ) -> Vec<Vec<T>> {
        let tasks: Vec<(usize, usize)> = self
            .folds
            .iter()
            .enumerate()
            .flat_map(|(r, folds)| (0..folds.len()).map(move |k| (r, k)))
            .collect();
        let mut results = map_tasks(tasks.len(), |t| {
            let (repeat, fold) = tasks[t];
            f(&self.folds[repeat][fold], repeat, fold)
        })
        .into_iter();
        self.folds
            .iter()
            .map(|folds| results.by_ref().take(folds.len()).collect())
            .collect()
    }
}
