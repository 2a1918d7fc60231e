//! The program makes its configuration first.

use ms_messenger::prelude::*;
use ms_messenger_emulator::Emulator;

async fn send() {
    let emulator = Emulator::builder()
        .with_https_address("127.0.0.1:0".parse().unwrap())
        .start()
        .await
        .unwrap();
    let graph = &emulator.seed().graph;
    let base = format!("{}/v1.0", emulator.https_url().unwrap());
    let teams = beside_rustls::teams(&base, &graph.token, emulator.ca_pem().unwrap()).unwrap();
    let chat = Target::conversation(graph.chat_id.as_str());
    teams.send_text(chat, "hello").await.unwrap();
    assert_eq!(emulator.messages().len(), 1);
}

#[tokio::test]
async fn rustls_finds_its_provider_before_a_client_is_built() {
    let own = beside_rustls::config();
    assert!(!own.crypto_provider().cipher_suites.is_empty());
    send().await;
}
