//! Which requests a route takes.

use ms_messenger_core::{Body, Capabilities, Capability, SendRequest};
use wildmatch::WildMatch;

use crate::{member::TARGETS, target_kind::TargetKind};

/// The most characters of a pattern.
const LONGEST_PATTERN: usize = 500;

/// Which requests a route takes: those that meet every condition of the rule. A rule without
/// conditions takes all.
///
/// A pattern is compared with the [text form](ms_messenger_core::Target#text-form) of the target:
/// `*` stands for any characters, `?` for one; upper and lower case differ.
///
/// ```
/// use ms_messenger_core::{SendRequest, Target};
/// use ms_messenger_layers::{Rule, TargetKind};
///
/// let rule = Rule::target("conversation:19:*@thread.v2");
/// assert!(rule.matches(&SendRequest::new(Target::conversation("19:a@thread.v2"), "hi")));
/// assert!(!Rule::kind(TargetKind::Phone).matches(&SendRequest::new(Target::user("u"), "hi")));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a rule does nothing until it is one of a route"]
pub struct Rule {
    kind: Option<TargetKind>,
    target: Option<(String, WildMatch)>,
    platform: Option<String>,
}

impl Rule {
    /// Creates a rule that takes every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Creates a rule for targets of this kind.
    pub fn kind(kind: TargetKind) -> Self {
        Self::any().with_kind(kind)
    }

    /// Creates a rule for targets whose text form matches `pattern`.
    pub fn target(pattern: impl Into<String>) -> Self {
        Self::any().with_target(pattern)
    }

    /// Creates a rule for native bodies of this platform, e.g. `msgraph-chat`.
    pub fn platform(name: impl Into<String>) -> Self {
        Self::any().with_platform(name)
    }

    /// Adds the condition that the target is of this kind.
    pub fn with_kind(mut self, kind: TargetKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Adds the condition that the text form of the target matches `pattern`.
    pub fn with_target(mut self, pattern: impl Into<String>) -> Self {
        let pattern = pattern.into();
        let matcher = WildMatch::new(&pattern);
        self.target = Some((pattern, matcher));
        self
    }

    /// Adds the condition that the body is a native one of this platform.
    pub fn with_platform(mut self, name: impl Into<String>) -> Self {
        self.platform = Some(name.into());
        self
    }

    /// Returns whether `request` meets every condition.
    #[must_use]
    pub fn matches(&self, request: &SendRequest) -> bool {
        let kind = || TargetKind::of(&request.to);
        let text = || request.to.to_string();
        let is_of = |platform: &String| match &request.message.body {
            Body::Native { platform: of, .. } => of == platform,
            _ => false,
        };
        self.kind.is_none_or(|it| kind() == Some(it))
            && self.platform.as_ref().is_none_or(is_of)
            && self
                .target
                .as_ref()
                .is_none_or(|(_, it)| it.matches(&text()))
    }

    /// Of `all`, what a request that meets the conditions can ask for.
    pub(crate) fn limit(&self, all: Capabilities) -> Capabilities {
        let kinds: Vec<TargetKind> = match self.kind.or_else(|| self.kind_of_pattern()) {
            Some(kind) => vec![kind],
            None => TargetKind::ALL.to_vec(),
        };
        let mut limited = all;
        let taken: Vec<Capability> = kinds
            .iter()
            .flat_map(|kind| kind.capabilities())
            .copied()
            .collect();
        let not_taken = TARGETS.into_iter().filter(|it| !taken.contains(it));
        limited = not_taken.fold(limited, Capabilities::without);
        if !kinds.contains(&TargetKind::Channel) {
            limited = limited
                .without(Capability::SubjectInChannel)
                .without(Capability::ReplyInChannel);
        }
        if kinds == [TargetKind::Channel] {
            limited = limited
                .without(Capability::SubjectInConversation)
                .without(Capability::ReplyInConversation);
        }
        if self.platform.is_some() {
            limited = BODIES.into_iter().fold(limited, Capabilities::without);
        }
        limited
    }

    /// The only kind of targets that the pattern can match.
    fn kind_of_pattern(&self) -> Option<TargetKind> {
        let (pattern, _) = self.target.as_ref()?;
        let (scheme, _) = pattern.split_once(':')?;
        scheme.parse().ok()
    }

    /// The rule that its pattern breaks; `None` if it breaks none.
    pub(crate) fn broken_pattern(&self) -> Option<String> {
        let (pattern, _) = self.target.as_ref()?;
        let is_sound = !pattern.is_empty() && pattern.chars().count() <= LONGEST_PATTERN;
        (!is_sound).then(|| format!("must have 1 to {LONGEST_PATTERN} characters"))
    }
}

/// Every body but a native one.
const BODIES: [Capability; 8] = [
    Capability::Text,
    Capability::Html,
    Capability::HtmlAsText,
    Capability::MediaImage,
    Capability::MediaDocument,
    Capability::MediaVideo,
    Capability::MediaAudio,
    Capability::Template,
];

#[cfg(test)]
mod tests {
    use ms_messenger_core::{Message, Target};

    use super::*;

    fn to(target: &str) -> SendRequest {
        SendRequest::new(target.parse::<Target>().unwrap(), "x")
    }

    #[test]
    fn every_condition_must_be_met() {
        let rule = Rule::kind(TargetKind::Channel).with_target("*/19:a*");
        assert!(rule.matches(&to("channel:t/19:abc")));
        assert!(!rule.matches(&to("channel:t/19:b")));
        assert!(!rule.matches(&to("conversation:x/19:abc")));
        let native = Message::native("acs-chat", serde_json::json!({}));
        let native = SendRequest::new(Target::conversation("1"), native);
        assert!(Rule::platform("acs-chat").matches(&native));
        assert!(!Rule::platform("ucwa").matches(&native));
        assert!(!Rule::platform("acs-chat").matches(&to("conversation:1")));
        assert!(Rule::any().matches(&native));
    }

    #[test]
    fn a_pattern_names_the_kinds_that_it_can_match() {
        let all: Capabilities = Capability::ALL.iter().copied().collect();
        let phones = Rule::target("tel:+46*").limit(all);
        assert!(phones.supports(Capability::ToPhone) && phones.supports(Capability::Html));
        assert!(!phones.supports(Capability::ToUser));
        assert!(!phones.supports(Capability::SubjectInChannel));
        for open in ["*", "te*", "?el:1", "telephone:*"] {
            let limited = Rule::target(open).limit(all);
            assert_eq!(limited, all, "{open}");
        }
        let channels = Rule::kind(TargetKind::Channel).limit(all);
        assert!(channels.supports(Capability::ToChannelName));
        assert!(!channels.supports(Capability::ReplyInConversation));
        let native = Rule::platform("ucwa").limit(all);
        assert!(native.supports(Capability::Native) && !native.supports(Capability::Text));
    }
}
