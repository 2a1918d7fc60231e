//! Variables and counts as text.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{
    args::EnvFormat,
    emulator::variables::{MISLEADING, Variables},
    files::{replace, unwritable},
    terminal::escaped,
    text,
};

/// Returns the variables in that form.
pub(crate) fn of(variables: &Variables, format: EnvFormat) -> String {
    let all = variables.0.iter();
    let lines: Vec<String> = match format {
        EnvFormat::Shell => {
            let unset = format!("unset {}", MISLEADING.join(" "));
            let set = all.map(|(name, value)| format!("export {name}={}", quoted(value)));
            std::iter::once(unset).chain(set).collect()
        }
        EnvFormat::Fish => {
            let unset = format!("set -e {}", MISLEADING.join(" "));
            let set = all.map(|(name, value)| format!("set -gx {name} {}", fish(value)));
            std::iter::once(unset).chain(set).collect()
        }
        EnvFormat::Dotenv => all
            .map(|(name, value)| format!("{name}={}", dotenv(value)))
            .collect(),
        EnvFormat::Powershell => {
            let unset = MISLEADING.iter();
            let unset = unset.map(|name| format!("$env:{name} = $null"));
            let set =
                all.map(|(name, value)| format!("$env:{name} = '{}'", value.replace('\'', "''")));
            unset.chain(set).collect()
        }
        EnvFormat::Json => {
            let members = all.map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
            let all = Value::Object(members.collect::<Map<String, Value>>());
            return escaped(&all.to_string());
        }
    };
    lines.join("\n")
}

/// Writes a `.env` file in one step: readers see the old content or all of the new.
///
/// # Errors
///
/// What prevented it, with the name of the file.
pub(crate) fn write(file: &Path, variables: &Variables) -> Result<(), String> {
    let content = format!("{}\n", of(variables, EnvFormat::Dotenv));
    replace(file, content.as_bytes())
        .map_err(|error| format!("{}: {}", file.display(), unwritable(file, &error)))
}

/// Quotes a word for POSIX shells.
fn quoted(value: &str) -> String {
    if is_plain(value) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Quotes a word for fish.
fn fish(value: &str) -> String {
    if is_plain(value) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Quotes a value so that a POSIX shell and the readers of `.env` files read the same.
fn dotenv(value: &str) -> String {
    if is_plain(value) {
        return value.to_owned();
    }
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut text = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            text.push('\\');
        }
        text.push(c);
    }
    text + "\""
}

fn is_plain(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c);
    !value.is_empty() && value.chars().all(is_plain)
}

/// Describes the end of an emulator.
pub(crate) fn ending(signal: Option<&str>, stats: &Value) -> String {
    let count = |name: &str| stats[name].as_u64().unwrap_or_default();
    let posts = &stats["on_message"];
    let post = |name: &str| posts[name].as_u64().unwrap_or_default();
    let lost = post("failed") + post("dropped") + post("waiting");
    text::emulator::ending(signal, count("requests"), count("stored"), lost)
}

/// Describes what prevents that changes are written to the data file, if something does.
pub(crate) fn data_failure(stats: &Value) -> Option<String> {
    let failure = stats["data"]["failure"].as_str()?;
    let file = stats["data"]["file"].as_str().unwrap_or_default();
    Some(text::emulator::data_failure(file, failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_says_how_many_requests_and_messages_there_were() {
        let stats = serde_json::json!({"requests": 4778, "stored": 1});
        let text = ending(Some("SIGTERM"), &stats);
        assert_eq!(text, "ending (SIGTERM): 4,778 requests, 1 message");
    }

    #[test]
    fn values_are_quoted_for_each_form() {
        let variables = Variables(vec![("A", "a;b".to_owned()), ("B", "it's $x".to_owned())]);
        let shell = of(&variables, EnvFormat::Shell);
        assert!(
            shell.ends_with("export A='a;b'\nexport B='it'\\''s $x'"),
            "{shell}"
        );
        assert_eq!(
            of(&variables, EnvFormat::Dotenv),
            "A='a;b'\nB=\"it's \\$x\""
        );
        let fish = of(&variables, EnvFormat::Fish);
        assert!(
            fish.ends_with("set -gx A 'a;b'\nset -gx B 'it\\'s $x'"),
            "{fish}"
        );
        let powershell = of(&variables, EnvFormat::Powershell);
        assert!(powershell.ends_with("$env:B = 'it''s $x'"), "{powershell}");
    }
}
