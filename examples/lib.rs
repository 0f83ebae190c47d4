//! What the programs of this workspace share: cohorts, tables, figures, run records and the study report.
//!
//! | module | for |
//! |---|---|
//! | [`synthetic`] | a seeded multicenter breast-ultrasound cohort, written as PNG files and a manifest |
//! | [`cohort`] | reading and checking a manifest of patients, regions, splits and clinical columns |
//! | [`case_list`] | the `IMAGE MASK` or `BATCH.csv` of the extraction programs |
//! | [`table_file`] | CSV in and out |
//! | [`figure_file`] | SVG figures and their 300 dpi PNG twins |
//! | [`output_folder`], [`atomic_file`] | results appear whole or not at all |
//! | [`run_record`] | `run.json`: what made the results |
//! | [`report`] | a self-contained HTML page of sections, tables and figures |
//! | [`program`], [`progress`] | one-line errors, exit codes, progress bars |

pub mod atomic_file;
pub mod case_list;
pub mod cohort;
pub mod faults;
pub mod figure_file;
pub mod output_folder;
pub mod program;
pub mod progress;
pub mod report;
pub mod run_record;
pub mod synthetic;
pub mod table_file;
