//! scikit-learn, infotheo and praznik: mutual information and greedy selection.

use super::common::{ANALYTIC, Csv, Worst, golden_path, indices, json, numbers, shared_path};
use feature_selection::mrmr::{Criterion, Stop, select};
use feature_selection::mutual_information::{
    Binning, Entropy, binned, cube_root_bins, outcome_information,
};

fn check_nearest(table: &feature_selection::FeatureTable, outcome: &[bool], expected: &[f64]) {
    let mut worst = Worst::default();
    for (j, found) in outcome_information(table, outcome, 3)
        .unwrap()
        .into_iter()
        .enumerate()
    {
        // The reference has no value for a constant column; ours is 0.
        let reference = if expected[j].is_nan() {
            0.0
        } else {
            expected[j]
        };
        worst.see(found, reference, 1.0, || format!("column {j}"));
    }
    worst.at_most(ANALYTIC, "nearest neighbors");
}

fn check_binned(
    table: &feature_selection::FeatureTable,
    outcome: &[bool],
    columns: &[usize],
    expected: &[f64],
) {
    let classes: Vec<usize> = outcome.iter().map(|&y| usize::from(y)).collect();
    let binning = Binning::EqualFrequency {
        bins: cube_root_bins(table.n_rows()),
    };
    let mut worst = Worst::default();
    for (&j, &reference) in columns.iter().zip(expected) {
        let x = binning.classes(table.column(j)).unwrap();
        worst.see(
            binned(&x, &classes, Entropy::Empirical).unwrap(),
            reference,
            1.0,
            || format!("column {j}"),
        );
    }
    worst.at_most(ANALYTIC, "equal frequency");
}

#[test]
fn a_part_of_the_radiomics_table() {
    let csv = Csv::read(golden_path("radiomics421_subset.csv"));
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let golden = json(golden_path("mi_subset.json"));
    check_nearest(&table, &outcome, &numbers(&golden["classif_k3_nojitter"]));
    let expected = numbers(&golden["infotheo_equal_frequency_empirical"]);
    let columns: Vec<usize> = (0..expected.len())
        .filter(|&j| !expected[j].is_nan())
        .collect();
    let values: Vec<f64> = columns.iter().map(|&j| expected[j]).collect();
    check_binned(&table, &outcome, &columns, &values);
}

#[test]
fn the_full_radiomics_table() {
    let Some(data) = shared_path("data/radiomics421.csv") else {
        return;
    };
    let csv = Csv::read(data);
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let knn = json(shared_path("mi_knn.json").expect("beside its data"));
    check_nearest(
        &table,
        &outcome,
        &numbers(&knn["radiomics421_classif_k3_nojitter"]),
    );
    let golden = json(shared_path("mi_binned_mrmr.json").expect("beside its data"));
    let columns: Vec<usize> = (0..979).filter(|&j| j != 500).collect();
    check_binned(
        &table,
        &outcome,
        &columns,
        &numbers(&golden["infotheo"]["radiomics_mi_y_ef_without_col500"]),
    );
    for (name, criterion) in [
        ("MIM", Criterion::Mim),
        ("MRMR", Criterion::MrmrDifference),
        ("JMI", Criterion::Jmi),
        ("JMIM", Criterion::Jmim),
        ("CMIM", Criterion::Cmim),
        ("DISR", Criterion::Disr),
        ("NJMIM", Criterion::Njmim),
    ] {
        let found = select(
            &table,
            &outcome,
            criterion,
            20,
            Binning::Praznik,
            Stop::WhenExhausted,
        )
        .unwrap();
        let expected = &golden["praznik"][format!("{name}_radiomics")];
        assert_eq!(found.selected, indices(&expected["sel"]), "{name}");
        let mut worst = Worst::default();
        for (k, &reference) in numbers(&expected["score"]).iter().enumerate() {
            worst.see(found.scores[k], reference, 1.0, || {
                format!("{name} feature {k}")
            });
        }
        worst.at_most(ANALYTIC, name);
    }
}
