//! Commands for an emulator that runs: `health`, `export`, and what `env` reads.

use std::time::Duration;

use ms_messenger::{
    ErrorKind, Url,
    http::{Bytes, HttpClient, HttpOptions, HttpRequest, Method, Proxy},
};
use serde_json::Value;

use crate::{
    args::{ExportArgs, HealthArgs},
    emulator::{files, variables::USUAL},
    environment::{self, variable},
    exit::Exit,
    print,
    terminal::escaped,
};

/// The largest export, in bytes.
const LARGEST: usize = 4 << 30;
/// How long a response may take.
const PATIENCE: Duration = Duration::from_secs(5);
const EXPORT_PATIENCE: Duration = Duration::from_secs(300);

/// Prints whether an emulator responds.
pub(crate) async fn health(args: &HealthArgs) -> Exit {
    let got = get(args.url.as_deref(), "health", PATIENCE).await;
    match got.and_then(|body| parse(&body)) {
        Ok(health) if health["status"] == "ok" => {
            print::last(&escaped(&health.to_string()), Exit::Success)
        }
        Ok(_) => print::failure("this is no emulator", Exit::Config),
        Err((message, exit)) => print::failure(&message, exit),
    }
}

/// Writes everything that an emulator stored to files.
pub(crate) async fn export(args: &ExportArgs) -> Exit {
    if let Err(problem) = files::check(&args.folder) {
        return print::failure(&problem, Exit::Config);
    }
    let written = match get(args.from.as_deref(), "export", EXPORT_PATIENCE).await {
        Ok(archive) => files::unpack(&archive, &args.folder),
        Err((message, exit)) => return print::failure(&message, exit),
    };
    match written {
        Ok(messages) => {
            print::note(format_args!(
                "{messages} messages are in {}",
                args.folder.display()
            ));
            Exit::Success
        }
        Err(problem) => print::failure(&problem, Exit::Other),
    }
}

/// Returns the line that a running emulator printed when it was ready.
pub(crate) async fn world(url: Option<&str>) -> Result<Value, (String, Exit)> {
    parse(&get(url, "world", PATIENCE).await?)
}

fn parse(body: &[u8]) -> Result<Value, (String, Exit)> {
    let parsed = serde_json::from_slice(body);
    parsed.map_err(|_| ("this is no emulator".to_owned(), Exit::Config))
}

/// Returns the response of the admin API at `url`, or at the address that the environment names.
async fn get(url: Option<&str>, path: &str, patience: Duration) -> Result<Bytes, (String, Exit)> {
    let named = url.map(str::to_owned);
    let named = named.or_else(|| variable(&environment::process, "MSM_EMULATOR"));
    let origin = named.unwrap_or_else(|| USUAL.to_owned());
    let config = |message: String| (message, Exit::Config);
    let invalid = || config("the address must be an http or https URL without a path".to_owned());
    let address = Url::parse(&origin).map_err(|_| invalid())?;
    let is_origin = matches!(address.path(), "" | "/") && address.query().is_none();
    if !matches!(address.scheme(), "http" | "https") || !is_origin {
        return Err(invalid());
    }
    let address = address.join(&format!("/_emulator/{path}"));
    let options = HttpOptions::default()
        .with_proxy(Proxy::None)
        .with_timeout(patience)
        .with_max_response_bytes(LARGEST);
    let client = HttpClient::new(&options).map_err(|error| config(error.to_string()))?;
    let request = HttpRequest::new(Method::GET, address.map_err(|_| invalid())?, Bytes::new());
    let shown = origin.trim_end_matches('/');
    let response = client.exchange(request).await.map_err(|error| {
        let exit = Exit::of_not_sent(error.kind());
        let what = match error.kind() {
            ErrorKind::Connect => "no emulator is running there",
            ErrorKind::Timeout => "it gave no response in time",
            _ => error.message(),
        };
        (format!("{shown}: {what}"), exit)
    })?;
    if response.status() != 200 {
        let status = response.status().as_u16();
        let message = format!("{shown}: it responded with {status} to /_emulator/{path}");
        return Err(config(message));
    }
    Ok(response.into_body())
}
