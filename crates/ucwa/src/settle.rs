//! Settling: what the server reported of a message after its send had ended without a verdict.

use std::{collections::HashSet, time::SystemTime};

use ms_messenger_core::{
    Acceptance, Delivery, Error, ErrorKind, Evidence, MarkKind, Receipt, Settled,
};

use crate::{
    error::PLATFORM,
    inner::Inner,
    pending::Past,
    post::identify_messages,
    verdict::{Arrival, Part, Reach, Verdict},
};

const UNKNOWN: &str = "this session has no send in doubt under this operation id";

/// Settles a send from what the server has reported since. A session knows its own operations
/// only: none of an earlier session, and none of another one.
pub(crate) async fn settle(session: &Inner, evidence: &Evidence) -> Settled {
    if let Err(error) = evidence.check_platform(PLATFORM) {
        return Settled::CannotTell(error);
    }
    let marked = evidence.mark_of(&MarkKind::OperationId);
    let Some(operation) = marked.or(evidence.client_request_id.as_deref()) else {
        return cannot_tell("the evidence names no operation");
    };
    let conversations = &session.conversations;
    let conversation = {
        let state = conversations.state();
        match state.verdicts.past(operation) {
            None => return cannot_tell(UNKNOWN),
            Some(past) if past.verdict.is_some() => None,
            Some(past) => past.conversation.clone(),
        }
    };
    if let Some(conversation) = conversation {
        let (application, asked) = (session.application.get(), &mut HashSet::new());
        identify_messages(conversations, &application, &conversation, asked).await;
    }
    let state = conversations.state();
    match state.verdicts.past(operation) {
        Some(past) => judge(past, evidence),
        None => cannot_tell(UNKNOWN),
    }
}

fn judge(past: &Past, evidence: &Evidence) -> Settled {
    let Part { number, of, .. } = past.part;
    match &past.verdict {
        Some(Verdict::Delivered(_)) if number + 1 < of => {
            cannot_tell("a part of the message arrived, and those after it were not sent")
        }
        Some(Verdict::Delivered(arrival)) if arrival.reach == Reach::Nobody => {
            cannot_tell("the server took the message, but it reached none of the participants")
        }
        Some(Verdict::Delivered(arrival)) => Settled::Found(receipt(past.part, arrival)),
        Some(Verdict::Failed(_)) if past.part.in_invitation => {
            cannot_tell("the invitation failed, but the recipient may have seen its message")
        }
        Some(Verdict::Failed(_)) if number > 0 => {
            cannot_tell("some parts of the message arrived, and this one did not")
        }
        Some(Verdict::Failed(_)) => Settled::NotFound,
        Some(Verdict::Unsaid) => cannot_tell("the server did not say how the message ended"),
        Some(Verdict::Lost(why)) => cannot_tell(why),
        None if past.conversation.is_some() => {
            let until = evidence.pending_until;
            match until.filter(|until| SystemTime::now() < *until) {
                Some(until) => Settled::NotYet(until),
                None => cannot_tell("the server's verdict has not come"),
            }
        }
        None => cannot_tell("the conversation ended before the server's verdict came"),
    }
}

fn receipt(part: Part, arrival: &Arrival) -> Receipt {
    let acceptance = if part.reached_all && arrival.reach == Reach::Everyone {
        Acceptance::Delivered
    } else {
        Acceptance::Posted
    };
    let mut receipt = Receipt::new(acceptance);
    if part.in_invitation {
        receipt = receipt.with_conversation(arrival.href.as_str());
    } else {
        receipt = receipt.with_message_id(arrival.href.as_str());
    }
    receipt.accepted_at = arrival.at;
    receipt
}

fn cannot_tell(why: &'static str) -> Settled {
    Settled::CannotTell(
        Error::new(ErrorKind::Other, why)
            .with_platform(PLATFORM)
            .with_delivery(Delivery::Unknown),
    )
}
