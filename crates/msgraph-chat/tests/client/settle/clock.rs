//! The window is the service's, whatever the clock of this machine shows.

use std::time::{Duration, Instant, SystemTime};

use ms_messenger_core::{ClockOffset, Evidence, Messenger as _, Settled};
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn a_clock_that_is_minutes_wrong_hides_no_message() {
    for ahead in [-300, 300] {
        let teams = Teams::start([Post::StoredUnsaid, Post::Stored]).await;
        teams.world().ahead = Some(ahead);
        let client = teams.client();
        let evidence = doubt(&client, &ping()).await;
        // Either this machine's clock is wrong, or the dates are.
        cannot_tell(client.settle(&ping(), &evidence).await, "contradict");
        assert!(teams.reads().len() <= 3);
        // The next message shows which.
        client.send(&hello()).await.unwrap();
        found(client.settle(&ping(), &evidence).await);
        // Another process knows of neither a later send nor the message that showed it.
        let mut long = elsewhere(&evidence);
        long.ended_at = Some(evidence.began_at + Duration::from_secs(3));
        long.pending_until = long.ended_at;
        let settled = teams.client().settle(&ping(), &long).await;
        cannot_tell(settled, "contradict");
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

const DAY: i64 = 86_400;
/// How far dates are ahead that are wrong.
const WRONG: [i64; 8] = [2 * DAY, -2 * DAY, 72_000, -72_000, 3600, -3600, 61, -61];

/// The `Date` of each response is wrong by `seconds` to some methods, and right to the others.
fn wrong_on(teams: &Teams, methods: &'static [&'static str], seconds: i64) {
    teams.world().date = Some(Box::new(move |method| {
        Some(date(if methods.contains(&method) {
            seconds
        } else {
            0
        }))
    }));
}

const METHODS: [&[&str]; 3] = [&["POST"], &["GET"], &["POST", "GET"]];

#[tokio::test]
async fn a_wrong_date_hides_no_message_whose_client_has_posted_another() {
    for methods in METHODS {
        for wrong in WRONG {
            let teams = Teams::start([Post::Stored, Post::StoredUnsaid]).await;
            wrong_on(&teams, methods, wrong);
            let client = teams.client();
            client.send(&hello()).await.unwrap();
            let evidence = doubt(&client, &ping()).await;
            found(client.settle(&ping(), &evidence).await);
            let mut long = elsewhere(&evidence);
            long.ended_at = Some(evidence.began_at + Duration::from_secs(3));
            found(teams.client().settle(&ping(), &long).await);
        }
    }
}

#[tokio::test]
async fn a_wrong_date_proves_no_absence_of_a_first_message() {
    for methods in METHODS {
        for wrong in WRONG {
            let teams = Teams::start([Post::StoredUnsaid]).await;
            wrong_on(&teams, methods, wrong);
            let client = teams.client();
            let evidence = doubt(&client, &ping()).await;
            let settled = client.settle(&ping(), &evidence).await;
            if methods.contains(&"GET") {
                cannot_tell(settled, "contradict");
            } else {
                found(settled);
            }
            let settled = teams.client().settle(&ping(), &elsewhere(&evidence)).await;
            assert!(!matches!(settled, Settled::NotFound), "{wrong} {settled:?}");
        }
    }
}

#[tokio::test]
async fn a_message_of_the_time_that_a_wrong_date_names_is_not_taken_for_it() {
    for wrong in WRONG {
        let teams = Teams::start([Post::Lost]).await;
        wrong_on(&teams, &["POST", "GET"], wrong);
        let client = teams.client();
        let evidence = doubt(&client, &ping()).await;
        let by = Duration::from_secs(wrong.unsigned_abs());
        let then = evidence.began_at + Duration::from_millis(1);
        let then = if wrong < 0 { then - by } else { then + by };
        let other = listed("7", OWN, "ping", then);
        teams.world().messages.push(other);
        let settled = client.settle(&ping(), &evidence).await;
        cannot_tell(settled, "contradict");
    }
}

#[tokio::test]
async fn a_message_that_is_not_there_is_proven_absent_whatever_the_dates() {
    for methods in METHODS {
        for wrong in WRONG {
            let teams = Teams::start([Post::Stored, Post::Lost, Post::Stored]).await;
            wrong_on(&teams, methods, wrong);
            let client = teams.client();
            client.send(&hello()).await.unwrap();
            let evidence = doubt(&client, &ping()).await;
            not_found(client.settle(&ping(), &evidence).await);
            // For another process the clocks contradict each other, but not for ever.
            let mut other = elsewhere(&evidence);
            other.service_clock = Some(ClockOffset::new(wrong * 1000, wrong * 1000 + 5000));
            let fresh = teams.client();
            let settled = fresh.settle(&ping(), &other).await;
            if let Settled::NotYet(when) = settled {
                let soon = SystemTime::now() + Duration::from_secs(60);
                assert!(when < soon, "{methods:?} {wrong}");
                // As long as the send took has passed in this process.
                let started = Instant::now();
                while started.elapsed() < longest(&other) {
                    tokio::task::yield_now().await;
                }
                not_found(fresh.settle(&ping(), &other).await);
            } else {
                not_found(settled);
            }
        }
    }
}

fn longest(evidence: &Evidence) -> Duration {
    let until = evidence.pending_until.unwrap();
    until.duration_since(evidence.began_at).unwrap()
}

#[tokio::test]
async fn dates_that_jump_from_read_to_read_settle_nothing_wrongly_and_end() {
    let teams = Teams::start([Post::StoredUnsaid, Post::Stored, Post::Lost]).await;
    let mut number = 0;
    teams.world().date = Some(Box::new(move |_| {
        number += 1;
        match number % 4 {
            0 => None,
            1 => Some(date(-2 * DAY)),
            2 => Some("soon".to_owned()),
            _ => Some(date(72_000)),
        }
    }));
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    for _ in 0..4 {
        let before = teams.reads().len();
        let settled = client.settle(&ping(), &evidence).await;
        assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
        assert!(teams.reads().len() - before <= 3);
    }
    client.send(&hello()).await.unwrap();
    found(client.settle(&ping(), &evidence).await);
    let evidence = doubt(&client, &hello()).await;
    not_found(client.settle(&hello(), &evidence).await);
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
    let message = listed("7", OWN, "ping", evidence.began_at);
    teams.world().messages.push(message);
    cannot_tell(client.settle(&ping(), &evidence).await, "may be it");
    // A message has a time, where no response has a date.
    client.send(&hello()).await.unwrap();
    assert_eq!(found(client.settle(&ping(), &evidence).await), "7");
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
