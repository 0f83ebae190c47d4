//! Statistics of a prediction model, at three numbers of subjects: what is done once per score vector, and what is read off it.

use std::hint::black_box;

use benches::scores;
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use eval_stats::bootstrap::{Bootstrap, stratified_aucs};
use eval_stats::calibration::{self, LoessSurface, Smoother};
use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings, threshold_grid};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
use eval_stats::reclassification::{idi, nri_continuous};
use eval_stats::special::expit;
use eval_stats::{Scored, delong, roc};

/// Risks of two models of the same subjects.
struct Subjects {
    risks: Vec<f64>,
    outcome: Vec<bool>,
    first: Scored,
    second: Scored,
}

impl Subjects {
    fn new(n: usize) -> Self {
        let risks = |seed: u64| -> Vec<f64> {
            let (scores, _) = scores(n, seed);
            scores.into_iter().map(expit).collect()
        };
        let (risks, other, (_, outcome)) = (risks(1), risks(2), scores(n, 1));
        let scored =
            |risks: &[f64]| Scored::new(risks, &outcome).expect("finite risks of two classes");
        Self {
            first: scored(&risks),
            second: scored(&other),
            risks,
            outcome,
        }
    }
}

fn statistics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("statistics");
    for n in [400, 10_000, 1_000_000] {
        group.sample_size(if n > 100_000 { 10 } else { 50 });
        group.throughput(Throughput::Elements(n as u64));
        let subjects = Subjects::new(n);
        discrimination(&mut group, &subjects, n);
        usefulness(&mut group, &subjects, n);
        if n < 100_000 {
            replicates_and_smoothing(&mut group, &subjects, n);
        }
    }
    group.finish();
}

fn discrimination(group: &mut BenchmarkGroup<'_, WallTime>, s: &Subjects, n: usize) {
    group.bench_function(BenchmarkId::new("sort", n), |bencher| {
        bencher.iter(|| Scored::new(black_box(&s.risks), &s.outcome));
    });
    group.bench_function(BenchmarkId::new("auc", n), |bencher| {
        bencher.iter(|| roc::auc(black_box(&s.first)))
    });
    group.bench_function(BenchmarkId::new("delong paired", n), |bencher| {
        bencher.iter(|| delong::compare_paired(black_box(&s.first), &s.second, 0.95));
    });
}

fn usefulness(group: &mut BenchmarkGroup<'_, WallTime>, s: &Subjects, n: usize) {
    let thresholds = threshold_grid(0.01, 0.99, 99);
    let settings = DecisionCurveSettings::new();
    group.bench_function(BenchmarkId::new("decision curve", n), |bencher| {
        bencher.iter(|| DecisionCurve::new(black_box(&s.first), &thresholds, &settings));
    });
    group.bench_function(BenchmarkId::new("hosmer lemeshow", n), |bencher| {
        let df = DegreesOfFreedom::GroupsMinusTwo;
        bencher.iter(|| hosmer_lemeshow::test(black_box(&s.first), 10, Grouping::Quantiles, df));
    });
    group.bench_function(BenchmarkId::new("nri and idi", n), |bencher| {
        let (old, new) = (&s.second, &s.first);
        bencher.iter(|| {
            (
                nri_continuous(black_box(old), new, 0.95),
                idi(old, new, 0.95),
            )
        });
    });
}

fn replicates_and_smoothing(group: &mut BenchmarkGroup<'_, WallTime>, s: &Subjects, n: usize) {
    group.bench_function(BenchmarkId::new("100 bootstrap aucs", n), |bencher| {
        let bootstrap = Bootstrap::new().replicates(100);
        bencher.iter(|| stratified_aucs(black_box(&[&s.first]), &bootstrap));
    });
    for (name, smoother) in [
        (
            "loess interpolated",
            Smoother::Loess(LoessSurface::RInterpolate),
        ),
        ("lowess", Smoother::Lowess),
    ] {
        group.bench_function(BenchmarkId::new(name, n), |bencher| {
            bencher.iter(|| calibration::smooth(black_box(&s.first), smoother));
        });
    }
}

criterion_group!(benches, statistics);
criterion_main!(benches);
