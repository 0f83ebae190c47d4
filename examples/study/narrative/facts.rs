//! What the reporting checklists may claim: facts of this run, each with its place in the report.

use feature_selection::icc::{IccBound, IccFilter};
use radiomics_features::Binning;

use super::super::pipeline::{Study, StudySettings};
use super::super::results::model_heading;
use super::flow::{n_repeated, outline_kinds};
use super::{INTERNAL_VALIDATION, METHODS, StudyWords, Weights};
use crate::report::SplitRole;
use crate::report::checklist::{Fact, RegionFacts, ReliabilityFacts, SplitFacts, StudyFacts};

/// The bins of the handcrafted features, in words.
pub(super) fn bins(settings: &StudySettings) -> String {
    let params = settings.features.outlines.extractor.params();
    match params.images.first().map(|image| image.binning) {
        Some(Binning::Width(width) | Binning::FixedBinSize { width, .. }) => {
            format!("bins of width {width}")
        }
        Some(Binning::Count(count) | Binning::FixedBinNumber(count)) => format!("{count} bins"),
        None => "no bins".to_owned(),
    }
}

pub(super) fn facts(study: &Study, settings: &StudySettings, words: &StudyWords) -> StudyFacts {
    let in_methods = |text: String| Some(Fact::new(text).see(METHODS));
    let mut facts = StudyFacts {
        title: words.title.clone(),
        origin: words.origin,
        outcome: in_methods(words.outcome.clone()),
        missing: in_methods(format!("empty clinical cells: {}", words.missing)),
        checks: Some(Fact::new(
            "columns, files, outlines, sizes and spacings are checked before anything is computed; all faults are named",
        )),
        software: format!("alnm_pipeline {}", env!("CARGO_PKG_VERSION")),
        seed: Some(words.seed),
        selection: in_methods(words.selection.clone()),
        scaling: in_methods("features standardized on training patients".to_owned()),
        tuning: in_methods(
            "lambda of the LASSO by cross-validation on training patients".to_owned(),
        ),
        feature_files: Some(Fact::new("features/ beside the report")),
        settings_files: Some(Fact::new("run.json beside the report")),
        ..StudyFacts::default()
    };
    of_patients(&mut facts, study);
    of_features(&mut facts, study, settings, words);
    of_models(&mut facts, study, settings);
    of_evaluation(&mut facts, study, settings);
    facts
}

fn of_patients(facts: &mut StudyFacts, study: &Study) {
    let cohort = &study.cohort;
    let see = |text: &str| Some(Fact::new(text).see("Patients"));
    facts.predictors = cohort.clinical.iter().map(|c| c.label()).collect();
    facts.splits = cohort
        .splits
        .iter()
        .enumerate()
        .map(|(k, split)| SplitFacts {
            name: split.name.clone(),
            role: match k {
                0 => SplitRole::Training,
                _ => SplitRole::Test,
            },
            n: split.patients.len(),
            events: split.n_events,
        })
        .collect();
    facts.excluded = cohort.excluded.len();
    facts.flow = see("flow of cases");
    facts.baseline = see("baseline characteristics by split and by outcome");
}

fn of_features(
    facts: &mut StudyFacts,
    study: &Study,
    settings: &StudySettings,
    words: &StudyWords,
) {
    let see = |text: String| Some(Fact::new(text).see(METHODS));
    let network = settings.features.outlines.network.vgg();
    let cohort = &study.cohort;
    let kinds: Vec<String> = cohort
        .regions
        .iter()
        .zip(&cohort.spacing)
        .filter_map(|(region, rule)| Some(format!("{region}: {}", rule.as_ref()?)))
        .collect();
    facts.outlines = Some(Fact::new(format!(
        "one outline a region ({}), outlines {}",
        kinds.join("; "),
        outline_kinds(study)
    )));
    facts.preprocessing = see("none before handcrafted features; for the network the box around the outline with a margin, resized".to_owned());
    facts.resampling = see("none".to_owned());
    facts.discretization = see(bins(settings));
    facts.image_types =
        see("original image and the eight sub-bands of the coif1 wavelet".to_owned());
    facts.feature_classes =
        see("shape, first order, GLCM, GLRLM, GLSZM, GLDM, NGTDM; deep features".to_owned());
    facts.extraction = see(format!(
        "handcrafted features as PyRadiomics 3.0.1; {} with weights {}",
        network.config(),
        match words.weights {
            Weights::File => "of a file known by its SHA-256",
            Weights::Random => "drawn at random",
        }
    ));
    facts.parameters = Some(Fact::new("all settings are in run.json"));
    facts.regions = study
        .regions
        .iter()
        .map(|region| RegionFacts {
            region: region.features.region.clone(),
            handcrafted: region.features.n_handcrafted,
            deep: region.features.names.len() - region.features.n_handcrafted,
            kept: region.selection.score().terms.len(),
        })
        .collect();
    facts.reliability = reliability(study, settings);
}

fn reliability(study: &Study, settings: &StudySettings) -> Option<ReliabilityFacts> {
    let cases = n_repeated(study);
    let selection = &settings.selection;
    (cases > 0).then(|| ReliabilityFacts {
        cases,
        rule: format!(
            "{} {}, {}",
            selection.icc_form,
            words_of(&selection.icc_filter),
            outline_kinds(study)
        ),
        see: Some(METHODS.to_owned()),
    })
}

fn words_of(filter: &IccFilter) -> String {
    match filter.bound {
        IccBound::LowerLimit => format!("lower limit at least {}", filter.threshold),
        _ => format!("at least {}", filter.threshold),
    }
}

fn of_models(facts: &mut StudyFacts, study: &Study, settings: &StudySettings) {
    let see = |text: String| Some(Fact::new(text).see(METHODS));
    facts.predictor_form =
        see("numbers linear, categories against their reference level".to_owned());
    facts.modeling = see(format!(
        "logistic regression, {}",
        settings.modeling.backward.words()
    ));
    facts.model_choice = facts.modeling.clone();
    if let Some(model) = study.final_model() {
        let heading = model_heading(&model.name);
        facts.model = Some(
            Fact::new("coefficients of the model and of every score, files in bundle/")
                .see(heading.clone()),
        );
        facts.explanation =
            Some(Fact::new("nomogram; heat maps of the network").see(heading.clone()));
        facts.prediction = Some(Fact::new(
            "predict_patient with bundle/: images and clinical values of one patient",
        ));
        facts.ready_to_use = facts.prediction.clone();
        facts.input_checks = Some(Fact::new(
            "missing predictors, images of another spacing and bundles of another version are refused",
        ));
    }
    if let Some(nested) = study.nested() {
        facts.internal_validation = Some(
            Fact::new(format!(
                "nested cross-validation of the whole study, {} folds; {} runs on shuffled outcomes",
                settings.nested.folds * settings.nested.repeats,
                nested.controls.len()
            ))
            .see(INTERNAL_VALIDATION),
        );
    }
}

fn of_evaluation(facts: &mut StudyFacts, study: &Study, settings: &StudySettings) {
    let Some(evaluation) = &study.evaluation else {
        return;
    };
    let see = |text: String, place: &str| Some(Fact::new(text).see(place));
    let performance = "Performance of the models";
    facts.thresholds = see(
        format!(
            "{} on the training split",
            settings.evaluation.cutoff.words()
        ),
        performance,
    );
    facts.discrimination = see(
        "AUC, ROC and precision-recall curves".to_owned(),
        performance,
    );
    facts.intervals = see(
        format!(
            "AUC: {}; proportions: Clopper-Pearson",
            settings.evaluation.auc_interval.words()
        ),
        performance,
    );
    facts.performance = see("every model on every split".to_owned(), performance);
    facts.calibration = see(
        "intercept, slope, observed/expected, loess curves, Hosmer-Lemeshow".to_owned(),
        "Calibration",
    );
    facts.decision_curve = see(
        "decision and clinical impact curves".to_owned(),
        "Clinical usefulness",
    );
    if evaluation.input.models.len() > 1 {
        facts.comparison = see(
            "DeLong's paired test with Holm's adjustment; NRI, IDI".to_owned(),
            "Comparison of the models",
        );
    }
    if study.models.clinical.is_some() {
        facts.rivals = see(
            "clinical model, scores alone, both together".to_owned(),
            "Comparison of the models",
        );
    }
    if study.readers.is_some() {
        facts.readers = see(
            "readers without and with the model's output".to_owned(),
            "Readers without and with the model",
        );
    }
}
