//! A double with all links that the client uses, and its resources.

use serde_json::{Value, json};
use ucwa::{UcwaConversation, UcwaSession};

use crate::double::{BOB, CONVERSATION, Double, body, sip, soon, status};

pub(crate) fn links(all: &[(&str, &str)]) -> Value {
    let links = all
        .iter()
        .map(|(rel, href)| ((*rel).to_owned(), json!({"href": href})));
    Value::Object(links.collect())
}

/// The application with `people`, `me` and `communication`.
pub(crate) fn application() -> Value {
    json!({"_links": links(&[("self", "/apps/1"), ("events", "/apps/1/events?ack=1")]),
    "_embedded": {
        "me": me(),
        "people": {"_links": links(&[("self", "/apps/1/people"), ("search", "/apps/1/search")])},
        "communication": {"_links": links(&[
            ("self", "/apps/1/communication"),
            ("conversations", "/apps/1/conversations?filter=active"),
            ("startMessaging", "/apps/1/invitations"),
            ("startOnlineMeeting", "/apps/1/meetings?onlineMeetingUri=adhoc"),
        ])}}})
}

pub(crate) fn me() -> Value {
    json!({"name": "Alice", "uri": "sip:alice@contoso.test", "_links": links(&[
        ("self", "/apps/1/me"), ("presence", "/apps/1/me/presence"), ("note", "/apps/1/me/note"),
        ("reportMyActivity", "/apps/1/me/active")])})
}

pub(crate) fn bob() -> Value {
    json!({"uri": "sip:Bob@contoso.test", "name": "Bob", "type": "User", "sourceNetwork": "Moon",
        "emailAddresses": ["bob@contoso.test"], "title": "Engineer", "department": "Sales",
        "company": "Contoso", "office": "20/2107", "workPhoneNumber": "tel:+19185550107",
        "mobilePhoneNumber": "tel:+19185550108",
        "_links": links(&[("self", "/apps/1/people/bob"), ("contactPresence", "/apps/1/people/bob/p"),
                          ("contactNote", "/apps/1/people/bob/n")])})
}

pub(crate) fn found(contacts: &Value, has_more: bool) -> Value {
    json!({"moreResultsAvailable": has_more, "_embedded": {"contact": contacts}, "rel": "search"})
}

/// A double that serves all of this, and a user who is signed in there.
pub(crate) async fn world() -> (Double, UcwaSession) {
    let double = Double::start().await;
    double.once("POST", "/apps", body(201, application()));
    double.always("GET", "/apps/1/me", body(200, me()));
    double.always(
        "GET",
        "/apps/1/search",
        body(200, found(&json!([bob()]), false)),
    );
    for path in ["/apps/1/me/presence", "/apps/1/me/note"] {
        double.always("POST", path, status(204));
    }
    let alice = double.signed_in().await;
    (double, alice)
}

/// Opens a conversation with bob.
pub(crate) async fn talk(alice: &UcwaSession) -> UcwaConversation {
    assert!(soon(alice.send(sip(BOB), "first")).await.is_delivered());
    alice.conversation(CONVERSATION)
}
