//! Looks before it writes: finds a contact of Skype for Business, reads its presence, writes to it
//! if it can be reached, and reads what was said.
//!
//! ```sh
//! cargo run -p examples --example skype_presence
//! UCWA_SIP=… UCWA_PASSWORD=… cargo run -p examples --example skype_presence -- Lene
//! ```

use ms_messenger::{
    SipUri,
    ucwa::{Availability, UcwaContact},
};
use serde_json::json;

#[tokio::main]
async fn main() -> examples::Result {
    let (session, emulator) = examples::skype().await?;
    let name = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "carol".to_owned());
    if let Some(emulator) = &emulator {
        emulator.inject(&json!({
            "platform": "ucwa", "from": "sip:carol@contoso.test", "action": "presence",
            "availability": "Busy", "activity": "presenting", "note": "Back at nine",
        }))?;
    }

    let found = session.search_contacts(&name, 10).await?;
    let Some(contact) = found.contacts.first() else {
        return Err(format!("no contact is found by {name}").into());
    };
    if is_reachable(contact).await? {
        let to: SipUri = contact.uri.parse()?;
        let sent = session.send(to, "Build 42 is green").await;
        let conversation = session.conversation(sent.into_result()?.conversation);
        for message in conversation.history()? {
            let text = message.text.unwrap_or_default();
            println!("{}: {text} ({})", message.from.uri, message.delivery);
        }
    }
    session.sign_out().await?;
    Ok(())
}

/// Prints what a contact publishes, and returns whether it may be written to.
async fn is_reachable(contact: &UcwaContact) -> examples::Result<bool> {
    let presence = contact.presence().await?;
    let note = contact.note().await?.map(|note| note.message);
    println!(
        "{}: {:?}, {}, note: {}",
        contact.name.as_deref().unwrap_or(&contact.uri),
        presence.availability,
        presence.activity.unwrap_or_default(),
        note.unwrap_or_default()
    );
    let refuses = [Availability::DoNotDisturb, Availability::Offline];
    Ok(presence
        .availability
        .is_none_or(|it| !refuses.contains(&it)))
}
