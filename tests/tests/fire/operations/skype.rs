//! The operations of UCWA. A session has what it prepared for itself, so that it is seen by the
//! session that is struck, without faults.

use ms_messenger::{
    Result,
    ucwa::{AcceptPolicy, OPERATIONS, PreferredAvailability, UcwaContact},
};
use serde_json::{Value, json};

use super::{
    driver::{Driver, Later, Service},
    fact::done,
    skype_account::{
        Account, Skype, available, begin, bob, connect, conversation, end, invited, meeting,
        talking,
    },
    skype_background,
};

pub(crate) fn service() -> Service<Account> {
    let mut drivers = sign_in();
    drivers.extend(own());
    drivers.extend(contacts());
    drivers.extend(invitations());
    drivers.extend(conversations());
    drivers.extend(messages());
    drivers.extend(skype_background::drivers());
    Service {
        name: "ucwa",
        platform: "ucwa",
        operations: OPERATIONS,
        is_session: true,
        drivers,
        connect,
        begin,
        see,
        end: Some(end),
    }
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
        Driver::change("invitation.accept", |it: Skype| {
            Box::pin(async move {
                let invitation = it.client.invitation();
                invitation.accept().await.map(done)
            })
        })
        .seen_by(|it: Skype| {
            Box::pin(async move {
                let details = it.client.invitation().conversation.details().await;
                json!(details.ok().map(|it| format!("{:?}", it.phase)))
            })
        })
        .after(invited)
        .striking("accept"),
        Driver::unseen("invitation.decline", |it: Skype| {
            Box::pin(async move {
                let invitation = it.client.invitation();
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
