//! Input as it comes: refusals of scores, folds, random draws, tables of reader columns.

use eval_stats::Scored;
use eval_stats::auc_interval::{binomial_exact_limits, hanley_mcneil_limits};
use eval_stats::folds::Folds;
use eval_stats::r_rng::{RRng, Sampling};
use eval_stats::reader_study::reader_columns;

use super::hunt;

#[test]
fn refusals() {
    hunt(300, |g, log| {
        let n = g.n();
        let scores = g.values(n);
        let outcomes = g.outcomes(&scores);
        let short = &outcomes[..n - n.min(g.below(2))];
        log.call("Scored::new", &(&scores, short), || {
            Scored::new(&scores, short)
        });
        let size = g.size();
        let input = (&outcomes, size);
        log.call("Folds::stratified", &input, || {
            Folds::stratified(&outcomes, size, 1)
        });
        log.call("Folds::random", &input, || Folds::random(n, size, 1));
        let assignment: Vec<usize> = (0..n).map(|_| g.below(4)).collect();
        log.call("Folds::from_assignment", &(&assignment, size), || {
            let folds = Folds::from_assignment(assignment.clone(), size, n)?;
            Ok((folds.test_indices(0), folds.train_indices(usize::MAX)))
        });
        let words = [
            "",
            "_",
            "r1_without",
            "r1_with",
            "r1_with",
            "r2_without",
            "with",
            "truth",
        ];
        let k = g.below(5);
        let header: Vec<&str> = (0..k).map(|_| g.pick(&words)).collect();
        log.call("reader_columns", &header, || reader_columns(&header));
        let (auc, events, others, level) = (g.share(), g.size(), g.size(), g.level());
        let input = (auc, events, others, level);
        log.call("hanley_mcneil_limits", &input, || {
            hanley_mcneil_limits(auc, events, others, level)
        });
        log.call("binomial_exact_limits", &input, || {
            binomial_exact_limits(auc, events, level)
        });
    });
}

#[test]
fn draws() {
    hunt(300, |g, log| {
        let seed = g.next();
        let sampling = g.pick(&[Sampling::Rejection, Sampling::Rounding]);
        let n = g.pick(&[1, 2, 30, 1 << 31, usize::MAX]);
        log.value("RRng", &(seed, sampling, n), || {
            let mut rng = RRng::from_signed(seed as i32).with_sampling(sampling);
            let _ = RRng::for_replicate(seed, u64::MAX).index(n);
            let some = (rng.uniform(), rng.normal(), rng.index(n));
            (some, rng.permutation(5), rng.sample_with_replacement(n, 3))
        });
    });
}
