//! Options of `msm send`.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::{Args, ValueEnum};
use ms_messenger::{Importance, Url, Uuid};

use super::{
    connection::ConnectionArgs,
    relations::{Relations, Rule},
    store::StoreAddressArgs,
    values::{To, duration, filled, key, media, retries, time, time_or_delay},
    wait::{WaitFor, Words},
};
use crate::{
    exit,
    platform::Platform,
    text::{
        self,
        examples::{ENVIRONMENT, SEND, TARGETS},
        options::{DELIVERY, SEVERAL_TARGETS},
    },
};

#[derive(Args, Debug)]
#[command(
    override_usage = "msm send --to TARGET --text TEXT [OPTIONS]\n       msm send --request FILE [OPTIONS]",
    after_help = format!("{SEND}\n\n{TARGETS}\n\nAll options: msm send --help. Exit codes: msm exit-codes."),
    after_long_help = format!("{SEND}\n\n{TARGETS}\n\n{ENVIRONMENT}\n\n{}", exit::table()),
)]
pub(crate) struct SendArgs {
    /// Target of the message, see the forms below; can be repeated, each is a message of its own
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Vec<To>,
    /// Platform, if several configured ones support the target
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,

    /// Send this text; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
    /// Send this HTML; `-` reads standard input
    #[arg(long, value_name = "HTML", allow_hyphen_values = true)]
    pub(crate) html: Option<String>,
    /// Send this WhatsApp template
    #[arg(long, value_name = "NAME")]
    pub(crate) template: Option<String>,
    /// Send the image at this public address
    #[arg(long, value_name = "URL", value_parser = media)]
    pub(crate) image: Option<Url>,
    /// Send the document at this public address
    #[arg(long, value_name = "URL", value_parser = media)]
    pub(crate) document: Option<Url>,
    /// Send the video at this public address
    #[arg(long, value_name = "URL", value_parser = media)]
    pub(crate) video: Option<Url>,
    /// Send the audio at this public address
    #[arg(long, value_name = "URL", value_parser = media)]
    pub(crate) audio: Option<Url>,
    /// Send the request in this file, in the JSON form of SendRequest; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// The text is Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Mention this user of Teams, by address; can be repeated; in a text: @{ADDRESS}
    #[arg(long, value_name = "ADDRESS", value_parser = filled)]
    pub(crate) mention: Vec<String>,
    /// Attach the Adaptive Card in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) card: Option<PathBuf>,
    /// Upload this file and attach it; can be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Vec<PathBuf>,
    /// Show this picture within the message; can be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) picture: Vec<PathBuf>,
    /// Read the text from standard input
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    pub(crate) stdin: Option<String>,

    /// Text that platforms without HTML send instead
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) text_alternative: Option<String>,
    /// Remove terminal escapes (colours) and other control characters from every text
    #[arg(long, hide_short_help = true)]
    pub(crate) strip_ansi: bool,
    /// Language of the template, e.g. en_US
    #[arg(long, hide_short_help = true)]
    pub(crate) language: Option<String>,
    /// Value of the next placeholder of the template; can be repeated
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) value: Vec<String>,
    /// Caption of the image, document or video
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) caption: Option<String>,
    /// File name of the document
    #[arg(
        long,
        value_name = "NAME",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) file_name: Option<String>,

    /// Subject of the message
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) subject: Option<String>,
    /// Importance of the message
    #[arg(long, value_enum)]
    pub(crate) importance: Option<ImportanceArg>,
    /// Reply to this message
    #[arg(long, value_name = "MESSAGE-ID", allow_hyphen_values = true)]
    pub(crate) reply_to: Option<String>,
    /// Any text by which the platform recognises a repeated send: run again with the same key
    #[arg(long, value_name = "KEY", value_parser = key, allow_hyphen_values = true)]
    pub(crate) idempotency_key: Option<Uuid>,
    /// Time of the first use of the key, RFC 3339; by default what this machine remembers, else now
    #[arg(long, value_name = "TIME", value_parser = time, hide_short_help = true)]
    pub(crate) first_sent: Option<SystemTime>,

    /// Time-out of the send with its retries, e.g. 30s; by default 100s for each attempt
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Number of retries, each only where it cannot duplicate the message; by default 3
    #[arg(long, value_name = "N", value_parser = retries, allow_negative_numbers = true)]
    pub(crate) retries: Option<u32>,
    /// Check the message and the settings, and print the request, without sending
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,

    /// Find out whether it was sent, if that is unknown; wait this long for it, by default 2m
    #[arg(long, value_name = "TIME", num_args = 0..=1, value_parser = duration, help_heading = DELIVERY)]
    pub(crate) settle: Option<Option<Duration>>,
    /// Send to this target if it is proven that the message was not sent; can be repeated
    #[arg(long, value_name = "TARGET", help_heading = DELIVERY)]
    pub(crate) fallback: Vec<To>,
    /// Hand the message over, with its files as they are now, to an outbox, which sends it at this time: RFC 3339, or e.g. 2h from now
    #[arg(long, value_name = "TIME", value_parser = time_or_delay, help_heading = DELIVERY)]
    pub(crate) at: Option<SystemTime>,
    /// Wait until the message is reported as delivered or read, at most this long, by default 2m
    #[arg(long, value_names = ["delivered|read", "TIME"], num_args = 1..=2, value_parser = Words, hide_possible_values = true, help_heading = DELIVERY)]
    pub(crate) wait: Vec<String>,
    /// File in which `msm listen` keeps events, for --wait
    #[arg(long, value_name = "FILE", help_heading = DELIVERY)]
    pub(crate) events: Option<PathBuf>,
    #[command(flatten, next_help_heading = DELIVERY)]
    pub(crate) outbox: StoreAddressArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,

    /// Whether it is a reply: target and message are arguments by their place.
    #[arg(skip)]
    pub(crate) is_reply: bool,
}

impl SendArgs {
    /// Returns what is waited for after the send.
    ///
    /// # Errors
    ///
    /// The rule that the words after `--wait` violate.
    pub(crate) fn wait_for(&self) -> Result<Option<WaitFor>, String> {
        WaitFor::parse(&self.wait)
    }

    /// Why the targets cannot stand: one of them would get the message twice.
    fn same_target(&self) -> Option<String> {
        self.to.iter().enumerate().find_map(|(at, to)| {
            let mut before = self.to[..at].iter();
            let same = before.position(|it| it.target == to.target)?;
            Some(text::options::same_target(same + 1, at + 1))
        })
    }
}

/// Options that give a text.
const TEXTS: &[&str] = &[
    "--text",
    "--html",
    "-",
    "--subject",
    "--value",
    "--caption",
    "--file-name",
];
/// Options that give the content of a message.
const CONTENT: &[&str] = &[
    "--text",
    "--html",
    "--template",
    "--image",
    "--document",
    "--video",
    "--audio",
    "--request",
    "-",
];

/// Options that can stand alone as the content.
const ATTACHED: &[&str] = &["--card", "--file", "--picture", "--mention"];

/// Checked here because `clap` ignores a `requires` whose option conflicts with a given one.
const RULES: &[Rule] = &[
    Rule::ExactlyOne {
        of: &["--to", "--request"],
        missing: text::options::TARGET_MISSING,
    },
    Rule::OneUnless {
        of: CONTENT,
        unless: ATTACHED,
        missing: text::options::CONTENT_MISSING,
    },
    Rule::Needs("--text-alternative", &["--html"]),
    Rule::Needs("--strip-ansi", TEXTS),
    Rule::Needs("--language", &["--template"]),
    Rule::Needs("--template", &["--language"]),
    Rule::Needs("--value", &["--template"]),
    Rule::Needs("--caption", &["--image", "--document", "--video"]),
    Rule::Needs("--file-name", &["--document"]),
    Rule::Needs("--first-sent", &["--idempotency-key"]),
    Rule::Conflict("--request", "--subject"),
    Rule::Conflict("--request", "--importance"),
    Rule::Conflict("--request", "--reply-to"),
    Rule::Conflict("--request", "--idempotency-key"),
    Rule::Conflict("--request", "--mention"),
    Rule::Conflict("--request", "--card"),
    Rule::Conflict("--request", "--file"),
    Rule::Conflict("--request", "--picture"),
    Rule::Needs("--markdown", &["--text", "-"]),
    Rule::Conflict("--mention", "--template"),
    Rule::Conflict("--mention", "--image"),
    Rule::Conflict("--mention", "--document"),
    Rule::Conflict("--mention", "--video"),
    Rule::Conflict("--mention", "--audio"),
    Rule::Conflict(SEVERAL_TARGETS, "--fallback"),
    Rule::Conflict(SEVERAL_TARGETS, "--idempotency-key"),
    Rule::Conflict(SEVERAL_TARGETS, "--reply-to"),
    Rule::Conflict("--fallback", "--idempotency-key"),
    Rule::Conflict("--fallback", "--request"),
    Rule::Conflict("--fallback", "--reply-to"),
    Rule::Conflict("--fallback", "--dry-run"),
    Rule::Conflict("--at", "--settle"),
    Rule::Conflict("--at", "--fallback"),
    Rule::Conflict("--at", "--wait"),
    Rule::Conflict("--at", "--timeout"),
    Rule::Conflict("--at", "--retries"),
    Rule::Conflict("--at", "--idempotency-key"),
    Rule::Needs("--store", &["--at"]),
    Rule::Needs("--key-file", &["--at"]),
    Rule::Needs("--events", &["--wait"]),
    Rule::Conflict("--wait", "--dry-run"),
    Rule::Conflict("--settle", "--dry-run"),
];

impl Relations for SendArgs {
    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn given(&self) -> Vec<&'static str> {
        let all = [
            ("--to", !self.to.is_empty()),
            (SEVERAL_TARGETS, self.to.len() > 1),
            ("--text", self.text.is_some()),
            ("--html", self.html.is_some()),
            ("--template", self.template.is_some()),
            ("--image", self.image.is_some()),
            ("--document", self.document.is_some()),
            ("--video", self.video.is_some()),
            ("--audio", self.audio.is_some()),
            ("--request", self.request.is_some()),
            ("-", self.stdin.is_some()),
            ("--text-alternative", self.text_alternative.is_some()),
            ("--strip-ansi", self.strip_ansi),
            ("--language", self.language.is_some()),
            ("--value", !self.value.is_empty()),
            ("--caption", self.caption.is_some()),
            ("--file-name", self.file_name.is_some()),
            ("--subject", self.subject.is_some()),
            ("--importance", self.importance.is_some()),
            ("--reply-to", self.reply_to.is_some()),
            ("--idempotency-key", self.idempotency_key.is_some()),
            ("--first-sent", self.first_sent.is_some()),
            ("--markdown", self.markdown),
            ("--mention", !self.mention.is_empty()),
            ("--card", self.card.is_some()),
            ("--file", !self.file.is_empty()),
            ("--picture", !self.picture.is_empty()),
            ("--timeout", self.timeout.is_some()),
            ("--retries", self.retries.is_some()),
            ("--dry-run", self.dry_run),
            ("--settle", self.settle.is_some()),
            ("--fallback", !self.fallback.is_empty()),
            ("--at", self.at.is_some()),
            ("--wait", !self.wait.is_empty()),
            ("--events", self.events.is_some()),
            ("--store", self.outbox.store.is_some()),
            ("--key-file", self.outbox.key_file.is_some()),
        ];
        let given = all.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }

    fn violation(&self) -> Option<String> {
        let given = self.given();
        let mut rules = self.rules().iter();
        let violated = rules.find_map(|rule| rule.violation(&given));
        let violated = violated.or_else(|| self.same_target());
        violated.or_else(|| self.wait_for().err())
    }
}

/// Importance of a message.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImportanceArg {
    Normal,
    High,
    Urgent,
}

impl From<ImportanceArg> for Importance {
    fn from(importance: ImportanceArg) -> Self {
        match importance {
            ImportanceArg::Normal => Self::Normal,
            ImportanceArg::High => Self::High,
            ImportanceArg::Urgent => Self::Urgent,
        }
    }
}
