//! What happens to image and region before filters see them: normalization, resampling or cropping, re-segmentation.

use std::borrow::Cow;

use crate::error::Result;
use crate::params::Params;
use crate::resegment::keep_inside_all;
use crate::roi::{Region, RegionGrid, Roi, grid_mismatch};
use crate::volume::Volume;

/// An image and a region on one grid, ready for filters.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    /// The image that filters see.
    pub image: Cow<'a, Volume>,
    /// The region, counted in [`image`](Self::image).
    pub region: Region,
    /// The part of it that re-segmentation kept, if the settings have one.
    pub resegmented: Option<Region>,
}

impl<'a> Prepared<'a> {
    /// Runs the steps that the settings ask for.
    pub fn new(params: &Params, roi: &Roi<'a>) -> Result<Self> {
        let mut image = Cow::Borrowed(roi.image());
        if let Some(normalization) = &params.normalization {
            image = Cow::Owned(normalization.apply(&image)?);
        }
        let (image, region) = match (&params.resampling, params.pre_crop) {
            (Some(resampling), _) => {
                let (image, region) = resampling.apply(&image, roi)?;
                (Cow::Owned(image), region)
            }
            (None, _) if roi.grid() == RegionGrid::Mask => {
                let mismatch = grid_mismatch(roi.image(), roi.label_mask(), roi.params());
                return Err(mismatch.expect("the region is on a grid of its own"));
            }
            (None, Some(margin)) => {
                let mut region = roi.region().clone();
                let bounds = region.bounds.grown(margin, image.size());
                region.bounds = region.bounds.relative_to(bounds.start);
                (Cow::Owned(image.cropped(&bounds)), region)
            }
            (None, None) => (image, roi.region().clone()),
        };
        // A region on a grid of its own has not been checked yet.
        region.check(roi.params())?;
        let outliers = params.outliers.map(|filter| filter.interval());
        let intervals = Vec::from_iter(params.resegmentation.into_iter().chain(outliers));
        let resegmented = match intervals[..] {
            [] => None,
            _ => {
                let values = image.part(&region.bounds);
                let mask = region.mask.view();
                let kept = keep_inside_all(&intervals, values.view(), mask, image.pixel_type())?;
                Some(Region::new(kept.view(), region.bounds.start, roi.params())?)
            }
        };
        Ok(Self {
            image,
            region,
            resegmented,
        })
    }

    /// The region that features are taken from.
    pub fn kept(&self) -> &Region {
        self.resegmented.as_ref().unwrap_or(&self.region)
    }
}
