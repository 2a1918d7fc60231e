//! A contact without an application acts: `POST /_emulator/inject` for UCWA.

use serde_json::{Value, json};

use crate::{
    engine::injection::{InjectError, InjectedFields, Injection},
    services::ucwa::{
        hrefs,
        messages::incoming,
        model::{Behaviour, Body, First, Invites, Leg, Place, Presence, Session, reason},
        presence::AVAILABILITIES,
        published::Published,
        ringing::{Asking, Topic},
        state::Ucwa,
        transaction::{Tx, row, with_tx},
    },
    wire::request::Request,
};

/// Does what the document says. Returns the ids it made.
pub(super) fn inject(service: &Ucwa, injection: &Injection<'_>) -> Result<Value, InjectError> {
    let action = injection.document.get("action").and_then(Value::as_str);
    if action == Some("presence") {
        return publish(service, injection);
    }
    let has_text = action == Some("message") || injection.document.get("text").is_some();
    let required: &[&str] = if has_text {
        &["from", "to", "action", "text"]
    } else {
        &["from", "to", "action"]
    };
    let fields = injection.fields(required, &[])?;
    let made = act(service, &fields, injection.request);
    let mut made = made.map_err(InjectError::new)?;
    made["action"] = fields.text("action").into();
    Ok(made)
}

/// Publishes the presence and the note of a contact.
fn publish(service: &Ucwa, injection: &Injection<'_>) -> Result<Value, InjectError> {
    let optional = ["availability", "activity", "note"];
    let fields = injection.fields(&["from", "action"], &optional)?;
    let contact = hrefs::normal_sip(fields.text("from"));
    let contact = contact.ok_or_else(|| InjectError::new("from: must be a SIP address"))?;
    let known = |word| AVAILABILITIES.into_iter().find(|known| *known == word);
    let availability = match fields.optional("availability") {
        None => None,
        Some(word) => Some(known(word).ok_or_else(|| {
            let all = AVAILABILITIES.join(", ");
            InjectError::new(format!("availability: must be one of {all}"))
        })?),
    };
    let published = Published {
        availability,
        activity: fields.optional("activity").map(str::to_owned),
        note: fields.optional("note").map(str::to_owned),
    };
    let made = with_tx(service, |tx| tx.publish(&contact, published));
    let mut made = made.map_err(InjectError::new)?;
    made["action"] = "presence".into();
    Ok(made)
}

/// Lets a contact act. The error says what is wrong.
fn act(service: &Ucwa, fields: &InjectedFields<'_>, request: &Request) -> Result<Value, String> {
    let address = |name: &str| {
        let text = fields.text(name);
        hrefs::normal_sip(text).ok_or_else(|| format!("{name}: must be a SIP address"))
    };
    let (from, to) = (address("from")?, address("to")?);
    with_tx(service, |tx| match fields.text("action") {
        "message" => {
            let text = fields
                .optional("text")
                .ok_or("text: is required for a message")?;
            tx.speak(&from, &to, text, request)
        }
        "accept" => Ok(tx.response_for(&from, &to, Behaviour::Accept)),
        "decline" => Ok(tx.response_for(&from, &to, Behaviour::Decline)),
        "busy" => Ok(tx.response_for(&from, &to, Behaviour::Busy)),
        "ignore" => Ok(tx.response_for(&from, &to, Behaviour::Ignore)),
        "terminate" => tx.hang_up(&from, &to),
        _ => {
            let known = "message, accept, decline, busy, ignore, terminate, presence";
            Err(format!("action: must be one of {known}"))
        }
    })
}

impl Tx<'_> {
    /// The sessions between two users, the newest first.
    fn between(&self, from: &str, to: &str) -> Vec<u64> {
        let has = |session: &Session, sip: &str| session.legs.iter().any(|leg| leg.sip == sip);
        let sessions = self.store.sessions.values().rev();
        sessions
            .filter(|session| has(session, from) && has(session, to))
            .map(|session| session.id)
            .collect()
    }

    /// A message of a contact: in the open conversation, or with an invitation to a new one.
    fn speak(
        &mut self,
        from: &str,
        to: &str,
        text: &str,
        request: &Request,
    ) -> Result<Value, String> {
        let body = Body {
            is_html: false,
            text: text.to_owned(),
        };
        for session in self.between(from, to) {
            if let Some((conversation, message_id)) = self.say(session, from, to, &body) {
                let new = row(
                    "inject",
                    &conversation,
                    from,
                    &body,
                    &message_id,
                    None,
                    self.about(&conversation),
                );
                self.record_request(new, request);
                return Ok(json!({"conversation": conversation, "message_id": message_id}));
            }
        }
        self.call(from, to, body, request)
    }

    /// Says something in a session that the contact has joined. Returns the view of `to`.
    fn say(&mut self, session: u64, from: &str, to: &str, body: &Body) -> Option<(String, String)> {
        let found = self.store.sessions.get(&session)?;
        let is_in = |leg: &Leg| leg.presence == Presence::Joined && leg.has_messaging;
        let speaks = |leg: &Leg| leg.sip == from && leg.place == Place::Contact && is_in(leg);
        if !found.legs.iter().any(speaks) {
            return None;
        }
        let mut seen = None;
        for leg in found.legs.clone().iter().filter(|leg| is_in(leg)) {
            if let Place::At {
                application,
                conversation,
            } = &leg.place
            {
                let message = incoming(from, body, self.service.engine.now_ms());
                let number = self.hand_over(application, conversation, message, None)?;
                if leg.sip == to {
                    let id = hrefs::message(application, conversation, number);
                    seen = Some((conversation.clone(), id));
                }
            }
        }
        seen
    }

    /// A contact starts a conversation.
    fn call(
        &mut self,
        from: &str,
        to: &str,
        body: Body,
        request: &Request,
    ) -> Result<Value, String> {
        if self.store.available(to).is_empty() {
            return Err("to: has no available application to receive it".to_owned());
        }
        let topic = Topic {
            importance: "Normal".to_owned(),
            thread: self.id(),
            ..Topic::default()
        };
        let session = self.open_session(&topic);
        if let Some(found) = self.store.sessions.get_mut(&session) {
            found.legs.push(Leg {
                sip: from.to_owned(),
                place: Place::Contact,
                presence: Presence::Joined,
                has_messaging: true,
            });
        }
        self.ask(
            session,
            &Asking {
                callee: to.to_owned(),
                caller: from.to_owned(),
                invites: Invites::Messaging,
                inviter: None,
                toast: Some(body.clone()),
                behaviour: None,
            },
        );
        let Some((application, conversation, invitation)) = self.rung(session) else {
            return Err("to: could not be called".to_owned());
        };
        let rel = Invites::Messaging.rel();
        let message_id = hrefs::invitation(&application, rel, &invitation);
        if let Some(found) = self.store.sessions.get_mut(&session) {
            found.first = Some(First {
                body,
                sender: from.to_owned(),
                operation: None,
                message_id: message_id.clone(),
                conversation: conversation.clone(),
                ledger_operation: "inject",
                request: request.clone(),
            });
        }
        Ok(json!({
            "conversation": conversation,
            "message_id": message_id,
            "invitation": invitation,
        }))
    }

    /// Application, view and invitation of the first endpoint that rings.
    fn rung(&self, session: u64) -> Option<(String, String, String)> {
        let found = self.store.sessions.get(&session)?;
        found.legs.iter().find_map(|leg| match &leg.place {
            Place::At {
                application,
                conversation,
            } if leg.presence == Presence::Ringing => {
                let view = self.store.view(application, conversation)?;
                let invitation = view.invitation.clone()?;
                Some((application.clone(), conversation.clone(), invitation))
            }
            _ => None,
        })
    }

    /// A contact reacts to the pending invitation, else to the next one.
    fn response_for(&mut self, from: &str, to: &str, behaviour: Behaviour) -> Value {
        let pending = self.between(from, to).into_iter().find_map(|session| {
            let found = self.store.sessions.get(&session)?;
            let ring = found.rings.iter().find(|ring| ring.callee == from)?;
            Some((session, ring.id))
        });
        let Some((session, ring)) = pending else {
            let key = (from.to_owned(), to.to_owned());
            let behaviours = self.store.prepared.entry(key.clone());
            behaviours.or_default().push_back(behaviour);
            self.keep_prepared(&key);
            return json!({"prepared": true});
        };
        match behaviour {
            Behaviour::Accept => self.accept_ring(session, ring, None),
            Behaviour::Decline => {
                let declined = reason("RemoteFailure", "Declined");
                self.refuse(session, ring, "Declined", &declined);
            }
            Behaviour::Busy => {
                let busy = reason("RemoteFailure", "Busy");
                self.refuse(session, ring, "Failed", &busy);
            }
            // It rings on until it expires.
            _ => {}
        }
        json!({"prepared": false})
    }

    /// A contact ends the newest conversation with a user.
    fn hang_up(&mut self, from: &str, to: &str) -> Result<Value, String> {
        let session = self.between(from, to).into_iter().next();
        let session = session.ok_or("to: is in no conversation with that contact")?;
        self.end_session(session, &reason("Informational", "Ended"));
        Ok(json!({"ended": true}))
    }
}
