//! The state of one run: the subject, and the results so far.

use std::{any::Any, error::Error as StdError, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use ms_messenger_core::{
    Body, Delivery, Error, Evidence, Receipt, Result, SendRequest, Settled, SharedMessenger,
};

use crate::{
    report::{BrokenRule, Report, SkippedCheck},
    rule::Rule,
    sample,
    subject::Subject,
};

/// How long one chapter may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Shorter texts may be in an error by chance.
const SHORTEST_CONTENT: usize = 6;

pub(crate) struct Suite<'a, S: ?Sized> {
    pub(crate) subject: &'a S,
    pub(crate) messenger: SharedMessenger,
    pub(crate) platform: String,
    rule: Rule,
    report: Report,
    /// Everything that was printed in the run, and what it is.
    printed: Vec<(String, String)>,
    /// The contents of the messages.
    contents: Vec<String>,
    /// How many messages of earlier sends may still arrive.
    pub(crate) may_arrive_late: usize,
}

/// The bounds of how many messages some sends stored.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Arrived {
    pub(crate) fn count(&mut self, result: &Result<Receipt>) {
        let delivery = match result {
            Ok(_) => Delivery::Sent,
            Err(error) => error.delivery(),
        };
        self.least += usize::from(delivery == Delivery::Sent);
        self.most += usize::from(delivery != Delivery::NotSent);
    }

    /// The verdict on a send that was counted as unknown.
    pub(crate) fn settle(&mut self, settled: &Settled) {
        match settled {
            Settled::Found(_) => self.least += 1,
            Settled::NotFound => self.most -= 1,
            _ => {}
        }
    }
}

impl<'a, S: Subject + ?Sized> Suite<'a, S> {
    pub(crate) fn new(subject: &'a S) -> Self {
        let messenger = subject.messenger();
        let platform = messenger.platform().to_owned();
        Self {
            subject,
            messenger,
            report: Report::new(platform.clone()),
            platform,
            rule: Rule::PlatformName,
            printed: Vec::new(),
            contents: vec![sample::CONTENT.to_owned()],
            may_arrive_late: 0,
        }
    }

    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    /// Runs one chapter; a panic or a hang breaks the rule that is being checked.
    pub(crate) async fn run(&mut self, chapter: impl AsyncFnOnce(&mut Self)) {
        let guarded = AssertUnwindSafe(chapter(self)).catch_unwind();
        match tokio::time::timeout(LIMIT, guarded).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => self.fail(format!("panicked: {}", panic_message(&*panic))),
            Err(_) => self.fail(format!("not done within {LIMIT:?}")),
        }
    }

    /// Sets the rule that is checked from here on.
    pub(crate) fn begin(&mut self, rule: Rule) {
        self.rule = rule;
        if !self.report.checked.contains(&rule) {
            self.report.checked.push(rule);
        }
    }

    /// Reports the current rule as broken.
    pub(crate) fn fail(&mut self, detail: impl Into<String>) {
        self.begin(self.rule);
        self.report.broken.push(BrokenRule {
            rule: self.rule,
            detail: detail.into(),
        });
    }

    /// Reports the current rule as broken unless `kept`.
    pub(crate) fn expect(&mut self, kept: bool, detail: impl FnOnce() -> String) {
        if !kept {
            self.fail(detail());
        }
    }

    pub(crate) fn skip(&mut self, reason: impl Into<String>) {
        self.report.skipped.push(SkippedCheck {
            rule: self.rule,
            reason: reason.into(),
        });
    }

    /// Returns a new valid request. Its content must not be printed from here on.
    pub(crate) fn request(&mut self) -> SendRequest {
        let request = self.subject.request();
        let texts: Vec<&String> = match &request.message.body {
            Body::Text(text) => vec![text],
            Body::Html { html, text, .. } => text.iter().chain([html]).collect(),
            Body::Template(template) => template.body.iter().collect(),
            _ => Vec::new(),
        };
        for text in texts.into_iter().chain(&request.message.subject) {
            if text.len() >= SHORTEST_CONTENT && !self.contents.contains(text) {
                self.contents.push(text.clone());
            }
        }
        request
    }

    /// Sends, and returns how many more messages are stored afterwards.
    pub(crate) async fn send(&mut self, request: &SendRequest) -> (Result<Receipt>, usize) {
        let before = self.subject.stored().await;
        let result = self.messenger.send(request).await;
        let after = self.subject.stored().await;
        match &result {
            Ok(receipt) => self.print("a receipt", format!("{receipt:?}{receipt:#?}")),
            Err(error) => self.print_error(error),
        }
        (result, after.saturating_sub(before))
    }

    /// Settles a send, which must not send.
    pub(crate) async fn settle(&mut self, request: &SendRequest, evidence: &Evidence) -> Settled {
        let rule = self.rule;
        self.begin(Rule::SettleNeverSends);
        let before = self.subject.stored().await;
        let settled = self.look(request, evidence).await;
        let after = self.subject.stored().await;
        self.expect(before == after, || {
            format!("{} messages were stored", after.saturating_sub(before))
        });
        self.rule = rule;
        settled
    }

    /// The same if messages of earlier sends may arrive in the meantime.
    pub(crate) async fn look(&mut self, request: &SendRequest, evidence: &Evidence) -> Settled {
        let settled = self.messenger.settle(request, evidence).await;
        self.print("a verdict", format!("{settled:?}{settled:#?}"));
        if let Settled::CannotTell(error) = &settled {
            self.print_error(error);
        }
        settled
    }

    /// Sends a request that must be stored once.
    pub(crate) async fn send_valid(&mut self, what: &str) {
        let request = self.request();
        let (result, stored) = self.send(&request).await;
        match result {
            Ok(_) => self.expect(stored == 1, || {
                format!("{what}: accepted, but stored {stored} times")
            }),
            Err(error) => self.fail(format!("{what}: a valid request failed: {error}")),
        }
    }

    fn print_error(&mut self, error: &Error) {
        self.print(
            "an error",
            format!("{error}{error:#}{error:?}{error:#?}{:?}", error.problems()),
        );
        let mut source = error.source();
        while let Some(cause) = source {
            self.print(
                "the cause of an error",
                format!("{cause}{cause:#}{cause:?}{cause:#?}"),
            );
            source = cause.source();
        }
    }

    /// Stores something that was printed, for the chapter on redaction.
    pub(crate) fn print(&mut self, what: impl Into<String>, text: String) {
        self.printed.push((what.into(), text));
    }

    /// Returns what was printed that contains one of `words`, without repeating the word.
    pub(crate) fn prints_of(&self, words: &[String]) -> Vec<String> {
        let mut found: Vec<String> = self
            .printed
            .iter()
            .filter(|(_, text)| words.iter().any(|word| text.contains(word.as_str())))
            .map(|(what, _)| what.clone())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(crate) fn contents(&self) -> Vec<String> {
        self.contents.clone()
    }
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
