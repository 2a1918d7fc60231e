use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "s3cr/t+=";

/// Any JSON that a member may hold, texts that repeat the secret among them.
fn members() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        ".{0,40}",
        "(\\r|\\n|\u{2028}|\u{202e}|.){0,40}",
        Just(format!("a{SECRET}b")),
        (1_usize..3000).prop_map(|count| "w".repeat(count)),
        "AADSTS[0-9]{1,30}: .{0,20}",
    ];
    prop_oneof![
        4 => text.prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => prop::collection::vec(any::<u64>(), 0..40).prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

const NAMES: [&str; 7] = [
    "error",
    "error_description",
    "error_codes",
    "suberror",
    "claims",
    "correlation_id",
    "trace_id",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_are_no_error(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = TokenError::read(&body, &[SECRET.to_owned()]);
    }

    #[test]
    fn any_members_make_bounded_lines_without_the_secret(
        values in prop::collection::vec(members(), NAMES.len()),
        status in prop_oneof![Just(0_u16), 400..600_u16],
    ) {
        let body: serde_json::Map<String, Value> = NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .zip(values)
            .collect();
        let body = Value::from(body).to_string();
        if let Some(told) = TokenError::read(body.as_bytes(), &[SECRET.to_owned()]) {
            let (line, debug) = (told.to_string(), format!("{told:?}"));
            let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
            prop_assert!(!line.contains(unfit), "{:?}", line);
            prop_assert!(line.chars().count() <= 2010);
            prop_assert!(debug.len() < 40_000 && !debug.contains(SECRET), "{}", debug);
            prop_assert!(told.error_codes.len() <= MOST_CODES);
            let error = told.into_core(status, None);
            let text = format!("{error} {error:?}");
            prop_assert!(!text.contains(SECRET), "{}", text);
            prop_assert!(!error.to_string().contains(unfit));
            prop_assert_eq!(error.delivery(), Delivery::NotSent);
        }
    }
}
