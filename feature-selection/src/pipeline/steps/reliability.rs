//! Features that depend on who outlined the region.

use std::collections::HashMap;

use super::Rule;
use crate::error::{Error, Result, check_setting as setting};
use crate::icc::{FeatureIcc, IccFilter};
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};

pub(super) struct Reliability<'a> {
    pub(super) comparisons: &'a [Vec<FeatureIcc>],
    pub(super) filter: &'a IccFilter,
}

impl Reliability<'_> {
    pub(super) const NAME: &'static str = "reliability";

    /// Which comparison fails a feature first, if any.
    fn failure(&self, features: &[&FeatureIcc]) -> Option<DropReason> {
        let comparison = features
            .iter()
            .position(|feature| !self.filter.keeps(&feature.icc))?;
        Some(DropReason::Unreliable {
            comparison,
            value: self.filter.compared(&features[comparison].icc),
            threshold: self.filter.threshold,
        })
    }
}

impl Rule for Reliability<'_> {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        let n = self.comparisons.len();
        setting("reading comparisons", "at least 1", n as f64, n > 0)?;
        let found = self.filter.threshold;
        setting(
            "reliability threshold",
            "a number up to 1",
            found,
            found <= 1.0,
        )
    }

    fn settings(&self) -> Vec<Setting> {
        let forms = self.comparisons.iter().filter_map(|c| c.first());
        let forms: Vec<&str> = forms.map(|f| f.icc.form.mcgraw_wong()).collect();
        vec![
            Setting::count("comparisons", self.comparisons.len() as u64),
            Setting::choice("forms", forms),
            Setting::number("threshold", self.filter.threshold),
            Setting::choice("bound", self.filter.bound),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let lookups: Vec<HashMap<&str, &FeatureIcc>> = self
            .comparisons
            .iter()
            .map(|c| c.iter().map(|f| (f.name.as_str(), f)).collect())
            .collect();
        for lookup in &lookups {
            let unknown = |n: &&String| !lookup.contains_key(n.as_str());
            let missing: Vec<String> = state.names().iter().filter(unknown).cloned().collect();
            if !missing.is_empty() {
                return Err(Error::ColumnMismatch {
                    what: "reliability",
                    missing,
                    unexpected: Vec::new(),
                });
            }
        }
        let names = state.names().iter().enumerate();
        Ok(names
            .filter_map(|(j, name)| {
                let features: Vec<&FeatureIcc> = lookups.iter().map(|l| l[name.as_str()]).collect();
                Some((j, self.failure(&features)?))
            })
            .collect())
    }
}
