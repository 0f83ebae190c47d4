//! Rows with patients and outcomes, and the ways to divide them so that no patient is on two sides.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::rng::{Purpose, generator};

/// The rows of a study: whose region each is, and whether it is an event. A patient may have several rows.
///
/// # Examples
/// ```
/// use deep_features::samples::{Samples, Split};
///
/// let patients = ["a", "a", "b", "c", "d"].map(String::from).to_vec();
/// let samples = Samples::new(patients, vec![true, true, false, true, false])?;
/// let split = Split::stratified(&samples, &[0, 1, 2, 3, 4], 0.5, 7)?;
/// assert_eq!(split.train().len() + split.validation().len(), 5);
/// // The two rows of patient a are never apart.
/// assert_eq!(split.train().contains(&0), split.train().contains(&1));
/// assert!(Split::new(&samples, vec![0, 2], vec![1, 4]).is_err());
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    patients: Vec<String>,
    events: Vec<bool>,
}

impl Samples {
    /// One patient and one outcome for each row; `true` is an event.
    ///
    /// # Errors
    /// [`Error::RowCount`] unless there are as many of both.
    pub fn new(patients: Vec<String>, events: Vec<bool>) -> Result<Self> {
        if patients.len() != events.len() {
            return Err(Error::RowCount {
                what: "outcomes",
                expected: patients.len(),
                found: events.len(),
            });
        }
        Ok(Self { patients, events })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The patient of each row.
    pub fn patients(&self) -> &[String] {
        &self.patients
    }

    /// The outcome of each row.
    pub fn events(&self) -> &[bool] {
        &self.events
    }

    fn check_rows(&self, rows: &[usize]) -> Result<()> {
        let mut seen = BTreeSet::new();
        for &row in rows {
            if row >= self.len() {
                return Err(Error::NoSuchRow {
                    row,
                    n_rows: self.len(),
                });
            }
            if !seen.insert(row) {
                return Err(Error::Duplicate {
                    what: "row",
                    name: row.to_string(),
                });
            }
        }
        Ok(())
    }

    /// The patients of some rows with their rows, in two groups: those without and those with an event.
    fn by_class(&self, rows: &[usize]) -> [Vec<Vec<usize>>; 2] {
        let mut of_patient: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &row in rows {
            of_patient.entry(&self.patients[row]).or_default().push(row);
        }
        let mut classes = [Vec::new(), Vec::new()];
        for rows in of_patient.into_values() {
            let event = rows.iter().any(|&row| self.events[row]);
            classes[usize::from(event)].push(rows);
        }
        classes
    }
}

/// Rows to train on and rows to validate on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    train: Vec<usize>,
    validation: Vec<usize>,
}

impl Split {
    /// A given division. Without validation rows training runs to its last epoch.
    ///
    /// # Errors
    /// [`Error::PatientOnBothSides`], which names the patient; [`Error::NoSuchRow`]; [`Error::Duplicate`] for a row
    /// given twice; [`Error::TooFewPatients`] for training rows of one class, or validation rows of one class.
    pub fn new(samples: &Samples, train: Vec<usize>, validation: Vec<usize>) -> Result<Self> {
        samples.check_rows(&train)?;
        samples.check_rows(&validation)?;
        let trained: BTreeSet<&str> = train.iter().map(|&r| &*samples.patients[r]).collect();
        if let Some(&row) = validation
            .iter()
            .find(|&&row| trained.contains(&*samples.patients[row]))
        {
            return Err(Error::PatientOnBothSides {
                patient: samples.patients[row].clone(),
                row,
            });
        }
        both_classes("training", samples, &train)?;
        if !validation.is_empty() {
            both_classes("validation", samples, &validation)?;
        }
        Ok(Self { train, validation })
    }

    /// Divides `rows` by patient: of the patients with an event and of those without, the same share validates, at
    /// least one of each and never all. The same seed gives the same division.
    ///
    /// # Errors
    /// [`Error::TooFewPatients`] with fewer than two patients in a class; [`Error::Setting`] for a share outside
    /// (0, 1); [`Error::NoSuchRow`]; [`Error::Duplicate`].
    pub fn stratified(samples: &Samples, rows: &[usize], share: f64, seed: u64) -> Result<Self> {
        if !(share > 0.0 && share < 1.0) {
            return Err(Error::Setting {
                setting: "validation share",
                expected: "a number in (0, 1)",
                found: share.to_string(),
            });
        }
        samples.check_rows(rows)?;
        let mut rng = generator(seed, Purpose::Split, 0);
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        let classes = samples.by_class(rows);
        enough("to divide", &classes, 2)?;
        for mut patients in classes {
            patients.shuffle(&mut rng);
            let n = (share * patients.len() as f64).round() as usize;
            let n = n.clamp(1, patients.len() - 1);
            validation.extend(patients.drain(..n).flatten());
            train.extend(patients.into_iter().flatten());
        }
        train.sort_unstable();
        validation.sort_unstable();
        Self::new(samples, train, validation)
    }

    /// Rows to train on.
    pub fn train(&self) -> &[usize] {
        &self.train
    }

    /// Rows to validate on; may be empty.
    pub fn validation(&self) -> &[usize] {
        &self.validation
    }
}

/// Patients in folds, for networks that are applied to patients they have not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientFolds {
    fold: BTreeMap<String, usize>,
    n_folds: usize,
}

impl PatientFolds {
    /// Deals the patients of `rows` to folds, those without and those with an event separately, so that every fold
    /// has about the same share of events. The same seed gives the same folds.
    ///
    /// # Errors
    /// [`Error::TooFewPatients`] if a class has fewer patients than there are folds; [`Error::Setting`] for fewer
    /// than 2 folds; [`Error::NoSuchRow`]; [`Error::Duplicate`].
    pub fn stratified(
        samples: &Samples,
        rows: &[usize],
        n_folds: usize,
        seed: u64,
    ) -> Result<Self> {
        if n_folds < 2 {
            return Err(Error::Setting {
                setting: "folds",
                expected: "at least 2",
                found: n_folds.to_string(),
            });
        }
        samples.check_rows(rows)?;
        let classes = samples.by_class(rows);
        enough("for the folds", &classes, n_folds)?;
        let mut rng = generator(seed, Purpose::Split, 1);
        let mut fold = BTreeMap::new();
        for mut patients in classes {
            patients.shuffle(&mut rng);
            for rows in patients {
                fold.insert(samples.patients[rows[0]].clone(), fold.len() % n_folds);
            }
        }
        Ok(Self { fold, n_folds })
    }

    /// How many.
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// The fold of a patient; `None` for a patient that was not among the rows.
    pub fn of(&self, patient: &str) -> Option<usize> {
        self.fold.get(patient).copied()
    }
}

fn both_classes(what: &'static str, samples: &Samples, rows: &[usize]) -> Result<()> {
    let events = rows.iter().filter(|&&row| samples.events[row]).count();
    if events == 0 || events == rows.len() {
        return Err(Error::TooFewPatients {
            what,
            events,
            others: rows.len() - events,
            required: 1,
        });
    }
    Ok(())
}

fn enough(what: &'static str, classes: &[Vec<Vec<usize>>; 2], required: usize) -> Result<()> {
    let [others, events] = classes.each_ref().map(Vec::len);
    if events.min(others) < required {
        return Err(Error::TooFewPatients {
            what,
            events,
            others,
            required,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty patients with one to three rows; every third has an event.
    fn samples() -> Samples {
        let mut patients = Vec::new();
        let mut events = Vec::new();
        for patient in 0..30 {
            for _ in 0..1 + patient % 3 {
                patients.push(format!("p{patient:02}"));
                events.push(patient % 3 == 1);
            }
        }
        Samples::new(patients, events).expect("as many of both")
    }

    #[test]
    fn a_patient_is_on_one_side() {
        let samples = samples();
        let rows: Vec<usize> = (0..samples.len()).collect();
        let split = Split::stratified(&samples, &rows, 0.2, 1).expect("a split");
        let of = |rows: &[usize]| -> BTreeSet<String> {
            rows.iter()
                .map(|&r| samples.patients()[r].clone())
                .collect()
        };
        let (train, validation) = (of(split.train()), of(split.validation()));
        assert!(train.is_disjoint(&validation));
        // A fifth of 10 patients with and of 20 without an event.
        assert_eq!((train.len(), validation.len()), (24, 6));
        let mut all = [split.train(), split.validation()].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        let again = Split::stratified(&samples, &rows, 0.2, 1).expect("a split");
        assert_eq!(split, again);
        assert_ne!(
            split,
            Split::stratified(&samples, &rows, 0.2, 2).expect("a split")
        );
    }

    #[test]
    fn a_patient_on_both_sides_is_named() {
        let samples = samples();
        // Rows 1 and 2 are patient p01's.
        let error = Split::new(&samples, vec![0, 1], vec![2, 3]).expect_err("p01 twice");
        assert!(
            matches!(&error, Error::PatientOnBothSides { patient, row: 2 } if patient == "p01")
        );
        assert!(error.to_string().contains("p01"), "{error}");
    }

    #[test]
    fn folds_hold_whole_patients_and_every_class() {
        let samples = samples();
        let rows: Vec<usize> = (0..samples.len()).collect();
        let folds = PatientFolds::stratified(&samples, &rows, 5, 3).expect("folds");
        for fold in 0..5 {
            let patients = |event: bool| {
                let of: BTreeSet<&String> = rows
                    .iter()
                    .filter(|&&r| samples.events()[r] == event)
                    .map(|&r| &samples.patients()[r])
                    .filter(|patient| folds.of(patient) == Some(fold))
                    .collect();
                of.len()
            };
            assert_eq!((patients(true), patients(false)), (2, 4), "fold {fold}");
        }
        assert_eq!(folds.of("somebody else"), None);
    }

    #[test]
    fn divisions_that_cannot_be_are_refused() {
        let samples = samples();
        let rows: Vec<usize> = (0..samples.len()).collect();
        let too_few = |result: Result<()>| {
            assert!(
                matches!(result, Err(Error::TooFewPatients { .. })),
                "{result:?}"
            );
        };
        too_few(PatientFolds::stratified(&samples, &rows, 11, 1).map(drop));
        too_few(Split::stratified(&samples, &[0, 3, 4, 5], 0.5, 1).map(drop));
        too_few(Split::new(&samples, vec![0, 3], vec![]).map(drop));
        too_few(Split::new(&samples, vec![0, 1], vec![3]).map(drop));
        assert!(matches!(
            Split::new(&samples, vec![0, 1, 99], vec![]),
            Err(Error::NoSuchRow { row: 99, .. })
        ));
        assert!(matches!(
            Split::new(&samples, vec![0, 1, 1], vec![]),
            Err(Error::Duplicate { what: "row", .. })
        ));
        for share in [0.0, 1.0, f64::NAN] {
            assert!(matches!(
                Split::stratified(&samples, &rows, share, 1),
                Err(Error::Setting { .. })
            ));
        }
        assert!(Samples::new(vec!["a".into()], vec![]).is_err());
    }
}
