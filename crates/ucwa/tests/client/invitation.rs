//! A message in an invitation: what the end of the invitation proves about it.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{Delivery, Error};
use serde_json::{Value, json};
use tokio::sync::Notify;
use ucwa::{ErrorSubcode, Reason, UcwaOutcome};

use crate::double::{BOB, Double, Reply, invitation, located, sip, soon, status};

const INVITATIONS: &str = "/apps/1/invitations";

fn delivery(outcome: &UcwaOutcome) -> Option<Delivery> {
    outcome.error().map(Error::delivery)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_invitation_carried_is_unknown_however_it_ends_without_success() {
    let failed = |reason: Value| json!({"status": "Failure", "reason": reason});
    for (name, members) in [
        (
            "declined",
            failed(json!({"code": "RemoteFailure", "subcode": "Declined"})),
        ),
        (
            "not answered",
            failed(json!({"code": "RemoteFailure", "subcode": "Timeout"})),
        ),
        ("without a reason", failed(Value::Null)),
        ("without a status", json!({})),
    ] {
        let double = Double::start().await;
        let alice = double.user().with_first_message_in_invitation(true);
        let alice = alice.sign_in().await.unwrap();
        let pusher = double.clone();
        double.rule(move |request| {
            request.is("POST", INVITATIONS).then(|| {
                pusher.push(invitation(&request.operation(), members.clone()));
                located("/apps/1/invitations/1")
            })
        });
        let outcome = soon(alice.send(sip(BOB), "toast")).await;
        assert!(
            matches!(outcome, UcwaOutcome::Unknown(_)),
            "{name}: {outcome:?}"
        );
        let error = outcome.error().unwrap();
        assert_eq!(error.delivery(), Delivery::Unknown, "{name}");
        assert!(
            error.began_at().is_some() && error.client_request_id().is_some(),
            "{name}"
        );
        if name == "declined" {
            assert_eq!(
                Reason::of(error).unwrap().subcode,
                Some(ErrorSubcode::Declined)
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_invitation_carried_is_unknown_when_it_is_lost_while_it_rings() {
    for name in [
        "application lost",
        "signed out",
        "no response",
        "connected without a verdict",
    ] {
        let double = Double::start().await;
        let alice = double
            .user()
            .with_first_message_in_invitation(true)
            .with_send_timeout(Duration::from_secs(2))
            .sign_in()
            .await
            .unwrap();
        double.once("POST", INVITATIONS, located("/apps/1/invitations/1"));
        let ending = async {
            double.wait_for("POST", INVITATIONS, 1).await;
            match name {
                "application lost" => {
                    double.once("GET", "/apps/1/events", status(404));
                    double.push(json!([]));
                }
                "signed out" => alice.sign_out().await.unwrap(),
                "connected without a verdict" => {
                    let operation = double.requests("POST", INVITATIONS)[0].operation();
                    let mut senders = crate::double::accepted(&operation);
                    senders.as_array_mut().unwrap().remove(0);
                    double.push(senders);
                }
                _ => {}
            }
        };
        let outcome = soon(async { tokio::join!(alice.send(sip(BOB), "toast"), ending).0 }).await;
        assert!(
            matches!(outcome, UcwaOutcome::Unknown(_)),
            "{name}: {outcome:?}"
        );
        assert_eq!(delivery(&outcome), Some(Delivery::Unknown), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_delivers_a_message_counts_although_the_response_rejects_its_invitation() {
    for (members, is_delivered) in [(json!({"status": "Success"}), true), (json!({}), false)] {
        let double = Double::start().await;
        let alice = double.user().with_first_message_in_invitation(true);
        let alice = alice.sign_in().await.unwrap();
        let pusher = double.clone();
        let gate = Arc::new(Notify::new());
        let held = Arc::clone(&gate);
        double.rule(move |request| {
            request.is("POST", INVITATIONS).then(|| {
                pusher.push(invitation(&request.operation(), members.clone()));
                Reply::Later(Arc::clone(&held), Box::new(status(400)))
            })
        });
        let rejecting = async {
            double.wait_for("POST", INVITATIONS, 1).await;
            // Events are processed in order: this look-up proves that the one before was.
            let link = json!({"rel": "conversation", "href": "/look-up"});
            double.push_events(json!([{"link": link, "type": "updated"}]));
            double.wait_for("GET", "/look-up", 1).await;
            gate.notify_one();
        };
        let outcome =
            soon(async { tokio::join!(alice.send(sip(BOB), "toast"), rejecting).0 }).await;
        assert_eq!(outcome.is_delivered(), is_delivered, "{outcome:?}");
        if !is_delivered {
            assert_eq!(delivery(&outcome), Some(Delivery::Unknown), "{outcome:?}");
        }
    }
}
