//! Reads targets from text.

use std::str::FromStr;

use crate::{
    address::{Address, PhoneNumber},
    parse_target_error::ParseTargetError,
    percent::encoded,
    target::Target,
    teams_link::{TeamsLink, is_web_address},
};

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if is_web_address(text) {
            return text.parse().and_then(TeamsLink::into_target);
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(|| meant(text))?;
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "conversation" => plain(non_empty(rest)?).map(Self::conversation),
            "user" => plain(non_empty(rest)?).map(Self::user),
            "tel" => Self::phone(rest),
            "sip" => Self::sip(&format!("sip:{rest}")),
            "whatsapp" => Self::whatsapp(rest),
            "channel" => {
                let (team, channel) = rest.split_once('/').ok_or(ParseTargetError::Channel)?;
                let (team, channel) = (team.trim(), channel.trim());
                let (name, team) = match team.strip_prefix('@') {
                    Some(name) => (true, name.trim()),
                    None => (false, team),
                };
                if team.is_empty() || channel.is_empty() {
                    return Err(ParseTargetError::Channel);
                }
                let unescaped = team.replace("%2F", "/").replace("%25", "%");
                if name {
                    return Ok(Self::channel_name(unescaped, channel));
                }
                let team = match team.strip_prefix("%40") {
                    Some(_) => format!("@{}", &unescaped[3..]),
                    None => unescaped,
                };
                Ok(Self::channel(team, plain(channel)?))
            }
            _ => Err(meant(text)),
        }
    }
}

impl FromStr for Address {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse()? {
            Target::Person(address) => Ok(address),
            _ => Err(ParseTargetError::Address),
        }
    }
}

impl TryFrom<&str> for Address {
    type Error = ParseTargetError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::from_str(text)
    }
}

/// The error of a text without a known scheme: the target that was probably meant, if any.
fn meant(text: &str) -> ParseTargetError {
    let is_id = |text: &str| text.starts_with("19:") && text.contains('@');
    if let Ok(target) = Target::whatsapp(text)
        && text.len() > 10
    {
        return ParseTargetError::Meant(target.to_string());
    }
    match PhoneNumber::parse(text) {
        Ok(number) => return ParseTargetError::Meant(format!("tel:{number}")),
        Err(ParseTargetError::Meant(target)) => return ParseTargetError::Meant(target),
        Err(_) => {}
    }
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let (user, host) = text.split_once('@').unwrap_or_default();
    if is_plain && !text.contains(':') && !user.is_empty() && host.contains('.') {
        return ParseTargetError::Meant(format!("user:{text}"));
    }
    match encoded(text) {
        Some(id) => ParseTargetError::Encoded(id),
        None if is_plain && is_id(text) && text.ends_with("thread.v2") => {
            ParseTargetError::Meant(format!("conversation:{text}"))
        }
        None => ParseTargetError::Scheme,
    }
}

/// Returns `id` unless it is percent-encoded.
fn plain(id: &str) -> Result<&str, ParseTargetError> {
    encoded(id).map_or(Ok(id), |id| Err(ParseTargetError::Encoded(id)))
}

fn non_empty(id: &str) -> Result<&str, ParseTargetError> {
    if id.is_empty() {
        return Err(ParseTargetError::Empty);
    }
    Ok(id)
}

#[cfg(test)]
mod tests;
