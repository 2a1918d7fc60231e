//! A contact: what the search found, and reads of what the contact publishes.

use std::{fmt, sync::Arc};

use ms_messenger_core::{Error, ErrorKind, Result, open_enum};

use crate::{
    application::Application,
    error::{PLATFORM, not_allowed, protocol},
    handle::SessionHandle,
    operations::{CONTACT_GET, CONTACT_NOTE, CONTACT_PRESENCE},
    presence::{Note, Presence},
    resource::Resource,
    words::{self, CODE, line},
};

open_enum! {
    /// The kind of a contact. Source: "ContactType".
    pub enum ContactKind {
        /// A user.
        User = "User",
        /// A phone.
        Phone = "Phone",
        /// A bot.
        Bot = "Bot",
    }
}

open_enum! {
    /// The network that a contact is in. Source: "SourceNetwork".
    pub enum SourceNetwork {
        /// The network of the signed-in user.
        SameEnterprise = "SameEnterprise",
        /// A partner's.
        Federated = "Federated",
        /// A public one.
        PublicCloud = "PublicCloud",
        /// Not known to the server.
        Unknown = "Unknown",
    }
}

/// A contact that [`search_contacts`](crate::UcwaSession::search_contacts) or
/// [`contact`](crate::UcwaSession::contact) found. It keeps its session alive. Its reads are valid
/// until the session gets another application: search for it again then.
///
/// ```
/// use ms_messenger_core::SipUri;
/// use ms_messenger_emulator::Emulator;
/// use ucwa::{Availability, UcwaCredential, UcwaSession};
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
/// let bob: SipUri = "sip:bob@contoso.test".parse()?;
/// let contact = session.contact(bob.clone()).await?;
/// let presence = contact.presence().await?;
/// if presence.availability == Some(Availability::Online) {
///     session.send(bob, "Build 42 is green").await.into_result()?;
/// }
/// assert_eq!(emulator.messages().len(), 1);
/// # session.sign_out().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct UcwaContact {
    /// The address with its scheme, e.g. `sip:lene@contoso.com`; a phone has `tel:`.
    pub uri: String,
    /// The display name.
    pub name: Option<String>,
    /// The mail addresses.
    pub email_addresses: Vec<String>,
    /// The job title.
    pub title: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// The office.
    pub office: Option<String>,
    /// The phone number at work.
    pub work_phone: Option<String>,
    /// The mobile phone number.
    pub mobile_phone: Option<String>,
    /// The kind, if the server reports it.
    pub kind: Option<ContactKind>,
    /// The network, if the server reports it.
    pub source_network: Option<SourceNetwork>,
    session: SessionHandle,
    links: Links,
}

/// Where a contact is, and the application that named it.
#[derive(Clone, Debug)]
struct Links {
    application: u64,
    own: Option<String>,
    presence: Option<String>,
    note: Option<String>,
}

impl UcwaContact {
    /// Reads a contact; `None` if it has no address.
    pub(crate) fn read(
        session: SessionHandle,
        application: &Application,
        contact: &Resource,
    ) -> Option<Self> {
        let text = |name: &str| {
            let text = contact.short_text(name).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        Some(Self {
            uri: text("uri")?,
            name: text("name"),
            email_addresses: contact.texts("emailAddresses"),
            title: text("title"),
            department: text("department"),
            company: text("company"),
            office: text("office"),
            work_phone: text("workPhoneNumber"),
            mobile_phone: text("mobilePhoneNumber"),
            kind: text("type").map(ContactKind::from),
            source_network: text("sourceNetwork").map(SourceNetwork::from),
            session,
            links: Links {
                application: application.id,
                own: contact.address("self"),
                presence: contact.address("contactPresence"),
                note: contact.address("contactNote"),
            },
        })
    }

    /// Reads whether the contact can be reached.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the server offers no presence of this contact, `NotFound` if the contact was
    /// found before the session got another application; otherwise the error of the server.
    pub async fn presence(&self) -> Result<Presence> {
        let href = self.links.presence.as_deref();
        let href = href.ok_or_else(|| not_allowed("the presence of this contact to be read"))?;
        let application = self.application()?;
        let inner = self.session.inner();
        let found = inner.read(&application, &CONTACT_PRESENCE, href).await?;
        Ok(Presence::read(&found))
    }

    /// Reads the note of the contact; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`presence`](Self::presence).
    pub async fn note(&self) -> Result<Option<Note>> {
        let href = self.links.note.as_deref();
        let href = href.ok_or_else(|| not_allowed("the note of this contact to be read"))?;
        let application = self.application()?;
        let inner = self.session.inner();
        let found = inner.read(&application, &CONTACT_NOTE, href).await?;
        Ok(Note::read(&found))
    }

    /// Reads the contact again.
    ///
    /// # Errors
    ///
    /// As [`presence`](Self::presence).
    pub async fn refresh(&self) -> Result<Self> {
        let href = self.links.own.as_deref();
        let href = href.ok_or_else(|| not_allowed("this contact to be read"))?;
        let application = self.application()?;
        let inner = self.session.inner();
        let found = inner.read(&application, &CONTACT_GET, href).await?;
        Self::read(self.session.clone(), &application, &found)
            .ok_or_else(|| protocol("the contact has no address"))
    }

    /// The application that named the links.
    fn application(&self) -> Result<Arc<Application>> {
        let application = self.session.inner().application.get();
        if application.id == self.links.application {
            return Ok(application);
        }
        let message = "the contact was found by an earlier application: search for it again";
        Err(Error::new(ErrorKind::NotFound, message).with_platform(PLATFORM))
    }
}

impl fmt::Debug for UcwaContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref();
        f.debug_struct("UcwaContact")
            .field("uri", &words::sip(&self.uri))
            .field("name", &name.map(|name| line(name, CODE)))
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
