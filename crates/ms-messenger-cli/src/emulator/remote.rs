//! Commands for an emulator that runs: `health`, `export`, and what `env` reads.

use std::time::Duration;

use ms_messenger::{
    Error, ErrorKind, Url,
    http::{Bytes, HttpClient, HttpOptions, HttpRequest, Method, Proxy},
};
use serde_json::Value;

use crate::{
    args::{ExportArgs, HealthArgs},
    emulator::{files, variables::USUAL},
    environment::{self, variable},
    exit::Exit,
    explain::explain,
    print,
    terminal::escaped,
    text,
};

/// The largest export, in bytes.
const LARGEST: usize = 4 << 30;
/// How long a response may take.
const PATIENCE: Duration = Duration::from_secs(5);
const EXPORT_PATIENCE: Duration = Duration::from_secs(300);

/// The name of an argument, and the address that it gives.
type Given<'a> = (&'static str, Option<&'a str>);

/// Prints whether an emulator responds.
pub(crate) async fn health(args: &HealthArgs) -> Exit {
    let got = get(("URL", args.url.as_deref()), "health", PATIENCE).await;
    match got.and_then(|body| parse(&body)) {
        Ok(health) if health["status"] == "ok" => {
            print::last(&escaped(&health.to_string()), Exit::Success)
        }
        Ok(_) => print::failure(text::emulator::NO_EMULATOR, Exit::Config),
        Err((message, exit)) => print::failure(&message, exit),
    }
}

/// Writes everything that an emulator stored to files.
pub(crate) async fn export(args: &ExportArgs) -> Exit {
    if let Err(problem) = files::check(&args.folder) {
        return print::failure(&problem, Exit::Config);
    }
    let from = ("--from", args.from.as_deref());
    let archive = match get(from, "export", EXPORT_PATIENCE).await {
        Ok(archive) => archive,
        Err((message, exit)) => return print::failure(&message, exit),
    };
    if let Err(problem) = files::prepare(&args.folder) {
        return print::failure(&problem, Exit::Config);
    }
    match files::unpack(&archive, &args.folder) {
        Ok(messages) => {
            print::note(text::emulator::exported(messages, args.folder.display()));
            Exit::Success
        }
        Err(problem) => print::failure(&problem, Exit::Other),
    }
}

/// Returns the line that a running emulator printed when it was ready.
pub(crate) async fn world(url: Option<&str>) -> Result<Value, (String, Exit)> {
    parse(&get(("SOURCE", url), "world", PATIENCE).await?)
}

fn parse(body: &[u8]) -> Result<Value, (String, Exit)> {
    let parsed = serde_json::from_slice(body);
    parsed.map_err(|_| (text::emulator::NO_EMULATOR.to_owned(), Exit::Config))
}

/// Returns the origin that is the address of an emulator.
///
/// # Errors
///
/// The rule that it breaks.
pub(crate) fn origin(address: &str) -> Result<Url, &'static str> {
    const RULE: &str = text::emulator::ORIGIN;
    let address = Url::parse(address).map_err(|_| RULE)?;
    let is_origin = matches!(address.path(), "" | "/")
        && address.query().is_none()
        && address.fragment().is_none()
        && address.username().is_empty()
        && address.password().is_none();
    if matches!(address.scheme(), "http" | "https") && is_origin {
        Ok(address)
    } else {
        Err(RULE)
    }
}

/// Returns the response of the admin API at `url`, or at the address that the environment names.
async fn get(given: Given<'_>, path: &str, patience: Duration) -> Result<Bytes, (String, Exit)> {
    const VARIABLE: &str = "MSM_EMULATOR";
    let set = || variable(&environment::process, VARIABLE);
    let (name, named) = match given {
        (name, Some(address)) => (name, Some(address.to_owned())),
        (_, None) => (VARIABLE, set()),
    };
    let named = named.unwrap_or_else(|| USUAL.to_owned());
    let config = |message: String| (message, Exit::Config);
    let invalid = |rule: &str| config(format!("{name}: {rule}"));
    let origin = origin(&named).map_err(invalid)?;
    let address = origin.join(&format!("/_emulator/{path}"));
    let address = address.map_err(|_| invalid(text::emulator::UNUSABLE))?;
    let options = HttpOptions::default()
        .with_proxy(Proxy::None)
        .with_timeout(patience)
        .with_max_response_bytes(LARGEST);
    let client = HttpClient::new(&options).map_err(|error| config(error.to_string()))?;
    let request = HttpRequest::new(Method::GET, address, Bytes::new());
    let shown = named.trim_end_matches('/');
    let response = client.exchange(request).await;
    let response = response.map_err(|error| no_response(shown, error))?;
    if response.status() != 200 {
        let status = response.status().as_u16();
        let message = text::emulator::wrong_status(shown, status, path);
        return Err(config(message));
    }
    Ok(response.into_body())
}

/// Says why there was no response of the emulator at `shown`.
fn no_response(shown: &str, error: Error) -> (String, Exit) {
    let exit = Exit::of_not_sent(error.kind());
    let what = match error.kind() {
        ErrorKind::Connect => text::emulator::NOT_RUNNING.to_owned(),
        ErrorKind::Timeout => text::emulator::NO_RESPONSE.to_owned(),
        _ => {
            let explained = explain(error, None);
            let advice = explained.advice.map(|advice| format!("; {advice}"));
            let message = explained.error.message();
            format!("{message}{}", advice.unwrap_or_default())
        }
    };
    (format!("{shown}: {what}"), exit)
}
