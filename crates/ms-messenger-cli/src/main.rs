//! `msm`: sends messages over Microsoft messaging platforms from a shell.
//!
//! stdout is for results, stderr for people; the exit code says whether the message is out.

mod args;
mod config;
mod demo;
mod emulator;
mod exit;
mod print;
mod send;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Send(args) => send::run(&args).await,
        Command::Emulator(args) => emulator::run(&args).await,
    }
    .into()
}
