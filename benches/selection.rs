//! Selection of features: relevance and the LASSO path, at three numbers of columns.

use std::hint::black_box;

use benches::feature_table;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eval_stats::folds::Folds;
use feature_selection::FeatureTable;
use feature_selection::lasso::{CrossValidation, ElasticNet, Samples};
use feature_selection::relevance::Relevance;

fn selection(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("selection");
    group.sample_size(10);
    for columns in [100, 300, 979] {
        let (values, names, outcome) = feature_table(421, columns, 1);
        let table = FeatureTable::new(values.view(), &names).expect("finite numbers");
        let samples = Samples::binary(&table, &outcome).expect("two classes");
        let folds = Folds::stratified(&outcome, 10, 1).expect("more rows than folds");
        group.throughput(Throughput::Elements((421 * columns) as u64));
        group.bench_function(BenchmarkId::new("mutual information", columns), |bencher| {
            bencher.iter(|| {
                Relevance::default()
                    .of(black_box(&table), &outcome)
                    .expect("two classes")
            });
        });
        group.bench_function(BenchmarkId::new("lasso path", columns), |bencher| {
            bencher.iter(|| {
                ElasticNet::new()
                    .fit(black_box(&samples))
                    .expect("not separated")
            });
        });
        group.bench_function(
            BenchmarkId::new("lasso cross-validation", columns),
            |bencher| {
                bencher.iter(|| {
                    CrossValidation::new(ElasticNet::new())
                        .fit(black_box(&samples), &folds)
                        .expect("not separated")
                });
            },
        );
    }
    group.finish();
}

criterion_group!(benches, selection);
criterion_main!(benches);
