//! The axillary lymph node: an oval with a dark cortex around a bright fatty hilum. Metastasis thickens the cortex, displaces and
//! effaces the hilum and rounds the node.

use rand::{Rng, RngExt};

use super::center::Acquisition;
use super::field::{SmoothField, normal, smooth_step};
use super::outline::Outline;
use super::patient::Patient;
use super::scene::Scene;

/// Paints the patient's most suspicious node into the axilla and returns the tissue with the true outline.
pub(super) fn lymph_node_scene(
    patient: &Patient,
    settings: &Acquisition,
    rng: &mut impl Rng,
) -> (Scene, Outline) {
    let mut scene = Scene::axilla(settings.width, settings.height, rng);
    let severity = patient.node_severity;
    let ratio = (0.55 + 0.055 * severity + 0.075 * normal(rng)).clamp(0.34, 0.95);
    let width = (150.0 + 6.0 * severity + 22.0 * normal(rng)).clamp(96.0, 210.0);
    let center_x = settings.width as f64 * rng.random_range(0.42..0.58);
    let center_z = settings.height as f64 * rng.random_range(0.48..0.6);
    let tilt = (0.18 * normal(rng)).clamp(-0.45, 0.45) as f32;
    let (half_width, half_height) = ((0.5 * width) as f32, (0.5 * width * ratio) as f32);
    let mut outline = Outline::ellipse(
        center_x as f32,
        center_z as f32,
        half_width,
        half_height,
        tilt,
    );
    let lobulation = (0.035 * (0.30 * severity + 0.3 * normal(rng)).exp()).min(0.12);
    outline.roughen(rng, 2, 7, lobulation);
    outline.fit_into(settings.width, settings.height, 14.0);
    let hilum = hilum(&outline, half_width, half_height, tilt, severity, rng);
    paint(&mut scene, &outline, &hilum, severity, rng);
    (scene, outline)
}

/// The echogenic hilum: its share of the node's radius falls with severity until nothing is left.
fn hilum(
    outline: &Outline,
    half_width: f32,
    half_height: f32,
    tilt: f32,
    severity: f64,
    rng: &mut impl Rng,
) -> Option<Outline> {
    let share = (0.50 - 0.115 * severity + 0.13 * normal(rng)).min(0.76) as f32;
    if share < 0.13 {
        return None;
    }
    let shift = (0.10 * severity.max(0.0) + 0.05 * normal(rng)).clamp(-0.25, 0.25) as f32;
    let mut hilum = Outline::ellipse(
        outline.center_x + shift * half_width,
        outline.center_z + 0.5 * shift * half_height,
        (share * 1.08).min(0.85) * half_width,
        share * 0.85 * half_height,
        tilt,
    );
    hilum.roughen(rng, 2, 8, 0.14);
    Some(hilum)
}

fn paint(
    scene: &mut Scene,
    outline: &Outline,
    hilum: &Option<Outline>,
    severity: f64,
    rng: &mut impl Rng,
) {
    let cortex_db = (-19.0 - 1.0 * severity + 2.2 * normal(rng)).clamp(-28.0, -11.0) as f32;
    let texture_db = (1.3 * (0.22 * severity + 0.28 * normal(rng)).exp()).min(5.0) as f32;
    let hilum_db = (-3.0 - 0.5 * severity + 1.8 * normal(rng)) as f32;
    let through_db = (-3.0 + 1.5 * normal(rng)) as f32;
    let (width, height) = (scene.width, scene.height);
    let texture = SmoothField::new(rng, width, height, 11.0, 6.0);
    let fibers = SmoothField::new(rng, width, height, 16.0, 3.5);
    let (columns, rows) = outline.pixel_box(1.2, width, height);
    let thickness = rows.len() as f32;
    for z in rows {
        for x in columns.clone() {
            let (xf, zf) = (x as f32, z as f32);
            let (radius, distance) = outline.radius_and_distance(xf, zf);
            let beyond = distance - radius;
            let inside = 1.0 - smooth_step(-1.6, 1.6, beyond);
            let mut tissue = cortex_db + texture_db * texture.at(xf, zf);
            if let Some(hilum) = hilum {
                let (edge, from_hilum) = hilum.radius_and_distance(xf, zf);
                let in_hilum = 1.0 - smooth_step(-3.0, 3.0, from_hilum - edge);
                tissue += in_hilum * (hilum_db + 3.0 * fibers.at(xf, zf) - tissue);
            }
            let echo = &mut scene.echo[z * width + x];
            *echo += inside * (tissue - *echo);
            let facing = ((zf - outline.center_z) / distance.max(1.0)).powi(2);
            *echo += 8.0 * facing * (-(beyond / 1.5).powi(2)).exp();
            if beyond < 0.0 {
                scene.attenuation[z * width + x] += through_db / thickness;
            }
        }
    }
}
