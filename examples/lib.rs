//! What the programs of this workspace share: cohorts, tables, figures, run records and the study report.
//!
//! | module | for |
//! |---|---|
//! | [`synthetic`] | a seeded multicenter breast-ultrasound cohort, written as PNG files and a manifest |
//! | [`study`] | the steps of the study: selection, models, evaluation |
//! | [`audit`] | tables of a publication against themselves |
//! | [`cohort`] | reading and checking a manifest of patients, regions, splits and clinical columns |
//! | [`spacing`], [`labels`] | what a pixel is; column names as text |
//! | [`regions`] | handcrafted and deep features of an outlined region in files |
//! | [`extraction`], [`case_list`], [`feature_rows`], [`journal`], [`parameter_overrides`], [`image_options`] | what the extraction programs share |
//! | [`merging`] | the parts of an extraction by shards, joined to what a single run writes |
//! | [`table_file`], [`input_file`] | CSV in and out; files and pipes |
//! | [`network_options`] | what the programs with a network share |
//! | [`figure_file`], [`heatmap_file`] | SVG figures and their 300 dpi PNG twins; heat maps |
//! | [`output_folder`], [`atomic_file`] | results appear whole or not at all |
//! | [`run_record`], [`earlier_run`] | `run.json`: what made the results; whether they are what is asked now |
//! | [`report`] | a self-contained HTML page: tables as CSV, figures, flow of cases, interactive nomogram, checklists |
//! | [`program`], [`progress`] | one-line errors, exit codes, progress bars |

pub mod atomic_file;
pub mod audit;
pub mod case_list;
pub mod cohort;
pub mod earlier_run;
pub mod extraction;
pub mod faults;
pub mod feature_rows;
pub mod figure_file;
pub mod heatmap_file;
pub mod image_options;
pub mod input_file;
pub mod journal;
pub mod labels;
pub mod merging;
pub mod network_options;
pub mod output_folder;
pub mod parameter_overrides;
pub mod program;
pub mod progress;
pub mod regions;
pub mod report;
pub mod run_record;
pub mod spacing;
pub mod study;
pub mod synthetic;
pub mod table_file;
