//! The options of the programs that run a network: which one, its weights, its input, its device.

use std::path::{Path, PathBuf};

use deep_features::preprocess::{Crop, Margin};
use deep_features::{FineTuned, Preprocess, Vgg, VggConfig, WeightsSource, Width, device};
use serde_json::Value;

use crate::program::WrongUsage;
use crate::study::selection::choices::number;

/// Side of the network's input without `--size`.
const SIZE: usize = 224;
/// Margin around the region without `--margin`.
const MARGIN: f64 = 0.1;

/// Which network, and how regions get into it.
#[derive(Debug, Clone, clap::Args)]
pub struct NetworkOptions {
    /// Weights of the network in a .safetensors or .pth file.
    #[arg(long, value_name = "FILE", required_unless_present = "seeded_weights", conflicts_with_all = ["seeded_weights", "width"])]
    pub weights: Option<PathBuf>,
    /// Random weights from this seed instead of a file, for trying out.
    #[arg(long, value_name = "SEED")]
    pub seeded_weights: Option<u64>,
    /// Share of the channels with --seeded-weights: 1, 1/2, ... 1/64 [default: 1].
    #[arg(long, value_name = "1/N")]
    pub width: Option<Width>,
    /// The network: vgg11, vgg13, vgg16 or vgg19, with bn at the end for batch normalization.
    #[arg(long, value_name = "NAME", default_value = "vgg19")]
    pub network: VggConfig,
    /// Side of the network's input in pixels [default: 224].
    #[arg(long, value_name = "PIXELS", value_parser = side)]
    pub size: Option<usize>,
    /// Margin around the region's box as a share of its sides [default: 0.1].
    #[arg(long, value_name = "SHARE", value_parser = number(|share| (0.0..=10.0).contains(&share), "from 0 to 10"))]
    pub margin: Option<f64>,
    /// Where the network runs: cpu, cuda, cuda:N or metal; other devices than the CPU must be compiled in (--features cuda).
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: String,
}

/// Reads the side of an input, within what [`Preprocess`] takes.
fn side(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(side) if (1..=4096).contains(&side) => Ok(side),
        _ => Err(format!(
            "expected a whole number from 1 to 4096, found {text}"
        )),
    }
}

impl NetworkOptions {
    /// Which network.
    pub fn config(&self) -> VggConfig {
        VggConfig {
            width: self.width.unwrap_or(Width::FULL),
            ..self.network
        }
    }

    /// Loads or draws the weights.
    ///
    /// # Errors
    /// A device that is not there, and what [`Vgg::load`] refuses.
    pub fn load(&self) -> anyhow::Result<Vgg> {
        let source = match (&self.weights, self.seeded_weights) {
            (Some(path), _) => WeightsSource::File(path.clone()),
            (None, seed) => WeightsSource::Seeded {
                seed: seed.unwrap_or_default(),
            },
        };
        let device =
            device(&self.device).map_err(|error| WrongUsage(format!("--device: {error}")))?;
        Ok(Vgg::load(&self.config(), &source, &device)?)
    }

    /// How regions are prepared for a network.
    pub fn preprocess(&self, vgg: &Vgg) -> Preprocess {
        let size = self.size.unwrap_or(SIZE);
        Preprocess::new(vgg.normalization())
            .size([size, size])
            .crop(Crop::BoundingBox(Margin::Fraction(
                self.margin.unwrap_or(MARGIN),
            )))
    }

    /// How regions were prepared for a fine-tuned network.
    ///
    /// # Errors
    /// Options that say otherwise.
    pub fn preprocess_of(&self, model: &FineTuned, file: &Path) -> anyhow::Result<Preprocess> {
        for (option, given) in [
            ("--size", self.size.is_some()),
            ("--margin", self.margin.is_some()),
        ] {
            if given {
                return Err(WrongUsage(format!(
                    "{option}: expected none with a checkpoint, because {} says how its input is made",
                    file.display()
                ))
                .into());
            }
        }
        Ok(model.record().preprocess.clone())
    }

    /// For the run record.
    pub fn record(&self, vgg: &Vgg) -> Vec<(&'static str, Value)> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        vec![
            ("weights", self.weights.as_ref().map(path).into()),
            ("weights_sha256", vgg.weights().sha256.as_str().into()),
            ("seeded_weights", self.seeded_weights.into()),
            ("network", vgg.config().to_string().into()),
            ("device", self.device.as_str().into()),
        ]
    }
}
