//! Imports of old messages.

use crate::outside::Outside;
use crate::teams::{call, contents, path_of, sent, text};
use reqwest::Method;
use serde_json::{Value, json};

const JOHN: &str = "8c0a1a67-50ce-4114-bb6c-da9c5dbcf6ca";
const MADE: &str = "2019-01-01T00:00:00Z";

/// The seeded app does something.
async fn app(out: &Outside, path: &str, body: &Value) -> (u16, Value) {
    let token = &out.emulator.seed().graph.app_token;
    call(out, Method::POST, path, token, body).await
}

fn old(content: &str, created: &str) -> Value {
    json!({"createdDateTime": created, "body": {"content": content},
        "from": {"user": {"id": JOHN, "displayName": "John", "userIdentityType": "aadUser"}}})
}

/// The migration mode, the time of creation and the original one of the place of `list`.
async fn mode(out: &Outside, list: &str) -> [Value; 3] {
    let place = out.graph_get(&list.replace("/messages", "")).await;
    [
        "migrationMode",
        "createdDateTime",
        "originalCreatedDateTime",
    ]
    .map(|name| place[name].clone())
}

#[tokio::test]
async fn a_place_says_that_it_is_migrated_and_when_it_was_made_before() {
    let out = Outside::start().await;
    for list in [out.graph_channel(), out.graph_chat()] {
        let [none, made, original] = mode(&out, &list).await;
        assert_eq!((none, original), (Value::Null, Value::Null));
        let body = json!({"conversationCreationDateTime": MADE});
        app(&out, &verb(&list, "startMigration"), &body).await;
        let expected = [json!("inProgress"), json!(MADE), made.clone()];
        assert_eq!(mode(&out, &list).await, expected);
        app(&out, &verb(&list, "completeMigration"), &Value::Null).await;
        let expected = [json!("completed"), json!(MADE), made];
        assert_eq!(mode(&out, &list).await, expected);
    }
}

/// `/v1.0/…/startMigration` of the place whose messages are at `list`.
fn verb(list: &str, verb: &str) -> String {
    list.replace("/messages", &format!("/{verb}"))
}

#[tokio::test]
async fn an_app_imports_between_start_and_completion_only() {
    let out = Outside::start().await;
    for list in [out.graph_channel(), out.graph_chat()] {
        let (start, complete) = (
            verb(&list, "startMigration"),
            verb(&list, "completeMigration"),
        );
        let message = old("hello", "2019-02-04T19:58:15.5119Z");
        assert_eq!(app(&out, &list, &message).await.0, 412);
        assert_eq!(app(&out, &complete, &Value::Null).await.0, 400);
        let made = json!({"conversationCreationDateTime": MADE});
        assert_eq!(app(&out, &start, &made).await, (204, Value::Null));
        assert_eq!(app(&out, &start, &made).await.0, 400, "in progress already");

        sent(&out, &list, &text("today")).await;
        let (status, imported) = app(&out, &list, &message).await;
        assert_eq!(status, 201, "{imported}");
        assert_eq!(imported["createdDateTime"], "2019-02-04T19:58:15.511Z");
        assert_eq!(
            imported["lastModifiedDateTime"],
            imported["createdDateTime"]
        );
        assert_eq!(imported["id"], "1549310295511");
        assert_eq!(imported["from"]["user"]["id"], JOHN);
        assert_eq!(imported["from"]["user"]["displayName"], "John");
        assert_eq!(contents(&out.graph_get(&list).await), ["today", "hello"]);
        assert_eq!(out.rows("").await.last().unwrap()["sender"], JOHN);

        assert_eq!(app(&out, &complete, &Value::Null).await, (204, Value::Null));
        assert_eq!(
            app(&out, &list, &old("late", "2019-03-01T00:00:00Z"))
                .await
                .0,
            412
        );
        assert_eq!(app(&out, &complete, &Value::Null).await.0, 400);
    }
}

#[tokio::test]
async fn a_millisecond_is_used_once_and_times_have_bounds() {
    let out = Outside::start().await;
    let list = out.graph_channel();
    let made = json!({"conversationCreationDateTime": MADE});
    app(&out, &verb(&list, "startMigration"), &made).await;
    let time = "2019-02-04T19:58:15.511Z";
    let (_, root) = app(&out, &list, &old("first", time)).await;
    let (status, error) = app(&out, &list, &old("second", time)).await;
    assert_eq!((status, &error["error"]["code"]), (409, &json!("Conflict")));
    assert_eq!(
        app(&out, &list, &old("second", "2019-02-04T19:58:15.512Z"))
            .await
            .0,
        201
    );
    let replies = format!("{}/replies", path_of(&list, &root));
    let (status, reply) = app(&out, &replies, &old("reply", "2019-02-05T00:00:00Z")).await;
    assert_eq!((status, &reply["replyToId"]), (201, &root["id"]));
    for (created, status) in [(MADE, 400), ("2999-01-01T00:00:00Z", 400), ("soon", 400)] {
        assert_eq!(
            app(&out, &list, &old("x", created)).await.0,
            status,
            "{created}"
        );
    }
    let mut nobodys = old("x", "2019-02-06T00:00:00Z");
    nobodys["from"] = Value::Null;
    assert_eq!(app(&out, &list, &nobodys).await.0, 400);
    let mut now = old("now", "");
    now["createdDateTime"] = Value::Null;
    assert_eq!(app(&out, &list, &now).await.0, 201);
    assert_eq!(out.rows("").await.len(), 4);
}

#[tokio::test]
async fn only_apps_migrate_and_a_team_completes_its_channels() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let list = out.graph_channel();
    let start = verb(&list, "startMigration");
    assert_eq!(
        call(&out, Method::POST, &start, &graph.token, &Value::Null)
            .await
            .0,
        403
    );
    let later = json!({"conversationCreationDateTime": "2999-01-01T00:00:00Z"});
    assert_eq!(app(&out, &start, &later).await.0, 400);
    let meeting = "/v1.0/chats/19:meeting_x@thread.v2/startMigration";
    assert_eq!(app(&out, meeting, &Value::Null).await.0, 400);
    assert_eq!(app(&out, &start, &Value::Null).await.0, 204);
    let team = format!("/v1.0/teams/{}/completeMigration", graph.team_id);
    assert_eq!(app(&out, &team, &Value::Null).await.0, 204);
    assert_eq!(app(&out, &team, &Value::Null).await.0, 400);
}
