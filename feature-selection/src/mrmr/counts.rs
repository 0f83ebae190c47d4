//! Counts of classes and information from them.
//!
//! Empirical information is a sum of `c ln c` over counts. The table holds these numbers as whole multiples of a tiny
//! unit, so that sums are exact: relabeled, permuted and duplicated features have the same bits, and independence
//! gives 0 and not a rounding error that a selection would have to take for information.

use crate::error::{Error, Result};
use crate::mutual_information::Entropy;

/// Classes renumbered without gaps.
pub(super) struct Discrete {
    classes: Vec<u16>,
    n_classes: usize,
}

impl Discrete {
    /// # Errors
    /// [`Error::InvalidSetting`] for more classes than 65,536.
    pub(super) fn new(labels: &[usize]) -> Result<Self> {
        let seen = distinct(labels);
        if seen.len() > usize::from(u16::MAX) + 1 {
            return Err(Error::InvalidSetting {
                name: "classes of one variable",
                expected: "at most 65536",
                found: seen.len() as f64,
            });
        }
        let classes = match seen.last() {
            // Labels without gaps are their own numbers.
            Some(&last) if last < seen.len() => labels.iter().map(|&c| c as u16).collect(),
            _ => labels
                .iter()
                .map(|c| seen.partition_point(|s| s < c) as u16)
                .collect(),
        };
        Ok(Self {
            classes,
            n_classes: seen.len(),
        })
    }

    fn pair(&self, other: &Self) -> Pair {
        Pair {
            codes: self
                .classes
                .iter()
                .zip(&other.classes)
                .map(|(&a, &b)| u32::from(a) * other.n_classes as u32 + u32::from(b))
                .collect(),
            n_codes: self.n_classes * other.n_classes,
            minor: other.n_classes,
        }
    }
}

/// Labels that occur, ascending.
fn distinct(labels: &[usize]) -> Vec<usize> {
    const SMALL: usize = 256;
    let mut occurs = [false; SMALL];
    for &label in labels {
        match occurs.get_mut(label) {
            Some(occurs) => *occurs = true,
            None => {
                let mut seen = labels.to_vec();
                seen.sort_unstable();
                seen.dedup();
                return seen;
            }
        }
    }
    (0..SMALL).filter(|&label| occurs[label]).collect()
}

/// One or two variables as one code per row, the second varying fastest.
pub(super) struct Pair {
    codes: Vec<u32>,
    n_codes: usize,
    /// Number of classes of the second variable; 1 if there is none.
    minor: usize,
}

impl Pair {
    pub(super) fn single(x: &Discrete) -> Self {
        Self {
            codes: x.classes.iter().map(|&c| u32::from(c)).collect(),
            n_codes: x.n_classes,
            minor: 1,
        }
    }

    pub(super) fn of(w: &Discrete, y: &Discrete) -> Self {
        w.pair(y)
    }
}

/// Work space for tables of counts.
#[derive(Default)]
pub(super) struct Scratch {
    cells: Vec<u32>,
    merged: Vec<u32>,
    keys: Vec<u64>,
}

/// How counts become entropy.
pub(super) enum Measure {
    Exact(LogTable),
    Estimated(Entropy),
}

impl Measure {
    pub(super) fn new(entropy: Entropy, n: usize) -> Self {
        match entropy {
            Entropy::Empirical => Self::Exact(LogTable::up_to(n)),
            other => Self::Estimated(other),
        }
    }

    /// Entropy of a variable or pair.
    pub(super) fn entropy(&self, x: &Pair) -> Sum {
        if worth_a_table(x.n_codes, x.codes.len()) {
            let mut cells = vec![0u32; x.n_codes];
            for &code in &x.codes {
                cells[code as usize] += 1;
            }
            return self.sum(&cells);
        }
        let mut codes = x.codes.clone();
        codes.sort_unstable();
        let runs = codes.chunk_by(|a, b| a == b);
        self.sum(&runs.map(|c| c.len() as u32).collect::<Vec<_>>())
    }

    fn sum(&self, cells: &[u32]) -> Sum {
        match self {
            Self::Exact(table) => Sum::Exact(table.sum(cells)),
            Self::Estimated(entropy) => Sum::Estimated(entropy.of(cells)),
        }
    }

    /// Entropies of `x` with the pair, and of `x` with the pair's first variable.
    pub(super) fn joint(&self, x: &Discrete, with: &Pair, scratch: &mut Scratch) -> (Sum, Sum) {
        scratch.count(x, with);
        let all = self.sum(&scratch.cells);
        if with.minor == 1 {
            return (all, all);
        }
        (all, self.sum(&scratch.merged))
    }

    /// `H(a) + H(b) - H(a,b)`, at least 0.
    pub(super) fn information(&self, a: Sum, b: Sum, ab: Sum) -> f64 {
        match (self, a, b, ab) {
            (Self::Exact(t), Sum::Exact(a), Sum::Exact(b), Sum::Exact(ab)) => {
                t.nats(ab - a - b + t.total)
            }
            (_, a, b, ab) => (a.estimated() + b.estimated() - ab.estimated()).max(0.0),
        }
    }

    /// `H(a,w) + H(b,w) - H(a,b,w) - H(w)`, at least 0.
    pub(super) fn conditional(&self, aw: Sum, bw: Sum, abw: Sum, w: Sum) -> f64 {
        match (self, aw, bw, abw, w) {
            (Self::Exact(t), Sum::Exact(aw), Sum::Exact(bw), Sum::Exact(abw), Sum::Exact(w)) => {
                t.nats(abw - aw - bw + w)
            }
            (_, aw, bw, abw, w) => {
                (aw.estimated() + bw.estimated() - abw.estimated() - w.estimated()).max(0.0)
            }
        }
    }

    /// Entropy in nats.
    pub(super) fn entropy_of(&self, sum: Sum) -> f64 {
        match (self, sum) {
            (Self::Exact(t), Sum::Exact(sum)) => t.nats(t.total - sum),
            (_, sum) => sum.estimated(),
        }
    }
}

/// Entropy of counts, or for empirical ones the exact sum of `c ln c` in units of the table.
#[derive(Clone, Copy)]
pub(super) enum Sum {
    Exact(i64),
    Estimated(f64),
}

impl Sum {
    fn estimated(self) -> f64 {
        match self {
            Self::Estimated(h) => h,
            Self::Exact(_) => unreachable!("an empirical sum is met by its own measure"),
        }
    }
}

/// A table that is much larger than the rows filling it is not worth clearing.
fn worth_a_table(n_cells: usize, n_rows: usize) -> bool {
    const FEW: usize = 1 << 12;
    const CELLS_PER_ROW: usize = 16;
    n_cells <= FEW.max(CELLS_PER_ROW * n_rows)
}

impl Scratch {
    /// Counts of `x` with the pair in `cells`, of `x` with the pair's first variable in `merged`.
    fn count(&mut self, x: &Discrete, with: &Pair) {
        let n_cells = x.n_classes.saturating_mul(with.n_codes);
        if !worth_a_table(n_cells, x.classes.len()) {
            return self.count_sorted(x, with);
        }
        self.cells.clear();
        self.cells.resize(n_cells, 0);
        for (&class, &code) in x.classes.iter().zip(&with.codes) {
            self.cells[usize::from(class) * with.n_codes + code as usize] += 1;
        }
        self.merged.clear();
        if with.minor > 1 {
            let cells = self.cells.chunks_exact(with.minor);
            self.merged.extend(cells.map(|c| c.iter().sum::<u32>()));
        }
    }

    /// The same without the cells that are empty.
    fn count_sorted(&mut self, x: &Discrete, with: &Pair) {
        self.keys.clear();
        let rows = x.classes.iter().zip(&with.codes);
        self.keys
            .extend(rows.map(|(&x, &code)| u64::from(x) << 32 | u64::from(code)));
        self.keys.sort_unstable();
        let runs = self.keys.chunk_by(|a, b| a == b).map(|c| c.len() as u32);
        self.cells.clear();
        self.cells.extend(runs);
        let minor = with.minor as u64;
        let first = |key: u64| (key >> 32, (key & u64::from(u32::MAX)) / minor);
        self.merged.clear();
        if minor > 1 {
            let runs = self.keys.chunk_by(|&a, &b| first(a) == first(b));
            self.merged.extend(runs.map(|c| c.len() as u32));
        }
    }
}

/// `c ln c` of every count up to `n`, in units of `n` nats over a power of two.
pub(super) struct LogTable {
    table: Vec<i64>,
    total: i64,
    /// Nats of one unit.
    unit: f64,
    /// Differences up to here are the table's rounding: a few doubles of its largest size, half a unit per cell.
    rounding: i64,
}

impl LogTable {
    /// Size of the largest sum, with room for four of them.
    const BITS: i32 = 60;

    fn up_to(n: usize) -> Self {
        let term = |c: usize| {
            if c == 0 {
                0.0
            } else {
                c as f64 * (c as f64).ln()
            }
        };
        let largest = term(n).max(1.0);
        let scale = 2f64.powi(Self::BITS - largest.log2().ceil() as i32);
        let table: Vec<i64> = (0..=n).map(|c| (term(c) * scale).round() as i64).collect();
        Self {
            total: table[n],
            table,
            unit: 1.0 / scale / n as f64,
            rounding: (1 << (Self::BITS - 53 + 3)) + n as i64,
        }
    }

    fn sum(&self, cells: &[u32]) -> i64 {
        cells.iter().map(|&c| self.table[c as usize]).sum()
    }

    fn nats(&self, units: i64) -> f64 {
        if units <= self.rounding {
            0.0
        } else {
            units as f64 * self.unit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn information(measure: &Measure, x: &[usize], y: &[usize]) -> f64 {
        let (x, y) = (Discrete::new(x).unwrap(), Discrete::new(y).unwrap());
        let (xs, ys) = (Pair::single(&x), Pair::single(&y));
        let (xy, _) = measure.joint(&x, &ys, &mut Scratch::default());
        measure.information(measure.entropy(&xs), measure.entropy(&ys), xy)
    }

    #[test]
    fn independence_is_exactly_zero_and_identity_is_entropy() {
        let x: Vec<usize> = (0..105).map(|i| i % 5 * 10).collect();
        let y: Vec<usize> = (0..105).map(|i| i % 7).collect();
        let exact = Measure::new(Entropy::Empirical, 105);
        assert_eq!(information(&exact, &x, &y), 0.0);
        assert!((information(&exact, &x, &x) - 5f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn sorted_counts_equal_the_table() {
        let x = Discrete::new(&(0..300).map(|i| i * i % 97).collect::<Vec<_>>()).unwrap();
        let w = Discrete::new(&(0..300).map(|i| i * 5 % 83).collect::<Vec<_>>()).unwrap();
        let y = Discrete::new(&(0..300).map(|i| i % 2).collect::<Vec<_>>()).unwrap();
        let pair = Pair::of(&w, &y);
        let (mut a, mut b) = (Scratch::default(), Scratch::default());
        a.count(&x, &pair);
        b.count_sorted(&x, &pair);
        for (table, sorted) in [(&a.cells, &b.cells), (&a.merged, &b.merged)] {
            let filled: Vec<u32> = table.iter().copied().filter(|&c| c > 0).collect();
            assert_eq!(&filled, sorted);
        }
    }

    #[test]
    fn conditional_information_of_a_hand_worked_table() {
        // y = x xor w: alone they tell nothing, together everything.
        let x = Discrete::new(&[0, 0, 1, 1]).unwrap();
        let w = Discrete::new(&[0, 1, 0, 1]).unwrap();
        let y = Discrete::new(&[0, 1, 1, 0]).unwrap();
        for entropy in [Entropy::Empirical, Entropy::Dirichlet { pseudocount: 0.0 }] {
            let m = Measure::new(entropy, 4);
            let (xwy, xw) = m.joint(&x, &Pair::of(&w, &y), &mut Scratch::default());
            let wy = m.entropy(&Pair::of(&w, &y));
            let (w, y) = (m.entropy(&Pair::single(&w)), m.entropy(&Pair::single(&y)));
            let joint = m.information(xw, y, xwy);
            // The chain rule holds for any estimator: I(x,w;y) = I(w;y) + I(x;y|w).
            let chain = m.information(w, y, wy) + m.conditional(xw, wy, xwy, w);
            assert!(joint > 0.2 && (joint - chain).abs() < 1e-15);
            if entropy == Entropy::Empirical {
                assert!((joint - 2f64.ln()).abs() < 1e-15);
                assert!((m.entropy_of(xwy) - 4f64.ln()).abs() < 1e-15);
            }
        }
    }
}
