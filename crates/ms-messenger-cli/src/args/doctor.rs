//! Options of `msm doctor`.

use std::time::Duration;

use clap::Args;

use super::{connection::ConnectionArgs, values::duration};
use crate::{platform::Platform, text::examples::ENVIRONMENT};

#[derive(Args, Debug)]
#[command(
    after_help = format!("Examples:\n  msm doctor\n  msm doctor --platform msgraph-chat\n\nThe exit code is the one that a send would end with (msm exit-codes), or 3 when \
        nothing is configured.\nNothing is sent. For Skype for Business, it signs in and out \
        again.\n\n{ENVIRONMENT}"),
)]
pub(crate) struct DoctorArgs {
    /// Check this platform only
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    /// Time-out of one request, e.g. 30s; by default 100s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
