//! Every public function on degenerate, extreme and illegal input: no panic, no NaN in what it
//! answers, no call that hangs.

mod audit;
mod columns;
mod groups;
mod numbers;
mod pairs;
mod scores;
mod tables;

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use eval_stats::Scored;
use eval_stats::bootstrap::Bootstrap;

/// Values that break formulas.
const EXTREMES: [f64; 15] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1e308,
    -1e308,
    f64::MAX,
    1e-310,
    f64::MIN_POSITIVE,
    f64::EPSILON,
    1.0 - 1e-16,
    1e16,
    f64::INFINITY,
    f64::NAN,
];

/// Random input with a weakness for the degenerate.
struct Gen(u64);

impl Gen {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Any number.
    fn value(&mut self) -> f64 {
        match self.below(4) {
            0 => self.pick(&EXTREMES),
            1 => self.below(4) as f64,
            2 => self.below(101) as f64 / 100.0,
            _ => (self.unit() - 0.5) * 10f64.powi(self.below(40) as i32 - 20),
        }
    }

    /// A probability, now and then none.
    fn share(&mut self) -> f64 {
        match self.below(8) {
            0 => self.value(),
            1 => self.pick(&[0.0, 1.0, 1e-300, 1e-12, 1.0 - 1e-16, 0.5]),
            2..5 => self.below(101) as f64 / 100.0,
            _ => self.unit(),
        }
    }

    fn level(&mut self) -> f64 {
        match self.below(6) {
            0 => self.pick(&[0.0, 1.0, f64::NAN, 1e-300, 1.0 - 1e-16, -1.0, 1e-17, 0.5]),
            _ => 0.95,
        }
    }

    fn count(&mut self) -> u64 {
        match self.below(12) {
            0 => self.pick(&[u64::MAX, u64::MAX / 2, 1 << 53, 1 << 32, 1_000_000]),
            1..5 => 0,
            _ => self.below(12) as u64,
        }
    }

    /// A count of things to make, never a plausible one above 40.
    fn size(&mut self) -> usize {
        match self.below(6) {
            0 => self.pick(&[0, 1, usize::MAX, usize::MAX - 1, 1 << 40]),
            _ => self.below(12),
        }
    }

    fn n(&mut self) -> usize {
        match self.below(10) {
            0 => self.below(3),
            1 => 30,
            _ => 2 + self.below(14),
        }
    }

    /// Scores: risks or any numbers, often tied.
    fn values(&mut self, n: usize) -> Vec<f64> {
        let constant = self.share();
        let scale = self.pick(&[1e308, 2e150, 1e100, 1e-100, 1e-308]);
        let kind = self.below(10);
        (0..n)
            .map(|_| match kind {
                0 => constant,
                1 => self.value(),
                2 => self.below(2) as f64,
                3 => self.pick(&EXTREMES[..12]),
                4 => self.below(5) as f64 / 4.0,
                5 => (self.unit() - 0.5) * scale,
                6 => self.share(),
                7 => 0.5 + 1e-15 * self.below(3) as f64,
                _ => 0.01 + 0.98 * self.unit(),
            })
            .collect()
    }

    fn bools(&mut self, n: usize) -> Vec<bool> {
        match self.below(8) {
            0 => vec![self.one_in(2); n],
            1 => (0..n).map(|i| i == 0).collect(),
            _ => (0..n).map(|_| self.one_in(2)).collect(),
        }
    }

    /// Outcomes that scores separate, or do not.
    fn outcomes(&mut self, scores: &[f64]) -> Vec<bool> {
        match self.below(4) {
            0 => scores.iter().map(|&s| s > 0.5).collect(),
            1 => scores.iter().map(|&s| s <= 0.5).collect(),
            _ => self.bools(scores.len()),
        }
    }

    fn scored(&mut self) -> Option<Scored> {
        let n = self.n();
        let scores = self.values(n);
        let outcomes = self.outcomes(&scores);
        self.directed(&scores, &outcomes)
    }

    fn directed(&mut self, scores: &[f64], outcomes: &[bool]) -> Option<Scored> {
        if self.one_in(8) {
            Scored::lower_is_event(scores, outcomes).ok()
        } else {
            Scored::new(scores, outcomes).ok()
        }
    }

    /// Two models of the same subjects, now and then identical, of opposite order or of others.
    fn pair(&mut self) -> Option<(Scored, Scored)> {
        let a = self.scored()?;
        let outcomes = a.outcomes().to_vec();
        let b = match self.below(6) {
            0 => a.clone(),
            1 => self.scored()?,
            2 => {
                let turned: Vec<f64> = a.scores().iter().map(|s| 1.0 - s).collect();
                self.directed(&turned, &outcomes)?
            }
            _ => {
                let scores = self.values(outcomes.len());
                self.directed(&scores, &outcomes)?
            }
        };
        Some((a, b))
    }

    fn bootstrap(&mut self) -> Bootstrap {
        let replicates = self.pick(&[0, 1, 2, 3, 20]);
        let plan = Bootstrap::new()
            .replicates(replicates)
            .seed(self.below(9) as u32);
        if self.one_in(2) {
            plan.stream(eval_stats::bootstrap::Stream::PerReplicate)
        } else {
            plan
        }
    }
}

/// What went wrong, the first case of each function.
#[derive(Default)]
struct Log {
    wrong: BTreeMap<String, String>,
    calls: usize,
}

impl Log {
    /// Calls, and looks at what comes back: `Debug` shows every field, private ones included.
    fn call<T: Debug>(
        &mut self,
        name: &str,
        input: &dyn Debug,
        f: impl FnOnce() -> eval_stats::Result<T>,
    ) -> Option<T> {
        self.calls += 1;
        if std::env::var_os("NO_NAN_TRACE").is_some() {
            eprintln!("{name} {input:?}");
        }
        let start = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(f));
        // What takes seconds takes longer on a busy machine; what takes a minute does not come back.
        if start.elapsed() > Duration::from_secs(60) {
            self.note(name, "endless", input, &start.elapsed());
        }
        match answer {
            Err(_) => {
                self.note(name, "panic", input, &"");
                None
            }
            Ok(Err(error)) => {
                let _ = error.to_string();
                None
            }
            Ok(Ok(value)) => {
                // A refusal inside an answer (a test that was not done) may quote the NaN it met.
                let text = format!("{value:?}");
                if text.contains("NaN") && !text.contains("reason") {
                    self.note(name, "NaN", input, &value);
                }
                Some(value)
            }
        }
    }

    /// As [`Log::call`] of what has a `Display`.
    fn shown<T: Debug + Display>(
        &mut self,
        name: &str,
        input: &dyn Debug,
        f: impl FnOnce() -> eval_stats::Result<T>,
    ) -> Option<T> {
        let value = self.call(name, input, f)?;
        let line = catch_unwind(AssertUnwindSafe(|| value.to_string()));
        match line {
            Err(_) => self.note(name, "panic of Display", input, &value),
            Ok(line) if line.contains("NaN") => self.note(name, "NaN in Display", input, &line),
            Ok(_) => {}
        }
        Some(value)
    }

    /// A function that always answers.
    fn value<T: Debug>(&mut self, name: &str, input: &dyn Debug, f: impl FnOnce() -> T) {
        self.call(name, input, || Ok(f()));
    }

    fn note(&mut self, name: &str, kind: &str, input: &dyn Debug, found: &dyn Debug) {
        self.wrong
            .entry(format!("{name}: {kind}"))
            .or_insert_with(|| format!("{input:?}\n    -> {found:?}"));
    }
}

/// `NO_NAN_CASES` and `NO_NAN_FROM` widen the search.
fn hunt(cases: u64, area: fn(&mut Gen, &mut Log)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let from = number("NO_NAN_FROM").unwrap_or(0);
    let cases = number("NO_NAN_CASES").unwrap_or(cases);
    let mut log = Log::default();
    for seed in from..from + cases {
        area(&mut Gen(seed.wrapping_mul(0x2545_f491_4f6c_dd1d)), &mut log);
    }
    let report: Vec<String> = log
        .wrong
        .iter()
        .map(|(what, case)| format!("{what}\n    {case}"))
        .collect();
    assert!(
        report.is_empty(),
        "{} calls\n{}",
        log.calls,
        report.join("\n")
    );
}
