//! Names instead of ids: what is asked on the wire, and that nothing is guessed.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{
    Delivery, ErrorKind, Evidence, Message, Messenger as _, RetryPolicy, SendRequest, Settled,
    StaticToken, Target,
};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use msgraph_chat::{GraphChatBuilder, GraphChatClient, NewChatMessage};
use serde_json::json;

const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
const OTHER_TEAM: &str = "aaaabf47-16c8-47cf-b4a5-4b9b187c508b";
const OWN: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";
const LENE: &str = "1111e38b-efb3-4757-924a-5f94061cf8c2";
const GENERAL: &str = "19:general@thread.tacv2";

fn missing() -> Reply {
    Reply::json(
        404,
        &json!({"error": {"code": "NotFound", "message": "No."}}),
    )
}

fn list(items: serde_json::Value) -> Reply {
    Reply::json(200, &json!({ "value": items }))
}

fn chats() -> serde_json::Value {
    let member = |id: &str| json!({"id": format!("m-{id}"), "userId": id});
    json!([
        {"id": "19:one@unq.gbl.spaces", "chatType": "oneOnOne", "topic": null,
            "members": [member(OWN), member(LENE)]},
        {"id": "19:two@thread.v2", "chatType": "group", "topic": "Release",
            "members": [member(OWN), member(&LENE.to_uppercase())]},
        {"id": "19:three@thread.v2", "chatType": "group", "topic": "Lunch",
            "members": [member(OWN), member(LENE), {"id": "m-x", "userId": null}]},
        {"id": "19:four@thread.v2", "chatType": "group", "topic": "lunch",
            "members": [member(OWN), member("bob")]},
    ])
}

fn reply(request: &ReceivedRequest) -> Reply {
    let path = request.target.split('?').next().unwrap();
    let channels = format!("/teams/{TEAM}/channels");
    match (request.method.as_str(), path) {
        ("GET", "/me/joinedTeams") => list(json!([
            {"id": TEAM, "displayName": "Contoso"},
            {"id": OTHER_TEAM, "displayName": "Twins"},
            {"id": "bbbbbf47-16c8-47cf-b4a5-4b9b187c508b", "displayName": "Twins"},
            {"id": "ccccbf47-16c8-47cf-b4a5-4b9b187c508b"},
        ])),
        ("GET", path) if path == channels => list(json!([
            {"id": GENERAL, "displayName": "General"},
            {"id": "19:ops@thread.tacv2", "displayName": "Ops / on call"},
        ])),
        ("GET", "/me") => Reply::json(200, &json!({ "id": OWN })),
        ("GET", "/me/chats") => list(chats()),
        ("GET", "/users/lene@contoso.com") => {
            let lene = json!({"id": LENE, "displayName": "Lene", "mail": "l.hansen@contoso.com"});
            Reply::json(200, &lene)
        }
        ("GET", "/users/own@contoso.com") => Reply::json(200, &json!({ "id": OWN })),
        ("GET", "/users") if request.target.contains("l.hansen") => {
            list(json!([{"id": LENE, "displayName": "Lene"}]))
        }
        ("GET", "/users") if request.target.contains("twins") => {
            list(json!([{"id": "u1"}, {"id": "u2"}]))
        }
        ("GET", "/users") => list(json!([])),
        ("GET", path) if path.ends_with("/messages") => list(json!([])),
        ("POST", "/chats") if request.json().to_string().contains("l.hansen") => missing(),
        ("POST", "/chats") if request.json().to_string().contains("own@") => missing(),
        ("POST", "/chats") => Reply::json(201, &json!({"id": "19:one@unq.gbl.spaces"})),
        ("POST", _) => Reply::json(201, &json!({"id": "7"})),
        _ => missing(),
    }
}

fn builder(double: &HttpDouble, has_oid: bool) -> GraphChatBuilder {
    let mut claims = json!({"scp": "ChatMessage.Send"});
    if has_oid {
        claims["oid"] = OWN.into();
    }
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    GraphChatClient::builder(StaticToken::new(token))
        .with_base_url(double.url())
        .with_settling_margin(Duration::ZERO)
        .with_retry_policy(RetryPolicy::never())
}

async fn start() -> (HttpDouble, GraphChatClient) {
    let double = HttpDouble::start(reply).await.unwrap();
    let client = builder(&double, true).build().unwrap();
    (double, client)
}

fn requests(double: &HttpDouble) -> Vec<String> {
    let requests = double.requests();
    let line = |it: &ReceivedRequest| format!("{} {}", it.method, it.target);
    requests.iter().map(line).collect()
}

#[tokio::test]
async fn a_channel_is_found_by_its_names() {
    let (double, client) = start().await;
    let general = client.find_channel("contoso", "General").await.unwrap();
    assert_eq!(
        (general.team().as_str(), general.id().as_str()),
        (TEAM, GENERAL)
    );
    let channels = format!("GET /teams/{TEAM}/channels");
    assert_eq!(
        requests(&double),
        ["GET /me/joinedTeams", channels.as_str()]
    );
}

#[tokio::test]
async fn several_and_no_matches_are_errors_that_list_and_count() {
    let (double, client) = start().await;
    let error = client.find_channel("Twins", "General").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.problems()[0].field, "team");
    assert!(error.message().contains(OTHER_TEAM), "{error}");
    assert!(error.message().contains("bbbbbf47"), "{error}");
    let error = client.find_channel("Contoso", "Nowhere").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.problems()[0].field, "channel");
    assert!(error.message().contains("can see 2"), "{error}");
    for name in ["", " "] {
        let before = double.requests().len();
        let error = client.find_team(name).await.unwrap_err();
        assert_eq!(error.problems()[0].rule, "must not be empty");
        assert!(client.find_chat(name).await.is_err());
        assert!(client.find_user(name).await.is_err());
        assert_eq!(double.requests().len(), before);
    }
}

#[tokio::test]
async fn a_user_is_found_by_principal_name_or_by_mail_address() {
    let (double, client) = start().await;
    assert_eq!(client.find_user("lene@contoso.com").await.unwrap().id, LENE);
    assert_eq!(
        client.find_user("l.hansen@contoso.com").await.unwrap().id,
        LENE
    );
    assert_eq!(
        requests(&double),
        [
            "GET /users/lene@contoso.com",
            "GET /users/l.hansen@contoso.com",
            "GET /users?$filter=mail%20eq%20%27l.hansen@contoso.com%27",
        ]
    );
    let error = client.find_user("twins@contoso.com").await.unwrap_err();
    assert!(error.message().contains("u1, u2"), "{error}");
    let error = client.find_user("nobody@contoso.com").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // An apostrophe does not end the literal.
    let _ = client.find_user("o'neil@contoso.com").await;
    let last = requests(&double).pop().unwrap();
    assert!(last.ends_with("%27o%27%27neil@contoso.com%27"), "{last}");
}

#[tokio::test]
async fn a_mention_has_the_name_that_is_shown() {
    let (_double, client) = start().await;
    let lene = client.find_mention("lene@contoso.com").await.unwrap();
    let message = NewChatMessage::compose().mention(lene).build();
    assert_eq!(message.body.content, r#"<at id="0">Lene</at>"#);
    let user = message.mentions[0]
        .mentioned
        .as_ref()
        .unwrap()
        .user
        .as_ref();
    assert_eq!(user.unwrap().id.as_deref(), Some(LENE));
}

#[tokio::test]
async fn chats_are_found_by_topic_and_by_their_members() {
    let (_double, client) = start().await;
    assert_eq!(
        *client.find_chat("Lunch").await.unwrap().id(),
        "19:three@thread.v2"
    );
    assert!(
        client
            .find_chat("LUNCH")
            .await
            .unwrap_err()
            .message()
            .contains("19:four")
    );
    let found = client.find_group_chat(["lene@contoso.com"]).await.unwrap();
    assert_eq!(*found.id(), "19:two@thread.v2");
    let found = client.find_group_chat(["BOB"]).await.unwrap();
    assert_eq!(*found.id(), "19:four@thread.v2");
    // A member that is no user cannot be told from others.
    let error = client.find_group_chat([LENE, "bob"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_own_id_comes_from_the_token_or_from_the_service() {
    for has_oid in [true, false] {
        let double = HttpDouble::start(reply).await.unwrap();
        let client = builder(&double, has_oid).build().unwrap();
        client.chat_with(LENE).await.unwrap();
        let requests = double.requests();
        assert_eq!(requests.len(), if has_oid { 1 } else { 2 });
        let members = requests.last().unwrap().json()["members"].to_string();
        assert!(members.contains(OWN) && members.contains(LENE), "{members}");
    }
}

#[tokio::test]
async fn a_neutral_message_goes_to_a_mail_address() {
    let (double, client) = start().await;
    let request = SendRequest::new(Target::user("l.hansen@contoso.com"), "hi");
    let receipt = client.send(&request).await.unwrap();
    assert_eq!(
        receipt.conversation.unwrap().as_str(),
        "19:one@unq.gbl.spaces"
    );
    assert_eq!(
        requests(&double),
        [
            "POST /chats",
            "GET /users/l.hansen@contoso.com",
            "GET /users?$filter=mail%20eq%20%27l.hansen@contoso.com%27",
            "POST /chats",
            "POST /chats/19:one@unq.gbl.spaces/messages",
        ]
    );
    let request = SendRequest::new(Target::user("nobody@contoso.com"), "hi");
    assert!(client.send(&request).await.is_ok(), "the service decides");
}

#[tokio::test]
async fn the_sender_is_no_recipient_of_a_one_on_one_chat() {
    let (double, client) = start().await;
    let named = builder(&double, true)
        .with_one_on_one_chats("boss@contoso.com")
        .build()
        .unwrap();
    let to = |id: &str| SendRequest::new(Target::user(id), "hi");
    let check = |error: ms_messenger_core::Error, field: &str| {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.problems()[0].field, field);
        assert!(error.message().contains("is the sender"), "{error}");
    };
    let own = OWN.to_uppercase();
    check(client.send(&to(&own)).await.unwrap_err(), "user");
    check(client.chat_with(&own).await.unwrap_err(), "user");
    check(client.one_on_one_chat(OWN, own).await.unwrap_err(), "other");
    let error = named.check(&to("Boss@contoso.com")).unwrap_err();
    check(error, "user");
    assert!(requests(&double).is_empty());

    // Only the service knows whose address it is.
    let error = client.send(&to("own@contoso.com")).await.unwrap_err();
    check(error, "user");
    assert_eq!(
        requests(&double),
        ["POST /chats", "GET /users/own@contoso.com"]
    );
}

#[tokio::test]
async fn a_neutral_message_goes_to_a_channel_by_name() {
    let (double, client) = start().await;
    let to: Target = "channel:@Contoso/Ops / on call".parse().unwrap();
    let message = Message::text("hi").with_subject("s");
    let request = SendRequest::new(to, message).with_reply_to("5");
    assert!(client.check(&request).unwrap().is_empty());
    assert!(requests(&double).is_empty());
    let receipt = client.send(&request).await.unwrap();
    assert_eq!(
        receipt.conversation.unwrap().as_str(),
        "19:ops@thread.tacv2"
    );
    let last = requests(&double).pop().unwrap();
    let path = format!("POST /teams/{TEAM}/channels/19:ops@thread.tacv2/messages/5/replies");
    assert_eq!(last, path);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_a_name_is_looked_up() {
    let (double, client) = start().await;
    let to = Target::channel_name("Contoso", "General");
    let message = Message::html("<at id=\"0\">nobody</at>");
    let request = SendRequest::new(to, message);
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        client.check(&request).unwrap_err().problems(),
        error.problems()
    );
    let nameless = SendRequest::new(Target::channel_name(" ", ""), "x");
    let error = client.send(&nameless).await.unwrap_err();
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["to.team", "to.channel"]);
    assert!(double.requests().is_empty());
}

#[tokio::test]
async fn a_send_by_name_is_settled_in_the_channel_that_it_went_to_only() {
    let double = HttpDouble::start(|request| match request.method.as_str() {
        "POST" => Reply::close(),
        _ => reply(request),
    });
    let double = double.await.unwrap();
    let client = builder(&double, true).build().unwrap();
    let request = SendRequest::new(Target::channel_name("Contoso", "General"), "hi");
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let mut evidence = Evidence::of(&error).unwrap();
    assert_eq!(evidence.conversation.as_ref().unwrap().as_str(), GENERAL);
    let settled = client.settle(&request, &evidence).await;
    assert!(!matches!(settled, Settled::Found(_)), "{settled:?}");
    let path = format!("GET /teams/{TEAM}/channels/{GENERAL}/messages?$top=50");
    assert!(requests(&double).contains(&path), "{:?}", requests(&double));

    let before = double.requests().len();
    for conversation in [Some("19:renamed@thread.tacv2"), None] {
        evidence.conversation = conversation.map(Into::into);
        let settled = client.settle(&request, &evidence).await;
        assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
    }
    let read = &requests(&double)[before..];
    assert!(read.iter().all(|it| !it.contains("/messages")), "{read:?}");
}

#[tokio::test]
async fn names_are_looked_up_each_time_unless_they_are_kept() {
    let double = HttpDouble::start(reply).await.unwrap();
    let client = builder(&double, true).build().unwrap();
    for _ in 0..2 {
        client.find_channel("Contoso", "General").await.unwrap();
    }
    assert_eq!(double.requests().len(), 4);
    let keeping = builder(&double, true).with_name_cache(Duration::from_secs(600));
    let client = keeping.build().unwrap();
    for _ in 0..3 {
        client.find_channel("Contoso", "General").await.unwrap();
        client.find_user("lene@contoso.com").await.unwrap();
    }
    assert_eq!(double.requests().len(), 4 + 3);
}

#[tokio::test]
async fn a_name_and_an_id_can_be_mixed() {
    let (_double, client) = start().await;
    for (team, channel) in [(TEAM, "General"), ("Contoso", GENERAL)] {
        let found = client.find_channel(team, channel).await.unwrap();
        let ids = (found.team().as_str(), found.id().as_str());
        assert_eq!(ids, (TEAM, GENERAL));
    }
}

#[tokio::test]
async fn a_name_in_the_place_of_an_id_is_refused_with_the_form_for_names() {
    let (double, client) = start().await;
    for (team, channel, fields) in [
        (TEAM, "General", &["channel"][..]),
        ("Contoso", GENERAL, &["team"]),
        ("Contoso", "General", &["team", "channel"]),
    ] {
        let channel = client.channel(team, channel);
        let (sent, read) = (channel.send("x").await, channel.get().await);
        for error in [sent.unwrap_err(), read.unwrap_err()] {
            let problems = error.problems();
            let named: Vec<&str> = problems.iter().map(|it| it.field.as_str()).collect();
            assert_eq!(named, fields);
            let rule = "write channel:@TEAM/CHANNEL";
            assert!(problems.iter().all(|it| it.rule.ends_with(rule)), "{error}");
        }
    }
    assert!(requests(&double).is_empty());
}
