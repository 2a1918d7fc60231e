//! `GET /_emulator/metrics`: the statistics as Prometheus text.

use bytes::Bytes;
use http::StatusCode;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry as Metrics,
};
use serde_json::Value;

use crate::{
    engine::{admin_response::error, registry::Registry},
    wire::response::Response,
};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    platform: String,
}

/// The counters of a platform: the member of the statistics, the metric, and its help.
const COUNTERS: [(&str, &str, &str); 6] = [
    (
        "connections",
        "connections",
        "Connections that carried a request",
    ),
    ("requests", "requests", "Requests received"),
    ("stored", "messages", "Messages stored for requests"),
    ("rejected", "rejections", "Requests that were rejected"),
    ("faults", "faults", "Faults applied"),
    ("throttled", "throttled", "Requests above a published rate"),
];

/// Responds with all counters.
pub(super) fn respond(registry: &Registry) -> Response {
    let mut text = String::new();
    match encode(&mut text, &metrics(registry)) {
        Ok(()) => Response::bytes(StatusCode::OK, OPEN_METRICS, Bytes::from(in_order(&text))),
        Err(_) => {
            let message = "The counters cannot be written as text.";
            error(StatusCode::INTERNAL_SERVER_ERROR, "Internal", message, &[])
        }
    }
}

/// Sorts the lines of each metric: the library keeps them in a map without an order, and two scrapes of
/// the same counts are the same text.
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

fn metrics(registry: &Registry) -> Metrics {
    let stats = registry.stats();
    let mut metrics = Metrics::with_prefix("ms_messenger_emulator");
    for (member, name, help) in COUNTERS {
        let family = Family::<Labels, Counter>::default();
        metrics.register(name, help, family.clone());
        let platforms = stats["platforms"].as_object();
        for (platform, counters) in platforms.into_iter().flatten() {
            let labels = Labels {
                platform: escaped(platform),
            };
            let number = counters[member].as_u64().unwrap_or_default();
            family.get_or_create(&labels).inc_by(number);
        }
    }
    let (first, next) = registry.engine.ledger().numbers();
    let kept = Gauge::<i64>::default();
    kept.set(i64::try_from(next - first).unwrap_or(i64::MAX));
    metrics.register("kept_messages", "Messages that are kept", kept);
    if let Some(Value::Object(posts)) = stats.get("on_message") {
        let help = "Messages for the receiver of each stored message, by what became of them";
        let family = Family::<Outcome, Counter>::default();
        metrics.register("posts", help, family.clone());
        for outcome in ["delivered", "failed", "dropped"] {
            let number = posts.get(outcome).and_then(Value::as_u64);
            let labels = Outcome { outcome };
            family
                .get_or_create(&labels)
                .inc_by(number.unwrap_or_default());
        }
    }
    metrics
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// The library writes values as they are; a service of your own has any name.
fn escaped(name: &str) -> String {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    name.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_metric_are_sorted_and_metrics_stay_where_they_are() {
        let text = "# HELP b Some.\n# TYPE b counter\nb{x=\"2\"} 1\nb{x=\"1\"} 2\n# HELP a Other.\na 0\n# EOF\n";
        let sorted = "# HELP b Some.\n# TYPE b counter\nb{x=\"1\"} 2\nb{x=\"2\"} 1\n# HELP a Other.\na 0\n# EOF\n";
        assert_eq!(in_order(text), sorted);
        assert_eq!(in_order(""), "");
    }
}
