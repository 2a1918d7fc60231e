//! Chooses the platform by the target. Which platforms there are, and which of them takes what, is
//! one text of the program's configuration, without secrets.
//!
//! ```sh
//! cargo run -p examples --example router
//! ROUTES='router(teams[kind=channel]=msgraph-chat:?token_env=MSGRAPH_TOKEN)' \
//!     cargo run -p examples --example router -- channel:@Contoso/General
//! ```

use std::env;

use ms_messenger::{layers::Registry, prelude::*};
use ms_messenger_emulator::Emulator;

#[tokio::main]
async fn main() -> examples::Result {
    if let Ok(routes) = env::var("ROUTES") {
        let messenger = ms_messenger::connect(&routes).await?;
        for target in env::args().skip(1) {
            send(&messenger, target.parse()?).await;
        }
        return Ok(());
    }
    let emulator = Emulator::start().await?;
    let world = emulator.seed();
    let routes = format!(
        "router(
            teams[kind=channel|target=conversation:19:*@unq.gbl.spaces] =
                msgraph-chat:?base_url={graph}&token_env=GRAPH,
            whatsapp[kind=tel] = rate-limit(
                acs-messages:?connection_string_env=ACS&channel_registration_id={channel}
            )?per_second=10,
            chat[kind=conversation] = acs-chat:?endpoint={acs}&token_env=CHAT
        )",
        graph = world.graph.base,
        channel = world.acs.channel_registration_id,
        acs = world.acs.endpoint,
    );
    println!("{routes}\n");
    let messenger = registry(&emulator).connect(&routes.parse()?).await?;
    let graph = &world.graph;
    let channel = Target::channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let thread = Target::conversation(world.acs.thread_id.as_str());
    let phone = Target::phone("+14255550123")?;
    // No route takes the last one.
    for to in [channel, thread, phone, Target::sip("lene@contoso.com")?] {
        send(&messenger, to).await;
    }

    // Every problem of a configuration is named at once.
    let typos =
        "router(a=msgraph-chat:?tokn_env=GRAPH, b=fallbck(memory:), c=acs-chat:?token=secret)";
    if let Err(error) = ms_messenger::registry().check(&typos.parse()?) {
        for problem in error.problems() {
            println!("{problem}");
        }
    }
    Ok(())
}

/// In a program, `ms_messenger::connect` reads the variables of the process.
fn registry(emulator: &Emulator) -> Registry {
    let (acs, graph) = (emulator.seed().acs.clone(), &emulator.seed().graph);
    let token = graph.token.clone();
    ms_messenger::registry().with_variables(move |name| match name {
        "GRAPH" => Some(token.clone()),
        "ACS" => Some(acs.connection_string.clone()),
        "CHAT" => Some(acs.users[0].token.clone()),
        _ => None,
    })
}

async fn send(messenger: &SharedMessenger, to: Target) {
    match messenger.send_text(to, "The build is green").await {
        Ok(receipt) => {
            let route = receipt.sent_by().map_or("-", |member| member.name.as_str());
            println!(
                "{route}: {} as {:?}",
                receipt.acceptance, receipt.message_id
            );
        }
        Err(error) => println!("{error}"),
    }
}
