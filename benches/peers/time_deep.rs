//! The side of this workspace in `deep.py`: runs images through the trunk of VGG19, prints CPU seconds of the process and wall seconds of one image
//! and the peak of the memory, and writes the last activations beside the input.

use std::fs;
use std::path::Path;
use std::time::Instant;

use benches::timing::{Outcome, peak_kilobytes, process_cpu_seconds};
use deep_features::{ConvEngine, Device, Tap, Vgg, VggConfig, VggVariant, WeightsSource};
use ndarray::{Array3, ArrayView3};

fn image(folder: &Path, size: usize) -> Outcome<Array3<f32>> {
    let bytes = fs::read(folder.join("image.f32"))?;
    let values = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b));
    Ok(Array3::from_shape_vec((3, size, size), values.collect())?)
}

fn engine(name: &str) -> Outcome<ConvEngine> {
    match name {
        "winograd" => Ok(ConvEngine::Winograd),
        "direct" => Ok(ConvEngine::OverlappingRows),
        "candle" => Ok(ConvEngine::Candle),
        other => Err(format!("unknown engine {other}").into()),
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, folder, size, threads, repeats] = arguments.as_slice() else {
        return Err("usage: time_deep winograd|direct|candle FOLDER SIZE THREADS REPEATS".into());
    };
    let folder = Path::new(folder);
    let source = WeightsSource::File(folder.join("vgg19.safetensors"));
    let vgg = Vgg::load(&VggConfig::new(VggVariant::Vgg19), &source, &Device::Cpu)?
        .with_engine(engine(name)?)?;
    let image = image(folder, size.parse()?)?;
    let tap: [Tap; 1] = ["relu5_4".parse()?];
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build()?;
    let run = |view: ArrayView3<'_, f32>| -> Outcome<Array3<f32>> {
        Ok(pool.install(|| vgg.activations(view, &tap))?.remove(0))
    };
    let output = run(image.view())?;
    let repeats: u32 = repeats.parse()?;
    let (cpu, wall) = (process_cpu_seconds()?, Instant::now());
    for _ in 0..repeats {
        run(image.view())?;
    }
    let each = f64::from(repeats);
    println!(
        "{:e} {:e} {}",
        (process_cpu_seconds()? - cpu) / each,
        wall.elapsed().as_secs_f64() / each,
        peak_kilobytes()?
    );
    let bytes: Vec<u8> = output.iter().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(folder.join("ours.f32"), bytes)?;
    Ok(())
}
