//! Several processes on one file.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::Evidence;
use ms_messenger_outbox::{
    Attempt, Beat, Change, Claim, Outbox, SqliteStore, State, Step, Store as _, WorkerId,
    conformance,
};

use super::{envelope, open};

/// The file of the child: this test runs its own program again.
const FILE: &str = "MS_MESSENGER_OUTBOX_TEST_FILE";
const TEST: &str = "sqlite::processes::rules_are_kept_beside_a_busy_process_that_is_killed";

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_kept_beside_a_busy_process_that_is_killed() {
    if let Some(file) = std::env::var_os(FILE) {
        return be_busy(Path::new(&file)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = Outbox::new(SqliteStore::open(&path).await.unwrap());
    let mut child = start(&path);
    let sending = until_sending(&outbox).await;
    let checked = path.clone();
    let findings = conformance::check(move || open(checked.clone())).await;
    let more = outbox.counts().await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(findings.passed(), "{findings}");
    let more: u64 = more
        .iter()
        .filter(|it| it.route == "busy")
        .map(|it| it.messages)
        .sum();
    assert!(more > sending, "the other process went on in the meantime");
    // What was being sent when its process died is still that, and becomes another worker's.
    let sessions = outbox.store().sessions().await.unwrap();
    let dead: Vec<_> = sessions.iter().filter(|it| it.lease == LEASE).collect();
    assert_eq!(dead.len(), 1);
    assert!(
        outbox
            .store()
            .bury(dead[0], SystemTime::now())
            .await
            .unwrap()
    );
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    outbox.store().beat(&beat).await.unwrap();
    let claimed = claim_all(outbox.store(), &worker).await;
    assert!(claimed.contains(&State::Sending));
    let all = outbox.counts().await.unwrap();
    let all = all
        .iter()
        .filter(|it| it.route == "busy")
        .map(|it| it.messages);
    assert_eq!(claimed.len() as u64, all.sum::<u64>(), "nothing is lost");
}

const LEASE: Duration = Duration::from_secs(77);

fn start(path: &Path) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", TEST]).env(FILE, path);
    command.stdout(Stdio::null()).spawn().unwrap()
}

/// Claims until nothing is left: one claim takes no more than the store permits. Returns the states.
async fn claim_all(store: &SqliteStore, worker: &WorkerId) -> Vec<State> {
    let claim = Claim::new(worker.clone(), "busy", u32::MAX, SystemTime::now());
    let mut states = Vec::new();
    loop {
        let messages = store.claim(&claim).await.unwrap().messages;
        if messages.is_empty() {
            return states;
        }
        states.extend(messages.iter().map(|it| it.head.state));
    }
}

/// Waits until the child sends. Returns how many messages it has.
async fn until_sending(outbox: &Outbox<SqliteStore>) -> u64 {
    let started = Instant::now();
    loop {
        let counts = outbox.counts().await.unwrap();
        let mut own = counts.iter().filter(|it| it.route == "busy");
        if own.any(|it| it.state == State::Sending) {
            return counts.iter().map(|it| it.messages).sum();
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the other process has begun"
        );
        outbox.store().changed(Duration::from_millis(200)).await;
    }
}

/// Hands over, claims and begins to send, until it is killed.
async fn be_busy(path: &Path) {
    let outbox = Outbox::new(SqliteStore::open(path).await.unwrap());
    let store = outbox.store();
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), LEASE, true);
    assert!(store.beat(&beat).await.unwrap());
    let until = Instant::now() + Duration::from_secs(300);
    for i in 0.. {
        let mut message = envelope(&format!("busy {i}"));
        message.route = "busy".to_owned();
        outbox.enqueue(message).await.unwrap();
        let claim = Claim::new(worker.clone(), "busy", 1, SystemTime::now());
        for message in store.claim(&claim).await.unwrap().messages {
            let now = SystemTime::now();
            let begin = Step::Begin(Attempt::new(Evidence::new(now), now, now));
            let change = Change::by_worker(&message.head, &worker, begin);
            store.apply(vec![change]).await.unwrap().remove(0).unwrap();
        }
        assert!(Instant::now() < until, "the parent ends this process");
    }
}
