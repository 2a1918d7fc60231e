//! A user of Azure Communication Services sends to a thread, with tokens that are renewed automatically.
//!
//! ```sh
//! cargo run -p examples --example acs_user_token
//! ACS_CONNECTION_STRING=… cargo run -p examples --example acs_user_token -- conversation:19:…@thread.v2 8:acs:…
//! ```
//!
//! The second argument is a participant of the thread. Without it a user is created, and deleted at
//! the end; the emulator lets new users into its thread, the real service does not.

use ms_messenger::{
    Target,
    acs_chat::{AcsChatClient, ChatThread, SendChatMessageRequest},
    acs_identity::{AcsIdentityClient, CommunicationUserId, TokenOptions, UserTokenProvider},
};

#[tokio::main]
async fn main() -> examples::Result {
    let stage = examples::acs_identity().await?;
    let identity = &stage.client;
    let Target::Conversation(thread) = &stage.target else {
        return Err("this example sends to a thread: conversation:19:…@thread.v2".into());
    };

    let named = std::env::args().nth(2).map(CommunicationUserId::from);
    let is_named = named.is_some();
    let (user, first) = match named {
        Some(user) => (user, None),
        None => {
            let options = TokenOptions::chat().with_expires_in_minutes(60);
            let made = identity.create_user_with_token(&options).await?;
            println!("created {}", made.id);
            (made.id, made.token)
        }
    };
    let mut tokens = UserTokenProvider::builder(identity.clone(), user.clone());
    if let Some(first) = first {
        tokens = tokens.with_initial_token(first.token);
    }
    // A timer renews each token ten minutes before it expires, so that no message waits for one.
    let tokens = tokens.with_proactive_refresh(true).build()?;
    let chat = AcsChatClient::builder(identity.endpoint(), tokens).build()?;

    let thread = chat.thread(thread.clone());
    let said = if is_named {
        say(&thread, "Hello").await
    } else {
        talk(identity, &user, &thread).await
    };
    if !is_named {
        identity.delete_user(&user).await?;
        println!("deleted {user}");
    }
    stage.print_ledger();
    said
}

/// Sends before and after all tokens of the user are revoked.
async fn talk(
    identity: &AcsIdentityClient,
    user: &CommunicationUserId,
    thread: &ChatThread,
) -> examples::Result {
    say(thread, "Hello").await?;
    identity.revoke_tokens(user).await?;
    // The rejected token is replaced once and the send retried: it was not executed.
    say(thread, "Still here").await
}

async fn say(thread: &ChatThread, text: &str) -> examples::Result {
    let message = SendChatMessageRequest::text(text).with_sender_display_name("Newcomer");
    println!("posted as {}", thread.send(&message).await?.id);
    Ok(())
}
