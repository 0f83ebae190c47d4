//! Pictures of pixels: heat maps and the like.

use std::io::Cursor;

use anyhow::Context;

/// A PNG picture with its caption and the text that stands for it where it is not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub(super) png: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) caption: String,
    pub(super) alt: String,
}

impl Picture {
    /// A picture of the bytes of a PNG file.
    ///
    /// # Errors
    /// When the bytes do not begin as a PNG file does.
    pub fn png(
        bytes: impl Into<Vec<u8>>,
        caption: impl Into<String>,
        alt: impl Into<String>,
    ) -> anyhow::Result<Self> {
        let (png, caption) = (bytes.into(), caption.into());
        // The page keeps room for a picture before it is decoded.
        let (width, height) = png::Decoder::new(Cursor::new(&png))
            .read_info()
            .map(|reader| (reader.info().width, reader.info().height))
            .with_context(|| format!("picture \"{caption}\": expected a PNG file"))?;
        Ok(Self {
            png,
            width,
            height,
            caption,
            alt: alt.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_png_is_an_error() {
        let error = Picture::png(b"GIF89a".to_vec(), "map", "a map").unwrap_err();
        assert_eq!(error.to_string(), "picture \"map\": expected a PNG file");
    }
}
