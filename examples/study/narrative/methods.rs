//! What was done, in words that a methods section can take over.

use super::super::deep::{DeepWay, TrainingFeatures};
use super::super::modeling::readable;
use super::super::pipeline::{Study, StudySettings};
use super::{METHODS, Outcomes, StudyWords, Weights, nested_table};
use crate::report::Section;

pub(super) fn methods_section(
    study: &Study,
    settings: &StudySettings,
    words: &StudyWords,
) -> Section {
    let mut section = Section::new(METHODS);
    section.paragraph(format!(
        "Outcome: {}. Empty clinical cells: {}.",
        words.outcome, words.missing
    ));
    section.paragraph(features(settings, words));
    section.paragraph(format!("Selection, for each region: {}.", words.selection));
    section.paragraph(models(settings));
    section.paragraph(evaluation(settings));
    section.paragraph("Everything was fitted in the training patients only: reliability, selection, scores, models and cut-offs. Results in the training split are apparent performance, because features and models were chosen in those patients.");
    control(&mut section, study, words);
    section.paragraph(format!(
        "Software: alnm_pipeline {}. Handcrafted features follow PyRadiomics 3.0.1, selection glmnet, models and nomogram R's glm and rms, statistics R 4.2.2 with pROC. Seed {}. \
         All options, versions and the hashes of all input files are in run.json.",
        env!("CARGO_PKG_VERSION"),
        words.seed
    ));
    section
}

fn features(settings: &StudySettings, words: &StudyWords) -> String {
    let outlines = &settings.features.outlines;
    let network = outlines.network.vgg();
    format!(
        "Handcrafted features: shape, first order and texture (GLCM, GLRLM, GLSZM, GLDM, NGTDM) of the original image and of the sub-bands of the coif1 wavelet, {}, \
         no resampling, as PyRadiomics defines them. Deep features: {} tapped at {}, averaged over the map, then {}; weights {}.",
        super::facts::bins(settings),
        network.config(),
        settings.recipe.tap,
        deep(settings),
        match words.weights {
            Weights::File => format!("from a file with SHA-256 {}", network.weights().sha256),
            Weights::Random => "random (seeded): they carry no knowledge of images".to_owned(),
        }
    )
}

/// What becomes of the averaged channels.
fn deep(settings: &StudySettings) -> String {
    let deep = &settings.features.deep;
    match (deep.way, deep.training) {
        (DeepWay::Pooled, _) => "taken as they are".to_owned(),
        (DeepWay::Components(k), _) => {
            format!("reduced to at most {k} principal components fitted in the training patients")
        }
        (DeepWay::Head(units), TrainingFeatures::OutOfFold) => format!(
            "reduced to the {units} units of a head trained on the outcomes; every training patient has the features of a network that has not seen \
             this patient (5 folds), all others those of a network trained on all training patients"
        ),
        (DeepWay::Head(units), TrainingFeatures::InSample) => format!(
            "reduced to the {units} units of a head trained on the outcomes. WARNING: the features of training patients come from the network that was \
             trained on them, so that selection and models see their own labels; nothing that is fitted on them can be believed"
        ),
    }
}

fn models(settings: &StudySettings) -> String {
    let modeling = &settings.modeling;
    let screen = modeling.screen.map_or_else(
        || "all predictors".to_owned(),
        |p| format!("predictors with a univariable P below {p}"),
    );
    format!(
        "Models: logistic regression by maximum likelihood; {screen} entered, then {}. The clinical model has the clinical columns, the \
         clinical-radiomics model these and the scores of all regions. The nomogram shows the model that is left.",
        modeling.backward.words()
    )
}

fn evaluation(settings: &StudySettings) -> String {
    let evaluation = &settings.evaluation;
    format!(
        "Evaluation: cut-offs by {} on the training split, applied unchanged to all others; intervals of the AUC: {}; DeLong's paired test with Holm's adjustment; \
         calibration by intercept, slope and loess; decision and clinical impact curves with {} bootstrap replicates; NRI and IDI against the first model of the tables.",
        evaluation.cutoff.words(),
        evaluation.auc_interval.words(),
        evaluation.decision_replicates
    )
}

/// The control on shuffled outcomes.
fn control(section: &mut Section, study: &Study, words: &StudyWords) {
    let shuffled_run = words.outcomes == Outcomes::Shuffled;
    let has_controls = study.nested().is_some_and(|n| !n.controls.is_empty());
    if !shuffled_run && !has_controls {
        return;
    }
    section.subheading("Control on shuffled outcomes");
    if shuffled_run {
        section.paragraph(
            "This whole run was done on outcomes that were shuffled within every split before anything else. There is nothing to be found: AUCs on held-out patients and test splits \
             must lie around 0.5, whatever the training rows show.",
        );
    }
    let Some(nested) = study.nested() else {
        return;
    };
    let deviation = nested.chance_deviation;
    if shuffled_run {
        section.paragraph(format!(
            "By chance alone an AUC of as many patients has a standard deviation of {deviation:.3}. {}",
            verdict(nested.estimate.models(), deviation)
        ));
    }
    for (number, control) in nested.controls.iter().enumerate() {
        let caption = format!(
            "Nested cross-validation with the outcomes of the training patients shuffled (draw {})",
            number + 1
        );
        section.table(nested_table(&caption, control).note(format!(
            "A study without leaks comes out at 0.5; by chance alone an AUC of as many patients has a standard deviation of {deviation:.3}. {}",
            verdict(control.models(), deviation)
        )));
    }
}

/// Whether all models lie where chance puts nearly all.
fn verdict(models: Vec<super::super::nested::NestedModel>, deviation: f64) -> String {
    let far: Vec<String> = models
        .iter()
        .filter(|model| (model.auc - 0.5).abs() > 3.0 * deviation)
        .map(|model| format!("{} ({:.3})", readable(&model.model), model.auc))
        .collect();
    match far.is_empty() {
        true => "All models are within three of them.".to_owned(),
        false => format!(
            "Beyond three of them: {}. Something knows the outcomes; nothing above can be believed.",
            far.join(", ")
        ),
    }
}
