//! The threads of a running emulator.

use std::{io, sync::Arc};

use tokio::{
    runtime::{self, Runtime},
    sync::{oneshot, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    admin::Admin,
    data::Kept,
    emulator::Emulator,
    engine::{
        addresses::Addresses, dispatch::Dispatcher, registry::Registry, replay::replay, server,
    },
    https::Https,
    seed::Seed,
    start_error::StartError,
};

/// A bound listener and, for HTTPS, the server's side of TLS.
pub(crate) type Listening = (std::net::TcpListener, Option<TlsAcceptor>);

/// What an emulator serves.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) registry: Arc<Registry>,
    pub(crate) seed: Arc<Seed>,
    pub(crate) kept: Option<Kept>,
}

/// Starts the emulator's own runtime on `listeners`.
pub(crate) async fn run(
    listeners: Vec<Listening>,
    https: Option<Https>,
    world: World,
    workers: usize,
) -> Result<Emulator, StartError> {
    let (registry, seed, kept) = (world.registry, world.seed, world.kept);
    let runtime = runtime(workers).map_err(StartError::Runtime)?;
    let listeners = {
        let _guard = runtime.enter();
        let listen = |(listener, tls)| Ok((tokio::net::TcpListener::from_std(listener)?, tls));
        let listeners: io::Result<Vec<_>> = listeners.into_iter().map(listen).collect();
        listeners.map_err(StartError::Runtime)?
    };
    let http_url = format!("http://{}", registry.engine.authority);
    let reached_at = addresses(&http_url, https.as_ref());
    registry.engine.reached_at(reached_at);
    let (stop, stopped) = watch::channel(false);
    let (keep, kept_alive) = oneshot::channel::<()>();
    let (finished, done) = oneshot::channel();
    let (ready, started) = oneshot::channel();
    registry.engine.run_on(runtime.handle().clone());
    let serving = Arc::clone(&registry);
    let body = move || {
        let writing = kept.as_ref().map(Kept::writing);
        runtime.block_on(async move {
            let restored = restore(&serving, kept).await;
            let is_restored = restored.is_ok();
            let is_awaited = ready.send(restored).is_ok();
            if is_restored && is_awaited {
                serve(&serving, listeners, &stopped, kept_alive).await;
            }
        });
        // Closes every connection that is still open, before the end is reported.
        drop(runtime);
        if let Some((file, journal)) = writing {
            file.write(&journal);
        }
        let _ = finished.send(());
    };
    let thread = std::thread::Builder::new().name("emulator".to_owned());
    let thread = thread.spawn(body).map_err(StartError::Runtime)?;
    let emulator = Emulator {
        registry,
        seed,
        http_url,
        https,
        stop,
        keep: Some(keep),
        done: Some(done),
        thread: Some(thread),
    };
    match started.await {
        Ok(restored) => restored.map(|()| emulator),
        Err(_) => Err(StartError::Runtime(io::Error::other("the thread ended"))),
    }
}

/// Where clients reach the emulator.
fn addresses(http: &str, https: Option<&Https>) -> Addresses {
    Addresses {
        http: http.to_owned(),
        https: https.map(|https| https.url.clone()),
        ca: https.and_then(|https| {
            let path = https.ca_out.as_ref()?;
            Some(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        }),
    }
}

/// Makes the state again that is kept in the data file, and follows what changes it.
async fn restore(registry: &Arc<Registry>, kept: Option<Kept>) -> Result<(), StartError> {
    let Some(kept) = kept else {
        return Ok(());
    };
    let replayed = replay(registry, &kept.journal, kept.entries).await;
    replayed.map_err(|problem| kept.file.unusable(problem))?;
    tokio::spawn(kept.file.follow(kept.journal));
    Ok(())
}

/// Serves until the emulator ends.
async fn serve(
    registry: &Arc<Registry>,
    listeners: Vec<(tokio::net::TcpListener, Option<TlsAcceptor>)>,
    stopped: &watch::Receiver<bool>,
    kept_alive: oneshot::Receiver<()>,
) {
    let dispatcher = Arc::new(Dispatcher {
        registry: Arc::clone(registry),
        front: Arc::new(Admin::default()),
    });
    for service in registry.services() {
        // Ends with the runtime.
        if let Some(task) = Arc::clone(service).background() {
            tokio::spawn(task);
        }
    }
    if let Some(relay) = &registry.relay {
        tokio::spawn(Arc::clone(relay).run(Arc::clone(&registry.engine)));
    }
    let mut tasks = JoinSet::new();
    for (listener, tls) in listeners {
        let (dispatcher, stopped) = (Arc::clone(&dispatcher), stopped.clone());
        tasks.spawn(server::serve(listener, tls, dispatcher, stopped));
    }
    tokio::select! {
        () = async { while tasks.join_next().await.is_some() {} } => {}
        _ = kept_alive => {}
    }
}

fn runtime(workers: usize) -> io::Result<Runtime> {
    if workers == 1 {
        return runtime::Builder::new_current_thread().enable_all().build();
    }
    runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("emulator-worker")
        .enable_all()
        .build()
}
