//! Features of patients by networks that have not seen them.
//!
//! A fine-tuned network knows the outcomes of its training patients. If their own features come from it, any selection
//! and model fitted on these features sees its own labels: on outcomes that are pure chance the features of the
//! training patients still separate them. So every training patient gets features from a network that was trained on
//! the other folds, and new patients get them from a network trained on all.
//!
//! The networks begin with the same head (it depends on the seed alone), so that columns can be compared over folds, as
//! far as training does not drive them apart.
//!
//! References: Wolpert, Stacked generalization, Neural Networks 5, 1992; Chernozhukov et al., Double/debiased machine
//! learning, Econometrics Journal 21, 2018 (cross-fitting).

use ndarray::{Array2, Axis};

use crate::error::{Error, Result};
use crate::fine_tuned::FineTuned;
use crate::prefix::FrozenPrefix;
use crate::samples::{PatientFolds, Samples, Split};
use crate::trainer::{Trainer, TrainingState};
use crate::vgg::Vgg;

/// How training patients are divided.
///
/// | setting | default |
/// |---|---|
/// | `folds` | 5 |
/// | `validation_share` | 0.2 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossFitting {
    /// Folds of patients, from 2.
    pub folds: usize,
    /// Share of the patients of each training that stops it early, in (0, 1).
    pub validation_share: f64,
}

impl Default for CrossFitting {
    fn default() -> Self {
        Self {
            folds: 5,
            validation_share: 0.2,
        }
    }
}

/// Which of the networks is being trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossFitStage {
    /// The one that does not see the patients of this fold.
    WithoutFold(usize),
    /// The one that sees all training patients, for new ones.
    Whole,
}

/// One network for each fold, trained on the others, and one trained on all.
#[derive(Debug, Clone)]
pub struct CrossFit {
    folds: PatientFolds,
    models: Vec<FineTuned>,
    whole: FineTuned,
}

impl CrossFit {
    /// Trains the networks on the patients of `rows`. `on_epoch` gets the network being trained and its state.
    ///
    /// # Errors
    /// [`Error::TooFewPatients`] for fewer patients of a class than folds, and as
    /// [`Trainer::fit`] and [`Split::stratified`].
    pub fn train(
        trainer: &Trainer,
        cross_fitting: CrossFitting,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        rows: &[usize],
        on_epoch: impl FnMut(CrossFitStage, &TrainingState),
    ) -> Result<Self> {
        let none = |_| Ok::<_, Error>(None);
        Self::resume(
            trainer,
            cross_fitting,
            vgg,
            prefix,
            samples,
            rows,
            none,
            on_epoch,
        )
    }

    /// As [`train`](Self::train), but each network goes on from the state that `saved` has of it, if any. The result is
    /// that of an uninterrupted training, to the bit.
    ///
    /// # Errors
    /// As [`train`](Self::train) and [`Trainer::resume`], and whatever `saved` returns.
    #[expect(
        clippy::too_many_arguments,
        reason = "six of them are those of a training, and the two functions belong to its caller"
    )]
    pub fn resume<E: From<Error>>(
        trainer: &Trainer,
        cross_fitting: CrossFitting,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        rows: &[usize],
        mut saved: impl FnMut(CrossFitStage) -> std::result::Result<Option<TrainingState>, E>,
        mut on_epoch: impl FnMut(CrossFitStage, &TrainingState),
    ) -> std::result::Result<Self, E> {
        let CrossFitting {
            folds: n_folds,
            validation_share,
        } = cross_fitting;
        let seed = trainer.config().seed;
        let folds = PatientFolds::stratified(samples, rows, n_folds, seed)?;
        let mut fit = |stage, rows: &[usize]| {
            let split = Split::stratified(samples, rows, validation_share, seed)?;
            let state = saved(stage)?;
            let on_epoch = |state: &TrainingState| on_epoch(stage, state);
            let model = match state {
                None => trainer.fit(vgg, prefix, samples, &split, on_epoch),
                Some(state) => trainer.resume(vgg, prefix, samples, &split, state, on_epoch),
            };
            model.map_err(E::from)
        };
        let models = (0..n_folds)
            .map(|fold| {
                let others: Vec<usize> = rows
                    .iter()
                    .copied()
                    .filter(|&row| folds.of(&samples.patients()[row]) != Some(fold))
                    .collect();
                fit(CrossFitStage::WithoutFold(fold), &others)
            })
            .collect::<std::result::Result<_, E>>()?;
        let whole = fit(CrossFitStage::Whole, rows)?;
        Ok(Self {
            folds,
            models,
            whole,
        })
    }

    /// Features of rows: of a training patient by the network that has not seen this patient, whichever row it is; of
    /// any other patient by the network trained on all.
    ///
    /// # Errors
    /// As [`FineTuned::features`].
    pub fn features(
        &self,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        rows: &[usize],
    ) -> Result<Array2<f64>> {
        let units = self.whole.head().units();
        let mut features = Array2::zeros((rows.len(), units));
        let model_of = |row: usize| self.folds.of(&samples.patients()[row]);
        let models = self.models.iter().map(Some).chain([None]);
        for (fold, model) in models.enumerate() {
            let wanted = model.map(|_| fold);
            let at: Vec<usize> = (0..rows.len())
                .filter(|&i| model_of(rows[i]) == wanted)
                .collect();
            let of_fold: Vec<usize> = at.iter().map(|&i| rows[i]).collect();
            let model = model.unwrap_or(&self.whole);
            let made = model.features(vgg, prefix, &of_fold)?;
            for (&i, row) in at.iter().zip(made.axis_iter(Axis(0))) {
                features.row_mut(i).assign(&row);
            }
        }
        Ok(features)
    }

    /// The folds.
    pub fn folds(&self) -> &PatientFolds {
        &self.folds
    }

    /// The networks by fold, each trained on the other folds.
    pub fn models(&self) -> &[FineTuned] {
        &self.models
    }

    /// The network trained on all training patients, for new ones.
    pub fn whole(&self) -> &FineTuned {
        &self.whole
    }
}
