//! Recognises the sender of a request.

use http::HeaderName;
use ms_messenger_core::{Problems, SecretString};

#[cfg(feature = "jwt")]
use crate::jwt::{EntraTokens, SigningKeys};
use crate::{incoming::Incoming, query, rejection::Rejection, secret::Secrets};

/// What every request must hold. Each part that is set must be fulfilled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    query: Option<(String, Secrets)>,
    header: Option<(HeaderName, Secrets)>,
    #[cfg(feature = "jwt")]
    tokens: Option<EntraTokens>,
}

impl Guard {
    pub(crate) fn add_query(&mut self, name: String, secret: SecretString, out: &mut Problems) {
        add(&mut self.query, name, secret, out, "secret");
    }

    pub(crate) fn add_header(
        &mut self,
        name: HeaderName,
        secret: SecretString,
        out: &mut Problems,
    ) {
        add(&mut self.header, name, secret, out, "secret_header");
    }

    #[cfg(feature = "jwt")]
    pub(crate) fn set_tokens(&mut self, tokens: EntraTokens) {
        self.tokens = Some(tokens);
    }

    #[cfg(feature = "jwt")]
    pub(crate) fn set_signing_keys(&mut self, keys: SigningKeys) {
        if let Some(tokens) = &mut self.tokens {
            tokens.set_keys(keys);
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        #[cfg(feature = "jwt")]
        if self.tokens.is_some() {
            return false;
        }
        self.query.is_none() && self.header.is_none()
    }

    pub(crate) fn problems(&self, problems: &mut Problems) {
        if let Some((name, secrets)) = &self.query {
            problems.add_if(name.is_empty(), "secret.name", "must not be empty");
            secrets.check(problems, "secret.value");
        }
        if let Some((_, secrets)) = &self.header {
            secrets.check(problems, "secret_header.value");
        }
        #[cfg(feature = "jwt")]
        if let Some(tokens) = &self.tokens {
            tokens.problems(problems);
        }
    }

    /// Checks all that a delivery must hold.
    pub(crate) fn check(&self, request: &Incoming<'_>) -> Result<(), Rejection> {
        self.check_query(request)?;
        if let Some((name, secrets)) = &self.header {
            let given = request.headers.get(name);
            compare(
                secrets,
                given.map(|it| it.as_bytes()),
                "secret in its headers",
            )?;
        }
        #[cfg(feature = "jwt")]
        if let Some(tokens) = &self.tokens {
            let token = bearer(request).ok_or(Rejection::Unsigned("bearer token"))?;
            tokens.check(token, request.received_at)?;
        }
        Ok(())
    }

    /// Checks the part that is in the address, and so in every request.
    pub(crate) fn check_query(&self, request: &Incoming<'_>) -> Result<(), Rejection> {
        let Some((name, secrets)) = &self.query else {
            return Ok(());
        };
        let given = query::value(request.query, name);
        let given = given.as_deref().map(str::as_bytes);
        compare(secrets, given, "secret in its query")
    }
}

fn add<K: PartialEq>(
    part: &mut Option<(K, Secrets)>,
    name: K,
    secret: SecretString,
    problems: &mut Problems,
    field: &str,
) {
    match part {
        None => *part = Some((name, Secrets::of(secret))),
        Some((known, secrets)) if *known == name => secrets.push(secret),
        Some(_) => problems.add(format!("{field}.name"), "must be the same for each value"),
    }
}

fn compare(secrets: &Secrets, given: Option<&[u8]>, what: &'static str) -> Result<(), Rejection> {
    match given {
        None => Err(Rejection::Unsigned(what)),
        Some(given) if secrets.contain(given) => Ok(()),
        Some(_) => Err(Rejection::WrongSecret),
    }
}

#[cfg(feature = "jwt")]
fn bearer<'a>(request: &Incoming<'a>) -> Option<&'a str> {
    let value = request.header("authorization")?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
