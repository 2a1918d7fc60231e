//! Which of the messages that a subscription watches are notified.

use percent_encoding::percent_decode_str;

use crate::services::graph::{
    directory::filter::Filter, error::GraphError, messages::template::Template,
};

/// The query of a resource: `$search="text"`, and
/// `$filter=mentions/any(u: u/mentioned/user/id eq '…')`. A message must fulfil both.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Narrowing {
    /// In lower case.
    search: Option<String>,
    filter: Option<Filter>,
}

impl Narrowing {
    /// Reads a query, percent-encoded or not.
    pub(crate) fn parse(query: &str) -> Result<Self, GraphError> {
        let mut narrowing = Self::default();
        for option in query.split('&') {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let name = percent_decode_str(name).decode_utf8_lossy();
            let value = percent_decode_str(value).decode_utf8_lossy();
            match &*name {
                "$search" => narrowing.search = Some(searched(&value)?),
                "$filter" => narrowing.filter = Some(filtered(&value)?),
                _ => {
                    let message = format!(
                        "Query option '{name}' is not supported for subscriptions to messages."
                    );
                    return Err(GraphError::bad_request(message));
                }
            }
        }
        Ok(narrowing)
    }

    /// Whether the message is notified. One that is deleted has neither text nor mentions.
    pub(crate) fn admits(&self, message: &Template) -> bool {
        if self.search.is_none() && self.filter.is_none() {
            return true;
        }
        let message = message.value();
        let content = message["body"]["content"].as_str().unwrap_or_default();
        let holds = |text: &String| content.to_lowercase().contains(text);
        self.search.as_ref().is_none_or(holds)
            && self.filter.as_ref().is_none_or(|it| it.admits(&message))
    }
}

fn searched(value: &str) -> Result<String, GraphError> {
    let quoted = value.trim().strip_prefix('"');
    let text = quoted.and_then(|text| text.strip_suffix('"'));
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(str::to_lowercase).ok_or_else(|| {
        GraphError::bad_request("The $search of the subscription must be a text in double quotes.")
    })
}

fn filtered(value: &str) -> Result<Filter, GraphError> {
    let filter = Filter::parse(value).filter(|it| it.is_any_of("mentions"));
    filter.ok_or_else(|| {
        let rule = "must be mentions/any(u: u/mentioned/user/id eq 'ID')";
        GraphError::bad_request(format!("The $filter of the subscription {rule}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn hostile_queries_do_not_panic(query in ".{0,80}") {
            let _ = Narrowing::parse(&query);
            let _ = Narrowing::parse(&format!("$filter=mentions/any({query})"));
            let _ = Narrowing::parse(&format!("$search=\"{query}"));
        }
    }
}
