//! Binary cross-entropy of logits with a weight for events, and the area under the ROC curve.

/// Mean over a batch of `w y softplus(-z) + (1 - y) softplus(z)` for logits `z`, outcomes `y` and the weight `w` of
/// events, and its derivative with respect to each logit, `(σ(z) (1 - y + w y) - w y) / n`, in f64.
///
/// `softplus(z) = max(z, 0) + log(1 + exp(-|z|))` neither overflows nor loses digits for any finite logit. (candle's
/// own takes the logarithm of a sigmoid, which is minus infinity from logits of about 17 on in single precision.)
pub(crate) fn cross_entropy(logits: &[f32], events: &[bool], event_weight: f64) -> (f64, Vec<f32>) {
    let n = logits.len() as f64;
    let mut loss = 0.0;
    let gradient = logits
        .iter()
        .zip(events)
        .map(|(&z, &event)| {
            let z = f64::from(z);
            let (term, slope) = match event {
                true => (event_weight * softplus(-z), -event_weight * sigmoid(-z)),
                false => (softplus(z), sigmoid(z)),
            };
            loss += term;
            (slope / n) as f32
        })
        .collect();
    (loss / n, gradient)
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        z.exp() / (1.0 + z.exp())
    }
}

/// Probability that an event has a larger score than a non-event, ties counting one half; NaN without both classes.
pub(crate) fn auc(scores: &[f32], events: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let n_events = events.iter().filter(|event| **event).count() as f64;
    let n_others = events.len() as f64 - n_events;
    let (mut below, mut favorable) = (0.0, 0.0);
    // `-0.0` and `0.0` are one score: `==` groups them, and the total order puts them side by side.
    for ties in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let in_group = ties.iter().filter(|&&i| events[i]).count() as f64;
        let others = ties.len() as f64 - in_group;
        favorable += in_group * (below + 0.5 * others);
        below += others;
    }
    favorable / (n_events * n_others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{json, list, number, numbers};

    #[test]
    fn cross_entropy_from_0_to_10000() {
        let golden = json("bce.json");
        let logits: Vec<f32> = numbers(&golden["logits"])
            .iter()
            .map(|&z| z as f32)
            .collect();
        for case in list(&golden["cases"]) {
            let events: Vec<bool> = numbers(&case["labels"]).iter().map(|&y| y == 1.0).collect();
            let weight = number(&case["pos_weight"]);
            let (loss, gradient) = cross_entropy(&logits, &events, weight);
            // The logits are those of the fixture in single precision, which moves the loss by its slope.
            assert!((loss - number(&case["mean_loss"])).abs() <= 1e-7 * loss);
            // Below the smallest normal number single precision has steps of this size.
            let step = f64::from(f32::from_bits(1));
            for (found, e) in gradient.iter().zip(numbers(&case["stable"]["gradient"])) {
                assert!(
                    (f64::from(*found) - e).abs() <= 1e-6 * e.abs() + step,
                    "{found} {e}"
                );
            }
            for ((&z, &event), e) in logits
                .iter()
                .zip(&events)
                .zip(numbers(&case["stable"]["losses"]))
            {
                let (loss, _) = cross_entropy(&[z], &[event], weight);
                assert!((loss - e).abs() <= 3e-6 * e.abs(), "{loss} {e}");
            }
        }
    }

    #[test]
    fn auc_counts_pairs() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4, -0.0, 0.0];
        let events = [false, false, true, true, true, true, false];
        let mut favorable = 0.0;
        for (a, _) in scores.iter().zip(events).filter(|(_, e)| *e) {
            for (b, _) in scores.iter().zip(events).filter(|(_, e)| !*e) {
                favorable += if a > b {
                    1.0
                } else if a == b {
                    0.5
                } else {
                    0.0
                };
            }
        }
        assert_eq!(auc(&scores, &events), favorable / 12.0);
        assert!(auc(&[1.0, 2.0], &[true, true]).is_nan());
    }

    #[test]
    fn gradient_is_the_derivative_of_the_loss() {
        let events = [true, false, true, false];
        let logits = [0.3f32, -1.2, -4.0, 2.5];
        let (_, gradient) = cross_entropy(&logits, &events, 2.7);
        for at in 0..4 {
            let shifted = |by: f32| {
                let mut moved = logits;
                moved[at] += by;
                cross_entropy(&moved, &events, 2.7).0
            };
            let slope = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
            assert!((slope - f64::from(gradient[at])).abs() < 2e-5);
        }
    }
}
