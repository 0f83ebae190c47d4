//! The study's baseline tables: what the cells, the footnotes and the CSV file say of a small cohort.

use std::fmt::Write;
use std::fs;

use examples::cohort::{Cohort, CohortOptions};
use examples::report::{Report, Section};
use examples::study::baseline::Baseline;

/// Patients 1 to 12 in `train`, 13 to 20 in `test`, where there is such a split: age even, marker skewed, node rare, side balanced.
fn cohort(with_test: bool) -> Cohort {
    let folder = tempfile::tempdir().unwrap();
    for file in ["image.png", "mask.png"] {
        fs::write(folder.path().join(file), "").unwrap();
    }
    let mut rows =
        "patient,split,outcome,lesion_image,lesion_mask,age,marker,node,side\n".to_owned();
    for k in 0..if with_test { 20 } else { 12 } {
        let split = if k < 12 { "train" } else { "test" };
        let image = format!("image{k}.png");
        fs::write(folder.path().join(&image), "").unwrap();
        let (age, marker) = (40 + (7 * k) % 12, [0.25, 0.5, 0.75, 90.5][k % 4]);
        let node = if k == 3 { "yes" } else { "no" };
        let side = if k % 4 < 2 { "left" } else { "right" };
        let outcome = k % 2;
        let patient = format!("p{k},{split},{outcome},{image},mask.png");
        writeln!(rows, "{patient},{age},{marker},{node},{side}").unwrap();
    }
    let manifest = folder.path().join("cohort.csv");
    fs::write(&manifest, rows).unwrap();
    Cohort::read(&manifest, &CohortOptions::default()).unwrap()
}

fn html(baseline: &Baseline) -> String {
    let mut section = Section::new("Cohort");
    section.table(baseline.table());
    Report::new("Study").section(section).to_html()
}

/// Header and rows of the CSV file.
fn csv_file(baseline: &Baseline) -> (Vec<String>, Vec<Vec<String>>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.csv");
    baseline.write(&path).unwrap();
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().iter().map(str::to_owned);
    let header = header.collect();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        record.iter().map(str::to_owned).collect()
    });
    (header, rows.collect())
}

#[test]
fn a_footnote_names_the_test_of_every_row() {
    let table = html(&Baseline::by_split(&cohort(true)).unwrap());
    for expected in [
        "Train <span class=\"piece\">(n = 12)</span>",
        "Test (n = 8)",
        "<th scope=\"row\">Age, mean \u{b1} SD</th><td class=\"number\">45.5 \u{b1} 3.6</td>",
        "<th scope=\"row\">Marker, median (quartiles)</th>",
        "<th scope=\"row\">Node, n (%)</th>",
        "<th scope=\"row\"><span class=\"piece\">\u{2003}yes</span></th><td class=\"number\">1 (8.3)</td><td class=\"number\">0 (0.0)</td>",
        "Welch&#39;s t test.",
        "Mann-Whitney test.",
        "Fisher&#39;s exact test.",
    ] {
        assert!(table.contains(expected), "{expected}\n{table}");
    }
}

#[test]
fn the_file_has_the_tests_unrounded() {
    let (header, rows) = csv_file(&Baseline::by_split(&cohort(true)).unwrap());
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let row = |variable: &str, level: &str| {
        rows.iter()
            .find(|row| row[0] == variable && row[1] == level)
            .unwrap()
    };
    // One of 20 patients, in the group of 12: the other arrangement is as likely or less, so P = 1.
    let node = row("node", "");
    assert_eq!(node[column("test")], "Fisher's exact test");
    assert_eq!(node[column("statistic")], "");
    assert!((node[column("p")].parse::<f64>().unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(node[column("smallest_expected")], "0.4");
    // Shares 1/12 and 0 differ by 1/12, with the mean variance 11/288: sqrt(2/11).
    let smd: f64 = node[column("smd")].parse().unwrap();
    assert!((smd - (2.0f64 / 11.0).sqrt()).abs() < 1e-12, "{smd}");
    assert_eq!(row("node", "yes")[2..4], ["1 (8.3)", "0 (0.0)"]);
    assert!(row("node", "yes")[4..].iter().all(String::is_empty));
    // The marker is the same four numbers over and over, in both groups.
    let marker = row("marker", "");
    assert_eq!(marker[column("test")], "Mann-Whitney test");
    assert_eq!(marker[column("smd")].parse::<f64>().unwrap(), 0.0);
    let gate: f64 = marker[column("shapiro_smallest_p")].parse().unwrap();
    assert!(gate < 0.05);
    assert!(
        rows.iter()
            .all(|row| ["", "0"].contains(&row[column("n_missing")].as_str()))
    );
}

#[test]
fn outcome_groups_are_those_of_training() {
    let cohort = cohort(true);
    let (header, rows) = csv_file(&Baseline::by_outcome(&cohort).unwrap());
    assert_eq!(header[2..4], ["no event (n = 6)", "event (n = 6)"]);
    assert!(rows.iter().all(|row| row[0] != "event"));
}

#[test]
fn a_single_split_is_described_without_tests() {
    let baseline = Baseline::by_split(&cohort(false)).unwrap();
    let table = html(&baseline);
    assert!(
        table.contains("<th scope=\"row\">Age, mean \u{b1} SD</th>"),
        "{table}"
    );
    assert!(table.contains("Age: no test, "), "{table}");
    let (header, rows) = csv_file(&baseline);
    let (p, note) = (header.len() - 6, header.len() - 1);
    assert_eq!(header[p], "p");
    let of_variables = rows.iter().filter(|row| row[1].is_empty());
    assert!(of_variables.clone().count() == 5);
    assert!(
        of_variables
            .clone()
            .all(|row| row[p].is_empty() && !row[note].is_empty())
    );
}
