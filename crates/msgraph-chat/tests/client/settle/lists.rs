//! A whole look, whatever the order and the pages of the list.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Message, Messenger as _, SendRequest, Target};
use serde_json::{Value, json};

use crate::settle::teams::*;

fn to_channel() -> SendRequest {
    SendRequest::new(
        Target::channel(TEAM, "19:c@thread.tacv2"),
        Message::text("ping"),
    )
}

fn page_of(target: &str) -> usize {
    let page = target.split("page=").nth(1);
    page.map_or(0, |page| page.parse().unwrap())
}

#[tokio::test]
async fn a_channel_is_read_to_its_end_for_replies_lift_old_posts() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &to_channel()).await;
    let url = teams.url.clone();
    let old = evidence.began_at - Duration::from_secs(86_400);
    teams.show(move |world, target| match page_of(target) {
        0 => {
            let old: Vec<_> = (0..50)
                .map(|id| listed(&id.to_string(), OTHER, "old", old))
                .collect();
            let path = target.split('?').next().unwrap().to_owned();
            json!({"value": old, "@odata.nextLink": format!("{url}{path}?page=1")})
        }
        _ => json!({"value": world.messages}),
    });
    found(client.settle(&to_channel(), &evidence).await);
    let reads = teams.reads();
    let list = format!("/teams/{TEAM}/channels/19:c@thread.tacv2/messages");
    assert_eq!(
        reads[..2],
        [format!("{list}?$top=50"), format!("{list}?page=1")]
    );
}

#[tokio::test]
async fn an_empty_page_with_a_link_is_not_the_end() {
    for request in [ping(), to_channel(), to_channel().with_reply_to("7")] {
        let teams = Teams::start([Post::StoredUnsaid, Post::Lost]).await;
        let client = teams.client();
        let stored = doubt(&client, &request).await;
        let lost = doubt(&client, &to_other(&request)).await;
        let url = teams.url.clone();
        teams.show(move |world, target| {
            let path = target.split('?').next().unwrap().to_owned();
            match page_of(target) {
                page @ 0..3 => {
                    let next = format!("{url}{path}?page={}", page + 1);
                    json!({"value": [], "@odata.nextLink": next})
                }
                _ => json!({"value": world.messages}),
            }
        });
        found(client.settle(&request, &stored).await);
        not_found(client.settle(&to_other(&request), &lost).await);
    }
}

fn to_other(request: &SendRequest) -> SendRequest {
    let mut other = request.clone();
    other.message = Message::text("pong");
    other
}

#[tokio::test]
async fn pages_in_a_circle_or_without_end_prove_no_absence() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let link = format!("{}/chats/{CHAT}/messages?page=1", teams.url);
    teams.show(move |_, _| json!({"value": [], "@odata.nextLink": link}));
    cannot_tell(client.settle(&ping(), &evidence).await, "too many messages");
    assert_eq!(teams.reads().len(), 2);
    let url = teams.url.clone();
    teams.show(move |_, target| {
        let next = format!("{url}/chats/{CHAT}/messages?page={}", page_of(target) + 1);
        json!({"value": [], "@odata.nextLink": next})
    });
    cannot_tell(client.settle(&ping(), &evidence).await, "too many messages");
    assert!(teams.reads().len() < 60);
}

#[tokio::test]
async fn a_channel_without_end_is_asked_for_what_changed() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &to_channel()).await;
    let url = teams.url.clone();
    teams.show(move |world, target| {
        if target.contains("/delta?") {
            return json!({"value": world.messages, "@odata.deltaLink": "x"});
        }
        let next = format!("{url}/teams/x?page={}", page_of(target) + 1);
        json!({"value": [], "@odata.nextLink": next})
    });
    found(client.settle(&to_channel(), &evidence).await);
    let last = teams.reads().pop().unwrap();
    assert!(
        last.contains("/messages/delta?$top=50&$filter=lastModifiedDateTime%20gt%20"),
        "{last}"
    );
}

#[tokio::test]
async fn a_link_to_another_origin_is_not_followed() {
    let teams = Teams::start([Post::Lost]).await;
    let elsewhere = Teams::start([]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let link = format!("{}/chats/{CHAT}/messages?page=1", elsewhere.url);
    teams.show(move |_, _| json!({"value": [], "@odata.nextLink": link}));
    cannot_tell(client.settle(&ping(), &evidence).await, "");
    assert!(elsewhere.reads().is_empty());
}

/// Ours is on the second page, and moves to the first one while that is read.
fn moving(teams: &Teams, moved: impl Fn(&mut Value) + Send + 'static) {
    let url = teams.url.clone();
    teams.show(move |world, target| {
        let others: Vec<_> = (0..50)
            .map(|id| listed(&format!("9{id}"), OTHER, "x", world.now()))
            .collect();
        let others = world
            .messages
            .iter()
            .find(|it| it["id"] == "fixed")
            .map_or_else(|| json!(others), |it| it["value"].clone());
        let mut others: Vec<Value> = others.as_array().unwrap().clone();
        let ours = world.messages[0].clone();
        let is_moved = world.messages.len() > 1;
        if page_of(target) == 1 {
            return json!({"value": []});
        }
        if !is_moved {
            world.messages.push(json!({"id": "fixed", "value": others}));
        } else {
            let mut ours = ours;
            moved(&mut ours);
            others.insert(0, ours);
            others.pop();
        }
        let next = format!("{url}/chats/{CHAT}/messages?page=1");
        json!({"value": others, "@odata.nextLink": next})
    });
}

#[tokio::test]
async fn a_message_that_moves_while_the_pages_are_read_is_not_missed() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    moving(&teams, |_| {});
    found(client.settle(&ping(), &evidence).await);
    assert_eq!(teams.reads().len(), 3);

    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    moving(&teams, |ours| {
        ours["lastEditedDateTime"] = json!("2026-01-01T00:00:00Z")
    });
    cannot_tell(client.settle(&ping(), &evidence).await, "edited since");
}

/// A list, the newest message first, which grows by 60 messages during each of the next `growing`
/// readings; the messages of the world are its oldest ones.
fn growing(teams: &Teams, mut growing: usize) {
    let url = teams.url.clone();
    let mut count = 100;
    let now = SystemTime::now();
    teams.show(move |world, target| {
        let page = page_of(target);
        let newer = (0..count).rev();
        let newer = newer.map(|id| listed(&format!("9{id}"), OTHER, "x", now));
        let all: Vec<Value> = newer.chain(world.messages.iter().cloned()).collect();
        let shown: Vec<Value> = all.iter().skip(page * 50).take(50).cloned().collect();
        if growing > 0 {
            growing -= 1;
            count += 60;
        }
        if (page + 1) * 50 >= all.len() {
            return json!({"value": shown});
        }
        let path = target.split('?').next().unwrap().to_owned();
        json!({"value": shown, "@odata.nextLink": format!("{url}{path}?page={}", page + 1)})
    });
}

#[tokio::test]
async fn a_list_that_grows_while_it_is_read_is_read_to_its_end() {
    for request in [ping(), to_channel(), to_channel().with_reply_to("7")] {
        let teams = Teams::start([Post::StoredUnsaid, Post::Lost]).await;
        let client = teams.client();
        let stored = doubt(&client, &request).await;
        let lost = doubt(&client, &to_other(&request)).await;
        growing(&teams, 3);
        found(client.settle(&request, &stored).await);
        growing(&teams, 3);
        not_found(client.settle(&to_other(&request), &lost).await);
    }
}

#[tokio::test]
async fn more_movement_than_a_page_proves_no_absence() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let url = teams.url.clone();
    let mut round = 0;
    teams.show(move |world, target| {
        round += 1;
        let fresh: Vec<_> = (0..50)
            .map(|id| listed(&format!("{round}-{id}"), OTHER, "x", world.now()))
            .collect();
        match page_of(target) {
            0 => json!({"value": fresh, "@odata.nextLink": format!("{url}/chats/{CHAT}/messages?page=1")}),
            _ => json!({"value": fresh}),
        }
    });
    cannot_tell(client.settle(&ping(), &evidence).await, "too many messages");
}

/// A chat with more messages since the send than are read; those before `filtered` are listed by
/// their creation.
fn busy(teams: &Teams, filtered: impl Fn(&mut World) -> Value + Send + 'static) {
    let url = teams.url.clone();
    teams.show(move |world, target| {
        if target.contains("orderby=createdDateTime%20desc") {
            assert!(target.contains("&$filter=createdDateTime%20lt%20"));
            return filtered(world);
        }
        let page = page_of(target);
        let later = world.now() + Duration::from_secs(3600);
        let messages: Vec<_> = (0..50)
            .map(|id| listed(&format!("{page}-{id}"), OTHER, "x", later))
            .collect();
        let next = format!("{url}/chats/{CHAT}/messages?page={}", page + 1);
        json!({"value": messages, "@odata.nextLink": next})
    });
}

#[tokio::test]
async fn a_busy_chat_is_read_in_the_window_only() {
    let old = |world: &World| listed("1", OTHER, "x", world.now() - Duration::from_secs(3600));
    let teams = Teams::start([Post::StoredUnsaid, Post::Lost]).await;
    let client = teams.client();
    let stored = doubt(&client, &ping()).await;
    let lost = doubt(&client, &to_other(&ping())).await;
    let url = teams.url.clone();
    busy(&teams, move |world| {
        // What follows the window is not read.
        let next = format!("{url}/chats/{CHAT}/never");
        json!({"value": [world.messages[0], old(world)], "@odata.nextLink": next})
    });
    found(client.settle(&ping(), &stored).await);
    not_found(client.settle(&to_other(&ping()), &lost).await);
    assert!(teams.reads().iter().all(|it| !it.ends_with("never")));
}

#[tokio::test]
async fn a_service_that_keeps_no_order_of_creation_proves_no_absence() {
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now();
    let at = |id: &str, created| listed(id, OTHER, "x", created);
    let refused = json!({"code": "BadRequest", "message": "No."});
    for shown in [
        // It ignores the filter, has another order, leaves a time out, or supports none of it.
        json!({"value": [at("1", now + hour), at("2", now - hour)]}),
        json!({"value": [at("1", now - 2 * hour), at("2", now - hour)]}),
        json!({"value": [{"id": "1"}]}),
        json!({"status": 400, "error": refused}),
    ] {
        let teams = Teams::start([Post::Lost]).await;
        let client = teams.client();
        let evidence = doubt(&client, &ping()).await;
        busy(&teams, move |_| shown.clone());
        cannot_tell(client.settle(&ping(), &evidence).await, "too many messages");
    }
}

#[tokio::test]
async fn a_cloud_without_order_and_filter_is_read_whole() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    teams.show(|world, target| {
        if target.contains("$filter") {
            return json!({"status": 400, "error": {"code": "BadRequest", "message": "Not supported."}});
        }
        json!({"value": world.messages})
    });
    found(client.settle(&ping(), &evidence).await);
    assert_eq!(teams.reads()[1], format!("/chats/{CHAT}/messages?$top=50"));
}
