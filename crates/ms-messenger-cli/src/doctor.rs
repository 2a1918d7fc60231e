//! `msm doctor`: checks what would prevent a send, and sends nothing.

mod acs;
mod context;
mod finding;
mod graph;
mod operations;
mod skype;

use ms_messenger::{Result, http::HttpClient};

use crate::{
    args::DoctorArgs,
    config::Settings,
    doctor::{
        context::DoctorContext,
        finding::{Findings, Report},
    },
    environment,
    exit::Exit,
    platform::Platform,
    print, report,
    transport::http_options,
};

/// Checks every configured platform; the exit code is that of the worst problem.
pub(crate) async fn run(args: &DoctorArgs) -> Exit {
    let report = match examine(args).await {
        Ok(report) => report,
        Err(error) => return report::failed(error, args.json),
    };
    let text = if args.json {
        report.to_json().to_string()
    } else {
        report.to_text()
    };
    let written = print::result(text.trim_end());
    written.map_or(Exit::Other, |()| report.exit())
}

/// Checks the platforms.
async fn examine(args: &DoctorArgs) -> Result<Report> {
    let settings = Settings::read(&args.connection, &environment::process)?;
    let options = http_options(args.timeout);
    let context = DoctorContext {
        http: HttpClient::new(&options)?,
        options,
        settings,
    };
    let mut report = Report::default();
    for platform in Platform::ALL {
        if args.platform.is_some_and(|only| only != platform) {
            continue;
        }
        let mut findings = Findings::new(platform);
        if args.platform.is_none() && !context.is_mentioned(platform) {
            findings.note("settings", format!("not configured: {}", platform.needs()));
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
