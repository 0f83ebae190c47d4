//! Tables and scores: counts add up, coefficients solve their equations, options do what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::{Run, Study, close, number};

/// Signals, a constant, a copy, an almost constant column, and one that repeats another but for little.
fn varied() -> Study {
    Study::new(3, 100, 12, 3)
        .with("flat", |_, _| 7.5)
        .with("copy", |_, row| row[1])
        .with("rare", |i, _| f64::from(u8::from(i == 17)))
        .with("shadow", |i, row| row[0] + 0.05 * (i % 7) as f64)
}

/// A second reading of the first cases, in which one feature is read without any agreement.
fn reread(study: &Study) -> Study {
    let mut again = study.clone();
    again.rows.truncate(30);
    again.outcome.truncate(30);
    for i in 0..30 {
        for (j, value) in again.rows[i].iter_mut().enumerate() {
            *value += 0.1 * ((i * 7 + j * 3) % 11) as f64 - 0.5;
        }
        again.rows[i][5] = ((i * 13) % 29) as f64;
    }
    again
}

/// Every feature is a term of the score or dropped by one step, and every step drops as many as it says.
fn counts_add_up(run: &Run, names: &[String]) {
    let (dropped, terms) = (run.dropped(), run.terms());
    let mut kept = names.len();
    for step in run.rows("funnel.csv") {
        assert_eq!(
            number(&step, "kept") + number(&step, "dropped"),
            kept as f64
        );
        kept = number(&step, "kept") as usize;
        let named = dropped.values().filter(|d| d.0 == step["step"]).count();
        assert_eq!(named as f64, number(&step, "dropped"), "{step:?}");
    }
    assert_eq!(kept, terms.len());
    assert!(!terms.is_empty());
    let all: BTreeSet<&String> = dropped.keys().chain(terms.keys()).collect();
    assert_eq!(all, names.iter().collect::<BTreeSet<_>>());
    assert_eq!(dropped.len() + terms.len(), names.len());
}

#[test]
fn every_feature_is_accounted_for() {
    let study = varied();
    let folder = tempfile::tempdir().unwrap();
    study.write(&folder.path().join("t.csv"));
    reread(&study).write(&folder.path().join("inter.csv"));
    let run = Run::new(
        folder,
        &[
            "--near-zero-variance",
            "--inter",
            "inter.csv",
            "--univariate",
            "mannwhitney:none:0.5",
            "--relevance",
            "t",
            "--keep",
            "6",
            "--redundancy",
            "correlation:0.9",
        ],
    );
    let (dropped, terms) = (run.dropped(), run.terms());
    counts_add_up(&run, &study.names);
    for (name, step, reason) in [
        ("flat", "constant", "constant"),
        ("copy", "duplicates", "equal to original_glcm_F01"),
        ("rare", "near-zero variance", "near-zero variance"),
    ] {
        assert_eq!(dropped[name], (step.to_owned(), reason.to_owned()));
    }
    let (step, reason) = &dropped["original_glcm_F05"];
    assert_eq!(step, "reliability");
    assert!(
        reason.starts_with("ICC ") && reason.ends_with("below 0.8 in the reading inter"),
        "{reason}"
    );
    // The LASSO keeps the better of the two that repeat each other.
    let redundant = dropped.values().filter(|d| d.0 == "redundancy").count();
    assert_eq!(redundant, 1);
    let pipeline = run.json("pipeline.json");
    let selected: BTreeSet<&str> = pipeline["selected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(selected, terms.keys().map(String::as_str).collect());
    let record = run.json("run.json");
    assert_eq!(record["counts"]["features"], study.names.len());
    assert_eq!(record["counts"]["training events"], 40);
    for figure in ["funnel", "icc", "path", "cv", "coefficients"] {
        assert!(run.has(&format!("{figure}.svg")) && run.has(&format!("{figure}.png")));
    }
}

#[test]
fn scores_of_all_rows_are_the_formula_of_the_training_rows() {
    let study = varied().with("set", |i, _| f64::from(u8::from(i % 4 > 0)));
    let run = study.select(&[
        "--train-where",
        "set=1",
        "--ignore",
        "fla*,rare",
        "--score-name",
        "S",
    ]);
    let training: Vec<usize> = (0..100).filter(|i| i % 4 > 0).collect();
    assert_eq!(run.json("run.json")["counts"]["training rows"], 75);
    let score = run.json("score.json");
    assert_eq!(score["name"], "S");
    let mut expected = vec![score["intercept"].as_f64().unwrap(); 100];
    for term in score["terms"].as_array().unwrap() {
        let get = |key: &str| term[key].as_f64().unwrap();
        let column = study.column(term["name"].as_str().unwrap());
        let mean = training.iter().map(|&i| column[i]).sum::<f64>() / 75.0;
        let squares: f64 = training.iter().map(|&i| (column[i] - mean).powi(2)).sum();
        close(get("mean"), mean, 1e-12, "mean");
        close(
            get("standard_deviation"),
            (squares / 74.0).sqrt(),
            1e-12,
            "deviation",
        );
        for (sum, value) in expected.iter_mut().zip(column) {
            *sum += get("coefficient") * value;
        }
    }
    for (found, expected) in run.scores().into_iter().zip(expected) {
        close(found, expected, 1e-12, "score");
    }
    let dropped = run.dropped();
    assert!(!dropped.contains_key("flat") && !dropped.contains_key("set"));
}

#[test]
fn reliability_is_judged_by_the_number_asked_for() {
    let study = Study::new(9, 60, 8, 2);
    let folder = tempfile::tempdir().unwrap();
    study.write(&folder.path().join("t.csv"));
    reread(&study).write(&folder.path().join("intra.csv"));
    let options = ["--intra", "intra.csv", "--icc", "0.92", "--icc-form", "C1"];
    let lower = [&options[..], &["--icc-bound", "lower"]].concat();
    let run = Run::new(folder, &lower);
    let dropped = run.dropped();
    let rows = run.rows("icc.csv");
    assert_eq!(rows.len(), 8);
    let mut judged_otherwise = 0;
    for row in &rows {
        assert_eq!(
            (row["comparison"].as_str(), row["form"].as_str()),
            ("intra", "ICC(C,1)")
        );
        assert_eq!(row["n"], "30");
        let (value, low, high) = (
            number(row, "value"),
            number(row, "ci_low"),
            number(row, "ci_high"),
        );
        assert!(low <= value && value <= high);
        assert_eq!(row["kept"] == "1", low >= 0.92, "{row:?}");
        judged_otherwise += usize::from((low >= 0.92) != (value >= 0.92));
        let gone = dropped
            .get(&row["feature"])
            .is_some_and(|d| d.0 == "reliability");
        assert_eq!(gone, low < 0.92);
    }
    assert!(judged_otherwise > 0, "the bound makes no difference here");
}

/// Average ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |v: f64| values.iter().filter(|&&o| o < v).count() as f64;
    let equal = |v: f64| values.iter().filter(|&&o| o == v).count() as f64;
    values.iter().map(|&v| below(v) + 0.5 * equal(v)).collect()
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

#[test]
fn redundancy_rules_leave_what_they_promise() {
    // Four features in three versions each.
    let mut study = Study::new(5, 90, 4, 2);
    for k in 0..8 {
        let (of, noise) = (k % 4, 0.3 + 0.05 * k as f64);
        study = study.with(&format!("version_{k}"), |i, row| {
            row[of] + noise * (((i * (11 + 6 * k)) % 31) as f64 / 15.0 - 1.0)
        });
    }
    let kept_by = |rule: &str| {
        let run = study.select(&["--relevance", "none", "--redundancy", rule, "--keep", "5"]);
        let dropped = run.dropped();
        let kept: Vec<String> = study
            .names
            .iter()
            .filter(|name| dropped.get(*name).is_none_or(|d| d.0 == "lasso"))
            .cloned()
            .collect();
        (kept, dropped)
    };
    for rule in ["correlation:0.7", "caret:0.7", "caret-fast:0.7"] {
        let (kept, dropped) = kept_by(rule);
        assert!(kept.len() < 12 && dropped.values().any(|d| d.0 == "redundancy"));
        for (k, a) in kept.iter().enumerate() {
            for b in &kept[..k] {
                let r = pearson(&ranks(&study.column(a)), &ranks(&study.column(b)));
                assert!(r.abs() <= 0.7, "{rule}: {a} and {b} correlate {r}");
            }
        }
    }
    // One of every group of versions.
    let (kept, _) = kept_by("clusters:0.7");
    let groups: BTreeSet<usize> = kept
        .iter()
        .map(|name| name[name.len() - 1..].parse::<usize>().unwrap() % 4)
        .collect();
    assert_eq!((kept.len(), groups.len()), (4, 4), "{kept:?}");
    for (rule, n) in [
        ("mrmr", 5),
        ("mrmr:3", 3),
        ("jmi:2", 2),
        ("njmim:4", 4),
        ("none", 12),
    ] {
        assert_eq!(kept_by(rule).0.len(), n, "{rule}");
    }
    for (rule, step) in [
        ("vif:3", "variance inflation"),
        ("redun:0.8", "redundancy analysis"),
    ] {
        let (kept, dropped) = kept_by(rule);
        assert!(dropped.values().any(|d| d.0 == step), "{rule}: {dropped:?}");
        assert!((4..12).contains(&kept.len()), "{rule}: {kept:?}");
    }
}

#[test]
fn relaxed_coefficients_solve_the_unpenalized_equations() {
    let study = Study::new(21, 160, 10, 3);
    let run = study.select(&[
        "--relevance=none",
        "--redundancy=none",
        "--estimator=relaxed",
    ]);
    assert!(run.has("cv_relaxed.svg"));
    let lasso = &run.json("pipeline.json")["lasso"];
    let (gamma, lambda) = (
        lasso["gamma"].as_f64().unwrap(),
        lasso["lambda"].as_f64().unwrap(),
    );
    assert!(gamma < 1.0, "nothing was relaxed");
    // The loss of the choice is on the curve of its gamma, and none of one standard error less is on it.
    let curves = run.rows("cv_relaxed.csv");
    let chosen = curves
        .iter()
        .find(|row| number(row, "gamma") == gamma && number(row, "lambda") == lambda)
        .expect("on its curve");
    let least = curves
        .iter()
        .min_by(|a, b| number(a, "cvm").total_cmp(&number(b, "cvm")))
        .unwrap();
    assert!(number(chosen, "cvm") <= number(least, "cvm") + number(least, "cvsd"));
    // What the score adds to the LASSO's share are the coefficients of the refit.
    let path: BTreeMap<String, f64> = run
        .rows("coefficients_path.csv")
        .iter()
        .filter(|row| number(row, "lambda") == lambda)
        .map(|row| (row["feature"].clone(), number(row, "coefficient")))
        .collect();
    let refit = |blend: f64, lasso: f64| (blend - gamma * lasso) / (1.0 - gamma);
    let score = run.json("score.json");
    let intercept = refit(score["intercept"].as_f64().unwrap(), path["(intercept)"]);
    let terms: Vec<(Vec<f64>, f64)> = run
        .terms()
        .iter()
        .map(|(name, &b)| (study.column(name), refit(b, path[name])))
        .collect();
    let residual: Vec<f64> = (0..study.rows.len())
        .map(|i| {
            let eta = intercept + terms.iter().map(|(x, b)| b * x[i]).sum::<f64>();
            f64::from(u8::from(study.outcome[i])) - 1.0 / (1.0 + (-eta).exp())
        })
        .collect();
    let n = residual.len() as f64;
    let zero = |what: &str, sum: f64| {
        // Descent stops at 1e-7 of the deviance, which is the square of this.
        assert!((sum / n).abs() < 1e-4, "{what}: {}", sum / n);
    };
    zero("intercept", residual.iter().sum());
    for (x, b) in &terms {
        zero(
            &format!("{b}"),
            x.iter().zip(&residual).map(|(x, r)| x * r).sum(),
        );
    }
}

#[test]
fn units_do_not_matter_to_any_estimator() {
    let study = Study::new(33, 100, 8, 3);
    let mut rescaled = study.clone();
    for row in &mut rescaled.rows {
        row[0] *= 4096.0;
        row[1] /= 1024.0;
        row[5] *= 65536.0;
    }
    for estimator in ["lasso", "relaxed", "adaptive"] {
        let options = [
            "--estimator",
            estimator,
            "--rule",
            "min",
            "--redundancy",
            "none",
        ];
        let (a, b) = (study.select(&options), rescaled.select(&options));
        let names = |run: &Run| run.terms().into_keys().collect::<Vec<_>>();
        assert_eq!(names(&a), names(&b), "{estimator}");
        for (a, b) in a.scores().iter().zip(b.scores()) {
            close(b, *a, 1e-9, estimator);
        }
    }
}

#[test]
fn balanced_classes_begin_at_even_odds() {
    let study = Study::new(4, 80, 5, 1);
    let first = |options: &[&str]| {
        let row = &study.select(options).rows("coefficients_path.csv")[0];
        assert_eq!(row["feature"], "(intercept)");
        number(row, "coefficient")
    };
    // 32 events and 48 others; the first model of a path has no feature.
    close(first(&[]), (32.0_f64 / 48.0).ln(), 1e-9, "as they are");
    close(first(&["--balanced"]), 0.0, 1e-9, "balanced");
}

#[test]
fn the_rule_and_the_measure_are_on_record() {
    let study = Study::new(12, 80, 8, 3);
    let run = study.select(&["--rule", "K=2", "--measure", "class"]);
    assert_eq!(run.terms().len(), 2);
    let score = run.json("score.json");
    assert_eq!(score["rule"], serde_json::json!({"features": 2}));
    let chosen: Vec<_> = run
        .rows("cv.csv")
        .into_iter()
        .filter(|row| row["mark"].contains("chosen"))
        .collect();
    assert_eq!(chosen.len(), 1);
    assert_eq!(chosen[0]["nzero"], "2");
    assert_eq!(Some(number(&chosen[0], "lambda")), score["lambda"].as_f64());
    // Errors are shares of rows.
    assert!(number(&chosen[0], "cvm") < 1.0);
    let record = run.json("run.json");
    assert_eq!(record["options"]["selection"]["rule"], "K=2");
    // Folds of eight rows are too small for an AUC.
    let run = study.select(&["--measure", "auc"]);
    let warning =
        "AUC needs 10 rows per fold, found 80 rows in 10 folds: deviance measured instead";
    assert_eq!(run.stderr, format!("warning: {warning}\n"));
    assert_eq!(run.json("run.json")["options"]["warnings"][0], warning);
    // A ridge keeps everything.
    let run = study.select(&["--alpha", "0", "--redundancy", "none"]);
    assert_eq!(run.terms().len(), 8);
}

#[test]
fn gaps_are_filled_by_the_training_median() {
    let mut study = Study::new(7, 60, 5, 2);
    let mut gap = study.clone();
    gap.rows[11][0] = f64::NAN;
    gap.rows[40][3] = f64::NAN;
    for (i, j) in [(11, 0), (40, 3)] {
        let mut others: Vec<f64> = (0..60)
            .filter(|&k| k != i)
            .map(|k| study.rows[k][j])
            .collect();
        others.sort_by(f64::total_cmp);
        study.rows[i][j] = others[29];
    }
    let filled = gap.select(&["--missing", "median", "--nested", "3", "--folds", "5"]);
    let complete = study.select(&["--folds", "5"]);
    for file in ["score.json", "cv.csv", "scores.csv", "dropped.csv"] {
        assert_eq!(filled.text(file), complete.text(file), "{file}");
    }
    assert_eq!(filled.json("run.json")["counts"]["filled cells"], 2);
    let dropped = gap.select(&["--missing", "drop", "--folds", "5"]).dropped();
    let beforehand: Vec<_> = dropped
        .iter()
        .filter(|d| d.1.0 == "left out beforehand")
        .collect();
    assert_eq!(beforehand.len(), 2);
    assert_eq!(beforehand[0].1.1, "1 of 60 values are missing");
}

#[test]
fn a_gap_in_a_reading_costs_the_feature_that_case() {
    let study = varied();
    let mut again = reread(&study);
    again.rows[7][0] = f64::NAN;
    let folder = || {
        let folder = tempfile::tempdir().unwrap();
        study.write(&folder.path().join("t.csv"));
        again.write(&folder.path().join("inter.csv"));
        folder
    };
    let run = Run::new(folder(), &["--inter", "inter.csv", "--missing", "median"]);
    let sizes: BTreeMap<String, f64> = run
        .rows("icc.csv")
        .iter()
        .map(|row| (row["feature"].clone(), number(row, "n")))
        .collect();
    let n = again.rows.len() as f64;
    for name in &study.names {
        let missing = f64::from(u8::from(*name == study.names[0]));
        assert_eq!(sizes[name], n - missing, "{name}");
    }
    let dropped = Run::new(folder(), &["--inter", "inter.csv", "--missing", "drop"]).dropped();
    assert_eq!(
        dropped[&study.names[0]].1,
        "missing values in the reading inter"
    );
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let study = Study::new(2, 60, 12, 2);
    let options = [
        "--nested",
        "3",
        "--stability",
        "10",
        "--folds",
        "5",
        "--estimator",
        "adaptive",
    ];
    let one = study.select(&[&options[..], &["--jobs", "1"]].concat());
    let four = study.select(&[&options[..], &["--jobs", "4"]].concat());
    let mut files: Vec<_> = fs::read_dir(one.folder.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    assert!(files.len() > 20);
    for file in files {
        let read = |run: &Run| fs::read(run.folder.path().join("out").join(&file)).unwrap();
        assert!(read(&one) == read(&four), "{file:?}");
    }
}
