//! Opening every image with each of its outlines before anything is computed.

use std::path::Path;

use rayon::prelude::*;

use super::super::{Excluded, Exclusion, UnusableImages};
use super::{Check, Kept, Roles};
use crate::faults::Faults;
use crate::spacing::{ImageScale, SpacingRule};
use crate::table_file::CsvTable;

/// What is checked, and how.
pub(super) struct Checker<'a> {
    pub table: &'a CsvTable,
    pub roles: &'a Roles,
    pub unusable: UnusableImages,
    pub check: Check<'a>,
    pub row_done: &'a (dyn Fn() + Sync),
}

/// What was found in the images of one row.
struct Found {
    /// The scale of each region's image, where it could be opened.
    scales: Vec<Option<ImageScale>>,
    faults: Vec<String>,
}

impl Checker<'_> {
    /// Checks the rows that are kept; what fails becomes a fault or an exclusion. Returns what the images of each region have in common.
    pub fn check(&self, kept: &mut Kept, faults: &mut Faults) -> Vec<Option<SpacingRule>> {
        let mut found: Vec<Found> = kept
            .rows
            .par_iter()
            .map(|&row| {
                let found = self.row(row);
                (self.row_done)();
                found
            })
            .collect();
        let rules = self.rules(&mut found, &kept.rows);
        match self.unusable {
            UnusableImages::Refuse => faults.extend(found.into_iter().flat_map(|f| f.faults)),
            UnusableImages::Drop => {
                let mut usable = Vec::new();
                for (&row, found) in kept.rows.iter().zip(found) {
                    if found.faults.is_empty() {
                        usable.push(row);
                        continue;
                    }
                    let cells = &self.table.rows[row];
                    kept.excluded.push(Excluded {
                        id: cells[self.roles.patient].clone(),
                        split: cells[self.roles.split].clone(),
                        reason: Exclusion::UnusableImage(found.faults.join("; ")),
                    });
                }
                kept.rows = usable;
            }
        }
        rules
    }

    fn row(&self, row: usize) -> Found {
        let folder = self.table.path.parent().unwrap_or(Path::new(""));
        let cells = &self.table.rows[row];
        let mut found = Found {
            scales: Vec::new(),
            faults: Vec::new(),
        };
        for region in &self.roles.regions {
            let image = folder.join(&cells[region.image]);
            let masks = [Some(region.mask), region.inter, region.intra];
            let mut scale = None;
            for column in masks.into_iter().flatten() {
                let mask = folder.join(&cells[column]);
                if cells[column].is_empty() || cells[region.image].is_empty() {
                    continue;
                }
                if let Some((column, file)) = [(region.image, &image), (column, &mask)]
                    .into_iter()
                    .find(|(_, file)| !file.exists())
                {
                    // Missing files of patients that stay are named with the patients.
                    if self.unusable == UnusableImages::Drop {
                        found.faults.push(format!(
                            "{}: no such file: {}",
                            self.table.place(row, column),
                            file.display()
                        ));
                    }
                    continue;
                }
                match (self.check)(&image, &mask) {
                    Ok(found) => scale = Some(found),
                    Err(error) => found
                        .faults
                        .push(format!("{}: {error:#}", self.table.place(row, column))),
                }
            }
            found.scales.push(scale);
        }
        found
    }

    /// The rule of every region: that of most images. Images of another kind are faults of their rows.
    fn rules(&self, found: &mut [Found], rows: &[usize]) -> Vec<Option<SpacingRule>> {
        (0..self.roles.regions.len())
            .map(|region| {
                let scales = || found.iter().filter_map(|f| f.scales[region].as_ref());
                let agreeing = |scale: &ImageScale| {
                    let rule = SpacingRule::of(scale);
                    scales().filter(|other| rule.is_kind_of(other)).count()
                };
                // The first of the most frequent kinds.
                let mut most: Option<(usize, SpacingRule)> = None;
                for scale in scales() {
                    if most.is_some_and(|(_, rule)| rule.is_kind_of(scale)) {
                        continue;
                    }
                    let n = agreeing(scale);
                    if most.is_none_or(|(count, _)| n > count) {
                        most = Some((n, SpacingRule::of(scale)));
                    }
                }
                let (_, mut rule) = most?;
                for (found, &row) in found.iter_mut().zip(rows) {
                    let Some(scale) = &found.scales[region] else {
                        continue;
                    };
                    if rule.is_kind_of(scale) {
                        rule.include(scale);
                    } else {
                        found.faults.push(format!(
                            "{}: expected {rule} as in most images of this region, found {scale}",
                            self.table.place(row, self.roles.regions[region].image)
                        ));
                    }
                }
                Some(rule)
            })
            .collect()
    }
}
