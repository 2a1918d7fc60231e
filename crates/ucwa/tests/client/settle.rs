//! Settling a send whose outcome is unknown, and ending a send early.

use std::time::{Duration, Instant, SystemTime};

use ms_messenger_core::{
    Acceptance, CancelHandle, Delivery, Error, ErrorKind, Evidence, Mark, MarkKind, Message,
    Messenger as _, SendRequest, Settled, Target,
};
use serde_json::{Value, json};
use ucwa::{Oversize, UcwaSession};

use crate::double::{
    BOB, CONVERSATION, Double, Reply, body, completed, invitation, link_only, located, sip, soon,
    status,
};

const MESSAGES: &str = "/apps/1/c/1/messages";
const INVITATIONS: &str = "/apps/1/invitations";

fn message(number: u32) -> String {
    format!("{CONVERSATION}/messages/{number}")
}

fn request(text: &str) -> SendRequest {
    SendRequest::new(Target::sip(BOB).unwrap(), Message::text(text))
}

async fn send(
    session: &UcwaSession,
    request: &SendRequest,
) -> Result<ms_messenger_core::Receipt, Error> {
    soon(ms_messenger_core::Messenger::send(session, request)).await
}

/// A session with a conversation, whose texts are split at four bytes.
async fn talking(double: &Double) -> UcwaSession {
    let four = std::num::NonZeroUsize::new(4).unwrap();
    let alice = double
        .user()
        .with_send_timeout(Duration::from_millis(700))
        .with_max_message_bytes(four, Oversize::Split)
        .sign_in()
        .await
        .unwrap();
    assert!(soon(alice.send(sip(BOB), "one")).await.is_delivered());
    alice
}

/// The evidence of a send that must be in doubt, as another process reads it.
fn evidence(sent: &Result<ms_messenger_core::Receipt, Error>) -> Evidence {
    let error = sent.as_ref().unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown, "{error}");
    let evidence = Evidence::of(error).unwrap();
    assert_eq!(evidence.platform.as_deref(), Some("ucwa"));
    assert_eq!(
        evidence.pending_until,
        evidence.ended_at.map(|ended| ended + crate::double::MARGIN)
    );
    Evidence::from_json(&serde_json::to_string(&evidence).unwrap()).unwrap()
}

/// Settles until the channel has delivered what was pushed, and returns the last result.
async fn settled(session: &UcwaSession, request: &SendRequest, evidence: &Evidence) -> Settled {
    let began = Instant::now();
    loop {
        let settled = session.settle(request, evidence).await;
        let waits = matches!(settled, Settled::NotYet(_));
        if !waits || began.elapsed() > Duration::from_secs(2) {
            return settled;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_verdict_on_our_own_operation_settles() {
    let failed = {
        let mut event = completed(&message(2));
        event["status"] = "Failure".into();
        event
    };
    let mut unsaid = completed(&message(2));
    unsaid["status"] = Value::Null;
    let mut to_nobody = completed(&message(2));
    to_nobody["_embedded"]["message"]["_links"]["failedDeliveryParticipant"] =
        json!([{"href": "/p"}]);
    for (name, event, expected) in [
        ("delivered", completed(&message(2)), "found"),
        ("an address and no more", link_only(&message(2)), "found"),
        ("failed", failed, "not found"),
        ("without a status", unsaid, "cannot tell"),
        ("reached nobody", to_nobody, "cannot tell"),
        ("of another address", completed(&message(7)), "cannot tell"),
        ("of a peer", link_only(&message(8)), "cannot tell"),
    ] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        double.once("POST", MESSAGES, located(&message(2)));
        let request = request("two");
        let evidence = evidence(&send(&alice, &request).await);
        assert!(evidence.mark_of(&MarkKind::OperationId).is_some());
        double.push_events(json!([event]));
        let verdict = settled(&alice, &request, &evidence).await;
        let said = match &verdict {
            Settled::Found(receipt) => {
                assert_eq!(receipt.message_id.as_ref().unwrap().as_str(), message(2));
                assert_eq!(receipt.acceptance, Acceptance::Delivered);
                "found"
            }
            Settled::NotFound => "not found",
            _ => "cannot tell",
        };
        assert_eq!(said, expected, "{name}: {verdict:?}");
        assert_eq!(double.posted().len(), 2, "settling sends nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_response_the_operation_is_read_from_the_message() {
    for is_ours in [true, false] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        double.once("POST", MESSAGES, Reply::Close);
        let request = request("two");
        let evidence = evidence(&send(&alice, &request).await);
        let asked = double.clone();
        double.rule(move |request| {
            request.is("GET", &message(2)).then(|| {
                let own = asked.requests("POST", MESSAGES)[1].operation();
                let operation = if is_ours { own } else { "another".to_owned() };
                body(
                    200,
                    json!({"direction": "Outgoing", "operationId": operation}),
                )
            })
        });
        double.push_events(json!([completed(&message(2))]));
        let verdict = settled(&alice, &request, &evidence).await;
        assert_eq!(matches!(verdict, Settled::Found(_)), is_ours, "{verdict:?}");
        assert!(
            is_ours || matches!(verdict, Settled::CannotTell(_) | Settled::NotYet(_)),
            "{verdict:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_parts_is_found_only_when_all_are_proven() {
    // The number of the part whose response is lost, and what the server says of it later.
    for (lost, status_of_part, expected) in [
        (1, "Success", "cannot tell"),
        (1, "Failure", "not found"),
        (2, "Success", "cannot tell"),
        (2, "Failure", "cannot tell"),
        (3, "Success", "found"),
        (3, "Failure", "cannot tell"),
    ] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        let served = double.clone();
        double.rule(move |request| {
            // The opening message was the first.
            let is_lost = request.is("POST", MESSAGES) && served.posted().len() == 1 + lost;
            is_lost.then_some(Reply::Close)
        });
        let request = request("aaaabbbbcc");
        let evidence = evidence(&send(&alice, &request).await);
        let posts = double.posted();
        assert_eq!(posts[1..].len(), lost, "{posts:?}");
        let operation = double.requests("POST", MESSAGES)[lost].operation();
        let mut event = completed(&message(50));
        event["status"] = status_of_part.into();
        event["_embedded"]["message"]["operationId"] = operation.into();
        double.push_events(json!([event]));
        let verdict = settled(&alice, &request, &evidence).await;
        let said = match &verdict {
            Settled::Found(_) => "found",
            Settled::NotFound => "not found",
            _ => "cannot tell",
        };
        assert_eq!(said, expected, "{lost} {status_of_part}: {verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_carried_the_message_is_never_proven_not_to_have_been_seen() {
    for (status, is_found) in [("Success", true), ("Failure", false)] {
        let double = Double::start().await;
        let alice = double
            .user()
            .with_send_timeout(Duration::from_millis(400))
            .with_first_message_in_invitation(true)
            .sign_in()
            .await
            .unwrap();
        double.once("POST", INVITATIONS, Reply::Close);
        let request = request("toast");
        let evidence = evidence(&send(&alice, &request).await);
        let operation = double.requests("POST", INVITATIONS)[0].operation();
        double.push(invitation(&operation, json!({"status": status})));
        let verdict = settled(&alice, &request, &evidence).await;
        assert_eq!(
            matches!(verdict, Settled::Found(_)),
            is_found,
            "{verdict:?}"
        );
        assert!(
            is_found || matches!(verdict, Settled::CannotTell(_) | Settled::NotYet(_)),
            "{verdict:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_evidence_settles_nothing() {
    let double = Double::start().await;
    let alice = talking(&double).await;
    double.once("POST", MESSAGES, located(&message(2)));
    let request = request("two");
    let own = evidence(&send(&alice, &request).await);
    double.push_events(json!([completed(&message(2))]));
    assert!(matches!(
        settled(&alice, &request, &own).await,
        Settled::Found(_)
    ));
    let mark = own.mark.clone().unwrap();
    let bare = Evidence::new(SystemTime::now());
    let unknown = Mark::new(
        MarkKind::OperationId,
        "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5",
    );
    for (name, evidence) in [
        (
            "of another platform",
            bare.clone().with_platform("acs-chat").with_mark(mark),
        ),
        ("without a mark", bare.clone()),
        (
            "of another session",
            bare.with_platform("ucwa").with_mark(unknown),
        ),
    ] {
        let verdict = alice.settle(&request, &evidence).await;
        assert!(
            matches!(verdict, Settled::CannotTell(_)),
            "{name}: {verdict:?}"
        );
    }
    // Another session of the same user knows nothing of it.
    let other = double.signed_in().await;
    assert!(matches!(
        other.settle(&request, &own).await,
        Settled::CannotTell(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_ends_a_send_and_keeps_what_settling_needs() {
    for cancels in [false, true] {
        let double = Double::start().await;
        let alice = double
            .user()
            .with_send_timeout(Duration::from_secs(20))
            .sign_in()
            .await
            .unwrap();
        assert!(soon(alice.send(sip(BOB), "one")).await.is_delivered());
        let cancel = CancelHandle::new();
        let limited = |text: &str| match cancels {
            true => request(text).with_cancel(cancel.clone()),
            false => request(text).with_timeout(Duration::from_millis(300)),
        };
        let kind = if cancels {
            ErrorKind::Cancelled
        } else {
            ErrorKind::Timeout
        };
        // The response is withheld; the verdict is.
        for reply in [Reply::Hang, located(&message(2))] {
            double.once("POST", MESSAGES, reply);
            let count = double.posted().len();
            let cancelling = async {
                double.wait_for("POST", MESSAGES, count + 1).await;
                if cancels {
                    cancel.cancel();
                }
            };
            let request = limited("two");
            let began = Instant::now();
            let sent = async { tokio::join!(send(&alice, &request), cancelling).0 }.await;
            assert!(began.elapsed() < Duration::from_secs(5));
            let found = evidence(&sent);
            assert!(found.mark_of(&MarkKind::OperationId).is_some());
            assert_eq!(sent.unwrap_err().kind(), kind);
            if cancels {
                break;
            }
        }
        // Nothing is on its way yet: the invitation rings, or is not even posted.
        double.always("POST", INVITATIONS, located("/apps/1/invitations/2"));
        let to = Target::sip("sip:carol@contoso.test").unwrap();
        let mut request = limited("x");
        request.to = to;
        let error = send(&alice, &request).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent));
        let posted = double.requests("POST", INVITATIONS).len();
        assert_eq!(
            posted,
            if cancels { 1 } else { 2 },
            "a cancelled send posts nothing"
        );
        double.always("POST", MESSAGES, status(429).with("Retry-After", "5"));
        let error = send(&alice, &limited("y")).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
}
