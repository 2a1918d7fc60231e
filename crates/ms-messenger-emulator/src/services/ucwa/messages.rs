//! Messages between the views of a session, and typing notifications.

use http::StatusCode;

use crate::{
    services::ucwa::{
        event::Event,
        faults::UcwaFault,
        hrefs,
        model::{Body, Leg, Message, Messaging, Place, Presence, Reason, reason},
        render,
        responses::{Reply, bad_parameter, conflict, not_found, refusal},
        store::Delivery,
        time::Due,
        transaction::{Tx, row},
    },
    wire::request::Request,
};

/// Largest message in characters. No limit is documented; this is what users of the service report.
const MAX_MESSAGE: usize = 8000;
/// How long a message waits to be fetched, seconds.
const FETCH: u64 = 30;
/// How long a sign of typing lasts, seconds. No duration is documented.
const TYPING: u64 = 10;
pub(super) const MAX_OPERATION: usize = 50;

/// A message on its way in.
pub(super) fn incoming(sender: &str, body: &Body, now: u64) -> Message {
    Message {
        number: 0,
        is_incoming: true,
        body: body.clone(),
        sender: sender.to_owned(),
        at_ms: now,
        operation: None,
        failed: Vec::new(),
        status: "Succeeded",
    }
}

/// Reads the body of sendMessage: raw text, not JSON.
fn read_body(request: &Request, formats: &[String]) -> Reply<Body> {
    let content_type = request.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    let unsupported = |message| {
        refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            message,
        )
    };
    let is_html = match essence.trim().to_ascii_lowercase().as_str() {
        "text/plain" => false,
        "text/html" => true,
        _ => return Err(unsupported("A message is text/plain or text/html.")),
    };
    if is_html && !formats.iter().any(|format| format == "Html") {
        return Err(unsupported(
            "Html was not negotiated for this conversation.",
        ));
    }
    let Ok(text) = std::str::from_utf8(&request.body) else {
        return Err(bad_parameter("message", "must be UTF-8"));
    };
    if text.is_empty() {
        return Err(bad_parameter("message", "must not be empty"));
    }
    if text.chars().count() > MAX_MESSAGE {
        let message = "The message is too large.";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(refusal(status, "EntityTooLarge", message));
    }
    let text = text.to_owned();
    Ok(Body { is_html, text })
}

impl Tx<'_> {
    /// sendMessage; returns the address of the message.
    pub(super) fn send(
        &mut self,
        application: &str,
        id: &str,
        request: &Request,
        fault: Option<&UcwaFault>,
    ) -> Reply<String> {
        let view = self.store.view(application, id).ok_or_else(not_found)?;
        if view.messaging != Messaging::Connected || !view.has_send_link {
            return Err(conflict("None"));
        }
        let session = view.session;
        let body = read_body(request, &view.formats)?;
        let operation = request.query.value("operationId").map(str::to_owned);
        if operation
            .as_ref()
            .is_some_and(|o| o.chars().count() > MAX_OPERATION)
        {
            return Err(bad_parameter(
                "operationId",
                "must have 50 characters at most",
            ));
        }
        let mut message = Message {
            operation: operation.clone(),
            is_incoming: false,
            status: "Pending",
            ..incoming(
                &self.sip_of(application),
                &body,
                self.service.engine.now_ms(),
            )
        };
        let Some(view) = self.store.view_mut(application, id) else {
            return Err(not_found());
        };
        message.number = view.keep(message.clone());
        let location = hrefs::message(application, id, message.number);
        let new = row(
            "send",
            id,
            &message.sender,
            &body,
            &location,
            operation,
            self.about(id),
        );
        self.record_request(new, request);
        self.stop_typing(session, &message.sender.clone(), None);
        self.carry(session, application, id, message, fault);
        Ok(location)
    }

    /// Brings a message to the other members, or to none where a fault says so.
    fn carry(
        &mut self,
        session: u64,
        application: &str,
        id: &str,
        message: Message,
        fault: Option<&UcwaFault>,
    ) {
        let mut delivery = Delivery {
            application: application.to_owned(),
            conversation: id.to_owned(),
            message,
            waiting: Vec::new(),
            reached: 0,
            failed: Vec::new(),
        };
        match fault {
            Some(UcwaFault::MessageFailed { code, subcode }) => {
                return self.finish(delivery, Some(&reason(code, subcode)));
            }
            Some(UcwaFault::EndedByPeer) => {
                self.end_session(session, &reason("Informational", "Ended"));
                return self.finish(delivery, Some(&reason("RemoteFailure", "Ended")));
            }
            _ => {}
        }
        let is_lost = fault == Some(&UcwaFault::MessageLost);
        let number = self.store.number();
        for leg in self.listeners(session, application) {
            match leg.place {
                _ if is_lost => delivery.waiting.push((String::new(), leg.sip)),
                Place::Contact => delivery.reached += 1,
                Place::At {
                    application,
                    conversation,
                } => {
                    let message = incoming(
                        &delivery.message.sender,
                        &delivery.message.body,
                        self.service.engine.now_ms(),
                    );
                    self.hand_over(&application, &conversation, message, Some(number));
                    delivery.waiting.push((application, leg.sip));
                }
            }
        }
        if delivery.waiting.is_empty() {
            return self.finish(delivery, None);
        }
        self.store.deliveries.insert(number, delivery);
        self.remind(FETCH, Due::Delivery { id: number });
    }

    /// The members that hear what `application` says.
    pub(super) fn listeners(&self, session: u64, application: &str) -> Vec<Leg> {
        let Some(session) = self.store.sessions.get(&session) else {
            return Vec::new();
        };
        let hears = |leg: &&Leg| {
            let is_speaker =
                matches!(&leg.place, Place::At { application: at, .. } if at == application);
            leg.presence == Presence::Joined && leg.has_messaging && !is_speaker
        };
        session.legs.iter().filter(hears).cloned().collect()
    }

    /// Puts a message into a receiver's view. Returns the number it has there.
    pub(super) fn hand_over(
        &mut self,
        application: &str,
        id: &str,
        message: Message,
        receipt: Option<u64>,
    ) -> Option<u32> {
        let number = self.store.view_mut(application, id)?.keep(message.clone());
        let message = Message { number, ..message };
        let resource = render::message(self, application, id, &message);
        let href = hrefs::message(application, id, number);
        let mut event = Event::new("completed", "message", href)
            .success()
            .embedding(resource);
        event.receipt = receipt;
        self.emit_conversation(application, id, event);
        Some(number)
    }

    /// A receiver's channel has taken the message.
    pub(super) fn fetched(&mut self, id: u64, application: &str) {
        let Some(delivery) = self.store.deliveries.get_mut(&id) else {
            return;
        };
        delivery.waiting.retain(|(at, _)| at != application);
        delivery.reached += 1;
        if delivery.waiting.is_empty()
            && let Some(delivery) = self.store.deliveries.remove(&id)
        {
            self.finish(delivery, None);
        }
    }

    /// The time to fetch a message has passed: it is dropped, and its sender gets an event.
    pub(super) fn give_up(&mut self, id: u64) {
        let Some(mut delivery) = self.store.deliveries.remove(&id) else {
            return;
        };
        for (application, sip) in std::mem::take(&mut delivery.waiting) {
            if let Some(receiver) = self.store.applications.get_mut(&application) {
                receiver.channel.drop_receipt(id);
            }
            delivery.failed.push(sip);
        }
        let is_failure = delivery.reached == 0;
        let why = is_failure.then(|| reason("RemoteFailure", "Timeout"));
        self.finish(delivery, why.as_ref());
    }

    /// Tells the sender how it went.
    fn finish(&mut self, delivery: Delivery, failure: Option<&Reason>) {
        let (application, id) = (delivery.application, delivery.conversation);
        let mut message = delivery.message;
        message.failed = delivery.failed;
        message.status = if failure.is_some() {
            "Failed"
        } else {
            "Succeeded"
        };
        if let Some(view) = self.store.view_mut(&application, &id)
            && let Some(kept) = view.messages.get_mut(&message.number)
        {
            kept.clone_from(&message);
        }
        let resource = render::message(self, &application, &id, &message);
        let href = hrefs::message(&application, &id, message.number);
        let event = Event::new("completed", "message", href).embedding(resource);
        let event = match failure {
            Some(why) => event.failure(why),
            None => event.success(),
        };
        self.emit_conversation(&application, &id, event);
        // A receiver has fetched it, or its time has passed: no request of the sender shows that.
        self.service.engine.activity.note_change();
    }

    /// setIsTyping.
    pub(super) fn type_on(&mut self, application: &str, id: &str) -> Reply<()> {
        let view = self.store.view(application, id).ok_or_else(not_found)?;
        if view.messaging != Messaging::Connected {
            return Err(conflict("None"));
        }
        let session = view.session;
        let sip = self.sip_of(application);
        let stamp = self.store.number();
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return Err(not_found());
        };
        if found.typing.insert(sip.clone(), stamp).is_none() {
            self.tell_typing(session, &sip, "added");
        }
        let due = Due::Typing {
            session,
            sip,
            stamp,
        };
        self.remind(TYPING, due);
        Ok(())
    }

    /// Somebody types no more; with a stamp only if there was no later sign of it.
    pub(super) fn stop_typing(&mut self, session: u64, sip: &str, stamp: Option<u64>) {
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        let last = found.typing.get(sip).copied();
        if last.is_some() && stamp.is_none_or(|stamp| last == Some(stamp)) {
            found.typing.remove(sip);
            self.tell_typing(session, sip, "deleted");
        }
    }

    fn tell_typing(&mut self, session: u64, sip: &str, kind: &'static str) {
        let Some(found) = self.store.sessions.get(&session) else {
            return;
        };
        for leg in found.legs.clone() {
            let Place::At {
                application,
                conversation,
            } = leg.place
            else {
                continue;
            };
            if leg.sip == sip || !leg.has_messaging {
                continue;
            }
            let messaging = hrefs::messaging(&application, &conversation);
            let href = hrefs::participant(&application, &conversation, sip);
            let event = Event::new(kind, "participant", href)
                .titled(&self.name_of(sip))
                .within(
                    "typingParticipants",
                    format!("{messaging}/typingParticipants"),
                    None,
                );
            self.emit_conversation(&application, &conversation, event);
        }
    }
}
