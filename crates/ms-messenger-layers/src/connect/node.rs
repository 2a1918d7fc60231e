//! A table as it stands: in its order, and with what is given twice.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// The only member of a number, if a crate in the program asks for numbers of any length from
/// `serde_json`.
const LONG_NUMBER: &str = "$serde_json::private::Number";

/// A value of a table.
#[derive(Debug)]
pub(super) enum Node {
    /// A text, or a number or a truth as the text of an option.
    Scalar {
        text: String,
        is_text: bool,
    },
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
    /// What no configuration has, such as `null`.
    Other,
}

impl Node {
    fn of(value: impl ToString) -> Self {
        Self::Scalar {
            text: value.to_string(),
            is_text: false,
        }
    }

    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Scalar {
                text,
                is_text: true,
            } => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a table")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::of(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::of(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::of(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::of(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Scalar {
            text: text.to_owned(),
            is_text: true,
        })
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Node, D::Error> {
        Node::deserialize(input)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(member) = table.next_entry()? {
            members.push(member);
        }
        Ok(match members.as_slice() {
            [(name, Node::Scalar { text, .. })] if name == LONG_NUMBER => Node::of(text),
            _ => Node::Table(members),
        })
    }
}
