//! Deep features of outlined regions: one image and mask, or a batch table, through a VGG19 trunk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use ndarray::Array2;
use rayon::prelude::*;
use serde_json::Value;

use deep_features::{
    CamTarget, EigenCam, FeatureExtractor, FineTuned, GradCam, Heatmap, NetworkInput, Pca, Pooling,
    Preprocess, Tap, Vgg, VggConfig, View,
};
use examples::case_list::Case;
use examples::extraction::{Extraction, ExtractionOptions};
use examples::feature_rows::{NamedValues, RegionRow};
use examples::heatmap_file::write_heatmap;
use examples::input_file;
use examples::network_options::NetworkOptions;
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::OutlinedSlice;
use examples::run_record::hash_files;

const PROGRAM: &str = "extract_deep";

/// Extracts deep features of outlined regions: the region's box, resized, through a VGG, pooled at one or more layers. Cases that
/// fail keep their row with the reason in the column "error".
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Examples:\n  cargo run --release --example extract_deep -- batch.csv --weights vgg19.safetensors --tap relu5_4 --pool avg --head pca:128 --train-where split=training --out features/deep.csv\n  cargo run --release --example extract_deep -- batch.csv --weights vgg19.pth --head checkpoint:tuned/checkpoint.safetensors --grad-cam maps --out features/deep.csv"
)]
struct Arguments {
    #[command(flatten)]
    extraction: ExtractionOptions,
    #[command(flatten)]
    network: NetworkOptions,
    /// Layer to read, such as relu5_4, features.35 or pool5 (repeatable) [default: relu5_4].
    #[arg(long = "tap", value_name = "LAYER")]
    taps: Vec<Tap>,
    /// Pooling over the layer: avg, max or masked-avg (repeatable) [default: avg].
    #[arg(long = "pool", value_name = "POOLING")]
    poolings: Vec<Pooling>,
    /// What to make of the pooled layer: none; pca:K for its first K principal components, not with --shard; checkpoint:FILE for the units of a network that
    /// fine_tune has trained on these weights.
    #[arg(long, value_name = "HEAD", default_value = "none")]
    head: Head,
    /// Rows on which pca:K is fitted, by a column of the batch table [default: all rows].
    #[arg(long, value_name = "COLUMN=VALUE")]
    train_where: Option<String>,
    /// Folder for a picture of every region with a heat map: Grad-CAM of the event with a checkpoint, EigenCAM without.
    #[arg(long, value_name = "DIR")]
    grad_cam: Option<PathBuf>,
    /// Layer of the heat maps [default: the last one before the last pool].
    #[arg(long, value_name = "LAYER", requires = "grad_cam")]
    cam_tap: Option<Tap>,
    /// Images that go through the network together.
    #[arg(long, default_value_t = 8, value_name = "N")]
    batch: usize,
    /// Label of the region in the masks, where the batch table has no column Label [default: 1].
    #[arg(long, value_name = "N")]
    label: Option<u32>,
}

/// What becomes of the pooled features.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Head {
    None,
    Pca(usize),
    Checkpoint(PathBuf),
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let made = match text.split_once(':') {
            None if text == "none" => Some(Self::None),
            Some(("pca", k)) => k.parse().ok().filter(|k| *k > 0).map(Self::Pca),
            Some(("checkpoint", file)) if !file.is_empty() => Some(Self::Checkpoint(file.into())),
            _ => None,
        };
        made.ok_or_else(|| {
            format!("expected none, pca:K with K from 1, or checkpoint:FILE, found {text}")
        })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Pca(k) => write!(f, "pca:{k}"),
            Self::Checkpoint(file) => write!(f, "checkpoint:{}", file.display()),
        }
    }
}

fn main() -> ExitCode {
    program::run(extract)
}

fn extract(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.extraction.jobs)?;
    if arguments.batch == 0 {
        return Err(WrongUsage("--batch: expected 1 or more, found 0".to_owned()).into());
    }
    if let (Head::Pca(_), Some(shard)) = (&arguments.head, arguments.extraction.shard) {
        let problem = format!(
            "--head {}: expected no --shard, because components fitted on the rows of shard {shard} are not those of all rows; take --head none",
            arguments.head
        );
        return Err(WrongUsage(problem).into());
    }
    let work = Work::new(&arguments)?;
    let extraction = Extraction::begin(
        PROGRAM,
        arguments.extraction.clone(),
        work.settings(&arguments),
    )?;
    let mut results = work.embed_all(&extraction, &arguments)?;
    if let Head::Pca(k) = arguments.head {
        let training = training_rows(
            extraction.cases(),
            extraction.copied_columns(),
            arguments.train_where.as_deref(),
        )?;
        reduce(&mut results, &training, k, work.extractor.vgg().config())?;
    }
    let rows = results
        .into_iter()
        .map(|result| vec![RegionRow::only(result)]);
    extraction.finish(rows.collect(), &work.record(&arguments))
}

/// The network with what is asked of it.
struct Work {
    /// The network whose weights were loaded.
    base: Vgg,
    extractor: FeatureExtractor,
    preprocess: Preprocess,
    maps: Option<Maps>,
    /// SHA-256 of the file of the checkpoint: its units are no part of the network's weights.
    checkpoint_sha256: Option<String>,
}

/// Who draws the heat maps.
enum Maps {
    Gradient(Box<GradCam>),
    Eigen(Box<EigenCam>),
}

impl Maps {
    fn explain(&self, input: &NetworkInput) -> deep_features::Result<Heatmap> {
        match self {
            Self::Gradient(cam) => cam.explain(input, CamTarget::Event),
            Self::Eigen(cam) => cam.explain(input),
        }
    }
}

impl Work {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let config = arguments.network.config();
        let wrong_tap = |option: &str, tap: Tap| {
            config
                .resolve(tap)
                .map_err(|error| WrongUsage(format!("{option}: {error}")))
        };
        for &tap in &arguments.taps {
            wrong_tap("--tap", tap)?;
        }
        let cam_tap = match arguments.cam_tap {
            Some(tap) => wrong_tap("--cam-tap", tap)?,
            None => last_activation(&config),
        };
        let model = match &arguments.head {
            Head::Checkpoint(file) => Some((read_checkpoint(file)?, file)),
            _ => None,
        };
        let base = arguments.network.load()?;
        let draws = arguments.grad_cam.is_some();
        if let Some((model, file)) = model {
            if !arguments.taps.is_empty() || !arguments.poolings.is_empty() {
                return Err(WrongUsage(
                    "--tap, --pool: expected none with a checkpoint, which has its own".to_owned(),
                )
                .into());
            }
            let preprocess = arguments.network.preprocess_of(&model, file)?;
            let extractor = FeatureExtractor::fine_tuned(&model, &base)
                .with_context(|| file.display().to_string())?;
            let cam = |()| GradCam::of(&model, &base, cam_tap);
            let cam = draws.then_some(()).map(cam).transpose()?;
            return Ok(Self {
                extractor,
                preprocess,
                maps: cam.map(|cam| Maps::Gradient(Box::new(cam))),
                base,
                checkpoint_sha256: Some(hash_files(std::slice::from_ref(file))?.remove(0).sha256),
            });
        }
        let taps = or_default(&arguments.taps, last_activation(&config));
        let poolings = or_default(&arguments.poolings, Pooling::Average);
        let cam = |()| EigenCam::new(base.clone(), cam_tap);
        let cam = draws.then_some(()).map(cam).transpose()?;
        Ok(Self {
            extractor: FeatureExtractor::new(base.clone(), &taps, &poolings)
                .map_err(|error| WrongUsage(format!("--tap, --pool: {error}")))?,
            preprocess: arguments.network.preprocess(&base),
            maps: cam.map(|cam| Maps::Eigen(Box::new(cam))),
            base,
            checkpoint_sha256: None,
        })
    }

    /// Everything that the features of a case depend on beside its files.
    fn settings(&self, arguments: &Arguments) -> String {
        format!(
            "{PROGRAM} {} {} {:?} {:?} {:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.extractor.vgg().weights().sha256,
            self.checkpoint_sha256,
            self.extractor.names(),
            self.preprocess,
            arguments.label
        )
    }

    fn record(&self, arguments: &Arguments) -> Vec<(&'static str, Value)> {
        let texts = |items: Vec<String>| Value::from(items);
        let mut record = arguments.network.record(&self.base);
        record.extend([
            (
                "tap",
                texts(arguments.taps.iter().map(ToString::to_string).collect()),
            ),
            (
                "pool",
                texts(arguments.poolings.iter().map(ToString::to_string).collect()),
            ),
            ("head", arguments.head.to_string().into()),
            ("checkpoint_sha256", self.checkpoint_sha256.clone().into()),
            ("train_where", arguments.train_where.clone().into()),
            ("preprocess", format!("{:?}", self.preprocess).into()),
            ("label", arguments.label.into()),
            (
                "grad_cam",
                arguments
                    .grad_cam
                    .as_ref()
                    .map(|folder| folder.to_string_lossy().into_owned())
                    .into(),
            ),
        ]);
        record
    }
}

/// The last activation of the network, `relu5_4` in VGG19.
fn last_activation(config: &VggConfig) -> Tap {
    let position = config.variant.convolutions()[4];
    Tap::Relu { block: 5, position }
}

fn or_default<T: Clone>(given: &[T], default: T) -> Vec<T> {
    match given {
        [] => vec![default],
        given => given.to_vec(),
    }
}

fn read_checkpoint(file: &Path) -> anyhow::Result<FineTuned> {
    let shown = file.display();
    let bytes = input_file::read(file).with_context(|| format!("{shown}: cannot read"))?;
    FineTuned::from_safetensors(&bytes).with_context(|| shown.to_string())
}

impl Work {
    /// Embeds every case, a batch at a time; a batch's images are read in parallel.
    fn embed_all(
        &self,
        extraction: &Extraction,
        arguments: &Arguments,
    ) -> anyhow::Result<Vec<Result<NamedValues, String>>> {
        let names: Arc<[String]> = self.extractor.names().into();
        let bar = progress::bar(extraction.cases().len(), "deep features");
        let mut results = Vec::with_capacity(extraction.cases().len());
        for batch in extraction.cases().chunks(arguments.batch) {
            let prepared: Vec<Prepared> = batch
                .par_iter()
                .map(|case| self.prepare(extraction, case, arguments))
                .collect();
            let inputs: Vec<NetworkInput> = prepared
                .iter()
                .filter_map(Prepared::input)
                .cloned()
                .collect();
            let embedded = match inputs.is_empty() {
                true => Array2::zeros((0, names.len())),
                false => {
                    self.extractor
                        .extract(&inputs, arguments.batch, |_, _| {})?
                        .values
                }
            };
            let mut rows = embedded.outer_iter();
            for (prepared, case) in prepared.into_iter().zip(batch) {
                results.push(match prepared {
                    Prepared::Known(features) => Ok(features),
                    Prepared::Failed(reason) => Err(reason),
                    Prepared::New { key, slice, input } => {
                        let values = rows.next().expect("one row for each image").to_vec();
                        let features = NamedValues {
                            names: Arc::clone(&names),
                            values,
                        };
                        self.draw(case, &slice, &input, arguments)?;
                        let row = [RegionRow::only(Ok(features.clone()))];
                        extraction.note(key.as_deref(), &row)?;
                        Ok(features)
                    }
                });
            }
            bar.inc(batch.len() as u64);
        }
        bar.finish_and_clear();
        Ok(results)
    }

    fn prepare(&self, extraction: &Extraction, case: &Case, arguments: &Arguments) -> Prepared {
        let (key, known) = extraction.known_features(case);
        let drawn = picture(case, arguments).is_none_or(|path| path.exists());
        if let Some(features) = known.filter(|_| drawn) {
            return Prepared::Known(features);
        }
        let label = case.label.or(arguments.label);
        let prepared = OutlinedSlice::read(&case.image, &case.mask, label).and_then(|slice| {
            let input = slice
                .view(&self.preprocess, &View::IDENTITY)
                .map_err(|error| {
                    let (image, mask) = (case.image.display(), case.mask.display());
                    anyhow::anyhow!("{image} with {mask}: {error}")
                })?;
            Ok((slice, input))
        });
        match prepared {
            Ok((slice, input)) => Prepared::New {
                key,
                slice: Box::new(slice),
                input: Box::new(input),
            },
            Err(error) => Prepared::Failed(error.to_string()),
        }
    }

    /// Writes the heat map of a case, if one is wanted.
    fn draw(
        &self,
        case: &Case,
        slice: &OutlinedSlice,
        input: &NetworkInput,
        arguments: &Arguments,
    ) -> anyhow::Result<()> {
        if let (Some(maps), Some(path)) = (&self.maps, picture(case, arguments)) {
            let map = maps
                .explain(input)
                .with_context(|| case.image.display().to_string())?;
            write_heatmap(&path, slice, &map)?;
        }
        Ok(())
    }
}

/// Where the heat map of a case goes: `00001_<image>.png` for the first row.
fn picture(case: &Case, arguments: &Arguments) -> Option<PathBuf> {
    let folder = arguments.grad_cam.as_ref()?;
    let stem = case.image.file_stem().unwrap_or_default().to_string_lossy();
    Some(folder.join(format!("{:05}_{stem}.png", case.index + 1)))
}

/// A case on its way to the network.
enum Prepared {
    Known(NamedValues),
    New {
        key: Option<String>,
        slice: Box<OutlinedSlice>,
        input: Box<NetworkInput>,
    },
    Failed(String),
}

impl Prepared {
    fn input(&self) -> Option<&NetworkInput> {
        match self {
            Self::New { input, .. } => Some(input),
            Self::Known(_) | Self::Failed(_) => None,
        }
    }
}

/// Which cases the principal components are fitted on.
fn training_rows(
    cases: &[Case],
    columns: &[String],
    condition: Option<&str>,
) -> anyhow::Result<Vec<bool>> {
    let Some(condition) = condition else {
        return Ok(vec![true; cases.len()]);
    };
    let (name, value) = condition.split_once('=').ok_or_else(|| {
        WrongUsage(format!(
            "--train-where: expected COLUMN=VALUE, found {condition}"
        ))
    })?;
    let column = columns
        .iter()
        .position(|column| column == name)
        .with_context(|| {
            format!("--train-where: expected a column of the batch table, found \"{name}\"")
        })?;
    Ok(cases
        .iter()
        .map(|case| case.copied[column] == value)
        .collect())
}

/// Replaces the features of every case by `k` principal components fitted on the training cases.
fn reduce(
    results: &mut [Result<NamedValues, String>],
    training: &[bool],
    k: usize,
    config: &VggConfig,
) -> anyhow::Result<()> {
    let rows: Vec<(bool, &[f64])> = results
        .iter()
        .zip(training)
        .filter_map(|(result, &used)| {
            result
                .as_ref()
                .ok()
                .map(|features| (used, &features.values[..]))
        })
        .collect();
    let stack = |rows: &[&[f64]]| {
        let columns = rows.first().map_or(0, |row| row.len());
        Array2::from_shape_vec((rows.len(), columns), rows.concat()).expect("rows of one width")
    };
    let used: Vec<&[f64]> = rows
        .iter()
        .filter(|(used, _)| *used)
        .map(|(_, row)| *row)
        .collect();
    let all: Vec<&[f64]> = rows.iter().map(|(_, row)| *row).collect();
    let fit = Pca::new(k)
        .fit(stack(&used).view())
        .with_context(|| format!("--head pca:{k}"))?;
    let reduced = fit.transform(stack(&all).view())?;
    let names: Arc<[String]> = fit.names(config).into();
    let succeeded = results.iter_mut().filter_map(|result| result.as_mut().ok());
    for (features, row) in succeeded.zip(reduced.outer_iter()) {
        *features = NamedValues {
            names: Arc::clone(&names),
            values: row.to_vec(),
        };
    }
    Ok(())
}
