//! What `msm login` requests, and of which application.

use ms_messenger::{
    Error, ErrorKind, Problem, Result, Url,
    entra::Application,
    http::Endpoint,
    msgraph_chat::{Cloud, permissions::Operation},
};

use crate::{
    args::LoginArgs,
    config::ConfigFile,
    emulator::{USUAL, origin},
    environment::{Environment, variable},
    graph, profile, text,
};

/// Any work or school account.
const ANY_TENANT: &str = "organizations";
/// The application that the emulator knows, with its default seed, also when it is strict.
const EMULATOR_CLIENT: &str = "4ae6d3e7-bbbb-4a11-b901-90c872c4a039";

/// The longest id of an application and the longest domain, in characters.
const LONGEST_NAME: usize = 253;
/// The most characters of all requested scopes, which are part of an address at a sign-in.
const LONGEST_SCOPES: usize = 8000;

/// Permissions by which sends find names and addresses; the user's consent is enough for them.
const NAMES: [&str; 3] = [
    "Team.ReadBasic.All",
    "Channel.ReadBasic.All",
    "User.ReadBasic.All",
];

/// The application and the permissions of a new sign-in.
pub(super) struct LoginPlan {
    pub(super) application: Application,
    pub(super) authority: String,
    pub(super) scopes: Vec<String>,
    /// Whether the authority is the emulator that the option or the environment names.
    pub(super) is_emulator: bool,
}

impl LoginPlan {
    /// Reads options, environment and profile, in this order of precedence. At an emulator, none of
    /// them is needed, and those of the real service are not used.
    ///
    /// # Errors
    ///
    /// `Config` when the application is missing, or something cannot be used.
    pub(super) fn read(args: &LoginArgs, env: Environment<'_>) -> Result<Self> {
        let file = ConfigFile::load(args.store.config.as_deref(), env)?;
        let profile = profile::name(&args.store, env);
        let is_emulator = args.emulator.is_some();
        let given = |option: &Option<String>, name: &'static str, flag: &'static str| {
            let option = option.as_deref().map(str::trim).filter(|it| !it.is_empty());
            if let Some(value) = option {
                return Some(Given::new(flag, value));
            }
            if is_emulator {
                return None;
            }
            let set = variable(env, name).map(|value| Given::new(name, &value));
            set.or_else(|| {
                let (value, place) = file.as_ref()?.text(&profile, name)?;
                Some(Given::new(&place, value))
            })
        };
        let client_id = match given(&args.client_id, "AZURE_CLIENT_ID", "--client-id") {
            Some(id) => id.client_id()?,
            None if is_emulator => EMULATOR_CLIENT.to_owned(),
            None => {
                let text = text::sign_in::NO_APPLICATION;
                return Err(Error::new(ErrorKind::Config, text));
            }
        };
        let cloud = match given(&args.msgraph_cloud, "MSGRAPH_CLOUD", "--msgraph-cloud") {
            Some(cloud) => graph::cloud_named(&cloud.value).map_err(|error| {
                cloud.refused(error.message().trim_start_matches("MSGRAPH_CLOUD: "))
            })?,
            None => Cloud::GLOBAL,
        };
        let tenant = match given(&args.tenant, "AZURE_TENANT_ID", "--tenant") {
            Some(tenant) => tenant.tenant()?,
            None => ANY_TENANT.to_owned(),
        };
        let authority = match emulator(args, env) {
            Some(emulator) => {
                origin(&emulator.value).map_err(|rule| emulator.refused(rule))?;
                emulator.value
            }
            None => match given(&args.authority, "AZURE_AUTHORITY_HOST", "--authority") {
                Some(authority) => authority.authority()?,
                None => cloud.login_authority.to_owned(),
            },
        };
        let is_emulator = is_emulator || is_emulator_of(env, &authority);
        let application = Application::new(tenant, client_id);
        Ok(Self {
            application: application.with_authority(&authority),
            authority,
            scopes: scopes(&args.scope, cloud)?,
            is_emulator,
        })
    }
}

/// A setting, with the name by which the user gave it.
#[derive(Debug, PartialEq, Eq)]
struct Given {
    name: String,
    value: String,
}

impl Given {
    fn new(name: &str, value: &str) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        Self { name, value }
    }

    fn refused(&self, rule: &str) -> Error {
        Problem::new(self.name.as_str(), rule).into_error(ErrorKind::Config)
    }

    /// Returns it as the id of an application: a GUID at Entra ID, any at an emulator.
    fn client_id(self) -> Result<String> {
        if self.value.len() <= LONGEST_NAME && self.value.chars().all(|c| c.is_ascii_graphic()) {
            Ok(self.value)
        } else {
            Err(self.refused(text::sign_in::CLIENT_ID))
        }
    }

    /// Returns it as a tenant.
    fn tenant(self) -> Result<String> {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let has_letters = self.value.contains(|c: char| c.is_ascii_alphanumeric());
        let is_short = self.value.len() <= LONGEST_NAME;
        if self.value.chars().all(is_of_name) && has_letters && is_short {
            Ok(self.value)
        } else {
            Err(self.refused(text::sign_in::TENANT))
        }
    }

    /// Returns it as the address of an authority; `https://` can be left out.
    fn authority(self) -> Result<String> {
        let address = if self.value.contains("://") {
            self.value.clone()
        } else {
            format!("https://{}", self.value)
        };
        match Endpoint::parse(&address) {
            Ok(_) => Ok(self.value),
            Err(error) => Err(self.refused(error.message().trim_start_matches("endpoint: "))),
        }
    }
}

/// Returns the address of the emulator to sign in at, if that is wanted: that of the option, of the
/// environment, or where `msm emulator` listens by default.
fn emulator(args: &LoginArgs, env: Environment<'_>) -> Option<Given> {
    const VARIABLE: &str = "MSM_EMULATOR";
    let option = args.emulator.as_ref()?.as_deref().map(str::trim);
    if let Some(address) = option.filter(|it| !it.is_empty()) {
        return Some(Given::new("--emulator", address));
    }
    let address = variable(env, VARIABLE).unwrap_or_else(|| USUAL.to_owned());
    Some(Given::new(VARIABLE, &address))
}

/// Returns whether an authority is the emulator that the environment names, as `msm emulator env` and
/// `exec` set both.
fn is_emulator_of(env: Environment<'_>, authority: &str) -> bool {
    let origin = |text: &str| Some(Url::parse(text).ok()?.origin());
    let of_authority = origin(authority).filter(|it| it.is_tuple());
    let mut named = ["MSM_EMULATOR", "MSM_EMULATOR_HTTPS"].into_iter();
    named.any(|name| {
        let named = variable(env, name).and_then(|address| origin(&address));
        of_authority.is_some() && named == of_authority
    })
}

/// Returns the full names of the requested scopes; by default those that sending needs.
///
/// # Errors
///
/// `Config` for what is no scope of RFC 6749, or for more than an address can hold.
fn scopes(requested: &[String], cloud: Cloud) -> Result<Vec<String>> {
    let is_of_scope = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    for scope in requested {
        if scope.is_empty() || !scope.chars().all(is_of_scope) {
            return Err(Given::new("--scope", scope).refused(text::sign_in::SCOPE));
        }
    }
    let all: usize = requested.iter().map(String::len).sum();
    if all > LONGEST_SCOPES {
        return Err(Given::new("--scope", "").refused(text::sign_in::SCOPES_TOO_LONG));
    }
    let sending = [
        Operation::SendToChannel,
        Operation::SendToChat,
        Operation::CreateChat,
    ];
    let default = sending.iter().map(|operation| operation.delegated()[0]);
    let default = default.chain(NAMES);
    let names: Vec<&str> = match requested {
        [] => default.collect(),
        requested => requested.iter().map(String::as_str).collect(),
    };
    let full = |name: &str| {
        if name.contains("://") {
            name.to_owned()
        } else {
            format!("{}/{name}", cloud.graph_root)
        }
    };
    Ok(names.into_iter().map(full).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emulator_is_that_of_the_option_then_of_the_environment() {
        let set = |name: &str| (name == "MSM_EMULATOR").then(|| "http://127.0.0.1:1".to_owned());
        let unset = |_: &str| None;
        let args = |emulator: Option<Option<&str>>| LoginArgs {
            emulator: emulator.map(|it| it.map(str::to_owned)),
            ..LoginArgs::default()
        };
        let url = "http://127.0.0.1:2";
        for (given, env, expected) in [
            (Some(Some(url)), &set as Environment<'_>, Some(url)),
            (Some(None), &set, Some("http://127.0.0.1:1")),
            (Some(Some(" ")), &set, Some("http://127.0.0.1:1")),
            (Some(None), &unset, Some(USUAL)),
            (None, &set, None),
        ] {
            let found = emulator(&args(given), env).map(|it| it.value);
            assert_eq!(found.as_deref(), expected);
        }
    }

    #[test]
    fn an_authority_is_an_emulator_if_the_environment_names_it_as_one() {
        let env = |name: &str| match name {
            "MSM_EMULATOR" => Some("http://127.0.0.1:1".to_owned()),
            "MSM_EMULATOR_HTTPS" => Some("https://localhost:2".to_owned()),
            _ => None,
        };
        for (authority, expected) in [
            ("http://127.0.0.1:1", true),
            ("https://localhost:2/", true),
            ("https://localhost:3", false),
            ("https://login.microsoftonline.com", false),
            ("login.microsoftonline.com", false),
        ] {
            assert_eq!(is_emulator_of(&env, authority), expected, "{authority}");
            assert!(!is_emulator_of(&|_| None, authority));
        }
        let broken = |_: &str| Some("emulator:1".to_owned());
        assert!(!is_emulator_of(&broken, "emulator:1"));
    }

    #[test]
    fn scopes_are_those_of_the_cloud_and_need_no_administrator() {
        assert_eq!(
            scopes(&[], Cloud::US_GOV_L4).unwrap(),
            [
                "https://graph.microsoft.us/ChannelMessage.Send",
                "https://graph.microsoft.us/ChatMessage.Send",
                "https://graph.microsoft.us/Chat.Create",
                "https://graph.microsoft.us/Team.ReadBasic.All",
                "https://graph.microsoft.us/Channel.ReadBasic.All",
                "https://graph.microsoft.us/User.ReadBasic.All",
            ]
        );
        let requested = ["Chat.Read".to_owned(), "https://a.test/.default".to_owned()];
        assert_eq!(
            scopes(&requested, Cloud::GLOBAL).unwrap(),
            [
                "https://graph.microsoft.com/Chat.Read",
                "https://a.test/.default"
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_as_it_was_given() {
        let id = || Some("x".to_owned());
        let of = |args: LoginArgs, set: &'static str| {
            let env = move |name: &str| (name == set).then(|| "a b/c".to_owned());
            let error = LoginPlan::read(&args, &env).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Config);
            error.problems()[0].field.clone()
        };
        for set in ["AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "MSGRAPH_CLOUD"] {
            let args = LoginArgs {
                client_id: id(),
                ..LoginArgs::default()
            };
            assert_eq!(of(args, set), set);
        }
        let args = LoginArgs {
            emulator: Some(None),
            ..LoginArgs::default()
        };
        assert_eq!(of(args, "MSM_EMULATOR"), "MSM_EMULATOR");
        let args = LoginArgs {
            emulator: Some(Some("nonsense".to_owned())),
            ..LoginArgs::default()
        };
        assert_eq!(of(args, ""), "--emulator");
        let args = LoginArgs {
            client_id: id(),
            authority: Some("ftp://a".to_owned()),
            ..LoginArgs::default()
        };
        assert_eq!(of(args, ""), "--authority");
    }

    #[test]
    fn what_no_sign_in_can_have_is_named_with_its_rule() {
        let long = "a".repeat(LONGEST_NAME + 1);
        let said = |client_id: &str, tenant: &str, scopes: &[&str]| {
            let args = LoginArgs {
                client_id: Some(client_id.to_owned()),
                tenant: Some(tenant.to_owned()),
                scope: scopes.iter().map(|&it| it.to_owned()).collect(),
                ..LoginArgs::default()
            };
            let plan = LoginPlan::read(&args, &|_| None);
            plan.err().map(|error| {
                assert_eq!(error.kind(), ErrorKind::Config);
                error.problems()[0].to_string()
            })
        };
        let of = |name: &str, rule: &str| Some(format!("{name}: {rule}"));
        for id in [&long, "a b", "\u{e9}", "a\nb"] {
            let rule = text::sign_in::CLIENT_ID;
            assert_eq!(said(id, "t", &[]), of("--client-id", rule));
        }
        let rule = text::sign_in::TENANT;
        assert_eq!(said("c", &long, &[]), of("--tenant", rule));
        for scope in ["", "a b", "a\"b", "\u{e9}", "a\\b"] {
            let rule = text::sign_in::SCOPE;
            assert_eq!(said("c", "t", &["Chat.Read", scope]), of("--scope", rule));
        }
        let half = "a".repeat(LONGEST_SCOPES / 2);
        assert_eq!(said("c", "t", &[&half, &half]), None);
        let rule = text::sign_in::SCOPES_TOO_LONG;
        assert_eq!(said("c", "t", &[&half, &half, "a"]), of("--scope", rule));
    }

    #[test]
    fn a_missing_application_is_named() {
        let plan = LoginPlan::read(&LoginArgs::default(), &|_| None);
        let error = plan.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("AZURE_CLIENT_ID"), "{error}");
    }

    #[tokio::test]
    async fn the_application_of_the_emulator_is_that_of_its_world() {
        let emulator = ms_messenger_emulator::Emulator::start().await.unwrap();
        assert_eq!(emulator.seed().entra.public_client_id, EMULATOR_CLIENT);
        emulator.shutdown().await;
    }
}
