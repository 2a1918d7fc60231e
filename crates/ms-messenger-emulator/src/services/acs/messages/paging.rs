//! Pages of lists, and the links to the next ones.

use serde_json::{Value, json};

use crate::{services::acs::error::AcsError, wire::request::Request};

/// Page size when none is asked for. The service's own is unknown: a guess.
const DEFAULT_PAGE: usize = 20;

/// The query of a list request.
pub(crate) struct Listing {
    pub(crate) size: usize,
    /// The continuation token of the page before.
    pub(crate) after: Option<u64>,
}

impl Listing {
    pub(crate) fn read(request: &Request) -> Result<Self, AcsError> {
        let size = match request.query.value("maxPageSize") {
            None => DEFAULT_PAGE,
            Some(text) => {
                let size = text.parse::<i32>().ok().filter(|size| *size > 0);
                let size = size.and_then(|size| usize::try_from(size).ok());
                size.ok_or_else(|| {
                    let message = format!("The value '{text}' is not valid for maxPageSize.");
                    AcsError::bad_request(message).with_target("maxPageSize")
                })?
            }
        };
        let after = request.query.value("continuationToken").map(str::parse);
        let after = after.transpose().map_err(|_| {
            let message = "The continuation token is not valid.";
            AcsError::bad_request(message).with_target("continuationToken")
        })?;
        Ok(Self { size, after })
    }

    /// The link to the page after `token`. The live service writes a relative reference.
    pub(crate) fn next_link(&self, request: &Request, token: impl std::fmt::Display) -> String {
        let keep = |name: &str| {
            let value = request.query.value(name)?;
            let value =
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            Some(format!("&{name}={value}"))
        };
        let version = request.query.value("api-version").unwrap_or_default();
        let filters: String = ["participantId", "channelId"]
            .into_iter()
            .filter_map(keep)
            .collect();
        let (path, size) = (request.path(), self.size);
        format!(
            "{path}?api-version={version}&maxPageSize={size}{filters}&continuationToken={token}"
        )
    }

    /// The collection of a page; the last page has no link at all.
    pub(crate) fn collection(
        &self,
        request: &Request,
        items: Vec<Value>,
        continues_after: Option<u64>,
    ) -> Value {
        let mut body = json!({ "value": items });
        if let Some(last) = continues_after {
            body["nextLink"] = json!(self.next_link(request, last));
        }
        body
    }
}
