//! Settling on the wire: each verdict, and the requests that lead to it.

mod chat;
mod clock;
mod deadline;
mod journal;
mod verdicts;
