//! The seeded Skype for Business pool.

use serde_json::{Value, json};

use crate::seed::derive::{NAMES, display_name, guid, upn};

/// The seeded Skype for Business pool.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UcwaSeed {
    /// Where discovery begins, `http://127.0.0.1:PORT/`.
    pub discover: String,
    /// Users of the domain `contoso.test`.
    pub users: Vec<UcwaUser>,
}

/// A seeded Skype for Business user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UcwaUser {
    /// `sip:alice@contoso.test`.
    pub sip: String,
    /// Display name, `Alice`.
    pub name: String,
    /// User principal name, `alice@contoso.test`; `CONTOSO\\alice` is the same user.
    pub username: String,
    /// The password, derived from the seed.
    pub password: String,
}

impl UcwaSeed {
    /// The pool of that seed at `origin`.
    pub(super) fn new(seed: u64, origin: &str) -> Self {
        let user = |name: &str| UcwaUser {
            sip: format!("sip:{}", upn(name)),
            name: display_name(name),
            username: upn(name),
            password: guid(seed, &format!("ucwa-password-{name}"))
                .simple()
                .to_string(),
        };
        Self {
            discover: format!("{origin}/"),
            users: NAMES.map(user).into(),
        }
    }

    /// The member `ucwa` of the ready line.
    pub(crate) fn to_json(&self) -> Value {
        let user = |u: &UcwaUser| json!({"sip": u.sip, "name": u.name, "username": u.username, "password": u.password});
        json!({
            "discover": self.discover,
            "users": self.users.iter().map(user).collect::<Vec<Value>>(),
        })
    }
}
