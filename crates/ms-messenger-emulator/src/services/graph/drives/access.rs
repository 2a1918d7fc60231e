//! What a token lets its caller do with drives, and what a user may do with an item.

use crate::{
    services::graph::{
        auth,
        caller::Caller,
        directory::store::Store as Directory,
        drives::{
            drive::{Drive, Owner},
            error,
            item::{Grantee, Item, Role},
        },
        error::GraphError,
        state::Graph,
    },
    wire::request::Request,
};

/// The permissions that read what is the user's own.
const READS: [&str; 6] = [
    "Files.Read",
    "Files.ReadWrite",
    "Files.Read.All",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
];
const WRITES: [&str; 3] = [
    "Files.ReadWrite",
    "Files.ReadWrite.All",
    "Sites.ReadWrite.All",
];

/// What the permissions of a token reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// In the caller's own drive; `None`: nothing.
    pub(crate) own: Option<Role>,
    /// In all drives.
    pub(crate) all: Option<Role>,
}

impl Reach {
    fn of(granted: &[&str], is_user: bool) -> Self {
        let has = |names: &[&str], is_for_all: bool| {
            let names = names.iter().filter(|n| !is_for_all || n.ends_with(".All"));
            names.into_iter().any(|name| granted.contains(name))
        };
        let role = |is_for_all| match (has(&WRITES, is_for_all), has(&READS, is_for_all)) {
            (true, _) => Some(Role::Write),
            (_, true) => Some(Role::Read),
            _ => None,
        };
        Self {
            own: role(!is_user),
            all: role(true),
        }
    }
}

/// The caller of a token and what its permissions reach.
pub(crate) fn authenticate(
    service: &Graph,
    request: &Request,
) -> Result<(Caller, Reach), GraphError> {
    let claims = auth::verify(service, request)?;
    let caller = auth::caller(service, &claims);
    let granted = if caller.is_user {
        claims.scopes()
    } else {
        claims.roles()
    };
    let reach = Reach::of(&granted, caller.is_user);
    Ok((caller, reach))
}

/// Refuses what the token does not reach, then what the caller may not do with the item.
///
/// A drive that the token may not see is not there; everything else is denied.
pub(crate) fn admit(
    directory: &Directory,
    drive: &Drive,
    item: &Item,
    caller: &Caller,
    reach: Reach,
    needed: Role,
) -> Result<(), GraphError> {
    let is_own = caller.is_user && drive.owner == Owner::User(caller.id.clone());
    let reached = if is_own { reach.own } else { reach.all };
    match reached {
        None => Err(error::item_not_found()),
        Some(role) if role < needed => Err(error::access_denied()),
        Some(_) if !caller.is_user => Ok(()),
        Some(_) => match role(directory, drive, item, &caller.id) {
            Some(role) if role >= needed => Ok(()),
            _ => Err(error::access_denied()),
        },
    }
}

/// What a user may do with an item: as an owner of the drive, or by permission of the item or of a
/// folder that it is in.
pub(crate) fn role(directory: &Directory, drive: &Drive, item: &Item, user: &str) -> Option<Role> {
    let is_owner = match &drive.owner {
        Owner::User(owner) => owner == user,
        Owner::Team(team) => directory.team(team).is_some_and(|t| t.members.has(user)),
        Owner::Channel(place) => directory.is_member(place, user),
    };
    if is_owner {
        return Some(Role::Write);
    }
    let grantee = Grantee::User(user.to_owned());
    let line = drive.line(item);
    line.filter_map(|item| item.granted(&grantee)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_reaches_what_it_is_for() {
        let of = |granted: &[&str], is_user| {
            let reach = Reach::of(granted, is_user);
            (reach.own, reach.all)
        };
        let (read, write) = (Some(Role::Read), Some(Role::Write));
        assert_eq!(of(&["Chat.ReadWrite"], true), (None, None));
        assert_eq!(of(&["Files.Read"], true), (read, None));
        assert_eq!(of(&["Files.ReadWrite"], true), (write, None));
        assert_eq!(of(&["Files.ReadWrite"], false), (None, None));
        assert_eq!(
            of(&["Files.ReadWrite", "Sites.Read.All"], true),
            (write, read)
        );
        assert_eq!(of(&["Sites.ReadWrite.All"], false), (write, write));
    }
}
