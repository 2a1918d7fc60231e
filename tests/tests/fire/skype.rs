//! Skype for Business as a platform under test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ms_messenger::{
    Messenger, Target,
    ucwa::{self, UcwaSession},
};
use ms_messenger_emulator::Emulator;
use serde_json::json;

use crate::platform::{Peers, Platform, retry};

/// Skype for Business, with contacts that accept and read at once. An event that arrives before the
/// time-out needs no settling; without one, a send cannot be settled.
pub(crate) struct Skype {
    emulator: Arc<Emulator>,
    session: Arc<UcwaSession>,
}

impl Skype {
    pub(crate) async fn new(emulator: Emulator) -> Self {
        let world = &emulator.seed().ucwa;
        let user = &world.users[0];
        let credential = ucwa::UcwaCredential::password(&user.username, user.password.as_str());
        let session = UcwaSession::builder(&user.sip, credential)
            .with_discovery_url(&world.discover)
            .with_send_timeout(Duration::from_millis(400))
            .with_reconnect_backoff(Duration::from_millis(5))
            .with_retry_policy(retry())
            .sign_in()
            .await;
        Self {
            session: Arc::new(session.unwrap()),
            emulator: Arc::new(emulator),
        }
    }
}

impl Platform for Skype {
    fn name(&self) -> &'static str {
        "ucwa"
    }

    fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    fn client(&self, _: Duration) -> Arc<dyn Messenger> {
        Arc::<UcwaSession>::clone(&self.session)
    }

    fn fresh(&self) -> Option<Arc<dyn Messenger>> {
        None
    }

    /// New contacts in each cell: an unknown send makes the next one to the contact harder to settle.
    fn target(&self, cell: usize, number: usize) -> Target {
        Target::sip(&contact(cell, number)).unwrap()
    }

    fn own_account(&self) -> String {
        self.emulator.seed().ucwa.users[0].sip.clone()
    }

    fn other_account(&self) -> String {
        self.emulator.seed().ucwa.users[1].sip.clone()
    }

    /// Each recipient in turn sends the text that is sent to it at the same time.
    fn peers(&self, cell: usize) -> Peers {
        let (emulator, own) = (Arc::clone(&self.emulator), self.own_account());
        let turn = AtomicUsize::new(0);
        Box::new(move || {
            let number = turn.fetch_add(1, Ordering::Relaxed);
            let message = json!({
                "platform": "ucwa",
                "from": contact(cell, number),
                "to": own,
                "action": "message",
                "text": format!("message {}.", number % 50),
            });
            // A contact with a pending invitation cannot send yet.
            let _ = emulator.inject(&message);
        })
    }

    fn always_settles(&self) -> bool {
        false
    }

    fn counts_attempts(&self) -> bool {
        false
    }

    /// A reset would end the session; the cells are distinguished by their texts.
    fn keeps_ledger(&self) -> bool {
        true
    }
}

fn contact(cell: usize, number: usize) -> String {
    format!("sip:contact{cell}.{}@fabrikam.test", number % 16)
}
