//! The variables by which clients find an emulator, from the line that it prints when it is ready.

use serde_json::Value;

use crate::text;

/// The address of an emulator that was started without options.
pub(crate) const USUAL: &str = "http://127.0.0.1:8410";

/// Where the value of a variable comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    /// A member of the line.
    Member(&'static str),
    /// A member, with the origin of the HTTPS listener: Microsoft's packages send tokens over HTTPS only.
    Secure(&'static str),
    /// The origin of the HTTP listener, and a path.
    Path(&'static str),
    Text(&'static str),
}

/// In this order: our clients, Microsoft's identity packages, the samples of Microsoft's packages.
const VARIABLES: [(&str, From); 31] = [
    ("MSM_EMULATOR", From::Member("http")),
    ("MSM_EMULATOR_HTTPS", From::Member("https")),
    ("MSM_EMULATOR_TEAM_ID", From::Member("graph.team_id")),
    ("MSM_EMULATOR_CHANNEL_ID", From::Member("graph.channel_id")),
    ("MSM_EMULATOR_CHAT_ID", From::Member("graph.chat_id")),
    ("MSM_EMULATOR_THREAD_ID", From::Member("acs.thread_id")),
    (
        "MSM_EMULATOR_CONVERSATION_ID",
        From::Member("acs.conversation_id"),
    ),
    (
        "ACS_CONNECTION_STRING",
        From::Member("acs.connection_string"),
    ),
    (
        "ACS_CHANNEL_REGISTRATION_ID",
        From::Member("acs.channel_registration_id"),
    ),
    ("ACS_CHAT_ENDPOINT", From::Member("acs.endpoint")),
    ("ACS_CHAT_TOKEN", From::Member("acs.users.0.token")),
    ("MSGRAPH_BASE_URL", From::Member("graph.base")),
    ("MSGRAPH_TOKEN", From::Member("graph.token")),
    ("MSGRAPH_USER", From::Member("graph.users.0.id")),
    ("UCWA_DISCOVERY_URL", From::Member("ucwa.discover")),
    ("UCWA_SIP", From::Member("ucwa.users.0.sip")),
    ("UCWA_USERNAME", From::Member("ucwa.users.0.username")),
    ("UCWA_PASSWORD", From::Member("ucwa.users.0.password")),
    ("AZURE_TENANT_ID", From::Member("entra.tenant")),
    ("AZURE_CLIENT_ID", From::Member("entra.public_client_id")),
    ("IDENTITY_ENDPOINT", From::Path("/msi/token")),
    ("IDENTITY_HEADER", From::Member("entra.identity_header")),
    (
        "COMMUNICATION_SERVICES_CONNECTION_STRING",
        From::Secure("acs.connection_string"),
    ),
    (
        "COMMUNICATION_SAMPLES_CONNECTION_STRING",
        From::Secure("acs.connection_string"),
    ),
    (
        "COMMUNICATION_CONNECTION_STRING",
        From::Secure("acs.connection_string"),
    ),
    (
        "AZURE_COMMUNICATION_SERVICE_ENDPOINT",
        From::Secure("acs.endpoint"),
    ),
    (
        "COMMUNICATION_SAMPLES_ENDPOINT_STRING",
        From::Secure("acs.endpoint"),
    ),
    (
        "COMMUNICATION_SERVICE_ENDPOINT",
        From::Secure("acs.endpoint"),
    ),
    ("ACS_URL", From::Secure("acs.endpoint")),
    (
        "WHATSAPP_CHANNEL_ID",
        From::Member("acs.channel_registration_id"),
    ),
    ("RECIPIENT_PHONE_NUMBER", From::Text("+14255550123")),
];

/// Variables that would lead a client elsewhere, or give it another credential.
pub(crate) const MISLEADING: [&str; 13] = [
    "ACS_ACCESS_KEY",
    "ACS_ACCESS_TOKEN",
    "ACS_ENDPOINT",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD",
    "AZURE_USERNAME",
    "MSGRAPH_CLOUD",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "UCWA_TRUSTED_DOMAIN",
];

/// What programs of each kind trust, beside the certificates of the system where the kind allows it.
const TRUST: [&str; 5] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "DENO_CERT",
];

/// The variables of one emulator, in a fixed order.
#[derive(Debug)]
pub(crate) struct Variables(pub(crate) Vec<(&'static str, String)>);

impl Variables {
    /// Reads them from the line; what the line lacks is left out.
    pub(crate) fn of(world: &Value) -> Self {
        let mut variables = Vec::new();
        for (name, from) in VARIABLES {
            variables.extend(value(world, from).map(|value| (name, value)));
        }
        let ca = member(world, "ca");
        // Without its authority no program trusts HTTPS; our own also sign in over HTTP on loopback.
        let https = ca.as_ref().and_then(|_| member(world, "https"));
        let authority = https.or_else(|| member(world, "http"));
        variables.extend(authority.map(|authority| ("AZURE_AUTHORITY_HOST", authority)));
        let mut variables = Self(variables);
        if let Some(ca) = ca {
            variables.trust(&ca, &ca);
        }
        variables
    }

    /// Sets the file of `bundle` as what is trusted alone, and that of `ca` as what is trusted in addition.
    pub(crate) fn trust(&mut self, bundle: &str, ca: &str) {
        self.0.retain(|(name, _)| !TRUST.contains(name));
        for name in TRUST {
            let file = match name {
                "NODE_EXTRA_CA_CERTS" => ca,
                _ => bundle,
            };
            self.0.push((name, file.to_owned()));
        }
    }
}

/// Each variable, and the member of the line that it takes.
pub(crate) fn members() -> impl Iterator<Item = (&'static str, String)> {
    VARIABLES.iter().filter_map(|(name, from)| match from {
        From::Member(member) => Some((*name, (*member).to_owned())),
        From::Secure(member) => Some((*name, text::emulator::at_https(member))),
        From::Path(path) => Some((*name, text::emulator::at_http(path))),
        From::Text(_) => None,
    })
}

fn value(world: &Value, from: From) -> Option<String> {
    match from {
        From::Member(name) => member(world, name),
        From::Secure(name) => {
            let (http, https) = (member(world, "http")?, member(world, "https")?);
            Some(member(world, name)?.replacen(&http, &https, 1))
        }
        From::Path(path) => Some(member(world, "http")? + path),
        From::Text(text) => Some(text.to_owned()),
    }
}

fn member(world: &Value, name: &str) -> Option<String> {
    let pointer = format!("/{}", name.replace('.', "/"));
    world.pointer(&pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_line_lacks_is_left_out_and_https_is_named_with_its_authority_only() {
        let mut world = serde_json::json!({
            "http": "http://127.0.0.1:1",
            "https": "https://localhost:2",
            "acs": {"connection_string": "endpoint=http://127.0.0.1:1/;accesskey=a"},
        });
        let of = |world: &Value, name: &str| {
            let variables = Variables::of(world).0;
            let found = variables.into_iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value)
        };
        let secure = "COMMUNICATION_SERVICES_CONNECTION_STRING";
        let expected = "endpoint=https://localhost:2/;accesskey=a";
        assert_eq!(of(&world, secure).as_deref(), Some(expected));
        assert_eq!(of(&world, "MSGRAPH_TOKEN"), None);
        assert_eq!(of(&world, "SSL_CERT_FILE"), None);
        let authority = of(&world, "AZURE_AUTHORITY_HOST");
        assert_eq!(authority.as_deref(), Some("http://127.0.0.1:1"));
        world["ca"] = "/tmp/ca.pem".into();
        assert_eq!(of(&world, "SSL_CERT_FILE").as_deref(), Some("/tmp/ca.pem"));
        let authority = of(&world, "AZURE_AUTHORITY_HOST");
        assert_eq!(authority.as_deref(), Some("https://localhost:2"));
    }

    #[test]
    fn no_variable_is_set_and_removed() {
        for (name, _) in VARIABLES {
            assert!(!MISLEADING.contains(&name), "{name}");
        }
    }
}
