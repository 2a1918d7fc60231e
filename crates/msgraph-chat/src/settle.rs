//! Settles an unknown send: looks for the message by its mark, or by everything that can be
//! compared.

mod compare;
mod doubt;
mod list;

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Acceptance, ConversationId, Deadline, Delivery, Evidence, MarkKind, MessageId, Receipt, Result,
    SendRequest, Settled, Target, TokenRequest,
};
use ms_messenger_http::Look;

use self::{
    compare::{Match, Wanted},
    doubt::Doubt,
    list::MessageList,
};
use crate::{
    client::GraphChatClient,
    content::{Content, Text},
    delegated::own_user,
    error::{PLATFORM, cannot_tell as cannot, cannot_tell_yet},
    models::ChatMessage,
    native::native,
};

/// The pause before the next check while another send of the same content is in progress.
const RIVAL_PAUSE: Duration = Duration::from_secs(1);

/// A message that can be the one that was sent.
#[derive(Debug)]
struct Found {
    id: MessageId,
    created: Option<SystemTime>,
    web_url: Option<String>,
}

/// The messages of a list that can be the one that is looked for.
#[derive(Default)]
struct Seen {
    equal: Vec<Found>,
    is_ambiguous: bool,
}

impl GraphChatClient {
    /// The body of [`Messenger::settle`](ms_messenger_core::Messenger::settle).
    pub(crate) async fn look(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        match self.try_look(request, evidence).await {
            Ok(settled) => settled,
            // A failed check proves nothing about the send.
            Err(error) => Settled::CannotTell(error.with_delivery(Delivery::Unknown)),
        }
    }

    async fn try_look(&self, request: &SendRequest, evidence: &Evidence) -> Result<Settled> {
        evidence.check_platform(PLATFORM)?;
        let named = Box::pin(self.channel_of(&request.to, evidence)).await?;
        let place = MessageList::of(request, named.as_ref().unwrap_or(&request.to), evidence)?;
        let (message, markup) = native(&request.message)?;
        let markup = markup.unwrap_or_else(|| message.markup());
        let content = Content::new(&place.path, Text::of(message.seen(&markup)));
        let is_sender = self.sends().is_sender(content, evidence);
        let mark = evidence.mark_of(&MarkKind::AttachmentId).map(str::to_owned);
        let own = match &mark {
            Some(_) => evidence.sender.clone(),
            None => Some(self.sender(evidence, is_sender).await?),
        };
        let doubt = Doubt::new(evidence, self.sends().noted(content, evidence));
        let look = Look::begin();
        let listed = self.list(&place, &doubt).await?;
        // Receipts of other sends arrive meanwhile, so the claims are read last.
        let clock = self.pipeline().service_clock();
        let window = doubt.window(clock);
        listed.check(window)?;
        let rivals = self.sends().rivals(content, evidence);
        let quoted = request.reply_to.as_ref().filter(|_| place.is_chat());
        let quoted = quoted.map(MessageId::as_str);
        let wanted = Wanted::new(message, quoted, mark, own, window, rivals);
        if wanted.mark.is_none() && wanted.is_invisible() {
            return Err(cannot(
                "a message without visible text cannot be distinguished from others",
            ));
        }
        let mut seen = Seen::default();
        for message in listed.messages.iter().filter(|it| place.holds(it)) {
            seen.take(&wanted, message);
        }
        let is_recognised = wanted.mark.is_some() && seen.equal.len() == 1;
        if !listed.is_whole && !is_recognised {
            return Err(cannot(
                "there are too many messages since the send to read them all",
            ));
        }
        let has_twins = evidence.has_twins && !is_sender;
        let settled = match wanted.verdict(&seen, place.conversation, has_twins)? {
            Some(settled) => settled,
            None if wanted.window.is_none() => {
                return Err(cannot_tell_yet("no response of the service has a date"));
            }
            None if self.is_other_account(evidence) => {
                return Err(cannot(
                    "another account sent it, which may see other messages",
                ));
            }
            None => self
                .pipeline()
                .absence(doubt.by(clock), clock, look)
                .map_err(|error| error.with_platform(PLATFORM))?,
        };
        self.remember(content, evidence, &settled);
        Ok(settled)
    }

    /// The ids of a channel that the request names. A name that leads to another channel meanwhile
    /// says nothing of the message.
    async fn channel_of(&self, to: &Target, evidence: &Evidence) -> Result<Option<Target>> {
        let Target::ChannelName { team, channel, .. } = to else {
            return Ok(None);
        };
        let sent_to = evidence.conversation.as_ref();
        let sent_to = sent_to.ok_or_else(|| cannot("the evidence does not name the channel"))?;
        let found = self
            .named_channel(team, channel, &Deadline::default())
            .await;
        let (team, channel) = found?;
        if channel.as_str() != sent_to.as_str() {
            return Err(cannot("the name belongs to another channel now"));
        }
        Ok(Some(Target::channel(team, channel)))
    }

    fn remember(&self, content: Content, evidence: &Evidence, settled: &Settled) {
        match settled {
            Settled::Found(receipt) => {
                let id = receipt.message_id.as_ref().map(MessageId::as_str);
                self.sends().settled(content, evidence, id);
            }
            Settled::NotFound => self.sends().settled(content, evidence, None),
            _ => {}
        }
    }

    /// The account that sent, which must be that of the token: only its messages are compared.
    async fn sender(&self, evidence: &Evidence, is_sender: bool) -> Result<String> {
        let (provider, scopes) = self.token();
        let token = provider.token(&TokenRequest::new(scopes)).await?;
        let own =
            own_user(token.secret()).ok_or_else(|| cannot("the token does not name its user"))?;
        match &evidence.sender {
            Some(sender) if sender.eq_ignore_ascii_case(&own) => Ok(own),
            Some(_) => Err(cannot("another account sent it")),
            None if is_sender => Ok(own),
            None => Err(cannot(
                "the evidence does not name the account that sent it",
            )),
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
    /// The message if it was found, `None` if no listed message can be it.
    fn verdict(
        &self,
        seen: &Seen,
        conversation: ConversationId,
        has_twins: bool,
    ) -> Result<Option<Settled>> {
        let [found] = seen.equal.as_slice() else {
            if !seen.equal.is_empty() {
                return Err(cannot(
                    "several messages of the account have the same content and time",
                ));
            }
            if !seen.is_ambiguous {
                return Ok(None);
            }
            return Err(match self.window {
                None => cannot_tell_yet(
                    "a message of the account may be it or from another send: no response of the \
                     service has a date",
                ),
                Some(window) if window.is_disputed => cannot_tell_yet(
                    "a message of the account may be it or from another send: the dates of the \
                     service and the clock of this machine contradict each other",
                ),
                Some(_) => cannot(
                    "a message of about that time may be it, edited since or from another send",
                ),
            });
        };
        if self.mark.is_none() {
            if self.rivals.is_under_way {
                return Ok(Some(Settled::NotYet(SystemTime::now() + RIVAL_PAUSE)));
            }
            self.alone(seen, has_twins)?;
        }
        let mut receipt = Receipt::new(Acceptance::Posted)
            .with_message_id(found.id.clone())
            .with_conversation(conversation);
        receipt.accepted_at = found.created;
        receipt.web_url.clone_from(&found.web_url);
        Ok(Some(Settled::Found(receipt)))
    }

    /// Fails if another send can account for the one message of equal content.
    fn alone(&self, seen: &Seen, has_twins: bool) -> Result<()> {
        if self.rivals.has_unknown || has_twins {
            return Err(cannot(
                "the delivery of another send of the same content is unknown too",
            ));
        }
        if self.rivals.is_forgotten {
            return Err(cannot(
                "too many messages were sent since to distinguish this one",
            ));
        }
        if seen.is_ambiguous {
            return Err(cannot("several messages of the account may be it"));
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
                // A message that moved while the list was read is in it twice.
                if self.equal.iter().all(|other| other.id != id) {
                    self.equal.push(Found {
                        id,
                        created: created.and_then(|it| it.to_system_time()),
                        web_url: listed.web_url.clone(),
                    });
                }
            }
            (Match::Equal, None) | (Match::Perhaps, _) => self.is_ambiguous = true,
            (Match::No, _) => {}
        }
    }
}
