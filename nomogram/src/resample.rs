//! Bootstrap resamples: R's, given ones, or independent streams.

use eval_stats::r_rng::RRng;

use crate::error::{Error, Result};

/// Where bootstrap resamples come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Resamples {
    /// `set.seed(seed)` and then `sample(n, replace = TRUE)` for each replicate, as in rms: reproducible in R.
    R {
        /// The seed.
        seed: u32,
        /// Replicates.
        replicates: usize,
    },
    /// These rows (counting from zero) for each replicate.
    Given(Vec<Vec<usize>>),
}

impl Resamples {
    /// The rows of every replicate for `n` rows.
    pub(crate) fn draw(&self, n: usize) -> Result<Vec<Vec<usize>>> {
        match self {
            Resamples::R { seed, replicates } => {
                check_count(*replicates)?;
                let mut rng = RRng::new(*seed);
                Ok((0..*replicates)
                    .map(|_| rng.sample_with_replacement(n, n))
                    .collect())
            }
            Resamples::Given(list) => {
                check_count(list.len())?;
                for (resample, rows) in list.iter().enumerate() {
                    let problem = if rows.len() != n {
                        Some(format!("{} rows, expected {n}", rows.len()))
                    } else {
                        rows.iter()
                            .find(|&&r| r >= n)
                            .map(|r| format!("row {r} of {n}, counting from 0"))
                    };
                    if let Some(problem) = problem {
                        return Err(Error::Resample { resample, problem });
                    }
                }
                Ok(list.clone())
            }
        }
    }
}

fn check_count(replicates: usize) -> Result<()> {
    if replicates == 0 {
        return Err(Error::Setting {
            setting: "replicates",
            value: 0.0,
            expected: "at least 1",
        });
    }
    Ok(())
}
