//! The table of states: no step leaves it, and each step needs its right.

use std::time::SystemTime;

use ms_messenger_core::{DeliveryStatus, Evidence};
use ms_messenger_outbox::{Attempt, Change, OutboxErrorKind, State, Step, TRANSITIONS, WorkerId};
use serde_json::Value;

use crate::platform::{envelope, outbox};

fn steps() -> Vec<Step> {
    let now = SystemTime::now();
    let evidence = Evidence::new(now);
    vec![
        Step::Begin(Attempt::new(evidence.clone(), now, now)),
        Step::Doubt {
            evidence,
            error: None,
            attempts: 1,
        },
        Step::Sent {
            receipt: None,
            erase: false,
            attempts: 1,
        },
        Step::Refuse {
            error: Value::Null,
            attempts: 1,
        },
        Step::Requeue {
            due_at: now,
            error: None,
            attempts: 1,
            is_failure: true,
        },
        Step::Park { error: Value::Null },
        Step::Expire,
        Step::Release { due_at: now },
        Step::Cancel,
        Step::Retry {
            expires_at: None,
            is_absent: false,
        },
        Step::Confirm { receipt: None },
        Step::GiveUp,
        Step::Report {
            status: DeliveryStatus::Read,
            code: None,
        },
    ]
}

#[test]
fn no_step_leaves_the_table_and_each_row_of_it_is_reached() {
    let (outbox, worker) = (outbox(), WorkerId::random());
    let fresh = outbox.prepare(&envelope("a", "x")).unwrap().head;
    let mut reached = Vec::new();
    for state in State::ALL {
        for step in steps() {
            for by_worker in [true, false] {
                let mut head = fresh.clone();
                head.state = *state;
                if by_worker {
                    head.lease_to(&worker);
                }
                let change = if by_worker {
                    Change::by_worker(&head, &worker, step.clone())
                } else {
                    Change::by_person(head.id.clone(), step.clone())
                };
                let before = head.clone();
                match change.apply(&mut head, SystemTime::now()) {
                    Ok(()) if head.state == *state => {}
                    Ok(()) => {
                        assert!(state.may_become(head.state), "{state} → {}", head.state);
                        reached.push((*state, head.state));
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), OutboxErrorKind::NotAllowed);
                        assert_eq!(error.state(), Some(*state));
                        assert_eq!(head, before);
                    }
                }
            }
        }
    }
    for row in TRANSITIONS {
        assert!(reached.contains(row), "{row:?} is never reached");
    }
}

/// The words between backticks.
fn named(text: &str) -> Vec<State> {
    let words = text.split('`').skip(1).step_by(2);
    words.filter_map(State::from_name).collect()
}

#[test]
fn the_table_of_the_readme_is_that_of_the_code() {
    let readme = include_str!("../../README.md");
    let table = readme
        .split("| State | Meaning | Next states |")
        .nth(1)
        .unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut written = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [from] = named(cells[0])[..] else {
            panic!("{row}");
        };
        written.extend(named(cells[2]).into_iter().map(|next| (from, next)));
    }
    let mut expected = TRANSITIONS.to_vec();
    written.sort_unstable();
    expected.sort_unstable();
    assert_eq!(written, expected);
}

#[test]
fn a_worker_without_the_lease_changes_nothing() {
    let (outbox, worker, other) = (outbox(), WorkerId::random(), WorkerId::random());
    let mut head = outbox.prepare(&envelope("a", "x")).unwrap().head;
    head.lease_to(&worker);
    let earlier = head.clone();
    head.orphan(SystemTime::now());
    let orphaned = head.clone();
    head.lease_to(&other);
    for (holder, seen) in [(&worker, &earlier), (&worker, &head), (&other, &earlier)] {
        for step in steps() {
            let mut stored = head.clone();
            let change = Change::by_worker(seen, holder, step);
            let error = change.apply(&mut stored, SystemTime::now()).unwrap_err();
            assert_eq!(error.kind(), OutboxErrorKind::LeaseLost);
            assert_eq!(stored, head);
        }
    }
    for step in steps() {
        let mut stored = orphaned.clone();
        let change = Change::by_worker(&earlier, &worker, step);
        let error = change.apply(&mut stored, SystemTime::now()).unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::LeaseLost);
    }
}
