//! Whether what waits can be read.

use super::context::Context;
use crate::{
    error::{OutboxError, OutboxErrorKind},
    state::State,
    store::Query,
};

/// Whether no message of the route that is queued or being sent can be read. Then it is reported.
pub(super) async fn is_stuck(context: &Context, route: &str) -> bool {
    let store = context.outbox.store();
    let first = Query::new().with_route(route);
    let first = first.with_state(State::Queued).with_state(State::Sending);
    let mut query = first.clone();
    let mut damaged = Vec::new();
    loop {
        let Ok(page) = store.list(&query).await else {
            return false;
        };
        let Some(last) = page.last() else {
            break;
        };
        query = query.with_after(last.seq);
        for head in &page {
            match store.get(&head.id).await {
                Err(error) if error.kind() == OutboxErrorKind::Damaged => damaged.push(error),
                _ => return false,
            }
        }
    }
    if damaged.is_empty() {
        // It was handed over meanwhile, has ended meanwhile, or is not even listed.
        let has_pending = store.has_pending(route).await;
        let listed = store.list(&first).await;
        match (has_pending, listed) {
            (Ok(true), Ok(listed)) if listed.is_empty() => {}
            (has_pending, _) => return has_pending.is_ok_and(|it| !it),
        }
        let text = format!("a stored message of {route} cannot be read");
        damaged.push(OutboxError::new(OutboxErrorKind::Damaged, text));
    }
    for error in &damaged {
        context.store_failed(error);
    }
    true
}
