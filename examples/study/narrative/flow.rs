//! Flow of cases, who was left out, and how columns were understood.

use super::super::baseline::Baseline;
use super::super::modeling::readable;
use super::super::outlines::Outline;
use super::super::pipeline::Study;
use crate::cohort::{ClinicalValues, Cohort};
use crate::report::{Flow, FlowSplit, Section, SplitRole, Table};
use crate::table_file::shortest;

/// The section on the patients.
pub(super) fn cohort_section(study: &Study, baseline: &[Baseline]) -> anyhow::Result<Section> {
    let cohort = &study.cohort;
    let mut section = Section::new("Patients");
    let regions: Vec<String> = cohort.regions.iter().map(|r| readable(r)).collect();
    section.paragraph(format!(
        "{} patients with {} each: {}. Everything was fitted in the split {} and applied unchanged to the others.",
        cohort.patients.len(),
        match regions.len() {
            1 => "one outlined region".to_owned(),
            n => format!("{n} outlined regions"),
        },
        regions.join(", "),
        readable(&cohort.training().name)
    ));
    section.flow(
        &flow(study),
        "Flow of patients from the manifest to the splits.",
    )?;
    for baseline in baseline {
        section.table(baseline.table());
    }
    failed_cases(&mut section, study);
    if !cohort.clinical.is_empty() {
        section.table(columns_table(cohort));
    }
    if !cohort.descriptive.is_empty() {
        section.paragraph("Columns that are not predictors:");
        let columns = cohort.descriptive.iter();
        section.list(columns.map(|column| format!("{}: {}", column.name, column.reason)));
    }
    Ok(section)
}

fn flow(study: &Study) -> Flow {
    let cohort = &study.cohort;
    let mut flow = Flow::new(cohort.n_listed()).source("Patients in the manifest");
    let mut kinds: Vec<&str> = Vec::new();
    for patient in &cohort.excluded {
        if !kinds.contains(&patient.reason.kind()) {
            kinds.push(patient.reason.kind());
        }
    }
    for kind in kinds {
        let of_kind = cohort.excluded.iter().filter(|p| p.reason.kind() == kind);
        flow = flow.excluded(kind, of_kind.count());
    }
    for (k, split) in cohort.splits.iter().enumerate() {
        let role = match k {
            0 => SplitRole::Training,
            _ => SplitRole::Test,
        };
        let mut part = FlowSplit::new(
            readable(&split.name),
            role,
            split.patients.len(),
            split.n_events,
        );
        let repeated = split.patients.iter().filter(|&&row| {
            let mut regions = cohort.patients[row].regions.iter();
            regions.any(|files| files.masks().count() > 1)
        });
        let repeated = repeated.count();
        if repeated > 0 {
            part = part.line(format!("outlined again: {repeated}"));
        }
        flow = flow.split(part);
    }
    flow
}

fn failed_cases(section: &mut Section, study: &Study) {
    let excluded = &study.cohort.excluded;
    if excluded.is_empty() && study.failed_repeats.is_empty() {
        section.paragraph("No patient was left out.");
        return;
    }
    if !excluded.is_empty() {
        section.table(excluded_table(study));
    }
    if !study.failed_repeats.is_empty() {
        section.table(
            Table::new(
                "Repeated outlines left out",
                ["Patient", "Region", "Reason"],
            )
            .rows(
                study
                    .failed_repeats
                    .iter()
                    .map(|f| [f.patient.clone(), readable(&f.region), f.reason.clone()]),
            ),
        );
    }
}

/// Who was left out, by reason and split.
fn excluded_table(study: &Study) -> Table {
    let mut groups: Vec<(String, &str, Vec<&str>)> = Vec::new();
    for patient in &study.cohort.excluded {
        let (reason, split) = (patient.reason.to_string(), patient.split.as_str());
        let mut known = groups.iter_mut();
        match known.find(|(r, s, _)| *r == reason && *s == split) {
            Some((_, _, patients)) => patients.push(&patient.id),
            None => groups.push((reason, split, vec![&patient.id])),
        }
    }
    Table::new("Patients left out", ["Reason", "Split", "n", "Patients"]).rows(
        groups.into_iter().map(|(reason, split, patients)| {
            [
                reason,
                readable(split),
                patients.len().to_string(),
                patients.join(", "),
            ]
        }),
    )
}

/// How every clinical column was understood, for checking.
fn columns_table(cohort: &Cohort) -> Table {
    Table::new(
        "Clinical columns",
        ["Column", "Label", "Kind", "Unit", "Reference", "Values"],
    )
    .rows(cohort.clinical.iter().map(|column| {
        let (kind, reference, values) = match &column.values {
            ClinicalValues::Numeric(values) => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let range = format!("{} to {}", shortest(low), shortest(high));
                ("number", String::new(), range)
            }
            ClinicalValues::Categorical { levels, .. } => {
                ("category", levels[0].clone(), levels.join(", "))
            }
        };
        [
            column.name.clone(),
            column.label(),
            kind.to_owned(),
            column.unit.clone().unwrap_or_default(),
            reference,
            values,
        ]
    }))
    .note("As the program understood them. Kinds, units and reference levels can be given in a cohort file; columns.yaml beside this report is one that says what stands here.")
}

/// Training patients with a repeated outline, in the largest comparison.
pub(super) fn n_repeated(study: &Study) -> usize {
    let cases = study.regions.iter().flat_map(|region| {
        let comparisons = region.selection.reliability.iter();
        comparisons.map(|comparison| comparison.n)
    });
    cases.max().unwrap_or(0)
}

/// The outlines there are, in words.
pub(super) fn outline_kinds(study: &Study) -> String {
    let has = |outline: Outline| {
        let mut patients = study.cohort.patients.iter();
        patients.any(|patient| {
            patient.regions.iter().any(|files| match outline {
                Outline::First => true,
                Outline::Inter => files.mask_inter.is_some(),
                Outline::Intra => files.mask_intra.is_some(),
            })
        })
    };
    match (has(Outline::Inter), has(Outline::Intra)) {
        (true, true) => "between and within readers",
        (true, false) => "between readers",
        (false, true) => "within readers",
        (false, false) => "not repeated",
    }
    .to_owned()
}
