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
        let before = text.get(..parser.at).unwrap_or_default();
        let rule = format!("{rule}, at character {}", before.chars().count() + 1);
        Problem::new("config", rule).into_error(ErrorKind::Config)
    })
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
            config.options = pairs(self.until(&[',', '(', ')']).trim_end())?;
        }
        Ok(config)
    }

    fn address(&mut self) -> Result<Option<String>, Fault> {
        if !self.rest().starts_with("//") {
            return Ok(None);
        }
        self.at += 2;
        let address = decoded(self.until(&['?', ',', '(', ')']).trim_end())?;
        Ok(Some(address).filter(|it| !it.is_empty()))
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
        if self.eat('=') {
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
    let parts = text.split('&').filter(|part| !part.trim().is_empty());
    let pairs = parts.map(|part| {
        let (name, value) = part.split_once('=').ok_or("expected `name=value`")?;
        Ok((decoded(name.trim())?, decoded(value.trim())?))
    });
    pairs.collect()
}

fn decoded(text: &str) -> Result<String, Fault> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "a percent-encoded value is not UTF-8")?;
    Ok(decoded.into_owned())
}
