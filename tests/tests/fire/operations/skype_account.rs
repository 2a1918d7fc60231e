//! The users of UCWA, and what their sessions have open.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ms_messenger::{
    CancelHandle, Error, Messenger, Result, SendRequest, SipUri, Target,
    http::{HttpOptions, Method},
    ucwa::{
        AcceptPolicy, Incoming, IncomingStream, Invitation, UcwaBuilder, UcwaConversation,
        UcwaCredential, UcwaSession,
    },
};
use ms_messenger_emulator::{Emulator, UcwaUser};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{
    admin::admin,
    driver::{Caller, Later},
    scene::Scene,
};
use crate::platform::retry;

const BOB: &str = "sip:bob@contoso.test";

/// A user who signs in for each strike: the emulator forgets its sessions when it is reset.
#[derive(Clone)]
pub(crate) struct Account {
    user: UcwaUser,
    peer: UcwaUser,
    discover: String,
    origin: String,
    options: HttpOptions,
    now: Arc<Mutex<Option<Now>>>,
}

/// What the user has open.
#[derive(Clone)]
struct Now {
    session: UcwaSession,
    incoming: Option<Arc<tokio::sync::Mutex<IncomingStream>>>,
    invitation: Option<Invitation>,
    /// The session of the user who invites.
    peer: Option<UcwaSession>,
    waiting: Option<Arc<Waiting>>,
}

/// A send that waits for its recipient.
struct Waiting {
    cancel: CancelHandle,
    outcome: tokio::sync::Mutex<JoinHandle<Result<()>>>,
}

pub(crate) type Skype = Scene<Account>;

impl Account {
    fn builder(&self, user: &UcwaUser) -> UcwaBuilder {
        let credential = UcwaCredential::password(&user.username, user.password.as_str());
        UcwaSession::builder(&user.sip, credential)
            .with_discovery_url(&self.discover)
            .with_send_timeout(Duration::from_secs(2))
            .with_reconnect_backoff(Duration::from_millis(1))
            .with_retry_policy(retry())
            .with_http_options(self.options.clone())
    }

    pub(crate) async fn sign_in(&self) -> Result<UcwaSession> {
        self.builder(&self.user).sign_in().await
    }

    /// Replaces the session by one that reports activity all the time, or just by a new one.
    pub(crate) async fn sign_in_again(&self, is_active: bool) {
        let before = self.session();
        before.sign_out().await.unwrap();
        let mut builder = self.builder(&self.user);
        if is_active {
            builder = builder.with_activity_interval(Duration::from_millis(20));
        }
        let session = builder.sign_in().await.unwrap();
        self.keep(|now| now.session = session);
    }

    /// Signs another user in.
    pub(crate) async fn peer(&self) -> UcwaSession {
        let peer = self.builder(&self.peer).sign_in().await.unwrap();
        self.keep(|now| now.peer = Some(peer.clone()));
        peer
    }

    fn now(&self) -> Now {
        let now = self.now.lock().unwrap().clone();
        now.expect("the user is signed in")
    }

    pub(crate) fn session(&self) -> UcwaSession {
        self.now().session
    }

    pub(crate) fn invitation(&self) -> Invitation {
        self.now().invitation.expect("the user is invited")
    }

    fn keep(&self, change: impl FnOnce(&mut Now)) {
        change(self.now.lock().unwrap().as_mut().unwrap());
    }

    /// Makes the user reachable.
    pub(crate) async fn receive(&self, policy: AcceptPolicy) {
        let incoming = self.session().receive(policy).await.unwrap();
        let incoming = Arc::new(tokio::sync::Mutex::new(incoming));
        self.keep(|now| now.incoming = Some(incoming));
    }

    /// Returns what others do next.
    pub(crate) async fn next(&self) -> Result<Incoming, Error> {
        let incoming = self.now().incoming.expect("the user is reachable");
        let next = incoming.lock().await.next().await;
        match next {
            Some(next) => Ok(next),
            None => Err(self.session().ended().await),
        }
    }

    pub(crate) fn sip(&self) -> SipUri {
        self.user.sip.parse().unwrap()
    }

    /// Begins to send to another user.
    pub(crate) fn begin_waiting(&self) {
        let (session, cancel) = (self.session(), CancelHandle::new());
        let request = SendRequest::new(Target::from(bob()), "hello").with_cancel(cancel.clone());
        let outcome =
            tokio::spawn(async move { Messenger::send(&session, &request).await.map(drop) });
        let outcome = tokio::sync::Mutex::new(outcome);
        self.keep(|now| now.waiting = Some(Arc::new(Waiting { cancel, outcome })));
    }

    /// Waits no longer for the recipient, and returns what became of the message.
    pub(crate) async fn stop_waiting(&self) -> Result<()> {
        let waiting = self.now().waiting.expect("a send waits");
        waiting.cancel.cancel();
        (&mut *waiting.outcome.lock().await).await.unwrap()
    }

    /// Waits until another user invites.
    pub(crate) async fn be_invited(&self) {
        loop {
            if let Incoming::Invitation(invitation) = self.next().await.unwrap() {
                self.keep(|now| now.invitation = Some(invitation));
                return;
            }
        }
    }

    /// Lets another user speak.
    pub(crate) async fn inject(&self, text: &str) {
        let body = json!({"platform": "ucwa", "from": BOB, "to": self.user.sip, "action": "message",
            "text": text});
        self.admin(Method::POST, "inject", body).await;
    }

    pub(crate) async fn admin(&self, method: Method, path: &str, body: Value) -> Value {
        admin(method, &self.origin, path, body).await
    }

    /// Sets rules until the ones of the strike.
    pub(crate) async fn faults(&self, rules: Value) {
        let rules = json!({ "rules": rules });
        self.admin(Method::PUT, "faults", rules).await;
    }

    /// The open conversations at the server, of which the session is told nothing.
    pub(crate) async fn listed(&self) -> Result<Vec<String>> {
        let href = format!("{}/communication/conversations", self.session().href());
        let list = self.session().request(Method::GET, href)?;
        let list: Value = list.json().await?;
        let links = match &list["_links"]["conversation"] {
            Value::Array(links) => links.clone(),
            Value::Null => Vec::new(),
            link => vec![link.clone()],
        };
        let hrefs = links.iter().filter_map(|it| it["href"].as_str());
        Ok(hrefs.map(str::to_owned).collect())
    }
}

pub(crate) fn connect(emulator: &Emulator, options: HttpOptions, _: Caller) -> Account {
    let world = &emulator.seed().ucwa;
    let peer = world.users.iter().find(|it| it.sip == BOB);
    Account {
        user: world.users[0].clone(),
        peer: peer.unwrap().clone(),
        discover: world.discover.clone(),
        origin: emulator.http_url().to_owned(),
        options,
        now: Arc::default(),
    }
}

pub(crate) fn begin(account: Account, _: &Emulator) -> Later<Skype> {
    Box::pin(async move {
        let session = account.sign_in().await.unwrap();
        *account.now.lock().unwrap() = Some(Now {
            session,
            incoming: None,
            invitation: None,
            peer: None,
            waiting: None,
        });
        Scene::new(account, [])
    })
}

/// Ends the sessions: one that lost its application would create another after a reset.
pub(crate) fn end(scene: Skype) -> Later<()> {
    Box::pin(async move {
        let now = scene.client.now.lock().unwrap().take();
        let Some(now) = now else { return };
        for session in now.peer.iter().chain([&now.session]) {
            // It may have ended by the strike.
            let _ = session.sign_out().await;
        }
    })
}

/// The user is reachable.
pub(crate) fn available(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        scene.client.receive(AcceptPolicy::Ask).await;
        scene
    })
}

/// The user talks with another.
pub(crate) fn talking(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let sent = scene.client.session().send(bob(), "hello").await;
        let sent = sent.into_result().unwrap();
        let message = sent.message_id.unwrap();
        scene
            .with("conversation", sent.conversation.as_str())
            .with("message", message.as_str())
    })
}

pub(crate) fn meeting(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let meeting = scene.client.session().start_meeting(None).await.unwrap();
        scene.with("conversation", meeting.id().as_str())
    })
}

/// Another user has invited this one.
pub(crate) fn invited(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        scene.client.receive(AcceptPolicy::Ask).await;
        scene.client.inject("hi").await;
        scene.client.be_invited().await;
        scene
    })
}

pub(crate) fn bob() -> SipUri {
    BOB.parse().unwrap()
}

pub(crate) fn conversation(scene: &Skype) -> UcwaConversation {
    scene
        .client
        .session()
        .conversation(scene.id("conversation"))
}
