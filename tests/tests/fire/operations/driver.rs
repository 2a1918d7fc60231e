//! How an operation is called, and where its effect is seen.

use std::{future::Future, pin::Pin};

use ms_messenger::{
    Result,
    http::{HttpOptions, Operation},
};
use ms_messenger_emulator::Emulator;
use serde_json::Value;

use super::scene::Scene;

pub(crate) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// Calls the operation; returns a fact of its response that is the same each time.
pub(crate) type Act<C> = fn(Scene<C>) -> Later<Result<String>>;
/// Prepares what the operation needs.
pub(crate) type Begin<C> = fn(Scene<C>) -> Later<Scene<C>>;
/// Reads all that the operation can have changed.
pub(crate) type See<C> = fn(Scene<C>) -> Later<Value>;

/// Ends what works in the background.
pub(crate) type End<C> = fn(Scene<C>) -> Later<()>;

/// Where the effect of an operation is seen.
pub(crate) enum Effect<C> {
    /// Nowhere: it is a read.
    None,
    /// Nowhere, and only its executions are counted.
    Unseen,
    /// In what the service lists.
    Seen,
    /// In something of its own.
    SeenBy(See<C>),
}

/// The client that calls an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Of a user.
    User,
    /// Of an application.
    App,
    /// Of a user, in the version of the API that is a preview.
    Preview,
}

/// What calls an operation of the table.
pub(crate) struct Driver<C> {
    pub(crate) name: &'static str,
    pub(crate) act: Act<C>,
    pub(crate) begin: Option<Begin<C>>,
    pub(crate) effect: Effect<C>,
    /// The emulator's name of the request that is struck, if the call makes several.
    pub(crate) strikes: Option<&'static str>,
    /// A fault rule that leads to the request that is struck.
    pub(crate) leading: Option<Value>,
    pub(crate) caller: Caller,
    /// Whether the call is a send, whatever step of it is struck: what it says is said of the
    /// message.
    pub(crate) is_send: bool,
}

impl<C> Driver<C> {
    /// A read.
    pub(crate) fn read(name: &'static str, act: Act<C>) -> Self {
        Self {
            name,
            act,
            begin: None,
            effect: Effect::None,
            strikes: None,
            leading: None,
            caller: Caller::User,
            is_send: false,
        }
    }

    /// A change that is seen.
    pub(crate) fn change(name: &'static str, act: Act<C>) -> Self {
        Self {
            effect: Effect::Seen,
            ..Self::read(name, act)
        }
    }

    /// A change that is not seen.
    pub(crate) fn unseen(name: &'static str, act: Act<C>) -> Self {
        Self {
            effect: Effect::Unseen,
            ..Self::read(name, act)
        }
    }

    pub(crate) fn seen_by(mut self, see: See<C>) -> Self {
        self.effect = Effect::SeenBy(see);
        self
    }

    pub(crate) fn after(mut self, begin: Begin<C>) -> Self {
        self.begin = Some(begin);
        self
    }

    pub(crate) fn striking(mut self, operation: &'static str) -> Self {
        self.strikes = Some(operation);
        self
    }

    pub(crate) fn led_by(mut self, rule: Value) -> Self {
        self.leading = Some(rule);
        self
    }

    pub(crate) fn of_app(mut self) -> Self {
        self.caller = Caller::App;
        self
    }

    pub(crate) fn of_preview(mut self) -> Self {
        self.caller = Caller::Preview;
        self
    }

    pub(crate) fn of_send(mut self) -> Self {
        self.is_send = true;
        self
    }
}

/// A service, its table and its drivers.
pub(crate) struct Service<C> {
    /// The name of the crate of its client.
    pub(crate) name: &'static str,
    /// Its name in fault rules and statistics.
    pub(crate) platform: &'static str,
    pub(crate) operations: &'static [&'static Operation],
    /// Whether a client has what it prepared for itself, and makes requests of its own beside the
    /// call: then only the operation that is struck is counted.
    pub(crate) is_session: bool,
    pub(crate) drivers: Vec<Driver<C>>,
    pub(crate) connect: fn(&Emulator, HttpOptions, Caller) -> C,
    /// Prepares what most of the operations need, with a client of a user.
    pub(crate) begin: fn(C, &Emulator) -> Later<Scene<C>>,
    /// Reads all that the operations can have changed.
    pub(crate) see: See<C>,
    /// Ends what was prepared, if it has a life of its own.
    pub(crate) end: Option<End<C>>,
}
