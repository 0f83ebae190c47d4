//! Model files: JSON with a format name and a version, holding all that a prediction needs.
//!
//! Reading refuses what it does not understand: another format, a later version, an unknown key, parts that contradict each other.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Estimation, RiskModel};
use crate::predictor::Predictor;
use crate::term::Term;

/// Name of the format, the value of the key `format`.
pub const FORMAT: &str = "nomogram-model";
/// Version of the format, the value of the key `version`.
pub const VERSION: u64 = 1;
/// Largest model file read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u64,
    predictors: Vec<Predictor>,
    /// Each by the columns of the table it is made of.
    terms: Vec<Vec<String>>,
    names: Vec<String>,
    coefficients: Vec<f64>,
    covariance: Vec<Vec<f64>>,
    lp_min: f64,
    lp_max: f64,
    n: usize,
    n_events: usize,
    estimation: Estimation,
}

/// The two keys that are read before all others.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u64>,
}

impl RiskModel {
    /// The model as JSON text, the same bytes for the same model.
    ///
    /// # Errors
    /// [`Error::ModelContent`] if the model's public fields were changed so that they no longer fit together.
    pub fn to_json(&self) -> Result<String> {
        self.validate()?;
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            predictors: self.predictors.clone(),
            terms: self.terms.iter().map(|t| columns_of(t, self)).collect(),
            names: self.names.clone(),
            coefficients: self.coefficients.clone(),
            covariance: self
                .covariance
                .rows()
                .into_iter()
                .map(|r| r.to_vec())
                .collect(),
            lp_min: self.lp_min,
            lp_max: self.lp_max,
            n: self.n,
            n_events: self.n_events,
            estimation: self.estimation,
        };
        let mut text = serde_json::to_string_pretty(&file).map_err(|e| Error::ModelContent {
            problem: e.to_string(),
        })?;
        text.push('\n');
        Ok(text)
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`Error::ModelSyntax`] for anything that is no complete model file, [`Error::ModelVersion`] for another format or version,
    /// [`Error::ModelContent`] for parts that contradict each other.
    pub fn from_json(text: &str) -> Result<Self> {
        let syntax = |e: serde_json::Error| Error::ModelSyntax {
            problem: e.to_string(),
        };
        if text.len() > MAX_BYTES {
            return Err(Error::ModelSyntax {
                problem: format!("{} bytes, at most {MAX_BYTES} are read", text.len()),
            });
        }
        let head: Head = serde_json::from_str(text).map_err(syntax)?;
        match (head.format, head.version) {
            (Some(format), Some(version)) if format == FORMAT && version == VERSION => {}
            (None, _) | (_, None) => {
                return Err(Error::ModelSyntax {
                    problem: "no \"format\" and \"version\"".to_owned(),
                });
            }
            (Some(format), Some(version)) => {
                return Err(Error::ModelVersion {
                    format,
                    version,
                    expected_format: FORMAT,
                    expected_version: VERSION,
                });
            }
        }
        let file: File = serde_json::from_str(text).map_err(syntax)?;
        let k = file.covariance.len();
        if file.covariance.iter().any(|row| row.len() != k) {
            return Err(Error::ModelContent {
                problem: "the covariance is not square".to_owned(),
            });
        }
        let terms = file
            .terms
            .iter()
            .map(|columns| term_of(columns, &file.predictors))
            .collect::<Result<_>>()?;
        let model = RiskModel {
            predictors: file.predictors,
            terms,
            names: file.names,
            coefficients: file.coefficients,
            covariance: Array2::from_shape_fn((k, k), |(i, j)| file.covariance[i][j]),
            lp_min: file.lp_min,
            lp_max: file.lp_max,
            n: file.n,
            n_events: file.n_events,
            estimation: file.estimation,
        };
        model.validate()?;
        Ok(model)
    }
}

fn columns_of(term: &Term, model: &RiskModel) -> Vec<String> {
    let column = |&k: &usize| model.predictors[k].column.clone();
    term.predictors.iter().map(column).collect()
}

fn term_of(columns: &[String], predictors: &[Predictor]) -> Result<Term> {
    let place = |column: &String| {
        predictors
            .iter()
            .position(|p| p.column == *column)
            .ok_or_else(|| Error::ModelContent {
                problem: format!("a term reads {column:?}, which is no predictor"),
            })
    };
    let places = columns.iter().map(place).collect::<Result<_>>()?;
    Ok(Term::new(places, predictors))
}
