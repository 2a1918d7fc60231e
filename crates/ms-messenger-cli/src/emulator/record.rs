//! `msm emulator record`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use ms_messenger_emulator::{RecordError, Recorder, RecorderBuilder};
use serde_json::json;

use crate::{
    args::{RecordArgs, RecordPlatformArg},
    emulator::start::option,
    environment::{self, variable},
    exit::Exit,
    files::{self, because, reason, unreadable},
    interrupt::Interrupt,
    print,
    terminal::escaped,
    text,
};

/// Where a recorder listens if the options do not say it.
const USUAL: (u16, u16) = (8412, 8413);

/// Records until a signal ends it.
pub(crate) async fn run(args: &RecordArgs) -> Exit {
    let mut interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            return print::failure(&text::process::no_signals(&reason(&error)), Exit::Other);
        }
    };
    let builder = match builder(args) {
        Ok(builder) => builder,
        Err(problem) => return print::failure(&problem, Exit::Config),
    };
    let recorder = match builder.start().await {
        Ok(recorder) => recorder,
        Err(error) => return print::failure(&not_started(&error), exit(&error)),
    };
    if print::result(&ready_line(args, &recorder)).is_err() {
        return print::failure(text::emulator::READY_LINE_UNWRITTEN, Exit::Other);
    }
    print::note(ready_text(args, &recorder));
    let signal = interrupt.requested().await;
    let counts = recorder.shutdown().await;
    let (recorded, failed, unlinked) = (counts.recorded, counts.failed, counts.unlinked);
    print::note(text::recorder::ending(signal, recorded, failed, unlinked));
    if counts.unwritten > 0 {
        let problem = text::recorder::unwritten(args.out.display(), counts.unwritten);
        return print::failure(&problem, Exit::Other);
    }
    Exit::Success
}

fn builder(args: &RecordArgs) -> Result<RecorderBuilder, String> {
    for path in [Some(&args.out), args.ca_out.as_ref()]
        .into_iter()
        .flatten()
    {
        files::no_folder(path).map_err(|e| format!("{}: {}", path.display(), unreadable(&e)))?;
    }
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let http = args.http.unwrap_or(address(USUAL.0));
    let https = if http.port() == 0 { 0 } else { USUAL.1 };
    let mut builder = Recorder::builder(&args.upstream, &args.out)
        .with_listener(|line| print::note(line))
        .with_http_address(http)
        .with_https_address(args.https.unwrap_or(address(https)));
    if let Some(platform) = args.platform {
        builder = builder.with_platform(platform.into());
    }
    if let Some(path) = &args.ca_out {
        builder = builder.with_ca_out(path);
    }
    if let Some(path) = &args.upstream_ca {
        builder = builder.with_upstream_ca(authorities(path)?);
    }
    let is_of_acs = args
        .platform
        .is_none_or(|platform| platform == RecordPlatformArg::Acs);
    let connection = variable(&environment::process, "ACS_CONNECTION_STRING");
    if let Some(connection) = connection.filter(|_| is_of_acs) {
        builder = builder.with_connection_string(connection);
    }
    Ok(builder)
}

fn authorities(path: &Path) -> Result<String, String> {
    match files::text(path, files::SETTING) {
        Err(error) => Err(format!("{}: {}", path.display(), unreadable(&error))),
        Ok(pem) if !pem.contains("-----BEGIN CERTIFICATE-----") => {
            Err(text::recorder::no_certificate(path.display()))
        }
        Ok(pem) => Ok(pem),
    }
}

/// Where it is, as one JSON line.
fn ready_line(args: &RecordArgs, recorder: &Recorder) -> String {
    let mut line = json!({
        "http": recorder.http_url(),
        "https": recorder.https_url(),
        "upstream": args.upstream,
        "out": args.out.to_string_lossy(),
    });
    if let Some(path) = &args.ca_out {
        line["ca"] = path.to_string_lossy().into();
    }
    escaped(&line.to_string())
}

/// Where it is, and how clients find it.
fn ready_text(args: &RecordArgs, recorder: &Recorder) -> String {
    let (http, upstream) = (recorder.http_url(), &args.upstream);
    let variables = [
        (
            RecordPlatformArg::Graph,
            "MSGRAPH_BASE_URL",
            format!("{http}/v1.0"),
        ),
        (RecordPlatformArg::Acs, "ACS_CHAT_ENDPOINT", http.to_owned()),
        (
            RecordPlatformArg::Acs,
            "ACS_CONNECTION_STRING",
            format!("endpoint={http}/;accesskey=KEY"),
        ),
        (
            RecordPlatformArg::Entra,
            "AZURE_AUTHORITY_HOST",
            http.to_owned(),
        ),
        (
            RecordPlatformArg::Ucwa,
            "UCWA_DISCOVERY_URL",
            format!("{http}/PATH"),
        ),
    ];
    let asked = |platform| args.platform.is_none_or(|asked| asked == platform);
    let variables = variables.into_iter();
    let variables = variables.filter(|(platform, ..)| asked(*platform));
    let variables: Vec<_> = variables.map(|(_, name, value)| (name, value)).collect();
    text::recorder::ready(upstream, http, args.out.display(), &variables)
}

/// Returns the exit code of a recorder that did not start: the service is the value of an option.
fn exit(error: &RecordError) -> Exit {
    match error {
        RecordError::Setting { name, .. } if option(name) == "--upstream" => Exit::Usage,
        _ => Exit::Config,
    }
}

/// Describes why a recorder did not start, and what to do.
fn not_started(error: &RecordError) -> String {
    let cause = because(error);
    match error {
        RecordError::Setting { name, rule } => match option(name).as_str() {
            "--connection-string" => format!("ACS_CONNECTION_STRING: {rule}"),
            option => format!("{option}: {rule}"),
        },
        RecordError::Listen { address, source }
            if source.kind() == std::io::ErrorKind::AddrInUse =>
        {
            let any = SocketAddr::new(address.ip(), 0);
            format!("{error}{cause}{}", text::emulator::any_port("--http", any))
        }
        _ => format!("{error}{cause}"),
    }
}
