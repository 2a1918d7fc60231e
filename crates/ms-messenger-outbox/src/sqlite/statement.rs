//! Statements that write many rows.

use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sqlx::{
    Either, Executor as _, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments,
};

use super::error::{OrStoreError as _, closed};
use crate::error::Result;

/// Runs one statement without rows. Returns how many rows it wrote.
///
/// What it did is waited for, and not that the thread of the connection has cleaned up after it, which
/// would wake the task once more.
pub(super) async fn run<'q>(
    conn: &mut SqliteConnection,
    query: Query<'q, Sqlite, SqliteArguments<'q>>,
) -> Result<u64> {
    let done = conn.fetch_many(query).try_next().await.or_store_error()?;
    match done {
        Some(Either::Left(done)) => Ok(done.rows_affected()),
        _ => Err(closed()),
    }
}

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
