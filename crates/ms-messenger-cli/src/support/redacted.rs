//! Removes accounts, secrets and the home folder from a report.

use serde_json::Value;

use crate::{
    config::{MEMBERS, Settings},
    text::report,
};

/// Length from which a word of the letters of base64 may be a secret.
const SECRET: usize = 40;
/// Settings whose values name a person, an organization or a secret.
const KEPT: [&str; 3] = ["MSGRAPH_CLOUD", "MSGRAPH_BASE_URL", "AZURE_AUTHORITY_HOST"];

/// What is replaced.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    /// Texts, and what stands for each.
    known: Vec<(String, &'static str)>,
}

impl Redaction {
    /// Knows the values of the settings, the signed-in user and the home folder.
    pub(super) fn new(settings: Option<&Settings>) -> Self {
        let mut known: Vec<(String, &'static str)> = Vec::new();
        if let Some(settings) = settings {
            for member in MEMBERS.iter().filter(|it| !KEPT.contains(&it.variable)) {
                let value = settings.value(member.variable).unwrap_or_default();
                let stands = if member.is_secret {
                    report::REMOVED
                } else {
                    report::ACCOUNT
                };
                known.push((value.trim_end_matches('/').to_owned(), stands));
                known.push((host(value), report::HOST));
                known.push((domain(value).to_owned(), report::HOST));
            }
        }
        if let Ok(home) = etcetera::home_dir() {
            known.push((home.display().to_string(), "~"));
        }
        // Short texts are in every word.
        known.retain(|(text, _)| text.len() > 3);
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { known }
    }

    /// Redacts every text of a value.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(&text).into(),
            Value::Array(list) => list.into_iter().map(|it| self.value(it)).collect(),
            Value::Object(members) => {
                let members = members.into_iter();
                members.map(|(name, it)| (name, self.value(it))).collect()
            }
            other => other,
        }
    }

    fn text(&self, text: &str) -> String {
        let known = self.known.iter();
        let text = known.fold(text.to_owned(), |text, (known, stands)| {
            text.replace(known, stands)
        });
        let words = text.split_inclusive(char::is_whitespace);
        words.map(word).collect()
    }
}

/// Returns the host of an address; nothing for another text.
fn host(text: &str) -> String {
    let address = ms_messenger::Url::parse(text).ok();
    let host = address.and_then(|it| it.host_str().map(str::to_owned));
    host.unwrap_or_default()
}

/// Returns the domain of a mail or SIP address, under which servers are discovered; nothing for
/// another text.
fn domain(text: &str) -> &str {
    text.split_once('@').map_or("", |(_, domain)| domain)
}

/// Replaces a word that looks like an account or a secret.
fn word(word: &str) -> String {
    let (body, end) = word.split_at(word.trim_end().len());
    let is_account = body.contains('@') && !body.starts_with('@');
    let is_secret = |part: &str| {
        let is_letter =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '~');
        let has_digit = part.contains(|c: char| c.is_ascii_digit());
        part.len() >= SECRET && has_digit && part.chars().all(is_letter) && !part.starts_with('/')
    };
    let is_separator = |c: char| matches!(c, '.' | ',' | ';' | ':' | '"' | '(' | ')');
    if is_account {
        report::ACCOUNT.to_owned() + end
    } else if body.split(is_separator).any(is_secret) {
        report::REMOVED.to_owned() + end
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::args::ConnectionArgs;

    #[test]
    fn accounts_secrets_and_hosts_are_removed() {
        let env = |name: &str| match name {
            "ACS_ENDPOINT" => Some("https://contoso.communication.azure.com".to_owned()),
            "UCWA_SIP" => Some("sip:lene@fabrikam.com".to_owned()),
            "UCWA_USERNAME" => Some("CONTOSO\\lene".to_owned()),
            "ACS_ACCESS_KEY" => Some("aHVudGVyMg==".to_owned()),
            _ => None,
        };
        let settings = Settings::read(&ConnectionArgs::default(), &env).unwrap();
        let redaction = Redaction::new(Some(&settings));
        for (text, redacted) in [
            ("of lene@contoso.com, expires", "of (account) expires"),
            ("sip:lene@contoso.com", "(account)"),
            (
                "cannot connect to contoso.communication.azure.com:443",
                "cannot connect to (host):443",
            ),
            (
                "no connection to lyncdiscover.fabrikam.com:443",
                "no connection to lyncdiscover.(host):443",
            ),
            ("user CONTOSO\\lene is unknown", "user (account) is unknown"),
            ("key aHVudGVyMg== is refused", "key (removed) is refused"),
            (
                "token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9AAAAAAAAAAAAA.x",
                "token (removed)",
            ),
            (
                "ACS_ENDPOINT from the environment",
                "ACS_ENDPOINT from the environment",
            ),
            (
                "/usr/share/a/very/long/path/that/is/no/secret/1",
                "/usr/share/a/very/long/path/that/is/no/secret/1",
            ),
        ] {
            assert_eq!(redaction.value(json!([text])), json!([redacted]), "{text}");
        }
    }
}
