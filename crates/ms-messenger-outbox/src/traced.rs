//! The counts of an outbox as events of `tracing`.

use std::time::SystemTime;

use crate::{error::Result, outbox::Outbox, store::Store, worker::Worker};

impl<S: Store + ?Sized> Outbox<S> {
    /// Reports the [counts](Self::counts) as events of `tracing`, at level `INFO`: one for each route and
    /// state, with the members `route`, `state`, `messages` and `oldest_seconds`. To be called as often as
    /// they are wanted.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn trace_counts(&self) -> Result<()> {
        let counts = self.counts().await?;
        let now = SystemTime::now();
        for count in &counts {
            tracing::info!(
                route = count.route.as_str(),
                state = count.state.as_str(),
                messages = count.messages,
                oldest_seconds = count.age(now),
                "messages in the outbox"
            );
        }
        Ok(())
    }
}

impl Worker {
    /// Reports the [counts of its outbox](Outbox::trace_counts) with those of the worker, in the same way:
    ///
    /// * how often messages reached a state by this worker, in total and within the last minute
    ///   ([`totals`](Self::totals)): `route`, `state`, `changes` and `last_minute`;
    /// * the [rate](crate::Budget) of each route that has one: `route`, `per_minute` and `burst`.
    ///
    /// ```
    /// use ms_messenger_core::MemoryMessenger;
    /// use ms_messenger_outbox::{MemoryStore, Outbox, Route, Worker};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let worker = Worker::builder(Outbox::new(MemoryStore::new()).into_dyn())
    ///     .with_route("memory", Route::new(MemoryMessenger::new()))
    ///     .build();
    /// worker.trace_counts().await?;
    /// # Ok::<(), ms_messenger_outbox::OutboxError>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn trace_counts(&self) -> Result<()> {
        self.outbox().trace_counts().await?;
        for total in self.totals() {
            tracing::info!(
                route = total.route.as_str(),
                state = total.state.as_str(),
                changes = total.changes,
                last_minute = total.last_minute,
                "changes by this worker"
            );
        }
        for (route, rate) in self.budgets() {
            if let Some((per_minute, burst)) = rate.a_minute() {
                tracing::info!(route, per_minute, burst, "rate of the route");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fmt,
        sync::{Arc, Mutex},
    };

    use ms_messenger_core::{MemoryMessenger, SendRequest, Target};
    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span,
    };

    use super::*;
    use crate::{Budget, Envelope, MemoryStore, Rate, Route};

    /// Keeps each event as text.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.0.push_str(&format!("{}={value:?} ", field.name()));
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(String::new());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[tokio::test]
    async fn counts_changes_and_rates_are_events() {
        let outbox = Outbox::new(MemoryStore::new()).into_dyn();
        let request = SendRequest::new(Target::conversation("1"), "hello");
        for (id, route) in [("a", "teams"), ("b", "other")] {
            let envelope = Envelope::new(id, route, request.clone());
            outbox.enqueue(envelope).await.unwrap();
        }
        let budget = Budget::default().with_route(Some(Rate::per_second(20)));
        let route = Route::new(MemoryMessenger::new()).with_budget(budget);
        let worker = Worker::builder(outbox).with_route("teams", route).build();
        worker.run_until_empty().await.unwrap();
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.clone());
        worker.trace_counts().await.unwrap();
        drop(guard);
        let lines = log.0.lock().unwrap().join("\n");
        for expected in [
            r#"message=messages in the outbox route="other" state="queued" messages=1 oldest_seconds=0"#,
            r#"message=messages in the outbox route="teams" state="sent" messages=1"#,
            r#"message=changes by this worker route="teams" state="sent" changes=1 last_minute=1"#,
            r#"message=rate of the route route="teams" per_minute=1200.0 burst="#,
        ] {
            assert!(lines.contains(expected), "{expected}\n{lines}");
        }
        assert!(!lines.contains("hello"), "{lines}");
    }
}
