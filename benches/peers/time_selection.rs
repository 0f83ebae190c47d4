//! The side of this workspace in `selection.py`: reads a table from files, does one task several times, prints CPU seconds and wall seconds of one and
//! a number to compare.

use std::path::{Path, PathBuf};

use benches::timing::{Outcome, numbers, timed};
use eval_stats::folds::Folds;
use feature_selection::FeatureTable;
use feature_selection::correlation::{Correlation, correlation_matrix};
use feature_selection::icc::{IccForm, IccSettings, feature_icc_all, feature_icc_values};
use feature_selection::lasso::{
    Compat, CrossValidation, ElasticNet, ElasticNetPath, Measure, Samples,
};
use feature_selection::mutual_information::outcome_information;
use ndarray::ArrayView2;
use ndarray::ShapeBuilder;

/// What both sides read.
struct Input {
    folder: PathBuf,
    n: usize,
    p: usize,
}

impl Input {
    fn numbers(&self, name: &str) -> Outcome<Vec<f64>> {
        numbers(&self.folder, name)
    }

    /// A table stored column by column.
    fn table(&self, values: &[f64]) -> Outcome<FeatureTable> {
        let names: Vec<String> = (0..self.p).map(|j| format!("f{j}")).collect();
        let view = ArrayView2::from_shape((self.n, self.p).f(), values)?;
        Ok(FeatureTable::new(view, &names)?)
    }

    fn outcome(&self) -> Outcome<Vec<bool>> {
        Ok(self.numbers("outcome")?.iter().map(|&y| y == 1.0).collect())
    }

    fn folds(&self) -> Outcome<Folds> {
        let assignment: Vec<usize> = self
            .numbers("fold")?
            .iter()
            .map(|&f| f as usize - 1)
            .collect();
        let n_folds = assignment.iter().max().map_or(0, |f| f + 1);
        Ok(Folds::from_assignment(assignment, n_folds, self.n)?)
    }

    /// Three readings of the same cases: for every feature the cases of the first reading, then of the second and the third.
    fn readings(&self) -> Outcome<[FeatureTable; 3]> {
        let all = self.numbers("readings")?;
        let reading = |r: usize| {
            let columns: Vec<f64> = all
                .chunks(3 * self.n)
                .flat_map(|feature| &feature[r * self.n..(r + 1) * self.n])
                .copied()
                .collect();
            self.table(&columns)
        };
        Ok([reading(0)?, reading(1)?, reading(2)?])
    }
}

fn size(path: &ElasticNetPath) -> f64 {
    path.beta
        .last()
        .map_or(0.0, |b| b.value.iter().map(|v| v.abs()).sum())
}

fn lasso(task: &str, input: &Input, repeats: u32) -> Outcome<[f64; 3]> {
    let table = input.table(&input.numbers("features")?)?;
    let samples = Samples::binary(&table, &input.outcome()?)?;
    match task {
        "exact" => timed(repeats, || {
            let path = ElasticNet::new().compat(Compat::Exact).fit(&samples)?;
            Ok(path.dev_ratio[39])
        }),
        "cv_deviance" | "cv_auc" => {
            let folds = input.folds()?;
            let measure = if task == "cv_auc" {
                Measure::Auc
            } else {
                Measure::Deviance
            };
            timed(repeats, || {
                let fit = CrossValidation::new(ElasticNet::new())
                    .measure(measure)
                    .fit(&samples, &folds)?;
                Ok(fit.mean[fit.index_one_standard_error] + fit.lambda_minimum())
            })
        }
        _ => timed(repeats, || Ok(size(&ElasticNet::new().fit(&samples)?))),
    }
}

fn run(task: &str, input: &Input, repeats: u32) -> Outcome<[f64; 3]> {
    match task {
        "mutual_information" => {
            let table = input.table(&input.numbers("features")?)?;
            let outcome = input.outcome()?;
            timed(repeats, || {
                Ok(outcome_information(&table, &outcome, 3)?.iter().sum())
            })
        }
        "spearman" => {
            let table = input.table(&input.numbers("features")?)?;
            timed(repeats, || {
                let r = correlation_matrix(&table, Correlation::Spearman);
                Ok(r.iter().map(|r| r.abs()).sum())
            })
        }
        "icc" | "icc_values" => {
            let readings = input.readings()?;
            let tables: Vec<&FeatureTable> = readings.iter().collect();
            let (form, settings) = (IccForm::AGREEMENT_SINGLE, IccSettings::default());
            if task == "icc" {
                timed(repeats, || {
                    let all = feature_icc_all(&tables, &settings)?;
                    Ok(all.iter().map(|f| f.of(form).value).sum())
                })
            } else {
                timed(repeats, || {
                    let all = feature_icc_values(&tables, &settings)?;
                    Ok(all.iter().map(|values| values.of(form)).sum())
                })
            }
        }
        "path" | "large" | "exact" | "cv_deviance" | "cv_auc" => lasso(task, input, repeats),
        other => Err(format!("unknown task {other}").into()),
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, task, folder, repeats, rows, columns] = arguments.as_slice() else {
        return Err("usage: time_selection TASK FOLDER REPEATS ROWS COLUMNS".into());
    };
    let input = Input {
        folder: Path::new(folder).to_path_buf(),
        n: rows.parse()?,
        p: columns.parse()?,
    };
    let repeats = repeats.parse()?;
    // With one worker all work is done by one thread, whose CPU time is known.
    let pool = rayon::ThreadPoolBuilder::new().build()?;
    let [cpu, wall, value] = pool.install(|| run(task, &input, repeats))?;
    println!("{cpu:e} {wall:e} {value:e}");
    Ok(())
}
