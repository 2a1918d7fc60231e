//! `msm demo`, with the messages that it sends.

pub(crate) fn begin(address: &str) -> String {
    format!(
        "An emulator of Azure Communication Services, Microsoft Graph and Skype for Business runs\n\
         at {address}: no account, no network. One program sends over four platforms through one trait.\n"
    )
}

pub(crate) const MISMATCH: &str = "a claim of a client does not match the ledger";

/// Commands that work unchanged: every emulator has the same keys and ids.
pub(crate) fn next(key: &str, conversation: &str) -> String {
    format!(
        "
Next, keep an emulator running, which has the same keys and ids, and send to it:
  msm emulator &
  msm send --acs-connection-string 'endpoint=http://127.0.0.1:8410;accesskey={key}' \\
    --to 'conversation:{conversation}' --text hello
For the real services: msm send --help, msm login --help, msm doctor"
    )
}

pub(crate) const NO_USERS: &str = "the emulator has no users";
pub(crate) const TOO_FEW_USERS: &str = "the emulator has too few users";

/// The kinds of messages in the table, and their contents.
pub(crate) const POST: (&str, &str) = ("post", "<b>The build is green</b>");
pub(crate) const POST_SUBJECT: &str = "Build 42";
pub(crate) const REPLY: (&str, &str) = ("reply", "Thanks, Alice");
pub(crate) const CHAT: (&str, &str) = ("chat", "Lunch at noon?");
pub(crate) const HTML: (&str, &str) = ("html", "<i>Your agent is typing</i>");
pub(crate) const TEXT: (&str, &str) = ("text", "How can we help?");
pub(crate) const TEMPLATE: &str = "template";
pub(crate) const INSTANT_MESSAGE: (&str, &str) = ("instant message", "Call me when you are back");

/// The sends whose response is lost, in the table, and their contents.
pub(crate) const WITHOUT_KEY: (&str, &str) = ("no key: no retry", "Please pay invoice 7");
pub(crate) const WITH_KEY: (&str, &str) = ("with a key: retried", "Please pay invoice 8");
pub(crate) const FAULT: &str = "stored, then the connection was closed without a response";

/// The report, with its two tables.
pub(crate) fn report(receipts: &str, claims: &str, stored: usize, duplicates: usize) -> String {
    format!(
        "Receipts\n\n{receipts}\n\nLost responses: the platform stores the message, then the connection closes\n\n{claims}\n\n\
         The ledger has {stored} messages, {duplicates} of them duplicates."
    )
}

pub(crate) const RECEIPTS: [&str; 6] = [
    "platform",
    "message",
    "target",
    "accepted",
    "message id",
    "in ledger",
];

pub(crate) const CLAIMS: [&str; 8] = [
    "platform",
    "sent",
    "attempts",
    "outcome",
    "delivery",
    "settled",
    "in ledger",
    "claim holds",
];

/// Whether a claim holds.
pub(crate) const fn holds(honest: bool) -> &'static str {
    if honest { "yes" } else { "NO" }
}

/// How often the ledger has a message.
pub(crate) fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}
