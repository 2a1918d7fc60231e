//! Nothing that a caller or a server can set makes the client panic or print a secret.

use std::{sync::LazyLock, time::Duration};

use ms_messenger_core::{
    Attachment, Card, CardKind, InlineImage, Message, RetryPolicy, SendRequest, StaticToken, Target,
};
use msgraph_chat::{GraphChatClient, GraphError, NewChatMessage, PLATFORM, Place};
use proptest::prelude::*;
use serde_json::{Value, json};

static CLIENT: LazyLock<GraphChatClient> = LazyLock::new(|| {
    let client = GraphChatClient::builder(StaticToken::new("t"));
    client.with_one_on_one_chats("me").build().unwrap()
});

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "(?s).{0,40}|<at id=\"?[0-9]\"?>.{0,4}</at>|html|text".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = "body|content|contentType|attachments|mentions|mentioned|user|id|mentionText|hostedContents|@odata.type|.{0,6}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name, inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn messages() -> impl Strategy<Value = Message> {
    let image = ("(?s).{0,12}", proptest::collection::vec(any::<u8>(), 0..32));
    prop_oneof![
        "(?s).*".prop_map(Message::text),
        "[<>/=\"' a-z&;!\\-\0\r\n]*".prop_map(Message::html),
        any_json().prop_map(|payload| Message::native(PLATFORM, payload)),
        any_json().prop_map(|card| Message::text("x")
            .with_attachment(Attachment::Card(Card::new(CardKind::Adaptive, card)))),
        image.prop_map(|(kind, bytes)| Message::text("x")
            .with_attachment(Attachment::InlineImage(InlineImage::new(kind, bytes)))),
    ]
}

proptest! {
    #[test]
    fn a_check_of_any_request_ends(message in messages(), id in "(?s).*", other in "(?s).*") {
        for to in [
            Target::conversation(id.as_str()),
            Target::channel(id.as_str(), other.as_str()),
            Target::user(id.as_str()),
        ] {
            let request = SendRequest::new(to, message.clone()).with_reply_to(other.as_str());
            if let Err(error) = CLIENT.check(&request) {
                prop_assert!(!error.to_string().contains(char::is_control), "{error}");
            }
        }
    }

    #[test]
    fn a_check_of_any_native_message_ends(message in any_json()) {
        if let Ok(message) = serde_json::from_value::<NewChatMessage>(message) {
            let _ = (message.check(Place::Chat), message.check(Place::Channel), message.visible_text());
        }
    }

    #[test]
    fn any_setting_builds_or_is_refused_without_a_secret(
        address in "(https?://)?[a-z:@/.?=#%\\[\\]]{0,30}",
        limit in any::<Option<usize>>(),
        seconds in any::<u64>(),
        attempts in any::<u32>(),
    ) {
        let address = format!("{address}?key=hunter2");
        let wait = Duration::from_secs(seconds);
        let builder = GraphChatClient::builder(StaticToken::new("hunter2"))
            .with_base_url(address)
            .with_max_message_bytes(limit)
            .with_max_call_bytes(limit)
            .with_retry_policy(RetryPolicy::default().with_max_attempts(attempts).with_backoff(wait, wait));
        prop_assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
        let shown = match builder.build() {
            Ok(client) => format!("{client:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn any_error_body_is_read(body in any_json()) {
        let _ = GraphError::read(json!({"error": body}).to_string().as_bytes());
    }
}
