//! UCWA: the search for contacts, presence and notes.

use crate::outside::Outside;
use crate::skype::{Endpoint, link, text};
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

const BOB: &str = "sip:bob@contoso.test";

async fn search(endpoint: &Endpoint, query: &str) -> (u16, Value) {
    let people = &endpoint.application["_embedded"]["people"];
    let href = format!("{}?{query}", link(people, "search"));
    endpoint.get(&href).await
}

fn found(results: &Value) -> Vec<String> {
    let contacts = results["_embedded"]["contact"].as_array().unwrap();
    contacts.iter().map(|it| text(&it["uri"])).collect()
}

/// The contact with that address, as the search finds it.
async fn contact(endpoint: &Endpoint, sip: &str) -> Value {
    let (status, results) = search(endpoint, &format!("query={sip}&limit=1")).await;
    assert_eq!(status, 200, "{results}");
    results["_embedded"]["contact"][0].clone()
}

fn publish(out: &Outside, members: Value) -> Result<Value, String> {
    let mut message = json!({"platform": "ucwa", "from": BOB, "action": "presence"});
    for (name, value) in members.as_object().unwrap() {
        message[name] = value.clone();
    }
    let made = out.emulator.inject(&message);
    made.map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_search_looks_into_names_and_addresses() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    for query in [
        "query=Bob",
        "query=BOB%40contoso&limit=100",
        "query=sip:bob",
    ] {
        let (status, results) = search(&alice, query).await;
        assert_eq!((status, found(&results)), (200, vec![BOB.to_owned()]));
        assert_eq!(results["moreResultsAvailable"], false);
        let this = link(&results, "self");
        assert!(this.ends_with(&format!("/people/search?{query}")), "{this}");
    }
    let (_, few) = search(&alice, "query=contoso.test&limit=2").await;
    assert_eq!(
        (found(&few).len(), &few["moreResultsAvailable"]),
        (2, &json!(true))
    );
    let (_, none) = search(&alice, "query=nobody").await;
    assert!(found(&none).is_empty(), "{none}");
    let (_, federated) = search(&alice, "query=lene%40fabrikam.test").await;
    assert_eq!(found(&federated), ["sip:lene@fabrikam.test"]);
    let (_, read) = alice.get(&link(&contact(&alice, BOB).await, "self")).await;
    assert_eq!(read, contact(&alice, BOB).await);
    assert_eq!(read["emailAddresses"], json!(["bob@contoso.test"]));
    assert_eq!(
        (&read["type"], &read["sourceNetwork"]),
        (&json!("User"), &json!("SameEnterprise"))
    );
}

#[tokio::test]
async fn the_parameters_of_the_search_are_checked() {
    let strict = Emulator::builder().with_strict(true).start().await.unwrap();
    let out = Outside::of(strict);
    let alice = Endpoint::lurk(&out, "alice").await;
    let long = format!("query={}", "x".repeat(257));
    for (query, parameter) in [
        ("", "query"),
        ("query=", "query"),
        ("limit=3", "query"),
        (long.as_str(), "query"),
        ("query=bob&limit=0", "limit"),
        ("query=bob&limit=101", "limit"),
        ("query=bob&limit=many", "limit"),
    ] {
        let (status, error) = search(&alice, query).await;
        assert_eq!(
            (status, &error["subcode"]),
            (400, &json!("ParameterValidationFailure"))
        );
        assert!(
            error["parameters"].get(parameter).is_some(),
            "{query}: {error}"
        );
    }
    let (_, none) = search(&alice, "query=lene%40fabrikam.test").await;
    assert!(found(&none).is_empty(), "strict: {none}");
    let people = link(&alice.application["_embedded"]["people"], "self");
    for path in ["", "/presence", "/note"] {
        let href = format!("{people}/lene@fabrikam.test{path}");
        assert_eq!(alice.get(&href).await.0, 404, "{href}");
    }
}

#[tokio::test]
async fn a_signed_in_user_is_seen_as_it_publishes_itself() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let seen = contact(&alice, BOB).await;
    let (presence, note) = (link(&seen, "contactPresence"), link(&seen, "contactNote"));
    let mut bob = Endpoint::lurk(&out, "bob").await;
    assert_eq!(alice.get(&presence).await.1["availability"], "Offline");
    let (own, own_note) = (bob.path("/me/presence"), bob.path("/me/note"));
    for href in [&own, &own_note] {
        let (status, error) = bob.post(href, &Value::Null).await;
        assert_eq!(
            (status, &error["subcode"]),
            (409, &json!("MakeMeAvailableRequired"))
        );
    }
    let available = json!({"signInAs": "Busy"});
    let href = bob.path("/me/makeMeAvailable");
    assert_eq!(bob.post(&href, &available).await.0, 204);
    let (_, busy) = alice.get(&presence).await;
    assert_eq!(
        (&busy["availability"], &busy["rel"]),
        (&json!("Busy"), &json!("contactPresence"))
    );
    assert!(text(&busy["lastActive"]).starts_with("/Date("), "{busy}");
    bob.until("communication", "updated").await;

    for (body, availability, activity) in [
        (json!({"availability": "Offwork"}), "Away", "off-work"),
        (
            json!({"availability": "DoNotDisturb"}),
            "DoNotDisturb",
            "Do Not Disturb",
        ),
        (Value::Null, "Online", "Available"),
    ] {
        assert_eq!(bob.post(&own, &body).await.0, 204);
        let event = bob.until("presence", "updated").await;
        let (_, mine) = bob.get(&text(&event["link"]["href"])).await;
        let (_, seen) = alice.get(&presence).await;
        for shown in [&mine, &seen] {
            let both = (&shown["availability"], &shown["activity"]);
            assert_eq!(both, (&json!(availability), &json!(activity)));
        }
    }
    let (status, _) = bob.post(&own, &json!({"availability": "Gone"})).await;
    assert_eq!(status, 400);

    for (body, shown) in [
        (json!({"message": "Heads down"}), "Heads down"),
        (json!({"message": " "}), ""),
    ] {
        assert_eq!(bob.post(&own_note, &body).await.0, 204);
        bob.until("note", "updated").await;
        assert_eq!(bob.get(&own_note).await.1["message"], shown);
        let (_, seen) = alice.get(&note).await;
        assert_eq!(
            (&seen["message"], &seen["type"]),
            (&json!(shown), &json!("Personal"))
        );
    }
    assert_eq!(bob.delete(&own).await, 405);
    let head = alice.request(Method::HEAD, &presence).send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn a_contact_publishes_by_injection_and_responds_accordingly() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let seen = contact(&alice, BOB).await;
    let (presence, note) = (link(&seen, "contactPresence"), link(&seen, "contactNote"));
    assert_eq!(alice.get(&presence).await.1["availability"], "Online");
    for (availability, subcode) in [
        ("DoNotDisturb", "DoNotDisturb"),
        ("Offline", "TemporarilyUnavailable"),
    ] {
        let made = publish(
            &out,
            json!({"availability": availability, "note": "Back at 9"}),
        );
        assert_eq!(made.unwrap()["published"], true);
        assert_eq!(alice.get(&presence).await.1["availability"], availability);
        assert_eq!(alice.get(&note).await.1["message"], "Back at 9");
        alice.start(BOB).await;
        let done = alice.until("messagingInvitation", "completed").await;
        assert_eq!(done["reason"]["subcode"], subcode, "{done}");
    }
    publish(
        &out,
        json!({"availability": "Busy", "activity": "in-a-meeting"}),
    )
    .unwrap();
    let (_, busy) = alice.get(&presence).await;
    assert_eq!(
        (&busy["availability"], &busy["activity"]),
        (&json!("Busy"), &json!("in-a-meeting"))
    );
    assert_eq!(alice.get(&note).await.1["message"], "");
    alice.talk_to(BOB).await;
}

#[tokio::test]
async fn an_invalid_presence_is_refused_with_its_member() {
    let out = Outside::start().await;
    for (members, member) in [
        (json!({"availability": "Gone"}), "availability"),
        (json!({"availability": 7}), "availability"),
        (json!({"text": "x"}), "text"),
        (json!({"from": "bob"}), "from"),
    ] {
        let error = publish(&out, members).unwrap_err();
        assert!(error.contains(&format!("{member}: ")), "{error}");
    }
    let _bob = Endpoint::online(&out, "bob").await;
    let error = publish(&out, json!({"availability": "Busy"})).unwrap_err();
    assert!(error.contains("from: has an application"), "{error}");
}
