//! Applications: made, kept alive, made available, ended.

use http::StatusCode;
use serde_json::Value;

use crate::{
    services::ucwa::{
        channel::Channel,
        event::Event,
        hrefs,
        input::Input,
        model::{Application, reason},
        presence::preferred,
        render,
        responses::{Reply, conflict, no_application, refusal},
        ticket::Caller,
        time::Due,
        transaction::Tx,
    },
    wire::response::Response,
};

/// Without a request for events for so long, an application is ended (seconds).
const CHANNEL_GAP: u64 = 15 * 60;
/// Without activity for so long its user is idle, then away; then the application is ended. Only
/// the first time is documented.
const IDLE: u64 = 5 * 60;
const AWAY: u64 = 10 * 60;
const INACTIVE: u64 = 15 * 60;
/// How long an application that ended for inactivity is remembered with 410. A guess.
const REMEMBERED: u64 = 5 * 60;

/// The refusal for an application that ended for inactivity.
pub(super) fn inactive() -> Box<Response> {
    let message = "The application was terminated because of inactivity.";
    refusal(StatusCode::GONE, "InactiveApplicationExpired", message)
}

impl Tx<'_> {
    /// Looks an application up for a caller.
    pub(super) fn admit(&mut self, application: &str, caller: &Caller) -> Reply<()> {
        match self.store.applications.get(application) {
            Some(found) if found.sip == caller.sip => Ok(()),
            Some(_) => {
                let message = "The application belongs to another user.";
                Err(refusal(StatusCode::FORBIDDEN, "None", message))
            }
            None => {
                let now = self.service.clock.now();
                self.store.gone.retain(|_, until| *until > now);
                let is_remembered = self.store.gone.contains_key(application);
                Err(if is_remembered {
                    inactive()
                } else {
                    no_application()
                })
            }
        }
    }

    /// POST applications; returns the id, and whether it is new.
    pub(super) fn create_application(
        &mut self,
        caller: &Caller,
        input: &Input,
    ) -> Reply<(String, bool)> {
        let required = |name| {
            input
                .text(name, 100)
                .and_then(|text| input.required(name, text))
        };
        let user_agent = required("userAgent")?;
        let endpoint = required("endpointId")?;
        let culture = required("culture")?;
        let kind = input.text("type", 100)?.unwrap_or_default();
        let instance = input.text("instanceId", 100)?.unwrap_or_default();
        let identity = [user_agent, endpoint, culture, kind, instance];
        let is_same = |a: &&Application| a.sip == caller.sip && a.identity == identity;
        if let Some(found) = self.store.applications.values().find(is_same) {
            return Ok((found.id.clone(), false));
        }
        let n = self.service.engine.guid().as_u128() % 900_000_000_000;
        let id = (100_000_000_000 + n).to_string();
        let new = Application {
            id: id.clone(),
            sip: caller.sip.clone(),
            name: caller.name.clone(),
            is_anonymous: caller.is_anonymous,
            identity,
            is_available: false,
            availability: "Offline",
            last_activity: self.service.clock.now(),
            modalities: Vec::new(),
            formats: vec!["Plain".to_owned()],
            guid: self.property_guid(),
            etag: u64::from(self.service.engine.guid().as_fields().0),
            channel: Channel::new(self.service.clock.now()),
            conversations: Default::default(),
            invitations: Default::default(),
            completed: Default::default(),
        };
        self.store.applications.insert(id.clone(), new);
        self.keep_application();
        let application = id.clone();
        self.remind(CHANNEL_GAP, Due::Channel { application });
        Ok((id, true))
    }

    /// A GUID that begins with a digit, so that it is the first member of a sorted object too.
    fn property_guid(&self) -> String {
        let guid = self.service.engine.guid().to_string();
        let digit = guid.as_bytes()[0] % 10;
        format!("{digit}{}", &guid[1..])
    }

    /// Ends an application: its calls and conversations, then the application itself.
    pub(super) fn end_application(&mut self, application: &str) {
        let Some(found) = self.store.applications.get(application) else {
            return;
        };
        let views: Vec<String> = found.conversations.keys().cloned().collect();
        for view in views {
            self.quit(application, &view);
        }
        // Whoever waits for its events finds it gone.
        self.store.applications.remove(application);
        // Its conversations take no messages any more: no request shows that of an application that expires.
        self.service.engine.activity.note_change();
    }

    /// Leaves a conversation, or ends an invitation in it without acceptance.
    pub(super) fn quit(&mut self, application: &str, view: &str) {
        let found = self.store.view(application, view);
        let is_ringing = found.is_some_and(|view| view.invitation.is_some());
        if is_ringing {
            let gone = reason("RemoteFailure", "TemporarilyUnavailable");
            self.turn_down(application, view, "Failed", &gone);
        } else {
            self.leave(application, view, &reason("Informational", "Ended"));
        }
    }

    /// Ends an application for inactivity, and remembers it for a while.
    pub(super) fn expire(&mut self, application: &str) {
        self.end_application(application);
        let until = self.service.clock.now() + self.service.settings.seconds(REMEMBERED);
        self.store.gone.insert(application.to_owned(), until);
    }

    /// makeMeAvailable.
    pub(super) fn make_available(&mut self, application: &str, input: &Input) -> Reply<()> {
        let modalities = input.list("supportedModalities")?;
        let formats = input.list("supportedMessageFormats")?;
        let sign_in = input.text("signInAs", 50)?;
        let availability = match sign_in.as_deref() {
            None => "Online",
            Some(word) => preferred(word).ok_or_else(|| input.bad("signInAs", "is unknown"))?,
        };
        let now = self.service.clock.now();
        let Some(found) = self.store.applications.get_mut(application) else {
            return Err(no_application());
        };
        if found.is_anonymous {
            return Err(anonymous());
        }
        if found.is_available {
            return Err(conflict("AlreadyExists"));
        }
        found.is_available = true;
        found.availability = availability;
        found.last_activity = now;
        found.modalities = modalities.unwrap_or_default();
        found.formats = with_plain(formats);
        found.etag = found.etag.wrapping_add(1);
        let href = |name: &str| format!("{}/me{name}", hrefs::base(application));
        self.tell_me("updated", "me", application, href(""));
        for (name, address) in [
            ("presence", "/presence"),
            ("note", "/note"),
            ("location", "/location"),
        ] {
            self.tell_me("added", name, application, href(address));
        }
        self.tell_own_communication(application);
        let application = application.to_owned();
        self.remind(IDLE, Due::Activity { application });
        Ok(())
    }

    fn tell_me(&mut self, kind: &'static str, rel: &'static str, application: &str, href: String) {
        let event = Event::new(kind, rel, href);
        self.emit(application, hrefs::of_me(application), event);
    }

    fn tell_own_communication(&mut self, application: &str) {
        let Some(found) = self.store.applications.get(application) else {
            return;
        };
        let resource = render::communication(found);
        let href = hrefs::communication(application);
        let event = Event::new("updated", "communication", href).embedding(resource);
        self.emit_communication(application, event);
    }

    /// reportMyActivity.
    pub(super) fn report_activity(&mut self, application: &str) -> Reply<()> {
        let now = self.service.clock.now();
        let Some(found) = self.store.applications.get_mut(application) else {
            return Err(no_application());
        };
        if found.is_anonymous {
            return Err(anonymous());
        }
        if !found.is_available {
            return Err(conflict("MakeMeAvailableRequired"));
        }
        found.last_activity = now;
        let was_idle = matches!(found.availability, "Idle" | "IdleAway");
        if was_idle {
            found.availability = "Online";
            let href = format!("{}/me/presence", hrefs::base(application));
            self.tell_me("updated", "presence", application, href);
        }
        Ok(())
    }

    /// PUT communication: all its properties, the one with the GUID, and the entity tag.
    pub(super) fn put_communication(
        &mut self,
        application: &str,
        if_match: Option<&str>,
        body: &[u8],
    ) -> Reply<Value> {
        let Some(found) = self.store.applications.get_mut(application) else {
            return Err(no_application());
        };
        let quoted = if_match
            .and_then(|tag| tag.trim().strip_prefix('"'))
            .and_then(|tag| tag.strip_suffix('"'));
        let Some(tag) = quoted else {
            let message = "An If-Match header with a quoted entity tag is required.";
            let status = StatusCode::PRECONDITION_REQUIRED;
            return Err(refusal(status, "PreconditionRequired", message));
        };
        if tag != found.etag.to_string() {
            let message = "The resource has changed.";
            let status = StatusCode::PRECONDITION_FAILED;
            return Err(refusal(status, "PreconditionFailed", message));
        }
        let input = Input::of_json(body)?;
        if !input.has(&found.guid) {
            let message = "The property that names the resource's version is missing.";
            return Err(refusal(StatusCode::BAD_REQUEST, "BadRequest", message));
        }
        let modalities = input.list("supportedModalities")?;
        let formats = input.list("supportedMessageFormats")?;
        if let Some(modalities) = modalities {
            found.modalities = modalities;
        }
        if formats.is_some() {
            found.formats = with_plain(formats);
        }
        found.etag = found.etag.wrapping_add(1);
        let resource = render::communication(found);
        self.tell_own_communication(application);
        Ok(resource)
    }

    /// Carries out a deadline.
    pub(super) fn fall_due(&mut self, due: Due) {
        match due {
            Due::Channel { application } => self.watch_channel(application),
            Due::Activity { application } => self.watch_activity(application),
            Due::Ring { session, ring } => {
                let timeout = reason("RemoteFailure", "Timeout");
                self.refuse(session, ring, "Failed", &timeout);
            }
            Due::Delivery { id } => self.give_up(id),
            Due::Typing {
                session,
                sip,
                stamp,
            } => self.stop_typing(session, &sip, Some(stamp)),
        }
    }

    /// Ends an application with a silent channel, or schedules the next check.
    fn watch_channel(&mut self, application: String) {
        let Some(found) = self.store.applications.get(&application) else {
            return;
        };
        let limit = self.service.settings.seconds(CHANNEL_GAP);
        let now = self.service.clock.now();
        let silence = found.channel.silence(now);
        if silence >= limit {
            return self.expire(&application);
        }
        let at = now + (limit - silence);
        self.remind_at(at, Due::Channel { application });
    }

    /// An inactive user is idle, then away; then the application is ended.
    fn watch_activity(&mut self, application: String) {
        let settings = self.service.settings;
        let now = self.service.clock.now();
        let Some(found) = self.store.applications.get_mut(&application) else {
            return;
        };
        let idle_for = now.saturating_duration_since(found.last_activity);
        if idle_for >= settings.seconds(INACTIVE) {
            return self.expire(&application);
        }
        let (now, next) = if idle_for >= settings.seconds(AWAY) {
            (Some("IdleAway"), INACTIVE)
        } else if idle_for >= settings.seconds(IDLE) {
            (Some("Idle"), AWAY)
        } else {
            (None, IDLE)
        };
        let at = found.last_activity + settings.seconds(next);
        if let Some(now) = now.filter(|now| *now != found.availability) {
            found.availability = now;
            let href = format!("{}/me/presence", hrefs::base(&application));
            self.tell_me("updated", "presence", &application, href);
        }
        self.remind_at(at, Due::Activity { application });
    }
}

/// The refusal for a guest.
pub(super) fn anonymous() -> Box<Response> {
    let message = "An anonymous user may not do this.";
    refusal(StatusCode::FORBIDDEN, "AnonymousNotAllowed", message)
}

/// Plain text can always be read.
fn with_plain(formats: Option<Vec<String>>) -> Vec<String> {
    let mut formats = formats.unwrap_or_default();
    if !formats.iter().any(|format| format == "Plain") {
        formats.insert(0, "Plain".to_owned());
    }
    formats
}
