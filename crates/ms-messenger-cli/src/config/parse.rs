//! Reads the text of the configuration file: every problem at once, each with its line.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use ms_messenger::{ErrorKind, Problems, Result, Target, TeamsLink};
use toml::de::{DeTable, DeValue};

use super::{
    file::{ConfigFile, FileSetting, FileValue, NamedTarget, ProfileTable, Targets},
    members::{MEMBERS, Member},
    reference::Reference,
};
use crate::{outcome::one_line, text, typo::suggestion};

/// The most problems that are listed.
const MOST_PROBLEMS: usize = 20;
/// Length limit of a name that a problem repeats, in characters.
const LONGEST_NAME: usize = 40;

/// Reads the text of the file at `path`.
///
/// # Errors
///
/// `Config` with every problem and its line. No value is repeated.
pub(super) fn parse(path: PathBuf, text: &str) -> Result<ConfigFile> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut parser = Parser {
        path: &path,
        breaks: text.match_indices('\n').map(|(at, _)| at).collect(),
        problems: BTreeMap::new(),
    };
    for error in errors {
        let span = error.span().unwrap_or_default();
        parser.problem(&span, "", one_line(text::input::not_toml(error.message())));
    }
    let is_readable = parser.problems.is_empty();
    let mut file = ConfigFile {
        path: path.clone(),
        profiles: BTreeMap::new(),
        targets: Targets::new(),
    };
    // What is left of a text that is not TOML would make more problems than it has.
    if is_readable {
        parser.document(document.get_ref(), &mut file);
    }
    parser.finish()?;
    Ok(file)
}

/// What is being read, and what is wrong with it.
struct Parser<'a> {
    path: &'a Path,
    /// Where the lines of the text end.
    breaks: Vec<usize>,
    /// By line, then by place: each as field and rule.
    problems: BTreeMap<(usize, String), String>,
}

impl Parser<'_> {
    fn document(&mut self, document: &DeTable<'_>, file: &mut ConfigFile) {
        for (key, value) in document {
            let (name, span) = (key.get_ref().as_ref(), key.span());
            match (name, value.get_ref()) {
                ("profiles", DeValue::Table(profiles)) => self.profiles(profiles, file),
                ("targets", DeValue::Table(targets)) => {
                    file.targets = self.targets("targets", targets);
                }
                ("profiles" | "targets", _) => self.problem(&span, name, text::config::NO_TABLE),
                _ => {
                    let meant = suggestion(name, ["profiles", "targets"], "");
                    let rule = if Member::named(name).is_some() {
                        text::config::OF_PROFILE.to_owned()
                    } else {
                        text::config::unknown_member(&meant)
                    };
                    self.problem(&span, &shown(name), rule);
                }
            }
        }
    }

    fn profiles(&mut self, profiles: &DeTable<'_>, file: &mut ConfigFile) {
        for (key, value) in profiles {
            let (name, span) = (key.get_ref().as_ref(), key.span());
            let place = format!("profiles.{}", shown(name));
            if !is_name(name) {
                self.problem(&span, &place, text::config::NAME);
            }
            match value.get_ref() {
                DeValue::Table(members) => {
                    let profile = self.profile(&place, members);
                    file.profiles.insert(name.to_owned(), profile);
                }
                _ if Member::named(name).is_some() => {
                    self.problem(&span, &place, text::config::OF_PROFILE);
                }
                _ => self.problem(&span, &place, text::config::NO_TABLE),
            }
        }
    }

    fn profile(&mut self, place: &str, members: &DeTable<'_>) -> ProfileTable {
        let mut profile = ProfileTable::default();
        for (key, value) in members {
            let (name, span) = (key.get_ref().as_ref(), key.span());
            let place = format!("{place}.{}", shown(name));
            if let ("targets", DeValue::Table(targets)) = (name, value.get_ref()) {
                profile.targets = self.targets(&place, targets);
                continue;
            }
            let Some(member) = Member::named(name) else {
                let known: Vec<String> = MEMBERS.iter().map(|it| it.name()).collect();
                let known = known.iter().map(String::as_str).chain(["targets"]);
                let meant = suggestion(&name.to_ascii_lowercase(), known, "");
                self.problem(&span, &place, text::config::unknown_member(&meant));
                continue;
            };
            let DeValue::String(text) = value.get_ref() else {
                self.problem(&span, &place, text::config::NO_STRING);
                continue;
            };
            match self.value(member, text) {
                Ok(value) => profile.settings.push(FileSetting {
                    variable: member.variable,
                    line: self.line(&span),
                    value,
                }),
                Err(rule) => self.problem(&span, &place, rule),
            }
        }
        profile
    }

    fn value(&self, member: Member, text: &str) -> Result<FileValue, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err(text::input::EMPTY);
        }
        if !member.is_secret {
            return Ok(FileValue::Text(text.to_owned()));
        }
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        Reference::parse(text, folder).map(FileValue::Secret)
    }

    fn targets(&mut self, place: &str, targets: &DeTable<'_>) -> Targets {
        let mut named = Targets::new();
        for (key, value) in targets {
            let (name, span) = (key.get_ref().as_ref(), key.span());
            let place = format!("{place}.{}", shown(name));
            if !is_name(name) {
                self.problem(&span, &place, text::config::NAME);
            }
            let DeValue::String(text) = value.get_ref() else {
                self.problem(&span, &place, text::config::NO_STRING);
                continue;
            };
            let is_link = text.parse::<TeamsLink>().is_ok();
            if let (false, Err(error)) = (is_link, text.parse::<Target>()) {
                self.problem(&span, &place, error.to_string());
            }
            let target = NamedTarget {
                text: text.trim().to_owned(),
                line: self.line(&span),
            };
            named.insert(name.to_owned(), target);
        }
        named
    }

    /// Returns the line of a place in the text, from 1.
    fn line(&self, span: &Range<usize>) -> usize {
        self.breaks.partition_point(|at| *at < span.start) + 1
    }

    fn problem(&mut self, span: &Range<usize>, place: &str, rule: impl Into<String>) {
        let line = self.line(span);
        self.problems.insert((line, place.to_owned()), rule.into());
    }

    fn finish(self) -> Result<()> {
        let mut problems = Problems::new();
        let more = self.problems.len().saturating_sub(MOST_PROBLEMS);
        let file = self.path.display();
        for ((line, place), rule) in self.problems.into_iter().take(MOST_PROBLEMS) {
            let place = if place.is_empty() {
                place
            } else {
                format!(": {place}")
            };
            problems.add(format!("{file}:{line}{place}"), rule);
        }
        if more > 0 {
            problems.add(file.to_string(), text::config::more_problems(more));
        }
        problems.into_result(ErrorKind::Config)
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(is_letter) && !name.starts_with(['.', '-'])
}

/// Returns a name as a problem repeats it.
fn shown(name: &str) -> String {
    let name = one_line(name);
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let error = parse("c.toml".into(), text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_is_read() {
        let text = "[targets]\nops = \"channel:t/c\"\n\n[profiles.work]\n\
                    acs_endpoint = \" https://a.test \"\nacs_access_key = \"file:key\"\n\
                    [profiles.work.targets]\nops = \"conversation:19:a\"\n\
                    boss = \"user:lene@contoso.com\"\n";
        let file = parse("/etc/msm/c.toml".into(), text).unwrap();
        let work = &file.profiles["work"];
        let lines: Vec<(&str, usize)> = work
            .settings
            .iter()
            .map(|it| (it.variable, it.line))
            .collect();
        assert_eq!(lines, [("ACS_ACCESS_KEY", 6), ("ACS_ENDPOINT", 5)]);
        assert!(matches!(&work.settings[1].value, FileValue::Text(it) if it == "https://a.test"));
        let FileValue::Secret(secret) = &work.settings[0].value else {
            panic!("not a reference");
        };
        assert_eq!(*secret, Reference::File("/etc/msm/key".into()));
        assert_eq!(file.targets("work")["ops"].text, "conversation:19:a");
        assert_eq!(file.targets("other")["ops"].text, "channel:t/c");
        assert_eq!(file.targets("work").len(), 2);
    }

    #[test]
    fn every_problem_is_reported_with_its_line() {
        let text = "profile = 1\nacs_endpoint = \"x\"\n[targets]\nops = \"nowhere\"\n\"a b\" = 3\n\
                    [profiles.work]\nacs_endpont = \"https://a.test\"\nACS_CHAT_TOKEN = \"env:T\"\n\
                    acs_access_key = \"hunter2\"\nmsgraph_cloud = 3\nucwa_sip = \" \"\ncolour = \"red\"\n\
                    [profiles]\n";
        let found = problems(&text.replace("[profiles]\n", ""));
        assert_eq!(
            found,
            [
                "c.toml:1: profile: unknown member: did you mean profiles?",
                "c.toml:2: acs_endpoint: belongs in a profile, [profiles.NAME]",
                &format!(
                    "c.toml:4: targets.ops: {}",
                    "nowhere".parse::<Target>().unwrap_err()
                ),
                "c.toml:5: targets.a b: must be a string",
                "c.toml:7: profiles.work.acs_endpont: unknown member: did you mean acs_endpoint?",
                "c.toml:8: profiles.work.ACS_CHAT_TOKEN: unknown member: did you mean acs_chat_token?",
                "c.toml:9: profiles.work.acs_access_key: must be a reference, env:NAME, file:PATH or \
                 keyring:NAME: no secret belongs in this file",
                "c.toml:10: profiles.work.msgraph_cloud: must be a string",
                "c.toml:11: profiles.work.ucwa_sip: is empty",
                "c.toml:12: profiles.work.colour: unknown member",
            ]
        );
    }

    #[test]
    fn what_is_not_toml_is_reported_with_its_line_and_without_its_content() {
        for text in [
            "[profiles.work]\nacs_access_key = hunter2",
            "[profiles.work]\nacs_access_key = \"hunter2",
            "[profiles.work]\nacs_access_key \"hunter2\"",
        ] {
            let found = problems(text);
            assert!(found[0].starts_with("c.toml:2: "), "{found:?}");
            assert!(!found.concat().contains("hunter2"), "{found:?}");
        }
        let twice = problems("[profiles.a]\nucwa_sip = \"a\"\nucwa_sip = \"b\"\n");
        assert!(twice[0].starts_with("c.toml:3: "), "{twice:?}");
    }

    #[test]
    fn the_list_of_problems_is_short() {
        for (count, last) in [
            (100, "c.toml: 80 more problems follow"),
            (MOST_PROBLEMS + 1, "c.toml: 1 more problem follows"),
        ] {
            let text: String = (0..count).map(|it| format!("m{it} = 1\n")).collect();
            let found = problems(&text);
            assert_eq!(found.len(), MOST_PROBLEMS + 1);
            assert_eq!(found[MOST_PROBLEMS], last);
        }
    }

    proptest! {
        #[test]
        fn hostile_files_do_not_panic(text in ".*", name in ".*", value in ".*") {
            let _ = parse("c.toml".into(), &text);
            let _ = parse("c.toml".into(), &format!("[profiles.a]\n{name} = {value}\n"));
            let _ = parse("c.toml".into(), &format!("[profiles.{name:?}]\nucwa_sip = {value:?}\n"));
        }
    }
}
