//! `audit_paper` as users run it: the findings of a published study come out of its printed tables by themselves (`data/audit/README.md`),
//! consistent tables raise no alarm, and bad input is refused in one line.

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

const TABLES: [&str; 7] = [
    "performance.csv",
    "regression.csv",
    "baseline.csv",
    "readers.csv",
    "agreement.csv",
    "cutoffs.csv",
    "calibration.csv",
];

fn program() -> Command {
    Command::new(common::program_path("audit_paper"))
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/audit")
        .join(name)
}

type Row = HashMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader
        .deserialize()
        .map(|row| row.expect("a row of the header's width"))
        .collect()
}

/// Findings and counts of some tables.
fn audit(tables: &[PathBuf], options: &[&str]) -> (Vec<Row>, Vec<Row>) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    program()
        .args(tables)
        .args(options)
        .arg("--out")
        .arg(&out)
        .unwrap();
    (
        rows(&out.join("findings.csv")),
        rows(&out.join("counts.csv")),
    )
}

fn audit_study() -> (Vec<Row>, Vec<Row>) {
    audit(&TABLES.map(data), &[])
}

/// Audits the text of one table.
fn audit_text(text: &str, options: &[&str]) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, text).unwrap();
    audit(&[path], options).0
}

/// The findings of one kind and severity about places that contain a text.
fn of<'a>(findings: &'a [Row], kind: &str, severity: &str, place: &str) -> Vec<&'a Row> {
    findings
        .iter()
        .filter(|f| f["kind"] == kind && f["severity"] == severity && f["place"].contains(place))
        .collect()
}

#[test]
fn test_rows_come_from_whole_counts_and_the_prospective_ones_only_of_117() {
    let (findings, counts) = audit_study();
    let models: Vec<&Row> = counts
        .iter()
        .filter(|c| c["file"] == "performance.csv")
        .collect();
    assert_eq!(models.len(), 16);
    let of_tests: Vec<&&Row> = models
        .iter()
        .filter(|c| !c["place"].starts_with("training"))
        .collect();
    assert_eq!(of_tests.len(), 12);
    for c in of_tests {
        assert_eq!(c["result"], "unique", "{c:?}");
        let prospective = c["place"].starts_with("prospective");
        assert_eq!(c["printed_totals"], if prospective { "0" } else { "1" });
        if prospective {
            assert_eq!((c["n"].as_str(), c["events"].as_str()), ("117", "54"));
        }
    }
    let totals = of(&findings, "totals", "impossible", "prospective");
    assert_eq!(totals.len(), 2, "models and readers");
    for f in totals {
        assert_eq!(f["recomputed"], "n 117 (54 events, 63 non-events)");
    }
    // The baseline table alone says the same.
    let sums = of(&findings, "totals", "inconsistent", "prospective");
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0]["recomputed"], "n 117");
    for set in ["internal", "external"] {
        assert_eq!(of(&findings, "totals", "possible", set).len(), 1);
    }
}

#[test]
fn the_prospective_size_is_found_without_the_number_of_events() {
    let text = fs::read_to_string(data("performance.csv")).unwrap();
    let findings = audit_text(
        &text
            .replace("prospective", "p")
            .replace(",107,54,", ",107,,"),
        &[],
    );
    let totals = of(&findings, "totals", "impossible", "p");
    assert_eq!(totals[0]["recomputed"], "n 117 (54 events, 63 non-events)");
}

#[test]
fn training_accuracies_do_not_follow_from_their_sensitivity_and_specificity() {
    let (findings, _) = audit_study();
    let wrong = of(&findings, "counts", "impossible", "");
    let recomputed: Vec<&str> = wrong.iter().map(|f| f["recomputed"].as_str()).collect();
    let accuracies: Vec<&str> = recomputed
        .iter()
        .map(|r| r.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(accuracies, ["76.2", "80.8", "83.6", "87.6"]);
    for f in wrong {
        assert!(f["place"].starts_with("training"), "{f:?}");
        assert!(
            f["recomputed"].contains(": accuracy ")
                && f["explanation"].ends_with("all but accuracy")
        );
    }
}

#[test]
fn microcalcification_has_an_interval_that_is_not_its_own() {
    let (findings, _) = audit_study();
    let wrong = of(&findings, "ratio_interval", "inconsistent", "");
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0]["place"], "univariable, microcalcification");
    assert!(wrong[0]["recomputed"].contains("ratio and P ask for limits 1.08 and 2.43"));
    let p = of(&findings, "p_value", "inconsistent", "microcalcification");
    assert_eq!(
        p[0]["explanation"],
        "the interval includes 1, but P 0.02 says the opposite"
    );
    // By the counts of Table 1.
    let by_counts = of(
        &findings,
        "ratio_counts",
        "inconsistent",
        "microcalcification",
    );
    assert!(
        by_counts[0]["recomputed"].starts_with("1.62 (1.08, 2.44)"),
        "{by_counts:?}"
    );
}

#[test]
fn the_p_value_of_us_reported_alnm_is_another() {
    let (findings, _) = audit_study();
    let wrong: Vec<&Row> = of(&findings, "p_value", "inconsistent", "")
        .into_iter()
        .filter(|f| !f["place"].contains("microcalcification"))
        .collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(
        wrong[0]["place"],
        "clinical-radiomics model, US-reported ALNM"
    );
    assert_eq!(wrong[0]["printed"], "2.24 (1.19, 4.21), P 0.04");
    assert!(
        wrong[0]["recomputed"].starts_with("P 0.012 to 0.013"),
        "{wrong:?}"
    );
}

#[test]
fn all_intervals_but_one_are_binomial_exact() {
    let (findings, _) = audit_study();
    let all = of(&findings, "auc_interval", "inconsistent", "");
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0]["recomputed"],
        "binomial exact fits 15 of 16, not internal, LN score 0.83 (0.77-0.88)"
    );
    let ln = of(&findings, "auc_interval", "possible", "internal, LN score");
    // The lower limit belongs to the .85 of the text.
    assert!(ln[0]["recomputed"].contains("the lower limit belongs to an AUC of 0.848 to 0.856"));
}

#[test]
fn kappas_are_junior_against_senior() {
    let (findings, _) = audit_study();
    for condition in ["without", "with"] {
        let place = format!("prospective, {condition}");
        let found: Vec<&Row> = findings
            .iter()
            .filter(|f| f["kind"] == "kappa" && f["place"] == place)
            .collect();
        assert_eq!(found.len(), 1);
        let wanted = format!("junior {condition} against senior {condition} (");
        assert!(found[0]["recomputed"].starts_with(&wanted), "{found:?}");
        assert!(found[0]["explanation"].starts_with("no reader agrees so with the truth"));
    }
}

#[test]
fn the_cut_off_is_a_probability() {
    let (findings, _) = audit_study();
    let found = of(&findings, "cutoff", "possible", "Nomo-score");
    assert_eq!((found.len(), found[0]["printed"].as_str()), (1, "0.701"));
    assert_eq!(found[0]["recomputed"], "a probability");
    let as_points = audit_text("score,cutoff,scale\nNomo-score,0.701,points\n", &[]);
    assert_eq!(of(&as_points, "cutoff", "inconsistent", "").len(), 1);
    assert_eq!(of(&findings, "calibration", "not_checkable", "").len(), 4);
}

#[test]
fn nothing_else_is_wrong() {
    let (findings, _) = audit_study();
    let mut wrong: Vec<(&str, &str)> = findings
        .iter()
        .filter(|f| ["impossible", "inconsistent"].contains(&f["severity"].as_str()))
        .filter(|f| !f["place"].starts_with("training"))
        .map(|f| (f["kind"].as_str(), f["place"].as_str()))
        .collect();
    wrong.sort_unstable();
    assert_eq!(
        wrong,
        [
            ("auc_interval", "all intervals"),
            ("category_total", "Adler grade, prospective"),
            ("category_total", "shape, irregular, prospective"),
            ("p_value", "clinical-radiomics model, US-reported ALNM"),
            ("p_value", "univariable, microcalcification"),
            // 72 patients, 272 events: 1.30 (0.75, 2.25), as `paper_tables_2_and_readers.json` says.
            ("ratio_counts", "univariable, echotexture heterogeneous"),
            ("ratio_counts", "univariable, microcalcification"),
            ("ratio_interval", "univariable, microcalcification"),
            ("totals", "prospective"),
            ("totals", "prospective"),
            ("totals", "prospective"),
        ]
    );
}

/// Tables computed from counts, rounded for print.
#[test]
fn consistent_tables_raise_no_alarm() {
    let mut performance = "set,model,n,events,auc,ci_low,ci_high,acc,sen,spe,ppv,npv\n".to_owned();
    for (k, (tp, fp, fn_, tn)) in [
        (40, 10, 14, 53),
        (50, 30, 4, 33),
        (7, 1, 47, 62),
        (54, 63, 0, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let percent = |a: i32, b: i32| match b {
            0 => "-".to_owned(),
            b => format!("{:.1}", 100.0 * f64::from(a) / f64::from(b)),
        };
        let cells = [
            percent(tp + tn, 117),
            percent(tp, 54),
            percent(tn, 63),
            percent(tp, tp + fp),
            percent(tn, tn + fn_),
        ];
        performance += &format!("test,model {k},117,54,.80,.72,.87,{}\n", cells.join(","));
    }
    let (log_or, se) = (0.7_f64, 0.25);
    let limits: Vec<String> = [0.0, -1.96, 1.96]
        .iter()
        .map(|z| format!("{:.2}", (log_or + z * se).exp()))
        .collect();
    let regression = format!("term,or,ci_low,ci_high,p\nsign,{},.005\n", limits.join(","));
    let baseline = "variable,level,a (n=40),b (n=60),total (n=100)\nsex,female,30 (75.0),20 (33.3),50 (50.0)\nsex,male,10 (25.0),40 (66.7),50 (50.0)\nage,,52 (45–60),50 (40-61),51 (42 to 61)\nsmoker,yes,2.5 %,5.0%,4 %\n";
    for (text, options) in [
        (performance.as_str(), &[][..]),
        (&regression, &[]),
        (baseline, &[]),
    ] {
        let findings = audit_text(text, options);
        assert!(!findings.is_empty());
        for f in &findings {
            assert_eq!(f["severity"], "possible", "{f:?}");
        }
    }
}

#[test]
fn baseline_tables_that_cannot_be() {
    let text = "variable,level,a,b,total\nn,,40,60,101\nsex,female,30 (70.0),20 (33.3),50 (50.0)\nsex,male,10 (25.0),39 (65.0),50 (50.0)\nage,,52 (55–60),50.0±-1.0,51\nscore,,3.45±1.11,3.02±0.50,3\nsmoker,yes,3.1 %,5.0 %,4 %\n";
    let findings = audit_text(text, &["--whole-numbers", "score"]);
    for (kind, severity, place) in [
        ("group_total", "impossible", "number of patients"),
        // Thirty of 42 are 71.4 %, of 43 69.8 %; fifty are half of 100, not of 101.
        ("percentage", "impossible", "sex, female, a"),
        ("percentage", "inconsistent", "sex, female, total"),
        ("category_total", "inconsistent", "sex, b"),
        ("group_total", "impossible", "sex, male"),
        ("moments", "impossible", "age, a"),
        ("moments", "impossible", "age, b"),
        ("percentage", "impossible", "smoker, yes, a"),
        // Forty whole numbers have means in steps of 0.025: 3.45 is one; sixty: 3.02 is one.
        ("moments", "possible", "score, b"),
    ] {
        assert_eq!(
            of(&findings, kind, severity, place).len(),
            1,
            "{kind} {severity} {place}"
        );
    }
}

#[test]
fn printed_forms_and_shares_are_read() {
    let percent = audit_text(
        "model,n,events,auc,acc,sen,spe\nm,117,54,.78 (.70–.85),84.6 %,75.9%,92·1\n",
        &[],
    );
    let share = audit_text(
        "MODEL,N,Events,auc,ci,acc,sen,spe\nm,117,54,78,70-85,.846,.759,.921\n",
        &[],
    );
    for findings in [percent, share] {
        let counts = of(&findings, "counts", "possible", "m");
        assert_eq!(counts[0]["recomputed"], "TP 41, FP 5, FN 13, TN 58");
        assert_eq!(of(&findings, "auc_interval", "possible", "m").len(), 1);
    }
    let findings = audit_text(
        "term,hr,p\nage,1.62 [0.82; 1.79],P = .02\nsex,Reference,\n",
        &[],
    );
    assert_eq!(
        of(&findings, "ratio_interval", "inconsistent", "age").len(),
        1
    );
}

#[test]
fn what_cannot_be_compared_says_so() {
    let findings = audit_text(
        "model,auc,sen,spe,acc\nm,.80,82.7,85.2,82.4\nk,.8 (.7-.9),80.0,,\n",
        &[],
    );
    // Without any count: an accuracy lies between sensitivity and specificity.
    assert_eq!(of(&findings, "prevalence", "impossible", "m").len(), 1);
    assert_eq!(of(&findings, "auc_interval", "not_checkable", "").len(), 2);
    assert_eq!(of(&findings, "counts", "not_checkable", "k").len(), 1);
    let kappas = audit_text("condition,kappa\nwithout,.5\n", &[]);
    assert_eq!(of(&kappas, "kappa", "not_checkable", "").len(), 1);
    let impossible = audit_text(
        "term,or,ci_low,ci_high,p\na,1.5,1.6,1.4,.1\nb,1.5,0.2,0.9,1.2\n",
        &[],
    );
    assert_eq!(of(&impossible, "ratio_interval", "impossible", "").len(), 2);
    assert_eq!(of(&impossible, "p_value", "impossible", "b").len(), 1);
}

#[test]
fn results_are_the_same_bytes_and_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = |options: &[&str]| {
        program()
            .args(TABLES.map(data))
            .arg("--out")
            .arg(&out)
            .args(options)
            .output()
            .unwrap()
    };
    let contents = || {
        ["findings.csv", "findings.json", "counts.csv", "run.json"]
            .map(|name| fs::read(out.join(name)).unwrap())
    };
    let first = run(&[]);
    assert_eq!(first.status.code(), Some(0));
    let summary = String::from_utf8(first.stdout).unwrap();
    assert!(summary.contains("findings in 7 tables: "), "{summary}");
    assert!(summary.contains("n 117 (54 events, 63 non-events)"));
    let before = contents();
    assert_eq!(run(&[]).status.code(), Some(1));
    assert_eq!(run(&["--overwrite"]).status.code(), Some(0));
    assert!(before == contents());
    let json: serde_json::Value = serde_json::from_slice(&before[1]).unwrap();
    let n = json["findings"].as_array().unwrap().len();
    assert_eq!(n, rows(&out.join("findings.csv")).len());
    let sum: u64 = ["impossible", "inconsistent", "possible", "not_checkable"]
        .iter()
        .map(|s| json["summary"][s].as_u64().unwrap())
        .sum();
    assert_eq!(sum as usize, n);
}

#[test]
fn bad_input_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("a,b\n1,2\n", 1, "expected the header of a performance"),
        (
            "model,acc,sens\nm,1,2\n",
            1,
            "column \"sens\": expected a column of a performance table",
        ),
        (
            "model,acc\nm,high\n",
            1,
            "row 2, column \"acc\": expected a number as printed",
        ),
        ("model,acc\nm,\"1,5\"\n", 1, "found \"1,5\""),
        (
            "model,n,acc\nm,10.5,50\n",
            1,
            "row 2, column \"n\": expected a whole number",
        ),
        (
            "term,or,ci_low\na,1.2,0.9\n",
            1,
            "expected a column \"ci_high\" with the upper limit",
        ),
        ("term,or,p\na,1.2,n.s.\n", 1, "expected a p-value"),
        (
            "variable,level\nage,\n",
            1,
            "expected a column for each group",
        ),
        ("variable,a\nage,old\n", 1, "expected a count, n (%)"),
        (
            "score,cutoff,scale\ns,0.5,percent\n",
            1,
            "expected points or probability",
        ),
    ];
    for (text, code, message) in cases {
        let path = folder.path().join("t.csv");
        fs::write(&path, text).unwrap();
        fails(&[path.to_str().unwrap()], code, message);
    }
    fails(&["missing.csv"], 1, "missing.csv: cannot read the table");
    fails(&[], 2, "required");
    let table = data("cutoffs.csv");
    let table = table.to_str().unwrap();
    fails(
        &[table, "--level", "95"],
        2,
        "--level: expected a number between 0 and 1",
    );
    fails(&[table, "--overwrite"], 2, "--out");
}

fn fails(arguments: &[&str], code: i32, message: &str) {
    let output = program().args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(
        stderr.starts_with("error: ") && stderr.contains(message),
        "{stderr}"
    );
}

#[test]
fn help_shows_every_kind_of_table_and_a_command_line() {
    let output = program().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for kind in [
        "performance",
        "readers",
        "agreement",
        "regression",
        "baseline",
        "cutoffs",
        "calibration",
    ] {
        assert!(help.contains(&format!("\n  {kind} ")), "{kind}");
    }
    assert!(help.contains("cargo run --release --example audit_paper -- "));
}
