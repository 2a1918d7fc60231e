//! Neither client stops the other from working.

use ms_messenger_emulator::Emulator;

#[tokio::test]
async fn a_reqwest_without_tls_works_beside_the_default_features() {
    let emulator = Emulator::start().await.unwrap();
    let health = format!("{}/_emulator/health", emulator.http_url());
    let graph = &emulator.seed().graph;

    let before = beside_reqwest::read(&health).await.unwrap();
    beside_reqwest::send(&graph.base, &graph.token, &graph.chat_id, "hello")
        .await
        .unwrap();
    let after = beside_reqwest::read(&health).await.unwrap();

    assert_eq!(before, after);
    assert_eq!(emulator.messages().len(), 1);
}
