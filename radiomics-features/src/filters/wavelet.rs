//! The undecimated (stationary) wavelet transform.
//!
//! One level splits the image along x, then y, then z into a low-pass (L, approximation) and a high-pass (H, detail) half,
//! without decimation: eight sub-bands of the size of the image, four if one axis is left out. The letters of a band are in
//! the order x, y, z: `LLH` is smooth along x and y and holds the differences between slices.
//!
//! Borders are periodic, and an axis of odd length is extended by a copy of its first sample beforehand. Each further level
//! filters the approximation of the level before, with the same filters.
//!
//! # One slice
//! An axis of one voxel is extended to two equal samples. Its low-pass response is √2 times the image; its high-pass response
//! is exactly zero in real numbers, and in floating point the rounding error of the sum, about 1e-13. The four bands `LLH`,
//! `LHH`, `HLH` and `HHH` of a single slice therefore describe the sign of rounding errors; see
//! [`ImageName::is_noise`](crate::ImageName::is_noise). They equal the reference bit by bit because the additions are done in
//! its order.

use std::f64::consts::SQRT_2;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use ndarray::{Array3, ArrayView3};

use super::Response;
use super::coefficients::{BIORTHOGONAL, LONG, ORTHOGONAL};
use super::convolve::periodic::{AxisPlan, FilterPair, Real};
use crate::error::{Error, Result};
use crate::name::{Band, ImageName, Pass};
use crate::numbers::{each_number, view};
use crate::roi::BoundingBox;
use crate::volume::{PixelType, Volume};

/// Settings of the wavelet filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wavelet {
    /// The mother wavelet. Default coif1.
    pub mother: MotherWavelet,
    /// How many levels of sub-bands are taken. Default 1.
    pub level: NonZeroUsize,
    /// How many levels of approximation go before the first. Default 0.
    pub start_level: usize,
}

impl Default for Wavelet {
    fn default() -> Self {
        Self {
            mother: MotherWavelet::default(),
            level: NonZeroUsize::MIN,
            start_level: 0,
        }
    }
}

/// A family of wavelets and its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MotherWavelet {
    /// `haar`, the same as `db1`.
    Haar,
    /// `db2` to `db38`: extremal phase, this many vanishing moments.
    Daubechies(u8),
    /// `sym2` to `sym20`: least asymmetric.
    Symlet(u8),
    /// `coif1` to `coif17`.
    Coiflet(u8),
    /// `dmey`, a finite approximation of Meyer's wavelet.
    DiscreteMeyer,
    /// `bior1.1` to `bior6.8`: vanishing moments of reconstruction and decomposition.
    Biorthogonal(u8, u8),
    /// `rbio1.1` to `rbio6.8`: the same with the two roles exchanged.
    ReverseBiorthogonal(u8, u8),
}

impl Default for MotherWavelet {
    fn default() -> Self {
        Self::Coiflet(1)
    }
}

impl fmt::Display for MotherWavelet {
    /// PyWavelets' name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Haar => f.write_str("haar"),
            Self::Daubechies(n) => write!(f, "db{n}"),
            Self::Symlet(n) => write!(f, "sym{n}"),
            Self::Coiflet(n) => write!(f, "coif{n}"),
            Self::DiscreteMeyer => f.write_str("dmey"),
            Self::Biorthogonal(r, d) => write!(f, "bior{r}.{d}"),
            Self::ReverseBiorthogonal(r, d) => write!(f, "rbio{r}.{d}"),
        }
    }
}

impl FromStr for MotherWavelet {
    type Err = Error;

    /// From PyWavelets' name.
    fn from_str(name: &str) -> Result<Self> {
        let order = |prefix: &str| name.strip_prefix(prefix)?.parse().ok();
        let orders = |prefix: &str| {
            let (r, d) = name.strip_prefix(prefix)?.split_once('.')?;
            Some((r.parse().ok()?, d.parse().ok()?))
        };
        let parsed = match name {
            "haar" | "db1" => Some(Self::Haar),
            "dmey" => Some(Self::DiscreteMeyer),
            _ => None
                .or_else(|| order("db").map(Self::Daubechies))
                .or_else(|| order("sym").map(Self::Symlet))
                .or_else(|| order("coif").map(Self::Coiflet))
                .or_else(|| orders("bior").map(|(r, d)| Self::Biorthogonal(r, d)))
                .or_else(|| orders("rbio").map(|(r, d)| Self::ReverseBiorthogonal(r, d))),
        };
        let wavelet = parsed.ok_or_else(|| unknown(name))?;
        wavelet.filters::<f64>().map(|_| wavelet)
    }
}

fn unknown(name: &str) -> Error {
    Error::InvalidSetting {
        name: "wavelet",
        expected: "haar, dmey, db1 to db38, sym2 to sym20, coif1 to coif17, bior or rbio 1.1 to 6.8",
        found: name.to_string(),
    }
}

impl MotherWavelet {
    /// The decomposition filters.
    pub(super) fn filters<T: Real>(self) -> Result<FilterPair<T>> {
        let name = self.to_string();
        let orthogonal = || {
            ORTHOGONAL
                .iter()
                .chain(LONG)
                .find(|(n, _)| *n == name)
                .map(|(_, low)| low.to_vec())
        };
        let reversed = |v: &[f64]| -> Vec<f64> { v.iter().rev().copied().collect() };
        let biorthogonal = || {
            let key = name.get(4..)?;
            BIORTHOGONAL
                .iter()
                .find(|(n, ..)| *n == key)
                .map(|(_, low, low_inverse)| (*low, *low_inverse))
        };
        let (low, low_inverse) = match self {
            Self::Biorthogonal(..) => biorthogonal().map(|(a, b)| (a.to_vec(), b.to_vec())),
            Self::ReverseBiorthogonal(..) => {
                biorthogonal().map(|(a, b)| (reversed(b), reversed(a)))
            }
            _ => orthogonal().map(|low| (low.clone(), reversed(&low))),
        }
        .ok_or_else(|| unknown(&name))?;
        // The high-pass filter is the reconstruction low-pass with alternating signs, the first negative.
        let high = low_inverse
            .iter()
            .enumerate()
            .map(|(k, &v)| if k % 2 == 0 { -v } else { v });
        let rounded = |v| self.coefficient::<T>(v);
        Ok(FilterPair {
            high: high.map(rounded).collect(),
            low: low.iter().copied().map(rounded).collect(),
        })
    }
}

impl MotherWavelet {
    /// A coefficient in the precision of the filter. PyWavelets' coiflets are a table times √2, multiplied in that precision.
    fn coefficient<T: Real>(self, value: f64) -> T {
        if T::SINGLE && matches!(self, Self::Coiflet(_)) {
            return T::from_f64(value / SQRT_2) * T::from_f64(SQRT_2);
        }
        T::from_f64(value)
    }
}

impl Wavelet {
    pub(super) fn responses(
        &self,
        image: &Volume,
        bounds: &BoundingBox,
        flat_axes: [bool; 3],
    ) -> Result<Vec<Response>> {
        match image.pixel_type() {
            PixelType::F32 => self.bands::<f32>(image, bounds, flat_axes),
            _ => self.bands::<f64>(image, bounds, flat_axes),
        }
    }

    fn bands<T: Real>(
        &self,
        image: &Volume,
        bounds: &BoundingBox,
        flat_axes: [bool; 3],
    ) -> Result<Vec<Response>> {
        let transform = Transform {
            filters: self.mother.filters::<T>()?,
            flat_axes,
        };
        let last = self.start_level + self.level.get();
        let pixel_type = if image.pixel_type() == PixelType::F32 {
            PixelType::F32
        } else {
            PixelType::F64
        };
        let mut responses = Vec::new();
        let mut size = image.size();
        let mut approximation: Option<Array3<T>> = None;
        for step in 0..last {
            // A further level needs all of this level, the extension of odd axes included.
            let is_last = step + 1 == last;
            let extended = BoundingBox::whole(transform.extended(size));
            let wanted = if is_last { bounds } else { &extended };
            let plans = transform.plans(size, wanted);
            let sources = match &approximation {
                Some(data) => gather(data.view(), wanted, &plans, T::into_f64),
                None => each_number!(image.numbers(), values => {
                    gather(view(values, size), wanted, &plans, Into::into)
                }),
            };
            let mut bands = transform.split(sources, wanted, &plans);
            size = wanted.size;
            let low = bands.remove(0);
            let level = step.checked_sub(self.start_level).map(|l| l + 1);
            if let Some(level) = level {
                for (band, voxels) in transform.names().into_iter().skip(1).zip(bands) {
                    let voxels = if is_last {
                        voxels
                    } else {
                        bounds.slice(voxels.view()).to_owned()
                    };
                    responses.push(response(level, band, voxels, pixel_type));
                }
            }
            if is_last {
                let band = transform.names()[0];
                responses.push(response(self.level.get(), band, low, pixel_type));
                break;
            }
            approximation = Some(low);
        }
        Ok(responses)
    }
}

fn response<T: Real>(
    level: usize,
    band: Band,
    voxels: Array3<T>,
    pixel_type: PixelType,
) -> Response {
    Response {
        name: ImageName::Wavelet { level, band },
        voxels: T::array_into_f64(voxels),
        pixel_type,
    }
}

/// One level of the transform.
struct Transform<T> {
    filters: FilterPair<T>,
    /// The axes z, y, x that are left out.
    flat_axes: [bool; 3],
}

impl<T: Real> Transform<T> {
    /// The size with odd axes extended by one.
    fn extended(&self, size: [usize; 3]) -> [usize; 3] {
        [0, 1, 2].map(|axis| match self.flat_axes[axis] {
            true => size[axis],
            false => size[axis] + size[axis] % 2,
        })
    }

    /// Names of the bands in the order of [`split`](Self::split): L before H, x slowest.
    fn names(&self) -> Vec<Band> {
        let mut names = vec![Vec::new()];
        for axis in [2, 1, 0] {
            if self.flat_axes[axis] {
                continue;
            }
            names = names
                .into_iter()
                .flat_map(|name: Vec<Pass>| {
                    [Pass::Low, Pass::High].map(|pass| [name.as_slice(), &[pass]].concat())
                })
                .collect();
        }
        names.iter().map(|passes| Band::new(passes)).collect()
    }

    /// How the axes of an image of `size` that are not left out give the bands inside `bounds`.
    fn plans(&self, size: [usize; 3], bounds: &BoundingBox) -> [Option<AxisPlan>; 3] {
        std::array::from_fn(|axis| {
            let range = bounds.start[axis]..bounds.start[axis] + bounds.size[axis];
            let filtered = !self.flat_axes[axis];
            filtered.then(|| AxisPlan::new(size[axis], range, self.filters.low.len()))
        })
    }

    /// All bands inside `bounds`, from the samples that the plans need.
    fn split(
        &self,
        sources: Array3<T>,
        bounds: &BoundingBox,
        plans: &[Option<AxisPlan>; 3],
    ) -> Vec<Array3<T>> {
        let mut bands = vec![sources];
        for axis in [2, 1, 0] {
            if let Some(plan) = &plans[axis] {
                bands = bands
                    .into_iter()
                    .flat_map(|band| self.split_axis(&band, axis, bounds.size[axis], plan))
                    .collect();
            }
        }
        bands
    }

    fn split_axis(
        &self,
        input: &Array3<T>,
        axis: usize,
        n: usize,
        plan: &AxisPlan,
    ) -> [Array3<T>; 2] {
        let mut size: [usize; 3] = input.dim().into();
        let n_sources = size[axis];
        size[axis] = n;
        // Zeros from the system, which need not be written.
        let mut low = Array3::from_elem(size, T::default());
        let mut high = Array3::from_elem(size, T::default());
        let source = input.as_slice().expect("bands are in standard layout");
        let targets = (
            low.as_slice_mut()
                .expect("a new array is in standard layout"),
            high.as_slice_mut()
                .expect("a new array is in standard layout"),
        );
        let stride: usize = size[axis + 1..].iter().product();
        let lines = source
            .chunks_exact(n_sources * stride)
            .zip(targets.0.chunks_exact_mut(n * stride))
            .zip(targets.1.chunks_exact_mut(n * stride));
        for ((line, low), high) in lines {
            if axis == 2 {
                plan.convolve_line(&self.filters, line, low, high);
            } else {
                plan.convolve_rows(&self.filters, stride, line, low, high);
            }
        }
        [low, high]
    }
}

/// The samples that the plans need, and nothing else.
fn gather<S: Copy, T: Real>(
    data: ArrayView3<'_, S>,
    bounds: &BoundingBox,
    plans: &[Option<AxisPlan>; 3],
    to_f64: impl Fn(S) -> f64,
) -> Array3<T> {
    let [z, y, x] = [0, 1, 2].map(|axis| match &plans[axis] {
        Some(plan) => plan.sources.clone(),
        None => (bounds.start[axis]..bounds.start[axis] + bounds.size[axis]).collect(),
    });
    Array3::from_shape_fn((z.len(), y.len(), x.len()), |(i, j, k)| {
        T::from_f64(to_f64(data[[z[i], y[j], x[k]]]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Geometry;

    fn volume(size: [usize; 3], f: impl Fn([usize; 3]) -> f64) -> Volume {
        let voxels = Array3::from_shape_fn(size, |(z, y, x)| f([z, y, x]));
        Volume::new(voxels, Geometry::new([1.0; 3]).unwrap(), PixelType::F64).unwrap()
    }

    fn energy(response: &Response) -> f64 {
        response.voxels.iter().map(|v| v * v).sum()
    }

    #[test]
    fn the_letters_of_a_band_are_x_y_z() {
        for (axis, letter) in [(2, "HLL"), (1, "LHL"), (0, "LLH")] {
            let image = volume([8, 8, 8], |i| (i[axis] % 2) as f64);
            let bands = Wavelet::default()
                .responses(&image, &BoundingBox::whole([8; 3]), [false; 3])
                .unwrap();
            let loud: Vec<String> = bands
                .iter()
                .filter(|b| energy(b) > 1e-9)
                .map(|b| b.name.to_string())
                .collect();
            assert_eq!(
                loud,
                [format!("wavelet-{letter}"), "wavelet-LLL".to_string()]
            );
        }
    }

    #[test]
    fn the_order_is_that_of_the_reference() {
        let image = volume([4, 4, 4], |_| 1.0);
        let names = |flat: [bool; 3]| -> Vec<String> {
            let all = BoundingBox::whole([4; 3]);
            let bands = Wavelet::default().responses(&image, &all, flat).unwrap();
            bands
                .iter()
                .map(|b| b.name.to_string()["wavelet-".len()..].to_string())
                .collect()
        };
        assert_eq!(
            names([false; 3]),
            ["LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL"]
        );
        assert_eq!(names([true, false, false]), ["LH", "HL", "HH", "LL"]);
        assert_eq!(names([true, true, false]), ["H", "L"]);
    }

    #[test]
    fn a_box_holds_the_bits_of_the_whole() {
        let image = volume([5, 7, 12], |[z, y, x]| {
            ((z * 31 + y * 17 + x * x * 7) % 29) as f64 * 0.3
        });
        let settings = [(1, 0), (2, 0), (1, 1)].map(|(level, start_level)| Wavelet {
            level: NonZeroUsize::new(level).unwrap(),
            start_level,
            ..Wavelet::default()
        });
        let part = BoundingBox {
            start: [1, 2, 6],
            size: [4, 5, 6],
        };
        for wavelet in settings {
            let whole = wavelet
                .responses(&image, &BoundingBox::whole([5, 7, 12]), [false; 3])
                .unwrap();
            let boxed = wavelet.responses(&image, &part, [false; 3]).unwrap();
            for (whole, boxed) in whole.iter().zip(&boxed) {
                assert_eq!(
                    part.slice(whole.voxels.view()),
                    boxed.voxels,
                    "{}",
                    whole.name
                );
            }
        }
    }

    #[test]
    fn energy_is_kept_by_orthogonal_filters_on_even_axes() {
        let image = volume([4, 6, 8], |[z, y, x]| ((z * 13 + y * 5 + x * 3) % 7) as f64);
        let before: f64 = image.voxels().iter().map(|v| v * v).sum();
        for name in ["haar", "db4", "sym5", "coif2"] {
            let wavelet = Wavelet {
                mother: name.parse().unwrap(),
                ..Wavelet::default()
            };
            let bands = wavelet
                .responses(&image, &BoundingBox::whole([4, 6, 8]), [false; 3])
                .unwrap();
            let after: f64 = bands.iter().map(energy).sum();
            assert!(
                (after / before / 8.0 - 1.0).abs() < 1e-9,
                "{name}: {after} of {before}"
            );
        }
    }

    #[test]
    fn names_of_wavelets_are_parsed_and_printed() {
        for name in [
            "haar", "db20", "db38", "sym2", "coif5", "coif17", "dmey", "bior6.8", "rbio1.3",
        ] {
            assert_eq!(name.parse::<MotherWavelet>().unwrap().to_string(), name);
        }
        assert_eq!("db1".parse::<MotherWavelet>().unwrap(), MotherWavelet::Haar);
        for name in [
            "db39", "coif18", "sym1", "coif", "bior1.2", "morl", "bior", "",
        ] {
            assert!(name.parse::<MotherWavelet>().is_err(), "{name}");
        }
    }
}
