//! The window is the service's, whatever the clock of this machine shows.

use std::time::Duration;

use ms_messenger_core::Messenger as _;
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn a_clock_that_is_minutes_wrong_hides_no_message() {
    for ahead in [-300, 300] {
        let teams = Teams::start([Post::StoredUnsaid]).await;
        teams.world().ahead = Some(ahead);
        let client = teams.client();
        let evidence = doubt(&client, &ping()).await;
        // The sender read no clock before its first unknown send, and reads it now.
        found(client.settle(&ping(), &evidence).await);
        assert!(teams.reads().len() <= 3);
        // Another process of this machine knows of no later send, so the attempt must be longer
        // than the second that the clock is known to.
        let mut long = elsewhere(&evidence);
        long.ended_at = Some(evidence.began_at + Duration::from_secs(3));
        long.pending_until = long.ended_at;
        found(teams.client().settle(&ping(), &long).await);
    }
}

#[tokio::test]
async fn a_clock_that_was_read_before_serves_another_process() {
    for ahead in [-300, 0, 300] {
        let teams = Teams::start([Post::Stored, Post::StoredUnsaid]).await;
        teams.world().ahead = Some(ahead);
        let client = teams.client();
        client.send(&hello()).await.unwrap();
        let evidence = doubt(&client, &ping()).await;
        assert!(evidence.service_clock.is_some());
        // A clock that is wrong is known to a second: shorter attempts leave it open.
        let mut long = elsewhere(&evidence);
        long.ended_at = Some(evidence.began_at + Duration::from_secs(3));
        found(teams.client().settle(&ping(), &long).await);
        teams.world().messages.remove(1);
        not_found(teams.client().settle(&ping(), &elsewhere(&evidence)).await);
    }
}

#[tokio::test]
async fn a_later_send_is_not_found_by_another_process_whatever_the_clock() {
    for ahead in [-300, 300] {
        let teams = Teams::start([Post::Stored, Post::Lost]).await;
        teams.world().ahead = Some(ahead);
        let client = teams.client();
        client.send(&hello()).await.unwrap();
        let evidence = doubt(&client, &ping()).await;
        client.send(&ping()).await.unwrap();
        cannot_tell(
            teams.client().settle(&ping(), &elsewhere(&evidence)).await,
            "may be it",
        );
        not_found(client.settle(&ping(), &evidence).await);
    }
}

fn hello() -> ms_messenger_core::SendRequest {
    to_chat(ms_messenger_core::Message::text("hello"))
}

#[tokio::test]
async fn a_service_that_shows_no_clock_proves_no_absence() {
    let teams = Teams::start([Post::Lost]).await;
    teams.world().ahead = None;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    cannot_tell(client.settle(&ping(), &evidence).await, "has a date");
    let message = listed(
        "7",
        OWN,
        "ping",
        evidence.began_at + Duration::from_millis(1),
    );
    teams.world().messages.push(message);
    cannot_tell(client.settle(&ping(), &evidence).await, "may be it");
}

#[tokio::test]
async fn a_clock_that_runs_away_ends_the_look() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    teams.world().ahead = Some(-100_000);
    teams.show(|world, _| {
        world.ahead = world.ahead.map(|it| it - 100_000);
        json!({"value": []})
    });
    cannot_tell(client.settle(&ping(), &evidence).await, "clock");
    assert_eq!(teams.reads().len(), 3);
}
