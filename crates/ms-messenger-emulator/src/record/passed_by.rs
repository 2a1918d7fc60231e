//! Responses whose links lead past the recorder, and who hears of them.

use std::{fmt, sync::Arc};

use http::{HeaderMap, header::CONTENT_ENCODING};

use crate::record::links::Markup;

/// Who hears of what is passed on as it came.
#[derive(Clone)]
pub(crate) struct Listener(pub(crate) Arc<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// Why the links in a response stay those of the service; `None` if they do not, or if such a response
/// has none.
pub(crate) fn reason(
    headers: &HeaderMap,
    is_large: bool,
    has_own_name: bool,
) -> Option<&'static str> {
    Markup::of(headers)?;
    if is_large {
        return Some("it is larger than 8 MiB");
    }
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.any(|it| it != "identity") {
        return Some("it is compressed");
    }
    (!has_own_name).then_some("its client called a name that is not one of loopback")
}
