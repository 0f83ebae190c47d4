//! Column names as text for people.

/// Words that stay in capitals.
const ABBREVIATIONS: [&str; 9] = [
    "alnm", "birads", "er", "her2", "id", "ln", "pr", "roi", "us",
];

/// A column name as text: `tumor_size_cm` becomes `Tumor size cm`, `us_reported_alnm` becomes `US reported ALNM`.
pub fn readable(column: &str) -> String {
    let words: Vec<String> = column
        .split('_')
        .enumerate()
        .map(|(position, word)| {
            if ABBREVIATIONS.contains(&word.to_ascii_lowercase().as_str()) {
                return word.to_uppercase();
            }
            let mut letters = word.chars();
            match letters.next() {
                Some(first) if position == 0 => first.to_uppercase().chain(letters).collect(),
                _ => word.to_owned(),
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_become_text() {
        assert_eq!(readable("us_reported_alnm"), "US reported ALNM");
        assert_eq!(readable("tumor_size_cm"), "Tumor size cm");
        assert_eq!(readable("clinical-radiomics"), "Clinical-radiomics");
        assert_eq!(readable(""), "");
    }
}
