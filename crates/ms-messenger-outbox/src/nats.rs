//! A store in NATS JetStream.
//!
//! # Why it is one step although there are no transactions
//!
//! JetStream changes one entry at a time, if its revision is the one that was read. Everything that
//! must be one step is therefore one write:
//!
//! * **The head of a message** holds its state, its owner and its fence. Each change reads it, applies
//!   the step, and writes it at the revision that it has read; if another write came first, it begins
//!   again. No interleaving leaves the table of transitions, and a fence is checked by the write
//!   that depends on it.
//! * **A group exists by one entry.** Its messages are written first and name the group, which is
//!   open: no claim, list or count sees them. One write completes the group, and all of them exist.
//!   The number of a message follows from the revision of that write. A process that died leaves an
//!   open group, whose messages do not exist; another call that needs one of their ids gives the group
//!   up by deleting its entry. Completing and giving up are writes at the same revision of the same
//!   entry, so one of them fails. A single message needs no group.
//! * **The content** is written before its head under a name of its own, and removed after the head
//!   has let go of it. One whose head was never written is removed by a purge after a day.
//! * **A burial** marks the session. A lease is one only while its worker has a session: each claim
//!   takes messages from owners that have none, so that it does not matter whether who buried a
//!   worker came to take its messages.
//! * **Slots** of rates are taken before the lease is written: a crash in between wastes slots, and
//!   never sends too fast.
//!
//! What is due, what an order key holds up, the twins and the ids of receipts are not stored at all.
//! Each handle derives them from the stream of the bucket, in memory, in the order of the writes, and
//! asks for the number of the last write before it relies on them. A head that has changed since then
//! is found out by its revision. The subscription is renewed when it falls behind.
//!
//! A write whose response is lost is looked up before it is made again. It can still be on its way
//! then, but not take effect after a later write of the same entry, as it names an earlier revision. A
//! lease that was written, or may be, without its worker hearing of it is given back by the next claim
//! of the handle; if the process is gone, by the burial of the worker.

mod bucket;
mod builder;
mod change;
mod claim;
mod core;
mod failure;
mod follow;
mod index;
mod insert;
mod mirror;
mod purge;
mod read;
mod record;
mod row;
mod secure;
mod session;
mod slots;
mod store;
mod sweep;

pub use builder::NatsStoreBuilder;
pub use store::NatsStore;
