//! Responses to invitations, by the policy of the session or by the caller.
//!
//! | Policy | Response |
//! |---|---|
//! | no stream was opened | none: another endpoint of the user may accept |
//! | `Everyone` | accepted |
//! | `Only` | accepted if the inviter is listed, otherwise declined |
//! | `Ask` | none: the stream gets the invitation |

use std::{sync::Arc, time::Duration};

use ms_messenger_core::Result;
use serde_json::{Value, json};
use tokio::time;

use crate::{
    inner::Inner,
    meeting,
    operations::{INVITATION_ACCEPT, INVITATION_DECLINE},
    raw_event::RawInvitation,
};

/// The longest time that a response takes: a meeting must be connected first.
const LONGEST_RESPONSE: Duration = Duration::from_secs(90);

/// Accepts or declines an invitation in the background, by the policy of the session. Returns it
/// if the caller decides.
pub(crate) fn respond(inner: &Arc<Inner>, invitation: RawInvitation) -> Option<RawInvitation> {
    // Without a stream, no response: another endpoint of the user may accept.
    let policy = inner.receivers.policy()?;
    let Some(accepts) = policy.accepts(&invitation.from.uri) else {
        return Some(invitation);
    };
    // Further ones get no response: the server ends them.
    let permit = Arc::clone(&inner.responses).try_acquire_owned().ok()?;
    // On a task of its own: it waits for events that come after this one. It ends with the
    // session at the latest.
    let inner = Arc::clone(inner);
    tokio::spawn(async move {
        let _permit = permit;
        let response = async {
            if accepts {
                accept(&inner, &invitation).await
            } else if let Some(href) = &invitation.decline {
                decline(&inner, href).await
            } else {
                Ok(())
            }
        };
        // A failure shows as an invitation that ends; no caller waits for it.
        tokio::select! {
            _ = time::timeout(LONGEST_RESPONSE, response) => {}
            () = inner.lifecycle.stopped() => {}
        }
    });
    None
}

/// Accepts an invitation. In a meeting, messaging is added once the meeting is connected.
pub(crate) async fn accept(session: &Inner, invitation: &RawInvitation) -> Result<()> {
    let application = session.application.get();
    if let Some(href) = &invitation.accept {
        match application
            .post(&INVITATION_ACCEPT, href, Value::Null)
            .await
        {
            Err(error) if error.status() == Some(409) => {}
            other => other?,
        }
    }
    if invitation.is_meeting {
        let (conversation, deadline) = (&invitation.conversation, &session.deadline());
        meeting::await_conference(session, conversation, deadline).await?;
        meeting::add_messaging(session, &application, conversation, deadline).await?;
    }
    Ok(())
}

/// Declines an invitation for this endpoint. One that has ended counts as declined.
pub(crate) async fn decline(session: &Inner, href: &str) -> Result<()> {
    let application = session.application.get();
    let body = json!({"reason": "Local"});
    match application.post(&INVITATION_DECLINE, href, body).await {
        Err(error) if matches!(error.status(), Some(404 | 409)) => Ok(()),
        other => other,
    }
}
