//! How results look: which files, which columns, how numbers are written, what a record holds, how sharp a figure is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::common::{column, fails, json, listing, program, rows};
use crate::{NETWORK, workplace};

/// Runs a program that succeeds, its arguments parted by blanks; returns its stderr.
fn run(folder: &Path, name: &str, arguments: &str) -> String {
    let output = program(name)
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {stderr}");
    stderr
}

/// Fails unless the first columns of a table are these, perhaps with others between and after them.
fn has_columns(path: &Path, expected: &str) {
    let (header, _) = rows(path);
    let mut found = header.iter();
    for name in expected.split_whitespace() {
        assert!(
            found.any(|column| column == name),
            "{}: {name} in {header:?}",
            path.display()
        );
    }
}

/// Fails unless a CSV file has commas, LF, no byte-order mark, and numbers that are as short as they can be.
fn is_plain_csv(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let shown = path.display();
    assert!(!bytes.contains(&b'\r') && bytes.ends_with(b"\n"), "{shown}");
    assert!(!bytes.starts_with(b"\xef\xbb\xbf"), "{shown}");
    let (header, table) = rows(path);
    assert!(!header.is_empty());
    for cell in table.iter().flatten() {
        if cell.eq_ignore_ascii_case("nan") {
            assert_eq!(cell, "NaN", "{shown}");
            continue;
        }
        let Ok(number) = cell.parse::<f64>() else {
            continue;
        };
        let shortest = format!("{number:?}");
        let shortest = shortest.strip_suffix(".0").unwrap_or(&shortest);
        assert_eq!(cell, shortest, "{shown}");
    }
}

/// Fails unless every SVG has a PNG of the same size at 300 dpi beside it.
fn figures_are_drawn_twice(folder: &Path, names: &[&str]) {
    let files = listing(folder);
    let figures = files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "svg"));
    let mut stems = Vec::new();
    for svg in figures {
        let text = fs::read_to_string(svg).unwrap();
        assert!(
            text.starts_with("<svg") || text.starts_with("<?xml"),
            "{}",
            svg.display()
        );
        let bytes = fs::read(svg.with_extension("png")).unwrap();
        let at = bytes
            .windows(4)
            .position(|w| w == b"pHYs")
            .expect("a resolution")
            + 4;
        // 300 dots an inch are 11811 dots a meter.
        assert_eq!(bytes[at..at + 9], [0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1]);
        let picture = image::load_from_memory(&bytes).unwrap().to_luma8();
        let dark = picture.pixels().filter(|pixel| pixel.0[0] < 128).count();
        assert!(dark > 1000, "{}: {dark} dark pixels", svg.display());
        stems.push(svg.file_stem().unwrap().to_string_lossy().into_owned());
    }
    for name in names {
        assert!(stems.iter().any(|stem| stem == name), "{name} in {stems:?}");
    }
}

fn is_recorded(folder: &Path, name: &str, inputs: &[&str], options: &str) {
    let text = fs::read_to_string(folder.join("run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["program"], name);
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        record["counts"]
            .as_object()
            .is_some_and(|counts| !counts.is_empty())
    );
    let given = record["options"].as_object().unwrap();
    for option in options.split_whitespace() {
        assert!(given.contains_key(option), "{name}: {option} in {given:?}");
    }
    let hashes: BTreeMap<&str, &str> = record["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["path"].as_str().unwrap(),
                file["sha256"].as_str().unwrap(),
            )
        })
        .collect();
    for input in inputs {
        let digest = Sha256::digest(fs::read(folder.join("..").join(input)).unwrap());
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hashes[input], hash, "{input}");
    }
    // Keys stand in one order, whatever the order of the command line.
    let options = &text[text.find("\"options\": {").unwrap()..];
    let mut keys: Vec<&str> = given.keys().map(String::as_str).collect();
    let place = |key: &&str| options.find(&format!("\"{key}\":")).unwrap();
    assert!(keys.iter().map(place).is_sorted(), "{name}");
    keys.sort_unstable();
    assert!(given.keys().eq(&keys), "{name}");
}

/// All tables of a folder, written as promised.
fn tables_are_plain(folder: &Path) {
    let files = listing(folder);
    let tables = files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "csv"));
    for table in tables {
        is_plain_csv(table);
    }
}

#[test]
fn a_selection_writes_all_its_files() {
    let folder = workplace(0);
    let root = folder.path();
    let lines = crate::cases();
    crate::write(root, "again.csv", lines[..25].join("\n") + "\n");
    let folds = lines[1..41]
        .iter()
        .enumerate()
        .map(|(k, line)| format!("{},{}\n", line.split(',').next().unwrap(), k / 2 % 5 + 1));
    crate::write(
        root,
        "folds.csv",
        format!("id,fold\n{}", folds.collect::<String>()),
    );
    let options = "cases.csv --outcome y --id id --ignore group --train-where split=train --inter again.csv --intra again.csv --icc 0.8 \
        --icc-form A1 --relevance mannwhitney --keep 3 --redundancy none --foldid folds.csv --rule K=2 --out out";
    run(root, "select_features", options);
    let out = root.join("out");
    has_columns(
        &out.join("icc.csv"),
        "feature form value ci_low ci_high f p kept",
    );
    has_columns(&out.join("funnel.csv"), "step kept dropped");
    has_columns(&out.join("dropped.csv"), "feature step reason");
    has_columns(&out.join("path.csv"), "lambda df dev_ratio");
    has_columns(
        &out.join("coefficients_path.csv"),
        "lambda feature coefficient",
    );
    has_columns(&out.join("cv.csv"), "lambda cvm cvsd nzero");
    has_columns(&out.join("scores.csv"), "id score");
    tables_are_plain(&out);
    figures_are_drawn_twice(&out, &["path", "cv", "icc", "correlation", "coefficients"]);
    is_recorded(
        &out,
        "select_features",
        &["cases.csv", "again.csv", "folds.csv"],
        "outcome id inter intra foldid train_where missing selection",
    );
    assert_eq!(json(&out.join("run.json"))["seed"], 1);
    scores_are_what_their_file_says(root);
}

/// The score of the selection is the sum that its file describes.
fn scores_are_what_their_file_says(root: &Path) {
    let out = root.join("out");
    let score = json(&out.join("score.json"));
    assert_eq!(score["rule"], serde_json::json!({"features": 2}));
    assert!(score["lambda"].is_number() && score["intercept"].is_number());
    let terms = score["terms"].as_array().unwrap();
    assert_eq!(terms.len(), 2, "--rule K=2");
    let mut expected = vec![score["intercept"].as_f64().unwrap(); 60];
    for term in terms {
        for key in ["coefficient", "mean", "standard_deviation"] {
            assert!(term[key].is_number(), "{key}");
        }
        let values = column(&root.join("cases.csv"), term["name"].as_str().unwrap());
        for (sum, value) in expected.iter_mut().zip(values) {
            *sum += term["coefficient"].as_f64().unwrap() * value;
        }
    }
    let scores = column(&out.join("scores.csv"), "score");
    crate::common::all_close(&scores, &expected, 1e-12, "score");
}

#[test]
fn a_nomogram_writes_all_its_files() {
    let folder = workplace(0);
    let root = folder.path();
    let options = "cases.csv --outcome y --id id --predictors a,b,group --factor group:ref=v --screen 0.99 --backward p:0.9 --firth \
        --bootstrap 40 --seed 3 --cutoff 0.4 --train-where split=train --out out";
    run(root, "fit_nomogram", options);
    let out = root.join("out");
    let terms = "term level or ci_low ci_high p beta se";
    has_columns(&out.join("univariable.csv"), terms);
    has_columns(&out.join("multivariable.csv"), terms);
    has_columns(&out.join("steps.csv"), "step term");
    has_columns(
        &out.join("points.csv"),
        "row total_points linear_predictor risk",
    );
    tables_are_plain(&out);
    figures_are_drawn_twice(&out, &["nomogram", "calibration"]);
    is_recorded(
        &out,
        "fit_nomogram",
        &["cases.csv"],
        "outcome predictors factor screen backward firth bootstrap cutoff train_where",
    );
    assert_eq!(json(&out.join("run.json"))["seed"], 3);
    let (_, univariable) = rows(&out.join("univariable.csv"));
    let levels: Vec<&str> = univariable
        .iter()
        .filter(|row| row[0] == "group")
        .map(|row| row[1].as_str())
        .collect();
    assert_eq!(levels, ["v", "u"], "the reference first");
    let nomogram = json(&out.join("nomogram.json"));
    let tick = &nomogram["axes"][0]["ticks"][0];
    assert!(tick["points"].is_number() && tick["label"].is_string());
    let validation = json(&out.join("validation.json"));
    for key in ["apparent", "optimism", "corrected"] {
        assert!(
            validation["indices"][0][key].is_number(),
            "{key}: {validation}"
        );
    }
    // One page, which fetches nothing.
    let page = fs::read_to_string(out.join("nomogram.html")).unwrap();
    for fetching in [
        "src=",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "href=\"http",
    ] {
        assert!(!page.contains(fetching), "{fetching}");
    }
}

#[test]
fn an_evaluation_writes_all_its_files() {
    let folder = workplace(0);
    let root = folder.path();
    let lines = crate::cases();
    let reader = |k: usize, line: &str| match k {
        0 => format!("{line},reader,second\n"),
        k => format!(
            "{line},{},{}\n",
            usize::from(k % 5 < 2),
            usize::from(k % 4 < 2)
        ),
    };
    let table: String = lines
        .iter()
        .enumerate()
        .map(|(k, line)| reader(k, line))
        .collect();
    crate::write(root, "read.csv", table);
    let options = "read.csv --outcome y --models a,b,reader,second --reference b --split split --train train --ci bootstrap:200 --seed 5 \
        --decision-replicates 10 --out out";
    run(root, "evaluate_models", options);
    let out = root.join("out");
    has_columns(
        &out.join("performance.csv"),
        "split model n events auc ci_low ci_high cutoff tp fp tn fn acc acc_low acc_high sen sen_low sen_high spe spe_low spe_high ppv ppv_low ppv_high npv npv_low npv_high",
    );
    has_columns(
        &out.join("reclassification.csv"),
        "split model reference measure value ci_low ci_high p",
    );
    for table in ["delong", "hosmer_lemeshow", "calibration", "dca", "impact"] {
        has_columns(&out.join(format!("{table}.csv")), "split model");
    }
    has_columns(
        &out.join("kappa.csv"),
        "split first second n kappa ci_low ci_high p",
    );
    tables_are_plain(&out);
    figures_are_drawn_twice(
        &out,
        &[
            "roc_test",
            "roc_train",
            "calibration_test_a",
            "dca_test",
            "impact_test_a",
        ],
    );
    is_recorded(
        &out,
        "evaluate_models",
        &["read.csv"],
        "outcome models reference split train cutoff ci level",
    );
    assert_eq!(json(&out.join("run.json"))["seed"], 5);
    evaluations_are_complete(&out);
}

/// NRI and IDI are there; cut-offs are those of the training rows.
fn evaluations_are_complete(out: &Path) {
    let (header, table) = rows(&out.join("reclassification.csv"));
    let at = header.iter().position(|name| name == "measure").unwrap();
    for measure in ["nri", "idi"] {
        let is_it = |row: &Vec<String>| row[at].to_lowercase().contains(measure);
        assert!(table.iter().any(is_it), "{measure}");
    }
    // Cut-offs are those of the training rows on every split.
    let (header, table) = rows(&out.join("performance.csv"));
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let cutoffs = |split: &str| -> Vec<&str> {
        let of_split = table.iter().filter(|row| row[at("split")] == split);
        of_split.map(|row| row[at("cutoff")].as_str()).collect()
    };
    assert_eq!(cutoffs("train"), cutoffs("test"));
}

/// 851 columns of one slice; four sub-bands of it are rounding noise, which is said, and left out on demand.
#[test]
fn noise_bands_are_named_or_left_out() {
    let folder = workplace(1);
    let root = folder.path();
    let both = "image0.png mask.png --image-type Original --image-type Wavelet --profile pyradiomics --out";
    let warning = run(root, "extract_radiomics", &format!("{both} all.csv"));
    assert!(warning.starts_with("warning: ") && warning.contains("--drop-noise-bands"));
    let quiet = run(
        root,
        "extract_radiomics",
        &format!("{both} few.csv --drop-noise-bands"),
    );
    assert_eq!(quiet, "");
    let names = |file: &str| -> Vec<String> {
        let (header, _) = rows(&root.join(file));
        header
            .into_iter()
            .filter(|name| name.contains('_'))
            .collect()
    };
    let (all, few) = (names("all.csv"), names("few.csv"));
    assert_eq!((all.len(), few.len()), (851, 851 - 4 * 93));
    let band = |name: &String| name.split('_').next().unwrap().to_owned();
    let mut dropped: Vec<String> = all
        .iter()
        .filter(|name| !few.contains(name))
        .map(band)
        .collect();
    dropped.dedup();
    assert_eq!(dropped.len(), 4);
    assert!(
        dropped.iter().all(|band| warning.contains(band.as_str())),
        "{warning}"
    );
    assert!(few.iter().all(|name| all.contains(name)));
}

/// One extraction in three layouts: the same names and values.
#[test]
fn layouts_hold_the_same_numbers() {
    let folder = workplace(3);
    let root = folder.path();
    for format in ["csv", "json", "long"] {
        let asked =
            format!("batch.csv --class firstorder --format {format} --out {format}/features");
        run(root, "extract_radiomics", &asked);
        is_recorded(
            &root.join(format),
            "extract_radiomics",
            &["batch.csv", "image0.png", "mask.png"],
            "format shard class setting image_type params profile label resolved",
        );
    }
    is_plain_csv(&root.join("csv/features"));
    is_plain_csv(&root.join("long/features"));
    let (header, table) = rows(&root.join("csv/features"));
    let objects = json(&root.join("json/features"));
    let (long_header, long) = rows(&root.join("long/features"));
    assert_eq!(long_header, ["case", "feature", "value"]);
    assert_eq!(header[..4], ["id", "Image", "Mask", "y"]);
    assert_eq!(header.last().unwrap(), "error");
    let features = &header[4..header.len() - 1];
    assert_eq!(long.len(), 3 * features.len());
    for (k, row) in table.iter().enumerate() {
        for (j, name) in features.iter().enumerate() {
            let cell = &row[4 + j];
            let object = objects[k][name].as_f64().unwrap();
            assert_eq!(
                object.to_bits(),
                cell.parse::<f64>().unwrap().to_bits(),
                "{name}"
            );
            assert_eq!(long[k * features.len() + j], [row[0].as_str(), name, cell]);
        }
        assert!(objects[k]["error"].is_null() && row.last().unwrap().is_empty());
    }
}

#[test]
fn deep_features_are_named_by_network_tap_and_pooling() {
    let folder = workplace(1);
    let root = folder.path();
    let pair = format!("image0.png mask.png {}", NETWORK.join(" "));
    let asked = "--tap relu5_4 --tap pool5 --pool avg --pool max --pool masked-avg --out deep.csv";
    run(root, "extract_deep", &format!("{pair} {asked}"));
    let (header, _) = rows(&root.join("deep.csv"));
    let mut expected = vec!["Image".to_owned(), "Mask".to_owned()];
    for tap in ["relu5_4", "pool5"] {
        for pooling in ["avg", "max", "masked-avg"] {
            expected.extend((0..8).map(|k| format!("dl_vgg19w64_{tap}_{pooling}_{k:03}")));
        }
    }
    expected.push("error".to_owned());
    assert_eq!(header, expected);
    // A layer has two names and is one.
    let twice = format!("{pair} --tap relu5_4 --tap features.35");
    let twice: Vec<&str> = twice.split_whitespace().collect();
    let stderr = fails("extract_deep", root, &twice, 2);
    assert!(stderr.contains("relu5_4 is asked for twice"), "{stderr}");
}

#[test]
fn keys_of_a_parameter_file_that_are_not_known_are_named_with_their_line() {
    let folder = workplace(1);
    let root = folder.path();
    crate::write(
        root,
        "bad.yaml",
        "imageType:\n  Original: {}\nsetting:\n  binWidth: 25\n  binWdith: 10\n",
    );
    let stderr = fails(
        "extract_radiomics",
        root,
        &["image0.png", "mask.png", "--params", "bad.yaml"],
        1,
    );
    assert!(
        stderr.contains("bad.yaml, line 5") && stderr.contains("binWdith"),
        "{stderr}"
    );
    // YAML and JSON say the same.
    crate::write(
        root,
        "good.yaml",
        "setting:\n  binWidth: 10\nfeatureClass:\n  glcm: [Contrast]\n",
    );
    crate::write(
        root,
        "good.json",
        "{\"setting\": {\"binWidth\": 10}, \"featureClass\": {\"glcm\": [\"Contrast\"]}}",
    );
    let features = |params: &str| {
        let output = program("extract_radiomics")
            .current_dir(root)
            .args(["image0.png", "mask.png", "--params", params])
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(features("good.yaml"), features("good.json"));
    assert!(features("good.yaml").contains("original_glcm_Contrast"));
}
