//! Which route takes what.

use std::sync::Arc;

use ms_messenger_core::{
    Capabilities, Capability, Delivery, ErrorKind, Evidence, MemoryMessenger, Message, Messenger,
    MessengerExt as _, SendRequest, Settled, Target,
};
use ms_messenger_layers::{Route, Router, Rule, TargetKind};

use crate::double::{Probe, memory, named, request};

fn phone() -> Target {
    Target::phone("+14255550123").unwrap()
}

#[tokio::test]
async fn the_first_route_with_a_matching_rule_sends() {
    let (one, two, three) = (memory(), memory(), memory());
    let router = Router::new([
        Route::new("one", Arc::clone(&one))
            .with_rule(Rule::kind(TargetKind::Sip))
            .with_rule(Rule::target("conversation:a*")),
        Route::new("two", Arc::clone(&two)).with_rule(Rule::kind(TargetKind::Conversation)),
        Route::new("three", Arc::clone(&three)),
    ])
    .unwrap();
    for (to, name) in [
        ("sip:a@b.c", "one"),
        ("conversation:abc", "one"),
        ("conversation:b", "two"),
        ("user:u", "three"),
    ] {
        let request = SendRequest::new(to.parse::<Target>().unwrap(), "x");
        assert_eq!(router.route(&request).unwrap().name(), name);
        let receipt = router.send(&request).await.unwrap();
        assert_eq!(receipt.sent_by().unwrap().name, name, "{to}");
    }
    let stored = [one, two, three].map(|store| store.sent().len());
    assert_eq!(stored, [2, 1, 1]);
}

#[tokio::test]
async fn what_no_route_takes_is_refused_by_its_kind_and_not_by_its_id() {
    let store = memory();
    let router = Router::new([Route::new("some", Arc::clone(&store))
        .with_rule(Rule::kind(TargetKind::Channel))
        .with_rule(Rule::target("tel:+46*"))])
    .unwrap();
    let error = router.send_text(phone(), "hi").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(
        error.to_string(),
        "router: to: no route is for a telephone number of this form (not sent)"
    );
    let error = router.send_text(Target::user("u"), "hi").await.unwrap_err();
    assert_eq!(
        error.message(),
        "to: router does not support messages to a user of a directory"
    );
    assert!(store.sent().is_empty());
}

#[tokio::test]
async fn a_route_refuses_what_its_messenger_does_not_support() {
    let text = Capabilities::new(&[Capability::ToPhone, Capability::Text]).with_max_text_chars(3);
    let phones = Arc::new(MemoryMessenger::new().with_capabilities(text));
    let router = Router::new([
        Route::new("phones", Arc::clone(&phones)).with_rule(Rule::kind(TargetKind::Phone)),
        Route::new("all", memory()),
    ])
    .unwrap();
    assert!(router.capabilities().supports(Capability::Html));
    let html = SendRequest::new(phone(), Message::html("<b>hi</b>"));
    let error = router.send(&html).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.message(),
        "message.body.html: phones: memory does not support HTML"
    );
    let error = router.send_text(phone(), "long").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.attempts(), 0);
    assert!(phones.sent().is_empty());
}

#[tokio::test]
async fn a_timeout_ends_the_send_of_a_route_that_supports_none() {
    let text = [Capability::ToPhone, Capability::Text];
    let phones = Arc::new(MemoryMessenger::new().with_capabilities(text.into()));
    let router = Router::new([
        Route::new("phones", Arc::clone(&phones)).with_rule(Rule::kind(TargetKind::Phone)),
        Route::new("all", memory()),
    ])
    .unwrap();
    let request = SendRequest::new(phone(), "hi");
    let second = std::time::Duration::from_secs(1);
    router.send_within(&request, second).await.unwrap();
    assert_eq!(phones.sent().len(), 1);
    // A timeout that the caller has set is refused, not ignored.
    let request = request.with_timeout(second);
    let error = router.send_within(&request, second).await.unwrap_err();
    assert_eq!(error.problems()[0].field, "timeout_ms");
    assert_eq!(phones.sent().len(), 1);
}

#[tokio::test]
async fn a_native_body_goes_to_its_platform() {
    let (teams, chat) = (named("msgraph-chat"), named("acs-chat"));
    let router = Router::new([
        Route::new("teams", Arc::clone(&teams)).with_rule(Rule::platform("msgraph-chat")),
        Route::new("chat", Arc::clone(&chat)),
    ])
    .unwrap();
    for (platform, store) in [("msgraph-chat", &teams), ("acs-chat", &chat)] {
        let native = Message::native(platform, serde_json::json!({}));
        let request = SendRequest::new(Target::conversation("1"), native);
        router.send(&request).await.unwrap();
        assert_eq!(store.sent().len(), 1, "{platform}");
    }
    let native = Message::native("ucwa", serde_json::json!({}));
    let request = SendRequest::new(Target::conversation("1"), native);
    assert!(router.send(&request).await.is_err());
}

#[tokio::test]
async fn evidence_goes_to_the_account_that_sent_in_another_process_too() {
    // Two accounts of one platform.
    let (work, home) = (memory(), memory());
    let routes = |one: &str, two: &str| {
        Router::new([
            Route::new(one, Arc::clone(&work)).with_rule(Rule::target("conversation:w*")),
            Route::new(two, Arc::clone(&home)),
        ])
        .unwrap()
    };
    let request = SendRequest::new(Target::conversation("home"), "hi");
    home.lose_next_response();
    let error = routes("work", "home").send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.message(), "home: memory: no response in time");
    let json = serde_json::to_string(&Evidence::of(&error).unwrap()).unwrap();
    let evidence = Evidence::from_json(&json).unwrap();

    // The order of the routes has changed.
    let other = Router::new([
        Route::new("home", Arc::clone(&home)),
        Route::new("work", Arc::clone(&work)),
    ]);
    match other.unwrap().settle(&request, &evidence).await {
        Settled::Found(receipt) => assert_eq!(receipt.sent_by().unwrap().name, "home"),
        other => panic!("{other:?}"),
    }
    for settled in [
        routes("work", "renamed").settle(&request, &evidence).await,
        home.settle(&request, &evidence).await,
        // The other account does not know the send, and proves nothing.
        routes("home", "work").settle(&request, &evidence).await,
    ] {
        assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
    }
}

#[tokio::test]
async fn a_route_is_named_by_the_caller() {
    let (work, home) = (memory(), memory());
    let router = Router::new([
        Route::new("work", work),
        Route::new("home", Arc::clone(&home)).with_rule(Rule::kind(TargetKind::Sip)),
    ])
    .unwrap();
    router.send_through("home", &request()).await.unwrap();
    assert_eq!(home.sent().len(), 1);
    let error = router.send_through("hom", &request()).await.unwrap_err();
    assert_eq!(error.message(), "route: must be one of work, home");
    assert!(error.is_safe_to_resend());
}

#[tokio::test]
async fn a_request_passes_unchanged() {
    let probe = Probe::new("probe");
    let router = Router::new([Route::new("all", Arc::clone(&probe))]).unwrap();
    let request = request()
        .with_idempotency(ms_messenger_core::IdempotencyKey::random())
        .with_timeout(std::time::Duration::from_secs(7))
        .with_cancel(ms_messenger_core::CancelHandle::new())
        .with_reply_to("9");
    router.send(&request).await.unwrap();
    assert_eq!(*probe.sent.lock().unwrap(), [request]);
}

#[test]
fn every_problem_of_a_router_is_named() {
    let phones = Capabilities::new(&[Capability::ToPhone]);
    let phones = || MemoryMessenger::new().with_capabilities(phones);
    let error = Router::new([
        Route::new("a b", phones()),
        Route::new("x", phones()).with_target(Target::user("u")),
        Route::new("x", phones()).with_rule(Rule::target("")),
    ])
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "routes.x.target",
            "members.name",
            "members.x.to",
            "members.name"
        ]
    );
    assert!(Router::new([]).is_err());
    let router = Router::new([Route::new("x", phones())]).unwrap();
    assert!(router.clone().with_platform("Not a name").is_err());
    assert_eq!(router.with_platform("mine").unwrap().platform(), "mine");
}
