//! Voxel-based extraction: a map of every feature, for one image and mask or a batch table.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use examples::case_list::{Case, CaseList, Shard};
use examples::image_options::ImageOptions;
use examples::output_folder::{ExistingOptions, OutputFolder, refuse_inputs_inside};
use examples::parameter_overrides::ParameterOptions;
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::run_record::{RunRecord, hash_files};
use examples::table_file::{Cell, write_csv};
use radiomics_features::io::{Compression, VolumeFormat, read_image, read_mask, write_volume};
use radiomics_features::{Extractor, FeatureMap, Kernel, NoiseBands, Params, Roi, RoiParams};

const PROGRAM: &str = "extract_maps";

/// The table of the maps in the output folder.
const TABLE_NAME: &str = "maps.csv";

/// Extracts features voxel by voxel, from the neighborhood of each voxel of the region, and writes one map a feature. Cases that fail
/// have their reason in the table maps.csv.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example extract_maps -- brain.nii.gz brain_label.nii.gz --class glcm --kernel-radius 2 --out maps"
)]
struct Arguments {
    /// An image, or a batch table with the columns Image, Mask and optionally Label and Label_channel; its paths are relative to it.
    #[arg(value_name = "IMAGE|BATCH.csv")]
    input: PathBuf,
    /// The mask of the image.
    #[arg(value_name = "MASK")]
    mask: Option<PathBuf>,
    #[command(flatten)]
    parameters: ParameterOptions,
    /// Label of the region in the masks, where the batch table has no column Label [default: 1].
    #[arg(long, value_name = "N")]
    label: Option<u32>,
    /// The neighborhood of a voxel reaches this many voxels to each side [default: 1, or that of the parameter file].
    #[arg(long, value_name = "N")]
    kernel_radius: Option<usize>,
    /// Let neighbors outside the region count, too.
    #[arg(long)]
    unmasked: bool,
    /// Value of the maps outside the region, NaN for none [default: 0, or that of the parameter file].
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    initial_value: Option<f64>,
    #[command(flatten)]
    images: ImageOptions,
    /// Leave out the wavelet sub-bands that are only rounding noise on single-slice images.
    #[arg(long)]
    drop_noise_bands: bool,
    /// File format of the maps.
    #[arg(long, value_enum, default_value_t)]
    format: MapFormat,
    /// Worker threads; by default one for each core.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Only the rows whose index (from 0) leaves the remainder I when divided by N.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Folder for the maps and their table.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the results of an earlier run in the output folder.
    #[arg(long)]
    overwrite: bool,
}

/// File format of the maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum MapFormat {
    /// NRRD, compressed.
    #[default]
    Nrrd,
    /// NIfTI-1, compressed.
    NiiGz,
}

impl MapFormat {
    fn suffix(self) -> &'static str {
        match self {
            Self::Nrrd => "nrrd",
            Self::NiiGz => "nii.gz",
        }
    }

    fn volume_format(self) -> VolumeFormat {
        match self {
            Self::Nrrd => VolumeFormat::Nrrd(Compression::Gzip),
            Self::NiiGz => VolumeFormat::Nifti(Compression::Gzip),
        }
    }
}

fn main() -> ExitCode {
    program::run(extract)
}

fn extract(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    let params = params(&arguments)?;
    let extractor =
        Extractor::new(params.clone()).map_err(|error| WrongUsage(error.to_string()))?;
    if let (Some(shard), Some(_)) = (arguments.shard, &arguments.mask) {
        let problem = format!("--shard {shard}: expected a batch table, found one image and mask");
        return Err(WrongUsage(problem).into());
    }
    let mut cases = CaseList::read(&arguments.input, arguments.mask.as_deref())?;
    if let Some(shard) = arguments.shard {
        cases.take_shard(shard);
    }
    let existing = ExistingOptions {
        overwrite: arguments.overwrite,
        resume: false,
    };
    refuse_inputs_inside(&arguments.out, &[&arguments.input])?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, existing.existing())?;
    let bar = progress::bar(cases.cases.len(), "maps");
    let mut table = MapTable::default();
    for case in &cases.cases {
        if let Err(error) = write_maps(&extractor, case, &arguments, folder.path(), &mut table) {
            if arguments.mask.is_some() {
                return Err(error);
            }
            let reason = program::with_causes(&error);
            program::complain(&format!("{}{reason}", case.place));
            table.failed(case, &reason);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    table.write(&cases.copied, &folder.path().join(TABLE_NAME))?;
    let mut record = RunRecord::new(PROGRAM);
    for (name, value) in arguments.parameters.record() {
        record.option(name, value);
    }
    record
        .option("resolved", format!("{params:?}"))
        .option("images", format!("{:?}", arguments.images))
        .option("format", arguments.format.suffix())
        .count("cases", cases.cases.len())
        .count("failed", table.n_failed)
        .count("maps", table.rows.len() - table.n_failed)
        .inputs(hash_files(&cases.files())?);
    record.write(folder.path())?;
    folder.finish()?;
    Ok(match table.n_failed {
        0 => Ending::Done,
        _ => Ending::SomeCasesFailed,
    })
}

fn params(arguments: &Arguments) -> anyhow::Result<Params> {
    let mut params = arguments.parameters.resolve(None)?;
    if let Some(label) = arguments.label {
        params.roi.label = label;
    }
    if let Some(radius) = arguments.kernel_radius {
        params.voxel.kernel_radius = radius;
    }
    if arguments.unmasked {
        params.voxel.kernel = Kernel::Unmasked;
    }
    if let Some(value) = arguments.initial_value {
        params.voxel.initial_value = value;
    }
    if arguments.drop_noise_bands {
        params.noise_bands = NoiseBands::Drop;
    }
    arguments.parameters.warn_of_replaced(&params);
    Ok(params)
}

/// Writes the maps of one case as they are computed, named as PyRadiomics names them, cases counted from 1.
fn write_maps(
    extractor: &Extractor,
    case: &Case,
    arguments: &Arguments,
    folder: &Path,
    table: &mut MapTable,
) -> anyhow::Result<()> {
    let params = extractor.params();
    let channel = case.label_channel.or(params.label_channel);
    let options = arguments.images.read_options(channel);
    let image = read_image(&case.image, &options)?;
    let mask = read_mask(&case.mask, &options)?;
    let roi = RoiParams {
        label: case.label.unwrap_or(params.roi.label),
        ..params.roi
    };
    let in_mask = |error: radiomics_features::Error| {
        let (mask, image) = (case.mask.display(), case.image.display());
        anyhow::anyhow!("{mask} for {image}: {error}")
    };
    let roi = Roi::new(&image, &mask, &roi).map_err(in_mask)?;
    let written = table.rows.len();
    for map in extractor.maps(&roi).map_err(in_mask)? {
        let map = map.map_err(in_mask);
        let map = map.inspect_err(|_| table.rows.truncate(written))?;
        let suffix = arguments.format.suffix();
        let file = format!("Case-{}_{}.{suffix}", case.index + 1, map.name);
        let path = folder.join(&file);
        let shown = path.display();
        let out = File::create(&path).with_context(|| format!("{shown}: cannot write the file"))?;
        let format = arguments.format.volume_format();
        write_volume(BufWriter::new(out), &map, format).with_context(|| shown.to_string())?;
        table.map(case, &map, file);
    }
    Ok(())
}

/// `maps.csv`: a row for every map, and for every case that failed.
#[derive(Default)]
struct MapTable {
    rows: Vec<Vec<Cell>>,
    n_failed: usize,
}

impl MapTable {
    fn map(&mut self, case: &Case, map: &FeatureMap, file: String) {
        let mut row = copied(case);
        row.extend([
            map.name.to_string().into(),
            file.into(),
            map.not_computed.into(),
            Cell::Empty,
        ]);
        self.rows.push(row);
    }

    fn failed(&mut self, case: &Case, reason: &str) {
        let mut row = copied(case);
        row.extend([Cell::Empty, Cell::Empty, Cell::Empty, reason.into()]);
        self.rows.push(row);
        self.n_failed += 1;
    }

    fn write(&self, copied: &[String], path: &Path) -> anyhow::Result<()> {
        let mut header: Vec<&str> = copied.iter().map(String::as_str).collect();
        header.extend(["feature", "file", "not_computed", "error"]);
        write_csv(path, &header, self.rows.iter().cloned())
    }
}

fn copied(case: &Case) -> Vec<Cell> {
    case.copied
        .iter()
        .map(|cell| cell.as_str().into())
        .collect()
}
