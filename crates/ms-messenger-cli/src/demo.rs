//! `msm demo`: every platform, one injected failure of each sort, and the ledger as witness.

mod report;
mod stage;

use std::fmt;

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, When, World};

use crate::{
    args::DemoArgs,
    demo::{report::Report, stage::Stage},
    exit::Exit,
    outcome::{Line, Status},
    print,
};

/// Runs the demonstration; a mismatch between what was claimed and what was stored fails it.
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

async fn demonstrate(args: &DemoArgs) -> Result<(Report, String), Box<dyn std::error::Error>> {
    let say = |text: fmt::Arguments<'_>| {
        if !args.json {
            print::note(text);
        }
    };
    let emulator = Emulator::start().await?;
    say(format_args!(
        "An emulator of Azure Communication Services, Microsoft Graph and Skype for Business runs\n\
         at {}: no account, no network. One program sends over four platforms through one trait.\n",
        emulator.http_url()
    ));
    let stage = Stage::new(emulator.world()).await?;
    let receipts = stage.send_everything(&emulator).await?;
    let lost = lose_answers();
    emulator.set_faults(lost);
    let claims = [
        stage.lose_an_answer_without_a_key(&emulator).await?,
        stage.lose_an_answer_with_a_key(&emulator).await?,
    ];
    stage.end().await;
    let report = Report::new(receipts, claims.into(), &emulator.messages());
    let next = next(emulator.world());
    emulator.shutdown().await;
    Ok((report, next))
}

/// The next send to Teams and to ACS Advanced Messaging is stored, but never answered.
fn lose_answers() -> Faults {
    let rule = |platform| {
        let action = FaultAction::Close {
            when: When::AfterStore,
        };
        let rule = FaultRule::new(action).with_platform(platform);
        rule.with_operation("send").with_times(1)
    };
    Faults::new()
        .with_rule(rule(Platform::MsgraphChat))
        .with_rule(rule(Platform::AcsMessages))
}

fn finish(args: &DemoArgs, report: &Report, next: &str) -> Exit {
    let text = if args.json {
        report.to_json()
    } else {
        report.to_text()
    };
    if print::result(&text).is_err() {
        return Exit::Other;
    }
    if !report.is_true() {
        return print::failure("what was claimed is not what was stored", Exit::Other);
    }
    if !args.json {
        print::note(next);
    }
    Exit::Sent
}

/// A command that works as it is: every emulator has the same keys and ids.
fn next(world: &World) -> String {
    let (key, conversation) = (&world.acs.access_key, &world.acs.conversation_id);
    format!(
        "
Next, keep an emulator running, with the same keys and ids, and send to it:
  msm emulator &
  msm send --acs-connection-string 'endpoint=http://127.0.0.1:8410;accesskey={key}' \\
    --to 'conversation:{conversation}' --text hello
For the real services: msm send --help, msm login --help, msm doctor"
    )
}
