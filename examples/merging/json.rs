//! Parts in the layout json: a line for every row between a line `[` and a line `]`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::files::{PIECE, Pieces};
use super::{Part, Whole};

/// How the object of a row without fault ends.
const NO_ERROR: &str = "\"error\": null}";

/// Writes the rows of all parts in turn, with a null for every feature that only other parts have.
pub fn write(whole: &Whole, out: &mut impl Write) -> anyhow::Result<()> {
    let failed = "cannot write the merged rows";
    let names = &whole.columns.features;
    let mut lists: Vec<List> = whole
        .parts
        .iter()
        .map(List::open)
        .collect::<anyhow::Result<_>>()?;
    out.write_all(b"[").context(failed)?;
    let mut start = "\n  ";
    whole.in_turn(|part| {
        lists[part].next()?;
        let list = &lists[part];
        let row = list.row();
        let own = &whole.parts[part].columns.features;
        let widened = (own != names)
            .then(|| widened(row, own, names))
            .transpose()
            .with_context(|| list.place())?;
        let row = widened.as_deref().unwrap_or(row);
        out.write_all(start.as_bytes())
            .and_then(|()| out.write_all(row.as_bytes()))
            .context(failed)?;
        start = ",\n  ";
        Ok(())
    })?;
    lists.iter_mut().try_for_each(List::expect_end)?;
    out.write_all(b"\n]\n").context(failed)
}

/// What is wrong with the structure of a part, if anything is.
pub fn check(part: &Part) -> anyhow::Result<()> {
    let mut list = List::open(part)?;
    for _ in 0..part.description.n_rows() {
        list.next()?;
        let row = list.row();
        let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(row);
        let keys = parsed.with_context(|| list.place())?;
        let missing = |name: &&String| !keys.contains_key(name.as_str());
        let has_features = keys.get("error").is_some_and(serde_json::Value::is_null);
        if let Some(name) = part
            .columns
            .features
            .iter()
            .find(missing)
            .filter(|_| has_features)
        {
            bail!("{}: expected a value \"{name}\", found none", list.place());
        }
    }
    list.expect_end()
}

/// One part being read.
struct List<'a> {
    path: &'a Path,
    reader: BufReader<Pieces>,
    line: String,
    n_lines: usize,
    n_rows: usize,
}

impl<'a> List<'a> {
    fn open(part: &'a Part) -> anyhow::Result<Self> {
        let mut list = Self {
            path: &part.path,
            reader: BufReader::with_capacity(PIECE, Pieces::of(&part.path)),
            line: String::new(),
            n_lines: 0,
            n_rows: part.description.n_rows(),
        };
        list.read()?;
        list.expect("[")?;
        Ok(list)
    }

    fn next(&mut self) -> anyhow::Result<()> {
        self.read()?;
        let is_last = self.n_lines == self.n_rows + 1;
        let row = self.row();
        let is_whole = row.starts_with('{') && row.ends_with('}');
        if !is_whole || self.line.ends_with(",\n") == is_last {
            bail!(
                "{}: expected {} rows as its record says, each an object on a line of its own, found {}",
                self.place(),
                self.n_rows,
                match self.line.as_str() {
                    "" => "the end of the file",
                    "]\n" => "the end of the list",
                    _ => "something else",
                }
            );
        }
        Ok(())
    }

    fn row(&self) -> &str {
        let row = self.line.trim();
        row.strip_suffix(',').unwrap_or(row)
    }

    fn expect_end(&mut self) -> anyhow::Result<()> {
        self.read()?;
        self.expect("]")?;
        self.read()?;
        self.expect("")
    }

    fn expect(&self, line: &str) -> anyhow::Result<()> {
        if self.line.trim_end() != line {
            let what = if line.is_empty() {
                "the end of the file"
            } else {
                line
            };
            bail!(
                "{}: expected {what} on this line, found something else",
                self.place()
            );
        }
        Ok(())
    }

    fn read(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        self.n_lines += 1;
        let read = self.reader.read_line(&mut self.line);
        read.with_context(|| format!("{}: cannot read the part", self.place()))?;
        Ok(())
    }

    fn place(&self) -> String {
        format!("{}: row {}", self.path.display(), self.n_lines)
    }
}

/// A row with features of the part in the order of the whole; a row that failed has none and stays what it is.
fn widened(row: &str, part: &[String], whole: &[String]) -> anyhow::Result<String> {
    if !row.ends_with(NO_ERROR) {
        return Ok(row.to_owned());
    }
    // Neither names nor values of features have a comma, so the last fields can be split off from the right.
    let mut fields: Vec<&str> = row.rsplitn(part.len() + 2, ", ").collect();
    let start = match fields.pop() {
        Some(start) if fields.len() == part.len() + 1 => start,
        _ => bail!("expected {} features, found fewer", part.len()),
    };
    fields.reverse();
    let mut values = std::collections::HashMap::new();
    for (name, field) in part.iter().zip(fields) {
        let key = format!("{}: ", serde_json::Value::from(name.as_str()));
        match field.strip_prefix(&key) {
            Some(value) => values.insert(name.as_str(), value),
            None => bail!("expected {key}and a value, found {field}"),
        };
    }
    let mut text = start.to_owned();
    for name in whole {
        let value = values.get(name.as_str()).copied().unwrap_or("null");
        text += &format!(", {}: {value}", serde_json::Value::from(name.as_str()));
    }
    Ok(text + ", " + NO_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_other_parts_are_null() {
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().map(|n| n.to_string()).collect() };
        let (part, whole) = (names(&["a", "c"]), names(&["a", "b", "c"]));
        let row = r#"{"id": "x, \"c\": 1", "a": 0.5, "c": null, "error": null}"#;
        assert_eq!(
            widened(row, &part, &whole).unwrap(),
            r#"{"id": "x, \"c\": 1", "a": 0.5, "b": null, "c": null, "error": null}"#
        );
        let failed = r#"{"id": "x", "error": "no, file"}"#;
        assert_eq!(widened(failed, &part, &whole).unwrap(), failed);
        assert!(widened(row, &names(&["a", "b"]), &whole).is_err());
    }
}
