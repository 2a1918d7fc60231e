//! `msm emulator` and its commands.

mod bundle;
mod child;
mod env;
mod exec;
mod files;
mod forms;
mod record;
mod remote;
mod replay;
mod serve;
mod signals;
mod start;
mod variables;

pub(crate) use self::{remote::origin, variables::USUAL};
use crate::{
    args::{EmulatorArgs, EmulatorCommand},
    exit::Exit,
};

/// Runs the emulator, or one of its commands.
pub(crate) async fn run(args: &EmulatorArgs) -> Exit {
    match &args.command {
        None => serve::run(&args.world, args.env_out.as_deref()).await,
        Some(EmulatorCommand::Exec(args)) => exec::run(args).await,
        Some(EmulatorCommand::Env(args)) => env::run(args).await,
        Some(EmulatorCommand::Health(args)) => remote::health(args).await,
        Some(EmulatorCommand::Export(args)) => remote::export(args).await,
        Some(EmulatorCommand::Record(args)) => record::run(args).await,
    }
}
