//! The outbox beside apalis: the same jobs, the same stores, the same durability.
//!
//! ```console
//! $ cargo run --release -- apalis sqlite
//! $ cargo run --release -- outbox sqlite
//! $ BESIDE_POSTGRES=postgres://… cargo run --release -- apalis postgres
//! ```
//!
//! Each run makes one contender do all parts, or those named after it (`groups`, `single`, `finish`,
//! `next`). CPU is user and system time of the process, and of the database server if that runs on
//! this machine. A job of the outbox is a message with a text of 200 bytes; one of apalis is the same
//! JSON. The handler, or the messenger, does nothing.

mod contender;
mod in_apalis;
mod in_outbox;
mod measure;

use crate::{
    in_apalis::{ApalisPostgres, ApalisSqlite},
    in_outbox::{OutboxPostgres, OutboxSqlite},
};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parts = arguments.get(2..).unwrap_or_default();
    let names = arguments.iter().take(2).map(String::as_str);
    match *names.collect::<Vec<_>>() {
        ["apalis", "sqlite"] => measure::all::<ApalisSqlite>(parts).await,
        ["apalis", "postgres"] => measure::all::<ApalisPostgres>(parts).await,
        ["outbox", "sqlite"] => measure::all::<OutboxSqlite>(parts).await,
        ["outbox", "postgres"] => measure::all::<OutboxPostgres>(parts).await,
        _ => println!("usage: apalis|outbox sqlite|postgres [groups] [single] [finish] [next]"),
    }
}
