//! Many messages over two platforms, through `Arc<dyn Messenger>`, and one message over both, with one
//! outcome for each.
//!
//! ```sh
//! cargo run -p examples --example fan_out
//! ```

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use ms_messenger::{
    layers::{FanOut, Member},
    prelude::*,
};

#[tokio::main]
async fn main() -> examples::Result {
    let teams = examples::teams().await?;
    let chat = examples::acs_chat().await?;
    let channels: [(SharedMessenger, Target); 2] = [
        (Arc::new(teams.client.clone()), teams.target.clone()),
        (Arc::new(chat.client.clone()), chat.target.clone()),
    ];

    for (messenger, target) in &channels {
        let requests = (1..=5).map(|number| {
            let text = format!("Deployment {number} of 5 is done");
            SendRequest::new(target.clone(), Message::text(text))
        });
        // Four at a time; outcomes in the order of the requests, including failures.
        let mut outcomes = std::pin::pin!(messenger.send_all(stream::iter(requests), 4));
        while let Some(sent) = outcomes.next().await {
            match sent.result {
                Ok(receipt) => println!(
                    "{} {}: {}",
                    messenger.platform(),
                    sent.index,
                    receipt.acceptance
                ),
                // The outcome contains its request, ready for a journal.
                Err(error) => println!("{} {}: {error}", messenger.platform(), sent.index),
            }
        }
    }

    let both = FanOut::new([
        Member::new("teams", teams.client.clone()).with_target(teams.target.clone()),
        Member::new("chat", chat.client.clone()).with_target(chat.target.clone()),
    ])?;
    let done = SendRequest::new(teams.target.clone(), "All deployments are done");
    for outcome in both.send_each(&done).await? {
        match outcome.result {
            Ok(receipt) => println!("{}: {}", outcome.name, receipt.acceptance),
            Err(error) => println!("{}: {error}", outcome.name),
        }
    }
    teams.print_ledger();
    chat.print_ledger();
    Ok(())
}
