//! Help, and what is refused before anything is read.

use crate::NETWORK;
use crate::common::{PROGRAMS, fails, listing, program};

fn help(name: &str) -> String {
    let output = program(name).arg("--help").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

/// The text of every option in a help page, by its long name.
fn options(help: &str) -> Vec<(String, String)> {
    let mut options: Vec<(String, String)> = Vec::new();
    let mut indent = 0;
    for line in help.lines() {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        let long = text.strip_prefix("-h, ").or(text.strip_prefix("-V, "));
        match long.unwrap_or(text).strip_prefix("--") {
            Some(option) if depth <= 6 => {
                let end = option
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                    .unwrap_or(option.len());
                // In the narrow layout the text follows after two blanks.
                let rest = option[end..].split_once("  ").map_or("", |(_, rest)| rest);
                options.push((option[..end].to_owned(), rest.to_owned()));
                indent = depth;
            }
            _ if depth > indent && !options.is_empty() => {
                let last = options.last_mut().unwrap();
                last.1 += " ";
                last.1 += text;
            }
            _ => {}
        }
    }
    options
}

#[test]
fn every_option_is_explained() {
    for name in PROGRAMS {
        let options = options(&help(name));
        assert!(options.len() >= 5, "{name}: {options:?}");
        for (option, text) in options {
            let words = text.split_whitespace().filter(|word| !word.contains('['));
            assert!(words.count() >= 2, "{name} --{option}: {text:?}");
        }
    }
}

/// The command lines of the help are understood: in an empty folder only the files are missing.
#[test]
fn the_command_lines_of_the_help_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = Vec::new();
    for name in PROGRAMS {
        let help = help(name);
        let start = format!("cargo run --release --example {name} -- ");
        for line in help
            .lines()
            .filter_map(|line| line.trim().strip_prefix(&start))
        {
            let line = line.split(" > ").next().unwrap();
            // The study makes its own cohort where it is given none.
            if name == "alnm_pipeline" && !line.contains("--manifest") {
                continue;
            }
            let output = program(name)
                .current_dir(folder.path())
                .args(line.split_whitespace())
                .output()
                .unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name} {line}: {stderr}");
            assert!(!stderr.contains("panicked"), "{name} {line}: {stderr}");
            assert_eq!(listing(folder.path()).len(), 0, "{name} {line}");
            tried.push(name);
        }
    }
    tried.dedup();
    assert_eq!(tried, PROGRAMS);
}

#[test]
fn numbers_of_threads_that_no_machine_has_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let start: [&[&str]; 8] = [
        &["extract_radiomics", "a.png", "b.png"],
        &["extract_deep", "a.png", "b.png", "--seeded-weights", "1"],
        &["extract_maps", "a.png", "b.png", "--out", "o"],
        &[
            "merge_features",
            "t.csv",
            "--part",
            "p.csv",
            "--out",
            "o.csv",
        ],
        &[
            "fine_tune",
            "t.csv",
            "--seeded-weights",
            "1",
            "--outcome",
            "y",
            "--patient",
            "p",
            "--out",
            "o",
        ],
        &["select_features", "t.csv", "--outcome", "y", "--out", "o"],
        &[
            "evaluate_models",
            "t.csv",
            "--outcome",
            "y",
            "--models",
            "a",
            "--out",
            "o",
        ],
        &["alnm_pipeline", "--out", "o"],
    ];
    for run in start {
        for jobs in ["0", "1025", "18446744073709551615"] {
            let arguments = [&run[1..], &["--jobs", jobs]].concat();
            let stderr = fails(run[0], folder.path(), &arguments, 2);
            assert!(stderr.contains("--jobs: expected 1 to 1024"), "{stderr}");
        }
    }
    assert_eq!(listing(folder.path()).len(), 0);
}

/// Numbers that would take all memory, or more time than there is, are refused before anything is read.
#[test]
fn numbers_of_replicates_and_repeats_have_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| match name {
        "evaluate_models" => "t.csv --outcome y --models a --out o",
        "fit_nomogram" => "t.csv --outcome y --predictors a --out o",
        "select_features" => "t.csv --outcome y --nested 3 --out o",
        _ => "--manifest t.csv --out o",
    };
    for (name, option, least) in [
        ("evaluate_models", "--ci bootstrap:", 1_000_001_u64),
        ("evaluate_models", "--ci bca:", 1_000_001),
        ("evaluate_models", "--decision-replicates ", 1_000_001),
        ("fit_nomogram", "--bootstrap ", 1_000_001),
        ("select_features", "--repeats ", 10_001),
        ("select_features", "--nested-repeats ", 10_001),
        ("select_features", "--permutations ", 1_000_001),
        ("select_features", "--stability ", 1_000_002),
        ("alnm_pipeline", "--nested-repeats ", 10_001),
        ("alnm_pipeline", "--controls ", 10_001),
        ("alnm_pipeline", "--ci bootstrap:", 1_000_001),
    ] {
        for number in [least, u64::MAX] {
            let words = format!("{} {option}{number}", start(name));
            let words: Vec<&str> = words.split_whitespace().collect();
            let stderr = fails(name, folder.path(), &words, 2);
            assert!(stderr.contains(&number.to_string()), "{stderr}");
        }
    }
    assert_eq!(listing(folder.path()).len(), 0);
}

/// Options that would fail every case are wrong usage, not failed cases.
#[test]
fn options_of_the_network_are_checked_before_any_image() {
    let folder = tempfile::tempdir().unwrap();
    for (option, value) in [
        ("--size", "0"),
        ("--size", "4097"),
        ("--margin", "nan"),
        ("--margin", "10.5"),
        ("--width", "1/128"),
        ("--tap", "relu9_9"),
        ("--pool", "min"),
        ("--head", "pca:0"),
        ("--network", "vgg20"),
        ("--device", "tpu"),
        ("--batch", "0"),
    ] {
        let keep = NETWORK.chunks(2).filter(|pair| pair[0] != option).flatten();
        let mut arguments = vec!["a.png", "b.png"];
        arguments.extend(keep.copied());
        arguments.extend([option, value]);
        let stderr = fails("extract_deep", folder.path(), &arguments, 2);
        assert!(stderr.contains(value), "{option} {value}: {stderr}");
    }
    let profile = ["a.png", "b.png", "--profile", "mirp"];
    let stderr = fails("extract_radiomics", folder.path(), &profile, 2);
    assert!(stderr.contains("pyradiomics"), "{stderr}");
    for shard in ["0/0", "2/2", "1", "a/b", "1/2/3"] {
        let arguments = ["batch.csv", "--shard", shard];
        assert!(fails("extract_radiomics", folder.path(), &arguments, 2).contains(shard));
    }
}
