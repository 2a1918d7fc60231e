//! What users and contacts publish of themselves.

/// What a user has published, or what `inject` published for a contact.
#[derive(Clone, Debug, Default)]
pub(super) struct Published {
    pub(super) availability: Option<&'static str>,
    pub(super) activity: Option<String>,
    pub(super) note: Option<String>,
}
