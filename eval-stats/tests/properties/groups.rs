//! Tests of groups and counts: what must not change, what must flip, and degenerate data.

use eval_stats::baseline::{
    self, BaselineSettings, BeyondExact, CategoricalRule, ContinuousRule, NormalityOfGroup,
    RowTest, TestName,
};
use eval_stats::contingency::{self, Yates, chi_squared, conditional_odds_ratio, fisher_exact};
use eval_stats::location::{
    self, MannWhitneyMethod, Variances, anova, kruskal_wallis, mann_whitney, shapiro_wilk, t_test,
};
use eval_stats::{Error, special};
use proptest::prelude::*;

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn group() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec((-20i32..20).prop_map(|v| f64::from(v) / 4.0), 3..15)
}

fn table() -> impl Strategy<Value = Vec<Vec<u64>>> {
    (2usize..4, 2usize..5)
        .prop_flat_map(|(r, c)| proptest::collection::vec(proptest::collection::vec(0u64..6, c), r))
}

proptest! {
    /// Squares of the t tests; scaling by powers of two far outside the range of squares.
    #[test]
    fn two_groups_are_a_special_case(a in group(), b in group(), e in -900i32..900) {
        for variances in [Variances::Welch, Variances::Pooled] {
            let t = t_test(&a, &b, variances, 0.95).unwrap();
            let f = anova(&[&a, &b], variances).unwrap();
            prop_assert!(near(f.f, t.t * t.t) || f.f < 1e-20, "{} {}", f.f, t.t);
            prop_assert!(near(f.p, t.p) || t.t.abs() < 1e-6);
            let scaled = |v: &[f64]| v.iter().map(|x| x * 2f64.powi(e)).collect::<Vec<_>>();
            let (c, d) = (scaled(&a), scaled(&b));
            let s = t_test(&c, &d, variances, 0.95).unwrap();
            prop_assert!(near(s.t, t.t) || t.t.abs() < 1e-9);
            prop_assert!(near(s.df, t.df));
            let swapped = t_test(&b, &a, variances, 0.95).unwrap();
            prop_assert!(swapped.t == -t.t && swapped.p == t.p);
        }
    }

    /// U of both groups sums to mn; Kruskal-Wallis of two groups is Mann-Whitney's z squared.
    #[test]
    fn ranks(a in group(), b in group()) {
        let method = MannWhitneyMethod::Normal;
        let (x, y) = (mann_whitney(&a, &b, method).unwrap(), mann_whitney(&b, &a, method).unwrap());
        prop_assert_eq!(x.u + y.u, (a.len() * b.len()) as f64);
        let h = kruskal_wallis(&[&a, &b]).unwrap();
        prop_assert!((h.h - x.z.unwrap_or(0.0).powi(2)).abs() < 1e-10);
        let x = mann_whitney(&a, &b, MannWhitneyMethod::Exact).unwrap();
        let y = mann_whitney(&b, &a, MannWhitneyMethod::Exact).unwrap();
        prop_assert!(near(x.p, y.p) && x.p > 0.0 && x.p <= 1.0 + 1e-12);
    }

    /// Fisher does not care for the order of rows and columns, nor for transposition.
    #[test]
    fn fisher_is_symmetric(t in table()) {
        let p = fisher_exact(&t).unwrap().p;
        let turned: Vec<Vec<u64>> =
            (0..t[0].len()).rev().map(|j| t.iter().map(|r| r[j]).collect()).collect();
        prop_assert!(near(p, fisher_exact(&turned).unwrap().p));
        prop_assert!(p > 0.0 && p <= 1.0);
    }

    /// The odds ratio of the mirrored table is the inverse, and its interval holds it.
    #[test]
    fn odds_ratios_mirror(a in 0u64..30, b in 1u64..30, c in 1u64..30, d in 0u64..30) {
        let x = conditional_odds_ratio([[a, b], [c, d]], 0.9).unwrap();
        let y = conditional_odds_ratio([[b, a], [d, c]], 0.9).unwrap();
        prop_assert!(near(x.odds_ratio, 1.0 / y.odds_ratio) && near(x.low, 1.0 / y.high));
        prop_assert!(x.low <= x.odds_ratio && x.odds_ratio <= x.high);
    }

    /// Baseline rows never fail on legal data, and never hold NaN.
    #[test]
    fn rows_are_total(a in group(), b in group(), t in table(), gone in 0usize..3) {
        let mut a = a;
        a[..gone].fill(f64::NAN);
        for rule in [ContinuousRule::Parametric, ContinuousRule::Rank,
            ContinuousRule::ShapiroGate { alpha: 0.05 }] {
            let row = baseline::continuous(&[&a, &b], &BaselineSettings::new().continuous_rule(rule)).unwrap();
            prop_assert_eq!(row.groups[0].missing, gone);
            prop_assert_eq!(row.groups[0].n + gone, a.len());
            if let Some(test) = row.test.done() {
                prop_assert!(test.iter().all(|(_, v)| !v.is_nan()));
            }
        }
        for rule in [CategoricalRule::ChiSquared, CategoricalRule::Fisher, CategoricalRule::Cochran] {
            let settings = BaselineSettings::new().categorical_rule(rule);
            let row = baseline::categorical(&t, &vec![1; t[0].len()], &settings).unwrap();
            if let Some(test) = row.test.done() {
                prop_assert!(test.iter().all(|(_, v)| !v.is_nan()));
            }
        }
    }

    /// Quantiles and tails are inverse over the whole range.
    #[test]
    fn quantiles_invert_tails(ln_p in -650.0f64..-0.7, ln_df in -2.0f64..20.0, ln_other in -2.0f64..20.0) {
        let (p, d, e) = (ln_p.exp(), ln_df.exp(), ln_other.exp());
        let close = |got: f64| (got / p - 1.0).abs() < 1e-8;
        let t = special::t_quantile(p, d);
        prop_assert!(t.is_infinite() || close(special::t_cdf(t, d)), "t {} {}", t, d);
        let x = special::chi_squared_quantile(p, d);
        prop_assert!(x < 1e-290 || close(special::chi_squared_cdf(x, d)), "chi {} {}", x, d);
        let x = special::beta_quantile(p, d, e);
        prop_assert!(!(1e-290..=0.5).contains(&x) || close(special::beta_cdf(x, d, e)), "beta {} {} {}", x, d, e);
        let x = special::f_quantile(p, d, e);
        prop_assert!(!(1e-290..1e290).contains(&x) || close(special::f_cdf(x, d, e)), "F {} {} {}", x, d, e);
    }
}

#[test]
fn degenerate_groups_have_documented_values() {
    let (flat, other, wide) = ([0.1; 3], [0.3; 4], [1.0, 2.0, 4.0]);
    let t = t_test(&flat, &flat, Variances::Welch, 0.95).unwrap();
    assert_eq!((t.t, t.p, t.low, t.high), (0.0, 1.0, 0.0, 0.0));
    let t = t_test(&flat, &other, Variances::Welch, 0.95).unwrap();
    assert_eq!(
        (t.t, t.p, t.log10_p),
        (f64::NEG_INFINITY, 0.0, f64::NEG_INFINITY)
    );
    let f = anova(&[&flat, &flat, &flat], Variances::Welch).unwrap();
    assert_eq!((f.f, f.p), (0.0, 1.0));
    let f = anova(&[&flat, &other, &wide], Variances::Welch).unwrap();
    assert_eq!((f.f, f.p), (f64::INFINITY, 0.0));
    // The limit: a variance of almost nothing.
    let f = anova(&[&flat, &wide, &[5.0, 6.0]], Variances::Welch).unwrap();
    let almost = [0.1, 0.1 + 1e-9, 0.1 - 1e-9];
    let g = anova(&[&almost, &wide, &[5.0, 6.0]], Variances::Welch).unwrap();
    assert!((f.f / g.f - 1.0).abs() < 1e-6 && (f.df_within / g.df_within - 1.0).abs() < 1e-6);
    assert!(anova(&[&[1.0], &[2.0]], Variances::Pooled).is_err());
    let w = mann_whitney(&flat, &flat, MannWhitneyMethod::Exact).unwrap();
    assert_eq!((w.u, w.p), (4.5, 1.0));
    assert_eq!(kruskal_wallis(&[&flat, &flat]).unwrap().p, 1.0);
    assert!(matches!(shapiro_wilk(&flat), Err(Error::Undefined { .. })));
    assert_eq!(shapiro_wilk(&[0.0, 0.0, 1.0]).unwrap().p, 0.0);
    assert_eq!(
        location::standardized_difference(&flat, &other).unwrap(),
        None
    );
    // Values of 1e200 are no trouble, those at the end of the range have finite tests too.
    let t = t_test(&[1e200, 3e200], &[5e200, 9e200], Variances::Pooled, 0.95).unwrap();
    assert!((t.t + 5.0 / 5f64.sqrt()).abs() < 1e-12);
    let t = t_test(
        &[-1.7e308, 1.7e308],
        &[1e308, 1.1e308],
        Variances::Welch,
        0.95,
    )
    .unwrap();
    assert!(t.iter().all(|(_, v)| !v.is_nan()));
    assert!(shapiro_wilk(&[-1.7e308, 1.7e308, 0.0, 1.0]).unwrap().p > 0.0);
}

#[test]
fn degenerate_tables_have_documented_values() {
    let empty_row = [vec![3, 4], vec![0, 0]];
    assert_eq!(fisher_exact(&empty_row).unwrap().p, 1.0);
    assert!(matches!(
        chi_squared(&empty_row, Yates::None),
        Err(Error::Undefined { .. })
    ));
    assert!(conditional_odds_ratio([[3, 4], [0, 0]], 0.95).is_err());
    let or = conditional_odds_ratio([[5, 0], [0, 5]], 0.95).unwrap();
    assert_eq!((or.odds_ratio, or.high), (f64::INFINITY, f64::INFINITY));
    assert_eq!(
        contingency::standardized_difference(&[4, 0], &[0, 4]).unwrap(),
        None
    );
    assert_eq!(
        contingency::standardized_difference(&[4, 0], &[4, 0]).unwrap(),
        None
    );
    // Far beyond the range of p.
    let p = fisher_exact(&[vec![5000, 0], vec![0, 5000]]).unwrap();
    assert_eq!(p.p, 0.0);
    assert!((p.log10_p + 3008.0).abs() < 1.0, "{}", p.log10_p);
    assert!(fisher_exact(&[vec![u64::MAX, 1], vec![1, 1]]).is_err());
    // A million subjects, one by one in the formula.
    let p = fisher_exact(&[vec![300_000, 200_000], vec![299_000, 201_000]]).unwrap();
    assert!(p.p > 0.03 && p.p < 0.05, "{}", p.p);
}

#[test]
fn monte_carlo_agrees_with_the_exact_test() {
    let table = [vec![3, 1, 4], vec![1, 5, 9], vec![2, 6, 5]];
    let exact = fisher_exact(&table).unwrap().p;
    let random = contingency::fisher_monte_carlo(&table, 4000, 1).unwrap();
    let error = (exact * (1.0 - exact) / 4000.0).sqrt();
    assert!(
        (random.p - exact).abs() < 4.0 * error,
        "{} {exact}",
        random.p
    );
    assert_eq!(
        random,
        contingency::fisher_monte_carlo(&table, 4000, 1).unwrap()
    );
    let large = vec![vec![40; 8]; 8];
    assert!(matches!(fisher_exact(&large), Err(Error::TooMany { .. })));
    let row = |settings: &BaselineSettings| {
        baseline::categorical(&large, &[0; 8], settings)
            .unwrap()
            .test
    };
    let fisher = BaselineSettings::new().categorical_rule(CategoricalRule::Fisher);
    assert!(matches!(
        row(&fisher),
        RowTest::NotDone {
            reason: Error::TooMany { .. }
        }
    ));
    let random = row(&fisher.beyond_exact(BeyondExact::MonteCarlo {
        replicates: 99,
        seed: 1,
    }));
    assert_eq!(random.done().unwrap().name, TestName::FisherMonteCarlo);
}

#[test]
fn the_gate_stays_in_the_row() {
    let skewed: Vec<f64> = (0..30).map(|i| (f64::from(i) / 4.0).exp()).collect();
    let even: Vec<f64> = (1..30)
        .map(|i| special::normal_quantile(f64::from(i) / 30.0))
        .collect();
    let settings = BaselineSettings::new();
    let row = baseline::continuous(&[&even, &skewed], &settings).unwrap();
    assert!(!row.gate.unwrap().passed);
    assert_eq!(row.test.done().unwrap().name, TestName::MannWhitney);
    let row = baseline::continuous(&[&even, &even, &even], &settings).unwrap();
    assert!(row.gate.unwrap().passed);
    assert_eq!(row.test.done().unwrap().name, TestName::WelchAnova);
    let row = baseline::continuous(&[&even, &[1.0, 1.0, 1.0], &[]], &settings).unwrap();
    let gate = row.gate.as_ref().unwrap();
    assert_eq!(
        gate.groups[1..],
        [NormalityOfGroup::Constant, NormalityOfGroup::TooFew]
    );
    assert!(row.test.done().is_none() && row.test.format_p().is_empty());
    assert!(row.test.to_string().starts_with("no test: "));
    // A table of one group describes it.
    let row = baseline::continuous(&[&even], &settings).unwrap();
    assert!(row.test.done().is_none() && row.standardized_difference.is_none());
    assert_eq!(row.groups[0], row.total);
    let row = baseline::categorical(&[vec![3], vec![1]], &[2], &settings).unwrap();
    assert!(row.test.done().is_none() && row.test.p_cell().is_empty());
    assert_eq!(row.share(1, 0).to_string(), "1 (25.0%)");
    assert!(baseline::continuous(&[], &settings).is_err());
    let bad = settings.continuous_rule(ContinuousRule::ShapiroGate { alpha: f64::NAN });
    assert!(baseline::continuous(&[&even, &even], &bad).is_err());
}
