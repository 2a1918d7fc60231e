//! Under the documented limits of the services, a burst is delivered with the default settings.

use std::sync::Arc;

use futures_util::future::join_all;
use ms_messenger::{
    MessengerExt as _, SharedMessenger, StaticToken, Target, acs_chat::AcsChatClient,
    msgraph_chat::GraphChatClient,
};
use ms_messenger_emulator::Emulator;

/// Sends `count` messages at once and returns how many requests were rejected for it.
async fn burst(emulator: &Emulator, messenger: &SharedMessenger, to: &Target, count: usize) -> u64 {
    let sends = (0..count).map(|i| messenger.send_text(to.clone(), format!("message {i}.")));
    for sent in join_all(sends).await {
        sent.unwrap();
    }
    let stats = emulator.stats();
    let counters = &stats["platforms"][messenger.platform()];
    assert_eq!(counters["stored"], count, "{counters}");
    counters["throttled"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_above_the_documented_limits_is_delivered_with_few_wasted_requests() {
    let emulator = Emulator::builder().with_documented_limits(true);
    let emulator = emulator.start().await.unwrap();
    let world = emulator.seed();
    let teams = GraphChatClient::builder(StaticToken::new(world.graph.token.as_str()))
        .with_base_url(&world.graph.base);
    let teams: SharedMessenger = Arc::new(teams.build().unwrap());
    let chat = AcsChatClient::builder(
        &world.acs.endpoint,
        StaticToken::new(world.acs.users[0].token.as_str()),
    );
    let chat: SharedMessenger = Arc::new(chat.build().unwrap());
    let channel = Target::channel(
        world.graph.team_id.as_str(),
        world.graph.channel_id.as_str(),
    );
    let thread = Target::conversation(world.acs.thread_id.as_str());
    // One a second in a channel; ten at once and one a second in a thread.
    let (in_channel, in_thread) = tokio::join!(
        burst(&emulator, &teams, &channel, 6),
        burst(&emulator, &chat, &thread, 14),
    );
    // Those of the burst that were under way, the one that found the limit, and one more.
    assert!(in_channel <= 5 + 2, "{in_channel}");
    assert!(in_thread <= 4 + 2, "{in_thread}");
}
