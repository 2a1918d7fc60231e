//! The suite against messengers that each break one rule: it must name that rule, and for a
//! sound messenger none.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use ms_messenger_core::{
    Acceptance, Body, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, Message,
    Messenger, Receipt, Result, SendRequest, Settled, SharedMessenger, Target,
};
use ms_messenger_testkit::{Failure, Report, Rule, Subject, async_trait, check};

const SECRET: &str = "hunter2-and-more";
const PLATFORM: &str = "sample-chat";

/// What is wrong with a messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    BadName,
    StoresNothing,
    SendsTwice,
    ReceiptOfAnotherConversation,
    EmptyMessageId,
    IgnoresSubject,
    IgnoresKey,
    AcceptsForeignBody,
    NamesOneProblemOnly,
    StoresBeforeItRefuses,
    AcceptsEmptyText,
    RefusesWhatItPromises,
    SaysNotSentThoughStored,
    SaysSentThoughRefused,
    ResendsUnknown,
    UnknownForAProvenRefusal,
    NoPlatformInErrors,
    SeveralLines,
    WrongKindForLimit,
    DeadAfterAFailure,
    LosesUnderLoad,
    SameIdForAll,
    SendsUnpolled,
    DeadAfterADrop,
    PanicsAfterADrop,
    PrintsSecretInDebug,
    PrintsSecretInErrors,
    PrintsContent,
    SettleSends,
    SettleSendsWhenInDoubt,
    SaysNotFoundToEverything,
    SaysFoundToEverything,
    SaysNotFoundThoughStored,
    FindsWhatWasRefused,
    TrustsUnknownIds,
    AcceptsForeignEvidence,
    FindsOnce,
    FindsAnotherAtEachLook,
    UnknownWithoutEvidence,
    IgnoresCancel,
    UnknownForACancelledRequest,
    TimeoutLosesEvidence,
    TimeoutSaysNotSent,
    DeadAfterATimeout,
}

/// What became of a send.
#[derive(Clone)]
struct Fate {
    id: String,
    stored_as: Option<usize>,
    looks: usize,
}

/// A platform that stores what it is sent, and the messenger that talks to it.
struct Sample {
    defect: Defect,
    stored: AtomicUsize,
    failure: Mutex<Option<Failure>>,
    busy: AtomicUsize,
    dead: AtomicBool,
    fates: Mutex<Vec<Fate>>,
}

/// Lets a send notice that it was dropped.
struct UnderWay<'a> {
    sample: &'a Sample,
    is_done: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.sample.busy.fetch_sub(1, Ordering::SeqCst);
        let fatal = [Defect::DeadAfterADrop, Defect::PanicsAfterADrop];
        if !self.is_done && fatal.contains(&self.sample.defect) {
            self.sample.dead.store(true, Ordering::SeqCst);
        }
    }
}

impl Sample {
    fn new(defect: Defect) -> Arc<Self> {
        Arc::new(Self {
            defect,
            stored: AtomicUsize::default(),
            failure: Mutex::default(),
            busy: AtomicUsize::default(),
            dead: AtomicBool::default(),
            fates: Mutex::default(),
        })
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    fn store(&self) -> usize {
        self.stored.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn error(&self, kind: ErrorKind, message: &str) -> Error {
        let message = match self.defect {
            Defect::PrintsSecretInErrors => format!("{message} {SECRET}"),
            Defect::SeveralLines => format!("{message}\nand more"),
            _ => message.to_owned(),
        };
        let error = Error::new(kind, message);
        match self.defect {
            Defect::NoPlatformInErrors => error,
            _ => error.with_platform(PLATFORM),
        }
    }

    fn promised(&self) -> Capabilities {
        Capabilities::new(&[
            Capability::ToConversation,
            Capability::Text,
            Capability::Native,
            Capability::Deadline,
        ])
    }

    /// Rejects, before anything is sent, what it does not support.
    fn refuse(&self, request: &SendRequest) -> Result<()> {
        let mut request = request.clone();
        match (self.defect, &request.message.body) {
            (Defect::IgnoresSubject, _) => request.message.subject = None,
            (Defect::IgnoresKey, _) => request.idempotency = None,
            (Defect::AcceptsForeignBody, Body::Native { payload, .. }) => {
                request.message = Message::native(PLATFORM, payload.clone());
            }
            (Defect::AcceptsEmptyText, Body::Text(text)) if text.is_empty() => {
                request.message = Message::text("something");
            }
            _ => {}
        }
        let Err(error) = self.promised().check(PLATFORM, &request) else {
            return Ok(());
        };
        if self.has(Defect::StoresBeforeItRefuses) {
            self.store();
        }
        if self.has(Defect::NamesOneProblemOnly) {
            let mut one = ms_messenger_core::Problems::new();
            let first = error.problems()[0].clone();
            one.add(first.field, first.rule);
            let error = one.into_result(error.kind()).unwrap_err();
            return Err(error.with_platform(PLATFORM));
        }
        Err(error)
    }

    fn receipt(&self, request: &SendRequest, number: usize) -> Receipt {
        let id = match self.defect {
            Defect::EmptyMessageId => String::new(),
            Defect::SameIdForAll => "1".to_owned(),
            _ => number.to_string(),
        };
        let receipt = Receipt::new(Acceptance::Posted).with_message_id(id);
        match (&request.to, self.defect) {
            (_, Defect::ReceiptOfAnotherConversation) => receipt.with_conversation("another"),
            (Target::Conversation(id), _) => receipt.with_conversation(id.clone()),
            _ => receipt,
        }
    }

    /// Evidence of a send that ended just now, and a note of what became of it.
    fn evidence(&self, began_at: SystemTime, stored_as: Option<usize>) -> Evidence {
        let mut fates = self.fates.lock().unwrap();
        let id = format!("send-{}", fates.len());
        fates.push(Fate {
            id: id.clone(),
            stored_as,
            looks: 0,
        });
        let now = SystemTime::now();
        Evidence::new(began_at)
            .with_platform(PLATFORM)
            .with_end(now, now)
            .with_client_request_id(id)
    }

    fn fail(&self, failure: Failure, began_at: SystemTime, is_limited: bool) -> Error {
        let stored_as = failure.is_stored().then(|| self.store());
        if stored_as.is_some() && self.has(Defect::ResendsUnknown) {
            self.store();
        }
        let error = self.failed(failure);
        if is_limited && failure == Failure::LostResponse {
            match self.defect {
                Defect::TimeoutLosesEvidence => return error,
                Defect::TimeoutSaysNotSent => return error.with_delivery(Delivery::NotSent),
                Defect::DeadAfterATimeout => self.dead.store(true, Ordering::SeqCst),
                _ => {}
            }
        }
        if self.has(Defect::UnknownWithoutEvidence) {
            return error;
        }
        error.with_evidence(self.evidence(began_at, stored_as))
    }

    fn failed(&self, failure: Failure) -> Error {
        if self.has(Defect::DeadAfterAFailure) {
            self.dead.store(true, Ordering::SeqCst);
        }
        match failure {
            Failure::Refused => self.error(ErrorKind::Connect, "no connection"),
            Failure::LostResponse => match self.defect {
                Defect::SaysNotSentThoughStored => self
                    .error(ErrorKind::Timeout, "no response")
                    .with_delivery(Delivery::NotSent),
                _ => self.error(ErrorKind::Timeout, "no response"),
            },
            Failure::GarbledResponse => self
                .error(ErrorKind::Protocol, "unreadable")
                .with_delivery(Delivery::Sent),
            Failure::Rejected => {
                let error = self.error(ErrorKind::InvalidRequest, "rejected");
                match self.defect {
                    Defect::UnknownForAProvenRefusal => error.with_delivery(Delivery::Unknown),
                    Defect::SaysSentThoughRefused => error.with_delivery(Delivery::Sent),
                    _ => error,
                }
            }
            _ => match self.defect {
                Defect::WrongKindForLimit => self
                    .error(ErrorKind::Service, "slow down")
                    .with_delivery(Delivery::NotSent),
                _ => self.error(ErrorKind::RateLimited, "slow down"),
            },
        }
    }

    /// Refuses a request that is over before it began.
    fn in_time(&self, request: &SendRequest) -> Result<()> {
        let Some(reached) = request.deadline().reached() else {
            return Ok(());
        };
        let error = reached.into_error().with_platform(PLATFORM);
        match (self.defect, error.kind()) {
            (Defect::IgnoresCancel, ErrorKind::Cancelled) => Ok(()),
            (Defect::UnknownForACancelledRequest, _) => {
                Err(error.with_evidence(self.evidence(SystemTime::now(), None)))
            }
            _ => Err(error.with_delivery(Delivery::NotSent)),
        }
    }

    fn settle(&self, evidence: &Evidence) -> Settled {
        let any = || Receipt::new(Acceptance::Posted).with_message_id("1");
        if self.has(Defect::SettleSends) {
            self.store();
        }
        match self.defect {
            Defect::SaysNotFoundToEverything => return Settled::NotFound,
            Defect::SaysFoundToEverything => return Settled::Found(any()),
            Defect::AcceptsForeignEvidence => {}
            _ => {
                if let Err(error) = evidence.check_platform(PLATFORM) {
                    return Settled::CannotTell(error);
                }
            }
        }
        let mut fates = self.fates.lock().unwrap();
        let id = evidence.client_request_id.as_deref();
        let fate = fates.iter_mut().find(|fate| Some(fate.id.as_str()) == id);
        let Some(fate) = fate else {
            return match (self.defect, id) {
                (Defect::TrustsUnknownIds, Some(_)) => Settled::NotFound,
                _ => Settled::cannot_tell(PLATFORM, "the evidence is of another messenger"),
            };
        };
        fate.looks += 1;
        match (self.defect, fate.stored_as) {
            (Defect::SettleSendsWhenInDoubt, None) => {
                let number = self.store();
                fate.stored_as = Some(number);
                Settled::Found(Receipt::new(Acceptance::Posted).with_message_id(number.to_string()))
            }
            (Defect::SaysNotFoundThoughStored, Some(_)) => Settled::NotFound,
            (Defect::FindsWhatWasRefused, None) => Settled::Found(any()),
            (Defect::FindsOnce, Some(_)) if fate.looks > 1 => Settled::NotFound,
            (Defect::FindsAnotherAtEachLook, Some(_)) => Settled::Found(
                Receipt::new(Acceptance::Posted).with_message_id(fate.looks.to_string()),
            ),
            (_, Some(number)) => {
                Settled::Found(Receipt::new(Acceptance::Posted).with_message_id(number.to_string()))
            }
            (_, None) => Settled::NotFound,
        }
    }

    async fn run(&self, request: &SendRequest) -> Result<Receipt> {
        self.refuse(request)?;
        self.in_time(request)?;
        let began_at = SystemTime::now();
        let others = self.busy.fetch_add(1, Ordering::SeqCst);
        let mut under_way = UnderWay {
            sample: self,
            is_done: false,
        };
        if self.dead.load(Ordering::SeqCst) {
            assert!(!self.has(Defect::PanicsAfterADrop), "a lock is poisoned");
            under_way.is_done = true;
            return Err(self.error(ErrorKind::Other, "dead"));
        }
        // As on a wire: the response is not there at once.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        under_way.is_done = true;
        let failure = self.failure.lock().unwrap().take();
        if let Some(failure) = failure {
            return Err(self.fail(failure, began_at, request.timeout.is_some()));
        }
        if self.has(Defect::PrintsContent)
            && request.message.subject.is_none()
            && let Body::Text(text) = &request.message.body
        {
            self.store();
            return Ok(Receipt::new(Acceptance::Posted).with_message_id(text.as_str()));
        }
        if self.has(Defect::RefusesWhatItPromises) {
            return Err(self.error(ErrorKind::Unsupported, "no"));
        }
        let loses =
            self.has(Defect::StoresNothing) || (self.has(Defect::LosesUnderLoad) && others > 0);
        let number = match loses {
            true => 0,
            false => self.store(),
        };
        if self.has(Defect::SendsTwice) {
            self.store();
        }
        Ok(self.receipt(request, number))
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.defect {
            Defect::PrintsSecretInDebug => write!(f, "Sample({SECRET})"),
            _ => f.write_str("Sample"),
        }
    }
}

/// The messenger; a type of its own because the trait is not ours to implement for `Arc`.
#[derive(Debug)]
struct Client(Arc<Sample>);

impl Messenger for Client {
    fn platform(&self) -> &str {
        match self.0.defect {
            Defect::BadName => "Sample Chat",
            _ => PLATFORM,
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.0.promised()
    }

    // Written out, as the macro would write it, so that one can be eager.
    fn send<'a, 'b, 'c>(
        &'a self,
        request: &'b SendRequest,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Receipt>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        if self.0.has(Defect::SendsUnpolled) && self.0.refuse(request).is_ok() {
            let number = self.0.store();
            return Box::pin(async move { Ok(self.0.receipt(request, number)) });
        }
        Box::pin(self.0.run(request))
    }

    fn settle<'a, 'b, 'c, 'd>(
        &'a self,
        _: &'b SendRequest,
        evidence: &'c Evidence,
    ) -> std::pin::Pin<Box<dyn Future<Output = Settled> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(async { self.0.settle(evidence) })
    }
}

struct Double {
    sample: Arc<Sample>,
    messenger: SharedMessenger,
}

#[async_trait]
impl Subject for Double {
    fn messenger(&self) -> SharedMessenger {
        Arc::clone(&self.messenger)
    }

    fn request(&self) -> SendRequest {
        SendRequest::new(
            Target::conversation("conversation-1"),
            Message::text("a message of the suite"),
        )
    }

    async fn stored(&self) -> usize {
        self.sample.stored.load(Ordering::SeqCst)
    }

    async fn fail_next(&self, failure: Failure) -> bool {
        *self.sample.failure.lock().unwrap() = Some(failure);
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

async fn report(defect: Defect) -> Report {
    let sample = Sample::new(defect);
    let messenger: SharedMessenger = Arc::new(Client(Arc::clone(&sample)));
    check(&Double { sample, messenger }).await
}

#[tokio::test]
async fn a_sound_messenger_breaks_no_rule() {
    let report = report(Defect::None).await;
    assert!(report.passed(), "{report}");
    assert!(report.skipped.is_empty(), "{report}");
}

/// Each defect with the rules that must be named, all of them and no other.
const BROKEN: &[(Defect, &[Rule])] = &[
    (
        Defect::BadName,
        &[Rule::PlatformName, Rule::ErrorFacts, Rule::HasEvidence],
    ),
    (Defect::ReceiptOfAnotherConversation, &[Rule::Receipt]),
    (Defect::EmptyMessageId, &[Rule::Receipt, Rule::DistinctIds]),
    (
        Defect::IgnoresSubject,
        &[Rule::RefuseUnsupported, Rule::AllProblems],
    ),
    (
        Defect::IgnoresKey,
        &[Rule::RefuseUnsupported, Rule::AllProblems],
    ),
    (
        Defect::AcceptsForeignBody,
        &[Rule::ForeignNative, Rule::AllProblems],
    ),
    (Defect::NamesOneProblemOnly, &[Rule::AllProblems]),
    (
        Defect::StoresBeforeItRefuses,
        &[
            Rule::RefuseUnsupported,
            Rule::AllProblems,
            Rule::ForeignNative,
            Rule::InvalidInput,
            Rule::CancelledBefore,
        ],
    ),
    (Defect::AcceptsEmptyText, &[Rule::InvalidInput]),
    (
        Defect::SaysNotSentThoughStored,
        &[Rule::TrueDelivery, Rule::DeadlineEvidence],
    ),
    (Defect::SaysSentThoughRefused, &[Rule::TrueDelivery]),
    (
        Defect::ResendsUnknown,
        &[Rule::TrueDelivery, Rule::DeadlineEvidence],
    ),
    (Defect::UnknownForAProvenRefusal, &[Rule::TrueDelivery]),
    (Defect::NoPlatformInErrors, &[Rule::ErrorFacts]),
    (Defect::SeveralLines, &[Rule::ErrorFacts]),
    (Defect::WrongKindForLimit, &[Rule::ErrorFacts]),
    (Defect::LosesUnderLoad, &[Rule::EachOnce, Rule::DistinctIds]),
    (Defect::SameIdForAll, &[Rule::DistinctIds]),
    (
        Defect::SendsUnpolled,
        &[Rule::LazySend, Rule::CancelledBefore],
    ),
    (Defect::DeadAfterADrop, &[Rule::UsableAfterDrop]),
    (Defect::PanicsAfterADrop, &[Rule::UsableAfterDrop]),
    (Defect::PrintsSecretInDebug, &[Rule::NoSecrets]),
    (Defect::PrintsSecretInErrors, &[Rule::NoSecrets]),
    (Defect::PrintsContent, &[Rule::NoContent, Rule::DistinctIds]),
    (
        Defect::SettleSends,
        &[Rule::SettleNeverSends, Rule::DeadlineEvidence],
    ),
    (
        Defect::SettleSendsWhenInDoubt,
        &[Rule::SettleNeverSends, Rule::TrueVerdict],
    ),
    (
        Defect::SaysNotFoundToEverything,
        &[
            Rule::DeadlineEvidence,
            Rule::TrueVerdict,
            Rule::NothingKnown,
            Rule::ForeignEvidence,
        ],
    ),
    (
        Defect::SaysFoundToEverything,
        &[Rule::TrueVerdict, Rule::NothingKnown, Rule::ForeignEvidence],
    ),
    (
        Defect::SaysNotFoundThoughStored,
        &[Rule::TrueVerdict, Rule::DeadlineEvidence],
    ),
    (Defect::FindsWhatWasRefused, &[Rule::TrueVerdict]),
    (Defect::TrustsUnknownIds, &[Rule::NothingKnown]),
    (Defect::AcceptsForeignEvidence, &[Rule::ForeignEvidence]),
    (Defect::FindsOnce, &[Rule::SameVerdict]),
    (Defect::FindsAnotherAtEachLook, &[Rule::SameVerdict]),
    (
        Defect::UnknownWithoutEvidence,
        &[Rule::HasEvidence, Rule::DeadlineEvidence],
    ),
    (Defect::IgnoresCancel, &[Rule::CancelledBefore]),
    (
        Defect::UnknownForACancelledRequest,
        &[Rule::CancelledBefore],
    ),
    (Defect::TimeoutLosesEvidence, &[Rule::DeadlineEvidence]),
    (Defect::TimeoutSaysNotSent, &[Rule::DeadlineEvidence]),
];

#[tokio::test]
async fn each_defect_is_named_by_its_rule() {
    let mut wrong = Vec::new();
    for (defect, rules) in BROKEN {
        let report = report(*defect).await;
        let expected: BTreeSet<Rule> = rules.iter().copied().collect();
        if report.broken_rules() != expected {
            wrong.push(format!(
                "{defect:?}: expected {expected:?}, got {:?}\n{report}",
                report.broken_rules()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// These break every send, so more than one rule sees it; the one that says it best must be there.
#[tokio::test]
async fn a_defect_of_every_send_is_named_too() {
    for (defect, rule) in [
        (Defect::StoresNothing, Rule::SendOnce),
        (Defect::SendsTwice, Rule::SendOnce),
        (Defect::RefusesWhatItPromises, Rule::SendOnce),
        (Defect::DeadAfterAFailure, Rule::Recovery),
        (Defect::DeadAfterATimeout, Rule::DeadlineEvidence),
    ] {
        let report = report(defect).await;
        assert!(
            report.broken_rules().contains(&rule),
            "{defect:?}: {report}"
        );
    }
}
