//! The checks of a batch and its bytes, without I/O.

use ms_messenger_core::{
    Attachment, Error, ErrorKind, Mark, Problems, Result, SendRequest, Target, random_uuid,
};
use ms_messenger_http::{Bytes, Call, HeaderName, HeaderValue, Operation};
use serde_json::{Value, json};
use uuid::Uuid;

use super::part::{BatchPart, Kind, MAX_BATCH_PARTS};
use crate::{
    calls::{ALL_MEMBERS, PREFER},
    client::GraphChatClient,
    content::Content,
    destination::{Destination, PostPath},
    error::PLATFORM,
    operations::{BATCH, BATCH_OF_READS, BATCH_PART},
    send::Ready,
};

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// A part that passed every check.
pub(super) struct Prepared {
    pub(super) operation: &'static Operation,
    path: String,
    body: Option<Bytes>,
    /// The id of the part as a request of its own.
    pub(super) client_request_id: Uuid,
    /// What settling compares, and the mark of the message.
    pub(super) message: Option<(Content, Option<Mark>)>,
    pub(super) dependencies: Vec<usize>,
}

impl Prepared {
    pub(super) fn is_message(&self) -> bool {
        self.message.is_some()
    }

    /// The call of the part alone.
    pub(super) fn call(&self) -> Call {
        let mut call = Call::of(self.operation, self.path.as_str());
        call = call.with_client_request_id(self.client_request_id);
        if let Some((_, Some(mark))) = &self.message {
            call = call.with_mark(mark.clone());
        }
        match &self.body {
            Some(body) => call.with_json_bytes(body.clone()),
            None => call.with_header(PREFER, HeaderValue::from_static(ALL_MEMBERS)),
        }
    }

    /// The part on the wire; ids count from 1.
    fn to_json(&self, index: usize) -> Result<Value> {
        let mut headers = json!({CLIENT_REQUEST_ID.as_str(): self.client_request_id});
        let mut part = json!({
            "id": (index + 1).to_string(),
            "method": self.operation.method().as_str(),
            "url": self.path,
        });
        match &self.body {
            None => headers[PREFER.as_str()] = ALL_MEMBERS.into(),
            Some(body) => {
                headers["Content-Type"] = "application/json".into();
                let body: Value = serde_json::from_slice(body).map_err(|error| {
                    Error::new(ErrorKind::InvalidRequest, "the body has no JSON form")
                        .with_source(error)
                })?;
                part["body"] = body;
            }
        }
        part["headers"] = headers;
        if !self.dependencies.is_empty() {
            let ids = self
                .dependencies
                .iter()
                .map(|index| (index + 1).to_string());
            part["dependsOn"] = ids.collect();
        }
        Ok(part)
    }
}

impl GraphChatClient {
    /// The parts, if all are sound; else every problem of each, by its index.
    pub(super) fn prepare_batch(&self, parts: &[BatchPart]) -> Result<Vec<Prepared>> {
        let mut problems = Problems::for_platform(PLATFORM);
        let sound = (1..=MAX_BATCH_PARTS).contains(&parts.len());
        problems.add_if(!sound, "parts", "must be 1 to 20");
        problems.into_result(ErrorKind::InvalidRequest)?;
        let (mut prepared, mut problems) = (Vec::new(), Problems::for_platform(PLATFORM));
        let mut kind = None;
        for (index, part) in parts.iter().enumerate() {
            let field = |name: &str| format!("parts[{index}].{name}");
            if part.dependencies.iter().any(|other| *other >= index) {
                problems.add(field("dependencies"), "must be indices of earlier parts");
            }
            match self.prepare_part(part) {
                Ok(part) => prepared.push(part),
                Err(error) => {
                    kind = kind.or(Some(error.kind()));
                    if error.problems().is_empty() {
                        problems.add(field("path"), error.message());
                    }
                    for problem in error.problems() {
                        problems.add(field(&problem.field), problem.rule.as_str());
                    }
                }
            }
        }
        problems.into_result(kind.unwrap_or(ErrorKind::InvalidRequest))?;
        Ok(prepared)
    }

    fn prepare_part(&self, part: &BatchPart) -> Result<Prepared> {
        let dependencies = part.dependencies.clone();
        let (destination, ready, mark) = match &part.kind {
            Kind::Get(path) => return self.prepare_read(path, dependencies),
            Kind::Send(request) => {
                alone_only(request)?;
                self.prepare_request(request, &request.to)?
            }
            Kind::Channel {
                team,
                channel,
                reply_to,
                message,
            } => {
                let reply_to = reply_to.as_ref();
                let to = Destination::Channel {
                    team,
                    channel,
                    reply_to,
                };
                (to, self.prepare(to, message, None)?, None)
            }
            Kind::Chat {
                chat,
                quoted,
                message,
            } => {
                let quoted = quoted.as_deref();
                let to = Destination::Chat { chat, quoted };
                (to, self.prepare(to, message, None)?, None)
            }
        };
        let path = path_of(destination)?;
        Ok(prepared(path, ready, mark, dependencies))
    }

    fn prepare_read(&self, path: &str, dependencies: Vec<usize>) -> Result<Prepared> {
        let is_sound = path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic());
        let address = self.pipeline().endpoint().address(path);
        if !is_sound || path.contains('#') || address.is_err() {
            let rule = "must start with one slash and be percent-encoded, without `.` and `..`";
            return Err(Error::invalid("path", rule));
        }
        Ok(Prepared {
            operation: &BATCH_PART,
            path: path.to_owned(),
            body: None,
            client_request_id: random_uuid(),
            message: None,
            dependencies,
        })
    }

    /// The call of the whole batch.
    pub(super) fn batch_call(&self, parts: &[Prepared]) -> Result<Call> {
        let requests = parts.iter().enumerate();
        let requests = requests.map(|(index, part)| part.to_json(index));
        let requests: Vec<Value> = requests.collect::<Result<_>>()?;
        let operation = if parts.iter().any(Prepared::is_message) {
            &BATCH
        } else {
            &BATCH_OF_READS
        };
        let call = Call::of(operation, "/$batch").with_json(&json!({"requests": requests}))?;
        let bytes = call.body().len();
        match self.limits().1.filter(|limit| bytes > *limit) {
            None => Ok(call),
            Some(limit) => {
                let rule = format!("the call has {bytes} bytes, more than {limit}");
                Err(Error::invalid("parts", rule).with_platform(PLATFORM))
            }
        }
    }
}

/// Refuses what takes several requests: a channel by its name, and files to be uploaded.
fn alone_only(request: &SendRequest) -> Result<()> {
    let mut problems = Problems::new();
    let is_named = matches!(request.to, Target::ChannelName { .. });
    let rule = "a name is not supported in a batch: find the channel first";
    problems.add_if(is_named, "to", rule);
    let mut attachments = request.message.attachments.iter();
    let has_files = attachments.any(|it| matches!(it, Attachment::Upload(_)));
    let rule = "files to upload are not supported in a batch";
    problems.add_if(has_files, "message.attachments", rule);
    let rule = "the parts of a batch end together, and none by a deadline of its own";
    problems.add_if(request.timeout.is_some(), "timeout", rule);
    problems.add_if(request.cancel.is_some(), "cancel", rule);
    problems.into_result(ErrorKind::Unsupported)
}

fn path_of(destination: Destination<'_>) -> Result<PostPath> {
    match destination {
        Destination::Channel {
            team,
            channel,
            reply_to,
        } => Ok(PostPath::of_channel(team, channel, reply_to)),
        Destination::Chat { chat, quoted } => Ok(PostPath::of_chat(chat, quoted.is_some())),
        Destination::Person { .. } => {
            let rule = "a user is not supported in a batch: find or create the chat first";
            Err(Error::invalid("to", rule))
        }
    }
}

fn prepared(
    path: PostPath,
    ready: Ready,
    mark: Option<Mark>,
    dependencies: Vec<usize>,
) -> Prepared {
    let content = Content::new(&path.list, ready.text);
    Prepared {
        operation: ready.operation,
        path: path.into_path(),
        body: Some(ready.into_body()),
        client_request_id: random_uuid(),
        message: Some((content, mark)),
        dependencies,
    }
}
