//! `msm login`, `msm logout` and `msm whoami`.

use std::time::{Duration, SystemTime};

use ms_messenger::{
    Delivery, Error, ErrorKind, Result, TokenRequest,
    entra::{Application, DevicePrompt, SignIn},
    http::{HttpClient, HttpOptions},
    msgraph_chat::{Cloud, permissions::Operation},
};
use serde_json::{Value, json};

use crate::{
    args::{LoginArgs, LogoutArgs, WhoamiArgs},
    config::{self, Environment},
    exit::Exit,
    explain::{Explained, explain},
    http_options,
    outcome::{Line, moment},
    platform, print,
    profile::Profile,
};

/// Anybody with a work or school account.
const ANY_TENANT: &str = "organizations";
/// The longest answer of Entra ID that is read.
const LONGEST_ANSWER: usize = 1 << 20;

/// Signs a user in and keeps the sign-in.
pub(crate) async fn login(args: &LoginArgs) -> Exit {
    match signed_in(args).await {
        Ok((profile, sign_in)) => {
            let text = match args.json {
                true => describe_json(&profile, &sign_in),
                false => {
                    let user = name(&sign_in);
                    format!("signed in as {user}; kept as `{}`", profile.name)
                }
            };
            print::result(&text).map_or(Exit::Other, |()| Exit::Sent)
        }
        Err(error) => failed(error, args.json),
    }
}

async fn signed_in(args: &LoginArgs) -> Result<(Profile, SignIn)> {
    let env: Environment<'_> = &config::environment;
    let wish = Wish::read(args, env)?;
    let profile = Profile::open(&args.store, env)?;
    let place = Place::look(args, &profile, &wish)?;
    let options: HttpOptions = http_options(args.timeout).with_max_response_bytes(LONGEST_ANSWER);
    let application = wish
        .application
        .with_http_client(HttpClient::new(&options)?)
        .with_claims_challenges();
    let scopes: Vec<&str> = wish.scopes.iter().map(String::as_str).collect();
    let request = TokenRequest::new(&scopes);
    let sign_in = if args.browser {
        let flow = application.authorization_code(|page| open(page.as_str()))?;
        flow.sign_in(&request).await?
    } else {
        application.device_code(show)?.sign_in(&request).await?
    };
    if sign_in.refresh_token.is_none() {
        print::note("Entra ID gave no refresh token: this lasts as long as the access token");
    }
    match place {
        Place::Free => {}
        Place::Unreadable => note_set_aside(&profile.set_aside().await?),
        Place::Of(other) if other != name(&sign_in) => {
            print::note(format_args!("this replaces the sign-in of {other}"));
        }
        Place::Of(_) => {}
    }
    profile.stored().keep(sign_in.clone()).await?;
    Ok((profile, sign_in))
}

fn note_set_aside(files: &[String]) {
    for file in files {
        print::note(format_args!("what could not be read is now {file}"));
    }
}

/// What is there under the name of a new sign-in.
enum Place {
    Free,
    /// Something that is to be set aside.
    Unreadable,
    /// The sign-in of this user.
    Of(String),
}

impl Place {
    /// What is there, if it may be replaced. What may not would be in the way afterwards.
    fn look(args: &LoginArgs, profile: &Profile, wish: &Wish) -> Result<Self> {
        match profile.store.load(&profile.name) {
            Ok(None) => Ok(Self::Free),
            Ok(Some(old)) if args.replace || is_same(&old.authority, &wish.authority) => {
                Ok(Self::Of(name(&old).to_owned()))
            }
            Ok(Some(old)) => {
                let text = format!(
                    "the sign-in `{}` is of {} at {}: keep the new one under another name with \
                     --profile, or replace the old one with --replace",
                    profile.name,
                    name(&old),
                    old.authority
                );
                Err(Error::new(ErrorKind::Config, text))
            }
            Err(_) if args.set_aside && profile.path.exists() => Ok(Self::Unreadable),
            Err(error) => Err(profile.unreadable(error)),
        }
    }
}

/// Whether two addresses of authorities mean the same.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
    plain(one) == plain(other)
}

/// The prompt is for people, so it goes where they read.
fn show(prompt: &DevicePrompt) {
    if prompt.message.is_empty() {
        let (page, code) = (&prompt.verification_uri, &prompt.user_code);
        print::note(format_args!("open {page} and enter the code {code}"));
    } else {
        print::note(one_line(&prompt.message));
    }
    let life = Duration::from_secs(prompt.expires_in.as_secs());
    print::note(format_args!(
        "waiting for you, at most {}; Ctrl-C ends it",
        humantime::format_duration(life)
    ));
}

/// A terminal obeys control characters.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn open(page: &str) {
    print::note(format_args!(
        "sign in with the browser; if none opens, open this page on this machine:\n{page}"
    ));
    let page = page.to_owned();
    // A browser in a terminal lives as long as the program that called it.
    std::thread::spawn(move || {
        if webbrowser::open(&page).is_err() {
            print::note(
                "no browser could be opened: open the page above on this machine, or end this with \
                 Ctrl-C and run msm login without --browser",
            );
        }
    });
}

/// As what and for what somebody signs in.
struct Wish {
    application: Application,
    authority: String,
    scopes: Vec<String>,
}

impl Wish {
    fn read(args: &LoginArgs, env: Environment<'_>) -> Result<Self> {
        let given = |option: &Option<String>, name: &str| {
            let value = option.clone().or_else(|| env(name))?;
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let client_id = given(&args.client_id, "AZURE_CLIENT_ID");
        if client_id.is_none() {
            let text = "no application is named: register one, and set AZURE_CLIENT_ID to its id";
            return Err(Error::new(ErrorKind::Config, text));
        }
        let cloud = match given(&args.msgraph_cloud, "MSGRAPH_CLOUD") {
            Some(name) => platform::cloud(&name)?,
            None => Cloud::GLOBAL,
        };
        let tenant = given(&args.tenant, "AZURE_TENANT_ID");
        let tenant = tenant.unwrap_or_else(|| ANY_TENANT.to_owned());
        let authority = given(&args.authority, "AZURE_AUTHORITY_HOST");
        let authority = authority.unwrap_or_else(|| cloud.login_authority.to_owned());
        let application = Application::new(tenant, client_id.unwrap_or_default());
        Ok(Self {
            application: application.with_authority(&authority),
            authority,
            scopes: scopes(&args.scope, cloud),
        })
    }
}

/// The scopes of `asked` with their whole names; those of sending where none are asked for.
fn scopes(asked: &[String], cloud: Cloud) -> Vec<String> {
    let sending = [
        Operation::SendToChannel,
        Operation::SendToChat,
        Operation::CreateChat,
    ];
    let usual = sending.iter().map(|operation| operation.delegated()[0]);
    let names: Vec<&str> = match asked {
        [] => usual.collect(),
        asked => asked.iter().map(String::as_str).collect(),
    };
    let whole = |name: &str| match name.contains("://") {
        true => name.to_owned(),
        false => format!("{}/{name}", cloud.graph_root),
    };
    names.into_iter().map(whole).collect()
}

/// Forgets a sign-in.
pub(crate) async fn logout(args: &LogoutArgs) -> Exit {
    match forgotten(args).await {
        Ok((profile, what)) => {
            let name = &profile.name;
            let text = match (args.json, &what) {
                (true, what) => {
                    let set_aside = match what {
                        Forgotten::SetAside(files) => files.as_slice(),
                        _ => &[],
                    };
                    let there_was = !matches!(what, Forgotten::Nothing);
                    done(json!({"profile": name, "signed_out": there_was, "set_aside": set_aside}))
                }
                (false, Forgotten::SignIn) => format!("the sign-in `{name}` is forgotten"),
                (false, Forgotten::Nothing) => format!("nobody was signed in as `{name}`"),
                (false, Forgotten::SetAside(files)) => {
                    note_set_aside(files);
                    format!("the sign-in `{name}` could not be read, and is set aside")
                }
            };
            print::result(&text).map_or(Exit::Other, |()| Exit::Sent)
        }
        Err(error) => failed(error, args.json),
    }
}

/// What was forgotten.
enum Forgotten {
    Nothing,
    SignIn,
    SetAside(Vec<String>),
}

async fn forgotten(args: &LogoutArgs) -> Result<(Profile, Forgotten)> {
    let profile = Profile::open(&args.store, &config::environment)?;
    // Without a file there is nothing to lock.
    if !profile.path.exists() {
        return Ok((profile, Forgotten::Nothing));
    }
    let what = match profile.store.load(&profile.name) {
        Err(_) if args.set_aside => Forgotten::SetAside(profile.set_aside().await?),
        Err(error) => return Err(profile.unreadable(error)),
        Ok(_) => match profile.stored().forget().await? {
            true => Forgotten::SignIn,
            false => Forgotten::Nothing,
        },
    };
    Ok((profile, what))
}

/// Says who is signed in. Asks nobody.
pub(crate) fn whoami(args: &WhoamiArgs) -> Exit {
    let found = Profile::open(&args.store, &config::environment)
        .and_then(|profile| profile.load().map(|sign_in| (profile, sign_in)));
    match found {
        Ok((profile, sign_in)) => {
            let text = match args.json {
                true => describe_json(&profile, &sign_in),
                false => describe(&profile, &sign_in),
            };
            print::result(&text).map_or(Exit::Other, |()| Exit::Sent)
        }
        Err(error) => failed(error, args.json),
    }
}

fn name(sign_in: &SignIn) -> &str {
    let known = sign_in.user.as_deref().or(sign_in.user_id.as_deref());
    known.unwrap_or("a user whom Entra ID did not name")
}

fn describe(profile: &Profile, sign_in: &SignIn) -> String {
    let token = match sign_in.access_token.expires_at() {
        None => "does not say how long it lasts".to_owned(),
        Some(end) => match end.duration_since(SystemTime::now()) {
            Ok(_) => format!("until {}", moment(end)),
            Err(_) => format!("expired at {}", moment(end)),
        },
    };
    let renewal = match sign_in.refresh_token {
        Some(_) => "renewed when it is needed",
        None => "cannot be renewed",
    };
    let lines = [
        (
            "id",
            sign_in.user_id.as_deref().unwrap_or("unknown").to_owned(),
        ),
        ("profile", profile.name.clone()),
        ("application", sign_in.client_id.clone()),
        ("tenant", sign_in.tenant.clone()),
        ("authority", sign_in.authority.clone()),
        ("scopes", sign_in.scopes.join(" ")),
        ("token", format!("{token}; {renewal}")),
        ("kept in", profile.path.display().to_string()),
    ];
    let lines = lines.map(|(what, value)| format!("\n  {what:<12}{value}"));
    format!("{}{}", name(sign_in), lines.concat())
}

fn describe_json(profile: &Profile, sign_in: &SignIn) -> String {
    let end = sign_in.access_token.expires_at();
    done(json!({
        "profile": profile.name,
        "user": sign_in.user,
        "user_id": sign_in.user_id,
        "client_id": sign_in.client_id,
        "tenant": sign_in.tenant,
        "authority": sign_in.authority,
        "scopes": sign_in.scopes,
        "expires_at": end.map(moment),
        "renewable": sign_in.refresh_token.is_some(),
        "path": profile.path.display().to_string(),
    }))
}

/// The line of a command that did what it was asked: what every line has, then its own.
fn done(own: Value) -> String {
    let line = json!({"status": "ok", "exit_code": Exit::Sent.code(), "delivery": "not_sent"});
    let (Value::Object(mut line), Value::Object(own)) = (line, own) else {
        return String::new();
    };
    line.extend(own);
    Value::Object(line).to_string()
}

/// Says why a command that sends nothing failed.
pub(crate) fn failed(error: Error, json: bool) -> Exit {
    let Explained { error, advice } = explain(error.with_delivery(Delivery::NotSent), None);
    let exit = Exit::of(&error);
    if json {
        let line = Line {
            advice: advice.as_deref(),
            ..Line::of(&error, exit)
        };
        // The exit code says it too, if nobody reads this.
        let _ = print::result(&line.to_string());
    } else {
        print::note(print::plain_error_text(&error, exit, advice.as_deref()));
    }
    exit
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
        let asked = ["Chat.Read".to_owned(), "https://a.test/.default".to_owned()];
        assert_eq!(
            scopes(&asked, Cloud::GLOBAL),
            [
                "https://graph.microsoft.com/Chat.Read",
                "https://a.test/.default"
            ]
        );
    }

    #[test]
    fn a_missing_application_is_named() {
        let read = Wish::read(&LoginArgs::default(), &|_| None);
        let error = read.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("AZURE_CLIENT_ID"), "{error}");
    }
}
