//! Everything that a study writes: tables, figures, the bundle for predictions and the report.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::baseline::Baseline;
use super::bundle::{BundleRegion, write_bundle};
use super::evaluation::Evaluation;
use super::fit::{COMBINED, score_column};
use super::gallery::write_pictures;
use super::narrative::Outcomes;
use super::pipeline::{Study, StudySettings};
use crate::atomic_file::write_atomically;
use crate::report::Report;
use crate::table_file::{Cell, write_csv};

impl Study {
    /// Writes every table and figure, and the bundle for predictions unless the outcomes were shuffled: nobody may be judged by such a model.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(
        &self,
        settings: &StudySettings,
        baseline: &[Baseline],
        outcomes: Outcomes,
        folder: &Path,
    ) -> anyhow::Result<()> {
        self.write_regions(folder)?;
        for model in self.models.clinical.iter().chain([&self.models.combined]) {
            let name = &model.input.name;
            model.write(
                &created(folder.join("models").join(name))?,
                self.drawn_cutoff(name),
            )?;
        }
        let tables = created(folder.join("baseline"))?;
        for (table, file) in baseline.iter().zip(["by_split.csv", "by_outcome.csv"]) {
            table.write(&tables.join(file))?;
        }
        self.write_cases(&created(folder.join("cohort_flow"))?)?;
        let results = created(folder.join("evaluation"))?;
        if let Some(evaluation) = &self.evaluation {
            evaluation.write(&results)?;
            self.write_predictions(evaluation, &results.join("predictions.csv"))?;
        }
        if let Some(nested) = self.nested() {
            nested.write(&results)?;
        }
        if let Some(readers) = &self.readers {
            readers.write(&created(folder.join("readers"))?)?;
        }
        if !self.pictures.is_empty() {
            write_pictures(&self.pictures, &created(folder.join("heatmaps"))?)?;
        }
        match outcomes {
            Outcomes::AsTheyAre => self.write_bundle(settings, &created(folder.join("bundle"))?),
            Outcomes::Shuffled => Ok(()),
        }
    }

    /// Writes `report.html`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_report(&self, report: &Report, folder: &Path) -> anyhow::Result<()> {
        write_atomically(&folder.join("report.html"), report.to_html().as_bytes())
    }

    fn write_regions(&self, folder: &Path) -> anyhow::Result<()> {
        let features = created(folder.join("features"))?;
        for region in &self.regions {
            let name = &region.features.region;
            region
                .features
                .write(&self.cohort, &features.join(format!("{name}.csv")))?;
            if let Some(training) = &region.features.training {
                training.write(&features.join(format!("{name}_training.csv")))?;
            }
            region
                .selection
                .write(&folder.join("selection").join(name))?;
        }
        Ok(())
    }

    /// Writes `excluded.csv` and `failed_repeats.csv`: who was left out, and why.
    fn write_cases(&self, folder: &Path) -> anyhow::Result<()> {
        let excluded = self.cohort.excluded.iter().map(|patient| {
            vec![
                patient.id.as_str().into(),
                patient.split.as_str().into(),
                patient.reason.kind().into(),
                patient.reason.to_string().into(),
            ]
        });
        write_csv(
            &folder.join("excluded.csv"),
            &["patient", "split", "kind", "reason"],
            excluded,
        )?;
        let repeats = self.failed_repeats.iter().map(|failed| {
            vec![
                failed.region.as_str().into(),
                failed.patient.as_str().into(),
                failed.reason.as_str().into(),
            ]
        });
        write_csv(
            &folder.join("failed_repeats.csv"),
            &["region", "patient", "reason"],
            repeats,
        )
    }

    /// The risk of every patient by every model, one column a model: what `evaluate_models` reads.
    fn write_predictions(&self, evaluation: &Evaluation, path: &Path) -> anyhow::Result<()> {
        let models = &evaluation.input.models;
        let header: Vec<&str> = ["patient", "split", "outcome"]
            .into_iter()
            .chain(models.iter().map(|model| model.name.as_str()))
            .collect();
        let cohort = &self.cohort;
        let rows = cohort.patients.iter().enumerate().map(|(row, patient)| {
            let mut cells: Vec<Cell> = vec![
                patient.id.as_str().into(),
                cohort.splits[patient.split].name.as_str().into(),
                patient.outcome.into(),
            ];
            cells.extend(models.iter().map(|model| Cell::from(model.values[row])));
            cells
        });
        write_csv(path, &header, rows)
    }

    /// What a prediction for a new patient needs.
    fn write_bundle(&self, settings: &StudySettings, folder: &Path) -> anyhow::Result<()> {
        let spacing = self.cohort.spacing.iter();
        let regions: Vec<BundleRegion<'_>> = self
            .regions
            .iter()
            .zip(spacing)
            .map(|(region, spacing)| {
                let name = region.features.region.as_str();
                Ok(BundleRegion {
                    name,
                    column: score_column(name),
                    score: region.selection.score(),
                    deep: &region.features.deep,
                    spacing: spacing
                        .with_context(|| format!("{name}: its images were not opened"))?,
                })
            })
            .collect::<anyhow::Result<_>>()?;
        let risk = self.models.combined.risk.as_ref();
        write_bundle(
            folder,
            &settings.recipe,
            &settings.features,
            &regions,
            risk.map(|risk| (risk, self.drawn_cutoff(COMBINED))),
        )
    }
}

fn created(path: PathBuf) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(&path)
        .with_context(|| format!("{}: cannot create the folder", path.display()))?;
    Ok(path)
}
