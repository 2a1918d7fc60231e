//! The error for a response that does not follow the contract.

use ms_messenger_core::{Delivery, Error, ErrorKind};

pub(crate) fn malformed() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "the response of Entra ID does not follow its contract",
    )
    .with_delivery(Delivery::NotSent)
}
