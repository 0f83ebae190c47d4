//! Tables with missing values (NaN): refused, left out by column, or filled by numbers of the training rows.

use feature_selection::missing::{ImputeBy, IncompleteTable};

use super::{LeftOut, RepeatedReading, SelectionInput};

/// What happens to missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum MissingChoice {
    /// They are refused.
    #[default]
    Error,
    /// A column with a missing value is left out.
    Drop,
    /// They are replaced by the median of the training rows; reliability is judged without them.
    Median,
    /// They are replaced by the mean of the training rows; reliability is judged without them.
    Mean,
}

/// Applies the choice to an input whose values may be NaN; the number of missing values that will be filled. Repeated readings are never filled.
///
/// # Errors
/// An infinite value.
pub fn apply(input: &mut SelectionInput, choice: MissingChoice) -> anyhow::Result<usize> {
    let table = IncompleteTable::new(input.values.view(), &input.names)?;
    let missing = table.missing();
    match choice {
        MissingChoice::Error => return Ok(0),
        MissingChoice::Drop => {
            let n_rows = missing.n_rows;
            let left_out = missing.columns.into_iter().map(|column| LeftOut {
                reason: format!("{} of {n_rows} values are missing", column.missing),
                name: column.name,
            });
            input.left_out.extend(left_out);
            leave_out_unread(input);
            return Ok(0);
        }
        MissingChoice::Median => input.impute = Some(ImputeBy::Median),
        MissingChoice::Mean => input.impute = Some(ImputeBy::Mean),
    }
    let mut filled = 0;
    for column in missing.columns {
        let empty = |&row: &usize| input.values[(row, column.column)].is_nan();
        if input.training.iter().all(empty) {
            input.left_out.push(LeftOut {
                name: column.name,
                reason: "no value in the training rows".to_owned(),
            });
        } else {
            filled += column.missing;
        }
    }
    Ok(filled)
}

/// Leaves out columns that a repeated reading misses values of.
fn leave_out_unread(input: &mut SelectionInput) {
    for (j, name) in input.names.iter().enumerate() {
        let gap = |repeat: &&RepeatedReading| repeat.values.column(j).iter().any(|v| v.is_nan());
        let Some(repeat) = input.repeats.iter().find(gap) else {
            continue;
        };
        if input.left_out.iter().all(|column| column.name != *name) {
            input.left_out.push(LeftOut {
                name: name.clone(),
                reason: format!("missing values in the reading {}", repeat.name),
            });
        }
    }
}
