//! `msm emulator record`.

use std::{
    fs,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use ms_messenger_emulator::{RecordCounts, RecordError, Recorder, RecorderBuilder};
use serde_json::json;

use crate::{
    args::{RecordArgs, RecordPlatformArg},
    environment::{self, variable},
    exit::Exit,
    files::{because, reason, unreadable},
    interrupt::Interrupt,
    print::{self, counted},
    terminal::escaped,
};

/// Where a recorder listens if the options do not say it.
const USUAL: (u16, u16) = (8412, 8413);
/// The longest file of certificate authorities.
const LONGEST_CA: u64 = 1 << 20;

/// Records until a signal ends it.
pub(crate) async fn run(args: &RecordArgs) -> Exit {
    let mut interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            return print::failure(
                &format!("cannot listen for signals: {}", reason(&error)),
                Exit::Other,
            );
        }
    };
    let builder = match builder(args) {
        Ok(builder) => builder,
        Err(problem) => return print::failure(&problem, Exit::Config),
    };
    let recorder = match builder.start().await {
        Ok(recorder) => recorder,
        Err(error) => return print::failure(&not_started(&error), Exit::Config),
    };
    if print::result(&ready_line(args, &recorder)).is_err() {
        return print::failure("the ready line could not be written", Exit::Other);
    }
    print::note(ready_text(args, &recorder));
    let signal = interrupt.requested().await;
    let counts = recorder.shutdown().await;
    print::note(format_args!("ending ({signal}): {}", recorded(&counts)));
    if counts.unwritten > 0 {
        let problem = format!(
            "{}: {} could not be written",
            args.out.display(),
            counted(counts.unwritten, "exchange")
        );
        return print::failure(&problem, Exit::Other);
    }
    Exit::Success
}

fn builder(args: &RecordArgs) -> Result<RecorderBuilder, String> {
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
    let mut pem = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(LONGEST_CA).read_to_string(&mut pem));
    match read {
        Err(error) => Err(format!("{}: {}", path.display(), unreadable(&error))),
        Ok(_) if !pem.contains("-----BEGIN CERTIFICATE-----") => {
            Err(format!("{}: has no certificate in PEM", path.display()))
        }
        Ok(_) => Ok(pem),
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
    let out = args.out.display();
    let mut text = format!(
        "recording {upstream} at {http} to {out}; press Ctrl-C to stop\n\
         clients find it by, beside the credentials of the service:"
    );
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
    for (platform, name, value) in variables {
        if args.platform.is_none_or(|asked| asked == platform) {
            text.push_str(&format!("\n  {name:<22} {value}"));
        }
    }
    text
}

fn recorded(counts: &RecordCounts) -> String {
    let mut text = format!("{} recorded", counted(counts.recorded, "exchange"));
    for (number, one, what) in [
        (
            counts.failed,
            "request",
            "without a response of the service",
        ),
        (
            counts.unlinked,
            "response",
            "whose links led past the recorder",
        ),
    ] {
        if number > 0 {
            text.push_str(&format!(", {} {what}", counted(number, one)));
        }
    }
    text
}

/// Describes why a recorder did not start, and what to do.
fn not_started(error: &RecordError) -> String {
    let cause = because(error);
    match error {
        RecordError::Setting { name, rule } if *name == "connection string" => {
            format!("ACS_CONNECTION_STRING: {rule}")
        }
        RecordError::Setting { name, rule } => format!("--{}: {rule}", name.replace(' ', "-")),
        RecordError::Listen { address, source }
            if source.kind() == std::io::ErrorKind::AddrInUse =>
        {
            let any = SocketAddr::new(address.ip(), 0);
            format!("{error}{cause}; --http {any} takes any free port")
        }
        _ => format!("{error}{cause}"),
    }
}
