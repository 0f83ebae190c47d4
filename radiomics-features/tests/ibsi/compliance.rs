//! The table of compliance in the documentation: generated from what the tests find, and compared with what is there.

use std::fmt;
use std::fmt::Write as _;

use crate::{configurations, filters, matrices, phantom, phase_2};

/// How many of the values of a group agree with the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    group: String,
    aggregation: String,
    matched: usize,
    pub total: usize,
}

impl Row {
    pub fn new(group: &str, aggregation: &str) -> Self {
        Self {
            group: group.to_owned(),
            aggregation: aggregation.to_owned(),
            matched: 0,
            total: 0,
        }
    }

    pub fn count(&mut self, is_match: bool) {
        self.matched += usize::from(is_match);
        self.total += 1;
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            aggregation,
            matched,
            total,
        } = self;
        write!(f, "| {group} | {aggregation} | {matched} | {total} |")
    }
}

/// Between these lines of the document.
const MARKS: [&str; 2] = ["<!-- generated -->\n", "<!-- end -->\n"];

/// The tables as text.
fn generated() -> String {
    let mut text = String::new();
    let mut table = |title: &str, first: &str, second: &str, rows: &[Row]| {
        let total: usize = rows.iter().map(|row| row.total).sum();
        let matched: usize = rows.iter().map(|row| row.matched).sum();
        let lines = rows
            .iter()
            .map(|row| format!("{row}\n"))
            .collect::<String>();
        write!(
            text,
            "### {title}\n\n| {first} | {second} | agree | of |\n|---|---|---|---|\n{lines}| **all** | | **{matched}** | **{total}** |\n\n"
        )
        .expect("a string takes all");
    };
    let values = phantom::compared().0;
    table(
        "IBSI-1: values of the digital phantom",
        "family",
        "aggregation",
        &values,
    );
    let matrices = matrices::compared().0;
    table(
        "IBSI-1: texture matrices of the digital phantom",
        "matrix",
        "scope",
        &matrices,
    );
    let maps = filters::compared().0;
    table(
        "IBSI-2: voxels in four planes of the consensus response maps, within 1 % of a map's range",
        "map",
        "filter",
        &maps,
    );
    let phase_2 = phase_2::compared().0;
    table(
        "IBSI-2: statistics under the configurations of phase 2 on a synthetic region, against MIRP 2.7.0",
        "configuration",
        "filter",
        &phase_2,
    );
    let configurations = configurations::compared().0;
    table(
        "IBSI-1: the five configurations on a synthetic region, against MIRP 2.7.0",
        "configuration",
        "",
        &configurations,
    );
    let published = phase_2::published();
    let with_consensus = published
        .iter()
        .filter(|(.., value)| value.is_some())
        .count();
    write!(
        text,
        "### Not run here\n\n| what | values | reason |\n|---|---|---|\n\
         | IBSI-2: published statistics under the configurations of phase 2 | {with_consensus} | need the lung CT phantom, whose license is non-commercial; the \
         tests run them where `{}` names a folder with its image.nii.gz and mask.nii.gz |\n\
         | IBSI-2: the others of these statistics | {} | had no consensus |\n\n",
        phase_2::CT_PHANTOM,
        published.len() - with_consensus,
    )
    .expect("a string takes all");
    text
}

/// With `UPDATE_IBSI_TABLE` set, writes the table instead of comparing it.
#[test]
fn the_table_in_the_documentation_is_what_the_tests_find() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/IBSI.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let (before, rest) = document.split_once(MARKS[0]).expect("the first mark");
    let (found, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let expected = format!("\n{}", generated());
    if std::env::var_os("UPDATE_IBSI_TABLE").is_some() {
        let document = format!("{before}{}{expected}{}{after}", MARKS[0], MARKS[1]);
        std::fs::write(path, document).expect("the document is written");
    } else {
        assert_eq!(
            found, expected,
            "run with UPDATE_IBSI_TABLE=1 to write the table anew"
        );
    }
}
