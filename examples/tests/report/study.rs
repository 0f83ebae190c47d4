//! The report that the study writes, from its command line to the browser.

use std::fs;

use serde_json::json;

use crate::browser::{browser, check_any_page, check_frame, look, printed};
use crate::common::cohort;

/// Bytes of a report that still opens at once on a telephone.
const LARGEST: usize = 10_000_000;

#[test]
fn the_report_of_a_study_in_a_browser() {
    let Some(program) = browser() else { return };
    let (folder, _) = cohort::cohort();
    let root = folder.path();
    cohort::run(root, "out", &["--nested", "0", "--controls", "0"], 0);
    let html = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(html.len() < LARGEST, "{}", html.len());
    if let Ok(pages) = std::env::var("PAGES") {
        fs::write(format!("{pages}/study.html"), &html).expect("a writable folder");
    }
    let before_patients = html.find("<h2>Summary</h2>") < html.find("<h2>Patients</h2>");
    assert!(before_patients, "the summary comes first");
    // Columns are called by their labels, in tables and drawings alike.
    let (body, _) = html.split_once("Clinical columns").expect("a table");
    assert!(!body.contains("lesion_score"), "a raw name");
    for width in [360, 768, 1280] {
        let said = look(program, root, &html, width);
        check_any_page(&said, width);
        let [before, after] = check_frame(&said);
        assert_ne!(before, after, "the nomogram does not answer");
        let tables = said["tables"].as_array().unwrap();
        assert!(tables.len() > 15, "{}", tables.len());
        for table in tables {
            let csv = table["csv"].as_str().unwrap();
            // The reader refuses rows of unequal length.
            let rows = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(csv.as_bytes())
                .into_records()
                .collect::<Result<Vec<_>, _>>();
            let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", table["id"]));
            assert!(rows.len() > 1, "{}", table["id"]);
            assert_eq!(table["copied"], table["csv"]);
            assert_eq!(table["blob"], table["csv"]);
            assert_eq!(table["caption"], json!(true), "a caption is cut");
        }
        for picture in said["pictures"].as_array().unwrap() {
            assert_eq!(picture[0], json!(true), "a picture that is none");
            assert_ne!(picture[1], json!(""), "a picture without a text");
        }
    }
    printed(program, root, &html);
}
