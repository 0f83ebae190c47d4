//! From a region to its maps, one at a time.

use ndarray::{Array3, ArrayView3};

use super::kernel::{Frame, Table};
use super::{FeatureMap, FeatureMaps, Kernel, VoxelParams};
use crate::error::{Error, Result};
use crate::extractor::{Extractor, in_plane_spacing, texture_params};
use crate::filters::Response;
use crate::name::{Family, FeatureName, ImageName, NamedFeature};
use crate::params::{FamilySelection, ImageParams, NoiseBands, Params, Profile};
use crate::preprocess::Prepared;
use crate::roi::{BoundingBox, Roi};
use crate::volume::Geometry;

impl Extractor {
    /// A map of every feature, as PyRadiomics' `execute(…, voxelBased=True)`: all at once. A map takes 8 bytes a voxel, and there are 93
    /// for each image; [`maps`](Self::maps) hands them over one by one.
    ///
    /// # Errors
    /// As [`extract`](Self::extract), and [`Error::NoMaps`] if only shape is asked for.
    pub fn extract_maps(&self, roi: &Roi<'_>) -> Result<FeatureMaps> {
        let mut remaining = self.maps(roi)?;
        let maps = remaining.by_ref().collect::<Result<_>>()?;
        Ok(FeatureMaps {
            maps,
            noise_bands: remaining.noise_bands,
        })
    }

    /// The maps one after the other, in the order of the features of [`extract`](Self::extract).
    ///
    /// Memory is that of one filter's responses and, for each voxel of the region, the features of one family (24 at most,
    /// 8 bytes each, less if fewer are selected).
    ///
    /// ```
    /// use ndarray::Array3;
    /// use radiomics_features::{Extractor, Geometry, Mask, Params, PixelType, Roi, Volume};
    ///
    /// let geometry = Geometry::new([1.0, 0.1, 0.1])?;
    /// let image = Array3::from_shape_fn((1, 8, 8), |(_, y, x)| (10 * (x % 3) + 5 * y) as f64);
    /// let image = Volume::new(image, geometry, PixelType::U8)?;
    /// let square = Array3::from_shape_fn((1, 8, 8), |(_, y, x)| u32::from((2..6).contains(&y) && (3..7).contains(&x)));
    /// let mask = Mask::new(square, geometry)?;
    ///
    /// let extractor = Extractor::new(Params::default())?;
    /// let roi = Roi::new(&image, &mask, &extractor.params().roi)?;
    /// for map in extractor.maps(&roi)? {
    ///     let map = map?;
    ///     // The region of 4 × 4 pixels and one more on every side.
    ///     assert_eq!(map.voxels.dim(), (1, 6, 6));
    /// }
    /// # Ok::<(), radiomics_features::Error>(())
    /// ```
    ///
    /// # Errors
    /// What preprocessing refuses, as [`extract`](Self::extract), [`Error::NoMaps`] if only shape is asked for, and
    /// [`Error::Unsupported`] under [`Profile::Ibsi`]. The iterator
    /// yields [`Error::InImage`] around what went wrong in one image, and ends there.
    pub fn maps<'a>(&'a self, roi: &Roi<'a>) -> Result<Maps<'a>> {
        let params = self.params();
        if params.profile == Profile::Ibsi {
            return Err(Error::Unsupported {
                name: "maps of the profile ibsi".to_owned(),
            });
        }
        let families: Vec<&FamilySelection> = params
            .families
            .iter()
            .filter(|selection| !selection.family.is_shape())
            .collect();
        if families.is_empty() {
            let found = params.families.iter().map(|s| s.family).collect();
            return Err(Error::NoMaps { found });
        }
        let prepared = Prepared::new(params, roi)?;
        let voxel = &params.voxel;
        let region = prepared.kept();
        let map_box = region
            .bounds
            .grown(voxel.kernel_radius, prepared.image.size());
        let frame = match voxel.kernel {
            Kernel::Masked => region.bounds,
            Kernel::Unmasked => map_box,
        };
        Ok(Maps {
            params,
            families,
            voxels: voxels_inside(region.mask.view(), &region.bounds, &frame),
            frame,
            map_box,
            prepared,
            next_image: 0,
            pending: Vec::new(),
            current: None,
            noise_bands: Vec::new(),
        })
    }
}

/// The positions of the region's voxels in the frame, in the order of memory.
fn voxels_inside(
    mask: ArrayView3<'_, bool>,
    bounds: &BoundingBox,
    frame: &BoundingBox,
) -> Vec<[u32; 3]> {
    let shift = bounds.relative_to(frame.start).start;
    mask.indexed_iter()
        .filter(|&(_, &inside)| inside)
        .map(|((z, y, x), _)| [z + shift[0], y + shift[1], x + shift[2]].map(|i| i as u32))
        .collect()
}

/// The maps of one region, computed as they are asked for; made by [`Extractor::maps`].
#[derive(Debug)]
pub struct Maps<'a> {
    params: &'a Params,
    families: Vec<&'a FamilySelection>,
    prepared: Prepared<'a>,
    /// Where kernels lie, counted in the image.
    frame: BoundingBox,
    /// What a map covers, counted in the image.
    map_box: BoundingBox,
    /// The region's voxels, counted in the frame.
    voxels: Vec<[u32; 3]>,
    next_image: usize,
    /// Responses of the current filter that are still to come, last first.
    pending: Vec<Response>,
    current: Option<Current>,
    noise_bands: Vec<ImageName>,
}

/// The response that maps are taken from now.
#[derive(Debug)]
struct Current {
    response: Response,
    next_family: usize,
    family: Family,
    table: Table,
    next_column: usize,
}

impl Maps<'_> {
    /// The wavelet sub-bands seen so far that hold nothing but rounding errors ([`ImageName::is_noise`]), whether kept or dropped.
    #[must_use]
    pub fn noise_bands(&self) -> &[ImageName] {
        &self.noise_bands
    }

    /// Where the maps lie.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.prepared.image.geometry().shifted(self.map_box.start)
    }

    fn advance(&mut self) -> Result<Option<FeatureMap>> {
        loop {
            if let Some(current) = &mut self.current {
                if current.next_column < current.table.columns.len() {
                    current.next_column += 1;
                    return Ok(Some(self.current_map()));
                }
                if let Some(&selection) = self.families.get(current.next_family) {
                    current.next_family += 1;
                    current.next_column = 0;
                    current.family = selection.family;
                    self.fill(selection)?;
                    continue;
                }
                self.current = None;
            } else if let Some(response) = self.pending.pop() {
                self.current = Some(Current {
                    response,
                    next_family: 0,
                    family: Family::FirstOrder,
                    table: Table::default(),
                    next_column: 0,
                });
            } else if let Some(image_params) = self.params.images.get(self.next_image) {
                self.next_image += 1;
                self.pending = self.responses(image_params)?;
            } else {
                return Ok(None);
            }
        }
    }

    /// Runs a filter. What it returns is in reverse order.
    fn responses(&mut self, params: &ImageParams) -> Result<Vec<Response>> {
        let image = &*self.prepared.image;
        let flat_axis = params.texture.force_2d;
        let mut responses = params.filter.responses(image, &self.frame, flat_axis)?;
        let is_noise = |response: &Response| response.name.is_noise(image.size());
        let noise = responses.iter().filter(|r| is_noise(r)).map(|r| r.name);
        self.noise_bands.extend(noise);
        if self.params.noise_bands == NoiseBands::Drop {
            responses.retain(|response| !is_noise(response));
        }
        responses.reverse();
        Ok(responses)
    }

    /// Computes one family of the current response at every voxel.
    fn fill(&mut self, selection: &FamilySelection) -> Result<()> {
        let current = self.current.as_mut().expect("a response was chosen");
        let region = self.prepared.kept();
        let everything;
        let mask = match self.params.voxel.kernel {
            Kernel::Masked => region.mask.view(),
            Kernel::Unmasked => {
                everything = Array3::from_elem(self.frame.size, true);
                everything.view()
            }
        };
        let params = &self.params.images[self.next_image - 1];
        let image = ImageParams {
            texture: texture_params(&params.texture, self.prepared.image.dimensionality()),
            ..params.clone()
        };
        let frame = Frame {
            response: &current.response,
            mask,
            map_shape: self.map_box.size,
            spacing: in_plane_spacing(&self.prepared.image),
            image: &image,
            voxel: &self.params.voxel,
        };
        current.table = frame
            .table(selection, &self.voxels)
            .map_err(|e| Error::InImage {
                image: current.response.name.to_string(),
                source: Box::new(e),
            })?;
        Ok(())
    }

    /// The column before the next one as a map.
    fn current_map(&self) -> FeatureMap {
        let current = self.current.as_ref().expect("a response was chosen");
        let column = current.next_column - 1;
        let VoxelParams { initial_value, .. } = self.params.voxel;
        let mut voxels = Array3::from_elem(self.map_box.size, initial_value);
        let shift = self.frame.relative_to(self.map_box.start).start;
        let values = current.table.column(column);
        for (&[z, y, x], value) in self.voxels.iter().zip(values) {
            voxels[[
                z as usize + shift[0],
                y as usize + shift[1],
                x as usize + shift[2],
            ]] = value;
        }
        FeatureMap {
            name: FeatureName {
                image: current.response.name,
                feature: NamedFeature::Pyradiomics {
                    family: current.family,
                    name: current.table.columns[column],
                },
            },
            voxels,
            geometry: self.geometry(),
            dimensionality: self.prepared.image.dimensionality(),
            not_computed: current.table.not_computed(column),
        }
    }
}

impl Iterator for Maps<'_> {
    type Item = Result<FeatureMap>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.is_err() {
            self.current = None;
            self.pending.clear();
            self.next_image = self.params.images.len();
        }
        next.transpose()
    }
}

impl std::iter::FusedIterator for Maps<'_> {}
