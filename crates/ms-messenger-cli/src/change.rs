//! `msm edit`, `delete`, `react` and `reply`.

use std::time::Duration;

use ms_messenger::{
    Error, ErrorKind, Problem, Result, RetryPolicy, acs_chat::UpdateChatMessageRequest,
    msgraph_chat::NewChatMessage,
};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    args::{
        CommonArgs, DeleteArgs, EditArgs, MessageArgs, ReactArgs, ReplyArgs, argument_of,
        is_content,
    },
    compose::{self, controls},
    exit::Exit,
    explain::{Explained, explain},
    interrupt::watch,
    interrupted::unknown_from_now_on,
    outcome::Line,
    place::{Opening, Place},
    print, report, send,
    show::{handle, message_id, unsupported},
    text, usage,
};

/// Attempts of a change, which is the same if it is made twice.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt; doubled after each.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that a service can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is changed.
enum Change<'a> {
    Text(&'a str),
    Html(&'a str),
    Delete,
    Restore,
    React(&'a str),
    Unreact(&'a str),
}

impl Change<'_> {
    /// The command that makes it.
    const fn command(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Html(_) => "edit",
            Self::Delete | Self::Restore => "delete",
            Self::React(_) | Self::Unreact(_) => "react",
        }
    }

    /// The option that gives the content.
    fn option_of(&self, field: &str) -> Option<&'static str> {
        let option = match self {
            Self::Text(_) => "--text",
            Self::Html(_) => "--html",
            _ => return None,
        };
        is_content(field).then_some(option)
    }

    const fn done(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Html(_) => text::read::WAS_EDITED,
            Self::Delete => text::read::WAS_DELETED,
            Self::Restore => text::read::WAS_RESTORED,
            Self::React(_) => text::read::REACTION_ADDED,
            Self::Unreact(_) => text::read::REACTION_REMOVED,
        }
    }
}

/// Sends a reply.
pub(crate) async fn reply(args: ReplyArgs) -> Exit {
    let ReplyArgs {
        target,
        message,
        mut send,
    } = args;
    let has_own = !send.to.is_empty() || send.reply_to.is_some() || send.request.is_some();
    let has_id = message.is_some() || target.reply_to.is_some();
    if has_own || !has_id {
        let rule = if has_own {
            text::read::REPLY_TARGET
        } else {
            text::read::REPLY_MESSAGE_MISSING
        };
        return usage::report_violation(rule, Some("reply"), send.json);
    }
    send.to = vec![target];
    send.reply_to = message;
    send.is_reply = true;
    send::run(&send).await
}

/// Changes the content of a message.
pub(crate) async fn edit(args: &EditArgs) -> Exit {
    let json = args.message.common.json;
    let (option, given) = match (&args.text, &args.html) {
        (Some(text), _) => ("--text", text),
        (None, Some(html)) => ("--html", html),
        (None, None) => {
            let rule = text::read::CONTENT_MISSING;
            return usage::report_violation(rule, Some("edit"), json);
        }
    };
    let content = match compose::content(given, args.strip_ansi) {
        Ok(content) => content,
        Err(error) => return report::failed(error, json),
    };
    if let Some(warning) = controls::find_in(option, &content) {
        print::note(text::outcome::warning(warning));
    }
    let change = match option {
        "--text" => Change::Text(&content),
        _ => Change::Html(&content),
    };
    run(&args.message, &change).await
}

/// Deletes or restores a message.
pub(crate) async fn delete(args: &DeleteArgs) -> Exit {
    let change = if args.undo {
        Change::Restore
    } else {
        Change::Delete
    };
    run(&args.message, &change).await
}

/// Adds or removes a reaction.
pub(crate) async fn react(args: &ReactArgs) -> Exit {
    let emoji = args.emoji.trim();
    let change = if args.undo {
        Change::Unreact(emoji)
    } else {
        Change::React(emoji)
    };
    run(&args.message, &change).await
}

async fn run(args: &MessageArgs, change: &Change<'_>) -> Exit {
    let mut opening = Opening::default();
    match apply(args, change, &mut opening).await {
        Ok(()) => {
            let text = if args.common.json {
                report::done(json!({"change": change.done()}))
            } else {
                change.done().to_owned()
            };
            // The change is made, even if standard output is closed.
            let _ = print::result(&text);
            Exit::Success
        }
        Err(Failed {
            error,
            is_unknown: false,
        }) => {
            let name = |field: &str| change.option_of(field).or_else(|| argument_of(field));
            let settings = opening.settings.as_ref();
            report::failed_at(error, args.common.json, settings, name)
        }
        Err(Failed { error, .. }) => unknown(&args.common, error, &opening),
    }
}

/// Why a change failed.
struct Failed {
    error: Error,
    /// Whether an attempt may have been executed.
    is_unknown: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            is_unknown: false,
        }
    }
}

/// Makes the change, again after what waiting helps against.
async fn apply(
    args: &MessageArgs,
    change: &Change<'_>,
    opening: &mut Opening,
) -> std::result::Result<(), Failed> {
    watch();
    let id = message_id(args, change.command())?;
    let target = &args.target.target;
    // Each attempt is made here, so that none is lost sight of.
    let place = opening
        .open(&args.common, target, RetryPolicy::never())
        .await?;
    let mut is_unknown = false;
    let mut pause = PAUSE;
    let mut attempt = 1;
    unknown_from_now_on(Some(text::read::CHANGE_UNKNOWN), args.common.json);
    let outcome = loop {
        let Err(error) = make(&place, args, id, change).await else {
            break Ok(());
        };
        is_unknown |= may_be_executed(&error);
        let wait = error.retry_after().unwrap_or(pause);
        if !error.is_transient() || attempt == ATTEMPTS || wait > LONGEST_PAUSE {
            break Err(Failed { error, is_unknown });
        }
        sleep(wait).await;
        (attempt, pause) = (attempt + 1, pause * 2);
    };
    place.end().await;
    outcome
}

/// Returns whether a failed attempt may have been executed.
fn may_be_executed(error: &Error) -> bool {
    error.attempts() > 0
        && matches!(
            error.kind(),
            ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Service | ErrorKind::Protocol
        )
}

async fn make(place: &Place, args: &MessageArgs, id: &str, change: &Change<'_>) -> Result<()> {
    match place {
        Place::Channel(_) | Place::Chat(_) => {
            let message = handle(place, args, id)?;
            match *change {
                Change::Text(text) => message.edit(text).await,
                Change::Html(html) => message.edit(NewChatMessage::html(html)).await,
                Change::Delete => message.delete().await,
                Change::Restore => message.undo_delete().await,
                Change::React(emoji) => message.react(emoji).await,
                Change::Unreact(emoji) => message.unreact(emoji).await,
            }
        }
        Place::Thread(client, thread) => {
            let thread = client.thread(thread.clone());
            match *change {
                Change::Text(text) | Change::Html(text) => {
                    let update = UpdateChatMessageRequest::content(text);
                    thread.update_message(id, &update).await
                }
                Change::Delete => thread.delete_message(id).await,
                Change::Restore => Err(unsupported(place, text::read::NO_RESTORING)),
                Change::React(_) | Change::Unreact(_) => {
                    Err(unsupported(place, text::read::NO_REACTIONS))
                }
            }
        }
        Place::Conversation(..) | Place::Peer(..) => {
            Err(unsupported(place, text::read::NO_CHANGES))
        }
    }
}

/// Reports a change of which it is unknown whether it was made.
fn unknown(args: &CommonArgs, error: Error, opening: &Opening) -> Exit {
    let Explained { error, .. } = explain(error, opening.settings.as_ref());
    let exit = Exit::Unknown;
    let advice = text::read::CHANGE_UNKNOWN;
    if args.json {
        let line = Line {
            advice: Some(advice),
            delivery: exit.delivery().as_str(),
            ..Line::of(&error, exit)
        };
        let _ = print::result(&line.to_string());
    } else {
        let problem = Problem::new("change", error.message());
        let error = text::outcome::error(&problem.rule);
        print::important(format_args!("{error}\n  {advice}"));
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_service_may_have_received_is_unknown() {
        for (kind, attempts, is_unknown) in [
            (ErrorKind::Timeout, 1, true),
            (ErrorKind::Transport, 1, true),
            (ErrorKind::Service, 1, true),
            (ErrorKind::Connect, 1, false),
            (ErrorKind::RateLimited, 1, false),
            (ErrorKind::NotFound, 1, false),
            (ErrorKind::Timeout, 0, false),
        ] {
            let error = Error::new(kind, "x").with_attempts(attempts);
            assert_eq!(may_be_executed(&error), is_unknown, "{kind}");
        }
    }
}
