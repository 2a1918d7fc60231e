//! A subscription to be created.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::{
    ChannelId, ConversationId, ErrorKind, ExposeSecret as _, Problems, Result, SecretString,
    TeamId, Url,
};
use ms_messenger_http::check_id;
use serde_json::{Value, json};

use crate::{destination::check_channel, error::PLATFORM, models::ChangeType, times::rfc3339};

/// The longest life of a subscription to messages.
const LONGEST: Duration = Duration::from_secs(4320 * 60);
/// What is kept from it, because the clocks differ.
const SPARE: Duration = Duration::from_secs(5 * 60);
/// A longer life needs an address for lifecycle notifications.
const WITHOUT_LIFECYCLE: Duration = Duration::from_secs(60 * 60);
/// The longest `clientState` and the longest id of a certificate, in characters.
const MAX_CHARS: usize = 128;

/// A subscription to be created: what is notified, to which address, and for how long. `Debug` prints
/// neither addresses nor secrets.
///
/// ```
/// use ms_messenger_core::SecretString;
/// use msgraph_chat::NewSubscription;
///
/// let state = SecretString::from("5b1f0a5e3f5b4a43");
/// let wanted = NewSubscription::to_chat(
///     "19:2da4c29f6d7041eca70b638b43d45437@thread.v2",
///     "https://contoso.com/graph".parse()?,
///     state,
/// )
/// .with_lifecycle_url("https://contoso.com/graph/lifecycle".parse()?);
/// assert_eq!(wanted.resource(), "/chats/19:2da4c29f6d7041eca70b638b43d45437@thread.v2/messages");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is subscribed to yet"]
pub struct NewSubscription {
    pub(super) place: Place,
    notification_url: Url,
    lifecycle_url: Option<Url>,
    client_state: SecretString,
    changes: Vec<ChangeType>,
    certificate: Option<(String, Vec<u8>)>,
    pub(super) lifetime: Duration,
}

/// What is subscribed to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Channel(TeamId, ChannelId),
    Chat(ConversationId),
    Other(String),
}

impl NewSubscription {
    fn new(place: Place, notification_url: Url, client_state: SecretString) -> Self {
        Self {
            place,
            notification_url,
            lifecycle_url: None,
            client_state,
            changes: vec![
                ChangeType::Created,
                ChangeType::Updated,
                ChangeType::Deleted,
            ],
            certificate: None,
            lifetime: LONGEST - SPARE,
        }
    }

    /// Subscribes `notification_url` to the messages of a channel, replies included. Every
    /// notification holds `client_state`, by which the receiver recognises it.
    pub fn to_channel(
        team: impl Into<TeamId>,
        channel: impl Into<ChannelId>,
        notification_url: Url,
        client_state: SecretString,
    ) -> Self {
        let place = Place::Channel(team.into(), channel.into());
        Self::new(place, notification_url, client_state)
    }

    /// Subscribes `notification_url` to the messages of a chat.
    pub fn to_chat(
        chat: impl Into<ConversationId>,
        notification_url: Url,
        client_state: SecretString,
    ) -> Self {
        Self::new(Place::Chat(chat.into()), notification_url, client_state)
    }

    /// Subscribes `notification_url` to another resource with messages, such as
    /// `/users/{id}/chats/getAllMessages`, in the words of the service.
    pub fn to_resource(
        resource: impl Into<String>,
        notification_url: Url,
        client_state: SecretString,
    ) -> Self {
        let place = Place::Other(resource.into());
        Self::new(place, notification_url, client_state)
    }

    /// Sets the address for lifecycle notifications. Required for a life of more than an hour; it
    /// cannot be added later.
    pub fn with_lifecycle_url(mut self, url: Url) -> Self {
        self.lifecycle_url = Some(url);
        self
    }

    /// Sets the changes that are notified. Default: all.
    pub fn with_changes(mut self, changes: impl IntoIterator<Item = ChangeType>) -> Self {
        self.changes = changes.into_iter().collect();
        self
    }

    /// Lets notifications hold the messages, encrypted for `certificate`: an X.509 certificate in DER
    /// form with an RSA key of 2048 to 4096 bits. `id` is the name by which notifications refer to it.
    pub fn with_certificate(
        mut self,
        id: impl Into<String>,
        certificate: impl Into<Vec<u8>>,
    ) -> Self {
        self.certificate = Some((id.into(), certificate.into()));
        self
    }

    /// Sets how long the subscription lasts unless it is renewed. Default 3 days less 5 minutes; the
    /// service allows 3 days.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Returns what is subscribed to, as the service writes it.
    #[must_use]
    pub fn resource(&self) -> String {
        match &self.place {
            Place::Channel(team, channel) => format!("/teams/{team}/channels/{channel}/messages"),
            Place::Chat(chat) => format!("/chats/{chat}/messages"),
            Place::Other(resource) => resource.clone(),
        }
    }

    /// Whether `url` is the address that is notified.
    pub(super) fn notifies(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url == self.notification_url)
    }

    /// When a subscription that is created or renewed now ends.
    pub(super) fn end(&self) -> String {
        rfc3339(SystemTime::now() + self.lifetime.min(LONGEST))
    }

    pub(super) fn body(&self) -> Value {
        let changes: Vec<&str> = self.changes.iter().map(ChangeType::as_str).collect();
        let mut body = json!({
            "changeType": changes.join(","),
            "notificationUrl": self.notification_url.as_str(),
            "resource": self.resource(),
            "expirationDateTime": self.end(),
            "clientState": self.client_state.expose_secret(),
        });
        if let Some(url) = &self.lifecycle_url {
            body["lifecycleNotificationUrl"] = url.as_str().into();
        }
        if let Some((id, certificate)) = &self.certificate {
            body["includeResourceData"] = true.into();
            body["encryptionCertificate"] = STANDARD.encode(certificate).into();
            body["encryptionCertificateId"] = id.as_str().into();
        }
        body
    }

    /// Everything that the service would refuse, with all problems. Addresses without TLS are for a
    /// service on loopback.
    pub(super) fn check(&self, is_local: bool) -> Result<()> {
        let mut problems = Problems::for_platform(PLATFORM);
        match &self.place {
            Place::Channel(team, channel) => {
                check_channel(team, channel, &mut problems);
            }
            Place::Chat(chat) => check_id(chat.as_str(), "chat", &mut problems),
            Place::Other(resource) => {
                problems.add_if(resource.is_empty(), "resource", "must not be empty");
            }
        }
        let urls = [
            ("notification_url", Some(&self.notification_url)),
            ("lifecycle_url", self.lifecycle_url.as_ref()),
        ];
        for (field, url) in urls {
            let is_sound = url.is_none_or(|url| {
                matches!(url.scheme(), "https" | "eventhub") || (is_local && url.scheme() == "http")
            });
            problems.add_if(!is_sound, field, "must be https, or an EventHub: address");
        }
        let is_long = self.lifetime > WITHOUT_LIFECYCLE && self.lifecycle_url.is_none();
        let rule = "must be given for a life of more than an hour";
        problems.add_if(is_long, "lifecycle_url", rule);
        let is_sound = (Duration::from_secs(60)..=LONGEST).contains(&self.lifetime);
        problems.add_if(!is_sound, "lifetime", "must be a minute to 3 days");
        problems.add_if(self.changes.is_empty(), "changes", "must name a change");
        let length = self.client_state.expose_secret().chars().count();
        let is_sound = (1..=MAX_CHARS).contains(&length);
        problems.add_if(!is_sound, "client_state", "must have 1 to 128 characters");
        if let Some((id, certificate)) = &self.certificate {
            let is_sound = (1..=MAX_CHARS).contains(&id.chars().count());
            problems.add_if(!is_sound, "certificate.id", "must have 1 to 128 characters");
            // A certificate in DER form is a sequence.
            let is_der = certificate.first() == Some(&0x30);
            problems.add_if(!is_der, "certificate", "must be X.509 in DER form, not PEM");
        }
        problems.into_result(ErrorKind::InvalidRequest)
    }
}

impl fmt::Debug for NewSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSubscription")
            .field("place", &self.place)
            .field("changes", &self.changes)
            .field("lifetime", &self.lifetime)
            .field("has_certificate", &self.certificate.is_some())
            .finish_non_exhaustive()
    }
}
