//! The evaluation as sections of the report.

mod figures;
mod readers;
mod summary;
mod text;

use eval_stats::cutoff::Criterion;
use nomogram::format_p;

use super::comparison::{Measure, Reclassified};
use super::figures::{Subject, signed};
use super::{CutoffRule, Evaluation, ScoreKind};
use crate::labels::readable;
use crate::report::{Section, Table};
use crate::table_file::shortest;
pub use summary::HeldOut;
use text::{NOTHING, decimals3, interval, known, notes, owned, shares, with_interval};

impl Evaluation {
    /// Sections of the report: performance, comparison, calibration, usefulness and, where there are any, readers. Of the figures about a single model
    /// those of `focus` are shown; all are among the files.
    pub fn report_sections(&self, focus: &str) -> Vec<Section> {
        let mut sections = vec![
            self.performance_section(focus),
            self.comparison_section(focus),
            self.calibration_section(focus),
            self.decision_section(focus),
        ];
        if !self.calls.is_empty() {
            sections.push(self.readers_section());
        }
        sections
    }

    /// Adds the figure of the risk groups by a model, if there are any.
    pub fn add_risk_groups(&self, section: &mut Section, model: &str) {
        self.add_figures(section, model, &[Subject::RiskGroups]);
    }

    fn performance_section(&self, focus: &str) -> Section {
        let mut section = Section::new("Performance of the models");
        let training = readable(&self.input.splits[self.input.training].name);
        let rule = match self.settings.cutoff {
            CutoffRule::Found(criterion) => {
                format!("at {} in the split {training}", in_words(criterion))
            }
            CutoffRule::Fixed(value) => format!("at {}", shortest(value)),
        };
        section.paragraph(format!(
            "Cut-offs were fixed {rule} and applied unchanged to every split; a patient is positive if the prediction is at least the cut-off."
        ));
        let ci = self.ci();
        section.table(self.auc_table());
        let mut table = Table::new(
            format!("Classification at the cut-offs: % (x/n) [{ci}]"),
            [
                "Split",
                "Model",
                "Accuracy",
                "Sensitivity",
                "Specificity",
                "PPV",
                "NPV",
            ],
        );
        for row in &self.performance {
            let shares = shares(row.metrics.as_ref().ok());
            table = table.row(
                [readable(&row.split), readable(&row.model)]
                    .into_iter()
                    .chain(shares),
            );
        }
        section.table(table.note(format!(
            "Clopper-Pearson intervals. PPV, NPV: positive and negative predictive value at the share of events of the split.{}",
            notes(self.performance.iter().map(|row| (row.split.as_str(), row.model.as_str(), row.note())))
        )));
        self.add_figures(
            &mut section,
            focus,
            &[
                Subject::Roc,
                Subject::PrecisionRecall,
                Subject::Auc,
                Subject::Confusion,
                Subject::Waterfall,
            ],
        );
        section
    }

    fn auc_table(&self) -> Table {
        let mut table = Table::new(
            "Discrimination of the models",
            [
                "Split".to_owned(),
                "Model".to_owned(),
                "Patients".to_owned(),
                "Events".to_owned(),
                format!("AUC ({})", self.ci()),
                "Cut-off".to_owned(),
            ],
        );
        for row in &self.performance {
            table = table.row([
                readable(&row.split),
                readable(&row.model),
                row.n.to_string(),
                row.events.to_string(),
                self.auc(row),
                known(&row.cutoff, |cutoff| format!("{cutoff:.3}")),
            ]);
        }
        table.note(format!(
            "AUC: area under the ROC curve; intervals by {}.",
            self.settings.auc_interval.words()
        ))
    }

    fn comparison_section(&self, focus: &str) -> Section {
        let mut section = Section::new("Comparison of the models");
        if self.auc_comparisons.is_empty() {
            section.paragraph("There is one model: nothing to compare.");
            return section;
        }
        let ci = self.ci();
        let mut table = Table::new(
            "Differences between AUCs by DeLong's paired test",
            [
                "Split".to_owned(),
                "Model".to_owned(),
                "Against".to_owned(),
                format!("Difference ({ci})"),
                "Z".to_owned(),
                "P".to_owned(),
                "P (Holm)".to_owned(),
            ],
        );
        for row in &self.auc_comparisons {
            table = table.row([
                readable(&row.split),
                readable(&row.first),
                readable(&row.second),
                known(&row.test, |t| interval(t.difference, t.low, t.high, 3)),
                known(&row.test, |t| signed(t.statistic)),
                known(&row.test, |t| format_p(t.p)),
                row.p_holm.map_or(NOTHING.to_owned(), format_p),
            ]);
        }
        let reasons = self
            .auc_comparisons
            .iter()
            .map(|row| (row.split.as_str(), row.first.as_str(), owned(&row.test)));
        section.table(table.note(format!(
            "P (Holm): adjusted over the pairs of a split.{}",
            notes(reasons)
        )));
        section.table(self.reclassification_report());
        self.add_figures(&mut section, focus, &[Subject::Reclassification]);
        section
    }

    fn reclassification_report(&self) -> Table {
        let ci = self.ci();
        let reference = readable(&self.input.models[self.input.reference].name);
        let mut table = Table::new(
            format!("Reclassification against the model {reference}"),
            [
                "Split".to_owned(),
                "Model".to_owned(),
                "Measure".to_owned(),
                format!("Value ({ci})"),
                "P".to_owned(),
                "Events".to_owned(),
                "Non-events".to_owned(),
            ],
        );
        for row in &self.reclassification {
            let (total, parts) = match &row.value {
                Ok(Reclassified::Net(net)) => (
                    Some(net.total),
                    Some((net.events.value, net.non_events.value)),
                ),
                Ok(Reclassified::Integrated(i)) => {
                    (Some(i.idi), Some((i.events.value, i.non_events.value)))
                }
                Err(_) => (None, None),
            };
            let measure = match row.measure {
                Measure::NriOwnCutoffs => "NRI, own cut-offs",
                Measure::NriCommonCutoff => "NRI, cut-off of the new model",
                Measure::NriContinuous => "NRI, continuous",
                Measure::Idi => "IDI",
            };
            let part = |value: Option<f64>| value.map_or(NOTHING.to_owned(), decimals3);
            table = table.row([
                readable(&row.split),
                readable(&row.model),
                measure.to_owned(),
                total.map_or(NOTHING.to_owned(), |t| interval(t.value, t.low, t.high, 3)),
                total.map_or(NOTHING.to_owned(), |t| format_p(t.p)),
                part(parts.map(|p| p.0)),
                part(parts.map(|p| p.1)),
            ]);
        }
        let reasons = self
            .reclassification
            .iter()
            .map(|row| (row.split.as_str(), row.model.as_str(), owned(&row.value)));
        table.note(format!(
            "NRI: net reclassification improvement; at cut-offs its parts are the changes in sensitivity and specificity. The continuous form can be \
             positive for a useless marker in a miscalibrated model: read its parts with the calibration. IDI: integrated discrimination improvement.{}",
            notes(reasons)
        ))
    }

    fn calibration_section(&self, focus: &str) -> Section {
        let mut section = Section::new("Calibration");
        section.table(self.goodness_of_fit_report());
        section.table(self.calibration_report());
        self.add_figures(&mut section, focus, &[Subject::Calibration]);
        section
    }

    fn goodness_of_fit_report(&self) -> Table {
        let mut table = Table::new(
            "Hosmer-Lemeshow test",
            [
                "Split",
                "Model",
                "Groups",
                "χ²",
                "df",
                "P",
                "P (df = groups)",
            ],
        );
        for row in &self.goodness_of_fit {
            table = table.row([
                readable(&row.split),
                readable(&row.model),
                known(&row.test, |t| t.groups.len().to_string()),
                known(&row.test, |t| format!("{:.2}", t.chi_squared)),
                known(&row.test, |t| t.df.to_string()),
                known(&row.test, |t| format_p(t.p)),
                row.external
                    .as_ref()
                    .map_or(NOTHING.to_owned(), |test| known(test, |t| format_p(t.p))),
            ]);
        }
        let reasons = self
            .goodness_of_fit
            .iter()
            .map(|row| (row.split.as_str(), row.model.as_str(), owned(&row.test)));
        table.note(format!(
            "Groups by quantiles of risk. df: groups minus two, as R and SPSS take it on any data; P (df = groups) is for splits in which the model was not fitted.{}",
            notes(reasons)
        ))
    }

    fn calibration_report(&self) -> Table {
        let ci = self.ci();
        let mut table = Table::new(
            "Calibration of the models",
            [
                "Split".to_owned(),
                "Model".to_owned(),
                format!("Slope ({ci})"),
                format!("Calibration in the large ({ci})"),
                format!("Observed/expected ({ci})"),
                "Brier".to_owned(),
                "ICI".to_owned(),
                "Emax".to_owned(),
            ],
        );
        for row in &self.calibration {
            table = table.row([
                readable(&row.split),
                readable(&row.model),
                known(&row.recalibration, |r| with_interval(&r.slope, 2)),
                known(&row.recalibration, |r| with_interval(&r.in_the_large, 2)),
                known(&row.recalibration, |r| {
                    with_interval(&r.observed_expected, 2)
                }),
                known(&row.accuracy, |a| format!("{:.3}", a.brier)),
                known(&row.errors, |e| format!("{:.3}", e.ici)),
                known(&row.errors, |e| format!("{:.3}", e.emax)),
            ]);
        }
        let reasons = self
            .calibration
            .iter()
            .map(|row| (row.split.as_str(), row.model.as_str(), row.note()));
        table.note(format!(
            "Ideal: slope 1, in the large 0, observed/expected 1. In the split that a model was fitted in slope and calibration in the large are ideal by construction. ICI, Emax: mean and largest distance between predicted risk and loess-smoothed event rate.{}",
            notes(reasons)
        ))
    }

    fn decision_section(&self, focus: &str) -> Section {
        /// Thresholds shown in the table, in tenths.
        const SHOWN: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
        let mut section = Section::new("Clinical usefulness");
        let at = |t: f64| {
            self.settings
                .thresholds
                .iter()
                .position(|&x| (x - t).abs() < 1e-9)
        };
        let shown: Vec<(f64, usize)> = SHOWN.iter().filter_map(|&t| Some((t, at(t)?))).collect();
        if !shown.is_empty() {
            let header = ["Split".to_owned(), "Model".to_owned()]
                .into_iter()
                .chain(shown.iter().map(|(t, _)| format!("{:.0}%", 100.0 * t)));
            let mut table = Table::new("Net benefit by threshold of risk", header);
            let mut last_split = None;
            for row in &self.decision {
                if let (Ok(curve), true) = (&row.curve, last_split != Some(&row.split)) {
                    last_split = Some(&row.split);
                    let all = shown
                        .iter()
                        .map(|&(_, k)| decimals3(curve.points[k].net_benefit_all));
                    table = table.row(
                        [readable(&row.split), "Treat all".to_owned()]
                            .into_iter()
                            .chain(all),
                    );
                }
                let cells = shown.iter().map(|&(_, k)| {
                    known(&row.curve, |curve| decimals3(curve.points[k].net_benefit))
                });
                table = table.row(
                    [readable(&row.split), readable(&row.model)]
                        .into_iter()
                        .chain(cells),
                );
            }
            let reasons = self
                .decision
                .iter()
                .map(|row| (row.split.as_str(), row.model.as_str(), owned(&row.curve)));
            section.table(table.note(format!(
                "Treating nobody has net benefit 0.{}",
                notes(reasons)
            )));
        }
        self.add_figures(
            &mut section,
            focus,
            &[
                Subject::DecisionCurves,
                Subject::NetBenefitDifferences,
                Subject::Impact,
            ],
        );
        section
    }

    fn readers_section(&self) -> Section {
        let mut section = Section::new("Readers");
        let readers: Vec<String> = self
            .input
            .models
            .iter()
            .filter(|m| m.kind == ScoreKind::Call)
            .map(|m| readable(&m.name))
            .collect();
        section.paragraph(format!(
            "Binary calls: {}. Models call at their cut-offs. The AUC of a binary call is the mean of its sensitivity and specificity.",
            readers.join(", ")
        ));
        let ci = self.ci();
        let mut table = Table::new(
            "Agreement of calls, and McNemar's exact tests",
            [
                "Split".to_owned(),
                "First".to_owned(),
                "Second".to_owned(),
                format!("Kappa ({ci})"),
                "P, positive calls".to_owned(),
                "P, accuracy".to_owned(),
                "P, sensitivity".to_owned(),
                "P, specificity".to_owned(),
            ],
        );
        for row in &self.calls {
            let tests = row
                .mcnemar
                .iter()
                .map(|(_, test)| known(test, |t| format_p(t.p_exact)));
            let cells = [
                readable(&row.split),
                readable(&row.first),
                readable(&row.second),
                known(&row.kappa, |k| interval(k.value, k.low, k.high, 3)),
            ];
            table = table.row(cells.into_iter().chain(tests));
        }
        let reasons = self
            .calls
            .iter()
            .map(|row| (row.split.as_str(), row.first.as_str(), owned(&row.kappa)));
        section.table(table.note(notes(reasons).trim_start().to_owned()));
        section
    }

    /// `95% CI`.
    fn ci(&self) -> String {
        format!(
            "{}% CI",
            shortest((self.settings.level * 1e8).round() / 1e6)
        )
    }
}

/// What a cut-off was chosen by.
fn in_words(criterion: Criterion) -> String {
    match criterion {
        Criterion::ClosestToCorner => "the point closest to the corner of the ROC curve".to_owned(),
        Criterion::MinSensitivity(least) => format!(
            "the largest specificity with a sensitivity of at least {}",
            shortest(least)
        ),
        Criterion::MinSpecificity(least) => format!(
            "the largest sensitivity with a specificity of at least {}",
            shortest(least)
        ),
        _ => "the largest sensitivity + specificity".to_owned(),
    }
}
