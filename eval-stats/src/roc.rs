//! Receiver operating characteristic.
use crate::scored::Scored;

/// Area under the ROC curve: the chance that a random event scores above a random non-event,
/// ties counting one half (the Mann-Whitney statistic). Exact: wins and ties are counted as whole
/// numbers.
pub fn auc(scored: &Scored) -> f64 {
    let mut below = 0u64;
    let mut twice_wins = 0u64;
    for tie in scored.ties() {
        let (events, non_events) = (u64::from(tie.events), u64::from(tie.non_events));
        twice_wins += events * (2 * below + non_events);
        below += non_events;
    }
    let pairs = scored.n_events() as u64 * scored.n_non_events() as u64;
    0.5 * (twice_wins as f64 / pairs as f64)
}
