//! `msm demo`: a send over every platform, two lost responses, and a comparison with the ledger.

mod report;
mod scenario;

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, Seed, When};

use crate::{
    args::DemoArgs,
    demo::{report::Report, scenario::Scenario},
    exit::Exit,
    outcome::{Line, Status},
    print, text,
};

/// Runs the demonstration. It fails when a claim of a client does not match the ledger.
pub(crate) async fn run(args: &DemoArgs) -> Exit {
    match demonstrate(args).await {
        Ok((report, next)) => finish(args, &report, &next),
        Err(error) if args.json => {
            let message = error.to_string();
            let line = Line {
                kind: Some("other"),
                message: Some(&message),
                ..Line::new(Status::Error, Exit::Other)
            };
            let _ = print::result(&line.to_string());
            Exit::Other
        }
        Err(error) => print::failure(&error.to_string(), Exit::Other),
    }
}

/// Sends, loses two responses, and returns the report and suggested commands.
async fn demonstrate(args: &DemoArgs) -> Result<(Report, String), Box<dyn std::error::Error>> {
    let note = |text: String| {
        if !args.json {
            print::note(text);
        }
    };
    let emulator = Emulator::start().await?;
    note(text::demo::begin(emulator.http_url()));
    let scenario = Scenario::new(emulator.seed()).await?;
    let receipts = scenario.send_everything(&emulator).await?;
    emulator.set_faults(lose_responses());
    let claims = [
        scenario.lose_response_without_key(&emulator).await?,
        scenario.lose_response_with_key(&emulator).await?,
    ];
    scenario.end().await;
    let report = Report::new(receipts, claims.into(), &emulator.messages());
    let next = next(emulator.seed());
    emulator.shutdown().await;
    Ok((report, next))
}

/// Stores the next send to Teams and to ACS Advanced Messaging, but loses the response.
fn lose_responses() -> Faults {
    let rule = |platform| {
        let action = FaultAction::Close {
            when: When::AfterStore,
        };
        let rule = FaultRule::new(action).with_platform(platform);
        rule.with_operation("send").with_times(1)
    };
    Faults::new()
        .with_rule(rule(Platform::MSGRAPH_CHAT))
        .with_rule(rule(Platform::ACS_MESSAGES))
}

/// Prints the report; the exit code says whether every claim matches the ledger.
fn finish(args: &DemoArgs, report: &Report, next: &str) -> Exit {
    let text = if args.json {
        report.to_json()
    } else {
        report.to_text()
    };
    if let Err(error) = print::result(&text) {
        return print::unwritten(&error, Exit::Success);
    }
    if !report.is_true() {
        return print::failure(text::demo::MISMATCH, Exit::Other);
    }
    if !args.json {
        print::note(next);
    }
    Exit::Success
}

/// Returns commands that work unchanged.
fn next(world: &Seed) -> String {
    text::demo::next(&world.acs.access_key, &world.acs.conversation_id)
}
