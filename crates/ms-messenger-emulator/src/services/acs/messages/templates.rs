//! The templates of all channels.

use serde_json::{Value, json};

/// Name, language, status and text of the well-known templates that have a body only.
const TEMPLATES: [[&str; 4]; 9] = [
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
    // The samples of Microsoft's packages send this one and the two that begin with `sample_`.
    [
        "gathering_invitation",
        "ca",
        "approved",
        "Estàs convidat a la trobada.",
    ],
    ["hello_world", "en_US", "approved", "Hello, world."],
    ["reminder", "en_US", "approved", "Do not forget, {{1}}."],
    [
        "sample_shipping_confirmation",
        "en_US",
        "approved",
        "Your package has been shipped. It will be delivered in {{1}} business days.",
    ],
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
    /// Its components, as Meta describes them.
    pub(crate) content: Value,
}

/// The components of a template that has a body only.
pub(crate) fn body(text: &str) -> Value {
    json!([{"type": "BODY", "text": text}])
}

/// A template with every kind of component.
fn order_shipped() -> Known {
    Known {
        name: "order_shipped".to_owned(),
        language: "en_US".to_owned(),
        status: "approved".to_owned(),
        content: json!([
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is on its way."},
            {"type": "FOOTER", "text": "Contoso"},
            {"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Stop these messages"},
                {"type": "URL", "text": "Track", "url": "https://contoso.test/orders/{{1}}"},
            ]},
        ]),
    }
}

fn sample_issue_resolution() -> Known {
    Known {
        name: "sample_issue_resolution".to_owned(),
        language: "en_US".to_owned(),
        status: "approved".to_owned(),
        content: json!([
            {"type": "BODY", "text": "Hi {{1}}, were we able to solve the issue that you were facing?"},
            {"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Yes"},
                {"type": "QUICK_REPLY", "text": "No"},
            ]},
        ]),
    }
}

/// The well-known templates.
pub(crate) fn seeded() -> Vec<Known> {
    let known = |[name, language, status, text]: [&str; 4]| Known {
        name: name.to_owned(),
        language: language.to_owned(),
        status: status.to_owned(),
        content: body(text),
    };
    let mut all: Vec<Known> = TEMPLATES.map(known).into();
    all.extend([order_shipped(), sample_issue_resolution()]);
    all
}
