//! Options of `msm settle`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    connection::ConnectionArgs,
    relations::{Relations, Rule},
    values::duration,
};
use crate::{
    platform::Platform,
    text::{
        self,
        examples::{ENVIRONMENT, SETTLE},
    },
};

#[derive(Args, Debug)]
#[command(
    override_usage = "msm settle --evidence FILE [--request FILE] [OPTIONS]",
    after_help = format!("{SETTLE}\n\nAll options: msm settle --help. Exit codes: msm exit-codes."),
    after_long_help = format!("{SETTLE}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct SettleArgs {
    /// The JSON line of the failed send, printed or stored, or its member `evidence`; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// The request in its JSON form; by default the one in the evidence file; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// Platform; by default that of the evidence
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    /// Wait this long for a verdict, e.g. 2m; by default check once
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Time-out of one request, e.g. 30s; by default 100s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

const RULES: &[Rule] = &[Rule::ExactlyOne {
    of: &["--evidence"],
    missing: text::options::EVIDENCE_MISSING,
}];

impl Relations for SettleArgs {
    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn given(&self) -> Vec<&'static str> {
        let evidence = self.evidence.as_ref();
        evidence.map(|_| "--evidence").into_iter().collect()
    }

    fn violation(&self) -> Option<String> {
        let is_input =
            |path: &Option<PathBuf>| path.as_ref().is_some_and(|it| it.as_os_str() == "-");
        if is_input(&self.evidence) && is_input(&self.request) {
            return Some(text::options::STANDARD_INPUT_TWICE.to_owned());
        }
        let given = self.given();
        self.rules().iter().find_map(|rule| rule.violation(&given))
    }
}
