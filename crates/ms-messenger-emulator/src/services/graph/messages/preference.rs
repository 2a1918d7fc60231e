//! How the caller wants messages, and the responses that say so.

use http::StatusCode;

use crate::{
    engine::outcome::Outcome,
    services::graph::{context::Context, messages::template::View},
    wire::response::Response,
};

/// The preference of a reader that knows the later members of enumerations.
pub(crate) const ALL_MEMBERS: &str = "include-unknown-enum-members";

/// How the caller wants messages.
pub(crate) fn view<'a>(context: &'a Context<'_>) -> View<'a> {
    let prefer = context.request.headers.get_all("prefer");
    let mut preferences = prefer.iter().filter_map(|value| value.to_str().ok());
    let is_all = |item: &str| item.trim().eq_ignore_ascii_case(ALL_MEMBERS);
    View {
        base: &context.base,
        knows_all_members: preferences.any(|value| value.split([',', ';']).any(is_all)),
    }
}

/// The response, which says whether the preference was honoured.
pub(crate) fn with_preference(outcome: Outcome, view: View<'_>) -> Outcome {
    if !view.knows_all_members {
        return outcome;
    }
    let response = outcome
        .response
        .with_header("preference-applied", ALL_MEMBERS);
    Outcome {
        response,
        ..outcome
    }
}

/// The empty response to a change.
pub(crate) fn no_content() -> Outcome {
    Outcome::new(Response::empty(StatusCode::NO_CONTENT), false)
}
