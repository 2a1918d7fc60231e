//! The messenger of the sample platform.

use std::{pin::Pin, sync::Arc};

use ms_messenger_core::{Capabilities, Evidence, Messenger, Receipt, Result, SendRequest, Settled};

use crate::{
    defect::Defect,
    sample::{PLATFORM, Sample},
};

/// A type of its own, because of the orphan rule: the trait is foreign, and so is `Arc`.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) Arc<Sample>);

impl Messenger for Client {
    fn platform(&self) -> &str {
        match self.0.defect {
            Defect::BadName => "Sample Chat",
            _ => PLATFORM,
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.0.promised()
    }

    // Written out, as the macro would write it, so that one can be eager.
    fn send<'a, 'b, 'c>(
        &'a self,
        request: &'b SendRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        if self.0.has(Defect::SendsUnpolled) && self.0.refuse(request).is_ok() {
            let number = self.0.store();
            return Box::pin(async move { Ok(self.0.receipt(request, number)) });
        }
        Box::pin(self.0.run(request))
    }

    fn settle<'a, 'b, 'c, 'd>(
        &'a self,
        _: &'b SendRequest,
        evidence: &'c Evidence,
    ) -> Pin<Box<dyn Future<Output = Settled> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(async { self.0.settle(evidence) })
    }
}
