//! What is sent to whom, before anything is.

use ms_messenger::{Delivery, Error, ErrorKind, Problem, Result, SendRequest};

use super::{heard, report::Report};
use crate::{
    args::SendArgs, choose::choose, compose, config::Settings, dry_run::Checker, environment,
    mentions, platform::Platform, text, transport::http_options,
};

/// One message to one target.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) platform: Platform,
    pub(super) request: SendRequest,
    /// The addresses of `--mention`.
    pub(super) mentions: Vec<String>,
}

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// One after the other, each if the one before was not sent.
    pub(super) fallbacks: Vec<Job>,
}

/// A message that cannot be sent, so that none is.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) to: Option<String>,
    pub(super) error: Error,
}

/// Composes the messages and chooses their platforms. If there are several, each is checked before
/// the first is sent. Returns the settings and warnings with the report.
pub(super) fn plan(args: &SendArgs) -> (Report<'_>, Result<Plan, Vec<Refused>>) {
    let mut report = Report::new(args);
    let read = compose::requests(args).and_then(|composed| {
        report.warnings = composed.warnings;
        let settings = Settings::read(&args.connection, &environment::process)?;
        report.warnings.extend(settings.warnings.clone());
        report.settings = Some(settings);
        Ok((composed.requests, composed.fallbacks))
    });
    let (requests, fallbacks) = match read {
        Ok(read) => read,
        Err(error) => return (report, Err(vec![Refused { to: None, error }])),
    };
    let Some(settings) = &report.settings else {
        return (
            report,
            Ok(Plan {
                jobs: Vec::new(),
                fallbacks: Vec::new(),
            }),
        );
    };
    let mut warnings = Vec::new();
    let is_alone = requests.len() + fallbacks.len() == 1;
    let count = requests.len();
    let mut ready = Vec::new();
    let mut errors = Vec::new();
    for (i, request) in requests.into_iter().chain(fallbacks).enumerate() {
        let to = request.to.to_string();
        match job(args, settings, request, i >= count, is_alone, &mut warnings) {
            Ok(job) => ready.push(job),
            Err(error) => errors.push((i, to, error)),
        }
    }
    report.warnings.extend(warnings);
    if !errors.is_empty() {
        let refused = if is_alone {
            alone(errors)
        } else {
            together(errors, ready)
        };
        return (report, Err(refused));
    }
    let fallbacks = ready.split_off(count);
    let plan = Plan {
        jobs: ready,
        fallbacks,
    };
    (report, Ok(plan))
}

fn alone(errors: Vec<(usize, String, Error)>) -> Vec<Refused> {
    let errors = errors.into_iter();
    let refused = errors.map(|(_, to, error)| Refused {
        to: Some(to),
        error,
    });
    refused.collect()
}

/// Every target has its line: also those that are not sent to because of another one.
fn together(errors: Vec<(usize, String, Error)>, ready: Vec<Job>) -> Vec<Refused> {
    let mut all: Vec<Refused> = ready
        .into_iter()
        .map(|job| {
            let text = text::send::OTHER_REFUSED;
            let error = Error::new(ErrorKind::Cancelled, text).with_delivery(Delivery::NotSent);
            Refused {
                to: Some(job.request.to.to_string()),
                error: error.with_platform(job.platform.as_str()),
            }
        })
        .collect();
    for (i, to, error) in errors {
        let at = i.min(all.len());
        all.insert(
            at,
            Refused {
                to: Some(to),
                error,
            },
        );
    }
    all
}

fn job(
    args: &SendArgs,
    settings: &Settings,
    request: SendRequest,
    is_fallback: bool,
    is_alone: bool,
    warnings: &mut Vec<Problem>,
) -> Result<Job> {
    // The platform of --platform need not take the target of a fallback.
    let named = args.platform;
    let named = named.filter(|it| !is_fallback || it.supports(&request.to));
    let platform = choose(named, &request, settings)?;
    warnings.extend(mentions::check(platform, &request.message, &args.mention)?);
    if let Some(wait) = args.wait_for().ok().flatten() {
        heard::check(platform, wait, args.events.as_deref())?;
    }
    let job = Job {
        platform,
        request,
        mentions: args.mention.clone(),
    };
    if !is_alone {
        let checker = Checker::open(platform, settings, http_options(args.timeout))?;
        warnings.extend(checker.check(&job.pretended()?)?);
    }
    Ok(job)
}

impl Job {
    /// Returns the request with its mentions as if their users were known.
    ///
    /// # Errors
    ///
    /// As [`mentions::pretend`].
    pub(super) fn pretended(&self) -> Result<SendRequest> {
        let mut request = self.request.clone();
        if self.platform == Platform::MsgraphChat {
            mentions::pretend(&mut request.message, &self.mentions)?;
        }
        Ok(request)
    }
}
