//! Presence and notes: of the signed-in user, and of contacts.

use serde_json::{Value, json};

use crate::services::ucwa::{
    event::Event,
    hrefs,
    input::Input,
    model::Application,
    published::Published,
    responses::{Reply, conflict, no_application},
    transaction::Tx,
};

/// `Availability`: what a contact can be seen as.
pub(super) const AVAILABILITIES: [&str; 8] = [
    "Online",
    "Busy",
    "DoNotDisturb",
    "BeRightBack",
    "Away",
    "IdleOnline",
    "IdleBusy",
    "Offline",
];
/// `PreferredAvailability`: what a user can choose.
const PREFERRED: [&str; 6] = [
    "Online",
    "Busy",
    "DoNotDisturb",
    "BeRightBack",
    "Away",
    "Offwork",
];
/// No limit of a note is documented.
const MAX_NOTE: usize = 10_000;

/// Finds a word that a user can choose as presence.
pub(super) fn preferred(word: &str) -> Option<&'static str> {
    PREFERRED.into_iter().find(|known| *known == word)
}

/// How a state of a user is shown: availability and activity.
pub(super) fn shown(state: &str) -> (&'static str, &'static str) {
    match state {
        "Busy" => ("Busy", "Busy"),
        "DoNotDisturb" => ("DoNotDisturb", "Do Not Disturb"),
        "BeRightBack" => ("BeRightBack", "Be Right Back"),
        "Away" => ("Away", "Away"),
        "Offwork" => ("Away", "off-work"),
        "Idle" | "IdleOnline" => ("IdleOnline", "Inactive"),
        "IdleAway" => ("Away", "Inactive"),
        "IdleBusy" => ("IdleBusy", "Busy"),
        "Offline" => ("Offline", "Offline"),
        _ => ("Online", "Available"),
    }
}

/// `presence`, `note` or `location` of the signed-in user.
pub(super) fn part_of_me(tx: &Tx<'_>, owner: &Application, part: &str) -> Value {
    let this = json!({"self": {"href": format!("{}/me/{part}", hrefs::base(&owner.id))}});
    match part {
        "presence" => {
            let (availability, activity) = shown(owner.availability);
            json!({
                "availability": availability,
                "activity": activity,
                "_links": this,
                "rel": "presence",
            })
        }
        "note" => note_of(tx, &owner.sip, this, "note"),
        _ => json!({"location": "", "_links": this, "rel": "location"}),
    }
}

/// A note under the name `rel`; one that was not set is empty.
pub(super) fn note_of(tx: &Tx<'_>, sip: &str, links: Value, rel: &str) -> Value {
    let published = tx.store.published.get(sip);
    let message = published.and_then(|it| it.note.as_deref());
    json!({
        "message": message.unwrap_or_default(),
        "type": "Personal",
        "_links": links,
        "rel": rel,
    })
}

impl Tx<'_> {
    /// POST of `presence`: without a value it is reset.
    pub(super) fn set_presence(&mut self, application: &str, input: &Input) -> Reply<()> {
        let word = input.text("availability", 50)?;
        let availability = match &word {
            None => "Online",
            Some(word) => preferred(word).ok_or_else(|| input.bad("availability", "is unknown"))?,
        };
        let now = self.service.clock.now();
        let found = self.published_by(application)?;
        found.availability = availability;
        found.last_activity = now;
        self.tell_of_me(application, "presence");
        Ok(())
    }

    /// POST of `note`: an empty one is withdrawn.
    pub(super) fn set_note(&mut self, application: &str, input: &Input) -> Reply<()> {
        let note = input.text("message", MAX_NOTE)?;
        let sip = self.published_by(application)?.sip.clone();
        let published = self.store.published.entry(sip.clone()).or_default();
        published.note = note.filter(|note| !note.trim().is_empty());
        self.keep_published(&sip);
        self.tell_of_me(application, "note");
        Ok(())
    }

    /// The application of a user who was made available; nobody else publishes anything.
    fn published_by(&mut self, application: &str) -> Reply<&mut Application> {
        let found = self.store.applications.get_mut(application);
        let found = found.ok_or_else(no_application)?;
        if found.is_available {
            Ok(found)
        } else {
            Err(conflict("MakeMeAvailableRequired"))
        }
    }

    fn tell_of_me(&mut self, application: &str, rel: &'static str) {
        let href = format!("{}/me/{rel}", hrefs::base(application));
        let event = Event::new("updated", rel, href);
        self.emit(application, hrefs::of_me(application), event);
    }

    /// A contact without an application publishes its presence and note, or withdraws both.
    pub(super) fn publish(&mut self, contact: &str, published: Published) -> Result<Value, String> {
        if !self.store.available(contact).is_empty() {
            return Err("from: has an application, which publishes its presence".to_owned());
        }
        self.store.published.insert(contact.to_owned(), published);
        self.keep_published(contact);
        Ok(json!({"published": true}))
    }
}
