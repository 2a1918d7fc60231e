//! A stored chatMessage in the service's canonical shape.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    services::graph::{
        caller::Caller,
        messages::{
            emoji,
            markup::{escape, unescape, without_other_mentions},
            store::Hosted,
            template::BASE,
            validate::Draft,
        },
        place::{Place, encoded},
    },
    wire::clock,
};

/// Place and sender of a message.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) place: &'a Place,
    /// The channel message that is replied to.
    pub(crate) root: Option<u64>,
    pub(crate) caller: &'a Caller,
}

/// The message of id `id`, without its `@odata.context`, and its hosted contents.
pub(crate) fn message(setting: &Setting<'_>, draft: Draft, id: u64) -> (Value, Vec<Hosted>) {
    let mut message = empty(setting.place, setting.root, setting.tenant, id);
    message["from"] = json!({"application": null, "device": null, "user": user(setting)});
    message["importance"] = json!(draft.importance);
    if setting.place.is_channel() {
        message["subject"] = draft.subject.clone();
        message["summary"] = draft.summary.clone();
    }
    let path = message_path(setting.place, setting.root, id);
    let hosted = fill(&mut message, &path, id, draft);
    (message, hosted)
}

/// Writes what a draft says into a message: its body, attachments and mentions. `path` is the
/// message's, `stamp` makes the ids of hosted contents; returns these.
pub(crate) fn fill(message: &mut Value, path: &str, stamp: u64, draft: Draft) -> Vec<Hosted> {
    let names = |i: usize, is_in_body: bool| hosted_id(stamp, i, is_in_body);
    let in_body = |temporary: &str| draft.content.contains(&reference(temporary));
    let hosted: Vec<(String, Hosted)> = draft
        .hosted
        .into_iter()
        .enumerate()
        .map(|(i, upload)| {
            let id = names(i, in_body(&upload.temporary_id));
            let content_type = upload.content_type;
            let content = upload.content;
            (
                upload.temporary_id,
                Hosted {
                    id,
                    content_type,
                    content,
                },
            )
        })
        .collect();
    let absolute = |text: &str| {
        let mut text = text.to_owned();
        for (temporary, hosted) in &hosted {
            let link = format!("{BASE}/{path}/hostedContents/{}/$value", hosted.id);
            text = text.replace(&reference(temporary), &link);
        }
        text
    };
    let mentioned = draft
        .mentions
        .iter()
        .map(|mention| mention["id"].to_string());
    let mentioned: Vec<String> = mentioned.collect();
    let known = || without_other_mentions(&draft.content, &mentioned);
    let content = match draft.content_type {
        "html" if draft.is_quote => absolute(&emoji::named(&known())),
        "html" => absolute(&emoji::named(&without_newlines(&known()))),
        _ => absolute(&draft.content),
    };
    let mut attachments = draft.attachments;
    for attachment in &mut attachments {
        if let Some(content) = attachment["content"].as_str().map(&absolute) {
            attachment["content"] = content.into();
        }
    }
    message["body"] = json!({"contentType": draft.content_type, "content": content});
    message["attachments"] = attachments.into();
    message["mentions"] = draft.mentions.into();
    hosted.into_iter().map(|(_, hosted)| hosted).collect()
}

/// A message without sender and text, made at `id`.
pub(crate) fn empty(place: &Place, root: Option<u64>, tenant: &str, id: u64) -> Value {
    let created = clock::rfc3339_trimmed(id);
    let (web_url, chat_id, identity) = where_it_is(place, root, tenant, id);
    json!({
        "id": id.to_string(),
        "replyToId": root.map(|root| root.to_string()),
        "etag": id.to_string(),
        "messageType": "message",
        "createdDateTime": created,
        "lastModifiedDateTime": created,
        "lastEditedDateTime": null,
        "deletedDateTime": null,
        "subject": null,
        "summary": null,
        "chatId": chat_id,
        "importance": "normal",
        "locale": "en-us",
        "webUrl": web_url,
        "policyViolation": null,
        "eventDetail": null,
        "from": null,
        "body": {"contentType": "text", "content": ""},
        "channelIdentity": identity,
        "attachments": [],
        "mentions": [],
        "reactions": [],
        "messageHistory": [],
    })
}

fn user(setting: &Setting<'_>) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.teamworkUserIdentity",
        "id": setting.caller.id,
        "displayName": setting.caller.display_name,
        "userIdentityType": "aadUser",
        "tenantId": setting.tenant,
    })
}

/// `webUrl`, `chatId` and `channelIdentity`.
fn where_it_is(place: &Place, root: Option<u64>, tenant: &str, id: u64) -> (Value, Value, Value) {
    match place {
        Place::Chat { chat } => (Value::Null, json!(chat), Value::Null),
        Place::Channel { team, channel } => {
            let parent = root.unwrap_or(id);
            let url = format!(
                "https://teams.microsoft.com/l/message/{}/{id}?groupId={team}&tenantId={tenant}\
                 &createdTime={id}&parentMessageId={parent}",
                encoded(channel)
            );
            (
                json!(url),
                Value::Null,
                json!({"teamId": team, "channelId": channel}),
            )
        }
    }
}

/// `teams/…/channels/…/messages/…[/replies/…]` or `chats/…/messages/…`.
pub(crate) fn message_path(place: &Place, root: Option<u64>, id: u64) -> String {
    let message = match root {
        Some(root) => format!("{root}/replies/{id}"),
        None => id.to_string(),
    };
    format!("{}/messages/{message}", place.path())
}

/// How a request refers to a hosted content that it brings.
fn reference(temporary_id: &str) -> String {
    format!("../hostedContents/{temporary_id}/$value")
}

/// The id of a hosted content, in the two forms that the service has: in a body and in a card.
fn hosted_id(stamp: u64, index: usize, is_in_body: bool) -> String {
    let object = format!("0-emu-d1-{stamp:016x}{index:016x}");
    let named = if is_in_body {
        format!("x_{object}")
    } else {
        String::new()
    };
    STANDARD.encode(format!(
        "id={named},type=1,url=https://us-api.asm.skype.com/v1/objects/{object}/views/imgo"
    ))
}

/// The service drops the line breaks of HTML.
fn without_newlines(html: &str) -> String {
    html.replace(['\r', '\n'], "")
}

/// Turns a draft into a quote of `quoted` messages (each as rendered).
pub(crate) fn quoting(mut draft: Draft, quoted: &[Value]) -> Draft {
    let mut content = String::from("<p></p>\n");
    for message in quoted {
        let id = message["id"].as_str().unwrap_or_default();
        content.push_str(&format!("<attachment id=\"{id}\"></attachment>\n"));
        let mut sender = message["from"].clone();
        if let Some(user) = sender.get_mut("user").and_then(Value::as_object_mut) {
            user.remove("@odata.type");
        }
        let reference = json!({
            "messageId": id,
            "messagePreview": preview(message),
            "messageSender": sender,
        });
        draft.attachments.push(json!({
            "id": id,
            "contentType": "messageReference",
            "contentUrl": null,
            "content": reference.to_string(),
            "name": null,
            "thumbnailUrl": null,
            "teamsAppId": null,
        }));
    }
    content.push_str(&match draft.content_type {
        "html" => without_newlines(&draft.content),
        _ => escape(&draft.content),
    });
    content.push_str("\n<p></p>");
    draft.is_quote = true;
    draft.content_type = "html";
    draft.content = content;
    draft
}

/// The text of a message without tags.
fn preview(message: &Value) -> String {
    let content = message["body"]["content"].as_str().unwrap_or_default();
    if message["body"]["contentType"] != "html" {
        return content.to_owned();
    }
    let mut text = String::new();
    let mut is_tag = false;
    for c in content.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    unescape(&text)
}
