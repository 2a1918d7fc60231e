//! What became of a send in doubt: the own user's message with the same content is looked for.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, ConversationId, Error, ErrorKind, InDoubt, MessageId, Receipt, Result,
    SendRequest, Settle, Settled, Target, TokenRequest,
};
use ms_messenger_http::Call;
use serde::Deserialize;

use crate::{
    ChatMessage, GraphChatClient, client::segment, delegated::own_user, error::PLATFORM,
    messenger::native, models::BodyType,
};

/// How far the clocks of this machine and of the service may be apart.
const SKEW: Duration = Duration::from_secs(120);
/// So little do they differ ordinarily: an equal message from before that is somebody else's.
const MARGIN: Duration = Duration::from_secs(2);
/// The most pages of 50 messages that are looked through.
const MAX_PAGES: usize = 5;

/// Reads the newest messages of the chat, the channel or the answers, and looks for one by the
/// own user (the `oid` of the token) with the same visible content, created since the attempt.
///
/// Its limits: it needs a permission to read (ChatMessage.Read, ChannelMessage.Read.All), else
/// `CannotTell`; two messages with the same text, or one from just before the attempt, are
/// `CannotTell`; the service rewrites HTML, so an own message that merely differs is
/// `CannotTell` too; what has no visible text is not looked for. It relies on the clock of this
/// machine being right. A message that the service stores only after it was asked is not found:
/// give a request that timed out a moment before settling it.
#[async_trait]
impl Settle for GraphChatClient {
    async fn settle(&self, request: &SendRequest, attempt: &InDoubt) -> Settled {
        match self.look(request, attempt.began_at).await {
            Ok(Some(receipt)) => Settled::Found(receipt),
            Ok(None) => Settled::NotFound,
            Err(error) => Settled::CannotTell(error),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    value: Vec<ChatMessage>,
    #[serde(default, rename = "@odata.nextLink")]
    next_link: Option<String>,
}

/// What is looked for.
struct Wanted {
    own: String,
    text: String,
    /// Whether the service may have rewritten it.
    is_rewritten: bool,
    began_at: SystemTime,
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    equal: Vec<(MessageId, Option<SystemTime>)>,
    /// Equal, but from before the attempt by the clock of this machine.
    is_ambiguous: bool,
    /// Own messages of the time with another content.
    has_others: bool,
}

impl GraphChatClient {
    async fn look(&self, request: &SendRequest, began_at: SystemTime) -> Result<Option<Receipt>> {
        let message = native(&request.message)?;
        let html = message.body.content_type == BodyType::Html;
        let wanted = Wanted {
            own: self.own_user().await?,
            text: match html {
                true => visible(&message.body.content),
                false => collapsed(&message.body.content),
            },
            is_rewritten: html || request.reply_to.is_some(),
            began_at,
        };
        if wanted.text.is_empty() {
            return Err(cannot(
                "a message without visible text is not told from others",
            ));
        }
        let (mut path, conversation) = self.place(request).await?;
        let mut seen = Seen::default();
        for _ in 0..MAX_PAGES {
            let page: Page = self
                .pipeline()
                .call(Call::get("list", path))
                .await?
                .json()?;
            let is_old = !page
                .value
                .iter()
                .fold(false, |new, message| seen.take(&wanted, message) | new);
            match page.next_link.filter(|link| !link.is_empty() && !is_old) {
                Some(link) => path = self.pipeline().endpoint().follow_path(&link)?,
                None => return seen.verdict(&wanted, conversation),
            }
        }
        Err(cannot(
            "there are too many messages since the attempt to look through",
        ))
    }

    /// Where the message would be listed.
    async fn place(&self, request: &SendRequest) -> Result<(String, ConversationId)> {
        let chat = |id: &ConversationId| {
            (
                format!("/chats/{}/messages?$top=50", segment(id.as_str())),
                id.clone(),
            )
        };
        Ok(match &request.to {
            Target::Conversation(id) => chat(id),
            Target::Channel { team, channel } => {
                let (team, id) = (segment(team.as_str()), segment(channel.as_str()));
                let messages = format!("/teams/{team}/channels/{id}/messages");
                let path = match &request.reply_to {
                    Some(to) => format!("{messages}/{}/replies?$top=50", segment(to.as_str())),
                    None => format!("{messages}?$top=50"),
                };
                (path, ConversationId::new(channel.as_str()))
            }
            Target::Person(Address::User(other)) => {
                let own = self
                    .one_on_one()
                    .ok_or_else(|| cannot("the own user is not known"))?;
                chat(self.one_on_one_chat(own, other).await?.id())
            }
            _ => return Err(cannot("no such message is sent")),
        })
    }

    /// The own user, as the token says.
    async fn own_user(&self) -> Result<String> {
        let (provider, scopes) = self.token();
        let token = provider.token(&TokenRequest::new(scopes)).await?;
        own_user(token.secret()).ok_or_else(|| cannot("the token does not tell its user"))
    }
}

impl Seen {
    /// Looks at a message and answers whether it is of the time of the attempt or later.
    fn take(&mut self, wanted: &Wanted, message: &ChatMessage) -> bool {
        let time =
            |t: &Option<crate::models::Timestamp>| t.as_ref().and_then(|t| t.to_system_time());
        let created = time(&message.created_date_time);
        let since = wanted.began_at.checked_sub(SKEW);
        let is_new = |t: Option<SystemTime>| t.is_none_or(|t| since.is_none_or(|since| t >= since));
        let modified = time(&message.last_modified_date_time).or(created);
        let user = message.from.as_ref().and_then(|from| from.user.as_ref());
        let is_own = user.is_some_and(|user| user.id.as_deref() == Some(wanted.own.as_str()));
        if is_own && is_new(created) && message.deleted_date_time.is_none() {
            self.compare(wanted, message, created);
        }
        is_new(modified)
    }

    fn compare(&mut self, wanted: &Wanted, message: &ChatMessage, created: Option<SystemTime>) {
        let Some(body) = &message.body else { return };
        let content = body.content.as_deref().unwrap_or_default();
        let text = match body.content_type {
            Some(BodyType::Html) => visible(content),
            _ => collapsed(content),
        };
        if text != wanted.text {
            self.has_others = true;
        } else if created.is_some_and(|t| t + MARGIN < wanted.began_at) {
            self.is_ambiguous = true;
        } else if let Some(id) = &message.id {
            self.equal.push((MessageId::new(id.as_str()), created));
        }
    }

    fn verdict(mut self, wanted: &Wanted, conversation: ConversationId) -> Result<Option<Receipt>> {
        match (self.equal.pop(), self.equal.is_empty(), self.is_ambiguous) {
            (Some((id, created)), true, false) => {
                let mut receipt = Receipt::new(Acceptance::Posted)
                    .with_message_id(id)
                    .with_conversation(conversation);
                receipt.accepted_at = created;
                Ok(Some(receipt))
            }
            (None, _, false) if !(wanted.is_rewritten && self.has_others) => Ok(None),
            (None, _, false) => Err(cannot(
                "an own message of the time differs, perhaps rewritten",
            )),
            _ => Err(cannot("several own messages have the same text")),
        }
    }
}

fn cannot(why: &'static str) -> Error {
    Error::new(ErrorKind::Other, why).with_platform(PLATFORM)
}

/// The text of HTML as it is seen, as far as a comparison needs it: without tags, the common
/// character references undone, white space collapsed.
fn visible(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        text.push(' ');
        rest = rest[open..]
            .find('>')
            .map_or("", |end| &rest[open + end + 1..]);
    }
    text.push_str(rest);
    for (reference, character) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        if text.contains('&') {
            text = text.replace(reference, character);
        }
    }
    collapsed(&text)
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewriting_of_markup_does_not_change_what_is_seen() {
        assert_eq!(
            visible("<p>Hello <b>all</b>&nbsp;&amp; more</p>"),
            "Hello all & more"
        );
        assert_eq!(
            visible("<div>\n<p>Hello  <strong>all</strong> &amp;amp; more"),
            "Hello all &amp; more"
        );
        assert_eq!(visible("a < b"), "a");
    }
}
