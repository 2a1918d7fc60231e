//! Sends to a Teams chat, and over WhatsApp if Teams provably did not send: never both.
//!
//! The emulator first rejects the sends of Teams, then it stores one and loses the response.
//!
//! ```sh
//! cargo run -p examples --example fallback
//! ```

use std::time::Duration;

use ms_messenger::{
    SettlePolicy,
    acs_messages::AcsMessagesBuilder,
    layers::{Fallback, Member},
    msgraph_chat::GraphChatClient,
    prelude::*,
};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, When};

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let on_call = on_call(&emulator)?;
    let chat = Target::conversation(emulator.seed().graph.chat_id.as_str());

    // Teams works: WhatsApp is not used.
    let request = SendRequest::new(chat.clone(), "The disk is 80 % full");
    report(on_call.send(&request).await);

    // Teams rejects the message, so that it is proven that it was not sent.
    break_teams(&emulator, FaultAction::status(403));
    let request = SendRequest::new(chat.clone(), "The disk is 90 % full");
    report(on_call.send(&request).await);

    // Teams stores the message and does not respond. It may have been sent, so Teams is asked, and
    // WhatsApp is not used: the message is there.
    let when = When::AfterStore;
    break_teams(&emulator, FaultAction::Close { when });
    let request = SendRequest::new(chat, "The disk is full").with_timeout(Duration::from_secs(30));
    report(on_call.send(&request).await);

    for row in emulator.messages() {
        println!("stored by {}: {:?}", row.platform, row.text);
    }
    Ok(())
}

fn on_call(emulator: &Emulator) -> examples::Result<Fallback> {
    let (graph, acs) = (&emulator.seed().graph, &emulator.seed().acs);
    let teams = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
        .with_base_url(&graph.base)
        .build()?;
    let whatsapp = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?
        .with_channel_registration_id(&acs.channel_registration_id)
        .build()?;
    let members = [
        Member::new("teams", teams),
        // WhatsApp delivers a text within 24 hours after the recipient's last message.
        Member::new("whatsapp", whatsapp).with_target(Target::phone("+14255550123")?),
    ];
    // How long Teams is asked about a message that may have been sent.
    let policy = SettlePolicy::default().with_max_wait(Duration::from_secs(20));
    Ok(Fallback::new(members)?.with_settle_policy(policy))
}

fn break_teams(emulator: &Emulator, action: FaultAction) {
    let rule = FaultRule::new(action)
        .with_platform(Platform::MSGRAPH_CHAT)
        .with_operation("send");
    emulator.set_faults(Faults::new().with_rule(rule));
}

/// Prints which member sent the message, and what the others reported.
fn report(result: ms_messenger::Result<Receipt>) {
    match result {
        Ok(receipt) => {
            for member in &receipt.members {
                let why = member.error.as_deref().unwrap_or("it has the message");
                println!("{}: {}: {why}", member.name, member.delivery);
            }
        }
        Err(error) => println!("{}: {error}", error.delivery()),
    }
    println!();
}
