//! Values of options.

use std::time::{Duration, SystemTime};

use ms_messenger::{
    MessageId, ParseTargetError, SecretString, Target, TeamsLink, Url, http::acs, rfc3339,
};
use ms_messenger_outbox::Rate;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{names, text, typo::is_typo};

/// What targets begin with.
pub(crate) const SCHEMES: [&str; 6] = ["conversation", "channel", "tel", "sip", "user", "whatsapp"];

/// The longest duration: 100 years, so that every clock can add it to the present.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The target, and the message to reply to if a Teams link names one.
#[derive(Clone, Debug)]
pub(crate) struct To {
    pub(crate) target: Target,
    pub(crate) reply_to: Option<MessageId>,
    /// The message that a link names.
    pub(crate) message: Option<MessageId>,
}

impl std::str::FromStr for To {
    type Err = String;

    /// Reads a target, a Teams link, or `@` with a name of the configuration file.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = match text.trim().strip_prefix('@') {
            Some(name) => names::named(name)?,
            None => text,
        };
        if let Ok(link) = text.parse::<TeamsLink>() {
            return Ok(Self {
                target: link.target().clone(),
                reply_to: link.reply_to().cloned(),
                message: link.message_id().cloned(),
            });
        }
        Ok(Self {
            target: text.parse().map_err(|error| not_a_target(text, &error))?,
            reply_to: None,
            message: None,
        })
    }
}

/// What is wrong with a target, and which one is meant if its scheme has a typing error.
fn not_a_target(given: &str, error: &ParseTargetError) -> String {
    let (typed, rest) = given.trim().split_once(':').unwrap_or_default();
    let near = SCHEMES.iter().filter(|known| is_typo(typed, known));
    let meant = near.map(|known| format!("{known}:{rest}"));
    let mut meant = meant.filter(|it| it.parse::<Target>().is_ok());
    match meant.next() {
        Some(meant) => text::options::meant(&meant),
        None => error.to_string(),
    }
}

/// Parses the target of a message whose id follows.
pub(super) fn place(text: &str) -> Result<To, String> {
    in_order(text, "TARGET MESSAGE")
}

/// Parses the target of a message that gets a reaction.
pub(super) fn place_after_emoji(text: &str) -> Result<To, String> {
    in_order(text, "EMOJI TARGET MESSAGE")
}

/// The id of a message would be taken for a telephone number, and an emoji has no letter at all.
fn in_order(text: &str, order: &str) -> Result<To, String> {
    let is_other = !text.trim().is_empty() && !text.contains(|c: char| c.is_ascii_alphabetic());
    if is_other {
        return Err(text::options::wrong_order(order));
    }
    text.parse()
}

/// Takes any text as a secret.
pub(super) fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// Takes any text that is not blank.
pub(super) fn filled(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(text::options::EMPTY.to_owned());
    }
    Ok(text.to_owned())
}

/// Returns the id of an idempotency key: a UUID unchanged, any other text by its hash.
pub(super) fn key(text: &str) -> Result<Uuid, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(text::options::EMPTY.to_owned());
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
    Url::parse(text).map_err(|_| text::options::NOT_AN_HTTPS_ADDRESS.to_owned())
}

/// Parses a duration; a number without a unit counts as seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let rule = || text::options::NOT_A_DURATION.to_owned();
    let too_long = || text::options::DURATION_TOO_LONG.to_owned();
    let duration = match text.trim().parse::<f64>() {
        Ok(seconds) if seconds > LONGEST.as_secs_f64() => return Err(too_long()),
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| rule())?,
        Err(_) => humantime::parse_duration(text).map_err(|_| rule())?,
    };
    if duration.is_zero() {
        return Err(text::options::DURATION_OF_ZERO.to_owned());
    }
    if duration > LONGEST {
        return Err(too_long());
    }
    Ok(duration)
}

/// Parses a number of retries.
pub(super) fn retries(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| text::usage::WHOLE_FROM_0.to_owned())
}

/// Parses a rate: `20/s`, `300/m`, `5000/h`; a number alone counts as one per second.
pub(super) fn rate(text: &str) -> Result<Rate, &'static str> {
    let rule = text::options::NOT_A_RATE;
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(rule),
    };
    let number: u32 = number.parse().map_err(|_| rule)?;
    if number == 0 {
        return Err(rule);
    }
    // As many at once as fall into a second.
    Ok(Rate::new(
        Duration::from_secs(seconds) / number,
        (number / seconds as u32).max(1),
    ))
}

/// Parses how many messages are sent at a time.
pub(super) fn concurrency(text: &str) -> Result<u32, &'static str> {
    let rule = text::options::CONCURRENCY_OUT_OF_RANGE;
    let number: u32 = text.parse().map_err(|_| rule)?;
    if (1..=1000).contains(&number) {
        Ok(number)
    } else {
        Err(rule)
    }
}

/// Reads a time in RFC 3339 with any offset, as `date --iso-8601=seconds` writes it, from 1970 to 9999.
pub(crate) fn rfc3339_time(text: &str) -> Option<SystemTime> {
    acs::read_time(text).filter(|time| rfc3339(*time).is_some())
}

/// Parses a time in RFC 3339, or an age before now.
pub(super) fn time_or_age(text: &str) -> Result<SystemTime, String> {
    if let Some(time) = rfc3339_time(text) {
        return Ok(time);
    }
    let rule = text::options::NOT_A_TIME_OR_AGE;
    let age = humantime::parse_duration(text).map_err(|_| rule.to_owned())?;
    let time = SystemTime::now().checked_sub(age);
    let time = time.filter(|it| *it >= SystemTime::UNIX_EPOCH);
    time.ok_or_else(|| rule.to_owned())
}

/// Parses a time in the future: RFC 3339, or how long from now.
pub(super) fn time_or_delay(text: &str) -> Result<SystemTime, String> {
    let rule = || text::options::NOT_A_TIME_OR_DELAY.to_owned();
    let now = SystemTime::now();
    let time = match rfc3339_time(text) {
        Some(time) => Some(time),
        None => now.checked_add(humantime::parse_duration(text).map_err(|_| rule())?),
    };
    let time = time.filter(|time| rfc3339(*time).is_some());
    let time = time.ok_or_else(rule)?;
    if time <= now {
        return Err(text::options::NOT_IN_THE_FUTURE.to_owned());
    }
    Ok(time)
}

/// Parses a number of messages, at least 1.
pub(super) fn keep(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err(text::options::NUMBER_OF_ZERO.to_owned()),
        Ok(messages) => Ok(messages),
        Err(_) => Err(text::options::NOT_A_NUMBER.to_owned()),
    }
}

/// Parses a time in RFC 3339.
pub(super) fn time(text: &str) -> Result<SystemTime, &'static str> {
    rfc3339_time(text).ok_or(text::options::NOT_A_TIME)
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
        assert_eq!(duration("36500d"), Ok(LONGEST));
        for text in ["36501d", "584000000000y", "18446744073709551615", "1e19"] {
            let rule = duration(text).unwrap_err();
            assert_eq!(rule, text::options::DURATION_TOO_LONG, "{text}");
        }
    }

    #[test]
    fn a_rate_has_a_unit_and_is_never_zero() {
        let (second, minute) = (rate("20/s").unwrap(), rate("30/m").unwrap());
        assert_eq!(
            (second.interval, second.burst),
            (Duration::from_millis(50), 20)
        );
        assert_eq!((minute.interval, minute.burst), (Duration::from_secs(2), 1));
        assert_eq!(rate("5").unwrap(), rate("5/s").unwrap());
        for text in ["0/s", "-1/s", "1/d", "x", "", "1.5/s", "4294967296/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_age_is_a_time_before_now() {
        assert!(time_or_age("1h").unwrap() < SystemTime::now());
        assert_eq!(
            time_or_age("1970-01-01T00:00:00Z"),
            Ok(SystemTime::UNIX_EPOCH)
        );
        for text in ["", "soon", "99999999999d"] {
            assert!(time_or_age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_to_send_at_is_in_the_future() {
        assert!(time_or_delay("2h").unwrap() > SystemTime::now());
        assert!(time_or_delay("9999-01-01T00:00:00Z").is_ok());
        for text in ["", "soon", "0s", "2020-01-01T00:00:00Z", "9999999999d"] {
            assert!(time_or_delay(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_may_have_an_offset_as_date_writes_it() {
        let utc = SystemTime::UNIX_EPOCH + Duration::from_secs(1_651_618_117);
        for text in [
            "2022-05-03T22:48:37Z",
            "2022-05-04T00:48:37+02:00",
            "2022-05-03T14:18:37-08:30",
        ] {
            assert_eq!(time(text), Ok(utc), "{text}");
            assert_eq!(time_or_age(text), Ok(utc), "{text}");
        }
        let far = time("9998-12-31T23:00:00Z").unwrap();
        assert_eq!(time_or_delay("9999-01-01T01:00:00+02:00"), Ok(far));
        for text in [
            "2022-05-03T22:48:37",
            "2022-05-03T22:48:37+24:00",
            "9999-12-31T23:59:59-01:00",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert!(time(text).is_err(), "{text}");
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
