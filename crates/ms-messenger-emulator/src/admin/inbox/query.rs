//! The parameters of the inbox's requests.

use crate::{
    engine::{
        admin_response::{bad_request, repeated},
        platform::Platform,
        registry::Registry,
    },
    wire::{request::Request, response::Response},
};

/// The longest value of a text parameter, in bytes.
const LONGEST: usize = 1000;

/// Reads parameters and collects what is wrong with them.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    request: &'a Request,
    problems: Vec<String>,
}

impl<'a> Parameters<'a> {
    /// The parameters of a request that takes those that are `known`.
    pub(super) fn new(request: &'a Request, known: &[&str]) -> Self {
        let unknown = request.query.names().filter(|name| !known.contains(name));
        let problems = unknown.take(10).map(|name| {
            let name: String = name.chars().take(40).collect();
            format!("{name}: is unknown here; known: {}", known.join(", "))
        });
        let mut problems: Vec<String> = problems.collect();
        problems.extend(repeated(request));
        Self { problems, request }
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.request
            .query
            .value(name)
            .filter(|value| !value.is_empty())
    }

    /// A text; an empty one counts as none.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        if value.len() > LONGEST {
            let rule = format!("{name}: must have {LONGEST} bytes at most");
            self.problems.push(rule);
        }
        Some(value)
    }

    /// A text that is required.
    pub(super) fn required(&mut self, name: &str) -> &'a str {
        let value = self.text(name);
        if value.is_none() {
            self.problems.push(format!("{name}: is required"));
        }
        value.unwrap_or_default()
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let number = value.parse().ok();
        if number.is_none() {
            self.problems
                .push(format!("{name}: must be a whole number from 0"));
        }
        number
    }

    /// How many items a page has, at least 1.
    pub(super) fn limit(&mut self, default: usize, most: usize) -> usize {
        let number = self.number("limit");
        let limit = number.map_or(Some(default), |number| usize::try_from(number).ok());
        match limit.filter(|limit| (1..=most).contains(limit)) {
            Some(limit) => limit,
            None => {
                self.problems
                    .push(format!("limit: must be a whole number from 1 to {most}"));
                default
            }
        }
    }

    /// One of these words.
    pub(super) fn word(&mut self, name: &str, known: &[&'static str]) -> Option<&'static str> {
        let value = self.value(name)?;
        let found = known.iter().find(|word| **word == value).copied();
        if found.is_none() {
            let known = known.join(", ");
            self.problems
                .push(format!("{name}: must be one of {known}"));
        }
        found
    }

    /// The parameter `platform`.
    pub(super) fn platform(&mut self, registry: &Registry) -> Option<Platform> {
        let name = self.value("platform")?;
        let found = registry.catalog().platform(name);
        if found.is_none() {
            let known = registry.catalog().names();
            self.problems
                .push(format!("platform: must be one of {known}"));
        }
        found
    }

    /// Adds a problem.
    pub(super) fn problem(&mut self, problem: &str) {
        self.problems.push(problem.to_owned());
    }

    /// The response that names everything that is wrong, if anything is.
    pub(super) fn refusal(&self) -> Option<Response> {
        (!self.problems.is_empty()).then(|| bad_request("InvalidQuery", &self.problems))
    }
}
