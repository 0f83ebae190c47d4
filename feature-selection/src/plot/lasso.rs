//! The axis of lambda and the lines at the chosen ones.

use eval_stats::plot::canvas::{INK, PALETTE};

use super::parts::{NamedLine, features, number, refuse, same_length};
use crate::error::Result;
use crate::lasso::CrossValidationFit;

/// Direction of the lambda axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LambdaAxis {
    /// Natural logarithm of lambda: sparse models on the right, as glmnet 4 draws and most papers print.
    #[default]
    Log,
    /// Its negative: sparse models on the left, as glmnet 5 draws.
    NegativeLog,
}

impl LambdaAxis {
    pub(super) fn position(self, lambda: f64) -> f64 {
        match self {
            Self::Log => lambda.ln(),
            Self::NegativeLog => -lambda.ln(),
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Log => "Log(\u{03bb})",
            Self::NegativeLog => "\u{2212}Log(\u{03bb})",
        }
    }
}

/// The two lambdas of a cross-validation at positions of an axis, one line where they are equal.
pub(super) fn chosen_lines(
    fit: &CrossValidationFit,
    position: impl Fn(f64) -> Result<f64>,
) -> Result<Vec<NamedLine>> {
    let (least, sparse) = (fit.lambda_minimum(), fit.lambda_one_standard_error());
    let legend = |name: &str, index: usize| {
        format!(
            "{name} = {} ({})",
            number(fit.lambda[index]),
            features(fit.n_nonzero[index])
        )
    };
    let mut lines = Vec::new();
    if least == sparse {
        let name = "\u{03bb}.min = \u{03bb}.1se";
        lines.push(NamedLine {
            x: position(least)?,
            name: name.to_owned(),
            legend: legend(name, fit.index_minimum),
            color: INK,
        });
        return Ok(lines);
    }
    for (name, lambda, index, color) in [
        ("\u{03bb}.min", least, fit.index_minimum, INK),
        (
            "\u{03bb}.1se",
            sparse,
            fit.index_one_standard_error,
            PALETTE[0],
        ),
    ] {
        lines.push(NamedLine {
            x: position(lambda)?,
            name: name.to_owned(),
            legend: legend(name, index),
            color,
        });
    }
    Ok(lines)
}

/// The line at a model that is neither of the two, and has `n` features.
pub(super) fn taken_line(lambda: f64, n: usize, x: f64) -> NamedLine {
    NamedLine {
        x,
        name: "\u{03bb}".to_owned(),
        legend: format!("\u{03bb} = {} ({})", number(lambda), features(n)),
        color: PALETTE[1],
    }
}

/// Refuses a fit whose lists were changed so that they no longer belong together.
pub(super) fn check_fit(fit: &CrossValidationFit) -> Result<()> {
    let n = fit.lambda.len();
    same_length("mean losses", n, fit.mean.len())?;
    same_length("standard errors", n, fit.standard_error.len())?;
    same_length("counts of coefficients", n, fit.n_nonzero.len())?;
    let path = &fit.path;
    same_length("coefficients of the path", path.len(), path.beta.len())?;
    same_length("counts of the path", path.len(), path.df.len())?;
    same_length(
        "deviance ratios of the path",
        path.len(),
        path.dev_ratio.len(),
    )?;
    let last = fit.index_minimum.max(fit.index_one_standard_error);
    if last >= n || path.is_empty() {
        return refuse(format!(
            "expected a lambda number {last}, found {n} lambdas"
        ));
    }
    Ok(())
}
