//! What became of a send in doubt: the message is looked for by its mark, or by everything that
//! can be compared.

mod list;
pub(crate) mod visible;

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Acceptance, ClockOffset, ConversationId, Error, ErrorKind, Evidence, MarkKind, MessageId,
    Receipt, Result, SendRequest, Settled, TokenRequest, Window,
};

use self::{list::Place, visible::Visible};
use crate::{
    ChatMessage, GraphChatClient, NewChatMessage,
    delegated::own_user,
    error::PLATFORM,
    messenger::native,
    models::BodyType,
    sends::{Content, Rivals},
};

/// Another send of the same content is asked about again after this time.
const RIVAL_PAUSE: Duration = Duration::from_secs(1);

/// What is looked for.
struct Wanted {
    message: NewChatMessage,
    /// The id of an attachment that this message alone has.
    mark: Option<String>,
    /// The ids of the attachments that other messages may have too.
    attachments: Vec<String>,
    /// The own user; not needed where there is a mark.
    own: Option<String>,
    /// Whether the service may have rewritten the content.
    is_rewritten: bool,
    window: Option<Window>,
    rivals: Rivals,
}

/// How one listed message compares.
enum Match {
    /// It is the message, if no other is.
    Equal,
    /// It could be the message, changed or from a moment that the clocks leave open.
    Perhaps,
    /// It is another message.
    No,
}

/// What was seen in the list.
#[derive(Default)]
struct Seen {
    equal: Vec<(MessageId, Option<SystemTime>)>,
    is_ambiguous: bool,
}

impl GraphChatClient {
    /// The body of [`Messenger::settle`](ms_messenger_core::Messenger::settle).
    pub(crate) async fn look(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        match self.try_look(request, evidence).await {
            Ok(settled) => settled,
            Err(error) => Settled::CannotTell(error),
        }
    }

    async fn try_look(&self, request: &SendRequest, evidence: &Evidence) -> Result<Settled> {
        evidence.check_platform(PLATFORM)?;
        let message = native(&request.message)?;
        let mark = evidence.mark_of(&MarkKind::AttachmentId).map(str::to_owned);
        let ids = message.attachments.iter().filter_map(|it| it.id.clone());
        let own = if mark.is_some() {
            None
        } else {
            Some(self.own_user().await?)
        };
        let place = Place::of(self, request).await?;
        let content = Content::of(&place.path, &message);
        let is_sender = self.sends().is_sender(evidence);
        let looked_at = SystemTime::now();
        let listed = self.list(&place, evidence, is_sender).await?;
        // Receipts of the other sends come in meanwhile: what is claimed is asked for last.
        let clock = self.pipeline().service_clock();
        let mut wanted = Wanted {
            mark,
            attachments: ids.collect(),
            own,
            is_rewritten: message.body.content_type == BodyType::Html || request.reply_to.is_some(),
            window: evidence.window(clock, is_sender),
            rivals: self.sends().rivals(content, evidence),
            message,
        };
        if wanted.mark.is_some() {
            wanted.attachments.clear();
        } else if wanted.is_invisible() {
            return Err(cannot(
                "a message without visible text is not told from others",
            ));
        }
        let mut seen = Seen::default();
        for message in &listed.messages {
            seen.take(&wanted, message);
        }
        let is_recognised = wanted.mark.is_some() && seen.equal.len() == 1;
        if !listed.is_whole && !is_recognised {
            return Err(cannot(
                "there are too many messages since the send to look through",
            ));
        }
        let has_twins = evidence.has_twins && !is_sender;
        let settled = match wanted.verdict(&seen, place.conversation, has_twins)? {
            Some(settled) => settled,
            None if wanted.window.is_none() => {
                return Err(cannot("no response of the service shows its clock"));
            }
            None => absent(evidence, clock, is_sender, looked_at)?,
        };
        match &settled {
            Settled::Found(receipt) => {
                let id = receipt.message_id.as_ref().map(MessageId::as_str);
                self.sends().settled(content, evidence, id);
            }
            Settled::NotFound => self.sends().settled(content, evidence, None),
            _ => {}
        }
        Ok(settled)
    }

    /// The own user, as the token says.
    async fn own_user(&self) -> Result<String> {
        let (provider, scopes) = self.token();
        let token = provider.token(&TokenRequest::new(scopes)).await?;
        own_user(token.secret()).ok_or_else(|| cannot("the token does not say which user it is of"))
    }
}

/// The verdict on a message that a whole look did not find.
fn absent(
    evidence: &Evidence,
    clock: Option<ClockOffset>,
    is_sender: bool,
    looked_at: SystemTime,
) -> Result<Settled> {
    let Some(from) = evidence.conclusive_from(clock) else {
        return Err(cannot(
            "the evidence does not say until when the send can take effect",
        ));
    };
    if looked_at >= from {
        Ok(Settled::NotFound)
    } else {
        Ok(Settled::NotYet(from))
    }
}

impl Wanted {
    fn is_invisible(&self) -> bool {
        let body = &self.message.body;
        self.attachments.is_empty()
            && Visible::new(&body.content, &body.content_type)
                .next()
                .is_none()
    }

    fn compare(&self, listed: &ChatMessage) -> Match {
        if listed.id.as_deref().is_some_and(|id| self.rivals.claim(id)) {
            return Match::No;
        }
        let is_changed =
            listed.deleted_date_time.is_some() || listed.last_edited_date_time.is_some();
        match &self.mark {
            Some(mark) if has_attachment(listed, mark) => Match::Equal,
            // A deleted message has lost its attachments, an edited one may have.
            Some(_) => self.perhaps_within(is_changed, listed),
            None => self.compare_content(listed, is_changed),
        }
    }

    fn compare_content(&self, listed: &ChatMessage, is_changed: bool) -> Match {
        let user = listed.from.as_ref().and_then(|from| from.user.as_ref());
        match user.and_then(|user| user.id.as_deref()) {
            Some(id) if self.own.as_deref() == Some(id) => {}
            // Whose it was, a deleted message may not say.
            None => return self.perhaps_within(listed.deleted_date_time.is_some(), listed),
            Some(_) => return Match::No,
        }
        let has_all = self.attachments.iter().all(|id| has_attachment(listed, id));
        let is_equal = has_all && !is_changed && self.has_equal_text(listed);
        let looks_alike = is_equal || is_changed || (self.is_rewritten && is_html(listed));
        match (self.within(listed), is_equal) {
            (Some(true), true) => Match::Equal,
            (Some(false), _) => Match::No,
            _ if looks_alike => Match::Perhaps,
            _ => Match::No,
        }
    }

    fn has_equal_text(&self, listed: &ChatMessage) -> bool {
        let Some(body) = &listed.body else {
            return false;
        };
        let content = body.content.as_deref().unwrap_or_default();
        let content_type = body.content_type.as_ref().unwrap_or(&BodyType::Text);
        let own = &self.message.body;
        Visible::new(content, content_type).eq(Visible::new(&own.content, &own.content_type))
    }

    /// Whether a message lies in the window; `None` where the clocks leave it open.
    fn within(&self, listed: &ChatMessage) -> Option<bool> {
        let created = listed.created_date_time.as_ref()?.to_system_time()?;
        self.window?.contains(created)
    }

    fn perhaps_within(&self, looks_alike: bool, listed: &ChatMessage) -> Match {
        if looks_alike && self.within(listed) != Some(false) {
            Match::Perhaps
        } else {
            Match::No
        }
    }

    /// The message if it was found, nothing if no listed message can be it.
    fn verdict(
        &self,
        seen: &Seen,
        conversation: ConversationId,
        has_twins: bool,
    ) -> Result<Option<Settled>> {
        let [(id, created)] = seen.equal.as_slice() else {
            if !seen.equal.is_empty() {
                return Err(cannot(
                    "several own messages of the time have the same content",
                ));
            }
            if seen.is_ambiguous {
                return Err(cannot(
                    "a message of about that time may be it, changed since or of another send",
                ));
            }
            return Ok(None);
        };
        if self.mark.is_none() {
            if self.rivals.is_under_way {
                return Ok(Some(Settled::NotYet(SystemTime::now() + RIVAL_PAUSE)));
            }
            self.alone(seen, has_twins)?;
        }
        let mut receipt = Receipt::new(Acceptance::Posted)
            .with_message_id(id.clone())
            .with_conversation(conversation);
        receipt.accepted_at = *created;
        Ok(Some(Settled::Found(receipt)))
    }

    /// Whether nothing else accounts for the one message of equal content.
    fn alone(&self, seen: &Seen, has_twins: bool) -> Result<()> {
        if self.rivals.is_in_doubt || has_twins {
            return Err(cannot("another send of the same content is in doubt too"));
        }
        if self.rivals.is_forgotten {
            return Err(cannot(
                "too much was sent since to tell this message from the others",
            ));
        }
        if seen.is_ambiguous {
            return Err(cannot("several own messages may be it"));
        }
        Ok(())
    }
}

impl Seen {
    fn take(&mut self, wanted: &Wanted, listed: &ChatMessage) {
        match (wanted.compare(listed), &listed.id) {
            (Match::Equal, Some(id)) => {
                let id = MessageId::new(id.as_str());
                let created = listed.created_date_time.as_ref();
                // A page may show again what moved while it was read.
                if self.equal.iter().all(|(other, _)| *other != id) {
                    self.equal
                        .push((id, created.and_then(|it| it.to_system_time())));
                }
            }
            (Match::Equal, None) | (Match::Perhaps, _) => self.is_ambiguous = true,
            (Match::No, _) => {}
        }
    }
}

fn is_html(listed: &ChatMessage) -> bool {
    let body = listed.body.as_ref();
    body.is_some_and(|body| body.content_type == Some(BodyType::Html))
}

fn has_attachment(listed: &ChatMessage, id: &str) -> bool {
    let ids = listed.attachments.iter().filter_map(|it| it.id.as_deref());
    ids.into_iter().any(|it| it.eq_ignore_ascii_case(id))
}

fn cannot(why: &'static str) -> Error {
    Error::new(ErrorKind::Other, why).with_platform(PLATFORM)
}
