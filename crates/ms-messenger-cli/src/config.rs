//! Settings: options, environment, configuration file and stored sign-in, as the variables that
//! clients read.

mod file;
mod keyring;
mod members;
mod parse;
mod reader;
mod reference;
mod setting;

use ms_messenger::{
    Error, ErrorKind, ExposeSecret as _, Problem, Problems, Result, entra::ClientCredentials,
    http::Variables,
};

pub(crate) use self::{
    file::{ConfigFile, FileValue, Place, Targets},
    members::{MEMBERS, Member},
    setting::Origin,
};
use self::{reader::Reader, setting::Setting};
use crate::{
    args::ConnectionArgs, environment::Environment, platform::Platform, profile, sign_in::SignedIn,
    text, typo::suggestion,
};

/// Variables of an Entra ID application. They have no options.
pub(crate) const APPLICATION: [&str; 5] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
];

/// Settings, and those of less precedence that they displace: these would choose another credential
/// or address for the same service.
const DISPLACED: [(&str, &[&str]); 4] = [
    (
        "ACS_CONNECTION_STRING",
        &["ACS_ACCESS_KEY", "ACS_ACCESS_TOKEN"],
    ),
    ("ACS_ACCESS_KEY", &["ACS_ACCESS_TOKEN"]),
    ("MSGRAPH_BASE_URL", &["MSGRAPH_CLOUD"]),
    ("MSGRAPH_CLOUD", &["MSGRAPH_BASE_URL"]),
];

/// The names that builders give to what these variables hold.
const OF_BUILDERS: [(Platform, &str, &str); 6] = [
    (
        Platform::AcsMessages,
        "channel_registration_id",
        "ACS_CHANNEL_REGISTRATION_ID",
    ),
    (Platform::Ucwa, "sip", "UCWA_SIP"),
    (Platform::Ucwa, "discovery_url", "UCWA_DISCOVERY_URL"),
    (Platform::Ucwa, "endpoint_id", "UCWA_ENDPOINT_ID"),
    (Platform::Ucwa, "trusted_domain", "UCWA_TRUSTED_DOMAIN"),
    (Platform::MsgraphChat, "one_on_one_chats", "MSGRAPH_USER"),
];

/// Returns the variable of what a builder gives that name; the name itself if it has none.
fn variable_of(platform: Platform, name: &str) -> &str {
    let mut all = OF_BUILDERS.iter();
    all.find(|(of, known, _)| *of == platform && *known == name)
        .map_or(name, |(_, _, variable)| variable)
}

/// The settings, by the variables that clients read.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    values: Vec<Setting>,
    /// The stored sign-in, if no token for Graph is given.
    pub(crate) signed_in: Option<SignedIn>,
    /// The configuration file, if there is one.
    pub(crate) file: Option<ConfigFile>,
    /// What should be changed, although it prevents nothing.
    pub(crate) warnings: Vec<Problem>,
}

impl Settings {
    /// Reads options with their files, environment, profile and stored sign-in, in this order of
    /// precedence.
    ///
    /// # Errors
    ///
    /// `Config` that names everything that cannot be used.
    pub(crate) fn read(args: &ConnectionArgs, env: Environment<'_>) -> Result<Self> {
        let mut reader = Reader::new(env);
        let given = args.settings();
        for setting in &given {
            reader.read_option(setting);
        }
        let mut hidden = displaced(&reader);
        if args.store.profile.is_some() || args.store.store_key_file.is_some() {
            hidden.push("MSGRAPH_TOKEN");
        }
        for setting in &given {
            if !hidden.contains(&setting.variable) {
                reader.read_variable(setting.variable, setting.is_secret);
            }
        }
        for variable in APPLICATION {
            reader.read_variable(variable, false);
        }
        reader.check_proxies();
        let file = ConfigFile::load(args.store.config.as_deref(), env)?;
        let name = profile::name(&args.store, env);
        if let Some(file) = &file {
            let mut displaced = displaced(&reader);
            if args.store.store_key_file.is_some() {
                displaced.push("MSGRAPH_TOKEN");
            }
            reader.read_profile(file, &name, &displaced);
        }
        let signed_in = reader.read_sign_in(&args.store);
        if let Some(file) = file.as_ref().filter(|_| signed_in.is_none()) {
            check_profile(file, &name, &mut reader);
        }
        let (values, warnings) = reader.finish()?;
        tracing::info!(
            target: "msm",
            profile = name,
            file = file.as_ref().map(|file| file.path.display().to_string()),
            sign_in = signed_in.as_ref().map(|it| it.profile.path.display().to_string()),
            "settings"
        );
        Ok(Self {
            values,
            signed_in,
            file,
            warnings,
        })
    }

    /// Returns the value of a variable.
    pub(crate) fn value(&self, variable: &str) -> Option<&str> {
        let setting = self.setting(variable)?;
        Some(setting.value.expose_secret())
    }

    /// Returns where the value of a variable comes from; `None` when it is not set.
    pub(crate) fn origin(&self, variable: &str) -> Option<&Origin> {
        Some(&self.setting(variable)?.origin)
    }

    /// Returns the setting of a variable.
    fn setting(&self, variable: &str) -> Option<&Setting> {
        self.values.iter().find(|it| it.variable == variable)
    }

    /// Returns what `read` makes of the settings, such as the builder of a client.
    ///
    /// # Errors
    ///
    /// `Config` that names every option, file or variable that is missing or unusable.
    pub(crate) fn configure<T>(
        &self,
        platform: Platform,
        read: impl FnOnce(&mut Variables<'_>) -> Option<T>,
    ) -> Result<T> {
        let value = |variable: &str| self.value(variable).map(str::to_owned);
        let mut variables = Variables::new(&value);
        let found = read(&mut variables);
        let result = variables.finish(found);
        result.map_err(|error| self.with_origins(error, platform))
    }

    /// Names each setting as the user gave it, instead of as the builder of a client does.
    pub(crate) fn with_names(&self, error: Error) -> Error {
        let Some(platform) = error.platform().and_then(Platform::named) else {
            return error;
        };
        let is_of_builder = |it: &Problem| variable_of(platform, &it.field) != it.field;
        if error.kind() == ErrorKind::Config && error.problems().iter().any(is_of_builder) {
            self.with_origins(error, platform)
        } else {
            error
        }
    }

    /// Names each setting as the user gave it, instead of by its variable.
    fn with_origins(&self, error: Error, platform: Platform) -> Error {
        let mut problems = Problems::for_platform(platform.as_str());
        for problem in error.problems() {
            let variable = variable_of(platform, &problem.field);
            let origin = self.origin(variable);
            let name = origin.map(|origin| origin.setting(variable));
            problems.add(name.unwrap_or_else(|| variable.to_owned()), &problem.rule);
        }
        let named = problems.into_error(ErrorKind::Config);
        named.unwrap_or_else(|| error.with_platform(platform.as_str()))
    }

    /// Returns the fixed token for `platform`, and the name of the setting that holds it.
    pub(crate) fn token_of(&self, platform: Platform) -> Option<(String, &str)> {
        let variable = match platform {
            Platform::AcsMessages => "ACS_ACCESS_TOKEN",
            Platform::AcsChat => "ACS_CHAT_TOKEN",
            Platform::MsgraphChat => "MSGRAPH_TOKEN",
            Platform::Ucwa => return None,
        };
        let setting = self.origin(variable)?.setting(variable);
        Some((setting, self.value(variable)?))
    }

    /// Returns a text that begins with a variable and a rule, with the name of the setting that holds
    /// the value; `None` if it begins otherwise.
    pub(crate) fn named(&self, text: &str) -> Option<String> {
        let (variable, rule) = text.split_once(": ")?;
        let name = self.origin(variable)?.setting(variable);
        Some(format!("{name}: {rule}"))
    }

    /// Returns the variable of the credential that a client of `platform` uses, and where it comes from;
    /// the sign-in has no variable. `None` when there is none.
    pub(crate) fn credential(&self, platform: Platform) -> Option<(Option<&'static str>, Origin)> {
        if !self.configures(platform) {
            return None;
        }
        // In the order of the builders.
        let variables: &[&'static str] = match platform {
            Platform::AcsMessages => &[
                "ACS_ACCESS_TOKEN",
                "ACS_ACCESS_KEY",
                "ACS_CONNECTION_STRING",
                "AZURE_CLIENT_SECRET",
                "AZURE_FEDERATED_TOKEN_FILE",
            ],
            Platform::AcsChat => &["ACS_CHAT_TOKEN"],
            Platform::MsgraphChat => &["MSGRAPH_TOKEN"],
            Platform::Ucwa => &["UCWA_PASSWORD"],
        };
        let mut settings = variables.iter().filter_map(|it| self.setting(it));
        let first = settings.next();
        first
            .map(|it| (Some(it.variable), it.origin.clone()))
            .or_else(|| {
                let signed_in = self.signed_in.as_ref()?;
                Some((None, Origin::SignIn(signed_in.profile.name.clone())))
            })
    }

    /// Returns whether there is a credential for `platform`.
    pub(crate) fn configures(&self, platform: Platform) -> bool {
        let has = |variable: &str| self.setting(variable).is_some();
        match platform {
            Platform::AcsMessages => {
                has("ACS_ACCESS_TOKEN")
                    || has("ACS_ACCESS_KEY")
                    || has("ACS_CONNECTION_STRING")
                    || self.has_application()
            }
            Platform::AcsChat => has("ACS_CHAT_TOKEN"),
            Platform::MsgraphChat => has("MSGRAPH_TOKEN") || self.signed_in.is_some(),
            Platform::Ucwa => has("UCWA_SIP") && has("UCWA_PASSWORD"),
        }
    }

    /// Returns whether the variables of an application are for ACS: without an endpoint they
    /// belong to something else.
    fn has_application(&self) -> bool {
        let value = |variable: &str| self.value(variable).map(str::to_owned);
        self.setting("ACS_ENDPOINT").is_some() && ClientCredentials::are_in(&Variables::new(&value))
    }
}

/// Rejects a profile that the file does not have, as there is no sign-in of its name either.
fn check_profile(file: &ConfigFile, name: &str, reader: &mut Reader<'_>) {
    let profiles = &file.profiles;
    if profiles.is_empty() || profiles.contains_key(name) || name == profile::DEFAULT {
        return;
    }
    let meant = suggestion(name, profiles.keys().map(String::as_str), "");
    let path = file.path.display();
    let rule = text::config::no_profile(path, &meant);
    reader.problem(format!("profile {name}"), rule);
}

/// Returns the variables that what is read so far displaces.
fn displaced(reader: &Reader<'_>) -> Vec<&'static str> {
    let given = DISPLACED.iter().filter(|(setting, _)| reader.has(setting));
    let displaced = given.flat_map(|(_, variables)| *variables);
    displaced.copied().collect()
}

#[cfg(test)]
mod tests;
