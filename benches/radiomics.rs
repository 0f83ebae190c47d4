//! Handcrafted features of one region: the 851 columns of a single-slice image, and its parts, at three sizes.

use std::hint::black_box;

use benches::speckled_ellipse;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use radiomics_features::{Extractor, Params, Roi, RoiParams};

fn extraction(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("radiomics");
    group.sample_size(20);
    for (rows, columns) in [(75, 100), (150, 200), (300, 400)] {
        let (image, mask) = speckled_ellipse(rows, columns, 1);
        let roi = Roi::new(&image, &mask, &RoiParams::default())
            .expect("a region of thousands of voxels");
        group.throughput(Throughput::Elements(roi.n_voxels() as u64));
        for (name, params) in [
            ("original, 107", Params::default()),
            ("original and wavelet, 851", Params::original_and_wavelet()),
        ] {
            let extractor = Extractor::new(params).expect("default settings");
            group.bench_function(
                BenchmarkId::new(name, format!("{rows}x{columns}")),
                |bencher| {
                    bencher.iter(|| {
                        extractor
                            .extract(black_box(&roi))
                            .expect("a textured region")
                    });
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, extraction);
criterion_main!(benches);
