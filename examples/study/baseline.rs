//! Baseline characteristics of a cohort by split, with a test of their differences.

use eval_stats::contingency::{Yates, chi_squared};
use eval_stats::location::kruskal_wallis;
use nomogram::format_p;

use super::modeling::readable;
use crate::cohort::{ClinicalValues, Cohort};
use crate::report::Table;

/// The baseline table: number and share of events and of every level, mean and standard deviation of every number, and P over all splits
/// (chi-square for categories, Kruskal-Wallis for numbers).
pub fn baseline_table(cohort: &Cohort) -> Table {
    let mut header = vec!["Characteristic".to_owned()];
    header.extend(
        cohort
            .splits
            .iter()
            .map(|split| format!("{} (n = {})", split.name, split.patients.len())),
    );
    header.push("P".to_owned());
    let outcomes = cohort.outcomes();
    let events: Vec<[u64; 2]> = cohort
        .splits
        .iter()
        .map(|split| {
            let events = split
                .patients
                .iter()
                .filter(|&&patient| outcomes[patient])
                .count() as u64;
            [split.patients.len() as u64 - events, events]
        })
        .collect();
    let mut rows = vec![counts_row(
        "Event",
        &events.iter().map(|counts| counts[1]).collect::<Vec<_>>(),
        cohort,
        p_of_counts(&[0, 1].map(|k| events.iter().map(|c| c[k]).collect())),
    )];
    for column in &cohort.clinical {
        let label = readable(&column.name);
        match &column.values {
            ClinicalValues::Numeric(values) => rows.push(numeric_row(&label, values, cohort)),
            ClinicalValues::Categorical { levels, codes } => {
                rows.extend(level_rows(&label, levels, codes, cohort))
            }
        }
    }
    Table::new("Baseline characteristics", header)
        .rows(rows)
        .note("n (%) or mean \u{b1} standard deviation. P over all splits: chi-square test for categories, Kruskal-Wallis test for numbers; empty where a test is not defined.")
}

fn numeric_row(label: &str, values: &[f64], cohort: &Cohort) -> Vec<String> {
    let groups: Vec<Vec<f64>> = cohort
        .splits
        .iter()
        .map(|split| {
            split
                .patients
                .iter()
                .map(|&patient| values[patient])
                .collect()
        })
        .collect();
    let mut row = vec![label.to_owned()];
    row.extend(groups.iter().map(|group| {
        let n = group.len() as f64;
        let mean = group.iter().sum::<f64>() / n;
        let variance = group
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / (n - 1.0);
        if group.len() > 1 {
            format!("{mean:.1} \u{b1} {:.1}", variance.sqrt())
        } else {
            format!("{mean:.1}")
        }
    }));
    let slices: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
    row.push(kruskal_wallis(&slices).map_or_else(|_| String::new(), |test| format_p(test.p)));
    row
}

fn level_rows(
    label: &str,
    levels: &[String],
    codes: &[usize],
    cohort: &Cohort,
) -> Vec<Vec<String>> {
    let counts: Vec<Vec<u64>> = (0..levels.len())
        .map(|level| {
            let of_split = |patients: &[usize]| {
                patients
                    .iter()
                    .filter(|&&patient| codes[patient] == level)
                    .count() as u64
            };
            cohort
                .splits
                .iter()
                .map(|split| of_split(&split.patients))
                .collect()
        })
        .collect();
    let p = p_of_counts(&counts);
    levels
        .iter()
        .zip(&counts)
        .enumerate()
        .map(|(k, (level, counts))| {
            let p = if k == 0 { p.clone() } else { String::new() };
            counts_row(&format!("{label}: {level}"), counts, cohort, p)
        })
        .collect()
}

fn counts_row(label: &str, counts: &[u64], cohort: &Cohort, p: String) -> Vec<String> {
    let mut row = vec![label.to_owned()];
    row.extend(counts.iter().zip(&cohort.splits).map(|(&count, split)| {
        format!(
            "{count} ({:.1})",
            100.0 * count as f64 / split.patients.len() as f64
        )
    }));
    row.push(p);
    row
}

/// P of a table with one row a level and one column a split.
fn p_of_counts(counts: &[Vec<u64>]) -> String {
    // Levels that nobody has say nothing about differences.
    let present: Vec<Vec<u64>> = counts
        .iter()
        .filter(|row| row.iter().any(|&count| count > 0))
        .cloned()
        .collect();
    chi_squared(&present, Yates::None).map_or_else(|_| String::new(), |test| format_p(test.p))
}
