//! Calls of two readers on the prospective set, without and with the model's output.

use rand::Rng;

use super::conditional::normal_cdf;
use super::field::normal;
use super::patient::Patient;
use super::published::READERS;
use crate::table_file::Cell;

/// Share of a reader's uncertainty that both readers have in common: the case is hard for everyone.
const SHARED_DIFFICULTY: f64 = 0.75;
/// Correlation of a reader's two calls on one case.
const SAME_READER: f64 = 0.4;

/// Columns of the table.
pub(super) fn header() -> Vec<&'static str> {
    vec![
        "patient",
        "outcome",
        "junior_without",
        "junior_with",
        "senior_without",
        "senior_with",
    ]
}

/// One row a patient: the truth and the four calls (1 = metastasis).
pub(super) fn calls<'a>(
    patients: impl Iterator<Item = (&'a str, &'a Patient)>,
    rng: &mut impl Rng,
) -> Vec<Vec<Cell>> {
    patients
        .map(|(id, patient)| {
            let mut row = vec![
                Cell::from(id),
                Cell::from(usize::from(patient.node_positive)),
            ];
            let difficulty = [normal(rng), normal(rng)];
            for reader in &READERS {
                debug_assert!(
                    header()
                        .iter()
                        .any(|column| column.starts_with(reader.name))
                );
                let habit = normal(rng);
                for (assistance, shared) in difficulty.into_iter().enumerate() {
                    let own = (1.0 - SHARED_DIFFICULTY - 0.25 * SAME_READER).sqrt();
                    let deviate = SHARED_DIFFICULTY.sqrt() * shared
                        + (0.25 * SAME_READER).sqrt() * habit
                        + own * normal(rng);
                    let positive_rate = if patient.node_positive {
                        reader.sensitivity[assistance]
                    } else {
                        1.0 - reader.specificity[assistance]
                    };
                    row.push(Cell::from(usize::from(normal_cdf(deviate) < positive_rate)));
                }
            }
            row
        })
        .collect()
}
