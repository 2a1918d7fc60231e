//! How fast the messages of an outbox are sent.

use std::time::Duration;

use clap::Args;
use ms_messenger_outbox::Rate;

use super::values::{concurrency, duration, rate};
use crate::routes::Pace;

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct PaceArgs {
    /// Messages that are sent at a time over one platform; by default 8
    #[arg(long, value_name = "N", value_parser = concurrency)]
    pub(crate) concurrency: Option<u32>,
    /// Rate of each platform, e.g. 20/s or 300/m, instead of the one that its service publishes
    #[arg(long, value_name = "N/s", value_parser = rate)]
    pub(crate) rate: Option<Rate>,
    /// Time-out of one send, e.g. 30s; by default 60s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How long after the end of a send its message can still appear; by default 30s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) settling_margin: Option<Duration>,
    /// For how long a platform is asked about a message that may have been sent, before it is
    /// unconfirmed; by default 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) settling_patience: Option<Duration>,
}

impl PaceArgs {
    /// Returns the pace of the routes of a worker.
    pub(crate) const fn pace(self) -> Pace {
        Pace {
            concurrency: self.concurrency,
            rate: self.rate,
        }
    }
}
