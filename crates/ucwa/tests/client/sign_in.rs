//! Discovery, sign-in and web tickets: what is retried, what is refused, and which hosts receive
//! the credential.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ms_messenger_core::{AccessToken, Delivery, ErrorKind, Result, RetryPolicy, async_trait};
use serde_json::json;
use tokio::sync::Notify;
use ucwa::{
    AcceptPolicy, ErrorSubcode, HttpOptions, IntegratedSignIn, Reason, UcwaCredential, UcwaSession,
};

use crate::double::{BOB, Double, Reply, application, body, sip, status};
use crate::support::{
    ALICE, CONTACT, always, emulator, fault, kind, signed_in, soon, stored, user,
};

#[tokio::test(flavor = "multi_thread")]
async fn too_many_applications_is_reported_and_not_retried() {
    let emulator = emulator().await;
    fault(&emulator, "application", kind("too_many_applications"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert_eq!(error.status(), Some(410));
    assert_eq!(
        Reason::of(&error).unwrap().subcode,
        Some(ErrorSubcode::TooManyApplications)
    );
    assert_eq!(error.attempts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_waits_no_longer_than_any_other_request() {
    let emulator = emulator().await;
    fault(
        &emulator,
        "discover",
        json!({"kind": "delay", "ms": 60_000}),
    );
    let options = HttpOptions::default().with_timeout(Duration::from_millis(100));
    let builder = user(&emulator, ALICE)
        .with_http_options(options)
        .with_retry_policy(RetryPolicy::never());
    // Half of what discovery takes for itself.
    let signing_in = tokio::time::timeout(Duration::from_secs(10), builder.sign_in());
    let error = signing_in.await.expect("it waits longer").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_sent_once() {
    let emulator = emulator().await;
    let world = &emulator.seed().ucwa;
    let builder = UcwaSession::builder(
        ALICE,
        UcwaCredential::password("CONTOSO\\alice", "wrong-password"),
    )
    .with_discovery_url(&world.discover);
    let error = soon(builder.sign_in()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(
        format!("{error:?}{error}").contains("not tried again"),
        "{error:?}"
    );
    assert!(!format!("{error:?}{error:#?}{error}").contains("wrong-password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_expires_during_a_conversation_is_replaced() {
    for operation in ["send", "events", "start", "make_available"] {
        let emulator = emulator().await;
        let alice = signed_in(&emulator, ALICE).await;
        assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
        fault(&emulator, operation, kind("expire_ticket"));
        let to = if operation == "start" {
            "sip:other@fabrikam.test"
        } else {
            CONTACT
        };
        let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
        assert!(
            soon(alice.send(sip(to), "second")).await.is_delivered(),
            "{operation}"
        );
        assert!(
            soon(alice.send(sip(to), "third")).await.is_delivered(),
            "{operation}"
        );
        assert_eq!(
            stored(&emulator),
            ["first", "second", "third"],
            "{operation}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_pool_is_replaced() {
    let emulator = emulator().await;
    always(&emulator, "user", kind("pool_split"));
    let alice = user(&emulator, ALICE).with_trusted_domain("localhost");
    let alice = soon(alice.sign_in()).await.unwrap();
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    fault(&emulator, "send", kind("wrong_pool"));
    assert!(
        soon(alice.send(sip(CONTACT), "second"))
            .await
            .is_delivered()
    );
    assert_eq!(stored(&emulator), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_outside_the_domain_receives_nothing_until_it_is_trusted() {
    let emulator = emulator().await;
    always(&emulator, "user", kind("pool_split"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("localhost"), "{error}");

    fault(&emulator, "discover", kind("discovery_redirect"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert!(error.message().contains("with_trusted_domain"), "{error}");
    fault(&emulator, "discover", kind("discovery_redirect"));
    let alice = user(&emulator, ALICE).with_trusted_domain("localhost");
    assert!(soon(alice.sign_in()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn circular_and_xml_discovery_are_refused() {
    let emulator = emulator().await;
    let circle = json!({"kind": "discovery_redirect", "href": emulator.seed().ucwa.discover});
    always(&emulator, "discover", circle);
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert!(error.message().contains("redirects"), "{error}");

    fault(&emulator, "discover", kind("xml"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("XML"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_the_challenge_is_read() {
    for spelling in ["merged_challenge", "unquoted_challenge"] {
        let emulator = emulator().await;
        fault(&emulator, "user", kind(spelling));
        let alice = soon(signed_in(&emulator, ALICE)).await;
        assert!(
            soon(alice.send(sip(CONTACT), "x")).await.is_delivered(),
            "{spelling}"
        );
    }
}

#[derive(Debug, Default)]
struct Windows(Arc<AtomicUsize>);

#[async_trait]
impl IntegratedSignIn for Windows {
    async fn ticket(&self, _: &str) -> Result<AccessToken> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(AccessToken::new("cwt=windows"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_goes_over_plain_http() {
    let asked = Arc::<AtomicUsize>::default();
    let windows = || UcwaCredential::integrated(Windows(Arc::clone(&asked)));
    let password = || UcwaCredential::password("alice", "hunter2");
    for (grant, credential) in [
        (
            "urn:microsoft.rtc:windows",
            &windows as &dyn Fn() -> UcwaCredential,
        ),
        ("password", &password),
    ] {
        for href in [
            "http://lync.contoso.test/token",
            "http://alice:hunter2@127.0.0.1:1/token",
            "https://alice:hunter2@lync.contoso.test/token",
            "ftp://lync.contoso.test/token",
        ] {
            let double = Double::start().await;
            let challenge = format!("MsRtcOAuth href=\"{href}\",grant_type=\"{grant}\"");
            double.rule(move |request| {
                let is_it = request.is("GET", "/user") && !request.has_ticket;
                is_it.then(|| status(401).with("WWW-Authenticate", challenge.clone()))
            });
            let builder = UcwaSession::builder("sip:alice@contoso.test", credential());
            let signing_in = builder.with_discovery_url(double.url("/")).sign_in();
            let error = soon(signing_in).await.unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert_eq!(asked.load(Ordering::SeqCst), 0, "{href}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_sent_once() {
    for refusal in [
        "invalid_request",
        "invalid_grant",
        "invalid_scope",
        "",
        "new",
    ] {
        let double = Double::start().await;
        let alice = double.signed_in().await;
        double.always("POST", "/token", body(400, json!({"error": refusal})));
        double.rule(|request| {
            let ticketed = request.path.starts_with("/apps/") && request.method == "GET";
            ticketed.then(|| status(401))
        });
        double.push(json!([]));
        let end = soon(alice.ended()).await;
        assert_eq!(end.kind(), ErrorKind::Unauthenticated, "{refusal}: {end}");
        let outcome = soon(alice.send(sip(BOB), "x")).await;
        assert_eq!(outcome.error().unwrap().delivery(), Delivery::NotSent);
        // The one that signed in, and the one that was refused.
        assert_eq!(double.requests("POST", "/token").len(), 2, "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_is_shown_with_user_info_or_query() {
    let shown = |text: String| assert!(!text.contains("hunter2"), "{text}");
    let urls = [
        "http://alice:hunter2@127.0.0.1:1/root?key=hunter2",
        "http://127.0.0.1:1/root?key=hunter2#hunter2",
        "https://alice:hunter2@[bad",
        "alice:hunter2@lync.contoso.com",
        "ftp://127.0.0.1/?hunter2",
    ];
    for url in urls {
        let credential = UcwaCredential::password("alice", "hunter2");
        let builder = UcwaSession::builder("sip:alice:hunter2@contoso.test?x=hunter2", credential)
            .with_discovery_url(url)
            .with_retry_policy(RetryPolicy::never());
        shown(format!("{builder:?}"));
        let error = soon(builder.sign_in()).await.unwrap_err();
        shown(format!("{error} {error:?}"));
    }
    // A server that leads there.
    for link in ["user", "redirect"] {
        for url in urls {
            let double = Double::start().await;
            double.always(
                "GET",
                "/",
                body(200, json!({"_links": {link: {"href": url}}})),
            );
            let error = soon(double.user().sign_in()).await.unwrap_err();
            shown(format!("{error} {error:?}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_dropped_leaves_no_orphaned_application() {
    // With a generated id, no other sign-in finds it: it is deleted. With a given one, the next
    // sign-in gets the same application back, and may have it already.
    for is_given in [false, true] {
        let double = Double::start().await;
        let arrived = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&arrived);
        // The response is held until the sign-in is given up.
        let gate = Arc::new(Notify::new());
        let held = Arc::clone(&gate);
        double.rule(move |request| {
            let is_first = request.is("POST", "/apps") && count.fetch_add(1, Ordering::SeqCst) == 0;
            let made = Box::new(body(201, application()));
            is_first.then(|| Reply::Later(Arc::clone(&held), made))
        });
        let credential = UcwaCredential::password("alice", "hunter2");
        let mut builder = UcwaSession::builder("sip:alice@contoso.test", credential)
            .with_discovery_url(double.url("/"));
        if is_given {
            builder = builder.with_endpoint_id("given");
        }
        let signing_in = tokio::spawn(builder.sign_in());
        soon(async {
            while arrived.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        signing_in.abort();
        assert!(signing_in.await.is_err());
        gate.notify_one();
        if is_given {
            double.wait_for("POST", "/apps", 1).await;
            let again = double
                .user()
                .with_endpoint_id("given")
                .sign_in()
                .await
                .unwrap();
            assert!(soon(again.send(sip(BOB), "x")).await.is_delivered());
            assert!(double.requests("DELETE", "/apps/1").is_empty());
            soon(again.sign_out()).await.unwrap();
        }
        double.wait_for("DELETE", "/apps/1", 1).await;
    }
}
