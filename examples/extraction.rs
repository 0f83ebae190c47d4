//! The frame of both extraction programs: the options they share, what they do with an existing output, and the steps around a case.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::bail;
use serde_json::Value;

use crate::case_list::{Case, CaseList, Shard};
use crate::feature_rows::{FeatureRow, FeatureRows, Format, NamedValues, RegionRow};
use crate::journal::{Journal, case_key};
use crate::merging::PartDescription;
use crate::output_folder::{Existing, ExistingOptions};
use crate::program::{Ending, WrongUsage, complain};
use crate::run_record::{InputFile, RunRecord, hash_files, own_record, record_beside};

/// Input and output of an extraction.
#[derive(Debug, Clone, clap::Args)]
pub struct ExtractionOptions {
    /// An image, or a batch table with the columns Image, Mask and optionally Label and Label_channel; its other columns are copied through, its paths are relative to it.
    #[arg(value_name = "IMAGE|BATCH.csv")]
    pub input: PathBuf,
    /// The mask of the image.
    #[arg(value_name = "MASK")]
    pub mask: Option<PathBuf>,
    /// File for the features; standard output without it. A run record is written beside it: run.json, or OUT.run.json where run.json belongs to another output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Layout of the features.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Worker threads; by default one for each core.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Only the rows whose index (from 0) leaves the remainder I when divided by N; merge_features joins the parts, each with its record OUT.run.json.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// What to do when the output exists.
    #[command(flatten)]
    pub existing: ExistingOptions,
}

/// An extraction about to run.
#[derive(Debug)]
pub struct Extraction {
    program: &'static str,
    options: ExtractionOptions,
    cases: CaseList,
    journal: Option<Journal>,
    settings: String,
    /// Lists of feature names that cases have had so far.
    names: Mutex<Vec<Arc<[String]>>>,
}

/// Refuses an output that is a folder, a device or one of the files that are read: renaming the results would put them in its place.
fn check_output(out: &Path, cases: &CaseList) -> anyhow::Result<()> {
    let shown = out.display();
    if out.is_dir() {
        bail!("{shown}: expected a file name for --out, found a folder");
    }
    if out.exists() && !out.is_file() {
        bail!("{shown}: expected a file name for --out, found a device or pipe");
    }
    let is_out = |file: &PathBuf| file.canonicalize().ok() == out.canonicalize().ok();
    if out.exists() && cases.files().iter().any(is_out) {
        let problem = format!("--out {shown}: expected another file than those that are read");
        return Err(WrongUsage(problem).into());
    }
    Ok(())
}

impl Extraction {
    /// Reads the list of cases and checks the output. `settings` identifies everything that a case's features depend on beside its
    /// files.
    ///
    /// # Errors
    /// A batch table with faults; an output that exists without `--overwrite` or `--resume`; `--resume` without `--out`; `--shard` of
    /// a single case.
    pub fn begin(
        program: &'static str,
        options: ExtractionOptions,
        settings: String,
    ) -> anyhow::Result<Self> {
        if let (Some(shard), Some(_)) = (options.shard, &options.mask) {
            let problem =
                format!("--shard {shard}: expected a batch table, found one image and mask");
            return Err(WrongUsage(problem).into());
        }
        let mut cases = CaseList::read(&options.input, options.mask.as_deref())?;
        if let Some(shard) = options.shard {
            cases.take_shard(shard);
        }
        let existing = options.existing.existing();
        let journal = match &options.out {
            None if existing == Existing::Resume => {
                return Err(WrongUsage(
                    "--resume: expected --out FILE to go on with, found none".to_owned(),
                )
                .into());
            }
            None => None,
            Some(out) => {
                check_output(out, &cases)?;
                if out.exists() && existing == Existing::Refuse {
                    bail!(
                        "{}: exists; give --overwrite, --resume or another --out",
                        out.display()
                    );
                }
                Some(Journal::open(out, existing == Existing::Resume)?)
            }
        };
        Ok(Self {
            program,
            options,
            cases,
            journal,
            settings,
            names: Mutex::default(),
        })
    }

    /// The cases to work on.
    pub fn cases(&self) -> &[Case] {
        &self.cases.cases
    }

    /// Names of the columns copied from the batch table, in the order of [`Case::copied`].
    pub fn copied_columns(&self) -> &[String] {
        &self.cases.copied
    }

    /// The key under which to note a case, and its regions if an earlier, interrupted run finished it.
    pub fn known(&self, case: &Case) -> (Option<String>, Option<Vec<RegionRow>>) {
        let Some(journal) = &self.journal else {
            return (None, None);
        };
        let key = case_key(case, &self.settings);
        let known = key.as_deref().and_then(|key| journal.known(key));
        let known = known.map(<[RegionRow]>::to_vec);
        (key, known)
    }

    /// As [`known`](Self::known), for programs that take one region of every case.
    pub fn known_features(&self, case: &Case) -> (Option<String>, Option<NamedValues>) {
        let (key, rows) = self.known(case);
        let features = rows.and_then(|mut rows| match rows.len() {
            1 => rows.remove(0).features.ok(),
            _ => None,
        });
        (key, features)
    }

    /// Makes the regions of a case share their list of feature names with earlier cases that have the same: the names take several
    /// times the memory of the values.
    pub fn share_names(&self, rows: &mut [RegionRow]) {
        let mut lists = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for features in rows.iter_mut().flat_map(|row| &mut row.features) {
            match lists.iter().find(|list| **list == features.names) {
                Some(list) => features.names = Arc::clone(list),
                None => lists.push(Arc::clone(&features.names)),
            }
        }
    }

    /// Notes a finished case for a later `--resume`.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn note(&self, key: Option<&str>, rows: &[RegionRow]) -> anyhow::Result<()> {
        match (&self.journal, key) {
            (Some(journal), Some(key)) => journal.note(key, rows),
            _ => Ok(()),
        }
    }

    /// Writes the rows and the run record, reports failed regions on stderr. `results` has the regions of every case.
    ///
    /// # Errors
    /// When a file cannot be written, or when the only case failed.
    ///
    /// # Panics
    /// When there are not as many results as cases.
    pub fn finish(
        self,
        results: Vec<Vec<RegionRow>>,
        options: &[(&str, Value)],
    ) -> anyhow::Result<Ending> {
        assert_eq!(results.len(), self.cases.cases.len(), "one result a case");
        if let (Some(_), [case]) = (&self.options.mask, &results[..])
            && let [
                RegionRow {
                    features: Err(reason),
                    ..
                },
            ] = &case[..]
        {
            self.discard();
            bail!("{reason}");
        }
        let (rows, cases) = self.rows(results);
        let out = self.options.out.as_deref();
        let record = out
            .map(|out| self.record(out, &rows, options))
            .transpose()?;
        rows.write(self.options.format, out)?;
        if let (Some(out), Some(mut record)) = (out, record) {
            match self.options.shard {
                None => record.write_as(&record_beside(out))?,
                Some(_) => {
                    record.part(self.describe(out, &rows, &cases)?);
                    record.write_as(&own_record(out))?;
                }
            }
        }
        if let Some(journal) = self.journal {
            journal.remove()?;
        }
        Ok(if rows.n_failed() == 0 {
            Ending::Done
        } else {
            Ending::SomeCasesFailed
        })
    }

    /// A row for every region, and the index of its case; those that failed are reported on stderr.
    fn rows(&self, results: Vec<Vec<RegionRow>>) -> (FeatureRows, Vec<usize>) {
        let mut rows = Vec::with_capacity(results.len());
        let mut cases = Vec::with_capacity(results.len());
        for (case, found) in self.cases.cases.iter().zip(results) {
            for mut found in found {
                if let Err(reason) = &found.features {
                    complain(&format!("{}{reason}", case.place));
                }
                let mut copied = case.copied.clone();
                // A table's own column Label, empty for this case, tells its regions apart.
                found.region.retain(|(name, cell)| {
                    let column = self.cases.copied.iter().position(|column| column == name);
                    if let Some(column) = column {
                        copied[column].clone_from(cell);
                    }
                    column.is_none()
                });
                rows.push(FeatureRow { copied, found });
                cases.push(case.index);
            }
        }
        let copied = self.cases.copied.clone();
        (FeatureRows { copied, rows }, cases)
    }

    /// What a merge needs to know of the written part; `cases` has the index of the case of every row.
    fn describe(
        &self,
        out: &Path,
        rows: &FeatureRows,
        cases: &[usize],
    ) -> anyhow::Result<PartDescription> {
        let written = hash_files(&[out.to_owned()])?.remove(0);
        let of_shard: Vec<usize> = self.cases.cases.iter().map(|case| case.index).collect();
        let format = self.options.format;
        Ok(PartDescription::new(
            &written, rows, cases, &of_shard, format,
        ))
    }

    fn record(
        &self,
        out: &Path,
        rows: &FeatureRows,
        options: &[(&str, Value)],
    ) -> anyhow::Result<RunRecord> {
        let mut record = RunRecord::new(self.program);
        record.output(out);
        for (name, value) in options {
            record.option(name, value.clone());
        }
        let format = format!("{:?}", self.options.format).to_lowercase();
        let shard = self.options.shard;
        record
            .option("format", format)
            .option("shard", shard.map(|shard| shard.to_string()))
            .inputs(self.inputs()?)
            .count("cases", self.cases.cases.len())
            .count("rows", rows.rows.len())
            .count("failed", rows.n_failed())
            .count("features", rows.feature_names().len());
        Ok(record)
    }

    /// The hashed input files; those of a shard say which case has them.
    fn inputs(&self) -> anyhow::Result<Vec<InputFile>> {
        let (cases, files): (Vec<_>, Vec<_>) = self.cases.files_of_cases().into_iter().unzip();
        let mut inputs = hash_files(&files)?;
        if self.options.shard.is_some() {
            for (input, case) in inputs.iter_mut().zip(cases) {
                input.case = case;
            }
        }
        Ok(inputs)
    }

    /// Leaves nothing behind of a run that has no result.
    fn discard(self) {
        if let Some(journal) = self.journal {
            // The reason for giving up is the one to report.
            let _ = journal.remove();
        }
    }
}
