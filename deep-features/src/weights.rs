//! Weights of the convolutions: from a file, recognized by its keys, or seeded.
//!
//! | scheme | keys | input the weights expect |
//! |---|---|---|
//! | torchvision | `features.0.weight`, ..., optionally `classifier.*` | RGB, ImageNet mean and deviation |
//! | timm | `features.0.weight`, ..., `pre_logits.*`, `head.fc.*` | RGB, ImageNet mean and deviation |
//! | mean-normalized | `0.weight` (1x1), `2.weight`, `5.weight`, ... | BGR in 0..=255 minus the mean |
//!
//! The mean-normalized network (used for style transfer) begins with a 1x1 convolution that turns RGB in \[0, 1\]
//! into centered BGR. It is checked and then left to the preprocessing, because it must come before the zero padding.
//! Batch normalization is folded into the convolution before it: `w' = w γ / sqrt(σ² + 1e-5)`,
//! `b' = (b - μ) γ / sqrt(σ² + 1e-5) + β`, in f64.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, KeyReport, Misshaped, Result};
use crate::layer::{ConvLayer, Layer, VggConfig};
use crate::preprocess::Normalization;
use crate::rng;
use crate::state::StateFile;

/// Where the weights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeightsSource {
    /// A safetensors file, or a `.pth` file in either layout of `torch.save`.
    File(PathBuf),
    /// He-normal kernels and zero biases from a generator seeded with `seed`: for trying out and for tests.
    Seeded {
        /// The seed.
        seed: u64,
    },
}

/// How a file names its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WeightScheme {
    /// torchvision's VGG files, with or without the classifier.
    Torchvision,
    /// timm's VGG files.
    Timm,
    /// The network rescaled so that every channel has mean activation 1 on ImageNet, in one flat sequence.
    MeanNormalized,
    /// No file: seeded weights.
    Seeded,
}

/// What the loaded weights are.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WeightsInfo {
    /// How the file names its tensors.
    pub scheme: WeightScheme,
    /// The input the weights expect.
    pub normalization: Normalization,
    /// SHA-256 of the file, or of the seeded values: 64 hexadecimal digits that identify the weights.
    pub sha256: String,
    /// The file; `None` for seeded weights.
    pub path: Option<PathBuf>,
}

impl WeightsInfo {
    /// What weights are after some convolutions were changed.
    pub(crate) fn changed<'a>(&self, changed: impl Iterator<Item = &'a ConvWeights>) -> Self {
        let mut hash = Sha256::new();
        hash.update(&self.sha256);
        for convolution in changed {
            for value in convolution.kernel.iter().chain(&convolution.bias) {
                hash.update(value.to_le_bytes());
            }
        }
        Self {
            sha256: hex(&hash.finalize()),
            ..self.clone()
        }
    }
}

/// One convolution, batch normalization folded in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConvWeights {
    pub in_channels: usize,
    pub out_channels: usize,
    /// `[ky][kx][in][out]`.
    pub kernel: Vec<f32>,
    pub bias: Vec<f32>,
}

/// What a batch normalization adds to the variance.
const BATCH_NORM_EPSILON: f64 = 1e-5;

/// Largest deviation of a mean-normalized file's 1x1 convolution from the usual one.
const INPUT_TRANSFORM_TOLERANCE: f32 = 1e-3;

pub(crate) fn load(
    config: &VggConfig,
    source: &WeightsSource,
) -> Result<(WeightsInfo, Vec<ConvWeights>)> {
    match source {
        WeightsSource::File(path) => from_file(config, path),
        WeightsSource::Seeded { seed } => Ok(seeded(config, *seed)),
    }
}

fn convolutions(config: &VggConfig) -> impl Iterator<Item = ConvLayer> {
    config.layers().into_iter().filter_map(|layer| match layer {
        Layer::Conv(conv) => Some(conv),
        Layer::Pool(_) => None,
    })
}

fn seeded(config: &VggConfig, seed: u64) -> (WeightsInfo, Vec<ConvWeights>) {
    let mut hash = Sha256::new();
    let weights: Vec<_> = convolutions(config)
        .zip(0u64..)
        .map(|(layer, stream)| {
            let (i, o) = (layer.in_channels, layer.out_channels);
            let kernel = rng::he_normal(seed, stream, 9 * i * o, 9 * i);
            kernel.iter().for_each(|w| hash.update(w.to_le_bytes()));
            ConvWeights {
                in_channels: i,
                out_channels: o,
                kernel,
                bias: vec![0.0; o],
            }
        })
        .collect();
    let info = WeightsInfo {
        scheme: WeightScheme::Seeded,
        normalization: Normalization::ImageNetRgb,
        sha256: hex(&hash.finalize()),
        path: None,
    };
    (info, weights)
}

fn from_file(config: &VggConfig, path: &Path) -> Result<(WeightsInfo, Vec<ConvWeights>)> {
    let mut file = StateFile::open(path)?;
    let scheme = recognize(&file)?;
    if scheme == WeightScheme::MeanNormalized && config.batch_norm {
        return Err(Error::Setting {
            setting: "batch normalization",
            expected: "none, because the file is a mean-normalized network, which has none",
            found: config.to_string(),
        });
    }
    let report = compare(&file, &expected_keys(config, scheme), scheme);
    if !report.is_empty() {
        let network = config.to_string();
        return Err(Error::Keys {
            path: path.to_path_buf(),
            network,
            report: Box::new(report),
        });
    }
    if scheme == WeightScheme::MeanNormalized {
        check_input_transform(&mut file)?;
    }
    let weights = convolutions(config)
        .map(|layer| read_convolution(&mut file, layer, scheme))
        .collect::<Result<_>>()?;
    let normalization = match scheme {
        WeightScheme::MeanNormalized => Normalization::CaffeBgr255,
        _ => Normalization::ImageNetRgb,
    };
    let info = WeightsInfo {
        scheme,
        normalization,
        sha256: sha256_of_file(path)?,
        path: Some(path.to_path_buf()),
    };
    Ok((info, weights))
}

fn recognize(file: &StateFile) -> Result<WeightScheme> {
    let any = |prefix: &str| file.shapes().any(|(key, _)| key.starts_with(prefix));
    if any("features.") {
        let timm = any("pre_logits.") || any("head.");
        Ok(if timm {
            WeightScheme::Timm
        } else {
            WeightScheme::Torchvision
        })
    } else if file
        .shape("0.weight")
        .is_some_and(|shape| shape.ends_with(&[1, 1]))
    {
        Ok(WeightScheme::MeanNormalized)
    } else {
        Err(Error::UnknownScheme {
            path: file.path().to_path_buf(),
            n_keys: file.shapes().len(),
            first_keys: file
                .shapes()
                .take(5)
                .map(|(key, _)| key.to_string())
                .collect(),
        })
    }
}

/// Name of a convolution's module.
fn conv_module(layer: ConvLayer, scheme: WeightScheme) -> String {
    match scheme {
        WeightScheme::MeanNormalized => layer.sequential_index.to_string(),
        _ => format!("features.{}", layer.feature_index),
    }
}

const BATCH_NORM_TENSORS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

/// Every key the trunk needs, with its shape, from the input on.
fn expected_keys(config: &VggConfig, scheme: WeightScheme) -> Vec<(String, Vec<usize>)> {
    let mut keys = Vec::new();
    if scheme == WeightScheme::MeanNormalized {
        keys.push(("0.weight".to_string(), vec![3, 3, 1, 1]));
        keys.push(("0.bias".to_string(), vec![3]));
    }
    for layer in convolutions(config) {
        let module = conv_module(layer, scheme);
        keys.push((
            format!("{module}.weight"),
            vec![layer.out_channels, layer.in_channels, 3, 3],
        ));
        keys.push((format!("{module}.bias"), vec![layer.out_channels]));
        if let Some(index) = layer.batch_norm_index {
            for tensor in BATCH_NORM_TENSORS {
                keys.push((
                    format!("features.{index}.{tensor}"),
                    vec![layer.out_channels],
                ));
            }
        }
    }
    keys
}

/// Keys a file may have and the trunk does not use: the classifier, and counters of batch normalization.
fn is_ignorable(key: &str, expected: &BTreeSet<&str>, scheme: WeightScheme) -> bool {
    if let Some(module) = key.strip_suffix(".num_batches_tracked") {
        return expected.contains(format!("{module}.running_mean").as_str());
    }
    let modules: &[&str] = match scheme {
        WeightScheme::Torchvision => &["classifier.0", "classifier.3", "classifier.6"],
        WeightScheme::Timm => &["pre_logits.fc1", "pre_logits.fc2", "head.fc"],
        WeightScheme::MeanNormalized | WeightScheme::Seeded => &[],
    };
    key.rsplit_once('.').is_some_and(|(module, tensor)| {
        modules.contains(&module) && (tensor == "weight" || tensor == "bias")
    })
}

fn compare(file: &StateFile, expected: &[(String, Vec<usize>)], scheme: WeightScheme) -> KeyReport {
    let known: BTreeSet<&str> = expected.iter().map(|(key, _)| key.as_str()).collect();
    let mut report = KeyReport::default();
    for (key, shape) in expected {
        match file.shape(key) {
            None => report.missing.push(key.clone()),
            Some(found) if found != shape => report.misshaped.push(Misshaped {
                key: key.clone(),
                expected: shape.clone(),
                found: found.to_vec(),
            }),
            Some(_) => {}
        }
    }
    report.unexpected = file
        .shapes()
        .map(|(key, _)| key)
        .filter(|key| !known.contains(key) && !is_ignorable(key, &known, scheme))
        .map(str::to_string)
        .collect();
    report
}

fn check_input_transform(file: &mut StateFile) -> Result<()> {
    let (_, mean) = Normalization::CaffeBgr255.scale_and_mean();
    let to_bgr = [0.0, 0.0, 255.0, 0.0, 255.0, 0.0, 255.0, 0.0, 0.0];
    let shift = mean.map(|m| -m as f32);
    for (tensor, usual) in [
        ("0.weight", to_bgr.as_slice()),
        ("0.bias", shift.as_slice()),
    ] {
        let values = read_f32(file, tensor)?;
        let off = |(&found, &expected): (&f32, &f32)| {
            (found - expected).abs() > INPUT_TRANSFORM_TOLERANCE
        };
        if let Some(index) = values.iter().zip(usual).position(off) {
            return Err(Error::InputTransform {
                path: file.path().to_path_buf(),
                tensor,
                index,
                expected: usual[index],
                found: values[index],
            });
        }
    }
    Ok(())
}

fn read_convolution(
    file: &mut StateFile,
    layer: ConvLayer,
    scheme: WeightScheme,
) -> Result<ConvWeights> {
    let module = conv_module(layer, scheme);
    let mut kernel = read_f32(file, &format!("{module}.weight"))?;
    let mut bias = read_f32(file, &format!("{module}.bias"))?;
    if let Some(index) = layer.batch_norm_index {
        fold_batch_norm(file, index, &mut kernel, &mut bias)?;
    }
    let (i, o) = (layer.in_channels, layer.out_channels);
    Ok(ConvWeights {
        in_channels: i,
        out_channels: o,
        kernel: to_kernel_in_out(&kernel, i, o),
        bias,
    })
}

fn fold_batch_norm(
    file: &mut StateFile,
    index: usize,
    kernel: &mut [f32],
    bias: &mut [f32],
) -> Result<()> {
    let mut read = |tensor: &str| read_f32(file, &format!("features.{index}.{tensor}"));
    let (gamma, beta, mean, variance) = (
        read("weight")?,
        read("bias")?,
        read("running_mean")?,
        read("running_var")?,
    );
    let per_output = kernel.len() / bias.len();
    for (o, weights) in kernel.chunks_exact_mut(per_output).enumerate() {
        let scale = f64::from(gamma[o]) / (f64::from(variance[o]) + BATCH_NORM_EPSILON).sqrt();
        if !scale.is_finite() {
            let tensor = format!("features.{index}.running_var");
            return Err(non_finite(file, tensor, o, variance[o]));
        }
        weights
            .iter_mut()
            .for_each(|w| *w = (f64::from(*w) * scale) as f32);
        bias[o] = ((f64::from(bias[o]) - f64::from(mean[o])) * scale + f64::from(beta[o])) as f32;
    }
    Ok(())
}

/// From `[ky][kx][in][out]` to `[out][in][ky][kx]`.
pub(crate) fn to_kernel_out_in(
    packed: &[f32],
    in_channels: usize,
    out_channels: usize,
) -> Vec<f32> {
    let mut kernel = vec![0.0; packed.len()];
    for (o, of_output) in kernel.chunks_exact_mut(9 * in_channels).enumerate() {
        for (i, window) in of_output.chunks_exact_mut(9).enumerate() {
            for (k, w) in window.iter_mut().enumerate() {
                *w = packed[(k * in_channels + i) * out_channels + o];
            }
        }
    }
    kernel
}

/// From `[out][in][ky][kx]` to `[ky][kx][in][out]`.
pub(crate) fn to_kernel_in_out(
    kernel: &[f32],
    in_channels: usize,
    out_channels: usize,
) -> Vec<f32> {
    let mut packed = vec![0.0; kernel.len()];
    for (o, of_output) in kernel.chunks_exact(9 * in_channels).enumerate() {
        for (i, window) in of_output.chunks_exact(9).enumerate() {
            for (k, &w) in window.iter().enumerate() {
                packed[(k * in_channels + i) * out_channels + o] = w;
            }
        }
    }
    packed
}

fn read_f32(file: &mut StateFile, key: &str) -> Result<Vec<f32>> {
    let tensor = file.tensor(key)?;
    let values = tensor.to_f32().ok_or_else(|| Error::File {
        path: file.path().to_path_buf(),
        fault: Box::new(crate::error::FileFault::ElementType {
            tensor: key.to_string(),
            dtype: format!("{:?}", tensor.element_type()),
        }),
    })?;
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(non_finite(file, key.to_string(), index, values[index])),
        None => Ok(values),
    }
}

fn non_finite(file: &StateFile, tensor: String, index: usize, value: f32) -> Error {
    Error::NonFiniteWeight {
        path: file.path().to_path_buf(),
        tensor,
        index,
        value,
    }
}

fn sha256_of_file(path: &Path) -> Result<String> {
    let io = |source| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(io)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
