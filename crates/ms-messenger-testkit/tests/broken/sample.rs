//! A platform that stores what it is sent, with one defect in what its messenger makes of it.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use ms_messenger_core::{
    Acceptance, Body, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, Message,
    Problems, Receipt, Result, SendRequest, Settled, Target,
};
use ms_messenger_testkit::Failure;

use crate::defect::Defect;

pub(crate) const SECRET: &str = "hunter2-and-more";
pub(crate) const PLATFORM: &str = "sample-chat";

/// What became of a send.
#[derive(Clone)]
struct Fate {
    id: String,
    stored_as: Option<usize>,
    looks: usize,
}

/// A platform that stores what it is sent, and the messenger that talks to it.
pub(crate) struct Sample {
    pub(crate) defect: Defect,
    pub(crate) stored: AtomicUsize,
    pub(crate) failure: Mutex<Option<Failure>>,
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
    pub(crate) fn new(defect: Defect) -> Arc<Self> {
        Arc::new(Self {
            defect,
            stored: AtomicUsize::default(),
            failure: Mutex::default(),
            busy: AtomicUsize::default(),
            dead: AtomicBool::default(),
            fates: Mutex::default(),
        })
    }

    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    pub(crate) fn store(&self) -> usize {
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

    pub(crate) fn promised(&self) -> Capabilities {
        Capabilities::new(&[
            Capability::ToConversation,
            Capability::Text,
            Capability::Native,
            Capability::Deadline,
            Capability::Journal,
        ])
    }

    /// Rejects, before anything is sent, what it does not support.
    pub(crate) fn refuse(&self, request: &SendRequest) -> Result<()> {
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
            let mut one = Problems::new();
            let first = error.problems()[0].clone();
            one.add(first.field, first.rule);
            let error = one.into_result(error.kind()).unwrap_err();
            return Err(error.with_platform(PLATFORM));
        }
        Err(error)
    }

    pub(crate) fn receipt(&self, request: &SendRequest, number: usize) -> Receipt {
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

    /// Rejects a request whose time is over, or that is cancelled, before it is sent.
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

    /// Lets the journal of a request note it, and hold it back.
    async fn note(&self, request: &SendRequest) -> Result<()> {
        let Some(journal) = &request.journal else {
            return Ok(());
        };
        let mut evidence = Evidence::new(SystemTime::now()).with_client_request_id("noted");
        if !self.has(Defect::NotesNoPlatform) {
            evidence = evidence.with_platform(PLATFORM);
        }
        let noted = journal.attempt_begins(&evidence).await;
        let noted = match self.defect {
            Defect::IgnoresFullJournal => Ok(()),
            Defect::UnknownForAFullJournal => noted,
            _ => noted.map_err(|error| error.with_delivery(Delivery::NotSent)),
        };
        noted.map_err(|error| error.with_platform(PLATFORM))?;
        match self.defect {
            Defect::LetsAllLeave => Ok(()),
            _ => journal.check_may_leave(),
        }
    }

    pub(crate) fn settle(&self, evidence: &Evidence) -> Settled {
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
                (Defect::TrustsUnknownIds, Some(_))
                | (Defect::MissesWhatHasAReceipt, Some("noted")) => Settled::NotFound,
                _ => Settled::cannot_tell(PLATFORM, "the evidence is of another messenger"),
            };
        };
        fate.looks += 1;
        match (self.defect, fate.stored_as) {
            (Defect::SettleSendsWhenUnknown, None) => {
                let number = self.store();
                fate.stored_as = Some(number);
                Settled::Found(Receipt::new(Acceptance::Posted).with_message_id(number.to_string()))
            }
            (Defect::SaysNotFoundThoughStored, Some(_)) => Settled::NotFound,
            (Defect::FindsWhatWasRefused, None) => Settled::Found(any()),
            (Defect::FindsOnce, Some(_)) if fate.looks > 1 => Settled::NotFound,
            (Defect::FindsAnotherEachTime, Some(_)) => Settled::Found(
                Receipt::new(Acceptance::Posted).with_message_id(fate.looks.to_string()),
            ),
            (_, Some(number)) => {
                Settled::Found(Receipt::new(Acceptance::Posted).with_message_id(number.to_string()))
            }
            (_, None) => Settled::NotFound,
        }
    }

    pub(crate) async fn run(&self, request: &SendRequest) -> Result<Receipt> {
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
        if self.has(Defect::NotesAfterTheSend) && request.journal.is_some() {
            let number = self.store();
            under_way.is_done = true;
            self.note(request).await?;
            return Ok(self.receipt(request, number));
        }
        if !self.has(Defect::IgnoresJournal) {
            let noted = self.note(request).await;
            under_way.is_done |= noted.is_err();
            noted?;
        }
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
