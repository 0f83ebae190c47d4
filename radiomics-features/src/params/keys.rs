//! The types of values in a parameter file, with their ranges, so that the parser itself reports what is out of range.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::error::Error;
use crate::filters::{MotherWavelet, Sigma};
use crate::name::Family;
use crate::resample::Interpolator;

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ModeKey {
    Absolute,
    Relative,
    Sigma,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NormKey {
    Euclidean,
    Manhattan,
    Infinity,
    NoWeighting,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LbpMethodKey {
    Default,
    Ror,
    Uniform,
    Var,
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole<const MIN: u64, const MAX: u64 = { usize::MAX as u64 }>(pub(super) u64);

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = i64::deserialize(deserializer)?;
        match u64::try_from(value)
            .ok()
            .filter(|v| (MIN..=MAX).contains(v))
        {
            Some(value) => Ok(Self(value)),
            None if MAX > i64::MAX as u64 => Err(de::Error::custom(format!(
                "expected a whole number of at least {MIN}, found {value}"
            ))),
            None => Err(de::Error::custom(format!(
                "expected a whole number from {MIN} to {MAX}, found {value}"
            ))),
        }
    }
}

/// A finite number greater than 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Positive(pub(super) f64);

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        if value.is_finite() && value > 0.0 {
            return Ok(Self(value));
        }
        Err(de::Error::custom(format!(
            "expected a positive number, found {value}"
        )))
    }
}

/// A finite number of at least 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct NonNegative(pub(super) f64);

impl<'de> Deserialize<'de> for NonNegative {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        if value.is_finite() && value >= 0.0 {
            return Ok(Self(value));
        }
        Err(de::Error::custom(format!(
            "expected a number of at least 0, found {value}"
        )))
    }
}

/// An interpolator by its name in SimpleITK or by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct InterpolatorKey(pub(super) Interpolator);

/// Names without their prefix `sitk`, in the order of SimpleITK's numbers from 1.
const INTERPOLATORS: [(&str, Interpolator); 10] = [
    ("NearestNeighbor", Interpolator::NearestNeighbor),
    ("Linear", Interpolator::Linear),
    ("BSpline", Interpolator::BSpline),
    ("Gaussian", Interpolator::Gaussian),
    ("LabelGaussian", Interpolator::LabelGaussian),
    ("HammingWindowedSinc", Interpolator::HammingWindowedSinc),
    ("CosineWindowedSinc", Interpolator::CosineWindowedSinc),
    ("WelchWindowedSinc", Interpolator::WelchWindowedSinc),
    ("LanczosWindowedSinc", Interpolator::LanczosWindowedSinc),
    ("BlackmanWindowedSinc", Interpolator::BlackmanWindowedSinc),
];

impl<'de> Deserialize<'de> for InterpolatorKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Known;
        impl Visitor<'_> for Known {
            type Value = InterpolatorKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "an interpolator of SimpleITK, e.g. sitkBSpline, or its number from 1 to 10",
                )
            }
            fn visit_str<E: de::Error>(
                self,
                name: &str,
            ) -> std::result::Result<InterpolatorKey, E> {
                let found = name
                    .strip_prefix("sitk")
                    .and_then(|kernel| INTERPOLATORS.iter().find(|(known, _)| *known == kernel));
                found
                    .map(|&(_, interpolator)| InterpolatorKey(interpolator))
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> std::result::Result<InterpolatorKey, E> {
                let index = usize::try_from(n).ok().and_then(|n| n.checked_sub(1));
                index
                    .and_then(|index| INTERPOLATORS.get(index))
                    .map(|&(_, interpolator)| InterpolatorKey(interpolator))
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(n), &self))
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> std::result::Result<InterpolatorKey, E> {
                match u64::try_from(n) {
                    Ok(n) => self.visit_u64(n),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(n), &self)),
                }
            }
        }
        deserializer.deserialize_any(Known)
    }
}

/// A key whose null means something else than its absence.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A sigma, which keeps whether it was written with decimals.
#[derive(Debug, Clone, Copy)]
pub(super) struct SigmaValue(pub(super) Sigma);

impl<'de> Deserialize<'de> for SigmaValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = SigmaValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a positive number")
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> std::result::Result<SigmaValue, E> {
                Sigma::new(v)
                    .map(SigmaValue)
                    .map_err(|_| E::invalid_value(de::Unexpected::Float(v), &self))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> std::result::Result<SigmaValue, E> {
                let sigma = u32::try_from(v).ok().and_then(|v| Sigma::whole(v).ok());
                sigma
                    .map(SigmaValue)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(v), &self))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> std::result::Result<SigmaValue, E> {
                match u64::try_from(v) {
                    Ok(v) => self.visit_u64(v),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(v), &self)),
                }
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// Deserializes a string through `FromStr`.
macro_rules! from_string {
    ($name:ident, $target:ty) => {
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name(pub(super) $target);
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse()
                    .map($name)
                    .map_err(|e: Error| de::Error::custom(e))
            }
        }
    };
}
from_string!(WaveletName, MotherWavelet);
from_string!(FamilyKey, Family);

/// A map that keeps the order of the file, which is the order of the results.
pub(super) struct Ordered<K, V>(pub(super) Vec<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Ordered<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
            type Value = Ordered<K, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}
