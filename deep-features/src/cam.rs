//! Where in an image an answer comes from: Grad-CAM and EigenCAM on any tap.
//!
//! With `A_k` the activations of channel `k` at the tap and `y` the number to be explained,
//!
//! ```text
//! Grad-CAM   α_k = mean over cells of ∂y/∂A_k      map = max(0, Σ α_k A_k)
//! EigenCAM   M = cells x channels = U S Vᵀ         map = max(0, M v₁)
//! ```
//!
//! The network before the tap needs no gradient: it may be frozen. For EigenCAM `M` is not centered; activations are
//! not negative after a ReLU, so that `v₁` has no negative entry (Perron) and its sign is not a matter of chance. It
//! needs neither labels nor gradients, and tells what the network sees most of, not what speaks for an event.
//!
//! References: Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization, ICCV
//! 2017; Muhammad and Yeasin, Eigen-CAM: class activation map using principal components, IJCNN 2020.

use candle_core::{Tensor, Var};
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};

use crate::error::{Error, Result};
use crate::extractor::{Pooling, block_sums};
use crate::fine_tuned::FineTuned;
use crate::head::BottleneckHead;
use crate::heatmap::Heatmap;
use crate::layer::Tap;
use crate::preprocess::NetworkInput;
use crate::trainer::model::pool;
use crate::vgg::Vgg;

/// What a map explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CamTarget {
    /// What speaks for an event: the logit.
    Event,
    /// What speaks against an event: the logit's negative.
    NonEvent,
    /// What makes this feature of the head large.
    Feature(usize),
}

/// Grad-CAM of a trunk with a head.
///
/// # Examples
/// ```
/// use deep_features::preprocess::Preprocess;
/// use deep_features::{BottleneckHead, CamTarget, Device, GradCam, HeadConfig, Vgg, VggConfig, VggVariant};
/// use deep_features::{WeightsSource, Width};
/// use ndarray::{Array1, Array2};
///
/// let narrow = VggConfig { width: Width::one_over(16)?, ..VggConfig::new(VggVariant::Vgg11) };
/// let vgg = Vgg::load(&narrow, &WeightsSource::Seeded { seed: 1 }, &Device::Cpu)?;
/// let head = BottleneckHead {
///     config: HeadConfig { units: 2, ..HeadConfig::default() },
///     mean: Array1::zeros(32),
///     deviation: Array1::ones(32),
///     hidden: Array2::from_shape_fn((2, 32), |(u, c)| ((u + c) % 3) as f32),
///     hidden_bias: Array1::zeros(2),
///     output: Array1::from(vec![1.0, -0.5]),
///     output_bias: 0.0,
/// };
/// let preprocess = Preprocess::new(vgg.normalization()).size([64, 64]);
/// let image = Array2::from_shape_fn((70, 90), |(y, x)| (x * y % 256) as f64);
/// let input = preprocess.apply(image.view(), None)?;
/// let map = GradCam::new(vgg, head, "relu5_2".parse()?)?.explain(&input, CamTarget::Event)?;
/// assert_eq!(map.cells.dim(), (4, 4));
/// assert_eq!(map.overlay(image.view(), None)?.dim(), (70, 90, 3));
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct GradCam {
    trunk: Vgg,
    head: BottleneckHead,
    /// Position of the tap in the layer table.
    position: usize,
}

impl GradCam {
    /// Grad-CAM at a tap.
    ///
    /// # Errors
    /// [`Error::UnknownTap`]; [`Error::ColumnCount`] if the head was made for another number of channels.
    pub fn new(trunk: Vgg, head: BottleneckHead, tap: Tap) -> Result<Self> {
        let position = trunk.positions(&[tap])?[0];
        head.check()?;
        let (expected, found) = (trunk.channels(trunk.n_layers() - 1), head.channels());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        Ok(Self {
            trunk,
            head,
            position,
        })
    }

    /// Grad-CAM of a fine-tuned network. The last convolution's tap (`relu5_4` in VGG19) is the usual one.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`FineTuned::trunk`].
    pub fn of(model: &FineTuned, base: &Vgg, tap: Tap) -> Result<Self> {
        Self::new(model.trunk(base)?, model.head().clone(), tap)
    }

    /// The map of one input.
    ///
    /// # Errors
    /// [`Error::NormalizationMismatch`], [`Error::Channels`], [`Error::ImageTooSmall`], [`Error::EmptyCoverage`];
    /// [`Error::NoSuchUnit`] for a feature that the head has not; [`Error::NonFiniteOutput`]; [`Error::Tensor`].
    pub fn explain(&self, input: &NetworkInput, target: CamTarget) -> Result<Heatmap> {
        let activations = activations(&self.trunk, self.position, true, input)?;
        let (c, h, w) = activations.dim();
        let values: Vec<f32> = activations.iter().copied().collect();
        let at_tap = Var::from_vec(values, (1, c, h, w), self.trunk.device())?;
        let layers = self.position + 1..self.trunk.n_layers();
        let weights = self.trunk.tensors()?;
        let last = self
            .trunk
            .walk_tensors(at_tap.as_tensor(), layers, weights, |_, _| Ok(()))?;
        let pooled = pool(&last, &self.shares(input, &last)?)?;
        let values = pooled.flatten_all()?.to_vec1::<f32>()?;
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let (score, slopes) = self.head.explain(&values, target)?;
        let slopes = slopes.iter().map(|&slope| slope as f32).collect();
        let slopes = Tensor::from_vec(slopes, pooled.shape(), pooled.device())?;
        let gradient = (pooled * slopes)?.sum_all()?.backward()?.remove(&at_tap);
        let gradient: Vec<f32> = match gradient {
            Some(gradient) => gradient.flatten_all()?.to_vec1()?,
            None => vec![0.0; c * h * w],
        };
        let cells = (h * w) as f64;
        let mean = |plane: &[f32]| plane.iter().map(|&g| f64::from(g)).sum::<f64>() / cells;
        let channel_weights: Vec<f64> = gradient.chunks_exact(h * w).map(mean).collect();
        let map = weighted_sum(&activations, &channel_weights);
        self.finite(map, channel_weights, Some(score), input)
    }

    /// Shares of the cells of the last pool, `(1, 1, cells)`.
    fn shares(&self, input: &NetworkInput, last: &Tensor) -> Result<Tensor> {
        let (_, _, h, w) = last.dims4()?;
        let layer = self.trunk.layer(self.trunk.n_layers() - 1);
        let shares = match self.head.config.pooling {
            Pooling::MaskedAverage => block_sums(input.coverage.view(), [h, w], layer.stride()),
            _ => Array2::ones((h, w)),
        };
        let total = shares.sum();
        if total == 0.0 {
            return Err(Error::EmptyCoverage {
                image: 0,
                tap: layer.tap().to_string(),
            });
        }
        let shares = shares.iter().map(|share| (share / total) as f32).collect();
        Ok(Tensor::from_vec(shares, (1, 1, h * w), last.device())?)
    }

    fn finite(
        &self,
        map: Array2<f64>,
        channel_weights: Vec<f64>,
        score: Option<f64>,
        input: &NetworkInput,
    ) -> Result<Heatmap> {
        match map.iter().find(|value| !value.is_finite()) {
            Some(&value) => Err(Error::NonFiniteOutput {
                image: 0,
                tap: self.trunk.layer(self.position).tap().to_string(),
                channel: 0,
                value,
            }),
            None => Ok(Heatmap {
                cells: map.mapv(|value| value.max(0.0)),
                channel_weights,
                score,
                window: input.window,
            }),
        }
    }
}

/// EigenCAM of a trunk: no labels, no gradients.
#[derive(Debug, Clone)]
pub struct EigenCam {
    trunk: Vgg,
    position: usize,
}

impl EigenCam {
    /// EigenCAM at a tap.
    ///
    /// # Errors
    /// [`Error::UnknownTap`].
    pub fn new(trunk: Vgg, tap: Tap) -> Result<Self> {
        let position = trunk.positions(&[tap])?[0];
        Ok(Self { trunk, position })
    }

    /// The map of one input.
    ///
    /// # Errors
    /// [`Error::NormalizationMismatch`], [`Error::Channels`], [`Error::ImageTooSmall`], [`Error::NonFiniteOutput`].
    pub fn explain(&self, input: &NetworkInput) -> Result<Heatmap> {
        let activations = activations(&self.trunk, self.position, false, input)?;
        let direction = first_direction(&activations);
        let map = weighted_sum(&activations, &direction);
        Ok(Heatmap {
            cells: map.mapv(|value| value.max(0.0)),
            channel_weights: direction,
            score: None,
            window: input.window,
        })
    }
}

/// Activations `(channels, rows, columns)` of one input at a tap, finite. `whole` asks for an input that is large enough
/// for the whole trunk.
fn activations(
    trunk: &Vgg,
    position: usize,
    whole: bool,
    input: &NetworkInput,
) -> Result<Array3<f32>> {
    if input.normalization != trunk.normalization() {
        return Err(Error::NormalizationMismatch {
            weights: Box::new(trunk.normalization()),
            input: Box::new(input.normalization),
            image: 0,
        });
    }
    let deepest = if whole {
        trunk.n_layers() - 1
    } else {
        position
    };
    trunk.check_image(0, input.pixels.dim(), &[deepest])?;
    let tap = trunk.layer(position).tap();
    let made = trunk.activations(input.pixels.view(), &[tap])?.remove(0);
    match made.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((channel, _, _), &value)) => Err(Error::NonFiniteOutput {
            image: 0,
            tap: tap.to_string(),
            channel,
            value: value.into(),
        }),
        None => Ok(made),
    }
}

/// `Σ weight_k A_k`, in f64.
fn weighted_sum(activations: &Array3<f32>, weights: &[f64]) -> Array2<f64> {
    let (_, h, w) = activations.dim();
    let mut map = Array2::zeros((h, w));
    for (plane, &weight) in activations.axis_iter(Axis(0)).zip(weights) {
        map.zip_mut_with(&plane, |sum, &a| *sum += weight * f64::from(a));
    }
    map
}

/// Rounds after which the first singular vector is as good as it gets. Its error shrinks by `(s₂ / s₁)²` in each.
const LARGEST_NUMBER_OF_ROUNDS: usize = 1000;

/// The first right singular vector of cells x channels, by power iteration from the channels' sums. All zero for
/// activations that are all zero.
fn first_direction(activations: &Array3<f32>) -> Vec<f64> {
    let (c, h, w) = activations.dim();
    let by_channel: Array2<f64> = activations
        .mapv(f64::from)
        .into_shape_with_order((c, h * w))
        .expect("the same values");
    let mut direction = by_channel.sum_axis(Axis(1));
    for _ in 0..LARGEST_NUMBER_OF_ROUNDS {
        let next = unit(round(by_channel.view(), &direction));
        let moved = (&next - &direction).mapv(f64::abs).sum();
        direction = next;
        if moved < 1e-14 {
            break;
        }
    }
    direction.to_vec()
}

/// `Mᵀ M v`.
fn round(by_channel: ArrayView2<'_, f64>, direction: &Array1<f64>) -> Array1<f64> {
    by_channel.dot(&by_channel.t().dot(direction))
}

fn unit(vector: Array1<f64>) -> Array1<f64> {
    let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    if norm > 0.0 { vector / norm } else { vector }
}
