//! `msm report`: what a maintainer would ask for, without accounts and secrets.

mod redacted;

use std::{fs, io::Write as _, path::Path, time::Duration};

use ms_messenger::{ErrorKind, Problems, Result, http::redacted_address};
use serde_json::{Value, json};

use self::redacted::Redaction;
use crate::{
    args::ReportArgs,
    config::{MEMBERS, Settings},
    doctor, environment,
    exit::Exit,
    failures,
    files::unwritable,
    outcome::one_line,
    platform::Platform,
    print, profile, report, text,
};

/// Time-out of a request of the doctor.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Settings that name no person and no organization.
const PLAIN: [&str; 2] = ["MSGRAPH_CLOUD", "MSGRAPH_BASE_URL"];
/// Other variables that decide what happens; their values are not reported.
const VARIABLES: [&str; 12] = [
    "MSM_CONFIG",
    "MSM_PROFILE",
    "MSM_OUTBOX",
    "MSM_STATE_DIR",
    "MSM_STORE_KEY",
    "MSM_STORE_KEY_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Writes the report.
pub(crate) async fn run(args: &ReportArgs) -> Exit {
    let form = Form::new(args).await;
    let text = if args.json {
        report::done(form.0)
    } else {
        form.to_text()
    };
    let path = args.output.as_deref();
    let Some(path) = path.filter(|it| it.as_os_str() != "-") else {
        return print::last(text.trim_end(), Exit::Success);
    };
    match write(path, &text) {
        Ok(()) => {
            print::note(text::report::written(path.display()));
            Exit::Success
        }
        Err(error) => report::failed(error, args.json),
    }
}

/// Writes a file that does not exist yet.
fn write(path: &Path, text: &str) -> Result<()> {
    let written = fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    let Err(error) = written else { return Ok(()) };
    let rule = match error.kind() {
        std::io::ErrorKind::AlreadyExists => text::files::EXISTS.to_owned(),
        _ => unwritable(path, &error),
    };
    let mut problems = Problems::new();
    problems.add(path.display().to_string(), rule);
    problems.into_result(ErrorKind::Config)
}

/// The report, redacted.
struct Form(Value);

impl Form {
    async fn new(args: &ReportArgs) -> Self {
        let env = &environment::process;
        let settings = Settings::read(&args.connection, env);
        let redaction = Redaction::new(settings.as_ref().ok());
        let is_set = |name: &&str| environment::variable(env, name).is_some();
        let (configuration, findings, problem) = match &settings {
            Ok(settings) => {
                let findings = findings(args).await;
                let name = profile::name(&args.connection.store, env);
                (Some(configuration(settings, &name)), findings, None)
            }
            Err(error) => (None, None, Some(error.to_string())),
        };
        let state = args.connection.store.state_dir(env);
        let failures = state
            .map(|state| failures::last(&state))
            .unwrap_or_default();
        let form = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "features": features(),
            "system": system(),
            "architecture": std::env::consts::ARCH,
            "variables": VARIABLES.iter().filter(|name| is_set(name)).collect::<Vec<_>>(),
            "configuration": configuration,
            "doctor": findings,
            "problem": problem,
            "failures": failures,
        });
        Self(redaction.value(form))
    }

    fn to_text(&self) -> String {
        let Value::Object(members) = &self.0 else {
            return String::new();
        };
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => text::report::NONE.to_owned(),
            Value::Array(list) if list.is_empty() => text::report::NONE.to_owned(),
            value => format!("{value:#}"),
        };
        let names = [
            "version",
            "features",
            "system",
            "architecture",
            "variables",
            "configuration",
            "problem",
            "doctor",
            "failures",
        ];
        let part = |name: &str| format!("## {name}\n\n{}\n\n", text(&members[name]));
        let parts: String = names.into_iter().map(part).collect();
        format!("{}{parts}", text::report::HEADING)
    }
}

/// Returns what the doctor finds, unless no requests are wanted.
async fn findings(args: &ReportArgs) -> Option<Value> {
    if args.offline {
        return None;
    }
    let timeout = args.timeout.unwrap_or(TIMEOUT);
    match doctor::examine(&args.connection, None, Some(timeout)).await {
        Ok(found) => Some(found.to_json()),
        Err(error) => Some(json!({"error": error.to_string()})),
    }
}

/// Returns which settings have a value, and where they come from.
fn configuration(settings: &Settings, profile: &str) -> Value {
    let values = MEMBERS.iter().filter_map(|member| {
        let origin = settings.origin(member.variable)?.to_string();
        let value = settings.value(member.variable);
        let value = value.filter(|_| PLAIN.contains(&member.variable));
        let value = value.map(shown);
        Some(json!({"variable": member.variable, "value": value, "origin": origin}))
    });
    let file = settings.file.as_ref();
    json!({
        "profile": profile,
        "file": file.map(|file| file.path.display().to_string()),
        "profiles": file.map_or(0, |file| file.profiles.len()),
        "targets": file.map_or(0, |file| file.targets(profile).len()),
        "credentials": credentials(settings),
        "settings": values.collect::<Vec<_>>(),
    })
}

/// Returns which credential each platform uses, and never the credential.
fn credentials(settings: &Settings) -> Value {
    let all = Platform::ALL.into_iter().map(|platform| {
        let used = settings.credential(platform);
        let (variable, origin) = used.unzip();
        let origin = origin.map(|origin| origin.to_string());
        json!({"platform": platform.as_str(), "variable": variable.flatten(), "origin": origin})
    });
    all.collect()
}

/// Returns a value without what an address can hide.
fn shown(value: &str) -> String {
    if value.contains("://") {
        redacted_address(value)
    } else {
        one_line(value)
    }
}

/// Returns the features of this build.
fn features() -> Vec<&'static str> {
    let all = [
        ("keyring", cfg!(feature = "keyring")),
        ("nats", cfg!(feature = "nats")),
        ("postgres", cfg!(feature = "postgres")),
    ];
    let on = all.into_iter().filter(|(_, is_on)| *is_on);
    on.map(|(name, _)| name).collect()
}

/// Returns the operating system, with its version where a file names it.
fn system() -> String {
    let name = std::env::consts::OS;
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let pretty = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    match pretty {
        Some(pretty) => format!("{name}, {}", pretty.trim_matches('"')),
        None => name.to_owned(),
    }
}
