//! A study that is killed, and one that is run again.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cohort::{Numbers, PATIENTS, assert_same, cohort, cohort_of, options, run, tree};
use crate::common::{disk, json, program_path, texture};

const KILLS: usize = 20;

#[test]
fn a_study_killed_at_any_moment_ends_in_the_bytes_of_a_clean_run() {
    let (folder, _) = cohort_of(50);
    let root = folder.path();
    let begin = Instant::now();
    run(root, "clean", &["--jobs", "1"], 0);
    let whole = begin.elapsed();
    let (out, clean) = (root.join("out"), root.join("clean"));
    let mut numbers = Numbers::new(3);
    let (mut kills, mut ends) = (0, 0);
    while kills < KILLS {
        let mut child = Command::new(program_path("alnm_pipeline"))
            .current_dir(root)
            .args(options(&["--out", "out", "--resume"]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Every other kill falls into the short time of a run that has its features already.
        let share = numbers.next() * if kills % 2 == 0 { 1.0 } else { 0.4 };
        sleep(Duration::from_secs_f64(share * whole.as_secs_f64()));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            continue;
        }
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_same(&out, &clean);
        ends += 1;
        fs::remove_dir_all(&out).unwrap();
    }
    run(root, "out", &["--resume"], 0);
    assert_same(&out, &clean);
    let mut left = fs::read_dir(root).unwrap().flatten();
    assert!(
        left.all(|entry| !entry.file_name().to_string_lossy().contains("partial")),
        "after {kills} kills and {ends} ends"
    );
}

#[test]
fn what_has_not_changed_is_not_computed_again() {
    let (folder, _) = cohort();
    let root = folder.path();
    let outlines = PATIENTS + 2 * 20;
    let first = run(root, "out", &[], 0);
    assert!(
        first.contains(&format!("outlines: {outlines} computed, 0 taken")),
        "{first}"
    );
    let before = tree(&root.join("out"));
    let again = run(root, "out", &["--resume"], 0);
    assert!(again.contains("nothing changed"), "{again}");
    assert_eq!(tree(&root.join("out")), before);

    // A result that was lost comes back.
    fs::remove_file(root.join("out/report.html")).unwrap();
    let mended = run(root, "out", &["--resume"], 0);
    assert!(
        mended.contains(&format!("outlines: 0 computed, {outlines} taken")),
        "{mended}"
    );
    assert_eq!(tree(&root.join("out")), before);

    // One image of a test patient: its features, and what is made of them.
    texture(40, 5).save(root.join("image99.png")).unwrap();
    let changed = run(root, "out", &["--resume"], 0);
    assert!(
        changed.contains(&format!("outlines: 1 computed, {} taken", outlines - 1)),
        "{changed}"
    );
    run(root, "fresh", &[], 0);
    assert_same(&root.join("out"), &root.join("fresh"));

    // Other options take the same features.
    let other = run(root, "out", &["--resume", "--screen", "0.2"], 0);
    assert!(other.contains("outlines: 0 computed"), "{other}");
    let record = json(&root.join("out/run.json"));
    assert_eq!(record["options"]["screen"], 0.2);
}

#[test]
fn threads_do_not_matter_and_results_are_never_mixed() {
    let (folder, _) = cohort();
    let root = folder.path();
    let short = ["--nested", "0"];
    let with = |more: &[&'static str]| -> Vec<&'static str> {
        short.iter().chain(more).copied().collect()
    };
    run(root, "one", &with(&["--jobs", "1"]), 0);
    run(root, "two", &with(&["--jobs", "2"]), 0);
    assert_same(&root.join("one"), &root.join("two"));
    let refused = run(root, "one", &short, 1);
    assert!(
        refused.contains("one: expected a new or empty folder"),
        "{refused}"
    );
    assert_same(&root.join("one"), &root.join("two"));
    // Overwriting computes everything again.
    disk(40, 13.0).save(root.join("mask.png")).unwrap();
    let fresh = run(root, "one", &with(&["--overwrite"]), 0);
    assert!(fresh.contains("0 taken"), "{fresh}");
}
