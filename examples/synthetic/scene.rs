//! Tissue as the ultrasound beam meets it: backscatter and attenuation per pixel, layer by layer.

use rand::{Rng, RngExt};

use super::field::{SmoothCurve, SmoothField, smooth_step};

/// Backscatter and attenuation on the pixel grid. Row 0 is the skin.
pub(super) struct Scene {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Echogenicity in dB relative to glandular tissue.
    pub(super) echo: Vec<f32>,
    /// Two-way attenuation per pixel of depth beyond what the time gain makes up for, dB; negative values enhance.
    pub(super) attenuation: Vec<f32>,
}

/// One tissue layer: it begins at its boundary curve and reaches to the next layer's.
struct Layer {
    /// Depth of the upper boundary as a fraction of the image height.
    top: f64,
    echo_db: f32,
    /// Amplitude (dB) and correlation lengths (pixels) of the streaks along the layer.
    streak_db: f32,
    streak: (f32, f32),
    /// Brightness of the interface at its top, dB above the layer.
    interface_db: f32,
}

impl Scene {
    /// Breast tissue: skin, subcutaneous fat, glandular tissue, retromammary fat, pectoral muscle.
    pub(super) fn breast(width: usize, height: usize, rng: &mut impl Rng) -> Self {
        let fat = rng.random_range(0.16..0.30);
        let gland_end = rng.random_range(0.70..0.86);
        let gland_echo = rng.random_range(-6.0..1.0);
        Self::layered(
            width,
            height,
            &[
                Layer {
                    top: 0.0,
                    echo_db: 3.0,
                    streak_db: 2.0,
                    streak: (60.0, 2.0),
                    interface_db: 6.0,
                },
                Layer {
                    top: rng.random_range(0.035..0.055),
                    echo_db: -14.0,
                    streak_db: 4.5,
                    streak: (46.0, 4.0),
                    interface_db: 10.0,
                },
                Layer {
                    top: fat,
                    echo_db: gland_echo,
                    streak_db: 4.0,
                    streak: (34.0, 5.0),
                    interface_db: 7.0,
                },
                Layer {
                    top: gland_end,
                    echo_db: -13.0,
                    streak_db: 4.0,
                    streak: (50.0, 4.0),
                    interface_db: 5.0,
                },
                Layer {
                    top: gland_end + 0.05,
                    echo_db: -12.0,
                    streak_db: 6.0,
                    streak: (90.0, 3.0),
                    interface_db: 11.0,
                },
            ],
            rng,
        )
    }

    /// The axilla: skin, subcutaneous fat, the edge of the pectoral muscle, axillary fat.
    pub(super) fn axilla(width: usize, height: usize, rng: &mut impl Rng) -> Self {
        let muscle = rng.random_range(0.12..0.19);
        let muscle_end = muscle + rng.random_range(0.05..0.13);
        Self::layered(
            width,
            height,
            &[
                Layer {
                    top: 0.0,
                    echo_db: 2.0,
                    streak_db: 2.0,
                    streak: (60.0, 2.0),
                    interface_db: 6.0,
                },
                Layer {
                    top: rng.random_range(0.035..0.055),
                    echo_db: -12.0,
                    streak_db: 4.5,
                    streak: (50.0, 4.0),
                    interface_db: 9.0,
                },
                Layer {
                    top: muscle,
                    echo_db: -13.0,
                    streak_db: 6.0,
                    streak: (100.0, 3.0),
                    interface_db: 10.0,
                },
                Layer {
                    top: muscle_end,
                    echo_db: rng.random_range(-8.0..-4.0),
                    streak_db: 4.5,
                    streak: (44.0, 5.0),
                    interface_db: 8.0,
                },
                Layer {
                    top: rng.random_range(0.82..0.95),
                    echo_db: -16.0,
                    streak_db: 5.0,
                    streak: (80.0, 4.0),
                    interface_db: 9.0,
                },
            ],
            rng,
        )
    }

    fn layered(width: usize, height: usize, layers: &[Layer], rng: &mut impl Rng) -> Self {
        let mut scene = Self {
            width,
            height,
            echo: vec![0.0; width * height],
            attenuation: vec![0.0; width * height],
        };
        let tilt = rng.random_range(-0.08..0.08f32);
        for layer in layers {
            scene.paint_layer(layer, tilt, rng);
        }
        // Lobules and strands at two scales, over all layers.
        let coarse = SmoothField::new(rng, width, height, 70.0, 34.0);
        let fine = SmoothField::new(rng, width, height, 12.0, 5.0);
        // Coupling with the skin varies along the probe: soft vertical bands.
        let coupling = SmoothCurve::new(rng, width, 45.0);
        for z in 0..height {
            for x in 0..width {
                let (xf, zf) = (x as f32, z as f32);
                scene.echo[z * width + x] += 2.6 * coarse.at(xf, zf)
                    + 1.6 * fine.at(xf, zf + tilt * xf)
                    + 1.1 * coupling.at(xf);
            }
        }
        scene
    }

    fn paint_layer(&mut self, layer: &Layer, tilt: f32, rng: &mut impl Rng) {
        let (width, height) = (self.width, self.height);
        let is_skin = layer.top == 0.0;
        let boundary = SmoothCurve::new(rng, width, 80.0);
        let waviness = if is_skin { 0.0 } else { 0.012 * height as f32 };
        let streaks = SmoothField::new(
            rng,
            width,
            height + width / 4,
            layer.streak.0,
            layer.streak.1,
        );
        let brightness = SmoothCurve::new(rng, width, 40.0);
        for x in 0..width {
            let xf = x as f32;
            let slope = if is_skin {
                0.0
            } else {
                tilt * (xf - width as f32 / 2.0) * layer.top as f32
            };
            let top = layer.top as f32 * height as f32 + waviness * boundary.at(xf) + slope;
            let line_db = (layer.interface_db + 3.0 * brightness.at(xf)).max(0.0);
            for z in (top - 3.0).max(0.0) as usize..height {
                let zf = z as f32;
                let inside = smooth_step(top - 1.0, top + 1.0, zf);
                let streak = streaks.at(xf, (zf + tilt * 2.0 * xf + width as f32 / 8.0).max(0.0));
                // Fibers are thin and bright between broader dark tissue: the positive half counts more.
                let fibers = if streak > 0.0 {
                    1.3 * streak
                } else {
                    0.7 * streak
                };
                let line = line_db * (-((zf - top) / 1.4).powi(2)).exp();
                let value = layer.echo_db + layer.streak_db * fibers + line;
                let echo = &mut self.echo[z * width + x];
                *echo += inside * (value - *echo);
            }
        }
    }
}
