//! The options of a selection as users spell them.

use std::str::FromStr;

use feature_selection::icc::IccForm;
use feature_selection::lasso::LambdaRule;
use feature_selection::pipeline::FoldPlan;

use super::SelectionSettings;

/// Which features are relevant enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum RelevanceChoice {
    /// Mutual information with the outcome, by nearest neighbors.
    #[default]
    Mi,
    /// The Mann-Whitney statistic.
    Mannwhitney,
    /// No filter.
    None,
}

/// Which features repeat others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RedundancyChoice {
    /// Greedy choice by relevance minus mean redundancy.
    Mrmr,
    /// From the most relevant on, features that correlate more than this with a kept one leave.
    Correlation(f64),
    /// No filter.
    None,
}

impl FromStr for RedundancyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("expected mrmr, none or correlation:C with C between 0 and 1, found {text}");
        match text.split_once(':') {
            None if text == "mrmr" => Ok(Self::Mrmr),
            None if text == "none" => Ok(Self::None),
            Some(("correlation", cutoff)) => match cutoff.parse() {
                Ok(cutoff) if (0.0..=1.0).contains(&cutoff) => Ok(Self::Correlation(cutoff)),
                _ => Err(expected()),
            },
            _ => Err(expected()),
        }
    }
}

/// Reads `1se`, `min` or `K=14`.
///
/// # Errors
/// Any other text.
pub fn lambda_rule(text: &str) -> Result<LambdaRule, String> {
    match text.split_once('=') {
        None if text == "1se" => Ok(LambdaRule::OneStandardError),
        None if text == "min" => Ok(LambdaRule::Minimum),
        Some(("K" | "k", count)) => match count.parse() {
            Ok(count) if count > 0 => Ok(LambdaRule::Features(count)),
            _ => Err(format!("expected K=N with N from 1, found {text}")),
        },
        _ => Err(format!("expected 1se, min or K=N, found {text}")),
    }
}

/// Reads McGraw and Wong's short names: `A1`, `C1`, `1`, `Ak`, `Ck`, `1k`.
///
/// # Errors
/// Any other text.
pub fn icc_form(text: &str) -> Result<IccForm, String> {
    Ok(match text {
        "A1" => IccForm::AGREEMENT_SINGLE,
        "C1" => IccForm::CONSISTENCY_SINGLE,
        "1" => IccForm::ONE_WAY_SINGLE,
        "Ak" => IccForm::AGREEMENT_AVERAGE,
        "Ck" => IccForm::CONSISTENCY_AVERAGE,
        "1k" => IccForm::ONE_WAY_AVERAGE,
        _ => return Err(format!("expected A1, C1, 1, Ak, Ck or 1k, found {text}")),
    })
}

/// Options of a selection, for every program that selects.
#[derive(Debug, Clone, clap::Args)]
pub struct SelectionOptions {
    /// Smallest intraclass correlation that is reliable.
    #[arg(long, default_value_t = 0.80, value_name = "ICC")]
    pub icc: f64,
    /// Form of the intraclass correlation: A1, C1, 1, Ak, Ck or 1k.
    #[arg(long, default_value = "A1", value_parser = icc_form, value_name = "FORM")]
    pub icc_form: IccForm,
    /// Relevance filter.
    #[arg(long, value_enum, default_value_t)]
    pub relevance: RelevanceChoice,
    /// Features kept by the relevance filter, or by mrmr.
    #[arg(long, default_value_t = 100, value_name = "K")]
    pub keep: usize,
    /// Redundancy filter: mrmr, correlation:C or none.
    #[arg(long, default_value = "correlation:0.9", value_name = "RULE")]
    pub redundancy: RedundancyChoice,
    /// Elastic-net mixing: 1 is the LASSO, 0 the ridge.
    #[arg(long, default_value_t = 1.0)]
    pub alpha: f64,
    /// Folds of the cross-validation.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub folds: usize,
    /// Repeats of the cross-validation whose losses are averaged.
    #[arg(long, default_value_t = 1, value_name = "R")]
    pub repeats: usize,
    /// Which lambda: 1se, min, or the first with exactly N features (K=N).
    #[arg(long, default_value = "1se", value_parser = lambda_rule, value_name = "RULE")]
    pub rule: LambdaRule,
}

impl SelectionOptions {
    /// The settings, with folds drawn from `seed`.
    pub fn settings(&self, seed: u64) -> SelectionSettings {
        SelectionSettings {
            icc_form: self.icc_form,
            icc_threshold: self.icc,
            relevance: self.relevance,
            keep: self.keep,
            redundancy: self.redundancy,
            alpha: self.alpha,
            folds: FoldPlan::Stratified {
                n_folds: self.folds,
                seed: seed as u32,
                repeats: self.repeats,
            },
            rule: self.rule,
        }
    }

    /// The options as they go on record.
    pub fn record(&self) -> serde_json::Value {
        serde_json::json!({
            "icc": self.icc,
            "icc_form": self.icc_form.mcgraw_wong(),
            "relevance": format!("{:?}", self.relevance).to_lowercase(),
            "keep": self.keep,
            "redundancy": match self.redundancy {
                RedundancyChoice::Mrmr => "mrmr".to_owned(),
                RedundancyChoice::None => "none".to_owned(),
                RedundancyChoice::Correlation(cutoff) => format!("correlation:{cutoff}"),
            },
            "alpha": self.alpha,
            "folds": self.folds,
            "repeats": self.repeats,
            "rule": match self.rule {
                LambdaRule::OneStandardError => "1se".to_owned(),
                LambdaRule::Minimum => "min".to_owned(),
                LambdaRule::Features(count) => format!("K={count}"),
                other => format!("{other:?}"),
            },
        })
    }
}
