//! Expectations of a test: wait for a message, fail the next request.

use std::{fmt, time::Duration};

use crate::{
    emulator::Emulator,
    engine::{
        faults::{action::FaultAction, rule::FaultRule},
        ledger::row::LedgerRow,
        platform::{Platform, names_operation},
    },
};

/// The ledger rows that a test waits for. Whatever is not set matches anything.
///
/// ```
/// use ms_messenger_emulator::{MessageMatcher, Platform};
///
/// let hello = MessageMatcher::new().with_platform(Platform::MSGRAPH_CHAT).with_text("hello");
/// assert_eq!(hello.to_string(), r#"platform msgraph-chat, text "hello""#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageMatcher {
    platform: Option<Platform>,
    operation: Option<String>,
    conversation: Option<String>,
    text: Option<String>,
}

impl MessageMatcher {
    /// Creates a matcher for every message.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches only messages that this platform stored.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Matches only this operation; `send` also means `send.reply` and similar ones.
    ///
    /// ```
    /// use ms_messenger_emulator::MessageMatcher;
    ///
    /// let wanted = MessageMatcher::new().with_operation("send");
    /// assert_eq!(wanted.to_string(), r#"operation "send""#);
    /// ```
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Matches only this conversation, thread, channel or chat id, or recipient of a notification.
    ///
    /// ```
    /// use ms_messenger_emulator::MessageMatcher;
    ///
    /// let wanted = MessageMatcher::new().with_conversation("19:a@thread.v2");
    /// assert_eq!(wanted.to_string(), r#"conversation "19:a@thread.v2""#);
    /// ```
    #[must_use]
    pub fn with_conversation(mut self, conversation: impl Into<String>) -> Self {
        self.conversation = Some(conversation.into());
        self
    }

    /// Matches only messages with exactly this text, as it was sent or as it is now.
    ///
    /// ```
    /// use ms_messenger_emulator::MessageMatcher;
    ///
    /// let wanted = MessageMatcher::new().with_text("hello");
    /// assert_eq!(wanted.to_string(), r#"text "hello""#);
    /// ```
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Returns whether the row matches.
    pub fn matches(&self, row: &LedgerRow) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|w| w == found);
        let names = |wanted: &String| names_operation(wanted, row.operation);
        self.platform.is_none_or(|p| p == row.platform)
            && self.operation.as_ref().is_none_or(names)
            && is(&self.conversation, &row.conversation)
            && (is(&self.text, &row.text)
                || row
                    .edited_text
                    .as_ref()
                    .is_some_and(|now| is(&self.text, now)))
    }
}

impl fmt::Display for MessageMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let platform = self.platform.map(|p| format!("platform {}", p.as_str()));
        let named = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("{name} {value:?}"))
        };
        let parts = [
            platform,
            named("operation", &self.operation),
            named("conversation", &self.conversation),
            named("text", &self.text),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return f.write_str("any message");
        }
        f.write_str(&parts.join(", "))
    }
}

/// A message that a test waits for. Created by [`Emulator::expect`].
#[derive(Debug)]
#[must_use = "call `within` and await it"]
pub struct Expectation<'a> {
    emulator: &'a Emulator,
    wanted: MessageMatcher,
}

impl Expectation<'_> {
    /// Waits until a matching message is stored, at most `limit`. Returns the oldest one, which may
    /// have been stored before the call. Needs a Tokio runtime with its timer enabled.
    ///
    /// ```
    /// use ms_messenger_emulator::{Emulator, MessageMatcher};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let expected = emulator.expect(MessageMatcher::new().with_text("hello"));
    /// let error = expected.within(Duration::from_millis(1)).await.unwrap_err();
    /// assert!(error.to_string().ends_with("stored: 0"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExpectError`] lists the stored messages.
    pub async fn within(self, limit: Duration) -> Result<LedgerRow, ExpectError> {
        // Subscribed before the first check, so that no message is missed in between.
        let mut changes = self.emulator.changes();
        let found = async {
            loop {
                let mut rows = self.emulator.messages().into_iter();
                if let Some(row) = rows.find(|row| self.wanted.matches(row)) {
                    return Some(row);
                }
                changes.changed().await.ok()?;
            }
        };
        let found = tokio::time::timeout(limit, found).await;
        found.ok().flatten().ok_or_else(|| ExpectError {
            wanted: self.wanted.clone(),
            limit,
            rows: self.emulator.messages(),
        })
    }
}

/// Error returned when no matching message was stored in time.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub struct ExpectError {
    /// The message that was expected.
    pub wanted: MessageMatcher,
    /// The time that was waited.
    pub limit: Duration,
    /// The rows of the ledger at the end, oldest first.
    pub rows: Vec<LedgerRow>,
}

impl fmt::Display for ExpectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            wanted,
            limit,
            rows,
        } = self;
        write!(
            f,
            "no message within {limit:?} of: {wanted}; stored: {}",
            rows.len()
        )?;
        for row in rows {
            let platform = row.platform.as_str();
            let (operation, place, text) = (row.operation, &row.conversation, &row.text);
            write!(
                f,
                "\n  {}: {platform} {operation} in {place}: {text:?}",
                row.seq
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for ExpectError {
    /// As displayed: a test that fails with `unwrap` or `?` prints this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Error returned when a platform has no operation of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} has no operation {operation:?}", platform.as_str())]
#[non_exhaustive]
pub struct UnknownOperationError {
    /// The platform.
    pub platform: Platform,
    /// The unknown name.
    pub operation: String,
}

impl Emulator {
    /// Returns an expectation to wait for: [`Expectation::within`].
    pub fn expect(&self, wanted: MessageMatcher) -> Expectation<'_> {
        Expectation {
            emulator: self,
            wanted,
        }
    }

    /// Applies `action` to the next request of that operation (`send` also means `send.reply` and
    /// similar ones), once, before all other rules; their counters continue. Several calls queue
    /// up. A fault kind that does not apply to the operation never occurs.
    ///
    /// ```
    /// # use ms_messenger_emulator::{Emulator, FaultAction, Platform};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// emulator.fail_next(Platform::MSGRAPH_CHAT, "send", FaultAction::status(503))?;
    /// assert!(emulator.fail_next(Platform::MSGRAPH_CHAT, "sned", FaultAction::status(503)).is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownOperationError`] if the platform has no such operation: the fault would never
    /// occur.
    pub fn fail_next(
        &self,
        platform: Platform,
        operation: &str,
        action: FaultAction,
    ) -> Result<(), UnknownOperationError> {
        if !self.has_operation(platform, operation) {
            return Err(UnknownOperationError {
                platform,
                operation: operation.to_owned(),
            });
        }
        let rule = FaultRule::new(action)
            .with_platform(platform)
            .with_operation(operation)
            .with_times(1);
        self.add_urgent_fault(rule);
        Ok(())
    }
}
