//! One feature at a time, or two: tests, relevance, correlation, mutual information.

use feature_selection::correlation::{
    Correlation, correlation_matrix, correlation_test, fisher_interval,
};
use feature_selection::mutual_information::{
    Binning, Distances, Entropy, Estimator, NearestNeighbors, Target, Ties, binned, cube_root_bins,
    feature_information, infotheo_bins, nearest_neighbor_class, nearest_neighbor_continuous,
    outcome_information,
};
use feature_selection::relevance::Relevance;
use feature_selection::univariate::{
    Adjustment, Effect, LeveneCenter, MannWhitneyMethod, UnivariateMethod, UnivariateSettings,
    UnivariateTable, adjust, feature_auc, levene, univariate_test, univariate_tests,
};

use super::{Gen, hunt};

pub(super) const CORRELATIONS: [Correlation; 3] = [
    Correlation::Pearson,
    Correlation::Spearman,
    Correlation::Kendall,
];

const RANKS: [MannWhitneyMethod; 5] = [
    MannWhitneyMethod::NormalCorrected,
    MannWhitneyMethod::Normal,
    MannWhitneyMethod::Exact,
    MannWhitneyMethod::ExactIfSmall,
    MannWhitneyMethod::ExactIfFew,
];

pub(super) const ADJUSTMENTS: [Adjustment; 7] = [
    Adjustment::None,
    Adjustment::BenjaminiHochberg,
    Adjustment::BenjaminiYekutieli,
    Adjustment::Holm,
    Adjustment::Hochberg,
    Adjustment::Hommel,
    Adjustment::Bonferroni,
];

impl Gen {
    pub(super) fn method(&mut self) -> UnivariateMethod {
        let (levene_level, normality_level) = (self.share(), self.share());
        let ranks = self.pick(&RANKS);
        match self.below(5) {
            0 => UnivariateMethod::Student,
            1 => UnivariateMethod::Welch,
            2 => UnivariateMethod::StudentOrWelch { levene_level },
            3 => UnivariateMethod::MannWhitney(ranks),
            _ => UnivariateMethod::ByNormality {
                normality_level,
                levene_level,
                ranks,
            },
        }
    }

    pub(super) fn relevance(&mut self) -> Relevance {
        let neighbors = self.size();
        let ranks = self.pick(&RANKS);
        self.pick(&[
            Relevance::MutualInformation { neighbors },
            Relevance::MutualInformation { neighbors: 3 },
            Relevance::AbsoluteT,
            Relevance::AbsoluteWelchT,
            Relevance::Auc,
            Relevance::MannWhitney(ranks),
            Relevance::PointBiserial,
        ])
    }

    pub(super) fn binning(&mut self) -> Binning {
        let bins = self.size();
        self.pick(&[
            Binning::EqualFrequency { bins },
            Binning::EqualWidth { bins },
            Binning::Praznik,
        ])
    }

    pub(super) fn entropy(&mut self) -> Entropy {
        let pseudocount = self.pick(&[0.0, 0.5, 1.0, -1.0, 1e300, 1e-300, f64::NAN]);
        self.pick(&[
            Entropy::Empirical,
            Entropy::MillerMadow,
            Entropy::Shrinkage,
            Entropy::SchurmannGrassberger,
            Entropy::JamesStein,
            Entropy::Dirichlet { pseudocount },
        ])
    }

    /// A target of another kind made of an outcome.
    pub(super) fn classes(&mut self, n: usize) -> Vec<usize> {
        let large = self.one_in(10);
        (0..n)
            .map(|_| match large {
                true => self.pick(&[0, usize::MAX, 1 << 40]),
                false => self.below(3),
            })
            .collect()
    }
}

#[test]
fn univariate() {
    hunt(
        400,
        &[
            "univariate_test.statistic",
            "univariate_test.log10_p",
            "univariate_test.df",
            "univariate_test.sd_events",
            "univariate_test.sd_others",
            "univariate_test.std_error",
            "univariate_test.difference",
            "interval.low",
            "interval.high",
            "relevance.value",
        ],
        |g, log| {
            let (table, outcome) = g.data();
            let method = g.method();
            let input = (&table, &outcome, method);
            let tests = log.call("univariate_test", &input, || {
                univariate_tests(&table, &outcome, method)
            });
            let level = g.level();
            for test in tests.iter().flatten() {
                if let Effect::Means(means) = test.effect {
                    log.call("interval", &(means, level), || means.interval(level));
                    log.value("hedges_g", &means, || means.hedges_g());
                }
            }
            log.call("feature_auc", &input, || feature_auc(&table, &outcome));
            if table.n_columns() > 0 {
                let center = g.pick(&[LeveneCenter::Mean, LeveneCenter::Median]);
                let column = table.column(0);
                log.call("univariate_test", &(column, &outcome, center), || {
                    levene(column, &outcome, center)
                });
            }
            let feature = g.numbers(outcome.len(), Gen::value);
            log.call("univariate_test", &(&feature, &outcome, method), || {
                univariate_test(&feature, &outcome, method)
            });
            let relevance = g.relevance();
            log.call("relevance", &(&input, relevance), || {
                relevance.of(&table, &outcome)
            });
        },
    );
}

#[test]
fn univariate_tables() {
    hunt(
        100,
        &[
            "table.statistic",
            "table.log10_p",
            "table.df",
            "table.sd",
            "table.sd_events",
            "table.sd_others",
            "table.std_error",
            "table.difference",
        ],
        |g, log| {
            let (table, outcome) = g.data();
            let settings = UnivariateSettings {
                method: g.method(),
                adjustment: g.pick(&ADJUSTMENTS),
                level: g.level(),
            };
            let input = (&table, &outcome, settings);
            let answer = log.call("table", &input, || {
                UnivariateTable::new(&table, &outcome, &settings)
            });
            let Some(answer) = answer else { return };
            let level = g.share();
            log.value("order", &input, || {
                (answer.by_p_value(), answer.significant(level))
            });
        },
    );
}

#[test]
fn adjustment() {
    hunt(300, &[], |g, log| {
        let p = g.below(12);
        let p: Vec<f64> = (0..p)
            .map(|_| g.unit() * g.pick(&[1.0, 0.0, 1e-300]))
            .collect();
        let method = g.pick(&ADJUSTMENTS);
        let adjusted = log.value("adjust", &(&p, method), || adjust(&p, method));
        let legal = adjusted.is_some_and(|a| {
            a.iter()
                .zip(&p)
                .all(|(a, p)| (0.0..=1.0).contains(a) && a >= p)
        });
        log.holds("adjust", &(&p, method), legal);
    });
}

#[test]
fn correlations() {
    const DOCUMENTED: &[&str] = &[
        "correlation_matrix.value",
        "correlation_test.coefficient",
        "correlation_test.statistic",
        "correlation_test.p_value",
    ];
    hunt(300, DOCUMENTED, |g, log| {
        let (table, _) = g.data();
        let method = g.pick(&CORRELATIONS);
        let input = (&table, method);
        let matrix = log.value("correlation_matrix", &input, || {
            correlation_matrix(&table, method)
        });
        let within = matrix.is_some_and(|m| m.iter().all(|r| r.is_nan() || r.abs() <= 1.0));
        log.holds("|r| <= 1", &input, within);
        let (a, b) = (g.size(), g.size());
        log.call("correlation_test", &(&input, a, b), || {
            correlation_test(&table, a, b, method)
        });
        log.call("correlation_test", &input, || {
            correlation_test(&table, 0, 1, method)
        });
        let (r, n, level) = (g.value(), g.size(), g.level());
        log.call("fisher_interval", &(r, n, level), || {
            fisher_interval(r, n, level)
        });
    });
}

#[test]
fn information() {
    hunt(300, &[], |g, log| {
        let (table, outcome) = g.data();
        let n = outcome.len();
        let classes = g.classes(n);
        let numbers = match g.one_in(4) {
            true => g.numbers(n, Gen::value),
            false => g.column(&outcome, &[]),
        };
        let target = match g.below(3) {
            0 => Target::Binary(&outcome),
            1 => Target::Classes(&classes),
            _ => Target::Continuous(&numbers),
        };
        let nearest = NearestNeighbors::new()
            .neighbors(g.size())
            .ties(g.pick(&[Ties::Deterministic, Ties::Jitter { seed: 3 }]))
            .distances(g.pick(&[Distances::Exact, Distances::Expanded]));
        let estimator = match g.below(3) {
            0 => Estimator::NearestNeighbors(NearestNeighbors::scikit_learn(1)),
            1 => Estimator::NearestNeighbors(nearest),
            _ => Estimator::Binned {
                binning: g.binning(),
                entropy: g.entropy(),
            },
        };
        log.call("feature_information", &(&table, target, estimator), || {
            feature_information(&table, target, estimator)
        });
        let k = g.size();
        log.call("outcome_information", &(&table, &outcome, k), || {
            outcome_information(&table, &outcome, k)
        });
        let other = g.numbers(n, Gen::value);
        log.call("nearest_neighbor_class", &(&other, &classes, k), || {
            nearest_neighbor_class(&other, &classes, k)
        });
        log.call(
            "nearest_neighbor_continuous",
            &(&other, &numbers, k),
            || nearest_neighbor_continuous(&other, &numbers, k),
        );
        log.value("bins", &k, || (cube_root_bins(k), infotheo_bins(k)));
        let binning = g.binning();
        log.call("Binning::classes", &(&other, binning), || {
            binning.classes(&other)
        });
        let (more, entropy) = (g.classes(n), g.entropy());
        log.call("binned", &(&classes, &more, entropy), || {
            binned(&classes, &more, entropy)
        });
    });
}
