//! The parameters of a POST: JSON members, or the query, without regard to case.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::{
    services::ucwa::{
        data_uri,
        model::Body,
        responses::{Reply, bad_parameter, refusal},
    },
    wire::{
        request::{Query, Request},
        response::Response,
    },
};

/// What a client passes to an operation.
#[derive(Debug)]
pub(super) struct Input {
    members: Map<String, Value>,
    query: Query,
}

impl Input {
    /// The parameters of a request; an empty body has none.
    pub(super) fn read(request: &Request) -> Reply<Self> {
        if request.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self {
                members: Map::new(),
                query: request.query.clone(),
            });
        }
        if !request.is_json() {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let message = "Content-Type must be application/json.";
            return Err(refusal(status, "UnsupportedMediaType", message));
        }
        let mut input = Self::of_json(&request.body)?;
        input.query = request.query.clone();
        Ok(input)
    }

    pub(super) fn of_json(body: &[u8]) -> Reply<Self> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self {
                members,
                query: Query::default(),
            }),
            _ => {
                let message = "The request body could not be read.";
                let status = StatusCode::BAD_REQUEST;
                Err(refusal(status, "DeserializationFailure", message))
            }
        }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        let found = self
            .members
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// A text of limited length.
    pub(super) fn text(&self, name: &str, limit: usize) -> Reply<Option<String>> {
        let text = match self.member(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) => return Err(self.bad(name, "must be a string")),
            None => self.query.value(name).map(str::to_owned),
        };
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > limit)
        {
            return Err(self.bad(name, &format!("must have {limit} characters at most")));
        }
        Ok(text)
    }

    pub(super) fn required(&self, name: &str, text: Option<String>) -> Reply<String> {
        text.filter(|text| !text.trim().is_empty())
            .ok_or_else(|| self.bad(name, "is required"))
    }

    /// A list of words.
    pub(super) fn list(&self, name: &str) -> Reply<Option<Vec<String>>> {
        let Some(value) = self.member(name) else {
            return Ok(None);
        };
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let words = value
            .as_array()
            .and_then(|list| list.iter().map(word).collect::<Option<Vec<_>>>());
        match words {
            Some(words) => Ok(Some(words)),
            None => Err(self.bad(name, "must be an array of strings")),
        }
    }

    /// The first message, given as a link with a data URI.
    pub(super) fn first_message(&self) -> Reply<Option<Body>> {
        let links = self.member("_links");
        let Some(link) = links.and_then(|links| links.get("message")) else {
            return Ok(None);
        };
        let href = link.get("href").and_then(Value::as_str);
        match href.and_then(data_uri::read) {
            Some(body) => Ok(Some(body).filter(|body| !body.text.is_empty())),
            None => Err(self.bad("message", "must be a data URI of text/plain or text/html")),
        }
    }

    pub(super) fn bad(&self, name: &str, rule: &str) -> Box<Response> {
        bad_parameter(name, rule)
    }
}
