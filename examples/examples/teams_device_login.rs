//! A user signs in once with a code on any device; the next run needs no prompt.
//!
//! ```sh
//! cargo run -p examples --example teams_device_login
//! AZURE_TENANT_ID=… AZURE_CLIENT_ID=… cargo run -p examples --example teams_device_login -- channel:TEAM/CHANNEL STATE-FOLDER
//! ```
//!
//! The sign-in is stored encrypted in the folder; its key is in the file `key` there, which a real
//! program keeps elsewhere. Without `AZURE_CLIENT_ID` everything runs on an emulator, which approves
//! the sign-in automatically.

use std::{env, path::PathBuf, sync::Arc};

use ms_messenger::{
    Message, Messenger as _, SendRequest, Target, TokenRequest,
    entra::{Application, FileTokenStore, StoredSignIn, TokenStore as _},
    msgraph_chat::GraphChatClient,
};
use ms_messenger_emulator::{Emulator, EntraApprover};

const SCOPES: [&str; 2] = [
    "https://graph.microsoft.com/ChannelMessage.Send",
    "https://graph.microsoft.com/ChatMessage.Send",
];

#[tokio::main]
async fn main() -> examples::Result {
    if env::var_os("AZURE_CLIENT_ID").is_some() {
        let mut args = env::args().skip(1);
        let usage = "name the target and the folder: channel:TEAM/CHANNEL STATE-FOLDER";
        let target: Target = args.next().ok_or(usage)?.parse()?;
        let folder = args.next().ok_or(usage)?;
        return say(Application::from_env()?, None, &target, folder.into()).await;
    }
    let emulator = Emulator::builder()
        .with_entra_approver(EntraApprover::AtOnce)
        .with_device_interval(0);
    let emulator = emulator.start().await?;
    println!(
        "no application configured: signing in to an emulator at {}",
        emulator.http_url()
    );
    let world = emulator.seed();
    let application = Application::new(&world.entra.tenant, &world.entra.public_client_id)
        .with_authority(&world.entra.authority);
    let target = Target::channel(&*world.graph.team_id, &*world.graph.channel_id);
    let base = Some(world.graph.base.as_str());
    let folder = tempfile::tempdir()?;
    // Two runs of a program: the second one needs no prompt.
    for _ in 0..2 {
        say(application.clone(), base, &target, folder.path().to_owned()).await?;
    }
    for row in emulator.messages() {
        println!(
            "  stored: {} {} {:?}",
            row.platform, row.operation, row.text
        );
    }
    Ok(())
}

async fn say(
    application: Application,
    base: Option<&str>,
    target: &Target,
    folder: PathBuf,
) -> examples::Result {
    let store = Arc::new(FileTokenStore::with_key_file(&folder, folder.join("key")));
    let user = StoredSignIn::new(Arc::clone(&store), "bot").with_claims_challenges(true);
    if store.load("bot")?.is_none() {
        let flow = application.device_code(|prompt| println!("{}", prompt.message))?;
        user.keep(flow.sign_in(&TokenRequest::new(&SCOPES)).await?)
            .await?;
    }
    let name = user.current().await?.user;
    println!(
        "signed in as {}",
        name.as_deref().unwrap_or("an unnamed user")
    );
    let mut teams = GraphChatClient::builder(user);
    if let Some(base) = base {
        teams = teams.with_base_url(base);
    }
    let request = SendRequest::new(target.clone(), Message::text("Hello from a device login"));
    let receipt = teams.build()?.send(&request).await?;
    println!("posted as {:?}", receipt.message_id);
    Ok(())
}
