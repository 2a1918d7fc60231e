//! The signed-in user: name, presence and note.

use std::sync::Arc;

use ms_messenger_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::{
    application::Application,
    error::{PLATFORM, protocol},
    operations::{ME_GET, NOTE_GET, NOTE_SET, PRESENCE_GET, PRESENCE_SET},
    presence::{Note, PreferredAvailability, Presence},
    sender::Sender,
    session::UcwaSession,
};

impl UcwaSession {
    /// Reads the address and the name of the signed-in user.
    ///
    /// # Errors
    ///
    /// The error of the server, or the end of the session.
    pub async fn me(&self) -> Result<Sender> {
        let application = self.current()?;
        let href = application.me();
        let href = href.ok_or_else(|| protocol("the application has no link me"))?;
        let me = self.inner().read(&application, &ME_GET, &href).await?;
        Ok(Sender::read(&me))
    }

    /// Reads the presence of the signed-in user, as others see it.
    ///
    /// # Errors
    ///
    /// `Unsupported` before the user was made available by [`receive`](Self::receive); otherwise the
    /// error of the server.
    pub async fn presence(&self) -> Result<Presence> {
        let application = self.current()?;
        let href = application.presence().ok_or_else(not_available)?;
        let inner = self.inner();
        let presence = inner.read(&application, &PRESENCE_GET, &href).await?;
        Ok(Presence::read(&presence))
    }

    /// Sets what the signed-in user is shown as.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    /// use ucwa::{AcceptPolicy, Availability, PreferredAvailability, UcwaCredential, UcwaSession};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let user = &emulator.seed().ucwa.users[0];
    /// let credential = UcwaCredential::password(&user.username, user.password.as_str());
    /// let session = UcwaSession::builder(&user.sip, credential)
    ///     .with_discovery_url(&emulator.seed().ucwa.discover)
    ///     .sign_in()
    ///     .await?;
    ///
    /// let incoming = session.receive(AcceptPolicy::Everyone).await?;
    /// session.set_presence(PreferredAvailability::Busy).await?;
    /// session.set_note("Back at nine").await?;
    /// assert_eq!(session.presence().await?.availability, Some(Availability::Busy));
    /// assert_eq!(session.note().await?.expect("it is set").message, "Back at nine");
    /// # drop(incoming);
    /// # session.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`presence`](Self::presence). After a lost response it is safe to call it again.
    pub async fn set_presence(&self, availability: PreferredAvailability) -> Result<()> {
        let body = json!({"availability": availability.as_str()});
        self.post_presence(body).await
    }

    /// Lets the server determine the presence of the signed-in user again.
    ///
    /// # Errors
    ///
    /// As [`set_presence`](Self::set_presence).
    pub async fn reset_presence(&self) -> Result<()> {
        self.post_presence(Value::Null).await
    }

    async fn post_presence(&self, body: Value) -> Result<()> {
        let application = self.current()?;
        let href = application.presence().ok_or_else(not_available)?;
        let posted = application.post(&PRESENCE_SET, &href, body).await;
        posted.inspect_err(|error| self.inner().observe(&application, error))
    }

    /// Reads the note of the signed-in user; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`presence`](Self::presence).
    pub async fn note(&self) -> Result<Option<Note>> {
        let application = self.current()?;
        let href = application.note().ok_or_else(not_available)?;
        let note = self.inner().read(&application, &NOTE_GET, &href).await?;
        Ok(Note::read(&note))
    }

    /// Sets the note of the signed-in user, which others see. An empty one removes it.
    ///
    /// # Errors
    ///
    /// As [`set_presence`](Self::set_presence).
    pub async fn set_note(&self, note: &str) -> Result<()> {
        let application = self.current()?;
        let href = application.note().ok_or_else(not_available)?;
        let body = json!({"message": note});
        let posted = application.post(&NOTE_SET, &href, body).await;
        posted.inspect_err(|error| self.inner().observe(&application, error))
    }

    fn current(&self) -> Result<Arc<Application>> {
        self.inner().lifecycle.check()?;
        Ok(self.inner().application.get())
    }
}

/// The error before the user was made available: the server does not offer the link.
fn not_available() -> Error {
    let message = "the user is not available yet: call receive first";
    Error::new(ErrorKind::Unsupported, message).with_platform(PLATFORM)
}
