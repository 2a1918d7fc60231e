//! What a token allows of the operations of a client.

use std::collections::HashSet;

use ms_messenger::http::Operation;

use crate::{doctor::finding::Findings, text};

/// Adds for each permission which operations it is needed for, and whether the token has it or a
/// permission that includes it. `allowing` returns the permissions that allow an operation, the
/// least privileged first, and nothing for an operation that no user may call.
pub(crate) fn check(
    operations: &[&'static Operation],
    granted: &[String],
    allowing: fn(&Operation) -> &'static [&'static str],
    findings: &mut Findings,
) {
    let has = |name: &&&str| granted.iter().any(|it| it.eq_ignore_ascii_case(name));
    let mut seen = HashSet::new();
    for operation in operations {
        let permissions = allowing(operation);
        let Some(least) = permissions.first().filter(|_| seen.insert(permissions)) else {
            continue;
        };
        let alike = operations.iter().filter(|it| allowing(it) == permissions);
        let names: Vec<&str> = alike.map(|it| it.name()).collect();
        let names = names.join(", ");
        match permissions.iter().find(has) {
            Some(permission) => findings.ok("operations", format!("{permission}: {names}")),
            None => findings.note("operations", text::doctor::needed_for(least, &names)),
        }
    }
}

/// The scopes of ACS Chat, each of which includes those before it.
const CHAT: &[&str] = &["chat.join.limited", "chat.join", "chat"];

/// Returns the scopes that allow an operation of ACS Chat.
pub(crate) fn of_chat(operation: &Operation) -> &'static [&'static str] {
    let place = CHAT
        .iter()
        .position(|it| operation.permission() == Some(it));
    place.map_or(&[], |place| &CHAT[place..])
}
