//! `msm send`.

use std::{fs, io};

use ms_messenger::{
    Error, ErrorKind, IdempotencyKey, Importance, Media, MediaKind, Message, Messenger as _,
    Result, SendRequest, SharedMessenger, Template,
};

use crate::{
    args::{ImportanceName, SendArgs},
    config,
    exit::Exit,
    print,
};

pub(crate) async fn run(args: &SendArgs) -> Exit {
    match send(args).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            if args.json {
                println!("{}", print::failed(&error));
            } else {
                eprintln!("error: {error}");
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    eprintln!("  because: {cause}");
                    source = cause.source();
                }
            }
            Exit::of(&error)
        }
    }
}

async fn send(args: &SendArgs) -> Result<()> {
    let request = request(args)?;
    let messenger = choose(config::messengers(args)?, &request)?;
    let platform = messenger.platform();
    if args.dry_run {
        messenger.capabilities().check(platform, &request)?;
        eprintln!("{platform} would carry it; nothing was sent");
        return Ok(());
    }
    let receipt = messenger.send(&request).await?;
    if args.json {
        println!("{}", print::sent(platform, &receipt));
    } else {
        let id = receipt
            .message_id
            .map(|id| id.to_string())
            .unwrap_or_default();
        println!("{} {id}", receipt.acceptance);
    }
    Ok(())
}

/// The one messenger that carries the request. When several do, only the caller can choose;
/// when none does, everything that stands in the way is told.
fn choose(messengers: Vec<SharedMessenger>, request: &SendRequest) -> Result<SharedMessenger> {
    let (mut able, mut refusals) = (Vec::new(), Vec::new());
    for messenger in messengers {
        match messenger
            .capabilities()
            .check(messenger.platform(), request)
        {
            Ok(()) => able.push(messenger),
            Err(error) => refusals.push(error),
        }
    }
    if able.len() > 1 {
        let names: Vec<&str> = able.iter().map(|m| m.platform()).collect();
        let message = format!(
            "several platforms carry it, name one with --platform: {}",
            names.join(", ")
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    match (able.pop(), refusals.len()) {
        (Some(messenger), _) => Ok(messenger),
        (None, 1) => Err(refusals.remove(0)),
        (None, _) => {
            let all: Vec<&str> = refusals.iter().map(Error::message).collect();
            let invalid = refusals
                .iter()
                .any(|e| e.kind() == ErrorKind::InvalidRequest);
            let kind = if invalid {
                ErrorKind::InvalidRequest
            } else {
                ErrorKind::Unsupported
            };
            Err(Error::new(
                kind,
                format!("no platform that is set up carries it: {}", all.join("; ")),
            ))
        }
    }
}

fn request(args: &SendArgs) -> Result<SendRequest> {
    let content = &args.content;
    if let Some(file) = &content.request {
        let json = if file.as_os_str() == "-" {
            io::read_to_string(io::stdin())
        } else {
            fs::read_to_string(file)
        };
        let json = json.map_err(|e| {
            Error::new(ErrorKind::Config, "--request cannot be read").with_source(e)
        })?;
        return SendRequest::from_json(&json);
    }
    let Some(to) = args.to.clone() else {
        return Err(Error::new(ErrorKind::Config, "--to is missing"));
    };
    let mut message = message(args)?.with_importance(match args.importance {
        ImportanceName::Normal => Importance::Normal,
        ImportanceName::High => Importance::High,
        ImportanceName::Urgent => Importance::Urgent,
    });
    message.subject.clone_from(&args.subject);
    let mut request = SendRequest::new(to, message);
    request.reply_to = args.reply_to.as_deref().map(Into::into);
    request.idempotency = args
        .idempotency_key
        .map(|id| IdempotencyKey::new(id, std::time::SystemTime::now()));
    Ok(request)
}

fn message(args: &SendArgs) -> Result<Message> {
    let content = &args.content;
    if let Some(html) = &content.html {
        let message = Message::html(html);
        return Ok(match &args.text_alternative {
            Some(text) => message.with_text_alternative(text),
            None => message,
        });
    }
    if let Some(url) = &content.image {
        let media = Media::new(MediaKind::Image, url.clone());
        return Ok(Message::media(match &args.caption {
            Some(caption) => media.with_caption(caption),
            None => media,
        }));
    }
    if let Some(name) = &content.template {
        let mut template = Template::new(name, &args.language);
        template.body.clone_from(&args.values);
        return Ok(Message::template(template));
    }
    match &content.text {
        Some(text) => Ok(Message::text(text)),
        None => {
            let text = io::read_to_string(io::stdin()).map_err(|e| {
                Error::new(ErrorKind::Config, "standard input cannot be read").with_source(e)
            })?;
            // A shell ends every text with a line break that nobody means.
            Ok(Message::text(text.strip_suffix('\n').unwrap_or(&text)))
        }
    }
}
