//! Options as they are given, with the values of the variables and files that they name.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
};

use ms_messenger_core::Problems;

use super::{
    options::{OptionSpec, ReadVariable, shown},
    suggest::hint,
};

/// The most bytes of a file with a value.
const LONGEST_FILE: u64 = 64 * 1024;
/// The option that lets secrets stand in a configuration.
const LITERAL: &str = "literal_secrets";

/// Where the options are, for errors.
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) problems: &'a mut Problems,
}

impl Place<'_> {
    pub(super) fn add(&mut self, name: &str, rule: impl Into<String>) {
        let field = at(self.path, name);
        self.problems.add(field, rule);
    }
}

/// The path of a member of what is at `path`.
pub(super) fn at(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

/// How the value of an option is given.
enum Source {
    Itself,
    Variable,
    File,
}

/// Returns the values by the names of `specs`, and adds every problem.
pub(super) fn resolve(
    given: &[(String, String)],
    specs: &'static [OptionSpec],
    read: &ReadVariable,
    place: &mut Place<'_>,
) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    let allows_literal = literal_is_allowed(given, place);
    for (name, value) in given.iter().filter(|(name, _)| name != LITERAL) {
        let Some((spec, source)) = find(name, specs) else {
            let rule = format!("is not an option here{}", meant(name, specs));
            place.add(&shown(name), rule);
            continue;
        };
        let value = match source {
            Source::Itself if spec.is_secret && !allows_literal => {
                let own = spec.name;
                Err(format!(
                    "is a secret: name a variable with {own}_env or a file with {own}_file, or allow \
                     it here with {LITERAL}=true"
                ))
            }
            Source::Itself => Ok(value.clone()),
            Source::Variable => of_variable(value, read),
            Source::File => of_file(value),
        };
        match value {
            Err(rule) => place.add(name, rule),
            Ok(value) if spec.is_flag && !matches!(value.as_str(), "true" | "false") => {
                place.add(name, "must be true or false");
            }
            Ok(value) => {
                if values.insert(spec.name, value).is_some() {
                    place.add(name, format!("gives {} a second time", spec.name));
                }
            }
        }
    }
    values
}

fn literal_is_allowed(given: &[(String, String)], place: &mut Place<'_>) -> bool {
    let mut literal = given.iter().filter(|(name, _)| name == LITERAL);
    let value = literal.next().map(|(_, value)| value.as_str());
    if literal.next().is_some() {
        place.add(LITERAL, "is given twice");
    }
    if !matches!(value, None | Some("true" | "false")) {
        place.add(LITERAL, "must be true or false");
    }
    value == Some("true")
}

/// An option by its name, which may end with where its value is. The whole name counts first.
fn find(name: &str, specs: &'static [OptionSpec]) -> Option<(&'static OptionSpec, Source)> {
    let of = |name: &str| specs.iter().find(|spec| spec.name == name);
    if let Some(spec) = of(name) {
        return Some((spec, Source::Itself));
    }
    if let Some(spec) = name.strip_suffix("_env").and_then(of) {
        return Some((spec, Source::Variable));
    }
    let spec = name.strip_suffix("_file").and_then(of)?;
    Some((spec, Source::File))
}

/// What was meant by an unknown name, which may end with where the value is.
fn meant(name: &str, specs: &'static [OptionSpec]) -> String {
    let ends = ["_env", "_file"];
    let end = ends.into_iter().find(|end| name.ends_with(end));
    let known = specs
        .iter()
        .map(|spec| format!("{}{}", spec.name, end.unwrap_or_default()));
    let known: Vec<String> = known.chain([LITERAL.to_owned()]).collect();
    hint(name, known.iter().map(String::as_str))
}

fn of_variable(name: &str, read: &ReadVariable) -> Result<String, String> {
    let value = read(name).map(|value| value.trim().to_owned());
    // The name is not repeated: it may be the secret itself, by mistake.
    let missing = || "names a variable that is not set".to_owned();
    value.filter(|value| !value.is_empty()).ok_or_else(missing)
}

fn of_file(path: &str) -> Result<String, String> {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        let file = File::open(path)?;
        file.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let text =
        read().map_err(|error| format!("names a file that cannot be read: {}", error.kind()))?;
    let value = text.trim();
    if text.len() as u64 > LONGEST_FILE {
        return Err("names a file that is longer than 64 KiB".to_owned());
    }
    if value.is_empty() {
        return Err("names a file that is empty".to_owned());
    }
    Ok(value.to_owned())
}
