//! What a selection writes: tables, the score, the fitted pipeline, figures.

use std::path::Path;

use anyhow::Context;
use feature_selection::lasso::{CrossValidationFit, EstimatorFit, RelaxedFit};
use feature_selection::pipeline::DropReason;

use super::Selection;
use crate::atomic_file::write_atomically;
use crate::figure_file::write_figure;
use crate::table_file::{Cell, write_csv};

impl Selection {
    /// Writes every table, `score.json` and the figures into `folder`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
        if !self.reliability.is_empty() {
            self.write_reliability(&folder.join("icc.csv"))?;
        }
        write_csv(
            &folder.join("funnel.csv"),
            &["step", "kept", "dropped"],
            self.funnel()
                .into_iter()
                .map(|(step, kept, dropped)| vec![step.into(), kept.into(), dropped.into()]),
        )?;
        self.write_dropped(&folder.join("dropped.csv"))?;
        self.write_path(folder)?;
        let mut json = self.score().to_json();
        if !json.ends_with('\n') {
            json.push('\n');
        }
        write_atomically(&folder.join("score.json"), json.as_bytes())?;
        let pipeline = self.fitted.to_json() + "\n";
        write_atomically(&folder.join("pipeline.json"), pipeline.as_bytes())?;
        write_csv(
            &folder.join("scores.csv"),
            &["id", "score"],
            self.input()
                .ids
                .iter()
                .zip(&self.scores)
                .map(|(id, &score)| vec![id.as_str().into(), score.into()]),
        )?;
        for figure in self.figures()? {
            write_figure(folder, figure.stem, &figure.svg)?;
        }
        Ok(())
    }

    fn write_reliability(&self, path: &Path) -> anyhow::Result<()> {
        let filter = self.settings().icc_filter;
        let header = [
            "comparison",
            "feature",
            "form",
            "n",
            "value",
            "ci_low",
            "ci_high",
            "f",
            "p",
            "kept",
        ];
        let rows = self.reliability.iter().flat_map(|comparison| {
            comparison.features.iter().map(move |feature| {
                let icc = &feature.icc;
                vec![
                    comparison.name.as_str().into(),
                    feature.name.as_str().into(),
                    icc.form.mcgraw_wong().into(),
                    icc.n_subjects.into(),
                    icc.value.into(),
                    icc.ci_low.into(),
                    icc.ci_high.into(),
                    icc.f.into(),
                    icc.p_value.into(),
                    filter.keeps(icc).into(),
                ]
            })
        });
        write_csv(path, &header, rows)
    }

    fn write_dropped(&self, path: &Path) -> anyhow::Result<()> {
        let beforehand = self.input().left_out.iter().map(|column| {
            vec![
                column.name.as_str().into(),
                "left out beforehand".into(),
                column.reason.as_str().into(),
            ]
        });
        let by_steps = self.fitted.dropped.iter().map(|dropped| {
            vec![
                dropped.name.as_str().into(),
                dropped.step_name.into(),
                self.reason(&dropped.reason).into(),
            ]
        });
        write_csv(
            path,
            &["feature", "step", "reason"],
            beforehand.chain(by_steps),
        )
    }

    /// A reason in words, with the name of the reading that was not reliable.
    fn reason(&self, reason: &DropReason) -> String {
        match reason {
            &DropReason::Unreliable {
                comparison,
                value,
                threshold,
            } => format!(
                "ICC {value:.4} below {threshold} in the reading {}",
                self.reliability[comparison].name
            ),
            other => other.to_string(),
        }
    }

    fn write_path(&self, folder: &Path) -> anyhow::Result<()> {
        let Some(cv) = self.fitted.cross_validation() else {
            return Ok(());
        };
        let path = &cv.path;
        write_csv(
            &folder.join("path.csv"),
            &["lambda", "df", "dev_ratio"],
            (0..path.len()).map(|k| {
                vec![
                    path.lambda[k].into(),
                    path.df[k].into(),
                    path.dev_ratio[k].into(),
                ]
            }),
        )?;
        let coefficients = (0..path.len()).flat_map(|k| {
            let at = &path.beta[k];
            let intercept = vec![
                path.lambda[k].into(),
                "(intercept)".into(),
                path.intercept[k].into(),
            ];
            std::iter::once(intercept).chain(at.index.iter().zip(&at.value).map(
                move |(&j, &value)| {
                    vec![
                        path.lambda[k].into(),
                        path.names[j].as_str().into(),
                        value.into(),
                    ]
                },
            ))
        });
        write_csv(
            &folder.join("coefficients_path.csv"),
            &["lambda", "feature", "coefficient"],
            coefficients,
        )?;
        self.write_curve(&folder.join("cv.csv"), cv)?;
        match &self.fitted.estimate {
            Some(EstimatorFit::Relaxed(relaxed)) => {
                write_relaxed(&folder.join("cv_relaxed.csv"), relaxed)
            }
            _ => Ok(()),
        }
    }

    /// The loss at every lambda, with marks at those that rules take and at the one chosen.
    fn write_curve(&self, path: &Path, cv: &CrossValidationFit) -> anyhow::Result<()> {
        let chosen = self.chosen_lambda();
        let mark = |k: usize| -> Cell {
            let marks = [
                (k == cv.index_minimum, "min"),
                (k == cv.index_one_standard_error, "1se"),
                (cv.lambda[k] == chosen, "chosen"),
            ];
            let held: Vec<&str> = marks.iter().filter(|m| m.0).map(|m| m.1).collect();
            held.join(" ").into()
        };
        write_csv(
            path,
            &["lambda", "cvm", "cvsd", "nzero", "mark"],
            (0..cv.lambda.len()).map(|k| {
                vec![
                    cv.lambda[k].into(),
                    cv.mean[k].into(),
                    cv.standard_error[k].into(),
                    cv.n_nonzero[k].into(),
                    mark(k),
                ]
            }),
        )
    }
}

/// The loss at every lambda and share of the LASSO.
fn write_relaxed(path: &Path, fit: &RelaxedFit) -> anyhow::Result<()> {
    let rows = fit.curves.iter().flat_map(|curve| {
        (0..curve.lambda.len()).map(move |k| {
            vec![
                curve.gamma.into(),
                curve.lambda[k].into(),
                curve.mean[k].into(),
                curve.standard_error[k].into(),
                curve.n_nonzero[k].into(),
            ]
        })
    });
    write_csv(path, &["gamma", "lambda", "cvm", "cvsd", "nzero"], rows)
}
