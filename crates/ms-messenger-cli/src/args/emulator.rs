//! Options of `msm emulator` and its commands.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use ms_messenger_emulator::RecordPlatform;

use super::{world::WorldArgs, written};
use crate::text::examples::EMULATOR_ADDRESS;

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  msm emulator\n  \
        msm emulator --http 127.0.0.1:0 --data world.log --env-out .env"
)]
pub(crate) struct EmulatorArgs {
    #[command(flatten)]
    pub(crate) world: WorldArgs,
    /// Write the variables of `msm emulator env` to this file when it is ready, in the form of .env files
    #[arg(long, value_name = "FILE", value_parser = written::file_of_variables())]
    pub(crate) env_out: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<EmulatorCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Runs a command against an emulator of its own, and ends with its exit code
    #[command(after_help = "Examples:\n  msm emulator exec -- pytest\n  \
        msm emulator exec --export inbox -- npm test\n\nThe command finds the emulator by its environment: the variables of \
        `msm emulator env`, and those of TLS. It ends with 128 and the number of the signal that ended the \
        command, with 127 when there is no such command, and with 126 when it cannot be run. \
        With --replay it ends with 1 when the command succeeded and the recording differs from the emulator.")]
    Exec(Box<ExecArgs>),
    /// Prints the variables by which clients find a running emulator
    #[command(after_help = "Examples:\n  eval \"$(msm emulator env)\"\n  \
        msm emulator env --format dotenv > .env")]
    Env(EnvArgs),
    /// Checks whether an emulator responds
    #[command(after_help = format!(
        "Examples:\n  msm emulator health\n  msm emulator health http://127.0.0.1:8410\n\n{EMULATOR_ADDRESS}"
    ))]
    Health(HealthArgs),
    /// Writes everything that a running emulator stored to files
    #[command(after_help = format!(
        "Examples:\n  msm emulator export inbox\n  \
         msm emulator export inbox --from http://127.0.0.1:8410\n\n{EMULATOR_ADDRESS}"
    ))]
    Export(ExportArgs),
    /// Forwards requests to a real service, and writes what it responds to a file, without secrets and people
    #[command(
        after_help = "Examples:\n  msm emulator record --upstream real --platform graph --out teams.jsonl\n  \
        msm emulator record --upstream https://contoso.communication.azure.com --out acs.jsonl\n\n\
        Clients call the recorder in place of the service, with the credentials of the service. Requests that are \
        signed with the access key of ACS_CONNECTION_STRING are signed again for the service. Links in JSON \
        and XML responses lead through the recorder. Read the file before you hand it on. \
        `msm emulator --replay FILE` compares it with the emulator."
    )]
    Record(RecordArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) world: WorldArgs,
    /// Also write the variables to this file, in the form of .env files
    #[arg(long, value_name = "FILE", value_parser = written::file_of_variables())]
    pub(crate) env_out: Option<PathBuf>,
    /// Write everything that was stored to this folder when the command has ended; it must be empty or new
    #[arg(long, value_name = "DIR", value_parser = written::folder())]
    pub(crate) export: Option<PathBuf>,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true,
          value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct EnvArgs {
    /// Address of the emulator, or a file with its ready line; `-` reads standard input [default: the address in MSM_EMULATOR, else http://127.0.0.1:8410]
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// Form of the variables
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = EnvFormat::Shell)]
    pub(crate) format: EnvFormat,
}

/// Form of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvFormat {
    /// `export` for POSIX shells
    Shell,
    /// `set -gx` for fish
    Fish,
    /// .env files
    Dotenv,
    /// PowerShell
    Powershell,
    /// One JSON object
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct HealthArgs {
    /// Address of the emulator
    #[arg(value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// The service: `real` for the host of the platform, an https URL, or an http URL on loopback
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: String,
    /// File for the recording; it must not exist
    #[arg(long, value_name = "FILE", value_parser = written::file())]
    pub(crate) out: PathBuf,
    /// Platform of all requests; by default that of each path
    #[arg(long, value_enum, value_name = "PLATFORM")]
    pub(crate) platform: Option<RecordPlatformArg>,
    /// Address of the HTTP listener; port 0 chooses a free port [default: 127.0.0.1:8412]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) http: Option<SocketAddr>,
    /// Address of the HTTPS listener; port 0 chooses a free port [default: 127.0.0.1:8413; a free port if that of --http is]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) https: Option<SocketAddr>,
    /// Write the certificate authority of the HTTPS listener to this file, in PEM
    #[arg(long, value_name = "FILE", value_parser = written::file())]
    pub(crate) ca_out: Option<PathBuf>,
    /// Also trust the certificate authorities in this file when calling the service, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) upstream_ca: Option<PathBuf>,
}

/// Platform of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordPlatformArg {
    /// Azure Communication Services
    Acs,
    /// The sign-in of Entra ID
    Entra,
    /// Microsoft Graph
    Graph,
    /// Skype for Business Server
    Ucwa,
}

impl From<RecordPlatformArg> for RecordPlatform {
    fn from(platform: RecordPlatformArg) -> Self {
        match platform {
            RecordPlatformArg::Acs => Self::Acs,
            RecordPlatformArg::Entra => Self::Entra,
            RecordPlatformArg::Graph => Self::Graph,
            RecordPlatformArg::Ucwa => Self::Ucwa,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Folder for the files; it must be empty or new
    #[arg(value_name = "DIR", value_parser = written::folder())]
    pub(crate) folder: PathBuf,
    /// Address of the emulator
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
}
