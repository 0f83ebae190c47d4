//! The label mask: which voxels belong to which region.

use std::collections::BTreeMap;

use ndarray::{Array3, ArrayView3};

use crate::discretize::Levels;
use crate::error::{Error, Result};
use crate::roi::BoundingBox;
use crate::texture::zone_numbers;
use crate::volume::{self, Geometry};

/// A label image: 0 is background, every other value names a region.
///
/// # Two-valued raster masks
/// Drawing programs save an outline as black and white, 0 and 255. In a mask read from PNG, JPEG, TIFF, BMP or a
/// plain DICOM image that holds 0 and exactly one other value, that value also answers to label 1, so that both `label: 1`
/// (the default) and `label: 255` find it. Masks of several values, and masks from NIfTI, NRRD, MetaImage or DICOM
/// segmentations, keep their labels exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    labels: Array3<u32>,
    geometry: Geometry,
    /// The value that label 1 stands for in a two-valued raster mask.
    label_one: Option<u32>,
}

impl Mask {
    /// A mask from an array of shape `(z, y, x)`.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] without voxels.
    pub fn new(labels: Array3<u32>, geometry: Geometry) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::EmptyImage {
                size: volume::shape(labels.view()),
            });
        }
        let labels = match labels.is_standard_layout() {
            true => labels,
            false => labels.as_standard_layout().into_owned(),
        };
        Ok(Self {
            labels,
            geometry,
            label_one: None,
        })
    }

    /// A mask from a drawing program, see [two-valued raster masks](Self#two-valued-raster-masks).
    pub(crate) fn from_raster(labels: Array3<u32>, geometry: Geometry) -> Result<Self> {
        let mut mask = Self::new(labels, geometry)?;
        let mut values = mask.labels.iter().copied().filter(|&v| v != 0);
        if let Some(first) = values.next() {
            let two_valued = values.all(|v| v == first);
            mask.label_one = (two_valued && first != 1).then_some(first);
        }
        Ok(mask)
    }

    /// Replaces the geometry, e.g. to give a PNG mask the spacing of its image.
    #[must_use]
    pub fn with_geometry(mut self, geometry: Geometry) -> Self {
        self.geometry = geometry;
        self
    }

    /// The labels, shape `(z, y, x)`, in standard (C) layout.
    #[must_use]
    pub fn labels(&self) -> ArrayView3<'_, u32> {
        self.labels.view()
    }

    /// Number of voxels along z, y and x.
    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        volume::shape(self.labels.view())
    }

    /// Position and spacing of the grid.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Every label but the background with its number of voxels, in ascending order.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<u32, usize> {
        let mut counts = BTreeMap::new();
        // Runs of equal labels are long: one map access per run.
        let mut labels = self.labels.iter().copied().peekable();
        while let Some(label) = labels.next() {
            let mut run = 1;
            while labels.next_if_eq(&label).is_some() {
                run += 1;
            }
            *counts.entry(label).or_insert(0) += run;
        }
        counts.remove(&0);
        counts
    }

    /// Every lesion of one label as a label of its own: the connected regions of `label` become 1, 2, .. n, all other voxels 0.
    ///
    /// Voxels are connected if they share a face, an edge or a corner: 26 neighbors, 8 in a plane. The regions are numbered
    /// in the order of their first voxels, slice by slice, row by row, so the numbers depend on nothing but the mask.
    /// With [`counts`](Self::counts) of the result their sizes are known.
    ///
    /// # Errors
    /// [`Error::EmptyMask`] if the mask has no label at all, [`Error::LabelAbsent`] if it has others,
    /// [`Error::RegionTooLarge`] if the box around the label is longer than 65,535 voxels or has more than
    /// [`Levels::MAX_BOX`](crate::Levels::MAX_BOX).
    pub fn lesions(&self, label: u32) -> Result<Self> {
        let value = self.stored_value(label);
        let selected = self.labels.mapv(|l| l == value && l != 0);
        let Some(bounds) = BoundingBox::around(selected.view()) else {
            let present: Vec<u32> = self.counts().into_keys().collect();
            return Err(match present.is_empty() {
                true => Error::EmptyMask,
                false => Error::LabelAbsent { label, present },
            });
        };
        let levels = Levels::from_array(bounds.slice(selected.view()).mapv(u16::from).view())?;
        let mut labels = Array3::zeros(self.labels.dim());
        bounds
            .slice_mut(labels.view_mut())
            .assign(&zone_numbers(&levels));
        Self::new(labels, self.geometry)
    }

    /// The stored value that `label` names.
    pub(crate) fn stored_value(&self, label: u32) -> u32 {
        match self.label_one {
            Some(value) if label == 1 => value,
            _ => label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn label_one_names_the_white_of_a_two_valued_raster_mask_only() {
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let white = array![[[0, 255, 255], [0, 0, 255]]];
        let raster = Mask::from_raster(white.clone(), geometry).unwrap();
        assert_eq!(
            (raster.stored_value(1), raster.stored_value(255)),
            (255, 255)
        );
        assert_eq!(Mask::new(white, geometry).unwrap().stored_value(1), 1);
        let several = Mask::from_raster(array![[[0, 2, 3]]], geometry).unwrap();
        assert_eq!(several.stored_value(1), 1);
        assert_eq!(
            several.counts().into_iter().collect::<Vec<_>>(),
            [(2, 1), (3, 1)]
        );
        let ones = Mask::from_raster(array![[[0, 1, 1]]], geometry).unwrap();
        assert_eq!(ones.stored_value(1), 1);
    }

    #[test]
    fn lesions_are_numbered_in_the_order_of_their_first_voxels() {
        let geometry = Geometry::new([2.5, 0.75, 0.5]).unwrap();
        // Touching by a corner, in the plane and across it, connects; other labels do not.
        let labels = array![
            [[0, 0, 0, 7], [7, 0, 3, 0], [0, 7, 0, 0]],
            [[0, 0, 0, 0], [0, 0, 7, 0], [0, 0, 0, 0]],
            [[7, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 7]]
        ];
        let mask = Mask::new(labels, geometry).unwrap();
        let lesions = mask.lesions(7).unwrap();
        // All but the voxel at the start of the last slice hang together through the middle of the second.
        let expected = array![
            [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]],
            [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]],
            [[2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
        ];
        assert_eq!(lesions.labels(), expected);
        assert_eq!(lesions.geometry(), &geometry);
        assert_eq!(
            lesions.counts().into_iter().collect::<Vec<_>>(),
            [(1, 5), (2, 1)]
        );
        assert!(matches!(
            mask.lesions(1),
            Err(Error::LabelAbsent { label: 1, present }) if present == [3, 7]
        ));
        assert!(mask.lesions(0).is_err());
        let nothing = Mask::new(Array3::zeros((1, 2, 2)), geometry).unwrap();
        assert!(matches!(nothing.lesions(1), Err(Error::EmptyMask)));
    }

    #[test]
    fn lesions_of_a_white_raster_mask_answer_to_label_one() {
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let white = array![[[255, 0, 255], [255, 0, 0]]];
        let raster = Mask::from_raster(white, geometry).unwrap();
        let expected = array![[[1, 0, 2], [1, 0, 0]]];
        assert_eq!(raster.lesions(1).unwrap().labels(), expected);
        assert_eq!(raster.lesions(255).unwrap().labels(), expected);
    }
}
