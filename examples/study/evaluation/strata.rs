//! The scores of every model on every split, checked and sorted once.

use eval_stats::confusion::Threshold;
use eval_stats::{Direction, Scored};

use super::{EvaluationInput, Known, ModelScores, ScoreKind};

/// All splits.
pub(super) struct Strata<'a> {
    pub input: &'a EvaluationInput,
    pub splits: Vec<Stratum>,
}

/// One split.
pub(super) struct Stratum {
    pub name: String,
    pub outcome: Vec<bool>,
    /// Values by model.
    pub values: Vec<Vec<f64>>,
    /// Checked scores by model.
    pub scored: Vec<Known<Scored>>,
}

impl<'a> Strata<'a> {
    pub fn new(input: &'a EvaluationInput) -> Self {
        let splits = input
            .splits
            .iter()
            .map(|split| {
                let outcome: Vec<bool> = split.rows.iter().map(|&row| input.outcome[row]).collect();
                let values: Vec<Vec<f64>> = input
                    .models
                    .iter()
                    .map(|model| split.rows.iter().map(|&row| model.values[row]).collect())
                    .collect();
                let scored = values
                    .iter()
                    .zip(&input.models)
                    .map(|(values, model)| {
                        known(Scored::directed(values, &outcome, model.direction))
                    })
                    .collect();
                Stratum {
                    name: split.name.clone(),
                    outcome,
                    values,
                    scored,
                }
            })
            .collect();
        Self { input, splits }
    }

    pub fn models(&self) -> &'a [ModelScores] {
        &self.input.models
    }

    pub fn training(&self) -> &Stratum {
        &self.splits[self.input.training]
    }

    /// Every split with every model, in the order of the results.
    pub fn cells(&self) -> impl Iterator<Item = (&Stratum, usize)> {
        self.splits
            .iter()
            .flat_map(|stratum| (0..self.models().len()).map(move |model| (stratum, model)))
    }

    /// Pairs of different models, the reference second where it takes part.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let n = self.models().len();
        let reference = self.input.reference;
        (0..n)
            .flat_map(|a| (a + 1..n).map(move |b| (a, b)))
            .map(|(a, b)| if a == reference { (b, a) } else { (a, b) })
            .collect()
    }

    /// The scores of a model as predicted risks, if that is what they are.
    pub fn risks<'s>(&self, stratum: &'s Stratum, model: usize) -> Known<&'s Scored> {
        match self.models()[model].kind {
            ScoreKind::Probability => stratum.scored[model].as_ref().map_err(Clone::clone),
            ScoreKind::Score => Err(format!(
                "\"{}\" is a score, not a probability",
                self.models()[model].name
            )),
            ScoreKind::Call => Err(format!(
                "\"{}\" is a call of 0 or 1, not a probability",
                self.models()[model].name
            )),
        }
    }
}

impl Stratum {
    pub fn n(&self) -> usize {
        self.outcome.len()
    }

    pub fn n_events(&self) -> usize {
        self.outcome.iter().filter(|&&event| event).count()
    }

    /// Who is called positive.
    pub fn calls(&self, model: usize, direction: Direction, cutoff: f64) -> Vec<bool> {
        self.values[model]
            .iter()
            .map(|&value| direction.is_positive(value, cutoff, Threshold::Ge))
            .collect()
    }
}

/// An error of a statistic as a reason.
pub(super) fn known<T>(result: eval_stats::Result<T>) -> Known<T> {
    result.map_err(|error| error.to_string())
}

/// The reasons among some results, each once, in order, joined by "; ".
pub(super) fn joined<'a>(reasons: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut list: Vec<&str> = Vec::new();
    for reason in reasons.into_iter().flatten() {
        if !list.contains(&reason) {
            list.push(reason);
        }
    }
    list.join("; ")
}

/// The reason of a result that is not known.
pub(super) fn reason<T>(known: &Known<T>) -> Option<&str> {
    known.as_ref().err().map(String::as_str)
}
