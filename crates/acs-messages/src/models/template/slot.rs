//! The places of a template that values fill.

/// A place of a template that a value can fill.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Header,
    Body,
    Footer,
    QuickReply,
    Url,
    UnknownButton,
}

impl Slot {
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Header => "a header takes a text, image, document, video or location",
            Self::Body => "a body takes a text",
            Self::Footer => "a footer takes a text",
            Self::QuickReply => "a quickReply button takes a quickAction with a payload",
            Self::Url => "a url button takes a quickAction with a text",
            Self::UnknownButton => "a button of an unknown kind takes any value",
        }
    }
}
