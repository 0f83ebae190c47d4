//! Every public function on degenerate, extreme and illegal input: no panic, no NaN or infinity in
//! what it answers except where its documentation says so, no call that hangs, the same bits for
//! one thread and for several.

mod chains;
mod groups;
mod penalized;
#[cfg(feature = "plot")]
mod plots;
mod singles;
mod stored;
mod tables;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use eval_stats::folds::Folds;
use feature_selection::{FeatureTable, Result};
use ndarray::Array2;

/// Values that break formulas.
const EXTREMES: [f64; 15] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1e300,
    -1e300,
    f64::MAX,
    f64::MIN,
    1e-300,
    5e-324,
    f64::MIN_POSITIVE,
    1.0 - 1e-16,
    f64::INFINITY,
    f64::NAN,
];

/// Names of columns that writers and readers stumble over.
const NAMES: [&str; 12] = [
    "", " ", "x\ny", "\u{0}", "größe", "體積", "a\"b", "`", "\\", "<svg>&", "z(x) + 1", "🙂",
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

    /// About normal.
    fn normal(&mut self) -> f64 {
        (0..6).map(|_| self.unit()).sum::<f64>() - 3.0
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

    fn finite(&mut self) -> f64 {
        let v = self.value();
        if v.is_finite() { v } else { 2.0 }
    }

    /// A setting in [0, 1], now and then beyond.
    fn share(&mut self) -> f64 {
        match self.below(8) {
            0 => self.value(),
            1 => self.pick(&[0.0, 1.0, 1e-300, 1e-12, 1.0 - 1e-16, 0.5]),
            _ => self.below(101) as f64 / 100.0,
        }
    }

    fn level(&mut self) -> f64 {
        match self.below(6) {
            0 => self.pick(&[0.0, 1.0, f64::NAN, 1e-300, 1.0 - 1e-16, -1.0, 1e-17, 0.5]),
            _ => 0.95,
        }
    }

    /// A count, never a plausible one above 12.
    fn size(&mut self) -> usize {
        match self.below(8) {
            0 => self.pick(&[0, 1, usize::MAX, usize::MAX - 1, 1 << 40]),
            _ => self.below(12),
        }
    }

    fn rows(&mut self) -> usize {
        match self.below(10) {
            0 => 1 + self.below(3),
            1 => 40,
            _ => 4 + self.below(16),
        }
    }

    fn columns(&mut self) -> usize {
        match self.below(10) {
            0 => self.below(3),
            1 => 30,
            _ => 1 + self.below(7),
        }
    }

    fn outcome(&mut self, n: usize) -> Vec<bool> {
        match self.below(8) {
            0 => vec![self.one_in(2); n],
            1 => (0..n).map(|i| i == 0).collect(),
            2 => (0..n).map(|i| i < 2).collect(),
            _ => (0..n).map(|_| self.one_in(2)).collect(),
        }
    }

    /// An outcome that most calculations accept.
    fn fair_outcome(&mut self, n: usize) -> Vec<bool> {
        let few = 2 + self.below(3);
        (0..n)
            .map(|i| i < few || (i >= 2 * few && self.one_in(2)))
            .collect()
    }

    fn numbers(&mut self, n: usize, of: fn(&mut Self) -> f64) -> Vec<f64> {
        (0..n).map(|_| of(self)).collect()
    }

    /// Finite values of one feature; `before` are its neighbors.
    fn column(&mut self, outcome: &[bool], before: &[Vec<f64>]) -> Vec<f64> {
        let n = outcome.len();
        let constant = self.finite();
        let scale = self.pick(&[1e300, 1e150, 1e-150, 1e-300, 5e-324, f64::MAX / 4.0]);
        let offset = self.pick(&[1e6, 1e9, 1e15, -1e300]);
        let kind = self.below(20);
        let (a, b) = (
            self.below(before.len().max(1)),
            self.below(before.len().max(1)),
        );
        let mut values: Vec<f64> = (0..n)
            .map(|i| match kind {
                0 => constant,
                1 => self.finite(),
                2 => self.below(2) as f64,
                3 => self.below(4) as f64,
                4 => self.pick(&EXTREMES[..13]),
                5 => self.normal() * scale,
                6 => offset + self.normal(),
                7 => 1.0 + 1e-15 * self.below(3) as f64,
                8 => f64::from(outcome[i]),
                9 => f64::from(outcome[i]) + 0.5 * self.unit(),
                10 if !before.is_empty() => before[a][i],
                11 if !before.is_empty() => 3.0 - 2.0 * before[a][i],
                12 if !before.is_empty() => before[a][i] + before[b][i],
                13 => self.pick(&[0.0, -0.0]),
                14 => f64::from(i == 0),
                15 => i as f64,
                _ => self.normal(),
            })
            .collect();
        // A difference of two columns may overflow.
        values
            .iter_mut()
            .filter(|v| !v.is_finite())
            .for_each(|v| *v = 1.0);
        values
    }

    fn names(&mut self, p: usize) -> Vec<String> {
        let odd = self.one_in(6);
        (0..p)
            .map(|j| match odd && j < NAMES.len() {
                true => NAMES[j].to_owned(),
                false => format!("f{j}"),
            })
            .collect()
    }

    /// A legal table, however degenerate.
    fn table(&mut self, outcome: &[bool]) -> FeatureTable {
        let p = self.columns();
        let plain = self.one_in(4);
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(p);
        for _ in 0..p {
            let column = match plain {
                true => (0..outcome.len()).map(|_| self.normal()).collect(),
                false => self.column(outcome, &columns),
            };
            columns.push(column);
        }
        let values = Array2::from_shape_fn((outcome.len(), p), |(i, j)| columns[j][i]);
        let names = self.names(p);
        FeatureTable::new(values.view(), &names).expect("a legal table")
    }

    /// A table of ordinary columns, for what comes after the calculation.
    fn plain_table(&mut self, n: usize, p: usize) -> FeatureTable {
        let values = Array2::from_shape_fn((n, p), |_| self.normal());
        let names = self.names(p);
        FeatureTable::new(values.view(), &names).expect("a legal table")
    }

    /// A table and its outcome; one in eight does not fit.
    fn data(&mut self) -> (FeatureTable, Vec<bool>) {
        let n = self.rows();
        let outcome = match self.one_in(3) {
            true => self.outcome(n),
            false => self.fair_outcome(n),
        };
        let table = self.table(&outcome);
        match self.below(16) {
            0 => (table, outcome[..n - 1].to_vec()),
            _ => (table, outcome),
        }
    }

    /// Folds of some kind, now and then of another number of rows.
    fn folds(&mut self, outcome: &[bool]) -> Option<Folds> {
        let k = 2 + self.below(6);
        let n = match self.below(20) {
            0 => outcome.len() + 1,
            _ => outcome.len(),
        };
        match self.below(4) {
            0 => {
                let assignment = (0..n)
                    .map(|i| if i < k { i } else { self.below(k) })
                    .collect();
                Folds::from_assignment(assignment, k, n).ok()
            }
            1 => Folds::random(n, k, 3).ok(),
            _ => Folds::stratified(outcome, k, 1).ok(),
        }
    }
}

/// What went wrong, the first case of each function and field.
#[derive(Default)]
struct Log {
    wrong: BTreeMap<String, String>,
    calls: usize,
    /// Words that stand in a function's documentation of infinite or missing values: `function.field`.
    documented: &'static [&'static str],
}

impl Log {
    /// Calls, and looks at what comes back: `Debug` shows every field, private ones included.
    fn call<T: Debug + Send>(
        &mut self,
        name: &str,
        input: &dyn Debug,
        f: impl Fn() -> Result<T> + Sync + Send,
    ) -> Option<T> {
        self.calls += 1;
        if std::env::var_os("NO_NAN_TRACE").is_some() {
            eprintln!("{name} {input:?}");
        }
        let start = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(&f));
        let seconds = start.elapsed();
        if seconds > Duration::from_secs(2) {
            self.note(name, "slow", input, &seconds);
        }
        let answer = match answer {
            Err(_) => {
                self.note(name, "panic", input, &"");
                return None;
            }
            Ok(answer) => answer,
        };
        let text = format!("{answer:?}");
        if self.calls.is_multiple_of(5) {
            self.threads(name, input, &text, f);
        }
        match answer {
            Err(error) => {
                self.message(name, input, &error.to_string());
                None
            }
            Ok(value) => {
                self.numbers(name, input, &text);
                Some(value)
            }
        }
    }

    /// Any number of threads answers the same.
    fn threads<T: Debug + Send>(
        &mut self,
        name: &str,
        input: &dyn Debug,
        text: &str,
        f: impl Fn() -> Result<T> + Sync + Send,
    ) {
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let again = pool.expect("a pool").install(&f);
            if format!("{again:?}") != text {
                self.note(name, "depends on threads", input, &threads);
            }
        }
    }

    /// A refusal is one line, and says something.
    fn message(&mut self, name: &str, input: &dyn Debug, message: &str) {
        let breaks = message.contains('\n') && !format!("{input:?}").contains("\\n");
        if message.is_empty() || breaks || message.len() > 2000 {
            self.note(name, "message", input, &message);
        }
    }

    /// No NaN and no infinity, but where the documentation has them.
    fn numbers(&mut self, name: &str, input: &dyn Debug, text: &str) {
        for field in not_finite(text) {
            let what = format!("{name}.{field}");
            if !self.documented.contains(&what.as_str()) {
                self.note(&what, "not finite", input, &text);
            }
        }
    }

    /// A function that always answers.
    fn value<T: Debug + Send>(
        &mut self,
        name: &str,
        input: &dyn Debug,
        f: impl Fn() -> T + Sync + Send,
    ) -> Option<T> {
        self.call(name, input, || Ok(f()))
    }

    /// What must hold of an answer.
    fn holds(&mut self, name: &str, input: &dyn Debug, holds: bool) {
        if !holds {
            self.note(name, "does not hold", input, &"");
        }
    }

    fn note(&mut self, name: &str, kind: &str, input: &dyn Debug, found: &dyn Debug) {
        self.wrong
            .entry(format!("{name}: {kind}"))
            .or_insert_with(|| {
                let case: String = format!("{input:?}").chars().take(4000).collect();
                let found: String = format!("{found:?}").chars().take(2000).collect();
                format!("{case}\n    -> {found}")
            });
    }
}

/// The fields of a `Debug` text that hold NaN or an infinity, each once.
fn not_finite(text: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found: Vec<&str> = Vec::new();
    for token in ["NaN", "inf"] {
        for (at, _) in text.match_indices(token) {
            let (before, after) = (&text[..at], &text[at + token.len()..]);
            if before.ends_with(word) || after.starts_with(word) || before.ends_with('"') {
                continue;
            }
            let field = before
                .rmatch_indices(": ")
                .map(|(colon, _)| {
                    let start = before[..colon].rfind(|c| !word(c)).map_or(0, |i| i + 1);
                    &before[start..colon]
                })
                .find(|field| !field.is_empty())
                .unwrap_or("value");
            if !found.contains(&field) {
                found.push(field);
            }
        }
    }
    found
}

/// `NO_NAN_TIMES` (that many times the cases) and `NO_NAN_FROM` (first seed) widen the search.
fn hunt(cases: u64, documented: &'static [&'static str], area: fn(&mut Gen, &mut Log)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let from = number("NO_NAN_FROM").unwrap_or(0);
    let cases = cases * number("NO_NAN_TIMES").unwrap_or(1);
    let mut log = Log {
        documented,
        ..Log::default()
    };
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
