//! Reads settings from options, files, environment and stored sign-in.

use std::path::Path;

use ms_messenger::{
    AccessToken, ErrorKind, ExposeSecret as _, Problem, Problems, Result, SecretString, Url,
    http::acs::CONNECTION_STRING_VARIABLES,
};

use super::{
    file::{ConfigFile, FileSetting, FileValue},
    setting::{InProfile, Origin, Setting, option},
};
use crate::{
    args::Given,
    environment::{Environment, variable},
    files::{self, unreadable},
    profile::StoreArgs,
    sign_in::SignedIn,
    text,
};

/// Settings that are sent as they are.
const TOKENS: [&str; 3] = ["ACS_ACCESS_TOKEN", "ACS_CHAT_TOKEN", "MSGRAPH_TOKEN"];

/// The longest address of a proxy, in bytes.
const LONGEST_ADDRESS: usize = 2000;
/// Variables with the proxy of calls over https; no other calls use one.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The settings that are read so far. The first value of a variable wins.
pub(super) struct Reader<'a> {
    env: Environment<'a>,
    values: Vec<Setting>,
    problems: Problems,
    warnings: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Returns a reader without settings.
    pub(super) fn new(env: Environment<'a>) -> Self {
        Self {
            env,
            values: Vec::new(),
            problems: Problems::new(),
            warnings: Vec::new(),
        }
    }

    /// Returns the settings and the warnings.
    ///
    /// # Errors
    ///
    /// `Config` with every problem that was found.
    pub(super) fn finish(self) -> Result<(Vec<Setting>, Vec<Problem>)> {
        self.problems.into_result(ErrorKind::Config)?;
        Ok((self.values, self.warnings))
    }

    /// Adds a problem.
    pub(super) fn problem(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.problems.add(field, rule);
    }

    /// Returns whether a variable has a value.
    pub(super) fn has(&self, variable: &str) -> bool {
        self.values.iter().any(|it| it.variable == variable)
    }

    /// Adds the value of a variable, without surrounding white space.
    fn add(&mut self, variable: &'static str, value: &str, origin: Origin) {
        let value = SecretString::from(value.trim());
        self.values.push(Setting {
            variable,
            value,
            origin,
        });
    }

    /// Reads an option, or the file that it names.
    pub(super) fn read_option(&mut self, given: &Given<'_>) {
        let variable = given.variable;
        if let Some(value) = given.value {
            if value.trim().is_empty() {
                self.problems.add(option(variable), text::input::EMPTY);
            }
            self.add(variable, value, Origin::CommandLine);
        } else if let Some(path) = given.file {
            let Some(value) = self.read_file(path) else {
                return;
            };
            let origin = Origin::File(path.to_owned());
            self.add(variable, value.expose_secret(), origin);
        } else {
            return;
        }
        if given.is_secret {
            self.check_secret(variable);
        }
    }

    /// Reads a variable of the environment, unless it has a value already.
    pub(super) fn read_variable(&mut self, name: &'static str, is_secret: bool) {
        if self.has(name) {
            return;
        }
        let names: &[&'static str] = if name == CONNECTION_STRING_VARIABLES[0] {
            &CONNECTION_STRING_VARIABLES
        } else {
            &[name]
        };
        let found = |name: &&'static str| Some((variable(self.env, name)?, *name));
        let Some((value, found)) = names.iter().find_map(found) else {
            return;
        };
        self.add(name, &value, Origin::Variable(found));
        if is_secret {
            self.check_secret(name);
        }
    }

    /// Reads the settings of a profile, except the `displaced` ones and those that have a value.
    pub(super) fn read_profile(&mut self, file: &ConfigFile, name: &str, displaced: &[&str]) {
        let Some(profile) = file.profiles.get(name) else {
            return;
        };
        for setting in &profile.settings {
            if !self.has(setting.variable) && !displaced.contains(&setting.variable) {
                self.read_member(file, name, setting);
            }
        }
    }

    /// Reads a setting of a profile.
    fn read_member(&mut self, file: &ConfigFile, profile: &str, setting: &FileSetting) {
        let origin = |reference| {
            Origin::Profile(InProfile {
                profile: profile.to_owned(),
                place: file.at(setting.line),
                reference,
            })
        };
        let reference = match &setting.value {
            FileValue::Text(text) => return self.add(setting.variable, text, origin(None)),
            FileValue::Secret(reference) => reference,
        };
        let origin = origin(Some(reference.clone()));
        let field = origin.setting(setting.variable);
        match reference.exposure() {
            Ok(None) => {}
            Ok(Some(rule)) => self.warnings.push(Problem::new(field.clone(), rule)),
            Err(rule) => return self.problems.add(field, rule),
        }
        match reference.resolve(self.env) {
            Ok(secret) => {
                self.add(setting.variable, secret.expose_secret(), origin);
                self.check_secret(setting.variable);
            }
            Err(rule) => self.problems.add(field, rule),
        }
    }

    /// Finds the stored sign-in if there is no token for Graph, and adds its settings.
    pub(super) fn read_sign_in(&mut self, args: &StoreArgs) -> Option<SignedIn> {
        if self.has("MSGRAPH_TOKEN") {
            return None;
        }
        let signed_in = match SignedIn::find(args, self.env) {
            Ok(signed_in) => signed_in?,
            Err(error) => {
                self.problems.add("sign-in", error.message());
                return None;
            }
        };
        let variables = signed_in.variables().unwrap_or_else(|error| {
            self.problems.add("sign-in", error.message());
            Vec::new()
        });
        for (variable, value) in variables {
            if !self.has(variable) {
                let origin = Origin::SignIn(signed_in.profile.name.clone());
                self.add(variable, value.expose_secret(), origin);
            }
        }
        Some(signed_in)
    }

    /// Finds a header that was given as a token, as no service would explain that rejection, and a token
    /// that no header can carry.
    fn check_secret(&mut self, variable: &str) {
        let Some(setting) = self.values.iter().find(|it| it.variable == variable) else {
            return;
        };
        let value = setting.value.expose_secret();
        let scheme = value.get(..7).unwrap_or_default();
        let is_token = TOKENS.contains(&variable) && !value.is_empty();
        let rule = if scheme.eq_ignore_ascii_case("bearer ") {
            text::config::HEADER
        } else if is_token && AccessToken::new(setting.value.clone()).check().is_err() {
            text::config::TOKEN
        } else {
            return;
        };
        self.problems.add(setting.origin.setting(variable), rule);
    }

    /// Finds proxies that no connection would use: the HTTP client passes them over in silence, and a
    /// message would leave directly.
    pub(super) fn check_proxies(&mut self) {
        for name in PROXIES {
            let value = variable(self.env, name);
            if value.is_some_and(|value| !is_proxy(&value)) {
                self.problems.add(name, text::config::PROXY);
            }
        }
    }

    /// Reads the one line that a file holds. No error repeats its content.
    fn read_file(&mut self, path: &Path) -> Option<SecretString> {
        let name = path.display().to_string();
        match files::text(path, files::SETTING) {
            Ok(text) if text.trim().is_empty() => self.problems.add(name, text::files::EMPTY),
            Ok(text) => return Some(SecretString::from(text.trim())),
            Err(error) => self.problems.add(name, unreadable(&error)),
        }
        None
    }
}

/// Whether a value names a proxy, also one of a kind that cannot be used: that is an error later.
fn is_proxy(value: &str) -> bool {
    let address = match value.split_once("://") {
        Some(_) => Url::parse(value),
        None => Url::parse(&format!("http://{value}")),
    };
    let is_known = |scheme: &str| matches!(scheme, "http" | "https") || scheme.starts_with("socks");
    let is_plain = value.len() <= LONGEST_ADDRESS && value.bytes().all(|it| it.is_ascii_graphic());
    is_plain && address.is_ok_and(|url| url.has_host() && is_known(url.scheme()))
}
