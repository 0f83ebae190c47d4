//! Evaluation of models on every split: discrimination, cut-offs fixed on training, comparison, calibration, decision curves, readers.
//!
//! | file | holds |
//! |---|---|
//! | this one | input, settings, what is computed |
//! | [`choices`] | cut-off rule and interval as users spell them |
//! | `strata` | scores of every model on every split, checked once |
//! | [`performance`] | AUC, cut-offs, two-by-two tables |
//! | [`comparison`] | DeLong tests, NRI and IDI, agreement of calls |
//! | [`readers`] | readers without and with assistance |
//! | [`calibration`] | Hosmer-Lemeshow, recalibration, Brier, ICI |
//! | [`decision`] | decision and clinical impact curves |
//! | [`figures`] | the figures |
//! | `write` | the CSV files |
//! | `sections` | the part of the report |
//!
//! What cannot be computed stands where it would have stood, with its reason: see [`Known`].
//!
//! ```
//! use examples::study::evaluation::{EvaluationInput, EvaluationSettings, ModelScores, ScoreKind, SplitRows, evaluate};
//! let outcome = vec![false, false, true, false, true, true];
//! let input = EvaluationInput {
//!     ids: (1..=6).map(|k| k.to_string()).collect(),
//!     splits: vec![SplitRows { name: "all".to_owned(), rows: (0..6).collect() }],
//!     training: 0,
//!     models: vec![ModelScores::new("model", vec![0.1, 0.2, 0.3, 0.4, 0.6, 0.9])],
//!     reference: 0,
//!     readers: Vec::new(),
//!     assistant: None,
//!     outcome,
//! };
//! assert_eq!(input.models[0].kind, ScoreKind::Probability);
//! let evaluation = evaluate(&input, &EvaluationSettings::default())?;
//! assert_eq!(evaluation.performance[0].auc, Ok(8.0 / 9.0));
//! # Ok::<(), anyhow::Error>(())
//! ```

pub mod calibration;
pub mod choices;
pub mod comparison;
pub mod decision;
pub mod figures;
pub mod performance;
pub mod readers;
mod sections;
mod strata;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashSet;

use anyhow::{bail, ensure};
use eval_stats::Direction;
use eval_stats::decision_curve::threshold_grid;

use crate::table_file::{quoted_list, shortest};
use calibration::{Calibration, GoodnessOfFit};
pub use choices::{AucMethod, CutoffRule, replicates};
use comparison::{AucComparison, CallComparison, Reclassification};
use decision::{Decision, NetBenefitComparison};
use figures::Figure;
use performance::Performance;
use readers::{ReaderReadings, ReaderResults};
pub use sections::HeldOut;
use strata::Strata;

/// A result, or the reason why there is none. The reason goes into the column `note` of the CSV files.
pub type Known<T> = Result<T, String>;

/// The scores of some models on the same cases.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationInput {
    /// One identifier a row.
    pub ids: Vec<String>,
    /// `true` = event.
    pub outcome: Vec<bool>,
    /// The splits, in the order of the results. A row may belong to several or to none.
    pub splits: Vec<SplitRows>,
    /// Position of the split on which cut-offs are fixed.
    pub training: usize,
    /// The models, in the order of the results.
    pub models: Vec<ModelScores>,
    /// Position of the model that the others are compared with.
    pub reference: usize,
    /// Readers without and with assistance; usually none.
    pub readers: Vec<ReaderReadings>,
    /// Position of the model that assisted them, whose calls their agreement is reported with.
    pub assistant: Option<usize>,
}

/// A named set of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRows {
    /// Name of the split.
    pub name: String,
    /// Its rows.
    pub rows: Vec<usize>,
}

/// What a model says of every row.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelScores {
    /// Name of the model.
    pub name: String,
    /// One value a row.
    pub values: Vec<f64>,
    /// What the values are.
    pub kind: ScoreKind,
    /// Which values speak for the event. Only a score may be lower for a likelier event.
    pub direction: Direction,
}

impl ModelScores {
    /// Scores of which larger ones mean a likelier event, and whose kind is read off their values: only 0 and 1 is a reader's call, all in `[0, 1]` a
    /// probability, anything else a score.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            kind: ScoreKind::of(&values),
            direction: Direction::HigherIsEvent,
            values,
        }
    }
}

/// What the values of a model are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScoreKind {
    /// The predicted risk of the event.
    Probability,
    /// A number without a scale: it has an ROC curve and a cut-off, but no calibration and no net benefit.
    Score,
    /// The call of a reader or a rule, 0 or 1. Its cut-off is 1/2 whatever the rule; agreement with other calls is computed.
    Call,
}

impl ScoreKind {
    /// The narrowest kind that the values fit.
    pub fn of(values: &[f64]) -> Self {
        if values.iter().all(|&v| v == 0.0 || v == 1.0) {
            Self::Call
        } else if values.iter().all(|v| (0.0..=1.0).contains(v)) {
            Self::Probability
        } else {
            Self::Score
        }
    }

    /// The word for it in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Score => "score",
            Self::Call => "call",
        }
    }
}

/// What an evaluation may choose.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationSettings {
    /// How cut-offs are found on the training split.
    pub cutoff: CutoffRule,
    /// Interval of the AUC.
    pub auc_interval: AucMethod,
    /// Level of all confidence intervals.
    pub level: f64,
    /// Seed of every bootstrap, at most 4294967295 (R's generator).
    pub seed: u64,
    /// Groups of the Hosmer-Lemeshow test and of calibration plots.
    pub hosmer_lemeshow_groups: usize,
    /// Risk thresholds of decision and impact curves, in `[0, 1)`, increasing.
    pub thresholds: Vec<f64>,
    /// Bootstrap replicates behind the limits of decision and impact curves; 0 leaves the limits out.
    pub decision_replicates: usize,
    /// Population that clinical impact refers to.
    pub population: f64,
}

impl Default for EvaluationSettings {
    /// Youden's cut-off, DeLong's interval, level 0.95, seed 1, 10 groups, thresholds 0 to 0.99 in hundredths, 500 replicates, per 1000 subjects.
    fn default() -> Self {
        Self {
            cutoff: CutoffRule::default(),
            auc_interval: AucMethod::DeLong,
            level: 0.95,
            seed: 1,
            hosmer_lemeshow_groups: 10,
            thresholds: threshold_grid(0.0, 0.99, 100),
            decision_replicates: 500,
            population: 1000.0,
        }
    }
}

/// Everything that was computed. Rows are in the order of the splits, then of the models.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Evaluation {
    /// What was evaluated.
    pub input: EvaluationInput,
    /// How.
    pub settings: EvaluationSettings,
    /// The cut-off of every model, fixed on the training split.
    pub cutoffs: Vec<Known<f64>>,
    /// Discrimination and classification.
    pub performance: Vec<Performance>,
    /// DeLong's test of each pair of models.
    pub auc_comparisons: Vec<AucComparison>,
    /// NRI and IDI against the reference.
    pub reclassification: Vec<Reclassification>,
    /// Readers against each other and against the models.
    pub calls: Vec<CallComparison>,
    /// Hosmer-Lemeshow tests.
    pub goodness_of_fit: Vec<GoodnessOfFit>,
    /// Calibration.
    pub calibration: Vec<Calibration>,
    /// Decision curves and clinical impact.
    pub decision: Vec<Decision>,
    /// Net benefit of every other model against the reference.
    pub net_benefit: Vec<NetBenefitComparison>,
    /// Readers without and with assistance.
    pub readers: Vec<ReaderResults>,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// Evaluates all models on all splits.
///
/// # Errors
/// Unequal lengths, repeated or empty names, rows that do not exist, values that are not what their kind says, settings out of range, a training split
/// of one class where the rule needs both. A split or a model that a statistic cannot be computed for is no error: its row says why.
pub fn evaluate(
    input: &EvaluationInput,
    settings: &EvaluationSettings,
) -> anyhow::Result<Evaluation> {
    check_input(input)?;
    check_settings(input, settings)?;
    let strata = Strata::new(input);
    let cutoffs = performance::cutoffs(&strata, settings)?;
    let performance = performance::performance(&strata, &cutoffs, settings);
    let calibration = calibration::calibration(&strata, settings);
    let decision = decision::decision(&strata, settings);
    let net_benefit = decision::net_benefit(&strata, settings);
    let readers = readers::reader_results(&strata, &cutoffs, settings);
    let results = figures::Results {
        performance: &performance,
        calibration: &calibration,
        decision: &decision,
        net_benefit: &net_benefit,
        readers: &readers,
    };
    let figures = figures::figures(&strata, &results)?;
    Ok(Evaluation {
        auc_comparisons: comparison::auc_comparisons(&strata, settings),
        reclassification: comparison::reclassification(&strata, &cutoffs, settings),
        calls: comparison::call_comparisons(&strata, &cutoffs, settings),
        goodness_of_fit: calibration::goodness_of_fit(&strata, settings),
        input: input.clone(),
        settings: settings.clone(),
        cutoffs,
        performance,
        calibration,
        decision,
        net_benefit,
        readers,
        figures,
    })
}

fn check_input(input: &EvaluationInput) -> anyhow::Result<()> {
    let n = input.outcome.len();
    ensure!(n > 0, "expected at least one case, found none");
    ensure!(
        input.ids.len() == n,
        "expected {n} identifiers, one a case, found {}",
        input.ids.len()
    );
    ensure!(
        !input.models.is_empty(),
        "expected at least one model, found none"
    );
    ensure!(
        !input.splits.is_empty(),
        "expected at least one split, found none"
    );
    ensure!(
        input.training < input.splits.len(),
        "expected a training split below {}, found {}",
        input.splits.len(),
        input.training
    );
    ensure!(
        input.reference < input.models.len(),
        "expected a reference model below {}, found {}",
        input.models.len(),
        input.reference
    );
    unique(
        "model",
        input.models.iter().map(|model| model.name.as_str()),
    )?;
    unique(
        "split",
        input.splits.iter().map(|split| split.name.as_str()),
    )?;
    for split in &input.splits {
        if let Some(row) = split.rows.iter().find(|&&row| row >= n) {
            bail!(
                "split \"{}\": expected rows below {n}, found {row}",
                split.name
            );
        }
    }
    for model in &input.models {
        check_values(model, &input.ids)?;
    }
    check_readers(input)
}

fn check_readers(input: &EvaluationInput) -> anyhow::Result<()> {
    ensure!(
        input
            .assistant
            .is_none_or(|model| model < input.models.len()),
        "expected an assisting model below {}, found {:?}",
        input.models.len(),
        input.assistant
    );
    unique(
        "reader",
        input.readers.iter().map(|reader| reader.name.as_str()),
    )?;
    for reader in &input.readers {
        for (condition, values) in [("without", &reader.without), ("with", &reader.with)] {
            let name = &reader.name;
            ensure!(
                values.len() == input.ids.len(),
                "reader \"{name}\" {condition} assistance: expected {} readings, one a case, found {}",
                input.ids.len(),
                values.len()
            );
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                bail!(
                    "reader \"{name}\" {condition} assistance, case {}: expected a finite number, found {}",
                    input.ids[row],
                    values[row]
                );
            }
        }
    }
    Ok(())
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        ensure!(
            !name.is_empty(),
            "expected a name for every {what}, found an empty one"
        );
        ensure!(
            seen.insert(name),
            "expected every {what} once, found \"{name}\" twice"
        );
    }
    Ok(())
}

fn check_values(model: &ModelScores, ids: &[String]) -> anyhow::Result<()> {
    let name = &model.name;
    ensure!(
        model.values.len() == ids.len(),
        "model \"{name}\": expected {} values, one a case, found {}",
        ids.len(),
        model.values.len()
    );
    ensure!(
        model.kind == ScoreKind::Score || model.direction == Direction::HigherIsEvent,
        "model \"{name}\": expected that only a score is lower for a likelier event, found a {}",
        model.kind.name()
    );
    let (fits, expected): (fn(f64) -> bool, _) = match model.kind {
        ScoreKind::Probability => (|v| (0.0..=1.0).contains(&v), "a probability from 0 to 1"),
        ScoreKind::Score => (f64::is_finite, "a finite number"),
        ScoreKind::Call => (|v| v == 0.0 || v == 1.0, "0 or 1"),
    };
    match (0..ids.len()).find(|&row| !fits(model.values[row])) {
        None => Ok(()),
        Some(row) => bail!(
            "model \"{name}\", case {}: expected {expected}, found {}",
            ids[row],
            shortest(model.values[row])
        ),
    }
}

fn check_settings(input: &EvaluationInput, settings: &EvaluationSettings) -> anyhow::Result<()> {
    let level = settings.level;
    ensure!(
        level > 0.0 && level < 1.0,
        "expected a confidence level between 0 and 1, found {level}"
    );
    ensure!(
        u32::try_from(settings.seed).is_ok(),
        "expected a seed of at most {}, found {}",
        u32::MAX,
        settings.seed
    );
    ensure!(
        settings.hosmer_lemeshow_groups >= 2,
        "expected at least 2 groups, found {}",
        settings.hosmer_lemeshow_groups
    );
    ensure!(
        settings.decision_replicates != 1,
        "expected no bootstrap replicates or at least 2, found 1"
    );
    ensure!(
        settings.population > 0.0 && settings.population.is_finite(),
        "expected a positive population, found {}",
        settings.population
    );
    if let AucMethod::Bootstrap(n) | AucMethod::Bca(n) = settings.auc_interval {
        ensure!(
            n >= 2,
            "expected at least 2 bootstrap replicates, found {n}"
        );
    }
    check_thresholds(&settings.thresholds)?;
    check_cutoff_rule(input, settings.cutoff)
}

fn check_thresholds(thresholds: &[f64]) -> anyhow::Result<()> {
    ensure!(
        thresholds.len() >= 2,
        "expected at least 2 thresholds, found {}",
        thresholds.len()
    );
    if let Some(t) = thresholds.iter().find(|t| !(0.0..1.0).contains(*t)) {
        bail!("expected thresholds from 0 to below 1, found {t}");
    }
    if let Some(pair) = thresholds.windows(2).find(|pair| pair[0] >= pair[1]) {
        bail!(
            "expected increasing thresholds, found {} before {}",
            pair[0],
            pair[1]
        );
    }
    Ok(())
}

/// A cut-off is found among both outcomes.
fn check_cutoff_rule(input: &EvaluationInput, rule: CutoffRule) -> anyhow::Result<()> {
    match rule {
        CutoffRule::Fixed(value) => ensure!(
            value.is_finite(),
            "expected a finite cut-off, found {value}"
        ),
        CutoffRule::Found(_) => {
            let training = &input.splits[input.training];
            let events = training
                .rows
                .iter()
                .filter(|&&row| input.outcome[row])
                .count();
            let n = training.rows.len();
            ensure!(
                events > 0 && events < n,
                "split \"{}\": expected both outcomes to find a cut-off, found {events} events among {n} cases; the splits are {}",
                training.name,
                quoted_list(
                    &input
                        .splits
                        .iter()
                        .map(|split| split.name.as_str())
                        .collect::<Vec<_>>()
                )
            );
        }
    }
    Ok(())
}
