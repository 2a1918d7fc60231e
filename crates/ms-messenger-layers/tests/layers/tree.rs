//! Random compositions of compositions, and what is true of them.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use ms_messenger_core::{Delivery, ErrorKind, MemberReport, SettlePolicy, SharedMessenger};
use ms_messenger_layers::{
    Deadline, Fallback, FanOut, Member, Rate, RateLimit, Route, Router, Rule, TargetKind,
};
use proptest::prelude::*;

use crate::leaf::{Act, Leaf, Verdict};

/// A composition over leaves.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Leaf(Arc<Leaf>),
    /// The index of the route that takes the request.
    Router(Vec<Self>, usize),
    /// Whether it settles.
    Fallback(Vec<Self>, bool),
    FanOut(Vec<Self>),
    RateLimit(Box<Self>),
    Deadline(Box<Self>),
}

impl Tree {
    /// The messenger, as each process builds it.
    pub(crate) fn build(&self) -> SharedMessenger {
        let name = |index: usize| format!("m{index}");
        let member = |(index, tree): (usize, &Self)| Member::new(name(index), tree.build());
        match self {
            Self::Leaf(leaf) => Arc::clone(leaf) as SharedMessenger,
            Self::Router(trees, taking) => {
                let routes = trees.iter().enumerate().map(|(index, tree)| {
                    let route = Route::new(name(index), tree.build());
                    if index < *taking {
                        route.with_rule(Rule::kind(TargetKind::Phone))
                    } else if index == *taking {
                        route.with_rule(Rule::target("conversation:1*"))
                    } else {
                        route
                    }
                });
                Arc::new(Router::new(routes).unwrap())
            }
            Self::Fallback(trees, settles) => {
                let fallback = Fallback::new(trees.iter().enumerate().map(member)).unwrap();
                let policy = settles.then(SettlePolicy::once);
                Arc::new(fallback.with_settle_policy(policy))
            }
            Self::FanOut(trees) => {
                Arc::new(FanOut::new(trees.iter().enumerate().map(member)).unwrap())
            }
            Self::RateLimit(tree) => {
                let rate = Rate::per(NonZeroU32::MAX, Duration::from_secs(1));
                Arc::new(RateLimit::new(tree.build(), rate))
            }
            Self::Deadline(tree) => {
                Arc::new(Deadline::new(tree.build(), Duration::from_secs(60)).unwrap())
            }
        }
    }

    fn inner(&self) -> &[Self] {
        match self {
            Self::Leaf(_) => &[],
            Self::Router(trees, _) | Self::Fallback(trees, _) | Self::FanOut(trees) => trees,
            Self::RateLimit(tree) | Self::Deadline(tree) => std::slice::from_ref(tree),
        }
    }

    /// Whether its message is stored: everywhere where it belongs.
    pub(crate) fn is_stored(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.stored() > 0,
            Self::Router(trees, taking) => trees[*taking].is_stored(),
            Self::Fallback(trees, _) => trees.iter().any(Self::is_stored),
            Self::FanOut(trees) => trees.iter().all(Self::is_stored),
            Self::RateLimit(tree) | Self::Deadline(tree) => tree.is_stored(),
        }
    }

    /// Whether any part of its message is stored.
    pub(crate) fn has_anything(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.stored() > 0,
            _ => self.inner().iter().any(Self::has_anything),
        }
    }

    /// Whether any of its leaves was called.
    fn was_called(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.calls() > 0,
            _ => self.inner().iter().any(Self::was_called),
        }
    }

    /// No leaf was called twice, a router used its route alone, and no two members of a fallback
    /// have the message.
    pub(crate) fn assert_sent_once(&self) {
        match self {
            Self::Leaf(leaf) => assert!(leaf.calls() <= 1, "{leaf:?} was called twice"),
            Self::Router(trees, taking) => {
                let others = trees
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| index != taking);
                for (index, other) in others {
                    assert!(!other.was_called(), "route {index} was used, not {taking}");
                }
            }
            Self::Fallback(trees, _) => {
                let with = trees.iter().filter(|tree| tree.has_anything()).count();
                assert!(with <= 1, "{with} members of a fallback have the message");
            }
            _ => {}
        }
        self.inner().iter().for_each(Self::assert_sent_once);
    }

    /// What is reported of the members is what happened.
    pub(crate) fn assert_reports(&self, reports: &[MemberReport]) {
        if let Self::RateLimit(tree) | Self::Deadline(tree) = self {
            return tree.assert_reports(reports);
        }
        let names: Vec<&str> = reports.iter().map(|report| report.name.as_str()).collect();
        let expected: Vec<String> = match self {
            Self::Leaf(_) => Vec::new(),
            Self::Router(_, taking) => vec![format!("m{taking}")],
            Self::Fallback(..) => (0..names.len()).map(|index| format!("m{index}")).collect(),
            _ => (0..self.inner().len())
                .map(|index| format!("m{index}"))
                .collect(),
        };
        assert_eq!(names, expected, "{self:?}");
        for report in reports {
            let index: usize = report.name.strip_prefix('m').unwrap().parse().unwrap();
            let member = &self.inner()[index];
            match report.delivery {
                Delivery::Sent => assert!(member.is_stored(), "{report:?}: {member:?}"),
                Delivery::NotSent => assert!(!member.has_anything(), "{report:?}: {member:?}"),
                Delivery::Unknown => {}
            }
            let receipt = report.receipt.iter().map(|it| &it.members);
            let evidence = report.evidence.iter().map(|it| &it.members);
            for inner in receipt.chain(evidence).filter(|inner| !inner.is_empty()) {
                member.assert_reports(inner);
            }
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Accepts),
        2 => Just(Act::Refuses(ErrorKind::Connect)),
        1 => Just(Act::Refuses(ErrorKind::PermissionDenied)),
        2 => Just(Act::LosesRequest),
        2 => Just(Act::LosesResponse),
        1 => Just(Act::GarblesResponse),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        3 => Just(Verdict::True),
        1 => Just(Verdict::NotYet),
        1 => Just(Verdict::CannotTell),
    ]
}

/// A composition of up to three levels.
pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let leaf = (act(), verdict()).prop_map(|(act, verdict)| {
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Tree::Leaf(Arc::new(Leaf::new(number, act, verdict)))
    });
    leaf.prop_recursive(3, 16, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..=3);
        prop_oneof![
            1 => (some.clone(), any::<prop::sample::Index>()).prop_map(|(trees, index)| {
                let taking = index.index(trees.len());
                Tree::Router(trees, taking)
            }),
            3 => (some.clone(), any::<bool>()).prop_map(|(trees, settles)| {
                Tree::Fallback(trees, settles)
            }),
            3 => some.prop_map(Tree::FanOut),
            1 => inner.clone().prop_map(|tree| Tree::RateLimit(Box::new(tree))),
            1 => inner.prop_map(|tree| Tree::Deadline(Box::new(tree))),
        ]
    })
}
