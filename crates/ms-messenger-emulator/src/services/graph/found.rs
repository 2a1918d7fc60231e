//! What the path of an operation leads to.

/// What a path leads to: the methods that it takes, and the operation found for the method (its
/// name, and its call when the ids can be read).
pub(crate) type Found<C> = (&'static str, Option<(&'static str, Option<C>)>);
