//! What holds for every composition, of any depth.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use ms_messenger_core::{
    CancelHandle, Capabilities, Capability, Delivery, Evidence, Journal, Message, Messenger,
    MessengerExt as _, Receipt, Result, SendJournal, SendRequest, SettlePolicy, Settled,
    SharedMessenger, Target, async_trait,
};
use ms_messenger_layers::{Fallback, FanOut, Member, Route, Router, Rule, TargetKind};
use proptest::prelude::*;

use crate::{
    leaf::{Act, Leaf, Verdict},
    tree::{Tree, tree},
};

fn request() -> SendRequest {
    SendRequest::new(Target::conversation("1"), "a message of the laws")
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}

/// What is reported of a send, and by whom.
fn assert_true(tree: &Tree, result: &Result<Receipt>) {
    let delivery = match result {
        Ok(receipt) => {
            tree.assert_reports(&receipt.members);
            Delivery::Sent
        }
        Err(error) => {
            if let Some(evidence) = error.evidence() {
                tree.assert_reports(&evidence.members);
            }
            error.delivery()
        }
    };
    match delivery {
        Delivery::Sent => assert!(tree.is_stored(), "it is not sent: {result:?}"),
        Delivery::NotSent => assert!(!tree.has_anything(), "it is sent: {result:?}"),
        Delivery::Unknown => {}
    }
    tree.assert_sent_once();
}

/// Settles as another process does, which has the configuration and the JSON of the evidence.
async fn assert_settles(tree: &Tree, evidence: &Evidence) {
    let json = serde_json::to_string(evidence).unwrap();
    let evidence = Evidence::from_json(&json).unwrap();
    match tree.build().settle(&request(), &evidence).await {
        Settled::Found(receipt) => {
            assert!(tree.is_stored(), "found, and not stored: {json}");
            tree.assert_reports(&receipt.members);
        }
        Settled::NotFound => assert!(!tree.has_anything(), "not found, and stored: {json}"),
        Settled::NotYet(_) | Settled::CannotTell(_) => {}
        other => panic!("{other:?}"),
    }
    tree.assert_sent_once();
}

async fn assert_lawful(tree: &Tree, result: &Result<Receipt>) {
    assert_true(tree, result);
    let evidence = result.as_ref().err().and_then(Evidence::of);
    let is_unknown = matches!(result, Err(error) if error.delivery() == Delivery::Unknown);
    assert_eq!(evidence.is_some(), is_unknown, "{result:?}");
    if let Some(evidence) = evidence {
        assert_settles(tree, &evidence).await;
    }
}

/// Keeps the last note, as a file does.
#[derive(Debug, Default)]
struct Notes(Mutex<Option<Evidence>>);

#[async_trait]
impl SendJournal for Notes {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        *self.0.lock().unwrap() = Some(evidence.clone());
        Ok(())
    }

    fn may_leave(&self) -> bool {
        true
    }
}

/// Polls a send so often; `None` if it has not ended by then.
async fn polled<F>(mut send: Pin<&mut F>, polls: usize) -> Option<F::Output>
where
    F: Future,
{
    for _ in 0..polls {
        let once = std::future::poll_fn(|context| Poll::Ready(send.as_mut().poll(context)));
        if let Poll::Ready(output) = once.await {
            return Some(output);
        }
    }
    None
}

proptest! {
    #[test]
    fn a_report_is_true_and_a_verdict_too(tree in tree()) {
        run(async {
            let result = tree.build().send(&request()).await;
            assert_lawful(&tree, &result).await;
        });
    }

    #[test]
    fn settling_after_a_send_causes_no_second_message(tree in tree()) {
        run(async {
            let policy = SettlePolicy::once();
            let result = tree.build().send_settled_with(&request(), &policy).await;
            assert_lawful(&tree, &result).await;
        });
    }

    #[test]
    fn a_send_that_is_cancelled_at_any_moment_says_what_is_known(tree in tree(), polls in 0..20_usize) {
        run(async {
            let cancel = CancelHandle::new();
            let request = request().with_cancel(cancel.clone());
            let messenger = tree.build();
            let mut send = pin!(messenger.send(&request));
            let ended = polled(send.as_mut(), polls).await;
            cancel.cancel();
            let result = match ended {
                Some(result) => result,
                None => send.await,
            };
            assert_lawful(&tree, &result).await;
        });
    }

    #[test]
    fn what_was_noted_before_a_process_died_settles_its_send(tree in tree(), polls in 0..24_usize) {
        run(async {
            let notes = Arc::new(Notes::default());
            let journal = Journal::shared(Arc::<Notes>::clone(&notes));
            let request = request().with_journal(journal);
            let messenger = tree.build();
            let result = polled(pin!(messenger.send(&request)), polls).await;
            drop(messenger);
            let noted = notes.0.lock().unwrap().take();
            match noted {
                None => assert!(!tree.has_anything(), "something left before it was noted"),
                Some(evidence) => {
                    assert!(evidence.platform.is_some());
                    assert_settles(&tree, &evidence).await;
                }
            }
            if let Some(result) = result {
                assert_lawful(&tree, &result).await;
            }
        });
    }

    #[test]
    fn a_fan_out_is_completed_by_those_that_did_not_send(trees in prop::collection::vec(tree(), 1..=3)) {
        run(async {
            let members = trees.iter().enumerate();
            let members = members.map(|(index, it)| Member::new(format!("m{index}"), it.build()));
            let fan_out = FanOut::new(members).unwrap();
            let result = fan_out.send(&request()).await;
            let whole = Tree::FanOut(trees.clone());
            let Some(evidence) = result.as_ref().err().and_then(Evidence::of) else {
                return;
            };
            let outcomes = fan_out.settle_each(&request(), &evidence).await.unwrap();
            whole.assert_sent_once();
            assert_eq!(outcomes.len(), trees.len());
            for (tree, outcome) in trees.iter().zip(&outcomes) {
                match outcome.delivery() {
                    Delivery::Sent => assert!(tree.is_stored(), "{outcome:?}"),
                    Delivery::NotSent => assert!(!tree.has_anything(), "{outcome:?}"),
                    Delivery::Unknown => {}
                }
            }
        });
    }
}

/// Requests that ask for different things.
fn requests() -> Vec<SendRequest> {
    let text = || Message::text("hi");
    let html = Message::html("<b>hi</b>");
    let targets = [
        "conversation:1",
        "channel:t/19:c",
        "tel:+14255550123",
        "user:u",
    ];
    let mut all = Vec::new();
    for target in targets {
        let to: Target = target.parse().unwrap();
        all.push(SendRequest::new(to.clone(), text()));
        all.push(SendRequest::new(to.clone(), html.clone()));
        all.push(SendRequest::new(to.clone(), text().with_subject("s")));
        all.push(SendRequest::new(to.clone(), Message::text("x".repeat(200))));
        all.push(SendRequest::new(to.clone(), text()).with_reply_to("9"));
        all.push(SendRequest::new(to, text()).with_timeout(Duration::from_secs(5)));
    }
    all
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    let some = prop::sample::subsequence(Capability::ALL, 0..=Capability::ALL.len());
    (some, prop::option::of(1..300_usize)).prop_map(|(some, longest)| {
        let some: Capabilities = some.into_iter().collect();
        longest.map_or(some, |longest| some.with_max_text_chars(longest))
    })
}

fn leaves(capabilities: &[Capabilities]) -> Vec<Arc<Leaf>> {
    let leaf = |(number, own): (usize, &Capabilities)| {
        let mut leaf = Leaf::new(number, Act::Accepts, Verdict::True);
        leaf.capabilities = *own;
        Arc::new(leaf)
    };
    capabilities.iter().enumerate().map(leaf).collect()
}

proptest! {
    #[test]
    fn what_a_fallback_or_a_fan_out_supports_is_supported_by_all(all in prop::collection::vec(capabilities(), 1..=3)) {
        let leaves = leaves(&all);
        let members = || leaves.iter().map(|it| Member::new(format!("m{}", it.number), Arc::clone(it)));
        let messengers: [SharedMessenger; 2] = [
            Arc::new(Fallback::new(members()).unwrap()),
            Arc::new(FanOut::new(members()).unwrap()),
        ];
        for messenger in messengers {
            for request in requests() {
                let own = messenger.capabilities().check(messenger.platform(), &request);
                let fits = |leaf: &Arc<Leaf>| leaf.capabilities.check("leaf", &request).is_ok();
                prop_assert!(own.is_err() || leaves.iter().all(fits), "{:?}", request);
                let before: usize = leaves.iter().map(|leaf| leaf.stored()).sum();
                let sent = run(messenger.send(&request));
                prop_assert_eq!(sent.is_ok(), own.is_ok(), "{:?}", sent);
                if let Err(error) = sent {
                    prop_assert_eq!(error.delivery(), Delivery::NotSent);
                    let after: usize = leaves.iter().map(|leaf| leaf.stored()).sum();
                    prop_assert_eq!(before, after);
                }
            }
        }
    }

    #[test]
    fn a_router_sends_what_its_route_supports_and_nothing_else(all in prop::collection::vec(capabilities(), 1..=4)) {
        let leaves = leaves(&all);
        let kinds = [TargetKind::Channel, TargetKind::Phone, TargetKind::Conversation];
        let routes = leaves.iter().map(|leaf| {
            let route = Route::new(format!("m{}", leaf.number), Arc::clone(leaf));
            match kinds.get(leaf.number) {
                Some(kind) => route.with_rule(Rule::kind(*kind)),
                None => route,
            }
        });
        let router = Router::new(routes).unwrap();
        for request in requests() {
            let kind = TargetKind::of(&request.to).unwrap();
            let taking = kinds.iter().position(|it| *it == kind).unwrap_or(kinds.len());
            let taking = leaves.get(taking);
            let fits = |leaf: &Arc<Leaf>| leaf.capabilities.check("leaf", &request).is_ok();
            let before: Vec<usize> = leaves.iter().map(|leaf| leaf.stored()).collect();
            let sent = run(router.send(&request));
            prop_assert_eq!(sent.is_ok(), taking.is_some_and(fits), "{:?}: {:?}", request, sent);
            for (leaf, before) in leaves.iter().zip(before) {
                let is_new = sent.is_ok() && taking.is_some_and(|it| it.number == leaf.number);
                prop_assert_eq!(leaf.stored(), before + usize::from(is_new));
            }
        }
    }
}
