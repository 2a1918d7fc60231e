//! `msm emulator`: runs until a signal ends it.

use std::path::Path;

use ms_messenger_emulator::Emulator;

use crate::{
    args::WorldArgs,
    emulator::{
        forms, replay,
        start::{Ports, start},
        variables::{self, Variables},
    },
    exit::Exit,
    files::reason,
    interrupt::Interrupt,
    print,
    terminal::escaped,
    text,
};

/// Runs the emulator until a signal ends it.
pub(crate) async fn run(args: &WorldArgs, env_out: Option<&Path>) -> Exit {
    let mut interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            return print::failure(&text::process::no_signals(&reason(&error)), Exit::Other);
        }
    };
    let emulator = match start(args, Ports::Known, args.ca_out.clone()).await {
        Ok(emulator) => emulator,
        Err(exit) => return exit,
    };
    let world = emulator.ready_line();
    if let Some(file) = env_out {
        let variables = Variables::of(&world);
        if let Err(problem) = forms::write(file, &variables) {
            return print::failure(&problem, Exit::Config);
        }
    }
    if print::result(&escaped(&world.to_string())).is_err() {
        return print::failure(text::emulator::READY_LINE_UNWRITTEN, Exit::Other);
    }
    print::note(ready_text(&emulator));
    let signal = interrupt.requested().await;
    let stats = emulator.stats();
    print::note(forms::ending(Some(signal), &stats));
    replay::note(&emulator);
    // What was recorded last is written at the end.
    match forms::data_failure(&emulator.shutdown().await) {
        Some(problem) => print::failure(&problem, Exit::Other),
        None => Exit::Success,
    }
}

/// Where it is, and which variable takes which member of the line.
fn ready_text(emulator: &Emulator) -> String {
    let http = emulator.http_url();
    let source = (http != variables::USUAL).then_some(http);
    text::emulator::ready(http, source, variables::members())
}
