//! A program that reads with a reqwest of its own, and sends with ms-messenger.

use std::error::Error;

use ms_messenger::{Receipt, StaticToken, Target, msgraph_chat::GraphChatClient, prelude::*};

/// Reads a page over plain HTTP with reqwest's default client.
pub async fn read(url: &str) -> reqwest::Result<String> {
    reqwest::Client::new().get(url).send().await?.text().await
}

/// Sends a text to a chat of Teams.
pub async fn send(
    base: &str,
    token: &str,
    chat: &str,
    text: &str,
) -> Result<Receipt, Box<dyn Error>> {
    let teams = GraphChatClient::builder(StaticToken::new(token))
        .with_base_url(base)
        .build()?;
    Ok(teams.send_text(Target::conversation(chat), text).await?)
}
