//! Texture in all aggregations: the matrices of every slice and direction are counted once, then merged and averaged.
//!
//! Slices are the planes perpendicular to z. The matrix of a direction in the plane is the sum of its slices' matrices, so the
//! volume is walked only for directions across slices. A matrix without any pair of neighbors has no features and is left out of
//! means; runs of one voxel are runs in any direction.

use ndarray::{Array3, ArrayView3};

use super::{Aggregation, Family};
use crate::Result;
use crate::discretize::Levels;
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::texture::direction::{Direction, directions};
use crate::texture::glcm::{self, GlcmCell};
use crate::texture::gldm::both_ways;
use crate::texture::size_matrix::SizeMatrix;
use crate::texture::{
    Axis, Glcm, GlcmFeatures, Gldm, GldmFeatures, Gldzm, GldzmFeatures, Glrlm, GlrlmFeatures,
    Glszm, GlszmFeatures, Ngtdm, NgtdmFeatures, TextureParams, Zone, distance_zones,
    edge_distances, ngtdm, zones,
};

/// Features under one aggregation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Aggregated<T> {
    /// How they were aggregated.
    pub aggregation: Aggregation,
    /// The features.
    pub features: T,
}

/// Texture features of a region; a family that was not asked for is empty.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TextureFeatures {
    /// Gray level co-occurrence.
    pub glcm: Vec<Aggregated<GlcmFeatures>>,
    /// Gray level run length.
    pub glrlm: Vec<Aggregated<GlrlmFeatures>>,
    /// Gray level size zone.
    pub glszm: Vec<Aggregated<GlszmFeatures>>,
    /// Gray level distance zone.
    pub gldzm: Vec<Aggregated<GldzmFeatures>>,
    /// Neighborhood gray tone difference.
    pub ngtdm: Vec<Aggregated<NgtdmFeatures>>,
    /// Neighboring gray level dependence.
    pub ngldm: Vec<Aggregated<GldmFeatures>>,
}

/// What textures are taken of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextureRegion<'a> {
    /// The gray levels of the intensity mask.
    pub levels: &'a Levels,
    /// The morphological mask, in its own box.
    pub mask: ArrayView3<'a, bool>,
    /// Where the box of the levels begins in that of the mask.
    pub offset: [usize; 3],
}

impl TextureFeatures {
    /// The features of the wanted families under the wanted aggregations; of the settings, distances, symmetry, alpha and isolated
    /// voxels apply.
    pub(crate) fn new<'a>(
        region: TextureRegion<'a>,
        params: &'a TextureParams,
        families: &'a [Family],
        aggregations: &[Aggregation],
    ) -> Result<Self> {
        let by_slice = aggregations.iter().any(|a| !a.is_volume());
        let by_volume = aggregations.iter().any(|a| a.is_volume());
        let counter = Counter::new(region, params, families, [by_slice, by_volume])?;
        let slices = match by_slice {
            true => counter.slices(),
            false => Vec::new(),
        };
        let counted = Counted {
            levels: region.levels,
            volume: by_volume.then(|| counter.volume(&slices)),
            slices,
            aggregations: Aggregation::ALL
                .into_iter()
                .filter(|aggregation| aggregations.contains(aggregation))
                .collect(),
        };
        Ok(Self {
            glcm: counter.when(Family::Glcm, || counted.glcm()),
            glrlm: counter.when(Family::Glrlm, || counted.glrlm()),
            glszm: counter.when(Family::Glszm, || counted.glszm()),
            gldzm: counter.when(Family::Gldzm, || counted.gldzm()),
            ngtdm: counter.when(Family::Ngtdm, || counted.ngtdm()),
            ngldm: counter.when(Family::Ngldm, || counted.ngldm()),
        })
    }
}

/// All matrices of a region.
struct Counted<'a> {
    levels: &'a Levels,
    slices: Vec<Matrices>,
    volume: Option<Matrices>,
    /// Those that are wanted, in the order of the manual.
    aggregations: Vec<Aggregation>,
}

/// One method a family: what its merged matrices are, and that they have features.
impl Counted<'_> {
    fn glcm(&self) -> Vec<Aggregated<GlcmFeatures>> {
        let features =
            |counts: &[&Vec<GlcmCell>]| Some(Glcm::of_counts(self.levels, counts)?.features());
        let parts = Parts::directional(self, |m| &m.glcm);
        parts.aggregated(&self.aggregations, features, |all| GlcmFeatures::mean(all))
    }

    fn glrlm(&self) -> Vec<Aggregated<GlrlmFeatures>> {
        let features = |matrices: &[&SizeMatrix]| {
            let matrix = SizeMatrix::sum(matrices.iter().copied().cloned());
            Some(Glrlm { matrix }.features())
        };
        let parts = Parts::directional(self, |m| &m.glrlm);
        parts.aggregated(&self.aggregations, features, |all| GlrlmFeatures::mean(all))
    }

    fn glszm(&self) -> Vec<Aggregated<GlszmFeatures>> {
        let features =
            |zones: &[&Zones]| Some(Glszm::of_zones(&Zones::joined(zones).zones).features());
        let parts = Parts::single(self, |m| &m.zones);
        parts.aggregated(&self.aggregations, features, |all| GlszmFeatures::mean(all))
    }

    fn gldzm(&self) -> Vec<Aggregated<GldzmFeatures>> {
        let features = |zones: &[&Zones]| {
            let Zones { zones, n_voxels } = Zones::joined(zones);
            Some(Gldzm::of_zones(&zones, n_voxels).features())
        };
        let parts = Parts::single(self, |m| &m.zones);
        parts.aggregated(&self.aggregations, features, |all| GldzmFeatures::mean(all))
    }

    /// A slice of isolated voxels has no rows.
    fn ngtdm(&self) -> Vec<Aggregated<NgtdmFeatures>> {
        let features = |matrices: &[&Ngtdm]| {
            let merged = Ngtdm::sum(matrices.iter().copied().cloned());
            (!merged.rows.is_empty()).then(|| merged.features())
        };
        let parts = Parts::single(self, |m| &m.ngtdm);
        parts.aggregated(&self.aggregations, features, |all| NgtdmFeatures::mean(all))
    }

    fn ngldm(&self) -> Vec<Aggregated<GldmFeatures>> {
        let features = |matrices: &[&SizeMatrix]| {
            let matrix = SizeMatrix::sum(matrices.iter().copied().cloned());
            Some(Gldm { matrix }.features())
        };
        let parts = Parts::single(self, |m| &m.ngldm);
        parts.aggregated(&self.aggregations, features, |all| GldmFeatures::mean(all))
    }
}

/// The matrices of a slice, or of the volume.
#[derive(Debug, Clone, Default)]
struct Matrices {
    /// Unnormalized, one for each direction.
    glcm: Vec<Vec<GlcmCell>>,
    /// One for each direction.
    glrlm: Vec<SizeMatrix>,
    zones: Vec<Zones>,
    ngtdm: Vec<Ngtdm>,
    ngldm: Vec<SizeMatrix>,
}

/// Zones and the number of voxels they were found in.
#[derive(Debug, Clone, Default)]
struct Zones {
    zones: Vec<Zone>,
    n_voxels: usize,
}

impl Zones {
    fn joined(parts: &[&Self]) -> Self {
        Self {
            zones: parts.iter().flat_map(|part| &part.zones).copied().collect(),
            n_voxels: parts.iter().map(|part| part.n_voxels).sum(),
        }
    }
}

/// What is counted, and in which directions.
struct Counter<'a> {
    levels: &'a Levels,
    params: &'a TextureParams,
    families: &'a [Family],
    /// Steps from the border in the plane and in the volume, on the box of the levels, where they are asked for.
    distances: [Option<Array3<u32>>; 2],
    /// Pairs in the plane, and across slices.
    pairs: [Vec<Direction>; 2],
    /// Runs in the plane, and across slices.
    runs: [Vec<Direction>; 2],
}

impl<'a> Counter<'a> {
    fn new(
        region: TextureRegion<'a>,
        params: &'a TextureParams,
        families: &'a [Family],
        [by_slice, by_volume]: [bool; 2],
    ) -> Result<Self> {
        let levels = region.levels;
        let bounds = BoundingBox {
            start: region.offset,
            size: levels.shape(),
        };
        let distances = |flat| {
            let distances = edge_distances(region.mask, flat);
            match bounds.size == <[usize; 3]>::from(region.mask.dim()) {
                true => distances,
                false => bounds
                    .slice(distances.view())
                    .as_standard_layout()
                    .into_owned(),
            }
        };
        let wanted = families.contains(&Family::Gldzm);
        let halves = |all: Vec<Direction>| {
            let (in_plane, across) = all.into_iter().partition(|direction| direction.0[0] == 0);
            [in_plane, across]
        };
        Ok(Self {
            levels,
            params,
            families,
            distances: [
                (wanted && by_slice).then(|| distances(Some(Axis::Z))),
                (wanted && by_volume).then(|| distances(None)),
            ],
            pairs: halves(directions(levels.shape(), &params.distances, None)?),
            // All 13, whether the box has room for two voxels or not.
            runs: halves(directions([2, 2, 2], &[1], None)?),
        })
    }

    fn wants(&self, family: Family) -> bool {
        self.families.contains(&family)
    }

    fn when<T>(&self, family: Family, features: impl FnOnce() -> Vec<T>) -> Vec<T> {
        match self.wants(family) {
            true => features(),
            false => Vec::new(),
        }
    }

    fn wants_zones(&self) -> bool {
        self.wants(Family::Glszm) || self.wants(Family::Gldzm)
    }

    /// The matrices of every slice that holds a voxel.
    fn slices(&self) -> Vec<Matrices> {
        let [n_slices, ny, nx] = self.levels.shape();
        let slices = map_indexed(n_slices, |z| {
            let bounds = BoundingBox {
                start: [z, 0, 0],
                size: [1, ny, nx],
            };
            let levels = self.levels.window(&bounds);
            if levels.n_voxels() == 0 {
                return None;
            }
            let [distances, _] = &self.distances;
            let distances = distances.as_ref().map(|all| bounds.slice(all.view()));
            let distances = distances.map(|d| d.to_slice().expect("a slice has no gaps"));
            Some(Matrices {
                glcm: self.pairs_along(&levels, &self.pairs[0]),
                glrlm: self.runs_along(&levels, &self.runs[0]),
                ..self.undirected(&levels, distances, Some(Axis::Z))
            })
        });
        slices.into_iter().flatten().collect()
    }

    /// The matrices of the volume; those of directions in the plane from the slices, if they are known.
    fn volume(&self, slices: &[Matrices]) -> Matrices {
        let [_, distances] = &self.distances;
        let distances = distances
            .as_ref()
            .map(|d| d.as_slice().expect("in standard layout"));
        let [pairs, pairs_across] = &self.pairs;
        let [runs, runs_across] = &self.runs;
        let (mut glcm, mut glrlm) = match slices {
            [] => (
                self.pairs_along(self.levels, pairs),
                self.runs_along(self.levels, runs),
            ),
            slices => (merged_pairs(self.levels, slices), merged_runs(slices)),
        };
        glcm.extend(self.pairs_along(self.levels, pairs_across));
        glrlm.extend(self.runs_along(self.levels, runs_across));
        Matrices {
            glcm,
            glrlm,
            ..self.undirected(self.levels, distances, None)
        }
    }

    fn pairs_along(&self, levels: &Levels, directions: &[Direction]) -> Vec<Vec<GlcmCell>> {
        self.when(Family::Glcm, || {
            map_indexed(directions.len(), |k| {
                glcm::counts(levels, directions[k], self.params)
            })
        })
    }

    fn runs_along(&self, levels: &Levels, directions: &[Direction]) -> Vec<SizeMatrix> {
        self.when(Family::Glrlm, || {
            map_indexed(directions.len(), |k| {
                Glrlm::of_all_runs(levels, directions[k]).matrix
            })
        })
    }

    /// The matrices without direction.
    fn undirected(
        &self,
        levels: &Levels,
        distances: Option<&[u32]>,
        flat: Option<Axis>,
    ) -> Matrices {
        let params = self.params;
        let found_zones = || Zones {
            zones: match distances {
                Some(distances) => distance_zones(levels, distances, flat),
                None => zones(levels, flat),
            },
            n_voxels: levels.n_voxels(),
        };
        let differences = || {
            let shells = ngtdm::shells(levels.shape(), &params.distances);
            Ngtdm::among(levels, &shells, flat, params.isolated_voxels)
        };
        let dependences = || {
            let [in_plane, across] = &self.pairs;
            let mut offsets = both_ways(in_plane);
            if flat.is_none() {
                offsets.extend(both_ways(across));
            }
            Gldm::among(levels, &offsets, params.gldm_alpha).matrix
        };
        Matrices {
            zones: Vec::from_iter(self.wants_zones().then(found_zones)),
            ngtdm: Vec::from_iter(self.wants(Family::Ngtdm).then(differences)),
            ngldm: Vec::from_iter(self.wants(Family::Ngldm).then(dependences)),
            ..Matrices::default()
        }
    }
}

/// For each direction, the pairs of all slices.
fn merged_pairs(levels: &Levels, slices: &[Matrices]) -> Vec<Vec<GlcmCell>> {
    let n_directions = slices.first().map_or(0, |slice| slice.glcm.len());
    map_indexed(n_directions, |k| {
        let of_direction: Vec<_> = slices.iter().map(|slice| &slice.glcm[k]).collect();
        glcm::sum_of_counts(levels, &of_direction)
    })
}

/// For each direction, the runs of all slices.
fn merged_runs(slices: &[Matrices]) -> Vec<SizeMatrix> {
    let n_directions = slices.first().map_or(0, |slice| slice.glrlm.len());
    let of_direction = |k: usize| slices.iter().map(move |slice| slice.glrlm[k].clone());
    (0..n_directions)
        .map(|k| SizeMatrix::sum(of_direction(k)))
        .collect()
}

/// The matrices of one family.
struct Parts<'a, M> {
    /// One list per slice, one matrix per direction.
    slices: Vec<&'a [M]>,
    volume: &'a [M],
    is_directional: bool,
}

impl<'a, M: Sync> Parts<'a, M> {
    /// Of a family whose matrices have a direction.
    fn directional(counted: &'a Counted<'_>, family: impl Fn(&'a Matrices) -> &'a Vec<M>) -> Self {
        let slices = counted.slices.iter();
        Self {
            slices: slices.map(|slice| family(slice).as_slice()).collect(),
            volume: counted
                .volume
                .as_ref()
                .map_or(&[], |volume| family(volume).as_slice()),
            is_directional: true,
        }
    }

    /// Of a family with one matrix a slice.
    fn single(counted: &'a Counted<'_>, family: impl Fn(&'a Matrices) -> &'a Vec<M>) -> Self {
        Self {
            is_directional: false,
            ..Self::directional(counted, family)
        }
    }

    /// Groups of matrices: each group is merged and has features, which are averaged.
    fn groups(&self, aggregation: Aggregation) -> Vec<Vec<&'a M>> {
        let each = |matrices: &'a [M]| matrices.iter().map(|m| vec![m]).collect::<Vec<_>>();
        let n_directions = self.slices.first().map_or(0, |slice| slice.len());
        match aggregation {
            Aggregation::SliceAndDirectionAveraged | Aggregation::Slices => {
                self.slices.iter().flat_map(|slice| each(slice)).collect()
            }
            Aggregation::SliceAveraged => self
                .slices
                .iter()
                .map(|slice| slice.iter().collect())
                .collect(),
            Aggregation::DirectionAveraged => (0..n_directions)
                .map(|k| self.slices.iter().map(|slice| &slice[k]).collect())
                .collect(),
            Aggregation::SlicesMerged | Aggregation::MergedSlices => {
                vec![self.slices.iter().flat_map(|slice| slice.iter()).collect()]
            }
            Aggregation::VolumeAveraged => each(self.volume),
            Aggregation::VolumeMerged | Aggregation::Volume => vec![self.volume.iter().collect()],
        }
    }

    /// The features under each aggregation that the family has.
    fn aggregated<F: Send>(
        &self,
        aggregations: &[Aggregation],
        features: impl Fn(&[&M]) -> Option<F> + Sync,
        mean: impl Fn(&[F]) -> F,
    ) -> Vec<Aggregated<F>> {
        let applies = |a: &&Aggregation| a.is_directional() == self.is_directional;
        let one = |&aggregation: &Aggregation| {
            let groups = self.groups(aggregation);
            let found = map_indexed(groups.len(), |k| features(&groups[k]));
            let found: Vec<F> = found.into_iter().flatten().collect();
            Aggregated {
                aggregation,
                features: mean(&found),
            }
        };
        aggregations.iter().filter(applies).map(one).collect()
    }
}
