//! What `-v` prints: each call, and with `-vv` each attempt. Ids and times, never contents.

use std::{
    fmt::{self, Write as _},
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Map, Value};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

use crate::{
    args::{LogFormat, OutputArgs},
    outcome::one_line,
    print,
    terminal::escaped,
};

/// Begin of the targets that are printed: those of this program and its libraries.
const TARGETS: [&str; 2] = ["ms_messenger", "msm"];

/// Prints from now on what the options ask for.
pub(crate) fn install(args: OutputArgs) {
    let level = match args.verbose {
        0 => return,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let log = Log {
        form: args.log_format,
        level,
        began: Instant::now(),
    };
    let subscriber = tracing_subscriber::registry().with(log);
    // It is set once, by the only call.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Prints events and ended spans.
#[derive(Debug)]
struct Log {
    form: LogFormat,
    level: Level,
    began: Instant,
}

/// The fields of a span or an event, in the order in which they are recorded.
#[derive(Debug, Default)]
struct Facts(Vec<(&'static str, Value)>);

/// A span that has not ended.
#[derive(Debug)]
struct Running {
    facts: Facts,
    began: Instant,
}

impl Facts {
    fn set(&mut self, field: &Field, value: Value) {
        self.0.retain(|(name, _)| *name != field.name());
        self.0.push((field.name(), value));
    }

    /// Removes and returns a text.
    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        self.0.remove(place).1.as_str().map(str::to_owned)
    }
}

impl Visit for Facts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, one_line(value).into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, one_line(&format!("{value:?}")).into());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let target = metadata.target();
        *metadata.level() <= self.level && TARGETS.iter().any(|it| target.starts_with(it))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.level))
    }

    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        context: Context<'_, S>,
    ) {
        let Some(span) = context.span(id) else { return };
        let mut facts = Facts::default();
        attributes.record(&mut facts);
        let began = Instant::now();
        span.extensions_mut().insert(Running { facts, began });
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(running) = span.extensions_mut().get_mut::<Running>() {
            values.record(&mut running.facts);
        }
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        if let Some(running) = span.extensions_mut().remove::<Running>() {
            let took = Some(running.began.elapsed());
            self.print(span.metadata(), span.name(), running.facts, took);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut facts = Facts::default();
        event.record(&mut facts);
        let name = facts.take("message").unwrap_or_else(|| "event".to_owned());
        self.print(event.metadata(), &name, facts, None);
    }
}

impl Log {
    fn print(&self, metadata: &Metadata<'_>, name: &str, facts: Facts, took: Option<Duration>) {
        let line = match self.form {
            LogFormat::Text => self.text(name, facts, took),
            LogFormat::Json => json(metadata, name, facts, took),
        };
        print::log(&line);
    }

    /// Returns a line for people: the time since the start, platform and operation, then the rest.
    fn text(&self, name: &str, mut facts: Facts, took: Option<Duration>) -> String {
        let since = self.began.elapsed();
        let mut line = format!("[{:>6.3} s]", since.as_secs_f64());
        for part in [facts.take("platform"), facts.take("operation")]
            .into_iter()
            .flatten()
        {
            let _ = write!(line, " {part}");
        }
        if took.is_none() {
            let _ = write!(line, " {name}");
        }
        for (name, value) in facts.0 {
            let _ = match value {
                Value::String(text) => write!(line, " {name}={text}"),
                value => write!(line, " {name}={value}"),
            };
        }
        if let Some(took) = took {
            let _ = write!(line, " took={:.1}ms", took.as_secs_f64() * 1000.0);
        }
        line
    }
}

/// Returns a line of JSON.
fn json(metadata: &Metadata<'_>, name: &str, facts: Facts, took: Option<Duration>) -> String {
    let mut line = Map::new();
    let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    line.insert("time".to_owned(), now.into());
    line.insert(
        "level".to_owned(),
        metadata.level().as_str().to_ascii_lowercase().into(),
    );
    line.insert("event".to_owned(), name.into());
    for (name, value) in facts.0 {
        line.insert(name.to_owned(), value);
    }
    if let Some(took) = took {
        line.insert("took_ms".to_owned(), (took.as_secs_f64() * 1000.0).into());
    }
    escaped(&Value::Object(line).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(form: LogFormat) -> Log {
        Log {
            form,
            level: Level::INFO,
            began: Instant::now(),
        }
    }

    #[test]
    fn a_line_names_platform_operation_and_facts() {
        let facts = Facts(vec![
            ("platform", "acs-chat".into()),
            ("operation", "send".into()),
            ("status", 201.into()),
            ("request_id", "r 1".into()),
        ]);
        let line = log(LogFormat::Text).text("call", facts, Some(Duration::from_micros(1500)));
        assert!(
            line.ends_with(" acs-chat send status=201 request_id=r 1 took=1.5ms"),
            "{line}"
        );
        let facts = Facts(vec![("attempt", 2.into())]);
        let line = log(LogFormat::Text).text("retrying", facts, None);
        assert!(line.ends_with("] retrying attempt=2"), "{line}");
    }
}
