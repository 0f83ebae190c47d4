//! What `fit_nomogram` shows of a model, and the options and tables it refuses.

use std::fs;
use std::path::Path;

use crate::Table;
use crate::common::{fails, json, listing};

const SCORES: [&str; 4] = ["--predictors", "us_alnm,ln_score", "--backward", "none"];

#[test]
fn labels_units_and_groups_of_risk_are_on_the_figure_and_in_the_record() {
    let shown = [
        "--label",
        "ln_score:Score of the node",
        "--unit",
        "ln_score:a.u.",
        "--risk-groups",
        "0.2,0.6",
        "--cutoff",
        "0.45",
    ];
    let plain = Table::training().fit(&SCORES);
    let folder = Table::training().fit(&[&SCORES[..], &shown].concat());
    let text = |file: &str| fs::read_to_string(folder.path().join("out").join(file)).unwrap();
    for file in ["nomogram.svg", "nomogram.html"] {
        assert!(text(file).contains("Score of the node"), "{file}");
        assert!(text(file).contains("a.u."), "{file}");
    }
    assert!(text("forest.svg").contains("Score of the node"));
    // A band that is too narrow for its name is told in the line below.
    for words in [
        "Low risk: below 0.2",
        "Intermediate risk: 0.2 to 0.6",
        "High risk: from 0.6",
    ] {
        assert!(text("nomogram.svg").contains(words), "{words}");
    }
    let before = fs::read_to_string(plain.path().join("out/nomogram.svg")).unwrap();
    assert!(!before.contains("risk: "));
    let options = &json(&folder.path().join("out/run.json"))["options"];
    assert_eq!(
        options["label"],
        serde_json::json!(["ln_score:Score of the node"])
    );
    assert_eq!(options["unit"], serde_json::json!(["ln_score:a.u."]));
    assert_eq!(options["risk_groups"], serde_json::json!(["0.2", "0.6"]));
    assert_eq!(options["cutoff"], 0.45);
    // What is shown does not touch the model.
    let model = |folder: &Path| fs::read(folder.join("out/model.json")).unwrap();
    assert_eq!(model(plain.path()), model(folder.path()));
}

/// Fits to the training rows with these options and checks that nothing was written.
#[track_caller]
fn refused(table: &Table, options: &[&str], code: i32, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    table.write(&folder.path().join("t.csv"));
    let before = listing(folder.path());
    let start = [
        "t.csv",
        "--outcome",
        "alnm",
        "--bootstrap",
        "0",
        "--out",
        "out",
    ];
    let arguments = [&start[..], options].concat();
    let stderr = fails("fit_nomogram", folder.path(), &arguments, code);
    for text in expected {
        assert!(stderr.contains(text), "{text:?} in {stderr}");
    }
    assert_eq!(listing(folder.path()), before, "{stderr}");
}

/// Options that contradict the model or themselves, and what the refusal says.
const WRONG: [(&[&str], &[&str]); 21] = [
    (
        &["--unit", "height:cm"],
        &["--unit height:cm", "\"height\""],
    ),
    (&["--unit", "ln_score"], &["--unit ln_score", "no text"]),
    (&["--label", "ln_score:"], &["--label ln_score"]),
    (
        &["--label", "ln_score:a", "--label", "ln_score:b"],
        &["twice"],
    ),
    (
        &["--given", "ln_score:one"],
        &["--given ln_score", "\"one\""],
    ),
    (&["--risk-groups", "0.6,0.2"], &["--risk-groups", "0.6"]),
    (&["--risk-groups", "0,0.5"], &["--risk-groups"]),
    (&["--cutoff", "1"], &["--cutoff", "found 1"]),
    (&["--level", "95"], &["--level", "found 95"]),
    (&["--screen", "0"], &["--screen", "found 0"]),
    (
        &["--spline", "ln_score:8"],
        &["--spline ln_score", "3 to 7"],
    ),
    (&["--spline", "ln_score"], &["--spline ln_score"]),
    (
        &["--polynomial", "ln_score:two"],
        &["--polynomial ln_score", "two"],
    ),
    (
        &["--polynomial", "ln_score:2", "--spline", "ln_score:3"],
        &["ln_score", "both"],
    ),
    (
        &["--interaction", "ln_score*age"],
        &["--interaction", "\"age\""],
    ),
    (
        &["--factor", "us_alnm:Present"],
        &["--factor us_alnm", "ref=LEVEL"],
    ),
    (
        &["--firth", "--backward", "aic"],
        &["--backward aic", "--firth"],
    ),
    (&["--predictors", "us_alnm"], &["\"us_alnm\" stands twice"]),
    (
        &["--interaction", "ln_score*ln_score"],
        &["--interaction", "twice"],
    ),
    (&["--interaction", "ln_score"], &["--interaction", "A*B"]),
    (
        &["--predictors", "alnm"],
        &["--predictors", "\"alnm\" is the outcome"],
    ),
];

#[test]
fn wrong_options_are_exit_code_two() {
    let table = Table::training();
    for (options, expected) in WRONG {
        let backward = match options.contains(&"--backward") {
            true => &SCORES[..2],
            false => &SCORES[..],
        };
        refused(&table, &[backward, options].concat(), 2, expected);
    }
    refused(
        &table,
        &["--predictors", "us_alnm", "--backward", "p:5"],
        2,
        &["p:5"],
    );
}

#[test]
fn unusable_tables_are_exit_code_one() {
    let table = Table::training();
    let on = |predictors: &'static str| ["--predictors", predictors, "--backward", "none"];
    refused(&table, &on("us_alnm,height"), 1, &["t.csv", "\"height\""]);
    refused(&table, &on("us_alnm,"), 1, &["t.csv"]);
    let with = |more: &[&'static str]| [&SCORES[..], more].concat();
    refused(
        &table,
        &with(&["--train-where", "set=none"]),
        1,
        &["--train-where", "none"],
    );
    refused(&table, &with(&["--train-where", "group=a"]), 1, &["group"]);
    refused(&table, &with(&["--id", "name"]), 1, &["t.csv", "\"name\""]);
    refused(
        &table,
        &with(&["--factor", "us_alnm:ref=Perhaps"]),
        1,
        &["Perhaps"],
    );
    refused(
        &table,
        &with(&["--polynomial", "ln_score:9"]),
        1,
        &["ln_score", "9"],
    );
    let mut gap = table.clone();
    let column = gap.column("ln_score");
    gap.rows[6][column].clear();
    refused(
        &gap,
        &SCORES,
        1,
        &["row 8, column \"ln_score\"", "--missing drop"],
    );
    gap.rows[6][column] = "high".to_owned();
    refused(&gap, &SCORES, 1, &["row 8, column \"ln_score\"", "high"]);
    let mut one = table.clone();
    let outcome = one.column("alnm");
    for row in &mut one.rows {
        "1".clone_into(&mut row[outcome]);
    }
    refused(&one, &SCORES, 1, &["outcome"]);
    "2".clone_into(&mut one.rows[3][outcome]);
    refused(&one, &SCORES, 1, &["row 5, column \"alnm\"", "2"]);
    let few = Table {
        rows: table.rows[..12].to_vec(),
        ..table.clone()
    };
    refused(
        &few,
        &on("age,size,margin,shape,tumor_score,ln_score,us_alnm"),
        1,
        &["events"],
    );
    let noise = table.with("noise", |_, row| ((row * 7919) % 421).to_string());
    let alone = ["--predictors", "noise", "--backward", "p:0.0001"];
    refused(&noise, &alone, 1, &["t.csv", "at least one predictor"]);
}
