//! `msm doctor`: what would keep a message from going out, found before one is sent.

mod acs;
mod finding;
mod graph;
mod patient;
mod skype;

use ms_messenger::{Result, http::HttpClient};

use crate::{
    args::DoctorArgs,
    config::{self, Settings},
    exit::Exit,
    http_options, login,
    platform::Platform,
    print,
};
use finding::{Findings, Report};
use patient::Patient;

/// Looks at every platform that is configured, and says the worst that it found.
pub(crate) async fn run(args: &DoctorArgs) -> Exit {
    let report = match examine(args).await {
        Ok(report) => report,
        Err(error) => return login::failed(error, args.json),
    };
    let text = if args.json {
        report.to_json().to_string()
    } else {
        report.to_text()
    };
    let written = print::result(text.trim_end());
    written.map_or(Exit::Other, |()| report.exit())
}

async fn examine(args: &DoctorArgs) -> Result<Report> {
    let settings = Settings::read(&args.connection, &config::environment)?;
    let options = http_options(args.timeout);
    let patient = Patient {
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
        if args.platform.is_none() && !patient.mentions(platform) {
            findings.note("settings", format!("not configured: {}", platform.needs()));
        } else {
            match platform {
                Platform::AcsMessages => acs::messages(&patient, &mut findings).await,
                Platform::AcsChat => acs::chat(&patient, &mut findings).await,
                Platform::MsgraphChat => graph::graph(&patient, &mut findings).await,
                Platform::Ucwa => skype::skype(&patient, &mut findings).await,
            }
            report.examined += 1;
        }
        report.platforms.push(findings);
    }
    Ok(report)
}
