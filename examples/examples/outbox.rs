//! Hands messages over in the transaction that saves an order, sends them, and raises their status.
//!
//! ```sh
//! cargo run -p examples --example outbox
//! ```

use ms_messenger::{
    DeliveryStatus, RetryPolicy,
    acs_chat::AcsChatClient,
    outbox::{Envelope, Outbox, Query, Report, Route, SqliteStore, Worker},
    prelude::*,
};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, When};
use sqlx::SqlitePool;

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let folder = tempfile::tempdir()?;
    let file = format!(
        "sqlite:{}?mode=rwc",
        folder.path().join("shop.db").display()
    );

    // The outbox stands beside the tables of the program.
    let pool = SqlitePool::connect(&file).await?;
    SqliteStore::create_tables(&pool).await?;
    sqlx::query("CREATE TABLE orders (id TEXT PRIMARY KEY)")
        .execute(&pool)
        .await?;
    let outbox = Outbox::new(SqliteStore::with_pool(pool.clone()).await?);

    // An order and the message about it exist together, or not at all.
    for order in ["4711", "4712", "4713"] {
        let mut transaction = pool.begin().await?;
        sqlx::query("INSERT INTO orders VALUES (?)")
            .bind(order)
            .execute(&mut *transaction)
            .await?;
        let thread = Target::conversation(emulator.seed().acs.thread_id.as_str());
        let request = SendRequest::new(thread, format!("order {order} has shipped"));
        let envelope = Envelope::new(format!("shipped-{order}"), "chat", request);
        outbox
            .enqueue_in(&mut transaction, [envelope.with_order_key("customer-17")])
            .await?;
        transaction.commit().await?;
    }

    // One response is lost: the message is looked up, and not sent again.
    let lost = FaultRule::new(FaultAction::Close {
        when: When::AfterStore,
    });
    let lost = lost
        .with_platform(Platform::ACS_CHAT)
        .with_operation("send")
        .with_nth([2]);
    emulator.set_faults(Faults::new().with_rule(lost));

    let user = &emulator.seed().acs.users[0];
    let chat = AcsChatClient::builder(emulator.http_url(), StaticToken::new(user.token.as_str()))
        // By them a message is recognised after a crash.
        .with_client_message_ids(true)
        // The outbox retries.
        .with_retry_policy(RetryPolicy::default().with_max_attempts(1))
        .build()?;
    let outbox = outbox.into_dyn();
    let worker = Worker::builder(outbox.clone())
        .with_route("chat", Route::new(chat))
        .build();
    worker.run_until_empty().await?;

    for head in outbox.list(&Query::new()).await? {
        println!(
            "{}: {} after {} attempts",
            head.id, head.state, head.attempts
        );
        if let Some(id) = head.message_id() {
            // What `ms-messenger-events` reads from the events of the service.
            outbox
                .report(&Report::new(id.clone(), DeliveryStatus::Delivered))
                .await?;
        }
    }
    for row in emulator.messages() {
        println!("stored: {}", row.text);
    }
    Ok(())
}
