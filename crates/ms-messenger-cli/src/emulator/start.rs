//! Starts the emulator that the options describe.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use ms_messenger_emulator::{Emulator, EmulatorBuilder, Faults, StartError};

use crate::{
    args::{GraphExpired, Limits, WorldArgs},
    emulator::replay,
    exit::Exit,
    files::{self, because, unreadable},
    print, text,
};

/// Where an emulator listens if the options do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    /// At the ports that other programs know.
    Known,
    /// At free ports.
    Free,
}

/// Starts the emulator that the options describe; the certificate authority goes to `ca_out`.
///
/// # Errors
///
/// The exit code, after the problem was printed.
pub(crate) async fn start(
    args: &WorldArgs,
    ports: Ports,
    ca_out: Option<PathBuf>,
) -> Result<Emulator, Exit> {
    if args.retry_after.is_some() && args.limits == Limits::Off {
        return Err(print::failure(text::emulator::RETRY_AFTER, Exit::Usage));
    }
    if !args.receiver_host.is_empty() && args.on_message.is_none() {
        return Err(print::failure(text::emulator::RECEIVER_HOST, Exit::Usage));
    }
    check_files(args, ca_out.as_deref())?;
    let (http, https) = addresses(args, ports);
    let mut builder = builder(args)
        .with_http_address(http)
        .with_https_address(https);
    if let Some(path) = ca_out {
        builder = builder.with_ca_out(path);
    }
    if let Some(file) = &args.faults {
        builder = match faults(file) {
            Ok(faults) => builder.with_faults(faults),
            Err(message) => return Err(print::failure(&message, Exit::Config)),
        };
    }
    if let Some(file) = &args.replay {
        builder = match replay::read(file) {
            Ok(recording) => builder.with_replay(recording),
            Err(message) => return Err(print::failure(&message, Exit::Config)),
        };
    }
    let started = builder.start().await;
    started.map_err(|error| not_started(&error, (http, https)))
}

/// Rejects a folder in the place of a file, by the path that was given.
fn check_files(args: &WorldArgs, ca_out: Option<&Path>) -> Result<(), Exit> {
    let given = [ca_out, args.data.as_deref(), args.replay.as_deref()];
    for path in given.into_iter().flatten() {
        files::no_folder(path).map_err(|error| {
            let message = format!("{}: {}", path.display(), unreadable(&error));
            print::failure(&message, Exit::Config)
        })?;
    }
    Ok(())
}

fn builder(args: &WorldArgs) -> EmulatorBuilder {
    let mut builder = Emulator::builder()
        .with_any_address(args.listen_any)
        .with_seed(args.seed)
        .with_strict(args.strict)
        .with_ucwa_time_scale(args.ucwa_time_scale)
        .with_ucwa_topology(args.ucwa_topology.into())
        .with_clock_offset(args.clock_offset)
        .with_graph_forbidding_expired_tokens(args.graph_expired == GraphExpired::Forbidden)
        .with_entra_approver(args.entra_approver.into())
        .with_token_lifetime(args.token_lifetime)
        .with_device_interval(args.device_interval)
        .with_documented_limits(args.limits == Limits::Documented)
        .with_error_style(args.acs_chat_errors.into());
    if let Some(style) = args.retry_after {
        builder = builder.with_retry_after(style.into());
    }
    if let Some(messages) = args.keep {
        builder = builder.with_keep(messages);
    }
    for host in &args.host {
        builder = builder.with_host(host);
    }
    if let Some(file) = &args.data {
        builder = builder.with_data(file);
    }
    if let Some(url) = &args.on_message {
        builder = builder.with_on_message(url);
    }
    for host in &args.receiver_host {
        builder = builder.with_receiver_host(host);
    }
    builder
}

/// A free port for HTTP means one for HTTPS too, so that two emulators never collide.
fn addresses(args: &WorldArgs, ports: Ports) -> (SocketAddr, SocketAddr) {
    let host = IpAddr::from(if args.listen_any {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    });
    let port = |known: u16| if ports == Ports::Free { 0 } else { known };
    let http = args.http.unwrap_or(SocketAddr::new(host, port(8410)));
    let known = if http.port() == 0 { 0 } else { port(8411) };
    let https = args.https.unwrap_or(SocketAddr::new(host, known));
    (http, https)
}

/// Reads the rules in a file, in the form of `PUT /_emulator/faults`.
fn faults(file: &Path) -> Result<Faults, String> {
    let name = file.display();
    let text = files::text(file, files::SETTING);
    let text = text.map_err(|error| format!("{name}: {}", unreadable(&error)))?;
    // What is no JSON, or is nested too deeply, is said in our words.
    let read = serde_json::from_str::<serde_json::Value>(&text);
    read.map_err(|e| text::emulator::not_json(&name, &e))?;
    text.parse().map_err(|e| format!("{name}: {e}"))
}

/// Reports why the emulator did not start.
fn not_started(error: &StartError, (http, https): (SocketAddr, SocketAddr)) -> Exit {
    let message = match error {
        StartError::Setting { name, rule } => format!("{}: {rule}", option(name)),
        _ => format!("{error}{}", because(error)),
    };
    let advice = match error {
        StartError::Listen { address, source }
            if source.kind() == std::io::ErrorKind::AddrInUse =>
        {
            let option = if *address == https && *address != http {
                "--https"
            } else {
                "--http"
            };
            let any = SocketAddr::new(address.ip(), 0);
            text::emulator::any_port(option, any)
        }
        StartError::Setting { name, rule }
            if option(name) == "--on-message" && rule.contains("loopback") =>
        {
            text::emulator::OTHER_RECEIVER.to_owned()
        }
        StartError::NotLoopback(_) => text::emulator::ANY_ADDRESS.to_owned(),
        _ => String::new(),
    };
    let exit = match error {
        StartError::Setting { .. } => Exit::Usage,
        StartError::NotLoopback(_)
        | StartError::Listen { .. }
        | StartError::CaOut { .. }
        | StartError::Certificates(_)
        | StartError::Data { .. } => Exit::Config,
        _ => Exit::Other,
    };
    print::failure(&format!("{message}{advice}"), exit)
}

/// Returns the option of a setting that an error names.
pub(crate) fn option(setting: &str) -> String {
    format!("--{}", setting.replace(' ', "-"))
}
