//! The contract of `Messenger`, checked by the suite for all backends.

use std::sync::Arc;

use ms_messenger_core::{Message, RetryPolicy, SendRequest, SharedMessenger, Target};
use ms_messenger_emulator::Emulator;
use ms_messenger_testkit::{Failure, Subject, assert_conformance, async_trait};
use serde_json::json;

use crate::support::{ALICE, CONTACT};

struct Skype {
    emulator: Emulator,
    messenger: SharedMessenger,
}

#[async_trait]
impl Subject for Skype {
    fn messenger(&self) -> SharedMessenger {
        Arc::clone(&self.messenger)
    }

    fn request(&self) -> SendRequest {
        SendRequest::new(
            Target::sip(CONTACT).unwrap(),
            Message::text("a message of the suite"),
        )
    }

    async fn stored(&self) -> usize {
        crate::support::stored(&self.emulator).len()
    }

    async fn fail_next(&self, failure: Failure) -> bool {
        let action = match failure {
            Failure::LostResponse => json!({"kind": "close", "when": "after_store"}),
            Failure::Rejected => json!({"kind": "status", "status": 400}),
            Failure::RateLimited => json!({"kind": "status", "status": 429}),
            // A response of UCWA has no body that could be garbled, and a connection that stands
            // cannot be refused.
            _ => return false,
        };
        crate::support::fault(&self.emulator, "send", action);
        true
    }

    fn secrets(&self) -> Vec<String> {
        let users = &self.emulator.seed().ucwa.users;
        let passwords = users.iter().map(|user| user.password.clone());
        passwords.chain(["cwt=".to_owned()]).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_keeps_the_contract() {
    let emulator = crate::support::emulator().await;
    let session = crate::support::user(&emulator, ALICE)
        .with_retry_policy(RetryPolicy::never())
        .sign_in()
        .await
        .unwrap();
    let messenger: SharedMessenger = Arc::new(session);
    assert_conformance(&Skype {
        emulator,
        messenger,
    })
    .await;
}
