//! One messenger of a composition.

use std::borrow::Cow;

use ms_messenger_core::{
    Address, Capabilities, Capability, Delivery, MemberReport, Messenger, Problems, SendRequest,
    SharedMessenger, Target,
};
use std::sync::Arc;

/// The most characters of a name.
const LONGEST_NAME: usize = 64;

/// One messenger of a composition, under a name.
///
/// The name is part of the evidence of an unknown send, by which another process finds the account
/// that sent. Keep it for as long as such evidence is stored, and give it to no other account.
///
/// With a target of its own, the member sends every request there instead. So a fallback from a
/// chat to a telephone number names the number here.
///
/// ```
/// use ms_messenger_core::{MemoryMessenger, Target};
/// use ms_messenger_layers::Member;
///
/// let on_call = Member::new("whatsapp", MemoryMessenger::new())
///     .with_target(Target::phone("+14255550123")?);
/// assert_eq!(on_call.name(), "whatsapp");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a member sends nothing until it is part of a composition"]
pub struct Member {
    name: String,
    messenger: SharedMessenger,
    to: Option<Target>,
}

impl Member {
    /// Creates a member. A [`SharedMessenger`] is a messenger too.
    ///
    /// A name has 1 to 64 letters, digits, `-`, `_` and `.`, ASCII only.
    pub fn new(name: impl Into<String>, messenger: impl Messenger) -> Self {
        Self {
            name: name.into(),
            messenger: Arc::new(messenger),
            to: None,
        }
    }

    /// Sets the target to which it sends every request. A reply cannot be sent there: it is to a
    /// message of another conversation.
    pub fn with_target(mut self, to: impl Into<Target>) -> Self {
        self.to = Some(to.into());
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the messenger.
    #[must_use]
    pub fn messenger(&self) -> &SharedMessenger {
        &self.messenger
    }

    /// Returns the target of its own.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.to.as_ref()
    }

    pub(crate) fn platform(&self) -> &str {
        self.messenger.platform()
    }

    /// The request as this member sends it.
    pub(crate) fn request<'a>(&self, request: &'a SendRequest) -> Cow<'a, SendRequest> {
        match &self.to {
            None => Cow::Borrowed(request),
            Some(to) => {
                let mut own = request.clone();
                own.to = to.clone();
                Cow::Owned(own)
            }
        }
    }

    /// A report that says nothing but where the member sends.
    pub(crate) fn report(&self, delivery: Delivery) -> MemberReport {
        let mut report = MemberReport::new(&self.name, self.platform(), delivery);
        report.to = self.to.as_ref().map(ToString::to_string);
        report
    }

    /// What a request may ask for, given that this member may send it elsewhere.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let own = self.messenger.capabilities();
        let Some(to) = &self.to else { return own };
        let (subject, is_possible) = (subject_at(to), to_kind(to));
        if !is_possible.is_some_and(|it| own.supports(it)) {
            return Capabilities::none();
        }
        let mut all = own
            .without(Capability::ReplyInChannel)
            .without(Capability::ReplyInConversation);
        for target in TARGETS {
            all = all.with(target);
        }
        for place in [
            Capability::SubjectInChannel,
            Capability::SubjectInConversation,
        ] {
            all = if own.supports(subject) {
                all.with(place)
            } else {
                all.without(place)
            };
        }
        all
    }

    /// Adds what is wrong with it.
    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        let broken = broken_name(&self.name);
        if let Some(rule) = broken {
            problems.add("members.name", rule);
        }
        let Some(to) = &self.to else { return };
        let name = if broken.is_some() { "?" } else { &self.name };
        let field = format!("members.{name}.to");
        let probe = SendRequest::new(to.clone(), "probe");
        if let Err(error) = self.messenger.capabilities().check(self.platform(), &probe) {
            for problem in error.problems() {
                if problem.field == "to" || problem.field.starts_with("to.") {
                    problems.add(&field, &problem.rule);
                }
            }
        }
    }
}

/// The rule that the name of a member breaks; `None` if it breaks none.
pub(crate) fn broken_name(name: &str) -> Option<&'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_sound = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_part);
    (!is_sound).then_some("must be 1 to 64 letters, digits, `-`, `_` or `.`")
}

/// Every capability of a target.
pub(crate) const TARGETS: [Capability; 7] = [
    Capability::ToConversation,
    Capability::ToChannel,
    Capability::ToChannelName,
    Capability::ToPhone,
    Capability::ToSip,
    Capability::ToUser,
    Capability::ToWhatsAppUser,
];

/// The capability that a target needs; `None` for a kind that is newer than this crate.
fn to_kind(to: &Target) -> Option<Capability> {
    Some(match to {
        Target::Conversation(_) => Capability::ToConversation,
        Target::Channel { .. } => Capability::ToChannel,
        Target::ChannelName { .. } => Capability::ToChannelName,
        Target::Person(Address::Phone(_)) => Capability::ToPhone,
        Target::Person(Address::Sip(_)) => Capability::ToSip,
        Target::Person(Address::User(_)) => Capability::ToUser,
        Target::Person(Address::WhatsApp(_)) => Capability::ToWhatsAppUser,
        _ => return None,
    })
}

fn subject_at(to: &Target) -> Capability {
    if to.is_channel() {
        Capability::SubjectInChannel
    } else {
        Capability::SubjectInConversation
    }
}
