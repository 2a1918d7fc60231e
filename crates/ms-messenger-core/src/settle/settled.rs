//! The verdict of settling.

use std::{borrow::Cow, time::SystemTime};

use crate::{
    error::{Error, ErrorKind},
    receipt::Receipt,
};

/// What became of a send whose delivery was unknown. A verdict is a fact, or it is not given.
///
/// ```
/// use ms_messenger_core::Settled;
///
/// // All that a backend needs whose platform cannot be asked:
/// let settled = Settled::cannot_tell("pager", "the platform has no way to list messages");
/// assert!(matches!(settled, Settled::CannotTell(_)));
/// ```
#[derive(Debug)]
#[must_use = "the verdict says whether the message is out"]
#[non_exhaustive]
pub enum Settled {
    /// The platform has the message. It was recognised by its mark, or by everything that can
    /// be compared, and no other send can account for it.
    Found(Receipt),
    /// The platform does not have the message and will not have it: the look came after the
    /// last moment at which the send could take effect. Sending it again makes no duplicate.
    NotFound,
    /// There is no verdict yet: the message is not there but can still appear, or another send
    /// is in the way. Look again at this time, by the clock of this machine.
    NotYet(SystemTime),
    /// It cannot be told, for this reason. The delivery stays unknown. The error is transient
    /// ([`Error::is_transient`]) when a later look may tell more.
    CannotTell(Error),
}

impl Settled {
    /// A [`CannotTell`](Self::CannotTell) whose reason is permanent.
    pub fn cannot_tell(
        platform: impl Into<Cow<'static, str>>,
        why: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::CannotTell(Error::new(ErrorKind::Unsupported, why).with_platform(platform))
    }
}
