//! The templates of all channels.

/// Name, language, status and text of the body of the well-known templates.
pub(crate) const TEMPLATES: [[&str; 4]; 7] = [
    [
        "appointment_reminder",
        "en_US",
        "approved",
        "Your appointment is on {{1}} at {{2}}.",
    ],
    [
        "appointment_reminder",
        "de",
        "approved",
        "Ihr Termin ist am {{1}} um {{2}} Uhr.",
    ],
    ["conformance", "en", "approved", "{{1}}"],
    [
        "delivery_update",
        "en_US",
        "approved",
        "Your parcel {{1}} is on its way.",
    ],
    ["hello_world", "en_US", "approved", "Hello, world."],
    ["reminder", "en_US", "approved", "Do not forget, {{1}}."],
    [
        "seasonal_offer",
        "en_US",
        "paused",
        "This week only: {{1}} percent off.",
    ],
];

/// What a template may be, as the service says it.
pub(crate) const STATUSES: [&str; 4] = ["approved", "rejected", "pending", "paused"];

/// A template of all channels.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) status: String,
    pub(crate) text: String,
}

/// The well-known templates.
pub(crate) fn seeded() -> Vec<Known> {
    let known = |template: [&str; 4]| {
        let [name, language, status, text] = template.map(str::to_owned);
        Known {
            name,
            language,
            status,
            text,
        }
    };
    TEMPLATES.map(known).into()
}
