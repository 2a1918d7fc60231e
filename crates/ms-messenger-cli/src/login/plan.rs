//! What `msm login` requests, and of which application.

use ms_messenger::{
    Error, ErrorKind, Result,
    entra::Application,
    msgraph_chat::{Cloud, permissions::Operation},
};

use crate::{
    args::LoginArgs,
    config::ConfigFile,
    emulator::USUAL,
    environment::{Environment, variable},
    graph, profile,
};

/// Any work or school account.
const ANY_TENANT: &str = "organizations";
/// The application that the emulator knows, with its default seed, also when it is strict.
const EMULATOR_CLIENT: &str = "4ae6d3e7-bbbb-4a11-b901-90c872c4a039";

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
        let given = |option: &Option<String>, name: &str| {
            let option = option.as_deref().map(str::trim).filter(|it| !it.is_empty());
            let elsewhere = || {
                let of_profile = || file.as_ref()?.text(&profile, name).map(str::to_owned);
                variable(env, name).or_else(of_profile)
            };
            let option = option.map(str::to_owned);
            option.or_else(|| elsewhere().filter(|_| !is_emulator))
        };
        let client_id = given(&args.client_id, "AZURE_CLIENT_ID")
            .or_else(|| is_emulator.then(|| EMULATOR_CLIENT.to_owned()));
        let Some(client_id) = client_id else {
            let text =
                "no application is configured: register one and set AZURE_CLIENT_ID to its id";
            return Err(Error::new(ErrorKind::Config, text));
        };
        let cloud = match given(&args.msgraph_cloud, "MSGRAPH_CLOUD") {
            Some(name) => graph::cloud_named(&name)?,
            None => Cloud::GLOBAL,
        };
        let tenant = given(&args.tenant, "AZURE_TENANT_ID");
        let tenant = tenant.unwrap_or_else(|| ANY_TENANT.to_owned());
        let authority = emulator(args, env);
        let authority = authority.or_else(|| given(&args.authority, "AZURE_AUTHORITY_HOST"));
        let authority = authority.unwrap_or_else(|| cloud.login_authority.to_owned());
        let application = Application::new(tenant, client_id);
        Ok(Self {
            application: application.with_authority(&authority),
            authority,
            scopes: scopes(&args.scope, cloud),
        })
    }
}

/// Returns the address of the emulator to sign in at, if that is wanted: that of the option, of the
/// environment, or where `msm emulator` listens by default.
fn emulator(args: &LoginArgs, env: Environment<'_>) -> Option<String> {
    let option = args.emulator.as_ref()?.as_deref().map(str::trim);
    let option = option.filter(|it| !it.is_empty()).map(str::to_owned);
    let address = option.or_else(|| variable(env, "MSM_EMULATOR"));
    Some(address.unwrap_or_else(|| USUAL.to_owned()))
}

/// Returns the full names of the requested scopes; by default those that sending needs.
fn scopes(requested: &[String], cloud: Cloud) -> Vec<String> {
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
    names.into_iter().map(full).collect()
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
            assert_eq!(emulator(&args(given), env).as_deref(), expected);
        }
    }

    #[test]
    fn scopes_are_those_of_the_cloud_and_need_no_administrator() {
        assert_eq!(
            scopes(&[], Cloud::US_GOV_L4),
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
            scopes(&requested, Cloud::GLOBAL),
            [
                "https://graph.microsoft.com/Chat.Read",
                "https://a.test/.default"
            ]
        );
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
