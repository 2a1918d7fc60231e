//! What happens around the sends of a cell.

use std::time::Duration;

use ms_messenger::{CancelHandle, Message, SendRequest, Target};
use serde_json::{Value, json};

use crate::{cell::Outcome, platform::Platform};

/// Number of sends with the same text in [`Story::Twins`].
const TWINS: usize = 4;
/// Time after which the caller ends a send.
const CALLER_TIMEOUT: Duration = Duration::from_millis(30);

/// What happens around the sends of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// Nothing.
    Plain,
    /// The clock of the services is this many seconds ahead of the clock of this machine.
    ServiceClock(i64),
    /// The clock of the machine that sent was this many seconds ahead; another machine settles.
    SenderClock(i64),
    /// Four sends have the same text and target.
    Twins,
    /// Other accounts, and another program of the same account, send the same texts.
    Noise,
    /// Messages are edited and deleted before settling.
    Changed,
    /// The time-out of the caller ends each send.
    TimedOut,
    /// The caller cancels each send.
    Cancelled,
    /// The recipients send at the same time.
    Talk,
    /// `send_settled` sends and settles in one call.
    Settled,
}

impl Story {
    /// Returns the nth request of a cell.
    pub(crate) fn request(
        self,
        platform: &impl Platform,
        cell: usize,
        number: usize,
    ) -> SendRequest {
        let number = self.text_number(number);
        let to = platform.target(cell, number);
        let request = SendRequest::new(to, Message::text(text(number)));
        match self {
            Self::TimedOut => request.with_timeout(CALLER_TIMEOUT),
            Self::Cancelled => {
                let cancel = CancelHandle::new();
                let request = request.with_cancel(cancel.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(CALLER_TIMEOUT).await;
                    cancel.cancel();
                });
                request
            }
            _ => request,
        }
    }

    /// Returns the number of the text of the nth send.
    pub(crate) fn text_number(self, number: usize) -> usize {
        if self == Self::Twins {
            number / TWINS
        } else {
            number
        }
    }

    /// Returns how many seconds the clock of the services is ahead.
    pub(crate) fn service_clock(self) -> i64 {
        match self {
            Self::ServiceClock(seconds) => seconds,
            _ => 0,
        }
    }

    /// Does what happens before the sends.
    pub(crate) fn begin(self, platform: &impl Platform, cell: usize, sends: usize) {
        if self != Self::Noise {
            return;
        }
        for number in 0..sends {
            let age = match number % 4 {
                // Old enough to be distinguished from the send by its time.
                1 => 60_000,
                2 => 1_000,
                _ => continue,
            };
            let own = platform.own_account();
            inject(
                platform,
                cell,
                number,
                json!({"sender": own, "age_ms": age}),
            );
        }
    }

    /// Does what happens after the sends and before settling.
    pub(crate) async fn end_sends(
        self,
        platform: &impl Platform,
        cell: usize,
        sent: &[Outcome],
        margin: Duration,
    ) {
        match self {
            Self::Noise => {
                for sent in sent {
                    let other = platform.other_account();
                    inject(platform, cell, sent.index, json!({"sender": other}));
                }
                // A message after the margin comes from another program.
                tokio::time::sleep(margin).await;
                for sent in sent.iter().filter(|sent| sent.index % 4 == 3) {
                    let own = platform.own_account();
                    inject(platform, cell, sent.index, json!({"sender": own}));
                }
            }
            Self::Changed => change(platform),
            _ => {}
        }
    }
}

/// Returns the text of the nth send.
pub(crate) fn text(number: usize) -> String {
    format!("message {number}.")
}

/// Stores the text of the nth send again, as another program does.
fn inject(platform: &impl Platform, cell: usize, number: usize, about: Value) {
    let to = platform.target(cell, number);
    let mut message = about;
    message["platform"] = platform.name().into();
    message["conversation"] = conversation(&to).into();
    message["text"] = text(number).into();
    platform.emulator().inject(&message).unwrap();
}

/// Edits every third message that is stored, and deletes every third.
fn change(platform: &impl Platform) {
    for row in platform.emulator().messages() {
        let action = match row.seq % 3 {
            0 => "edit",
            1 => "delete",
            _ => continue,
        };
        let mut change = json!({
            "platform": platform.name(),
            "conversation": row.conversation,
            "action": action,
            "message_id": row.message_id,
        });
        if action == "edit" {
            change["text"] = "something else".into();
        }
        platform.emulator().inject(&change).unwrap();
    }
}

/// Returns the id of the conversation that is the target.
pub(crate) fn conversation(to: &Target) -> String {
    match to {
        Target::Conversation(id) => id.as_str().to_owned(),
        _ => unreachable!("noise is for conversations"),
    }
}
