//! The operations of UCWA. A session has what it prepared for itself, so that it is seen by the
//! session that is struck, without faults.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ms_messenger::{
    Result, SipUri,
    http::{HttpOptions, Method},
    ucwa::{
        AcceptPolicy, Incoming, IncomingStream, Invitation, OPERATIONS, PreferredAvailability,
        UcwaContact, UcwaConversation, UcwaCredential, UcwaSession,
    },
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

use super::{
    admin::admin,
    driver::{Caller, Driver, Later, Service},
    fact::done,
    scene::Scene,
};
use crate::platform::retry;

const BOB: &str = "sip:bob@contoso.test";

/// Operations that no call of the caller's stands for, or that claim nothing.
const LEFT: [&str; 11] = [
    // They run in the background: `crates/ucwa/tests/channel.rs` and `certainty.rs` strike them.
    "events.get",
    "activity.report",
    "invitation.cancel",
    // What an event does not embed, and what the emulator's application and links always do.
    "invitation.get",
    "messaging.get",
    "application.get",
    "people.get",
    "communication.get",
    "communication.set",
    "messaging.add",
    // `sign_out` returns nothing.
    "application.delete",
];

/// A user who signs in for each strike: the emulator forgets its sessions when it is reset.
#[derive(Clone)]
pub(crate) struct Account {
    sip: String,
    username: String,
    password: String,
    discover: String,
    origin: String,
    options: HttpOptions,
    now: Arc<Mutex<Option<Now>>>,
}

/// What the user has open.
#[derive(Clone)]
struct Now {
    session: Arc<UcwaSession>,
    incoming: Option<Arc<IncomingStream>>,
    invitation: Option<Invitation>,
}

impl Account {
    async fn sign_in(&self) -> Result<UcwaSession> {
        let credential = UcwaCredential::password(&self.username, self.password.as_str());
        UcwaSession::builder(&self.sip, credential)
            .with_discovery_url(&self.discover)
            .with_send_timeout(Duration::from_secs(2))
            .with_retry_policy(retry())
            .with_http_options(self.options.clone())
            .sign_in()
            .await
    }

    fn now(&self) -> Now {
        self.now
            .lock()
            .unwrap()
            .clone()
            .expect("the user is signed in")
    }

    fn session(&self) -> Arc<UcwaSession> {
        self.now().session
    }

    fn keep(&self, change: impl FnOnce(&mut Now)) {
        change(self.now.lock().unwrap().as_mut().unwrap());
    }

    /// Lets another user speak.
    async fn inject(&self, action: &str) {
        let body = json!({"platform": "ucwa", "from": BOB, "to": self.sip, "action": action, "text": "hi"});
        admin(Method::POST, &self.origin, "inject", body).await;
    }
}

type Skype = Scene<Account>;

pub(crate) fn service() -> Service<Account> {
    let mut drivers = sign_in();
    drivers.extend(own());
    drivers.extend(contacts());
    drivers.extend(invitations());
    drivers.extend(conversations());
    drivers.extend(messages());
    Service {
        name: "ucwa",
        platform: "ucwa",
        operations: OPERATIONS,
        left: &LEFT,
        is_session: true,
        drivers,
        connect,
        begin,
        see,
    }
}

fn connect(emulator: &Emulator, options: HttpOptions, _: Caller) -> Account {
    let world = &emulator.seed().ucwa;
    let user = &world.users[0];
    Account {
        sip: user.sip.clone(),
        username: user.username.clone(),
        password: user.password.clone(),
        discover: world.discover.clone(),
        origin: emulator.http_url().to_owned(),
        options,
        now: Arc::default(),
    }
}

fn begin(account: Account, _: &Emulator) -> Later<Skype> {
    Box::pin(async move {
        *account.now.lock().unwrap() = None;
        let session = Arc::new(account.sign_in().await.unwrap());
        *account.now.lock().unwrap() = Some(Now {
            session,
            incoming: None,
            invitation: None,
        });
        Scene::new(account, [])
    })
}

/// The user is reachable.
fn available(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let session = scene.client.session();
        let incoming = session.receive(AcceptPolicy::Ask).await.unwrap();
        scene
            .client
            .keep(|now| now.incoming = Some(Arc::new(incoming)));
        scene
    })
}

/// The user talks with another.
fn talking(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let sent = scene.client.session().send(bob(), "hello").await;
        let sent = sent.into_result().unwrap();
        let message = sent.message_id.unwrap();
        scene
            .with("conversation", sent.conversation.as_str())
            .with("message", message.as_str())
    })
}

fn meeting(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let meeting = scene.client.session().start_meeting(None).await.unwrap();
        scene.with("conversation", meeting.id().as_str())
    })
}

/// Another user has invited this one.
fn invited(scene: Skype) -> Later<Skype> {
    Box::pin(async move {
        let session = scene.client.session();
        let mut incoming = session.receive(AcceptPolicy::Ask).await.unwrap();
        scene.client.inject("message").await;
        let invitation = loop {
            if let Some(Incoming::Invitation(it)) = incoming.next().await {
                break it;
            }
        };
        scene.client.keep(|now| {
            now.incoming = Some(Arc::new(incoming));
            now.invitation = Some(invitation);
        });
        scene
    })
}

/// What the session has at the server.
fn see(scene: Skype) -> Later<Value> {
    Box::pin(async move {
        let session = scene.client.session();
        let presence = session
            .presence()
            .await
            .map(|it| format!("{:?}", it.availability));
        let note = session.note().await.map(|it| it.map(|it| it.message));
        let open = session.conversations().await.map(|it| it.len());
        let participants = match scene.find("conversation") {
            Some(id) => {
                let all = session.conversation(id).participants().await;
                all.map(|all| all.len())
            }
            None => Ok(0),
        };
        json!({
            "presence": presence.ok(),
            "note": note.ok(),
            "conversations": open.ok(),
            "participants": participants.ok(),
        })
    })
}

fn bob() -> SipUri {
    BOB.parse().unwrap()
}

fn conversation(scene: &Skype) -> UcwaConversation {
    scene
        .client
        .session()
        .conversation(scene.id("conversation"))
}

fn sign_in() -> Vec<Driver<Account>> {
    fn signed_in(it: Skype) -> Later<Result<String>> {
        Box::pin(async move { it.client.sign_in().await.map(done) })
    }
    let first = json!({
        "match": {"platform": "ucwa", "operation": "user", "nth": [1]},
        "action": {"kind": "delay", "ms": 0},
    });
    vec![
        Driver::read("discovery.get", signed_in).striking("discover"),
        Driver::read("challenge.get", signed_in).striking("user"),
        Driver::read("user.get", signed_in)
            .striking("user")
            .led_by(first),
        Driver::unseen("ticket.issue", signed_in).striking("token"),
        Driver::unseen("application.create", signed_in).striking("application"),
    ]
}

fn own() -> Vec<Driver<Account>> {
    vec![
        Driver::read("me.get", |it: Skype| {
            Box::pin(async move { it.client.session().me().await.map(|it| it.uri) })
        })
        .striking("me"),
        Driver::unseen("available.set", |it: Skype| {
            Box::pin(async move {
                let session = it.client.session();
                session.receive(AcceptPolicy::Ask).await.map(done)
            })
        })
        .striking("make_available"),
        Driver::read("presence.get", |it: Skype| {
            Box::pin(async move {
                let read = it.client.session().presence().await;
                read.map(|it| format!("{:?}", it.availability))
            })
        })
        .after(available)
        .striking("me"),
        Driver::change("presence.set", |it: Skype| {
            Box::pin(async move {
                let busy = PreferredAvailability::Busy;
                it.client.session().set_presence(busy).await.map(done)
            })
        })
        .after(available)
        .striking("set_presence"),
        Driver::read("note.get", |it: Skype| {
            Box::pin(async move {
                let read = it.client.session().note().await;
                read.map(|it| it.map(|it| it.message).unwrap_or_default())
            })
        })
        .after(available)
        .striking("me"),
        Driver::change("note.set", |it: Skype| {
            Box::pin(async move { it.client.session().set_note("soon").await.map(done) })
        })
        .after(available)
        .striking("set_note"),
    ]
}

async fn contact(scene: &Skype) -> Result<UcwaContact> {
    scene.client.session().contact(bob()).await
}

fn contacts() -> Vec<Driver<Account>> {
    fn found(it: Skype) -> Later<Result<String>> {
        Box::pin(async move { contact(&it).await.map(|it| it.uri) })
    }
    vec![
        Driver::read("contact.search", found).striking("search"),
        Driver::read("contact.get", |it: Skype| {
            Box::pin(async move { contact(&it).await?.refresh().await.map(|it| it.uri) })
        })
        .striking("people"),
        Driver::read("contact.presence", |it: Skype| {
            Box::pin(async move {
                let read = contact(&it).await?.presence().await;
                read.map(|it| format!("{:?}", it.availability))
            })
        })
        .striking("contact_presence"),
        Driver::read("contact.note", |it: Skype| {
            Box::pin(async move {
                let read = contact(&it).await?.note().await;
                read.map(|it| it.map(|it| it.message).unwrap_or_default())
            })
        })
        .striking("contact_note"),
    ]
}

fn invitations() -> Vec<Driver<Account>> {
    vec![
        Driver::change("invitation.start", |it: Skype| {
            Box::pin(async move {
                let sent = it.client.session().send(bob(), "hello").await;
                sent.into_result().map(done)
            })
        })
        // In the ledger alone: a conversation without a message may be left.
        .seen_by(|_| Box::pin(async { Value::Null }))
        .striking("start"),
        // The message of the invitation is received.
        Driver::change("invitation.accept", |it: Skype| {
            Box::pin(async move {
                let invitation = it.client.now().invitation.unwrap();
                invitation.accept().await.map(done)
            })
        })
        .seen_by(|_| Box::pin(async { Value::Null }))
        .after(invited)
        .striking("accept"),
        Driver::unseen("invitation.decline", |it: Skype| {
            Box::pin(async move {
                let invitation = it.client.now().invitation.unwrap();
                invitation.decline().await.map(done)
            })
        })
        .after(invited)
        .striking("decline"),
        Driver::change("meeting.start", |it: Skype| {
            Box::pin(async move { it.client.session().start_meeting(None).await.map(done) })
        })
        .striking("meeting"),
        Driver::change("participant.add", |it: Skype| {
            Box::pin(async move { conversation(&it).add_participant(bob()).await.map(done) })
        })
        .after(meeting)
        .striking("add_participant"),
    ]
}

fn conversations() -> Vec<Driver<Account>> {
    vec![
        Driver::read("conversation.list", |it: Skype| {
            Box::pin(async move {
                let all = it.client.session().conversations().await;
                all.map(|all| all.len().to_string())
            })
        })
        .after(talking)
        .striking("conversations"),
        Driver::read("conversation.get", |it: Skype| {
            Box::pin(async move { conversation(&it).details().await.map(done) })
        })
        .after(talking)
        .striking("conversation"),
        Driver::read("participant.list", |it: Skype| {
            Box::pin(async move {
                let all = conversation(&it).participants().await;
                all.map(|all| all.len().to_string())
            })
        })
        .after(talking)
        .striking("participants"),
        Driver::read("participant.get", |it: Skype| {
            Box::pin(async move {
                let all = conversation(&it).participants().await;
                all.map(|all| all.len().to_string())
            })
        })
        .after(talking)
        .striking("participant"),
        Driver::change("conversation.leave", |it: Skype| {
            Box::pin(async move { conversation(&it).leave().await.map(done) })
        })
        .after(talking)
        .striking("leave"),
        Driver::change("messaging.stop", |it: Skype| {
            Box::pin(async move { conversation(&it).stop().await.map(done) })
        })
        .after(talking)
        .striking("terminate"),
    ]
}

fn messages() -> Vec<Driver<Account>> {
    vec![
        Driver::change("message.send", |it: Skype| {
            Box::pin(async move {
                let sent = conversation(&it).send("more").await;
                sent.into_result().map(done)
            })
        })
        .after(talking)
        .striking("send"),
        Driver::read("message.get", |it: Skype| {
            Box::pin(async move {
                let read = conversation(&it).message(it.id("message")).await;
                read.map(|it| it.text.unwrap_or_default())
            })
        })
        .after(talking)
        .striking("message"),
        Driver::unseen("typing.send", |it: Skype| {
            Box::pin(async move { conversation(&it).set_typing().await.map(done) })
        })
        .after(talking)
        .striking("typing"),
        Driver::read("typing.list", |it: Skype| {
            Box::pin(async move {
                let all = conversation(&it).typing_participants().await;
                all.map(|all| all.len().to_string())
            })
        })
        .after(talking)
        .striking("participants"),
    ]
}
