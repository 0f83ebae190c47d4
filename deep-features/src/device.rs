//! Where the network runs.

use candle_core::Device;

use crate::error::{Error, Result};

/// The device named `cpu`, `cuda`, `cuda:1` or `metal`.
///
/// # Errors
/// [`Error::Device`] for another name, for a device whose cargo feature is off, and for one that the machine has not.
///
/// # Examples
/// ```
/// assert!(deep_features::device("cpu")?.is_cpu());
/// assert!(deep_features::device("abacus").is_err());
/// # Ok::<(), deep_features::Error>(())
/// ```
pub fn device(name: &str) -> Result<Device> {
    let refuse = |reason: String| Error::Device {
        name: name.to_string(),
        reason,
    };
    let (kind, ordinal) = match name.split_once(':') {
        None => (name, 0),
        Some((kind, index)) => (
            kind,
            index
                .parse()
                .map_err(|_| refuse(format!("expected a device number, found {index:?}")))?,
        ),
    };
    match kind {
        "cpu" if ordinal == 0 => Ok(Device::Cpu),
        "cuda" if !candle_core::utils::cuda_is_available() => Err(refuse(
            "build with the cargo feature `cuda` to use it".to_string(),
        )),
        "cuda" => Device::new_cuda(ordinal).map_err(|e| refuse(e.to_string())),
        "metal" if !candle_core::utils::metal_is_available() => Err(refuse(
            "build with the cargo feature `metal` to use it".to_string(),
        )),
        "metal" => Device::new_metal(ordinal).map_err(|e| refuse(e.to_string())),
        _ => Err(refuse("expected cpu, cuda, cuda:N or metal".to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(device("cpu").is_ok());
        for bad in ["", "gpu", "cpu:1", "cuda:x", "cuda:-1"] {
            assert!(matches!(device(bad), Err(Error::Device { .. })), "{bad}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn missing_feature_is_named() {
        let message = device("cuda:0")
            .expect_err("cuda is not compiled in")
            .to_string();
        assert!(message.contains("feature `cuda`"), "{message}");
    }
}
