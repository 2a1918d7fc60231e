//! `msm show`: one message, whole.

use ms_messenger::{
    Error, ErrorKind, Result, RetryPolicy,
    http::encode_path_segment,
    msgraph_chat::{MessageHandle, Method},
};

use crate::{
    args::{MessageArgs, ShowMessageArgs, argument_of},
    exit::Exit,
    place::{Opening, Place},
    print,
    read::Item,
    report,
    terminal::shown,
    text, usage,
};

/// Prints a message as the service returns it.
pub(crate) async fn run(args: &ShowMessageArgs) -> Exit {
    let mut opening = Opening::default();
    let args = &args.message;
    match show(args, &mut opening).await {
        Ok(text) => print::last(&text, Exit::Success),
        Err(error) => {
            let settings = opening.settings.as_ref();
            report::failed_at(error, args.common.json, settings, argument_of)
        }
    }
}

async fn show(args: &MessageArgs, opening: &mut Opening) -> Result<String> {
    let id = message_id(args, "show")?;
    let target = &args.target.target;
    let place = opening
        .open(&args.common, target, RetryPolicy::default())
        .await?;
    let raw = match &place {
        Place::Channel(_) | Place::Chat(_) => {
            let message = handle(&place, args, id)?.get().await?;
            serde_json::to_value(message).map_err(|error| {
                Error::new(ErrorKind::Other, text::outcome::MESSAGE_WITHOUT_JSON).with_source(error)
            })?
        }
        Place::Thread(client, thread) => {
            let (thread, id) = (
                encode_path_segment(thread.as_str()),
                encode_path_segment(id),
            );
            let path = format!("/chat/threads/{thread}/messages/{id}");
            client.request(Method::GET, path).json().await?
        }
        Place::Conversation(..) | Place::Peer(..) => {
            let error = unsupported(&place, text::read::NO_SINGLE_MESSAGES);
            place.end().await;
            return Err(error);
        }
    };
    Ok(if args.common.json {
        Item { raw }.json(&place)
    } else {
        shown(&format!("{raw:#}"))
    })
}

/// Returns the id of the message: of the command line, else of the link.
///
/// # Errors
///
/// That of wrong usage if there is none, or if both name one.
pub(crate) fn message_id<'a>(args: &'a MessageArgs, command: &'static str) -> Result<&'a str> {
    let of_link = args.target.message.as_ref().map(|id| id.as_str());
    let given = args
        .message
        .as_deref()
        .map(str::trim)
        .filter(|id| !id.is_empty());
    match (given, of_link) {
        (Some(given), Some(link)) if given != link => {
            let rule = text::read::OTHER_MESSAGE;
            Err(usage::refused(command, "MESSAGE", rule))
        }
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => {
            let rule = text::read::MESSAGE_MISSING;
            Err(usage::refused(command, "MESSAGE", rule))
        }
    }
}

/// Returns the handle of a message of Teams.
///
/// # Errors
///
/// `Unsupported` for a place of another platform.
pub(crate) fn handle(place: &Place, args: &MessageArgs, id: &str) -> Result<MessageHandle> {
    match place {
        Place::Channel(channel) => {
            let of_link = args.target.reply_to.as_ref().map(|root| root.as_str());
            let root = args.root.as_deref().or(of_link).filter(|root| *root != id);
            Ok(match root {
                Some(root) => channel.reply_message(root, id),
                None => channel.message(id),
            })
        }
        Place::Chat(chat) => Ok(chat.message(id)),
        _ => Err(unsupported(place, text::read::NO_OPERATION)),
    }
}

/// Returns the error of something that a platform does not have.
pub(crate) fn unsupported(place: &Place, what: &str) -> Error {
    let platform = place.platform().as_str();
    Error::new(ErrorKind::Unsupported, format!("{platform} {what}")).with_platform(platform)
}
