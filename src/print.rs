//! How commands speak to a terminal: in columns, in sentences, and in nothing that a terminal would obey.

use std::error::Error;
use std::fmt;

const GAP: usize = 2;

/// Rows of text, each column as wide as its widest entry.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn with_heading<const N: usize>(heading: [&str; N]) -> Self {
        let mut table = Table::default();
        table.row(heading.map(str::to_owned));
        table
    }

    pub fn row<const N: usize>(&mut self, entries: [String; N]) {
        self.rows
            .push(entries.iter().map(|entry| printable(entry)).collect());
    }

    /// Leaves out a column that has nothing to tell.
    pub fn drop_column(&mut self, column: usize) {
        for row in self.rows.iter_mut().filter(|row| column < row.len()) {
            row.remove(column);
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let entries = self.rows.iter().filter_map(|row| row.get(column));
            entries.map(|entry| entry.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns)
            .map(|column| width(column).unwrap_or(0))
            .collect();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (entry, width) in row.iter().zip(&widths) {
                line.push_str(entry);
                let missing = width + GAP - entry.chars().count();
                line.extend(std::iter::repeat_n(' ', missing));
            }
            if number > 0 {
                f.write_str("\n")?;
            }
            f.write_str(line.trim_end())?;
        }
        Ok(())
    }
}

/// A terminal obeys some characters instead of showing them; what somebody else has typed must not reach it so.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|char| match char.is_control() {
            true => char::REPLACEMENT_CHARACTER,
            false => char,
        })
        .collect()
}

/// `1 record`, `2 records`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// An error and its causes, as one sentence.
pub fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // A transparent error has said its cause already.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_no_line_ends_in_spaces() {
        let mut table = Table::with_heading(["NAME", "STATE"]);
        table.row(["é".into(), "active".into()]);
        table.row(["laptop".into(), String::new()]);
        assert_eq!(table.to_string(), "NAME    STATE\né       active\nlaptop");
    }

    #[test]
    fn what_would_steer_a_terminal_is_only_shown() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }

    #[test]
    fn one_is_told_from_several() {
        assert_eq!(count(1, "record"), "1 record");
        assert_eq!(count(0, "record"), "0 records");
    }
}
