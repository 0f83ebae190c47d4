//! A page inside the page: the interactive nomogram.

use super::policy::inline_scripts;

/// Says how high the page is, and keeps its result in sight.
const SCRIPT: &str = include_str!("frame.js");
/// A frame has less room than a window.
const STYLE: &str = include_str!("frame.css");

/// An interactive page, as [`nomogram_html`](nomogram::render::nomogram_html) makes it, with the drawing that stands for it on paper and where no
/// script runs.
///
/// The page lives in a sandboxed frame without an address: it computes, and reaches neither the report nor the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactive {
    page: String,
    pub(super) svg: String,
    pub(super) caption: String,
}

impl Interactive {
    /// A page that is one whole HTML document, and an SVG document that shows the same.
    pub fn new(page: impl AsRef<str>, svg: impl Into<String>, caption: impl Into<String>) -> Self {
        Self {
            page: framed(page.as_ref()),
            svg: svg.into(),
            caption: caption.into(),
        }
    }

    /// The document of the frame.
    pub(super) fn page(&self) -> &str {
        &self.page
    }

    /// The scripts that run in it.
    pub(super) fn scripts(&self) -> Vec<&str> {
        inline_scripts(&self.page)
    }
}

/// The page with our style and script at its end.
fn framed(page: &str) -> String {
    let (head, tail) = page.split_at(page.rfind("</body>").unwrap_or(page.len()));
    format!("{head}<style>\n{STYLE}</style>\n<script>\n{SCRIPT}</script>\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_frame_ends_with_our_script() {
        let page = Interactive::new("<body><script>a</script></body></html>", "<svg></svg>", "c");
        assert_eq!(page.scripts()[0], "a");
        assert_eq!(page.scripts()[1], format!("\n{SCRIPT}"));
        assert!(page.page().ends_with("</script>\n</body></html>"));
    }
}
