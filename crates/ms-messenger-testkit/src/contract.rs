//! The contract of the trait itself.

use std::sync::Arc;

use ms_messenger_core::{Messenger, Receipt, SendRequest, Target};

use crate::{Rule, Subject, suite::Suite};

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    platform_name(suite);
    send_once(suite).await;
    forwarding(suite).await;
    suite.begin(Rule::PlatformName);
    let now = suite.messenger.platform().to_owned();
    let same = now == suite.platform;
    suite.expect(same, || format!("changed to {now:?} after a send"));
}

fn platform_name<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::PlatformName);
    let name = suite.platform.clone();
    let words_are_sound = name.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    suite.expect(words_are_sound, || {
        format!("{name:?} must be words of a-z and 0-9 joined by single hyphens")
    });
}

async fn send_once<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::SendOnce);
    let request = suite.request();
    if let Err(error) = suite
        .messenger
        .capabilities()
        .check(&suite.platform, &request)
    {
        suite.fail(format!("the capabilities reject a valid request: {error}"));
    }
    let (result, stored) = suite.send(&request).await;
    match result {
        Ok(receipt) => {
            suite.expect(stored == 1, || {
                format!("accepted, but stored {stored} times")
            });
            check_receipt(suite, &request, &receipt);
        }
        Err(error) => suite.fail(format!("a valid request failed: {error}")),
    }
}

fn check_receipt<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    request: &SendRequest,
    receipt: &Receipt,
) {
    suite.begin(Rule::Receipt);
    let id = receipt.message_id.as_ref();
    suite.expect(id.is_none_or(|id| !id.as_str().is_empty()), || {
        "the message id is given, but empty".to_owned()
    });
    if let (Some(named), Target::Conversation(asked)) = (&receipt.conversation, &request.to) {
        suite.expect(named == asked, || {
            format!("sent to conversation {asked}, but the receipt names {named:?}")
        });
    }
    let request_id = receipt.request_id.as_deref();
    suite.expect(request_id != Some(""), || {
        "the request id is given, but empty".to_owned()
    });
}

async fn forwarding<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::Forwarding);
    let inner = Arc::clone(&suite.messenger);
    let boxed: Box<dyn Messenger> = Box::new(Arc::new(Arc::clone(&inner)));
    let same = boxed.platform() == inner.platform() && boxed.capabilities() == inner.capabilities();
    suite.expect(same, || {
        "Box<dyn Messenger> returns another platform or other capabilities".to_owned()
    });
    suite.messenger = Arc::from(boxed);
    suite.send_valid("through Arc, Box and dyn").await;
    suite.messenger = inner;
}
