#![doc = include_str!("../README.md")]

pub mod augment;
mod device;
mod error;
pub mod extractor;
mod kernels;
pub mod layer;
mod par;
pub mod pca;
pub mod preprocess;
mod resize;
mod rng;
pub mod state;
mod vgg;
mod weights;

pub use augment::{Augmentation, View};
pub use candle_core;
pub use candle_core::Device;
pub use device::device;
pub use error::{Error, FileFault, KeyReport, Misshaped, PickleFault, Result};
pub use extractor::{Embeddings, FeatureExtractor, Pooling};
pub use layer::{Tap, VggConfig, VggVariant, Width};
pub use ndarray;
pub use pca::{Pca, PcaFit};
pub use preprocess::{NetworkInput, Normalization, Preprocess};
pub use resize::Interpolation;
pub use vgg::{ConvEngine, Vgg};
pub use weights::{WeightScheme, WeightsInfo, WeightsSource};
