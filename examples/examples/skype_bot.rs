//! A bot for Skype for Business that replies to messages.
//!
//! ```sh
//! cargo run -p examples --example skype_bot
//! ```
//!
//! With `UCWA_SIP` and `UCWA_PASSWORD` (and `UCWA_USERNAME`, `UCWA_DISCOVERY_URL`) it signs in
//! to a real server and runs until it is interrupted; without them, alice of an emulator sends to it.

use ms_messenger::{
    SipUri,
    ucwa::{AcceptPolicy, Incoming, IncomingMessage, IncomingStream, UcwaSession},
};

#[tokio::main]
async fn main() -> examples::Result {
    let (bot, emulator) = examples::skype().await?;
    let mut incoming = bot.receive(AcceptPolicy::Everyone).await?;
    match &emulator {
        None => {
            println!("listening; the endpoint id is {}", bot.endpoint_id());
            while let Some(happened) = incoming.next().await {
                react(happened).await;
            }
        }
        Some(emulator) => {
            let alice = examples::skype_user(emulator, "alice").await?;
            let mut received = alice.receive(AcceptPolicy::Everyone).await?;
            converse(&alice, &mut received, &mut incoming).await?;
            for row in emulator.messages() {
                println!("  stored: {} {:?}", row.sender, row.text);
            }
            alice.sign_out().await?;
        }
    }
    bot.sign_out().await?;
    Ok(())
}

/// Sends two messages as alice, and waits for each reply.
async fn converse(
    alice: &UcwaSession,
    received: &mut IncomingStream,
    incoming: &mut IncomingStream,
) -> examples::Result {
    let bob: SipUri = "sip:bob@contoso.test".parse()?;
    for question in ["Is the build green?", "Thanks!"] {
        let asked = async {
            let sent = alice.send(bob.clone(), question).await;
            sent.into_result()?;
            loop {
                match received.next().await {
                    Some(Incoming::Message(response)) => return Ok(response),
                    Some(_) => {}
                    None => return Err("alice's session ended".into()),
                }
            }
        };
        let bot = async {
            while let Some(happened) = incoming.next().await {
                react(happened).await;
            }
        };
        let response: IncomingMessage = tokio::select! {
            response = asked => response.map_err(|error: Box<dyn std::error::Error + Send + Sync>| error)?,
            () = bot => return Err("the bot's session ended".into()),
        };
        println!("alice sent {question:?} and received {:?}", response.text);
    }
    Ok(())
}

/// Replies to a message in its conversation.
async fn react(happened: Incoming) {
    let Incoming::Message(message) = happened else {
        return;
    };
    let response = if message.text.contains('?') {
        format!("\"{}\" Let me look that up.", message.text)
    } else {
        "You are welcome.".to_owned()
    };
    let outcome = message.conversation.send(response).await;
    if let Some(error) = outcome.error() {
        eprintln!("{} did not receive the reply: {error}", message.from.uri);
    }
}
