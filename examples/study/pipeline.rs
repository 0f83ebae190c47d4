//! The whole study on a cohort: features, scores, models, evaluation, and everything written.

use std::path::{Path, PathBuf};

use anyhow::Context;
use nomogram::{Frame, Levels, TermSpec};

use super::baseline::Baseline;
use super::bundle::{Recipe, write_bundle};
use super::evaluation::{
    Evaluation, EvaluationInput, EvaluationSettings, ModelScores, ScoreKind, SplitRows, evaluate,
};
use super::features::{FeatureSettings, RegionFeatures, region_features};
use super::modeling::{FittedRisk, ModelInput, ModelSettings, StudyModel, build, single};
use super::results::{cohort_section, model_section, region_section};
use super::selection::{Selection, SelectionInput, SelectionSettings, select};
use crate::atomic_file::write_atomically;
use crate::cohort::{ClinicalValues, Cohort};
use crate::progress;
use crate::report::{Report, Section};
use crate::table_file::{Cell, write_csv};

/// Name of the model of clinical predictors.
const CLINICAL: &str = "clinical";
/// Name of the model of clinical predictors and scores.
const COMBINED: &str = "clinical-radiomics";

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
}

/// One region: its features, and the score made of them.
#[derive(Debug)]
pub struct StudyRegion {
    /// The features.
    pub features: RegionFeatures,
    /// The score.
    pub selection: Selection,
    /// The risk by the score alone; `None` for a score without features.
    pub risk: Option<FittedRisk>,
}

/// Everything that the study found.
#[derive(Debug)]
pub struct Study {
    /// The regions, in the order of the cohort.
    pub regions: Vec<StudyRegion>,
    /// The model of clinical predictors; `None` for a cohort without clinical columns.
    pub clinical: Option<StudyModel>,
    /// The model of clinical predictors and scores.
    pub combined: StudyModel,
    /// All models on all splits.
    pub evaluation: Evaluation,
}

/// Runs the study; journals of finished cases are kept in `folder` until the features are complete.
///
/// # Errors
/// The first image that fails, or a step that the training rows do not allow; each names what it was about.
pub fn run(
    cohort: &Cohort,
    settings: &StudySettings,
    folder: &Path,
    resume: bool,
) -> anyhow::Result<Study> {
    let mut regions = Vec::with_capacity(cohort.regions.len());
    for region in 0..cohort.regions.len() {
        let features = region_features(
            cohort,
            region,
            &settings.features,
            &folder.join("features"),
            resume,
        )?;
        progress::step(&format!("{}: selecting features", features.region));
        regions.push(score_region(cohort, features, settings)?);
    }
    progress::step("fitting models");
    let clinical = match cohort.clinical.is_empty() {
        true => None,
        false => Some(build(
            clinical_input(cohort, CLINICAL, &[])?,
            settings.modeling.clone(),
        )?),
    };
    let scores: Vec<(String, &[f64])> = regions
        .iter()
        .filter(|region| !region.selection.is_constant())
        .map(|region| {
            (
                score_column(&region.features.region),
                region.selection.scores.as_slice(),
            )
        })
        .collect();
    let combined = build(
        clinical_input(cohort, COMBINED, &scores)?,
        settings.modeling.clone(),
    )?;
    progress::step("evaluating models");
    let evaluation = evaluate(
        &evaluation_input(cohort, &regions, clinical.as_ref(), &combined)?,
        &settings.evaluation,
    )?;
    Ok(Study {
        regions,
        clinical,
        combined,
        evaluation,
    })
}

impl Study {
    /// Writes every table and figure, the bundle for predictions and the report.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(
        &self,
        cohort: &Cohort,
        settings: &StudySettings,
        title: &str,
        methods: Section,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let created = |path: PathBuf| -> anyhow::Result<PathBuf> {
            std::fs::create_dir_all(&path)
                .with_context(|| format!("{}: cannot create the folder", path.display()))?;
            Ok(path)
        };
        let features = created(folder.join("features"))?;
        for region in &self.regions {
            let name = &region.features.region;
            region
                .features
                .write(cohort, &features.join(format!("{name}.csv")))?;
            if let Some(training) = &region.features.training {
                training.write(&features.join(format!("{name}_training.csv")))?;
            }
            region
                .selection
                .write(&folder.join("selection").join(name))?;
        }
        for model in self.clinical.iter().chain([&self.combined]) {
            model.write(
                &created(folder.join("models").join(&model.input.name))?,
                self.cutoff_of(&model.input.name),
            )?;
        }
        let baseline = [Baseline::by_split(cohort)?, Baseline::by_outcome(cohort)?];
        let tables = created(folder.join("baseline"))?;
        for (table, file) in baseline.iter().zip(["by_split.csv", "by_outcome.csv"]) {
            table.write(&tables.join(file))?;
        }
        let evaluation = created(folder.join("evaluation"))?;
        self.evaluation.write(&evaluation)?;
        self.write_predictions(cohort, &evaluation.join("predictions.csv"))?;
        self.write_bundle(settings, &created(folder.join("bundle"))?)?;
        let report = self.report(cohort, &baseline, title, methods)?;
        write_atomically(&folder.join("report.html"), report.to_html().as_bytes())
    }

    /// The cut-off of a model, if it has one that lies inside the risk axis.
    fn cutoff_of(&self, model: &str) -> Option<f64> {
        let position = self
            .evaluation
            .input
            .models
            .iter()
            .position(|scores| scores.name == model)?;
        self.evaluation.cutoffs[position]
            .as_ref()
            .ok()
            .copied()
            .filter(|cutoff| *cutoff > 0.0 && *cutoff < 1.0)
    }

    /// The risk of every patient by every model, one column a model: what `evaluate_models` reads.
    fn write_predictions(&self, cohort: &Cohort, path: &Path) -> anyhow::Result<()> {
        let models = &self.evaluation.input.models;
        let header: Vec<&str> = ["patient", "split", "outcome"]
            .into_iter()
            .chain(models.iter().map(|model| model.name.as_str()))
            .collect();
        let rows = cohort.patients.iter().enumerate().map(|(row, patient)| {
            let mut cells: Vec<Cell> = vec![
                patient.id.as_str().into(),
                cohort.splits[patient.split].name.as_str().into(),
                patient.outcome.into(),
            ];
            cells.extend(models.iter().map(|model| Cell::from(model.values[row])));
            cells
        });
        write_csv(path, &header, rows)
    }

    fn report(
        &self,
        cohort: &Cohort,
        baseline: &[Baseline],
        title: &str,
        methods: Section,
    ) -> anyhow::Result<Report> {
        let mut report = Report::new(title)
            .subtitle(format!(
                "{} patients, {} splits",
                cohort.patients.len(),
                cohort.splits.len()
            ))
            .section(cohort_section(cohort, baseline));
        for region in &self.regions {
            report = report.section(region_section(&region.features, &region.selection)?);
        }
        for model in self.clinical.iter().chain([&self.combined]) {
            report = report.section(model_section(model, self.cutoff_of(&model.input.name))?);
        }
        for section in self.evaluation.report_sections() {
            report = report.section(section);
        }
        Ok(report.section(methods))
    }

    /// What a prediction for a new patient needs.
    fn write_bundle(&self, settings: &StudySettings, folder: &Path) -> anyhow::Result<()> {
        let regions: Vec<_> = self
            .regions
            .iter()
            .map(|region| {
                let name = region.features.region.as_str();
                let (score, deep) = (region.selection.score(), &region.features.deep);
                (name, score_column(name), score, deep)
            })
            .collect();
        let risk = self.combined.risk.as_ref();
        write_bundle(
            folder,
            &settings.recipe,
            &settings.features,
            &regions,
            risk.map(|risk| (&risk.fit.model, self.cutoff_of(COMBINED))),
        )
    }
}

/// Column and label of a region's score.
fn score_column(region: &str) -> String {
    format!("{region}_score")
}

fn score_region(
    cohort: &Cohort,
    features: RegionFeatures,
    settings: &StudySettings,
) -> anyhow::Result<StudyRegion> {
    let input = SelectionInput {
        score_name: score_column(&features.region),
        ids: cohort.ids(),
        names: features.names.clone(),
        values: features.values.clone(),
        outcome: cohort.outcomes(),
        training: cohort.training().patients.clone(),
        repeats: features.repeats.clone(),
        left_out: features.noise.clone(),
        impute: None,
    };
    let selection = select(input, settings.selection.clone())?;
    let risk = match selection.is_constant() {
        true => None,
        false => {
            let column = score_column(&features.region);
            let input = ModelInput {
                name: column.clone(),
                ids: cohort.ids(),
                frame: Frame::new().with_numeric(&column, selection.scores.clone())?,
                terms: vec![column.into()],
                outcome: cohort.outcomes(),
                training: cohort.training().patients.clone(),
            };
            Some(single(input, &settings.modeling)?)
        }
    };
    Ok(StudyRegion {
        features,
        selection,
        risk,
    })
}

/// Clinical columns, and scores beside them.
fn clinical_input(
    cohort: &Cohort,
    name: &str,
    scores: &[(String, &[f64])],
) -> anyhow::Result<ModelInput> {
    let mut frame = Frame::new();
    let mut terms: Vec<TermSpec> = Vec::new();
    for column in &cohort.clinical {
        frame = match &column.values {
            ClinicalValues::Numeric(values) => frame.with_numeric(&column.name, values.clone())?,
            ClinicalValues::Categorical { levels, codes } => frame.with_categorical(
                &column.name,
                codes.iter().map(|&code| levels[code].as_str()),
                Levels::given(levels.clone()),
            )?,
        };
        terms.push((&column.name).into());
    }
    for (column, values) in scores {
        frame = frame.with_numeric(column, values.to_vec())?;
        terms.push(column.into());
    }
    Ok(ModelInput {
        name: name.to_owned(),
        ids: cohort.ids(),
        frame,
        terms,
        outcome: cohort.outcomes(),
        training: cohort.training().patients.clone(),
    })
}

/// The risks of all models that exist. The clinical model is the one the others are compared with, if there is one.
fn evaluation_input(
    cohort: &Cohort,
    regions: &[StudyRegion],
    clinical: Option<&StudyModel>,
    combined: &StudyModel,
) -> anyhow::Result<EvaluationInput> {
    let risks = |name: String, risk: &FittedRisk| ModelScores {
        kind: ScoreKind::Probability,
        ..ModelScores::new(name, risk.risks())
    };
    let mut models = Vec::new();
    if let Some((name, risk)) =
        clinical.and_then(|model| Some((model.input.name.clone(), model.risk.as_ref()?)))
    {
        models.push(risks(name, risk));
    }
    for region in regions {
        if let Some(risk) = &region.risk {
            models.push(risks(score_column(&region.features.region), risk));
        }
    }
    if let Some(risk) = &combined.risk {
        models.push(risks(combined.input.name.clone(), risk));
    }
    anyhow::ensure!(
        !models.is_empty(),
        "{}: expected a model with at least one predictor, found none: no clinical column is significant and no region has a score",
        cohort.manifest.display()
    );
    let splits = cohort
        .splits
        .iter()
        .map(|split| SplitRows {
            name: split.name.clone(),
            rows: split.patients.clone(),
        })
        .collect();
    Ok(EvaluationInput {
        ids: cohort.ids(),
        outcome: cohort.outcomes(),
        splits,
        training: 0,
        models,
        reference: 0,
        readers: Vec::new(),
        assistant: None,
    })
}
