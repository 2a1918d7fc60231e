//! `$filter` over JSON: comparisons, `contains`, `startswith`, `endswith`, `any`, `and`, `or`, `not`.

use std::cmp::Ordering;

use serde_json::Value;

use crate::wire::clock;

/// A deeper expression is refused.
const MAX_DEPTH: usize = 20;

/// A parsed filter.
#[derive(Debug, PartialEq)]
pub(crate) struct Filter(Term);

/// What directories do not support without `ConsistencyLevel: eventual`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advanced {
    NotEquals,
    Not,
    EndsWith,
    /// What they do not support at all.
    Contains,
}

#[derive(Debug, PartialEq)]
enum Term {
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Path, String, Value),
    Contains(Path, String),
    StartsWith(Path, String),
    EndsWith(Path, String),
    Any(Path, String, Box<Self>),
}

type Path = Vec<String>;

impl Filter {
    /// The filter, or `None` when it is beyond what is understood here.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser {
            tokens: tokens(text)?.into_iter().peekable(),
            depth: 0,
        };
        let term = parser.or()?;
        parser.tokens.next().is_none().then_some(Self(term))
    }

    /// Whether it asks for any entry of the list `path`, and nothing else.
    pub(crate) fn is_any_of(&self, path: &str) -> bool {
        matches!(&self.0, Term::Any(list, _, _) if list.join("/") == path)
    }

    /// The first operator that directories support in their advanced queries only, if there is one.
    pub(crate) fn advanced(&self) -> Option<Advanced> {
        self.0.advanced()
    }

    pub(crate) fn admits(&self, entity: &Value) -> bool {
        self.0.holds(entity, None)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '\'' => {
                let (literal, tail) = quoted(&rest[1..])?;
                found.push(Token::Text(literal));
                rest = tail;
            }
            '(' | ')' | ',' | ':' => {
                found.push(Token::Sign(first));
                rest = &rest[1..];
            }
            _ => {
                // A time has colons, the variable of `any` is followed by one.
                let is_number = first.is_ascii_digit();
                let ends = |c: char| {
                    c.is_whitespace()
                        || matches!(c, '(' | ')' | ',' | '\'')
                        || (c == ':' && !is_number)
                };
                let end = rest.find(ends).unwrap_or(rest.len());
                found.push(Token::Word(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
        rest = rest.trim_start();
    }
    Some(found)
}

/// A literal up to its closing quote, and what follows; a doubled quote is one of the text.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut literal = String::new();
    let mut rest = text;
    loop {
        let (part, tail) = rest.split_once('\'')?;
        literal.push_str(part);
        match tail.strip_prefix('\'') {
            None => return Some((literal, tail)),
            Some(tail) => {
                literal.push('\'');
                rest = tail;
            }
        }
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn or(&mut self) -> Option<Term> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut term = self.and()?;
        while self.takes_word("or") {
            term = Term::Or(term.into(), self.and()?.into());
        }
        self.depth -= 1;
        Some(term)
    }

    fn and(&mut self) -> Option<Term> {
        let mut term = self.one()?;
        while self.takes_word("and") {
            term = Term::And(term.into(), self.one()?.into());
        }
        Some(term)
    }

    fn one(&mut self) -> Option<Term> {
        let is_negated = self.takes_word("not");
        let term = if self.takes(&Token::Sign('(')) {
            let term = self.or()?;
            self.takes(&Token::Sign(')')).then_some(term)?
        } else {
            self.predicate()?
        };
        Some(if is_negated {
            Term::Not(term.into())
        } else {
            term
        })
    }

    fn predicate(&mut self) -> Option<Term> {
        let word = self.word()?;
        if !self.takes(&Token::Sign('(')) {
            let operator = self.word()?;
            let is_known = ["eq", "ne", "gt", "ge", "lt", "le"].contains(&operator.as_str());
            let literal = self.literal()?;
            return is_known.then(|| Term::Compare(path(&word), operator, literal));
        }
        let term = match (word.as_str(), word.strip_suffix("/any")) {
            (_, Some(list)) => {
                let variable = self.word()?;
                self.takes(&Token::Sign(':')).then_some(())?;
                Term::Any(path(list), variable, self.or()?.into())
            }
            ("contains" | "startswith" | "endswith", None) => {
                let path = path(&self.word()?);
                self.takes(&Token::Sign(',')).then_some(())?;
                let Value::String(text) = self.literal()? else {
                    return None;
                };
                match word.as_str() {
                    "contains" => Term::Contains(path, text),
                    "startswith" => Term::StartsWith(path, text),
                    _ => Term::EndsWith(path, text),
                }
            }
            _ => return None,
        };
        self.takes(&Token::Sign(')')).then_some(term)
    }

    fn literal(&mut self) -> Option<Value> {
        match self.tokens.next()? {
            Token::Text(text) => Some(Value::String(text)),
            // Numbers, `true`, `null`, or a time, which has no quotes.
            Token::Word(word) => serde_json::from_str(&word)
                .ok()
                .or(Some(Value::String(word))),
            Token::Sign(_) => None,
        }
    }

    fn word(&mut self) -> Option<String> {
        match self.tokens.next()? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn takes(&mut self, token: &Token) -> bool {
        self.tokens.next_if(|next| next == token).is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = |next: &Token| matches!(next, Token::Word(w) if w.eq_ignore_ascii_case(word));
        self.tokens.next_if(is_it).is_some()
    }
}

/// The members of a path; casts to a type (`microsoft.graph.…`) change nothing here.
fn path(word: &str) -> Path {
    let names = word.split('/').filter(|name| !name.contains('.'));
    names.map(str::to_owned).collect()
}

type Bound<'a> = Option<(&'a str, &'a Value)>;

impl Term {
    fn advanced(&self) -> Option<Advanced> {
        match self {
            Self::Or(one, other) | Self::And(one, other) => {
                one.advanced().or_else(|| other.advanced())
            }
            Self::Not(_) => Some(Advanced::Not),
            Self::Compare(_, operator, _) => (operator == "ne").then_some(Advanced::NotEquals),
            Self::EndsWith(..) => Some(Advanced::EndsWith),
            Self::Contains(..) => Some(Advanced::Contains),
            Self::StartsWith(..) => None,
            Self::Any(_, _, term) => term.advanced(),
        }
    }

    fn holds(&self, entity: &Value, bound: Bound<'_>) -> bool {
        let at = |path: &Path| resolve(path, entity, bound);
        match self {
            Self::Or(one, other) => one.holds(entity, bound) || other.holds(entity, bound),
            Self::And(one, other) => one.holds(entity, bound) && other.holds(entity, bound),
            Self::Not(term) => !term.holds(entity, bound),
            Self::Compare(path, operator, literal) => compare(at(path), operator, literal),
            Self::Contains(path, text) => lower(at(path)).contains(&text.to_lowercase()),
            Self::StartsWith(path, text) => lower(at(path)).starts_with(&text.to_lowercase()),
            Self::EndsWith(path, text) => lower(at(path)).ends_with(&text.to_lowercase()),
            Self::Any(path, variable, term) => {
                let items = at(path).and_then(Value::as_array);
                items.is_some_and(|items| {
                    items
                        .iter()
                        .any(|item| term.holds(entity, Some((variable, item))))
                })
            }
        }
    }
}

fn lower(value: Option<&Value>) -> String {
    value
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_lowercase()
}

fn resolve<'a>(path: &Path, entity: &'a Value, bound: Bound<'a>) -> Option<&'a Value> {
    let (mut at, names) = match (path.split_first(), bound) {
        (Some((first, rest)), Some((variable, item))) if first == variable => (item, rest),
        _ => (entity, path.as_slice()),
    };
    for name in names {
        let members = at.as_object()?;
        at = members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)?;
    }
    Some(at)
}

fn compare(value: Option<&Value>, operator: &str, literal: &Value) -> bool {
    let value = value.unwrap_or(&Value::Null);
    let order = match (value, literal) {
        (Value::String(one), Value::String(other)) => {
            let times = clock::parse_rfc3339(one).zip(clock::parse_rfc3339(other));
            Some(times.map_or_else(|| one.cmp(other), |(one, other)| one.cmp(&other)))
        }
        (Value::Number(one), Value::Number(other)) => one
            .as_f64()
            .zip(other.as_f64())
            .and_then(|(one, other)| one.partial_cmp(&other)),
        (one, other) => (one == other).then_some(Ordering::Equal),
    };
    match operator {
        "eq" => order == Some(Ordering::Equal),
        "ne" => order != Some(Ordering::Equal),
        "gt" => order == Some(Ordering::Greater),
        "ge" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        "lt" => order == Some(Ordering::Less),
        _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn admits(filter: &str) -> Option<bool> {
        let entity = json!({
            "topic": "It's lunch", "chatType": "group", "n": 3,
            "last": {"createdDateTime": "2025-06-01T10:00:00Z"}, "nothing": null,
            "members": [{"displayName": "Alice"}, {"displayName": "Bob"}],
        });
        Filter::parse(filter).map(|filter| filter.admits(&entity))
    }

    #[test]
    fn filters_are_evaluated_as_written() {
        for (filter, holds) in [
            ("topic eq 'It''s lunch'", true),
            ("chatType eq 'oneOnOne' or n gt 2", true),
            ("chatType eq 'group' and n gt 3", false),
            ("not (n le 3)", false),
            ("members/any(o: o/displayname eq 'Bob')", true),
            ("members/any(o:o/displayname eq 'Eve')", false),
            ("members/any(o:o/displayname eq 'Bob') and n eq 3", true),
            ("last/createdDateTime ge 2025-06-01T12:00:00+02:00", true),
            ("last/createdDateTime lt 2025-06-01T10:00:00.000Z", false),
            ("nothing eq null", true),
            ("absent ne null", false),
            ("startswith(topic,'it')", true),
            ("endswith(topic,'LUNCH')", true),
            ("endswith(topic,'it')", false),
            (
                "(microsoft.graph.x/topic eq 'x' or contains(topic, 'LUNCH'))",
                true,
            ),
        ] {
            assert_eq!(admits(filter), Some(holds), "{filter}");
        }
    }

    #[test]
    fn unsupported_filters_are_rejected() {
        let deep = format!("{}n eq 3{}", "(".repeat(50), ")".repeat(50));
        for filter in [
            "",
            "topic",
            "topic is 'x'",
            "topic eq",
            "topic eq 'x",
            "n eq 3)",
            &deep,
        ] {
            assert_eq!(admits(filter), None, "{filter}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_filters_do_not_panic(text in "[ntopic'(),: eqorandé/]{0,60}|.{0,60}") {
            let _ = admits(&text);
        }
    }
}
