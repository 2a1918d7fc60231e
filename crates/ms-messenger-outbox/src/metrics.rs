//! The counts of an outbox as Prometheus text.

use std::{sync::atomic::AtomicU64, time::SystemTime};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{
    budget::Rate,
    error::{OutboxError, OutboxErrorKind, Result},
    outbox::Outbox,
    state::State,
    store::{Count, Store},
    worker::{Total, Worker},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: String,
    state: &'static str,
}

impl Labels {
    fn new(route: &str, state: State) -> Self {
        Self {
            route: escaped(route),
            state: state.as_str(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

impl<S: Store + ?Sized> Outbox<S> {
    /// Returns the [counts](Self::counts) in the text format of Prometheus (OpenMetrics 1.0,
    /// `application/openmetrics-text`): `ms_messenger_outbox_messages` and
    /// `ms_messenger_outbox_oldest_seconds`, by `route` and `state`.
    ///
    /// ```
    /// use ms_messenger_core::{SendRequest, Target};
    /// use ms_messenger_outbox::{Envelope, MemoryStore, Outbox};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let outbox = Outbox::new(MemoryStore::new());
    /// let request = SendRequest::new(Target::conversation("1"), "hello");
    /// outbox.enqueue(Envelope::new("a", "teams", request)).await?;
    /// let line = r#"ms_messenger_outbox_messages{route="teams",state="queued"} 1"#;
    /// assert!(outbox.metrics().await?.contains(line));
    /// # Ok::<(), ms_messenger_outbox::OutboxError>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn metrics(&self) -> Result<String> {
        text(&self.counts().await?, SystemTime::now())
    }
}

impl Worker {
    /// Returns the [metrics](Outbox::metrics) of its outbox with those of the worker, in the same
    /// format:
    ///
    /// * `ms_messenger_outbox_changes_total`, how often messages reached a state by this worker, and
    ///   `ms_messenger_outbox_changes_last_minute`, by `route` and `state` ([`totals`](Self::totals));
    /// * `ms_messenger_outbox_budget_per_minute` and `ms_messenger_outbox_budget_burst`, by `route`:
    ///   how many messages the [rate](crate::Budget) of the route allows a minute and at once. A route
    ///   without a rate of its own has neither.
    ///
    /// ```
    /// use ms_messenger_core::MemoryMessenger;
    /// use ms_messenger_outbox::{Budget, MemoryStore, Outbox, Rate, Route, Worker};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let budget = Budget::default().with_route(Some(Rate::per_second(20)));
    /// let worker = Worker::builder(Outbox::new(MemoryStore::new()).into_dyn())
    ///     .with_route("memory", Route::new(MemoryMessenger::new()).with_budget(budget))
    ///     .build();
    /// let line = r#"ms_messenger_outbox_budget_per_minute{route="memory"} 1200.0"#;
    /// assert!(worker.metrics().await?.contains(line));
    /// # Ok::<(), ms_messenger_outbox::OutboxError>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn metrics(&self) -> Result<String> {
        let counts = self.outbox().counts().await?;
        let mut registry = registry_of(&counts, SystemTime::now());
        add_totals(&mut registry, &self.totals());
        add_budgets(&mut registry, &self.budgets());
        written(&registry)
    }
}

fn text(counts: &[Count], now: SystemTime) -> Result<String> {
    written(&registry_of(counts, now))
}

fn written(registry: &Registry) -> Result<String> {
    let mut text = String::new();
    encode(&mut text, registry).map_err(|error| {
        let message = "the counts cannot be written as text";
        OutboxError::new(OutboxErrorKind::Store, message).with_source(error)
    })?;
    Ok(in_order(&text))
}

/// Sorts the lines of each metric: they come from a map without an order, and two scrapes of the same
/// counts are the same text.
fn in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let is_comment = |line: &&str| line.starts_with('#');
    for metric in lines.chunk_by_mut(|one, next| is_comment(one) == is_comment(next)) {
        if !metric.iter().any(is_comment) {
            metric.sort_unstable();
        }
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

fn registry_of(counts: &[Count], now: SystemTime) -> Registry {
    let (messages, oldest) = (
        Family::<Labels, Gauge>::default(),
        Family::<Labels, Gauge>::default(),
    );
    let mut registry = Registry::with_prefix("ms_messenger_outbox");
    registry.register("messages", "Messages in the outbox", messages.clone());
    let help = "Seconds since the oldest of these messages was enqueued";
    registry.register("oldest_seconds", help, oldest.clone());
    for count in counts {
        let labels = Labels::new(&count.route, count.state);
        messages.get_or_create(&labels).set(whole(count.messages));
        if let Some(age) = count.age(now) {
            oldest.get_or_create(&labels).set(whole(age));
        }
    }
    registry
}

fn add_totals(registry: &mut Registry, totals: &[Total]) {
    let changes = Family::<Labels, Counter>::default();
    let recent = Family::<Labels, Gauge>::default();
    let help = "How often messages reached the state by this worker";
    registry.register("changes", help, changes.clone());
    let help = "How often messages reached the state by this worker within the last 60 seconds";
    registry.register("changes_last_minute", help, recent.clone());
    for total in totals {
        let labels = Labels::new(&total.route, total.state);
        changes.get_or_create(&labels).inc_by(total.changes);
        recent.get_or_create(&labels).set(whole(total.last_minute));
    }
}

fn add_budgets(registry: &mut Registry, budgets: &[(&str, Rate)]) {
    let rates = Family::<RouteLabel, Gauge<f64, AtomicU64>>::default();
    let bursts = Family::<RouteLabel, Gauge>::default();
    let help = "Messages a minute that the rate of the route allows";
    registry.register("budget_per_minute", help, rates.clone());
    let help = "Messages at once that the rate of the route allows";
    registry.register("budget_burst", help, bursts.clone());
    for (route, rate) in budgets {
        let Some((a_minute, burst)) = rate.a_minute() else {
            continue;
        };
        let label = RouteLabel {
            route: escaped(route),
        };
        rates.get_or_create(&label).set(a_minute);
        bursts.get_or_create(&label).set(burst.into());
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The library writes values as they are; the name of a route has no line breaks.
fn escaped(route: &str) -> String {
    route.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn hostile_names_are_escaped_and_ages_are_whole_seconds() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let mut count = Count::new("a\"b\\c", State::Queued, 2);
        count.oldest = Some(now - Duration::from_millis(1500));
        let text = text(&[count], now).unwrap();
        let labels = r#"{route="a\"b\\c",state="queued"}"#;
        for (name, value) in [("messages", 2), ("oldest_seconds", 1)] {
            let line = format!("ms_messenger_outbox_{name}{labels} {value}");
            assert!(text.lines().any(|it| it == line), "{text}");
        }
    }

    #[test]
    fn the_lines_of_a_metric_are_in_order() {
        let counts = ["d", "a", "c", "b"].map(|route| Count::new(route, State::Sent, 1));
        let text = text(&counts, SystemTime::now()).unwrap();
        let lines = text
            .lines()
            .filter(|it| it.starts_with("ms_messenger_outbox_messages{"));
        let lines: Vec<_> = lines.collect();
        assert!(lines.len() == 4 && lines.is_sorted(), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn the_changes_of_a_worker_and_the_rates_of_its_routes_are_written() {
        let mut registry = registry_of(&[], SystemTime::UNIX_EPOCH);
        let total = Total {
            route: "chat".to_owned(),
            state: State::Sent,
            changes: 7,
            last_minute: 3,
        };
        add_totals(&mut registry, &[total]);
        let (slow, unlimited) = (
            Rate::new(Duration::from_millis(2400), 5),
            Rate::new(Duration::ZERO, 1),
        );
        add_budgets(&mut registry, &[("chat", slow), ("free", unlimited)]);
        let text = written(&registry).unwrap();
        for line in [
            r#"changes_total{route="chat",state="sent"} 7"#,
            r#"changes_last_minute{route="chat",state="sent"} 3"#,
            r#"budget_per_minute{route="chat"} 25.0"#,
            r#"budget_burst{route="chat"} 5"#,
        ] {
            let line = format!("ms_messenger_outbox_{line}");
            assert!(text.lines().any(|it| it == line), "{line}: {text}");
        }
        assert!(!text.contains("free"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
