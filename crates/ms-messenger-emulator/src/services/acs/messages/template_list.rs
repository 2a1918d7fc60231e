//! The templates of a channel: every channel has the same seeded ones.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        error::AcsError,
        family::Acs,
        messages::{context::Context, paging::Listing, templates::Known},
    },
    wire::response::Response,
};

/// Makes a template, in place of the one of that name and language.
pub(crate) fn put(service: &Acs, template: Known) {
    let templates = &mut service.messages().templates;
    templates
        .retain(|known| (&known.name, &known.language) != (&template.name, &template.language));
    templates.push(template);
}

/// All templates, as the service lists them.
pub(crate) fn all(service: &Acs) -> Value {
    let store = service.messages();
    store.templates.iter().map(item).collect()
}

/// Op 3. One item per name and language. As recorded from the live service, the page with the last
/// items links to a further one, relative to the endpoint, which is empty and has no link.
pub(crate) fn list(context: &Context<'_>) -> Result<Outcome, AcsError> {
    let listing = Listing::read(context.request)?;
    let is_channel = uuid::Uuid::try_parse(context.id).is_ok();
    let own = &context.service.seed.acs.channel_registration_id;
    if !is_channel {
        let message = format!("The value '{}' is not a valid channel id.", context.id);
        return Err(AcsError::bad_request(message).with_target("channelId"));
    }
    if context.service.engine.is_strict() && !context.id.eq_ignore_ascii_case(own) {
        let message = "The channel registration does not exist.";
        return Err(AcsError::of_status(StatusCode::NOT_FOUND, message));
    }
    let skip = usize::try_from(listing.after.unwrap_or_default()).unwrap_or(usize::MAX);
    let store = context.service.messages();
    let templates = store.templates.iter();
    let page: Vec<Value> = templates.skip(skip).take(listing.size).map(item).collect();
    drop(store);
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
        "content": template.content,
    })
}

/// Whether a template can be sent.
pub(crate) fn exists(service: &Acs, name: &str, language: &str) -> bool {
    let store = service.messages();
    store
        .templates
        .iter()
        .any(|known| known.name == name && known.language == language && known.status == "approved")
}

/// The live service's response to a template that it does not know.
pub(crate) fn missing() -> AcsError {
    let status = StatusCode::NOT_FOUND;
    AcsError::new(status, "TemplateNotFound", "Template does not exist").with_inner(
        "WaErrorCode.TemplateNotFound",
        "TemplateNotFound: (#132001) Template name does not exist in the translation",
    )
}
