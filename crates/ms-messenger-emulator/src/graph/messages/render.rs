//! A stored chatMessage in the service's canonical shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clock;
use crate::graph::auth::Caller;
use crate::graph::messages::markup::escape;
use crate::graph::messages::validate::Draft;
use crate::graph::place::{Place, encoded};

/// Where and by whom a message is sent.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    /// `http://HOST/v1.0`.
    pub(crate) base: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) place: &'a Place,
    /// The channel message that is replied to.
    pub(crate) root: Option<u64>,
    pub(crate) caller: &'a Caller,
}

/// The message of id `id`, without its `@odata.context`.
pub(crate) fn message(setting: &Setting<'_>, draft: &Draft, id: u64) -> Value {
    let created = clock::rfc3339_trimmed(id);
    let (web_url, chat_id, identity) = where_it_is(setting, id);
    let is_channel = chat_id.is_null();
    let in_channel = |value: &Value| {
        if is_channel {
            value.clone()
        } else {
            Value::Null
        }
    };
    let hosted = |text: &str| absolute_sources(setting, draft, id, text);
    let content = match draft.content_type {
        "html" if draft.is_quote => hosted(&draft.content),
        "html" => hosted(&without_newlines(&draft.content)),
        _ => draft.content.clone(),
    };
    let mut attachments = draft.attachments.clone();
    for attachment in &mut attachments {
        if let Some(content) = attachment["content"].as_str().map(&hosted) {
            attachment["content"] = content.into();
        }
    }
    json!({
        "id": id.to_string(),
        "replyToId": setting.root.map(|root| root.to_string()),
        "etag": id.to_string(),
        "messageType": "message",
        "createdDateTime": created,
        "lastModifiedDateTime": created,
        "lastEditedDateTime": null,
        "deletedDateTime": null,
        "subject": in_channel(&draft.subject),
        "summary": in_channel(&draft.summary),
        "chatId": chat_id,
        "importance": draft.importance,
        "locale": "en-us",
        "webUrl": web_url,
        "policyViolation": null,
        "eventDetail": null,
        "from": {"application": null, "device": null, "user": user(setting)},
        "body": {"contentType": draft.content_type, "content": content},
        "channelIdentity": identity,
        "attachments": attachments,
        "mentions": draft.mentions,
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
fn where_it_is(setting: &Setting<'_>, id: u64) -> (Value, Value, Value) {
    match setting.place {
        Place::Chat { chat } => (Value::Null, json!(chat), Value::Null),
        Place::Channel { team, channel } => {
            let (tenant, parent) = (setting.tenant, setting.root.unwrap_or(id));
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

/// Rewrites `../hostedContents/K/$value` to the absolute address of the stored content.
fn absolute_sources(setting: &Setting<'_>, draft: &Draft, id: u64, text: &str) -> String {
    let mut text = text.to_owned();
    for (i, temporary) in draft.hosted.iter().enumerate() {
        let object = format!("0-emu-d1-{id:016x}{i:016x}");
        let hosted = STANDARD.encode(format!(
            "id=x_{object},type=1,url=https://us-api.asm.skype.com/v1/objects/{object}/views/imgo"
        ));
        let message = match setting.root {
            Some(root) => format!("{root}/replies/{id}"),
            None => id.to_string(),
        };
        let (base, place) = (setting.base, setting.place.path());
        let absolute = format!("{base}/{place}/messages/{message}/hostedContents/{hosted}/$value");
        text = text.replace(&format!("../hostedContents/{temporary}/$value"), &absolute);
    }
    text
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
        let reference = json!({
            "messageId": id,
            "messagePreview": preview(message),
            "messageSender": message["from"],
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
    crate::graph::messages::markup::unescape(&text)
}
