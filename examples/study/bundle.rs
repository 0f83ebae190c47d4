//! What a prediction for a new patient needs, in one folder: the recipe of the features, score and deep features of every region, model and cut-off.
//!
//! Reading refuses what it does not understand: another format or version, unknown keys, features that this version would compute otherwise.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use deep_features::{
    Device, FeatureExtractor, Normalization, Pooling, Preprocess, Tap, Vgg, VggConfig, VggVariant,
    WeightsSource, Width,
};
use feature_selection::Score;
use feature_selection::score::SurplusColumns;
use nomogram::RiskModel;
use radiomics_features::{Extractor, Params};
use serde::{Deserialize, Serialize};

use super::deep::{DeepModel, DeepSettings};
use super::features::FeatureSettings;
use super::modeling::{FittedRisk, Presentation};
use super::outlines::OutlineSettings;
use crate::atomic_file::write_atomically;
use crate::regions::{handcrafted, network_input};
use crate::spacing::SpacingRule;

/// Format of the bundle.
const FORMAT: &str = "alnm-bundle";
/// Version of the format.
const VERSION: u64 = 4;
/// The file that names the others.
const INDEX: &str = "bundle.json";
/// Largest file read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// How the features of a study are computed: all that is needed to compute them again for another patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Seed of random weights; `None` for weights in a file.
    pub weights_seed: Option<u64>,
    /// Width of the network.
    pub width: Width,
    /// Where it is tapped.
    pub tap: Tap,
}

impl Recipe {
    /// The network's configuration.
    pub fn config(&self) -> VggConfig {
        VggConfig {
            width: self.width,
            ..VggConfig::new(VggVariant::Vgg19)
        }
    }

    /// The handcrafted features.
    ///
    /// # Errors
    /// Never for the settings of this recipe.
    pub fn extractor(&self) -> anyhow::Result<Extractor> {
        Ok(Extractor::new(Params::original_and_wavelet())?)
    }

    fn needless(&self, weights: &Path) -> anyhow::Error {
        anyhow::anyhow!(
            "{}: expected no weights, because the study used random ones",
            weights.display()
        )
    }

    /// Refuses weights for a recipe with random ones, also where no network is needed.
    ///
    /// # Errors
    /// When there are such weights.
    pub fn check_weights(&self, weights: Option<&Path>) -> anyhow::Result<()> {
        match (self.weights_seed, weights) {
            (Some(_), Some(path)) => Err(self.needless(path)),
            _ => Ok(()),
        }
    }

    /// Loads or draws the weights and sets everything up.
    ///
    /// # Errors
    /// As [`network`](Self::network).
    pub fn settings(
        &self,
        weights: Option<&Path>,
        deep: DeepSettings,
    ) -> anyhow::Result<FeatureSettings> {
        let (network, preprocess) = self.network(weights)?;
        Ok(FeatureSettings {
            outlines: OutlineSettings {
                extractor: self.extractor()?,
                network,
                preprocess,
            },
            deep,
        })
    }

    /// Loads or draws the weights; the network with its tap, and how its input is made.
    ///
    /// # Errors
    /// When the weights cannot be read, or are given for a recipe with random ones and the other way round.
    pub fn network(
        &self,
        weights: Option<&Path>,
    ) -> anyhow::Result<(FeatureExtractor, Preprocess)> {
        let source = match (self.weights_seed, weights) {
            (Some(seed), None) => WeightsSource::Seeded { seed },
            (None, Some(path)) => WeightsSource::File(path.to_owned()),
            (None, None) => {
                bail!("expected the file of the network's weights, found none; give --weights")
            }
            (Some(_), Some(path)) => return Err(self.needless(path)),
        };
        let vgg = Vgg::load(&self.config(), &source, &Device::Cpu)?;
        let preprocess = Preprocess::new(vgg.normalization());
        let network = FeatureExtractor::new(vgg, &[self.tap], &[Pooling::Average])?;
        Ok((network, preprocess))
    }
}

/// A study's model with all that leads to it from a patient's images.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// How features are computed.
    pub recipe: Recipe,
    /// SHA-256 of the network's weights.
    pub weights_sha256: String,
    /// The settings of the network's input, spelled out.
    pub preprocess: String,
    /// The regions that have images.
    pub regions: Vec<RegionScore>,
    /// The model.
    pub model: RiskModel,
    /// Cut-off between low and high risk.
    pub cutoff: Option<f64>,
    /// How predictors are called, and in what unit they are.
    pub presentation: Presentation,
    /// The files it was read from.
    pub files: Vec<PathBuf>,
}

/// The score of one region.
#[derive(Debug, Clone)]
pub struct RegionScore {
    /// The region.
    pub name: String,
    /// Column of the score, a predictor of the model.
    pub column: String,
    /// The score.
    pub score: Score,
    /// What makes the deep features.
    pub deep: DeepModel,
    /// What the study's images of this region had in common.
    pub spacing: SpacingRule,
}

/// A region as it goes into a bundle.
#[derive(Debug, Clone)]
pub struct BundleRegion<'a> {
    /// The region.
    pub name: &'a str,
    /// Column of the score, a predictor of the model.
    pub column: String,
    /// The score.
    pub score: &'a Score,
    /// What makes the deep features.
    pub deep: &'a DeepModel,
    /// What the study's images of this region had in common.
    pub spacing: SpacingRule,
}

/// `bundle.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: String,
    version: u64,
    software: String,
    regions: Vec<IndexRegion>,
    model: Option<String>,
    cutoff: Option<f64>,
    predictors: Vec<IndexPredictor>,
    network: IndexNetwork,
    /// The settings of the handcrafted features and of the network's input, spelled out: another version may compute them otherwise.
    radiomics: String,
    preprocess: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexRegion {
    name: String,
    column: String,
    score: String,
    /// The file of what makes the deep features; none if they are the network's channels.
    deep: Option<String>,
    /// What new images of this region must be like.
    spacing: SpacingRule,
}

/// How a predictor is shown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexPredictor {
    column: String,
    label: Option<String>,
    unit: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexNetwork {
    architecture: String,
    width: String,
    tap: String,
    weights_seed: Option<u64>,
    weights_sha256: String,
}

/// What is read before all else.
#[derive(Debug, Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u64>,
}

/// Writes a bundle. A study may end without a model; the bundle then holds the scores.
///
/// # Errors
/// When a file cannot be written.
pub fn write_bundle(
    folder: &Path,
    recipe: &Recipe,
    settings: &FeatureSettings,
    regions: &[BundleRegion<'_>],
    risk: Option<(&FittedRisk, Option<f64>)>,
) -> anyhow::Result<()> {
    let mut entries = Vec::new();
    for region in regions {
        let score_file = format!("{}_score.json", region.name);
        write_atomically(&folder.join(&score_file), region.score.to_json().as_bytes())?;
        entries.push(IndexRegion {
            name: region.name.to_owned(),
            column: region.column.clone(),
            score: score_file,
            deep: region.deep.write(folder, region.name)?,
            spacing: region.spacing,
        });
    }
    if let Some((risk, _)) = risk {
        let model = risk.fit.model.to_json()?;
        write_atomically(&folder.join("model.json"), model.as_bytes())?;
    }
    let index = Index {
        format: FORMAT.to_owned(),
        version: VERSION,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        regions: entries,
        model: risk.map(|_| "model.json".to_owned()),
        cutoff: risk.and_then(|(_, cutoff)| cutoff),
        predictors: risk.map_or_else(Vec::new, |(risk, _)| shown_predictors(risk)),
        network: IndexNetwork {
            architecture: recipe.config().to_string(),
            width: recipe.width.to_string(),
            tap: recipe.tap.to_string(),
            weights_seed: recipe.weights_seed,
            weights_sha256: settings.outlines.network.vgg().weights().sha256.clone(),
        },
        radiomics: format!("{:?}", settings.outlines.extractor.params()),
        preprocess: format!("{:?}", settings.outlines.preprocess),
    };
    let mut text = serde_json::to_string_pretty(&index)?;
    text.push('\n');
    write_atomically(&folder.join(INDEX), text.as_bytes())
}

/// How the predictors of the model are shown.
fn shown_predictors(risk: &FittedRisk) -> Vec<IndexPredictor> {
    let shown = &risk.presentation;
    let of = |texts: &[(String, String)], column: &str| {
        let found = texts.iter().find(|(name, _)| name == column);
        found.map(|(_, text)| text.clone())
    };
    let predictors = risk.fit.model.predictor_names().into_iter();
    predictors
        .map(|column| IndexPredictor {
            label: of(&shown.labels, &column),
            unit: of(&shown.units, &column),
            column,
        })
        .collect()
}

impl Bundle {
    /// Reads a bundle and checks that its parts fit together.
    ///
    /// # Errors
    /// A file that is missing, damaged or of another version; a bundle of a study that ended without a model.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let index = read_index(folder)?;
        let Some(model) = &index.model else {
            bail!(
                "{}: expected a model, found that the study ended without one",
                folder.join(INDEX).display()
            );
        };
        let path = inside(folder, model)?;
        let model =
            RiskModel::from_json(&read_text(&path)?).with_context(|| path.display().to_string())?;
        let mut files = vec![folder.join(INDEX), path];
        let mut regions = Vec::new();
        for region in &index.regions {
            let parts = [Some(&region.score), region.deep.as_ref()];
            files.extend(parts.into_iter().flatten().map(|name| folder.join(name)));
            regions.push(RegionScore::read(folder, region)?);
        }
        let here = || folder.join(INDEX).display().to_string();
        if let Some(cutoff) = index.cutoff.filter(|c| !(*c > 0.0 && *c < 1.0)) {
            bail!(
                "{}: expected a cut-off between 0 and 1, found {cutoff}",
                here()
            );
        }
        let recipe = Recipe {
            weights_seed: index.network.weights_seed,
            width: index.network.width.parse().with_context(here)?,
            tap: index.network.tap.parse().with_context(here)?,
        };
        recipe.config().resolve(recipe.tap).with_context(here)?;
        let architecture = recipe.config().to_string();
        if index.network.architecture != architecture {
            bail!(
                "{}: expected the network {architecture}, found {}; run the study again with this version",
                here(),
                index.network.architecture
            );
        }
        Ok(Self {
            recipe,
            weights_sha256: index.network.weights_sha256,
            preprocess: index.preprocess,
            regions,
            model,
            cutoff: index.cutoff,
            presentation: presentation(&index.predictors),
            files,
        })
    }

    /// Names of the regions of a bundle, without reading the rest; `None` if it cannot be read.
    pub fn region_names(folder: &Path) -> Option<Vec<String>> {
        let index = read_index(folder).ok()?;
        Some(index.regions.into_iter().map(|r| r.name).collect())
    }

    /// The score of one region of a patient, from an image and its outline. `weights` is the file of the network's weights if the study used one; it
    /// is needed only where the score has deep features.
    ///
    /// # Errors
    /// Files that cannot be read, an image unlike those of the study (another unit, number of slices or spacing), weights that are not the study's, a
    /// region without the features that the score needs.
    pub fn score(
        &self,
        region: &RegionScore,
        image: &Path,
        mask: &Path,
        weights: Option<&Path>,
    ) -> anyhow::Result<f64> {
        let (crafted, scale) = handcrafted(&self.recipe.extractor()?, image, mask)?;
        if !region.spacing.admits(&scale) {
            bail!(
                "{}: expected {} as the study's images of {}, found {scale}",
                image.display(),
                region.spacing,
                region.name
            );
        }
        let mut row: Vec<(String, f64)> = crafted
            .names
            .iter()
            .cloned()
            .zip(crafted.values.iter().copied())
            .collect();
        let needed = region.score.feature_names();
        // Without the network's weights a score of handcrafted features can still be had.
        if needed.iter().any(|name| name.starts_with("dl_")) {
            let (network, preprocess) = self.network(weights)?;
            let input = network_input(&preprocess, image, mask, None)?;
            let values = network.extract(&[input], 1, |_, _| {})?.values;
            let made = region.deep.apply(values.view())?;
            let names = region.deep.names(&network);
            row.extend(names.into_iter().zip(made.iter().copied()));
        }
        // A feature that the score does not use may be undefined for this patient.
        row.retain(|(name, _)| needed.contains(name));
        region
            .score
            .apply_row(&row, SurplusColumns::Refuse)
            .with_context(|| {
                format!(
                    "score of {} from {} with {}",
                    region.name,
                    image.display(),
                    mask.display()
                )
            })
    }

    fn network(&self, weights: Option<&Path>) -> anyhow::Result<(FeatureExtractor, Preprocess)> {
        let (network, preprocess) = self.recipe.network(weights)?;
        let found = &network.vgg().weights().sha256;
        if *found != self.weights_sha256 {
            bail!(
                "{}: expected the weights of the study with SHA-256 {}, found {found}",
                weights.map_or_else(
                    || "the network".to_owned(),
                    |path| path.display().to_string()
                ),
                self.weights_sha256
            );
        }
        // What was read is one of the inputs that this version knows; these weights may expect another of them.
        let now = format!("{preprocess:?}");
        if now != self.preprocess {
            bail!(
                "the network: expected its input as in the study, {}, found {now}",
                self.preprocess
            );
        }
        Ok((network, preprocess))
    }
}

impl RegionScore {
    fn read(folder: &Path, region: &IndexRegion) -> anyhow::Result<Self> {
        let score = inside(folder, &region.score)?;
        let deep = match &region.deep {
            None => DeepModel::Pooled,
            Some(name) => {
                let path = inside(folder, name)?;
                DeepModel::read(&path, &read_bytes(&path)?)?
            }
        };
        Ok(Self {
            name: region.name.clone(),
            column: region.column.clone(),
            score: Score::from_json(&read_text(&score)?)
                .with_context(|| score.display().to_string())?,
            deep,
            spacing: region.spacing,
        })
    }
}

fn read_index(folder: &Path) -> anyhow::Result<Index> {
    let path = folder.join(INDEX);
    let text = read_text(&path)?;
    let shown = path.display();
    let head: Head = serde_json::from_str(&text)
        .with_context(|| format!("{shown}: expected a bundle of a study"))?;
    if head.format.as_deref() != Some(FORMAT) || head.version != Some(VERSION) {
        bail!(
            "{shown}: expected format {FORMAT} of version {VERSION}, found {} of version {}; run the study again with this version",
            head.format.as_deref().unwrap_or("none"),
            head.version
                .map_or_else(|| "none".to_owned(), |v| v.to_string())
        );
    }
    let index: Index = serde_json::from_str(&text)
        .with_context(|| format!("{shown}: expected a bundle of a study"))?;
    let outdated = |what: &str| {
        anyhow::anyhow!(
            "{shown}: expected {what} with the settings of version {}, found other ones of version {}; run the study again with this version",
            env!("CARGO_PKG_VERSION"),
            index.software
        )
    };
    if index.radiomics != format!("{:?}", Params::original_and_wavelet()) {
        return Err(outdated("features computed"));
    }
    // The weights say which of the two it is; they are read only where a score has deep features.
    let inputs = [Normalization::ImageNetRgb, Normalization::CaffeBgr255]
        .map(|weights| format!("{:?}", Preprocess::new(weights)));
    if !inputs.contains(&index.preprocess) {
        return Err(outdated("the network's input made"));
    }
    Ok(index)
}

fn presentation(predictors: &[IndexPredictor]) -> Presentation {
    let texts = |of: fn(&IndexPredictor) -> &Option<String>| {
        let named = |p: &IndexPredictor| Some((p.column.clone(), of(p).clone()?));
        predictors.iter().filter_map(named).collect()
    };
    Presentation {
        labels: texts(|p| &p.label),
        units: texts(|p| &p.unit),
        ..Presentation::default()
    }
}

/// A file of the bundle; names that lead out of the folder are refused.
fn inside(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let plain = Path::new(name).file_name().is_some_and(|file| file == name);
    if !plain {
        bail!(
            "{}: expected the name of a file beside it, found {name:?}",
            folder.join(INDEX).display()
        );
    }
    Ok(folder.join(name))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).with_context(|| format!("{}: expected text", path.display()))
}

fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::metadata(path)
        .with_context(|| format!("{}: cannot read", path.display()))?
        .len();
    if bytes > MAX_BYTES {
        bail!(
            "{}: expected at most {MAX_BYTES} bytes, found {bytes}",
            path.display()
        );
    }
    std::fs::read(path).with_context(|| format!("{}: cannot read", path.display()))
}
