//! A WhatsApp template to a telephone number, which may start a conversation: anything else can only be
//! sent within 24 hours after the recipient's last message.
//!
//! ```sh
//! cargo run -p examples --example whatsapp_template
//! ACS_CONNECTION_STRING=… ACS_CHANNEL_REGISTRATION_ID=… \
//!     cargo run -p examples --example whatsapp_template -- tel:+14255550123
//! ```

use ms_messenger::{Template, TemplateButton, prelude::*};

#[tokio::main]
async fn main() -> examples::Result {
    let stage = examples::acs_messages().await?;

    // Values fill the placeholders {{1}}, {{2}} by position; buttons by their order.
    let template = Template::new("appointment_reminder", "en_US")
        .with_body_value("Lene")
        .with_body_value("9:30")
        .with_button(TemplateButton::QuickReply("confirm-4711".into()))
        .with_button(TemplateButton::QuickReply("cancel-4711".into()));
    let request = SendRequest::new(stage.target.clone(), Message::template(template))
        // The service removes duplicates by this key: a program that stores it can send again.
        .with_idempotency(IdempotencyKey::random());

    let receipt = stage.client.send(&request).await?;
    // Queued is all that is known now; a later event reports whether it was delivered.
    println!("{}: {:?}", receipt.acceptance, receipt.message_id);
    stage.print_ledger();
    Ok(())
}
