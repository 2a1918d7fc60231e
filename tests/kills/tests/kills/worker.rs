//! The process that is killed.

use std::{env, time::Duration};

use ms_messenger_outbox::{Budget, Route, Worker};

use crate::{clients::clients, plan::Plan, world::open};

/// The first argument of a worker.
pub(crate) const ROLE: &str = "--worker-of-kills";

/// Works until it is killed.
pub(crate) fn run() {
    let mut arguments = env::args().skip(2);
    let store = arguments.next().unwrap();
    let ready = serde_json::from_str(&arguments.next().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let outbox = open(&store).await;
        let mut worker = Worker::builder(outbox)
            .with_lease(Plan::LEASE)
            .with_attempt_timeout(Plan::ATTEMPT)
            .with_settling_margin(Plan::MARGIN)
            .with_settling_patience(Duration::from_secs(20))
            .with_poll_interval(Duration::from_millis(20));
        for (name, messenger) in clients(&ready).await {
            let route = Route::shared(messenger).with_budget(Budget::default());
            worker = worker.with_route(name, route.with_concurrency(4));
        }
        let stop = ms_messenger::CancelHandle::new();
        worker.build().run(&stop).await.unwrap();
    });
}
