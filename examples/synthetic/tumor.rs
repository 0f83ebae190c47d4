//! The breast lesion: outline, margin, echo texture, calcifications, posterior acoustic features.

use rand::{Rng, RngExt};

use super::center::Acquisition;
use super::field::{SmoothField, normal, smooth_step};
use super::outline::Outline;
use super::patient::{Patient, Posterior};
use super::scene::Scene;

/// Paints the patient's lesion into breast tissue and returns the tissue with the true outline.
pub(super) fn tumor_scene(
    patient: &Patient,
    settings: &Acquisition,
    rng: &mut impl Rng,
) -> (Scene, Outline) {
    let mut scene = Scene::breast(settings.width, settings.height, rng);
    let outline = tumor_outline(patient, settings, rng);
    paint_interior(&mut scene, &outline, patient, rng);
    paint_posterior(&mut scene, &outline, patient, rng);
    if patient.microcalcification {
        paint_calcifications(&mut scene, &outline, rng);
    }
    (scene, outline)
}

/// The operator sets the depth so that the lesion fills a good part of the picture: size on screen grows slower than in the body.
fn tumor_outline(patient: &Patient, settings: &Acquisition, rng: &mut impl Rng) -> Outline {
    let size_mm = 10.0 * patient.tumor_size_cm;
    let field_of_view_mm = 15.0 + 1.3 * size_mm;
    let longest = size_mm / field_of_view_mm * settings.width as f64;
    let (half_width, half_height) = if patient.nonparallel {
        let height = longest.min(0.52 * settings.height as f64);
        (0.5 * height / rng.random_range(1.1..1.4), 0.5 * height)
    } else {
        let ratio = (0.66 + 0.10 * normal(rng)).clamp(0.42, 0.95);
        let width = longest.min(0.6 * settings.height as f64 / ratio);
        (0.5 * width, 0.5 * width * ratio)
    };
    let center_x = settings.width as f64 * rng.random_range(0.42..0.58);
    let center_z = settings.height as f64 * rng.random_range(0.42..0.52);
    let tilt = (0.16 * normal(rng)).clamp(-0.4, 0.4);
    let mut outline = Outline::ellipse(
        center_x as f32,
        center_z as f32,
        half_width as f32,
        half_height as f32,
        tilt as f32,
    );
    let severity = (0.32 * patient.tumor_severity + 0.30 * normal(rng)).exp();
    let lobulation = if patient.irregular { 0.075 } else { 0.025 };
    outline.roughen(rng, 2, 6, (lobulation * severity).min(0.22));
    if patient.noncircumscribed {
        outline.roughen(rng, 7, 22, (0.022 * severity).min(0.07));
        let spicules = (4.0 * severity + 1.5 * normal(rng)).clamp(0.0, 14.0) as usize;
        outline.add_spicules(rng, spicules, (0.13 * severity).min(0.3), 0.07);
    }
    outline.fit_into(settings.width, settings.height, 14.0);
    outline
}

fn paint_interior(scene: &mut Scene, outline: &Outline, patient: &Patient, rng: &mut impl Rng) {
    let severity = patient.tumor_severity;
    let echo_db = (-16.5 - 1.7 * severity + 2.2 * normal(rng)).clamp(-25.0, -8.0) as f32;
    let mut texture_db = 1.5 * (0.28 * severity + 0.28 * normal(rng)).exp();
    if patient.heterogeneous {
        texture_db += 3.0;
    }
    let texture_db = texture_db.min(7.0) as f32;
    let grain = (9.0 * (-0.18 * severity + 0.20 * normal(rng)).exp()).clamp(4.0, 20.0) as f32;
    // Circumscribed lesions end within a pixel or two; the others fade into a bright infiltrated rim.
    let fade = if patient.noncircumscribed {
        rng.random_range(2.5..6.0f32)
    } else {
        1.2
    };
    let halo_db = if patient.noncircumscribed {
        (3.5 + 1.2 * severity + 1.5 * normal(rng)).clamp(0.0, 9.0) as f32
    } else {
        0.0
    };
    let capsule_db = if patient.noncircumscribed { 0.0 } else { 9.0 };
    let (width, height) = (scene.width, scene.height);
    let coarse = SmoothField::new(rng, width, height, 1.6 * grain, grain);
    let fine = SmoothField::new(rng, width, height, 0.6 * grain, 0.4 * grain);
    let (columns, rows) = outline.pixel_box(1.25, width, height);
    for z in rows {
        for x in columns.clone() {
            let (xf, zf) = (x as f32, z as f32);
            let (radius, distance) = outline.radius_and_distance(xf, zf);
            let beyond = distance - radius;
            let inside = 1.0 - smooth_step(-fade, fade, beyond);
            let texture = texture_db * (0.9 * coarse.at(xf, zf) + 0.4 * fine.at(xf, zf));
            let echo = &mut scene.echo[z * width + x];
            *echo += inside * (echo_db + texture - *echo);
            *echo += halo_db * (-((beyond - 6.0) / 6.0).powi(2)).exp();
            // A smooth wall reflects where it faces the probe.
            let facing = ((zf - outline.center_z) / distance.max(1.0)).powi(2);
            *echo += capsule_db * facing * (-(beyond / 1.6).powi(2)).exp();
        }
    }
}

fn paint_posterior(scene: &mut Scene, outline: &Outline, patient: &Patient, rng: &mut impl Rng) {
    let (width, height) = (scene.width, scene.height);
    let total_db = match patient.posterior {
        Posterior::Shadowing => rng.random_range(11.0..20.0),
        Posterior::Enhancement => rng.random_range(-10.0..-5.0),
        Posterior::None => 1.5 * normal(rng),
    };
    let (columns, rows) = outline.pixel_box(1.0, width, height);
    let thickness = rows.len() as f32;
    for x in columns {
        for z in rows.clone() {
            let (radius, distance) = outline.radius_and_distance(x as f32, z as f32);
            if distance <= radius {
                // Most of the loss takes effect in the lower half, so that the lesion itself keeps its echo.
                let depth = (z - rows.start) as f32 / thickness;
                scene.attenuation[z * width + x] += 2.0 * depth * total_db as f32 / thickness;
                let sideways = (x as f32 - outline.center_x).abs() / distance.max(1.0);
                if !patient.noncircumscribed && radius - distance < 3.0 && sideways > 0.9 {
                    scene.attenuation[z * width + x] += 0.25;
                }
            }
        }
    }
}

fn paint_calcifications(scene: &mut Scene, outline: &Outline, rng: &mut impl Rng) {
    let (columns, rows) = outline.pixel_box(0.7, scene.width, scene.height);
    let count = rng.random_range(4..14);
    for _ in 0..count {
        let x = rng.random_range(columns.clone());
        let z = rng.random_range(rows.clone());
        let (radius, distance) = outline.radius_and_distance(x as f32, z as f32);
        if distance > 0.85 * radius {
            continue;
        }
        let echo_db = rng.random_range(6.0..13.0f32);
        for (dz, dx) in [(0usize, 0usize), (0, 1), (1, 0), (1, 1)] {
            let at = (z + dz).min(scene.height - 1) * scene.width + (x + dx).min(scene.width - 1);
            scene.echo[at] = scene.echo[at].max(echo_db);
        }
    }
}
