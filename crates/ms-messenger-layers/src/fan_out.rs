//! Sends through all members.

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;
use futures_util::future::join_all;
use ms_messenger_core::{
    Capabilities, Capability, Delivery, ErrorKind, Evidence, Messenger, Problem, Receipt, Result,
    SendRequest, Settled,
};

use crate::{
    combine::intersection,
    composition::{Composition, Sent, whole_receipt},
    facts,
    journal::Ledger,
    member::Member,
    outcome::MemberOutcome,
    trace,
};

/// Sends every request through all members at the same time.
///
/// [`send_each`](Self::send_each) returns one outcome for each member, and
/// [`send_to`](Self::send_to) sends through some of them, e.g. those that did not send the first
/// time.
///
/// As a [`Messenger`] it reports of the whole:
///
/// | What the members report | The fan-out |
/// |---|---|
/// | all have a receipt | `Ok`: the least acceptance, and the receipt of each in `members` |
/// | all sent, not every one has a receipt | `Sent` |
/// | none sent | `NotSent` |
/// | anything else | `Unknown`, with the evidence of each |
///
/// So `NotSent` means that no member has the message, and a request that some of them have is never
/// safe to send again. Settling such a send asks the members whose delivery is unknown; if some have
/// the message and some do not, the verdict is `CannotTell`, which names both.
/// [`settle_each`](Self::settle_each) returns the outcome of each instead.
///
/// It supports what all members support. With several members it refuses idempotency keys: one key is
/// for one message, and these are several.
///
/// ```
/// use ms_messenger_core::{Delivery, Error, ErrorKind, MemoryMessenger, SendRequest, Target};
/// use ms_messenger_layers::{FanOut, Member};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let (teams, chat) = (MemoryMessenger::new(), MemoryMessenger::new());
/// chat.fail_next(Error::new(ErrorKind::RateLimited, "slow down"));
/// let all = FanOut::new([
///     Member::new("teams", teams).with_target(Target::conversation("19:a")),
///     Member::new("chat", chat).with_target(Target::conversation("19:b")),
/// ])?;
/// let request = SendRequest::new(Target::conversation("everywhere"), "Deployed");
/// let outcomes = all.send_each(&request).await?;
/// assert_eq!(outcomes[0].delivery(), Delivery::Sent);
/// assert_eq!(outcomes[1].delivery(), Delivery::NotSent);
///
/// let outcomes = all.send_to(&["chat"], &request).await?;
/// assert!(outcomes[0].result.is_ok());
/// # Ok::<(), Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FanOut {
    composition: Composition,
}

impl FanOut {
    /// Creates a fan-out.
    ///
    /// # Errors
    ///
    /// `Config` with every problem: no member, a name that is unusable or used twice, a target that
    /// its messenger does not support.
    pub fn new(members: impl IntoIterator<Item = Member>) -> Result<Self> {
        Ok(Self {
            composition: Composition::new("fan-out", members.into_iter().collect())?,
        })
    }

    /// Sets its platform name. Default `fan-out`.
    ///
    /// # Errors
    ///
    /// `Config` unless it has words of `a-z` and `0-9`, joined by single hyphens.
    pub fn with_platform(mut self, name: impl Into<String>) -> Result<Self> {
        self.composition = self.composition.renamed(name.into())?;
        Ok(self)
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

    /// Sends through all members, and returns the outcome of each, in their order.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), before anything is sent.
    pub async fn send_each(&self, request: &SendRequest) -> Result<Vec<MemberOutcome>> {
        self.check(request)?;
        let all: Vec<&Member> = self.members().iter().collect();
        Ok(self.send_by(&all, request).await)
    }

    /// Sends through the members of these names, each once, and returns the outcome of each. After a
    /// partial send, name those whose delivery was `NotSent`.
    ///
    /// ```
    /// use ms_messenger_core::{Delivery, MemoryMessenger, SendRequest, Target};
    /// use ms_messenger_layers::{FanOut, Member};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let members = ["a", "b"].map(|name| Member::new(name, MemoryMessenger::new()));
    /// let all = FanOut::new(members)?;
    /// let request = SendRequest::new(Target::conversation("1"), "hello");
    /// let outcomes = all.send_each(&request).await?;
    /// let not_sent = outcomes.iter().filter(|it| it.delivery() == Delivery::NotSent);
    /// let names: Vec<&str> = not_sent.map(|it| it.name.as_str()).collect();
    /// let outcomes = all.send_to(&names, &request).await?;
    /// assert!(outcomes.is_empty());
    /// # Ok::<(), ms_messenger_core::Error>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` for a name that no member has, else as [`check`](Self::check) of those
    /// members, before anything is sent.
    pub async fn send_to(
        &self,
        names: &[&str],
        request: &SendRequest,
    ) -> Result<Vec<MemberOutcome>> {
        self.composition.check(&self.capabilities(), request)?;
        let mut members: Vec<&Member> = Vec::new();
        for name in names {
            let Some(member) = self.composition.member(name) else {
                let known: Vec<&str> = self.members().iter().map(Member::name).collect();
                let rule = format!("must be some of {}", known.join(", "));
                let error = Problem::new("names", rule).into_error(ErrorKind::InvalidRequest);
                return Err(error.with_platform(self.composition.platform.clone()));
            };
            // A name that is given twice must not send twice.
            if !members.iter().any(|it| it.name() == *name) {
                members.push(member);
            }
        }
        self.composition
            .check_members(members.iter().copied(), request)?;
        Ok(self.send_by(&members, request).await)
    }

    /// Asks the platforms about a send whose delivery is unknown as a whole, and returns the outcome
    /// of each member. It never sends. Then [`send_to`](Self::send_to) can send through those that
    /// provably did not, also in another process with the same members.
    ///
    /// A member that was found has its receipt, one that provably did not send an error with delivery
    /// `NotSent`. If its platform has no verdict, the error has delivery `Unknown`, and says with
    /// [`Error::retry_after`](ms_messenger_core::Error::retry_after) when to ask again, if that helps.
    ///
    /// ```
    /// use ms_messenger_core::{
    ///     Delivery, Error, ErrorKind, Evidence, MemoryMessenger, Messenger, SendRequest, Target,
    /// };
    /// use ms_messenger_layers::{FanOut, Member};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let (teams, chat) = (MemoryMessenger::new(), MemoryMessenger::new());
    /// teams.lose_next_response();
    /// chat.fail_next(Error::new(ErrorKind::Connect, "no connection"));
    /// let all = FanOut::new([Member::new("teams", teams), Member::new("chat", chat)])?;
    /// let request = SendRequest::new(Target::conversation("1"), "Deployed");
    /// let error = all.send(&request).await.unwrap_err();
    ///
    /// let evidence = Evidence::of(&error).unwrap();
    /// let outcomes = all.settle_each(&request, &evidence).await?;
    /// let missing = outcomes.iter().filter(|it| it.delivery() == Delivery::NotSent);
    /// let missing: Vec<&str> = missing.map(|it| it.name.as_str()).collect();
    /// assert_eq!(missing, ["chat"]);
    /// assert!(all.send_to(&missing, &request).await?[0].result.is_ok());
    /// # Ok::<(), Error>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` for evidence of another platform, `Unsupported` for evidence of other members;
    /// both with delivery `Unknown`.
    pub async fn settle_each(
        &self,
        request: &SendRequest,
        evidence: &Evidence,
    ) -> Result<Vec<MemberOutcome>> {
        self.composition.settle_each(request, evidence).await
    }

    async fn send_by(&self, members: &[&Member], request: &SendRequest) -> Vec<MemberOutcome> {
        let reports = members.iter().map(|it| it.report(Delivery::NotSent));
        let platform = &self.composition.platform;
        let ledger = Ledger::of(request, platform, self.composition.key(), reports.collect());
        let sends = members.iter().enumerate().map(|(index, member)| {
            let ledger = ledger.clone();
            async move {
                let mut own = member.request(request);
                if let Some(ledger) = &ledger {
                    own.to_mut().journal = Some(Arc::clone(ledger).journal(index));
                }
                let result = member.messenger().send(&own).await;
                trace::ended(platform, member, &result);
                let outcome = MemberOutcome::new(member, result);
                if let Some(ledger) = ledger {
                    ledger.note(outcome.report()).await;
                }
                outcome
            }
        });
        join_all(sends).await
    }

    /// The outcome of the whole.
    fn whole(&self, began_at: SystemTime, outcomes: Vec<MemberOutcome>) -> Result<Receipt> {
        let platform = self.composition.platform.as_str();
        let count = |delivery| {
            outcomes
                .iter()
                .filter(|it| it.delivery() == delivery)
                .count()
        };
        let (sent, not_sent) = (count(Delivery::Sent), count(Delivery::NotSent));
        if outcomes.iter().all(|outcome| outcome.result.is_ok()) {
            let receipts = outcomes.into_iter().filter_map(|it| it.result.ok());
            return Ok(whole_receipt(self.members().iter().zip(receipts).collect()));
        }
        if not_sent == outcomes.len() {
            return Err(facts::none_sent(platform, began_at, &outcomes));
        }
        let all_sent = sent == outcomes.len();
        let error = facts::summary(platform, self.composition.key(), began_at, &outcomes);
        Err(error
            .with_message(partial(&outcomes))
            .with_delivery(if all_sent {
                Delivery::Sent
            } else {
                Delivery::Unknown
            }))
    }
}

/// Which members sent the message and which did not.
fn partial(outcomes: &[MemberOutcome]) -> String {
    let of = |delivery: Delivery| {
        let of = outcomes.iter().filter(move |it| it.delivery() == delivery);
        of.map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let parts = [
        ("sent by", Delivery::Sent),
        ("not sent by", Delivery::NotSent),
        ("unknown whether sent by", Delivery::Unknown),
    ];
    let parts = parts.map(|(what, delivery)| (what, of(delivery)));
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let parts = parts.map(|(what, names)| format!("{what} {names}"));
    parts.collect::<Vec<_>>().join("; ")
}

#[async_trait]
impl Messenger for FanOut {
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
        let began_at = SystemTime::now();
        let outcomes = self.send_each(request).await?;
        self.whole(began_at, outcomes)
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.composition
            .settle(Sent::ByAll, request, evidence)
            .await
    }
}
