//! From a gray image and a mask to the network's input.
//!
//! In this order: the region's bounding box with a margin; the window's aspect; the [`View`] of it; pixels outside the
//! region; resizing; gray to three channels; normalization. Gray values are 0..=255, axes are (rows, columns), and the
//! output is (3, rows, columns).

mod window;

use std::fmt;

use ndarray::{Array2, Array3, ArrayView2};
use serde::{Deserialize, Serialize};

pub use self::window::{Border, Window};
use crate::augment::View;
use crate::error::{Error, Result};
use crate::resize::{self, Interpolation};

/// What a network was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Normalization {
    /// Channels R, G, B: `(v / 255 - mean) / deviation` with mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224,
    /// 0.225. torchvision's and timm's VGG files.
    ImageNetRgb,
    /// Channels B, G, R: `v - mean` with mean 103.939, 116.779, 123.68. The original Caffe models, Keras, and the
    /// mean-normalized network.
    CaffeBgr255,
    /// `(v / 255 - mean) / deviation` per channel, in the order of the network's input channels.
    Custom {
        /// Mean of `v / 255`.
        mean: [f64; 3],
        /// Standard deviation of `v / 255`.
        deviation: [f64; 3],
    },
}

impl Normalization {
    /// `(v - mean) * scale` per channel, in units of 0..=255.
    pub(crate) fn scale_and_mean(self) -> ([f64; 3], [f64; 3]) {
        let unit = |mean: [f64; 3], deviation: [f64; 3]| {
            (
                deviation.map(|d| 1.0 / (255.0 * d)),
                mean.map(|m| 255.0 * m),
            )
        };
        match self {
            Self::ImageNetRgb => unit([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            Self::CaffeBgr255 => ([1.0; 3], [103.939, 116.779, 123.68]),
            Self::Custom { mean, deviation } => unit(mean, deviation),
        }
    }

    pub(crate) fn check(self) -> Result<()> {
        if let Self::Custom { mean, deviation } = self {
            let usable = mean.iter().all(|m| m.is_finite())
                && deviation.iter().all(|&d| d.is_finite() && d > 0.0);
            if !usable {
                return Err(Error::Setting {
                    setting: "normalization",
                    expected: "finite means and positive deviations",
                    found: format!("mean {mean:?}, deviation {deviation:?}"),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImageNetRgb => f.write_str("RGB by ImageNet mean and deviation"),
            Self::CaffeBgr255 => f.write_str("BGR in 0..=255 minus the Caffe mean"),
            Self::Custom { mean, deviation } => {
                write!(f, "mean {mean:?} and deviation {deviation:?}")
            }
        }
    }
}

/// How much of the surroundings of the region's bounding box is kept, on every side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// Pixels.
    Pixels(usize),
    /// Share of the box's height above and below and of its width left and right, rounded to whole pixels.
    Fraction(f64),
}

/// What part of the image is used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Crop {
    /// All of it.
    Whole,
    /// The mask's bounding box with a margin; all of the image where there is no mask.
    BoundingBox(Margin),
}

/// What happens to a window whose aspect is not the network input's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aspect {
    /// The window's shorter side grows, equally on both ends, so that shapes are kept.
    Extend,
    /// The window is stretched.
    Stretch,
}

/// What happens to pixels outside the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MaskPolicy {
    /// They stay: the network sees the surroundings.
    Keep,
    /// They become 0.
    ZeroOutside,
    /// They become the mean of the pixels inside.
    MeanOutside,
}

/// Whether gray values stay fractional after resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rounding {
    /// They do.
    None,
    /// They are rounded to whole gray values, halves up, as an 8-bit image library does (within 1, since such
    /// libraries round after each of the two passes).
    WholeGray,
}

/// Settings of the preprocessing.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `normalization` | none: give the weights' own | what the network was trained on |
/// | `size` | 224 x 224 | rows and columns of the network's input |
/// | `crop` | bounding box, margin 0.1 | what part of the image is used |
/// | `aspect` | extend | keep shapes or stretch |
/// | `border` | replicate | what stands past the image's edge |
/// | `mask_policy` | keep | what the network sees outside the region |
/// | `interpolation` | antialiased bilinear | kernel of the resizing |
/// | `rounding` | none | mimic 8-bit resizing |
///
/// # Examples
/// ```
/// use deep_features::preprocess::{Margin, Crop, Normalization, Preprocess};
/// use ndarray::Array2;
///
/// let image = Array2::from_elem((60, 80), 128.0);
/// let mask = Array2::from_shape_fn((60, 80), |(y, x)| (20..40).contains(&y) && (30..60).contains(&x));
/// let preprocess = Preprocess::new(Normalization::CaffeBgr255).size([32, 32]).crop(Crop::BoundingBox(Margin::Pixels(2)));
/// let input = preprocess.apply(image.view(), Some(mask.view()))?;
/// assert_eq!(input.pixels.dim(), (3, 32, 32));
/// assert_eq!(input.pixels[(0, 0, 0)], (128.0 - 103.939_f64) as f32);
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    normalization: Normalization,
    size: [usize; 2],
    crop: Crop,
    aspect: Aspect,
    border: Border,
    mask_policy: MaskPolicy,
    interpolation: Interpolation,
    rounding: Rounding,
}

/// What the network takes, and what it was made for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NetworkInput {
    /// `(3, rows, columns)`, normalized.
    pub pixels: Array3<f32>,
    /// Share of each pixel that lies in the mask, in \[0, 1\], `(rows, columns)`; 1 where there is no mask.
    pub coverage: Array2<f32>,
    /// How the pixels were normalized.
    pub normalization: Normalization,
    /// The part of the image that was used.
    pub window: Window,
}

/// No input of a network is larger; guards against a slip in a setting taking all memory.
const LARGEST_SIDE: usize = 4096;
/// No window is larger than this many pixels.
const LARGEST_WINDOW: usize = 1 << 26;

impl Preprocess {
    /// Preprocessing for weights that expect `normalization`
    /// (that is [`Vgg::normalization`](crate::Vgg::normalization)).
    pub fn new(normalization: Normalization) -> Self {
        Self {
            normalization,
            size: [224, 224],
            crop: Crop::BoundingBox(Margin::Fraction(0.1)),
            aspect: Aspect::Extend,
            border: Border::Replicate,
            mask_policy: MaskPolicy::Keep,
            interpolation: Interpolation::BilinearAntialias,
            rounding: Rounding::None,
        }
    }

    /// What the network was trained on.
    pub fn normalization(&self) -> Normalization {
        self.normalization
    }

    /// Rows and columns of the network's input, 1 to 4096 each.
    pub fn size(mut self, size: [usize; 2]) -> Self {
        self.size = size;
        self
    }

    /// What part of the image is used.
    pub fn crop(mut self, crop: Crop) -> Self {
        self.crop = crop;
        self
    }

    /// What happens to a window of another aspect than the input.
    pub fn aspect(mut self, aspect: Aspect) -> Self {
        self.aspect = aspect;
        self
    }

    /// What stands where the window reaches past the image.
    pub fn border(mut self, border: Border) -> Self {
        self.border = border;
        self
    }

    /// What happens to pixels outside the mask.
    pub fn mask_policy(mut self, policy: MaskPolicy) -> Self {
        self.mask_policy = policy;
        self
    }

    /// Kernel of the resizing.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Whether gray values are rounded after resizing.
    pub fn rounding(mut self, rounding: Rounding) -> Self {
        self.rounding = rounding;
        self
    }

    /// Prepares one region as it is. `image` is gray, 0..=255, `(rows, columns)`; `mask` is `true` inside the region.
    ///
    /// # Errors
    /// [`Error::EmptyImage`], [`Error::Intensity`], [`Error::MaskShape`], [`Error::EmptyMask`] for the data;
    /// [`Error::Setting`] for the settings.
    pub fn apply(
        &self,
        image: ArrayView2<'_, f64>,
        mask: Option<ArrayView2<'_, bool>>,
    ) -> Result<NetworkInput> {
        self.apply_view(image, mask, &View::IDENTITY)
    }

    /// Prepares one region as `view` shows it; with [`View::IDENTITY`] the same bits as [`Preprocess::apply`].
    ///
    /// The window is the one of the region as it is. The view then moves image and mask inside it (a pixel past the
    /// image is the border's, and outside the mask) and changes the gray values; mask policy, resizing and
    /// normalization follow. So what the policy makes 0 stays 0, the mean of
    /// [`MaskPolicy::MeanOutside`] is that of the region as shown, and `coverage` is where the region is shown.
    /// [`View`] has the formulas.
    ///
    /// # Errors
    /// As [`Preprocess::apply`], and [`Error::Setting`] for a setting of the view. Also [`Error::EmptyMask`], with the
    /// window's size, where the view leaves no pixel of the mask in the window, under any policy: it would show a
    /// network something else than the region. A region at the window's center, as [`Crop::BoundingBox`] places it,
    /// stays under the default ranges of [`Augmentation`](crate::Augmentation); one in a corner of [`Crop::Whole`] or a
    /// mask of a few scattered pixels may be lost.
    pub fn apply_view(
        &self,
        image: ArrayView2<'_, f64>,
        mask: Option<ArrayView2<'_, bool>>,
        view: &View,
    ) -> Result<NetworkInput> {
        self.check()?;
        view.check()?;
        check_image(image, mask)?;
        let window = self.window(image.dim(), mask)?;
        let size = (window.height, window.width);
        let inside = match mask {
            Some(mask) => window.inside(mask, view),
            None => Array2::from_elem(size, true),
        };
        if !inside.iter().any(|&m| m) {
            return Err(Error::EmptyMask { size: size.into() });
        }
        let mut gray = window.gray(image, self.border, view);
        view.retouch(&mut gray);
        self.apply_mask(&mut gray, &inside);
        let mut resized = resize::resize(gray.view(), self.size, self.interpolation);
        if self.rounding == Rounding::WholeGray {
            resized.mapv_inplace(|v| (v + 0.5).floor().clamp(0.0, 255.0));
        }
        let coverage = resize::area(inside.mapv(|m| f64::from(u8::from(m))).view(), self.size);
        let (scale, mean) = self.normalization.scale_and_mean();
        let pixels = Array3::from_shape_fn((3, self.size[0], self.size[1]), |(c, y, x)| {
            ((resized[(y, x)] - mean[c]) * scale[c]) as f32
        });
        Ok(NetworkInput {
            pixels,
            coverage: coverage.mapv(|v| v as f32),
            normalization: self.normalization,
            window,
        })
    }

    pub(crate) fn check(&self) -> Result<()> {
        let fail = |setting, expected, found| {
            Err(Error::Setting {
                setting,
                expected,
                found,
            })
        };
        self.normalization.check()?;
        if self
            .size
            .iter()
            .any(|side| !(1..=LARGEST_SIDE).contains(side))
        {
            return fail(
                "size",
                "1 to 4096 pixels on each side",
                format!("{} x {}", self.size[0], self.size[1]),
            );
        }
        if let Border::Constant(value) = self.border
            && !(0.0..=255.0).contains(&value)
        {
            return fail("border", "a gray value in 0..=255", value.to_string());
        }
        match self.crop {
            Crop::BoundingBox(Margin::Fraction(f)) if !(0.0..=10.0).contains(&f) => {
                fail("margin", "a fraction of the box in 0..=10", f.to_string())
            }
            Crop::BoundingBox(Margin::Pixels(n)) if n > LARGEST_SIDE => {
                fail("margin", "at most 4096 pixels", n.to_string())
            }
            _ => Ok(()),
        }
    }

    fn window(&self, image: (usize, usize), mask: Option<ArrayView2<'_, bool>>) -> Result<Window> {
        let whole = Window {
            top: 0,
            left: 0,
            height: image.0,
            width: image.1,
        };
        let mut window = match (self.crop, mask) {
            (Crop::BoundingBox(margin), Some(mask)) => Window::around(mask)?.with_margin(margin),
            _ => whole,
        };
        if self.aspect == Aspect::Extend {
            window = window.extended(self.size);
        }
        if window.height.saturating_mul(window.width) > LARGEST_WINDOW {
            return Err(Error::Setting {
                setting: "crop",
                expected: "a window of at most 67108864 pixels",
                found: format!("{} x {}", window.height, window.width),
            });
        }
        Ok(window)
    }

    fn apply_mask(&self, gray: &mut Array2<f64>, inside: &Array2<bool>) {
        let outside = match self.mask_policy {
            MaskPolicy::Keep => return,
            MaskPolicy::ZeroOutside => 0.0,
            MaskPolicy::MeanOutside => {
                let values: Vec<f64> = gray
                    .iter()
                    .zip(inside)
                    .filter(|(_, m)| **m)
                    .map(|(v, _)| *v)
                    .collect();
                values.iter().sum::<f64>() / values.len() as f64
            }
        };
        gray.zip_mut_with(inside, |v, &m| *v = if m { *v } else { outside });
    }
}

fn check_image(image: ArrayView2<'_, f64>, mask: Option<ArrayView2<'_, bool>>) -> Result<()> {
    let (height, width) = image.dim();
    if height == 0 || width == 0 {
        return Err(Error::EmptyImage { height, width });
    }
    if let Some(((row, column), &value)) = image
        .indexed_iter()
        .find(|(_, v)| !(0.0..=255.0).contains(*v))
    {
        return Err(Error::Intensity { row, column, value });
    }
    if let Some(mask) = mask {
        if mask.dim() != image.dim() {
            return Err(Error::MaskShape {
                image: [height, width],
                mask: [mask.nrows(), mask.ncols()],
            });
        }
        if !mask.iter().any(|&m| m) {
            return Err(Error::EmptyMask {
                size: [height, width],
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn plain() -> Preprocess {
        Preprocess::new(Normalization::CaffeBgr255).crop(Crop::BoundingBox(Margin::Pixels(0)))
    }

    fn gray(input: &NetworkInput) -> Array2<f64> {
        input
            .pixels
            .index_axis(ndarray::Axis(0), 0)
            .mapv(|v| (f64::from(v) + 103.939).round())
    }

    fn example() -> (Array2<f64>, Array2<bool>) {
        let image = Array2::from_shape_fn((5, 6), |(y, x)| (10 * y + x) as f64);
        let mask = Array2::from_shape_fn((5, 6), |(y, x)| (y == 1 && x == 2) || (y == 3 && x == 4));
        (image, mask)
    }

    #[test]
    fn box_of_the_mask() {
        let (image, mask) = example();
        let input = plain()
            .size([3, 3])
            .apply(image.view(), Some(mask.view()))
            .expect("a good region");
        assert_eq!(
            input.window,
            Window {
                top: 1,
                left: 2,
                height: 3,
                width: 3
            }
        );
        assert_eq!(
            gray(&input),
            array![[12.0, 13.0, 14.0], [22.0, 23.0, 24.0], [32.0, 33.0, 34.0]]
        );
        assert_eq!(
            input.coverage,
            array![[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        );
    }

    #[test]
    fn borders() {
        let (image, _) = example();
        let mask = Array2::from_shape_fn((5, 6), |(y, x)| y == 0 && x == 0);
        let preprocess = plain()
            .size([5, 5])
            .crop(Crop::BoundingBox(Margin::Pixels(2)));
        let row = |border| {
            let input = preprocess
                .clone()
                .border(border)
                .apply(image.view(), Some(mask.view()))
                .expect("a good region");
            assert_eq!(input.window.top, -2);
            gray(&input).row(2).to_vec()
        };
        assert_eq!(row(Border::Replicate), [0.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(row(Border::Reflect), [2.0, 1.0, 0.0, 1.0, 2.0]);
        assert_eq!(row(Border::Constant(7.0)), [7.0, 7.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn mask_policies() {
        let (image, mask) = example();
        let region = |policy| {
            gray(
                &plain()
                    .size([3, 3])
                    .mask_policy(policy)
                    .apply(image.view(), Some(mask.view()))
                    .expect("a good region"),
            )
        };
        assert_eq!(
            region(MaskPolicy::ZeroOutside).row(0).to_vec(),
            [12.0, 0.0, 0.0]
        );
        assert_eq!(
            region(MaskPolicy::MeanOutside).row(0).to_vec(),
            [12.0, 23.0, 23.0]
        );
    }

    #[test]
    fn aspect() {
        let image = Array2::from_shape_fn((40, 40), |(y, x)| (y + x) as f64);
        let mask = Array2::from_shape_fn((40, 40), |(y, x)| {
            (10..30).contains(&y) && (15..22).contains(&x)
        });
        let window = |aspect, size| {
            plain()
                .size(size)
                .aspect(aspect)
                .apply(image.view(), Some(mask.view()))
                .expect("a good region")
                .window
        };
        assert_eq!(
            window(Aspect::Stretch, [8, 8]),
            Window {
                top: 10,
                left: 15,
                height: 20,
                width: 7
            }
        );
        assert_eq!(
            window(Aspect::Extend, [8, 8]),
            Window {
                top: 10,
                left: 9,
                height: 20,
                width: 20
            }
        );
        assert_eq!(
            window(Aspect::Extend, [8, 4]),
            Window {
                top: 10,
                left: 14,
                height: 20,
                width: 10
            }
        );
        let fraction = plain()
            .crop(Crop::BoundingBox(Margin::Fraction(0.1)))
            .aspect(Aspect::Stretch);
        let with_margin = fraction
            .apply(image.view(), Some(mask.view()))
            .expect("a good region")
            .window;
        assert_eq!(
            with_margin,
            Window {
                top: 8,
                left: 14,
                height: 24,
                width: 9
            }
        );
    }

    #[test]
    fn three_channels_by_normalization() {
        let image = Array2::from_elem((4, 4), 255.0);
        let channels = |normalization| {
            let input = Preprocess::new(normalization)
                .size([2, 2])
                .apply(image.view(), None)
                .expect("a good image");
            [0, 1, 2].map(|c| input.pixels[(c, 1, 1)])
        };
        let expected = [
            (1.0 - 0.485) / 0.229,
            (1.0 - 0.456) / 0.224,
            (1.0 - 0.406) / 0.225,
        ]
        .map(|v: f64| v as f32);
        for (a, e) in channels(Normalization::ImageNetRgb).iter().zip(expected) {
            assert!((a - e).abs() < 1e-6, "{a} {e}");
        }
        assert_eq!(
            channels(Normalization::CaffeBgr255),
            [151.061, 138.221, 131.32]
        );
        let custom = Normalization::Custom {
            mean: [0.5; 3],
            deviation: [0.5; 3],
        };
        assert_eq!(channels(custom), [1.0; 3]);
    }

    #[test]
    fn bad_input_is_named() {
        let (image, mask) = example();
        let apply = |p: &Preprocess, i: &Array2<f64>, m: &Array2<bool>| {
            p.apply(i.view(), Some(m.view()))
                .expect_err("bad input")
                .to_string()
        };
        let empty = Array2::from_elem((5, 6), false);
        assert_eq!(
            apply(&plain(), &image, &empty),
            "the mask selects no pixel of 5 x 6"
        );
        let small = Array2::from_elem((5, 5), true);
        assert_eq!(
            apply(&plain(), &image, &small),
            "mask is 5 x 5, image is 5 x 6"
        );
        let mut bad = image.clone();
        bad[(2, 3)] = f64::NAN;
        assert_eq!(
            apply(&plain(), &bad, &mask),
            "expected gray values in 0..=255, found NaN at row 2, column 3"
        );
        bad[(2, 3)] = 256.0;
        assert_eq!(
            apply(&plain(), &bad, &mask),
            "expected gray values in 0..=255, found 256 at row 2, column 3"
        );
        assert!(
            Preprocess::new(Normalization::ImageNetRgb)
                .apply(Array2::zeros((0, 3)).view(), None)
                .is_err()
        );
        for settings in [
            plain().size([0, 5]),
            plain().size([5, 5000]),
            plain().crop(Crop::BoundingBox(Margin::Fraction(-0.1))),
            plain().crop(Crop::BoundingBox(Margin::Fraction(f64::NAN))),
            plain().crop(Crop::BoundingBox(Margin::Pixels(usize::MAX))),
            plain().border(Border::Constant(300.0)),
            Preprocess::new(Normalization::Custom {
                mean: [0.0; 3],
                deviation: [0.0; 3],
            }),
        ] {
            let error = settings
                .apply(image.view(), Some(mask.view()))
                .expect_err("a bad setting");
            assert!(matches!(error, Error::Setting { .. }), "{error}");
        }
    }
}
