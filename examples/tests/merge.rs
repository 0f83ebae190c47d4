//! Extraction by shards: parts joined by `merge_features` are byte for byte what a single run writes, and what cannot be joined is refused.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use image::GrayImage;
use tempfile::TempDir;

use common::{listing, program, program_path, texture};

/// Few features, several labels a mask, diagnostics: rows, columns and cases do not coincide.
const RADIOMICS: [&str; 7] = [
    "extract_radiomics",
    "--label",
    "all",
    "--class",
    "firstorder",
    "--class",
    "shape2D",
];
const DEEP: [&str; 7] = [
    "extract_deep",
    "--seeded-weights",
    "1",
    "--width",
    "1/64",
    "--size",
    "32",
];

/// Two squares of label 1 and, with `more`, one of label 4 and a pixel of label 7, which has no features.
fn labels(more: bool) -> GrayImage {
    GrayImage::from_fn(32, 32, |x, y| {
        let square = |x0: u32, y0: u32| (x0..x0 + 8).contains(&x) && (y0..y0 + 8).contains(&y);
        image::Luma([match () {
            () if square(2, 2) || square(20, 20) => 1,
            () if more && square(2, 20) => 4,
            () if more && (x, y) == (30, 2) => 7,
            () => 0,
        }])
    })
}

/// Seven cases: the first and the fifth without image, the third with a mask of several labels.
fn batch() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    labels(false).save(at("one.png")).unwrap();
    labels(true).save(at("several.png")).unwrap();
    let mut table = "patient,Image,Mask,note\n".to_owned();
    for k in 0..7u32 {
        if k % 4 != 0 {
            texture(32, k).save(at(&format!("image{k}.png"))).unwrap();
        }
        let mask = if k == 2 { "several" } else { "one" };
        table += &format!("p{k},image{k}.png,{mask}.png,\"say \"\"{k}\"\",\nthen go\"\n");
    }
    fs::write(at("batch.csv"), table).unwrap();
    folder
}

/// Runs an extraction, whole or as one shard, and gives its exit code.
fn extract(folder: &Path, options: &[&str], more: &[&str], out: &str) -> i32 {
    let output = program(options[0])
        .current_dir(folder)
        .arg("batch.csv")
        .args(&options[1..])
        .args(more)
        .args(["--out", out])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(folder.join(out).exists(), "{options:?} {more:?}: {stderr}");
    output.status.code().unwrap()
}

/// The parts of all shards, in a folder they share, as arguments: the last first, for the order must not matter.
fn parts(folder: &Path, options: &[&str], more: &[&str], n: usize) -> Vec<String> {
    let part = |index: usize| {
        let out = format!("parts/{index}");
        let shard = format!("{index}/{n}");
        let more = [more, &["--shard", &shard]].concat();
        extract(folder, options, &more, &out);
        out
    };
    (0..n).rev().map(part).collect()
}

fn merge(folder: &Path, parts: &[String], out: &str) -> (i32, String) {
    let output = program("merge_features")
        .current_dir(folder)
        .args(["batch.csv", "--out", out, "--part"])
        .args(parts)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    (output.status.code().unwrap(), stderr)
}

/// Checks that features and record of both runs are the same bytes.
#[track_caller]
fn same_bytes(folder: &Path, single: &str, merged: &str) {
    for file in ["features", "run.json"] {
        let read = |run: &str| fs::read_to_string(folder.join(run).join(file)).unwrap();
        let (single, merged) = (read(single), read(merged));
        let differs = single.lines().zip(merged.lines()).find(|(a, b)| a != b);
        assert!(single == merged, "{file}: {differs:?}");
    }
    assert_eq!(listing(&folder.join(merged)).len(), 2);
}

#[test]
fn shards_merge_to_the_single_run_in_every_layout() {
    let folder = batch();
    for format in ["csv", "long", "json"] {
        let more = ["--format", format, "--diagnostics"];
        let single = format!("single-{format}");
        let code = extract(
            folder.path(),
            &RADIOMICS,
            &more,
            &format!("{single}/features"),
        );
        assert_eq!(code, 1, "two cases have no image");
        // With seven shards the parts of the first and the fifth have nothing but a reason; with nine, two have no row at all.
        for n in [1, 3, 7, 9] {
            let parts = parts(folder.path(), &RADIOMICS, &more, n);
            let merged = format!("merged-{format}-{n}");
            let (code, stderr) = merge(folder.path(), &parts, &format!("{merged}/features"));
            assert_eq!(code, 1, "{stderr}");
            assert!(stderr.contains("3 of 9 rows failed"), "{stderr}");
            same_bytes(folder.path(), &single, &merged);
            fs::remove_dir_all(folder.path().join("parts")).unwrap();
        }
    }
}

/// Volumes and slices in one table do not have the same features: columns come where the first case of the whole table has them.
#[test]
fn columns_that_only_some_parts_have_come_where_the_single_run_has_them() {
    let folder = batch();
    let volume = |name: &str, value: fn(usize) -> u8| {
        let header = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 8 8 8\nencoding: raw\n\n";
        let voxels = (0..512).map(value);
        let bytes: Vec<u8> = header.bytes().chain(voxels).collect();
        fs::write(folder.path().join(name), bytes).unwrap();
    };
    volume("volume.nrrd", |k| (k * 37 % 101) as u8);
    volume("box.nrrd", |k| u8::from((k / 8) % 8 > 1 && k / 64 > 1));
    let mut table = "patient,Image,Mask\n".to_owned();
    for k in [4, 1, 2, 9, 3, 9, 5] {
        table += &match k {
            9 => "v,volume.nrrd,box.nrrd\n".to_owned(),
            k => format!("p{k},image{k}.png,one.png\n"),
        };
    }
    fs::write(folder.path().join("batch.csv"), table).unwrap();
    let options = [
        "extract_radiomics",
        "--class",
        "firstorder",
        "--image-type",
        "Wavelet",
        "--image-type",
        "Original",
        "--drop-noise-bands",
    ];
    for format in ["csv", "json", "long"] {
        let more = ["--format", format];
        let single = format!("single-{format}");
        extract(
            folder.path(),
            &options,
            &more,
            &format!("{single}/features"),
        );
        for n in [2, 3] {
            let parts = parts(folder.path(), &options, &more, n);
            let merged = format!("merged-{format}-{n}");
            merge(folder.path(), &parts, &format!("{merged}/features"));
            same_bytes(folder.path(), &single, &merged);
            fs::remove_dir_all(folder.path().join("parts")).unwrap();
        }
    }
    let headers: Vec<usize> = ["single-csv/features", "single-long/features"]
        .iter()
        .map(|file| common::rows(&folder.path().join(file)).0.len())
        .collect();
    assert_eq!(
        headers,
        [3 + 9 * 18 + 1, 3],
        "the volume has all nine images"
    );
}

#[test]
fn deep_features_in_shards_are_those_of_a_single_run() {
    let folder = batch();
    extract(folder.path(), &DEEP, &["--batch", "4"], "single/features");
    let parts = parts(folder.path(), &DEEP, &["--batch", "2"], 3);
    let (code, stderr) = merge(folder.path(), &parts, "merged/features");
    assert_eq!(code, 1, "{stderr}");
    same_bytes(folder.path(), "single", "merged");
}

#[test]
fn a_part_is_the_same_bytes_wherever_it_is_written() {
    let folder = batch();
    let shard = ["--shard", "1/3"];
    extract(
        folder.path(),
        &RADIOMICS,
        &[&shard[..], &["--jobs", "1"]].concat(),
        "a/part",
    );
    extract(
        folder.path(),
        &RADIOMICS,
        &[&shard[..], &["--jobs", "3"]].concat(),
        "b/part",
    );
    for file in ["part", "part.run.json"] {
        let read = |run: &str| fs::read(folder.path().join(run).join(file)).unwrap();
        assert!(read("a") == read("b"), "{file}");
    }
    let record = common::json(&folder.path().join("a/part.run.json"));
    assert_eq!(record["options"]["shard"], "1/3");
    // Cases 1 and 4: two rows and the header.
    assert_eq!(record["part"]["rows"][0]["first"], 1);
    assert_eq!(record["part"]["rows"][0]["cases"], 2);
    assert_eq!(record["part"]["features"][0]["case"], 1);
    assert_eq!(record["inputs"][1]["case"], 1);
}

/// One machine may see the shared folder under another name than the next.
#[test]
fn parts_that_saw_their_files_elsewhere_have_the_record_of_the_merge() {
    let folder = batch();
    let table = "patient,Image,Mask\na,image1.png,one.png\nb,image3.png,one.png\n";
    fs::write(folder.path().join("batch.csv"), table).unwrap();
    extract(folder.path(), &RADIOMICS, &[], "single/features");
    for shard in ["0/2", "1/2"] {
        program("extract_radiomics")
            .current_dir(std::env::temp_dir())
            .arg(folder.path().join("batch.csv"))
            .args(&RADIOMICS[1..])
            .args(["--shard", shard, "--out"])
            .arg(folder.path().join("parts").join(&shard[..1]))
            .assert()
            .success();
    }
    let parts = ["parts/0".to_owned(), "parts/1".to_owned()];
    let (code, stderr) = merge(folder.path(), &parts, "merged/features");
    assert_eq!(code, 0, "{stderr}");
    same_bytes(folder.path(), "single", "merged");
}

/// Three good parts of a batch, and what `merge_features` says after something was done to them.
struct Joined {
    folder: TempDir,
    parts: Vec<String>,
}

impl Joined {
    fn new(format: &str) -> Self {
        let folder = batch();
        let mut parts = parts(folder.path(), &RADIOMICS, &["--format", format], 3);
        parts.reverse();
        Self { folder, parts }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Merges and checks that it was refused with as many lines as faults, each of which has its text, and that nothing was written.
    #[track_caller]
    fn refused(&self, faults: &[&str]) {
        let before = listing(self.folder.path());
        let (code, stderr) = merge(self.folder.path(), &self.parts, "out.csv");
        assert_eq!(code, 1, "{stderr}");
        assert_eq!(stderr.lines().count(), faults.len(), "{stderr}");
        for fault in faults {
            let named = |line: &str| line.starts_with("error: ") && line.contains(fault);
            assert!(stderr.lines().any(named), "{fault:?} in {stderr}");
        }
        assert_eq!(listing(self.folder.path()), before, "{stderr}");
    }

    fn change(&self, name: &str, change: impl Fn(String) -> String) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        fs::write(self.at(name), change(text)).unwrap();
    }
}

#[test]
fn a_shard_is_there_once() {
    let mut joined = Joined::new("csv");
    let last = joined.parts.pop().unwrap();
    joined.refused(&["shard 2/3: expected one part, found none"]);
    joined.parts.extend([last.clone(), last]);
    joined.refused(&["shard 2/3: expected one part, found 2: parts/2, parts/2"]);
    let more = ["--shard", "1/4"];
    extract(joined.folder.path(), &RADIOMICS, &more, "parts/other");
    joined.parts[3] = "parts/other".to_owned();
    joined.refused(&["parts/other: expected one of 3 shards as parts/0, found shard 1/4"]);
}

#[test]
fn parts_are_of_one_run() {
    let joined = Joined::new("csv");
    let other = ["--shard", "1/3", "--lesions", "--overwrite"];
    extract(joined.folder.path(), &RADIOMICS, &other, "parts/1");
    joined.refused(&["parts/1: option \"lesions\": expected false as in parts/0, found true"]);
    let more = ["--shard", "1/3", "--overwrite"];
    extract(joined.folder.path(), &DEEP, &more, "parts/1");
    joined.refused(&["parts/1: expected extract_radiomics"]);
    extract(joined.folder.path(), &RADIOMICS, &more, "parts/1");
    joined.change("parts/1.run.json", |text| {
        let version = env!("CARGO_PKG_VERSION");
        text.replace(
            &format!("\"version\": \"{version}\""),
            "\"version\": \"0.0.9\"",
        )
    });
    joined.refused(&["found extract_radiomics 0.0.9"]);
}

#[test]
fn parts_are_of_the_table_and_images_as_they_are() {
    let joined = Joined::new("csv");
    joined.change("batch.csv", |text| text.replace("p6", "p8"));
    joined.refused(&[
        "parts/0: expected a part of batch.csv as it is now",
        "parts/1",
        "parts/2",
    ]);
    joined.change("batch.csv", |text| text.replace("p8", "p6"));
    // A mask that all parts have read, changed before the last one was made.
    labels(true).save(joined.at("one.png")).unwrap();
    let more = ["--shard", "2/3", "--overwrite"];
    extract(joined.folder.path(), &RADIOMICS, &more, "parts/2");
    joined.refused(&["one.png: expected one file for all parts"]);
}

#[test]
fn a_part_has_its_record() {
    let joined = Joined::new("csv");
    let record = joined.at("parts/1.run.json");
    let text = fs::read(&record).unwrap();
    fs::remove_file(&record).unwrap();
    joined.refused(&["parts/1: expected its run record 1.run.json or run.json beside it"]);
    fs::write(&record, &text[..text.len() / 2]).unwrap();
    joined.refused(&["parts/1.run.json: expected a run record"]);
    extract(joined.folder.path(), &RADIOMICS, &[], "whole/features");
    fs::copy(joined.at("whole/run.json"), &record).unwrap();
    joined.refused(&["parts/1.run.json: expected the record of a shard"]);
    // A record named run.json is found as well.
    fs::remove_file(&record).unwrap();
    fs::write(joined.at("parts/run.json"), text).unwrap();
    let (_, stderr) = merge(joined.folder.path(), &joined.parts, "merged/features");
    assert!(joined.at("merged/features").exists(), "{stderr}");
    same_bytes(joined.folder.path(), "whole", "merged");
}

#[test]
fn a_damaged_part_is_named_with_its_row() {
    let damaged = |format: &str, change: fn(String) -> String, fault: &str| {
        let joined = Joined::new(format);
        joined.change("parts/1", change);
        joined.refused(&[fault]);
    };
    let cut = |text: String| text[..text.len() * 2 / 3].to_owned();
    let without_last = |text: String| {
        let end = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
        text[..end].to_owned()
    };
    let twice = |text: String| {
        let last = text.lines().last().unwrap_or_default().to_owned();
        text + &last + "\n"
    };
    let digit = |text: String| text.replacen("0.", "1.", 1);
    for format in ["csv", "long", "json"] {
        damaged(format, cut, "parts/1: row ");
        damaged(format, without_last, "parts/1: row ");
        damaged(format, twice, "parts/1: row ");
        damaged(format, digit, "a cell was changed");
    }
    damaged(
        "csv",
        |text| text.replacen("patient,Image", "Image,patient", 1),
        "parts/1: row 1, column 1: expected \"patient\" as its record says, found \"Image\"",
    );
    damaged(
        "long",
        without_last,
        "as its record says, found the end of the file",
    );
    damaged(
        "json",
        |text| text.replacen("original_", "other_", 1),
        "row 2",
    );
}

#[test]
fn what_makes_no_sense_in_shards_is_wrong_usage() {
    let folder = batch();
    let usage = |name: &str, arguments: &[&str]| {
        let before = listing(folder.path());
        let stderr = common::fails(name, folder.path(), arguments, 2);
        assert_eq!(listing(folder.path()), before);
        stderr
    };
    let shard = ["--shard", "0/2", "--out", "f.csv"];
    let pair = [&["image1.png", "one.png"], &shard[..]].concat();
    assert!(usage("extract_radiomics", &pair).contains("expected a batch table"));
    let pca = [&["batch.csv", "--head", "pca:2"], &DEEP[1..], &shard].concat();
    assert!(usage("extract_deep", &pca).contains("--head pca:2: expected no --shard"));
    let onto = [
        "batch.csv",
        "--overwrite",
        "--part",
        "f.csv",
        "--out",
        "batch.csv",
    ];
    assert!(usage("merge_features", &onto).contains("expected another file"));
}

/// Runs the workflow where Snakemake is installed.
#[test]
fn the_workflow_writes_what_a_single_run_writes() {
    let snakemake = || std::process::Command::new("snakemake");
    if snakemake().arg("--version").output().is_err() {
        println!("skipped: snakemake is not on the PATH");
        return;
    }
    let folder = batch();
    let workflow = Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster");
    let merge = program_path("merge_features");
    let programs = merge.parent().expect("a program is in a folder");
    let options = |options: &[&str]| options[1..].join(" ");
    let config = serde_json::json!({
        "shards": 3,
        "programs": programs,
        "tables": {
            "radiomics": {"options": options(&RADIOMICS)},
            "deep": {"options": options(&DEEP), "cpus": 1},
        },
    });
    fs::write(folder.path().join("study.yaml"), config.to_string()).unwrap();
    let output = snakemake()
        .current_dir(folder.path())
        .args(["--configfile", "study.yaml", "--snakefile"])
        .arg(workflow.join("Snakefile"))
        .arg("--profile")
        .arg(workflow.join("profiles/local"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    for (table, options) in [("radiomics", &RADIOMICS), ("deep", &DEEP)] {
        let single = format!("single/{table}/features.csv");
        extract(folder.path(), options, &[], &single);
        for file in ["features.csv", "run.json"] {
            let read = |path: PathBuf| fs::read(folder.path().join(path).join(file)).unwrap();
            let same = read(Path::new("single").join(table)) == read(table.into());
            assert!(same, "{table}/{file}");
        }
    }
}
