//! CLEAR: Kocak B, Baessler B, Bakas S, et al. Insights into Imaging 2023;14:75, table 1, version 1.0.

use super::facts::{Fact, StudyFacts};
use super::{Answer, Entry};

const TITLE: &str = "Title";
const ABSTRACT: &str = "Abstract";
const KEYWORDS: &str = "Keywords";
const INTRODUCTION: &str = "Introduction";
const DESIGN: &str = "Method: study design";
const DATA: &str = "Method: data";
const SEGMENTATION: &str = "Method: segmentation";
const PREPROCESSING: &str = "Method: pre-processing";
const EXTRACTION: &str = "Method: feature extraction";
const PREPARATION: &str = "Method: data preparation";
const MODELING: &str = "Method: modeling";
const EVALUATION: &str = "Method: evaluation";
const RESULTS: &str = "Results";
const DISCUSSION: &str = "Discussion";
const OPEN_DATA: &str = "Open science: data";
const OPEN_CODE: &str = "Open science: code";
const OPEN_MODEL: &str = "Open science: model";

const fn entry(
    number: &'static str,
    section: &'static str,
    topic: &'static str,
    answer: fn(&StudyFacts) -> Answer,
) -> Entry {
    Entry {
        number,
        section,
        topic,
        answer,
    }
}

/// The items in the order of the publication.
pub(super) const ENTRIES: [Entry; 58] = [
    entry("1", TITLE, "A title that says radiomics, and which", title),
    entry("2", ABSTRACT, "Structured summary", |_| Answer::open()),
    entry("3", KEYWORDS, "Keywords of radiomics", |_| Answer::open()),
    entry(
        "4",
        INTRODUCTION,
        "Scientific or clinical background",
        |_| Answer::open(),
    ),
    entry("5", INTRODUCTION, "Why radiomics", |_| Answer::open()),
    entry("6", INTRODUCTION, "Objectives", |_| Answer::open()),
    entry("7", DESIGN, "Guidelines and checklists followed", |_| {
        Answer::Filled(Fact::new(
            "this report holds TRIPOD+AI and CLEAR, filled in as far as the program knows",
        ))
    }),
    entry(
        "8",
        DESIGN,
        "Ethics, consent, data protection",
        StudyFacts::of_people,
    ),
    entry("9", DESIGN, "Sample size", |f| {
        f.with_authors(&f.counts(), "how the size was determined")
    }),
    entry(
        "10",
        DESIGN,
        "Retrospective or prospective, kind of study",
        StudyFacts::of_people,
    ),
    entry("11", DESIGN, "Criteria for inclusion and exclusion", |f| {
        f.of_people_partly(
            &f.exclusions(),
            "criteria for entering the manifest, and how cases were sampled",
        )
    }),
    entry("12", DESIGN, "Chart of the technical steps", |f| {
        Answer::from(&f.steps_chart)
    }),
    entry("13", DATA, "Source of the data, private or public", |f| {
        f.with_authors(&f.data_source(), "private or public, for each split")
    }),
    entry(
        "14",
        DATA,
        "Overlap with earlier publications",
        StudyFacts::of_people,
    ),
    entry(
        "15",
        DATA,
        "How the data were split, measures against leakage",
        |f| f.with_authors(&f.partition(), "how cases were assigned to splits"),
    ),
    entry(
        "16",
        DATA,
        "Imaging protocol, scanners, size of pixels",
        StudyFacts::of_people,
    ),
    entry("17", DATA, "Predictors that are no radiomics", predictors),
    entry("18", DATA, "Reference standard", |f| {
        f.with_authors(
            &f.outcome,
            "definition, reasons, reproducibility and limits of the reference standard",
        )
    }),
    entry(
        "19",
        SEGMENTATION,
        "Segmentation: software, method, rules",
        |f| {
            f.with_authors(
                &f.outlines,
                "software, method and rules of outlining, choice of slices and lesions",
            )
        },
    ),
    entry(
        "20",
        SEGMENTATION,
        "Who outlined, with what experience",
        StudyFacts::of_people,
    ),
    entry("21", PREPROCESSING, "Processing of images", |f| {
        Answer::from(&f.preprocessing)
    }),
    entry("22", PREPROCESSING, "Resampling and its parameters", |f| {
        Answer::from(&f.resampling)
    }),
    entry(
        "23",
        PREPROCESSING,
        "Discretization and its parameters",
        |f| Answer::from(&f.discretization),
    ),
    entry(
        "24",
        PREPROCESSING,
        "Kinds of images: original, filtered",
        |f| Answer::from(&f.image_types),
    ),
    entry(
        "25",
        EXTRACTION,
        "Software, definitions, handcrafted or deep",
        |f| {
            Answer::all(&[
                (&f.extraction, "definitions"),
                (&f.software(), "software and its version"),
            ])
        },
    ),
    entry("26", EXTRACTION, "Families of features", |f| {
        Answer::from(&f.feature_classes)
    }),
    entry("27", EXTRACTION, "Number of features", |f| {
        Answer::from(&f.feature_counts())
    }),
    entry(
        "28",
        EXTRACTION,
        "That all other parameters are defaults",
        |f| Answer::from(&f.parameters),
    ),
    entry("29", PREPARATION, "Missing data", |f| {
        Answer::from(&f.missing)
    }),
    entry("30", PREPARATION, "Class imbalance", imbalance),
    entry(
        "31",
        PREPARATION,
        "Reliability of the segmentation",
        reliability,
    ),
    entry("32", PREPARATION, "Scaling of features", |f| {
        Answer::from(&f.scaling)
    }),
    entry(
        "33",
        PREPARATION,
        "Reduction of dimensions, with thresholds",
        |f| Answer::from(&f.selection),
    ),
    entry("34", MODELING, "Algorithm and software", |f| {
        Answer::all(&[
            (&f.modeling, "algorithm"),
            (&f.software(), "software and its version"),
        ])
    }),
    entry("35", MODELING, "Training and tuning", |f| {
        Answer::from(&f.tuning)
    }),
    entry("36", MODELING, "Confounders", |_| Answer::open()),
    entry("37", MODELING, "How the final model was chosen", |f| {
        Answer::from(&f.model_choice)
    }),
    entry("38", EVALUATION, "Internal or external testing", testing),
    entry(
        "39",
        EVALUATION,
        "Measures of performance, and why these",
        |f| f.with_authors(&measures(f), "why these measures"),
    ),
    entry("40", EVALUATION, "Uncertainty and its measures", |f| {
        Answer::from(&f.intervals)
    }),
    entry("41", EVALUATION, "Tests between models, thresholds", |f| {
        Answer::all(&[
            (&f.comparison, "tests between models"),
            (&f.thresholds, "thresholds"),
        ])
    }),
    entry(
        "42",
        EVALUATION,
        "Comparison planned with models without radiomics and with both, clinical utility",
        |f| {
            Answer::all(&[
                (&f.compared_with(), "other models"),
                (&f.decision_curve, "clinical utility"),
            ])
        },
    ),
    entry("43", EVALUATION, "What explains the models", |f| {
        Answer::from(&f.explanation)
    }),
    entry(
        "44",
        RESULTS,
        "Characteristics of the patients by split",
        |f| Answer::from(&f.baseline),
    ),
    entry("45", RESULTS, "Chart of included and excluded cases", flow),
    entry(
        "46",
        RESULTS,
        "Statistics of features: reliable, selected",
        |f| Answer::from(&f.feature_statistics),
    ),
    entry("47", RESULTS, "Performance on every split", |f| {
        Answer::from(&f.performance)
    }),
    entry(
        "48",
        RESULTS,
        "Results against models without radiomics and with both",
        |f| {
            Answer::all(&[
                (&f.compared_with(), "other models"),
                (&f.comparison, "tests between models"),
                (&f.decision_curve, "clinical utility"),
            ])
        },
    ),
    entry("49", DISCUSSION, "The findings", |_| Answer::open()),
    entry("50", DISCUSSION, "Earlier work and what differs", |_| {
        Answer::open()
    }),
    entry("51", DISCUSSION, "Use in practice", |_| Answer::open()),
    entry("52", DISCUSSION, "Strengths and limitations", |_| {
        Answer::open()
    }),
    entry(
        "53",
        OPEN_DATA,
        "Images with their outlines (recommended, not essential)",
        |f| Answer::from(&f.data_availability()),
    ),
    entry("54", OPEN_DATA, "Values of the features", |f| {
        f.with_authors(&f.feature_files, SHARED)
    }),
    entry(
        "55",
        OPEN_CODE,
        "Settings of processing and extraction",
        |f| f.with_authors(&f.settings_files, SHARED),
    ),
    entry("56", OPEN_CODE, "Code of the models", |f| {
        Answer::from(&f.code_availability)
    }),
    entry("57", OPEN_MODEL, "Files of the final models", |f| {
        f.with_authors(&f.model, SHARED)
    }),
    entry(
        "58",
        OPEN_MODEL,
        "A system ready to use (recommended, not essential)",
        |f| f.with_authors(&f.ready_to_use, SHARED),
    ),
];

/// A file on disk is not yet a file that others can have.
const SHARED: &str = "whether and where it is shared";

fn title(facts: &StudyFacts) -> Answer {
    let quoted = Fact::new(format!("\"{}\"", facts.title));
    if facts.title.to_lowercase().contains("radiomic") {
        Answer::Filled(quoted)
    } else {
        let known = (!facts.title.is_empty()).then_some(quoted);
        Answer::partly(&known, "a title that says radiomics")
    }
}

fn predictors(facts: &StudyFacts) -> Answer {
    match facts.candidates() {
        None if !facts.splits.is_empty() => {
            Answer::not_applicable("the cohort has no predictors besides features of images")
        }
        known => facts.with_authors(&known, "what they are and how they were chosen"),
    }
}

fn imbalance(facts: &StudyFacts) -> Answer {
    let Some(counts) = facts.counts() else {
        return Answer::from(&facts.imbalance);
    };
    let method = match &facts.imbalance {
        Some(fact) => fact.clone(),
        None => Fact::new("the program balanced no classes"),
    };
    Fact::joined(&[&counts, &method]).map_or_else(Answer::open, Answer::Filled)
}

fn reliability(facts: &StudyFacts) -> Answer {
    match facts.reliability() {
        Some(fact) => Answer::Filled(fact),
        None => Answer::left("repeated outlines, of which the program was given none"),
    }
}

fn testing(facts: &StudyFacts) -> Answer {
    if !facts.has_test() && !facts.splits.is_empty() {
        return match &facts.internal_validation {
            Some(fact) => Answer::Filled(fact.clone()),
            None => Answer::left("there is no split for testing and no resampling"),
        };
    }
    facts.with_authors(
        &facts.partition(),
        "which splits come from other institutions",
    )
}

fn measures(facts: &StudyFacts) -> Option<Fact> {
    let known: Vec<&Fact> = [
        &facts.discrimination,
        &facts.calibration,
        &facts.decision_curve,
    ]
    .into_iter()
    .flatten()
    .collect();
    Fact::joined(&known)
}

fn flow(facts: &StudyFacts) -> Answer {
    match &facts.flow {
        Some(_) => facts.with_authors(
            &facts.flow,
            "cases that were considered before the manifest was made",
        ),
        None => Answer::open(),
    }
}
