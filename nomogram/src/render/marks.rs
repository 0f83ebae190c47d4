//! Which axis each entry of a patient stands on. Every place that pairs axes with patients asks here.

use crate::error::{Error, Result};
use crate::nomogram::Nomogram;
use crate::points::{PatientPoints, TermPoints};

/// Entries of a patient with the index of the axis on which each is marked.
pub(super) fn marks(patient: &PatientPoints) -> impl Iterator<Item = (usize, &TermPoints)> {
    patient.terms.iter().map(|term| (term.axis, term))
}

/// Whether an axis belongs to the same group as the one before.
pub(super) fn continues(nomogram: &Nomogram, axis: usize) -> bool {
    axis > 0 && nomogram.axes[axis].group == nomogram.axes[axis - 1].group
}

/// Refuses a patient of another nomogram.
pub(super) fn check_patient(nomogram: &Nomogram, patient: &PatientPoints) -> Result<()> {
    let expected = nomogram.groups.len();
    let known = marks(patient).enumerate().all(|(group, (axis, term))| {
        nomogram
            .axes
            .get(axis)
            .is_some_and(|a| a.predictor == term.predictor && a.group == group)
    });
    if known && patient.terms.len() == expected {
        return Ok(());
    }
    Err(Error::ForeignPatient {
        expected,
        found: patient.terms.len(),
    })
}
