//! The clients, driven by a program of another language: each line of the input is a call as JSON,
//! `{"call": "chat.send", …}`, each line of the output its result, `{"ok": …}` or `{"error": "…"}`.
//!
//! The first argument is the line that `msm emulator` prints when it is ready. `tests/interop` starts
//! this program.

mod chat;
mod fields;
mod graph;
mod identity;
mod messages;

use std::{
    env,
    io::{self, BufRead as _, Write as _},
};

use serde_json::{Value, json};

use crate::fields::{Fields, Result};

async fn perform(world: &Fields, call: &Fields) -> Result<Value> {
    let name = call.text("call")?;
    match name.split_once('.') {
        Some(("chat", operation)) => chat::perform(world, operation, call).await,
        Some(("graph", operation)) => graph::perform(world, operation, call).await,
        Some(("identity", operation)) => identity::perform(world, operation).await,
        Some(("messages", operation)) => messages::perform(world, operation, call).await,
        _ => Err(fields::unknown(name)),
    }
}

async fn respond(world: &Fields, line: &str) -> Value {
    let call = serde_json::from_str(line).map(Fields);
    let result = match call {
        Ok(call) => perform(world, &call).await,
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let world = env::args()
        .nth(1)
        .ok_or("the line of the emulator is missing")?;
    let world = Fields(serde_json::from_str(&world)?);
    for line in io::stdin().lock().lines() {
        let response = respond(&world, &line?).await;
        println!("{response}");
        io::stdout().flush()?;
    }
    Ok(())
}
