//! Hospitals and their scanners: what makes the same tissue look different from center to center.

use rand::{Rng, RngExt};

use super::field::normal;

/// One hospital's usual scanner settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Center {
    pub(super) name: &'static str,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Independent views averaged by spatial compounding; more views, finer speckle.
    looks: usize,
    /// Axial and lateral standard deviation of the point spread function at the focus, pixels.
    axial: f64,
    lateral: f64,
    dynamic_range_db: f64,
    gain_db: f64,
    /// Exponent of the gray map; below 1 lifts dark tissue.
    tone: f64,
}

/// The hospitals of the study: two recruit for training and internal test, four for the external test.
pub(super) const CENTERS: [Center; 6] = [
    Center {
        name: "hospital_a",
        width: 360,
        height: 300,
        looks: 3,
        axial: 0.95,
        lateral: 1.9,
        dynamic_range_db: 62.0,
        gain_db: 0.0,
        tone: 1.0,
    },
    Center {
        name: "hospital_b",
        width: 352,
        height: 312,
        looks: 2,
        axial: 1.0,
        lateral: 2.2,
        dynamic_range_db: 60.0,
        gain_db: 1.0,
        tone: 1.0,
    },
    Center {
        name: "hospital_c",
        width: 340,
        height: 320,
        looks: 2,
        axial: 1.1,
        lateral: 2.3,
        dynamic_range_db: 58.0,
        gain_db: 2.0,
        tone: 1.05,
    },
    Center {
        name: "hospital_d",
        width: 372,
        height: 296,
        looks: 3,
        axial: 0.9,
        lateral: 1.8,
        dynamic_range_db: 66.0,
        gain_db: -1.5,
        tone: 0.95,
    },
    Center {
        name: "hospital_e",
        width: 360,
        height: 330,
        looks: 1,
        axial: 1.0,
        lateral: 2.0,
        dynamic_range_db: 64.0,
        gain_db: -0.5,
        tone: 1.0,
    },
    Center {
        name: "hospital_f",
        width: 344,
        height: 288,
        looks: 3,
        axial: 1.15,
        lateral: 2.5,
        dynamic_range_db: 56.0,
        gain_db: 1.5,
        tone: 1.0,
    },
];

/// The settings of one acquisition: the center's habits with the operator's adjustments for this patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acquisition {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) looks: usize,
    pub(super) axial: f64,
    pub(super) lateral: f64,
    pub(super) dynamic_range_db: f64,
    pub(super) gain_db: f64,
    pub(super) tone: f64,
    /// Depth of the transmit focus, fraction of the image height.
    pub(super) focus: f64,
    /// Residual time-gain error in dB: linear and quadratic over depth.
    pub(super) time_gain_db: [f64; 2],
    /// Electronic noise relative to glandular tissue, dB.
    pub(super) noise_db: f64,
}

impl Center {
    /// Draws the settings of one acquisition at this center.
    pub(super) fn acquisition(&self, rng: &mut impl Rng) -> Acquisition {
        Acquisition {
            width: self.width + 2 * rng.random_range(0..6),
            height: self.height + 2 * rng.random_range(0..6),
            looks: self.looks,
            axial: self.axial * (1.0 + 0.04 * normal(rng)),
            lateral: self.lateral * (1.0 + 0.05 * normal(rng)),
            dynamic_range_db: self.dynamic_range_db,
            gain_db: self.gain_db + 1.6 * normal(rng),
            tone: self.tone,
            focus: rng.random_range(0.35..0.6),
            time_gain_db: [1.5 * normal(rng), -6.0 + 2.5 * normal(rng)],
            noise_db: -44.0 + 2.0 * normal(rng),
        }
    }
}
