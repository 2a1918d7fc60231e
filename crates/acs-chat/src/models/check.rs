//! What is wrong with a request, by what the service does with it.

use ms_messenger_core::{ErrorKind, Problems, Result};

use super::version::ChatApiVersion;
use crate::error::PLATFORM;

/// Collects what breaks a rule and what the version of the API does not have.
pub(crate) struct Check<'a> {
    pub(crate) version: &'a ChatApiVersion,
    pub(crate) broken: Problems,
    unsupported: Problems,
}

impl<'a> Check<'a> {
    pub(crate) fn new(version: &'a ChatApiVersion) -> Self {
        Self {
            version,
            broken: Problems::for_platform(PLATFORM),
            unsupported: Problems::for_platform(PLATFORM),
        }
    }

    /// Adds that the version does not have `field`.
    pub(crate) fn unsupported(&mut self, field: impl Into<String>) {
        let rule = format!("is not supported by version {}", self.version);
        self.unsupported.add(field, rule);
    }

    /// Returns the error of everything that was found: `Unsupported` when another version would
    /// do, else `InvalidRequest`.
    pub(crate) fn into_result(self) -> Result<()> {
        let (mut problems, kind) = if self.broken.is_empty() {
            (self.unsupported, ErrorKind::Unsupported)
        } else {
            let mut all = self.broken;
            all.append(self.unsupported);
            (all, ErrorKind::InvalidRequest)
        };
        std::mem::take(&mut problems).into_result(kind)
    }
}
