//! Pipelines of steps in any order, alone, nested, permuted.

use feature_selection::FeatureTable;
use feature_selection::icc::{FeatureIcc, IccFilter, IccForm, IccSettings, feature_icc};
use feature_selection::lasso::{CrossValidation, ElasticNet, Estimator, LambdaRule};
use feature_selection::missing::{ImputeBy, IncompleteTable};
use feature_selection::nested_cv::{NestedCv, NothingSelected};
use feature_selection::pipeline::{
    ClassWeights, ColumnPolicy, Fitted, FoldPlan, LassoStep, RedundancyRule, SelectionPipeline,
    Step,
};
use feature_selection::standardize::Divisor;
use ndarray::Array2;

use super::groups::LINKAGES;
use super::singles::{ADJUSTMENTS, CORRELATIONS};
use super::{Gen, Log, hunt};

impl Gen {
    fn iccs(&mut self, table: &FeatureTable) -> Vec<Vec<FeatureIcc>> {
        let other = self.plain_table(table.n_rows(), table.n_columns());
        let names = other.names() == table.names();
        let readings = [table, if names { &other } else { table }];
        feature_icc(
            &readings,
            IccForm::AGREEMENT_SINGLE,
            &IccSettings::default(),
        )
        .map_or_else(|_| Vec::new(), |iccs| vec![iccs; self.pick(&[1, 2])])
    }

    fn column_step(&mut self, table: &FeatureTable) -> Step {
        match self.below(5) {
            0 => Step::DropConstant,
            1 => Step::DropDuplicates,
            2 => Step::NearZeroVariance {
                frequency_ratio: 40.0 * self.share(),
                unique_percent: 20.0 * self.share(),
            },
            3 => Step::VarianceThreshold {
                threshold: self.share(),
                divisor: self.pick(&[Divisor::Population, Divisor::Sample]),
            },
            _ => Step::Reliability {
                comparisons: self.iccs(table),
                filter: IccFilter::default(),
            },
        }
    }

    fn selecting_step(&mut self) -> Step {
        let (relevance, correlation) = (self.relevance(), self.pick(&CORRELATIONS));
        let linkage = self.pick(&LINKAGES);
        match self.below(9) {
            0 => Step::Standardize(self.pick(&[Divisor::Population, Divisor::Sample])),
            1 => Step::Univariate {
                method: self.method(),
                adjustment: self.pick(&ADJUSTMENTS),
                level: self.share(),
            },
            2 => Step::MostRelevant {
                relevance,
                keep: self.size(),
            },
            3 => Step::RelevanceThreshold {
                relevance,
                threshold: self.share(),
            },
            4 => Step::Redundancy {
                rule: self.pick(&[
                    RedundancyRule::RelevanceGreedy(relevance),
                    RedundancyRule::CaretExact,
                    RedundancyRule::CaretFast,
                    RedundancyRule::Clusters { linkage, relevance },
                ]),
                cutoff: self.share(),
                correlation,
            },
            5 => Step::VarianceInflation {
                limit: 20.0 * self.share(),
            },
            6 => Step::RedundancyAnalysis(self.redun()),
            7 => Step::Greedy(self.greedy()),
            _ => Step::Stability(self.stability()),
        }
    }

    fn lasso_step(&mut self, outcome: &[bool], p: usize) -> LassoStep {
        let odd = self.one_in(3);
        let net = ElasticNet::new().n_lambda(10).max_passes(10_000);
        let folds = match (self.below(4), self.folds(outcome)) {
            (0, Some(folds)) => FoldPlan::Given(folds),
            (1, _) => FoldPlan::Stratified {
                n_folds: self.size(),
                seed: u32::MAX,
                repeats: self.below(3),
            },
            _ => FoldPlan::Stratified {
                n_folds: 3,
                seed: 1,
                repeats: 1,
            },
        };
        LassoStep {
            estimator: match odd {
                true => self.estimator(p),
                false => Estimator::ElasticNet(CrossValidation::new(net)),
            },
            folds,
            rule: match self.one_in(2) {
                true => self.rule(),
                false => LambdaRule::Value(0.02),
            },
            class_weights: self.pick(&[ClassWeights::Equal, ClassWeights::Balanced]),
            score_name: self.pick(&super::NAMES).to_owned(),
        }
    }

    pub(super) fn pipeline(&mut self, table: &FeatureTable, outcome: &[bool]) -> SelectionPipeline {
        let mut pipeline = SelectionPipeline::new();
        if !self.one_in(8) {
            pipeline = pipeline.step(Step::DropConstant);
        }
        for _ in 0..self.below(4) {
            let step = match self.one_in(3) {
                true => self.column_step(table),
                false => self.selecting_step(),
            };
            pipeline = pipeline.step(step);
        }
        if !self.one_in(4) {
            let lasso = self.lasso_step(outcome, table.n_columns());
            pipeline = pipeline.step(Step::Lasso(lasso));
        }
        pipeline
    }
}

/// A probability is infinite nowhere; a factor is where the penalty excludes or a column is aliased, as documented. A
/// limit is what the settings say.
const DOCUMENTED: &[&str] = &[
    "fit.penalty_factors",
    "fit.limit",
    "report.limit",
    "stored.limit",
    "fit.link",
    "fit.factor",
    "fit.relevance",
    "fit.value",
    "report.relevance",
    "report.value",
    "stored.relevance",
    "stored.value",
    "report.factor",
    "report.reason",
    "stored.factor",
    "report.penalty_factors",
    "stored.penalty_factors",
];

#[test]
fn pipelines() {
    hunt(300, DOCUMENTED, |g, log| {
        let (table, outcome) = g.data();
        let pipeline = g.pipeline(&table, &outcome);
        let input = (&pipeline, &table, &outcome);
        log.call("validate", &pipeline, || pipeline.validate());
        let fitted = log.call("fit", &input, || pipeline.fit(&table, &outcome));
        if let Some(fitted) = fitted {
            used(g, log, &table, &fitted);
        }
    });
}

fn used(g: &mut Gen, log: &mut Log, table: &FeatureTable, fitted: &Fitted) {
    let policy = g.pick(&[ColumnPolicy::AsTrained, ColumnPolicy::AtLeastSelected]);
    log.call("transform", fitted, || fitted.transform(table));
    let scores = log.call("score", fitted, || fitted.score(table));
    let other = g.plain_table(3, table.n_columns());
    log.call("score_with", &(fitted, &other), || {
        fitted.score_with(&other, policy)
    });
    let row: Vec<(&String, f64)> = table
        .names()
        .iter()
        .enumerate()
        .map(|(j, name)| (name, table.column(j)[0]))
        .collect();
    let one = log.call("apply_row", fitted, || fitted.apply_row(&row, policy));
    if let (Some(scores), Some(one)) = (&scores, one) {
        log.holds("apply_row", fitted, scores[0] == one);
    }
    let report = log.value("report", fitted, || fitted.report());
    if let Some(report) = report {
        log.value("report", fitted, || report.to_json().len());
    }
    let text = fitted.to_json();
    let again = log.call("stored", &text, || Fitted::from_json(&text));
    log.holds("reads what was written", &text, again.is_some());
    let Some(again) = again else { return };
    log.holds("same text", &text, again.to_json() == text);
    let later = log.call("stored", &text, || again.score(table));
    log.holds("same scores", &text, later == scores);
}

#[test]
fn nested() {
    hunt(60, &[], |g, log| {
        let (table, outcome) = g.data();
        let pipeline = g.pipeline(&table, &outcome);
        let input = (&pipeline, &table, &outcome);
        let repeats: Vec<_> = (0..g.below(3)).filter_map(|_| g.folds(&outcome)).collect();
        let nested = NestedCv::new(pipeline.clone())
            .nothing_selected(g.pick(&[NothingSelected::Refuse, NothingSelected::ConstantScore]));
        let answer = log.call("nested", &(&input, &repeats), || {
            nested.fit(&table, &outcome, &repeats)
        });
        if let Some(answer) = answer {
            let level = g.level();
            log.value("nested", &input, || {
                (
                    answer.fold_auc(),
                    answer.pooled_auc(),
                    answer.selection_frequencies(),
                )
            });
            let _ = answer.stability(level);
        }
        let gaps = Array2::from_shape_fn((table.n_rows(), table.n_columns()), |(i, j)| {
            match g.one_in(6) {
                true => f64::NAN,
                false => table.column(j)[i],
            }
        });
        let gaps = IncompleteTable::new(gaps.view(), table.names()).expect("a table");
        log.call("nested", &(&input, &gaps, &repeats), || {
            nested.fit(&gaps.imputed_by(ImputeBy::Median), &outcome, &repeats)
        });
        let plan = match (g.below(2), g.folds(&outcome)) {
            (0, Some(folds)) => FoldPlan::Given(folds),
            _ => FoldPlan::default(),
        };
        let n = g.pick(&[0, 1, 3, usize::MAX]);
        log.call("permutation", &(&input, &plan, n), || {
            nested.permutation_test(&table, &outcome, &plan, n, 1)
        });
    });
}
