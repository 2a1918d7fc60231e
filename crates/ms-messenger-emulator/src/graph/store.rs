//! Channels and chats with their messages, and how a message looks when it is read.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::error::GraphError;
use super::validate::Draft;
use super::{Caller, place_id};
use crate::clock::{self, IdClock};
use crate::inbound::Inbound;
use crate::router::Place;
use crate::shared::Shared;
use crate::world::World;

const DEFAULT_PAGE: usize = 20;
const MAX_PAGE: usize = 50;

/// All channels and chats.
#[derive(Debug, Default)]
pub(crate) struct Store {
    threads: HashMap<Place, Thread>,
}

#[derive(Debug, Default)]
struct Thread {
    clock: IdClock,
    messages: BTreeMap<u64, Value>,
}

impl Store {
    /// The seeded channel and the seeded chat, empty.
    pub(crate) fn new(world: &World) -> Self {
        let mut store = Self::default();
        store.open(&Place::Channel {
            team: world.graph.team_id.clone(),
            channel: world.graph.channel_id.clone(),
        });
        store.open(&Place::Chat {
            chat: world.graph.chat_id.clone(),
        });
        store
    }

    /// Makes a place, unless it is there.
    pub(super) fn open(&mut self, place: &Place) {
        self.threads.entry(place.clone()).or_default();
    }

    /// Refuses, in strict mode, an unknown place.
    pub(super) fn admit(&self, shared: &Shared, place: &Place) -> Result<(), GraphError> {
        if shared.settings.is_strict && !self.threads.contains_key(place) {
            return Err(GraphError::not_found("The conversation does not exist."));
        }
        Ok(())
    }

    /// The id of the next message: a millisecond that no other message of the place has.
    pub(super) fn next_id(&mut self, place: &Place) -> u64 {
        let thread = self.threads.entry(place.clone()).or_default();
        thread.clock.next(clock::now_ms())
    }

    pub(super) fn insert(&mut self, place: &Place, root: Option<&str>, id: u64, message: Value) {
        debug_assert!(root.is_none() || message["replyToId"].is_string());
        let thread = self.threads.entry(place.clone()).or_default();
        thread.messages.insert(id, message);
    }

    /// The message with that id, which must be there.
    pub(super) fn require(&self, place: &Place, id: &str) -> Result<Value, GraphError> {
        let thread = self.threads.get(place);
        let found = thread.and_then(|thread| thread.messages.get(&id.parse().ok()?));
        found
            .cloned()
            .ok_or_else(|| GraphError::not_found("The message does not exist."))
    }

    /// A reply to `root`, which must be there.
    pub(super) fn reply(&self, place: &Place, root: &str, id: &str) -> Result<Value, GraphError> {
        let message = self.require(place, id)?;
        if message["replyToId"] == root {
            return Ok(message);
        }
        Err(GraphError::not_found("The message does not exist."))
    }

    /// A page, newest first: roots of a channel or messages of a chat, or the replies to `root`.
    pub(super) fn list(
        &self,
        place: &Place,
        root: Option<&str>,
        inbound: &Inbound,
    ) -> Result<Value, GraphError> {
        let top = match inbound.query.value("$top").map(str::parse::<usize>) {
            None => DEFAULT_PAGE,
            Some(Ok(top)) if (1..=MAX_PAGE).contains(&top) => top,
            Some(_) => return Err(GraphError::bad_request("The limit of $top is 50.")),
        };
        let before = match inbound.query.value("$skiptoken").map(str::parse::<u64>) {
            None => u64::MAX,
            Some(Ok(before)) => before,
            Some(Err(_)) => return Err(GraphError::bad_request("The $skiptoken is not valid.")),
        };
        let root = root.map_or(Value::Null, Value::from);
        let mut items: Vec<&Value> = Vec::new();
        let mut last = None;
        let mut has_more = false;
        for (id, message) in self
            .threads
            .get(place)
            .into_iter()
            .flat_map(|t| t.messages.range(..before).rev())
        {
            if message["replyToId"] != root {
                continue;
            }
            if items.len() == top {
                has_more = true;
                break;
            }
            items.push(message);
            last = Some(*id);
        }
        let mut page = json!({"@odata.count": items.len(), "value": items});
        if let (true, Some(last)) = (has_more, last) {
            let link = format!(
                "{}{}?$top={top}&$skiptoken={last}",
                inbound.origin(),
                inbound.path()
            );
            page["@odata.nextLink"] = Value::from(link);
        }
        Ok(page)
    }
}

/// A message as the service shows it: absent members filled in, pictures given addresses.
pub(super) fn render(
    draft: &Draft,
    place: &Place,
    root: Option<&str>,
    caller: &Caller,
    id: u64,
    origin: &str,
) -> Value {
    let now = clock::rfc3339_trimmed(id);
    let id = id.to_string();
    let (chat, channel, web_url, path) = match place {
        Place::Channel { team, channel } => {
            let encoded = channel.replace(':', "%3A").replace('@', "%40");
            let parent = root.unwrap_or(&id);
            let url = format!(
                "https://teams.microsoft.com/l/message/{encoded}/{id}?groupId={team}&tenantId={}&createdTime={id}&parentMessageId={parent}",
                caller.tenant
            );
            let path = format!("teams/{team}/channels/{channel}");
            let identity = json!({"teamId": team, "channelId": channel});
            (Value::Null, identity, Value::from(url), path)
        }
        Place::Chat { chat } => (
            Value::from(place_id(place)),
            Value::Null,
            Value::Null,
            format!("chats/{chat}"),
        ),
    };
    let messages = match root {
        Some(root) => format!("{origin}/v1.0/{path}/messages/{root}/replies/{id}"),
        None => format!("{origin}/v1.0/{path}/messages/{id}"),
    };
    let absolute =
        |text: &str| text.replace("../hostedContents/", &format!("{messages}/hostedContents/"));
    let attachments: Vec<Value> = draft
        .attachments
        .iter()
        .map(|a| attachment(a, &absolute))
        .collect();
    let mentions: Vec<Value> = draft.mentions.iter().map(mention).collect();
    json!({
        "id": id,
        "replyToId": root,
        "etag": id,
        "messageType": "message",
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "lastEditedDateTime": null,
        "deletedDateTime": null,
        "subject": draft.subject,
        "summary": draft.summary,
        "chatId": chat,
        "importance": draft.importance,
        "locale": "en-us",
        "webUrl": web_url,
        "channelIdentity": channel,
        "policyViolation": null,
        "eventDetail": null,
        "from": {
            "application": null,
            "device": null,
            "user": {
                "@odata.type": "#microsoft.graph.teamworkUserIdentity",
                "id": caller.id,
                "displayName": caller.name,
                "userIdentityType": "aadUser",
                "tenantId": caller.tenant,
            },
        },
        "body": {"contentType": draft.content_type, "content": absolute(&draft.rendered)},
        "attachments": attachments,
        "mentions": mentions,
        "reactions": [],
        "messageHistory": [],
    })
}

fn attachment(sent: &Value, absolute: &impl Fn(&str) -> String) -> Value {
    let member = |name: &str| sent.get(name).cloned().unwrap_or_default();
    let content = sent.get("content").and_then(Value::as_str).map(absolute);
    json!({
        "id": member("id"),
        "contentType": member("contentType"),
        "contentUrl": member("contentUrl"),
        "content": content,
        "name": member("name"),
        "thumbnailUrl": member("thumbnailUrl"),
        "teamsAppId": member("teamsAppId"),
    })
}

fn mention(sent: &Value) -> Value {
    let who = |name: &str| sent["mentioned"].get(name).cloned().unwrap_or_default();
    json!({
        "id": sent["id"],
        "mentionText": sent["mentionText"],
        "mentioned": {
            "application": who("application"),
            "device": who("device"),
            "user": who("user"),
            "conversation": who("conversation"),
            "tag": who("tag"),
        },
    })
}
