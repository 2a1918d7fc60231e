//! ACS Advanced Messaging.

use futures_util::TryStreamExt as _;
use ms_messenger::acs_messages::{
    AcsMessagesBuilder, MessageTemplate, NotificationContent, NotificationKind, TemplateValueKind,
};
use serde_json::{Value, json};

use crate::fields::{Fields, Result, unknown};

const MAX_MEDIA: usize = 1 << 20;

pub(crate) async fn perform(world: &Fields, operation: &str, call: &Fields) -> Result<Value> {
    let connection = world.text("/acs/connection_string")?;
    let client = AcsMessagesBuilder::from_connection_string(connection)?.build()?;
    let channel = world.text("/acs/channel_registration_id")?.parse()?;
    match operation {
        "templates" => {
            let templates = client.templates(channel).into_stream();
            let templates: Vec<_> = templates.try_collect().await?;
            let shown = templates.iter().map(|it| {
                json!({
                    "name": it.name,
                    "language": it.language,
                    "status": it.status.as_str(),
                    "content": it.content,
                    "body": it.needs().body.len(),
                    "buttons": it.needs().buttons.len(),
                })
            });
            Ok(shown.collect())
        }
        "media" => {
            let media = client.media(call.text("id")?).await?;
            let content_type = media.content_type().map(str::to_owned);
            let bytes = media.bytes(MAX_MEDIA).await?;
            Ok(json!({"type": content_type, "bytes": bytes.to_vec()}))
        }
        "send_template" => {
            let mut template = MessageTemplate::new(call.text("name")?, call.text("language")?);
            for value in call.list("body") {
                template = template.bind_body(TemplateValueKind::text(value.text("text")?));
            }
            client.check_template(channel, &template).await?;
            let kind = NotificationKind::template(template);
            let content = NotificationContent::new(channel, call.text("to")?, kind);
            Ok(json!(client.notifications().send(&content).await?.id))
        }
        operation => Err(unknown(operation)),
    }
}
