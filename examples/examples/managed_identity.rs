//! A program on Azure sends through ACS Advanced Messaging as its managed identity: no secret.
//!
//! ```sh
//! cargo run -p examples --example managed_identity
//! ACS_ENDPOINT=https://….communication.azure.com cargo run -p examples --example managed_identity -- conversation:ID
//! ```
//!
//! The credential is that of the crate `azure_identity`; every other one of it fits in its place.
//! Without `ACS_ENDPOINT` the example runs itself against an emulator, with the variables that App
//! Service gives its programs.

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
    // The client of `azure_core` wants a provider of cryptography, over plain HTTP too.
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
        "no service named: sending to an emulator at {}",
        emulator.http_url()
    );
    let world = emulator.world();
    // A process may not change its own environment safely, so that another one gets it.
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
    match status.success() {
        true => Ok(()),
        false => Err("it was not sent".into()),
    }
}
