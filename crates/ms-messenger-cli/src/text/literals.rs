//! The string literals of a source file.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A string literal outside of comments, attributes, tests and the macros of `tracing`.
pub(crate) struct Literal {
    pub(crate) line: usize,
    pub(crate) value: String,
}

/// Returns the literals of a source file, in their order.
pub(crate) fn of(source: &str) -> Vec<Literal> {
    let mut literals = Vec::new();
    add(source.parse().unwrap(), &mut literals);
    literals
}

fn add(tokens: TokenStream, literals: &mut Vec<Literal>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            TokenTree::Punct(punct) if punct.as_char() == '#' => rest = after_attribute(after),
            TokenTree::Ident(name) if name == "tracing" => rest = after_macro(after),
            TokenTree::Group(group) => add(group.stream(), literals),
            TokenTree::Literal(literal) => {
                if let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) {
                    let line = literal.span().start().line;
                    let value = text.value();
                    literals.push(Literal { line, value });
                }
            }
            _ => {}
        }
    }
}

/// Skips an attribute, and an item for tests after it.
fn after_attribute(tokens: &[TokenTree]) -> &[TokenTree] {
    let inner = usize::from(is_punct(tokens.first(), '!'));
    let Some(attribute) = group(tokens.get(inner), Delimiter::Bracket) else {
        return tokens;
    };
    let rest = &tokens[inner + 1..];
    let attribute = attribute.stream().to_string().replace(' ', "");
    if attribute != "cfg(test)" && !attribute.starts_with("cfg(all(test,") {
        return rest;
    }
    let ends =
        |it: &TokenTree| is_punct(Some(it), ';') || group(Some(it), Delimiter::Brace).is_some();
    let end = rest.iter().position(ends);
    end.map_or(&[], |end| &rest[end + 1..])
}

/// Skips the call of a macro after the name of its crate.
fn after_macro(tokens: &[TokenTree]) -> &[TokenTree] {
    match tokens {
        [a, b, _, mark, TokenTree::Group(_), rest @ ..]
            if is_punct(Some(a), ':') && is_punct(Some(b), ':') && is_punct(Some(mark), '!') =>
        {
            rest
        }
        _ => tokens,
    }
}

fn is_punct(token: Option<&TokenTree>, is: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == is)
}

fn group(token: Option<&TokenTree>, is: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == is => Some(group),
        _ => None,
    }
}
