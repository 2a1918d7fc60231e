//! `msm send --dry-run`.

use ms_messenger::{Problem, Result, http::Preview};
use serde_json::{Map, Value, json};

use super::{
    plan::{Job, Plan},
    report::Report,
};
use crate::{
    args::SendArgs,
    config::Settings,
    dry_run::{self, permission},
    exit::Exit,
    platform::Platform,
    terminal::{shown, shown_line},
    text,
    transport::http_options,
};

/// The most characters of a body that are shown without `--json`.
const LONGEST_BODY: usize = 4000;

/// Checks each message, and prints the request that a send would make.
pub(super) fn run(args: &SendArgs, report: &Report<'_>, plan: Plan) -> Exit {
    let Some(settings) = &report.settings else {
        return Exit::Other;
    };
    let mut exit = Exit::Success;
    for job in &plan.jobs {
        let one = match check(args, settings, job) {
            Ok((warnings, preview)) => {
                let mut own = Report::new(args);
                own.has_several = report.has_several;
                own.warnings.clone_from(&report.warnings);
                own.warnings.extend(warnings);
                own.warn_now();
                let form = form(job.platform, &preview);
                own.checked(job, &form, &text(job.platform, &preview))
            }
            Err(error) => report.failed(Some(&job.request.to.to_string()), error, None),
        };
        exit = exit.worse(one);
    }
    exit
}

fn check(args: &SendArgs, settings: &Settings, job: &Job) -> Result<(Vec<Problem>, Preview)> {
    let options = http_options(args.timeout);
    dry_run::check(job.platform, settings, options, &job.pretended()?)
}

/// Returns the request as JSON.
fn form(platform: Platform, preview: &Preview) -> Value {
    let mut headers = Map::new();
    for (name, value) in headers_of(preview) {
        headers.insert(name, value.into());
    }
    let body = serde_json::from_slice::<Value>(&preview.body);
    let body = body.unwrap_or_else(|_| String::from_utf8_lossy(&preview.body).into());
    let after = preview.after.iter().map(|operation| {
        json!({
            "operation": operation.name(), "method": operation.method().as_str(),
            "path": operation.path(), "permission": operation.permission(),
        })
    });
    json!({
        "operation": preview.operation, "method": preview.method.as_str(),
        "address": preview.address, "headers": headers, "body": body,
        "permission": permission(platform, preview.operation),
        "after": after.collect::<Vec<_>>(),
    })
}

/// Returns the request as a person reads it.
fn text(platform: Platform, preview: &Preview) -> String {
    let mut lines = vec![format!("{} {}", preview.method, preview.address)];
    let headers = headers_of(preview);
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    let body = String::from_utf8_lossy(&preview.body);
    lines.push(String::new());
    lines.extend(shortened(&body).lines().map(str::to_owned));
    lines.push(String::new());
    let needed = permission(platform, preview.operation);
    lines.push(text::send::permission(needed));
    for operation in &preview.after {
        let (method, path) = (operation.method(), operation.path());
        lines.push(text::send::before(method, path, operation.permission()));
    }
    let lines = lines
        .iter()
        .map(|line| shown_line(line).trim_end().to_owned());
    let indented: Vec<String> = lines
        .map(|line| format!("  {line}").trim_end().to_owned())
        .collect();
    indented.join("\n")
}

/// Returns the headers; the credential is never part of a preview.
fn headers_of(preview: &Preview) -> impl Iterator<Item = (String, String)> + '_ {
    let headers = preview.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let credential = ("authorization".to_owned(), text::send::REMOVED.to_owned());
    std::iter::once(credential).chain(headers)
}

fn shortened(body: &str) -> String {
    match body.char_indices().nth(LONGEST_BODY) {
        Some((end, _)) => text::send::shortened(&shown(&body[..end]), body.len() - end),
        None => shown(body),
    }
}
