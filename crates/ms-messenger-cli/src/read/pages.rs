//! The newest messages of a place.

use std::time::SystemTime;

use ms_messenger::{
    Result,
    http::{Pages, encode_path_segment},
    msgraph_chat::{MessageQuery, Method, models::ChatMessage},
    rfc3339,
};
use serde_json::Value;

use super::item::Item;
use crate::{place::Place, text};

/// The most pages that are read.
const MOST_PAGES: usize = 200;

/// The messages that are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Since {
    /// Those that were created since then.
    Created(SystemTime),
    /// Those that were created, edited or deleted since then.
    Changed(SystemTime),
}

impl Since {
    pub(super) const fn time(self) -> SystemTime {
        match self {
            Self::Created(time) | Self::Changed(time) => time,
        }
    }

    /// Whether a message is wanted; one without a time is.
    pub(super) fn wants(self, item: &Item) -> bool {
        let (time, since) = match self {
            Self::Created(since) => (item.created_at(), since),
            Self::Changed(since) => (item.changed_at(), since),
        };
        time.is_none_or(|time| time >= since)
    }
}

/// Reads the newest messages, at most `count`; returns the oldest first. `root` is the message of a
/// channel whose replies are read, with itself.
///
/// # Errors
///
/// The error of the service.
pub(super) async fn last(
    place: &Place,
    root: Option<&str>,
    since: Option<Since>,
    count: usize,
) -> Result<Vec<Item>> {
    let start = since.map(Since::time);
    let (items, is_newest_first) = match place {
        Place::Channel(channel) => match (root, start) {
            (Some(root), _) => {
                let mut replies = of_graph(channel.replies(root), count).await?;
                replies.push(graph_item(&channel.message(root).get().await?)?);
                (replies, true)
            }
            (None, None) => (of_graph(channel.messages(), count).await?, true),
            (None, Some(since)) => {
                let query = MessageQuery::new().with_changed_after(since);
                let mut changes = channel.changes_with(&query).with_max_pages(MOST_PAGES);
                let mut items = Vec::new();
                while let Some(page) = changes.next_page().await? {
                    items.extend(page.iter().map(graph_item).collect::<Result<Vec<_>>>()?);
                }
                (items, false)
            }
        },
        Place::Chat(chat) => {
            let query = match start {
                Some(since) => MessageQuery::new().with_changed_after(since),
                None => MessageQuery::new(),
            };
            (of_graph(chat.messages_with(&query), count).await?, true)
        }
        Place::Thread(client, id) => {
            let path = format!(
                "/chat/threads/{}/messages",
                encode_path_segment(id.as_str())
            );
            let pages = client.request(Method::GET, with_start(path, start)).pages();
            (raw(pages, count).await?, true)
        }
        Place::Conversation(client, id) => {
            let id = encode_path_segment(id.as_str());
            let path = format!("/messages/conversations/{id}/messages");
            let pages = client.request(Method::GET, with_start(path, start)).pages();
            (raw(pages, count).await?, true)
        }
        Place::Peer(..) => (Vec::new(), true),
    };
    Ok(newest(items, is_newest_first, since, count))
}

/// Sorts by the time of creation and keeps the newest.
fn newest(
    mut items: Vec<Item>,
    is_newest_first: bool,
    since: Option<Since>,
    count: usize,
) -> Vec<Item> {
    if is_newest_first {
        items.reverse();
    }
    // Stable: what the service does not tell apart stays in its order.
    items.sort_by_key(Item::created_at);
    if let Some(since) = since {
        items.retain(|item| since.wants(item));
    }
    let extra = items.len().saturating_sub(count);
    items.split_off(extra)
}

fn with_start(path: String, since: Option<SystemTime>) -> String {
    let since = since.and_then(rfc3339);
    let since = since.map(|since| format!("&startTime={}", encode_path_segment(&since)));
    format!("{path}?maxPageSize=100{}", since.unwrap_or_default())
}

async fn of_graph(pages: Pages<ChatMessage>, count: usize) -> Result<Vec<Item>> {
    let mut pages = pages.with_max_pages(MOST_PAGES);
    let mut items = Vec::new();
    while items.len() < count {
        let Some(page) = pages.next_page().await? else {
            break;
        };
        for message in &page {
            items.push(graph_item(message)?);
        }
    }
    Ok(items)
}

async fn raw(pages: Pages<Value>, count: usize) -> Result<Vec<Item>> {
    let mut pages = pages.with_max_pages(MOST_PAGES);
    let mut items = Vec::new();
    while items.len() < count {
        let Some(page) = pages.next_page().await? else {
            break;
        };
        items.extend(page.into_iter().map(|raw| Item { raw }));
    }
    Ok(items)
}

pub(super) fn graph_item(message: &ChatMessage) -> Result<Item> {
    let raw = serde_json::to_value(message).map_err(|error| {
        let text = text::outcome::MESSAGE_WITHOUT_JSON;
        ms_messenger::Error::new(ms_messenger::ErrorKind::Other, text).with_source(error)
    })?;
    Ok(Item { raw })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_are_kept_and_the_oldest_comes_first() {
        let item = |id: &str, created: &str| Item {
            raw: json!({"id": id, "createdOn": created}),
        };
        let items = vec![
            item("4", "2026-01-04T00:00:00Z"),
            item("3", "2026-01-03T00:00:00Z"),
            item("2", "2026-01-03T00:00:00Z"),
            item("1", "2026-01-01T00:00:00Z"),
        ];
        let ids = |items: Vec<Item>| -> Vec<String> {
            items.iter().map(|item| item.id().to_owned()).collect()
        };
        assert_eq!(ids(newest(items.clone(), true, None, 3)), ["2", "3", "4"]);
        let since = humantime::parse_rfc3339("2026-01-03T12:00:00Z").unwrap();
        let edited = json!({"id": "1", "createdOn": "2026-01-01T00:00:00Z", "editedOn": "2026-01-05T00:00:00Z"});
        let items = [items, vec![Item { raw: edited }]].concat();
        let created = newest(items.clone(), true, Some(Since::Created(since)), 3);
        assert_eq!(ids(created), ["4"]);
        let changed = newest(items, true, Some(Since::Changed(since)), 3);
        assert_eq!(ids(changed), ["1", "4"]);
    }
}
