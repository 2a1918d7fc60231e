//! Validation of bodies: the two sends, and what others share with them.

use http::StatusCode;
use serde_json::Value;

use crate::{
    services::acs::{
        error::AcsError,
        family::Acs,
        messages::{
            content,
            context::Context,
            findings::{Accepted, Findings},
            routes::Op,
            template_list,
        },
    },
    wire::request::Request,
};

const RECIPIENT: &str = "The \"to\" field contains invalid characters. Only plus signs (+), \
    hyphens (-), parenthesis ((,)), spaces, and digits supported. \
    Recommended format \"+12345678901\".";

/// The object in the body of a request.
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
    let (service, version) = (context.service, context.version);
    let body = object(context.request)?;
    let mut findings = Findings::default();
    let accepted = match op {
        Op::Notification => notification(&body, version, service, &mut findings),
        _ => conversation_message(&body, version, &mut findings),
    };
    findings.into_result()?;
    if accepted.kind == "template" {
        let template = &accepted.message["template"];
        let text = |name: &str| template[name].as_str().unwrap_or_default();
        if !template_list::exists(service, text("name"), text("language")) {
            return Err(template_list::missing());
        }
    }
    Ok(accepted)
}

/// The channel registration of a body: a GUID, and the seeded one when strict.
pub(crate) fn channel<'a>(body: &'a Value, service: &Acs, findings: &mut Findings) -> &'a str {
    let channel = body["channelRegistrationId"].as_str().unwrap_or_default();
    if uuid::Uuid::try_parse(channel).is_err() {
        findings.bad("The channelRegistrationId field is required and must be a GUID.");
    } else if service.engine.is_strict()
        && !channel.eq_ignore_ascii_case(&service.seed.acs.channel_registration_id)
    {
        findings.parameter(100, "The channel registration does not exist.");
    }
    channel
}

fn notification(body: &Value, version: &str, service: &Acs, findings: &mut Findings) -> Accepted {
    let channel = channel(body, service, findings);
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
    if !is_whatsapp_user(to) {
        findings.bad(RECIPIENT);
    }
    to
}

/// Whether it is a phone number, or an id in place of one.
pub(crate) fn is_whatsapp_user(id: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
    let is_phone = id.contains(|c: char| c.is_ascii_digit()) && id.chars().all(is_allowed);
    is_phone || is_business_scoped_id(id)
}

/// `CC.` and up to 128 letters or digits: WhatsApp's ids of users that hide their number.
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
