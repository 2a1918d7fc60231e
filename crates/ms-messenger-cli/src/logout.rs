//! `msm logout`.

use ms_messenger::Result;
use serde_json::json;

use crate::{args::LogoutArgs, environment, exit::Exit, print, profile::Profile, report, text};

/// What was deleted or renamed.
enum Removed {
    Nothing,
    SignIn,
    SetAside(Vec<String>),
}

/// Deletes the stored sign-in.
pub(crate) async fn run(args: &LogoutArgs) -> Exit {
    match remove(args).await {
        Ok((profile, removed)) => {
            let text = if args.json {
                to_json(&profile, &removed)
            } else {
                to_text(&profile, &removed)
            };
            print::last(&text, Exit::Success)
        }
        Err(error) => report::failed(error, args.json),
    }
}

/// Deletes the sign-in, or renames it if it cannot be read and the option asks for it.
async fn remove(args: &LogoutArgs) -> Result<(Profile, Removed)> {
    let profile = Profile::open(&args.store, &environment::process)?;
    // Without a file there is nothing to lock.
    if !profile.path.exists() {
        return Ok((profile, Removed::Nothing));
    }
    let removed = match profile.store.load(&profile.name) {
        Err(_) if args.set_aside => Removed::SetAside(profile.set_aside().await?),
        Err(error) => return Err(profile.unreadable(error)),
        Ok(_) => {
            if profile.stored().forget().await? {
                Removed::SignIn
            } else {
                Removed::Nothing
            }
        }
    };
    Ok((profile, removed))
}

/// Describes what was removed as JSON.
fn to_json(profile: &Profile, removed: &Removed) -> String {
    let set_aside = match removed {
        Removed::SetAside(files) => files.as_slice(),
        _ => &[],
    };
    let existed = !matches!(removed, Removed::Nothing);
    report::done(json!({
        "profile": profile.name,
        "signed_out": existed,
        "set_aside": set_aside,
    }))
}

/// Describes what was removed.
fn to_text(profile: &Profile, removed: &Removed) -> String {
    let name = &profile.name;
    match removed {
        Removed::Nothing => text::sign_in::not_signed_out(name),
        Removed::SignIn => text::sign_in::signed_out(name),
        Removed::SetAside(files) => {
            print::set_aside(files);
            text::sign_in::set_aside(name)
        }
    }
}
