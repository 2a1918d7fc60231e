//! The first message: a text to a Teams channel, and what to do when it fails.
//!
//! ```sh
//! cargo run -p examples --example quickstart
//! MSGRAPH_TOKEN=… cargo run -p examples --example quickstart -- channel:TEAM/CHANNEL
//! ```

use ms_messenger::prelude::*;

#[tokio::main]
async fn main() -> examples::Result {
    let stage = examples::teams().await?;
    let teams = &stage.client;

    match teams
        .send_text(stage.target.clone(), "The build is green")
        .await
    {
        Ok(receipt) => {
            let id = receipt.message_id.map(|id| id.to_string());
            println!("{} as {}", receipt.acceptance, id.unwrap_or_default());
        }
        // Proven not to be sent: running it again cannot duplicate anything.
        Err(error) if error.is_safe_to_resend() => return Err(error.into()),
        // Perhaps sent: settle before you send again. The example `certainty` shows how.
        Err(error) => return Err(format!("it may have been sent: {error}").into()),
    }
    stage.print_ledger();
    Ok(())
}
