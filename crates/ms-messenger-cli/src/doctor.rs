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
    let mut report = Report::default();
    for platform in Platform::ALL {
        if only.is_some_and(|only| only != platform) {
            continue;
        }
        let mut findings = Findings::new(platform);
        if only.is_none() && !context.is_mentioned(platform) {
            findings.note("settings", text::doctor::not_configured(platform.needs()));
        } else {
            match platform {
                Platform::AcsMessages => acs::messages(&context, &mut findings).await,
                Platform::AcsChat => acs::chat(&context, &mut findings).await,
                Platform::MsgraphChat => graph::teams(&context, &mut findings).await,
                Platform::Ucwa => skype::skype(&context, &mut findings).await,
            }
            report.examined += 1;
        }
        report.platforms.push(findings);
    }
    Ok(report)
}
