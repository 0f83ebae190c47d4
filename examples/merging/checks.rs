//! Whether parts belong together, are all there, and are what their records say.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use super::{NewColumns, Part, PartDescription, Whole, json, table};
use crate::faults::Faults;
use crate::feature_rows::{Columns, Format};
use crate::run_record::{InputFile, hash_files};

/// Checks parts against each other, against their records and against the batch table.
///
/// # Errors
/// All [`Faults`]: a part without record, of another program, version, option or table, a shard that is missing or there twice,
/// counts or hashes that disagree, a damaged file.
pub fn check(table: &Path, paths: &[PathBuf]) -> anyhow::Result<Whole> {
    let mut faults = Faults::new();
    let mut parts = Vec::with_capacity(paths.len());
    let read: Vec<_> = paths.par_iter().map(|path| Part::read(path)).collect();
    for part in read {
        match part {
            Ok(part) => parts.push(part),
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    same_run(&parts, &mut faults);
    every_shard_once(&parts, paths.len() - parts.len(), &mut faults);
    let table = match read_table(table) {
        Ok(table) => table,
        Err(error) => {
            faults.push(format!("{error:#}"));
            return Err(faults.into());
        }
    };
    same_table(&parts, &table, &mut faults);
    let damaged = parts.par_iter().filter_map(|part| whole_file(part).err());
    faults.extend(damaged.collect::<Vec<String>>());
    let inputs = joined_inputs(&mut parts, &table, &mut faults);
    faults.into_result()?;

    parts.sort_by_key(|part| part.shard.index);
    let counted = |name| {
        parts
            .iter()
            .filter_map(|part| part.record.counted(name))
            .sum()
    };
    Ok(Whole {
        n_cases: table.n_cases,
        format: parts.first().map_or(Format::default(), |part| part.format),
        columns: joined_columns(&parts),
        rows: counted("rows"),
        failed: counted("failed"),
        inputs,
        parts,
    })
}

/// The batch table as it is now.
struct Table {
    file: InputFile,
    n_cases: usize,
}

fn read_table(path: &Path) -> anyhow::Result<Table> {
    let file = hash_files(&[path.to_owned()])?.remove(0);
    let mut n_cases = 0;
    for row in csv::Reader::from_path(path)?.byte_records() {
        let told = |error| anyhow::anyhow!("{}: cannot read the table: {error}", path.display());
        row.map_err(told)?;
        n_cases += 1;
    }
    Ok(Table { file, n_cases })
}

fn same_run(parts: &[Part], faults: &mut Faults) {
    let Some((first, others)) = parts.split_first() else {
        return;
    };
    let model = first.path.display();
    for part in others {
        let shown = part.path.display();
        let (program, version) = first.record.made_by();
        let found = part.record.made_by();
        if found != (program, version) {
            faults.push(format!(
                "{shown}: expected {program} {version} as in {model}, found {} {}",
                found.0, found.1
            ));
            continue;
        }
        let (expected, found) = (first.record.options(), part.record.options());
        let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        for name in names.into_iter().filter(|name| *name != "shard") {
            let (expected, found) = (expected.get(name), found.get(name));
            if expected != found {
                faults.push(format!(
                    "{shown}: option \"{name}\": expected {} as in {model}, found {}",
                    brief(expected),
                    brief(found)
                ));
            }
        }
    }
}

/// An option in an error message.
fn brief(value: Option<&Value>) -> String {
    const SHOWN: usize = 80;
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// `n_unknown` parts may be any shard.
fn every_shard_once(parts: &[Part], n_unknown: usize, faults: &mut Faults) {
    let Some(first) = parts.first() else {
        return;
    };
    let count = first.shard.count;
    let mut by_index: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for part in parts {
        let shown = part.path.display();
        if part.shard.count == count {
            let found = by_index.entry(part.shard.index).or_default();
            found.push(shown.to_string());
        } else {
            faults.push(format!(
                "{shown}: expected one of {count} shards as {}, found shard {}",
                first.path.display(),
                part.shard
            ));
        }
    }
    if count - by_index.len() > n_unknown {
        faults.extend(gaps(by_index.keys().copied(), count));
    }
    for (index, found) in by_index.iter().filter(|(_, found)| found.len() > 1) {
        faults.push(format!(
            "shard {index}/{count}: expected one part, found {}: {}",
            found.len(),
            found.join(", ")
        ));
    }
}

/// The shards that are missing among `found`, which are in order: neighbors on one line, for there can be thousands.
fn gaps(found: impl Iterator<Item = usize>, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut next = 0;
    for index in found.chain(std::iter::once(count)) {
        match index - next {
            0 => {}
            1 => lines.push(format!(
                "shard {next}/{count}: expected one part, found none"
            )),
            _ => lines.push(format!(
                "shards {next}/{count} to {}/{count}: expected one part each, found none",
                index - 1
            )),
        }
        next = index + 1;
    }
    lines
}

fn same_table(parts: &[Part], table: &Table, faults: &mut Faults) {
    for part in parts {
        let shown = part.path.display();
        if part.table.sha256 != table.file.sha256 {
            faults.push(format!(
                "{shown}: expected a part of {} as it is now, sha256 {}, found one of {}, sha256 {}",
                table.file.path.display(),
                start_of(&table.file.sha256),
                part.table.path.display(),
                start_of(&part.table.sha256)
            ));
            continue;
        }
        let expected = part.shard.cases_of(table.n_cases);
        for found in [
            Some(part.description.n_cases()),
            part.record.counted("cases"),
        ] {
            if found != Some(expected) {
                faults.push(format!(
                    "{shown}: expected {expected} cases of shard {}, found {} in its record",
                    part.shard,
                    found.map_or_else(|| "none".to_owned(), |found| found.to_string())
                ));
                break;
            }
        }
        let (rows, told) = (part.description.n_rows(), part.record.counted("rows"));
        if part.format != Format::Long && told != Some(rows) {
            faults.push(format!(
                "{shown}: expected {rows} rows as its cases have, found count \"rows\" {told:?} in its record"
            ));
        }
    }
}

/// The first digits of a hash, enough to tell two apart.
fn start_of(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

/// Whether a part is the file that its record describes; where it is not, in which row it first differs if that can be told.
fn whole_file(part: &Part) -> Result<(), String> {
    let told = |error: anyhow::Error| format!("{error:#}");
    let found = hash_files(std::slice::from_ref(&part.path)).map_err(told)?;
    let PartDescription { bytes, sha256, .. } = &part.description;
    if found[0].sha256 == *sha256 {
        return Ok(());
    }
    let structure = match part.format {
        Format::Csv | Format::Long => table::check(part),
        Format::Json => json::check(part),
    };
    structure.map_err(told)?;
    Err(format!(
        "{}: expected the file of its record, {bytes} bytes, sha256 {}, found {} bytes, sha256 {}: a cell was changed",
        part.path.display(),
        start_of(sha256),
        found[0].bytes,
        start_of(&found[0].sha256)
    ))
}

/// The input files of a single run: the table, then each file once, where the first case has it.
fn joined_inputs(parts: &mut [Part], table: &Table, faults: &mut Faults) -> Vec<InputFile> {
    let mut all: Vec<(usize, InputFile)> = Vec::new();
    for (k, part) in parts.iter_mut().enumerate() {
        for mut input in std::mem::take(&mut part.inputs) {
            input.path = rebased(&input.path, &part.table.path, &table.file.path);
            all.push((k, input));
        }
    }
    // Files of the same case come from one part, in its order.
    all.sort_by_key(|(_, input)| input.case);
    let mut first: HashMap<&Path, usize> = HashMap::new();
    let mut kept = vec![false; all.len()];
    for (at, (part, input)) in all.iter().enumerate() {
        let known = *first.entry(&input.path).or_insert(at);
        kept[at] = known == at;
        let (other, earlier) = &all[known];
        if earlier.sha256 != input.sha256 {
            faults.push(format!(
                "{}: expected one file for all parts, found sha256 {} in {} and {} in {}",
                input.path.display(),
                start_of(&earlier.sha256),
                parts[*other].path.display(),
                start_of(&input.sha256),
                parts[*part].path.display()
            ));
        }
    }
    let inputs = all.into_iter().zip(kept).filter(|(_, kept)| *kept);
    let inputs = inputs.map(|((_, input), _)| InputFile {
        case: None,
        ..input
    });
    std::iter::once(table.file.clone()).chain(inputs).collect()
}

/// Where a file is for a reader of the table at `to` that a reader of the table at `from` found at `path`: the same shared folder
/// may have another name on another machine.
fn rebased(path: &Path, from: &Path, to: &Path) -> PathBuf {
    if from.as_os_str() == to.as_os_str() {
        return path.to_owned();
    }
    let (from, to) = (from.parent(), to.parent());
    match (path.strip_prefix(from.unwrap_or(Path::new(""))), to) {
        (Ok(rest), Some(to)) => to.join(rest),
        _ => path.to_owned(),
    }
}

/// The columns of a single run: each where the first case has it.
fn joined_columns(parts: &[Part]) -> Columns {
    let joined = |of: fn(&PartDescription) -> &[NewColumns]| -> Vec<String> {
        let mut new: Vec<&NewColumns> = parts
            .iter()
            .flat_map(|part| of(&part.description))
            .collect();
        new.sort_by_key(|new| new.case);
        let mut seen = HashSet::new();
        let names = new.into_iter().flat_map(|new| &new.names);
        names.filter(|name| seen.insert(*name)).cloned().collect()
    };
    Columns {
        copied: parts
            .first()
            .map_or_else(Vec::new, |part| part.columns.copied.clone()),
        region: joined(|part| &part.region),
        diagnostics: joined(|part| &part.diagnostics),
        features: joined(|part| &part.features),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_shards_are_told_by_ranges() {
        let missing = gaps([1, 2, 4].into_iter(), 9);
        assert_eq!(
            missing,
            [
                "shard 0/9: expected one part, found none",
                "shard 3/9: expected one part, found none",
                "shards 5/9 to 8/9: expected one part each, found none"
            ]
        );
        assert!(gaps(0..9, 9).is_empty());
    }

    #[test]
    fn a_shared_folder_may_have_another_name() {
        let rebased = |path: &str, from: &str, to: &str| {
            let path = rebased(Path::new(path), Path::new(from), Path::new(to));
            path.to_string_lossy().into_owned()
        };
        assert_eq!(rebased("a.png", "b.csv", "b.csv"), "a.png");
        assert_eq!(rebased("/data/i/a.png", "/data/b.csv", "b.csv"), "i/a.png");
        assert_eq!(rebased("i/a.png", "b.csv", "/data/b.csv"), "/data/i/a.png");
        assert_eq!(
            rebased("/scans/a.png", "/data/b.csv", "b.csv"),
            "/scans/a.png"
        );
        assert_eq!(rebased("/scans/a.png", "b.csv", "x/b.csv"), "/scans/a.png");
    }
}
