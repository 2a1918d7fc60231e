//! The text form.

use ms_messenger_core::{ErrorKind, Problem, Result};
use percent_encoding::percent_decode_str;

use super::config::{ConnectConfig, MemberConfig, RuleConfig};

/// The most bytes of a text.
pub(super) const LONGEST: usize = 64 * 1024;
/// How deep compositions may be nested.
pub(super) const DEEPEST: usize = 16;

/// Reads the text form.
///
/// # Errors
///
/// `Config` with the position and what was expected there. It repeats nothing of the text.
pub(super) fn parse(text: &str) -> Result<ConnectConfig> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let read = if text.len() > LONGEST {
        Err("must be shorter than 64 KiB")
    } else {
        parser.whole()
    };
    read.map_err(|rule| {
        let rule = format!("{rule}, {}", position(text, parser.at));
        Problem::new("config", rule).into_error(ErrorKind::Config)
    })
}

/// Where a byte is, as a person counts: from 1.
fn position(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let character = line.chars().count() + 1;
    if text.trim_end().contains('\n') {
        let lines = before.matches('\n').count() + 1;
        format!("at line {lines}, character {character}")
    } else {
        format!("at character {character}")
    }
}

/// What was expected.
type Fault = &'static str;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Result<ConnectConfig, Fault> {
        let config = self.messenger()?;
        self.skip_space();
        if self.rest().is_empty() {
            Ok(config)
        } else {
            Err("expected the end")
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Moves past `token`, if it is next.
    fn eat(&mut self, token: char) -> bool {
        let is_next = self.rest().starts_with(token);
        if is_next {
            self.at += token.len_utf8();
        }
        is_next
    }

    /// Moves past what is before the first of `ends`, and returns it.
    fn until(&mut self, ends: &[char]) -> &'a str {
        let rest = self.rest();
        let found = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += found.len();
        found
    }

    /// Moves past a name, which may be empty.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn messenger(&mut self) -> Result<ConnectConfig, Fault> {
        self.skip_space();
        let kind = self.word();
        if kind.is_empty() {
            return Err("expected the name of a platform or composition");
        }
        let mut config = ConnectConfig::new(kind);
        if self.eat('(') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("compositions are nested too deep");
            }
            config.members = self.members()?;
            self.depth -= 1;
        } else if self.eat(':') {
            config.address = self.address()?;
        } else {
            return Err("expected `:` after a platform or `(` after a composition");
        }
        if self.eat('?') {
            config.options = pairs(self.until(&[',', '(', ')']))?;
        }
        Ok(config)
    }

    fn address(&mut self) -> Result<Option<String>, Fault> {
        if !self.rest().starts_with("//") {
            return Ok(None);
        }
        self.at += 2;
        let address = value(self.until(&['?', ',', '(', ')']))?;
        if address.is_empty() {
            return Err("expected an address after `//`");
        }
        Ok(Some(address))
    }

    fn members(&mut self) -> Result<Vec<MemberConfig>, Fault> {
        let mut members = Vec::new();
        self.skip_space();
        if self.eat(')') {
            return Ok(members);
        }
        loop {
            members.push(self.member()?);
            self.skip_space();
            if self.eat(')') {
                return Ok(members);
            }
            if !self.eat(',') {
                return Err("expected `,` or `)`");
            }
        }
    }

    fn member(&mut self) -> Result<MemberConfig, Fault> {
        self.skip_space();
        let mut member = MemberConfig::default();
        let start = self.at;
        let name = self.word();
        let has_attributes = self.eat('[');
        if has_attributes {
            self.attributes(&mut member)?;
        }
        self.skip_space();
        let has_label = self.eat('=');
        if name.is_empty() && (has_label || has_attributes) {
            self.at = start;
            return Err("expected the name of the member");
        }
        if has_label {
            member.name = Some(name.to_owned());
        } else if has_attributes {
            return Err("expected `=`");
        } else {
            self.at = start;
        }
        member.messenger = self.messenger()?;
        Ok(member)
    }

    /// What is between the brackets after a name.
    fn attributes(&mut self, member: &mut MemberConfig) -> Result<(), Fault> {
        let inside = self.until(&[']']);
        for group in inside.split('|') {
            let mut rule: RuleConfig = Vec::new();
            for (name, value) in pairs(group)? {
                if name != "to" {
                    rule.push((name, value));
                } else if member.to.replace(value).is_some() {
                    return Err("`to` is given twice");
                }
            }
            if !rule.is_empty() {
                member.rules.push(rule);
            }
        }
        if self.eat(']') {
            Ok(())
        } else {
            Err("expected `]`")
        }
    }
}

/// `name=value` joined by `&`, percent-decoded.
fn pairs(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let pairs = text.split('&').map(|part| {
        let (name, text) = part.split_once('=').ok_or("expected `name=value`")?;
        let name = value(name)?;
        if name.is_empty() {
            return Err("expected a name before `=`");
        }
        Ok((name, value(text)?))
    });
    pairs.collect()
}

/// A value without the white space around it, percent-decoded.
fn value(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    if text.contains('\n') {
        return Err("expected `,`, `)` or `&` before the end of the line");
    }
    let mut encoded = text.split('%').skip(1);
    let is_hex =
        |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    if !encoded.all(is_hex) {
        return Err("expected two hexadecimal digits after `%`");
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "a percent-encoded value is not UTF-8")?;
    Ok(decoded.into_owned())
}
