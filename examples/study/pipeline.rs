//! The whole study on a cohort: rows of every outline, scores, models, evaluation, nested cross-validation, readers, heat maps.

use std::path::Path;

use super::bundle::Recipe;
use super::cache::Cache;
use super::evaluation::{
    Evaluation, EvaluationInput, EvaluationSettings, ModelScores, SplitRows, evaluate,
};
use super::features::{FeatureSettings, TrainingRows};
use super::fit::{COMBINED, RegionScores, StudyModels, StudyRegion, fit_models, fit_region};
use super::gallery::{HeatmapPicture, pictures};
use super::modeling::{ModelSettings, Presentation};
use super::nested::{NestedSettings, NestedValidation, NotPossible, judge};
use super::outlines::{CohortRows, FailedRepeat, RegionRows, cohort_rows};
use super::reader_study::ReaderTable;
use super::selection::SelectionSettings;
use crate::cohort::Cohort;
use crate::progress;

/// How the study is done.
#[derive(Debug)]
pub struct StudySettings {
    /// Features of a region.
    pub features: FeatureSettings,
    /// How they are computed, in words that a bundle can hold.
    pub recipe: Recipe,
    /// Selection of features.
    pub selection: SelectionSettings,
    /// Building of models.
    pub modeling: ModelSettings,
    /// Evaluation.
    pub evaluation: EvaluationSettings,
    /// Nested cross-validation and the control on shuffled outcomes.
    pub nested: NestedSettings,
}

/// Everything that the study found.
#[derive(Debug)]
pub struct Study {
    /// The patients that the study could use.
    pub cohort: Cohort,
    /// Repeated outlines that it could not use.
    pub failed_repeats: Vec<FailedRepeat>,
    /// Outlines whose features were computed.
    pub n_computed: usize,
    /// Outlines whose features an earlier run had computed.
    pub n_known: usize,
    /// The regions, in the order of the cohort.
    pub regions: Vec<StudyRegion>,
    /// Their scores.
    pub scores: Vec<RegionScores>,
    /// The models.
    pub models: StudyModels,
    /// All models on all splits; `None` if nothing was selected and there is no model.
    pub evaluation: Option<Evaluation>,
    /// What the models are worth; `None` if it was left out.
    pub nested: Option<Result<NestedValidation, NotPossible>>,
    /// The reader study, if there is one and a model that assisted.
    pub readers: Option<Evaluation>,
    /// Heat maps of some patients.
    pub pictures: Vec<HeatmapPicture>,
}

/// Runs the study. What is finished is kept in the cache under `folder`, and taken from there if an earlier run left it.
///
/// # Errors
/// A step that the training rows do not allow, named; cache files that cannot be read or written.
pub fn run(
    cohort: &Cohort,
    settings: &StudySettings,
    readers: Option<&ReaderTable>,
    folder: &Path,
) -> anyhow::Result<Study> {
    let cache = Cache::open(folder)?;
    let CohortRows {
        regions: rows,
        cohort,
        failed_repeats,
        n_computed,
        n_known,
    } = cohort_rows(cohort, &settings.features.outlines, &cache)?;
    let training = TrainingRows::of(&cohort);
    let mut regions = Vec::with_capacity(rows.len());
    for rows in &rows {
        progress::step(&format!("{}: selecting features", rows.region));
        regions.push(fit_region(
            &cohort,
            rows,
            &settings.features,
            &settings.selection,
            &training,
        )?);
    }
    progress::step("fitting models");
    let scores: Vec<RegionScores> = regions.iter().map(StudyRegion::scores).collect();
    let models = fit_models(&cohort, &scores, &settings.modeling, &training)?;
    progress::step("evaluating models");
    let evaluation = evaluation_input(&cohort, models.risks())
        .map(|input| evaluate(&input, &settings.evaluation))
        .transpose()?;
    let nested = match settings.nested.folds {
        0 => None,
        _ => Some(nested(&cohort, &rows, settings, &training, &cache)?),
    };
    let mut study = Study {
        cohort,
        failed_repeats,
        n_computed,
        n_known,
        regions,
        scores,
        models,
        evaluation,
        nested,
        readers: None,
        pictures: Vec::new(),
    };
    study.readers = study.reader_study(readers, &settings.evaluation)?;
    if let Some(model) = study.final_model() {
        progress::step("drawing heat maps");
        let risks = &model.values;
        study.pictures = pictures(&study.cohort, &study.regions, &settings.features, risks)?;
    }
    Ok(study)
}

/// Judges the study, its folds remembered in the cache.
fn nested(
    cohort: &Cohort,
    rows: &[RegionRows],
    settings: &StudySettings,
    training: &TrainingRows,
    cache: &Cache,
) -> anyhow::Result<Result<NestedValidation, NotPossible>> {
    let memory = cache.steps()?;
    let nested = match judge(cohort, rows, settings, training, &memory) {
        Ok(nested) => Ok(nested),
        Err(error) if error.is::<NotPossible>() => Err(NotPossible::because(&error)),
        Err(error) => return Err(error),
    };
    memory.finish()?;
    Ok(nested)
}

impl Study {
    /// The model that the study ends with: the combined one, or the last of the others.
    pub fn final_model(&self) -> Option<&ModelScores> {
        let models = &self.evaluation.as_ref()?.input.models;
        let combined = models.iter().find(|model| model.name == COMBINED);
        combined.or(models.last())
    }

    /// What the models are worth, if that could be estimated.
    pub fn nested(&self) -> Option<&NestedValidation> {
        self.nested.as_ref()?.as_ref().ok()
    }

    /// The cut-off of a model.
    pub fn cutoff(&self, model: &str) -> Option<f64> {
        let evaluation = self.evaluation.as_ref()?;
        let mut models = evaluation.input.models.iter();
        let position = models.position(|scores| scores.name == model)?;
        evaluation.cutoffs[position].as_ref().ok().copied()
    }

    /// The cut-off of a model, if it lies inside the risk axis.
    pub fn drawn_cutoff(&self, model: &str) -> Option<f64> {
        self.cutoff(model)
            .filter(|cutoff| *cutoff > 0.0 && *cutoff < 1.0)
    }

    fn reader_study(
        &self,
        readers: Option<&ReaderTable>,
        settings: &EvaluationSettings,
    ) -> anyhow::Result<Option<Evaluation>> {
        let (Some(readers), Some(model)) = (readers, self.final_model()) else {
            return Ok(None);
        };
        match self.cutoff(&model.name) {
            Some(cutoff) => readers.evaluate(&self.cohort, model, cutoff, settings),
            None => Ok(None),
        }
    }
}

/// How nomogram and tables call the predictors of a cohort.
pub fn presentation(cohort: &Cohort) -> Presentation {
    let columns = || cohort.clinical.iter();
    let named = |name: &str, text: &Option<String>| Some((name.to_owned(), text.clone()?));
    Presentation {
        labels: columns()
            .filter_map(|column| named(&column.name, &column.given_label))
            .collect(),
        units: columns()
            .filter_map(|column| named(&column.name, &column.unit))
            .collect(),
        ..Presentation::default()
    }
}

/// The risks of all models that exist, the first of them the one the others are compared with; `None` without a model.
fn evaluation_input(cohort: &Cohort, models: Vec<ModelScores>) -> Option<EvaluationInput> {
    if models.is_empty() {
        return None;
    }
    let splits = cohort.splits.iter().map(|split| SplitRows {
        name: split.name.clone(),
        rows: split.patients.clone(),
    });
    Some(EvaluationInput {
        ids: cohort.ids(),
        outcome: cohort.outcomes(),
        splits: splits.collect(),
        training: 0,
        models,
        reference: 0,
        readers: Vec::new(),
        assistant: None,
    })
}
