//! Fine-tuning and its features through the programs: the same bytes every time, features of patients from networks that have not seen them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use common::{disk, fails, listing, program, rows, texture};

/// A narrow network on small inputs.
const NETWORK: [&str; 6] = ["--seeded-weights", "5", "--width", "1/32", "--size", "32"];
const COLUMNS: [&str; 4] = ["--outcome", "event", "--patient", "patient"];

/// Thirty training and four new regions of as many patients; events have another texture.
fn batch() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    disk(48, 16.0).save(folder.path().join("mask.png")).unwrap();
    let mut table = "Image,Mask,patient,split,event\n".to_owned();
    for k in 0..34u32 {
        let (event, split) = (k % 2, if k < 30 { "training" } else { "new" });
        let image = match event {
            0 => texture(48, k),
            _ => image::imageops::blur(&texture(48, k), 2.0),
        };
        image
            .save(folder.path().join(format!("image{k}.png")))
            .unwrap();
        table += &format!("image{k}.png,mask.png,p{k},{split},{event}\n");
    }
    fs::write(folder.path().join("batch.csv"), table).unwrap();
    folder
}

fn tuned(folder: &Path, out: &str, more: &[&str]) -> PathBuf {
    program("fine_tune")
        .current_dir(folder)
        .arg("batch.csv")
        .args(NETWORK)
        .args(COLUMNS)
        .args([
            "--train-where",
            "split=training",
            "--epochs",
            "3",
            "--units",
            "8",
        ])
        .args(["--out", out])
        .args(more)
        .assert()
        .success();
    folder.join(out)
}

fn features(row: &[String], header: &[String]) -> Vec<String> {
    let of = header
        .iter()
        .zip(row)
        .filter(|(name, _)| name.starts_with("dl_"));
    of.map(|(_, cell)| cell.clone()).collect()
}

#[test]
fn training_patients_get_features_of_networks_that_have_not_seen_them() {
    let folder = batch();
    let more = ["--unfreeze", "2:5", "--views", "2"];
    let out = tuned(
        folder.path(),
        "tuned",
        &[&more[..], &["--jobs", "1"]].concat(),
    );
    let again = tuned(
        folder.path(),
        "again",
        &[&more[..], &["--jobs", "2"]].concat(),
    );
    for file in ["checkpoint.safetensors", "embeddings.csv", "history.csv"] {
        assert!(
            fs::read(out.join(file)).unwrap() == fs::read(again.join(file)).unwrap(),
            "{file}"
        );
    }
    assert_eq!(listing(&out).len(), 4, "no state of a training is left");
    let (header, tuned) = rows(&out.join("embeddings.csv"));
    assert_eq!(header[5], "fold");
    assert_eq!(header[6], "dl_vgg19w32_fc8_000");
    let (names, history) = rows(&out.join("history.csv"));
    assert_eq!(names[..3], ["network", "epoch", "kept"]);
    assert_eq!(history.len(), 6 * 3);
    // The checkpoint is the network of all training patients.
    let checkpoint = "checkpoint:tuned/checkpoint.safetensors";
    program("extract_deep")
        .current_dir(folder.path())
        .args([
            "batch.csv",
            "--head",
            checkpoint,
            "--out",
            "deep.csv",
            "--grad-cam",
            "maps",
        ])
        .args(&NETWORK[..4])
        .assert()
        .success();
    let (deep_header, deep) = rows(&folder.path().join("deep.csv"));
    for (k, (ours, theirs)) in tuned.iter().zip(&deep).enumerate() {
        let (ours_features, theirs_features) =
            (features(ours, &header), features(theirs, &deep_header));
        assert_eq!(ours_features.len(), 8);
        assert_eq!(ours_features == theirs_features, k >= 30, "row {k}");
        assert_eq!(ours[5] == "new", k >= 30, "row {k}");
    }
    let pictures = listing(&folder.path().join("maps"));
    assert_eq!(pictures.len(), 34);
    let picture = image::open(&pictures[0]).unwrap();
    assert!(pictures[0].ends_with("00001_image0.png") && picture.height() >= 256);
}

#[test]
fn maps_need_no_training() {
    let folder = batch();
    program("extract_deep")
        .current_dir(folder.path())
        .args([
            "batch.csv",
            "--shard",
            "0/17",
            "--out",
            "deep.csv",
            "--grad-cam",
            "maps",
        ])
        .args(["--cam-tap", "relu4_1"])
        .args(NETWORK)
        .assert()
        .success();
    assert_eq!(listing(&folder.path().join("maps")).len(), 2);
}

#[test]
fn a_region_that_cannot_be_read_keeps_its_row() {
    let folder = batch();
    fs::remove_file(folder.path().join("image4.png")).unwrap();
    let output = program("fine_tune")
        .current_dir(folder.path())
        .arg("batch.csv")
        .args(NETWORK)
        .args(COLUMNS)
        .args([
            "--epochs", "1", "--units", "4", "--folds", "2", "--out", "tuned",
        ])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("batch.csv: row 6: ") && stderr.contains("image4.png"),
        "{stderr}"
    );
    let (header, rows) = rows(&folder.path().join("tuned/embeddings.csv"));
    assert_eq!(rows.len(), 34);
    assert!(rows[4].last().unwrap().contains("image4.png"));
    assert!(features(&rows[4], &header).iter().all(String::is_empty));
}

#[test]
fn what_cannot_be_trained_is_refused_in_one_line() {
    let folder = batch();
    let before = listing(folder.path());
    let refused = |more: &[&str], code: i32, expected: &str| {
        let arguments = [&["batch.csv", "--out", "out"], &NETWORK[..], more].concat();
        let stderr = fails("fine_tune", folder.path(), &arguments, code);
        assert!(stderr.contains(expected), "{expected:?} in {stderr}");
        assert_eq!(listing(folder.path()), before, "{stderr}");
    };
    let columns = |outcome, patient| ["--outcome", outcome, "--patient", patient];
    refused(&columns("malignant", "patient"), 1, "column \"malignant\"");
    refused(&columns("event", "person"), 1, "column \"person\"");
    refused(
        &columns("patient", "patient"),
        1,
        "expected 0 or 1, found \"p0\"",
    );
    let with = |more: &[&'static str]| [&COLUMNS[..], more].concat();
    let table = fs::read_to_string(folder.path().join("batch.csv")).unwrap();
    let twice = table.replace("p31,new", "p3,new");
    fs::write(folder.path().join("batch.csv"), &twice).unwrap();
    let sides = with(&["--train-where", "split=training"]);
    refused(
        &sides,
        1,
        "row 33: expected all rows of a patient to train or none, found p3",
    );
    fs::write(folder.path().join("batch.csv"), &table).unwrap();
    refused(&with(&["--unfreeze", "0:5"]), 2, "EPOCH:BLOCK");
    refused(&with(&["--unfreeze", "99:5"]), 2, "blocks to be trained");
    refused(&with(&["--epochs", "0"]), 2, "epochs");
    refused(&with(&["--head-rate", "0"]), 2, "learning rate of the head");
    refused(&with(&["--pool", "max"]), 2, "masked-avg");
    refused(&with(&["--views", "0"]), 2, "--views");
    refused(&with(&["--views", "1001"]), 2, "--views");
    refused(&with(&["--folds", "18446744073709551615"]), 2, "--folds");
    refused(&with(&["--folds", "20"]), 1, "20 of each class");
    refused(&with(&["--validation-share", "1"]), 1, "validation share");
    refused(&with(&["--train-where", "split"]), 2, "COLUMN=VALUE");
    refused(&with(&["--train-where", "split=nowhere"]), 1, "each class");
    refused(&with(&["--device", "metal"]), 2, "metal");
}
