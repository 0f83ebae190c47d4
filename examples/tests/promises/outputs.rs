//! Where results go: what is in the way is named, nothing is left behind, nothing of the user's is lost.

use std::fs;
use std::path::Path;

use crate::common::{fails, listing, program};
use crate::{NETWORK, RUNS, WRITES_FILE, whole_workplace, workplace, write};

/// A run of a program with its results at `out`, or in it where it writes one file.
fn with_out(run: &[&'static str], out: &str, more: &[&'static str]) -> Vec<String> {
    let out = match WRITES_FILE.contains(&run[0]) {
        true => format!("{out}/features.csv"),
        false => out.to_owned(),
    };
    let words = run[1..].iter().chain(more).map(|word| (*word).to_owned());
    words.chain(["--out".to_owned(), out]).collect()
}

/// Runs it, which fails with `code` and one line, and leaves the folder as it was.
#[track_caller]
fn refused(folder: &Path, run: &[&'static str], arguments: &[String], code: i32) -> String {
    let before = listing(folder);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let stderr = fails(run[0], folder, &arguments, code);
    assert_eq!(listing(folder), before, "{}: {stderr}", run[0]);
    stderr
}

#[test]
fn a_file_in_the_way_is_named_and_nothing_is_left() {
    let folder = whole_workplace(20);
    write(folder.path(), "occupied", "mine");
    for run in RUNS {
        for out in ["occupied/below", "occupied"] {
            let stderr = refused(folder.path(), run, &with_out(run, out, &[]), 1);
            assert!(stderr.contains("occupied"), "{stderr}");
        }
        assert_eq!(fs::read(folder.path().join("occupied")).unwrap(), b"mine");
    }
}

/// Folders are made as deep as needed, with a record of the run and nothing that is half written.
#[test]
fn folders_are_created_and_a_second_run_is_not_mixed_in() {
    let folder = whole_workplace(20);
    let root = folder.path();
    for run in RUNS {
        // Blanks and letters beyond ASCII are letters like others.
        let out = format!("deep/one two/\u{e4}\u{3b2}/{}", run[0]);
        let output = program(run[0])
            .current_dir(root)
            .args(with_out(run, &out, &[]))
            .output()
            .unwrap();
        assert!(output.status.success(), "{run:?} {output:?}");
        let record = crate::common::json(&root.join(&out).join("run.json"));
        assert_eq!(record["program"], run[0]);
        assert!(record["version"].is_string() && record["options"].is_object());
        assert!(!record["inputs"].as_array().unwrap().is_empty(), "{out}");
        assert!(!record["counts"].as_object().unwrap().is_empty(), "{out}");
        let hidden = |name: &Path| {
            let name = name.file_name().unwrap().to_string_lossy();
            name.starts_with('.') || name.ends_with(".partial") || name.ends_with(".journal")
        };
        let left = [
            listing(&root.join(&out)),
            listing(root.join(&out).parent().unwrap()),
        ];
        assert!(!left.iter().flatten().any(|name| hidden(name)), "{left:?}");
        let before = listing(&root.join(&out));
        let stderr = refused(root, run, &with_out(run, &out, &[]), 1);
        assert!(stderr.contains("--overwrite"), "{stderr}");
        assert_eq!(listing(&root.join(&out)), before);
    }
}

/// Without a record of an earlier run a folder is the user's, whatever is asked.
#[test]
fn a_folder_of_the_user_is_never_replaced() {
    let folder = whole_workplace(20);
    let root = folder.path();
    fs::create_dir(root.join("mine")).unwrap();
    write(&root.join("mine"), "thesis.tex", "years");
    for run in RUNS {
        if WRITES_FILE.contains(&run[0]) {
            continue;
        }
        refused(root, run, &with_out(run, "mine", &["--overwrite"]), 1);
        // Neither is one of another program.
        write(&root.join("mine"), "run.json", "{\"program\": \"other\"}");
        let stderr = refused(root, run, &with_out(run, "mine", &["--overwrite"]), 1);
        assert!(stderr.contains("results of other"), "{stderr}");
        fs::remove_file(root.join("mine/run.json")).unwrap();
        assert_eq!(listing(&root.join("mine")), [root.join("mine/thesis.tex")]);
    }
}

/// Replacing a folder of results would take the table with it that the new results come from.
#[test]
fn an_input_inside_the_output_folder_is_not_lost() {
    let folder = whole_workplace(20);
    let root = folder.path();
    for run in RUNS {
        if WRITES_FILE.contains(&run[0]) {
            continue;
        }
        let table = run.iter().find(|word| word.ends_with(".csv")).unwrap();
        fs::create_dir(root.join("own")).unwrap();
        fs::copy(root.join(table), root.join("own").join(table)).unwrap();
        let program = format!("{{\"program\": \"{}\"}}", run[0]);
        write(&root.join("own"), "run.json", program);
        let inside = format!("own/{table}");
        let arguments: Vec<String> = with_out(run, "own", &["--overwrite"])
            .into_iter()
            .map(|word| if word == *table { inside.clone() } else { word })
            .collect();
        // Paths in tables are relative to them: those of images are not there, which is told first.
        let before = listing(&root.join("own"));
        let output = crate::common::program(run[0])
            .current_dir(root)
            .args(&arguments)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(listing(&root.join("own")), before, "{stderr}");
        fs::remove_dir_all(root.join("own")).unwrap();
    }
}

#[test]
fn an_output_that_is_an_input_is_wrong_usage() {
    let folder = workplace(2);
    let root = folder.path();
    let before = fs::read(root.join("batch.csv")).unwrap();
    for (name, more) in [
        ("extract_radiomics", &[][..]),
        ("extract_deep", &NETWORK[..]),
    ] {
        for out in ["batch.csv", "image0.png", "./mask.png"] {
            let mut arguments = vec!["batch.csv", "--overwrite", "--out", out];
            arguments.extend(more);
            let stderr = fails(name, root, &arguments, 2);
            assert!(stderr.contains(out), "{stderr}");
        }
    }
    assert_eq!(fs::read(root.join("batch.csv")).unwrap(), before);
    assert!(image::open(root.join("image0.png")).is_ok());
}

/// Renaming a result over a device or a pipe would replace it for everybody.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let folder = workplace(2);
    let root = folder.path();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let arguments = ["batch.csv", "--overwrite", "--out", "socket"];
    let stderr = fails("extract_radiomics", root, &arguments, 1);
    assert!(stderr.contains("socket: expected a file name"), "{stderr}");
    let merge = [
        "batch.csv",
        "--part",
        "batch.csv",
        "--overwrite",
        "--out",
        "socket",
    ];
    fails("merge_features", root, &merge, 1);
    assert!(
        fs::metadata(root.join("socket"))
            .unwrap()
            .file_type()
            .is_socket()
    );
}
