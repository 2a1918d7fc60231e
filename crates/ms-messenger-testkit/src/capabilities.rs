//! Whatever is not supported is rejected, with all problems, before anything is sent.

use ms_messenger_core::{
    Body, Capabilities, Capability, Delivery, Error, ErrorKind, Message, SendRequest, Target,
};

use crate::{Rule, Subject, sample, suite::Suite};

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    let capabilities = suite.messenger.capabilities();
    unsupported(suite, &capabilities).await;
    all_problems(suite, &capabilities).await;
    foreign_native(suite).await;
    invalid_input(suite, &capabilities).await;
}

fn missing(capabilities: &Capabilities) -> impl Iterator<Item = Capability> {
    let all = Capability::ALL.iter().copied();
    all.filter(|capability| match capability {
        // A messenger that supports HTML does not need the text alternative.
        Capability::HtmlAsText => {
            !capabilities.supports(Capability::HtmlAsText)
                && !capabilities.supports(Capability::Html)
        }
        _ => !capabilities.supports(*capability),
    })
}

async fn unsupported<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, capabilities: &Capabilities) {
    suite.begin(Rule::RefuseUnsupported);
    for capability in missing(capabilities) {
        let base = suite.request();
        match sample::asking_for(capability, base, &suite.platform) {
            Some(request) => {
                rejected(suite, &capability.to_string(), &request).await;
            }
            None => suite.skip(format!("{capability} is newer than this suite")),
        }
    }
}

async fn all_problems<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, capabilities: &Capabilities) {
    suite.begin(Rule::AllProblems);
    let mut request = suite.request();
    for capability in missing(capabilities) {
        let base = request.clone();
        request = sample::asking_for(capability, base, &suite.platform).unwrap_or(request);
    }
    // At least two problems, for any messenger.
    request.to = Target::channel("", "");
    request.message.body = sample::native(&foreign(&suite.platform));
    let Err(expected) = capabilities.check(&suite.platform, &request) else {
        return suite.fail("the capabilities accept an empty id and a body for another platform");
    };
    let Some(error) = rejected(suite, "everything at once", &request).await else {
        return;
    };
    for problem in expected.problems() {
        let named = error.problems().iter().any(|p| p.field == problem.field);
        suite.expect(named, || {
            format!(
                "{}: the error does not name it; it says: {error}",
                problem.field
            )
        });
    }
}

fn foreign(platform: &str) -> String {
    format!("not-{platform}")
}

async fn foreign_native<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::ForeignNative);
    let mut request = suite.request();
    request.message.body = sample::native(&foreign(&suite.platform));
    rejected(suite, "a body for another platform", &request).await;
}

async fn invalid_input<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, capabilities: &Capabilities) {
    suite.begin(Rule::InvalidInput);
    for to in [
        Target::conversation(""),
        Target::channel("", "conformance-channel"),
        Target::channel("conformance-team", ""),
        Target::user(""),
    ] {
        let mut request = suite.request();
        let what = format!("target {to:?}");
        request.to = to;
        invalid(suite, &what, &request).await;
    }
    let request = suite.request().with_reply_to("");
    invalid(suite, "an empty reply_to", &request).await;
    for (what, body) in [
        ("an empty text", Message::text("").body),
        ("an empty HTML body", Message::html("").body),
    ] {
        let mut request = suite.request();
        request.message.attachments.clear();
        request.message.body = body;
        invalid(suite, what, &request).await;
    }
    if let (Some(limit), true) = (
        capabilities.max_text_chars,
        capabilities.supports(Capability::Text),
    ) {
        let mut request = suite.request();
        request.message.body = Body::Text("x".repeat(limit + 1));
        invalid(suite, "a text over the limit", &request).await;
    }
}

/// Expects that `request` is rejected as invalid.
async fn invalid<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, what: &str, request: &SendRequest) {
    if let Some(error) = rejected(suite, what, request).await {
        let right = error.kind() == ErrorKind::InvalidRequest;
        suite.expect(right, || {
            format!("{what}: must be invalid_request, is {}", error.kind())
        });
    }
}

/// Expects that `request` is rejected before anything is sent, and returns the error.
async fn rejected<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    request: &SendRequest,
) -> Option<Error> {
    let (result, stored) = suite.send(request).await;
    suite.expect(stored == 0, || {
        format!("{what}: must be rejected, but {stored} messages were stored")
    });
    let error = match result {
        Ok(_) => {
            suite.fail(format!("{what}: must be rejected, but was accepted"));
            return None;
        }
        Err(error) => error,
    };
    let kind = error.kind();
    let right = matches!(kind, ErrorKind::Unsupported | ErrorKind::InvalidRequest);
    suite.expect(right, || {
        format!("{what}: must be unsupported or invalid_request, is {kind}")
    });
    let delivery = error.delivery();
    suite.expect(delivery == Delivery::NotSent, || {
        format!("{what}: must be not_sent, is {delivery}")
    });
    let attempts = error.attempts();
    suite.expect(attempts == 0, || {
        format!("{what}: must be rejected before any attempt, was after {attempts}")
    });
    suite.expect(!error.problems().is_empty(), || {
        format!("{what}: the error names no field: {error}")
    });
    Some(error)
}
