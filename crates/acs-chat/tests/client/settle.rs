//! Settling on the wire: each verdict, and the requests that lead to it.

mod chat;
mod deadline;
mod journal;
mod verdicts;
