//! What the public types can do: threads, text forms, conversions.

use std::{collections::HashMap, fmt, str::FromStr};

use ms_messenger_core::{
    Acceptance, AccessToken, Address, Attachment, Attempt, Body, CachedTokenProvider, CancelHandle,
    Capabilities, Capability, Card, ChannelId, ClockOffset, ConversationId, Deadline, Decision,
    Delivery, Error, ErrorKind, Evidence, Fitted, IdempotencyKey, Importance, JsonError, Mark,
    Media, MemoryMessenger, Message, MessageId, ParseNameError, ParseTargetError, PhoneNumber,
    Problem, Problems, Reached, Receipt, Result, RetryPolicy, SendOutcome, SendRequest,
    SettlePolicy, Settled, SharedMessenger, SipUri, StaticToken, Target, TeamId, TeamsLink,
    Template, TokenProvider, TokenRequest, UserId, WhatsAppUserId, Window,
    auth::{CachedTokenProviderBuilder, OwnedTokenRequest, SingleFlight, Turn},
};
use serde::{Serialize, de::DeserializeOwned};

const fn is_send_and_sync<T: Send + Sync + ?Sized>() {}

// A type that loses these bounds does not compile here.
const _: () = {
    is_send_and_sync::<Acceptance>();
    is_send_and_sync::<AccessToken>();
    is_send_and_sync::<Address>();
    is_send_and_sync::<Attachment>();
    is_send_and_sync::<Attempt>();
    is_send_and_sync::<Body>();
    is_send_and_sync::<CachedTokenProvider<StaticToken>>();
    is_send_and_sync::<CachedTokenProviderBuilder<StaticToken>>();
    is_send_and_sync::<CancelHandle>();
    is_send_and_sync::<Capabilities>();
    is_send_and_sync::<Capability>();
    is_send_and_sync::<Card>();
    is_send_and_sync::<ClockOffset>();
    is_send_and_sync::<Deadline>();
    is_send_and_sync::<Decision>();
    is_send_and_sync::<Delivery>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<ErrorKind>();
    is_send_and_sync::<Evidence>();
    is_send_and_sync::<Fitted>();
    is_send_and_sync::<IdempotencyKey>();
    is_send_and_sync::<JsonError>();
    is_send_and_sync::<Mark>();
    is_send_and_sync::<Media>();
    is_send_and_sync::<MemoryMessenger>();
    is_send_and_sync::<Message>();
    is_send_and_sync::<OwnedTokenRequest>();
    is_send_and_sync::<ParseNameError>();
    is_send_and_sync::<ParseTargetError>();
    is_send_and_sync::<Problem>();
    is_send_and_sync::<Problems>();
    is_send_and_sync::<Reached>();
    is_send_and_sync::<Receipt>();
    is_send_and_sync::<RetryPolicy>();
    is_send_and_sync::<SendOutcome>();
    is_send_and_sync::<SendRequest>();
    is_send_and_sync::<SettlePolicy>();
    is_send_and_sync::<Settled>();
    is_send_and_sync::<SharedMessenger>();
    is_send_and_sync::<SingleFlight>();
    is_send_and_sync::<StaticToken>();
    is_send_and_sync::<Target>();
    is_send_and_sync::<TeamsLink>();
    is_send_and_sync::<Template>();
    is_send_and_sync::<dyn TokenProvider>();
    is_send_and_sync::<TokenRequest<'_>>();
    is_send_and_sync::<Turn<'_>>();
    is_send_and_sync::<Window>();
};

/// The text form, the JSON form and the traits of strings agree.
fn is_a_string<T>(text: &str)
where
    T: FromStr + AsRef<str> + fmt::Display + fmt::Debug + Serialize + DeserializeOwned,
    T: PartialEq + PartialEq<str> + for<'a> PartialEq<&'a str> + Clone + Into<String>,
    T: std::hash::Hash + Eq + std::borrow::Borrow<str>,
    T::Err: fmt::Debug,
{
    let value: T = text.parse().unwrap();
    assert_eq!(value, *text);
    assert_eq!(value, text);
    assert_eq!(value.as_ref(), text);
    assert_eq!(value.to_string(), text);
    let json = serde_json::to_value(&value).unwrap();
    assert_eq!(json, text);
    assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
    let map = HashMap::from([(value.clone(), 7)]);
    assert_eq!(map[text], 7);
    assert_eq!(Into::<String>::into(value), text);
}

#[test]
fn ids_and_addresses_are_strings() {
    is_a_string::<ConversationId>("19:a@thread.v2");
    is_a_string::<TeamId>("fbe2bf47-16c8-47cf-b4a5-4b9b187c508b");
    is_a_string::<ChannelId>("19:a@thread.tacv2");
    is_a_string::<MessageId>("1593107077690");
    is_a_string::<UserId>("lene@contoso.com");
    is_a_string::<PhoneNumber>("+14255550123");
    is_a_string::<SipUri>("sip:lene@contoso.com");
    is_a_string::<WhatsAppUserId>("US.13491208655302741918");
}

#[test]
fn json_of_an_address_is_checked_and_not_quoted() {
    let attack = serde_json::json!("attack at dawn");
    for error in [
        ms_messenger_core::json::from_value::<PhoneNumber>(&attack).unwrap_err(),
        ms_messenger_core::json::from_value::<SipUri>(&attack).unwrap_err(),
        ms_messenger_core::json::from_value::<WhatsAppUserId>(&attack).unwrap_err(),
        ms_messenger_core::json::from_value::<Address>(&attack).unwrap_err(),
        ms_messenger_core::json::from_value::<Target>(&attack).unwrap_err(),
    ] {
        assert!(!error.to_string().contains("attack"), "{error}");
        let rules = [" is written ", " starts with "];
        assert!(rules.iter().any(|it| error.rule.contains(it)), "{error}");
    }
}

#[test]
fn every_address_reads_back_and_no_other_target_is_one() {
    for text in [
        "tel:+14255550123",
        "sip:lene@contoso.com",
        "user:lene@contoso.com",
        "whatsapp:US.13491208655302741918",
    ] {
        let address: Address = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
        let json = serde_json::to_value(&address).unwrap();
        assert_eq!(json, text);
        assert_eq!(serde_json::from_value::<Address>(json).unwrap(), address);
        assert_eq!(Target::from(address), text.parse().unwrap());
    }
    for text in ["conversation:1", "channel:t/c"] {
        assert_eq!(text.parse::<Address>(), Err(ParseTargetError::Address));
    }
}

#[test]
fn everything_that_names_a_target_becomes_one() {
    let phone = PhoneNumber::parse("+14255550123").unwrap();
    assert_eq!(Target::from(phone).to_string(), "tel:+14255550123");
    let sip = SipUri::parse("lene@contoso.com").unwrap();
    assert_eq!(Target::from(sip).to_string(), "sip:lene@contoso.com");
    let user = UserId::new("lene@contoso.com");
    assert_eq!(Target::from(user), Target::user("lene@contoso.com"));
    let whatsapp = WhatsAppUserId::parse("US.1").unwrap();
    assert_eq!(Target::from(whatsapp).to_string(), "whatsapp:US.1");
    let channel = (TeamId::new("t"), ChannelId::new("c"));
    assert_eq!(Target::from(channel), Target::channel("t", "c"));
    assert_eq!(Target::try_from("user:u"), Ok(Target::user("u")));
}

fn reads() -> Result<SendRequest> {
    let importance: Importance = "high".parse()?;
    let message = Message::from("hello").with_importance(importance);
    let _ = Target::phone("+14255550123")?;
    Ok(SendRequest::new("user:u".parse::<Target>()?, message))
}

#[test]
fn parse_errors_become_errors_of_the_library() {
    assert_eq!(reads().unwrap().to, Target::user("u"));
    let refused = || -> Result<Target> { Ok(Target::phone("attack")?) };
    let error = refused().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.problems()[0].field, "to");
    assert_eq!(error.delivery(), Delivery::NotSent);
    let unnamed = || -> Result<Delivery> { Ok("attack".parse()?) };
    assert!(!unnamed().unwrap_err().to_string().contains("attack"));
}
