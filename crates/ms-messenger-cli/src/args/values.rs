//! Values of options.

use std::time::{Duration, SystemTime};

use ms_messenger::{MessageId, ParseTargetError, SecretString, Target, TeamsLink, Url};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The target, and the message to reply to if a Teams link names one.
#[derive(Clone, Debug)]
pub(crate) struct To {
    pub(crate) target: Target,
    pub(crate) reply_to: Option<MessageId>,
}

impl std::str::FromStr for To {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, ParseTargetError> {
        if let Ok(link) = text.parse::<TeamsLink>() {
            return Ok(Self {
                target: link.target().clone(),
                reply_to: link.reply_to().cloned(),
            });
        }
        Ok(Self {
            target: text.parse()?,
            reply_to: None,
        })
    }
}

/// Takes any text as a secret.
pub(super) fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// Returns the id of an idempotency key: a UUID unchanged, any other text by its hash.
pub(super) fn key(text: &str) -> Result<Uuid, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Ok(Uuid::try_parse(text).unwrap_or_else(|_| hash(text)))
}

/// The result for a text must never change, or messages would be duplicated.
fn hash(text: &str) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"msm idempotency key\n")
        .chain_update(text)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Parses the address of a file that a platform downloads.
pub(super) fn media(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|_| {
        "must be an https address: the platform downloads it, and local files are not sent"
            .to_owned()
    })
}

/// Parses a duration; a number without a unit counts as seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
    let duration = match seconds {
        Some(duration) => duration.map_err(|e| e.to_string())?,
        None => humantime::parse_duration(text).map_err(|e| e.to_string())?,
    };
    if duration.is_zero() {
        return Err("must be more than 0".to_owned());
    }
    Ok(duration)
}

/// Parses a number of retries.
pub(super) fn retries(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "must be a whole number from 0".to_owned())
}

/// Parses a number of messages, at least 1.
pub(super) fn keep(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(messages) => Ok(messages),
        Err(_) => Err("must be a whole number from 1".to_owned()),
    }
}

/// Parses a time in RFC 3339.
pub(super) fn time(text: &str) -> Result<SystemTime, &'static str> {
    humantime::parse_rfc3339(text).map_err(|_| "must be written like 2026-11-28T21:22:06Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_seconds_or_has_a_unit() {
        assert_eq!(duration("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for text in ["0", "-1", "nan", "soon", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_target_loses_the_blanks_around_it_and_the_case_of_its_scheme() {
        for (text, read) in [
            ("channel:t/c ", "channel:t/c"),
            ("\tChannel:t/c\n", "channel:t/c"),
            ("TEL:+14255550123", "tel:+14255550123"),
            ("conversation: 19:A", "conversation:19:A"),
            ("Sip:lene@contoso.com", "sip:lene@contoso.com"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), read, "{text:?}");
        }
    }

    #[test]
    fn any_text_is_a_key_and_always_the_same_one() {
        let id = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";
        assert_eq!(key(id).unwrap().to_string(), id);
        assert_eq!(key(&id.to_uppercase()).unwrap().to_string(), id);
        let build = key("build 42").unwrap();
        // Scripts that run across an update of this program rely on this value.
        assert_eq!(build.to_string(), "c409dcba-42bc-810e-8e68-8af43405605a");
        assert_ne!(build, key("build 43").unwrap());
        assert!(key(" ").is_err());
    }
}
