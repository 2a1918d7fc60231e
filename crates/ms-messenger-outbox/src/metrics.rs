//! The counts of an outbox as Prometheus text.

use std::time::SystemTime;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{
    error::{OutboxError, OutboxErrorKind, Result},
    outbox::Outbox,
    store::{Count, Store},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: String,
    state: &'static str,
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

fn text(counts: &[Count], now: SystemTime) -> Result<String> {
    let (messages, oldest) = (
        Family::<Labels, Gauge>::default(),
        Family::<Labels, Gauge>::default(),
    );
    let mut registry = Registry::with_prefix("ms_messenger_outbox");
    registry.register("messages", "Messages in the outbox", messages.clone());
    let help = "Seconds since the oldest of these messages was handed over";
    registry.register("oldest_seconds", help, oldest.clone());
    for count in counts {
        let labels = Labels {
            route: escaped(&count.route),
            state: count.state.as_str(),
        };
        let number = i64::try_from(count.messages).unwrap_or(i64::MAX);
        messages.get_or_create(&labels).set(number);
        if let Some(time) = count.oldest {
            let age = now.duration_since(time).unwrap_or_default().as_secs();
            let age = i64::try_from(age).unwrap_or(i64::MAX);
            oldest.get_or_create(&labels).set(age);
        }
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| {
        let message = "the counts cannot be written as text";
        OutboxError::new(OutboxErrorKind::Store, message).with_source(error)
    })?;
    Ok(text)
}

/// The library writes values as they are; the name of a route has no line breaks.
fn escaped(route: &str) -> String {
    route.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::state::State;

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
}
