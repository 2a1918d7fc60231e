//! `msm emulator env`.

use std::path::Path;

use serde_json::Value;

use crate::{
    args::EnvArgs,
    emulator::{forms, remote, variables::Variables},
    exit::Exit,
    files::{self, unreadable},
    print,
    terminal::shown_line,
    text,
};

/// Prints the variables of a running emulator.
pub(crate) async fn run(args: &EnvArgs) -> Exit {
    let mut world = match world(args.source.as_deref()).await {
        Ok(world) => world,
        Err((message, exit)) => return print::failure(&message, exit),
    };
    leave_out_foreign_ca(&mut world);
    let variables = Variables::of(&world);
    let broken = variables
        .0
        .iter()
        .find(|(_, value)| shown_line(value) != *value);
    if let Some((name, _)) = broken {
        let message = text::emulator::control_characters(name);
        return print::failure(&message, Exit::Config);
    }
    if variables.0.iter().all(|(name, _)| *name != "MSM_EMULATOR") {
        return print::failure(text::emulator::NO_READY_LINE, Exit::Config);
    }
    print::last(&forms::of(&variables, args.format), Exit::Success)
}

/// Removes the certificate authority if its file is not here: it is in a container, or on another
/// machine. Programs that were told to trust it would trust nothing.
fn leave_out_foreign_ca(world: &mut Value) {
    let foreign = world["ca"].as_str().filter(|ca| !Path::new(ca).exists());
    let Some(ca) = foreign.map(shown_line) else {
        return;
    };
    print::note(text::emulator::foreign_ca(&ca));
    if let Some(members) = world.as_object_mut() {
        members.remove("ca");
    }
}

/// Reads the ready line from an address, a file or standard input.
async fn world(source: Option<&str>) -> Result<Value, (String, Exit)> {
    let is_address = |source: &str| source.starts_with("http://") || source.starts_with("https://");
    let Some(file) = source.filter(|source| !is_address(source)) else {
        return remote::world(source).await;
    };
    if file.is_empty() {
        return Err((text::emulator::SOURCE_EMPTY.to_owned(), Exit::Usage));
    }
    let path = Path::new(file);
    let name = files::name(path);
    let text = files::text_or_input(path, files::SETTING);
    let text = text.map_err(|error| (format!("{name}: {}", unreadable(&error)), Exit::Config))?;
    let line = text.lines().next().unwrap_or_default();
    serde_json::from_str(line).map_err(|_| {
        (
            format!("{name}: {}", text::emulator::NO_READY_LINE),
            Exit::Config,
        )
    })
}
