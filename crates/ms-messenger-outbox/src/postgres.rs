//! A store in a PostgreSQL database.

mod apply;
mod builder;
mod claim;
mod database;
mod doubts;
mod enqueue;
mod failure;
mod insert;
mod listen;
mod migrate;
mod nanos;
mod order;
mod read;
mod row;
mod secure;
mod session;
mod slots;
mod statements;
mod store;
mod together;
mod waiting;

pub use builder::PostgresBuilder;
pub use store::PostgresStore;
