//! The journal of a send, with what this client adds to the evidence.

use async_trait::async_trait;
use ms_messenger_core::{ConversationId, Evidence, Journal, Result, SendJournal};

use crate::{client::GraphChatClient, content::Content};

/// Completes the evidence of each attempt, so that another process can settle the send by it.
#[derive(Debug)]
pub(crate) struct CompletedJournal {
    pub(crate) journal: Journal,
    pub(crate) client: GraphChatClient,
    pub(crate) content: Content,
    pub(crate) conversation: Option<ConversationId>,
}

#[async_trait]
impl SendJournal for CompletedJournal {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        let mut evidence = evidence.clone();
        self.client.sends().complete(self.content, &mut evidence);
        // The token of the attempt is there.
        evidence.sender = self.client.user_at_hand();
        evidence.conversation.clone_from(&self.conversation);
        self.journal.attempt_begins(&evidence).await
    }

    fn may_leave(&self) -> bool {
        self.journal.may_leave()
    }
}
