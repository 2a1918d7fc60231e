//! Sends each request through the first route that takes it.

use std::time::SystemTime;

use async_trait::async_trait;
use ms_messenger_core::{
    Body, Capabilities, Delivery, ErrorKind, Evidence, Messenger, Problem, Problems, Receipt,
    Result, SendRequest, Settled, Target,
};

use crate::{
    combine::union,
    composition::{Composition, Sent},
    facts::{self, Key},
    journal::Ledger,
    member::Member,
    rule::Rule,
    target_kind::TargetKind,
    trace,
};

/// A [`Member`] of a [`Router`], and the rules by which it takes requests.
///
/// ```
/// use ms_messenger_core::MemoryMessenger;
/// use ms_messenger_layers::{Route, Rule, TargetKind};
///
/// // Channels, and the chats of meetings.
/// let teams = Route::new("teams", MemoryMessenger::new())
///     .with_rule(Rule::kind(TargetKind::Channel))
///     .with_rule(Rule::target("conversation:19:meeting_*"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a route does nothing until it is one of a router"]
pub struct Route {
    member: Member,
    rules: Vec<Rule>,
}

impl Route {
    /// Creates a route that takes every request, until it has rules.
    pub fn new(name: impl Into<String>, messenger: impl Messenger) -> Self {
        Self::from(Member::new(name, messenger))
    }

    /// Adds a rule. A route takes a request that any of its rules takes.
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets the target to which it sends every request, as [`Member::with_target`].
    pub fn with_target(mut self, to: impl Into<Target>) -> Self {
        self.member = self.member.with_target(to);
        self
    }
}

impl From<Member> for Route {
    fn from(member: Member) -> Self {
        Self {
            member,
            rules: Vec::new(),
        }
    }
}

/// Sends each request through the first route that takes it.
///
/// A request that no route takes is refused as `Unsupported`, and so is one that its route does not
/// support, both before any I/O. The router supports what any of its routes supports, within the
/// rules of that route. So a request can be refused although the router lists the capability: what is
/// supported for a request, the member that [`route`](Self::route) returns says.
///
/// Receipts and evidence name the route, so that another process with the same routes settles
/// through the account that sent.
///
/// ```
/// use ms_messenger_core::{MemoryMessenger, MessengerExt, Target};
/// use ms_messenger_layers::{Route, Router, Rule, TargetKind};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (teams, whatsapp) = (MemoryMessenger::new(), MemoryMessenger::new());
/// let router = Router::new([
///     Route::new("teams", teams).with_rule(Rule::kind(TargetKind::Channel)),
///     Route::new("whatsapp", whatsapp).with_rule(Rule::target("tel:+46*")),
/// ])?;
/// let receipt = router.send_text(Target::phone("+46701234567")?, "hello").await?;
/// assert_eq!(receipt.sent_by().unwrap().name, "whatsapp");
/// assert!(router.send_text(Target::phone("+14255550123")?, "hello").await.is_err());
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Router {
    composition: Composition,
    /// Those of each member.
    rules: Vec<Vec<Rule>>,
}

impl Router {
    /// Creates a router. The first route that takes a request sends it.
    ///
    /// # Errors
    ///
    /// `Config` with every problem: no route, a name that is unusable or used twice, a target that
    /// its messenger does not support, an unusable pattern.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Result<Self> {
        let (mut members, mut rules) = (Vec::new(), Vec::new());
        let mut problems = Problems::for_platform("router");
        for route in routes {
            for broken in route.rules.iter().filter_map(Rule::broken_pattern) {
                let field = format!("routes.{}.target", route.member.name());
                problems.add(field, broken);
            }
            members.push(route.member);
            rules.push(route.rules);
        }
        let composition = Composition::new("router", members);
        if let Err(error) = &composition {
            for problem in error.problems() {
                problems.push(problem.clone());
            }
        }
        problems.into_result(ErrorKind::Config)?;
        Ok(Self {
            composition: composition?,
            rules,
        })
    }

    /// Sets its platform name. Default `router`.
    ///
    /// # Errors
    ///
    /// `Config` unless it has words of `a-z` and `0-9`, joined by single hyphens.
    pub fn with_platform(mut self, name: impl Into<String>) -> Result<Self> {
        self.composition = self.composition.renamed(name.into())?;
        Ok(self)
    }

    /// Returns the members, in their order.
    pub fn members(&self) -> &[Member] {
        &self.composition.members
    }

    /// Returns the member that takes `request`.
    ///
    /// # Errors
    ///
    /// `Unsupported` if no route takes it, and as [`Capabilities::check`] if its messenger does
    /// not support it.
    pub fn route(&self, request: &SendRequest) -> Result<&Member> {
        self.composition.check(&self.capabilities(), request)?;
        let mut routes = self.composition.members.iter().zip(&self.rules);
        let takes = |rules: &[Rule]| rules.is_empty() || rules.iter().any(|it| it.matches(request));
        let Some((member, _)) = routes.find(|(_, rules)| takes(rules)) else {
            let error = Problem::new("to", not_taken(request)).into_error(ErrorKind::Unsupported);
            return Err(error.with_platform(self.composition.platform.clone()));
        };
        self.composition
            .check_members(std::iter::once(member), request)?;
        Ok(member)
    }

    /// Sends `request` through the route of this name, whatever its rules.
    ///
    /// ```
    /// use ms_messenger_core::{MemoryMessenger, SendRequest, Target};
    /// use ms_messenger_layers::{Route, Router};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let (work, home) = (MemoryMessenger::new(), MemoryMessenger::new());
    /// let router = Router::new([Route::new("work", work), Route::new("home", home)])?;
    /// let request = SendRequest::new(Target::conversation("1"), "hello");
    /// let receipt = router.send_through("home", &request).await?;
    /// assert_eq!(receipt.sent_by().unwrap().name, "home");
    /// # Ok::<(), ms_messenger_core::Error>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if there is no such route, else as [`Messenger::send`].
    pub async fn send_through(&self, route: &str, request: &SendRequest) -> Result<Receipt> {
        let Some(member) = self.composition.member(route) else {
            let names: Vec<&str> = self.members().iter().map(Member::name).collect();
            let rule = format!("must be one of {}", names.join(", "));
            let error = Problem::new("route", rule).into_error(ErrorKind::InvalidRequest);
            return Err(error.with_platform(self.composition.platform.clone()));
        };
        self.composition
            .check_members(std::iter::once(member), request)?;
        self.send_by(member, request).await
    }

    async fn send_by(&self, member: &Member, request: &SendRequest) -> Result<Receipt> {
        let began_at = SystemTime::now();
        let platform = self.composition.platform.as_str();
        let mut own = member.request(request);
        let report = vec![member.report(Delivery::NotSent)];
        if let Some(ledger) = Ledger::of(request, platform, Key::Kept, report) {
            own.to_mut().journal = Some(ledger.journal(0));
        }
        trace::routed(platform, member);
        let outcome = member.messenger().send(&own).await;
        trace::ended(platform, member, &outcome);
        match outcome {
            Ok(receipt) => Ok(facts::receipt(member, receipt, Vec::new())),
            Err(error) => {
                let failed = (member, error);
                let error = facts::error(platform, Key::Kept, began_at, failed, Vec::new());
                Err(error)
            }
        }
    }
}

/// What no route takes, without ids.
fn not_taken(request: &SendRequest) -> String {
    let target = TargetKind::of(&request.to).map_or("such a target", TargetKind::words);
    match &request.message.body {
        Body::Native { platform, .. } if platform.len() <= 64 => {
            format!("no route is for {target} and a body for {platform}")
        }
        _ => format!("no route is for {target} of this form"),
    }
}

#[async_trait]
impl Messenger for Router {
    fn platform(&self) -> &str {
        &self.composition.platform
    }

    fn capabilities(&self) -> Capabilities {
        let routes = self.composition.members.iter().zip(&self.rules);
        union(routes.map(|(member, rules)| {
            let all = member.capabilities();
            if rules.is_empty() {
                return all;
            }
            union(rules.iter().map(|rule| rule.limit(all)))
        }))
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let member = self.route(request)?;
        self.send_by(member, request).await
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.composition
            .settle(Sent::ByOne, request, evidence)
            .await
    }
}
