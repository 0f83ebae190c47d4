//! One model in all splits, in one table.

use super::super::Evaluation;
use super::super::performance::Performance;
use super::text::{NOTHING, known, with_interval};
use crate::labels::readable;
use crate::report::Table;

/// AUC of a model on patients who were held out of everything, from nested cross-validation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOut {
    /// Mean over folds.
    pub auc: f64,
    /// Standard deviation over folds.
    pub standard_deviation: f64,
}

impl Evaluation {
    /// What a model is worth in every split, and on patients held out if that is known.
    pub fn summary_table(&self, model: &str, held_out: Option<HeldOut>) -> Table {
        let ci = self.ci();
        let mut table = Table::new(
            format!("The final model, {}, in every split", readable(model)),
            [
                "Split".to_owned(),
                "Patients".to_owned(),
                "Events".to_owned(),
                format!("AUC ({ci})"),
                "Sensitivity, %".to_owned(),
                "Specificity, %".to_owned(),
                format!("Calibration slope ({ci})"),
            ],
        );
        let training = &self.input.splits[self.input.training].name;
        let percent = |value: Option<f64>| {
            value.map_or(NOTHING.to_owned(), |value| format!("{:.1}", 100.0 * value))
        };
        for row in self.rows_of(model) {
            let metrics = row.metrics.as_ref().ok();
            let is_training = row.split == *training;
            table = table.row([
                match is_training {
                    true => format!("{} (apparent)", readable(&row.split)),
                    false => readable(&row.split),
                },
                row.n.to_string(),
                row.events.to_string(),
                self.auc(row),
                percent(metrics.and_then(|m| Some(m.sensitivity?.value))),
                percent(metrics.and_then(|m| Some(m.specificity?.value))),
                match is_training {
                    true => NOTHING.to_owned(),
                    false => self.slope(row),
                },
            ]);
            if let (true, Some(held_out)) = (is_training, held_out) {
                let mut cells = vec![NOTHING.to_owned(); 7];
                cells[0] = format!("{} (held out)", readable(&row.split));
                cells[1] = row.n.to_string();
                cells[2] = row.events.to_string();
                cells[3] = format!("{:.3}", held_out.auc);
                table = table.row(cells);
            }
        }
        table.note(self.summary_note(model, held_out))
    }

    fn summary_note(&self, model: &str, held_out: Option<HeldOut>) -> String {
        let mut note =
            "Apparent: in the patients that features and model were chosen on.".to_owned();
        if let Some(HeldOut {
            standard_deviation, ..
        }) = held_out
        {
            note += &format!(
                " Held out: nested cross-validation of the whole study, mean over folds (SD over folds {standard_deviation:.3})."
            );
        }
        let cutoff = self.rows_of(model).find_map(|row| row.cutoff.as_ref().ok());
        if let Some(cutoff) = cutoff {
            note += &format!(
                " Sensitivity and specificity at the cut-off {cutoff:.3}, chosen in {} by {}.",
                readable(&self.input.splits[self.input.training].name),
                self.settings.cutoff.words()
            );
        }
        note + " Calibration slope: ideally 1, below 1 where predictions are too extreme; in the patients of the fit it is 1 by construction."
    }

    /// `0.911 (95% CI 0.812–1.000)`; `None` where there is no AUC.
    pub fn auc_in_words(&self, row: &Performance) -> Option<String> {
        let text = self.auc(row);
        (text != NOTHING).then(|| text.replacen('(', &format!("({} ", self.ci()), 1))
    }

    /// The rows of a model, in the order of the splits.
    pub fn rows_of<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a Performance> {
        self.performance
            .iter()
            .filter(move |row| row.model == model)
    }

    /// An AUC with its interval.
    pub(super) fn auc(&self, row: &Performance) -> String {
        match (&row.interval, &row.auc) {
            (Ok(interval), _) => with_interval(interval, 3),
            (Err(_), Ok(auc)) => format!("{auc:.3}"),
            _ => NOTHING.to_owned(),
        }
    }

    fn slope(&self, row: &Performance) -> String {
        let mut rows = self.calibration.iter();
        let same = rows.find(|other| other.split == row.split && other.model == row.model);
        same.map_or(NOTHING.to_owned(), |row| {
            known(&row.recalibration, |fit| with_interval(&fit.slope, 2))
        })
    }
}
