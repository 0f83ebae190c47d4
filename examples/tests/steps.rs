//! The programs for single steps give the numbers of the reference programs. Data and expected values are the goldens of the libraries
//! (`feature-selection/tests/golden`, `nomogram/tests/golden`), made with glmnet 4.1-6 and R 4.2.2.

mod common;

use std::fs;

use common::{close, fails, golden, json, program, rows};

#[test]
fn selection_equals_cv_glmnet() {
    let folder = tempfile::tempdir().unwrap();
    let (header, cases) = rows(&golden("feature-selection", "small120.csv"));
    let fold = header.iter().position(|name| name == "fold6").unwrap();
    let features: Vec<usize> = (0..header.len())
        .filter(|&k| header[k].starts_with('x'))
        .collect();
    let names: Vec<&str> = features.iter().map(|&k| header[k].as_str()).collect();
    let mut table = format!("id,event,{}\n", names.join(","));
    let mut folds = "id,fold\n".to_owned();
    for (id, case) in cases.iter().enumerate() {
        let values: Vec<&str> = features.iter().map(|&k| case[k].as_str()).collect();
        table += &format!("case{id},{},{}\n", case[0], values.join(","));
        folds += &format!("case{id},{}\n", case[fold]);
    }
    fs::write(folder.path().join("table.csv"), table).unwrap();
    fs::write(folder.path().join("folds.csv"), folds).unwrap();
    program("select_features")
        .current_dir(folder.path())
        .args(["table.csv", "--outcome", "event", "--id", "id"])
        .args(["--relevance", "none", "--redundancy", "none"])
        .args(["--foldid", "folds.csv", "--rule", "min", "--out", "out"])
        .assert()
        .success();

    let expected = &json(&golden("feature-selection", "cvglmnet_small120.json"))["bin_deviance"];
    let (_, cv) = rows(&folder.path().join("out/cv.csv"));
    let lambdas = expected["lambda"].as_array().unwrap();
    assert_eq!(cv.len(), lambdas.len());
    for (k, row) in cv.iter().enumerate() {
        for (column, name) in ["lambda", "cvm", "cvsd"].into_iter().enumerate() {
            let found: f64 = row[column].parse().unwrap();
            close(found, expected[name][k].as_f64().unwrap(), 1e-9, name);
        }
    }
    let score = json(&folder.path().join("out/score.json"));
    let coefficients = expected["coef_min"].as_array().unwrap();
    close(
        score["intercept"].as_f64().unwrap(),
        coefficients[0].as_f64().unwrap(),
        1e-9,
        "intercept",
    );
    let terms = score["terms"].as_array().unwrap();
    let nonzero: Vec<usize> = (1..coefficients.len())
        .filter(|&k| coefficients[k].as_f64() != Some(0.0))
        .collect();
    assert_eq!(terms.len(), nonzero.len());
    for (term, k) in terms.iter().zip(nonzero) {
        assert_eq!(term["name"], names[k - 1]);
        let expected = coefficients[k].as_f64().unwrap();
        close(
            term["coefficient"].as_f64().unwrap(),
            expected,
            1e-9,
            names[k - 1],
        );
    }
}

#[test]
fn nomogram_equals_backward_elimination_in_r() {
    let folder = tempfile::tempdir().unwrap();
    let table = golden("nomogram", "synth.csv");
    program("fit_nomogram")
        .current_dir(folder.path())
        .arg(&table)
        .args(["--outcome", "alnm", "--id", "id", "--predictors"])
        .arg("age,size,location,orientation,margin,shape,echotexture,microcalc,posterior,vascularity,us_alnm,tumor_score,ln_score")
        .args(["--factor", "vascularity:ref=0", "--factor", "margin:ref=Well"])
        .args(["--factor", "shape:ref=Oval", "--backward", "p:0.05"])
        .args(["--train-where", "set=train", "--cutoff", "0.5", "--out", "out"])
        .assert()
        .success();

    let expected = &json(&golden("nomogram", "backward_selection.json"))["synth_wald05"];
    let (_, found) = rows(&folder.path().join("out/multivariable.csv"));
    // Reference levels have no coefficient.
    let estimated: Vec<&Vec<String>> = found.iter().filter(|row| !row[6].is_empty()).collect();
    let coefficients = expected["final_coef"].as_array().unwrap();
    assert_eq!(estimated.len(), coefficients.len());
    for (row, (name, coefficient)) in estimated.iter().zip(
        expected["final_names"]
            .as_array()
            .unwrap()
            .iter()
            .zip(coefficients),
    ) {
        let label = format!("{}{}", row[0], row[1]).replace("(intercept)", "(Intercept)");
        assert_eq!(&label, name.as_str().unwrap());
        close(
            row[6].parse().unwrap(),
            coefficient.as_f64().unwrap(),
            1e-8,
            &label,
        );
    }
    let (header, points) = rows(&folder.path().join("out/points.csv"));
    assert_eq!(header[0], "row");
    assert_eq!(points.len(), rows(&table).1.len(), "one row a patient");
    for file in [
        "nomogram.svg",
        "nomogram.png",
        "nomogram.html",
        "nomogram.json",
        "model.json",
        "univariable.csv",
        "steps.csv",
        "run.json",
    ] {
        assert!(folder.path().join("out").join(file).is_file(), "{file}");
    }
}

#[test]
fn a_predictor_of_text_and_numbers_is_named_with_its_row() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("t.csv"),
        "y,size\n1,2.5\n0,big\n1,3.0\n0,1.0\n",
    )
    .unwrap();
    let arguments = [
        "t.csv",
        "--outcome",
        "y",
        "--predictors",
        "size",
        "--out",
        "out",
    ];
    let stderr = fails("fit_nomogram", folder.path(), &arguments, 1);
    assert!(stderr.contains("t.csv: row 3, column \"size\""), "{stderr}");
    assert!(!folder.path().join("out").exists());
}
