//! Options of `msm settle`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    connection::{ConnectionArgs, ENVIRONMENT},
    relations::{Relations, Rule},
    values::duration,
};
use crate::platform::Platform;

const EXAMPLES: &str = "\
Examples:
  msm settle --evidence line.json --wait 2m
  msm settle --request request.json --evidence evidence.json

line.json is what msm send --json printed. It sends nothing. Use the same options and variables as for the send.
It ends with 0 when the message was sent, with 10 when it was not and never will be, else with 8.";

#[derive(Args, Debug)]
#[command(
    override_usage = "msm settle --evidence FILE [--request FILE] [OPTIONS]",
    after_help = format!("{EXAMPLES}\n\nAll options: msm settle --help. Exit codes: msm exit-codes."),
    after_long_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct SettleArgs {
    /// The JSON line of the failed send, printed or stored, or its member `evidence`; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// The request in its JSON form; by default the one in the evidence file
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
    missing: "--evidence is missing: it names the JSON line of the failed send",
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
            let text =
                "standard input is read once: use --evidence - alone, with the request in it";
            return Some(text.to_owned());
        }
        let given = self.given();
        self.rules().iter().find_map(|rule| rule.violation(&given))
    }
}
