//! Tables with and without gaps, standardization, intraclass correlation.

use feature_selection::FeatureTable;
use feature_selection::icc::{
    Comparison, IccBound, IccConvention, IccFilter, IccForm, IccScheme, IccSettings,
    MissingRatings, ReliabilityStudy, VarianceComponents, feature_icc, feature_icc_all,
    feature_icc_values, icc, icc_all, icc_values,
};
use feature_selection::missing::{CompletionPolicy, ImputeBy, Imputer, IncompleteTable, RowSource};
use feature_selection::standardize::{Divisor, Standardizer};
use feature_selection::table::MissingPolicy;
use ndarray::Array2;

use super::{Gen, hunt};

impl Gen {
    fn matrix(&mut self, n: usize, p: usize) -> Array2<f64> {
        let clean = !self.one_in(3);
        Array2::from_shape_fn((n, p), |_| match clean {
            true => self.finite(),
            false => self.value(),
        })
    }

    fn icc_settings(&mut self) -> IccSettings {
        IccSettings {
            level: self.level(),
            null_value: self.pick(&[0.0, 0.0, 0.5, 0.9, 1.0, -1.0, f64::NAN]),
            convention: self.pick(&[IccConvention::Psych, IccConvention::Irr]),
            components: self.pick(&[VarianceComponents::Anova, VarianceComponents::Reml]),
            missing: self.pick(&[MissingRatings::Error, MissingRatings::Listwise]),
        }
    }
}

#[test]
fn feature_tables() {
    hunt(300, &[], |g, log| {
        let (n, p) = (g.below(5), g.below(5));
        let values = g.matrix(n, p);
        let mut names = g.names(p);
        if p > 1 && g.one_in(6) {
            names[0] = names[1].clone();
        }
        if g.one_in(10) {
            names.push("more".to_owned());
        }
        let policy = g.pick(&[MissingPolicy::Error, MissingPolicy::DropColumn]);
        let input = (&values, &names, policy);
        let table = log.call("with_policy", &input, || {
            FeatureTable::with_policy(values.view(), &names, policy)
        });
        let Some((table, _)) = table else { return };
        let share = g.share();
        log.value("questions", &table, || {
            let copies = (table.constant_columns(), table.duplicate_columns());
            (copies, table.position("f1"), table.to_array())
        });
        let near = log.call("near_constant_columns", &(&table, share), || {
            table.near_constant_columns(share)
        });
        drop(near);
        log.call("select_names", &(&table, &names), || {
            table.select_names(&names)
        });
        log.call("select_rows", &table, || table.select_rows(&[]));
        let divisor = g.pick(&[Divisor::Population, Divisor::Sample]);
        let fit = log.call("Standardizer::fit", &(&table, divisor), || {
            Standardizer::fit(&table, divisor)
        });
        let Some(fit) = fit else { return };
        log.call("Standardizer::transform", &table, || fit.transform(&table));
        let text = fit.to_json();
        let again = log.call("Standardizer::from_json", &text, || {
            Standardizer::from_json(&text)
        });
        log.holds("stored standardizer", &fit, again.as_ref() == Some(&fit));
        let other = g.plain_table(2, p);
        log.call("Standardizer::transform", &(&fit, &other), || {
            fit.transform(&other)
        });
    });
}

#[test]
fn gaps() {
    hunt(
        300,
        &["IncompleteTable.columns", "rows.columns"],
        |g, log| {
            let (n, p) = (g.below(6), g.below(5));
            let gap = 1 + g.below(6);
            let values = Array2::from_shape_fn((n, p), |_| match g.one_in(gap) {
                true => f64::NAN,
                false => g.value().clamp(f64::MIN, f64::MAX),
            });
            let names = g.names(p);
            let table = log.call("IncompleteTable", &values, || {
                IncompleteTable::new(values.view(), &names)
            });
            let Some(table) = table else { return };
            log.value("missing", &table, || table.missing());
            let max_share = g.share();
            for policy in [
                CompletionPolicy::Refuse,
                CompletionPolicy::DropColumns,
                CompletionPolicy::DropRows,
                CompletionPolicy::DropColumnsThenRows { max_share },
            ] {
                log.call("complete", &(&table, policy), || table.complete(policy));
            }
            let by = g.pick(&[ImputeBy::Mean, ImputeBy::Median]);
            let imputer = log.call("Imputer::fit", &(&table, by), || Imputer::fit(&table, by));
            log.call("split", &(&table, by), || {
                table
                    .imputed_by(by)
                    .training_and_test(&[0, n - 1], &[n / 2])
            });
            let Some(imputer) = imputer else { return };
            log.call("Imputer::transform", &(&table, by), || {
                imputer.transform(&table)
            });
            let text = imputer.to_json();
            let again = log.call("Imputer::from_json", &text, || Imputer::from_json(&text));
            log.holds("stored imputer", &imputer, again.as_ref() == Some(&imputer));
        },
    );
}

/// What [`feature_selection::icc`] documents: F is infinite without error, and nothing is defined without variation.
const ICC: &[&str] = &[
    "icc.value",
    "icc.f",
    "icc.df1",
    "icc.df2",
    "icc.p_value",
    "icc.ci_low",
    "icc.ci_high",
    "icc.one_way_single",
    "icc.agreement_single",
    "icc.consistency_single",
    "icc.one_way_average",
    "icc.agreement_average",
    "icc.consistency_average",
];

#[test]
fn intraclass_correlation() {
    hunt(300, ICC, |g, log| {
        let (n, k) = (g.below(7), g.below(5));
        let scale = g.pick(&[1.0, 1e-300, 1e300, 1e-160]);
        let same = g.below(4);
        let any = g.below(3);
        let ratings = Array2::from_shape_fn((n, k), |(i, j)| match same {
            0 => i as f64 * scale,
            1 => j as f64 * scale,
            2 if any == 0 => g.value(),
            _ => (i as f64 + g.normal()) * scale,
        });
        let settings = g.icc_settings();
        let form = g.pick(&IccForm::ALL);
        let input = (&ratings, form, settings);
        log.call("icc", &input, || icc(ratings.view(), form, &settings));
        log.call("icc", &input, || icc_all(ratings.view(), &settings));
        log.call("icc", &input, || icc_values(ratings.view(), &settings));
    });
}

#[test]
fn reliability_of_features() {
    hunt(150, ICC, |g, log| {
        let n = g.rows();
        let first = {
            let outcome = g.outcome(n);
            g.table(&outcome)
        };
        let p = first.n_columns();
        let other = match g.below(4) {
            0 => first.clone(),
            1 => {
                let more = g.below(2);
                g.plain_table(n, p + more)
            }
            _ => {
                let values = first
                    .to_array()
                    .mapv(|v| (v + g.normal()).clamp(f64::MIN, f64::MAX));
                FeatureTable::new(values.view(), first.names()).expect("a table")
            }
        };
        let readings = [&first, &other];
        let readings = &readings[..g.pick(&[0, 1, 2, 2, 2, 2])];
        let settings = g.icc_settings();
        let form = g.pick(&IccForm::ALL);
        let input = (readings, form, settings);
        let iccs = log.call("icc", &input, || feature_icc(readings, form, &settings));
        log.call("icc", &input, || feature_icc_all(readings, &settings));
        log.call("icc", &input, || feature_icc_values(readings, &settings));
        let filter = IccFilter {
            threshold: g.share(),
            bound: g.pick(&[IccBound::Estimate, IccBound::LowerLimit]),
        };
        let comparisons = [
            Comparison::inter_observer(readings),
            Comparison::new("x", readings, form).report(form),
        ];
        let comparisons = &comparisons[..g.below(3)];
        let study = log.call("icc", &(&input, filter), || {
            ReliabilityStudy::new(comparisons, &filter, &settings)
        });
        if let Some(study) = study {
            log.value("icc", &input, || {
                let counts = study.counts(0, IccScheme::KooLi, filter.bound);
                (study.kept(), study.column(0), study.deciding(), counts)
            });
        }
        let Some(iccs) = iccs else { return };
        log.call("icc", &input, || {
            ReliabilityStudy::join(&[("a", &iccs), ("b", &iccs[..iccs.len() / 2])], &filter)
        });
    });
}
