//! How a session is set up.

use std::{fmt, num::NonZeroUsize, time::Duration};

use ms_messenger_core::{ErrorKind, Problems, Result, RetryPolicy, SipUri};
use ms_messenger_http::{HttpClient, HttpOptions};
use url::Url;

use crate::{
    config::{Config, FIRST_MESSAGE_BYTES, LONGEST_MARGIN, MAX_IDENTITY_CHARS},
    credential::UcwaCredential,
    discovery::Start,
    error::PLATFORM,
    hosts::Hosts,
    message::{Format, Oversize, Sizes},
    session::UcwaSession,
    web::Web,
    words,
};

/// Sets up a [`UcwaSession`]. `Debug` shows addresses without user info and query.
#[must_use = "a builder does nothing until it signs in"]
pub struct UcwaBuilder {
    credential: UcwaCredential,
    discovery_url: Option<String>,
    trusted: Vec<String>,
    http: Option<HttpClient>,
    options: HttpOptions,
    config: Config,
}

impl fmt::Debug for UcwaBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.discovery_url.as_deref();
        f.debug_struct("UcwaBuilder")
            .field("sip", &words::sip(&self.config.sip))
            .field("credential", &self.credential)
            .field("discovery_url", &url.map(words::address))
            .field("trusted", &self.trusted)
            .field("identity", &self.config.identity)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl UcwaSession {
    /// Sets up a session for the user with the SIP address `sip`, e.g. `sip:bot@contoso.com`.
    pub fn builder(sip: impl Into<String>, credential: UcwaCredential) -> UcwaBuilder {
        UcwaBuilder::new(sip, credential)
    }
}

impl UcwaBuilder {
    /// Sets up a session for the user with the SIP address `sip`, e.g. `sip:bot@contoso.com`.
    pub fn new(sip: impl Into<String>, credential: UcwaCredential) -> Self {
        Self {
            credential,
            discovery_url: None,
            trusted: Vec::new(),
            http: None,
            options: HttpOptions::default(),
            config: Config::new(sip.into()),
        }
    }

    /// Begins at `url` instead of `lyncdiscoverinternal.` and `lyncdiscover.` of the domain of
    /// the SIP address. Its host is trusted.
    pub fn with_discovery_url(mut self, url: impl Into<String>) -> Self {
        self.discovery_url = Some(url.into());
        self
    }

    /// Trusts a domain, and what lies within it, besides the one of the SIP address: the server
    /// may lead there, and hosts there may learn the credential.
    pub fn with_trusted_domain(mut self, domain: impl Into<String>) -> Self {
        self.trusted.push(domain.into());
        self
    }

    /// Sets the id of this installation, at most 100 characters. Keep it stable: with the same
    /// id the server gives the same application back. By default one is made up; see
    /// [`UcwaSession::endpoint_id`].
    pub fn with_endpoint_id(mut self, id: impl Into<String>) -> Self {
        self.config.identity.endpoint_id = id.into();
        self.config.made_up = false;
        self
    }

    /// Sets the name under which administrators see the client, at most 100 characters.
    pub fn with_user_agent(mut self, agent: impl Into<String>) -> Self {
        self.config.identity.user_agent = agent.into();
        self
    }

    /// Sets the culture of the server's words. Default `en-US`.
    pub fn with_culture(mut self, culture: impl Into<String>) -> Self {
        self.config.identity.culture = culture.into();
        self
    }

    /// Offers plain text only to those who invite. Default: HTML too.
    pub fn with_plain_text_only(mut self) -> Self {
        self.config.formats = vec![Format::Plain];
        self
    }

    /// Sets how long a send may take, from the invitation to the verdict. Default 75 s: the
    /// server gives the other side 30 seconds to accept and 30 to fetch.
    pub fn with_send_timeout(mut self, timeout: Duration) -> Self {
        self.config.send_timeout = timeout;
        self
    }

    /// Sets how long after the end of a send without a verdict the message can still take effect
    /// and its verdict come; at most ten years. Default 90 s: a message that nobody fetched for 30
    /// seconds fails, and an invitation rings as long.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.config.settling_margin = margin.min(LONGEST_MARGIN);
        self
    }

    /// Sets how long the server holds an idle GET of the event channel: 180 s to 1800 s. Less
    /// than the way allows, where something on it cuts idle connections.
    pub fn with_event_timeout(mut self, timeout: Duration) -> Self {
        self.config.event_timeout = timeout;
        self.config.event_timeout_parameter = Some(timeout.as_secs());
        self
    }

    /// Sets how often activity is reported once the user was made available. Default 3
    /// minutes; the server wants it at least every 4.
    pub fn with_activity_interval(mut self, interval: Duration) -> Self {
        self.config.activity_interval = interval;
        self
    }

    /// Sets the first pause after a failure of the event channel; it doubles up to a minute.
    /// Default 1 s.
    pub fn with_reconnect_backoff(mut self, pause: Duration) -> Self {
        self.config.first_pause = pause;
        self
    }

    /// Makes a new application when the server ended the old one for want of activity, as an
    /// unattended bot wants it. By default the session ends with `InactiveApplicationExpired`.
    pub fn with_recreation_after_expiry(mut self) -> Self {
        self.config.recreate_expired = true;
        self
    }

    /// Sets the most bytes of a message, and what happens above. Default 7000, refused: no
    /// limit is published, and some servers cut or refuse at about 8000.
    pub fn with_max_message_bytes(mut self, limit: NonZeroUsize, oversize: Oversize) -> Self {
        self.config.sizes = Sizes { limit, oversize };
        self
    }

    /// Lets the invitation carry a first plain text of at most 500 bytes, which saves a round
    /// trip. It is then delivered with the acceptance; no event tells of it apart. By default
    /// every message is posted after the other side is there, so that an unanswered invitation
    /// proves that nothing was sent.
    pub fn with_first_message_in_invitation(mut self) -> Self {
        self.config.first_message_bytes = Some(FIRST_MESSAGE_BYTES);
        self
    }

    /// Sets how often a call is tried again that is proven safe to repeat. Nothing of which it
    /// is unknown whether it was executed is ever sent again, whatever the policy says.
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.config.retry = retry.with_resend_when_unknown(false);
        self
    }

    /// Sets how calls travel.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.options = options;
        self
    }

    /// Shares the connections of `http`; the options set here do not count then.
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.http = Some(http);
        self
    }

    /// Discovers the server, signs in, and starts the background tasks. Needs a runtime of
    /// tokio.
    ///
    /// # Errors
    ///
    /// `Config` with every problem of the settings, before any I/O; `Unauthenticated` for a
    /// credential that is refused, which is never tried again; `Unsupported` for a way to sign
    /// in that the server does not offer; whatever keeps the server from being reached.
    pub async fn sign_in(mut self) -> Result<UcwaSession> {
        let trusted = self
            .settings()
            .map_err(|error| error.with_platform(PLATFORM))?;
        let http = match self.http {
            Some(http) => http,
            None => HttpClient::new(&self.options)?,
        };
        let web = Web::new(http, self.config.retry.clone(), trusted);
        let hosts = Hosts::new(web, self.credential);
        // Boxed: the future of a whole sign-in is large.
        Box::pin(UcwaSession::start(self.config, hosts))
            .await
            .map_err(|error| error.with_platform(PLATFORM))
    }

    pub(crate) fn sizes(&self) -> Sizes {
        self.config.sizes
    }

    #[cfg(test)]
    pub(crate) fn credential(&self) -> &UcwaCredential {
        &self.credential
    }

    /// Checks the settings and answers the domains that are trusted.
    fn settings(&mut self) -> Result<Vec<String>> {
        let mut problems = Problems::new();
        let mut trusted = std::mem::take(&mut self.trusted);
        match SipUri::parse(&self.config.sip) {
            Ok(sip) => {
                let domain = sip
                    .as_str()
                    .rsplit_once('@')
                    .map_or("", |(_, domain)| domain);
                let domain = domain.split([';', ':', '?']).next().unwrap_or_default();
                self.config.start = Start::Domain(domain.to_owned());
                trusted.push(domain.to_owned());
            }
            Err(error) => problems.add("sip", error.to_string()),
        }
        if let Some(url) = self.discovery_url.take() {
            let parsed = Url::parse(&url).ok().filter(Url::has_host);
            match &parsed {
                Some(url) => trusted.push(url.host_str().unwrap_or_default().to_owned()),
                None => problems.add("discovery_url", "must be an absolute address, https://…"),
            }
            let is_signed = |url: &Url| !url.username().is_empty() || url.password().is_some();
            let rule = "must not hold a user name or password";
            problems.add_if(
                parsed.as_ref().is_some_and(is_signed),
                "discovery_url",
                rule,
            );
            self.config.start = Start::Fixed(url);
        }
        let identity = &self.config.identity;
        for (field, value) in [
            ("endpoint_id", &identity.endpoint_id),
            ("user_agent", &identity.user_agent),
            ("culture", &identity.culture),
        ] {
            let chars = value.chars().count();
            let rule = "must have 1 to 100 characters";
            problems.add_if(chars == 0 || chars > MAX_IDENTITY_CHARS, field, rule);
        }
        let empty = trusted.iter().any(String::is_empty);
        problems.add_if(empty, "trusted_domain", "must not be empty");
        let held = self.config.event_timeout_parameter.unwrap_or(180);
        let rule = "must be 180 s to 1800 s";
        problems.add_if(!(180..=1800).contains(&held), "event_timeout", rule);
        let none = self.config.send_timeout.is_zero();
        problems.add_if(none, "send_timeout", "must not be zero");
        let idle = self.config.activity_interval.is_zero();
        problems.add_if(idle, "activity_interval", "must not be zero");
        problems.into_result(ErrorKind::Config)?;
        Ok(trusted)
    }
}
