//! CSV: a template request whose strings name columns.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use crate::{batch::findings::Findings, text};

/// A line of the input, as JSON.
#[derive(Debug)]
pub(crate) struct TextLine {
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// The values of one record by column.
type Columns<'a> = HashMap<&'a str, &'a str>;

/// Reads a table: each record becomes the template with the values of its columns.
///
/// # Errors
///
/// Every record that does not fit the header, and every column that the template names and the
/// header does not have.
pub(crate) fn read(table: &str, template: &Value) -> Result<Vec<TextLine>, Findings> {
    let mut findings = Findings::default();
    let mut reader = ReaderBuilder::new().from_reader(table.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            findings.add(line_of(&error), "", &rule_of(&error));
            return Err(findings);
        }
    };
    check_header(&header, template, &mut findings);
    let mut lines = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let number = record.position().map_or(0, |at| line_at(table, at));
                let columns = header.iter().zip(&record).collect();
                if let Ok(mut filled) = fill(template, &columns) {
                    leave_out_empty(&mut filled);
                    let text = filled.to_string();
                    lines.push(TextLine { number, text });
                }
            }
            Err(error) => findings.add(line_of(&error), "", &rule_of(&error)),
        }
    }
    if findings.is_empty() {
        Ok(lines)
    } else {
        Err(findings)
    }
}

/// Checks the names in header and template before any record is read.
fn check_header(header: &StringRecord, template: &Value, findings: &mut Findings) {
    let mut columns = Columns::new();
    for name in header {
        if columns.insert(name, "").is_some() {
            findings.add(1, "", &text::batch::column_twice(&shown(name)));
        }
    }
    let mut rules = Vec::new();
    missing(template, &columns, &mut rules);
    rules.sort();
    rules.dedup();
    // What programs write for tables where a comma is part of numbers.
    if header.len() == 1 && !rules.is_empty() && header[0].contains([';', '\t']) {
        rules = vec![text::batch::SEPARATOR.to_owned()];
    }
    for rule in rules {
        findings.add(1, "", &rule);
    }
}

/// Collects what is wrong with the strings of the template.
fn missing(template: &Value, columns: &Columns<'_>, rules: &mut Vec<String>) {
    match template {
        Value::String(text) => rules.extend(fill_text(text, columns).err()),
        Value::Array(values) => values.iter().for_each(|it| missing(it, columns, rules)),
        Value::Object(members) => members.values().for_each(|it| missing(it, columns, rules)),
        _ => {}
    }
}

/// Returns the template with the values of one record.
fn fill(template: &Value, columns: &Columns<'_>) -> Result<Value, String> {
    Ok(match template {
        Value::String(text) => Value::String(fill_text(text, columns)?),
        Value::Array(values) => {
            let filled = values.iter().map(|it| fill(it, columns));
            Value::Array(filled.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let filled = members.iter().map(|(name, value)| {
                let filled = fill(value, columns)?;
                Ok((name.clone(), filled))
            });
            Value::Object(filled.collect::<Result<Map<_, _>, String>>()?)
        }
        other => other.clone(),
    })
}

/// Leaves out the members beside the request that are empty in this record: a table has no other way
/// to say that one has none.
fn leave_out_empty(filled: &mut Value) {
    const OPTIONAL: [&str; 4] = ["not_before", "expires_at", "order_key", "platform"];
    if let Value::Object(members) = filled {
        members.retain(|name, value| !(OPTIONAL.contains(&name.as_str()) && *value == ""));
    }
}

/// Replaces `{column}` by its value; `{{` and `}}` are braces.
fn fill_text(text: &str, columns: &Columns<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{{") {
            filled.push('{');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            filled.push('}');
            rest = after;
        } else {
            let named = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
            let Some((name, after)) = named else {
                return Err(text::batch::BRACE_ALONE.into());
            };
            let value = columns.get(name);
            let missing = || text::batch::column_missing(&shown(name));
            filled.push_str(value.ok_or_else(missing)?);
            rest = after;
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Quotes the name of a column; one that does not look like a name is not repeated.
fn shown(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || " _-.".contains(c);
    if name.chars().count() <= 40 && name.chars().all(is_plain) {
        text::batch::column(Some(name))
    } else {
        text::batch::column(None)
    }
}

/// Returns the line of a record, whose position is before the blank lines that precede it.
fn line_at(table: &str, position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = table.as_bytes().get(from..).unwrap_or_default();
    let blank = rest.iter().take_while(|it| matches!(it, b'\r' | b'\n'));
    let skipped = blank.filter(|it| **it == b'\n').count();
    position.line() + u64::try_from(skipped).unwrap_or_default()
}

fn line_of(error: &csv::Error) -> u64 {
    error.position().map_or(1, csv::Position::line)
}

fn rule_of(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => text::batch::unequal_lengths(*len, *expected_len),
        csv::ErrorKind::Utf8 { .. } => text::files::NOT_UTF8.to_owned(),
        _ => text::batch::NOT_CSV.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Value {
        json!({"to": "tel:{phone}", "message": {"body": {"text": "Hi {name}, {{bye}}"}}, "n": 1})
    }

    #[test]
    fn each_record_fills_the_strings_of_the_template() {
        let table = "name,phone\nLene,+491\n\"A \"\"B\"\"\n{phone}\",+492\n\nBo,+493\n";
        let lines = read(table, &template()).unwrap();
        let numbers: Vec<u64> = lines.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [2, 3, 6]);
        let second: Value = serde_json::from_str(&lines[1].text).unwrap();
        // What a value holds is data, never part of the template.
        let text = "Hi A \"B\"\n{phone}, {bye}";
        let expected = json!({"to": "tel:+492", "message": {"body": {"text": text}}, "n": 1});
        assert_eq!(second, expected);
    }

    #[test]
    fn another_separator_is_said_to_be_one() {
        for (table, expected) in [
            ("name;phone\nLene;+491\n", "separated by semicolons or tabs"),
            (
                "name\tphone\nLene\t+491\n",
                "separated by semicolons or tabs",
            ),
            (
                "name;phone,city\nLene;+491,Oslo\n",
                "of the template is missing",
            ),
            ("mail\nlene@contoso.com\n", "of the template is missing"),
        ] {
            let error = read(table, &template()).unwrap_err().to_error();
            let all_say_so = error.problems().iter().all(|it| it.rule.contains(expected));
            assert!(all_say_so, "{table}: {error:?}");
        }
    }

    #[test]
    fn an_empty_value_leaves_a_member_beside_the_request_out() {
        let template =
            json!({"id": "{id}", "order_key": "{key}", "not_before": "{time}", "message": "{key}"});
        let lines = read("id,key,time\n1,,\n,k,2026-12-01T08:00:00Z\n", &template).unwrap();
        let lines = lines
            .iter()
            .map(|it| serde_json::from_str(&it.text).unwrap());
        let expected = [
            json!({"id": "1", "message": ""}),
            json!({"id": "", "order_key": "k", "not_before": "2026-12-01T08:00:00Z", "message": "k"}),
        ];
        assert_eq!(lines.collect::<Vec<Value>>(), expected);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (table, template, expected) in [
            (
                "name\nLene\n",
                template(),
                "the column 'phone' of the template is missing",
            ),
            ("a,a\n1,2\n", json!("{a}"), "the column 'a' appears twice"),
            ("a\n1\n", json!(["{a"]), "a brace alone"),
            ("a\n1\n", json!("}"), "a brace alone"),
            ("a,b\n1\n", json!("{a}"), "has 1 column, the header has 2"),
            (
                "",
                json!("{a}"),
                "the column 'a' of the template is missing",
            ),
        ] {
            let findings = read(table, &template).unwrap_err();
            let found = findings.to_error().to_string();
            assert!(found.contains(expected), "{table}: {found}");
        }
    }
}
