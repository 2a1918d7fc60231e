//! Waits for changes: of this store, and of others by `LISTEN`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// The pauses after which a lost connection is made again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Wakes those who wait for a change.
pub(super) struct Changes {
    notify: Arc<Notify>,
    channel: String,
    /// Of a connection that only listens; `None` if notifications do not get through.
    options: Option<PgConnectOptions>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Changes {
    pub(super) fn new(pool: &PgPool, channel: String, listens: bool) -> Self {
        let options = listens.then(|| {
            let options = PgConnectOptions::clone(&pool.connect_options());
            options.disable_statement_logging()
        });
        Self {
            notify: Arc::default(),
            channel,
            options,
            listening: Mutex::default(),
        }
    }

    /// Wakes everyone in this process, without the way over the database.
    pub(super) fn wake(&self) {
        self.notify.notify_waiters();
    }

    /// Waits for a change, or for `longest`.
    pub(super) async fn wait(&self, longest: Duration) {
        let changed = self.notify.notified();
        self.listen();
        let _ = timeout(longest, changed).await;
    }

    /// Starts to listen with the first wait, and after the runtime of the one before has ended.
    fn listen(&self) {
        let Some(options) = &self.options else {
            return;
        };
        let mut listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if listening.as_ref().is_none_or(JoinHandle::is_finished) {
            let (channel, notify) = (self.channel.clone(), Arc::clone(&self.notify));
            *listening = Some(tokio::spawn(listen(options.clone(), channel, notify)));
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        let listening = self.listening.get_mut();
        if let Some(listening) = listening.unwrap_or_else(PoisonError::into_inner).take() {
            listening.abort();
        }
    }
}

/// Listens, on one connection after the other. While there is none, workers poll.
async fn listen(options: PgConnectOptions, channel: String, notify: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.acquire_timeout(LONGEST_PAUSE);
    let pool = pool.connect_lazy_with(options);
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(mut listener) = open(&pool, &channel).await {
            pause = FIRST_PAUSE;
            // Something may have changed before.
            notify.notify_waiters();
            while let Ok(Some(_)) = listener.try_recv().await {
                notify.notify_waiters();
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn open(pool: &PgPool, channel: &str) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    Ok(listener)
}
