//! Where requests are forwarded to.

use std::net::IpAddr;

use http::Uri;

use crate::record::record_error::RecordError;

const GRAPH: &str = "graph.microsoft.com";
const ENTRA: &str = "login.microsoftonline.com";

/// What a URL of a service must be.
const URL_RULE: &str = "must be `real`, an https URL of a host alone, or an http URL on loopback";

/// The service whose responses are recorded.
///
/// ```
/// use ms_messenger_emulator::RecordPlatform;
///
/// assert_eq!(RecordPlatform::Graph.as_str(), "graph");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordPlatform {
    /// Azure Communication Services. Its host is that of the resource.
    Acs,
    /// The sign-in of Entra ID, `login.microsoftonline.com`.
    Entra,
    /// Microsoft Graph, `graph.microsoft.com`.
    Graph,
    /// Skype for Business Server. It has no host of its own.
    Ucwa,
}

impl RecordPlatform {
    /// Returns the name: `acs`, `entra`, `graph` or `ucwa`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acs => "acs",
            Self::Entra => "entra",
            Self::Graph => "graph",
            Self::Ucwa => "ucwa",
        }
    }
}

/// A host that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) is_https: bool,
    /// Without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
}

impl Host {
    fn https(name: &str) -> Self {
        Self {
            is_https: true,
            name: name.to_owned(),
            port: 443,
        }
    }

    /// Host and port as in a `Host` header: the usual port left out.
    pub(crate) fn authority(&self) -> String {
        let name = if self.name.contains(':') {
            format!("[{}]", self.name)
        } else {
            self.name.clone()
        };
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual {
            name
        } else {
            format!("{name}:{}", self.port)
        }
    }

    /// The same host and port, called over TLS or not. A port that was left out is the usual one.
    pub(crate) fn with_scheme(mut self, is_https: bool) -> Self {
        if !is_https && self.port == 443 {
            self.port = 80;
        }
        self.is_https = is_https;
        self
    }

    /// Reads an https URL, or an http URL on loopback; nothing but a host and a port may be in it.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let uri = url.parse::<Uri>().ok()?;
        let authority = uri.authority()?;
        let is_alone = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let has_user = authority.as_str().contains('@');
        let name = authority
            .host()
            .trim_matches(['[', ']'])
            .to_ascii_lowercase();
        let is_https = match uri.scheme_str()? {
            "https" => true,
            "http" if is_loopback(&name) => false,
            _ => return None,
        };
        let port = authority
            .port_u16()
            .unwrap_or(if is_https { 443 } else { 80 });
        (is_alone && !has_user && !name.is_empty()).then_some(Self {
            is_https,
            name,
            port,
        })
    }
}

fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    kind: Kind,
    platform: Option<RecordPlatform>,
    /// The host of the resource of Azure Communication Services.
    resource: Option<Host>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The host of the platform.
    Real,
    One(Host),
}

impl Upstream {
    /// Reads `real` or a URL; `resource` is the endpoint in the connection string, if there is one.
    pub(crate) fn new(
        upstream: &str,
        platform: Option<RecordPlatform>,
        resource: Option<&str>,
    ) -> Result<Self, RecordError> {
        let setting = |name, rule| RecordError::Setting { name, rule };
        let parse = |url: &str| Host::parse(url).ok_or(setting("upstream", URL_RULE));
        let resource = resource.map(|url| {
            let rule = "must have an https endpoint, or an http endpoint on loopback";
            Host::parse(url).ok_or(setting("connection string", rule))
        });
        let resource = resource.transpose()?;
        let kind = if upstream == "real" {
            match platform {
                Some(RecordPlatform::Ucwa) => {
                    let rule = "must be the URL of the server: Skype for Business Server has no host of its own";
                    return Err(setting("upstream", rule));
                }
                Some(RecordPlatform::Acs) if resource.is_none() => {
                    let rule = "must be the endpoint of the resource, or `real` with its connection string";
                    return Err(setting("upstream", rule));
                }
                _ => Kind::Real,
            }
        } else {
            Kind::One(parse(upstream)?)
        };
        Ok(Self {
            kind,
            platform,
            resource,
        })
    }

    /// The host of a path, if one is known.
    pub(crate) fn host(&self, path: &str) -> Option<Host> {
        if let Kind::One(host) = &self.kind {
            return Some(host.clone());
        }
        match self.platform.or_else(|| platform_of(path))? {
            RecordPlatform::Graph => Some(Host::https(GRAPH)),
            RecordPlatform::Entra => Some(Host::https(ENTRA)),
            RecordPlatform::Acs => self.resource.clone(),
            RecordPlatform::Ucwa => None,
        }
    }

    /// Whether a host is called over TLS.
    pub(crate) const fn needs_tls(&self) -> bool {
        match &self.kind {
            Kind::One(host) => host.is_https,
            Kind::Real => true,
        }
    }

    /// The authorities to which requests may go.
    pub(crate) fn authorities(&self) -> Vec<String> {
        match &self.kind {
            Kind::One(host) => vec![host.authority()],
            Kind::Real => {
                let public = [Host::https(GRAPH), Host::https(ENTRA)].into_iter();
                public
                    .chain(self.resource.clone())
                    .map(|host| host.authority())
                    .collect()
            }
        }
    }

    /// The service as a recording names it: without the names of a tenant.
    pub(crate) fn described(&self) -> String {
        let host = match &self.kind {
            Kind::One(host) => host.name.as_str(),
            Kind::Real => return "real".to_owned(),
        };
        for public in [GRAPH, ENTRA] {
            if host == public {
                return public.to_owned();
            }
        }
        if host.ends_with(".communication.azure.com") {
            return "*.communication.azure.com".to_owned();
        }
        if is_loopback(host) {
            "loopback"
        } else {
            "other"
        }
        .to_owned()
    }
}

/// The platform of a path.
fn platform_of(path: &str) -> Option<RecordPlatform> {
    let path = path.split('?').next().unwrap_or_default();
    let mut segments = path.split('/').skip(1);
    match segments.next()? {
        "v1.0" | "beta" => Some(RecordPlatform::Graph),
        "chat" | "messages" | "identities" | "access" => Some(RecordPlatform::Acs),
        "ucwa" | "Autodiscover" | "autodiscover" => Some(RecordPlatform::Ucwa),
        _ => segments
            .any(|segment| matches!(segment, "oauth2" | "openid-configuration"))
            .then_some(RecordPlatform::Entra),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_are_called() {
        for url in [
            "https://contoso.communication.azure.com/",
            "https://pool.contoso.com:4443",
            "http://127.0.0.1:8410",
            "http://[::1]:1/",
            "http://localhost:1",
        ] {
            assert!(Upstream::new(url, None, None).is_ok(), "{url}");
        }
        for url in [
            "http://graph.microsoft.com",
            "http://127.0.0.1.evil.example/",
            "https://user@host/",
            "https://host/v1.0",
            "https://host/?a",
            "ftp://127.0.0.1/",
            "Real",
            "",
            "https://",
        ] {
            assert!(Upstream::new(url, None, None).is_err(), "{url}");
        }
    }

    #[test]
    fn real_is_the_host_of_the_platform_or_of_the_path() {
        let real = Upstream::new(
            "real",
            None,
            Some("https://contoso.communication.azure.com/"),
        )
        .unwrap();
        for (path, host) in [
            ("/v1.0/me", Some(GRAPH)),
            ("/common/oauth2/v2.0/token", Some(ENTRA)),
            ("/chat/threads?a", Some("contoso.communication.azure.com")),
            ("/ucwa/v1", None),
            ("/", None),
        ] {
            let found = real.host(path).map(|host| host.authority());
            assert_eq!(found.as_deref(), host, "{path}");
        }
        for platform in [RecordPlatform::Acs, RecordPlatform::Ucwa] {
            assert!(Upstream::new("real", Some(platform), None).is_err());
        }
    }
}
