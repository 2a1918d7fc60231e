//! Records what a service responds, without secrets and people.

pub(crate) mod body;
pub(crate) mod counts;
pub(crate) mod exchange;
pub(crate) mod file;
pub(crate) mod forward;
pub(crate) mod headers;
#[cfg(test)]
mod hostile;
pub(crate) mod links;
pub(crate) mod listener;
pub(crate) mod passed;
pub(crate) mod passed_by;
pub(crate) mod path;
pub(crate) mod proxy;
pub(crate) mod pseudonym;
pub(crate) mod record_error;
pub(crate) mod recorder;
pub(crate) mod redactor;
pub(crate) mod signing;
pub(crate) mod upstream;
#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
pub(crate) mod verified;
pub(crate) mod words;
pub(crate) mod xml_links;
