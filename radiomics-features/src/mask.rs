//! The label mask: which voxels belong to which region.

use std::collections::BTreeMap;

use ndarray::{Array3, ArrayView3};

use crate::error::{Error, Result};
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
        let labels = labels.as_standard_layout().into_owned();
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
}
