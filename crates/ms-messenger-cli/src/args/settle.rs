//! Options of `msm settle`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    ConnectionArgs, ENVIRONMENT,
    relations::{Relations, Rule},
    values::duration,
};
use crate::platform::Platform;

const EXAMPLES: &str = "\
Examples:
  msm send --json --to … --text … > line.json || msm settle --evidence line.json --wait 2m
  msm settle --request request.json --evidence evidence.json

It sends nothing. Give it the options and variables with which the message was sent.
It ends with 0 when the message is out, with 10 when it is not and never will be, else with 8.";

#[derive(Args, Debug)]
#[command(
    override_usage = "msm settle --evidence FILE [--request FILE] [OPTIONS]",
    after_help = format!("{EXAMPLES}\n\nAll options: msm settle --help. Exit codes: msm exit-codes."),
    after_long_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct SettleArgs {
    /// What the failed send printed with --json, or kept, or its member `evidence` alone; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// The request that was sent, in its JSON form; that beside the evidence when absent
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// The platform; that of the evidence when absent
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    /// Wait this long for a verdict, e.g. 2m; look once when absent
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// How long one response may take, e.g. 30s; 100s when absent
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

const RULES: &[Rule] = &[Rule::ExactlyOne {
    of: &["--evidence"],
    missing: "--evidence is missing: it names what the failed send printed or kept",
}];

impl Relations for SettleArgs {
    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn given(&self) -> Vec<&'static str> {
        let evidence = self.evidence.as_ref();
        evidence.map(|_| "--evidence").into_iter().collect()
    }

    fn broken(&self) -> Option<String> {
        let is_input =
            |path: &Option<PathBuf>| path.as_ref().is_some_and(|it| it.as_os_str() == "-");
        if is_input(&self.evidence) && is_input(&self.request) {
            let text = "standard input is read once: give --evidence - alone, with both in it";
            return Some(text.to_owned());
        }
        let given = self.given();
        self.rules().iter().find_map(|rule| rule.broken(&given))
    }
}
