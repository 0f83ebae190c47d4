//! A fitted pipeline as JSON, and what is refused when it is read: it is applied to patients elsewhere.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::drop_log::{DropReason, Dropped, FunnelStep, Setting};
use super::fitted::Fitted;
use super::report::LassoRecord;
use super::steps::NAMES;
use crate::error::{Error, Result};
use crate::score::Score;
use crate::standardize::Standardizer;

/// Names what the file is; the number grows when its shape changes.
const FORMAT: &str = "feature-selection fitted pipeline 1";

/// Longest text read, in bytes: a million columns with names of 100 letters.
const LONGEST: usize = 1 << 28;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPipeline {
    format: String,
    version: String,
    n_rows: usize,
    n_events: usize,
    columns: Vec<String>,
    selected: Vec<String>,
    standardizer: Option<Standardizer>,
    score: Option<Score>,
    lasso: Option<LassoRecord>,
    steps: Vec<StoredStep>,
    dropped: Vec<StoredDrop>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredStep {
    name: String,
    settings: Vec<Setting>,
    kept: usize,
    dropped: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDrop {
    name: String,
    step: usize,
    reason: DropReason,
}

/// What is wrong with a file.
type Checked<T> = std::result::Result<T, String>;

impl Fitted {
    /// The fitted pipeline as JSON with shortest round-trip numbers, keys in a fixed order. Everything needed to apply and to report it is stored;
    /// the cross-validated path and the stability selection are not.
    ///
    /// # Panics
    /// Never: every field can be written.
    pub fn to_json(&self) -> String {
        let stored = StoredPipeline {
            format: FORMAT.to_owned(),
            version: self.version.clone(),
            n_rows: self.n_rows,
            n_events: self.n_events,
            columns: self.columns.clone(),
            selected: self.selected.clone(),
            standardizer: self.standardizer.clone(),
            score: self.score.clone(),
            lasso: self.lasso.clone(),
            steps: self.funnel.iter().map(StoredStep::new).collect(),
            dropped: self.dropped.iter().map(StoredDrop::new).collect(),
        };
        serde_json::to_string_pretty(&stored)
            .expect("names, counts and finite numbers can be written as JSON")
    }

    /// Reads what [`to_json`](Self::to_json) wrote, without the parts that are not stored.
    ///
    /// # Errors
    /// [`Error::InvalidPipeline`] if the text is longer than 256 MiB, is no stored pipeline of this format (missing, unknown or repeated keys,
    /// numbers that are no double), or if its parts do not fit together: columns or drops repeated or unknown, counts that do not add up,
    /// lengths that differ, numbers that are not finite, a score that is invalid by [`Score::from_json`] or of features not selected.
    pub fn from_json(text: &str) -> Result<Self> {
        let invalid = |reason: String| Error::InvalidPipeline { reason };
        if text.len() > LONGEST {
            let found = text.len();
            return Err(invalid(format!(
                "expected at most {LONGEST} bytes, found {found}"
            )));
        }
        let stored: StoredPipeline =
            serde_json::from_str(text).map_err(|e| invalid(e.to_string()))?;
        stored.checked().map_err(invalid)
    }
}

impl StoredPipeline {
    fn checked(self) -> Checked<Fitted> {
        if self.format != FORMAT {
            return Err(format!(
                "expected the format `{FORMAT}`, found `{}`",
                self.format
            ));
        }
        if self.n_events == 0 || self.n_events >= self.n_rows {
            return Err(format!(
                "expected events and others, found {} events among {} rows",
                self.n_events, self.n_rows
            ));
        }
        let funnel = self.steps.into_iter().map(StoredStep::checked);
        let funnel = funnel.collect::<Checked<Vec<FunnelStep>>>()?;
        let dropped = self.dropped.into_iter().map(|d| d.checked(&funnel));
        let dropped = dropped.collect::<Checked<Vec<Dropped>>>()?;
        check_log(&self.columns, &self.selected, &dropped)?;
        check_counts(self.columns.len(), &funnel, &dropped)?;
        let standardizer = self.standardizer.as_ref();
        if let Some(standardizer) = standardizer {
            check_standardizer(standardizer, &self.columns, &self.selected)?;
        }
        check_score(self.score.as_ref(), &self.selected, standardizer)?;
        check_lasso(self.lasso.as_ref(), self.score.as_ref(), self.n_rows)?;
        Ok(Fitted {
            columns: self.columns,
            selected: self.selected,
            standardizer: self.standardizer,
            score: self.score,
            estimate: None,
            stability: None,
            lasso: self.lasso,
            funnel,
            dropped,
            n_rows: self.n_rows,
            n_events: self.n_events,
            version: self.version,
        })
    }
}

impl StoredStep {
    fn new(step: &FunnelStep) -> Self {
        Self {
            name: step.step_name.to_owned(),
            settings: step.settings.clone(),
            kept: step.kept,
            dropped: step.dropped,
        }
    }

    fn checked(self) -> Checked<FunnelStep> {
        match NAMES.iter().find(|name| **name == self.name) {
            Some(step_name) => Ok(FunnelStep {
                step_name,
                kept: self.kept,
                dropped: self.dropped,
                settings: self.settings,
            }),
            None => Err(format!("unknown step `{}`", self.name)),
        }
    }
}

impl StoredDrop {
    fn new(dropped: &Dropped) -> Self {
        Self {
            name: dropped.name.clone(),
            step: dropped.step,
            reason: dropped.reason.clone(),
        }
    }

    fn checked(self, funnel: &[FunnelStep]) -> Checked<Dropped> {
        match funnel.get(self.step) {
            Some(step) => Ok(Dropped {
                name: self.name,
                step: self.step,
                step_name: step.step_name,
                reason: self.reason,
            }),
            None => Err(format!(
                "`{}` is dropped by step {}, found {} steps",
                self.name,
                self.step,
                funnel.len()
            )),
        }
    }
}

fn unique<'a>(what: &str, names: &'a [String]) -> Checked<HashSet<&'a str>> {
    let mut seen = HashSet::with_capacity(names.len());
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(format!("{what}: column `{name}` occurs twice")),
        None => Ok(seen),
    }
}

/// Every column is either selected, in the order of the table, or dropped once.
fn check_log(columns: &[String], selected: &[String], dropped: &[Dropped]) -> Checked<()> {
    let all = unique("columns", columns)?;
    let mut gone = HashSet::with_capacity(dropped.len());
    for d in dropped {
        if !all.contains(d.name.as_str()) {
            return Err(format!("dropped: unknown column `{}`", d.name));
        }
        if !gone.insert(d.name.as_str()) {
            return Err(format!("dropped: column `{}` occurs twice", d.name));
        }
    }
    let mut left = columns.iter().filter(|c| !gone.contains(c.as_str()));
    if selected.iter().eq(left.by_ref()) {
        Ok(())
    } else {
        Err(format!(
            "expected the {} columns not dropped, in order, found {} selected",
            columns.len() - dropped.len(),
            selected.len()
        ))
    }
}

fn check_counts(n_columns: usize, funnel: &[FunnelStep], dropped: &[Dropped]) -> Checked<()> {
    let mut counts = vec![0usize; funnel.len()];
    dropped.iter().for_each(|d| counts[d.step] += 1);
    let mut left = n_columns;
    for (i, (step, count)) in funnel.iter().zip(counts).enumerate() {
        // Cannot wrap: every column is dropped at most once.
        left -= count;
        if step.dropped != count || step.kept != left {
            return Err(format!(
                "step {i}: expected {left} kept and {count} dropped, found {} and {}",
                step.kept, step.dropped
            ));
        }
    }
    Ok(())
}

/// It is of columns of the table, and of every selected one.
fn check_standardizer(
    standardizer: &Standardizer,
    columns: &[String],
    selected: &[String],
) -> Checked<()> {
    let known = unique("standardizer", &standardizer.names)?;
    let all: HashSet<&str> = columns.iter().map(String::as_str).collect();
    if let Some(name) = known.iter().find(|name| !all.contains(*name)) {
        return Err(format!("standardizer: unknown column `{name}`"));
    }
    match selected.iter().find(|n| !known.contains(n.as_str())) {
        Some(name) => Err(format!("standardizer: selected column `{name}` is missing")),
        None => Ok(()),
    }
}

fn check_score(
    score: Option<&Score>,
    selected: &[String],
    standardizer: Option<&Standardizer>,
) -> Checked<()> {
    let Some(score) = score else {
        return Ok(());
    };
    score.check().map_err(|reason| format!("score: {reason}"))?;
    if !score.terms.iter().map(|t| &t.name).eq(selected) {
        return Err(format!(
            "score: expected the {} selected features, found {} others or in another order",
            selected.len(),
            score.terms.len()
        ));
    }
    let Some(standardizer) = standardizer else {
        return Ok(());
    };
    let restricted = standardizer
        .restricted(selected)
        .map_err(|e| e.to_string())?;
    for (j, term) in score.terms.iter().enumerate() {
        let (m, s) = (restricted.means[j], restricted.standard_deviations[j]);
        if term.mean != m || term.standard_deviation != s {
            return Err(format!(
                "score: feature `{}` has another mean or standard deviation than the standardizer",
                term.name
            ));
        }
    }
    Ok(())
}

fn check_lasso(lasso: Option<&LassoRecord>, score: Option<&Score>, n_rows: usize) -> Checked<()> {
    let (Some(lasso), Some(score)) = (lasso, score) else {
        return match (lasso, score) {
            (None, None) => Ok(()),
            _ => Err("expected a score together with its lasso".to_owned()),
        };
    };
    let fits = |lambda: f64| lambda.is_finite() && lambda >= 0.0;
    if lasso.lambda != score.lambda
        || !fits(lasso.lambda_minimum)
        || !fits(lasso.lambda_one_standard_error)
    {
        return Err(format!(
            "lasso: lambda {} is not the score's {}, or another is no penalty",
            lasso.lambda, score.lambda
        ));
    }
    if lasso.n_selected != score.terms.len() {
        return Err(format!(
            "lasso: expected {} features, found {}",
            score.terms.len(),
            lasso.n_selected
        ));
    }
    if lasso.folds.len() != n_rows || lasso.folds.iter().any(|&fold| fold >= lasso.n_folds) {
        return Err(format!(
            "lasso: expected a fold below {} for each of {n_rows} rows",
            lasso.n_folds
        ));
    }
    Ok(())
}
