//! Found by the id, absent by a whole look, and everything else left open.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Delivery, Evidence, Message, Messenger as _, MessengerExt as _, SettlePolicy, Settled,
};
use serde_json::{Value, json};

use super::chat::*;

fn page_of(target: &str) -> usize {
    let page = target.split("page=").nth(1);
    page.map_or(0, |page| page.parse().unwrap())
}

#[tokio::test]
async fn a_message_is_found_by_its_id_by_any_client_each_time() {
    let chat = Chat::start([Post::Stored, Post::StoredUnsaid]).await;
    let client = chat.client();
    client.send(&ping()).await.unwrap();
    let evidence = doubt(&client, &ping()).await;
    let id = chat.world().messages[1]["id"].as_str().unwrap().to_owned();
    for looker in [&client, &client, &chat.client()] {
        assert_eq!(
            found(looker.settle(&ping(), &elsewhere(&evidence)).await),
            id
        );
    }
    assert_eq!(chat.posted(), 2);
    let reads = chat.reads();
    assert_eq!(reads.len(), 3);
    for read in reads {
        let rest = read
            .strip_prefix("/chat/threads/19%3Aa%40thread.v2/messages?maxPageSize=200&startTime=")
            .unwrap_or_else(|| panic!("{read}"));
        let since = rest.strip_suffix("&api-version=2025-03-15").unwrap();
        let since = humantime::parse_rfc3339(&since.replace("%3A", ":")).unwrap();
        assert!(since < evidence.began_at && since > evidence.began_at - Duration::from_secs(30));
    }
}

#[tokio::test]
async fn of_equal_texts_each_has_its_own_verdict() {
    let chat = Chat::start([Post::StoredUnsaid, Post::Lost, Post::StoredUnsaid]).await;
    let client = chat.client();
    let first = doubt(&client, &ping()).await;
    let lost = doubt(&client, &ping()).await;
    let last = doubt(&client, &ping()).await;
    let (a, b, c) = (ping(), ping(), ping());
    let verdicts = tokio::join!(
        client.settle(&a, &first),
        client.settle(&b, &lost),
        client.settle(&c, &last)
    );
    assert_ne!(found(verdicts.0), found(verdicts.2));
    not_found(verdicts.1);
}

#[tokio::test]
async fn the_id_is_found_on_a_later_page_and_behind_an_empty_one() {
    let chat = Chat::start([Post::StoredUnsaid, Post::Lost]).await;
    let client = chat.client();
    let stored = doubt(&client, &ping()).await;
    let lost = doubt(&client, &ping()).await;
    let url = chat.url.clone();
    chat.show(move |world, target| match page_of(target) {
        page @ 0..3 => json!({"value": [], "nextLink":
            format!("{url}/chat/threads/{THREAD}/messages?page={}", page + 1)}),
        _ => json!({"value": world.messages}),
    });
    found(client.settle(&ping(), &stored).await);
    assert_eq!(
        chat.reads()[3],
        format!("/chat/threads/{THREAD}/messages?page=3")
    );
    not_found(client.settle(&ping(), &lost).await);
}

#[tokio::test]
async fn a_message_that_moves_while_the_pages_are_read_is_not_missed() {
    let chat = Chat::start([Post::StoredUnsaid]).await;
    let client = chat.client();
    let evidence = doubt(&client, &ping()).await;
    let url = chat.url.clone();
    let mut is_moved = false;
    chat.show(move |world, target| {
        let other = json!({"id": "1", "version": "1"});
        if page_of(target) == 1 {
            is_moved = true;
            return json!({"value": []});
        }
        let link = format!("{url}/chat/threads/{THREAD}/messages?page=1");
        let value = if is_moved {
            json!([world.messages[0], other])
        } else {
            json!([other])
        };
        json!({"value": value, "nextLink": link})
    });
    found(client.settle(&ping(), &evidence).await);
    assert_eq!(chat.reads().len(), 3);
}

/// A list, the newest message first, which grows by 3 messages during each of the next `growing`
/// readings of a page of 2; the messages of the world are its oldest ones.
fn growing(chat: &Chat, mut growing: usize) {
    let url = chat.url.clone();
    let mut count = 4;
    chat.show(move |world, target| {
        let page = page_of(target);
        let newer = (0..count).rev();
        let newer = newer.map(|id| json!({"id": format!("9{id}"), "version": "1"}));
        let all: Vec<Value> = newer.chain(world.messages.iter().cloned()).collect();
        let shown: Vec<Value> = all.iter().skip(page * 2).take(2).cloned().collect();
        if growing > 0 {
            growing -= 1;
            count += 3;
        }
        if (page + 1) * 2 >= all.len() {
            return json!({"value": shown});
        }
        let next = format!("{url}/chat/threads/{THREAD}/messages?page={}", page + 1);
        json!({"value": shown, "nextLink": next})
    });
}

#[tokio::test]
async fn a_list_that_grows_while_it_is_read_is_read_to_its_end() {
    let chat = Chat::start([Post::StoredUnsaid, Post::Lost]).await;
    let client = chat.client();
    let stored = doubt(&client, &ping()).await;
    let lost = doubt(&client, &ping()).await;
    growing(&chat, 3);
    found(client.settle(&ping(), &stored).await);
    growing(&chat, 3);
    not_found(client.settle(&ping(), &lost).await);
    growing(&chat, usize::MAX);
    cannot_tell(client.settle(&ping(), &lost).await, "");
}

#[tokio::test]
async fn pages_without_end_in_a_circle_or_elsewhere_prove_no_absence() {
    let chat = Chat::start([Post::Lost]).await;
    let other = Chat::start([]).await;
    let client = chat.client();
    let evidence = doubt(&client, &ping()).await;
    let link = format!("{}/chat/threads/x?page=1", chat.url);
    chat.show(move |_, _| json!({"value": [], "nextLink": link}));
    cannot_tell(client.settle(&ping(), &evidence).await, "leads back");
    let url = chat.url.clone();
    chat.show(move |_, target| {
        json!({"value": [], "nextLink": format!("{url}/chat/threads/x?page={}", page_of(target) + 1)})
    });
    cannot_tell(
        client.settle(&ping(), &evidence).await,
        "more than 20 pages",
    );
    let link = format!("{}/chat/threads/x?page=1", other.url);
    chat.show(move |_, _| json!({"value": [], "nextLink": link}));
    cannot_tell(client.settle(&ping(), &evidence).await, "");
    assert!(other.reads().is_empty());
}

#[tokio::test]
async fn a_changed_message_that_lost_its_id_leaves_it_open_unless_it_has_another() {
    for member in ["editedOn", "deletedOn"] {
        let chat = Chat::start([Post::Stored, Post::StoredUnsaid]).await;
        let client = chat.client();
        // Its response shows the service's clock.
        client.send(&ping()).await.unwrap();
        let evidence = doubt(&client, &ping()).await;
        chat.world().messages[1][member] = json!(rfc3339(SystemTime::now()));
        found(client.settle(&ping(), &evidence).await);
        for metadata in [json!(null), json!({}), json!({"a": "b"})] {
            chat.world().messages[1]["metadata"] = metadata;
            cannot_tell(client.settle(&ping(), &evidence).await, "edited or deleted");
        }
        chat.world().messages[1]["metadata"] = json!({"clientMessageId": "another"});
        not_found(client.settle(&ping(), &evidence).await);
        // Nor is it one from long before.
        chat.world().messages[1]["metadata"] = json!(null);
        let long_before = evidence.began_at - Duration::from_secs(60);
        chat.world().messages[1]["createdOn"] = json!(rfc3339(long_before));
        not_found(client.settle(&ping(), &evidence).await);
    }
}

#[tokio::test]
async fn without_an_id_the_service_is_not_called() {
    let chat = Chat::start([Post::StoredUnsaid]).await;
    let plain = acs_chat::AcsChatClient::builder(
        chat.url.as_str(),
        ms_messenger_core::StaticToken::new("t"),
    );
    let evidence = doubt(&plain.build().unwrap(), &ping()).await;
    assert_eq!(evidence.mark, None);
    cannot_tell(
        chat.client().settle(&ping(), &evidence).await,
        "with_client_message_ids",
    );
    let mut other = evidence;
    other.platform = Some("msgraph-chat".into());
    cannot_tell(chat.client().settle(&ping(), &other).await, "");
    assert_eq!(chat.reads().len(), 0);
}

#[tokio::test]
async fn the_first_form_of_evidence_finds_and_proves_no_absence() {
    let chat = Chat::start([Post::StoredUnsaid]).await;
    let client = chat.client();
    let evidence = doubt(&client, &ping()).await;
    let mark = evidence.mark.clone().unwrap().value;
    let first = json!({"began_at": rfc3339(evidence.began_at), "client_request_id": mark});
    let mut first = Evidence::from_json(&first.to_string()).unwrap();
    found(chat.client().settle(&ping(), &first).await);
    chat.world().messages.clear();
    cannot_tell(chat.client().settle(&ping(), &first).await, "until when");
    // A last moment makes no mark of what may be none.
    first.pending_until = Some(evidence.began_at);
    let settled = chat.client().settle(&ping(), &first).await;
    cannot_tell(settled, "the evidence of the error");
}

#[tokio::test]
async fn a_clock_that_is_minutes_wrong_hides_no_message_and_proves_no_absence() {
    for ahead in [-300, 300] {
        let chat = Chat::start([Post::StoredUnsaid]).await;
        chat.world().ahead = Some(ahead);
        let client = chat.client();
        let evidence = doubt(&client, &ping()).await;
        // The service shows only what it created from the start on.
        chat.show(|world, target| json!({"value": world.since(target)}));
        found(client.settle(&ping(), &evidence).await);
        found(chat.client().settle(&ping(), &elsewhere(&evidence)).await);
    }
    let chat = Chat::start([Post::Lost]).await;
    chat.world().ahead = None;
    let client = chat.client();
    let evidence = doubt(&client, &ping()).await;
    cannot_tell(client.settle(&ping(), &evidence).await, "shows its clock");
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    let chat = Chat::start([Post::Lost]).await;
    let client = chat.client();
    let evidence = doubt(&client, &ping()).await;
    for shown in [
        json!({"status": 403, "error": {"code": "Forbidden", "message": "Not in the thread."}}),
        json!({"error": "no list"}),
        json!({"value": [{"id": 7}]}),
    ] {
        chat.show(move |_, _| shown.clone());
        cannot_tell(client.settle(&ping(), &evidence).await, "");
    }
}

#[tokio::test]
async fn a_message_that_is_stored_after_the_time_out_is_found_late() {
    let chat = Chat::start([Post::Silent]).await;
    let mut looks = 0;
    chat.show(move |world, _| {
        looks += 1;
        if looks == 2 {
            let body = world.seen[0].json();
            world.store(&body);
        }
        json!({"value": world.newest_first()})
    });
    let margin = Duration::from_secs(60);
    let client = chat.builder().with_settling_margin(margin).build().unwrap();
    let pause = Duration::from_millis(10);
    let policy = SettlePolicy::default().with_pauses(pause, pause);
    let request = to_thread(Message::text("ping")).with_timeout(Duration::from_millis(50));
    let receipt = client.send_settled_with(&request, &policy).await.unwrap();
    assert_eq!(
        receipt.message_id.unwrap().as_str(),
        chat.world().messages[0]["id"]
    );
    assert_eq!((chat.posted(), chat.reads().len()), (1, 2));
}

#[tokio::test]
async fn a_message_that_is_never_stored_is_not_sent_only_after_the_margin() {
    let chat = Chat::start([Post::Silent]).await;
    let margin = Duration::from_millis(300);
    let client = chat.builder().with_settling_margin(margin).build().unwrap();
    let pause = Duration::from_millis(20);
    let policy = SettlePolicy::default().with_pauses(pause, pause);
    let request = ping().with_timeout(Duration::from_millis(50));
    let error = client
        .send_settled_with(&request, &policy)
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    let evidence = error.evidence().unwrap();
    let until = evidence.ended_at.unwrap() + margin;
    assert_eq!(evidence.pending_until, Some(until));
    assert!(SystemTime::now() >= until);
    assert!(chat.reads().len() >= 2);
    assert_eq!(chat.posted(), 1);
    // Before that, it is said when to look again.
    let slow = chat.builder().with_settling_margin(Duration::from_secs(60));
    let slow = slow.build().unwrap();
    chat.world().posts = [Post::Lost].into();
    let evidence = doubt(&slow, &ping()).await;
    match slow.settle(&ping(), &evidence).await {
        Settled::NotYet(when) => assert_eq!(when, evidence.pending_until.unwrap()),
        other => panic!("{other:?}"),
    }
}
