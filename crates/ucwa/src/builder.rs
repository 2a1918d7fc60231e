//! The builder of a session.

use std::{fmt, num::NonZeroUsize, time::Duration};

use ms_messenger_core::{ErrorKind, Problems, Result, RetryPolicy, SipUri};
use ms_messenger_http::{Endpoint, HttpClient, HttpOptions, Transport};
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
///
/// ```
/// use std::time::Duration;
///
/// use ms_messenger_emulator::Emulator;
/// use ucwa::{UcwaBuilder, UcwaCredential};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let user = &emulator.seed().ucwa.users[0];
/// let credential = UcwaCredential::password(&user.username, user.password.as_str());
/// let session = UcwaBuilder::new(&user.sip, credential)
///     .with_discovery_url(&emulator.seed().ucwa.discover)
///     .with_endpoint_id("build-server")
///     .with_send_timeout(Duration::from_secs(30))
///     .sign_in()
///     .await?;
/// assert_eq!(session.endpoint_id(), "build-server");
/// # session.sign_out().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until it signs in"]
pub struct UcwaBuilder {
    credential: UcwaCredential,
    discovery_url: Option<String>,
    trusted: Vec<String>,
    transport: Transport,
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
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl UcwaSession {
    /// Creates a builder for the user with the SIP address `sip`, e.g. `sip:bot@contoso.com`.
    pub fn builder(sip: impl Into<String>, credential: UcwaCredential) -> UcwaBuilder {
        UcwaBuilder::new(sip, credential)
    }
}

impl UcwaBuilder {
    /// Creates a builder for the user with the SIP address `sip`, e.g. `sip:bot@contoso.com`.
    pub fn new(sip: impl Into<String>, credential: UcwaCredential) -> Self {
        Self {
            credential,
            discovery_url: None,
            trusted: Vec::new(),
            transport: Transport::default(),
            config: Config::new(sip.into()),
        }
    }

    /// Sets the discovery address, instead of `lyncdiscoverinternal.` and `lyncdiscover.` of the
    /// domain of the SIP address. Its host is trusted.
    pub fn with_discovery_url(mut self, url: impl Into<String>) -> Self {
        self.discovery_url = Some(url.into());
        self
    }

    /// Trusts a domain and its subdomains, in addition to the domain of the SIP address: the
    /// server may redirect there, and hosts there may receive the credential.
    /// ```
    /// use ucwa::{UcwaBuilder, UcwaCredential};
    ///
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("sip:bot@contoso.com", credential)
    ///     .with_trusted_domain("pool.fabrikam.net");
    /// assert!(format!("{builder:?}").contains("pool.fabrikam.net"));
    /// ```
    pub fn with_trusted_domain(mut self, domain: impl Into<String>) -> Self {
        self.trusted.push(domain.into());
        self
    }

    /// Sets the id of this installation, at most 100 characters. Keep it stable: with the same id
    /// the server returns the same application. By default one is generated; see
    /// [`UcwaSession::endpoint_id`].
    /// ```
    /// use ucwa::{UcwaBuilder, UcwaCredential};
    ///
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("sip:bot@contoso.com", credential)
    ///     // Generated once at installation and kept, e.g. in the settings of the program.
    ///     .with_endpoint_id("5f5a1f5e-8f5b-4a47-9f5e-000000000001");
    /// ```
    pub fn with_endpoint_id(mut self, id: impl Into<String>) -> Self {
        self.config.identity.endpoint_id = id.into();
        self.config.made_up = false;
        self
    }

    /// Sets the name that administrators see, at most 100 characters.
    pub fn with_user_agent(mut self, agent: impl Into<String>) -> Self {
        self.config.identity.user_agent = agent.into();
        self
    }

    /// Sets the culture of the server's messages. Default `en-US`.
    pub fn with_culture(mut self, culture: impl Into<String>) -> Self {
        self.config.identity.culture = culture.into();
        self
    }

    /// Sets whether accepted conversations are offered plain text only. Default `false`: HTML is
    /// offered too.
    pub fn with_plain_text_only(mut self, enabled: bool) -> Self {
        self.config.formats = if enabled {
            vec![Format::Plain]
        } else {
            vec![Format::Plain, Format::Html]
        };
        self
    }

    /// Sets the time-out of a send, from the invitation to the verdict. Default 75 s: the server
    /// gives the recipient 30 seconds to accept and 30 to fetch the message.
    pub fn with_send_timeout(mut self, timeout: Duration) -> Self {
        self.config.send_timeout = timeout;
        self
    }

    /// Sets how long after the end of a send without a verdict the message can still take effect
    /// and its verdict come; at most ten years. Default 90 s: a message that is not fetched for 30
    /// seconds fails, and an invitation rings as long.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.config.settling_margin = margin.min(LONGEST_MARGIN);
        self
    }

    /// Sets how long the server holds an idle GET of the event channel: 180 s to 1800 s. Choose
    /// less than the time after which the network cuts idle connections.
    pub fn with_event_timeout(mut self, timeout: Duration) -> Self {
        self.config.event_timeout = timeout;
        self.config.event_timeout_parameter = Some(timeout.as_secs());
        self
    }

    /// Sets the interval of the activity reports, once the user was made available. Default 3
    /// minutes; the server requires one every 4.
    pub fn with_activity_interval(mut self, interval: Duration) -> Self {
        self.config.activity_interval = interval;
        self
    }

    /// Sets the first pause before the event channel is polled again after a failure; it doubles
    /// up to a minute. Default 1 s.
    pub fn with_reconnect_backoff(mut self, pause: Duration) -> Self {
        self.config.first_pause = pause;
        self
    }

    /// Sets whether a new application is created when the server has ended the old one for
    /// inactivity, as an unattended bot needs it. Default `false`: the session ends with
    /// `InactiveApplicationExpired`.
    ///
    /// ```
    /// use ucwa::{UcwaBuilder, UcwaCredential};
    ///
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("sip:bot@contoso.com", credential)
    ///     .with_recreation_after_expiry(true);
    /// ```
    pub fn with_recreation_after_expiry(mut self, enabled: bool) -> Self {
        self.config.recreate_expired = enabled;
        self
    }

    /// Sets the most bytes of a message, and what happens above. Default 7000, refused: no limit
    /// is published, and some servers cut or refuse at about 8000.
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// use ucwa::{Oversize, UcwaBuilder, UcwaCredential};
    ///
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("sip:bot@contoso.com", credential)
    ///     .with_max_message_bytes(NonZeroUsize::new(4000).unwrap(), Oversize::Split);
    /// ```
    pub fn with_max_message_bytes(mut self, limit: NonZeroUsize, oversize: Oversize) -> Self {
        self.config.sizes = Sizes { limit, oversize };
        self
    }

    /// Sets whether a first plain text of at most 500 bytes is put into the invitation, which saves
    /// a round trip. It is then delivered with the acceptance; no event reports it separately.
    /// Default `false`: every message is posted after the recipient has accepted, so that an
    /// invitation without a response proves that nothing was sent.
    pub fn with_first_message_in_invitation(mut self, enabled: bool) -> Self {
        self.config.first_message_bytes = enabled.then_some(FIRST_MESSAGE_BYTES);
        self
    }

    /// Sets the retry policy of calls that are proven safe to retry. A call with an unknown outcome
    /// is never retried, whatever the policy says.
    /// ```
    /// use ms_messenger_core::RetryPolicy;
    /// use ucwa::{UcwaBuilder, UcwaCredential};
    ///
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("sip:bot@contoso.com", credential)
    ///     .with_retry_policy(RetryPolicy::never());
    /// ```
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        let retry = retry.with_resend_when_unknown(false);
        self.transport = self.transport.with_retry_policy(retry);
        self
    }

    /// Sets the transport options: time-outs, proxy, TLS roots.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.transport = self.transport.with_http_options(options);
        self
    }

    /// Shares the connections of `http`; the transport options of this builder do not apply then.
    /// ```
    /// use ucwa::{HttpClient, HttpOptions, UcwaBuilder, UcwaCredential};
    ///
    /// let http = HttpClient::new(&HttpOptions::default())?;
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("sip:bot@contoso.com", credential).with_http_client(http);
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.transport = self.transport.with_http_client(http);
        self
    }

    /// Checks the settings, as [`sign_in`](Self::sign_in) does before any I/O.
    ///
    /// # Errors
    ///
    /// `Config` with every problem of the settings.
    /// ```
    /// use ucwa::{UcwaBuilder, UcwaCredential};
    ///
    /// let credential = UcwaCredential::password("bot", "hunter2");
    /// let builder = UcwaBuilder::new("bot", credential);
    /// let error = builder.check_settings().unwrap_err();
    /// assert_eq!(error.problems()[0].field, "sip");
    /// ```
    pub fn check_settings(&self) -> Result<()> {
        let settings = self.settings();
        settings.map(drop).map_err(|it| it.with_platform(PLATFORM))
    }

    /// Discovers the server, signs in, and starts the background tasks. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// `Config` with every problem of the settings, before any I/O; `Unauthenticated` for a
    /// credential that is rejected, which is never sent again; `Unsupported` for a grant that the
    /// server does not offer; otherwise the error that prevented the sign-in.
    pub async fn sign_in(mut self) -> Result<UcwaSession> {
        let (start, trusted) = self
            .settings()
            .map_err(|error| error.with_platform(PLATFORM))?;
        self.config.start = start;
        let web = Web::new(self.transport, trusted)?;
        let hosts = Hosts::new(web, self.credential);
        // Boxed: the future of a sign-in is large.
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

    /// Checks the settings, and returns where discovery starts and the trusted domains.
    fn settings(&self) -> Result<(Start, Vec<String>)> {
        let mut problems = Problems::new();
        let mut trusted = self.trusted.clone();
        let rule = "must be a domain name, such as pool.contoso.com";
        let is_named = trusted.iter().all(|it| is_domain(it));
        problems.add_if(!is_named, "trusted_domain", rule);
        let mut start = Start::Domain(String::new());
        match SipUri::parse(&self.config.sip) {
            Ok(sip) => {
                let domain = sip
                    .as_str()
                    .rsplit_once('@')
                    .map_or("", |(_, domain)| domain);
                let domain = domain.split([';', ':', '?']).next().unwrap_or_default();
                problems.add_if(domain.is_empty(), "sip", "has no domain");
                start = Start::Domain(domain.to_owned());
                trusted.push(domain.to_owned());
            }
            Err(error) => problems.add("sip", error.to_string()),
        }
        if let Some(url) = &self.discovery_url {
            match host_of(url) {
                Ok(host) => trusted.push(host),
                Err(rule) => problems.add("discovery_url", rule),
            }
            start = Start::Fixed(url.clone());
        }
        let identity = &self.config.identity;
        for (field, value) in [
            ("endpoint_id", &identity.endpoint_id),
            ("user_agent", &identity.user_agent),
            ("culture", &identity.culture),
        ] {
            let chars = value.chars().count();
            let rule = "must have 1 to 100 characters, and no control characters";
            let is_long = chars == 0 || chars > MAX_IDENTITY_CHARS;
            problems.add_if(is_long || value.contains(char::is_control), field, rule);
        }
        let held = self.config.event_timeout_parameter.unwrap_or(180);
        let rule = "must be 180 s to 1800 s";
        problems.add_if(!(180..=1800).contains(&held), "event_timeout", rule);
        let none = self.config.send_timeout.is_zero();
        problems.add_if(none, "send_timeout", "must not be zero");
        let idle = self.config.activity_interval.is_zero();
        problems.add_if(idle, "activity_interval", "must not be zero");
        problems.into_result(ErrorKind::Config)?;
        Ok((start, trusted))
    }
}

/// Returns the host of an address where discovery may start, or the rule that it breaks.
fn host_of(url: &str) -> Result<String, String> {
    let url = Url::parse(url).ok().filter(Url::has_host);
    let url = url.ok_or("must be an absolute address, https://…")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".to_owned());
    }
    // The rule of every address that a session calls: https, or http on loopback.
    Endpoint::parse(&url.origin().ascii_serialization()).map_err(|error| {
        let rule = error.problems().first().map(|it| it.rule.clone());
        rule.unwrap_or_else(|| "must be https".to_owned())
    })?;
    Ok(url.host_str().unwrap_or_default().to_owned())
}

/// Returns whether a host can have this name or lie in it. Names of hosts are compared in ASCII.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        let mut chars = label.chars();
        !label.is_empty() && chars.all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_of_the_settings_finds_what_a_sign_in_rejects() {
        let builder = |sip: &str| UcwaBuilder::new(sip, UcwaCredential::password("u", "p"));
        let good = || builder("sip:a@contoso.com");
        let rules = |builder: UcwaBuilder| match builder.check_settings() {
            Ok(()) => String::new(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Config);
                assert_eq!(error.platform(), Some("ucwa"));
                let rules = error.problems().iter().map(|it| it.to_string());
                rules.collect::<Vec<_>>().join("; ")
            }
        };
        let discovery = |url: &str| rules(good().with_discovery_url(url));
        let trusted = |domain: &str| rules(good().with_trusted_domain(domain));
        assert_eq!(rules(good()), "");
        assert!(rules(builder("alice")).starts_with("sip: "));
        for url in ["https://lync.contoso.com/", "http://127.0.0.1:8410/"] {
            assert_eq!(discovery(url), "");
        }
        assert_eq!(discovery("ftp://h/"), "discovery_url: must be https");
        assert_eq!(discovery("http://h/"), "discovery_url: must be https");
        assert!(discovery("javascript:alert(1)").contains("absolute address"));
        assert!(discovery("https://u:p@h/").contains("user name or password"));
        for domain in ["pool.fabrikam.net", "localhost", "127.0.0.1", "a_b.test"] {
            assert_eq!(trusted(domain), "", "{domain}");
        }
        for domain in [
            "",
            ".",
            "a..b",
            "https://h/",
            "a b",
            "a\u{1b}b",
            "h:443",
            "*.a.test",
        ] {
            assert!(trusted(domain).starts_with("trusted_domain: "), "{domain}");
        }
        assert!(trusted(&"x".repeat(254)).starts_with("trusted_domain: "));
        let id = rules(good().with_endpoint_id("a\r\nb"));
        assert!(id.starts_with("endpoint_id: "), "{id}");
    }
}
