//! The typed form of fault rules.

use serde_json::Value;

use crate::engine::faults::UcwaFault;
use crate::engine::faults::plan::Plan;
use crate::engine::platform::{Platform, names_operation};
use crate::services::entra::EntraFault;

/// An ordered list of fault rules; the first one that applies to a request wins.
///
/// ```
/// use ms_messenger_emulator::{FaultAction, FaultRule, Faults, Platform};
///
/// // Every first send of a Graph message is throttled once.
/// let throttle = FaultAction::status(429).with_header("Retry-After", "0.2");
/// let rule = FaultRule::new(throttle).with_platform(Platform::MsgraphChat).with_operation("send").with_nth([1]);
/// let faults = Faults::new().with_rule(rule);
/// assert_eq!(Faults::from_json(&faults.to_json()).unwrap(), faults);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// Seed of the probabilities; the emulator's own seed when absent.
    pub seed: Option<u64>,
    /// The rules, in order of precedence.
    pub rules: Vec<FaultRule>,
}

impl Faults {
    /// No rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the seed of the probabilities.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Appends a rule.
    #[must_use]
    pub fn with_rule(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// One fault, the requests it is meant for, and how often.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultRule {
    /// Only requests of this platform; any when absent.
    pub platform: Option<Platform>,
    /// Only this operation: its whole name, or the part before the first dot; any when absent.
    pub operation: Option<String>,
    /// Only these tries of a call, counted from 1; any when empty.
    pub attempts: Vec<u64>,
    pub(crate) selection: Selection,
    /// How often the rule applies at most; without end when absent.
    pub times: Option<u64>,
    pub(crate) plan: Plan,
}

impl FaultRule {
    /// A rule that applies `action` to every request of every platform.
    #[must_use]
    pub fn new(action: FaultAction) -> Self {
        Self::of(Plan::Always(action))
    }

    pub(crate) const fn of(plan: Plan) -> Self {
        Self {
            platform: None,
            operation: None,
            attempts: Vec::new(),
            selection: Selection::Always,
            times: None,
            plan,
        }
    }

    /// Limits the rule to one platform.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Limits the rule to an operation; `send` also means `send.reply` and its like.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Limits the rule to these tries of a call, counted from 1: requests of one client request id
    /// (`x-ms-client-request-id`, `client-request-id`) are tries of one call, and one without such
    /// an id is a first try. The other selections count what is left.
    #[must_use]
    pub fn with_attempts(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.attempts = numbers.into_iter().collect();
        self
    }

    /// Applies it to these matching requests, counted from 1.
    #[must_use]
    pub fn with_nth(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.selection = Selection::Nth(numbers.into_iter().collect());
        self
    }

    /// Applies it to every `n`th matching request (`0` counts as `1`).
    #[must_use]
    pub fn with_every(mut self, n: u64) -> Self {
        self.selection = Selection::Every(n.max(1));
        self
    }

    /// Applies it to each matching request with this probability (0 to 1), drawn from the seed.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.selection = Selection::Probability(probability.clamp(0.0, 1.0));
        self
    }

    /// Applies it at most so often.
    #[must_use]
    pub fn with_times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Whether the rule is meant for this platform and operation at all.
    pub(crate) fn concerns(&self, platform: Platform, operation: &str) -> bool {
        self.platform.is_none_or(|p| p == platform)
            && self
                .operation
                .as_ref()
                .is_none_or(|pattern| names_operation(pattern, operation))
            && self.plan.actions().any(|a| a.fits(platform, operation))
    }
}

/// Which of the matching requests a rule takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selection {
    Always,
    Nth(Vec<u64>),
    Every(u64),
    Probability(f64),
}

/// The moment at which a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// After the head of the request, before its body was read: nothing is stored.
    BeforeRead,
    /// After the whole request was read: nothing is stored.
    AfterRead,
    /// After the message was stored: no byte of the answer is sent.
    AfterStore,
}

impl When {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeRead => "before_read",
            Self::AfterRead => "after_read",
            Self::AfterStore => "after_store",
        }
    }
}

/// A request that is carried out after its client got a response, or none.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LateStore {
    /// How long after it was read, in milliseconds.
    pub ms: u64,
    /// What the client gets.
    pub then: LateResponse,
}

/// What the client of a [`LateStore`] gets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LateResponse {
    /// The connection is closed (FIN) as soon as the request was read.
    Close,
    /// The connection is reset (RST) as soon as the request was read.
    Reset,
    /// The response of the request, once it was carried out.
    Response,
    /// Nothing; the connection stays open.
    Silence,
    /// This response, as soon as the request was read.
    Status(FaultStatus),
}

impl LateResponse {
    /// A status (200 to 599), as soon as the request was read.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Status(FaultStatus::new(status))
    }

    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Response => "answer",
            Self::Silence => "silence",
            Self::Status(_) => "status",
        }
    }
}

/// Whether the operation reads a list in pages.
fn is_list(operation: &str) -> bool {
    let head = operation.split('.').next();
    matches!(head, Some("list" | "delta")) || operation.ends_with(".list")
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultAction {
    /// Nothing is stored; this answer is given.
    Status(FaultStatus),
    /// The request is carried out; this answer is given instead of its own.
    StatusAfterStore(FaultStatus),
    /// The request is carried out and answered so many milliseconds late.
    Delay {
        /// The delay in milliseconds.
        ms: u64,
    },
    /// The connection is closed in an orderly way (FIN) without an answer.
    Close {
        /// When.
        when: When,
    },
    /// The connection is reset (RST) without an answer.
    Reset {
        /// When.
        when: When,
    },
    /// The request is carried out; the answer announces its full length but the connection is
    /// closed after so many bytes of the body (at least one byte is always missing).
    CutBody {
        /// How many bytes of the body are sent.
        after_bytes: u64,
    },
    /// The request is carried out; the answer's body is cut in the middle of its JSON, with a
    /// length that fits.
    MalformedBody,
    /// The connection is reset (RST) once so many bytes of the answer were sent, its head included.
    /// The request is carried out. A shorter answer arrives whole before the reset.
    ResetAfterBytes {
        /// HTTP/1.1: bytes of head and body. HTTP/2: bytes of the stream's frames, their heads of
        /// nine bytes included.
        after_bytes: u64,
    },
    /// The request is carried out; the body of the answer comes in pieces.
    SlowBody {
        /// How many, of equal size as far as that goes; a shorter body comes byte by byte.
        pieces: u64,
        /// The pause before each piece but the first, in milliseconds.
        ms: u64,
    },
    /// The request is carried out; every byte of the answer is sent twice, as a broken proxy does.
    ///
    /// On HTTP/2, where a stream has one response, the copy is the response to the next request of
    /// the connection, whose own one is that to the request after it, and so on: what a gateway does
    /// whose own connection to the service brought a response twice.
    DuplicateResponse,
    /// The connection takes no more requests.
    ///
    /// [`When::AfterStore`]: the request is carried out and answered; then HTTP/2 sends GOAWAY and
    /// lets open streams finish, HTTP/1.1 says `Connection: close` and closes.
    ///
    /// [`When::BeforeRead`], [`When::AfterRead`]: nothing is stored and no answer is given. HTTP/2
    /// sends GOAWAY with a last stream below the request's own. Where a later request was already
    /// taken, GOAWAY names that one and RST_STREAM with REFUSED_STREAM precedes it: either way the
    /// client may know that its request was not processed. HTTP/1.1 cannot say so, and closes.
    GoAway {
        /// When.
        when: When,
    },
    /// From this request on, every bearer token issued so far counts as expired where the request
    /// went: ACS Messages, ACS Chat, ACS Identity or Graph. The request gets the service's own 401
    /// unless it came with an access key. UCWA has [`UcwaFault::ExpireTicket`].
    TokenExpiry,
    /// The request is read, and carried out later: whether or not the client is still there.
    LateStore(LateStore),
    /// The request is carried out; headers of its response are set or left out.
    Headers {
        /// Names and values, set as they are.
        set: Vec<(String, String)>,
        /// Names of those that are left out.
        remove: Vec<String>,
    },
    /// Lists only: the page comes without its items, with a link to the page that has them.
    EmptyPage,
    /// Graph only: as [`TokenExpiry`](Self::TokenExpiry), but a token that ended is refused as Graph
    /// was seen to: 403 "No authorization information present on the request."
    NoAuthorization,
    /// Graph only: nothing is stored; 401 with a claims challenge in `WWW-Authenticate`.
    ClaimsChallenge {
        /// The JSON text that the challenge carries in Base64; sent as it is.
        claims: String,
    },
    /// A fault that only UCWA has; other platforms are left alone.
    Ucwa(UcwaFault),
    /// An error of the token endpoints of Entra ID; other operations are left alone.
    Entra(EntraFault),
}

/// What a claims challenge asks for unless told: a token issued after a revocation.
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1735689600"}}}"#;

impl FaultAction {
    /// Answers `status` (200 to 599) and stores nothing.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(FaultStatus::new(status))
    }

    /// A claims challenge that asks for a token issued after the start of 2025.
    #[must_use]
    pub fn claims_challenge() -> Self {
        Self::ClaimsChallenge {
            claims: CLAIMS.to_owned(),
        }
    }

    /// Whether the action means anything for that operation.
    pub(crate) fn fits(&self, platform: Platform, operation: &str) -> bool {
        match self {
            Self::Ucwa(fault) => platform == Platform::Ucwa && fault.fits(operation),
            Self::TokenExpiry => !matches!(platform, Platform::Ucwa | Platform::Entra),
            Self::ClaimsChallenge { .. } | Self::NoAuthorization => {
                platform == Platform::MsgraphChat
            }
            Self::EmptyPage => platform.has_pages() && is_list(operation),
            Self::Entra(_) => platform == Platform::Entra && EntraFault::fits(operation),
            _ => true,
        }
    }

    /// Whether it fits any operation that a rule of that match takes, if that takes any at all.
    pub(crate) fn fits_any(&self, platform: Option<Platform>, pattern: Option<&str>) -> bool {
        let platforms = platform.map_or(Platform::ALL.to_vec(), |platform| vec![platform]);
        let operations = platforms.into_iter().flat_map(|platform| {
            let operations = platform.operations().iter();
            operations.map(move |operation| (platform, *operation))
        });
        let mut taken = operations
            .filter(|(_, operation)| pattern.is_none_or(|p| names_operation(p, operation)))
            .peekable();
        taken.peek().is_none() || taken.any(|(platform, operation)| self.fits(platform, operation))
    }

    /// Carries the request out, then answers `status` (200 to 599).
    #[must_use]
    pub fn status_after_store(status: u16) -> Self {
        Self::StatusAfterStore(FaultStatus::new(status))
    }

    /// Adds a header to a status or headers action; other actions stay as they are.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        match &mut self {
            Self::Status(response)
            | Self::StatusAfterStore(response)
            | Self::LateStore(LateStore {
                then: LateResponse::Status(response),
                ..
            }) => response.headers.push((name.into(), value.into())),
            Self::Headers { set, .. } => set.push((name.into(), value.into())),
            _ => {}
        }
        self
    }

    /// Leaves a header out of the response of a status or headers action, `Date` for example; other
    /// actions stay as they are.
    #[must_use]
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        match &mut self {
            Self::Status(response)
            | Self::StatusAfterStore(response)
            | Self::LateStore(LateStore {
                then: LateResponse::Status(response),
                ..
            }) => response.without.push(name.into()),
            Self::Headers { remove, .. } => remove.push(name.into()),
            _ => {}
        }
        self
    }

    /// Carries the request out and leaves the headers of its response to
    /// [`with_header`](Self::with_header) and [`without_header`](Self::without_header).
    #[must_use]
    pub const fn headers() -> Self {
        Self::Headers {
            set: Vec::new(),
            remove: Vec::new(),
        }
    }

    /// Carries the request out `ms` milliseconds after it was read; `then` is what its client gets.
    #[must_use]
    pub const fn late_store(ms: u64, then: LateResponse) -> Self {
        Self::LateStore(LateStore { ms, then })
    }

    /// Gives a status action the platform's error body without a reason: code and message say what
    /// the status says and no more ("Bad Request"). Other actions stay as they are.
    #[must_use]
    pub fn bare(mut self) -> Self {
        if let Self::Status(response) | Self::StatusAfterStore(response) = &mut self {
            response.is_bare = true;
        }
        self
    }

    /// Sets the JSON text that a claims challenge carries; other actions stay as they are.
    #[must_use]
    pub fn with_claims(mut self, claims: impl Into<String>) -> Self {
        if let Self::ClaimsChallenge { claims: text } = &mut self {
            *text = claims.into();
        }
        self
    }

    /// Sets the body of a status action: JSON, or verbatim text when it is a string. Other actions
    /// stay as they are.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Value>) -> Self {
        if let Self::Status(response) | Self::StatusAfterStore(response) = &mut self {
            response.body = Some(body.into());
        }
        self
    }
}

/// The answer of a status fault. Without a body the platform's own error body is sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultStatus {
    /// 200 to 599.
    pub status: u16,
    /// Names and values, sent as they are: any spelling of `Retry-After` fits.
    pub headers: Vec<(String, String)>,
    /// Names of headers that are left out, also of those that every response has.
    pub without: Vec<String>,
    /// JSON, or verbatim text when it is a string.
    pub body: Option<Value>,
    /// Whether the platform's own error body gives no reason.
    pub is_bare: bool,
}

impl FaultStatus {
    pub(crate) const fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            without: Vec::new(),
            body: None,
            is_bare: false,
        }
    }
}
