//! VGG19 at full width with seeded weights: every layer, the whole trunk by engine, a head's epoch, a step of block 5, and a heat map.
//!
//! One thread, so that figures can be compared with those of other runtimes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deep_features::trainer::{TrainingConfig, Unfreeze};
use deep_features::{
    CamTarget, ConvEngine, Device, FrozenPrefix, GradCam, PrefixSettings, Preprocess, Samples,
    Split, Tap, Trainer, Vgg, VggConfig, VggVariant, WeightsSource,
};
use ndarray::{Array2, Array3};

/// Multiplications of a convolution's direct sum.
fn multiplications(channels: [usize; 2], [height, width]: [usize; 2]) -> u64 {
    (9 * channels[0] * channels[1] * height * width) as u64
}

fn network() -> Vgg {
    let config = VggConfig::new(VggVariant::Vgg19);
    let source = WeightsSource::Seeded { seed: 1 };
    Vgg::load(&config, &source, &Device::Cpu).expect("seeded weights")
}

fn image(size: usize) -> Array3<f32> {
    Array3::from_shape_fn((3, size, size), |(c, y, x)| {
        ((7 * x + 13 * y + 29 * c + x * y) % 256) as f32 / 127.5 - 1.0
    })
}

fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread").install(work)
}

fn layers(criterion: &mut Criterion) {
    let vgg = network();
    let taps = vgg.config().taps();
    let all = on_one_thread(|| vgg.activations(image(224).view(), &taps)).expect("activations");
    let mut group = criterion.benchmark_group("deep/layer");
    group.sample_size(10);
    for ((from, to), (before, after)) in taps.iter().zip(&taps[1..]).zip(all.iter().zip(&all[1..]))
    {
        if let Tap::Relu { .. } = to {
            let (c, h, w) = after.dim();
            let work = multiplications([before.dim().0, c], [h, w]);
            group.throughput(Throughput::Elements(work));
        }
        group.bench_function(BenchmarkId::from_parameter(to), |bencher| {
            on_one_thread(|| {
                bencher.iter(|| {
                    vgg.activations_after(*from, black_box(before.view()), &[*to])
                        .expect("activations")
                });
            });
        });
    }
    group.finish();
}

fn trunk(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("deep/trunk");
    group.sample_size(10);
    let tap: [Tap; 1] = ["relu5_4".parse().expect("a tap")];
    for engine in [ConvEngine::Winograd, ConvEngine::OverlappingRows] {
        let vgg = network().with_engine(engine).expect("an engine of the CPU");
        for size in [96, 224] {
            let image = image(size);
            let name = BenchmarkId::new(format!("{engine:?}"), size);
            group.bench_function(name, |bencher| {
                on_one_thread(|| {
                    bencher.iter(|| {
                        vgg.activations(black_box(image.view()), &tap)
                            .expect("activations")
                    });
                });
            });
        }
    }
    group.finish();
}

/// One epoch of 16 rows: one step, and the judgement of four more rows.
fn training(criterion: &mut Criterion) {
    let vgg = network();
    let n = 20;
    let patients = (0..n).map(|row| row.to_string()).collect();
    let samples = Samples::new(patients, (0..n).map(|row| row % 2 == 0).collect());
    let samples = samples.expect("as many of both");
    let rows: Vec<usize> = (0..n).collect();
    let split = Split::stratified(&samples, &rows, 0.2, 1).expect("two classes");
    let head = TrainingConfig {
        epochs: 1,
        ..TrainingConfig::default()
    };
    let block = TrainingConfig {
        unfreeze: vec![Unfreeze {
            epoch: 0,
            from_block: 5,
        }],
        ..head.clone()
    };
    let mut group = criterion.benchmark_group("deep/training step of 16");
    group.sample_size(10);
    for (name, config) in [("head", head), ("block 5 and head", block)] {
        let preprocess = Preprocess::new(vgg.normalization());
        let settings = PrefixSettings {
            part: config.largest_part(),
            ..PrefixSettings::new(preprocess.clone())
        };
        let source = |row: usize, _| {
            let gray = Array2::from_shape_fn((200, 200), |(y, x)| ((row * x + y * x) % 256) as f64);
            preprocess.apply(gray.view(), None)
        };
        let prefix = FrozenPrefix::compute(&vgg, settings, n, source, |_, _| {}).expect("a prefix");
        let trainer = Trainer::new(config).expect("settings");
        group.bench_function(name, |bencher| {
            on_one_thread(|| {
                bencher.iter(|| {
                    trainer
                        .fit(&vgg, &prefix, &samples, &split, |_| {})
                        .expect("a network")
                });
            });
        });
        if name == "head" {
            let model = trainer
                .fit(&vgg, &prefix, &samples, &split, |_| {})
                .expect("a network");
            let cam = GradCam::of(&model, &vgg, "relu5_4".parse().expect("a tap")).expect("a tap");
            let input = source(1, 0).expect("an image");
            group.bench_function("a heat map", |bencher| {
                on_one_thread(|| {
                    bencher.iter(|| {
                        cam.explain(black_box(&input), CamTarget::Event)
                            .expect("a map")
                    });
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, layers, trunk, training);
criterion_main!(benches);
