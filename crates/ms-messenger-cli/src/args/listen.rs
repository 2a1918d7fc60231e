//! Options of `msm listen`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::{store::StoreAddressArgs, values::duration, written};
use crate::text::examples::LISTEN;

#[derive(Args, Debug)]
#[command(after_help = LISTEN)]
pub(crate) struct ListenArgs {
    /// Address to listen on; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) address: SocketAddr,
    /// Also listen on an address that other machines reach
    #[arg(long)]
    pub(crate) any_address: bool,
    /// File that each event is appended to as one line, and synced, before it is acknowledged
    #[arg(long, value_name = "FILE", value_parser = written::file())]
    pub(crate) keep: PathBuf,
    /// File with the secret of the address for Event Grid; without it, MSM_LISTEN_KEY holds the secret itself
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// File with the clientState of the subscriptions of Graph; without it, MSM_LISTEN_CLIENT_STATE holds it itself
    #[arg(long, value_name = "FILE")]
    pub(crate) client_state_file: Option<PathBuf>,
    /// End after the first event
    #[arg(long)]
    pub(crate) once: bool,
    /// End after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) at_most: Option<Duration>,
    /// Print one line of JSON for errors, too
    #[arg(long)]
    pub(crate) json: bool,
    /// The outbox whose messages get the statuses that are reported
    #[command(flatten)]
    pub(crate) outbox: StoreAddressArgs,
}
