//! One family at every voxel: the family's own matrix and features, on the levels of the voxel's kernel.

use ndarray::ArrayView3;

use super::{MissingDirections, VoxelParams};
use crate::discretize::{Binning, Levels, PixelKind};
use crate::error::Result;
use crate::extractor::pixel_kind;
use crate::filters::Response;
use crate::firstorder::FirstOrderFeatures;
use crate::name::Family;
use crate::par::map_indexed;
use crate::params::{FamilySelection, ImageParams};
use crate::roi::BoundingBox;
use crate::texture::direction::{Direction, directions, pair_directions};
use crate::texture::gldm::both_ways;
use crate::texture::ngtdm::{Shell, shells};
use crate::texture::{GlcmFeatures, Gldm, GlrlmFeatures, Glszm, Ngtdm, TextureParams};

/// Voxels of one parallel task.
const CHUNK: usize = 64;
/// Voxels whose tasks are collected before their values are put into the table.
const BLOCK: usize = 1 << 14;

/// The features of one family at every voxel of a region.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Feature names.
    pub columns: Vec<&'static str>,
    /// Voxel by voxel.
    values: Vec<f64>,
    /// The column that could not be computed everywhere, and at how many voxels it could not.
    failed: Option<(usize, usize)>,
}

impl Table {
    /// One feature, voxel by voxel.
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        let width = self.columns.len();
        self.values.iter().skip(column).step_by(width).copied()
    }

    /// At how many voxels a feature could not be computed.
    pub(super) fn not_computed(&self, column: usize) -> usize {
        self.failed
            .filter(|&(failed, _)| failed == column)
            .map_or(0, |(_, n)| n)
    }
}

/// Where kernels lie: one response and what counts in it.
pub(super) struct Frame<'a> {
    pub response: &'a Response,
    /// The voxels that count; no smaller box holds them all.
    pub mask: ArrayView3<'a, bool>,
    /// Size of the map, which decides what directions PyRadiomics knows of.
    pub map_shape: [usize; 3],
    pub spacing: [f64; 3],
    pub image: &'a ImageParams,
    pub voxel: &'a VoxelParams,
}

impl Frame<'_> {
    /// The selected features of one family at these voxels.
    pub(super) fn table(&self, selection: &FamilySelection, voxels: &[[u32; 3]]) -> Result<Table> {
        let family = selection.family;
        let columns = selection.features()?;
        let sources: Vec<Source> = columns
            .iter()
            .map(|name| Source::of(family, name))
            .collect();
        let plan = Plan::new(self, family)?;
        let mut values = Vec::with_capacity(voxels.len() * columns.len());
        let mut found = Vec::new();
        for block in voxels.chunks(BLOCK) {
            let tasks = map_indexed(block.len().div_ceil(CHUNK), |i| {
                let chunk = &block[i * CHUNK..block.len().min((i + 1) * CHUNK)];
                let mut part = Part::default();
                for &voxel in chunk {
                    let (features, pairs) = plan.at(voxel)?;
                    let picked = sources.iter().map(|source| source.pick(&features));
                    part.values.extend(picked);
                    part.found.extend(pairs);
                }
                Ok(part)
            });
            for part in tasks {
                let part: Part = part?;
                values.extend(part.values);
                found.extend(part.found);
            }
        }
        let mut table = Table {
            columns,
            values,
            failed: None,
        };
        if let Plan {
            kind: Kind::Glcm { known, .. },
            ..
        } = plan
            && self.voxel.missing_directions == MissingDirections::Reference
        {
            let directions = Directions {
                found: &found,
                words: found.len() / voxels.len(),
                single: known == 1 || self.image.texture.weighting.is_some(),
                flat: plan.levels.n_levels() == 1,
            };
            directions.settle(&mut table, self.voxel);
        }
        Ok(table)
    }
}

/// Values and directions found at the voxels of one task.
#[derive(Default)]
struct Part {
    values: Vec<f64>,
    found: Vec<u64>,
}

/// Where a selected feature comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// Its place in the family's table.
    Feature(usize),
    /// The square root of the feature there.
    RootOf(usize),
}

impl Source {
    fn of(family: Family, name: &str) -> Self {
        let place = |name: &str| {
            let place = family.features().iter().position(|&known| known == name);
            place.expect("the selection was checked")
        };
        match (family, name) {
            (Family::FirstOrder, "StandardDeviation") => Self::RootOf(place("Variance")),
            _ => Self::Feature(place(name)),
        }
    }

    fn pick(self, features: &[f64]) -> f64 {
        match self {
            Self::Feature(place) => features[place],
            Self::RootOf(place) => features[place].sqrt(),
        }
    }
}

/// What is the same for all kernels of one family.
struct Plan<'f, 'a> {
    frame: &'f Frame<'a>,
    levels: Levels,
    kind: Kind,
}

/// The neighbors that a family looks at.
enum Kind {
    FirstOrder,
    /// Directions that fit into a kernel, and how many PyRadiomics knows of.
    Glcm {
        directions: Vec<Direction>,
        known: usize,
    },
    Gldm {
        offsets: Vec<Direction>,
    },
    Glrlm {
        directions: Vec<Direction>,
    },
    Glszm,
    Ngtdm {
        shells: Vec<Shell>,
    },
}

impl<'f, 'a> Plan<'f, 'a> {
    fn new(frame: &'f Frame<'a>, family: Family) -> Result<Self> {
        let texture = &frame.image.texture;
        let side = frame
            .voxel
            .kernel_radius
            .saturating_mul(2)
            .saturating_add(1);
        let (z, y, x) = frame.mask.dim();
        let shape = [z, y, x].map(|n| n.min(side));
        let known = pair_directions(frame.map_shape, texture)?.len();
        let kind = match family {
            Family::FirstOrder => Kind::FirstOrder,
            Family::Glcm => Kind::Glcm {
                directions: pair_directions(shape, texture)?,
                known,
            },
            Family::Gldm => Kind::Gldm {
                offsets: both_ways(&pair_directions(shape, texture)?),
            },
            Family::Glrlm => Kind::Glrlm {
                directions: directions(shape, &[1], texture.force_2d)?,
            },
            Family::Glszm => Kind::Glszm,
            Family::Ngtdm => Kind::Ngtdm {
                shells: shells(shape, &texture.distances),
            },
            Family::Shape | Family::Shape2d => unreachable!("shape has no maps"),
        };
        let pixels = match (pixel_kind(frame.response.pixel_type), &frame.image.binning) {
            // First-order maps are taken from a copy of the image in 64 bits.
            (PixelKind::Float32, Binning::Count(_)) if family == Family::FirstOrder => {
                PixelKind::Float64
            }
            (kind, _) => kind,
        };
        let values = frame.response.voxels.view();
        Ok(Self {
            levels: Levels::new(values, frame.mask, pixels, &frame.image.binning)?,
            frame,
            kind,
        })
    }

    /// The part of the frame around a voxel.
    fn bounds(&self, voxel: [u32; 3]) -> BoundingBox {
        let flat = self.texture().force_2d.map(|axis| axis.index());
        let shape = self.levels.shape();
        let radius = |axis: usize| {
            if flat == Some(axis) {
                0
            } else {
                self.frame.voxel.kernel_radius
            }
        };
        let start = [0, 1, 2].map(|axis| (voxel[axis] as usize).saturating_sub(radius(axis)));
        let size = [0, 1, 2].map(|axis| {
            let end = (voxel[axis] as usize + 1).saturating_add(radius(axis));
            end.min(shape[axis]) - start[axis]
        });
        BoundingBox { start, size }
    }

    /// All features of the family at a voxel, and which directions have a pair there, 64 to a word.
    fn at(&self, voxel: [u32; 3]) -> Result<(Vec<f64>, Vec<u64>)> {
        let bounds = self.bounds(voxel);
        let levels = self.levels.window(&bounds);
        let (texture, spacing) = (self.texture(), self.frame.spacing);
        let mut found = Vec::new();
        let values = match &self.kind {
            Kind::FirstOrder => {
                let (values, mask) = (self.frame.response.voxels.view(), self.frame.mask);
                let (values, mask) = (bounds.slice(values), bounds.slice(mask));
                let params = &self.frame.image.first_order;
                values_of(FirstOrderFeatures::new(values, mask, &levels, spacing, params)?.iter())
            }
            Kind::Glcm { directions, .. } => {
                let all = GlcmFeatures::per_matrix(&levels, directions, spacing, texture)?;
                found = bits(all.iter().map(Option::is_some));
                values_of(GlcmFeatures::mean(all.iter().flatten()).iter())
            }
            Kind::Gldm { offsets } => values_of(
                Gldm::among(&levels, offsets, texture.gldm_alpha)
                    .features()
                    .iter(),
            ),
            Kind::Glrlm { directions } => values_of(
                GlrlmFeatures::along(&levels, directions, spacing, texture.weighting).iter(),
            ),
            Kind::Glszm => values_of(Glszm::new(&levels, texture.force_2d).features().iter()),
            Kind::Ngtdm { shells } => values_of(
                Ngtdm::among(&levels, shells, texture.force_2d, texture.isolated_voxels)
                    .features()
                    .iter(),
            ),
        };
        Ok((values, found))
    }

    fn texture(&self) -> &TextureParams {
        &self.frame.image.texture
    }
}

fn values_of(features: impl Iterator<Item = (&'static str, f64)>) -> Vec<f64> {
    features.map(|(_, value)| value).collect()
}

/// Flags, 64 to a word.
fn bits(flags: impl ExactSizeIterator<Item = bool>) -> Vec<u64> {
    let mut words = vec![0; flags.len().div_ceil(64)];
    for (i, flag) in flags.enumerate() {
        words[i / 64] |= u64::from(flag) << (i % 64);
    }
    words
}

/// What PyRadiomics makes of directions without a pair.
struct Directions<'a> {
    /// The directions with a pair, voxel by voxel.
    found: &'a [u64],
    /// Words of `found` for each voxel.
    words: usize,
    /// There is but one direction, or the sum of all: it is kept whether there is a pair or not.
    single: bool,
    /// The region has one gray level.
    flat: bool,
}

impl Directions<'_> {
    /// Puts in place what JointAverage, MCC and, in a flat region, InverseVariance are in PyRadiomics.
    fn settle(&self, table: &mut Table, voxel: &VoxelParams) {
        let width = table.columns.len();
        let column = |name: &str| table.columns.iter().position(|&column| column == name);
        let joint_average = column("JointAverage");
        let inverse_variance = column("InverseVariance");
        let mcc = column("MCC");
        let n_voxels = table.values.len().checked_div(width).unwrap_or(0);
        let batch = voxel.batch.map_or(n_voxels, usize::from).max(1);
        let mut not_computed = 0;
        let rows: Vec<&mut [f64]> = table.values.chunks_exact_mut(width.max(1)).collect();
        let mut rows = rows.into_iter();
        for start in (0..n_voxels).step_by(batch) {
            let batch: Vec<&mut [f64]> = rows.by_ref().take(batch).collect();
            let kept = self.kept(start, batch.len());
            let complete = (start..start + batch.len()).all(|voxel| self.count(voxel) == kept);
            for (row, at) in batch.into_iter().zip(start..) {
                let count = self.count(at);
                if let Some(column) = joint_average.filter(|_| count < kept) {
                    row[column] = f64::NAN;
                }
                if let Some(column) = inverse_variance.filter(|_| self.flat && kept > 0) {
                    row[column] = 0.0;
                }
                if let Some(column) = mcc {
                    if !complete {
                        row[column] = voxel.initial_value;
                        not_computed += 1;
                    } else if self.flat {
                        row[column] = 1.0;
                    }
                }
            }
        }
        table.failed = mcc.map(|column| (column, not_computed));
    }

    /// How many directions a voxel has pairs in.
    fn count(&self, voxel: usize) -> u32 {
        let words = &self.found[voxel * self.words..(voxel + 1) * self.words];
        words.iter().map(|word| word.count_ones()).sum()
    }

    /// How many directions a batch keeps.
    fn kept(&self, start: usize, n: usize) -> u32 {
        if self.single {
            return 1;
        }
        (0..self.words)
            .map(|word| {
                let of_voxel = |voxel: usize| self.found[voxel * self.words + word];
                (start..start + n)
                    .map(of_voxel)
                    .fold(0, std::ops::BitOr::bitor)
                    .count_ones()
            })
            .sum()
    }
}
