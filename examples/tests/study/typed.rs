//! Cohorts as groups have them: other column names, typed columns, cases that fail, readers.

use std::fs;

use crate::cohort::{cohort, run, write_rows};
use crate::common::{disk, fails, program, rows};

/// Other names for the columns, other words for the outcome, and a grade of 0 to 2 in place of the age.
fn rename(table: &mut [String]) {
    table[0] = table[0]
        .replacen("patient,split,outcome", "ID,set,diagnosis", 1)
        .replace(",age,", ",grade,");
    for row in &mut table[1..] {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        cells[2] = ["benign", "malignant"][usize::from(cells[2] == "1")].to_owned();
        let age: f64 = cells[7].parse().unwrap();
        cells[7] = ((age as usize) % 3).to_string();
        *row = cells.join(",");
    }
}

#[test]
fn columns_are_shown_for_checking_and_can_be_typed() {
    let (folder, mut table) = cohort();
    let root = folder.path();
    rename(&mut table);
    write_rows(root, &table);
    let shown = "patient: ID\nsplit: set\noutcome: diagnosis\nevent: malignant\n";
    fs::write(root.join("columns.yaml"), shown).unwrap();
    let check = |columns: &str| {
        let output = program("alnm_pipeline")
            .current_dir(root)
            .args(["--manifest", "cohort.csv", "--check", "--columns", columns])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let inferred = check("columns.yaml");
    assert!(
        inferred.contains("name: grade") && inferred.contains("kind: number"),
        "{inferred}"
    );
    assert!(!root.join("out").exists());

    let typed = inferred.replace("kind: number", "kind: category").replace(
        "label: Grade",
        "label: Grade of lesion\n  levels: ['2', '1', '0']",
    );
    fs::write(root.join("typed.yaml"), &typed).unwrap();
    // What it prints is a cohort file that says the same.
    let again = check("typed.yaml");
    fs::write(root.join("again.yaml"), &again).unwrap();
    assert_eq!(check("again.yaml"), again);

    run(
        root,
        "out",
        &["--columns", "typed.yaml", "--nested", "0"],
        0,
    );
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(report.contains("Grade of lesion"));
    let (_, univariable) = rows(&root.join("out/models/clinical/univariable.csv"));
    let levels: Vec<&str> = univariable
        .iter()
        .filter(|row| row[0] == "grade")
        .map(|row| row[1].as_str())
        .collect();
    assert_eq!(levels, ["2", "1", "0"], "the reference first");
    assert_eq!(
        fs::read_to_string(root.join("out/columns.yaml")).unwrap(),
        again
    );
}

#[test]
fn all_faults_of_a_cohort_are_named_at_once() {
    let (folder, mut table) = cohort();
    let root = folder.path();
    table[3] = table[3].replace("image2.png", "nowhere.png");
    table[7] = table[7].replace(",train,0,", ",train,2,");
    disk(40, 0.0).save(root.join("empty.png")).unwrap();
    table[30] = table[30].replace("mask.png", "empty.png");
    write_rows(root, &table);
    fs::write(
        root.join("readers.csv"),
        "patient,a_without,a_with\np001,0,x\n",
    )
    .unwrap();
    let output = program("alnm_pipeline")
        .current_dir(root)
        .args([
            "--manifest",
            "cohort.csv",
            "--readers",
            "readers.csv",
            "--out",
            "out",
        ])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    for expected in [
        "row 4, column \"lesion_image\": no such file: nowhere.png",
        "row 8, column \"outcome\": expected 0 or 1, found \"2\"",
        "row 31, column \"lesion_mask\": empty.png",
        "readers.csv: row 2, column \"a_with\": expected a call (0 or 1) or a rating, found \"x\"",
    ] {
        assert!(stderr.contains(expected), "{expected}\n{stderr}");
    }
    assert_eq!(stderr.lines().count(), 4, "{stderr}");
    assert!(!root.join("out").exists() && !root.join("out.partial").exists());
}

#[test]
fn repeated_outlines_of_one_patient_are_refused() {
    let (folder, mut table) = cohort();
    let root = folder.path();
    for row in &mut table[2..] {
        *row = row.replace("inter.png,", ",");
    }
    write_rows(root, &table);
    let stderr = fails("alnm_pipeline", root, &["--manifest", "cohort.csv"], 1);
    assert!(
        stderr.contains("column \"lesion_mask_inter\"") && stderr.contains("found 1"),
        "{stderr}"
    );
}

#[test]
fn cases_that_fail_are_left_out_and_named() {
    let (folder, mut table) = cohort();
    let root = folder.path();
    disk(40, 0.0).save(root.join("empty.png")).unwrap();
    table[30] = table[30].replace("mask.png", "empty.png");
    table[40] = table[40].replace("image39.png", "nowhere.png");
    write_rows(root, &table);
    let printed = run(root, "out", &["--unusable", "drop", "--nested", "0"], 1);
    assert!(
        printed.contains("error: patient p029 is left out") && printed.contains("empty.png"),
        "{printed}"
    );
    let (_, excluded) = rows(&root.join("out/cohort_flow/excluded.csv"));
    let ids: Vec<&str> = excluded.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(ids, ["p029", "p039"]);
    let (_, features) = rows(&root.join("out/features/lesion.csv"));
    assert_eq!(features.len(), 98);
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(report.contains("Patients left out") && report.contains("nowhere.png"));
}

#[test]
fn a_volume_among_pictures_is_named() {
    let (folder, mut table) = cohort();
    let root = folder.path();
    let volume = |name: &str, voxel: fn(u32, u32) -> u8| {
        let mut bytes = b"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 40 40\nspacings: 0.1 0.1\nencoding: raw\n\n".to_vec();
        bytes.extend((0..1600).map(|k| voxel(k / 40, k % 40)));
        fs::write(root.join(name), bytes).unwrap();
    };
    volume("image50.nrrd", |y, x| ((y * x) % 251) as u8);
    volume("mask50.nrrd", |y, x| {
        u8::from((10..30).contains(&y) && (8..32).contains(&x))
    });
    table[51] = table[51].replace("image50.png,mask.png", "image50.nrrd,mask50.nrrd");
    write_rows(root, &table);
    let stderr = fails(
        "alnm_pipeline",
        root,
        &["--manifest", "cohort.csv", "--out", "out"],
        1,
    );
    assert!(
        stderr.contains("row 52, column \"lesion_image\"")
            && stderr.contains("without a size of pixels")
            && stderr.contains("0.1 x 0.1 mm"),
        "{stderr}"
    );
}

#[test]
fn readers_give_a_section_and_tables() {
    let (folder, _) = cohort();
    let root = folder.path();
    let mut readers = "patient,junior_without,junior_with,senior_without,senior_with\n".to_owned();
    for k in (60..100).filter(|k| k % 4 >= 2) {
        let truth = k % 2;
        let wrong = |every: usize| usize::from(k % every == 0) ^ truth;
        readers += &format!("p{k:03},{},{},{},{}\n", wrong(5), wrong(9), wrong(7), truth);
    }
    fs::write(root.join("readers.csv"), &readers).unwrap();
    run(
        root,
        "out",
        &["--readers", "readers.csv", "--nested", "0"],
        0,
    );
    let (header, table) = rows(&root.join("out/readers/readers.csv"));
    assert_eq!(table.len(), 4);
    let n = header.iter().position(|name| name == "n").unwrap();
    assert!(table.iter().all(|row| row[n] == "20" && row[0] == "south"));
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(report.contains("Readers without and with the model"));

    fs::write(root.join("readers.csv"), readers + "p777,0,0,0,0\n").unwrap();
    let stderr = fails(
        "alnm_pipeline",
        root,
        &[
            "--manifest",
            "cohort.csv",
            "--readers",
            "readers.csv",
            "--out",
            "two",
        ],
        1,
    );
    assert!(
        stderr.contains("readers.csv: row 22") && stderr.contains("\"p777\""),
        "{stderr}"
    );
}
