//! The options of a selection as users spell them.

use std::str::FromStr;

use feature_selection::correlation::Correlation;
use feature_selection::icc::{IccBound, IccFilter, IccForm};
use feature_selection::lasso::{
    AdaptiveLasso, CrossValidation, ElasticNet, Estimator, LambdaRule, Measure, PilotRows,
    PilotScale, RelaxedLasso,
};
use feature_selection::mrmr::{Criterion, GreedySelector};
use feature_selection::pipeline::{ClassWeights, FoldPlan, RedundancyRule, Step};
use feature_selection::redundancy::{Linkage, RedundancyAnalysis, Terms};
use feature_selection::relevance::Relevance;
use feature_selection::univariate::{Adjustment, MannWhitneyMethod, UnivariateMethod};

use super::SelectionSettings;
use crate::program::WrongUsage;

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

    /// The measure in words; `None` for no filter.
    fn words(self) -> Option<&'static str> {
        match self {
            Self::Mi => Some("nearest-neighbor mutual information"),
            Self::Mannwhitney => Some("the distance of the AUC from 1/2"),
            Self::T => Some("Student's |t|"),
            Self::Welch => Some("Welch's |t|"),
            Self::None => None,
        }
    }
}

/// Which features repeat others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RedundancyChoice {
    /// Greedy choice by mutual information, of so many features; `None` for those of `--keep`.
    Greedy(Criterion, Option<usize>),
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

const GREEDY: [(&str, Criterion); 7] = [
    ("mrmr", Criterion::MrmrDifference),
    ("mrmr-quotient", Criterion::MrmrQuotient),
    ("jmi", Criterion::Jmi),
    ("jmim", Criterion::Jmim),
    ("cmim", Criterion::Cmim),
    ("disr", Criterion::Disr),
    ("njmim", Criterion::Njmim),
];

impl FromStr for RedundancyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected none; mrmr, mrmr-quotient, jmi, jmim, cmim, disr or njmim, with a number of features from 1 or without (mrmr:20); correlation, \
                 caret, caret-fast, clusters or redun with a number from 0 to 1 (correlation:0.9); or vif with a number from 1 (vif:10), found {text}"
            )
        };
        let (rule, number) = match text.split_once(':') {
            Some((rule, number)) => (rule, Some(number)),
            None => (text, None),
        };
        if let Some(&(_, criterion)) = GREEDY.iter().find(|(name, _)| *name == rule) {
            return match number.map(str::parse) {
                None => Ok(Self::Greedy(criterion, None)),
                Some(Ok(count)) if count > 0 => Ok(Self::Greedy(criterion, Some(count))),
                Some(_) => Err(expected()),
            };
        }
        let Some(number) = number else {
            return match rule {
                "none" => Ok(Self::None),
                _ => Err(expected()),
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
            "vif" if number >= 1.0 && number.is_finite() => Ok(Self::Vif(number)),
            _ => Err(expected()),
        }
    }
}

impl RedundancyChoice {
    /// The rule in words; `None` for no filter.
    fn words(self, keep: usize) -> Option<String> {
        match self {
            Self::None => None,
            Self::Correlation(cutoff) => Some(format!(
                "from the most relevant on, features whose |Spearman's r| with a kept one exceeds {cutoff} left out"
            )),
            Self::Clusters(cutoff) => Some(format!(
                "the most relevant of each cluster cut at |r| = {cutoff}"
            )),
            Self::Greedy(_, count) => Some(format!(
                "{} features chosen by {}",
                count.unwrap_or(keep),
                self.to_string().split(':').next().unwrap_or_default()
            )),
            other => Some(format!("redundant features left out by {other}")),
        }
    }
}

impl std::fmt::Display for RedundancyChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Greedy(criterion, count) => {
                let name = GREEDY.iter().find(|(_, c)| c == criterion);
                f.write_str(name.map_or("mrmr", |(name, _)| name))?;
                count.map_or(Ok(()), |count| write!(f, ":{count}"))
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
    /// The step of the pipeline; `relevance` decides between features that repeat each other, `keep` is how many a greedy choice without a number of its own
    /// keeps.
    pub fn step(self, relevance: Relevance, keep: usize) -> Option<Step> {
        let pairs = |rule, cutoff| Step::Redundancy {
            rule,
            cutoff,
            correlation: Correlation::default(),
        };
        Some(match self {
            Self::Greedy(criterion, count) => {
                let count = count.unwrap_or(keep);
                Step::Greedy(GreedySelector::new().criterion(criterion).count(count))
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
    /// The penalized coefficients of the path; with --alpha below 1 an elastic net, with 0 a ridge regression.
    #[default]
    Lasso,
    /// A blend of these with unpenalized refits; its share (gamma) is chosen by cross-validation with lambda.
    Relaxed,
    /// Each feature is penalized by the inverse of its standardized coefficient in a ridge regression, fitted anew in every fold.
    Adaptive,
}

/// What cross-validation measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum MeasureChoice {
    /// Binomial deviance.
    #[default]
    Deviance,
    /// Area under the ROC curve; needs folds of at least 10 rows, and is replaced by the deviance with a warning where they are smaller.
    Auc,
    /// Share misclassified at a probability of 1/2.
    Class,
    /// Squared error of the probability.
    Mse,
    /// Absolute error of the probability.
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

/// Reads a number of a range, `expected` in words.
pub fn number(
    fits: fn(f64) -> bool,
    expected: &'static str,
) -> impl Fn(&str) -> Result<f64, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if fits(number) => Ok(number),
        _ => Err(format!("expected a number {expected}, found {text}")),
    }
}

/// Reads a whole number from `least` to `most`.
pub fn between(
    least: usize,
    most: usize,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!(
            "expected a whole number from {least} to {most}, found {text}"
        )),
    }
}

/// Reads a whole number from `least` on.
pub fn whole(
    least: usize,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!(
            "expected a whole number from {least} on, found {text}"
        )),
    }
}

fn is_share(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

/// Options of a selection, for every program that selects.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = SelectionOptions::HEADING)]
pub struct SelectionOptions {
    /// Leave out features that have almost one value, as caret's nearZeroVar: the most common value more than 19 times as often as the second, and at most
    /// 10 % distinct values. Constant features and copies are always left out.
    #[arg(long)]
    pub near_zero_variance: bool,
    /// Smallest intraclass correlation that is reliable, from 0 to 1; it has to hold in every repeated reading.
    #[arg(long, default_value_t = 0.80, value_parser = number(is_share, "from 0 to 1"), value_name = "ICC")]
    pub icc: f64,
    /// Form of the intraclass correlation: A1 (absolute agreement of single readings), C1 (consistency), 1 (one-way), and Ak, Ck, 1k of the average
    /// reading.
    #[arg(long, default_value = "A1", value_parser = icc_form, value_name = "FORM")]
    pub icc_form: IccForm,
    /// What is compared with --icc.
    #[arg(long, value_enum, default_value_t, value_name = "NUMBER")]
    pub icc_bound: BoundChoice,
    /// Keep features with an adjusted p-value below a level: TEST:CORRECTION:LEVEL, such as welch:bh:0.05. Tests: t, welch, levene (t, or Welch's where
    /// Levene's test has p < 0.05), mannwhitney. Corrections: none, bh, holm, bonferroni. By default no such filter.
    #[arg(long, value_name = "FILTER")]
    pub univariate: Option<UnivariateChoice>,
    /// Keep the --keep features most tied to the outcome by this measure; it also decides which of two features that repeat each other stays (with none, the
    /// AUC does). [default: mi; none with mrmr and its relatives, which measure relevance themselves]
    #[arg(long, value_enum, value_name = "MEASURE")]
    pub relevance: Option<RelevanceChoice>,
    /// Features kept by the relevance filter, or by mrmr and its relatives without a number of their own.
    #[arg(long, default_value_t = 100, value_parser = whole(1), value_name = "K")]
    pub keep: usize,
    /// Drop features that repeat others.
    /// correlation:C - from the most relevant on, a feature with |Spearman's r| above C to a kept one leaves;
    /// caret:C, caret-fast:C - findCorrelation of R's caret, exact or fast, by |Spearman's r|;
    /// clusters:C - the most relevant of each cluster (average linkage cut at |r| = C);
    /// vif:V - the largest variance inflation factor leaves until all are at most V (fewer features than rows);
    /// redun:R2 - features that the others predict with this R² leave, as Hmisc's redun, linear (fewer features than rows);
    /// mrmr, mrmr-quotient, jmi, jmim, cmim, disr, njmim - greedy choice by mutual information of --keep features, or of N with mrmr:N;
    /// none.
    #[arg(
        long,
        default_value = "correlation:0.9",
        value_name = "RULE",
        verbatim_doc_comment
    )]
    pub redundancy: RedundancyChoice,
    /// How the coefficients of the score are estimated.
    #[arg(long, value_enum, default_value_t)]
    pub estimator: EstimatorChoice,
    /// Elastic-net mixing from 0 to 1: 1 is the LASSO, 0 the ridge, which keeps every feature.
    #[arg(long, default_value_t = 1.0, value_parser = number(is_share, "from 0 to 1"))]
    pub alpha: f64,
    /// What the cross-validation measures.
    #[arg(long, value_enum, default_value_t)]
    pub measure: MeasureChoice,
    /// Give both classes the same total weight in the LASSO.
    #[arg(long)]
    pub balanced: bool,
    /// Folds of the cross-validation, stratified by the outcome, from 3 on.
    #[arg(long, default_value_t = 10, value_parser = whole(3), value_name = "N")]
    pub folds: usize,
    /// Repeats of the cross-validation with other folds, whose losses are averaged, at most 10000.
    #[arg(long, default_value_t = 1, value_parser = between(1, 10_000), value_name = "R")]
    pub repeats: usize,
    /// Which lambda: 1se (the largest within one standard error of the smallest loss), min (that of the smallest loss), or K=N (the one of smallest loss among
    /// those with exactly N features).
    #[arg(long, default_value = "1se", value_parser = lambda_rule, value_name = "RULE")]
    pub rule: LambdaRule,
}

impl SelectionOptions {
    /// Heading of these options in a program's help.
    pub const HEADING: &str = "Selection, in the order of its steps";

    /// The steps in words, for a methods section.
    pub fn in_words(&self) -> String {
        let bound = match self.icc_bound {
            BoundChoice::Estimate => "",
            BoundChoice::Lower => "lower 95 % limit of the ",
        };
        let mut steps = vec![
            "constant features and copies left out".to_owned(),
            format!(
                "{bound}{} of at least {} in every comparison of repeated outlines, where there are any",
                self.icc_form, self.icc
            ),
        ];
        let univariate = self.univariate.as_ref();
        steps.extend(univariate.map(|choice| format!("univariate filter {}", choice.text)));
        steps.extend(self.relevance().words().map(|measure| {
            format!(
                "the {} features most tied to the outcome by {measure}",
                self.keep
            )
        }));
        steps.extend(self.redundancy.words(self.keep));
        let estimator = match (self.estimator, self.alpha) {
            (EstimatorChoice::Lasso, 1.0) => "LASSO".to_owned(),
            (EstimatorChoice::Lasso, alpha) => format!("elastic net with alpha {alpha}"),
            (EstimatorChoice::Relaxed, alpha) => format!("relaxed LASSO with alpha {alpha}"),
            (EstimatorChoice::Adaptive, alpha) => format!("adaptive LASSO with alpha {alpha}"),
        };
        let lambda = match self.rule {
            LambdaRule::OneStandardError => {
                "the largest lambda within one standard error of the smallest loss".to_owned()
            }
            LambdaRule::Minimum => "the lambda of the smallest loss".to_owned(),
            LambdaRule::Features(count) => {
                format!("the lambda of the smallest loss among those with {count} features")
            }
            other => format!("{other:?}"),
        };
        let loss = match self.measure {
            MeasureChoice::Deviance => "binomial deviance",
            MeasureChoice::Auc => "AUC",
            MeasureChoice::Class => "misclassification",
            MeasureChoice::Mse => "squared error",
            MeasureChoice::Mae => "absolute error",
        };
        let repeats = match self.repeats {
            1 => String::new(),
            n => format!(", repeated {n} times"),
        };
        steps.push(format!(
            "logistic {estimator} of standardized features with {lambda} in {}-fold cross-validation of the {loss}{repeats}",
            self.folds
        ));
        steps.join("; ")
    }

    fn rule_name(&self) -> String {
        match self.rule {
            LambdaRule::OneStandardError => "1se".to_owned(),
            LambdaRule::Minimum => "min".to_owned(),
            LambdaRule::Features(count) => format!("K={count}"),
            other => format!("{other:?}"),
        }
    }

    /// The relevance filter, given or by default.
    fn relevance(&self) -> RelevanceChoice {
        let default = match self.redundancy {
            RedundancyChoice::Greedy(..) => RelevanceChoice::None,
            _ => RelevanceChoice::default(),
        };
        self.relevance.unwrap_or(default)
    }

    /// Refuses options that contradict each other.
    fn check(&self) -> Result<(), WrongUsage> {
        let RedundancyChoice::Greedy(_, count) = self.redundancy else {
            return Ok(());
        };
        if self.relevance() == RelevanceChoice::None || count.is_some_and(|n| n < self.keep) {
            return Ok(());
        }
        Err(WrongUsage(format!(
            "--redundancy: expected fewer features than the {} that --relevance keeps (such as mrmr:20), found {}",
            self.keep, self.redundancy
        )))
    }

    /// The settings, with folds drawn from `seed`.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn settings(&self, seed: u32) -> Result<SelectionSettings, WrongUsage> {
        self.check()?;
        let net = ElasticNet::new().alpha(self.alpha);
        let cv = CrossValidation::new(net).measure(self.measure.measure());
        Ok(SelectionSettings {
            near_zero_variance: self.near_zero_variance,
            icc_form: self.icc_form,
            icc_filter: IccFilter {
                threshold: self.icc,
                bound: match self.icc_bound {
                    BoundChoice::Estimate => IccBound::Estimate,
                    BoundChoice::Lower => IccBound::LowerLimit,
                },
            },
            univariate: self.univariate.clone(),
            relevance: self.relevance(),
            keep: self.keep,
            redundancy: self.redundancy,
            estimator: match self.estimator {
                EstimatorChoice::Lasso => Estimator::ElasticNet(cv),
                EstimatorChoice::Relaxed => Estimator::Relaxed(RelaxedLasso::new(cv)),
                // Columns are in their own units, which must not decide, and the loss of a fold must not know its outcomes.
                EstimatorChoice::Adaptive => Estimator::Adaptive(
                    AdaptiveLasso::new(cv)
                        .scale(PilotScale::Standardized)
                        .rows(PilotRows::Training),
                ),
            },
            class_weights: if self.balanced {
                ClassWeights::Balanced
            } else {
                ClassWeights::Equal
            },
            folds: FoldPlan::Stratified {
                n_folds: self.folds,
                seed,
                repeats: self.repeats,
            },
            rule: self.rule,
        })
    }

    /// The options as they go on record.
    pub fn record(&self) -> serde_json::Value {
        let name = |debug: String| debug.to_lowercase();
        serde_json::json!({
            "near_zero_variance": self.near_zero_variance,
            "icc": self.icc,
            "icc_form": self.icc_form.mcgraw_wong(),
            "icc_bound": name(format!("{:?}", self.icc_bound)),
            "univariate": self.univariate.as_ref().map(|choice| choice.text.as_str()),
            "relevance": name(format!("{:?}", self.relevance())),
            "keep": self.keep,
            "redundancy": self.redundancy.to_string(),
            "estimator": name(format!("{:?}", self.estimator)),
            "alpha": self.alpha,
            "measure": name(format!("{:?}", self.measure)),
            "balanced": self.balanced,
            "folds": self.folds,
            "repeats": self.repeats,
            "rule": self.rule_name(),
        })
    }
}
