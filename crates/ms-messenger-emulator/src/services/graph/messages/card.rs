//! Cards as the service writes them.

use serde_json::{Map, Value};

pub(crate) const ADAPTIVE: &str = "application/vnd.microsoft.card.adaptive";

/// Members with names as values; the service writes those with a lower-case first letter.
const NAMED: [&str; 11] = [
    "color",
    "fontType",
    "height",
    "horizontalAlignment",
    "imageSize",
    "size",
    "spacing",
    "style",
    "verticalContentAlignment",
    "weight",
    "width",
];

/// The card in the service's form; `None` when `content` is no JSON object.
pub(crate) fn rendered(content_type: &str, content: &str) -> Option<String> {
    let card: Map<String, Value> = serde_json::from_str(content).ok()?;
    if content_type == ADAPTIVE {
        return Some(normal(card).to_string());
    }
    // Between members only: within strings JSON has to escape them.
    Some(content.replace(['\r', '\n'], ""))
}

fn normal(element: Map<String, Value>) -> Value {
    let kind = element
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let is = |name: &str| kind.as_deref() == Some(name);
    let mut normal: Map<String, Value> = element
        .into_iter()
        .map(|(name, value)| {
            let is_name = NAMED.contains(&name.as_str()) && !(is("Column") && name == "spacing");
            let value = member(value, is_name);
            (name, value)
        })
        .collect();
    if is("Image") {
        normal.entry("height").or_insert_with(|| "auto".into());
    }
    normal.into()
}

fn member(value: Value, is_name: bool) -> Value {
    match value {
        Value::Object(element) => normal(element),
        Value::Array(items) => items
            .into_iter()
            .map(|item| member(item, is_name))
            .collect(),
        Value::String(text) if is_name => with_small_letter(&text).into(),
        Value::String(text) => reformatted(&text).unwrap_or(text).into(),
        other => other,
    }
}

fn with_small_letter(name: &str) -> String {
    if !name.chars().all(|c| c.is_ascii_alphabetic()) {
        return name.to_owned();
    }
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// `2019-08-31T19:30:00Z` as `08/31/2019 19:30:00`: the service takes such a text for a time.
fn reformatted(text: &str) -> Option<String> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, separator| -> Option<Vec<usize>> {
        let parts = text.split(separator);
        let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        parts
            .map(|part| is_number(part).then_some(part.len()))
            .collect()
    };
    let has_form = numbers(date, '-')? == [4, 2, 2] && numbers(time, ':')? == [2, 2, 2];
    has_form.then(|| format!("{}/{}/{} {time}", &date[5..7], &date[8..], &date[..4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_a_lower_case_letter_except_the_spacing_of_columns() {
        let card = r#"{"type":"Column","spacing":"Medium","size":"ExtraLarge","id":"Medium",
            "items":[{"type":"TextBlock","spacing":"Medium","width":"50px"}]}"#;
        let rendered: Value = serde_json::from_str(&rendered(ADAPTIVE, card).unwrap()).unwrap();
        assert_eq!(rendered["spacing"], "Medium");
        assert_eq!(rendered["size"], "extraLarge");
        assert_eq!(rendered["id"], "Medium");
        assert_eq!(rendered["items"][0]["spacing"], "medium");
        assert_eq!(rendered["items"][0]["width"], "50px");
    }

    #[test]
    fn only_a_whole_time_is_reformatted() {
        let expected = Some("08/31/2019 19:30:00".to_owned());
        assert_eq!(reformatted("2019-08-31T19:30:00Z"), expected);
        for other in [
            "2019-08-31",
            "at 2019-08-31T19:30:00Z",
            "T:Z",
            "é-08-31T19:30:00Z",
        ] {
            assert_eq!(reformatted(other), None, "{other}");
        }
    }

    #[test]
    fn other_cards_lose_the_line_breaks_between_members_only() {
        let card = "{\r\n  \"a\": \"x\\r\\ny\"\r\n}";
        let hero = rendered("application/vnd.microsoft.card.hero", card);
        assert_eq!(hero.unwrap(), "{  \"a\": \"x\\r\\ny\"}");
    }

    proptest::proptest! {
        #[test]
        fn hostile_cards_do_not_panic(text in ".{0,40}", time in "[0-9]{1,4}-[0-9é]{1,2}-[0-9]{2}T.{0,8}Z") {
            let _ = reformatted(&text);
            let _ = reformatted(&time);
            let _ = with_small_letter(&text);
        }
    }
}
