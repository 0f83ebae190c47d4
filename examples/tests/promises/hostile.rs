//! Tables, images and weights that nobody should have: one line that says what and where, in a moment and within bounds, never a panic.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::{disk, listing, program, rows, texture};
use crate::{NETWORK, RUNS, WRITES_FILE, whole_workplace, workplace, write};

/// Longest line that a user can be asked to read.
const LINE: usize = 2000;

/// Runs a program that fails with code 1; returns what it says.
#[track_caller]
fn complaint(folder: &Path, run: &[&str]) -> String {
    let begin = Instant::now();
    let output = program(run[0])
        .current_dir(folder)
        .args(&run[1..])
        .timeout(Duration::from_secs(60))
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{run:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{run:?}: {stderr}");
    for line in stderr.lines() {
        assert!(line.starts_with("error: "), "{run:?}: {line}");
        assert!(line.len() <= LINE, "{run:?}: {} bytes", line.len());
        assert!(!line.chars().any(char::is_control), "{run:?}: {line:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(30), "{run:?}");
    stderr
}

/// Tables made of a good one that no program takes for one, and what is said of them.
fn hostile_tables(good: &str) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let header = good.lines().next().unwrap();
    let twice = good.replacen(',', &format!(",{},", header.split(',').next().unwrap()), 1);
    let unclosed = good.replacen('\n', "\n\"", 1);
    let latin: Vec<u8> = good
        .replacen('\n', "\n\u{e9}", 1)
        .chars()
        .map(|c| c as u8)
        .collect();
    let wide = good.encode_utf16().flat_map(u16::to_le_bytes);
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(wide);
    let long = format!("{header}\n{}\n", "x".repeat(5_000_000));
    vec![
        ("empty", Vec::new(), "at least one row"),
        (
            "header",
            format!("{header}\n").into_bytes(),
            "at least one row",
        ),
        ("blank", b"\n\n\n\n".to_vec(), "at least one row"),
        (
            "semicolons",
            good.replace(',', ";").into_bytes(),
            "expected",
        ),
        ("twice", twice.into_bytes(), "stands twice"),
        ("unclosed", unclosed.into_bytes(), "row 2"),
        ("latin1", latin, "row 2: expected UTF-8"),
        ("utf16", utf16, "expected UTF-8"),
        ("nul", vec![0; 10_000], "at least one row"),
        (
            "nameless",
            good.replacen(',', ",,", 1).into_bytes(),
            "expected",
        ),
        ("long", long.into_bytes(), "row 2"),
    ]
}

#[test]
fn tables_that_are_none_are_named_with_their_row() {
    let folder = whole_workplace(20);
    let root = folder.path();
    for run in RUNS {
        let table = run.iter().find(|word| word.ends_with(".csv")).unwrap();
        let good = fs::read_to_string(root.join(table)).unwrap();
        let out = if WRITES_FILE.contains(&run[0]) {
            "out/f.csv"
        } else {
            "out"
        };
        let tried = |file: &str, expected: &str| {
            let words = run
                .iter()
                .map(|word| if word == table { file } else { word });
            let words: Vec<&str> = words.chain(["--out", out]).collect();
            let stderr = complaint(root, &words);
            assert!(
                stderr.contains(file) && stderr.contains(expected),
                "{stderr}"
            );
            assert!(!root.join("out").exists(), "{stderr}");
        };
        for (name, bytes, expected) in hostile_tables(&good) {
            let file = format!("{name}.table");
            write(root, &file, bytes);
            tried(&file, expected);
        }
        tried("nowhere.csv", "No such file");
        fs::create_dir_all(root.join("folder.csv")).unwrap();
        tried("folder.csv", "cannot read");
    }
}

/// What spreadsheet programs add is no part of a table.
#[test]
fn a_byte_order_mark_and_foreign_line_ends_change_nothing() {
    let folder = workplace(2);
    let root = folder.path();
    for (run, table) in [
        (RUNS[0], "cases.csv"),
        (RUNS[2], "cases.csv"),
        (RUNS[4], "batch.csv"),
    ] {
        let good = fs::read_to_string(root.join(table)).unwrap();
        write(
            root,
            "foreign.csv",
            format!("\u{feff}{}\r\n\r\n", good.trim_end().replace('\n', "\r\n")),
        );
        let results = |file: &str, out: &str| {
            let words = run[1..]
                .iter()
                .map(|word| if *word == table { file } else { word });
            program(run[0])
                .current_dir(root)
                .args(words)
                .args(["--out", out])
                .assert()
                .success();
        };
        results(table, "plain");
        results("foreign.csv", "foreign");
        let files = |out: &str| match root.join(out).is_dir() {
            true => listing(&root.join(out)),
            false => vec![root.join(out)],
        };
        for (plain, foreign) in files("plain").iter().zip(files("foreign")) {
            if plain.ends_with("run.json") {
                continue;
            }
            assert!(
                fs::read(plain).unwrap() == fs::read(&foreign).unwrap(),
                "{}",
                foreign.display()
            );
        }
        for out in ["plain", "foreign"] {
            let out = root.join(out);
            match out.is_dir() {
                true => fs::remove_dir_all(out).unwrap(),
                false => fs::remove_file(out).unwrap(),
            }
        }
    }
}

/// Numbers that are none for a statistic, and the two spellings of nothing.
#[test]
fn numbers_beyond_all_bounds_are_named_with_their_cell() {
    let folder = workplace(0);
    let root = folder.path();
    let with = |number: &str| {
        let mut lines = crate::cases();
        let mut cells: Vec<&str> = lines[30].split(',').collect();
        cells[4] = number;
        lines[30] = cells.join(",");
        write(root, "cases.csv", lines.join("\n") + "\n");
    };
    let long = "z".repeat(100_000);
    let none = [
        "1e999", "-1e999", "inf", "NaN", "0x10", "1_000", "1 000", "\u{661}", "1.2.3", "--1", &long,
    ];
    for number in none {
        with(number);
        for run in &RUNS[..3] {
            let stderr = complaint(root, &[run, &["--out", "out"][..]].concat());
            assert!(
                stderr.contains("cases.csv: row 31, column \"a\""),
                "{stderr}"
            );
            assert!(!root.join("out").exists());
        }
    }
    // Large numbers are numbers; a sum of squares that has none is an error of the column.
    for number in ["1e308", "-0", "1e-320", "+0.5", ".5"] {
        with(number);
        for run in &RUNS[..3] {
            let mut command = program(run[0]);
            let output = command
                .current_dir(root)
                .args(&run[1..])
                .args(["--out", "out"])
                .output()
                .unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(
                !stderr.contains("panicked") && stderr.lines().all(|line| line.len() < LINE),
                "{stderr}"
            );
            assert_eq!(
                root.join("out").exists(),
                output.status.success(),
                "{stderr}"
            );
            let _ = fs::remove_dir_all(root.join("out"));
        }
    }
}

/// Writes images that are none, and a batch with one good case, them, and another good one; says how many they are.
fn bad_images(root: &Path) -> usize {
    let png = fs::read(root.join("image0.png")).unwrap();
    write(root, "cut.png", &png[..png.len() / 2]);
    write(root, "empty.png", b"");
    write(root, "text.png", "hello");
    write(root, "wrong.nii", &png);
    write(
        root,
        "huge.nrrd",
        "NRRD0004\ntype: uint8\ndimension: 2\nsizes: 99999999999 99999999999\nencoding: raw\n\n",
    );
    write(
        root,
        "self.mhd",
        "ObjectType = Image\nNDims = 2\nDimSize = 40 40\nElementType = MET_UCHAR\nElementDataFile = self.mhd\n",
    );
    fs::create_dir(root.join("folder.png")).unwrap();
    texture(39, 0).save(root.join("small.png")).unwrap();
    let bad = [
        "cut.png",
        "empty.png",
        "text.png",
        "wrong.nii",
        "huge.nrrd",
        "self.mhd",
        "folder.png",
        "small.png",
        "nowhere.png",
        "image0.png\0",
    ];
    let mut table = "Image,Mask\nimage0.png,mask.png\n".to_owned();
    for image in bad {
        table += &format!("{image},mask.png\n");
    }
    for mask in ["cut.png", "image0.png", "folder.png"] {
        table += &format!("image0.png,{mask}\n");
    }
    disk(40, 12.0)
        .save(root.join("b\u{e4} \u{df}.png"))
        .unwrap();
    table += "image0.png,b\u{e4} \u{df}.png\n";
    write(root, "batch.csv", table);
    bad.len() + 3
}

/// Images of a batch that cannot be read keep their rows, the others have their features.
#[test]
fn images_that_are_none_keep_their_rows() {
    let folder = workplace(1);
    let root = folder.path();
    let n_bad = bad_images(root);
    let [radiomics, deep, maps] = [
        vec![
            "extract_radiomics",
            "batch.csv",
            "--class",
            "firstorder",
            "--out",
            "radiomics/f.csv",
        ],
        [
            &["extract_deep", "batch.csv", "--out", "deep/f.csv"],
            &NETWORK[..],
        ]
        .concat(),
        vec![
            "extract_maps",
            "batch.csv",
            "--class",
            "ngtdm",
            "--out",
            "maps",
        ],
    ];
    for (run, out) in [
        (radiomics, "radiomics/f.csv"),
        (deep, "deep/f.csv"),
        (maps, "maps/maps.csv"),
    ] {
        let stderr = complaint(root, &run);
        assert_eq!(stderr.lines().count(), n_bad, "{stderr}");
        for (k, line) in stderr.lines().enumerate() {
            assert!(
                line.starts_with(&format!("error: batch.csv: row {}: ", k + 3)),
                "{line}"
            );
        }
        let (header, rows) = rows(&root.join(out));
        let at = header.iter().position(|name| name == "error").unwrap();
        let failed = rows.iter().filter(|row| !row[at].is_empty()).count();
        assert_eq!(failed, n_bad, "{out}");
        assert!(rows[0][at].is_empty() && rows.last().unwrap()[at].is_empty());
    }
}

#[test]
fn weights_that_are_none_are_refused_without_being_loaded() {
    let folder = workplace(1);
    let root = folder.path();
    let header = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    let shape = r#"{"features.0.weight":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]}}"#;
    let place = r#"{"features.0.weight":{"dtype":"F32","shape":[64,3,3,3],"data_offsets":[0,1152921504606846976]}}"#;
    for (name, bytes) in [
        (
            "large.safetensors",
            [&(1_u64 << 63).to_le_bytes()[..], b"{}"].concat(),
        ),
        (
            "endless.safetensors",
            [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
        ),
        ("cut.safetensors", 8_u64.to_le_bytes().to_vec()),
        ("empty.safetensors", Vec::new()),
        ("shape.safetensors", header(shape)),
        ("place.safetensors", header(place)),
        ("deep.safetensors", header(&"[".repeat(100_000))),
        ("cut.pth", b"PK\x03\x04\x00\x00".to_vec()),
        // A pickle that would run a command where pickles are run.
        (
            "command.pth",
            b"\x80\x02cos\nsystem\nq\x00X\x05\x00\x00\x00touchq\x01\x85q\x02Rq\x03.".to_vec(),
        ),
        ("text.pth", b"hello".to_vec()),
    ] {
        write(root, name, bytes);
        let run = [
            "extract_deep",
            "image0.png",
            "mask.png",
            "--weights",
            name,
            "--out",
            "f.csv",
        ];
        assert!(complaint(root, &run).contains(name));
        let checkpoint = format!("checkpoint:{name}");
        let run = [
            &[
                "extract_deep",
                "image0.png",
                "mask.png",
                "--head",
                &checkpoint,
                "--out",
                "f.csv",
            ],
            &NETWORK[..],
        ]
        .concat();
        assert!(complaint(root, &run).contains(name));
        assert!(!root.join("f.csv").exists());
    }
}
