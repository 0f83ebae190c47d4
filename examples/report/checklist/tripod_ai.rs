//! TRIPOD+AI: Collins GS, Moons KGM, Dhiman P, et al. BMJ 2024;385:e078378, checklist of 11 January 2024.
//!
//! The studies of this workspace develop and evaluate models, so that items for either concern them.

use super::facts::{Fact, StudyFacts};
use super::{Answer, Entry};

const TITLE: &str = "Title";
const ABSTRACT: &str = "Abstract";
const INTRODUCTION: &str = "Introduction";
const METHODS: &str = "Methods";
const OPEN_SCIENCE: &str = "Open science";
const INVOLVEMENT: &str = "Patient and public involvement";
const RESULTS: &str = "Results";
const DISCUSSION: &str = "Discussion";

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
pub(super) const ENTRIES: [Entry; 52] = [
    entry(
        "1",
        TITLE,
        "Development or evaluation of a prediction model, population and outcome named",
        title,
    ),
    entry(
        "2",
        ABSTRACT,
        "Abstract after the TRIPOD+AI list for abstracts",
        |_| Answer::open(),
    ),
    entry(
        "3a",
        INTRODUCTION,
        "Medical context, diagnostic or prognostic; why a model; models that exist",
        |_| Answer::open(),
    ),
    entry(
        "3b",
        INTRODUCTION,
        "Target population, purpose in the care pathway, users",
        |_| Answer::open(),
    ),
    entry(
        "3c",
        INTRODUCTION,
        "Known health inequalities between groups",
        StudyFacts::of_people,
    ),
    entry(
        "4",
        INTRODUCTION,
        "Objectives: development, validation or both",
        |_| Answer::open(),
    ),
    entry(
        "5a",
        METHODS,
        "Sources of the data of development and evaluation, and how representative they are",
        |f| {
            f.with_authors(
                &f.data_source(),
                "kind of the sources, why they were used, how representative they are",
            )
        },
    ),
    entry(
        "5b",
        METHODS,
        "Dates of accrual and of the end of follow-up",
        StudyFacts::of_people,
    ),
    entry(
        "6a",
        METHODS,
        "Setting, number and location of centers",
        StudyFacts::of_people,
    ),
    entry("6b", METHODS, "Eligibility criteria", |f| {
        f.of_people_partly(&f.exclusions(), "criteria for entering the manifest")
    }),
    entry(
        "6c",
        METHODS,
        "Treatments received and how they were handled",
        StudyFacts::of_people,
    ),
    entry(
        "7",
        METHODS,
        "Preparation and quality checks of the data",
        preparation,
    ),
    entry(
        "8a",
        METHODS,
        "Outcome: definition, time horizon, assessment, reasons",
        |f| {
            f.with_authors(
                &f.outcome,
                "definition, time horizon, how and when it was assessed, why it was chosen",
            )
        },
    ),
    entry(
        "8b",
        METHODS,
        "Who judged the outcome, if judgment was needed",
        StudyFacts::of_people,
    ),
    entry(
        "8c",
        METHODS,
        "Blinding of the assessment of the outcome",
        StudyFacts::of_people,
    ),
    entry(
        "9a",
        METHODS,
        "Choice of the first predictors, selection before modeling",
        |f| {
            f.with_authors(
                &joined(&[&f.candidates(), &f.selection]),
                "why these candidates were collected",
            )
        },
    ),
    entry(
        "9b",
        METHODS,
        "Definition of every predictor, how and when it was measured, blinding",
        |f| {
            f.with_authors(
                &joined(&[&f.candidates(), &f.extraction]),
                "how and when predictors were measured, blinding",
            )
        },
    ),
    entry(
        "9c",
        METHODS,
        "Who judged predictors, if judgment was needed",
        StudyFacts::of_people,
    ),
    entry("10", METHODS, "Sample size and its justification", |f| {
        f.with_authors(
            &f.counts(),
            "how the size was arrived at, and whether it suffices",
        )
    }),
    entry(
        "11",
        METHODS,
        "Missing data, reasons for leaving data out",
        missing,
    ),
    entry(
        "12a",
        METHODS,
        "Use of the data for development and evaluation, partition",
        |f| Answer::from(&f.partition()),
    ),
    entry(
        "12b",
        METHODS,
        "Handling of predictors: functional form, scaling, transformation",
        |f| {
            Answer::all(&[
                (&f.predictor_form, "functional form of predictors"),
                (&f.scaling, "scaling"),
            ])
        },
    ),
    entry(
        "12c",
        METHODS,
        "Kind of model, steps of its building, tuning, internal validation",
        |f| {
            Answer::all(&[
                (&f.modeling, "kind of model and steps of building"),
                (&f.tuning, "tuning"),
                (
                    &f.internal_validation,
                    "internal validation of the whole recipe",
                ),
            ])
        },
    ),
    entry(
        "12d",
        METHODS,
        "Heterogeneity between clusters such as hospitals",
        |f| Answer::from(&f.clusters),
    ),
    entry(
        "12e",
        METHODS,
        "Measures and plots of performance, comparison of models",
        |f| {
            Answer::all(&[
                (&f.discrimination, "discrimination"),
                (&f.calibration, "calibration"),
                (&f.decision_curve, "clinical utility"),
                (&f.comparison, "comparison of models"),
            ])
        },
    ),
    entry(
        "12f",
        METHODS,
        "Updating of the model after evaluation",
        updating,
    ),
    entry(
        "12g",
        METHODS,
        "How predictions were computed for evaluation",
        |f| Answer::from(&f.prediction),
    ),
    entry(
        "13",
        METHODS,
        "Methods against class imbalance",
        |f| match &f.imbalance {
            Some(fact) => Answer::Filled(fact.clone()),
            None => Answer::not_applicable("the program balanced no classes"),
        },
    ),
    entry("14", METHODS, "Approaches to fairness", |_| Answer::open()),
    entry(
        "15",
        METHODS,
        "Output of the model; classes and how their thresholds were found",
        |f| Answer::from(&f.thresholds),
    ),
    entry(
        "16",
        METHODS,
        "Differences between the data of development and evaluation",
        differences,
    ),
    entry(
        "17",
        METHODS,
        "Ethics committee, consent or its waiver",
        StudyFacts::of_people,
    ),
    entry(
        "18a",
        OPEN_SCIENCE,
        "Funding and the role of funders",
        |_| Answer::open(),
    ),
    entry("18b", OPEN_SCIENCE, "Conflicts of interest", |_| {
        Answer::open()
    }),
    entry(
        "18c",
        OPEN_SCIENCE,
        "Protocol, or that there was none",
        |_| Answer::open(),
    ),
    entry(
        "18d",
        OPEN_SCIENCE,
        "Registration, or that there was none",
        |_| Answer::open(),
    ),
    entry("18e", OPEN_SCIENCE, "Availability of the data", |f| {
        Answer::from(&f.data_availability())
    }),
    entry("18f", OPEN_SCIENCE, "Availability of the code", |f| {
        Answer::from(&f.code_availability)
    }),
    entry(
        "19",
        INVOLVEMENT,
        "Involvement of patients and the public, or that there was none",
        |_| Answer::open(),
    ),
    entry(
        "20a",
        RESULTS,
        "Flow of participants, with and without the outcome, follow-up",
        flow,
    ),
    entry(
        "20b",
        RESULTS,
        "Characteristics overall and by source: dates, predictors, treatments, events, missing values",
        |f| {
            f.with_authors(
                &f.baseline,
                "dates, treatments, follow-up, differences between demographic groups",
            )
        },
    ),
    entry(
        "20c",
        RESULTS,
        "Distribution of predictors in evaluation beside development",
        compared,
    ),
    entry(
        "21",
        RESULTS,
        "Participants and events in each analysis",
        |f| Answer::from(&f.counts()),
    ),
    entry(
        "22",
        RESULTS,
        "The full model, so that others can use it; restrictions",
        |f| f.with_authors(&f.model, "restrictions of access and re-use"),
    ),
    entry(
        "23a",
        RESULTS,
        "Performance with intervals, also in key subgroups",
        |f| {
            Answer::all(&[
                (&f.performance, "performance"),
                (&f.subgroups, "key subgroups"),
            ])
        },
    ),
    entry(
        "23b",
        RESULTS,
        "Heterogeneity of performance between clusters, if examined",
        |f| match &f.clusters {
            Some(fact) => Answer::Filled(fact.clone()),
            None => Answer::not_applicable("it was not examined"),
        },
    ),
    entry(
        "24",
        RESULTS,
        "The updated model and its performance",
        updating,
    ),
    entry(
        "25",
        DISCUSSION,
        "Interpretation, fairness, earlier studies",
        |_| Answer::open(),
    ),
    entry(
        "26",
        DISCUSSION,
        "Limitations and what they do to bias, uncertainty and generalizability",
        |_| Answer::open(),
    ),
    entry(
        "27a",
        DISCUSSION,
        "Poor or missing input when the model is used",
        |f| Answer::from(&f.input_checks),
    ),
    entry(
        "27b",
        DISCUSSION,
        "What users have to do, and what they must know for it",
        |_| Answer::open(),
    ),
    entry(
        "27c",
        DISCUSSION,
        "Next steps of research, applicability and generalizability",
        |_| Answer::open(),
    ),
];

fn joined(facts: &[&Option<Fact>]) -> Option<Fact> {
    let known: Vec<&Fact> = facts.iter().filter_map(|fact| fact.as_ref()).collect();
    Fact::joined(&known)
}

fn title(facts: &StudyFacts) -> Answer {
    let known = (!facts.title.is_empty()).then(|| Fact::new(format!("\"{}\"", facts.title)));
    Answer::partly(
        &known,
        "whether the title names task, population and outcome",
    )
}

fn preparation(facts: &StudyFacts) -> Answer {
    let known = joined(&[&facts.checks, &facts.preprocessing]);
    facts.with_authors(
        &known,
        "preparation before the manifest, and whether it was the same for all groups",
    )
}

fn missing(facts: &StudyFacts) -> Answer {
    match &facts.missing {
        Some(missing) => {
            let excluded = facts.exclusions();
            let known: Vec<&Fact> = [Some(missing), excluded.as_ref()]
                .into_iter()
                .flatten()
                .collect();
            Fact::joined(&known).map_or_else(Answer::open, Answer::Filled)
        }
        None => Answer::open(),
    }
}

fn updating(facts: &StudyFacts) -> Answer {
    match &facts.updating {
        Some(fact) => Answer::Filled(fact.clone()),
        None => Answer::not_applicable("models were applied unchanged"),
    }
}

fn differences(facts: &StudyFacts) -> Answer {
    if facts.has_test() || facts.splits.is_empty() {
        facts.with_authors(
            &facts.baseline,
            "differences of setting, eligibility, outcome and predictors",
        )
    } else {
        Answer::not_applicable("there is no split for evaluation")
    }
}

fn flow(facts: &StudyFacts) -> Answer {
    let known = joined(&[&facts.exclusions(), &facts.counts()]);
    facts.with_authors(&known, "flow before the manifest, follow-up")
}

fn compared(facts: &StudyFacts) -> Answer {
    if facts.has_test() || facts.splits.is_empty() {
        Answer::from(&facts.baseline)
    } else {
        Answer::not_applicable("there is no split for evaluation")
    }
}
