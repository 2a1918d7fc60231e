//! The operations of ACS Identity and their paths.

use http::Method;

use crate::{engine::routing::Routing, wire::path::decode_segment};

/// An operation of Identity with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    Delete {
        id: String,
    },
    Issue {
        id: String,
    },
    Revoke {
        id: String,
    },
    /// The Entra token of a Teams user for an ACS one.
    ExchangeTeams,
    /// The same for Teams Phone, where the token is the credential.
    ExchangeExtension,
    /// The same for any Entra user.
    ExchangeEntra,
    Assignment {
        verb: Verb,
        tenant: String,
        object: String,
    },
}

/// What is done with an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Delete,
}

/// Routes what begins with `/identities`, `/teamsUser` or `/access`.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Routing<Call> {
    let post = *method == Method::POST;
    let (allowed, found) = match raw {
        ["identities"] => (
            "POST",
            post.then_some(("identity.create", Some(Call::Create))),
        ),
        ["identities", id] => {
            let call = decode_segment(id).map(|id| Call::Delete { id });
            let is_delete = *method == Method::DELETE;
            ("DELETE", is_delete.then_some(("identity.delete", call)))
        }
        ["identities", id, ":issueAccessToken"] => {
            let call = decode_segment(id).map(|id| Call::Issue { id });
            ("POST", post.then_some(("identity.issue", call)))
        }
        ["identities", id, ":revokeAccessTokens"] => {
            let call = decode_segment(id).map(|id| Call::Revoke { id });
            ("POST", post.then_some(("identity.revoke", call)))
        }
        ["teamsUser", ":exchangeAccessToken"] => {
            let call = Some(Call::ExchangeTeams);
            ("POST", post.then_some(("identity.exchange", call)))
        }
        ["access", "entra", ":exchangeAccessToken"] => {
            let call = Some(Call::ExchangeEntra);
            (
                "POST",
                post.then_some(("identity.exchange_extension", call)),
            )
        }
        ["access", "teamsExtension", ":exchangeAccessToken"] => {
            let call = Some(Call::ExchangeExtension);
            (
                "POST",
                post.then_some(("identity.exchange_extension", call)),
            )
        }
        [
            "access",
            "teamsExtension",
            "tenants",
            tenant,
            "assignments",
            object,
        ] => ("GET, PUT, DELETE", assignment(method, tenant, object)),
        _ => return Routing::Unknown,
    };
    Routing::pick(allowed, found)
}

fn assignment(method: &Method, tenant: &str, object: &str) -> Option<(&'static str, Option<Call>)> {
    let (name, verb) = match *method {
        Method::GET => ("assignment.get", Verb::Get),
        Method::PUT => ("assignment.put", Verb::Put),
        Method::DELETE => ("assignment.delete", Verb::Delete),
        _ => return None,
    };
    let ids = decode_segment(tenant).zip(decode_segment(object));
    let call = ids.map(|(tenant, object)| Call::Assignment {
        verb,
        tenant,
        object,
    });
    Some((name, call))
}
