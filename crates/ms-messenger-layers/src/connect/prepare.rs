//! A configuration that was checked, and what remains to be done for it.

use std::{collections::HashSet, sync::Arc};

use ms_messenger_core::{Error, ErrorKind, Problems, Target};

use super::{
    compositions::{Kind, Layer, layer, make},
    config::{ConnectConfig, MemberConfig, RuleConfig},
    options::{Options, ReadVariable, shown},
    resolve::{Place, at, resolve},
    scheme::{Pending, Scheme},
    suggest::hint,
    table::CONDITIONS,
};
use crate::{
    member::{Member, broken_name},
    rule::Rule,
    target_kind::TargetKind,
};

/// The longest name of a member that an error repeats.
const LONGEST_SHOWN: usize = 40;

/// A messenger that remains to be connected.
pub(super) enum Prepared {
    Platform(Pending),
    Composition {
        path: String,
        layer: Layer,
        members: Vec<PreparedMember>,
    },
}

pub(super) struct PreparedMember {
    name: String,
    to: Option<Target>,
    rules: Vec<Rule>,
    messenger: Prepared,
}

/// What can be connected.
pub(super) struct Known<'a> {
    pub(super) schemes: &'a [Scheme],
    /// Schemes that are not built in, and the features that add them.
    pub(super) missing: &'a [(&'static str, &'static str)],
    pub(super) read: &'a ReadVariable,
}

impl Known<'_> {
    /// Checks a configuration and everything inside; `None` if something is wrong, which is added.
    pub(super) fn prepare(
        &self,
        config: &ConnectConfig,
        path: &str,
        problems: &mut Problems,
    ) -> Option<Prepared> {
        let mut place = Place { path, problems };
        if let Some(kind) = Kind::named(&config.kind) {
            return self.composition(kind, config, &mut place);
        }
        if let Some(scheme) = self.schemes.iter().find(|it| it.name == config.kind) {
            return self.platform(scheme, config, &mut place);
        }
        let is_named = |(name, _): &&(&str, &str)| *name == config.kind;
        let rule = match self.missing.iter().find(is_named) {
            Some((name, feature)) => format!("{name} needs the feature `{feature}`"),
            None => {
                let kinds = Kind::ALL.iter().map(|kind| kind.name());
                let schemes = self.schemes.iter().map(|scheme| scheme.name);
                let missing = self.missing.iter().map(|(name, _)| *name);
                let known = kinds.chain(schemes).chain(missing);
                format!(
                    "is not a platform or composition{}",
                    hint(&config.kind, known)
                )
            }
        };
        place.add("type", rule);
        None
    }

    fn platform(
        &self,
        scheme: &Scheme,
        config: &ConnectConfig,
        place: &mut Place<'_>,
    ) -> Option<Prepared> {
        if !config.members.is_empty() {
            place.add("members", format!("{} has no members", scheme.name));
        }
        if config.address.is_some() && !scheme.has_address {
            place.add("address", format!("{} has no address", scheme.name));
        }
        let options = Options {
            address: config.address.clone(),
            is_given: !config.options.is_empty(),
            values: resolve(&config.options, scheme.options, self.read, place),
            read: Arc::clone(self.read),
        };
        match (scheme.prepare)(&options) {
            Ok(pending) => Some(Prepared::Platform(pending)),
            Err(error) if error.problems().is_empty() => {
                place.add("type", error.message().to_owned());
                None
            }
            Err(error) => {
                for problem in error.problems() {
                    // What is given but cannot be read is named already.
                    let is_of = |(name, _): &(String, String)| {
                        let rest = name.strip_prefix(problem.field.as_str());
                        rest.is_some_and(|rest| matches!(rest, "" | "_env" | "_file"))
                    };
                    let is_unread = options.get(&problem.field).is_none();
                    if !(is_unread && config.options.iter().any(is_of)) {
                        place.add(&problem.field, problem.rule.clone());
                    }
                }
                None
            }
        }
    }

    fn composition(
        &self,
        kind: Kind,
        config: &ConnectConfig,
        place: &mut Place<'_>,
    ) -> Option<Prepared> {
        if config.address.is_some() {
            place.add("address", format!("{} has no address", kind.name()));
        }
        let values = resolve(&config.options, kind.options(), self.read, place);
        let layer = layer(kind, &values, place);
        let count = config.members.len();
        if kind.is_wrapper() && count != 1 {
            place.add(
                "messenger",
                format!("{} is over one messenger", kind.name()),
            );
        }
        if count == 0 && !kind.is_wrapper() {
            place.add("members", "must not be empty");
        }
        let mut members = Vec::with_capacity(count);
        let mut names = HashSet::new();
        for (index, member) in config.members.iter().enumerate() {
            let within = if kind.is_wrapper() {
                "messenger".to_owned()
            } else {
                self.shown_member(member, index)
            };
            let name = name_of(member);
            if !kind.is_wrapper() && !names.insert(name) {
                let rule = "is the name of two members: give one another name";
                place.add(&at(&within, "name"), rule);
            }
            members.push(self.member(kind, member, &within, place));
        }
        let members: Option<Vec<PreparedMember>> = members.into_iter().collect();
        Some(Prepared::Composition {
            path: place.path.to_owned(),
            layer: layer?,
            members: members?,
        })
    }

    /// A member in a path: by its name, unless that is missing or unusable, or may be a secret.
    fn shown_member(&self, member: &MemberConfig, index: usize) -> String {
        let kind = member.messenger.kind.as_str();
        let is_known = Kind::named(kind).is_some()
            || self.schemes.iter().any(|scheme| scheme.name == kind)
            || self.missing.iter().any(|(name, _)| *name == kind);
        let is_sound = |name: &str| broken_name(name).is_none() && name.len() <= LONGEST_SHOWN;
        match &member.name {
            Some(name) if is_sound(name) => name.clone(),
            None if is_known => kind.to_owned(),
            _ => format!("members[{index}]"),
        }
    }

    fn member(
        &self,
        kind: Kind,
        config: &MemberConfig,
        within: &str,
        place: &mut Place<'_>,
    ) -> Option<PreparedMember> {
        let path = at(place.path, within);
        let mut own = Place {
            path: &path,
            problems: &mut *place.problems,
        };
        if kind.is_wrapper() && (config.name.is_some() || config.to.is_some()) {
            own.add(
                "name",
                format!("the messenger of {} has no name and no target", kind.name()),
            );
        } else if let Some(rule) = config.name.as_deref().and_then(broken_name) {
            own.add("name", rule);
        }
        if kind != Kind::Router && !config.rules.is_empty() {
            own.add(
                "rules",
                format!("{} has no rules: a router has", kind.name()),
            );
        }
        let rules: Vec<Option<Rule>> = config
            .rules
            .iter()
            .map(|config| rule(config, &mut own))
            .collect();
        let rules: Option<Vec<Rule>> = rules.into_iter().collect();
        let to = config.to.as_ref().map(|to| to.parse::<Target>());
        if let Some(Err(_)) = &to {
            own.add(
                "to",
                "must be a target, e.g. conversation:ID or tel:+14255550123",
            );
        }
        let messenger = self.prepare(&config.messenger, &path, place.problems);
        Some(PreparedMember {
            name: name_of(config).to_owned(),
            to: to.transpose().ok()?,
            rules: rules?,
            messenger: messenger?,
        })
    }
}

/// The name of a member. One that is not given must be as stable as one that is.
fn name_of(member: &MemberConfig) -> &str {
    member.name.as_ref().unwrap_or(&member.messenger.kind)
}

fn rule(config: &RuleConfig, place: &mut Place<'_>) -> Option<Rule> {
    let mut rule = Some(Rule::any());
    let mut names = Vec::new();
    for (name, value) in config {
        if names.contains(name) {
            place.add(&shown(name), "is given twice in one rule");
        }
        names.push(name.clone());
        rule = match name.as_str() {
            "kind" => match value.parse::<TargetKind>() {
                Ok(kind) => rule.map(|rule| rule.with_kind(kind)),
                Err(error) => {
                    place.add("kind", error.to_string());
                    None
                }
            },
            "target" => {
                let pattern = Rule::target(value.as_str());
                if let Some(broken) = pattern.broken_pattern() {
                    place.add("target", broken);
                }
                rule.map(|rule| rule.with_target(value.as_str()))
            }
            "platform" => rule.map(|rule| rule.with_platform(value.as_str())),
            _ => {
                let known = CONDITIONS.into_iter().chain(["to"]);
                place.add(
                    &shown(name),
                    format!("is unknown here{}", hint(name, known)),
                );
                None
            }
        };
    }
    rule
}

/// Does what remains to be done, in the order of the members.
///
/// # Errors
///
/// That of the first platform that cannot be connected; `Config` for members that do not fit
/// together, such as two of one name.
pub(super) fn connect(prepared: Prepared) -> Pending {
    Box::pin(async move {
        let (path, layer, prepared) = match prepared {
            Prepared::Platform(pending) => return pending.await,
            Prepared::Composition {
                path,
                layer,
                members,
            } => (path, layer, members),
        };
        let mut members = Vec::with_capacity(prepared.len());
        for each in prepared {
            let messenger = connect(each.messenger).await?;
            let mut member = Member::new(each.name, messenger);
            if let Some(to) = each.to {
                member = member.with_target(to);
            }
            members.push((member, each.rules));
        }
        make(layer, members).map_err(|error| placed(&error, &path))
    })
}

/// The same problems, below `path`.
fn placed(error: &Error, path: &str) -> Error {
    let mut problems = Problems::new();
    for problem in error.problems() {
        let field = problem.field.strip_prefix("members.");
        let field = field.unwrap_or(&problem.field);
        problems.add(at(path, field), &problem.rule);
    }
    let placed = problems.into_error(ErrorKind::Config);
    placed.unwrap_or_else(|| Error::new(ErrorKind::Config, error.message().to_owned()))
}
