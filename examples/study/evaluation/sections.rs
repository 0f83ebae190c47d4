//! The evaluation as sections of the report.

mod readers;

use eval_stats::Estimate;
use eval_stats::cutoff::Criterion;
use eval_stats::proportion::Proportion;

use super::comparison::{Measure, Reclassified};
use super::figures::{Figure, Subject, signed};
use super::strata::reason;
use super::{CutoffRule, Evaluation, Known, ScoreKind};
use crate::report::{Section, Table};
use crate::table_file::shortest;

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

    fn performance_section(&self, focus: &str) -> Section {
        let mut section = Section::new("Performance of the models");
        let training = &self.input.splits[self.input.training].name;
        let rule = match self.settings.cutoff {
            CutoffRule::Found(criterion) => {
                format!("at {} of split \"{training}\"", in_words(criterion))
            }
            CutoffRule::Fixed(value) => format!("at {}", shortest(value)),
        };
        section.paragraph(format!(
            "Cut-offs were fixed {rule} and applied unchanged to every split; a case is positive if its value is at least the cut-off."
        ));
        let ci = self.ci();
        section.table(self.auc_table());
        let mut table = Table::new(
            format!("Classification at the cut-offs fixed on split \"{training}\": % (x/n) [{ci}]"),
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
            let metrics = row.metrics.as_ref().ok();
            let shares = [
                metrics.and_then(|m| m.accuracy),
                metrics.and_then(|m| m.sensitivity),
                metrics.and_then(|m| m.specificity),
                metrics.and_then(|m| m.ppv),
                metrics.and_then(|m| m.npv),
            ];
            table = table.row(
                [row.split.clone(), row.model.clone()]
                    .into_iter()
                    .chain(shares.map(share)),
            );
        }
        section.table(table.note(format!(
            "Clopper-Pearson intervals. PPV, NPV: predictive values at the share of events of the split.{}",
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
                Subject::RiskGroups,
                Subject::Waterfall,
            ],
        );
        section
    }

    fn auc_table(&self) -> Table {
        let mut table = Table::new(
            "Discrimination",
            [
                "Split".to_owned(),
                "Model".to_owned(),
                "n".to_owned(),
                "Events".to_owned(),
                format!("AUC ({})", self.ci()),
                "Cut-off".to_owned(),
            ],
        );
        for row in &self.performance {
            let auc = match (&row.interval, &row.auc) {
                (Ok(interval), _) => with_interval(interval, 3),
                (Err(_), Ok(auc)) => format!("{auc:.3}"),
                _ => NOTHING.to_owned(),
            };
            table = table.row([
                row.split.clone(),
                row.model.clone(),
                row.n.to_string(),
                row.events.to_string(),
                auc,
                known(&row.cutoff, |cutoff| format!("{cutoff:.3}")),
            ]);
        }
        let method = self
            .performance
            .iter()
            .find_map(|row| Some(row.interval.as_ref().ok()?.method.to_string()));
        table.note(method.map_or(String::new(), |method| {
            format!("Interval of the AUC: {method}.")
        }))
    }

    fn comparison_section(&self, focus: &str) -> Section {
        let mut section = Section::new("Comparison of the models");
        if self.auc_comparisons.is_empty() {
            section.paragraph("There is one model: nothing to compare.");
            return section;
        }
        let ci = self.ci();
        let mut table = Table::new(
            "DeLong's paired test between AUCs",
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
                row.split.clone(),
                row.first.clone(),
                row.second.clone(),
                known(&row.test, |t| interval(t.difference, t.low, t.high, 3)),
                known(&row.test, |t| signed(t.statistic)),
                known(&row.test, |t| p_value(t.p)),
                row.p_holm.map_or(NOTHING.to_owned(), p_value),
            ]);
        }
        let reasons = self
            .auc_comparisons
            .iter()
            .map(|row| (row.split.as_str(), row.first.as_str(), owned(&row.test)));
        section.table(table.note(format!(
            "Holm's adjustment over the pairs of a split.{}",
            notes(reasons)
        )));
        section.table(self.reclassification_report());
        self.add_figures(&mut section, focus, &[Subject::Reclassification]);
        section
    }

    fn reclassification_report(&self) -> Table {
        let ci = self.ci();
        let reference = &self.input.models[self.input.reference].name;
        let mut table = Table::new(
            format!("Reclassification against \"{reference}\""),
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
                row.split.clone(),
                row.model.clone(),
                measure.to_owned(),
                total.map_or(NOTHING.to_owned(), |t| interval(t.value, t.low, t.high, 3)),
                total.map_or(NOTHING.to_owned(), |t| p_value(t.p)),
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
                row.split.clone(),
                row.model.clone(),
                known(&row.test, |t| t.groups.len().to_string()),
                known(&row.test, |t| format!("{:.2}", t.chi_squared)),
                known(&row.test, |t| t.df.to_string()),
                known(&row.test, |t| p_value(t.p)),
                row.external
                    .as_ref()
                    .map_or(NOTHING.to_owned(), |test| known(test, |t| p_value(t.p))),
            ]);
        }
        let reasons = self
            .goodness_of_fit
            .iter()
            .map(|row| (row.split.as_str(), row.model.as_str(), owned(&row.test)));
        table.note(format!(
            "Groups by quantiles of risk. df is groups minus two, as R and SPSS have on any data; where a model was not fitted it has as many as groups.{}",
            notes(reasons)
        ))
    }

    fn calibration_report(&self) -> Table {
        let ci = self.ci();
        let mut table = Table::new(
            "Calibration of predicted risks",
            [
                "Split".to_owned(),
                "Model".to_owned(),
                format!("Slope ({ci})"),
                format!("In the large ({ci})"),
                format!("Observed/expected ({ci})"),
                "Brier".to_owned(),
                "ICI".to_owned(),
                "Emax".to_owned(),
            ],
        );
        for row in &self.calibration {
            table = table.row([
                row.split.clone(),
                row.model.clone(),
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
            "Ideal: slope 1, in the large 0, observed/expected 1. ICI, Emax: mean and largest distance between predicted risk and loess-smoothed event rate.{}",
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
                .chain(shown.iter().map(|(t, _)| format!("{t:.1}")));
            let mut table = Table::new("Net benefit at risk thresholds", header);
            let mut last_split = None;
            for row in &self.decision {
                if let (Ok(curve), true) = (&row.curve, last_split != Some(&row.split)) {
                    last_split = Some(&row.split);
                    let all = shown
                        .iter()
                        .map(|&(_, k)| decimals3(curve.points[k].net_benefit_all));
                    table = table.row(
                        [row.split.clone(), "treat all".to_owned()]
                            .into_iter()
                            .chain(all),
                    );
                }
                let cells = shown.iter().map(|&(_, k)| {
                    known(&row.curve, |curve| decimals3(curve.points[k].net_benefit))
                });
                table = table.row(
                    [row.split.clone(), row.model.clone()]
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
        let readers: Vec<&str> = self
            .input
            .models
            .iter()
            .filter(|m| m.kind == ScoreKind::Call)
            .map(|m| m.name.as_str())
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
                .map(|(_, test)| known(test, |t| p_value(t.p_exact)));
            let cells = [
                row.split.clone(),
                row.first.clone(),
                row.second.clone(),
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

    fn add_figures(&self, section: &mut Section, focus: &str, subjects: &[Subject]) {
        let is_shown = |figure: &&Figure| figure.model.as_deref().is_none_or(|m| m == focus);
        for subject in subjects {
            let of_subject = self.figures.iter().filter(|f| f.subject == *subject);
            for figure in of_subject.filter(is_shown) {
                section.figure(figure.svg.as_str(), figure.caption.as_str());
            }
        }
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

/// A cell without a value.
const NOTHING: &str = "–";

fn known<T>(value: &Known<T>, show: impl Fn(&T) -> String) -> String {
    value.as_ref().map_or(NOTHING.to_owned(), show)
}

fn owned<T>(value: &Known<T>) -> String {
    reason(value).unwrap_or_default().to_owned()
}

/// The reasons of empty cells, each with where it holds, as sentences with a leading blank.
fn notes<'a>(rows: impl Iterator<Item = (&'a str, &'a str, String)>) -> String {
    let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
    for (split, model, why) in rows.filter(|(_, _, why)| !why.is_empty()) {
        let place = format!("{split}, {model}");
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, places)) if places.contains(&place) => {}
            Some((_, places)) => places.push(place),
            None => by_reason.push((why, vec![place])),
        }
    }
    by_reason
        .into_iter()
        .map(|(why, places)| format!(" {} ({}).", capitalized(&why), places.join("; ")))
        .collect()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn share(proportion: Option<Proportion>) -> String {
    proportion.map_or(NOTHING.to_owned(), |p| {
        format!(
            "{:.1} ({}/{}) [{:.1}–{:.1}]",
            100.0 * p.value,
            p.successes,
            p.n,
            100.0 * p.low,
            100.0 * p.high
        )
    })
}

fn with_interval(estimate: &Estimate, digits: usize) -> String {
    interval(estimate.value, estimate.low, estimate.high, digits)
}

/// `0.906 (0.876, 0.935)`.
fn interval(value: f64, low: f64, high: f64, digits: usize) -> String {
    let shown = |v: f64| minus(format!("{v:.digits$}"));
    format!("{} ({}, {})", shown(value), shown(low), shown(high))
}

fn decimals3(value: f64) -> String {
    minus(format!("{value:.3}"))
}

/// A proper minus sign, and none on zero.
fn minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}
