//! The types of values in a parameter file, with their ranges, so that the parser itself reports what is out of range.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::filters::{MotherWavelet, Sigma};
use crate::name::Family;
use crate::params::{FamilySelection, FeatureSelection};
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
        struct Range<const MIN: u64, const MAX: u64>;
        impl<const MIN: u64, const MAX: u64> Visitor<'_> for Range<MIN, MAX> {
            type Value = Whole<MIN, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if MAX > i64::MAX as u64 {
                    write!(f, "a whole number of at least {MIN}")
                } else {
                    write!(f, "a whole number from {MIN} to {MAX}")
                }
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> std::result::Result<Self::Value, E> {
                if (MIN..=MAX).contains(&n) {
                    return Ok(Whole(n));
                }
                Err(E::invalid_value(de::Unexpected::Unsigned(n), &self))
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> std::result::Result<Self::Value, E> {
                match u64::try_from(n) {
                    Ok(n) => self.visit_u64(n),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(n), &self)),
                }
            }
        }
        deserializer.deserialize_any(Range)
    }
}

/// Any number, infinity and NaN included. As for PyRadiomics, text that reads as one counts: `nan` is no number of YAML.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub(super) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> std::result::Result<Number, E> {
                Ok(Number(v))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> std::result::Result<Number, E> {
                Ok(Number(v as f64))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> std::result::Result<Number, E> {
                Ok(Number(v as f64))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Number, E> {
                let number = text.trim().parse().map(Number);
                number.map_err(|_| E::invalid_type(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Numbers of a range, read through [`Number`].
macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name(pub(super) f64);
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let Number(value) = Number::deserialize(deserializer)?;
                let accepts: fn(f64) -> bool = $accepts;
                if value.is_finite() && accepts(value) {
                    return Ok(Self(value));
                }
                Err(de::Error::custom(format!(concat!("expected ", $expected, ", found {}"), value)))
            }
        }
    };
}
number! {
    /// A finite number greater than 0.
    Positive, "a positive number", |value| value > 0.0
}
number! {
    /// A finite number of at least 0.
    NonNegative, "a number of at least 0", |value| value >= 0.0
}
number! {
    /// A finite number.
    Finite, "a finite number", |_| true
}

/// A list with `MIN` to `MAX` entries.
#[derive(Debug, Clone)]
pub(super) struct List<T, const MIN: usize, const MAX: usize = { usize::MAX }>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>, const MIN: usize, const MAX: usize> Deserialize<'de>
    for List<T, MIN, MAX>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let entries = Vec::deserialize(deserializer)?;
        let found = entries.len();
        if (MIN..=MAX).contains(&found) {
            return Ok(Self(entries));
        }
        Err(de::Error::custom(match MAX {
            usize::MAX => format!("expected a list of at least {MIN} entries, found {found}"),
            _ => format!("expected a list of {MIN} to {MAX} entries, found {found}"),
        }))
    }
}

/// One or more distances. PyRadiomics takes one given twice as another set of directions, which nobody means.
#[derive(Debug, Clone)]
pub(super) struct Distances(pub(super) Vec<usize>);

impl<'de> Deserialize<'de> for Distances {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let list: List<Whole<1>, 1> = List::deserialize(deserializer)?;
        let distances: Vec<usize> = list.0.iter().map(|distance| distance.0 as usize).collect();
        let distinct: BTreeSet<usize> = distances.iter().copied().collect();
        if distinct.len() == distances.len() {
            return Ok(Self(distances));
        }
        let problem = format!("expected each distance once, found {distances:?}");
        Err(de::Error::custom(problem))
    }
}

/// A setting that cannot differ between image types; no value of it is accepted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Global {}

impl<'de> Deserialize<'de> for Global {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        let problem =
            "acts before images are filtered and is not supported for one image type alone";
        Err(de::Error::custom(problem))
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

/// `featureClass`, in the order of the file, which is the order of the results.
pub(super) struct FeatureClasses(pub(super) Vec<FamilySelection>);

impl<'de> Deserialize<'de> for FeatureClasses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Classes;
        impl<'de> Visitor<'de> for Classes {
            type Value = FeatureClasses;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of feature classes")
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut selections: Vec<FamilySelection> = Vec::new();
                while let Some(family) = map.next_key::<FamilyKey>()? {
                    let names: Option<Vec<String>> = map.next_value_seed(NamesOf(family.0))?;
                    let mut selection = FamilySelection::all(family.0);
                    if let Some(names) = names.filter(|names| !names.is_empty()) {
                        selection.features = FeatureSelection::Only(names);
                    }
                    selections.push(selection);
                }
                Ok(FeatureClasses(selections))
            }
        }
        deserializer.deserialize_map(Classes)
    }
}

#[derive(Debug, Clone, Copy)]
struct FamilyKey(Family);

impl<'de> Deserialize<'de> for FamilyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(FamilyKey).map_err(|_: Error| {
            let known = Family::ALL.map(Family::as_str).join(", ");
            de::Error::custom(format!(
                "{name} is no feature class, expected one of {known}"
            ))
        })
    }
}

/// Null, or a list of names of one family's features. Each is checked where it stands, so that the error knows the line.
#[derive(Clone, Copy)]
struct NamesOf(Family);

impl<'de> DeserializeSeed<'de> for NamesOf {
    type Value = Option<Vec<String>>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for NamesOf {
    type Value = Option<Vec<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of features of {}, or nothing for all", self.0)
    }

    fn visit_none<E: de::Error>(self) -> std::result::Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> std::result::Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut list: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element_seed(NameOf(self.0))? {
            names.push(name);
        }
        Ok(Some(names))
    }
}

#[derive(Clone, Copy)]
struct NameOf(Family);

impl<'de> DeserializeSeed<'de> for NameOf {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        let family = self.0;
        if family.feature(&name).is_some() || family.replaced(&name).is_some() {
            return Ok(name);
        }
        Err(de::Error::custom(format!("{family} has no feature {name}")))
    }
}

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
