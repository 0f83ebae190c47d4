//! The convolutional trunk of a VGG: weights loaded, ready to run.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use candle_core::{Device, Tensor};
use ndarray::{Array3, ArrayView3};

use crate::error::{Error, Result};
use crate::kernels::conv_op::{self, InputGradient};
use crate::kernels::winograd::{self, WinogradKernel};
use crate::kernels::{FeatureMap, conv, pool};
use crate::layer::{Layer, Tap, VggConfig};
use crate::preprocess::Normalization;
use crate::weights::{self, ConvWeights, WeightsInfo, WeightsSource};

/// Who computes the convolutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConvEngine {
    /// Winograd's minimal filtering, and direct sums where a layer is too small for it: the default on the CPU, and only there. Activations
    /// are within 2e-5 of a tap's largest. Same bits for any number of threads and any batch size.
    Winograd,
    /// Direct sums by matrix products on overlapping rows: the reference, within 2e-6 of a tap's largest activation. Only on the CPU. Same bits
    /// for any number of threads and any batch size.
    OverlappingRows,
    /// candle's convolution: the default on other devices.
    Candle,
}

/// A VGG trunk with its weights. A clone shares them.
///
/// # Examples
/// ```
/// use deep_features::{Device, Vgg, VggConfig, VggVariant, WeightsSource, Width};
///
/// let narrow = VggConfig { width: Width::one_over(16)?, ..VggConfig::new(VggVariant::Vgg19) };
/// let vgg = Vgg::load(&narrow, &WeightsSource::Seeded { seed: 1 }, &Device::Cpu)?;
/// let image = ndarray::Array3::<f32>::zeros((3, 64, 64));
/// let taps = vgg.activations(image.view(), &["relu5_4".parse()?, "pool5".parse()?])?;
/// assert_eq!(taps[0].dim(), (32, 4, 4));
/// assert_eq!(taps[1].dim(), (32, 2, 2));
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Vgg {
    config: VggConfig,
    layers: Vec<Layer>,
    info: WeightsInfo,
    convolutions: Vec<Arc<Convolution>>,
    device: Device,
    engine: ConvEngine,
    /// Weights for candle, made when first needed.
    tensors: OnceLock<Vec<ConvTensors>>,
}

/// One convolution's weights.
#[derive(Debug)]
struct Convolution {
    weights: ConvWeights,
    /// The kernel for [`ConvEngine::Winograd`], made when first needed.
    winograd: OnceLock<WinogradKernel>,
}

impl From<ConvWeights> for Convolution {
    fn from(weights: ConvWeights) -> Self {
        Self {
            weights,
            winograd: OnceLock::new(),
        }
    }
}

/// One convolution's weights for candle, and what its backward pass is asked for.
#[derive(Debug, Clone)]
pub(crate) struct ConvTensors {
    /// `(3, 3, in, out)`, as the kernels of the CPU want it.
    pub kernel: Tensor,
    /// `(out)`.
    pub bias: Tensor,
    pub input_gradient: InputGradient,
}

impl Vgg {
    /// Loads weights and checks that they are those of `config`, all of them.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::File`], [`Error::Pickle`] for an unreadable file; [`Error::UnknownScheme`],
    /// [`Error::Keys`], [`Error::InputTransform`], [`Error::NonFiniteWeight`], [`Error::Setting`] for weights of
    /// another network.
    pub fn load(config: &VggConfig, source: &WeightsSource, device: &Device) -> Result<Self> {
        let (info, weights) = weights::load(config, source)?;
        let engine = if device.is_cpu() {
            ConvEngine::Winograd
        } else {
            ConvEngine::Candle
        };
        Ok(Self {
            config: *config,
            layers: config.layers(),
            info,
            convolutions: weights.into_iter().map(|w| Arc::new(w.into())).collect(),
            device: device.clone(),
            engine,
            tensors: OnceLock::new(),
        })
    }

    /// Chooses the engine.
    ///
    /// # Errors
    /// [`Error::Setting`] for an engine of the CPU on another device.
    pub fn with_engine(mut self, engine: ConvEngine) -> Result<Self> {
        if engine != ConvEngine::Candle && !self.device.is_cpu() {
            return Err(Error::Setting {
                setting: "convolution engine",
                expected: "candle on a device other than the CPU",
                found: format!("{engine:?}"),
            });
        }
        self.engine = engine;
        Ok(self)
    }

    /// Declares that the weights were trained on another input than files of their scheme usually are.
    ///
    /// # Errors
    /// [`Error::Setting`] if a mean or deviation is not finite, or a deviation is not positive.
    pub fn with_normalization(mut self, normalization: Normalization) -> Result<Self> {
        normalization.check()?;
        self.info.normalization = normalization;
        Ok(self)
    }

    /// Which VGG.
    pub fn config(&self) -> &VggConfig {
        &self.config
    }

    /// Which weights.
    pub fn weights(&self) -> &WeightsInfo {
        &self.info
    }

    /// The input the weights expect.
    pub fn normalization(&self) -> Normalization {
        self.info.normalization
    }

    /// Who computes the convolutions.
    pub fn engine(&self) -> ConvEngine {
        self.engine
    }

    /// The activations `(channels, height, width)` of one image `(3, height, width)` at each tap, in the order asked.
    ///
    /// # Errors
    /// [`Error::UnknownTap`], [`Error::Channels`], [`Error::ImageTooSmall`], [`Error::Tensor`].
    pub fn activations(
        &self,
        image: ArrayView3<'_, f32>,
        taps: &[Tap],
    ) -> Result<Vec<Array3<f32>>> {
        let at = self.positions(taps)?;
        self.check_image(0, image.dim(), &at)?;
        let visited =
            self.visit_batch(&[image], &at, &|_, position, map| (position, map.to_chw()))?;
        Ok(in_order_asked(&visited.concat(), &at))
    }

    /// The activations of one image at each tap from those at an earlier one, on the CPU: the rest of the network after
    /// something was done to `activations`, `(channels, height, width)`.
    ///
    /// # Errors
    /// [`Error::UnknownTap`]; [`Error::ColumnCount`] for another number of channels than the tap `from` has;
    /// [`Error::TapOrder`] for a tap that is not after `from`; [`Error::ImageTooSmall`].
    pub fn activations_after(
        &self,
        from: Tap,
        activations: ArrayView3<'_, f32>,
        taps: &[Tap],
    ) -> Result<Vec<Array3<f32>>> {
        let start = self.positions(&[from])?[0];
        let at = self.positions(taps)?;
        if let Some(&early) = at.iter().find(|&&position| position <= start) {
            return Err(Error::TapOrder {
                from: self.layers[start].tap().to_string(),
                tap: self.layers[early].tap().to_string(),
            });
        }
        let (expected, (found, height, width)) = (self.channels(start), activations.dim());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        let stride = self.layers[start].stride();
        self.check_image(0, (3, height * stride, width * stride), &at)?;
        let mut visited = Vec::new();
        let map = FeatureMap::from_chw(activations);
        self.walk_map(map, start + 1..end_of(&at), |position, map| {
            if at.contains(&position) {
                visited.push((position, map.to_chw()));
            }
        });
        Ok(in_order_asked(&visited, &at))
    }

    /// The activations of a batch `(n, 3, height, width)` as candle tensors that carry gradients.
    ///
    /// ReLU has the derivative 0 at 0, and the max-pool gives all of a gradient to the first maximum. On the CPU the
    /// convolutions and their gradients are direct sums, unless the engine is [`ConvEngine::Candle`].
    ///
    /// # Errors
    /// [`Error::UnknownTap`], [`Error::Channels`], [`Error::ImageTooSmall`], [`Error::Tensor`].
    pub fn forward(&self, batch: &Tensor, taps: &[Tap]) -> Result<Vec<Tensor>> {
        let at = self.positions(taps)?;
        let (_, c, h, w) = batch.dims4()?;
        self.check_image(0, (c, h, w), &at)?;
        let mut visited = Vec::new();
        let layers = 0..end_of(&at);
        self.walk_tensors(batch, layers, self.tensors()?, |position, tensor| {
            if at.contains(&position) {
                visited.push((position, tensor.clone()));
            }
            Ok(())
        })?;
        Ok(in_order_asked(&visited, &at))
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The same network with other weights in the convolutions from number `first` on.
    pub(crate) fn with_convolutions(&self, first: usize, weights: Vec<ConvWeights>) -> Self {
        let kept = self.convolutions[..first].iter().cloned();
        let changed = weights.into_iter().map(|w| Arc::new(w.into()));
        let mut network = self.clone();
        network.convolutions = kept.chain(changed).collect();
        network.tensors = OnceLock::new();
        network.info = self.info.changed(
            network.convolutions[first..]
                .iter()
                .map(|convolution| &convolution.weights),
        );
        network
    }

    /// The weights of a convolution, numbered from the input on.
    pub(crate) fn convolution(&self, number: usize) -> &ConvWeights {
        &self.convolutions[number].weights
    }

    /// Positions of taps in the layer table.
    pub(crate) fn positions(&self, taps: &[Tap]) -> Result<Vec<usize>> {
        taps.iter()
            .map(|&tap| self.config.find(tap).map(|(at, _)| at))
            .collect()
    }

    pub(crate) fn layer(&self, position: usize) -> Layer {
        self.layers[position]
    }

    /// How many convolutions come before a position of the layer table.
    pub(crate) fn convolutions_before(&self, position: usize) -> usize {
        let is_conv = |layer: &&Layer| matches!(layer, Layer::Conv(_));
        self.layers[..position].iter().filter(is_conv).count()
    }

    pub(crate) fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// Channels at a position of the layer table.
    pub(crate) fn channels(&self, position: usize) -> usize {
        let conv = |layer: &Layer| match layer {
            Layer::Conv(conv) => Some(conv.out_channels),
            Layer::Pool(_) => None,
        };
        self.layers[..=position]
            .iter()
            .rev()
            .find_map(conv)
            .expect("a network begins with a convolution")
    }

    /// Refuses an image of other than three channels, or too small for the deepest tap.
    pub(crate) fn check_image(
        &self,
        image: usize,
        dim: (usize, usize, usize),
        at: &[usize],
    ) -> Result<()> {
        let (channels, height, width) = dim;
        if channels != 3 {
            return Err(Error::Channels {
                image,
                found: channels,
            });
        }
        let deepest = at
            .iter()
            .max()
            .map_or(self.layers[0], |&position| self.layers[position]);
        let minimum = deepest.stride();
        if height < minimum || width < minimum {
            return Err(Error::ImageTooSmall {
                image,
                height,
                width,
                tap: deepest.tap().to_string(),
                minimum,
            });
        }
        Ok(())
    }

    /// Runs images up to the deepest tap and collects what `visit(image, tap, map)` makes of each tap. Images must
    /// have been checked. The result has one entry per image and tap, taps in network order.
    pub(crate) fn visit_batch<T: Send>(
        &self,
        images: &[ArrayView3<'_, f32>],
        at: &[usize],
        visit: &(impl Fn(usize, usize, &FeatureMap) -> T + Sync),
    ) -> Result<Vec<Vec<T>>> {
        match self.engine {
            ConvEngine::Winograd | ConvEngine::OverlappingRows => {
                Ok(crate::par::map_indexed(images.len(), |i| {
                    let mut seen = Vec::new();
                    let map = FeatureMap::from_chw(images[i]);
                    self.walk_map(map, 0..end_of(at), |position, map| {
                        if at.contains(&position) {
                            seen.push(visit(i, position, map));
                        }
                    });
                    seen
                }))
            }
            ConvEngine::Candle => {
                let mut seen: Vec<Vec<T>> = images.iter().map(|_| Vec::new()).collect();
                let mut start = 0;
                for group in images.chunk_by(|a, b| a.dim() == b.dim()) {
                    let batch = self.stack(group)?;
                    let layers = 0..end_of(at);
                    self.walk_tensors(&batch, layers, self.tensors()?, |position, tensor| {
                        if at.contains(&position) {
                            for (offset, map) in maps_of(tensor)?.iter().enumerate() {
                                seen[start + offset].push(visit(start + offset, position, map));
                            }
                        }
                        Ok(())
                    })?;
                    start += group.len();
                }
                Ok(seen)
            }
        }
    }

    /// The last layer's activations from those before layer `first`; on the CPU, whatever the engine.
    pub(crate) fn finish(&self, map: FeatureMap, first: usize) -> FeatureMap {
        self.walk_map(map, first..self.layers.len(), |_, _| {})
    }

    /// Runs one image through some layers, shows what each of them makes, and returns what the last does.
    fn walk_map(
        &self,
        input: FeatureMap,
        layers: Range<usize>,
        mut visit: impl FnMut(usize, &FeatureMap),
    ) -> FeatureMap {
        let mut map = input;
        let mut number = self.convolutions_before(layers.start);
        for position in layers {
            map = match self.layers[position] {
                Layer::Conv(_) => {
                    number += 1;
                    self.convolve(&map, &self.convolutions[number - 1])
                }
                Layer::Pool(_) => pool::max_pool(&map),
            };
            visit(position, &map);
        }
        map
    }

    fn convolve(&self, map: &FeatureMap, convolution: &Convolution) -> FeatureMap {
        let weights = &convolution.weights;
        if self.engine == ConvEngine::Winograd && winograd::is_worthwhile(map) {
            let kernel = convolution
                .winograd
                .get_or_init(|| WinogradKernel::new(weights));
            winograd::conv_relu(map, kernel, &weights.bias)
        } else {
            conv::conv_relu(map, &weights.kernel, &weights.bias)
        }
    }

    /// Runs a batch through some layers with the weights given for every convolution of the network, and shows what
    /// each of them makes.
    pub(crate) fn walk_tensors(
        &self,
        batch: &Tensor,
        layers: Range<usize>,
        weights: &[ConvTensors],
        mut visit: impl FnMut(usize, &Tensor) -> candle_core::Result<()>,
    ) -> Result<Tensor> {
        let mut x = batch.clone();
        let mut weights = weights.iter().skip(self.convolutions_before(layers.start));
        for position in layers {
            x = match self.layers[position] {
                Layer::Conv(_) => {
                    let weights = weights.next().expect("one set of weights per convolution");
                    self.convolve_tensor(&x, weights)?
                }
                Layer::Pool(_) => pool::max_pool_tensor(&x)?,
            };
            visit(position, &x)?;
        }
        Ok(x)
    }

    fn convolve_tensor(&self, x: &Tensor, weights: &ConvTensors) -> candle_core::Result<Tensor> {
        if self.engine == ConvEngine::Candle {
            let bias = weights.bias.reshape((1, weights.bias.elem_count(), 1, 1))?;
            let kernel = weights.kernel.permute((3, 2, 0, 1))?.contiguous()?;
            relu(&x.conv2d(&kernel, 1, 1, 1, 1)?.broadcast_add(&bias)?)
        } else {
            conv_op::conv_relu(x, &weights.kernel, &weights.bias, weights.input_gradient)
        }
    }

    /// The weights of all convolutions for candle.
    pub(crate) fn tensors(&self) -> Result<&[ConvTensors]> {
        if self.tensors.get().is_none() {
            let made: Vec<_> = self
                .convolutions
                .iter()
                .map(|convolution| to_tensors(&convolution.weights, &self.device))
                .collect::<Result<_>>()?;
            // A second thread may have been faster; both made the same.
            let _ = self.tensors.set(made);
        }
        Ok(self.tensors.get().expect("set above"))
    }

    /// Images of one size as a batch on the device.
    pub(crate) fn stack(&self, images: &[ArrayView3<'_, f32>]) -> Result<Tensor> {
        let (c, h, w) = images[0].dim();
        let values: Vec<f32> = images
            .iter()
            .flat_map(|image| image.iter().copied())
            .collect();
        Ok(Tensor::from_vec(
            values,
            (images.len(), c, h, w),
            &self.device,
        )?)
    }
}

/// From network order to the order asked; a tap asked for twice appears twice.
pub(crate) fn in_order_asked<T: Clone>(visited: &[(usize, T)], at: &[usize]) -> Vec<T> {
    let of = |wanted: &usize| {
        visited
            .iter()
            .find(|(position, _)| position == wanted)
            .map(|(_, value)| value.clone())
    };
    at.iter().filter_map(of).collect()
}

/// One past the deepest tap.
fn end_of(at: &[usize]) -> usize {
    at.iter().max().map_or(0, |deepest| deepest + 1)
}

fn to_tensors(weights: &ConvWeights, device: &Device) -> Result<ConvTensors> {
    let (i, o) = (weights.in_channels, weights.out_channels);
    Ok(ConvTensors {
        kernel: Tensor::from_slice(&weights.kernel, (3, 3, i, o), device)?,
        bias: Tensor::from_slice(&weights.bias, o, device)?,
        input_gradient: InputGradient::Wanted,
    })
}

/// `max(0, x)` whose derivative at 0 is 0. candle's own has the derivative 1 there.
pub(crate) fn relu(x: &Tensor) -> candle_core::Result<Tensor> {
    // Written so that NaN stays NaN: only what is at most zero is replaced.
    x.le(0.0)?.where_cond(&x.zeros_like()?, x)
}

/// The maps of a batch `(n, channels, height, width)`.
fn maps_of(batch: &Tensor) -> candle_core::Result<Vec<FeatureMap>> {
    let (n, c, h, w) = batch.dims4()?;
    (0..n)
        .map(|i| {
            let values = batch.get(i)?.flatten_all()?.to_vec1::<f32>()?;
            let view = ArrayView3::from_shape((c, h, w), &values).expect("the tensor's own shape");
            Ok(FeatureMap::from_chw(view))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;

    #[test]
    fn relu_has_no_slope_at_zero_and_keeps_not_a_number() {
        let x = Var::new(&[-1.0f32, -0.0, 0.0, 1e-30, 2.0], &Device::Cpu).expect("a variable");
        let gradients = relu(&x)
            .and_then(|y| y.sum_all()?.backward())
            .expect("a gradient");
        let slope: Vec<f32> = gradients
            .get(&x)
            .expect("of x")
            .to_vec1()
            .expect("a vector");
        assert_eq!(slope, [0.0, 0.0, 0.0, 1.0, 1.0]);
        let nan = Tensor::new(&[f32::NAN], &Device::Cpu)
            .and_then(|x| relu(&x)?.to_vec1::<f32>())
            .expect("a vector");
        assert!(nan[0].is_nan());
    }
}
