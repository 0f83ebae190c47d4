//! The options of a selection as users spell them.

use std::str::FromStr;

use feature_selection::correlation::Correlation;
use feature_selection::icc::{IccBound, IccFilter, IccForm};
use feature_selection::lasso::{
    AdaptiveLasso, CrossValidation, ElasticNet, Estimator, LambdaRule, Measure, RelaxedLasso,
};
use feature_selection::mrmr::{Criterion, GreedySelector};
use feature_selection::pipeline::{ClassWeights, FoldPlan, RedundancyRule, Step};
use feature_selection::redundancy::{Linkage, RedundancyAnalysis, Terms};
use feature_selection::relevance::Relevance;
use feature_selection::univariate::{Adjustment, MannWhitneyMethod, UnivariateMethod};

use super::SelectionSettings;

/// Which features are relevant enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum RelevanceChoice {
    /// Mutual information with the outcome, by nearest neighbors.
    #[default]
    Mi,
    /// The Mann-Whitney statistic, as the distance of the AUC from 1/2.
    Mannwhitney,
    /// Student's |t|.
    T,
    /// Welch's |t|.
    Welch,
    /// No filter.
    None,
}

impl RelevanceChoice {
    /// The measure; `None` for no filter.
    pub fn measure(self) -> Option<Relevance> {
        match self {
            Self::Mi => Some(Relevance::default()),
            Self::Mannwhitney => Some(Relevance::Auc),
            Self::T => Some(Relevance::AbsoluteT),
            Self::Welch => Some(Relevance::AbsoluteWelchT),
            Self::None => None,
        }
    }
}

/// Which features repeat others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RedundancyChoice {
    /// Greedy choice by mutual information.
    Greedy(Criterion),
    /// From the most relevant on, features that correlate more than this with a kept one leave.
    Correlation(f64),
    /// caret's `findCorrelation`, exact.
    Caret(f64),
    /// caret's `findCorrelation`, fast.
    CaretFast(f64),
    /// One feature of every cluster whose mean correlation exceeds this.
    Clusters(f64),
    /// Largest variance inflation factor.
    Vif(f64),
    /// Hmisc's `redun`, linear, with this R².
    Redun(f64),
    /// No filter.
    None,
}

const GREEDY: [(&str, Criterion); 6] = [
    ("mrmr", Criterion::MrmrDifference),
    ("mrmr-quotient", Criterion::MrmrQuotient),
    ("jmi", Criterion::Jmi),
    ("jmim", Criterion::Jmim),
    ("cmim", Criterion::Cmim),
    ("disr", Criterion::Disr),
];

impl FromStr for RedundancyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected none, mrmr, mrmr-quotient, jmi, jmim, cmim, disr, or one of correlation, caret, caret-fast, clusters, redun with a number from 0 \
                 to 1 (correlation:0.9), or vif with a number from 1 (vif:10), found {text}"
            )
        };
        let Some((rule, number)) = text.split_once(':') else {
            let greedy = GREEDY.iter().find(|(name, _)| *name == text);
            return match greedy {
                Some(&(_, criterion)) => Ok(Self::Greedy(criterion)),
                None if text == "none" => Ok(Self::None),
                None => Err(expected()),
            };
        };
        let number: f64 = number.parse().map_err(|_| expected())?;
        let share = (0.0..=1.0).contains(&number);
        match rule {
            "correlation" if share => Ok(Self::Correlation(number)),
            "caret" if share => Ok(Self::Caret(number)),
            "caret-fast" if share => Ok(Self::CaretFast(number)),
            "clusters" if share => Ok(Self::Clusters(number)),
            "redun" if share => Ok(Self::Redun(number)),
            "vif" if number >= 1.0 => Ok(Self::Vif(number)),
            _ => Err(expected()),
        }
    }
}

impl std::fmt::Display for RedundancyChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Greedy(criterion) => {
                let name = GREEDY.iter().find(|(_, c)| c == criterion);
                f.write_str(name.map_or("mrmr", |(name, _)| name))
            }
            Self::Correlation(cutoff) => write!(f, "correlation:{cutoff}"),
            Self::Caret(cutoff) => write!(f, "caret:{cutoff}"),
            Self::CaretFast(cutoff) => write!(f, "caret-fast:{cutoff}"),
            Self::Clusters(cutoff) => write!(f, "clusters:{cutoff}"),
            Self::Vif(limit) => write!(f, "vif:{limit}"),
            Self::Redun(threshold) => write!(f, "redun:{threshold}"),
            Self::None => f.write_str("none"),
        }
    }
}

impl RedundancyChoice {
    /// The step of the pipeline; `relevance` decides between features that repeat each other.
    pub fn step(self, relevance: Relevance, keep: usize) -> Option<Step> {
        let pairs = |rule, cutoff| Step::Redundancy {
            rule,
            cutoff,
            correlation: Correlation::default(),
        };
        Some(match self {
            Self::Greedy(criterion) => {
                Step::Greedy(GreedySelector::new().criterion(criterion).count(keep))
            }
            Self::Correlation(cutoff) => pairs(RedundancyRule::RelevanceGreedy(relevance), cutoff),
            Self::Caret(cutoff) => pairs(RedundancyRule::CaretExact, cutoff),
            Self::CaretFast(cutoff) => pairs(RedundancyRule::CaretFast, cutoff),
            Self::Clusters(cutoff) => {
                let linkage = Linkage::Average;
                pairs(RedundancyRule::Clusters { linkage, relevance }, cutoff)
            }
            Self::Vif(limit) => Step::VarianceInflation { limit },
            Self::Redun(threshold) => {
                let analysis = RedundancyAnalysis::new().terms(Terms::Linear);
                Step::RedundancyAnalysis(analysis.threshold(threshold))
            }
            Self::None => return None,
        })
    }
}

/// A filter by the p-values of single features, spelled `TEST:CORRECTION:LEVEL`.
#[derive(Debug, Clone, PartialEq)]
pub struct UnivariateChoice {
    /// As given.
    pub text: String,
    /// The test.
    pub method: UnivariateMethod,
    /// The correction for many features.
    pub adjustment: Adjustment,
    /// Level.
    pub level: f64,
}

impl FromStr for UnivariateChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected TEST:CORRECTION:LEVEL with TEST t, welch, levene or mannwhitney, CORRECTION none, bh, holm or bonferroni and LEVEL above 0 and \
                 at most 1 (welch:bh:0.05), found {text}"
            )
        };
        let [test, correction, level] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err(expected());
        };
        let method = match test {
            "t" => UnivariateMethod::Student,
            "welch" => UnivariateMethod::Welch,
            "levene" => UnivariateMethod::StudentOrWelch { levene_level: 0.05 },
            "mannwhitney" => UnivariateMethod::MannWhitney(MannWhitneyMethod::ExactIfSmall),
            _ => return Err(expected()),
        };
        let adjustment = match correction {
            "none" => Adjustment::None,
            "bh" => Adjustment::BenjaminiHochberg,
            "holm" => Adjustment::Holm,
            "bonferroni" => Adjustment::Bonferroni,
            _ => return Err(expected()),
        };
        match level.parse() {
            Ok(level) if level > 0.0 && level <= 1.0 => Ok(Self {
                text: text.to_owned(),
                method,
                adjustment,
                level,
            }),
            _ => Err(expected()),
        }
    }
}

/// Which number of a coefficient of reliability is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum BoundChoice {
    /// The estimate.
    #[default]
    Estimate,
    /// The lower limit of its 95 % interval.
    Lower,
}

/// How coefficients are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum EstimatorChoice {
    /// The penalized coefficients.
    #[default]
    Lasso,
    /// A blend with unpenalized refits, chosen by cross-validation.
    Relaxed,
    /// Penalties from a ridge regression.
    Adaptive,
}

/// What cross-validation measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum MeasureChoice {
    /// Binomial deviance.
    #[default]
    Deviance,
    /// Area under the ROC curve.
    Auc,
    /// Misclassification.
    Class,
    /// Squared error.
    Mse,
    /// Absolute error.
    Mae,
}

impl MeasureChoice {
    fn measure(self) -> Measure {
        match self {
            Self::Deviance => Measure::Deviance,
            Self::Auc => Measure::Auc,
            Self::Class => Measure::Misclassification,
            Self::Mse => Measure::SquaredError,
            Self::Mae => Measure::AbsoluteError,
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
    /// What is compared with --icc.
    #[arg(long, value_enum, default_value_t, value_name = "NUMBER")]
    pub icc_bound: BoundChoice,
    /// Filter by p-values, TEST:CORRECTION:LEVEL such as welch:bh:0.05; tests t, welch, levene (t or Welch's by Levene's test), mannwhitney; corrections none,
    /// bh, holm, bonferroni. By default none.
    #[arg(long, value_name = "FILTER")]
    pub univariate: Option<UnivariateChoice>,
    /// Relevance filter.
    #[arg(long, value_enum, default_value_t)]
    pub relevance: RelevanceChoice,
    /// Features kept by the relevance filter, or by mrmr and its relatives.
    #[arg(long, default_value_t = 100, value_name = "K")]
    pub keep: usize,
    /// Redundancy filter: none; mrmr, mrmr-quotient, jmi, jmim, cmim, disr; correlation:C, caret:C, caret-fast:C, clusters:C with the largest |r| kept; vif:V;
    /// redun:R2.
    #[arg(long, default_value = "correlation:0.9", value_name = "RULE")]
    pub redundancy: RedundancyChoice,
    /// How coefficients are estimated.
    #[arg(long, value_enum, default_value_t)]
    pub estimator: EstimatorChoice,
    /// Elastic-net mixing: 1 is the LASSO, 0 the ridge.
    #[arg(long, default_value_t = 1.0)]
    pub alpha: f64,
    /// What the cross-validation measures.
    #[arg(long, value_enum, default_value_t)]
    pub measure: MeasureChoice,
    /// Give both classes the same total weight in the LASSO.
    #[arg(long)]
    pub balanced: bool,
    /// Folds of the cross-validation.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub folds: usize,
    /// Repeats of the cross-validation whose losses are averaged.
    #[arg(long, default_value_t = 1, value_name = "R")]
    pub repeats: usize,
    /// Which lambda: 1se, min, or the best with exactly N features (K=N).
    #[arg(long, default_value = "1se", value_parser = lambda_rule, value_name = "RULE")]
    pub rule: LambdaRule,
}

impl SelectionOptions {
    /// The settings, with folds drawn from `seed`.
    pub fn settings(&self, seed: u64) -> SelectionSettings {
        let net = ElasticNet::new().alpha(self.alpha);
        let cv = CrossValidation::new(net).measure(self.measure.measure());
        SelectionSettings {
            icc_form: self.icc_form,
            icc_filter: IccFilter {
                threshold: self.icc,
                bound: match self.icc_bound {
                    BoundChoice::Estimate => IccBound::Estimate,
                    BoundChoice::Lower => IccBound::LowerLimit,
                },
            },
            univariate: self.univariate.clone(),
            relevance: self.relevance,
            keep: self.keep,
            redundancy: self.redundancy,
            estimator: match self.estimator {
                EstimatorChoice::Lasso => Estimator::ElasticNet(cv),
                EstimatorChoice::Relaxed => Estimator::Relaxed(RelaxedLasso::new(cv)),
                EstimatorChoice::Adaptive => Estimator::Adaptive(AdaptiveLasso::new(cv)),
            },
            class_weights: if self.balanced {
                ClassWeights::Balanced
            } else {
                ClassWeights::Equal
            },
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
        let name = |debug: String| debug.to_lowercase();
        serde_json::json!({
            "icc": self.icc,
            "icc_form": self.icc_form.mcgraw_wong(),
            "icc_bound": name(format!("{:?}", self.icc_bound)),
            "univariate": self.univariate.as_ref().map(|choice| choice.text.as_str()),
            "relevance": name(format!("{:?}", self.relevance)),
            "keep": self.keep,
            "redundancy": self.redundancy.to_string(),
            "estimator": name(format!("{:?}", self.estimator)),
            "alpha": self.alpha,
            "measure": name(format!("{:?}", self.measure)),
            "balanced": self.balanced,
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
