//! Counts: proportions, contingency tables, confusion matrices, paired tables, agreement.

use eval_stats::agreement::{self, AgreementTable, KappaVariance, Ratings, SubjectCounts, Weights};
use eval_stats::baseline::{self, BaselineSettings, BeyondExact, CategoricalRule};
use eval_stats::confusion::{ConfusionMatrix, PredictiveValueMethod};
use eval_stats::contingency::{self, Yates};
use eval_stats::mcnemar::{self, PairedMethod, PairedTable};
use eval_stats::predictive_values;
use eval_stats::proportion::{self, DifferenceMethod, Proportion};

use super::{Gen, Log, hunt};

impl Gen {
    fn table(&mut self) -> Vec<Vec<u64>> {
        let (rows, columns) = (self.below(4), self.below(4));
        let ragged = self.one_in(20);
        (0..rows)
            .map(|_| {
                let width = if ragged { self.below(4) } else { columns };
                (0..width).map(|_| self.count()).collect()
            })
            .collect()
    }

    fn square(&mut self, n: usize) -> Vec<Vec<u64>> {
        (0..n)
            .map(|_| (0..n).map(|_| self.count()).collect())
            .collect()
    }

    fn paired_table(&mut self) -> PairedTable {
        PairedTable {
            both: self.count(),
            only_first: self.count(),
            only_second: self.count(),
            neither: self.count(),
        }
    }

    fn weights(&mut self, n: usize) -> Weights {
        match self.below(4) {
            0 => Weights::Unweighted,
            1 => Weights::Linear,
            2 => Weights::Quadratic,
            _ => {
                let legal = self.one_in(2);
                let mut w: Vec<Vec<f64>> = (0..n)
                    .map(|_| {
                        (0..n)
                            .map(|_| if legal { self.unit() } else { self.value() })
                            .collect()
                    })
                    .collect();
                if legal {
                    let upper = w.clone();
                    for (i, row) in w.iter_mut().enumerate() {
                        row[i] = 1.0;
                        for (j, cell) in row.iter_mut().enumerate().take(i) {
                            *cell = upper[j][i];
                        }
                    }
                }
                Weights::Custom(w)
            }
        }
    }
}

#[test]
fn shares() {
    hunt(300, |g, log| {
        let (x, n, level) = (g.count(), g.count(), g.level());
        let input = (x, n, level);
        for _ in 0..6 {
            let method = g.proportion_method();
            let first = log.shown("Proportion", &(input, method), || {
                Proportion::new(x, n, level, method)
            });
            let second = Proportion::new(g.count(), g.count(), 0.95, method);
            if let (Some(first), Ok(second)) = (first, second) {
                for method in [DifferenceMethod::Newcombe, DifferenceMethod::Wald] {
                    log.shown("proportion::difference", &(&first, &second, method), || {
                        proportion::difference(&first, &second, level, method)
                    });
                }
            }
        }
        matrix(g, log);
        paired(g, log);
    });
}

fn matrix(g: &mut Gen, log: &mut Log) {
    let m = ConfusionMatrix {
        tp: g.count(),
        fp: g.count(),
        fn_: g.count(),
        tn: g.count(),
    };
    let (level, prevalence, beta) = (g.level(), g.share(), g.value());
    let input = (m, level, prevalence, beta);
    log.value("ConfusionMatrix", &input, || {
        let counts = [
            m.n(),
            m.n_events(),
            m.n_non_events(),
            m.n_positive(),
            m.n_negative(),
        ];
        (counts, m.to_string())
    });
    log.value("rates", &input, || {
        [
            m.prevalence(),
            m.accuracy(),
            m.sensitivity(),
            m.specificity(),
            m.ppv(),
            m.npv(),
            m.ppv_at(prevalence),
            m.npv_at(prevalence),
            m.false_positive_rate(),
            m.false_negative_rate(),
            m.balanced_accuracy(),
            m.youden(),
            m.markedness(),
            m.f1(),
            m.mcc(),
        ]
    });
    log.call("f_beta", &input, || m.f_beta(beta));
    log.call("positive_likelihood_ratio", &input, || {
        m.positive_likelihood_ratio(level)
    });
    log.call("negative_likelihood_ratio", &input, || {
        m.negative_likelihood_ratio(level)
    });
    log.call("diagnostic_odds_ratio", &input, || {
        m.diagnostic_odds_ratio(level)
    });
    let method = g.proportion_method();
    log.shown("metrics", &(input, method), || m.metrics(level, method));
    for method in [DifferenceMethod::Newcombe, DifferenceMethod::Wald] {
        log.call("youden_interval", &input, || {
            m.youden_interval(level, method)
        });
        log.call("balanced_accuracy_interval", &input, || {
            m.balanced_accuracy_interval(level, method)
        });
    }
    for method in [
        PredictiveValueMethod::Logit,
        PredictiveValueMethod::AdjustedLogit,
        PredictiveValueMethod::Wald,
    ] {
        log.shown("predictive_values_at", &(input, method), || {
            m.predictive_values_at(prevalence, level, method)
        });
    }
}

fn paired(g: &mut Gen, log: &mut Log) {
    let (table, other, level) = (g.paired_table(), g.paired_table(), g.level());
    log.shown("mcnemar", &table, || Ok(table.test()));
    log.shown("mcnemar::from_counts", &table, || {
        Ok(mcnemar::from_counts(table.only_first, table.only_second))
    });
    log.value("PairedTable::n", &table, || table.n());
    for method in [
        PairedMethod::Newcombe,
        PairedMethod::Tango,
        PairedMethod::Wald,
        PairedMethod::BonettPrice,
    ] {
        let input = (table, level, method);
        log.shown("PairedTable::difference", &input, || {
            table.difference(level, method)
        });
        log.shown("mcnemar::compare", &input, || {
            mcnemar::compare(&table, level, method)
        });
    }
    log.call("compare_tables", &(table, other, level), || {
        predictive_values::compare_tables(&table, &other, level)
    });
    let n = g.n();
    let (first, second) = (g.bools(n), g.bools(n));
    let longer = n + g.below(2) * g.below(2);
    let truth = g.bools(longer);
    let input = (&first, &second, &truth, level);
    log.call("predictive_values::compare", &input, || {
        predictive_values::compare(&first, &second, &truth, level)
    });
    log.call("ConfusionMatrix::from_calls", &input, || {
        ConfusionMatrix::from_calls(&first, &truth)
    });
    log.shown("mcnemar::from_calls", &input, || {
        mcnemar::from_calls(&first, &truth)
    });
    log.call("PairedTable::from_calls", &input, || {
        PairedTable::from_calls(&first, &truth)
    });
}

#[test]
fn contingency_tables() {
    hunt(100, |g, log| {
        let table = g.table();
        for yates in [Yates::None, Yates::Corrected] {
            log.shown("chi_squared", &(&table, yates), || {
                contingency::chi_squared(&table, yates)
            });
        }
        log.shown("fisher_exact", &table, || contingency::fisher_exact(&table));
        let replicates = g.pick(&[0, 1, 20]);
        log.shown("fisher_monte_carlo", &(&table, replicates), || {
            contingency::fisher_monte_carlo(&table, replicates, 1)
        });
        let (two, level) = ([[g.count(), g.count()], [g.count(), g.count()]], g.level());
        log.shown("conditional_odds_ratio", &(two, level), || {
            contingency::conditional_odds_ratio(two, level)
        });
        let counts: Vec<u64> = table.first().cloned().unwrap_or_default();
        let mut p: Vec<f64> = counts.iter().map(|_| g.share()).collect();
        if g.one_in(2) {
            p = vec![1.0 / counts.len() as f64; counts.len()];
        }
        log.shown("goodness_of_fit", &(&counts, &p), || {
            contingency::goodness_of_fit(&counts, &p)
        });
        let other: Vec<u64> = counts.iter().map(|_| g.count()).collect();
        log.call("standardized_difference", &(&counts, &other), || {
            contingency::standardized_difference(&counts, &other)
        });
        baseline_row(g, log, &table);
    });
}

fn baseline_row(g: &mut Gen, log: &mut Log, table: &[Vec<u64>]) {
    let width = table.first().map_or(0, Vec::len);
    let missing: Vec<u64> = (0..width).map(|_| g.count()).collect();
    let settings = BaselineSettings::new()
        .categorical_rule(g.pick(&[
            CategoricalRule::ChiSquared,
            CategoricalRule::Fisher,
            CategoricalRule::FisherIfAnyBelow5,
            CategoricalRule::Cochran,
        ]))
        .yates(g.pick(&[Yates::None, Yates::Corrected]))
        .beyond_exact(g.pick(&[
            BeyondExact::NotDone,
            BeyondExact::MonteCarlo {
                replicates: 20,
                seed: 1,
            },
        ]));
    let input = (table, &missing, &settings);
    let row = log.shown("baseline::categorical", &input, || {
        baseline::categorical(table, &missing, &settings)
    });
    if let Some(row) = row {
        for level in 0..table.len() {
            log.shown("share", &input, || Ok(row.share(level, 0)));
            log.shown("total_share", &input, || Ok(row.total_share(level)));
        }
    }
}

#[test]
fn agreement_of_two() {
    hunt(300, |g, log| {
        let k = g.below(4);
        let counts = g.square(k);
        let level = g.level();
        let n = g.n();
        let ratings = |g: &mut Gen| (0..n).map(|_| g.below(k + 1)).collect::<Vec<usize>>();
        let (first, second) = (ratings(g), ratings(g));
        let size = g.pick(&[k, k + 1, k + 1, 0, 1, usize::MAX, 1 << 40]);
        let (weights, plan) = (g.weights(size.min(5)), g.bootstrap());
        let input = (&first, &second, size, &weights, plan);
        log.call("kappa_bootstrap", &input, || {
            agreement::kappa_bootstrap(&first, &second, size, weights.clone(), level, &plan)
        });
        log.call("from_ratings", &input, || {
            AgreementTable::from_ratings(&first, &second, size)
        });
        let Some(t) = log.call("AgreementTable", &counts, || {
            AgreementTable::new(counts.clone())
        }) else {
            return;
        };
        table_coefficients(g, log, &t, level);
    });
}

fn table_coefficients(g: &mut Gen, log: &mut Log, t: &AgreementTable, level: f64) {
    let weights = g.weights(t.n_categories());
    let input = (t, &weights, level);
    log.shown("kappa", &input, || {
        agreement::kappa(t, weights.clone(), level)
    });
    for variance in [
        KappaVariance::FleissCohenEveritt,
        KappaVariance::PsychCompat,
    ] {
        log.shown("kappa_with", &(input, variance), || {
            agreement::kappa_with(t, weights.clone(), variance, level)
        });
    }
    let method = g.proportion_method();
    log.call("kappa_maximum", &input, || agreement::kappa_maximum(t));
    log.shown("percent_agreement", &input, || {
        agreement::percent_agreement(t, level, method)
    });
    log.call("specific_agreement", &input, || {
        agreement::specific_agreement(t, level, method)
    });
    log.shown("pabak", &input, || agreement::pabak(t, level));
    log.shown("gwet_ac1", &input, || agreement::gwet_ac1(t, level));
    log.shown("gwet_ac2", &input, || {
        agreement::gwet_ac2(t, &weights, level)
    });
}

#[test]
fn agreement_of_several() {
    hunt(300, |g, log| {
        let (n, k, raters, level) = (g.n(), g.below(4), g.below(4), g.level());
        let loose = g.one_in(2);
        let rows: Vec<Vec<u32>> = (0..n)
            .map(|_| {
                let mut row = vec![0; k];
                for _ in 0..raters {
                    if k > 0 && !(loose && g.one_in(4)) {
                        row[g.below(k)] += 1;
                    }
                }
                if g.one_in(60) && k > 0 {
                    row[0] = u32::MAX;
                }
                row
            })
            .collect();
        if let Some(data) = log.call("SubjectCounts", &rows, || SubjectCounts::new(&rows)) {
            let weights = g.weights(k);
            let input = (&rows, &weights, level);
            log.shown("gwet_ac", &input, || {
                agreement::gwet_ac(&data, &weights, level)
            });
            log.shown("krippendorff", &input, || {
                agreement::krippendorff_alpha(&data, &weights, level)
            });
            log.shown("fleiss_kappa", &input, || {
                agreement::fleiss_kappa(&data, level)
            });
        }
        let by_rater: Vec<Vec<usize>> = (0..raters)
            .map(|_| (0..n).map(|_| g.below(k + 1)).collect())
            .collect();
        let size = g.pick(&[k, k + 1, k + 1, 0, 1, usize::MAX, 1 << 40]);
        let input = (&by_rater, size);
        if let Some(data) = log.call("Ratings", &input, || Ratings::new(&by_rater, size)) {
            let weights = g.weights(size.min(5));
            log.shown("conger_kappa", &(input, &weights), || {
                agreement::conger_kappa(&data, &weights, level)
            });
            log.call("light_kappa", &(input, &weights), || {
                agreement::light_kappa(&data, &weights)
            });
            log.value("subject_counts", &input, || data.subject_counts());
        }
    });
}
