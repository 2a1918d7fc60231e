//! The operations of UCWA that no call of the caller's stands for: what a session does in the
//! background, or only where the server embeds less than it could.

use std::time::Duration;

use ms_messenger::{
    Delivery, Error, ErrorKind, Result,
    http::Method,
    ucwa::{AcceptPolicy, Incoming, InstantMessage},
};
use serde_json::{Value, json};
use tokio::time;

use super::{
    driver::{Driver, Later},
    fact::done,
    skype_account::{Account, Skype, bob},
};

/// How long something in the background may take: longer than a late response.
const SOON: Duration = Duration::from_secs(3);

pub(crate) fn drivers() -> Vec<Driver<Account>> {
    let mut drivers = background();
    drivers.extend(named_only());
    drivers.extend(people());
    drivers.extend(offered());
    drivers.push(messaging_added());
    drivers
}

fn late() -> Error {
    Error::new(ErrorKind::Timeout, "nothing came of it").with_delivery(Delivery::Unknown)
}

/// Waits until `holds`, which something in the background makes true.
async fn until<F: Future<Output = bool> + Send>(holds: impl Fn() -> F + Send + Sync) -> Result<()> {
    let waiting = async {
        while !holds().await {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(SOON, waiting).await.map_err(|_| late())
}

fn rule(operation: &str, action: Value) -> Value {
    json!({"match": {"platform": "ucwa", "operation": operation}, "action": action})
}

/// A fault by which the server embeds less.
fn by_link(operation: &str, kind: &str) -> Value {
    rule(operation, json!({ "kind": kind }))
}

/// In the ledger alone: a conversation without a message may be left.
fn ledger(_: Skype) -> Later<Value> {
    Box::pin(async { Value::Null })
}

fn background() -> Vec<Driver<Account>> {
    vec![
        // Each message is received, once and in its place.
        Driver::read("events.get", |it: Skype| {
            Box::pin(async move {
                let heard = time::timeout(SOON, hear(&it.client));
                heard.await.unwrap_or_else(|_| Err(late()))
            })
        })
        .after(listening)
        .striking("events"),
        Driver::change("activity.report", |it: Skype| {
            Box::pin(async move {
                until(async || presence(&it).await == "Online")
                    .await
                    .map(done)
            })
        })
        .seen_by(|it: Skype| Box::pin(async move { json!(presence(&it).await) }))
        .after(idle)
        .striking("report_activity"),
        Driver::change("application.delete", |it: Skype| {
            Box::pin(async move { it.client.session().sign_out().await.map(done) })
        })
        .seen_by(|it: Skype| {
            Box::pin(async move {
                let stats = it.client.admin(Method::GET, "stats", Value::Null).await;
                stats["platforms"]["ucwa"]["applications_alive"].clone()
            })
        })
        .striking("sign_out"),
        cancelled(),
    ]
}

/// Another user talks to this one.
fn listening(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        scene.client.receive(AcceptPolicy::Everyone).await;
        scene.client.inject("hi").await;
        heard(&scene.client).await.unwrap();
        scene
    })
}

async fn heard(account: &Account) -> Result<String> {
    loop {
        if let Incoming::Message(message) = account.next().await? {
            return Ok(message.text);
        }
    }
}

async fn hear(account: &Account) -> Result<String> {
    // The request that the server holds already is not struck.
    account.inject("one").await;
    let mut texts = heard(account).await?;
    account.inject("two").await;
    account.inject("end").await;
    while !texts.ends_with("end") {
        texts += &heard(account).await?;
    }
    Ok(texts)
}

async fn presence(scene: &Skype) -> String {
    let read = scene.client.session().presence().await;
    read.map_or_else(
        |error| format!("{:?}", error.kind()),
        |it| it.availability.map(|it| it.to_string()).unwrap_or_default(),
    )
}

/// The user is reachable, and no report of activity has come for five minutes.
fn idle(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let account = &scene.client;
        let unread = json!({"kind": "close", "when": "before_read"});
        account
            .faults(json!([rule("report_activity", unread)]))
            .await;
        account.sign_in_again(true).await;
        account.receive(AcceptPolicy::Ask).await;
        let passed = json!({"advance_s": 310});
        account.admin(Method::POST, "ucwa/clock", passed).await;
        until(async || presence(&scene).await == "IdleOnline")
            .await
            .unwrap();
        scene
    })
}

/// The withdrawal of an invitation, whose sender waits no longer.
fn cancelled() -> Driver<Account> {
    Driver::change("invitation.cancel", |it: Skype| {
        Box::pin(async move {
            let error = it.client.stop_waiting().await.unwrap_err();
            if error.delivery() != Delivery::NotSent {
                return Err(error);
            }
            until(async || it.client.listed().await.is_ok_and(|all| all.is_empty()))
                .await
                .map(done)
        })
    })
    .seen_by(|it: Skype| Box::pin(async move { json!(it.client.listed().await.unwrap().len()) }))
    .after(ringing)
    .striking("terminate")
}

/// Another user is invited, and does not respond.
fn ringing(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let account = &scene.client;
        let unanswered = rule("start", json!({"kind": "unanswered"}));
        account.faults(json!([unanswered])).await;
        account.begin_waiting();
        until(async || {
            // The session was told of it, by the events that lead to its withdrawal too.
            let listed = account.listed().await.unwrap();
            let Some(href) = listed.first() else {
                return false;
            };
            let known = account.session().conversation(href.as_str());
            known.details().await.is_ok()
        })
        .await
        .unwrap();
        scene
    })
}

/// What is looked up, because the event only names it.
fn named_only() -> Vec<Driver<Account>> {
    let driver = |name, operation| {
        Driver::change(name, |it: Skype| {
            Box::pin(async move {
                let sent = it.client.session().send(bob(), "hello").await;
                sent.into_result().map(done)
            })
        })
        .seen_by(ledger)
        .after(links_only)
        .striking(operation)
        .led_by(by_link("events", "link_only"))
        .of_send()
    };
    vec![
        driver("invitation.get", "invitation"),
        driver("messaging.get", "messaging"),
    ]
}

/// From the first request for events on.
fn links_only(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let links = by_link("events", "link_only");
        scene.client.faults(json!([links])).await;
        scene.client.sign_in_again(false).await;
        scene
    })
}

/// The search of a server that embeds no people.
fn people() -> Vec<Driver<Account>> {
    fn found(it: Skype) -> Later<Result<String>> {
        Box::pin(async move { it.client.session().contact(bob()).await.map(|it| it.uri) })
    }
    vec![
        Driver::read("application.get", found)
            .after(without_people)
            .striking("get_application"),
        Driver::read("people.get", found)
            .after(without_people)
            .striking("people")
            .led_by(by_link("get_application", "people_by_link")),
    ]
}

fn without_people(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let links = by_link("application", "people_by_link");
        scene.client.faults(json!([links])).await;
        scene.client.sign_in_again(false).await;
        scene
    })
}

/// HTML is offered for a message of HTML alone, which is not sent without.
fn offered() -> Vec<Driver<Account>> {
    let driver = |name, operation| {
        Driver::change(name, |it: Skype| {
            Box::pin(async move {
                let html = InstantMessage::html_only("<b>hello</b>");
                let sent = it.client.session().send(bob(), html).await;
                sent.into_result().map(done)
            })
        })
        .seen_by(ledger)
        .striking(operation)
        .of_send()
    };
    vec![
        driver("communication.get", "communication"),
        driver("communication.set", "communication.put"),
    ]
}

/// A user who comes to a meeting adds messaging.
fn messaging_added() -> Driver<Account> {
    Driver::change("messaging.add", |it: Skype| {
        Box::pin(async move { it.client.invitation().accept().await.map(done) })
    })
    .seen_by(|it: Skype| {
        Box::pin(async move {
            let conversation = it.client.invitation().conversation.id();
            let href = format!("{conversation}/messaging");
            let messaging = it.client.session().request(Method::GET, href).unwrap();
            let messaging: Value = messaging.json().await.unwrap();
            json!(messaging["state"] == "Connected")
        })
    })
    .after(called)
    .striking("add_messaging")
}

/// Another user has invited this one to a meeting.
fn called(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        scene.client.receive(AcceptPolicy::Ask).await;
        let peer = scene.client.peer().await;
        let meeting = peer.start_meeting(None).await.unwrap();
        let user = scene.client.sip();
        tokio::spawn(async move { meeting.add_participant(user).await });
        scene.client.be_invited().await;
        scene
    })
}
