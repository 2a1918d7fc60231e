//! Statements that write many rows.

use std::fmt::Write as _;

/// How many rows a statement writes; a statement of each size is prepared once.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// A statement with a list of rows, for each size.
#[derive(Debug)]
pub(super) struct ManyRows {
    texts: Vec<String>,
}

impl ManyRows {
    /// Creates the statement `before (?, ?, …), … after` with so many columns.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(", "));
        let text = |size: &usize| {
            let mut text = before.to_owned();
            // Writing to a string does not fail.
            let _ = write!(text, " {} {after}", vec![row.as_str(); *size].join(", "));
            text
        };
        Self {
            texts: SIZES.iter().map(text).collect(),
        }
    }

    /// Splits rows into parts, each with the statement that writes it.
    pub(super) fn parts<'a, T>(
        &'a self,
        mut rows: &'a [T],
    ) -> impl Iterator<Item = (&'a str, &'a [T])> {
        std::iter::from_fn(move || {
            let fitting = SIZES.iter().zip(&self.texts);
            let (size, text) = fitting.into_iter().find(|(size, _)| **size <= rows.len())?;
            let (part, left) = rows.split_at(*size);
            rows = left;
            Some((text.as_str(), part))
        })
    }
}
