//! Finding out whether a send with an unknown delivery was executed.

mod clock;
mod evidence;
mod policy;
mod settled;
mod window;

pub use clock::{ClockBasis, ClockOffset};
pub use evidence::{Evidence, Mark, MarkKind};
pub use policy::SettlePolicy;
pub(crate) use policy::settle_patiently;
pub use settled::Settled;
pub use window::Window;
