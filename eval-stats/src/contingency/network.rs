//! Fisher's exact test of r x c tables by the network algorithm (Mehta and Patel, J. Am. Stat.
//! Assoc. 78, 1983, 427-434, doi:10.1080/01621459.1983.10477989).
//!
//! Columns are filled one after the other. What remains of the rows, sorted, is a node: every table
//! that reaches it has the same completions. A node knows the likeliest and the least likely of
//! them, so that most paths are settled long before the last column: all completions count, or
//! none. Paths that reach a node with the same probability are walked once.
//!
//! Hash tables have a fixed hash, so that sums have the same order on every run.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::{Error, Result};
use crate::special::ln_gamma;

/// Steps after which a table is refused: a few seconds of work.
pub(super) const MOST_STEPS: usize = 50_000_000;

/// Most rows or columns, whichever are fewer.
const MOST_ROWS: usize = 10;

/// Row totals that remain, in increasing order, filled up with zeros in front.
type Node = [u32; MOST_ROWS];

/// Multiply and rotate: nodes are short and not chosen by an adversary.
#[derive(Default)]
struct FixedHasher(u64);

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0, |w, &b| w << 8 | u64::from(b));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
}

type NodeMap<T> = HashMap<Node, T, BuildHasherDefault<FixedHasher>>;

/// Probabilities of completions of a node, as `-Σ ln x!`.
#[derive(Clone, Copy)]
struct Bounds {
    most: f64,
    least: f64,
}

/// Paths to a node, or ways to fill a column: `-Σ ln x!`, and how many have it.
#[derive(Clone, Copy)]
struct Weight {
    ln: f64,
    count: f64,
}

/// Weights, equal ones brought together whenever their number has doubled.
#[derive(Default)]
struct Weights {
    list: Vec<Weight>,
    distinct: usize,
}

impl Weights {
    fn push(&mut self, weight: Weight) {
        self.list.push(weight);
        if self.list.len() > 2 * self.distinct + 16 {
            self.merge();
        }
    }

    /// Equal logarithms differ by their rounding only, far below 1e-9.
    fn merge(&mut self) {
        self.list.sort_unstable_by(|a, b| a.ln.total_cmp(&b.ln));
        self.list.dedup_by(|next, kept| {
            let same = next.ln - kept.ln < 1e-9;
            if same {
                kept.count += next.count;
            }
            same
        });
        self.distinct = self.list.len();
    }
}

pub(super) struct Network {
    columns: Vec<u32>,
    ln_factorial: Vec<f64>,
    steps_left: usize,
    bounds: Vec<NodeMap<Bounds>>,
    /// Where the rows of a node begin.
    first_row: usize,
}

impl Network {
    /// `ln Σ P(table)/P(observed)` over all tables with these margins that are no likelier than
    /// `limit`, both as `-Σ ln x!`.
    ///
    /// # Errors
    /// [`Error::TooMany`] beyond [`MOST_STEPS`].
    pub(super) fn ln_sum(rows: &[u64], columns: &[u64], observed: f64, limit: f64) -> Result<f64> {
        // Nodes have as many dimensions as rows: let there be fewer of them.
        let (rows, columns) = if rows.len() <= columns.len() {
            (rows, columns)
        } else {
            (columns, rows)
        };
        let n: u64 = rows.iter().sum();
        if n > MOST_STEPS as u64 || rows.len() > MOST_ROWS {
            return Err(too_many());
        }
        let first_row = MOST_ROWS - rows.len();
        let mut start = [0; MOST_ROWS];
        for (to, &x) in start[first_row..].iter_mut().zip(rows) {
            *to = x as u32;
        }
        start.sort_unstable();
        // The largest columns first: they have most ways, when there are fewest nodes.
        let mut columns: Vec<u32> = columns.iter().map(|&x| x as u32).collect();
        columns.sort_unstable_by(|a, b| b.cmp(a));
        let mut network = Self {
            ln_factorial: (0..=n).map(|x| ln_gamma(x as f64 + 1.0)).collect(),
            steps_left: MOST_STEPS,
            bounds: vec![NodeMap::default(); columns.len()],
            columns,
            first_row,
        };
        network.walk(start, observed, limit)
    }

    fn spend(&mut self, steps: usize) -> Result<()> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or_else(too_many)?;
        Ok(())
    }

    fn walk(&mut self, start: Node, observed: f64, limit: f64) -> Result<f64> {
        let mut stage: NodeMap<Weights> = NodeMap::default();
        stage.entry(start).or_default().push(Weight {
            ln: 0.0,
            count: 1.0,
        });
        let mut sum = 0.0;
        for j in 0..self.columns.len() {
            let mut next: NodeMap<Weights> = NodeMap::default();
            for (node, mut paths) in stage {
                paths.merge();
                let bounds = self.bounds(j, &node)?;
                let ln_all = self.ln_completions(j, &node);
                paths.list.retain(|path| {
                    if path.ln + bounds.most <= limit {
                        sum += path.count * (path.ln + ln_all - observed).exp();
                        return false;
                    }
                    path.ln + bounds.least <= limit
                });
                if paths.list.is_empty() {
                    continue;
                }
                for (to, steps) in self.steps(j, &node)? {
                    self.spend(steps.list.len() * paths.list.len())?;
                    let into = next.entry(to).or_default();
                    for path in &paths.list {
                        for step in &steps.list {
                            into.push(Weight {
                                ln: path.ln + step.ln,
                                count: path.count * step.count,
                            });
                        }
                    }
                }
            }
            stage = next;
        }
        Ok(sum.ln())
    }

    /// `ln Σ Π 1/x!` over all completions from column `j` on.
    fn ln_completions(&self, j: usize, node: &Node) -> f64 {
        let f = |x: u32| self.ln_factorial[x as usize];
        f(node.iter().sum())
            - node.iter().map(|&x| f(x)).sum::<f64>()
            - self.columns[j..].iter().map(|&x| f(x)).sum::<f64>()
    }

    /// Likeliest and least likely completion of a node.
    fn bounds(&mut self, j: usize, node: &Node) -> Result<Bounds> {
        if j + 1 == self.columns.len() {
            let f = |&x: &u32| self.ln_factorial[x as usize];
            let ln = -node.iter().map(f).sum::<f64>();
            return Ok(Bounds {
                most: ln,
                least: ln,
            });
        }
        if let Some(&known) = self.bounds[j].get(node) {
            return Ok(known);
        }
        let mut bounds = Bounds {
            most: f64::NEG_INFINITY,
            least: f64::INFINITY,
        };
        for (to, steps) in self.steps(j, node)? {
            let rest = self.bounds(j + 1, &to)?;
            for step in &steps.list {
                bounds.most = bounds.most.max(step.ln + rest.most);
                bounds.least = bounds.least.min(step.ln + rest.least);
            }
        }
        self.bounds[j].insert(*node, bounds);
        Ok(bounds)
    }

    /// All ways to fill column `j` from what remains of the rows, by the node they lead to.
    fn steps(&mut self, j: usize, node: &Node) -> Result<NodeMap<Weights>> {
        let rows = &node[self.first_row..];
        let ways = ways_to_fill(rows, self.columns[j]);
        if ways > self.steps_left as f64 {
            return Err(too_many());
        }
        self.spend(ways as usize)?;
        let mut found: NodeMap<Weights> = NodeMap::default();
        let mut fill = Fill {
            node,
            ln_factorial: &self.ln_factorial,
            found: &mut found,
        };
        fill.rows(self.first_row, self.columns[j], *node, 0.0);
        found.values_mut().for_each(Weights::merge);
        Ok(found)
    }
}

/// Number of ways to take `left` from the rows: the coefficient of `q^left` in `Π (1 + ... + q^row)`.
fn ways_to_fill(rows: &[u32], left: u32) -> f64 {
    let left = left as usize;
    let mut ways = vec![0.0; left + 1];
    ways[0] = 1.0;
    for &row in rows {
        // Sums over windows of row + 1: all so far, less those that have left the window.
        let mut sums = vec![0.0; left + 2];
        for s in 0..=left {
            sums[s + 1] = sums[s] + ways[s];
        }
        for s in 0..=left {
            ways[s] = sums[s + 1] - sums[s.saturating_sub(row as usize)];
        }
    }
    ways[left]
}

/// Walk over all ways to fill a column.
struct Fill<'a> {
    node: &'a Node,
    ln_factorial: &'a [f64],
    found: &'a mut NodeMap<Weights>,
}

impl Fill<'_> {
    /// Takes `left` from the rows `i..`.
    fn rows(&mut self, i: usize, left: u32, mut to: Node, ln: f64) {
        let row = self.node[i];
        if i + 1 == MOST_ROWS {
            to[i] = row - left;
            to.sort_unstable();
            self.found.entry(to).or_default().push(Weight {
                ln: ln - self.ln_factorial[left as usize],
                count: 1.0,
            });
            return;
        }
        let rest: u32 = self.node[i + 1..].iter().sum();
        for x in left.saturating_sub(rest)..=left.min(row) {
            to[i] = row - x;
            self.rows(i + 1, left - x, to, ln - self.ln_factorial[x as usize]);
        }
    }
}

fn too_many() -> Error {
    Error::TooMany {
        found: MOST_STEPS + 1,
        limit: MOST_STEPS,
    }
}
