//! `msm doctor`: checks what would prevent a send, and sends nothing.

mod acs;
mod context;
mod finding;
mod graph;
mod operations;
mod skype;

use std::time::Duration;

use ms_messenger::{Result, http::HttpClient};

use crate::{
    args::{ConnectionArgs, DoctorArgs},
    config::Settings,
    doctor::{
        context::DoctorContext,
        finding::{Findings, Report},
    },
    environment,
    exit::Exit,
    platform::Platform,
    print, report,
    terminal::escaped,
    text,
    transport::http_options,
};

/// Checks every configured platform; the exit code is that of the worst problem.
pub(crate) async fn run(args: &DoctorArgs) -> Exit {
    let examined = examine(&args.connection, args.platform, args.timeout).await;
    let report = match examined {
        Ok(report) => report,
        Err(error) => return report::failed(error, args.json),
    };
    let text = if args.json {
        escaped(&report.to_json().to_string())
    } else {
        report.to_text()
    };
    print::last(text.trim_end(), report.exit())
}

/// Checks the platforms.
///
/// # Errors
///
/// `Config` when a setting cannot be read.
pub(crate) async fn examine(
    connection: &ConnectionArgs,
    only: Option<Platform>,
    timeout: Option<Duration>,
) -> Result<Report> {
    let settings = Settings::read(connection, &environment::process)?;
    for warning in &settings.warnings {
        print::note(text::outcome::warning(warning));
    }
    let options = http_options(timeout);
    let context = DoctorContext {
        http: HttpClient::new(&options)?,
        options,
        settings,
    };
    // At the same time: a server that gives no response takes its whole time-out.
    let [a, b, c, d] = Platform::ALL.map(|platform| findings(&context, only, platform));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    let mut report = Report::default();
    for (findings, is_examined) in [a, b, c, d].into_iter().flatten() {
        report.examined += usize::from(is_examined);
        report.platforms.push(findings);
    }
    Ok(report)
}

/// Checks a platform, if it is wanted, and says whether there was something to check.
async fn findings(
    context: &DoctorContext,
    only: Option<Platform>,
    platform: Platform,
) -> Option<(Findings, bool)> {
    if only.is_some_and(|only| only != platform) {
        return None;
    }
    let mut findings = Findings::new(platform);
    let is_examined = only.is_some() || context.is_mentioned(platform);
    if is_examined {
        match platform {
            Platform::AcsMessages => acs::messages(context, &mut findings).await,
            Platform::AcsChat => acs::chat(context, &mut findings).await,
            Platform::MsgraphChat => graph::teams(context, &mut findings).await,
            Platform::Ucwa => skype::skype(context, &mut findings).await,
        }
    } else {
        findings.note("settings", text::doctor::not_configured(platform.needs()));
    }
    Some((findings, is_examined))
}
