//! Times the parts of a study's deep features on VGG19 at full width with seeded weights: the frozen part of every region, fine-tuning of the head
//! alone, and of block 5 and the head on cached activations. Prints wall and CPU seconds of each.

use std::time::Instant;

use benches::timing::{Outcome, peak_kilobytes, process_cpu_seconds};
use deep_features::trainer::{TrainingConfig, Unfreeze};
use deep_features::{
    Device, FrozenPrefix, PrefixSettings, Preprocess, Samples, Split, Trainer, Vgg, VggConfig,
    VggVariant, WeightsSource,
};
use ndarray::Array2;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, rows, epochs] = arguments.as_slice() else {
        return Err("usage: time_fine_tuning ROWS EPOCHS".into());
    };
    let (rows, epochs): (usize, usize) = (rows.parse()?, epochs.parse()?);
    let config = VggConfig::new(VggVariant::Vgg19);
    let vgg = Vgg::load(&config, &WeightsSource::Seeded { seed: 1 }, &Device::Cpu)?;
    let patients = (0..rows).map(|row| row.to_string()).collect();
    let samples = Samples::new(patients, (0..rows).map(|row| row % 2 == 0).collect())?;
    let all: Vec<usize> = (0..rows).collect();
    let split = Split::stratified(&samples, &all, 0.2, 1)?;
    let head = TrainingConfig {
        epochs,
        early_stopping: None,
        ..TrainingConfig::default()
    };
    let block = TrainingConfig {
        unfreeze: vec![Unfreeze {
            epoch: 0,
            from_block: 5,
        }],
        ..head.clone()
    };
    for (name, config) in [("head", head), ("block 5 and head", block)] {
        let preprocess = Preprocess::new(vgg.normalization());
        let settings = PrefixSettings {
            part: config.largest_part(),
            ..PrefixSettings::new(preprocess.clone())
        };
        let prefix = timed(&format!("{name}: frozen part of {rows} regions"), || {
            let source = |row, _| preprocess.apply(image(row).view(), None);
            FrozenPrefix::compute(&vgg, settings, rows, source, |_, _| {})
        })?;
        let trainer = Trainer::new(config)?;
        timed(&format!("{name}: {epochs} epochs"), || {
            trainer.fit(&vgg, &prefix, &samples, &split, |_| {})
        })?;
    }
    println!("peak {:.0} MB", peak_kilobytes()? as f64 / 1024.0);
    Ok(())
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T, deep_features::Error>) -> Outcome<T> {
    let (cpu, wall) = (process_cpu_seconds()?, Instant::now());
    let made = work()?;
    println!(
        "{what}: {:.2} s, {:.2} CPU s",
        wall.elapsed().as_secs_f64(),
        process_cpu_seconds()? - cpu
    );
    Ok(made)
}

fn image(row: usize) -> Array2<f64> {
    Array2::from_shape_fn((300, 300), |(y, x)| {
        ((row * 37 + x * x * 3 + y * (7 + row % 5) + x * y) % 256) as f64
    })
}
