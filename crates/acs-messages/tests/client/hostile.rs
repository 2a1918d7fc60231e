//! Nothing that a caller or a server can set makes the client panic or print a secret.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use acs_messages::{
    AcsMessagesClient, Conversation, ConversationContent, ConversationMessage, Credential,
    MessageTemplate, PLATFORM,
};
use ms_messenger_core::{
    IdempotencyKey, Message, RetryPolicy, SendRequest, StaticToken, Target, Template,
    TemplateHeader, TemplateLocation,
};
use proptest::prelude::*;
use serde_json::{Value, json};

static CLIENT: LazyLock<AcsMessagesClient> = LazyLock::new(|| {
    let credential = Credential::user(StaticToken::new("t"));
    AcsMessagesClient::builder("https://contoso.communication.azure.com", credential)
        .with_channel_registration_id("0f0eb78e-a576-1dfc-b414-0f0756de3338")
        .build()
        .unwrap()
});

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "(?s).{0,20}|text|template|interactive|whatsApp|url|flow|quickAction|https://a.com"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let name = "kind|content|template|name|language|values|bindings|buttons|subType|refValue|interactiveMessage|body|action|url|.{0,6}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name, inner, 0..7)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn messages() -> impl Strategy<Value = Message> {
    let place = (any::<f64>(), any::<f64>()).prop_map(|(latitude, longitude)| {
        Message::template(
            Template::new("t", "en").with_header(TemplateHeader::Location(TemplateLocation::new(
                latitude, longitude,
            ))),
        )
    });
    prop_oneof![
        "(?s).*".prop_map(Message::text),
        any_json().prop_map(|payload| Message::native(PLATFORM, payload)),
        ("(?s).*", "(?s).*").prop_map(|(name, language)| Message::template(
            Template::new(name, language).with_body_value("x")
        )),
        place,
    ]
}

fn times() -> impl Strategy<Value = SystemTime> {
    any::<i64>().prop_map(|seconds| {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        };
        time.unwrap_or(SystemTime::UNIX_EPOCH)
    })
}

proptest! {
    #[test]
    fn any_content_of_a_listed_message_is_kept(content in any_json(), other in any_json()) {
        let item = json!({"id": "7", "message": content, "createdOn": other});
        let message: ConversationMessage = serde_json::from_value(item).unwrap();
        if let ConversationContent::Other(kept) = message.content {
            prop_assert_eq!(kept, content);
        }
        let conversation = json!({"id": "19:c", "participants": [other]});
        let _ = serde_json::from_value::<Conversation>(conversation);
    }

    #[test]
    fn a_check_of_any_request_ends(message in messages(), id in "(?s).*", time in times()) {
        for to in [Target::conversation(id.as_str()), Target::phone("+14255550123").unwrap()] {
            let request = SendRequest::new(to, message.clone());
            let key = IdempotencyKey::new(IdempotencyKey::random().id, time);
            for request in [request.clone(), request.with_idempotency(key)] {
                if let Err(error) = CLIENT.check(&request) {
                    prop_assert!(!error.to_string().contains(char::is_control), "{error}");
                }
            }
        }
    }

    #[test]
    fn any_template_is_checked(body in any_json()) {
        if let Ok(template) = serde_json::from_value::<MessageTemplate>(body) {
            let _ = template.check();
        }
    }

    #[test]
    fn any_setting_builds_or_is_refused_without_a_secret(
        address in "(https?://)?[a-z:@/.?=#%\\[\\]]{0,30}",
        version in "(?s).*",
        seconds in any::<u64>(),
    ) {
        let credential = Credential::user(StaticToken::new("hunter2"));
        let wait = Duration::from_secs(seconds);
        let builder = AcsMessagesClient::builder(format!("{address}?key=hunter2"), credential)
            .with_conversation_version(version)
            .with_retry_policy(RetryPolicy::default().with_backoff(wait, wait));
        prop_assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
        let shown = match builder.build() {
            Ok(client) => format!("{client:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("hunter2"), "{shown}");
    }
}
