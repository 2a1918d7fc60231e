//! A service whose `Date` is wrong.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{ClockOffset, Messenger as _, SendRequest, Settled};
use serde_json::json;

use crate::settle::chat::*;

const DAY: i64 = 86_400;
/// How far dates are ahead that are wrong.
const WRONG: [i64; 8] = [2 * DAY, -2 * DAY, 72_000, -72_000, 3600, -3600, 61, -61];
const METHODS: [&[&str]; 3] = [&["POST"], &["GET"], &["POST", "GET"]];

/// The `Date` of each response is wrong by `seconds` to some methods, and right to the others. Of
/// the messages, only those from the start of the query on are shown.
fn wrong_on(chat: &Chat, methods: &'static [&'static str], seconds: i64) {
    chat.world().date = Some(Box::new(move |method| {
        Some(date(if methods.contains(&method) {
            seconds
        } else {
            0
        }))
    }));
    chat.show(|world, target| json!({"value": world.since(target)}));
}

fn hello() -> SendRequest {
    to_thread(ms_messenger_core::Message::text("hello"))
}

#[tokio::test]
async fn a_wrong_date_hides_no_message() {
    for methods in METHODS {
        for wrong in WRONG {
            let chat = Chat::start([Post::Stored, Post::StoredUnsaid]).await;
            wrong_on(&chat, methods, wrong);
            let client = chat.client();
            client.send(&hello()).await.unwrap();
            let evidence = doubt(&client, &ping()).await;
            found(client.settle(&ping(), &evidence).await);
            let fresh = chat.client();
            found(fresh.settle(&ping(), &elsewhere(&evidence)).await);
            assert!(chat.reads().len() <= 4);
        }
    }
}

#[tokio::test]
async fn a_message_that_is_not_there_is_proven_absent_after_the_time_of_its_send() {
    for methods in METHODS {
        for wrong in WRONG {
            let chat = Chat::start([Post::Stored, Post::Lost]).await;
            wrong_on(&chat, methods, wrong);
            let client = chat.client();
            client.send(&hello()).await.unwrap();
            let evidence = doubt(&client, &ping()).await;
            for settler in [&client, &chat.client()] {
                let mut settled = settler.settle(&ping(), &evidence).await;
                if let Settled::NotYet(when) = settled {
                    let soon = SystemTime::now() + Duration::from_secs(60);
                    assert!(when < soon, "{methods:?} {wrong}");
                    let began = evidence.began_at;
                    let longest = evidence.pending_until.unwrap().duration_since(began);
                    tokio::time::sleep(longest.unwrap()).await;
                    settled = settler.settle(&ping(), &evidence).await;
                }
                not_found(settled);
            }
        }
    }
}

#[tokio::test]
async fn a_date_far_ahead_makes_no_absence_before_the_last_moment() {
    let chat = Chat::start([Post::Lost]).await;
    let margin = Duration::from_secs(3600);
    let client = chat.builder().with_settling_margin(margin).build().unwrap();
    let mut evidence = doubt(&client, &ping()).await;
    evidence.service_clock = Some(ClockOffset::new(0, 1000));
    for wrong in WRONG {
        wrong_on(&chat, &["GET"], wrong);
        match chat.client().settle(&ping(), &evidence).await {
            Settled::NotYet(when) => assert!(when >= evidence.pending_until.unwrap()),
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_changed_message_of_any_possible_time_may_be_it() {
    for wrong in WRONG {
        let chat = Chat::start([Post::StoredUnsaid]).await;
        wrong_on(&chat, &["GET"], wrong);
        let client = chat.client();
        let evidence = doubt(&client, &ping()).await;
        {
            let mut world = chat.world();
            world.messages[0]["metadata"] = json!({});
            world.messages[0]["deletedOn"] = world.messages[0]["createdOn"].clone();
        }
        cannot_tell(client.settle(&ping(), &evidence).await, "contradict");
    }
}

#[tokio::test]
async fn dates_that_jump_from_read_to_read_hide_nothing() {
    let chat = Chat::start([Post::StoredUnsaid, Post::Lost]).await;
    let mut number = 0;
    wrong_on(&chat, &[], 0);
    chat.world().date = Some(Box::new(move |_| {
        number += 1;
        match number % 4 {
            0 => None,
            1 => Some(date(72_000)),
            2 => Some("soon".to_owned()),
            _ => Some(date(-2 * DAY)),
        }
    }));
    let client = chat.client();
    let evidence = doubt(&client, &ping()).await;
    found(client.settle(&ping(), &evidence).await);
    let evidence = doubt(&client, &hello()).await;
    let settled = client.settle(&hello(), &evidence).await;
    assert!(!matches!(settled, Settled::Found(_)), "{settled:?}");
    tokio::time::sleep(
        evidence
            .pending_until
            .unwrap()
            .duration_since(evidence.began_at)
            .unwrap(),
    )
    .await;
    not_found(client.settle(&hello(), &evidence).await);
}
