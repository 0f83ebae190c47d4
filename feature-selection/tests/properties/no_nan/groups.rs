//! Many features at once: greedy selection, redundancy, stability.

use feature_selection::lasso::{ElasticNet, Samples};
use feature_selection::mrmr::{Association, Criterion, Dependence, GreedySelector, Stop};
use feature_selection::mutual_information::Target;
use feature_selection::redundancy::{
    self, CaretRule, Dendrogram, Linkage, RSquared, RedundancyAnalysis, Representative, Terms,
    caret_exact, caret_fast, cluster_representatives, find_correlation, near_zero_variance,
    relevance_greedy, value_frequencies, variance_inflation, variance_threshold, vif_filter,
};
use feature_selection::stability::{
    Assumption, BaseLearner, FalseSelectionBound, LambdaGrid, Scheme, StabilitySelection, Strata,
    Subsampling, stability_index,
};
use ndarray::Array2;

use super::singles::CORRELATIONS;
use super::{Gen, Log, hunt};

pub(super) const LINKAGES: [Linkage; 4] = [
    Linkage::Average,
    Linkage::Complete,
    Linkage::Single,
    Linkage::Ward,
];

const CRITERIA: [Criterion; 8] = [
    Criterion::Mim,
    Criterion::MrmrDifference,
    Criterion::MrmrQuotient,
    Criterion::Jmi,
    Criterion::Jmim,
    Criterion::Cmim,
    Criterion::Disr,
    Criterion::Njmim,
];

impl Gen {
    pub(super) fn greedy(&mut self) -> GreedySelector {
        let dependence = match self.one_in(2) {
            true => Dependence::Binned {
                binning: self.binning(),
                entropy: self.entropy(),
            },
            false => Dependence::Gaussian {
                correlation: self.pick(&CORRELATIONS),
                association: self.pick(&[
                    Association::Correlation,
                    Association::Concordance,
                    Association::SomersD,
                ]),
            },
        };
        GreedySelector::new()
            .criterion(self.pick(&CRITERIA))
            .count(self.size())
            .dependence(dependence)
            .stop(self.pick(&[Stop::WhenExhausted, Stop::WhenNotPositive]))
    }

    pub(super) fn redun(&mut self) -> RedundancyAnalysis {
        let knots = match self.one_in(6) {
            true => self.size(),
            false => 3 + self.below(3),
        };
        let target = self.pick(&[redundancy::Target::Linear, redundancy::Target::Transformed]);
        RedundancyAnalysis::new()
            .threshold(self.share())
            .r_squared(self.pick(&[RSquared::Ordinary, RSquared::Adjusted]))
            .terms(self.pick(&[Terms::Linear, Terms::Splines { knots, target }]))
    }

    pub(super) fn stability(&mut self) -> StabilitySelection {
        let count = self.size();
        let net = Box::new(ElasticNet::new().n_lambda(8).lambda_min_ratio(0.1));
        let lambdas = match self.one_in(2) {
            true => LambdaGrid::AllRows,
            false => LambdaGrid::Given(vec![self.value(), 0.1]),
        };
        let mut selection = StabilitySelection::with(match self.below(3) {
            0 => BaseLearner::ElasticNetGrid { net, lambdas },
            1 => BaseLearner::ElasticNetEntries { net, count },
            _ => BaseLearner::MostRelevant {
                relevance: self.relevance(),
                count,
            },
        });
        selection.subsampling = self.subsampling();
        selection.threshold = match self.one_in(3) {
            true => self.share(),
            false => 0.75,
        };
        selection
    }

    fn subsampling(&mut self) -> Subsampling {
        Subsampling {
            // A count of 2^40 is legal, and takes its time.
            count: match self.size() {
                n if n == 1 << 40 => 4,
                n => n,
            },
            scheme: self.pick(&[Scheme::ComplementaryPairs, Scheme::Independent]),
            strata: self.pick(&[Strata::None, Strata::Outcome]),
        }
    }
}

#[test]
fn greedy_selection() {
    hunt(250, &["greedy.scores"], |g, log| {
        let (table, outcome) = g.data();
        let classes = g.classes(outcome.len());
        let numbers = g.column(&outcome, &[]);
        let target = match g.below(3) {
            0 => Target::Binary(&outcome),
            1 => Target::Classes(&classes),
            _ => Target::Continuous(&numbers),
        };
        let selector = g.greedy();
        log.call("greedy", &(&selector, &table, target), || {
            selector.select(&table, target)
        });
    });
}

#[test]
fn redundant_columns() {
    hunt(
        200,
        &[
            "vif.factors",
            "vif.factor",
            "redun.initial",
            "spread.variance",
        ],
        |g, log| {
            let (table, outcome) = g.data();
            let method = g.pick(&CORRELATIONS);
            let (cutoff, linkage) = (g.share(), g.pick(&LINKAGES));
            let input = (&table, method, cutoff, linkage);
            let relevance = g.numbers(table.n_columns(), Gen::value);
            log.call("relevance_greedy", &(&input, &relevance), || {
                relevance_greedy(&table, &relevance, cutoff, method)
            });
            log.call("caret_exact", &input, || {
                caret_exact(&table, cutoff, method)
            });
            log.call("caret_fast", &input, || caret_fast(&table, cutoff, method));
            let matrix = Array2::from_shape_fn((g.below(4), g.below(4)), |(i, j)| match i == j {
                true => 1.0,
                false => g.share(),
            });
            let rule = g.pick(&[CaretRule::Exact, CaretRule::Fast]);
            log.call("find_correlation", &(&matrix, cutoff, rule), || {
                find_correlation(matrix.view(), cutoff, rule)
            });
            let representative = match g.one_in(2) {
                true => Representative::Medoid,
                false => Representative::MostRelevant(&relevance),
            };
            log.call("clusters", &(&input, representative), || {
                cluster_representatives(&table, cutoff, method, linkage, representative)
            });
            let height = g.value();
            let tree = log.call("Dendrogram", &input, || {
                Dendrogram::new(&table, method, linkage)
            });
            if let Some(tree) = tree {
                log.value("Dendrogram::clusters", &(&tree, height), || {
                    tree.clusters(height)
                });
            }
            let analysis = g.redun();
            log.call("redun", &(&analysis, &table), || analysis.fit(&table));
            log.value("vif", &table, || variance_inflation(&table));
            let limit = 20.0 * g.share();
            log.call("vif", &(&table, limit), || vif_filter(&table, limit));
            spread(g, log, &table);
            drop(outcome);
        },
    );
}

fn spread(g: &mut Gen, log: &mut Log, table: &feature_selection::FeatureTable) {
    log.value("spread", table, || value_frequencies(table));
    let (ratio, percent) = (20.0 * g.share(), 100.0 * g.share());
    log.call("spread", &(table, ratio, percent), || {
        near_zero_variance(table, ratio, percent)
    });
    let threshold = g.value();
    log.call("spread", &(table, threshold), || {
        variance_threshold(table, threshold)
    });
}

#[test]
fn stability_selection() {
    hunt(120, &[], |g, log| {
        let (table, outcome) = g.data();
        let selection = g.stability();
        let n = outcome.len();
        let events = match g.one_in(4) {
            true => None,
            false => Some(outcome.as_slice()),
        };
        let size = match g.one_in(8) {
            true => g.below(3),
            false => n,
        };
        log.call("halves", &(selection.subsampling, size, events), || {
            selection.subsampling.halves(size, events, 5)
        });
        let Ok(samples) = Samples::binary(&table, &outcome) else {
            return;
        };
        let input = (&selection, &table, &outcome);
        let fit = log.call("stability", &input, || selection.fit(&samples));
        let halves: Vec<Vec<usize>> = (0..g.below(5))
            .map(|_| (0..g.below(n + 1)).map(|_| g.below(n + 1)).collect())
            .collect();
        log.call("fit_on", &(&input, &halves), || {
            selection.fit_on(&samples, &halves)
        });
        let Some(fit) = fit else { return };
        let threshold = g.share();
        log.call("selected_at", &(&fit, threshold), || {
            fit.selected_at(threshold)
        });
        log.value("features", &fit, || fit.features());
        for assumption in [Assumption::None, Assumption::Unimodal, Assumption::RConcave] {
            log.call("expected", &(&fit, assumption), || {
                fit.expected_false_selections(assumption)
            });
        }
    });
}

#[test]
fn stability_in_numbers() {
    const DOCUMENTED: &[&str] = &[
        "stability_index.value",
        "stability_index.standard_error",
        "stability_index.ci_low",
        "stability_index.ci_high",
    ];
    hunt(300, DOCUMENTED, |g, log| {
        let n = g.size();
        let sets: Vec<Vec<usize>> = (0..g.below(5))
            .map(|_| {
                let some = g.next();
                let mut set: Vec<usize> = (0..n.min(8)).filter(|i| some >> i & 1 == 1).collect();
                if g.one_in(20) {
                    set.push(g.size());
                }
                set
            })
            .collect();
        let level = g.level();
        log.call("stability_index", &(&sets, n, level), || {
            stability_index(&sets, n, level)
        });
        let assumption = g.pick(&[Assumption::None, Assumption::Unimodal, Assumption::RConcave]);
        let (p, pairs) = (g.pick(&[g.0 as usize % 50, n]), g.pick(&[50, 3, n]));
        let (q, cutoff, bound) = (g.share() * p as f64, g.share(), 3.0 * g.share());
        let input = (p, assumption, pairs, q, cutoff, bound);
        let limit = log.call("bound", &input, || {
            FalseSelectionBound::new(p, assumption, pairs)
        });
        let Some(limit) = limit else { return };
        log.call("bound", &input, || limit.expected(q, cutoff));
        log.call("bound", &input, || limit.cutoff(q, bound));
        log.call("bound", &input, || limit.size(cutoff, bound));
    });
}
