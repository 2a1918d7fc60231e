//! Texts of `msm batch`, and of the input that it shares with `msm outbox add`.

use std::fmt::Display;

use crate::print::counted;

pub(crate) const OUTBOX_MISSING: &str =
    "--outbox is missing: standard input has no name beside which it could be kept";

/// Follows the counts when an earlier run has sent some of the messages.
pub(crate) fn of_an_earlier_run(messages: u64) -> String {
    format!(" ({messages} of them in an earlier run)")
}

/// Follows the counts of a run.
pub(crate) fn pace(seconds: f64, rate: f64) -> String {
    format!("; {seconds:.1} s, {rate:.1}/s")
}

/// Follows the counts while messages wait.
pub(crate) const GO_ON: &str = "\nrun the same command again to go on";

/// Lines that were added to the input are not sent by this run.
pub(crate) fn changed_meanwhile(file: impl Display) -> String {
    format!(
        "{file} was changed after it was read: run the same command again to send what was added"
    )
}

/// Follows the counts when there are messages in doubt.
pub(crate) fn unconfirmed(messages: u64, store: &str) -> String {
    let were = if messages == 1 { "was" } else { "were" };
    format!(
        "\nit is unknown whether {messages} {were} sent: \
         msm outbox list --state unconfirmed --store {store}"
    )
}

pub(crate) fn checked(messages: u64) -> String {
    let messages = counted(messages, "message");
    format!("{messages}: no problem found; nothing was sent")
}

pub(crate) fn in_use(outbox: impl Display) -> String {
    format!("{outbox}: another msm batch or msm outbox run is at work on it")
}

pub(crate) fn more_problems(more: usize) -> String {
    format!("and {}", counted(more as u64, "more problem"))
}

pub(crate) fn more_warnings(more: usize) -> String {
    format!("and {}", counted(more as u64, "more warning"))
}

pub(crate) fn nothing_sent(error: &str) -> String {
    format!("{error}\nthis run has sent nothing")
}

/// The input has problems of which none can be listed.
pub(crate) const UNUSABLE: &str = "the input cannot be used";

/// The place of a problem in a line: the line itself for no field.
pub(crate) fn place(line: u64, field: &str) -> String {
    match field {
        "" => format!("line {line}"),
        _ => format!("line {line}: {field}"),
    }
}

/// The place of a problem of a message that no line has.
pub(crate) fn message(id: &str) -> String {
    format!("message {id}")
}

// What an earlier run left.

pub(crate) fn left_without_a_line(store: &str) -> String {
    format!(
        "an earlier run handed it over, and no line has it any more: restore its line, or run msm \
         outbox cancel --store {store} ID"
    )
}

pub(crate) const CHANGED: &str = "was changed after an earlier run had handed it over: restore it, \
    and add what is new as a new line or in a new file";
pub(crate) const OTHER_MESSAGE: &str = "an earlier run handed this id over with another message, \
    platform or time: restore the line, or give it a new id";

pub(crate) fn removed(store: &str, id: impl Display) -> String {
    format!(
        "was removed after an earlier run had handed it over: restore it, or run msm outbox cancel \
         --store {store} {id}"
    )
}

pub(crate) const WITHOUT_KEY: &str = "an earlier run handed the messages over without a key: run \
    it without --key-file and MSM_OUTBOX_KEY";

// The lines.

/// The file is a table, and there is no `--csv`.
pub(crate) const TABLE: &str =
    "is a table, not JSON Lines: --csv names the template of its messages";
pub(crate) const LINE_TOO_LONG: &str = "must have at most 1 MiB";
pub(crate) const FILES_TOO_LARGE: &str =
    "the files up to this line have more than 256 MiB: hand over fewer messages at once";
pub(crate) const OWN_ID: &str = "must not begin with line-, as the ids of lines without one do";

pub(crate) fn same_id(line: u64) -> String {
    format!("is also the id of line {line}")
}

pub(crate) const TWICE: &str = "appears twice";
/// A member whose name is not repeated.
pub(crate) const A_MEMBER: &str = "a member";

pub(crate) fn unknown_platform(known: &str) -> String {
    format!("must be one of {known}")
}

/// A rule with the column of a line where it is violated.
pub(crate) fn in_column(rule: &str, column: usize) -> String {
    format!("{rule} (column {column})")
}

/// What the library says of a member that a request does not have.
pub(crate) const UNKNOWN_MEMBER: &str = "a member that is not known";
/// The same, for a line.
pub(crate) const UNKNOWN_MEMBER_OF_LINE: &str = "a member that is not known: expected to, message, \
    reply_to, id, not_before, expires_at, order_key or platform";

// The table and its template.

pub(crate) fn column_twice(column: &str) -> String {
    format!("the column {column} appears twice")
}

pub(crate) const SEPARATOR: &str =
    "the columns are separated by semicolons or tabs: save the table with commas";

pub(crate) fn column_missing(column: &str) -> String {
    format!("the column {column} of the template is missing")
}

/// Names a column; one that does not look like a name is not repeated.
pub(crate) fn column(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("'{name}'"),
        None => "with another name".to_owned(),
    }
}

pub(crate) const BRACE_ALONE: &str = "the template has a brace alone: write {{ or }} for a brace";

pub(crate) fn unequal_lengths(columns: u64, header: u64) -> String {
    let columns = counted(columns, "column");
    format!("has {columns}, the header has {header}")
}

pub(crate) const NOT_CSV: &str = "cannot be read as CSV";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_in_the_singular() {
        assert_eq!(more_problems(1), "and 1 more problem");
        assert_eq!(more_warnings(1), "and 1 more warning");
        assert_eq!(more_warnings(2), "and 2 more warnings");
        assert!(unconfirmed(1, "s").contains("whether 1 was sent"));
        assert!(unconfirmed(2, "s").contains("whether 2 were sent"));
        assert!(unequal_lengths(1, 2).starts_with("has 1 column,"));
    }
}
