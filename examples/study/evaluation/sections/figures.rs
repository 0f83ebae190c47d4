//! The figures of the sections: one for each subject, its panels the splits.

use super::super::figures::{Figure, Subject};
use super::super::{CutoffRule, Evaluation};
use crate::labels::readable;
use crate::report::{Figure as Drawing, Panel, Section};

impl Evaluation {
    /// Adds a figure for each subject that has any. Of the drawings about a single model those of `focus` are panels.
    pub(super) fn add_figures(&self, section: &mut Section, focus: &str, subjects: &[Subject]) {
        for &subject in subjects {
            let is_shown = |figure: &&Figure| {
                figure.subject == subject && figure.model.as_deref().is_none_or(|m| m == focus)
            };
            let panels: Vec<Panel> = self.figures.iter().filter(is_shown).map(panel).collect();
            if !panels.is_empty() {
                let caption = self.caption(subject, focus);
                section.drawing(Drawing::of_panels(panels, caption));
            }
        }
    }

    fn caption(&self, subject: Subject, focus: &str) -> String {
        let model = readable(focus);
        let reference = readable(&self.input.models[self.input.reference].name);
        let dots = match self.settings.cutoff {
            CutoffRule::Found(_) => "the cut-offs fixed on the training split",
            CutoffRule::Fixed(_) => "the fixed cut-offs",
        };
        match subject {
            Subject::Roc => {
                let arrows = match self.readers.is_empty() {
                    true => "",
                    false => {
                        " Arrows lead from a reader without to the same reader with the model's output."
                    }
                };
                format!("ROC curves of all models in every split. Dots: {dots}.{arrows}")
            }
            Subject::PrecisionRecall => {
                "Precision-recall curves of all models in every split. Dashed: prevalence."
                    .to_owned()
            }
            Subject::Auc => {
                "AUC of every model in every split, with confidence intervals.".to_owned()
            }
            Subject::Confusion => format!(
                "Predictions against outcomes at {dots}, in every split. Percentages are of all with the same outcome."
            ),
            Subject::RiskGroups => {
                format!("Events among patients of low and of high risk by the model {model}.")
            }
            Subject::Waterfall => format!(
                "Every patient by the prediction of the model {model} minus its cut-off, in every split."
            ),
            Subject::Calibration => format!(
                "Calibration of the model {model} in every split: groups of risk with confidence intervals, smoothed curve, predicted risks by outcome."
            ),
            Subject::DecisionCurves => "Decision curves of all models in every split.".to_owned(),
            Subject::NetBenefitDifferences => format!(
                "Net benefit minus that of the model {reference} in every split, with paired bootstrap limits."
            ),
            Subject::Impact => format!(
                "Clinical impact of the model {model} in every split, per {} patients.",
                self.settings.population
            ),
            Subject::Reclassification => format!(
                "Risks by the model {model} against those by the model {reference}, in every split. Lines: the cut-off of the model {model}."
            ),
            Subject::Readers => {
                "Every reader without and with the model's output, with confidence intervals."
                    .to_owned()
            }
        }
    }
}

fn panel(figure: &Figure) -> Panel {
    let panel = Panel::new(figure.svg.as_str()).alt(figure.alt.as_str());
    match &figure.narrow {
        Some(narrow) => panel.narrow(narrow.as_str()),
        None => panel,
    }
}
