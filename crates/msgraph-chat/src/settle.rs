//! What became of a send in doubt: the message is looked for by its mark, or by everything that
//! can be compared.

mod compare;
mod list;

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Acceptance, ConversationId, Delivery, Evidence, MarkKind, MessageId, Receipt, Result,
    SendRequest, Settled, TokenRequest,
};

use self::{
    compare::{Match, Wanted},
    list::MessageList,
};
use crate::{
    client::GraphChatClient,
    delegated::own_user,
    error::{PLATFORM, cannot_tell as cannot},
    models::ChatMessage,
    native::native,
    sends::{Content, Text},
};

/// Another send of the same content is asked about again after this time.
const RIVAL_PAUSE: Duration = Duration::from_secs(1);

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
            // Whatever ended the look says nothing of the send.
            Err(error) => Settled::CannotTell(error.with_delivery(Delivery::Unknown)),
        }
    }

    async fn try_look(&self, request: &SendRequest, evidence: &Evidence) -> Result<Settled> {
        evidence.check_platform(PLATFORM)?;
        let place = MessageList::of(request, evidence)?;
        let (message, markup) = native(&request.message)?;
        let markup = markup.unwrap_or_else(|| message.markup());
        let content = Content::new(&place.path, Text::of(message.seen(&markup)));
        let is_sender = self.sends().is_sender(content, evidence);
        let mark = evidence.mark_of(&MarkKind::AttachmentId).map(str::to_owned);
        let own = match &mark {
            Some(_) => evidence.sender.clone(),
            None => Some(self.sender(evidence, is_sender).await?),
        };
        let looked_at = SystemTime::now();
        let listed = self.list(&place, evidence, is_sender).await?;
        // Receipts of the other sends come in meanwhile: what is claimed is asked for last.
        let clock = self.pipeline().service_clock();
        let window = evidence.window(clock, is_sender);
        let rivals = self.sends().rivals(content, evidence);
        let quoted = request.reply_to.as_ref().filter(|_| place.is_chat());
        let quoted = quoted.map(MessageId::as_str);
        let wanted = Wanted::new(message, quoted, mark, own, window, rivals);
        if wanted.mark.is_none() && wanted.is_invisible() {
            return Err(cannot(
                "a message without visible text is not told from others",
            ));
        }
        let mut seen = Seen::default();
        for message in listed.messages.iter().filter(|it| place.holds(it)) {
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
            None if self.is_other_account(evidence) => {
                return Err(cannot(
                    "another account sent it, which may see other messages",
                ));
            }
            None => evidence
                .absence(clock, looked_at)
                .map_err(|error| error.with_platform(PLATFORM))?,
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

    /// The account that sent, which must be the own one: only its messages are compared.
    async fn sender(&self, evidence: &Evidence, is_sender: bool) -> Result<String> {
        let (provider, scopes) = self.token();
        let token = provider.token(&TokenRequest::new(scopes)).await?;
        let own = own_user(token.secret())
            .ok_or_else(|| cannot("the token does not say which user it is of"))?;
        match &evidence.sender {
            Some(sender) if sender.eq_ignore_ascii_case(&own) => Ok(own),
            Some(_) => Err(cannot("another account sent it")),
            None if is_sender => Ok(own),
            None => Err(cannot("the evidence does not say which account sent it")),
        }
    }

    fn is_other_account(&self, evidence: &Evidence) -> bool {
        match (&evidence.sender, self.user_at_hand()) {
            (Some(sender), Some(own)) => !sender.eq_ignore_ascii_case(&own),
            _ => false,
        }
    }
}

impl Wanted {
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
