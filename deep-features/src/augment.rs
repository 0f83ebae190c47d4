//! Views of a region for training: what a sonographer's next frame of the same lesion might have looked like.
//!
//! A small study has few lesions, and a network that sees each of them in one position learns the position. An
//! [`Augmentation`] holds ranges, [`Augmentation::draw`] takes a [`View`] from them, and
//! [`Preprocess::apply_view`](crate::Preprocess::apply_view) shows a region that way.
//!
//! Ultrasound has a depth direction: sound travels down the image, shadows and enhancement lie below what casts them,
//! and gain is set by depth. Views keep it by default: they mirror left and right, never up and down, and tilt by no
//! more than a probe does.
//!
//! View 0 of every item is [`View::IDENTITY`], the region as it is. Validation and embedding use that one.

use std::ops::RangeInclusive;

use ndarray::{Array2, Axis};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::rng;

/// One way of looking at a region.
///
/// Geometry comes first. The window's content is mirrored, then rotated, then enlarged, all about the window's center:
/// with `q` and `p` (rows, columns) relative to the center, the window's pixel `p` shows the image at
/// `q = F R p / scale`, where `R` turns clockwise by `rotation` (the way back) and `F` mirrors. Gray values come from
/// the four nearest pixels (bilinear), the mask from the nearest one. Mirrored pixels are moved and not interpolated,
/// and so are those of a square window turned by a multiple of 90 degrees. Any other turn or scale interpolates once,
/// which smooths speckle a little.
///
/// Gray values come second, in this order, over the whole window (surroundings and border included), with `v` the gray
/// value, `m` the window's mean at the start, `y` the row and `h` the window's rows:
///
/// ```text
/// contrast    v <- m + contrast (v - m)
/// brightness  v <- v + 255 brightness
/// gain        v <- v (1 + gain_slope (y / (h - 1) - 1/2))        a window of one row keeps its values
/// gamma       v <- 255 (clamp(v, 0, 255) / 255)^gamma
/// speckle     v <- v (1 + speckle z),   z ~ N(0, 1) for each pixel
/// end         v <- clamp(v, 0, 255)
/// ```
///
/// # Examples
/// ```
/// use deep_features::preprocess::{Crop, Normalization, Preprocess};
/// use deep_features::View;
/// use ndarray::{Array2, s};
///
/// let image = Array2::from_shape_fn((8, 8), |(y, x)| (10 * y + x) as f64);
/// let preprocess = Preprocess::new(Normalization::CaffeBgr255).size([8, 8]).crop(Crop::Whole);
/// let mirrored = View { flip_lateral: true, ..View::IDENTITY };
/// let seen = preprocess.apply_view(image.view(), None, &mirrored)?;
/// let plain = preprocess.apply(image.view(), None)?;
/// assert_eq!(seen.pixels, plain.pixels.slice(s![.., .., ..;-1]));
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Left and right change places (columns are mirrored). Default `false`.
    pub flip_lateral: bool,
    /// Top and bottom change places (rows are mirrored). Default `false`: no scanner makes such an image.
    pub flip_depth: bool,
    /// Degrees by which the content is turned counter-clockwise as seen on the screen, where rows run down; -360 to
    /// 360. Default 0.
    pub rotation: f64,
    /// How many times larger the content appears: 1.1 enlarges by a tenth. 0.05 to 20. Default 1.
    pub scale: f64,
    /// Factor on the distance of gray values from the window's mean, 0 to 10. Default 1.
    pub contrast: f64,
    /// What is added to gray values, as a share of 255, -1 to 1. Default 0.
    pub brightness: f64,
    /// Exponent on `v / 255`, 0.05 to 20: above 1 darkens the middle grays. Default 1.
    pub gamma: f64,
    /// Gain along depth, -2 to 2: the factor is `1 - gain_slope / 2` in the window's first row and
    /// `1 + gain_slope / 2` in its last, linear between, as a time-gain compensation set otherwise. Default 0.
    pub gain_slope: f64,
    /// Standard deviation of the multiplicative noise, 0 to 1, independent in each pixel of the window before
    /// resizing. Default 0.
    pub speckle: f64,
    /// Seed of that noise; read only where `speckle` is not 0. Default 0.
    pub noise_seed: u64,
}

impl Default for View {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl View {
    /// The region as it is: every gray value keeps its bits.
    pub const IDENTITY: Self = Self {
        flip_lateral: false,
        flip_depth: false,
        rotation: 0.0,
        scale: 1.0,
        contrast: 1.0,
        brightness: 0.0,
        gamma: 1.0,
        gain_slope: 0.0,
        speckle: 0.0,
        noise_seed: 0,
    };

    /// Whether every setting is finite and in the range its field names.
    ///
    /// # Errors
    /// [`Error::Setting`] with the field's name.
    pub fn check(&self) -> Result<()> {
        within([
            (
                "rotation",
                self.rotation,
                -360.0..=360.0,
                "degrees in -360..=360",
            ),
            ("scale", self.scale, 0.05..=20.0, "a factor in 0.05..=20"),
            ("contrast", self.contrast, 0.0..=10.0, "a factor in 0..=10"),
            (
                "brightness",
                self.brightness,
                -1.0..=1.0,
                "a share of 255 in -1..=1",
            ),
            ("gamma", self.gamma, 0.05..=20.0, "an exponent in 0.05..=20"),
            (
                "gain_slope",
                self.gain_slope,
                -2.0..=2.0,
                "a slope in -2..=2",
            ),
            (
                "speckle",
                self.speckle,
                0.0..=1.0,
                "a standard deviation in 0..=1",
            ),
        ])
    }

    /// Whether the view reads the image between its pixels (a flip alone does not).
    pub(crate) fn resamples(&self) -> bool {
        self.rotation != 0.0 || self.scale != 1.0
    }

    /// `F R / scale`: from a position in the window to one in the image, both (rows, columns) about the window's
    /// center.
    pub(crate) fn to_image(self) -> [[f64; 2]; 2] {
        let (sin, cos) = sin_cos_of_degrees(self.rotation);
        let sign = |flip: bool| if flip { -1.0 } else { 1.0 };
        let (rows, columns) = (sign(self.flip_depth), sign(self.flip_lateral));
        [
            [rows * cos / self.scale, rows * sin / self.scale],
            [-columns * sin / self.scale, columns * cos / self.scale],
        ]
    }

    /// The second half of a view: what it does to the gray values of a window.
    pub(crate) fn retouch(&self, gray: &mut Array2<f64>) {
        let settings = [
            self.contrast,
            self.brightness,
            self.gain_slope,
            self.gamma,
            self.speckle,
        ];
        if settings == [1.0, 0.0, 0.0, 1.0, 0.0] {
            return;
        }
        if self.contrast != 1.0 {
            let mean = gray.iter().sum::<f64>() / gray.len() as f64;
            gray.mapv_inplace(|v| mean + self.contrast * (v - mean));
        }
        let last = gray.nrows().saturating_sub(1);
        for (y, mut row) in gray.axis_iter_mut(Axis(0)).enumerate() {
            let depth = if last == 0 {
                0.5
            } else {
                y as f64 / last as f64
            };
            let gain = 1.0 + self.gain_slope * (depth - 0.5);
            row.mapv_inplace(|v| ((v + 255.0 * self.brightness) * gain).clamp(0.0, 255.0));
        }
        // Exponent 1 and noise of no width are left out, because 255 (v / 255) is not always v.
        if self.gamma != 1.0 {
            gray.mapv_inplace(|v| 255.0 * (v / 255.0).powf(self.gamma));
        }
        if self.speckle > 0.0 {
            let mut rng = ChaCha8Rng::seed_from_u64(self.noise_seed);
            gray.mapv_inplace(|v| {
                let z: f64 = StandardNormal.sample(&mut rng);
                (v * (1.0 + self.speckle * z)).clamp(0.0, 255.0)
            });
        }
    }
}

/// Exact for multiples of 90 degrees, where pixels fall on pixels.
fn sin_cos_of_degrees(degrees: f64) -> (f64, f64) {
    match degrees.rem_euclid(360.0) {
        0.0 => (0.0, 1.0),
        90.0 => (1.0, 0.0),
        180.0 => (0.0, -1.0),
        270.0 => (-1.0, 0.0),
        other => other.to_radians().sin_cos(),
    }
}

/// Ranges that views are drawn from.
///
/// | range | default | law of the view's setting |
/// |---|---|---|
/// | `flip_lateral` | 0.5 | mirrored with this probability |
/// | `flip_depth` | 0 | mirrored with this probability |
/// | `rotation` | 10 | uniform in `-rotation..=rotation` degrees |
/// | `scale` | 0.1 | uniform in `1 - scale..=1 + scale` |
/// | `contrast` | 0.15 | uniform in `1 - contrast..=1 + contrast` |
/// | `brightness` | 0.15 | uniform in `-brightness..=brightness` (shares of 255) |
/// | `gamma` | 0.15 | uniform in `1 - gamma..=1 + gamma` |
/// | `gain_slope` | 0.15 | uniform in `-gain_slope..=gain_slope` |
/// | `speckle` | 0.05 | uniform in `0..=speckle` |
///
/// Stored settings name every range, and no other.
///
/// # Examples
/// ```
/// use deep_features::{Augmentation, View};
///
/// let ranges = Augmentation { rotation: 5.0, ..Augmentation::default() };
/// ranges.check()?;
/// let (seed, lesion) = (1, 17);
/// assert_eq!(ranges.draw(seed, lesion, 0), View::IDENTITY);
/// let view = ranges.draw(seed, lesion, 3);
/// assert!(view.rotation.abs() <= 5.0 && !view.flip_depth);
/// assert_eq!(view, ranges.draw(seed, lesion, 3));
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Probability of a left-right flip, 0 to 1. Default 0.5: either side of the body is as likely, and a probe may be
    /// held either way around.
    pub flip_lateral: f64,
    /// Probability of an up-down flip, 0 to 1. Default 0: shadowing and enhancement lie below a lesion, and a network
    /// that is to use them must not be shown lesions with a shadow above.
    pub flip_depth: f64,
    /// Largest turn to either side in degrees, 0 to 180. Default 10: a probe rocks
    /// in its plane, and does not turn over.
    pub rotation: f64,
    /// Largest relative change of size, 0 to 0.9. Default 0.1: the default margin of the window still
    /// holds a region that much larger.
    pub scale: f64,
    /// Largest relative change of contrast (dynamic range), 0 to 0.9. Default 0.15.
    pub contrast: f64,
    /// Largest change of brightness (overall gain) as a share of 255, 0 to 1. Default 0.15.
    pub brightness: f64,
    /// Largest change of the exponent (gray map), 0 to 0.9. Default 0.15.
    pub gamma: f64,
    /// Largest change of gain from the top of the window to its bottom (time-gain compensation), 0 to 2. Default 0.15.
    pub gain_slope: f64,
    /// Largest standard deviation of the multiplicative noise, 0 to 1. Default 0.05.
    pub speckle: f64,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            flip_lateral: 0.5,
            flip_depth: 0.0,
            rotation: 10.0,
            scale: 0.1,
            contrast: 0.15,
            brightness: 0.15,
            gamma: 0.15,
            gain_slope: 0.15,
            speckle: 0.05,
        }
    }
}

impl Augmentation {
    /// Ranges of no width: every view shows the region as it is.
    pub const NONE: Self = Self {
        flip_lateral: 0.0,
        flip_depth: 0.0,
        rotation: 0.0,
        scale: 0.0,
        contrast: 0.0,
        brightness: 0.0,
        gamma: 0.0,
        gain_slope: 0.0,
        speckle: 0.0,
    };

    /// Whether every range is finite and as its field says. Views of ranges that pass are views that pass
    /// [`View::check`].
    ///
    /// # Errors
    /// [`Error::Setting`] with the field's name.
    pub fn check(&self) -> Result<()> {
        const PROBABILITY: &str = "a probability in 0..=1";
        const SHARE: &str = "a relative change in 0..=0.9";
        within([
            ("flip_lateral", self.flip_lateral, 0.0..=1.0, PROBABILITY),
            ("flip_depth", self.flip_depth, 0.0..=1.0, PROBABILITY),
            (
                "rotation",
                self.rotation,
                0.0..=180.0,
                "degrees to either side in 0..=180",
            ),
            ("scale", self.scale, 0.0..=0.9, SHARE),
            ("contrast", self.contrast, 0.0..=0.9, SHARE),
            (
                "brightness",
                self.brightness,
                0.0..=1.0,
                "a share of 255 in 0..=1",
            ),
            ("gamma", self.gamma, 0.0..=0.9, SHARE),
            ("gain_slope", self.gain_slope, 0.0..=2.0, "a slope in 0..=2"),
            (
                "speckle",
                self.speckle,
                0.0..=1.0,
                "a standard deviation in 0..=1",
            ),
        ])
    }

    /// View number `view` of item number `item` (a lesion, an image); view 0 is [`View::IDENTITY`].
    ///
    /// A pure function of its arguments: the order of calls, the number of threads and the length of the training do
    /// not matter. Each of `(seed, item, view)` has a generator of its own, and each setting its own place in it, so
    /// that views with one range changed agree in everything else.
    pub fn draw(&self, seed: u64, item: u64, view: u64) -> View {
        if view == 0 {
            return View::IDENTITY;
        }
        let mut rng = rng::keyed([seed, item, view]);
        // The order of the lines is the order of the draws. All are taken, also for ranges of no width.
        View {
            flip_lateral: rng.random::<f64>() < self.flip_lateral,
            flip_depth: rng.random::<f64>() < self.flip_depth,
            rotation: around(0.0, self.rotation, &mut rng),
            scale: around(1.0, self.scale, &mut rng),
            contrast: around(1.0, self.contrast, &mut rng),
            brightness: around(0.0, self.brightness, &mut rng),
            gamma: around(1.0, self.gamma, &mut rng),
            gain_slope: around(0.0, self.gain_slope, &mut rng),
            speckle: self.speckle * rng.random::<f64>(),
            noise_seed: rng.random(),
        }
    }
}

/// Uniform in `middle - reach..=middle + reach`.
fn around(middle: f64, reach: f64, rng: &mut impl Rng) -> f64 {
    middle + reach * (2.0 * rng.random::<f64>() - 1.0)
}

type Range = (&'static str, f64, RangeInclusive<f64>, &'static str);

fn within<const N: usize>(settings: [Range; N]) -> Result<()> {
    match settings
        .into_iter()
        .find(|(_, value, range, _)| !range.contains(value))
    {
        Some((setting, value, _, expected)) => Err(Error::Setting {
            setting,
            expected,
            found: value.to_string(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn retouched(gray: &Array2<f64>, view: View) -> Array2<f64> {
        let mut gray = gray.clone();
        view.retouch(&mut gray);
        gray
    }

    fn near(a: &Array2<f64>, b: &Array2<f64>) -> bool {
        a.dim() == b.dim() && (a - b).iter().all(|d| d.abs() < 1e-12 * 255.0)
    }

    #[test]
    fn gray_values_by_hand() {
        let gray = array![[10.0, 20.0], [30.0, 100.0]]; // mean 40
        let squares = array![[100.0, 400.0], [900.0, 10_000.0]];
        // -20, 0, 20, 160; then 31, 51, 71, 211; then 24.8, 40.8, 85.2, 253.2; then a root.
        let all = array![[24.8, 40.8], [85.2, 253.2]].mapv(|v: f64| (v * 255.0).sqrt());
        for ([contrast, brightness, gain_slope, gamma], expected) in [
            ([0.5, 0.0, 0.0, 1.0], array![[25.0, 30.0], [35.0, 70.0]]),
            ([2.0, 0.0, 0.0, 1.0], array![[0.0, 0.0], [20.0, 160.0]]),
            ([1.0, 0.2, 0.0, 1.0], array![[61.0, 71.0], [81.0, 151.0]]),
            ([1.0, -0.1, 0.0, 1.0], array![[0.0, 0.0], [4.5, 74.5]]),
            ([1.0, 0.0, 0.4, 1.0], array![[8.0, 16.0], [36.0, 120.0]]),
            ([1.0, 0.0, 0.0, 2.0], squares / 255.0),
            ([2.0, 0.2, 0.4, 0.5], all),
        ] {
            let view = View {
                contrast,
                brightness,
                gain_slope,
                gamma,
                ..View::IDENTITY
            };
            let found = retouched(&gray, view);
            assert!(near(&found, &expected), "{view:?}: {found}");
        }
    }

    #[test]
    fn gain_is_linear_along_depth() {
        let tilted = View {
            gain_slope: 1.0,
            ..View::IDENTITY
        };
        let column = Array2::from_elem((5, 1), 100.0);
        let expected = array![[50.0], [75.0], [100.0], [125.0], [150.0]];
        assert_eq!(retouched(&column, tilted), expected);
        let row = array![[3.0, 200.0]];
        assert_eq!(retouched(&row, tilted), row);
    }

    #[test]
    fn speckle_multiplies_by_one_on_average() {
        let (n, sd) = (40_000, 0.05);
        let flat = Array2::from_elem((200, 200), 100.0);
        let noisy = |noise_seed| View {
            speckle: sd,
            noise_seed,
            ..View::IDENTITY
        };
        let factors = retouched(&flat, noisy(5)) / 100.0;
        let mean = factors.sum() / f64::from(n);
        let variance = factors.mapv(|f| (f - mean).powi(2)).sum() / f64::from(n - 1);
        // Five standard errors of the mean and of the variance of a normal law.
        assert!(
            (mean - 1.0).abs() < 5.0 * sd / f64::from(n).sqrt(),
            "mean {mean}"
        );
        assert!(
            (variance / (sd * sd) - 1.0).abs() < 5.0 * (2.0 / f64::from(n)).sqrt(),
            "variance {variance}"
        );
        assert_eq!(factors, retouched(&flat, noisy(5)) / 100.0);
        assert_ne!(factors, retouched(&flat, noisy(6)) / 100.0);
        // It comes after gamma: the factors are the same on any gray values.
        let darker = View {
            gamma: 2.0,
            ..noisy(5)
        };
        assert!(near(
            &(retouched(&flat, darker) * 255.0 / 10_000.0),
            &factors
        ));
    }

    #[test]
    fn extreme_settings_stay_in_range() {
        let gray = Array2::from_shape_fn((16, 16), |(y, x)| (16 * y + x) as f64);
        for sign in [-1.0, 1.0] {
            let view = View {
                contrast: 10.0,
                brightness: 0.3 * sign,
                gain_slope: 2.0 * sign,
                gamma: if sign > 0.0 { 20.0 } else { 0.05 },
                speckle: 1.0,
                ..View::IDENTITY
            };
            let found = retouched(&gray, view);
            assert!(found.iter().all(|v| (0.0..=255.0).contains(v)), "{found}");
        }
    }

    /// The numbers are another program's: ChaCha with 8 rounds in Python (its block function checked by the published
    /// zero-key block of 20 rounds), key (1, 2, 3, 0), the upper 53 bits of each pair of words. A seed in a published
    /// record keeps its views.
    #[test]
    fn a_seed_keeps_its_views() {
        let expected = View {
            flip_lateral: false,
            flip_depth: false,
            rotation: -7.619633976488163,
            scale: 1.0589063931552685,
            contrast: 0.8583105095784722,
            brightness: -0.13445899600912523,
            gamma: 1.144276704336358,
            gain_slope: 0.11008386508237299,
            speckle: 0.03256852832343986,
            noise_seed: 6_536_313_030_595_976_185,
        };
        assert_eq!(Augmentation::default().draw(1, 2, 3), expected);
    }

    #[test]
    fn each_argument_matters_and_the_order_of_draws_does_not() {
        let ranges = Augmentation::default();
        let arguments: Vec<(u64, u64, u64)> = (0..4)
            .flat_map(|seed| {
                (0..4).flat_map(move |item| (1..5).map(move |view| (seed, item, view)))
            })
            .collect();
        let draw = |&(seed, item, view): &(u64, u64, u64)| ranges.draw(seed, item, view);
        let forward: Vec<View> = arguments.iter().map(draw).collect();
        let mut backward: Vec<View> = arguments.iter().rev().map(draw).collect();
        backward.reverse();
        assert_eq!(forward, backward);
        for (k, view) in forward.iter().enumerate() {
            assert!(!forward[..k].contains(view), "{:?}", arguments[k]);
        }
    }

    #[test]
    fn views_with_one_range_changed_agree_in_everything_else() {
        let all = Augmentation::default();
        let no_turn = Augmentation {
            rotation: 0.0,
            ..all.clone()
        };
        let still = Augmentation {
            flip_lateral: 0.0,
            ..all.clone()
        };
        for view in 1..50 {
            let drawn = all.draw(7, 1, view);
            assert_ne!(drawn.rotation, 0.0);
            let without = View {
                rotation: 0.0,
                ..drawn
            };
            assert_eq!(no_turn.draw(7, 1, view), without);
            let without = View {
                flip_lateral: false,
                ..drawn
            };
            assert_eq!(still.draw(7, 1, view), without);
        }
    }

    #[test]
    fn draws_follow_their_laws() {
        let ranges = Augmentation::default();
        let n = 20_000;
        let views: Vec<View> = (1..=n).map(|view| ranges.draw(3, 0, view)).collect();
        assert!(views.iter().all(|v| !v.flip_depth));
        let share =
            |of: &dyn Fn(&View) -> bool| views.iter().filter(|v| of(v)).count() as f64 / n as f64;
        let five_errors = |p: f64| 5.0 * (p * (1.0 - p) / n as f64).sqrt();
        assert!((share(&|v| v.flip_lateral) - 0.5).abs() < five_errors(0.5));
        type Law = (&'static str, fn(&View) -> f64, f64, f64);
        let laws: [Law; 7] = [
            ("rotation", |v| v.rotation, -10.0, 10.0),
            ("scale", |v| v.scale, 0.9, 1.1),
            ("contrast", |v| v.contrast, 0.85, 1.15),
            ("brightness", |v| v.brightness, -0.15, 0.15),
            ("gamma", |v| v.gamma, 0.85, 1.15),
            ("gain_slope", |v| v.gain_slope, -0.15, 0.15),
            ("speckle", |v| v.speckle, 0.0, 0.05),
        ];
        for (name, of, low, high) in laws {
            assert!(
                views.iter().all(|v| (low..=high).contains(&of(v))),
                "{name}"
            );
            // Uniform: as many in the lowest tenth as in any other.
            for tenth in 0..10 {
                let from = low + (high - low) * f64::from(tenth) / 10.0;
                let to = low + (high - low) * f64::from(tenth + 1) / 10.0;
                let found = share(&|v| (from..to).contains(&of(v)));
                assert!(
                    (found - 0.1).abs() < five_errors(0.1),
                    "{name} {tenth} {found}"
                );
            }
        }
        // Settings are drawn apart: rotation tells nothing about the flip.
        let both = share(&|v| v.flip_lateral && v.rotation > 0.0);
        assert!((both - 0.25).abs() < five_errors(0.25), "{both}");
    }

    #[test]
    fn view_zero_and_ranges_of_no_width() {
        let wide = Augmentation {
            flip_depth: 1.0,
            ..Augmentation::default()
        };
        assert_eq!(wide.draw(1, 2, 0), View::IDENTITY);
        assert!(wide.draw(1, 2, 1).flip_depth);
        let still = Augmentation::NONE.draw(1, 2, 3);
        assert_ne!(still.noise_seed, 0);
        let without_seed = View {
            noise_seed: 0,
            ..still
        };
        assert_eq!(without_seed, View::IDENTITY);
        assert!(Augmentation::NONE.check().is_ok() && Augmentation::default().check().is_ok());
    }

    fn fields() -> Vec<(&'static str, f64)> {
        vec![
            ("flip_lateral", 1.0),
            ("flip_depth", 1.0),
            ("rotation", 180.0),
            ("scale", 0.9),
            ("contrast", 0.9),
            ("brightness", 1.0),
            ("gamma", 0.9),
            ("gain_slope", 2.0),
            ("speckle", 1.0),
        ]
    }

    fn set(ranges: &mut Augmentation, name: &str, value: f64) {
        let field = match name {
            "flip_lateral" => &mut ranges.flip_lateral,
            "flip_depth" => &mut ranges.flip_depth,
            "rotation" => &mut ranges.rotation,
            "scale" => &mut ranges.scale,
            "contrast" => &mut ranges.contrast,
            "brightness" => &mut ranges.brightness,
            "gamma" => &mut ranges.gamma,
            "gain_slope" => &mut ranges.gain_slope,
            "speckle" => &mut ranges.speckle,
            other => panic!("no range {other}"),
        };
        *field = value;
    }

    #[test]
    fn a_bad_range_is_named() {
        let mut widest = Augmentation::NONE;
        for (name, largest) in fields() {
            set(&mut widest, name, largest);
            for bad in [largest * 1.0001, -0.001, f64::NAN, f64::INFINITY] {
                let mut ranges = Augmentation::default();
                set(&mut ranges, name, bad);
                let error = ranges.check().expect_err("out of range").to_string();
                assert!(error.starts_with(&format!("{name}: expected ")), "{error}");
                assert!(error.ends_with(&format!("found {bad}")), "{error}");
            }
        }
        widest
            .check()
            .expect("the ends of the ranges belong to them");
        for view in 0..500 {
            widest
                .draw(1, 1, view)
                .check()
                .expect("a view of good ranges");
        }
    }

    #[test]
    fn stored_ranges_name_every_range_and_no_other() {
        let stored = serde_json::to_value(Augmentation::default()).expect("JSON");
        let read = |value| serde_json::from_value::<Augmentation>(value);
        assert_eq!(
            read(stored.clone()).expect("ranges"),
            Augmentation::default()
        );
        let mut more = stored.clone();
        more["shear"] = 1.into();
        assert!(read(more).is_err());
        for (name, _) in fields() {
            let mut less = stored.clone();
            assert!(
                less.as_object_mut()
                    .expect("an object")
                    .remove(name)
                    .is_some()
            );
            assert!(read(less).is_err(), "{name}");
        }
    }
}
