//! MetaImage, the format of ITK: `.mha` with the voxels after the header, `.mhd` with the voxels in a file of their own.

use std::path::Path;

use super::{Grid, ReadOptions, Source};
use crate::error::Result;

pub(super) fn read(path: &Path, _options: &ReadOptions) -> Result<Grid> {
    Err(Source::new(path, "MetaImage").unsupported("the format"))
}
