//! `msm emulator`.

use std::{fs, path::Path};

use ms_messenger_emulator::{Emulator, Faults, StartError};

use crate::{
    args::{EmulatorArgs, GraphExpired, Limits},
    exit::Exit,
    interrupt::Interrupt,
    print,
};

/// Runs the emulator until a signal ends it.
pub(crate) async fn run(args: &EmulatorArgs) -> Exit {
    let mut interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            return print::failure(&format!("cannot listen for signals: {error}"), Exit::Other);
        }
    };
    if args.retry_after.is_some() && args.limits == Limits::Off {
        return print::failure("--retry-after needs --limits documented", Exit::Usage);
    }
    let mut builder = Emulator::builder()
        .with_http_address(args.http)
        .with_https_address(args.https)
        .with_seed(args.seed)
        .with_strict(args.strict)
        .with_ucwa_time_scale(args.ucwa_time_scale)
        .with_ucwa_topology(args.ucwa_topology.into())
        .with_clock_offset(args.clock_offset)
        .with_graph_forbidding_expired_tokens(args.graph_expired == GraphExpired::Forbidden)
        .with_entra_approver(args.entra_approver.into())
        .with_token_lifetime(args.token_lifetime)
        .with_documented_limits(args.limits == Limits::Documented)
        .with_error_style(args.acs_chat_errors.into());
    if let Some(style) = args.retry_after {
        builder = builder.with_retry_after(style.into());
    }
    if let Some(messages) = args.keep {
        builder = builder.with_keep(messages);
    }
    if let Some(path) = &args.ca_out {
        builder = builder.with_ca_out(path);
    }
    for host in &args.host {
        builder = builder.with_host(host);
    }
    if let Some(file) = &args.faults {
        builder = match faults(file) {
            Ok(faults) => builder.with_faults(faults),
            Err(message) => return print::failure(&message, Exit::Config),
        };
    }
    let emulator = match builder.start().await {
        Ok(emulator) => emulator,
        Err(error) => return not_started(&error),
    };
    if print::result(&emulator.ready_line().to_string()).is_err() {
        return print::failure("the ready line could not be written", Exit::Other);
    }
    print::note(format_args!(
        "emulator ready at {}; inbox at {}/_emulator/messages; press Ctrl-C to stop",
        emulator.http_url(),
        emulator.http_url()
    ));
    interrupt.requested().await;
    print::note("stopping");
    emulator.shutdown().await;
    Exit::Success
}

/// Reads the rules in a file, in the form of `PUT /_emulator/faults`.
fn faults(file: &Path) -> Result<Faults, String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|e| format!("{name}: cannot be read: {e}"))?;
    let rules = serde_json::from_str(&text).map_err(|e| format!("{name}: not JSON: {e}"))?;
    Faults::from_json(&rules).map_err(|e| format!("{name}: {e}"))
}

/// Reports why the emulator did not start.
fn not_started(error: &StartError) -> Exit {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    let message = format!("{error}{}", cause.unwrap_or_default());
    let exit = match error {
        StartError::NotLoopback(_)
        | StartError::Listen { .. }
        | StartError::CaOut { .. }
        | StartError::Certificates(_)
        | StartError::Setting { .. } => Exit::Config,
        _ => Exit::Other,
    };
    print::failure(&message, exit)
}
