//! From tissue to a B-mode image: fully developed speckle, attenuation, log compression.
//!
//! Each pixel holds many scatterers below the resolution, so its echo is a complex Gaussian number whose standard deviation is
//! the local backscatter amplitude. The point spread function is a separable Gaussian, wider laterally away from the focus.
//! The envelope (Rayleigh where the tissue is uniform) is averaged over the compounded views and mapped to gray on a log scale.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::center::Acquisition;
use super::scene::Scene;

/// Pixels added on each side so that the filter never meets an edge.
const PAD: usize = 12;
/// Where glandular tissue (0 dB) lies on the gray scale, as a fraction of the dynamic range.
const REFERENCE_LEVEL: f64 = 0.49;

/// Scans `scene` and returns 8-bit gray values, row by row from the skin down.
pub(super) fn scan(scene: &Scene, settings: &Acquisition, rng: &mut impl Rng) -> Vec<u8> {
    let (width, height) = (scene.width, scene.height);
    let amplitude = echo_amplitude(scene, settings);
    let axial = vec![unit_energy_kernel(settings.axial); height];
    let lateral: Vec<Vec<f32>> = (0..height)
        .map(|z| {
            let defocus = (z as f64 / height as f64 - settings.focus) / 0.45;
            unit_energy_kernel(settings.lateral * (1.0 + defocus * defocus).sqrt())
        })
        .collect();

    let mut envelope = vec![0.0f32; width * height];
    for _ in 0..settings.looks {
        let real = filtered_noise(&amplitude, width, height, &axial, &lateral, rng);
        let imaginary = filtered_noise(&amplitude, width, height, &axial, &lateral, rng);
        for ((sum, re), im) in envelope.iter_mut().zip(&real).zip(&imaginary) {
            *sum += (re * re + im * im).sqrt();
        }
    }
    compress(&envelope, settings)
}

/// Backscatter amplitude on the padded grid: tissue echo less the attenuation above it, with the time-gain
/// error, never below the electronic noise.
fn echo_amplitude(scene: &Scene, settings: &Acquisition) -> Vec<f32> {
    let (width, height) = (scene.width, scene.height);
    let padded = width + 2 * PAD;
    let mut amplitude = vec![0.0f32; padded * (height + 2 * PAD)];
    let mut path_loss = vec![0.0f32; width];
    let noise_power = 10f64.powf(settings.noise_db / 10.0) as f32;
    let mut rows = vec![0.0f32; width * height];
    for z in 0..height {
        let depth = z as f64 / height as f64;
        let time_gain =
            (settings.time_gain_db[0] * depth + settings.time_gain_db[1] * depth * depth) as f32;
        let attenuation = &scene.attenuation[z * width..(z + 1) * width];
        path_loss
            .iter_mut()
            .zip(attenuation)
            .for_each(|(sum, &a)| *sum += a);
        // The beam is wider than a pixel: a shadow's edge softens with the aperture, more so deeper down.
        let softened = box_blur(&path_loss, 4 + 10 * z / height);
        for x in 0..width {
            let echo = scene.echo[z * width + x] - softened[x] + time_gain;
            rows[z * width + x] = ((echo * 0.230_258_5).exp() + noise_power).sqrt();
        }
    }
    for z in 0..height + 2 * PAD {
        let source = z.saturating_sub(PAD).min(height - 1);
        for x in 0..padded {
            amplitude[z * padded + x] = rows[source * width + x.saturating_sub(PAD).min(width - 1)];
        }
    }
    amplitude
}

/// Moving average over `2 half + 1` neighbors, shortened at the ends.
fn box_blur(values: &[f32], half: usize) -> Vec<f32> {
    let n = values.len();
    let mut sums = vec![0.0f64; n + 1];
    for (i, &value) in values.iter().enumerate() {
        sums[i + 1] = sums[i] + f64::from(value);
    }
    (0..n)
        .map(|i| {
            let (first, end) = (i.saturating_sub(half), (i + half + 1).min(n));
            ((sums[end] - sums[first]) / (end - first) as f64) as f32
        })
        .collect()
}

/// Gaussian taps with squared sum 1, so that filtering white noise keeps its variance.
fn unit_energy_kernel(sigma: f64) -> Vec<f32> {
    let half = ((3.0 * sigma).ceil() as usize).clamp(1, PAD);
    let taps: Vec<f64> = (0..=2 * half)
        .map(|k| {
            let distance = k as f64 - half as f64;
            (-0.5 * (distance / sigma).powi(2)).exp()
        })
        .collect();
    let energy: f64 = taps.iter().map(|tap| tap * tap).sum();
    taps.iter()
        .map(|tap| (tap / energy.sqrt()) as f32)
        .collect()
}

/// One quadrature of the received field: white Gaussian scatterers shaped by `amplitude`, filtered axially then laterally.
fn filtered_noise(
    amplitude: &[f32],
    width: usize,
    height: usize,
    axial: &[Vec<f32>],
    lateral: &[Vec<f32>],
    rng: &mut impl Rng,
) -> Vec<f32> {
    let padded = width + 2 * PAD;
    let scatterers: Vec<f32> = amplitude
        .iter()
        .map(|&a| {
            let draw: f32 = StandardNormal.sample(rng);
            a * draw
        })
        .collect();
    let mut output = vec![0.0f32; width * height];
    let mut line = vec![0.0f32; padded];
    for z in 0..height {
        line.fill(0.0);
        let first = z + PAD - axial[z].len() / 2;
        for (k, &tap) in axial[z].iter().enumerate() {
            let source = &scatterers[(first + k) * padded..(first + k + 1) * padded];
            line.iter_mut()
                .zip(source)
                .for_each(|(sum, &value)| *sum += tap * value);
        }
        let row = &mut output[z * width..(z + 1) * width];
        let first = PAD - lateral[z].len() / 2;
        for (k, &tap) in lateral[z].iter().enumerate() {
            let source = &line[first + k..first + k + width];
            row.iter_mut()
                .zip(source)
                .for_each(|(sum, &value)| *sum += tap * value);
        }
    }
    output
}

/// Log compression of the summed envelope to 8 bits.
fn compress(envelope: &[f32], settings: &Acquisition) -> Vec<u8> {
    let looks = settings.looks as f64;
    envelope
        .iter()
        .map(|&sum| {
            let decibel = 20.0 * (f64::from(sum) / looks).max(1e-9).log10();
            let level = (decibel + settings.gain_db) / settings.dynamic_range_db + REFERENCE_LEVEL;
            (255.0 * level.clamp(0.0, 1.0).powf(settings.tone)).round() as u8
        })
        .collect()
}
