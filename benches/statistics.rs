//! Statistics of a prediction model: ROC, DeLong, decision curve, at three numbers of subjects.

use std::hint::black_box;

use benches::scores;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eval_stats::{Scored, delong, roc};

fn discrimination(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("statistics");
    for n in [400, 10_000, 1_000_000] {
        group.sample_size(if n > 100_000 { 10 } else { 50 });
        group.throughput(Throughput::Elements(n as u64));
        let (first, outcome) = scores(n, 1);
        let (second, _) = scores(n, 2);
        let a = Scored::new(&first, &outcome).expect("finite scores of two classes");
        let b = Scored::new(&second, &outcome).expect("finite scores of two classes");
        group.bench_function(BenchmarkId::new("sort", n), |bencher| {
            bencher.iter(|| Scored::new(black_box(&first), &outcome));
        });
        group.bench_function(BenchmarkId::new("auc", n), |bencher| {
            bencher.iter(|| roc::auc(black_box(&a)))
        });
        group.bench_function(BenchmarkId::new("delong paired", n), |bencher| {
            bencher.iter(|| delong::compare_paired(black_box(&a), black_box(&b), 0.95));
        });
    }
    group.finish();
}

criterion_group!(benches, discrimination);
criterion_main!(benches);
