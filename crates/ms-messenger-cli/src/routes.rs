//! Routes of a worker: one for each platform, under its name.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ms_messenger::{Result, RetryPolicy, SharedMessenger, http::HttpOptions};
use ms_messenger_outbox::{Budget, Rate, Route, WorkerBuilder};

use crate::{
    config::Settings,
    connect::{self, ClientOptions, Connection},
    lazy_session::LazySession,
    platform::Platform,
};

/// How fast a worker sends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// How many messages are sent at a time over one platform.
    pub(crate) concurrency: Option<u32>,
    /// The rate of each platform, instead of the one that its service publishes.
    pub(crate) rate: Option<Rate>,
}

/// The messengers of a worker. They retry nothing themselves: the outbox does.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    messengers: Vec<SharedMessenger>,
    session: Option<Arc<LazySession>>,
}

impl Routes {
    /// Builds the messengers; none opens a connection yet. A send can still take effect for the time
    /// `settling_margin` after its end, by default as long as the client of the platform expects.
    ///
    /// # Errors
    ///
    /// `Config` when a setting is missing or unusable, `Unauthenticated` for an expired token.
    pub(crate) async fn open(
        platforms: &[Platform],
        settings: &Arc<Settings>,
        options: &HttpOptions,
        settling_margin: Option<Duration>,
    ) -> Result<Self> {
        let mut routes = Self::default();
        for platform in platforms {
            let retry = RetryPolicy::never();
            if *platform == Platform::Ucwa {
                // Built once before anything is sent: a missing setting is an error here.
                drop(connect::skype(settings, options.clone(), retry.clone())?);
                let (settings, options) = (Arc::clone(settings), options.clone());
                let session = Arc::new(LazySession::new(move || {
                    connect::skype(&settings, options.clone(), retry.clone())
                }));
                routes.session = Some(Arc::clone(&session));
                routes.messengers.push(session);
            } else {
                let options = options.clone();
                let own = ClientOptions {
                    settling_margin,
                    ..ClientOptions::default()
                };
                let open = Connection::open_with(*platform, settings, options, retry, own);
                let connection = open.await?;
                routes.messengers.push(connection.messenger);
            }
        }
        Ok(routes)
    }

    /// Returns the messenger of a route.
    pub(crate) fn messenger(&self, route: &str) -> Option<&SharedMessenger> {
        self.messengers.iter().find(|it| it.platform() == route)
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.messengers.len()
    }

    /// Adds the routes to a worker, but those that are `left`.
    pub(crate) fn add_to(
        &self,
        mut worker: WorkerBuilder,
        pace: Pace,
        left: &BTreeSet<String>,
    ) -> WorkerBuilder {
        let is_added = |it: &&SharedMessenger| !left.contains(it.platform());
        for messenger in self.messengers.iter().filter(is_added) {
            let mut route = Route::shared(Arc::clone(messenger));
            if let Some(rate) = pace.rate {
                route = route.with_budget(Budget::default().with_route(Some(rate)));
            }
            if let Some(most) = pace.concurrency {
                route = route.with_concurrency(most);
            }
            worker = worker.with_route(messenger.platform(), route);
        }
        worker
    }

    /// Signs out, if a messenger has signed in.
    pub(crate) async fn end(&self) {
        if let Some(session) = &self.session {
            session.end().await;
        }
    }
}
