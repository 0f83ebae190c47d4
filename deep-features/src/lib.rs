#![doc = include_str!("../README.md")]

mod device;
mod error;
pub mod extractor;
pub mod fine_tuned;
#[cfg(test)]
mod golden;
pub mod head;
mod kernels;
pub mod layer;
mod loss;
pub mod optimizer;
mod par;
pub mod pca;
pub mod prefix;
pub mod preprocess;
mod resize;
mod rng;
pub mod samples;
pub mod state;
mod tensor_file;
pub mod trainer;
mod vgg;
mod weights;

pub use candle_core;
pub use candle_core::Device;
pub use device::device;
pub use error::{Error, FileFault, KeyReport, Misshaped, PickleFault, Result};
pub use extractor::{Embeddings, FeatureExtractor, Pooling};
pub use fine_tuned::FineTuned;
pub use head::{Activation, BottleneckHead, HeadConfig};
pub use layer::{Tap, VggConfig, VggVariant, Width};
pub use ndarray;
pub use optimizer::OptimizerKind;
pub use pca::{Pca, PcaFit};
pub use prefix::{FrozenPrefix, PrefixSettings, TrainedPart};
pub use preprocess::{NetworkInput, Normalization, Preprocess};
pub use resize::Interpolation;
pub use samples::{PatientFolds, Samples, Split};
pub use trainer::{Trainer, TrainingConfig, TrainingState};
pub use vgg::{ConvEngine, Vgg};
pub use weights::{WeightScheme, WeightsInfo, WeightsSource};
