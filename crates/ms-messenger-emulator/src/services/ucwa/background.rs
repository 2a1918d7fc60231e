//! The task that executes due deadlines.

use std::sync::Arc;

use crate::services::ucwa::{state::Ucwa, transaction::with_tx};

/// Carries out what falls due, for as long as the emulator runs.
pub(crate) async fn keep_time(service: Arc<Ucwa>) {
    loop {
        let changed = service.deadline_set.notified();
        let next = with_tx(&service, |tx| {
            let now = service.clock.now();
            while let Some(due) = tx.store.deadlines.take(now) {
                tx.fall_due(due);
            }
            tx.store.deadlines.next()
        });
        match next {
            Some(at) => tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(service.clock.real(at).into()) => {}
            },
            None => changed.await,
        }
    }
}
