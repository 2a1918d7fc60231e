//! Options of `msm batch`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{connection::ConnectionArgs, pace::PaceArgs, values::duration, written};
use crate::{
    platform::Platform,
    text::examples::{BATCH, ENVIRONMENT},
};

#[derive(Args, Debug)]
#[command(
    override_usage = "msm batch FILE [OPTIONS]\n       msm batch - --outbox PATH [OPTIONS]",
    after_help = format!("{BATCH}\n\nAll options: msm batch --help. Exit codes: msm exit-codes."),
    after_long_help = format!("{BATCH}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct BatchArgs {
    /// JSON Lines, or CSV with --csv; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The input is CSV, and this file is the template of each message
    #[arg(long, value_name = "TEMPLATE.json")]
    pub(crate) csv: Option<PathBuf>,
    /// File of the outbox; by default FILE.outbox
    #[arg(long, value_name = "PATH", value_parser = written::file())]
    pub(crate) outbox: Option<PathBuf>,
    /// Platform of lines that name none, if several configured ones support the target
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Send for this long what cannot be sent at once, then let it expire; by default 24h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) give_up_after: Option<Duration>,
    /// Also print the outcomes of earlier runs
    #[arg(long)]
    pub(crate) all: bool,
    /// Check the lines and the settings without sending
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON also for errors that concern the whole input, and for --dry-run
    #[arg(long)]
    pub(crate) json: bool,
    /// File with the key that encrypts the outbox, 32 bytes in base64; without it, MSM_OUTBOX_KEY holds the key itself
    #[arg(long, value_name = "PATH")]
    pub(crate) key_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
