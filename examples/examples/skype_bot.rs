//! A bot in Skype for Business that answers what it is told.
//!
//! ```sh
//! cargo run -p examples --example skype_bot
//! ```
//!
//! With `UCWA_SIP` and `UCWA_PASSWORD` (and `UCWA_USERNAME`, `UCWA_DISCOVERY_URL`) it signs in
//! to a real server and runs until it is interrupted; without, an emulator's alice talks to it.

use ms_messenger::{
    SipUri,
    ucwa::{AcceptPolicy, Incoming, IncomingMessage, UcwaSession},
};

#[tokio::main]
async fn main() -> examples::Result {
    let (bot, emulator) = examples::skype().await?;
    let mut incoming = bot.receive(AcceptPolicy::Everyone).await?;
    match emulator {
        None => {
            println!("listening; the endpoint id is {}", bot.endpoint_id());
            while let Some(happened) = incoming.next().await {
                react(happened).await;
            }
        }
        Some(emulator) => {
            let alice = examples::skype_user(&emulator, "alice").await?;
            let mut heard = alice.receive(AcceptPolicy::Everyone).await?;
            talk(&alice, &mut heard, &mut incoming).await?;
            for row in emulator.messages() {
                println!("  stored: {} {:?}", row.sender, row.text);
            }
            alice.sign_out().await;
        }
    }
    bot.sign_out().await;
    Ok(())
}

/// Alice asks twice, and waits for each response.
async fn talk(
    alice: &UcwaSession,
    heard: &mut ms_messenger::ucwa::IncomingStream,
    incoming: &mut ms_messenger::ucwa::IncomingStream,
) -> examples::Result {
    let bob: SipUri = "sip:bob@contoso.test".parse()?;
    for question in ["Is the build green?", "Thanks!"] {
        let asked = async {
            let sent = alice.send(bob.clone(), question).await;
            sent.into_result()?;
            loop {
                match heard.next().await {
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
        println!("alice asked {question:?} and heard {:?}", response.text);
    }
    Ok(())
}

/// Answers a message in the conversation that it came from.
async fn react(happened: Incoming) {
    let Incoming::Message(message) = happened else {
        return;
    };
    let response = match message.text.contains('?') {
        true => format!("\"{}\" Let me look that up.", message.text),
        false => "You are welcome.".to_owned(),
    };
    let outcome = message.conversation.send(response).await;
    if let Some(error) = outcome.error() {
        eprintln!("{} did not get the response: {error}", message.from.uri);
    }
}
