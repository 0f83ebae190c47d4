//! Handcrafted features of outlined regions: one image and mask, or a batch table.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use rayon::prelude::*;
use serde_json::Value;

use examples::extraction::{Extraction, ExtractionOptions};
use examples::parameter_overrides::{Overrides, resolve};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::{NOISE_BANDS, handcrafted, noise_bands};
use radiomics_features::{Extractor, NoiseBands};

const PROGRAM: &str = "extract_radiomics";

/// Extracts handcrafted radiomics features of outlined regions, named and valued as PyRadiomics does. Cases that fail keep their
/// row with the reason in the column "error".
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example extract_radiomics -- batch.csv --image-type Original --image-type Wavelet --setting binWidth:25 --out features/radiomics.csv"
)]
struct Arguments {
    #[command(flatten)]
    extraction: ExtractionOptions,
    /// A PyRadiomics parameter file, YAML or JSON; without it PyRadiomics' defaults hold.
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Replaces one setting, such as binWidth:10 (repeatable).
    #[arg(long = "setting", value_name = "KEY:VALUE")]
    settings: Vec<String>,
    /// Image types instead of those of the parameter file [default: Original] (repeatable).
    #[arg(long = "image-type", value_name = "NAME")]
    image_types: Vec<String>,
    /// Feature classes instead of those of the parameter file [default: all but shape2D] (repeatable).
    #[arg(long = "class", value_name = "NAME")]
    classes: Vec<String>,
    /// Whose conventions to follow.
    #[arg(long, value_name = "PROFILE", default_value = "pyradiomics", value_parser = ["pyradiomics"])]
    profile: String,
    /// Label of the region in the masks, where the batch table has no column Label [default: 1].
    #[arg(long, value_name = "N")]
    label: Option<u32>,
    /// Leave out the wavelet sub-bands that are only rounding noise on single-slice images.
    #[arg(long)]
    drop_noise_bands: bool,
}

fn main() -> ExitCode {
    program::run(extract)
}

fn extract(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.extraction.jobs)?;
    let overrides = Overrides {
        settings: arguments.settings.clone(),
        image_types: arguments.image_types.clone(),
        classes: arguments.classes.clone(),
    };
    let mut params = resolve(arguments.params.as_deref(), &overrides)?;
    if let Some(label) = arguments.label {
        params.roi.label = label;
    }
    if arguments.drop_noise_bands {
        params.noise_bands = NoiseBands::Drop;
    }
    let extractor =
        Extractor::new(params.clone()).map_err(|error| WrongUsage(error.to_string()))?;
    let settings = format!("{PROGRAM} {} {params:?}", env!("CARGO_PKG_VERSION"));
    let extraction = Extraction::begin(PROGRAM, arguments.extraction, settings)?;

    let bar = progress::bar(extraction.cases().len(), "features");
    let results = extraction
        .cases()
        .par_iter()
        .map(|case| {
            let (key, known) = extraction.known(case);
            let result = match known {
                Some(features) => noise_bands(&features.names, &case.image)
                    .map(|bands| (features, bands))
                    .map_err(|error| error.to_string()),
                None => handcrafted(&extractor, &case.image, &case.mask, case.label)
                    .map_err(|error| error.to_string()),
            };
            if let Ok((features, _)) = &result {
                extraction.note(key.as_deref(), features)?;
            }
            bar.inc(1);
            Ok(result)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();

    let noise = results
        .iter()
        .flatten()
        .find_map(|(_, bands)| (!bands.is_empty()).then_some(bands));
    if let (Some(bands), false) = (noise, arguments.drop_noise_bands) {
        let names: Vec<String> = bands.iter().map(ToString::to_string).collect();
        eprintln!(
            "warning: {} {NOISE_BANDS}; --drop-noise-bands leaves them out",
            names.join(", ")
        );
    }
    let results = results
        .into_iter()
        .map(|result| result.map(|(features, _)| features))
        .collect();
    let text = |value: &dyn std::fmt::Debug| Value::from(format!("{value:?}"));
    extraction.finish(
        results,
        &[
            (
                "params",
                arguments
                    .params
                    .map(|path| path.to_string_lossy().into_owned())
                    .into(),
            ),
            ("setting", arguments.settings.into()),
            ("image_type", arguments.image_types.into()),
            ("class", arguments.classes.into()),
            ("profile", arguments.profile.into()),
            ("label", arguments.label.into()),
            ("drop_noise_bands", arguments.drop_noise_bands.into()),
            ("resolved", text(&params)),
        ],
    )
}
