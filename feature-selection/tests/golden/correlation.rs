//! numpy, scipy and caret: correlation and redundancy.

use super::common::{ANALYTIC, Csv, Worst, golden_path, indices, json, numbers, shared_path};
use feature_selection::correlation::{Correlation, correlation_matrix};
use feature_selection::redundancy::{
    caret_exact, caret_fast, near_zero_variance, relevance_greedy,
};

#[test]
fn coefficients_of_a_part_of_the_radiomics_table() {
    let table = Csv::read(golden_path("radiomics421_subset.csv")).table(1);
    let golden = json(golden_path("corr_radiomics421_subset.json"));
    for (key, method) in [
        ("pearson", Correlation::Pearson),
        ("spearman", Correlation::Spearman),
    ] {
        let found = correlation_matrix(&table, method);
        let constant = table.constant_columns();
        assert_eq!(constant.len(), 1);
        let mut worst = Worst::default();
        for i in 0..table.n_columns() {
            for (j, &reference) in numbers(&golden[key][i]).iter().enumerate() {
                if constant.contains(&i) || constant.contains(&j) {
                    // The reference divides rounding noise by rounding noise here.
                    assert!(found[[i, j]].is_nan());
                    continue;
                }
                worst.see(found[[i, j]], reference, 1.0, || format!("{key} {i} {j}"));
            }
        }
        worst.at_most(ANALYTIC, key);
    }
}

#[test]
fn greedy_and_caret_rules_on_the_full_table() {
    let Some(data) = shared_path("data/radiomics421.csv") else {
        return;
    };
    let csv = Csv::read(data);
    let (table, _) = (csv.table(1), csv.outcome("y"));
    let golden = json(shared_path("corr_filter_radiomics421.json").expect("beside its data"));
    let knn = json(shared_path("mi_knn.json").expect("beside its data"));
    let relevance: Vec<f64> = numbers(&knn["radiomics421_classif_k3_nojitter"])
        .into_iter()
        .map(|v| if v.is_nan() { 0.0 } else { v })
        .collect();
    for (key, cutoff, method) in [
        ("spearman_0.9_keep_by_mi", 0.9, Correlation::Spearman),
        ("spearman_0.7_keep_by_mi", 0.7, Correlation::Spearman),
        ("pearson_0.9_keep_by_mi", 0.9, Correlation::Pearson),
    ] {
        let found = relevance_greedy(&table, &relevance, cutoff, method).unwrap();
        // The reference keeps the constant column wherever its rounding noise correlates with nothing.
        let expected: Vec<usize> = indices(&golden[key])
            .into_iter()
            .filter(|&j| j != 500)
            .collect();
        assert_eq!(found.kept, expected, "{key}");
        assert_eq!(found.constant, vec![500]);
    }
    let golden = json(shared_path("findcorrelation.json").expect("beside its data"));
    // The reference numbers the columns without the constant one.
    let renumber = |j: usize| if j < 500 { j } else { j - 1 };
    let removed = |r: feature_selection::redundancy::Redundancy| -> Vec<usize> {
        r.removed.iter().map(|r| renumber(r.column)).collect()
    };
    let exact = caret_exact(&table, 0.9, Correlation::Spearman).unwrap();
    assert_eq!(removed(exact), indices(&golden["spearman09_exact"]));
    let fast = caret_fast(&table, 0.9, Correlation::Spearman).unwrap();
    assert_eq!(removed(fast), indices(&golden["spearman09_fast"]));
    assert_eq!(
        near_zero_variance(&table, 19.0, 10.0).unwrap(),
        indices(&golden["nzv_radiomics"])
    );
}
