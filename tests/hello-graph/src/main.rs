//! Sends one Graph message: `hello-graph BASE TOKEN CHAT TEXT`. Its counterpart is `bare-reqwest`.

use ms_messenger::{msgraph_chat::GraphChatClient, prelude::*};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [base, token, chat, text] = args.as_slice() else {
        return Err("usage: hello-graph BASE TOKEN CHAT TEXT".into());
    };
    let teams = GraphChatClient::builder(StaticToken::new(token.as_str()))
        .with_base_url(format!("{base}/v1.0"))
        .build()?;
    let receipt = teams
        .send_text(Target::conversation(chat.as_str()), text)
        .await?;
    println!(
        "{}",
        receipt
            .message_id
            .map(|id| id.to_string())
            .unwrap_or_default()
    );
    Ok(())
}
