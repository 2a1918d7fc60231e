//! What every composition does: check, name its members, settle.

use std::{borrow::Cow, collections::HashSet, time::SystemTime};

use futures_util::future::join_all;
use ms_messenger_core::{
    Acceptance, Body, Capabilities, Delivery, Error, ErrorKind, Evidence, MemberReport,
    Messenger as _, Problem, Problems, Receipt, Result, SendRequest, Settled, Target,
};

use crate::{
    facts::{self, Key},
    member::Member,
    outcome::MemberOutcome,
};

/// Named members behind one platform name.
#[derive(Clone, Debug)]
pub(crate) struct Composition {
    pub(crate) platform: String,
    pub(crate) members: Vec<Member>,
}

/// When the message of a composition is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// One member has it: router, fallback.
    ByOne,
    /// All members have it: fan-out.
    ByAll,
}

impl Composition {
    /// Checks the members.
    ///
    /// # Errors
    ///
    /// `Config` with every problem.
    pub(crate) fn new(platform: &'static str, members: Vec<Member>) -> Result<Self> {
        let mut problems = Problems::for_platform(platform);
        problems.add_if(members.is_empty(), "members", "must not be empty");
        let mut names = HashSet::new();
        for member in &members {
            member.find_problems(&mut problems);
            let is_second = !names.insert(member.name());
            let rule = "is the name of two members: evidence must not go to the wrong one";
            problems.add_if(is_second, "members.name", rule);
        }
        problems.into_result(ErrorKind::Config)?;
        Ok(Self {
            platform: platform.to_owned(),
            members,
        })
    }

    /// Renames it.
    ///
    /// # Errors
    ///
    /// `Config` unless the name has words of `a-z` and `0-9`, joined by single hyphens.
    pub(crate) fn renamed(mut self, platform: String) -> Result<Self> {
        if let Some(rule) = broken_platform(&platform) {
            return Err(Problem::new("platform", rule).into_error(ErrorKind::Config));
        }
        self.platform = platform;
        Ok(self)
    }

    /// Whether the key of a member is that of the composition: a single member is always the same.
    pub(crate) fn key(&self) -> Key {
        match self.members.as_slice() {
            [_] => Key::Kept,
            _ => Key::Hidden,
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name() == name)
    }

    /// Checks `request` against what the whole composition supports.
    ///
    /// # Errors
    ///
    /// As [`Capabilities::check`].
    pub(crate) fn check(&self, capabilities: &Capabilities, request: &SendRequest) -> Result<()> {
        let mut platform = self.platform.as_str();
        if let Body::Native { platform: of, .. } = &request.message.body
            && self.members.iter().any(|member| member.platform() == of)
        {
            platform = of;
        }
        let checked = capabilities.check(platform, request);
        checked.map_err(|error| error.with_platform(self.platform.clone()))
    }

    /// Checks `request` as `members` would send it.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` or `Unsupported` with the problems of all of them, each by name.
    pub(crate) fn check_members<'a>(
        &self,
        members: impl Iterator<Item = &'a Member>,
        request: &SendRequest,
    ) -> Result<()> {
        let mut problems = Problems::new();
        let mut kind = ErrorKind::Unsupported;
        for member in members {
            let own = member.request(request);
            let capabilities = member.messenger().capabilities();
            if let Err(error) = capabilities.check(member.platform(), &own) {
                if error.kind() == ErrorKind::InvalidRequest {
                    kind = ErrorKind::InvalidRequest;
                }
                for problem in error.problems() {
                    problems.add(
                        &problem.field,
                        format!("{}: {}", member.name(), problem.rule),
                    );
                }
            }
            if request.reply_to.is_some() && member.target().is_some() {
                let rule = "sends to a target of its own, where there is no message to reply to";
                problems.add("reply_to", format!("{}: {rule}", member.name()));
            }
        }
        match problems.into_error(kind) {
            None => Ok(()),
            Some(error) => Err(error.with_platform(self.platform.clone())),
        }
    }

    /// Settles by the members whose delivery is unknown.
    pub(crate) async fn settle(
        &self,
        sent: Sent,
        request: &SendRequest,
        evidence: &Evidence,
    ) -> Settled {
        let looked = match self.look_all(request, evidence).await {
            Ok(looked) => looked,
            Err(error) => return Settled::CannotTell(error),
        };
        match sent {
            Sent::ByOne => self.sent_by_one(looked),
            Sent::ByAll => self.sent_by_all(looked),
        }
    }

    /// Settles by the members whose delivery is unknown, and returns the outcome of each.
    ///
    /// # Errors
    ///
    /// Why the evidence is not that of these members.
    pub(crate) async fn settle_each(
        &self,
        request: &SendRequest,
        evidence: &Evidence,
    ) -> Result<Vec<MemberOutcome>> {
        let looked = self.look_all(request, evidence).await?;
        let outcomes = looked.into_iter().map(|each| {
            let result = settled_result(each.report, each.verdict);
            MemberOutcome::reported(each.report, result)
        });
        Ok(outcomes.collect())
    }

    /// Asks the members whose delivery is unknown.
    ///
    /// # Errors
    ///
    /// Why the evidence is not that of these members.
    async fn look_all<'a>(
        &'a self,
        request: &SendRequest,
        evidence: &'a Evidence,
    ) -> Result<Vec<Looked<'a>>> {
        evidence.check_platform(&self.platform)?;
        let wrong = |rule: &str| {
            let error = Problem::new("evidence.members", rule).into_error(ErrorKind::Unsupported);
            // A rejected check says nothing about the send.
            let error = error.with_delivery(Delivery::Unknown);
            Err(error.with_platform(self.platform.clone()))
        };
        if evidence.members.is_empty() {
            return wrong("must name the member that sent");
        }
        let mut members = Vec::with_capacity(evidence.members.len());
        let mut names = HashSet::new();
        for report in &evidence.members {
            let Some(member) = self.member(&report.name) else {
                return wrong("names a member that is not here");
            };
            if !names.insert(&report.name) {
                return wrong("names a member twice");
            }
            members.push((member, report));
        }
        let looks = members
            .into_iter()
            .map(|(member, report)| self.look(member, report, request));
        Ok(join_all(looks).await)
    }

    fn cannot_tell(&self, why: impl Into<Cow<'static, str>>) -> Settled {
        Settled::cannot_tell(self.platform.clone(), why)
    }

    async fn look<'a>(
        &'a self,
        member: &'a Member,
        report: &'a MemberReport,
        request: &SendRequest,
    ) -> Looked<'a> {
        let verdict = match (report.delivery, &report.evidence) {
            (Delivery::NotSent, _) => Settled::NotFound,
            // A receipt says only what is known: the platform has the message.
            (Delivery::Sent, _) => Settled::Found(
                report
                    .receipt
                    .clone()
                    .unwrap_or_else(|| Receipt::new(Acceptance::Queued)),
            ),
            (Delivery::Unknown, None) => self.cannot_tell("the evidence of a member is missing"),
            (Delivery::Unknown, Some(evidence)) => match sent_as(report, request) {
                Ok(own) => member.messenger().settle(&own, evidence).await,
                Err(error) => Settled::CannotTell(error),
            },
        };
        Looked {
            member,
            report,
            verdict,
        }
    }

    fn sent_by_one(&self, looked: Vec<Looked<'_>>) -> Settled {
        let mut earlier = Vec::new();
        let mut open = None;
        for each in looked {
            match each.verdict {
                Settled::Found(receipt) => {
                    return Settled::Found(facts::receipt(each.member, receipt, earlier));
                }
                Settled::NotFound => {
                    let mut report = each.report.clone();
                    report.delivery = Delivery::NotSent;
                    report.evidence = None;
                    earlier.push(report);
                }
                verdict => open = Some(later(open, self.named(each.member, verdict))),
            }
        }
        open.unwrap_or(Settled::NotFound)
    }

    fn sent_by_all(&self, looked: Vec<Looked<'_>>) -> Settled {
        let (mut sent, mut missing, mut open) = (Vec::new(), Vec::new(), None);
        for each in looked {
            match each.verdict {
                Settled::Found(receipt) => sent.push((each.member, receipt)),
                Settled::NotFound => missing.push(each.member.name()),
                verdict => open = Some(later(open, self.named(each.member, verdict))),
            }
        }
        if let Some(open) = open {
            return open;
        }
        if missing.is_empty() {
            return Settled::Found(whole_receipt(sent));
        }
        if sent.is_empty() {
            return Settled::NotFound;
        }
        let names: Vec<&str> = sent.iter().map(|(member, _)| member.name()).collect();
        self.cannot_tell(format!(
            "sent by {}, but not by {}: send it through those alone",
            names.join(", "),
            missing.join(", ")
        ))
    }

    /// A verdict that names the member.
    fn named(&self, member: &Member, verdict: Settled) -> Settled {
        let Settled::CannotTell(error) = verdict else {
            return verdict;
        };
        let text = format!("{}: {}", member.name(), error.message());
        Settled::CannotTell(
            error
                .with_message(text)
                .with_platform(self.platform.clone()),
        )
    }
}

/// The rule that the name of a platform breaks; `None` if it breaks none.
pub(crate) fn broken_platform(name: &str) -> Option<&'static str> {
    let is_word = |word: &str| {
        let is_sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        !word.is_empty() && word.bytes().all(is_sound)
    };
    let is_sound = name.split('-').all(is_word) && name.len() <= 64;
    let rule = "must be words of a-z and 0-9, joined by single hyphens, 64 characters at most";
    (!is_sound).then_some(rule)
}

/// What a member said of its send.
struct Looked<'a> {
    member: &'a Member,
    report: &'a MemberReport,
    verdict: Settled,
}

/// The request as the member sent it, by its report: its target may have changed since.
fn sent_as<'a>(report: &MemberReport, request: &'a SendRequest) -> Result<Cow<'a, SendRequest>> {
    let Some(to) = &report.to else {
        return Ok(Cow::Borrowed(request));
    };
    let mut own = request.clone();
    own.to = to.parse::<Target>().map_err(|error| {
        // A rejected check says nothing about the send.
        Error::from(error).with_delivery(Delivery::Unknown)
    })?;
    Ok(Cow::Owned(own))
}

/// What settling found out about the send of a member.
fn settled_result(report: &MemberReport, verdict: Settled) -> Result<Receipt> {
    let said = |text: String| {
        let error = Error::new(ErrorKind::Other, text);
        error.with_platform(report.platform.clone())
    };
    let open = |error: Error| {
        let error = error.with_delivery(Delivery::Unknown);
        Err(match &report.evidence {
            Some(evidence) => error.with_evidence(evidence.clone()),
            None => error,
        })
    };
    match verdict {
        Settled::Found(receipt) => Ok(receipt),
        Settled::NotFound => {
            // The report has the error as it is printed.
            let printed = report.error.as_deref();
            let printed = printed.unwrap_or("the platform does not have the message");
            let platform = format!("{}: ", report.platform);
            let text = printed.strip_prefix(&platform).unwrap_or(printed);
            let text = text.strip_suffix(" (not sent)").unwrap_or(text);
            Err(said(text.to_owned()).with_delivery(Delivery::NotSent))
        }
        Settled::NotYet(when) => {
            let wait = when.duration_since(SystemTime::now()).unwrap_or_default();
            let error = Error::new(ErrorKind::Timeout, "there is no verdict yet");
            open(
                error
                    .with_platform(report.platform.clone())
                    .with_retry_after(wait),
            )
        }
        Settled::CannotTell(error) => open(error),
        _ => open(said("the verdict is of an unknown kind".to_owned())),
    }
}

/// Of two open verdicts the one that takes longer: a permanent one, else the latest time.
fn later(one: Option<Settled>, two: Settled) -> Settled {
    let rank = |it: &Settled| match it {
        Settled::CannotTell(error) if !error.is_transient() => 2,
        Settled::CannotTell(_) => 1,
        _ => 0,
    };
    match (one, two) {
        (None, two) => two,
        (Some(Settled::NotYet(one)), Settled::NotYet(two)) => Settled::NotYet(one.max(two)),
        (Some(one), two) if rank(&one) < rank(&two) => two,
        (Some(one), _) => one,
    }
}

/// One receipt for messages that were all sent: the least that is known of any, and each in full.
pub(crate) fn whole_receipt(sent: Vec<(&Member, Receipt)>) -> Receipt {
    let rank = |receipt: &Receipt| match receipt.acceptance {
        Acceptance::Delivered => 2,
        Acceptance::Posted => 1,
        _ => 0,
    };
    let least = sent.iter().min_by_key(|(_, receipt)| rank(receipt));
    let acceptance = least.map_or(Acceptance::Queued, |(_, receipt)| receipt.acceptance);
    let mut whole = match sent.as_slice() {
        [(_, only)] => only.clone(),
        _ => Receipt::new(acceptance),
    };
    whole.members = sent
        .into_iter()
        .map(|(member, receipt)| {
            let mut report = member.report(Delivery::Sent);
            report.receipt = Some(receipt);
            report
        })
        .collect();
    whole
}
