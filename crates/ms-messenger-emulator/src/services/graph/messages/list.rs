//! Lists of messages: query options, pages and links.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::{
    services::graph::{
        error::GraphError,
        messages::{
            pages::{Cursor, Listed, Page, Window},
            template::{Template, View},
        },
    },
    wire::{clock, request::Request},
};

const DEFAULT_TOP: usize = 20;
const MAX_TOP: usize = 50;
const FROM_THE_TOP: Cursor = (u64::MAX, u64::MAX);
const BY_CREATION: &str = "createdDateTime desc";
const BY_CHANGE: &str = "lastModifiedDateTime desc";

/// Which list is read: each has its own options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Chat,
    Channel,
    Replies,
}

/// The query options of a list.
#[derive(Debug)]
pub(crate) struct Options {
    top: usize,
    before: Cursor,
    expands_replies: bool,
    order: Option<String>,
    filter: Option<String>,
    /// Exclusive bounds of the filter, epoch milliseconds.
    after_ms: Option<u64>,
    before_ms: Option<u64>,
    /// Of the list and its options; a token of another one is refused.
    fingerprint: u64,
}

impl Options {
    /// Reads `$top`, `$skiptoken` and what else a list of that kind takes. `path` is the list's.
    pub(crate) fn read(request: &Request, kind: Kind, path: &str) -> Result<Self, GraphError> {
        let own: &[&str] = match kind {
            Kind::Chat => &["$top", "$skiptoken", "$orderby", "$filter"],
            Kind::Channel => &["$top", "$skiptoken", "$expand"],
            Kind::Replies => &["$top", "$skiptoken"],
        };
        only(request, own)?;
        let value = |name| request.query.value(name);
        let mut options = Self {
            top: top(request)?.unwrap_or(DEFAULT_TOP),
            before: FROM_THE_TOP,
            expands_replies: expands_replies(request)?,
            order: value("$orderby").map(str::to_owned),
            filter: value("$filter").map(str::to_owned),
            after_ms: None,
            before_ms: None,
            fingerprint: 0,
        };
        options.fingerprint = options.fingerprint_at(path);
        if let Some(token) = value("$skiptoken") {
            let invalid = || GraphError::bad_request("The $skiptoken is not valid.");
            options.before = cursor(token, options.fingerprint).ok_or_else(invalid)?;
        }
        options.narrow()?;
        Ok(options)
    }

    fn fingerprint_at(&self, path: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (path, self.expands_replies, &self.order, &self.filter).hash(&mut hasher);
        hasher.finish()
    }

    /// Applies `$filter`, which the service ignores unless `$orderby` names the same property.
    fn narrow(&mut self) -> Result<(), GraphError> {
        let order = self.order.as_deref();
        if order.is_some_and(|order| ![BY_CHANGE, BY_CREATION].contains(&order)) {
            let message = "$orderby takes lastModifiedDateTime desc or createdDateTime desc.";
            return Err(GraphError::bad_request(message));
        }
        let (Some(order), Some(filter)) = (order, &self.filter) else {
            return Ok(());
        };
        let invalid = || GraphError::bad_request("The $filter is not supported.");
        let (mut after_ms, mut before_ms) = (None, None);
        for term in filter.split(" and ") {
            let words: Vec<&str> = term.split_whitespace().collect();
            let [property, operator, time] = words.as_slice() else {
                return Err(invalid());
            };
            let time = clock::parse_rfc3339(time).ok_or_else(invalid)?;
            match (*property, *operator) {
                (property, _) if order.split(' ').next() != Some(property) => return Ok(()),
                ("lastModifiedDateTime", "gt") => after_ms = Some(time),
                (_, "lt") => before_ms = Some(time),
                _ => return Err(invalid()),
            }
        }
        (self.after_ms, self.before_ms) = (after_ms, before_ms);
        Ok(())
    }

    /// Where the page is taken from.
    pub(crate) fn window(&self) -> Window {
        let until = self.before_ms.map_or(FROM_THE_TOP, |before| (before, 0));
        Window {
            by_creation: self.order.as_deref() == Some(BY_CREATION),
            from: self.after_ms.map_or(0, |after| after.saturating_add(1)),
            before: self.before.min(until),
            size: self.top,
            with_replies: self.expands_replies,
        }
    }

    fn next_link(&self, list: &str, next: Cursor) -> String {
        let token = token(self.fingerprint, next);
        let mut link = format!("{list}?$top={}&$skiptoken={token}", self.top);
        if self.expands_replies {
            link.push_str("&$expand=replies");
        }
        for (name, value) in [("$orderby", &self.order), ("$filter", &self.filter)] {
            if let Some(value) = value {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                link.push_str(&format!("&{name}={value}"));
            }
        }
        link
    }
}

/// Refuses query options other than `own`.
pub(crate) fn only(request: &Request, own: &[&str]) -> Result<(), GraphError> {
    let mut names = request.query.names().filter(|name| name.starts_with('$'));
    match names.find(|name| !own.iter().any(|own| own.eq_ignore_ascii_case(name))) {
        None => Ok(()),
        Some(name) => {
            let message = format!("Query option '{name}' is not allowed.");
            Err(GraphError::bad_request(message))
        }
    }
}

/// `$top`, which is refused above 50.
pub(crate) fn top(request: &Request) -> Result<Option<usize>, GraphError> {
    match request.query.value("$top").map(str::parse::<usize>) {
        None => Ok(None),
        Some(Ok(top)) if (1..=MAX_TOP).contains(&top) => Ok(Some(top)),
        Some(_) => Err(GraphError::bad_request(format!(
            "The limit of '{MAX_TOP}' for $top query has been exceeded."
        ))),
    }
}

/// Whether `$expand=replies` is given.
pub(crate) fn expands_replies(request: &Request) -> Result<bool, GraphError> {
    match request.query.value("$expand") {
        None => Ok(false),
        Some("replies") => Ok(true),
        Some(_) => Err(GraphError::bad_request(
            "Only 'replies' can be expanded here.",
        )),
    }
}

fn token(fingerprint: u64, cursor: Cursor) -> String {
    URL_SAFE_NO_PAD.encode(format!("{fingerprint:x}.{}.{}", cursor.0, cursor.1))
}

fn cursor(token: &str, fingerprint: u64) -> Option<Cursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (list, cursor) = text.split_once('.')?;
    let (time, id) = cursor.split_once('.')?;
    let is_of_this = u64::from_str_radix(list, 16).ok()? == fingerprint;
    Some((time.parse().ok()?, id.parse().ok()?)).filter(|_| is_of_this)
}

/// Where a list is: its link, and its place in `@odata.context` behind `$metadata#`.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) path: String,
    pub(crate) context: String,
}

/// The body of a page.
pub(crate) fn body(options: &Options, view: View<'_>, at: &Location, page: &Page) -> Bytes {
    let (listed, next) = page;
    let list = format!("{}/{}", view.base, at.path);
    let mut head = json!({
        "@odata.context": format!("{}/$metadata#{}", view.base, at.context),
        "@odata.count": listed.len(),
    });
    if let Some(next) = next {
        head["@odata.nextLink"] = json!(options.next_link(&list, *next));
    }
    let mut body = head.to_string().into_bytes();
    body.pop();
    body.extend_from_slice(b",\"value\":[");
    for (i, message) in listed.iter().enumerate() {
        separate(&mut body, i);
        if options.expands_replies {
            write_with_replies(&mut body, view, &at.path, message);
        } else {
            body.extend_from_slice(&message.template.view(view));
        }
    }
    body.extend_from_slice(b"]}");
    body.into()
}

/// Writes a message of the list at `path` with its replies, and a link to those that are too many.
pub(crate) fn write_with_replies(body: &mut Vec<u8>, view: View<'_>, path: &str, listed: &Listed) {
    body.extend_from_slice(&listed.template.view(view));
    body.pop();
    if let Some(last) = listed.more_replies {
        let path = format!("{path}/{}/replies", listed.id);
        let options = Options {
            top: MAX_TOP,
            before: FROM_THE_TOP,
            expands_replies: false,
            order: None,
            filter: None,
            after_ms: None,
            before_ms: None,
            fingerprint: 0,
        };
        let options = Options {
            fingerprint: options.fingerprint_at(&path),
            ..options
        };
        let link = options.next_link(&format!("{}/{path}", view.base), (last, last));
        body.extend_from_slice(b",\"replies@odata.nextLink\":");
        body.extend_from_slice(json!(link).to_string().as_bytes());
    }
    body.extend_from_slice(b",\"replies\":[");
    write_all(body, view, &listed.replies);
    body.extend_from_slice(b"]}");
}

fn write_all(body: &mut Vec<u8>, view: View<'_>, messages: &[Template]) {
    for (i, message) in messages.iter().enumerate() {
        separate(body, i);
        body.extend_from_slice(&message.view(view));
    }
}

pub(crate) fn separate(body: &mut Vec<u8>, index: usize) {
    if index > 0 {
        body.push(b',');
    }
}
