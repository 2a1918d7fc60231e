//! `msm config`: shows and checks the configuration, without any request.

use ms_messenger::{Error, ErrorKind, Problem, Problems, Result};
use serde_json::{Value, json};

use crate::{
    args::{ConfigCheckArgs, ConfigCommand, ConfigPathArgs, ConfigShowArgs},
    config::{ConfigFile, FileValue, MEMBERS, Member, Place, Settings},
    environment,
    exit::Exit,
    print, profile, report, text,
};

/// Runs a command on the configuration.
pub(crate) fn run(command: &ConfigCommand) -> Exit {
    let (outcome, json) = match command {
        ConfigCommand::Show(args) => (show(args), args.json),
        ConfigCommand::Check(args) => (check(args), args.json),
        ConfigCommand::Path(args) => (path(args), args.json),
    };
    match outcome {
        Ok(text) => print::last(text.trim_end(), Exit::Success),
        Err(error) => report::failed(error, json),
    }
}

/// Returns where the file is.
fn path(args: &ConfigPathArgs) -> Result<String> {
    let place = Place::find(args.store.config.as_deref(), &environment::process);
    let place = place.ok_or_else(no_place)?;
    let path = place.path.display().to_string();
    if !args.json {
        return Ok(path);
    }
    let exists = place.path.exists();
    Ok(report::done(json!({"path": path, "exists": exists})))
}

/// The error of a user without folders who names no file.
fn no_place() -> Error {
    Error::new(ErrorKind::Config, text::config::NO_HOME)
}

/// Checks the file, and that each secret of each profile can be read.
fn check(args: &ConfigCheckArgs) -> Result<String> {
    let env = &environment::process;
    let Some(file) = ConfigFile::load(args.store.config.as_deref(), env)? else {
        let path = Place::find(args.store.config.as_deref(), env).map(|place| place.path);
        let path = path.ok_or_else(no_place)?.display().to_string();
        return Ok(if args.json {
            report::done(json!({"path": path, "exists": false, "profiles": [], "warnings": []}))
        } else {
            text::config::no_file(&path)
        });
    };
    let warnings = secrets(&file)?;
    let profiles: Vec<&String> = file.profiles.keys().collect();
    let path = file.path.display();
    if args.json {
        let warnings: Vec<Value> = warnings.iter().map(problem).collect();
        return Ok(report::done(json!({
            "path": path.to_string(), "exists": true, "profiles": profiles, "warnings": warnings,
        })));
    }
    for warning in &warnings {
        print::note(text::outcome::warning(warning));
    }
    Ok(text::config::valid(path, profiles.len()))
}

/// Looks at what the references name; returns warnings.
///
/// # Errors
///
/// `Config` with every secret that cannot be read.
fn secrets(file: &ConfigFile) -> Result<Vec<Problem>> {
    let (mut problems, mut warnings) = (Problems::new(), Vec::new());
    for (name, profile) in &file.profiles {
        for setting in &profile.settings {
            let FileValue::Secret(reference) = &setting.value else {
                continue;
            };
            let member = setting.variable.to_ascii_lowercase();
            let field = format!("{}: profiles.{name}.{member}", file.at(setting.line));
            match reference.exposure() {
                Ok(None) => {}
                Ok(Some(rule)) => warnings.push(Problem::new(field.clone(), rule)),
                Err(rule) => problems.add(field.clone(), rule),
            }
            if let Err(rule) = reference.resolve(&environment::process) {
                problems.add(field, rule);
            }
        }
    }
    problems.into_result(ErrorKind::Config)?;
    Ok(warnings)
}

fn problem(problem: &Problem) -> Value {
    json!({"field": problem.field, "rule": problem.rule})
}

/// Returns each setting and where it comes from.
fn show(args: &ConfigShowArgs) -> Result<String> {
    let settings = Settings::read(&args.connection, &environment::process)?;
    let shown = Shown::new(args, &settings);
    Ok(if args.json {
        shown.to_json()
    } else {
        shown.to_text()
    })
}

/// The configuration as it is shown: no secret, and no path of a request.
pub(crate) struct Shown<'a> {
    profile: String,
    settings: &'a Settings,
}

impl<'a> Shown<'a> {
    /// Shows the settings that `args` and the environment choose.
    pub(crate) fn new(args: &ConfigShowArgs, settings: &'a Settings) -> Self {
        Self {
            profile: profile::name(&args.connection.store, &environment::process),
            settings,
        }
    }

    /// Returns each setting that has a value: its variable, the value unless it is a secret, and
    /// its origin.
    fn values(&self) -> Vec<(Member, Option<String>, String)> {
        let members = MEMBERS.into_iter();
        let values = members.filter_map(|member| {
            let origin = self.settings.origin(member.variable)?.to_string();
            let value = self.settings.value(member.variable);
            let shown = value.filter(|_| !member.is_secret).map(without_user_info);
            Some((member, shown, origin))
        });
        values.collect()
    }

    /// Returns the named targets with their lines.
    fn targets(&self) -> Vec<(String, String, String)> {
        let Some(file) = &self.settings.file else {
            return Vec::new();
        };
        let targets = file.targets(&self.profile).into_iter();
        let shown = targets.map(|(name, target)| (name, target.text, file.at(target.line)));
        shown.collect()
    }

    fn file(&self) -> Option<String> {
        let file = self.settings.file.as_ref()?;
        Some(file.path.display().to_string())
    }

    /// Returns it as members of a JSON line.
    pub(crate) fn to_value(&self) -> Value {
        let setting = |(member, value, origin): (Member, Option<String>, String)| {
            json!({
                "variable": member.variable,
                "value": value,
                "is_secret": member.is_secret,
                "origin": origin,
            })
        };
        let target = |(name, target, origin): (String, String, String)| json!({"name": name, "target": target, "origin": origin});
        let warnings: Vec<Value> = self.settings.warnings.iter().map(problem).collect();
        let signed_in = self.settings.signed_in.as_ref();
        json!({
            "profile": self.profile,
            "file": self.file(),
            "sign_in": signed_in.map(|it| it.profile.path.display().to_string()),
            "settings": self.values().into_iter().map(setting).collect::<Vec<_>>(),
            "targets": self.targets().into_iter().map(target).collect::<Vec<_>>(),
            "warnings": warnings,
        })
    }

    fn to_json(&self) -> String {
        report::done(self.to_value())
    }

    /// Returns it as tables.
    pub(crate) fn to_text(&self) -> String {
        let mut text = text::config::head(&self.profile, self.file().as_deref());
        let values = self.values();
        let rows: Vec<Vec<String>> = values
            .into_iter()
            .map(|(member, value, origin)| {
                let value = match value {
                    Some(value) => crate::outcome::one_line(&value),
                    None => text::config::SECRET.to_owned(),
                };
                vec![member.variable.to_owned(), value, origin]
            })
            .collect();
        if rows.is_empty() {
            text.push_str(&format!("\n{}\n", text::config::NO_PLATFORM));
        } else {
            let table = print::columns(&text::config::SETTINGS, &rows);
            text.push_str(&format!("\n{table}\n"));
        }
        let targets = self.targets().into_iter();
        let rows: Vec<Vec<String>> = targets
            .map(|(name, target, origin)| vec![format!("@{name}"), target, origin])
            .collect();
        if !rows.is_empty() {
            let table = print::columns(&text::config::TARGETS, &rows);
            text.push_str(&format!("\n{table}\n"));
        }
        for warning in &self.settings.warnings {
            text.push_str(&format!("\n{}\n", text::outcome::warning(warning)));
        }
        text
    }
}

/// Returns a value without the user name and password that an address can hold. No client takes
/// such an address, but this is printed before one has seen it.
fn without_user_info(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return value.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}{}", text::config::USER_INFO, &rest[at..]),
        None => value.to_owned(),
    }
}
