//! Sends through the next member if one provably did not send.

use std::time::SystemTime;

use async_trait::async_trait;
use ms_messenger_core::{
    Capabilities, Capability, Deadline, Delivery, Error, Evidence, MemberReport, Messenger,
    MessengerExt as _, Reached, Receipt, Result, SendRequest, SettlePolicy, Settled,
};

use crate::{
    combine::intersection,
    composition::{Composition, Sent},
    facts::{self, Key},
    journal::Ledger,
    member::Member,
    outcome::MemberOutcome,
    trace,
};

/// Sends through the first member, and through the next one only if it is proven that the message
/// was not sent: by the error, or by settling.
///
/// If the delivery is `Unknown`, it asks the platform for as long as the
/// [policy](Self::with_settle_policy) and the timeout of the request allow: by default up to two
/// minutes. If that proves nothing, the send ends with `Unknown`, and no other member is used. A
/// request that is cancelled is sent through no other member either.
///
/// The receipt lists the member that sent the message, and what the earlier ones reported; so does
/// the evidence of an error.
///
/// It supports what all members support. With several members it refuses idempotency keys: a platform
/// removes its own duplicates, but not those of another one.
///
/// ```
/// use ms_messenger_core::{Delivery, Error, ErrorKind, MemoryMessenger, MessengerExt, Target};
/// use ms_messenger_layers::{Fallback, Member};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let teams = MemoryMessenger::new();
/// teams.fail_next(Error::new(ErrorKind::Connect, "no connection"));
/// let whatsapp = Member::new("whatsapp", MemoryMessenger::new())
///     .with_target(Target::phone("+14255550123")?);
/// let on_call = Fallback::new([Member::new("teams", teams), whatsapp])?;
///
/// let receipt = on_call.send_text(Target::conversation("19:a"), "The disk is full").await?;
/// assert_eq!(receipt.sent_by().unwrap().name, "whatsapp");
/// assert_eq!(receipt.members[0].delivery, Delivery::NotSent);
/// # Ok::<(), Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fallback {
    composition: Composition,
    policy: Option<SettlePolicy>,
}

impl Fallback {
    /// Creates a fallback. The members are used in this order.
    ///
    /// # Errors
    ///
    /// `Config` with every problem: no member, a name that is unusable or used twice, a target that
    /// its messenger does not support.
    pub fn new(members: impl IntoIterator<Item = Member>) -> Result<Self> {
        Ok(Self {
            composition: Composition::new("fallback", members.into_iter().collect())?,
            policy: Some(SettlePolicy::default()),
        })
    }

    /// Sets its platform name. Default `fallback`.
    ///
    /// # Errors
    ///
    /// `Config` unless it has words of `a-z` and `0-9`, joined by single hyphens.
    pub fn with_platform(mut self, name: impl Into<String>) -> Result<Self> {
        self.composition = self.composition.renamed(name.into())?;
        Ok(self)
    }

    /// Sets how a send with an unknown delivery is settled before the next member sends; `None`
    /// never settles, so that such a send ends there. Default [`SettlePolicy::default`].
    #[must_use]
    pub fn with_settle_policy(mut self, policy: impl Into<Option<SettlePolicy>>) -> Self {
        self.policy = policy.into();
        self
    }

    /// Returns the members, in their order.
    pub fn members(&self) -> &[Member] {
        &self.composition.members
    }

    /// Checks `request` against all members, without any I/O.
    ///
    /// # Errors
    ///
    /// As [`Capabilities::check`], with the problems of all members.
    pub fn check(&self, request: &SendRequest) -> Result<()> {
        self.composition.check(&self.capabilities(), request)?;
        self.composition
            .check_members(self.members().iter(), request)
    }

    /// Sends through one member, and settles an unknown delivery.
    async fn send_by(
        &self,
        member: &Member,
        request: &SendRequest,
        deadline: &Deadline,
        earlier: &[MemberReport],
    ) -> Result<Receipt> {
        let mut own = member.request(request);
        if let Some(left) = deadline.remaining() {
            own.to_mut().timeout = Some(left);
        }
        let mut reports = earlier.to_vec();
        reports.push(member.report(Delivery::NotSent));
        let platform = &self.composition.platform;
        if let Some(ledger) = Ledger::of(request, platform, self.composition.key(), reports) {
            own.to_mut().journal = Some(ledger.journal(earlier.len()));
        }
        let messenger = member.messenger();
        let outcome = messenger.send(&own).await;
        trace::ended(platform, member, &outcome);
        let error = match outcome {
            Ok(receipt) => return Ok(receipt),
            Err(error) => error,
        };
        let (Some(policy), Some(evidence)) = (&self.policy, Evidence::of(&error)) else {
            return Err(error);
        };
        let settling = messenger.settle_with(&own, &evidence, policy);
        let settled = deadline.limit(settling).await;
        trace::settled(platform, member, settled.as_ref().ok());
        match settled {
            Ok(Settled::Found(receipt)) => Ok(receipt),
            Ok(Settled::NotFound) => Err(error.with_delivery(Delivery::NotSent)),
            _ => Err(error),
        }
    }
}

/// The error of a send that ended before the next member, of which nothing is sent.
fn ended(
    platform: &str,
    reached: Reached,
    began_at: SystemTime,
    outcomes: &[MemberOutcome],
) -> Error {
    let error = reached.into_error().with_delivery(Delivery::NotSent);
    let error = error.with_platform(platform.to_owned());
    if outcomes.is_empty() {
        return error;
    }
    let reports = outcomes.iter().map(MemberOutcome::report).collect();
    let attempts = outcomes.iter().filter_map(|it| it.result.as_ref().err());
    error
        .with_attempts(attempts.map(Error::attempts).sum())
        .with_evidence(facts::evidence(platform, Key::Hidden, began_at, reports))
}

#[async_trait]
impl Messenger for Fallback {
    fn platform(&self) -> &str {
        &self.composition.platform
    }

    fn capabilities(&self) -> Capabilities {
        let all = intersection(self.members().iter().map(Member::capabilities));
        match self.members() {
            [_] => all,
            _ => all.without(Capability::Idempotency),
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        self.check(request)?;
        let (deadline, began_at) = (request.deadline(), SystemTime::now());
        let platform = self.composition.platform.as_str();
        let mut outcomes: Vec<MemberOutcome> = Vec::new();
        for (index, member) in self.members().iter().enumerate() {
            if let Some(reached) = deadline.reached() {
                return Err(ended(platform, reached, began_at, &outcomes));
            }
            let earlier: Vec<MemberReport> = outcomes.iter().map(MemberOutcome::report).collect();
            match self.send_by(member, request, &deadline, &earlier).await {
                Ok(receipt) => return Ok(facts::receipt(member, receipt, earlier)),
                Err(error) if error.delivery() == Delivery::NotSent => {
                    let next = self.members().get(index + 1);
                    trace::not_sent(platform, member, &error, next);
                    outcomes.push(MemberOutcome::new(member, Err(error)));
                }
                Err(error) => {
                    trace::stays(platform, member, &error);
                    let failed = (member, error);
                    let key = self.composition.key();
                    let error = facts::error(platform, key, began_at, failed, earlier);
                    return Err(error);
                }
            }
        }
        if let Some(reached) = deadline.reached() {
            return Err(ended(platform, reached, began_at, &outcomes));
        }
        Err(facts::none_sent(platform, began_at, &outcomes))
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.composition
            .settle(Sent::ByOne, request, evidence)
            .await
    }
}
