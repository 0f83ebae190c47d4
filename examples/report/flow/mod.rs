//! Flow of cases: from the rows of the manifest over what was excluded to the splits.
//!
//! ```
//! use examples::report::{Flow, FlowSplit, SplitRole};
//! let flow = Flow::new(10)
//!     .excluded("empty clinical cell", 1)
//!     .split(FlowSplit::new("center 1", SplitRole::Training, 6, 2).line("repeated outlines: 3"))
//!     .split(FlowSplit::new("center 2", SplitRole::Test, 3, 1));
//! flow.check().unwrap();
//! assert_eq!((flow.n_analyzed(), flow.n_excluded()), (9, 1));
//! ```

mod drawing;

use eval_stats::plot::Width;

/// What becomes of the rows of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    source: String,
    n: usize,
    exclusions: Vec<Exclusion>,
    splits: Vec<FlowSplit>,
}

/// Cases left out for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exclusion {
    reason: String,
    n: usize,
}

/// What a split is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SplitRole {
    /// Models are fitted on it.
    Training,
    /// Models are only evaluated on it.
    Test,
}

/// One split at the lower end of the diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowSplit {
    name: String,
    role: SplitRole,
    n: usize,
    events: usize,
    lines: Vec<String>,
}

impl SplitRole {
    /// "Training" or "Test".
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "Training",
            Self::Test => "Test",
        }
    }
}

impl FlowSplit {
    /// A split with its cases and those among them with the event.
    pub fn new(name: impl Into<String>, role: SplitRole, n: usize, events: usize) -> Self {
        Self {
            name: name.into(),
            role,
            n,
            events,
            lines: Vec::new(),
        }
    }

    /// Adds a line, for example "failed images: 2" or "repeated outlines: 50".
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }
}

impl Flow {
    /// A flow that begins with the rows of a manifest.
    pub fn new(n: usize) -> Self {
        Self {
            source: "Rows in the manifest".to_owned(),
            n,
            exclusions: Vec::new(),
            splits: Vec::new(),
        }
    }

    /// Says where the cases come from, instead of "Rows in the manifest".
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Adds a reason for leaving cases out, and how many cases have it. A case may have several reasons.
    pub fn excluded(mut self, reason: impl Into<String>, n: usize) -> Self {
        self.exclusions.push(Exclusion {
            reason: reason.into(),
            n,
        });
        self
    }

    /// Adds a split.
    pub fn split(mut self, split: FlowSplit) -> Self {
        self.splits.push(split);
        self
    }

    /// Cases in all splits together.
    pub fn n_analyzed(&self) -> usize {
        self.splits.iter().map(|split| split.n).sum()
    }

    /// Rows that are in no split; 0 for a flow that [does not add up](Self::check).
    pub fn n_excluded(&self) -> usize {
        self.n.saturating_sub(self.n_analyzed())
    }

    /// Whether the numbers can be true.
    ///
    /// # Errors
    /// No split, more cases in the splits than rows, more events than cases in a split, or a reason with more cases than were left out.
    pub fn check(&self) -> anyhow::Result<()> {
        let (n, analyzed) = (self.n, self.n_analyzed());
        anyhow::ensure!(
            !self.splits.is_empty(),
            "flow of cases: expected at least one split, found none"
        );
        anyhow::ensure!(
            analyzed <= n,
            "flow of cases: expected at most {n} cases in the splits, found {analyzed}"
        );
        for split in &self.splits {
            let FlowSplit {
                name, n, events, ..
            } = split;
            anyhow::ensure!(
                events <= n,
                "flow of cases: expected at most {n} events in split \"{name}\", found {events}"
            );
        }
        let excluded = self.n_excluded();
        for Exclusion { reason, n } in &self.exclusions {
            anyhow::ensure!(
                *n <= excluded,
                "flow of cases: expected at most {excluded} cases left out for \"{reason}\", found {n}"
            );
        }
        Ok(())
    }

    /// The diagram: the wide drawing for pages, the narrow one for telephones.
    ///
    /// # Errors
    /// What [`check`](Self::check) finds.
    pub fn svg(&self, width: Width) -> anyhow::Result<String> {
        self.check()?;
        Ok(drawing::draw(self, width))
    }

    /// The diagram in words, for readers who do not see it.
    pub fn description(&self) -> String {
        let mut text = format!("{}: {}.", self.source, self.n);
        let reasons: Vec<String> = self
            .reasons()
            .into_iter()
            .map(|(reason, n)| format!("{reason}: {n}"))
            .collect();
        text += &match reasons.as_slice() {
            [] => format!(" Excluded: {}.", self.n_excluded()),
            reasons => format!(" Excluded: {} ({}).", self.n_excluded(), reasons.join("; ")),
        };
        text += &format!(" Analyzed: {}.", self.n_analyzed());
        for split in &self.splits {
            text += &format!(" {}: {}.", split.title(), split.counts().join(", "));
        }
        text
    }

    /// Reasons with their cases; cases without a recorded reason have a line of their own.
    fn reasons(&self) -> Vec<(String, usize)> {
        let mut reasons: Vec<(String, usize)> = self
            .exclusions
            .iter()
            .map(|exclusion| (exclusion.reason.clone(), exclusion.n))
            .collect();
        let told: usize = self.exclusions.iter().map(|exclusion| exclusion.n).sum();
        if told < self.n_excluded() {
            reasons.push(("reason not recorded".to_owned(), self.n_excluded() - told));
        }
        reasons
    }

    /// Whether some case must have several reasons.
    fn is_overlapping(&self) -> bool {
        let told: usize = self.exclusions.iter().map(|exclusion| exclusion.n).sum();
        told > self.n_excluded()
    }
}

impl FlowSplit {
    fn title(&self) -> String {
        format!("{} split {}", self.role.name(), self.name)
    }

    fn counts(&self) -> Vec<String> {
        let mut lines = vec![
            format!("n = {}", self.n),
            format!("events: {}", self.events),
            format!("non-events: {}", self.n.saturating_sub(self.events)),
        ];
        lines.extend(self.lines.iter().cloned());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow::new(10).split(FlowSplit::new("a", SplitRole::Training, 8, 3))
    }

    #[test]
    fn numbers_that_cannot_be_true_are_refused() {
        assert!(flow().check().is_ok());
        let none = Flow::new(3).check().unwrap_err().to_string();
        assert!(none.contains("at least one split"), "{none}");
        let many = flow().split(FlowSplit::new("b", SplitRole::Test, 3, 1));
        let many = many.check().unwrap_err().to_string();
        assert_eq!(
            many,
            "flow of cases: expected at most 10 cases in the splits, found 11"
        );
        let events = flow().split(FlowSplit::new("b", SplitRole::Test, 1, 2));
        assert!(events.check().is_err());
        assert!(flow().excluded("too many", 3).check().is_err());
    }

    #[test]
    fn every_case_left_out_is_accounted_for() {
        assert_eq!(flow().reasons(), [("reason not recorded".to_owned(), 2)]);
        let told = flow().excluded("no image", 2).excluded("no outline", 1);
        assert!(told.is_overlapping());
        assert_eq!(
            told.description(),
            "Rows in the manifest: 10. Excluded: 2 (no image: 2; no outline: 1). Analyzed: 8. \
             Training split a: n = 8, events: 3, non-events: 5."
        );
    }
}
