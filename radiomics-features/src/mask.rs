//! The label mask: which voxels belong to which region.

use std::collections::BTreeMap;

use ndarray::{Array3, ArrayView3, CowArray, Ix3};

use crate::discretize::Levels;
use crate::error::{Error, Result};
use crate::numbers::{Numbers, contiguous, view};
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
    labels: Labels,
    size: [usize; 3],
    geometry: Geometry,
    /// The value that label 1 stands for in a two-valued raster mask.
    label_one: Option<u32>,
}

/// Labels in memory order, in a type that holds each of them.
#[derive(Debug, Clone)]
pub(crate) enum Labels {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
}

/// Evaluates an expression on the vector of whichever type there is.
macro_rules! each_label {
    ($labels:expr, $values:ident => $result:expr) => {
        match $labels {
            Labels::U8($values) => $result,
            Labels::U16($values) => $result,
            Labels::U32($values) => $result,
        }
    };
}

impl Labels {
    /// Numbers that are all labels.
    ///
    /// # Errors
    /// The place and the value of the first that is none.
    pub fn of_numbers(numbers: Numbers) -> std::result::Result<Self, (usize, f64)> {
        if let Some(i) = numbers.position_outside(0.0, f64::from(u32::MAX)) {
            return Err((i, numbers.at(i)));
        }
        Ok(match numbers {
            Numbers::U8(values) => Self::U8(values),
            Numbers::U16(values) => Self::U16(values),
            Numbers::U32(values) => Self::U32(values),
            Numbers::I8(values) => Self::U8(values.into_iter().map(|v| v as u8).collect()),
            Numbers::I16(values) => Self::U16(values.into_iter().map(|v| v as u16).collect()),
            Numbers::I32(values) => Self::U32(values.into_iter().map(|v| v as u32).collect()),
            Numbers::F32(values) => Self::U32(values.into_iter().map(|v| v as u32).collect()),
            Numbers::F64(values) => Self::U32(values.into_iter().map(|v| v as u32).collect()),
        })
    }

    /// The labels one by one.
    #[cfg(feature = "dicom")]
    pub fn into_vec(self) -> Vec<u32> {
        match self {
            Self::U8(labels) => labels.into_iter().map(u32::from).collect(),
            Self::U16(labels) => labels.into_iter().map(u32::from).collect(),
            Self::U32(labels) => labels,
        }
    }
}

impl PartialEq for Labels {
    /// By value, whatever the types.
    fn eq(&self, other: &Self) -> bool {
        each_label!(self, a => each_label!(other, b => are_equal(a, b)))
    }
}

impl Mask {
    /// A mask from an array of shape `(z, y, x)`.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] without voxels.
    pub fn new(labels: Array3<u32>, geometry: Geometry) -> Result<Self> {
        let size = volume::shape(labels.view());
        Self::of_labels(Labels::U32(contiguous(labels)), size, geometry)
    }

    /// A mask from labels in memory order, as many as `size` says. Errors: as [`new`](Self::new).
    pub(crate) fn of_labels(labels: Labels, size: [usize; 3], geometry: Geometry) -> Result<Self> {
        if size.contains(&0) {
            return Err(Error::EmptyImage { size });
        }
        Ok(Self {
            labels,
            size,
            geometry,
            label_one: None,
        })
    }

    /// A mask from a drawing program, see [two-valued raster masks](Self#two-valued-raster-masks).
    pub(crate) fn from_raster(
        labels: Labels,
        size: [usize; 3],
        geometry: Geometry,
    ) -> Result<Self> {
        let mut mask = Self::of_labels(labels, size, geometry)?;
        let counts = mask.counts();
        mask.label_one = match counts.keys().collect::<Vec<_>>()[..] {
            [&only] if only != 1 => Some(only),
            _ => None,
        };
        Ok(mask)
    }

    /// Replaces the geometry, e.g. to give a PNG mask the spacing of its image.
    #[must_use]
    pub fn with_geometry(mut self, geometry: Geometry) -> Self {
        self.geometry = geometry;
        self
    }

    /// The labels, shape `(z, y, x)`, in standard (C) layout. They are copied if the mask is held in a smaller type of a file.
    #[must_use]
    pub fn labels(&self) -> CowArray<'_, u32, Ix3> {
        match &self.labels {
            Labels::U32(labels) => view(labels, self.size).into(),
            other => each_label!(other, labels => view(labels, self.size).mapv(u32::from).into()),
        }
    }

    /// The voxels of one stored value, cropped to the smallest box that holds them all; `None` if there are none.
    pub(crate) fn cropped(&self, value: u32) -> Option<(BoundingBox, Array3<bool>)> {
        each_label!(&self.labels, labels => cropped(view(labels, self.size), value))
    }

    /// Number of voxels along z, y and x.
    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Position and spacing of the grid.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Every label but the background with its number of voxels, in ascending order.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<u32, usize> {
        let mut counts = each_label!(&self.labels, labels => count_runs(labels));
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
        let Some((bounds, selected)) = self.cropped(value).filter(|_| value != 0) else {
            let present: Vec<u32> = self.counts().into_keys().collect();
            return Err(match present.is_empty() {
                true => Error::EmptyMask,
                false => Error::LabelAbsent { label, present },
            });
        };
        let levels = Levels::from_array(selected.mapv(u16::from).view())?;
        let mut labels = Array3::zeros(self.size);
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

fn are_equal<A: Copy + Into<u32>, B: Copy + Into<u32>>(a: &[A], b: &[B]) -> bool {
    let pairs = a.iter().zip(b);
    a.len() == b.len() && pairs.into_iter().all(|(&a, &b)| a.into() == b.into())
}

/// The smallest box that holds all voxels of a value, and which of its voxels they are.
fn cropped<T: Copy + PartialEq + TryFrom<u32>>(
    labels: ArrayView3<'_, T>,
    value: u32,
) -> Option<(BoundingBox, Array3<bool>)> {
    // A value that the type cannot hold is nowhere.
    let value = T::try_from(value).ok()?;
    let bounds = BoundingBox::around_value(labels, value)?;
    let selected = bounds.slice(labels).mapv(|label| label == value);
    Some((bounds, selected))
}

/// How often each label occurs.
fn count_runs<T: Copy + PartialEq + Into<u32>>(labels: &[T]) -> BTreeMap<u32, usize> {
    let mut counts = BTreeMap::new();
    // Runs of equal labels are long: one map access per run.
    for run in labels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0].into()).or_insert(0) += run.len();
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn from_raster(labels: Array3<u32>) -> Mask {
        let size = volume::shape(labels.view());
        let labels = Labels::U32(contiguous(labels));
        Mask::from_raster(labels, size, Geometry::new([1.0; 3]).unwrap()).unwrap()
    }

    #[test]
    fn label_one_names_the_white_of_a_two_valued_raster_mask_only() {
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let white = array![[[0, 255, 255], [0, 0, 255]]];
        let raster = from_raster(white.clone());
        assert_eq!(
            (raster.stored_value(1), raster.stored_value(255)),
            (255, 255)
        );
        assert_eq!(Mask::new(white, geometry).unwrap().stored_value(1), 1);
        let several = from_raster(array![[[0, 2, 3]]]);
        assert_eq!(several.stored_value(1), 1);
        assert_eq!(
            several.counts().into_iter().collect::<Vec<_>>(),
            [(2, 1), (3, 1)]
        );
        let ones = from_raster(array![[[0, 1, 1]]]);
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
        let white = array![[[255, 0, 255], [255, 0, 0]]];
        let raster = from_raster(white);
        let expected = array![[[1, 0, 2], [1, 0, 0]]];
        assert_eq!(raster.lesions(1).unwrap().labels(), expected);
        assert_eq!(raster.lesions(255).unwrap().labels(), expected);
    }

    #[test]
    fn labels_of_signed_and_small_types_are_found_and_compared_by_value() {
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let of = |numbers| {
            Labels::of_numbers(numbers)
                .map(|labels| Mask::of_labels(labels, [1, 2, 2], geometry).unwrap())
        };
        let masks = [
            Numbers::U8(vec![0, 5, 5, 0]),
            Numbers::I16(vec![0, 5, 5, 0]),
            Numbers::I32(vec![0, 5, 5, 0]),
            Numbers::F64(vec![0.0, 5.0, 5.0, 0.0]),
        ]
        .map(|numbers| of(numbers).unwrap());
        for mask in &masks {
            assert_eq!(mask, &masks[0]);
            assert_eq!(mask.labels(), array![[[0, 5], [5, 0]]]);
            let (bounds, selected) = mask.cropped(5).unwrap();
            assert_eq!((bounds.size, selected.len()), ([1, 2, 2], 4));
            // More than 8 or 16 bits hold.
            assert!(mask.cropped(70_000).is_none() && mask.cropped(1).is_none());
        }
        assert_eq!(of(Numbers::I16(vec![0, 1, -2, 0])).unwrap_err(), (2, -2.0));
        assert_eq!(
            of(Numbers::F32(vec![0.0, 1.5, 0.0, 0.0])).unwrap_err(),
            (1, 1.5)
        );
    }
}
