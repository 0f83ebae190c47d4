//! Fine-tuning of a network on outcomes, with features of training patients from networks that have not seen them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use ndarray::Array2;
use rayon::prelude::*;

use deep_features::trainer::{EarlyStopping, TrainingConfig, Unfreeze};
use deep_features::{
    Augmentation, CrossFit, CrossFitStage, CrossFitting, Device, FeatureExtractor, FineTuned,
    FrozenPrefix, HeadConfig, NetworkInput, OptimizerKind, Pooling, PrefixSettings, Preprocess,
    Samples, Trainer, TrainingState, Vgg,
};
use examples::atomic_file::write_atomically;
use examples::case_list::{Case, CaseList};
use examples::feature_rows::{FeatureRow, FeatureRows, Format, NamedValues, RegionRow};
use examples::network_options::NetworkOptions;
use examples::output_folder::{Existing, ExistingOptions, OutputFolder, refuse_inputs_inside};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::{OutlinedSlice, network_input};
use examples::run_record::{RunRecord, hash_files};
use examples::study::selection::choices::between;
use examples::table_file::{Cell, parse_outcome, write_csv};

const PROGRAM: &str = "fine_tune";
/// The state of a network in training is written about this often.
const SAVE_EVERY: Duration = Duration::from_secs(20);

/// Trains a head of 128 units, and if wanted the last blocks of a VGG, on the outcomes of outlined regions. Training patients get their
/// features from networks that have not seen them (cross-fitting), all others from the network trained on all training patients.
///
/// Writes checkpoint.safetensors (for extract_deep --head checkpoint:FILE), embeddings.csv, history.csv and run.json.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Examples:\n  cargo run --release --example fine_tune -- batch.csv --weights vgg19.pth --outcome malignant --patient patient --train-where split=training --out tuned\n  cargo run --release --example fine_tune -- batch.csv --weights vgg19.pth --outcome malignant --patient patient --unfreeze 5:5 --views 8 --out tuned"
)]
struct Arguments {
    /// A table with the columns Image and Mask, the outcome, the patient and any others; paths are relative to it.
    #[arg(value_name = "BATCH.csv")]
    input: PathBuf,
    #[command(flatten)]
    network: NetworkOptions,
    /// Column of the outcome: 0 or 1.
    #[arg(long, value_name = "COLUMN")]
    outcome: String,
    /// Column that tells patients apart; the rows of a patient are never divided.
    #[arg(long, value_name = "COLUMN")]
    patient: String,
    /// Rows to train on [default: all].
    #[arg(long, value_name = "COLUMN=VALUE")]
    train_where: Option<String>,
    /// From an epoch on (counted from 1) all blocks from this one on are trained as well, as 6:5 for block 5 from epoch 6 (repeatable).
    #[arg(long = "unfreeze", value_name = "EPOCH:BLOCK")]
    unfreeze: Vec<From>,
    /// Views of each training region: 1 as it is, more with augmentation (lateral flips, small turns, gain, speckle; never upside down).
    #[arg(long, default_value_t = 1, value_parser = between(1, 1000), value_name = "K")]
    views: usize,
    /// Passes over the training rows, at most.
    #[arg(long, default_value_t = 40, value_name = "N")]
    epochs: usize,
    /// Rows of a step.
    #[arg(long, default_value_t = 16, value_name = "N")]
    batch: usize,
    /// Units of the head: the number of features.
    #[arg(long, default_value_t = 128, value_name = "N")]
    units: usize,
    /// Pooling of the last block: avg or masked-avg.
    #[arg(long, default_value = "avg", value_name = "POOLING")]
    pool: Pooling,
    /// How parameters follow their gradients.
    #[arg(long, value_enum, default_value_t, value_name = "METHOD")]
    optimizer: Optimizer,
    /// Peak learning rate of the head.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE")]
    head_rate: f64,
    /// Peak learning rate of the trained blocks.
    #[arg(long, default_value_t = 1e-4, value_name = "RATE")]
    trunk_rate: f64,
    /// Epochs without a rise of the validation AUC before training stops.
    #[arg(long, default_value_t = 8, value_name = "N")]
    patience: usize,
    /// Folds of patients for the features of training rows.
    #[arg(long, default_value_t = 5, value_parser = between(2, 1000), value_name = "K")]
    folds: usize,
    /// Share of the patients of each training that stops it early.
    #[arg(long, default_value_t = 0.2, value_name = "SHARE")]
    validation_share: f64,
    /// Seed of every random draw.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
    /// Folder for the results.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Label of the region in the masks, where the table has no column Label [default: 1].
    #[arg(long, value_name = "N")]
    label: Option<u32>,
    /// Worker threads; by default one for each core.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    existing: ExistingOptions,
}

/// How parameters follow their gradients.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Optimizer {
    /// AdamW with weight decay 0.01.
    #[default]
    Adamw,
    /// Stochastic gradient descent with momentum 0.9.
    Sgd,
}

/// `EPOCH:BLOCK`, the epoch counted from 1.
#[derive(Debug, Clone, Copy)]
struct From {
    epoch: usize,
    block: usize,
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(epoch, block)| {
            let epoch: usize = epoch.parse().ok().filter(|epoch| *epoch > 0)?;
            let block = block.parse().ok().filter(|block| (1..=5).contains(block))?;
            Some(Self { epoch, block })
        });
        parts.ok_or_else(|| {
            format!("expected EPOCH:BLOCK with an epoch from 1 and a block 1 to 5, found {text}")
        })
    }
}

fn main() -> ExitCode {
    program::run(fine_tune)
}

fn fine_tune(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    let trainer = trainer(&arguments)?;
    let table = Table::read(&arguments)?;
    let vgg = arguments.network.load()?;
    let preprocess = arguments.network.preprocess(&vgg);
    refuse_inputs_inside(&arguments.out, &[&arguments.input])?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, arguments.existing.existing())?;
    let usable = table.check(&preprocess, arguments.label);
    let (training, others) = table.divided(&usable);
    let samples = table.samples(&training)?;
    let prefix = prefix(&table, &training, &vgg, &preprocess, &trainer, &arguments)?;
    let states = States {
        folder: folder.path(),
        resume: arguments.existing.existing() == Existing::Resume,
    };
    let fit = states.train(&trainer, &vgg, &prefix, &samples, &arguments)?;
    let mut features: Vec<Option<Vec<f64>>> = vec![None; table.list.cases.len()];
    let all: Vec<usize> = (0..training.len()).collect();
    let seen = fit.features(&vgg, &prefix, &samples, &all)?;
    for (&case, row) in training.iter().zip(seen.outer_iter()) {
        features[case] = Some(row.to_vec());
    }
    let new = embed(
        &table,
        &others,
        &vgg,
        &preprocess,
        fit.whole(),
        arguments.label,
    )?;
    for (&case, row) in others.iter().zip(new.outer_iter()) {
        features[case] = Some(row.to_vec());
    }
    let rows = table.rows(usable, features, &fit, &vgg);
    let failed = rows.n_failed();
    rows.write(Format::Csv, Some(&folder.path().join("embeddings.csv")))?;
    write_history(&folder.path().join("history.csv"), &fit)?;
    let checkpoint = fit.whole().to_safetensors()?;
    write_atomically(&folder.path().join("checkpoint.safetensors"), &checkpoint)?;
    record(&arguments, &table, &vgg, training.len(), failed)?.write(folder.path())?;
    states.remove(arguments.folds)?;
    folder.finish()?;
    summarize(&fit, &arguments.out)?;
    Ok(match failed {
        0 => Ending::Done,
        _ => Ending::SomeCasesFailed,
    })
}

fn trainer(arguments: &Arguments) -> anyhow::Result<Trainer> {
    let config = TrainingConfig {
        seed: arguments.seed,
        epochs: arguments.epochs,
        batch: arguments.batch,
        head: HeadConfig {
            units: arguments.units,
            pooling: arguments.pool,
            ..HeadConfig::default()
        },
        optimizer: match arguments.optimizer {
            Optimizer::Adamw => OptimizerKind::ADAMW,
            Optimizer::Sgd => OptimizerKind::SGD,
        },
        head_rate: arguments.head_rate,
        trunk_rate: arguments.trunk_rate,
        unfreeze: arguments
            .unfreeze
            .iter()
            .map(|from| Unfreeze {
                epoch: from.epoch - 1,
                from_block: from.block,
            })
            .collect(),
        early_stopping: Some(EarlyStopping {
            patience: arguments.patience,
            min_delta: 1e-3,
        }),
        ..TrainingConfig::default()
    };
    Ok(Trainer::new(config).map_err(|error| WrongUsage(error.to_string()))?)
}

/// The batch table with outcomes and patients.
struct Table {
    list: CaseList,
    patients: Vec<String>,
    events: Vec<bool>,
    trains: Vec<bool>,
}

impl Table {
    fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let list = CaseList::read(&arguments.input, None)?;
        let shown = arguments.input.display();
        let column = |option: &str, name: &str| {
            let found = list.copied.iter().position(|column| column == name);
            found.with_context(|| {
                format!(
                    "{shown}: {option}: expected a column \"{name}\", found {}",
                    list.copied.join(", ")
                )
            })
        };
        let outcome = column("--outcome", &arguments.outcome)?;
        let patient = column("--patient", &arguments.patient)?;
        let condition = match &arguments.train_where {
            None => None,
            Some(condition) => {
                let parts = condition.split_once('=').ok_or_else(|| {
                    WrongUsage(format!(
                        "--train-where: expected COLUMN=VALUE, found {condition}"
                    ))
                })?;
                Some((column("--train-where", parts.0)?, parts.1))
            }
        };
        let trains = |case: &Case| condition.is_none_or(|(at, value)| case.copied[at] == value);
        let mut events = Vec::new();
        for case in &list.cases {
            // The outcome of a new patient may be unknown; it is not used.
            let cell = &case.copied[outcome];
            let event = parse_outcome(cell);
            if event.is_none() && trains(case) {
                bail!(
                    "{}column \"{}\": expected 0 or 1, found \"{cell}\"",
                    case.place,
                    arguments.outcome
                );
            }
            events.push(event.unwrap_or(false));
        }
        let of = |case: &Case| case.copied[patient].clone();
        let table = Self {
            patients: list.cases.iter().map(of).collect(),
            trains: list.cases.iter().map(trains).collect(),
            events,
            list,
        };
        table.check_sides()?;
        Ok(table)
    }

    /// A patient trains with all rows or with none: the others would be features of a network that has seen this patient.
    fn check_sides(&self) -> anyhow::Result<()> {
        let sides = self.patients.iter().zip(&self.trains);
        let seen: BTreeSet<&String> = sides
            .filter(|(_, trains)| **trains)
            .map(|(patient, _)| patient)
            .collect();
        for (case, (patient, trains)) in (0..).zip(self.patients.iter().zip(&self.trains)) {
            if !trains && seen.contains(patient) {
                bail!(
                    "{}expected all rows of a patient to train or none, found {patient} on both sides of --train-where",
                    self.list.cases[case].place
                );
            }
        }
        Ok(())
    }

    /// Reads every case once: those that cannot be used are left out with their reason.
    fn check(&self, preprocess: &Preprocess, label: Option<u32>) -> Vec<Result<(), String>> {
        let bar = progress::bar(self.list.cases.len(), "checking images");
        let checked = self
            .list
            .cases
            .par_iter()
            .map(|case| {
                let input = input(preprocess, case, label);
                bar.inc(1);
                input.map(drop).map_err(|error| error.to_string())
            })
            .collect();
        bar.finish_and_clear();
        checked
    }

    /// The usable cases that train, and the others.
    fn divided(&self, usable: &[Result<(), String>]) -> (Vec<usize>, Vec<usize>) {
        (0..self.list.cases.len())
            .filter(|&case| usable[case].is_ok())
            .partition(|&case| self.trains[case])
    }

    fn samples(&self, training: &[usize]) -> anyhow::Result<Samples> {
        let patients = training.iter().map(|&case| self.patients[case].clone());
        let events = training.iter().map(|&case| self.events[case]);
        Ok(Samples::new(patients.collect(), events.collect())?)
    }

    fn rows(
        &self,
        usable: Vec<Result<(), String>>,
        features: Vec<Option<Vec<f64>>>,
        fit: &CrossFit,
        vgg: &Vgg,
    ) -> FeatureRows {
        let names: Arc<[String]> = fit.whole().head().names(vgg.config()).into();
        let mut rows = Vec::new();
        for (at, (checked, features)) in usable.into_iter().zip(features).enumerate() {
            let case = &self.list.cases[at];
            let fold = fit
                .folds()
                .of(&self.patients[at])
                .filter(|_| self.trains[at]);
            let fold = fold.map_or_else(|| "new".to_owned(), |fold| (fold + 1).to_string());
            if let Err(reason) = &checked {
                program::complain(&format!("{}{reason}", case.place));
            }
            rows.push(FeatureRow {
                copied: case.copied.clone(),
                found: RegionRow {
                    region: vec![("fold".to_owned(), fold)],
                    diagnostics: Vec::new(),
                    features: checked.map(|()| NamedValues {
                        names: Arc::clone(&names),
                        values: features.unwrap_or_default(),
                    }),
                },
            });
        }
        FeatureRows {
            copied: self.list.copied.clone(),
            rows,
        }
    }
}

fn input(preprocess: &Preprocess, case: &Case, label: Option<u32>) -> anyhow::Result<NetworkInput> {
    network_input(preprocess, &case.image, &case.mask, case.label.or(label))
}

/// What the frozen part of the network makes of the training rows.
fn prefix(
    table: &Table,
    training: &[usize],
    vgg: &Vgg,
    preprocess: &Preprocess,
    trainer: &Trainer,
    arguments: &Arguments,
) -> anyhow::Result<FrozenPrefix> {
    let settings = PrefixSettings {
        part: trainer.config().largest_part(),
        pooling: arguments.pool,
        views: arguments.views,
        ..PrefixSettings::new(preprocess.clone())
    };
    let augmentation = Augmentation::default();
    let bar = progress::bar(training.len() * arguments.views, "frozen layers");
    let source = |row: usize, view: usize| -> anyhow::Result<NetworkInput> {
        let case = &table.list.cases[training[row]];
        let slice = OutlinedSlice::read(&case.image, &case.mask, case.label.or(arguments.label))?;
        let drawn = augmentation.draw(arguments.seed, case.index as u64, view as u64);
        slice
            .view(preprocess, &drawn)
            .with_context(|| format!("{} with {}", case.image.display(), case.mask.display()))
    };
    let made = FrozenPrefix::compute(vgg, settings, training.len(), source, |done, _| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    Ok(made)
}

/// States of the networks in training, one file each.
struct States<'a> {
    folder: &'a Path,
    resume: bool,
}

impl States<'_> {
    fn path(&self, stage: CrossFitStage) -> PathBuf {
        self.folder.join(match stage {
            CrossFitStage::WithoutFold(fold) => format!("state_{}.safetensors", fold + 1),
            CrossFitStage::Whole => "state_all.safetensors".to_owned(),
        })
    }

    fn read(&self, stage: CrossFitStage, device: &Device) -> anyhow::Result<Option<TrainingState>> {
        let path = self.path(stage);
        if !self.resume || !path.exists() {
            return Ok(None);
        }
        let shown = || path.display().to_string();
        let bytes = std::fs::read(&path).with_context(shown)?;
        let state = TrainingState::from_safetensors(&bytes, device).with_context(shown)?;
        Ok(Some(state))
    }

    /// Trains all networks; the states of those in training are written every now and then.
    fn train(
        &self,
        trainer: &Trainer,
        vgg: &Vgg,
        prefix: &FrozenPrefix,
        samples: &Samples,
        arguments: &Arguments,
    ) -> anyhow::Result<CrossFit> {
        let cross_fitting = CrossFitting {
            folds: arguments.folds,
            validation_share: arguments.validation_share,
        };
        let rows: Vec<usize> = (0..samples.len()).collect();
        let bar = progress::bar((arguments.folds + 1) * arguments.epochs, "training");
        let mut saved = Instant::now();
        let failure = RefCell::new(None);
        let fit = CrossFit::resume(
            trainer,
            cross_fitting,
            vgg,
            prefix,
            samples,
            &rows,
            |stage| match failure.take() {
                Some(error) => Err(error),
                None => self.read(stage, vgg.device()),
            },
            |stage, state| {
                bar.set_position(position(stage, state, arguments) as u64);
                bar.set_message(message(stage, state));
                if saved.elapsed() >= SAVE_EVERY {
                    let written = state.to_safetensors().map_err(anyhow::Error::from);
                    let written =
                        written.and_then(|bytes| write_atomically(&self.path(stage), &bytes));
                    if let Err(error) = written {
                        failure.replace(Some(error));
                    }
                    saved = Instant::now();
                }
            },
        )?;
        bar.finish_and_clear();
        match failure.take() {
            Some(error) => Err(error),
            None => Ok(fit),
        }
    }

    fn remove(&self, folds: usize) -> anyhow::Result<()> {
        let stages = (0..folds).map(CrossFitStage::WithoutFold);
        for stage in stages.chain([CrossFitStage::Whole]) {
            let path = self.path(stage);
            if path.exists() {
                std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }
}

/// Epochs done, if every network before this one took all of its own.
fn position(stage: CrossFitStage, state: &TrainingState, arguments: &Arguments) -> usize {
    let before = match stage {
        CrossFitStage::WithoutFold(fold) => fold,
        CrossFitStage::Whole => arguments.folds,
    };
    before * arguments.epochs + state.epoch()
}

fn message(stage: CrossFitStage, state: &TrainingState) -> String {
    let network = match stage {
        CrossFitStage::WithoutFold(fold) => format!("fold {}", fold + 1),
        CrossFitStage::Whole => "all".to_owned(),
    };
    let last = state.history().last();
    let loss = last.map_or(f64::NAN, |epoch| epoch.train_loss);
    let auc = last.and_then(|epoch| epoch.validation_auc);
    format!("{network} {loss:.3} {:.3}", auc.unwrap_or(f64::NAN))
}

/// Features of cases that did not train.
fn embed(
    table: &Table,
    cases: &[usize],
    vgg: &Vgg,
    preprocess: &Preprocess,
    model: &FineTuned,
    label: Option<u32>,
) -> anyhow::Result<Array2<f64>> {
    let extractor = FeatureExtractor::fine_tuned(model, vgg)?;
    let bar = progress::bar(cases.len(), "new regions");
    let source = |row: usize| input(preprocess, &table.list.cases[cases[row]], label);
    let made = extractor.extract_with(cases.len(), 8, source, |done, _| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    Ok(made.values)
}

/// The networks of a cross-fit with their names.
fn networks(fit: &CrossFit) -> impl Iterator<Item = (String, &FineTuned)> {
    let of_folds = fit.models().iter().enumerate();
    of_folds
        .map(|(fold, model)| (format!("without fold {}", fold + 1), model))
        .chain([("all".to_owned(), fit.whole())])
}

fn write_history(path: &Path, fit: &CrossFit) -> anyhow::Result<()> {
    let header = [
        "network",
        "epoch",
        "kept",
        "learning_rate",
        "train_loss",
        "validation_loss",
        "validation_auc",
    ];
    let rows = networks(fit).flat_map(|(name, model)| {
        let record = model.record();
        record.history.iter().map(move |epoch| -> Vec<Cell> {
            vec![
                name.as_str().into(),
                (epoch.epoch + 1).into(),
                (epoch.epoch == record.epoch).into(),
                epoch.head_rate.into(),
                epoch.train_loss.into(),
                epoch.validation_loss.into(),
                epoch.validation_auc.into(),
            ]
        })
    });
    write_csv(path, &header, rows)
}

fn record(
    arguments: &Arguments,
    table: &Table,
    vgg: &Vgg,
    trained: usize,
    failed: usize,
) -> anyhow::Result<RunRecord> {
    let mut record = RunRecord::new(PROGRAM);
    record.seed(arguments.seed);
    for (name, value) in arguments.network.record(vgg) {
        record.option(name, value);
    }
    let unfreeze = arguments.unfreeze.iter();
    let unfreeze: Vec<String> = unfreeze
        .map(|from| format!("{}:{}", from.epoch, from.block))
        .collect();
    record
        .option("outcome", arguments.outcome.as_str())
        .option("patient", arguments.patient.as_str())
        .option("train_where", arguments.train_where.clone())
        .option("unfreeze", unfreeze)
        .option("views", arguments.views)
        .option("epochs", arguments.epochs)
        .option("batch", arguments.batch)
        .option("units", arguments.units)
        .option("pool", arguments.pool.to_string())
        .option(
            "optimizer",
            format!("{:?}", arguments.optimizer).to_lowercase(),
        )
        .option("head_rate", arguments.head_rate)
        .option("trunk_rate", arguments.trunk_rate)
        .option("patience", arguments.patience)
        .option("folds", arguments.folds)
        .option("validation_share", arguments.validation_share)
        .option("label", arguments.label)
        .inputs(hash_files(&table.list.files())?)
        .count("cases", table.list.cases.len())
        .count("training", trained)
        .count("failed", failed);
    Ok(record)
}

/// One line a network on standard output.
fn summarize(fit: &CrossFit, out: &Path) -> anyhow::Result<()> {
    let mut text = format!("{:<16} {:>6}  validation AUC\n", "network", "epoch");
    for (name, model) in networks(fit) {
        let record = model.record();
        let auc = record.history[record.epoch].validation_auc;
        let auc = auc.map_or_else(String::new, |auc| format!("{auc:.3}"));
        writeln!(text, "{name:<16} {:>6}  {auc}", record.epoch + 1)?;
    }
    let checkpoint = out.join("checkpoint.safetensors");
    writeln!(text, "checkpoint: {}", checkpoint.display())?;
    program::say(&text)
}
