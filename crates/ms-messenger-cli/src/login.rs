//! `msm login`.

mod flow;
mod plan;

use ms_messenger::{
    Error, ErrorKind, Result, TokenRequest,
    entra::{Application, SignIn},
    http::{HttpClient, HttpOptions},
};

use self::plan::LoginPlan;
use crate::{
    args::LoginArgs,
    environment::{self, Environment},
    exit::Exit,
    print,
    profile::Profile,
    report, text,
    transport::http_options,
    whoami,
};

/// Size limit of a response of Entra ID, in bytes.
const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// Signs a user in and stores the sign-in.
pub(crate) async fn run(args: &LoginArgs) -> Exit {
    match sign_in(args).await {
        Ok((profile, sign_in)) => {
            let text = if args.json {
                whoami::to_json(&profile, &sign_in)
            } else {
                let user = whoami::user(&sign_in);
                text::sign_in::signed_in(user, &profile.name)
            };
            print::last(&text, Exit::Success)
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
    profile.check_writable()?;
    let options: HttpOptions =
        http_options(args.timeout).with_max_response_bytes(MAX_RESPONSE_BYTES);
    let http = HttpClient::new(&options)?;
    let application = plan
        .application
        .with_http_client(http.clone())
        .with_claims_challenges(true);
    let scopes: Vec<&str> = plan.scopes.iter().map(String::as_str).collect();
    let request = TokenRequest::new(&scopes);
    let is_emulator = plan.is_emulator && !args.browser;
    let sign_in = granted(args, is_emulator, application, &request, &http).await?;
    if sign_in.refresh_token.is_none() {
        print::note(text::sign_in::NO_REFRESH);
    }
    match existing {
        Existing::Nothing => {}
        Existing::Unreadable => print::set_aside(&profile.set_aside().await?),
        Existing::Of(other) if other != whoami::user(&sign_in) => {
            print::note(text::sign_in::replacing(&other));
        }
        Existing::Of(_) => {}
    }
    profile.stored().keep(sign_in.clone()).await?;
    Ok((profile, sign_in))
}

/// Signs in: at an emulator without a user, else with the browser or a code.
async fn granted(
    args: &LoginArgs,
    is_emulator: bool,
    application: Application,
    request: &TokenRequest<'_>,
    http: &HttpClient,
) -> Result<SignIn> {
    if is_emulator {
        let approved = flow::at_emulator(application.clone(), request, http).await?;
        if let Some(sign_in) = approved {
            return Ok(sign_in);
        }
    }
    if args.emulator.is_some() {
        let text = text::sign_in::NOT_APPROVED;
        return Err(Error::new(ErrorKind::Config, text));
    }
    if args.browser {
        flow::with_browser(application, request).await
    } else {
        flow::with_code(application, request).await
    }
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
                let user = whoami::user(&old);
                let text = text::sign_in::other_user(&profile.name, user, &old.authority);
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
