//! Rates of Advanced Messaging. Azure publishes none: conversations have those of Chat threads,
//! which they resemble, and WhatsApp those of Meta.

use serde_json::Value;

use crate::{
    engine::limits::bucket::Rate, services::acs::messages::routes::Op, wire::request::Request,
};

/// The rates that a call counts under.
pub(crate) fn of(op: Op, id: &str, request: &Request) -> Vec<Rate> {
    let rate = |class, key: &str, requests, seconds| Rate {
        class,
        key: key.to_owned(),
        requests,
        seconds,
    };
    match op {
        Op::Send => vec![
            rate("acs-messages/conversation", id, 10, 10),
            rate("acs-messages/conversation", id, 30, 60),
        ],
        Op::Notification => {
            // What is no JSON is refused later.
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let channel = body["channelRegistrationId"].as_str().unwrap_or_default();
            let person = body["to"][0].as_str().unwrap_or_default();
            let pair = format!("{channel} to {person}");
            vec![
                rate("acs-messages/number", channel, 80, 1),
                // One in six seconds, 45 at once.
                rate("acs-messages/person", &pair, 45, 270),
            ]
        }
        _ => Vec::new(),
    }
}
