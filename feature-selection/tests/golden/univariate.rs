//! scipy: t, Welch, Mann-Whitney and Levene.

use super::common::{Csv, DIRECT, Worst, golden_path, indices, json, number, numbers};
use feature_selection::univariate::{
    LeveneCenter, MannWhitneyMethod, TestName, UnivariateMethod, levene, univariate_test,
};

#[test]
fn tests_of_the_radiomics_table() {
    let csv = Csv::read(golden_path("radiomics421_subset.csv"));
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let golden = json(golden_path("univariate.json"));
    let columns = indices(&json(golden_path("corr_radiomics421_subset.json"))["idx"]);
    let mut worst = Worst::default();
    for (k, original) in indices(&golden["radiomics_idx"]).into_iter().enumerate() {
        let j = columns
            .iter()
            .position(|&c| c == original)
            .expect("a column of the part");
        let (x, expected) = (table.column(j), &golden["radiomics"][k]);
        let test = |method| univariate_test(x, &outcome, method).unwrap();
        let student = test(UnivariateMethod::Student);
        let welch = test(UnivariateMethod::Welch);
        let corrected = test(UnivariateMethod::MannWhitney(
            MannWhitneyMethod::NormalCorrected,
        ));
        let plain = test(UnivariateMethod::MannWhitney(MannWhitneyMethod::Normal));
        let about_mean = levene(x, &outcome, LeveneCenter::Mean).unwrap();
        let about_median = levene(x, &outcome, LeveneCenter::Median).unwrap();
        for (key, found) in [
            ("t", student.statistic),
            ("t_p", student.p_value),
            ("welch", welch.statistic),
            ("welch_df", welch.df),
            ("welch_p", welch.p_value),
            ("U", corrected.statistic),
            ("U_p_cc", corrected.p_value),
            ("U_p_nocc", plain.p_value),
            ("levene_mean", about_mean.statistic),
            ("levene_mean_p", about_mean.p_value),
            ("levene_median", about_median.statistic),
            ("levene_median_p", about_median.p_value),
        ] {
            worst.see(found, number(&expected[key]), 1e-12, || {
                format!("column {original} {key}")
            });
        }
    }
    worst.at_most(DIRECT, "univariate tests");
}

#[test]
fn the_exact_distribution_of_u() {
    let golden = json(golden_path("univariate.json"));
    let exact = &golden["exact"];
    let (a, b) = (numbers(&exact["a"]), numbers(&exact["b"]));
    let outcome: Vec<bool> = (0..a.len() + b.len()).map(|i| i < a.len()).collect();
    let method = UnivariateMethod::MannWhitney(MannWhitneyMethod::ExactIfSmall);
    let found = univariate_test(&[a, b].concat(), &outcome, method).unwrap();
    assert_eq!(found.test, TestName::MannWhitneyExact);
    let mut worst = Worst::default();
    worst.see(found.statistic, number(&exact["U"]), 1.0, || "U".to_owned());
    worst.see(found.p_value, number(&exact["p"]), 1.0, || "p".to_owned());
    worst.at_most(DIRECT, "exact U");
}
