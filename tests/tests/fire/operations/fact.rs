//! What a call returns that is the same each time.

/// Nothing.
pub(crate) fn done<T>(_: T) -> String {
    String::new()
}

/// The number of items of a page.
pub(crate) fn count<T>(page: Option<Vec<T>>) -> String {
    page.map_or(0, |it| it.len()).to_string()
}
