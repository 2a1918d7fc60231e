//! Lists of messages: query options, pages and links.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::json;

use crate::clock;
use crate::graph::Place;
use crate::graph::error::GraphError;
use crate::graph::messages::store::Page;
use crate::inbound::Inbound;

const DEFAULT_TOP: usize = 20;
const MAX_TOP: usize = 50;
const FROM_THE_TOP: (u64, u64) = (u64::MAX, u64::MAX);

/// The query options of a list.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) top: usize,
    /// The cursor of `$skiptoken`.
    pub(crate) before: (u64, u64),
    /// Channel lists only.
    pub(crate) expands_replies: bool,
    /// Chat lists only: exclusive bounds on the message's time, epoch milliseconds.
    after_ms: Option<u64>,
    before_ms: Option<u64>,
    order: Option<String>,
    filter: Option<String>,
}

impl Options {
    /// Reads `$top`, `$skiptoken` and what else the list of `place` takes.
    pub(crate) fn read(inbound: &Inbound, place: &Place) -> Result<Self, GraphError> {
        let is_chat = matches!(place, Place::Chat { .. });
        let own: &[&str] = if is_chat {
            &["$orderby", "$filter"]
        } else {
            &["$expand"]
        };
        let is_known = |name: &&str| ["$top", "$skiptoken"].contains(name) || own.contains(name);
        let mut names = inbound.query.names().filter(|name| name.starts_with('$'));
        if let Some(name) = names.find(|name| !is_known(name)) {
            return Err(GraphError::bad_request(format!(
                "Query option '{name}' is not allowed."
            )));
        }
        let top = match inbound.query.value("$top").map(str::parse::<usize>) {
            None => DEFAULT_TOP,
            Some(Ok(top)) if (1..=MAX_TOP).contains(&top) => top,
            Some(_) => {
                let message = format!("The limit of '{MAX_TOP}' for Top query has been exceeded.");
                return Err(GraphError::bad_request(message));
            }
        };
        let before = match inbound.query.value("$skiptoken") {
            None => FROM_THE_TOP,
            Some(token) => cursor(token)
                .ok_or_else(|| GraphError::bad_request("The $skiptoken is not valid."))?,
        };
        let expand = inbound.query.value("$expand");
        if expand.is_some_and(|expand| expand != "replies") {
            return Err(GraphError::bad_request(
                "Only 'replies' can be expanded here.",
            ));
        }
        let mut options = Self {
            top,
            before,
            expands_replies: expand.is_some(),
            after_ms: None,
            before_ms: None,
            order: inbound.query.value("$orderby").map(str::to_owned),
            filter: inbound.query.value("$filter").map(str::to_owned),
        };
        options.narrow()?;
        Ok(options)
    }

    /// Applies `$filter`, which counts only when `$orderby` names the same property.
    fn narrow(&mut self) -> Result<(), GraphError> {
        const ORDERS: [&str; 2] = ["lastModifiedDateTime desc", "createdDateTime desc"];
        let order = self.order.as_deref();
        if order.is_some_and(|order| !ORDERS.contains(&order)) {
            let message = "$orderby takes lastModifiedDateTime desc or createdDateTime desc.";
            return Err(GraphError::bad_request(message));
        }
        let (Some(order), Some(filter)) = (order, &self.filter) else {
            return Ok(());
        };
        let invalid = || GraphError::bad_request("The $filter is not supported.");
        for term in filter.split(" and ") {
            let words: Vec<&str> = term.split_whitespace().collect();
            let [property, operator, time] = words.as_slice() else {
                return Err(invalid());
            };
            let time = clock::parse_rfc3339(time).ok_or_else(invalid)?;
            match (*property, *operator) {
                (property, _) if !order.starts_with(property) => return Err(invalid()),
                ("lastModifiedDateTime", "gt") => self.after_ms = Some(time),
                ("lastModifiedDateTime" | "createdDateTime", "lt") => self.before_ms = Some(time),
                _ => return Err(invalid()),
            }
        }
        Ok(())
    }

    /// Whether the filter admits a message of that time.
    pub(crate) fn admits(&self, ms: u64) -> bool {
        self.after_ms.is_none_or(|after| ms > after)
            && self.before_ms.is_none_or(|before| ms < before)
    }

    fn next_link(&self, base: &str, path: &str, next: (u64, u64)) -> String {
        let token = URL_SAFE_NO_PAD.encode(format!("{}.{}", next.0, next.1));
        let mut link = format!("{base}/{path}?$top={}&$skiptoken={token}", self.top);
        let escape = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        if self.expands_replies {
            link.push_str("&$expand=replies");
        }
        for (name, value) in [("$orderby", &self.order), ("$filter", &self.filter)] {
            if let Some(value) = value {
                link.push_str(&format!("&{name}={}", escape(value)));
            }
        }
        link
    }
}

fn cursor(token: &str) -> Option<(u64, u64)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (activity, id) = text.split_once('.')?;
    Some((activity.parse().ok()?, id.parse().ok()?))
}

/// The body of a page. `context` and `path` follow the base URL.
pub(crate) fn body(options: &Options, base: &str, context: &str, path: &str, page: &Page) -> Bytes {
    let (listed, next) = page;
    let mut head = json!({
        "@odata.context": format!("{base}/$metadata#{context}"),
        "@odata.count": listed.len(),
    });
    if let Some(next) = next {
        head["@odata.nextLink"] = json!(options.next_link(base, path, *next));
    }
    let mut body = head.to_string().into_bytes();
    body.pop();
    body.extend_from_slice(b",\"value\":[");
    for (i, message) in listed.iter().enumerate() {
        separate(&mut body, i);
        if !options.expands_replies {
            body.extend_from_slice(&message.rendered);
            continue;
        }
        body.extend_from_slice(&message.rendered[..message.rendered.len().saturating_sub(1)]);
        body.extend_from_slice(b",\"replies\":[");
        for (i, reply) in message.replies.iter().enumerate() {
            separate(&mut body, i);
            body.extend_from_slice(reply);
        }
        body.extend_from_slice(b"]}");
    }
    body.extend_from_slice(b"]}");
    body.into()
}

fn separate(body: &mut Vec<u8>, index: usize) {
    if index > 0 {
        body.push(b',');
    }
}
