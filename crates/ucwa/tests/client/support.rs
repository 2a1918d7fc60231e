//! What the tests of the session share: an emulator, and users signed in to it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test takes what it needs; a failed step fails the test"
)]

use std::{future::Future, time::Duration};

use ms_messenger_core::SipUri;
use ms_messenger_emulator::{Emulator, Faults, LedgerRow};
use serde_json::{Value, json};
use ucwa::{Incoming, IncomingMessage, IncomingStream, UcwaBuilder, UcwaCredential, UcwaSession};

pub const ALICE: &str = "sip:alice@contoso.test";
pub const BOB: &str = "sip:bob@contoso.test";
pub const CAROL: &str = "sip:carol@contoso.test";
/// A contact that the emulator does not know: it accepts and reads everything.
pub const CONTACT: &str = "sip:contact@fabrikam.test";

/// So long no step of a test takes unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The address of a user.
pub fn sip(address: &str) -> SipUri {
    address.parse().unwrap()
}

pub async fn emulator() -> Emulator {
    Emulator::start().await.unwrap()
}

/// An emulator whose 30 seconds are 600 milliseconds.
pub async fn fast() -> Emulator {
    let builder = Emulator::builder().with_ucwa_time_scale(50.0);
    builder.start().await.unwrap()
}

/// A builder for the user with the SIP address `sip`.
pub fn user(emulator: &Emulator, sip: &str) -> UcwaBuilder {
    let world = &emulator.seed().ucwa;
    let user = world.users.iter().find(|user| user.sip == sip).unwrap();
    let credential = UcwaCredential::password(&user.username, user.password.as_str());
    UcwaSession::builder(sip, credential)
        .with_discovery_url(&world.discover)
        .with_endpoint_id(format!("test-{sip}"))
        .with_reconnect_backoff(Duration::from_millis(5))
        .with_send_timeout(Duration::from_secs(10))
}

pub async fn signed_in(emulator: &Emulator, sip: &str) -> UcwaSession {
    user(emulator, sip).sign_in().await.unwrap()
}

/// One rule for one operation, applied once.
pub fn fault(emulator: &Emulator, operation: &str, action: Value) {
    faults(emulator, json!([rule(operation, action)]));
}

pub fn rule(operation: &str, action: Value) -> Value {
    let matching = json!({"platform": "ucwa", "operation": operation});
    json!({"match": matching, "times": 1, "action": action})
}

pub fn faults(emulator: &Emulator, rules: Value) {
    emulator.set_faults(Faults::from_json(&json!({"rules": rules})).unwrap());
}

/// The texts of the ledger, oldest first.
pub fn stored(emulator: &Emulator) -> Vec<String> {
    let sent = |row: &LedgerRow| row.operation != "inject";
    let rows = emulator.messages();
    rows.into_iter().filter(sent).map(|row| row.text).collect()
}

/// What UCWA's part of the statistics says.
pub fn stat(emulator: &Emulator, name: &str) -> u64 {
    let stats = emulator.stats();
    let value = stats["platforms"]["ucwa"][name].as_u64();
    value.unwrap_or_else(|| panic!("no {name} in {stats}"))
}

/// Waits for a step, and fails the test when it hangs.
pub async fn soon<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, step).await.expect("it hangs")
}

/// Waits until `holds`, which something in the background makes true.
pub async fn until(mut holds: impl FnMut() -> bool) {
    soon(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The next message, whatever comes before it.
pub async fn next_message(incoming: &mut IncomingStream) -> IncomingMessage {
    soon(async {
        loop {
            if let Incoming::Message(message) = incoming.next().await.expect("the stream ended") {
                return message;
            }
        }
    })
    .await
}

/// How many requests a fault has met.
pub fn faults_applied(emulator: &Emulator) -> u64 {
    let stats = emulator.stats();
    let count = stats["faults"].as_u64();
    count.unwrap_or_else(|| panic!("no count of faults in {stats}"))
}

/// A fault without members.
pub fn kind(kind: &str) -> Value {
    json!({"kind": kind})
}

/// A fault that responds with a status.
pub fn status(status: u16) -> Value {
    json!({"kind": "status", "status": status})
}

/// The same fault for every request of an operation.
pub fn always(emulator: &Emulator, operation: &str, action: Value) {
    let matching = json!({"platform": "ucwa", "operation": operation});
    faults(emulator, json!([{"match": matching, "action": action}]));
}
