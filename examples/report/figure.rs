//! Figures: one drawing, or several panels under one caption.

/// A numbered figure of SVG documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub(super) panels: Vec<Panel>,
    pub(super) caption: String,
}

/// A drawing of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    pub(super) svg: String,
    pub(super) narrow: Option<String>,
    pub(super) alt: Option<String>,
}

impl Figure {
    /// A figure of one SVG document; without more, its caption is also what a screen reader says of the drawing.
    pub fn new(svg: impl Into<String>, caption: impl Into<String>) -> Self {
        Self::of_panels([Panel::new(svg)], caption)
    }

    /// A figure of several drawings. Those as narrow as a column stand side by side where there is room.
    pub fn of_panels(panels: impl IntoIterator<Item = Panel>, caption: impl Into<String>) -> Self {
        Self {
            panels: panels.into_iter().collect(),
            caption: caption.into(),
        }
    }

    /// A drawing of the same for narrow screens, in a figure of one drawing.
    pub fn narrow(self, svg: impl Into<String>) -> Self {
        self.with_first(|panel| panel.narrow(svg))
    }

    /// What stands for the drawing where it is not seen, in a figure of one drawing.
    pub fn alt(self, text: impl Into<String>) -> Self {
        self.with_first(|panel| panel.alt(text))
    }

    fn with_first(mut self, change: impl FnOnce(Panel) -> Panel) -> Self {
        if !self.panels.is_empty() {
            let first = change(self.panels.remove(0));
            self.panels.insert(0, first);
        }
        self
    }
}

impl Panel {
    /// A panel from an SVG document.
    pub fn new(svg: impl Into<String>) -> Self {
        Self {
            svg: svg.into(),
            narrow: None,
            alt: None,
        }
    }

    /// A drawing of the same for narrow screens. A wide drawing without one scrolls sideways there.
    pub fn narrow(mut self, svg: impl Into<String>) -> Self {
        self.narrow = Some(svg.into());
        self
    }

    /// What stands for the drawing where it is not seen; the caption of the figure if nothing is given.
    pub fn alt(mut self, text: impl Into<String>) -> Self {
        self.alt = Some(text.into());
        self
    }
}
