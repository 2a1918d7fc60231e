//! How the user of `msm login` signs in.

use std::{future::pending, time::Duration};

use ms_messenger::{
    Error, ErrorKind, Result, TokenRequest, Url,
    entra::{Application, DevicePrompt, SignIn},
    http::{Bytes, HttpClient, HttpRequest, Method, header},
};
use tokio::{pin, select, sync::mpsc};

use crate::{print, text};

/// How long `--browser` waits for the sign-in. The help of the option states it too.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(600);

/// Signs in with a code that the user enters on any device.
///
/// # Errors
///
/// Those of the sign-in.
pub(super) async fn with_code(
    application: Application,
    request: &TokenRequest<'_>,
) -> Result<SignIn> {
    application.device_code(show)?.sign_in(request).await
}

/// Signs in with the browser of this machine. Where none can be opened, a code is offered as well,
/// and the first of both counts.
///
/// # Errors
///
/// Those of the sign-in.
pub(super) async fn with_browser(
    application: Application,
    request: &TokenRequest<'_>,
) -> Result<SignIn> {
    let (failed, mut failures) = mpsc::unbounded_channel();
    let flow = application
        .clone()
        .authorization_code(move |page| open(page.as_str(), failed.clone()))?
        .with_timeout(BROWSER_TIMEOUT);
    let browsing = flow.sign_in(request);
    pin!(browsing);
    select! {
        signed_in = &mut browsing => return signed_in,
        Some(()) = failures.recv() => {}
    }
    print::important(text::sign_in::NO_BROWSER);
    let code = application.device_code(show)?;
    select! {
        Ok(signed_in) = &mut browsing => Ok(signed_in),
        signed_in = code.sign_in(request) => signed_in,
    }
}

/// Signs in at an emulator, which approves every sign-in: this program is the browser. `None` if the
/// emulator leaves the approval to a user.
///
/// # Errors
///
/// Those of the sign-in.
pub(super) async fn at_emulator(
    application: Application,
    request: &TokenRequest<'_>,
    http: &HttpClient,
) -> Result<Option<SignIn>> {
    let (opened, mut pages) = mpsc::unbounded_channel();
    let flow = application.authorization_code(move |page| {
        // The receiver lives as long as the sign-in.
        let _ = opened.send(page.clone());
    })?;
    let visiting = async {
        let Some(page) = pages.recv().await else {
            return pending().await;
        };
        match visit(http, page).await {
            Ok(true) => pending().await,
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        }
    };
    select! {
        signed_in = flow.sign_in(request) => signed_in.map(Some),
        left = visiting => left,
    }
}

/// Opens the page of a sign-in and follows its redirect to the listener; `false` if it has none.
async fn visit(http: &HttpClient, page: Url) -> Result<bool> {
    let get = |address| HttpRequest::new(Method::GET, address, Bytes::new());
    let response = http.exchange(get(page.clone())).await?;
    let location = response.headers().get(header::LOCATION);
    let location = location.and_then(|it| page.join(it.to_str().ok()?).ok());
    if response.status().is_client_error() {
        let text = text::sign_in::refused_by_emulator(response.status().as_u16());
        return Err(Error::new(ErrorKind::Config, text));
    }
    // Only the listener is visited, whatever the page says.
    let is_listener = |address: &Url| address.host_str() == Some("localhost");
    let Some(listener) = location.filter(is_listener) else {
        return Ok(false);
    };
    http.exchange(get(listener)).await.map(|_| true)
}

/// Shows the device code on standard error: standard output is for the result.
fn show(prompt: &DevicePrompt) {
    if prompt.message.is_empty() {
        let (page, code) = (&prompt.verification_uri, &prompt.user_code);
        print::important(text::sign_in::code(page, code));
    } else {
        print::important(without_controls(&prompt.message));
    }
    note_wait(Duration::from_secs(prompt.expires_in.as_secs()));
}

/// Prints how long this command waits at most.
fn note_wait(longest: Duration) {
    let longest = humantime::format_duration(longest);
    print::note(text::sign_in::waiting(longest));
}

/// Replaces control characters, which a terminal would obey.
fn without_controls(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Opens a page; reports to `failed` when there is no browser.
fn open(page: &str, failed: mpsc::UnboundedSender<()>) {
    print::important(text::sign_in::browser(page));
    note_wait(BROWSER_TIMEOUT);
    let page = page.to_owned();
    // A browser in a terminal runs as long as the call that opens it.
    std::thread::spawn(move || {
        if !has_display() || webbrowser::open(&page).is_err() {
            // The sign-in may have ended.
            let _ = failed.send(());
        }
    });
}

/// Returns whether a window can appear: a browser in a terminal would take the terminal away.
fn has_display() -> bool {
    const SIGNS: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"];
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || SIGNS.iter().any(is_set)
}
