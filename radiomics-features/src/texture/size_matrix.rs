//! Matrices of a gray level against a size: run lengths, zone sizes, dependence counts. One algebra for three families.
//!
//! Symbols: `P(i, s)` the number of elements (runs, zones, voxels) of level `i` and size `s`, `N = Σ P`,
//! `q(i, s) = P(i, s) / N`.

/// One cell that is not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeCell {
    /// Gray level `i`, at least 1.
    pub level: u16,
    /// Size `s`, at least 1.
    pub size: u32,
    /// `P(i, s)`; whole unless matrices were weighted.
    pub count: f64,
}

/// A sparse matrix of levels (rows) against sizes (columns), by level, then size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SizeMatrix {
    /// The cells that are not empty.
    pub cells: Vec<SizeCell>,
}

impl SizeMatrix {
    /// `N`, the number of elements.
    pub fn n_elements(&self) -> f64 {
        self.cells.iter().map(|cell| cell.count).sum()
    }

    /// `Σ s P(i, s)`, the number of voxels the elements cover.
    pub fn n_covered(&self) -> f64 {
        self.cells
            .iter()
            .map(|cell| f64::from(cell.size) * cell.count)
            .sum()
    }

    /// The matrix of elements, each a level and a size; sorts them.
    pub(super) fn counting(elements: &mut [(u16, u32)]) -> Self {
        elements.sort_unstable();
        let cells = elements.chunk_by(|a, b| a == b).map(|equal| SizeCell {
            level: equal[0].0,
            size: equal[0].1,
            count: equal.len() as f64,
        });
        Self {
            cells: cells.collect(),
        }
    }

    /// The sum of matrices.
    pub(crate) fn sum(matrices: impl IntoIterator<Item = SizeMatrix>) -> Self {
        Self::weighted_sum(matrices.into_iter().map(|matrix| (1.0, matrix)))
    }

    /// The weighted sum of matrices.
    pub(super) fn weighted_sum(matrices: impl IntoIterator<Item = (f64, SizeMatrix)>) -> Self {
        let mut cells: Vec<SizeCell> = matrices
            .into_iter()
            .flat_map(|(weight, matrix)| {
                matrix.cells.into_iter().map(move |cell| SizeCell {
                    count: weight * cell.count,
                    ..cell
                })
            })
            .collect();
        cells.sort_by_key(|cell| (cell.level, cell.size));
        cells.dedup_by(|next, kept| {
            let same = (next.level, next.size) == (kept.level, kept.size);
            if same {
                kept.count += next.count;
            }
            same
        });
        Self { cells }
    }

    pub(super) fn marginals(&self) -> SizeMarginals {
        SizeMarginals::new(self)
    }
}

/// What the features of a size matrix share, in one sweep over its cells.
pub(super) struct SizeMarginals {
    /// `N`.
    pub n: f64,
    /// `Σ s P(i, s)`.
    pub n_covered: f64,
    /// `Σ_i (Σ_s P(i, s))²`.
    level_squares: f64,
    /// `Σ_s (Σ_i P(i, s))²`.
    size_squares: f64,
    /// Variance of the level under `q`.
    pub level_variance: f64,
    /// Variance of the size under `q`.
    pub size_variance: f64,
    /// `-Σ q log2 q`.
    pub entropy: f64,
    /// `Σ q²`.
    pub energy: f64,
    /// `Σ q i²` and `Σ q / i²`.
    pub high_level: f64,
    pub low_level: f64,
    /// `Σ q s²` and `Σ q / s²`.
    pub large: f64,
    pub small: f64,
    /// The four products of the above.
    pub small_low: f64,
    pub small_high: f64,
    pub large_low: f64,
    pub large_high: f64,
}

impl SizeMarginals {
    fn new(matrix: &SizeMatrix) -> Self {
        let n = matrix.n_elements();
        let mean_level = matrix
            .cells
            .iter()
            .map(|c| f64::from(c.level) * c.count)
            .sum::<f64>()
            / n;
        let mean_size = matrix.n_covered() / n;
        let mut m = Self {
            n,
            n_covered: matrix.n_covered(),
            level_squares: level_squares(&matrix.cells),
            size_squares: size_squares(&matrix.cells),
            level_variance: 0.0,
            size_variance: 0.0,
            entropy: 0.0,
            energy: 0.0,
            high_level: 0.0,
            low_level: 0.0,
            large: 0.0,
            small: 0.0,
            small_low: 0.0,
            small_high: 0.0,
            large_low: 0.0,
            large_high: 0.0,
        };
        for cell in &matrix.cells {
            let q = cell.count / n;
            let (i, s) = (f64::from(cell.level), f64::from(cell.size));
            let (i2, s2) = (i * i, s * s);
            m.level_variance += q * (i - mean_level) * (i - mean_level);
            m.size_variance += q * (s - mean_size) * (s - mean_size);
            m.entropy -= if q > 0.0 { q * q.log2() } else { 0.0 };
            m.energy += q * q;
            m.high_level += q * i2;
            m.low_level += q / i2;
            m.large += q * s2;
            m.small += q / s2;
            m.small_low += q / (i2 * s2);
            m.small_high += q * i2 / s2;
            m.large_low += q * s2 / i2;
            m.large_high += q * i2 * s2;
        }
        if matrix.cells.is_empty() {
            m.make_undefined();
        }
        m
    }

    /// An empty matrix has no mean of anything.
    fn make_undefined(&mut self) {
        for value in [
            &mut self.level_variance,
            &mut self.size_variance,
            &mut self.entropy,
            &mut self.energy,
            &mut self.high_level,
            &mut self.low_level,
            &mut self.large,
            &mut self.small,
            &mut self.small_low,
            &mut self.small_high,
            &mut self.large_low,
            &mut self.large_high,
        ] {
            *value = f64::NAN;
        }
    }

    /// `Σ_i (Σ_s P)² / N`.
    pub(super) fn level_non_uniformity(&self) -> f64 {
        self.level_squares / self.n
    }

    /// `Σ_i (Σ_s P)² / N²`.
    pub(super) fn level_non_uniformity_normalized(&self) -> f64 {
        self.level_squares / (self.n * self.n)
    }

    /// `Σ_s (Σ_i P)² / N`.
    pub(super) fn size_non_uniformity(&self) -> f64 {
        self.size_squares / self.n
    }

    /// `Σ_s (Σ_i P)² / N²`.
    pub(super) fn size_non_uniformity_normalized(&self) -> f64 {
        self.size_squares / (self.n * self.n)
    }

    /// `N / Σ s P`: elements per voxel, where sizes are voxels.
    pub(super) fn percentage(&self) -> f64 {
        self.per_voxel(self.n_covered)
    }

    /// Elements per voxel.
    pub(super) fn per_voxel(&self, n_voxels: f64) -> f64 {
        self.n / n_voxels
    }
}

/// `Σ_i (Σ_s P)²`; the cells are sorted by level.
fn level_squares(cells: &[SizeCell]) -> f64 {
    cells
        .chunk_by(|a, b| a.level == b.level)
        .map(|row| row.iter().map(|cell| cell.count).sum::<f64>())
        .map(|total| total * total)
        .sum()
}

/// `Σ_s (Σ_i P)²`.
fn size_squares(cells: &[SizeCell]) -> f64 {
    let mut by_size: Vec<(u32, f64)> = cells.iter().map(|cell| (cell.size, cell.count)).collect();
    by_size.sort_by_key(|&(size, _)| size);
    by_size
        .chunk_by(|a, b| a.0 == b.0)
        .map(|column| column.iter().map(|&(_, count)| count).sum::<f64>())
        .map(|total| total * total)
        .sum()
}
