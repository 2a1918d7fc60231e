//! Whether anything that waits can be sent.

use std::collections::BTreeSet;

use super::context::Context;
use crate::{
    error::{OutboxError, OutboxErrorKind},
    message::Head,
    state::State,
    store::Query,
};

/// Returns why no message of the route that is queued or being sent will be sent; `None` if nothing
/// waits, or something may be sent. Each reason is reported, too.
///
/// A message is stuck if it cannot be read, if the outbox lacks its key, or if it waits behind such a
/// message, or behind one of which it is unknown whether it was sent. `seeks` says whether to look for
/// what is not even listed, too: only where nothing was claimed for a while does that prove anything.
pub(super) async fn stuck(context: &Context, route: &str, seeks: bool) -> Option<OutboxError> {
    let mut found = Found::default();
    let query = Query::new().with_route(route).with_state(State::Queued);
    let query = query.with_state(State::Sending);
    let mut next = query.clone().with_state(State::Unconfirmed);
    loop {
        let page = context.outbox.store().list(&next).await.ok()?;
        let Some(last) = page.last() else {
            break;
        };
        next = next.with_after(last.seq);
        for head in &page {
            if !found.is_stuck(context, head).await {
                return None;
            }
        }
    }
    if seeks && found.is_empty() && is_hidden(context, route, &query).await {
        let text = format!("a stored message of {route} cannot be read");
        let damaged = OutboxError::new(OutboxErrorKind::Damaged, text);
        found.damaged.push(damaged);
    }
    let mut reasons = found.reasons();
    reasons.iter().for_each(|it| context.store_failed(it));
    (!reasons.is_empty()).then(|| reasons.swap_remove(0))
}

/// Whether something waits that is not even listed.
async fn is_hidden(context: &Context, route: &str, query: &Query) -> bool {
    let store = context.outbox.store();
    let has_pending = store.has_pending(route).await;
    // It was handed over meanwhile, or has ended meanwhile.
    let listed = store.list(query).await;
    has_pending.is_ok_and(|it| it) && listed.is_ok_and(|it| it.is_empty())
}

/// The stuck messages of a route.
#[derive(Default)]
struct Found {
    damaged: Vec<OutboxError>,
    /// The first one that is sealed, and how many more.
    sealed: Option<OutboxError>,
    more_sealed: u64,
    /// The first one that waits behind an unconfirmed one, and how many more.
    held: Option<OutboxError>,
    more_held: u64,
    /// The order keys of messages that hold others back.
    held_keys: BTreeSet<String>,
    unconfirmed_keys: BTreeSet<String>,
}

impl Found {
    /// Notes a message. Returns `false` if it may be sent.
    async fn is_stuck(&mut self, context: &Context, head: &Head) -> bool {
        if head.state == State::Unconfirmed {
            self.unconfirmed_keys.extend(head.order_key.clone());
            return true;
        }
        match context.outbox.store().get(&head.id).await {
            Err(error) if error.kind() == OutboxErrorKind::Damaged => {
                self.damaged.push(error);
                return true;
            }
            Ok(Some(message)) => {
                let sealed = context.outbox.request(&message).err();
                let sealed = sealed.filter(|it| it.kind() == OutboxErrorKind::Sealed);
                if let Some(error) = sealed {
                    self.held_keys.extend(head.order_key.clone());
                    note(&mut self.sealed, &mut self.more_sealed, error);
                    return true;
                }
            }
            // It has ended meanwhile, or the store fails at the moment.
            _ => return false,
        }
        let key = head.order_key.as_ref();
        let Some(key) = key.filter(|_| head.state == State::Queued) else {
            return false;
        };
        if self.unconfirmed_keys.contains(key) {
            let text = "the message waits behind one of which it is unknown whether it was sent";
            let error = OutboxError::new(OutboxErrorKind::HeldBack, text).with_id(&head.id);
            note(&mut self.held, &mut self.more_held, error);
            return true;
        }
        self.held_keys.contains(key)
    }

    fn is_empty(&self) -> bool {
        self.damaged.is_empty() && self.sealed.is_none() && self.held.is_none()
    }

    fn reasons(self) -> Vec<OutboxError> {
        let sealed = self.sealed.map(|it| it.with_more(self.more_sealed));
        let held = self.held.map(|it| it.with_more(self.more_held));
        sealed.into_iter().chain(self.damaged).chain(held).collect()
    }
}

fn note(first: &mut Option<OutboxError>, more: &mut u64, error: OutboxError) {
    match first {
        Some(_) => *more += 1,
        None => *first = Some(error),
    }
}
