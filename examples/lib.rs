//! What the programs of this workspace share: cohorts, tables, figures, run records and the study report.
