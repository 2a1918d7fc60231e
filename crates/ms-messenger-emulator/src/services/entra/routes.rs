//! From method and path to an operation of Entra ID.

use http::Method;

use crate::{engine::routing::Routing, wire::path::decode_segment};

/// The operations that fault rules can name.
pub(crate) const OPERATIONS: [&str; 8] = [
    "devicecode",
    "devicelogin",
    "authorize",
    "token",
    "discovery",
    "keys",
    "managed_identity.imds",
    "managed_identity.app_service",
];

/// An operation, with the tenant as the path names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    DeviceCode {
        tenant: String,
    },
    /// The page where a user enters the code of a device.
    DeviceLogin,
    Authorize {
        tenant: String,
    },
    Token {
        tenant: String,
    },
    OpenIdConfiguration {
        tenant: String,
    },
    Instance,
    Keys,
    Imds,
    AppService,
}

/// The operation at a path of Entra ID.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Routing<Call> {
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    const BOTH: &[Method] = &[Method::GET, Method::POST];
    let of = |raw: &str, make: fn(String) -> Call| decode_segment(raw).map(make);
    let (methods, operation, call) = match raw {
        ["common", "discovery", "instance"] => (GET, "discovery", Some(Call::Instance)),
        ["devicelogin"] => (BOTH, "devicelogin", Some(Call::DeviceLogin)),
        ["metadata", "identity", "oauth2", "token"] => {
            (GET, "managed_identity.imds", Some(Call::Imds))
        }
        ["msi", "token"] => (GET, "managed_identity.app_service", Some(Call::AppService)),
        [t, "oauth2", "v2.0", "devicecode"] => (
            POST,
            "devicecode",
            of(t, |tenant| Call::DeviceCode { tenant }),
        ),
        [t, "oauth2", "v2.0", "token"] => (POST, "token", of(t, |tenant| Call::Token { tenant })),
        [t, "oauth2", "v2.0", "authorize"] => (
            BOTH,
            "authorize",
            of(t, |tenant| Call::Authorize { tenant }),
        ),
        [t, "v2.0", ".well-known", "openid-configuration"]
        | [t, ".well-known", "openid-configuration"] => (
            GET,
            "discovery",
            of(t, |tenant| Call::OpenIdConfiguration { tenant }),
        ),
        [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"] => {
            (GET, "keys", Some(Call::Keys))
        }
        _ => return Routing::NotMine,
    };
    let allowed = match methods.len() {
        2 => "GET, POST",
        _ if methods[0] == Method::GET => "GET",
        _ => "POST",
    };
    let found = methods.contains(method).then_some((operation, call));
    Routing::pick(allowed, found)
}
