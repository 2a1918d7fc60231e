//! The shapes of Chat's error bodies.

/// The form of ACS Chat's error bodies: the specified one, or one that has been observed at the
/// service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcsChatErrorStyle {
    /// `{"error":{"code":…,"message":…}}`, as specified.
    #[default]
    Spec,
    /// `{"CommunicationError":{"Code":…,"Message":…,"Details":[]}}`, as often observed.
    Pascal,
    /// `{"communicationError":{"code":…,"message":…,"details":[]}}`, as observed for validation
    /// errors.
    Camel,
    /// No body.
    Empty,
}
