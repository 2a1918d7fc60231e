//! `msm login`.

use std::time::Duration;

use ms_messenger::{
    Error, ErrorKind, Result, TokenRequest,
    entra::{Application, DevicePrompt, SignIn},
    http::{HttpClient, HttpOptions},
    msgraph_chat::{Cloud, permissions::Operation},
};

use crate::{
    args::LoginArgs,
    environment::{self, Environment},
    exit::Exit,
    graph, print,
    profile::Profile,
    report,
    transport::http_options,
    whoami,
};

/// Any work or school account.
const ANY_TENANT: &str = "organizations";
/// Size limit of a response of Entra ID, in bytes.
const MAX_RESPONSE_BYTES: usize = 1 << 20;
/// How long `--browser` waits for the sign-in. The help of the option states it too.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(600);

/// Signs a user in and stores the sign-in.
pub(crate) async fn run(args: &LoginArgs) -> Exit {
    match sign_in(args).await {
        Ok((profile, sign_in)) => {
            let text = if args.json {
                whoami::to_json(&profile, &sign_in)
            } else {
                let user = whoami::user(&sign_in);
                format!("signed in as {user}; stored as `{}`", profile.name)
            };
            print::result(&text).map_or(Exit::Other, |()| Exit::Success)
        }
        Err(error) => report::failed(error, args.json),
    }
}

/// Signs in and stores the result.
async fn sign_in(args: &LoginArgs) -> Result<(Profile, SignIn)> {
    let env: Environment<'_> = &environment::process;
    let plan = LoginPlan::read(args, env)?;
    let profile = Profile::open(&args.store, env)?;
    let existing = Existing::find(args, &profile, &plan)?;
    let options: HttpOptions =
        http_options(args.timeout).with_max_response_bytes(MAX_RESPONSE_BYTES);
    let application = plan
        .application
        .with_http_client(HttpClient::new(&options)?)
        .with_claims_challenges(true);
    let scopes: Vec<&str> = plan.scopes.iter().map(String::as_str).collect();
    let request = TokenRequest::new(&scopes);
    let sign_in = if args.browser {
        let flow = application.authorization_code(|page| open(page.as_str()))?;
        let flow = flow.with_timeout(BROWSER_TIMEOUT);
        flow.sign_in(&request).await?
    } else {
        application.device_code(show)?.sign_in(&request).await?
    };
    if sign_in.refresh_token.is_none() {
        print::note(
            "Entra ID returned no refresh token: this sign-in ends when the access token expires",
        );
    }
    match existing {
        Existing::Nothing => {}
        Existing::Unreadable => print::set_aside(&profile.set_aside().await?),
        Existing::Of(other) if other != whoami::user(&sign_in) => {
            print::note(format_args!("this replaces the sign-in of {other}"));
        }
        Existing::Of(_) => {}
    }
    profile.stored().keep(sign_in.clone()).await?;
    Ok((profile, sign_in))
}

/// What is already stored under the name of a new sign-in.
enum Existing {
    Nothing,
    /// A file that will be renamed.
    Unreadable,
    /// The sign-in of this user.
    Of(String),
}

impl Existing {
    /// Looks before the user signs in, so that no sign-in is lost because it cannot be stored.
    fn find(args: &LoginArgs, profile: &Profile, plan: &LoginPlan) -> Result<Self> {
        match profile.store.load(&profile.name) {
            Ok(None) => Ok(Self::Nothing),
            Ok(Some(old)) if args.replace || is_same(&old.authority, &plan.authority) => {
                Ok(Self::Of(whoami::user(&old).to_owned()))
            }
            Ok(Some(old)) => {
                let text = format!(
                    "the sign-in `{}` belongs to {} at {}: store the new one under another name \
                     with --profile, or replace the old one with --replace",
                    profile.name,
                    whoami::user(&old),
                    old.authority
                );
                Err(Error::new(ErrorKind::Config, text))
            }
            Err(_) if args.set_aside && profile.path.exists() => Ok(Self::Unreadable),
            Err(error) => Err(profile.unreadable(error)),
        }
    }
}

/// Returns whether two addresses name the same authority.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
    plain(one) == plain(other)
}

/// Shows the device code on standard error: standard output is for the result.
fn show(prompt: &DevicePrompt) {
    if prompt.message.is_empty() {
        let (page, code) = (&prompt.verification_uri, &prompt.user_code);
        print::note(format_args!("open {page} and enter the code {code}"));
    } else {
        print::note(without_controls(&prompt.message));
    }
    note_wait(Duration::from_secs(prompt.expires_in.as_secs()));
}

/// Prints how long this command waits at most.
fn note_wait(longest: Duration) {
    print::note(format_args!(
        "waiting for the sign-in, at most {}; press Ctrl-C to stop",
        humantime::format_duration(longest)
    ));
}

/// Replaces control characters, which a terminal would obey.
fn without_controls(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn open(page: &str) {
    print::note(format_args!(
        "sign in with the browser; if none opens, open this page on this machine:\n{page}"
    ));
    note_wait(BROWSER_TIMEOUT);
    let page = page.to_owned();
    // A browser in a terminal runs as long as the call that opens it.
    std::thread::spawn(move || {
        if webbrowser::open(&page).is_err() {
            print::note(
                "no browser could be opened: open the page above on this machine, or press Ctrl-C \
                 and run msm login without --browser",
            );
        }
    });
}

/// The application and the permissions of a new sign-in.
struct LoginPlan {
    application: Application,
    authority: String,
    scopes: Vec<String>,
}

impl LoginPlan {
    fn read(args: &LoginArgs, env: Environment<'_>) -> Result<Self> {
        let given = |option: &Option<String>, name: &str| {
            let value = option.clone().or_else(|| env(name))?;
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let Some(client_id) = given(&args.client_id, "AZURE_CLIENT_ID") else {
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
        let authority = given(&args.authority, "AZURE_AUTHORITY_HOST");
        let authority = authority.unwrap_or_else(|| cloud.login_authority.to_owned());
        let application = Application::new(tenant, client_id);
        Ok(Self {
            application: application.with_authority(&authority),
            authority,
            scopes: scopes(&args.scope, cloud),
        })
    }
}

/// Returns the full names of the requested scopes; by default those that sending needs.
fn scopes(requested: &[String], cloud: Cloud) -> Vec<String> {
    let sending = [
        Operation::SendToChannel,
        Operation::SendToChat,
        Operation::CreateChat,
    ];
    let default = sending.iter().map(|operation| operation.delegated()[0]);
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
    fn scopes_are_those_of_the_cloud_and_need_no_administrator() {
        assert_eq!(
            scopes(&[], Cloud::US_GOV_L4),
            [
                "https://graph.microsoft.us/ChannelMessage.Send",
                "https://graph.microsoft.us/ChatMessage.Send",
                "https://graph.microsoft.us/Chat.Create",
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
}
