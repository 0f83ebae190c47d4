//! Predictors in a table: which columns, in which shape, and what to do with gaps.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use nomogram::{Frame, Knots, Levels, TermSpec};

use crate::program::WrongUsage;
use crate::table_file::{CsvTable, found, quoted_list};

/// The options that say what enters a model.
#[derive(Debug, Clone, Args)]
pub struct PredictorOptions {
    /// The predictors, separated by commas; a name with a comma stands in quotes, as in a CSV file.
    #[arg(long, value_name = "COLS", required = true)]
    pub predictors: Vec<String>,
    /// A predictor with levels, and its reference level: COL:ref=LEVEL, or COL for the first level in order. Columns of text are factors anyway.
    #[arg(long, value_name = "COL:ref=LEVEL")]
    pub factor: Vec<String>,
    /// A curved effect by a restricted cubic spline of 3 to 7 knots at Harrell's quantiles, or at the values given.
    #[arg(long, value_name = "COL:K|COL:K1,K2,K3")]
    pub spline: Vec<String>,
    /// A curved effect by a polynomial of degree 2 to 5.
    #[arg(long, value_name = "COL:DEGREE")]
    pub polynomial: Vec<String>,
    /// An interaction of predictors.
    #[arg(long, value_name = "A*B")]
    pub interaction: Vec<String>,
    /// What to do with rows in which the outcome or a predictor is empty.
    #[arg(long, value_enum, default_value_t)]
    pub missing: MissingRows,
}

/// What to do with rows that have gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum MissingRows {
    /// Stop and name the first one.
    #[default]
    Refuse,
    /// Leave them out and count them.
    Drop,
}

impl std::fmt::Display for MissingRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Drop => "drop",
        })
    }
}

/// The predictors of a table.
#[derive(Debug, Clone)]
pub struct PredictorTable {
    /// The columns.
    pub frame: Frame,
    /// Main effects in the order given, then interactions.
    pub terms: Vec<TermSpec>,
}

impl PredictorOptions {
    /// Names of the predictors.
    ///
    /// # Errors
    /// A name in quotes that do not close, or one that stands twice.
    pub fn names(&self) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for list in &self.predictors {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .trim(csv::Trim::All)
                .from_reader(list.as_bytes());
            for record in reader.records() {
                let record = record.with_context(|| format!("--predictors {list}"))?;
                names.extend(record.iter().map(str::to_owned));
            }
        }
        if names.iter().all(String::is_empty) {
            let message = "--predictors: expected the names of columns, found none".to_owned();
            return Err(WrongUsage(message).into());
        }
        if let Some(twice) = (0..names.len()).find(|&k| names[..k].contains(&names[k])) {
            let message = format!("--predictors: \"{}\" stands twice", names[twice]);
            return Err(WrongUsage(message).into());
        }
        Ok(names)
    }

    /// Removes the rows with gaps in `columns`, and returns how many there were.
    ///
    /// # Errors
    /// Under [`MissingRows::Refuse`] the first gap; a table that has gaps in all rows.
    pub fn drop_gaps(&self, table: &mut CsvTable, columns: &[usize]) -> anyhow::Result<usize> {
        let gap = |row: &Vec<String>| columns.iter().copied().find(|&c| is_gap(&row[c]));
        let gaps: Vec<Option<usize>> = table.rows.iter().map(gap).collect();
        let first = gaps.iter().enumerate().find_map(|(r, c)| Some((r, (*c)?)));
        let Some((row, column)) = first else {
            return Ok(0);
        };
        if self.missing == MissingRows::Refuse {
            bail!(
                "{}: expected a value, found {}; --missing drop leaves such rows out",
                table.place(row, column),
                found(&table.rows[row][column])
            );
        }
        let dropped = gaps.iter().flatten().count();
        if dropped == table.rows.len() {
            bail!(
                "{}: expected a row without gaps, found a gap in each of {dropped} rows",
                table.path.display()
            );
        }
        let mut complete = gaps.iter().map(Option::is_none);
        table.rows.retain(|_| complete.next().unwrap_or(true));
        let mut complete = gaps.iter().map(Option::is_none);
        table.lines.retain(|_| complete.next().unwrap_or(true));
        Ok(dropped)
    }

    /// Reads the predictors of a table without gaps.
    ///
    /// # Errors
    /// A predictor that is no column, a column that mixes text and numbers, an option about something that is no predictor.
    pub fn read(&self, table: &CsvTable) -> anyhow::Result<PredictorTable> {
        let names = self.names()?;
        let factors = split_all("--factor", &self.factor, &names)?;
        let mut frame = Frame::new();
        for name in &names {
            let column = table.column(name)?;
            let factor = factors.iter().any(|(named, _)| named == name);
            frame = with_predictor(frame, table, column, factor)?;
        }
        for (name, rule) in &factors {
            let Some(rule) = rule else { continue };
            let Some(level) = rule.strip_prefix("ref=") else {
                let message = format!("--factor {name}: expected COL:ref=LEVEL, found {rule}");
                return Err(WrongUsage(message).into());
            };
            frame = frame.with_reference(name, level).with_context(|| {
                format!("{}: --factor {name}:ref={level}", table.path.display())
            })?;
        }
        Ok(PredictorTable {
            terms: self.terms(&names)?,
            frame,
        })
    }

    fn terms(&self, names: &[String]) -> anyhow::Result<Vec<TermSpec>> {
        let splines = split_all("--spline", &self.spline, names)?;
        let polynomials = split_all("--polynomial", &self.polynomial, names)?;
        let mut terms: Vec<TermSpec> = Vec::with_capacity(names.len());
        for name in names {
            let of = |list: &[(String, Option<String>)]| {
                let found = list.iter().find(|(column, _)| column == name);
                found.map(|(_, rule)| rule.clone().unwrap_or_default())
            };
            terms.push(match (of(&splines), of(&polynomials)) {
                (Some(_), Some(_)) => {
                    let message = format!("\"{name}\" has both a --spline and a --polynomial");
                    return Err(WrongUsage(message).into());
                }
                (Some(knots), None) => TermSpec::Spline {
                    column: name.clone(),
                    knots: parse_knots(name, &knots)?,
                },
                (None, Some(degree)) => match degree.parse() {
                    Ok(degree) => TermSpec::polynomial(name, degree),
                    Err(_) => {
                        return Err(WrongUsage(format!(
                            "--polynomial {name}: expected COL:DEGREE, found {degree:?}"
                        ))
                        .into());
                    }
                },
                (None, None) => name.into(),
            });
        }
        for interaction in &self.interaction {
            let columns: Vec<&str> = interaction.split('*').map(str::trim).collect();
            for (k, column) in columns.iter().enumerate() {
                is_predictor("--interaction", interaction, column, names)?;
                if columns[..k].contains(column) {
                    let message = format!("--interaction {interaction}: \"{column}\" stands twice");
                    return Err(WrongUsage(message).into());
                }
            }
            if columns.len() < 2 {
                let message =
                    format!("--interaction {interaction}: expected A*B, found one predictor");
                return Err(WrongUsage(message).into());
            }
            terms.push(TermSpec::interaction(columns));
        }
        Ok(terms)
    }
}

/// Whether a cell holds no value.
fn is_gap(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "NaN" | "nan")
}

fn is_predictor(option: &str, text: &str, name: &str, names: &[String]) -> anyhow::Result<()> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(WrongUsage(format!(
        "{option} {text}: expected one of the predictors {}, found {name:?}",
        quoted_list(names)
    ))
    .into())
}

/// `COL` or `COL:RULE` for every entry; a name may hold colons itself.
pub(super) fn split_all(
    option: &str,
    entries: &[String],
    names: &[String],
) -> anyhow::Result<Vec<(String, Option<String>)>> {
    let mut split: Vec<(String, Option<String>)> = Vec::new();
    for entry in entries {
        let rule_of = |name: &String| match entry.strip_prefix(name.as_str())? {
            "" => Some(None),
            rest => rest.strip_prefix(':').map(|rule| Some(rule.to_owned())),
        };
        let candidates = names.iter().filter_map(|n| Some((n.clone(), rule_of(n)?)));
        let Some(longest) = candidates.max_by_key(|(name, _)| name.len()) else {
            let name = entry.split(':').next().unwrap_or(entry);
            is_predictor(option, entry, name, names)?;
            continue;
        };
        if split.iter().any(|(name, _)| *name == longest.0) {
            let message = format!("{option}: \"{}\" is given twice", longest.0);
            return Err(WrongUsage(message).into());
        }
        split.push(longest);
    }
    Ok(split)
}

fn parse_knots(name: &str, text: &str) -> anyhow::Result<Knots> {
    let wrong = || {
        WrongUsage(format!(
            "--spline {name}: expected COL:K with 3 to 7 knots, or COL:K1,K2,K3 with their values, found {text:?}"
        ))
    };
    if let Ok(count) = text.parse::<usize>() {
        return match count {
            3..=7 => Ok(Knots::Count(count)),
            _ => Err(wrong().into()),
        };
    }
    let values: Result<Vec<f64>, _> = text.split(',').map(|v| v.trim().parse()).collect();
    Ok(Knots::At(values.map_err(|_| wrong())?))
}

/// Adds a column: numbers if every cell is one, levels if none is; a mixture is a mistake unless the user calls it a factor.
fn with_predictor(
    frame: Frame,
    table: &CsvTable,
    column: usize,
    factor: bool,
) -> anyhow::Result<Frame> {
    let name = &table.header[column];
    let cells = || table.rows.iter().map(|cells| cells[column].as_str());
    let all_text = cells().all(|cell| cell.parse::<f64>().is_err());
    let path = table.path.display();
    if factor || all_text {
        return frame
            .with_categorical(name, cells(), Levels::Sorted)
            .with_context(|| path.to_string());
    }
    let values = table
        .numbers(column)
        .map_err(|error| anyhow::anyhow!("{error}; --factor {name} makes it a factor"))?;
    frame
        .with_numeric(name, values)
        .with_context(|| path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> PredictorOptions {
        PredictorOptions {
            predictors: vec!["age,\"size, cm\",a:b,a".to_owned()],
            factor: vec!["a:b:ref=x".to_owned(), "a".to_owned()],
            spline: vec!["size, cm:4".to_owned()],
            polynomial: vec!["age:2".to_owned()],
            interaction: vec!["age * a".to_owned()],
            missing: MissingRows::Refuse,
        }
    }

    #[test]
    fn names_may_hold_commas_and_colons() {
        let options = options();
        let names = options.names().unwrap();
        assert_eq!(names, ["age", "size, cm", "a:b", "a"]);
        let factors = split_all("--factor", &options.factor, &names).unwrap();
        assert_eq!(
            factors,
            [
                ("a:b".to_owned(), Some("ref=x".to_owned())),
                ("a".to_owned(), None)
            ]
        );
        let terms = options.terms(&names).unwrap();
        assert_eq!(terms[0], TermSpec::polynomial("age", 2));
        assert_eq!(terms[1], TermSpec::spline("size, cm", 4));
        assert_eq!(terms[4].name(), "age * a");
    }

    #[test]
    fn options_about_something_else_are_wrong_usage() {
        let names = options().names().unwrap();
        for change in [
            |o: &mut PredictorOptions| o.spline = vec!["height:4".to_owned()],
            |o: &mut PredictorOptions| o.spline = vec!["age:2".to_owned()],
            |o: &mut PredictorOptions| o.spline = vec!["age:4".to_owned()],
            |o: &mut PredictorOptions| o.polynomial = vec!["age:x".to_owned()],
            |o: &mut PredictorOptions| o.interaction = vec!["age*height".to_owned()],
            |o: &mut PredictorOptions| o.interaction = vec!["age*age".to_owned()],
            |o: &mut PredictorOptions| o.interaction = vec!["age".to_owned()],
        ] {
            let mut options = options();
            change(&mut options);
            let error = options.terms(&names).unwrap_err();
            assert!(error.is::<WrongUsage>(), "{error}");
        }
    }
}
