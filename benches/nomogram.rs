//! Risk models: one fit, bootstrap validation and calibration, the univariable table.

use std::hint::black_box;

use benches::feature_table;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nomogram::{
    Design, Frame, LogisticRegression, Missing, Resamples, Validation, calibrate, univariable,
};

fn table(rows: usize, columns: usize) -> (Frame, Vec<String>, Vec<bool>) {
    let (values, names, outcome) = feature_table(rows, columns, 1);
    let frame = names
        .iter()
        .zip(values.columns())
        .try_fold(Frame::new(), |frame, (name, column)| {
            frame.with_numeric(name, column.to_vec())
        })
        .expect("finite numbers");
    (frame, names, outcome)
}

fn models(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nomogram");
    group.sample_size(10);
    for (rows, columns) in [(421, 3), (10_000, 20)] {
        let (frame, names, outcome) = table(rows, columns);
        let terms = names.iter().map(String::as_str);
        let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
        group.bench_function(BenchmarkId::new("fit", rows), |bencher| {
            let regression = LogisticRegression::new();
            bencher.iter(|| {
                regression
                    .fit(black_box(&design), &outcome)
                    .expect("overlap")
            });
        });
    }
    let (frame, names, outcome) = table(421, 3);
    let terms = names.iter().map(String::as_str);
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    let resamples = Resamples::R {
        seed: 1,
        replicates: 200,
    };
    group.bench_function("validate", |bencher| {
        let validation = Validation::new(resamples.clone());
        bencher.iter(|| {
            validation
                .fit(black_box(&design), &outcome)
                .expect("overlap")
        });
    });
    group.bench_function("calibrate", |bencher| {
        bencher.iter(|| calibrate(black_box(&design), &outcome, &resamples).expect("overlap"));
    });
    let (frame, names, outcome) = table(421, 100);
    group.bench_function("univariable", |bencher| {
        let regression = LogisticRegression::new();
        bencher.iter(|| {
            let terms = names.iter().map(String::as_str);
            univariable(&frame, terms, &outcome, Missing::Refuse, &regression, 0.95)
                .expect("overlap")
        });
    });
    group.finish();
}

criterion_group!(benches, models);
criterion_main!(benches);
