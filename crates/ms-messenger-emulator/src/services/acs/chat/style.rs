//! The shapes of Chat's error bodies.

/// The shape of ACS Chat's error bodies: the specification's, or one that the service was seen to
/// write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcsChatErrorStyle {
    /// `{"error":{"code":…,"message":…}}`, as specified.
    #[default]
    Spec,
    /// `{"CommunicationError":{"Code":…,"Message":…,"Details":[]}}`, as often seen.
    Pascal,
    /// `{"communicationError":{"code":…,"message":…,"details":[]}}`, as seen for validation errors.
    Camel,
    /// No body at all.
    Empty,
}
