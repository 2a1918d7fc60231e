//! The application of a session, and how it is created again when the server has lost it.
//!
//! The application is created at sign-in, and again when a call or the event channel proves it
//! lost: 404 with `ApplicationNotFound`. A 403 or 502 also drops the discovered address, because
//! the user may have moved to another pool.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ms_messenger_core::{Error, Result};
use tokio::sync::{oneshot, watch};

use crate::{
    application::Application,
    config::Config,
    discovery,
    error::{UcwaErrorExt as _, not_open},
    hosts::Hosts,
};

/// The longest time that signing out may take.
pub(crate) const FAREWELL: Duration = Duration::from_secs(10);

/// The current application of a session, and the address that creates the next one.
#[derive(Debug)]
pub(crate) struct CurrentApplication {
    hosts: Hosts,
    /// The address that creates applications, until it proves to be out of date.
    applications: Mutex<Option<String>>,
    current: Mutex<Arc<Application>>,
    /// The id of the last application that a call proved lost.
    lost: watch::Sender<u64>,
}

impl CurrentApplication {
    /// Discovers the server and creates the first application.
    pub(crate) async fn create(hosts: Hosts, config: &Config) -> Result<Self> {
        let applications = discover(&hosts, config).await?;
        let fresh = create(&hosts, &applications, config, config.made_up).await?;
        Ok(Self {
            hosts,
            applications: Mutex::new(Some(applications)),
            current: Mutex::new(fresh.keep()?),
            lost: watch::Sender::new(0),
        })
    }

    /// Returns the current application.
    pub(crate) fn get(&self) -> Arc<Application> {
        Arc::clone(&lock(&self.current))
    }

    /// Makes `application` the current one.
    pub(crate) fn replace(&self, application: Arc<Application>) {
        *lock(&self.current) = application;
    }

    /// Records what a failed call proves about the application.
    pub(crate) fn observe_error(&self, application: &Application, error: &Error) {
        if error.is_application_gone() {
            self.lost.send_replace(application.id);
        }
        if matches!(error.status(), Some(403 | 502)) {
            self.rediscover();
        }
    }

    /// Waits until a call proves this application lost.
    pub(crate) async fn lost(&self, application: &Application) {
        let mut lost = self.lost.subscribe();
        let _ = lost.wait_for(|id| *id == application.id).await;
    }

    /// Drops the discovered address.
    pub(crate) fn rediscover(&self) {
        *lock(&self.applications) = None;
    }

    /// Creates an application in place of one that was lost.
    pub(crate) async fn create_next(&self, config: &Config) -> Result<FreshApplication> {
        let known = lock(&self.applications).clone();
        let applications = match known {
            Some(applications) => applications,
            None => {
                let found = discover(&self.hosts, config).await?;
                *lock(&self.applications) = Some(found.clone());
                found
            }
        };
        let created = create(&self.hosts, &applications, config, true).await;
        created.inspect_err(|error| {
            if matches!(error.status(), Some(403 | 502)) {
                self.rediscover();
            }
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn discover(hosts: &Hosts, config: &Config) -> Result<String> {
    let user = discovery::user_address(hosts.web(), &config.start).await?;
    discovery::applications_address(hosts, &user).await
}

/// An application that was just created. Dropped without [`keep`](Self::keep), it is deleted if
/// no other sign-in can have found it.
#[derive(Debug)]
pub(crate) struct FreshApplication {
    application: Option<Arc<Application>>,
    is_own: bool,
}

impl FreshApplication {
    /// Returns the application and keeps it at the server.
    pub(crate) fn keep(mut self) -> Result<Arc<Application>> {
        self.application.take().ok_or_else(not_open)
    }

    /// Returns the application, which is not kept yet.
    pub(crate) fn application(&self) -> Option<&Arc<Application>> {
        self.application.as_ref()
    }
}

impl Drop for FreshApplication {
    fn drop(&mut self) {
        let Some(application) = self.application.take().filter(|_| self.is_own) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(FAREWELL, application.end()).await;
            });
        }
    }
}

/// Creates an application. The request is completed even if the caller is dropped, because the
/// server may have created the application already: it is then deleted, if `is_own`. With an
/// endpoint id that was given, the next sign-in finds it again, and may have found it already.
async fn create(
    hosts: &Hosts,
    applications: &str,
    config: &Config,
    is_own: bool,
) -> Result<FreshApplication> {
    let (hosts, applications) = (hosts.clone(), applications.to_owned());
    let identity = config.identity.clone();
    let (give, take) = oneshot::channel();
    tokio::spawn(async move {
        let created = Application::create(&hosts, &applications, &identity).await;
        let fresh = created.map(|application| FreshApplication {
            application: Some(Arc::new(application)),
            is_own,
        });
        drop(give.send(fresh));
    });
    take.await.map_err(|_| not_open())?
}
