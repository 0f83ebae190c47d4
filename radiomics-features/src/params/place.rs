//! Places in a parameter file: from the line and column of a parser's error to the key whose value is wrong.

/// Where the value before a place of the text ends; the parser of JSON notices a bad value only after the space behind it.
pub(super) fn end_of_value(text: &str, line: usize, column: usize) -> (u64, u64) {
    let mut lines: Vec<&str> = text.lines().take(line).collect();
    if lines.len() == line
        && let Some(last) = lines.last_mut()
    {
        *last = last.get(..column).unwrap_or(last);
    }
    let is_blank = |line: &str| line.trim_matches([' ', '\t', '}', ']']).is_empty();
    while lines.len() > 1 && lines.last().is_some_and(|last| is_blank(last)) {
        lines.pop();
    }
    let column = lines.last().map_or(0, |last| last.trim_end().len());
    (lines.len() as u64, column as u64)
}

/// The key of the value at a place of the text, counted from 1: the one that starts there, or else the last one before.
pub(super) fn key_at(text: &str, line: u64, column: u64) -> Option<&str> {
    let last = usize::try_from(line).ok()?.checked_sub(1)?;
    let column = usize::try_from(column).ok()?.saturating_sub(1);
    let lines: Vec<&str> = text.lines().take(last + 1).collect();
    let from_here = lines.get(last)?.get(column..);
    if let Some((key, _)) = from_here.and_then(|rest| rest.split_once(':'))
        && let Some(key) = word_at_the_end(key).filter(|word| key.trim_matches(QUOTES) == *word)
    {
        return Some(key);
    }
    lines.iter().enumerate().rev().find_map(|(index, line)| {
        let line = line.split(" #").next().unwrap_or(line);
        let end = if index == last { column } else { line.len() };
        let (before, _) = line.get(..end.min(line.len()))?.rsplit_once(':')?;
        word_at_the_end(before)
    })
}

/// What a key may be written in.
const QUOTES: [char; 3] = ['"', '\'', ' '];

/// The letters, digits and underscores before closing quotes and spaces.
fn word_at_the_end(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(QUOTES);
    let start = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
    let word = text.get(start.map_or(0, |start| start + 1)..)?;
    (!word.is_empty()).then_some(word)
}
