//! How a model is shown: labels, units, values of interacting numbers, groups of risk.

use clap::Args;
use nomogram::{Nomogram, NomogramSettings, RiskGroups, RiskModel};

use super::readable;
use super::table::split_all;
use crate::program::WrongUsage;

/// How a model is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Presentation {
    /// Labels of predictors, where the readable column name will not do.
    pub labels: Vec<(String, String)>,
    /// Units of predictors.
    pub units: Vec<(String, String)>,
    /// Values at which an interacting number is held.
    pub given: Vec<(String, Vec<f64>)>,
    /// Groups of risk.
    pub groups: Option<RiskGroups>,
}

impl Presentation {
    /// The label of a predictor.
    pub fn label(&self, predictor: &str) -> String {
        let own = self.labels.iter().find(|(column, _)| column == predictor);
        own.map_or_else(|| readable(predictor), |(_, label)| label.clone())
    }

    /// These choices where there are some, else those of a study.
    pub fn or(mut self, study: &Self) -> Self {
        let fill = |own: &mut Vec<(String, String)>, others: &[(String, String)]| {
            for (column, text) in others {
                if own.iter().all(|(known, _)| known != column) {
                    own.push((column.clone(), text.clone()));
                }
            }
        };
        fill(&mut self.labels, &study.labels);
        fill(&mut self.units, &study.units);
        self
    }

    /// The label of a predictor with its unit.
    pub fn labeled(&self, predictor: &str) -> String {
        let label = self.label(predictor);
        match self.units.iter().find(|(column, _)| column == predictor) {
            Some((_, unit)) => format!("{label} ({unit})"),
            None => label,
        }
    }

    /// The nomogram of a model, its predictors labeled.
    ///
    /// # Errors
    /// What [`Nomogram::new`] refuses.
    pub fn nomogram(&self, model: &RiskModel) -> nomogram::Result<Nomogram> {
        let mut settings = NomogramSettings::new();
        let names = model.predictor_names();
        for predictor in &names {
            settings = settings.label(predictor, self.label(predictor));
        }
        // A predictor that left the model needs no values.
        for (predictor, values) in self.given.iter().filter(|(p, _)| names.contains(p)) {
            settings = settings.given(predictor, values);
        }
        Nomogram::new(model, &settings)
    }
}

/// The options that say how a model is shown.
#[derive(Debug, Clone, Args)]
pub struct PresentationOptions {
    /// Label of a predictor in figures and on the page; by default its readable name.
    #[arg(long, value_name = "COL:TEXT")]
    pub label: Vec<String>,
    /// Unit of a predictor.
    #[arg(long, value_name = "COL:UNIT")]
    pub unit: Vec<String>,
    /// Values at which an interacting number is held, one axis for each; by default its few values or quartiles.
    #[arg(long, value_name = "COL:V1,V2")]
    pub given: Vec<String>,
    /// Risks that divide groups of risk, colored on the nomogram.
    #[arg(long, value_name = "RISKS", value_delimiter = ',')]
    pub risk_groups: Vec<f64>,
}

impl PresentationOptions {
    /// The options for a model with these predictors.
    ///
    /// # Errors
    /// An option about something that is no predictor, or without its text; risks that do not increase between 0 and 1.
    pub fn read(&self, predictors: &[String]) -> anyhow::Result<Presentation> {
        let texts = |option: &str, entries: &[String]| -> anyhow::Result<Vec<(String, String)>> {
            split_all(option, entries, predictors)?
                .into_iter()
                .map(|(column, text)| match text {
                    Some(text) if !text.is_empty() => Ok((column, text)),
                    _ => Err(WrongUsage(format!(
                        "{option} {column}: expected COL:TEXT, found no text"
                    ))
                    .into()),
                })
                .collect()
        };
        let numbers = |(column, text): (String, String)| {
            let values: Result<Vec<f64>, _> = text.split(',').map(|v| v.trim().parse()).collect();
            match values {
                Ok(values) => Ok((column, values)),
                Err(_) => Err(WrongUsage(format!(
                    "--given {column}: expected COL:V1,V2, found {text:?}"
                ))),
            }
        };
        let groups = match self.risk_groups[..] {
            [] => None,
            ref cutoffs => Some(
                RiskGroups::new(cutoffs)
                    .map_err(|error| WrongUsage(format!("--risk-groups: {error}")))?,
            ),
        };
        Ok(Presentation {
            labels: texts("--label", &self.label)?,
            units: texts("--unit", &self.unit)?,
            given: texts("--given", &self.given)?
                .into_iter()
                .map(numbers)
                .collect::<Result<_, _>>()?,
            groups,
        })
    }

    /// As options of a run's record.
    pub fn record(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("label", self.label.clone()),
            ("unit", self.unit.clone()),
            ("given", self.given.clone()),
            (
                "risk_groups",
                self.risk_groups.iter().map(f64::to_string).collect(),
            ),
        ]
    }
}
