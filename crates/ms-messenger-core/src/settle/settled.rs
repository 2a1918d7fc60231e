//! The verdict of settling.

use std::{borrow::Cow, time::SystemTime};

use crate::{
    error::{Error, ErrorKind},
    receipt::Receipt,
};

/// The verdict on a send whose delivery was unknown. Each verdict is proven; without a proof it is
/// [`CannotTell`](Self::CannotTell).
///
/// ```
/// use ms_messenger_core::Settled;
///
/// // All that a backend needs if its platform cannot be asked:
/// let settled = Settled::cannot_tell("pager", "the platform has no way to list messages");
/// assert!(matches!(settled, Settled::CannotTell(_)));
/// ```
#[derive(Debug)]
#[must_use = "the verdict says whether the message was sent"]
#[non_exhaustive]
pub enum Settled {
    /// The platform has the message. It was recognised by its mark, or by everything that can be
    /// compared, and it can be from no other send.
    Found(Receipt),
    /// The platform does not have the message and will not have it: it was asked after the last
    /// moment at which the send could be executed. Sending it again causes no duplicate.
    NotFound,
    /// There is no verdict yet: the message is not there but can still appear, or another send
    /// makes it ambiguous. Settle again at this time, by the clock of this machine.
    NotYet(SystemTime),
    /// It cannot be found out, for this reason. The delivery stays unknown. The error is transient
    /// ([`Error::is_transient`]) if settling again later may help.
    CannotTell(Error),
}

impl Settled {
    /// Creates a [`CannotTell`](Self::CannotTell) whose reason is permanent.
    pub fn cannot_tell(
        platform: impl Into<Cow<'static, str>>,
        why: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::CannotTell(Error::new(ErrorKind::Unsupported, why).with_platform(platform))
    }
}
