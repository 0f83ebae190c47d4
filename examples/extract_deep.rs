//! Deep features of outlined regions: one image and mask, or a batch table, through a VGG19 trunk.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use ndarray::Array2;
use rayon::prelude::*;

use deep_features::preprocess::{Crop, Margin};
use deep_features::{
    Device, FeatureExtractor, NetworkInput, Pca, Pooling, Preprocess, Tap, Vgg, VggConfig,
    VggVariant, WeightsSource, Width,
};
use examples::case_list::Case;
use examples::extraction::{Extraction, ExtractionOptions};
use examples::feature_rows::{NamedValues, RegionRow};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::network_input;

const PROGRAM: &str = "extract_deep";

/// Extracts deep features of outlined regions: the region's box, resized, through VGG19, pooled at one or more layers. Cases that
/// fail keep their row with the reason in the column "error".
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example extract_deep -- batch.csv --weights vgg19.safetensors --tap relu5_4 --pool avg --head none --out features/deep.csv"
)]
struct Arguments {
    #[command(flatten)]
    extraction: ExtractionOptions,
    /// Weights of VGG19 in a .safetensors or .pth file.
    #[arg(long, value_name = "FILE", required_unless_present = "seeded_weights", conflicts_with_all = ["seeded_weights", "width"])]
    weights: Option<PathBuf>,
    /// Random weights from this seed instead of a file, for trying out.
    #[arg(long, value_name = "SEED")]
    seeded_weights: Option<u64>,
    /// Share of the channels with --seeded-weights: 1, 1/2, ... 1/64 [default: 1].
    #[arg(long, value_name = "1/N")]
    width: Option<Width>,
    /// Layer to read, such as relu5_4, features.35 or pool5 (repeatable).
    #[arg(long = "tap", value_name = "LAYER", default_value = "relu5_4")]
    taps: Vec<Tap>,
    /// Pooling over the layer: avg, max or masked-avg (repeatable).
    #[arg(long = "pool", value_name = "POOLING", default_value = "avg")]
    poolings: Vec<Pooling>,
    /// What to make of the pooled layer: none, or pca:K for its first K principal components.
    #[arg(long, value_name = "HEAD", default_value = "none")]
    head: Head,
    /// Rows on which pca:K is fitted, by a column of the batch table [default: all rows].
    #[arg(long, value_name = "COLUMN=VALUE")]
    train_where: Option<String>,
    /// Side of the network's input in pixels.
    #[arg(long, default_value_t = 224, value_name = "PIXELS")]
    size: usize,
    /// Margin around the region's box as a share of its sides.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    margin: f64,
    /// Images that go through the network together.
    #[arg(long, default_value_t = 8, value_name = "N")]
    batch: usize,
    /// Label of the region in the masks, where the batch table has no column Label [default: 1].
    #[arg(long, value_name = "N")]
    label: Option<u32>,
}

/// What becomes of the pooled features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    None,
    Pca(usize),
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("pca:").and_then(|k| k.parse().ok())) {
            ("none", _) => Ok(Self::None),
            (_, Some(k)) if k > 0 => Ok(Self::Pca(k)),
            _ => Err(format!(
                "expected none or pca:K with K from 1, found {text}"
            )),
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
    let (extractor, config) = network(&arguments)?;
    let info = extractor.vgg().weights().clone();
    let preprocess = Preprocess::new(info.normalization)
        .size([arguments.size, arguments.size])
        .crop(Crop::BoundingBox(Margin::Fraction(arguments.margin)));
    let settings = format!(
        "{PROGRAM} {} {} {:?} {:?} {preprocess:?} {:?}",
        env!("CARGO_PKG_VERSION"),
        info.sha256,
        arguments.taps,
        arguments.poolings,
        arguments.label
    );
    let extraction = Extraction::begin(PROGRAM, arguments.extraction.clone(), settings)?;
    let mut results = embed_all(&extraction, &extractor, &preprocess, &arguments)?;
    if let Head::Pca(k) = arguments.head {
        let training = training_rows(
            extraction.cases(),
            extraction.copied_columns(),
            arguments.train_where.as_deref(),
        )?;
        reduce(&mut results, &training, k, &config)?;
    }
    let texts = |items: Vec<String>| serde_json::Value::from(items);
    extraction.finish(
        results
            .into_iter()
            .map(|result| vec![RegionRow::only(result)])
            .collect(),
        &[
            (
                "weights",
                arguments
                    .weights
                    .map(|path| path.to_string_lossy().into_owned())
                    .into(),
            ),
            ("weights_sha256", info.sha256.into()),
            ("seeded_weights", arguments.seeded_weights.into()),
            ("network", config.to_string().into()),
            (
                "tap",
                texts(arguments.taps.iter().map(ToString::to_string).collect()),
            ),
            (
                "pool",
                texts(arguments.poolings.iter().map(ToString::to_string).collect()),
            ),
            (
                "head",
                format!("{:?}", arguments.head).to_lowercase().into(),
            ),
            ("train_where", arguments.train_where.into()),
            ("size", arguments.size.into()),
            ("margin", arguments.margin.into()),
            ("label", arguments.label.into()),
        ],
    )
}

/// The network with its taps and poolings.
fn network(arguments: &Arguments) -> anyhow::Result<(FeatureExtractor, VggConfig)> {
    let (source, width) = match (&arguments.weights, arguments.seeded_weights) {
        (Some(path), _) => (WeightsSource::File(path.clone()), Width::FULL),
        (None, seed) => (
            WeightsSource::Seeded {
                seed: seed.unwrap_or_default(),
            },
            arguments.width.unwrap_or(Width::FULL),
        ),
    };
    let config = VggConfig {
        width,
        ..VggConfig::new(VggVariant::Vgg19)
    };
    for &tap in &arguments.taps {
        config
            .resolve(tap)
            .map_err(|error| WrongUsage(format!("--tap: {error}")))?;
    }
    let vgg = Vgg::load(&config, &source, &Device::Cpu)?;
    Ok((
        FeatureExtractor::new(vgg, &arguments.taps, &arguments.poolings)?,
        config,
    ))
}

/// Embeds every case, a batch at a time; a batch's images are read in parallel.
fn embed_all(
    extraction: &Extraction,
    extractor: &FeatureExtractor,
    preprocess: &Preprocess,
    arguments: &Arguments,
) -> anyhow::Result<Vec<Result<NamedValues, String>>> {
    let names: Arc<[String]> = extractor.names().into();
    let bar = progress::bar(extraction.cases().len(), "deep features");
    let mut results = Vec::with_capacity(extraction.cases().len());
    for batch in extraction.cases().chunks(arguments.batch) {
        let prepared: Vec<Prepared> = batch
            .par_iter()
            .map(|case| prepare(extraction, preprocess, case, arguments.label))
            .collect();
        let inputs: Vec<NetworkInput> = prepared
            .iter()
            .filter_map(Prepared::input)
            .cloned()
            .collect();
        let embedded = match inputs.is_empty() {
            true => Array2::zeros((0, names.len())),
            false => {
                extractor
                    .extract(&inputs, arguments.batch, |_, _| {})?
                    .values
            }
        };
        let mut rows = embedded.outer_iter();
        for case in prepared {
            results.push(match case {
                Prepared::Known(features) => Ok(features),
                Prepared::Failed(reason) => Err(reason),
                Prepared::New { key, .. } => {
                    let values = rows.next().expect("one row for each image").to_vec();
                    let features = NamedValues {
                        names: Arc::clone(&names),
                        values,
                    };
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

/// A case on its way to the network.
enum Prepared {
    Known(NamedValues),
    New {
        key: Option<String>,
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

fn prepare(
    extraction: &Extraction,
    preprocess: &Preprocess,
    case: &Case,
    label: Option<u32>,
) -> Prepared {
    let (key, known) = extraction.known_features(case);
    if let Some(features) = known {
        return Prepared::Known(features);
    }
    match network_input(preprocess, &case.image, &case.mask, case.label.or(label)) {
        Ok(input) => Prepared::New {
            key,
            input: Box::new(input),
        },
        Err(error) => Prepared::Failed(error.to_string()),
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
