//! The templates of a channel: every channel has the same seeded ones.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::resources::{Outcome, Shared};
use crate::services::acs::error::AcsError;
use crate::services::acs::messages::Context;
use crate::services::acs::messages::paging::Listing;
use crate::wire::response::Response;

/// Name, language, status and text of the body of the well-known templates.
const TEMPLATES: [[&str; 4]; 7] = [
    [
        "appointment_reminder",
        "en_US",
        "approved",
        "Your appointment is on {{1}} at {{2}}.",
    ],
    [
        "appointment_reminder",
        "de",
        "approved",
        "Ihr Termin ist am {{1}} um {{2}} Uhr.",
    ],
    ["conformance", "en", "approved", "{{1}}"],
    [
        "delivery_update",
        "en_US",
        "approved",
        "Your parcel {{1}} is on its way.",
    ],
    ["hello_world", "en_US", "approved", "Hello, world."],
    ["reminder", "en_US", "approved", "Do not forget, {{1}}."],
    [
        "seasonal_offer",
        "en_US",
        "paused",
        "This week only: {{1}} percent off.",
    ],
];

/// What a template may be, as the service says it.
pub(crate) const STATUSES: [&str; 4] = ["approved", "rejected", "pending", "paused"];

/// A template of all channels.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) status: String,
    pub(crate) text: String,
}

/// The well-known templates.
pub(crate) fn seeded() -> Vec<Known> {
    let known = |template: [&str; 4]| {
        let [name, language, status, text] = template.map(str::to_owned);
        Known {
            name,
            language,
            status,
            text,
        }
    };
    TEMPLATES.map(known).into()
}

/// Makes a template, in place of the one of that name and language.
pub(crate) fn put(shared: &Shared, template: Known) {
    let templates = &mut shared.state().acs_messages.templates;
    templates
        .retain(|known| (&known.name, &known.language) != (&template.name, &template.language));
    templates.push(template);
}

/// All templates, as the service lists them.
pub(crate) fn all(shared: &Shared) -> Value {
    let state = shared.state();
    state.acs_messages.templates.iter().map(item).collect()
}

/// Op 3. One item per name and language. As recorded from the live service, the page with the last
/// items links to a further one, relative to the endpoint, which is empty and has no link.
pub(crate) fn list(context: &Context<'_>) -> Result<Outcome, AcsError> {
    let listing = Listing::read(context.request)?;
    let is_channel = uuid::Uuid::try_parse(context.id).is_ok();
    let own = &context.shared.seed.acs.channel_registration_id;
    if !is_channel {
        let message = format!("The value '{}' is not a valid channel id.", context.id);
        return Err(AcsError::bad_request(message).with_target("channelId"));
    }
    if context.shared.settings.is_strict && !context.id.eq_ignore_ascii_case(own) {
        let message = "The channel registration does not exist.";
        return Err(AcsError::of_status(StatusCode::NOT_FOUND, message));
    }
    let skip = usize::try_from(listing.after.unwrap_or_default()).unwrap_or(usize::MAX);
    let state = context.shared.state();
    let templates = state.acs_messages.templates.iter();
    let page: Vec<Value> = templates.skip(skip).take(listing.size).map(item).collect();
    drop(state);
    let next = skip.saturating_add(page.len());
    let mut body = json!({ "value": page });
    if !page.is_empty() {
        body["nextLink"] = json!(listing.next_link(context.request, next));
    }
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

fn item(template: &Known) -> Value {
    json!({
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "kind": "whatsApp",
        "content": [{"type": "BODY", "text": template.text}],
    })
}

/// Whether a template can be sent.
pub(crate) fn exists(shared: &Shared, name: &str, language: &str) -> bool {
    let state = shared.state();
    state
        .acs_messages
        .templates
        .iter()
        .any(|known| known.name == name && known.language == language && known.status == "approved")
}

/// The live service's answer to a template that it does not know.
pub(crate) fn missing() -> AcsError {
    let status = StatusCode::NOT_FOUND;
    AcsError::new(status, "TemplateNotFound", "Template does not exist").with_inner(
        "WaErrorCode.TemplateNotFound",
        "TemplateNotFound: (#132001) Template name does not exist in the translation",
    )
}
