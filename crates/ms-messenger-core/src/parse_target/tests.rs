use proptest::prelude::*;

use super::*;
use crate::MessageId;

/// Ids without white space around them, and not out of a link.
fn id() -> impl Strategy<Value = String> {
    let usual = |id: &String| id.trim() == id && encoded(id).is_none();
    ".{1,20}".prop_filter("white space or percent-encoded", usual)
}

/// Names without white space around them.
fn name() -> impl Strategy<Value = String> {
    "[^\n]{1,20}".prop_filter("white space", |name| name.trim() == name)
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        id().prop_map(Target::conversation),
        (id(), id()).prop_map(|(team, channel)| Target::channel(team, channel)),
        (id(), id()).prop_map(|(team, channel)| Target::channel(format!("@{team}"), channel)),
        (name(), name()).prop_map(|(team, channel)| Target::channel_name(team, channel)),
        id().prop_map(Target::user),
        "[A-Z]{2}[.][a-zA-Z0-9]{1,128}".prop_map(|id| Target::whatsapp(&id).unwrap()),
        "[+][0-9]{7,15}".prop_map(|number| Target::phone(&number).unwrap()),
        "[a-z.:%/]{1,9}@[a-z.:]{1,9}"
            .prop_map(|address| Target::sip(&format!("sip:{address}")).unwrap()),
    ]
}

proptest! {
    #[test]
    fn the_text_form_round_trips(target in targets()) {
        prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
    }

    #[test]
    fn any_text_is_read_or_refused_and_never_changes_its_meaning(text in ".*") {
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        }
    }
}

#[test]
fn the_intended_target_is_suggested() {
    for (text, target) in [
        ("tel:14255550123", "tel:+14255550123"),
        ("tel:0049 30 901820", "tel:+4930901820"),
        ("+1 (425) 555-0123", "tel:+14255550123"),
        ("14255550123", "tel:+14255550123"),
        ("alice@contoso.com", "user:alice@contoso.com"),
        (
            "US.13491208655302741918",
            "whatsapp:US.13491208655302741918",
        ),
    ] {
        let error = text.parse::<Target>().unwrap_err();
        assert_eq!(error, ParseTargetError::Meant(target.to_owned()), "{text}");
        assert!(error.to_string().contains(target));
        assert!(target.parse::<Target>().is_ok());
    }
}

#[test]
fn case_of_the_scheme_and_white_space_around_do_not_count() {
    for (text, target) in [
        (" User:alice@contoso.com\n", "user:alice@contoso.com"),
        ("SIP:lene@contoso.com", "sip:lene@contoso.com"),
        ("Tel: +1 425 555 0123", "tel:+14255550123"),
        (
            "CHANNEL: t / 19:c@thread.tacv2 ",
            "channel:t/19:c@thread.tacv2",
        ),
    ] {
        assert_eq!(text.parse::<Target>().unwrap().to_string(), target);
    }
}

#[test]
fn an_encoded_id_is_rejected_with_the_decoded_one() {
    for (text, id) in [
        ("conversation:19%3Aabc%40thread.v2", "19:abc@thread.v2"),
        ("conversation:19%3aabc@thread.v2", "19:abc@thread.v2"),
        ("channel:t/19%3Ac%40thread.tacv2", "19:c@thread.tacv2"),
        ("user:alice%40contoso.com", "alice@contoso.com"),
        ("19%3Ac%40thread.tacv2", "19:c@thread.tacv2"),
        (
            "https://teams.microsoft.com/l/chat/19%3Aa%2540thread.v2/0",
            "19:a@thread.v2",
        ),
    ] {
        let error = text.parse::<Target>().unwrap_err();
        assert_eq!(error, ParseTargetError::Encoded(id.to_owned()), "{text}");
        assert!(error.to_string().contains(id));
    }
}

#[test]
fn a_link_of_teams_is_a_target() {
    let at = |host: &str, rest: &str| format!("https://{host}/l/{rest}");
    let c = "19%3Ac%40thread.tacv2";
    for (rest, target, message, reply) in [
        (
            format!("channel/{c}/General?groupId=t&tenantId=x"),
            "channel:t/19:c@thread.tacv2",
            None,
            None,
        ),
        (
            format!("team/{c}/conversations?groupId=t&tenantId=x"),
            "channel:t/19:c@thread.tacv2",
            None,
            None,
        ),
        (
            "chat/19:a@thread.v2/conversations?context=%7B%7D".into(),
            "conversation:19:a@thread.v2",
            None,
            None,
        ),
        (
            "chat/19%3Aa_b%40unq.gbl.spaces/0".into(),
            "conversation:19:a_b@unq.gbl.spaces",
            None,
            None,
        ),
        (
            "chat/0/0?users=alice@contoso.com".into(),
            "user:alice@contoso.com",
            None,
            None,
        ),
        (
            format!("message/{c}/17?groupId=t&parentMessageId=16&createdTime=17"),
            "channel:t/19:c@thread.tacv2",
            Some("17"),
            Some("16"),
        ),
        (
            format!("message/{c}/17?groupId=t"),
            "channel:t/19:c@thread.tacv2",
            Some("17"),
            Some("17"),
        ),
        (
            "message/19:a@thread.v2/9?context=%7B%22contextType%22%3A%22chat%22%7D".into(),
            "conversation:19:a@thread.v2",
            Some("9"),
            Some("9"),
        ),
    ] {
        for host in [
            "teams.microsoft.com",
            "Teams.Cloud.Microsoft",
            "gov.teams.microsoft.us",
        ] {
            let text = at(host, &rest);
            let link: TeamsLink = text.parse().unwrap();
            assert_eq!(link.target().to_string(), target, "{text}");
            assert_eq!(link.message_id().map(MessageId::as_str), message);
            assert_eq!(link.reply_to().map(MessageId::as_str), reply);
            let json = serde_json::Value::from(text.as_str());
            let read = serde_json::from_value::<Target>(json);
            match reply {
                None => assert_eq!(read.unwrap(), *link.target()),
                Some(reply) => {
                    let error = text.parse::<Target>().unwrap_err();
                    let (target, reply_to) = (target.to_owned(), reply.to_owned());
                    assert_eq!(error, ParseTargetError::Message { target, reply_to });
                    assert!(read.unwrap_err().to_string().contains(&error.to_string()));
                }
            }
        }
    }
    for text in [
        "https://teams.microsoft.com/l/channel/19%3Ac%40thread.tacv2/General",
        "https://teams.microsoft.com/l/meetup-join/19%3Am/0",
        "https://teams.microsoft.com/l/chat/0/0?users=a@b.c,d@b.c",
        "https://teams.microsoft.com/l/message/19:a@thread.v2",
        "https://teams.microsoft.com.evil.test/l/chat/19:a@thread.v2/0",
        "http://teams.microsoft.com/l/chat/19:a@thread.v2/0",
        "https://contoso.com/",
    ] {
        assert_eq!(
            text.parse::<Target>().unwrap_err(),
            ParseTargetError::Link,
            "{text}"
        );
    }
}

#[test]
fn broken_forms_say_what_is_wrong() {
    for (text, error) in [
        ("", ParseTargetError::Scheme),
        (
            "19:abc@thread.v2",
            ParseTargetError::Meant("conversation:19:abc@thread.v2".into()),
        ),
        ("conversation:", ParseTargetError::Empty),
        ("user:", ParseTargetError::Empty),
        ("sip:sip:a@b", ParseTargetError::Sip),
        ("whatsapp:+14255550123", ParseTargetError::WhatsApp),
        ("whatsapp:us.1", ParseTargetError::WhatsApp),
        ("channel:team", ParseTargetError::Channel),
        ("channel:/c", ParseTargetError::Channel),
        ("channel:t/", ParseTargetError::Channel),
        ("tel:0255550123", ParseTargetError::Phone),
        ("tel:+1", ParseTargetError::Phone),
        ("tel:+142555501x", ParseTargetError::Phone),
        ("sip:lene", ParseTargetError::Sip),
        ("sip:le ne@contoso.com", ParseTargetError::Sip),
    ] {
        assert_eq!(text.parse::<Target>(), Err(error), "{text}");
    }
}

#[test]
fn a_number_with_separators_is_normalised() {
    assert_eq!(
        Target::phone("+1 (425) 555-0123").unwrap().to_string(),
        "tel:+14255550123"
    );
}
