//! The reader study as a section: every reader without and with assistance, what changed, and agreement.

use eval_stats::baseline::format_p as p_in_words;
use eval_stats::confusion::ClassificationMetrics;
use eval_stats::mcnemar::PairedComparison;
use eval_stats::reader_study::{Condition, ReaderReport, ReaderStudyReport};
use nomogram::format_p;

use super::super::Evaluation;
use super::super::figures::Subject;
use super::text::{NOTHING, interval, shares, with_interval};
use crate::labels::readable;
use crate::report::{Section, Table};

impl Evaluation {
    /// The reader study, if there is one.
    pub fn reader_study_section(&self) -> Option<Section> {
        if self.readers.is_empty() {
            return None;
        }
        let mut section = Section::new("Readers without and with the model");
        for results in &self.readers {
            match &results.report {
                Err(reason) => {
                    section.paragraph(format!(
                        "{}: not evaluated, {reason}.",
                        readable(&results.split)
                    ));
                }
                Ok(report) => {
                    self.reader_tables(&mut section, &readable(&results.split), report);
                }
            }
        }
        self.add_figures(&mut section, "", &[Subject::Readers]);
        Some(section)
    }

    fn reader_tables(&self, section: &mut Section, split: &str, report: &ReaderStudyReport) {
        section.paragraph(format!(
            "{split}: {} patients, {} of them with the event, were read by {} without and with the model's output.{}",
            report.n,
            report.n_events,
            names(report),
            mean_auc(report)
        ));
        section.table(self.condition_table(split, report));
        section.table(changes_table(split, report, &self.ci()));
        if !report.agreement.is_empty() {
            section.table(agreement_table(split, report, &self.ci()));
        }
    }

    fn condition_table(&self, split: &str, report: &ReaderStudyReport) -> Table {
        let ci = self.ci();
        let mut table = Table::new(
            format!("Performance of the readers, {split}: AUC ({ci}); % (x/n) [{ci}]"),
            [
                "Reader",
                "Model's output",
                "AUC",
                "Accuracy",
                "Sensitivity",
                "Specificity",
                "PPV",
                "NPV",
            ],
        );
        for reader in &report.readers {
            for condition in [Condition::Without, Condition::With] {
                let auc = reader.auc.as_ref().map(|auc| match condition {
                    Condition::Without => with_interval(&auc.without, 3),
                    Condition::With => with_interval(&auc.with, 3),
                });
                let metrics: Option<&ClassificationMetrics> =
                    reader.calls.as_ref().map(|calls| match condition {
                        Condition::Without => &calls.without,
                        Condition::With => &calls.with,
                    });
                let head = [
                    readable(&reader.name),
                    condition.to_string(),
                    auc.unwrap_or_else(|| NOTHING.to_owned()),
                ];
                table = table.row(head.into_iter().chain(shares(metrics)));
            }
        }
        table.note("The AUC of calls is the mean of their sensitivity and specificity. Clopper-Pearson intervals.")
    }
}

fn names(report: &ReaderStudyReport) -> String {
    let names: Vec<String> = report.readers.iter().map(|r| readable(&r.name)).collect();
    names.join(", ")
}

/// The mean over readers, in words.
fn mean_auc(report: &ReaderStudyReport) -> String {
    let Some(mean) = &report.mean_auc else {
        return String::new();
    };
    let fixed = &mean.fixed_readers;
    let random = mean
        .random_readers
        .as_ref()
        .map_or_else(String::new, |test| {
            format!(", for readers like these {}", p_in_words(test.p))
        });
    format!(
        " Their mean AUC went from {:.3} to {:.3}, difference {} (method of Obuchowski and Rockette; for these readers {}{random}).",
        mean.without,
        mean.with,
        interval(mean.difference, fixed.low, fixed.high, 3),
        p_in_words(fixed.p)
    )
}

fn changes_table(split: &str, report: &ReaderStudyReport, ci: &str) -> Table {
    let mut table = Table::new(
        format!("Changes with the model's output, {split}"),
        [
            "Reader".to_owned(),
            "Measure".to_owned(),
            format!("Difference ({ci})"),
            "Gained".to_owned(),
            "Lost".to_owned(),
            "P".to_owned(),
        ],
    );
    for reader in &report.readers {
        for row in changes(reader) {
            table = table.row(row);
        }
    }
    table.note("Gained, lost: patients called rightly only with, and only without the model's output. McNemar's exact test; DeLong's paired test for the AUC.")
}

fn changes(reader: &ReaderReport) -> Vec<[String; 6]> {
    let paired = |measure: &str, comparison: &PairedComparison| {
        let difference = &comparison.difference;
        [
            readable(&reader.name),
            measure.to_owned(),
            with_interval(difference, 3),
            comparison.table.only_first.to_string(),
            comparison.table.only_second.to_string(),
            format_p(comparison.test.p_exact),
        ]
    };
    let mut rows = Vec::new();
    if let Some(calls) = &reader.calls {
        rows.push(paired("accuracy", &calls.accuracy));
        rows.extend(calls.sensitivity.iter().map(|c| paired("sensitivity", c)));
        rows.extend(calls.specificity.iter().map(|c| paired("specificity", c)));
    }
    if let Some(auc) = &reader.auc {
        rows.push([
            readable(&reader.name),
            "AUC".to_owned(),
            interval(auc.test.difference, auc.test.low, auc.test.high, 3),
            String::new(),
            String::new(),
            format_p(auc.test.p),
        ]);
    }
    rows
}

fn agreement_table(split: &str, report: &ReaderStudyReport, ci: &str) -> Table {
    Table::new(
        format!("Agreement of readers, {split}"),
        [
            "Model's output".to_owned(),
            "First".to_owned(),
            "Second".to_owned(),
            "Same call, %".to_owned(),
            format!("Kappa ({ci})"),
        ],
    )
    .rows(report.agreement.iter().map(|pair| {
        [
            pair.condition.to_string(),
            readable(&pair.first),
            readable(&pair.second),
            format!("{:.1}", 100.0 * pair.agreement.value),
            pair.kappa.as_ref().map_or(NOTHING.to_owned(), |kappa| {
                interval(kappa.value, kappa.low, kappa.high, 3)
            }),
        ]
    }))
    .note("Cohen's kappa of binary calls.")
}
