//! Hierarchical clustering of columns by `1 - |r|`, merged and ordered as R's `hclust` does.
//!
//! Source: F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", doi 10.1093/comjnl/26.4.354;
//! F. Murtagh and P. Legendre, "Ward's hierarchical agglomerative clustering method", doi 10.1007/s00357-014-9161-z.

use crate::correlation::{Correlation, CorrelationColumns, check_matrix_size};
use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::table::FeatureTable;

/// The distance of two clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Linkage {
    /// Mean distance of their members. The default.
    #[default]
    Average,
    /// Largest distance of their members: no pair inside a cluster is farther apart than the height of the cluster.
    Complete,
    /// Smallest distance of their members: no pair across clusters is nearer than the height of the cut.
    Single,
    /// Ward's criterion on squared distances (R's `ward.D2`).
    Ward,
}

/// One step of the tree.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Merge {
    /// First part: a position below `n` is a column (of [`Dendrogram::columns`]), `n + m` is the result of merge `m`.
    pub left: usize,
    /// Second part.
    pub right: usize,
    /// Distance of the two.
    pub height: f64,
}

/// A tree of clusters of columns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dendrogram {
    /// Columns of the table that vary, ascending; the leaves of the tree.
    pub columns: Vec<usize>,
    /// One merge less than there are leaves, by increasing height. A single column comes before a cluster, an earlier cluster
    /// before a later one.
    pub merges: Vec<Merge>,
    /// Columns of the table in the order of the leaves from left to right: similar ones stand together. For heat maps.
    pub order: Vec<usize>,
    /// How clusters are compared.
    pub linkage: Linkage,
}

impl Dendrogram {
    /// Clusters all columns that vary by `1 - |r|`. O(p²) memory, and O(p²) to O(p³) time.
    ///
    /// # Errors
    /// [`Error::TooManyColumns`] beyond [`MOST_MATRIX_COLUMNS`](crate::correlation::MOST_MATRIX_COLUMNS),
    /// [`Error::NoUsableColumn`] if no column varies.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::FeatureTable;
    /// use feature_selection::correlation::Correlation;
    /// use feature_selection::redundancy::{Dendrogram, Linkage};
    /// use ndarray::array;
    ///
    /// let x = array![[1.0, 4.0, 2.0], [2.0, 1.0, 4.1], [3.0, 3.0, 5.9], [4.0, 2.0, 8.0]];
    /// let table = FeatureTable::new(x.view(), &["a", "b", "c"].map(String::from))?;
    /// let tree = Dendrogram::new(&table, Correlation::Spearman, Linkage::Average)?;
    /// assert_eq!(tree.order, [1, 0, 2]);
    /// assert_eq!(tree.clusters(0.1), [vec![0, 2], vec![1]]);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    pub fn new(table: &FeatureTable, method: Correlation, linkage: Linkage) -> Result<Self> {
        check_matrix_size("clustering of columns", table.n_columns())?;
        let correlations = CorrelationColumns::new(table, method);
        Self::of(&correlations, linkage)
    }

    /// As [`new`](Self::new) of coefficients that are there already.
    pub(crate) fn of(correlations: &CorrelationColumns, linkage: Linkage) -> Result<Self> {
        let columns = correlations.varying();
        if columns.is_empty() {
            return Err(Error::NoUsableColumn {
                what: "clustering of columns",
                n_columns: correlations.len(),
            });
        }
        let n = columns.len();
        let rows = map_indexed(n, |i| {
            let distance = |&j: &usize| 1.0 - correlations.coefficient(columns[i], j).abs();
            columns[i + 1..].iter().map(distance).collect::<Vec<f64>>()
        });
        let joins = Agglomeration::new(rows.concat(), n, linkage).run();
        let merges = merges(&joins, n);
        let order = leaves(&merges, n);
        Ok(Self {
            order: order.into_iter().map(|leaf| columns[leaf]).collect(),
            columns,
            merges,
            linkage,
        })
    }

    /// Clusters joined at heights up to `height`, each ascending, ordered by their first column.
    pub fn clusters(&self, height: f64) -> Vec<Vec<usize>> {
        let n = self.columns.len();
        let mut parts: Vec<Vec<usize>> = self.columns.iter().map(|&j| vec![j]).collect();
        // Heights increase, so what lies below the cut is a prefix.
        for merge in self.merges.iter().take_while(|m| m.height <= height) {
            let mut joined = std::mem::take(&mut parts[merge.left]);
            joined.append(&mut parts[merge.right]);
            parts.push(joined);
        }
        debug_assert!(parts.len() < 2 * n);
        parts.retain(|part| !part.is_empty());
        parts.iter_mut().for_each(|part| part.sort_unstable());
        parts.sort_by_key(|part| part[0]);
        parts
    }
}

/// Two clusters, named by their first leaves, the smaller one first.
#[derive(Debug, Clone, Copy)]
struct Join {
    first: usize,
    second: usize,
    height: f64,
}

/// The state of the clustering. Every cluster is named by its first leaf and knows its nearest cluster among the later ones.
struct Agglomeration {
    n: usize,
    linkage: Linkage,
    /// Upper triangle of distances, row by row.
    distance: Vec<f64>,
    size: Vec<f64>,
    open: Vec<bool>,
    nearest: Vec<usize>,
    nearest_distance: Vec<f64>,
}

impl Agglomeration {
    fn new(mut distance: Vec<f64>, n: usize, linkage: Linkage) -> Self {
        if linkage == Linkage::Ward {
            distance.iter_mut().for_each(|d| *d *= *d);
        }
        let mut state = Self {
            n,
            linkage,
            distance,
            size: vec![1.0; n],
            open: vec![true; n],
            nearest: vec![n; n],
            nearest_distance: vec![f64::INFINITY; n],
        };
        (0..n).for_each(|i| state.look_right(i));
        state
    }

    fn at(&self, i: usize, j: usize) -> usize {
        let (i, j) = (i.min(j), i.max(j));
        // Row i starts after n - 1, n - 2, ... entries.
        i * (2 * self.n - i - 1) / 2 + (j - i - 1)
    }

    /// The nearest later cluster of `i`, the first of equally near ones.
    fn look_right(&mut self, i: usize) {
        let (mut nearest, mut least) = (self.n, f64::INFINITY);
        let row = self.at(i, i + 1);
        let later = &self.open[(i + 1).min(self.n)..];
        for ((j, &open), &d) in (i + 1..)
            .zip(later)
            .zip(&self.distance[row.min(self.distance.len())..])
        {
            if open && d < least {
                (nearest, least) = (j, d);
            }
        }
        self.nearest[i] = nearest;
        self.nearest_distance[i] = least;
    }

    fn run(mut self) -> Vec<Join> {
        (1..self.n).map(|_| self.step()).collect()
    }

    fn step(&mut self) -> Join {
        let (mut first, mut least) = (0, f64::INFINITY);
        for i in 0..self.n {
            if self.open[i] && self.nearest_distance[i] < least {
                (first, least) = (i, self.nearest_distance[i]);
            }
        }
        let second = self.nearest[first];
        self.open[second] = false;
        let mut nearest = (self.n, f64::INFINITY);
        for other in (0..self.n).filter(|&k| k != first) {
            if !self.open[other] {
                continue;
            }
            let joined = self.joined(first, second, other);
            let at = self.at(first, other);
            self.distance[at] = joined;
            if other > first {
                if joined < nearest.1 {
                    nearest = (other, joined);
                }
            } else if joined < self.nearest_distance[other] {
                self.nearest[other] = first;
                self.nearest_distance[other] = joined;
            }
        }
        self.size[first] += self.size[second];
        (self.nearest[first], self.nearest_distance[first]) = nearest;
        for i in 0..self.n {
            if self.open[i] && (self.nearest[i] == first || self.nearest[i] == second) {
                self.look_right(i);
            }
        }
        Join {
            first,
            second,
            height: if self.linkage == Linkage::Ward {
                least.sqrt()
            } else {
                least
            },
        }
    }

    /// Distance of `other` from the union of the first two (Lance and Williams).
    fn joined(&self, first: usize, second: usize, other: usize) -> f64 {
        let a = self.distance[self.at(first, other)];
        let b = self.distance[self.at(second, other)];
        let (na, nb, nc) = (self.size[first], self.size[second], self.size[other]);
        match self.linkage {
            Linkage::Single => a.min(b),
            Linkage::Complete => a.max(b),
            Linkage::Average => (na * a + nb * b) / (na + nb),
            Linkage::Ward => {
                let between = self.distance[self.at(first, second)];
                ((na + nc) * a + (nb + nc) * b - nc * between) / (na + nb + nc)
            }
        }
    }
}

/// Joins of first leaves as merges of positions.
fn merges(joins: &[Join], n: usize) -> Vec<Merge> {
    let mut position: Vec<usize> = (0..n).collect();
    joins
        .iter()
        .enumerate()
        .map(|(m, join)| {
            let (a, b) = (position[join.first], position[join.second]);
            // Leaves have lower positions than clusters, and earlier clusters than later ones.
            let (left, right) = (a.min(b), a.max(b));
            position[join.first] = n + m;
            Merge {
                left,
                right,
                height: join.height,
            }
        })
        .collect()
}

fn leaves(merges: &[Merge], n: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(n);
    let mut pending = vec![n + merges.len() - 1];
    while let Some(position) = pending.pop() {
        if position < n {
            order.push(position);
        } else {
            let merge = merges[position - n];
            pending.push(merge.right);
            pending.push(merge.left);
        }
    }
    order
}
