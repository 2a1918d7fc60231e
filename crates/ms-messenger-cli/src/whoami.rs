//! `msm whoami`.

use std::time::SystemTime;

use ms_messenger::entra::SignIn;
use serde_json::json;

use crate::{
    args::WhoamiArgs, environment, exit::Exit, outcome::moment, print, profile::Profile, report,
    text,
};

/// Prints the stored sign-in, without any request.
pub(crate) fn run(args: &WhoamiArgs) -> Exit {
    let found = Profile::open(&args.store, &environment::process)
        .and_then(|profile| profile.load().map(|sign_in| (profile, sign_in)));
    match found {
        Ok((profile, sign_in)) => {
            let text = if args.json {
                to_json(&profile, &sign_in)
            } else {
                to_text(&profile, &sign_in)
            };
            print::last(&text, Exit::Success)
        }
        Err(error) => report::failed(error, args.json),
    }
}

/// Returns the name of the signed-in user.
pub(crate) fn user(sign_in: &SignIn) -> &str {
    let known = sign_in.user.as_deref().or(sign_in.user_id.as_deref());
    known.unwrap_or(text::sign_in::UNNAMED_USER)
}

/// Returns a sign-in as one line of JSON, without its tokens.
pub(crate) fn to_json(profile: &Profile, sign_in: &SignIn) -> String {
    let end = sign_in.access_token.expires_at();
    report::done(json!({
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

fn to_text(profile: &Profile, sign_in: &SignIn) -> String {
    let token = match sign_in.access_token.expires_at() {
        None => text::sign_in::NO_EXPIRY.to_owned(),
        Some(end) if end < SystemTime::now() => text::token::expired(moment(end)),
        Some(end) => text::sign_in::valid(moment(end)),
    };
    let token = text::sign_in::token(&token, sign_in.refresh_token.is_some());
    let id = sign_in.user_id.as_deref();
    let values = [
        id.unwrap_or(text::sign_in::UNKNOWN).to_owned(),
        profile.name.clone(),
        sign_in.client_id.clone(),
        sign_in.tenant.clone(),
        sign_in.authority.clone(),
        sign_in.scopes.join(" "),
        token,
        profile.path.display().to_string(),
    ];
    let lines = text::sign_in::LABELS.into_iter().zip(values);
    let lines = lines.map(|(what, value)| format!("\n  {what:<12}{value}"));
    format!("{}{}", user(sign_in), lines.collect::<String>())
}
