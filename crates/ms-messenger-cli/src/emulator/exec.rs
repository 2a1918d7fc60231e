//! `msm emulator exec`.

use std::path::Path;

use ms_messenger_emulator::Emulator;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    args::ExecArgs,
    emulator::{
        bundle, child, files, forms, replay,
        signals::Signals,
        start::{Ports, start},
        variables::{MISLEADING, Variables},
    },
    environment::{self, variable},
    exit::Exit,
    files::reason,
    print, text,
};

/// Hosts that no proxy is asked for.
const LOOPBACK: &str = "localhost,127.0.0.1,::1";

/// Runs a command against an emulator of its own. Returns only when it could not be started.
pub(crate) async fn run(args: &ExecArgs) -> Exit {
    match execute(args).await {
        Err(exit) => exit,
        // Beyond 255 on Windows, and not of this program's own table.
        Ok(code) => std::process::exit(code),
    }
}

/// Runs the command, and returns its exit code when everything is cleaned up.
async fn execute(args: &ExecArgs) -> Result<i32, Exit> {
    if let Some(folder) = &args.export {
        files::prepare(folder).map_err(|problem| print::failure(&problem, Exit::Config))?;
    }
    let signals = Signals::listen();
    let signals = signals.map_err(|e| failure(&text::process::no_signals(&reason(&e))))?;
    let folder = TempDir::with_prefix("msm-emulator-");
    let folder = folder.map_err(|e| failure(&text::emulator::no_folder(&reason(&e))))?;
    let ca = args.world.ca_out.clone();
    let ca = ca.unwrap_or_else(|| folder.path().join("ca.pem"));
    let emulator = start(&args.world, Ports::Free, Some(ca)).await?;
    let variables = variables(&emulator, folder.path())?;
    std::fs::write(folder.path().join("config.toml"), "")
        .map_err(|e| failure(&text::emulator::unwritable_folder(&reason(&e))))?;
    if let Some(file) = &args.env_out {
        let written = forms::write(file, &variables);
        written.map_err(|problem| print::failure(&problem, Exit::Config))?;
    }
    let mut command = command(args, &variables, folder.path());
    for (name, value) in of_samples(&emulator) {
        command.env(name, value);
    }
    let code = match command.spawn() {
        Ok(spawned) => child::wait(spawned, signals)
            .await
            .map_err(|e| failure(&text::emulator::not_waited(&reason(&e))))?,
        Err(error) => {
            let name = args.command[0].display();
            let why = reason(&error);
            print::important(text::emulator::not_run(name, &why));
            child::code_of_not_started(&error)
        }
    };
    print::note(forms::ending(None, &emulator.stats()));
    let differs = replay::note(&emulator);
    let exported = export(args, &emulator);
    let kept = forms::data_failure(&emulator.shutdown().await);
    let kept = kept.map_or(Ok(()), |problem| Err(print::failure(&problem, Exit::Other)));
    // What cannot be removed is only temporary.
    let _ = folder.close();
    match exported.and(kept) {
        // The failure of the command says more.
        Err(_) if code == 0 => Ok(Exit::Other.code().into()),
        Ok(()) if code == 0 && differs => Ok(Exit::Other.code().into()),
        _ => Ok(code),
    }
}

fn failure(message: &str) -> Exit {
    print::failure(message, Exit::Other)
}

/// The variables of the emulator, with the files of `folder`.
fn variables(emulator: &Emulator, folder: &Path) -> Result<Variables, Exit> {
    let world = emulator.ready_line();
    let mut variables = Variables::of(&world);
    let ca = world["ca"].as_str().unwrap_or_default();
    let trusted = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
    let trusted = trusted.iter();
    let trusted = trusted.filter_map(|name| variable(&environment::process, name));
    let trusted = trusted.into_iter().next();
    let file = folder.join("trusted.pem");
    let written = bundle::write(
        &file,
        trusted.as_deref(),
        emulator.ca_pem().unwrap_or_default(),
    );
    if let Err(error) = written {
        let named = trusted.unwrap_or_else(|| file.display().to_string());
        let why = reason(&error);
        let message = text::emulator::certificates(&named, &why);
        return Err(print::failure(&message, Exit::Config));
    }
    variables.trust(&file.to_string_lossy(), ca);
    Ok(variables)
}

/// Variables of the samples for JavaScript that would mislead a shell, where they remain set: a key
/// without its endpoint, and a name that other programs use too.
fn of_samples(emulator: &Emulator) -> Vec<(&'static str, String)> {
    let acs = &emulator.seed().acs;
    let mut all = vec![("ACS_ACCESS_KEY", acs.access_key.clone())];
    if variable(&environment::process, "CHANNEL_ID").is_none() {
        all.push(("CHANNEL_ID", acs.channel_registration_id.clone()));
    }
    all
}

fn command(args: &ExecArgs, variables: &Variables, folder: &Path) -> Command {
    let mut command = Command::new(&args.command[0]);
    command.args(&args.command[1..]);
    for name in MISLEADING {
        command.env_remove(name);
    }
    for (name, value) in &variables.0 {
        command.env(name, value);
    }
    for name in ["NO_PROXY", "no_proxy"] {
        let others = variable(&environment::process, name);
        let others = others.map(|others| format!("{others},"));
        command.env(name, others.unwrap_or_default() + LOOPBACK);
    }
    // A sign-in at the emulator is none of the user's own.
    command.env("MSM_STATE_DIR", folder.join("state"));
    command.env("MSM_STORE_KEY_FILE", folder.join("store.key"));
    // Neither is the user's configuration, which may name credentials of the cloud.
    command.env("MSM_CONFIG", folder.join("config.toml"));
    command.env_remove("MSM_STORE_KEY");
    command.env_remove("MSM_PROFILE");
    command
}

/// Writes what was stored to the folder that the options name.
fn export(args: &ExecArgs, emulator: &Emulator) -> Result<(), Exit> {
    let Some(folder) = &args.export else {
        return Ok(());
    };
    let written = emulator.export().map_err(|e| e.to_string());
    let written = written.and_then(|archive| files::unpack(&archive, folder));
    written.map(|_| ()).map_err(|problem| failure(&problem))
}
