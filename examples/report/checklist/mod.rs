//! Reporting checklists, filled in as far as a program can.
//!
//! | list | items | from |
//! |---|---|---|
//! | [`Checklist::tripod_ai`] | 27, with sub-items 52 | Collins et al., TRIPOD+AI statement, BMJ 2024;385:e078378, checklist of 11 January 2024 |
//! | [`Checklist::clear`] | 58 | Kocak et al., CLEAR, Insights into Imaging 2023;14:75, table 1, version 1.0 |
//!
//! Numbers and order are those of the publications; the topics are in our own words and no substitute for them. An item is filled only where the
//! [facts of the study](StudyFacts) answer all of it. What the facts answer in part stays open, with the part that is known and what is left for
//! the authors. Of simulated patients some questions cannot be asked; those are not applicable, with the reason.
//!
//! ```
//! use examples::report::checklist::{Checklist, DataOrigin, Fact, StudyFacts};
//! let facts = StudyFacts {
//!     origin: DataOrigin::Synthetic,
//!     discretization: Some(Fact::new("bin width 25").see("Methods")),
//!     ..StudyFacts::default()
//! };
//! let list = Checklist::clear(&facts);
//! assert_eq!(list.items[22].number, "23");
//! assert_eq!(list.items[22].answer.to_string(), "bin width 25 (see Methods)");
//! assert_eq!(list.counts().main, 58);
//! ```

mod clear;
mod facts;
mod tripod_ai;

use std::fmt;

pub use facts::{DataOrigin, Fact, RegionFacts, ReliabilityFacts, SplitFacts, StudyFacts};

/// What open items ask for.
const REQUEST: &str = "To be completed by the authors";

/// A checklist with answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checklist {
    /// Its name.
    pub name: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// Its items, in the order of the publication.
    pub items: Vec<Item>,
}

/// An item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// Its number in the publication, for example "12c".
    pub number: &'static str,
    /// The part of a paper that it belongs to.
    pub section: &'static str,
    /// What it is about, in our words.
    pub topic: &'static str,
    /// Whether and where the study reports it.
    pub answer: Answer,
}

/// Whether and where a study reports an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The program knows it.
    Filled(Fact),
    /// The authors have to add something.
    Open {
        /// What the program knows of it.
        known: Option<Fact>,
        /// What is left; empty for everything.
        left: String,
    },
    /// It does not concern this study.
    NotApplicable {
        /// Why not.
        reason: String,
    },
}

/// How many items have which answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Items with a number of their own, without their letters.
    pub main: usize,
    /// Filled items.
    pub filled: usize,
    /// Open items.
    pub open: usize,
    /// Items that do not concern the study.
    pub not_applicable: usize,
}

/// A row of a published list and how it is answered.
struct Entry {
    number: &'static str,
    section: &'static str,
    topic: &'static str,
    answer: fn(&StudyFacts) -> Answer,
}

impl Checklist {
    /// Names of the columns of [`rows`](Self::rows).
    pub const HEADER: [&'static str; 4] = ["Item", "Section", "Topic", "Answer"];

    /// TRIPOD+AI, for studies that develop and evaluate prediction models.
    pub fn tripod_ai(facts: &StudyFacts) -> Self {
        Self {
            name: "TRIPOD+AI",
            source: "Items as numbered by Collins et al., TRIPOD+AI statement, BMJ 2024;385:e078378 (27 items, 52 with sub-items); topics abridged in our words.",
            items: answered(&tripod_ai::ENTRIES, facts),
        }
    }

    /// CLEAR, for radiomics research.
    pub fn clear(facts: &StudyFacts) -> Self {
        Self {
            name: "CLEAR",
            source: "Items as numbered by Kocak et al., CheckList for EvaluAtion of Radiomics research, Insights into Imaging 2023;14:75 (58 items); topics abridged in our words.",
            items: answered(&clear::ENTRIES, facts),
        }
    }

    /// How many items have which answer.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut last = "";
        for item in &self.items {
            let main = item
                .number
                .trim_end_matches(|c: char| c.is_ascii_lowercase());
            counts.main += usize::from(main != last);
            last = main;
            match item.answer {
                Answer::Filled(_) => counts.filled += 1,
                Answer::Open { .. } => counts.open += 1,
                Answer::NotApplicable { .. } => counts.not_applicable += 1,
            }
        }
        counts
    }

    /// The table as text, as it is on the page.
    pub fn rows(&self) -> Vec<[String; 4]> {
        self.items
            .iter()
            .map(|item| {
                let words = [item.number, item.section, item.topic].map(str::to_owned);
                let [number, section, topic] = words;
                [number, section, topic, item.answer.to_string()]
            })
            .collect()
    }
}

impl fmt::Display for Counts {
    /// The line of sums.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.filled + self.open + self.not_applicable;
        write!(f, "{} items", self.main)?;
        if all != self.main {
            write!(f, " ({all} with sub-items)")?;
        }
        write!(
            f,
            ": {} filled, {} open, {} not applicable",
            self.filled, self.open, self.not_applicable
        )
    }
}

impl Answer {
    /// What the authors are asked for; `None` where nothing is open.
    pub fn request(&self) -> Option<String> {
        match self {
            Self::Open { left, .. } if left.is_empty() => Some(format!("{REQUEST}.")),
            Self::Open { left, .. } => Some(format!("{REQUEST}: {left}.")),
            _ => None,
        }
    }

    /// Nothing is known.
    fn open() -> Self {
        Self::left("")
    }

    /// Nothing is known, and this is what to write about.
    fn left(left: &str) -> Self {
        Self::Open {
            known: None,
            left: left.to_owned(),
        }
    }

    fn not_applicable(reason: &str) -> Self {
        Self::NotApplicable {
            reason: reason.to_owned(),
        }
    }

    /// Filled where there is a fact.
    fn from(fact: &Option<Fact>) -> Self {
        fact.clone().map_or_else(Self::open, Self::Filled)
    }

    /// The fact, which is not all that the item asks for.
    fn partly(fact: &Option<Fact>, left: &str) -> Self {
        Self::Open {
            known: fact.clone(),
            left: left.to_owned(),
        }
    }

    /// Filled with all facts in one; open where one is missing, which is then named.
    fn all(facts: &[(&Option<Fact>, &str)]) -> Self {
        let known: Vec<&Fact> = facts.iter().filter_map(|(fact, _)| fact.as_ref()).collect();
        let known = Fact::joined(&known);
        let missing: Vec<&str> = facts
            .iter()
            .filter(|(fact, _)| fact.is_none())
            .map(|&(_, name)| name)
            .collect();
        match known {
            Some(known) if missing.is_empty() => Self::Filled(known),
            known => Self::Open {
                known,
                left: missing.join(", "),
            },
        }
    }
}

impl fmt::Display for Answer {
    /// As on the page.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filled(fact) => write!(f, "{fact}"),
            Self::Open { known, .. } => {
                if let Some(fact) = known {
                    write!(f, "{fact}{}", fact.stop())?;
                }
                f.write_str(&self.request().unwrap_or_default())
            }
            Self::NotApplicable { reason } => write!(f, "Not applicable: {reason}."),
        }
    }
}

fn answered(entries: &[Entry], facts: &StudyFacts) -> Vec<Item> {
    entries
        .iter()
        .map(|entry| Item {
            number: entry.number,
            section: entry.section,
            topic: entry.topic,
            answer: (entry.answer)(facts),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn numbers(checklist: &Checklist) -> Vec<&'static str> {
        checklist.items.iter().map(|item| item.number).collect()
    }

    #[test]
    fn tripod_ai_has_the_numbers_of_the_publication() {
        let checklist = Checklist::tripod_ai(&StudyFacts::default());
        // Main items with their last letter, as in the statement.
        let letters = [
            (3, 'c'),
            (5, 'b'),
            (6, 'c'),
            (8, 'c'),
            (9, 'c'),
            (12, 'g'),
            (18, 'f'),
            (20, 'c'),
            (23, 'b'),
            (27, 'c'),
        ];
        let mut expected = Vec::new();
        for number in 1..=27 {
            match letters.iter().find(|(n, _)| *n == number) {
                Some(&(_, last)) => expected.extend(('a'..=last).map(|l| format!("{number}{l}"))),
                None => expected.push(number.to_string()),
            }
        }
        assert_eq!(numbers(&checklist), expected);
        assert_eq!(checklist.items.len(), 52);
        assert_eq!(checklist.counts().main, 27);
    }

    #[test]
    fn clear_has_the_numbers_of_the_publication() {
        let checklist = Checklist::clear(&StudyFacts::default());
        let expected: Vec<String> = (1..=58).map(|n| n.to_string()).collect();
        assert_eq!(numbers(&checklist), expected);
        let sections: Vec<(&str, usize)> =
            checklist.items.iter().fold(Vec::new(), |mut all, item| {
                match all.last_mut() {
                    Some((name, n)) if *name == item.section => *n += 1,
                    _ => all.push((item.section, 1)),
                }
                all
            });
        let sizes: Vec<usize> = sections.iter().map(|&(_, n)| n).collect();
        assert_eq!(
            sizes,
            [1, 1, 1, 3, 6, 6, 2, 4, 4, 5, 4, 6, 5, 4, 2, 2, 2],
            "{sections:?}"
        );
    }

    #[test]
    fn topics_are_named_once() {
        let facts = StudyFacts::default();
        for checklist in [Checklist::tripod_ai(&facts), Checklist::clear(&facts)] {
            let numbers: BTreeSet<_> = checklist.items.iter().map(|item| item.number).collect();
            assert_eq!(numbers.len(), checklist.items.len());
            let topics: BTreeSet<_> = checklist.items.iter().map(|item| item.topic).collect();
            assert_eq!(topics.len(), checklist.items.len(), "{}", checklist.name);
        }
    }

    #[test]
    fn whoever_knows_nothing_claims_nothing() {
        let facts = StudyFacts::default();
        for checklist in [Checklist::tripod_ai(&facts), Checklist::clear(&facts)] {
            for item in &checklist.items {
                // That this report holds the lists is true of any report.
                if (checklist.name, item.number) != ("CLEAR", "7") {
                    let filled = matches!(item.answer, Answer::Filled(_));
                    assert!(
                        !filled,
                        "{} {}: {}",
                        checklist.name, item.number, item.answer
                    );
                }
            }
        }
    }

    #[test]
    fn answers_read_as_sentences() {
        let fact = Fact::new("AUC").see("Performance");
        let partly = Answer::partly(&Some(fact.clone()), "why");
        assert_eq!(
            partly.to_string(),
            "AUC (see Performance). To be completed by the authors: why."
        );
        assert_eq!(
            Answer::open().to_string(),
            "To be completed by the authors."
        );
        let all = Answer::all(&[(&Some(fact), "a"), (&None, "calibration")]);
        assert_eq!(
            all.request().as_deref(),
            Some("To be completed by the authors: calibration.")
        );
    }
}
