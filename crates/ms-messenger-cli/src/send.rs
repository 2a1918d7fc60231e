//! `msm send`.

mod attempt;
mod dry;
mod heard;
mod later;
mod plan;
mod report;
mod upload_progress;

use ms_messenger::{Delivery, Error, ErrorKind};

use self::{
    attempt::{Outcome, Sender},
    plan::{Job, Plan},
    report::Report,
};
use crate::{
    args::{Relations as _, SendArgs},
    exit::Exit,
    interrupt::Interrupt,
    text, usage,
};

/// Sends a message to each target, and reports of each whether it was sent.
pub(crate) async fn run(args: &SendArgs) -> Exit {
    if let Some(violation) = args.violation() {
        return usage::report_violation(&violation, Some("send"), args.json);
    }
    let (mut report, planned) = plan::plan(args);
    let plan = match planned {
        Ok(plan) => plan,
        Err(refused) => {
            report.has_several = refused.len() > 1;
            let exits = refused
                .into_iter()
                .map(|it| report.failed(it.to.as_deref(), it.error, None));
            return exits.fold(Exit::Success, Exit::worse);
        }
    };
    report.has_several = plan.jobs.len() > 1;
    if args.dry_run {
        return dry::run(args, &report, plan);
    }
    if let Some(at) = args.at {
        return later::run(args, &report, plan, at).await;
    }
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            let text = text::process::NO_SIGNALS;
            let error = Error::new(ErrorKind::Other, text).with_source(error);
            return report.failed(None, error.with_delivery(Delivery::NotSent), None);
        }
    };
    let Some(settings) = report.settings.take() else {
        return Exit::Other;
    };
    let mut sender = Sender::new(args, &settings, interrupt);
    let exit = send(&mut sender, &report.with(&settings), plan).await;
    // Also after a failure: a session that stays open counts against the user.
    sender.end().await;
    exit
}

/// Sends one after the other, and to a fallback only after what is proven not to be sent.
async fn send(sender: &mut Sender<'_>, report: &Report<'_>, plan: Plan) -> Exit {
    let Plan { jobs, fallbacks } = plan;
    let mut exit = Exit::Success;
    let mut last: Option<Ended> = None;
    for job in jobs {
        let one = send_one(sender, report, job).await;
        exit = exit.worse(one.exit);
        last = Some(one);
    }
    for job in fallbacks {
        let may_fall_back = last.take().is_some_and(|one| one.may_fall_back);
        if !may_fall_back || sender.is_interrupted() {
            break;
        }
        report.falls_back(&job);
        let one = send_one(sender, report, job).await;
        exit = one.exit;
        last = Some(one);
    }
    exit
}

/// How the send to one target ended.
struct Ended {
    exit: Exit,
    /// Whether it is proven that the message was not sent.
    may_fall_back: bool,
}

async fn send_one(sender: &mut Sender<'_>, report: &Report<'_>, mut job: Job) -> Ended {
    let outcome = Box::pin(sender.send(&mut job)).await;
    let may_fall_back = outcome.is_proven_not_sent();
    let to = job.request.to.to_string();
    let exit = match outcome {
        Outcome::Sent(sent) => report.sent(&to, job.platform, &sent),
        Outcome::Failed(error) => report.failed(Some(&to), error, Some(&job.request)),
        Outcome::Absent(error) => report.absent(&to, error),
    };
    Ended {
        exit,
        may_fall_back,
    }
}
