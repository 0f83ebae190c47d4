//! Handcrafted features of outlined regions: one image and mask, or a batch table.

use std::process::ExitCode;

use clap::Parser;
use rayon::prelude::*;
use serde_json::Value;

use examples::case_list::Case;
use examples::extraction::{Extraction, ExtractionOptions};
use examples::feature_rows::RegionRow;
use examples::image_options::ImageOptions;
use examples::parameter_overrides::ParameterOptions;
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::{
    ImageFiles, LabelChoice, NOISE_BANDS, RegionChoice, handcrafted_regions, noise_bands,
};
use radiomics_features::{Extractor, ImageName, NoiseBands, Params, Profile};

const PROGRAM: &str = "extract_radiomics";

/// Extracts handcrafted radiomics features of outlined regions, named and valued as PyRadiomics does, or as the Image Biomarker
/// Standardisation Initiative. Cases that fail keep their row with the reason in the column "error".
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example extract_radiomics -- batch.csv --image-type Original --image-type Wavelet --setting binWidth:25 --out features/radiomics.csv"
)]
struct Arguments {
    #[command(flatten)]
    extraction: ExtractionOptions,
    #[command(flatten)]
    parameters: ParameterOptions,
    /// Whose features and conventions [default: those of the parameter file, or pyradiomics]. Columns of ibsi are named image_tag_CODE_aggregation, with the code that IBSI gives the feature.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<ProfileArgument>,
    /// Label of the region in the masks, where the batch table has no column Label [default: 1]. Repeated, or "all": one row a label, told apart by a column Label.
    #[arg(long = "label", value_name = "N|all")]
    labels: Vec<LabelArgument>,
    /// One row for every connected part of a label, told apart by a column Lesion.
    #[arg(long)]
    lesions: bool,
    #[command(flatten)]
    images: ImageOptions,
    /// Also write PyRadiomics' diagnostics columns, as the setting additionalInfo does.
    #[arg(long)]
    diagnostics: bool,
    /// Leave out the wavelet sub-bands that are only rounding noise on single-slice images.
    #[arg(long)]
    drop_noise_bands: bool,
}

fn main() -> ExitCode {
    program::run(extract)
}

fn extract(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.extraction.jobs)?;
    let params = parameters(&arguments)?;
    let labels = label_choice(&arguments.labels, params.roi.label)?;
    let extractor =
        Extractor::new(params.clone()).map_err(|error| WrongUsage(error.to_string()))?;
    let images = arguments.images;
    let settings = format!(
        "{PROGRAM} {} {params:?} {labels:?} {} {images:?}",
        env!("CARGO_PKG_VERSION"),
        arguments.lesions
    );
    let extraction = Extraction::begin(PROGRAM, arguments.extraction, settings)?;

    let bar = progress::bar(extraction.cases().len(), "features");
    let results = extraction
        .cases()
        .par_iter()
        .map(|case| {
            let files = ImageFiles {
                image: &case.image,
                mask: &case.mask,
                options: images.read_options(case.label_channel.or(params.label_channel)),
            };
            let choice = RegionChoice {
                labels: case.label.map_or_else(|| labels.clone(), LabelChoice::One),
                lesions: arguments.lesions,
            };
            let result = one_case(&extraction, case, &extractor, &files, &choice);
            bar.inc(1);
            result
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();

    if !arguments.drop_noise_bands {
        warn_of_noise(&results);
    }
    let results = results.into_iter().map(|(rows, _)| rows).collect();
    let text = |value: &dyn std::fmt::Debug| Value::from(format!("{value:?}"));
    let profile = format!("{:?}", params.profile).to_lowercase();
    let mut options = arguments.parameters.record().to_vec();
    options.extend([
        ("profile", profile.into()),
        ("label", text(&labels)),
        ("lesions", arguments.lesions.into()),
        (
            "spacing",
            images.read_options(None).raster_spacing.to_vec().into(),
        ),
        ("frame", images.frame.into()),
        ("uncalibrated", images.uncalibrated.into()),
        ("nan_as_zero", images.nan_as_zero.into()),
        ("diagnostics", arguments.diagnostics.into()),
        ("drop_noise_bands", arguments.drop_noise_bands.into()),
        ("resolved", text(&params)),
    ]);
    extraction.finish(results, &options)
}

/// The parameters that the command line amounts to.
fn parameters(arguments: &Arguments) -> anyhow::Result<Params> {
    let profile = arguments.profile.map(Profile::from);
    let mut params = arguments.parameters.resolve(profile)?;
    if arguments.drop_noise_bands {
        params.noise_bands = NoiseBands::Drop;
    }
    if arguments.diagnostics {
        params.additional_info = Some(true);
    }
    arguments.parameters.warn_of_replaced(&params);
    Ok(params)
}

/// The regions of a case, computed or taken from an interrupted run, with the sub-bands that hold only noise.
fn one_case(
    extraction: &Extraction,
    case: &Case,
    extractor: &Extractor,
    files: &ImageFiles<'_>,
    choice: &RegionChoice,
) -> anyhow::Result<(Vec<RegionRow>, Vec<ImageName>)> {
    let (key, known) = extraction.known(case);
    let key = key.filter(|_| known.is_none());
    let result = match known {
        Some(rows) => known_bands(&rows, files).map(|bands| (rows, bands)),
        None => handcrafted_regions(extractor, files, choice),
    };
    let mut result = result.unwrap_or_else(|error| {
        let failed = RegionRow::only(Err(error.to_string()));
        (vec![failed], Vec::new())
    });
    extraction.share_names(&mut result.0);
    extraction.note(key.as_deref(), &result.0)?;
    Ok(result)
}

/// Says once which sub-bands hold only noise.
fn warn_of_noise(results: &[(Vec<RegionRow>, Vec<ImageName>)]) {
    let mut bands = results.iter().map(|(_, bands)| bands);
    if let Some(bands) = bands.find(|bands| !bands.is_empty()) {
        let names: Vec<String> = bands.iter().map(ToString::to_string).collect();
        program::warn(&format!(
            "{} {NOISE_BANDS}; --drop-noise-bands leaves them out",
            names.join(", ")
        ));
    }
}

/// What `--profile` was given.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProfileArgument {
    Pyradiomics,
    Ibsi,
}

impl From<ProfileArgument> for Profile {
    fn from(argument: ProfileArgument) -> Self {
        match argument {
            ProfileArgument::Pyradiomics => Self::Pyradiomics,
            ProfileArgument::Ibsi => Self::Ibsi,
        }
    }
}

/// What `--label` was given.
#[derive(Debug, Clone, Copy)]
enum LabelArgument {
    Number(u32),
    All,
}

impl std::str::FromStr for LabelArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "all" => Ok(Self::All),
            Ok(number) if number > 0 => Ok(Self::Number(number)),
            _ => Err(format!(
                "expected a whole number from 1 or all, found {text}"
            )),
        }
    }
}

fn label_choice(arguments: &[LabelArgument], default: u32) -> anyhow::Result<LabelChoice> {
    let mut numbers = Vec::new();
    for argument in arguments {
        match *argument {
            LabelArgument::All if arguments.len() == 1 => return Ok(LabelChoice::All),
            LabelArgument::Number(number) if !numbers.contains(&number) => numbers.push(number),
            LabelArgument::All => {
                let problem = "--label: expected either all or numbers, found both";
                return Err(WrongUsage(problem.to_owned()).into());
            }
            LabelArgument::Number(number) => {
                let problem = format!("--label: expected each label once, found {number} twice");
                return Err(WrongUsage(problem).into());
            }
        }
    }
    Ok(match numbers[..] {
        [] => LabelChoice::One(default),
        [number] => LabelChoice::One(number),
        _ => LabelChoice::Several(numbers),
    })
}

/// The noise bands of a case that an earlier run finished.
fn known_bands(rows: &[RegionRow], files: &ImageFiles<'_>) -> anyhow::Result<Vec<ImageName>> {
    let Some(features) = rows.iter().find_map(|row| row.features.as_ref().ok()) else {
        return Ok(Vec::new());
    };
    noise_bands(&features.names, files.image, &files.options)
}
