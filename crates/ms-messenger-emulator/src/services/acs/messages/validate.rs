//! Validation of bodies: the two sends, and what others share with them.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::resources::Shared;
use crate::services::acs::error::AcsError;
use crate::services::acs::messages::{Context, Op, content, template_list};
use crate::wire::request::Request;

/// Text of the live service when WhatsApp would refuse a parameter.
const PARAMETER: &str = "Given request contains a parameter for WhatsApp which was invalid. \
    This includes channel ID and template parameters.";
const RECIPIENT: &str = "The \"to\" field contains invalid characters. Only plus signs (+), \
    hyphens (-), parenthesis ((,)), spaces, and digits supported. \
    Recommended format \"+12345678901\".";

/// A body that passed.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Recipient of a notification; empty for a conversation message.
    pub(crate) to: String,
    /// Channel registration of a notification; empty for a conversation message.
    pub(crate) channel: String,
    pub(crate) kind: String,
    pub(crate) text: String,
    /// The message as a conversation lists it.
    pub(crate) message: Value,
}

/// The findings about one body. The first becomes the error, the others its details.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<AcsError>);

impl Findings {
    pub(crate) fn add(&mut self, error: AcsError) {
        self.0.push(error);
    }

    pub(crate) fn bad(&mut self, message: impl Into<String>) {
        self.add(AcsError::bad_request(message));
    }

    /// What WhatsApp refuses: `code` is Meta's, as in `#100`.
    pub(crate) fn parameter(&mut self, code: u32, message: &str) {
        let inner = format!("InvalidParameter: (#{code}) {message}");
        self.add(
            AcsError::bad_request(PARAMETER).with_inner("WaErrorCode.InvalidParameter", &inner),
        );
    }

    /// A required string; empty counts as missing. The text is the live service's, by kind.
    pub(crate) fn text<'a>(&mut self, body: &'a Value, name: &str, owner: &str) -> &'a str {
        match body.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => text,
            _ => {
                self.bad(format!(
                    "A non-empty \"{}\" is required when {owner}.",
                    capital(name)
                ));
                ""
            }
        }
    }

    /// An optional string.
    pub(crate) fn optional<'a>(&mut self, body: &'a Value, name: &str) -> Option<&'a str> {
        match body.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.bad(format!("The \"{name}\" field must be a string."));
                None
            }
        }
    }

    /// A required absolute http(s) URL.
    pub(crate) fn url<'a>(&mut self, body: &'a Value, name: &str, owner: &str) -> &'a str {
        let url = self.text(body, name, owner);
        let is_absolute = url.starts_with("https://") || url.starts_with("http://");
        if !url.is_empty() && !is_absolute {
            self.bad(format!("The \"{name}\" field must be an absolute URL."));
        }
        url
    }

    /// The error of all findings together, if there are any.
    pub(crate) fn into_result(self) -> Result<(), AcsError> {
        let mut findings = self.0.into_iter();
        let Some(first) = findings.next() else {
            return Ok(());
        };
        let rest: Vec<Value> = findings
            .map(|e| {
                let inner = e
                    .inner
                    .as_ref()
                    .and_then(|i| i["message"].as_str())
                    .map(str::to_owned);
                json!({"code": e.code, "message": inner.unwrap_or(e.message)})
            })
            .collect();
        Err(first.with_details(rest))
    }
}

/// `mediaUri` as `MediaUri`.
pub(crate) fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// The object that a request carries.
pub(crate) fn object(request: &Request) -> Result<Value, AcsError> {
    if !request.is_json() {
        let message = "The media type must be application/json.";
        return Err(AcsError::of_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    let invalid = |_| AcsError::bad_request("The request body is not valid JSON.");
    let body: Value = serde_json::from_slice(&request.body).map_err(invalid)?;
    if !body.is_object() {
        return Err(AcsError::bad_request("The request body must be an object."));
    }
    Ok(body)
}

/// Judges the body of a send.
pub(crate) fn send(context: &Context<'_>, op: Op) -> Result<Accepted, AcsError> {
    let (shared, version) = (context.shared, context.version);
    let body = object(context.request)?;
    let mut findings = Findings::default();
    let accepted = match op {
        Op::Notification => notification(&body, version, shared, &mut findings),
        _ => conversation_message(&body, version, &mut findings),
    };
    findings.into_result()?;
    if accepted.kind == "template" {
        let template = &accepted.message["template"];
        let text = |name: &str| template[name].as_str().unwrap_or_default();
        if !template_list::exists(shared, text("name"), text("language")) {
            return Err(template_list::missing());
        }
    }
    Ok(accepted)
}

/// The channel registration of a body: a GUID, and the seeded one when strict.
pub(crate) fn channel<'a>(body: &'a Value, shared: &Shared, findings: &mut Findings) -> &'a str {
    let channel = body["channelRegistrationId"].as_str().unwrap_or_default();
    if uuid::Uuid::try_parse(channel).is_err() {
        findings.bad("The channelRegistrationId field is required and must be a GUID.");
    } else if shared.settings.is_strict
        && !channel.eq_ignore_ascii_case(&shared.seed.acs.channel_registration_id)
    {
        findings.parameter(100, "The channel registration does not exist.");
    }
    channel
}

fn notification(body: &Value, version: &str, shared: &Shared, findings: &mut Findings) -> Accepted {
    let channel = channel(body, shared, findings);
    let to = recipient(body, findings);
    let accepted = content::message(body, content::notification_kinds(version), findings);
    Accepted {
        to: to.to_owned(),
        channel: channel.to_owned(),
        ..accepted
    }
}

fn recipient<'a>(body: &'a Value, findings: &mut Findings) -> &'a str {
    let recipients = body["to"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [recipient] = recipients else {
        let message = "The \"to\" field must have exactly one recipient.";
        findings.add(AcsError::bad_request(message).with_target("to"));
        return "";
    };
    let to = recipient.as_str().unwrap_or_default();
    let is_allowed = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
    let is_phone = to.contains(|c: char| c.is_ascii_digit()) && to.chars().all(is_allowed);
    if !is_phone && !is_business_scoped_id(to) {
        findings.bad(RECIPIENT);
    }
    to
}

/// `CC.` and up to 128 letters or digits: WhatsApp's ids of users who hide their number.
fn is_business_scoped_id(to: &str) -> bool {
    to.split_once('.').is_some_and(|(country, id)| {
        country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && (1..=128).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// The strategy of a body: one of the two known ones, or none.
pub(crate) fn strategy(body: &Value, findings: &mut Findings) {
    match body.get("outboundDeliveryStrategy") {
        None | Some(Value::Null) => {}
        Some(Value::String(s)) if s == "internalOnly" || s == "allParticipants" => {}
        Some(other) => findings.bad(format!(
            "The outboundDeliveryStrategy {other} is not supported."
        )),
    }
}

fn conversation_message(body: &Value, version: &str, findings: &mut Findings) -> Accepted {
    strategy(body, findings);
    let context = &body["request"];
    if !context.is_object() {
        findings
            .add(AcsError::bad_request("The request field is required.").with_target("request"));
        return content::nothing();
    }
    content::message(context, content::conversation_kinds(version), findings)
}
