//! Bad input ends in one line that says where it is, and leaves nothing behind.

use std::fs;

use assert_cmd::Command;

use crate::{Study, common};

/// Runs the program on tables that the study and `edit` leave in a folder; it has to end with `code`, one line that has `parts`, and no results.
fn refused(edit: impl Fn(&mut Vec<String>), options: &[&str], code: i32, parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    Study::new(1, 40, 4, 1).write(&path);
    let mut lines: Vec<String> = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    fs::write(
        folder.path().join("again.csv"),
        lines[..16].join("\n") + "\n",
    )
    .unwrap();
    fs::write(folder.path().join("occupied"), "").unwrap();
    edit(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let before = fs::read_dir(folder.path()).unwrap().count();
    let output = Command::new(common::program_path("select_features"))
        .current_dir(folder.path())
        .args(["t.csv", "--outcome", "y", "--id", "id", "--folds", "5"])
        .args(if options.contains(&"--out") {
            &[][..]
        } else {
            &["--out", "out"]
        })
        .args(options)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{options:?} {parts:?}: {stderr}"
    );
    assert!(
        stderr.starts_with("error: ") && stderr.lines().count() == 1,
        "{stderr}"
    );
    assert!(!stderr.contains("panicked"), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        before,
        "{stderr}"
    );
}

/// Sets one cell; the header is line 0.
fn cell(line: usize, column: usize, text: &'static str) -> impl Fn(&mut Vec<String>) {
    move |lines| {
        let mut cells: Vec<&str> = lines[line].split(',').collect();
        cells[column] = text;
        lines[line] = cells.join(",");
    }
}

fn as_it_is(_: &mut Vec<String>) {}

#[test]
fn bad_tables_are_refused_by_place() {
    for text in ["", "NA", "NaN"] {
        let place = "t.csv: row 4, column \"original_glcm_F01\": expected a number, found ";
        refused(cell(3, 3, text), &[], 1, &[place, "--missing"]);
    }
    for text in ["<=20", "inf", "1e999", "1.2.3"] {
        let place =
            "t.csv: row 4, column \"original_glcm_F01\": expected a number or nothing, found \"";
        refused(
            cell(3, 3, text),
            &["--missing", "median"],
            1,
            &[place, text, "--ignore"],
        );
    }
    refused(cell(3, 1, "2"), &[], 1, &["row 4, column \"y\"", "\"2\""]);
    refused(
        cell(5, 0, "c1"),
        &[],
        1,
        &["row 6, column \"id\"", "row 3 already"],
    );
    refused(
        cell(5, 0, ""),
        &[],
        1,
        &["row 6, column \"id\"", "an empty cell"],
    );
    refused(
        cell(0, 4, "original_glcm_F00"),
        &[],
        1,
        &["stands twice", "3 and 5"],
    );
    let short = |lines: &mut Vec<String>| lines[7] = "c6,1,2".to_owned();
    refused(short, &[], 1, &["row 8: expected 6 cells", "found 3"]);
    refused(|lines| lines.truncate(1), &[], 1, &["at least one row"]);
}

#[test]
fn tables_without_two_classes_or_a_feature_are_refused() {
    let all = |column: usize, text: &'static str| {
        move |lines: &mut Vec<String>| (1..lines.len()).for_each(|k| cell(k, column, text)(lines))
    };
    let classes = "t.csv, column \"y\": expected at least 2 training rows of each class, found 40 events and 0 others";
    refused(all(1, "1"), &[], 1, &[classes]);
    let constant = |lines: &mut Vec<String>| (2..6).for_each(|j| all(j, "3")(lines));
    refused(
        constant,
        &[],
        1,
        &["constant: no usable column is left of 4"],
    );
    let empty = |lines: &mut Vec<String>| (2..6).for_each(|j| all(j, "")(lines));
    refused(empty, &["--missing", "drop"], 1, &["all 4 are left out"]);
    let three_events = |lines: &mut Vec<String>| {
        (1..lines.len()).for_each(|k| cell(k, 1, if k < 4 { "1" } else { "0" })(lines));
    };
    let few = "expected at least 5 training rows of each class for --folds 5, found 3 events and 37 others";
    refused(three_events, &[], 1, &[few]);
    let six_events = |lines: &mut Vec<String>| {
        (1..lines.len()).for_each(|k| cell(k, 1, if k < 7 { "1" } else { "0" })(lines));
    };
    let left = "without an outer fold of --nested 3, found 4 for --folds 5";
    refused(six_events, &["--nested", "3"], 1, &[left]);
}

#[test]
fn columns_and_rows_that_are_not_there_are_named() {
    refused(
        as_it_is,
        &["--ignore", "original_glcm_F00,age"],
        1,
        &["--ignore: t.csv", "\"age\""],
    );
    refused(
        as_it_is,
        &["--train-where", "split=train"],
        1,
        &["--train-where: t.csv", "\"split\""],
    );
    refused(
        as_it_is,
        &["--train-where", "split"],
        1,
        &["expected COL=VALUE, found split"],
    );
    refused(
        as_it_is,
        &["--train-where", "id=x"],
        1,
        &["expected rows with \"x\", found none"],
    );
    refused(
        as_it_is,
        &["--train-where", "y=1"],
        2,
        &["another column than the outcome"],
    );
    refused(
        as_it_is,
        &["--inter", "no.csv"],
        1,
        &["no.csv: cannot read the table"],
    );
    let rename = cell(0, 4, "original_glcm_G02");
    refused(
        rename,
        &["--inter", "again.csv"],
        1,
        &["again.csv: expected the 4 features", "G02"],
    );
    let other_case = cell(3, 0, "d3");
    refused(
        other_case,
        &["--intra", "again.csv"],
        1,
        &["again.csv: row 4, column \"id\"", "\"c2\""],
    );
    refused(
        as_it_is,
        &["--out", "occupied"],
        1,
        &["occupied: expected a folder"],
    );
    refused(as_it_is, &["--out", "occupied/x"], 1, &["occupied/x"]);
}

#[test]
fn columns_of_text_are_named_together() {
    let text = |lines: &mut Vec<String>| {
        (1..lines.len()).for_each(|k| {
            cell(k, 3, "a.png")(lines);
            cell(k, 5, "b.png")(lines);
        });
    };
    let both = "--ignore leaves out columns that are no features, such as \"original_glcm_F01\", \"original_glcm_F03\"";
    refused(text, &[], 1, &["row 2, column \"original_glcm_F01\"", both]);
    refused(
        as_it_is,
        &["--ignore", "diagnostics_*"],
        1,
        &["expected columns \"diagnostics_*\""],
    );
    refused(
        as_it_is,
        &["--ignore", "original_*"],
        1,
        &["expected at least one feature column"],
    );
}

#[test]
fn options_out_of_range_and_in_contradiction_are_wrong_usage() {
    for (option, value) in [
        ("--icc", "1.5"),
        ("--icc", "-0.5"),
        ("--icc-form", "B1"),
        ("--alpha", "nan"),
        ("--keep", "0"),
        ("--repeats", "0"),
        ("--rule", "K=0"),
        ("--rule", "2se"),
        ("--seed", "-1"),
        ("--seed", "4294967296"),
        ("--nested", "1"),
        ("--stability", "2"),
        ("--redundancy", "correlation:1.1"),
        ("--redundancy", "vif:inf"),
        ("--redundancy", "mrmr:0"),
        ("--redundancy", "lasso"),
        ("--univariate", "welch:bh"),
        ("--univariate", "welch:bh:0"),
        ("--score-name", " "),
    ] {
        refused(as_it_is, &[option, value], 2, &[option, value.trim()]);
    }
    for (options, part) in [
        (&["--stable-from", "0.8"][..], "--stability"),
        (
            &["--stability", "7"],
            "expected an even number of halves, found 7",
        ),
        (
            &["--stability", "8", "--alpha", "0"],
            "expected --alpha above 0",
        ),
        (&["--permutations", "9"], "--nested"),
        (&["--nested-repeats", "2"], "--nested"),
        (&["--foldid", "again.csv"], "cannot be used with"),
        (
            &["--relevance", "mi", "--redundancy", "mrmr"],
            "expected fewer features than the 100",
        ),
        (&["--jobs", "0"], "--jobs: expected 1 to 1024"),
    ] {
        refused(as_it_is, options, 2, &[part]);
    }
    refused(
        as_it_is,
        &["--rule", "K=9"],
        1,
        &["selects exactly 9 features"],
    );
    refused(
        as_it_is,
        &["--nested", "17"],
        1,
        &["for --nested 17, found 16 events and 24 others"],
    );
}
