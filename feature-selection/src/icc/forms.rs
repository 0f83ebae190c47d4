//! The six forms and their names.

use std::fmt;

/// What counts as error between ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IccModel {
    /// Ratings of a subject are interchangeable.
    OneWay,
    /// Two-way; a systematic difference between raters counts as error.
    Agreement,
    /// Two-way; a systematic difference between raters is ignored.
    Consistency,
}

/// Reliability of one rating or of the mean of all `k`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IccUnit {
    /// One rating.
    Single,
    /// The mean of the `k` ratings.
    Average,
}

/// One of the six forms; see the [module documentation](super).
///
/// ```
/// use feature_selection::icc::IccForm;
/// let form = IccForm::AGREEMENT_SINGLE;
/// assert_eq!((form.shrout_fleiss(), form.mcgraw_wong(), form.psych()), ("ICC(2,1)", "ICC(A,1)", "ICC2"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IccForm {
    /// What counts as error.
    pub model: IccModel,
    /// One rating or their mean.
    pub unit: IccUnit,
}

impl IccForm {
    /// ICC(1,1).
    pub const ONE_WAY_SINGLE: Self = Self {
        model: IccModel::OneWay,
        unit: IccUnit::Single,
    };
    /// ICC(2,1), ICC(A,1).
    pub const AGREEMENT_SINGLE: Self = Self {
        model: IccModel::Agreement,
        unit: IccUnit::Single,
    };
    /// ICC(3,1), ICC(C,1).
    pub const CONSISTENCY_SINGLE: Self = Self {
        model: IccModel::Consistency,
        unit: IccUnit::Single,
    };
    /// ICC(1,k).
    pub const ONE_WAY_AVERAGE: Self = Self {
        model: IccModel::OneWay,
        unit: IccUnit::Average,
    };
    /// ICC(2,k), ICC(A,k).
    pub const AGREEMENT_AVERAGE: Self = Self {
        model: IccModel::Agreement,
        unit: IccUnit::Average,
    };
    /// ICC(3,k), ICC(C,k).
    pub const CONSISTENCY_AVERAGE: Self = Self {
        model: IccModel::Consistency,
        unit: IccUnit::Average,
    };
    /// All six, in the order psych prints them.
    pub const ALL: [Self; 6] = [
        Self::ONE_WAY_SINGLE,
        Self::AGREEMENT_SINGLE,
        Self::CONSISTENCY_SINGLE,
        Self::ONE_WAY_AVERAGE,
        Self::AGREEMENT_AVERAGE,
        Self::CONSISTENCY_AVERAGE,
    ];

    /// Place in [`ALL`](Self::ALL).
    pub(crate) fn index(self) -> usize {
        let model = match self.model {
            IccModel::OneWay => 0,
            IccModel::Agreement => 1,
            IccModel::Consistency => 2,
        };
        match self.unit {
            IccUnit::Single => model,
            IccUnit::Average => model + 3,
        }
    }

    /// Name by Shrout and Fleiss.
    pub fn shrout_fleiss(self) -> &'static str {
        [
            "ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)",
        ][self.index()]
    }

    /// Name by McGraw and Wong.
    pub fn mcgraw_wong(self) -> &'static str {
        [
            "ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)",
        ][self.index()]
    }

    /// Name in the table that R's psych prints, and pingouin before version 0.6.
    pub fn psych(self) -> &'static str {
        ["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"][self.index()]
    }

    /// Name in the table of pingouin from version 0.6 on.
    pub fn pingouin(self) -> &'static str {
        [
            "ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)",
        ][self.index()]
    }
}

/// The name by McGraw and Wong.
impl fmt::Display for IccForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.mcgraw_wong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_its_own_place_and_names() {
        for (i, form) in IccForm::ALL.into_iter().enumerate() {
            assert_eq!(form.index(), i);
        }
        for names in [
            IccForm::shrout_fleiss as fn(IccForm) -> &'static str,
            IccForm::mcgraw_wong,
            IccForm::psych,
            IccForm::pingouin,
        ] {
            let all: std::collections::HashSet<_> = IccForm::ALL.into_iter().map(names).collect();
            assert_eq!(all.len(), 6);
        }
        assert_eq!(format!("{:>9}", IccForm::CONSISTENCY_AVERAGE), " ICC(C,k)");
    }
}
