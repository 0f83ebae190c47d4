//! Loess: local polynomials with tricube weights (Cleveland, Grosse and Shyu, in Chambers and
//! Hastie, Statistical Models in S, 1992), exactly at every point or blended between the vertices
//! of a k-d tree.

mod band;
mod local;
mod tree;

use std::fmt;

pub use band::LoessBand;

use crate::error::{Error, Result, all_moderate, same_length};
use crate::par::map_indexed;
use local::{Local, Sorted};

/// Degree of the local polynomial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Degree {
    /// A weighted mean.
    Constant,
    /// A line.
    Linear,
    /// A parabola (R's default).
    #[default]
    Quadratic,
}

impl Degree {
    /// Number of coefficients.
    fn coefficients(self) -> usize {
        match self {
            Self::Constant => 1,
            Self::Linear => 2,
            Self::Quadratic => 3,
        }
    }
}

/// Where local polynomials are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum LoessSurface {
    /// At every point (R: `loess.control(surface = "direct")`).
    #[default]
    Direct,
    /// At the vertices of a k-d tree, with cubic blending between them: R's default
    /// (`surface = "interpolate"`), which published curves and ICI mostly come from. In
    /// calibration of a few hundred subjects it moves the fit by up to 0.05.
    RInterpolate,
}

impl fmt::Display for LoessSurface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::RInterpolate => "interpolated as R",
        })
    }
}

/// Settings of [`loess`]. The defaults are R's, except for the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LoessSettings {
    /// Share of points in the window; 0.75 by default. Above 1 all points are in every window and
    /// the bandwidth is the distance of the farthest times `√span` (as R computes; its manual says
    /// times the span).
    pub span: f64,
    /// Degree of the local polynomial; quadratic by default.
    pub degree: Degree,
    /// Where polynomials are fitted; at every point by default.
    pub surface: LoessSurface,
    /// With [`LoessSurface::RInterpolate`], cells of the tree hold at most `⌊n span cell⌋` points;
    /// 0.2 by default.
    pub cell: f64,
}

impl Default for LoessSettings {
    fn default() -> Self {
        Self {
            span: 0.75,
            degree: Degree::Quadratic,
            surface: LoessSurface::Direct,
            cell: 0.2,
        }
    }
}

impl LoessSettings {
    fn check(&self) -> Result<()> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                return Ok(());
            }
            Err(Error::OutOfRange {
                name,
                value,
                expected: "a positive number",
            })
        };
        positive("span", self.span)?;
        positive("cell", self.cell)
    }
}

/// A fitted smoother. Made by [`loess`].
#[derive(Debug, Clone, PartialEq)]
pub struct LoessFit {
    fitted: Vec<f64>,
    settings: LoessSettings,
    sorted: Sorted,
    /// Fits at the vertices; empty if every point has its own.
    vertices: Vec<Local>,
}

impl fmt::Display for LoessFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "loess ({}, span {}, degree {}) of {} points",
            self.settings.surface,
            self.settings.span,
            self.settings.degree.coefficients() - 1,
            self.fitted.len()
        )
    }
}

/// Fits `y` at every `x` by a local polynomial over the nearest `⌊span n⌋` points.
///
/// With `h` the distance of the farthest of them, a point at distance `d < h` weighs
/// `(1 - (d/h)³)³`. Equal `x` share one fit. A window that does not determine the polynomial, such
/// as one with two distinct `x` for a parabola, takes the shortest vector of coefficients after
/// each column of the design was scaled to length 1; where it holds the point itself, the fit is
/// then the mean of the `y` there. The cost is the number of distinct `x` (or of vertices) times
/// the window.
///
/// # Differences
/// Where all points of a window are equally far (a bandwidth of 0, or all on its rim) R warns and
/// gives 0 or NaN; here the fit is the mean of all points not farther than that, with slope 0.
/// Distances from a point that differ by rounding only count as equal; R lets a point next to the
/// rim of a window, with a weight of 1e-40, determine a slope.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NotFinite`], [`Error::OutOfRange`] for a
/// span or cell that is not positive, magnitudes above 1e150 or an `x` that spans less than 1e-150,
/// [`Error::TooFew`] if the window holds fewer points than the polynomial has coefficients.
///
/// # Examples
/// ```
/// use eval_stats::calibration::{Degree, LoessSettings, loess};
/// // Parabolas reproduce a parabola.
/// let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
/// let y = x.map(|x| x * x);
/// let fit = loess(&x, &y, &LoessSettings { span: 1.0, ..Default::default() })?;
/// assert!((fit.fitted()[3] - 9.0).abs() < 1e-12);
/// assert!((fit.predict(2.5).unwrap() - 6.25).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// Reference: Cleveland and Devlin, J. Am. Stat. Assoc. 83 (1988) 596-610,
/// doi:10.1080/01621459.1988.10478639.
pub fn loess(x: &[f64], y: &[f64], settings: &LoessSettings) -> Result<LoessFit> {
    all_moderate("x", x)?;
    same_length("y", x.len(), y.len())?;
    all_moderate("y", y)?;
    settings.check()?;
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    let mut fit = of_sorted(
        order.iter().map(|&i| x[i]).collect(),
        order.iter().map(|&i| y[i]).collect(),
        settings,
    )?;
    let sorted = std::mem::replace(&mut fit.fitted, vec![0.0; x.len()]);
    for (i, value) in order.into_iter().zip(sorted) {
        fit.fitted[i] = value;
    }
    Ok(fit)
}

/// As [`loess`] for finite points by increasing `x` and checked settings.
pub(super) fn of_sorted(x: Vec<f64>, y: Vec<f64>, settings: &LoessSettings) -> Result<LoessFit> {
    let n = x.len();
    // R's allowance for the rounding of n span.
    let window = ((n as f64 * settings.span + 1e-5) as usize).min(n);
    let required = settings.degree.coefficients();
    if window < required {
        return Err(Error::TooFew {
            what: "points in the loess window",
            found: window,
            required,
        });
    }
    let range = x[n - 1] - x[0];
    if range > 0.0 && range < 1e-150 {
        return Err(Error::OutOfRange {
            name: "the range of x",
            value: range,
            expected: "0 or at least 1e-150",
        });
    }
    let sorted = Sorted {
        x,
        y,
        window,
        widen: settings.span.max(1.0).sqrt(),
        degree: settings.degree,
    };
    let vertices = match settings.surface {
        LoessSurface::Direct => Vec::new(),
        LoessSurface::RInterpolate => {
            let most = (n as f64 * settings.span * settings.cell) as usize;
            let at = tree::vertices(&sorted.x, most);
            map_indexed(at.len(), |k| sorted.fit(at[k]))
        }
    };
    let mut fit = LoessFit {
        fitted: vec![0.0; n],
        settings: *settings,
        sorted,
        vertices,
    };
    let starts = fit.starts();
    let fits = map_indexed(starts.len() - 1, |k| fit.value_at(fit.sorted.x[starts[k]]));
    for (run, value) in starts.windows(2).zip(fits) {
        fit.fitted[run[0]..run[1]].fill(value);
    }
    Ok(fit)
}

impl LoessFit {
    /// Fit for every point, in the order given.
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    pub(super) fn into_fitted(self) -> Vec<f64> {
        self.fitted
    }

    /// How it was smoothed.
    pub fn settings(&self) -> &LoessSettings {
        &self.settings
    }

    /// The smooth curve at `x`, as R's `predict`: with [`LoessSurface::RInterpolate`] `None`
    /// outside the range of the data, with [`LoessSurface::Direct`] the local polynomial there.
    /// `None` for NaN or an infinite `x`.
    ///
    /// ```
    /// use eval_stats::calibration::{LoessSettings, loess};
    /// let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    /// let fit = loess(&x, &x.map(|x| x * x), &LoessSettings { span: 1.0, ..Default::default() })?;
    /// assert!((fit.predict(2.5).expect("inside") - 6.25).abs() < 1e-12);
    /// assert_eq!(fit.predict(f64::NAN), None);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn predict(&self, x: f64) -> Option<f64> {
        self.reaches(x).then(|| self.value_at(x))
    }

    /// The curve at an `x` that it reaches.
    fn value_at(&self, x: f64) -> f64 {
        match self.settings.surface {
            LoessSurface::Direct => self.sorted.fit(x).value,
            LoessSurface::RInterpolate => tree::value(&self.vertices, x),
        }
    }

    fn reaches(&self, x: f64) -> bool {
        match self.settings.surface {
            LoessSurface::Direct => x.is_finite(),
            LoessSurface::RInterpolate => self.within(x),
        }
    }

    /// Whether `x` lies in the range of the data.
    pub(super) fn within(&self, x: f64) -> bool {
        let all = &self.sorted.x;
        all[0] <= x && x <= all[all.len() - 1]
    }

    /// Where runs of equal `x` start among the sorted points, and their number at the end.
    fn starts(&self) -> Vec<usize> {
        let x = &self.sorted.x;
        let mut starts: Vec<usize> = (0..x.len())
            .filter(|&i| i == 0 || x[i] != x[i - 1])
            .collect();
        starts.push(x.len());
        starts
    }
}
