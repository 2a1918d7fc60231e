//! Many messages over two platforms at once, through `Arc<dyn Messenger>`.
//!
//! ```sh
//! cargo run -p examples --example fan_out
//! ```

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use ms_messenger::prelude::*;

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
    teams.print_ledger();
    chat.print_ledger();
    Ok(())
}
