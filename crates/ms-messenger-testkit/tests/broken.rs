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
};

use ms_messenger_core::{
    Acceptance, Body, Capabilities, Delivery, Error, ErrorKind, Evidence, Feature, Message,
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
}

/// A platform that stores what it is sent, and the messenger that talks to it.
struct Sample {
    defect: Defect,
    stored: AtomicUsize,
    failure: Mutex<Option<Failure>>,
    busy: AtomicUsize,
    dead: AtomicBool,
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
        Capabilities::of(&[Feature::ToConversation, Feature::Text, Feature::Native])
    }

    /// Refuses, before anything is sent, what it does not carry.
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

    fn fail(&self, failure: Failure) -> Error {
        if failure.is_stored() {
            self.store();
            if self.has(Defect::ResendsUnknown) {
                self.store();
            }
        }
        if self.has(Defect::DeadAfterAFailure) {
            self.dead.store(true, Ordering::SeqCst);
        }
        match failure {
            Failure::Refused => self.error(ErrorKind::Connect, "no connection"),
            Failure::LostAnswer => match self.defect {
                Defect::SaysNotSentThoughStored => self
                    .error(ErrorKind::Timeout, "no answer")
                    .with_delivery(Delivery::NotSent),
                _ => self.error(ErrorKind::Timeout, "no answer"),
            },
            Failure::GarbledAnswer => self
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

    async fn run(&self, request: &SendRequest) -> Result<Receipt> {
        self.refuse(request)?;
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
        // As on a wire: the answer is not there at once.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        under_way.is_done = true;
        let failure = self.failure.lock().unwrap().take();
        if let Some(failure) = failure {
            return Err(self.fail(failure));
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
        _: &'c Evidence,
    ) -> std::pin::Pin<Box<dyn Future<Output = Settled> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(async { Settled::cannot_tell(PLATFORM, "nothing can be looked for") })
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
    assert!(report.is_passed(), "{report}");
    assert!(report.skipped.is_empty(), "{report}");
}

/// Each defect with the rules that must be named, all of them and no other.
const BROKEN: &[(Defect, &[Rule])] = &[
    (Defect::BadName, &[Rule::PlatformName, Rule::ErrorFacts]),
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
        ],
    ),
    (Defect::AcceptsEmptyText, &[Rule::InvalidInput]),
    (Defect::SaysNotSentThoughStored, &[Rule::TrueDelivery]),
    (Defect::SaysSentThoughRefused, &[Rule::TrueDelivery]),
    (Defect::ResendsUnknown, &[Rule::TrueDelivery]),
    (Defect::UnknownForAProvenRefusal, &[Rule::TrueDelivery]),
    (Defect::NoPlatformInErrors, &[Rule::ErrorFacts]),
    (Defect::SeveralLines, &[Rule::ErrorFacts]),
    (Defect::WrongKindForLimit, &[Rule::ErrorFacts]),
    (Defect::LosesUnderLoad, &[Rule::EachOnce, Rule::DistinctIds]),
    (Defect::SameIdForAll, &[Rule::DistinctIds]),
    (Defect::SendsUnpolled, &[Rule::LazySend]),
    (Defect::DeadAfterADrop, &[Rule::UsableAfterDrop]),
    (Defect::PanicsAfterADrop, &[Rule::UsableAfterDrop]),
    (Defect::PrintsSecretInDebug, &[Rule::NoSecrets]),
    (Defect::PrintsSecretInErrors, &[Rule::NoSecrets]),
    (Defect::PrintsContent, &[Rule::NoContent, Rule::DistinctIds]),
];

#[tokio::test]
async fn each_defect_is_named_by_its_rule() {
    let mut wrong = Vec::new();
    for (defect, rules) in BROKEN {
        let report = report(*defect).await;
        let expected: BTreeSet<Rule> = rules.iter().copied().collect();
        if report.broken() != expected {
            wrong.push(format!(
                "{defect:?}: expected {expected:?}, got {:?}\n{report}",
                report.broken()
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
    ] {
        let report = report(defect).await;
        assert!(report.broken().contains(&rule), "{defect:?}: {report}");
    }
}
