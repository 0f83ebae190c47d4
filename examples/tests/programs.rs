//! The programs through their own command lines: help, exit codes, one-line errors, nothing half-written.

mod common;

use std::fs;
use std::path::Path;

use image::GrayImage;
use tempfile::TempDir;

use common::{PROGRAMS, disk, fails, listing, program, rows as table, texture};

/// Twelve patients, one region, two splits, both outcomes in each, one measured and one categorical column.
fn cohort() -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = vec!["patient,split,outcome,lesion_image,lesion_mask,age,margin".to_owned()];
    disk(32, 9.0).save(folder.path().join("mask.png")).unwrap();
    for k in 0..12u32 {
        texture(32, k)
            .save(folder.path().join(format!("image{k}.png")))
            .unwrap();
        let split = if k < 8 { "train" } else { "test" };
        let margin = if k % 3 == 0 { "sharp" } else { "blurred" };
        rows.push(format!(
            "p{k},{split},{},image{k}.png,mask.png,{},{margin}",
            k % 2,
            40 + k
        ));
    }
    (folder, rows)
}

fn write_rows(folder: &Path, rows: &[String]) {
    fs::write(folder.join("cohort.csv"), rows.join("\n") + "\n").unwrap();
}

/// Runs the study on faulty rows and checks that nothing was written.
fn study_refuses(folder: &Path, rows: &[String]) -> String {
    write_rows(folder, rows);
    let before = listing(folder);
    let stderr = fails(
        "alnm_pipeline",
        folder,
        &["--manifest", "cohort.csv", "--out", "out"],
        1,
    );
    assert_eq!(listing(folder), before, "nothing may be left behind");
    stderr
}

#[test]
fn help_and_version() {
    for name in PROGRAMS {
        let help = program(name).arg("--help").unwrap();
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(
            text.contains(&format!("--example {name}")),
            "{name}: a full command line\n{text}"
        );
        assert!(
            text.contains("--out") && text.contains("[default: "),
            "{name}\n{text}"
        );
        let version = program(name).arg("--version").unwrap();
        assert!(
            String::from_utf8(version.stdout)
                .unwrap()
                .contains(env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn wrong_usage_is_exit_code_two() {
    let folder = tempfile::tempdir().unwrap();
    for name in PROGRAMS {
        fails(name, folder.path(), &["--no-such-option"], 2);
    }
    fails(
        "extract_radiomics",
        folder.path(),
        &["a.png", "b.png", "--setting", "binWdith:25"],
        2,
    );
    fails(
        "extract_radiomics",
        folder.path(),
        &["a.png", "b.png", "--image-type", "Wavelets"],
        2,
    );
    fails("extract_deep", folder.path(), &["a.png", "b.png"], 2);
    assert_eq!(listing(folder.path()).len(), 0);
}

#[test]
fn study_names_a_missing_outcome_column() {
    let (folder, rows) = cohort();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| row.replacen(",outcome,", ",result,", 1))
        .collect();
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("cohort.csv: expected a column \"outcome\""),
        "{stderr}"
    );
}

#[test]
fn study_names_a_missing_file() {
    let (folder, mut rows) = cohort();
    rows[3] = rows[3].replace("image2.png", "nowhere.png");
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("cohort.csv: row 4, column \"lesion_image\": no such file: nowhere.png"),
        "{stderr}"
    );
}

#[test]
fn study_names_text_among_numbers() {
    let (folder, mut rows) = cohort();
    rows[5] = rows[5].replace(",44,", ",forty-four,");
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("row 6, column \"age\": expected a number, found \"forty-four\""),
        "{stderr}"
    );
}

#[test]
fn study_names_an_empty_cell() {
    let (folder, mut rows) = cohort();
    rows[5] = rows[5].replace(",44,", ",,");
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("row 6, column \"age\": expected a value, found an empty cell"),
        "{stderr}"
    );
}

#[test]
fn study_names_a_repeated_patient() {
    let (folder, mut rows) = cohort();
    rows[2] = rows[2].replacen("p1,", "p0,", 1);
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("row 3, column \"patient\": patient \"p0\" stands already in row 2"),
        "{stderr}"
    );
}

#[test]
fn study_names_a_split_of_one_class() {
    let (folder, mut rows) = cohort();
    for row in &mut rows[9..] {
        *row = row.replace("test,1,", "test,0,");
    }
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("expected both outcomes in split \"test\""),
        "{stderr}"
    );
}

#[test]
fn study_names_a_missing_training_split() {
    let (folder, rows) = cohort();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| row.replace(",train,", ",derivation,"))
        .collect();
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("expected one training split") && stderr.contains("\"derivation\""),
        "{stderr}"
    );
}

#[test]
fn study_names_a_mask_of_another_size() {
    let (folder, mut rows) = cohort();
    disk(30, 9.0).save(folder.path().join("other.png")).unwrap();
    rows[4] = rows[4].replace("mask.png", "other.png");
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("row 5, column \"lesion_mask\"") && stderr.contains("other.png"),
        "{stderr}"
    );
    assert!(stderr.contains("30") && stderr.contains("32"), "{stderr}");
}

#[test]
fn study_names_an_empty_mask() {
    let (folder, mut rows) = cohort();
    disk(32, 0.0).save(folder.path().join("empty.png")).unwrap();
    rows[4] = rows[4].replace("mask.png", "empty.png");
    let stderr = study_refuses(folder.path(), &rows);
    assert!(
        stderr.contains("row 5, column \"lesion_mask\"") && stderr.contains("empty.png"),
        "{stderr}"
    );
}

#[test]
fn extraction_of_one_bad_pair_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    texture(32, 0).save(at("image.png")).unwrap();
    disk(30, 9.0).save(at("other.png")).unwrap();
    disk(32, 0.0).save(at("empty.png")).unwrap();
    let before = listing(folder.path());
    let deep = ["--seeded-weights", "1", "--width", "1/64", "--size", "32"];
    for mask in ["nowhere.png", "other.png", "empty.png"] {
        let radiomics = fails(
            "extract_radiomics",
            folder.path(),
            &["image.png", mask, "--out", "f.csv"],
            1,
        );
        assert!(radiomics.contains(mask), "{radiomics}");
        let mut arguments = vec!["image.png", mask, "--out", "f.csv"];
        arguments.extend(deep);
        assert!(fails("extract_deep", folder.path(), &arguments, 1).contains(mask));
    }
    assert_eq!(listing(folder.path()), before);
}

/// A batch of three cases, the second without a file.
fn batch() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    disk(48, 14.0).save(folder.path().join("mask.png")).unwrap();
    for k in 0..2 {
        texture(48, k)
            .save(folder.path().join(format!("image{k}.png")))
            .unwrap();
    }
    let table =
        "patient,Image,Mask\na,image0.png,mask.png\nb,lost.png,mask.png\nc,image1.png,mask.png\n";
    fs::write(folder.path().join("batch.csv"), table).unwrap();
    folder
}

#[test]
fn a_failed_case_keeps_its_row_and_the_others_are_written() {
    let folder = batch();
    let original = ["batch.csv", "--out", "out/f.csv"];
    let stderr = fails("extract_radiomics", folder.path(), &original, 1);
    assert!(
        stderr.contains("batch.csv: row 3: ") && stderr.contains("lost.png"),
        "{stderr}"
    );
    let (header, rows) = table(&folder.path().join("out/f.csv"));
    assert_eq!(header.len(), 3 + 107 + 1);
    assert_eq!(header[..3], ["patient", "Image", "Mask"]);
    assert_eq!(rows.len(), 3);
    assert!(rows[1].last().unwrap().contains("lost.png") && rows[1][3].is_empty());
    assert!(rows[0].last().unwrap().is_empty() && rows[0][3].parse::<f64>().is_ok());
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("out/run.json")).unwrap())
            .unwrap();
    assert_eq!(record["program"], "extract_radiomics");
    assert_eq!(
        (&record["counts"]["cases"], &record["counts"]["failed"]),
        (&3.into(), &1.into())
    );
    assert_eq!(listing(&folder.path().join("out")).len(), 2);
}

#[test]
fn equal_bytes_for_any_number_of_threads_and_existing_results_are_safe() {
    let folder = batch();
    let rows = [
        "batch.csv",
        "--shard",
        "0/2",
        "--image-type",
        "Original",
        "--image-type",
        "Wavelet",
    ];
    let run = |out: &str, jobs: &str| {
        let mut command = program("extract_radiomics");
        command
            .current_dir(folder.path())
            .args(rows)
            .args(["--out", out, "--jobs", jobs]);
        command.unwrap();
        fs::read(folder.path().join(out)).unwrap()
    };
    assert_eq!(run("one/f.csv", "1"), run("four/f.csv", "4"));
    let record = |out: &str| fs::read(folder.path().join(out).join("f.csv.run.json")).unwrap();
    assert_eq!(record("one"), record("four"));
    let (header, rows) = table(&folder.path().join("one/f.csv"));
    assert_eq!((header.len(), rows.len()), (3 + 851 + 1, 2));

    let refused = fails(
        "extract_radiomics",
        folder.path(),
        &["batch.csv", "--out", "one/f.csv"],
        1,
    );
    assert!(
        refused.contains("one/f.csv: exists") && refused.contains("--overwrite"),
        "{refused}"
    );
}

/// A mask of three labels: two squares of label 1 apart from each other, one of label 4, and a single pixel of label 7.
fn labels(side: u32) -> GrayImage {
    GrayImage::from_fn(side, side, |x, y| {
        let square = |x0: u32, y0: u32| (x0..x0 + 8).contains(&x) && (y0..y0 + 8).contains(&y);
        image::Luma([match () {
            () if square(2, 2) || square(20, 20) => 1,
            () if square(2, 20) => 4,
            () if (x, y) == (30, 2) => 7,
            () => 0,
        }])
    })
}

#[test]
fn labels_and_lesions_of_one_mask_have_rows_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    texture(32, 3)
        .save(folder.path().join("image.png"))
        .unwrap();
    labels(32).save(folder.path().join("mask.png")).unwrap();
    let run = |out: &str, more: &[&str], code: i32| {
        let mut command = program("extract_radiomics");
        command
            .current_dir(folder.path())
            .args([
                "image.png",
                "mask.png",
                "--class",
                "firstorder",
                "--out",
                out,
            ])
            .args(more);
        command.assert().code(code);
        table(&folder.path().join(out))
    };
    let column = |(header, rows): &(Vec<String>, Vec<Vec<String>>), name: &str| -> Vec<String> {
        let column = header.iter().position(|column| column == name).expect(name);
        rows.iter().map(|row| row[column].clone()).collect()
    };
    let plain = run("one.csv", &[], 0);
    assert!(!plain.0.contains(&"Label".to_owned()));
    let two = run("two.csv", &["--label", "4", "--label", "1"], 0);
    assert_eq!(column(&two, "Label"), ["4", "1"]);
    let mean = "original_firstorder_Mean";
    assert_eq!(column(&two, mean)[1], column(&plain, mean)[0]);
    // The single pixel has no features, and says so in its own row.
    let all = run("all.csv", &["--label", "all"], 1);
    assert_eq!(column(&all, "Label"), ["1", "4", "7"]);
    let errors = column(&all, "error");
    assert!(errors[..2].iter().all(String::is_empty) && errors[2].contains("single voxel"));
    let lesions = run("lesions.csv", &["--lesions"], 0);
    assert_eq!(column(&lesions, "Lesion"), ["1", "2"]);
    let means: Vec<f64> = column(&lesions, mean)
        .iter()
        .map(|mean| mean.parse().unwrap())
        .collect();
    let whole: f64 = column(&plain, mean)[0].parse().unwrap();
    assert!(
        (means.iter().sum::<f64>() / 2.0 - whole).abs() < 1e-9,
        "equal sizes"
    );
}

#[test]
fn a_column_label_chooses_the_region_and_diagnostics_describe_it() {
    let folder = tempfile::tempdir().unwrap();
    texture(32, 3)
        .save(folder.path().join("image.png"))
        .unwrap();
    labels(32).save(folder.path().join("mask.png")).unwrap();
    let batch = "Image,Mask,Label\nimage.png,mask.png,4\nimage.png,mask.png,\n";
    fs::write(folder.path().join("batch.csv"), batch).unwrap();
    let parameters = "setting:\n  additionalInfo: true\nfeatureClass:\n  glcm: [Contrast]\n";
    fs::write(folder.path().join("params.yaml"), parameters).unwrap();
    program("extract_radiomics")
        .current_dir(folder.path())
        .args([
            "batch.csv",
            "--params",
            "params.yaml",
            "--spacing",
            "0.1,0.2",
            "--out",
            "f.csv",
        ])
        .unwrap();
    let (header, rows) = table(&folder.path().join("f.csv"));
    assert_eq!(header.len(), 3 + 22 + 1 + 1);
    assert_eq!(header[3], "diagnostics_Versions_PyRadiomics");
    assert_eq!(header[25], "original_glcm_Contrast");
    let cell = |row: usize, name: &str| {
        let column = header.iter().position(|column| column == name).expect(name);
        rows[row][column].as_str()
    };
    assert_eq!(cell(0, "diagnostics_Mask-original_VoxelNum"), "64");
    assert_eq!(cell(1, "diagnostics_Mask-original_VoxelNum"), "128");
    assert_eq!(cell(1, "diagnostics_Mask-original_VolumeNum"), "2");
    assert_eq!(
        cell(0, "diagnostics_Image-original_Spacing"),
        "(0.1, 0.2, 1.0)"
    );
    let usage = fails(
        "extract_radiomics",
        folder.path(),
        &["image.png", "mask.png", "--label", "all", "--label", "2"],
        2,
    );
    assert!(usage.contains("--label"), "{usage}");
}

#[test]
fn maps_are_written_with_their_table() {
    let folder = batch();
    let maps = |more: &[&str], out: &str| {
        let mut command = program("extract_maps");
        command
            .current_dir(folder.path())
            .args(["--class", "ngtdm", "--class", "shape", "--out", out])
            .args(more);
        command.output().unwrap()
    };
    let output = maps(&["batch.csv", "--kernel-radius", "2"], "maps");
    assert_eq!(output.status.code(), Some(1), "one case has no image");
    let (header, rows) = table(&folder.path().join("maps/maps.csv"));
    assert_eq!(header[3..], ["feature", "file", "not_computed", "error"]);
    // Five maps of two cases, and the reason why the third has none.
    assert_eq!(rows.len(), 11);
    assert_eq!(rows[0][4], "Case-1_original_ngtdm_Busyness.nrrd");
    assert!(rows[5][6].contains("lost.png"), "{:?}", rows[5]);
    let options = radiomics_features::io::ReadOptions::default();
    let map = folder.path().join("maps").join(&rows[0][4]);
    let map = radiomics_features::io::read_image(map, &options).unwrap();
    // The disk of 27 pixels across and two more on every side.
    assert_eq!(map.size(), [1, 31, 31]);
    let output = maps(&["image0.png", "mask.png", "--format", "nii-gz"], "one");
    assert_eq!(output.status.code(), Some(0));
    let (_, rows) = table(&folder.path().join("one/maps.csv"));
    assert!(
        rows.iter()
            .all(|row| row[3].ends_with(".nii.gz")
                && folder.path().join("one").join(&row[3]).exists())
    );
    let refused = fails(
        "extract_maps",
        folder.path(),
        &[
            "image0.png",
            "mask.png",
            "--class",
            "shape",
            "--out",
            "none",
        ],
        1,
    );
    assert!(
        refused.contains("shape") && !folder.path().join("none").exists(),
        "{refused}"
    );
}

#[test]
fn features_left_out_as_in_pyradiomics_are_named_in_a_warning() {
    let folder = batch();
    let parameters = "featureClass:\n  glcm: [Contrast, Dissimilarity]\n";
    fs::write(folder.path().join("params.yaml"), parameters).unwrap();
    let output = program("extract_radiomics")
        .current_dir(folder.path())
        .args([
            "image0.png",
            "mask.png",
            "--params",
            "params.yaml",
            "--out",
            "f.csv",
        ])
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with(
            "warning: glcm_Dissimilarity is left out, it equals glcm_DifferenceAverage"
        ),
        "{stderr}"
    );
    assert_eq!(table(&folder.path().join("f.csv")).0.len(), 2 + 1 + 1);
}

#[test]
fn an_interrupted_extraction_goes_on_where_it_was() {
    let folder = batch();
    let run = |more: &[&str]| {
        let mut command = program("extract_radiomics");
        command
            .current_dir(folder.path())
            .args([
                "batch.csv",
                "--out",
                "f.csv",
                "--label",
                "all",
                "--diagnostics",
            ])
            .args(more);
        command.assert().code(1);
        fs::read(folder.path().join("f.csv")).unwrap()
    };
    let clean = run(&[]);
    // What an interrupted run leaves: a journal, the last line cut short, and no output.
    let text = String::from_utf8(clean.clone()).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    fs::remove_file(folder.path().join("f.csv")).unwrap();
    fs::write(
        folder.path().join("f.csv.journal"),
        format!(
            "{{\"columns\": [\"{}\"]}}\n{{\"key\": \"00\", \"ro",
            names[30]
        ),
    )
    .unwrap();
    assert_eq!(run(&["--resume"]), clean);
    assert!(!folder.path().join("f.csv.journal").exists());
}

#[test]
fn deep_features_of_a_batch_are_named_and_reduced() {
    let folder = batch();
    let usable = "patient,Image,Mask\na,image0.png,mask.png\nc,image1.png,mask.png\n";
    fs::write(folder.path().join("batch.csv"), usable).unwrap();
    let run = |out: &str, more: &[&str]| {
        let mut command = program("extract_deep");
        command
            .current_dir(folder.path())
            .args(["batch.csv", "--out", out]);
        command
            .args(["--seeded-weights", "1", "--width", "1/64", "--size", "32"])
            .args(more);
        command.unwrap();
        table(&folder.path().join(out))
    };
    let (header, rows) = run(
        "deep.csv",
        &[
            "--tap", "relu5_4", "--tap", "pool2", "--pool", "avg", "--pool", "max",
        ],
    );
    let deep: Vec<&String> = header
        .iter()
        .filter(|name| name.starts_with("dl_vgg19"))
        .collect();
    assert_eq!(deep.len(), 2 * (512 / 64 + 128 / 64));
    assert!(
        header.iter().any(|name| name.ends_with("relu5_4_avg_000")),
        "{header:?}"
    );
    assert!(rows.iter().all(|row| row.last().unwrap().is_empty()));
    let (header, rows) = run("pca.csv", &["--head", "pca:1"]);
    assert!(
        header.iter().any(|name| name.contains("pca1_000")),
        "{header:?}"
    );
    assert_eq!(rows.len(), 2);
}
