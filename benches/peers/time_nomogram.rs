//! The side of this workspace in `nomogram.py`: reads a table from files, does one task several times, prints CPU seconds and wall seconds of one and
//! a number to compare.

use std::path::{Path, PathBuf};

use benches::timing::{Outcome, numbers, timed};
use nomogram::{
    Design, Frame, LogisticRegression, Missing, Resamples, Validation, calibrate, univariable,
};

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

    fn frame(&self) -> Outcome<(Frame, Vec<String>)> {
        let values = self.numbers("features")?;
        let names: Vec<String> = (0..self.p).map(|j| format!("f{j}")).collect();
        let mut frame = Frame::new();
        for (name, column) in names.iter().zip(values.chunks(self.n)) {
            frame = frame.with_numeric(name, column.to_vec())?;
        }
        Ok((frame, names))
    }

    fn outcome(&self) -> Outcome<Vec<bool>> {
        Ok(self.numbers("outcome")?.iter().map(|&y| y == 1.0).collect())
    }
}

fn run(task: &str, input: &Input, repeats: u32) -> Outcome<[f64; 3]> {
    let (frame, names) = input.frame()?;
    let outcome = input.outcome()?;
    let terms = || names.iter().map(String::as_str);
    let resamples = Resamples::R {
        seed: 1,
        replicates: 1000,
    };
    match task {
        "validate" => {
            let validation = Validation::new(resamples);
            timed(repeats, || {
                let design = Design::new(&frame, terms(), Missing::Refuse)?;
                let result = validation.fit(&design, &outcome)?;
                Ok(result.indices.iter().map(|i| i.corrected).sum())
            })
        }
        "calibrate" => timed(repeats, || {
            let design = Design::new(&frame, terms(), Missing::Refuse)?;
            let curve = calibrate(&design, &outcome, &resamples)?;
            Ok(curve.points.iter().filter_map(|p| p.corrected).sum())
        }),
        "fit" => timed(repeats, || {
            let design = Design::new(&frame, terms(), Missing::Refuse)?;
            let fit = LogisticRegression::new().fit(&design, &outcome)?;
            Ok(fit.coefficients.iter().map(|c| c.z).sum())
        }),
        "univariable" => {
            let regression = LogisticRegression::new();
            timed(repeats, || {
                let table = univariable(
                    &frame,
                    terms(),
                    &outcome,
                    Missing::Refuse,
                    &regression,
                    0.95,
                )?;
                Ok(table.fitted().map(|f| f.wald.chi_squared).sum())
            })
        }
        other => Err(format!("unknown task {other}").into()),
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, task, folder, repeats, rows, columns] = arguments.as_slice() else {
        return Err("usage: time_nomogram TASK FOLDER REPEATS ROWS COLUMNS".into());
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
