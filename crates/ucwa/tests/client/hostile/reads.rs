//! Hostile responses to reads, and input that is refused before any I/O.

use ms_messenger_core::{Delivery, ErrorKind};
use serde_json::{Value, json};
use ucwa::HttpOptions;

use crate::{
    double::{CONVERSATION, Double, Reply, body, sip, soon},
    hostile::world::{application, bob, found, links, talk, world},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_no_more_than_it_asked_for() {
    let (double, alice) = world().await;
    let many: Vec<Value> = (0..10_000).map(|_| bob()).collect();
    double.once(
        "GET",
        "/apps/1/search",
        body(200, found(&json!(many), false)),
    );
    assert_eq!(
        alice
            .search_contacts("bob", 5)
            .await
            .unwrap()
            .contacts
            .len(),
        5
    );
    // What cannot be read is left out.
    let odd = json!([7, null, {}, {"uri": 7}, {"uri": ""}, {"uri": "x".repeat(5000)}, [bob()],
        {"uri": "tel:+1", "name": ["x"], "emailAddresses": "x", "type": {}, "_links": {"contactPresence": 3}},
        {"uri": "tel:+2", "_links": 3}, bob()]);
    double.once("GET", "/apps/1/search", body(200, found(&odd, false)));
    let contacts = alice.search_contacts("bob", 100).await.unwrap().contacts;
    let uris: Vec<_> = contacts
        .iter()
        .map(|contact| contact.uri.as_str())
        .collect();
    assert_eq!(uris, ["tel:+1", "sip:Bob@contoso.test"]);
    let unsupported = contacts[0].presence().await.unwrap_err();
    assert_eq!(unsupported.kind(), ErrorKind::Unsupported);
    for response in ["<html>", "[]", "", "\"x\"", "{\"_embedded\":[]}"] {
        double.once(
            "GET",
            "/apps/1/search",
            Reply::Respond(200, vec![], response.into()),
        );
        let error = alice.search_contacts("bob", 1).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Protocol, Delivery::NotSent),
            "{response}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn input_is_checked_before_any_request() {
    let (double, alice) = world().await;
    let conversation = talk(&alice).await;
    let before = double.wire().len();
    for (query, limit, fields) in [
        ("  ", 0, &["query", "limit"][..]),
        ("bob", 101, &["limit"]),
        (&"x".repeat(257), 1, &["query"]),
    ] {
        let error = alice.search_contacts(query, limit).await.unwrap_err();
        let named: Vec<_> = error
            .problems()
            .iter()
            .map(|it| it.field.as_str())
            .collect();
        assert_eq!(
            (error.kind(), named.as_slice()),
            (ErrorKind::InvalidRequest, fields)
        );
    }
    for id in [
        "",
        "7",
        CONVERSATION,
        "/apps/1/events?ack=3",
        "/apps/1/c/1/../../events?ack=3",
        "/apps/1/c/1/%2e%2e/%2e%2e/events",
        "/apps/1/c/12/messages/1",
        "https://contoso.com/apps/1/c/1/messages/1",
        "data:text/plain,x",
    ] {
        let error = conversation.message(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{id}");
        assert_eq!(error.problems()[0].field, "id", "{id}");
    }
    let ended = alice.conversation("/apps/1/c/2");
    assert_eq!(ended.history().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        ended.details().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(double.wire().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_to_another_origin_are_not_followed() {
    let (double, alice) = world().await;
    let other = Double::start().await;
    let foreign = |path: &str| other.url(path);
    let mut evil = bob();
    evil["_links"] = links(&[
        ("self", &foreign("/self")),
        ("contactPresence", &foreign("/presence")),
        ("contactNote", "https://alice:hunter2@contoso.com/note"),
    ]);
    double.always(
        "GET",
        "/apps/1/search",
        body(200, found(&json!([evil]), false)),
    );
    let contact = alice.contact(sip("sip:bob@contoso.test")).await.unwrap();
    let conversation = talk(&alice).await;
    let participants = |href: &str| json!({"_links": links(&[("participants", href)])});
    double.always(
        "GET",
        CONVERSATION,
        body(200, participants("/apps/1/c/1/all")),
    );
    double.once(
        "GET",
        CONVERSATION,
        body(200, participants(&foreign("/participants"))),
    );
    let listed = json!({"_links": {"participant": {"href": foreign("/p/1")}}});
    double.always("GET", "/apps/1/c/1/all", body(200, listed));
    double.rule({
        let list = json!({"_links": {"conversation": [{"href": foreign("/c/1")}]}});
        move |request| {
            request
                .is("GET", "/apps/1/conversations")
                .then(|| body(200, list.clone()))
        }
    });
    for error in [
        contact.presence().await.unwrap_err(),
        contact.note().await.unwrap_err(),
        contact.refresh().await.unwrap_err(),
        conversation.participants().await.unwrap_err(),
        conversation.participants().await.unwrap_err(),
        alice.conversations().await.unwrap_err(),
    ] {
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Protocol, Delivery::NotSent)
        );
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    assert!(other.wire().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_and_huge_resources_end_in_a_value_or_an_error() {
    let double = Double::start().await;
    double.once("POST", "/apps", body(201, application()));
    double.always(
        "GET",
        "/apps/1/search",
        body(200, found(&json!([bob()]), false)),
    );
    let options = HttpOptions::default().with_max_response_bytes(64 << 10);
    let alice = double
        .user()
        .with_http_options(options)
        .sign_in()
        .await
        .unwrap();
    let contact = alice.contact(sip("sip:bob@contoso.test")).await.unwrap();
    let presence =
        json!({"availability": 7, "activity": ["x"], "deviceType": null, "lastActive": "soon"});
    double.once("GET", "/apps/1/people/bob/p", body(200, presence));
    let presence = contact.presence().await.unwrap();
    assert_eq!(
        (
            presence.availability,
            presence.activity,
            presence.last_active
        ),
        (None, None, None)
    );
    let forged = json!({"availability": "New", "activity": "a\r\nERROR\u{202e}b"});
    double.once("GET", "/apps/1/people/bob/p", body(200, forged));
    let presence = contact.presence().await.unwrap();
    assert_eq!(presence.availability.unwrap().as_str(), "New");
    assert_eq!(presence.activity.as_deref(), Some("a  ERROR b"));
    let huge = json!({"message": "x".repeat(100 << 10)});
    double.once("GET", "/apps/1/people/bob/n", body(200, huge));
    let error = contact.note().await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(format!("{error:?}").len() < 2000);
    double.once(
        "GET",
        "/apps/1/people/bob/n",
        body(200, json!({"message": 7})),
    );
    assert_eq!(contact.note().await.unwrap(), None);

    let conversation = talk(&alice).await;
    for (message, is_read) in [
        (json!({}), false),
        (json!({"direction": 7}), false),
        (
            json!({"direction": "Sideways", "_links": {"plainMessage": {"href": "data:x"}}}),
            true,
        ),
    ] {
        double.once("GET", "/apps/1/c/1/messages/7", body(200, message));
        let read = conversation.message("/apps/1/c/1/messages/7").await;
        assert_eq!(read.is_ok(), is_read, "{read:?}");
    }
    double.once(
        "GET",
        CONVERSATION,
        body(200, json!({"state": {}, "activeModalities": "x"})),
    );
    assert_eq!(conversation.details().await.unwrap().phase, None);
    soon(alice.sign_out()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_of_an_earlier_application_is_refused() {
    let (double, alice) = world().await;
    let contact = alice.contact(sip("sip:bob@contoso.test")).await.unwrap();
    let gone = json!({"code": "NotFound", "subcode": "ApplicationNotFound"});
    double.once("GET", "/apps/1/people/bob/p", body(404, gone));
    assert!(contact.presence().await.is_err());
    double.wait_for("POST", "/apps", 2).await;
    soon(async {
        while !contact
            .note()
            .await
            .unwrap_err()
            .message()
            .contains("earlier application")
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
