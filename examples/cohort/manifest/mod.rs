//! Reading and checking a manifest. Every fault is collected before anything is reported.

mod images;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::clinical::{self, Cells, MissingClinical, Understood};
use super::columns::ColumnKind;
use super::{
    ClinicalColumn, Cohort, CohortFile, CohortOptions, DescriptiveColumn, Excluded, Exclusion,
    MIN_REPEATED, Patient, RegionFiles, Split, UnusableImages,
};
use crate::case_list::files_of;
use crate::faults::Faults;
use crate::spacing::ImageScale;
use crate::study::fit::score_column;
use crate::table_file::{CsvTable, found, parse_outcome, quoted_list};

/// Columns of the manifest by role.
pub(super) struct Roles {
    patient: usize,
    split: usize,
    outcome: usize,
    regions: Vec<RegionColumns>,
    clinical: Vec<usize>,
}

pub(super) struct RegionColumns {
    name: String,
    image: usize,
    mask: usize,
    inter: Option<usize>,
    intra: Option<usize>,
}

/// Opens one image with one mask.
pub(super) type Check<'a> = &'a (dyn Fn(&Path, &Path) -> anyhow::Result<ImageScale> + Sync);

pub(super) fn read(
    path: &Path,
    options: &CohortOptions,
    images: Option<(Check<'_>, &(dyn Fn() + Sync))>,
) -> anyhow::Result<Cohort> {
    let table = CsvTable::read(path)?;
    let roles = Roles::of(&table, &options.file)?;
    let mut faults = Faults::new();
    check_required(&table, &roles, options, &mut faults);
    check_unique_patients(&table, &roles, &mut faults);
    let mut kept = rows_kept(&table, &roles, options, &mut faults);
    let spacing = match images {
        Some((check, row_done)) => {
            let checker = images::Checker {
                table: &table,
                roles: &roles,
                unusable: options.unusable,
                check,
                row_done,
            };
            checker.check(&mut kept, &mut faults)
        }
        None => vec![None; roles.regions.len()],
    };
    if kept.rows.is_empty() {
        faults.push(nobody_left(&table));
        // Nothing more can be said of nobody.
        return Err(faults.into());
    }
    let mut splits = split_rows(&table, &roles, &kept.rows, options, &mut faults);
    let patients = patients(&table, &roles, &kept.rows, &splits, options, &mut faults);
    check_shared_images(&table, &roles, &patients, &mut faults);
    check_repeated(&table, &roles, &patients, &mut faults);
    super::count_events(&mut splits, &patients);
    faults.extend(super::one_class_only(&table.path, &splits));
    let in_training: Vec<bool> = patients.iter().map(|patient| patient.split == 0).collect();
    let (clinical, descriptive) = clinical_columns(
        &table,
        &roles,
        &kept.rows,
        &in_training,
        options,
        &mut faults,
    );
    faults.into_result()?;
    Ok(Cohort {
        manifest: path.to_owned(),
        files: listed_files(&table, &roles),
        regions: roles
            .regions
            .into_iter()
            .map(|region| region.name)
            .collect(),
        spacing,
        splits,
        patients,
        clinical,
        descriptive,
        excluded: kept.excluded,
    })
}

fn nobody_left(table: &CsvTable) -> String {
    format!(
        "{}: expected at least one patient to be left, found that all {} are left out",
        table.path.display(),
        table.rows.len()
    )
}

/// The columns of every region; those that are used are marked as taken.
fn region_columns(table: &CsvTable, taken: &mut [bool], faults: &mut Faults) -> Vec<RegionColumns> {
    let mut take = |name: &str| {
        let column = table.header.iter().position(|column| column == name)?;
        taken[column] = true;
        Some(column)
    };
    let mut regions = Vec::new();
    for (image, column) in table.header.iter().enumerate() {
        let name = column.strip_suffix("_image");
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        let Some(mask) = take(&format!("{name}_mask")) else {
            faults.push(format!(
                "{}: expected a column \"{name}_mask\" beside \"{column}\", found none",
                table.path.display()
            ));
            continue;
        };
        take(column);
        if let Err(problem) = check_region_name(name) {
            faults.push(format!(
                "{}: column \"{column}\": {problem}",
                table.path.display()
            ));
        }
        regions.push(RegionColumns {
            name: name.to_owned(),
            image,
            mask,
            inter: take(&format!("{name}_mask_inter")),
            intra: take(&format!("{name}_mask_intra")),
        });
    }
    regions
}

/// Every image and outline of the table that exists, each once, in the table's order.
fn listed_files(table: &CsvTable, roles: &Roles) -> Vec<PathBuf> {
    let folder = table.path.parent().unwrap_or(Path::new(""));
    let columns = roles.regions.iter().flat_map(|region| {
        let repeated = [region.inter, region.intra].into_iter().flatten();
        [region.image, region.mask].into_iter().chain(repeated)
    });
    let columns: Vec<usize> = columns.collect();
    let mut seen = HashSet::new();
    table
        .rows
        .iter()
        .flat_map(|cells| columns.iter().map(|&column| &cells[column]))
        .filter(|cell| !cell.is_empty())
        .flat_map(|cell| files_of(&folder.join(cell)))
        .filter(|path| path.is_file() && seen.insert(path.clone()))
        .collect()
}

fn clinical_columns(
    table: &CsvTable,
    roles: &Roles,
    rows: &[usize],
    in_training: &[bool],
    options: &CohortOptions,
    faults: &mut Faults,
) -> (Vec<ClinicalColumn>, Vec<DescriptiveColumn>) {
    let (mut predictors, mut descriptive) = (Vec::new(), Vec::new());
    for &column in &roles.clinical {
        let name = &table.header[column];
        let spec = options.file.column(name);
        let cells = Cells {
            table,
            column,
            rows,
            in_training,
        };
        let understood = match is_description(name, options) {
            true => cells.description("describes the examination"),
            false => clinical::understand(&cells, spec, faults),
        };
        let is_score = |region: &RegionColumns| score_column(&region.name) == *name;
        match understood {
            Understood::Predictor(_) if roles.regions.iter().any(is_score) => faults.push(format!(
                "{}: expected another name for the clinical column \"{name}\", which is that of a region's score",
                table.path.display()
            )),
            Understood::Predictor(column) => predictors.push(column),
            Understood::Descriptive(column) => descriptive.push(column),
        }
    }
    for spec in &options.file.columns {
        let known = roles.clinical.iter().any(|&k| table.header[k] == spec.name);
        if !known {
            let names: Vec<&str> = roles
                .clinical
                .iter()
                .map(|&k| table.header[k].as_str())
                .collect();
            faults.push(format!(
                "{}: expected the clinical column \"{}\" of the cohort file, found {}",
                table.path.display(),
                spec.name,
                quoted_list(&names)
            ));
        }
    }
    (predictors, descriptive)
}

/// Whether a column is kept without being a predictor: by its name, unless the cohort file says what it is.
fn is_description(name: &str, options: &CohortOptions) -> bool {
    match options.file.column(name) {
        Some(spec) => spec.kind == ColumnKind::Description,
        None => clinical::is_descriptive_name(name, &options.descriptive),
    }
}

impl Roles {
    /// Sorts the header into roles.
    fn of(table: &CsvTable, file: &CohortFile) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let position = |name: &str| table.header.iter().position(|column| column == name);
        let shown = table.path.display();
        let mut taken = vec![false; table.header.len()];
        let mut required = |name: &str, faults: &mut Faults| {
            let Some(column) = position(name) else {
                faults.push(format!(
                    "{shown}: expected a column \"{name}\", found {}",
                    quoted_list(&table.header)
                ));
                return 0;
            };
            taken[column] = true;
            column
        };
        let named = |given: &Option<String>, default: &str| {
            given.clone().unwrap_or_else(|| default.to_owned())
        };
        let patient = required(&named(&file.patient, "patient"), &mut faults);
        let split = required(&named(&file.split, "split"), &mut faults);
        let outcome = required(&named(&file.outcome, "outcome"), &mut faults);
        let regions = region_columns(table, &mut taken, &mut faults);
        let is_mask = |column: &str| {
            ["_mask", "_mask_inter", "_mask_intra"]
                .iter()
                .any(|end| column.ends_with(end))
        };
        for (k, column) in table.header.iter().enumerate() {
            if !taken[k] && is_mask(column) {
                faults.push(format!(
                    "{shown}: column \"{column}\" belongs to no column ending in _image"
                ));
            }
        }
        if regions.is_empty() && faults.lines().is_empty() {
            faults.push(format!(
                "{shown}: expected columns R_image and R_mask for at least one region R, found {}",
                quoted_list(&table.header)
            ));
        }
        let clinical = (0..table.header.len()).filter(|&k| !taken[k]).collect();
        faults.into_result()?;
        Ok(Self {
            patient,
            split,
            outcome,
            regions,
            clinical,
        })
    }
}

/// Longest name of a region, in bytes: files and columns of features have it as part of theirs.
const REGION_NAME: usize = 100;

/// Refuses a region whose name cannot be part of a file name.
fn check_region_name(name: &str) -> Result<(), String> {
    let is_bad = |c: char| c.is_control() || r#"/\:*?"<>|"#.contains(c);
    match name.chars().find(|c| is_bad(*c)) {
        Some(bad) => Err(format!(
            "expected the name of a region that can be part of a file name, found {bad:?} in it"
        )),
        None if name.starts_with('.') => {
            Err("expected the name of a region that does not begin with a dot".to_owned())
        }
        None if name.len() > REGION_NAME => Err(format!(
            "expected the name of a region of at most {REGION_NAME} bytes, found {}",
            name.len()
        )),
        None => Ok(()),
    }
}

fn check_required(table: &CsvTable, roles: &Roles, options: &CohortOptions, faults: &mut Faults) {
    let images = roles
        .regions
        .iter()
        .flat_map(|region| [region.image, region.mask]);
    let required: Vec<usize> = [roles.patient, roles.split]
        .into_iter()
        .chain(images)
        .collect();
    let expected = match &options.file.event {
        None => "0 or 1".to_owned(),
        Some(event) => format!("\"{event}\" or the one other value of this column"),
    };
    let other = other_outcome(table, roles, options);
    for row in 0..table.rows.len() {
        for &column in &required {
            if table.rows[row][column].is_empty() {
                faults.push(format!(
                    "{}: expected a value, found an empty cell",
                    table.place(row, column)
                ));
            }
        }
        let outcome = &table.rows[row][roles.outcome];
        let known = match &options.file.event {
            None => parse_outcome(outcome).is_some(),
            Some(event) => outcome == event || Some(outcome.as_str()) == other,
        };
        if !known {
            faults.push(format!(
                "{}: expected {expected}, found {}",
                table.place(row, roles.outcome),
                found(outcome)
            ));
        }
    }
}

/// The first cell of the outcome that is neither empty nor the event.
fn other_outcome<'a>(
    table: &'a CsvTable,
    roles: &Roles,
    options: &CohortOptions,
) -> Option<&'a str> {
    let event = options.file.event.as_ref()?;
    let mut cells = table.rows.iter().map(|row| row[roles.outcome].as_str());
    cells.find(|cell| !clinical::is_missing(cell) && cell != event)
}

fn check_unique_patients(table: &CsvTable, roles: &Roles, faults: &mut Faults) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for row in 0..table.rows.len() {
        let id = table.rows[row][roles.patient].as_str();
        if id.is_empty() {
            continue;
        }
        if let Some(&earlier) = first.get(id) {
            let place = table.place(row, roles.patient);
            faults.push(format!(
                "{place}: patient \"{id}\" stands already in row {}",
                table.lines[earlier]
            ));
        } else {
            first.insert(id, row);
        }
    }
}

/// Rows of the table that take part.
pub(super) struct Kept {
    pub rows: Vec<usize>,
    pub excluded: Vec<Excluded>,
}

/// Applies the policy for empty clinical cells.
fn rows_kept(
    table: &CsvTable,
    roles: &Roles,
    options: &CohortOptions,
    faults: &mut Faults,
) -> Kept {
    let mut kept = Kept {
        rows: Vec::new(),
        excluded: Vec::new(),
    };
    for row in 0..table.rows.len() {
        let cells = &table.rows[row];
        let missing: Vec<usize> = roles
            .clinical
            .iter()
            .copied()
            .filter(|&column| !is_description(&table.header[column], options))
            .filter(|&column| clinical::is_missing(&cells[column]))
            .collect();
        match options.missing {
            MissingClinical::Drop if !missing.is_empty() => {
                kept.excluded.push(Excluded {
                    id: cells[roles.patient].clone(),
                    split: cells[roles.split].clone(),
                    reason: Exclusion::EmptyClinicalCells(
                        missing
                            .iter()
                            .map(|&column| table.header[column].clone())
                            .collect(),
                    ),
                });
                continue;
            }
            MissingClinical::Drop | MissingClinical::Refuse => {}
        }
        for column in missing {
            faults.push(format!(
                "{}: expected a value, found {}",
                table.place(row, column),
                found(&cells[column])
            ));
        }
        kept.rows.push(row);
    }
    kept
}

/// The splits with the training split first.
fn split_rows(
    table: &CsvTable,
    roles: &Roles,
    rows: &[usize],
    options: &CohortOptions,
    faults: &mut Faults,
) -> Vec<Split> {
    let mut splits: Vec<Split> = Vec::new();
    for (index, &row) in rows.iter().enumerate() {
        let name = &table.rows[row][roles.split];
        match splits.iter_mut().find(|split| split.name == *name) {
            Some(split) => split.patients.push(index),
            None => splits.push(Split {
                name: name.clone(),
                patients: vec![index],
                n_events: 0,
            }),
        }
    }
    let training = options.training.as_ref().or(options.file.training.as_ref());
    let is_training = |split: &Split| match training {
        Some(name) => split.name == *name,
        None => ["train", "training"].contains(&split.name.to_ascii_lowercase().as_str()),
    };
    let found: Vec<usize> = (0..splits.len())
        .filter(|&k| is_training(&splits[k]))
        .collect();
    match found[..] {
        [first] => splits[..=first].rotate_right(1),
        _ => {
            let wanted = options
                .training
                .as_ref()
                .or(options.file.training.as_ref())
                .map_or("\"train\" or \"training\"".to_owned(), |name| {
                    format!("\"{name}\"")
                });
            let names: Vec<&str> = splits.iter().map(|split| split.name.as_str()).collect();
            faults.push(format!(
                "{}: column \"{}\": expected one training split named {wanted}, found {}",
                table.path.display(),
                table.header[roles.split],
                quoted_list(&names)
            ));
        }
    }
    splits
}

fn patients(
    table: &CsvTable,
    roles: &Roles,
    rows: &[usize],
    splits: &[Split],
    options: &CohortOptions,
    faults: &mut Faults,
) -> Vec<Patient> {
    let folder = table.path.parent().unwrap_or(Path::new(""));
    rows.iter()
        .map(|&row| {
            let cells = &table.rows[row];
            let mut file = |column: usize| -> PathBuf {
                let path = folder.join(&cells[column]);
                let is_fault = options.unusable == UnusableImages::Refuse;
                if is_fault && !cells[column].is_empty() && !path.exists() {
                    faults.push(format!(
                        "{}: no such file: {}",
                        table.place(row, column),
                        path.display()
                    ));
                }
                path
            };
            let regions = roles
                .regions
                .iter()
                .map(|region| {
                    let mut optional = |column: Option<usize>| {
                        column
                            .filter(|&column| !cells[column].is_empty())
                            .map(&mut file)
                    };
                    let (mask_inter, mask_intra) = (optional(region.inter), optional(region.intra));
                    RegionFiles {
                        image: file(region.image),
                        mask: file(region.mask),
                        mask_inter,
                        mask_intra,
                    }
                })
                .collect();
            Patient {
                id: cells[roles.patient].clone(),
                line: table.lines[row],
                split: splits
                    .iter()
                    .position(|split| split.name == cells[roles.split])
                    .unwrap_or(0),
                outcome: match &options.file.event {
                    None => parse_outcome(&cells[roles.outcome]).unwrap_or(false),
                    Some(event) => cells[roles.outcome] == *event,
                },
                regions,
            }
        })
        .collect()
}

/// Repeated outlines of a single training patient tell nothing of agreement.
fn check_repeated(table: &CsvTable, roles: &Roles, patients: &[Patient], faults: &mut Faults) {
    let training = || patients.iter().filter(|patient| patient.split == 0);
    for (k, region) in roles.regions.iter().enumerate() {
        let inter = training().filter(|p| p.regions[k].mask_inter.is_some());
        let intra = training().filter(|p| p.regions[k].mask_intra.is_some());
        let counts = [(region.inter, inter.count()), (region.intra, intra.count())];
        for (column, count) in counts {
            if let Some(column) = column.filter(|_| (1..MIN_REPEATED).contains(&count)) {
                faults.push(format!(
                    "{}: column \"{}\": expected outlines of no or at least {MIN_REPEATED} training patients, found {count}",
                    table.path.display(),
                    table.header[column]
                ));
            }
        }
    }
}

/// One image for two patients would put the same pixels on both sides of a split.
fn check_shared_images(table: &CsvTable, roles: &Roles, patients: &[Patient], faults: &mut Faults) {
    let mut owner: HashMap<&Path, usize> = HashMap::new();
    for (index, patient) in patients.iter().enumerate() {
        for (region, files) in roles.regions.iter().zip(&patient.regions) {
            let first = *owner.entry(files.image.as_path()).or_insert(index);
            if first != index {
                faults.push(format!(
                    "{}: row {}, column \"{}_image\": {} is also the image of patient \"{}\" in row {}",
                    table.path.display(),
                    patient.line,
                    region.name,
                    files.image.display(),
                    patients[first].id,
                    patients[first].line
                ));
            }
        }
    }
}
