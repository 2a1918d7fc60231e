//! Options as they are given, with the values of the variables and files that they name.

use std::{
    collections::BTreeMap,
    env::VarError,
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
    let has_secrets = specs.iter().any(|spec| spec.is_secret);
    let allows_literal = has_secrets && literal_is_allowed(given, place);
    for (name, value) in given {
        if has_secrets && name == LITERAL {
            continue;
        }
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
            Source::Itself if value.trim().is_empty() => Err("must not be empty".to_owned()),
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
    let has_secrets = specs.iter().any(|spec| spec.is_secret);
    let literal = has_secrets.then(|| LITERAL.to_owned());
    let known: Vec<String> = known.chain(literal).collect();
    hint(name, known.iter().map(String::as_str))
}

/// The value of a variable. Its name is not repeated: it may be the secret itself, by mistake.
fn of_variable(name: &str, read: &ReadVariable) -> Result<String, String> {
    let problem = |is: &str| Err(format!("names a variable that is {is}"));
    match read(name) {
        Err(VarError::NotPresent) => problem("not set"),
        Err(VarError::NotUnicode(_)) => problem("not UTF-8"),
        Ok(value) if value.trim().is_empty() => problem("empty"),
        Ok(value) => Ok(value.trim().to_owned()),
    }
}

fn of_file(path: &str) -> Result<String, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(path)?;
        file.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let problem = |is: &str| format!("names a file that is {is}");
    let bytes =
        read().map_err(|error| format!("names a file that cannot be read: {}", error.kind()))?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(problem("longer than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| problem("not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(problem("empty"));
    }
    Ok(text.trim().to_owned())
}
