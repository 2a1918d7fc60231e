//! Hosted contents: the images of messages.

use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        error::GraphError,
        messages::{
            list,
            location::locate,
            routes::{InPlace, Op},
            store::Hosted,
        },
        response,
    },
    wire::response::Response,
};

/// The list of a message's hosted contents, one of them, or its bytes.
pub(crate) fn read(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    list::only(context.request, &[])?;
    let at = call.at.resolve(context)?;
    let hosted = {
        let store = context.service.store();
        let located = locate(context, &store, call, &at)?;
        if store.messages.is_deleted(&at.place, located.id) {
            Vec::new()
        } else {
            store.messages.hosted(&at.place, located.id).to_vec()
        }
    };
    let one = || {
        let is_it = |hosted: &&Hosted| Some(&hosted.id) == call.hosted.as_ref();
        let missing = || GraphError::not_found("The hosted content does not exist.");
        hosted.iter().find(is_it).ok_or_else(missing)
    };
    if call.op == Op::HostedValue {
        return Ok(bytes(one()?));
    }
    let message = match (&call.root, &call.message) {
        (Some(root), Some(reply)) => format!("('{root}')/replies('{reply}')"),
        (_, message) => format!("('{}')", message.as_deref().unwrap_or_default()),
    };
    let place = at.context(&context.caller.id);
    let metadata = format!(
        "{}/$metadata#{place}/messages{message}/hostedContents",
        context.base
    );
    let body = if call.op == Op::HostedGet {
        let mut body = entry(one()?);
        body["@odata.context"] = json!(format!("{metadata}/$entity"));
        body
    } else {
        json!({
            "@odata.context": metadata,
            "@odata.count": hosted.len(),
            "value": hosted.iter().map(entry).collect::<Vec<_>>(),
        })
    };
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// The service never returns bytes and type here.
fn entry(hosted: &Hosted) -> Value {
    json!({"id": hosted.id, "contentBytes": null, "contentType": null})
}

fn bytes(hosted: &Hosted) -> Outcome {
    let mut response = Response::empty(StatusCode::OK);
    response.set_header(CONTENT_TYPE, &hosted.content_type);
    response.body = hosted.content.clone();
    Outcome::new(response, false)
}
