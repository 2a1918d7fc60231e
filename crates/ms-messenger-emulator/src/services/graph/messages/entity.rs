//! A message as an entity of its own.

use bytes::Bytes;
use serde_json::json;

use crate::services::graph::messages::template::View;

/// A message with its `@odata.context` in front; `place` is that of the context.
pub(crate) fn entity(view: View<'_>, place: &str, root: Option<u64>, message: &Bytes) -> Bytes {
    let replies = root.map_or_else(String::new, |root| format!("('{root}')/replies"));
    let context = format!("{}/$metadata#{place}/messages{replies}/$entity", view.base);
    let mut body = json!({ "@odata.context": context })
        .to_string()
        .into_bytes();
    body.pop();
    body.push(b',');
    body.extend_from_slice(message.get(1..).unwrap_or_default());
    body.into()
}
