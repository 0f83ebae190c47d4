//! What must hold for any input.

mod common;

use common::{narrow, tap, tolerance};
use deep_features::preprocess::{
    Aspect, Border, Crop, Margin, MaskPolicy, Normalization, Preprocess,
};
use deep_features::{
    ConvEngine, Device, Error, FeatureExtractor, NetworkInput, Pca, PcaFit, Pooling, Vgg,
    VggConfig, VggVariant, WeightsSource,
};
use ndarray::{Array2, Array3, Axis, s};
use proptest::prelude::*;

const POOLINGS: [Pooling; 3] = [Pooling::Average, Pooling::Maximum, Pooling::MaskedAverage];

fn seeded(config: &VggConfig, seed: u64) -> Vgg {
    Vgg::load(config, &WeightsSource::Seeded { seed }, &Device::Cpu).expect("seeded weights")
}

fn input(k: usize, size: [usize; 2]) -> NetworkInput {
    let image = Array2::from_shape_fn((90, 110), |(y, x)| {
        ((k * 31 * y + 17 * x + x * y * (k + 1)) % 256) as f64
    });
    let mask = Array2::from_shape_fn((90, 110), |(y, x)| {
        y.abs_diff(40 + k).pow(2) + x.abs_diff(60).pow(2) < 600
    });
    let preprocess = Preprocess::new(Normalization::ImageNetRgb).size(size);
    preprocess
        .apply(image.view(), Some(mask.view()))
        .expect("a good region")
}

fn extractor(taps: &[&str]) -> FeatureExtractor {
    let taps: Vec<_> = taps.iter().map(|name| tap(name)).collect();
    FeatureExtractor::new(seeded(&narrow(VggVariant::Vgg19, 8), 3), &taps, &POOLINGS)
        .expect("an extractor")
}

#[test]
fn same_bits_for_any_number_of_threads_and_any_batch() {
    let inputs: Vec<_> = (0..5).map(|k| input(k, [96, 80])).collect();
    let run = |threads: usize, batch: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        let table = pool.install(|| {
            extractor(&["relu5_4", "pool3", "pool5"]).extract(&inputs, batch, |_, _| {})
        });
        table.expect("embeddings").values.mapv(f64::to_bits)
    };
    let one = run(1, 1);
    for (threads, batch) in [(4, 1), (1, 5), (4, 5), (3, 2)] {
        assert_eq!(
            run(threads, batch),
            one,
            "{threads} threads, batches of {batch}"
        );
    }
}

#[test]
fn a_network_can_be_entered_at_any_tap() {
    let vgg = seeded(&narrow(VggVariant::Vgg19, 16), 3);
    let image = Array3::from_shape_fn((3, 64, 96), |(c, y, x)| ((c + y * x) % 7) as f32 - 3.0);
    let taps = vgg.config().taps();
    let all = vgg.activations(image.view(), &taps).expect("activations");
    let last = [tap("relu5_4"), tap("pool5")];
    for (from, activations) in taps.iter().zip(&all).take(taps.len() - 2) {
        let made = vgg
            .activations_after(*from, activations.view(), &last)
            .expect("the rest");
        assert_eq!(made[..], all[all.len() - 2..], "{from}");
    }
    let at = |from: &str, to: &str| {
        let activations = vgg
            .activations(image.view(), &[tap("relu3_1")])
            .expect("activations");
        vgg.activations_after(tap(from), activations[0].view(), &[tap(to)])
    };
    assert!(matches!(
        at("relu3_1", "relu3_1"),
        Err(Error::TapOrder { .. })
    ));
    assert!(matches!(
        at("relu4_1", "pool5"),
        Err(Error::ColumnCount {
            expected: 32,
            found: 16
        })
    ));
    let tiny = Array3::zeros((16, 2, 9));
    let error = vgg.activations_after(tap("pool3"), tiny.view(), &[tap("pool5")]);
    assert!(
        matches!(error, Err(Error::ImageTooSmall { .. })),
        "{error:?}"
    );
}

#[test]
fn engines_agree() {
    // 64 channels on 64 x 64 pixels: a shape with which a tiled convolution of candle once went wrong.
    let cases = [
        (1, 64, 64),
        (1, 128, 128),
        (8, 256, 256),
        (8, 33, 50),
        (4, 100, 37),
    ];
    for (divisor, h, w) in cases {
        let config = narrow(VggVariant::Vgg19, divisor);
        let image = Array3::from_shape_fn((3, h, w), |(c, y, x)| {
            ((c * 7 + y * 3 + x * 5 + x * y) % 17) as f32 / 8.0 - 1.0
        });
        let run = |engine| {
            let vgg = seeded(&config, 5).with_engine(engine).expect("an engine");
            vgg.activations(image.view(), &config.taps())
                .expect("activations")
        };
        let candle = run(ConvEngine::Candle);
        for engine in [ConvEngine::Winograd, ConvEngine::OverlappingRows] {
            for ((tap, a), b) in config.taps().iter().zip(&run(engine)).zip(&candle) {
                let largest = b.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                let difference = (a - b).iter().fold(0.0f32, |m, v| m.max(v.abs()));
                // Each is that near to the truth.
                let allowed = tolerance(engine) + tolerance(ConvEngine::Candle);
                assert!(
                    difference <= allowed as f32 * largest,
                    "{engine:?} {divisor} {h}x{w} {tap}: {}",
                    difference / largest
                );
            }
        }
    }
}

#[test]
fn a_row_is_the_image_alone_and_progress_is_told() {
    let e = extractor(&["relu3_4"]);
    let inputs: Vec<_> = (0..5).map(|k| input(k, [64, 64])).collect();
    let mut progress = Vec::new();
    let all = e
        .extract(&inputs, 2, |done, total| progress.push((done, total)))
        .expect("embeddings");
    assert_eq!(progress, [(2, 5), (4, 5), (5, 5)]);
    for (k, row) in all.values.axis_iter(Axis(0)).enumerate() {
        let alone = e
            .extract(&inputs[k..k + 1], 8, |_, _| {})
            .expect("embeddings");
        assert_eq!(alone.values.row(0), row);
    }
    let none = e.extract(&[], 2, |_, _| {}).expect("an empty table");
    assert_eq!(none.values.dim(), (0, all.names.len()));
}

#[test]
fn images_of_several_sizes_in_one_batch() {
    let inputs = [
        input(0, [64, 64]),
        input(1, [64, 96]),
        input(2, [64, 96]),
        input(3, [128, 64]),
    ];
    let taps = [tap("pool5"), tap("relu2_2")];
    let run = |engine| {
        let vgg = seeded(&narrow(VggVariant::Vgg13, 16), 1)
            .with_engine(engine)
            .expect("an engine");
        FeatureExtractor::new(vgg, &taps, &POOLINGS)
            .and_then(|e| e.extract(&inputs, 4, |_, _| {}))
            .expect("embeddings")
            .values
    };
    let candle = run(ConvEngine::Candle);
    let largest = candle.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for engine in [ConvEngine::Winograd, ConvEngine::OverlappingRows] {
        let allowed = (tolerance(engine) + tolerance(ConvEngine::Candle)) * largest;
        assert!((&run(engine) - &candle).iter().all(|d| d.abs() <= allowed));
    }
}

#[test]
fn columns_are_named_and_ordered_as_asked() {
    let e = FeatureExtractor::new(
        seeded(&VggConfig::new(VggVariant::Vgg19), 1),
        &[tap("features.36"), tap("relu1_1")],
        &[Pooling::Maximum, Pooling::Average],
    )
    .expect("an extractor");
    let names = e.names();
    assert_eq!(names.len(), 2 * (512 + 64));
    assert_eq!(names[0], "dl_vgg19_pool5_max_000");
    assert_eq!(names[512 + 511], "dl_vgg19_pool5_avg_511");
    assert_eq!(names[1024], "dl_vgg19_relu1_1_max_000");
    let unique: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    let table = e
        .extract(&[input(0, [32, 32])], 1, |_, _| {})
        .expect("embeddings");
    let (maximum, average) = (
        table.values.slice(s![0, ..512]),
        table.values.slice(s![0, 512..1024]),
    );
    assert!(maximum.iter().zip(&average).all(|(m, a)| m >= a));
}

#[test]
fn masked_average_sees_the_mask_only() {
    let mut one = input(0, [64, 64]);
    one.coverage.fill(1.0);
    let e = extractor(&["relu1_1"]);
    let table = e.extract(&[one.clone()], 1, |_, _| {}).expect("embeddings");
    let n = table.names.len() / 3;
    for c in 0..n {
        let (plain, masked) = (table.values[(0, c)], table.values[(0, 2 * n + c)]);
        assert!((plain - masked).abs() <= 1e-12 * plain.abs());
    }
    one.coverage.fill(0.0);
    one.coverage[(20, 30)] = 0.25;
    let single = e.extract(&[one.clone()], 1, |_, _| {}).expect("embeddings");
    let map = &e
        .vgg()
        .activations(one.pixels.view(), &[tap("relu1_1")])
        .expect("activations")[0];
    for c in 0..n {
        assert_eq!(single.values[(0, 2 * n + c)], f64::from(map[(c, 20, 30)]));
    }
    one.coverage.fill(0.0);
    assert!(matches!(
        e.extract(&[one], 1, |_, _| {}),
        Err(Error::EmptyCoverage { image: 0, .. })
    ));
}

#[test]
fn disagreement_of_weights_and_preprocessing_is_an_error() {
    let e = extractor(&["pool1"]);
    let caffe = Preprocess::new(Normalization::CaffeBgr255).size([32, 32]);
    let other = caffe
        .apply(Array2::zeros((40, 40)).view(), None)
        .expect("a good image");
    let inputs = [input(0, [32, 32]), other.clone()];
    let error = e
        .extract(&inputs, 1, |_, _| {})
        .expect_err("two normalizations");
    assert!(
        matches!(error, Error::NormalizationMismatch { image: 1, .. }),
        "{error}"
    );
    let declared =
        seeded(&narrow(VggVariant::Vgg11, 16), 1).with_normalization(Normalization::CaffeBgr255);
    let e = FeatureExtractor::new(
        declared.expect("a normalization"),
        &[tap("pool1")],
        &POOLINGS,
    )
    .expect("an extractor");
    assert!(e.extract(&[other], 1, |_, _| {}).is_ok());
}

#[test]
fn bad_requests_are_errors() {
    let vgg = || seeded(&narrow(VggVariant::Vgg19, 16), 1);
    assert!(matches!(
        FeatureExtractor::new(vgg(), &[], &POOLINGS),
        Err(Error::Setting { .. })
    ));
    assert!(matches!(
        FeatureExtractor::new(vgg(), &[tap("pool1")], &[]),
        Err(Error::Setting { .. })
    ));
    let twice = FeatureExtractor::new(vgg(), &[tap("relu5_4"), tap("features.35")], &POOLINGS);
    assert!(matches!(twice, Err(Error::Duplicate { what: "tap", .. })));
    let twice = FeatureExtractor::new(
        vgg(),
        &[tap("pool1")],
        &[Pooling::Average, Pooling::Average],
    );
    assert!(matches!(
        twice,
        Err(Error::Duplicate {
            what: "pooling",
            ..
        })
    ));
    let deep = FeatureExtractor::new(vgg(), &[tap("pool5")], &POOLINGS).expect("an extractor");
    let small = deep
        .extract(&[input(0, [64, 64]), input(0, [31, 64])], 2, |_, _| {})
        .expect_err("too small");
    assert!(
        matches!(
            small,
            Error::ImageTooSmall {
                image: 1,
                height: 31,
                minimum: 32,
                ..
            }
        ),
        "{small}"
    );
    assert!(matches!(
        deep.extract(&[input(0, [64, 64])], 0, |_, _| {}),
        Err(Error::Setting { .. })
    ));
    let mut gray = input(0, [64, 64]);
    gray.pixels = gray.pixels.slice(s![..1, .., ..]).to_owned();
    assert!(matches!(
        deep.extract(&[gray], 1, |_, _| {}),
        Err(Error::Channels { image: 0, found: 1 })
    ));
    let mut bad = input(0, [64, 64]);
    bad.pixels[(1, 5, 5)] = f32::NAN;
    assert!(matches!(
        deep.extract(&[bad], 1, |_, _| {}),
        Err(Error::NonFiniteOutput { image: 0, .. })
    ));
}

#[test]
fn seeds_and_identities() {
    let config = narrow(VggVariant::Vgg16, 16);
    let (a, b, c) = (seeded(&config, 1), seeded(&config, 1), seeded(&config, 2));
    assert_eq!(a.weights(), b.weights());
    assert_ne!(a.weights().sha256, c.weights().sha256);
    assert_eq!(a.weights().sha256.len(), 64);
    let image = input(0, [64, 64]);
    let run = |v: &Vgg| {
        v.activations(image.pixels.view(), &[tap("pool5")])
            .expect("activations")
    };
    assert_eq!(run(&a), run(&b));
    assert_ne!(run(&a), run(&c));
    let mean = f64::from(run(&a)[0].mean().expect("a mean"));
    // He initialization neither silences nor blows up the deepest tap.
    assert!((1e-3..1e3).contains(&mean), "{mean}");
}

fn table(n: usize, d: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    Array2::from_shape_fn((n, d), |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5
    })
}

#[test]
fn principal_components_refuse_more_than_the_rank() {
    let train = table(20, 50, 1);
    assert!(matches!(
        Pca::new(20).fit(train.view()),
        Err(Error::RankTooLow {
            rank: 19,
            requested: 20,
            ..
        })
    ));
    assert_eq!(Pca::new(19).fit(train.view()).expect("full rank").k(), 19);
    assert_eq!(
        Pca::at_most(128)
            .fit(train.view())
            .expect("as many as there are")
            .k(),
        19
    );
    assert!(matches!(
        Pca::default().fit(train.view()),
        Err(Error::RankTooLow { requested: 128, .. })
    ));
    let constant = Array2::from_elem((10, 4), 3.0);
    assert!(matches!(
        Pca::at_most(2).fit(constant.view()),
        Err(Error::RankTooLow { rank: 0, .. })
    ));
    assert!(Pca::new(1).fit(Array2::zeros((1, 4)).view()).is_err());
    assert!(Pca::new(1).fit(Array2::zeros((0, 4)).view()).is_err());
    assert!(Pca::new(1).fit(Array2::zeros((4, 0)).view()).is_err());
    assert!(Pca::new(0).fit(train.view()).is_err());
    let mut bad = train.clone();
    bad[(3, 4)] = f64::NAN;
    assert!(matches!(
        Pca::new(2).fit(bad.view()),
        Err(Error::NonFiniteValue {
            row: 3,
            column: 4,
            ..
        })
    ));
    let fit = Pca::new(2).fit(train.view()).expect("two components");
    assert!(matches!(
        fit.transform(table(3, 49, 1).view()),
        Err(Error::ColumnCount {
            expected: 50,
            found: 49
        })
    ));
    assert!(fit.transform(bad.view()).is_err());
    assert_eq!(
        fit.names(&VggConfig::new(VggVariant::Vgg19)),
        ["dl_vgg19_pca2_000", "dl_vgg19_pca2_001"]
    );
}

#[test]
fn nearly_dependent_columns_are_told_from_dependent_ones() {
    let mut train = table(30, 6, 4);
    for i in 0..30 {
        train[(i, 5)] = train[(i, 0)] + train[(i, 1)];
    }
    assert!(matches!(
        Pca::new(6).fit(train.view()),
        Err(Error::RankTooLow { rank: 5, .. })
    ));
    let noise = table(30, 1, 5);
    for i in 0..30 {
        train[(i, 5)] += 1e-11 * noise[(i, 0)];
    }
    let fit = Pca::new(6).fit(train.view()).expect("full rank");
    // The last component is the direction of the dependence, (1, 1, 0, 0, 0, -1) / sqrt 3.
    let last = fit.components.row(5);
    let third = (1.0f64 / 3.0).sqrt();
    for (found, expected) in last.iter().zip([1.0, 1.0, 0.0, 0.0, 0.0, -1.0]) {
        assert!(
            (found.abs() - third * f64::abs(expected)).abs() < 1e-9,
            "{last}"
        );
    }
}

#[test]
fn stored_components_are_checked() {
    let fit = Pca::new(3).fit(table(20, 5, 2).view()).expect("components");
    let stored = serde_json::to_value(&fit).expect("JSON");
    assert_eq!(
        serde_json::from_value::<PcaFit>(stored.clone()).expect("components"),
        fit
    );
    let mut short = stored.clone();
    short["mean"].as_array_mut().expect("a list").pop();
    assert!(serde_json::from_value::<PcaFit>(short).is_err());
    let mut unknown = stored;
    unknown["more"] = 1.into();
    assert!(serde_json::from_value::<PcaFit>(unknown).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn components_are_orthonormal_and_signed(n in 3usize..40, d in 1usize..40, seed in 0u64..1000) {
        let train = table(n, d, seed);
        let fit = Pca::at_most(128).fit(train.view()).expect("components");
        prop_assert_eq!(fit.k(), d.min(n - 1));
        let gram = fit.components.dot(&fit.components.t());
        for ((i, j), &v) in gram.indexed_iter() {
            prop_assert!((v - f64::from(u8::from(i == j))).abs() < 1e-10);
        }
        for component in fit.components.outer_iter() {
            let largest = component.iter().fold(0.0f64, |m, &v| if v.abs() > m.abs() { v } else { m });
            prop_assert!(largest > 0.0);
        }
        prop_assert!(fit.explained_variance.windows(2).into_iter().all(|w| w[0] >= w[1]));
        prop_assert!((fit.explained_variance_ratio.sum() - 1.0).abs() < 1e-10);
        // All components together lose nothing.
        let scores = fit.transform(train.view()).expect("scores");
        let back = scores.dot(&fit.components) + &fit.mean;
        prop_assert!((&back - &train).iter().all(|e| e.abs() < 1e-10));
        prop_assert!(scores.mean_axis(Axis(0)).expect("rows").iter().all(|m| m.abs() < 1e-12));
    }

    #[test]
    fn any_region_gives_a_finite_input(
        h in 1usize..60, w in 1usize..60, cy in 0usize..60, cx in 0usize..60, r in 0usize..30,
        side in 1usize..50, other in 1usize..50, margin in 0usize..80, policy in 0usize..3, border in 0usize..3, stretch: bool,
    ) {
        let image = Array2::from_shape_fn((h, w), |(y, x)| ((y * 37 + x * 91) % 256) as f64);
        let mask = Array2::from_shape_fn((h, w), |(y, x)| y.abs_diff(cy % h) + x.abs_diff(cx % w) <= r);
        let preprocess = Preprocess::new(Normalization::Custom { mean: [0.0; 3], deviation: [1.0; 3] })
            .size([side, other])
            .crop(Crop::BoundingBox(Margin::Pixels(margin)))
            .aspect(if stretch { Aspect::Stretch } else { Aspect::Extend })
            .border([Border::Replicate, Border::Reflect, Border::Constant(9.0)][border])
            .mask_policy([MaskPolicy::Keep, MaskPolicy::ZeroOutside, MaskPolicy::MeanOutside][policy]);
        let input = preprocess.apply(image.view(), Some(mask.view())).expect("a good region");
        prop_assert_eq!(input.pixels.dim(), (3, side, other));
        // An average of gray values stays between the smallest and the largest.
        prop_assert!(input.pixels.iter().all(|v| (-1e-6..=1.0 + 1e-6).contains(v)));
        prop_assert!(input.coverage.iter().all(|v| (0.0..=1.0 + 1e-6).contains(v)));
        prop_assert!(input.coverage.sum() > 0.0);
    }

    #[test]
    fn a_region_moves_with_its_image(dy in 0usize..9, dx in 0usize..9) {
        let region = |y0: usize, x0: usize| {
            let value = |y: usize, x: usize| ((y * 37 + x * 91 + x * y) % 256) as f64;
            let image = Array2::from_shape_fn((60, 60), |(y, x)| value((y + 60 - y0) % 60, (x + 60 - x0) % 60));
            let mask = Array2::from_shape_fn((60, 60), |(y, x)| (y0 + 20..y0 + 35).contains(&y) && (x0 + 20..x0 + 30).contains(&x));
            Preprocess::new(Normalization::ImageNetRgb).size([24, 24]).apply(image.view(), Some(mask.view())).expect("a good region")
        };
        let (a, b) = (region(0, 0), region(dy, dx));
        prop_assert_eq!(a.pixels, b.pixels);
        prop_assert_eq!(a.coverage, b.coverage);
    }
}
