//! The side of this workspace in `statistics.py`: reads scores from files, does one task several times, prints CPU seconds of one and its result.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use benches::timing::{Outcome, cpu_seconds};
use eval_stats::auc_interval;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings, threshold_grid};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
use eval_stats::{Scored, delong};

/// What both sides read.
struct Input {
    first: Vec<f64>,
    second: Vec<f64>,
    outcome: Vec<bool>,
}

impl Input {
    fn read(folder: &Path) -> Outcome<Self> {
        let numbers = |name: &str| -> Outcome<Vec<f64>> {
            Ok(fs::read(folder.join(name))?
                .as_chunks::<8>()
                .0
                .iter()
                .map(|bytes| f64::from_le_bytes(*bytes))
                .collect())
        };
        Ok(Self {
            first: numbers("first.f64")?,
            second: numbers("second.f64")?,
            outcome: numbers("outcome.f64")?.iter().map(|&y| y == 1.0).collect(),
        })
    }
}

fn timed(repeats: u32, task: impl Fn() -> eval_stats::Result<f64>) -> Outcome<(f64, f64)> {
    let mut value = task()?;
    let start = cpu_seconds()?;
    for _ in 0..repeats {
        value = black_box(task()?);
    }
    Ok(((cpu_seconds()? - start) / f64::from(repeats), value))
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, task, folder, repeats] = arguments.as_slice() else {
        return Err("usage: time_statistics TASK FOLDER REPEATS".into());
    };
    let input = Input::read(Path::new(folder))?;
    let repeats = repeats.parse()?;
    let scored = |scores: &[f64]| Scored::new(scores, &input.outcome);
    let (seconds, value) = match task.as_str() {
        "delong" => timed(repeats, || {
            let (a, b) = (scored(&input.first)?, scored(&input.second)?);
            Ok(delong::compare_paired(&a, &b, 0.95)?.statistic)
        })?,
        "bootstrap" => timed(repeats, || {
            let bootstrap = Bootstrap::new().replicates(2000).seed(1);
            Ok(auc_interval::bootstrap(&scored(&input.first)?, &bootstrap, 0.95)?.low)
        })?,
        "decision" => timed(repeats, || {
            let thresholds = threshold_grid(0.01, 0.99, 99);
            let settings = DecisionCurveSettings::new();
            let curve = DecisionCurve::new(&scored(&input.first)?, &thresholds, &settings)?;
            Ok(curve.points[49].net_benefit)
        })?,
        "hosmer_lemeshow" => timed(repeats, || {
            let df = DegreesOfFreedom::GroupsMinusTwo;
            let test = hosmer_lemeshow::test(&scored(&input.first)?, 10, Grouping::Quantiles, df)?;
            Ok(test.chi_squared)
        })?,
        other => return Err(format!("unknown task {other}").into()),
    };
    println!("{seconds:e} {value:e}");
    Ok(())
}
