//! A program on Azure sends through ACS Advanced Messaging with its managed identity: no secret.
//!
//! ```sh
//! cargo run -p examples --example managed_identity
//! ACS_ENDPOINT=https://….communication.azure.com cargo run -p examples --example managed_identity -- conversation:ID
//! ```
//!
//! The credential comes from the crate `azure_identity`; any other credential of it can take its place.
//! Without `ACS_ENDPOINT` the example runs itself against an emulator, with the variables that App
//! Service sets.

use std::{env, process::Command};

use azure_identity::ManagedIdentityCredential;
use ms_messenger::{
    Message, Messenger as _, SendRequest, Target,
    acs_messages::{AcsMessagesClient, Credential},
    entra::AzureCredential,
};
use ms_messenger_emulator::Emulator;

#[tokio::main]
async fn main() -> examples::Result {
    // The client of `azure_core` needs a provider of cryptography, also for plain HTTP: this program
    // takes `rustls-ring`. With the default feature `rustls` it needs none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Ok(endpoint) = env::var("ACS_ENDPOINT") else {
        return emulated().await;
    };
    let target: Target = env::args().nth(1).ok_or("name the target")?.parse()?;
    let identity = AzureCredential::new(ManagedIdentityCredential::new(None)?);
    let client = AcsMessagesClient::builder(endpoint, Credential::entra(identity)).build()?;
    let request = SendRequest::new(target, Message::text("Hello from a managed identity"));
    let receipt = client.send(&request).await?;
    println!("accepted as {:?}", receipt.message_id);
    Ok(())
}

async fn emulated() -> examples::Result {
    let emulator = Emulator::start().await?;
    println!(
        "no service configured: sending to an emulator at {}",
        emulator.http_url()
    );
    let world = emulator.seed();
    // A process cannot change its own environment safely, so a child process gets it.
    let mut program = Command::new(env::current_exe()?);
    program
        .arg(format!("conversation:{}", world.acs.conversation_id))
        .env("ACS_ENDPOINT", &world.acs.endpoint)
        .env(
            "IDENTITY_ENDPOINT",
            format!("{}/msi/token", emulator.http_url()),
        )
        .env("IDENTITY_HEADER", &world.entra.identity_header);
    let status = tokio::task::spawn_blocking(move || program.status()).await??;
    for row in emulator.messages() {
        println!(
            "  stored: {} {} {:?}",
            row.platform, row.operation, row.text
        );
    }
    if status.success() {
        Ok(())
    } else {
        Err("it was not sent".into())
    }
}
