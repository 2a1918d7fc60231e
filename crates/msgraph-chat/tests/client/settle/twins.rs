//! Equal texts: which of them can be distinguished, and which cannot.

use std::time::Duration;

use ms_messenger_core::{
    Message, Messenger as _, MessengerExt as _, SendRequest, SettlePolicy, Settled, Target,
};
use msgraph_chat::{NewChatMessage, PLATFORM};
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn a_message_with_a_receipt_is_not_the_unknown_one() {
    let teams = Teams::start([Post::Stored, Post::Lost]).await;
    let client = teams.client();
    client.send(&ping()).await.unwrap();
    let error = client.send_settled(&ping()).await.unwrap_err();
    assert!(error.is_safe_to_resend(), "{error}");
    assert_eq!(teams.posted(), 2);
    let evidence = elsewhere(error.evidence().unwrap_or_else(|| panic!("{error:?}")));
    not_found(teams.client().settle(&ping(), &evidence).await);
}

#[tokio::test]
async fn receipts_of_the_typed_client_of_html_and_of_native_bodies_count_too() {
    let teams = Teams::start([Post::Stored, Post::Stored, Post::Stored, Post::Lost]).await;
    let client = teams.client();
    let typed = client.chat(CHAT);
    typed.send(&NewChatMessage::text("ping")).await.unwrap();
    client
        .send(&to_chat(Message::html("<p> ping</p>")))
        .await
        .unwrap();
    let native = json!({"body": {"content": "ping"}});
    client
        .send(&to_chat(Message::native(PLATFORM, native)))
        .await
        .unwrap();
    let evidence = doubt(&client, &ping()).await;
    assert_eq!(evidence.claimed.len(), 3);
    {
        let now = rfc3339(evidence.began_at);
        for message in &mut teams.world().messages {
            message["createdDateTime"] = json!(now);
        }
    }
    not_found(client.settle(&ping(), &evidence).await);
    not_found(teams.client().settle(&ping(), &elsewhere(&evidence)).await);
}

#[tokio::test]
async fn a_later_receipt_is_not_mistaken_for_an_unknown_send() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let mut evidence = doubt(&client, &ping()).await;
    let margin = Duration::from_secs(60);
    evidence.pending_until = evidence.pending_until.map(|it| it + margin);
    client.send(&ping()).await.unwrap();
    let settled = client.settle(&ping(), &evidence).await;
    assert!(matches!(settled, Settled::NotYet(_)), "{settled:?}");
    assert_eq!(teams.reads().len(), 1);
}

#[tokio::test]
async fn while_an_equal_text_is_under_way_there_is_no_verdict() {
    let teams = Teams::start([Post::StoredUnsaid, Post::Silent]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let other = client.clone();
    let task = tokio::spawn(async move { other.send(&ping()).await });
    while teams.posted() < 2 {
        tokio::task::yield_now().await;
    }
    let settled = client.settle(&ping(), &evidence).await;
    assert!(matches!(settled, Settled::NotYet(_)), "{settled:?}");
    // Its future is dropped, so its delivery is unknown and there is no evidence.
    task.abort();
    assert!(task.await.is_err());
    let settled = client.settle(&ping(), &evidence).await;
    // It began after the last moment of effect of the first one.
    found(settled);
}

#[tokio::test]
async fn what_appears_after_the_attempt_is_found_for_an_outbox_that_knows_every_rival() {
    let teams = Teams::start([Post::Stored, Post::StoredUnsaid]).await;
    let client = teams.client();
    let other = to_chat(Message::text("hello"));
    client.send(&other).await.unwrap();
    let mut evidence = elsewhere(&doubt(&client, &ping()).await);
    // By a clock that is ahead, or after the connection had broken.
    let ended = evidence.ended_at.unwrap();
    evidence.pending_until = Some(ended + Duration::from_secs(5));
    let id = {
        let created = rfc3339(ended + Duration::from_millis(900));
        let stored = &mut teams.world().messages[1];
        stored["createdDateTime"] = json!(created);
        stored["id"].as_str().unwrap().to_owned()
    };
    let settled = teams.client().settle(&ping(), &evidence).await;
    cannot_tell(settled, "may be it");
    evidence.knows_rivals = true;
    assert_eq!(found(teams.client().settle(&ping(), &evidence).await), id);
    evidence.claimed.push(id.into());
    let settled = teams.client().settle(&ping(), &evidence).await;
    assert!(matches!(settled, Settled::NotYet(_)), "{settled:?}");
}

#[tokio::test]
async fn a_dropped_send_of_the_same_time_leaves_it_open() {
    let teams = Teams::start([Post::Silent, Post::StoredUnsaid]).await;
    let client = teams
        .builder(OWN)
        .with_settling_margin(Duration::from_secs(60))
        .build()
        .unwrap();
    let other = client.clone();
    let task = tokio::spawn(async move { other.send(&ping()).await });
    while teams.posted() < 1 {
        tokio::task::yield_now().await;
    }
    let evidence = doubt(&client, &ping()).await;
    assert!(evidence.has_twins);
    task.abort();
    assert!(task.await.is_err());
    cannot_tell(client.settle(&ping(), &evidence).await, "another send");
    cannot_tell(
        teams.client().settle(&ping(), &elsewhere(&evidence)).await,
        "another send",
    );
}

#[tokio::test]
async fn a_stored_message_whose_id_was_unreadable_leaves_it_open() {
    let teams = Teams::start([Post::Unreadable, Post::Lost]).await;
    let client = teams
        .builder(OWN)
        .with_settling_margin(Duration::from_secs(60))
        .build()
        .unwrap();
    client.send(&ping()).await.unwrap_err();
    let evidence = doubt(&client, &ping()).await;
    teams.world().messages[0]["createdDateTime"] = json!(rfc3339(evidence.began_at));
    cannot_tell(client.settle(&ping(), &evidence).await, "another send");
    cannot_tell(
        teams.client().settle(&ping(), &elsewhere(&evidence)).await,
        "another send",
    );
}

#[tokio::test]
async fn of_two_unknown_sends_neither_claims_the_one_message() {
    let teams = Teams::start([Post::Lost, Post::StoredUnsaid]).await;
    let client = teams
        .builder(OWN)
        .with_settling_margin(Duration::from_secs(60))
        .build()
        .unwrap();
    let (one, two) = tokio::join!(doubt_of(&client), doubt_of(&client));
    let (a, b) = (ping(), ping());
    let verdicts = tokio::join!(client.settle(&a, &one), client.settle(&b, &two));
    for settled in [verdicts.0, verdicts.1] {
        cannot_tell(settled, "");
    }
    let fresh = teams.client();
    for evidence in [&one, &two] {
        let settled = fresh.settle(&ping(), &elsewhere(evidence)).await;
        assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
    }
}

async fn doubt_of(client: &msgraph_chat::GraphChatClient) -> ms_messenger_core::Evidence {
    doubt(client, &ping()).await
}

#[tokio::test]
async fn one_after_the_other_each_gets_its_own_verdict_and_keeps_it() {
    let teams = Teams::start([Post::StoredUnsaid, Post::Lost]).await;
    let client = teams.client();
    let one = doubt(&client, &ping()).await;
    let id = found(client.settle(&ping(), &one).await);
    let two = doubt(&client, &ping()).await;
    assert_eq!(two.claimed.len(), 1);
    not_found(client.settle(&ping(), &two).await);
    assert_eq!(found(client.settle(&ping(), &one).await), id);
    not_found(teams.client().settle(&ping(), &elsewhere(&two)).await);
}

#[tokio::test]
async fn evidence_without_an_id_keeps_its_verdict() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let mut evidence = doubt(&client, &ping()).await;
    evidence.client_request_id = None;
    let fresh = teams.client();
    for _ in 0..2 {
        found(fresh.settle(&ping(), &evidence).await);
    }
}

#[tokio::test]
async fn evidence_of_another_message_takes_nothing_from_this_one() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let pong = to_chat(Message::text("pong"));
    let body = json!({"body": {"contentType": "text", "content": "pong"}});
    teams.world().store(OWN, &body);
    let at = rfc3339(evidence.began_at);
    teams.world().messages[1]["createdDateTime"] = json!(at);
    let _ = client.settle(&pong, &evidence).await;
    let id = found(client.settle(&ping(), &evidence).await);
    assert_eq!(id, teams.world().messages[0]["id"].as_str().unwrap());
}

#[tokio::test]
async fn an_equal_text_of_another_program_is_no_receipt_and_no_absence() {
    let teams = Teams::start([Post::Lost, Post::Lost]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let at = |shift: i64| {
        let by = Duration::from_millis(shift.unsigned_abs());
        let began = evidence.began_at;
        if shift < 0 {
            began - by
        } else {
            evidence.pending_until.unwrap() + by
        }
    };
    // Just before and just after, the clocks leave it open; long before and after, it is another.
    for shift in [-500, 500] {
        teams.world().messages = vec![listed("7", OWN, "ping", at(shift))];
        cannot_tell(client.settle(&ping(), &evidence).await, "may be it");
        cannot_tell(
            teams.client().settle(&ping(), &elsewhere(&evidence)).await,
            "may be it",
        );
    }
    for shift in [-60_000, 60_000] {
        teams.world().messages = vec![listed("7", OWN, "ping", at(shift))];
        not_found(client.settle(&ping(), &evidence).await);
    }
    // With ours, there are two.
    let mut evidence = evidence;
    evidence.pending_until = evidence.pending_until.map(|it| it + Duration::from_secs(5));
    let before = evidence.began_at - Duration::from_millis(500);
    let ours = listed(
        "8",
        OWN,
        "ping",
        evidence.began_at + Duration::from_millis(1),
    );
    teams.world().messages = vec![
        ours.clone(),
        listed(
            "7",
            OWN,
            "ping",
            evidence.began_at + Duration::from_millis(1),
        ),
    ];
    cannot_tell(
        client.settle(&ping(), &evidence).await,
        "several messages of the account",
    );
    teams.world().messages = vec![ours, listed("7", OWN, "ping", before)];
    cannot_tell(
        client.settle(&ping(), &evidence).await,
        "several messages of the account",
    );
}

#[tokio::test]
async fn a_channel_is_one_place_whatever_the_case_of_its_team() {
    let teams = Teams::start([Post::Stored, Post::Lost]).await;
    let client = teams.client();
    let to = |team: String| {
        SendRequest::new(
            Target::channel(team, "19:c@thread.tacv2"),
            Message::text("ping"),
        )
    };
    client.send(&to(TEAM.to_uppercase())).await.unwrap();
    let request = to(TEAM.to_owned());
    let evidence = doubt(&client, &request).await;
    teams.world().messages[0]["createdDateTime"] = json!(rfc3339(evidence.began_at));
    not_found(client.settle(&request, &evidence).await);
}

#[tokio::test]
async fn more_receipts_at_the_time_than_evidence_can_name_leave_it_open() {
    let teams = Teams::start([Post::Silent]).await;
    let client = teams.client();
    let slow = client.clone();
    let cancel = ms_messenger_core::CancelHandle::new();
    let request = ping().with_cancel(cancel.clone());
    let task = tokio::spawn(async move { slow.send(&request).await.unwrap_err() });
    while teams.posted() < 1 {
        tokio::task::yield_now().await;
    }
    for _ in 0..40 {
        client.send(&ping()).await.unwrap();
    }
    cancel.cancel();
    let error = task.await.unwrap();
    let evidence = elsewhere(error.evidence().unwrap());
    assert!(evidence.claimed.len() < 40);
    // The sender knows all receipts; another process knows that there are more.
    not_found(client.settle(&ping(), &evidence).await);
    teams.world().messages.truncate(1);
    cannot_tell(
        teams.client().settle(&ping(), &evidence).await,
        "another send",
    );
}

#[tokio::test]
async fn two_sends_at_once_make_two_messages_and_two_receipts_whatever_is_lost() {
    let teams = Teams::start([Post::StoredUnsaid, Post::Stored]).await;
    let client = teams
        .builder(OWN)
        .with_settling_margin(Duration::from_millis(100))
        .build()
        .unwrap();
    let policy =
        SettlePolicy::default().with_pauses(Duration::from_millis(20), Duration::from_millis(20));
    let (a, b) = (ping(), ping());
    let (one, two) = tokio::join!(
        client.send_settled_with(&a, &policy),
        client.send_settled_with(&b, &policy)
    );
    let ids = [one, two].map(|it| it.unwrap().message_id.unwrap().as_str().to_owned());
    assert_ne!(ids[0], ids[1]);
    assert_eq!(teams.world().messages.len(), 2);
}
