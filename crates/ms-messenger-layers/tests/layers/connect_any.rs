//! Any text and any table is read or refused, and no error repeats a value.

use ms_messenger_layers::ConnectConfig;
use proptest::prelude::*;

use crate::connect::{config, registry};

const SECRET: &str = "hunter2";

/// Texts of the grammar and near it, with a secret in the place of any value.
fn near_the_grammar() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "router",
        "fallback",
        "fan-out",
        "deadline",
        "rate-limit",
        "memory",
        "pager",
        "(",
        ")",
        "[",
        "]",
        ":",
        "?",
        "=",
        "&",
        ",",
        "|",
        "//",
        "%",
        "\n",
        " ",
        "token",
        "token_env",
        "token_file",
        "kind",
        "target",
        "to",
        "timeout",
        "platform",
        "settle",
        "literal_secrets=true",
        "TOKEN",
        "\u{e9}",
        "=hunter2",
        "=tel:hunter2",
        "hunter2%",
        "//hunter2",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

/// Tables of JSON with a secret in the place of any value.
fn any_table() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(SECRET)),
        Just(json!("memory:?platform=hunter2")),
        Just(json!("router")),
        Just(json!("fallback")),
        Just(json!("pager")),
    ];
    let names = prop::sample::select(vec![
        "type",
        "address",
        "members",
        "messenger",
        "name",
        "to",
        "rules",
        "kind",
        "target",
        "platform",
        "token",
        "token_env",
        "timeout",
        "settle",
        "per_second",
        "Hunter 2",
    ]);
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let table = prop::collection::btree_map(names.clone(), inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            table.prop_map(|table| json!(table)),
        ]
    })
}

/// Reads and checks a configuration. No error and no `Debug` repeats a secret.
fn assert_discreet(text: &str) {
    let printed = match text.parse::<ConnectConfig>() {
        Err(error) => format!("{error:?} {error}"),
        Ok(config) => match registry().0.check(&config) {
            Err(error) => format!("{error:?} {error}"),
            Ok(()) => String::new(),
        },
    };
    assert!(!printed.contains(SECRET), "{text:?}: {printed}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = text.parse::<ConnectConfig>();
    }

    #[test]
    fn any_text_of_the_grammar_is_read_or_refused(text in r"[a-c(){}\[\]=:/?,|&%0-9f \n]{0,60}") {
        if let Ok(config) = text.parse::<ConnectConfig>() {
            let _ = registry().0.check(&config);
        }
    }

    #[test]
    fn no_error_repeats_a_value_of_a_text(text in near_the_grammar()) {
        assert_discreet(&text);
    }

    #[test]
    fn no_error_repeats_a_value_of_a_table(table in any_table()) {
        assert_discreet(&serde_json::json!({"type": "router", "members": [table]}).to_string());
        assert_discreet(&table.to_string());
    }

    #[test]
    fn what_is_encoded_is_read_as_it_was(value in "\\PC{0,40}") {
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let read = config(&format!("a(b[to={encoded}]=memory:?platform={encoded})"));
        let member = ConnectConfig::new("memory").with_option("platform", value.clone());
        let table = serde_json::json!({"type": "a", "members": [
            {"name": "b", "to": value, "messenger": {"type": "memory", "platform": value}},
        ]});
        prop_assert_eq!(&read, &serde_json::from_value::<ConnectConfig>(table).unwrap());
        let own = config(&format!("memory:?platform={encoded}"));
        prop_assert_eq!(own, member);
    }
}
