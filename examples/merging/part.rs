//! One part with its run record.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use super::PartDescription;
use crate::case_list::Shard;
use crate::feature_rows::{Columns, Format};
use crate::run_record::{InputFile, RECORD_NAME, RunRecord, find_record, own_record};

/// The file of one shard and what its run record says.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The file.
    pub path: PathBuf,
    /// Which shard it is.
    pub shard: Shard,
    /// Layout of the file.
    pub format: Format,
    /// The record, without inputs and description.
    pub record: RunRecord,
    /// What the record tells of the part.
    pub description: PartDescription,
    /// The columns of the part.
    pub columns: Columns,
    /// The batch table as the shard read it.
    pub table: InputFile,
    /// Images and masks as the shard read them.
    pub inputs: Vec<InputFile>,
}

impl Part {
    /// Reads the record of a part; the part itself is not opened.
    ///
    /// # Errors
    /// No record, or one that is not the record of a shard.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let Some(record_path) = find_record(path) else {
            let own = own_record(path);
            bail!(
                "{shown}: expected its run record {} or {RECORD_NAME} beside it, found none",
                own.file_name().unwrap_or_default().display()
            );
        };
        let mut record = RunRecord::read(&record_path)?;
        let shown = record_path.display();
        let shard = match record.options().get("shard") {
            Some(Value::String(shard)) => shard
                .parse::<Shard>()
                .map_err(|problem| anyhow::anyhow!("{shown}: option \"shard\": {problem}"))?,
            _ => bail!("{shown}: expected the record of a shard, found that of a whole run"),
        };
        let description = record
            .take_part()
            .with_context(|| format!("{shown}: expected an entry \"part\", found none"))?;
        let format = record.options().get("format").and_then(Value::as_str);
        let format = format
            .and_then(|name| <Format as clap::ValueEnum>::from_str(name, false).ok())
            .with_context(|| format!("{shown}: expected csv, json or long as option \"format\""))?;
        let mut inputs = record.take_inputs();
        if inputs.first().is_none_or(|table| table.case.is_some()) {
            bail!("{shown}: expected the batch table as first input");
        }
        Ok(Self {
            path: path.to_owned(),
            shard,
            format,
            table: inputs.remove(0),
            columns: description.columns(),
            record,
            description,
            inputs,
        })
    }
}
