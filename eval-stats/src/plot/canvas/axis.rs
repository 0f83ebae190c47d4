//! A numeric axis and its round ticks.

use crate::pretty::pretty;

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scale {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long.
    Log,
}

/// A marked position of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where.
    pub value: f64,
    /// What is written there; may be empty.
    pub label: String,
}

/// A numeric axis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Axis {
    /// Its title, with the unit.
    pub label: String,
    /// Value at the lower or left end.
    pub low: f64,
    /// Value at the upper or right end.
    pub high: f64,
    /// How values are spread.
    pub scale: Scale,
    /// Marked positions between the ends.
    pub ticks: Vec<Tick>,
}

impl Axis {
    /// The unit interval with ticks in fifths.
    pub fn unit(label: impl Into<String>) -> Self {
        Self::linear(label, 0.0, 1.0)
    }

    /// An axis with round ticks between its ends.
    ///
    /// Ends that are equal move 0.5 apart each way, or by a tenth where that is more; ends that
    /// are not finite count as 0 and 1.
    pub fn linear(label: impl Into<String>, low: f64, high: f64) -> Self {
        let (low, high) = ends(low, high);
        let slack = 1e-9 * (high - low);
        let ticks: Vec<f64> = pretty(low, high, 5)
            .into_iter()
            .filter(|t| (low - slack..=high + slack).contains(t))
            .collect();
        Self::new(label, low, high, Scale::Linear).ticks(&ticks)
    }

    /// A linear axis from the least to the greatest value, widened by a share of the range.
    /// Values that are not finite are passed over.
    pub fn covering(
        label: impl Into<String>,
        values: impl IntoIterator<Item = f64>,
        margin: f64,
    ) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        let (low, high) = ends(low, high);
        let extra = margin * (high - low);
        Self::linear(label, low - extra, high + extra)
    }

    /// An axis of ratios with ticks at decades or at 1, 2 and 5 or finer, whichever gives four.
    /// Ends that are not positive count as 0.1 and 10.
    pub fn log(label: impl Into<String>, low: f64, high: f64) -> Self {
        let usable = low > 0.0 && high > low && high.is_finite();
        let (low, high) = if usable { (low, high) } else { (0.1, 10.0) };
        let ticks = log_ticks(low, high);
        let labels: Vec<Tick> = ticks
            .iter()
            .map(|&value| Tick {
                value,
                label: short(value),
            })
            .collect();
        Self {
            ticks: labels,
            ..Self::new(label, low, high, Scale::Log)
        }
    }

    fn new(label: impl Into<String>, low: f64, high: f64, scale: Scale) -> Self {
        Self {
            label: label.into(),
            low,
            high,
            scale,
            ticks: Vec::new(),
        }
    }

    /// Puts ticks at values, labeled with as many decimals as all of them need.
    pub fn ticks(mut self, values: &[f64]) -> Self {
        let labels = tick_labels(values);
        self.ticks = values
            .iter()
            .zip(labels)
            .map(|(&value, label)| Tick { value, label })
            .collect();
        self
    }

    /// Takes the ticks away.
    pub fn without_ticks(mut self) -> Self {
        self.ticks.clear();
        self
    }

    /// Labels ticks as percentages of one.
    pub fn percent(mut self) -> Self {
        let hundredfold: Vec<f64> = self.ticks.iter().map(|t| 100.0 * t.value).collect();
        for (tick, label) in self.ticks.iter_mut().zip(tick_labels(&hundredfold)) {
            tick.label = label;
        }
        self
    }

    /// Share of the way from the low to the high end; beyond the ends below 0 or above 1.
    pub fn share(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
        }
    }

    /// Whether a value lies between the ends.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Ends that differ, are finite and whose difference is.
fn ends(low: f64, high: f64) -> (f64, f64) {
    const MOST: f64 = 1e300;
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    let (low, high) = (low.clamp(-MOST, MOST), high.clamp(-MOST, MOST));
    let (low, high) = (low.min(high), low.max(high));
    // Closer than this, rounding would decide where things stand.
    if high - low > 1e-9 * low.abs().max(high.abs()) {
        (low, high)
    } else {
        let half = (0.1 * low.abs()).max(0.5);
        (low - half, high + half)
    }
}

/// Round ratios between two ends.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = last - first;
    let slack = 1e-9;
    let within = |steps: &[f64], every: i32| -> Vec<f64> {
        (first..=last)
            .filter(|e| e.rem_euclid(every) == 0)
            .flat_map(|e| steps.iter().map(move |s| power_of_ten(*s, e)))
            .filter(|t| (low * (1.0 - slack)..=high * (1.0 + slack)).contains(t))
            .collect()
    };
    if decades > 7 {
        return within(&[1.0], decades / 5);
    }
    let choices: [&[f64]; 4] = [
        &[1.0],
        &[1.0, 3.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    ];
    for steps in choices {
        let ticks = within(steps, 1);
        if ticks.len() >= 4 {
            return ticks;
        }
    }
    // Less than a third of a decade: a linear choice is as good.
    pretty(low, high, 4)
        .into_iter()
        .filter(|t| (low..=high).contains(t))
        .collect()
}

/// `s * 10^e` without the rounding of a negative power.
fn power_of_ten(s: f64, e: i32) -> f64 {
    if e < 0 {
        s / 10f64.powi(-e)
    } else {
        s * 10f64.powi(e)
    }
}

/// A number as short as it is exact, in powers of ten from a million and below a thousandth.
fn short(value: f64) -> String {
    let size = value.abs();
    let text = if size != 0.0 && !(1e-3..1e6).contains(&size) {
        format!("{value:e}")
    } else {
        let text = format!("{value:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    signed(&text)
}

/// A proper minus sign, and none before zero.
fn signed(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text.replace('-', "\u{2212}"),
    }
}

/// Tick labels with as many decimals as the ticks need; powers of ten where that would be long.
///
/// ```
/// use eval_stats::plot::canvas::tick_labels;
/// assert_eq!(tick_labels(&[-0.25, 0.0, 0.25]), ["\u{2212}0.25", "0.00", "0.25"]);
/// ```
pub fn tick_labels(ticks: &[f64]) -> Vec<String> {
    let largest = ticks.iter().fold(0.0_f64, |m, t| m.max(t.abs()));
    let needed = |t: f64| {
        (0..6).find(|&d| {
            let scale = 10f64.powi(d);
            ((t * scale).round() / scale - t).abs() < 1e-9 * largest.max(1e-3)
        })
    };
    let decimals: Option<Vec<i32>> = ticks.iter().map(|&t| needed(t)).collect();
    match decimals {
        Some(all) if largest < 1e6 => {
            let decimals = all.into_iter().max().unwrap_or(0) as usize;
            ticks
                .iter()
                .map(|t| signed(&format!("{t:.decimals$}")))
                .collect()
        }
        // A tick is a few digits times a power of ten; what else it has is rounding.
        _ => ticks
            .iter()
            .map(|t| {
                let rounded: f64 = format!("{t:.3e}").parse().unwrap_or(*t);
                short(if rounded.abs() < 1e-9 * largest {
                    0.0
                } else {
                    rounded
                })
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn tick_labels_have_equal_decimals() {
        assert_eq!(tick_labels(&[0.0, 0.25, 0.5]), ["0.00", "0.25", "0.50"]);
        assert_eq!(
            tick_labels(&[-0.2, 0.0, 0.2]),
            ["\u{2212}0.2", "0.0", "0.2"]
        );
        assert_eq!(
            tick_labels(&[-1e100, 0.0, 1e100]),
            ["\u{2212}1e100", "0", "1e100"]
        );
        assert_eq!(
            tick_labels(&[0.0, 1e-9, 2e-9]),
            ["0", "1e\u{2212}9", "2e\u{2212}9"]
        );
    }

    #[test]
    fn log_axes_have_round_ratios() {
        let axis = Axis::log("OR", 0.2, 20.0);
        assert_eq!(labels(&axis), ["0.3", "1", "3", "10"]);
        assert!((axis.share(2.0) - 0.5).abs() < 1e-12);
        assert_eq!(
            labels(&Axis::log("OR", 0.9, 1.1)),
            ["0.90", "0.95", "1.00", "1.05", "1.10"]
                .map(|t| t.trim_end_matches('0').trim_end_matches('.'))
        );
        assert!(Axis::log("OR", 1e-30, 1e30).ticks.len() < 12);
    }

    #[test]
    fn degenerate_ends_are_widened() {
        let axis = Axis::linear("x", 3.0, 3.0);
        assert_eq!((axis.low, axis.high), (2.5, 3.5));
        let axis = Axis::covering("x", [f64::NAN, f64::INFINITY], 0.1);
        assert!(axis.low < 0.0 && axis.high > 1.0);
        let axis = Axis::linear("x", f64::MIN, f64::MAX);
        assert!((axis.high - axis.low).is_finite());
        assert!(axis.ticks.len() > 2);
    }

    #[test]
    fn percentages_are_a_hundredfold() {
        assert_eq!(
            labels(&Axis::unit("x").percent()),
            ["0", "20", "40", "60", "80", "100"]
        );
    }
}
