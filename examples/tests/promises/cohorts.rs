//! Cohorts that are allowed and odd, and cohorts that are refused before anything is computed.

use std::fs;
use std::path::Path;

use image::{ImageBuffer, Luma};

use crate::cohort::{cohort_of, write_rows};
use crate::common::{fails, json, listing, program, rows};

/// Edits the cells of every row but the header; none of them has a comma.
fn edit(table: &mut [String], mut change: impl FnMut(usize, &mut Vec<String>)) {
    for (k, row) in table.iter_mut().enumerate().skip(1) {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        change(k - 1, &mut cells);
        *row = cells.join(",");
    }
}

/// A run with a model of all predictors; returns what it printed.
#[track_caller]
fn study(root: &Path, more: &[&str]) -> String {
    let output = program("alnm_pipeline")
        .current_dir(root)
        .args([
            "--manifest",
            "cohort.csv",
            "--deep",
            "pca:4",
            "--nested",
            "0",
            "--folds",
            "5",
            "--rule",
            "min",
            "--screen",
            "0.9999",
            "--backward",
            "none",
        ])
        .args(["--out", "out"])
        .args(more)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Three regions that show the same, so that their scores are one; training alone; no clinical column; outlines repeated by another reader only.
#[test]
fn regions_and_splits_and_columns_may_be_many_or_none() {
    let (folder, mut table) = cohort_of(60);
    let root = folder.path();
    table[0] = "patient,split,outcome,a_image,a_mask,a_mask_inter,b b_image,b b_mask,\u{e4}_image,\u{e4}_mask".to_owned();
    edit(&mut table, |k, cells| {
        let (image, mask) = (cells[3].clone(), cells[4].clone());
        let twice = [image.clone(), mask.clone(), image, mask];
        cells.truncate(6);
        cells[0] = (k + 1).to_string();
        "Training".clone_into(&mut cells[1]);
        cells.extend(twice);
    });
    write_rows(root, &table);
    let printed = study(root, &[]);
    for model in ["a_score", "b b_score", "\u{e4}_score"] {
        assert!(printed.contains(model), "{printed}");
    }
    for region in ["a", "b b", "\u{e4}"] {
        let folder = root.join("out/selection").join(region);
        assert_eq!(folder.join("icc.csv").exists(), region == "a");
        assert!(folder.join("score.json").exists() && folder.join("scores.csv").exists());
        let (_, features) = rows(&root.join(format!("out/features/{region}.csv")));
        assert_eq!(features.len(), 60);
    }
    assert!(root.join("out/report.html").exists());
    let record = json(&root.join("out/run.json"));
    assert_eq!(record["counts"]["patients"], 60);
}

/// Names of patients, splits and columns that a file system, a page or a spreadsheet would take for something else; the bundle of this study on one patient.
#[test]
fn names_may_be_anything() {
    let (folder, mut table) = cohort_of(100);
    let root = folder.path();
    let long = "x".repeat(300);
    table[0] = table[0]
        .replace(",age,", ",clinical,")
        .replace(",center", ",<b>&amp;\"=1+1,constant");
    // A quotation mark inside a field has to be doubled.
    table[0] = table[0].replace("<b>&amp;\"=1+1", "\"<b>&amp;\"\"=1+1\"");
    edit(&mut table, |k, cells| {
        cells[0] = format!("{k}/../\u{fc} <i>{long}");
        match cells[1].as_str() {
            "north" => "a/b <i>\u{fc}".clone_into(&mut cells[1]),
            "south" => cells[1].clone_from(&long),
            _ => {}
        }
        if k == 99 {
            "spiculated".clone_into(&mut cells[8]);
        }
        cells[9] = (k % 7).to_string();
        cells.push("5".to_owned());
    });
    write_rows(root, &table);
    let before = listing(root);
    study(root, &[]);
    let mut after = listing(root);
    after.retain(|path| !path.ends_with("out"));
    assert_eq!(after, before, "all results lie in one folder");
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(
        !report.contains("<i>") && !report.contains("<b>&amp;\""),
        "names are text"
    );
    let columns = fs::read_to_string(root.join("out/columns.yaml")).unwrap();
    for (name, kind) in [
        ("clinical", "number"),
        ("margin", "description"),
        ("constant", "description"),
    ] {
        let at = columns
            .find(&format!("name: {name}"))
            .unwrap_or_else(|| panic!("{name}: {columns}"));
        let said = columns[at..].lines().nth(1).unwrap();
        assert!(said.contains(kind), "{name}: {said}");
    }
    assert!(
        report.contains("occurs in no training patient"),
        "why margin is no predictor"
    );
    crate::patient::predictions_of(root);
}

/// Runs the check of a cohort, which fails with one line and leaves nothing.
#[track_caller]
fn refused(root: &Path, table: &[String], more: &[&str], expected: &[&str]) {
    write_rows(root, table);
    let before = listing(root);
    let arguments = [
        &[
            "--manifest",
            "cohort.csv",
            "--out",
            "out",
            "--nested",
            "0",
            "--folds",
            "5",
        ],
        more,
    ]
    .concat();
    let stderr = fails("alnm_pipeline", root, &arguments, 1);
    for part in expected {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert_eq!(listing(root), before, "{stderr}");
}

#[test]
fn regions_and_columns_need_names_of_their_own() {
    let (folder, table) = cohort_of(20);
    let root = folder.path();
    let header = |from: &str, to: &str| {
        let mut table = table.clone();
        assert!(table[0].contains(from));
        table[0] = table[0].replace(from, to);
        table
    };
    // A region is part of names of files, also of those of the bundle.
    let long = "r".repeat(101);
    for name in ["a/b", "../a", "a\\b", ".a", "a:b", long.as_str()] {
        let column = format!("column \"{name}_image\"");
        refused(
            root,
            &header("lesion_", &format!("{name}_")),
            &[],
            &["cohort.csv", &column, "name of a region"],
        );
    }
    refused(
        root,
        &header(",age,", ",lesion_score,"),
        &[],
        &["cohort.csv", "\"lesion_score\"", "region's score"],
    );
    refused(
        root,
        &header(",age,", ",margin,"),
        &[],
        &["\"margin\" stands twice"],
    );
}

#[test]
fn cohorts_that_cannot_be_studied_are_refused_before_anything_is_computed() {
    let (folder, table) = cohort_of(20);
    let root = folder.path();
    // Too few for the folds, which the study would find out after all features.
    let few = |events: usize| {
        let mut table = table.clone();
        edit(&mut table, |k, cells| {
            if k < 12 {
                cells[2] = usize::from(k < events).to_string();
            }
        });
        table
    };
    refused(
        root,
        &few(3),
        &[],
        &[
            "cohort.csv",
            "at least 5 patients of each outcome in split \"train\" for --folds 5",
            "3 events and 9 others",
        ],
    );
    // A network takes gray values of eight bits.
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(40, 40, |x, y| Luma([(x * y * 40) as u16]));
    deep.save(root.join("deep.png")).unwrap();
    let mut sixteen = table.clone();
    sixteen[4] = sixteen[4]
        .replace("image3.png", "deep.png")
        .replace("inter.png,intra.png", ",");
    refused(
        root,
        &sixteen,
        &[],
        &["row 5", "deep.png: expected gray values from 0 to 255"],
    );
    let mut nobody = table.clone();
    edit(&mut nobody, |_, cells| cells[7].clear());
    refused(
        root,
        &nobody,
        &["--missing", "drop"],
        &["all 20 are left out"],
    );
}

#[test]
fn options_that_contradict_each_other_are_wrong_usage() {
    let (folder, _) = cohort_of(20);
    let root = folder.path();
    let before = listing(root);
    for (arguments, expected) in [
        (&["--check"][..], "--manifest"),
        (&["--readers", "r.csv"], "--manifest"),
        (&["--columns", "c.yaml"], "--manifest"),
        (&["--manifest", "cohort.csv", "--size", "small"], "--size"),
        (&["--overwrite", "--resume"], "--resume"),
        (&["--nested", "1"], "--nested"),
        (&["--screen", "1.5"], "--screen"),
        (&["--deep", "pca:0"], "pca"),
        (&["--tap", "relu1_1"], "--tap"),
        (&["--ci", "bootstrap:0"], "--ci"),
        (&["--seed", "4294967296"], "--seed"),
    ] {
        let stderr = fails(
            "alnm_pipeline",
            root,
            &[arguments, &["--out", "out"]].concat(),
            2,
        );
        assert!(stderr.contains(expected), "{stderr}");
    }
    assert_eq!(listing(root), before);
}
