//! Gray level co-occurrence matrix: how often two levels are neighbors at an offset.
//!
//! `p(i, j)` is the number of pairs of voxels inside the region with level `i` at the center and `j` at the neighbor,
//! divided by the number of pairs. Pairs are counted in both orders by default, which makes `p` symmetric. Example of the
//! [texture module](super) in direction `x`, both orders, 40 pairs:
//!
//! ```text
//! i \ j   1  2  3  4  5
//!   1     2  2  2  1  1
//!   2     2  4  2  1  0
//!   3     2  2  4  1  1        / 40
//!   4     1  1  1  4  1
//!   5     1  0  1  1  2
//! ```
//!
//! Symbols: `px(i) = Σ_j p`, `py(j) = Σ_i p`, `µx`, `µy`, `σx`, `σy` their means and standard deviations,
//! `p₊(k) = Σ_{i+j=k} p` for `k = 2 .. 2 Ng`, `p₋(k) = Σ_{|i-j|=k} p` for `k = 0 .. Ng - 1`, `Ng` the largest level of the
//! region, `HX`, `HY`, `HXY` the entropies of `px`, `py`, `p` in bits, `MI = HX + HY - HXY` the mutual information.
//!
//! Features are taken of each direction and averaged over the directions that have a pair; with a
//! [weighting](super::TextureParams::weighting) the counts of all directions are added with the weight `exp(-d²)`, `d` the
//! distance in mm, and features taken once. A region without any pair of neighbors has NaN in every feature, with two
//! exceptions of PyRadiomics: a flat region has an MCC of 1 if there are several matrices, and an inverse variance of 0 if there
//! is one matrix (a single direction, or a weighting).
//!
//! # Differences
//! PyRadiomics evaluates `HXY1` and `HXY2` as double sums; both equal `HX + HY`, which is used here. Its `ε = 2^-52` in
//! `HXY1 = -Σ p log2(px py + ε)` and in `σx σy + ε` is visible where levels are rare, so it is kept; every other `ε` is left
//! out. Where the two levels are independent, `MI` is 0 up to rounding, and the reference's [`imc2`](GlcmFeatures::imc2) is by
//! chance 0, about 1e-8, or NaN and left out of the mean; here it is 0. The same holds for the maximal correlation.

use super::direction::{Direction, WeightingNorm, pair_directions};
use super::maximal_correlation::maximal_correlation;
use super::tally::Tally;
use super::{TextureParams, walk};
use crate::Result;
use crate::discretize::{Levels, check_spacing};
use crate::feature_table::feature_table;

/// One cell of the matrix that is not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlcmCell {
    /// Level `i` of the center.
    pub i: u16,
    /// Level `j` of the neighbor.
    pub j: u16,
    /// Probability `p(i, j)`.
    pub p: f64,
}

/// A normalized gray level co-occurrence matrix, sparse.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Glcm {
    /// The cells that are not empty, by `i`, then `j`; their `p` sums to 1.
    pub cells: Vec<GlcmCell>,
    /// `Ng`, the largest level of the region (which need not occur in this matrix).
    pub n_g: usize,
    /// Number of different levels in the region.
    pub n_levels: usize,
    /// Number of pairs counted, both orders where symmetric; a weighted sum where weighted.
    pub n_pairs: f64,
}

impl Glcm {
    /// The matrix of one direction; `None` if no two voxels of the region lie at this offset.
    pub fn new(levels: &Levels, direction: Direction, params: &TextureParams) -> Option<Self> {
        Self::normalized(levels, counts(levels, direction, params))
    }

    /// The matrix of several directions, added with the weights of `norm`; `None` if there is no pair.
    ///
    /// # Errors
    /// [`Error::InvalidSpacing`](crate::Error::InvalidSpacing) if a spacing is not a positive number.
    pub fn merged(
        levels: &Levels,
        directions: &[Direction],
        spacing: [f64; 3],
        norm: WeightingNorm,
        params: &TextureParams,
    ) -> Result<Option<Self>> {
        check_spacing(spacing)?;
        let mut cells = Vec::new();
        for &direction in directions {
            let weight = direction
                .length(spacing, norm)
                .map_or(1.0, |mm| (-mm * mm).exp());
            cells.extend(
                counts(levels, direction, params)
                    .into_iter()
                    .map(|cell| GlcmCell {
                        p: weight * cell.p,
                        ..cell
                    }),
            );
        }
        add_equal(&mut cells);
        Ok(Self::normalized(levels, cells))
    }

    /// The matrix of the sum of counts, as of several slices and directions; `None` if there is no pair.
    pub(crate) fn of_counts(levels: &Levels, counts: &[&Vec<GlcmCell>]) -> Option<Self> {
        Self::normalized(levels, sum_of_counts(levels, counts))
    }

    /// Divides counts by their sum.
    fn normalized(levels: &Levels, mut cells: Vec<GlcmCell>) -> Option<Self> {
        let n_pairs: f64 = cells.iter().map(|cell| cell.p).sum();
        if n_pairs <= 0.0 {
            return None;
        }
        for cell in &mut cells {
            cell.p /= n_pairs;
        }
        // A weight can be too small for a number.
        cells.retain(|cell| cell.p > 0.0);
        Some(Self {
            cells,
            n_g: levels.n_g(),
            n_levels: levels.n_levels(),
            n_pairs,
        })
    }

    /// The features of this matrix.
    pub fn features(&self) -> GlcmFeatures {
        GlcmFeatures::compute(&Marginals::new(self))
    }
}

/// Counts are added in a table of the whole matrix unless it has more cells than this for each of them.
const CELLS_PER_COUNT: usize = 8;

/// The sum of counts, each without a cell twice; in order.
pub(crate) fn sum_of_counts(levels: &Levels, counts: &[&Vec<GlcmCell>]) -> Vec<GlcmCell> {
    let side = levels.n_g() + 1;
    let n_cells: usize = counts.iter().map(|cells| cells.len()).sum();
    let all = counts.iter().copied().flatten().copied();
    if counts.len() <= 1 || side * side > CELLS_PER_COUNT * n_cells {
        let mut cells: Vec<GlcmCell> = all.collect();
        if counts.len() > 1 {
            add_equal(&mut cells);
        }
        return cells;
    }
    let mut table = vec![0.0; side * side];
    for cell in all {
        table[usize::from(cell.i) * side + usize::from(cell.j)] += cell.p;
    }
    let filled = table.iter().enumerate().filter(|&(_, &p)| p > 0.0);
    let cells = filled.map(|(at, &p)| GlcmCell {
        i: (at / side) as u16,
        j: (at % side) as u16,
        p,
    });
    cells.collect()
}

/// Sorts cells and adds those of one place.
fn add_equal(cells: &mut Vec<GlcmCell>) {
    cells.sort_by_key(|cell| (cell.i, cell.j));
    cells.dedup_by(|next, kept| {
        let same = (next.i, next.j) == (kept.i, kept.j);
        if same {
            kept.p += next.p;
        }
        same
    });
}

/// Pairs of one direction, unnormalized.
pub(crate) fn counts(
    levels: &Levels,
    direction: Direction,
    params: &TextureParams,
) -> Vec<GlcmCell> {
    let mut tally = Tally::new(levels.n_g(), levels.n_g(), levels.n_voxels());
    walk::row_pairs(levels, direction, |centers, neighbors| {
        tally.add(centers, neighbors)
    });
    if params.symmetrical_glcm {
        tally.symmetrize();
    }
    let cells = tally.into_cells().into_iter();
    cells
        .map(|cell| GlcmCell {
            i: cell.row,
            j: cell.column,
            p: f64::from(cell.count),
        })
        .collect()
}

feature_table! {
    /// Gray level co-occurrence features. Symbols as in the [module documentation](self).
    pub struct GlcmFeatures from m: &Marginals {
        /// Autocorrelation `Σ p i j`; squared levels.
        autocorrelation ("Autocorrelation", ibsi "QWB0" "cm_auto_corr") = m.autocorrelation;
        /// Cluster prominence `Σ p (i + j - µx - µy)⁴`; levels⁴. 0 for a flat region.
        cluster_prominence ("ClusterProminence", ibsi "AE86" "cm_clust_prom") = m.cluster(4);
        /// Cluster shade `Σ p (i + j - µx - µy)³`; levels³. 0 for a flat region.
        cluster_shade ("ClusterShade", ibsi "7NFM" "cm_clust_shade") = m.cluster(3);
        /// Cluster tendency `Σ p (i + j - µx - µy)²`; squared levels. 0 for a flat region.
        cluster_tendency ("ClusterTendency", ibsi "DG8W" "cm_clust_tend") = m.cluster(2);
        /// Contrast `Σ_k k² p₋(k)`; squared levels. 0 for a flat region.
        contrast ("Contrast", ibsi "ACUI" "cm_contrast") = over(&m.difference, |k, p| k * k * p);
        /// Correlation `Σ p (i - µx)(j - µy) / (σx σy)`, in [-1, 1]; 1 if `σx σy` is 0. If only one level occurs as center or as
        /// neighbor, but not as both, rounding can keep it from 0, and the correlation is 0 then, as in PyRadiomics.
        correlation ("Correlation", ibsi "NI2N" "cm_corr") = m.correlation;
        /// Difference average `Σ k p₋(k)`; levels. 0 for a flat region. The same as the dissimilarity.
        difference_average ("DifferenceAverage", ibsi "TF7R" "cm_diff_avg") = m.difference_average;
        /// Dissimilarity `Σ k p₋(k)`; levels. 0 for a flat region.
        dissimilarity (ibsi "8S9J" "cm_dissimilarity") = m.difference_average;
        /// Difference entropy `-Σ p₋ log2 p₋`; bits. 0 for a flat region.
        difference_entropy ("DifferenceEntropy", ibsi "NTRS" "cm_diff_entr") = entropy(&m.difference);
        /// Difference variance `Σ (k - DifferenceAverage)² p₋(k)`; squared levels. 0 for a flat region.
        difference_variance ("DifferenceVariance", ibsi "D3YU" "cm_diff_var") =
            over(&m.difference, |k, p| (k - m.difference_average) * (k - m.difference_average) * p);
        /// Inverse difference `Σ p₋(k) / (1 + k)`, in (0, 1]; 1 for a flat region.
        id ("Id", ibsi "IB1Z" "cm_inv_diff") = over(&m.difference, |k, p| p / (1.0 + k));
        /// Inverse difference moment `Σ p₋(k) / (1 + k²)`, in (0, 1]; 1 for a flat region.
        idm ("Idm", ibsi "WF0Z" "cm_inv_diff_mom") = over(&m.difference, |k, p| p / (1.0 + k * k));
        /// Normalized inverse difference moment `Σ p₋(k) / (1 + k² / Ng²)`, in (0, 1].
        idmn ("Idmn", ibsi "1QCO" "cm_inv_diff_mom_norm") = over(&m.difference, |k, p| p / (1.0 + k * k / (m.n_g * m.n_g)));
        /// Normalized inverse difference `Σ p₋(k) / (1 + k / Ng)`, in (0, 1].
        idn ("Idn", ibsi "NDRX" "cm_inv_diff_norm") = over(&m.difference, |k, p| p / (1.0 + k / m.n_g));
        /// First informational measure of correlation `(HXY - HXY1) / max(HX, HY) = -MI / max(HX, HY)`, in [-1, 0]; 0 if
        /// both entropies are 0.
        imc1 ("Imc1", ibsi "R8DG" "cm_info_corr1") = m.imc1;
        /// Second informational measure of correlation `√(1 - exp(-2 MI))`, in [0, 1); 0 where the levels are independent.
        imc2 ("Imc2", ibsi "JN9H" "cm_info_corr2") = (-(-2.0 * m.mutual_information).exp_m1()).sqrt();
        /// Inverse variance `Σ_{k≥1} p₋(k) / k²`; 0 for a flat region.
        inverse_variance ("InverseVariance", ibsi "E8JP" "cm_inv_var") =
            over(&m.difference, |k, p| if k > 0.0 { p / (k * k) } else { 0.0 });
        /// Joint average `µx`; levels.
        joint_average ("JointAverage", ibsi "60VM" "cm_joint_avg") = m.mean_x;
        /// Joint energy (angular second moment) `Σ p²`, in (0, 1]; 1 for a flat region.
        joint_energy ("JointEnergy", ibsi "8ZQL" "cm_energy") = m.energy;
        /// Joint entropy `HXY`; bits. 0 for a flat region.
        joint_entropy ("JointEntropy", ibsi "TU9B" "cm_joint_entr") = m.joint_entropy;
        /// Maximal correlation coefficient, in [0, 1]: the square root of the second largest eigenvalue of
        /// `Q(i, j) = Σ_k p(i, k) p(j, k) / (px(i) py(k))`. 1 for a flat region; 0 if the region has several levels, but
        /// the matrix one.
        mcc ("MCC") = m.mcc;
        /// Largest probability `max p`, in (0, 1].
        maximum_probability ("MaximumProbability", ibsi "GYBY" "cm_joint_max") = m.maximum;
        /// Sum average `Σ k p₊(k)`; levels. `2 µx` where `p` is symmetric.
        sum_average ("SumAverage", ibsi "ZGXS" "cm_sum_avg") = over(&m.sum, |k, p| k * p);
        /// Sum entropy `-Σ p₊ log2 p₊`; bits. 0 for a flat region.
        sum_entropy ("SumEntropy", ibsi "P6QZ" "cm_sum_entr") = entropy(&m.sum);
        /// Sum variance `Σ (k - SumAverage)² p₊(k)`; squared levels. 0 for a flat region. The same as the cluster tendency.
        sum_variance (ibsi "OEEB" "cm_sum_var") = m.cluster(2);
        /// Sum of squares (joint variance) `Σ p (i - µx)²`; squared levels. 0 for a flat region.
        sum_squares ("SumSquares", ibsi "UR99" "cm_joint_var") = m.variance_x;
    }
}

impl GlcmFeatures {
    /// The 24 features of a region: averaged over directions, or of the weighted sum of their matrices.
    ///
    /// `spacing` in mm, `(z, y, x)`; it matters only for a weighting.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) if the distances are unusable, [`Error::InvalidSpacing`](crate::Error::InvalidSpacing) if a spacing is not a positive
    /// number.
    pub fn new(levels: &Levels, spacing: [f64; 3], params: &TextureParams) -> Result<Self> {
        check_spacing(spacing)?;
        let directions = pair_directions(levels.shape(), params)?;
        let per_matrix = Self::per_matrix(levels, &directions, spacing, params)?;
        let mut features = Self::mean(per_matrix.iter().flatten());
        // What the reference says of a flat region before it looks at the matrix.
        let single = params.weighting.is_some() || directions.len() == 1;
        match (levels.n_levels(), single) {
            (1, true) => features.inverse_variance = 0.0,
            (1, false) => features.mcc = 1.0,
            _ => {}
        }
        Ok(features)
    }

    /// The features of each direction, or of the weighted sum alone; `None` where there is no pair.
    pub(crate) fn per_matrix(
        levels: &Levels,
        directions: &[Direction],
        spacing: [f64; 3],
        params: &TextureParams,
    ) -> Result<Vec<Option<Self>>> {
        let matrices = match params.weighting {
            None => directions
                .iter()
                .map(|&direction| Glcm::new(levels, direction, params))
                .collect(),
            Some(norm) => vec![Glcm::merged(levels, directions, spacing, norm, params)?],
        };
        Ok(matrices
            .iter()
            .map(|matrix| matrix.as_ref().map(Glcm::features))
            .collect())
    }
}

/// What the features share, in one sweep over the cells.
struct Marginals {
    n_g: f64,
    mean_x: f64,
    mean_y: f64,
    variance_x: f64,
    correlation: f64,
    autocorrelation: f64,
    energy: f64,
    maximum: f64,
    joint_entropy: f64,
    mutual_information: f64,
    imc1: f64,
    /// `p₋`.
    difference: Marginal,
    difference_average: f64,
    /// `p₊`.
    sum: Marginal,
    mcc: f64,
}

impl Marginals {
    fn new(glcm: &Glcm) -> Self {
        let n_g = glcm.n_g;
        let (mut px, mut py) = (vec![0.0; n_g + 1], vec![0.0; n_g + 1]);
        let (mut difference, mut sum) = (vec![0.0; n_g], vec![0.0; 2 * n_g + 1]);
        let (mut autocorrelation, mut energy, mut maximum) = (0.0, 0.0, 0.0f64);
        for &GlcmCell { i, j, p } in &glcm.cells {
            px[usize::from(i)] += p;
            py[usize::from(j)] += p;
            difference[usize::from(i.abs_diff(j))] += p;
            sum[usize::from(i) + usize::from(j)] += p;
            autocorrelation += p * f64::from(i) * f64::from(j);
            energy += p * p;
            maximum = maximum.max(p);
        }
        let (difference, sum) = (occurring(&difference), occurring(&sum));
        let (levels_x, levels_y) = (occurring(&px), occurring(&py));
        let mean_x = over(&levels_x, |i, p| i * p);
        let mean_y = over(&levels_y, |j, p| j * p);
        let (entropy_x, entropy_y) = (entropy(&levels_x), entropy(&levels_y));
        let joint_entropy = bits(glcm.cells.iter().map(|cell| cell.p));
        let mutual_information = mutual_information(entropy_x + entropy_y, joint_entropy);
        Self {
            n_g: n_g as f64,
            mean_x,
            mean_y,
            variance_x: over(&levels_x, |i, p| p * (i - mean_x) * (i - mean_x)),
            correlation: correlation(&glcm.cells),
            autocorrelation,
            energy,
            maximum,
            joint_entropy,
            mutual_information,
            imc1: if entropy_x.max(entropy_y) < NEARLY_CERTAIN {
                imc1_of_nearly_certain(&glcm.cells, &px, &py)
            } else {
                let product = |c: &GlcmCell| px[usize::from(c.i)] * py[usize::from(c.j)];
                // By how much `ε` lowers `HXY1`.
                let cells = glcm.cells.iter();
                let rare_levels: f64 = cells
                    .map(|c| c.p * ln_1p(f64::EPSILON / product(c)))
                    .sum::<f64>()
                    / std::f64::consts::LN_2;
                (rare_levels - mutual_information) / entropy_x.max(entropy_y)
            },
            difference_average: over(&difference, |k, p| k * p),
            difference,
            sum,
            mcc: if glcm.n_levels == 1 {
                1.0
            } else {
                maximal_correlation(&glcm.cells, &px, &py)
            },
        }
    }

    /// `Σ p (i + j - µx - µy)^power`.
    fn cluster(&self, power: i32) -> f64 {
        let center = self.mean_x + self.mean_y;
        over(&self.sum, |k, p| (k - center).powi(power) * p)
    }
}

/// `Σ p (i - µx)(j - µy) / (σx σy + ε)`, or 1 if `σx σy` is 0.
///
/// Cell by cell in PyRadiomics' order and operations, because where one of the two is constant, rounding decides which it is.
fn correlation(cells: &[GlcmCell]) -> f64 {
    fn sum(cells: &[GlcmCell], term: impl Fn(f64, f64, f64) -> f64) -> f64 {
        let terms = cells
            .iter()
            .map(|cell| term(f64::from(cell.i), f64::from(cell.j), cell.p));
        terms.fold(0.0, |total, term| total + term)
    }
    let mean_x = sum(cells, |i, _, p| i * p);
    let mean_y = sum(cells, |_, j, p| j * p);
    let deviation_x = sum(cells, |i, _, p| p * ((i - mean_x) * (i - mean_x))).sqrt();
    let deviation_y = sum(cells, |_, j, p| p * ((j - mean_y) * (j - mean_y))).sqrt();
    let product = deviation_x * deviation_y;
    if product == 0.0 {
        return 1.0;
    }
    sum(cells, |i, j, p| p * (i - mean_x) * (j - mean_y)) / (product + f64::EPSILON)
}

/// Below this entropy, in bits, each of its terms shows `ε`.
const NEARLY_CERTAIN: f64 = 1e-3;

/// `(HXY - HXY1) / max(HX, HY)` with the reference's `ε` in every logarithm; 0 where there is one cell.
fn imc1_of_nearly_certain(cells: &[GlcmCell], px: &[f64], py: &[f64]) -> f64 {
    let log = |p: f64| (p + f64::EPSILON).log2();
    let entropy = |p: &[f64]| 0.0 - p.iter().map(|&p| p * log(p)).sum::<f64>();
    let product = |c: &GlcmCell| px[usize::from(c.i)] * py[usize::from(c.j)];
    let difference: f64 = cells
        .iter()
        .map(|c| c.p * (log(product(c)) - log(c.p)))
        .sum();
    if difference == 0.0 {
        return 0.0;
    }
    difference / entropy(px).max(entropy(py))
}

/// A distribution over whole numbers: `(k, p(k))` where `p(k)` is not 0, by `k`.
type Marginal = Vec<(f64, f64)>;

/// The part that is not 0.
fn occurring(p: &[f64]) -> Marginal {
    let numbered = p.iter().enumerate().filter(|&(_, &p)| p > 0.0);
    numbered.map(|(k, &p)| (k as f64, p)).collect()
}

/// `Σ_k f(k, p(k))`.
fn over(p: &[(f64, f64)], f: impl Fn(f64, f64) -> f64) -> f64 {
    p.iter().map(|&(k, p)| f(k, p)).sum()
}

/// `-Σ p log2 p`; never -0.
fn entropy(p: &[(f64, f64)]) -> f64 {
    bits(p.iter().map(|&(_, p)| p))
}

/// `-Σ p log2 p` of positive numbers; never -0.
fn bits(p: impl Iterator<Item = f64>) -> f64 {
    0.0 - p.map(|p| p * p.log2()).sum::<f64>()
}

/// `ln(1 + x)` for `x ≥ 0`, mostly tiny.
fn ln_1p(x: f64) -> f64 {
    if x < 1e-8 { x } else { x.ln_1p() }
}

/// `HX + HY - HXY`, which is never negative; a difference within rounding of the entropies is 0.
fn mutual_information(separate: f64, joint: f64) -> f64 {
    const ROUNDING: f64 = 1e-14;
    let difference = separate - joint;
    if difference <= ROUNDING * separate.max(1.0) {
        0.0
    } else {
        difference
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn along_x() -> Glcm {
        Glcm::new(
            &example::levels(),
            Direction([0, 0, 1]),
            &TextureParams::default(),
        )
        .expect("pairs")
    }

    #[test]
    fn names_are_in_ascii_order() {
        let names = GlcmFeatures::NAMES;
        assert_eq!(names.len(), 24);
        // "MCC" comes before "MaximumProbability".
        assert!(names.is_sorted());
    }

    #[test]
    fn the_example_of_the_module() {
        let expected = [
            [2, 2, 2, 1, 1],
            [2, 4, 2, 1, 0],
            [2, 2, 4, 1, 1],
            [1, 1, 1, 4, 1],
            [1, 0, 1, 1, 2],
        ];
        let glcm = along_x();
        assert_eq!(glcm.n_pairs, 40.0);
        let mut found = [[0; 5]; 5];
        for cell in &glcm.cells {
            found[usize::from(cell.i) - 1][usize::from(cell.j) - 1] =
                (cell.p * 40.0).round() as i32;
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn features_of_the_example_by_hand() {
        let f = along_x().features();
        // The diagonals of the matrix above.
        let p = [16.0, 12.0, 8.0, 2.0, 2.0].map(|n| n / 40.0);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
        close(f.contrast, p[1] + 4.0 * p[2] + 9.0 * p[3] + 16.0 * p[4]);
        close(
            f.id,
            p[0] + p[1] / 2.0 + p[2] / 3.0 + p[3] / 4.0 + p[4] / 5.0,
        );
        close(
            f.inverse_variance,
            p[1] + p[2] / 4.0 + p[3] / 9.0 + p[4] / 16.0,
        );
        close(f.difference_average, 42.0 / 40.0);
        close(f.maximum_probability, 0.1);
        close(
            f.joint_average,
            (8.0 + 2.0 * 9.0 + 3.0 * 10.0 + 4.0 * 8.0 + 5.0 * 5.0) / 40.0,
        );
        close(f.sum_average, 2.0 * f.joint_average);
        close(f.joint_energy, (3.0 * 16.0 + 8.0 * 4.0 + 12.0) / 1600.0);
    }

    #[test]
    fn a_flat_region_is_one_cell() {
        let flat =
            Levels::from_array(ndarray::Array3::from_elem((2, 3, 3), 4u16).view()).expect("levels");
        let f = GlcmFeatures::new(&flat, [1.0; 3], &TextureParams::default()).expect("features");
        for zero in [
            f.contrast,
            f.joint_entropy,
            f.sum_squares,
            f.imc1,
            f.imc2,
            f.cluster_shade,
            f.difference_entropy,
        ] {
            assert_eq!(zero.to_bits(), 0.0f64.to_bits());
        }
        for one in [
            f.correlation,
            f.mcc,
            f.id,
            f.idm,
            f.idn,
            f.idmn,
            f.joint_energy,
            f.maximum_probability,
        ] {
            assert_eq!(one, 1.0);
        }
        assert_eq!(
            (f.joint_average, f.sum_average, f.autocorrelation),
            (4.0, 8.0, 16.0)
        );
    }

    #[test]
    fn a_direction_of_one_level_has_no_maximal_correlation() {
        let levels =
            Levels::from_array(ndarray::arr3(&[[[1u16, 1], [2, 2]]]).view()).expect("levels");
        let one = Glcm::new(&levels, Direction([0, 1, 0]), &TextureParams::default())
            .expect("pairs")
            .features();
        approx::assert_relative_eq!(one.mcc, 1.0, max_relative = 1e-15);
        let levels =
            Levels::from_array(ndarray::arr3(&[[[1u16, 1, 0, 2]]]).view()).expect("levels");
        let f = Glcm::new(&levels, Direction([0, 0, 1]), &TextureParams::default())
            .expect("pairs")
            .features();
        assert_eq!((f.mcc, f.correlation, f.joint_energy), (0.0, 1.0, 1.0));
    }

    #[test]
    fn a_region_without_neighbors_is_undefined() {
        let levels =
            Levels::from_array(ndarray::arr3(&[[[1u16, 0, 2], [0, 0, 0], [3, 0, 1]]]).view())
                .expect("levels");
        for weighting in [None, Some(WeightingNorm::Euclidean)] {
            let params = TextureParams {
                weighting,
                ..TextureParams::default()
            };
            let f = GlcmFeatures::new(&levels, [1.0; 3], &params).expect("features");
            assert!(f.iter().all(|(_, value)| value.is_nan()));
        }
    }

    #[test]
    fn very_many_levels_on_few_voxels_stay_small() {
        let plane = ndarray::Array3::from_shape_fn((1, 8, 8), |(_, y, x)| {
            (65_535 - 1000 * y - 7 * x) as u16
        });
        let levels = Levels::from_array(plane.view()).expect("levels");
        let f = GlcmFeatures::new(&levels, [1.0; 3], &TextureParams::default()).expect("features");
        assert!(f.iter().all(|(_, value)| value.is_finite()));
    }
}
