//! One fit of the whole study on some training rows: features, a score for every region, the models. The final study is one such fit; nested
//! cross-validation and the control on shuffled outcomes are others, on fewer rows or other outcomes, by the very same steps.

use nomogram::{Frame, Levels, TermSpec};
use serde::{Deserialize, Serialize};

use super::evaluation::{ModelScores, ScoreKind};
use super::features::{FeatureSettings, RegionFeatures, TrainingRows};
use super::modeling::{FittedRisk, ModelInput, ModelSettings, StudyModel, build, single};
use super::outlines::RegionRows;
use super::selection::{Selection, SelectionInput, SelectionSettings, select};
use crate::cohort::{ClinicalColumn, ClinicalValues, Cohort};

/// Name of the model of clinical predictors.
pub const CLINICAL: &str = "clinical";
/// Name of the model of clinical predictors and scores.
pub const COMBINED: &str = "clinical-radiomics";

/// One region: its features, and the score made of them.
#[derive(Debug)]
pub struct StudyRegion {
    /// The features.
    pub features: RegionFeatures,
    /// The score.
    pub selection: Selection,
}

/// The score of one region for every patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionScores {
    /// Column of the score.
    pub column: String,
    /// One value a patient.
    pub values: Vec<f64>,
    /// Features in it; none for a score that is the same for everybody.
    pub features: Vec<String>,
}

/// The models of a study.
#[derive(Debug)]
pub struct StudyModels {
    /// The model of clinical predictors; `None` for a cohort without clinical columns.
    pub clinical: Option<StudyModel>,
    /// The risk by each region's score alone, or why there is none.
    pub singles: Vec<Result<FittedRisk, String>>,
    /// The model of clinical predictors and scores.
    pub combined: StudyModel,
}

/// Column and label of a region's score.
pub fn score_column(region: &str) -> String {
    format!("{region}_score")
}

/// Features and score of one region.
///
/// # Errors
/// What the steps refuse: training rows that are too few, columns of which none is left.
pub fn fit_region(
    cohort: &Cohort,
    rows: &RegionRows,
    features: &FeatureSettings,
    selection: &SelectionSettings,
    training: &TrainingRows,
) -> anyhow::Result<StudyRegion> {
    let features = RegionFeatures::fitted(cohort, rows, features, training)?;
    let input = SelectionInput {
        score_name: score_column(&features.region),
        ids: cohort.ids(),
        names: features.names.clone(),
        values: features.values.clone(),
        outcome: training.outcome.clone(),
        training: training.patients.clone(),
        repeats: features.repeats.clone(),
        left_out: features.noise.clone(),
        impute: None,
    };
    let selection = select(input, selection.clone())?;
    Ok(StudyRegion {
        features,
        selection,
    })
}

impl StudyRegion {
    /// The score of every patient.
    pub fn scores(&self) -> RegionScores {
        let terms = &self.selection.score().terms;
        RegionScores {
            column: score_column(&self.features.region),
            values: self.selection.scores.clone(),
            features: terms.iter().map(|term| term.name.clone()).collect(),
        }
    }
}

/// Builds all models on the training rows. Predictors that the training rows cannot tell anything about take no part.
///
/// # Errors
/// What the table makes impossible for every model.
pub fn fit_models(
    cohort: &Cohort,
    scores: &[RegionScores],
    settings: &ModelSettings,
    training: &TrainingRows,
) -> anyhow::Result<StudyModels> {
    let used: Vec<&RegionScores> = scores.iter().filter(|s| !s.features.is_empty()).collect();
    let clinical = match cohort.clinical.is_empty() {
        true => None,
        false => Some(build(
            model_input(cohort, CLINICAL, &[], training)?,
            settings.clone(),
        )?),
    };
    let singles = scores
        .iter()
        .map(|score| single_risk(cohort, score, settings, training))
        .collect();
    let combined = build(
        model_input(cohort, COMBINED, &used, training)?,
        settings.clone(),
    )?;
    Ok(StudyModels {
        clinical,
        singles,
        combined,
    })
}

fn single_risk(
    cohort: &Cohort,
    score: &RegionScores,
    settings: &ModelSettings,
    training: &TrainingRows,
) -> Result<FittedRisk, String> {
    if score.features.is_empty() {
        return Err("no feature was selected, the score is the same for everybody".to_owned());
    }
    let column = &score.column;
    let frame = Frame::new().with_numeric(column, score.values.clone());
    let input = ModelInput {
        name: column.clone(),
        ids: cohort.ids(),
        frame: frame.map_err(|error| error.to_string())?,
        terms: vec![column.clone().into()],
        outcome: training.outcome.clone(),
        training: training.patients.clone(),
    };
    single(input, settings).map_err(|error| format!("{error:#}"))
}

/// Clinical columns, and scores beside them.
fn model_input(
    cohort: &Cohort,
    name: &str,
    scores: &[&RegionScores],
    training: &TrainingRows,
) -> anyhow::Result<ModelInput> {
    let mut frame = Frame::new();
    let mut terms: Vec<TermSpec> = Vec::new();
    for column in cohort.clinical.iter().filter(|c| is_known(c, training)) {
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
    for score in scores {
        frame = frame.with_numeric(&score.column, score.values.clone())?;
        terms.push((&score.column).into());
    }
    Ok(ModelInput {
        name: name.to_owned(),
        ids: cohort.ids(),
        frame,
        terms,
        outcome: training.outcome.clone(),
        training: training.patients.clone(),
    })
}

/// Whether the training rows know every level of a column; only fewer rows than the training split may not.
fn is_known(column: &ClinicalColumn, training: &TrainingRows) -> bool {
    match &column.values {
        ClinicalValues::Numeric(_) => true,
        ClinicalValues::Categorical { levels, codes } => {
            let mut seen = vec![false; levels.len()];
            for &patient in &training.patients {
                seen[codes[patient]] = true;
            }
            // A level that no patient has at all asks for nothing.
            (0..levels.len()).all(|level| seen[level] || !codes.contains(&level))
        }
    }
}

impl StudyModels {
    /// The risk of every patient by every model that there is: clinical, the regions' scores, all together.
    pub fn risks(&self) -> Vec<ModelScores> {
        let named = |name: &str, risk: &FittedRisk| ModelScores {
            kind: ScoreKind::Probability,
            ..ModelScores::new(name, risk.risks())
        };
        let of_model = |model: &StudyModel| Some(named(&model.input.name, model.risk.as_ref()?));
        let singles = self.singles.iter().flatten();
        self.clinical
            .iter()
            .filter_map(of_model)
            .chain(singles.map(|risk| named(&risk.fit.model.predictor_names()[0], risk)))
            .chain(of_model(&self.combined))
            .collect()
    }
}
