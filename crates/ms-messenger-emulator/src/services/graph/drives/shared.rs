//! Files by their encoded addresses: `/shares/u!…/driveItem`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        drives::{
            error,
            item::{Role, Scope},
            locate::{self, Located},
            read,
            visit::Visit,
        },
        error::GraphError,
    },
};

/// The file at an encoded address, or the way to its contents.
pub(crate) fn get(visit: &Visit<'_>, token: &str, is_content: bool) -> Result<Outcome, GraphError> {
    if visit.reach.all.is_none() {
        return Err(error::access_denied());
    }
    let url = address(token).ok_or_else(|| {
        error::invalid("The sharing token is not u! and Base64url of an address.")
    })?;
    let store = visit.context.service.store();
    let hit = store.drives.find(&url).ok_or_else(error::item_not_found)?;
    let found = Located {
        drive: hit.drive,
        item: hit.item,
    };
    let (drive, item) = found.open(&store.drives)?;
    // A link lets its users in; the address of the file does not.
    if !matches!(hit.link, Some(Scope::Anonymous | Scope::Organization)) {
        locate::admit(visit, &store, drive, item, Role::Read)?;
    }
    if is_content {
        read::redirect(visit, drive, item)
    } else {
        read::whole(visit, drive, item)
    }
}

/// The address that a token encodes.
fn address(token: &str) -> Option<String> {
    let encoded = token.strip_prefix("u!")?;
    let decoded = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let url = String::from_utf8(decoded).ok()?;
    url.starts_with("https://").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_address_in_base64url_without_padding() {
        let url = address("u!aHR0cHM6Ly94L2Euemlw");
        assert_eq!(url.as_deref(), Some("https://x/a.zip"));
        for token in [
            "",
            "u!",
            "aHR0cHM6Ly94L2Euemlw",
            "u!aHR0cHM6Ly94L2EuemlwCg==",
            "u!%",
            "u!eA",
        ] {
            assert_eq!(address(token), None, "{token}");
        }
    }
}
