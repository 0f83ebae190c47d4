//! Readers without and with assistance on every split.

use eval_stats::proportion::ProportionMethod;
use eval_stats::reader_study::{Reader, ReaderStudy, ReaderStudyReport, ReaderStudySettings};

use super::strata::{Strata, Stratum, known};
use super::{EvaluationSettings, Known, ScoreKind};

/// A reader's readings of every row, without and with assistance: calls of 0 and 1, or ratings of which a larger one means a likelier event.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderReadings {
    /// Name of the reader.
    pub name: String,
    /// One value a row, read alone.
    pub without: Vec<f64>,
    /// One value a row, read with assistance.
    pub with: Vec<f64>,
}

impl ReaderReadings {
    /// Whether both conditions are calls, or one of them holds ratings.
    fn kind(&self) -> ScoreKind {
        match (ScoreKind::of(&self.without), ScoreKind::of(&self.with)) {
            (ScoreKind::Call, ScoreKind::Call) => ScoreKind::Call,
            _ => ScoreKind::Score,
        }
    }

    fn of_rows(&self, rows: &[usize]) -> Reader {
        let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| values[row]).collect() };
        let (without, with) = (of(&self.without), of(&self.with));
        let reader = Reader::from_ratings(&self.name, &without, &with);
        match self.kind() {
            ScoreKind::Call => reader.positive_from(1.0),
            _ => reader,
        }
    }
}

/// The reader study on a split.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReaderResults {
    /// Split.
    pub split: String,
    /// Its results.
    pub report: Known<ReaderStudyReport>,
}

/// The reader study on every split; empty without readers.
pub(super) fn reader_results(
    strata: &Strata<'_>,
    cutoffs: &[Known<f64>],
    settings: &EvaluationSettings,
) -> Vec<ReaderResults> {
    if strata.input.readers.is_empty() {
        return Vec::new();
    }
    let assistant = strata
        .input
        .assistant
        .and_then(|model| Some((model, *cutoffs[model].as_ref().ok()?)));
    let rows = strata.input.splits.iter().map(|split| &split.rows);
    strata
        .splits
        .iter()
        .zip(rows)
        .map(|(stratum, rows)| ReaderResults {
            split: stratum.name.clone(),
            report: known(report(strata, stratum, rows, assistant, settings.level)),
        })
        .collect()
}

fn report(
    strata: &Strata<'_>,
    stratum: &Stratum,
    rows: &[usize],
    assistant: Option<(usize, f64)>,
    level: f64,
) -> eval_stats::Result<ReaderStudyReport> {
    let readers = strata.input.readers.iter();
    let mut study = ReaderStudy::new(&stratum.outcome, readers.map(|r| r.of_rows(rows)).collect())?;
    if let Some((model, cutoff)) = assistant {
        let calls = stratum.calls(model, strata.models()[model].direction, cutoff);
        study = study.model(&strata.models()[model].name, &calls)?;
    }
    let settings = ReaderStudySettings::new()
        .level(level)
        .proportion(ProportionMethod::ClopperPearson);
    study.evaluate(&settings)
}
