//! `evaluate_models` as users run it, against R on a simulated cohort (`data/evaluation/README.md`), and on bad input.

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, which `cargo test` builds beside the tests.
fn program() -> Command {
    Command::new(common::program_path("evaluate_models"))
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/evaluation")
        .join(name)
}

fn evaluate(table: &Path, out: &Path, options: &[&str]) -> Output {
    program()
        .arg(table)
        .args(options)
        .arg("--out")
        .arg(out)
        .output()
        .expect("the program starts")
}

const OPTIONS: &[&str] = &[
    "--outcome",
    "alnm",
    "--models",
    "clinical,tumor,ln,clinrad,junior,senior",
    "--split",
    "set",
    "--id",
    "id",
    "--decision-replicates",
    "20",
];

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

/// Rows of a CSV file as maps from column to cell.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader
        .deserialize()
        .map(|row| row.expect("a row of the header's width"))
        .collect()
}

fn assert_close(found: &str, expected: &str, tier: &str, place: &str) {
    let (relative, absolute) = match tier {
        "direct" => (1e-9, 1e-12),
        "iterative" => (1e-6, 1e-8),
        other => panic!("{place}: unknown tier {other}"),
    };
    let e: f64 = expected.parse().expect("expected values are numbers");
    let f: f64 = found
        .parse()
        .unwrap_or_else(|_| panic!("{place}: expected {expected}, found \"{found}\""));
    assert!(
        (f - e).abs() <= absolute + relative * e.abs(),
        "{place}: expected {expected}, found {found}"
    );
}

/// The columns that find a row, by table: model, other.
fn keys(table: &str) -> (&'static str, Vec<&'static str>) {
    match table {
        "performance" | "hosmer_lemeshow" | "calibration" => ("model", vec![]),
        "delong" => ("model", vec!["compared_with"]),
        "reclassification" => ("model", vec!["measure"]),
        "dca" | "impact" => ("model", vec!["threshold"]),
        "kappa" => ("first", vec!["second"]),
        "mcnemar" => ("first", vec!["second", "compared"]),
        "readers" => ("reader", vec!["condition"]),
        "reader_changes" => ("reader", vec!["measure"]),
        "reader_agreement" => ("condition", vec!["first", "second"]),
        other => panic!("unknown table {other}"),
    }
}

/// Equal as text or, for thresholds, as numbers.
fn same(cell: &str, wanted: &str) -> bool {
    cell == wanted
        || matches!((cell.parse::<f64>(), wanted.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < 1e-12)
}

#[test]
fn every_table_agrees_with_r() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let output = evaluate(&data("predictions.csv"), &out, OPTIONS);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_agrees(&out, "expected.csv", 1359);
}

/// Every value of a file of expected ones against the tables of a run.
fn assert_agrees(out: &Path, expected: &str, n: usize) {
    let expected = rows(&data(expected));
    assert_eq!(expected.len(), n);
    let mut tables: HashMap<String, Vec<HashMap<String, String>>> = HashMap::new();
    for e in &expected {
        let table = tables
            .entry(e["table"].clone())
            .or_insert_with(|| rows(&out.join(format!("{}.csv", e["table"]))));
        let (model, others) = keys(&e["table"]);
        let wanted: Vec<&str> = e["other"].split('|').collect();
        let found: Vec<_> = table
            .iter()
            .filter(|row| row["split"] == e["split"] && row[model] == e["model"])
            .filter(|row| {
                others
                    .iter()
                    .zip(&wanted)
                    .all(|(column, wanted)| same(&row[*column], wanted))
            })
            .collect();
        let place = format!(
            "{} {} {} {} {}",
            e["table"], e["split"], e["model"], e["other"], e["column"]
        );
        assert_eq!(found.len(), 1, "{place}: expected one row");
        assert_close(&found[0][&e["column"]], &e["value"], &e["tier"], &place);
    }
}

#[test]
fn a_reader_study_agrees_with_r() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let options = [
        "--outcome",
        "alnm",
        "--models",
        "clinrad",
        "--split",
        "set",
        "--id",
        "id",
        "--readers",
        "junior,senior,rater",
        "--assistant",
        "clinrad",
        "--decision-replicates",
        "0",
    ];
    let output = evaluate(&data("readers.csv"), &out, &options);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_agrees(&out, "expected_readers.csv", 472);
    let rated = &rows(&out.join("readers.csv"))[4];
    assert_eq!(
        (
            rated["reader"].as_str(),
            rated["acc"].as_str(),
            rated["note"].as_str()
        ),
        ("rater", "", "ratings: no calls")
    );
    assert!(out.join("readers_prospective.svg").exists() && out.join("auc.png").exists());
}

/// The row of `roc.csv` that the training row of `performance.csv` stands at is the best of those that meet the demand.
#[test]
fn cut_offs_are_found_by_the_criterion_of_choice() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let number = |row: &HashMap<String, String>, column: &str| -> f64 {
        row[column].parse().expect("a number")
    };
    for (rule, wanted, best) in [
        ("sensitivity:0.9", "sensitivity", "specificity"),
        ("specificity:0.95", "specificity", "sensitivity"),
    ] {
        let out = folder.path().join(wanted);
        let options = [
            "--outcome",
            "alnm",
            "--models",
            "clinrad",
            "--split",
            "set",
            "--cutoff",
            rule,
            "--decision-replicates",
            "0",
        ];
        let output = evaluate(&data("predictions.csv"), &out, &options);
        assert!(output.status.success(), "{}", stderr(&output));
        let (_, least) = rule.split_once(':').expect("a demand");
        let least: f64 = least.parse().expect("a number");
        let points = rows(&out.join("roc.csv"));
        let of_training = points.iter().filter(|p| p["split"] == "train");
        let reached = of_training
            .filter(|p| number(p, wanted) >= least)
            .map(|p| number(p, best))
            .fold(f64::NEG_INFINITY, f64::max);
        let training = &rows(&out.join("performance.csv"))[0];
        let column = |rate: &str| number(training, &rate[..3]);
        assert!(column(wanted) >= least);
        assert_eq!(column(best), reached, "{rule}");
    }
    for bad in ["sensitivity:1.5", "specificity:", "corner:1", "best"] {
        let options = ["--outcome", "alnm", "--models", "clinrad", "--cutoff", bad];
        let output = evaluate(&data("predictions.csv"), &folder.path().join("x"), &options);
        assert_eq!(output.status.code(), Some(2), "{bad}");
    }
}

#[test]
fn a_lower_score_may_mean_a_likelier_event() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = fs::read_to_string(data("predictions.csv")).expect("the predictions");
    let mut lines = text.lines();
    let mut table = format!("{},negated\n", lines.next().expect("a header"));
    for line in lines {
        let clinrad: f64 = line
            .split(',')
            .nth(6)
            .expect("clinrad")
            .parse()
            .expect("a risk");
        table.push_str(&format!("{line},{:?}\n", -clinrad));
    }
    let path = folder.path().join("table.csv");
    fs::write(&path, table).expect("a table");
    let out = folder.path().join("out");
    let options = [
        "--outcome",
        "alnm",
        "--models",
        "clinrad,negated",
        "--lower",
        "negated",
        "--scores",
        "clinrad",
        "--split",
        "set",
        "--decision-replicates",
        "0",
        "--ci",
        "bca:200",
    ];
    let output = evaluate(&path, &out, &options);
    assert!(output.status.success(), "{}", stderr(&output));
    let performance = rows(&out.join("performance.csv"));
    for pair in performance.chunks(2) {
        for column in [
            "auc",
            "ci_low",
            "ci_high",
            "tp",
            "fp",
            "fn",
            "tn",
            "average_precision",
        ] {
            assert_eq!(pair[0][column], pair[1][column], "{column}");
        }
        let cutoff =
            |row: &HashMap<String, String>| row["cutoff"].parse::<f64>().expect("a cut-off");
        assert_eq!(cutoff(&pair[0]), -cutoff(&pair[1]));
    }
}

#[test]
fn readers_and_scores_are_not_calibrated_and_say_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let options = [OPTIONS, &["--scores", "tumor"]].concat();
    let output = evaluate(&data("predictions.csv"), &out, &options);
    assert!(output.status.success(), "{}", stderr(&output));
    for table in ["calibration", "hosmer_lemeshow", "dca", "impact"] {
        let of_tumor: Vec<_> = rows(&out.join(format!("{table}.csv")))
            .into_iter()
            .filter(|r| r["model"] == "tumor")
            .collect();
        assert_eq!(of_tumor.len(), 4, "{table}: one row a split");
        assert!(
            of_tumor
                .iter()
                .all(|r| r["note"] == "\"tumor\" is a score, not a probability"),
            "{table}"
        );
    }
    let reader = &rows(&out.join("calibration.csv"))[4];
    assert_eq!(
        (reader["model"].as_str(), reader["brier"].as_str()),
        ("junior", "")
    );
    assert!(
        reader["note"].contains("call of 0 or 1"),
        "{}",
        reader["note"]
    );
    for figure in [
        "roc_train",
        "calibration_external_clinrad",
        "dca_prospective",
        "impact_internal_ln",
        "waterfall_train_tumor",
        "risk_groups_clinrad",
    ] {
        assert!(
            out.join(format!("{figure}.svg")).exists()
                && out.join(format!("{figure}.png")).exists(),
            "{figure}"
        );
    }
    assert!(!out.join("calibration_train_tumor.svg").exists());
}

#[test]
fn same_bytes_for_any_number_of_threads_and_exact_and_bootstrap_intervals() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let contents = |jobs: &str, ci: &str| {
        let out = folder.path().join(format!("out{jobs}{}", ci.len()));
        let options = [
            "--outcome",
            "alnm",
            "--models",
            "clinical,clinrad",
            "--decision-replicates",
            "30",
            "--jobs",
            jobs,
            "--ci",
            ci,
        ];
        let output = evaluate(&data("predictions.csv"), &out, &options);
        assert!(output.status.success(), "{}", stderr(&output));
        let names: Vec<PathBuf> = fs::read_dir(&out)
            .expect("results")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        let mut files: Vec<(PathBuf, Vec<u8>)> = names
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending != "png"))
            .map(|path| {
                (
                    path.strip_prefix(&out).expect("inside").to_owned(),
                    fs::read(&path).expect("a file"),
                )
            })
            .collect();
        files.sort();
        (files, rows(&out.join("performance.csv")))
    };
    let (one, bootstrap) = contents("1", "bootstrap:50");
    let (three, _) = contents("3", "bootstrap:50");
    assert_eq!(one, three);
    assert_eq!(bootstrap[0]["split"], "all");
    assert_eq!(bootstrap[0]["ci_method"], "bootstrap percentile");
    let (_, exact) = contents("2", "exact");
    assert_eq!(exact[0]["ci_method"], "binomial exact");
    assert_eq!(exact[0]["auc"], bootstrap[0]["auc"]);
    assert_ne!(exact[0]["ci_low"], bootstrap[0]["ci_low"]);
}

#[test]
fn a_fixed_cutoff_is_taken_as_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let table = folder.path().join("t.csv");
    fs::write(&table, "y,a\n1,0.5\n1,0.4\n0,0.5\n0,0.1\n0,0.2\n").expect("a file");
    let output = evaluate(
        &table,
        &out,
        &["--outcome", "y", "--models", "a", "--cutoff", "0.5"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let row = &rows(&out.join("performance.csv"))[0];
    let counts = ["tp", "fp", "tn", "fn"].map(|column| row[column].as_str());
    assert_eq!(
        (row["cutoff"].as_str(), counts),
        ("0.5", ["1", "1", "2", "1"])
    );
}

/// A model, a constant and a reader; a split of one class and one of a single case.
fn degenerate_table() -> String {
    let mut text = String::from("set,y,good,flat,reader\n");
    for k in 0..40 {
        let event = usize::from(k % 3 == 0);
        let risk = 0.1 + 0.5 * event as f64 + 0.007 * k as f64;
        text += &format!("train,{event},{risk},0.4,{}\n", usize::from(k % 4 == 0));
    }
    text += "one class,0,0.2,0.4,0\none class,0,0.9,0.4,1\nsingle,1,0.7,0.4,1\n";
    text
}

#[test]
fn splits_and_models_without_a_statistic_keep_their_rows_with_a_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (table, out) = (folder.path().join("t.csv"), folder.path().join("out"));
    fs::write(&table, degenerate_table()).expect("a file");
    let output = evaluate(
        &table,
        &out,
        &[
            "--outcome",
            "y",
            "--models",
            "good,flat,reader",
            "--split",
            "set",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let performance = rows(&out.join("performance.csv"));
    assert_eq!(performance.len(), 9);
    let find = |split: &str, model: &str| {
        performance
            .iter()
            .find(|r| r["split"] == split && r["model"] == model)
            .expect("a row")
    };
    let flat = find("train", "flat");
    assert_eq!(
        (
            flat["auc"].as_str(),
            flat["cutoff"].as_str(),
            flat["tp"].as_str()
        ),
        ("0.5", "", "")
    );
    assert!(
        flat["note"].contains("no cut-off on split \"train\""),
        "{}",
        flat["note"]
    );
    let one_class = find("one class", "good");
    assert_eq!(
        (
            one_class["n"].as_str(),
            one_class["auc"].as_str(),
            one_class["tn"].as_str()
        ),
        ("2", "", "1")
    );
    assert_eq!(
        (one_class["sen"].as_str(), one_class["spe"].as_str()),
        ("", "0.5")
    );
    assert!(
        one_class["note"].contains("all 2 outcomes are alike")
            && one_class["note"].contains("no events"),
        "{}",
        one_class["note"]
    );
    assert_eq!(find("single", "reader")["tp"], "1");
    for table in [
        "delong",
        "hosmer_lemeshow",
        "calibration",
        "dca",
        "impact",
        "reclassification",
    ] {
        let rows = rows(&out.join(format!("{table}.csv")));
        let without: Vec<_> = rows.iter().filter(|row| row["split"] == "single").collect();
        assert!(
            !without.is_empty() && without.iter().all(|row| !row["note"].is_empty()),
            "{table}"
        );
    }
}

/// Runs on a table and gives the one line of stderr; nothing may be left in the folder but the table.
fn refusal(table: &str, options: &[&str], code: i32) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.csv");
    fs::write(&path, table).expect("a file");
    let output = evaluate(&path, &folder.path().join("out"), options);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    let left: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["t.csv"]);
    let message = stderr(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    message.trim_end().to_owned()
}

const BASIC: &[&str] = &["--outcome", "y", "--models", "a"];
const WITH_SPLIT: &[&str] = &[
    "--outcome",
    "y",
    "--models",
    "a",
    "--split",
    "s",
    "--train",
    "train",
];

/// Table, options, how the message ends.
const BAD_INPUT: &[(&str, &[&str], &str)] = &[
    (
        "y,b\n1,0.5\n0,0.2\n",
        BASIC,
        "t.csv: expected a column \"a\", found \"y\", \"b\"",
    ),
    (
        "x,a\n1,0.5\n0,0.2\n",
        BASIC,
        "t.csv: expected a column \"y\", found \"x\", \"a\"",
    ),
    (
        "y,a\n1,high\n0,0.2\n",
        BASIC,
        "t.csv: row 2, column \"a\": expected a number, found \"high\"",
    ),
    (
        "y,a\n1,0.5\n0,\n",
        BASIC,
        "t.csv: row 3, column \"a\": expected a number, found an empty cell",
    ),
    (
        "y,a\n1,0.5\n2,0.2\n",
        BASIC,
        "t.csv: row 3, column \"y\": expected 0 or 1, found \"2\"",
    ),
    (
        "y,a\n1,0.5\n,0.2\n",
        BASIC,
        "t.csv: row 3, column \"y\": expected 0 or 1, found an empty cell",
    ),
    (
        "y,a\n1,NaN\n0,0.2\n",
        BASIC,
        "t.csv: row 2, column \"a\": expected a number, found \"NaN\"",
    ),
    (
        "y,a\n1,0.5\n1,0.2\n",
        BASIC,
        "t.csv: column \"y\": expected both outcomes, found 2 events in 2 rows",
    ),
    (
        "y,a,s\n1,0.5,train\n0,0.2,\n",
        WITH_SPLIT,
        "t.csv: row 3, column \"s\": expected the name of a split, found an empty cell",
    ),
    (
        "y,a,s\n1,0.5,train\n0,0.2,test\n",
        WITH_SPLIT,
        "t.csv: split \"train\": expected both outcomes to find a cut-off, found 1 events among 1 cases; the splits are \"train\", \"test\"",
    ),
];

#[test]
fn bad_input_is_one_line_and_leaves_nothing() {
    for (table, options, expected) in BAD_INPUT {
        let message = refusal(table, options, 1);
        assert!(
            message.starts_with("error: ") && message.ends_with(expected),
            "expected …{expected}\nfound {message}"
        );
    }
    let no_training = refusal(
        "y,a,s\n1,0.5,x\n0,0.2,y\n",
        &["--outcome", "y", "--models", "a", "--split", "s"],
        1,
    );
    assert!(
        no_training.contains("one split called train or training"),
        "{no_training}"
    );
}

#[test]
fn wrong_usage_is_code_two() {
    let table = "y,a\n1,0.5\n0,0.2\n";
    let usage = |options: &[&str]| refusal(table, options, 2);
    assert!(usage(&["--outcome", "y", "--models", "a,a"]).contains("\"a\" twice"));
    assert!(usage(&["--outcome", "y", "--models", "y"]).contains("outcome, split or id"));
    assert!(
        usage(&["--outcome", "y", "--models", "a", "--reference", "b"]).contains("--reference")
    );
    assert!(
        usage(&["--outcome", "y", "--models", "a", "--cutoff", "best"])
            .contains("expected youden, corner, sensitivity:S")
    );
    assert!(
        usage(&["--outcome", "y", "--models", "a", "--ci", "bootstrap:1"]).contains("bootstrap:N")
    );
    assert!(usage(&["--outcome", "y", "--models", "a", "--train", "x"]).contains("--split"));
}

#[test]
fn another_run_is_not_mixed_in() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (table, out) = (folder.path().join("t.csv"), folder.path().join("out"));
    fs::write(&table, "y,a\n1,0.5\n0,0.2\n1,0.6\n0,0.3\n1,0.1\n").expect("a file");
    let options = ["--outcome", "y", "--models", "a"];
    assert!(evaluate(&table, &out, &options).status.success());
    let again = evaluate(&table, &out, &options);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("--overwrite"), "{}", stderr(&again));
    let overwritten = evaluate(&table, &out, &[&options[..], &["--overwrite"]].concat());
    assert!(overwritten.status.success(), "{}", stderr(&overwritten));
}
