//! Each operation once, with the bytes that the server sees.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Delivery, ErrorKind};
use serde_json::{Value, json};
use ucwa::{
    AcceptPolicy, Availability, ContactKind, ConversationPhase, DeviceType, Direction, Format,
    Incoming, Method, NoteKind, PreferredAvailability, RetryClass, SourceNetwork,
};

use crate::{
    double::{BOB, CONVERSATION, Double, Reply, body, located, sip, soon, status},
    hostile::world::{bob, found, links, me, talk, world},
};

/// What has come since the last look.
fn since(double: &Double, before: &mut usize) -> Vec<String> {
    let wire = double.wire();
    let new = wire[*before..].to_vec();
    *before = wire.len();
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_searched_and_read() {
    let (double, alice) = world().await;
    double.always("GET", "/apps/1/people/bob", body(200, bob()));
    let presence = json!({"availability": "DoNotDisturb", "activity": "presenting",
        "deviceType": "PC", "lastActive": "/Date(1474932023993)/"});
    double.always("GET", "/apps/1/people/bob/p", body(200, presence));
    let note = json!({"message": "Back at 9", "type": "OutOfOffice"});
    double.always("GET", "/apps/1/people/bob/n", body(200, note));
    let before = &mut double.wire().len();

    let results = alice.search_contacts(" Bob & Lene+1 ", 3).await.unwrap();
    assert_eq!(
        since(&double, before),
        ["GET /apps/1/search?query=Bob%20%26%20Lene%2B1&limit=3"]
    );
    assert!(!results.has_more && results.contacts.len() == 1);
    let contact = alice.contact(sip("sip:bob@contoso.test")).await.unwrap();
    assert_eq!(
        since(&double, before),
        ["GET /apps/1/search?query=bob%40contoso.test&limit=100"]
    );
    assert_eq!(contact.uri, "sip:Bob@contoso.test");
    assert_eq!(contact.kind, Some(ContactKind::User));
    assert_eq!(
        contact.source_network,
        Some(SourceNetwork::Other("Moon".into()))
    );
    assert_eq!(contact.email_addresses, ["bob@contoso.test"]);
    let texts = [
        &contact.name,
        &contact.title,
        &contact.department,
        &contact.company,
    ];
    let texts: Vec<_> = texts.iter().map(|text| text.as_deref().unwrap()).collect();
    assert_eq!(texts, ["Bob", "Engineer", "Sales", "Contoso"]);
    let phones = [contact.office.as_deref(), contact.work_phone.as_deref()];
    assert_eq!(phones, [Some("20/2107"), Some("tel:+19185550107")]);

    let presence = contact.presence().await.unwrap();
    assert_eq!(presence.availability, Some(Availability::DoNotDisturb));
    assert_eq!(presence.activity.as_deref(), Some("presenting"));
    assert_eq!(presence.device, Some(DeviceType::Pc));
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_474_932_023_993);
    assert_eq!(presence.last_active, Some(at));
    let note = contact.note().await.unwrap().unwrap();
    assert_eq!(
        (note.message.as_str(), note.kind),
        ("Back at 9", Some(NoteKind::OutOfOffice))
    );
    contact.refresh().await.unwrap();
    assert_eq!(
        since(&double, before),
        [
            "GET /apps/1/people/bob/p",
            "GET /apps/1/people/bob/n",
            "GET /apps/1/people/bob"
        ]
    );
    let other = alice.contact(sip("sip:other@contoso.test")).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_that_are_not_embedded_are_read() {
    for is_embedded in [true, false] {
        let double = Double::start().await;
        let mut application = crate::double::application();
        let people = json!({"_links": links(&[("search", "/apps/1/search")])});
        if is_embedded {
            application["_embedded"]["people"] = people;
        } else {
            application["_links"]["people"] = json!({"href": "/apps/1/people"});
            double.always("GET", "/apps/1/people", body(200, people));
        }
        double.always("GET", "/apps/1", body(200, application));
        double.always("GET", "/apps/1/search", body(200, found(&bob(), true)));
        let alice = double.signed_in().await;
        let before = &mut double.wire().len();
        // One contact that is not in a list is read, too.
        let results = alice.search_contacts("bob", 1).await.unwrap();
        assert!(results.has_more && results.contacts.len() == 1);
        alice.search_contacts("bob", 1).await.unwrap();
        let search = "GET /apps/1/search?query=bob&limit=1";
        let expected: &[&str] = if is_embedded {
            &["GET /apps/1", search, search]
        } else {
            &["GET /apps/1", "GET /apps/1/people", search, search]
        };
        assert_eq!(since(&double, before), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_reads_and_sets_presence_and_note() {
    let (double, alice) = world().await;
    let presence = json!({"availability": "IdleBusy", "activity": ""});
    double.always("GET", "/apps/1/me/presence", body(200, presence));
    double.always("GET", "/apps/1/me/note", body(200, json!({"message": " "})));
    let before = &mut double.wire().len();
    let own = alice.me().await.unwrap();
    assert_eq!(
        (own.uri.as_str(), own.name.as_deref()),
        ("sip:alice@contoso.test", Some("Alice"))
    );
    let presence = alice.presence().await.unwrap();
    assert_eq!(presence.availability, Some(Availability::IdleBusy));
    assert_eq!((presence.activity, presence.device), (None, None));
    assert_eq!(alice.note().await.unwrap(), None);
    alice
        .set_presence(PreferredAvailability::Offwork)
        .await
        .unwrap();
    alice.reset_presence().await.unwrap();
    alice.set_note("Heads \"down\"").await.unwrap();
    alice.set_note("").await.unwrap();
    assert_eq!(
        since(&double, before),
        [
            "GET /apps/1/me",
            "GET /apps/1/me/presence",
            "GET /apps/1/me/note",
            r#"POST /apps/1/me/presence application/json {"availability":"Offwork"}"#,
            "POST /apps/1/me/presence",
            r#"POST /apps/1/me/note application/json {"message":"Heads \"down\""}"#,
            r#"POST /apps/1/me/note application/json {"message":""}"#,
        ]
    );
    // A lost response: it sets a value, and is repeated.
    double.once("POST", "/apps/1/me/note", Reply::Close);
    alice.set_note("again").await.unwrap();
    assert_eq!(since(&double, before).len(), 2);
    // Without the links of an available user.
    let bare = Double::start().await;
    let bob = bare.signed_in().await;
    for error in [
        bob.presence().await.unwrap_err(),
        bob.set_presence(PreferredAvailability::Busy)
            .await
            .unwrap_err(),
        bob.note().await.unwrap_err(),
        bob.set_note("x").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("receive"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_read_with_its_participants_and_messages() {
    let (double, alice) = world().await;
    let conversation = talk(&alice).await;
    let resource = json!({"state": "Conferenced", "subject": "Build 42", "threadId": "t1",
        "activeModalities": ["Messaging"],
        "_links": links(&[("self", CONVERSATION), ("participants", "/apps/1/c/1/participants")])});
    double.always("GET", CONVERSATION, body(200, resource));
    let listed = json!({"_links": {"participant": [{"href": "/apps/1/c/1/p/1", "title": ""},
        {"href": "/apps/1/c/1/p/2"}]}});
    double.always("GET", "/apps/1/c/1/participants", body(200, listed));
    let lene = json!({"uri": "sip:lene@contoso.test", "name": "Lene"});
    double.always("GET", "/apps/1/c/1/p/2", body(200, lene));
    let message = json!({"direction": "Incoming", "timeStamp": "/Date(1474932027613)/",
        "_links": links(&[("htmlMessage", "data:text/html;base64,PGI+SGk8L2I+"),
                          ("participant", "/apps/1/c/1/p/1")])});
    double.always("GET", "/apps/1/c/1/messages/7", body(200, message));
    let before = &mut double.wire().len();

    let details = conversation.details().await.unwrap();
    assert_eq!(details.phase, Some(ConversationPhase::Conferenced));
    assert_eq!(
        (details.subject.as_deref(), details.thread_id.as_deref()),
        (Some("Build 42"), Some("t1"))
    );
    assert_eq!(details.active_modalities, ["Messaging"]);
    let read = conversation
        .message(format!("{CONVERSATION}/messages/7"))
        .await
        .unwrap();
    assert_eq!(
        (read.direction, read.format),
        (Direction::Incoming, Format::Html)
    );
    assert_eq!(
        (read.text.as_deref(), read.from.uri.as_str()),
        (Some("<b>Hi</b>"), BOB)
    );
    assert_eq!((read.delivery, read.at.is_some()), (Delivery::Sent, true));
    // The first participant has left meanwhile.
    let others = conversation.participants().await.unwrap();
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].uri, "sip:lene@contoso.test");
    let wire = since(&double, before);
    let expected = ["", "/messages/7", "", "/participants", "/p/1", "/p/2"];
    let reads = wire.iter().filter(|line| !line.contains("/messaging"));
    let reads: Vec<_> = reads.map(String::as_str).collect();
    assert_eq!(
        reads,
        expected.map(|path| format!("GET {CONVERSATION}{path}"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversations_of_the_server_are_listed_and_learned() {
    let (double, alice) = world().await;
    let listed = json!({"_links": {"conversation": [{"href": double.url("/apps/1/c/1")}]}});
    double.always("GET", "/apps/1/conversations", body(200, listed));
    let resource =
        json!({"state": "Connected", "_links": links(&[("messaging", "/apps/1/c/1/messaging")])});
    double.always("GET", CONVERSATION, body(200, resource));
    let before = &mut double.wire().len();
    let all = alice.conversations().await.unwrap();
    assert_eq!(all[0].id().as_str(), CONVERSATION);
    assert!(!all[0].is_open());
    all[0].details().await.unwrap();
    assert!(all[0].is_open());
    assert_eq!(
        since(&double, before),
        [
            "GET /apps/1/conversations?filter=active",
            "GET /apps/1/c/1",
            "GET /apps/1/c/1/messaging"
        ]
    );
    assert!(soon(all[0].send("hello")).await.is_delivered());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_or_declined_and_a_conversation_left() {
    let (double, alice) = world().await;
    double.once("POST", "/apps/1/me/available", status(204));
    let mut incoming = alice.receive(AcceptPolicy::Ask).await.unwrap();
    for path in ["/i/accept", "/i/decline", "/apps/1/c/1/typing"] {
        double.always("POST", path, status(204));
    }
    for accepts in [true, false] {
        let event = json!({"link": {"rel": "messagingInvitation", "href": "/i"}, "type": "started",
            "_embedded": {"messagingInvitation": {"direction": "Incoming",
                "_links": links(&[("conversation", "/c/9"), ("accept", "/i/accept"), ("decline", "/i/decline")])}}});
        double.push(json!([{"rel": "communication", "href": "/c", "events": [event]}]));
        let before = &mut double.wire().len();
        let Some(Incoming::Invitation(invitation)) = soon(incoming.next()).await else {
            panic!("no invitation");
        };
        let expected = if accepts {
            invitation.accept().await.unwrap();
            "POST /i/accept"
        } else {
            invitation.decline().await.unwrap();
            r#"POST /i/decline application/json {"reason":"Local"}"#
        };
        assert_eq!(since(&double, before), [expected]);
    }
    let conversation = talk(&alice).await;
    let messaging = json!({"state": "Connected", "_links": links(&[("self", "/apps/1/c/1/messaging"),
        ("sendMessage", "/apps/1/c/1/messages"), ("stopMessaging", "/apps/1/c/1/stop"),
        ("setIsTyping", "/apps/1/c/1/typing"), ("typingParticipants", "/apps/1/c/1/typists")])});
    double.push_events(
        json!([{"link": {"rel": "messaging", "href": "/apps/1/c/1/messaging"},
        "type": "updated", "_embedded": {"messaging": messaging}}]),
    );
    assert!(soon(conversation.send("second")).await.is_delivered());
    let typing = json!({"_embedded": {"participant": {"uri": "sip:lene@contoso.test"}}});
    double.always("GET", "/apps/1/c/1/typists", body(200, typing));
    let before = &mut double.wire().len();
    conversation.set_typing().await.unwrap();
    assert_eq!(
        conversation.typing_participants().await.unwrap()[0].uri,
        "sip:lene@contoso.test"
    );
    conversation.stop().await.unwrap();
    conversation.leave().await.unwrap();
    assert_eq!(
        since(&double, before),
        [
            "POST /apps/1/c/1/typing",
            "GET /apps/1/c/1/typists",
            "POST /apps/1/c/1/stop",
            "DELETE /apps/1/c/1"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_through_the_open_door_has_the_ticket_and_its_retry_class() {
    let (double, alice) = world().await;
    let before = &mut double.wire().len();
    let request = alice
        .request(Method::GET, double.url("/apps/1/me?x=1"))
        .unwrap();
    let read: Value = request.with_query("a b", "c&d").json().await.unwrap();
    assert_eq!(read, me());
    assert_eq!(since(&double, before), ["GET /apps/1/me?x=1&a%20b=c%26d"]);

    for (class, attempts) in [(None, 1), (Some(RetryClass::Repeatable), 2)] {
        double.once("POST", "/apps/1/me/note", Reply::Close);
        let mut request = alice.request(Method::POST, "/apps/1/me/note").unwrap();
        request = request.with_json(&json!({"message": "x"})).unwrap();
        if let Some(class) = class {
            request = request.with_retry_class(class);
        }
        let sent = request.send().await;
        let note = r#"POST /apps/1/me/note application/json {"message":"x"}"#;
        assert_eq!(since(&double, before), vec![note; attempts]);
        match class {
            Some(_) => assert_eq!(sent.unwrap().status(), 204),
            None => {
                let error = sent.unwrap_err();
                assert_eq!(
                    (error.delivery(), error.operation()),
                    (Delivery::Unknown, Some("request"))
                );
            }
        }
    }
    // An expired ticket is renewed, as for any call.
    double.once("GET", "/apps/1/me", status(401));
    let ticket = json!({"access_token": "cwt=another", "token_type": "Bearer"});
    double.once("POST", "/token", body(200, ticket));
    let request = alice.request(Method::GET, "/apps/1/me").unwrap();
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(double.requests("POST", "/token").len(), 2);

    for href in [
        "https://contoso.com/apps/1/me",
        "//contoso.com/apps/1/me",
        "data:text/plain,x",
        "/apps/1/events?ack=7",
        "/apps//1/%65VENTS/?ack=7",
        "/apps/1/me/../events",
    ] {
        let error = alice.request(Method::GET, href).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{href}");
        assert_eq!(error.problems()[0].field, "href", "{href}");
    }
    soon(alice.sign_out()).await.unwrap();
    assert!(alice.request(Method::GET, "/apps/1/me").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_of_a_meeting_or_participant_says_what_it_may_have_left() {
    let (double, _) = world().await;
    double.once(
        "POST",
        "/apps",
        body(201, crate::hostile::world::application()),
    );
    let alice = double.user().with_send_timeout(Duration::from_millis(300));
    let alice = alice.sign_in().await.unwrap();
    // The meeting: no response, and then a response but no event.
    for reply in [Reply::Close, located("/apps/1/meetings/1")] {
        double.once("POST", "/apps/1/meetings", reply);
        let posted = double.requests("POST", "/apps/1/meetings").len();
        let error = soon(alice.start_meeting(Some("Build 42")))
            .await
            .unwrap_err();
        let meetings = double.requests("POST", "/apps/1/meetings");
        assert_eq!(meetings.len(), posted + 1);
        let last = meetings.last().unwrap();
        let sent: Value = serde_json::from_str(&last.body).unwrap();
        let expected =
            json!({"operationId": last.operation(), "importance": "Normal", "subject": "Build 42"});
        assert_eq!(
            (sent, last.query.as_str()),
            (expected, "onlineMeetingUri=adhoc")
        );
        assert_eq!(
            (error.delivery(), error.operation()),
            (Delivery::Unknown, Some("meeting.start"))
        );
        assert!(
            error.message().contains("UcwaSession::conversations"),
            "{error}"
        );
    }
    // A participant: the same.
    let conversation = talk(&alice).await;
    let resource = json!({"state": "Connected", "_links": links(&[("addParticipant", "/apps/1/add?conversation=1")])});
    let event = json!([{"link": {"rel": "conversation", "href": CONVERSATION}, "type": "updated",
        "_embedded": {"conversation": resource}}]);
    double.push_events(event);
    assert!(soon(conversation.send("second")).await.is_delivered());
    for reply in [Reply::Close, located("/apps/1/add/1")] {
        double.once("POST", "/apps/1/add", reply);
        let posted = double.requests("POST", "/apps/1/add").len();
        let error = soon(conversation.add_participant(sip("sip:lene@contoso.test")))
            .await
            .unwrap_err();
        let added = double.requests("POST", "/apps/1/add");
        assert_eq!(added.len(), posted + 1);
        let last = added.last().unwrap();
        let sent: Value = serde_json::from_str(&last.body).unwrap();
        assert_eq!(
            sent,
            json!({"operationId": last.operation(), "to": "sip:lene@contoso.test"})
        );
        assert_eq!(
            (error.delivery(), error.operation()),
            (Delivery::Unknown, Some("participant.add"))
        );
        assert!(
            error.message().contains("UcwaConversation::participants"),
            "{error}"
        );
    }
    double.once("POST", "/apps/1/add", status(403));
    let error = soon(conversation.add_participant(sip("sip:lene@contoso.test")))
        .await
        .unwrap_err();
    assert_eq!(
        (error.delivery(), error.operation()),
        (Delivery::NotSent, Some("participant.add"))
    );
}
