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
};

/// Runs the emulator until a signal ends it.
pub(crate) async fn run(args: &WorldArgs, env_out: Option<&Path>) -> Exit {
    let mut interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            return print::failure(
                &format!("cannot listen for signals: {}", reason(&error)),
                Exit::Other,
            );
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
        return print::failure("the ready line could not be written", Exit::Other);
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
    let is_usual = http == variables::USUAL;
    let source = if is_usual {
        String::new()
    } else {
        format!(" {http}")
    };
    let mut text = format!(
        "emulator ready at {http}; inbox at {http}/_emulator/; press Ctrl-C to stop\n\
         in another shell: eval \"$(msm emulator env{source})\"; it sets, from the line above:"
    );
    for (name, member) in variables::members() {
        text.push_str(&format!("\n  {name:<28} {member}"));
    }
    text
}
