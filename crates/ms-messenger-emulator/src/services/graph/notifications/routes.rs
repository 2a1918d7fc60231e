//! The operations on subscriptions and their paths.

use http::Method;

use crate::{services::graph::found::Found, wire::path::decode_segment};

/// An operation on subscriptions, with the id of the one that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    List,
    Get(String),
    Update(String),
    Delete(String),
    Reauthorize(String),
}

/// Routes what is below `/subscriptions`.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    let of = |id: &str, make: fn(String) -> Call| decode_segment(id).map(make);
    Some(match raw {
        ["subscriptions"] => {
            let found = match *method {
                Method::GET => Some(("subscription.list", Some(Call::List))),
                Method::POST => Some(("subscription.create", Some(Call::Create))),
                _ => None,
            };
            ("GET, POST", found)
        }
        ["subscriptions", id] => {
            let found = match *method {
                Method::GET => Some(("subscription.get", of(id, Call::Get))),
                Method::PATCH => Some(("subscription.update", of(id, Call::Update))),
                Method::DELETE => Some(("subscription.delete", of(id, Call::Delete))),
                _ => None,
            };
            ("GET, PATCH, DELETE", found)
        }
        ["subscriptions", id, "reauthorize"] => {
            let call = of(id, Call::Reauthorize);
            let found = (*method == Method::POST).then_some(("subscription.reauthorize", call));
            ("POST", found)
        }
        _ => return None,
    })
}
