//! What of a service is kept in a data file.

use http::Method;

use crate::{
    engine::platform::names_operation,
    wire::{request::Request, response::Response},
};

/// What of a service is kept in a data file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keeping {
    /// Its requests, replayed at the next start, and so its whole state.
    Requests {
        /// The operations of which nothing is kept, as fault rules name them.
        except: &'static [&'static str],
        /// Whether a request of that operation changed the state, by its response.
        changes: fn(&Request, &str, &Response) -> bool,
        /// The paths of the admin API that change the state, without GET.
        admin: &'static [&'static str],
    },
    /// Its rows of the ledger alone: its sessions end with the emulator, as with a server.
    Rows,
}

impl Keeping {
    /// Every request that does not only read, and was accepted.
    pub(crate) const CHANGES: Self = Self::Requests {
        except: &[],
        changes: is_accepted_change,
        admin: &[],
    };

    /// Whether requests of that operation changed the state, by their responses; `None` if none is kept.
    pub(crate) fn of(self, operation: &str) -> Option<fn(&Request, &str, &Response) -> bool> {
        match self {
            Self::Requests {
                except, changes, ..
            } => {
                let is_kept = !except.iter().any(|it| names_operation(it, operation));
                is_kept.then_some(changes)
            }
            Self::Rows => None,
        }
    }

    pub(crate) const fn keeps_rows_alone(self) -> bool {
        matches!(self, Self::Rows)
    }

    /// Whether requests to that path of the admin API are kept.
    pub(crate) fn keeps_admin(self, path: &str) -> bool {
        match self {
            Self::Requests { admin, .. } => admin.contains(&path),
            Self::Rows => false,
        }
    }
}

/// Whether a request that does not only read was accepted.
pub(crate) fn is_accepted_change(request: &Request, _: &str, response: &Response) -> bool {
    !matches!(request.method, Method::GET | Method::HEAD) && !response.is_refusal()
}
