//! The addresses under an application.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::services::ucwa::event::Sender;

/// What must not stand in a path segment as it is. `@` and `:` may.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The prefix of all applications.
pub(super) const APPLICATIONS: &str = "/ucwa/oauth/v1/applications";

/// The address of an application.
pub(super) fn base(application: &str) -> String {
    format!("{APPLICATIONS}/{application}")
}

/// A SIP address as a path segment, without its scheme.
pub(super) fn segment(sip: &str) -> String {
    let bare = sip.strip_prefix("sip:").unwrap_or(sip);
    utf8_percent_encode(bare, SEGMENT).to_string()
}

/// A SIP address in the form in which two of them can be compared.
pub(super) fn normal_sip(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let bare = lower.strip_prefix("sip:").unwrap_or(&lower);
    let (user, rest) = bare.split_once('@')?;
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@')
    };
    let has_other_scheme = user.contains(':');
    (is_plain(user) && is_plain(rest) && !has_other_scheme).then(|| format!("sip:{bare}"))
}

pub(super) fn communication(application: &str) -> String {
    format!("{}/communication", base(application))
}

pub(super) fn conversation(application: &str, id: &str) -> String {
    format!("{}/conversations/{id}", communication(application))
}

pub(super) fn messaging(application: &str, id: &str) -> String {
    format!("{}/messaging", conversation(application, id))
}

pub(super) fn message(application: &str, id: &str, number: u32) -> String {
    format!("{}/messages/{number}", messaging(application, id))
}

pub(super) fn participant(application: &str, id: &str, sip: &str) -> String {
    let segment = segment(sip);
    format!("{}/participants/{segment}", conversation(application, id))
}

/// `rel` is that of the invitation; its collection is the plural.
pub(super) fn invitation(application: &str, rel: &str, id: &str) -> String {
    format!("{}/{rel}s/{id}", communication(application))
}

pub(super) fn person(application: &str, sip: &str) -> String {
    format!("{}/people/{}", base(application), segment(sip))
}

/// `communication` as the sender of events.
pub(super) fn of_communication(application: &str) -> Sender {
    ("communication", communication(application))
}

/// A conversation as the sender of events.
pub(super) fn of_conversation(application: &str, id: &str) -> Sender {
    ("conversation", conversation(application, id))
}

/// `me` as the sender of events.
pub(super) fn of_me(application: &str) -> Sender {
    ("me", format!("{}/me", base(application)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_addresses_are_compared_without_case_and_scheme() {
        for text in [
            "sip:Bob@Contoso.test",
            "bob@contoso.test",
            " SIP:bob@contoso.TEST ",
        ] {
            assert_eq!(normal_sip(text).as_deref(), Some("sip:bob@contoso.test"));
        }
        for text in [
            "",
            "bob",
            "sip:@x",
            "sip:b@",
            "tel:+1@x",
            "sip:a b@x",
            "sip:a@b@c",
        ] {
            assert_eq!(normal_sip(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_address_survives_the_way_through_a_path(user in "[^@:]{1,20}", host in "[a-z.]{1,20}") {
            if let Some(sip) = normal_sip(&format!("{user}@{host}")) {
                let decoded = crate::wire::path::decode_segment(&segment(&sip)).unwrap();
                proptest::prop_assert_eq!(normal_sip(&decoded), Some(sip));
            }
        }
    }
}
