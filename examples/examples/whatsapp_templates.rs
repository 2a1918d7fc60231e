//! Lists the templates of a WhatsApp channel with what each asks for, and checks a filled one.
//!
//! ```sh
//! cargo run -p examples --example whatsapp_templates
//! ACS_CONNECTION_STRING=… ACS_CHANNEL_REGISTRATION_ID=… \
//!     cargo run -p examples --example whatsapp_templates -- tel:+14255550123
//! ```

use std::{env, pin::pin};

use futures_util::TryStreamExt as _;
use ms_messenger::acs_messages::{MessageTemplate, TemplateValueKind};

#[tokio::main]
async fn main() -> examples::Result {
    let stage = examples::acs_messages().await?;
    let channel = match &stage.emulator {
        Some(emulator) => emulator.seed().acs.channel_registration_id.clone(),
        None => env::var("ACS_CHANNEL_REGISTRATION_ID")?,
    };
    let channel = channel.parse()?;

    let mut templates = pin!(stage.client.templates(channel).into_stream());
    while let Some(template) = templates.try_next().await? {
        println!(
            "{} ({}): {:?}",
            template.name,
            template.language,
            template.needs()
        );
    }

    // One value is missing: it is named before anything is sent.
    let template = MessageTemplate::new("appointment_reminder", "en_US")
        .bind_body(TemplateValueKind::text("Tuesday"));
    match stage.client.check_template(channel, &template).await {
        Ok(()) => println!("the template is complete"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
