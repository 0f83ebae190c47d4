//! What a selection writes: tables, the score, figures.

use std::path::Path;

use anyhow::Context;
use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::icc::IccFilter;
use feature_selection::lasso::LambdaRule;
use feature_selection::plot::{self, LambdaAxis, Layout, Width};

use super::Selection;
use crate::atomic_file::write_atomically;
use crate::figure_file::write_figure;
use crate::table_file::{Cell, write_csv};

/// A figure of the selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionFigure {
    /// Name of its files.
    pub stem: &'static str,
    /// What it shows.
    pub caption: String,
    /// The drawing.
    pub svg: String,
}

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

    /// Every figure that the result has data for.
    ///
    /// # Errors
    /// What the drawing refuses.
    pub fn figures(&self) -> anyhow::Result<Vec<SelectionFigure>> {
        let layout = Layout::new().width(Width::Double);
        let mut figures = Vec::new();
        let mut add = |stem, caption: &str, svg: String| {
            figures.push(SelectionFigure {
                stem,
                caption: caption.to_owned(),
                svg,
            });
        };
        match self.reliability.as_slice() {
            [] => {}
            [only] => add(
                "icc",
                "Intraclass correlation of every feature.",
                plot::icc_histogram(&only.features, &layout)?,
            ),
            [first, second, ..] => add(
                "icc",
                "Intraclass correlation of every feature in both comparisons.",
                plot::icc_scatter(&first.features, &second.features, &layout)?,
            ),
        }
        add(
            "funnel",
            "Features left after every step.",
            plot::selection_funnel(&self.fitted, &layout)?,
        );
        if let Some(cv) = &self.fitted.cross_validation {
            let axis = LambdaAxis::default();
            add(
                "path",
                "Coefficients along the path of penalties.",
                plot::coefficient_path(cv, axis, &layout)?,
            );
            add(
                "cv",
                "Cross-validated loss with its standard error.",
                plot::cross_validation_curve(cv, axis, &layout)?,
            );
        }
        if !self.is_constant() {
            add(
                "coefficients",
                "Coefficients of the score, of standardized features.",
                plot::coefficient_bars(self.score(), &layout)?,
            );
        }
        if self.score().terms.len() > 1 {
            let table = self.selected_training_table()?;
            add(
                "correlation",
                "Spearman correlation of the selected features in the training rows.",
                plot::correlation_heat_map(&table, Correlation::default(), &layout)?,
            );
        }
        Ok(figures)
    }

    fn selected_training_table(&self) -> anyhow::Result<FeatureTable> {
        let table = FeatureTable::new(self.input().values.view(), &self.input().names)?;
        Ok(table
            .select_names(&self.score().feature_names())?
            .select_rows(&self.input().training)?)
    }

    fn write_reliability(&self, path: &Path) -> anyhow::Result<()> {
        let filter = IccFilter {
            threshold: self.settings().icc_threshold,
            ..IccFilter::default()
        };
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
                    comparison.n.into(),
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
                dropped.reason.to_string().into(),
            ]
        });
        write_csv(
            path,
            &["feature", "step", "reason"],
            beforehand.chain(by_steps),
        )
    }

    fn write_path(&self, folder: &Path) -> anyhow::Result<()> {
        let Some(cv) = &self.fitted.cross_validation else {
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
        let chosen = cv
            .select(self.settings().rule)
            .map(|selection| selection.lambda)?;
        let mark = |k: usize| -> Cell {
            let mut marks = Vec::new();
            if k == cv.index_minimum {
                marks.push("min");
            }
            if k == cv.index_one_standard_error {
                marks.push("1se");
            }
            if cv.lambda[k] == chosen
                && matches!(
                    self.settings().rule,
                    LambdaRule::Features(_) | LambdaRule::Value(_)
                )
            {
                marks.push("chosen");
            }
            marks.join(" ").into()
        };
        write_csv(
            &folder.join("cv.csv"),
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
